"""Offsets of a text that was made of another: where each stretch of it stood."""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["OffsetMap", "Piece"]

Piece: TypeAlias = tuple[int, int, int, int]
"""A stretch: its start and end in the new text, and its start and end in the old one."""


def _positions() -> array[int]:
    return array("L")


@dataclass(slots=True)
class OffsetMap:
    """Where the stretches of a new text stood in an old one.

    A stretch that is as long in both goes over character by character. Any other is one unit: "&amp;" and "&". What lies
    between two stretches of the old text was cut.

    Examples
    --------
    >>> offsets = OffsetMap()  # "<b>R&amp;D" was made "R&D"
    >>> for piece in [(0, 1, 3, 4), (1, 2, 4, 9), (2, 3, 9, 10)]:
    ...     offsets.add(*piece)
    >>> offsets.span(0, 3), offsets.span(1, 2), offsets.span(2, 3)
    ((3, 10), (4, 9), (9, 10))
    """

    new: array[int] = field(default_factory=_positions)
    old: array[int] = field(default_factory=_positions)
    old_ends: array[int] = field(default_factory=_positions)
    end: int = 0

    def add(self, start: int, end: int, old_start: int, old_end: int) -> None:
        """Add a stretch at the end of the new text."""
        self.new.append(start)
        self.old.append(old_start)
        self.old_ends.append(old_end)
        self.end = end

    def pieces(self) -> Iterator[Piece]:
        """Yield the stretches."""
        return zip(self.new, (*self.new, self.end)[1:], self.old, self.old_ends, strict=True)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the start and end in the old text of a stretch of the new one."""
        if not self.new:
            return 0, 0
        first = self._start(start)
        return first, max(first, self._end(end)) if end > start else first

    def _start(self, place: int) -> int:
        piece = max(0, bisect.bisect_right(self.new, place) - 1)
        if place >= self.end:
            return self.old_ends[-1]
        return self.old[piece] + (place - self.new[piece] if self._is_even(piece) else 0)

    def _end(self, place: int) -> int:
        piece = max(0, bisect.bisect_left(self.new, place) - 1)
        if place >= self.end or not self._is_even(piece):
            return self.old_ends[piece]
        return self.old[piece] + place - self.new[piece]

    def _is_even(self, piece: int) -> bool:
        """Tell whether a piece is as long in both texts."""
        end = self.new[piece + 1] if piece + 1 < len(self.new) else self.end
        return end - self.new[piece] == self.old_ends[piece] - self.old[piece]

    def after(self, earlier: OffsetMap) -> OffsetMap:
        """Return where the new text's stretches stood before the old text was itself made of another."""
        joined, starts = OffsetMap(), earlier.new
        for start, end, old_start, old_end in self.pieces():
            if end - start != old_end - old_start:
                joined.add(start, end, *earlier.span(old_start, old_end))
                continue
            at = old_start
            piece = max(0, bisect.bisect_right(starts, at) - 1)
            while at < old_end:
                piece += 1
                until = min(old_end, starts[piece] if piece < len(starts) else old_end)
                if until > at:
                    joined.add(start + at - old_start, start + until - old_start, *earlier.span(at, until))
                at = max(at, until)
        return joined

    def shifted(self, new: int, old: int) -> Iterator[Piece]:
        """Yield the stretches as they stand once something precedes both texts."""
        for start, end, old_start, old_end in self.pieces():
            yield start + new, end + new, old_start + old, old_end + old
