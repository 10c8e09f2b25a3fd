"""Whole real sites (../shared/sites): every file is an event or counted, links are written in place, and Hugo builds the site."""

from __future__ import annotations

import collections
import re
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from folders import Reading, write
from helpers import quick, shared

from relatedstories import Event
from relatedstories.pages import LinkedPages
from relatedstories.pages.front_matter import find, read
from relatedstories.refresh import refresh

pytestmark = pytest.mark.slow

EVENTS = {
    "digitalgov": 329,
    "hugo-blog-awesome": 56,
    "kubernetes-contributors": 139,
    "letsencrypt": 246,
    "ruby-lang": 1023,
    "rust-blog": 750,
}


@pytest.fixture(params=EVENTS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / request.param
    with tarfile.open(shared(f"sites/{request.param}.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_every_file_is_an_event_or_counted(site: Path) -> None:
    reading = Reading(site, expired=True, future=True)
    found = reading.found
    files = [path for path in site.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert not reading.errors
    assert found.events + found.drafts + found.others.total() == len(files), str(found)
    assert found.events == EVENTS[site.name], str(found)


def beginnings(reading: Reading) -> list[Event]:
    """Return the events with the beginnings of their texts: which links they have does not matter, where these go does."""
    return [replace(event, text=event.text[:300]) for event in reading]


def test_links_are_all_that_changes(site: Path) -> None:
    reading = Reading(site, expired=True, future=True)
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    report = refresh(quick(), beginnings(reading), LinkedPages(site, reading.found), k=3)
    assert report.left_alone == 0
    assert report.written > 0.8 * reading.found.events
    after = {path: path.read_bytes() for path in site.rglob("*") if path.is_file() and not path.name.startswith(".")}
    assert after.keys() == before.keys()
    changed = [path for path in before if before[path] != after[path]]
    assert len(changed) == report.written
    for path in changed:
        old, new = before[path], after[path]
        start = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
        assert new.endswith(old[start:]), path
        assert b"related" in new[max(0, start - 40) : len(new) - len(old) + start]
    assert Reading(site, expired=True, future=True).events == reading.events
    read = Reading(site, expired=True, future=True).found
    pages = LinkedPages(site, read)
    with pages.locked():
        list(pages.take(((event, []) for event in reading.events.values()), dry_run=False))
    assert {path: path.read_bytes() for path in before} == before


# What Hugo builds

TEMPLATE = (
    "{{ range .Params.related }}{{ $context := .context }}{{ with site.GetPage .path }}"
    '<li data-context="{{ $context }}"><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}{{ end }}'
)
SHORT_CODE = re.compile(r"\{\{[<%]\s*(/?)\s*([\w/.-]+)")


def links_on(page: Path) -> list[object]:
    """The links that a page has in its front matter."""
    text = page.read_text(encoding="utf-8")
    front = find(text)
    value = read(text, front)["related"].value if front and "related" in read(text, front) else []
    assert isinstance(value, list)
    return [*value]


def build(folder: Path, content: Path, languages: str) -> Path:
    """Build a site with a template that shows nothing but its links."""
    if shutil.which("hugo") is None:
        pytest.skip("needs hugo, which is not installed")
    default = languages.partition("]")[0].rpartition(".")[2]
    settings = (
        f'baseURL = "https://example.org/"\nbuildFuture = true\nbuildExpired = true\ndefaultContentLanguage = "{default}"\n'
    )
    settings += 'disableKinds = ["RSS", "sitemap", "taxonomy", "term"]\n'
    write(
        folder, {"config.toml": settings + languages, "layouts/_default/single.html": TEMPLATE, "layouts/_default/list.html": ""}
    )
    closed: dict[str, bool] = collections.defaultdict(bool)
    for path in content.rglob("*.md"):
        for slash, name in SHORT_CODE.findall(path.read_text(encoding="utf-8")):
            closed[name] |= bool(slash)
    inner = {True: "{{ .Inner }}", False: ""}
    write(folder, {f"layouts/shortcodes/{name}.html": inner[is_closed] for name, is_closed in closed.items()})
    done = subprocess.run(["hugo", "--quiet"], cwd=folder, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "public"


def test_hugo_finds_all_pages_that_links_name(tmp_path: Path) -> None:
    content = write(
        tmp_path / "content",
        {
            "posts/_index.md": "---\ntitle: All\n---\n",
            "posts/yaml (1).md": "---\ntitle: Snow in Oslo\n---\n",
            "posts/toml #2.md": '+++\ntitle = "More snow in Oslo"\n[params]\na = 1\n+++\n',
            "posts/json 50%.md": '{\n  "title": "Oslo under snow"\n}\n',
            "posts/Été à Oslo/index.md": "---\ntitle: Oslo in summer\n---\n",
            "posts/Été à Oslo/index.de.md": "---\ntitle: Oslo im Sommer\n---\n",
            "posts/late.de.md": "---\ntitle: Oslo im Schnee\n---\n",
        },
    )
    reading = Reading(content)
    refresh(quick(), reading.events.values(), LinkedPages(content, reading.found), k=9)
    public = build(tmp_path, content, "[languages.en]\n[languages.de]\n")
    n_links = sum(path.read_text(encoding="utf-8").count("<li data") for path in public.rglob("index.html"))
    assert n_links == sum(len(links_on(page)) for page in content.rglob("*.md")) >= 8


@pytest.mark.parametrize(
    ("name", "language"), [("letsencrypt", "en"), ("kubernetes-contributors", "en"), ("hugo-blog-awesome", "fr")]
)
def test_hugo_builds_a_real_site_with_links(name: str, language: str, tmp_path: Path) -> None:
    with tarfile.open(shared(f"sites/{name}.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    (content,) = [path for path in tmp_path.rglob(language) if path.is_dir() and path.parent.name == "content"]
    reading = Reading(content, expired=True, future=True)
    refresh(quick(), beginnings(reading), LinkedPages(content, reading.found), k=3)
    public = build(tmp_path / "site", content, f'[languages.{language}]\ncontentDir = "{content}"\n')
    n_links = sum(path.read_text(encoding="utf-8").count("<li data") for path in public.rglob("*.html"))
    written = sum(len(links_on(page)) for page in content.rglob("*.md"))
    assert n_links == written > len(reading.events)
