"""Evaluation: how well links agree with what people judge to be related, beside baselines on the same events."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from relatedstories.disk.atomic import check_parent, new_file
from relatedstories.errors import BadValueError, InputError, shown, shown_names, whole_number
from relatedstories.evaluation.baselines import bm25, by_newest, by_topics, tfidf, words_of
from relatedstories.events import Event, events_of
from relatedstories.index.stories import RelatedStories
from relatedstories.judging.judgements import QUERIES, Headings, Judgements, check_ids, checked, write_qrels, write_run
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
    "compared",
    "evaluate",
]

LIBRARY = "relatedstories"
"""The library's own name among the systems compared."""

_QUERIES_AT_ONCE = 100
"""Queries answered between two calls of `progress`."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` found.

    Parameters
    ----------
    k : int
        How many links an event at most.
    events : int
        How many the archive holds.
    queries : tuple of str
        The ids of the events asked about.
    lists : dict of str to dict of str to list of str
        For each system, the ids listed for each query, best first.
    values : dict of str to dict of str to tuple of float
        For each system and measure, a value for each query.
    estimates : dict of str to dict of str to Estimate
        For each system and measure, the mean.
    leads : dict of str to dict of str to Estimate
        For each baseline and measure, how far the library is ahead of it: the mean of the differences, query by query.
    judgements : mapping of str to mapping of str to int
        What it was judged by; of more queries than were asked about, all.
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
        """The figures as JSON has them."""
        figures = {
            part: {
                system: {measure: estimate._asdict() for measure, estimate in estimates.items()}
                for system, estimates in systems.items()
            }
            for part, systems in (("systems", self.estimates), ("leads", self.leads))
        }
        return {"events": self.events, "judged": len(self.judgements), "queries": len(self.queries), "k": self.k, **figures}

    def rows(self) -> list[list[str]]:
        """The figures as the rows of a table, the first with the names of the measures."""
        systems = [[name, *map(str, estimates.values())] for name, estimates in self.estimates.items()]
        leads = [[f"ahead of {name}", *map(str, estimates.values())] for name, estimates in self.leads.items()]
        return [["", *self.estimates[LIBRARY]], *systems, *leads]

    def __str__(self) -> str:
        return format_table(self.rows())

    def write_runs(self, folder: str | os.PathLike[str]) -> None:
        """Write the judgements and lists for other tools: ``qrels.txt`` and, of each system, ``NAME.run``, in TREC's formats.

        Parameters
        ----------
        folder : path
            Made if it is not there; files of these names are replaced.

        Raises
        ------
        InputError
            If it is no folder, or an id has white space, which parts the columns of these files.
        """
        folder = Path(folder)
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
    """Raise `InputError` where `Evaluation.write_runs` could not write, before any work is spent."""
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
    """Measure an archive's links against judgements of what is related, beside baselines.

    The baselines are TF-IDF and BM25 over title and text, the number of shared topics and then the newest, and the newest.

    Parameters
    ----------
    events : iterable of Event
        The archive; needs the extra ``relatedstories[evaluate]``.
    judgements : mapping of str to mapping of str to int, optional
        For the ids of some events, the gains of others: 0 unrelated, up to 10 the higher the more related; what is not
        judged is unrelated. `read_qrels` reads them from a file. By default the archive's headings judge: gain 2 for the
        same, 1 for one above it in common. As a heading would also count as a topic, all are then taken from the events
        before anything is ranked.
    k : int, default 5
        How many links an event.
    above : mapping of str to sequence of str, optional
        For ids, the headings above the event's own, where headings judge.
    queries : int, default 1500
        How many events are asked about at most: of more that are judged, a sample, the same in each run. Where headings
        judge, those are that share theirs with two others at least.
    stories : RelatedStories, optional
        With settings of its own; it is fitted to the events here. By default ``RelatedStories()``.
    n_jobs : int, default 1
        Processes to extract topics on; -1 for as many as there are cores.
    progress : callable, optional
        Told of the stage, the events done and the events in all.

    Returns
    -------
    Evaluation
        Its measures, each over the k best and averaged over the queries, are those of trec_eval:

        - nDCG: ``sum((2**gain - 1) / log2(rank + 1))``, divided by that of the best list there could be;
        - P: the share of k that is related (gain 1 or more); a list shorter than k counts as k;
        - R: the share of all related events that is listed;
        - MRR: 1 / rank of the first related event, 0 where there is none;
        - hit: whether there is one (trec_eval's success).

        Intervals are those within which 95% of the means of 2,000 resamples of the queries lie.

    Raises
    ------
    InputError
        If an argument is not as above, no query is left, or the extra is not installed.

    Notes
    -----
    trec_eval takes the gain itself for nDCG; gains are handed to it as ``2**gain - 1``. Sources: K. Järvelin and
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
    k, queries = whole_number("evaluate", "k", k, 1), whole_number("evaluate", "queries", queries, 1)
    trec_eval, _ = (import_extra("evaluate", module) for module in ("pytrec_eval", "bm25s"))  # before any work is spent
    archive = sorted(events_of("evaluate", events), key=lambda event: event.id)
    number_of = {event.id: number for number, event in enumerate(archive)}
    if judgements is None:
        judgements = _headings(archive, above)
        archive = [replace(event, heading=None) for event in archive]
    elif above is not None:
        raise BadValueError("evaluate", "above", shown(above), "None, as judgements are given")
    else:
        judgements = _known(judgements, number_of)
    asked = sample_queries(sorted(judgements), queries)

    stories = RelatedStories() if stories is None else stories
    stories.fit(archive, n_jobs=n_jobs, progress=progress)
    lists = {LIBRARY: _library_lists(stories, asked, k, progress)}
    numbers = [number_of[id_] for id_ in asked]
    days = np.array([event.date.toordinal() if event.date else 0 for event in archive])
    words = words_of(event.full_text for event in archive)
    topics = [[topic.key for topic in stories.topics(event.id)] for event in archive]
    for name, found in (
        ("tfidf", tfidf(words, numbers, days, k)),
        ("bm25", bm25(words, numbers, days, k)),
        ("shared-topics", by_topics(topics, numbers, days, k)),
        ("newest", by_newest(numbers, days, k)),
    ):
        lists[name] = {id_: [archive[i].id for i in best] for id_, best in zip(asked, found, strict=True)}
    return compared(trec_eval, judgements, asked, lists, k, len(archive))


def _headings(archive: Sequence[Event], above: Mapping[str, Sequence[str]] | None) -> Headings:
    headings = Headings(archive, above)
    if not headings:
        filed = sum(event.heading is not None for event in archive)
        raise InputError(
            f"got {filed} of {len(archive)} events with a heading, but no heading over {headings.min_events} events or more, "
            "expected one at least to judge by; or judgements from elsewhere"
        )
    return headings


def _known(judgements: Judgements, number_of: Mapping[str, int]) -> Judgements:
    known = checked(judgements, number_of)
    if not known:
        raise InputError(
            f"got {len(judgements)} judged queries, but none that is an event of the archive and relates to another of it, "
            f"expected one at least; the archive's ids: {shown_names(list(number_of), 3)}"
        )
    return known


def _library_lists(stories: RelatedStories, asked: Sequence[str], k: int, progress: Progress | None) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for start in range(0, len(asked), _QUERIES_AT_ONCE):
        ids = asked[start : start + _QUERIES_AT_ONCE]
        for id_, links in zip(ids, stories.related_many(ids, k), strict=True):
            lists[id_] = [link.event.id for link in links]
        if progress is not None:
            progress("links", len(lists), len(asked))
    return lists


def compared(
    trec_eval: ModuleType,
    judgements: Judgements,
    asked: tuple[str, ...],
    lists: dict[str, dict[str, list[str]]],
    k: int,
    events: int,
) -> Evaluation:
    """What lists are worth, those of the library (`LIBRARY`) beside those of other systems, on the same queries."""
    measured = measure_lists(trec_eval, judgements, asked, lists, k)
    names = [f"{name}@{k}" for name in TREC_NAMES]
    values = {system: np.array(rows) for system, rows in measured.items()}
    leads = {system: values[LIBRARY] - theirs for system, theirs in values.items() if system != LIBRARY}
    found = bootstrap_estimates(np.stack([*values.values(), *leads.values()], axis=1).reshape(len(asked), -1))
    estimates = [dict(zip(names, found[i : i + len(names)], strict=True)) for i in range(0, len(found), len(names))]
    return Evaluation(
        k,
        events,
        asked,
        lists,
        {system: dict(zip(names, map(tuple, array.T.tolist()), strict=True)) for system, array in values.items()},
        dict(zip(values, estimates[: len(values)], strict=True)),
        dict(zip(leads, estimates[len(values) :], strict=True)),
        judgements,
    )
