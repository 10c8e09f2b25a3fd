"""A sequence whose values may be in a file, each read only when it is needed."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar, overload

__all__ = ["LazySequence", "LineSource", "as_line"]

T = TypeVar("T")

_CACHE_SIZE = 1 << 16
"""Number of values read from a file that stay in memory."""


class LineSource(Protocol):
    """Lines of JSON, by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, line: int, /) -> Any: ...

    def line(self, number: int) -> bytes:
        """Return the bytes of a line, with its line break."""


def as_line(value: Any) -> bytes:
    """Return a JSON value as the bytes of a line."""
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


class LazySequence(Sequence[T], Generic[T]):
    r"""A sequence of values in memory, in a file, or both.

    Parameters
    ----------
    slots : sequence of int or value
        For each value, the value itself or the number of its line in the source.
    source : LineSource, optional
        Where the values that are not in memory are.
    parse : callable, optional
        Makes a value of the JSON of a line; by default that is the value.

    Examples
    --------
    >>> sequence = LazySequence(["a", "b"]).plus(["c"], [0, 2])
    >>> list(sequence), list(sequence.lines())
    (['a', 'c'], [b'"a"\n', b'"c"\n'])
    """

    def __init__(
        self, slots: Sequence[int | T], source: LineSource | None = None, parse: Callable[[Any], T] = lambda value: value
    ) -> None:
        self._slots, self._source = slots, source
        self._read = source and functools.lru_cache(_CACHE_SIZE)(lambda number: parse(source[number]))

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
        """Return the sequence of the values at some places, without reading them."""
        return self.plus((), places)

    def plus(self, others: Sequence[T], places: Iterable[int]) -> LazySequence[T]:
        """Return the sequence of the values at some places, where further values are numbered after the present ones."""
        slots: list[int | T] = [*self._slots, *others]
        sequence: LazySequence[T] = LazySequence([slots[place] for place in places])
        sequence._source, sequence._read = self._source, self._read  # shares the values that were read already
        return sequence

    def line(self, place: int, as_json: Callable[[T], Any] = lambda value: value) -> bytes:
        """Return a value as the bytes of a line; a line of the source is copied without being parsed."""
        slot: Any = self._slots[place]
        return self._source.line(slot) if type(slot) is int and self._source else as_line(as_json(slot))

    def lines(self, as_json: Callable[[T], Any] = lambda value: value) -> Iterator[bytes]:
        """Yield all values as lines, see `line`."""
        return (self.line(place, as_json) for place in range(len(self)))
