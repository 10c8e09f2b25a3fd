"""The command line: ``relatedstories refresh``, ``diff``, ``related``, ``explain``, ``topics``, ``build`` and so on.

Data go to standard output, progress and warnings to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 and 143
stopped.
"""

from __future__ import annotations

import collections
import io
import json
import logging
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relatedstories.addresses import is_database, without_passwords
from relatedstories.cli.console import meter, say, show_log
from relatedstories.disk.atomic import check_target, new_file
from relatedstories.errors import BadValueError, InputError
from relatedstories.events import Event, parse_date
from relatedstories.files.formats import SUFFIXES
from relatedstories.files.keyed_lists import read_lists
from relatedstories.judging.judgements import QUERIES
from relatedstories.pages.reader import RELATED, SOURCES, Pages, read_pages
from relatedstories.records import DRAFTS, READ_FIELDS
from relatedstories.sources import SAMPLE, read_events

if TYPE_CHECKING:
    from relatedstories.changes import Target
    from relatedstories.evaluation.evaluator import Evaluation
    from relatedstories.index.stories import RelatedStories
    from relatedstories.ranking.filters import Keywords
    from relatedstories.topics.extractor import TopicExtractor
    from relatedstories.topics.topic import Topic

__all__ = ["app", "main"]

app = typer.Typer(
    name="relatedstories",
    help="For every event in a news archive, the handful of others a reader should see next, and why.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _no_zero(jobs: int) -> int:
    if jobs == 0:
        raise typer.BadParameter("0 is neither a number of processes nor -1.")
    return jobs


MAX_SHOWN = 20
"""Of rows that are skipped, so many are shown one by one; the rest are counted."""

_OPTIONAL: dict[str, Any] = {"text": "", "date": None, "heading": None, "topics": ()}
"""The fields that ranking can do without, each with its value where there is none."""

Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A .jsonl, .csv (each also .gz), .tsv or .parquet file, a database's address, a folder of pages, or 'sample'.",
        show_default=False,
    ),
]
Field = Annotated[
    list[str] | None,
    typer.Option(
        "--field", metavar="FIELD=COLUMN", help=f"Read a field ({', '.join(READ_FIELDS)}) from this column. Repeatable."
    ),
]
Draft = Annotated[
    list[str],
    typer.Option("--draft", metavar="VALUE", help="Of --field status=COLUMN, what is left out, for 'draft'. Repeatable."),
]
_DATABASES = "Databases"
Table = Annotated[
    str | None,
    typer.Option(
        "--table",
        metavar="NAME",
        help="The table or view to read, schema.name if need be; 'events' by default.",
        show_default=False,
        rich_help_panel=_DATABASES,
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where", metavar="SQL", help="A condition that its rows meet.", show_default=False, rich_help_panel=_DATABASES
    ),
]
Query = Annotated[
    str | None,
    typer.Option(
        "--query", metavar="SQL", help="Read what this query gives, instead.", show_default=False, rich_help_panel=_DATABASES
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be an event, do not skip it.")]
Index = Annotated[
    Path, typer.Option("--index", metavar="DIR", help="The folder of an index that build wrote.", show_default=False)
]
K = Annotated[int, typer.Option("--k", "-k", min=1, help="How many links an event at most.")]
Jobs = Annotated[
    int,
    typer.Option("--jobs", "-j", min=-1, callback=_no_zero, help="Processes to work on; -1 for as many as there are cores."),
]


class Engine(StrEnum):
    """Where the work is done."""

    LOCAL = "local"
    DASK = "dask"


EngineName = Annotated[Engine, typer.Option("--engine", help="Where to work: here, or on the workers of a Dask cluster.")]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="The cluster's, as tcp://host:8786.", show_default=False),
]
Aliases = Annotated[
    Path | None,
    typer.Option(
        "--aliases",
        metavar="FILE",
        help="Names of your own: a line a topic, its name and its other names, tab-separated; or .csv, .json.",
        show_default=False,
    ),
]
Ignore = Annotated[list[str] | None, typer.Option("--ignore", metavar="TOPIC", help="A topic that never counts. Repeatable.")]
Threshold = Annotated[
    float | None,
    typer.Option("--threshold", min=0, max=1, help="Only topics that an editor would link so probably.", show_default=False),
]


def _day(text: str | None) -> str | None:
    try:
        parse_date(text)
    except BadValueError as error:
        raise typer.BadParameter(f"got {error.got}, expected {error.expected}") from None
    return text


