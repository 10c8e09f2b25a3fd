"""A map of an archive: its stories as areas, those that are alike near each other."""

from __future__ import annotations

import collections
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

import numpy as np

from relatedstories.counts import counted
from relatedstories.display.html import shorten
from relatedstories.errors import BadValueError, InputError, shown, whole_number
from relatedstories.index.stories import check_archive
from relatedstories.plots.drawing import (
    GREY,
    NO_FORMULA,
    EllipseCollection,
    MaxNLocator,
    axes_for,
    count_events,
    date_range,
    patheffects,
    plt,
)
from relatedstories.storylines.storyline import Storyline, Storylines

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

    from relatedstories.index.stories import RelatedStories

__all__ = ["story_map", "story_map_svg"]

FILLED = 0.45
"""The part of the map that the areas of stories fill."""

MAX_REGIONS = 14
"""Greatest number of regions that are named."""

_SVG = "http://www.w3.org/2000/svg"
_ROUNDS = 60  # in which stories that overlap move apart


def story_map(stories: RelatedStories, found: Storylines | None = None, *, labels: int = 40, ax: Axes | None = None) -> Axes:
    """Draw a map of an archive: each story as a circle as large as it has events, near stories that are alike.

    Parameters
    ----------
    stories : RelatedStories
    found : Storylines, optional
        The stories to draw, by default all of the archive as `RelatedStories.storylines` finds them.
    labels : int, default 40
        Greatest number of stories that are named, the largest first; one whose name would cover another goes without.
    ax : matplotlib.axes.Axes, optional
        The axes to draw into; by default those of a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The colour of a circle is the middle of its story in time. Bold names are the topics that set regions apart.

    Raises
    ------
    InputError
        If there are no stories.

    Notes
    -----
    A story has the mean direction of its events in the word space. t-SNE (scikit-learn, on principal components, with a fixed
    seed) lays the directions out in two dimensions, and then circles that overlap are moved apart. Directions and distances
    across the map mean nothing, only what is near what. The map of 8,000 stories takes two minutes.

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> ax = story_map(RelatedStories().fit(read_events("sample")))
    >>> ax.get_title()
    '13 stories with 40 of 302 events'
    """
    return _draw(stories, found, labels, ax).ax


def story_map_svg(stories: RelatedStories, found: Storylines | None = None, *, labels: int = 40) -> str:
    """Return the map of `story_map` as SVG in which each circle tells its story when it is pointed at.

    Parameters
    ----------
    stories, found, labels
        As for `story_map`.

    Returns
    -------
    str
        To be written to a file that a browser shows, put into a page, or given to ``IPython.display.SVG``. Of 8,000
        stories it has 7 MB, compressed 2 MB.

    Examples
    --------
    >>> from relatedstories import RelatedStories, read_events
    >>> svg = story_map_svg(RelatedStories().fit(read_events("sample")))
    >>> "<title>Tham Luang, Thai Navy, Wild Boars: 5 events, 2018-06-23 to 2018-07-10</title>" in svg
    True
    """
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "relatedstories"}):  # text stays text, and bytes the same
        drawn = _draw(stories, found, labels, None)
        figure, target = drawn.ax.get_figure(root=True), io.BytesIO()
        assert figure is not None
        figure.savefig(target, format="svg", metadata={"Date": None})
        plt.close(figure)
    for prefix, address in (("", _SVG), ("xlink", "http://www.w3.org/1999/xlink")):
        ElementTree.register_namespace(prefix, address)
    root = ElementTree.fromstring(target.getvalue())
    for group, told in drawn.circles.items():
        shapes = root.find(f".//{{{_SVG}}}g[@id='{group}']")
        assert shapes is not None
        marks = [shape for shape in shapes if not shape.tag.endswith("defs")]
        for shape, story in zip(marks, told, strict=True):
            shape.insert(0, title := ElementTree.Element(f"{{{_SVG}}}title"))
            title.text = _title(story)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


class _Drawn(NamedTuple):
    """A map, and the stories of its circles by the ids of groups of circles, in their order."""

    ax: Axes
    circles: dict[str, list[Storyline]]


def _title(story: Storyline) -> str:
    span = f", {date_range(story.first_day, story.last_day)}" if story.first_day and story.last_day else ""
    return f"{_printable(story.name)}: {count_events(len(story))}{span}"


def _printable(name: str) -> str:
    """Return a name without signs that XML does not allow."""
    return "".join(sign for sign in name if sign.isprintable())


