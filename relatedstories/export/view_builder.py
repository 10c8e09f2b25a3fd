"""The building of views from the events of a site."""

from __future__ import annotations

import datetime as dt
import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice, pairwise

from relatedstories.events import Event
from relatedstories.export.merged_stories import MergedStory
from relatedstories.export.paths import ALL_STORIES, HOME, day_stem, part_stem, root_path, topic_stem, year_stem
from relatedstories.export.site import Site, TopicPage
from relatedstories.export.story_pages import StoryPage, StoryPages
from relatedstories.export.views import (
    Bar,
    DayLink,
    DayView,
    EventView,
    HomeView,
    ListedEvent,
    MergedView,
    RelatedEvent,
    StoriesView,
    StoryLink,
    StoryView,
    Timeline,
    TopicLink,
    TopicView,
    YearLink,
    YearView,
)
from relatedstories.pages.words import WORDS
from relatedstories.ranking.links import Link, Links
from relatedstories.text.terms import ENGLISH

__all__ = ["MAX_EVENTS", "ViewBuilder", "timeline_of"]

MAX_EVENTS = 200
"""Number of events on one page of a list; the rest of the list is on further pages."""

N_HOME_DAYS = 7
"""Number of days on the home page."""

MAX_HOME_DAY_EVENTS = 20
"""Number of events on the home page from each of these days."""

N_HOME_TOPICS = 40
"""Number of topics on the home page."""

N_HOME_STORIES = 8
"""Number of stories on the home page."""

MAX_UNGROUPED = 12
"""Number of events up to which those of a story are not grouped by month or year."""

MAX_MONTHS = 36
"""Number of months up to which a timeline has a bar for each month; a longer one has a bar for each year.

So are the events of a story grouped.
"""


N_TOPIC_LINKS = 1 << 16
"""Number of links to topics that are kept, as most topics are those of several events."""


