"""Tuning: the settings under which an archive's links agree best with what people judge to be related."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from relatedstories.errors import InputError, whole_number
from relatedstories.evaluation.evaluator import Estimate, estimated, extra, measure, sample, table
from relatedstories.index.archive import Archive, Similarity, Weights
from relatedstories.judging.judgements import QUERIES, Judgements, checked
from relatedstories.ranking.selection import select

if TYPE_CHECKING:
    from relatedstories.index.stories import Progress

__all__ = ["GRIDS", "LEAST_QUERIES", "Judged", "Tuning", "parted", "tuned"]

GRIDS: dict[str, tuple[float, ...]] = {
    "topic_weight": (0.05, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85),
    "space_weight": (0, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85),
    "half_life": (4, 10, 30, 60, 120, 365, 1000),
    "date_floor": (0, 0.2, 0.4, 0.6, 0.8, 1),
}
"""What is tried of each setting, beside the value it has.

No topics at all are not among it, though judgements may say so: links would lose the topics that readers see as their reason.
"""

LEAST_QUERIES = 10
"""Of fewer, neither part would say anything: seven to fit on, three held back."""

FITTED = 0.7
"""The part of the queries that settings are fitted on."""

_STEPS = (("topic_weight",), ("space_weight",), ("half_life", "date_floor"))
# The two of the date factor together: the best half-life is another where the floor is.

_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Tuning:
    """What `RelatedStories.tune` found.

    Parameters
    ----------
    k : int
        How many links an event at most.
    events : int
        How many the archive holds.
    fitted, held_back : tuple of str
        The ids of the queries the settings were fitted on, and of those they were not.
    before, found : Weights
        The settings there were, and the best on the queries fitted on.
    kept : bool
        Whether those found were taken: where they are not worse on the queries held back.
    figures : dict of str to dict of str to Estimate
        For "fitted" and "held back": the mean nDCG "before", with the settings "found", and the "difference" of them, query
        by query; each with its 95% interval.
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
        """The settings there are now."""
        return self.found if self.kept else self.before

    def to_dict(self) -> dict[str, Any]:
        """The settings and figures as JSON has them."""
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
        """The settings and figures as the rows of a table, the first with the names of its columns."""
        columns = zip(Weights._fields, self.before, self.found, strict=True)
        settings = [[name, f"{before:g}", f"{found:g}", ""] for name, before, found in columns]
        counts = {"fitted": len(self.fitted), "held back": len(self.held_back)}
        figures = [
            [f"nDCG@{self.k}, {counts[part]} queries {part}", *map(str, estimates.values())]
            for part, estimates in self.figures.items()
        ]
        return [["", "before", "after" if self.kept else "tried, not kept", "difference"], *settings, *figures]

    def __str__(self) -> str:
        return table(self.rows())


@dataclass(frozen=True, slots=True)
class Judged:
    """Judgements in two parts, and how good lists are by them.

    Parameters
    ----------
    gains : mapping of str to mapping of str to int
        For each query, the gain of events of the archive.
    fitted, held_back : tuple of str
        The queries of each part, sorted.
    k : int
        How many links an event at most.
    trec_eval : module
        What computes nDCG.
    """

    gains: Judgements
    fitted: tuple[str, ...]
    held_back: tuple[str, ...]
    k: int
    trec_eval: ModuleType

    def ndcg(self, lists: Sequence[Mapping[str, list[str]]]) -> list[dict[str, float]]:
        """For each of several ways to list, the nDCG@k of the queries it lists for, the same of all."""
        asked = list(lists[0])
        named = {str(number): found for number, found in enumerate(lists)}
        rows = measure(self.trec_eval, self.gains, asked, named, self.k, ["nDCG"])
        return [{id_: value for id_, (value,) in zip(asked, rows[name], strict=True)} for name in named]


def parted(judgements: Judgements, ids: Collection[str], k: int = 5, queries: int = QUERIES) -> Judged:
    """The judgements that say something of an archive, parted into queries to fit on and queries held back.

    Parameters
    ----------
    judgements : mapping of str to mapping of str to int
    ids : collection of str
        Those of the archive.
    k : int, default 5
        How many links an event at most.
    queries : int, default 1500
        How many to take at most, 10 or more: of more a sample, the same each time.

    Returns
    -------
    Judged
        By a hash of their ids alone, 70% of the queries are those to fit on.

    Raises
    ------
    InputError
        If an argument is not as above, fewer than `LEAST_QUERIES` queries are of the archive and relate to another event of
        it, or the extra is not installed.

    Examples
    --------
    >>> judged = parted({str(i): {"a": 1} for i in range(10)}, {"a", *map(str, range(10))})
    >>> len(judged.fitted), len(judged.held_back)
    (7, 3)
    """
    k, queries = whole_number("tune", "k", k, 1), whole_number("tune", "queries", queries, LEAST_QUERIES)
    trec_eval = extra("tune", "pytrec_eval")
    gains = checked(judgements, ids, "tune")
    if len(gains) < LEAST_QUERIES:
        raise InputError(
            f"tune: judgements: got {len(gains)} queries that are events of the archive and relate to another of it, of "
            f"{len(judgements)} judged, expected {LEAST_QUERIES} at least, to fit on {FITTED:.0%} of them"
        )
    asked = sorted(sample(sorted(gains), queries), key=_hash)
    n_fitted = round(FITTED * len(asked))
    return Judged(gains, tuple(sorted(asked[:n_fitted])), tuple(sorted(asked[n_fitted:])), k, trec_eval)


