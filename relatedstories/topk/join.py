"""The exact top-k of every row among all others."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from relatedstories.errors import BadValueError, number_within, whole_number
from relatedstories.features.word_space import NONE
from relatedstories.topk import blocked_index
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.dates import ANY_DAY, DateFactor, every_day
from relatedstories.topk.rows import Rows, csr_arrays

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["self_topk"]

_MAX_K_OF_PAIRS = 64  # up to this k comparing each pair once is faster; with longer lists most time goes into filling them


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
    """Return, for every row, the other rows with the greatest inner products, exactly.

    Parameters
    ----------
    rows : scipy.sparse CSR matrix or array, shape (n, m)
        Finite weights; computed in float32. Any sparse format is accepted; CSR float32 is not copied.
    k : int, default 10
        How many rows to find for each, at least 1.
    n_threads : int, default 1
        Threads to compute on, at least 1. The result does not depend on it.
    days : ndarray of int32, shape (n,), optional
        The rows' day numbers, `NO_DATE` where unknown.
    date_factor : DateFactor, optional
        Multiplies each product by the factor between the rows' days; needs `days`.
    spans : ndarray of int32, shape (n, 2), optional
        The first and the last day that each row may list, `NO_DATE` being before every day; needs `days`.
    embeddings : ndarray of int8, shape (n, d), optional
        An embedding for each row, see `relatedstories.features.word_space`. One that begins with -128 is missing; its row
        is compared by the inner product alone.
    embedding_weight : float, default 0
        The weight of `embeddings` in a score, 0 to 1: a row whose product is greater than 0 has the score
        ``((1 - embedding_weight) * product + embedding_weight * squared_cosine) * date factor``.
    min_score : float, default 0
        The least score to list; a score that is not greater than 0 is never listed.
    progress : callable, optional
        Called with the number of rows done since the last call.

    Returns
    -------
    ids : ndarray of int32, shape (n, k)
        Row numbers, best first; -1 where there are fewer than k. A row never lists itself.
    scores : ndarray of float32, shape (n, k)
        Falling along a row; 0 where the id is -1. Equal scores are ordered by the nearer day, then by the lower number.

    Raises
    ------
    BadValueError
        If an argument has another type, shape or range.

    Examples
    --------
    >>> rows = sp.csr_array(np.array([[1, 0, 1], [0, 1, 1], [0, 0, 2]], dtype=np.float32))
    >>> ids, scores = self_topk(rows, k=2)
    >>> ids.tolist(), scores.tolist()
    ([[2, 1], [2, 0], [0, 1]], [[2.0, 1.0], [2.0, 1.0], [2.0, 2.0]])
    """
    matrix = _checked_matrix(rows)
    k, n_threads = whole_number("self_topk", "k", k, 1), whole_number("self_topk", "n_threads", n_threads, 1)
    min_score = number_within("self_topk", "min_score", min_score, -math.inf, math.inf)
    embedding_weight = number_within("self_topk", "embedding_weight", embedding_weight, 0, 1)
    n: int = matrix.shape[0]
    days, spans = _checked_days(n, days, date_factor, spans)
    embeddings = _checked_embeddings(n, embeddings, embedding_weight)
    shared = np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1]) > 1)  # columns of one row alone do not count
    compared = Rows(matrix[:, shared], days, embeddings)
    factors = date_factor or DateFactor(0)
    products_alone = (
        n and not embedding_weight and (days == days[0]).all() and factors.of(days[0], days[:1]) == 1 and (spans == ANY_DAY).all()
    )
    if products_alone and k <= _MAX_K_OF_PAIRS:
        return _top_of_pairs(compared, k, min_score, n_threads, progress)
    index = BlockedIndex.of(compared, blocked_index.dated_block_size(days, factors))
    return index.top(
        compared,
        k,
        np.arange(n, dtype=np.int32),
        spans,
        date_factor=factors,
        embedding_weight=embedding_weight,
        min_score=min_score,
        n_threads=n_threads,
    ).wait(progress)


def _top_of_pairs(
    rows: Rows, k: int, min_score: float, n_threads: int, progress: Callable[[int], object] | None
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return what `self_topk` returns where a score is the product alone; each product is computed once, for both lists."""
    from relatedstories.topk._pairs import top_pairs  # imported late, as in `BlockedIndex.top`

    n, task_size = len(rows.days), blocked_index.ROWS_PER_TASK
    n_blocks = min(max(2 * n_threads, n // blocked_index.ROWS_PER_BLOCK) | 1, blocked_index.MAX_BLOCKS)  # enough for all threads
    index = BlockedIndex.of(rows, min(max(math.ceil(n / n_blocks), task_size), blocked_index.MAX_ROWS_PER_BLOCK))
    size, n_blocks = index.block_size, len(index.posting_starts)
    ids, scores = np.full((n, k), -1, np.int32), np.zeros((n, k), np.float32)
    query = csr_arrays(rows.weights)
    indexed = size, index.posting_starts, index.posting_rows, index.posting_weights, np.float32(min_score)
    locks = [Lock() for _ in range(n_blocks)]

    def compare_with_own_block(start: int) -> int:
        stop = min(start + task_size, start // size * size + size, n)
        top_pairs(*query, start, stop, start // size, *indexed, ids, scores)
        return stop - start

    def compare_blocks(pair: tuple[int, int]) -> int:
        a, b = pair
        stop = min((b + 1) * size, n)
        with locks[a], locks[b]:  # the lists of both blocks change; the lower is locked first, so that no two tasks deadlock
            top_pairs(*query, b * size, stop, a, *indexed, ids, scores)
        return stop - b * size

    # Each row is compared with its own block first: lists are then full, and few later rows enter them. Two pairs of blocks with
    # the same sum, modulo the number of blocks, have no block in common, and if that number is odd every sum occurs equally
    # often: ordered by this sum, threads seldom wait for each other's locks.
    starts = [start for first in range(0, n, size) for start in range(first, min(first + size, n), task_size)]
    pairs = sorted(itertools.combinations(range(n_blocks), 2), key=lambda pair: sum(pair) % n_blocks)
    done, total = 0, n + sum(min(size, n - b * size) for _, b in pairs)
    stages = (compare_with_own_block, starts), (compare_blocks, pairs)
    with ThreadPoolExecutor(n_threads) as pool:
        for n_rows in itertools.chain.from_iterable(pool.map(task, arguments) for task, arguments in stages):
            if progress is not None:
                progress(n * (done + n_rows) // total - n * done // total)
            done += n_rows
    return ids, scores


def _checked_matrix(rows: Any) -> sp.csr_array:
    """Return the rows as a canonical CSR array of float32; the caller's matrix is not changed."""
    if not sp.issparse(rows) or rows.ndim != 2 or rows.dtype.kind not in "fiub":
        raise BadValueError("self_topk", "rows", type(rows).__name__, "a scipy.sparse matrix of two dimensions and real numbers")
    matrix = sp.csr_array(rows, dtype=np.float32)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    if not np.isfinite(matrix.data).all():
        raise BadValueError("self_topk", "rows", "a weight that is not finite", "finite weights")
    return matrix


def _checked_days(
    n: int, days: npt.NDArray[np.int32] | None, date_factor: DateFactor | None, spans: npt.NDArray[np.int32] | None
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return days and spans for n rows: those given, or day 0 and every day."""
    if days is None:
        for field, value in (("date_factor", date_factor), ("spans", spans)):
            if value is not None:
                raise BadValueError("self_topk", field, "one without days", "days too, one a row")
        days = np.zeros(n, np.int32)
    elif len(days) != n:
        raise BadValueError("self_topk", "days", f"{len(days)} day numbers", f"{n}, one a row")
    if spans is None:
        spans = every_day(n)
    elif spans.shape != (n, 2):
        raise BadValueError("self_topk", "spans", f"an array of shape {spans.shape}", f"one of shape {(n, 2)}")
    return np.asarray(days, np.int32), spans


def _checked_embeddings(n: int, embeddings: npt.NDArray[np.int8] | None, embedding_weight: float) -> npt.NDArray[np.int8]:
    """Return embeddings for n rows: those given, or missing ones."""
    if embeddings is None:
        if embedding_weight:
            raise BadValueError(
                "self_topk", "embedding_weight", f"{embedding_weight:g} without embeddings", "embeddings too, one a row"
            )
        return np.full((n, 1), NONE, np.int8)
    if embeddings.ndim != 2 or len(embeddings) != n or embeddings.dtype != np.int8:
        got = f"an array of {embeddings.dtype}, shape {embeddings.shape}"
        raise BadValueError("self_topk", "embeddings", got, f"one of int8, {n} rows")
    return embeddings
