"""Selection: which of an event's candidates are listed, and in what order."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

__all__ = ["DIVERSITY_POOL", "DUPLICATES_WITHIN", "NEAR_DUPLICATE", "Selected", "select"]

NEAR_DUPLICATE = 0.9
"""Least inner product of the rows of two events that tell the same story in the same words; only one of them is listed."""

DUPLICATES_WITHIN = 5
"""Number of candidates after a listed event among which its near-duplicates are collected."""

DIVERSITY_POOL = 30
"""Number of the best remaining candidates from which each event is picked where diversity is asked for."""


@dataclass(slots=True, eq=False)
class Selected:
    """A candidate that was selected.

    Parameters
    ----------
    number : int
        The event's number in its archive.
    score : float
    place : int
        Its place among the candidates, from 0; -1 if it is pinned.
    duplicates : list of int
        The numbers of its near-duplicates, best first.
    """

    number: int
    score: float
    place: int
    duplicates: list[int] = field(default_factory=list)

    @property
    def pinned(self) -> bool:
        """Whether an editor put it into the list."""
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
) -> list[Selected]:
    """Select from candidates the events to list.

    Parameters
    ----------
    candidates : iterable of (number, score)
        Best first, without the pinned ones. Only as many are consumed as the list needs.
    k : int
        Maximum number of events to list.
    similarity : callable
        Returns the similarity of two numbers, 0 to 1.
    label : callable
        Returns the label of a number's link, None if it has none.
    max_per_context : int, optional
        Maximum number of links with the same label; links without a label are not counted.
    diversity : float, default 0
        How much less a candidate counts for being like one that is selected already, 0 to 1.
    pinned : sequence of (number, score)
        Events to list first, in this order.

    Returns
    -------
    list of Selected
        The pinned events, then the others in the order of the candidates.

    Notes
    -----
    A candidate whose similarity to an earlier or pinned one is at least `NEAR_DUPLICATE` is folded into the first such
    candidate: it is never listed itself, and it is one of that candidate's duplicates if it is among the
    `DUPLICATES_WITHIN` candidates that follow it (for a pinned event: among the first `DUPLICATES_WITHIN`). So the
    duplicates of an event do not depend on `k`. Candidates that `max_per_context` has passed over do not count.

    Diversity is maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): repeatedly select the candidate with the
    greatest ``(1 - diversity) * score - diversity * similarity``, where similarity is the greatest to any event selected
    before, including pinned ones. It is taken from the `DIVERSITY_POOL` best candidates that remain. Unlike in the paper,
    the list is then ordered by score: diversity decides which events are in it, not how they are ordered.

    Examples
    --------
    Numbers with the same tens are near-duplicates, numbers with the same hundreds are alike:

    >>> def similarity(a, b):
    ...     return 0.95 if a // 10 == b // 10 else 0.5 if a // 100 == b // 100 else 0.0
    >>> candidates = [(110, 0.6), (111, 0.6), (120, 0.5), (200, 0.4)]
    >>> [(one.number, one.duplicates) for one in select(candidates, 2, similarity, str)]
    [(110, [111]), (120, [])]
    >>> [one.number for one in select(candidates, 2, similarity, str, diversity=0.5)]
    [110, 200]
    """
    selected = [Selected(number, score, -1) for number, score in pinned[:k]]
    distinct = _DistinctCandidates(candidates, similarity, selected)
    links_with_label = collections.Counter(label(one.number) for one in selected if max_per_context is not None)
    pool: list[Selected] = []

    def marginal_relevance(one: Selected) -> float:
        likeness = max((similarity(other.number, one.number) for other in selected), default=0.0)
        return (1 - diversity) * one.score - diversity * likeness

    while len(selected) < k:
        pool += islice(distinct, (DIVERSITY_POOL if diversity else 1) - len(pool))
        if not pool:
            break
        best = max(pool, key=marginal_relevance) if diversity else pool[0]  # the first of equals
        pool.remove(best)
        if max_per_context is not None and (context := label(best.number)) is not None:
            if links_with_label[context] >= max_per_context:
                distinct.drop(best)
                continue
            links_with_label[context] += 1
        selected.append(best)
    last_place = max((one.place for one in selected), default=-1 - DUPLICATES_WITHIN)
    distinct.fold_up_to(last_place + DUPLICATES_WITHIN)
    return sorted(selected, key=lambda one: one.place)  # stable: pinned events keep their order


class _DistinctCandidates(Iterator[Selected]):
    """The candidates that are no near-duplicate of an earlier one; near-duplicates are folded into the earlier one."""

    def __init__(
        self, candidates: Iterable[tuple[int, float]], similarity: Callable[[int, int], float], pinned: Iterable[Selected]
    ) -> None:
        self._candidates = enumerate(candidates)
        self._similarity = similarity
        self._distinct = list(pinned)
        self._n_consumed = 0

    def __next__(self) -> Selected:
        for place, (number, score) in self._candidates:
            self._n_consumed = place + 1
            if not self._fold(place, number):
                self._distinct.append(Selected(number, score, place))
                return self._distinct[-1]
        raise StopIteration

    def drop(self, candidate: Selected) -> None:
        """Fold nothing more into a candidate, because it is not listed."""
        self._distinct.remove(candidate)

    def fold_up_to(self, last_place: int) -> None:
        """Fold the near-duplicates among the candidates up to a place."""
        for place, (number, _) in islice(self._candidates, max(0, last_place + 1 - self._n_consumed)):
            self._fold(place, number)

    def _fold(self, place: int, number: int) -> bool:
        """Fold a candidate into the first earlier one that it is a near-duplicate of; return whether there is one."""
        for earlier in self._distinct:
            if self._similarity(earlier.number, number) >= NEAR_DUPLICATE:
                if place - earlier.place <= DUPLICATES_WITHIN:
                    earlier.duplicates.append(number)
                return True
        return False
