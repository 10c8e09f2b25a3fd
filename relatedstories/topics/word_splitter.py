"""Split words from the signs around and within them, as spaCy's English tokenizer does, by a copy of its rules.

To import spaCy takes as long as finding the topics of a thousand sentences.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Container, Mapping, Sequence

from relatedstories.artefacts import path

__all__ = ["WordSplitter", "default_splitter"]

_NAME_WITH_SIGNS = re.compile(r"[A-Za-z](?:\+\+|#)|\.net", re.IGNORECASE)
"""Names that the rules would split: C++, F#, .NET."""


class WordSplitter:
    """Splits words.

    Parameters
    ----------
    prefix, suffix, infix, address : str
        The patterns of what is split from the beginning and the end of a word, of what is split within it, and of an address,
        which stays whole.
    exceptions : sequence of sequence of str
        The tokens of words that are split otherwise: "do", "n't".

    Attributes
    ----------
    exceptions : mapping of str to sequence of str
        Those words, with their tokens.
    """

    def __init__(self, *, prefix: str, suffix: str, infix: str, address: str, exceptions: Sequence[Sequence[str]]) -> None:
        self._prefix, self._suffix = re.compile(prefix), re.compile(suffix)
        self._infix, self._address = re.compile(infix), re.compile(address)
        self.exceptions: Mapping[str, Sequence[str]] = {"".join(tokens): tokens for tokens in exceptions}
        # Exceptions that the patterns split are also met within words: the tokens that they are split into.
        self._within = {tuple(self._split(word, ())) for word in self.exceptions if self._has_sign(word)}
        self._first_within = {tokens[0] for tokens in self._within}
        self._longest = max(map(len, self._within), default=0)

    def __call__(self, word: str) -> list[str]:
        """Return the tokens of a word, which has no white space.

        Examples
        --------
        >>> default_splitter()("(isn't"), default_splitter()("rain/hail...")
        (['(', 'is', "n't"], ['rain', '/', 'hail', '...'])
        """
        tokens = self._split(word, self.exceptions)
        return tokens if self._first_within.isdisjoint(tokens) else self._with_exceptions(tokens)

    def _has_sign(self, word: str) -> bool:
        """Return whether a pattern splits a word."""
        return any(pattern.search(word) for pattern in (self._prefix, self._suffix, self._infix))

    def _split(self, word: str, exceptions: Container[str]) -> list[str]:
        """Return the tokens of a word by the patterns, but for what is left of it if that is an exception."""
        before: list[str] = []
        after: list[str] = []
        size = 0
        while word and len(word) != size and not _NAME_WITH_SIGNS.fullmatch(word) and word not in exceptions:
            size = len(word)
            found = self._prefix.match(word)
            start = found.end() if found else 0
            if start:
                before.append(word[:start])
                if word[start:] in exceptions:
                    word = word[start:]
                    break
            found = self._suffix.search(word[start:])  # what comes before is no part of it
            end = start + found.start() if found else len(word)
            if end < len(word):
                after.append(word[end:])
                if word[:end] in exceptions:
                    word = word[:end]
                    if start:
                        before.pop()
                    break
            word = word[start:end]
        return [*before, *self._within_word(word, exceptions), *reversed(after)]

    def _within_word(self, word: str, exceptions: Container[str]) -> Sequence[str]:
        """Return the tokens of a word without signs around it."""
        if word in exceptions:
            return self.exceptions[word]
        if not word or _NAME_WITH_SIGNS.fullmatch(word) or self._address.match(word):
            return [word] if word else []
        tokens: list[str] = []
        start = 0
        for found in self._infix.finditer(word):
            if found.start() > 0:
                tokens += (word[start : found.start()], found[0])
                start = found.end()
        return [token for token in (*tokens, word[start:]) if token]

    def _with_exceptions(self, tokens: Sequence[str]) -> list[str]:
        """Return tokens after putting in exceptions that they spell, the longest first."""
        found = [
            (first, end)
            for size in range(self._longest, 0, -1)
            for first, end in zip(range(len(tokens)), range(size, len(tokens) + 1), strict=False)
            if tuple(tokens[first:end]) in self._within
        ]
        taken: set[int] = set()
        ends: dict[int, int] = {}
        for first, end in found:
            if first not in taken and end - 1 not in taken:
                ends[first] = end
            taken.update(range(first, end))
        split: list[str] = []
        at = 0
        while at < len(tokens):
            end = ends.get(at, at)
            split += self.exceptions["".join(tokens[at:end])] if end > at else tokens[at : at + 1]
            at = max(end, at + 1)
        return split


@functools.cache
def default_splitter() -> WordSplitter:
    """Return the splitter by the rules that come with the package (models/tokenizer)."""
    return WordSplitter(**json.loads(path("tokenizer/rules.json").read_text(encoding="utf-8")))
