"""Events as Markdown: front matter that says all of an event, and text that reads as it is."""

from __future__ import annotations

import re
from urllib.parse import quote

from relatedstories.events import Event
from relatedstories.pages.front_matter import quoted
from relatedstories.pages.markdown import escaped
from relatedstories.pages.mojibake import repair_mojibake
from relatedstories.pages.parsing import EVENT_ID

__all__ = ["front_matter", "inline", "paragraphs", "target"]

_ENDS = re.compile(r"\A\n+|\n+\Z|(?<=\n\n)\n+")
_PIECES = re.compile(r"[^\n\0]+")
_FIRST_SPACE = re.compile(r"^[ \t]", re.MULTILINE)
_LAST_SPACE = re.compile(r"[ \t]$", re.MULTILINE)
_MARKER = re.compile(r"^(?:[-+=:#]|\d{1,9}(?=[.)]))", re.MULTILINE)
_GARBLING = str.maketrans({letter: f"&#{ord(letter)};" for letter in "âÃÂ"})
_GARBLING_QUOTED = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "âÃÂ"})


def inline(text: str) -> str:
    r"""The text on one line, as a heading, an item of a list, or within a link; without the spaces around it.

    Examples
    --------
    >>> print(inline("C# [sic]\n<b>"))
    C\# \[sic\]&#10;\<b\>
    """
    line = escaped(text.strip()).replace("#", r"\#").replace("&\\#", "&#")
    return _ungarbled(line if line.startswith("\\") else _MARKER.sub(_unmarked, line))


def paragraphs(text: str) -> str:
    r"""The text as paragraphs of a page, to be read back by `relatedstories.pages.read_pages` as it was.

    Examples
    --------
    >>> print(paragraphs("# Not a *heading*\n\n1. or a list\n\n\n  or code |"))
    \# Not a \*heading\*
    <BLANKLINE>
    1\. or a list
    <BLANKLINE>
    &#10;&#32; or code \|
    """
    # Piece by piece, as `escaped` makes references of what ends lines, and replaces NUL.
    text = _PIECES.sub(lambda found: escaped(found[0]).replace("|", r"\|"), text)
    text = _MARKER.sub(_unmarked, text)
    text = _FIRST_SPACE.sub(_reference, _LAST_SPACE.sub(_reference, text))
    return _ungarbled(_ENDS.sub(lambda found: "&#10;" * len(found[0]), text))


def _unmarked(found: re.Match[str]) -> str:
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _ungarbled(text: str) -> str:
    """The text so that reading it mends nothing in it: what looks garbled was so before, or is meant."""
    return text if repair_mojibake(text) == text else text.translate(_GARBLING)


def target(url: str) -> str:
    """An address as the target of a link.

    Examples
    --------
    >>> target("https://example.org/a (b)?c=<d>")
    'https://example.org/a%20%28b%29?c=%3Cd%3E'
    """
    return quote(url, safe="!#$%&'*+,-./:;=?@_~")


def front_matter(event: Event) -> str:
    r"""All of an event but its text.

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
    lines += [f"{name}: {quoted(value)}" for name in ("heading", "url") if (value := getattr(event, name))]
    if event.topics:
        lines += ["topics:", *(f"  - {quoted(topic)}" for topic in event.topics)]
    if event.sources:
        lines.append("sources:")
        for source in event.sources:
            pair = None if isinstance(source, str) else source
            lines += [f"  - name: {quoted(pair[0])}", f"    url: {quoted(pair[1])}"] if pair else [f"  - {quoted(str(source))}"]
    text = "\n".join(lines)
    return text if repair_mojibake(text) == text else text.translate(_GARBLING_QUOTED)
