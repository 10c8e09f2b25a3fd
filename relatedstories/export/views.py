"""What each page shows, whatever its format: the variables of the templates."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import ClassVar, NamedTuple, TypeAlias

from relatedstories.events import Event
from relatedstories.export.paths import HOME, day_stem, part_stem, topic_stem, up, year_stem
from relatedstories.export.site import Site, TopicPage
from relatedstories.ranking.links import Link

__all__ = [
    "Bar", "DayLink", "DayView", "EventView", "HomeView", "Label", "Listed", "Related", "Timeline", "TopicView", "View", "Views",
    "YearLink", "YearView",
]  # fmt: skip

PART = 200
"""So many events a list has on one page; the others are on further pages."""

LATEST = 7
"""Days that the home page shows."""

A_DAY = 20
"""Events of each of these days at most."""

COMMONEST = 40
"""Topics that the home page names."""

BY_MONTH = 36
"""A timeline of so many months has a bar a month; a longer one has a bar a year."""


class Listed(NamedTuple):
    """An event in a list: with the path of its pages, less the suffix."""

    event: Event
    stem: str


@dataclass(frozen=True, slots=True)
class Label:
    """A topic or another label: the path of its pages, None where it has none, and the number of its events in question."""

    name: str
    kind: str | None = None
    stem: str | None = None
    count: int = 0


class Related(NamedTuple):
    """A link of an event: with the path of the other's pages, its context and all shared topics as labels."""

    link: Link
    stem: str
    context: Label | None
    labels: list[Label]


@dataclass(frozen=True, slots=True)
class DayLink:
    """A day, None for that of events without a date: the path of its pages, and the number of its events."""

    date: dt.date | None
    stem: str
    count: int


@dataclass(frozen=True, slots=True)
class YearLink:
    """A year, None for none: the path of a page, and the number of events. On topic pages the page where it begins."""

    year: int | None
    stem: str
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A month or year of a timeline: what it is called, how many events it has, and that in hundredths of the most."""

    name: str
    count: int
    height: float


class Timeline(NamedTuple):
    """The events of a topic by month or year (`unit`), from the first to the last."""

    unit: str
    bars: list[Bar]

    @property
    def most(self) -> Bar:
        """The greatest bar, the first of several."""
        return max(self.bars, key=lambda bar: bar.count)


@dataclass(frozen=True)
class EventView:
    """An event with its topics and links; `day` is the path of its day's page."""

    kind: ClassVar[str] = "event"
    stem: str
    root: str
    event: Event
    day: str
    labels: list[Label]
    related: list[Related]


@dataclass(frozen=True)
class DayView:
    """A day's events; `previous` and `next` are days before and after that have some."""

    kind: ClassVar[str] = "day"
    stem: str
    root: str
    date: dt.date | None
    count: int
    part: int
    parts: list[str]
    listed: list[Listed]
    previous: DayLink | None
    next: DayLink | None


@dataclass(frozen=True)
class TopicView:
    """A topic's events, newest first, by year; with a timeline, and the topics that occur with it."""

    kind: ClassVar[str] = "topic"
    stem: str
    root: str
    label: Label
    count: int
    part: int
    parts: list[str]
    listed: list[tuple[int | None, list[Listed]]]
    timeline: Timeline | None
    years: list[YearLink]
    beside: list[Label]


@dataclass(frozen=True)
class YearView:
    """The days of a year that have events, by month."""

    kind: ClassVar[str] = "year"
    stem: str
    root: str
    year: int
    count: int
    months: list[tuple[dt.date, list[DayLink]]]
    previous: YearLink | None
    next: YearLink | None


@dataclass(frozen=True)
class HomeView:
    """The latest days, the years, and the commonest topics."""

    kind: ClassVar[str] = "home"
    stem: str
    root: str
    title: str
    count: int
    days: list[tuple[DayLink, list[Listed]]]
    years: list[YearLink]
    topics: list[Label]


View: TypeAlias = EventView | DayView | TopicView | YearView | HomeView


