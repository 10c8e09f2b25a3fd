"""The documentation site builds without a warning, leads nowhere that is not there, and asks nothing of the net."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

import relatedstories

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """What a page fetches by itself, what it links to, and the places in it."""

    def __init__(self, path: Path):
        super().__init__()
        self.fetched, self.links, self.ids = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.ids.add(named.get("id"))
        if tag == "a":
            self.links.append(named.get("href") or "")
        else:
            self.fetched += [named[name] for name in ("src", "href", "srcset", "data", "poster") if named.get(name)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def test_no_page_fetches_anything_from_elsewhere(site, pages):
    assert len(pages) > 20
    assert not [(path.name, url) for path, page in pages.items() for url in page.fetched if re.match(r"\w+:|//", url)]
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", styles)


def test_every_link_leads_to_a_place_that_is_there(site, pages):
    dead = []
    for path, page in pages.items():
        if path.name == "404.html":  # whose links begin with a slash, as it may stand in for any page
            continue
        for url in page.links + page.fetched:
            if not re.match(r"\w+:", url):
                name, _, place = unquote(url).partition("#")
                target = path if not name else (path.parent / name).resolve()
                if not target.exists() or (place and target in pages and place not in pages[target].ids):
                    dead.append((path.relative_to(site), url))
    assert not dead


def test_the_reference_has_every_public_name_and_what_it_says_of_it(pages):
    ids = {id_ for page in pages.values() for id_ in page.ids}
    assert not [name for name in relatedstories.__all__ if f"relatedstories.{name}" not in ids]


def test_names_in_docstrings_are_links(pages):
    (stories,) = (page for path, page in pages.items() if path.match("reference/stories.html"))
    assert {"topk.html#relatedstories.topk.DateFactor", "links.html#relatedstories.ranking.select"} <= set(stories.links)


def test_search_finds_a_page_without_a_server(site):
    """In Chromium, on the files as they are on disk."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs Chromium")
        pytest.skip("needs Chromium")
    page = f"{(site / 'index.html').as_uri()}?q=near-duplicates"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", f"--user-data-dir={site / 'user'}"]
    done = subprocess.run([chromium, *options, "--dump-dom", page], capture_output=True, text=True, check=True, timeout=120)
    assert re.search(r'md-search-result__link"?[^>]*>|reference/links\.html', done.stdout)
    found = re.findall(r'<a href="([^"]*)" class="md-search-result__link"', done.stdout)
    assert any("reference/links.html" in url for url in found), found
