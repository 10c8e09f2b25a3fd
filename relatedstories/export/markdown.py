"""Events as Markdown: front matter with all fields of an event, and escaped text that reads back unchanged."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from relatedstories.events import Event
from relatedstories.export.plain import N_TITLES
from relatedstories.pages.keys import quoted
from relatedstories.pages.markdown import escaped
from relatedstories.pages.mojibake import repair_mojibake
from relatedstories.pages.parsing import EVENT_ID

__all__ = ["front_matter", "inline", "paragraphs", "target"]

_EMPTY_LINES = re.compile(r"\A\n+|\n+\Z|(?<=\n\n)\n+")
_UNBROKEN = re.compile(r"[^\n\0]+")
_LEADING_SPACE = re.compile(r"^[ \t]", re.MULTILINE)
_TRAILING_SPACE = re.compile(r"[ \t]$", re.MULTILINE)
_BLOCK_MARKER = re.compile(r"^(?:[-+=:#]|\d{1,9}(?=[.)]))", re.MULTILINE)
_CHARACTER_REFERENCES = str.maketrans({letter: f"&#{ord(letter)};" for letter in "âÃÂ"})
_QUOTED_ESCAPES = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "âÃÂ"})


@functools.lru_cache(N_TITLES)
def inline(text: str) -> str:
    r"""Return the text escaped on one line, as in a heading, a list item or a link, without surrounding spaces.

    Examples
    --------
    >>> print(inline("C# [sic]\n<b>"))
    C\# \[sic\]&#10;\<b\>
    """
    line = escaped(text.strip()).replace("#", r"\#").replace("&\\#", "&#")
    return _protected_from_repair(line if line.startswith("\\") else _BLOCK_MARKER.sub(_escape_marker, line))


def paragraphs(text: str) -> str:
    r"""Return the text escaped as paragraphs, so that `relatedstories.pages.read_pages` reads it back unchanged.

    Examples
    --------
    >>> print(paragraphs("# Not a *heading*\n\n1. or a list\n\n\n  or code |"))
    \# Not a \*heading\*
    <BLANKLINE>
    1\. or a list
    <BLANKLINE>
    &#10;&#32; or code \|
    """
    # `escaped` would turn line ends into references and replace NUL, so it is given the text between them.
    text = _UNBROKEN.sub(lambda found: escaped(found[0]).replace("|", r"\|"), text)
    text = _BLOCK_MARKER.sub(_escape_marker, text)
    text = _LEADING_SPACE.sub(_character_reference, _TRAILING_SPACE.sub(_character_reference, text))
    return _protected_from_repair(_EMPTY_LINES.sub(lambda found: "&#10;" * len(found[0]), text))


def _escape_marker(found: re.Match[str]) -> str:
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"


def _character_reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _protected_from_repair(text: str) -> str:
    """Return the text written so that reading it does not repair it as garbled: it has been repaired, or is meant so."""
    return text if repair_mojibake(text) == text else text.translate(_CHARACTER_REFERENCES)


def target(url: str) -> str:
    """Return an address as the target of a link.

    Examples
    --------
    >>> target("https://example.org/a (b)?c=<d>")
    'https://example.org/a%20%28b%29?c=%3Cd%3E'
    """
    return quote(url, safe="!#$%&'*+,-./:;=?@_~")


def front_matter(event: Event) -> str:
    r"""Return all fields of an event except its text as front matter.

    Examples
    --------
    >>> print(front_matter(Event("1", 'Snow: "heavy"', topics=["Oslo"], sources=["BBC", ("NRK", "https://nrk.no")])))
    event_id: "1"
    title: "Snow: \"heavy\""
    topics:
      - "Oslo"
    sources:
      - "BBC"
      - name: "NRK"
        url: "https://nrk.no"
    """
    lines = [f"{EVENT_ID}: {quoted(event.id)}", f"title: {quoted(event.title)}"]
    if event.date:
        lines.append(f"date: {event.date.isoformat()}")
    names = ("heading", "url", "language", "translation_key")
    lines += [f"{name}: {quoted(value)}" for name in names if (value := getattr(event, name))]
    if event.topics:
        lines += ["topics:", *(f"  - {quoted(topic)}" for topic in event.topics)]
    if event.sources:
        lines.append("sources:")
        for source in event.sources:
            pair = None if isinstance(source, str) else source
            lines += [f"  - name: {quoted(pair[0])}", f"    url: {quoted(pair[1])}"] if pair else [f"  - {quoted(str(source))}"]
    if event.extra:
        lines.append(f"extra: {_flow(event.extra)}")
    text = "\n".join(lines)
    return text if repair_mojibake(text) == text else text.translate(_QUOTED_ESCAPES)


def _flow(value: object) -> str:
    """Return a value that JSON can hold, as JSON and YAML both read it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join([f"{quoted(name)}: {_flow(part)}" for name, part in value.items()]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)
