"""The evaluation of an archive's links against judgements of relatedness, compared with baselines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from relatedstories.disk.atomic import check_parent, new_file
from relatedstories.errors import BadValueError, InputError, check_functions, path_given, shown, shown_names, whole_number
from relatedstories.evaluation.baselines import bm25, by_newest, by_topics, tfidf, tokenize
from relatedstories.events import Event, events_of
from relatedstories.index.stories import RelatedStories
from relatedstories.judging.judgements import (
    QUERIES,
    Headings,
    Judgements,
    check_ids,
    restrict_judgements,
    write_qrels,
    write_run,
)
from relatedstories.judging.measures import (
    TREC_NAMES,
    Estimate,
    bootstrap_estimates,
    format_table,
    import_extra,
    measure_lists,
    sample_queries,
)
from relatedstories.progress import Progress

__all__ = [
    "Evaluation",
    "check_runs_folder",
    "evaluate",
    "evaluate_lists",
]

LIBRARY = "relatedstories"
"""The name of this library among the systems compared."""

_BATCH_SIZE = 100
"""Number of queries answered between two calls of `progress`."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of `evaluate`.

    Parameters
    ----------
    k : int
        Number of links per event.
    events : int
        Number of events in the archive.
    queries : tuple of str
        The ids of the query events.
    lists : dict of str to dict of str to list of str
        The ids that each system lists for each query, best first.
    values : dict of str to dict of str to tuple of float
        The value of each query, by system and measure.
    estimates : dict of str to dict of str to Estimate
        The mean over the queries, by system and measure.
    leads : dict of str to dict of str to Estimate
        The mean difference between the library and each baseline, paired by query, by baseline and measure.
    judgements : mapping of str to mapping of str to int
        The judgements, including those of queries that are not in the sample.
    """

    k: int
    events: int
    queries: tuple[str, ...]
    lists: dict[str, dict[str, list[str]]] = field(repr=False)
    values: dict[str, dict[str, tuple[float, ...]]] = field(repr=False)
    estimates: dict[str, dict[str, Estimate]]
    leads: dict[str, dict[str, Estimate]]
    judgements: Judgements = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures in a form that JSON can hold."""
        figures = {
            part: {
                system: {measure: estimate._asdict() for measure, estimate in estimates.items()}
                for system, estimates in systems.items()
            }
            for part, systems in (("systems", self.estimates), ("leads", self.leads))
        }
        return {"events": self.events, "judged": len(self.judgements), "queries": len(self.queries), "k": self.k, **figures}

    def rows(self) -> list[list[str]]:
        """Return the figures as the rows of a table; the first row names the measures."""
        systems = [[name, *map(str, estimates.values())] for name, estimates in self.estimates.items()]
        leads = [[f"ahead of {name}", *map(str, estimates.values())] for name, estimates in self.leads.items()]
        return [["", *self.estimates[LIBRARY]], *systems, *leads]

    def __str__(self) -> str:
        return format_table(self.rows())

    def write_runs(self, folder: str | os.PathLike[str]) -> None:
        """Write the judgements (``qrels.txt``) and each system's lists (``NAME.run``) in TREC's formats.

        Parameters
        ----------
        folder : path
            Created if it does not exist; files of these names are replaced.

        Raises
        ------
        InputError
            If the path is not a folder, or an id contains white space, which separates the columns of these files.
        """
        folder = path_given("write_runs", "folder", folder)
        check_runs_folder(folder)
        check_ids(self.queries)
        for lists in self.lists.values():
            check_ids(document for documents in lists.values() for document in documents)
        folder.mkdir(exist_ok=True)
        with new_file(folder / "qrels.txt") as file:
            write_qrels(self.judgements, self.queries, file)
        for system, lists in self.lists.items():
            with new_file(folder / f"{system}.run") as file:
                write_run(lists, system, file)


