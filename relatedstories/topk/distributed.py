"""The exact top-k of all rows on the workers of the active joblib backend, such as a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relatedstories.features.sparse import with_columns
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.dates import DateFactor, distances
from relatedstories.topk.rows import Rows

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["distributed_topk"]

ROWS_PER_SHARD = 100_000
"""Indexed rows of a task: about 45 MB to send, and as much again once they are indexed."""

QUERIES_PER_TASK = 8_192
"""Query rows of a task: about 4 MB to send with each task, for half a second of work."""


def distributed_topk(
    rows: Rows,
    k: int,
    spans: npt.NDArray[np.int32],
    *,
    date_factor: DateFactor,
    embedding_weight: float = 0.0,
    min_score: float = 0.0,
    progress: Callable[[int], object] | None = None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return, for every row, the other rows with the greatest scores, computed on the active joblib backend.

    Parameters
    ----------
    rows, k, spans, date_factor, embedding_weight, min_score
        As of `relatedstories.topk.blocked_index.BlockedIndex.top`; the query rows and the indexed rows are the same.
    progress : callable, optional
        Called with the number of rows done since the last call.

    Returns
    -------
    ids, scores : ndarray of int32 and of float32, shape (n, k)
        The same bits as `BlockedIndex.top` finds, whatever the workers, `ROWS_PER_SHARD` and `QUERIES_PER_TASK`, if sums of
        products are exact or columns are sorted.

    Notes
    -----
    The rows, in date order, are cut twice: into shards, which are indexed, and into smaller groups of query rows. A task
    compares one group with one shard; pairs where no row may list any day of the shard are left out. Tasks are created shard
    by shard, two for each core of the cluster at a time, and their results are merged as they arrive: the caller holds the
    result and little more, a worker the shards in use.

    On a Dask cluster each shard is sent once, through the scheduler, indexed by one worker and passed on between workers; the
    query rows are sent with each task. The scheduler keeps the arguments of tasks and shards, so that both can be computed
    again. joblib itself would store large arguments on a worker, and lose them with it. On another backend the shard is sent
    with each task.
    """
    from joblib import Parallel
    from joblib.parallel import get_active_backend

    n_rows = len(rows.days)
    ids, scores = np.full((n_rows, k), -1, np.int32), np.zeros((n_rows, k), np.float32)
    client = getattr(get_active_backend()[0], "client", None)
    join = _DistributedJoin(rows, k, spans, date_factor, embedding_weight, min_score)
    pairs = join.pairs()
    parallel = Parallel(batch_size=1, pre_dispatch="2*n_jobs", return_as="generator_unordered")
    reported = 0
    with nullcontext() if client is None else _without_size_warnings():
        for done, (numbers, found) in enumerate(parallel(join.tasks(pairs, client)), 1):
            ids[numbers], scores[numbers] = _merged(rows.days, numbers, (ids[numbers], scores[numbers]), found)
            if progress is not None:
                progress(n_rows * done // len(pairs) - reported)
                reported = n_rows * done // len(pairs)
    if progress is not None and reported < n_rows:  # there were no tasks
        progress(n_rows - reported)
    return ids, scores


_Lists = tuple["npt.NDArray[np.int32]", "npt.NDArray[np.float32]"]  # ids and scores, shape (n_rows, k)


class _Pair(NamedTuple):
    """The row numbers of a shard and of a group of query rows that are to be compared."""

    shard: npt.NDArray[np.int32]
    queries: npt.NDArray[np.int32]


@dataclass(frozen=True)
class _DistributedJoin:
    """The rows to compare and the settings of the scores: what tasks are made from."""

    rows: Rows
    k: int
    spans: npt.NDArray[np.int32]
    date_factor: DateFactor
    embedding_weight: float
    min_score: float

    def pairs(self) -> list[_Pair]:
        """Return the pairs of a shard and a group of query rows to compare, shard by shard."""
        order = np.argsort(self.rows.days, kind="stable").astype(np.int32)
        groups = _cut(order, QUERIES_PER_TASK)
        return [
            _Pair(shard, queries) for shard in _cut(order, ROWS_PER_SHARD) for queries in groups if self._meet(shard, queries)
        ]

    def _meet(self, shard: npt.NDArray[np.int32], queries: npt.NDArray[np.int32]) -> bool:
        """Return whether some query row may list a day of the shard."""
        days, spans = self.rows.days[shard], self.spans[queries]
        return bool(((spans[:, 0] <= days.max()) & (spans[:, 1] >= days.min())).any())

    def tasks(self, pairs: Sequence[_Pair], client: Any) -> Iterator[Any]:
        """Yield the task of each pair; a shard is sent to the cluster with its first task."""
        from joblib import delayed

        previous, shard = None, None
        for numbers, queries in pairs:
            if numbers is not previous:
                some = self._some_rows(numbers)
                shard = _index_shard(some) if client is None else client.submit(_index_shard, some, pure=False, priority=1)
                previous = numbers
            yield delayed(_top)(shard, self._some_rows(queries), self.k, self.date_factor, self.embedding_weight, self.min_score)

    def _some_rows(self, numbers: npt.NDArray[np.int32]) -> _SomeRows:
        return _SomeRows(numbers, self.rows.picked(numbers), self.spans[numbers])


@dataclass(frozen=True, slots=True)
class _SomeRows:
    """Some rows with their numbers in the archive.

    The class has no weak references (slots): joblib's Dask backend then leaves an object in its task, however large.
    """

    numbers: npt.NDArray[np.int32]
    rows: Rows
    spans: npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Shard:
    """An index of some rows, over the columns that they have, with their ascending numbers in the archive."""

    numbers: npt.NDArray[np.int32]
    columns: npt.NDArray[Any]
    index: BlockedIndex

    def __sizeof__(self) -> int:
        """Return the size of the arrays, from which Dask estimates the memory of a worker."""
        arrays = [self.numbers, self.columns, self.index.embeddings, *self.index.parts().values()]
        return sum(array.nbytes for array in arrays)


def _index_shard(some: _SomeRows) -> _Shard:
    columns = np.unique(some.rows.weights.indices)
    return _Shard(some.numbers, columns, BlockedIndex.of(_over_columns(some.rows, columns)))


def _over_columns(rows: Rows, columns: npt.NDArray[Any]) -> Rows:
    """Return rows over some of their columns alone."""
    targets = np.full(rows.weights.shape[1], -1, np.int32)
    targets[columns] = np.arange(len(columns), dtype=np.int32)
    return rows._replace(weights=with_columns(rows.weights, targets, len(columns)))


def _top(
    shard: _Shard, queries: _SomeRows, k: int, date_factor: DateFactor, embedding_weight: float, min_score: float
) -> tuple[npt.NDArray[np.int32], _Lists]:
    """Return the numbers of the query rows, and for each the rows of the shard with the greatest scores."""
    place = np.minimum(np.searchsorted(shard.numbers, queries.numbers), len(shard.numbers) - 1)
    numbers_in_shard = np.where(shard.numbers[place] == queries.numbers, place, -1).astype(np.int32)
    # A copy of the index, so that the arrays it caches during a search are not sent on with the shard.
    search = replace(shard.index).top(
        _over_columns(queries.rows, shard.columns),
        k,
        numbers_in_shard,
        queries.spans,
        date_factor=date_factor,
        embedding_weight=embedding_weight,
        min_score=min_score,
    )
    ids, scores = search.wait()
    return queries.numbers, (np.where(ids >= 0, shard.numbers[ids], np.int32(-1)), scores)


def _merged(days: npt.NDArray[np.int32], numbers: npt.NDArray[np.int32], first: _Lists, second: _Lists) -> _Lists:
    """Return the best of two lists for each row, ordered by greater score, nearer day, lower number."""
    k = first[0].shape[1]
    ids, scores = np.concatenate([first[0], second[0]], axis=1), np.concatenate([first[1], second[1]], axis=1)
    order = np.lexsort((ids, distances(days[numbers, None], days[ids]), -scores), axis=1)[:, :k]  # empty places, of score 0, last
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)


def _cut(order: npt.NDArray[np.int32], size: int) -> list[npt.NDArray[np.int32]]:
    """Return row numbers in date order in parts, each sorted by number, so that ties within a part are ordered by number."""
    return [np.sort(order[start : start + size]) for start in range(0, len(order), size)]


def _without_size_warnings() -> Any:
    """Return a context in which Dask does not warn of tasks of more than 10 MB, which are intended here."""
    import dask

    return dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TiB"})
