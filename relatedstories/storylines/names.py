"""Names of stories: a heading that editors gave, or the topics that set a story apart from the rest of the archive."""

from __future__ import annotations

import collections
import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from relatedstories.events import Event
from relatedstories.ranking.labels import Label, says_the_same, weakness_of
from relatedstories.text.titles import plain_title

if TYPE_CHECKING:
    import numpy.typing as npt
    import scipy.sparse as sp

__all__ = ["common_heading", "common_subject", "name_of_topics", "telling_topics", "title_name"]

MAX_TOPICS = 3
"""Greatest number of topics in a name."""

MIN_SHARE = 0.25
"""The part of a story's events that have each topic of its name."""

MIN_SUBJECT_SHARE = 1 / 3
"""The part of a story's events that tell the subject of its name."""

MIN_SECOND, MIN_NEXT = 0.15, 0.25
"""The part of the value of the first topic of a name that a second one needs, and further ones."""

MAX_TITLE_CHARS = 72
"""Length of the longest title that is a name as it is, in characters."""

_YEAR = re.compile(r"(?<!\d)(?:1[6-9]|20)\d\d(?!\d)")


def common_heading(events: Sequence[Event], n_with_heading: Mapping[str, int]) -> str | None:
    """Return the heading that names a story: most of its events have it, and these are not few of all that have it.

    A heading such as "World" is that of many stories and names none.

    Parameters
    ----------
    events : sequence of Event
        Those of the story.
    n_with_heading : mapping of str to int
        How many events of the archive have each heading.
    """
    counts = collections.Counter(event.heading for event in events if event.heading is not None)
    if not counts:
        return None
    heading, n = min(counts.items(), key=lambda each: (-each[1], each[0]))
    return heading if 2 * n > len(events) and 3 * n >= n_with_heading[heading] else None


def telling_topics(
    numbers: npt.NDArray[np.intp],
    counts: sp.csr_array,
    n_with_topic: npt.NDArray[np.intp],
    label: Callable[[int], Label],
) -> list[tuple[Label, float]]:
    """Return the topics that set a story apart with how much each does so, the most first.

    The value is ``share * log(share / share in the archive)``, what the topic adds to the divergence of the story from the
    archive, less for countries, peoples and offices.

    Parameters
    ----------
    numbers : ndarray of int
        The numbers of the story's events.
    counts : scipy.sparse.csr_array
        Which topics each event of the archive has.
    n_with_topic : ndarray of int
        How many events have each.
    label : callable
        Called with the column of a topic, returns it as a label.
    """
    columns, n_in_story = np.unique(counts[numbers].indices, return_counts=True)
    n, n_events = len(numbers), counts.shape[0]
    found = []
    for column, n_here in zip(columns.tolist(), n_in_story.tolist(), strict=True):
        if n_here < 2 or n_here < MIN_SHARE * n:
            continue
        each = label(column)
        share = n_here / n
        # One event more than there are, so that a topic of the whole of a tiny archive still has a value.
        value = share * math.log(share * (n_events + 1) / n_with_topic[column]) * weakness_of(each.topic)
        if value > 0:
            found.append((each, value))
    return sorted(found, key=lambda each: (-round(each[1], 9), each[0].topic.key))


def common_subject(subjects: Iterable[Sequence[str]], n: int) -> str | None:
    """Return the subject that most of the `n` events of a story tell, if these are at least two and `MIN_SUBJECT_SHARE` of all.

    Examples
    --------
    >>> common_subject([("Prison riot", "Protest"), ("Protest",), ()], 3), common_subject([("Protest",), (), ()], 3)
    ('Protest', None)
    """
    counts = collections.Counter(itertools.chain.from_iterable(subjects))
    most = max(counts.values(), default=0)
    if most < max(2, MIN_SUBJECT_SHARE * n):
        return None
    return next(subject for subject, n_told in counts.items() if n_told == most)


def name_of_topics(
    topics: Sequence[tuple[Label, float]], years: range, labels: Callable[[], Sequence[str]], subject: Callable[[], str | None]
) -> str:
    """Return the name that a story has by the topics that set it apart, "" if there are none.

    Of what says the same only the first is in it. Countries, peoples and offices alone do not say what happened: then a label of
    the links between its events comes first. A topic of another year, such as the election before, is left out where there are
    others.

    Parameters
    ----------
    topics : sequence of (Label, float)
        As of `telling_topics`.
    years : range
        The years that the story may be about; empty if that is not known.
    labels : callable
        Returns labels of links between the story's events, the best first.
    subject : callable
        Returns what happened in it, None if that is not known; it comes last where no topic says that.
    """
    topics = [each for each in topics if not years or _may_be_of(each[0].name, years)] or topics
    least = [MIN_SECOND if place == 1 else MIN_NEXT for place in range(len(topics))]
    chosen = [label for (label, value), part in zip(topics, least, strict=True) if value >= part * topics[0][1]]
    names = [label.name for label in chosen]
    if all(weakness_of(label.topic) < 1 for label in chosen):
        weak = {label.name for label in chosen}
        names = [*[label for label in labels() if label not in weak][:1], *names]
    distinct: list[str] = []
    for name in names:
        if not any(says_the_same(name, other) for other in distinct):
            distinct.append(name)
    if chosen and not any(label.is_kind_of_news for label in chosen) and (happened := subject()) is not None:
        distinct = [*[name for name in distinct if not says_the_same(name, happened)][: MAX_TOPICS - 1], happened]
    name = ", ".join(distinct[:MAX_TOPICS])
    return name[:1].upper() + name[1:] if name and name.split()[0].islower() else name


def _may_be_of(name: str, years: range) -> bool:
    """Return whether a name has no year, or one of some years.

    Examples
    --------
    >>> [_may_be_of(name, range(2024, 2026)) for name in ("2025 Lisbon fire", "2018–2019 strikes", "World Cup")]
    [True, False, True]
    """
    found = [int(year) for year in _YEAR.findall(name)]
    return not found or any(year in years for year in found)


def title_name(event: Event) -> str:
    """Return the title of an event as a name, cut at a word where it is long."""
    title = " ".join(plain_title(event.title).split())
    if len(title) <= MAX_TITLE_CHARS:
        return title
    return title[:MAX_TITLE_CHARS].rsplit(" ", 1)[0].rstrip(",;:–-") + "…"
