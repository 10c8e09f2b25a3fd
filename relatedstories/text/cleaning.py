"""Clean text: the words that were written, in blocks, without markup, and where each stood."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import chain

from relatedstories.events import Event
from relatedstories.text.builder import TextBuilder, may_have_checksum
from relatedstories.text.lines import (
    LINE_END,
    LINE_ENDS,
    LINE_MARK,
    STARTS_BLOCK,
    TABLE_HEAD,
    TABLE_ROW,
    TABLE_RULE,
    glue,
    goes_on,
    is_code,
)
from relatedstories.text.marks import RULES, Context
from relatedstories.text.offsets import OffsetMap

__all__ = ["RULES_VERSION", "CleanText", "clean", "clean_event"]

RULES_VERSION = 2
"""Raised whenever a text may be cleaned in another way than before: topics and terms follow from clean text."""

_MAX_PASSES = 8
"""Maximum number of passes: markup may be escaped within markup, as in feeds."""

_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}
_FOLDED = {
    **dict.fromkeys("\t\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    **dict.fromkeys("‘’‛ʼ", "'"),
    **dict.fromkeys("\u2010\u2011", "-"),
    **_FULL_WIDTH,
}
_FOLD = re.compile(f"[{re.escape(''.join(_FOLDED))}]")

_LINE_ENDS = "\n\r\x0b\x0c\x85\u2028\u2029"
_MARKS = "".join(RULES) + "]" + _LINE_ENDS
_MARK = re.compile(f"[{re.escape(_MARKS)}]")
_UNCLEAN = re.compile(f"[{re.escape(_MARKS + ''.join(_FOLDED))}]")
_UNCLEAN_ASCII = re.compile(f"[{re.escape(''.join(filter(str.isascii, _MARKS + ''.join(_FOLDED))))}]")
_PARAGRAPH_TAG = re.compile(r"<p[\s>]|</p>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CleanText:
    """A clean text, and where its words stood in the raw one.

    Parameters
    ----------
    text : str
        Its blocks (paragraphs, headings, items of lists, cells of tables) are separated by single line ends: a phrase or a
        name never runs across one.
    offsets : OffsetMap or None, default None
        Where its stretches stood in the raw text; None if every character stands where it stood.
    title_length : int, default 0
        The number of characters of the title that it begins with, if it is of an event.

    Examples
    --------
    >>> cleaned = clean("<p>Rain &amp; hail in <b>Wales</b></p>")
    >>> cleaned.text, cleaned.raw_span(15, 20)
    ('Rain & hail in Wales', (25, 30))
    """

    text: str
    offsets: OffsetMap | None = None
    title_length: int = 0

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the start and end in the raw text of a stretch of the clean one."""
        return (start, end) if self.offsets is None else self.offsets.span(start, end)


def clean(raw: str) -> CleanText:
    r"""Return a text without markup, template code, addresses, checksums and odd characters.

    Read are HTML, Markdown, the short codes of WordPress, Hugo and Jekyll, and mixtures of these. What only looks like markup
    stays. Code blocks, scripts, styles and images go as a whole; the words of links, quotes and inline code stay. Spaces,
    apostrophes and full-width letters are folded to the usual ones, and letters composed (NFC).

    Parameters
    ----------
    raw : str

    Returns
    -------
    CleanText

    Examples
    --------
    >>> print(clean("## The week\n\n**Snow** in [Oslo](/oslo)\nand the north.\n\n- R&D: 5 < 6\n- {{ site.name }} <br>bye").text)
    The week
    Snow in Oslo and the north.
    R&D: 5 < 6
    bye
    """
    if _is_clean(raw):
        return CleanText(raw)
    text, offsets = raw, None
    for number in range(_MAX_PASSES):
        before = text
        if not text.isascii() or "\t" in text:
            text = _FOLD.sub(lambda found: _FOLDED[found[0]], text)
        if not (text.isascii() or unicodedata.is_normalized("NFC", text)):
            text, made = _composed(text)
            offsets = made.after(offsets) if offsets else made
        done, made, has_cut = _without_marks(text, keep_lines=number > 0)
        if done != text:
            text, offsets = done, made.after(offsets) if offsets else made
        if not has_cut or text == before:
            break
    return CleanText(text, offsets)


def clean_event(event: Event) -> CleanText:
    r"""Return the clean title and text of an event, each a block or several; offsets refer to `Event.full_text`.

    Examples
    --------
    >>> cleaned = clean_event(Event("1", "Wind &amp; rain", "<p>A storm"))
    >>> cleaned.text, cleaned.raw_span(12, 19)
    ('Wind & rain\nA storm', (19, 26))
    """
    title, text = clean(event.title), clean(event.text)
    if title.offsets is None and text.offsets is None:  # then both are as long as they were
        joined_text = f"{title.text}\n{text.text}" if text.text else title.text
        return CleanText(joined_text, title_length=len(title.text))
    if not title.text or not text.text:
        kept, shift = (title, 0) if title.text or not text.text else (text, len(event.title) + 1)
        joined = OffsetMap()
        for piece in _offsets(kept).shifted(0, shift):
            joined.add(*piece)
        return CleanText(kept.text, joined, len(title.text))
    n, n_raw = len(title.text), len(event.title)
    joined = OffsetMap()
    for piece in chain(_offsets(title).pieces(), [(n, n + 1, n_raw, n_raw + 1)], _offsets(text).shifted(n + 1, n_raw + 1)):
        joined.add(*piece)
    return CleanText(f"{title.text}\n{text.text}", joined, n)


