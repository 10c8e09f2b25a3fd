"""From candidates to links: selection, labels and shared topics of each list."""

from __future__ import annotations

import functools
import itertools
import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from relatedstories.events import Event
from relatedstories.index.archive import Archive
from relatedstories.index.comparison import Likeness, Similarity, have_near_duplicates, may_have_copies, shared_columns
from relatedstories.index.fallback import Fallback
from relatedstories.index.retriever import Retriever
from relatedstories.index.rows import EventRow, SharedColumns
from relatedstories.ranking.copies import COPIES_WITHIN, separate_copies
from relatedstories.ranking.labels import ALONE, BESIDE, SECOND, TYPICAL, Label, label_key, most_telling_first, says_the_same
from relatedstories.ranking.links import MAX_CONTEXTS, Link, Links, are_translations
from relatedstories.ranking.phrases import Phrase, shared_phrase
from relatedstories.ranking.selection import DUPLICATES_WITHIN, Selected, select
from relatedstories.ranking.shapes import dull_terms
from relatedstories.text.terms import ENGLISH
from relatedstories.topics.names import normalise_name
from relatedstories.topics.topic import Topic
from relatedstories.topk.partial import PartialTopK

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.index.archive_index import ArchiveIndex
    from relatedstories.index.weights import Settings
    from relatedstories.ranking.filters import LinkFilters

__all__ = ["Linker"]

MATTER_EVENTS = 5
"""The number of events from which a common noun can be a label: the word of a few may be there by chance."""

_BATCH_SIZE = 64  # lists made at once: few enough for the cache and for the garbage collector


class _Shared(NamedTuple):
    """What two events share, besides topics: their language, the columns of terms, and the share of the score of each term."""

    events: tuple[Event, Event]
    language: str
    columns: Sequence[int]
    shares: dict[str, float]


class _Reason(NamedTuple):
    """The contexts of a link, the topics that its events share, and how many times the least score such a link needs."""

    contexts: tuple[str, ...]
    topics: tuple[Topic, ...]
    needs: float = 1.0


class _Reasoned(NamedTuple):
    """A link before it is one: the number of the other event, the score and the reason."""

    number: int
    score: float
    reason: _Reason


