"""The lists of a large archive made in other processes, which read a copy of its index, while this one writes them."""

from __future__ import annotations

import functools
import logging
import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from relatedstories.index.linker import Linker
from relatedstories.index.retriever import Retriever
from relatedstories.index.serialisation import index_from_parts, parts_of_index
from relatedstories.index.storage import read_folder, read_parts, write_parts
from relatedstories.index.weights import Settings
from relatedstories.parallel import collect_seldom, on_cluster, results_in_rounds, running_beside
from relatedstories.ranking.filters import LinkFilters
from relatedstories.ranking.links import Link, Links
from relatedstories.topics.extraction import extracted, may_be_sent
from relatedstories.topk.partial import PartialTopK

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.events import Event
    from relatedstories.index.stories import RelatedStories
    from relatedstories.topics.extractor import TopicExtractor
    from relatedstories.topics.topic import Topic

__all__ = ["links_of_all", "links_of_numbers", "started_early"]

_log = logging.getLogger(__name__)

MIN_LISTS = 12_000
"""Number of lists from which on it takes less time to make them in other processes than to start these."""

LEAST_PART = 0.02
"""The part of the lists of an archive from which on that pays: the copy of its index takes as long as to make these here."""

MAX_WORKERS = 6
"""Number of other processes that make lists; taking their lists, this one keeps no more of them busy."""

_OWN_SHARES = 0.6, 0.4, 0.2
"""How many lists this process makes itself, beside each that one of 1, 2 or 3 others makes; with more it takes theirs alone."""

_CHUNK, _FEW = 512, 128
"""Number of lists that a process makes at a time, a third of a second of work; and where only few are made in all."""

_Chunk: TypeAlias = "tuple[int | npt.NDArray[np.intp], npt.NDArray[np.int32], npt.NDArray[np.float32]]"
"""Some events, by their numbers, or by the first where all follow; with the ids and the scores of their candidates."""


class _PackedLink(NamedTuple):
    """A link with ids instead of events."""

    id: str
    score: float
    rank: int
    contexts: tuple[str, ...]
    topics: tuple[Topic, ...]
    duplicates: tuple[str, ...]
    pinned: bool
    fallback: str | None

    @classmethod
    def of(cls, link: Link) -> _PackedLink:
        duplicates = tuple([event.id for event in link.duplicates])
        return cls(link.event.id, link.score, link.rank, link.contexts, link.topics, duplicates, link.pinned, link.fallback)


_PackedLinks = tuple[list[_PackedLink], list[str]]
"""The links of a list, and the ids of its copies."""


def links_of_all(linker: Linker, first: PartialTopK, n_workers: int) -> Iterator[Links]:
    """Yield what `Linker.links_of_all` yields; where it pays, lists are made in other processes.

    Parameters
    ----------
    linker : Linker
    first : PartialTopK
        The first candidates of all events.
    n_workers : int
        The number of processes, this one among them; with 1 it is this one alone, as it is on a cluster, and with `where`, a
        function that others may not know.
    """
    if not _may_be_elsewhere(n_workers, len(first.ids), linker.retriever.filters):
        return linker.links_of_all(first)
    return _links_elsewhere(linker, None, first, n_workers)


def links_of_numbers(linker: Linker, numbers: npt.NDArray[np.intp], n_workers: int) -> Iterator[Links]:
    """Yield the links of events of the archive, given their numbers, as `links_of_all` does."""
    first = linker.retriever.first_candidates_of(numbers)
    n_events = len(linker.archive)
    if len(numbers) < LEAST_PART * n_events or not _may_be_elsewhere(n_workers, n_events, linker.retriever.filters):
        return linker.links_of_numbers(numbers.tolist(), first)
    return _links_elsewhere(linker, numbers, first, n_workers)


def _may_be_elsewhere(n_workers: int, n_events: int, filters: LinkFilters) -> bool:
    """Return whether lists of an archive can be made in other processes, which pays to start for its size."""
    return n_workers > 1 and n_events >= MIN_LISTS and filters.where is None and not on_cluster()


def _n_others(n_workers: int) -> int:
    return min(n_workers - 1, MAX_WORKERS)


@contextmanager
def started_early(folder: Path, stories: RelatedStories, filters: LinkFilters, n_workers: int) -> Iterator[None]:
    """Start the processes that will make the lists of an archive, and let them get ready while the block does other work.

    Parameters
    ----------
    folder : Path
        That of an index. Each process makes a few of its lists, and extracts the topics of the events, for which it imports and
        reads most of what all need.
    stories : RelatedStories
        The index; nothing is started for a small one.
    filters : LinkFilters
    n_workers : int
        As for `links_of_all`.
    """
    if not _may_be_elsewhere(n_workers, len(stories), filters):
        yield
        return
    extractor = stories.extractor if may_be_sent(stories.extractor) else None
    with running_beside(functools.partial(_get_ready, folder, extractor), _n_others(n_workers)):
        yield


