"""The exact top-k of rows: inner products, blended with the nearness of directions, weighed by the distance of dates."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from relatedstories.errors import BadValueError, number_within, whole_number
from relatedstories.space import NONE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["ANY_DAY", "NO_DATE", "DateFactor", "Postings", "blended", "self_topk"]

NO_DATE = np.iinfo(np.int32).min
"""Stands for an unknown date among day numbers."""

_FAR = np.iinfo(np.int32).max

ANY_DAY = (NO_DATE, _FAR)
"""The span of days that all are in, unknown ones too."""


class DateFactor:
    """What a score is multiplied by for the days between two events: ``floor + (1 - floor) * 2 ** (-days / half_life)``.

    Parameters
    ----------
    half_life : float
        Days after which the part above the floor has halved; more than 0.
    floor : float
        What is left for events however far apart, 0 to 1.

    Notes
    -----
    A pair with an unknown date counts as one half-life apart. The factors are tabulated for whole days in float32,
    up to where they no longer change, by Python's own power function, so that one day is one factor everywhere.

    Examples
    --------
    >>> DateFactor(half_life=100, floor=0.2).table[[0, 100]].tolist()
    [1.0, 0.6000000238418579]
    """

    def __init__(self, half_life: float, floor: float) -> None:
        last = int(40 * half_life) + 1
        self.table = np.array([floor + (1 - floor) * 2.0 ** (-day / half_life) for day in range(last)] + [floor], np.float32)
        self.unknown = min(round(half_life), last)

    def of(self, day: int, days: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """The factors between one day and others (day numbers, or `NO_DATE`)."""
        apart = distances(day, days)
        index = np.where(apart == _FAR, self.unknown, np.minimum(apart, len(self.table) - 1))
        factors: npt.NDArray[np.float32] = self.table[index]
        return factors


def blended(
    products: npt.NDArray[np.float32], nearness: npt.NDArray[np.float32], share: float, factors: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Scores: ``((1 - share) * product + share * nearness) * factor``, 0 where the product is.

    Where the nearness is unknown, -1, the product stands for both.

    In float32, one operation at a time, as the compiled loop has it.

    Examples
    --------
    >>> one = np.ones(2, np.float32)
    >>> blended(np.array([0.5, 0], np.float32), one, 0.5, one).tolist()
    [0.75, 0.0]
    """
    part = np.float32(share)
    both = products * (np.float32(1) - part) + nearness * part
    scores: npt.NDArray[np.float32] = np.where(nearness < 0, products, both) * factors
    scores[products <= 0] = 0
    return scores


