"""Events into groups: the two groups that belong together most become one, until none do."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING

import numpy as np

from relatedstories.storylines.same_story import CERTAIN

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["LEAST", "groups_of"]

LEAST = 0.6
"""The linkage from which two groups are one story, learnt with the model (see models/storylines)."""


def groups_of(
    n: int, a: npt.NDArray[np.intp], b: npt.NDArray[np.intp], weights: npt.NDArray[np.int64], least: float = LEAST
) -> list[list[int]]:
    """Return groups of two and more nodes of a graph, each sorted, by their first nodes.

    This is agglomerative clustering of a sparse graph. The linkage of two groups is the sum of the probabilities between them,
    divided by the geometric mean of their sizes: how many of the other group an event is, on average, in one story with, counting
    its nearest only. So two large groups need many connections, as each of their events has neighbours in its own group, and no
    chain of single ones joins them. Groups of the greatest linkage are joined first, and where it is equal those with the lower
    first nodes.

    Parameters
    ----------
    n : int
        The number of nodes.
    a, b : ndarray of int, shape (n_pairs,)
        The nodes of each pair, a before b, each pair once.
    weights : ndarray of int, shape (n_pairs,)
        Their probabilities to be of one story, as whole numbers of `CERTAIN`.
    least : float
        The least linkage of groups that are joined.

    Examples
    --------
    >>> groups_of(5, np.array([0, 0, 1, 3]), np.array([1, 2, 2, 4]), np.array([900, 300, 800, 100]))
    [[0, 1, 2]]
    """
    linked: list[dict[int, int]] = [{} for _ in range(n)]  # for each group, by its first node: the sums to others
    members: list[list[int]] = [[node] for node in range(n)]
    queue: list[tuple[float, int, int]] = []
    least *= CERTAIN
    for one, other, weight in zip(a.tolist(), b.tolist(), weights.tolist(), strict=True):
        linked[one][other] = linked[other][one] = weight
        if weight >= least:
            queue.append((-weight, one, other))
    heapq.heapify(queue)
    while queue:
        negative, one, other = heapq.heappop(queue)
        # What has changed since it was queued has been queued again, if it is still great enough.
        if other not in linked[one] or -negative != _linkage(linked[one][other], len(members[one]), len(members[other])):
            continue
        _join(linked, one, other)
        members[one] += members[other]
        members[other] = []
        size = len(members[one])
        for third, weight in linked[one].items():
            linkage = _linkage(weight, size, len(members[third]))
            if linkage >= least:
                heapq.heappush(queue, (-linkage, *((one, third) if one < third else (third, one))))
    return [sorted(group) for group in members if len(group) > 1]


def _linkage(weight: int, size: int, other_size: int) -> float:
    return weight / math.sqrt(size * other_size)


def _join(linked: list[dict[int, int]], one: int, other: int) -> None:
    """Move the connections of a group to the one that it becomes part of."""
    del linked[one][other], linked[other][one]
    for third, weight in linked[other].items():
        del linked[third][other]
        linked[one][third] = linked[third][one] = linked[one].get(third, 0) + weight
    linked[other] = {}
