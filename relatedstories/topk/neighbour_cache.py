"""The nearest rows of every row, kept: a list is then at hand, and after a change few lists need be looked for again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from relatedstories.features.word_space import NONE
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.dates import DateFactor, every_day
from relatedstories.topk.rows import Rows, csr_arrays, max_row_norm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

__all__ = ["MARGIN", "WIDTH", "NeighbourCache", "StaleNeighbours"]

WIDTH = 25
"""So many are kept of each row: more than a list needs, so that some can be lost before it must be looked for again."""

MARGIN = 0.9
"""Kept are scores from this part of the least that is listed: what may be listed tomorrow is above it."""


class NeighbourCache(NamedTuple):
    """The rows of the greatest scores with each row, on whatever day.

    Parameters
    ----------
    ids, scores : ndarray of int32 and of float32, shape (n, WIDTH)
        As of `relatedstories.topk.self_topk`.
    bounds : ndarray of float32, shape (n,)
        No row that is not listed has a greater score.
    """

    ids: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    bounds: npt.NDArray[np.float32]

    @classmethod
    def unknown(cls, n: int) -> NeighbourCache:
        """Of so many rows nothing is known."""
        return cls(np.full((n, WIDTH), -1, np.int32), np.zeros((n, WIDTH), np.float32), np.full(n, np.inf, np.float32))

    def parts(self) -> dict[str, npt.NDArray[Any]]:
        """Its arrays by name: what `of_parts` makes it of again."""
        return {f"nearest-{name}": array for name, array in self._asdict().items()}

    @classmethod
    def of_parts(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> NeighbourCache | None:
        """What `parts` came from, None where there are no such arrays."""
        return cls(*(arrays[f"nearest-{name}"] for name in cls._fields)) if "nearest-ids" in arrays else None

    def copy(self) -> NeighbourCache:
        """One that can be changed while others read this one."""
        return NeighbourCache(self.ids.copy(), self.scores.copy(), self.bounds.copy())

    def lacking(self, rows: npt.NDArray[Any], k: int, least: float) -> npt.NDArray[np.bool_]:
        """Of which rows not all is kept that their lists of k scores from `least` on can hold."""
        missing: npt.NDArray[np.bool_] = (self.ids[rows, k - 1] < 0) & (self.bounds[rows] >= max(np.float32(least), _TINY))
        return missing

    def first(self, rows: npt.NDArray[Any], k: int, least: float) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The first k that are kept of some rows, with scores from `least` on."""
        ids, scores = self.ids[rows, :k], self.scores[rows, :k]
        listed = scores >= max(np.float32(least), _TINY)
        return np.where(listed, ids, np.int32(-1)), np.where(listed, scores, np.float32(0))

    def take(self, rows: npt.NDArray[Any], ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32], least: float) -> None:
        """Keep what was found for some rows among scores from `least` on."""
        self.ids[rows], self.scores[rows], self.bounds[rows] = ids, scores, np.maximum(scores[:, -1], np.float32(least))


