"""The way of a question: from a row to its candidates, the events with the greatest scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from relatedstories.index.archive_index import ArchiveIndex
from relatedstories.index.reranking import RERANKED, PairScore, Reranker
from relatedstories.index.rows import EventRow
from relatedstories.index.weights import Weights
from relatedstories.parallel import on_cluster
from relatedstories.ranking.copies import COPIES_WITHIN
from relatedstories.ranking.filters import LinkFilters
from relatedstories.ranking.selection import DIVERSITY_POOL, DUPLICATES_WITHIN, NEAR_DUPLICATE
from relatedstories.topk.dates import every_day
from relatedstories.topk.distributed import distributed_topk
from relatedstories.topk.loading import kernel_is_loaded, takes_kernel
from relatedstories.topk.neighbour_cache import SEARCH_MARGIN, WIDTH, NeighbourCache
from relatedstories.topk.partial import PartialTopK

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Retriever"]

_ROOM_FOR_DUPLICATES = 5
"""Candidates to look for beyond the length of a list, since near-duplicates take no place in it."""

_SEARCHED_FIRST = 500
"""Candidates of an event that are searched for before it is compared with all events; few events have more."""


@dataclass(frozen=True)
class Retriever:
    """Finds the candidates of events: the events of an archive with the greatest scores.

    Candidates come from the neighbour cache where it knows them, and are searched for otherwise; they are the same either
    way.

    Parameters
    ----------
    index : ArchiveIndex
    weights : Weights
    filters : LinkFilters
    k : int
        Maximum number of links per event.
    """

    index: ArchiveIndex
    weights: Weights
    filters: LinkFilters
    k: int

    @property
    def least_score(self) -> float:
        """The least score of a link."""
        return self.weights.min_score if self.filters.min_score is None else self.filters.min_score

    @property
    def width(self) -> int:
        """The number of candidates that most lists need: near-duplicates take room, and filters pass candidates over."""
        passed_over = self.filters.diversity or self.filters.max_per_context
        width = self.k + DUPLICATES_WITHIN + (DIVERSITY_POOL if passed_over else _ROOM_FOR_DUPLICATES)
        if len(self.index.archive.passages):
            width = -(-width // RERANKED) * RERANKED + 1  # whole blocks, and the candidate whose score bounds those of the last
        return max(1, min(width, len(self.index.archive)))

    @property
    def is_known_width(self) -> bool:
        """Whether the neighbour cache can know as many candidates as most lists need."""
        return self.width <= WIDTH

    def score(self, a: EventRow, b: EventRow) -> PairScore:
        """Return the score of two rows."""
        return Reranker(self.index.archive, self.weights, a).score(b)

    # ------------------------------------------------------------------ one row

    def candidates(self, row: EventRow) -> Iterator[tuple[int, float]]:
        """Yield the numbers and scores of all candidates of a row, best first."""
        known = self._known([row])
        if known is None:
            return self._search(row)
        return self.with_known(row, known[0][0], known[1][0])

    def with_known(
        self, row: EventRow, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]
    ) -> Iterator[tuple[int, float]]:
        """Yield all candidates of a row, first the known ones; the others are only searched for if they are needed."""
        return self._reranked(row, self._with_known(row, ids, scores))

    def _with_known(
        self, row: EventRow, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]
    ) -> Iterator[tuple[int, float]]:
        n_known = int(np.count_nonzero(ids >= 0))
        yield from zip(ids[:n_known].tolist(), scores[:n_known].tolist(), strict=True)
        if n_known < len(ids):
            return
        left_out = self._many_copies(row, ids)
        if left_out is None:
            yield from islice(self._compare(row), n_known, None)
        else:
            left_out[ids] = True
            compared = self.index.compare(row, self.filters.span(row.day), left_out)
            yield from compared.best_first(self.weights, self.least_score)

    def _many_copies(self, row: EventRow, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_] | None:
        """Return which events are copies of a row's, if more than are known are: of a wire story that is there a thousand times.

        No list has a copy of its event, and it names those among its first `COPIES_WITHIN` candidates, so as many must be known.
        """
        event, filters = row.event, self.filters
        if row.own_number is None or not filters.best_candidates_only:
            return None
        if event.translation_key or event.id in filters.pinned or event.id in filters.blocked:  # then some are no candidates
            return None
        columns, weights = self.index.archive.entries(int(ids[0]))
        if not (np.array_equal(columns, row.columns) and np.array_equal(weights, row.weights)):  # of many, one is the likest
            return None
        if float(weights @ weights) < NEAR_DUPLICATE:  # then they are no copies
            return None
        equal = self.index.archive.equal_to(row.number)
        are_enough = np.count_nonzero(equal[ids]) >= COPIES_WITHIN and np.count_nonzero(equal) > len(ids)
        return equal if are_enough else None

    def _search(self, row: EventRow) -> Iterator[tuple[int, float]]:
        """Yield all candidates of a row, best first, without compiled code."""
        return self._reranked(row, self._compare(row))

    def _compare(self, row: EventRow) -> Iterator[tuple[int, float]]:
        """Yield all candidates of a row by its row alone."""
        n_found = 0
        if kernel_is_loaded():  # far quicker, and seldom are so many not enough
            ids, scores = self._searched([row], min(_SEARCHED_FIRST, len(self.index.archive))).wait()
            n_found = int(np.count_nonzero(ids >= 0))
            yield from zip(ids[0, :n_found].tolist(), scores[0, :n_found].tolist(), strict=True)
            if n_found < _SEARCHED_FIRST:
                return
        compared = self.index.compare(row, self.filters.span(row.day)).best_first(self.weights, self.least_score)
        yield from islice(compared, n_found, None)

    def _searched(self, rows: Sequence[EventRow], k: int) -> PartialTopK:
        """Return the first k candidates of each of some rows, by their rows alone."""
        if not takes_kernel(len(self.index.archive)):
            return self._compared(rows, k, self.filters.spans(np.array([row.day for row in rows], np.int32)), self.least_score)
        queries, numbers = self.index.archive.rows_of(rows), np.array([row.number for row in rows], np.int32)
        spans = self.filters.spans(queries.days)
        return self.index.blocks.top(queries, k, numbers, spans, min_score=self.least_score, **self._scoring)

    def _compared(self, rows: Iterable[EventRow], k: int, spans: npt.NDArray[np.int32], min_score: float) -> PartialTopK:
        """Return the first k candidates of each of some rows within spans of days, by their rows alone, without compiled code."""
        ids, scores = np.full((len(spans), k), -1, np.int32), np.zeros((len(spans), k), np.float32)
        for place, (row, (first_day, last_day)) in enumerate(zip(rows, spans.tolist(), strict=True)):
            found = self.index.compare(row, (first_day, last_day)).best_first(self.weights, min_score)
            for rank, (number, score) in enumerate(islice(found, k)):
                ids[place, rank], scores[place, rank] = number, score
        return PartialTopK.finished(ids, scores)

    def _reranked(self, row: EventRow, candidates: Iterator[tuple[int, float]]) -> Iterator[tuple[int, float]]:
        """Yield candidates in the order of their scores with passages."""
        return Reranker(self.index.archive, self.weights, row).rerank(candidates, self.least_score)

    # ------------------------------------------------------------------ many rows

    def first_candidates(self, rows: Sequence[EventRow]) -> PartialTopK:
        """Return the first `width` candidates of each of some rows."""
        known = self._known(rows)
        if known is not None:
            return PartialTopK.finished(*known)
        return self._searched(rows, self.width)

    def first_candidates_of(self, numbers: npt.NDArray[np.intp]) -> PartialTopK:
        """Return the first `width` candidates of some events of the archive, all found."""
        known = self._known_of(numbers)
        if known is None:
            known = self._searched([self.index.archive.row(number) for number in numbers.tolist()], self.width).wait()
        return PartialTopK.finished(*known)

    def first_candidates_of_all(self, n_threads: int, progress: Callable[[int], object] | None) -> PartialTopK:
        """Return the first `width` candidates of every event.

        Only rows whose neighbours are not known are searched for, and what is found is kept for the next question: when the
        last row is done, all neighbours are.
        """
        index, width, least = self.index, self.width, self.least_score
        n = len(index.archive)
        if not self.filters.every_day or width > WIDTH:
            spans = self.filters.spans(index.archive.days)
            return self._join(np.arange(n, dtype=np.int32), width, spans, least, n_threads, progress)
        cache = self.own_neighbours(n_threads)
        numbers = np.arange(n, dtype=np.int32)
        unknown = cache.is_incomplete(numbers, width, least)
        searched, known = np.flatnonzero(unknown), np.flatnonzero(~unknown)
        search = self._join(searched, WIDTH, every_day(len(searched)), SEARCH_MARGIN * least, n_threads, progress)
        ids, scores = cache.first(numbers, width, least)
        if not len(searched) and index.neighbours is None:
            index.keep(cache)

        def batches() -> Iterator[npt.NDArray[np.intp]]:
            yield known
            n_left = len(searched)
            for batch in search.batches:
                found = searched[batch]
                cache.put(found, search.ids[batch], search.scores[batch], SEARCH_MARGIN * least)
                ids[found], scores[found] = cache.first(found, width, least)
                n_left -= len(found)
                if len(found) and not n_left:
                    index.keep(cache)
                yield found

        return PartialTopK(ids, scores, batches())

    @property
    def _scoring(self) -> dict[str, Any]:
        return {"date_factor": self.weights.date_factor, "embedding_weight": self.weights.space_weight}

    def _join(
        self,
        numbers: npt.NDArray[Any],
        k: int,
        spans: npt.NDArray[np.int32],
        min_score: float,
        n_threads: int,
        progress: Callable[[int], object] | None,
    ) -> PartialTopK:
        """Search for the k best of some of the archive's rows; of all rows on the cluster, where the caller has chosen one."""
        archive = self.index.archive
        rows = archive.rows()
        if len(numbers) == len(archive):
            if on_cluster():
                found = distributed_topk(rows, k, spans, min_score=min_score, progress=progress, **self._scoring)
                return PartialTopK.finished(*found)
        else:
            rows = rows.picked(numbers)
        if not takes_kernel(len(archive)):
            return self._compared(map(archive.row, numbers.tolist()), k, spans, min_score)
        numbers = numbers.astype(np.int32)
        return self.index.blocks.top(rows, k, numbers, spans, min_score=min_score, n_threads=n_threads, **self._scoring)

    def reranked(
        self, rows: Sequence[EventRow] | None, first_row: int, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Return the first candidates of rows in the order of their scores with passages; see `Reranker.rerank`.

        The rows are those given, or else the archive's own from number `first_row` on.
        """
        archive, width = self.index.archive, ids.shape[1]
        if not len(archive.passages):
            return ids, scores
        have_some = archive.passages.have_some
        own = have_some[first_row : first_row + len(ids)] if rows is None else np.array([len(row.passages) > 0 for row in rows])
        new_ids, new_scores = ids.copy(), scores.copy()
        for place in np.flatnonzero(own | (have_some[ids] & (ids >= 0)).any(axis=1)).tolist():
            row = archive.row(first_row + place) if rows is None else rows[place]
            n_known = int(np.count_nonzero(ids[place] >= 0))
            candidates = zip(ids[place, :n_known].tolist(), scores[place, :n_known].tolist(), strict=True)
            # Of a full list, the last one only bounds the scores of the block before it.
            n_ranked = width - 1 if n_known == width < len(archive) else n_known
            new_ids[place], new_scores[place] = -1, 0
            for rank, (number, score) in enumerate(islice(self._reranked(row, candidates), n_ranked)):
                new_ids[place, rank], new_scores[place, rank] = number, score
        return new_ids, new_scores

    # ------------------------------------------------------------------ the neighbour cache

    def _known(self, rows: Sequence[EventRow]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]] | None:
        """Return the first `width` candidates of some rows if the neighbour cache knows them all."""
        if not all(row.in_archive for row in rows):
            return None
        return self._known_of(np.array([row.number for row in rows], np.intp))

    def _known_of(self, numbers: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]] | None:
        """Return the first `width` candidates of events of the archive if the neighbour cache knows them all."""
        cache, width, least = self.index.neighbours, self.width, self.least_score
        if cache is None or width > WIDTH or not self.filters.every_day:
            return None
        return None if cache.is_incomplete(numbers, width, least).any() else cache.first(numbers, width, least)

    def search_neighbours(
        self,
        cache: NeighbourCache,
        numbers: npt.NDArray[np.intp],
        n_threads: int,
        progress: Callable[[int], object] | None,
    ) -> None:
        """Search for the neighbours of some events of the archive, and put them into a cache."""
        least = SEARCH_MARGIN * self.least_score
        found = self._join(numbers, WIDTH, every_day(len(numbers)), least, n_threads, progress)
        cache.put(numbers, *found.wait(progress), least)

    def own_neighbours(self, n_threads: int) -> NeighbourCache:
        """Return a copy of the neighbour cache that may be filled while others read the original; brought up to date if stale."""
        archive, stale = self.index.archive, self.index.stale_neighbours  # read before `neighbours`, see `ArchiveIndex.keep`
        if self.index.neighbours is not None:
            return self.index.neighbours.copy()
        if stale is not None:
            updated = stale.updated(
                archive.rows(),
                archive.columns,
                min_score=SEARCH_MARGIN * self.least_score,
                n_threads=n_threads,
                **self._scoring,
            )
            if updated is not None:
                return updated
        return NeighbourCache.unknown(len(archive), **self._scoring)
