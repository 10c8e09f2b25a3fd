"""The command ``diff``."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from relatedstories.cli.console import say
from relatedstories.cli.options import AsJson

__all__ = ["EXAMPLES", "diff"]

EXAMPLES = """
Examples:

  What last night changed, for a person and for a program:
    relatedstories diff yesterday.jsonl links.jsonl
    relatedstories diff yesterday.jsonl links.jsonl --json

  The links that a setting would change, before it is used:
    relatedstories refresh news.jsonl --links new.jsonl --diversity 0.3
    relatedstories diff links.jsonl new.jsonl
"""

_MARKS = {"added": "+", "removed": "-", "relabelled": "~"}


def diff(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="A file of links, such as that of the run before; '-' is standard input.")
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The file of links to compare with it; '-' is standard input.")],
    as_json: AsJson = False,
) -> None:
    """Compare two files of links: which links were added, removed or got another context.

    Each event with different links is printed, and under it a line per link, marked + (added), - (removed) or ~ (another
    context: the topics given as the reason). The totals go to standard error. The exit code is 0 whether or not
    anything differs.
    """
    from relatedstories.changes import Difference, change_to_dict, changes_between
    from relatedstories.files.links_file import require_links

    if old == new == Path("-"):
        raise typer.BadParameter("got - (standard input) as OLD and as NEW, expected a file as one of them")
    standard_input = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
    links_old, links_new = (
        require_links(Path("standard input"), standard_input) if path == Path("-") else require_links(path) for path in (old, new)
    )
    difference = Difference()
    for change in changes_between(links_old, links_new):
        difference.count(change)
        changed_links = change_to_dict(change)
        if not any(changed_links[part] for part in _MARKS):
            continue
        if as_json:
            print(json.dumps(changed_links, ensure_ascii=False))
            continue
        print(change.id + (" (new)" if change.before is None else " (gone)" if change.after is None else ""))
        for part, mark in _MARKS.items():
            for id_, context in changed_links[part].items():
                label = " -> ".join(str(one) for one in context) if isinstance(context, list) else context
                print(f"  {mark} {id_}" + (f"  Context: {label}" if label else ""))
    say(str(difference))
