"""The filters and editors' choices that a caller sets for lists, checked once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

import numpy as np

from relatedstories.errors import BadValueError, number_within, shown, whole_number
from relatedstories.events import Event, as_id, parse_date, values_of
from relatedstories.topk.dates import ANY_DAY, NO_DATE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["RECENT", "TOPIC", "Choices", "Keywords", "LinkFilters", "check_keywords"]

TOPIC, RECENT = "topic", "recent"
"""What fills lists that are too short: the newest events with a topic of the event, the newest before it."""

Choices: TypeAlias = Mapping[Any, Iterable[str | int]]
"""What editors chose: for the id of an event, the ids of others."""


class Keywords(TypedDict, total=False):
    """The keyword arguments of `RelatedStories.related`, where they are described."""

    include_newer: bool
    since: dt.date | str | None
    until: dt.date | str | None
    where: Callable[[Event], object] | None
    same: Iterable[str]
    min_score: float | None
    max_per_context: int | None
    diversity: float
    pinned: Choices | None
    blocked: Choices | None
    fallback: str | None


def check_keywords(call: str, keywords: Iterable[str]) -> None:
    """Raise the `TypeError` that Python raises for a keyword argument that a call does not have.

    Examples
    --------
    >>> check_keywords("related", {"max_context": 1})
    Traceback (most recent call last):
        ...
    TypeError: related() got an unexpected keyword argument 'max_context'
    """
    for name in keywords:
        if name not in Keywords.__annotations__:
            raise TypeError(f"{call}() got an unexpected keyword argument {name!r}")


@dataclass(frozen=True, slots=True)
class LinkFilters:
    """The keyword arguments of `RelatedStories.related`, checked; all ids are str."""

    include_newer: bool
    since: dt.date | None
    until: dt.date | None
    where: Callable[[Event], object] | None
    min_score: float | None
    max_per_context: int | None
    diversity: float
    pinned: Mapping[str, tuple[str, ...]]
    blocked: Mapping[str, tuple[str, ...]]
    same: tuple[str, ...] = ()
    fallback: str | None = None

    @classmethod
    def of(
        cls,
        call: str,
        /,
        *,
        include_newer: bool = True,
        since: dt.date | str | None = None,
        until: dt.date | str | None = None,
        where: Callable[[Event], object] | None = None,
        same: Iterable[str] = (),
        min_score: float | None = None,
        max_per_context: int | None = None,
        diversity: float = 0.0,
        pinned: Choices | None = None,
        blocked: Choices | None = None,
        fallback: str | None = None,
        **unknown: object,
    ) -> LinkFilters:
        """Return the filters of keyword arguments, checked.

        Parameters
        ----------
        call : str
            The call that errors name.
        **keywords : Keywords

        Raises
        ------
        BadValueError
            If a value is of the wrong type or out of range, or an event is pinned and blocked under the same event.
        TypeError
            If there are others than these keywords.

        Examples
        --------
        >>> LinkFilters.of("related", since="2020-02-01", pinned={1: [2, 3]}).pinned
        {'1': ('2', '3')}
        """
        check_keywords(call, unknown)
        if not isinstance(include_newer, bool):
            raise BadValueError(call, "include_newer", shown(include_newer), "True or False")
        if where is not None and not callable(where):
            raise BadValueError(call, "where", shown(where), "a function of an event")
        filters = cls(
            include_newer,
            parse_date(since, call, "since"),
            parse_date(until, call, "until"),
            where,
            None if min_score is None else number_within(call, "min_score", min_score),
            None if max_per_context is None else whole_number(call, "max_per_context", max_per_context, 1),
            number_within(call, "diversity", diversity),
            _choices(call, "pinned", pinned),
            _choices(call, "blocked", blocked),
            _names(call, same),
            None if fallback == "none" else fallback,
        )
        if filters.fallback not in (None, TOPIC, RECENT):
            raise BadValueError(call, "fallback", shown(fallback), f'"{TOPIC}", "{RECENT}" or None')
        for id_, ids in filters.pinned.items():
            both = next((other for other in ids if other in filters.blocked.get(id_, ())), None)
            if both is not None:
                raise BadValueError(call, "pinned", f"{shown(both)} under {shown(id_)}, where it is blocked", "another event")
        return filters

    @property
    def best_candidates_only(self) -> bool:
        """Whether a list is simply its best candidates, apart from near-duplicates and from pinned and blocked events."""
        return self.where is None and not self.same and self.max_per_context is None and not self.diversity

    def allows(self, event: Event, other: Event) -> bool:
        """Return whether `where` and `same` let an event list another."""
        return self.passes(other) and self.are_same(event, other)

    def passes(self, other: Event) -> bool:
        """Return whether `where` lets an event be listed."""
        return self.where is None or bool(self.where(other))

    def are_same(self, event: Event, other: Event) -> bool:
        """Return whether two events have in common what `same` names."""
        return all(_have_in_common(values_of(event, name), values_of(other, name)) for name in self.same)

    @property
    def every_day(self) -> bool:
        """Whether events of any date may be listed."""
        return self.include_newer and self.since is None and self.until is None

    def spans(self, days: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Return the `span` for each of some days, shape (n, 2)."""
        return np.array([self.span(day) for day in days.tolist()], np.int32).reshape(-1, 2)

    def span(self, day: int) -> tuple[int, int]:
        """Return the first and the last day that may be listed for an event of a day; `NO_DATE` is before every day."""
        first, last = ANY_DAY
        if not self.include_newer and day != NO_DATE:
            last = day  # events of unknown date may be listed
        if self.since is not None:
            first = self.since.toordinal()
        if self.until is not None:
            first, last = max(first, NO_DATE + 1), min(last, self.until.toordinal())
        return first, last

    def unknown_ids(self, known: Container[str], queries: Iterable[str] | None = None) -> list[str]:
        """Return a phrase for each pinned or blocked id that is not known: under the queried ids, or under all."""
        phrases = []
        for name, choices in (("pinned", self.pinned), ("blocked", self.blocked)):
            if queries is None:
                phrases += [f"{shown(id_)} with {name} events" for id_ in choices if id_ not in known]
            for id_ in choices if queries is None else queries:
                phrases += [f"{shown(other)} {name} under {shown(id_)}" for other in choices.get(id_, ()) if other not in known]
        return phrases


