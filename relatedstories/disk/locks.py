"""Locks that let one writer work at a time, and that the system frees when the process that holds them ends, however it ends."""

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

__all__ = ["holder", "lock_beside", "locked", "other_writer", "try_lock"]

_log = logging.getLogger(__name__)
_LOCKED_BY_ANOTHER = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
_NO_LOCKS_HERE = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS}
_LOCKED_BYTE = 1 << 30  # beyond the end of the file, as Windows keeps others from reading a byte that is locked


def lock_beside(path: Path) -> Path:
    """Return the path of the lock file of whoever writes a file or folder."""
    return path.with_name(f".{path.name}.lock")


def holder() -> str:
    """Return the words that name this process in the errors of others."""
    return f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"


def other_writer(what: str, who: str) -> InputError:
    """Return the error of a writer that finds another one at work on the same thing."""
    return InputError(f"{what}: got another writer at work ({who}), expected none; start again when it has ended")


@contextlib.contextmanager
def locked(path: Path, what: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of a file, which is made for the block and removed after it.

    Parameters
    ----------
    path : Path
        The file to lock. A file that exists but is not locked, because its holder was killed, does not count.
    what : str
        What is being written, for the error.
    wait : float, default 0
        Seconds to wait for another holder to end.

    Raises
    ------
    InputError
        If another process, or another block of this one, holds the lock; the message names it.
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
    while (file := try_lock(path)) is None:
        if time.monotonic() >= until:
            raise other_writer(what, _holder_in(path))
        time.sleep(0.05)
    try:
        with contextlib.suppress(OSError):  # another user's file, or a full disk: it is locked all the same, without a name in it
            os.ftruncate(file, 0)
            os.write(file, holder().encode())
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows removes no open file: it may stay
            path.unlink()
        os.close(file)


def try_lock(path: Path, require_locks: bool = False) -> int | None:
    """Open and lock a file, making it if needed, and return its descriptor; None if another holder has locked it.

    The file is locked until it is closed. On a file system without locks it counts as locked, with a warning, unless
    `require_locks` makes that an error.
    """
    no_symlinks = getattr(os, "O_NOFOLLOW", 0)  # a symbolic link of this name could lead anywhere
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | no_symlinks, 0o666)
        except PermissionError:
            if not path.exists():
                raise
            file = os.open(path, os.O_RDONLY | no_symlinks)  # another user's file can be locked too
        try:
            _lock(file)
            # The last holder may have removed the file since it was opened: then the file locked here is not the one at `path`.
            if os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno in _LOCKED_BY_ANOTHER:
                os.close(file)
                return None
            if error.errno in _NO_LOCKS_HERE and not require_locks:
                _log.warning("%s: got a file system without locks; make sure that no two runs write at the same time", path)
                return file
            os.close(file)
            raise
        os.close(file)


if os.name == "nt":

    def _lock(file: int) -> None:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        os.lseek(file, 0, os.SEEK_SET)

else:

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder_in(path: Path) -> str:
    """Return what the holder of a lock file wrote into it."""
    with contextlib.suppress(OSError):
        return " ".join(path.read_text(encoding="utf-8", errors="replace").split()) or "unknown"
    return "unknown"
