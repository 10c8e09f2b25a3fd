"""Links under a key within another, such as ``extra.related`` for Zola: in every format, all else to the byte."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from folders import Reading, write
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, InputError, Link
from relatedstories.pages import rewrite
from relatedstories.pages.front_matter import find, read, value_of, with_list

ITEMS = [{"path": "blog/b.md", "title": "B"}, {"path": "blog/c.md", "title": 'C "d"', "context": "Oslo"}]
ONE = ITEMS[:1]

PAGES = {
    "no table": '+++\ntitle = "A"\n\n[taxonomies]\ntags = ["x"]\n+++\nText\n',
    "table": '+++\ntitle = "A" # first\n[extra]\ncolour = "red"  # of the box\n\n[taxonomies]\ntags = ["x"]\n+++\nText\n',
    "table at the end": '+++\r\ntitle = "A"\r\n\r\n[ extra ] # own\r\n# nothing yet\r\n+++\r\nText\r\n',
    "a text with a head in it": '+++\ntitle = """\n[extra]\n"""\n[extra]\nlist = [\n[1],\n]\n+++\n',
    "YAML without": "---\ntitle: A\n---\nText\n",
    "YAML": "---\ntitle: A\nextra:\n    # own\n    colour: red  # of the box\n\ntags: [x]\n---\nText\n",
    "YAML, empty": "---\ntitle: A\nextra:\ntags: [x]\n---\n",
    "YAML, last": "---\r\ntitle: A\r\nextra:\r\n  colour: red\r\n---\r\n",
    "JSON without": '{\n  "title": "A"\n}\nText\n',
    "JSON": '{\n  "title": "A",\n  "extra": {\n    "colour": "red"\n  },\n  "tags": ["x"]\n}\nText\n',
    "JSON on one line": '{"title": "A", "extra": {"colour": "red"}}\n',
}


def edited(page: str, items: list[dict[str, str]]) -> str:
    front = find(page)
    assert front is not None
    return with_list(page, front, "extra.related", items)


@pytest.mark.parametrize("name", PAGES)
def test_links_are_put_in_replaced_and_taken_out(name: str) -> None:
    page = PAGES[name]
    first = edited(page, ITEMS)
    assert first != page
    assert edited(first, ITEMS) == first
    fewer = edited(first, ONE)
    assert edited(page, ONE) == fewer
    assert edited(fewer, ITEMS) == first
    assert edited(page, []) == page
    gone = edited(first, [])
    assert gone.replace("\n[extra]\n", "") == page if name == "no table" else gone == page or "empty" in name
    if not name.startswith("JSON"):
        assert (first.count("\r\n") == first.count("\n")) == ("\r\n" in page)
    if page.startswith("+++"):
        document = tomllib.loads(first.split("+++")[1])
        assert document["extra"]["related"] == ITEMS
        assert {name: value for name, value in document.items() if name != "extra"} == {
            name: value for name, value in tomllib.loads(page.split("+++")[1]).items() if name != "extra"
        }


@pytest.mark.parametrize(
    "page",
    [
        '+++\nextra = { related = false, title = "x" }\n+++\n',
        "+++\ntitle = 'a'\nextra = 'text'\n+++\n",
        "+++\ntitle = 'a'\n[extra]\nrelated = false\n+++\n",
        "+++\ntitle = 'a'\n[extra]\nrelated = ['a', 'b']\n+++\n",
        "---\ntitle: a\nextra: {colour: red}\n---\n",
        "---\ntitle: a\nextra: text\n---\n",
        "---\ntitle: a\nextra:\n  related: [x]\n---\n",
        '{"title": "a", "extra": []}\n',
        '{"title": "a", "extra": {"related": "mine"}}\n',
    ],
)
def test_what_is_an_editors_stays(page: str) -> None:
    with pytest.raises(InputError, match=r"extra(\.related)?'"):
        edited(page, ITEMS)


def test_a_site_of_zola_is_refreshed_in_place(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path, {f"content/blog/{name}.md": PAGES["table"].replace('"A"', f'"Snow in Oslo {name}"')})
    site = tmp_path / "content"
    before = Reading(site)
    links = {"blog/a": [Link(before["blog/b"], 0.5, 1, ("Oslo",)), Link(before["blog/c"], 0.4, 2, fallback="recent")]}
    done = rewrite(site, links, read=before.found, key="extra.related", root="")
    assert (done.changed, done.left_alone) == (1, {}) or done.changed == 1
    document = tomllib.loads((site / "blog/a.md").read_text().split("+++")[1])
    assert document["extra"] == {
        "related": [
            {"path": "blog/b.md", "title": "Snow in Oslo b", "context": "Oslo"},
            {"path": "blog/c.md", "title": "Snow in Oslo c", "fallback": "recent"},
        ],
        "colour": "red",
    }
    after = Reading(site)
    assert after.events == before.events  # the links are no part of what an event says
    again = rewrite(site, links, read=after.found, key="extra.related", root="")
    assert again.changed == 0


PARTS = st.sampled_from(
    [
        "extra:\n",
        "  related:\n",
        "[extra]\n",
        "[extra.x]\n",
        "related = ",
        "related: ",
        "a = 1\n",
        "a: 1\n",
        "  b: 2\n",
        "- x\n",
        "[]\n",
        "{}\n",
        "'''\n",
        '"""\n',
        "\n",
        "\r\n",
        "# extra\n",
        '"extra": {',
        '"b": 2',
        "}",
        ",",
        "&a ",
        "*a\n",
        "|\n",
        "title",
    ]
)
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["---\n{}---\nText\n", "+++\n{}+++\nText\n", "{{{}}}\nText\n"]),
    st.lists(PARTS, max_size=12).map("".join),
    st.lists(st.fixed_dictionaries({"path": PLAIN, "title": PLAIN}), max_size=2),
)
def test_no_edit_touches_anything_else(form: str, inner: str, items: list[dict[str, str]]) -> None:
    page = form.format(inner)
    try:
        front = find(page)
        new = page if front is None else with_list(page, front, "extra.related", items)
    except (BadValueError, InputError):
        return
    if front is None or new == page:
        return
    after = find(new)
    assert after is not None
    before_keys, after_keys = read(page, front), read(new, after)
    assert (value_of(after_keys, "extra.related") or []) == items
    for name in before_keys.keys() | after_keys.keys():
        before, now = (
            {key: part for key, part in (value or {}).items() if key != "related"} if name == "extra" else value  # type: ignore
            for value in (value_of(before_keys, name), value_of(after_keys, name))
        )
        assert before == now
    assert new[after.body :] == page[front.body :]
