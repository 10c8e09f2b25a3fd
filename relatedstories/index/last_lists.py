"""Which links the lists of the last refresh had: the counts of a report, and what tells whether a list may stay."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relatedstories.disk.atomic import new_file
from relatedstories.index.storage import last_refresh_file

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.ranking.links import Link

__all__ = ["LastLists", "MadeLists"]

_NAME = "last-lists.json"


class LastLists(NamedTuple):
    """The links of all events of an archive, by their numbers in it: where they lead and their contexts.

    Parameters
    ----------
    lengths : ndarray of int32, shape (n_events,)
        The number of links of each event.
    to : ndarray of int32, shape (n_links,)
        The number of the event that each link leads to, list after list.
    labels : ndarray of int32, shape (n_links,)
        The place of its contexts in `contexts`.
    contexts : list of tuple of str
        All contexts that a link has.
    folded : ndarray of int32, shape (n, 2)
        The events that are named as duplicates: the number of the event of the list, and of the duplicate.
    pages : list of (str or None), optional
        The digest of each event's page as it was left, if links are in pages; None for one that was not left as it should be.
    """

    lengths: npt.NDArray[np.int32]
    to: npt.NDArray[np.int32]
    labels: npt.NDArray[np.int32]
    contexts: list[tuple[str, ...]]
    folded: npt.NDArray[np.int32]
    pages: list[str | None] = []  # noqa: RUF012

    @property
    def rows(self) -> npt.NDArray[np.intp]:
        """The number of the event whose list each link is in."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def linked(self, ids: Sequence[str]) -> Counter[str]:
        """Return how many links lead to each event that has any, by its id."""
        counts = np.bincount(self.to, minlength=len(self.lengths))
        return Counter({ids[number]: int(counts[number]) for number in np.flatnonzero(counts).tolist()})

    def count_contexts(self) -> Counter[str]:
        """Return how many links have each context."""
        counts = np.bincount(self.labels, minlength=len(self.contexts)).tolist()
        counter: Counter[str] = Counter()
        for names, count in zip(self.contexts, counts, strict=True):
            if count:
                counter.update(dict.fromkeys(names, count))
        return counter

    @property
    def labelled(self) -> int:
        """The number of links with a context."""
        has_context = np.array([bool(names) for names in self.contexts], bool)
        return int(np.count_nonzero(has_context[self.labels])) if len(self.labels) else 0

    @property
    def without_links(self) -> int:
        """The number of events without links."""
        return int(np.count_nonzero(self.lengths == 0))

    def write(self, folder: Path) -> str | None:
        """Keep this with the index in a folder, and return the checksum of what is kept."""
        if (path := _path_in(folder)) is None:
            return None
        text = json.dumps([part.tolist() if isinstance(part, np.ndarray) else part for part in self])
        with new_file(path) as file:
            file.write(text)
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def read(cls, folder: Path, checksum: str | None) -> LastLists | None:
        """Return what was kept with the index in a folder; None unless it has this checksum."""
        try:
            if (path := _path_in(folder)) is None or hashlib.sha256(kept := path.read_bytes()).hexdigest() != checksum:
                return None
            lengths, to, labels, contexts, folded, pages = json.loads(kept)
        except (OSError, ValueError):
            return None
        return cls(_int32(lengths), _int32(to), _int32(labels), [tuple(names) for names in contexts], _pairs(folded), pages)


def _path_in(folder: Path) -> Path | None:
    path = last_refresh_file(folder)
    return None if path is None else path.with_name(_NAME)


def _int32(values: Sequence[int]) -> npt.NDArray[np.int32]:
    return np.array(values, np.int32)


def _pairs(values: Any) -> npt.NDArray[np.int32]:
    return np.array(values, np.int32).reshape(-1, 2)


class MadeLists:
    """The lists of a run as they are made, event after event; some may stay as the run before left them.

    Parameters
    ----------
    before : LastLists, optional
        The lists of the run before, which some stay of.
    number_before : ndarray of int, shape (n_events,), optional
        The number of each event in the archive of the run before, -1 for those it did not have as they are.
    """

    def __init__(self, before: LastLists | None = None, number_before: npt.NDArray[np.intp] | None = None) -> None:
        self._before, self._number_before = before, number_before
        self.ids: list[str] = []
        self.stay: list[int] = []
        self._made: list[int] = []
        self._lengths: list[int] = []
        self._to: list[str] = []
        self._labels: list[int] = []
        self._contexts: dict[tuple[str, ...], int] = {}
        self._folded: list[tuple[int, str]] = []
        self.fallback = 0

    @property
    def n_made(self) -> int:
        """The number of lists that were made."""
        return len(self._made)

    def add(self, id_: str, links: Sequence[Link] | None) -> None:
        """Add the list of the next event; None for one that stays."""
        number = len(self.ids)
        self.ids.append(id_)
        if links is None:
            self.stay.append(number)
            return
        self._made.append(number)
        self._lengths.append(len(links))
        contexts = self._contexts
        for link in links:
            self._to.append(link.event.id)
            self._labels.append(contexts.setdefault(link.contexts, len(contexts)))
            if link.duplicates:
                self._folded += [(number, event.id) for event in link.duplicates]
            self.fallback += link.fallback is not None

    def all(self) -> LastLists:
        """Return all lists, those that stay among them."""
        number_of = {id_: number for number, id_ in enumerate(self.ids)}
        made = LastLists(
            _int32(self._lengths),
            np.fromiter((number_of[id_] for id_ in self._to), np.int32, len(self._to)),
            _int32(self._labels),
            [*self._contexts],
            _pairs([(row, number_of[id_]) for row, id_ in self._folded]),
        )
        if self._before is None or self._number_before is None or not self.stay:
            return made
        return _joined(made, np.array(self._made, np.intp), self._before, np.array(self.stay, np.intp), self._number_before)


def _joined(
    made: LastLists,
    made_rows: npt.NDArray[np.intp],
    before: LastLists,
    stay: npt.NDArray[np.intp],
    number_before: npt.NDArray[np.intp],
) -> LastLists:
    """Return the lists that were made and those that stay, in the order of their events."""
    n_before = len(before.lengths)
    number_now = np.full(n_before, -1, np.int32)
    known = np.flatnonzero(number_before >= 0)
    number_now[number_before[known]] = known
    stays = np.zeros(n_before, bool)
    stays[number_before[stay]] = True

    is_kept = stays[before.rows]
    rows = np.concatenate([np.repeat(made_rows, made.lengths), number_now[before.rows[is_kept]]])
    order = np.argsort(rows, kind="stable")
    lengths = np.zeros(len(number_before), np.int32)
    lengths[made_rows], lengths[stay] = made.lengths, before.lengths[number_before[stay]]
    places = {names: place for place, names in enumerate(made.contexts)}
    place_now = np.array([places.setdefault(names, len(places)) for names in before.contexts], np.int32)
    folded = number_now[before.folded[stays[before.folded[:, 0]]]]
    return LastLists(
        lengths,
        np.concatenate([made.to, number_now[before.to[is_kept]]])[order],
        np.concatenate([made.labels, place_now[before.labels[is_kept]]] if len(place_now) else [made.labels])[order],
        [*places],
        np.concatenate([made.folded, folded]),
    )
