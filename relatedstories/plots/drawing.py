"""What the plots share: colours, axes, bars over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from relatedstories.counts import counted
from relatedstories.errors import InputError

try:
    import matplotlib.dates as mdates
    import matplotlib.pyplot as plt
    from matplotlib import patheffects
    from matplotlib.collections import EllipseCollection
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator
except ImportError:
    raise InputError('plots need matplotlib, which is not installed: pip install "relatedstories[plots]"') from None

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BLUE", "GREEN", "GREY", "NO_FORMULA", "ORANGE",
    "EllipseCollection", "Line2D", "MaxNLocator", "Periods", "axes_for", "count_events", "date_range", "draw_periods",
    "hide_frame", "mdates", "patheffects", "plt",
]  # fmt: skip

BLUE, ORANGE, GREEN, GREY = "#2f78b7", "#d97c1a", "#2e8b62", "#8a8a8a"

NO_FORMULA: dict[str, Any] = {"parse_math": False}
"""Keywords for texts of events: "$5 million for $3" is no formula."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Numbered periods of a number of months each; of a day each if that is 0."""

    months: int

    @classmethod
    def of(cls, first: date, last: date, most: int, finest: int = 0) -> Periods:
        """Return days for a short span of time, else the shortest periods of which there are at most `most`."""
        if (last - first).days <= 92 and not finest:
            return cls(0)
        span = 12 * (last.year - first.year) + last.month - first.month
        return cls(1 if span <= most else 3 if span <= 3 * most else 12)

    @property
    def name(self) -> str:
        """The name of one period."""
        return {0: "day", 1: "month", 3: "quarter", 12: "year"}[self.months]

    def number(self, day: date) -> int:
        """Return the number of the period that a day is in."""
        return (12 * day.year + day.month - 1) // self.months if self.months else day.toordinal()

    def start(self, number: int) -> float:
        """Return the start of a period in matplotlib's day numbers, which end with the year 9999."""
        last, year, month = date.max.toordinal(), *divmod(number * self.months, 12)
        day = number if not self.months else date(year, month + 1, 1).toordinal() if year <= date.max.year else last + 1
        return float(mdates.date2num(date.fromordinal(min(day, last)))) + (0.99 if day > last else 0.0)

    def middle(self, number: int) -> float:
        """Return the middle of a period in matplotlib's day numbers."""
        return (self.start(number) + self.start(number + 1)) / 2


def draw_periods(ax: Axes, periods: Periods, counts: Mapping[int, int]) -> None:
    """Draw the number of events in each period as a bar."""
    numbers = sorted(counts)
    edges = [(periods.start(number), periods.start(number + 1)) for number in numbers]
    wide = [end - start for start, end in edges]
    ax.bar([start for start, _ in edges], [counts[number] for number in numbers], wide, align="edge", color=BLUE)
    ax.set_xlim(edges[0][0], edges[-1][1])
    locator = mdates.AutoDateLocator()
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel(f"events a {periods.name}")
    hide_frame(ax)


def axes_for(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the given axes, or those of a new figure of a size in inches."""
    return plt.figure(figsize=size, layout="constrained").add_subplot() if ax is None else ax


def hide_frame(ax: Axes) -> None:
    """Remove the frame at the top and on the right."""
    ax.spines[["top", "right"]].set_visible(False)


def count_events(n: int) -> str:
    """Return a number of events as text."""
    return counted(n, "events", ",")


def date_range(first: date, last: date) -> str:
    """Return a range of dates as text."""
    return str(first) if first == last else f"{first} to {last}"
