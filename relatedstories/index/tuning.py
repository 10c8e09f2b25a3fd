"""Tuning: the settings under which an archive's links agree best with people's judgements of what is related."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from relatedstories.counts import counted
from relatedstories.errors import InputError, whole_number
from relatedstories.index.archive import Archive
from relatedstories.index.archive_index import ArchiveIndex
from relatedstories.index.comparison import Similarity
from relatedstories.index.reranking import Reranker
from relatedstories.index.weights import Settings, Weights
from relatedstories.judging.judgements import QUERIES, Judgements, restrict_judgements
from relatedstories.judging.measures import (
    Estimate,
    bootstrap_estimates,
    format_table,
    import_extra,
    measure_lists,
    sample_queries,
)
from relatedstories.ranking.selection import select

if TYPE_CHECKING:
    from relatedstories.progress import Progress

__all__ = ["GRIDS", "MIN_QUERIES", "JudgedQueries", "Tuning", "search_settings", "split_judgements"]

GRIDS: dict[str, tuple[float, ...]] = {
    "topic_weight": (0.05, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85),
    "space_weight": (0, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85),
    "date_decay": (0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1),
}
"""The values that are tried for each setting, beside its current one.

A topic weight of 0 is not tried, even if judgements favour it: links would lose the topics that readers see as their reason.
"""

MIN_QUERIES = 10
"""Least number of judged queries: seven to fit on and three held out."""

FITTED = 0.7
"""The part of the queries that settings are fitted on."""

_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings and figures that `RelatedStories.tune` found.

    Parameters
    ----------
    k : int
        Maximum number of links per event.
    events : int
        Number of events in the archive.
    fitted, held_back : tuple of str
        The ids of the queries that the settings were fitted on, and of the held-out queries.
    before, found : Weights
        The settings before, and the best settings on the queries fitted on.
    kept : bool
        Whether the settings found were kept, because they are not worse on the held-out queries.
    figures : dict of str to dict of str to Estimate
        For the parts "fitted" and "held back": the mean nDCG "before", with the settings "found", and the mean "difference"
        of both, query by query; each with its 95% interval.
    """

    k: int
    events: int
    fitted: tuple[str, ...] = field(repr=False)
    held_back: tuple[str, ...] = field(repr=False)
    before: Weights
    found: Weights
    kept: bool
    figures: dict[str, dict[str, Estimate]]

    @property
    def after(self) -> Weights:
        """The settings after tuning."""
        return self.found if self.kept else self.before

    def to_dict(self) -> dict[str, Any]:
        """Return the settings and figures as a dictionary that JSON can hold."""
        return {
            "events": self.events,
            "k": self.k,
            "queries": {"fitted": len(self.fitted), "held back": len(self.held_back)},
            "kept": self.kept,
            "settings": {name: getattr(self, name)._asdict() for name in ("before", "found", "after")},
            f"nDCG@{self.k}": {
                part: {name: estimate._asdict() for name, estimate in estimates.items()}
                for part, estimates in self.figures.items()
            },
        }

    def rows(self) -> list[list[str]]:
        """Return the settings and figures as the rows of a table, headings first."""
        columns = zip(Weights._fields, self.before, self.found, strict=True)
        settings = [[name, f"{before:g}", f"{found:g}", ""] for name, before, found in columns]
        counts = {"fitted": len(self.fitted), "held back": len(self.held_back)}
        figures = [
            [f"nDCG@{self.k}, {counted(counts[part], 'queries')} {part}", *map(str, estimates.values())]
            for part, estimates in self.figures.items()
        ]
        return [["", "before", "after" if self.kept else "tried, not kept", "difference"], *settings, *figures]

    def __str__(self) -> str:
        return format_table(self.rows())


