"""Lists: which of the candidates for an event's links a reader gets to see, and in what order."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

__all__ = ["FOLDED", "NEAR_DUPLICATE", "POOL", "Listed", "select"]

NEAR_DUPLICATE = 0.9
"""Two events whose rows have this inner product tell the same story in the same words; only one is listed."""

FOLDED = 5
"""Near-duplicates of a listed event are kept where they are among so many candidates after it, so at most so many."""

POOL = 30
"""With diversity each event is picked from so many of the best candidates that are left."""


@dataclass(slots=True, eq=False)
class Listed:
    """A place in a list.

    Parameters
    ----------
    number : int
        Of the event in its archive.
    score : float
    place : int
        Its place among the candidates, from 0; -1 where it is pinned, before them all.
    duplicates : list of int
        The candidates folded into it, best first.
    """

    number: int
    score: float
    place: int
    duplicates: list[int] = field(default_factory=list)

    @property
    def pinned(self) -> bool:
        """Whether an editor put it there."""
        return self.place < 0


def select(
    candidates: Iterable[tuple[int, float]],
    k: int,
    similarity: Callable[[int, int], float],
    label: Callable[[int], str | None],
    *,
    max_per_context: int | None = None,
    diversity: float = 0.0,
    pinned: Sequence[tuple[int, float]] = (),
) -> list[Listed]:
    """Choose from candidates what to list.

    Parameters
    ----------
    candidates : iterable of (number, score)
        Best first, without those pinned. No more of them are taken than the list needs.
    k : int
        How many to list at most.
    similarity : callable
        Of two numbers, 0 to 1.
    label : callable
        The label of a number's link, None where it has none.
    max_per_context : int, optional
        How many links of one label to list at most; those without label are not counted.
    diversity : float, default 0
        How much less a candidate counts for being like one that is picked already, 0 to 1.
    pinned : sequence of (number, score)
        To list first, in this order.

    Returns
    -------
    list of Listed
        Those pinned, then the others in the order of the candidates, whatever the order they were picked in.

    Notes
    -----
    A candidate whose similarity to one before it, or to one pinned, is `NEAR_DUPLICATE` or more is folded into the first
    such: it is never listed, and named beside that one if it is among the `FOLDED` candidates that follow it (of one pinned:
    among the first `FOLDED`). What is folded into an event thus does not depend on `k`. Candidates that `max_per_context`
    has passed over do not count.

    Diversity is maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): pick again and again the greatest
    ``(1 - diversity) * score - diversity * similarity``, the greatest similarity to any event picked before, those pinned
    included. It is looked for among the `POOL` best candidates left. Unlike the textbook's, the list is then ordered by
    score: diversity decides which events are in it, not how they stand.

    Examples
    --------
    Numbers of one ten are alike, of one hundred nearly the same:

    >>> def similarity(a, b):
    ...     return 0.95 if a // 10 == b // 10 else 0.5 if a // 100 == b // 100 else 0.0
    >>> candidates = [(110, 0.6), (111, 0.6), (120, 0.5), (200, 0.4)]
    >>> [(listed.number, listed.duplicates) for listed in select(candidates, 2, similarity, str)]
    [(110, [111]), (120, [])]
    >>> [listed.number for listed in select(candidates, 2, similarity, str, diversity=0.5)]
    [110, 200]
    """
    picked = [Listed(number, score, -1) for number, score in pinned[:k]]
    heads = _Heads(candidates, similarity, picked)
    used = collections.Counter(label(one.number) for one in picked if max_per_context is not None)
    left: list[Listed] = []

    def gain(one: Listed) -> float:
        likeness = max((similarity(other.number, one.number) for other in picked), default=0.0)
        return (1 - diversity) * one.score - diversity * likeness

    while len(picked) < k:
        left += islice(heads, (POOL if diversity else 1) - len(left))
        if not left:
            break
        best = max(left, key=gain) if diversity else left[0]  # the first of those that gain most
        left.remove(best)
        if max_per_context is not None and (context := label(best.number)) is not None:
            if used[context] >= max_per_context:
                heads.drop(best)
                continue
            used[context] += 1
        picked.append(best)
    heads.look_ahead(max((one.place for one in picked), default=-1 - FOLDED) + FOLDED)
    return sorted(picked, key=lambda one: one.place)  # which leaves those pinned as they stand


class _Heads(Iterator[Listed]):
    """The candidates that repeat none before them; the others are folded into these."""

    def __init__(
        self, candidates: Iterable[tuple[int, float]], similarity: Callable[[int, int], float], pinned: Iterable[Listed]
    ) -> None:
        self._places = enumerate(candidates)
        self._similarity = similarity
        self._heads = list(pinned)
        self._read = 0

    def __next__(self) -> Listed:
        for place, (number, score) in self._places:
            self._read = place + 1
            if not self._fold(place, number):
                self._heads.append(Listed(number, score, place))
                return self._heads[-1]
        raise StopIteration

    def drop(self, head: Listed) -> None:
        """Fold nothing more into a candidate, as it is not listed."""
        self._heads.remove(head)

    def look_ahead(self, last: int) -> None:
        """Fold the candidates up to a place into the heads there are."""
        for place, (number, _) in islice(self._places, max(0, last + 1 - self._read)):
            self._fold(place, number)

    def _fold(self, place: int, number: int) -> bool:
        for head in self._heads:
            if self._similarity(head.number, number) >= NEAR_DUPLICATE:
                if place - head.place <= FOLDED:
                    head.duplicates.append(number)
                return True
        return False
