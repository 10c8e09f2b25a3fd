"""What a notebook shows: complete, escaped, and readable as HTML; and the data frames."""

from __future__ import annotations

import datetime as dt
import html
import pickle
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from helpers import SPACE, quick
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import (
    BadValueError,
    Event,
    Explanation,
    InputError,
    Link,
    Links,
    Mention,
    Part,
    RelatedStories,
    Topic,
    TopicExtractor,
    Topics,
    read_events,
)
from relatedstories.text.titles import plain_title

VOID = {"br"}
SAFE = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "br", "a", "small", "span", "mark"}


class Reader(HTMLParser):
    """Takes HTML apart: its text, its elements, and whether each that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.elements, self.links, self.marks, self._open = "", [], [], [], []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        assert tag in SAFE
        assert set(named) <= {"style", "class", "title", "href"}
        self.elements.append(tag)
        if tag == "a":
            self.links.append(named["href"])
        if tag == "mark":
            self.marks.append(named["title"])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.words += data


HOSTILE = st.text(st.sampled_from("<>&\"'`${}[]()\\/ \n\x00\u202eaé中"), max_size=60)
FIELDS = st.one_of(
    HOSTILE, st.sampled_from(["<script>alert(1)</script>", "</td></table>", "]]>", "<!--", "&lt;b&gt;", "$x$ & $y$"])
)


def test_links_are_a_list():
    links = quick().fit(SPACE).related("dragon")
    assert isinstance(links, list)
    assert links
    assert links == list(links) == pickle.loads(pickle.dumps(links))
    assert repr(links) == repr(list(links))
    assert [links] == quick().fit(SPACE).related_many(["dragon"])
    assert dict(quick().fit(SPACE).all_related())[SPACE[0]] == links


def test_every_way_to_links_gives_links_that_show_themselves():
    stories = quick().fit(SPACE)
    one = stories.related("dragon")  # the first answers take another way than later ones
    many = stories.related_many(["dragon"] * 5)
    ruled = stories.related("dragon", max_per_context=1)
    every = dict(stories.all_related())[SPACE[0]]
    assert {type(links) for links in [one, ruled, every, *many]} == {Links}


def test_links_as_lines_and_as_html():
    stories = quick().fit(SPACE)
    links = stories.related("dragon", k=2)
    assert str(links).splitlines()[0].split()[:3] == ["1", f"{links[0].score:.2f}", str(links[0].event.date)]
    shown = Reader(links._repr_html_())
    for link in links:
        assert link.event.title in shown.words
        assert f"{link.score:.2f}" in shown.words
        assert link.event.date.isoformat() in shown.words
    assert shown.elements.count("tr") == 1 + len(links)
    assert links[0].event.title in Reader(links[0]._repr_html_()).words
    assert str(Links()) == "no related events"
    assert "No related events" in Links()._repr_html_()


def test_duplicates_and_pins_show_where_there_are_any():
    event, other = Event("1", "Rain"), Event("2", "More rain", date=dt.date(2020, 2, 1))
    plain = Links([Link(event, 0.5, 1)])._repr_html_()
    assert "pinned" not in plain
    assert "also" not in plain
    full = Reader(Links([Link(event, 0.5, 1, (), (), (other,), True)])._repr_html_()).words
    assert "(pinned)" in full
    assert "also: 2020-02-01 More rain" in full


def test_copies_of_the_event_show_where_there_are_any():
    copies = [Event("2", "Rain &amp; <b>hail</b>", date=dt.date(2020, 2, 1)), Event("3", "Rain")]
    links = Links([Link(Event("1", "More rain"), 0.5, 1)], copies)
    assert str(links).splitlines()[1:] == ["also published as: 2020-02-01 Rain & hail", "also published as: Rain"]
    words = Reader(links._repr_html_()).words
    assert "also published as: 2020-02-01 Rain & hail" in words
    assert str(Links([], copies[1:])) == "no related events\nalso published as: Rain"
    assert "also published as: Rain" in Reader(Links([], copies[1:])._repr_html_()).words


@pytest.mark.parametrize(
    ("url", "linked"),
    [('https://example.org/a?b=1&c="d"', True), ("http://x", True), ("javascript:alert(1)", False), ("/news/1", False)],
)
def test_only_addresses_of_pages_are_linked(url, linked):
    shown = Reader(Links([Link(Event("1", "Rain", url=url), 0.5, 1)])._repr_html_())
    assert shown.links == ([url] if linked else [])


@given(title=FIELDS.filter(str.strip), contexts=st.lists(FIELDS, max_size=2), topic=FIELDS, url=FIELDS.filter(str.strip))
def test_whatever_a_link_holds_comes_out_as_text(title, contexts, topic, url):
    event = Event("1", title, url="https://" + url)
    links = Links([Link(event, 0.5, 1, tuple(contexts), (Topic(topic),), (event,))])
    shown = Reader(links._repr_html_())
    assert "".join(plain_title(title).split()) in "".join(shown.words.split())
    assert len(shown.links) == 1
    assert "tex2jax_ignore mathjax_ignore" in links._repr_html_()  # "$5 for $3" is no formula
    parts = (Part(topic, "topic", 0.5), Part(title, "term", -0.1))
    Reader(Explanation(event, event, 0.5, 1.0, parts, tuple(contexts))._repr_html_())


def test_the_text_of_topics_is_marked():
    text = "The ISS & its crew: <b>ISS</b>"
    station = Topic("International Space Station", "place", [Mention("ISS", 4, 7), Mention("ISS", 23, 26)])
    topics = Topics([station, Topic("Crew", "thing", [Mention("crew", 14, 18)]), Topic("Given by hand")], text)
    shown = Reader(topics._repr_html_())
    assert shown.marks == [
        "International Space Station (place)", "Crew (thing)", "International Space Station (place)",
    ]  # fmt: skip
    assert "The ISS International Space Station & its crew: <b>ISS International Space Station</b>" in shown.words
    assert "Given by hand" in shown.words


def test_mentions_within_others_are_marked_once():
    text = "Bank of England"
    whole, part = Topic("Bank of England", "x", [Mention(text, 0, 15)]), Topic("England", "place", [Mention("England", 8, 15)])
    assert Reader(Topics([part, whole], text)._repr_html_()).marks == ["Bank of England (x)"]


@given(st.data())
def test_marking_loses_no_text(data):
    text = data.draw(HOSTILE)
    places = data.draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted), max_size=5))
    topics = Topics([Topic(text[a:b], "thing", [Mention(text[a:b], a, b)]) for a, b in places], text)
    from relatedstories.display.html import mark_mentions

    assert "".join(Reader("<p>" + mark_mentions(text, topics) + "</p>").words.split()) == "".join(
        html.unescape(html.escape(text)).split()
    )


def test_extracted_topics_know_their_text(extractor):
    event = Event("1", "Supplies reach the ISS", text="The station has a crew of six.\nNASA is glad.")
    topics = extractor.extract(event)
    assert isinstance(topics, tuple)
    assert topics == tuple(topics)
    assert topics.text == event.full_text
    for topic in topics:
        for mention in topic.mentions:
            assert topics.text[mention.start : mention.end] == mention
    again = pickle.loads(pickle.dumps(topics))
    assert (again, again.text, again[0].mentions) == (topics, topics.text, topics[0].mentions)
    assert extractor.extract("NASA \ud800 launches").text == "NASA ? launches"
    assert "<mark" in topics._repr_html_()


def test_an_index_shows_its_events_days_topics_and_settings():
    shown = Reader(quick(date_decay=0.3).fit([*SPACE, Event("undated", "Snow")])._repr_html_()).words
    for told in (
        "7",
        "2016-10-29 to 2017-06-03; 1 without",
        "Space\u00a02",
        "date_decay\u00a00.3",
        "min_score\u00a00.05",
        "language\u00a0of each event",
        "across_languages\u00a0no",
    ):
        assert told in shown
    assert "none yet" in RelatedStories()._repr_html_()
    assert "no dates" in quick().fit([Event("1", "Rain")])._repr_html_()
    Reader(quick().fit([])._repr_html_())


def test_events_of_a_topic_and_the_commonest():
    stories = quick().fit([*SPACE, Event("undated", "Oslo")])
    assert [event.id for event in stories.about("Oslo")] == ["oslo", "oslo-2", "undated"]
    assert stories.about("OSLO") == stories.about("Oslo")
    assert stories.commonest_topics(1) == {"Oslo": 3}
    counts = stories.commonest_topics()
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert all(len(stories.about(topic)) == count for topic, count in counts.items())
    assert all(topic in stories.topics(event.id) for topic in counts for event in stories.about(topic))
    with pytest.raises(InputError, match=r"got topic 'Icelande'.*similar names: Iceland"):
        stories.about("Icelande")
    for nothing in ("", "?", "zzz"):
        with pytest.raises(InputError, match="got topic"):
            stories.about(nothing)
    with pytest.raises(BadValueError, match="the name of a topic"):
        stories.about(7)


def test_the_topics_of_a_loaded_index_are_those_of_the_one_saved(tmp_path):
    stories = quick().fit(SPACE)
    stories.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index", stories.extractor)
    assert loaded.commonest_topics() == stories.commonest_topics()
    assert loaded.about("Oslo") == stories.about("Oslo")
    assert loaded._repr_html_() == stories._repr_html_()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames(library, extractor):
    pytest.importorskip(library)
    stories = quick().fit([*SPACE, Event("old", "Rome burns", date=dt.date(64, 7, 19)), Event("undated", "Oslo")])
    links = Links([Link(SPACE[0], 0.5, 1, ("Oslo",), (Topic("Oslo"),), (SPACE[1],), True), Link(stories["undated"], 0.2, 2)])
    frame = links.to_frame(library)
    assert list(frame["rank"]) == [1, 2]
    assert [list(topics) for topics in frame["topics"]] == [["Oslo"], []]
    assert [list(ids) for ids in frame["duplicates"]] == [["progress"], []]
    assert list(frame["pinned"]) == [True, False]
    assert (
        frame["date"].is_null().to_list() == [False, True] if library == "polars" else list(frame["date"].isna()) == [False, True]
    )
    empty = Links().to_frame(library)
    assert list(empty.columns) == list(frame.columns)
    assert [str(empty[name].dtype) for name in ("rank", "score", "date", "pinned")] == [
        str(frame[name].dtype) for name in ("rank", "score", "date", "pinned")
    ]
    assert len(extractor.extract("NASA launches").to_frame(library)) == 1
    explained = stories.explain("oslo", "oslo-2").to_frame(library)
    assert np.isclose(sum(explained["share"]), stories.explain("oslo", "oslo-2").score)
    events = stories.to_frame(library)
    back = {event.id: event for event in read_events(events)}
    for event in stories:
        assert (back[event.id].title, back[event.id].text, back[event.id].date) == (event.title, event.text, event.date)
        assert back[event.id].topics == tuple(map(str, stories.topics(event.id)))


def test_frames_need_a_library(monkeypatch):
    with pytest.raises(BadValueError, match="'pandas' or 'polars'"):
        Links().to_frame("numpy")
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert type(Links().to_frame()).__module__.startswith("polars")
    with pytest.raises(InputError, match="pip install pandas"):
        Links().to_frame("pandas")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(InputError, match=r"needs pandas or polars.*pip install pandas"):
        Links().to_frame()


@pytest.mark.slow
def test_nothing_is_imported_that_is_not_shown():
    script = (
        "import sys; from relatedstories import Event, RelatedStories\n"
        "stories = RelatedStories().fit([Event('1', 'Oslo'), Event('2', 'Oslo')]); stories.related('1')\n"
        "print(*{'polars', 'matplotlib', 'relatedstories.display.html', 'relatedstories.display.frames'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_tuple_of_topics_from_an_extractor_of_ones_own_will_do():
    class Plain(TopicExtractor):
        def extract_many(self, events):
            return (tuple(topics) for topics in super().extract_many(events))

    assert RelatedStories(Plain()).fit(SPACE).related("dragon")
