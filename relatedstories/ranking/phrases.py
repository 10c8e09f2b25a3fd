"""Phrases that two texts in the same language have in common: labels of links without a shared topic that tells."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from relatedstories.ranking.shapes import Part, capitals_tell, is_noun_phrase, part_of, value_of
from relatedstories.text.terms import ENGLISH, WITHOUT_SPACES, pairs_of, script_runs, terms_of_name

__all__ = ["MAX_LABEL_CHARS", "MAX_PHRASE_CHARS", "Phrase", "shared_phrase"]

MAX_LABEL_CHARS = 40
"""Length of the longest phrase, in characters."""

MAX_PHRASE_WORDS = 6
"""Length of the longest phrase, in words."""

MAX_PHRASE_CHARS = 800
"""Number of characters at the start of a text in which phrases are looked for: what both begin with, they are about."""

MIN_WORD_SHARE, MIN_NOUN_SHARE = 0.1, 0.3
"""The part of all shares that a single word needs that is a name or that editors link, and any other noun."""

MIN_PART_CHARS = 4
"""Length of a phrase within a run of characters, whose words cannot be told, from which it is hardly a fragment of a word."""

_WORD = re.compile(r"\w[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0dff]*(?:[-'’]\w[\w\u0300-\u036f]*)*")
_POSSESSIVE = ("'s", "’s", "s'", "s’")
_PARTICLES = re.compile("[的在了和与與是于於将將及或]")  # of Chinese: words of one character that a label does not go across
_BREAK = re.compile(r"[^\w\s]|\n")
_ENDS_SENTENCE = re.compile(r"[.!?:;\n]")


class Phrase(NamedTuple):
    """A phrase that two texts have.

    Parameters
    ----------
    text : str
        As the first text writes it.
    share : float
        What its words explain of the score.
    """

    text: str
    share: float


class _Word(NamedTuple):
    """A word of a text.

    `key` is its terms or else itself in lower case; `follows` whether it follows the word before closely; `ends` whether a label
    may end with it.
    """

    start: int
    end: int
    follows: bool
    key: str
    terms: tuple[str, ...]
    part: Part
    ends: bool


class _Words(NamedTuple):
    """The words of a text, the places of those that a label may begin with, and all places of each key."""

    words: list[_Word]
    first: list[int]
    places: dict[str, list[int]]


def shared_phrase(
    a: str, b: str, shares: Mapping[str, float], language: str = ENGLISH, matters: Collection[str] = ()
) -> Phrase | None:
    """Return the phrase in both texts that explains most of a score, as the first text writes it.

    A phrase begins and ends with a word that has a shared term, and is a noun phrase as far as its words tell
    (`relatedstories.ranking.shapes`). It crosses no punctuation, and has several words, or is one with `MIN_WORD_SHARE` of all
    shares that is a name in both texts or one of `matters` (`MIN_NOUN_SHARE` if it is a noun that editors do not link).

    Parameters
    ----------
    a, b : str
        Clean texts, of which the first `MAX_PHRASE_CHARS` characters are read.
    shares : mapping of str to float
        The shares of the score of the terms that both texts have; 0 for a term that tells nothing in the archive, which may be
        part of a phrase, but not all of it.
    language : str, default "en"
        The code of the texts' language.
    matters : collection of str
        Terms that may be a phrase by themselves though they are no names, in English.

    Returns
    -------
    Phrase or None
        None if no phrase qualifies.

    Examples
    --------
    >>> shared_phrase("A cargo ship sinks off Malta.", "The cargo ship was new", {"cargo": 0.2, "ship": 0.1}).text
    'cargo ship'
    >>> shared_phrase("La ligne de tram ouvre", "Une ligne de tram au port", {"lign": 0.1, "tram": 0.2}, "fr").text
    'ligne de tram'
    >>> shared_phrase("東京で地震", "地震が東京に", {"東京": 0.1, "地震": 0.2}, "ja").text
    '地震'
    """
    a, b = a[:MAX_PHRASE_CHARS], b[:MAX_PHRASE_CHARS]
    if language in WITHOUT_SPACES:
        if language == "zh":
            a, b = _PARTICLES.sub(" ", a), _PARTICLES.sub(" ", b)
        return _shared_characters(a, b, shares)
    (words_a, first_a, _), (words_b, _, places_b) = _words(a, language), _words(b, language)
    total = sum(shares.values())
    best: tuple[float, int, int] | None = None
    for first in first_a:
        word = words_a[first]
        places = places_b.get(word.key)
        if places is None or (share := _share(word, shares)) is None:
            continue
        for place in places:
            part = min(word.part, words_b[place].part)
            alone = share * value_of(part)
            if _stands_alone(part, alone, total) and word.ends and (part is Part.NAME or word.key in matters):
                candidate = (-alone, first, 1)
                best = min(best, candidate) if best else candidate
            for longer, length in _phrases_at(words_a, first, words_b, place, shares):
                candidate = (-longer, first, length)
                best = min(best, candidate) if best else candidate
    if best is None:
        return None
    phrase = a[words_a[best[1]].start : words_a[best[1] + best[2] - 1].end]
    return Phrase(" ".join(phrase.split()), -best[0])


def _phrases_at(
    words_a: list[_Word], first: int, words_b: list[_Word], place: int, shares: Mapping[str, float]
) -> Iterator[tuple[float, int]]:
    """Yield the shares and lengths of the noun phrases of several words that begin at two places with the same word."""
    parts: list[Part] = []
    total = 0.0
    start = words_a[first].start
    for ours, theirs in zip(words_a[first : first + MAX_PHRASE_WORDS], words_b[place : place + MAX_PHRASE_WORDS], strict=False):
        if parts and (ours.key != theirs.key or not (ours.follows and theirs.follows) or ours.end - start > MAX_LABEL_CHARS):
            return
        part = min(ours.part, theirs.part)
        if part is Part.OTHER:
            return
        parts.append(part)
        share = _share(ours, shares)
        if share is not None:
            total += share * value_of(part)
            if len(parts) > 1 and total and ours.ends and is_noun_phrase(parts):
                yield total, len(parts)


def _stands_alone(part: Part, share: float, total: float) -> bool:
    """Return whether a word can be a label by itself, given its part of speech, what it explains and what all words do."""
    return part >= Part.NOUN and share > 0 and share >= total * (MIN_WORD_SHARE if part.names_a_matter else MIN_NOUN_SHARE)


def _share(word: _Word, shares: Mapping[str, float]) -> float | None:
    """Return the share of a word's terms, None unless all are shared."""
    return sum([shares[term] for term in word.terms]) if word.terms and all(term in shares for term in word.terms) else None


