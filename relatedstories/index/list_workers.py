"""The lists of a large archive made in other processes, which read a copy of its index, while this one writes them."""

from __future__ import annotations

import functools
import logging
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from relatedstories.disk.temporary_folder import temporary_folder
from relatedstories.errors import InputError
from relatedstories.index.linker import Linker
from relatedstories.index.retriever import Retriever
from relatedstories.index.serialisation import index_from_parts, parts_of_index
from relatedstories.index.storage import read_folder, read_parts, write_parts
from relatedstories.index.weights import Settings
from relatedstories.parallel import collect_seldom, on_cluster, results_in_rounds, running_beside
from relatedstories.ranking.filters import LinkFilters
from relatedstories.ranking.links import Link, Links
from relatedstories.topk.partial import PartialTopK

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.events import Event
    from relatedstories.topics.topic import Topic

__all__ = ["links_of_all", "links_of_numbers", "started_early"]

_log = logging.getLogger(__name__)

MIN_LISTS = 12_000
"""Number of lists from which on it takes less time to make them in other processes than to start these."""

LEAST_PART = 0.02
"""The part of the lists of an archive from which on that pays: the copy of its index takes as long as to make these here."""

MAX_WORKERS = 6
"""Number of processes that make lists; taking their lists, this one keeps no more of them busy."""

_CHUNK, _FEW = 512, 128
"""Number of lists that a process makes at a time, a third of a second of work; and where only few are made in all."""

_Chunk: TypeAlias = "tuple[int | npt.NDArray[np.intp], npt.NDArray[np.int32], npt.NDArray[np.float32]]"
"""Some events, by their numbers, or by the first where all follow; with the ids and the scores of their candidates."""


class _PackedLists(NamedTuple):
    """The links of several lists, with ids instead of events, in columns: pickled in half the time that links take."""

    lengths: list[int]
    copies: list[list[str]]
    ids: list[str]
    scores: list[float]
    ranks: list[int]
    contexts: list[tuple[str, ...]]
    topics: list[tuple[Topic, ...]]
    duplicates: list[tuple[str, ...]]
    pinned: list[bool]
    fallbacks: list[str | None]

    @classmethod
    def of(cls, lists: Sequence[Links]) -> _PackedLists:
        links = list(chain.from_iterable(lists))
        return cls(
            [len(links) for links in lists],
            [[event.id for event in links.copies] for links in lists],
            [link.event.id for link in links],
            [link.score for link in links],
            [link.rank for link in links],
            [link.contexts for link in links],
            [link.topics for link in links],
            [tuple([event.id for event in link.duplicates]) for link in links],
            [link.pinned for link in links],
            [link.fallback for link in links],
        )

    def unpacked(self, event_of: Callable[[str], Event]) -> Iterator[Links]:
        """Yield the lists, given a function of an id that returns the event."""
        duplicates = [tuple(map(event_of, ids)) for ids in self.duplicates]
        after_event = self.scores, self.ranks, self.contexts, self.topics, duplicates, self.pinned, self.fallbacks
        links = map(Link, map(event_of, self.ids), *after_event)
        for length, copies in zip(self.lengths, self.copies, strict=True):
            yield Links(islice(links, length), map(event_of, copies))


def links_of_all(linker: Linker, first: PartialTopK, n_workers: int) -> Iterator[Links]:
    """Yield what `Linker.links_of_all` yields; where it pays, lists are made in other processes.

    Parameters
    ----------
    linker : Linker
    first : PartialTopK
        The first candidates of all events.
    n_workers : int
        The number of processes, at most `MAX_WORKERS`; with 1 it is this one alone, as it is on a cluster, and with `where`, a
        function that others may not know.
    """
    here = linker.links_of_all(first)
    if not _may_be_elsewhere(n_workers, len(first.ids), linker.retriever.filters):
        return here
    return _links_elsewhere(linker, _chunks_of_all(first), here, min(n_workers, MAX_WORKERS))


def links_of_numbers(linker: Linker, numbers: npt.NDArray[np.intp], n_workers: int) -> Iterator[Links]:
    """Yield the links of events of the archive, given their numbers, as `links_of_all` does."""
    first = linker.retriever.first_candidates_of(numbers)
    here = linker.links_of_numbers(numbers.tolist(), first)
    n_events = len(linker.archive)
    if len(numbers) < LEAST_PART * n_events or not _may_be_elsewhere(n_workers, n_events, linker.retriever.filters):
        return here
    return _links_elsewhere(linker, _chunks_of(numbers, first), here, min(n_workers, MAX_WORKERS))


def _may_be_elsewhere(n_workers: int, n_events: int, filters: LinkFilters) -> bool:
    """Return whether lists of an archive can be made in other processes, which pays to start for its size."""
    return n_workers > 1 and n_events >= MIN_LISTS and filters.where is None and not on_cluster()