def _draw(stories: RelatedStories, found: Storylines | None, labels: int, ax: Axes | None) -> _Drawn:
    check_archive("story_map", stories)
    labels = whole_number("story_map", "labels", labels, 0)
    if found is None:
        found = stories.storylines()
    elif not isinstance(found, Storylines):
        raise BadValueError("story_map", "found", shown(found), "what storylines() returned")
    if not found:
        raise InputError("got an archive without stories, expected one in which events belong together")
    drawn = sorted(found, key=lambda story: (-len(story), story.id))
    sizes = np.array([len(story) for story in drawn], np.float64)
    places = _layout(_directions(stories, drawn))
    radii = _radii(places, sizes)
    places = _apart(places, radii)
    ax = axes_for(ax, (12, 9))
    circles = _draw_circles(ax, drawn, places, radii)
    boxes = _name_regions(ax, drawn, places)
    _name_stories(ax, drawn[:labels], places, radii, boxes)
    total = int(sizes.sum())
    ax.set_title(f"{counted(len(drawn), 'stories', ',')} with {total:,} of {counted(len(stories), 'events', ',')}")
    return _Drawn(ax, circles)


def _directions(stories: RelatedStories, drawn: Sequence[Storyline]) -> npt.NDArray[np.float32]:
    """Return the mean direction of the events of each story, of unit length where there is one."""
    embeddings = stories.embeddings([event.id for story in drawn for event in story.events])
    starts = np.cumsum([0, *(len(story) for story in drawn[:-1])])
    sums = np.add.reduceat(embeddings, starts, axis=0)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.where(lengths > 0, lengths, 1), np.float32)


