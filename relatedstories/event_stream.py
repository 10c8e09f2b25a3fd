"""Events as they are read, which can tell whether a source is still what it was when they were read before."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Protocol, runtime_checkable

from relatedstories.events import Event

__all__ = ["DigestedEvents", "EventStream"]


@runtime_checkable
class DigestedEvents(Protocol):
    """Events whose source has a digest.

    Parameters
    ----------
    read_from : str or None
        The digest of what all events were read from, plainly: no row was left out, and there was nothing to say about any.
        None before they are all read, and where that cannot be told.
    """

    @property
    def read_from(self) -> str | None:
        """The digest of what all events were read from."""

    def __iter__(self) -> Iterator[Event]: ...

    def digest(self) -> str | None:
        """Return a digest of the source as it is now, and of how it is read; None where that cannot be told."""

    def may_have(self, digest: str) -> bool:
        """Return whether the source may still have a digest that it had, by a glance at it."""


class EventStream(Iterator[Event]):
    """The events of a source, which are read as they are asked for.

    Parameters
    ----------
    events : iterator of Event
    digest : callable
        Returns the digest of the source as it is now, or None.
    is_plain : callable
        Returns whether there was nothing to say about what was read so far.
    digest_read : callable, optional
        Returns the digest of what was read, once all was; by default the source is looked at once more.
    may_have : callable, optional
        Called with a digest that the source had, returns whether it may still have it, by a glance at it.

    Examples
    --------
    >>> stream = EventStream(iter([Event("1", "Rain")]), lambda: "as it is")
    >>> stream.digest(), [event.title for event in stream], stream.read_from
    ('as it is', ['Rain'], 'as it is')
    """

    def __init__(
        self,
        events: Iterator[Event],
        digest: Callable[[], str | None] = lambda: None,
        is_plain: Callable[[], bool] = lambda: True,
        digest_read: Callable[[], str | None] | None = None,
        may_have: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._digest, self._is_plain, self._digest_read = digest, is_plain, digest_read or digest
        self._may_have, self._tells_what_it_read = may_have, digest_read is not None
        self._first_digest: str | None = None
        self.read_from: str | None = None
        self._events = self._read(events)

    def __iter__(self) -> EventStream:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def close(self) -> None:
        """Read no further."""
        self._events.close()

    def digest(self) -> str | None:
        """Return a digest of the source as it is now, and of how it is read; None where that cannot be told."""
        self._first_digest = self._digest()
        return self._first_digest

    def may_have(self, digest: str) -> bool:
        """Return whether the source may still have a digest that it had, by a glance at it."""
        return self._may_have(digest)

    def _read(self, events: Iterator[Event]) -> Generator[Event, None, None]:
        yield from events
        # Of a source whose digest nobody asked for before it was read, nobody knows whether it changed meanwhile, unless the
        # reader takes the digest of the very rows that it reads.
        first = self._first_digest or (self._digest_read() if self._tells_what_it_read else None)
        if first is not None and self._is_plain() and self._digest_read() == first:
            self.read_from = first
