"""The lines, headings and sections of a Markdown page, found without touching a character of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from relatedstories.errors import BadValueError, shown

__all__ = [
    "SOURCES",
    "Section",
    "check_heading",
    "heading",
    "is_blank",
    "line_ending",
    "lines_outside_code_and_html",
    "sections",
    "split_lines",
]

SOURCES = "### Sources:"
"""The default heading of the section of sources."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # unlike str.splitlines, only at the line endings of Markdown
_OPENING_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_CLOSING_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")
_HTML_BLOCKS = [
    (re.compile(r" {0,3}<(?:script|pre|style|textarea)(?=[\s>]|$)", re.I), re.compile("</(?:script|pre|style|textarea)>", re.I)),
    (re.compile(r" {0,3}<!--"), re.compile("-->")),
    (re.compile(r" {0,3}<\?"), re.compile(r"\?>")),
    (re.compile(r" {0,3}<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(r" {0,3}<![A-Za-z]"), re.compile(">")),
]
"""The beginnings and ends of HTML blocks that may contain empty lines; blocks of other tags end at an empty line."""
_LIST_ITEM = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)")
_THEMATIC_BREAK = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_OTHER_BLOCK = re.compile(r" {0,3}(?:#{1,6}(?=[ \t]|$)|>|`{3}|~{3}|<)")


class Section(NamedTuple):
    """A heading and the list under it, as numbers of lines.

    Parameters
    ----------
    head : int
        The line of the heading.
    start, end : int
        The first line of the list, and the line after its last. Where the heading has no list, both are the first line after the
        heading that is not empty.
    """

    head: int
    start: int
    end: int


def split_lines(text: str) -> list[str]:
    r"""Return the lines of a text with their endings, which are \n, \r\n or \r."""
    return _LINE.findall(text)


def line_ending(line: str) -> str:
    """Return the ending of a line, "" if it has none."""
    return line[len(line.rstrip("\r\n")) :]


def is_blank(line: str) -> bool:
    """Tell whether a line has nothing but spaces and tabs."""
    return not line.strip(" \t\r\n")


def heading(line: str) -> tuple[int, str] | None:
    """Return the level and the text of a heading that begins at the left margin; None for any other line.

    Examples
    --------
    >>> heading("### Related:  ")
    (3, 'Related:')
    """
    bare = line.rstrip("\r\n").rstrip(" \t")
    text = bare.lstrip("#")
    level = len(bare) - len(text)
    if not 1 <= level <= 6 or not (text == "" or text.startswith((" ", "\t"))):
        return None
    text = text.strip(" \t")
    closed = text.rstrip("#")  # a heading written as "## Rain ##"
    return level, closed.rstrip(" \t") if closed == "" or closed.endswith((" ", "\t")) else text


def sections(lines: Sequence[str], *heads: str) -> list[Section]:
    r"""Return the sections with one of some headings, except headings within code and HTML.

    A section is a heading and the list that follows it, with nothing but empty lines between them. Text after the list is no
    part of the section.

    Examples
    --------
    >>> sections(["### Related:\n", "\n", "1. [Rain](/rain.md)\n", "\n", "A footer\n"], "### Related:")
    [Section(head=0, start=2, end=3)]
    """
    wanted = {heading(head) for head in heads}
    found = []
    for number in lines_outside_code_and_html(lines):
        if lines[number].startswith("#") and heading(lines[number]) in wanted:
            start = number + 1
            while start < len(lines) and is_blank(lines[start]):
                start += 1
            found.append(Section(number, start, _list_end(lines, start)))
    return found


def lines_outside_code_and_html(lines: Sequence[str]) -> list[int]:
    """Return the numbers of the lines that are outside fenced code and HTML blocks."""
    outside: list[int] = []
    fence, html_end = "", None
    for number, line in enumerate(lines):
        bare = line.rstrip("\r\n")
        if fence:
            closing = _CLOSING_FENCE.fullmatch(bare)
            if closing and closing[1].startswith(fence):
                fence = ""
        elif html_end:
            if html_end.search(bare):
                html_end = None
        elif mark := _OPENING_FENCE.match(bare):
            fence = mark[1]
        elif html := next(((begun.end(), end) for begin, end in _HTML_BLOCKS if (begun := begin.match(bare))), None):
            html_end = None if html[1].search(bare, html[0]) else html[1]
        else:
            outside.append(number)
    return outside


def _list_end(lines: Sequence[str], start: int) -> int:
    """Return the line after the last of a list; `start` itself if no list begins there."""
    end, after_blank = start, False
    for number in range(start, len(lines)):
        line = lines[number].rstrip("\r\n")
        if is_blank(line):
            after_blank = True
            continue
        item = _LIST_ITEM.match(line) and not _THEMATIC_BREAK.match(line)
        if not item:
            if number == start or (after_blank and not line.startswith(("   ", "\t"))):
                break
            if not line.startswith(("   ", "\t")) and (_OTHER_BLOCK.match(line) or _THEMATIC_BREAK.match(line)):
                break
        end, after_blank = number + 1, False
    return end


def check_heading(call: str, name: str, value: object) -> None:
    """Raise `BadValueError` if a value cannot be the heading of a section."""
    if not isinstance(value, str) or len(split_lines(value)) != 1 or not (heading(value) or (0, ""))[1] or value != value.strip():
        raise BadValueError(call, name, shown(value), "a heading in Markdown, such as '### Related:'")
