"""The command ``refresh``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relatedstories.addresses import is_database, without_passwords
from relatedstories.cli.console import error_message, log_to_stderr, progress_meter, say
from relatedstories.cli.options import (
    AcrossLanguages,
    LinkOptions,
    Panel,
    ReadOptions,
    RunOptions,
    SourcesArgument,
    TopicOptions,
    as_wrong_usage,
    no_empty_names,
    used_option,
    warn_of_unknown_names,
)
from relatedstories.cli.source import Source, is_file
from relatedstories.disk.atomic import check_target, new_file
from relatedstories.errors import InputError
from relatedstories.pages.reader import SOURCES

if TYPE_CHECKING:
    from relatedstories.changes import Target
    from relatedstories.index.stories import RelatedStories

__all__ = ["EXAMPLES", "OutputOptions", "PageOptions", "refresh"]

EXAMPLES = """
Examples:

  The archive that comes with relatedstories, its links to a file:
    relatedstories refresh sample --links links.jsonl

  A table whose columns have other names:
    relatedstories refresh news.csv --field title=headline \\
        --field date=published --links links.jsonl

  Every night, from a database into a table beside it, with an index
  that makes the next night faster:
    relatedstories refresh sqlite:///news.db --links-table related_links \\
        --index stories --quiet

  The same, faster, where a score may be a few nights old:
    relatedstories refresh sqlite:///news.db --links-table related_links \\
        --index stories --lists changed --quiet

  A folder of Markdown pages, first to see what would change:
    relatedstories refresh site --in-place --dry-run

  Three links per event, none older than 2020, at most one per reason:
    relatedstories refresh news.jsonl --links links.jsonl --k 3 \\
        --since 2020-01-01 --max-per-context 1
