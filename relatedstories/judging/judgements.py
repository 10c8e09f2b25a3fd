"""Judgements: which events are related to which, as people have said it, in a TREC qrels file or by the headings they set."""

from __future__ import annotations

import collections
import operator
import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeAlias

from relatedstories.errors import BadValueError, InputError, shown, shown_names
from relatedstories.events import Event, as_id
from relatedstories.files.lines import read_lines

__all__ = ["QUERIES", "Headings", "Judgements", "check_ids", "checked", "read_qrels", "write_qrels", "write_run"]

Judgements: TypeAlias = Mapping[str, Mapping[str, int]]
"""For each query's id, the gain of other ids: 0 unrelated, above it related, the higher the more."""

QUERIES = 1500
"""How many events an evaluation asks about by default: enough for intervals of two hundredths to either side."""

MAX_GAIN = 10
"""Of gains above it nDCG, in which g counts 2^g - 1, would see nothing else; and more than one in use has none."""

_COLUMNS = "query, iteration, document and gain, with spaces between"


def read_qrels(path: str | os.PathLike[str]) -> dict[str, dict[str, int]]:
    r"""Read judgements in the format of TREC: a line ``query iteration document gain`` each, UTF-8, perhaps gzipped.

    Parameters
    ----------
    path : path
        Its second column is not read. Gains are whole numbers up to 10; those below 0, by which TREC means spam, count as 0.

    Returns
    -------
    dict of str to dict of str to int
        For each query, the gain of each document judged for it.

    Raises
    ------
    BadValueError
        For a line that is no judgement, or judges a pair a second time, with its place.
    InputError
        If there is no judgement in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "news.qrels"
    ...     _ = path.write_text("progress 0 dragon 2\nprogress 0 whitson 1\n")
    ...     read_qrels(path)
    {'progress': {'dragon': 2, 'whitson': 1}}
    """
    gains: dict[str, dict[str, int]] = {}
    for number, line in enumerate(read_lines(Path(path)), 1):
        where = f"{path}:{number}"
        try:
            parts = line.decode().split()
        except UnicodeDecodeError as error:
            got = f"byte 0x{line[error.start]:02x} at column {error.start + 1}"
            raise BadValueError(where, None, got, "text in UTF-8") from None
        if not parts:
            continue
        if len(parts) != 4:
            raise BadValueError(where, None, f"{len(parts)} column{'s' if len(parts) > 1 else ''}", f"four: {_COLUMNS}")
        query, _, document, gain = parts
        judged = gains.setdefault(query, {})
        if document in judged:
            raise BadValueError(where, "document", f"{shown(document)} a second time", f"one judgement of it for {shown(query)}")
        judged[document] = _gain(where, gain)
    if not gains:
        raise InputError(f"{path}: got no judgements, expected one at least, each on a line: {_COLUMNS}")
    return gains


def write_qrels(judgements: Judgements, queries: Iterable[str], file: IO[str]) -> None:
    """Write the judgements of some queries as `read_qrels` reads them, the highest gains first."""
    for query in queries:
        for document, gain in sorted(judgements[query].items(), key=lambda judged: (-judged[1], judged[0])):
            file.write(f"{query} 0 {document} {gain}\n")


def write_run(lists: Mapping[str, Sequence[str]], name: str, file: IO[str]) -> None:
    """Write the documents listed for each query in the format of TREC: a line ``query Q0 document rank score name`` each.

    TREC's tools sort by score and look at nothing else. So that they find this order, the score counts down to 1.
    """
    for query, documents in lists.items():
        for rank, document in enumerate(documents, 1):
            file.write(f"{query} Q0 {document} {rank} {len(documents) + 1 - rank} {name}\n")


def check_ids(ids: Iterable[str]) -> None:
    """Raise `BadValueError` for an id that a qrels or run file, whose columns are parted by white space, cannot hold."""
    for id_ in ids:
        if id_.split() != [id_]:
            raise BadValueError(f"event {shown(id_)}", "id", "white space in it", "none, as files of TREC's formats hold none")


