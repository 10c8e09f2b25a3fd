"""The archive as an index holds it: events by id, their topics, a sparse row of weights and an embedding each."""

from __future__ import annotations

import bisect
import collections
import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from relatedstories.disk.lazy_sequence import LazySequence, to_json_line
from relatedstories.events import Event
from relatedstories.features.passages import NO_PASSAGES, PassageRows, Passages
from relatedstories.features.vectors import (
    Counts,
    background,
    count_topics,
    inverse_frequencies,
    prominence,
    read_terms,
    stemmed,
    weigh,
)
from relatedstories.features.word_space import DIMENSIONS, default_space, with_user_embeddings
from relatedstories.index.adaptation import learnt_topic_weight
from relatedstories.index.boilerplate import Boilerplate, Segments
from relatedstories.index.born import born_topics
from relatedstories.index.coherence import Coherence
from relatedstories.index.languages import n_told, usual_language
from relatedstories.index.rows import EventRow, csr_arrays_of, day_of
from relatedstories.index.topic_names import NameOfKey, TopicNames, count_names, most_common_name, names_by_key, salient_topics
from relatedstories.ranking.labels import Label
from relatedstories.ranking.shapes import is_name_of_words
from relatedstories.ranking.subjects import subjects_of
from relatedstories.text.cleaning import clean
from relatedstories.text.segments import n_words, segment_at, without_segments
from relatedstories.text.terms import ENGLISH, in_language, language_of_key, stem_key, stem_of, without_language
from relatedstories.text.zones import LEAD
from relatedstories.topics.names import normalise_name
from relatedstories.topics.topic import EventTopics, Topic
from relatedstories.topk.rows import Rows, csr_arrays

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Archive"]

COMMON_SHARE, COMMON_FROM = 0.2, 10
"""A term or topic that more than this share of the events in its language have, and more than this number, is no label."""

COMMON_NAME_SHARE = 0.03
"""A name of several words that are all common, such as "User Experience", can be the label of events that have it in their
titles if no more than this share of the events have it."""