@functools.lru_cache(1 << 13)  # an event is in its own list and in those of others
def _words(text: str, language: str) -> _Words:
    matches = list(_WORD.finditer(text))
    forms = [match[0] for match in matches]
    tell = capitals_tell(forms, language)
    words: list[_Word] = []
    end = 0
    for match, form in zip(matches, forms, strict=True):
        start = match.start()
        gap = text[end:start]
        if gap == " ":
            follows, within = True, bool(words)
        else:
            follows = bool(words) and not _BREAK.search(gap)
            within = bool(words) and not _ENDS_SENTENCE.search(gap)
        end = match.end()
        words.append(_Word(start, end, follows, *_form(form, language, tell and within)))
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word.key, []).append(place)
    return _Words(words, [place for place, word in enumerate(words) if word.terms and word.part > Part.OF], places)


@functools.lru_cache(1 << 17)
def _form(form: str, language: str, capital_tells: bool) -> tuple[str, tuple[str, ...], Part, bool]:
    """Return the key, the terms and the part of a word as it is written, and whether a label may end with it."""
    terms = tuple(terms_of_name(form, language))
    return " ".join(terms) or form.casefold(), terms, part_of(form, language, capital_tells), not form.endswith(_POSSESSIVE)


def _shared_characters(a: str, b: str, shares: Mapping[str, float]) -> Phrase | None:
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
    return Phrase(best[2], -best[0]) if best else None


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
