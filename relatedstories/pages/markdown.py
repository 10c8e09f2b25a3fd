"""The Markdown that pages of events are made of: lines, headings, sections with a list, links."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

__all__ = ["Section", "blank", "ending", "escaped", "heading", "inline_links", "lines_of", "plain", "sections", "url_path"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # str.splitlines would also split at characters that Markdown does not
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_CLOSED = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")
_HTML = [
    (re.compile(r" {0,3}<(?:script|pre|style|textarea)(?=[\s>]|$)", re.I), re.compile("</(?:script|pre|style|textarea)>", re.I)),
    (re.compile(r" {0,3}<!--"), re.compile("-->")),
    (re.compile(r" {0,3}<\?"), re.compile(r"\?>")),
    (re.compile(r" {0,3}<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(r" {0,3}<![A-Za-z]"), re.compile(">")),
]
"""How HTML blocks that empty lines do not end begin and end; those of other tags end at an empty line."""
_ITEM = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_BLOCK = re.compile(r" {0,3}(?:#{1,6}(?=[ \t]|$)|>|`{3}|~{3}|<)")

_PUNCTUATION = r"[!-/:-@\[-`{-~]"
_ESCAPE = re.compile(rf"\\({_PUNCTUATION})|&(?:#\d{{1,7}}|#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z]\w{{1,31}});")
# No more than 200 parts, and possessive, so that a page of brackets alone is read as quickly as any other.
_LABEL = r"(?:[^\[\]\\]++|\\.|\[(?:[^\[\]\\]++|\\.){0,200}+\]){0,200}+"
_TARGET = r"<(?:[^<>\\\r\n]|\\.)*>|(?:[^\s()\\<]|\\.|\((?:[^\s()\\]|\\.)*\))(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*"
_LINK = re.compile(rf"(!?)\[({_LABEL})\]\(\s*+({_TARGET})?(?:\s++(?:\"[^\"]*\"|'[^']*'))?\s*+\)", re.DOTALL)
_WIKI_LINK = re.compile(r"(!?)\[\[([^\[\]|\r\n]+)(?:\|([^\[\]\r\n]+))?\]\]")
_SPECIAL = re.compile(r"[\\`*_\[\]<>{~]|(?<=\{)%|&(?=#?\w+;)")


class Section(NamedTuple):
    """A heading and the list under it, by the numbers of their lines.

    Parameters
    ----------
    head : int
        The line of the heading.
    start, end : int
        The lines of the list, the second not among them; both what follows the heading and empty lines where it has none.
    """

    head: int
    start: int
    end: int


def lines_of(text: str) -> list[str]:
    r"""The lines with their ends, which are \n, \r\n or \r."""
    return _LINE.findall(text)


def ending(line: str) -> str:
    """What ends the line; "" where nothing does."""
    return line[len(line.rstrip("\r\n")) :]


def blank(line: str) -> bool:
    """Whether there is nothing on the line that Markdown would show."""
    return not line.strip(" \t\r\n")


def heading(line: str) -> tuple[int, str] | None:
    """Level and text of a heading that begins at the margin; None for any other line.

    Examples
    --------
    >>> heading("### Related:  ")
    (3, 'Related:')
    """
    bare = line.rstrip("\r\n").rstrip(" \t")
    said = bare.lstrip("#")
    level = len(bare) - len(said)
    if not 1 <= level <= 6 or not (said == "" or said.startswith((" ", "\t"))):
        return None
    said = said.strip(" \t")
    closed = said.rstrip("#")  # of a heading written as "## Rain ##"
    return level, closed.rstrip(" \t") if closed == "" or closed.endswith((" ", "\t")) else said


def sections(lines: Sequence[str], head: str) -> list[Section]:
    r"""The sections under a heading, those within code and HTML left out.

    The list of a section is what follows its heading, with empty lines between at most. Behind the list other text may
    follow, which is not of the section.

    Examples
    --------
    >>> sections(["### Related:\n", "\n", "1. [Rain](/rain.md)\n", "\n", "A footer\n"], "### Related:")
    [Section(head=0, start=2, end=3)]
    """
    wanted = heading(head)
    found = []
    for number in _shown(lines):
        if lines[number].startswith("#") and heading(lines[number]) == wanted:
            start = number + 1
            while start < len(lines) and blank(lines[start]):
                start += 1
            found.append(Section(number, start, _list_end(lines, start)))
    return found


def _shown(lines: Sequence[str]) -> list[int]:
    """The numbers of the lines that are neither code between fences nor within HTML."""
    shown: list[int] = []
    fence, html_end = "", None
    for number, line in enumerate(lines):
        bare = line.rstrip("\r\n")
        if fence:
            closing = _CLOSED.fullmatch(bare)
            if closing and closing[1].startswith(fence):
                fence = ""
        elif html_end:
            if html_end.search(bare):
                html_end = None
        elif mark := _FENCE.match(bare):
            fence = mark[1]
        elif found := next(((begun.end(), end) for begin, end in _HTML if (begun := begin.match(bare))), None):
            html_end = None if found[1].search(bare, found[0]) else found[1]
        else:
            shown.append(number)
    return shown


def _list_end(lines: Sequence[str], start: int) -> int:
    end, after_blank = start, False
    for number in range(start, len(lines)):
        line = lines[number].rstrip("\r\n")
        if blank(line):
            after_blank = True
            continue
        item = _ITEM.match(line) and not _RULE.match(line)
        if not item:
            if number == start or (after_blank and not line.startswith(("   ", "\t"))):
                break
            if not line.startswith(("   ", "\t")) and (_BLOCK.match(line) or _RULE.match(line)):
                break
        end, after_blank = number + 1, False
    return end


def escaped(text: str) -> str:
    r"""The text as it is written within a link or between marks of emphasis, so that it reads as it is and is no more than text.

    Line breaks become character references; braces are parted, as templates of static sites would take two of them for theirs.

    Examples
    --------
    >>> print(escaped("A [b](c) *d* {{ e }}"))
    A \[b\](c) \*d\* \{\{ e }}
    """
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\r", "&#13;").replace("\n", "&#10;").replace("\0", "\ufffd")


def url_path(path: str) -> str:
    """A path as the target of a link: what is not plainly part of a path is percent-encoded.

    Examples
    --------
    >>> url_path("news/Fête (2).md")
    'news/Fête%20%282%29.md'
    """
    return "".join([c if c.isalnum() or (c in "-_.~/+,=@") or _letter(c) else quote(c, safe="") for c in path])


def _letter(character: str) -> bool:
    return not character.isascii() and character.isprintable() and not character.isspace()


def inline_links(line: str) -> list[tuple[str, str]]:
    r"""Text and target of the links on a line.

    Examples
    --------
    >>> inline_links(r"1. [A \[b\]](</c d>) and [e](http://f.org/g_(h))")
    [('A [b]', '/c d'), ('e', 'http://f.org/g_(h)')]
    """
    return [(_unescaped(found[2]), _target(found[3] or "")) for found in _LINK.finditer(line) if not found[1]]


def plain(text: str) -> str:
    r"""The text without the targets of its links, its images and its escapes; marks of emphasis stay.

    Examples
    --------
    >>> plain(r"Rain in [Wales](http://example.org), \[sic\], of [[Storm Ciara|Ciara]]; R&amp;D")
    'Rain in Wales, [sic], of Ciara; R&D'
    """
    if "[" in text:
        text = _WIKI_LINK.sub(lambda found: "" if found[1] else found[3] or found[2], text)
        text = _LINK.sub(lambda found: "" if found[1] else found[2], text)
    return _unescaped(text)


def _unescaped(text: str) -> str:
    if "\\" not in text and "&" not in text:
        return text
    return _ESCAPE.sub(lambda found: found[1] or html.unescape(found[0]), text)


def _target(written: str) -> str:
    return _unescaped(written[1:-1] if written.startswith("<") else written)
