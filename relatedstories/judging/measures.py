"""Measures of lists against judgements: nDCG and others, with bootstrap intervals."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from relatedstories.errors import InputError
from relatedstories.judging.judgements import Judgements

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Estimate", "bootstrap_estimates", "format_table", "import_extra", "measure_lists", "sample_queries"]

TREC_NAMES = {"nDCG": "ndcg_cut", "P": "P", "R": "recall", "MRR": "recip_rank", "hit": "success"}
"""The name of each measure in trec_eval."""

_PACKAGES = {"pytrec_eval": "pytrec-eval-terrier", "bm25s": "bm25s"}  # the modules of the extra, and their packages

_N_RESAMPLES = 2000

_QUERIES_AT_ONCE = 100
"""Queries whose judgements are held at once: each event under a common heading has a hundred thousand of them."""


class Estimate(NamedTuple):
    """A mean over queries, and the bounds of its 95% interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def measure_lists(
    trec_eval: ModuleType,
    judgements: Judgements,
    queries: Sequence[str],
    lists: Mapping[str, Mapping[str, list[str]]],
    k: int,
    names: Iterable[str] = tuple(TREC_NAMES),
) -> dict[str, list[list[float]]]:
    """Return the value of each measure for each query and system.

    Parameters
    ----------
    trec_eval : module
        pytrec_eval, see `import_extra`.
    judgements : mapping of str to mapping of str to int
    queries : sequence of str
        The ids of the events asked about.
    lists : mapping of str to mapping of str to list of str
        For each system, the ids listed for each query, best first.
    k : int
        The length at which lists are cut.
    names : iterable of str
        The measures: keys of `TREC_NAMES`. `relatedstories.evaluate` defines them.

    Returns
    -------
    dict of str to list of list of float
        For each system a row for each query, with a value for each measure.
    """
    # MRR has no cut-off in trec_eval; the lists end at k anyway.
    keys = {key if key == "recip_rank" else f"{key}_{k}": None for key in (TREC_NAMES[name] for name in names)}
    values: dict[str, list[list[float]]] = {system: [] for system in lists}
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        ids = queries[start : start + _QUERIES_AT_ONCE]
        # What is not judged has a gain of 0; trec_eval crashes if it is given nothing but gains of 0.
        gains = {id_: {other: 2**gain - 1 for other, gain in judgements[id_].items() if gain} for id_ in ids}
        evaluator = trec_eval.RelevanceEvaluator(gains, set(keys))
        for system, listed in lists.items():
            # trec_eval sorts by score; these scores keep the order of the list.
            run = {id_: {other: float(-rank) for rank, other in enumerate(listed[id_])} for id_ in ids}
            measured = evaluator.evaluate(run)
            values[system].extend([measured[id_][key] for key in keys] for id_ in ids)
    return values


def bootstrap_estimates(values: npt.NDArray[np.float64]) -> list[Estimate]:
    """Return the mean of each column of values, one row a query, with its 95% bootstrap interval.

    All columns are resampled with the same queries. Source: B. Efron, "Bootstrap methods: another look at the jackknife",
    1979.
    """
    n, rng = len(values), np.random.default_rng(0)
    counts = (np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(_N_RESAMPLES))
    means = np.array([count @ values for count in counts]) / n
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return [Estimate(*map(float, triple)) for triple in zip(values.mean(axis=0), low, high, strict=True)]


def sample_queries(ids: Sequence[str], n: int) -> tuple[str, ...]:
    """Return n of the ids, or all if there are fewer, in their order; the same sample each time."""
    drawn = np.random.default_rng(0).choice(len(ids), min(n, len(ids)), replace=False)
    return tuple(ids[i] for i in np.sort(drawn))


def import_extra(call: str, module: str) -> ModuleType:
    """Return a module of the extra ``relatedstories[evaluate]``; raises `InputError` if it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        message = f'{call} needs {_PACKAGES[module]}, which is not installed: pip install "relatedstories[evaluate]"'
        raise InputError(message) from None


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows of a table as lines of text with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
