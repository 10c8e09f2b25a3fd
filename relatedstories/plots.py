"""Plots of an archive: a topic's timeline, an event's neighbourhood, the parts of a score, all of it at a glance.

Each draws into what it is given, or else into a figure of its own, and returns the axes. Needs the extra
``relatedstories[plots]``.
"""

from __future__ import annotations

import collections
import itertools
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from relatedstories.display.html import shorten
from relatedstories.errors import InputError, shown, whole_number
from relatedstories.events import Event
from relatedstories.topics.topic import Topic

try:
    import matplotlib.dates as mdates
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator
except ImportError:
    raise InputError('plots need matplotlib, which is not installed: pip install "relatedstories[plots]"') from None

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from relatedstories.index.stories import RelatedStories
    from relatedstories.ranking.explanation import Explanation
    from relatedstories.ranking.links import Link

__all__ = ["neighbourhood", "overview", "score_parts", "topic_timeline"]

_BLUE, _ORANGE, _GREEN, _GREY = "#2f78b7", "#d97c1a", "#2e8b62", "#8a8a8a"
_KINDS = {"topic": _BLUE, "term": _ORANGE, "space": _GREEN}
_CONTEXTS = (_BLUE, _ORANGE, _GREEN, "#a04e9c", "#b8433e", "#7a6a1e", "#3a9fb0", "#d06a93")

_PLAIN: dict[str, Any] = {"parse_math": False}
"""For texts of events: "$5 million for $3" is no formula."""


# ---------------------------------------------------------------------- a topic


def topic_timeline(stories: RelatedStories, topic: str, *, ax: Axes | None = None) -> Axes:
    """How many events a topic has over its time; three peaks at most are named by what else they were about.

    Parameters
    ----------
    stories : RelatedStories
    topic : str
        As for `RelatedStories.about`.
    ax : matplotlib.axes.Axes, optional
        To draw into.

    Returns
    -------
    matplotlib.axes.Axes
        With a bar a day, a month, a quarter or a year, as the time is long.

    Raises
    ------
    InputError
        If no event has the topic, or none of them a date.

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> ax = topic_timeline(RelatedStories().fit(read_events("sample")), "international space station")
    >>> ax.get_title()
    'International Space Station: 11 events, 2011-07-08 to 2018-10-11'
    """
    events = stories.about(topic)
    days = [event.date for event in events if event.date]
    if not days:
        raise InputError(f"got topic {shown(topic)}, of which no event has a date, expected one to draw over time")
    ax = _axes(ax, (9, 3.2))
    periods = _Periods.of(days[0], days[-1], 120)
    found: dict[int, list[Event]] = collections.defaultdict(list)
    for event, day in zip(events, days, strict=False):  # those without date are last
        found[periods.number(day)].append(event)
    _draw_periods(ax, periods, {number: len(those) for number, those in found.items()})
    others = {id_: stories.topics(id_) for those in found.values() for id_ in (event.id for event in those)}
    own = next(other for other in others[events[0].id] if other.key == _key(topic))
    _name_peaks(ax, periods, found, {id_: [other.name for other in all_ if other != own] for id_, all_ in others.items()})
    undated = f", {len(events) - len(days):,} without date" if len(days) < len(events) else ""
    ax.set_title(f"{shorten(own.name, 60)}: {_counted(len(days))}, {_span(days[0], days[-1])}{undated}", **_PLAIN)
    return ax


def _name_peaks(ax: Axes, periods: _Periods, found: Mapping[int, Sequence[Event]], others: Mapping[str, Sequence[str]]) -> None:
    """Name the peaks by the topic that most sets their events off from all, where two of them have it."""
    overall = collections.Counter(itertools.chain.from_iterable(others.values()))
    first, last = periods.middle(min(found)), periods.middle(max(found))
    for number in _peaks({number: len(events) for number, events in found.items()}):
        here = collections.Counter(name for event in found[number] for name in others[event.id])
        best = max(here, key=lambda name: (here[name] ** 2 / overall[name], name), default=None)
        if best is not None and here[best] > 1:
            middle = periods.middle(number)
            place = (middle - first) / max(1.0, last - first)
            side = "left" if place < 0.15 else "right" if place > 0.85 else "center"
            at: dict[str, Any] = {"xytext": (0, 3), "textcoords": "offset points", "ha": side}
            ax.annotate(shorten(best, 30), (middle, len(found[number])), fontsize="small", **at, **_PLAIN)
    ax.margins(y=0.15)


