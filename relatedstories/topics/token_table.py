"""A table of tokens with the form, flags and numbers of each, and the tokens of some texts, by their number in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from relatedstories.recent_cache import MAX_KEPT
from relatedstories.text.word_parts import parts_of_words
from relatedstories.topics.lexicon import Lexicon, form_of
from relatedstories.topics.number_table import NumberTable
from relatedstories.topics.numbering import Numbering
from relatedstories.topics.runs import (
    CAPITAL,
    COMMA,
    COUNTRY,
    END,
    HEAD,
    HYPHEN,
    JOINING,
    JOINING_WORDS,
    LINKED,
    LONGER,
    LOWERED,
    NUMBER,
    OF,
    OPENING,
    ORDINARY,
    RARE,
    SECOND,
    THE,
    UNKNOWN,
    WEAK,
    WEAK_WORDS,
    WORD,
    Bools,
    Flags,
    Ints,
    capitalised_runs,
    parts_of_runs,
    sentence_starts,
    with_hyphenated,
    without_first_words,
)  # fmt: skip
from relatedstories.topics.tokenizer import TokenizedText

__all__ = ["TokenTable", "Tokens"]

_COMMON = 5000
"""Words of the lexicon come most frequent first; from this row on they count as rare."""

_PADDING = 2
"""Number of tokens that stand before, after and between texts."""


_FLAGS_OF: dict[str, int] = dict.fromkeys(JOINING_WORDS, JOINING)
for _form, _flags in [*((form, WEAK) for form in WEAK_WORDS), ("-", HYPHEN), (",", COMMA), ("of", OF), ("in", OF), ("the", THE)]:
    _FLAGS_OF[_form] = _FLAGS_OF.get(_form, 0) | _flags
"""Flags of small words and signs."""

_FIRST_NAMES = frozenset(("drew", "grant", "rose", "sue", "will", "win"))
"""Verbs and small words that persons are called by."""


def _shape(form: str) -> int:
    if form.islower():
        return 1
    if form.isupper() and len(form) > 1:
        return 2
    if form[:1].isupper():
        return 3
    return 4 if form[:1].isdigit() else 5 if form.isalnum() else 6


class Tokens(NamedTuple):
    """The tokens of some texts, with padding around each text.

    Parameters
    ----------
    numbers : ndarray of float32, shape (n, 6)
        See `TokenTable`.
    forms : list of str, length n
    flags : ndarray of int, shape (n,)
        As `relatedstories.topics.runs` has them.
    starts : ndarray of bool, shape (n,)
        Whether each token starts a sentence.
    begin, stop : ndarray of int, shape (n_texts,)
        First token of each text, and the token after its last.
    """

    numbers: npt.NDArray[np.float32]
    forms: list[str]
    flags: Flags
    starts: Bools
    begin: Ints
    stop: Ints


class TokenTable:
    """The tokens met so far, by number.

    Parameters
    ----------
    lexicon : Lexicon
    words : dict of str to int
        Numbers of words in lower case; `tokens` adds to it.

    Attributes
    ----------
    numbers : NumberTable
        For each token: the row of its word vector, its shape, the share of its occurrences in lower case, the logarithm of
        how often it ends a name, its flags, and the number of its form in lower case.
    """

    def __init__(self, lexicon: Lexicon, words: dict[str, int]) -> None:
        self._lexicon = lexicon
        self._words = words
        self._parts = parts_of_words()
        self._lexemes = Numbering(self._lexeme)
        self._forms: list[str] = []
        self.numbers = NumberTable(6)
        self.forget()

    @property
    def is_full(self) -> bool:
        """Whether it is time to forget."""
        return len(self._forms) > 8 * MAX_KEPT

    def forget(self) -> None:
        """Remove all tokens but the padding, which is number 0."""
        self._lexemes.clear()
        self.numbers.clear()
        self._forms[:] = [""]
        self.numbers.append((0, 0, 0, 0, END, self._words.setdefault("", len(self._words))))

    def _lexeme(self, token: str) -> int:
        """Add a token that was not met before, and return its number."""
        lexicon, form = self._lexicon, form_of(token)
        first, lower, is_lower, is_digit = form[:1], form.lower(), form.islower(), form[:1].isdigit()
        capital = not is_lower and (first.isupper() or (len(form) > 2 and first.isalnum() and any(map(str.isupper, form))))
        capital = capital and form not in ("The", "A", "An")  # "The Hague" is a form that the lexicon knows
        words = lexicon.words
        lower_word = words.get(lower, 0)
        word = words.get("<number>", 0) if is_digit else 0 if is_lower else words.get(form, 0)
        word = word or lower_word
        heads = lexicon.heads.get(form, 0)
        flags = _FLAGS_OF.get(form, 0) | CAPITAL * capital | NUMBER * is_digit | WORD * form.isalpha()
        flags |= END * (token[-1:] in ".!?" or "\n" in token) | OPENING * (token in "\"“‘'(:")
        flags |= HEAD * (heads > 1) | RARE * (is_lower and not 0 < word < _COMMON)
        flags |= COUNTRY * (form in lexicon.countries.first) | SECOND * (form in lexicon.second_words)
        row = lexicon.forms.get(form, -1)
        flags |= LINKED * lexicon.named[row] | LONGER * (row >= 0 and form in lexicon.first_words)
        flags |= LOWERED * (bool(flags & CAPITAL) and first.lower() + form[1:] in lexicon.forms)
        part = self._parts.get(lower)
        flags |= ORDINARY * (part in ("v", "o") and lower not in _FIRST_NAMES) | UNKNOWN * (part is None)
        number = self._lexemes[token] = len(self._forms)
        self._forms.append(form)
        lower_number = self._words.setdefault(lower, len(self._words))
        self.numbers.append((word, _shape(form), lexicon.lower[lower_word], math.log1p(heads), flags, lower_number))
        return number

    def parts_of_runs(self, text: TokenizedText) -> Iterator[tuple[int, int, int, int]]:
        """Yield every part of every capitalised run, itself included: start and end of the run and of the part."""
        flags = self.tokens([text]).flags
        runs = capitalised_runs(flags)
        parts = parts_of_runs(flags, runs)
        columns = (runs.start[parts.run], runs.stop[parts.run], parts.first, parts.end)
        yield from zip(*((column - _PADDING).tolist() for column in columns), strict=True)

    def tokens(self, texts: Sequence[TokenizedText]) -> Tokens:
        """Return the tokens of texts, after adding those not met before."""
        known = self._lexemes
        padding = [0] * _PADDING
        ids = padding.copy()
        for text in texts:
            ids += map(known.__getitem__, text.tokens)
            ids += padding
        numbers = self.numbers.array()[ids]
        size = np.fromiter((len(text.tokens) for text in texts), np.intp, len(texts))
        stop = (size + _PADDING).cumsum()
        flags = numbers[:, 4].astype(np.int32)
        forms, starts = self._forms, sentence_starts(flags)
        return Tokens(
            numbers=numbers,
            forms=list(map(forms.__getitem__, ids)),
            flags=with_hyphenated(without_first_words(flags, starts)),
            starts=starts,
            begin=stop - size,
            stop=stop,
        )
