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
    ) -> None:
        self._digest, self._is_plain, self._digest_read = digest, is_plain, digest_read or digest
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

    def _read(self, events: Iterator[Event]) -> Generator[Event, None, None]:
        yield from events
        # Of a source whose digest nobody asked for before it was read, nobody knows whether it changed meanwhile.
        if self._first_digest is not None and self._is_plain() and self._digest_read() == self._first_digest:
            self.read_from = self._first_digest