def _offsets(cleaned: CleanText) -> OffsetMap:
    if cleaned.offsets is not None:
        return cleaned.offsets
    offsets = OffsetMap()
    if cleaned.text:
        offsets.add(0, len(cleaned.text), 0, len(cleaned.text))
    return offsets


def _is_clean(raw: str) -> bool:
    """Tell, fast, whether there is nothing to clean; most texts of one sentence are clean."""
    if raw.isascii():
        if _UNCLEAN_ASCII.search(raw):
            return False
    elif _UNCLEAN.search(raw) or not unicodedata.is_normalized("NFC", raw):
        return False
    return not (may_have_checksum(raw) or (raw[:1] in " #>-+:=•‣▪◦–ie" and LINE_MARK.match(raw)))


def _composed(text: str) -> tuple[str, OffsetMap]:
    """Return a text in NFC."""
    parts: list[str] = []
    offsets, at, length = OffsetMap(), 0, 0
    for found in chain(_decomposed().finditer(text), [None]):
        start, end = found.span() if found else (len(text), len(text))
        composed = unicodedata.normalize("NFC", text[start:end])
        for part, part_start, part_end in ((text[at:start], at, start), (composed, start, end)):
            if part:
                offsets.add(length, length + len(part), part_start, part_end)
                parts.append(part)
                length += len(part)
        at = end
    return "".join(parts), offsets


@cache
def _decomposed() -> re.Pattern[str]:
    """Return the pattern of what may be composed: a letter with marks, and what never stands in NFC."""
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    marks = "".join(c for c in every if unicodedata.combining(c) or "\u1160" <= c < "\u1200")
    single = "".join(c for c in every if not unicodedata.is_normalized("NFC", c))
    marks, single = re.escape(marks), re.escape(single)
    return re.compile(f"[^{marks}]?[{marks}]+|[{single}]")


def _without_marks(text: str, keep_lines: bool) -> tuple[str, OffsetMap, bool]:
    """Return a text without its marks, and whether others may have come to light.

    Parameters
    ----------
    text : str
    keep_lines : bool
        Whether line ends separate blocks, as in a text that has been cleaned; otherwise a line may go on in the next.
    """
    context, built = Context(), TextBuilder(text)
    closing = context.closing
    context.has_tables = not keep_lines and "|" in text and TABLE_RULE.search(text) is not None
    is_html = keep_lines is False and _PARAGRAPH_TAG.search(text) is not None
    # Whether the line ends a block, whatever follows, as a heading does.
    line, has_cut, ended = _line_start(text, 0, context, after_empty=not keep_lines and not is_html)
    place = context.start = line
    while (mark := _MARK.search(text, place)) is not None:
        place = mark.start()
        character = text[place]
        start = place
        if place in closing:
            end, new, has_cut = closing.pop(place), "", True
        elif character in _LINE_ENDS:
            ends = LINE_ENDS.match(text, place)
            assert ends is not None
            built.keep(context.start, start)
            context.start = start
            after_empty = bool(ends["more"]) and not keep_lines and not is_html
            end, begins, ends_block = _line_start(text, ends.end(), context, after_empty)
            if keep_lines or ends["more"] or begins or ended:
                new = "\n"
            elif is_html or any(place > end for place in closing) or goes_on(text[line:start], text[end : end + 1]):
                new = glue(built.last, text[end : end + 1])
            else:
                new = "\n"
            ended, line, has_cut = ends_block, end, has_cut or begins
            if new == "\n" and end == start + 1 and text[start] == "\n" and start > context.start and text[start - 1] != " ":
                place = end  # it stays within the stretch
                continue
        elif character == "]" or (cut := RULES[character](text, place, context)) is None:
            place += 1
            continue
        else:
            start, end, new = cut
            has_cut = True
        built.keep(context.start, start)
        built.put(new, start, end)
        place = context.start = end
    built.keep(context.start, len(text))
    return *built.finish(), has_cut or built.has_cut


_FENCE_ENDS = {character: re.compile(rf"{LINE_END}[ \t]*{character}{{3,}}[ \t]*(?={LINE_END}|\Z)") for character in "`~"}


def _line_start(text: str, place: int, context: Context, after_empty: bool) -> tuple[int, bool, bool]:
    """Return where the words of a line begin, whether the line begins a block, and whether it ends one."""
    begins = ends = context.in_row = False
    if context.has_tables:
        goes_on_in_table = context.in_table and not after_empty and TABLE_ROW.match(text, place) is not None
        context.in_table = goes_on_in_table or TABLE_HEAD.match(text, place) is not None
        begins = ends = context.in_row = context.in_table
    while (found := LINE_MARK.match(text, place)) is not None:
        kind, end = found.lastgroup, found.end()
        if kind == "code":
            if after_empty and is_code(found[0]):
                return end, True, True
            place = found.end("indent")
            continue
        begins = True
        if kind == "fence":
            return max(end, context.end_of(text, _FENCE_ENDS[found["ticks"][0]], end)), True, True
        context.in_row = context.in_row or kind == "row"
        ends = ends or kind in ("heading", "rule", "ref", "imports", "box", "row")
        place, after_empty = end, False
        if kind in ("rule", "ref", "imports"):
            break
    return place, begins or STARTS_BLOCK.match(text, place) is not None, ends
