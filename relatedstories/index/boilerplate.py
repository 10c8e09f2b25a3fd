"""Boilerplate: which segments recur across an archive, so that they tell nothing about the events that have them.

A segment is a sentence of a text, or what stands before the first or after the last separator of a title (see
`relatedstories.text.segments`): "Subscribe to our newsletter.", "Harbour Gazette: ".
"""

from __future__ import annotations

import functools
import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from relatedstories.text.segments import NO_KEY, has_segments, segments, title_parts

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Boilerplate", "Segments"]

MIN_EVENTS = 4
"""The least number of events that have a segment which is boilerplate."""

ROOT_SHARE = 0.5
"""In a greater archive, a segment of this part of the square root of the number of events is boilerplate."""

TITLE_SHARE = 0.2
"""The part of the events whose titles begin or end alike that is the name of the archive; a series has fewer."""

SHORT_WORDS, SHORT_SHARE = 2, 0.05
"""Sentences and lines of so many words, such as headings, names and "He agreed.", must be in this part of the events."""

MIN_OWN = 0.2
"""The least part of its words that an event must have for itself; one with less is taken for a copy of others."""


class Boilerplate(NamedTuple):
    """What recurs across an archive and is left out.

    Parameters
    ----------
    texts : dict of str to int
        Each sentence and each beginning or end of titles, as the first event by id has it, with the number of events that
        have it; the commonest first.
    word_share : float
        The part of all words of the archive that is left out.
    """

    texts: dict[str, int]
    word_share: float


