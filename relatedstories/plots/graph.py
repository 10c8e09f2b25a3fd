"""A plot of an event, its links and their links."""

from __future__ import annotations

import collections
import itertools
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from relatedstories.display.html import shorten
from relatedstories.errors import whole_number
from relatedstories.events import Event
from relatedstories.index.stories import check_archive
from relatedstories.plots.drawing import BLUE, GREEN, GREY, NO_FORMULA, ORANGE, Line2D, axes_for
from relatedstories.text.titles import plain_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relatedstories.index.stories import RelatedStories
    from relatedstories.ranking.links import Link

__all__ = ["neighbourhood"]

_CONTEXT_COLOURS = (BLUE, ORANGE, GREEN, "#a04e9c", "#b8433e", "#7a6a1e", "#3a9fb0", "#d06a93")


def neighbourhood(
    stories: RelatedStories, event: Event | str | int, k: int = 5, *, further: int = 2, ax: Axes | None = None
) -> Axes:
    r"""Draw an event, its links and their links as a graph in three columns, with edges labelled and coloured by context.

    Parameters
    ----------
    stories : RelatedStories
    event : Event, str or int
        As for `RelatedStories.related`.
    k : int, default 5
        Maximum number of links of the event; the best is at the top.
    further : int, default 2
        Maximum number of links of each of these.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The higher a score, the wider its edge. An edge is dashed if it has no context, and labelled if its context is not that
        of the edge before it. Links among the links are drawn as bows, with their contexts in a legend.

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
    check_archive("neighbourhood", stories)
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
    ax = axes_for(ax, (4.07 * wide, 1.2 + 0.85 * rows))
    _draw_edges(ax, places, edges)
    for one in itertools.chain(*columns):
        box = _box_style("#fdf1e3", ORANGE) if one is centre else _box_style("#f3f5f8", "#c3cad4")
        _write_text(ax, places[one.id], _date_and_title(one), "#222222", box)
    ax.set_title("Related events, and what is related to these" if outer else "Related events" if links else "No related events")
    ax.set_axis_off()
    ax.set_xlim(-0.35, wide - 0.35)
    ax.set_ylim(-rows, 0)
    return ax


_Edge: TypeAlias = tuple[str, "Link", bool]
"""The id of the event that an edge starts at, the link, and whether the edge is labelled."""


def _edges(centre: Event, links: Sequence[Link], further: Sequence[Sequence[Link]]) -> list[_Edge]:
    """Return the edges from an event and from its links; two events that list each other have one edge."""
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
    colours = dict(zip((label for label, _ in counts.most_common(len(_CONTEXT_COLOURS))), _CONTEXT_COLOURS, strict=False))
    greatest = max((link.score for _, link, _ in edges), default=0.0) or 1.0
    bows, labels = [], {link.context for _, link, labelled in edges if labelled}
    for start, link, labelled in edges:
        (x, y), (to_x, to_y) = places[start], places[link.event.id]
        colour, bent = colours.get(link.context or "", GREY), "arc3"
        if x == to_x:  # a bow around the events between them
            bows.append(link.context)
            x, to_x, bent = x + 0.2, to_x + 0.2, f"arc3,rad={math.copysign(0.4, to_y - y)}"
        look = {"lw": 0.8 + 3.2 * link.score / greatest, "color": colour, "alpha": 0.7, "zorder": 1}
        look |= {"linestyle": "-" if link.context else "--", "arrowstyle": "-", "connectionstyle": bent}
        ax.annotate("", (to_x, to_y), (x, y), arrowprops=look | {"shrinkA": 0, "shrinkB": 0})
        if labelled and link.context:
            middle = ((x + to_x) / 2, (y + to_y) / 2)
            _write_text(ax, middle, shorten(link.context, 28), colour, _box_style("white", "none"))
    if set(bows) - {None} - labels:
        named = [label for label in colours if label in bows]
        lines = [Line2D([], [], color=colours[label], lw=2, label=shorten(label, 28)) for label in named]
        legend = ax.legend(handles=lines, loc="lower left", frameon=False, fontsize=8, title="bows", title_fontsize=8)
        for text in legend.get_texts():
            text.set(**NO_FORMULA)


def _write_text(ax: Axes, place: tuple[float, float], text: str, colour: str, box: Mapping[str, Any]) -> None:
    ax.text(*place, text, color=colour, fontsize=8, ha="center", va="center", bbox=box, zorder=3, **NO_FORMULA)


def _date_and_title(event: Event) -> str:
    """Return an event's date and its title on up to three lines."""
    title = textwrap.wrap(shorten(plain_title(event.title), 90), 30, max_lines=3, placeholder="…")
    return "\n".join([*([event.date.isoformat()] if event.date else []), *title])


def _box_style(face: str, edge: str) -> dict[str, Any]:
    return {"boxstyle": "round,pad=0.4" if edge != "none" else "round,pad=0.15", "fc": face, "ec": edge}
