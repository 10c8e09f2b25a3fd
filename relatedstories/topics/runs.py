"""Capitalised runs: tokens in a row that may hold names, and their parts."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = [
    "CAPITAL", "CORE", "END", "HEAD", "HYPHEN", "JOINING", "JOINING_WORDS", "NUMBER", "OPENING", "WEAK", "WEAK_WORDS",
    "capitalised_runs", "parts_of_run", "sentence_starts",
]  # fmt: skip

MAX_TOKENS = 9
"""Maximum length of a part of a run, in tokens; a whole run may have twice as many."""

_NAME_PARTS = (
    "of",
    "the",
    "for",
    "de",
    "la",
    "al",
    "-",
    "&",
    "'s",
    "del",
    "da",
    "du",
    "von",
    "van",
    "der",
    "bin",
    "ibn",
    "el",
    "y",
)
WEAK_WORDS = frozenset((*_NAME_PARTS, "e", "dos", "das", "di", "le", "les", "des", "v", "vs"))
JOINING_WORDS = WEAK_WORDS | frozenset(("and", "in", "on", "to", "at"))
CAPITAL, NUMBER, WEAK, JOINING, END, OPENING, HYPHEN, HEAD = (1 << i for i in range(8))
"""Flags of a token: begins with a capital, or a digit; is a small word of names ("of"), or one that joins names ("and"); ends a
sentence; opens a quotation or bracket; is a hyphen; is a word in lower case that ends names ("province")."""

CORE = CAPITAL | NUMBER


def sentence_starts(flags: list[int]) -> list[bool]:
    """Return for each token whether it starts a sentence."""
    starts, start = [], True
    for flag in flags:
        starts.append(start)
        start = bool(flag & END) or (start and bool(flag & OPENING))
    return starts


def capitalised_runs(flags: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each row of capitalised tokens and numbers that small words may join."""
    i, size = 0, len(flags)
    while i < size:
        if not flags[i] & CORE:
            i += 1
            continue
        end = i + 1
        while end < size:
            if flags[end] & CORE:
                end += 1
                continue
            after = end
            while after < size and after - end < 3 and flags[after] & JOINING:
                after += 1
            if not (after > end and after < size and flags[after] & CORE):
                break
            end = after + 1
        yield i, end
        i = end


def parts_of_run(flags: list[int], start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of a run that may be names: start, end, and the number of words such as "and" or "in" that join them."""
    for first in range(start, stop):
        if not flags[first] & CORE:
            continue
        joints, capital = 0, False
        for end in range(first + 1, stop + 1):
            flag, size = flags[end - 1], end - first
            joints += flag & (JOINING | WEAK) == JOINING
            capital = capital or bool(flag & CAPITAL)
            if joints > 1 or size > 2 * MAX_TOKENS or (size > MAX_TOKENS and first > start):
                break
            if flag & CORE and capital and (size <= MAX_TOKENS or end == stop):
                yield first, end, joints
