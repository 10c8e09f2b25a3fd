"""Phrases that two texts in the same language have in common: labels of links without a shared topic that tells."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
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


class _Word(NamedTuple):
    """A word of a text: its offsets, its terms or else itself in lower case, and whether it follows the word before closely."""

    start: int
    end: int
    key: str
    terms: tuple[str, ...]
    follows: bool


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
    a, b = a[:MAX_PHRASE_CHARS], b[:MAX_PHRASE_CHARS]
    if language in WITHOUT_SPACES:
        if language == "zh":
            a, b = _PARTICLES.sub(" ", a), _PARTICLES.sub(" ", b)
        return _shared_characters(a, b, shares)
    words_a, words_b = _words(a, language), _words(b, language)
    places_b: dict[str, list[int]] = {}
    for place, word in enumerate(words_b):
        places_b.setdefault(word.key, []).append(place)
    min_share = MIN_WORD_SHARE * sum(shares.values())
    best: tuple[float, int, int] | None = None
    for first, word in enumerate(words_a):
        share = _share(word, shares)
        if share is None:
            continue
        for place in places_b.get(word.key, ()):
            length, total = 1, share
            for end in range(1, MAX_PHRASE_WORDS):
                if first + end >= len(words_a) or place + end >= len(words_b):
                    break
                ours, theirs = words_a[first + end], words_b[place + end]
                if ours.key != theirs.key or not (ours.follows and theirs.follows):
                    break
                if ours.end - word.start > MAX_LABEL_CHARS:
                    break
                if (more := _share(ours, shares)) is not None:
                    length, total = end + 1, total + more
            if not total:
                continue
            if length == 1 and not (total >= min_share and _stands_out(a, word) and _stands_out(b, words_b[place])):
                continue
            candidate = (-total, first, length)
            best = min(best, candidate) if best else candidate
    if best is None:
        return None
    phrase = a[words_a[best[1]].start : words_a[best[1] + best[2] - 1].end]
    return " ".join(phrase.split()) if len(phrase) <= MAX_LABEL_CHARS else None


def _share(word: _Word, shares: Mapping[str, float]) -> float | None:
    """Return the share of a word's terms, None unless all are shared."""
    return sum([shares[term] for term in word.terms]) if word.terms and all(term in shares for term in word.terms) else None


def _stands_out(text: str, word: _Word) -> bool:
    """Return whether a word alone can be a label: it begins with a capital, or its script has none; and it is no number."""
    form = text[word.start : word.end]
    return len(form) > 1 and any(map(str.isalpha, form)) and (form[0].isupper() or form.upper() == form.lower())


@functools.lru_cache(1 << 12)  # an event is in its own list and in those of others
def _words(text: str, language: str) -> list[_Word]:
    found: list[_Word] = []
    end = 0
    for match in _WORD.finditer(text):
        terms = _terms_of_word(match[0], language)
        start = match.start()
        follows = bool(found) and (text[end:start] == " " or not _BREAK.search(text, end, start))
        found.append(_Word(match.start(), match.end(), " ".join(terms) or match[0].casefold(), terms, follows))
        end = match.end()
    return found


@functools.lru_cache(1 << 16)
def _terms_of_word(word: str, language: str) -> tuple[str, ...]:
    return tuple(terms_of_name(word, language))


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
