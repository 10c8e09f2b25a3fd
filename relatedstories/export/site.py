"""What a site has pages of: the events of an archive by day and by topic, kept as numbers."""

from __future__ import annotations

import datetime as dt
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relatedstories.events import Event
from relatedstories.export.paths import event_stem
from relatedstories.index.stories import RelatedStories
from relatedstories.progress import Progress
from relatedstories.topics.topic import Topic

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Day", "Site", "TopicPage"]

ALONE = 2
"""A topic of fewer events has no page: it would lead nowhere but back."""


class Day(NamedTuple):
    """A day that has events, or None for all events without a date; the places of its events, by id."""

    date: dt.date | None
    places: list[int]


class TopicPage(NamedTuple):
    """A topic that has a page: the places of its events, newest first, and what else these are about."""

    name: str
    kind: str
    places: list[int]
    beside: list[tuple[str, str, int]]


class Site:
    """The events of an archive by day and by topic.

    It holds ids, paths and some numbers of the events, no texts: an event is read again when a page lists it.

    Parameters
    ----------
    stories : RelatedStories
        Fitted.
    progress : callable, optional
        Told of the stage, the events done and the events in all.

    Examples
    --------
    >>> from relatedstories import Event, RelatedStories
    >>> events = [Event("1", "Snow in Oslo", date=dt.date(2020, 1, 3)), Event("2", "Oslo votes"), Event("3", "Rain in Wales")]
    >>> site = Site(RelatedStories().fit(events))
    >>> [(topic.name, topic.places) for topic in site.topics()], [(str(day.date), len(day.places)) for day in site.days]
    ([('Oslo', [0, 1])], [('2020-01-03', 1), ('None', 2)])
    """

    def __init__(self, stories: RelatedStories, progress: Progress | None = None) -> None:
        self._stories = stories
        self.ids: list[str] = []
        self.stems: list[str] = []
        self._names: list[str] = []
        self._kinds: list[str] = []
        numbers: dict[str, int] = {}
        days, found, bounds = array("l"), array("l"), array("l", [0])
        for event in stories:
            self.ids.append(event.id)
            self.stems.append(event_stem(event.id, event.title, event.date))
            days.append(event.date.toordinal() if event.date else 0)
            for topic in stories.topics(event.id):
                number = numbers.setdefault(topic.name, len(self._names))
                if number == len(self._names):
                    self._names.append(topic.name)
                    self._kinds.append(topic.kind)
                found.append(number)
            bounds.append(len(found))
            if progress is not None:
                progress("sorting", len(self.ids), len(stories))
        self._numbers = numbers
        self._days = np.array(days, np.int32)
        self._found, self._bounds = np.array(found, np.int32), np.array(bounds, np.int64)
        newest_first = np.lexsort((np.arange(len(days)), -self._days))  # those without a date come last
        self._rank = np.empty(len(days), np.int32)
        self._rank[newest_first] = np.arange(len(days))
        self.days = _days(self._days, newest_first)
        place_of = np.repeat(np.arange(len(days)), np.diff(self._bounds))
        by_topic = np.lexsort((self._rank[place_of], self._found))
        self._places = place_of[by_topic]
        self._counts = np.bincount(self._found, minlength=len(self._names))
        self._ends = np.cumsum(self._counts)

    def event(self, place: int) -> Event:
        """The event at a place of the archive."""
        return self._stories[self.ids[place]]

    def stem(self, id_: str) -> str:
        """The path of an event's pages."""
        return self.stems[bisect_left(self.ids, id_)]  # an archive gives its events by id

    def date(self, place: int) -> dt.date | None:
        """Its date, without reading it."""
        ordinal = int(self._days[place])
        return dt.date.fromordinal(ordinal) if ordinal else None

    def topics_of(self, place: int) -> list[Topic]:
        """The topics of the event at a place."""
        numbers = self._found[self._bounds[place] : self._bounds[place + 1]].tolist()
        return [Topic(self._names[number], self._kinds[number]) for number in numbers]

    def has_page(self, name: str) -> bool:
        """Whether a topic has a page."""
        number = self._numbers.get(name)
        return number is not None and bool(self._counts[number] >= ALONE)

    def topic_counts(self) -> list[tuple[str, int]]:
        """The topics that have a page, with how many events each has, by name."""
        counts = self._counts.tolist()
        return sorted((name, count) for name, count in zip(self._names, counts, strict=True) if count >= ALONE)

    def commonest(self, n: int) -> list[tuple[str, str, int]]:
        """Names and kinds of the commonest topics, with how many events each has."""
        return self._first(self._counts, n)

    def topics(self, beside: int = 12) -> Iterator[TopicPage]:
        """Each topic that has a page, by name, with so many of those that occur with it."""
        for name, count in self.topic_counts():
            number = self._numbers[name]
            places: list[int] = self._places[self._ends[number] - count : self._ends[number]].tolist()
            spans = [self._found[self._bounds[place] : self._bounds[place + 1]] for place in places]
            together, counts = np.unique(np.concatenate(spans), return_counts=True)
            others = (together != number) & (self._counts[together] >= ALONE)
            chosen = self._first(counts[others], beside, together[others])
            yield TopicPage(name, self._kinds[number], places, chosen)

    def _first(self, counts: npt.NDArray[Any], n: int, numbers: npt.NDArray[Any] | None = None) -> list[tuple[str, str, int]]:
        """The topics of the greatest counts, then by name."""
        if n < len(counts):
            least = np.partition(counts, -n)[-n]
            kept = np.flatnonzero(counts >= least)
        else:
            kept = np.arange(len(counts))
        which = kept if numbers is None else numbers[kept]
        pairs = zip(which.tolist(), counts[kept].tolist(), strict=True)
        topics = [(self._names[number], self._kinds[number], count) for number, count in pairs if self._counts[number] >= ALONE]
        return sorted(topics, key=lambda topic: (-topic[2], topic[0]))[:n]


def _days(days: npt.NDArray[np.int32], newest_first: npt.NDArray[np.intp]) -> list[Day]:
    """The days that have events, newest first, and then None if there are events without a date."""
    sorted_days = days[newest_first]
    starts = np.flatnonzero(np.diff(sorted_days, prepend=-1)).tolist() if len(days) else []
    found = []
    for start, end in pairwise([*starts, len(days)]):
        ordinal = int(sorted_days[start])
        found.append(Day(dt.date.fromordinal(ordinal) if ordinal else None, newest_first[start:end].tolist()))
    return found
