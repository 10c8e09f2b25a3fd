"""The stories of an archive as a site has pages of them, with ids that stay from one export to the next."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from relatedstories.disk.atomic import write_lines
from relatedstories.export.paths import story_stem
from relatedstories.export.site import Site
from relatedstories.storylines.before import read_stories
from relatedstories.storylines.storyline import Storyline

__all__ = ["STORIES", "StoryPage", "StoryPages", "earlier_stories"]

STORIES = ".relatedstories-stories.jsonl"
"""The name of the file that holds the stories of the last export, one a line, as ``storylines --json`` prints them."""


class StoryPage(NamedTuple):
    """A story that has a page: the places of its events by date, and those of its key events."""

    id: str
    name: str
    stem: str
    places: list[int]
    key_places: list[int]
    topics: list[tuple[str, str]]
    first: dt.date | None
    last: dt.date | None


class StoryPages:
    """Holds the stories of a site; ids, names and numbers are kept, texts are not.

    Parameters
    ----------
    stories : sequence of Storyline
        Those with the latest events first.
    site : Site
        The events of the same archive.

    Examples
    --------
    >>> from relatedstories import Event, RelatedStories
    >>> archive = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo"), Event("3", "Rain in Wales")])
    >>> pages = StoryPages(archive.storylines(), Site(archive))
    >>> [(page.name, page.places) for page in pages], pages.of(2)
    ([('Oslo', [0, 1])], None)
    """

    def __init__(self, stories: Sequence[Storyline], site: Site) -> None:
        self._pages = [_page(story, site) for story in stories]
        self._of_place = {place: page for page in self._pages for place in page.places}
        self._lines = [json.dumps(story.to_dict(), ensure_ascii=False) for story in stories]

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[StoryPage]:
        return iter(self._pages)

    def __getitem__(self, number: int) -> StoryPage:
        return self._pages[number]

    def of(self, place: int) -> StoryPage | None:
        """Return the story that the event at a place of the archive is part of, None if it is part of none."""
        return self._of_place.get(place)

    def write(self, folder: Path) -> None:
        """Write the file that the next export takes the ids of stories from, unless it would be the same."""
        write_lines(folder / STORIES, self._lines)


def earlier_stories(folder: Path, name: str = STORIES) -> dict[str, tuple[str, ...]]:
    """Return the ids of the events of the stories in a file of the last export to a folder, by the id of the story.

    There are none without the file.

    Raises
    ------
    InputError
        If a line of their file is no story.
    """
    path = folder / name
    return read_stories(path) if path.is_file() else {}


def _page(story: Storyline, site: Site) -> StoryPage:
    return StoryPage(
        story.id,
        story.name,
        story_stem(story.id),
        [site.place(event.id) for event in story.events],
        [site.place(event.id) for event in story.key_events],
        [(topic.name, topic.kind) for topic in story.topics],
        story.first_day,
        story.last_day,
    )
