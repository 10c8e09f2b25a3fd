"""Copies: which candidates only repeat the event that is asked about, so that a reader of it has read them."""

from __future__ import annotations

import collections
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from relatedstories.text.segments import UNSPACED

__all__ = ["COPIES_WITHIN", "LEAST_SHARED", "Wording", "separate_copies"]

COPIES_WITHIN = 10
"""Number of the best candidates among which copies are collected; a copy after them is neither listed nor named."""

LEAST_SHARED = 0.8
"""The least share of their runs of words that an event and its copy have in common."""

_RUN = 3  # words; long enough that two texts on one matter share few
_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+(?:[-.,:/](?=\d)[^\W{UNSPACED}]+)*")
"""Where no spaces separate words, each character counts as one; "3.4.2" and "16:00" are one word."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of an event, in the form in which copies are compared.

    Parameters
    ----------
    title : frozenset of str
        The words of the title.
    text : frozenset of str
        Those of the text; of the title where there is no text.
    title_numbers, numbers : Counter of str
        How often the title, and title and text, have each word with a digit.
    runs : frozenset of tuple of str
        All runs of three words of title and text.
    """

    title: frozenset[str]
    text: frozenset[str]
    title_numbers: collections.Counter[str]
    numbers: collections.Counter[str]
    runs: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, title: str, text: str) -> Wording:
        """Return the wording of an event with a title and a text."""
        in_title, in_text = _words(title), _words(text)
        both = in_title + in_text
        runs = (tuple(both[start : start + _RUN]) for start in range(max(1, len(both) - _RUN + 1)))
        return cls(frozenset(in_title), frozenset(in_text or in_title), _numbers(in_title), _numbers(both), frozenset(runs))

    def repeats(self, other: Wording) -> bool:
        """Return whether two events tell the same in the same words.

        They do if all of this holds, in whichever order they are given:

        - They share `LEAST_SHARED` of all their runs of words.
        - One of them has all the numbers of the other, as often, in the title and in all: reports of two days, or of two
          versions, differ there.
        - Neither title has a word that sets its own text apart from the other event, and at least half its words are in
          the other event: a title may be written anew, but a name that was put into a text that is otherwise the same
          makes it another.

        Examples
        --------
        >>> text = "The old terminal closes in spring, and all ferries leave from the new quay. The council voted for it."
        >>> ours = Wording.of("Terminal closes in spring", text)
        >>> ours.repeats(Wording.of("Ferries: terminal closes in spring", text + " Own report."))
        True
        >>> ours.repeats(Wording.of("Terminal closes in autumn", text.replace("spring", "autumn")))
        False
        """
        if self is other:
            return True
        n_shared = len(self.runs & other.runs)
        return (
            n_shared >= LEAST_SHARED * (len(self.runs) + len(other.runs) - n_shared)
            and (self.title_numbers <= other.title_numbers or other.title_numbers <= self.title_numbers)
            and (self.numbers <= other.numbers or other.numbers <= self.numbers)
            and self._title_fits(other)
            and other._title_fits(self)
        )

    def _title_fits(self, other: Wording) -> bool:
        """Return whether the title could stand above the other event too."""
        missing = self.title - other.title - other.text
        return 2 * len(missing) <= len(self.title) and missing.isdisjoint(self.text)


def separate_copies(
    candidates: Iterable[tuple[int, float]],
    asked: int,
    is_copy: Callable[[int, Sequence[int]], bool],
    content: Callable[[int], Hashable] = int,
) -> tuple[list[int], Iterator[tuple[int, float]]]:
    """Return the copies among candidates, and an iterator over the candidates that are no copies.

    Parameters
    ----------
    candidates : iterable of (number, score)
        Best first. Beyond the first `COPIES_WITHIN`, only as many are consumed as are asked for.
    asked : int
        The number of the event that they are candidates of.
    is_copy : callable
        Called with a number and several others, returns whether it is a copy of one of them.
    content : callable, optional
        Called with a number, returns what equals that of another if no event is a copy of one of both and not of the other: of
        a text that an archive has a thousand times, each pair is compared once.

    Returns
    -------
    copies : list of int
        Those of the first `COPIES_WITHIN` candidates that are copies of the event or of such a copy, best first.
    distinct : iterator of (number, score)
        All candidates except copies, best first.

    Examples
    --------
    Numbers with the same tens are copies:

    >>> candidates = [(11, 0.9), (20, 0.8), (12, 0.7), (30, 0.6)]
    >>> copies, distinct = separate_copies(candidates, 10, lambda number, of: any(number // 10 == one // 10 for one in of))
    >>> copies, list(distinct)
    ([11, 12], [(20, 0.8), (30, 0.6)])
    """
    rest = iter(candidates)
    first = list(islice(rest, COPIES_WITHIN))
    same, newest, others = [asked], [asked], [number for number, _ in first]
    while newest:  # a copy of a copy may come before that copy
        newest = [number for number in others if is_copy(number, newest)]
        others = [number for number in others if number not in newest]
        same += newest
    copies = [number for number, _ in first if number in same]
    distinct_first = [candidate for candidate in first if candidate[0] in others]
    return copies, chain(distinct_first, _distinct_from(same, rest, is_copy, content))


def _distinct_from(
    same: list[int],
    candidates: Iterable[tuple[int, float]],
    is_copy: Callable[[int, Sequence[int]], bool],
    content: Callable[[int], Hashable],
) -> Iterator[tuple[int, float]]:
    """Yield the candidates that are no copies of some numbers, nor of a copy before them."""
    known = {content(number) for number in same}
    n_compared: dict[Hashable, int] = {}
    for number, score in candidates:
        own = content(number)
        if own in known:
            continue
        if is_copy(number, same[n_compared.get(own, 0) :]):
            same.append(number)
            known.add(own)
        else:
            n_compared[own] = len(same)
            yield number, score


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _numbers(words: Iterable[str]) -> collections.Counter[str]:
    return collections.Counter(word for word in words if any(char.isdigit() for char in word))
