"""Which files of a folder are events, and the reasons under which all others are counted."""

from __future__ import annotations

import collections
import os
from pathlib import Path

import pytest
from folders import Reading, titled, write
from helpers import run

from relatedstories import InputError
from relatedstories.pages import Pages, discovery, read_pages


def test_leaf_bundles_are_events_and_their_files_resources(tmp_path: Path) -> None:
    pages = titled("_index.md", "posts/_index.md", "posts/_index.de.md", "posts/trip/index.md", "posts/trip/log.md", "posts/a.md")
    pages |= titled("posts/trip/more/index.md", "posts/trip/index.de.md") | {"posts/trip/notes.md": "For the desk.\n"}
    reading = Reading(write(tmp_path, pages))
    assert list(reading.events) == ["posts/a", "posts/trip.de", "posts/trip"]
    assert reading.found.others == {"section page": 3, "resource of a page": 3}
    assert reading.found.paths["posts/trip"] == "posts/trip/index.md"


@pytest.mark.parametrize(
    ("paths", "ids"),
    [
        (["index.md", "a.md"], ["a"]),
        (["guide/index.md", "guide/a.md"], ["guide/a"]),
        (["guide/index.md", "guide/part/a.md"], ["guide/part/a"]),
        (["guide/index.md", "guide/part/index.md"], ["guide/part"]),
        (["trip/index.md", "fair/index.mdx"], ["fair", "trip"]),
        (["trip.md", "trip/index.md"], ["trip.md", "trip/index.md"]),
        (["blog/index.html", "blog/a.md"], ["blog/a"]),
        (["content/en/index.md", "content/de/index.md", "content/en/a.md", "content/de/a.md"], ["content/de/a", "content/en/a"]),
    ],
)
def test_index_pages_without_hugo(tmp_path: Path, paths: list[str], ids: list[str]) -> None:
    reading = Reading(write(tmp_path, titled(*paths)))
    assert list(reading.events) == ids
    assert len(ids) + reading.found.others.total() == len(paths)


def test_an_index_page_without_front_matter_lists_the_pages_beside_it(tmp_path: Path) -> None:
    reading = Reading(
        write(tmp_path, {"day/index.md": "# The day\n\n- [a](a.md)\n", "day/a.md": "### [2020-1-2](i.md)\n# Rain\n"})
    )
    assert list(reading.events) == ["day/a"]


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("expiryDate: 2020-06-14", "expired"),
        ("expirydate: Jan 5, 2020", "expired"),
        ("unpublishDate: 2020-01-01T10:00:00Z", "expired"),
        ("date: 2020-06-16", "to be published later"),
        ("date: 2019-01-01\npublishDate: 2020-06-16", "to be published later"),
        ("build: {list: never}", "hidden"),
        ("_build:\n  list: false", "hidden"),
        ("build:\n  render: never", "hidden"),
        ("hidden: true", "hidden"),
        ("unlisted: yes", "hidden"),
        ("status: private", "hidden"),
        ("status: Hidden", "hidden"),
        ("visibility: private", "hidden"),
        ("headless: true", "hidden"),
        ("robots: noindex, nofollow", "hidden"),
        ("noindex: true", "hidden"),
        ("sitemap: false", "hidden"),
        ("sitemap: {disable: true}", "hidden"),
        ("password: secret", "with a password"),
        ("tags: [Draft, private]", "tagged as draft or private"),
        ("tags: draft", "tagged as draft or private"),
        ("exclude_from_related: true", "with exclude_from_related"),
        ("excalidraw-plugin: parsed", "drawing"),
        ("draft: true", None),
        ("published: false", None),
        ("publish: no", None),
        ("status: trash", None),
    ],
)
def test_pages_that_readers_are_not_led_to(tmp_path: Path, front: str, reason: str | None) -> None:
    pages = {"a.md": f"---\ntitle: A\n{front}\n---\nText\n", "b.md": "---\ntitle: B\n---\n"}
    reading = Reading(write(tmp_path, pages))
    assert list(reading.events) == ["b"]
    assert (dict(reading.found.others), reading.found.drafts) == (({reason: 1}, 0) if reason else ({}, 1))


@pytest.mark.parametrize(
    "front",
    [
        *("draft: false", "published: true", "published: 2020-01-01", "hidden: false", "unlisted: no", "password: ''"),
        *("expiryDate: 2020-06-15", "expiryDate: 2099-01-01", "date: 2020-06-15", "publishDate: 2020-06-15", "expiryDate: never"),
        *("build: {list: always}", "build: {list: local}", "sitemap: {priority: 1}", "status: published", "tags: [NFL draft]"),
        *(
            "draft: false\ntags: [draft]",
            "date: 2099-01-01\npublishDate: 2020-01-01",
            "tags: [Draft, Basketball]",
            "private: false",
        ),
    ],
)
def test_pages_that_readers_are_led_to(tmp_path: Path, front: str) -> None:
    assert len(list(Reading(write(tmp_path, {"a.md": f"---\ntitle: A\n{front}\n---\n"})))) == 1