def _have_in_common(a: frozenset[str], b: frozenset[str]) -> bool:
    """Return whether two events have a value in common; those without any have that in common."""
    return not a.isdisjoint(b) if a else not b


def _names(call: str, same: object) -> tuple[str, ...]:
    """Return the names that `same` gives, checked."""
    if isinstance(same, (str, bytes, Mapping)) or not isinstance(same, Iterable):
        raise BadValueError(call, "same", shown(same), "a list of names, such as ['section']")
    names = tuple(same)
    wrong = next((name for name in names if not isinstance(name, str) or not name.strip()), None)
    if wrong is not None:
        raise BadValueError(call, "same", f"a list with {shown(wrong)} in it", "a list of names, such as ['section']")
    return names


def _choices(call: str, name: str, value: object) -> dict[str, tuple[str, ...]]:
    """Return pinned or blocked ids as a mapping of str to tuples of str, checked."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadValueError(call, name, shown(value), "a mapping of ids to lists of ids")
    choices: dict[str, tuple[str, ...]] = {}
    for key, others in value.items():
        id_ = as_id(key, call, name)
        if isinstance(others, (str, bytes, Mapping)) or not isinstance(others, Iterable):
            raise BadValueError(call, name, f"{shown(others)} under {shown(id_)}", "a list of ids")
        ids = [as_id(other, call, name) for other in others]
        if id_ in ids:
            raise BadValueError(call, name, f"{shown(id_)} under itself", "another event")
        choices[id_] = tuple(dict.fromkeys((*choices.get(id_, ()), *ids)))  # 17 and "17" are the same id
    return choices
