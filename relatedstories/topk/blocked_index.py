"""An inverted index of rows in blocks of near dates, and the exact top-k search over it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from relatedstories.topk.dates import NO_DATE, DateFactor
from relatedstories.topk.heads import HEAD, tail_norms
from relatedstories.topk.partial import PartialTopK
from relatedstories.topk.rows import Rows, csr_arrays, fixed_array, max_row_norm

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MAX_BLOCKS", "MAX_ROWS_PER_BLOCK", "ROWS_PER_BLOCK", "ROWS_PER_TASK", "BlockedIndex", "dated_block_size"]

ROWS_PER_TASK = 1024
"""Query rows of a task: enough to be worth a thread, few enough to divide the work evenly and to show progress."""

ROWS_PER_BLOCK = 8192
"""Rows of a block: their sums, postings and the heads of their embeddings stay in a core's cache."""

MAX_BLOCKS = 127
"""A limit on the number of blocks, as each has a start for every column; more than this only where blocks would be too large."""

MAX_ROWS_PER_BLOCK = 1 << 16
"""The number of rows that postings can tell apart, as they hold a row in 16 bits."""

_NEGLIGIBLE_FACTOR = 0.1  # a date factor so small that a score with it enters hardly any list


@dataclass(frozen=True)
class BlockedIndex:
    """An inverted index of rows in date order, cut into blocks; each block has a posting list for every column.

    Parameters
    ----------
    order : ndarray of int32, shape (n,)
        The numbers of the rows, by date. A row's position in it is its indexed position.
    days : ndarray of int32, shape (n,)
        The day numbers, by indexed position.
    block_days : ndarray of int32, shape (n_blocks, 3)
        The first day, the last day and the first known day of each block.
    posting_starts : ndarray of int, shape (n_blocks, m + 1)
        Where the posting list of each column starts, by block.
    posting_rows, posting_weights : ndarray of uint16 and of float32, shape (n_postings,)
        The postings: positions of rows within their block, and the rows' weights.
    max_weights : ndarray of float64, shape (m,)
        The greatest absolute weight of each column.
    embedding_heads : ndarray of int8, shape (n, HEAD)
        The first numbers of each embedding, by indexed position.
    tail_norms : ndarray of int32, shape (n,)
        The norm of the remaining numbers of each embedding, rounded up, by indexed position; -1 where there is no embedding.
    max_row_norm : float
        The greatest norm of a row's weights.
    block_size : int
        The number of rows of a block; the last block may have fewer.
    embeddings : ndarray of int8, shape (n, d)
        The embeddings by row number, as they were given.

    Notes
    -----
    A block is skipped for a query row where no score in it can enter the row's list: by the block's days, and by a bound on
    the product from the columns' greatest weights. Within a block, the heads and tail norms of embeddings bound the squared
    cosine before it is computed. All bounds allow for rounding, so that the result is exact.
    """

    order: npt.NDArray[np.int32]
    days: npt.NDArray[np.int32]
    block_days: npt.NDArray[np.int32]
    posting_starts: npt.NDArray[Any]
    posting_rows: npt.NDArray[np.uint16]
    posting_weights: npt.NDArray[np.float32]
    max_weights: npt.NDArray[np.float64]
    embedding_heads: npt.NDArray[np.int8]
    tail_norms: npt.NDArray[np.int32]
    max_row_norm: float
    block_size: int
    embeddings: npt.NDArray[np.int8]

    @classmethod
    def of(cls, rows: Rows, block_size: int | None = None) -> BlockedIndex:
        """Return the index of rows, in blocks of `block_size` rows, by default as many as suit a core's cache."""
        order = np.argsort(rows.days, kind="stable").astype(np.int32)
        n, days, weights = len(order), rows.days[order], sp.csr_array(rows.weights)[order]
        size = block_size or _default_block_size(n)
        blocks = [weights[start : start + size].tocsc() for start in range(0, n, size)]
        first_postings = np.cumsum([0, *(block.nnz for block in blocks)])
        starts = [first + block.indptr.astype(np.int64) for first, block in zip(first_postings, blocks, strict=False)]
        max_weights = np.zeros(weights.shape[1], np.float32)
        np.maximum.at(max_weights, weights.indices, np.abs(weights.data))
        embeddings = _padded(rows.embeddings, HEAD)
        return cls(
            order,
            days,
            np.array([_first_last_known(days[start : start + size]) for start in range(0, n, size)], np.int32).reshape(-1, 3),
            np.array(starts, np.int32 if weights.nnz <= np.iinfo(np.int32).max else np.int64).reshape(
                len(blocks), -1 if blocks else 1
            ),
            np.concatenate([np.zeros(0, np.uint16), *(block.indices.astype(np.uint16) for block in blocks)]),
            np.concatenate([np.zeros(0, np.float32), *(block.data for block in blocks)]),
            max_weights.astype(np.float64),
            np.ascontiguousarray(embeddings[order, :HEAD]),
            tail_norms(fixed_array(embeddings, np.int8))[order],
            max_row_norm(weights),
            size,
            embeddings,
        )

    def parts(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name, except the embeddings; `of_parts` makes the index of them again."""
        return {f"blocks-{name}": np.atleast_1d(getattr(self, name)) for name in _PARTS}

    @classmethod
    def of_parts(cls, arrays: Mapping[str, npt.NDArray[Any]], embeddings: npt.NDArray[np.int8]) -> BlockedIndex:
        """Return the index that `parts` came from; the arrays are used as they are, and may be memory-mapped."""
        parts: dict[str, Any] = {name: arrays[f"blocks-{name}"] for name in _PARTS}
        parts |= {"max_row_norm": float(parts["max_row_norm"][0]), "block_size": int(parts["block_size"][0])}
        return cls(**parts, embeddings=embeddings)

    @functools.cached_property
    def _positions(self) -> npt.NDArray[np.int32]:
        """The indexed position of each row number; the last, -1, is for the number -1 of rows that are not indexed."""
        positions = np.full(len(self.order) + 1, -1, np.int32)
        positions[self.order] = np.arange(len(self.order), dtype=np.int32)
        return positions

    @functools.cached_property
    def _kernel_arguments(self) -> tuple[Any, ...]:
        """Most fields as compiled loops take them: of one type each, from memory or from a file, so that they compile once."""
        return (
            fixed_array(self.order, np.int32),
            self.block_size,
            fixed_array(self.block_days, np.int32),
            fixed_array(self.days, np.int32),
            fixed_array(self.posting_starts, self.posting_starts.dtype),
            fixed_array(self.posting_rows, np.uint16),
            fixed_array(self.posting_weights, np.float32),
            fixed_array(self.embedding_heads, np.int8),
            fixed_array(self.tail_norms, np.int32),
            fixed_array(self.embeddings, np.int8),
        )

    def _max_products(self, weights: sp.csr_array) -> npt.NDArray[np.float64]:
        """Return the greatest product that each row can have with any row of the index, by its columns' maxima and by norms."""
        n, lengths = weights.shape[0], np.diff(weights.indptr)
        row, data = np.repeat(np.arange(n), lengths), weights.data.astype(np.float64)
        totals = np.bincount(row, np.abs(data) * self.max_weights[weights.indices], n)
        norms = np.sqrt(np.bincount(row, data * data, n))
        rounding = 1 + 1e-5 + lengths * 1.2e-7  # as each sum in float32 may round up
        with np.errstate(invalid="ignore"):  # the norm may be infinite; what is not a number rules nothing out
            most: npt.NDArray[np.float64] = np.minimum(totals, norms * self.max_row_norm) * rounding
        return most

    def products(self, columns: npt.NDArray[Any], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the inner products of one sparse row with every row, by row number, shape (n,); without the compiled loops."""
        sums = np.zeros(len(self.order), np.float32)
        for block, starts in enumerate(self.posting_starts):
            block_sums = sums[block * self.block_size : (block + 1) * self.block_size]
            for start, stop, weight in zip(starts[columns].tolist(), starts[columns + 1].tolist(), weights, strict=True):
                block_sums[self.posting_rows[start:stop]] += weight * self.posting_weights[start:stop]
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
        min_score: float | npt.NDArray[np.float32] = 0.0,
        n_threads: int = 1,
    ) -> PartialTopK:
        """Search for each of some rows the k indexed rows of the greatest scores, exactly.

        Parameters
        ----------
        rows : Rows
            The query rows, over the columns of the indexed rows and with embeddings of their width.
        k : int
            The maximum length of a list.
        numbers : ndarray of int32, shape (n_rows,)
            The numbers that the query rows have in this index, where they are left out of their own lists; -1 for rows
            that are not indexed.
        spans : ndarray of int32, shape (n_rows, 2)
            The first and the last day that each row may list.
        date_factor, embedding_weight, n_threads
            As of `self_topk`.
        min_score : float or ndarray of float32, shape (n_rows,)
            The least score to list: of all rows, or of each.

        Returns
        -------
        PartialTopK
            Lists that are filled as its batches are consumed; its ids are row numbers of this index.
        """
        # To import numba takes a third of a second: only callers with many comparisons pay for it.
        from relatedstories.topk._kernel import is_compiled, log_if_compiling, top_rows

        n_rows, n = len(rows.days), len(self.order)
        ids, scores = np.full((n_rows, k), -1, np.int32), np.zeros((n_rows, k), np.float32)
        if not n_rows or not n:
            return PartialTopK.finished(ids, scores)
        positions = self._positions[numbers]
        date_positions = np.where(positions >= 0, positions, np.searchsorted(self.days, rows.days))
        queries = np.argsort(date_positions, kind="stable")
        embeddings = fixed_array(_padded(rows.embeddings, self.embeddings.shape[1]), np.int8)
        query_arguments = (
            *csr_arrays(rows.weights),
            fixed_array(rows.days, np.int32),
            embeddings,
            fixed_array(positions, np.int32),
            fixed_array(spans, np.int32),
            fixed_array(self._max_products(rows.weights), np.float32),
            fixed_array(tail_norms(embeddings), np.int32),
            fixed_array(np.broadcast_to(min_score, n_rows), np.float32),
        )
        factors = fixed_array(date_factor.table, np.float32), date_factor.unknown

        arguments = query_arguments, self._kernel_arguments, factors, np.float32(embedding_weight)
        if not is_compiled():
            with log_if_compiling():
                top_rows(queries[:0], *arguments, 0, ids, scores)

        def search(start: int) -> npt.NDArray[np.intp]:
            batch = queries[start : start + ROWS_PER_TASK]
            nearest_block = int(min(date_positions[batch[0]], n - 1)) // self.block_size
            top_rows(batch, *arguments, nearest_block, ids, scores)
            return batch

        def batches() -> Iterator[npt.NDArray[np.intp]]:
            if n_rows <= ROWS_PER_TASK:  # one task is not worth a pool
                yield search(0)
                return
            pool = ThreadPoolExecutor(n_threads)
            try:
                yield from pool.map(search, range(0, n_rows, ROWS_PER_TASK))
            finally:  # a caller that stops early does not wait for the other tasks
                pool.shutdown(wait=False, cancel_futures=True)

        return PartialTopK(ids, scores, batches())


_PARTS = tuple(part.name for part in fields(BlockedIndex) if part.name != "embeddings")


def dated_block_size(days: npt.NDArray[np.int32], date_factor: DateFactor) -> int | None:
    """Return the number of rows in the days within which the date factor falls to nearly nothing, None where it does not.

    Blocks of this size are soon ruled out by their dates.
    """
    known = days[days != NO_DATE]
    if not len(known) or date_factor.table[-1] > _NEGLIGIBLE_FACTOR:
        return None
    n_days = int(known.max()) - int(known.min()) + 1
    n_telling = int(np.argmax(date_factor.table <= _NEGLIGIBLE_FACTOR))
    return min(max(len(days) * n_telling // n_days, ROWS_PER_TASK, len(days) // MAX_BLOCKS), _default_block_size(len(days)))


def _default_block_size(n: int) -> int:
    """Return the number of rows of a block where n rows are indexed."""
    return min(max(ROWS_PER_BLOCK, n // MAX_BLOCKS), MAX_ROWS_PER_BLOCK)


def _padded(embeddings: npt.NDArray[np.int8], width: int) -> npt.NDArray[np.int8]:
    """Return the embeddings with zeros appended up to a width."""
    missing = width - embeddings.shape[1]
    return np.pad(embeddings, ((0, 0), (0, missing))) if missing > 0 else embeddings


def _first_last_known(days: npt.NDArray[np.int32]) -> tuple[int, int, int]:
    """Return the first, the last and the first known of sorted days."""
    known = days[days != NO_DATE]
    return int(days[0]), int(days[-1]), int(known[0]) if len(known) else NO_DATE
