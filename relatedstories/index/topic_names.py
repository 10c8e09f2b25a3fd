"""The names under which an archive's topics are shown: what editors wrote, else the name and kind that most events have."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from relatedstories.events import Event
from relatedstories.topics.salience import SALIENT, salience
from relatedstories.topics.topic import EventTopics, Topic

__all__ = ["NameOfKey", "TopicNames", "count_names", "most_common_name", "names_by_key", "salient_topics"]

TopicNames: TypeAlias = tuple[str, tuple[tuple[str, str, bool, int], ...]]
"""The key of a topic, and each name and kind that events have it under: whether their editors wrote the name, and the number of
these events."""

NameOfKey: TypeAlias = tuple[str, str, str, bool]
"""The key of a topic, with a name and a kind that an event has it under, and whether its editors wrote the name."""


def count_names(
    keys: Iterable[Iterable[str]], topics: Iterable[EventTopics], events: Iterable[Event]
) -> collections.Counter[NameOfKey]:
    """Return how many events have each name and kind, given the keys and the names of each event's topics."""
    counts: collections.Counter[NameOfKey] = collections.Counter()
    for event_keys, event_topics, event in zip(keys, topics, events, strict=True):
        given = {*event.topics, event.heading}
        counts.update([(key, name, kind, name in given) for key, (name, kind, _) in zip(event_keys, event_topics, strict=True)])
    return counts


def salient_topics(topics: EventTopics, left_out: frozenset[int], event: Event) -> EventTopics:
    """Return the topics that an event is about: those whose mentions beside some of its segments are salient, or editors gave.

    Examples
    --------
    >>> topics = (("Oslo", "place", (0, 4)), ("Gazette", "thing", (4, 4)), ("Bergen", "place", (9,)), ("Snow", "thing", ()))
    >>> [name for name, _, _ in salient_topics(topics, frozenset([4]), Event("1", "Snow in Oslo", topics=["Snow"]))]
    ['Oslo', 'Snow']
    """
    kept = []
    for topic in topics:
        name, _, segments = topic
        if left_out:
            segments = tuple([number for number in segments if number not in left_out])
        if not topic[2] or salience(segments) >= SALIENT or name in event.topics or name == event.heading:
            kept.append(topic)
    return topics if len(kept) == len(topics) else tuple(kept)


def names_by_key(counts: Mapping[NameOfKey, int]) -> list[TopicNames]:
    """Return the names of each topic, sorted by its key; names with a count of 0 are left out."""
    names: dict[str, list[tuple[str, str, bool, int]]] = collections.defaultdict(list)
    for (key, name, kind, given), count in sorted(counts.items()):
        if count:
            names[key].append((name, kind, given, count))
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
