"""A list of links as a timeline: a few events from before and a few from after, by date."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from relatedstories.ranking.links import Link, Links

__all__ = ["timeline"]


def timeline(before: Links, after: Links, k: int) -> Links:
    """Return the best of what came before an event and of what came after, by date.

    Half of the links are from before, or one more; where one side has fewer, the other takes their room. Links of one day are in
    the order of their scores. Ranks follow the dates.

    Parameters
    ----------
    before, after : Links
        The best links to events up to an event's day, and to later ones, which all have dates; k of each, if there are as many.
    k : int
        Maximum number of links.
    """
    n_after = min(len(after), max(k // 2, k - len(before)))
    chosen: list[Link] = [*before[: k - n_after], *after[:n_after]]
    chosen.sort(key=lambda link: (link.event.date or dt.date.min, -link.score))
    links = [replace(link, rank=rank) for rank, link in enumerate(chosen, 1)]
    return Links(links, dict.fromkeys([*before.copies, *after.copies]))
