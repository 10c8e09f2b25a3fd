"""Folders of pages from public bug reports (../shared/cases), each with what is right."""

from __future__ import annotations

import datetime as dt
import functools
import shutil
from pathlib import Path

import pytest
from folders import Reading as ReadingOn
from helpers import shared

from relatedstories import Event, Link
from relatedstories.pages import rewrite

Reading = functools.partial(ReadingOn, today="2026-06-01")

DAY = dt.date(2019, 1, 2)

RIGHT: dict[str, dict[str, dict[str, object]]] = {
    "toml-front-matter": {
        "content/posts/reopens": {"date": dt.date(2020, 1, 5), "topics": ("Oslo",)},
        "content/posts/storm": {"date": dt.date(2020, 1, 2), "topics": ("Oslo", "Storm")},
    },
    "json-front-matter": {"content/posts/storm": {"date": dt.date(2020, 1, 2), "topics": ("Oslo",)}},
    "leaf-bundles": {"content/posts/storm": {"language": None}, "content/posts/storm.de": {"language": "de"}},
    "expired-and-future": {"content/now": {}},
    "no-title": {"2020/01/02/walk": {}, "2020/01/03/storm": {"date": dt.date(2020, 1, 3)}},
    "obsidian": {
        "Daily/2020-01-02": {"date": dt.date(2020, 1, 2), "topics": ("oslo",)},
        "Harbour tram": {"title": "Harbour tram", "date": dt.date(2020, 1, 5), "topics": ("oslo/transport", "oslo")},
    },
    "key-twice": {"a": {"title": "Tram opens"}},
    "html-in-titles": {"a": {"title": "Café & bar closes", "text": "Text with a link."}},
    "reported/26-jsonfm/site": {"a": {"title": "Flood in Passau", "date": dt.date(2021, 7, 1), "topics": ("Danube",)}},
    "reported/27-zola/content": {"a": {"topics": ("Danube",), "date": dt.date(2021, 7, 1)}, "b": {}},
    "reported/28-mixed-toml/content": {"a": {}, "b": {}, "about": {}},
    "reported/29-leaf-bundle/site": {"c": {}, "flood": {"title": "Flood"}, "storm": {"date": dt.date(2021, 7, 2)}},
    "reported/31-obsidian-no-frontmatter/site": {
        "Danube": {"topics": ("river/europe",)},
        "Passau flood": {"title": "Passau flood", "topics": ("flood",)},
        "x": {"title": "X", "topics": ("flood", "danube")},
    },
    "reported/32-empty-frontmatter/v": {"Other note": {}, "Two words": {"title": "Two words"}, "Word": {"title": "Word"}},
    "reported/33-untitled-posts/_posts": {
        "2016-01-26-local-development": {"title": "Local Development", "date": dt.date(2016, 1, 26)},
        "2016-01-27-b": {"title": "Passau"},
    },
    "reported/34-html-posts/_posts": {
        "2009-08-26-flood": {"text": "The Danube rose."},
        "2009-08-27-b": {},
        "2009-08-28-c": {"date": dt.date(2009, 8, 28)},
        "2009-08-29-d": {},
    },
    "reported/36-hexo-no-open/_posts": {
        "a": {"date": dt.date(2021, 7, 1), "topics": ("Danube", "flood", "news"), "text": "The Danube rose."},
        "b": {"date": dt.date(2021, 7, 5)},
    },
    "reported/37-docusaurus-tags/blog": {
        "2021-07-01-flood": {"topics": ("Danube", "flood")},
        "2021-07-05-bridge": {"date": dt.date(2021, 7, 5)},
        "2021-07-06-x": {"title": "Third page"},
    },
    "reported/38-excalidraw/v": {"Flood in Passau": {"text": "The Danube."}},
    "reported/39-duplicate-front-key/p": {"a": {"title": "Flood in Passau"}, "b": {}},
    "reported/41-tag-singular/_posts": {
        "2021-07-01-a": {"topics": ("Danube",)},
        "2021-07-02-b": {"topics": ("news", "Danube")},
        "2021-07-03-c": {"topics": ("Danube",)},
    },
    "reported/42-date-jst/site": {name: {"date": DAY} for name in ("2019-01-02-k", *"abcdfghijlmnopqr")}
    | {"e": {"date": dt.date(2019, 1, 1)}},
    "reported/46-hidden-page/_posts": {"2021-07-01-flood": {}, "2021-07-06-x": {}},
    "reported/47-draft-flags/site": {"ok": {}},
    "reported/48-future-expired/content": {"a": {}, "e": {}},
    "reported/53-jekyll-space-cats/_posts": {
        "2021-07-01-flood": {"topics": ("flood", "passau", "jekyll", "update")},
        "2021-07-05-open": {},
        "2021-07-06-no-title": {"title": "No Title"},
    },
}
"""The events of each folder, with what has to be read of them."""


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_read(name: str) -> None:
    reading = Reading(shared(f"cases/{name}"))
    assert not reading.errors
    assert reading.events.keys() == RIGHT[name].keys()
    for id_, expected in RIGHT[name].items():
        assert {field: getattr(reading[id_], field) for field in expected} == expected
    n_files = len([path for path in shared(f"cases/{name}").rglob("*") if path.is_file()])
    assert len(reading.events) + reading.found.drafts + reading.found.others.total() == n_files


