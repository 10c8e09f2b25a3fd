"""A table of numbers to which rows are added."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["NumberTable"]


class NumberTable:
    """Rows of numbers, kept as an array that grows; the array's last row is zeros."""

    def __init__(self, width: int) -> None:
        self._array = np.zeros((1024, width), np.float32)
        self._size = 0
        self._new: list[float] = []  # one row after the other: many short tuples would keep the garbage collector busy

    def append(self, row: Iterable[float]) -> None:
        """Add a row, or several one after the other."""
        self._new += row

    def clear(self) -> None:
        """Remove all rows."""
        self._size = 0
        self._new.clear()

    def array(self) -> npt.NDArray[np.float32]:
        """Return all rows; after them come rows of zeros, at least one."""
        if self._new:
            width = self._array.shape[1]
            start, self._size = self._size, self._size + len(self._new) // width
            while self._size >= len(self._array):
                self._array = np.concatenate([self._array, np.zeros_like(self._array)])
            self._array[start : self._size] = np.fromiter(self._new, np.float64, len(self._new)).reshape(-1, width)
            self._new.clear()
        return self._array