_LISTS = "Lists"
IncludeNewer = Annotated[
    bool, typer.Option("--include-newer/--older-only", help="Whether an event may list later ones.", rich_help_panel=_LISTS)
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="DAY", callback=_day, help="The first day that may be listed.", rich_help_panel=_LISTS),
]
Until = Annotated[str | None, typer.Option("--until", metavar="DAY", callback=_day, help="And the last.", rich_help_panel=_LISTS)]
MaxPerContext = Annotated[
    int | None,
    typer.Option("--max-per-context", min=1, help="Links of one context at most.", show_default=False, rich_help_panel=_LISTS),
]
Diversity = Annotated[
    float,
    typer.Option("--diversity", min=0, max=1, help="From 0, the best, towards 1, unlike each other.", rich_help_panel=_LISTS),
]
Pins = Annotated[
    Path | None,
    typer.Option(
        "--pins",
        metavar="FILE",
        help="Events to list first: a line an event, its id and theirs, tab-separated; or .csv, .json.",
        show_default=False,
        rich_help_panel=_LISTS,
    ),
]
BlockedIndex = Annotated[
    Path | None,
    typer.Option(
        "--blocks", metavar="FILE", help="Events never to list, in such a file.", show_default=False, rich_help_panel=_LISTS
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say what is done, and when.")]
_PAGES = "Pages"
RelatedHead = Annotated[
    str, typer.Option("--related-head", metavar="HEADING", help="Of the section of links.", rich_help_panel=_PAGES)
]
SourcesHead = Annotated[
    str, typer.Option("--sources-head", metavar="HEADING", help="Of the section of sources.", rich_help_panel=_PAGES)
]


def main() -> None:
    """Run the command line; never a traceback, unless --debug stands anywhere in it."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the terminal's: JSON is UTF-8
    signal.signal(signal.SIGTERM, _terminated)
    warnings.showwarning = _warned  # type: ignore[assignment]
    show_log()
    try:
        code = _run(arguments)
    except BrokenPipeError:  # the reader, head for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except KeyboardInterrupt:
        say("stopped; what was there before is whole")
        code = 130
    except (InputError, OSError) as error:
        if debug:
            raise
        say(f"error: {_message(error)}")
        code = 1
    except Exception as error:
        if debug:
            raise
        say(f"error: {type(error).__name__}: {error} (an error of ours; --debug shows where)")
        code = 1
    sys.exit(code)


def _terminated(*_: object) -> None:
    """As after Ctrl-C: temporary files and worker processes do not stay behind."""
    say("terminated; what was there before is whole")
    sys.exit(143)


def _warned(message: Warning | str, *_: object) -> None:
    say(f"warning: {message}")


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    try:
        result = command.main(arguments, prog_name="relatedstories", standalone_mode=False)
        print(end="", flush=True)  # here, where a full disk still counts as an error
    except Exception as error:
        # Of click, which typer may carry under a name of its own, only what its exceptions can do is known.
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from None
        if hasattr(error, "show") and hasattr(error, "exit_code"):
            if isinstance(said := getattr(error, "message", None), str):
                error.message = without_passwords(said)  # type: ignore[attr-defined]
            error.show()
            return int(error.exit_code)
        raise
    if result == 130:  # so typer says that it was interrupted; older ones say Abort
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


# ---------------------------------------------------------------------- commands


def _show_version(asked: bool) -> None:
    if asked:
        from relatedstories import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")] = False,
) -> None:
    """For every event in a news archive, the handful of others a reader should see next, and why."""
    del debug, version  # main and the callback have seen to them


@app.command()
def refresh(
    source: Source,
    links: Annotated[
        str | None,
        typer.Option(
            "--links",
            metavar="FILE",
            help="Where the links go: lines of JSON, or one object if it ends in .json; - for standard output.",
            show_default=False,
        ),
    ] = None,
    links_table: Annotated[
        str | None,
        typer.Option(
            "--links-table", metavar="NAME", help="Or this table of the database they are read from.", show_default=False
        ),
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Or the pages themselves, where SOURCE is a folder.")] = False,
    k: K = 5,
    jobs: Jobs = -1,
    engine: EngineName = Engine.LOCAL,
    scheduler: Scheduler = None,
    field: Field = None,
    draft: Draft = [*DRAFTS],  # noqa: B006 - never changed
    table: Table = None,
    where: Where = None,
    query: Query = None,
    strict: Strict = False,
    index: Annotated[
        Path | None,
        typer.Option(
            "--index",
            metavar="DIR",
            help="Keep the index here, too: the next refresh takes its tuned weights, and the topics of what has not changed.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would be written; write nothing.")] = False,
    report_file: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write the report here as JSON, of a failure too.", show_default=False),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    aliases: Aliases = None,
    ignore: Ignore = None,
    threshold: Threshold = None,
    include_newer: IncludeNewer = True,
    since: Since = None,
    until: Until = None,
    max_per_context: MaxPerContext = None,
    diversity: Diversity = 0.0,
    pins: Pins = None,
    blocks: BlockedIndex = None,
    root: Annotated[
        str, typer.Option("--root", metavar="PATH", help="What links begin with: /archive/, say.", rich_help_panel=_PAGES)
    ] = "/",
    relative: Annotated[
        bool, typer.Option("--relative", help="Or links relative to the page they are on.", rich_help_panel=_PAGES)
    ] = False,
    key: Annotated[
        str, typer.Option("--key", metavar="NAME", help="Of the links in front matter.", rich_help_panel=_PAGES)
    ] = "related",
    section: Annotated[
        bool, typer.Option("--section", help="Or a section in pages with front matter too.", rich_help_panel=_PAGES)
    ] = False,
    related_head: RelatedHead = RELATED,
    sources_head: SourcesHead = SOURCES,
    context_word: Annotated[
        str, typer.Option("--context-word", metavar="WORD", help="Before the context of a link.", rich_help_panel=_PAGES)
    ] = "Context",
) -> None:
    """Bring the links of every event of an archive up to date: in a file, a table of a database, or its pages."""
    show_log(quiet, verbose)
    if report_file is not None:
        others = [_file(source), links, pins, blocks, aliases]
        inside = index is not None and report_file.resolve().is_relative_to(index.resolve())
        if inside or report_file.resolve() in {Path(path).resolve() for path in others if path is not None}:
            raise typer.BadParameter(f"got {report_file} as the place for the report too, expected one of its own")
    with _reported(report_file) as told:
        from relatedstories.index.storage import MANIFEST, check_folder
        from relatedstories.index.stories import RelatedStories
        from relatedstories.refresh import refresh as run

        workers = _workers(engine, scheduler, jobs)
        reading = _Reading(source, _mapping(field), strict, table, where, query, draft, related_head, sources_head)
        to: Target
        if in_place:
            if links is not None or links_table is not None:
                raise typer.BadParameter("give either --links FILE, --links-table NAME or --in-place")
            if not os.path.exists(source) and not is_database(source):
                raise InputError(f"{source}: got no such folder, expected a folder of pages")
            if reading.pages is None:
                raise typer.BadParameter("--in-place goes with a folder of pages as SOURCE")
            from relatedstories.pages.writer import LinkedPages

            to = LinkedPages(
                source,
                reading.pages,
                root=None if relative else root,
                key=None if section else key,
                head=related_head,
                context=context_word,
            )
        else:
            to = _target(source, links, links_table)
        archive = _file(source)
        if links is not None and _is_file(links) and archive is not None and os.path.samefile(links, archive):
            raise InputError(f"{links}: got the archive itself as the place for its links, expected another file")
        if index is not None and not dry_run:
            check_folder(index)
        keywords = _keywords(include_newer, since, until, max_per_context, diversity, pins, blocks)
        stories = RelatedStories(_extractor(aliases, ignore, threshold))
        if index is not None and (index / MANIFEST).exists():
            try:
                stories = RelatedStories.load(index, stories.extractor)
            except InputError as error:  # it is to be replaced anyway
                say(f"the old index is not used: {error}")
        with workers, reading.events() as events, meter(quiet) as progress:
            report = run(stories, events, to, k, index=index, n_jobs=jobs, dry_run=dry_run, progress=progress, **keywords)
        report.skipped, report.drafts = reading.skipped, reading.drafts
        told |= report.to_dict()
    if not quiet:
        if reading.pages is not None:
            say(str(reading.pages))
        if not reading.dated:
            say(f"no event of {reading.name} has a date, with which links are better: --field date=COLUMN names its column")
        print(report, file=sys.stderr)
        say(f"dry run: nothing is written to {to}" if dry_run else f"links are in {to}")


@contextmanager
def _reported(file: Path | None) -> Iterator[dict[str, Any]]:
    """What is to be in the report, which is written when the block ends, however it does."""
    told: dict[str, Any] = {}
    if file is None:
        yield told
        return
    check_target(file)
    outcome: dict[str, Any] = {"status": "done", "started": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
    try:
        yield told
    except BaseException as error:
        said = _message(error) if isinstance(error, (InputError, OSError)) else f"{type(error).__name__}: {error}"
        outcome |= {"status": "failed", "error": without_passwords(said)}
        raise
    finally:
        with new_file(file) as out:
            out.write(json.dumps(outcome | told, ensure_ascii=False, indent=1) + "\n")


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A file of links, of the run before, say.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Another.")],
    as_json: AsJson = False,
) -> None:
    """List the events whose links differ between two files of links, and count what does."""
    from relatedstories.changes import Difference, change_to_dict, changes_between
    from relatedstories.files.links_file import require_links

    difference = Difference()
    marks = {"added": "+", "removed": "-", "relabelled": "~"}
    for change in changes_between(require_links(old), require_links(new)):
        difference.count(change)
        differs = change_to_dict(change)
        if not any(differs[part] for part in marks):
            continue
        if as_json:
            print(json.dumps(differs, ensure_ascii=False))
            continue
        print(change.id + (" (new)" if change.before is None else " (gone)" if change.after is None else ""))
        for part, mark in marks.items():
            for id_, context in differs[part].items():
                told = " -> ".join(str(one) for one in context) if isinstance(context, list) else context
                print(f"  {mark} {id_}" + (f"  Context: {told}" if told else ""))
    say(str(difference))


@app.command()
def build(
    source: Source,
    index: Annotated[Path, typer.Option("--index", metavar="DIR", help="The folder to write the index to.", show_default=False)],
    jobs: Jobs = -1,
    engine: EngineName = Engine.LOCAL,
    scheduler: Scheduler = None,
    field: Field = None,
    table: Table = None,
    where: Where = None,
    query: Query = None,
    draft: Draft = [*DRAFTS],  # noqa: B006 - never changed
    strict: Strict = False,
    aliases: Aliases = None,
    ignore: Ignore = None,
    threshold: Threshold = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Build the index of an archive, for related and explain to answer from."""
    from relatedstories.index.storage import check_folder
    from relatedstories.index.stories import RelatedStories

    show_log(quiet, verbose)
    workers = _workers(engine, scheduler, jobs)
    check_folder(index)
    extractor = _extractor(aliases, ignore, threshold)
    reading = _Reading(source, _mapping(field), strict, table, where, query, draft)
    with workers, reading.events() as events, meter(quiet) as progress:
        stories = RelatedStories(extractor).fit(events, n_jobs=jobs, progress=progress)
    stories.save(index)
    if not quiet:
        say(f"index of {len(stories)} events is in {index}")


@app.command()
def export(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder of the site.", show_default=False)],
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="An archive, as refresh reads it.", show_default=False)
    ] = None,
    index: Annotated[
        Path | None, typer.Option("--index", metavar="DIR", help="Or an index of it that build wrote.", show_default=False)
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", metavar="FORMATS", help="Which of html, json, xml and md to write, with commas between.")
    ] = "html",
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Of the site.", show_default=False)] = None,
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="Where the site will be, for canonical links.", show_default=False),
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option(
            "--templates", metavar="DIR", help="Jinja2 templates in place of those of the same name.", show_default=False
        ),
    ] = None,
    k: K = 5,
    jobs: Jobs = -1,
    engine: EngineName = Engine.LOCAL,
    scheduler: Scheduler = None,
    field: Field = None,
    table: Table = None,
    where: Where = None,
    query: Query = None,
    draft: Draft = [*DRAFTS],  # noqa: B006 - never changed
    strict: Strict = False,
    aliases: Aliases = None,
    ignore: Ignore = None,
    threshold: Threshold = None,
    include_newer: IncludeNewer = True,
    since: Since = None,
    until: Until = None,
    max_per_context: MaxPerContext = None,
    diversity: Diversity = 0.0,
    pins: Pins = None,
    blocks: BlockedIndex = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write an archive as a site: a page an event with its links, a day, a year and a topic."""
    show_log(quiet, verbose)
    if (source is None) == (index is None):
        raise typer.BadParameter("give either SOURCE or --index DIR")
    only_source: dict[str, object] = {"--aliases": aliases, "--ignore": ignore, "--threshold": threshold}
    only_source |= {"--field": field, "--table": table, "--where": where, "--query": query, "--strict": strict or None}
    given = next((name for name, value in only_source.items() if value is not None), None)
    if index is not None and given is not None:
        raise typer.BadParameter(f"{given} goes with SOURCE: an index has been read, and its topics found")
    workers = _workers(engine, scheduler, jobs)

    from relatedstories.export import FORMATS, TITLE
    from relatedstories.export import export as run
    from relatedstories.export.writer import check_site
    from relatedstories.index.stories import RelatedStories

    asked = [name.strip() for name in formats.split(",")]
    for name in asked:
        if name not in FORMATS:
            raise typer.BadParameter(f"got --format {formats}, expected some of {', '.join(FORMATS)}, with commas between")
    check_site(to)
    if index is not None and to.resolve().is_relative_to(index.resolve()):
        raise InputError(f"{to}: got a place in the folder of the index, which holds nothing else, expected another")
    keywords = _keywords(include_newer, since, until, max_per_context, diversity, pins, blocks)
    about: dict[str, Any] = {"title": TITLE if title is None else title, "base_url": base_url, "templates": templates}
    with workers, meter(quiet) as progress:
        if index is not None:
            stories = _load(index)
        else:
            stories = RelatedStories(_extractor(aliases, ignore, threshold))
            reading = _Reading(str(source), _mapping(field), strict, table, where, query, draft)
            with reading.events() as events:
                stories.fit(events, n_jobs=jobs, progress=progress)
        report = run(stories, to, asked, k, **about, n_jobs=jobs, progress=progress, **keywords)
    if not quiet:
        print(report, file=sys.stderr)
        say(f"pages are in {to}")


def _target(source: str, links: str | None, links_table: str | None) -> Target:
    from relatedstories.targets import as_target

    if links is not None and links_table is None:
        return as_target(sys.stdout if links == "-" else links)
    if links_table is None or links is not None:
        raise typer.BadParameter("give either --links FILE, --links-table NAME or --in-place")
    if not is_database(source):
        raise typer.BadParameter("--links-table goes with the address of a database as SOURCE")
    from relatedstories.databases.links_table import LinksTable

    return LinksTable(source, links_table)


def _workers(engine: Engine, scheduler: str | None, jobs: int) -> AbstractContextManager[None]:
    """What the work is to be done within; nothing is connected to before that is entered."""
    if engine is Engine.LOCAL:
        if scheduler is not None:
            raise typer.BadParameter("--scheduler goes with --engine dask")
        return nullcontext()
    if scheduler is None:
        raise typer.BadParameter("--engine dask needs --scheduler ADDRESS")
    if jobs != -1:
        raise typer.BadParameter(f"got --jobs {jobs} and --engine dask, which works on all workers of the cluster")
    from relatedstories.parallel import on_dask

    logging.disable(logging.ERROR)  # of distributed, on connections that end; what became of the run is ours to say
    return on_dask(scheduler)


def _extractor(aliases: Path | None, ignore: list[str] | None, threshold: float | None) -> TopicExtractor:
    from relatedstories.topics.extractor import TopicExtractor

    return TopicExtractor(threshold=threshold, aliases=aliases, ignored=ignore or ())


@app.command()
def related(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The id of an event.")],
    index: Index,
    k: K = 5,
    as_json: AsJson = False,
    include_newer: IncludeNewer = True,
    since: Since = None,
    until: Until = None,
    max_per_context: MaxPerContext = None,
    diversity: Diversity = 0.0,
    pins: Pins = None,
    blocks: BlockedIndex = None,
) -> None:
    """List the events to see next after an event."""
    keywords = _keywords(include_newer, since, until, max_per_context, diversity, pins, blocks)
    stories = _load(index)
    event, links = stories[id_], stories.related(id_, k, **keywords)
    if as_json:
        listed = [link.to_dict() | {"title": link.event.title, "date": _date(link.event)} for link in links]
        print(json.dumps({"id": event.id, "title": event.title, "date": _date(event), "links": listed}, ensure_ascii=False))
        return
    print(_head(event))
    for link in links:
        print(f"\n{link.rank:2}. {_head(link.event)}")
        if link.context is not None:
            print(f"    Context: {link.context}")
        if link.pinned:
            print("    Pinned")
        if link.duplicates:
            ids = ", ".join(event.id for event in link.duplicates)
            print(f"    and {len(link.duplicates)} near-duplicate{'s' if len(link.duplicates) > 1 else ''}: {ids}")
    if not links:
        print("\n(no related events)")


@app.command()
def explain(
    a: Annotated[str, typer.Argument(metavar="A", help="The id of an event.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The id of another.")],
    index: Index,
    as_json: AsJson = False,
) -> None:
    """Say why two events are related: each shared topic and term with its part of the score."""
    explanation = _load(index).explain(a, b)
    if as_json:
        print(json.dumps(explanation.to_dict(), ensure_ascii=False))
        return
    print(f"{_head(explanation.a)}\n{_head(explanation.b)}\n\n{explanation}")


@app.command()
def topics(
    text: Annotated[
        str, typer.Argument(metavar="TEXT|FILE", help="A text, a file of events or of text, or - for standard input.")
    ],
    field: Field = None,
    table: Table = None,
    where: Where = None,
    query: Query = None,
    strict: Strict = False,
    as_json: AsJson = False,
    aliases: Aliases = None,
    ignore: Ignore = None,
    threshold: Threshold = None,
) -> None:
    """List the topics of a text, or of every event of a file."""
    extractor = _extractor(aliases, ignore, threshold)
    if not _is_archive(text):
        if text == "-":
            text = sys.stdin.buffer.read().decode(errors="replace")
        elif _is_file(text):
            text = Path(text).read_text(encoding="utf-8", errors="replace")
        text = text.encode("utf-8", "replace").decode()  # an argument that is not UTF-8
        _print_topics(None, extractor.extract(text), as_json)
        return
    with _Reading(text, _mapping(field), strict, table, where, query).events() as events:
        kept: collections.deque[Event] = collections.deque()  # those that the extractor has taken and not yet given back

        def keep() -> Iterator[Event]:
            for event in events:
                kept.append(event)
                yield event

        for found in extractor.extract_many(keep()):
            _print_topics(kept.popleft(), found, as_json)


@app.command()
def evaluate(
    source: Source,
    judgements: Annotated[
        Path | None,
        typer.Option(
            "--judgements",
            metavar="FILE",
            help="TREC qrels, a line 'query iteration document gain' each. By default the headings judge.",
            show_default=False,
        ),
    ] = None,
    heading_path: Annotated[
        str | None,
        typer.Option(
            "--heading-path",
            metavar="COLUMN",
            help="Where headings judge: the column with all headings above an event, a list or a text split at ';'.",
            show_default=False,
        ),
    ] = None,
    k: K = 5,
    queries: Annotated[
        int, typer.Option("--queries", metavar="N", min=1, help="Of more events judged, ask about a sample of N.")
    ] = QUERIES,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="FIELD", help=f"Rank without this field ({', '.join(_OPTIONAL)}). Repeatable."),
    ] = None,
    runs: Annotated[
        Path | None,
        typer.Option("--runs", metavar="DIR", help="Write qrels and run files here, in TREC's formats.", show_default=False),
    ] = None,
    jobs: Jobs = -1,
    field: Field = None,
    table: Table = None,
    where: Where = None,
    query: Query = None,
    strict: Strict = False,
    aliases: Aliases = None,
    ignore: Ignore = None,
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Measure the links against judgements, beside TF-IDF, BM25, shared topics and the newest.

    Without --judgements the archive's headings judge: gain 2 for the same
    heading, 1 for one of --heading-path in common. Their column is named by
    --field heading=COLUMN. They are taken from the events before anything is
    ranked, and with them any other field that is read from these columns: a
    ranker that was told the answer would not be measured.
    """
    columns = _mapping(field)
    for name in without or ():
        if name not in _OPTIONAL:
            raise typer.BadParameter(f"got --without {name}, expected one of {', '.join(_OPTIONAL)}")
    if judgements is not None and heading_path is not None:
        raise typer.BadParameter("give either --judgements FILE or --heading-path COLUMN")
    dropped = set(without or ())
    if judgements is None:
        judging = {columns.get("heading", "heading"), heading_path}
        dropped |= {name for name in _OPTIONAL if columns.get(name, name) in judging}
        dropped.discard("heading")  # which the evaluation needs, and keeps from the ranker
    if heading_path is not None:
        columns["sources"] = heading_path  # a list of texts as it is, and no part of ranking

    from relatedstories.evaluation.evaluator import check_runs_folder
    from relatedstories.evaluation.evaluator import evaluate as run
    from relatedstories.index.stories import RelatedStories
    from relatedstories.judging.judgements import check_ids, read_qrels

    if runs is not None:
        check_runs_folder(runs)
    gains = None if judgements is None else read_qrels(judgements)
    stories = RelatedStories(_extractor(aliases, ignore, threshold))
    with _Reading(source, columns, strict, table, where, query).events() as events:
        archive = [replace(event, **{name: _OPTIONAL[name] for name in dropped}) for event in events]
    if runs is not None:
        check_ids(event.id for event in archive)
    above = None
    if heading_path is not None:
        above = {event.id: [part for part in event.sources if isinstance(part, str)] for event in archive}
    with meter() as progress:
        evaluation = run(archive, gains, k, above=above, queries=queries, stories=stories, n_jobs=jobs, progress=progress)
    if runs is not None:
        evaluation.write_runs(runs)
        say(f"judgements and lists are in {runs}")
    if as_json:
        print(json.dumps(evaluation.to_dict(), ensure_ascii=False))
    else:
        _print_evaluation(evaluation)


