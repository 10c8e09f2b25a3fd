"""Folders of pages: which files are events, what is read of each, and links written into them without touching anything else."""

from __future__ import annotations

import collections
import itertools
import os
import re
import shutil
import tempfile
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from helpers import day, shared
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from relatedstories import BadValueError, Event, InputError, Link, read_events
from relatedstories.pages.front_matter import find
from relatedstories.pages.keys import MAX_DEPTH
from relatedstories.pages.markdown import escaped, inline_links, url_path
from relatedstories.pages.mojibake import repair_mojibake
from relatedstories.pages.reader import Pages, read_pages
from relatedstories.pages.rewriting import LinkFormat, rewrite_page
from relatedstories.pages.sections import split_lines
from relatedstories.pages.writer import rewrite
from relatedstories.text.titles import plain_title

OLD = """
Formats: [HTML](/news/2019/04/15/roof.html)  [JSON](/news/2019/04/15/roof.json)

### [2019-4-15](/news/2019/04/15/index.md)

##### Notre-Dame
# Fire takes the roof of the cathedral. The towers stand.\x20

Firefighters say that the cathedral\u00e2\u20ac\u2122s bells are safe, as [one](https://example.org/a_(b)) said.

And so are the relics.

### Sources:

1. [Le Journal](https://example.org/fire_(2019))
1. [Cover Image](https://example.org/roof.jpg)

### Related:

1. [Bells ring again ](/news/2019/06/15/bells.md) _Context: Notre-Dame, Paris_
2. [A law on the roof](/news/2019/07/16/law.md)
"""

YAML = """---
# set by hand
title: "Snow closes the airport: again"   # the second time
date: 2017-01-04T00:30:00+05:00
tags:
- Oslo
- 'Snow, heavy'
categories: [Weather]
heading: Winter
url: /2017/snow/
sources:
  - name: NTB
    url: https://example.org/ntb
  - https://example.org/two
author: {name: Kari}
---
# Snow closes the airport: again

Runways are ploughed.

### Related:

* [Something](/old.md)
"""

PELICAN = """Title: Voters elect a parliament
Date: 2016-10-29 18:00
Tags: Iceland, elections
    , Althing
Status: published

The count goes on.
"""


def page(folder: Path, path: str, text: str) -> Path:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode())
    return place


def one(folder: Path, text: str, **keywords: object) -> Event:
    page(folder, "one.md", text)
    (event,) = read_pages(folder, **keywords)  # type: ignore[arg-type]
    return event


def link(id_: str, title: str, *contexts: str) -> Link:
    return Link(Event(id_, title), 0.5, 1, contexts)


LINKS = [link("news/b", "Snow [heavy] in *Oslo*", "Oslo_(city)"), link("c d", 'It said "(no)"')]


# What is read


def test_a_page_of_the_old_site(tmp_path: Path) -> None:
    assert one(tmp_path, OLD) == Event(
        "one",
        "Fire takes the roof of the cathedral. The towers stand.",
        "Firefighters say that the cathedral’s bells are safe, as one said.\n\nAnd so are the relics.",
        day("2019-04-15"),
        "Notre-Dame",
        url="/news/2019/04/15/roof.html",
        sources=[("Le Journal", "https://example.org/fire_(2019)"), ("Cover Image", "https://example.org/roof.jpg")],
    )


def test_a_page_with_nothing_but_date_and_title(tmp_path: Path) -> None:
    assert one(tmp_path, "### [2019-12-1](i.md)\r# A \\[quiet\\] day") == Event("one", "A [quiet] day", date=day("2019-12-01"))


def test_the_example_page(tmp_path: Path) -> None:
    shutil.copy(shared("seed/event-page.md"), tmp_path / "2016.md")
    (event,) = read_events(tmp_path)
    assert (event.id, event.date, event.heading) == ("2016", day("2016-12-01"), "Roscosmos")
    assert event.title.startswith("Roscosmos cargo spacecraft")
    assert event.title.endswith("in the atmosphere.")
    assert event.text.startswith("Russia’s space agency")
    assert "Related" not in event.full_text
    assert [source[0] for source in event.sources] == ["Euronews", "Cover Image"]


def test_its_links_are_written_as_they_were() -> None:
    """The example's own links give the example's own section, but for spaces at the end of titles."""
    old = shared("seed/event-page.md").read_bytes()
    links = [
        link(unquote(href).removeprefix("/").removesuffix(".md"), title, context.removeprefix("Context: "))
        for title, href, context in parsed(old)
    ]
    assert len(links) == 5
    assert rewrite_page(old, links) == old.replace(b" ](/news", b"](/news")


def test_another_edition(tmp_path: Path) -> None:
    text = "### [2019-12-1](i.md)\n# 雨\n\n下。\n\n### 来源:\n- [甲](a)\n\n### 有关:\n\n1. [雪](/b.md) _消息: 奥斯陆_\n"
    event = one(tmp_path, text, related="### 有关:", sources="### 来源:")
    assert (event.text, event.sources) == ("下。", (("甲", "a"),))
    new = rewrite_page(text.encode(), [link("é/c", "冰", "挪威")], link_format=LinkFormat(head="### 有关:", context="消息"))
    assert new is not None
    assert new.decode() == text.replace("[雪](/b.md) _消息: 奥斯陆_", "[冰](/é/c.md) _消息: 挪威_")


