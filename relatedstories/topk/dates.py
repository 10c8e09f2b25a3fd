"""The distance of two dates and the factor that a score is multiplied by for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["ANY_DAY", "MAX_DAYS", "NO_DATE", "UNKNOWN_AS", "UNKNOWN_DISTANCE", "DateFactor", "distances", "every_day"]

NO_DATE = np.iinfo(np.int32).min
"""The day number of an unknown date; smaller than every other day number."""

_LAST_DAY = np.iinfo(np.int32).max

ANY_DAY = (NO_DATE, _LAST_DAY)
"""The span of days, first and last, that includes every day number, `NO_DATE` too."""

UNKNOWN_DISTANCE = np.iinfo(np.int32).max
"""The distance, in days, of two dates where at least one is unknown."""


MAX_DAYS = 36_525
"""Days from which on the factor stays the same: a century."""

UNKNOWN_AS = 120
"""The number of days that two events count as apart where the date of one is unknown."""


class DateFactor:
    """The factor of a score for the days between two events: ``(1 + days) ** -decay``.

    Parameters
    ----------
    decay : float
        How fast the factor falls, from 0, where dates do not matter: with 0.15 it is 0.6 after a month and 0.41 after a year.

    Attributes
    ----------
    decay : float
    table : ndarray of float32
        The factor for each whole number of days; the last holds for all greater distances.
    unknown : int
        The index in `table` of the factor for an unknown date.

    Notes
    -----
    Interest in the past falls like a power of its age: fast within days, hardly from one year to the next. The factors are
    tabulated for whole days in float32, up to `MAX_DAYS`. They are computed by Python's own power function, so that a distance
    has the same factor on every machine. A pair with an unknown date counts as `UNKNOWN_AS` days apart.

    Examples
    --------
    >>> DateFactor(0.5).table[[0, 3, 99]].round(3).tolist()
    [1.0, 0.5, 0.10000000149011612]
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        n_days = MAX_DAYS if decay else 0
        self.table = np.array([(1 + days) ** -decay for days in range(n_days + 1)], np.float32)
        self.unknown = min(UNKNOWN_AS, n_days)

    def of(self, day: int, days: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return the factors between one day and each of several others (day numbers, or `NO_DATE`).

        Examples
        --------
        >>> DateFactor(0.5).of(0, np.array([0, 3, NO_DATE], np.int32)).round(3).tolist()
        [1.0, 0.5, 0.09099999815225601]
        """
        apart = distances(day, days)
        index = np.where(apart == UNKNOWN_DISTANCE, self.unknown, np.minimum(apart, len(self.table) - 1))
        factors: npt.NDArray[np.float32] = self.table[index]
        return factors


def distances(day: int | npt.NDArray[np.int32], days: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Return the days between `day` and each of `days`, `UNKNOWN_DISTANCE` where one is `NO_DATE`; arrays broadcast."""
    apart = np.abs(days.astype(np.int64) - day)
    return np.where((days == NO_DATE) | (day == NO_DATE), UNKNOWN_DISTANCE, apart)


def every_day(n: int) -> npt.NDArray[np.int32]:
    """Return the span `ANY_DAY` for each of n rows, shape (n, 2)."""
    return np.tile(np.array(ANY_DAY, np.int32), (n, 1))
