"""Capitalised runs: tokens in a row that may hold names, and their parts.

Flags of tokens are arrays of whole numbers; runs and parts are told for all tokens of many texts at once. Between texts there
must be two tokens without any flag but `END`, which no run reaches across.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from relatedstories.topics.arrays import where_true

__all__ = [
    "CAPITAL", "COMMA", "CORE", "COUNTRY", "END", "HEAD", "HYPHEN", "JOINING", "JOINING_WORDS", "LINKED", "LONGER", "LOWERED",
    "NUMBER", "OF", "OPENING", "ORDINARY", "RARE", "SECOND", "THE", "UNKNOWN", "WEAK", "WEAK_WORDS", "WORD", "Bools", "Flags",
    "Ints", "Parts", "Runs", "capitalised_runs", "parts_of_runs", "sentence_starts", "with_hyphenated", "without_first_words",
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
CAPITAL, NUMBER, WEAK, JOINING, END, OPENING, HYPHEN, HEAD, RARE, WORD, COMMA, OF, THE = (1 << i for i in range(13))
"""Flags of a token: begins with a capital, or a digit; is a small word of names ("of"), or one that joins names ("and"); ends a
sentence; opens a quotation or bracket; is a hyphen; is a word in lower case that ends names ("province"); is in lower case, but
rare; consists of letters; is a comma, "of" or "in", or "the"."""

COUNTRY, LINKED, LONGER, LOWERED, SECOND, ORDINARY, UNKNOWN = (1 << i for i in range(13, 20))
"""Flags of what the lexicon knows of a token: begins the name of a country; is a form with names; begins longer forms; begins
forms if its first letter is in lower case; is the second token of a form; and of what common words are: is a verb or small word;
is no common word."""

CORE = CAPITAL | NUMBER

_MAX_JOINING = 3
"""Maximum number of joining words in a row within a run."""

Ints: TypeAlias = npt.NDArray[np.intp]
Flags: TypeAlias = npt.NDArray[np.int32]
Bools: TypeAlias = npt.NDArray[np.bool_]


class Runs(NamedTuple):
    """Runs in their order: the first token of each, and the token after its last."""

    start: Ints
    stop: Ints


class Parts(NamedTuple):
    """Parts of runs: first token, token after the last, number of words such as "and" or "in" that join them, and their run."""

    first: Ints
    end: Ints
    joints: Ints
    run: Ints


def sentence_starts(flags: Flags) -> Bools:
    """Return for each token whether it starts a sentence."""
    # A sign that opens a quotation starts a sentence if the token after it does: both follow the same last other token.
    other = (flags & (OPENING | END)) != OPENING
    last = np.maximum.accumulate(np.where(other, np.arange(len(flags)), 0))
    starts = np.ones(len(flags), np.bool_)
    starts[1:] = (flags[last[:-1]] & END) > 0
    return starts


def without_first_words(flags: Flags, starts: Bools) -> Flags:
    """Return flags in which a verb or small word that starts a sentence is no part of the name after it.

    That is "Announcing" of "Announcing Fedora", and "How" of "How NASA".
    """
    first = where_true(starts[:-1] & (flags[:-1] & (ORDINARY | CAPITAL) == ORDINARY | CAPITAL))
    first = first[flags[first + 1] & (UNKNOWN | CAPITAL) == UNKNOWN | CAPITAL]
    if len(first):
        flags = flags.copy()
        flags[first] &= ~CAPITAL
    return flags


def with_hyphenated(flags: Flags) -> Flags:
    """Return flags in which rare words that a hyphen joins to a name are part of it.

    That is the end of "Yoon Suk-yeol", but not of "Saudi-led".
    """
    hyphenated = where_true((flags[2:] & RARE > 0) & (flags[1:-1] & HYPHEN > 0)) + 2
    if len(hyphenated):
        flags = flags.copy()
        for i in hyphenated.tolist():  # in order: what is joined may join the next
            if flags[i - 2] & CORE:
                flags[i] |= NUMBER
    return flags


def capitalised_runs(flags: Flags) -> Runs:
    """Return each row of capitalised tokens and numbers that small words may join."""
    within = flags & CORE > 0
    joining = flags & JOINING > 0
    last = where_true(within[:-1] & ~within[1:])  # of tokens in a row
    last = last[joining[last + 1]]
    after = last + 2
    for _ in range(_MAX_JOINING - 1):
        after += joining[after]
    joined = flags[after] & CORE > 0
    for start, stop in zip(last[joined].tolist(), after[joined].tolist(), strict=True):
        within[start:stop] = True
    edges = where_true(within[1:] != within[:-1]) + 1  # the first token and the last are none of a run
    return Runs(edges[::2], edges[1::2])


def parts_of_runs(flags: Flags, runs: Runs) -> Parts:
    """Return the parts of runs that may be names, by run, first token and length."""
    length = runs.stop - runs.start
    run = np.arange(len(length)).repeat(length)
    first = np.arange(len(run)) + (runs.start - length.cumsum() + length)[run]
    core = flags & CORE > 0
    run, first = run[core[first]], first[core[first]]
    n_ends = np.minimum(runs.stop[run] - first, 2 * MAX_TOKENS)
    at = np.arange(len(first)).repeat(n_ends)
    end = np.arange(len(at)) - (n_ends.cumsum() - n_ends)[at] + first[at] + 1
    run, first = run[at], first[at]
    start, stop = runs.start[run], runs.stop[run]
    joints, capitals = (_sums(each) for each in ((flags & (JOINING | WEAK)) == JOINING, flags & CAPITAL > 0))
    n_joints = joints[end] - joints[first]
    short = (end - first <= MAX_TOKENS) | ((end == stop) & (first == start))
    kept = core[end - 1] & short & (n_joints <= 1) & (capitals[end] > capitals[first])
    return Parts(first[kept], end[kept], n_joints[kept], run[kept])


def _sums(values: npt.NDArray[Any]) -> Ints:
    """Return the sums of the values before each place."""
    sums = np.zeros(len(values) + 1, np.intp)
    values.cumsum(out=sums[1:])
    return sums