def test_the_same_in_other_formats(tmp_path: Path) -> None:
    pages = {
        "a.md": '+++\ntitle = "A"\nexpiryDate = 2020-01-01\n+++\n',
        "b.md": '+++\ntitle = "B"\n[build]\nlist = "never"\n+++\n',
        "c.md": '{"title": "C", "draft": true}\n',
        "d.md": "Title: D\nStatus: hidden\n\nText\n",
        "e.md": "title: E\nhidden: true\n---\n",
        "f.md": '+++\ntitle = "F"\ndraft = false\ndate = 2020-01-01\n+++\n',
    }
    reading = Reading(write(tmp_path, pages))
    assert list(reading.events) == ["f"]
    assert reading.found.left_out == "3 hidden, 1 draft, 1 expired"


def test_expired_and_future_pages_are_read_on_demand(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "---\ntitle: A\nexpiryDate: 2019-01-01\n---\n", "b.md": "---\ntitle: B\ndate: 2021-01-01\n---\n"})
    assert list(Reading(tmp_path, expired=True).events) == ["a"]
    assert list(Reading(tmp_path, future=True).events) == ["b"]
    assert list(Reading(tmp_path, today="2018-01-01", future=True).events) == ["a", "b"]
    assert list(Reading(tmp_path, expired=True, future=True).events) == ["a", "b"]
    reading = Reading(write(tmp_path, titled("_posts/2020-06-15-c.md", "_posts/2020-06-16-d.md")))
    assert list(reading.events) == ["_posts/2020-06-15-c"]
    assert reading.found.others["to be published later"] == 2


def test_the_archive_of_a_closed_site_is_read_though_its_pages_have_expired(tmp_path: Path) -> None:
    pages = {f"{n:02}.md": f"---\ntitle: Page {n}\nexpiryDate: 2019-01-01\n---\n" for n in range(20)}
    pages |= {"kept.md": "---\ntitle: Kept\n---\n", "draft.md": "---\ntitle: Draft\ndraft: true\nexpiryDate: 2019-01-01\n---\n"}
    reading = Reading(write(tmp_path, pages))
    assert len(reading.events) == 21
    assert reading.found.left_out == "1 draft"
    assert any("20 of 21 pages have expired" in line for line in reading.remarks)
    (tmp_path / "00.md").unlink()
    reading = Reading(tmp_path)
    assert (list(reading.events), reading.found.left_out) == (["kept"], "19 expired, 1 draft")


def test_pages_of_other_formats_need_front_matter(tmp_path: Path) -> None:
    pages = {f"a{suffix}": "---\ntitle: A\n---\n<p>Rain &amp; <b>hail</b>.</p>" for suffix in discovery.OTHER_SUFFIXES}
    pages |= {"b.html": "<html><p>A built page</p></html>", "c.rst": "Rain\n====\n", "d.txt": "---\ntitle: x\n---\n", "e.css": ""}
    reading = Reading(write(tmp_path, pages))
    assert list(reading.found.paths.values()) == sorted(f"a{suffix}" for suffix in discovery.OTHER_SUFFIXES)
    assert reading["a.html"].text == "Rain & hail."
    assert reading.found.left_out == "2 not Markdown, 1 .html file without front matter, 1 .rst file without front matter"


def test_templates_and_built_pages_are_none(tmp_path: Path) -> None:
    pages = titled(
        "content/a.md", "content/themes/b.md", "layouts/x.md", "public/a.md", "archetypes/default.md", "_layouts/y.html"
    )
    reading = Reading(write(tmp_path, pages))
    assert len(reading.events) == 4
    assert reading.found.others == {"folder of templates or built pages": 2}
    write(tmp_path, {"hugo.toml": ""})
    assert list(Reading(tmp_path).events) == ["content/a", "content/themes/b"]


def test_drawings_and_pages_about_the_folder(tmp_path: Path) -> None:
    reading = Reading(write(tmp_path, titled("a.md", "b.excalidraw.md", "LICENSE.md", "CONTRIBUTING.md", "sub/readme.md")))
    assert list(reading.events) == ["a"]
    assert reading.found.others == {"drawing": 1, "page about the folder, such as README": 3}


def test_large_files_and_files_that_are_none_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "MAX_BYTES", 2**20)
    write(tmp_path, titled("a.md") | {"large.md": "---\ntitle: x\n---\n" + "x" * 2**20})
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.md")
    reading = Reading(tmp_path)
    assert list(reading.events) == ["a"]
    assert reading.found.others["file of more than 1 MiB"] == 1
    assert reading.found.others["no regular file"] == hasattr(os, "mkfifo")


def test_no_events_says_what_was_left_out(tmp_path: Path) -> None:
    write(tmp_path, titled("_index.md", "README.md"))
    with pytest.raises(
        InputError, match=r"without pages of events.*; left out: 1 page about the folder, such as README, 1 section page"
    ):
        read_pages(tmp_path)
    write(tmp_path, {"a.md": "---\ntitle: A\ndraft: true\n---\n", "b.md": "---\nlayout: x\n---\n"})
    done = run("refresh", tmp_path, "--links", "-")
    assert done.returncode == 1
    left_out = "1 draft, 1 page about the folder, such as README, 1 section page, 1 without title"
    assert f"got no events, expected at least one; left out: {left_out}" in done.stderr


def test_reasons_are_in_the_plural_where_they_have_to_be() -> None:
    found = Pages(others=collections.Counter({"resource of a page": 3, "no regular file": 2, "tagged as draft or private": 2}))
    assert found.left_out == "3 resources of a page, 2 no regular files, 2 tagged as draft or private"
