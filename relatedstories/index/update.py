"""Bringing a loaded index up to date: which events are unchanged, and an index that takes from it what it can."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relatedstories.errors import BadValueError, shown
from relatedstories.events import Event, events_of
from relatedstories.index.archive import Archive
from relatedstories.index.archive_index import ArchiveIndex
from relatedstories.topics.topic import EventTopics

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Changes", "changes_between", "ordered_events", "unchanged_numbers", "updated_index"]


class Changes(NamedTuple):
    """How many events of an archive are new, edited and gone since an index was made of it."""

    new: int
    edited: int
    gone: int


def unchanged_numbers(archive: Archive, events: Sequence[Event]) -> list[int]:
    """Return the number of each event that an archive holds exactly as it is, -1 for the others."""
    pairs = zip(events, archive.numbers_of([event.id for event in events]), strict=True)
    return [number if number >= 0 and archive.holds(number, event) else -1 for event, number in pairs]


def changes_between(archive: Archive, events: Sequence[Event], numbers: Sequence[int]) -> Changes:
    """Return how events differ from those of an archive; `numbers` are their `unchanged_numbers`."""
    changed_ids = [event.id for event, number in zip(events, numbers, strict=True) if number < 0]
    edited = sum(id_ in archive for id_ in changed_ids)
    n_unchanged = len(events) - len(changed_ids)
    return Changes(len(changed_ids) - edited, edited, len(archive) - n_unchanged - edited)


def updated_index(
    index: ArchiveIndex,
    events: list[Event],
    numbers: Sequence[int],
    extract: Callable[[Sequence[Event]], list[EventTopics]],
    topic_weight: float | None,
    languages: Callable[[Sequence[Event]], list[str]],
) -> ArchiveIndex | None:
    """Return the index of events, made from another one; None if that holds too few of them, or holds embeddings of the caller.

    Parameters
    ----------
    index : ArchiveIndex
    events : list of Event
        Sorted by id.
    numbers : sequence of int
        Their `unchanged_numbers` in the index.
    extract : callable
        Returns the topics of events; called with those that are new or changed.
    topic_weight : float, optional
    languages : callable
        Returns the languages of events.
    """
    archive = index.archive
    kept = {number for number in numbers if number >= 0}
    if archive.user_dimensions:
        warnings.warn("got an index of embeddings and none for its events: the new one is without; see embeddings=", stacklevel=3)
        return None
    if 2 * len(kept) < len(archive):
        return None
    new = [event for event, number in zip(events, numbers, strict=True) if number < 0]
    if not new and len(kept) == len(archive):
        return index.with_events_in_memory(events)
    rest = index.without(set(range(len(archive))) - kept, topic_weight)
    return rest.with_events(new, extract(new), topic_weight, languages=languages(new)).with_events_in_memory(events)


def ordered_events(
    call: str, events: Iterable[Event], embeddings: Any, dimensions: int | None = None
) -> tuple[list[Event], npt.NDArray[np.float64] | None]:
    """Return events sorted by id, with the caller's embeddings in the same order, checked.

    Parameters
    ----------
    call : str
        The call that errors name.
    events : iterable of Event
    embeddings : array-like or None
        One row an event, in the order of `events`.
    dimensions : int, optional
        The width that the embeddings must have.
    """
    unordered = events_of(call, events)
    order = sorted(range(len(unordered)), key=lambda place: unordered[place].id)
    ordered = [unordered[place] for place in order]
    for event, following in pairwise(ordered):
        if event.id == following.id:
            raise BadValueError(call, "id", f"{shown(event.id)} twice", "an id of its own for each event")
    if embeddings is None:
        return ordered, None
    try:
        array = np.asarray(embeddings, np.float64)
    except (TypeError, ValueError):
        raise BadValueError(call, "embeddings", shown(embeddings), "an array of numbers, a row an event") from None
    if array.ndim != 2 or len(array) != len(unordered) or not array.shape[1]:
        raise BadValueError(call, "embeddings", f"an array of shape {array.shape}", f"one of {len(unordered)} rows, one an event")
    if dimensions is not None and array.shape[1] != dimensions:
        expected = f"{dimensions}, as in the archive" if dimensions else "none, as in the archive"
        raise BadValueError(call, "embeddings", f"rows of {array.shape[1]} numbers", expected)
    if not np.isfinite(array).all():
        raise BadValueError(call, "embeddings", "a number that is not finite", "finite numbers")
    return ordered, array[order]
