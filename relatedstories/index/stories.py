"""The index: built from an archive's events, it answers which are related, and why."""

from __future__ import annotations

import functools
import math
import os
import warnings
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import numpy as np

from relatedstories.disk.lazy_sequence import LazySequence
from relatedstories.errors import BadValueError, InputError, UnknownEventError, number_within, shown, whole_number
from relatedstories.events import Event, as_id, events_of, several
from relatedstories.features.word_space import squared_cosine
from relatedstories.index.archive import Archive, Row, Shared, Similarity, Weights
from relatedstories.index.storage import checksum, read_folder, write_folder
from relatedstories.judging.judgements import QUERIES, Judgements
from relatedstories.parallel import on_cluster, worker_count
from relatedstories.ranking.filters import Keywords, LinkFilters
from relatedstories.ranking.links import Explanation, Link, Links, Part, best_first, most_telling, shared_phrase
from relatedstories.ranking.selection import FOLDED, POOL, Listed, select
from relatedstories.topics.extraction import Found, Progress, extracted
from relatedstories.topics.extractor import Topic, TopicExtractor, Topics, model_name
from relatedstories.topics.names import normalise_name
from relatedstories.topk.dates import every_day
from relatedstories.topk.distributed import distributed_topk
from relatedstories.topk.neighbour_cache import MARGIN, WIDTH, NeighbourCache
from relatedstories.topk.partial import PartialTopK
from relatedstories.topk.scores import blended

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.display.frames import Column, Library
    from relatedstories.index.tuning import Tuning

__all__ = ["Changes", "Progress", "RelatedStories"]

_FEW = 2
"""So many events in all are answered for without compiled code, which takes longer to load: a command asks about one."""

_SPARE = 5
"""Room for near-duplicates, which take no place in a list."""

_PART = 64  # lists made together: few enough to stay in the cache, and to be no work for the garbage collector


class Changes(NamedTuple):
    """How many events of an archive are new, edited and gone since an index was made of it."""

    new: int
    edited: int
    gone: int


