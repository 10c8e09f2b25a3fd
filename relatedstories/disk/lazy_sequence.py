"""A sequence whose values may be in a file and are read only when needed."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar, overload

__all__ = ["LazySequence", "LineSource", "to_json_line"]

T = TypeVar("T")

_CACHE_SIZE = 1 << 16
"""Number of values read from a file that stay in memory."""

_LINES_AT_ONCE = 1024
"""Most lines that are copied at once."""


class LineSource(Protocol):
    """Numbered lines of JSON."""

    def __len__(self) -> int: ...

    def __getitem__(self, line: int, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def line(self, number: int) -> bytes:
        """Return the bytes of a line, with its line break."""

    def lines(self, first: int, end: int) -> list[bytes]:
        """Return the bytes of the lines from one number to before another."""


def to_json_line(value: Any) -> bytes:
    """Return a JSON value as the bytes of a line."""
    return _encode(value).encode() + b"\n"


_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class LazySequence(Sequence[T], Generic[T]):
    r"""A sequence of values in memory, in a file, or both.

    Parameters
    ----------
    slots : sequence of int or value
        For each value, the value itself or the number of its line in the source.
    source : LineSource, optional
        The lines of the values that are not in memory.
    parse : callable, optional
        Converts the JSON of a line to a value; by default the JSON itself is the value.

    Examples
    --------
    >>> sequence = LazySequence(["a", "b"]).extended(["c"], [0, 2])
    >>> list(sequence), list(sequence.lines())
    (['a', 'c'], [b'"a"\n', b'"c"\n'])
    """

    def __init__(
        self, slots: Sequence[int | T], source: LineSource | None = None, parse: Callable[[Any], T] = lambda value: value
    ) -> None:
        self._slots, self._source, self._parse = slots, source, parse
        self._read = source and functools.lru_cache(_CACHE_SIZE)(lambda number: parse(source[number]))
        self._values: list[T] | None = None

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, position: int) -> T: ...
    @overload
    def __getitem__(self, position: slice) -> list[T]: ...
    def __getitem__(self, position: int | slice) -> T | list[T]:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if self._values is not None:
            return self._values[position]
        slot: Any = self._slots[position]
        value: T = self._read(slot) if type(slot) is int and self._read else slot
        return value

    def __iter__(self) -> Iterator[T]:
        if self._values is not None:
            return iter(self._values)
        if self._source is not None and self._slots == range(len(self._source)):
            return map(self._parse, self._source)
        return map(self.__getitem__, range(len(self)))

    def read_all(self) -> None:
        """Read all values into memory, where most of them are needed, some again and again.

        Examples
        --------
        >>> sequence = LazySequence([1, "c", 0], ["a", "b"])
        >>> sequence.read_all()
        >>> list(sequence), sequence[2]
        (['b', 'c', 'a'], 'a')
        """
        if self._source is not None and self._values is None:
            self._values = list(self)

    def in_memory(self, values: list[T]) -> LazySequence[T]:
        """Return this sequence with equal values that need not be read; lines are still copied from the source.

        Examples
        --------
        >>> LazySequence(["a", "b"]).in_memory(["a", "b"])[1]
        'b'
        """
        sequence = self.take(range(len(self)))
        sequence._values = values
        return sequence

    def at_hand(self) -> Sequence[T]:
        """Return the same values as a plain sequence, which is searched faster, if all are in memory; otherwise this one.

        Examples
        --------
        >>> LazySequence(["a", "b"]).at_hand()
        ['a', 'b']
        """
        if self._values is not None:
            return self._values
        return self if self._source is not None else self._slots  # type: ignore[return-value]

    def take(self, positions: Iterable[int]) -> LazySequence[T]:
        """Return the sequence of the values at the given positions, without reading them."""
        return self.extended((), positions)

    def extended(self, others: Sequence[T], positions: Iterable[int]) -> LazySequence[T]:
        """Return the values at the given positions of this sequence followed by `others`."""
        positions, slots = list(positions), [*self._slots, *others]
        sequence: LazySequence[T] = LazySequence([slots[position] for position in positions])
        if self._values is not None:
            values = [*self._values, *others]
            sequence._values = [values[position] for position in positions]
        sequence._source, sequence._read = self._source, self._read  # share the values already read
        sequence._parse = self._parse
        return sequence

    def line(self, position: int, to_json: Callable[[T], Any] = lambda value: value) -> bytes:
        """Return a value as the bytes of a line; a line of the source is copied without being parsed."""
        slot: Any = self._slots[position]
        return self._source.line(slot) if type(slot) is int and self._source else to_json_line(to_json(slot))

    def lines(self, to_json: Callable[[T], Any] = lambda value: value) -> Iterator[bytes]:
        """Yield all values as lines, see `line`; many lines of the source that follow one another are copied at once."""
        slots: Any = self._slots
        position = 0
        while position < len(slots):
            slot, start = slots[position], position
            position += 1
            if type(slot) is not int or self._source is None:
                yield to_json_line(to_json(slot))
                continue
            last = min(len(slots), start + _LINES_AT_ONCE)
            while position < last and type(slots[position]) is int and slots[position] - slot == position - start:
                position += 1
            yield from self._source.lines(slot, slot + position - start)
