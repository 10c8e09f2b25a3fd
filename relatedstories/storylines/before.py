"""Stories that were found earlier, as the caller has them: records, a mapping of ids, or a file of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import as_id, several
from relatedstories.storylines.storyline import Storyline

__all__ = ["Before", "ids_by_story", "read_stories"]

Before: TypeAlias = Iterable[Storyline] | Mapping[str, Iterable[str]]
"""Earlier stories: records, or for the id of each the ids of its events."""


def ids_by_story(before: Before | None) -> dict[str, tuple[str, ...]]:
    """Return the ids of the events of earlier stories by the id of the story.

    Raises
    ------
    BadValueError
        If `before` is neither stories nor such a mapping.
    """
    if before is None:
        return {}
    if isinstance(before, Mapping):
        return {
            as_id(id_, "storylines", "before"): tuple(
                as_id(event, "storylines", "before") for event in several("storylines", "before", events)
            )
            for id_, events in before.items()
        }
    found: dict[str, tuple[str, ...]] = {}
    for story in several("storylines", "before", before):
        if not isinstance(story, Storyline):
            raise BadValueError("storylines", "before", shown(story), "stories, or lists of ids of events by story")
        found[story.id] = tuple(event.id for event in story.events)
    return found


def read_stories(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the ids of the events of each story in a file of lines as `Storyline.to_dict` makes them.

    Raises
    ------
    InputError
        If a line is none; the message names it.
    OSError
        If the file cannot be read.
    """
    found: dict[str, tuple[str, ...]] = {}
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line.decode())
                found[as_id(record["id"])] = tuple(as_id(event) for event in record["events"])
            except (ValueError, TypeError, KeyError, BadValueError):
                expected = 'a story as "storylines --json" prints it, with "id" and "events"'
                raise InputError(
                    f"{path}, line {number}: got {shown(line.decode(errors='replace').strip())}, expected {expected}"
                ) from None
    return found