def test_what_is_said() -> None:
    assert "2 by first sentence" in str(Reading(shared("cases/no-title")).found)
    assert Reading(shared("cases/leaf-bundles")).found.others == {"section page": 1, "resource of a page": 1}
    found = Reading(shared("cases/expired-and-future")).found
    assert found.others == {"expired": 1, "hidden": 1, "to be published later": 1}
    (remark,) = Reading(shared("cases/key-twice")).remarks
    assert "got 'expirydate', expected a key used once (it stands on line 4 too); the later value counts" in remark
    storm, sturm = sorted(Reading(shared("cases/leaf-bundles")), key=lambda event: len(event.id))
    assert storm.translation_key == sturm.translation_key is not None


@pytest.mark.parametrize(
    "name", ["toml-front-matter", "json-front-matter", "leaf-bundles", "obsidian", "reported/36-hexo-no-open"]
)
def test_links_are_written_and_all_else_is_kept(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(shared(f"cases/{name}"), folder)
    reading = Reading(folder)
    before = {id_: (folder / path).read_bytes() for id_, path in reading.found.paths.items()}
    other = Event(next(iter(reading.events)), "A storm")
    links = {id_: [Link(other, 0.5, 1, ("Oslo",))] for id_ in reading.events}
    assert rewrite(folder, links, read=reading.found).changed == len(links)
    assert Reading(folder).events == reading.events
    for id_, page in before.items():
        new = (folder / reading.found.paths[id_]).read_bytes()
        start = next((at for at, (a, b) in enumerate(zip(page, new, strict=False)) if a != b), len(page))
        assert new.endswith(page[start:])
    rewrite(folder, dict.fromkeys(links, ()), read=Reading(folder).found)
    assert {id_: (folder / path).read_bytes() for id_, path in reading.found.paths.items()} == before or name == "obsidian"


def test_links_in_pelican_jekyll_and_obsidian(tmp_path: Path) -> None:
    for name, on, to, expected, keywords in (
        ("51-pelican-section/content", "a", "b", "]({filename}/b.md)", {}),
        ("52-jekyll-links/_posts", "2021-07-01-flood", "2021-07-05-open", "](/passau/open/)", {"key": None}),
        ("52-jekyll-links/_posts", "2021-07-01-flood", "2021-07-09-damage", "](/2021/07/09/cost.html)", {"key": None}),
        ("54-obsidian-section/v", "Flood closes the bridge", "Bridge opens", "1. [[Bridge opens]]", {"key": None}),
        ("90-hugo-template-encoded-path/content", "posts/plain", "posts/with space", 'path: "/posts/with space.md"', {}),
    ):
        folder = tmp_path / to / name
        shutil.copytree(shared(f"cases/reported/{name}"), folder)
        reading = Reading(folder)
        rewrite(folder, {on: [Link(reading[to], 0.5, 1, ("Passau",))]}, read=reading.found, **keywords)  # type: ignore[arg-type]
        assert expected in (folder / reading.found.paths[on]).read_text(encoding="utf-8")


def test_a_hidden_page_of_pelican_is_not_linked() -> None:
    assert set(Reading(shared("cases/reported/51-pelican-section/content")).events) == {"a", "b"}