class RelatedStories:
    """Finds, for every event of an archive, the others that a reader should see next, and says why.

    An event is a sparse row of weighted terms and topics (see `relatedstories.features.vectors`) and an embedding in a learnt
    word space (see `relatedstories.features.word_space`). The score of two events blends the inner product of their rows with
    the squared cosine of their embeddings (see `relatedstories.topk.blended`), times a factor for the days between them (see
    `relatedstories.topk.DateFactor`).

    Parameters
    ----------
    extractor : TopicExtractor, optional
        Finds the topics; by default ``TopicExtractor()``. Any object with the same ``extract_many`` will do;
        an index remembers its ``name``, or that of its class.
    topic_weight : float, default 0.25
        The topics' part of a row, the rest being the terms', 0 to 1; with 0 no link has topics.
    space_weight : float, default 0.5
        The part that squared cosine in the word space has in a score, 0 to 1; the rest is the inner product's. Events that share
        no term or topic are not related however near; an event of whose words too few are known to the space, one of another
        language say, is compared without.
    half_life : float, default 120
        Days after which the part of the date factor above `date_floor` has halved, 1 to 10,000.
    date_floor : float, default 0.4
        What is left of a score however far apart two events are, 0 to 1; 1 leaves dates out of account.
    min_score : float, optional
        Links of a lower score are left out, so that a weak archive gives short lists, not wrong ones. By default
        ``max(0.05, 0.02 * log10(n))``: among many events n, chance finds better matches than among few.

    Notes
    -----
    Of events that tell one story in the same words (an inner product of 0.9 and more) only the best is listed, the others are
    its duplicates (see `relatedstories.ranking.selection`); a copy of the event asked about may be listed. Equal scores are
    ordered by nearer date, then by id. The same events give the same links whatever their order, however they were added, and
    on however many processes. Any number of threads may ask while one adds or removes: an answer is that of the archive
    before or after.

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
        space_weight: float = 0.5,
        half_life: float = 120.0,
        date_floor: float = 0.4,
        min_score: float | None = None,
    ) -> None:
        self.extractor = TopicExtractor() if extractor is None else extractor
        if not callable(getattr(self.extractor, "extract_many", None)):
            raise BadValueError("RelatedStories", "extractor", shown(extractor), "a TopicExtractor")
        self._ignored: Collection[str] = getattr(self.extractor, "ignored", ())
        self._weights = Weights(
            number_within("RelatedStories", "topic_weight", topic_weight),
            number_within("RelatedStories", "space_weight", space_weight),
            number_within("RelatedStories", "half_life", half_life, 1, 10_000),
            number_within("RelatedStories", "date_floor", date_floor),
        )
        self._min_score = None if min_score is None else number_within("RelatedStories", "min_score", min_score)
        self._model: str | None = None  # what found a loaded index's topics
        self._fitted: Archive | None = None
        self._saved: _Saved | None = None
        self._changes: Changes | None = None
        self._asked = 0

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.settings.items())
        return f"<RelatedStories of {len(self._fitted.events) if self._fitted else 'no'} events, {settings}>"

    @property
    def settings(self) -> dict[str, float | None]:
        """What it was made with; `tune` alone changes it, as the rows depend on it."""
        return {**self._weights._asdict(), "min_score": self._min_score}

    @property
    def changes(self) -> Changes | None:
        """What the last `fit` found changed in the archive since the index was made that it went on from.

        None where it went on from none, as after `load` alone, or with another extractor.
        """
        return self._changes

    # ------------------------------------------------------------------ building

    def fit(
        self,
        events: Iterable[Event],
        *,
        embeddings: Any = None,
        n_jobs: int = 1,
        progress: Progress | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> RelatedStories:
        """Build the index of an archive, in place of any before.

        After `load`, topics are not extracted again from events that the loaded index holds as they are, if its topics were
        found by this extractor in this version, which its ``name`` says.

        Parameters
        ----------
        events : iterable of Event
            In any order; ids must be unique.
        embeddings : array of float, shape (n_events, d), optional
            Embeddings of your own, a row an event in their order, those of a sentence encoder say; a row of zeros where there
            is none. They take half of the word space's part of a score, and make it worth more: a `space_weight` of 0.7 then
            serves better than 0.5. An event that the archive does not hold is compared without them.
        n_jobs : int, default 1
            Processes to extract topics on; -1 for as many as there are cores. The index does not depend on it.
            Within ``joblib.parallel_config(backend="dask")`` the whole cluster is worked on instead.
        progress : callable, optional
            Told of the stage, the events done and the events in all.
        checkpoint : path, optional
            A file that takes the topics of each event once they are found, and is left there: where this is stopped, however
            hard, the next `fit` with it goes on from there. It serves extractors that have a ``name``.

        Returns
        -------
        RelatedStories
            Itself.

        Raises
        ------
        BadValueError
            If something is not an event, an id is used twice, or the embeddings are not as above.
        """
        new, own = _in_order("fit", events, embeddings)
        extract = functools.partial(self._extract, n_jobs=n_jobs, progress=progress, checkpoint=checkpoint)
        numbers = self._known(new)
        self._changes = self._changes_to(new, numbers)
        archive = self._of_kept(new, numbers, extract) if own is None else None
        if archive is None:
            archive = Archive.of(new, extract(new), self._weights.topic_weight, own)
        self._fitted, self._model = archive, None
        return self

    def add(
        self, events: Iterable[Event], *, embeddings: Any = None, n_jobs: int = 1, progress: Progress | None = None
    ) -> RelatedStories:
        """Take further events into the archive; the answers are then those of a `fit` of all. Parameters are those of `fit`.

        Raises
        ------
        BadValueError
            If something is not an event, an id is there already (`remove` it first), or the embeddings are not like those of
            the archive; nothing has changed then.
        """
        archive = self._archive
        new, own = _in_order("add", events, embeddings, archive.embedded)
        known = next((event for event in new if event.id in archive), None)
        if known is not None:
            raise BadValueError("add", "id", shown(known.id), "an id that is not in the archive yet; remove it first")
        if new:
            self._check_model()
            found = self._extract(new, n_jobs, progress)
            self._fitted = archive.with_events(new, found, self._weights.topic_weight, own)
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
        gone = {_number_of(archive, id_) for id_ in several("remove", "ids", ids)}
        self._fitted = archive.without(gone, self._weights.topic_weight)
        return self

    def _extract(
        self, events: Sequence[Event], n_jobs: int, progress: Progress | None, checkpoint: str | os.PathLike[str] | None = None
    ) -> list[Found]:
        return extracted(self.extractor, events, self._found_before(events), n_jobs, progress, checkpoint)

    def _changes_to(self, events: Sequence[Event], numbers: Sequence[int]) -> Changes | None:
        """How events differ from a loaded index, which holds those of a number as they are."""
        if self._fitted is None or not self._is_known:
            return None
        others = [event.id for event, number in zip(events, numbers, strict=True) if number < 0]
        edited = sum(id_ in self._fitted for id_ in others)
        return Changes(len(others) - edited, edited, len(self._fitted.events) - (len(events) - len(others)) - edited)

    def _of_kept(
        self, events: list[Event], numbers: Sequence[int], extract: Callable[[Sequence[Event]], list[Found]]
    ) -> Archive | None:
        """The archive of events made of a loaded one, where that holds many of them and is not of embeddings."""
        before = self._fitted
        kept = {number for number in numbers if number >= 0}
        if before is not None and before.embedded:
            warnings.warn(
                "got an index of embeddings and none for its events: the new one is without; see embeddings=", stacklevel=3
            )
        if before is None or before.embedded or 2 * len(kept) < len(before.events):
            return None
        new = [event for event, number in zip(events, numbers, strict=True) if number < 0]
        if not new and len(kept) == len(before.events):
            same = replace(before, events=LazySequence(events))  # which are at hand
            if self._saved is not None and self._saved.archive is before:
                self._saved = self._saved._replace(archive=same)
            return same
        rest = before.without(set(range(len(before.events))) - kept, self._weights.topic_weight)
        archive = rest.with_events(new, extract(new), self._weights.topic_weight)
        return replace(archive, events=LazySequence(events))

    def _found_before(self, events: Sequence[Event]) -> list[Found | None]:
        """The topics of those events that a loaded index holds as they are, and that this extractor found there."""
        return [self._archive.found[number] if number >= 0 else None for number in self._known(events)]

    @property
    def _is_known(self) -> bool:
        """Whether there is a loaded index with topics of this extractor."""
        return self._model is not None and self._model == getattr(self.extractor, "name", None)

    def _known(self, events: Sequence[Event]) -> list[int]:
        """The numbers of events that a loaded index holds as they are, with topics of this extractor; -1 for others."""
        archive = self._fitted
        if archive is None or not self._is_known:
            return [-1] * len(events)
        pairs = zip(events, archive.numbers_of([event.id for event in events]), strict=True)
        return [number if number >= 0 and archive.holds(number, event) else -1 for event, number in pairs]

    def _check_model(self) -> None:
        """Topics of two extractors must not meet in one index."""
        if self._model is not None and self._model != model_name(self.extractor):
            raise InputError(
                f"got an index whose topics were found by {self._model}, expected {model_name(self.extractor)}, "
                "this extractor; build the index again, or load it with the extractor it was built with"
            )

    def tune(
        self,
        events: Iterable[Event],
        judgements: Judgements,
        k: int = 5,
        *,
        queries: int = QUERIES,
        embeddings: Any = None,
        n_jobs: int = 1,
        progress: Progress | None = None,
    ) -> Tuning:
        """Build the index of an archive with the settings that agree best with what people judge to be related.

        Fitted are `topic_weight`, `space_weight`, `half_life` and `date_floor`, from those there are, to the greatest mean
        nDCG@k of 70% of the judged events. The others are held back to say how much better that is: where it is worse on
        these, the settings stay.

        Parameters
        ----------
        events : iterable of Event
            The archive; needs the extra ``relatedstories[evaluate]``.
        judgements : mapping of str to mapping of str to int
            For the ids of ten events or more, the gains of others, as `relatedstories.evaluate` takes them: editors' own
            lists of related events say, or how often readers went from one to the other, in a few steps. What is not judged
            counts as unrelated.
        k : int, default 5
            How many links an event.
        queries : int, default 1500
            How many judged events are asked about at most, 10 or more: of more a sample, the same in each run.
        embeddings : array of float, shape (n_events, d), optional
            As for `fit`.
        n_jobs : int, default 1
            Processes to extract topics on; -1 for as many as there are cores.
        progress : callable, optional
            Told of the stage, the events done and the events in all.

        Returns
        -------
        Tuning
            The settings and figures before and after, which print as a table.

        Raises
        ------
        InputError
            If an argument is not as above, fewer than ten judged events are in the archive and relate to another, or the
            extra is not installed. Nothing has changed then.

        Warns
        -----
        UserWarning
            If judgements are of events that the archive does not hold; they are left out.

        Notes
        -----
        How it searches, and among which values: `relatedstories.index.tuning.tuned` and ``GRIDS`` there. Which events are held
        back depends on their ids alone, through a hash. Two events of one story may stand on either side; with four settings
        fitted that makes the figures held back little too good. Readers can only go to what was listed: by their clicks the
        settings of those lists look better than they are. No other thread should ask meanwhile.

        Examples
        --------
        Judges to whom only matters what happened within days of each other, whatever the topic:

        >>> import datetime
        >>> events = [
        ...     Event(f"{day}{x}", f"Oslo votes on {word}", date=datetime.date(2020, 1, 1) + datetime.timedelta(9 * day))
        ...     for day in range(15) for x, word in zip("abc", ["rail", "milk", "snow"])
        ... ]
        >>> judgements = {
        ...     event.id: {other.id: 1 for other in events if other is not event and other.date == event.date} for event in events
        ... }
        >>> stories = RelatedStories()
        >>> tuning = stories.tune(events, judgements)
        >>> tuning.figures["held back"]["difference"].low > 0.1, tuning.before.half_life, tuning.after.half_life
        (True, 120.0, 4.0)
        """
        from relatedstories.index.tuning import parted, tuned  # which needs what builds on this module

        new, own = _in_order("tune", events, embeddings)
        judged = parted(judgements, {event.id for event in new}, k, queries)  # before any work is spent
        archive = Archive.of(new, self._extract(new, n_jobs, progress), self._weights.topic_weight, own)
        tuning, archive = tuned(archive, judged, self._weights, self._least(archive), progress)
        self._weights, self._fitted, self._model = tuning.after, archive, None
        return tuning

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
            return as_id(id_) in self._archive
        except BadValueError:
            return False

    def __getitem__(self, id_: str | int) -> Event:
        """The event of an id; raises `UnknownEventError`."""
        archive = self._archive
        return archive.events[_number_of(archive, id_)]

    def topics(self, id_: str | int) -> Topics:
        """The topics that the index holds for an event, under the names it shows, without their mentions."""
        archive = self._archive
        number = _number_of(archive, id_)
        return Topics(archive.topics(number), archive.events[number])

    def about(self, topic: str) -> list[Event]:
        """The events that have a topic, by date; those without date last.

        Parameters
        ----------
        topic : str
            By the name that the index shows, whatever its case, accents and article.

        Raises
        ------
        InputError
            If no event has it; the message names topics of a like name.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow closes the airport of Oslo"), Event("2", "More snow in Oslo")])
        >>> [event.id for event in stories.about("Oslo")]
        ['1', '2']
        """
        if not isinstance(topic, str):
            raise BadValueError("about", "topic", shown(topic), "the name of a topic")
        archive = self._archive
        key = normalise_name(topic)
        place = bisect_left(archive.keys.terms, key)
        if not key or place == len(archive.keys.terms) or archive.keys.terms[place] != key:
            near = get_close_matches(key, archive.keys.terms, 3)
            named = ", ".join(archive.topic(archive.keys.terms.index(other)).name for other in near)
            hint = f"; of a like name: {named}" if near else ""
            raise InputError(f"got topic {shown(topic)}, expected one of the {len(archive.keys.terms)} of the archive{hint}")
        matrix = archive.keys.matrix
        numbers = np.searchsorted(matrix.indptr, np.flatnonzero(matrix.indices == place), side="right") - 1
        found = [archive.events[number] for number in numbers.tolist()]
        return sorted(found, key=lambda event: event.date or date.max)  # by id where the dates are equal

    def commonest_topics(self, n: int | None = None) -> dict[Topic, int]:
        """The topics that most events have, the n first of them or all, each with how many have it.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Rain in Oslo"), Event("2", "Snow in Oslo"), Event("3", "Rain in Bergen")])
        >>> stories.commonest_topics()
        {'Oslo': 2, 'Bergen': 1}
        """
        archive = self._archive
        most = len(archive.topic_events) if n is None else whole_number("commonest_topics", "n", n, 0)
        first = np.argsort(-archive.topic_events, kind="stable")[:most].tolist()
        return {archive.topic(place): int(archive.topic_events[place]) for place in first}

    def to_frame(self, library: Library | None = None) -> Any:
        """The events as a data frame: id, date, heading, title, text, url, and the names of the topics that the index holds.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            By default pandas where that is installed, else polars.

        Raises
        ------
        InputError
            If there is no such library, or it is not installed.
        """
        from relatedstories.display.frames import frame

        archive = self._archive
        events = list(archive.events)
        topics = [[topic.name for topic in archive.topics(number)] for number in range(len(events))]
        fields: dict[str, Column] = {
            name: ("text", [getattr(event, name) for event in events]) for name in ("heading", "title", "text", "url")
        }
        return frame(
            {
                "id": ("text", [event.id for event in events]),
                "date": ("day", [event.date for event in events]),
                **fields,
                "topics": ("texts", topics),
            },
            library,
        )

    def _repr_html_(self) -> str:
        from relatedstories.display.html import COMMONEST, index_html

        if self._fitted is None:
            return index_html(self.settings)
        counts = self.commonest_topics(COMMONEST)
        return index_html(self.settings, self._fitted.days, counts, len(self._fitted.keys.terms))

    # ------------------------------------------------------------------ answers

    def related(self, event: Event | str | int, k: int = 5, **keywords: Unpack[Keywords]) -> Links:
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
        max_per_context : int, optional
            How many links of one context at most; the next best others take the room. Links without context are not counted.
        diversity : float, default 0
            From 0, the best events, towards 1, events that are unlike each other: see `relatedstories.ranking.select`.
        pinned : mapping of ids to lists of ids, optional
            For an event's id those to list first, in this order, whatever their score; not what the filters above leave out.
            One mapping serves for all events. Pinned links count towards `k` and `max_per_context`.
        blocked : mapping of ids to lists of ids, optional
            For an event's id those never to list under it; it may still be listed under them.

        Returns
        -------
        list of Link
            Best first, after those pinned; shorter than k, down to empty, where nothing else is related. Never the event
            itself. As `Links` it shows itself in a notebook and makes data frames.

        Raises
        ------
        UnknownEventError
            If no event has the id.
        BadValueError
            If an argument is not as above.

        Warns
        -----
        UserWarning
            If an event pinned or blocked is not in the archive, which may have changed since; it is passed over.

        Examples
        --------
        >>> stories = RelatedStories().fit([
        ...     Event("1", "Snow closes the airport of Oslo"),
        ...     Event("2", "More snow in Oslo"),
        ...     Event("3", "A ferry to Oslo is late"),
        ... ])
        >>> [(link.event.id, link.pinned) for link in stories.related("1", pinned={"1": ["3"]})]
        [('3', True), ('2', False)]
        """
        return self.related_many([event], k, **keywords)[0]

    def related_many(self, events: Iterable[Event | str | int], k: int = 5, **keywords: Unpack[Keywords]) -> list[Links]:
        """The links of many events, in their order: each as `related` gives it, whose parameters these are."""
        archive = self._archive  # taken once: another thread may replace it on the way
        k, rules = whole_number("related", "k", k, 0), LinkFilters.of("related", **keywords)
        rows = self._rows(archive, several("related_many", "events", events))
        _tell_of_unknown(rules.unknown(archive, [row.event.id for row in rows]))
        if not rows:
            return []
        self._asked += len(rows)
        if self._asked <= _FEW:
            return [self._list(archive, row, self._from_best(archive, row, k, rules), k, rules) for row in rows]
        return list(self._lists(archive, rows, k, rules, self._best(archive, k, rules, rows)))

    def all_related(
        self, k: int = 5, *, n_jobs: int = 1, progress: Progress | None = None, **keywords: Unpack[Keywords]
    ) -> Iterator[tuple[Event, Links]]:
        """Every event of the archive with its links, by id: the same links as `related` gives, faster.

        Parameters
        ----------
        k : int, default 5
            How many links an event at most.
        n_jobs : int, default 1
            Threads to compare events on; -1 for as many as there are cores.
            Within ``joblib.parallel_config(backend="dask")``, the whole cluster, if the first links are asked for there.
        progress : callable, optional
            Told of the stage, the events done and the events in all.
        **keywords
            As of `related`.

        Yields
        ------
        event : Event
        links : list of Link
            As `related` gives it.
        """
        archive = self._archive
        k, rules = whole_number("all_related", "k", k, 0), LinkFilters.of("all_related", **keywords)
        _tell_of_unknown(rules.unknown(archive))
        return self._all_links(archive, k, rules, worker_count(n_jobs), progress)

    def _all_links(
        self, archive: Archive, k: int, rules: LinkFilters, n_threads: int, progress: Progress | None
    ) -> Iterator[tuple[Event, Links]]:
        total, compared, listed = len(archive.events), 0, 0

        def on_compared(done: int) -> None:
            nonlocal compared
            compared = min(compared + done, total)
            if progress is not None and not listed:  # then the lists tell of the way
                progress("comparing", compared, total)

        def told(parts: Iterator[npt.NDArray[np.intp]]) -> Iterator[npt.NDArray[np.intp]]:
            for part in parts:
                on_compared(len(part))
                yield part

        best = self._best_of_all(archive, k, rules, n_threads, on_compared)
        lists = self._lists(archive, None, k, rules, best._replace(batches=told(best.batches)))
        for event, links in zip(archive.events, lists, strict=True):
            yield event, links
            listed += 1
            if progress is not None:
                progress("links", listed, total)

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
        pair, space = self._compared(ours, theirs), self._weights.space_weight
        own = pair.factor * (1 - space if pair.near >= 0 else 1)
        parts = [
            Part(terms[column], "term", product * own)
            if column < n_terms
            else Part(archive.topic(column - n_terms).name, "topic", product * own)
            for column, product in pair.products.items()
        ]
        if pair.near * space > 0 and pair.products:
            parts.append(Part("word space", "space", pair.near * space * pair.factor))
        return Explanation(ours.event, theirs.event, pair.score, pair.factor, best_first(parts))

    # ------------------------------------------------------------------ on the way to an answer

    @property
    def _scoring(self) -> dict[str, Any]:
        return {"date_factor": self._weights.date_factor, "embedding_weight": self._weights.space_weight}

    def _least(self, archive: Archive, asked: float | None = None) -> float:
        """The least score of a link: the one asked for, or else the index's own."""
        least = self._min_score if asked is None else asked
        return max(0.05, 0.02 * math.log10(max(1, len(archive.events)))) if least is None else least

    def _rows(self, archive: Archive, asked: Iterable[Event | str | int]) -> list[Row]:
        """The rows of the events asked for; of those that the archive does not hold as they are, new ones."""
        rows: list[Row | None] = []
        unseen: list[Event] = []
        for event in asked:
            number = archive.number_of(event.id) if isinstance(event, Event) else _number_of(archive, event)
            if isinstance(event, Event) and (number < 0 or archive.events[number] != event):
                rows.append(None)
                unseen.append(event)
            else:
                rows.append(archive.row(number))
        if unseen:
            self._check_model()
        made = iter(archive.rows_for(unseen, self._extract(unseen, 1, None), self._weights.topic_weight) if unseen else [])
        return [next(made) if row is None else row for row in rows]

    def _compared(self, ours: Row, theirs: Row) -> _Compared:
        products = theirs.products(ours.by_column())
        near = squared_cosine(ours.embedding, theirs.embedding[None], np.zeros(1, np.intp))
        factor = self._weights.date_factor.of(ours.day, np.array([theirs.day], np.int32))
        score = blended(np.array([sum(products.values())], np.float32), near, self._weights.space_weight, factor)
        return _Compared(products, float(near[0]), float(factor[0]), float(score[0]))

    def _best(self, archive: Archive, k: int, rules: LinkFilters, rows: Sequence[Row]) -> PartialTopK:
        """The first of the candidates of some rows."""
        room, least = _room(archive, k, rules), self._least(archive, rules.min_score)
        kept = self._kept(archive, rows, room, rules)
        if kept is not None:
            return PartialTopK.finished(*kept)
        compared, numbers = archive.rows(rows)
        spans = rules.spans(compared.days)
        return archive.blocks.top(compared, room, numbers, spans, min_score=least, **self._scoring)

    def _best_of_all(
        self, archive: Archive, k: int, rules: LinkFilters, n_threads: int, progress: Callable[[int], object] | None
    ) -> PartialTopK:
        """The first of the candidates of every row; looked for are those alone that are not known."""
        room, least = _room(archive, k, rules), self._least(archive, rules.min_score)
        rows, numbers = archive.rows()

        def top(asked: npt.NDArray[Any], k: int, spans: npt.NDArray[np.int32], min_score: float) -> PartialTopK:
            how = {"min_score": min_score, **self._scoring}
            if len(asked) < len(numbers):
                return archive.blocks.top(rows.picked(asked), k, numbers[asked], spans, n_threads=n_threads, **how)
            if on_cluster():
                return PartialTopK.finished(*distributed_topk(rows, k, spans, progress=progress, **how))
            return archive.blocks.top(rows, k, numbers, spans, n_threads=n_threads, **how)

        if not rules.every_day or room > WIDTH:
            return top(numbers, room, rules.spans(rows.days), least)
        kept_from = MARGIN * least
        nearest = archive.nearest and archive.nearest.copy()
        if nearest is None and archive.earlier is not None:
            how: dict[str, Any] = {"min_score": kept_from, **self._scoring}
            nearest = archive.earlier.brought_up(rows, archive.columns, n_threads=n_threads, **how)
        if nearest is None:
            nearest = NeighbourCache.unknown(len(numbers))
        lacking = nearest.lacking(numbers, room, least)
        asked, known = np.flatnonzero(lacking), np.flatnonzero(~lacking)
        found = top(asked, WIDTH, every_day(len(asked)), kept_from)
        best = PartialTopK.finished(*nearest.first(numbers, room, least))

        def parts() -> Iterator[npt.NDArray[np.intp]]:
            yield known
            for part in found.batches:
                places = asked[part]
                nearest.take(places, found.ids[part], found.scores[part], kept_from)
                best.ids[places], best.scores[places] = nearest.first(places, room, least)
                yield places
            if len(asked) or archive.nearest is None:
                archive.keep(nearest)

        return best._replace(batches=parts())

    def _kept(
        self, archive: Archive, rows: Sequence[Row], room: int, rules: LinkFilters
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]] | None:
        """The best of some rows where the archive has them all at hand."""
        nearest, least = archive.nearest, self._least(archive, rules.min_score)
        if nearest is None or room > WIDTH or not rules.every_day or not all(row.held for row in rows):
            return None
        numbers = np.array([row.number for row in rows], np.intp)
        return None if nearest.lacking(numbers, room, least).any() else nearest.first(numbers, room, least)

    def _from_best(self, archive: Archive, row: Row, k: int, rules: LinkFilters) -> Iterator[tuple[int, float]]:
        """All candidates of a row, as `_candidates` has them, which is only asked for what is not at hand."""
        kept = self._kept(archive, [row], _room(archive, k, rules), rules)
        if kept is None:
            return self._candidates(archive, row, rules)
        return self._going_on(archive, row, rules, *(array[0] for array in kept))

    def _going_on(
        self, archive: Archive, row: Row, rules: LinkFilters, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]
    ) -> Iterator[tuple[int, float]]:
        """All candidates of a row, of which the first are found: where these are not all, the others are, once asked for."""
        n_found = int(np.count_nonzero(ids >= 0))
        yield from zip(ids[:n_found].tolist(), scores[:n_found].tolist(), strict=True)
        if n_found == len(ids):
            yield from islice(self._candidates(archive, row, rules), n_found, None)

    def _lists(
        self, archive: Archive, rows: Sequence[Row] | None, k: int, rules: LinkFilters, best: PartialTopK
    ) -> Iterator[Links]:
        """The links of some rows, or of all, of their best candidates."""
        missing = np.ones(len(best.ids), bool)
        for start in range(0, len(best.ids), _PART):
            while missing[start : start + _PART].any():
                missing[next(best.batches)] = False
            ids, scores = best.ids[start : start + _PART], best.scores[start : start + _PART]
            part = None if rows is None else rows[start : start + len(ids)]
            # Most lists are just the first candidates: of these alone all the reasons are looked for at once.
            plain = ~archive.repeating(ids[:, : k + FOLDED]) if rules.plain else np.zeros(len(ids), bool)
            first = np.where(plain[:, None], ids[:, :k], -1)
            shared = archive.shared(part, start, first)
            found = np.count_nonzero(ids >= 0, axis=1)
            each = zip(ids.tolist(), scores.tolist(), found.tolist(), plain.tolist(), strict=True)
            for place, (numbers, theirs, n_found, as_found) in enumerate(each):
                event = archive.events[start + place] if part is None else part[place].event
                if as_found and event.id not in rules.pinned and event.id not in rules.blocked:
                    pairs = range(place * first.shape[1], place * first.shape[1] + min(k, n_found))
                    yield Links(
                        [
                            Link(
                                archive.events[number], score, rank, *_reason(archive, event, number, shared, pair, self._ignored)
                            )
                            for rank, (pair, number, score) in enumerate(zip(pairs, numbers, theirs, strict=False), 1)
                        ]
                    )
                    continue
                row = archive.row(start + place) if part is None else part[place]
                yield self._list(archive, row, self._going_on(archive, row, rules, ids[place], scores[place]), k, rules)
        next(best.batches, None)  # there are no more, but it may have something to do at its end

    def _candidates(self, archive: Archive, row: Row, rules: LinkFilters) -> Iterator[tuple[int, float]]:
        """The numbers of all events related to a row, within the rules' days, with their scores: best first."""
        related = archive.related(row, rules.span(row.day))
        yield from related.best_first(self._weights, self._least(archive, rules.min_score))

    def _list(self, archive: Archive, row: Row, candidates: Iterable[tuple[int, float]], k: int, rules: LinkFilters) -> Links:
        """The links of a row, of its candidates."""
        weights, where = row.by_column(), rules.where

        @functools.cache
        def reason(number: int) -> tuple[str | None, tuple[Topic, ...]]:
            shared = Shared.of(archive.row(number).products(weights))
            return _reason(archive, row.event, number, shared, 0, self._ignored)

        def label(number: int) -> str | None:
            context, _ = reason(number)
            return None if context is None else normalise_name(context) or context

        def allowed(number: int) -> bool:
            return where is None or bool(where(archive.events[number]))

        first, last = rules.span(row.day)
        pinned, blocked = (
            [archive.number_of(id_) for id_ in choices.get(row.event.id, ()) if id_ in archive]
            for choices in (rules.pinned, rules.blocked)
        )
        pinned = [number for number in pinned if first <= archive.days[number] <= last and allowed(number)]
        apart = {*pinned, *blocked}
        chosen = select(
            ((number, score) for number, score in candidates if number not in apart and allowed(number)),
            k,
            Similarity(archive),
            label,
            max_per_context=rules.max_per_context,
            diversity=rules.diversity,
            pinned=[(number, self._compared(row, archive.row(number)).score) for number in pinned],
        )
        return Links([_link(archive, one, rank, *reason(one.number)) for rank, one in enumerate(chosen, 1)])

    # ------------------------------------------------------------------ on disk

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the index to a folder: memory-mappable arrays and JSON. One that is there already is left as it is.

        Parameters
        ----------
        folder : path
            Made, or its index replaced if it is empty or holds one and nothing else.

        Raises
        ------
        InputError
            If the folder holds something else; OSError where it cannot be written.
        """
        archive, nearest = self._archive, self._archive.nearest
        about = {"topics_by": self._model or model_name(self.extractor), "settings": self.settings}
        saved = self._saved
        if saved and saved.archive is archive and saved.nearest is nearest and saved[2:] == (about, checksum(Path(folder))):
            return
        self._saved = _Saved(archive, nearest, about, write_folder(Path(folder), *archive.parts(), about))

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
            self._fitted = archive = Archive.of_parts(arrays, documents)
            said = {name: about[name] for name in ("topics_by", "settings")}
            self._saved = _Saved(archive, archive.nearest, said, about["sha256"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{folder}: got an index whose parts do not fit ({error}); build it again") from None
        return self


class _Saved(NamedTuple):
    """What an index on disk was made of, what its manifest says, and the checksum of that."""

    archive: Archive
    nearest: NeighbourCache | None
    about: dict[str, Any]
    checksum: str | None


class _Compared(NamedTuple):
    """The products of two rows by column, their squared cosine, the date factor, and the score that these make."""

    products: dict[int, float]
    near: float
    factor: float
    score: float


def _room(archive: Archive, k: int, rules: LinkFilters) -> int:
    """As many candidates as most lists need: near-duplicates take room, and rules pass candidates over."""
    room = k + FOLDED + (POOL if rules.diversity or rules.max_per_context else _SPARE)
    return max(1, min(room, len(archive.events)))


def _number_of(archive: Archive, id_: object) -> int:
    name = as_id(id_)
    number = archive.number_of(name)
    if number < 0:
        raise UnknownEventError(f"got id {shown(name)}, expected that of one of the archive's {len(archive.events)} events")
    return number


def _reason(
    archive: Archive, event: Event, number: int, shared: Shared, pair: int, ignored: Collection[str]
) -> tuple[str | None, tuple[Topic, ...]]:
    """The context and the shared topics of an event and another of the archive, of what their rows, a pair of some, share."""
    columns, products, bounds = shared
    start, end, n_terms = bounds[pair], bounds[pair + 1], len(archive.terms.terms)
    first = bisect_left(columns, n_terms, start, end)
    context: str | None
    if end - first == 1:
        label = archive.label(columns[first] - n_terms)
        context, topics = label.name, label.alone
    else:
        terms = dict(zip(map(archive.terms.terms.__getitem__, columns[start:first]), products[start:first], strict=True))
        if first < end:
            labels = [archive.label(column - n_terms) for column in columns[first:end]]
            labels = most_telling(zip(labels, products[first:end], strict=True), terms)
            context, topics = labels[0].name, tuple([label.topic for label in labels])
        else:
            context, topics = shared_phrase(event.full_text, archive.events[number].full_text, terms), ()
    return (None if context is not None and ignored and normalise_name(context) in ignored else context), topics


def _link(archive: Archive, listed: Listed, rank: int, context: str | None, topics: tuple[Topic, ...]) -> Link:
    duplicates = tuple(archive.events[number] for number in listed.duplicates)
    return Link(archive.events[listed.number], listed.score, rank, context, topics, duplicates, listed.pinned)


def _tell_of_unknown(unknown: Sequence[str]) -> None:
    if unknown:  # no error: an archive changes from night to night, and what editors chose outlives events
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        listed = ", ".join(unknown[:3])
        warnings.warn(f"got {listed}{more}, expected ids of events of the archive; passed over", stacklevel=3)


def _in_order(
    call: str, events: Iterable[Event], embeddings: Any, size: int | None = None
) -> tuple[list[Event], npt.NDArray[np.float64] | None]:
    """The events by id, the order of an index's rows, with their embeddings, of `size` numbers where that is given."""
    found = events_of(call, events)
    order = sorted(range(len(found)), key=lambda place: found[place].id)
    ordered = [found[place] for place in order]
    for event, following in pairwise(ordered):
        if event.id == following.id:
            raise BadValueError(call, "id", f"{shown(event.id)} twice", "an id of its own for each event")
    if embeddings is None:
        return ordered, None
    try:
        own = np.asarray(embeddings, np.float64)
    except (TypeError, ValueError):
        raise BadValueError(call, "embeddings", shown(embeddings), "an array of numbers, a row an event") from None
    if own.ndim != 2 or len(own) != len(found) or not own.shape[1]:
        raise BadValueError(call, "embeddings", f"an array of shape {own.shape}", f"one of {len(found)} rows, one an event")
    if size is not None and own.shape[1] != size:
        expected = f"{size}, as in the archive" if size else "none, as in the archive"
        raise BadValueError(call, "embeddings", f"rows of {own.shape[1]} numbers", expected)
    if not np.isfinite(own).all():
        raise BadValueError(call, "embeddings", "a number that is not finite", "finite numbers")
    return ordered, own[order]
