"""The sitemap of an exported site: it names every page, and is there if the address of the site is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import SPACE, quick
from lxml import etree

from relatedstories.export import export
from relatedstories.export import sitemap as module
from relatedstories.export.sitemap import sitemaps


def locations(text: str) -> list[str]:
    return etree.fromstring(text.encode()).xpath("//*[local-name()='loc']/text()")


def test_every_page_is_named(tmp_path: Path) -> None:
    stories = quick().fit(SPACE)
    export(stories, tmp_path, base_url="https://example.org/news")
    named = locations((tmp_path / "sitemap.xml").read_text(encoding="utf-8"))
    pages = {f"https://example.org/news/{path.relative_to(tmp_path).as_posix()}" for path in tmp_path.rglob("*.html")}
    pages.remove("https://example.org/news/search.html")  # has nothing of its own to be found
    assert set(named) == pages
    assert len(named) == len(pages)
    report = export(stories, tmp_path)
    assert report.removed == 1
    assert not (tmp_path / "sitemap.xml").exists()


def test_many_pages_have_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ADDRESSES", 2)
    files = dict(sitemaps(["a", "b", "c&d"], "https://example.org/"))
    assert list(files) == ["sitemap-1.xml", "sitemap-2.xml", "sitemap.xml"]
    assert locations(files["sitemap.xml"]) == ["https://example.org/sitemap-1.xml", "https://example.org/sitemap-2.xml"]
    assert locations(files["sitemap-2.xml"]) == ["https://example.org/c&d.html"]
