"""One change of an archive at a time: those of other threads wait for one another, while readers go on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from relatedstories.errors import InputError

__all__ = ["ChangeLock"]


class ChangeLock:
    """What a thread holds while it changes an archive.

    Each process has a lock of its own: one that was forked in the middle of a change would wait for the other's without end.

    Examples
    --------
    >>> lock = ChangeLock()
    >>> with lock.held():
    ...     with lock.held():
    ...         pass
    Traceback (most recent call last):
    ...
    relatedstories.errors.InputError: got a change of an archive from within another one, expected one after the other
    """

    def __init__(self) -> None:
        self._locks: dict[int, threading.Lock] = {}
        self._holder: tuple[int, int] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock within a block, which waits until no other thread does.

        Raises
        ------
        InputError
            If this thread holds it already, where what reports progress changes the archive, say: it would wait for itself.
        """
        process = os.getpid()
        here = process, threading.get_ident()
        if self._holder == here:
            raise InputError("got a change of an archive from within another one, expected one after the other")
        with self._locks.setdefault(process, threading.Lock()):
            try:
                self._holder = here
                yield
            finally:
                self._holder = None
