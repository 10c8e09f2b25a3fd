"""The Markdown within a line: links, escapes and character references, read and written."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

from relatedstories.text.marks import TEMPLATE

__all__ = ["escaped", "inline_links", "plain_text", "url_path"]

_PUNCTUATION = r"[!-/:-@\[-`{-~]"
_ESCAPE = re.compile(rf"\\({_PUNCTUATION})|&(?:#\d{{1,7}}|#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z]\w{{1,31}});")
# Possessive and limited to 200 parts, so that a page of nothing but brackets takes linear time.
_LABEL = r"(?:[^\[\]\\]++|\\.|\[(?:[^\[\]\\]++|\\.){0,200}+\]){0,200}+"
_PART = rf"{TEMPLATE}|\\.|\((?:[^\s()\\]|\\.)*\)"
_TARGET = rf"<(?:[^<>\\\r\n]|\\.)*>|(?:{_PART}|[^\s()\\<])(?:{_PART}|[^\s()\\])*+|(?:mailto:|https?://)[^()<>\r\n]{{0,500}}"
_LINK = re.compile(rf"(!?)\[({_LABEL})\]\(\s*+({_TARGET})?(?:\s++(?:\"[^\"]*\"|'[^']*'))?\s*+\)", re.DOTALL)
_WIKI_LINK = re.compile(r"(!?)\[\[([^\[\]|\r\n]+)(?:\|([^\[\]\r\n]+))?\]\]")
_SPECIAL = re.compile(r"[\\`*_\[\]<>{~]|(?<=\{)%|&(?=#?\w+;)")


def escaped(text: str) -> str:
    r"""Return a text with Markdown escapes, to be written within a link or emphasis and read back as the same plain text.

    Line breaks become character references. Braces are escaped too, since templates of site builders begin with two of them.

    Examples
    --------
    >>> print(escaped("A [b](c) *d* {{ e }}"))
    A \[b\](c) \*d\* \{\{ e }}
    """
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\r", "&#13;").replace("\n", "&#10;").replace("\0", "\ufffd")


def url_path(path: str) -> str:
    """Return a path as the target of a link, special characters percent-encoded.

    Examples
    --------
    >>> url_path("news/Fête (2).md")
    'news/Fête%20%282%29.md'
    """
    return "".join([c if c.isalnum() or (c in "-_.~/+,=@") or _is_letter_beyond_ascii(c) else quote(c, safe="") for c in path])


def _is_letter_beyond_ascii(character: str) -> bool:
    """Tell whether a character beyond ASCII is printed and no space, so that it may stand in a path as it is."""
    return not character.isascii() and character.isprintable() and not character.isspace()


def inline_links(line: str) -> list[tuple[str, str]]:
    r"""Return the text and the target of each link on a line, images left out.

    Examples
    --------
    >>> inline_links(r"1. [A \[b\]](</c d>) and [e](http://f.org/g_(h))")
    [('A [b]', '/c d'), ('e', 'http://f.org/g_(h)')]
    """
    return [(_without_escapes(found[2]), _link_target(found[3] or "")) for found in _LINK.finditer(line) if not found[1]]


def plain_text(text: str) -> str:
    r"""Return a text without images, escapes and the targets of links; marks of emphasis stay.

    Examples
    --------
    >>> plain_text("The [[Quay#East side]] of [[Oslo|the city]]")
    'The Quay > East side of the city'
    >>> plain_text(r"Rain in [Wales](http://example.org), \[sic\], of [[Storm Ciara|Ciara]]; R&amp;D")
    'Rain in Wales, [sic], of Ciara; R&D'
    """
    if "[" in text:
        text = _WIKI_LINK.sub(lambda found: "" if found[1] else found[3] or found[2].strip("#").replace("#", " > "), text)
        text = _LINK.sub(lambda found: "" if found[1] else found[2], text)
    return _without_escapes(text)


def _without_escapes(text: str) -> str:
    """Return a text with its escapes and character references resolved."""
    if "\\" not in text and "&" not in text:
        return text
    return _ESCAPE.sub(lambda found: found[1] or html.unescape(found[0]), text)


def _link_target(written: str) -> str:
    """Return the target of a link from the way it is written."""
    return _without_escapes(written[1:-1] if written.startswith("<") else written)
