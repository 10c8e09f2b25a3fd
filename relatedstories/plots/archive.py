"""A plot of an archive at a glance."""

from __future__ import annotations

import collections
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from relatedstories.counts import counted
from relatedstories.display.html import shorten
from relatedstories.errors import whole_number
from relatedstories.index.stories import check_archive
from relatedstories.plots.drawing import (
    BLUE,
    GREEN,
    NO_FORMULA,
    ORANGE,
    Periods,
    count_events,
    date_range,
    draw_periods,
    hide_frame,
    plt,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from relatedstories.index.stories import RelatedStories

__all__ = ["overview"]


def overview(stories: RelatedStories, k: int = 5, *, figure: FigureBase | None = None) -> tuple[Axes, Axes, Axes, Axes]:
    """Draw an archive at a glance: events over time, commonest topics, the time between linked events, and orphans.

    Parameters
    ----------
    stories : RelatedStories
        All links are found, as by `RelatedStories.all_related`: 100,000 events take a minute.
    k : int, default 5
        Maximum number of links per event.
    figure : matplotlib.figure.Figure or SubFigure, optional
        The figure to draw into; by default a new one.

    Returns
    -------
    tuple of four matplotlib.axes.Axes
        In this order. An orphan is an event that no link leads to.

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> *_, orphans = overview(RelatedStories().fit(read_events("sample")))
    >>> orphans.get_title()
    '10 of 302 events are orphans (3%)'
    """
    check_archive("overview", stories)
    k = whole_number("overview", "k", k, 0)
    n, listed, ages, unlinked = len(stories), collections.Counter[str](), collections.Counter[tuple[int, bool]](), 0
    days = []
    for event, links in stories.all_related(k):
        if event.date:
            days.append(event.date)
        unlinked += not links
        for link in links:
            listed[link.event.id] += 1
            if event.date and link.event.date:
                apart = (link.event.date - event.date).days
                ages[next(i for i, (most, _) in enumerate(_AGES) if abs(apart) <= most), apart > 0] += 1
    figure = plt.figure(figsize=(11, 7), layout="constrained") if figure is None else figure
    axes: tuple[Axes, Axes, Axes, Axes] = tuple(figure.subplots(2, 2).flat)
    _draw_events(axes[0], n, days)
    _draw_topics(axes[1], stories)
    _draw_ages(axes[2], ages)
    _draw_orphans(axes[3], n, listed, unlinked)
    return axes


_AGES = (
    (0, "same\nday"), (7, "≤ 1\nweek"), (30, "≤ 1\nmonth"), (365, "≤ 1\nyear"), (5 * 365, "≤ 5\nyears"), (math.inf, "longer"),
)  # fmt: skip
"""The upper limit, in days, of each group of times between two events, and its name."""

_MAX_LINKS = 10


def _draw_events(ax: Axes, n: int, days: Sequence[date]) -> None:
    undated = f", {n - len(days):,} without date" if len(days) < n else ""
    if not days:
        ax.set_title(f"{count_events(n)}, none with a date")
        ax.set_axis_off()
        return
    periods = Periods.of(min(days), max(days), 360, finest=1)
    draw_periods(ax, periods, collections.Counter(map(periods.number, days)))
    ax.set_title(f"{count_events(n)}, {date_range(min(days), max(days))}{undated}")


def _draw_topics(ax: Axes, stories: RelatedStories) -> None:
    counts = stories.commonest_topics(12)
    ax.barh(range(len(counts)), list(counts.values()), color=GREEN)
    ax.set_yticks(range(len(counts)), [shorten(topic.name, 28) for topic in counts], **NO_FORMULA)
    ax.invert_yaxis()
    ax.set_xlabel("events")
    ax.set_title("Commonest topics")
    hide_frame(ax)


def _draw_ages(ax: Axes, ages: Mapping[tuple[int, bool], int]) -> None:
    total = max(1, sum(ages.values()))
    lower = [0.0] * len(_AGES)
    for newer, name, colour in ((False, "older, or of the same day", BLUE), (True, "newer", ORANGE)):
        shares = [100 * ages.get((i, newer), 0) / total for i in range(len(_AGES))]
        ax.bar(range(len(_AGES)), shares, bottom=lower, color=colour, label=name)
        lower = [below + share for below, share in zip(lower, shares, strict=True)]
    ax.set_xticks(range(len(_AGES)), [name for _, name in _AGES])
    ax.set_ylabel("% of links")
    ax.set_title(f"Time between an event and its {counted(sum(ages.values()), 'links', ',')}")
    ax.legend(title="the link is", frameon=False, fontsize="small")
    hide_frame(ax)


def _draw_orphans(ax: Axes, n: int, listed: Mapping[str, int], unlinked: int) -> None:
    times = collections.Counter(min(count, _MAX_LINKS) for count in listed.values())
    times[0] = n - len(listed)
    bars = [times[i] for i in range(_MAX_LINKS + 1)]
    ax.bar(range(len(bars)), bars, color=[ORANGE, *[BLUE] * _MAX_LINKS])
    ax.set_xticks(range(len(bars)), [*map(str, range(_MAX_LINKS)), f"{_MAX_LINKS}+"])
    ax.set_xlabel(f"links that lead to an event ({unlinked:,} have none of their own)")
    ax.set_ylabel("events")
    ax.set_title(
        f"{times[0]:,} of {count_events(n)} {'is an orphan' if times[0] == 1 else 'are orphans'} ({times[0] / max(1, n):.0%})"
    )
    hide_frame(ax)
