"""The command ``check``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from relatedstories.cli.console import say
from relatedstories.cli.numbers import whole_number_from
from relatedstories.cli.options import AsJson, Panel, TopicOptions
from relatedstories.counts import counted

__all__ = ["EXAMPLES", "check"]

EXAMPLES = """
Examples:

  After a copy, a crash or a change of disk:
    relatedstories check stories

  Files and parts alone, which takes no time for topics:
    relatedstories check stories --rebuild-sample 0
"""


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of an index, as written by 'build' or 'refresh'.")],
    topics: TopicOptions,
    *,
    rebuild_sample: Annotated[
        int,
        typer.Option(
            "--rebuild-sample",
            metavar="N",
            parser=whole_number_from(0),
            help="Make topics, words and links of N events of the index anew and compare them with those in it; 0 for none.",
            rich_help_panel=Panel.RUN,
        ),
    ] = 200,
    as_json: AsJson = False,
) -> None:
    """Check that an index is whole: every file, how its parts fit together, and answers made anew from the events in it.

    Each thing that differs is a line: what, where, got, expected. What was checked goes to standard error. The exit code is 1 if
    anything differs. The index is only read. Give the options for topics that it was built with, if there were any.
    """
    from relatedstories.index.integrity import check_index

    n_faults = 0
    for fault in check_index(folder, rebuild_sample=rebuild_sample, extractor=topics.extractor(), on_checked=say):
        n_faults += 1
        print(json.dumps(fault._asdict(), ensure_ascii=False) if as_json else fault)
    say(f"{folder}: {counted(n_faults, 'faults')}; build the index again" if n_faults else f"{folder}: no fault")
    if n_faults:
        raise typer.Exit(1)
