"""Front matter in TOML, JSON and YAML without its first line: read, and edited so that everything else keeps its bytes."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, Event, InputError, Link
from relatedstories.pages import Pages, read_pages
from relatedstories.pages.front_matter import find, read
from relatedstories.pages.keys import quoted
from relatedstories.pages.rewriting import rewrite_page

LINKS = [Link(Event("b/c d", 'A "quay" \\ it\u2028said'), 0.5, 1, ("Oslo",)), Link(Event("e", "Plain"), 0.4, 2)]
WRITTEN = [
    {"path": "/b/c d.md", "title": 'A "quay" \\ it\u2028said', "context": "Oslo"},
    {"path": "/e.md", "title": "Plain"},
]

TOML = """+++
# about the quay
title = "The quay is closed" # for now
date = 2020-01-02T10:00:00+01:00
tags = [
  "Oslo", # the city
  "Storm",
]
summary = '''
[related]
'''

[params]
author = "desk"
+++
Waves.
"""

JSON = """{
\t"title": "The quay is closed",
\t"date": "2020-01-02",
\t"tags": ["Oslo", "Storm"],
\t"params": {"author": "desk", "words": 12}
}
Waves.
"""

HEXO = """title: The quay is closed
date: 2020-01-02 10:00:00
tags:
- Oslo
- Storm
---
Waves.
"""


def keys(text: str) -> dict[str, object]:
    front = find(text)
    assert front is not None
    return {name: key.value for name, key in read(text, front).items()}


def inserted(old: bytes, new: bytes) -> bytes:
    """What a page has that it had not before, if that is one stretch of it."""
    start = next((number for number, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    assert new.endswith(old[start:])
    return new[start : len(new) - len(old) + start]


@pytest.mark.parametrize("text", [TOML, JSON, HEXO])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_pages_of_each_format(tmp_path: Path, text: str, newline: str, bom: str) -> None:
    page = (bom + text.replace("\n", newline)).encode()
    (tmp_path / "quay.md").write_bytes(page)
    (event,) = read_pages(tmp_path)
    assert (event.title, event.date, event.topics) == ("The quay is closed", dt.date(2020, 1, 2), ("Oslo", "Storm"))
    assert event.text == "Waves."
    new = rewrite_page(page, LINKS)
    assert new is not None
    block = inserted(page, new)
    assert (b"\r" in block) == (newline == "\r\n")
    assert keys(new.decode()) == keys(page.decode()) | {"related": WRITTEN}
    assert rewrite_page(new, LINKS) is None
    assert rewrite_page(new, []) == page
    (tmp_path / "quay.md").write_bytes(rewrite_page(new, LINKS[:1]) or b"")
    assert list(read_pages(tmp_path)) == [event]


@pytest.mark.parametrize(
    "page", ["\n\n---\ntitle: x\n---\nText\n", "------\ntitle: x\n---\nText\n", '\r\n+++\ntitle = "x"\n+++\n']
)
def test_front_matter_that_hugo_takes_as_such(page: str) -> None:
    assert keys(page) == {"title": "x"}
    new = rewrite_page(page.encode(), LINKS)
    assert new is not None
    inserted(page.encode(), new)
    assert rewrite_page(new, []) == page.encode()


def test_where_links_stand() -> None:
    new = (rewrite_page(TOML.encode(), LINKS[1:]) or b"").decode()
    assert '\'\'\'\nrelated = [\n  { path = "/e.md", title = "Plain" },\n]\n\n[params]' in new
    new = (rewrite_page(JSON.encode(), LINKS[1:]) or b"").decode()
    assert '12},\n\t"related": [\n\t\t{"path": "/e.md", "title": "Plain"}\n\t]\n}\nWaves.' in new
    new = (rewrite_page(b'{"title": "x"}\n', LINKS[1:]) or b"").decode()
    assert new == '{"title": "x","related": [{"path": "/e.md", "title": "Plain"}]}\n'


@pytest.mark.parametrize(
    "old",
    [
        'related = [{path = "/a.md", title = "A"}]\n',
        'related = [ # by hand\n  {path = "/a.md", title = "A"},\n\n]\n',
        "related = []\n",
        '[[related]]\npath = "/a.md"\ntitle = "A"\n[[related]]\npath = "/b.md"\ntitle = "]"\n',
        '"related" = []\n',
    ],
)
@pytest.mark.parametrize("after", ["", "[params]\nrelated = 1\n", "# last\n[[other]]\nrelated = [\n[1],\n[2]]\n"])
def test_lists_of_links_in_toml_are_replaced(old: str, after: str) -> None:
    page = f'+++\ntitle = "x"\n{old}{after}+++\nText\n'
    new = rewrite_page(page.encode(), LINKS)
    assert new is not None
    assert tomllib.loads(new.decode().split("+++")[1]) == tomllib.loads(page.split("+++")[1]) | {"related": WRITTEN}
    assert rewrite_page(new, []) == f'+++\ntitle = "x"\n{after}+++\nText\n'.encode()


@pytest.mark.parametrize(
    ("page", "value"),
    [
        ("---\nrelated: false\ntitle: x\n---\n", "'false'"),
        ("---\nrelated: true\ntitle: x\n---\n", "'true'"),
        ("---\nrelated: [/a/, /b/]\ntitle: x\n---\n", "a value of an editor's"),
        ("---\nrelated:\n- url: /a/\n  title: A\ntitle: x\n---\n", "a value of an editor's"),
        ('---\nrelated: ["[[A note]]"]\ntitle: x\n---\n', "a value of an editor's"),
        ("---\nrelated: {a: b}\ntitle: x\n---\n", "a value of an editor's"),
        ("---\nRelated: []\ntitle: x\n---\n", "a value of an editor's"),
        ('+++\nrelated = false\ntitle = "x"\n+++\n', "'false'"),
        ('+++\nrelated = ["/a/"]\ntitle = "x"\n+++\n', "a value of an editor's"),
        ('+++\ntitle = "x"\n[related]\na = 1\n+++\n', "a value of an editor's"),
        ('{"related": true, "title": "x"}\n', "'true'"),
        ('{"related": ["a"], "title": "x"}\n', "a value of an editor's"),
        ("Title: x\nRelated: false\n\nText\n", "'false'"),
    ],
)
@pytest.mark.parametrize("links", [LINKS, []])
def test_what_an_editor_wrote_stays(page: str, value: str, links: list[Link]) -> None:
    with pytest.raises(
        InputError, match=f"got '[Rr]elated' with {value}, which stays; --key NAME writes links under another key"
    ):
        rewrite_page(page.encode(), links)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ('+++\ntitle = "x"\nrelated.a = 1\n+++\n', "which stays"),
        ('{"related": [], "related": [], "title": "x"}\n', "cannot be edited alone"),
    ],
)
def test_what_cannot_be_edited(page: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rewrite_page(page.encode(), LINKS)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ('+++\ntitle = "x"\ntitle = "y"\n+++\n', r":3: got broken TOML \(.*\), expected front matter in TOML"),
        ("+++\na = 1\n\n\nb = [\n+++\n", r":\d: got broken TOML"),
        ('+++\ntitle = "x"\n', r":1: got front matter that does not end, expected a line \+\+\+ after it"),
        (f'+++\ntitle = "x"\na = {"[" * 2000}{"]" * 2000}\n+++\n', "nested more than 100 levels deep"),
        (f'{{"title": "x", "a": {"[" * 200_000}{"]" * 200_000}}}\n', "nested more than 100 levels deep"),
        (f'{{"title": "x", "a": {"[" * 101}{"]" * 101}}}\n', "nested more than 100 levels deep"),
        ('{\n"title": "x",\n"a": ]\n}\n', r":3: got broken JSON \(.*\), expected front matter in JSON"),
        ('{\n"title" "x"}\n', r":2: got broken JSON"),
        ('{"title": "x" "a": 1}\n', "got broken JSON"),
        (f'+++\ntitle = "x"\na = {"1" * 5000}\n+++\n', "got broken TOML"),
        (f'+++\ntitle = "x"\na = 0x{"f" * 5000}\n+++\n', "got a number of too many digits, expected a shorter number"),
    ],
)
def test_broken_front_matter_is_named(tmp_path: Path, page: str, message: str) -> None:
    (tmp_path / "a.md").write_text(page, encoding="utf-8")
    (tmp_path / "b.md").write_text("---\ntitle: B\n---\n", encoding="utf-8")
    errors: list[BadValueError] = []
    assert [event.title for event in read_pages(tmp_path, on_error=errors.append)] == ["B"]
    with pytest.raises(BadValueError, match=message):
        raise errors[0]


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nA break, and another:\n\n---\n\nSo it was",
        "{{< figure >}}\nText",
        "{ braces }\nText",
        '{"a": 1} and text',
        "Title: Pelican\nDate: 2020-01-02\n\nText\n\n---\n\nmore",
        "Note: this is text\n\nand more\n---\n",
        "---\nText without end",
        "\n\n---\n\nText: after a break\n\n---\n",
    ],
)
def test_what_is_no_front_matter(text: str) -> None:
    assert find(text) is None


def test_org_pages_are_read_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "quay.org").write_text("#+TITLE: The quay\n#+DATE: <2020-01-02 Thu>\n#+FILETAGS: :Oslo:storm:\n\nWaves.\n")
    (event,) = read_pages(tmp_path)
    assert event.date == dt.date(2020, 1, 2)
    assert (event.title, event.topics, event.text) == ("The quay", ("Oslo", "storm"), "Waves.")
    for name in ("a.org", "a.html"):
        with pytest.raises(InputError, match="is not in Markdown, so that links can be written into its front matter alone"):
            rewrite_page(b"#+TITLE: x\n\n", LINKS, path=name)
    page = b"---\ntitle: x\n---\n<p>A</p>"
    assert inserted(page, rewrite_page(page, LINKS, path="a.html") or b"").startswith(b"related:\n")


# Whatever the front matter

NAMES = st.sampled_from(["a", "b", "c-d", "tags", "summary", "ünï"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8) | st.sampled_from(
    ["[related]", "related = 1", "+++x", "# no", '"""', "}\n", "---x"]
)
SCALARS = TEXTS | st.booleans() | st.integers(-(10**6), 10**6)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(NAMES, SCALARS, max_size=2)
NEWLINES = st.sampled_from(["\n", "\r\n"])
MANY_LINKS = st.lists(
    st.builds(
        lambda id_, title, contexts: Link(Event(id_, title), 0.5, 1, tuple(contexts)),
        st.sampled_from(["a", "b/c", "d e", "(f) #1%"]),
        TEXTS.filter(lambda text: text.strip() != ""),
        st.lists(TEXTS, max_size=2),
    ),
    min_size=1,
    max_size=3,
)


