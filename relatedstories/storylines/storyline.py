"""The records of stories: a story with its events, and all stories of an archive."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from relatedstories.counts import counted
from relatedstories.errors import BadValueError
from relatedstories.events import Event, as_id
from relatedstories.ranking.links import Link, Links
from relatedstories.topics.topic import Topic

__all__ = ["Storyline", "Storylines"]


@dataclass(frozen=True, repr=False)
class Storyline:
    """Events that tell one continuing story: a launch, a strike, an election.

    Parameters
    ----------
    id : str
        The id of its earliest event when the story was first found. See `relatedstories.RelatedStories.storylines` for how it
        stays the same.
    name : str
        The heading that most of its events have, if it is not that of many others; otherwise one to three topics that set
        the story apart, or, without such topics, the title of its most central event.
    events : tuple of Event
        By date, then by id; those without a date come last. At least two.
    key_events : tuple of Event
        At most five of the events, by date: from each part of the story the one that is most alike its others.
    topics : tuple of Topic
        The topics that set the story apart, the most telling first.

    Examples
    --------
    >>> events = (Event("1", "Cholera in Sudan", date=dt.date(2020, 1, 5)), Event("2", "More cholera", date=dt.date(2020, 1, 9)))
    >>> story = Storyline("1", "Cholera, Sudan", events, events[:1])
    >>> story
    <Storyline '1': Cholera, Sudan; 2 events, 2020-01-05 to 2020-01-09>
    >>> len(story), story.first_day, "2" in story
    (2, datetime.date(2020, 1, 5), True)
    """

    id: str
    name: str
    events: tuple[Event, ...]
    key_events: tuple[Event, ...] = ()
    topics: tuple[Topic, ...] = ()

    @functools.cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(event.id for event in self.events)

    def __len__(self) -> int:
        return len(self.events)

    def __contains__(self, event: object) -> bool:
        """Return whether an event, or the event with an id, is part of the story."""
        try:
            return (event.id if isinstance(event, Event) else as_id(event)) in self._ids
        except BadValueError:
            return False

    @property
    def first_day(self) -> dt.date | None:
        """The date of its first event, None if no event has a date."""
        return self.events[0].date

    @property
    def last_day(self) -> dt.date | None:
        """The date of its last event that has one."""
        return next((event.date for event in reversed(self.events) if event.date is not None), None)

    def __repr__(self) -> str:
        days = f", {self.first_day} to {self.last_day}" if self.first_day else ""
        return f"<Storyline {self.id!r}: {self.name}; {counted(len(self), 'events')}{days}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the story as JSON values: id, name, days, topics, the ids of its events and of its key events."""
        return {
            "id": self.id,
            "name": self.name,
            "first_day": self.first_day and self.first_day.isoformat(),
            "last_day": self.last_day and self.last_day.isoformat(),
            "topics": [topic.name for topic in self.topics],
            "events": [event.id for event in self.events],
            "key_events": [event.id for event in self.key_events],
        }


class Storylines(tuple[Storyline, ...]):
    """All stories of an archive: a tuple, those with the latest events first.

    Parameters
    ----------
    stories : iterable of Storyline
    merged, split : mapping of str to tuple of str, optional

    Attributes
    ----------
    merged : dict of str to tuple of str
        For the id of a story that has most events of two or more earlier stories, the ids of these.
    split : dict of str to tuple of str
        For the id of an earlier story of which two or more stories have two or more events each, the ids of these.

    Examples
    --------
    >>> events = (Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo"))
    >>> stories = Storylines([Storyline("1", "Oslo", events)])
    >>> stories.of("2").name, stories.of("3")
    ('Oslo', None)
    >>> print(Storylines([Storyline("1", "Oslo", (Event("1", "Snow", date=dt.date(2020, 1, 5)), events[1]))]))
    2020-01-05 to 2020-01-05      2  Oslo
    """

    merged: dict[str, tuple[str, ...]]
    split: dict[str, tuple[str, ...]]

    def __new__(  # noqa: D102
        cls,
        stories: Iterable[Storyline] = (),
        merged: Mapping[str, tuple[str, ...]] | None = None,
        split: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Storylines:
        self = super().__new__(cls, stories)
        self.merged, self.split = dict(merged or {}), dict(split or {})
        return self

    @functools.cached_property
    def _of_event(self) -> dict[str, Storyline]:
        return {event.id: story for story in self for event in story.events}

    def of(self, event: Event | str | int) -> Storyline | None:
        """Return the story that an event, or the event with an id, is part of; None if it is part of none."""
        return self._of_event.get(event.id if isinstance(event, Event) else as_id(event))

    def are_one(self, event: Event | str | int, other: Event | str | int) -> bool:
        """Return whether two events are part of one story.

        Examples
        --------
        >>> events = (Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo"))
        >>> stories = Storylines([Storyline("1", "Oslo", events)])
        >>> stories.are_one("1", "2"), stories.are_one("3", "4")
        (True, False)
        """
        story = self.of(event)
        return story is not None and story is self.of(other)

    def marked(self, event: Event | str | int, links: Iterable[Link]) -> Links:
        """Return the links of an event, each of which tells whether it leads to an event of the same story.

        Of an event that is part of no story, such as one that is not in the archive, none does.

        Parameters
        ----------
        event : Event, str or int
            An event or its id.
        links : iterable of Link
            As `relatedstories.RelatedStories.related` returns them.

        Returns
        -------
        list of Link
            The same links with `Link.same_story`, which `Link.to_dict` and data frames then have, too.

        Examples
        --------
        >>> events = (Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo"))
        >>> stories = Storylines([Storyline("1", "Oslo", events)])
        >>> [link.same_story for link in stories.marked("1", [Link(events[1], 0.5, 1), Link(Event("3", "Rain"), 0.25, 2)])]
        [True, False]
        """
        marked = [replace(link, same_story=self.are_one(event, link.event)) for link in links]
        return Links(marked, links.copies if isinstance(links, Links) else ())

    def __str__(self) -> str:
        return "\n".join(
            f"{story.first_day or ''!s:10} to {story.last_day or ''!s:10}  {len(story):5}  {story.name}" for story in self
        )
