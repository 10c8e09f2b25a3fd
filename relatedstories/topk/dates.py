"""The distance of two dates and the factor that a score is multiplied by for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["ANY_DAY", "NO_DATE", "UNKNOWN_DISTANCE", "DateFactor", "distances", "every_day"]

NO_DATE = np.iinfo(np.int32).min
"""The day number of an unknown date; smaller than every other day number."""

_LAST_DAY = np.iinfo(np.int32).max

ANY_DAY = (NO_DATE, _LAST_DAY)
"""The span of days, first and last, that includes every day number, `NO_DATE` too."""

UNKNOWN_DISTANCE = np.iinfo(np.int32).max
"""The distance, in days, of two dates where at least one is unknown."""


class DateFactor:
    """The factor of a score for the days between two events: ``floor + (1 - floor) * 2 ** (-days / half_life)``.

    Parameters
    ----------
    half_life : float
        Days after which the part above the floor has halved; more than 0.
    floor : float
        The factor that events keep however far apart they are, 0 to 1.

    Attributes
    ----------
    table : ndarray of float32
        The factor for each whole number of days; the last holds for all greater distances.
    unknown : int
        The index in `table` of the factor for an unknown date.

    Notes
    -----
    A pair with an unknown date counts as one half-life apart. The factors are tabulated for whole days in float32,
    up to the distance where they no longer change. They are computed by Python's own power function, so that a
    distance has the same factor on every machine.

    Examples
    --------
    >>> DateFactor(half_life=100, floor=0.2).table[[0, 100]].tolist()
    [1.0, 0.6000000238418579]
    """

    def __init__(self, half_life: float, floor: float) -> None:
        last = int(40 * half_life) + 1
        self.table = np.array([floor + (1 - floor) * 2.0 ** (-day / half_life) for day in range(last)] + [floor], np.float32)
        self.unknown = min(round(half_life), last)

    def of(self, day: int, days: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return the factors between one day and each of several others (day numbers, or `NO_DATE`).

        Examples
        --------
        >>> DateFactor(half_life=100, floor=0.5).of(0, np.array([100, NO_DATE], np.int32)).tolist()
        [0.75, 0.75]
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
