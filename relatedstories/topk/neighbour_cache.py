"""The neighbour cache: the nearest rows of every row, kept for questions and brought up to date after changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from relatedstories.features.sparse import with_columns
from relatedstories.features.word_space import NONE
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.dates import DateFactor, every_day
from relatedstories.topk.rows import Rows, max_row_norm
from relatedstories.topk.scores import LEAST_POSITIVE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

__all__ = ["SEARCH_MARGIN", "WIDTH", "NeighbourCache", "StaleNeighbours"]

WIDTH = 25
"""Neighbours kept of each row: more than a list needs, so that a row can lose some before it must be searched for again."""

SEARCH_MARGIN = 0.9
"""The part of the least listed score from which neighbours are kept: some of them may be listed after the next change."""

UNCHANGED_QUANTILE = 0.97
"""The part of the rows with the smallest changes, for which neighbours are brought up to date; the others are searched for."""

MAX_CHANGED = 0.2
"""The part of the rows that may be new or much changed; with more, it is as quick to search for all."""


class NeighbourCache(NamedTuple):
    """The rows with the greatest scores for each row, on any day.

    Parameters
    ----------
    ids, scores : ndarray of int32 and of float32, shape (n, WIDTH)
        As of `relatedstories.topk.self_topk`.
    bounds : ndarray of float32, shape (n,)
        An upper bound on the score of every row that is not in the list; infinite if nothing is known.
    scoring : ndarray of float64, shape (2,)
        The decay of the date factor and the weight of embeddings that the scores are of.
    """

    ids: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    bounds: npt.NDArray[np.float32]
    scoring: npt.NDArray[np.float64]

    @classmethod
    def unknown(cls, n: int, date_factor: DateFactor, embedding_weight: float) -> NeighbourCache:
        """Return a cache that knows nothing about n rows."""
        return cls(
            np.full((n, WIDTH), -1, np.int32),
            np.zeros((n, WIDTH), np.float32),
            np.full(n, np.inf, np.float32),
            np.array([date_factor.decay, embedding_weight]),
        )

    def parts(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name; `of_parts` makes the cache of them again."""
        return {f"neighbours-{name}": array for name, array in self._asdict().items()}

    @classmethod
    def of_parts(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> NeighbourCache | None:
        """Return the cache that `parts` came from, None if the arrays hold none."""
        return cls(*(arrays[f"neighbours-{name}"] for name in cls._fields)) if "neighbours-ids" in arrays else None

    def copy(self) -> NeighbourCache:
        """Return a copy that can be changed while others read this cache."""
        return NeighbourCache(self.ids.copy(), self.scores.copy(), self.bounds.copy(), self.scoring)

    def is_incomplete(self, rows: npt.NDArray[Any], k: int, min_score: float) -> npt.NDArray[np.bool_]:
        """Return the mask of rows whose first k neighbours with at least a score of `min_score` may not all be known."""
        least = max(np.float32(min_score), LEAST_POSITIVE)
        mask: npt.NDArray[np.bool_] = (self.ids[rows, k - 1] < 0) & (self.bounds[rows] >= least)
        return mask

    def first(self, rows: npt.NDArray[Any], k: int, min_score: float) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Return ids and scores of the first k known neighbours of some rows with at least a score of `min_score`."""
        ids, scores = self.ids[rows, :k], self.scores[rows, :k]
        listed = scores >= max(np.float32(min_score), LEAST_POSITIVE)
        return np.where(listed, ids, np.int32(-1)), np.where(listed, scores, np.float32(0))

    def put(self, rows: npt.NDArray[Any], ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32], min_score: float) -> None:
        """Store the neighbours that a search from a score of `min_score` on has found for some rows."""
        self.ids[rows], self.scores[rows] = ids, scores
        self.bounds[rows] = np.maximum(scores[:, -1], np.float32(min_score))


@dataclass(frozen=True)
class StaleNeighbours:
    """The neighbours of rows before rows were added, removed and weighed again.

    Parameters
    ----------
    rows : Rows
        The rows as they were.
    columns : pair of sequences of str
        The terms and the topics that their columns stood for.
    neighbours : NeighbourCache
        The neighbours as they were.
    numbers : ndarray of int, shape (n,)
        For each row as it is now, its number as it was; -1 for a new row.
    """

    rows: Rows
    columns: tuple[Sequence[str], Sequence[str]]
    neighbours: NeighbourCache
    numbers: npt.NDArray[np.intp]

    def picked(self, rows: npt.NDArray[np.intp]) -> StaleNeighbours:
        """Return what is known of some of the rows as they are now; numbers beyond these stand for new rows."""
        return replace(self, numbers=np.concatenate([self.numbers, np.full(len(rows), -1)])[rows])

    def updated(
        self,
        rows: Rows,
        columns: tuple[Sequence[str], Sequence[str]],
        *,
        date_factor: DateFactor,
        embedding_weight: float,
        min_score: float,
        n_threads: int,
    ) -> NeighbourCache | None:
        """Return what is known of the neighbours now, exactly, without comparing all rows.

        Parameters
        ----------
        rows : Rows
            The rows as they are now, with weights that are not negative.
        columns : pair of sequences of str
            What their columns stand for.
        date_factor, embedding_weight, min_score, n_threads
            As of `relatedstories.topk.self_topk`.

        Returns
        -------
        NeighbourCache or None
            A cache that knows nothing of rows that are new or have changed much; None if there are too many of these, or if the
            neighbours were found with another date factor or weight of embeddings.

        Notes
        -----
        A single new event changes the idf of every term, and so nearly every weight, but only a little. If rows a and b
        have become a' and b', their inner product has changed by at most ``|a' - a| |b'| + |a| |b' - b|``
        (Cauchy-Schwarz); embeddings and days do not change. So a row that was not in the list, and has changed no more
        than most rows, now has a score of at most the list's old bound plus this. Rows in the list are scored again, and
        rows that are new or have changed more are compared with all. Whatever then has a score above the new bound
        certainly belongs in the list.
        """
        n = len(self.numbers)
        cache = NeighbourCache.unknown(n, date_factor, embedding_weight)
        if (cache.scoring != self.neighbours.scoring).any():
            return None
        known = np.flatnonzero(self.numbers >= 0)
        change = self._change(rows, columns, known)
        max_change = np.quantile(change, UNCHANGED_QUANTILE, method="lower") if len(change) else np.inf
        is_steady = change <= max_change
        if not np.isfinite(max_change) or np.count_nonzero(is_steady) < (1 - MAX_CHANGED) * n:
            return None
        steady, change = known[is_steady], change[is_steady]
        moved, before = np.delete(np.arange(n), steady), self.numbers[steady]
        number_now = np.full(len(self.neighbours.ids) + 1, -1, np.int32)  # the last is for empty places, -1
        number_now[before] = steady

        steady_rows = rows.picked(steady)
        max_norm = max(max_row_norm(steady_rows.weights), max_row_norm(self.rows.weights))
        product_weight = 1 - embedding_weight if (steady_rows.embeddings[:, 0] != NONE).all() else 1
        allowance = product_weight * max_norm * (change + max_change) * (1 + 1e-5) + 1e-6  # float32 rounds
        old_bounds = np.maximum(self.neighbours.bounds[before] + allowance, min_score).astype(np.float32)

        moved_ids, moved_scores = (
            BlockedIndex.of(rows.picked(moved))
            .top(
                steady_rows,
                WIDTH,
                np.full(len(steady), -1, np.int32),
                every_day(len(steady)),
                date_factor=date_factor,
                embedding_weight=embedding_weight,
                min_score=old_bounds,
                n_threads=n_threads,
            )
            .wait()
        )
        moved_ids = np.append(moved, -1).astype(np.int32)[moved_ids]
        bounds = np.maximum(old_bounds, moved_scores[:, -1])

        from relatedstories.topk._kernel import merge_neighbours

        factors, others = (date_factor.table, date_factor.unknown), (moved_ids, moved_scores)
        neighbours = number_now[self.neighbours.ids[before]]
        ids, scores = merge_neighbours(rows, steady, factors, embedding_weight, neighbours, others, bounds, n_threads)
        cache.ids[steady], cache.scores[steady] = ids, scores
        cache.bounds[steady] = np.maximum(bounds, scores[:, -1])
        return cache

    def _change(
        self, rows: Rows, columns: tuple[Sequence[str], Sequence[str]], known: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float64]:
        """Return the distance of each known row from what it was; infinite if its columns or its embedding differ."""
        before = self.numbers[known]
        weights, old_weights = rows.weights[known], self._weights_over(columns)[before]
        change = np.full(len(known), np.inf)
        lengths = np.diff(weights.indptr)
        same_embedding = (rows.embeddings[known] == self.rows.embeddings[before]).all(axis=1)
        comparable = np.flatnonzero((lengths == np.diff(old_weights.indptr)) & same_embedding)
        weights, old_weights = weights[comparable], old_weights[comparable]
        row = np.repeat(np.arange(len(comparable)), lengths[comparable])
        squares = np.bincount(row, (weights.data.astype(np.float64) - old_weights.data) ** 2, len(comparable)).astype(np.float64)
        squares[row[weights.indices != old_weights.indices]] = np.inf
        change[comparable] = np.sqrt(squares)
        return change

    def _weights_over(self, columns: tuple[Sequence[str], Sequence[str]]) -> sp.csr_array:
        """Return the old weights over the columns of now; columns that are gone share one extra column at the end."""
        first, n_columns = 0, sum(map(len, columns))
        targets = []
        for old, new in zip(self.columns, columns, strict=True):
            places = {name: place for place, name in enumerate(new, first)}
            targets.append(np.fromiter((places.get(name, n_columns) for name in old), np.int64, len(old)))
            first += len(new)
        return with_columns(self.rows.weights, np.concatenate(targets), n_columns + 1)