def in_toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(name)} = {in_toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(in_toml, value)) + "]"
    return json.dumps(value) if not isinstance(value, str) else quoted(value)


def check(folder: Path, page: bytes, links: list[Link]) -> None:
    (folder / "any.md").write_bytes(page)
    (before,) = read_pages(folder)
    new = rewrite_page(page, links)
    assert new is not None
    inserted(page, new)
    assert rewrite_page(new, links) is None
    (folder / "any.md").write_bytes(new)
    assert list(read_pages(folder)) == [before]
    assert len(keys(new.decode())["related"]) == len(links)  # type: ignore[arg-type]
    assert rewrite_page(new, []) == page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@settings(max_examples=150, deadline=None)
@given(
    values=st.dictionaries(NAMES, VALUES, max_size=4),
    tables=st.dictionaries(st.sampled_from(["x", "y", "z"]), st.dictionaries(NAMES, SCALARS, max_size=2), max_size=2),
    comments=st.lists(st.sampled_from(["", "  ", "# [x]", "\t# related = []"]), max_size=3),
    newline=NEWLINES,
    links=MANY_LINKS,
)
def test_toml_keeps_its_bytes(folder, values, tables, comments, newline, links) -> None:
    lines = ['title = "x"', *comments[:1]]
    lines += [f"{quoted(name)}  =  {in_toml(value)} # {name}" for name, value in values.items() if name != "tags"]
    lines += comments[1:2]
    for name, table in tables.items():
        lines += [f"[{name}]", *[f"{quoted(key)} = {in_toml(value)}" for key, value in table.items()]]
    lines += comments[2:]
    check(folder, newline.join(["+++", *lines, "+++", "Text", ""]).encode(), links)


