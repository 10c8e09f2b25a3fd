"""What differs between the links of two runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relatedstories.errors import InputError
from relatedstories.targets import Change, Line, change, read_links

__all__ = ["Difference", "changes", "lines_in", "to_dict"]


@dataclass(slots=True)
class Difference:
    """How the links of one run differ from those of the one before.

    Parameters
    ----------
    links : int
        Links in all.
    new, gone : int
        Events that had no links before, and that have none now.
    changed : int
        Events whose links are not, to the last place of a score, what they were.
    added, removed, relabelled : int
        Links that are new, that are no more, and that have another context than before.

    Examples
    --------
    >>> difference = Difference()
    >>> difference.count(Change("1", {"2": "Oslo", "3": None}, {"2": "Norway", "4": None}))
    >>> difference.added, difference.removed, difference.relabelled, difference.churn
    (1, 1, 1, 0.5)
    """

    links: int = 0
    new: int = 0
    gone: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0
    relabelled: int = 0

    @property
    def churn(self) -> float:
        """The share of links that were added or removed among all of before and after: 0 where none was, 1 where all were."""
        return (self.added + self.removed) / max(1, 2 * self.links - self.added + self.removed)

    def __str__(self) -> str:
        return (
            f"{self.new} events are new, {self.gone} gone; links of {self.changed} others changed; {self.added} links added, "
            f"{self.removed} removed, {self.relabelled} relabelled, churn {self.churn:.1%}"
        )

    def count(self, change: Change) -> None:
        """Take the change of an event into account."""
        before, after = change.before, change.after
        self.links += len(after or ())
        self.new += before is None
        self.gone += after is None
        if before is after:
            return
        self.changed += before is not None and after is not None
        added, removed, relabelled = _parts(change)
        self.added += len(added)
        self.removed += len(removed)
        self.relabelled += len(relabelled)


def _parts(change: Change) -> tuple[list[str], list[str], list[str]]:
    """The ids of links that are added, removed and relabelled."""
    before, after = change.before or {}, change.after or {}
    return (
        [id_ for id_ in after if id_ not in before],
        [id_ for id_ in before if id_ not in after],
        [id_ for id_ in after if id_ in before and before[id_] != after[id_]],
    )


def lines_in(path: Path) -> Iterator[Line]:
    """The lines of a file of links; raises `InputError` where it has none."""
    if not path.is_file():
        raise InputError(f"{path}: got no file, expected links that refresh wrote")
    empty = True
    for line in read_links(path):
        empty = False
        yield line
    if empty and path.stat().st_size > len("{}\n"):
        raise InputError(f"{path}: got a file without links, expected one that refresh wrote")


def changes(old: Iterable[Line], new: Iterable[Line]) -> Iterator[Change]:
    """The change of each event, of those that are gone last.

    Examples
    --------
    >>> a, b = ('{"id": "1", "links": [{"id": "%s", "context": null}]}' % id_ for id_ in "23")
    >>> [(id_, before, after) for id_, before, after, _ in changes([("1", a)], [("1", b), ("2", b)])]
    [('1', {'2': None}, {'3': None}), ('2', None, {'3': None})]
    """
    before = dict(old)
    for id_, line in new:
        yield change(id_, before.pop(id_, None), line)
    for id_, line in before.items():
        yield change(id_, line, None)


def to_dict(change: Change) -> dict[str, Any]:
    """The change of an event as JSON has it: for each link its context, of those relabelled the one before and the one now."""
    added, removed, relabelled = _parts(change)
    before, after = change.before or {}, change.after or {}
    return {
        "id": change.id,
        "added": {id_: after[id_] for id_ in added},
        "removed": {id_: before[id_] for id_ in removed},
        "relabelled": {id_: [before[id_], after[id_]] for id_ in relabelled},
    }