def test_yaml_front_matter(tmp_path: Path) -> None:
    """The day is that which is written, not that of another time zone."""
    assert one(tmp_path, YAML) == Event(
        "one",
        "Snow closes the airport: again",
        "Runways are ploughed.",
        day("2017-01-04"),
        "Winter",
        ("Oslo", "Snow, heavy", "Weather"),
        "/2017/snow/",
        [("NTB", "https://example.org/ntb"), "https://example.org/two"],
        extra={"author": {"name": "Kari"}},
    )


def test_lines_at_the_head(tmp_path: Path) -> None:
    event = Event(
        "one", "Voters elect a parliament", "The count goes on.", day("2016-10-29"), topics=["Iceland", "elections", "Althing"]
    )
    assert one(tmp_path, PELICAN) == event
    assert one(tmp_path, "\ufeff" + PELICAN.replace("\n", "\r\n")) == event


@pytest.mark.parametrize(
    ("path", "text", "title", "date"),
    [
        ("_posts/2020-02-15-rain.md", "---\ntitle: Rain\n---\n", "Rain", "2020-02-15"),
        ("Storm over Wales.md", "---\ndate: 2020-02-15\n---\nIt pours.\n", "Storm over Wales", "2020-02-15"),
        ("rain.md", "---\ndate: 2020-02-15\n---\n\n# Rain in *Wales* #\n\nIt pours.\n", "Rain in *Wales*", "2020-02-15"),
        ("rain.markdown", "\ufeff---  \r\nTITLE: 007\r\nDate: '2020-2-5 10:00'\r\n...\r\n", "007", "2020-02-05"),
        ("rain.MD", '---\rtitle: "A: \\"b\\""\rdate:\r---', 'A: "b"', None),
        ("rain.md", "---\ntitle: >-\n  Rain\n  again\ndate: ~\n---\n", "Rain again", None),
    ],
)
def test_titles_and_dates(tmp_path: Path, path: str, text: str, title: str, date: str | None) -> None:
    page(tmp_path, path, text)
    (event,) = read_pages(tmp_path)
    assert (event.title, event.date) == (title, date and day(date))


@pytest.mark.parametrize(
    ("yaml", "topics"),
    [
        ("tags: a, b ,, c", ["a", "b", "c"]),
        ("tags: a, b; c", ["a, b", "c"]),
        ("tags: ['#a', 2020, null, b/c]\nkeywords: a", ["2020", "a", "b/c"]),
        ("tags: []\ncategories: [z, z]", ["z"]),
    ],
)
def test_topics(tmp_path: Path, yaml: str, topics: list[str]) -> None:
    assert sorted(one(tmp_path, f"---\ntitle: x\n{yaml}\n---\n").topics) == sorted(topics)


def test_fields_name_other_keys(tmp_path: Path) -> None:
    text = "---\ntitle: Rain\nheadline: Rain in Wales\nLabels: [Wales]\ntags: [no]\nsummary: It pours.\n---\nA body.\n"
    event = one(tmp_path, text, fields={"title": "headline", "topics": "labels", "text": "summary"})
    assert (event.title, event.topics, event.text) == ("Rain in Wales", ("Wales",), "It pours.")
    with pytest.warns(UserWarning, match="no page has 'day', which the date was to be read from"):
        one(tmp_path, text, fields={"date": "day"})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": "slug"}, "fields: id: got 'slug', expected no key, as the id of a page is its path"),
        ({"kop": "title"}, "fields: got 'kop', expected a field of an event"),
        ({"date": ""}, "fields: date: got '', expected the name of a "),
    ],
)
def test_fields_that_cannot_be(tmp_path: Path, fields: dict[str, str], message: str) -> None:
    page(tmp_path, "a.md", OLD)
    for read in (read_pages, read_events):
        with pytest.raises(BadValueError) as caught:
            read(tmp_path, fields)
        assert str(caught.value).startswith(message)


# Which files are events


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    for path in ("b/rain.md", "a/snow.md", "a-b.md"):
        page(folder, path, OLD)
    for path in ("index.md", "a/README.md", "a/_index.md", ".git/x.md", ".hidden.md"):
        page(folder, path, YAML)
    page(folder, "style.css", "")
    page(folder, "about.md", "# About us\n")
    page(folder, "empty.md", "")
    for number, line in enumerate(("draft: true", "status: Draft", "published: false", "draft: yes")):
        page(folder, f"draft{number}.md", f"---\ntitle: x\n{line}\n---\n")
    page(folder, "head.md", "Title: x\nStatus: draft\n\n")
    page(folder, "_drafts/soon.md", "---\ntitle: x\n---\n")
    page(tmp_path, "secret.md", OLD)
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "within.md").symlink_to(folder / "a-b.md")
    (folder / "up").symlink_to(tmp_path)
    found = Pages()
    assert [event.id for event in read_pages(folder, found=found)] == ["a-b", "a/snow", "b/rain"]
    assert (found.events, found.drafts, found.broken) == (3, 6, 0)
    assert found.others == {
        "section page": 2,
        "page about the folder, such as README": 1,
        "symbolic link": 3,
        "not Markdown": 1,
        "without front matter": 2,
    }
    left_out = (
        "1 not Markdown, 1 page about the folder, such as README, 2 section pages, 3 symbolic links, 2 without front matter"
    )
    assert str(found) == f"3 pages are events, 6 drafts, 0 broken; left out: {left_out}"


