"""Phrases that two texts in the same language have in common: labels of links without a shared topic that tells."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from relatedstories.ranking.labels import MAX_LABEL_CHARS
from relatedstories.text.terms import ENGLISH, WITHOUT_SPACES, pairs_of, script_runs, terms_of_name

__all__ = ["MAX_PHRASE_CHARS", "shared_phrase"]

MAX_PHRASE_WORDS = 6
"""Length of the longest phrase, in words."""

MAX_PHRASE_CHARS = 800
"""Number of characters at the start of a text in which phrases are looked for: what both begin with, they are about."""

MIN_WORD_SHARE = 0.3
"""The part of all shares that a single word needs."""

MIN_PART_CHARS = 4
"""Length of a phrase within a run of characters, whose words cannot be told, from which it is hardly a fragment of a word."""

_WORD = re.compile(r"\w[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0dff]*(?:[-'’][^\W\d_][\w\u0300-\u036f]*)*")
_PARTICLES = re.compile("[的在了和与與是于於将將及或]")  # of Chinese: words of one character that a label does not go across
_BREAK = re.compile(r"[^\w\s]|\n")
_MAX_KNOWN = 100_000  # words of a language whose terms are kept


class _Words(NamedTuple):
    """The words of a text: for each, its start and end, its terms, and its key, which is these or else itself in lower case.

    `compound` are the places of the words with several terms.
    """

    spans: list[tuple[int, int]]
    terms: Sequence[tuple[str, ...]]
    keys: Sequence[str]
    compound: list[int]

    def with_shared_terms(self, shares: Mapping[str, float]) -> list[int]:
        """Return the places of words whose terms may all be shared."""
        return [place for place, key in enumerate(self.keys) if key in shares] + self.compound


def shared_phrase(a: str, b: str, shares: Mapping[str, float], language: str = ENGLISH) -> str | None:
    """Return the phrase in both texts that explains most of a score, as the first text writes it.

    A phrase begins and ends with a word that has a shared term. It crosses no punctuation, and has several words, or is one with
    `MIN_WORD_SHARE` of all shares that begins with a capital in both texts, if its script has capitals.

    Parameters
    ----------
    a, b : str
        Clean texts, of which the first `MAX_PHRASE_CHARS` characters are read.
    shares : mapping of str to float
        The shares of the score of the terms that both texts have; 0 for a term that tells nothing in the archive, which may be
        part of a phrase, but not all of it.
    language : str, default "en"
        The code of the texts' language.

    Returns
    -------
    str or None
        None if no phrase qualifies, or only one of more than `MAX_LABEL_CHARS` characters.

    Examples
    --------
    >>> shared_phrase("A cargo ship sinks off Malta.", "The cargo ship was new", {"cargo": 0.2, "ship": 0.1})
    'cargo ship'
    >>> shared_phrase("La ligne de tram ouvre", "Une ligne de tram au port", {"lign": 0.1, "tram": 0.2}, "fr")
    'ligne de tram'
    >>> shared_phrase("東京で地震", "地震が東京に", {"東京": 0.1, "地震": 0.2}, "ja")
    '地震'
    """
    if language in WITHOUT_SPACES:
        a, b = a[:MAX_PHRASE_CHARS], b[:MAX_PHRASE_CHARS]
        if language == "zh":
            a, b = _PARTICLES.sub(" ", a), _PARTICLES.sub(" ", b)
        return _shared_characters(a, b, shares)
    ours, theirs = _words(a, language), _words(b, language)
    min_share = MIN_WORD_SHARE * sum(shares.values())
    best: tuple[float, int, int] | None = None
    places: dict[str, list[int]] = {}
    for place in theirs.with_shared_terms(shares):
        places.setdefault(theirs.keys[place], []).append(place)
    for first in ours.with_shared_terms(shares):  # in any order, as the best is the least
        share = _share(ours.terms[first], shares)
        if share is None:
            continue
        for place in places.get(ours.keys[first], ()):
            length, total = 1, share
            for more in range(1, min(MAX_PHRASE_WORDS, len(ours.keys) - first, len(theirs.keys) - place)):
                if ours.keys[first + more] != theirs.keys[place + more]:
                    break
                if not (_follows(a, ours, first + more) and _follows(b, theirs, place + more)):
                    break
                if ours.spans[first + more][1] - ours.spans[first][0] > MAX_LABEL_CHARS:
                    break
                if (added := _share(ours.terms[first + more], shares)) is not None:
                    length, total = more + 1, total + added
            if not total:
                continue
            if length == 1 and not (total >= min_share and _stands_out(a, ours, first) and _stands_out(b, theirs, place)):
                continue
            candidate = (-total, first, length)
            best = min(best, candidate) if best else candidate
    if best is None:
        return None
    phrase = a[ours.spans[best[1]][0] : ours.spans[best[1] + best[2] - 1][1]]
    return " ".join(phrase.split()) if len(phrase) <= MAX_LABEL_CHARS else None


def _follows(text: str, words: _Words, place: int) -> bool:
    """Return whether a word follows the one before closely."""
    start, end = words.spans[place - 1][1], words.spans[place][0]
    return text[start:end] == " " or not _BREAK.search(text, start, end)


def _share(terms: tuple[str, ...], shares: Mapping[str, float]) -> float | None:
    """Return the share of a word's terms, None unless all are shared."""
    if len(terms) == 1:
        return shares.get(terms[0])
    return sum([shares[term] for term in terms]) if terms and all(term in shares for term in terms) else None