def check_runs_folder(folder: Path) -> None:
    """Raise `InputError` if `Evaluation.write_runs` cannot write to a folder; meant to be called before any work is done."""
    check_parent(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: got a file, expected a new folder or an existing one")


def evaluate(
    events: Iterable[Event],
    judgements: Judgements | None = None,
    k: int = 5,
    *,
    above: Mapping[str, Sequence[str]] | None = None,
    queries: int = QUERIES,
    stories: RelatedStories | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure an archive's links, and those of baselines, against judgements of which events are related.

    Only related events count as links, none that fill short lists (`fallback` of `RelatedStories.related`).

    The baselines are TF-IDF and BM25 over title and text, the number of shared topics (ties newest first), and the newest
    events.

    Parameters
    ----------
    events : iterable of Event
        The archive. The extra ``relatedstories[evaluate]`` has to be installed.
    judgements : mapping of str to mapping of str to int, optional
        For each query's id, the gains of other events: 0 for unrelated, up to 10 for the most related. Events without a
        judgement count as unrelated. `read_qrels` reads judgements from a file. By default they are derived from the
        archive's headings: gain 2 for the same heading, 1 for a shared heading above it. As a heading also counts as a
        topic, all headings are then removed from the events before anything is ranked.
    k : int, default 5
        Number of links per event.
    above : mapping of str to sequence of str, optional
        For each id, the headings above the event's own. Only allowed if judgements are derived from headings.
    queries : int, default 1500
        Maximum number of query events. If more are judged, a sample is used, the same in each run. With judgements from
        headings, the queries are the events that share their heading with at least two others.
    stories : RelatedStories, optional
        The settings to evaluate; it is fitted to the events. By default ``RelatedStories()``.
    n_jobs : int, default 1
        Number of processes that extract topics; -1 for one per core.
    progress : callable, optional
        Called with the stage, the number of events done and the number of all events.

    Returns
    -------
    Evaluation
        The measures are those of trec_eval, each over the k best events and averaged over the queries:

        - nDCG: ``sum((2**gain - 1) / log2(rank + 1))``, divided by the same sum for the ideal list;
        - P (precision): the number of related events (gain 1 or more) in the list, divided by k;
        - R (recall): the share of all related events that is listed;
        - MRR: 1 / rank of the first related event, 0 if none is listed;
        - hit: 1 if a related event is listed, otherwise 0 (trec_eval's success).

        Intervals are 95% bootstrap intervals of the mean, from 2,000 resamples of the queries.

    Raises
    ------
    InputError
        If an argument is invalid, no query is left, or the extra is not installed.

    Notes
    -----
    trec_eval uses the gain itself for nDCG, so gains are passed to it as ``2**gain - 1``. Sources: K. Järvelin and
    J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002; C. Burges et al., "Learning to rank using
    gradient descent", 2005, for 2**gain - 1; B. Efron, "Bootstrap methods: another look at the jackknife", 1979.

    Examples
    --------
    >>> events = [
    ...     Event("1", "Snow closes the airport of Oslo", heading="Winter"),
    ...     Event("2", "Oslo airport opens after the snow", heading="Winter"),
    ...     Event("3", "Snow in Oslo", heading="Winter"),
    ...     Event("4", "Peggy Whitson sets a record in space", heading="Space"),
    ... ]
    >>> evaluation = evaluate(events, k=2)
    >>> evaluation.queries, str(evaluation.estimates["relatedstories"]["nDCG@2"])
    (('1', '2', '3'), '1.000 [1.000, 1.000]')
    """
    check_functions("evaluate", progress=progress)
    if not isinstance(stories, RelatedStories | None):
        raise BadValueError("evaluate", "stories", shown(stories), "a RelatedStories, or None")
    k, queries = whole_number("evaluate", "k", k, 1), whole_number("evaluate", "queries", queries, 1)
    trec_eval, _ = (import_extra("evaluate", module) for module in ("pytrec_eval", "bm25s"))  # fail before any work is done
    archive = sorted(events_of("evaluate", events), key=lambda event: event.id)
    number_of = {event.id: number for number, event in enumerate(archive)}
    if judgements is None:
        judgements = _judgements_from_headings(archive, above)
        archive = [replace(event, heading=None) for event in archive]
    elif above is not None:
        raise BadValueError("evaluate", "above", shown(above), "None, because judgements are given")
    else:
        judgements = _judgements_of_archive(judgements, number_of)
    query_ids = sample_queries(sorted(judgements), queries)

    stories = RelatedStories() if stories is None else stories
    stories.fit(archive, n_jobs=n_jobs, progress=progress)
    lists = {LIBRARY: _library_lists(stories, query_ids, k, progress)}
    numbers = [number_of[id_] for id_ in query_ids]
    days = np.array([event.date.toordinal() if event.date else 0 for event in archive])
    words = tokenize(event.full_text for event in archive)
    topics = [[topic.key for topic in stories.topics(event.id)] for event in archive]
    for name, rankings in (
        ("tfidf", tfidf(words, numbers, days, k)),
        ("bm25", bm25(words, numbers, days, k)),
        ("shared-topics", by_topics(topics, numbers, days, k)),
        ("newest", by_newest(numbers, days, k)),
    ):
        lists[name] = {id_: [archive[i].id for i in best] for id_, best in zip(query_ids, rankings, strict=True)}
    return evaluate_lists(trec_eval, judgements, query_ids, lists, k, len(archive))


def _judgements_from_headings(archive: Sequence[Event], above: Mapping[str, Sequence[str]] | None) -> Headings:
    headings = Headings(archive, above)
    if not headings:
        n_with_heading = sum(event.heading is not None for event in archive)
        got = f"{n_with_heading} of {len(archive)} events with a heading, none of them" if n_with_heading else "no heading"
        raise InputError(
            f"got {got} that {headings.min_events} events share, expected one that they do: --field heading=COLUMN, fields= in "
            "Python, names the column of the headings; or judgements from another source"
        )
    return headings


def _judgements_of_archive(judgements: Judgements, number_of: Mapping[str, int]) -> Judgements:
    known = restrict_judgements(judgements, number_of)
    if not known:
        raise InputError(
            f"got {len(judgements)} judged queries, but none in the archive has a related event in the archive, "
            f"expected at least one; the archive's ids: {shown_names(list(number_of), 3)}"
        )
    return known


def _library_lists(stories: RelatedStories, query_ids: Sequence[str], k: int, progress: Progress | None) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for start in range(0, len(query_ids), _BATCH_SIZE):
        ids = query_ids[start : start + _BATCH_SIZE]
        for id_, links in zip(ids, stories.related_many(ids, k), strict=True):
            lists[id_] = [link.event.id for link in links]
        if progress is not None:
            progress("links", len(lists), len(query_ids))
    return lists


def evaluate_lists(
    trec_eval: ModuleType,
    judgements: Judgements,
    query_ids: tuple[str, ...],
    lists: dict[str, dict[str, list[str]]],
    k: int,
    n_events: int,
) -> Evaluation:
    """Return the evaluation of given lists: those of the library (named `LIBRARY`) and of other systems for the same queries."""
    values_by_system = measure_lists(trec_eval, judgements, query_ids, lists, k)
    names = [f"{name}@{k}" for name in TREC_NAMES]
    values = {system: np.array(rows) for system, rows in values_by_system.items()}
    leads = {system: values[LIBRARY] - others for system, others in values.items() if system != LIBRARY}
    bootstrapped = bootstrap_estimates(np.stack([*values.values(), *leads.values()], axis=1).reshape(len(query_ids), -1))
    estimates = [dict(zip(names, bootstrapped[i : i + len(names)], strict=True)) for i in range(0, len(bootstrapped), len(names))]
    return Evaluation(
        k,
        n_events,
        query_ids,
        lists,
        {system: dict(zip(names, map(tuple, array.T.tolist()), strict=True)) for system, array in values.items()},
        dict(zip(values, estimates[: len(values)], strict=True)),
        dict(zip(leads, estimates[len(values) :], strict=True)),
        judgements,
    )
