"""Ids that stay from night to night: which story goes on from which, and which merged or were split."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["Continuity", "continued"]

MIN_PART = 2
"""Number of events of an earlier story that another needs to be a part of it: one event may change sides."""


class Continuity(NamedTuple):
    """The ids of stories, and what became of earlier ones; see `relatedstories.storylines.Storylines`."""

    ids: list[str]
    merged: dict[str, tuple[str, ...]]
    split: dict[str, tuple[str, ...]]


def continued(stories: Sequence[Sequence[str]], before: Mapping[str, Iterable[str]]) -> Continuity:
    """Return ids for stories, given those of earlier stories.

    A pair of an earlier and a new story has as many events in common as both hold; the pairs with most are matched first, then
    those with the earlier id that comes first. Each earlier id goes to at most one story and each story takes at most one. The
    others get the id of their first event that is not an id yet.

    Parameters
    ----------
    stories : sequence of sequence of str
        The ids of the events of each story, in the order of its events.
    before : mapping of str to iterable of str
        For the id of each earlier story the ids of its events.

    Examples
    --------
    >>> before = {"a": ["a", "b", "c"], "d": ["d", "e"]}
    >>> continued([["z", "a", "b", "c"], ["d", "e"]], before).ids
    ['a', 'd']
    >>> continued([["a", "b", "c", "d", "e"]], before).merged
    {'a': ('a', 'd')}
    """
    story_of = {event: number for number, events in enumerate(stories) for event in events}
    earlier = {id_: dict.fromkeys(before[id_]) for id_ in sorted(before)}
    parts: dict[str, collections.Counter[int]] = {}
    for id_, known in earlier.items():
        parts[id_] = collections.Counter(story_of[event] for event in known if event in story_of)
    pairs = sorted((-n, id_, number) for id_, counts in parts.items() for number, n in counts.items())
    id_of: dict[int, str] = {}
    taken: set[str] = set()
    for _, id_, number in pairs:
        if number not in id_of and id_ not in taken:
            id_of[number] = id_
            taken.add(id_)
    # The id of an earlier story that has gone is not given again, as it would stand for something else.
    taken.update(earlier)
    for number, events in enumerate(stories):
        if number not in id_of:
            id_of[number] = next((event for event in events if event not in taken), f"{events[0]}+")
            taken.add(id_of[number])
    merged: dict[str, list[str]] = {}
    split: dict[str, tuple[str, ...]] = {}
    for id_, counts in parts.items():
        pieces = [number for number, n in counts.items() if n >= MIN_PART]
        if len(pieces) > 1:
            split[id_] = tuple(sorted(id_of[number] for number in pieces))
        for number, n in counts.items():
            if n >= MIN_PART and 2 * n > len(earlier[id_]):
                merged.setdefault(id_of[number], []).append(id_)
    return Continuity(
        [id_of[number] for number in range(len(stories))],
        {id_: tuple(ids) for id_, ids in sorted(merged.items()) if len(ids) > 1},
        split,
    )
