"""Completion: the whole name that a shared word or phrase is a part of."""

from __future__ import annotations

from collections.abc import Sequence

from relatedstories.ranking.shapes import Part, is_noun_phrase
from relatedstories.ranking.words_of_text import WordsOfText

__all__ = ["MAX_LABEL_CHARS", "completed"]

MAX_LABEL_CHARS = 40
"""Length of the longest phrase, in characters."""

LEAST_PART = 0.4
"""The part of the places of a phrase, in each text, at which a word must go with it to be part of its name."""


def completed(ours: WordsOfText, theirs: WordsOfText, first: int, length: int) -> tuple[int, int]:
    """Return the first word and the length of the name that a phrase is a part of, with the nouns that mostly go with it in both.

    Words after it are looked at before those in front of it. A number may end a name. An adjective may only begin one that each
    text has twice, since any noun has one now and then; so may a noun that says little, and a number before a name.

    Parameters
    ----------
    ours, theirs : WordsOfText
    first, length : int
        The place in the first text and the length of a phrase that both have.

    Examples
    --------
    >>> ours = WordsOfText("The new Gateway API serves. It is a gateway.", "en")
    >>> theirs = WordsOfText("See the Gateway API.", "en")
    >>> ours.phrase(*completed(ours, theirs, 2, 1))
    'Gateway API'
    """
    best, keys = (first, length), ours.keys[first : first + length]
    here, there = ours.places_of(keys), theirs.places_of(keys)
    least_here, least_there = LEAST_PART * len(here), LEAST_PART * len(there)
    for step in (1, -1):
        at, of, n = here, there, best[1]
        while n < ours.max_words and (key := ours.usual_neighbour(at, n, step)) is not None:
            at, of, n = ours.with_neighbour(at, n, step, key), theirs.with_neighbour(of, n, step, key), n + 1
            if not of or len(at) < least_here or len(of) < least_there:
                break
            start, other = (_as_noun(words, places, n) for words, places in ((ours, at), (theirs, of)))
            end = start + n - 1
            if ours.ends[end] - ours.starts[start] > MAX_LABEL_CHARS:
                break
            parts = [min(ours.part(start + i), theirs.part(other + i)) for i in range(n)]
            added, beside = (parts[-1], parts[-2]) if step > 0 else parts[:2]
            new = end if step > 0 else start
            if not (_may_follow(added, beside) and ours.may_be_added(new) and theirs.may_be_added(other + new - start)):
                break
            are_twice = len(at) > 1 and len(of) > 1
            if added is Part.ADJECTIVE and (step > 0 or not are_twice):
                break
            if added is Part.NUMBER and (beside < Part.NOUN if step > 0 else beside < Part.NAME or not are_twice):
                break
            ends_in_number = added is Part.NUMBER and step > 0
            if parts[0] is Part.GENERIC and are_twice:  # a noun that says little may say of which kind another is
                parts[0] = Part.NOUN
            if ours.may_end(end) and (ends_in_number or is_noun_phrase(parts)):
                best, here, there = (start, n), at, of
            if ends_in_number:
                break
    return best


def _as_noun(words: WordsOfText, places: Sequence[int], n: int) -> int:
    """Return the first of some places of n words where they end with a noun: "rate limits" before "rate limit"."""
    return next((place for place in places if words.part(place + n - 1) >= Part.NOUN and words.may_end(place + n - 1)), places[0])


def _may_follow(added: Part, beside: Part) -> bool:
    """Return whether a word may stand beside another in a name: a small one only between names, a verb never."""
    return added is not Part.OTHER and (min(added, beside) > Part.OF or max(added, beside) is Part.NAME)
