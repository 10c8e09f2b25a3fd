"""What search engines read of an event's page: schema.org's NewsArticle as JSON-LD."""

from __future__ import annotations

import json
from typing import Any

from relatedstories.export.views import EventView

__all__ = ["json_ld", "web_address"]

_TYPES = {"person": "Person", "organisation": "Organization", "place": "Place", "event": "Event", "work": "CreativeWork"}
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def json_ld(view: EventView, base: str) -> str:
    """The JSON-LD of an event, as it may stand within a script element.

    Parameters
    ----------
    view : EventView
    base : str
        What paths are put behind: the address of the site, or what leads to its root.

    Notes
    -----
    Topics are what the article is ``about``. schema.org keeps ``isRelatedTo`` to products and services; of articles the term is
    the ``relatedLink`` of the page they are the main entity of.
    """
    event = view.event
    article: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "identifier": event.id,
        "headline": event.title,
    }
    if event.date:
        article["datePublished"] = event.date.isoformat()
    if event.text:
        article["articleBody"] = event.text
    if event.heading:
        article["articleSection"] = event.heading
    if view.labels:
        article["about"] = [
            {"@type": _TYPES.get(label.kind or "", "Thing"), "name": label.name}
            | ({"url": f"{base}{label.stem}.html"} if label.stem else {})
            for label in view.labels
        ]
    sources = [(source, source) if isinstance(source, str) else source for source in event.sources]
    if sources:
        article["citation"] = [
            {"@type": "CreativeWork", "name": name} | ({"url": url} if web_address(url) else {}) for name, url in sources
        ]
    if event.url and web_address(event.url):
        article["isBasedOn"] = event.url
    address = f"{base}{view.stem}.html"
    page: dict[str, Any] = {"@type": "WebPage", "@id": address}
    if view.related:
        page["relatedLink"] = [f"{base}{one.stem}.html" for one in view.related]
    article["mainEntityOfPage"] = page
    return json.dumps(article, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def web_address(text: str) -> bool:
    """Whether a reader may be led there: what a "javascript:" address does is not a page.

    Examples
    --------
    >>> web_address("https://example.org"), web_address("javascript:alert(1)")
    (True, False)
    """
    return text[:8].lower().startswith(("https://", "http://")) and text.isprintable() and " " not in text
