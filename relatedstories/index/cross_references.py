"""Whether the parts of an index fit together: lengths, ids, the columns and rows that parts refer to, and dates and names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from relatedstories.counts import counted
from relatedstories.errors import InputError, shown
from relatedstories.events import Event
from relatedstories.index.faults import Fault
from relatedstories.index.rows import day_of
from relatedstories.index.storage import JsonLines

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["reference_faults"]

_BY_EVENT = (
    "days", "embeddings", "languages-told", "segments-n_title", "blocks-order", "blocks-days", "blocks-embedding_heads",
    "blocks-tail_norms", "neighbours-ids", "neighbours-scores", "neighbours-bounds",
)  # fmt: skip
"""Arrays that have an entry for each event."""

_MATRICES = {"weights": True, "terms": True, "topics": True, "passages": False}
"""Sparse matrices, and whether each has its weights beside its columns."""


def reference_faults(place: str, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, JsonLines]) -> Iterator[Fault]:
    """Yield what does not fit among the parts of an index; of each kind of fault the first, with the number of the others.

    Parameters
    ----------
    place : str
        The index, as faults name it.
    arrays, documents
        What `relatedstories.index.storage.read_folder` returned.
    """
    broken = [*_broken_lines(place, documents)]
    yield from broken
    if broken:
        return
    lengths = [*_wrong_lengths(place, arrays, documents)]
    yield from lengths
    if lengths:
        return  # what follows takes the lengths for granted
    events = [*documents["events"]]
    ids = [event["id"] for event in events]
    name = _names_of(place, ids)
    yield from _first(_unlike(name("id of {}"), documents["ids"], ids))
    sorted_texts = {"ids": ids, "terms": [*documents["terms"]], "topics": [topic[0] for topic in documents["topics"]]}
    for what, values in sorted_texts.items():
        yield from _first(_not_rising(f"{place}: {what}", values))
    yield from _first(_wrong_dates_and_languages(name, arrays, documents, events))
    n_columns = {"terms": len(documents["terms"]), "topics": len(documents["topics"])}
    n_columns |= {"weights": sum(n_columns.values()), "passages": n_columns["terms"]}
    for matrix in _MATRICES:
        yield from _first(_wrong_columns(f"{place}: {matrix}", arrays, matrix, n_columns[matrix]))
    yield from _wrong_blocks(place, arrays)
    if "neighbours-ids" in arrays:
        yield from _first(_wrong_neighbours(name, arrays))


def _first(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Yield the first of some faults of one kind, which says how many others there are."""
    found = iter(faults)
    first = next(found, None)
    if first is not None:
        others = sum(1 for _ in found)
        yield first._replace(where=f"{first.where} (and {others} more)") if others else first


def _names_of(place: str, ids: list[str]) -> Callable[[str], Callable[[int], str]]:
    """Return a function that makes a pattern into the name of what belongs to the event of a number."""
    return lambda pattern: lambda number: f"{place}: {pattern.format(f'event {shown(ids[number])}')}"


def _unlike(name: Callable[[int], str], got: Iterable[Any], expected: Iterable[Any]) -> Iterator[Fault]:
    """Yield a fault for each place at which two sequences of equal length differ."""
    for number, (one, other) in enumerate(zip(got, expected, strict=True)):
        if one != other:
            yield Fault(name(number), shown(one), shown(other))


def _not_rising(where: str, values: Iterable[str]) -> Iterator[Fault]:
    for before, value in pairwise(values):
        if not before < value:
            yield Fault(where, f"{shown(value)} after {shown(before)}", "each once, in the order of the alphabet")


def _broken_lines(place: str, documents: Mapping[str, JsonLines]) -> Iterator[Fault]:
    """Yield a fault for each document whose lines are not where it says, or are not JSON."""
    for name, lines in documents.items():
        where = f"{place}: {name}"
        if not lines.starts_fit():
            yield Fault(where, "starts of lines that do not fit its lines", "one for each line, and the end")
            continue
        try:
            for line in lines:
                if name == "events":
                    _ = Event.from_dict(line).id, line["id"]
        except (InputError, KeyError, TypeError) as error:
            yield Fault(where, f"a line that cannot be read ({error})", "a value on each line")


def _wrong_lengths(place: str, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, JsonLines]) -> Iterator[Fault]:
    """Yield a fault for each part that has not as many entries as those beside it."""
    n, n_terms, n_topics = (len(documents[name]) for name in ("events", "terms", "topics"))
    expected = dict.fromkeys(("ids", "languages", "topics-found"), (n, "an entry for each event"))
    found = {name: len(documents[name]) for name in expected}
    expected |= {name: (n, "an entry for each event") for name in _BY_EVENT if name in arrays or not _is_of_cache(name)}
    starts = "the start of each event, and the end"
    expected |= {f"{name}-indptr": (n + 1, starts) for name in ("weights", "terms", "topics")}
    expected |= {f"{name}-starts": (n + 1, starts) for name in ("passages", "segments")}
    n_passages = int(arrays["passages-starts"][-1]) if len(arrays["passages-starts"]) else 0
    expected["passages-indptr"] = n_passages + 1, "the start of each passage, and the end"
    for matrix, has_data in _MATRICES.items():
        indptr = arrays[f"{matrix}-indptr"]
        n_entries = int(indptr[-1]) if len(indptr) else 0
        for part in ("indices", "data") if has_data else ("indices",):
            expected[f"{matrix}-{part}"] = n_entries, "an entry for each start"
    n_segments = int(arrays["segments-starts"][-1]) if len(arrays["segments-starts"]) else 0
    expected |= {f"segments-{name}": (n_segments, "one for each segment of the events") for name in ("keys", "words")}
    n_entries = len(arrays["weights-data"])
    expected |= {f"blocks-posting_{name}": (n_entries, "a posting for each weight") for name in ("rows", "weights")}
    expected["blocks-max_weights"] = n_terms + n_topics, "one for each term and topic"
    for name, (length, what) in expected.items():
        got = found.get(name, len(arrays[name]) if name in arrays else None)
        if got != length:
            yield Fault(f"{place}: {name}", counted(got, "entries") if got is not None else "no such part", f"{length}, {what}")