class ViewBuilder:
    """Builds the views of a site, each when it is asked for.

    Parameters
    ----------
    site : Site
    stories : StoryPages
    title : str
        The title of the home page.
    """

    def __init__(self, site: Site, stories: StoryPages, title: str) -> None:
        self.site, self.stories, self.title = site, stories, title
        self.days = [DayLink(day.date, day_stem(day.date), len(day.places)) for day in site.days]
        counts: Counter[int | None] = Counter()
        for day in site.days:
            counts[_year(day.date)] += len(day.places)
        self.years = [YearLink(year, _year_stem(year), count) for year, count in counts.items()]
        self._topic_link = functools.lru_cache(N_TOPIC_LINKS)(self._new_topic_link)

    def event(self, place: int, event: Event, links: Links) -> EventView:
        """Return the view of the event at a place of the archive."""
        stem = self.site.stems[place]
        labels = [self._topic_link(*topic) for topic in self.site.topics_of(place)]
        related = [self._related_event(link, place) for link in links]
        copies = [self._listed(copy, self.site.place(copy.id)) for copy in links.copies]
        language, page = self.site.languages[place], self.stories.of(place)
        story = None if page is None else _story_link(page)
        return EventView(stem, root_path(stem), event, day_stem(event.date), labels, related, copies, story, language=language)

    def _related_event(self, link: Link, beside: int) -> RelatedEvent:
        labels = [self._topic_link(topic.name, topic.kind) for topic in link.topics]
        by_name = {label.name: label for label in labels}
        contexts = [by_name.get(context) or TopicLink(context) for context in link.contexts]
        place = self.site.place(link.event.id)
        story = self.stories.of(place)
        link = replace(link, same_story=story is not None and story is self.stories.of(beside))
        return RelatedEvent(link, self.site.stems[place], self.site.languages[place], contexts, labels)

    def _new_topic_link(self, name: str, kind: str, count: int = 0) -> TopicLink:
        return TopicLink(name, kind, topic_stem(name) if self.site.has_page(name) else None, count)

    def _listed(self, event: Event, place: int) -> ListedEvent:
        return ListedEvent(event, self.site.stems[place], self.site.languages[place])

    def _listed_events(self, places: Iterable[int]) -> list[ListedEvent]:
        return [self._listed(self.site.event(place), place) for place in places]

    def day_views(self) -> Iterator[DayView]:
        """Yield the views of all days, newest first."""
        dated = [link for link in self.days if link.date is not None]
        for number, (day, link) in enumerate(zip(self.site.days, self.days, strict=True)):
            # The page of events without a date has no day before or after it, and is never one itself.
            after = dated[number - 1] if number and day.date else None
            before = dated[number + 1] if day.date and number + 1 < len(dated) else None
            parts = _page_stems(link.stem, link.count)
            for part, stem in enumerate(parts, 1):
                events = self._listed_events(_page_slice(day.places, part))
                yield DayView(stem, root_path(stem), day.date, link.count, part, parts, events, before, after)

    def topic_views(self) -> Iterator[TopicView]:
        """Yield the views of all topics that have a page, by name."""
        for topic in self.site.topics():
            yield from self._views_of_topic(topic)

    def _views_of_topic(self, topic: TopicPage) -> Iterator[TopicView]:
        count = len(topic.places)
        label = self._topic_link(topic.name, topic.kind, count)
        parts = _page_stems(str(label.stem), count)
        dates = [self.site.date(place) for place in topic.places]
        timeline, years = timeline_of([date for date in dates if date]), _year_links(dates, parts)
        beside = [self._topic_link(*other) for other in topic.cooccurring]
        for part, stem in enumerate(parts, 1):
            events = self._listed_events(_page_slice(topic.places, part))
            by_year = [(year, list(group)) for year, group in groupby(events, lambda listed: _year(listed.event.date))]
            yield TopicView(stem, root_path(stem), label, count, part, parts, by_year, timeline, years, beside)

    def story_views(self) -> Iterator[StoryView | StoriesView]:
        """Yield the views of all stories, those with the latest events first, and then those of their list."""
        for page in self.stories:
            yield from self._views_of_story(page)
        parts = _page_stems(ALL_STORIES, len(self.stories))
        links = [self._listed_story(page) for page in self.stories]
        for part, stem in enumerate(parts, 1):
            by_year = groupby(links[(part - 1) * MAX_EVENTS : part * MAX_EVENTS], lambda link: _year(link.last))
            listed = [(year, list(group)) for year, group in by_year]
            yield StoriesView(stem, root_path(stem), len(links), part, parts, listed)

    def _listed_story(self, page: StoryPage) -> StoryLink:
        dated = (place for place in reversed(page.places) if self.site.date(place) is not None)
        place = next(dated, page.places[-1])
        return replace(_story_link(page), latest=self._listed(self.site.event(place), place))

    def merged_views(self, merged: Iterable[MergedStory]) -> Iterator[MergedView]:
        """Yield the views that lead on from the pages of earlier stories, also from the further ones of long stories."""
        for story in merged:
            for stem in _page_stems(story.stem, story.n_events):
                yield MergedView(stem, root_path(stem), story.name, story.target)

    def _views_of_story(self, page: StoryPage) -> Iterator[StoryView]:
        link = _story_link(page)
        parts = _page_stems(page.stem, link.count)
        timeline = timeline_of([date for date in map(self.site.date, page.places) if date])
        key_events = self._listed_events(page.key_places)
        keys = frozenset(one.stem for one in key_events)
        topics = [self._topic_link(*topic) for topic in page.topics]
        for part, stem in enumerate(parts, 1):
            events = self._listed_events(_page_slice(page.places, part))
            groups: dict[str, list[ListedEvent]] = {}
            for one in events:
                groups.setdefault(_group_name(link, timeline, one.event.date), []).append(one)
            yield StoryView(stem, root_path(stem), link, part, parts, list(groups.items()), key_events, keys, timeline, topics)

    def year_views(self) -> Iterator[YearView]:
        """Yield the views of all years, newest first."""
        years = [link for link in self.years if link.year is not None]
        days = {year: list(group) for year, group in groupby(self.days, lambda day: _year(day.date))}
        for number, link in enumerate(years):
            months: dict[dt.date, list[DayLink]] = {}
            for day in days[link.year]:
                assert day.date is not None
                months.setdefault(day.date.replace(day=1), []).append(day)
            before = years[number + 1] if number + 1 < len(years) else None
            after = years[number - 1] if number else None
            yield YearView(link.stem, root_path(link.stem), link.year or 0, link.count, list(months.items()), before, after)

    def home(self) -> HomeView:
        """Return the view of the home page."""
        latest = zip(self.days[:N_HOME_DAYS], self.site.days, strict=False)
        days = [(link, self._listed_events(day.places[:MAX_HOME_DAY_EVENTS])) for link, day in latest]
        topics = [self._topic_link(*topic) for topic in self.site.commonest(N_HOME_TOPICS)]
        stories = [self._listed_story(page) for page in islice(self.stories, N_HOME_STORIES)]
        return HomeView(HOME, "", self.title, len(self.site.ids), days, self.years, topics, stories)

    def latest(self, n: int) -> list[ListedEvent]:
        """Return the `n` latest events that have a date."""
        places = [place for day in self.site.days[:n] if day.date is not None for place in day.places]
        return self._listed_events(places[:n])

    def stems(self) -> Iterator[str]:
        """Yield the paths of all pages, without their suffixes."""
        yield HOME
        for link in self.years:
            if link.year is not None:
                yield link.stem
        for day in self.days:
            yield from _page_stems(day.stem, day.count)
        for name, count in self.site.topic_counts():
            yield from _page_stems(topic_stem(name), count)
        yield from _page_stems(ALL_STORIES, len(self.stories))
        for page in self.stories:
            yield from _page_stems(page.stem, len(page.places))
        yield from self.site.stems