class Views:
    """Makes the views of a site, each when it is asked for."""

    def __init__(self, site: Site, title: str) -> None:
        self.site, self.title = site, title
        self.days = [DayLink(day.date, day_stem(day.date), len(day.places)) for day in site.days]
        counts: Counter[int | None] = Counter()
        for day in site.days:
            counts[_year(day.date)] += len(day.places)
        self.years = [YearLink(year, _year_stem(year), count) for year, count in counts.items()]

    def event(self, place: int, event: Event, links: Iterable[Link]) -> EventView:
        """The view of an event of the archive."""
        stem = self.site.stems[place]
        labels = [self._label(topic.name, topic.kind) for topic in self.site.topics_of(place)]
        return EventView(stem, up(stem), event, day_stem(event.date), labels, [self._related(link) for link in links])

    def _related(self, link: Link) -> Related:
        labels = [self._label(topic.name, topic.kind) for topic in link.topics]
        context = None
        if link.context is not None:
            context = next((label for label in labels if label.name == link.context), None) or Label(link.context)
        return Related(link, self.site.stem(link.event.id), context, labels)

    def _label(self, name: str, kind: str, count: int = 0) -> Label:
        return Label(name, kind, topic_stem(name) if self.site.has_page(name) else None, count)

    def _listed(self, places: Iterable[int]) -> list[Listed]:
        return [Listed(self.site.event(place), self.site.stems[place]) for place in places]

    def of_days(self) -> Iterator[DayView]:
        """The views of all days, newest first."""
        dated = [link for link in self.days if link.date is not None]
        for number, (day, link) in enumerate(zip(self.site.days, self.days, strict=True)):
            # Events without a date are neither before nor after a day.
            after = dated[number - 1] if number and day.date else None
            before = dated[number + 1] if day.date and number + 1 < len(dated) else None
            parts = _parts(link.stem, link.count)
            for part, stem in enumerate(parts, 1):
                listed = self._listed(_of_part(day.places, part))
                yield DayView(stem, up(stem), day.date, link.count, part, parts, listed, before, after)

    def of_topics(self) -> Iterator[TopicView]:
        """The views of all topics that have a page, by name."""
        for topic in self.site.topics():
            yield from self._topic(topic)

    def _topic(self, topic: TopicPage) -> Iterator[TopicView]:
        count = len(topic.places)
        label = self._label(topic.name, topic.kind, count)
        parts = _parts(str(label.stem), count)
        dates = [self.site.date(place) for place in topic.places]
        timeline, years = timeline_of([date for date in dates if date]), _years(dates, parts)
        beside = [self._label(*other) for other in topic.beside]
        for part, stem in enumerate(parts, 1):
            listed = self._listed(_of_part(topic.places, part))
            by_year = [(year, list(group)) for year, group in groupby(listed, lambda one: _year(one.event.date))]
            yield TopicView(stem, up(stem), label, count, part, parts, by_year, timeline, years, beside)

    def of_years(self) -> Iterator[YearView]:
        """The views of all years, newest first."""
        years = [link for link in self.years if link.year is not None]
        days = {year: list(group) for year, group in groupby(self.days, lambda day: _year(day.date))}
        for number, link in enumerate(years):
            months: dict[dt.date, list[DayLink]] = {}
            for day in days[link.year]:
                assert day.date is not None
                months.setdefault(day.date.replace(day=1), []).append(day)
            before = years[number + 1] if number + 1 < len(years) else None
            after = years[number - 1] if number else None
            yield YearView(link.stem, up(link.stem), link.year or 0, link.count, list(months.items()), before, after)

    def home(self) -> HomeView:
        """The view of the home page."""
        days = [(link, self._listed(day.places[:A_DAY])) for link, day in zip(self.days[:LATEST], self.site.days, strict=False)]
        topics = [self._label(*topic) for topic in self.site.commonest(COMMONEST)]
        return HomeView(HOME, "", self.title, len(self.site.ids), days, self.years, topics)

    def latest(self, n: int) -> list[Listed]:
        """The latest events that have a date."""
        places = [place for day in self.site.days[:n] if day.date is not None for place in day.places]
        return self._listed(places[:n])

    def stems(self) -> Iterator[str]:
        """The paths of all pages, less their suffixes."""
        yield HOME
        for link in self.years:
            if link.year is not None:
                yield link.stem
        for day in self.days:
            yield from _parts(day.stem, day.count)
        for name, count in self.site.topic_counts():
            yield from _parts(topic_stem(name), count)
        yield from self.site.stems


def timeline_of(dates: Sequence[dt.date]) -> Timeline | None:
    """The timeline of some days, newest first; None of such as are all in one month or year.

    Examples
    --------
    >>> timeline = timeline_of([dt.date(2020, 3, 1), dt.date(2020, 1, 30), dt.date(2020, 1, 2)])
    >>> timeline.unit, timeline.bars
    ('month', [Bar(name='2020-01', count=2, height=100.0), Bar(name='2020-02', count=0, height=0.0), Bar(name='2020-03', \
count=1, height=50.0)])
    """
    if not dates:
        return None
    months = [date.year * 12 + date.month - 1 for date in dates]
    by_month = max(months) - min(months) < BY_MONTH
    counts = Counter(months if by_month else [date.year for date in dates])
    first, last, most = min(counts), max(counts), max(counts.values())
    if first == last:
        return None
    names = {
        number: f"{number // 12:04}-{number % 12 + 1:02}" if by_month else f"{number:04}" for number in range(first, last + 1)
    }
    bars = [Bar(name, counts[number], round(100 * counts[number] / most, 1)) for number, name in names.items()]
    return Timeline("month" if by_month else "year", bars)


def _period(number: int, by_month: bool) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}" if by_month else f"{number:04}"


def _year(date: dt.date | None) -> int | None:
    return None if date is None else date.year


def _year_stem(year: int | None) -> str:
    return day_stem(None) if year is None else year_stem(year)


def _parts(stem: str, count: int) -> list[str]:
    return [part_stem(stem, part) for part in range(1, max(1, -(-count // PART)) + 1)]


def _of_part(places: Sequence[int], part: int) -> Sequence[int]:
    return places[(part - 1) * PART : part * PART]


def _years(dates: Sequence[dt.date | None], parts: Sequence[str]) -> list[YearLink]:
    """The years of a topic's events, with the page each begins on."""
    starts: dict[int | None, int] = {}
    for place, date in enumerate(dates):
        starts.setdefault(_year(date), place)
    bounds = [*starts.values(), len(dates)]
    return [
        YearLink(year, parts[start // PART], end - start) for year, (start, end) in zip(starts, pairwise(bounds), strict=True)
    ]