def test_published_may_be_a_day(tmp_path: Path) -> None:
    assert one(tmp_path, "---\ntitle: Rain\npublished: 2020-02-15\ndraft: false\nstatus: done\n---\n").title == "Rain"


def test_ids_keep_the_suffix_where_two_would_be_alike(tmp_path: Path) -> None:
    for path in ("a.md", "a.markdown", "a.md.md", "b.md", "c/b.md"):
        page(tmp_path, path, OLD)
    assert [event.id for event in read_pages(tmp_path)] == ["a.markdown", "a.md", "a.md.md", "b", "c/b"]


def test_no_folder_and_no_pages(tmp_path: Path) -> None:
    page(tmp_path, "index.md", OLD)
    for folder, message in ((tmp_path / "no", "got no folder"), (tmp_path, "got a folder without pages of events")):
        with pytest.raises(InputError, match=message):
            read_pages(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"---\ntitle: x\n", ":1: got front matter that does not end, expected a line --- after it"),
        (
            b"---\ntitle: [x\n---\n",
            ":3: got broken YAML (*), expected front matter in YAML",
        ),
        (
            b"---\r\na: 1\r\n\r\nb: *x\r\n---\r\n",
            ":4: got broken YAML (an alias 'x' of nothing before it), expected front matter in YAML",
        ),
        (b"---\n- x\n---\n", ":2: got front matter without keys, expected keys with values"),
        (b"\n### [2019-13-1](a)\n# x\n", ":2: date: got '2019-13-1', expected a date as YYYY-MM-DD (*)"),
        (b"### [2019-1-1](a)\n## x\n", ":1: title: got no heading '# ...' after the date, expected the title of the event"),
        (b"### [2019-1-1](a)\r\n# r\xe9sum\xe9\n", ":2: got byte 0xe9 at column 4, expected text in UTF-8"),
    ],
)
def test_a_broken_page_is_named_and_the_others_read(tmp_path: Path, content: bytes, message: str) -> None:
    page(tmp_path, "a.md", OLD)
    (tmp_path / "b.md").write_bytes(content)
    page(tmp_path, "c.md", OLD)
    errors: list[BadValueError] = []
    found = Pages()
    assert [event.id for event in read_pages(tmp_path, on_error=errors.append, found=found)] == ["a", "c"]
    (error,) = errors
    # "(*)" stands for the words of a library, which differ from version to version.
    pattern = re.escape(f"{tmp_path / 'b.md'}{message}").replace(re.escape("(*)"), r"\([^()]+\)")
    assert re.fullmatch(pattern, str(error)), str(error)
    assert found.broken == 1
    with pytest.raises(BadValueError):
        list(read_events(tmp_path))


def test_aliases_do_not_grow(tmp_path: Path) -> None:
    """Ten lists, each ten times the one before: as objects ten thousand million."""
    bomb = "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 10) if n else 'x'}]\n" for n in range(11))
    with pytest.warns(UserWarning, match="title: got a list, expected a text; left out"):
        assert list(read_pages(page(tmp_path, "bomb.md", f"---\n{bomb}title: *k10\n---\n").parent)) == []
    (tmp_path / "bomb.md").unlink()
    with pytest.warns(UserWarning, match="topics: got a list with a list in it"):
        assert one(tmp_path, f"---\n{bomb}title: x\ntags: *k10\n---\n").topics == ()


def _nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    """Front matter of a page with a key whose value is nested so deep, the mapping of the keys being the first level."""
    return f"---\ntitle: x\nother: {opening * (depth - 1)}{closing * (depth - 1)}\n---\n"


LOADERS = [name for name in ("CBaseLoader", "BaseLoader") if hasattr(yaml, name)]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    "page",
    [
        _nested(MAX_DEPTH + 1),
        _nested(2_000),
        _nested(100_000),
        _nested(100_000, closing=""),
        _nested(MAX_DEPTH + 1, "{a: ", "}"),
        _nested(5_000, "{a: ", "}"),
        f"---\ntitle: x\nother:\n  {'- ' * 5_000}y\n---\n",
        f"---\ntitle: x\n{''.join(' ' * level + 'a:' + chr(10) for level in range(1_000))}---\n",
    ],
    ids=["one level", "levels", "many levels", "never closed", "mapping", "mappings", "list in lines", "mappings in lines"],
)
def test_a_page_nested_too_deep_is_skipped_by_name_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, loader: str
) -> None:
    monkeypatch.setattr(yaml, "CBaseLoader", getattr(yaml, loader), raising=False)
    for name, text in (("a", "---\ntitle: A\n---\n"), ("b", page), ("c", "---\ntitle: C\n---\n")):
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    errors: list[BadValueError] = []
    assert [event.title for event in read_pages(tmp_path, on_error=errors.append)] == ["A", "C"]
    (error,) = errors
    assert error.got == f"front matter nested more than {MAX_DEPTH} levels deep"
    assert error.where.startswith(f"{tmp_path / 'b.md'}:")


