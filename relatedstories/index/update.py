"""Bringing a loaded index up to date: which events are unchanged, and an index that takes from it what it can."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from relatedstories.errors import BadValueError, shown
from relatedstories.events import Event, events_of
from relatedstories.index.archive import Archive
from relatedstories.index.archive_index import ArchiveIndex
from relatedstories.index.languages import PossibleLanguages
from relatedstories.text.languages import settled
from relatedstories.topics.topic import EventTopics

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "Changes",
    "Extract",
    "changes_between",
    "grown_index",
    "in_usual_language",
    "ordered_events",
    "unchanged_numbers",
    "updated_index",
]

Extract: TypeAlias = Callable[[Sequence[Event], Sequence[str]], list[EventTopics]]
"""Returns the topics of events in languages."""


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
    extract: Extract,
    topic_weight: float | None,
    languages: PossibleLanguages,
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
        Called with the events that are new or changed, and those that are in another language than before.
    topic_weight : float, optional
    languages : PossibleLanguages
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
    archive.read_names()
    grown = _grown(index, new, extract, topic_weight, languages, kept=np.array(sorted(kept), np.intp))
    return in_usual_language(grown, archive.usual_language, extract, topic_weight, languages).with_events_in_memory(events)


def grown_index(
    index: ArchiveIndex,
    events: list[Event],
    extract: Extract,
    topic_weight: float | None,
    languages: PossibleLanguages,
    user_embeddings: npt.NDArray[Any] | None = None,
) -> ArchiveIndex:
    """Return the index of the events of another one and further ones, which are sorted by id."""
    grown = _grown(index, events, extract, topic_weight, languages, user_embeddings)
    return in_usual_language(grown, index.archive.usual_language, extract, topic_weight, languages)


def _grown(
    index: ArchiveIndex,
    events: list[Event],
    extract: Extract,
    topic_weight: float | None,
    languages: PossibleLanguages,
    user_embeddings: npt.NDArray[Any] | None = None,
    kept: npt.NDArray[np.intp] | None = None,
) -> ArchiveIndex:
    """Return what `grown_index` does, of some events of the index if `kept` has their numbers, in the languages they were in."""
    possible = languages.of(events)
    usual = index.archive.usual_language_with(possible, kept)
    codes, is_told = [settled(one, usual) for one in possible], [len(one) == 1 for one in possible]
    found = extract(events, codes)
    return index.with_events(events, found, topic_weight, user_embeddings, languages=codes, is_told=is_told, kept=kept)


def in_usual_language(
    index: ArchiveIndex, before: str, extract: Extract, topic_weight: float | None, languages: PossibleLanguages
) -> ArchiveIndex:
    """Return an index with the events that tell no language in the archive's usual one, where another was usual before.

    Beside embeddings of the caller, which were not kept apart, they stay in the language that was the usual one.
    """
    archive, usual = index.archive, index.archive.usual_language
    if usual == before or archive.user_dimensions:
        return index
    numbers = np.flatnonzero(~archive.is_told).tolist()
    codes = [settled(possible, usual) for possible in languages.of([archive.events[number] for number in numbers])]
    changed = {number: code for number, code in zip(numbers, codes, strict=True) if archive.languages[number] != code}
    if not changed:
        return index
    events, codes = [archive.events[number] for number in changed], [*changed.values()]
    found, rest = extract(events, codes), index.without({*changed}, topic_weight)
    return rest.with_events(events, found, topic_weight, languages=codes, is_told=[False] * len(codes))


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
