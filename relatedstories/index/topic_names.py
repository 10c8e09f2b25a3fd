"""The names under which an archive's topics are shown: what editors wrote, else the name and kind that most events have."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from relatedstories.events import Event
from relatedstories.topics.topic import EventTopics, Topic

__all__ = ["NameCounts", "TopicNames", "count_names", "most_common_name", "names_by_key"]

TopicNames: TypeAlias = tuple[str, tuple[tuple[str, str, bool, int], ...]]
"""The key of a topic, and each name and kind that events have it under: whether their editors wrote the name, and the number of
these events."""

NameCounts: TypeAlias = Mapping[tuple[str, str, bool], int]
"""Numbers of events by name, kind, and whether their editors wrote the name."""


def count_names(events: Iterable[Event], topics: Iterable[EventTopics]) -> collections.Counter[tuple[str, str, bool]]:
    """Return how many events have each name and kind, those whose editors wrote the name apart."""
    counts: collections.Counter[tuple[str, str, bool]] = collections.Counter()
    for event, pairs in zip(events, topics, strict=True):
        given = {*event.topics, event.heading}
        counts.update([(name, kind, name in given) for name, kind in pairs])
    return counts


def names_by_key(counts: NameCounts) -> list[TopicNames]:
    """Return the names of each topic, sorted by its key; names with a count of 0 are left out."""
    names: dict[str, list[tuple[str, str, bool, int]]] = collections.defaultdict(list)
    for (name, kind, given), count in sorted(counts.items()):
        if count:
            names[Topic(name).key].append((name, kind, given, count))
    return [(key, tuple(named)) for key, named in sorted(names.items())]


def most_common_name(names: tuple[tuple[str, str, bool, int], ...]) -> Topic:
    """Return the topic with the name and kind that most events have, the first in the alphabet where several tie.

    Where editors wrote names, the name is the one that most of them wrote.
    """
    if len(names) == 1:
        return Topic(*names[0][:2])
    by_editors = any(given for _, _, given, _ in names)
    name_counts: collections.Counter[str] = collections.Counter()
    kind_counts: collections.Counter[str] = collections.Counter()
    for name, kind, given, count in names:
        if given or not by_editors:
            name_counts[name] += count
        kind_counts[kind] += count * (kind != "thing")  # "thing" is what a topic of unknown kind is called
    return Topic(_most_common(name_counts), _most_common(kind_counts))


def _most_common(counts: collections.Counter[str]) -> str:
    return min(counts, key=lambda item: (-counts[item], item))
