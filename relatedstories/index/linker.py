"""From candidates to links: selection, labels and shared topics of each list."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from relatedstories.events import Event
from relatedstories.index.archive import Archive
from relatedstories.index.comparison import (
    Likeness,
    Similarity,
    have_near_duplicates,
    may_have_copies,
    shared_columns,
    shared_columns_of,
)
from relatedstories.index.fallback import Fallback
from relatedstories.index.reason import Reason
from relatedstories.index.reasons import Reasons
from relatedstories.index.retriever import Retriever
from relatedstories.index.rows import EventRow, SharedColumns
from relatedstories.ranking.copies import COPIES_WITHIN, separate_copies
from relatedstories.ranking.labels import ALONE, label_key
from relatedstories.ranking.links import Link, Links, are_translations
from relatedstories.ranking.selection import DUPLICATES_WITHIN, Selected, select
from relatedstories.topics.topic import Topic
from relatedstories.topk.partial import PartialTopK

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.index.archive_index import ArchiveIndex
    from relatedstories.index.weights import Settings
    from relatedstories.ranking.filters import LinkFilters

__all__ = ["Linker"]

_BATCH_SIZE = 64  # lists made at once: few enough for the cache and for the garbage collector

_ROWS_AT_ONCE = 1024  # rows of the archive that are read at once


class _Reasoned(NamedTuple):
    """A link before it is one: the number of the other event, the score and the reason."""

    number: int
    score: float
    reason: Reason

    @property
    def is_padding(self) -> bool:
        """Whether the score is too low for a reason that says little."""
        return self.reason.is_padding(self.score)


class _Rest(NamedTuple):
    """What the lists of a batch that need more than their first k candidates need to go on; found for all of these at once.

    Parameters
    ----------
    is_plain : ndarray of bool
        For each list, whether its candidates have no near-duplicates among them and no copies of its event.
    shared : SharedColumns
        The shared columns of each event with each candidate after the first k.
    n_each : int
        Their number for each event.
    """

    is_plain: npt.NDArray[np.bool_]
    shared: SharedColumns
    n_each: int

    @classmethod
    def of(cls, archive: Archive, rows: Sequence[EventRow] | None, first_row: int, ids: npt.NDArray[np.int32], k: int) -> _Rest:
        """Return what is needed of the rows and lists of `shared_columns`."""
        is_plain = ~(have_near_duplicates(archive, ids) | may_have_copies(archive, rows, first_row, ids))
        further = ids[:, k:]
        return cls(is_plain, shared_columns(archive, rows, first_row, further), further.shape[1])

    def pairs(self, place: int) -> range:
        """Return the numbers of the pairs of an event, given its place in the batch."""
        return range(place * self.n_each, (place + 1) * self.n_each)


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

    @functools.cached_property
    def _reasons(self) -> Reasons:
        return Reasons(self.archive, self.retriever.weights.space_weight, self.ignored, self.floor)

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

    def links_of_all(self, first: PartialTopK, first_row: int = 0) -> Iterator[Links]:
        """Yield the links of the events of the archive from one on, given the first candidates of all of them."""
        self.archive.read_names()
        return self._batched(None, first, first_row)

    def links_of_numbers(self, numbers: Sequence[int], first: PartialTopK) -> Iterator[Links]:
        """Yield the links of some events of the archive, given their numbers and the first candidates of each."""
        self.archive.read_names()
        for start in range(0, len(numbers), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            rows = [self.archive.row(number) for number in numbers[part]]
            yield from self._batched(rows, PartialTopK.finished(first.ids[part], first.scores[part]))

    def chain(self, numbers: Sequence[int], scores: Sequence[float]) -> Links:
        """Return a link for each step from one event of the archive to the next, given the scores of the steps."""
        rows = [self.archive.row(number) for number in numbers]
        steps = zip(rows, rows[1:], scores, strict=False)
        return self._links_of(
            _Reasoned(other.number, score, self._reasons.of_number(row.event, row.weight_by_column(), other.number))
            for row, other, score in steps
        )

    def contexts(self, row: EventRow, other: EventRow) -> tuple[str, ...]:
        """Return the contexts that a link between two rows would have."""
        return self._reasons.of_row(row.event, row.weight_by_column(), other).contexts

    def _batched(self, rows: Sequence[EventRow] | None, first: PartialTopK, first_row: int = 0) -> Iterator[Links]:
        """Yield the links of rows, or else of the archive's own from one on, given their first candidates.

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
            number = first_row + start  # of the first of the batch, where the rows are the archive's own
            first_ids, first_scores = ids, scores
            ids, scores = self.retriever.reranked(batch, number, ids, scores)
            simple = np.zeros(len(ids), bool)
            if filters.best_candidates_only:
                folded = k + DUPLICATES_WITHIN
                simple = ~have_near_duplicates(archive, ids[:, :folded])
                simple &= ~may_have_copies(archive, batch, number, ids[:, : max(folded, COPIES_WITHIN)])
            listed = np.where(simple[:, None], ids[:, :k], -1)
            shared = shared_columns(archive, batch, number, listed)
            n_candidates = np.count_nonzero(ids >= 0, axis=1)
            each = list(zip(ids.tolist(), scores.tolist(), n_candidates.tolist(), simple.tolist(), strict=True))
            lists: list[tuple[Event, list[_Reasoned] | None]] = []
            numbers = range(number, number + len(ids)) if batch is None else [row.own_number for row in batch]
            for place, (row_ids, row_scores, n, is_simple) in enumerate(each):
                event = events[number + place] if batch is None else batch[place].event
                is_simple = is_simple and not (
                    event.translation_key and any(are_translations(event, events[other]) for other in row_ids[:n])
                )
                links: list[_Reasoned] | None = None
                if is_simple and event.id not in filters.pinned and event.id not in filters.blocked:
                    pairs = range(place * listed.shape[1], place * listed.shape[1] + min(k, n))
                    links = [
                        _Reasoned(other, score, self._reasons.of_pair(event, numbers[place], other, shared, pair))
                        for pair, other, score in zip(pairs, row_ids, row_scores, strict=False)
                    ]
                lists.append((event, links))
            padded = np.array([links is not None and any(link.is_padding for link in links) for _, links in lists])
            rest = _Rest.of(archive, batch, number, np.where(padded[:, None], ids, -1), k) if padded.any() else None
            for place, ((row_ids, row_scores, n, _), (event, links)) in enumerate(zip(each, lists, strict=True)):
                if rest is not None and links is not None and padded[place]:
                    are_all = bool(first_ids[place, -1] < 0)
                    candidates = list(zip(row_ids[:n], row_scores, strict=False))
                    asked = event, numbers[place]
                    links = self._refilled(asked, links, candidates, rest, place, are_all) if rest.is_plain[place] else None
                if links is not None and (filters.fallback is None or len(links) >= k):
                    yield self._links_of(links)
                    continue
                row = archive.row(number + place) if batch is None else batch[place]
                if links is None:
                    yield self._select(row, self.retriever.with_known(row, first_ids[place], first_scores[place]))
                else:
                    yield self._filled(row, self._links_of(links))

    def _refilled(
        self,
        asked: tuple[Event, int | None],
        links: list[_Reasoned],
        candidates: Sequence[tuple[int, float]],
        rest: _Rest,
        place: int,
        are_all: bool,
    ) -> list[_Reasoned] | None:
        """Return the first links without padding, and the next candidates in its place; None if `_select` must look further.

        Parameters
        ----------
        asked : tuple of Event and int
            The event, and its number if it is of the archive.
        links : list of _Reasoned
            Of the first candidates.
        candidates : sequence of (number, score)
            Those that are known.
        rest : _Rest
        place : int
            That of the event in its batch.
        are_all : bool
            Whether there are no other candidates.
        """
        seen = len(links)
        links = [one for one in links if not one.is_padding]
        for pair, (number, score) in zip(rest.pairs(place), candidates[seen:], strict=False):
            if len(links) == self.retriever.k:
                break
            seen += 1
            one = _Reasoned(number, score, self._reasons.of_pair(*asked, number, rest.shared, pair))
            if not one.is_padding:
                links.append(one)
        return links if are_all or seen + DUPLICATES_WITHIN <= len(candidates) else None

    def _links_of(self, links: Iterable[_Reasoned]) -> Links:
        events = self.archive.events
        numbered = enumerate(links, 1)
        return Links([Link(events[to], score, rank, reason.contexts, reason.topics) for rank, (to, score, reason) in numbered])

    def _select(self, row: EventRow, candidates: Iterator[tuple[int, float]]) -> Links:
        """Return the links selected from all candidates of a row."""
        archive, filters, reasons = self.archive, self.retriever.filters, self._reasons
        pairs: dict[int, tuple[SharedColumns, int]] = {}
        n_known = max(1, self.retriever.width - bool(len(archive.passages)))  # without a search, if any are

        @functools.cache
        def reason(number: int) -> Reason:
            shared, pair = pairs.get(number) or (shared_columns_of(archive, row, [number]), 0)
            return reasons.of_pair(row.event, row.own_number, number, shared, pair)

        def label(number: int) -> str | None:
            context = next(iter(reason(number).contexts), None)
            return None if context is None else label_key(context)

        is_free = filters.where is None and not filters.same

        def is_allowed(number: int) -> bool:
            return is_free or filters.allows(row.event, archive.events[number])

        has_translations = row.event.translation_key is not None  # without, candidates that are not listed need not be read

        def is_candidate(number: int) -> bool:
            return is_allowed(number) and not (has_translations and are_translations(row.event, archive.events[number]))

        first_day, last_day = filters.span(row.day)
        pinned, blocked = (
            [archive.number_of(id_) for id_ in choices.get(row.event.id, ()) if id_ in archive]
            for choices in (filters.pinned, filters.blocked)
        )
        pinned = [number for number in pinned if first_day <= archive.days[number] <= last_day and is_allowed(number)]
        chosen_by_editors = {*pinned, *blocked}
        likeness = Likeness(archive, row)

        def is_listed(number: int, score: float) -> bool:
            if score < reasons.least_without_topics and not reasons.share_topics(*pairs[number]):  # far the most
                return False
            if number in chosen_by_editors or not is_candidate(number):
                return False
            # No link needs more than `ALONE` times the least score, as a space weight is 1 at most.
            return score >= ALONE * self.floor or not reason(number).is_padding(score)

        def compared() -> Iterator[tuple[int, float]]:
            while some := list(islice(candidates, n_known)):
                shared = shared_columns_of(archive, row, [number for number, _ in some])
                for pair, candidate in enumerate(some):
                    pairs[candidate[0]] = shared, pair
                    yield candidate

        copies, distinct = separate_copies(
            ((number, score) for number, score in compared() if is_listed(number, score)),
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
        return Fallback(self.retriever, self._reasons.is_shown)

    def _filled(self, row: EventRow, links: Links, likeness: Likeness | None = None) -> Links:
        """Return the links of a row, and after them those of the fallback if there is one and they are too few."""
        if self.retriever.filters.fallback is None or len(links) >= self.retriever.k:
            return links
        weights = row.weight_by_column()

        def shared_topics(number: int) -> tuple[Topic, ...]:
            return self._reasons.of_number(row.event, weights, number).topics

        return self._fallback.filled(row, links, likeness or Likeness(self.archive, row), shared_topics)

    def _link(self, selected: Selected, rank: int, reason: Reason) -> Link:
        events = self.archive.events
        duplicates = tuple(events[number] for number in selected.duplicates)
        return Link(events[selected.number], selected.score, rank, reason.contexts, reason.topics, duplicates, selected.pinned)
