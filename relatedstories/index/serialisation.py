"""An index as named arrays and lines of JSON, which `relatedstories.index.storage` writes and reads.

A pickled index has the same parts.
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from relatedstories.disk.lazy_sequence import LazySequence, LineSource, to_json_line
from relatedstories.events import Event
from relatedstories.features.passages import Passages
from relatedstories.features.vectors import Counts
from relatedstories.index.archive import Archive
from relatedstories.index.archive_index import ArchiveIndex
from relatedstories.index.boilerplate import Segments
from relatedstories.index.learnt import Learnt
from relatedstories.index.storage import JsonLines
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.neighbour_cache import NeighbourCache

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["index_from_parts", "parts_of_index"]

_SEGMENTS = "starts", "n_title", "keys", "words"


def parts_of_index(index: ArchiveIndex) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Iterable[bytes]]]:
    """Return the arrays and the documents, as lines of JSON, that an index consists of, by name."""
    archive = index.archive
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, matrix in (("weights", archive.weights), ("terms", archive.terms.matrix), ("topics", archive.keys.matrix)):
        arrays |= {f"{name}-indptr": matrix.indptr, f"{name}-indices": matrix.indices, f"{name}-data": matrix.data}
    passages = archive.passages
    arrays |= {
        "passages-starts": passages.starts,
        "passages-indptr": passages.matrix.indptr,
        "passages-indices": passages.matrix.indices,
    }
    arrays |= {"days": archive.days, "embeddings": archive.embeddings, **index.blocks.parts()}
    arrays["languages-told"] = archive.is_told
    arrays |= {f"segments-{name}": getattr(archive.segments, name) for name in _SEGMENTS}
    arrays["boilerplate"] = archive.segments.recurring
    arrays |= index.learnt.parts()
    arrays |= index.neighbours.parts() if index.neighbours else {}
    documents: dict[str, Iterable[bytes]] = {
        "events": archive.events.lines(Event.to_dict),
        "ids": archive.ids.lines(),
        "languages": archive.languages.lines(),
        "topics-found": archive.found.lines(),
        "terms": map(to_json_line, archive.terms.terms),
        "topics": archive.names.lines(),
    }
    return arrays, documents


def index_from_parts(
    arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, LineSource], across_languages: bool
) -> ArchiveIndex:
    """Return the index of parts; the arrays are used as they are and may be memory-mapped.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a part is missing or of the wrong form.
    """
    events, ids, found, terms, topics = (documents[name] for name in ("events", "ids", "topics-found", "terms", "topics"))
    all_events, all_topics = range(len(events)), range(len(topics))
    archive = Archive(
        LazySequence(all_events, events, Event.from_dict),
        LazySequence(all_events, ids),
        arrays["days"],
        LazySequence(all_events, found, lambda topics: tuple((name, kind, tuple(of)) for name, kind, of in topics)),
        Counts(LazySequence(range(len(terms)), terms), _matrix(arrays, "terms", len(terms))),
        Counts(LazySequence(all_topics, topics, lambda topic: str(topic[0])), _matrix(arrays, "topics", len(topics))),
        Passages.of_parts(arrays["passages-starts"], arrays["passages-indptr"], arrays["passages-indices"], len(terms)),
        LazySequence(all_topics, topics, lambda topic: (topic[0], tuple(tuple(named) for named in topic[1]))),
        _matrix(arrays, "weights", len(terms) + len(topics)),
        arrays["embeddings"],
        LazySequence(all_events, documents["languages"]),
        arrays["languages-told"],
        Segments(**{name: arrays[f"segments-{name}"] for name in _SEGMENTS}, known_recurring=arrays["boilerplate"]),
        across_languages,
    )
    blocks, neighbours = BlockedIndex.of_parts(arrays, archive.embeddings), NeighbourCache.of_parts(arrays)
    return ArchiveIndex(archive, blocks, neighbours, learnt=Learnt(archive, arrays))


def _matrix(arrays: Mapping[str, npt.NDArray[Any]], name: str, n_columns: int) -> sp.csr_array:
    data, indices, indptr = (arrays[f"{name}-{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_array((data, indices, indptr), shape=(len(indptr) - 1, n_columns))


def _pickled(index: ArchiveIndex) -> tuple[Any, ...]:
    """Return what pickle makes an index of: its parts, as what it keeps beside them holds functions and mapped files."""
    arrays, documents = parts_of_index(index)
    texts = {name: [*lines] for name, lines in documents.items()}
    joined = {name: (b"".join(lines), np.cumsum([0, *map(len, lines)], dtype=np.int64)) for name, lines in texts.items()}
    return _unpickled, (arrays, joined, index.archive.across_languages)


def _unpickled(
    arrays: dict[str, npt.NDArray[Any]], texts: dict[str, tuple[bytes, npt.NDArray[np.int64]]], across_languages: bool
) -> ArchiveIndex:
    documents = {
        name: JsonLines(np.frombuffer(text, np.uint8), starts, Path("pickled", name)) for name, (text, starts) in texts.items()
    }
    return index_from_parts(arrays, documents, across_languages)


copyreg.pickle(ArchiveIndex, _pickled)  # here, since what an index consists of is known here