class Headings(Mapping[str, Mapping[str, int]]):
    """Judgements by headings: gain 2 for the same heading, 1 for one above it in common.

    Its queries are the events whose own heading stands over `min_events` or more: of an event that is filed alone, no
    other is known to be related. Gains are made when asked for, as a wide heading relates millions of pairs.

    Parameters
    ----------
    events : iterable of Event
        Those without a heading relate to none, unless `above` gives them some.
    above : mapping of str to sequence of str, optional
        For ids, all headings above the event's own; its own may be among them.
    min_events : int, default 3

    Examples
    --------
    >>> filed = [("1", "Soyuz"), ("2", "Soyuz"), ("3", "Apollo")]
    >>> events = [Event(id_, "A launch", heading=heading) for id_, heading in filed]
    >>> headings = Headings(events, above={id_: ["Spaceflight"] for id_ in "123"}, min_events=2)
    >>> sorted(headings), sorted(headings["1"].items())
    (['1', '2'], [('2', 2), ('3', 1)])
    """

    def __init__(self, events: Iterable[Event], above: Mapping[str, Sequence[str]] | None = None, *, min_events: int = 3) -> None:
        self._own: dict[str, str] = {}
        self._all: dict[str, tuple[str, ...]] = {}
        self._filed: dict[str, list[str]] = collections.defaultdict(list)
        self._under: dict[str, list[str]] = collections.defaultdict(list)
        for event in events:
            over = () if above is None else above.get(event.id, ())
            if isinstance(over, str):
                raise BadValueError(f"event {shown(event.id)}", "above", shown(over), "a list of headings")
            if event.heading is not None:
                self._own[event.id] = event.heading
                self._filed[event.heading].append(event.id)
                over = (*over, event.heading)
            self._all[event.id] = tuple(dict.fromkeys(over))
            for heading in self._all[event.id]:
                self._under[heading].append(event.id)
        self._queries = {id_: None for id_, heading in self._own.items() if len(self._filed[heading]) >= min_events}
        self.min_events = min_events

    def __getitem__(self, query: str) -> dict[str, int]:
        if query not in self._queries:
            raise KeyError(query)
        gains = {other: 1 for heading in self._all[query] for other in self._under[heading]}
        gains |= dict.fromkeys(self._filed[self._own[query]], 2)
        del gains[query]
        return gains

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)

    def __repr__(self) -> str:
        return f"<Headings of {len(self._own)} events, {len(self)} of them queries>"


def checked(judgements: Judgements, ids: Collection[str], call: str = "evaluate") -> dict[str, dict[str, int]]:
    """The judgements that say something of an archive: its events alone, and queries to which one at least is related.

    Parameters
    ----------
    judgements : mapping of str to mapping of str to int
    ids : collection of str
        Those of the archive.
    call : str, default "evaluate"
        What was called with them, for the errors.

    Raises
    ------
    BadValueError
        If something in it is not as above.

    Warns
    -----
    UserWarning
        How many ids no event has, with the first of them, and how many queries relate to no event.
    """
    if not isinstance(judgements, Mapping):
        raise BadValueError(call, "judgements", shown(judgements), "a mapping, for each query's id, of ids to gains")
    known: dict[str, dict[str, int]] = {}
    unknown: dict[str, None] = {}
    idle: list[str] = []
    for key, judged in judgements.items():
        query = as_id(key)
        if not isinstance(judged, Mapping):
            raise BadValueError(f"judgements of {shown(query)}", None, shown(judged), "a mapping of ids to gains")
        gains = {as_id(document): _gain(f"judgements of {shown(query)}", gain) for document, gain in judged.items()}
        unknown |= dict.fromkeys(id_ for id_ in (query, *gains) if id_ not in ids)
        if query in ids:
            related = {id_: gain for id_, gain in gains.items() if id_ in ids and id_ != query}
            if any(related.values()):
                known[query] = related
            else:
                idle.append(query)
    if unknown:
        warnings.warn(
            f"of the judgements, {len(unknown)} ids are of no event of the archive and left out: {shown_names(unknown, 3)}",
            stacklevel=3,
        )
    if idle:
        warnings.warn(
            f"of the judgements, {len(idle)} queries have no related event in the archive and are left out: "
            f"{shown_names(idle, 3)}",
            stacklevel=3,
        )
    return known


def _gain(where: str, value: object) -> int:
    """The gain as a number; raises `BadValueError` where it is none."""
    try:
        gain = int(value) if isinstance(value, str) else operator.index(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        gain = MAX_GAIN + 1
    if gain > MAX_GAIN:
        raise BadValueError(where, "gain", shown(value), f"a whole number up to {MAX_GAIN}")
    return max(0, gain)