def _peaks(counts: Mapping[int, int], most: int = 3) -> list[int]:
    """The greatest numbers that stand apart from each other; each half as great as the greatest or more."""
    apart, greatest = max(1, (max(counts) - min(counts)) // 6), max(counts.values())
    chosen: list[int] = []
    for number in sorted(counts, key=lambda number: (-counts[number], number)):
        near = (count for other, count in counts.items() if abs(other - number) < apart)
        if 2 * counts[number] < greatest or counts[number] < max(near):
            continue
        if len(chosen) < most and all(abs(other - number) >= apart for other in chosen):
            chosen.append(number)
    return chosen


# ---------------------------------------------------------------------- an event


def neighbourhood(
    stories: RelatedStories, event: Event | str | int, k: int = 5, *, further: int = 2, ax: Axes | None = None
) -> Axes:
    r"""An event, its links and theirs as a graph in three columns; edges are labelled and coloured by context.

    Parameters
    ----------
    stories : RelatedStories
    event : Event, str or int
        As for `RelatedStories.related`.
    k : int, default 5
        How many links of the event at most, the best at the top.
    further : int, default 2
        How many links of each of these at most.
    ax : matplotlib.axes.Axes, optional
        To draw into.

    Returns
    -------
    matplotlib.axes.Axes
        An edge is the wider the higher the score, dashed where there is no context, and labelled where its context is not
        that of the edge before it. Links among the links are drawn as bows; their contexts are in a legend.

    Raises
    ------
    InputError
        If there is no such event.

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> ax = neighbourhood(RelatedStories().fit(read_events("sample")), "2016-12-01-progress-ms-04", k=1, further=0)
    >>> print(*[text.get_text() for text in ax.texts if text.get_text()], sep="\n---\n")
    International Space Station
    ---
    2016-12-01
    Roscosmos loses the uncrewed
    Progress MS-04 cargo ship
    bound for the International…
    ---
    2018-10-11
    Soyuz crew survives emergency
    landing after rocket fails on
    the way to the ISS
    """
    k, further = whole_number("neighbourhood", "k", k, 0), whole_number("neighbourhood", "further", further, 0)
    links = stories.related(event, k)
    centre = event if isinstance(event, Event) else stories[event]
    edges = _edges(centre, links, stories.related_many([link.event for link in links], further))
    inner = {link.event.id: link.event for link in links}
    outer = {link.event.id: link.event for _, link, _ in edges if link.event.id not in {centre.id, *inner}}
    columns = [list(column) for column in ([centre], inner.values(), outer.values()) if column]
    rows, wide = max(map(len, columns)), len(columns) - 0.3
    places = {
        one.id: (float(column), -(row + 0.5) * rows / len(those))
        for column, those in enumerate(columns)
        for row, one in enumerate(those)
    }
    ax = _axes(ax, (4.07 * wide, 1.2 + 0.85 * rows))
    _draw_edges(ax, places, edges)
    for one in itertools.chain(*columns):
        box = _box("#fdf1e3", _ORANGE) if one is centre else _box("#f3f5f8", "#c3cad4")
        _write(ax, places[one.id], _named(one), "#222222", box)
    ax.set_title("Related events, and what is related to these" if outer else "Related events" if links else "No related events")
    ax.set_axis_off()
    ax.set_xlim(-0.35, wide - 0.35)
    ax.set_ylim(-rows, 0)
    return ax


_Edge: TypeAlias = tuple[str, "Link", bool]
"""The id of the event it starts at, the link, and whether to label it."""


def _edges(centre: Event, links: Sequence[Link], further: Sequence[Sequence[Link]]) -> list[_Edge]:
    """The edges from an event and its links; two events that list each other have one."""
    edges = [(centre.id, link, True) for link in links]
    joined = {frozenset((centre.id, link.event.id)) for link in links}
    inner = {link.event.id for link in links}
    for link, theirs in zip(links, further, strict=True):
        for other in theirs:
            pair = frozenset((link.event.id, other.event.id))
            if pair not in joined:
                joined.add(pair)
                edges.append((link.event.id, other, other.context != link.context and other.event.id not in inner))
    return edges


def _draw_edges(ax: Axes, places: Mapping[str, tuple[float, float]], edges: Sequence[_Edge]) -> None:
    counts = collections.Counter(link.context for _, link, _ in edges if link.context)
    colours = dict(zip((context for context, _ in counts.most_common(len(_CONTEXTS))), _CONTEXTS, strict=False))
    greatest = max((link.score for _, link, _ in edges), default=0.0) or 1.0
    bows, labels = [], {link.context for _, link, labelled in edges if labelled}
    for start, link, labelled in edges:
        (x, y), (to_x, to_y) = places[start], places[link.event.id]
        colour, bent = colours.get(link.context or "", _GREY), "arc3"
        if x == to_x:  # past what stands between them
            bows.append(link.context)
            x, to_x, bent = x + 0.2, to_x + 0.2, f"arc3,rad={math.copysign(0.4, to_y - y)}"
        look = {"lw": 0.8 + 3.2 * link.score / greatest, "color": colour, "alpha": 0.7, "zorder": 1}
        look |= {"linestyle": "-" if link.context else "--", "arrowstyle": "-", "connectionstyle": bent}
        ax.annotate("", (to_x, to_y), (x, y), arrowprops=look | {"shrinkA": 0, "shrinkB": 0})
        if labelled and link.context:
            middle = ((x + to_x) / 2, (y + to_y) / 2)
            _write(ax, middle, shorten(link.context, 28), colour, _box("white", "none"))
    if set(bows) - {None} - labels:
        named = [context for context in colours if context in bows]
        lines = [Line2D([], [], color=colours[context], lw=2, label=shorten(context, 28)) for context in named]
        legend = ax.legend(handles=lines, loc="lower left", frameon=False, fontsize=8, title="bows", title_fontsize=8)
        for text in legend.get_texts():
            text.set(**_PLAIN)


def _write(ax: Axes, place: tuple[float, float], text: str, colour: str, box: Mapping[str, Any]) -> None:
    ax.text(*place, text, color=colour, fontsize=8, ha="center", va="center", bbox=box, zorder=3, **_PLAIN)


def _named(event: Event) -> str:
    """An event's date and title in three lines."""
    title = textwrap.wrap(shorten(event.title, 90), 30, max_lines=3, placeholder="…")
    return "\n".join([*([event.date.isoformat()] if event.date else []), *title])


def _box(face: str, edge: str) -> dict[str, Any]:
    return {"boxstyle": "round,pad=0.4" if edge != "none" else "round,pad=0.15", "fc": face, "ec": edge}


# ---------------------------------------------------------------------- a score


def score_parts(explanation: Explanation, *, most: int = 15, ax: Axes | None = None) -> Axes:
    """The parts of a score as bars, the greatest at the top, coloured by kind.

    Parameters
    ----------
    explanation : Explanation
        As `RelatedStories.explain` gives it.
    most : int, default 15
        How many parts at most; the others are drawn as one.
    ax : matplotlib.axes.Axes, optional
        To draw into.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> stories = RelatedStories().fit(read_events("sample"))
    >>> ax = score_parts(stories.explain("2016-12-01-progress-ms-04", "2018-10-11-soyuz-ms-10-abort"), most=3)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['word space', 'Kazakhstan', 'Roscosmos', '11 others']
    """
    most = whole_number("score_parts", "most", most, 1)
    shown_, rest = explanation.parts[:most], explanation.parts[most:]
    bars = [(shorten(part.name, 40), part.share, part.kind) for part in shown_]
    if rest:
        bars.append((f"{len(rest)} others" if len(rest) > 1 else "1 other", sum(part.share for part in rest), "others"))
    ax = _axes(ax, (8, 1.5 + 0.28 * len(bars)))
    for kind in dict.fromkeys(kind for _, _, kind in bars):
        those = [(place, share) for place, (_, share, its) in enumerate(bars) if its == kind]
        name = {"space": "word space"}.get(kind, kind)
        ax.barh(*zip(*those, strict=True), color=_KINDS.get(kind, _GREY), label=name)
    for place, (_, share, _) in enumerate(bars):
        ax.annotate(f"{share:.3f}", (share, place), (3, 0), textcoords="offset points", va="center", fontsize="small")
    ax.set_yticks(range(len(bars)), [name for name, _, _ in bars], **_PLAIN)
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set_xlabel("share of the score")
    head = str(explanation).partition("\n")[0].replace(" x ", " × ")
    a, b = (shorten(event.title, 75) for event in (explanation.a, explanation.b))
    ax.set_title(f"{a}\n{b}\n{head}", fontsize="medium", loc="left", **_PLAIN)
    if bars:
        ax.legend(loc="lower right", frameon=False)
    _bare(ax)
    return ax


# ---------------------------------------------------------------------- an archive


def overview(stories: RelatedStories, k: int = 5, *, figure: FigureBase | None = None) -> tuple[Axes, Axes, Axes, Axes]:
    """An archive at a glance: events over time, commonest topics, how far apart links are in time, and orphans.

    Parameters
    ----------
    stories : RelatedStories
        All links are looked for, as by `RelatedStories.all_related`: 100,000 events take a minute.
    k : int, default 5
        How many links an event at most.
    figure : matplotlib.figure.Figure or SubFigure, optional
        To draw into.

    Returns
    -------
    tuple of four matplotlib.axes.Axes
        In that order. An orphan is an event that no link leads to.

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> *_, orphans = overview(RelatedStories().fit(read_events("sample")))
    >>> orphans.get_title()
    '16 of 302 events are orphans (5%)'
    """
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
"""Days between an event and another, at most, and their names."""

_MOST_LINKS = 10


def _draw_events(ax: Axes, n: int, days: Sequence[date]) -> None:
    undated = f", {n - len(days):,} without date" if len(days) < n else ""
    if not days:
        ax.set_title(f"{_counted(n)}, none with a date")
        ax.set_axis_off()
        return
    periods = _Periods.of(min(days), max(days), 360, finest=1)
    _draw_periods(ax, periods, collections.Counter(map(periods.number, days)))
    ax.set_title(f"{_counted(n)}, {_span(min(days), max(days))}{undated}")


def _draw_topics(ax: Axes, stories: RelatedStories) -> None:
    counts = stories.commonest_topics(12)
    ax.barh(range(len(counts)), list(counts.values()), color=_GREEN)
    ax.set_yticks(range(len(counts)), [shorten(topic.name, 28) for topic in counts], **_PLAIN)
    ax.invert_yaxis()
    ax.set_xlabel("events")
    ax.set_title("Commonest topics")
    _bare(ax)


def _draw_ages(ax: Axes, ages: Mapping[tuple[int, bool], int]) -> None:
    total = max(1, sum(ages.values()))
    lower = [0.0] * len(_AGES)
    for newer, name, colour in ((False, "older, or of the same day", _BLUE), (True, "newer", _ORANGE)):
        shares = [100 * ages.get((i, newer), 0) / total for i in range(len(_AGES))]
        ax.bar(range(len(_AGES)), shares, bottom=lower, color=colour, label=name)
        lower = [below + share for below, share in zip(lower, shares, strict=True)]
    ax.set_xticks(range(len(_AGES)), [name for _, name in _AGES])
    ax.set_ylabel("% of links")
    ax.set_title(f"Time between an event and its {sum(ages.values()):,} links")
    ax.legend(title="the link is", frameon=False, fontsize="small")
    _bare(ax)


def _draw_orphans(ax: Axes, n: int, listed: Mapping[str, int], unlinked: int) -> None:
    times = collections.Counter(min(count, _MOST_LINKS) for count in listed.values())
    times[0] = n - len(listed)
    bars = [times[i] for i in range(_MOST_LINKS + 1)]
    ax.bar(range(len(bars)), bars, color=[_ORANGE, *[_BLUE] * _MOST_LINKS])
    ax.set_xticks(range(len(bars)), [*map(str, range(_MOST_LINKS)), f"{_MOST_LINKS}+"])
    ax.set_xlabel(f"links that lead to an event ({unlinked:,} have none of their own)")
    ax.set_ylabel("events")
    ax.set_title(
        f"{times[0]:,} of {_counted(n)} {'is an orphan' if times[0] == 1 else 'are orphans'} ({times[0] / max(1, n):.0%})"
    )
    _bare(ax)


# ---------------------------------------------------------------------- their parts


@dataclass(frozen=True, slots=True)
class _Periods:
    """Periods of so many months, or days where that is 0, each with a number."""

    months: int

    @classmethod
    def of(cls, first: date, last: date, most: int, finest: int = 0) -> _Periods:
        """Days where a span is short, else the shortest periods of which it has no more than so many."""
        if (last - first).days <= 92 and not finest:
            return cls(0)
        span = 12 * (last.year - first.year) + last.month - first.month
        return cls(1 if span <= most else 3 if span <= 3 * most else 12)

    @property
    def name(self) -> str:
        """That of one."""
        return {0: "day", 1: "month", 3: "quarter", 12: "year"}[self.months]

    def number(self, day: date) -> int:
        """The number of the period that a day is in."""
        return (12 * day.year + day.month - 1) // self.months if self.months else day.toordinal()

    def start(self, number: int) -> float:
        """Where a period starts, as matplotlib counts days, which end with the year 9999."""
        last, year, month = date.max.toordinal(), *divmod(number * self.months, 12)
        day = number if not self.months else date(year, month + 1, 1).toordinal() if year <= date.max.year else last + 1
        return float(mdates.date2num(date.fromordinal(min(day, last)))) + (0.99 if day > last else 0.0)

    def middle(self, number: int) -> float:
        """Where its middle is."""
        return (self.start(number) + self.start(number + 1)) / 2


def _draw_periods(ax: Axes, periods: _Periods, counts: Mapping[int, int]) -> None:
    numbers = sorted(counts)
    edges = [(periods.start(number), periods.start(number + 1)) for number in numbers]
    wide = [end - start for start, end in edges]
    ax.bar([start for start, _ in edges], [counts[number] for number in numbers], wide, align="edge", color=_BLUE)
    ax.set_xlim(edges[0][0], edges[-1][1])
    locator = mdates.AutoDateLocator()
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel(f"events a {periods.name}")
    _bare(ax)


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    return plt.figure(figsize=size, layout="constrained").add_subplot() if ax is None else ax


def _bare(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)


def _counted(n: int) -> str:
    return f"{n:,} event" if n == 1 else f"{n:,} events"


def _span(first: date, last: date) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _key(topic: str) -> str:
    return Topic(topic).key
