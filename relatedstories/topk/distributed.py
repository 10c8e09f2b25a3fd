"""Work spread over processes of other machines: through the joblib backend that the caller has chosen, a Dask cluster say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from relatedstories.errors import InputError, shown, whole_number
from relatedstories.topk.join import BlockedIndex, DateFactor, Rows, distances

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["distributed_topk", "on_dask", "spreads", "worker_count"]

SHARD = 100_000
"""Rows that a task compares others with: some 45 MB to send, and as much again when they are made ready."""

ASKED = 8_192
"""Rows that a task asks about: some 4 MB to send with each task, for half a second of work."""

PATIENCE = 10
"""Seconds in which a scheduler has to answer, and one worker at least to be there."""


def spreads() -> bool:
    """Whether the caller has chosen a joblib backend that is not one of this machine.

    Examples
    --------
    >>> import joblib
    >>> with joblib.parallel_config(backend="loky"):
    ...     spreads()
    False
    """
    if "joblib" not in sys.modules:  # which takes its time to import, and which nobody can have told yet
        return False
    from joblib.parallel import LokyBackend, MultiprocessingBackend, SequentialBackend, ThreadingBackend, get_active_backend

    return type(get_active_backend()[0]) not in (LokyBackend, MultiprocessingBackend, SequentialBackend, ThreadingBackend)


@contextmanager
def on_dask(address: str) -> Iterator[None]:
    """Spread what runs within over the workers of a Dask scheduler.

    Parameters
    ----------
    address : str
        As ``tcp://host:8786``.

    Raises
    ------
    InputError
        If the extra is not installed, no scheduler with workers answers there, a worker has another version of the library, the
        scheduler is lost on the way, or a task was of several workers' death. While all workers are gone, others are waited for.
    """
    try:
        from distributed import Client, KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError
        from joblib import parallel_config
    except ImportError as error:
        raise InputError(f'Dask needs the package {error.name}: pip install "relatedstories[dask]"') from None
    _check_scheduler(address)
    with Client(address, timeout=PATIENCE, set_as_default=False) as client:
        _check_workers(client, address)
        try:
            with parallel_config(backend="dask", client=client):
                yield
        except (CommClosedError, FutureCancelledError, KilledWorker) as error:
            raise InputError(f"got no result from the workers at {shown(address)}: {_on_one_line(error)}") from error


def _check_scheduler(address: str) -> None:
    """See whether one answers; of a client that finds none the rest takes long to go away."""
    import asyncio

    from distributed.core import rpc
    from distributed.security import Security

    async def ask() -> None:
        secured = Security().get_connection_args("client")
        async with rpc(address, timeout=PATIENCE, connection_args=secured) as there:
            found = await asyncio.wait_for(there.identity(), PATIENCE + 1)
        if found["type"] != "Scheduler":
            raise ValueError(f"that is a {found['type']}")

    try:
        asyncio.run(ask())
    except (OSError, ValueError, TypeError) as error:
        reason = _on_one_line(error)
        raise InputError(f"got no answer from {shown(address)} ({reason}), expected a Dask scheduler there") from None


def _on_one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _check_workers(client: Any, address: str) -> None:
    """Workers with another version would find other links without a word."""
    from importlib.metadata import version

    from relatedstories import __version__

    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise InputError(f"got no worker at {shown(address)} in {PATIENCE} s, expected one at least") from None
    for worker, found in client.run(version, "relatedstories", on_error="return").items():
        if found != __version__:
            got = "none" if isinstance(found, Exception) else shown(found)
            raise InputError(f"worker {worker}: got relatedstories {got}, expected {__version__}, as here; install it there")


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
    """For every row, the other rows of the greatest scores: `BlockedIndex.top` of all rows, on the active joblib backend.

    Parameters
    ----------
    rows, k, spans, date_factor, embedding_weight, min_score, progress
        As of `relatedstories.topk.join.BlockedIndex.top`.

    Returns
    -------
    ids, scores : ndarray of int32 and of float32, shape (n, k)
        The same to the last bit, whatever the workers, `SHARD` and `ASKED`, if sums of products are exact or columns sorted.

    Notes
    -----
    The rows stand in date order and are cut twice: into shards, which are compared with, and into smaller parts, which are
    asked about. A task has one of each; those of which no row may list any day of the shard are left out. Tasks come shard by
    shard, two for each core of the cluster at once. What they find is merged as it arrives, so that the caller holds the result
    and little more, and a worker the shards being worked on, not the archive.

    On a Dask cluster each shard is sent once, through the scheduler, made ready by one worker and passed on between workers; the
    part asked about goes with each task. A task and a shard are remembered with what they are made of: joblib itself would
    put large arguments on some worker, from which they are lost if it dies. On another backend the shard goes with each task.
    """
    from joblib import Parallel
    from joblib.parallel import get_active_backend

    n_rows = len(rows.days)
    ids, scores = np.full((n_rows, k), -1, np.int32), np.zeros((n_rows, k), np.float32)
    client = getattr(get_active_backend()[0], "client", None)
    work = _Work(rows, k, spans, date_factor, embedding_weight, min_score)
    pairs = work.pairs()
    parallel = Parallel(batch_size=1, pre_dispatch="2*n_jobs", return_as="generator_unordered")
    told = 0
    with nullcontext() if client is None else _large_tasks():
        for done, (numbers, found) in enumerate(parallel(work.tasks(pairs, client)), 1):
            ids[numbers], scores[numbers] = _merged(rows.days, numbers, (ids[numbers], scores[numbers]), found)
            if progress is not None:
                progress(n_rows * done // len(pairs) - told)
                told = n_rows * done // len(pairs)
    if progress is not None and told < n_rows:  # where there was nothing to do
        progress(n_rows - told)
    return ids, scores


_Found = tuple["npt.NDArray[np.int32]", "npt.NDArray[np.float32]"]


class _Pair(NamedTuple):
    """The rows of a shard and those asked about, by number."""

    shard: npt.NDArray[np.int32]
    asked: npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Work:
    rows: Rows
    k: int
    spans: npt.NDArray[np.int32]
    date_factor: DateFactor
    embedding_weight: float
    min_score: float

    def pairs(self) -> list[_Pair]:
        """Which shards are to be compared with which parts, those of a shard one after the other."""
        order = np.argsort(self.rows.days, kind="stable").astype(np.int32)
        parts = _cut(order, ASKED)
        return [_Pair(shard, asked) for shard in _cut(order, SHARD) for asked in parts if self._meet(shard, asked)]

    def _meet(self, shard: npt.NDArray[np.int32], asked: npt.NDArray[np.int32]) -> bool:
        days, spans = self.rows.days[shard], self.spans[asked]
        return bool(((spans[:, 0] <= days.max()) & (spans[:, 1] >= days.min())).any())

    def tasks(self, pairs: Sequence[_Pair], client: Any) -> Iterator[Any]:
        """The tasks of pairs, made when they are asked for."""
        from joblib import delayed

        known, shard = None, None
        for numbers, asked in pairs:
            if numbers is not known:
                part = self._part(numbers)
                known, shard = numbers, _shard(part) if client is None else client.submit(_shard, part, pure=False, priority=1)
            yield delayed(_top)(shard, self._part(asked), self.k, self.date_factor, self.embedding_weight, self.min_score)

    def _part(self, numbers: npt.NDArray[np.int32]) -> _Part:
        weights, days, embeddings = self.rows
        return _Part(numbers, Rows(weights[numbers], days[numbers], embeddings[numbers]), self.spans[numbers])


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows with their numbers in the archive; without weak references, joblib's Dask backend leaves it in its task."""

    numbers: npt.NDArray[np.int32]
    rows: Rows
    spans: npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Shard:
    """Rows that others are compared with: over the columns that they have, and with their numbers in the archive, which rise."""

    numbers: npt.NDArray[np.int32]
    columns: npt.NDArray[Any]
    blocks: BlockedIndex

    def __sizeof__(self) -> int:
        arrays = [self.numbers, self.columns, self.blocks.embeddings, *self.blocks.parts().values()]
        return sum(array.nbytes for array in arrays)  # by which Dask goes, too