def _stands_out(text: str, words: _Words, place: int) -> bool:
    """Return whether a word alone can be a label: it begins with a capital, or its script has none; and it is no number."""
    start, end = words.spans[place]
    form = text[start:end]
    return len(form) > 1 and any(map(str.isalpha, form)) and (form[0].isupper() or form.upper() == form.lower())


@functools.lru_cache(1 << 12)  # an event is in its own list and in those of others
def _words(text: str, language: str) -> _Words:
    """Return the words of the first `MAX_PHRASE_CHARS` characters of a text."""
    spans = [match.span() for match in _WORD.finditer(text, 0, MAX_PHRASE_CHARS)]
    known = _known_words(language)
    terms, keys = zip(*[known[text[start:end]] for start, end in spans], strict=True) if spans else ((), ())
    return _Words(spans, terms, keys, [place for place, each in enumerate(terms) if len(each) > 1])


class _KnownWords(dict[str, tuple[tuple[str, ...], str]]):
    """The terms and the key of each word of a language, which are found when first asked for."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, word: str) -> tuple[tuple[str, ...], str]:
        terms = tuple(terms_of_name(word, self._language))
        found = terms, " ".join(terms) or word.casefold()
        if len(self) < _MAX_KNOWN:
            self[word] = found
        return found


_known_words = functools.cache(_KnownWords)


def _shared_characters(a: str, b: str, shares: Mapping[str, float]) -> str | None:
    """Return the characters in both texts that explain most of a score, in a script without spaces."""
    in_b = b.lower()
    best: tuple[float, int, str] | None = None
    for start, run in script_runs(a):
        for first, end in _shared_parts(run.lower(), in_b, shares):
            part = run[first:end]
            at_edge = (first == 0 or end == len(run)) and _is_at_edge(part.lower(), in_b)
            if len(part) < 2 or not (at_edge or len(part) >= MIN_PART_CHARS) or not any(map(str.isalpha, part)):
                continue
            total = sum([shares.get(term, 0.0) for term in pairs_of(part.lower())])
            if not total:
                continue
            candidate = (-total, start + first, part)
            best = min(best, candidate) if best else candidate
    return best[2] if best else None


def _shared_parts(run: str, in_b: str, shares: Mapping[str, float]) -> Iterator[tuple[int, int]]:
    """Yield the offsets of the longest parts of a run that are in the other text and whose terms are all shared."""
    first = 0
    while first < len(run):
        for end in range(min(len(run), first + MAX_LABEL_CHARS), first, -1):
            part = run[first:end]
            if part in in_b and all(term in shares for term in pairs_of(part)):
                yield first, end
                break
        else:
            end = first + 1
        first = end


def _is_at_edge(part: str, text: str) -> bool:
    """Return whether a part of a run begins or ends a run of the other text too, and so is hardly a fragment of a word."""
    return any(run.startswith(part) or run.endswith(part) for _, run in script_runs(text))
