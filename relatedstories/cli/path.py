"""The command ``path``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from relatedstories.cli.formatting import link_record, title_line
from relatedstories.cli.options import AsJson, index_option, load_index

__all__ = ["EXAMPLES", "path"]

EXAMPLES = """
Examples:

  relatedstories path 2016-12-01-progress-ms-04 \\
      2017-06-03-spacex-crs-11 --index stories
"""


def path(
    a: Annotated[str, typer.Argument(metavar="A", help="The id of the event to start from.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The id of the event to arrive at.")],
    index: Annotated[Path, index_option()],
    as_json: AsJson = False,
) -> None:
    """Show how one event leads to another: the chain of related events whose weakest step is strongest, and why each follows."""
    stories = load_index(index)
    links = stories.path(a, b)
    if as_json:
        steps = None if links is None else [link_record(link) for link in links]
        print(json.dumps({"from": stories[a].id, "to": stories[b].id, "steps": steps}, ensure_ascii=False))
        return
    print(title_line(stories[a]))
    for link in links or ():
        print(f"\n{link.rank:2}. {title_line(link.event)}")
        if link.label is not None:
            print(f"    Context: {link.label}")
    if links is None:
        print("\n(no chain of related events leads from one to the other)")
