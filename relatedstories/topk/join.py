"""The exact top-k of rows: inner products, blended with the squared cosine of embeddings, weighed by the distance of dates."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from relatedstories.errors import BadValueError, number_within, whole_number
from relatedstories.features.word_space import NONE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "ANY_DAY",
    "NO_DATE",
    "Best",
    "BlockedIndex",
    "DateFactor",
    "Rows",
    "blended",
    "every_day",
    "fixed_rows",
    "longest",
    "self_topk",
]

NO_DATE = np.iinfo(np.int32).min
"""Stands for an unknown date among day numbers."""

_FAR = np.iinfo(np.int32).max

ANY_DAY = (NO_DATE, _FAR)
"""The span of days that all are in, unknown ones too."""


def every_day(n: int) -> npt.NDArray[np.int32]:
    """That span for each of so many rows, shape (n, 2)."""
    return np.tile(np.array(ANY_DAY, np.int32), (n, 1))


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
    products: npt.NDArray[np.float32],
    squared_cosines: npt.NDArray[np.float32],
    embedding_weight: float,
    factors: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """Scores: ``((1 - embedding_weight) * product + embedding_weight * squared_cosine) * factor``, 0 where the product is.

    Where the squared cosine is unknown, -1, the product stands for both.

    In float32, one operation at a time, as the compiled loop has it.

    Examples
    --------
    >>> one = np.ones(2, np.float32)
    >>> blended(np.array([0.5, 0], np.float32), one, 0.5, one).tolist()
    [0.75, 0.0]
    """
    part = np.float32(embedding_weight)
    both = products * (np.float32(1) - part) + squared_cosines * part
    scores: npt.NDArray[np.float32] = np.where(squared_cosines < 0, products, both) * factors
    scores[products <= 0] = 0
    return scores


def distances(day: int | npt.NDArray[np.int32], days: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Days apart; an unknown date is farthest. Of several days each is compared with those at its place."""
    apart = np.abs(days.astype(np.int64) - day)
    return np.where((days == NO_DATE) | (day == NO_DATE), _FAR, apart)


