"""Changes of an archive's links from one run to the next, and what a place for links has to be able to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from relatedstories.counts import counted
from relatedstories.events import Event, own_value

if TYPE_CHECKING:
    from relatedstories.ranking.links import Link

__all__ = [
    "Change",
    "ChangedLists",
    "Difference",
    "DigestedTarget",
    "Labels",
    "LinkedEvents",
    "LinksLine",
    "Target",
    "TargetOfPages",
    "change_between",
    "change_to_dict",
    "changed_links",
    "changes_between",
    "joined_contexts",
    "line_of_event",
    "links_line",
    "new_events",
]

LinkedEvents: TypeAlias = "Iterable[tuple[Event, list[Link]]]"
"""Every event with its links, as `relatedstories.RelatedStories.all_related` yields them."""

ChangedLists: TypeAlias = "Iterable[tuple[Event, list[Link] | None]]"
"""Every event with its links, by id; with None where they stay as they are."""

LinksLine: TypeAlias = tuple[str, str]
"""The id of an event, and its links as a line of JSON."""

Labels: TypeAlias = dict[str, str | None]
"""The links of an event: the label of each, its contexts as one text, by the id of the event it leads to."""

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class Change(NamedTuple):
    """The links of an event before and after a run.

    Parameters
    ----------
    id : str
    before, after : Labels or None
        The links, or None where the event is not in the run, or its page has no place for links yet.
    changed : bool, default True
        Whether anything that is written differs, down to the last place of a score.
    left_alone : str or None
        Why the links are not written although they may have changed; None where they are written.
    """

    id: str
    before: Labels | None
    after: Labels | None
    changed: bool = True
    left_alone: str | None = None


@runtime_checkable
class Target(Protocol):
    """A place for the links of an archive, which can compare them with those of the run before.

    Parameters
    ----------
    unit : str
        What is written: "lines", "rows" or "pages".
    """

    unit: str

    @property
    def written(self) -> int:
        """Number of units that the last `take` wrote, or would have written in a dry run."""

    @property
    def checkpoint(self) -> Path | None:
        """The file where a run may keep the topics it has found so far; None for no such file."""

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` if links cannot be written, before any work is spent on them."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep other writers out during the block; raises `InputError` with the name of the writer at work, if there is one."""

    def take(self, links: LinkedEvents, dry_run: bool) -> Iterator[Change]:
        """Yield the change of each event, including the events that are gone, and write the links.

        Everything is written once the iterator is exhausted. If it is not, pages may have been written in part, other targets
        stay as they were. A dry run writes nothing.
        """


@runtime_checkable
class DigestedTarget(Target, Protocol):
    """A place for links that tells whether they are still as they were written.

    Parameters
    ----------
    left : str or None
        The digest of the links that the last `take` left, which nobody else has touched; None before it, and in a dry run.
    """

    left: str | None

    def digest(self) -> str | None:
        """Return a digest of the links as they are now, and of the form they are written in; None if there are none."""

    def take(self, links: ChangedLists, dry_run: bool) -> Iterator[Change]:
        """Yield the change of each event, except of those whose links stay, and write the links, as any target does.

        Links may only stay where `digest` gave what the `take` before left.
        """


@runtime_checkable
class TargetOfPages(Target, Protocol):
    """A place for links that has a page for each event, and tells of each whether it is as it was left.

    Parameters
    ----------
    left_pages : dict of str to str
        The digest of the page of each event that the last `take` left as it should be, by id; empty in a dry run.
    """

    left_pages: dict[str, str]

    def form(self) -> str | None:
        """Return a digest of the form that links are written in; None if links depend on pages other than those they lead to."""

    def pages(self) -> dict[str, str] | None:
        """Return the digest of each page as its event was read from it, by id; None if that is not known."""

    def take(self, links: ChangedLists, dry_run: bool) -> Iterator[Change]:
        """Yield the change of each event, except of those whose links stay, and write the links, as any target does."""


def links_line(id_: str, links: list[dict[str, Any]]) -> str:
    r"""Return the links of an event, as `Link.to_dict` gives them, as a line of a links file.

    Examples
    --------
    >>> links_line("a1", [])
    '{"id": "a1", "links": []}\n'
    """
    return _encode({"id": id_, "links": links}) + "\n"


def line_of_event(event: Event, links: list[Link], fields: Sequence[str] = ()) -> LinksLine:
    """Return the id of an event with the line of its links, each with some fields of the event that it leads to."""
    if not fields:
        return event.id, links_line(event.id, [link.to_dict() for link in links])
    return event.id, links_line(event.id, [link.to_dict() | {"event": _fields_of(link.event, fields)} for link in links])


def _fields_of(event: Event, names: Sequence[str]) -> dict[str, Any]:
    """Return values of an event by name: of its own fields, otherwise of its `extra`; None for those it does not have."""
    record = event.to_dict()
    return {name: record[name] if name in record else own_value(event, name) for name in names}


