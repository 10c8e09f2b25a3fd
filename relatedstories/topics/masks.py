"""Where a mask is true, and where groups begin: as numpy's `flatnonzero` and `diff` tell, but sooner for short arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["starts_group", "where_true"]


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