@dataclass(frozen=True)
class StaleNeighbours:
    """What was the nearest before rows came, went and were weighed anew.

    Parameters
    ----------
    rows : Rows
        Those of then.
    columns : pair of sequences of str
        The terms and the topics that their columns stood for.
    nearest : NeighbourCache
        Theirs.
    numbers : ndarray of int, shape (n,)
        For each row of now its number then, -1 where there was none.
    """

    rows: Rows
    columns: tuple[Sequence[str], Sequence[str]]
    nearest: NeighbourCache
    numbers: npt.NDArray[np.intp]

    def picked(self, rows: npt.NDArray[np.intp]) -> StaleNeighbours:
        """The same for some of the rows of now, and for others: those with numbers that none of these has."""
        return replace(self, numbers=np.concatenate([self.numbers, np.full(len(rows), -1)])[rows])

    def brought_up(
        self,
        rows: Rows,
        columns: tuple[Sequence[str], Sequence[str]],
        *,
        date_factor: DateFactor,
        embedding_weight: float,
        min_score: float,
        n_threads: int,
    ) -> NeighbourCache | None:
        """What can be said of the nearest of now without comparing all rows, exactly.

        Parameters
        ----------
        rows : Rows
            Those of now, with weights of 0 and more.
        columns : pair of sequences of str
            What their columns stand for.
        date_factor, embedding_weight, min_score, n_threads
            As of `relatedstories.topk.self_topk`; the first two are those of then.

        Returns
        -------
        NeighbourCache or None
            Nothing is known of the rows that are new or have changed much. None where these are too many.

        Notes
        -----
        One event more changes how telling every term is, and so nearly every weight, but little. For rows a and b of then
        and a' and b' of now the inner product changes by no more than ``|a' - a| |b'| + |a| |b' - b|`` (Cauchy and Schwarz);
        embeddings and days do not change. So a row that had no place in a list then, and has changed no more than most,
        has now no greater score than the list's bound plus this. Those in the list are scored again, those that are new or
        have changed more are compared with all; what then has a greater score than the bound is sure.
        """
        n = len(self.numbers)
        known = np.flatnonzero(self.numbers >= 0)
        moved = self._moved(rows, columns, known)
        most = np.quantile(moved, _STILL, method="lower") if len(moved) else np.inf
        still = moved <= most
        if not np.isfinite(most) or np.count_nonzero(still) < (1 - _MOST_CHANGED) * n:
            return None
        rest, moved = known[still], moved[still]
        changed, then = np.delete(np.arange(n), rest), self.numbers[rest]
        now = np.full(len(self.nearest.ids) + 1, -1, np.int32)  # the last is for places that no row has
        now[then] = rest

        of_rest = rows.picked(rest)
        length = max(max_row_norm(of_rest.weights), max_row_norm(self.rows.weights))
        part = 1 - embedding_weight if (of_rest.embeddings[:, 0] != NONE).all() else 1
        bounds = self.nearest.bounds[then] + part * length * (moved + most) * (1 + 1e-5) + 1e-6  # float32 rounds

        others = BlockedIndex.of(rows.picked(changed)).top(
            of_rest,
            WIDTH,
            np.full(len(rest), -1, np.int32),
            every_day(len(rest)),
            date_factor=date_factor,
            embedding_weight=embedding_weight,
            min_score=min_score,
            n_threads=n_threads,
        )
        ids, scores = others.wait()
        bounds = np.maximum(bounds, np.maximum(scores[:, -1], min_score)).astype(np.float32)

        from relatedstories.topk._kernel import merge_neighbours

        found = NeighbourCache.unknown(n)
        of_now = np.append(changed, -1).astype(np.int32)[ids]
        lists = merge_neighbours(
            *csr_arrays(rows.weights), rows.days, np.ascontiguousarray(rows.embeddings), date_factor.table, date_factor.unknown,
            np.float32(embedding_weight), rest, now[self.nearest.ids[then]], of_now, scores, bounds,
        )  # fmt: skip
        found.ids[rest], found.scores[rest] = lists
        found.bounds[rest] = np.maximum(bounds, lists[1][:, -1])
        return found

    def _moved(
        self, rows: Rows, columns: tuple[Sequence[str], Sequence[str]], known: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float64]:
        """How far some rows are from what they were; infinitely where they have other columns or another embedding."""
        then = self.numbers[known]
        ours, theirs = rows.weights[known], self._recoded(columns)[then]
        moved = np.full(len(known), np.inf)
        lengths = np.diff(ours.indptr)
        same_directions = (rows.embeddings[known] == self.rows.embeddings[then]).all(axis=1)
        alike = np.flatnonzero((lengths == np.diff(theirs.indptr)) & same_directions)
        ours, theirs = ours[alike], theirs[alike]
        row = np.repeat(np.arange(len(alike)), lengths[alike])
        squares = np.bincount(row, (ours.data.astype(np.float64) - theirs.data) ** 2, len(alike)).astype(np.float64)
        squares[row[ours.indices != theirs.indices]] = np.inf
        moved[alike] = np.sqrt(squares)
        return moved

    def _recoded(self, columns: tuple[Sequence[str], Sequence[str]]) -> sp.csr_array:
        """The weights of then over the columns of now; those that are no more have one after these."""
        first, n_columns = 0, sum(map(len, columns))
        targets = []
        for before, now in zip(self.columns, columns, strict=True):
            places = {name: place for place, name in enumerate(now, first)}
            targets.append(np.fromiter((places.get(name, n_columns) for name in before), np.int64, len(before)))
            first += len(now)
        weights, target = self.rows.weights, np.concatenate(targets)
        return sp.csr_array((weights.data, target[weights.indices], weights.indptr), shape=(weights.shape[0], n_columns + 1))


_TINY = np.float32(1e-45)  # the least number greater than 0
_STILL = 0.97  # so many of the rows have changed little: the less that is, the more lists stay sure
_MOST_CHANGED = 0.2  # with more rows that are new or have changed, to compare all is as quick
