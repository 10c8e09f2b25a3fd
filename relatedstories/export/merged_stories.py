"""Earlier stories that are part of another now: the address of each leads on to it, so that no reader's link goes dead."""

from __future__ import annotations

import collections
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from relatedstories.disk.atomic import write_lines
from relatedstories.export.paths import story_stem
from relatedstories.storylines.continuity import MIN_PART
from relatedstories.storylines.storyline import Storylines

__all__ = ["MERGED", "MergedStories", "MergedStory"]

MERGED = ".relatedstories-merged.jsonl"
"""The name of the file that holds earlier stories that are part of another now, one a line, with the events that they had."""


class MergedStory(NamedTuple):
    """An earlier story: the path of its page, the number of events that it had, and the name and path of the story to go to."""

    stem: str
    n_events: int
    name: str
    target: str


@dataclass(frozen=True)
class MergedStories:
    """Holds the stories of earlier exports that are gone, and the one that holds most events of each.

    Parameters
    ----------
    events : dict of str to tuple of str
        For the id of each the ids of its events in the last export that had it.
    into : dict of str to tuple of str
        For the id of each the id and the name of the story to go to.
    """

    events: dict[str, tuple[str, ...]]
    into: dict[str, tuple[str, str]]

    @classmethod
    def of(cls, earlier: Mapping[str, tuple[str, ...]], stories: Storylines) -> MergedStories:
        """Return what became of earlier stories: those of which a story of another id holds two or more events.

        Examples
        --------
        >>> from relatedstories import Event, Storyline
        >>> events = tuple(Event(id_, "Snow in Oslo") for id_ in "abcd")
        >>> stories = Storylines([Storyline("a", "Oslo", events)])
        >>> MergedStories.of({"a": ("a", "b"), "c": ("c", "d"), "e": ("e", "f")}, stories).into
        {'c': ('a', 'Oslo')}
        """
        names = {story.id: story.name for story in stories}
        into = {}
        for id_ in sorted(earlier.keys() - names):
            found = collections.Counter(story.id for story in map(stories.of, earlier[id_]) if story is not None)
            target = min(found, key=lambda other: (-found[other], other), default=None)
            if target is not None and found[target] >= MIN_PART:
                into[id_] = target, names[target]
        return cls({id_: earlier[id_] for id_ in into}, into)

    def __len__(self) -> int:
        return len(self.into)

    def __iter__(self) -> Iterator[MergedStory]:
        for id_, (target, name) in self.into.items():
            yield MergedStory(story_stem(id_), len(self.events[id_]), name, story_stem(target))

    def write(self, folder: Path) -> None:
        """Write the file that the next export reads, unless it would be the same; none if there are no such stories."""
        if not self.events:
            (folder / MERGED).unlink(missing_ok=True)
            return
        lines = (json.dumps({"id": id_, "events": events}, ensure_ascii=False) for id_, events in self.events.items())
        write_lines(folder / MERGED, lines)
