"""Sequences of which a part may be in a file, read when it is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar, overload

__all__ = ["Kept"]

T = TypeVar("T")

_AT_HAND = 1 << 16
"""So many values that were read from a file are kept at hand."""


class Kept(Sequence[T], Generic[T]):
    """Values in memory, values in a file, or both.

    Parameters
    ----------
    slots : sequence of int or value
        Each value itself, or where it is in the file.
    read : callable, optional
        Gives the value that is there.

    Examples
    --------
    >>> squares = Kept(range(4), lambda place: f"{place} squared is {place**2}")
    >>> more = squares.plus(["none"], [0, 4, 3])
    >>> list(more)
    ['0 squared is 0', 'none', '3 squared is 9']
    """

    def __init__(self, slots: Sequence[int | T], read: Callable[[int], T] | None = None) -> None:
        self._slots = slots
        self._read = read and functools.lru_cache(_AT_HAND)(read)

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        slot: Any = self._slots[place]
        value: T = self._read(slot) if type(slot) is int and self._read else slot
        return value

    def picked(self, places: Iterable[int]) -> Kept[T]:
        """The values at some places, still unread."""
        return self.plus((), places)

    def plus(self, others: Sequence[T], places: Iterable[int]) -> Kept[T]:
        """Of these values and others after them, those at some places."""
        slots: list[int | T] = [*self._slots, *others]
        kept: Kept[T] = Kept([slots[place] for place in places])
        kept._read = self._read  # with what it has at hand
        return kept