def _get_ready(folder: Path, extractor: TopicExtractor | None) -> None:
    """Extract the topics of a few events of the index in a folder, and make their lists."""
    collect_seldom()
    arrays, documents, manifest = read_folder(folder)
    index = index_from_parts(arrays, documents, manifest["settings"]["across_languages"])
    numbers = range(min(_FEW, len(index.archive)))
    if extractor is not None:
        extracted(extractor, [index.archive.events[number] for number in numbers], [None] * len(numbers))
    linker = Linker.of(index, Settings(None, None, None, None), LinkFilters.of("related"), 5, ())
    deque(linker.links_of_numbers(numbers, linker.retriever.first_candidates_of(np.array(numbers))), 0)


def _links_elsewhere(linker: Linker, numbers: npt.NDArray[np.intp] | None, first: PartialTopK, n_workers: int) -> Iterator[Links]:
    """Yield the links of events, by default of all, most of which other processes make, some this one meanwhile."""
    from joblib import delayed

    with TemporaryDirectory(prefix="relatedstories-", ignore_cleanup_errors=True) as folder:
        try:
            arrays, documents = parts_of_index(linker.retriever.index)
            rest = {name: array for name, array in arrays.items() if not name.startswith("neighbours-")}  # which nobody asks for
            write_parts(Path(folder), rest, documents)
        except OSError as error:
            _log.info("lists are made in this process alone, as no copy of the index can be written (%s)", error)
            yield from linker.links_of_all(first) if numbers is None else linker.links_of_numbers(numbers.tolist(), first)
            return
        linker.archive.read_names()
        number_of = {id_: number for number, id_ in enumerate(linker.archive.ids)}
        task, n_others = delayed(functools.partial(_packed_lists, folder, _settings_of(linker))), _n_others(n_workers)
        size = _CHUNK if numbers is None else _FEW
        own_size = int(size * _OWN_SHARES[n_others - 1]) if n_others <= len(_OWN_SHARES) else 0
        chunks = _Chunks(numbers, first)
        tasks = (task(*chunk) for chunk in chunks.of(size))
        here = (functools.partial(_lists, linker, *chunk) for chunk in chunks.of(own_size))
        with closing(results_in_rounds(tasks, n_others, here)) as results:
            for lists in results:
                yield from _unpacked(lists, linker.archive.events, number_of) if isinstance(lists, bytes) else lists


class _Chunks:
    """Events to make lists of, of which chunks of any size are taken, one after another.

    Parameters
    ----------
    numbers : ndarray of int or None
        Those of the events; None for all of the archive.
    first : PartialTopK
        Their first candidates.
    """

    def __init__(self, numbers: npt.NDArray[np.intp] | None, first: PartialTopK) -> None:
        self._numbers, self._first, self._start = numbers, first, 0
        self._pending = np.ones(len(first.ids), bool)

    def of(self, size: int) -> Iterator[_Chunk]:
        """Yield the next chunks, each as soon as its candidates are known; none of size 0."""
        first = self._first
        while size and self._start < len(first.ids):
            part = slice(self._start, self._start + size)
            self._start += size
            while self._pending[part].any():
                self._pending[next(first.batches)] = False
            yield part.start if self._numbers is None else self._numbers[part], first.ids[part], first.scores[part]


def _lists(
    linker: Linker, events: int | npt.NDArray[np.intp], ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]
) -> list[Links]:
    """Return the lists of a chunk of events."""
    first = PartialTopK.finished(ids, scores)
    return [*(linker.links_of_all(first, events) if isinstance(events, int) else linker.links_of_numbers(events.tolist(), first))]


def _unpacked(packed: bytes, events: Sequence[Event], number_of: dict[str, int]) -> Iterator[Links]:
    """Yield the lists that another process made."""
    for links, copies in pickle.loads(packed):
        yield Links(
            [
                Link(
                    events[number_of[link.id]],
                    link.score,
                    link.rank,
                    link.contexts,
                    link.topics,
                    tuple([events[number_of[id_]] for id_ in link.duplicates]),
                    link.pinned,
                    link.fallback,
                )
                for link in links
            ],
            [events[number_of[id_]] for id_ in copies],
        )


def _settings_of(linker: Linker) -> bytes:
    """Return what makes a linker of an index."""
    retriever = linker.retriever
    settings = retriever.weights, retriever.filters, retriever.k, linker.ignored, linker.floor
    return pickle.dumps((linker.archive.across_languages, settings), pickle.HIGHEST_PROTOCOL)


def _packed_lists(folder: str, settings: bytes, *chunk: Any) -> bytes:
    """Return the lists of a chunk of events, pickled without joblib, which takes twice the time."""
    packed: list[_PackedLinks] = [
        ([*map(_PackedLink.of, links)], [event.id for event in links.copies])
        for links in _lists(_linker(folder, settings), *chunk)
    ]
    return pickle.dumps(packed, pickle.HIGHEST_PROTOCOL)


@functools.lru_cache(1)
def _linker(folder: str, settings: bytes) -> Linker:
    """Return what makes links of the index in a folder."""
    collect_seldom()
    across_languages, (weights, filters, k, ignored, floor) = pickle.loads(settings)
    index = index_from_parts(*read_parts(Path(folder)), across_languages)
    return Linker(Retriever(index, weights, filters, k), ignored, floor)
