"""Split texts into the tokens of spaCy's English tokenizer, which keeps C++, F# and .NET whole here.

The tokenizer splits each stretch between two spaces independently, so the tokens of frequent stretches are remembered.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from relatedstories.recent_cache import RecentCache
from relatedstories.topics.word_splitter import default_splitter

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["TokenizedText", "tokenize", "tokens_of_doc"]

_StretchTokens: TypeAlias = tuple[Sequence[str], Sequence[int]]

_TOKENS_BY_STRETCH: RecentCache[str, _StretchTokens] = RecentCache()
"""Tokens of stretches of text between two spaces, with their offsets in the stretch."""

_WORD_WITH_SIGNS = re.compile(
    r"""(?P<open>["(]?)(?P<word>(?:\d+|[A-Za-z]+)(?:-[A-Za-z]{2,})*|\d+(?:[.,]\d+)+)(?P<sign>"|'s|(?<=[A-Za-z])\)|(?<=\d)%|)"""
    r"""(?P<end>,|(?<=[a-z][a-z])\.|(?<=[\d")%])\.|(?<='s)\.|(?<![")%])(?<!'s)[;:?!]|)"""
)
"""A word or number that the tokenizer splits at these signs and at hyphens, unless one of its exceptions is about a part."""

_WHITE_SPACE = re.compile(r"\s")
_STRETCH = re.compile(r"\s+|\S+")

_MAX_STRETCH = 40
"""Maximum length of a remembered stretch, in characters; longer ones rarely occur again."""


class TokenizedText(NamedTuple):
    """A tokenised text.

    Parameters
    ----------
    text : str
    tokens : sequence of str
    starts : sequence of int
        Offset of each token, in characters.
    """

    text: str
    tokens: Sequence[str]
    starts: Sequence[int]

    def surface(self, first: int, end: int) -> str:
        """Return the text from token `first` up to, not including, token `end`."""
        return self.text[self.starts[first] : self.starts[end - 1] + len(self.tokens[end - 1])]


def tokens_of_doc(doc: Doc) -> TokenizedText:
    """Return the tokens of a spaCy Doc."""
    return TokenizedText(doc.text, [token.text for token in doc], [token.idx for token in doc])


def tokenize(content: str) -> TokenizedText:
    """Return a text in tokens."""
    tokens: list[str] = []
    starts: list[int] = []
    at = n_more = 0  # spaces beyond the first between two stretches are a token of their own
    for part in content.split(" "):
        if not part and tokens:
            n_more += 1
            at += 1
            continue
        known = _TOKENS_BY_STRETCH.get(part) or _tokens_of_part(part)
        if known is None or (n_more and part[0].isspace()):  # white space that is one token with what is beside it
            return TokenizedText(content, *_tokens_of_stretches(content))
        if n_more:
            tokens.append(" " * n_more)
            starts.append(at - n_more)
            n_more = 0
        if len(known[0]) == 1:
            tokens.append(part)
            starts.append(at)
        else:
            tokens += known[0]
            starts += [at + place for place in known[1]]
        at += len(part) + 1
    if n_more > 1:  # at the end
        tokens.append(" " * (n_more - 1))
        starts.append(at - n_more)
    return TokenizedText(content, tokens, starts)


def _tokens_of_part(part: str) -> _StretchTokens | None:
    """Return a stretch's tokens and their offsets in it; None if white space at its end may join the next token."""
    splitter = default_splitter()
    known = _tokens_of_word(part, splitter.exceptions) if len(part) <= _MAX_STRETCH else None
    if known is None:
        if not part or part[-1].isspace():
            return None
        if _WHITE_SPACE.search(part):  # the words on both sides of a line end are met again, both together hardly ever
            return _tokens_of_stretches(part)
        known = _with_offsets(splitter(part))
    return _TOKENS_BY_STRETCH.keep(part, known) if len(part) <= _MAX_STRETCH else known


def _tokens_of_word(part: str, exceptions: Container[str]) -> _StretchTokens | None:
    """Return the tokens of a word with signs around it, and their offsets; None if it takes the tokenizer to tell them."""
    if part in exceptions:
        return None
    if part.isalpha() and part.isascii():
        return (part,), (0,)
    found = _WORD_WITH_SIGNS.fullmatch(part)
    if found is None:
        return None
    opening, word, sign, end = found.groups()
    if word in exceptions or (opening and word + sign + end in exceptions) or (sign and end and word + sign in exceptions):
        return None
    if "-" in word and f"{word.rpartition('-')[2]}{end}" in exceptions:
        return None
    tokens = [token for token in (opening, *word.replace("-", " - ").split(" "), sign, end) if token]
    return _with_offsets(tokens)


def _with_offsets(tokens: Sequence[str]) -> _StretchTokens:
    """Return the tokens of a stretch without white space, and their offsets in it."""
    return tuple(tokens), tuple(itertools.accumulate(map(len, tokens[:-1]), initial=0))


def _tokens_of_stretches(content: str) -> _StretchTokens:
    """Return the tokens of words and of the white space between them, and their offsets; the space after a word is no token."""
    tokens: list[str] = []
    starts: list[int] = []
    for found in _STRETCH.finditer(content):
        piece, at = found[0], found.start()
        if piece[0].isspace():
            known: _StretchTokens | None = ((piece,), (0,))
            if piece[0] == " " and at:
                known = ((piece[1:],), (1,)) if len(piece) > 1 else ((), ())
        else:
            known = _TOKENS_BY_STRETCH.get(piece) or _tokens_of_part(piece)
        assert known is not None  # a piece ends in no white space
        tokens += known[0]
        starts += [at + place for place in known[1]]
    return tokens, starts