def tuned(
    archive: Archive, judged: Judged, before: Weights, least: float, progress: Progress | None = None
) -> tuple[Tuning, Archive]:
    """Search for the settings of the greatest mean nDCG@k on the queries fitted on.

    Parameters
    ----------
    archive : Archive
        Weighed by the settings there are.
    judged : Judged
    before : Weights
        The settings there are.
    least : float
        The least score of a link.
    progress : callable, optional
        Told of the setting that is searched for, the queries done and the queries in all.

    Returns
    -------
    tuning : Tuning
    archive : Archive
        Weighed by the settings there are now.

    Notes
    -----
    One setting at a time (the two of the date factor together), each value of `GRIDS` is tried with the others as they are,
    and the best taken; where none is better, the one there is stays. Again, three times at most, until nothing changes. All
    settings of one weight of topics are tried on a query before the next, so that one query's scores are held at a time.
    """
    rankings = _Rankings(archive, before.topic_weight, judged, least)
    found = before
    for _ in range(_ROUNDS):
        start = found
        for names in _STEPS:
            tried = list(dict.fromkeys([found, *_others(found, names)]))
            means = [_mean(values) for values in rankings.ndcg(judged.fitted, tried, " and ".join(names), progress)]
            found = tried[means.index(max(means))]  # the first of equals: what there is
        if found == start:
            break
    figures = {}
    for part, asked in (("fitted", judged.fitted), ("held back", judged.held_back)):
        values = np.array(rankings.ndcg(asked, [before, found], part, progress))
        estimates = estimated(np.stack([*values, values[1] - values[0]], axis=1))
        figures[part] = dict(zip(("before", "found", "difference"), estimates, strict=True))
    kept = _mean(values[1]) >= _mean(values[0])  # of the part held back, which came last
    tuning = Tuning(judged.k, len(archive.events), judged.fitted, judged.held_back, before, found, kept, figures)
    return tuning, rankings.weighed(tuning.after.topic_weight)


def _others(found: Weights, names: Sequence[str]) -> Iterator[Weights]:
    """The settings with each value of these of the grids."""
    for values in product(*(GRIDS[name] for name in names)):
        other = found._replace(**dict(zip(names, map(float, values), strict=True)))
        # With a floor of 1 dates are out of account: no half-life is better than the one there is.
        yield other._replace(half_life=found.half_life) if other.date_floor == 1 else other


class _Rankings:
    """The lists that `related` gives under settings, and how good they are; none is judged twice."""

    def __init__(self, archive: Archive, topic_weight: float, judged: Judged, least: float) -> None:
        self._archive, self._topic_weight = archive, topic_weight
        self._judged, self._least = judged, least
        self._known: dict[tuple[str, Weights], float] = {}

    def weighed(self, topic_weight: float) -> Archive:
        """The archive by a weight of topics; one is held at a time."""
        if topic_weight != self._topic_weight:
            self._archive, self._topic_weight = self._archive.reweighed(topic_weight), topic_weight
        return self._archive

    def ndcg(self, asked: Sequence[str], settings: Sequence[Weights], stage: str, progress: Progress | None) -> list[list[float]]:
        """For each of the settings, the nDCG of each query."""
        new = [weights for weights in settings if (asked[0], weights) not in self._known]
        topic_weights = list(dict.fromkeys(weights.topic_weight for weights in new))
        for turn, topic_weight in enumerate(topic_weights):
            archive = self.weighed(topic_weight)
            several = [weights for weights in new if weights.topic_weight == topic_weight]
            lists: list[dict[str, list[str]]] = [{} for _ in several]
            for done, id_ in enumerate(asked, 1):
                for listed, ids in zip(lists, self._lists(archive, id_, several), strict=True):
                    listed[id_] = ids
                if progress is not None:
                    progress(stage, turn * len(asked) + done, len(topic_weights) * len(asked))
            for weights, values in zip(several, self._judged.ndcg(lists), strict=True):
                self._known |= {(id_, weights): value for id_, value in values.items()}
        return [[self._known[id_, weights] for id_ in asked] for weights in settings]

    def _lists(self, archive: Archive, id_: str, settings: Sequence[Weights]) -> Iterator[list[str]]:
        """The ids listed for a query under each of some settings of one weight of topics."""
        row = archive.row(archive.number_of(id_))
        related, similarity = archive.related(row), Similarity(archive)
        for weights in settings:
            best = related.best_first(weights, self._least)
            yield [archive.events[one.number].id for one in select(best, self._judged.k, similarity, _no_label)]


def _no_label(_: int) -> None:
    """Labels do not decide what is listed where no rule limits them."""


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)  # exact, so that a tie is a tie everywhere


def _hash(id_: str) -> bytes:
    return hashlib.sha256(id_.encode("utf-8", "surrogatepass")).digest()
