"""One writer at a time: a lock that the system takes back when the process that held it is gone, however it ended."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from relatedstories.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

__all__ = ["holder", "lock_beside", "locked", "other_writer", "taken"]

_log = logging.getLogger(__name__)
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
_UNKNOWN = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS}
_FAR = 1 << 30  # Windows keeps others from reading what is locked: a byte that is not there


def lock_beside(path: Path) -> Path:
    """The file that is locked by who writes a file or folder."""
    return path.with_name(f".{path.name}.lock")


def holder() -> str:
    """How another process is told of this one."""
    return f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"


def other_writer(what: str, who: str) -> InputError:
    """The error of a writer that finds another one at work."""
    return InputError(f"{what}: got another writer at work ({who}), expected none; start again when it has ended")


@contextlib.contextmanager
def locked(path: Path, what: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of a file, which is made for it and taken away after it.

    Parameters
    ----------
    path : Path
        The file to lock. A file that is there but not locked, since its holder died, is no lock.
    what : str
        What is written, for the error.
    wait : float, default 0
        Seconds to wait for another to end.

    Raises
    ------
    InputError
        If another process, or another block of this one, holds the lock; it says who.
    OSError
        If the file cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with locked(Path(folder, "lock"), "news"):
    ...         try:
    ...             with locked(Path(folder, "lock"), "news"):
    ...                 pass
    ...         except InputError as error:
    ...             print(str(error).partition(" (process")[0])
    news: got another writer at work
    """
    until = time.monotonic() + wait
    while (file := taken(path)) is None:
        if time.monotonic() >= until:
            raise other_writer(what, _said(path))
        time.sleep(0.05)
    try:
        with contextlib.suppress(OSError):  # another user's file, or a full disk: it is locked, only not by name
            os.ftruncate(file, 0)
            os.write(file, holder().encode())
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows takes away no file that is open: it may stay
            path.unlink()
        os.close(file)


def taken(path: Path, sure: bool = False) -> int | None:
    """A file, made where there is none, open and locked until it is closed; None where another has it.

    On a file system that knows no locks it is taken for free, or else, if one has to be `sure`, an error.
    """
    how = getattr(os, "O_NOFOLLOW", 0)  # a symbolic link of this name may lead anywhere
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | how, 0o666)
        except PermissionError:
            if not path.exists():
                raise
            file = os.open(path, os.O_RDONLY | how)  # another user's: can be locked all the same
        try:
            _lock(file)
            # Whoever held it may have taken the file away since it was opened: then what is locked here is nobody's.
            if os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno in _TAKEN:
                os.close(file)
                return None
            if error.errno in _UNKNOWN and not sure:
                _log.warning("%s: got a file system without locks; see to it that no two runs write at a time", path)
                return file
            os.close(file)
            raise
        os.close(file)


if os.name == "nt":

    def _lock(file: int) -> None:
        os.lseek(file, _FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        os.lseek(file, 0, os.SEEK_SET)

else:

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _said(path: Path) -> str:
    with contextlib.suppress(OSError):
        return " ".join(path.read_text(encoding="utf-8", errors="replace").split()) or "unknown"
    return "unknown"