@dataclass(frozen=True)
class Segments:
    """The segments of the events of an archive, as far as they may recur.

    Parameters
    ----------
    starts : ndarray of int64, shape (n_events + 1,)
        Where the segments of each event start. An event that is a title without parts has none.
    n_title : ndarray of uint8, shape (n_events,)
        How many of an event's segments are parts of its title.
    keys : ndarray of uint64
        Equal for segments with the same words; `NO_KEY` for those that are not looked for.
    words : ndarray of int32
        The number of words of each segment.
    known_recurring : ndarray of uint64, optional
        `recurring`, if it is known.
    """

    starts: npt.NDArray[np.int64]
    n_title: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.uint64]
    words: npt.NDArray[np.int32]
    known_recurring: npt.NDArray[np.uint64] | None = None

    @classmethod
    def of(cls, titles: Iterable[str], texts: Iterable[str]) -> Segments:
        """Return the segments of clean titles and texts."""
        keys, words, starts, n_title = array("Q"), array("i"), [0], bytearray()
        for title, text in zip(titles, texts, strict=True):
            n = 0
            if has_segments(title, text):
                n = len(title_parts(title))
                for key, n_words in segments(title, text):
                    keys.append(key)
                    words.append(n_words)
            starts.append(len(keys))
            n_title.append(n)
        return cls(np.array(starts, np.int64), np.array(n_title, np.uint8), np.array(keys, np.uint64), np.array(words, np.int32))

    def stack(self, other: Segments) -> Segments:
        """Return the segments of these events and further ones."""
        return Segments(
            np.concatenate([self.starts, self.starts[-1] + other.starts[1:]]),
            np.concatenate([self.n_title, other.n_title]),
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.words, other.words]),
        )

    def take(self, numbers: npt.NDArray[np.intp]) -> Segments:
        """Return the segments of the events with some numbers, in their order."""
        places, starts = self.places_of(numbers)
        return Segments(starts, self.n_title[numbers], self.keys[places], self.words[places])

    def places_of(self, numbers: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the places of the segments of some events, one event after the other, and where those of each start."""
        lengths = np.diff(self.starts)[numbers]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        return np.arange(starts[-1]) + np.repeat(self.starts[:-1][numbers] - starts[:-1], lengths), starts

    @functools.cached_property
    def recurring(self) -> npt.NDArray[np.uint64]:
        """The keys of the segments that are boilerplate, sorted.

        Notes
        -----
        Boilerplate is what ``max(MIN_EVENTS, ROOT_SHARE * sqrt(n))`` of n events have; of parts of titles also `TITLE_SHARE`,
        and of sentences of at most `SHORT_WORDS` words `SHORT_SHARE` of them. Events that are copies of each other share their
        sentences too: an event counts only if at least `MIN_OWN` of its words are in segments that fewer events have.
        """
        if self.known_recurring is not None:
            return self.known_recurring
        n, numbers = len(self.n_title), self._numbers
        looked_for = self.keys != NO_KEY
        keys, of = np.unique(self.keys[looked_for], return_inverse=True)
        of_title = np.zeros(len(keys), bool)
        of_title[of[self._in_title[looked_for]]] = True
        is_short = np.zeros(len(keys), bool)
        is_short[of[self.words[looked_for] <= SHORT_WORDS]] = True
        least = max(MIN_EVENTS, math.ceil(ROOT_SHARE * math.sqrt(n)))
        share = np.select([of_title, is_short], [TITLE_SHARE, SHORT_SHARE], 0.0)
        min_events = np.maximum(least, np.ceil(share * n))
        pairs = np.unique(numbers[looked_for] * max(len(keys), 1) + of)  # a sentence may be in an event twice
        event_of, key_of = np.divmod(pairs, max(len(keys), 1))
        common = np.bincount(key_of, minlength=len(keys)) >= min_events
        is_common = np.zeros(len(self.keys), bool)
        is_common[looked_for] = common[of]
        all_words = np.bincount(numbers, self.words, n)
        own_words = np.bincount(numbers[~is_common], self.words[~is_common], n)
        is_distinct = own_words >= MIN_OWN * all_words
        n_distinct = np.bincount(key_of[is_distinct[event_of]], minlength=len(keys))
        recurring: npt.NDArray[np.uint64] = keys[n_distinct >= min_events]
        return recurring

    @functools.cached_property
    def is_boilerplate(self) -> npt.NDArray[np.bool_]:
        """Which segments are boilerplate in their archive."""
        return self.among(self.recurring)

    def among(self, recurring: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Return which segments are boilerplate, given the keys of those; a title is never left without any part."""
        found = np.isin(self.keys, recurring) if len(recurring) else np.zeros(len(self.keys), bool)
        first = self.starts[:-1][self.n_title == 2]
        whole = first[found[first] & found[first + 1]]
        found[whole] = found[whole + 1] = False
        return found

    def left_out(self, number: int, is_boilerplate: npt.NDArray[np.bool_] | None = None) -> frozenset[int]:
        """Return the numbers, as `relatedstories.text.segments` counts them, of the segments of an event that are left out."""
        start, end = self.starts[number : number + 2].tolist()
        if start == end:
            return frozenset()
        flags = (self.is_boilerplate if is_boilerplate is None else is_boilerplate)[start:end]
        return frozenset((np.flatnonzero(flags) - int(self.n_title[number])).tolist())

    def all_left_out(self, is_boilerplate: npt.NDArray[np.bool_] | None = None) -> list[frozenset[int]]:
        """Return the numbers of the segments that are left out, event by event."""
        flags = self.is_boilerplate if is_boilerplate is None else is_boilerplate
        left_out = [_NONE] * len(self.n_title)
        for number in dict.fromkeys(self._numbers[flags].tolist()):
            left_out[number] = self.left_out(number, flags)
        return left_out

    @functools.cached_property
    def _numbers(self) -> npt.NDArray[np.int64]:
        """The number of the event of each segment."""
        return np.repeat(np.arange(len(self.n_title)), np.diff(self.starts))

    @property
    def _in_title(self) -> npt.NDArray[np.bool_]:
        """Which segments are parts of titles."""
        place = np.arange(len(self.keys)) - np.repeat(self.starts[:-1], np.diff(self.starts))
        return place < np.repeat(self.n_title, np.diff(self.starts))

    def first_places(self) -> list[tuple[int, int, int]]:
        """Return, for each segment that is boilerplate, its first event, its number there, and the number of its events.

        The commonest come first.
        """
        flags = self.is_boilerplate
        numbers, keys = self._numbers[flags], self.keys[flags]
        distinct, first, of = np.unique(keys, return_index=True, return_inverse=True)
        if not len(distinct):
            return []
        n_events = np.bincount(np.unique(numbers * len(distinct) + of) % len(distinct))
        places = np.flatnonzero(flags)[first]
        in_event = places - self.starts[numbers[first]] - self.n_title[numbers[first]]
        order = np.lexsort([places, -n_events])
        return list(zip(numbers[first][order].tolist(), in_event[order].tolist(), n_events[order].tolist(), strict=True))


_NONE: frozenset[int] = frozenset()