def change_between(id_: str, before: str | None, after: str | None, labels: Labels | None = None) -> Change:
    """Return the change of an event from one line to another; None stands for no line.

    The labels of the links after are read from the line unless they are given.

    Examples
    --------
    >>> change_between("a1", links_line("a1", []), None)
    Change(id='a1', before={}, after=None, changed=True, left_alone=None)
    """
    labels = _labels_in(after) if labels is None else labels
    return Change(id_, labels if before == after else _labels_in(before), labels, before != after)


def joined_contexts(contexts: Iterable[str]) -> str | None:
    """Return the contexts of a link as the one text that readers see; None if there are none.

    Examples
    --------
    >>> joined_contexts(("Cholera", "Sudan"))
    'Cholera, Sudan'
    """
    return ", ".join(contexts) or None


def _labels_in(line: str | None) -> Labels | None:
    """Return the links in a line; none for a line that a refresh did not write."""
    if line is None:
        return None
    try:
        return {str(link["id"]): _label_of(link) for link in json.loads(line)["links"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}


def _label_of(link: dict[str, Any]) -> str | None:
    """Return the contexts of a link in a line as a text; lines of tables and of earlier releases have only that."""
    return joined_contexts(link["contexts"]) if "contexts" in link else link["context"]


@dataclass(slots=True)
class Difference:
    """Counts of how the links of one run differ from those of the run before.

    Parameters
    ----------
    links : int
        Links in the new run.
    new, gone : int
        Events that are only in the new run, and only in the run before.
    changed : int
        Events in both runs whose links differ, down to the last place of a score.
    added, removed, relabelled : int
        Links that are only in the new run, only in the run before, and in both with different labels.

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
        """Share of added and removed links among the links of both runs: 0 if none, 1 if all of them."""
        return (self.added + self.removed) / max(1, 2 * self.links - self.added + self.removed)

    def __str__(self) -> str:
        return f"{new_events(self.new)}, {self.gone} gone; {changed_links(self)}"

    def count(self, change: Change) -> None:
        """Add the change of an event to the counts."""
        self.links += len(change.after or ())
        self.new += change.before is None
        self.gone += change.after is None
        if not change.changed:
            return
        self.changed += change.before is not None and change.after is not None
        added, removed, relabelled = _changed_links(change)
        self.added += len(added)
        self.removed += len(removed)
        self.relabelled += len(relabelled)


def new_events(n: int) -> str:
    """Return how many events are new, in words.

    Examples
    --------
    >>> new_events(1), new_events(2)
    ('1 event is new', '2 events are new')
    """
    return f"{counted(n, 'events')} {'is' if n == 1 else 'are'} new"


def changed_links(difference: Difference) -> str:
    """Return how many links differ, in words.

    Examples
    --------
    >>> changed_links(Difference(links=2, changed=1, added=1))
    'links of 1 other changed; 1 link added, 0 removed, 0 relabelled, churn 33.3%'
    """
    return (
        f"links of {counted(difference.changed, 'others')} changed; {counted(difference.added, 'links')} added, "
        f"{difference.removed} removed, {difference.relabelled} relabelled, churn {difference.churn:.1%}"
    )


def _changed_links(change: Change) -> tuple[list[str], list[str], list[str]]:
    """Return the ids of the links that are added, removed and relabelled."""
    before, after = change.before or {}, change.after or {}
    return (
        [id_ for id_ in after if id_ not in before],
        [id_ for id_ in before if id_ not in after],
        [id_ for id_ in after if id_ in before and before[id_] != after[id_]],
    )


def changes_between(old: Iterable[LinksLine], new: Iterable[LinksLine]) -> Iterator[Change]:
    """Yield the change of each event of the new lines, then of those that are only in the old ones.

    Examples
    --------
    >>> a, b = ('{"id": "1", "links": [{"id": "%s", "context": null}]}' % id_ for id_ in "23")
    >>> [(id_, before, after) for id_, before, after, *_ in changes_between([("1", a)], [("1", b), ("2", b)])]
    [('1', {'2': None}, {'3': None}), ('2', None, {'3': None})]
    """
    before = dict(old)
    for id_, line in new:
        yield change_between(id_, before.pop(id_, None), line)
    for id_, line in before.items():
        yield change_between(id_, line, None)


def change_to_dict(change: Change) -> dict[str, Any]:
    """Return the change as JSON objects: the label of each added or removed link, both labels of each relabelled one."""
    added, removed, relabelled = _changed_links(change)
    before, after = change.before or {}, change.after or {}
    return {
        "id": change.id,
        "added": {id_: after[id_] for id_ in added},
        "removed": {id_: before[id_] for id_ in removed},
        "relabelled": {id_: [before[id_], after[id_]] for id_ in relabelled},
    }
