"""The description of an event's page for search engines: schema.org's NewsArticle as JSON-LD."""

from __future__ import annotations

import json
from typing import Any

from relatedstories.export.plain import title_of, words_of
from relatedstories.export.views import EventView

__all__ = ["is_web_address", "json_ld"]

_TYPES = {"person": "Person", "organisation": "Organization", "place": "Place", "event": "Event", "work": "CreativeWork"}
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_ld(view: EventView, base: str) -> str:
    """Return the JSON-LD of an event, escaped so that it can stand inside a script element.

    Parameters
    ----------
    view : EventView
    base : str
        The prefix of all paths: the address of the site, or the relative path to its root.

    Notes
    -----
    The topics are what the article is ``about``. schema.org's ``isRelatedTo`` is for products and services only, so related
    events are the ``relatedLink`` of the page whose main entity the article is.
    """
    event = view.event
    article: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "identifier": event.id,
        "headline": title_of(event.title),
    }
    if event.date:
        article["datePublished"] = event.date.isoformat()
    if event.text:
        article["articleBody"] = words_of(event.text)
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
            {"@type": "CreativeWork", "name": name} | ({"url": url} if is_web_address(url) else {}) for name, url in sources
        ]
    if event.url and is_web_address(event.url):
        article["isBasedOn"] = event.url
    address = f"{base}{view.stem}.html"
    page: dict[str, Any] = {"@type": "WebPage", "@id": address}
    if view.related:
        page["relatedLink"] = [f"{base}{one.stem}.html" for one in view.related]
    article["mainEntityOfPage"] = page
    text = _encode(article)
    for mark, written in _ESCAPES.items():
        text = text.replace(mark, written)
    return text


def is_web_address(text: str) -> bool:
    """Return whether an address is safe to link to: a "javascript:" address, for example, runs a script.

    Examples
    --------
    >>> is_web_address("https://example.org"), is_web_address("javascript:alert(1)")
    (True, False)
    """
    return text[:8].lower().startswith(("https://", "http://")) and text.isprintable() and " " not in text
