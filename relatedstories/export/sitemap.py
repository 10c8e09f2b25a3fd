"""The sitemap of an exported site, by which search engines find its pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from xml.sax.saxutils import escape

__all__ = ["MAX_ADDRESSES", "SITEMAP", "sitemaps"]

SITEMAP = "sitemap.xml"

MAX_ADDRESSES = 50_000
"""The most addresses that a sitemap may have by its protocol; an index of sitemaps stands for several."""

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemaps(stems: Sequence[str], base_url: str) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of the sitemap of pages, and of its parts if there are many pages.

    Parameters
    ----------
    stems : sequence of str
        The paths of the pages without suffix.
    base_url : str
        The address of the site, ending in "/".

    Examples
    --------
    >>> ((name, text),) = sitemaps(["index"], "https://example.org/")
    >>> print(name, text)
    sitemap.xml <?xml version="1.0" encoding="UTF-8"?>
    <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><loc>https://example.org/index.html</loc></url>
    </urlset>
    <BLANKLINE>
    """
    addresses = (f"<url><loc>{escape(base_url + stem)}.html</loc></url>" for stem in stems)
    if len(stems) <= MAX_ADDRESSES:
        yield SITEMAP, _document("urlset", list(addresses))
        return
    parts: list[str] = []
    while some := list(islice(addresses, MAX_ADDRESSES)):
        parts.append(f"sitemap-{len(parts) + 1}.xml")
        yield parts[-1], _document("urlset", some)
    yield SITEMAP, _document("sitemapindex", [f"<sitemap><loc>{escape(base_url + part)}</loc></sitemap>" for part in parts])


def _document(root: str, lines: Sequence[str]) -> str:
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{_NAMESPACE}">', *lines, f"</{root}>", ""])