@dataclass(frozen=True, slots=True)
class JudgedQueries:
    """Judged queries, split into those to fit on and those held out.

    Parameters
    ----------
    gains : mapping of str to mapping of str to int
        For each query, the gains of events of the archive.
    fitted, held_back : tuple of str
        The queries of each part, sorted.
    k : int
        Maximum number of links per event.
    trec_eval : module
        The module that computes nDCG.
    """

    gains: Judgements
    fitted: tuple[str, ...]
    held_back: tuple[str, ...]
    k: int
    trec_eval: ModuleType

    def ndcg(self, rankings: Sequence[Mapping[str, list[str]]]) -> list[dict[str, float]]:
        """Return the nDCG@k of each query under each of several rankings; all must have lists for the same queries."""
        queries = list(rankings[0])
        named = {str(number): ranking for number, ranking in enumerate(rankings)}
        rows = measure_lists(self.trec_eval, self.gains, queries, named, self.k, ["nDCG"])
        return [{id_: value for id_, (value,) in zip(queries, rows[name], strict=True)} for name in named]


def split_judgements(judgements: Judgements, ids: Collection[str], k: int = 5, queries: int = QUERIES) -> JudgedQueries:
    """Return the judgements about an archive, split into queries to fit on and queries held out.

    Parameters
    ----------
    judgements : mapping of str to mapping of str to int
    ids : collection of str
        The ids of the archive.
    k : int, default 5
        Maximum number of links per event.
    queries : int, default 1500
        Maximum number of queries, at least 10. If more are judged, a sample is taken, the same each time.

    Returns
    -------
    JudgedQueries
        70% of the queries are those to fit on; a hash of their ids alone decides which.

    Raises
    ------
    InputError
        If an argument is not as described, fewer than `MIN_QUERIES` queries are in the archive and related to another of
        its events, or the extra is not installed.

    Examples
    --------
    >>> judged = split_judgements({str(i): {"a": 1} for i in range(10)}, {"a", *map(str, range(10))})
    >>> len(judged.fitted), len(judged.held_back)
    (7, 3)
    """
    k, queries = whole_number("tune", "k", k, 1), whole_number("tune", "queries", queries, MIN_QUERIES)
    trec_eval = import_extra("tune", "pytrec_eval")
    gains = restrict_judgements(judgements, ids, "tune")
    if len(gains) < MIN_QUERIES:
        raise InputError(
            f"tune: judgements: got {len(gains)} queries that are events of the archive and relate to another of it, of "
            f"{len(judgements)} judged, expected {MIN_QUERIES} at least, to fit on {FITTED:.0%} of them"
        )
    by_hash = sorted(sample_queries(sorted(gains), queries), key=_hash)
    n_fitted = round(FITTED * len(by_hash))
    return JudgedQueries(gains, tuple(sorted(by_hash[:n_fitted])), tuple(sorted(by_hash[n_fitted:])), k, trec_eval)