class Best(NamedTuple):
    """The best for some rows, as they are found.

    Parameters
    ----------
    ids, scores : ndarray of int32 and of float32, shape (n, k)
        As of `self_topk`, to be filled.
    parts : iterator of ndarray of int
        Fills them: gives the places of rows that are done, some at a time; the next are worked on meanwhile.
    """

    ids: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    parts: Iterator[npt.NDArray[np.intp]]

    @classmethod
    def of(cls, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]) -> Best:
        """What is filled already."""
        return cls(ids, scores, iter([np.arange(len(ids))]))

    def filled(self, progress: Callable[[int], object] | None = None) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The arrays when all is done; `progress` is called with the number of rows done since the last call."""
        for part in self.parts:
            if progress is not None:
                progress(len(part))
        return self.ids, self.scores


class Rows(NamedTuple):
    """Rows as they are compared.

    Parameters
    ----------
    weights : scipy.sparse.csr_array of float32, shape (n, m)
        Columns sorted, each once a row.
    days : ndarray of int32, shape (n,)
        Day numbers, `NO_DATE` where unknown.
    embeddings : ndarray of int8, shape (n, d)
        See `relatedstories.features.word_space`.
    """

    weights: sp.csr_array
    days: npt.NDArray[np.int32]
    embeddings: npt.NDArray[np.int8]

    def picked(self, numbers: npt.NDArray[Any]) -> Rows:
        """Some of them."""
        return Rows(self.weights[numbers], self.days[numbers], self.embeddings[numbers])


@dataclass(frozen=True)
class BlockedIndex:
    """Rows that others are compared with: in date order, cut into blocks, each of them by column.

    Parameters
    ----------
    order : ndarray of int32, shape (n,)
        The numbers of the rows, by date.
    days : ndarray of int32, shape (n,)
        In that order, as all that follows.
    block_days : ndarray of int32, shape (n_blocks, 3)
        Of each block the first and the last day, and the first that is known.
    starts : ndarray of int, shape (n_blocks, m + 1)
        Where the postings of each block's columns start.
    places, weights : ndarray of uint16 and of float32
        The postings: the places of rows in their block, and their weights.
    max_weights : ndarray of float64, shape (m,)
        The greatest weight of each column, without sign.
    heads : ndarray of int8, shape (n, HEAD)
        The first numbers of each embedding.
    lengths : ndarray of int32, shape (n,)
        The lengths of what follows these, rounded up, -1 where there is no embedding.
    longest : float
        The length of the longest row.
    size : int
        The rows of a block; the last may have fewer.
    embeddings : ndarray of int8, shape (n, d)
        By the numbers of the rows, as they were given.
    """

    order: npt.NDArray[np.int32]
    days: npt.NDArray[np.int32]
    block_days: npt.NDArray[np.int32]
    starts: npt.NDArray[Any]
    places: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.float32]
    max_weights: npt.NDArray[np.float64]
    heads: npt.NDArray[np.int8]
    lengths: npt.NDArray[np.int32]
    longest: float
    size: int
    embeddings: npt.NDArray[np.int8]

    @classmethod
    def of(cls, rows: Rows, size: int | None = None) -> BlockedIndex:
        """Cut rows into blocks, of so many if that is said."""
        from relatedstories.topk._kernel import HEAD, tail_lengths

        order = np.argsort(rows.days, kind="stable").astype(np.int32)
        n, days, weights = len(order), rows.days[order], sp.csr_array(rows.weights)[order]
        size = size or _size(n)
        blocks = [weights[start : start + size].tocsc() for start in range(0, n, size)]
        firsts = np.cumsum([0, *(block.nnz for block in blocks)])
        starts = [first + block.indptr.astype(np.int64) for first, block in zip(firsts, blocks, strict=False)]
        max_weights = np.zeros(weights.shape[1], np.float32)
        np.maximum.at(max_weights, weights.indices, np.abs(weights.data))
        embeddings = rows.embeddings
        if embeddings.shape[1] < HEAD:
            embeddings = np.pad(embeddings, ((0, 0), (0, HEAD - embeddings.shape[1])))
        return cls(
            order,
            days,
            np.array([_days_of(days[start : start + size]) for start in range(0, n, size)], np.int32).reshape(-1, 3),
            np.array(starts, np.int32 if weights.nnz <= np.iinfo(np.int32).max else np.int64).reshape(
                len(blocks), -1 if blocks else 1
            ),
            np.concatenate([np.zeros(0, np.uint16), *(block.indices.astype(np.uint16) for block in blocks)]),
            np.concatenate([np.zeros(0, np.float32), *(block.data for block in blocks)]),
            max_weights.astype(np.float64),
            np.ascontiguousarray(embeddings[order, :HEAD]),
            tail_lengths(_fixed(embeddings, np.int8))[order],
            longest(weights),
            size,
            embeddings,
        )

    def parts(self) -> dict[str, npt.NDArray[Any]]:
        """Its arrays, but the embeddings, by name: what `of_parts` makes it of again."""
        return {f"blocks-{name}": np.atleast_1d(getattr(self, name)) for name in _PARTS}

    @classmethod
    def of_parts(cls, arrays: Mapping[str, npt.NDArray[Any]], embeddings: npt.NDArray[np.int8]) -> BlockedIndex:
        """The blocks that `parts` came from; the arrays are used as they are, and may be memory-mapped."""
        parts: dict[str, Any] = {name: arrays[f"blocks-{name}"] for name in _PARTS}
        parts |= {"longest": float(parts["longest"][0]), "size": int(parts["size"][0])}
        return cls(**parts, embeddings=embeddings)

    @functools.cached_property
    def _positions(self) -> npt.NDArray[np.int32]:
        """Where each row stands in the order; the last, -1, is for rows that are not here."""
        positions = np.full(len(self.order) + 1, -1, np.int32)
        positions[self.order] = np.arange(len(self.order), dtype=np.int32)
        return positions

    @functools.cached_property
    def _compared(self) -> tuple[Any, ...]:
        """What the compiled loops take: of one type each, from memory or from a file, so that they are compiled once."""
        return (
            _fixed(self.order, np.int32),
            self.size,
            _fixed(self.block_days, np.int32),
            _fixed(self.days, np.int32),
            _fixed(self.starts, self.starts.dtype),
            _fixed(self.places, np.uint16),
            _fixed(self.weights, np.float32),
            _fixed(self.max_weights, np.float64),
            self.longest,
            _fixed(self.heads, np.int8),
            _fixed(self.lengths, np.int32),
            _fixed(self.embeddings, np.int8),
        )

    def products(self, columns: npt.NDArray[Any], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The inner product of one sparse row with every row, by their numbers, shape (n,)."""
        sums = np.zeros(len(self.order), np.float32)
        for block, starts in enumerate(self.starts):
            part = sums[block * self.size : (block + 1) * self.size]
            for start, stop, weight in zip(starts[columns].tolist(), starts[columns + 1].tolist(), weights, strict=True):
                part[self.places[start:stop]] += weight * self.weights[start:stop]
        products = np.empty_like(sums)
        products[self.order] = sums
        return products

    def top(
        self,
        rows: Rows,
        k: int,
        numbers: npt.NDArray[np.int32],
        spans: npt.NDArray[np.int32],
        *,
        date_factor: DateFactor,
        embedding_weight: float = 0.0,
        min_score: float = 0.0,
        n_threads: int = 1,
    ) -> Best:
        """For some rows, those here of the greatest scores, exactly.

        Parameters
        ----------
        rows : Rows
            Over the same columns and with embeddings as wide as those here.
        k : int
        numbers : ndarray of int32, shape (n_rows,)
            Those that the rows have here, where they are never listed for themselves; -1 for rows that are not here.
        spans : ndarray of int32, shape (n_rows, 2)
            The first and the last day that each may list.
        date_factor, embedding_weight, min_score, n_threads
            As of `self_topk`.

        Returns
        -------
        Best
        """
        from relatedstories.topk._kernel import (  # numba takes a third of a second: only who compares many pays for it
            told,
            top_rows,
        )

        n_rows, n = len(rows.days), len(self.order)
        ids, scores = np.full((n_rows, k), -1, np.int32), np.zeros((n_rows, k), np.float32)
        if not n_rows or not n:
            return Best.of(ids, scores)
        positions = self._positions[numbers]
        near = np.where(positions >= 0, positions, np.searchsorted(self.days, rows.days))
        asked = np.argsort(near, kind="stable")
        embeddings = rows.embeddings
        if embeddings.shape[1] < self.embeddings.shape[1]:
            embeddings = np.pad(embeddings, ((0, 0), (0, self.embeddings.shape[1] - embeddings.shape[1])))
        asking = (
            *fixed_rows(rows.weights),
            _fixed(rows.days, np.int32),
            _fixed(embeddings, np.int8),
            _fixed(positions, np.int32),
            _fixed(spans, np.int32),
        )
        dates = _fixed(date_factor.table, np.float32), date_factor.unknown
        least = np.float32(embedding_weight), np.float32(min_score)

        if not top_rows.signatures:
            with told():
                top_rows(asked[:0], *asking, *self._compared, *dates, *least, 0, ids, scores)

        def task(start: int) -> npt.NDArray[np.intp]:
            part = asked[start : start + _TASK]
            home = int(min(near[part[0]], n - 1)) // self.size
            top_rows(part, *asking, *self._compared, *dates, *least, home, ids, scores)
            return part

        def parts() -> Iterator[npt.NDArray[np.intp]]:
            if n_rows <= _TASK:  # which is not worth a pool
                yield task(0)
                return
            pool = ThreadPoolExecutor(n_threads)
            try:
                yield from pool.map(task, range(0, n_rows, _TASK))
            finally:  # who has seen enough does not wait for the rest
                pool.shutdown(wait=False, cancel_futures=True)

        return Best(ids, scores, parts())


