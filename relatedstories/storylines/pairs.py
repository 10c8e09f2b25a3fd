"""Pairs of events that are near each other: the neighbour graph of an archive, and what is known of each pair."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse as sp

from relatedstories.topk.dates import UNKNOWN_DISTANCE, distances

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["FEATURES", "NEIGHBOURS", "Pairs", "features_of", "telling_weights", "typical_score"]

NEIGHBOURS = 10
"""The number of nearest events of each event that it is a pair with."""

FEATURES = ("score", "days", "common neighbours", "links to both", "common topics")
"""What the model of `relatedstories.storylines.same_story` knows of a pair, in this order; `features_of` says what each is."""

USUAL, USUAL_EVENTS = 0.35, 50
"""The typical score of the nearest event, in archives of short news, and how many events it counts as beside an archive's own."""

UNKNOWN_DAYS = 20
"""The days that two events count as apart where the date of one is unknown: it tells neither for nor against one story."""

_STEPS = 1 << 10  # logarithms are rounded to whole multiples of 1 / _STEPS, so that sums are exact on every machine
_CHUNK = 1 << 15  # pairs whose rows are compared at once


class Pairs(NamedTuple):
    """The pairs of events of which one is among the nearest of the other, each once.

    Parameters
    ----------
    a, b : ndarray of int, shape (n_pairs,)
        The numbers of the events, a before b; sorted.
    scores : ndarray of float32, shape (n_pairs,)
        The score of their link; where it differs from one to the other, the greater.
    """

    a: npt.NDArray[np.intp]
    b: npt.NDArray[np.intp]
    scores: npt.NDArray[np.float32]

    @classmethod
    def of(cls, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]) -> Pairs:
        """Return the pairs in lists of nearest events.

        Parameters
        ----------
        ids, scores : ndarray, shape (n_events, k)
            As of `relatedstories.topk.self_topk`.

        Examples
        --------
        >>> ids = np.array([[1, -1], [0, 2], [1, -1]])
        >>> [part.tolist() for part in Pairs.of(ids, np.array([[0.5, 0], [0.5, 0.25], [0.25, 0]]))]
        [[0, 1], [1, 2], [0.5, 0.25]]
        """
        n, k = ids.shape
        one, other = np.repeat(np.arange(n), k), ids.ravel().astype(np.intp)
        listed = other >= 0
        one, other, found = one[listed], other[listed], scores.ravel()[listed]
        a, b = np.minimum(one, other), np.maximum(one, other)
        order = np.lexsort((-found, b, a))
        a, b, found = a[order], b[order], found[order]
        first = np.ones(len(a), bool)
        first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
        return cls(a[first], b[first], found[first])


def typical_score(scores: npt.NDArray[np.float32]) -> float:
    """Return what the score of the nearest event of an event typically is: the median, drawn to `USUAL` where there are few.

    Parameters
    ----------
    scores : ndarray of float32, shape (n_events, k)
        Of the nearest events, 0 where there is none.
    """
    best = scores[:, 0][scores[:, 0] > 0]
    median = float(np.sort(best)[len(best) // 2]) if len(best) else 0.0
    return (len(best) * median + USUAL_EVENTS * USUAL) / (len(best) + USUAL_EVENTS)


def telling_weights(n_with_topic: npt.NDArray[np.intp], n_events: int) -> npt.NDArray[np.float64]:
    """Return how much each topic tells, the logarithm of its inverse frequency, given how many events have it."""
    counts, places = np.unique(n_with_topic, return_inverse=True)
    return _rounded([math.log(n_events / max(1, count)) for count in counts.tolist()])[places]


def features_of(
    pairs: Pairs,
    ids: npt.NDArray[np.int32],
    typical: float,
    days: npt.NDArray[np.int32],
    topics: sp.csr_array,
    weights: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return what is known of each pair.

    Parameters
    ----------
    pairs : Pairs
    ids : ndarray of int32, shape (n_events, k)
        The nearest events of each event that the pairs were made of.
    typical : float
        The `typical_score` of the archive: long articles have lower scores than short ones.
    days : ndarray of int32
        The day numbers of events.
    topics : scipy.sparse.csr_array
        Which topics each event has.
    weights : ndarray of float64
        How much each topic tells; see `telling_weights`.

    Returns
    -------
    ndarray of float64, shape (n_pairs, 5)
        The score as a part of the typical one; ``log(1 + days between them)``; the number of events that are among the nearest of
        both, or are one of the two and among the nearest of the other; ``log(1 + n_a) + log(1 + n_b)``, where n is how many lists
        of nearest events an event is in; and of the weights of the topics that either has, the share of those that both have.
    """
    n, a, b = len(ids), pairs.a, pairs.b
    listed = ids >= 0
    starts = np.concatenate([[0], np.cumsum(listed.sum(axis=1) + 1)])
    near = np.concatenate([np.arange(n)[:, None], ids], axis=1)
    neighbours = sp.csr_array((np.ones(starts[-1], np.int32), near[near >= 0], starts), shape=(n, n))
    n_lists = np.bincount(ids[listed], minlength=n)
    logarithms = _rounded([math.log(1 + count) for count in range(int(n_lists.max(initial=0)) + 1)])[n_lists]
    has = sp.csr_array((np.ones(topics.nnz), topics.indices, topics.indptr), shape=topics.shape)
    own = has @ weights
    weighed = sp.csr_array((weights[topics.indices], topics.indices, topics.indptr), shape=topics.shape)
    common = _products(weighed, has, a, b)
    either = own[a] + own[b] - common
    return np.column_stack(
        [
            pairs.scores.astype(np.float64) / typical,
            _log_days(days[a], days[b]),
            _products(neighbours, neighbours, a, b),
            logarithms[a] + logarithms[b],
            np.divide(common, either, out=np.zeros(len(a)), where=either > 0),
        ]
    )


def _log_days(days: npt.NDArray[np.int32], others: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Return ``log(1 + days)`` for the days between each two dates; an unknown date counts as `UNKNOWN_DAYS` days away."""
    apart = distances(days, others)
    apart[apart == UNKNOWN_DISTANCE] = UNKNOWN_DAYS
    known, places = np.unique(apart, return_inverse=True)
    return _rounded([math.log(1 + each) for each in known.tolist()])[places]


def _products(
    rows: sp.csr_array, others: sp.csr_array, a: npt.NDArray[np.intp], b: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Return the inner product of each row of `a` with that of `b` beside it."""
    found = np.empty(len(a))
    for start in range(0, len(a), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        found[chunk] = rows[a[chunk]].multiply(others[b[chunk]]).sum(axis=1)
    return found


def _rounded(values: list[float]) -> npt.NDArray[np.float64]:
    rounded: npt.NDArray[np.float64] = np.rint(np.array(values, np.float64) * _STEPS) / _STEPS
    return rounded
