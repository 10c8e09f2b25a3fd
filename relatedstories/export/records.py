"""Pages as JSON, in the form that schema.json describes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from relatedstories.export.views import (
    DayLink,
    DayView,
    EventView,
    HomeView,
    ListedEvent,
    StoriesView,
    StoryLink,
    StoryView,
    TopicLink,
    TopicView,
    View,
    YearLink,
    YearView,
)

__all__ = ["SCHEMA", "to_json", "to_record"]

SCHEMA = "schema.json"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_json(view: View, formats: Iterable[str]) -> str:
    """Return a page as one line of JSON."""
    return _encode(to_record(view, formats)) + "\n"


def to_record(view: View, formats: Iterable[str]) -> dict[str, Any]:
    """Return what a page shows as a JSON object, with all paths relative to the page."""
    name = view.stem.rpartition("/")[2]
    head = {"$schema": view.root + SCHEMA, "type": view.kind, "formats": {suffix: f"{name}.{suffix}" for suffix in formats}}
    return head | _RecordBuilder(view.root).fields(view)


class _RecordBuilder:
    """Builds the fields of a page's record, with paths relative to the page."""

    def __init__(self, root: str) -> None:
        self.root = root

    def fields(self, view: View) -> dict[str, Any]:
        match view:
            case EventView():
                return self.event(view)
            case DayView():
                return {
                    "date": view.date and view.date.isoformat(),
                    "count": view.count,
                    **self.parts(view),
                    "previous": view.previous and self.day(view.previous),
                    "next": view.next and self.day(view.next),
                    "events": [self.listed(one) for one in view.listed],
                }
            case TopicView():
                bars = view.timeline.bars if view.timeline else []
                return {
                    **self.topic(view.label),
                    "count": view.count,
                    **self.parts(view),
                    "timeline": [{"period": bar.name, "count": bar.count} for bar in bars],
                    "beside": [self.topic(label) for label in view.beside],
                    "events": [self.listed(one) for _, group in view.listed for one in group],
                }
            case StoryView():
                bars = view.timeline.bars if view.timeline else []
                return {
                    **self.story(view.story),
                    **self.parts(view),
                    "timeline": [{"period": bar.name, "count": bar.count} for bar in bars],
                    "topics": [self.topic(label) for label in view.topics],
                    "key_events": [self.listed(one) for one in view.key_events],
                    "events": [self.listed(one) for _, group in view.listed for one in group],
                }
            case StoriesView():
                return {
                    "count": view.count,
                    **self.parts(view),
                    "stories": [self.story(link) for _, group in view.listed for link in group],
                }
            case YearView():
                return {
                    "year": view.year,
                    "count": view.count,
                    "previous": view.previous and self.year(view.previous),
                    "next": view.next and self.year(view.next),
                    "days": [self.day(day) for _, days in view.months for day in days],
                }
            case HomeView():
                return {
                    "title": view.title,
                    "count": view.count,
                    "days": [{**self.day(day), "events": [self.listed(one) for one in listed]} for day, listed in view.days],
                    "years": [self.year(year) for year in view.years],
                    "topics": [self.topic(label) for label in view.topics],
                    "stories": [self.story(link) for link in view.stories],
                }

    def event(self, view: EventView) -> dict[str, Any]:
        related = []
        for one in view.related:
            link: dict[str, Any] = {**self.listed(ListedEvent(one.link.event, one.stem, one.language)), **one.link.to_dict()}
            link["contexts"] = [self.topic(label) for label in one.contexts]
            link["context"] = next(iter(link["contexts"]), None)
            link["topics"] = [self.topic(label) for label in one.labels]
            related.append(link)
        record = {
            "event": view.event.to_dict(),
            "day": self.path(view.day),
            "topics": [self.topic(label) for label in view.labels],
            "related": related,
        }
        if view.story is not None:
            record["story"] = self.story(view.story)
        if view.copies:
            record["copies"] = [self.listed(one) for one in view.copies]
        return record

    def path(self, stem: str) -> str:
        return f"{self.root}{stem}.json"

    def listed(self, one: ListedEvent) -> dict[str, Any]:
        date = one.event.date
        return {"id": one.event.id, "title": one.event.title, "date": date and date.isoformat(), "path": self.path(one.stem)}

    def topic(self, label: TopicLink) -> dict[str, Any]:
        record: dict[str, Any] = {"name": label.name}
        if label.kind is not None:
            record["kind"] = label.kind
        if label.stem is not None:
            record["path"] = self.path(label.stem)
        if label.count:
            record["count"] = label.count
        return record

    def story(self, link: StoryLink) -> dict[str, Any]:
        days = {"first_day": link.first and link.first.isoformat(), "last_day": link.last and link.last.isoformat()}
        return {"id": link.id, "name": link.name, "path": self.path(link.stem), "count": link.count, **days}

    def day(self, day: DayLink) -> dict[str, Any]:
        return {"date": day.date and day.date.isoformat(), "count": day.count, "path": self.path(day.stem)}

    def year(self, year: YearLink) -> dict[str, Any]:
        return {"year": year.year, "count": year.count, "path": self.path(year.stem)}

    def parts(self, view: DayView | TopicView | StoryView | StoriesView) -> dict[str, Any]:
        return {"part": view.part, "parts": [self.path(stem) for stem in view.parts]}