@pytest.mark.parametrize("loader", LOADERS)
def test_deep_nesting_within_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loader: str) -> None:
    monkeypatch.setattr(yaml, "CBaseLoader", getattr(yaml, loader), raising=False)
    assert one(tmp_path, _nested(MAX_DEPTH)).title == "x"
    with pytest.warns(UserWarning, match="topics: got a list with a list in it"):
        one(tmp_path, _nested(MAX_DEPTH).replace("other", "tags"))


def test_aliases_stand_for_what_they_name(tmp_path: Path) -> None:
    assert one(tmp_path, "---\n&k title: &t x\ntopics: &l [*t, y, *k]\ntags: *l\n---\n").topics == ("x", "y", "title")


@settings(max_examples=60, deadline=None)
@given(
    head=st.sampled_from([b"", b"---\n", b"---\ntitle: x\n", b"\xef\xbb\xbf---\r\n", b"### [2019-1-1](a)\n# ", b"Title: "]),
    content=st.one_of(st.binary(max_size=60), st.text("-:[]{}&*!|>'\"%@`#,? \n\r\tab\u2028\x85", max_size=60).map(str.encode)),
)
def test_any_bytes_are_read_or_named(folder: Path, head: bytes, content: bytes) -> None:
    (folder / "any.md").write_bytes(head + content + b"\n---\n")
    before = list(read_pages(folder, on_error=lambda error: error))
    for links in (LINKS, LINKS[1:], []):
        page = (folder / "any.md").read_bytes()
        try:
            new = rewrite_page(page, links)
        except InputError:
            return
        assert rewrite_page(new or page, links) is None
        (folder / "any.md").write_bytes(new or page)
        assert list(read_pages(folder, on_error=lambda error: error)) == before


@pytest.mark.parametrize(
    ("garbled", "text"),
    [
        ("â€œYesâ€\x9d", "“Yes”"),
        ("â€˜aâ€™ â€“ b â€” câ€¦", "‘a’ – b — c…"),
        ("\u00e2\u0080\u0099", "’"),
        ("MÃ¼ller, SÃ£o, cafÃ©", "Müller, São, café"),
        ("Â£5", "£5"),
    ],
)
def test_garbled_characters(garbled: str, text: str) -> None:
    assert repair_mojibake(garbled) == text


@pytest.mark.parametrize("text", ["château", "NÃO", "“IRMÔ", "«IRMÃ»", "â", "10 â€", "â€\u2019s".replace("€", "$"), "â€¨", "Â»"])
def test_what_may_be_meant_is_not_mended(text: str) -> None:
    assert repair_mojibake(text) == text


# What is written


def parsed(content: bytes, head: str = "Related:") -> list[tuple[str, str, str]]:
    """Title, target and label of each link in the last section of this heading, as a CommonMark parser reads them."""
    text = content.decode().removeprefix("\ufeff")
    lines, tokens = split_lines(text), MarkdownIt("commonmark").parse(text)
    heads = [n for n, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0 and token.tag == "h3"]
    heads = [n for n in heads if tokens[n + 1].content == head and lines[(tokens[n].map or [0])[0]].startswith("#")]
    links = []
    for token in tokens[heads[-1] + 3 :] if heads else []:
        if token.type == "heading_open" or token.type == "ordered_list_close":
            break
        if token.type == "inline":
            links.append(_parts(token.children or []))
    return links


def _parts(tokens) -> tuple[str, str, str]:
    kinds = [token.type for token in tokens if token.type not in {"text", "text_special"}]
    assert kinds in (["link_open", "link_close"], ["link_open", "link_close", "em_open", "em_close"])
    title, label, within = "", "", None
    for token in tokens:
        within = {"link_open": "title", "em_open": "label", "link_close": None, "em_close": None}.get(token.type, within)
        if token.type in {"text", "text_special"}:
            title += token.content if within == "title" else ""
            label += token.content if within == "label" else ""
    return title, str(tokens[0].attrs["href"]), label


def expected(links: list[Link]) -> list[tuple[str, str, str]]:
    shown = [(plain_title(one.event.title), one.event.id, (one.label or "").strip()) for one in links]
    return [(_shown(title), f"/{id_}.md", f"Context: {_shown(label)}" if label else "") for title, id_, label in shown]


def _shown(text: str) -> str:
    return text.replace("\0", "\ufffd")


