"""From candidates to links: selection, labels and shared topics of each list."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from relatedstories.events import Event
from relatedstories.index.archive import Archive
from relatedstories.index.comparison import Similarity, have_near_duplicates, may_have_copies, shared_columns
from relatedstories.index.retriever import Retriever
from relatedstories.index.rows import EventRow, SharedColumns
from relatedstories.ranking.copies import COPIES_WITHIN, Wording, separate_copies
from relatedstories.ranking.labels import most_telling_first
from relatedstories.ranking.links import Link, Links
from relatedstories.ranking.phrases import shared_phrase
from relatedstories.ranking.selection import DUPLICATES_WITHIN, Selected, select
from relatedstories.text.terms import ENGLISH, without_language
from relatedstories.topics.names import normalise_name
from relatedstories.topics.topic import Topic
from relatedstories.topk.partial import PartialTopK

__all__ = ["Linker"]

_BATCH_SIZE = 64  # lists made at once: few enough for the cache and for the garbage collector


class _Reason(NamedTuple):
    """The label of a link, and the topics that its events share."""

    context: str | None
    topics: tuple[Topic, ...]


@dataclass(frozen=True)
class Linker:
    """Makes links of candidates: selects which are listed, and gives each its reason.

    Parameters
    ----------
    retriever : Retriever
        Of the archive and the question's filters.
    ignored : collection of str
        Normalised names that never are labels.
    """

    retriever: Retriever
    ignored: Collection[str]

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

    def _batched(self, rows: Sequence[EventRow] | None, first: PartialTopK) -> Iterator[Links]:
        """Yield the links of rows, or of all the archive's, given their first candidates.

        Most lists are simply the first candidates. For these, the shared columns are found for a whole batch at once; the
        other lists are selected one by one.
        """
        archive, k, filters = self.archive, self.retriever.k, self.retriever.filters
        pending = np.ones(len(first.ids), bool)
        for start in range(0, len(first.ids), _BATCH_SIZE):
            while pending[start : start + _BATCH_SIZE].any():
                pending[next(first.batches)] = False
            ids, scores = first.ids[start : start + _BATCH_SIZE], first.scores[start : start + _BATCH_SIZE]
            batch = None if rows is None else rows[start : start + len(ids)]
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
                event = archive.events[start + place] if batch is None else batch[place].event
                is_simple = is_simple and not (
                    event.translation_key and any(_are_translations(event, archive.events[number]) for number in row_ids[:n])
                )
                if is_simple and event.id not in filters.pinned and event.id not in filters.blocked:
                    pairs = range(place * listed.shape[1], place * listed.shape[1] + min(k, n))
                    ranked = enumerate(zip(pairs, row_ids, row_scores, strict=False), 1)
                    yield Links(
                        [
                            Link(archive.events[number], score, rank, *self._reason(event, number, shared, pair))
                            for rank, (pair, number, score) in ranked
                        ]
                    )
                else:
                    row = archive.row(start + place) if batch is None else batch[place]
                    yield self._select(row, self.retriever.with_known(row, ids[place], scores[place]))

    def _select(self, row: EventRow, candidates: Iterator[tuple[int, float]]) -> Links:
        """Return the links selected from all candidates of a row."""
        archive, filters = self.archive, self.retriever.filters
        weights = row.weight_by_column()

        @functools.cache
        def reason(number: int) -> _Reason:
            shared = SharedColumns.of_pair(archive.row(number).products(weights))
            return self._reason(row.event, number, shared, 0)

        def label(number: int) -> str | None:
            context = reason(number).context
            return None if context is None else normalise_name(context) or context

        is_free = filters.where is None and not filters.same

        def is_allowed(number: int) -> bool:
            return is_free or filters.allows(row.event, archive.events[number])

        def is_candidate(number: int) -> bool:
            return is_allowed(number) and not _are_translations(row.event, archive.events[number])

        first_day, last_day = filters.span(row.day)
        pinned, blocked = (
            [archive.number_of(id_) for id_ in choices.get(row.event.id, ()) if id_ in archive]
            for choices in (filters.pinned, filters.blocked)
        )
        pinned = [number for number in pinned if first_day <= archive.days[number] <= last_day and is_allowed(number)]
        chosen_by_editors = {*pinned, *blocked}
        similarity = Similarity(archive, row)
        wording_of = functools.cache(Wording.of)

        def wording(number: int) -> Wording:
            event = row.event if number == Similarity.ASKED else archive.events[number]
            return wording_of(event.title, event.text)  # of a wire story that the archive has a hundred times, once

        def is_copy(number: int, of: Iterable[int]) -> bool:
            return any(similarity.are_near(one, number) and wording(one).repeats(wording(number)) for one in of)

        copies, distinct = separate_copies(
            ((number, score) for number, score in candidates if number not in chosen_by_editors and is_candidate(number)),
            Similarity.ASKED,
            is_copy,
        )
        selected = select(
            distinct,
            self.retriever.k,
            similarity,
            label,
            max_per_context=filters.max_per_context,
            diversity=filters.diversity,
            pinned=[(number, self.retriever.score(row, archive.row(number)).score) for number in pinned],
        )
        links = [self._link(one, rank, reason(one.number)) for rank, one in enumerate(selected, 1)]
        return Links(links, [archive.events[number] for number in copies])

    def _link(self, selected: Selected, rank: int, reason: _Reason) -> Link:
        events = self.archive.events
        duplicates = tuple(events[number] for number in selected.duplicates)
        return Link(events[selected.number], selected.score, rank, *reason, duplicates, selected.pinned)

    def _reason(self, event: Event, number: int, shared: SharedColumns, pair: int) -> _Reason:
        """Return the reason of the link from an event to one of the archive, given what a pair of rows shares."""
        archive = self.archive
        columns, products, bounds = shared
        start, end, n_terms = bounds[pair], bounds[pair + 1], len(archive.terms.terms)
        first_topic = bisect_left(columns, n_terms, start, end)
        labels = [archive.label(column - n_terms) for column in columns[first_topic:end]]
        if len(labels) == 1:  # most links share a single topic
            topics = labels[0].only_topic
        else:
            if labels:
                shares = self._shares_of_terms(number, columns[start:first_topic], products[start:first_topic])
                labels = most_telling_first(zip(labels, products[first_topic:end], strict=True), shares)
            topics = tuple([label.topic for label in labels])
        if labels and labels[0].tells:
            context: str | None = labels[0].name
        else:
            shared_terms = columns[start:first_topic]
            telling = np.where(archive.is_common[shared_terms], 0, products[start:first_topic]).tolist()
            shares = self._shares_of_terms(number, shared_terms, telling)
            texts = archive.own_text(event), archive.own_text(archive.events[number])
            context = shared_phrase(*texts, shares, archive.languages[number])
        if context is not None and self.ignored and normalise_name(context) in self.ignored:
            context = None
        return _Reason(context, topics)

    def _shares_of_terms(self, number: int, columns: Sequence[int], products: Sequence[float]) -> dict[str, float]:
        """Return what each term that an event shares with another adds to their inner product."""
        texts = map(self.archive.terms.terms.__getitem__, columns)
        if self.archive.languages[number] != ENGLISH:
            texts = map(without_language, texts)
        return dict(zip(texts, products, strict=True))


def _are_translations(a: Event, b: Event) -> bool:
    """Tell whether two events are one text in two languages, so that a reader of one has read the other."""
    return a.translation_key is not None and a.translation_key == b.translation_key