@dataclass(frozen=True)
class Linker:
    """Makes links of candidates: selects which are listed, and gives each its reason.

    Parameters
    ----------
    retriever : Retriever
        Of the archive and the question's filters.
    ignored : collection of str
        Normalised names that never are labels.
    floor : float
        The least score of links whose reason says little, or that share no topic, is a multiple of this; 0 where the caller set a
        least score for all.
    """

    retriever: Retriever
    ignored: Collection[str]
    floor: float

    @classmethod
    def of(cls, index: ArchiveIndex, given: Settings, filters: LinkFilters, k: int, ignored: Collection[str]) -> Linker:
        """Return the linker of an index with the settings that a caller gave, for a question."""
        weights = index.learnt.weights(given)
        floor = weights.min_score if filters.min_score is None and given.min_score is None else 0.0
        return cls(Retriever(index, weights, filters, k), ignored, floor)

    @property
    def archive(self) -> Archive:
        """The archive that links lead to."""
        return self.retriever.index.archive

    def links(self, row: EventRow) -> Links:
        """Return the links of one row, without compiled code."""
        return self._select(row, self.retriever.candidates(row))

    def links_of_many(self, rows: Sequence[EventRow]) -> Iterator[Links]:
        """Yield the links of each row, as `links` returns them."""
        return self._batched(rows, self.retriever.first_candidates(rows))

    def links_of_all(self, first: PartialTopK) -> Iterator[Links]:
        """Yield the links of every event of the archive, given the first candidates of all."""
        return self._batched(None, first)

    def chain(self, numbers: Sequence[int], scores: Sequence[float]) -> Links:
        """Return a link for each step from one event of the archive to the next, given the scores of the steps."""
        rows = [self.archive.row(number) for number in numbers]
        steps = zip(rows, rows[1:], scores, strict=False)
        return self._links_of(
            _Reasoned(other.number, score, self._reason_of_rows(row.event, row.weight_by_column(), other))
            for row, other, score in steps
        )

    def contexts(self, row: EventRow, other: EventRow) -> tuple[str, ...]:
        """Return the contexts that a link between two rows would have."""
        return self._reason_of_rows(row.event, row.weight_by_column(), other).contexts

    def _batched(self, rows: Sequence[EventRow] | None, first: PartialTopK) -> Iterator[Links]:
        """Yield the links of rows, or of all the archive's, given their first candidates.

        Most lists are simply the first candidates. For these, the shared columns are found for a whole batch at once; the
        other lists are selected one by one.
        """
        archive, k, filters = self.archive, self.retriever.k, self.retriever.filters
        events = archive.events
        pending = np.ones(len(first.ids), bool)
        for start in range(0, len(first.ids), _BATCH_SIZE):
            while pending[start : start + _BATCH_SIZE].any():
                pending[next(first.batches)] = False
            ids, scores = first.ids[start : start + _BATCH_SIZE], first.scores[start : start + _BATCH_SIZE]
            batch = None if rows is None else rows[start : start + len(ids)]
            first_ids, first_scores = ids, scores
            ids, scores = self.retriever.reranked(batch, start, ids, scores)
            simple = np.zeros(len(ids), bool)
            if filters.best_candidates_only:
                folded = k + DUPLICATES_WITHIN
                simple = ~have_near_duplicates(archive, ids[:, :folded])
                simple &= ~may_have_copies(archive, batch, start, ids[:, : max(folded, COPIES_WITHIN)])
            listed = np.where(simple[:, None], ids[:, :k], -1)
            shared = shared_columns(archive, batch, start, listed)
            n_candidates = np.count_nonzero(ids >= 0, axis=1)
            each = zip(ids.tolist(), scores.tolist(), n_candidates.tolist(), simple.tolist(), strict=True)
            for place, (row_ids, row_scores, n, is_simple) in enumerate(each):
                event = events[start + place] if batch is None else batch[place].event
                is_simple = is_simple and not (
                    event.translation_key and any(are_translations(event, events[number]) for number in row_ids[:n])
                )
                links: list[_Reasoned] | None = None
                if is_simple and event.id not in filters.pinned and event.id not in filters.blocked:
                    pairs = range(place * listed.shape[1], place * listed.shape[1] + min(k, n))
                    links = [
                        _Reasoned(number, score, self._reason(event, events[number], archive.languages[number], shared, pair))
                        for pair, number, score in zip(pairs, row_ids, row_scores, strict=False)
                    ]
                    has_padding = any(map(self._is_padding, links))
                    if not has_padding and (filters.fallback is None or len(links) >= k):
                        yield self._links_of(links)
                        continue
                row = archive.row(start + place) if batch is None else batch[place]
                if links is not None and has_padding:
                    are_all = bool(first_ids[place, -1] < 0)
                    links = self._refilled(row, links, ids[place, :n], row_scores, are_all)
                if links is None:
                    yield self._select(row, self.retriever.with_known(row, first_ids[place], first_scores[place]))
                else:
                    yield self._filled(row, self._links_of(links))

    def _refilled(
        self, row: EventRow, links: list[_Reasoned], ids: npt.NDArray[np.int32], scores: Sequence[float], are_all: bool
    ) -> list[_Reasoned] | None:
        """Return the first links without padding, and the next candidates in its place; None if `_select` must look further.

        Parameters
        ----------
        row : EventRow
        links : list of _Reasoned
            Of the first candidates.
        ids, scores
            Of the candidates that are known.
        are_all : bool
            Whether there are no others.
        """
        if have_near_duplicates(self.archive, ids[None])[0] or may_have_copies(self.archive, [row], 0, ids[None])[0]:
            return None
        place, weights = len(links), row.weight_by_column()
        links = [one for one in links if not self._is_padding(one)]
        for number, score in zip(ids[place:].tolist(), scores[place:], strict=False):
            if len(links) == self.retriever.k:
                break
            place += 1
            one = _Reasoned(number, score, self._reason_of_rows(row.event, weights, self.archive.row(number)))
            if not self._is_padding(one):
                links.append(one)
        return links if are_all or place + DUPLICATES_WITHIN <= len(ids) else None

    def _links_of(self, links: Iterable[_Reasoned]) -> Links:
        events = self.archive.events
        return Links([Link(events[number], score, rank, *reason[:2]) for rank, (number, score, reason) in enumerate(links, 1)])

    def _select(self, row: EventRow, candidates: Iterator[tuple[int, float]]) -> Links:
        """Return the links selected from all candidates of a row."""
        archive, filters = self.archive, self.retriever.filters
        weights = row.weight_by_column()

        @functools.cache
        def reason(number: int) -> _Reason:
            return self._reason_of_rows(row.event, weights, archive.row(number))

        def label(number: int) -> str | None:
            context = next(iter(reason(number).contexts), None)
            return None if context is None else label_key(context)

        is_free = filters.where is None and not filters.same

        def is_allowed(number: int) -> bool:
            return is_free or filters.allows(row.event, archive.events[number])

        def is_candidate(number: int) -> bool:
            return is_allowed(number) and not are_translations(row.event, archive.events[number])

        first_day, last_day = filters.span(row.day)
        pinned, blocked = (
            [archive.number_of(id_) for id_ in choices.get(row.event.id, ()) if id_ in archive]
            for choices in (filters.pinned, filters.blocked)
        )
        pinned = [number for number in pinned if first_day <= archive.days[number] <= last_day and is_allowed(number)]
        chosen_by_editors = {*pinned, *blocked}
        likeness = Likeness(archive, row)

        def is_listed(number: int, score: float) -> bool:
            if number in chosen_by_editors or not is_candidate(number):
                return False
            # No link needs more than `ALONE` times the least score, as a space weight is 1 at most.
            return score >= ALONE * self.floor or not self._is_padding(_Reasoned(number, score, reason(number)))

        copies, distinct = separate_copies(
            ((number, score) for number, score in candidates if is_listed(number, score)),
            Similarity.ASKED,
            likeness.is_copy,
            likeness.content,
        )
        selected = select(
            distinct,
            self.retriever.k,
            likeness.similarity,
            label,
            max_per_context=filters.max_per_context,
            diversity=filters.diversity,
            pinned=[(number, self.retriever.score(row, archive.row(number)).score) for number in pinned],
        )
        links = [self._link(one, rank, reason(one.number)) for rank, one in enumerate(selected, 1)]
        return self._filled(row, Links(links, [archive.events[number] for number in copies]), likeness)

    @functools.cached_property
    def _fallback(self) -> Fallback:
        return Fallback(self.retriever, self._is_shown)

    def _filled(self, row: EventRow, links: Links, likeness: Likeness | None = None) -> Links:
        """Return the links of a row, and after them those of the fallback if there is one and they are too few."""
        if self.retriever.filters.fallback is None or len(links) >= self.retriever.k:
            return links
        weights = row.weight_by_column()

        def shared_topics(number: int) -> tuple[Topic, ...]:
            return self._reason_of_rows(row.event, weights, self.archive.row(number)).topics

        return self._fallback.filled(row, links, likeness or Likeness(self.archive, row), shared_topics)

    def _link(self, selected: Selected, rank: int, reason: _Reason) -> Link:
        events = self.archive.events
        duplicates = tuple(events[number] for number in selected.duplicates)
        return Link(events[selected.number], selected.score, rank, reason.contexts, reason.topics, duplicates, selected.pinned)

    def _is_padding(self, link: _Reasoned) -> bool:
        """Return whether the score of a link is too low for a reason that says little."""
        return link.reason.needs > 1 and link.score < link.reason.needs * self.floor

    def _reason_of_rows(self, event: Event, weights: Mapping[int, float], other: EventRow) -> _Reason:
        """Return the reason of the link from an event, given its row's weights by column, to that of another row."""
        return self._reason(event, other.event, other.language, SharedColumns.of_pair(other.products(weights)), 0)

    def _reason(self, event: Event, other: Event, language: str, shared: SharedColumns, pair: int) -> _Reason:
        """Return the reason of the link from an event to another in a language, given what a pair of rows shares."""
        archive = self.archive
        columns, products, bounds = shared
        start, end, n_terms = bounds[pair], bounds[pair + 1], len(archive.terms.terms)
        first_topic = bisect_left(columns, n_terms, start, end)
        labels = [archive.label(column - n_terms) for column in columns[first_topic:end]]
        if len(labels) == 1 and labels[0].tells and not labels[0].is_broad and not labels[0].is_place:
            # Many links share a single topic.
            return _Reason((labels[0].name,) if self._is_shown(labels[0].name) else (), labels[0].only_topic)
        texts = archive.texts_of_terms(language, columns[start:first_topic])
        shares = dict(zip(texts, products[start:first_topic], strict=True))
        ranked = most_telling_first(zip(labels, products[first_topic:end], strict=True), shares)
        contexts, subject = self._contexts(ranked, _Shared((event, other), language, columns[start:first_topic], shares))
        if not labels:  # the word space finds events of one kind alike that have nothing else in common
            needs = 1 + self.retriever.weights.space_weight
        elif subject is None and contexts and any(label.says_little and label.name == contexts[0] for label in labels):
            needs = ALONE if len(contexts) == 1 else BESIDE
        else:
            needs = 1.0
        return _Reason(contexts, tuple([label.topic for label, _ in ranked]), needs)

    def _contexts(self, ranked: list[tuple[Label, float]], shared: _Shared) -> tuple[tuple[str, ...], str | None]:
        """Return the labels of a link, given the topics that its events share, and what else they do; and the subject of both."""
        telling = [(label, value) for label, value in ranked if label.tells and self._is_shown(label.name)]
        is_enough = bool(telling) and not telling[0][0].is_broad
        if is_enough:  # but where it was may be said beside what happened
            telling = telling[:1] + [each for each in telling[1:] if each[0].is_matter and not telling[0][0].is_matter]
        chosen = [(label.name, value) for label, value in telling]
        subject = None
        if not is_enough or telling[0][0].is_place:
            # A topic is surer than a subject or a phrase, unless it is only an office or a people.
            place = int(bool(telling) and not telling[0][0].is_last_resort)
            if not any(label.is_kind_of_news for label, _ in telling):
                subject = self._subject(shared)
            if subject is not None:
                chosen.insert(place, (subject, math.inf))
            if not is_enough and not any(label.is_matter for label, _ in telling) and (subject is None or not telling):
                phrase = self._phrase([label for label, _ in telling], shared)
                if phrase is not None and (subject is None or " " in phrase.text):  # a bare word says less than a subject
                    chosen.insert(place, (phrase.text, phrase.share))
        first, least = chosen[0] if chosen else ("", 0.0)
        more = [name for name, value in chosen[1:] if value >= SECOND * least and not says_the_same(name, first)]
        return ((first, *more)[:MAX_CONTEXTS] if chosen else ()), subject

    def _subject(self, shared: _Shared) -> str | None:
        """Return the narrowest subject that both events have."""
        if shared.language != ENGLISH:
            return None
        ours, theirs = map(self.archive.subjects, shared.events)
        return next((subject for subject in ours if subject in theirs and self._is_shown(subject)), None)

    def _phrase(self, beside: Sequence[Label], shared: _Shared) -> Phrase | None:
        """Return the phrase that both events have and that says most beside other labels."""
        archive = self.archive
        events, language, columns, shares = shared
        silent = {term for label in beside for term in label.terms}
        if language == ENGLISH:
            silent.update(dull_terms().intersection(shares))
        told = {
            term: 0.0 if term in silent or archive.is_common[column] else share * (archive.coherence_of_terms(column) or TYPICAL)
            for (term, share), column in zip(shares.items(), columns, strict=True)
        }
        if not any(told.values()):
            return None
        a, b = map(archive.own_text, events)
        known = archive.term_events[columns] >= MATTER_EVENTS if language == ENGLISH else ()
        matters = list(itertools.compress(told, known))
        phrase = shared_phrase(a, b, told, language, matters)
        return phrase if phrase is not None and self._is_shown(phrase.text) else None

    def _is_shown(self, name: str) -> bool:
        """Return whether a name may be a label."""
        return not (self.ignored and normalise_name(name) in self.ignored)
