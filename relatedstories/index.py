"""The index: built from an archive's events, it answers which are related, and why."""

from __future__ import annotations

import datetime as dt
import math
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from relatedstories.archive import Archive, Found, Row
from relatedstories.errors import BadValueError, InputError, UnknownEventError, number_within, shown, whole_number
from relatedstories.events import Event, as_id, parse_date
from relatedstories.links import Explanation, Link, Part, best_first, most_telling, shared_phrase
from relatedstories.names import fold
from relatedstories.storage import read_folder, write_folder
from relatedstories.topics import Topic, TopicExtractor, model_name
from relatedstories.topk import NO_DATE, DateFactor, distances, self_topk

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Progress", "RelatedStories"]

Progress: TypeAlias = Callable[[str, int, int], object]
"""Told of a long job's way: the stage, how much of it is done, and how much it is in all."""

NEAR_DUPLICATE = 0.9
"""Two events whose rows have this inner product tell the same story in the same words; only one is listed."""

_CHUNK = 512  # events a task of extraction: two seconds' work, so that progress shows and processes end together


@dataclass(frozen=True, slots=True)
class _Filter:
    """What may be listed."""

    include_newer: bool = True
    since: dt.date | None = None
    until: dt.date | None = None
    where: Callable[[Event], object] | None = None

    def allowed(self, day: int, days: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        mask = np.ones(len(days), np.bool_)
        if not self.include_newer and day != NO_DATE:
            mask &= days <= day  # an unknown date is below every day: not known to be newer
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
        Finds the topics; by default ``TopicExtractor()``. Any object with the same ``extract_many``, ``nlp`` and
        ``names`` will do.
    topic_weight : float, default 0.25
        The topics' part of a row, the rest being the terms', 0 to 1; with 0 no link has topics.
    half_life : float, default 120
        Days after which the part of the date factor above `date_floor` has halved, 1 to 10,000.
    date_floor : float, default 0.4
        What is left of a score however far apart two events are, 0 to 1; 1 leaves dates out of account.
    min_score : float, optional
        Links of a lower score are left out, so that a weak archive gives short lists, not wrong ones. By default
        ``max(0.05, 0.02 * log10(n))``: among many events n, chance finds better matches than among few.

    Notes
    -----
    Of events that tell one story in the same words (an inner product of 0.9 and more) only the best is listed; a copy of the
    event asked about may be. Equal scores are ordered by nearer date, then by id. The same events give the same links
    whatever their order, however they were added, and on however many processes. Any number of threads may ask while one
    adds or removes: an answer is that of the archive before or after.

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
        if not callable(getattr(self.extractor, "extract_many", None)):
            raise BadValueError("RelatedStories", "extractor", shown(extractor), "a TopicExtractor")
        self._ignored: Collection[str] = getattr(self.extractor, "ignored", ())
        self._topic_weight = number_within("RelatedStories", "topic_weight", topic_weight)
        self._date_factor = DateFactor(
            number_within("RelatedStories", "half_life", half_life, 1, 10_000),
            number_within("RelatedStories", "date_floor", date_floor),
        )
        self._settings = {
            "topic_weight": self._topic_weight,
            "half_life": float(half_life),
            "date_floor": float(date_floor),
            "min_score": None if min_score is None else number_within("RelatedStories", "min_score", min_score),
        }
        self._model: str | None = None  # what found a loaded index's topics
        self._fitted: Archive | None = None

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self._settings.items())
        return f"<RelatedStories of {len(self._fitted.events) if self._fitted else 'no'} events, {settings}>"

    @property
    def settings(self) -> dict[str, float | None]:
        """What it was made with; fixed, as the rows depend on it."""
        return dict(self._settings)

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
        self._fitted = Archive.of(new, self._extract(new, n_jobs, progress), self._topic_weight)
        self._model = None
        return self

    def add(self, events: Iterable[Event], *, n_jobs: int = 1, progress: Progress | None = None) -> RelatedStories:
        """Take further events into the archive; the answers are then those of a `fit` of all.

        Raises
        ------
        BadValueError
            If something is not an event, or an id is there already (`remove` it first); nothing has changed then.
        """
        archive, new = self._archive, _in_order(events)
        known = next((event for event in new if event.id in archive.number_of), None)
        if known is not None:
            raise BadValueError("add", "id", shown(known.id), "an id that is not in the archive yet; remove it first")
        if new:
            self._check_model()
            self._fitted = archive.with_events(new, self._extract(new, n_jobs, progress), self._topic_weight)
        return self

    def remove(self, ids: Iterable[str | int] | str | int) -> RelatedStories:
        """Take events out of the archive; the answers are then those of a `fit` of the rest.

        Raises
        ------
        UnknownEventError
            If no event has an id; nothing has changed then.
        """
        archive = self._archive
        if isinstance(ids, (str, int)):
            ids = [ids]
        gone = {_number_of(archive, id_) for id_ in _several("remove", "ids", ids)}
        self._fitted = archive.without(gone, self._topic_weight)
        return self

    def _extract(self, events: Sequence[Event], n_jobs: int, progress: Progress | None) -> list[Found]:
        found: list[Found] = []
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

    # ------------------------------------------------------------------ the archive

    @property
    def _archive(self) -> Archive:
        if self._fitted is None:
            raise InputError("got a question before there is an archive, expected fit(events) or load(folder) first")
        return self._fitted

    def __len__(self) -> int:
        return len(self._archive.events)

    def __iter__(self) -> Iterator[Event]:
        """The events of the archive, by id."""
        return iter(self._archive.events)

    def __contains__(self, id_: object) -> bool:
        try:
            return as_id(id_) in self._archive.number_of
        except BadValueError:
            return False

    def __getitem__(self, id_: str | int) -> Event:
        """The event of an id; raises `UnknownEventError`."""
        archive = self._archive
        return archive.events[_number_of(archive, id_)]

    def topics(self, id_: str | int) -> tuple[Topic, ...]:
        """The topics that the index holds for an event, under the names it shows, without their mentions."""
        archive = self._archive
        return archive.topics(_number_of(archive, id_))

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
        archive = self._archive  # taken once: another thread may replace it on the way
        k, least = whole_number("related", "k", k, 0), self._least(archive, min_score)
        if where is not None and not callable(where):
            raise BadValueError("related", "where", shown(where), "a function of an event")
        only = _Filter(include_newer, parse_date(since, "related", "since"), parse_date(until, "related", "until"), where)
        rows = self._rows(archive, _several("related_many", "events", events))
        return [_links(archive, row, self._chosen(archive, row, k, least, only), self._ignored) for row in rows]

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
        archive = self._archive
        k, least = whole_number("all_related", "k", k, 0), self._least(archive, min_score)
        return self._all_links(archive, k, least, _workers(n_jobs), progress)

    def _all_links(
        self, archive: Archive, k: int, least: float, n_threads: int, progress: Progress | None
    ) -> Iterator[tuple[Event, list[Link]]]:
        total, compared = len(archive.events), 0

        def on_compared(done: int) -> None:
            nonlocal compared
            compared += done
            if progress is not None:
                progress("comparing", compared, total)

        more = max(1, min(k + 5, total))  # room for near-duplicates
        ids, scores = self_topk(
            archive.weights,
            more,
            n_threads,
            days=archive.days,
            date_factor=self._date_factor,
            min_score=least,
            progress=on_compared,
        )
        for number, event in enumerate(archive.events):
            row = archive.row(number)
            n_found = int(np.count_nonzero(ids[number] >= 0))
            chosen = _distinct(archive, zip(ids[number, :n_found].tolist(), scores[number, :n_found].tolist(), strict=True), k)
            if len(chosen) < k and n_found == more:  # near-duplicates have taken the room: there may be others behind them
                chosen = self._chosen(archive, row, k, least, _Filter())
            yield event, _links(archive, row, chosen, self._ignored)
            if progress is not None:
                progress("links", number + 1, total)

    def explain(self, a: Event | str | int, b: Event | str | int) -> Explanation:
        """Why two events are related: each shared topic and term with its part of the score.

        Parameters
        ----------
        a, b : Event, str or int
            Events, or ids of events of the archive.

        Returns
        -------
        Explanation
            Its parts' shares sum to the score, the one of the link from `a` to `b`. Of events that the archive does not
            hold, terms and topics count that it knows.
        """
        archive = self._archive
        ours, theirs = self._rows(archive, [a, b])
        terms, n_terms = archive.terms.terms, len(archive.terms.terms)
        factor = self._date_factor.of(ours.day, np.array([theirs.day], np.int32))[0]
        products = theirs.products(ours.by_column())
        parts = (
            Part(terms[column], "term", product * float(factor))
            if column < n_terms
            else Part(archive.names[column - n_terms].name, "topic", product * float(factor))
            for column, product in products.items()
        )
        score = np.float32(sum(products.values())) * factor
        return Explanation(ours.event, theirs.event, float(score), float(factor), best_first(parts))

    # ------------------------------------------------------------------ on the way to an answer

    def _least(self, archive: Archive, min_score: float | None) -> float:
        if min_score is not None:
            return number_within("related", "min_score", min_score)
        least = self._settings["min_score"]
        return max(0.05, 0.02 * math.log10(max(1, len(archive.events)))) if least is None else least

    def _rows(self, archive: Archive, asked: Iterable[Event | str | int]) -> list[Row]:
        """The rows of the events asked for; of those that the archive does not hold as they are, new ones."""
        rows: list[Row | None] = []
        unseen: list[Event] = []
        for event in asked:
            number = archive.number_of.get(event.id, -1) if isinstance(event, Event) else _number_of(archive, event)
            if isinstance(event, Event) and (number < 0 or archive.events[number] != event):
                rows.append(None)
                unseen.append(event)
            else:
                rows.append(archive.row(number))
        if unseen:
            self._check_model()
        made = iter(archive.rows_for(unseen, self._extract(unseen, 1, None), self._topic_weight) if unseen else [])
        return [next(made) if row is None else row for row in rows]

    def _chosen(self, archive: Archive, row: Row, k: int, least: float, only: _Filter) -> list[tuple[int, float]]:
        """The numbers of the events to list with their scores, best first."""
        scores = archive.postings.products(row.columns, row.weights) * self._date_factor.of(row.day, archive.days)
        listed = (scores > 0) & (scores >= np.float32(least)) & only.allowed(row.day, archive.days)
        if row.number >= 0:
            listed[row.number] = False
        numbers = np.flatnonzero(listed)
        apart = distances(row.day, archive.days[numbers])
        order = numbers[np.lexsort((numbers, apart, -scores[numbers]))].tolist()
        candidates = ((i, float(scores[i])) for i in order if only.where is None or only.where(archive.events[i]))
        return _distinct(archive, candidates, k)

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
        arrays, documents = self._archive.parts()
        about = {"topics_by": self._model or model_name(self.extractor), "settings": self._settings}
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
            self._fitted = Archive.of_parts(arrays, documents)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{folder}: got an index whose parts do not fit ({error}); build it again") from None
        return self