@contextmanager
def started_early(folder: Path, n_events: int, filters: LinkFilters, n_workers: int) -> Iterator[None]:
    """Start the processes that will make the lists of an archive, and let them get ready while the block does other work.

    Parameters
    ----------
    folder : Path
        That of an index, of which each process makes a few lists, for which it imports and reads most of what all need.
    n_events : int
        The number of events of the archive; nothing is started for few.
    filters : LinkFilters
    n_workers : int
        As for `links_of_all`.
    """
    if not _may_be_elsewhere(n_workers, n_events, filters):
        yield
        return
    with running_beside(functools.partial(_make_some, folder), min(n_workers, MAX_WORKERS)):
        yield


def _make_some(folder: Path) -> None:
    """Make a few lists of the index in a folder, whatever comes of it."""
    collect_seldom()
    with suppress(InputError, OSError, KeyError, TypeError, ValueError):
        arrays, documents, manifest = read_folder(folder)
        index = index_from_parts(arrays, documents, manifest["settings"]["across_languages"])
        linker = Linker.of(index, Settings(None, None, None, None), LinkFilters.of("related"), 5, ())
        numbers = range(min(_FEW, len(index.archive)))
        deque(linker.links_of_numbers(numbers, linker.retriever.first_candidates_of(np.array(numbers))), 0)


def _links_elsewhere(linker: Linker, chunks: Iterable[_Chunk], here: Iterator[Links], n_workers: int) -> Iterator[Links]:
    """Yield the links of chunks of events, made in other processes; those that are made here where there is no room for that."""
    from joblib import delayed

    with ExitStack() as stack:
        try:
            folder = stack.enter_context(temporary_folder())
            arrays, documents = parts_of_index(linker.retriever.index)
            rest = {name: array for name, array in arrays.items() if not name.startswith("neighbours-")}  # which nobody asks for
            write_parts(folder, rest, documents)
        except OSError as error:
            _log.info("lists are made in this process alone, as no copy of the index can be written (%s)", error)
            yield from here
            return
        task = delayed(functools.partial(_packed_lists, str(folder), _settings_of(linker)))
        tasks = (task(*chunk) for chunk in chunks)
        events = linker.archive.events
        linker.archive.read_names()
        number_of = {id_: number for number, id_ in enumerate(linker.archive.ids)}
        with closing(results_in_rounds(tasks, n_workers)) as results:
            for packed in results:
                lists: _PackedLists = pickle.loads(packed)
                yield from lists.unpacked(lambda id_: events[number_of[id_]])


def _chunks_of_all(first: PartialTopK) -> Iterator[_Chunk]:
    """Yield the events of the archive, some at a time as soon as their candidates are known."""
    pending = np.ones(len(first.ids), bool)
    for start in range(0, len(first.ids), _CHUNK):
        end = start + _CHUNK
        while pending[start:end].any():
            pending[next(first.batches)] = False
        yield start, first.ids[start:end], first.scores[start:end]


def _chunks_of(numbers: npt.NDArray[np.intp], first: PartialTopK) -> Iterator[_Chunk]:
    """Yield some events at a time."""
    for start in range(0, len(numbers), _FEW):
        part = slice(start, start + _FEW)
        yield numbers[part], first.ids[part], first.scores[part]


def _settings_of(linker: Linker) -> bytes:
    """Return what makes a linker of an index."""
    retriever = linker.retriever
    settings = retriever.weights, retriever.filters, retriever.k, linker.ignored, linker.floor
    return pickle.dumps((linker.archive.across_languages, settings), pickle.HIGHEST_PROTOCOL)


def _packed_lists(
    folder: str,
    settings: bytes,
    events: int | npt.NDArray[np.intp],
    ids: npt.NDArray[np.int32],
    scores: npt.NDArray[np.float32],
) -> bytes:
    """Return the lists of a chunk of events, pickled without joblib, which takes twice the time."""
    linker, first = _linker(folder, settings), PartialTopK.finished(ids, scores)
    lists = linker.links_of_all(first, events) if isinstance(events, int) else linker.links_of_numbers(events.tolist(), first)
    return pickle.dumps(_PackedLists.of(list(lists)), pickle.HIGHEST_PROTOCOL)


@functools.lru_cache(1)
def _linker(folder: str, settings: bytes) -> Linker:
    """Return what makes links of the index in a folder."""
    collect_seldom()
    across_languages, (weights, filters, k, ignored, floor) = pickle.loads(settings)
    index = index_from_parts(*read_parts(Path(folder)), across_languages)
    return Linker(Retriever(index, weights, filters, k), ignored, floor)