def unquoted(links: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [(title, unquote(href), label) for title, href, label in links]


def test_the_section_is_replaced() -> None:
    new = rewrite_page(OLD.encode(), LINKS)
    assert new is not None
    before = OLD[: OLD.index("1. [Bells")]
    assert new.decode() == before + (
        '1. [Snow \\[heavy\\] in \\*Oslo\\*](/news/b.md) _Context: Oslo\\_(city)_\n2. [It said "(no)"](/c%20d.md)\n'
    )
    assert unquoted(parsed(new)) == expected(LINKS)
    assert rewrite_page(new, LINKS) is None


def test_the_section_is_added_and_taken_away() -> None:
    bare = OLD[: OLD.index("### Related:")].rstrip("\n") + "\n"
    new = rewrite_page(bare.encode(), LINKS[:1])
    assert new == f"{bare}\n### Related:\n\n1. [Snow \\[heavy\\] in \\*Oslo\\*](/news/b.md) _Context: Oslo\\_(city)_\n".encode()
    assert rewrite_page(new, []) == f"{bare}\n".encode()
    assert rewrite_page(f"{bare}\n".encode(), LINKS[:1]) == new
    assert rewrite_page(bare.encode(), []) is None


def test_targets() -> None:
    def target(root: str | None = "/", path: str = "", paths: dict[str, str] | None = None) -> str:
        links = [link("news/2019/a", "x")]
        return parsed(rewrite_page(OLD.encode(), links, link_format=LinkFormat(root=root), path=path, paths=paths) or b"")[0][1]

    assert target() == "/news/2019/a.md"
    assert target(root="") == "news/2019/a.md"
    assert target(root="https://example.org/") == "https://example.org/news/2019/a.md"
    assert target(root="/archive/") == "/archive/news/2019/a.md"
    assert target(root=None, path="news/2020/b.md") == "../2019/a.md"
    assert target(root=None, path="b.md") == "news/2019/a.md"
    assert target(paths={"news/2019/a": "news/2019/a.markdown"}) == "/news/2019/a.markdown"


def test_front_matter_is_edited_by_one_key() -> None:
    new = rewrite_page(YAML.encode(), LINKS)
    assert new is not None
    block = (
        "related:\n"
        '  - path: "/news/b.md"\n    title: "Snow [heavy] in *Oslo*"\n    context: "Oslo_(city)"\n'
        '  - path: "/c d.md"\n    title: "It said \\"(no)\\""\n'
    )
    assert new.decode() == YAML.replace("author: {name: Kari}\n", "author: {name: Kari}\n" + block)
    assert rewrite_page(new, LINKS) is None
    assert rewrite_page(new, []) == YAML.encode()
    section = rewrite_page(YAML.encode(), LINKS, link_format=LinkFormat(key=None))
    assert section is not None
    assert section.startswith(YAML[: YAML.index("* [Something]")].encode())
    assert unquoted(parsed(section[section.index(b"# Snow") :])) == expected(LINKS)


@pytest.mark.parametrize(
    "old",
    [
        "related: [] # by hand\n",
        "related:\n- path: /a.md\n  title: A\n- {path: b, title: B, context: c}\n",
        'related:\n  # inside\n  - path: "a\n    b"\n    title: |\n      # c\n      more\n',
        "'related':\n",
        "related : [\n  {path: a, title: A},\n]\n",
        "related: &r []\n",
    ],
)
@pytest.mark.parametrize("after", ["", "\n# of the next\nnext: '1'  # one\n", "next:\n- related: 1\n"])
def test_whatever_the_key_had(old: str, after: str) -> None:
    before = 'title: "a\nrelated: not a key"\ntext: |\n  related:\n  - x\n'
    new = rewrite_page(f"---\n{before}{old}{after}---\nText\n".encode(), LINKS[:1])
    block = 'related:\n  - path: "/news/b.md"\n    title: "Snow [heavy] in *Oslo*"\n    context: "Oslo_(city)"\n'
    assert new == f"---\n{before}{block}{after}---\nText\n".encode()
    assert rewrite_page(new, LINKS[:1]) is None
    assert rewrite_page(new, []) == f"---\n{before}{after}---\nText\n".encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("---\n{title: x}\n---\n", "got front matter whose 'related' cannot be edited alone"),
        ("---\nrelated: &a [{path: x, title: x}]\nold: *a\n---\n", "got front matter whose 'related' cannot be edited alone"),
        ("---\n? related\n: []\ntitle: x\n---\n", "got front matter whose 'related' cannot be edited alone"),
        ("---\ntitle: [\n---\n", "got broken YAML"),
        ("# Rain\n\n```\ncode\n", "got a page that ends within code or HTML"),
        ("# Rain\n\n<!--\ncode\n", "got a page that ends within code or HTML"),
    ],
)
def test_a_page_that_cannot_be_edited(content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rewrite_page(content.encode(), LINKS)


@pytest.mark.parametrize("shield", ["```\n{}```\n", "~~~~ md\n~~~\n{}~~~~\n", "<!-- a\n{}-->\n", "<pre>\n{}\n</pre>\n"])
def test_a_section_in_code_is_none(shield: str) -> None:
    text = "# Rain\n\n" + shield.format("### Related:\n\n1. [a](b)\n") + "\nEnd.\n"
    new = rewrite_page(text.encode(), LINKS)
    assert new is not None
    assert new.startswith(text.encode())
    assert unquoted(parsed(new)) == expected(LINKS)
    assert rewrite_page(text.encode(), []) is None


def test_only_the_list_is_of_the_section() -> None:
    text = "# Rain\n\n### Related:\n1. [a](b)\n   goes on\n- [c](d)\nlazily\n\n   and on\n\nA footer.\n\n- [not](ours)\n"
    new = rewrite_page(text.encode(), LINKS[1:])
    assert new == b'# Rain\n\n### Related:\n\n1. [It said "(no)"](/c%20d.md)\n\nA footer.\n\n- [not](ours)\n'
    assert rewrite_page(new, []) == b"# Rain\n\nA footer.\n\n- [not](ours)\n"


HOSTILE = [
    "](/evil) [x",
    "\n\n# Owned\n",
    "\r\r- item",
    "a](</b>) <script>alert(1)</script>",
    "`code` <!-- ",
    "_Context: a_ **b** ~~c~~",
    "back\\slash\\",
    "{{ site.secret }} {% include x %} {{< y >}}",
    "&lt;b&gt; &#10; AT&T",
    '"\nrelated: []\ntitle: owned\n---\n',
    "![x](y)",
    "\ttab\u2028line\x85next\x0b\x0c\x7f\0",
    "1. one",
    "[ref]: /evil",
    "---",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_titles_cannot_write_anything_but_themselves(title: str, tmp_path: Path) -> None:
    links = [link("a", title, title), link("b", "plain")]
    section = rewrite_page(OLD.encode(), links)
    assert section is not None
    assert parsed(section) == expected(links)
    assert b"{{" not in section
    assert b"{%" not in section
    assert one(tmp_path, section.decode()) == one(tmp_path, OLD)
    front = rewrite_page(YAML.encode(), links)
    assert front is not None
    assert one(tmp_path, front.decode()) == one(tmp_path, YAML)
    assert front_links(front) == [("/a.md", plain_title(title), title.strip()), ("/b.md", "plain", None)]


def front_links(content: bytes) -> list[tuple[str, str, str | None]]:
    text = content.decode()
    front = find(text)
    assert front is not None
    items = yaml.safe_load(text[front.start : front.end]).get("related") or []
    return [(item["path"], item["title"], item.get("context")) for item in items]


@pytest.mark.parametrize("id_", ["../a", "/etc/passwd", "a/../../b", "a//b", "./a", "a/.", "a\0b"])
def test_ids_cannot_leave_the_folder(id_: str, tmp_path: Path) -> None:
    page(tmp_path, "one.md", OLD)
    message = "page of an event: id: got .*, expected a path within the folder"
    for content in (OLD, YAML):
        with pytest.raises(BadValueError, match=message):
            rewrite_page(content.encode(), [link(id_, "x")], link_format=LinkFormat(root=None), path="b/c.md")
    with pytest.raises(BadValueError, match=message):
        rewrite(tmp_path, {id_: LINKS})
    with pytest.raises(BadValueError, match=message):
        rewrite(tmp_path, {"one": [link(id_, "x")]})
    assert (tmp_path / "one.md").read_bytes() == OLD.encode()


@pytest.mark.parametrize("id_", ["javascript:alert(1)", "a b/c?d#e", "x\ny", "50%25", "a)(b", "<a>", "q\"'`", "a\\b", "日本/語"])
def test_odd_paths_are_read_back(id_: str) -> None:
    for root in ("/", None):
        new = rewrite_page(OLD.encode(), [link(id_, "x", "y")], link_format=LinkFormat(root=root))
        ((title, href, label),) = parsed(new or b"")
        assert (title, unquote(href), label) == ("x", f"{root or ''}{id_}.md", "Context: y")
        assert ":" not in href


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    page(tmp_path, "one.md", OLD)
    for keywords, message in (
        ({"head": "Related:"}, "head: got 'Related:', expected a heading in Markdown, such as '### Related:'"),
        ({"head": "### a\n"}, "head: got '### a\\n', expected a heading in Markdown, such as '### Related:'"),
        ({"context": ""}, "context: got '', expected a word, such as 'Context'"),
        ({"key": "a: b"}, "key: got 'a: b', expected a key of letters, digits, - and _, or None"),
        ({"root": 1}, "root: got 1 (int), expected the beginning of a link, such as '/' or '/archive/', or None"),
        ({"root": "/archive"}, "root: got '/archive', expected the beginning of a link, such as '/' or '/archive/', or None"),
        ({"root": "a) b/"}, "root: got 'a) b/', expected the beginning of a link, such as '/' or '/archive/', or None"),
    ):
        with pytest.raises(BadValueError) as caught:
            rewrite(tmp_path, {"one": []}, **keywords)
        assert str(caught.value) == f"rewrite: {message}"


# Whatever the page

ENDINGS = st.sampled_from(["\n", "\r\n", "\r"])
LINES = st.one_of(
    st.sampled_from(
        ["", "", "  ", "Text.  ", "- item", "1. one", "   more", "### Sources:", "1. [a](b)", "> quoted", "#### Deeper", "***",
         "a | b", "\tcode", "``` x `", "Related:", " ### Related:", "\u2028", "[a]: /b", "| - |", "<b>x</b>", "â€™"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n<`~#"), max_size=12),
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.text(
    "[]()_*\\\"'`<>&{}%\n\r !#~ab;x1", min_size=1
)
TITLES = TEXTS.filter(lambda text: text.strip() != "")
MANY_LINKS = st.lists(
    st.tuples(st.sampled_from(["a", "b/c", "d e"]), TITLES, st.lists(TEXTS, max_size=2)).map(
        lambda parts: link(parts[0], parts[1], *parts[2])
    ),
    max_size=3,
)


@st.composite
def joined(draw: st.DrawFn, lines: st.SearchStrategy[list[str]]) -> str:
    """Lines, each with an ending of its own."""
    return "".join([line + draw(ENDINGS) for line in draw(lines)])


def pages_of(parts: list[str], bom: bool) -> bytes:
    # Where one part ends in a carriage return and the next begins with a line feed the two would be one line ending.
    assume(not any(a.endswith("\r") and b.startswith("\n") for a, b in itertools.pairwise(parts)))
    return (("\ufeff" if bom else "") + "".join(parts)).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@settings(max_examples=150, deadline=None)
@given(
    body=joined(st.lists(LINES, max_size=6)),
    newline=ENDINGS,
    old=st.sampled_from([None, [], ["1. [a](/b.md) _Context: c_"], ["- a", "- b", "  c"], ["1. a", "", "2. b"]]),
    after=joined(st.lists(LINES, max_size=3)),
    whole=st.booleans(),
    bom=st.booleans(),
    links=MANY_LINKS,
)
def test_a_section_is_all_that_changes(
    folder: Path, body: str, newline: str, old: list[str] | None, after: str, whole: bool, bom: bool, links: list[Link]
) -> None:
    top = f"### [2019-1-2](i.md){newline}# Rain{newline}{newline}"
    parts = [top, body]
    if old is not None:
        section = newline.join([newline + "### Related:", "", *old]) + newline * bool(old)
        parts += [section, *([f"## More{newline}", after] if after else [])]
    if not whole:
        while parts[-1].endswith(("\r", "\n")):
            parts[-1] = parts[-1][:-1]
    page = pages_of(parts, bom)
    new = rewrite_page(page, links)
    again = page if new is None else new
    assert rewrite_page(again, links) is None
    (folder / "any.md").write_bytes(page)
    (before,) = read_pages(folder)
    (folder / "any.md").write_bytes(again)
    assert list(read_pages(folder)) == [before]
    if old is None or links:
        kept = page if old is None else page[: page.index(b"### Related:", page.index(body.encode()) + len(body.encode()))]
        assert again.startswith(kept)
    if after and old is not None:
        assert again.endswith(parts[-2].encode() + parts[-1].encode())
    if links:
        assert unquoted(parsed(again)) == expected(links)
    if links and (old is None or not after):
        assert again.endswith((b"\r", b"\n")) == page.endswith((b"\r", b"\n"))


@settings(max_examples=150, deadline=None)
@given(TITLES, st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_links_are_read_back_by_the_reader_of_sources(title: str, path: str) -> None:
    ((name, target),) = inline_links(f"1. [{escaped(title)}]({url_path(path)})")
    assert (name, unquote(target)) == (_shown(title), path)


KEY_LINES = st.sampled_from(
    [
        "# a comment", "", "tags: [a, 'b']   # c", "text: |", "  related:", "  - x", "author: {a: b}", 'quoted: "it\'s"', "list:",
        "- one", "  # indented", "other: >-", "  folded", "ünï: ☃", "date: 2020-02-15",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    first=joined(st.lists(KEY_LINES, max_size=5)),
    old=st.sampled_from(
        [
            *(None, ["related: []"], ["related:", "- path: a", "  title: b", "# b", "- {path: c, title: d}"]),
            ["related:", "  - path: b", "    title: d"],
        ]
    ),
    last=joined(st.lists(KEY_LINES.filter(lambda line: line.startswith(("#", "z")) or not line), max_size=3)),
    body=joined(st.lists(LINES, max_size=4)),
    newline=ENDINGS,
    bom=st.booleans(),
    links=MANY_LINKS,
)
def test_a_key_is_all_that_changes(
    folder: Path, first: str, old: list[str] | None, last: str, body: str, newline: str, bom: bool, links: list[Link]
) -> None:
    section = "".join([line + newline for line in old or []])
    tail = f"---{newline}{body}"
    head = f"---{newline}title: Rain{newline}{first}"
    page = pages_of([head, section, last, tail], bom)
    (folder / "any.md").write_bytes(page)
    try:
        (before,) = read_pages(folder)
    except (BadValueError, ValueError):
        assume(False)
    new = rewrite_page(page, links)
    again = page if new is None else new
    assert rewrite_page(again, links) is None
    (folder / "any.md").write_bytes(again)
    assert list(read_pages(folder)) == [before]
    bare = again.decode().removeprefix("\ufeff")
    assert bare.startswith(head)
    assert bare.endswith(last + tail if old is not None else tail)
    if not links:
        assert bare == head + last + tail
    assert front_links(again) == [
        (f"/{x.event.id}.md", plain_title(x.event.title), (x.label or "").strip() or None) for x in links
    ]


# Folders


def archive(folder: Path) -> dict[str, bytes]:
    for path, text in (("a.md", OLD), ("b/c.md", YAML), ("d e.markdown", PELICAN), ("README.md", OLD)):
        page(folder, path, text)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_pages_that_change_are_written(tmp_path: Path) -> None:
    archive(tmp_path)
    found = Pages()
    events = {event.id: event for event in read_pages(tmp_path, found=found)}
    assert list(events) == ["a", "b/c", "d e"]
    links = {id_: [Link(other, 0.5, 1, ("Oslo",)) for other in events.values() if other.id != id_] for id_ in events}
    os.chmod(tmp_path / "a.md", 0o640)
    assert str(rewrite(tmp_path, links, read=found)) == "3 pages changed, 0 unchanged, 0 left alone"
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o640
    assert parsed((tmp_path / "a.md").read_bytes())[1] == ("Voters elect a parliament", "/d%20e.markdown", "Context: Oslo")
    assert {event.id: event for event in read_events(tmp_path)} == events
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.m*")}
    links["b/c"] = []
    done = rewrite(tmp_path, ((events[id_], links[id_]) for id_ in events))
    assert (done.changed, done.unchanged, done.left_alone) == (1, 2, {})
    assert [path.name for path, time in times.items() if path.stat().st_mtime_ns != time] == ["c.md"]
    assert (tmp_path / "README.md").read_bytes() == OLD.encode()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["README.md", "a.md", "b", "c.md", "d e.markdown"]


def test_edited_and_missing_pages_are_left_alone_and_named(tmp_path: Path) -> None:
    archive(tmp_path)
    found = Pages()
    list(read_pages(tmp_path, found=found))
    page(tmp_path, "a.md", OLD + "\nEdited.\n")
    page(tmp_path, "new.md", OLD)
    done = rewrite(
        tmp_path, {"a": [], "b/c": [link("gone", "x")], "gone": [], "README": [], "new": [], "d e": [link("a", "x")]}, read=found
    )
    assert (done.changed, done.unchanged) == (1, 0)
    assert done.left_alone == {
        "a": "a.md: was edited since it was read",
        "b/c": f"b/c.md: has a link to 'gone', which is no page of {tmp_path}",
        "gone": f"gone: is no page of {tmp_path}",
        "README": f"README: is no page of {tmp_path}",
        "new": f"new: is no page of {tmp_path}",
    }
    assert (tmp_path / "a.md").read_text(encoding="utf-8").endswith("Edited.\n")


def test_a_page_edited_while_it_is_written_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive(tmp_path)

    def edited_meanwhile(content: bytes, *args: object, **keywords: object) -> bytes | None:
        page(tmp_path, "a.md", "An editor's.\n")
        return rewrite_page(content, *args, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr("relatedstories.pages.writer.rewrite_page", edited_meanwhile)
    done = rewrite(tmp_path, {"a": [link("b/c", "x")]})
    assert done.left_alone == {"a": "a.md: was edited since it was read"}
    assert (tmp_path / "a.md").read_bytes() == b"An editor's.\n"
    assert len(list(tmp_path.iterdir())) == 4


def test_a_page_that_cannot_be_edited_does_not_stop_the_others(tmp_path: Path) -> None:
    archive(tmp_path)
    page(tmp_path, "z.md", "---\n{title: x}\n---\n")
    done = rewrite(tmp_path, {"z": [link("a", "x")], "a": [link("z", "x")]})
    assert done.changed == 1
    assert list(done.left_alone) == ["z"]
    assert done.left_alone["z"].startswith("z.md: got front matter whose 'related' cannot be edited alone")


def test_symbolic_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    archive(folder)
    outside = page(tmp_path, "secret.md", OLD)
    (folder / "out.md").symlink_to(outside)
    (folder / "up").symlink_to(tmp_path)
    for id_ in ("out", "up/secret", "out.md"):
        with pytest.raises(BadValueError, match="not by a symbolic link out of it"):
            rewrite(folder, {id_: LINKS})
    assert outside.read_bytes() == OLD.encode()


def test_a_folder_that_is_a_symbolic_link_itself(tmp_path: Path) -> None:
    archive(tmp_path / "site")
    (tmp_path / "current").symlink_to("site")
    found = Pages()
    assert len(list(read_pages(tmp_path / "current", found=found))) == 3
    assert rewrite(tmp_path / "current", {"a": [link("b/c", "x")]}, read=found).changed == 1


def test_counts_are_kept_over_no_reading() -> None:
    assert str(Pages(others=collections.Counter())) == "0 pages are events, 0 drafts, 0 broken"
    with tempfile.TemporaryDirectory() as folder, pytest.raises(InputError, match="got no folder"):
        rewrite(Path(folder) / "no", {})


@pytest.mark.parametrize("key", ["{x: y}: 3", "? [a, b]\n: 3", "[a]: 3"])
def test_a_key_that_is_a_collection_is_one_broken_page(tmp_path: Path, key: str) -> None:
    page(tmp_path, "bad.md", f"---\ntitle: Rain\n{key}\n---\n")
    page(tmp_path, "good.md", "---\ntitle: Rain\nother: [Wales, {a: b}]\n---\n")
    errors: list[BadValueError] = []
    assert [event.id for event in read_pages(tmp_path, on_error=errors.append)] == ["good"]
    assert [(error.got, error.expected) for error in errors] == [("a key that is no text", "texts")]
