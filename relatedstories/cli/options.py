"""Options that several commands share: each group is declared once, with its help, its defaults and what it stands for.

A command takes a group as one parameter, annotated with the group's class. `expand_groups` gives typer a function with the
group's fields in place of that parameter.
"""

from __future__ import annotations

import dataclasses
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from relatedstories.cli.console import say
from relatedstories.cli.numbers import number_of_jobs, share, whole_number_from
from relatedstories.dates import check_date_format
from relatedstories.errors import BadValueError
from relatedstories.events import Event, parse_date, values_of
from relatedstories.files.keyed_lists import read_lists
from relatedstories.files.lines import check_encoding
from relatedstories.language_codes import language_code
from relatedstories.records import DRAFTS, READ_FIELDS

if TYPE_CHECKING:
    from relatedstories.index.stories import RelatedStories
    from relatedstories.ranking.filters import Keywords
    from relatedstories.topics.extractor import TopicExtractor

__all__ = [
    "ALL_CORES",
    "LINKS_PER_EVENT",
    "AcrossLanguages",
    "AsJson",
    "Engine",
    "Jobs",
    "K",
    "LinkOptions",
    "OptionalSource",
    "Panel",
    "ReadOptions",
    "RunOptions",
    "SourceArgument",
    "SourcesArgument",
    "TopicOptions",
    "as_wrong_usage",
    "expand_groups",
    "index_option",
    "load_index",
    "no_empty_names",
    "refuse_with_index",
    "require_one",
    "used_option",
    "warn_of_unknown_names",
]


class Panel(StrEnum):
    """The headings under which --help lists options."""

    SOURCE = "Source"
    OUTPUT = "Output"
    PAGES = "Pages, with --in-place"
    JUDGEMENTS = "Judgements"
    DRAFT = "Draft"
    LINKS = "Links"
    TOPICS = "Topics"
    RUN = "Run"


LINKS_PER_EVENT = 5
"""The number of links of an event, as everywhere in the library."""

ALL_CORES = -1
"""The number of jobs that means one per core."""


@contextmanager
def as_wrong_usage(options: Mapping[str, str] | None = None) -> Iterator[None]:
    """Raise the error of a wrong value as one of typer; `options` names the option of each field where typer does not."""
    try:
        yield
    except BadValueError as error:
        option = f"{(options or {}).get(error.field or '', '')}: ".removeprefix(": ")
        raise typer.BadParameter(f"{option}got {error.got}, expected {error.expected.removesuffix(', or None')}") from None


def _day(text: str | None) -> str | None:
    with as_wrong_usage():
        parse_date(text)
    return text


def _date_format(text: str | None) -> str | None:
    with as_wrong_usage():
        return check_date_format("--date-format", text)


def _encoding(text: str | None) -> str | None:
    with as_wrong_usage():
        return check_encoding("--encoding", text)


def _filter(pairs: list[str] | None) -> list[str] | None:
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise typer.BadParameter(f"got {pair}, expected NAME=VALUE, such as section=world")
    return pairs


def _where(pairs: Sequence[str]) -> Callable[[Event], bool] | None:
    """Return the condition that pairs such as section=world set: any of the values of each name, in capitals or not."""
    wanted: dict[str, set[str]] = {}
    for name, value in map(_name_and_value, pairs):
        wanted.setdefault(name, set()).add(value.casefold())
    if not wanted:
        return None
    return lambda event: all(
        not values.isdisjoint(value.casefold() for value in values_of(event, name)) for name, values in wanted.items()
    )


def no_empty_names(names: list[str] | None) -> list[str] | None:
    """Return the names that an option gives; raises typer's error for one that is empty."""
    for name in names or ():
        if not name.strip():
            raise typer.BadParameter(f"got {name!r}, expected a name")
    return names


def _name_and_value(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return name.strip(), value.strip()


def _language(text: str | None) -> str | None:
    if text is not None and language_code(text) is None:
        raise typer.BadParameter(f"got {text}, expected the code of a language, such as de")
    return text


# ---------------------------------------------------------------------- single options

_SOURCE_HELP = (
    "The archive: a file of JSON (.jsonl, .json), a table (.csv, .tsv), a feed, WordPress export or news sitemap (.xml), each "
    "also packed (.gz, .bz2, .xz), or .parquet; a folder of Markdown pages, or of such files and articles (.html, .txt); "
    "a database address such as sqlite:///news.db; or 'sample', the archive that comes with relatedstories."
)
SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help=_SOURCE_HELP,
        show_default=False,
    ),
]
SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help=_SOURCE_HELP + " Several files are read as one archive.",
        show_default=False,
    ),
]
OptionalSource = Annotated[
    str | None,
    typer.Argument(
        metavar="SOURCE",
        help="The archive, as 'refresh' reads it: a file, a folder of pages, a database address or 'sample'.",
        show_default=False,
    ),
]