def _layout(directions: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return a place in two dimensions for each direction."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    n = len(directions)
    if n < 5 or not np.ptp(directions, axis=0).any():  # without neighbours, or all alike: on a spiral
        steps = np.arange(n)
        return np.asarray(np.sqrt(steps)[:, None] * np.column_stack([np.cos(2.4 * steps), np.sin(2.4 * steps)]), np.float64)
    n_components = min(30, n - 1, directions.shape[1])
    components = PCA(n_components, svd_solver="full").fit_transform(directions.astype(np.float64))
    perplexity = min(30.0, (n - 1) / 3)
    learnt = TSNE(2, perplexity=perplexity, init="pca", learning_rate="auto", random_state=0).fit_transform(components)
    return np.asarray(learnt, np.float64)


def _radii(places: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return radii by which the areas are in proportion to the sizes and fill a part of the map."""
    low, high = np.percentile(places, 2, axis=0), np.percentile(places, 98, axis=0)
    area = float(np.prod(np.maximum(high - low, 1e-3 + np.ptp(places, axis=0).max()))) or 1.0
    radii: npt.NDArray[np.float64] = np.sqrt(sizes * (FILLED * area / (math.pi * sizes.sum())))
    return radii


def _apart(places: npt.NDArray[np.float64], radii: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the places after circles that overlap have moved apart, the smaller one farther."""
    from scipy.spatial import cKDTree

    order = np.argsort(radii)
    places = places.copy()
    areas = radii**2
    for _ in range(_ROUNDS):
        # Pairs of circles that may overlap: around each size class, those within reach of its largest.
        pairs = cKDTree(places[order]).query_pairs(2 * float(np.percentile(radii, 95)), output_type="ndarray")
        large = order[radii[order] > np.percentile(radii, 95)]
        more = [
            np.column_stack([np.full(len(near), one), near])
            for one, near in zip(large, cKDTree(places).query_ball_point(places[large], radii[large] + radii.max()), strict=True)
        ]
        a, b = np.concatenate([order[pairs], *more]).T if more else order[pairs].T
        a, b = np.minimum(a, b), np.maximum(a, b)
        a, b = np.unique(np.column_stack([a, b])[a != b], axis=0).T
        apart = places[b] - places[a]
        distance = np.maximum(np.linalg.norm(apart, axis=1), 1e-9)
        overlap = 1.02 * (radii[a] + radii[b]) - distance
        touching = overlap > 0
        if not touching.any():
            break
        a, b, step = a[touching], b[touching], (apart / distance[:, None] * overlap[:, None])[touching]
        share = (areas[b] / (areas[a] + areas[b]))[:, None]
        np.subtract.at(places, a, 0.7 * share * step)
        np.add.at(places, b, 0.7 * (1 - share) * step)
    return places


def _draw_circles(
    ax: Axes, drawn: Sequence[Storyline], places: npt.NDArray[np.float64], radii: npt.NDArray[np.float64]
) -> dict[str, list[Storyline]]:
    """Draw a circle for each story, and return the stories by the ids of groups of circles."""
    years = np.array([_middle(story) for story in drawn])
    dated = np.isfinite(years)
    colours: dict[str, dict[str, Any]] = {"stories": {"array": years[dated], "cmap": "viridis"}, "undated": {"facecolors": GREY}}
    groups: dict[str, list[Storyline]] = {}
    for (name, look), kept in zip(colours.items(), (dated, ~dated), strict=True):
        if not kept.any():
            continue
        wide = 2 * radii[kept]
        circles = EllipseCollection(
            wide, wide, np.zeros(len(wide)), units="xy", offsets=places[kept], offset_transform=ax.transData,
            alpha=0.75, linewidths=0, gid=name, **look,
        )  # fmt: skip
        ax.add_collection(circles)
        groups[name] = [drawn[number] for number in np.flatnonzero(kept).tolist()]
        if name == "stories" and np.ptp(years[dated]) > 0:
            ticks = MaxNLocator(integer=True)
            bar = ax.figure.colorbar(circles, ax=ax, shrink=0.5, aspect=30, pad=0.01, format="%d", ticks=ticks)
            bar.set_label("middle of the story")
    ax.set_aspect("equal")
    ax.set_xlim(float((places[:, 0] - radii).min()), float((places[:, 0] + radii).max()))
    ax.set_ylim(float((places[:, 1] - radii).min()), float((places[:, 1] + radii).max()))
    ax.margins(0.02)
    ax.set_axis_off()
    return groups


def _middle(story: Storyline) -> float:
    """Return the middle of a story in time as a year with a fraction; not a number where no event has a date."""
    days = [event.date for event in story.events if event.date]
    if not days:
        return math.nan
    middle = days[len(days) // 2]
    return middle.year + (middle.timetuple().tm_yday - 1) / 366


def _name_regions(ax: Axes, drawn: Sequence[Storyline], places: npt.NDArray[np.float64]) -> list[Any]:
    """Write the topic that sets each region of the map apart most over its middle, and return the boxes of the names."""
    from sklearn.cluster import KMeans

    n_regions = min(MAX_REGIONS, len(drawn) // 12, len(np.unique(places, axis=0)))
    if n_regions < 2:
        return []
    sizes = np.array([len(story) for story in drawn], np.float64)
    regions = KMeans(n_regions, n_init=1, random_state=0).fit_predict(places, sample_weight=sizes)
    overall: collections.Counter[str] = collections.Counter()
    here = [collections.Counter[str]() for _ in range(n_regions)]
    for story, region in zip(drawn, regions.tolist(), strict=True):
        for topic in story.topics:
            overall[topic.name] += len(story)
            here[region][topic.name] += len(story)
    boxes: list[Any] = []
    for region, counts in enumerate(here):
        best = min(counts, key=lambda name: (-(counts[name] ** 2) / overall[name], name), default=None)
        if best is not None:
            middle = np.median(places[regions == region], axis=0)
            _write(ax, middle, shorten(_printable(best), 26), boxes, fontsize=14, color="#444444", weight="bold")
    return boxes


def _name_stories(
    ax: Axes,
    named: Sequence[Storyline],
    places: npt.NDArray[np.float64],
    radii: npt.NDArray[np.float64],
    boxes: list[Any],
) -> None:
    """Write the names of stories, the largest first, where they cover no other name."""
    for story, place, radius in zip(named, places, radii, strict=False):
        _write(ax, place, shorten(_printable(story.name), 34), boxes, fontsize=6.5 + 3 * float(radius / radii.max()))


def _write(ax: Axes, place: npt.NDArray[np.float64], name: str, boxes: list[Any], **look: Any) -> None:
    """Write a name at a place, unless it would cover another one; its box joins theirs."""
    x, y = place.tolist()
    text = ax.text(x, y, name, ha="center", va="center", zorder=4, **look, **NO_FORMULA)
    text.set_path_effects([patheffects.withStroke(linewidth=2, foreground="white")])
    box = text.get_window_extent()
    if any(box.overlaps(other) for other in boxes):
        text.remove()
    else:
        boxes.append(box)
