"""A plot of the parts of a score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relatedstories.display.html import shorten
from relatedstories.errors import BadValueError, shown, whole_number
from relatedstories.plots.drawing import BLUE, GREEN, GREY, NO_FORMULA, ORANGE, axes_for, hide_frame
from relatedstories.ranking.explanation import Explanation
from relatedstories.text.titles import plain_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["score_parts"]

_PART_COLOURS = {"topic": BLUE, "term": ORANGE, "space": GREEN}


def score_parts(explanation: Explanation, *, most: int = 15, ax: Axes | None = None) -> Axes:
    """Draw the parts of a score as bars coloured by kind, the largest at the top.

    Parameters
    ----------
    explanation : Explanation
        The result of `RelatedStories.explain`.
    most : int, default 15
        Maximum number of parts; the others are drawn as one bar.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> stories = RelatedStories().fit(read_events("sample"))
    >>> ax = score_parts(stories.explain("2016-12-01-progress-ms-04", "2018-10-11-soyuz-ms-10-abort"), most=3)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['word space', 'roscosmos', 'soyuz', '11 others']
    """
    if not isinstance(explanation, Explanation):
        raise BadValueError("score_parts", "explanation", shown(explanation), "what RelatedStories.explain returns")
    most = whole_number("score_parts", "most", most, 1)
    largest, rest = explanation.parts[:most], explanation.parts[most:]
    bars = [(shorten(part.name, 40), part.share, part.kind) for part in largest]
    if rest:
        bars.append((f"{len(rest)} others" if len(rest) > 1 else "1 other", sum(part.share for part in rest), "others"))
    ax = axes_for(ax, (8, 1.5 + 0.28 * len(bars)))
    for kind in dict.fromkeys(kind for _, _, kind in bars):
        those = [(place, share) for place, (_, share, its) in enumerate(bars) if its == kind]
        name = {"space": "word space"}.get(kind, kind)
        ax.barh(*zip(*those, strict=True), color=_PART_COLOURS.get(kind, GREY), label=name)
    for place, (_, share, _) in enumerate(bars):
        ax.annotate(f"{share:.3f}", (share, place), (3, 0), textcoords="offset points", va="center", fontsize="small")
    ax.set_yticks(range(len(bars)), [name for name, _, _ in bars], **NO_FORMULA)
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set_xlabel("share of the score")
    head = str(explanation).partition("\n")[0].replace(" x ", " × ")
    a, b = (shorten(plain_title(event.title), 75) for event in (explanation.a, explanation.b))
    ax.set_title(f"{a}\n{b}\n{head}", fontsize="medium", loc="left", **NO_FORMULA)
    if bars:
        ax.legend(loc="lower right", frameon=False)
    hide_frame(ax)
    return ax
