"""Segments of an event: the parts of its title and the sentences of its text, each with a key that its repetitions share."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from relatedstories.events import Event
from relatedstories.text.cleaning import CleanText, clean

__all__ = [
    "NO_KEY",
    "UNSPACED",
    "Segment",
    "clean_segment_numbers",
    "has_segments",
    "n_words",
    "segment_at",
    "segment_numbers",
    "segments",
    "sentences",
    "title_parts",
    "without_segments",
]

NO_KEY = 0
"""The key of a segment that is not looked for elsewhere."""

Span: TypeAlias = tuple[int, int]

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""The characters of scripts that put no spaces between words, as within the brackets of a pattern."""

_WORD = re.compile(rf"[{UNSPACED}]{{1,2}}|[^\W{UNSPACED}]+")
"""Where no spaces separate words, two characters count as one."""

_NUMBER = re.compile(r"\d+")
_SENTENCE_END = re.compile(
    r"[\n.!?…。！？｡؟۔।](?:(?<=\n)\n*|(?<=[.!?…])(?<![^\w][^\W\d].)[.!?…]*[\"'”’»)\]]* +"
    r"|(?<=[。！？｡؟۔।])[。！？｡؟۔।]*[」』”’）)]* *)"
)
"""The end of a line or a sentence, but not the dot after an initial. It begins with the characters that may end one, since a
pattern is looked for fastest by its first character."""

_SEPARATOR = re.compile(r"[ :：|｜](?:(?<=:) +|(?<=：)|(?<=[|｜]) *|(?<= ) *(?:[|｜] *|[-–—·•»] +))")
"""A colon and a space, or a bar or a dash between spaces; like `_SENTENCE_END`, by its first character."""

_MAY_SEPARATE = re.compile("[:：|｜–—·•»]| -")
_EDGES = " :：|｜-–—·•»"


class Segment(NamedTuple):
    """A segment of an event: its key, or `NO_KEY`, and its number of words."""

    key: int
    n_words: int


def has_segments(title: str, text: str) -> bool:
    """Tell, fast, whether a clean title and text have more than a single segment."""
    return bool(text) or (_MAY_SEPARATE.search(title) is not None and len(title_parts(title)) > 1)


def title_parts(title: str) -> list[Span]:
    """Return the spans of the parts of a clean title: what is before its first separator, after the last, and between these.

    Examples
    --------
    >>> title = "Gazette: Rain - and hail | Weather"
    >>> [title[start:end] for start, end in title_parts(title)]
    ['Gazette: ', 'Rain - and hail', ' | Weather']
    """
    separators = [found.span() for found in _SEPARATOR.finditer(title) if found.start() and found.end() < len(title)]
    if not separators:
        return [(0, len(title))]
    first, last = separators[0][1], separators[-1][0]
    ends = [first, last, len(title)] if first < last else [first, len(title)]
    return list(zip([0, *ends], ends, strict=False))


def sentences(text: str) -> list[Span]:
    r"""Return the spans of the sentences and lines of a clean text, each with the spaces after it.

    Examples
    --------
    >>> text = "Rain in the U.S. today. Snow?\nAn item"
    >>> [text[start:end] for start, end in sentences(text)]
    ['Rain in the U.S. today. ', 'Snow?\n', 'An item']
    """
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    if text and (not ends or ends[-1] < len(text)):
        ends.append(len(text))
    return list(zip([0, *ends], ends, strict=False))


def segments(title: str, text: str) -> Iterator[Segment]:
    """Yield the parts of a clean title, then the sentences of a clean text.

    Two segments have the same key if they have the same words, whatever their case and the numbers in them, and both are of
    titles or both of texts. What is between the first and the last separator of a title has no key, and neither has what
    consists of numbers.

    Examples
    --------
    >>> (_, first), (_, second) = segments("Rain", "It rains from 2 May."), segments("Hail", "IT RAINS (from 17 May)")
    >>> first == second, first.n_words
    (True, 5)
    """
    spans = title_parts(title)
    if len(spans) == 1:
        yield _unkeyed(title)
    else:
        for number, (start, end) in enumerate(spans):
            between = 0 < number < len(spans) - 1
            yield _unkeyed(title[start:end]) if between else _segment(title[start:end], "title")
    for start, end in sentences(text):
        yield _segment(text[start:end], "text")


