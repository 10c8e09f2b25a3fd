"""A plot of a topic over time."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from relatedstories.display.html import shorten
from relatedstories.errors import InputError, shown
from relatedstories.events import Event
from relatedstories.index.stories import check_archive, topics_named
from relatedstories.plots.drawing import NO_FORMULA, Periods, axes_for, count_events, date_range, draw_periods

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relatedstories.index.stories import RelatedStories

__all__ = ["topic_timeline"]


def topic_timeline(stories: RelatedStories, topic: str, *, ax: Axes | None = None) -> Axes:
    """Draw the number of events that a topic has over time; up to three peaks are labelled with what else they were about.

    Parameters
    ----------
    stories : RelatedStories
    topic : str
        As for `RelatedStories.about`.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        With a bar for each day, month, quarter or year, depending on the length of time.

    Raises
    ------
    InputError
        If no event has the topic, or none of these events has a date.

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> ax = topic_timeline(RelatedStories().fit(read_events("sample")), "international space station")
    >>> ax.get_title()
    'International Space Station: 11 events, 2011-07-08 to 2018-10-11'
    """
    check_archive("topic_timeline", stories)
    events = stories.about(topic)
    days = [event.date for event in events if event.date]
    if not days:
        raise InputError(f"got topic {shown(topic)}, none of whose events has a date, expected at least one with a date")
    ax = axes_for(ax, (9, 3.2))
    periods = Periods.of(days[0], days[-1], 120)
    in_period: dict[int, list[Event]] = collections.defaultdict(list)
    for event, day in zip(events, days, strict=False):  # events without a date come last
        in_period[periods.number(day)].append(event)
    draw_periods(ax, periods, {number: len(those) for number, those in in_period.items()})
    others = {id_: stories.topics(id_) for those in in_period.values() for id_ in (event.id for event in those)}
    named = topics_named(stories, topic)
    own = next(other for other in others[events[0].id] if other in named)
    _label_peaks(
        ax, periods, in_period, {id_: [other.name for other in all_ if other not in named] for id_, all_ in others.items()}
    )
    undated = f", {len(events) - len(days):,} without date" if len(days) < len(events) else ""
    ax.set_title(f"{shorten(own.name, 60)}: {count_events(len(days))}, {date_range(days[0], days[-1])}{undated}", **NO_FORMULA)
    return ax


def _label_peaks(
    ax: Axes, periods: Periods, in_period: Mapping[int, Sequence[Event]], others: Mapping[str, Sequence[str]]
) -> None:
    """Label each peak with the topic that sets its events apart most from all others, if at least two of them have it."""
    overall = collections.Counter(itertools.chain.from_iterable(others.values()))
    first, last = periods.middle(min(in_period)), periods.middle(max(in_period))
    for number in _peaks({number: len(events) for number, events in in_period.items()}):
        here = collections.Counter(name for event in in_period[number] for name in others[event.id])
        best = max(here, key=lambda name: (here[name] ** 2 / overall[name], name), default=None)
        if best is not None and here[best] > 1:
            middle = periods.middle(number)
            place = (middle - first) / max(1.0, last - first)
            side = "left" if place < 0.15 else "right" if place > 0.85 else "center"
            at: dict[str, Any] = {"xytext": (0, 3), "textcoords": "offset points", "ha": side}
            ax.annotate(shorten(best, 30), (middle, len(in_period[number])), fontsize="small", **at, **NO_FORMULA)
    ax.margins(y=0.15)


def _peaks(counts: Mapping[int, int], most: int = 3) -> list[int]:
    """Return the periods with the highest counts that are apart from each other and at least half as high as the highest."""
    apart, greatest = max(1, (max(counts) - min(counts)) // 6), max(counts.values())
    chosen: list[int] = []
    for number in sorted(counts, key=lambda number: (-counts[number], number)):
        near = (count for other, count in counts.items() if abs(other - number) < apart)
        if 2 * counts[number] < greatest or counts[number] < max(near):
            continue
        if len(chosen) < most and all(abs(other - number) >= apart for other in chosen):
            chosen.append(number)
    return chosen
