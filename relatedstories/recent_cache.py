"""A cache of the values that were stored last."""

from __future__ import annotations

from itertools import islice
from typing import TypeVar

__all__ = ["MAX_KEPT", "RecentCache"]

MAX_KEPT = 30_000
"""Number of values that a cache keeps for certain."""

_K = TypeVar("_K")
_V = TypeVar("_V")


class RecentCache(dict[_K, _V]):
    """A dict that keeps the `MAX_KEPT` values stored last, and at most twice as many."""

    def keep(self, key: _K, value: _V) -> _V:
        """Store a value and return it."""
        if len(self) >= 2 * MAX_KEPT:
            newest = list(islice(self.items(), MAX_KEPT, None))
            self.clear()
            self.update(newest)
        self[key] = value
        return value
