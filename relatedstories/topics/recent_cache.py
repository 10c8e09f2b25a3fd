"""A cache of the most recently used values."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["MAX_KEPT", "RecentCache"]

MAX_KEPT = 30_000
"""Number of keys that a cache keeps for certain."""

_K = TypeVar("_K")
_V = TypeVar("_V")


class RecentCache(dict[_K, _V]):
    """A dict that keeps the `MAX_KEPT` most recently used keys, or somewhat more, and gives None for others."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[_K, _V] = {}

    def __missing__(self, key: _K) -> _V | None:
        value = self._before.get(key)
        return None if value is None else self.keep(key, value)

    def keep(self, key: _K, value: _V) -> _V:
        """Store a value and return it."""
        if len(self) >= MAX_KEPT:
            self._before = dict(self)
            self.clear()
        self[key] = value
        return value

    def forget(self) -> None:
        """Remove all values."""
        self._before = {}
        self.clear()
