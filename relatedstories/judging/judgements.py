"""Judgements of which events are related, from a TREC qrels file or from the headings that editors set."""

from __future__ import annotations

import collections
import operator
import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import IO, TypeAlias

from relatedstories.columns import encoding_error
from relatedstories.counts import counted
from relatedstories.errors import BadValueError, InputError, path_given, shown, shown_names
from relatedstories.events import Event, as_id
from relatedstories.files.lines import read_lines

__all__ = ["QUERIES", "Headings", "Judgements", "check_ids", "read_qrels", "restrict_judgements", "write_qrels", "write_run"]

Judgements: TypeAlias = Mapping[str, Mapping[str, int]]
"""For each query's id, the gains of other ids: 0 for unrelated, higher for more closely related."""

QUERIES = 1500
"""Default number of queries of an evaluation, enough for confidence intervals of about ±0.02."""

MAX_GAIN = 10
"""Highest gain allowed. In nDCG a gain g counts 2^g - 1, so a higher gain would outweigh all others."""

_COLUMNS = "query, iteration, document and gain, separated by spaces"


def read_qrels(path: str | os.PathLike[str]) -> dict[str, dict[str, int]]:
    r"""Read judgements in TREC's qrels format: lines ``query iteration document gain`` in UTF-8, optionally gzipped.

    Parameters
    ----------
    path : path
        The file. Its second column is ignored. Gains are whole numbers up to 10; negative gains, TREC's mark for spam, count
        as 0.

    Returns
    -------
    dict of str to dict of str to int
        For each query, the gains of the documents judged for it.

    Raises
    ------
    BadValueError
        If a line is not a judgement, or judges a pair a second time; the message names file and line.
    InputError
        If the file holds no judgements.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "news.qrels")
    ...     _ = path.write_text("progress 0 dragon 2\nprogress 0 whitson 1\n")
    ...     read_qrels(path)
    {'progress': {'dragon': 2, 'whitson': 1}}
    """
    gains: dict[str, dict[str, int]] = {}
    for number, line in enumerate(read_lines(path_given("read_qrels", "path", path), "utf-8"), 1):
        where = f"{path}:{number}"
        if (error := encoding_error(where, {"line": line})) is not None:
            raise BadValueError(where, None, error.got.replace("character", "column"), error.expected)
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 4:
            raise BadValueError(where, None, counted(len(parts), "columns"), f"four: {_COLUMNS}")
        query, _, document, gain = parts
        judged = gains.setdefault(query, {})
        if document in judged:
            raise BadValueError(where, "document", f"{shown(document)} a second time", f"one judgement of it for {shown(query)}")
        judged[document] = _checked_gain(where, gain)
    if not gains:
        raise InputError(f"{path}: got no judgements, expected at least one line: {_COLUMNS}")
    return gains


def write_qrels(judgements: Judgements, queries: Iterable[str], file: IO[str]) -> None:
    """Write the judgements of some queries in the format that `read_qrels` reads, highest gains first."""
    for query in queries:
        for document, gain in sorted(judgements[query].items(), key=lambda judged: (-judged[1], judged[0])):
            file.write(f"{query} 0 {document} {gain}\n")


def write_run(lists: Mapping[str, Sequence[str]], name: str, file: IO[str]) -> None:
    """Write the documents listed for each query in TREC's run format: lines ``query Q0 document rank score name``.

    TREC's tools sort by score only, so the score counts down to 1 to keep the order of the list.
    """
    for query, documents in lists.items():
        for rank, document in enumerate(documents, 1):
            file.write(f"{query} Q0 {document} {rank} {len(documents) + 1 - rank} {name}\n")


def check_ids(ids: Iterable[str]) -> None:
    """Raise `BadValueError` for an id with white space, which separates the columns of qrels and run files."""
    for id_ in ids:
        if id_.split() != [id_]:
            raise BadValueError(
                f"event {shown(id_)}", "id", "white space in it", "none, because white space separates columns in TREC's formats"
            )