def _number_of(archive: Archive, id_: object) -> int:
    name = as_id(id_)
    number = archive.number_of.get(name)
    if number is None:
        raise UnknownEventError(f"got id {shown(name)}, expected that of one of the archive's {len(archive.events)} events")
    return number


def _distinct(archive: Archive, candidates: Iterable[tuple[int, float]], k: int) -> list[tuple[int, float]]:
    """The first k candidates that do not repeat one before them."""
    chosen: list[tuple[int, float]] = []
    weights: list[dict[int, float]] = []
    seen: set[tuple[bytes, bytes]] = set()  # copies to the letter are told without comparing
    for number, score in candidates if k else ():
        row = archive.row(number)
        key = row.columns.tobytes(), row.weights.tobytes()
        if key not in seen and all(sum(row.products(other).values()) < NEAR_DUPLICATE for other in weights):
            chosen.append((number, score))
            weights.append(row.by_column())
            if len(chosen) == k:
                break
        seen.add(key)
    return chosen


def _links(archive: Archive, row: Row, chosen: Iterable[tuple[int, float]], ignored: Collection[str]) -> list[Link]:
    weights, all_terms, n_terms = row.by_column(), archive.terms.terms, len(archive.terms.terms)
    links = []
    for rank, (number, score) in enumerate(chosen, 1):
        other = archive.row(number)
        products = other.products(weights)
        terms = {all_terms[column]: product for column, product in products.items() if column < n_terms}
        keys = [column - n_terms for column in products if column >= n_terms]
        topics = {archive.names[key]: products[key + n_terms] for key in keys}
        shared = most_telling(topics, terms, {archive.names[key]: int(archive.topic_events[key]) for key in keys})
        context = shared[0].name if shared else shared_phrase(row.event.full_text, other.event.full_text, terms)
        if context is not None and fold(context) in ignored:
            context = None
        links.append(Link(other.event, score, rank, context, shared))
    return links