def index_option(help_text: str = "Folder of the index, as written by 'build --index' or 'refresh --index'.") -> Any:
    """Return the option that names the index to answer from."""
    return typer.Option("--index", metavar="DIR", help=help_text, show_default=False, rich_help_panel=Panel.SOURCE)


K = Annotated[
    int,
    typer.Option(
        "--k",
        "-k",
        metavar="N",
        parser=whole_number_from(1),
        help="Maximum number of links per event.",
        rich_help_panel=Panel.LINKS,
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        parser=number_of_jobs,
        help="Number of processes to use; -1 uses one per CPU core.",
        rich_help_panel=Panel.RUN,
    ),
]
AcrossLanguages = Annotated[
    bool,
    typer.Option(
        "--across-languages",
        metavar="",
        help="Let events in different languages be related, by the topics that they share.",
        rich_help_panel=Panel.LINKS,
    ),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", metavar="", help="Write JSON instead of text, for other programs.", rich_help_panel=Panel.OUTPUT),
]


# ---------------------------------------------------------------------- groups


@dataclass
class ReadOptions:
    """How the events of SOURCE are read."""

    field: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            metavar="FIELD=COLUMN",
            help="Read a field of the event from a column of another name, as in title=headline, or within another, as in "
            f"title=attributes.headline. FIELD is one of {', '.join(READ_FIELDS)}. Can be repeated.",
            rich_help_panel=Panel.SOURCE,
        ),
    ] = None
    draft: Annotated[
        list[str],
        typer.Option(
            "--draft",
            metavar="VALUE",
            help="Leave out events with this status, in capitals or not; --field status=COLUMN names the column. "
            "Can be repeated.",
            rich_help_panel=Panel.SOURCE,
        ),
    ] = dataclasses.field(default_factory=lambda: [*DRAFTS])
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            metavar="",
            help="Stop with an error at the first row that is not a valid event, instead of skipping it, and at the first value "
            "that cannot be read, such as a date, instead of leaving it out.",
            rich_help_panel=Panel.SOURCE,
        ),
    ] = False
    expired: Annotated[
        bool,
        typer.Option(
            "--expired",
            metavar="",
            help="Also read pages that have expired (expiryDate), as Hugo's --buildExpired does.",
            rich_help_panel=Panel.SOURCE,
        ),
    ] = False
    future: Annotated[
        bool,
        typer.Option(
            "--future",
            metavar="",
            help="Also read pages of a day to come (date, publishDate), as Hugo's --buildFuture does.",
            rich_help_panel=Panel.SOURCE,
        ),
    ] = False
    date_format: Annotated[
        str | None,
        typer.Option(
            "--date-format",
            metavar="FORMAT",
            callback=_date_format,
            help="How to read dates such as 03.02.2020: day-first, month-first, or a pattern such as %d.%m.%y.",
            show_default="as other dates of the archive show",
            rich_help_panel=Panel.SOURCE,
        ),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding",
            metavar="NAME",
            callback=_encoding,
            help="Encoding of files of text, such as windows-1252.",
            show_default="found: UTF-8, UTF-16 or Windows-1252",
            rich_help_panel=Panel.SOURCE,
        ),
    ] = None
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="NAME",
            help="Table or view of the database to read, with its schema if needed: schema.name.",
            show_default="events",
            rich_help_panel=Panel.SOURCE,
        ),
    ] = None
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            metavar="SQL",
            help="Only read rows of the table that meet this SQL condition, such as 'published = 1'.",
            show_default=False,
            rich_help_panel=Panel.SOURCE,
        ),
    ] = None
    query: Annotated[
        str | None,
        typer.Option(
            "--query",
            metavar="SQL",
            help="Read the rows of this SQL query instead of a table; it is run read-only.",
            show_default=False,
            rich_help_panel=Panel.SOURCE,
        ),
    ] = None


class FallbackKind(StrEnum):
    """What fills lists that are too short."""

    TOPIC = "topic"
    RECENT = "recent"
    NONE = "none"


