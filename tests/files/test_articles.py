"""A page in HTML as an article: what it says of itself in JSON-LD, and pages made to be slow to read."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, InputError, read_events
from relatedstories.files.json_text import read_json

LINKED_DATA = json.dumps({"@type": "NewsArticle", "headline": "Ferry stops in Moss", "datePublished": "2021-03-04T05:06:07Z"})
SCRIPT = f'<script type="application/ld+json">{LINKED_DATA}</script>'
BODY = "<body><p>The ferry needs a new engine.</p></body>"


@pytest.mark.parametrize(
    "head",
    [
        f"{SCRIPT}<script>window.dataLayer = [];</script>",
        f"<script>var a = 1;</script>{SCRIPT}<script src=x></script><script type=module>import 'y'</script>",
        f"{SCRIPT}<script type=application/json>{{}}</script>",
        SCRIPT.replace("ld+json", "LD+JSON; charset=utf-8") + "<script>b()</script>",
        f'<script type="application/ld+json">{{"@type": "WebSite"}}</script>{SCRIPT}<script>c()</script>',
    ],
)
def test_other_scripts_do_not_spoil_the_linked_data(head: str, tmp_path: Path) -> None:
    (tmp_path / "ferry.html").write_text(f"<html><head><title>Ferry | The Moss Post</title>{head}</head>{BODY}</html>")
    (event,) = read_events(tmp_path / "ferry.html")
    assert (event.title, event.date) == ("Ferry stops in Moss", dt.date(2021, 3, 4))
    assert event.text == "The ferry needs a new engine."


@pytest.mark.parametrize(
    "part", ["<div>", "<div>a", "<title>a<b>", "<h1>a<i>", "<!--", "<a", "<?", '<meta property="article:tag" content="{n}">']
)
def test_pages_made_to_be_slow_take_no_longer_than_others(part: str, tmp_path: Path) -> None:
    page = "<p>Rain in Moss</p>" + "".join(part.replace("{n}", str(n)) for n in range(40_000))
    (tmp_path / "long.html").write_text(page)
    start = time.process_time()
    (event,) = read_events(tmp_path / "long.html")
    assert time.process_time() - start < 5  # a quarter of a second each; in quadratic time 5 to 50
    assert event.title


def test_a_tag_at_the_end_that_does_not_end_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "cut.html").write_text("<title>Rain</title><p>It pours, 3 < 4.</p> More < less <a href='x")
    (event,) = read_events(tmp_path / "cut.html")
    assert event.text.split() == ["It", "pours,", "3", "<", "4.", "More", "<", "less"]


def test_an_escaped_surrogate_is_no_bad_byte(tmp_path: Path) -> None:
    array = tmp_path / "array.json"
    array.write_bytes(
        rb'[{"id": 1, "title": "Rain \udc80"},' + b'\n{"id": 2, "title": "caf\xe9"},\n{"id": 3, "title": "na\xc3\xafve"}]'
    )
    errors: list[str] = []
    events = list(read_events(array, on_error=lambda error: errors.append(str(error))))
    assert [event.title for event in events] == ["Rain \ufffd", "naïve"]
    assert errors == [f"{array}:2: got byte 0xe9, expected text in UTF-8"]


def test_one_object_with_a_bad_byte_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes('{"id": 1,\n "title": "Rain é é"}'.encode() + b"\n")
    assert [row for _, row in read_json(path, {"title": "title"})] == [{"id": 1, "title": "Rain é é"}]
    path.write_bytes('{"id": 1,\n "text": "é é", "title": "Rain '.encode() + b'\xe9"}\n')
    ((_, row),) = read_json(path, {"title": "title"})
    assert "byte 0xe9" in str(row)


TAGS = st.sampled_from(
    [
        "<",
        ">",
        "</",
        "<p>",
        "</p>",
        "<h1>",
        "</h1>",
        "<title>",
        "</title>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "&amp;",
        "&#",
        '<script type="application/ld+json">',
        LINKED_DATA,
        '{"@graph": [',
        "]}",
        "<meta name=date content=",
        "'x'",
        "<svg>",
        "Rain ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(TAGS | st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=20).map("".join))
def test_any_page_is_an_article_or_an_error(tmp_path_factory: pytest.TempPathFactory, page: str) -> None:
    path = tmp_path_factory.getbasetemp() / "page.html"
    path.write_text(page, encoding="utf-8")
    try:
        (event,) = read_events(path, on_remark=lambda _: None)
    except (BadValueError, InputError):
        return
    assert event.title.strip()
