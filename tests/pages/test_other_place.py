"""Links that are written into front matter take the place of a section of an earlier run, and the other way round."""

from __future__ import annotations

from pathlib import Path

import pytest

from relatedstories import Event, Link
from relatedstories.pages.rewriting import LinkFormat, rewrite_page
from relatedstories.pages.writer import rewrite

LINKS = [Link(Event("b", "Snow"), 0.5, 1, ("Oslo",)), Link(Event("c", "Ice"), 0.4, 2)]
KEY, SECTION = LinkFormat(), LinkFormat(key=None)
FRONT_MATTERS = ["---\ntitle: Rain\n---\n", '+++\ntitle = "Rain"\n+++\n', '{"title": "Rain"}\n']


def written(page: str, link_format: LinkFormat, links: list[Link] = LINKS) -> str:
    new = rewrite_page(page.encode(), links, link_format=link_format)
    return page if new is None else new.decode()


@pytest.mark.parametrize("front", FRONT_MATTERS)
def test_each_takes_the_place_of_the_other(front: str) -> None:
    page = f"{front}It rains.\n"
    by_key, by_section = written(page, KEY), written(page, SECTION)
    assert written(by_key, SECTION) == by_section
    assert written(by_section, KEY) == f"{by_key}\n"  # the empty line before the section may be an editor's
    assert written(written(by_section, KEY), SECTION) == by_section
    assert written(by_key, SECTION, []) == page


@pytest.mark.parametrize("key", ["extra.related", "more"])
def test_lists_under_other_keys_are_taken_away(key: str) -> None:
    page = "---\ntitle: Rain\n---\nIt rains.\n"
    after = written(written(page, LinkFormat(key=key)), SECTION)
    assert written(page, SECTION) in (after, after.replace("extra:\n", ""))
    assert "path" not in after


def test_notes() -> None:
    page = "---\ntitle: Rain\n---\nIt rains.\n"
    by_key = written(page, LinkFormat(wiki=True))
    assert written(by_key, LinkFormat(key=None, wiki=True)) == written(page, LinkFormat(key=None, wiki=True))


@pytest.mark.parametrize(
    "own",
    [
        "### Related:\n\n- [Snow](/b.md)\n",
        "### Related:\n\n1. [Snow](/b.md) says more\n",
        "### Related:\n\n1. [Snow](https://example.org/snow)\n",
        "### Related:\n\nSee the archive. _Context: Oslo_\n",
        "### Related:\n\n1. [Snow](/b.md) _Context: Oslo_\n2. Ask the editor\n",
        "```\n### Related:\n\n1. [Snow](/b.md) _Context: Oslo_\n```\n",
    ],
)
def test_a_section_of_an_editor_stays(own: str) -> None:
    page = f"---\ntitle: Rain\n---\nIt rains.\n\n{own}"
    assert written(page, KEY).endswith(f"It rains.\n\n{own}")


@pytest.mark.parametrize(
    "own",
    [
        "downloads:\n  - path: /a.pdf\n    title: The report\n",
        "more:\n  - path: /b.md\n    name: Snow\n    context: Oslo\n",
        "notes: ['[[b]]']\n",
        "params:\n  also:\n    - path: /b.md\n      title: Snow\n",
    ],
)
def test_keys_of_an_editor_stay(own: str) -> None:
    page = f"---\ntitle: Rain\n{own}---\nIt rains.\n"
    assert written(page, SECTION).startswith(page)


def test_a_list_without_a_context_may_be_an_editors_and_stays(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.md").write_text(f"---\ntitle: {name}\n---\nIt rains.\n")
    own = "### Related:\n\n1. [b](/b.md)\n2. [c](/c.md)\n"
    with open(tmp_path / "a.md", "a") as page:
        page.write(f"\n{own}")
    rewrite(tmp_path, {"a": [Link(Event("b", "b"), 0.5, 1, ("Oslo",))]})
    assert own in (tmp_path / "a.md").read_text()
