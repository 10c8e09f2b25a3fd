"""The index: built from an archive's events, it answers which are related, and why."""

from __future__ import annotations

import bisect
import collections
import datetime as dt
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import scipy.sparse as sp

from relatedstories.errors import BadValueError, InputError, UnknownEventError, shown, whole_number
from relatedstories.events import Event, as_id, parse_date
from relatedstories.links import Explanation, Link, Part, best_first, most_telling, shared_phrase
from relatedstories.storage import read_folder, write_folder
from relatedstories.topics import Topic, TopicExtractor, model_name
from relatedstories.topk import NO_DATE, DateFactor, Postings, distances, self_topk
from relatedstories.vectors import Counts, count_terms, count_topics, inverse_frequencies, weigh

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Progress", "RelatedStories"]

Progress: TypeAlias = Callable[[str, int, int], object]
"""Told of a long job's way: the stage, how much of it is done, and how much it is in all."""

NEAR_DUPLICATE = 0.9
"""Two events whose rows have this inner product tell the same story in the same words; only one is listed."""

_CHUNK = 512  # events a task of extraction: two seconds' work, so that progress shows and processes end together


@dataclass(frozen=True, slots=True)
class _Query:
    """An event as a row of the index: `row` is its number, -1 where the archive does not hold it."""

    event: Event
    row: int
    columns: npt.NDArray[Any]
    weights: npt.NDArray[np.float32]
    day: int