def _unkeyed(written: str) -> Segment:
    return Segment(NO_KEY, n_words(written))


def _segment(written: str, of: str) -> Segment:
    words = _WORD.findall(written.lower())
    if all(word[0].isdigit() for word in words):
        return Segment(NO_KEY, len(words))
    told = _NUMBER.sub("0", " ".join([of, *words]))
    return Segment(int.from_bytes(blake2b(told.encode(), digest_size=8).digest(), "little") or 1, len(words))


def n_words(written: str) -> int:
    """Return the number of words of a clean text."""
    return len(_WORD.findall(written))


def segment_at(title: str, text: str, number: int) -> str:
    """Return the segment of a number, as `without_segments` counts them, of a clean title and text."""
    start, end = sentences(text)[number] if number >= 0 else title_parts(title)[number]
    return (text if number >= 0 else title)[start:end].strip()


def without_segments(title: str, text: str, numbers: frozenset[int]) -> tuple[str, str]:
    r"""Return a clean title and text without some of their segments.

    Parameters
    ----------
    title, text : str
    numbers : frozenset of int
        Counted from the first sentence of the text, so that those of the title's parts are negative.

    Examples
    --------
    >>> without_segments("Gazette: Rain", "It rains. Read all. It pours.", frozenset([-2, 1]))
    ('Rain', 'It rains. \nIt pours.')
    """
    parts = title_parts(title)
    if any(number < 0 for number in numbers):
        kept = [title[start:end] for number, (start, end) in enumerate(parts, -len(parts)) if number not in numbers]
        title = "".join(kept).strip(_EDGES)
    if any(number >= 0 for number in numbers):
        # A line end in its place keeps phrases from running across.
        pieces = ["\n" if number in numbers else text[start:end] for number, (start, end) in enumerate(sentences(text))]
        text = "".join(pieces).strip()
    return title, text


def segment_numbers(of: Event | str, places: Sequence[int]) -> list[int]:
    """Return the numbers of the segments, as `without_segments` counts them, at some places of an event's full text or a text.

    Examples
    --------
    >>> event = Event("1", "Gazette: <b>Rain</b>", "It rains. It pours.")
    >>> [event.full_text[place:][:4] for place in (0, 12, 31)], segment_numbers(event, [0, 12, 31])
    (['Gaze', 'Rain', 'It p'], [-2, -1, 1])
    """
    if not places:
        return []
    starts: list[int] = []
    parts: list[Span] = []
    first, text = 0, clean(of.text if isinstance(of, Event) else of)
    if isinstance(of, Event):
        title = clean(of.title)
        parts = title_parts(title.text)
        if not text.text and len(parts) == 1:
            return [-1] * len(places)
        starts += [title.raw_span(*span)[0] for span in parts] if title.text else [0]
        first = len(of.title) + 1
    starts += [text.raw_span(*span)[0] + first for span in sentences(text.text)]
    return _numbers_at(places, starts, len(parts))


def clean_segment_numbers(cleaned: CleanText, places: Sequence[int], *, of_event: bool) -> list[int]:
    """Return the numbers of the segments at some places of a clean text, as `segment_numbers` does for those of a raw one.

    Parameters
    ----------
    cleaned : CleanText
    places : sequence of int
    of_event : bool
        Whether the text is of an event, with or without a title.

    Examples
    --------
    >>> from relatedstories.text.cleaning import clean_event
    >>> cleaned = clean_event(Event("1", "Gazette: <b>Rain</b>", "It rains. It pours."))
    >>> clean_segment_numbers(cleaned, [0, 9, 24], of_event=True)
    [-2, -1, 1]
    """
    if not places:
        return []
    n = cleaned.title_length
    parts = title_parts(cleaned.text[:n]) if of_event else []
    first = n + 1 if n else 0
    starts = [start for start, _ in parts]
    if max(places) >= first:
        starts += [start + first for start, _ in sentences(cleaned.text[first : max(places) + 1])]
    return _numbers_at(places, starts, len(parts))


def _numbers_at(places: Sequence[int], starts: Sequence[int], n_parts: int) -> list[int]:
    """Return the number of the segment at each place, given where the segments start and how many are parts of a title."""
    return [max(bisect_right(starts, place) - 1, 0) - n_parts for place in places]
