"""The commands ``storylines`` and ``storyline``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relatedstories.cli.console import say
from relatedstories.cli.formatting import event_record, title_line
from relatedstories.cli.options import (
    ALL_CORES,
    AsJson,
    Jobs,
    OptionalSource,
    Panel,
    ReadOptions,
    index_option,
    load_index,
    require_one,
)
from relatedstories.cli.source import Source
from relatedstories.counts import counted
from relatedstories.errors import InputError

if TYPE_CHECKING:
    from relatedstories.storylines.storyline import Storyline, Storylines

__all__ = ["EXAMPLES", "STORYLINE_EXAMPLES", "storyline", "storylines"]

EXAMPLES = """
Examples:

  relatedstories storylines sample
  relatedstories storylines --index stories --json

  With the ids of the night before, whose output was kept in monday.jsonl:
    relatedstories storylines --index stories --before monday.jsonl --json
"""

STORYLINE_EXAMPLES = """
Examples:

  relatedstories storyline 2016-12-01-progress-ms-04 --index stories
"""


def storylines(
    source: OptionalSource = None,
    *,
    index: Annotated[Path | None, index_option()] = None,
    before: Annotated[
        Path | None,
        typer.Option(
            "--before",
            metavar="FILE",
            help="Stories that were found earlier, as --json prints them: a story that goes on keeps its id, and merges and "
            "splits are reported.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None,
    reading: ReadOptions,
    jobs: Jobs = ALL_CORES,
    as_json: AsJson = False,
) -> None:
    """List the stories of an archive: events that belong together, those with the latest events first.

    A line is printed for each story: its first and last day, how many events it has, its id and its name, separated by tabs. With
    --json it is a line of JSON that also has the ids of its events, of its key events and its topics.

    Give either SOURCE or --index.
    """
    from relatedstories.storylines.before import read_stories

    require_one(source, index, reading)
    earlier = None if before is None else read_stories(before)
    if index is not None:
        found = load_index(index).storylines(earlier, n_jobs=jobs)
    else:
        from relatedstories.index.stories import RelatedStories

        with Source(str(source), reading).events() as events:
            found = RelatedStories().fit(events, n_jobs=jobs).storylines(earlier, n_jobs=jobs)
    _report_changes(found)
    if not found:
        say("no stories: no events of the archive belong together")
    for story in found:
        if as_json:
            print(json.dumps(story.to_dict(), ensure_ascii=False))
        else:
            print(f"{story.first_day or ''}\t{story.last_day or ''}\t{len(story)}\t{story.id}\t{story.name}")


def storyline(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The id of a story, or of an event that is part of one.")],
    index: Annotated[Path, index_option()],
    as_json: AsJson = False,
) -> None:
    """Show one story: its name, its key events, and all its events by date."""
    stories = load_index(index)
    found = stories.storylines(n_jobs=ALL_CORES)
    story = next((each for each in found if each.id == id_), None) or found.of(stories[id_])
    if story is None:
        raise InputError(f"got id {id_}, expected that of a story or of an event that is part of one: this event stands alone")
    if as_json:
        events = [event_record(event) for event in story.events]
        print(json.dumps(story.to_dict() | {"events": events}, ensure_ascii=False))
        return
    _print(story)


def _print(story: Storyline) -> None:
    days = f", {story.first_day} to {story.last_day}" if story.first_day else ""
    print(f"{story.name}\n{counted(len(story), 'events')}{days}; id {story.id}")
    print("\nKey events:")
    for event in story.key_events:
        print(f"  {title_line(event)}")
    print("\nAll events:")
    for event in story.events:
        print(f"  {title_line(event)} ({event.id})")


def _report_changes(found: Storylines) -> None:
    """Print which earlier stories merged and which were split to standard error."""
    for id_, ids in found.merged.items():
        say(f"merged: {', '.join(ids)} are now story {id_}")
    for id_, ids in found.split.items():
        say(f"split: {id_} is now stories {', '.join(ids)}")
