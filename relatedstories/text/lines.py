"""What the beginning of a line marks, and whether a line goes on in the next."""

from __future__ import annotations

import re

from relatedstories.text.marks import TEMPLATE

__all__ = [
    "LINE_END",
    "LINE_ENDS",
    "LINE_MARK",
    "STARTS_BLOCK",
    "TABLE_HEAD",
    "TABLE_ROW",
    "TABLE_RULE",
    "glue",
    "goes_on",
    "is_code",
]

LINE_END = r"(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])"
LINE_ENDS = re.compile(rf"{LINE_END}(?P<more>(?:[ \t]*{LINE_END})*)")
"""A line end, with the empty lines after it."""

_END = rf"[ \t]*(?={LINE_END}|\Z)"

LINE_MARK = re.compile(
    rf"""
      (?P<code>   (?P<indent>(?:\ {{4}}|\t)[ \t]*)\S.*(?:{LINE_END}(?:\ {{4}}|\t)[ \t]*\S.*)* )
    | [ \t]*(?: (?P<fence>   (?P<ticks>`{{3,}}|~{{3,}})[^\n`]* )
              | (?P<rule>    (?:[-=_*~+|:][ \t]*){{3,}}{_END} )
              | (?P<ref>     \[[^\]\n]{{1,200}}\]:[ \t]*(?:<[^>\n]*>|(?!\^)(?:\S*[/.\#@]\S*|\S*{TEMPLATE}\S*))
                             (?:[ \t]+(?:"[^"\n]*"|'[^'\n]*'|\([^)\n]*\)))?{_END} )
              | (?P<imports> (?:import|export)\ [^\n]{{1,200}}\ from\ ["'][^"'\n]+["'];?{_END} )
              | (?P<note>    \[\^[^\]\n]{{1,100}}\]:[ \t]* )
              | (?P<heading> \#{{1,6}}(?:[ \t]+|(?={LINE_END}|\Z)) )
              | (?P<quote>   >[ \t]? )
              | (?P<item>    [-+*•‣▪◦–][ \t]+(?:\[[ xX]\][ \t]+)? )
              | (?P<row>     \| )
              | (?P<box>     :{{3,}}(?:[ \t]*[A-Za-z][\w-]*)?(?=[ \t{{]|{LINE_END}|\Z) )
            )
    """,
    re.VERBOSE,
)
"""What may stand at the beginning of a line, in Markdown."""

_RULE = rf"[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+{_END}"
TABLE_RULE = re.compile(rf"^{_RULE}", re.MULTILINE)
"""The line under the head of a table whose rows do not begin with a bar."""

TABLE_HEAD = re.compile(rf"[^\n\r|]+\|[^\n\r]*{LINE_END}{_RULE}")
"""The head of such a table, and the line under it."""

TABLE_ROW = re.compile(r"[^\n\r|]+\|")
"""The beginning of a line with a bar that does not begin it."""

STARTS_BLOCK = re.compile(r"[ \t]*\d{1,3}[.)][ \t]")
"""The beginning of a numbered item. It stays, as it may be a date: "1. May"."""

_ENDS_SENTENCE = re.compile(r"[.!?:…。！？：؟।][\s\"'”’»)\]}*_~`]*\Z")
_CODE = re.compile(r"[{}=;<>$\\_|]|\(\)|[\w)]\(\w*|//|^\s*(?:[#%@.$-]|\w+:\s)", re.MULTILINE)
_PROSE_END = re.compile(r"[.!?,]\s*\Z")

MIN_WRAPPED = 45
"""Minimum width of a line that was broken because it was full; a shorter one, such as a heading, ends by itself."""


def goes_on(line: str, following: str) -> bool:
    """Tell whether a line goes on in the next, given with the first character of that.

    Examples
    --------
    >>> goes_on("The river has risen by two metres since the evening, and", "t")
    True
    >>> goes_on("What the mayor says", "T"), goes_on("The river has risen by two metres since the evening.", "T")
    (False, False)
    """
    line = line.rstrip()
    if not line or _ENDS_SENTENCE.search(line, max(0, len(line) - 8)):
        return False
    if following.islower() or "\u3041" <= following < "\u30a0" or line[-1] in ",、，":  # in Japanese, inflections
        return True
    return len(line) + (0 if line.isascii() else sum(map(_is_wide, line))) >= MIN_WRAPPED


def glue(before: str, after: str) -> str:
    """Return what stands between two joined lines: nothing between letters of a script without spaces."""
    return "" if _is_wide(before) and _is_wide(after) else " "


def _is_wide(character: str) -> bool:
    """Tell whether a character is of Chinese or Japanese."""
    return "\u2e80" <= character < "\ua000" or "\uf900" <= character < "\ufb00" or "\uff00" <= character < "\uff66"


def is_code(lines: str) -> bool:
    r"""Tell whether indented lines are code, and not text that somebody indented.

    Examples
    --------
    >>> is_code("    x = f(1)\n    y = 2"), is_code("    The river rose.\n    It fell at noon.")
    (True, False)
    """
    rows = [row for row in lines.splitlines() if row.strip()]
    return 2 * sum(bool(_CODE.search(row)) and not _PROSE_END.search(row) for row in rows) > len(rows)
