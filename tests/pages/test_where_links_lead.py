"""Where links lead: to paths that Hugo finds, addresses of Jekyll's posts, files of Pelican, notes of Obsidian."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml
from folders import Reading, titled, write
from helpers import run

from relatedstories import BadValueError, Link
from relatedstories.pages import rewrite
from relatedstories.pages.addresses import PageAbout, address_of
from relatedstories.pages.page_names import LanguageFolders


def linked(folder: Path, on: str, to: list[str], **keywords: object) -> str:
    """The text of a page, once links to others are written into it."""
    reading = Reading(folder, today="2022-01-01")
    links = [Link(reading[id_], 0.5, rank, ("Oslo",)) for rank, id_ in enumerate(to, 1)]
    done = rewrite(folder, {on: links}, read=reading.found, **keywords)  # type: ignore[arg-type]
    assert not done.left_alone, done.left_alone
    text = (folder / reading.found.paths[on]).read_text(encoding="utf-8")
    assert rewrite(folder, {on: links}, read=Reading(folder, today="2022-01-01").found, **keywords).unchanged == 1  # type: ignore[arg-type]
    assert rewrite(folder, {on: links}, **keywords).unchanged == 1  # type: ignore[arg-type]
    return text


def paths_in(text: str, key: str = "related") -> list[str]:
    return [item["path"] for item in yaml.safe_load(text.split("---")[1])[key]]


def test_paths_in_front_matter_are_as_site_builders_have_them(tmp_path: Path) -> None:
    write(tmp_path, titled("a.md", "posts/with space.md", "posts/(2) 50%.md", "posts/Fête.md", "trip/index.md"))
    ids = ["posts/with space", "posts/(2) 50%", "posts/Fête", "trip"]
    assert paths_in(linked(tmp_path, "a", ids)) == [
        *("/posts/with space.md", "/posts/(2) 50%.md", "/posts/Fête.md", "/trip/index.md")
    ]
    assert paths_in(linked(tmp_path, "a", ids[1:2], root="https://example.org/")) == [
        "https://example.org/posts/%282%29%2050%25.md"
    ]
    assert paths_in(linked(tmp_path, "a", ids[:1], root=None)) == ["posts/with space.md"]
    section = linked(tmp_path, "a", ids[:2], key=None)
    assert "](/posts/with%20space.md) _Context" in section
    assert "](/posts/%282%29%2050%25.md) _Context" in section


def test_links_of_posts_of_jekyll_lead_to_their_addresses(tmp_path: Path) -> None:
    write(tmp_path, titled("_posts/2021-07-01-a.md", "about.md") | {
        "news/_posts/2021-07-05-open.md": "---\ntitle: Open\ncategories: old town\n---\n",
        "_posts/2021-07-06-own.md": "---\ntitle: Own\npermalink: /own/\n---\n",
        "_posts/2021-07-07-slug.md": "---\ntitle: Slug\nslug: cost\n---\n",
        "_posts/2021-07-08-style.md": "---\ntitle: Style\npermalink: pretty\n---\n",
        "_posts/2021-07-09-pattern.md": "---\ntitle: Pattern\npermalink: /p/:year/:title/\n---\n",
    })  # fmt: skip
    ids = ["news/_posts/2021-07-05-open", *[f"_posts/2021-07-0{n}" for n in ("6-own", "7-slug", "8-style", "9-pattern")], "about"]
    text = linked(tmp_path, "_posts/2021-07-01-a", ids, key=None)
    assert [line.split("](")[1].split(")")[0] for line in text.splitlines() if "](" in line] == [
        *("/news/old/town/2021/07/05/open.html", "/own/", "/2021/07/07/cost.html", "/2021/07/08/style/", "/p/2021/pattern/"),
        "/about.md",
    ]
    assert paths_in(linked(tmp_path, "about", ids[:1])) == ["/news/_posts/2021-07-05-open.md"]
    assert paths_in(linked(tmp_path, "about", ids[:2], url="/:year/:month/:slug/")) == ["/2021/07/open/", "/own/"]
    assert paths_in(linked(tmp_path, "about", ids[:2], url="/:year/:month/:slug/", root="/blog/")) == [
        *("/blog/2021/07/open/", "/blog/own/")
    ]


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("/:year/:month/:day/:slug/", "/2021/07/05/trip-to-rome/"),
        ("/:i_month/:i_day/:short_year/:y_day/:title", "/7/5/21/186/trip-to-rome"),
        ("/:sections/:slug/", "/posts/italy/trip-to-rome/"),
        ("/:section/:filename/", "/posts/Trip%20to%20Rome/"),
        ("/:lang/:path.html", "/de/posts/italy/trip-to-rome.html"),
        ("https://example.org/:categories/:slug", "https://example.org/posts/italy/sea/trip-to-rome"),
    ],
)
def test_patterns_of_addresses(pattern: str, address: str) -> None:
    path = "de/posts/italy/Trip to Rome.md"
    name = LanguageFolders([path]).name_of(path)
    found = address_of(PageAbout(None, None, dt.date(2021, 7, 5), ("Sea",), name), path, pattern)
    assert found == address.replace("/posts/italy/sea/", "/de/posts/italy/sea/")


def test_a_page_without_the_day_that_its_address_has_gets_no_link(tmp_path: Path) -> None:
    reading = Reading(write(tmp_path, titled("a.md", "b.md")))
    done = rewrite(tmp_path, {"a": [Link(reading["b"], 0.5, 1)]}, read=reading.found, url="/:year/:slug/")
    assert done.left_alone == {"a": "b.md: has no date, which its address '/:year/:slug/' needs"}
    for pattern in ("/:yaer/", "/", "/:slug (x)/"):
        with pytest.raises(BadValueError, match=r"rewrite: url: got '/.*', expected an address with some of :year"):
            rewrite(tmp_path, {}, url=pattern)


def test_links_in_pelican(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.md": f"Title: {name}\nDate: 2020-01-02\n\nText\n" for name in ("a", "news/b", "news/c d")})
    assert "[news/b]({filename}/news/b.md)" in linked(tmp_path, "a", ["news/b"])
    assert "[news/c d]({filename}c%20d.md)" in linked(tmp_path, "news/b", ["news/c d"], root=None)
    assert "[news/b](/x/news/b.md)" in linked(tmp_path, "a", ["news/b"], root="/x/")


NOTES = {
    "Bridge opens.md": "---\ntags:\n- flood\n---\nThe bridge.\n",
    "Flood.md": "It rose.\n",
    "Town (old) #1.md": "---\naliases: [x]\n---\nA town.\n",
    "Sub/Flood.md": "Another.\n",
}


def test_notes_link_to_notes_by_name(tmp_path: Path) -> None:
    write(tmp_path, NOTES)
    ids = ["Flood", "Sub/Flood", "Town (old) #1"]
    text = linked(tmp_path, "Bridge opens", ids)
    assert yaml.safe_load(text.split("---")[1])["related"] == [
        *("[[Flood|Flood]]", "[[Sub/Flood|Flood]]", "[Town (old) #1](Town%20%28old%29%20%231.md)")
    ]
    assert "related: # relatedstories\n" in text
    assert "1. [[Bridge opens]] _Context: Oslo_\n" in linked(tmp_path, "Flood", ["Bridge opens"])
    assert paths_in(linked(tmp_path, "Town (old) #1", ids[:1], wiki=False)) == ["/Flood.md"]


def test_a_vault_is_known_by_its_settings(tmp_path: Path) -> None:
    write(tmp_path, titled("a.md", "b.md") | {".obsidian/app.json": "{}"})
    assert '- "[[b]]"' in linked(tmp_path, "a", ["b"])


def test_a_list_of_notes_by_an_editor_stays(tmp_path: Path) -> None:
    own = '---\nrelated:\n  - "[[Flood]]"\n---\nThe bridge.\n'
    reading = Reading(write(tmp_path, NOTES | {"Bridge opens.md": own}))
    done = rewrite(tmp_path, {"Bridge opens": [Link(reading["Flood"], 0.5, 1)]}, read=reading.found)
    assert "got 'related' with a value of an editor's, which stays; --key NAME" in done.left_alone["Bridge opens"]
    assert (tmp_path / "Bridge opens.md").read_text() == own


def test_a_page_that_asks_for_no_list_has_no_section_either(tmp_path: Path) -> None:
    reading = Reading(write(tmp_path, titled("a.md") | {"b.md": "---\ntitle: B\nrelated: false\n---\n"}))
    done = rewrite(tmp_path, {"b": [Link(reading["a"], 0.5, 1)]}, read=reading.found, key=None)
    assert "got 'related' with 'false', which stays" in done.left_alone["b"]


def test_on_the_command_line(tmp_path: Path) -> None:
    pages = {f"{n}.md": f"---\ntitle: Snow in Oslo {n}\ndate: 2020-01-0{n}\n---\n" for n in (1, 2)}
    done = run("refresh", write(tmp_path, pages), "--in-place", "--url", "/:year/:slug/")
    assert done.returncode == 0, done.stderr
    assert paths_in((tmp_path / "1.md").read_text()) == ["/2020/2/"]
    assert run("refresh", tmp_path, "--in-place", "--url", "/:yaer/").returncode == 2
    done = run("refresh", tmp_path, "--in-place", "--wiki-links", "--key", "see_also")
    assert '- "[[2]]"' in (tmp_path / "1.md").read_text(), done.stderr
