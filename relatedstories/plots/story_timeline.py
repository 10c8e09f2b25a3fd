"""Plots of stories over time."""

from __future__ import annotations

import collections
import datetime as dt
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from relatedstories.display.html import shorten
from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import Event
from relatedstories.plots.drawing import (
    BLUE,
    GREY,
    NO_FORMULA,
    ORANGE,
    Periods,
    axes_for,
    count_events,
    date_range,
    draw_periods,
    hide_frame,
    mdates,
)
from relatedstories.storylines.storyline import Storyline
from relatedstories.text.titles import plain_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["storyline_plot"]

MAX_LANES = 40
"""Number of stories that are drawn below each other; more cannot be read."""

_LABEL_WIDTH = 42  # characters of a line of a key event's title


def storyline_plot(stories: Storyline | Iterable[Storyline], *, ax: Axes | None = None) -> Axes:
    """Draw a story over time: its events, with the titles of its key events; or several stories below each other.

    Parameters
    ----------
    stories : Storyline, or iterable of Storyline
        One story, or up to `MAX_LANES` of them, drawn from the top down: for example ``stories.storylines()[:20]``.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Of one story: a bar for each day, month, quarter or year, and a flag at each key event. Of several: a line from the first
        to the last day of each and a point for each event, orange for key events. Events without a date are counted in the title.

    Raises
    ------
    InputError
        If there is no story, there are too many, or a single one has no event with a date.

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> found = RelatedStories().fit(read_events("sample")).storylines()
    >>> ax = storyline_plot(found.of("2018-07-02-thai-boys-found"))
    >>> ax.get_title()
    'Tham Luang, Thai Navy, Wild Boars: 5 events, 2018-06-23 to 2018-07-10'
    """
    if isinstance(stories, Storyline):
        return _draw_story(stories, ax)
    listed = _checked(stories)
    return _draw_lanes(listed, ax)


def _checked(stories: object) -> list[Storyline]:
    if not isinstance(stories, Iterable) or isinstance(stories, str):
        raise BadValueError("storyline_plot", "stories", shown(stories), "a Storyline or several")
    listed = list(stories)
    for story in listed:
        if not isinstance(story, Storyline):
            raise BadValueError("storyline_plot", "stories", shown(story), "a Storyline or several")
    if not 0 < len(listed) <= MAX_LANES:
        raise BadValueError("storyline_plot", "stories", f"{len(listed)} stories", f"1 to {MAX_LANES}, such as the first 20")
    return listed


def _title(name: str, events: Sequence[Event]) -> str:
    days = [event.date for event in events if event.date]
    undated = f", {len(events) - len(days):,} without date" if len(days) < len(events) else ""
    span = f", {date_range(min(days), max(days))}" if days else ""
    return f"{name}: {count_events(len(events) if not days else len(days))}{span}{undated}"


def _draw_story(story: Storyline, ax: Axes | None) -> Axes:
    dated = [event for event in story.events if event.date]
    if not dated:
        raise InputError(f"got story {shown(story.id)}, none of whose events has a date, expected at least one with a date")
    ax = axes_for(ax, (9, 4.2))
    first, last = dated[0].date, dated[-1].date
    assert first is not None
    assert last is not None
    periods = Periods.of(first, last, 120)
    counts = collections.Counter(periods.number(event.date) for event in dated if event.date)
    draw_periods(ax, periods, counts)
    flags = [event for event in story.key_events if event.date]
    start, end = ax.get_xlim()
    # Room for the titles: of each flag to the right of it, above the bars, the later the lower, so that no two meet.
    ax.set_xlim(start, min(end + 0.45 * (end - start), float(mdates.date2num(dt.date.max))))
    highest = max(counts.values())
    ax.set_ylim(0, highest * (1.15 + 0.45 * len(flags)))
    for place, event in enumerate(flags):
        assert event.date is not None
        number = periods.number(event.date)
        x = float(mdates.date2num(event.date)) + 0.5 if periods.months else periods.middle(number)
        y = highest * (1.1 + 0.45 * (len(flags) - place - 0.5))
        ax.plot([x, x], [counts[number], y], color=ORANGE, lw=1, zorder=0)
        text = textwrap.wrap(shorten(plain_title(event.title), 2 * _LABEL_WIDTH), _LABEL_WIDTH, max_lines=2, placeholder="…")
        at: dict[str, Any] = {"xytext": (4, 0), "textcoords": "offset points", "va": "center", "fontsize": 8}
        ax.annotate("\n".join([str(event.date), *text]), (x, y), **at, **NO_FORMULA)
    ticks = [tick for tick in ax.get_yticks() if tick <= highest]
    ax.set_yticks(ticks)
    ax.set_xticks([tick for tick in ax.get_xticks() if start <= tick <= end])
    ax.spines["left"].set_bounds(0, highest)
    ax.spines["bottom"].set_bounds(start, end)
    ax.yaxis.set_label_coords(-0.06, 0.5 * highest / ax.get_ylim()[1])
    ax.set_title(_title(shorten(story.name, 60), story.events), **NO_FORMULA)
    return ax


def _draw_lanes(stories: Sequence[Storyline], ax: Axes | None) -> Axes:
    ax = axes_for(ax, (10, 1.4 + 0.32 * len(stories)))
    for lane, story in enumerate(stories):
        keys = {event.id for event in story.key_events}
        dated = [(float(mdates.date2num(event.date)), event.id in keys) for event in story.events if event.date]
        if dated:
            ax.plot([dated[0][0], dated[-1][0]], [lane, lane], color=GREY, lw=1, zorder=1)
        for is_key, colour, size in ((False, BLUE, 14), (True, ORANGE, 26)):
            those = [day for day, key in dated if key is is_key]
            ax.scatter(those, [lane] * len(those), s=size, color=colour, zorder=2 + is_key, linewidths=0)
    days = [float(mdates.date2num(event.date)) for story in stories for event in story.events if event.date]
    if days:
        pad = max(1.0, 0.02 * (max(days) - min(days)))
        ends = (float(mdates.date2num(day)) for day in (dt.date.min, dt.date.max))
        ax.set_xlim(max(min(days) - pad, next(ends)), min(max(days) + pad, next(ends)))
    ax.set_yticks(range(len(stories)), [f"{shorten(story.name, 44)} ({len(story)})" for story in stories], **NO_FORMULA)
    ax.set_ylim(len(stories) - 0.5, -0.5)
    locator = mdates.AutoDateLocator()
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    events = [event for story in stories for event in story.events]
    ax.set_title(_title("1 story" if len(stories) == 1 else f"{len(stories)} stories", events))
    hide_frame(ax)
    return ax
