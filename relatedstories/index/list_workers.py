"""The lists of a large archive made in other processes, which read a copy of its index, while this one writes them."""

from __future__ import annotations

import functools
import logging
import pickle
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from relatedstories.index.linker import Linker
from relatedstories.index.retriever import Retriever
from relatedstories.index.serialisation import index_from_parts, parts_of_index
from relatedstories.index.storage import read_parts, write_parts
from relatedstories.parallel import collect_seldom, on_cluster, results_in_rounds
from relatedstories.ranking.links import Link, Links
from relatedstories.topk.partial import PartialTopK

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.topics.topic import Topic

__all__ = ["links_of_all"]

_log = logging.getLogger(__name__)

MIN_LISTS = 12_000
"""Number of lists from which on it takes less time to make them in other processes than to start these."""

MAX_WORKERS = 6
"""Number of processes that make lists; taking their lists, this one keeps no more of them busy."""

_CHUNK = 512
"""Number of lists that a process makes at a time: a third of a second of work."""


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
        The number of processes, at most `MAX_WORKERS`; with 1 it is this one alone, as it is on a cluster, and with `where`, a
        function that others may not know.
    """
    if n_workers == 1 or len(first.ids) < MIN_LISTS or on_cluster() or linker.retriever.filters.where is not None:
        return linker.links_of_all(first)
    return _links_elsewhere(linker, first, min(n_workers, MAX_WORKERS))


def _links_elsewhere(linker: Linker, first: PartialTopK, n_workers: int) -> Iterator[Links]:
    from joblib import delayed

    with TemporaryDirectory(prefix="relatedstories-", ignore_cleanup_errors=True) as folder:
        try:
            arrays, documents = parts_of_index(linker.retriever.index)
            rest = {name: array for name, array in arrays.items() if not name.startswith("neighbours-")}  # which nobody asks for
            write_parts(Path(folder), rest, documents)
        except OSError as error:
            _log.info("lists are made in this process alone, as no copy of the index can be written (%s)", error)
            yield from linker.links_of_all(first)
            return
        task = delayed(functools.partial(_packed_lists, folder, _settings_of(linker)))
        tasks = (task(*chunk) for chunk in _chunks(first))
        events = linker.archive.events
        linker.archive.read_names()
        number_of = {id_: number for number, id_ in enumerate(linker.archive.ids)}
        with closing(results_in_rounds(tasks, n_workers)) as results:
            for packed in results:
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


def _chunks(first: PartialTopK) -> Iterator[tuple[int, npt.NDArray[np.int32], npt.NDArray[np.float32]]]:
    """Yield candidates of some events at a time as soon as they are known, after the number of the first of these events."""
    pending = np.ones(len(first.ids), bool)
    for start in range(0, len(first.ids), _CHUNK):
        end = start + _CHUNK
        while pending[start:end].any():
            pending[next(first.batches)] = False
        yield start, first.ids[start:end], first.scores[start:end]


def _settings_of(linker: Linker) -> bytes:
    """Return what makes a linker of an index."""
    retriever = linker.retriever
    settings = retriever.weights, retriever.filters, retriever.k, linker.ignored, linker.floor
    return pickle.dumps((linker.archive.across_languages, settings), pickle.HIGHEST_PROTOCOL)


def _packed_lists(
    folder: str, settings: bytes, first_row: int, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]
) -> bytes:
    """Return the lists of some events, pickled without joblib, which takes twice the time."""
    lists = _linker(folder, settings).links_of_all(PartialTopK.finished(ids, scores), first_row)
    packed: list[_PackedLinks] = [([*map(_PackedLink.of, links)], [event.id for event in links.copies]) for links in lists]
    return pickle.dumps(packed, pickle.HIGHEST_PROTOCOL)


@functools.lru_cache(1)
def _linker(folder: str, settings: bytes) -> Linker:
    """Return what makes links of the index in a folder."""
    collect_seldom()
    across_languages, (weights, filters, k, ignored, floor) = pickle.loads(settings)
    index = index_from_parts(*read_parts(Path(folder)), across_languages)
    return Linker(Retriever(index, weights, filters, k), ignored, floor)
