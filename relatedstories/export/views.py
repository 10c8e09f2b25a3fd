"""The views of pages: what each page shows, whatever its format. Their fields are the variables of the templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, TypeAlias

from relatedstories.events import Event
from relatedstories.pages.words import WORDS
from relatedstories.ranking.links import Link
from relatedstories.text.terms import ENGLISH

__all__ = [
    "FORMATS", "MEDIA_TYPES", "Bar", "DayLink", "DayView", "EventView", "HomeView", "ListedEvent", "MergedView", "RelatedEvent",
    "StoriesView", "StoryLink", "StoryView", "Timeline", "TopicLink", "TopicView", "View", "YearLink", "YearView",
]  # fmt: skip


FORMATS = {"html": "HTML", "json": "JSON", "xml": "XML", "md": "Markdown"}
"""The suffixes of the formats of pages, with the names shown to readers."""

MEDIA_TYPES = {"html": "text/html", "json": "application/json", "xml": "application/xml", "md": "text/markdown"}
"""The media types of the formats."""


class ListedEvent(NamedTuple):
    """An event in a list, with the path of its page and the code of its language."""

    event: Event
    stem: str
    language: str


@dataclass(frozen=True, slots=True)
class TopicLink:
    """A topic or a link's context: its name, the path of its page (None if it has none) and the number of its events on hand."""

    name: str
    kind: str | None = None
    stem: str | None = None
    count: int = 0


class RelatedEvent(NamedTuple):
    """A link of an event, with the path of the linked event's page, its language, the link's contexts and its topics."""

    link: Link
    stem: str
    language: str
    contexts: list[TopicLink]
    labels: list[TopicLink]


@dataclass(frozen=True, slots=True)
class DayLink:
    """A day (None for events without a date), with the path of its page and the number of its events."""

    date: dt.date | None
    stem: str
    count: int


@dataclass(frozen=True, slots=True)
class YearLink:
    """A year (None for events without a date), with the path of a page and a number of events.

    On topic pages, the page is the one on which the topic's events of the year begin.
    """

    year: int | None
    stem: str
    count: int


@dataclass(frozen=True, slots=True)
class StoryLink:
    """A story: its name, its id, the path of its page, the number of its events, and its days (None without dates).

    In lists of stories it also has the latest of its events.
    """

    name: str
    id: str
    stem: str
    count: int
    first: dt.date | None
    last: dt.date | None
    latest: ListedEvent | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A month or year of a timeline: its name, the number of its events, and its height in percent of the highest bar."""

    name: str
    count: int
    height: float

    @property
    def period(self) -> str:
        """Return the month or year as readers write it.

        Examples
        --------
        >>> Bar("2020-03", 1, 50.0).period, Bar("2020", 1, 50.0).period
        ('March 2020', '2020')
        """
        year, _, month = self.name.partition("-")
        return f"{WORDS[ENGLISH].months.split()[int(month) - 1]} {year}" if month else year


class Timeline(NamedTuple):
    """The number of the events of a topic or story by month or year (`unit`), from the first to the last."""

    unit: str
    bars: list[Bar]

    @property
    def most(self) -> Bar:
        """Return the highest bar, the earliest of several."""
        return max(self.bars, key=lambda bar: bar.count)


@dataclass(frozen=True)
class _PageView:
    """What every view has.

    `stem` is the path of its page within the site, without the suffix, `root` the relative path from the page to the root of the
    site, and `language` the code of the page's language.
    """

    stem: str
    root: str
    language: str = field(default=ENGLISH, kw_only=True)


@dataclass(frozen=True)
class EventView(_PageView):
    """An event with its topics, links, copies and the story it is part of; `day` is the path of its day's page."""

    kind: ClassVar[str] = "event"
    event: Event
    day: str
    labels: list[TopicLink]
    related: list[RelatedEvent]
    copies: Sequence[ListedEvent] = ()
    story: StoryLink | None = None


@dataclass(frozen=True)
class DayView(_PageView):
    """One page of a day's events, with the nearest days before and after that have events.

    `part` is the number of this page, from 1, and `parts` the paths of all pages of the day.
    """

    kind: ClassVar[str] = "day"
    date: dt.date | None
    count: int
    part: int
    parts: list[str]
    listed: list[ListedEvent]
    previous: DayLink | None
    next: DayLink | None


@dataclass(frozen=True)
class TopicView(_PageView):
    """One page of a topic's events by year, newest first, with a timeline and the topics that occur with it (`beside`).

    `part` is the number of this page, from 1, and `parts` the paths of all pages of the topic.
    """

    kind: ClassVar[str] = "topic"
    label: TopicLink
    count: int
    part: int
    parts: list[str]
    listed: list[tuple[int | None, list[ListedEvent]]]
    timeline: Timeline | None
    years: list[YearLink]
    beside: list[TopicLink]


@dataclass(frozen=True)
class StoryView(_PageView):
    """One page of a story's events by date, with a timeline, its key events and the topics that set it apart.

    The events are grouped by the names of years or months; "" is the name of a group that needs none. `part` is the number of
    this page, from 1, and `parts` the paths of all pages of the story. `key_stems` are the paths of the pages of its key events.
    """

    kind: ClassVar[str] = "story"
    story: StoryLink
    part: int
    parts: list[str]
    listed: list[tuple[str, list[ListedEvent]]]
    key_events: list[ListedEvent]
    key_stems: frozenset[str]
    timeline: Timeline | None
    topics: list[TopicLink]


@dataclass(frozen=True)
class MergedView(_PageView):
    """A page of an earlier story that leads on to the one that it is part of now: `name`, and `target`, the path of its page."""

    name: str
    target: str


@dataclass(frozen=True)
class StoriesView(_PageView):
    """One page of the list of all stories by the year of their last day, newest first.

    `part` is the number of this page, from 1, and `parts` the paths of all pages of the list.
    """

    kind: ClassVar[str] = "stories"
    count: int
    part: int
    parts: list[str]
    listed: list[tuple[int | None, list[StoryLink]]]


@dataclass(frozen=True)
class YearView(_PageView):
    """The days of a year that have events, by month."""

    kind: ClassVar[str] = "year"
    year: int
    count: int
    months: list[tuple[dt.date, list[DayLink]]]
    previous: YearLink | None
    next: YearLink | None


@dataclass(frozen=True)
class HomeView(_PageView):
    """The latest days and stories, all years, and the commonest topics."""

    kind: ClassVar[str] = "home"
    title: str
    count: int
    days: list[tuple[DayLink, list[ListedEvent]]]
    years: list[YearLink]
    topics: list[TopicLink]
    stories: list[StoryLink]


View: TypeAlias = EventView | DayView | TopicView | StoryView | StoriesView | YearView | HomeView