def distances(day: int, days: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Days apart; an unknown date is farthest."""
    apart = np.abs(days.astype(np.int64) - day)
    return np.where((days == NO_DATE) | (day == NO_DATE), _FAR, apart)


@dataclass(frozen=True, slots=True)
class Postings:
    """The columns of sparse rows: for each term, the rows that have it and their weights."""

    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    n_rows: int

    @classmethod
    def of(cls, rows: sp.csr_array) -> Postings:
        """Turn rows into columns."""
        columns = sp.csr_array(rows).tocsc()
        starts, ids = columns.indptr.astype(np.int64), columns.indices.astype(np.int32)
        return cls(starts, ids, columns.data.astype(np.float32), rows.shape[0])

    def products(self, columns: npt.NDArray[Any], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The inner product of one sparse row with every row, shape (n_rows,)."""
        sums = np.zeros(self.n_rows, np.float32)
        for column, weight in zip(columns.tolist(), weights, strict=True):
            part = slice(self.starts[column], self.starts[column + 1])
            sums[self.rows[part]] += weight * self.weights[part]
        return sums


def self_topk(
    rows: sp.csr_array,
    k: int = 10,
    n_threads: int = 1,
    *,
    days: npt.NDArray[np.int32] | None = None,
    date_factor: DateFactor | None = None,
    spans: npt.NDArray[np.int32] | None = None,
    directions: npt.NDArray[np.int8] | None = None,
    share: float = 0.0,
    min_score: float = 0.0,
    progress: Callable[[int], object] | None = None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """For every row, the other rows of the greatest inner products with it, exactly.

    Parameters
    ----------
    rows : scipy.sparse CSR matrix or array, shape (n, m)
        Finite weights; computed in float32. Any sparse format is taken, CSR float32 without a copy.
    k : int, default 10
        How many rows to find, at least 1.
    n_threads : int, default 1
        Threads to compute on, at least 1. The result does not depend on it.
    days : ndarray of int32, shape (n,), optional
        The rows' day numbers, `NO_DATE` where unknown.
    date_factor : DateFactor, optional
        Multiplies each product by the factor between the rows' days; needs `days`.
    spans : ndarray of int32, shape (n, 2), optional
        The first and the last day that each row may list, `NO_DATE` being before every day; needs `days`.
    directions : ndarray of int8, shape (n, d), optional
        A direction each row, see `relatedstories.space`; one that begins with -128 is none, and its row is compared without.
    share : float, default 0
        The part of `directions` in a score, 0 to 1: a row whose product is greater than 0 has the score
        ``((1 - share) * product + share * nearness) * date factor``.
    min_score : float, default 0
        Scores below it are left out; so is, always, what is not greater than 0.
    progress : callable, optional
        Called with the number of rows done since the last call.

    Returns
    -------
    ids : ndarray of int32, shape (n, k)
        Row numbers, best first; -1 where there are fewer than k. A row never lists itself.
    scores : ndarray of float32, shape (n, k)
        Falling along a row; 0 where the id is -1. Of equal scores the row of the nearer day comes first, then the lower
        number.

    Raises
    ------
    BadValueError
        If an argument is not as above.

    Examples
    --------
    >>> rows = sp.csr_array(np.array([[1, 0, 1], [0, 1, 1], [0, 0, 2]], dtype=np.float32))
    >>> ids, scores = self_topk(rows, k=2)
    >>> ids.tolist(), scores.tolist()
    ([[2, 1], [2, 0], [0, 1]], [[2.0, 1.0], [2.0, 1.0], [2.0, 2.0]])
    """
    matrix = _checked(rows)
    k, n_threads = whole_number("self_topk", "k", k, 1), whole_number("self_topk", "n_threads", n_threads, 1)
    least = number_within("self_topk", "min_score", min_score, -math.inf, math.inf)
    n: int = matrix.shape[0]
    if days is None:
        for field, value in (("date_factor", date_factor), ("spans", spans)):
            if value is not None:
                raise BadValueError("self_topk", field, "one without days", "days too, one a row")
        days = np.zeros(n, np.int32)
    elif len(days) != n:
        raise BadValueError("self_topk", "days", f"{len(days)} day numbers", f"{n}, one a row")
    days = np.asarray(days, np.int32)
    if spans is None:
        spans = np.tile(np.array(ANY_DAY, np.int32), (n, 1))
    elif spans.shape != (n, 2):
        raise BadValueError("self_topk", "spans", f"an array of shape {spans.shape}", f"one of shape {(n, 2)}")
    share = number_within("self_topk", "share", share, 0, 1)
    if directions is None:
        if share:
            raise BadValueError("self_topk", "share", f"{share:g} without directions", "directions too, one a row")
        directions = np.full((n, 1), NONE, np.int8)
    elif directions.ndim != 2 or len(directions) != n or directions.dtype != np.int8:
        got = f"an array of {directions.dtype}, shape {directions.shape}"
        raise BadValueError("self_topk", "directions", got, f"one of int8, {n} rows")
    factors = date_factor or DateFactor(1, 1)
    ids = np.full((n, k), -1, np.int32)
    scores = np.zeros((n, k), np.float32)
    if n == 0:
        return ids, scores
    from relatedstories._kernel import top_rows  # numba takes a third of a second: only who joins pays for it

    order = np.argsort(days, kind="stable")
    days, (first_days, last_days) = days[order], np.ascontiguousarray(spans[order].T, np.int32)
    size = min(max(_BLOCK, n // _MOST_BLOCKS), _MOST_ROWS)
    matrix, bounds, postings = _blocked(matrix[order], size)
    block_days = np.array([_days_of(days[start : start + size]) for start in range(0, n, size)], np.int32)
    joined = (
        (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data),
        bounds,
        postings,
        size,
        block_days,
        (days, factors.table, factors.unknown),
        (first_days, last_days),
        (*_parted(directions[order]), np.float32(share)),
        np.float32(least),
        order,
    )

    def task(start: int) -> int:
        stop = min(start + _TASK, n)
        top_rows(*joined, start, stop, ids, scores)
        return stop - start

    with ThreadPoolExecutor(n_threads) as pool:
        for done in pool.map(task, range(0, n, _TASK)):
            if progress is not None:
                progress(done)
    return ids, scores


_TASK = 1024  # rows a task: enough for a thread to be worth it, few enough to share the work out and show progress
_BLOCK = 8192  # rows a block: their sums, postings and the heads of their directions stay in a core's cache
_MOST_BLOCKS = 64  # each has a number for every column
_MOST_ROWS = 1 << 16  # that have a place in a block, counted in 16 bits


def _blocked(
    rows: sp.csr_array, size: int
) -> tuple[sp.csr_array, npt.NDArray[np.float32], tuple[npt.NDArray[Any], npt.NDArray[np.uint16], npt.NDArray[np.float32]]]:
    """The rows without the columns that only one has, the greatest product each can have, and the postings of their blocks.

    The postings: where those of each block's columns start, shape (n_blocks, n_columns + 1), their places in the block, and
    their weights.
    """
    rows = rows[:, np.flatnonzero(np.bincount(rows.indices, minlength=rows.shape[1]) > 1)]
    rows.sort_indices()  # so that sums have one order
    greatest = np.zeros(rows.shape[1], np.float64)
    np.maximum.at(greatest, rows.indices, np.abs(rows.data))
    lengths = np.sqrt(rows.power(2).sum(axis=1, dtype=np.float64))
    bounds = np.minimum(abs(rows) @ greatest, lengths * lengths.max(initial=0))
    bounds *= 1 + 1e-5 + np.diff(rows.indptr) * np.finfo(np.float32).eps  # as each sum in float32 may round up
    blocks = [rows[start : start + size].tocsc() for start in range(0, rows.shape[0], size)]
    firsts = np.cumsum([0, *(block.nnz for block in blocks[:-1])])
    starts = np.stack([first + block.indptr.astype(np.int64) for first, block in zip(firsts, blocks, strict=True)])
    postings = (
        starts.astype(np.int32) if rows.nnz <= np.iinfo(np.int32).max else starts,  # half the cache
        np.concatenate([block.indices for block in blocks]).astype(np.uint16),
        np.concatenate([block.data for block in blocks]),
    )
    return rows, bounds.astype(np.float32), postings


def _days_of(days: npt.NDArray[np.int32]) -> tuple[int, int, int]:
    """Of sorted days the first and the last, and the first that is known."""
    known = days[days != NO_DATE]
    return int(days[0]), int(days[-1]), int(known[0]) if len(known) else NO_DATE


def _parted(
    directions: npt.NDArray[np.int8],
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """The heads and tails of directions, and the lengths of their tails, rounded up; -1 where there is no direction."""
    from relatedstories._kernel import HEAD

    heads = np.zeros((len(directions), HEAD), np.int8)
    heads[:, : directions.shape[1]] = directions[:, :HEAD]
    tails = np.ascontiguousarray(directions[:, HEAD:])
    lengths = np.ceil(np.sqrt(np.square(tails, dtype=np.int32).sum(axis=1))).astype(np.int32)
    lengths[heads[:, 0] == NONE] = -1
    return heads, tails, lengths


def _checked(rows: Any) -> sp.csr_array:
    if not sp.issparse(rows) or rows.ndim != 2 or rows.dtype.kind not in "fiub":
        raise BadValueError("self_topk", "rows", type(rows).__name__, "a scipy.sparse matrix of two dimensions and real numbers")
    matrix = sp.csr_array(rows, dtype=np.float32)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()  # the caller's matrix stays as it was
        matrix.sum_duplicates()
    if not np.isfinite(matrix.data).all():
        raise BadValueError("self_topk", "rows", "a weight that is not finite", "finite weights")
    return matrix
