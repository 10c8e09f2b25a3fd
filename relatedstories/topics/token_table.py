"""A table of tokens with the form, flags and numbers of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from relatedstories.topics.lexicon import Lexicon, form_of
from relatedstories.topics.number_table import NumberTable
from relatedstories.topics.runs import (
    CAPITAL,
    CORE,
    END,
    HEAD,
    HYPHEN,
    JOINING,
    JOINING_WORDS,
    NUMBER,
    OPENING,
    WEAK,
    WEAK_WORDS,
    capitalised_runs,
    parts_of_run,
)  # fmt: skip
from relatedstories.topics.tokenizer import TokenizedText

__all__ = ["TokenTable"]

_COMMON = 5000
"""Words of the lexicon come most frequent first; from this row on they count as rare."""


def _shape(form: str) -> int:
    if form.islower():
        return 1
    if form.isupper() and len(form) > 1:
        return 2
    if form[:1].isupper():
        return 3
    return 4 if form[:1].isdigit() else 5 if form.isalnum() else 6


class TokenTable:
    """The tokens met so far, by number.

    Parameters
    ----------
    lexicon : Lexicon

    Attributes
    ----------
    begins_form : list of bool
        Whether a form of the lexicon begins with the token.
    numbers : NumberTable
        For each token: the row of its word vector, its shape, the share of its occurrences in lower case, the logarithm of
        how often it ends a name, and whether it is a comma.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._lexemes: dict[str, int] = {}
        self._forms: list[str] = []
        self._flags: list[int] = []
        self.begins_form: list[bool] = []
        self._rare: list[bool] = []
        self.numbers = NumberTable(5)

    def _lexeme(self, token: str) -> int:
        """Add a token that was not met before, and return its number."""
        lexicon, form = self._lexicon, form_of(token)
        first, lower = form[:1], form.lower()
        capital = first.isupper() or (len(form) > 2 and first.isalnum() and any(map(str.isupper, form)))
        capital = capital and form not in ("The", "A", "An")  # "The Hague" is a form that the lexicon knows
        flags = CAPITAL * capital | NUMBER * first.isdigit() | WEAK * (form in WEAK_WORDS) | JOINING * (form in JOINING_WORDS)
        flags |= END * (token[-1:] in ".!?" or "\n" in token) | OPENING * (token in "\"“‘'(:") | HYPHEN * (form == "-")
        flags |= HEAD * (lexicon.heads.get(form, 0) > 1)
        words = lexicon.words
        word = words.get("<number>" if first.isdigit() else form, 0) or words.get(lower, 0)
        number = (
            word, _shape(form), lexicon.lower[words.get(lower, 0)], math.log1p(lexicon.heads.get(form, 0)), form == ","
        )  # fmt: skip
        self._lexemes[token] = len(self._forms)
        self._forms.append(form)
        self._flags.append(flags)
        self.begins_form.append(form in lexicon.forms or (bool(flags & CAPITAL) and first.lower() + form[1:] in lexicon.forms))
        self._rare.append(not 0 < word < _COMMON)
        self.numbers.append(number)
        return len(self._forms) - 1

    def parts_of_runs(self, text: TokenizedText) -> Iterator[tuple[int, int, int, int]]:
        """Yield every part of every capitalised run, itself included: start and end of the run and of the part."""
        flags = self.context(self.ids(text.tokens))[1]
        for start, stop in capitalised_runs(flags):
            for first, end, _ in parts_of_run(flags, start, stop):
                yield start, stop, first, end

    def ids(self, tokens: Sequence[str]) -> list[int]:
        """Return the numbers of tokens, after adding those not met before."""
        known = self._lexemes
        try:
            return [known[token] for token in tokens]
        except KeyError:
            return [known[token] if token in known else self._lexeme(token) for token in tokens]

    def context(self, ids: list[int]) -> tuple[list[str], list[int]]:
        """Return the forms and flags of a text's tokens."""
        forms = [self._forms[i] for i in ids]
        flags = [self._flags[i] for i in ids]
        if "-" in forms:
            for i in range(2, len(ids)):  # the end of "Yoon Suk-yeol", but not of "Saudi-led"
                if flags[i - 1] & HYPHEN and flags[i - 2] & CORE and forms[i].islower() and self._rare[ids[i]]:
                    flags[i] |= NUMBER
        return forms, flags
