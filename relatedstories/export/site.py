"""The events of an archive by day and by topic, kept as numbers: what a site has pages of."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relatedstories.events import Event
from relatedstories.export.paths import event_stem
from relatedstories.index.stories import RelatedStories
from relatedstories.progress import Progress

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Day", "Site", "TopicPage"]

MIN_TOPIC_EVENTS = 2
"""Number of events a topic needs to have a page; the page of a single event's topic would lead only back to the event."""


class Day(NamedTuple):
    """A day that has events (None for the events without a date), with the places of its events, by id."""

    date: dt.date | None
    places: list[int]


class TopicPage(NamedTuple):
    """A topic that has a page: the places of its events, newest first, and the topics that occur with it.

    Each of these is given as its name, its kind, and the number of events that have both topics.
    """

    name: str
    kind: str
    places: list[int]
    cooccurring: list[tuple[str, str, int]]


class Site:
    """Holds the events of an archive by day and by topic.

    All events are read into memory, as each is on several pages: its own, those of its day, topics and story, and of others it
    is related to. The place of an event is its position in the archive, which is sorted by id.

    Parameters
    ----------
    stories : RelatedStories
        A fitted archive.
    progress : callable, optional
        Called with the stage, the number of events done and the number of all events.

    Examples
    --------
    >>> from relatedstories import Event, RelatedStories
    >>> events = [Event("1", "Snow in Oslo", date=dt.date(2020, 1, 3)), Event("2", "Oslo votes"), Event("3", "Rain in Wales")]
    >>> site = Site(RelatedStories().fit(events))
    >>> [(topic.name, topic.places) for topic in site.topics()], [(str(day.date), len(day.places)) for day in site.days]
    ([('Oslo', [0, 1])], [('2020-01-03', 1), ('None', 2)])
    """

    def __init__(self, stories: RelatedStories, progress: Progress | None = None) -> None:
        stories.read_all()
        self._events = list(stories)
        self.ids: list[str] = []
        self.stems: list[str] = []
        self.languages: list[str] = []
        self._topics: list[tuple[str, str]] = []
        numbers: dict[str, int] = {}
        days, topic_numbers, bounds = array("l"), array("l"), array("l", [0])
        for event, topics in stories.all_topics():
            self.ids.append(event.id)
            self.stems.append(event_stem(event.id, event.title, event.date))
            self.languages.append(stories.language_of(event.id))
            days.append(event.date.toordinal() if event.date else 0)
            for topic in topics:
                number = numbers.setdefault(topic.name, len(self._topics))
                if number == len(self._topics):
                    self._topics.append((topic.name, topic.kind))
                topic_numbers.append(number)
            bounds.append(len(topic_numbers))
            if progress is not None:
                progress("sorting", len(self.ids), len(stories))
        self._place_of = {id_: place for place, id_ in enumerate(self.ids)}
        self._number_of = numbers
        self._days = np.array(days, np.int32)
        self._topic_numbers, self._bounds = np.array(topic_numbers, np.int32), np.array(bounds, np.int64)
        newest_first = np.lexsort((np.arange(len(days)), -self._days))  # events without a date come last
        self._rank = np.empty(len(days), np.int32)
        self._rank[newest_first] = np.arange(len(days))
        self.days = _group_by_day(self._days, newest_first)
        place_of = np.repeat(np.arange(len(days)), np.diff(self._bounds))
        by_topic = np.lexsort((self._rank[place_of], self._topic_numbers))
        self._places = place_of[by_topic]
        self._counts = np.bincount(self._topic_numbers, minlength=len(self._topics))
        self._ends = np.cumsum(self._counts)

    def event(self, place: int) -> Event:
        """Return the event at a place of the archive."""
        return self._events[place]

    def place(self, id_: str) -> int:
        """Return the place of an event of the archive."""
        return self._place_of[id_]

    def date(self, place: int) -> dt.date | None:
        """Return the date of the event at a place, without reading the event."""
        ordinal = int(self._days[place])
        return dt.date.fromordinal(ordinal) if ordinal else None

    def oldest_first(self) -> npt.NDArray[np.intp]:
        """Return the places of all events by date, those of a day by id; those without a date are the first."""
        return np.lexsort((np.arange(len(self._days)), self._days))

    def topics_of(self, place: int) -> list[tuple[str, str]]:
        """Return the names and kinds of the topics of the event at a place."""
        numbers = self._topic_numbers[self._bounds[place] : self._bounds[place + 1]].tolist()
        return [self._topics[number] for number in numbers]

    def has_page(self, name: str) -> bool:
        """Return whether a topic has a page."""
        number = self._number_of.get(name)
        return number is not None and bool(self._counts[number] >= MIN_TOPIC_EVENTS)

    def topic_counts(self) -> list[tuple[str, int]]:
        """Return the topics that have a page, by name, with the number of events of each."""
        counts = self._counts.tolist()
        return sorted((name, count) for (name, _), count in zip(self._topics, counts, strict=True) if count >= MIN_TOPIC_EVENTS)

    def commonest(self, n: int) -> list[tuple[str, str, int]]:
        """Return the name, kind and number of events of the commonest topics."""
        return self._commonest(self._counts, n)

    def topic_places(self) -> Iterator[tuple[str, str, list[int]]]:
        """Yield the name and kind of each topic that has a page, by name, and the places of its events, newest first."""
        for name, count in self.topic_counts():
            number = self._number_of[name]
            yield *self._topics[number], self._places[self._ends[number] - count : self._ends[number]].tolist()

    def topics(self, n_cooccurring: int = 12) -> Iterator[TopicPage]:
        """Yield each topic that has a page, by name, with the topics that occur with it most often."""
        for name, kind, places in self.topic_places():
            number = self._number_of[name]
            spans = [self._topic_numbers[self._bounds[place] : self._bounds[place + 1]] for place in places]
            cooccurring, counts = np.unique(np.concatenate(spans), return_counts=True)
            others = (cooccurring != number) & (self._counts[cooccurring] >= MIN_TOPIC_EVENTS)
            commonest = self._commonest(counts[others], n_cooccurring, cooccurring[others])
            yield TopicPage(name, kind, places, commonest)

    def _commonest(self, counts: npt.NDArray[Any], n: int, numbers: npt.NDArray[Any] | None = None) -> list[tuple[str, str, int]]:
        """Return the topics with the greatest counts, ties by name; `numbers` are the topics counted, by default all."""
        if n < len(counts):
            smallest = np.partition(counts, -n)[-n]
            candidates = np.flatnonzero(counts >= smallest)
        else:
            candidates = np.arange(len(counts))
        selected = candidates if numbers is None else numbers[candidates]
        pairs = zip(selected.tolist(), counts[candidates].tolist(), strict=True)
        topics = [(*self._topics[number], count) for number, count in pairs if self._counts[number] >= MIN_TOPIC_EVENTS]
        return sorted(topics, key=lambda topic: (-topic[2], topic[0]))[:n]


def _group_by_day(days: npt.NDArray[np.int32], newest_first: npt.NDArray[np.intp]) -> list[Day]:
    """Return the days that have events, newest first, then the events without a date if there are any."""
    sorted_days = days[newest_first]
    starts = np.flatnonzero(np.diff(sorted_days, prepend=-1)).tolist() if len(days) else []
    grouped = []
    for start, end in pairwise([*starts, len(days)]):
        ordinal = int(sorted_days[start])
        grouped.append(Day(dt.date.fromordinal(ordinal) if ordinal else None, newest_first[start:end].tolist()))
    return grouped
