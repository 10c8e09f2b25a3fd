"""Pieces that a page has many times, as filters of the templates: a macro takes several times as long.

Paths of pages have no character that HTML or XML would escape.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

from relatedstories.export.markdown import inline
from relatedstories.export.plain import N_TITLES, cut_at_word, title_of
from relatedstories.export.views import FORMATS, MEDIA_TYPES, ListedEvent, StoryLink, TopicLink
from relatedstories.pages.words import RIGHT_TO_LEFT, Words
from relatedstories.text.languages import UNKNOWN

__all__ = ["IN_HTML", "IN_MARKDOWN", "IN_XML", "escaped"]


def escaped(value: Any) -> str:
    """Return a value as a page shows it: the same text as `markupsafe.escape` does, without a copy where nothing is escaped."""
    if type(value) is Markup:
        return value
    if type(value) is not str or "&" in value or "<" in value or ">" in value or '"' in value or "'" in value:
        return escape(value)
    return value


# ---------------------------------------------------------------------- HTML


def _alternates(formats: Iterable[str], address: str) -> Markup:
    """Return the other formats of the page at an address, given without its suffix, as elements of a page's head."""
    links = [f'<link rel="alternate" type="{MEDIA_TYPES[name]}" href="{address}.{name}">\n' for name in formats if name != "html"]
    return Markup("".join(links))


def _format_anchors(formats: Iterable[str], address: str) -> Markup:
    """Return links to the other formats of the page at an address, given without its suffix."""
    anchors = [f'<a href="{address}.{name}" type="{MEDIA_TYPES[name]}">{FORMATS[name]}</a>' for name in formats if name != "html"]
    return Markup(",\n".join(anchors))


@functools.lru_cache(N_TITLES)
def _time(date: dt.date | None, words: Words) -> Markup:
    """Return a date as readers and programs read it."""
    written = escaped(words.date(date))
    return Markup(f'<time datetime="{date}">{written}</time>' if date else written)


@functools.lru_cache
def _lang(language: str, around: str | None = None) -> Markup:
    """Return the attributes of an element in a language, none within one in the same; an unknown one is said to be so."""
    if language == around:
        return Markup()
    attributes = Markup('lang="{}"').format("" if language == UNKNOWN else language)
    attributes += Markup(' dir="rtl"') if language in RIGHT_TO_LEFT else ""
    return attributes if around is None else " " + attributes


def _topic_anchors(labels: Iterable[TopicLink], root: str) -> Markup:
    """Return topics with commas between, those that have a page as links."""
    anchors = [
        f'<a href="{root}{label.stem}.html">{escaped(label.name)}</a>' if label.stem else escaped(label.name) for label in labels
    ]
    return Markup(", ".join(anchors))


def _topic_items(labels: Iterable[TopicLink], root: str, what: str = "") -> Markup:
    """Return topics as items of a list, with the number of the events, and for screen readers `what` is counted."""
    items = []
    for label in labels:
        if label.stem:
            count = f' <span class="count">{label.count:,}<span class="hidden"> {what}</span></span>' if label.count else ""
            items.append(f'<li><a href="{root}{label.stem}.html">{escaped(label.name)}{count}</a></li>\n')
        else:
            items.append(f"<li><span>{escaped(label.name)}</span></li>\n")
    return Markup("".join(items))


def _event_items(listed: Iterable[ListedEvent], root: str, words: Words, language: str, dates: bool = True) -> Markup:
    """Return events as items of a list on a page in a language."""
    items = []
    for event, stem, its_language in listed:
        title = escaped(cut_at_word(title_of(event.title), 200))
        date = f' <span class="meta">{_time(event.date, words)}</span>' if dates and event.date else ""
        items.append(f'<li><a href="{root}{stem}.html"{_lang(its_language, language)}>{title}</a>{date}</li>\n')
    return Markup("".join(items))


IN_HTML = {
    "alternates": _alternates, "format_anchors": _format_anchors,
    "time": _time, "lang": _lang, "topic_anchors": _topic_anchors, "topic_items": _topic_items, "event_items": _event_items,
}  # fmt: skip
"""The filters of templates in HTML."""


# ---------------------------------------------------------------------- XML


def _format_elements(formats: Iterable[str], stem: str) -> Markup:
    """Return the same page in all formats as elements."""
    name = stem.rpartition("/")[2]
    return Markup("".join([f'<format name="{suffix}" path="{name}.{suffix}"/>\n' for suffix in formats]))


def _topic_elements(labels: Iterable[TopicLink], root: str, name: str = "topic") -> Markup:
    """Return topics as elements of a name."""
    elements = []
    for label in labels:
        kind = f' kind="{escaped(label.kind)}"' if label.kind else ""
        count = f' count="{label.count}"' if label.count else ""
        path = f' path="{root}{label.stem}.xml"' if label.stem else ""
        elements.append(f"<{name}{kind}{count}{path}>{escaped(label.name)}</{name}>\n")
    return Markup("".join(elements))


def _event_elements(listed: Iterable[ListedEvent], root: str) -> Markup:
    """Return events as elements of a list."""
    elements = []
    for event, stem, _ in listed:
        date = f' date="{event.date}"' if event.date else ""
        id_, title = escaped(event.id), escaped(event.title)
        elements.append(f'<item{date} path="{root}{stem}.xml"><id>{id_}</id><title>{title}</title></item>\n')
    return Markup("".join(elements))


def _story_element(story: StoryLink, root: str) -> Markup:
    """Return a story as an element."""
    days = f' first="{story.first}" last="{story.last}"' if story.first else ""
    id_, name = escaped(story.id), escaped(story.name)
    return Markup(f'<story count="{story.count}"{days} path="{root}{story.stem}.xml"><id>{id_}</id><name>{name}</name></story>')


def _value_elements(value: Any) -> Markup:
    """Return a value that JSON can hold as text, or as elements of its parts."""
    if isinstance(value, Mapping):
        return Markup("".join([f'<value name="{escaped(name)}">{_value_elements(part)}</value>' for name, part in value.items()]))
    if isinstance(value, str):
        return Markup(escaped(value))
    if isinstance(value, Iterable):
        return Markup("".join([f"<item>{_value_elements(part)}</item>" for part in value]))
    return Markup(json.dumps(value) if value is not None else "")


IN_XML = {
    "format_elements": _format_elements, "topic_elements": _topic_elements, "event_elements": _event_elements,
    "story_element": _story_element, "value_elements": _value_elements,
}  # fmt: skip
"""The filters of templates in XML."""


# ---------------------------------------------------------------------- Markdown


def _format_links(formats: Iterable[str], stem: str) -> str:
    """Return links to the same page in other formats."""
    name = stem.rpartition("/")[2]
    return "  ".join([f"[{FORMATS[suffix]}]({name}.{suffix})" for suffix in formats if suffix != "md"])


def _topic_links(labels: Iterable[TopicLink], root: str) -> str:
    """Return topics with commas between, those that have a page as links, with the numbers of their events."""
    return ", ".join(
        [
            (f"[{inline(label.name)}]({root}{label.stem}.md)" if label.stem else inline(label.name))
            + (f" {label.count}" if label.count else "")
            for label in labels
        ]
    )


def _event_link(one: ListedEvent, root: str) -> str:
    """Return an event as a link."""
    return f"[{inline(title_of(one.event.title))}]({root}{one.stem}.md)"


IN_MARKDOWN = {"format_links": _format_links, "topic_links": _topic_links, "event_link": _event_link}
"""The filters of templates in Markdown."""
