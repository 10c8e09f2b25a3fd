"""Tokens of a text as the topic model reads them: their forms, flags, and runs of capitalised tokens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from relatedstories.topics.caches import GrowingArray
from relatedstories.topics.lexicon import Lexicon, form_of

__all__ = [
    "CAPITAL", "CORE", "HEAD", "JOINING", "JOINING_WORDS", "WEAK", "Text", "TokenTable", "abstract_form", "capitalised_runs",
    "parts_of_run", "sentence_starts",
]  # fmt: skip

MAX_TOKENS = 9
"""Maximum length of a part of a run, in tokens; a whole run may have twice as many."""

_COMMON = 5000
"""The lexicon lists words by falling frequency; words from this row on are rare."""

_NAME_PARTS = (
    "of", "the", "for", "de", "la", "al", "-", "&", "'s", "del", "da", "du", "von", "van", "der", "bin", "ibn", "el", "y",
)  # fmt: skip
_WEAK_WORDS = frozenset((*_NAME_PARTS, "e", "dos", "das", "di", "le", "les", "des", "v", "vs"))

JOINING_WORDS = _WEAK_WORDS | frozenset(("and", "in", "on", "to", "at"))
"""Small words that may stand between the capitalised tokens of a run."""

CAPITAL, NUMBER, WEAK, JOINING, END, OPENING, HYPHEN, HEAD = (1 << i for i in range(8))
"""Flags of a token. `WEAK` and `JOINING` mark small words, `END` the end of a sentence, `OPENING` an opening quote or bracket,
`HEAD` a word in lower case that ends names, such as "massacre"."""

CORE = CAPITAL | NUMBER


class Text(NamedTuple):
    """A tokenised text.

    Parameters
    ----------
    text : str
    tokens : sequence of str
    starts : sequence of int
        The offset of each token, in characters.
    """

    text: str
    tokens: Sequence[str]
    starts: Sequence[int]

    def surface(self, first: int, end: int) -> str:
        """Return the characters from token `first` up to token `end`, exclusive."""
        return self.text[self.starts[first] : self.starts[end - 1] + len(self.tokens[end - 1])]


class TokenTable:
    """The distinct tokens met so far, with what the lexicon knows of each; their number is their row.

    Parameters
    ----------
    lexicon : Lexicon

    Attributes
    ----------
    begins : list of bool
        For each token, whether a form of the lexicon starts with it.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._numbers: dict[str, int] = {}
        self._forms: list[str] = []
        self._flags: list[int] = []
        self._rare: list[bool] = []
        self._columns = GrowingArray(5)
        self.begins: list[bool] = []

    def numbers_of(self, tokens: Sequence[str]) -> list[int]:
        """Return the number of each token, new ones added."""
        numbers = self._numbers
        try:
            return [numbers[token] for token in tokens]
        except KeyError:
            return [numbers[token] if token in numbers else self._add(token) for token in tokens]

    def forms_and_flags(self, numbers: Sequence[int]) -> tuple[list[str], list[int]]:
        """Return the forms and flags of a text's tokens."""
        forms = [self._forms[i] for i in numbers]
        flags = [self._flags[i] for i in numbers]
        if "-" in forms:
            for i in range(2, len(numbers)):  # the end of "Yoon Suk-yeol", but not of "Saudi-led"
                if flags[i - 1] & HYPHEN and flags[i - 2] & CORE and forms[i].islower() and self._rare[numbers[i]]:
                    flags[i] |= NUMBER
        return forms, flags

    def columns(self) -> npt.NDArray[np.float32]:
        """Return a row for each token: its word's row in the lexicon, shape, share in lower case, log count as a head, comma.

        The last row is zeros, for no token.
        """
        return self._columns.array()

    def _add(self, token: str) -> int:
        """Add a token and return its number."""
        lexicon, form = self._lexicon, form_of(token)
        first, lower = form[:1], form.lower()
        capital = first.isupper() or (len(form) > 2 and first.isalnum() and any(map(str.isupper, form)))
        capital = capital and form not in ("The", "A", "An")  # "The Hague" is a form that the lexicon knows
        flags = CAPITAL * capital | NUMBER * first.isdigit() | WEAK * (form in _WEAK_WORDS) | JOINING * (form in JOINING_WORDS)
        flags |= END * (token[-1:] in ".!?" or "\n" in token) | OPENING * (token in "\"“‘'(:") | HYPHEN * (form == "-")
        flags |= HEAD * (lexicon.heads.get(form, 0) > 1)
        words = lexicon.words
        word = words.get("<number>" if first.isdigit() else form, 0) or words.get(lower, 0)
        self._numbers[token] = len(self._forms)
        self._forms.append(form)
        self._flags.append(flags)
        self._rare.append(not 0 < word < _COMMON)
        self._columns.append(
            (word, _shape(form), lexicon.lower[words.get(lower, 0)], math.log1p(lexicon.heads.get(form, 0)), form == ",")
        )
        self.begins.append(form in lexicon.forms or (bool(flags & CAPITAL) and first.lower() + form[1:] in lexicon.forms))
        return len(self._forms) - 1


def _shape(form: str) -> int:
    """Return the shape of a form: lower case 1, upper case 2, capitalised 3, number 4, other letters 5, signs 6."""
    if form.islower():
        return 1
    if form.isupper() and len(form) > 1:
        return 2
    if form[:1].isupper():
        return 3
    return 4 if form[:1].isdigit() else 5 if form.isalnum() else 6


def sentence_starts(flags: Sequence[int]) -> list[bool]:
    """Return for each token whether a sentence starts with it.

    Examples
    --------
    >>> sentence_starts([OPENING, CAPITAL, END, CAPITAL])
    [True, True, False, True]
    """
    starts, start = [], True
    for flag in flags:
        starts.append(start)
        start = bool(flag & END) or (start and bool(flag & OPENING))
    return starts


def capitalised_runs(flags: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each run of capitalised tokens and numbers, which small words may join.

    Examples
    --------
    >>> list(capitalised_runs([CAPITAL, JOINING, CAPITAL, 0, CAPITAL]))
    [(0, 3), (4, 5)]
    """
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


def parts_of_run(flags: Sequence[int], start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of a run that may be names: start, end, and the number of words such as "and" or "in" inside.

    Examples
    --------
    >>> list(parts_of_run([CAPITAL, JOINING, CAPITAL], 0, 3))
    [(0, 1, 0), (0, 3, 1), (2, 3, 0)]
    """
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


def abstract_form(forms: Sequence[str], first: int, end: int, country_first: int, country_end: int) -> str:
    """Return the forms from `first` to `end` in lower case, with "<C>" in place of the country.

    Examples
    --------
    >>> abstract_form(["Government", "of", "Kenya"], 0, 3, 2, 3)
    'government of <C>'
    """
    before = (form.lower() for form in forms[first:country_first])
    after = (form.lower() for form in forms[country_end:end])
    return " ".join(part for part in (*before, "<C>", *after) if part not in ("'s", "the"))
