"""Caches of the topic model: a mapping that keeps recent entries, and a growing array."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["CACHE_SIZE", "GrowingArray", "RecentCache"]

CACHE_SIZE = 30_000
"""Number of most recent entries that a cache keeps at least."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class RecentCache(dict[_Key, _Value]):
    """A mapping that keeps at least the `CACHE_SIZE` entries used last, and gives None for missing keys.

    It holds two generations. When the younger one is full it becomes the older one, whose entries move back when they are used.

    Examples
    --------
    >>> cache = RecentCache()
    >>> cache.keep("Oslo", 1), cache["Oslo"], cache["Rome"]
    (1, 1, None)
    """

    def __init__(self) -> None:
        super().__init__()
        self._older: dict[_Key, _Value] = {}

    def __missing__(self, key: _Key) -> _Value | None:
        value = self._older.get(key)
        return None if value is None else self.keep(key, value)

    def keep(self, key: _Key, value: _Value) -> _Value:
        """Store a value and return it."""
        if len(self) >= CACHE_SIZE:
            self._older = dict(self)
            self.clear()
        self[key] = value
        return value

    def forget(self) -> None:
        """Remove all entries of both generations."""
        self._older = {}
        self.clear()


class GrowingArray:
    """A float32 array to which rows are appended; its last row is always zeros.

    Parameters
    ----------
    width : int
        Number of columns.

    Examples
    --------
    >>> rows = GrowingArray(2)
    >>> rows.append((1, 2))
    >>> rows.array()[0].tolist(), rows.array()[-1].tolist()
    ([1.0, 2.0], [0.0, 0.0])
    """

    def __init__(self, width: int) -> None:
        self._array = np.zeros((1024, width), np.float32)
        self._size = 0
        self._pending: list[tuple[float, ...]] = []

    def append(self, row: tuple[float, ...]) -> None:
        """Append a row."""
        self._pending.append(row)

    def clear(self) -> None:
        """Remove all rows."""
        self._size = 0
        self._pending.clear()

    def array(self) -> npt.NDArray[np.float32]:
        """Return the array: the rows in the order they were appended, then unused rows."""
        if self._pending:
            start, self._size = self._size, self._size + len(self._pending)
            while self._size >= len(self._array):
                self._array = np.concatenate([self._array, np.zeros_like(self._array)])
            self._array[start : self._size] = self._pending
            self._pending.clear()
        return self._array