@app.command()
def stats(
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="An archive, as refresh reads it.", show_default=False)
    ] = None,
    index: Annotated[
        Path | None, typer.Option("--index", metavar="DIR", help="Or an index, which knows its topics.", show_default=False)
    ] = None,
    field: Field = None,
    table: Table = None,
    where: Where = None,
    query: Query = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Count what an archive or an index holds."""
    if (source is None) == (index is None):
        raise typer.BadParameter("give either SOURCE or --index DIR")
    figures: dict[str, Any]
    if index is not None:
        stories = _load(index)
        counted = collections.Counter(topic.name for event in stories for topic in stories.topics(event.id))
        figures = _figures(list(stories)) | {
            "topics": len(counted),
            "topics an event": round(counted.total() / max(1, len(stories)), 2),
            "commonest topics": dict(counted.most_common(10)),
        }
    else:
        with _Reading(str(source), _mapping(field), strict, table, where, query).events() as events:
            figures = _figures(list(events))
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        shown = ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        print(f"{name}: {shown}")


# ---------------------------------------------------------------------- their parts


def _keywords(
    include_newer: bool,
    since: str | None,
    until: str | None,
    max_per_context: int | None,
    diversity: float,
    pins: Path | None,
    blocks: Path | None,
) -> Keywords:
    """The options on lists as the keywords of `RelatedStories.related`."""
    pinned, blocked = (
        None if path is None else read_lists(path, "a file of ids", "an object of ids and lists of ids")
        for path in (pins, blocks)
    )
    return {
        "include_newer": include_newer,
        "since": since,
        "until": until,
        "max_per_context": max_per_context,
        "diversity": diversity,
        "pinned": pinned,
        "blocked": blocked,
    }


def _load(folder: Path) -> RelatedStories:
    from relatedstories.index.stories import RelatedStories

    return RelatedStories.load(folder)


def _figures(events: list[Event]) -> dict[str, Any]:
    dates = sorted(event.date for event in events if event.date is not None)
    return {
        "events": len(events),
        "first date": dates[0].isoformat() if dates else None,
        "last date": dates[-1].isoformat() if dates else None,
        "without date": len(events) - len(dates),
        "with heading": sum(event.heading is not None for event in events),
        "with topics given": sum(bool(event.topics) for event in events),
        "characters an event": round(sum(len(event.full_text) for event in events) / max(1, len(events))),
        "events a year": {str(year): count for year, count in sorted(collections.Counter(date.year for date in dates).items())},
    }


def _print_topics(event: Event | None, found: tuple[Topic, ...], as_json: bool) -> None:
    if as_json:
        listed = [
            {
                "name": topic.name,
                "kind": topic.kind,
                "mentions": [{"text": str(mention), "start": mention.start, "end": mention.end} for mention in topic.mentions],
            }
            for topic in found
        ]
        print(json.dumps(({"id": event.id} if event else {}) | {"topics": listed}, ensure_ascii=False))
        return
    if event is not None:
        print(f"{event.id}  {_head(event)}")
    for topic in found:
        print(f"{'  ' if event else ''}{topic.name}\t{topic.kind}\t{' | '.join(dict.fromkeys(topic.mentions))}")


def _print_evaluation(evaluation: Evaluation) -> None:
    queries, judged = len(evaluation.queries), len(evaluation.judgements)
    told = f"{queries} queries" if queries == judged else f"a sample of {queries} of {judged} queries"
    print(f"{told}, {evaluation.events} events, the {evaluation.k} best each: mean [95% interval]\n")
    if not sys.stdout.isatty():
        print(evaluation)
        return
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Column, Table

    (name, *measures), *rows = evaluation.rows()
    table = Table(Column(name, no_wrap=True), *measures, box=SIMPLE)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _head(event: Event) -> str:
    title = " ".join(event.title.split())
    return f"{event.date}  {title}" if event.date else title


def _date(event: Event) -> str | None:
    return event.date.isoformat() if event.date else None


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or with a NUL: a text
        return False


def _file(source: str) -> Path | None:
    """The file that an archive is, an SQLite database too."""
    if is_database(source):
        from relatedstories.databases.database import Database

        return Database(source).file
    return Path(source) if _is_file(source) else None


def _is_archive(text: str) -> bool:
    """Whether the words name an archive: its suffix tells, unless it ends a sentence that is no file."""
    named = text == SAMPLE or is_database(text) or text.lower().removesuffix(".gz").endswith(SUFFIXES)
    return named and (_is_file(text) or " " not in text)


def _mapping(field: list[str] | None) -> dict[str, str]:
    fields = {}
    for pair in field or []:
        name, _, column = pair.partition("=")
        if name not in READ_FIELDS or not column:
            raise typer.BadParameter(f"got --field {pair}, expected FIELD=COLUMN, FIELD one of {', '.join(READ_FIELDS)}")
        fields[name] = column
    return fields


class _Reading:
    """The events of an archive as commands read them: rows that cannot be events are shown and counted."""

    def __init__(
        self,
        source: str,
        columns: dict[str, str],
        strict: bool = False,
        table: str | None = None,
        where: str | None = None,
        query: str | None = None,
        draft: list[str] | None = None,
        related_head: str = RELATED,
        sources_head: str = SOURCES,
    ) -> None:
        self.name, self.skipped, self.drafts, self.dated = source, 0, 0, False
        self.pages: Pages | None = None
        self._how: dict[str, Any] = {"on_error": None if strict else self._skip, "on_draft": self._leave}
        self._how["drafts"] = DRAFTS if draft is None else draft
        self._source, self._columns = source, columns
        selection = {"table": table, "where": where, "query": query}
        if is_database(source):
            if query is not None and (table is not None or where is not None):
                raise typer.BadParameter("give either --query SQL or --table NAME, --where SQL")
            from relatedstories.databases.database import Database

            self.name = Database(source).name
        elif any(value is not None for value in selection.values()):
            like = f": sqlite:///{source}, perhaps" if source.lower().endswith((".db", ".sqlite", ".sqlite3")) else ""
            raise typer.BadParameter(f"--table, --where and --query go with the address of a database as SOURCE{like}")
        elif source != SAMPLE and os.path.isdir(source):
            self.pages = Pages()
            self._how |= {"found": self.pages, "related": related_head, "sources": sources_head}
            return
        self._how |= selection

    def _skip(self, error: BadValueError) -> None:
        self.skipped += 1
        if self.skipped <= MAX_SHOWN:
            say(f"skipped: {error}")
        elif self.skipped == MAX_SHOWN + 1:
            say("further ones are skipped without a word each")

    def _leave(self, _: str) -> None:
        self.drafts += 1

    @contextmanager
    def events(self) -> Iterator[Iterator[Event]]:
        """The events; what was left out is told when the block ends."""
        try:
            yield self._some()
        finally:
            what = "row" if self.pages is None else "page"
            if self.skipped:
                say(f"{self.skipped} {what}{'s' if self.skipped > 1 else ''} of {self.name} skipped")

    def _some(self) -> Iterator[Event]:
        count = 0
        for event in (read_events if self.pages is None else read_pages)(self._source, self._columns, **self._how):
            count += 1
            self.dated |= event.date is not None
            yield event
        if not count:
            # Most likely the export before this job failed: better the links of yesterday than none.
            raise InputError(f"{self.name}: got no events, expected one at least")