def self_topk(
    rows: sp.csr_array,
    k: int = 10,
    n_threads: int = 1,
    *,
    days: npt.NDArray[np.int32] | None = None,
    date_factor: DateFactor | None = None,
    spans: npt.NDArray[np.int32] | None = None,
    embeddings: npt.NDArray[np.int8] | None = None,
    embedding_weight: float = 0.0,
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
    embeddings : ndarray of int8, shape (n, d), optional
        An embedding each row, see `relatedstories.features.word_space`; one that begins with -128 is none, and its row
        is compared without.
    embedding_weight : float, default 0
        The part of `embeddings` in a score, 0 to 1: a row whose product is greater than 0 has the score
        ``((1 - embedding_weight) * product + embedding_weight * squared_cosine) * date factor``.
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
        spans = every_day(n)
    elif spans.shape != (n, 2):
        raise BadValueError("self_topk", "spans", f"an array of shape {spans.shape}", f"one of shape {(n, 2)}")
    embedding_weight = number_within("self_topk", "embedding_weight", embedding_weight, 0, 1)
    if embeddings is None:
        if embedding_weight:
            raise BadValueError(
                "self_topk", "embedding_weight", f"{embedding_weight:g} without embeddings", "embeddings too, one a row"
            )
        embeddings = np.full((n, 1), NONE, np.int8)
    elif embeddings.ndim != 2 or len(embeddings) != n or embeddings.dtype != np.int8:
        got = f"an array of {embeddings.dtype}, shape {embeddings.shape}"
        raise BadValueError("self_topk", "embeddings", got, f"one of int8, {n} rows")
    several = np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1]) > 1)  # what only one row has, none shares
    compared = Rows(matrix[:, several], days, embeddings)
    factors = date_factor or DateFactor(1, 1)
    plain = (
        n and not embedding_weight and (days == days[0]).all() and factors.of(days[0], days[:1]) == 1 and (spans == ANY_DAY).all()
    )
    if plain and k <= _SHORT:
        return _top_of_pairs(compared, k, least, n_threads, progress)
    best = BlockedIndex.of(compared, _rows_near(days, factors)).top(
        compared,
        k,
        np.arange(n, dtype=np.int32),
        spans,
        date_factor=factors,
        embedding_weight=embedding_weight,
        min_score=least,
        n_threads=n_threads,
    )
    return best.filled(progress)