class Headings(Mapping[str, Mapping[str, int]]):
    """Judgements derived from headings: gain 2 for the same heading, 1 for a shared heading above it.

    The queries are the events whose own heading has `min_events` events or more. Gains are computed when a query is looked up,
    because a broad heading relates millions of pairs.

    Parameters
    ----------
    events : iterable of Event
        Events without a heading are related to no other, unless `above` gives them headings.
    above : mapping of str to sequence of str, optional
        For each id, all headings above the event's own; the event's own may be among them.
    min_events : int, default 3
        Number of events a heading needs for its events to be queries.

    Examples
    --------
    >>> filed = [("1", "Soyuz"), ("2", "Soyuz"), ("3", "Apollo")]
    >>> events = [Event(id_, "A launch", heading=heading) for id_, heading in filed]
    >>> headings = Headings(events, above={id_: ["Spaceflight"] for id_ in "123"}, min_events=2)
    >>> sorted(headings), sorted(headings["1"].items())
    (['1', '2'], [('2', 2), ('3', 1)])
    """

    def __init__(self, events: Iterable[Event], above: Mapping[str, Sequence[str]] | None = None, *, min_events: int = 3) -> None:
        self._heading_of: dict[str, str] = {}
        self._headings_of: dict[str, tuple[str, ...]] = {}
        self._events_of: dict[str, list[str]] = collections.defaultdict(list)
        self._events_under: dict[str, list[str]] = collections.defaultdict(list)
        for event in events:
            headings = () if above is None else above.get(event.id, ())
            if isinstance(headings, str):
                raise BadValueError(f"event {shown(event.id)}", "above", shown(headings), "a list of headings")
            if event.heading is not None:
                self._heading_of[event.id] = event.heading
                self._events_of[event.heading].append(event.id)
                headings = (*headings, event.heading)
            self._headings_of[event.id] = tuple(dict.fromkeys(headings))
            for heading in self._headings_of[event.id]:
                self._events_under[heading].append(event.id)
        self._queries = {id_: None for id_, heading in self._heading_of.items() if len(self._events_of[heading]) >= min_events}
        self.min_events = min_events

    def __getitem__(self, query: str) -> dict[str, int]:
        if query not in self._queries:
            raise KeyError(query)
        gains = {other: 1 for heading in self._headings_of[query] for other in self._events_under[heading]}
        gains |= dict.fromkeys(self._events_of[self._heading_of[query]], 2)
        del gains[query]
        return gains

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)

    def __repr__(self) -> str:
        return f"<Headings of {counted(len(self._heading_of), 'events')}, {len(self)} of them queries>"


def restrict_judgements(judgements: Judgements, ids: Collection[str], caller: str = "evaluate") -> dict[str, dict[str, int]]:
    """Return the judgements restricted to an archive's events, without queries that no event is related to.

    Parameters
    ----------
    judgements : mapping of str to mapping of str to int
    ids : collection of str
        The ids of the archive's events.
    caller : str, default "evaluate"
        The name of the calling function, for error messages.

    Raises
    ------
    BadValueError
        If the judgements are not mappings of ids to gains.

    Warns
    -----
    UserWarning
        If ids are not in the archive, or queries have no related event in it; with their number and the first of them.
    """
    if not isinstance(judgements, Mapping):
        raise BadValueError(caller, "judgements", shown(judgements), "a mapping of each query's id to a mapping of ids to gains")
    known: dict[str, dict[str, int]] = {}
    unknown: dict[str, None] = {}
    unrelated: list[str] = []
    for key, judged in judgements.items():
        query = as_id(key)
        if not isinstance(judged, Mapping):
            raise BadValueError(f"judgements of {shown(query)}", None, shown(judged), "a mapping of ids to gains")
        gains = {as_id(document): _checked_gain(f"judgements of {shown(query)}", gain) for document, gain in judged.items()}
        unknown |= dict.fromkeys(id_ for id_ in (query, *gains) if id_ not in ids)
        if query in ids:
            related = {id_: gain for id_, gain in gains.items() if id_ in ids and id_ != query}
            if any(related.values()):
                known[query] = related
            else:
                unrelated.append(query)
    if unknown:
        warnings.warn(
            f"judgements: left out {counted(len(unknown), 'ids')} not in the archive: {shown_names(unknown, 3)}",
            stacklevel=3,
        )
    if unrelated:
        warnings.warn(
            f"judgements: left out {counted(len(unrelated), 'queries')} without a related event in the archive: "
            f"{shown_names(unrelated, 3)}",
            stacklevel=3,
        )
    return known


def _checked_gain(where: str, value: object) -> int:
    """Return a gain as a number from 0; raise `BadValueError` if it is not a whole number up to `MAX_GAIN`."""
    try:
        gain = int(value) if isinstance(value, str) else operator.index(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        gain = MAX_GAIN + 1
    if gain > MAX_GAIN:
        raise BadValueError(where, "gain", shown(value), f"a whole number up to {MAX_GAIN}")
    return max(0, gain)