def _is_of_cache(name: str) -> bool:
    """Return whether a part is one of the neighbour cache, which an index need not have."""
    return name.startswith("neighbours-")


def _wrong_dates_and_languages(
    name: Callable[[str], Callable[[int], str]],
    arrays: Mapping[str, npt.NDArray[Any]],
    documents: Mapping[str, JsonLines],
    events: list[Any],
) -> Iterator[Fault]:
    """Yield a fault for each event whose day or language is not that of the event itself."""
    days, told = arrays["days"].tolist(), arrays["languages-told"].tolist()
    day_name, language_name = name("day of {}"), name("language of {}")
    for number, (record, language) in enumerate(zip(events, documents["languages"], strict=True)):
        event = Event.from_dict(record)
        if days[number] != day_of(event):
            yield Fault(day_name(number), str(days[number]), f"{day_of(event)}, for {event.date}")
        if event.language is not None and (event.language, True) != (language, told[number]):
            yield Fault(language_name(number), shown(language), f"{shown(event.language)}, which the event says")


def _wrong_columns(where: str, arrays: Mapping[str, npt.NDArray[Any]], matrix: str, n_columns: int) -> Iterator[Fault]:
    """Yield a fault for rows that do not follow each other, and for columns that there are not, or not in order."""
    indptr, indices = arrays[f"{matrix}-indptr"], arrays[f"{matrix}-indices"]
    if indptr[0] != 0 or (np.diff(indptr) < 0).any():
        yield Fault(where, "rows whose starts fall", "starts that rise from 0")
        return
    outside = indices[(indices < 0) | (indices >= n_columns)]
    for column in outside.tolist():
        yield Fault(where, f"the column {column}", f"columns from 0 to {n_columns - 1}")
    falling = np.flatnonzero(np.diff(indices) <= 0) + 1
    for place in np.setdiff1d(falling, indptr).tolist():
        row = int(np.searchsorted(indptr, place, side="right")) - 1
        yield Fault(f"{where}, row {row}", f"the column {indices[place]} after {indices[place - 1]}", "each column once, rising")
    data = arrays.get(f"{matrix}-data")
    if data is not None and not (np.isfinite(data) & (data > 0)).all():
        yield Fault(where, "a weight that is not finite, or not above 0", "weights above 0")


def _wrong_blocks(place: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Iterator[Fault]:
    """Yield a fault for an inverted index that is not one of the rows beside it."""
    order, days = arrays["blocks-order"], arrays["days"]
    if not np.array_equal(np.sort(order), np.arange(len(days))):
        yield Fault(f"{place}: blocks-order", "other numbers", f"each number from 0 to {len(days) - 1} once")
    elif not np.array_equal(arrays["blocks-days"], days[order]) or (days[order][1:] < days[order][:-1]).any():
        yield Fault(f"{place}: blocks-days", "other days than those of the events, in order", "these")
    size, starts = int(arrays["blocks-block_size"][0]), arrays["blocks-posting_starts"]
    shape = (-(-len(days) // size) if size > 0 else 0, len(arrays["blocks-max_weights"]) + 1)
    if starts.shape != shape and len(days):
        yield Fault(f"{place}: blocks-posting_starts", f"an array of shape {starts.shape}", f"one of shape {shape}")
    elif (np.diff(starts.ravel()) < 0).any() or (
        starts.size and (starts[0, 0], starts[-1, -1]) != (0, len(arrays["weights-data"]))
    ):
        yield Fault(f"{place}: blocks-posting_starts", "starts that fall, or leave postings out", "those of all postings, rising")
    rows = arrays["blocks-posting_rows"]
    if len(rows) and int(rows.max()) >= size:
        yield Fault(f"{place}: blocks-posting_rows", f"the row {int(rows.max())}", f"rows of a block, 0 to {size - 1}")


def _wrong_neighbours(name: Callable[[str], Callable[[int], str]], arrays: Mapping[str, npt.NDArray[Any]]) -> Iterator[Fault]:
    """Yield a fault for each event whose list of neighbours cannot be one."""
    ids, scores = arrays["neighbours-ids"], arrays["neighbours-scores"]
    n, width = ids.shape
    listed = ids >= 0
    by_id = np.sort(np.where(listed, ids, -1 - np.arange(width)), axis=1)
    wrong = {
        "a number that no event has": ((ids < -1) | (ids >= n)).any(axis=1),
        "the event itself": (ids == np.arange(n)[:, None]).any(axis=1),
        "an event twice": (np.diff(by_id, axis=1) == 0).any(axis=1),
        "scores that rise": (np.diff(scores, axis=1) > 0).any(axis=1),
        "a score outside 0 to 1, or none for an event": ~(((scores > 0) == listed) & (scores <= 1)).all(axis=1),
    }
    neighbours_name = name("neighbours of {}")
    for got, rows in wrong.items():
        for number in np.flatnonzero(rows).tolist():
            yield Fault(neighbours_name(number), got, "other events, each once, with falling scores")
