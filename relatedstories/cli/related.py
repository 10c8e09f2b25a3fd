"""The command ``related``."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relatedstories.cli.formatting import event_record, link_record, title_line
from relatedstories.cli.options import AsJson, LinkOptions, Panel, ReadOptions, index_option, load_index, refuse_with_index
from relatedstories.cli.source import Source
from relatedstories.counts import counted
from relatedstories.events import Event
from relatedstories.files.draft import draft_of_file, draft_of_text

if TYPE_CHECKING:
    from relatedstories.index.stories import RelatedStories

__all__ = ["EXAMPLES", "related"]


class Order(StrEnum):
    """The orders of a list."""

    SCORE = "score"
    TIMELINE = "timeline"


EXAMPLES = """
Examples:

  relatedstories related 2016-12-01-progress-ms-04 --index stories
  relatedstories related 2016-12-01-progress-ms-04 --index stories \\
      --k 3 --older-only --json

  For a draft that is not in the archive, from an index or from an archive:
    relatedstories related --index stories --title "Snow closes an airport"
    relatedstories related sample --draft-file story.txt
    cat story.txt | relatedstories related --index stories --draft-file -
"""


def related(
    id_or_source: Annotated[
        str | None,
        typer.Argument(
            metavar="ID|SOURCE",
            help="The id of an event in the index; or, for a draft, the archive to find related events in, if there is no index.",
            show_default=False,
        ),
    ] = None,
    *,
    index: Annotated[Path | None, index_option()] = None,
    draft_title: Annotated[
        str | None,
        typer.Option("--title", metavar="TEXT", help="The title of a draft.", show_default=False, rich_help_panel=Panel.DRAFT),
    ] = None,
    draft_text: Annotated[
        str | None,
        typer.Option("--text", metavar="TEXT", help="The text of a draft.", show_default=False, rich_help_panel=Panel.DRAFT),
    ] = None,
    draft_file: Annotated[
        str | None,
        typer.Option(
            "--draft-file",
            metavar="FILE",
            help="Read the draft from this file of plain text, HTML, Markdown or JSON; '-' is standard input.",
            show_default=False,
            rich_help_panel=Panel.DRAFT,
        ),
    ] = None,
    order: Annotated[
        Order,
        typer.Option(
            "--order",
            help="List the best first, or a few events from before and a few from after, by date.",
            rich_help_panel=Panel.LINKS,
        ),
    ] = Order.SCORE,
    listing: LinkOptions,
    reading: ReadOptions,
    as_json: AsJson = False,
) -> None:
    """List the events that are related to one event, best first, with its context: one or two topics that are the reason.

    The event is one of the index, or a draft that is given by --title, --text or --draft-file.
    """
    draft = _draft(draft_title, draft_text, draft_file)
    if draft is None and (id_or_source is None or index is None):
        raise typer.BadParameter("give ID and --index DIR, or a draft: --title, --text or --draft-file")
    if draft is not None and (id_or_source is None) == (index is None):
        raise typer.BadParameter("give either SOURCE or --index DIR with a draft, to find related events in")
    if index is not None:
        refuse_with_index(reading)
    keywords = listing.keywords()
    stories = load_index(index) if index is not None else _stories_of(str(id_or_source), reading)
    event = stories[str(id_or_source)] if draft is None else draft
    links = stories.related(event, listing.k, order=order.value, **keywords)
    listing.warn_of_unknown_names(stories)
    if as_json:
        answer = event_record(event) | {"links": [link_record(link) for link in links]}
        if links.copies:
            answer["copies"] = [event_record(copy) for copy in links.copies]
        print(json.dumps(answer, ensure_ascii=False))
        return
    print(title_line(event))
    for copy in links.copies:
        print(f"Also published as: {title_line(copy)} ({copy.id})")
    for link in links:
        print(f"\n{link.rank:2}. {title_line(link.event)}")
        if link.label is not None:
            print(f"    {'Topic' if link.fallback else 'Context'}: {link.label}")
        if link.fallback is not None:
            print(f"    Fills the list: {'among the newest with this topic' if link.label else 'among the newest before'}")
        if link.pinned:
            print("    Pinned")
        if link.duplicates:
            ids = ", ".join(event.id for event in link.duplicates)
            print(f"    and {counted(len(link.duplicates), 'near-duplicates')}: {ids}")
    if not links:
        print("\n(no related events)")


def _draft(title: str | None, text: str | None, file: str | None) -> Event | None:
    """Return the draft that options give; None if they give none."""
    if file is not None:
        if title is not None or text is not None:
            raise typer.BadParameter("give either --draft-file, or --title and --text")
        return draft_of_text(sys.stdin.buffer.read().decode(errors="replace")) if file == "-" else draft_of_file(Path(file))
    if title is None and text is None:
        return None
    if not (title or "").strip() and not (text or "").strip():
        raise typer.BadParameter("got an empty draft, expected a title or a text")
    return draft_of_text(text or "", title)


def _stories_of(source: str, reading: ReadOptions) -> RelatedStories:
    """Return the index of an archive that is made for this question alone."""
    from relatedstories.index.stories import RelatedStories

    with Source(source, reading, quiet=True).events() as events:
        return RelatedStories().fit(events, n_jobs=-1)