@dataclass(frozen=True)
class Archive:
    """Events and everything that follows from them alone; an archive never changes, it is replaced.

    Parameters
    ----------
    events : sequence of Event
        Sorted by id; an event's place is its number.
    ids : sequence of str
        The ids of the events.
    days : ndarray of int32
        The day numbers of their dates, or `NO_DATE`.
    found : sequence of EventTopics
        The topics of each event, also those that are not salient.
    terms, keys : Counts
        The terms and the topics' keys in each event, those of each language apart (`relatedstories.text.terms.in_language`).
    passages : Passages
        The terms of the passages of each event.
    names : sequence of TopicNames
        For each key, the names and kinds that events have it under.
    weights : scipy.sparse.csr_array of float32
        A row of unit length for each event; columns are terms, then topics.
    embeddings : ndarray of int8, shape (n_events, d)
        See `relatedstories.features.word_space`.
    languages : sequence of str
        The code of the language of each event.
    is_told : ndarray of bool
        Whether each event says its language, or its text tells it. The others are in the archive's `usual_language`, if theirs
        can be that.
    segments : Segments
        The segments of each event, of which those that recur across the archive are not counted.
    across_languages : bool, default False
        Whether a topic is the same in all languages.
    """

    events: LazySequence[Event]
    ids: LazySequence[str]
    days: npt.NDArray[np.int32]
    found: LazySequence[EventTopics]
    terms: Counts
    keys: Counts
    passages: Passages
    names: LazySequence[TopicNames]
    weights: sp.csr_array
    embeddings: npt.NDArray[np.int8]
    languages: LazySequence[str]
    is_told: npt.NDArray[np.bool_]
    segments: Segments
    across_languages: bool = False

    # ------------------------------------------------------------------ making

    @classmethod
    def of(
        cls,
        events: list[Event],
        found: list[EventTopics],
        topic_weight: float | None,
        user_embeddings: npt.NDArray[Any] | None = None,
        *,
        languages: Sequence[str] | None = None,
        is_told: Sequence[bool] | None = None,
        across_languages: bool = False,
    ) -> Archive:
        """Return the archive of events sorted by id, with their topics, a caller's embeddings and their languages.

        Without `languages`, an event that says none is in English. Without `is_told`, all languages are told.
        """
        languages = _languages_of(events) if languages is None else languages
        written = _written(events)
        segments = Segments.of(*written)
        counted = _Counted.of(
            events, found, languages, across_languages, written, segments.all_left_out(), embed_all=user_embeddings is not None
        )
        embeddings = counted.embeddings
        if user_embeddings is not None:
            embeddings = with_user_embeddings(embeddings, user_embeddings)
        names = LazySequence(names_by_key(counted.names))
        return cls(
            LazySequence(events),
            LazySequence([event.id for event in events]),
            _days(events),
            LazySequence(found),
            counted.terms,
            counted.keys,
            counted.passages,
            names,
            _weights(counted.terms, counted.keys, names, languages, across_languages, topic_weight),
            embeddings,
            LazySequence(languages),
            np.ones(len(events), bool) if is_told is None else np.array(is_told, bool),
            segments,
            across_languages,
        )

    def order_with(self, events: Sequence[Event], kept: npt.NDArray[np.intp] | None = None) -> npt.NDArray[np.intp]:
        """Return the order by id of this archive's events, or of some, and of further ones, which are numbered after all."""
        n = len(self.events)
        kept = np.arange(n) if kept is None else kept
        ids = self.ids if len(kept) == n else [self.ids[number] for number in kept.tolist()]
        places = [bisect.bisect_left(ids, event.id) for event in events]
        return np.insert(kept, places, np.arange(n, n + len(events)))

    def with_events(
        self,
        events: list[Event],
        found: list[EventTopics],
        order: npt.NDArray[np.intp],
        topic_weight: float | None,
        user_embeddings: npt.NDArray[Any] | None = None,
        *,
        languages: Sequence[str],
        is_told: Sequence[bool],
    ) -> Archive:
        """Return the archive of these events, or of some, and further ones: the same as `of` all of them.

        Only the further events, and those of which other segments are left out than before, are read, counted and given
        embeddings. All rows are weighed again, since the weight of a term depends on the whole archive.

        Parameters
        ----------
        events, found, user_embeddings
            The further events, sorted by id, with their topics and embeddings.
        order : ndarray of int
            The `order_with` them.
        topic_weight : float, optional
            By default it is learnt.
        languages : sequence of str
            The languages of the further events.
        is_told : sequence of bool
            Whether they are told.
        """
        return self._changed(events, found, languages, is_told, order, topic_weight, user_embeddings)

    def taking(self, kept: npt.NDArray[np.intp], topic_weight: float | None) -> Archive:
        """Return the archive of the events of some numbers, which rise: the same as `of` these events."""
        return self._changed([], [], [], [], kept, topic_weight)

    def _changed(
        self,
        events: list[Event],
        found: list[EventTopics],
        languages: Sequence[str],
        is_told: Sequence[bool],
        order: npt.NDArray[np.intp],
        topic_weight: float | None,
        user_embeddings: npt.NDArray[Any] | None = None,
    ) -> Archive:
        """Return the archive of some of these events and further ones, numbered after them, in the given order.

        Which segments are boilerplate depends on the whole archive: events that lose others than before are counted again.
        """
        n = len(self.events)
        self.read_names()
        if topic_weight is None and isinstance(self.names, LazySequence):
            self.names.read_all()  # as the weight is learnt of all
        written = _written(events)
        more_segments = Segments.of(*written)
        segments = self.segments.stack(more_segments).take(order)
        recounted = self._losing_others(segments, order)
        places = {number: place for place, number in enumerate(order.tolist())}
        again = [self.events[number] for number in recounted]
        again_written = _written(again)
        counted = _Counted.of(
            [*events, *again],
            [*found, *(self.found[number] for number in recounted)],
            [*languages, *(self.languages[number] for number in recounted)],
            self.across_languages,
            ([*written[0], *again_written[0]], [*written[1], *again_written[1]]),
            [segments.left_out(places[number]) for number in [*range(n, n + len(events)), *recounted]],
            embed_all=self.user_dimensions > 0,
        )
        rows = np.arange(n + len(events))
        rows[recounted] = np.arange(n + len(events), n + len(events) + len(again))
        rows = rows[order]
        terms, keys = self.terms.stack(counted.terms).take(rows), self.keys.stack(counted.keys).take(rows)
        passages, more_passages = (
            each.over(terms_before.terms, terms.terms)
            for each, terms_before in ((self.passages, self.terms), (counted.passages, counted.terms))
        )
        passages = passages.stack(more_passages).take(rows)
        more_embeddings = counted.embeddings
        if self.user_dimensions:  # these do not depend on boilerplate
            rows, more_embeddings = order, self._with_user_embeddings(more_embeddings[: len(events)], user_embeddings)
        changed_names = counted.names
        changed_names.subtract(self._names_of([*np.setdiff1d(np.arange(n), order).tolist(), *recounted]))
        names = self._names_with(keys, changed_names)
        all_languages = self.languages.extended(list(languages), order)
        return Archive(
            self.events.extended(events, order),
            self.ids.extended([event.id for event in events], order),
            np.concatenate([self.days, _days(events)])[order],
            self.found.extended(found, order),
            terms,
            keys,
            passages,
            names,
            _weights(terms, keys, names, all_languages, self.across_languages, topic_weight),
            np.concatenate([self.embeddings, more_embeddings])[rows],
            all_languages,
            np.concatenate([self.is_told, np.array(is_told, bool)])[order],
            segments,
            self.across_languages,
        )

    def _losing_others(self, segments: Segments, order: npt.NDArray[np.intp]) -> list[int]:
        """Return the numbers of the events that lose other segments than before, given the segments of another archive.

        Parameters
        ----------
        segments : Segments
        order : ndarray of int
            The number here of each of its events; those from other archives have higher numbers.
        """
        old = np.flatnonzero(order < len(self.events))
        now, starts = segments.places_of(old)
        before, _ = self.segments.places_of(order[old])
        differs = segments.is_boilerplate[now] != self.segments.is_boilerplate[before]
        of = np.searchsorted(starts, np.flatnonzero(differs), side="right") - 1
        return [*dict.fromkeys(order[old][of].tolist())]

    def _names_of(self, numbers: Sequence[int]) -> collections.Counter[NameOfKey]:
        """Return how many of some events have each name and kind."""
        events = [self.events[number] for number in numbers]
        found = [self._salient(number) for number in numbers]
        keys = _keys(found, [self.languages[number] for number in numbers], self.across_languages)
        return count_names(keys, found, events)

    def _salient(self, number: int) -> EventTopics:
        """Return the topics that an event is about."""
        return salient_topics(self.found[number], self.segments.left_out(number), self.events[number])

    def reweighed(self, topic_weight: float | None) -> Archive:
        """Return the archive with another weight of topics: the same as `of` its events, without counting them again."""
        weights = _weights(self.terms, self.keys, self.names, self.languages, self.across_languages, topic_weight)
        return replace(self, weights=weights)

    def with_events_in_memory(self, events: list[Event]) -> Archive:
        """Return the archive with equal events that need not be read from a file."""
        return replace(self, events=self.events.in_memory(events))

    def _with_user_embeddings(
        self, embeddings: npt.NDArray[np.int8], user_embeddings: npt.NDArray[Any] | None
    ) -> npt.NDArray[np.int8]:
        """Return the embeddings of other events, as wide as those here; zeros stand for missing ones of the caller."""
        if not self.user_dimensions:
            return embeddings
        if user_embeddings is None:
            user_embeddings = np.zeros((len(embeddings), self.user_dimensions))
        return with_user_embeddings(embeddings, user_embeddings)

    def _names_with(self, keys: Counts, counts: Mapping[NameOfKey, int]) -> LazySequence[TopicNames]:
        """Return the names of other keys, where `counts` says how many more events have each name; others stay as they are."""
        places = {key: place for place, key in enumerate(self.keys.terms)}
        touched = {key for key, _, _, _ in counts} & places.keys()
        changed = {(key, *named[:3]): named[3] for key in touched for named in self.names[places[key]][1]}
        for name_of_key, count in counts.items():
            changed[name_of_key] = changed.get(name_of_key, 0) + count
        others = names_by_key(changed)
        places |= {key: place for place, (key, _) in enumerate(others, len(self.names))}
        return self.names.extended(others, [places[key] for key in keys.terms])

    def read_names(self) -> None:
        """Read all terms, keys, ids and languages into memory, where most are needed."""
        for names in (self.terms.terms, self.keys.terms, self.ids, self.languages):
            if isinstance(names, LazySequence):
                names.read_all()

    # ------------------------------------------------------------------ events

    def __len__(self) -> int:
        return len(self.events)

    @property
    def user_dimensions(self) -> int:
        """The width of the caller's embeddings, 0 if there are none."""
        return int(self.embeddings.shape[1]) - DIMENSIONS

    def checksum(self) -> str:
        """Return a checksum of what all else here follows from: the events, what was found in them, and their embeddings."""
        digest = hashlib.sha256()
        for lines in (self.events.lines(Event.to_dict), self.found.lines(), self.languages.lines()):
            digest.update(b"lines\n")
            for line in lines:
                digest.update(line)
        for array in (self.is_told, self.embeddings):
            digest.update(f"{array.dtype.str} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def holds(self, number: int, event: Event) -> bool:
        """Return whether the event with this number equals another in every field; it is not parsed for that."""
        return self.events.line(number, Event.to_dict) == to_json_line(event.to_dict())

    def number_of(self, id_: str) -> int:
        """Return the number of an event, -1 if there is none of this id."""
        return _place(self.ids, id_)

    def numbers_of(self, ids: Sequence[str]) -> list[int]:
        """Return the numbers of several events, as `number_of` does."""
        if 20 * len(ids) < len(self.ids):
            return [self.number_of(id_) for id_ in ids]
        numbers = {id_: number for number, id_ in enumerate(self.ids)}  # for many, one pass over all ids is quicker
        return [numbers.get(id_, -1) for id_ in ids]

    def __contains__(self, id_: object) -> bool:
        return isinstance(id_, str) and self.number_of(id_) >= 0

    # ------------------------------------------------------------------ boilerplate

    @functools.cached_property
    def own_parts(self) -> Callable[[Event], tuple[str, str]]:
        """A function of an event that returns its clean title and its clean text without the archive's boilerplate."""
        # An event is in its own list and in those of others.
        return functools.lru_cache(1 << 12)(lambda event: self._own_parts(event.title, event.text))

    def _own_parts(self, title: str, text: str) -> tuple[str, str]:
        """Return the title and the text of an event, given as written, clean and without the archive's boilerplate."""
        title, text, recurring = clean(title).text, clean(text).text, self.segments.recurring
        if len(recurring):
            segments = Segments.of([title], [text])
            title, text = without_segments(title, text, segments.left_out(0, segments.among(recurring)))
        return title, text

    def is_rare_title(self, title: str) -> bool:
        """Return whether so few events have a title, in any case, that it tells something in the archive."""
        return self._titles[title.casefold()] <= max(COMMON_FROM, COMMON_NAME_SHARE * len(self))

    @functools.cached_property
    def _titles(self) -> collections.Counter[str]:
        return collections.Counter(self._own_parts(event.title, "")[0].casefold() for event in self.events)

    def own_text(self, event: Event) -> str:
        """Return the clean title and text of an event without the archive's boilerplate, as one text."""
        return "\n".join(filter(None, self.own_parts(event)))

    @functools.cached_property
    def subjects(self) -> Callable[[Event], tuple[str, ...]]:
        """A function of an event in English that returns its subjects (`relatedstories.ranking.subjects`)."""

        @functools.lru_cache(1 << 17)
        def subjects(event: Event) -> tuple[str, ...]:
            return subjects_of(self.own_text(event))

        return subjects

    def recurring_texts(self) -> dict[str, int]:
        """Return the sentences that are left out, with the number of events that have each; the commonest first."""
        texts: dict[str, int] = {}
        for number, segment, n_events in self.segments.first_places():
            event = self.events[number]
            texts.setdefault(segment_at(clean(event.title).text, clean(event.text).text, segment), n_events)
        return texts

    def boilerplate(self) -> Boilerplate:
        """Return what recurs across the archive and is left out."""
        texts = self.recurring_texts()
        if not texts:
            return Boilerplate({}, 0.0)
        n_single = sum(
            n_words(clean(self.events[i].title).text) for i in np.flatnonzero(np.diff(self.segments.starts) == 0).tolist()
        )
        words = self.segments.words
        return Boilerplate(texts, float(words[self.segments.is_boilerplate].sum() / (words.sum() + n_single)))

    # ------------------------------------------------------------------ topics

    @functools.cached_property
    def term_events(self) -> npt.NDArray[np.intp]:
        """How many events have each term."""
        return self.terms.events()

    @functools.cached_property
    def topic_events(self) -> npt.NDArray[np.intp]:
        """How many events have each topic."""
        return self.keys.events()

    @functools.cached_property
    def _labels(self) -> dict[int, Label]:
        return {}

    @functools.cached_property
    def events_of_topics(self) -> sp.csc_array:
        """The topics of the events by their keys: a column for each."""
        return self.keys.matrix.tocsc()

    @functools.cached_property
    def events_of_terms(self) -> sp.csc_array:
        """The counts of the terms in the events: a column for each."""
        return self.terms.matrix.tocsc()

    @functools.cached_property
    def coherence_of_topics(self) -> Coherence:
        """How alike the events are that have each topic."""
        return Coherence(self.events_of_topics, self.embeddings)

    @functools.cached_property
    def coherence_of_terms(self) -> Coherence:
        """How alike the events are that have each term."""
        return Coherence(self.events_of_terms, self.embeddings)

    def texts_of_terms(self, language: str, columns: Iterable[int]) -> Iterable[str]:
        """Return the terms of some columns that are all of one language, without its code."""
        terms = map(self.terms.terms.__getitem__, columns)
        return terms if language == ENGLISH else map(without_language, terms)

    def label(self, key: int) -> Label:
        """Return the topic of a key, given by its place among the keys, as a label."""
        label = self._labels.get(key)
        if label is None:
            topic, n_events = most_common_name(self.names[key][1]), int(self.topic_events[key])
            language = language_of_key(self.keys.terms[key])

            def is_common(terms: Sequence[str]) -> bool:
                if n_events > self._most_events(language):
                    return True
                places = _places(self.terms.terms, [in_language(term, language) for term in terms])
                known = places[places >= 0]  # without stop words
                return len(known) > 0 and bool(self.is_common[known].all())

            given = any(by_editors for _, _, by_editors, _ in self.names[key][1])
            label = Label.of(topic, n_events, self.coherence_of_topics(key), language, is_common, given=given)
            if not label.tells and n_events <= COMMON_NAME_SHARE * len(self) and is_name_of_words(label.name, language):
                label = label._replace(tells_in_titles=True)
            self._labels[key] = label
        return label

    @functools.cached_property
    def is_common(self) -> npt.NDArray[np.bool_]:
        """Whether so many events have a term that it tells nothing in this archive, for each term."""
        n_events = _n_events_for(self.terms.terms, self.n_events_by_language)
        return self.term_events > np.maximum(COMMON_FROM, COMMON_SHARE * n_events)

    def _most_events(self, language: str) -> float:
        """Return the number of events up to which a topic of a language tells something."""
        n_events = len(self) if self.across_languages else self.n_events_by_language.get(language, 0)
        return max(COMMON_FROM, COMMON_SHARE * n_events)

    def topic(self, key: int) -> Topic:
        """Return the topic of a key, given by its place among the keys, under the name that readers see."""
        return self.label(key).topic

    def topics(self, number: int) -> tuple[Topic, ...]:
        """Return the topics of an event, under the names that readers see; born ones come last."""
        topics = self._found_topics(number)
        if self.born:
            born = [self.born[column] for column in _entries(self.terms.matrix, number, LEAD) if column in self.born]
            keys = {topic.key for topic in topics}
            topics += tuple([topic for topic in born if topic.key not in keys])
        return topics

    def _found_topics(self, number: int) -> tuple[Topic, ...]:
        (keys,) = _keys([self._salient(number)], [self.languages[number]], self.across_languages)
        return tuple(self.topic(place) for place in dict.fromkeys(_places(self.keys.terms, keys).tolist()))

    @functools.cached_property
    def born(self) -> dict[int, Topic]:
        """The terms that are topics of the events with the count `LEAD`, since the archive is full of them, by column."""
        return born_topics(
            self.terms.terms,
            self.events_of_terms,
            self.is_common,
            self.coherence_of_terms,
            self._found_topics,
            lambda number: self.own_text(self.events[number]),
        )

    def numbers_about(self, name: str) -> list[int]:
        """Return the numbers of the events that have the topic that a name stands for, rising."""
        key = normalise_name(name)
        columns = [(self.events_of_topics, place, 1) for place in self.places_of_topic(name)]
        columns += [(self.events_of_terms, column, LEAD) for column, topic in self.born.items() if topic.key == key]
        return sorted({number for matrix, column, least in columns for number in _entries(matrix, column, least)})

    def topics_named(self, name: str) -> set[Topic]:
        """Return the topics that a name stands for, as they are shown: inflected names of other languages are one topic."""
        key = normalise_name(name)
        born = {topic for topic in self.born.values() if topic.key == key}
        return {self.topic(place) for place in self.places_of_topic(name)} | born

    def places_of_topic(self, name: str) -> list[int]:
        """Return the places, among the keys, of the topics that a name stands for: one in each language that has it."""
        key = normalise_name(name)
        languages = [ENGLISH] if self.across_languages else sorted(self.n_events_by_language)
        keys = {_key(key, language, self.across_languages) for language in languages}
        return [place for place in map(functools.partial(_place, self.keys.terms), sorted(keys)) if key and place >= 0]

    @functools.cached_property
    def n_events_by_language(self) -> dict[str, int]:
        """The number of events in each language."""
        return dict(sorted(collections.Counter(self.languages).items()))

    @property
    def usual_language(self) -> str:
        """The language that an event whose text tells too little is taken to be in."""
        return self.usual_language_with(())

    def usual_language_with(self, possible: Iterable[Sequence[str]], kept: npt.NDArray[np.intp] | None = None) -> str:
        """Return the `usual_language` of these events, or of some, and further ones, given the possible languages of each."""
        counts = self._n_told
        if kept is not None and len(kept) < len(self):
            counts = collections.Counter([self.languages[number] for number in kept[self.is_told[kept]].tolist()])
        return usual_language(counts + n_told(possible))

    @functools.cached_property
    def _n_told(self) -> collections.Counter[str]:
        """The number of events that tell each language."""
        untold = collections.Counter([self.languages[number] for number in np.flatnonzero(~self.is_told).tolist()])
        return collections.Counter(self.n_events_by_language) - untold

    # ------------------------------------------------------------------ rows

    @property
    def columns(self) -> tuple[Sequence[str], Sequence[str]]:
        """What the columns of the rows stand for: terms, then topics' keys."""
        return self.terms.terms, self.keys.terms

    @functools.cached_property
    def csr_arrays(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Row starts, columns and weights, as compiled loops take them."""
        return csr_arrays(self.weights)

    def entries(self, number: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Return the columns and the weights of a row; its event is not read for that."""
        starts, columns, weights = self.csr_arrays
        start, end = starts[number : number + 2].tolist()
        return columns[start:end], weights[start:end]

    @functools.cached_property
    def prominence(self) -> npt.NDArray[np.float64]:
        """How much more each term tells for being said often, or in titles, where it is said."""
        return prominence(self.terms)

    @functools.cached_property
    def passage_weights(self) -> sp.csr_array:
        """The rows of the passages of all events."""
        return self.passages.weigh(_term_weights(self.terms, self.n_events_by_language))

    @functools.cached_property
    def _first_equal(self) -> npt.NDArray[np.int32]:
        """For each event, the first one with an equal row, title and text."""
        by_row: dict[tuple[bytes, bytes], list[int]] = {}
        sums = self.weights @ np.sqrt(np.arange(1.0, self.weights.shape[1] + 1))  # equal for equal rows, and seldom for others
        _, place, n_with_sum = np.unique(sums, return_inverse=True, return_counts=True)
        for number in np.flatnonzero(n_with_sum[place] > 1).tolist():
            columns, weights = self.entries(number)
            by_row.setdefault((columns.tobytes(), weights.tobytes()), []).append(number)
        first = np.arange(len(self), dtype=np.int32)
        for numbers in by_row.values():
            first_with: dict[tuple[str, str], int] = {}
            for number in numbers if len(numbers) > 1 else ():
                event = self.events[number]
                first[number] = first_with.setdefault((event.title, event.text), number)
        return first

    def equal_to(self, number: int) -> npt.NDArray[np.bool_]:
        """Return which events have the row, title and text of an event, which is one of them."""
        first = self._first_equal
        equal: npt.NDArray[np.bool_] = first == first[number]
        return equal

    def row(self, number: int) -> EventRow:
        """Return the row of an event of the archive."""
        day, embedding, passages = int(self.days[number]), self.embeddings[number], self.passages_of(number)
        language = self.languages[number]
        return EventRow(self.events[number], number, *self.entries(number), day, embedding, passages, language=language)

    def passages_of(self, number: int) -> PassageRows:
        """Return the rows of the passages of an event; the event is not read for that."""
        return self.passages.rows_of(self.passage_weights, number) if len(self.passages) else NO_PASSAGES

    def rows(self) -> Rows:
        """Return all rows as the join compares them."""
        return Rows(self.weights, self.days, self.embeddings)

    def rows_of(self, rows: Sequence[EventRow]) -> Rows:
        """Return rows of this archive's columns as the join compares them."""
        starts, columns, weights = csr_arrays_of(rows)
        return Rows(
            sp.csr_array((weights, columns, starts), shape=(len(rows), self.weights.shape[1])),
            np.array([row.day for row in rows], np.int32),
            np.stack([row.embedding for row in rows]),
        )

    def rows_for(
        self, events: list[Event], found: list[EventTopics], topic_weight: float, languages: Sequence[str] | None = None
    ) -> list[EventRow]:
        """Return rows for events that the archive does not hold, weighed by its frequencies.

        A term or topic that the archive lacks takes its part of the row's length, although no event shares it.
        """
        languages = _languages_of(events) if languages is None else languages
        written = _written(events)
        segments = Segments.of(*written)
        left_out = segments.all_left_out(segments.among(self.segments.recurring))
        counted = _Counted.of(
            events, found, languages, self.across_languages, written, left_out, embed_all=self.user_dimensions > 0
        )
        terms, keys = counted.terms, counted.keys
        columns, idf = [], []
        for ours, theirs, n_events_with, background_shares, by_language, first_column in (
            (self.terms, terms, self.term_events, background(), True, 0),
            (self.keys, keys, self.topic_events, None, not self.across_languages, len(self.terms.terms)),
        ):
            places = _places(ours.terms, theirs.terms)
            counts = np.array([n_events_with[place] if place >= 0 else 0 for place in places])
            n_events = _n_events_for(theirs.terms, self.n_events_by_language, by_language)
            idf.append(inverse_frequencies(theirs.terms, counts, n_events, background_shares))
            columns.append(np.where(places >= 0, places + first_column, -1))
        known_terms = columns[0] >= 0  # the prominence of others is that of most terms
        idf[0][known_terms] *= self.prominence[columns[0][known_terms]]
        weights = weigh(terms, keys, idf[0], idf[1], topic_weight)
        passage_weights = counted.passages.weigh(idf[0])
        column_of, embeddings = np.concatenate(columns), self._with_user_embeddings(counted.embeddings, None)
        rows = []
        for place, event in enumerate(events):
            entries = slice(weights.indptr[place], weights.indptr[place + 1])
            row_columns = column_of[weights.indices[entries]]
            known = row_columns >= 0
            row_weights = weights.data[entries][known]
            row_columns, number = row_columns[known], self.number_of(event.id)
            passages = counted.passages.rows_of(passage_weights, place).over(columns[0])
            day, embedding = day_of(event), embeddings[place]
            language = languages[place]
            rows.append(EventRow(event, number, row_columns, row_weights, day, embedding, passages, False, language))
        return rows


def _languages_of(events: Sequence[Event]) -> list[str]:
    """Return the languages of events; one that says none is in English."""
    return [event.language or ENGLISH for event in events]


def _keys(found: Sequence[EventTopics], languages: Sequence[str], across_languages: bool) -> list[list[str]]:
    """Return the key of each topic of each event, in its event's language unless a topic is the same in all."""
    pairs = zip(found, languages, strict=True)
    return [[_key(Topic(name).key, language, across_languages) for name, *_ in topics] for topics, language in pairs]


def _key(key: str, language: str, across_languages: bool) -> str:
    """Return the key of a topic in a language, which its inflected names share, given the key of a name."""
    if language == ENGLISH or across_languages:
        return key
    return in_language(stem_key(key, language), language)


def _written(events: Sequence[Event]) -> tuple[list[str], list[str]]:
    """Return the clean titles and texts of events."""
    return [clean(event.title).text for event in events], [clean(event.text).text for event in events]


def _topics_counted(keys: Sequence[list[str]]) -> Counts:
    """Return the topics' keys of each event, each once."""
    return count_topics(map(dict.fromkeys, keys))


class _Counted(NamedTuple):
    """What is counted in events: terms, topics' keys and their names, passages, and the embeddings that follow."""

    terms: Counts
    keys: Counts
    passages: Passages
    names: collections.Counter[NameOfKey]
    embeddings: npt.NDArray[np.int8]

    @classmethod
    def of(
        cls,
        events: Sequence[Event],
        found: Sequence[EventTopics],
        languages: Sequence[str],
        across_languages: bool,
        written: tuple[list[str], list[str]],
        left_out: Sequence[frozenset[int]],
        *,
        embed_all: bool,
    ) -> _Counted:
        """Count events.

        Parameters
        ----------
        events : sequence of Event
        found : sequence of EventTopics
        languages : sequence of str
        across_languages : bool
        written : tuple of list of str
            Their clean titles and texts.
        left_out : sequence of frozenset of int
            The numbers of the segments of each that are left out.
        embed_all : bool
            Whether nothing is left out of the embeddings. Those that are joined with a caller's cannot be made again.
        """
        some = [place for place, numbers in enumerate(left_out) if numbers]
        to_embed = None
        if some and embed_all:
            event_keys = _keys(found, languages, across_languages)
            to_embed = read_terms(*written, languages).counts(), _topics_counted(event_keys)
        if some:
            titles, texts = [*written[0]], [*written[1]]
            for place in some:
                titles[place], texts[place] = without_segments(titles[place], texts[place], left_out[place])
            written = titles, texts
        found = [salient_topics(*each) for each in zip(found, left_out, events, strict=True)]
        event_keys = _keys(found, languages, across_languages)
        read, keys = read_terms(*written, languages), _topics_counted(event_keys)
        words = read.counts()
        terms = stemmed(words)
        passages = Passages.cut(read.columns, read.lengths, len(read.terms)).over(read.terms, terms.terms, stem_of)
        embeddings = default_space().embeddings(*(to_embed or (words, keys)))
        return cls(terms, keys, passages, count_names(event_keys, found, events), embeddings)


def _weights(
    terms: Counts,
    keys: Counts,
    names: Iterable[TopicNames],
    languages: Iterable[str],
    across_languages: bool,
    topic_weight: float | None,
) -> sp.csr_array:
    """Return the rows of weights of all events; a weight of topics that is not given is learnt."""
    if topic_weight is None:
        topic_weight = learnt_topic_weight(names, across_languages)
    n_by_language = collections.Counter(languages)
    n_events = _n_events_for(keys.terms, n_by_language, not across_languages)
    topic_idf = inverse_frequencies(keys.terms, keys.events(), n_events)
    return weigh(terms, keys, _term_weights(terms, n_by_language), topic_idf, topic_weight)


def _term_weights(terms: Counts, n_by_language: Mapping[str, int]) -> npt.NDArray[np.float64]:
    """Return how much each term tells in the archive."""
    n_events = _n_events_for(terms.terms, n_by_language)
    return inverse_frequencies(terms.terms, terms.events(), n_events, background()) * prominence(terms)


def _n_events_for(terms: Sequence[str], n_by_language: Mapping[str, int], by_language: bool = True) -> int | npt.NDArray[np.intp]:
    """Return the number of events in the language of each term or key; that of all events where no language is told apart."""
    if len(n_by_language) <= 1 or not by_language:
        return sum(n_by_language.values())
    return np.array([n_by_language.get(language_of_key(term), 0) for term in terms], np.intp)


def _days(events: Sequence[Event]) -> npt.NDArray[np.int32]:
    return np.array([day_of(event) for event in events], np.int32)


def _entries(matrix: sp.csr_array | sp.csc_array, line: int, least: int) -> list[int]:
    """Return where a row of a CSR matrix, or a column of a CSC matrix, has at least some value."""
    places = slice(*matrix.indptr[line : line + 2])
    found: list[int] = matrix.indices[places][matrix.data[places] >= least].tolist()
    return found


def _at_hand(texts: Sequence[str]) -> Sequence[str]:
    return texts.at_hand() if isinstance(texts, LazySequence) else texts


def _place(sorted_texts: Sequence[str], text: str) -> int:
    """Return the place of a text among sorted ones, -1 if it is not there."""
    sorted_texts = _at_hand(sorted_texts)
    place = bisect.bisect_left(sorted_texts, text)
    return place if place < len(sorted_texts) and sorted_texts[place] == text else -1


def _places(sorted_texts: Sequence[str], texts: Sequence[str]) -> npt.NDArray[np.intp]:
    sorted_texts = _at_hand(sorted_texts)
    return np.fromiter((_place(sorted_texts, text) for text in texts), np.intp, len(texts))
