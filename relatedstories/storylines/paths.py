"""The chain from one event to another whose weakest step is strongest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, connected_components

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["widest_path"]


def widest_path(
    n: int, a: npt.NDArray[np.intp], b: npt.NDArray[np.intp], scores: npt.NDArray[np.float32], start: int, end: int
) -> list[int] | None:
    """Return the path between two nodes of an undirected graph whose least score is greatest, None if there is none.

    Of several such paths it is one with the fewest steps, and of these the one whose numbers come first, from the start on.

    Parameters
    ----------
    n : int
        The number of nodes.
    a, b : ndarray of int
        The nodes of each edge.
    scores : ndarray of float32
        The score of each edge.
    start, end : int

    Examples
    --------
    >>> edges = np.array([[0, 0, 1, 2], [3, 1, 2, 3]])
    >>> widest_path(5, *edges, np.array([0.2, 0.9, 0.5, 0.6], np.float32), 0, 3)
    [0, 1, 2, 3]
    >>> widest_path(5, *edges, np.array([0.5, 0.9, 0.5, 0.6], np.float32), 0, 3)
    [0, 3]
    >>> widest_path(5, *edges, np.ones(4, np.float32), 0, 4) is None
    True
    """
    if start == end:
        return [start]

    def graph_from(least: np.float32) -> sp.csr_array:
        kept = scores >= least
        pairs = np.concatenate([a[kept], b[kept]]), np.concatenate([b[kept], a[kept]])
        return sp.csr_array((np.ones(len(pairs[0]), np.int8), pairs), shape=(n, n))

    def joins(least: np.float32) -> bool:
        _, part = connected_components(graph_from(least), directed=False)
        return bool(part[start] == part[end])

    levels = np.unique(scores)
    if not len(levels) or not joins(levels[0]):
        return None
    low, high = 0, len(levels)  # the edges from level `low` on join the two, those from `high` on do not
    while high - low > 1:
        middle = (low + high) // 2
        if joins(levels[middle]):
            low = middle
        else:
            high = middle
    graph = graph_from(levels[low])
    steps = _steps_to(graph, end)
    path = [start]
    while path[-1] != end:
        neighbours = graph.indices[graph.indptr[path[-1]] : graph.indptr[path[-1] + 1]]
        nearer = neighbours[steps[neighbours] == steps[path[-1]] - 1]
        path.append(int(nearer.min()))
    return path


def _steps_to(graph: sp.csr_array, end: int) -> npt.NDArray[np.intp]:
    """Return the least number of steps from each node to another, -1 where there is no path."""
    order, before = breadth_first_order(graph, end, directed=False)
    steps = np.full(graph.shape[0], -1, np.intp)
    steps[end] = 0
    for node in order[1:].tolist():
        steps[node] = steps[before[node]] + 1
    return steps
