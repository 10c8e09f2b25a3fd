"""Days as Excel counts them: 44197 is 2021-01-01. They are dates only if a whole column is such numbers."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

__all__ = ["DayNumber", "DayNumbers"]

_FIRST, _LAST = 30_000, 60_000
"""From 1982-02-18 to 2064-04-08."""

_DAY_0 = dt.date(1899, 12, 30)  # of the dates from 1900-03-01 on, as Excel has a 29th of February in 1900
_WHOLE = re.compile(r"\s*(\d{5})(?:\.0+)?\s*")


class DayNumber(NamedTuple):
    """A value that may be the number of a day, as it was given, with its day and its place."""

    value: object
    day: dt.date
    where: str


class DayNumbers:
    """Whether a column of dates has nothing but numbers of days.

    Examples
    --------
    >>> numbers = DayNumbers()
    >>> number = numbers.read("44197", "row 1")
    >>> number.day, numbers.is_open
    (datetime.date(2021, 1, 1), True)
    >>> numbers.see_other()
    >>> numbers.is_open, numbers.read("44197", "row 3") is None
    (False, True)
    """

    def __init__(self) -> None:
        self.first: DayNumber | None = None
        self.n_read = 0
        self.are_all = True
        self._is_closed = False

    @property
    def is_open(self) -> bool:
        """Whether there are numbers of which later values tell whether they are days."""
        return self.first is not None and self.are_all and not self._is_closed

    def read(self, value: object, where: str) -> DayNumber | None:
        """Return what may be the number of a day; None for any other value, and in a column that has others."""
        is_number = isinstance(value, (str, int, float)) or hasattr(value, "__index__")  # of numpy, too
        found = _WHOLE.fullmatch(str(value)) if self.are_all and is_number else None
        if found is None or not _FIRST <= int(found[1]) <= _LAST:
            self.see_other()
            return None
        number = DayNumber(value, _DAY_0 + dt.timedelta(int(found[1])), where)
        self.first = self.first or number
        self.n_read += 1
        return number

    def see_other(self) -> None:
        """Take note of a value that is no number of a day."""
        self.are_all = False

    def close(self) -> None:
        """Take note that there are no more values."""
        self._is_closed = True

    def remarks(self) -> list[str]:
        """Return what was taken for what, as lines to print."""
        if self.first is None or not self.are_all:
            return []
        number = "1 is a whole number" if self.n_read == 1 else f"{self.n_read} are whole numbers"
        return [f"date: {number}, {self.first.value} ({self.first.where}); read as the days that Excel counts, {self.first.day}"]
