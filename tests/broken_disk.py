"""A disk on which any one file operation can fail: counts the operations under a folder, and fails the n-th of them.

As SQLite's tests do it: a test does its work again and again, with a fault at the first operation, at the second, and so on.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy.lib.format
import pytest

__all__ = ["FAULTS", "BrokenDisk"]

FAULTS: dict[str, tuple[Callable[[], BaseException], bool]] = {
    "EIO once": (lambda: OSError(errno.EIO, os.strerror(errno.EIO)), False),
    "EIO from then on": (lambda: OSError(errno.EIO, os.strerror(errno.EIO)), True),
    "ENOSPC once": (lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), False),
    "ENOSPC from then on": (lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), True),
    "EINTR once": (lambda: InterruptedError(errno.EINTR, os.strerror(errno.EINTR)), False),
    "Ctrl-C": (KeyboardInterrupt, False),
}
"""What can go wrong, and whether it goes on to.

Python itself repeats a call that a signal interrupts (EINTR). What reaches its caller is what a handler of the signal raises:
`KeyboardInterrupt`, or of some file systems EINTR itself.
"""

_NEEDS_SPACE = {"write", "open", "mkdir", "fsync", "replace"}
"""Operations that a full disk fails; the others go on."""


class BrokenDisk:
    """Counts the file operations under a folder, and fails one of them, or all from one on.

    Parameters
    ----------
    folder : Path
    fault : str
        One of `FAULTS`.
    at : int
        The number of the operation that fails, from 0.
    """

    def __init__(self, folder: Path, fault: str = "EIO once", at: int = 1 << 60) -> None:
        self._folder, self._at = str(folder), at
        self._error, self._goes_on = FAULTS[fault]
        self._is_full = fault.startswith("ENOSPC")
        self.done: list[str] = []
        self.failed = False

    def reached(self, operation: str, path: object) -> bool:
        """Count an operation, and return whether it fails."""
        if not self._is_inside(path) or (self._is_full and operation not in _NEEDS_SPACE):
            return False
        self.done.append(f"{operation} {path}")
        number = len(self.done) - 1
        fails = number == self._at or (self._goes_on and number > self._at)
        self.failed |= fails
        return fails

    def _is_inside(self, path: object) -> bool:
        try:
            name = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else os.fspath(path)  # type: ignore[call-overload]
        except (OSError, TypeError):
            return False
        return str(name).startswith(self._folder)

    def check(self, operation: str, path: object) -> None:
        """Count an operation, and raise its error if it fails."""
        if self.reached(operation, path):
            raise self._error()

    @contextmanager
    def inserted(self) -> Iterator[BrokenDisk]:
        """Put the disk under the functions of `os`, `open` and `pathlib` for a block."""
        with pytest.MonkeyPatch.context() as patched:
            for name, operation in _CALLS.items():
                patched.setattr(os, name, self._checked(operation, getattr(os, name)))
            patched.setattr(os, "write", self._write)
            patched.setattr(os, "fsync", self._checked("fsync", _nothing))
            patched.setattr(builtins, "open", self._open)
            patched.setattr(io, "open", self._open)
            patched.setattr(numpy.lib.format, "isfileobj", lambda _: False)  # whose arrays are written by C otherwise
            yield self

    def _checked(self, operation: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def checked(path: Any, *arguments: Any, **keywords: Any) -> Any:
            self.check(operation, path)
            return call(path, *arguments, **keywords)

        return checked

    def _write(self, file: int, data: Any) -> int:
        if self.reached("write", file):
            _write(file, self.what_reaches_it(data))
            raise self._error()
        return _write(file, data)

    def what_reaches_it(self, data: Any) -> bytes:
        """Return what a write that fails has written: the first half, or nothing where it was interrupted and is repeated."""
        return b"" if isinstance(self._error(), InterruptedError) else bytes(data)[: len(data) // 2]

    def _open(self, file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
              newline: Any = None, closefd: bool = True, opener: Any = None) -> Any:  # fmt: skip
        """Open a file as `open` does; of a file that is written, each write is an operation."""
        if not isinstance(file, int):
            self.check("open", file)
        if not set(mode) & set("wxa+") or not self._is_inside(file):
            return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _Raw(file, mode.replace("t", "").replace("b", "") + "b", closefd, opener)
        raw.disk = self
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)


class _Raw(io.FileIO):
    disk: BrokenDisk

    def write(self, data: Any) -> int:
        if self.disk.reached("write", self.fileno()):
            super().write(self.disk.what_reaches_it(data))
            raise self.disk._error()
        return super().write(data)


_CALLS = {
    "open": "open",
    "mkdir": "mkdir",
    "rmdir": "rmdir",
    "unlink": "unlink",
    "remove": "unlink",
    "replace": "replace",
    "rename": "replace",
    "ftruncate": "truncate",
    "chmod": "chmod",
    "utime": "utime",
}
_open, _write = builtins.open, os.write


def _nothing(_: object) -> None:
    """Do nothing: no power fails."""
