"""What numpy's `flatnonzero`, `diff` and `stack` do, but sooner for short arrays, such as those of a single text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["side_by_side", "starts_group", "where_true"]


def where_true(mask: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return the places of a one-dimensional mask that are true, or not 0."""
    return mask.nonzero()[0]


def starts_group(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return for each value whether it differs from the one before it; the first does.

    Examples
    --------
    >>> starts_group(np.array([4, 4, 7, 7, 7])).tolist()
    [True, False, True, False, False]
    """
    starts = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=starts[1:])
    return starts


def side_by_side(columns: Sequence[npt.NDArray[Any]], dtype: npt.DTypeLike = np.intp) -> npt.NDArray[Any]:
    """Return the array of some columns, at least one.

    Examples
    --------
    >>> side_by_side([np.array([1, 2]), np.array([3, 4])]).tolist()
    [[1, 3], [2, 4]]
    """
    rows = np.empty((len(columns[0]), len(columns)), dtype)
    for number, column in enumerate(columns):
        rows[:, number] = column
    return rows
