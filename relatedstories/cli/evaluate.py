"""The command ``evaluate``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relatedstories.cli.console import progress_meter, say
from relatedstories.cli.numbers import whole_number_from
from relatedstories.cli.options import (
    ALL_CORES,
    LINKS_PER_EVENT,
    AcrossLanguages,
    AsJson,
    Jobs,
    K,
    Panel,
    ReadOptions,
    SourceArgument,
    TopicOptions,
)
from relatedstories.cli.source import Source, columns_of
from relatedstories.counts import counted
from relatedstories.judging.judgements import QUERIES

if TYPE_CHECKING:
    from relatedstories.evaluation.evaluator import Evaluation

__all__ = ["EXAMPLES", "evaluate"]

EXAMPLES = """
Examples:

  The sample, judged by the story that each of its events belongs to:
    relatedstories evaluate sample --field heading=story

  Judgements of your own, in TREC's format; the lists are kept for its tools:
    relatedstories evaluate news.jsonl --judgements news.qrels --runs runs

  How much the given topics help: the same without them:
    relatedstories evaluate news.jsonl --judgements news.qrels \\
        --without topics
"""

_OPTIONAL_FIELDS: dict[str, Any] = {"text": "", "date": None, "heading": None, "topics": ()}
"""The fields that ranking can do without, each with its value where it is missing."""


def evaluate(
    source: SourceArgument,
    reading: ReadOptions,
    *,
    judgements: Annotated[
        Path | None,
        typer.Option(
            "--judgements",
            metavar="FILE",
            help="Measure against this file of judgements, in TREC's qrels format: a line 'query iteration document gain' each. "
            "Without it the archive's headings judge.",
            show_default=False,
            rich_help_panel=Panel.JUDGEMENTS,
        ),
    ] = None,
    heading_path: Annotated[
        str | None,
        typer.Option(
            "--heading-path",
            metavar="COLUMN",
            help="Where headings judge: the column with all headings above an event, as a list or as text split at semicolons.",
            show_default=False,
            rich_help_panel=Panel.JUDGEMENTS,
        ),
    ] = None,
    queries: Annotated[
        int,
        typer.Option(
            "--queries",
            metavar="N",
            parser=whole_number_from(1),
            help="Maximum number of events to find links for; if more have judgements, a sample of them is taken.",
            rich_help_panel=Panel.JUDGEMENTS,
        ),
    ] = QUERIES,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            metavar="FIELD",
            help=f"Rank without this field of the events: {', '.join(_OPTIONAL_FIELDS)}. Can be repeated.",
            rich_help_panel=Panel.JUDGEMENTS,
        ),
    ] = None,
    runs: Annotated[
        Path | None,
        typer.Option(
            "--runs",
            metavar="DIR",
            help="Write the judgements and the ranked lists to this folder, in TREC's qrels and run formats.",
            show_default=False,
            rich_help_panel=Panel.OUTPUT,
        ),
    ] = None,
    as_json: AsJson = False,
    k: K = LINKS_PER_EVENT,
    topics: TopicOptions,
    jobs: Jobs = ALL_CORES,
    across_languages: AcrossLanguages = False,
) -> None:
    """Measure how good the links are, beside four baselines: TF-IDF, BM25, shared topics and the newest events.

    The links are compared with judgements: which events really are related. By default the archive's headings judge: gain 2
    for events under the same heading, 1 for events with a heading of --heading-path in common. --field heading=COLUMN names
    the column of the headings.

    Columns that judge are taken from the events before anything is ranked, together with any other field read from them, so
    that no ranker sees the answer. Only related events are measured, none that --fallback fills lists with.
    """
    columns = columns_of(reading)
    for name in without or ():
        if name not in _OPTIONAL_FIELDS:
            raise typer.BadParameter(f"got --without {name}, expected one of {', '.join(_OPTIONAL_FIELDS)}")
    if judgements is not None and heading_path is not None:
        raise typer.BadParameter("give either --judgements FILE or --heading-path COLUMN")
    dropped = set(without or ())
    if judgements is None:
        judging = {columns.get("heading", "heading"), heading_path}
        dropped |= {name for name in _OPTIONAL_FIELDS if columns.get(name, name) in judging}
        dropped.discard("heading")  # the evaluation needs it, and keeps it from the ranker
    if heading_path is not None:
        columns["sources"] = heading_path  # a field that holds a list of texts unchanged and has no part in ranking

    from relatedstories.evaluation.evaluator import check_runs_folder
    from relatedstories.evaluation.evaluator import evaluate as evaluate_links
    from relatedstories.index.stories import RelatedStories
    from relatedstories.judging.judgements import check_ids, read_qrels

    if runs is not None:
        check_runs_folder(runs)
    gains = None if judgements is None else read_qrels(judgements)
    stories = RelatedStories(topics.extractor(), across_languages=across_languages)
    with Source(source, reading, columns=columns).events() as events:
        archive = [replace(event, **{name: _OPTIONAL_FIELDS[name] for name in dropped}) for event in events]
    if runs is not None:
        check_ids(event.id for event in archive)
    above = None
    if heading_path is not None:
        above = {event.id: [part for part in event.sources if isinstance(part, str)] for event in archive}
    with progress_meter() as progress:
        evaluation = evaluate_links(
            archive, gains, k, above=above, queries=queries, stories=stories, n_jobs=jobs, progress=progress
        )
    if runs is not None:
        evaluation.write_runs(runs)
        say(f"judgements and ranked lists are in {runs}")
    if as_json:
        print(json.dumps(evaluation.to_dict(), ensure_ascii=False))
    else:
        _print_evaluation(evaluation)


def _print_evaluation(evaluation: Evaluation) -> None:
    """Print the measures of each system as a table."""
    queries, judged = len(evaluation.queries), len(evaluation.judgements)
    asked = counted(queries, "queries") if queries == judged else f"a sample of {queries} of {judged} queries"
    print(f"{asked}, {counted(evaluation.events, 'events')}, the {evaluation.k} best each: mean [95% interval]\n")
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
