"""The model of "same story": the probability that editors put two near events under one heading."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from relatedstories.artefacts import table
from relatedstories.storylines.pairs import FEATURES

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["CERTAIN", "coefficients", "probabilities"]

CERTAIN = 1 << 10
"""What a probability of 1 is; probabilities are whole numbers, so that sums are exact."""

_STEPS, _MOST = 64, 16
"""Log odds are rounded to whole multiples of ``1 / _STEPS`` and are at most `_MOST`."""


@functools.cache
def coefficients() -> tuple[float, ...]:
    """Return the intercept and the coefficient of each of `FEATURES`, as `models/storylines/train.py` learnt them."""
    learnt = {name: float(value) for name, value in table("storylines/coefficients.tsv")}
    return tuple(learnt[name] for name in ("intercept", *FEATURES))


def probabilities(features: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the probability of each pair to be of one story, as a whole number of `CERTAIN`.

    Parameters
    ----------
    features : ndarray of float64, shape (n_pairs, 5)
        As of `relatedstories.storylines.pairs.features_of`.

    Notes
    -----
    A logistic model. The sum is formed feature by feature, and the logistic function tabulated, as a matrix product and numpy's
    exponential function may differ in the last digit from machine to machine.
    """
    intercept, *slopes = coefficients()
    odds = np.full(len(features), intercept)
    for column, slope in enumerate(slopes):
        odds = odds + slope * features[:, column]
    places = np.rint(np.clip(odds, -_MOST, _MOST) * _STEPS).astype(np.intp) + _MOST * _STEPS
    found: npt.NDArray[np.int64] = _logistic()[places]
    return found


@functools.cache
def _logistic() -> npt.NDArray[np.int64]:
    """Return the logistic function of all rounded log odds."""
    steps = range(-_MOST * _STEPS, _MOST * _STEPS + 1)
    return np.array([round(CERTAIN / (1 + math.exp(-step / _STEPS))) for step in steps], np.int64)