@dataclass
class LinkOptions:
    """How many events, and which, are listed under an event."""

    k: K = LINKS_PER_EVENT
    include_newer: Annotated[
        bool,
        typer.Option(
            "--include-newer/--older-only",
            metavar="",
            help="Whether an event may list events that are newer than itself.",
            rich_help_panel=Panel.LINKS,
        ),
    ] = True
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DAY",
            callback=_day,
            help="Only list events dated on or after this day (YYYY-MM-DD).",
            show_default=False,
            rich_help_panel=Panel.LINKS,
        ),
    ] = None
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="DAY",
            callback=_day,
            help="Only list events dated on or before this day (YYYY-MM-DD).",
            show_default=False,
            rich_help_panel=Panel.LINKS,
        ),
    ] = None
    max_per_context: Annotated[
        int | None,
        typer.Option(
            "--max-per-context",
            metavar="N",
            parser=whole_number_from(1),
            help="Maximum number of links with the same first context, the topic that is shown as the reason for a link.",
            show_default="no maximum",
            rich_help_panel=Panel.LINKS,
        ),
    ] = None
    diversity: Annotated[
        float,
        typer.Option(
            "--diversity",
            metavar="X",
            parser=share,
            help="How much to avoid links that are much alike: 0 lists the most closely related events; "
            "the nearer to 1, the more the links differ from each other.",
            rich_help_panel=Panel.LINKS,
        ),
    ] = 0.0
    min_score: Annotated[
        float | None,
        typer.Option(
            "--min-score",
            metavar="X",
            parser=share,
            help="Only list events with at least this score, from 0 to 1.",
            show_default="that of the index",
            rich_help_panel=Panel.LINKS,
        ),
    ] = None
    filter_: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="NAME=VALUE",
            callback=_filter,
            help="Only list events that have this value, such as section=world: of a column of your own, or of heading, topics "
            "or language. Can be repeated: for one name any of the values is enough.",
            show_default=False,
            rich_help_panel=Panel.LINKS,
        ),
    ] = None
    same: Annotated[
        list[str] | None,
        typer.Option(
            "--same",
            metavar="NAME",
            callback=no_empty_names,
            help="Only list events that have the same value here as the event they are listed under, such as section; of lists, "
            "such as topics, one value in common. Can be repeated.",
            show_default=False,
            rich_help_panel=Panel.LINKS,
        ),
    ] = None
    pins: Annotated[
        Path | None,
        typer.Option(
            "--pins",
            metavar="FILE",
            help="List events of your choice before all others. Each line of this file is an event's id and the ids to list "
            "under it, separated by tabs; .csv and .json files work too.",
            show_default=False,
            rich_help_panel=Panel.LINKS,
        ),
    ] = None
    blocks: Annotated[
        Path | None,
        typer.Option(
            "--blocks",
            metavar="FILE",
            help="Never list certain events under an event. The file is like that of --pins: an event's id and the ids "
            "not to list under it.",
            show_default=False,
            rich_help_panel=Panel.LINKS,
        ),
    ] = None

    fallback: Annotated[
        FallbackKind,
        typer.Option(
            "--fallback",
            help="What fills a list of fewer than --k events, after the related ones: the newest events with the topic that "
            "tells most about the event, or the newest before it. Such links are marked.",
            rich_help_panel=Panel.LINKS,
        ),
    ] = FallbackKind.NONE

    def keywords(self) -> Keywords:
        """Return the options as the keywords of `RelatedStories.related`, less k, with the files read."""
        since, until = parse_date(self.since), parse_date(self.until)
        if since is not None and until is not None and since > until:
            raise typer.BadParameter(f"got --since {since} with --until {until}, expected a day before it")
        pinned, blocked = (
            None if path is None else read_lists(path, "a file of ids", "an object of ids and lists of ids")
            for path in (self.pins, self.blocks)
        )
        return {
            "include_newer": self.include_newer,
            "since": self.since,
            "until": self.until,
            "max_per_context": self.max_per_context,
            "diversity": self.diversity,
            "min_score": self.min_score,
            "where": _where(self.filter_ or ()),
            "same": self.same or (),
            "pinned": pinned,
            "blocked": blocked,
            "fallback": self.fallback.value,
        }

    def warn_of_unknown_names(self, events: Iterable[Event]) -> None:
        """Print a warning for each name and value that --filter and --same give and that no event has."""
        pairs = [_name_and_value(pair) for pair in self.filter_ or ()]
        warn_of_unknown_names(events, [*(name for name, _ in pairs), *(self.same or ())], "--filter or --same", pairs)


@dataclass
class TopicOptions:
    """How topics are found in texts."""

    aliases: Annotated[
        Path | None,
        typer.Option(
            "--aliases",
            metavar="FILE",
            help="Add topic names of your own. Each line of this file is a topic's name and its other names, "
            "separated by tabs; .csv and .json files work too.",
            show_default=False,
            rich_help_panel=Panel.TOPICS,
        ),
    ] = None
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore",
            metavar="TOPIC",
            callback=no_empty_names,
            help="Ignore this topic. Can be repeated.",
            rich_help_panel=Panel.TOPICS,
        ),
    ] = None
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            metavar="P",
            parser=share,
            help="Only use topics that an editor would link with at least this probability.",
            show_default="that of the topic model",
            rich_help_panel=Panel.TOPICS,
        ),
    ] = None

    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            metavar="CODE",
            callback=_language,
            help="The language of events that do not say theirs, as a code such as de.",
            show_default="told by each event's text",
            rich_help_panel=Panel.TOPICS,
        ),
    ] = None

    def extractor(self) -> TopicExtractor:
        """Return an extractor with these options."""
        from relatedstories.topics.extractor import TopicExtractor

        return TopicExtractor(threshold=self.threshold, aliases=self.aliases, ignored=self.ignore or (), language=self.language)


