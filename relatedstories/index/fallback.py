"""What fills a list that is too short: the newest events with a topic of the event, or the newest before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from relatedstories.index.archive import Archive
from relatedstories.index.comparison import Likeness, Similarity
from relatedstories.index.retriever import Retriever
from relatedstories.index.rows import EventRow
from relatedstories.ranking.filters import RECENT
from relatedstories.ranking.labels import Label, label_key, most_telling_first
from relatedstories.ranking.links import Link, Links, are_translations
from relatedstories.topics.topic import Topic
from relatedstories.topk.dates import NO_DATE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Fallback"]


class Fallback:
    """Fills the lists of one question that are shorter than they may be.

    Parameters
    ----------
    retriever : Retriever
        Of the archive and the question's filters, which name a kind of fallback.
    is_shown : callable
        Returns whether a name may be a label.

    Notes
    -----
    Which events `where` lets through is found out for all lists together, so that a filter that few events pass is hardly slower.
    """

    def __init__(self, retriever: Retriever, is_shown: Callable[[str], bool]) -> None:
        self._retriever, self._is_shown = retriever, is_shown
        self._filters, self._archive = retriever.filters, retriever.index.archive
        self._of_topic: dict[int, list[int]] = {}
        self._recent: dict[str, _NewestFirst] = {}

    def filled(self, row: EventRow, links: Links, likeness: Likeness, shared_topics: Callable[[int], tuple[Topic, ...]]) -> Links:
        """Return the links of a row, with further ones after them.

        Parameters
        ----------
        row : EventRow
        links : Links
            Fewer than the question asks for.
        likeness : Likeness
            Of the archive's events to the row and to each other.
        shared_topics : callable
            Returns the topics that the row shares with an event, given its number.
        """
        n_missing = self._retriever.k - len(links)
        contexts: tuple[str, ...] = ()
        if self._filters.fallback == RECENT:
            more = list(islice(self._listable(row, links, likeness, self._before(row)), n_missing))
        else:
            contexts, more = self._of_topics(row, links, likeness, n_missing)
        numbered = enumerate(more, len(links) + 1)
        further = [
            Link(
                self._archive.events[number],
                self._retriever.score(row, self._archive.row(number)).score,
                rank,
                contexts,
                shared_topics(number),
                fallback=self._filters.fallback,
            )
            for rank, number in numbered
        ]
        return Links([*links, *further], links.copies)

    def _of_topics(self, row: EventRow, links: Links, likeness: Likeness, n_missing: int) -> tuple[tuple[str, ...], list[int]]:
        """Return the name of the most telling topic that other events have, too, and the numbers of the newest of these."""
        for label, key in self._topics_of(row):
            room = n_missing
            if (most := self._filters.max_per_context) is not None:
                labels = [label_key(link.context) for link in links if link.context is not None]
                room = min(room, most - labels.count(label_key(label.name)))
            found = list(islice(self._listable(row, links, likeness, self._with_topic(key)), max(room, 0)))
            if found:
                return (label.name,), found
        return (), []

    def _topics_of(self, row: EventRow) -> list[tuple[Label, int]]:
        """Return the topics of a row that may be labels, and the places of their keys, the most telling first."""
        archive, weights = self._archive, row.weight_by_column()
        n_terms = len(archive.terms.terms)
        columns = sorted(weights)
        first_topic = bisect_left(columns, n_terms)
        keys = {archive.label(column - n_terms): column - n_terms for column in columns[first_topic:]}
        terms = columns[:first_topic]
        shares = dict(zip(archive.texts_of_terms(row.language, terms), (weights[term] ** 2 for term in terms), strict=True))
        ranked = most_telling_first([(label, weights[key + n_terms] ** 2) for label, key in keys.items()], shares)
        return [(label, keys[label]) for label, _ in ranked if label.tells and self._is_shown(label.name)]

    def _with_topic(self, key: int) -> list[int]:
        """Return the numbers of the events with a topic that `where` lets through, newest first, undated ones last."""
        found = self._of_topic.get(key)
        if found is None:
            matrix = self._archive.events_of_topics
            numbers = matrix.indices[matrix.indptr[key] : matrix.indptr[key + 1]]
            found = self._of_topic[key] = [number for number in _newest_first(self._archive, numbers) if self._passes(number)]
        return found

    def _before(self, row: EventRow) -> Iterator[int]:
        """Yield the numbers of the events of a row's day and earlier that `where` lets through, newest first."""
        language = "" if self._archive.across_languages else row.language
        recent = self._recent.get(language)
        if recent is None:
            recent = self._recent[language] = _NewestFirst(self._archive, language, self._passes)
        return recent.from_day(row.day)

    def _listable(self, row: EventRow, links: Links, likeness: Likeness, numbers: Iterable[int]) -> Iterator[int]:
        """Yield those of some numbers, which `where` lets through, that may be listed beside links and those yielded before."""
        archive, filters = self._archive, self._filters
        listed = [archive.number_of(link.event.id) for link in links]
        others = [copy for link in links for copy in link.duplicates] + list(links.copies)
        left_out = {row.number, *listed, *(archive.number_of(event.id) for event in others)}
        left_out.update(archive.number_of(id_) for id_ in filters.blocked.get(row.event.id, ()) if id_ in archive)
        first_day, last_day = filters.span(row.day)
        for number in numbers:
            if number in left_out or not first_day <= archive.days[number] <= last_day:
                continue
            event = archive.events[number]
            if not filters.are_same(row.event, event) or are_translations(row.event, event):
                continue
            if any(likeness.similarity.are_near(one, number) for one in listed):
                continue
            if likeness.is_copy(number, [Similarity.ASKED]):
                continue
            listed.append(number)
            yield number

    def _passes(self, number: int) -> bool:
        return self._filters.passes(self._archive.events[number])


class _NewestFirst:
    """The numbers of the events with a date in a language that `passes` lets through, newest first, found as far as needed."""

    def __init__(self, archive: Archive, language: str, passes: Callable[[int], bool]) -> None:
        dated = np.flatnonzero(archive.days != NO_DATE)
        if language:
            dated = dated[[archive.languages[number] == language for number in dated.tolist()]]
        self._passing = filter(passes, _newest_first(archive, dated))
        self._days = archive.days
        self._found: list[int] = []

    def from_day(self, day: int) -> Iterator[int]:
        """Yield the numbers from a day on backwards; all of them for an event without a date."""
        place = 0
        if day != NO_DATE:
            while not self._found or self._days[self._found[-1]] > day:
                if not self._find_next():
                    break
            place = bisect_left(self._found, -day, key=lambda number: -int(self._days[number]))
        while place < len(self._found) or self._find_next():
            yield self._found[place]
            place += 1

    def _find_next(self) -> bool:
        number = next(self._passing, None)
        if number is None:
            return False
        self._found.append(number)
        return True


def _newest_first(archive: Archive, numbers: npt.NDArray[np.integer]) -> list[int]:
    """Return numbers of events by falling date, then by id; events without a date come last."""
    order = np.lexsort((numbers, -archive.days[numbers].astype(np.int64)))
    ordered: list[int] = numbers[order].tolist()
    return ordered
