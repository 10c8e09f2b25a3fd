"""The command ``export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from relatedstories.cli.console import log_to_stderr, progress_meter, say
from relatedstories.cli.options import (
    AcrossLanguages,
    LinkOptions,
    OptionalSource,
    Panel,
    ReadOptions,
    RunOptions,
    TopicOptions,
    as_wrong_usage,
    index_option,
    load_index,
    require_one,
)
from relatedstories.cli.source import Source
from relatedstories.errors import InputError

__all__ = ["EXAMPLES", "export"]

EXAMPLES = """
Examples:

  The archive that comes with relatedstories as a site to open in a browser:
    relatedstories export sample --to site --title "The sample"

  An index, with canonical addresses, also as JSON:
    relatedstories export --index stories --to site --format html,json \\
        --base-url https://news.example.org

  Markdown pages for a site generator:
    relatedstories export news.jsonl --to content --format md

  One file for datasette, with a full-text index:
    relatedstories export sample --to sample.db --format sqlite
    datasette sample.db --metadata sample.metadata.json
"""

DATABASE = "sqlite"
"""The format that is one file rather than pages."""


def _not_empty(text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise typer.BadParameter(f"got {text!r}, expected a text that is not empty")
    return text


def _base_url(text: str | None) -> str | None:
    if text is not None:
        from relatedstories.export.render import checked_base_url  # imported only where it is needed, to start faster

        with as_wrong_usage():
            checked_base_url(text)
    return text


def export(
    source: OptionalSource = None,
    *,
    index: Annotated[
        Path | None,
        index_option("Export this index, as written by 'build' or 'refresh', instead of SOURCE."),
    ] = None,
    reading: ReadOptions,
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            metavar="PATH",
            help="Folder to write the site to. Pages of an earlier export that are no longer part of it are removed. With "
            "--format sqlite it is the file to write, such as news.db.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ],
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMATS",
            help="Formats to write, separated by commas: html, json, xml, md; or sqlite alone.",
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = "html",
    title: Annotated[
        str | None,
        typer.Option(
            "--title",
            metavar="TEXT",
            callback=_not_empty,
            help="Title of the site.",
            show_default="Related stories",
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url",
            metavar="URL",
            callback=_base_url,
            help="Address that the site will have on the web, for canonical links, the feed, linked data and a sitemap.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option(
            "--templates",
            metavar="DIR",
            help="Folder of Jinja2 templates, each of which replaces the template of the same name.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            "--licence",
            metavar="TEXT",
            callback=_not_empty,
            help="Licence of the archive, for datasette to show; with --format sqlite.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None,
    listing: LinkOptions,
    topics: TopicOptions,
    running: RunOptions,
    across_languages: AcrossLanguages = False,
) -> None:
    """Write an archive as a web site: a page for each event with its links, day, year, topic and story, and a search.

    Give either SOURCE or --index. Only pages that changed are written; if nothing has changed since the last export, no page is
    made. With --format sqlite one database is written instead.
    """
    log_to_stderr(running.quiet, running.verbose)
    require_one(source, index, reading, topics, across_languages=across_languages)
    archive = None if source is None else Source(source, reading, quiet=running.quiet)
    if archive is not None:
        archive.check()
    workers = running.workers()

    from relatedstories.export import FORMATS, TITLE, export_sqlite
    from relatedstories.export import export as export_site
    from relatedstories.export.render import check_templates
    from relatedstories.export.sqlite_export import check_database
    from relatedstories.export.writer import check_site
    from relatedstories.index.stories import RelatedStories
    from relatedstories.ranking.filters import LinkFilters

    asked = [name.strip() for name in formats.split(",")]
    as_database = asked == [DATABASE]
    for name in asked:
        if name not in FORMATS and not as_database:
            expected = f"some of {', '.join(FORMATS)}, with commas between, or {DATABASE} alone"
            raise typer.BadParameter(f"got --format {formats}, expected {expected}")
    if as_database and (base_url is not None or templates is not None):
        given = "--templates" if base_url is None else "--base-url"
        raise typer.BadParameter(f"got {given} with --format {DATABASE}, expected it with pages only")
    if not as_database and licence is not None:
        raise typer.BadParameter(f"got --licence with --format {formats}, expected it with --format {DATABASE} only")
    (check_database if as_database else check_site)(to)
    if index is not None and to.resolve().is_relative_to(index.resolve()):
        raise InputError(f"{to}: got a place in the folder of the index, which holds nothing else, expected another")
    if archive is not None and not as_database and archive.is_folder:
        place, folder = to.resolve(), Path(archive.address).resolve()
        if place == folder or ("md" in asked and place.is_relative_to(folder)):
            raise InputError(f"{to}: got a folder of the archive itself, which would read its pages as events, expected another")
    if templates is not None:
        check_templates(templates, asked)
    keywords = listing.keywords()
    LinkFilters.of("export", **keywords)
    about: dict[str, Any] = {"title": TITLE if title is None else title}
    about |= {"licence": licence} if as_database else {"base_url": base_url, "templates": templates}
    with workers, progress_meter(running.quiet) as progress:
        if index is not None:
            stories = load_index(index)
        elif archive is not None:
            stories = RelatedStories(topics.extractor(), across_languages=across_languages)
            with archive.events() as events:
                stories.fit(events, n_jobs=running.jobs, progress=progress)
        listing.warn_of_unknown_names(stories)
        about |= {"n_jobs": running.jobs, "progress": progress, **keywords}
        if as_database:
            done: object = export_sqlite(stories, to, listing.k, **about)
        else:
            done = export_site(stories, to, asked, listing.k, **about)
    if not running.quiet:
        print(done, file=sys.stderr)
        say(f"the database is {to}" if as_database else f"pages are in {to}")
