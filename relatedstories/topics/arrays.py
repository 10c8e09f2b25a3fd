"""What numpy's `flatnonzero`, `diff`, `stack`, `clip` and `matmul` do, but sooner for arrays of the sizes that texts have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["limit", "product", "side_by_side", "starts_group", "where_true"]

_MOST_PRODUCTS = 1 << 18
"""Number of products of numbers up to which OpenBLAS multiplies matrices in one thread."""


def product(values: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the matrix product of some rows and weights, computed in one thread.

    More threads wait for each other for longer than such products take, at the cost of all cores.

    Examples
    --------
    >>> product(np.ones((3, 2), np.float32), np.ones((2, 1), np.float32)).tolist()
    [[2.0], [2.0], [2.0]]
    """
    size = max(1, _MOST_PRODUCTS // weights.size)
    if len(values) <= size:
        return values @ weights
    n_whole = len(values) // size * size
    sums = np.empty((len(values), weights.shape[1]), np.float32)
    np.matmul(values[:n_whole].reshape(-1, size, len(weights)), weights, out=sums[:n_whole].reshape(-1, size, weights.shape[1]))
    np.matmul(values[n_whole:], weights, out=sums[n_whole:])
    return sums


def limit(values: npt.NDArray[np.float32], least: float | np.float32, most: float | np.float32) -> npt.NDArray[np.float32]:
    """Return values after limiting them, in place.

    Examples
    --------
    >>> limit(np.array([-3, 1, 8], np.float32), 0, 2).tolist()
    [0.0, 1.0, 2.0]
    """
    np.maximum(values, least, out=values)
    return np.minimum(values, most, out=values)


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