"""


class Lists(StrEnum):
    """Which lists a refresh makes."""

    ALL = "all"
    CHANGED = "changed"


_PAGE_OPTIONS = {
    "root": "--root", "key": "--key", "head": "--related-head", "context": "--context-word", "url": "--url",
}  # fmt: skip
"""The option of each parameter of `LinkedPages` that may have a wrong value."""

_ONE_TARGET = "give either --links FILE, --links-table NAME or --in-place"


@dataclass
class OutputOptions:
    """Where the links, the index and the report go."""

    links: Annotated[
        str | None,
        typer.Option(
            "--links",
            metavar="FILE",
            help="Write the links to this file: one line of JSON per event, or a single JSON object if the name ends in .json. "
            "'-' is standard output.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None
    link_field: Annotated[
        list[str] | None,
        typer.Option(
            "--link-field",
            metavar="NAME",
            callback=no_empty_names,
            help="Also write this field of the linked event into each link of --links: title, date, url or a column of your own. "
            "Can be repeated.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None
    links_table: Annotated[
        str | None,
        typer.Option(
            "--links-table",
            metavar="NAME",
            help="Write the links to this table of the database that SOURCE names; it is created if it does not exist.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place",
            metavar="",
            help="Write the links into the Markdown pages of the folder that SOURCE names.",
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = False
    index: Annotated[
        Path | None,
        typer.Option(
            "--index",
            metavar="DIR",
            help="Keep the index in this folder. The next refresh with it is faster, as it reuses the topics of events that "
            "have not changed, and uses the index's settings; 'related' and 'explain' answer from it.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None
    lists: Annotated[
        Lists,
        typer.Option(
            "--lists",
            help="Make the lists of all events, or only (changed) those that can have changed by more than rounding since the "
            "last refresh with --index: of events that are new or edited, or whose nearest events changed. Scores and labels of "
            "all other lists stay as the run left them that made them. All lists are made if options, settings or links are not "
            "as the last refresh left them, and once a tenth of the archive has changed since all were made.",
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = Lists.ALL
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", metavar="", help="Report what would be written, but write no links.", rich_help_panel=Panel.OUTPUT
        ),
    ] = False
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Write a report on the run to this file as JSON, also if the run fails.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None


@dataclass
class PageOptions:
    """How links are written into pages."""

    root: Annotated[
        str,
        typer.Option(
            "--root", metavar="PATH", help="Put this in front of the path of each linked page.", rich_help_panel=Panel.PAGES
        ),
    ] = "/"
    relative: Annotated[
        bool,
        typer.Option(
            "--relative",
            metavar="",
            help="Write paths relative to the page that the link is on, instead of with --root.",
            rich_help_panel=Panel.PAGES,
        ),
    ] = False
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="PATTERN",
            help="Link to the addresses of pages instead of their paths: to the url or permalink of a page, otherwise to this "
            "pattern, such as /:year/:month/:slug/.",
            show_default=False,
            rich_help_panel=Panel.PAGES,
        ),
    ] = None
    wiki_links: Annotated[
        bool | None,
        typer.Option(
            "--wiki-links/--no-wiki-links",
            metavar="",
            help="Whether links are written as Obsidian reads them: [[Name of a note]].",
            show_default="as the folder is one of notes or not",
            rich_help_panel=Panel.PAGES,
        ),
    ] = None
    key: Annotated[
        str,
        typer.Option(
            "--key",
            metavar="NAME",
            help="The key that holds the links in a page's front matter; extra.related for Zola, a key within another.",
            rich_help_panel=Panel.PAGES,
        ),
    ] = "related"
    section: Annotated[
        bool,
        typer.Option(
            "--section",
            metavar="",
            help="Write the links as a section of the text, also in pages that have front matter.",
            rich_help_panel=Panel.PAGES,
        ),
    ] = False
    related_head: Annotated[
        str | None,
        typer.Option(
            "--related-head",
            metavar="HEADING",
            help="The heading, in Markdown, of the section of links. It is not read as text of the event.",
            show_default="'### Related:' in the language of the page",
            rich_help_panel=Panel.PAGES,
        ),
    ] = None
    sources_head: Annotated[
        str,
        typer.Option(
            "--sources-head",
            metavar="HEADING",
            help="The heading, in Markdown, of the section of sources. It is not read as text of the event.",
            rich_help_panel=Panel.PAGES,
        ),
    ] = SOURCES
    context_word: Annotated[
        str | None,
        typer.Option(
            "--context-word",
            metavar="WORD",
            help="The word in front of a link's context, the one or two topics that are the reason for it.",
            show_default="'Context' in the language of the page",
            rich_help_panel=Panel.PAGES,
        ),
    ] = None


def refresh(
    source: SourcesArgument,
    reading: ReadOptions,
    output: OutputOptions,
    pages: PageOptions,
    listing: LinkOptions,
    topics: TopicOptions,
    running: RunOptions,
    across_languages: AcrossLanguages = False,
) -> None:
    """Find the related events of every event in an archive, and bring the stored links up to date.

    An event is one news item: a row or page with an id, a title and, if possible, a date and a text. A link leads from an event
    to a related one, with its rank, its score from 0 to 1 and its context: one or two topics that are the reason for the link.

    Give exactly one of --links, --links-table and --in-place. The old links stay in place until all new ones are found, and
    nothing is written where nothing changed. A run that was stopped continues with the topics it had found when it is started
    again; a second run that writes the same links at the same time ends with an error.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 130 or 143 stopped. Rows that are not valid events are skipped with a warning;
    an optional value that cannot be read, such as a date, is left out with a warning.
    """
    log_to_stderr(running.quiet, running.verbose)
    archive = Source(source, reading, related_head=pages.related_head, sources_head=pages.sources_head, quiet=running.quiet)
    if output.report is not None:
        _check_report_place(output.report, archive, output, listing, topics)
    with _written_report(output.report) as contents:
        from relatedstories.index.storage import check_folder
        from relatedstories.refresh import refresh as refresh_links

        workers = running.workers()
        if output.lists is Lists.CHANGED and (output.index is None or output.links == "-"):
            raise typer.BadParameter("--lists changed goes with --index DIR, and not with --links -")
        archive.check()
        target = _target(archive, output, pages)
        if output.index is not None and not output.dry_run:
            check_folder(output.index)
        keywords = listing.keywords()
        stories = _stories(output.index, topics, across_languages)
        with workers, archive.events() as events, progress_meter(running.quiet) as progress:
            report = refresh_links(
                stories,
                events,
                target,
                listing.k,
                index=output.index,
                n_jobs=running.jobs,
                dry_run=output.dry_run,
                progress=progress,
                lists=output.lists.value,
                **keywords,
            )
        listing.warn_of_unknown_names(stories)
        warn_of_unknown_names(stories, output.link_field or (), "--link-field")
        report.skipped, report.drafts = archive.skipped, archive.drafts
        contents |= report.to_dict()
    if not running.quiet:
        if archive.is_read and not archive.has_dates:
            say(f"no event of {archive.name} has a date; dates make better links: --field date=COLUMN names their column")
        print(report, file=sys.stderr)
        say(f"dry run: nothing is written to {target}" if output.dry_run else f"links are in {target}")


def _target(archive: Source, output: OutputOptions, pages: PageOptions) -> Target:
    """Return the place for the links that the options name."""
    if sum([output.links is not None, output.links_table is not None, output.in_place]) != 1:
        raise typer.BadParameter(_ONE_TARGET)
    if output.link_field and output.links is None:
        raise typer.BadParameter("--link-field goes with --links")
    _check_page_options(archive, output, pages)
    if output.links_table is not None:
        return archive.links_table(output.links_table)
    if output.links is not None:
        return _links_file(archive, output.links, output.link_field or ())
    if not os.path.exists(archive.address) and not is_database(archive.address):
        raise InputError(f"{archive.address}: got no such folder, expected a folder of pages")
    if archive.pages is None:
        raise typer.BadParameter("--in-place goes with a folder of pages as SOURCE")
    from relatedstories.pages.writer import LinkedPages

    with as_wrong_usage(_PAGE_OPTIONS):
        return LinkedPages(
            archive.address,
            archive.pages,
            root=None if pages.relative else pages.root,
            key=None if pages.section else pages.key,
            head=pages.related_head,
            context=pages.context_word,
            url=pages.url,
            wiki=pages.wiki_links,
        )


def _check_page_options(archive: Source, output: OutputOptions, pages: PageOptions) -> None:
    """Raise an error for options on pages that would be passed over."""
    if archive.pages is None and (option := used_option(pages)) is not None:
        raise typer.BadParameter(f"{option} goes with a folder of pages as SOURCE")
    if not output.in_place:
        # the headings also tell what is no text of an event
        written = replace(pages, related_head=None, sources_head=SOURCES)
        if (option := used_option(written)) is not None:
            raise typer.BadParameter(f"{option} goes with --in-place")
    if pages.section and pages.key != PageOptions().key:
        raise typer.BadParameter("give either --section or --key NAME")
    if pages.relative and pages.root != PageOptions().root:
        raise typer.BadParameter("give either --relative or --root PATH")


def _links_file(archive: Source, links: str, fields: Sequence[str]) -> Target:
    """Return the file of links, or standard output, as a place for links."""
    from relatedstories.files.links_file import LinksFile, LinksStream

    target = LinksStream(sys.stdout, fields) if links == "-" else LinksFile(links, fields)
    if is_file(links) and any(os.path.samefile(links, file) for file in archive.files):
        raise InputError(f"{links}: got the archive itself as the place for its links, expected another file")
    return target


def _stories(index: Path | None, topics: TopicOptions, across_languages: bool) -> RelatedStories:
    """Return the index of the run before if there is one that can be used, otherwise a new one."""
    from relatedstories.index.storage import MANIFEST
    from relatedstories.index.stories import RelatedStories

    extractor = topics.extractor()
    if index is not None and (index / MANIFEST).exists():
        try:
            stories = RelatedStories.load(index, extractor)
            if not across_languages or stories.settings["across_languages"]:
                return stories
            say("the old index is not used, and will be replaced: its links do not lead across languages")
        except InputError as error:
            say(f"the old index is not used, and will be replaced: {error}")
    return RelatedStories(extractor, across_languages=across_languages)


def _check_report_place(report: Path, archive: Source, output: OutputOptions, listing: LinkOptions, topics: TopicOptions) -> None:
    """Raise an error where the report would take the place of a file that the run reads or writes."""
    others: list[str | Path | None] = [output.links, listing.pins, listing.blocks, topics.aliases]
    with suppress(InputError):  # raised again when the archive is read, which is in the report
        others += archive.files
    in_index = output.index is not None and report.resolve().is_relative_to(output.index.resolve())
    if in_index or report.resolve() in {Path(path).resolve() for path in others if path is not None}:
        raise typer.BadParameter(f"--report: got {report}, which the run also reads or writes, expected a file of its own")


@contextmanager
def _written_report(file: Path | None) -> Iterator[dict[str, Any]]:
    """Open the contents of the report, which is written when the block ends, also with an error."""
    contents: dict[str, Any] = {}
    if file is None:
        yield contents
        return
    check_target(file)
    outcome: dict[str, Any] = {"status": "done", "started": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
    try:
        yield contents
    except BaseException as error:
        outcome |= {"status": "failed", "error": without_passwords(error_message(error))}
        try:
            _write_report(file, outcome | contents)
        except OSError as of_report:  # what went wrong before counts
            say(error_message(of_report))
        raise
    _write_report(file, outcome | contents)


def _write_report(file: Path, contents: dict[str, Any]) -> None:
    with new_file(file) as out:
        out.write(json.dumps(contents, ensure_ascii=False, indent=1) + "\n")