def _several(where: str, field: str, values: Any) -> Iterable[Any]:
    """The values, unless a lone one was given: a text would be taken letter by letter."""
    if isinstance(values, (str, os.PathLike, Event, Mapping)) or not isinstance(values, Iterable):
        raise BadValueError(where, field, shown(values), "several, in a list say")
    return values


def _in_order(events: Iterable[Event]) -> list[Event]:
    """The events by id, the order of an index's rows."""
    if isinstance(events, (str, os.PathLike)):
        raise BadValueError("fit", "events", shown(events), "events, as read_events gives them from a path")
    found = list(_several("fit", "events", events))
    for event in found:
        if not isinstance(event, Event):
            raise BadValueError("fit", "events", shown(event), "an Event; read_events makes them of dicts and data frames")
    found.sort(key=lambda event: event.id)
    for event, following in pairwise(found):
        if event.id == following.id:
            raise BadValueError("fit", "id", f"{shown(event.id)} twice", "an id of its own for each event")
    return found


def _topics_of(extractor: TopicExtractor, events: Sequence[Event], n_jobs: int) -> Iterator[tuple[Topic, ...]]:
    workers = _workers(n_jobs)
    chunks = [events[i : i + _CHUNK] for i in range(0, len(events), _CHUNK)]
    if workers == 1 or len(chunks) < 4:  # a process takes some seconds to start
        yield from extractor.extract_many(events)
        return
    from joblib import Parallel, delayed

    for topics in Parallel(n_jobs=workers, return_as="generator")(delayed(_extract_chunk)(extractor, chunk) for chunk in chunks):
        yield from topics


def _extract_chunk(extractor: TopicExtractor, events: Sequence[Event]) -> list[tuple[Topic, ...]]:
    return [tuple(Topic(topic.name, topic.kind) for topic in topics) for topics in extractor.extract_many(events)]


def _workers(n_jobs: int) -> int:
    if n_jobs == -1:
        from joblib import cpu_count

        return int(cpu_count())
    return whole_number("n_jobs", "", n_jobs, 1)