def search_settings(
    archive: Archive, judged: JudgedQueries, given: Settings, progress: Progress | None = None
) -> tuple[Tuning, ArchiveIndex]:
    """Search for the settings with the greatest mean nDCG@k on the queries to fit on.

    Parameters
    ----------
    archive : Archive
        Weighed by the current settings.
    judged : JudgedQueries
    given : Settings
        The current settings; those that are None are learnt from the archive.
    progress : callable, optional
        Called with the setting that is searched for, the number of queries done and their total.

    Returns
    -------
    tuning : Tuning
    index : ArchiveIndex
        Of the archive, weighed by the settings after tuning.

    Notes
    -----
    For one setting at a time each value of `GRIDS` is tried while the others stay, and the best is taken; the current value
    stays unless another is better. This is repeated, at most three times, until nothing changes. All settings with the same
    topic weight are tried on a query before the next query, so that the scores of only one query are held at a time. A least
    score that is not given is learnt anew for whatever is tried.
    """
    index = ArchiveIndex(archive)
    before = index.learnt.weights(given)
    rankings = _Rankings(index, before.topic_weight, judged)
    first = best = Settings(*before)._replace(min_score=given.min_score)
    for _ in range(_ROUNDS):
        start = best
        for name, grid in GRIDS.items():
            tried = list(dict.fromkeys([best, *(best._replace(**{name: float(value)}) for value in grid)]))
            means = [_mean(ndcg) for ndcg in rankings.ndcg(judged.fitted, tried, name, progress)]
            best = tried[means.index(max(means))]  # the first of equals: the current settings
        if best == start:
            break
    figures = {}
    for part, queries in (("fitted", judged.fitted), ("held back", judged.held_back)):
        values = np.array(rankings.ndcg(queries, [first, best], part, progress))
        estimates = bootstrap_estimates(np.stack([*values, values[1] - values[0]], axis=1))
        figures[part] = dict(zip(("before", "found", "difference"), estimates, strict=True))
    kept = _mean(values[1]) >= _mean(values[0])  # on the held-out part, which came last
    found = rankings.index_with(best.topic_weight).learnt.weights(best)
    tuning = Tuning(judged.k, len(archive), judged.fitted, judged.held_back, before, found, kept, figures)
    return tuning, rankings.index_with(tuning.after.topic_weight)


class _Rankings:
    """The lists that `related` returns under settings, and their nDCG; no list is measured twice."""

    def __init__(self, index: ArchiveIndex, topic_weight: float | None, judged: JudgedQueries) -> None:
        self._index, self._topic_weight, self._judged = index, topic_weight, judged
        self._known: dict[tuple[str, Settings], float] = {}

    def index_with(self, topic_weight: float | None) -> ArchiveIndex:
        """Return the index weighed by a weight of topics; only one is held at a time."""
        if topic_weight != self._topic_weight:
            self._index, self._topic_weight = ArchiveIndex(self._index.archive.reweighed(topic_weight)), topic_weight
        return self._index

    def ndcg(
        self, queries: Sequence[str], settings: Sequence[Settings], stage: str, progress: Progress | None
    ) -> list[list[float]]:
        """Return the nDCG of each query under each of some settings."""
        new = [tried for tried in settings if (queries[0], tried) not in self._known]
        topic_weights = list(dict.fromkeys(tried.topic_weight for tried in new))
        for turn, topic_weight in enumerate(topic_weights):
            learnt = self.index_with(topic_weight).learnt
            several = [tried for tried in new if tried.topic_weight == topic_weight]
            in_use = [learnt.weights(tried) for tried in several]
            rankings: list[dict[str, list[str]]] = [{} for _ in several]
            for done, id_ in enumerate(queries, 1):
                for ranking, ids in zip(rankings, self._lists(id_, in_use), strict=True):
                    ranking[id_] = ids
                if progress is not None:
                    progress(stage, turn * len(queries) + done, len(topic_weights) * len(queries))
            for tried, values in zip(several, self._judged.ndcg(rankings), strict=True):
                self._known |= {(id_, tried): value for id_, value in values.items()}
        return [[self._known[id_, tried] for id_ in queries] for tried in settings]

    def _lists(self, id_: str, settings: Sequence[Weights]) -> Iterator[list[str]]:
        """Yield the ids listed for a query under each of some settings with the current weight of topics."""
        archive = self._index.archive
        row = archive.row(archive.number_of(id_))
        comparison, similarity = self._index.compare(row), Similarity(archive)
        for weights in settings:
            by_row = comparison.best_first(weights, weights.min_score)
            candidates = Reranker(archive, weights, row).rerank(by_row, weights.min_score)
            yield [archive.events[one.number].id for one in select(candidates, self._judged.k, similarity, _no_label)]


def _no_label(_: int) -> None:
    """Return no label: labels do not decide what is listed unless their number is limited."""


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)  # exact, so that a tie is a tie on every machine


def _hash(id_: str) -> bytes:
    return hashlib.sha256(id_.encode("utf-8", "surrogatepass")).digest()