@dataclass(frozen=True, slots=True)
class _Filter:
    """What may be listed."""

    include_newer: bool = True
    since: dt.date | None = None
    until: dt.date | None = None
    where: Callable[[Event], object] | None = None

    def allowed(self, query: _Query, days: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        mask = np.ones(len(days), np.bool_)
        if not self.include_newer and query.day != NO_DATE:
            mask &= days <= query.day  # an unknown date is below every day: not known to be newer
        if self.since is not None:
            mask &= days >= self.since.toordinal()
        if self.until is not None:
            mask &= (days <= self.until.toordinal()) & (days != NO_DATE)
        return mask


class RelatedStories:
    """Finds, for every event of an archive, the others that a reader should see next, and says why.

    An event is a sparse row of weighted terms and topics (see `relatedstories.vectors`). The score of two events is the
    inner product of their rows times a factor for the days between them (see `relatedstories.topk.DateFactor`).

    Parameters
    ----------
    extractor : TopicExtractor, optional
        Finds the topics; by default ``TopicExtractor()``. Any object with the same ``extract_many`` will do that has
        ``nlp.meta`` and ``names``.
    topic_weight : float, default 0.25
        The topics' part of a row, the rest being the terms', 0 to 1.
    half_life : float, default 120
        Days after which the part of the date factor above `date_floor` has halved.
    date_floor : float, default 0.4
        What is left of a score however far apart two events are, 0 to 1; 1 leaves dates out of account.
    min_score : float, optional
        Links of a lower score are left out, so that a weak archive gives short lists, not wrong ones. By default
        ``max(0.05, 0.02 * log10(n))``: among many events n, chance finds better matches than among few.

    Notes
    -----
    Of events that tell one story in the same words (an inner product of 0.9 and more) only the best is listed. Equal
    scores are ordered by nearer date, then by id. The same events give the same links whatever their order, however they
    were added, and on however many processes.

    Examples
    --------
    >>> from relatedstories import Event, RelatedStories
    >>> stories = RelatedStories().fit([
    ...     Event("1", "A cargo ship docks with the International Space Station"),
    ...     Event("2", "Astronauts leave the International Space Station"),
    ...     Event("3", "Voters in Iceland elect a parliament"),
    ... ])
    >>> [(link.event.id, link.context) for link in stories.related("1", k=5)]
    [('2', 'International Space Station')]
    """

    def __init__(
        self,
        extractor: TopicExtractor | None = None,
        *,
        topic_weight: float = 0.25,
        half_life: float = 120.0,
        date_floor: float = 0.4,
        min_score: float | None = None,
    ) -> None:
        self.extractor = TopicExtractor() if extractor is None else extractor
        self.topic_weight = _share("RelatedStories", "topic_weight", topic_weight)
        self.half_life = _number("RelatedStories", "half_life", half_life)
        if not 0 < self.half_life < 1e6:
            raise BadValueError("RelatedStories", "half_life", shown(half_life), "a number of days, more than 0")
        self.date_floor = _share("RelatedStories", "date_floor", date_floor)
        self.min_score = None if min_score is None else _share("RelatedStories", "min_score", min_score)
        self._date_factor = DateFactor(self.half_life, self.date_floor)
        self._model: str | None = None  # what found a loaded index's topics
        self._events: list[Event] | None = None

    # ------------------------------------------------------------------ building

    def fit(self, events: Iterable[Event], *, n_jobs: int = 1, progress: Progress | None = None) -> RelatedStories:
        """Build the index of an archive, in place of any before.

        Parameters
        ----------
        events : iterable of Event
            In any order; ids must be unique.
        n_jobs : int, default 1
            Processes to extract topics on; -1 for as many as there are cores. The index does not depend on it.
        progress : callable, optional
            Told of the stage, the events done and the events in all.

        Returns
        -------
        RelatedStories
            Itself.

        Raises
        ------
        BadValueError
            If something is not an event, or an id is used twice.
        """
        new = _in_order(events)
        found = self._extract(new, n_jobs, progress)
        self._model = None
        self._build(new, found, *_counts(new, found))
        return self

    def add(self, events: Iterable[Event], *, n_jobs: int = 1, progress: Progress | None = None) -> RelatedStories:
        """Take further events into the archive; the answers are then those of a `fit` of all.

        Raises
        ------
        BadValueError
            If something is not an event, or an id is there already (`remove` it first); nothing has changed then.
        """
        archive, new = self._fitted, _in_order(events)
        known = next((event for event in new if event.id in self), None)
        if known is not None:
            raise BadValueError("add", "id", shown(known.id), "an id that is not in the archive yet; remove it first")
        if not new:
            return self
        found = self._extract(new, n_jobs, progress)
        terms, keys = _counts(new, found)
        everything = archive + new
        order = np.array(sorted(range(len(everything)), key=lambda i: everything[i].id), np.intp)
        self._build(
            [everything[i] for i in order],
            [(self._found + found)[i] for i in order],
            self._terms.stack(terms).take(order),
            self._keys.stack(keys).take(order),
        )
        return self

    def remove(self, ids: Iterable[str | int] | str | int) -> RelatedStories:
        """Take events out of the archive; the answers are then those of a `fit` of the rest.

        Raises
        ------
        UnknownEventError
            If no event has an id; nothing has changed then.
        """
        gone = {self._row_of(id_) for id_ in ([ids] if isinstance(ids, (str, int)) else ids)}
        events = self._fitted
        kept = np.array([row for row in range(len(events)) if row not in gone], np.intp)
        self._build([events[i] for i in kept], [self._found[i] for i in kept], self._terms.take(kept), self._keys.take(kept))
        return self

    def _extract(self, events: Sequence[Event], n_jobs: int, progress: Progress | None) -> list[_Found]:
        self._check_model()
        found: list[_Found] = []
        pool: dict[tuple[str, str], tuple[str, str]] = {}  # most topics occur often: one tuple each
        for topics in _topics_of(self.extractor, events, n_jobs):
            pairs = ((topic.name, topic.kind) for topic in topics if topic.key)
            found.append(tuple(pool.setdefault(pair, pair) for pair in pairs))
            if progress is not None:
                progress("topics", len(found), len(events))
        return found

    def _check_model(self) -> None:
        """Topics of two extractors must not meet in one index."""
        if self._model is not None and self._model != model_name(self.extractor):
            raise InputError(
                f"got an index whose topics were found by {self._model}, expected {model_name(self.extractor)}, "
                "this extractor; build the index again, or load it with the extractor it was built with"
            )

    def _build(self, events: list[Event], found: list[_Found], terms: Counts, keys: Counts) -> None:
        """Set everything that follows from events and counts."""
        self._terms, self._keys, self._found = terms, keys, found
        self._idf = inverse_frequencies(terms), inverse_frequencies(keys)
        self._names = _display_names(keys, found)
        self._rows = weigh(terms, keys, *self._idf, self.topic_weight)
        self._postings = Postings.of(self._rows)
        self._set_events(events)

    def _set_events(self, events: list[Event]) -> None:
        self._events = events
        self._row = {event.id: row for row, event in enumerate(events)}
        self._days = np.array([_day(event) for event in events], np.int32)
        self._topic_events = np.bincount(self._keys.matrix.indices, minlength=len(self._names))

    # ------------------------------------------------------------------ the archive

    @property
    def _fitted(self) -> list[Event]:
        if self._events is None:
            raise InputError("got a question before there is an archive, expected fit(events) or load(folder) first")
        return self._events

    def __len__(self) -> int:
        return len(self._fitted)

    def __iter__(self) -> Iterator[Event]:
        """The events of the archive, by id."""
        return iter(self._fitted)

    def __contains__(self, id_: object) -> bool:
        return bool(self._fitted) and id_ in self._row

    def __getitem__(self, id_: str | int) -> Event:
        """The event of an id; raises `UnknownEventError`."""
        return self._fitted[self._row_of(id_)]

    def topics(self, id_: str | int) -> tuple[Topic, ...]:
        """The topics that the index holds for an event, without their mentions."""
        return tuple(Topic(name, kind) for name, kind in self._found[self._row_of(id_)])

    def _row_of(self, id_: object) -> int:
        events, name = self._fitted, as_id(id_)
        row = self._row.get(name)
        if row is None:
            raise UnknownEventError(f"got id {shown(name)}, expected that of one of the archive's {len(events)} events")
        return row

    # ------------------------------------------------------------------ answers

    def related(
        self,
        event: Event | str | int,
        k: int = 5,
        *,
        include_newer: bool = True,
        since: dt.date | str | None = None,
        until: dt.date | str | None = None,
        where: Callable[[Event], object] | None = None,
        min_score: float | None = None,
    ) -> list[Link]:
        """The events to see next after an event.

        Parameters
        ----------
        event : Event, str or int
            An event of the archive or its id, or an event that the archive does not hold.
        k : int, default 5
            How many links at most.
        include_newer : bool, default True
            Whether events of a later date may be listed. Those of unknown date may always.
        since, until : datetime.date or text YYYY-MM-DD, optional
            The first and last day of events that may be listed; those of unknown date are not.
        where : callable, optional
            Given an event, whether it may be listed.
        min_score : float, optional
            The least score, 0 to 1, in place of that of the index.

        Returns
        -------
        list of Link
            Best first; shorter than k, down to empty, where nothing else is related. Never the event itself.

        Raises
        ------
        UnknownEventError
            If no event has the id.
        BadValueError
            If an argument is not as above.
        """
        return self.related_many(
            [event], k, include_newer=include_newer, since=since, until=until, where=where, min_score=min_score
        )[0]

    def related_many(
        self,
        events: Iterable[Event | str | int],
        k: int = 5,
        *,
        include_newer: bool = True,
        since: dt.date | str | None = None,
        until: dt.date | str | None = None,
        where: Callable[[Event], object] | None = None,
        min_score: float | None = None,
    ) -> list[list[Link]]:
        """The links of many events, in their order: each as `related` gives it, whose parameters these are."""
        k, least = whole_number("related", "k", k, 0), self._least(min_score)
        if where is not None and not callable(where):
            raise BadValueError("related", "where", shown(where), "a function of an event")
        only = _Filter(include_newer, parse_date(since, "related", "since"), parse_date(until, "related", "until"), where)
        return [self._links(query, self._chosen(query, k, least, only)) for query in self._queries(events)]

    def all_related(
        self, k: int = 5, *, min_score: float | None = None, n_jobs: int = 1, progress: Progress | None = None
    ) -> Iterator[tuple[Event, list[Link]]]:
        """Every event of the archive with its links, by id: the same links as `related` gives, faster.

        Parameters
        ----------
        k : int, default 5
            How many links an event at most.
        min_score : float, optional
            The least score, 0 to 1, in place of that of the index.
        n_jobs : int, default 1
            Threads to compare events on; -1 for as many as there are cores.
        progress : callable, optional
            Told of the stage, the events done and the events in all.

        Yields
        ------
        event : Event
        links : list of Link
        """
        k, least = whole_number("all_related", "k", k, 0), self._least(min_score)
        return self._all_links(self._fitted, k, least, _n_threads(n_jobs), progress)

    def _all_links(
        self, events: list[Event], k: int, least: float, n_threads: int, progress: Progress | None
    ) -> Iterator[tuple[Event, list[Link]]]:
        total, compared = len(events), 0

        def on_compared(done: int) -> None:
            nonlocal compared
            compared += done
            if progress is not None:
                progress("comparing", compared, total)

        more = k + 5  # room for near-duplicates
        ids, scores = self_topk(
            self._rows, more, n_threads, days=self._days, date_factor=self._date_factor, min_score=least, progress=on_compared
        )
        for row, event in enumerate(events):
            query = self._query_of(row)
            found = int(np.count_nonzero(ids[row] >= 0))
            chosen = self._distinct(zip(ids[row, :found].tolist(), scores[row, :found].tolist(), strict=True), k)
            if len(chosen) < k and found == more:  # near-duplicates have taken the room: there may be others behind them
                chosen = self._chosen(query, k, least, _Filter())
            yield event, self._links(query, chosen)
            if progress is not None:
                progress("links", row + 1, total)

    def explain(self, a: Event | str | int, b: Event | str | int) -> Explanation:
        """Why two events are related: each shared topic and term with its part of the score.

        Parameters
        ----------
        a, b : Event, str or int
            Events, or ids of events of the archive.

        Returns
        -------
        Explanation
            Its parts' shares sum to the score, the one of the link from `a` to `b`.
        """
        ours, theirs = self._queries([a, b])
        factor = self._date_factor.of(ours.day, np.array([theirs.day], np.int32))[0]
        products = _products(_weights(ours), theirs)
        n_terms = len(self._terms.terms)
        parts = (
            Part(self._terms.terms[column], "term", product * float(factor))
            if column < n_terms
            else Part(self._names[column - n_terms].name, "topic", product * float(factor))
            for column, product in products.items()
        )
        score = np.float32(sum(products.values())) * factor
        return Explanation(ours.event, theirs.event, float(score), float(factor), best_first(parts))

    # ------------------------------------------------------------------ on the way to an answer

    def _least(self, min_score: float | None) -> float:
        if min_score is not None:
            return _share("related", "min_score", min_score)
        return max(0.05, 0.02 * math.log10(max(1, len(self)))) if self.min_score is None else self.min_score

    def _queries(self, events: Iterable[Event | str | int]) -> list[_Query]:
        archive = self._fitted
        asked: list[Event | int] = []
        for event in events:
            if isinstance(event, Event):
                row = self._row.get(event.id, -1)
                asked.append(row if row >= 0 and archive[row] == event else event)
            else:
                asked.append(self._row_of(event))
        unseen = [event for event in asked if isinstance(event, Event)]
        made = iter(self._unseen(unseen) if unseen else [])
        return [next(made) if isinstance(item, Event) else self._query_of(item) for item in asked]

    def _query_of(self, row: int) -> _Query:
        part = slice(self._rows.indptr[row], self._rows.indptr[row + 1])
        event = self._fitted[row]
        return _Query(event, row, self._rows.indices[part], self._rows.data[part], int(self._days[row]))

    def _unseen(self, events: list[Event]) -> list[_Query]:
        """Rows for events that the archive does not hold, weighed by its frequencies."""
        terms, keys = _counts(events, self._extract(events, 1, None))
        places = [_places(known.terms, new.terms) for known, new in ((self._terms, terms), (self._keys, keys))]
        # A word the archive lacks is as telling as can be, and takes its part of the row's length though nothing shares it.
        rarest = float(np.log(1 + len(self._fitted)) + 1)
        idf = [np.array([known[i] if i >= 0 else rarest for i in place]) for known, place in zip(self._idf, places, strict=True)]
        rows = weigh(terms, keys, idf[0], idf[1], self.topic_weight)
        places[1] = np.where(places[1] >= 0, places[1] + len(self._terms.terms), -1)
        place = np.concatenate(places)
        queries = []
        for number, event in enumerate(events):
            part = slice(rows.indptr[number], rows.indptr[number + 1])
            columns = place[rows.indices[part]]
            known = columns >= 0
            queries.append(_Query(event, self._row.get(event.id, -1), columns[known], rows.data[part][known], _day(event)))
        return queries

    def _chosen(self, query: _Query, k: int, least: float, only: _Filter) -> list[tuple[int, float]]:
        """The rows to list with their scores, best first."""
        scores = self._postings.products(query.columns, query.weights) * self._date_factor.of(query.day, self._days)
        listed = (scores > 0) & (scores >= np.float32(least)) & only.allowed(query, self._days)
        if query.row >= 0:
            listed[query.row] = False
        rows = np.flatnonzero(listed)
        apart = distances(query.day, self._days[rows])
        order = rows[np.lexsort((rows, apart, -scores[rows]))]
        events, where = self._fitted, only.where
        candidates = ((row, float(scores[row])) for row in order.tolist() if where is None or where(events[row]))
        return self._distinct(candidates, k)

    def _distinct(self, candidates: Iterable[tuple[int, float]], k: int) -> list[tuple[int, float]]:
        """The first k candidates that do not repeat one before them."""
        chosen: list[tuple[int, float]] = []
        weights: list[dict[int, float]] = []
        if k == 0:
            return chosen
        for row, score in candidates:
            query = self._query_of(row)
            if all(sum(_products(other, query).values()) < NEAR_DUPLICATE for other in weights):
                chosen.append((row, score))
                weights.append(_weights(query))
                if len(chosen) == k:
                    break
        return chosen

    def _links(self, query: _Query, chosen: Iterable[tuple[int, float]]) -> list[Link]:
        weights, n_terms = _weights(query), len(self._terms.terms)
        links = []
        for rank, (row, score) in enumerate(chosen, 1):
            other = self._query_of(row)
            products = _products(weights, other)
            terms = {self._terms.terms[column]: product for column, product in products.items() if column < n_terms}
            columns = [column for column in products if column >= n_terms]
            topics = {self._names[column - n_terms]: products[column] for column in columns}
            events = {self._names[column - n_terms]: int(self._topic_events[column - n_terms]) for column in columns}
            shared = most_telling(topics, terms, events)
            context = shared[0].name if shared else shared_phrase(query.event.full_text, other.event.full_text, terms)
            links.append(Link(other.event, score, rank, context, shared))
        return links

    # ------------------------------------------------------------------ on disk

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the index to a folder: memory-mappable arrays and JSON.

        Parameters
        ----------
        folder : path
            Made, or replaced if it is empty or holds an index.

        Raises
        ------
        InputError
            If the folder holds something else; OSError where it cannot be written.
        """
        events = self._fitted
        arrays: dict[str, npt.NDArray[Any]] = {"days": self._days, "term_idf": self._idf[0], "topic_idf": self._idf[1]}
        for name, matrix in (("rows", self._rows), ("terms", self._terms.matrix), ("topics", self._keys.matrix)):
            arrays |= {f"{name}-indptr": matrix.indptr, f"{name}-indices": matrix.indices, f"{name}-data": matrix.data}
        arrays |= {f"postings-{name}": getattr(self._postings, name) for name in ("starts", "rows", "weights")}
        documents = {
            "events": [event.to_dict() for event in events],
            "topics-found": self._found,
            "terms": self._terms.terms,
            "topics": [(key, topic.name, topic.kind) for key, topic in zip(self._keys.terms, self._names, strict=True)],
        }
        settings = {name: getattr(self, name) for name in ("topic_weight", "half_life", "date_floor", "min_score")}
        about = {"events": len(events), "topics_by": self._model or model_name(self.extractor), "settings": settings}
        write_folder(Path(folder), arrays, documents, about)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], extractor: TopicExtractor | None = None) -> RelatedStories:
        """Open an index that `save` wrote.

        Parameters
        ----------
        folder : path
        extractor : TopicExtractor, optional
            The one the index was built with, where that was not the default one. It is only used, and then checked, for
            events that the index does not hold.

        Raises
        ------
        InputError
            If there is no index, one of another format, or one of which a file is missing or broken.
        """
        arrays, documents, about = read_folder(Path(folder))
        try:
            self = cls(extractor, **about["settings"])
            self._model = about["topics_by"]
            self._terms = Counts(tuple(documents["terms"]), _matrix(arrays, "terms", len(documents["terms"])))
            keys = documents["topics"]
            self._keys = Counts(tuple(key for key, _, _ in keys), _matrix(arrays, "topics", len(keys)))
            self._names = [Topic(name, kind) for _, name, kind in keys]
            self._found = [tuple((name, kind) for name, kind in pairs) for pairs in documents["topics-found"]]
            self._rows = _matrix(arrays, "rows", len(self._terms.terms) + len(keys))
            self._idf = arrays["term_idf"], arrays["topic_idf"]
            starts, rows, weights = (arrays[f"postings-{name}"] for name in ("starts", "rows", "weights"))
            self._postings = Postings(starts, rows, weights, about["events"])
            self._set_events([_event_of(record) for record in documents["events"]])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{folder}: got an index whose parts do not fit ({error}); build it again") from None
        return self


_Found: TypeAlias = tuple[tuple[str, str], ...]
"""The names and kinds of an event's topics."""


def _in_order(events: Iterable[Event]) -> list[Event]:
    """The events by id, the order of an index's rows."""
    if isinstance(events, (str, os.PathLike)):
        raise BadValueError("fit", "events", shown(events), "events, as read_events gives them from a path")
    found = list(events)
    for event in found:
        if not isinstance(event, Event):
            raise BadValueError("fit", "events", shown(event), "an Event; read_events makes them of dicts and data frames")
    found.sort(key=lambda event: event.id)
    for event, following in pairwise(found):
        if event.id == following.id:
            raise BadValueError("fit", "id", f"{shown(event.id)} twice", "an id of its own for each event")
    return found


def _counts(events: Sequence[Event], found: Sequence[_Found]) -> tuple[Counts, Counts]:
    keys = ([Topic(name).key for name, _ in pairs] for pairs in found)
    return count_terms(event.full_text for event in events), count_topics(keys)


def _topics_of(extractor: TopicExtractor, events: Sequence[Event], n_jobs: int) -> Iterator[tuple[Topic, ...]]:
    chunks = [events[i : i + _CHUNK] for i in range(0, len(events), _CHUNK)]
    if n_jobs == 1 or len(chunks) < 4:  # a process takes some seconds to start
        yield from extractor.extract_many(events)
        return
    from joblib import Parallel, delayed

    for topics in Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_extract_chunk)(extractor, chunk) for chunk in chunks):
        yield from topics