@settings(max_examples=150, deadline=None)
@given(
    values=st.dictionaries(NAMES.filter(lambda name: name != "tags"), VALUES, max_size=4),
    indent=st.sampled_from([None, 0, 1, 4, "\t"]),
    first=st.booleans(),
    newline=NEWLINES,
    links=MANY_LINKS,
)
def test_json_keeps_its_bytes(folder, values, indent, first, newline, links) -> None:
    document = {"title": "x"} | values if first else values | {"title": "x"}
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    check(folder, (text + "\n\nText\n").replace("\n", newline).encode(), links)


@settings(max_examples=150, deadline=None)
@given(
    values=st.dictionaries(NAMES.filter(lambda name: name != "tags"), VALUES, max_size=4),
    comments=st.lists(st.sampled_from(["# one", "  # two"]), max_size=2),
    opening=st.booleans(),
    newline=NEWLINES,
    links=MANY_LINKS,
)
def test_yaml_keeps_its_bytes(folder, values, comments, opening, newline, links) -> None:
    lines = ["title: x", *comments, *[f"{quoted(name)}: {in_toml(value).replace(' = ', ': ')}" for name, value in values.items()]]
    check(folder, newline.join([*(["---"] if opening else []), *lines, "---", "Text", ""]).encode(), links)


def test_counts_are_of_pages(tmp_path: Path) -> None:
    for name, text in (("a.md", TOML), ("b.md", JSON), ("c.md", HEXO)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = Pages()
    assert len(list(read_pages(tmp_path, found=found))) == 3
    assert str(found) == "3 pages are events, 0 drafts, 0 broken"