def _top_of_pairs(
    rows: Rows, k: int, min_score: float, n_threads: int, progress: Callable[[int], object] | None
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """`self_topk` where nothing but products counts: that of two rows is computed once, for the lists of both."""
    from relatedstories.topk._pairs import top_pairs  # as in `BlockedIndex.top`

    n = len(rows.days)
    n_blocks = min(max(2 * n_threads, n // _BLOCK) | 1, _MOST_BLOCKS)  # enough for all threads
    blocks = BlockedIndex.of(rows, min(max(math.ceil(n / n_blocks), _TASK), _MOST_ROWS))
    size, n_blocks = blocks.size, len(blocks.starts)
    ids, scores = np.full((n, k), -1, np.int32), np.zeros((n, k), np.float32)
    asking, compared = fixed_rows(rows.weights), (size, blocks.starts, blocks.places, blocks.weights, np.float32(min_score))
    locks = [Lock() for _ in range(n_blocks)]

    def own(start: int) -> int:
        stop = min(start + _TASK, start // size * size + size, n)
        top_pairs(*asking, start, stop, start // size, *compared, ids, scores)
        return stop - start

    def pair(both: tuple[int, int]) -> int:
        a, b = both
        stop = min((b + 1) * size, n)
        with locks[a], locks[b]:  # as the lists of both change; the lower first, so that none waits for one that waits for it
            top_pairs(*asking, b * size, stop, a, *compared, ids, scores)
        return stop - b * size

    # Each row has its own block first: then lists are full, and little enters them later. Pairs of one sum, modulo the number of
    # blocks, have none in common, and if that is odd every sum has as many: threads seldom wait for each other's blocks.
    starts = [start for first in range(0, n, size) for start in range(first, min(first + size, n), _TASK)]
    pairs = sorted(itertools.combinations(range(n_blocks), 2), key=lambda both: sum(both) % n_blocks)
    done, all_of = 0, n + sum(min(size, n - b * size) for _, b in pairs)
    with ThreadPoolExecutor(n_threads) as pool:
        for n_rows in itertools.chain.from_iterable(pool.map(do, parts) for do, parts in ((own, starts), (pair, pairs))):
            if progress is not None:
                progress(n * (done + n_rows) // all_of - n * done // all_of)
            done += n_rows
    return ids, scores


_PARTS = tuple(part.name for part in fields(BlockedIndex) if part.name != "embeddings")
_TASK = 1024  # rows a task: enough for a thread to be worth it, few enough to embedding_weight the work out and show progress
_BLOCK = 8192  # rows a block: their sums, postings and the heads of their embeddings stay in a core's cache
_SHORT = 64  # lists up to which to compare each pair once is faster: with longer ones most of the time goes into filling them
_NOTHING = 0.1  # of a score: less than nearly every list's last has
_MOST_BLOCKS = 127  # each has a number for every column
_MOST_ROWS = 1 << 16  # that have a place in a block, counted in 16 bits


def _rows_near(days: npt.NDArray[np.int32], date_factor: DateFactor) -> int | None:
    """Where dates far apart leave nothing of a score, the rows of two half-lives: blocks of so many are soon ruled out."""
    known = days[days != NO_DATE]
    if not len(known) or date_factor.table[-1] > _NOTHING:
        return None
    apart = int(known.max()) - int(known.min()) + 1
    return min(max(len(days) * 2 * date_factor.unknown // apart, _TASK, len(days) // _MOST_BLOCKS), _size(len(days)))


def _size(n: int) -> int:
    """The rows of a block of n in all, unless something speaks for others."""
    return min(max(_BLOCK, n // _MOST_BLOCKS), _MOST_ROWS)


def fixed_rows(matrix: sp.csr_array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Rows as compiled loops take them."""
    return _fixed(matrix.indptr, np.int64), _fixed(matrix.indices, np.int32), _fixed(matrix.data, np.float32)


def longest(matrix: sp.csr_array) -> float:
    """The length of the longest row."""
    return float(np.sqrt(matrix.power(2).sum(axis=1, dtype=np.float64).max(initial=0)))


def _fixed(array: npt.NDArray[Any], kind: Any) -> npt.NDArray[Any]:
    """The array in one type and order, and read-only."""
    view = np.ascontiguousarray(array, kind).view()
    view.flags.writeable = False
    return view


def _days_of(days: npt.NDArray[np.int32]) -> tuple[int, int, int]:
    """Of sorted days the first and the last, and the first that is known."""
    known = days[days != NO_DATE]
    return int(days[0]), int(days[-1]), int(known[0]) if len(known) else NO_DATE


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
