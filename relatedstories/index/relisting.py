"""Making only those lists of an archive again that can have changed by more than rounding since the run before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from relatedstories.counts import counted
from relatedstories.index.list_workers import links_of_numbers
from relatedstories.index.steady_lists import Steadiness, numbers_before, steady_lists
from relatedstories.index.stories import RelatedStories, linker_of
from relatedstories.parallel import worker_count
from relatedstories.progress import Progress

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.events import Event
    from relatedstories.index.last_lists import LastLists
    from relatedstories.index.retriever import Retriever
    from relatedstories.ranking.filters import LinkFilters
    from relatedstories.ranking.links import Links

__all__ = ["Relisting", "reason_against"]


class Relisting:
    """The lists of an archive after changes: those that are made again, and those that stay as they were.

    It is made before the changes, of an index with all its neighbours, which are compared with those of after.

    Parameters
    ----------
    stories : RelatedStories
    lists : LastLists
        The lists that were made of it.
    k : int
    filters : LinkFilters
    pages : mapping of str to str, optional
        The digest of each event's page as it is now, by id. An event whose page is not as it was left counts as edited.
    """

    def __init__(
        self,
        stories: RelatedStories,
        lists: LastLists,
        k: int,
        filters: LinkFilters,
        pages: Mapping[str, str] | None = None,
    ) -> None:
        linker = linker_of(stories, k, filters)
        self._before, self._weights = linker.retriever.index, linker.retriever.weights
        self._stories, self.lists, self._k, self._filters, self._pages = stories, lists, k, filters, pages
        self.number_before: npt.NDArray[np.intp] = np.zeros(0, np.intp)
        """The number that each event had in the archive as it was, -1 for those that it did not have as they are."""

    def begin(self) -> str | None:
        """Compare the archive after the changes with what it was; return why no list can stay, None if some can."""
        retriever = linker_of(self._stories, self._k, self._filters).retriever
        numbers = numbers_before(self._before, retriever.index)
        if numbers is None or len(self.lists.lengths) != len(self._before.archive):
            return "too much of the archive changed"
        if retriever.weights != self._weights:
            return "the weights or the least score that are learnt from the archive changed"
        if self._pages is not None:
            numbers = self._numbers_of_same_pages(self._pages, numbers)
        self.number_before = numbers
        return None

    def _numbers_of_same_pages(self, pages: Mapping[str, str], numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return the numbers that events had, without those of events whose pages are not as they were left."""
        ids, left = self._before.archive.ids, self.lists.pages
        is_left = [digest is not None and pages.get(id_) == digest for id_, digest in zip(ids, left, strict=True)]
        return np.where(np.append(is_left, False)[numbers], numbers, -1)

    def links(self, *, n_jobs: int, progress: Progress | None) -> Iterator[tuple[Event, Links | None]]:
        """Yield every event of the archive with its links, by id; with None where its list stays.

        Parameters are those of `RelatedStories.all_related`.
        """
        linker, n_threads = linker_of(self._stories, self._k, self._filters), worker_count(n_jobs)
        events, n_compared = linker.archive.events, 0

        def report_compared(n: int) -> None:
            nonlocal n_compared
            n_compared = min(n_compared + n, len(events))
            if progress is not None:
                progress("comparing", n_compared, len(events))

        stays = self._find_steady(linker.retriever, n_threads, report_compared)
        made, n_listed = np.flatnonzero(~stays), 0
        lists = links_of_numbers(linker, made, n_threads)
        for event, stay in zip(events, stays.tolist(), strict=True):
            if stay:
                yield event, None
                continue
            yield event, next(lists)
            n_listed += 1
            if progress is not None:
                progress("links", n_listed, len(made))

    def _find_steady(self, retriever: Retriever, n_threads: int, progress: Callable[[int], object]) -> npt.NDArray[np.bool_]:
        """Return the mask of events whose lists stay; the index then knows all neighbours that the other lists need.

        Others are not searched for: every change of the archive lets go of some of the farthest, and most lists do not need them.
        """
        index, numbers = retriever.index, np.arange(len(self.number_before))
        cache = retriever.own_neighbours(n_threads)

        def search(mask: npt.NDArray[np.bool_]) -> int:
            lacking = np.flatnonzero(mask & cache.is_incomplete(numbers, retriever.width, retriever.least_score))
            retriever.search_neighbours(cache, lacking, n_threads, progress)
            return len(lacking)

        def find() -> Steadiness:
            return steady_lists(self._before, self.lists, self.number_before, retriever, cache, n_threads)

        n_searched = search(find().is_open)
        is_steady = find().is_steady
        n_searched += search(~is_steady)
        if n_searched or index.neighbours is None:
            index.keep(cache)
        return is_steady


def reason_against(stories: RelatedStories, k: int, filters: LinkFilters) -> str | None:
    """Return why the nearest events do not tell, with what is asked for, whether a list can stay; None if they do."""
    if filters.where is not None:
        return "nothing tells what a function (where) lets through"
    if filters.fallback is not None:
        return "lists are filled with events that are not among the nearest (fallback)"
    if filters.diversity or filters.max_per_context is not None:
        return "the nearest events do not tell what is chosen for diversity or by context"
    if not filters.every_day:
        return "the nearest events of a span of days are not known (since, until, include_newer)"
    if not linker_of(stories, k, filters).retriever.is_known_width:
        return f"lists of {counted(k, 'links')} need more of the nearest events than are known"
    return None