def timeline_of(dates: Sequence[dt.date]) -> Timeline | None:
    """Return the timeline of some dates; None if they all fall into one bar.

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
    by_month = max(months) - min(months) < MAX_MONTHS
    counts = Counter(months if by_month else [date.year for date in dates])
    first, last, highest = min(counts), max(counts), max(counts.values())
    if first == last:
        return None
    names = {
        number: f"{number // 12:04}-{number % 12 + 1:02}" if by_month else f"{number:04}" for number in range(first, last + 1)
    }
    bars = [Bar(name, counts[number], round(100 * counts[number] / highest, 1)) for number, name in names.items()]
    return Timeline("month" if by_month else "year", bars)


def _story_link(page: StoryPage) -> StoryLink:
    return StoryLink(page.name, page.id, page.stem, len(page.places), page.first, page.last)


def _group_name(story: StoryLink, timeline: Timeline | None, date: dt.date | None) -> str:
    """Return the name of the group of a story's events that one with this date is in."""
    if timeline is None or story.count <= MAX_UNGROUPED:
        return ""
    if date is None:
        return WORDS[ENGLISH].undated
    month = f"{WORDS[ENGLISH].months.split()[date.month - 1]} " if timeline.unit == "month" else ""
    return f"{month}{date.year}"


def _year(date: dt.date | None) -> int | None:
    return None if date is None else date.year


def _year_stem(year: int | None) -> str:
    return day_stem(None) if year is None else year_stem(year)


def _page_stems(stem: str, count: int) -> list[str]:
    """Return the paths of the pages of a list of `count` events."""
    return [part_stem(stem, part) for part in range(1, max(1, -(-count // MAX_EVENTS)) + 1)]


def _page_slice(places: Sequence[int], part: int) -> Sequence[int]:
    """Return the places on one page of a list."""
    return places[(part - 1) * MAX_EVENTS : part * MAX_EVENTS]


def _year_links(dates: Sequence[dt.date | None], parts: Sequence[str]) -> list[YearLink]:
    """Return the years of a topic's events, each with the page on which it begins."""
    starts: dict[int | None, int] = {}
    for place, date in enumerate(dates):
        starts.setdefault(_year(date), place)
    bounds = [*starts.values(), len(dates)]
    return [
        YearLink(year, parts[start // MAX_EVENTS], end - start)
        for year, (start, end) in zip(starts, pairwise(bounds), strict=True)
    ]