class Engine(StrEnum):
    """Where the work is done."""

    LOCAL = "local"
    DASK = "dask"


@dataclass
class RunOptions:
    """Where the work is done, and how much is printed meanwhile."""

    jobs: Jobs = ALL_CORES
    engine: Annotated[
        Engine,
        typer.Option(
            "--engine",
            help="Work on this machine (local), or on the workers of a Dask cluster (dask).",
            rich_help_panel=Panel.RUN,
        ),
    ] = Engine.LOCAL
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Address of the Dask cluster's scheduler, such as tcp://host:8786. Required by --engine dask.",
            show_default=False,
            rich_help_panel=Panel.RUN,
        ),
    ] = None
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", metavar="", help="Only print warnings and errors.", rich_help_panel=Panel.RUN)
    ] = False
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", metavar="", help="Print each step when it is done, with the time.", rich_help_panel=Panel.RUN
        ),
    ] = False

    def workers(self) -> AbstractContextManager[None]:
        """Return the context to do the work in; a cluster is connected to when it is entered."""
        if self.engine is Engine.LOCAL:
            if self.scheduler is not None:
                raise typer.BadParameter("--scheduler goes with --engine dask")
            return nullcontext()
        if self.scheduler is None:
            raise typer.BadParameter("--engine dask needs --scheduler ADDRESS")
        if self.jobs != ALL_CORES:
            raise typer.BadParameter(f"got --jobs {self.jobs} and --engine dask, which uses all workers of the cluster")
        from relatedstories.parallel import on_dask

        # distributed logs an error for each connection that ends; how the run ended is reported by the command itself.
        logging.disable(logging.ERROR)
        return on_dask(self.scheduler)


# ---------------------------------------------------------------------- what commands do with options


def expand_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with the fields of each group of options as parameters of their own, as typer reads them."""
    hints = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, Any] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        if dataclasses.is_dataclass(hints[name]):
            groups[name] = hints[name]
            parameters += _parameters(hints[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))

    def run(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{option.name: values.pop(option.name) for option in dataclasses.fields(group)})
        command(**values)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _parameters(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            option.name, inspect.Parameter.KEYWORD_ONLY, default=getattr(group(), option.name), annotation=hints[option.name]
        )
        for option in dataclasses.fields(group)
    ]


def used_option(*groups: Any) -> str | None:
    """Return the name of the first option whose value is not its default; None where there is none.

    Examples
    --------
    >>> used_option(ReadOptions(), TopicOptions(ignore=["Europe"]))
    '--ignore'
    """
    for group in groups:
        for parameter in _parameters(type(group)):
            if getattr(group, parameter.name) not in (parameter.default, []):
                return f"--{parameter.name.rstrip('_').replace('_', '-')}"
    return None


def require_one(source: str | None, index: Path | None, *groups: Any, across_languages: bool = False) -> None:
    """Raise an error unless either SOURCE or --index is given, and with --index none of the options that go with SOURCE."""
    if (source is None) == (index is None):
        raise typer.BadParameter("give either SOURCE or --index DIR")
    if index is not None:
        refuse_with_index(*groups, across_languages=across_languages)


def refuse_with_index(*groups: Any, across_languages: bool = False) -> None:
    """Raise an error if any of the options is used that go with SOURCE, and not with --index."""
    option = "--across-languages" if across_languages else used_option(*groups)
    if option is not None:
        raise typer.BadParameter(f"{option} goes with SOURCE, not with --index: an index is used as it was built")


def warn_of_unknown_names(
    events: Iterable[Event], names: Iterable[str], option: str, pairs: Iterable[tuple[str, str]] = ()
) -> None:
    """Print a warning for each name that an option gives and under which no event has a value, or not the one of its pair."""
    left_names, left_pairs = dict.fromkeys(names), dict.fromkeys(pairs)
    for event in events if left_names or left_pairs else ():
        for name in [name for name in left_names if values_of(event, name)]:
            del left_names[name]
        for name, value in [pair for pair in left_pairs if pair[1].casefold() in map(str.casefold, values_of(event, pair[0]))]:
            del left_pairs[name, value]
        if not (left_names or left_pairs):
            break
    for name in left_names:
        say(f"warning: no event has {name!r}, which {option} names")
    for name, value in left_pairs:
        if name not in left_names:
            say(f"warning: no event has {value!r} as its {name!r}, which --filter asks for")


def load_index(folder: Path) -> RelatedStories:
    """Return the index that was saved in a folder."""
    from relatedstories.index.stories import RelatedStories

    return RelatedStories.load(folder)
