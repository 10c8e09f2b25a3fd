"""Sequences of which a part may be in a file, read when it is asked for."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar, overload

__all__ = ["LazySequence", "Source", "as_line"]

T = TypeVar("T")

_AT_HAND = 1 << 16
"""So many values that were read from a file are kept at hand."""


class Source(Protocol):
    """Lines of JSON."""

    def __len__(self) -> int: ...

    def __getitem__(self, line: int, /) -> Any: ...

    def line(self, number: int) -> bytes:
        """A line as it is written."""


def as_line(value: Any) -> bytes:
    """A JSON value as a line is written."""
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


class LazySequence(Sequence[T], Generic[T]):
    r"""Values in memory, values in a file, or both.

    Parameters
    ----------
    slots : sequence of int or value
        Each value itself, or the number of its line.
    source : Source, optional
        The lines.
    made : callable, optional
        Makes a value of the JSON of a line.

    Examples
    --------
    >>> kept = LazySequence(["a", "b"]).plus(["c"], [0, 2])
    >>> list(kept), list(kept.lines())
    (['a', 'c'], [b'"a"\n', b'"c"\n'])
    """

    def __init__(
        self, slots: Sequence[int | T], source: Source | None = None, made: Callable[[Any], T] = lambda value: value
    ) -> None:
        self._slots, self._source = slots, source
        self._read = source and functools.lru_cache(_AT_HAND)(lambda number: made(source[number]))

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

    def picked(self, places: Iterable[int]) -> LazySequence[T]:
        """The values at some places, still unread."""
        return self.plus((), places)

    def plus(self, others: Sequence[T], places: Iterable[int]) -> LazySequence[T]:
        """Of these values and others after them, those at some places."""
        slots: list[int | T] = [*self._slots, *others]
        kept: LazySequence[T] = LazySequence([slots[place] for place in places])
        kept._source, kept._read = self._source, self._read  # with what it has at hand
        return kept

    def line(self, place: int, as_json: Callable[[T], Any] = lambda value: value) -> bytes:
        """A value as a line of JSON; what is in a file is not read for it."""
        slot: Any = self._slots[place]
        return self._source.line(slot) if type(slot) is int and self._source else as_line(as_json(slot))

    def lines(self, as_json: Callable[[T], Any] = lambda value: value) -> Iterator[bytes]:
        """All of them as such."""
        return (self.line(place, as_json) for place in range(len(self)))
