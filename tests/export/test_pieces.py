"""Pieces of pages that are made by functions: what is listed, and how it is escaped."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from helpers import SPACE, quick
from markupsafe import escape

from relatedstories import Event, RelatedStories
from relatedstories.export import export
from relatedstories.export.pieces import IN_HTML, IN_MARKDOWN, IN_XML
from relatedstories.export.views import ListedEvent, StoryLink, TopicLink
from relatedstories.pages.words import WORDS

ROOT = "../"
TOPICS = [TopicLink("A & B", "organisation", "topics/ab/a-b", 1200), TopicLink("<C>", "thing")]
DAY = dt.date(2020, 2, 5)
LISTED = [
    ListedEvent(Event("1<", "Rain & <b>snow</b>", date=DAY), "news/2020/02/5/rain", "de"),
    ListedEvent(Event("2", "Undated"), "news/undated/ab/ab", "en"),
]


def test_topics_in_html_are_links_where_they_have_a_page() -> None:
    link = '<a href="../topics/ab/a-b.html">A &amp; B'
    assert IN_HTML["topic_anchors"](TOPICS, ROOT) == f"{link}</a>, &lt;C&gt;"
    count = ' <span class="count">1,200<span class="hidden"> events</span></span>'
    items = f"<li>{link}{count}</a></li>\n<li><span>&lt;C&gt;</span></li>\n"
    assert IN_HTML["topic_items"](TOPICS, ROOT, "events") == items


def test_events_in_html_say_their_date_and_another_language() -> None:
    first = '<li><a href="../news/2020/02/5/rain.html" lang="de">Rain &amp; snow</a>'
    second = '<li><a href="../news/undated/ab/ab.html">Undated</a></li>\n'
    date = ' <span class="meta"><time datetime="2020-02-05">5 February 2020</time></span>'
    assert IN_HTML["event_items"](LISTED, ROOT, WORDS["en"], "en") == f"{first}{date}</li>\n{second}"
    assert IN_HTML["event_items"](LISTED, ROOT, WORDS["en"], "en", dates=False) == f"{first}</li>\n{second}"


def test_dates_and_languages() -> None:
    assert IN_HTML["time"](DAY, WORDS["de"]) == '<time datetime="2020-02-05">5. Februar 2020</time>'
    assert IN_HTML["time"](None, WORDS["fr"]) == escape(WORDS["fr"].undated)
    assert IN_HTML["lang"]("ar") == 'lang="ar" dir="rtl"'
    assert IN_HTML["lang"]("ar", "en") == ' lang="ar" dir="rtl"'
    assert IN_HTML["lang"]("en", "en") == ""


def test_topics_events_and_stories_in_xml() -> None:
    topics = '<{} kind="organisation" count="1200" path="../topics/ab/a-b.xml">A &amp; B</{}>\n<{} kind="thing">&lt;C&gt;</{}>\n'
    assert IN_XML["topic_elements"](TOPICS, ROOT) == topics.replace("{}", "topic")
    assert IN_XML["topic_elements"](TOPICS, ROOT, "context") == topics.replace("{}", "context")
    assert IN_XML["event_elements"](LISTED, ROOT) == (
        '<item date="2020-02-05" path="../news/2020/02/5/rain.xml"><id>1&lt;</id>'
        "<title>Rain &amp; &lt;b&gt;snow&lt;/b&gt;</title></item>\n"
        '<item path="../news/undated/ab/ab.xml"><id>2</id><title>Undated</title></item>\n'
    )
    story = StoryLink("A & B", "1", "stories/ab/s", 2, DAY, DAY)
    assert IN_XML["story_element"](story, ROOT) == (
        '<story count="2" first="2020-02-05" last="2020-02-05" path="../stories/ab/s.xml">'
        "<id>1</id><name>A &amp; B</name></story>"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a<b", "a&lt;b"),
        (None, ""),
        (True, "true"),
        (0.5, "0.5"),
        ([1, "x"], "<item>1</item><item>x</item>"),
        ({"a&": {"b": []}}, '<value name="a&amp;"><value name="b"></value></value>'),
    ],
)
def test_values_in_xml(value: Any, written: str) -> None:
    assert IN_XML["value_elements"](value) == written


def test_topics_and_events_in_markdown() -> None:
    assert IN_MARKDOWN["topic_links"](TOPICS, ROOT) == r"[A & B](../topics/ab/a-b.md) 1200, \<C\>"
    assert IN_MARKDOWN["event_link"](LISTED[0], ROOT) == "[Rain & snow](../news/2020/02/5/rain.md)"


def test_an_export_reads_each_event_of_an_index_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick().fit(SPACE).save(tmp_path / "index")
    read: list[str] = []
    make = Event.from_dict
    monkeypatch.setattr(Event, "from_dict", lambda record: read.append(record["id"]) or make(record))
    export(RelatedStories.load(tmp_path / "index"), tmp_path / "site", ["html", "json", "xml", "md"])
    assert sorted(read) == sorted(event.id for event in SPACE)
