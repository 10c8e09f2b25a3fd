"""The command ``related``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from relatedstories.cli.formatting import iso_date, title_line
from relatedstories.cli.options import AsJson, Index, LinkOptions, load_index

__all__ = ["EXAMPLES", "related"]

EXAMPLES = """
Examples:

  relatedstories related 2016-12-01-progress-ms-04 --index stories
  relatedstories related 2016-12-01-progress-ms-04 --index stories \\
      --k 3 --older-only --json
"""


def related(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The id of an event in the index.")],
    index: Index,
    listing: LinkOptions,
    as_json: AsJson = False,
) -> None:
    """List the events that are related to one event, best first, each with its context: one or two topics that are the reason."""
    keywords = listing.keywords()
    stories = load_index(index)
    event, links = stories[id_], stories.related(id_, listing.k, **keywords)
    if as_json:
        links_found = [link.to_dict() | {"title": link.event.title, "date": iso_date(link.event)} for link in links]
        answer = {"id": event.id, "title": event.title, "date": iso_date(event), "links": links_found}
        if links.copies:
            answer["copies"] = [{"id": copy.id, "title": copy.title, "date": iso_date(copy)} for copy in links.copies]
        print(json.dumps(answer, ensure_ascii=False))
        return
    print(title_line(event))
    for copy in links.copies:
        print(f"Also published as: {title_line(copy)} ({copy.id})")
    for link in links:
        print(f"\n{link.rank:2}. {title_line(link.event)}")
        if link.label is not None:
            print(f"    Context: {link.label}")
        if link.pinned:
            print("    Pinned")
        if link.duplicates:
            ids = ", ".join(event.id for event in link.duplicates)
            print(f"    and {len(link.duplicates)} near-duplicate{'s' if len(link.duplicates) > 1 else ''}: {ids}")
    if not links:
        print("\n(no related events)")
