"""The index as a caller sees it: built from an archive's events, it answers which are related, and why."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np

from relatedstories.counts import counted
from relatedstories.errors import (
    BadValueError,
    InputError,
    UnknownEventError,
    check_functions,
    number_within,
    path_given,
    shown,
    whole_number,
)
from relatedstories.events import Event, as_id, checked_language, events_of, parse_date, several
from relatedstories.features.word_space import COSINE_SCALE, NONE
from relatedstories.index.archive import Archive
from relatedstories.index.archive_index import ArchiveIndex, SavedCopy
from relatedstories.index.boilerplate import Boilerplate
from relatedstories.index.change_lock import ChangeLock
from relatedstories.index.explain import explain_rows
from relatedstories.index.languages import PossibleLanguages, n_told, usual_language
from relatedstories.index.linker import Linker
from relatedstories.index.list_workers import links_of_all
from relatedstories.index.rows import EventRow
from relatedstories.index.serialisation import index_from_parts, parts_of_index
from relatedstories.index.storage import manifest_checksum, read_folder, remove_leftovers, write_folder
from relatedstories.index.storylines import StoryFinder
from relatedstories.index.timeline import timeline
from relatedstories.index.update import (
    Changes,
    Extract,
    changes_between,
    grown_index,
    in_usual_language,
    ordered_events,
    unchanged_numbers,
    updated_index,
)
from relatedstories.index.weights import Settings
from relatedstories.judging.judgements import QUERIES, Judgements
from relatedstories.parallel import worker_count
from relatedstories.progress import Progress
from relatedstories.ranking.explanation import Explanation
from relatedstories.ranking.filters import Keywords, LinkFilters, check_keywords
from relatedstories.ranking.links import Links
from relatedstories.storylines.before import Before, ids_by_story
from relatedstories.storylines.pairs import NEIGHBOURS
from relatedstories.storylines.storyline import Storylines
from relatedstories.text.languages import settled
from relatedstories.topics.extraction import extracted
from relatedstories.topics.extractor import TopicExtractor, model_name
from relatedstories.topics.names import normalise_name
from relatedstories.topics.topic import EventTopics, Topic, Topics
from relatedstories.topk.dates import NO_DATE
from relatedstories.topk.loading import kernel_is_loaded

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.display.frames import Column, Library
    from relatedstories.index.tuning import Tuning

__all__ = ["Changes", "RelatedStories", "check_archive", "linker_of", "topics_named", "warn_of_unknown_ids"]

MANY = 3
"""Number of events in one question from which it is worth loading the compiled kernel."""


class RelatedStories:
    """Find, for every event of an archive, the other events that a reader should see next, and the reason.

    Each event becomes a sparse row of weighted terms and topics (see `relatedstories.features.vectors`) and an embedding in
    a learnt word space (see `relatedstories.features.word_space`). The score of two events is a weighted sum of the inner
    product of their rows and the squared cosine of their embeddings (see `relatedstories.topk.blended`), multiplied by a
    factor for the days between them (see `relatedstories.topk.DateFactor`).

    Parameters
    ----------
    extractor : TopicExtractor, optional
        Finds the topics; by default ``TopicExtractor()``. Any object with the same ``extract_many`` will do. An index
        remembers the extractor's ``name``, or else the name of its class.
    topic_weight : float, optional
        The weight of topics in a row, 0 to 1; terms have the rest. With 0, links have no topics. By default 0.08, or 0.25
        where editors gave most topics, and with `across_languages`, as topics are all that events in different languages share.
    space_weight : float, optional
        The weight of the word space in a score, 0 to 1; the inner product has the rest. By default it is learnt from the
        archive: the shorter its texts, the more. Events without a shared term or topic are not related, whatever their
        embeddings. An event with few words that the word space knows, for example in another language, is compared
        without it.
    date_decay : float, optional
        How fast relatedness falls with the days between two events, 0 to 10; with 0, dates do not matter. By default it is
        learnt from the archive: how much nearer in date similar events are than others.
    min_score : float, optional
        The least score of a link, 0 to 1, so that a poor match gives a shorter list rather than a wrong link. By default it is
        learnt from the archive: a score that few pairs of its events reach by chance. Links whose reason is but a country, a
        people or an office then need twice that, or one and a half times if something else is said beside it.
    language : str, optional
        The code of the language of events that say none: "de". By default that of the extractor, or else it is told from each
        event's text (see `relatedstories.text.languages`). A text that tells too little, such as a headline of two words, is
        taken to be in the language of most of the other events if that is possible, otherwise in English or the likeliest
        language of its script. Where `add` or `remove` change that, the topics of these events are found again, unless `fit`
        was given embeddings.
    across_languages : bool, default False
        Whether events in different languages may be related, by the topics that they share. Otherwise links stay within a
        language.

    Notes
    -----
    Of events that tell the same story in the same words (an inner product of at least 0.9) only the best is listed; the
    others are its duplicates (see `relatedstories.ranking.select`). Copies of the event in question are not listed, but named
    apart (see `relatedstories.ranking.Links`). Equal scores are ordered by nearer date, then by id. The same events give the
    same links whatever their order, however they were added, and on any number of processes. Several threads may ask while others
    change the archive: each answer is that of the archive before or after a change, and changes wait for one another.

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
        topic_weight: float | None = None,
        space_weight: float | None = None,
        date_decay: float | None = None,
        min_score: float | None = None,
        language: str | None = None,
        across_languages: bool = False,
    ) -> None:
        language = checked_language("RelatedStories", language)
        self.extractor = TopicExtractor(language=language) if extractor is None else extractor
        _check_extractor("RelatedStories", self.extractor)
        self._ignored: Collection[str] = getattr(self.extractor, "ignored", ())
        self._given = Settings(
            None if topic_weight is None else number_within("RelatedStories", "topic_weight", topic_weight),
            None if space_weight is None else number_within("RelatedStories", "space_weight", space_weight),
            None if date_decay is None else number_within("RelatedStories", "date_decay", date_decay, 0, 10),
            None if min_score is None else number_within("RelatedStories", "min_score", min_score),
        )
        self._language: str | None = getattr(self.extractor, "language", None) if language is None else language
        if not isinstance(across_languages, bool):
            raise BadValueError("RelatedStories", "across_languages", shown(across_languages), "True or False")
        self._across_languages = across_languages
        self._loaded_model: str | None = None  # the name of the extractor that found a loaded index's topics
        self._fitted: ArchiveIndex | None = None
        self._changes: Changes | None = None
        self._change_lock = ChangeLock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_change_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._change_lock = ChangeLock()  # changes of a copy need not wait for those of the original

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.settings.items())
        events = counted(len(self._fitted.archive), "events") if self._fitted else "no events"
        return f"<RelatedStories of {events}, {settings}>"

    @property
    def settings(self) -> dict[str, float | str | None]:
        """The settings in use: those it was made with, or that `tune` found, and those learnt from the archive.

        Before there is an archive, those to be learnt are None.
        """
        in_use = self._given if self._fitted is None else self._fitted.learnt.weights(self._given)
        return {**in_use._asdict(), **self._language_settings}

    @property
    def given_settings(self) -> dict[str, float | str | bool | None]:
        """The settings that it was made with, or that `tune` found; those that are learnt are None."""
        return {**self._given._asdict(), **self._language_settings}

    @property
    def _language_settings(self) -> dict[str, str | bool | None]:
        return {"language": self._language, "across_languages": self._across_languages}

    @property
    def ignored(self) -> Collection[str]:
        """The names, as topics are compared, that are never labels of links: those that the extractor ignores."""
        return self._ignored

    @property
    def changes(self) -> Changes | None:
        """How the archive of the last `fit` differs from the loaded index that it went on from.

        None if there was no such index, as after `load` alone, or if its topics were found by another extractor.
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
        """Build the index of an archive, in place of any earlier one.

        After `load`, the topics of events that have not changed are taken from the loaded index, if they were found by the
        same version of the same extractor, as its ``name`` tells.

        Parameters
        ----------
        events : iterable of Event
            In any order; ids must be unique.
        embeddings : array of float, shape (n_events, d), optional
            Your own embeddings, for example of a sentence encoder: one row an event, in the order of `events`; a row of
            zeros for an event without. They count for half of the word space's part of a score and make that more
            valuable: a `space_weight` of 0.7 then serves better than 0.5. An event that is not in the archive is compared
            without them. What recurs across the archive (see `boilerplate`) is then left out of terms, topics and labels
            only: the word space reads it with all other words, and your encoder has read whatever you gave it.
        n_jobs : int, default 1
            Number of processes that extract topics; -1 for the number of cores. The index does not depend on it.
            Within ``joblib.parallel_config(backend="dask")`` the whole cluster is used instead.
        progress : callable, optional
            Called with the stage, the number of events done and their total.
        checkpoint : path, optional
            A file in which the topics of each event are saved as soon as they are found. If this call is stopped, even
            by force, the next `fit` with the same file goes on from there. The file is not removed at the end. It only
            works for extractors that have a ``name``.

        Returns
        -------
        RelatedStories
            This object.

        Raises
        ------
        BadValueError
            If something is not an event, an id is used twice, or the embeddings are not as described.
        """
        check_functions("fit", progress=progress)
        if checkpoint is not None:
            checkpoint = path_given("fit", "checkpoint", checkpoint)
        ordered, user_embeddings = ordered_events("fit", events, embeddings)
        languages = PossibleLanguages(self._language)
        extract = functools.partial(self._extract, n_jobs=n_jobs, progress=progress, checkpoint=checkpoint)
        with self._change_lock.held():
            index = None
            self._changes = None
            if self._fitted is not None and self.keeps_topics:
                numbers = unchanged_numbers(self._fitted.archive, ordered)
                self._changes = changes_between(self._fitted.archive, ordered, numbers)
            else:
                numbers = [-1] * len(ordered)
            if self._fitted is not None and user_embeddings is None:
                index = updated_index(self._fitted, ordered, numbers, extract, self._given.topic_weight, languages)
            if index is None:
                index = ArchiveIndex(self._archive_of(ordered, extract, user_embeddings, languages))
            self._fitted, self._loaded_model = index, None
        return self

    def add(
        self, events: Iterable[Event], *, embeddings: Any = None, n_jobs: int = 1, progress: Progress | None = None
    ) -> RelatedStories:
        """Add events to the archive; answers are then those of a `fit` of all events. Parameters are those of `fit`.

        Raises
        ------
        BadValueError
            If something is not an event, an id is in the archive already (`remove` it first), or the embeddings do not
            match those of the archive. Nothing has changed then.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo")])
        >>> [link.event.id for link in stories.add([Event("2", "More snow in Oslo")]).related("1")]
        ['2']
        """
        check_functions("add", progress=progress)
        events = events_of("add", events)  # which may take long to come, or change the archive
        with self._change_lock.held():
            index = self._index_for("add")
            ordered, user_embeddings = ordered_events("add", events, embeddings, index.archive.user_dimensions)
            known = next((event for event in ordered if event.id in index.archive), None)
            if known is not None:
                raise BadValueError("add", "id", shown(known.id), "an id that is not in the archive yet; remove it first")
            if ordered:
                self._check_model()
                extract = functools.partial(self._extract, n_jobs=n_jobs, progress=progress)
                languages = PossibleLanguages(self._language)
                self._fitted = grown_index(index, ordered, extract, self._given.topic_weight, languages, user_embeddings)
        return self

    def remove(self, ids: Iterable[str | int] | str | int) -> RelatedStories:
        """Remove events from the archive; answers are then those of a `fit` of the rest.

        Parameters
        ----------
        ids : iterable of str or int, or a single one

        Raises
        ------
        UnknownEventError
            If an id is not in the archive; nothing has changed then.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")])
        >>> stories.remove("2").related("1")
        []
        """
        ids = [ids] if isinstance(ids, (str, int)) else list(several("remove", "ids", ids))
        with self._change_lock.held():
            index = self._index_for("remove")
            numbers = {_number_of(index.archive, id_) for id_ in ids}
            rest = index.without(numbers, self._given.topic_weight)
            languages, before = PossibleLanguages(self._language), index.archive.usual_language
            self._fitted = in_usual_language(rest, before, self._extract_checked, self._given.topic_weight, languages)
        return self

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
        """Build the index of an archive with the settings that agree best with people's judgements of what is related.

        The settings `topic_weight`, `space_weight` and `date_decay` are fitted, starting from the current ones,
        to the greatest mean nDCG@k on 70% of the judged events. The other 30% are held out to tell how much better the
        new settings are; if they are worse there, the settings stay as they were.

        Parameters
        ----------
        events : iterable of Event
            The archive. Needs ``pip install "relatedstories[evaluate]"``.
        judgements : mapping of str to mapping of str to int
            For the ids of at least ten events, the gains of other events, as `relatedstories.evaluate` takes them: for
            example from editors' own lists of related events, or from how often readers went from one to the other, in a
            few steps. An event that is not judged counts as unrelated.
        k : int, default 5
            Maximum number of links per event.
        queries : int, default 1500
            Maximum number of judged events to ask about, at least 10. If there are more, a sample is taken, the same in
            each run.
        embeddings : array of float, shape (n_events, d), optional
            As for `fit`.
        n_jobs : int, default 1
            Number of processes that extract topics; -1 for the number of cores.
        progress : callable, optional
            Called with the stage, the number of events done and their total.

        Returns
        -------
        Tuning
            The settings and figures before and after, which print as a table.

        Raises
        ------
        InputError
            If an argument is not as described, fewer than ten judged events are in the archive and related to another
            one, or the extra is not installed. Nothing has changed then.

        Warns
        -----
        UserWarning
            If judgements are about events that are not in the archive; they are left out.

        Notes
        -----
        The search and the values that it tries are described in `relatedstories.index.tuning`. Which events are held out
        depends only on a hash of their ids. Two events of the same story may be on either side; as only three settings are
        fitted, the figures on held-out events are little too good for that. Readers can only follow links that were
        listed: judged by their clicks, the settings of those lists look better than they are. No other thread should ask
        while this runs.

        Examples
        --------
        Judges for whom only events within a few days of each other are related, whatever the topic:

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
        >>> tuning.figures["held back"]["difference"].low > 0.1, tuning.before.date_decay, tuning.after.date_decay
        (True, 0.0, 1.0)
        """
        from relatedstories.index.tuning import search_settings, split_judgements

        check_functions("tune", progress=progress)
        ordered, user_embeddings = ordered_events("tune", events, embeddings)
        judged = split_judgements(judgements, {event.id for event in ordered}, k, queries)  # before any work is spent
        extract = functools.partial(self._extract, n_jobs=n_jobs, progress=progress)
        with self._change_lock.held():
            archive = self._archive_of(ordered, extract, user_embeddings, PossibleLanguages(self._language))
            tuning, index = search_settings(archive, judged, self._given, progress)
            if tuning.kept:
                given, after = self._given, tuning.after
                self._given = Settings(after.topic_weight, after.space_weight, after.date_decay, given.min_score)
            self._fitted, self._loaded_model = index, None
        return tuning

    def _extract(
        self,
        events: Sequence[Event],
        languages: Sequence[str],
        n_jobs: int = 1,
        progress: Progress | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> list[EventTopics]:
        """Return the topics of events in languages; an event that a loaded index holds unchanged is not asked about again."""
        known: list[EventTopics | None] = [None] * len(events)
        if self._fitted is not None and self.keeps_topics:
            archive = self._fitted.archive
            numbers = unchanged_numbers(archive, events)
            known = [
                archive.found[number] if number >= 0 and archive.languages[number] == language else None
                for number, language in zip(numbers, languages, strict=True)
            ]
        events = [event.in_language(language) for event, language in zip(events, languages, strict=True)]
        return extracted(self.extractor, events, known, n_jobs, progress, checkpoint)

    def _extract_checked(self, events: Sequence[Event], languages: Sequence[str]) -> list[EventTopics]:
        """Return the topics of events of the archive, if they are found as those of its other events were."""
        self._check_model()
        return self._extract(events, languages)

    def _archive_of(
        self, events: list[Event], extract: Extract, embeddings: npt.NDArray[Any] | None, languages: PossibleLanguages
    ) -> Archive:
        """Return the archive of events, with the settings of this index."""
        possible = languages.of(events)
        usual = usual_language(n_told(possible))
        codes = [settled(one, usual) for one in possible]
        return Archive.of(
            events,
            extract(events, codes),
            self._given.topic_weight,
            embeddings,
            languages=codes,
            is_told=[len(one) == 1 for one in possible],
            across_languages=self._across_languages,
        )

    @property
    def keeps_topics(self) -> bool:
        """Whether there is a loaded index whose topics were found by this extractor, so that `fit` goes on from it."""
        return self._loaded_model is not None and self._loaded_model == getattr(self.extractor, "name", None)

    def _check_model(self) -> None:
        """Raise an error if topics of two extractors would meet in one index."""
        if self._loaded_model is not None and self._loaded_model != model_name(self.extractor):
            raise InputError(
                f"got an index whose topics were found by {self._loaded_model}, expected {model_name(self.extractor)}, "
                "this extractor; build the index again, or load it with the extractor it was built with"
            )

    # ------------------------------------------------------------------ the archive

    @property
    def _index(self) -> ArchiveIndex:
        if self._fitted is None:
            raise InputError("got no archive yet, expected fit(events) or load(folder) first")
        return self._fitted

    def _index_for(self, call: str) -> ArchiveIndex:
        """Return the index for a call that is no question; the error names the call if there is none yet."""
        if self._fitted is None:
            raise BadValueError(call, None, "no archive yet", "fit(events) or load(folder) first")
        return self._fitted

    def __len__(self) -> int:
        return len(self._index.archive)

    def __iter__(self) -> Iterator[Event]:
        """Iterate over the events of the archive, by id."""
        return iter(self._index.archive.events)

    def __contains__(self, event: object) -> bool:
        """Return whether the archive has an event with the id of an event, or with an id."""
        try:
            return (event.id if isinstance(event, Event) else as_id(event)) in self._index.archive
        except BadValueError:
            return False

    def __getitem__(self, id_: str | int) -> Event:
        """Return the event with an id; raises `UnknownEventError` if there is none."""
        archive = self._index.archive
        return archive.events[_number_of(archive, id_)]

    def topics(self, id_: str | int) -> Topics:
        """Return the topics that the index holds for an event, under the names that it shows, without their mentions.

        Last come words that the archive is full of, and others are not; see `relatedstories.index.born`. What a title and text
        that are not in the archive are about, `TopicExtractor.extract` tells.

        Examples
        --------
        >>> RelatedStories().fit([Event("1", "Snow falls in Oslo and in Bergen")]).topics("1")
        ('Oslo', 'Bergen')
        """
        archive = self._index.archive
        number = _number_of(archive, id_)
        return Topics(archive.topics(number), archive.events[number])

    def read_all(self) -> None:
        """Read all events of a loaded archive into memory, where each is needed many times; nothing else changes.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "Rain in Wales")])
        >>> stories.read_all()
        >>> stories["1"].title
        'Snow in Oslo'
        """
        self._index.archive.events.read_all()

    def all_topics(self) -> Iterator[tuple[Event, Topics]]:
        """Yield every event of the archive with its topics, by id: the same as `topics` returns, but faster.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "Rain in Wales")])
        >>> [(event.id, topics) for event, topics in stories.all_topics()]
        [('1', ('Oslo',)), ('2', ('Wales',))]
        """
        archive = self._index.archive
        archive.read_names()
        for number, event in enumerate(archive.events):
            yield event, Topics(archive.topics(number), event)

    def checksum(self) -> str:
        """Return a checksum of all that answers depend on, except the code and the models of the library.

        It is of the events, their topics, languages and embeddings, the settings, and the names that are never labels. A loaded
        index has that of the one that was saved.

        Examples
        --------
        >>> events = [Event("1", "Snow in Oslo"), Event("2", "Rain in Wales")]
        >>> stories = RelatedStories().fit(events)
        >>> before = stories.checksum()
        >>> stories.remove("2").checksum() == before, stories.add(events[1:]).checksum() == before
        (False, True)
        """
        known = [self._index.archive.checksum(), self.given_settings, sorted(self.ignored)]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()

    def about(self, topic: str) -> list[Event]:
        """Return the events that have a topic, by date; those without a date come last.

        Parameters
        ----------
        topic : str
            The name that the index shows; case, accents and a leading article do not matter.

        Raises
        ------
        InputError
            If no event has it; the message suggests topics with similar names.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow closes the airport of Oslo"), Event("2", "More snow in Oslo")])
        >>> [event.id for event in stories.about("Oslo")]
        ['1', '2']
        """
        if not isinstance(topic, str):
            raise BadValueError("about", "topic", shown(topic), "the name of a topic")
        archive = self._index.archive
        numbers = archive.numbers_about(topic)
        if not numbers:
            keys = archive.keys.terms
            similar = get_close_matches(normalise_name(topic), keys, 3)
            names = ", ".join(archive.topic(keys.index(other)).name for other in similar)
            hint = f"; similar names: {names}" if similar else ""
            raise InputError(f"got topic {shown(topic)}, expected one of the {len(keys)} of the archive{hint}")
        events = [archive.events[number] for number in numbers]
        return sorted(events, key=lambda event: event.date or date.max)  # stable: by id where the dates are equal

    def commonest_topics(self, n: int | None = None) -> dict[Topic, int]:
        """Return the n topics that most events have, or all topics, each with the number of its events.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Rain in Oslo"), Event("2", "Snow in Oslo"), Event("3", "Rain in Bergen")])
        >>> stories.commonest_topics()
        {'Oslo': 2, 'Bergen': 1}
        """
        archive = self._index.archive
        born = {topic: len(archive.numbers_about(topic)) for topic in archive.born.values()}
        n = len(archive.topic_events) + len(born) if n is None else whole_number("commonest_topics", "n", n, 0)
        commonest = np.argsort(-archive.topic_events, kind="stable")[:n].tolist()
        topics: dict[Topic, int] = {}
        for place in commonest:  # a topic of two languages is listed once
            topics[archive.topic(place)] = topics.get(archive.topic(place), 0) + int(archive.topic_events[place])
        if born:
            topics = dict(sorted((topics | born).items(), key=lambda item: -item[1])[:n])
        return topics

    def language_of(self, id_: str | int) -> str:
        """Return the code of the language that an event is in: the one it says, that was declared, or that its text tells.

        Parameters
        ----------
        id_ : str or int

        Raises
        ------
        UnknownEventError
            If the id is not in the archive.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Die Stadt sperrt den Hafen wegen des Sturms")])
        >>> stories.language_of("1")
        'de'
        """
        archive = self._index.archive
        return archive.languages[_number_of(archive, id_)]

    def embeddings(self, ids: Iterable[str | int]) -> npt.NDArray[np.float32]:
        """Return the directions of events in the word space, for example to lay out a map of them.

        Parameters
        ----------
        ids : iterable of str or int

        Returns
        -------
        ndarray of float32, shape (n_ids, d)
            Rows of unit length, but for rounding: the inner product of two is their cosine. A row of zeros for an event with too
            few words that the space knows. With embeddings of your own (see `fit`), the directions of both.

        Raises
        ------
        UnknownEventError
            If an id is not in the archive.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow falls in Oslo"), Event("2", "Heavy snow in Bergen")])
        >>> one, other = stories.embeddings(["1", "2"])
        >>> bool(0.3 < one @ other < 1)
        True
        """
        archive = self._index.archive
        numbers = [_number_of(archive, id_) for id_ in several("embeddings", "ids", ids)]
        rows = archive.embeddings[np.array(numbers, np.intp)]
        found: npt.NDArray[np.float32] = rows.astype(np.float32) * np.sqrt(COSINE_SCALE)
        found[rows[:, 0] == NONE] = 0
        return found

    def boilerplate(self) -> Boilerplate:
        """Return what recurs across the archive, so that it is left out of terms, topics and labels.

        A sentence is left out if ``max(4, 0.5 * sqrt(n))`` of the archive's n events have it that are no copies of each other;
        if it is of one or two words, a twentieth of them; what titles begin or end with, if a fifth of them do. Numbers do not
        matter. A topic that editors gave stays. Where `fit` was given embeddings, the sentences still count in the word space.

        Examples
        --------
        >>> stories = RelatedStories().fit(
        ...     Event(str(n), f"Rain in {town}", f"The streets of {town} are under water. Read all our news of the weather.")
        ...     for n, town in enumerate(["Oslo", "Bergen", "Lyon", "Ghent"])
        ... )
        >>> stories.boilerplate().texts
        {'Read all our news of the weather.': 4}
        """
        return self._index.archive.boilerplate()

    def to_frame(self, library: Library | None = None) -> Any:
        """Return the events as a data frame: id, date, heading, title, text, url, and the names of their topics.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            The kind of data frame; by default pandas if it is installed, else polars.

        Raises
        ------
        InputError
            If `library` is none of these, or is not installed.
        """
        from relatedstories.display.frames import frame

        archive = self._index.archive
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
        from relatedstories.display.html import MAX_COMMONEST, IndexContents, index_html

        if self._fitted is None:
            return index_html(self.settings, None)
        archive = self._fitted.archive
        days = archive.days[archive.days != NO_DATE]
        first, last = (date.fromordinal(int(day)) for day in (days.min(), days.max())) if len(days) else (None, None)
        n_undated, n_topics = len(archive) - len(days), len(archive.keys.terms)
        commonest, recurring = self.commonest_topics(MAX_COMMONEST), archive.recurring_texts()
        contents = IndexContents(len(archive), n_undated, first, last, n_topics, commonest, recurring)
        return index_html(self.settings, contents)

    # ------------------------------------------------------------------ answers

    def related(
        self, event: Event | str | int, k: int = 5, *, order: Literal["score", "timeline"] = "score", **keywords: Unpack[Keywords]
    ) -> Links:
        """Return the events to see next after an event.

        Parameters
        ----------
        event : Event, str or int
            An event of the archive or its id, or an event that is not in the archive.
        k : int, default 5
            Maximum number of links.
        order : {"score", "timeline"}, default "score"
            "score" lists the best first. "timeline" lists about as many events from before, or of the same day, as from after,
            the best of each, in the order of their dates; events of unknown date are then left out.
        include_newer : bool, default True
            Whether events with a later date may be listed. Events of unknown date always may.
        since, until : datetime.date or str YYYY-MM-DD, optional
            Only list events dated on or after, or on or before, this day; events of unknown date are then left out.
        where : callable, optional
            Called with an event, returns whether it may be listed.
        same : sequence of str, optional
            Names of fields or of keys of `Event.extra`, such as "section": only events that have the same value are listed, or
            of lists, such as topics, one in common. Events without any value have that in common.
        min_score : float, optional
            The least score of a link, 0 to 1, in place of the index's own, whatever its reason.
        max_per_context : int, optional
            Maximum number of links with the same first context; the next best events take their room. Links without a
            context are not counted.
        diversity : float, default 0
            From 0, the best events, towards 1, events that are unlike each other; see `relatedstories.ranking.select`.
        pinned : mapping of ids to lists of ids, optional
            For the id of an event, the ids of events to list first, in this order, whatever their score. The filters
            above apply to them too. One mapping serves for all events. Pinned links count towards `k` and
            `max_per_context`.
        blocked : mapping of ids to lists of ids, optional
            For the id of an event, the ids of events never to list under it. It may still be listed under them.
        fallback : {"topic", "recent"}, optional
            What fills a list that is shorter than `k`, after the related events: with "topic", the newest events that have the
            most telling topic of the event which others have, too; with "recent", the newest events of its day or before. Such
            links say so in `Link.fallback`. All filters above but `min_score` apply to them. By default a list stays short.

        Returns
        -------
        list of Link
            Pinned events first, then the best first, then those of the fallback, newest first; by date if `order` is "timeline".
            Shorter than k, or empty, if nothing else is related. Never contains the event itself, nor copies of it: its attribute
            `copies` has these. As a `Links` it is shown as a table in a notebook and can be made a data frame.

        Raises
        ------
        UnknownEventError
            If no event has the id.
        BadValueError
            If an argument is not as described, or an event without a date is asked for its timeline.

        Warns
        -----
        UserWarning
            If a pinned or blocked event is not in the archive, which may have changed since; it is skipped.

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
        check_keywords("related", keywords)
        if order == "score":
            return self._answers("related", [event], k, keywords)[0]
        if order != "timeline":
            raise BadValueError("related", "order", shown(order), "score or timeline")
        return self._timeline(event, k, keywords)

    def _timeline(self, event: Event | str | int, k: int, keywords: Keywords) -> Links:
        day = (event if isinstance(event, Event) else self[event]).date
        if day is None:
            raise BadValueError("related", "order", "timeline for an event without a date", "an event with a date")
        since, until = (parse_date(keywords.get(name), "related", name) for name in ("since", "until"))
        up_to = keywords | {"until": day if until is None else min(day, until)}
        before = self._answers("related", [event], k, up_to, stacklevel=5)[0]
        after = Links()
        if keywords.get("include_newer", True):
            next_day = day + timedelta(days=1)
            later = keywords | {"since": next_day if since is None else max(next_day, since)}
            after = self._answers("related", [event], k, later, stacklevel=None)[0]
        return timeline(before, after, k)

    def related_many(self, events: Iterable[Event | str | int], k: int = 5, **keywords: Unpack[Keywords]) -> list[Links]:
        """Return the links of several events, in their order, each as `related` returns them, with the same parameters.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "A ferry to Oslo is late")])
        >>> [[link.event.id for link in links] for links in stories.related_many(["1", Event("new", "No ferry to Oslo")])]
        [['2'], ['2', '1']]
        """
        check_keywords("related_many", keywords)
        return self._answers("related_many", several("related_many", "events", events), k, keywords)

    def _answers(
        self, call: str, events: Iterable[Event | str | int], k: int, keywords: Keywords, stacklevel: int | None = 4
    ) -> list[Links]:
        """Return the links of events for a call, whose caller is at a level of the stack; with None, nothing is warned of."""
        index = self._index  # read once, since another thread may replace it
        k, filters = whole_number(call, "k", k, 0), LinkFilters.of(call, **keywords)
        rows = self._rows(index, events)
        if stacklevel is not None:
            warn_of_unknown_ids(filters.unknown_ids(index.archive, [row.event.id for row in rows]), stacklevel)
        if not rows:
            return []
        linker = self._linker(index, k, filters)
        if len(rows) < MANY and not kernel_is_loaded():
            return [linker.links(row) for row in rows]
        return list(linker.links_of_many(rows))

    def all_related(
        self, k: int = 5, *, n_jobs: int = 1, progress: Progress | None = None, **keywords: Unpack[Keywords]
    ) -> Iterator[tuple[Event, Links]]:
        """Yield every event of the archive with its links, by id: the same links as `related` returns, but faster.

        Parameters
        ----------
        k : int, default 5
            Maximum number of links per event.
        n_jobs : int, default 1
            Number of threads that compare events, and, in a large archive, of processes that make their lists; -1 for the number
            of cores. Within ``joblib.parallel_config(backend="dask")`` the whole cluster is used, if the first links are
            requested there.
        progress : callable, optional
            Called with the stage, the number of events done and their total.
        **keywords
            As for `related`.

        Yields
        ------
        event : Event
        links : list of Link
            As `related` returns them.

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")])
        >>> [(event.id, [link.event.id for link in links]) for event, links in stories.all_related()]
        [('1', ['2']), ('2', ['1'])]
        """
        check_functions("all_related", progress=progress)
        index = self._index
        k, filters = whole_number("all_related", "k", k, 0), LinkFilters.of("all_related", **keywords)
        warn_of_unknown_ids(filters.unknown_ids(index.archive))
        return self._all_links(self._linker(index, k, filters), worker_count(n_jobs), progress)

    def _all_links(self, linker: Linker, n_threads: int, progress: Progress | None) -> Iterator[tuple[Event, Links]]:
        events = linker.archive.events
        total, n_compared, n_listed = len(events), 0, 0

        def report_compared(n: int) -> None:
            nonlocal n_compared
            n_compared = min(n_compared + n, total)
            if progress is not None and not n_listed:  # once there are lists, they show how far the work has come
                progress("comparing", n_compared, total)

        candidates = linker.retriever.first_candidates_of_all(n_threads, report_compared).reporting(report_compared)
        for number, links in enumerate(links_of_all(linker, candidates, n_threads)):
            yield events[number], links  # which the list was made of: it has been read
            n_listed += 1
            if progress is not None:
                progress("links", n_listed, total)

    def explain(self, a: Event | str | int, b: Event | str | int) -> Explanation:
        """Return why two events are related: each shared topic and term with its share of the score.

        Parameters
        ----------
        a, b : Event, str or int
            Events, or ids of events of the archive.

        Returns
        -------
        Explanation
            The shares of its parts sum to the score, which is that of the link from `a` to `b`, and its contexts are those
            of that link. For events that are not in the archive, only terms and topics that the archive knows count. In an
            archive of articles, a few links have a slightly other score than this, as the scores of a list have to fall (see
            `relatedstories.index.reranking.Reranker.rerank`).

        Examples
        --------
        >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")])
        >>> stories.explain("1", "2").contexts, stories.explain("1", Event("new", "Rain in Wales")).score
        (('Oslo',), 0.0)
        """
        index = self._index
        row_a, row_b = self._rows(index, [a, b])
        contexts = self._linker(index, 1, LinkFilters.of("explain")).contexts(row_a, row_b)
        return explain_rows(index.archive, index.learnt.weights(self._given), row_a, row_b, contexts)

    # ------------------------------------------------------------------ stories

    def storylines(self, before: Before | None = None, *, n_jobs: int = 1, progress: Progress | None = None) -> Storylines:
        """Return the stories of the archive: events that belong together, each event in one story or in none.

        Parameters
        ----------
        before : stories, or mapping of ids to lists of ids, optional
            The stories of an earlier call, for example of last night, or for the id of each the ids of its events: a story
            that goes on keeps its id. Each earlier id goes to the story that has most of its events.
        n_jobs : int, default 1
            Number of threads that compare events; -1 for the number of cores.
        progress : callable, optional
            Called with the stage, the number of events done and their total.

        Returns
        -------
        Storylines
            A tuple of `Storyline`, those with the latest events first, each of two events at least. Its attributes `merged` and
            `split` tell what became of earlier stories.

        Raises
        ------
        BadValueError
            If an argument is not as described.

        Notes
        -----
        Each event is a pair with its ten nearest. A model that was learnt from news editors' headings
        (`relatedstories.storylines.same_story`) gives each pair the probability that it is of one story, by its score, the days
        between the two, the topics and the nearest events that they have in common. Then groups of events are joined that belong
        together most, as long as an event of one is in one story with enough of the other
        (`relatedstories.storylines.grouping`). The same archive has the same stories, whatever the order of its events, but each
        new event may change which are nearest, and so the stories of others. Without `before`, a story has the id of its
        earliest event.

        Examples
        --------
        >>> stories = RelatedStories().fit([
        ...     Event("1", "Snow closes the airport of Oslo"),
        ...     Event("2", "The airport of Oslo stays closed after snow"),
        ...     Event("3", "Voters in Iceland elect a parliament"),
        ... ])
        >>> [(story.name, [event.id for event in story.events]) for story in stories.storylines()]
        [('Oslo', ['1', '2'])]
        """
        check_functions("storylines", progress=progress)
        earlier = ids_by_story(before)
        return self._story_finder(self._index, worker_count(n_jobs), progress).storylines(earlier)

    def path(self, a: Event | str | int, b: Event | str | int) -> Links | None:
        """Return the chain of related events that leads from one event to another: the one whose weakest step is strongest.

        Parameters
        ----------
        a, b : Event, str or int
            Events of the archive, or their ids.

        Returns
        -------
        list of Link or None
            A link for each step, to the next event, ranked from 1; the last leads to `b`. Its score is that of the two events of
            the step. Empty if `a` is `b`; None if no chain leads from one to the other. Of chains that are equally strong it is
            one with the fewest steps, and then the one whose ids come first.

        Raises
        ------
        UnknownEventError
            If an event is not in the archive.

        Notes
        -----
        Steps lead between events of which one is among the ten nearest of the other.

        Examples
        --------
        >>> stories = RelatedStories().fit([
        ...     Event("1", "Snow closes the airport of Oslo"),
        ...     Event("2", "Snow in Oslo and in Bergen"),
        ...     Event("3", "Bergen elects a mayor"),
        ... ])
        >>> [(link.event.id, link.context) for link in stories.path("1", "3")]
        [('2', 'Oslo'), ('3', 'Bergen')]
        """
        index = self._index
        archive = index.archive
        start, end = (_number_of(archive, each.id if isinstance(each, Event) else each) for each in (a, b))
        return self._story_finder(index, 1, None).path(start, end)

    def _story_finder(self, index: ArchiveIndex, n_threads: int, progress: Progress | None) -> StoryFinder:
        n_done, total = 0, len(index.archive)

        def report(n: int) -> None:
            nonlocal n_done
            n_done = min(n_done + n, total)
            if progress is not None:
                progress("comparing", n_done, total)

        return StoryFinder(self._linker(index, NEIGHBOURS, LinkFilters.of("storylines")), n_threads, report)

    def _linker(self, index: ArchiveIndex, k: int, filters: LinkFilters) -> Linker:
        return Linker.of(index, self._given, filters, k, self._ignored)

    def _languages_beside(self, archive: Archive, events: Sequence[Event]) -> list[str]:
        """Return the languages of events that are not in the archive: what they tell, or else what is usual there."""
        return [settled(one, archive.usual_language) for one in PossibleLanguages(self._language).of(events)]

    def _rows(self, index: ArchiveIndex, events: Iterable[Event | str | int]) -> list[EventRow]:
        """Return the rows of events or ids; an event that the archive does not hold as it is gets a new row."""
        archive = index.archive
        rows: list[EventRow | None] = []
        unseen: list[Event] = []
        for event in events:
            number = archive.number_of(event.id) if isinstance(event, Event) else _number_of(archive, event)
            if isinstance(event, Event) and (number < 0 or archive.events[number] != event):
                rows.append(None)
                unseen.append(event)
            else:
                rows.append(archive.row(number))
        if unseen:
            self._check_model()
            languages = self._languages_beside(archive, unseen)
            found = self._extract(unseen, languages)
            topic_weight = index.learnt.weights(self._given).topic_weight
            new_rows = iter(archive.rows_for(unseen, found, topic_weight, languages))
            return [next(new_rows) if row is None else row for row in rows]
        return [row for row in rows if row is not None]

    # ------------------------------------------------------------------ on disk

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the index to a folder: memory-mappable arrays and JSON. If it is there already, nothing is written.

        Parameters
        ----------
        folder : path
            Created if needed. A folder that is empty or holds only an index is replaced.

        Raises
        ------
        InputError
            If the folder holds something else.
        OSError
            If it cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     RelatedStories().fit([Event("1", "Snow in Oslo")]).save(f"{folder}/index")
        ...     len(RelatedStories.load(f"{folder}/index"))
        1
        """
        index, folder = self._index_for("save"), path_given("save", "folder", folder)
        index.learnt.weights(self._given)  # learnt now and saved, whether or not anybody has asked
        if self.checksum_in(folder) is None:
            about = self._about
            index.saved = SavedCopy(about, write_folder(folder, *parts_of_index(index), about))
        else:
            remove_leftovers(folder)

    def checksum_in(self, folder: str | os.PathLike[str]) -> str | None:
        """Return the checksum of the index that a folder holds; None unless it is this one with these settings."""
        saved = None if self._fitted is None else self._fitted.saved
        return None if saved is None or saved != (self._about, manifest_checksum(Path(folder))) else saved.checksum

    @property
    def _about(self) -> dict[str, Any]:
        """What the manifest says of the index."""
        return {"topics_by": self._loaded_model or model_name(self.extractor), "settings": self.given_settings}

    @classmethod
    def load(cls, folder: str | os.PathLike[str], extractor: TopicExtractor | None = None) -> RelatedStories:
        """Open an index that `save` wrote.

        Parameters
        ----------
        folder : path
        extractor : TopicExtractor, optional
            The extractor that the index was built with, if that was not the default one. It is used, and checked, only
            for events that the index does not hold.

        Returns
        -------
        RelatedStories

        Raises
        ------
        InputError
            If there is no index, it has another format, or a file of it is missing or damaged.
        """
        if extractor is not None:
            _check_extractor("load", extractor)
        arrays, documents, manifest = read_folder(path_given("load", "folder", folder))
        try:
            settings = dict(manifest["settings"])
            if (language := getattr(extractor, "language", None)) is not None:
                settings["language"] = language
            self = cls(extractor, **settings)
            self._loaded_model = manifest["topics_by"]
            self._fitted = index_from_parts(arrays, documents, self._across_languages)
            about = {name: manifest[name] for name in ("topics_by", "settings")}
            self._fitted.saved = SavedCopy(about, manifest["sha256"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{folder}: got an index whose parts do not fit ({error}); build it again") from None
        return self


def _check_extractor(call: str, extractor: object) -> None:
    if not callable(getattr(extractor, "extract_many", None)):
        raise BadValueError(call, "extractor", shown(extractor), "a TopicExtractor")


def _number_of(archive: Archive, id_: object) -> int:
    """Return the number of an event; raises `UnknownEventError` if there is none."""
    name = as_id(id_)
    number = archive.number_of(name)
    if number < 0:
        alike = next((other for other in archive.ids if other.strip().casefold() == name.strip().casefold()), None)
        hint = f"; it has {shown(alike)}" if alike is not None else ""
        expected = "that of the only event of the archive"
        if len(archive) != 1:
            expected = f"that of one of the archive's {len(archive)} events"
        raise UnknownEventError(f"got id {shown(name)}, expected {expected}{hint}")
    return number


def linker_of(stories: RelatedStories, k: int, filters: LinkFilters) -> Linker:
    """Return what makes the links of an archive as it is now."""
    return stories._linker(stories._index, k, filters)


def topics_named(stories: RelatedStories, name: str) -> set[Topic]:
    """Return the topics of an archive that a name stands for, under the names that it shows."""
    return stories._index.archive.topics_named(name)


def check_archive(call: str, stories: object) -> None:
    """Raise `BadValueError` if what a call was given is no `RelatedStories`, or one without an archive."""
    if not isinstance(stories, RelatedStories):
        raise BadValueError(call, "stories", shown(stories), "a RelatedStories")
    stories._index_for(call)


def warn_of_unknown_ids(phrases: Sequence[str], stacklevel: int = 3) -> None:
    """Warn of pinned and blocked ids that are not in the archive; no error, since events may go while choices stay."""
    if phrases:
        more = f" and {len(phrases) - 3} more" if len(phrases) > 3 else ""
        listed = ", ".join(phrases[:3])
        warnings.warn(f"got {listed}{more}, expected ids of events of the archive; passed over", stacklevel=stacklevel)