def _extract_chunk(extractor: TopicExtractor, events: Sequence[Event]) -> list[tuple[Topic, ...]]:
    return [tuple(Topic(topic.name, topic.kind) for topic in topics) for topics in extractor.extract_many(events)]


def _display_names(keys: Counts, found: Iterable[_Found]) -> list[Topic]:
    """For each key the name and kind that most events have; where several do, the first of them by alphabet."""
    names: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    kinds: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for pairs in found:
        for name, kind in pairs:
            key = Topic(name).key
            names[key][name] += 1
            kinds[key][kind] += kind != "thing"  # what an editor gave, or the name table found, is of no known kind
    return [Topic(_commonest(names[key]), _commonest(kinds[key])) for key in keys.terms]


def _commonest(counter: collections.Counter[str]) -> str:
    return min(counter, key=lambda item: (-counter[item], item))


def _weights(query: _Query) -> dict[int, float]:
    return dict(zip(query.columns.tolist(), query.weights.tolist(), strict=True))


def _products(weights: dict[int, float], query: _Query) -> dict[int, float]:
    """The products of two rows' weights, for the columns both have. Their sum is exact (see `relatedstories.vectors`)."""
    pairs = zip(query.columns.tolist(), query.weights.tolist(), strict=True)
    return {column: weights[column] * weight for column, weight in pairs if column in weights}