def _shard(part: _Part) -> _Shard:
    weights, days, embeddings = part.rows
    columns = np.unique(weights.indices)
    return _Shard(part.numbers, columns, BlockedIndex.of(Rows(_over(weights, columns), days, embeddings)))


def _over(weights: sp.csr_array, columns: npt.NDArray[Any]) -> sp.csr_array:
    """Rows over some of their columns alone."""
    places = np.searchsorted(columns, weights.indices)
    has = np.append(columns, -1)[places] == weights.indices
    starts = np.append(0, np.cumsum(has))[weights.indptr]
    return sp.csr_array((weights.data[has], places[has].astype(np.int32), starts), shape=(weights.shape[0], len(columns)))


def _top(
    shard: _Shard, part: _Part, k: int, date_factor: DateFactor, embedding_weight: float, min_score: float
) -> tuple[npt.NDArray[np.int32], _Found]:
    """The numbers of rows, and those of a shard that have the greatest scores with each."""
    place = np.minimum(np.searchsorted(shard.numbers, part.numbers), len(shard.numbers) - 1)
    own = np.where(shard.numbers[place] == part.numbers, place, -1).astype(np.int32)
    asked = Rows(_over(part.rows.weights, shard.columns), part.rows.days, part.rows.embeddings)
    # A copy, for what it notes by the way is not to be sent on with the shard.
    best = replace(shard.blocks).top(
        asked, k, own, part.spans, date_factor=date_factor, embedding_weight=embedding_weight, min_score=min_score
    )
    ids, scores = best.filled()
    return part.numbers, (np.where(ids >= 0, shard.numbers[ids], np.int32(-1)), scores)


def _merged(days: npt.NDArray[np.int32], numbers: npt.NDArray[np.int32], ours: _Found, theirs: _Found) -> _Found:
    """The best of two lists for each row, in their order: greater score, nearer day, lower number."""
    k = ours[0].shape[1]
    ids, scores = np.concatenate([ours[0], theirs[0]], axis=1), np.concatenate([ours[1], theirs[1]], axis=1)
    order = np.lexsort((ids, distances(days[numbers, None], days[ids]), -scores), axis=1)[:, :k]  # 0 where there is none: last
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)


def _cut(order: npt.NDArray[np.int32], size: int) -> list[npt.NDArray[np.int32]]:
    """Rows in date order in parts, each by number: among rows of a part equal ones are then ordered as among all."""
    return [np.sort(order[start : start + size]) for start in range(0, len(order), size)]


def _large_tasks() -> Any:
    """Dask warns of tasks of more than 10 MB, which are what is wanted here."""
    import dask

    return dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TiB"})


def worker_count(n_jobs: int) -> int:
    """How many threads or processes are asked for, -1 being as many as there are cores."""
    if n_jobs == -1:
        from joblib import cpu_count

        return int(cpu_count())
    return whole_number("n_jobs", "", n_jobs, 1)
