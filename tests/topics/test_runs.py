"""Runs of many tokens at once are those that plain loops over one text find."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from relatedstories.topics import runs
from relatedstories.topics.runs import (
    CAPITAL,
    CORE,
    END,
    HYPHEN,
    JOINING,
    MAX_TOKENS,
    NUMBER,
    OPENING,
    ORDINARY,
    RARE,
    UNKNOWN,
    WEAK,
)  # fmt: skip

FLAGS = [
    0, 0, CAPITAL, CAPITAL, CAPITAL, NUMBER, WEAK | JOINING, JOINING, END, OPENING, RARE, HYPHEN | WEAK | JOINING, END | CAPITAL,
    RARE | WEAK | JOINING, CAPITAL | ORDINARY, CAPITAL | UNKNOWN,
]  # fmt: skip
TEXTS = st.lists(st.lists(st.sampled_from(FLAGS), max_size=40), min_size=1, max_size=4)


def joined(texts: list[list[int]]) -> np.ndarray:
    padding = [END, END]
    return np.array(padding + [flag for text in texts for flag in [*text, *padding]], np.int32)


def sentence_starts(flags: list[int]) -> Iterator[bool]:
    start = True
    for flag in flags:
        yield start
        start = bool(flag & END) or (start and bool(flag & OPENING))


def hyphenated(flags: list[int]) -> list[int]:
    flags = list(flags)
    for i in range(2, len(flags)):
        if flags[i] & RARE and flags[i - 1] & HYPHEN and flags[i - 2] & CORE:
            flags[i] |= NUMBER
    return flags


def without_first_words(flags: list[int]) -> list[int]:
    def is_first_word(flag: int, starts: bool, after: int) -> bool:
        return starts and flag & CAPITAL > 0 and flag & ORDINARY > 0 and after & CAPITAL > 0 and after & UNKNOWN > 0

    each = zip(flags, sentence_starts(flags), [*flags, 0][1:], strict=True)
    return [flag & ~CAPITAL if is_first_word(flag, starts, after) else flag for flag, starts, after in each]


def runs_of(flags: list[int]) -> Iterator[tuple[int, int]]:
    i = 0
    while i < len(flags):
        if not flags[i] & CORE:
            i += 1
            continue
        end = i + 1
        while end < len(flags):
            after = end
            if not flags[end] & CORE:
                while after < len(flags) and after - end < 3 and flags[after] & JOINING:
                    after += 1
                if after == end or after == len(flags) or not flags[after] & CORE:
                    break
            end = after + 1
        yield i, end
        i = end


def parts_of(flags: list[int], start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    for first in range(start, stop):
        for end in range(first + 1, min(stop, first + 2 * MAX_TOKENS) + 1):
            within = flags[first:end]
            joints = sum(flag & (JOINING | WEAK) == JOINING for flag in within)
            short = len(within) <= MAX_TOKENS or (first, end) == (start, stop)
            if flags[first] & CORE and flags[end - 1] & CORE and any(flag & CAPITAL for flag in within) and joints < 2 and short:
                yield first, end, joints


@given(TEXTS)
def test_of_many_texts_as_of_one(texts: list[list[int]]) -> None:
    starts = runs.sentence_starts(joined(texts))
    flags = runs.with_hyphenated(runs.without_first_words(joined(texts), starts))
    found = runs.capitalised_runs(flags)
    parts = runs.parts_of_runs(flags, found)
    expected_runs, expected_parts, at = [], [], 2
    for text in texts:
        one = hyphenated(without_first_words(text))
        assert flags[at : at + len(one)].tolist() == one
        assert starts[at : at + len(one)].tolist() == list(sentence_starts(text))
        for start, stop in runs_of(one):
            expected_parts += [(at + a, at + b, joints, len(expected_runs)) for a, b, joints in parts_of(one, start, stop)]
            expected_runs.append((at + start, at + stop))
        at += len(one) + 2
    assert list(zip(found.start.tolist(), found.stop.tolist(), strict=True)) == expected_runs
    assert list(zip(*(column.tolist() for column in parts), strict=True)) == expected_parts
