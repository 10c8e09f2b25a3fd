"""The command ``build``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relatedstories.cli.console import log_to_stderr, progress_meter, say
from relatedstories.cli.options import AcrossLanguages, Panel, ReadOptions, RunOptions, SourcesArgument, TopicOptions
from relatedstories.cli.source import Source
from relatedstories.counts import counted

__all__ = ["EXAMPLES", "build"]

EXAMPLES = """
Examples:

  An index of the archive that comes with relatedstories, and a question:
    relatedstories build sample --index stories
    relatedstories related 2016-12-01-progress-ms-04 --index stories

  Only the published rows of a table in a database:
    relatedstories build sqlite:///news.db --table articles \\
        --where "published = 1" --field title=headline --index stories
"""


def build(
    source: SourcesArgument,
    reading: ReadOptions,
    topics: TopicOptions,
    running: RunOptions,
    *,
    index: Annotated[
        Path,
        typer.Option(
            "--index",
            metavar="DIR",
            help="Folder to write the index to: a new or empty one, or one with an index, which is replaced.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ],
    across_languages: AcrossLanguages = False,
) -> None:
    """Build the index of an archive, from which the commands related, explain, stats and export answer.

    'refresh --index' keeps the same index beside the links, so a nightly job does not need this command.
    """
    from relatedstories.index.storage import check_folder
    from relatedstories.index.stories import RelatedStories

    log_to_stderr(running.quiet, running.verbose)
    workers = running.workers()
    archive = Source(source, reading, quiet=running.quiet)
    archive.check()
    check_folder(index)
    extractor = topics.extractor()
    with workers, archive.events() as events, progress_meter(running.quiet) as progress:
        stories = RelatedStories(extractor, across_languages=across_languages).fit(events, n_jobs=running.jobs, progress=progress)
    stories.save(index)
    if not running.quiet:
        say(f"the index of {counted(len(stories), 'events')} is in {index}")
