"""Split texts into the tokens of spaCy's English tokenizer, which keeps C++, F# and .NET whole here."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from relatedstories.topics.recent_cache import RecentCache

if TYPE_CHECKING:
    from spacy.tokenizer import Tokenizer
    from spacy.tokens import Doc

__all__ = ["TokenizedText", "default_tokenizer", "tokenize", "tokens_of_doc"]

_StretchTokens: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]

_TOKENS_BY_STRETCH: RecentCache[str, _StretchTokens] = RecentCache()
"""Tokens of stretches of text between two spaces, with their offsets in the stretch."""

_NAME_WITH_SIGNS = re.compile(r"[A-Za-z](?:\+\+|#)|\.net", re.IGNORECASE)
"""Names that the tokenizer would split: C++, F#, .NET."""

_WORD_WITH_SIGNS = re.compile(
    r"""(?P<open>["(]?)(?P<word>(?:\d+|[A-Za-z]+)(?:-[A-Za-z]{2,})*|\d+(?:[.,]\d+)+)(?P<sign>"|'s|(?<=[A-Za-z])\)|(?<=\d)%|)"""
    r"""(?P<end>,|(?<=[a-z][a-z])\.|(?<=[\d")%])\.|(?<='s)\.|(?<![")%])(?<!'s)[;:?!]|)"""
)
"""A word or number that the tokenizer splits at these signs and at hyphens, unless one of its exceptions is about a part."""

_WHITE_SPACE = re.compile(r"(\s+)")

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
    """Return a text in tokens, exactly as `default_tokenizer` splits it, but faster.

    The tokenizer splits each stretch between two spaces independently, so the tokens of frequent stretches are remembered.
    """
    tokens: list[str] = []
    starts: list[int] = []
    at = n_more = 0  # spaces beyond the first between two stretches are a token of their own
    for part in content.split(" "):
        if not part and tokens:
            n_more += 1
            at += 1
            continue
        if n_more:
            if part[0].isspace():  # it would be part of that token
                return tokens_of_doc(default_tokenizer()(content))
            tokens.append(" " * n_more)
            starts.append(at - n_more)
            n_more = 0
        known = _TOKENS_BY_STRETCH.get(part) or _tokens_of_part(part)
        if known is None:
            return tokens_of_doc(default_tokenizer()(content))
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
    if not part or part[-1].isspace():
        return None
    if "\n" in part:  # the words on both sides of a line end are met again, both together hardly ever
        return _tokens_of_lines(part)
    tokenizer = default_tokenizer()
    known = _tokens_of_word(part, tokenizer.rules) if len(part) <= _MAX_STRETCH else None
    if known is not None:
        return _TOKENS_BY_STRETCH.keep(part, known)
    _, tokens, starts = tokens_of_doc(tokenizer(part))
    kept = tuple(tokens), tuple(starts)
    return _TOKENS_BY_STRETCH.keep(part, kept) if len(part) <= _MAX_STRETCH else kept


def _tokens_of_word(part: str, exceptions: Container[str]) -> _StretchTokens | None:
    """Return the tokens of a word with signs around it, and their offsets; None if only the tokenizer can tell them."""
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
    return tuple(tokens), tuple(itertools.accumulate(map(len, tokens[:-1]), initial=0))


def _tokens_of_lines(part: str) -> _StretchTokens:
    """Return the tokens of a stretch that has line ends, and their offsets in it; rows of white space are tokens."""
    tokens: list[str] = []
    starts: list[int] = []
    at = 0
    for number, piece in enumerate(_WHITE_SPACE.split(part)):
        if number % 2 or not piece:
            known: _StretchTokens | None = ((piece,), (0,)) if piece else ((), ())
        else:
            known = _TOKENS_BY_STRETCH.get(piece) or _tokens_of_part(piece)
        assert known is not None  # a piece ends in no white space
        tokens += known[0]
        starts += [at + place for place in known[1]]
        at += len(piece)
    return tuple(tokens), tuple(starts)


@functools.cache
def default_tokenizer() -> Tokenizer:
    """Return spaCy's English tokenizer, with names that end in signs as tokens.

    Its vocabulary computes no lexical attributes, which take half the time of the tokenizer of `spacy.blank("en")`.
    """
    from spacy.lang.en import English
    from spacy.tokenizer import Tokenizer
    from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex
    from spacy.vocab import Vocab

    rules = English.Defaults
    return Tokenizer(
        Vocab(),
        rules=rules.tokenizer_exceptions,
        prefix_search=compile_prefix_regex(rules.prefixes or ()).search,
        suffix_search=compile_suffix_regex(rules.suffixes or ()).search,
        infix_finditer=compile_infix_regex(rules.infixes or ()).finditer,
        token_match=_NAME_WITH_SIGNS.fullmatch,
        url_match=rules.url_match,
    )