def _places(known: Sequence[str], terms: Sequence[str]) -> npt.NDArray[np.intp]:
    """Where each term stands among the sorted known ones, -1 where it does not."""
    places = (bisect.bisect_left(known, term) for term in terms)
    found = (place if place < len(known) and known[place] == term else -1 for place, term in zip(places, terms, strict=True))
    return np.fromiter(found, np.intp, len(terms))


def _day(event: Event) -> int:
    return NO_DATE if event.date is None else event.date.toordinal()


def _matrix(arrays: dict[str, npt.NDArray[Any]], name: str, n_columns: int) -> sp.csr_array:
    data, indices, indptr = (arrays[f"{name}-{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_array((data, indices, indptr), shape=(len(indptr) - 1, n_columns))


def _event_of(record: dict[str, Any]) -> Event:
    date = record.get("date")
    sources = [x if isinstance(x, str) else tuple(x) for x in record.get("sources", ())]
    return Event(**{**record, "date": date and dt.date.fromisoformat(date), "sources": sources})


def _number(where: str, field: str, value: object) -> float:
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return float(value)
    raise BadValueError(where, field, shown(value), "a number")


def _share(where: str, field: str, value: object) -> float:
    number = _number(where, field, value)
    if not 0 <= number <= 1:
        raise BadValueError(where, field, shown(value), "a number from 0 to 1")
    return number


def _n_threads(n_jobs: int) -> int:
    if n_jobs == 1:
        return 1
    from joblib import effective_n_jobs

    return int(effective_n_jobs(n_jobs))
