"""File locks for one writer at a time; the system releases them when the holding process ends, even if it is killed."""

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

__all__ = ["holder_description", "lock_beside", "locked", "other_writer", "try_lock"]

_log = logging.getLogger(__name__)
_LOCKED_BY_ANOTHER = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
_LOCKS_UNSUPPORTED = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS}
_LOCKED_BYTE = 1 << 30  # beyond the end of the file, because on Windows others cannot read a locked byte


def lock_beside(path: Path) -> Path:
    """Return the path of the lock file that protects the writing of a file or folder."""
    return path.with_name(f".{path.name}.lock")


def holder_description() -> str:
    """Return the description of this process that the errors of others show."""
    return f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"


def other_writer(what: str, other_holder: str) -> InputError:
    """Return the error for a writer that finds another one writing the same thing."""
    return InputError(f"{what}: got another writer at work ({other_holder}), expected none; start again when it has ended")


@contextlib.contextmanager
def locked(path: Path, what: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of a file that is created for the block and removed after it.

    Parameters
    ----------
    path : Path
        The file to lock. An existing file that is not locked, because its holder was killed, is taken over.
    what : str
        What is being written, for error messages.
    wait : float, default 0
        Seconds to wait for another holder to finish.

    Raises
    ------
    InputError
        If another process, or another block of this process, holds the lock; the message names it.
    OSError
        If the file cannot be created.

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
    deadline = time.monotonic() + wait
    while (file := try_lock(path)) is None:
        if time.monotonic() >= deadline:
            raise other_writer(what, _read_holder(path))
        time.sleep(0.05)
    try:
        with contextlib.suppress(OSError):  # another user's file, or a full disk: locked, but without a description
            os.ftruncate(file, 0)
            os.write(file, holder_description().encode())
        yield
    finally:
        try:
            with contextlib.suppress(OSError):  # Windows cannot remove open files, so the file may stay
                path.unlink()
        finally:  # also where Ctrl-C comes just then: a file that stays open stays locked
            os.close(file)


def try_lock(path: Path, require_locks: bool = False) -> int | None:
    """Open and lock a file, created if needed, and return its descriptor; None if another holder has locked it.

    The file is locked until it is closed. On a file system without locks it is treated as locked, with a warning, or with an
    error if `require_locks` is set.
    """
    no_symlinks = getattr(os, "O_NOFOLLOW", 0)  # the target of a symbolic link must not be opened
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | no_symlinks, 0o666)
        except PermissionError:
            if not path.exists():
                raise
            file = os.open(path, os.O_RDONLY | no_symlinks)  # another user's file can be locked too
        try:
            _lock(file)
            # If the last holder removed the file after it was opened here, the locked file is not the one at `path`.
            if os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except FileNotFoundError:
            pass
        except BaseException as error:
            number = error.errno if isinstance(error, OSError) else None
            if number in _LOCKS_UNSUPPORTED and not require_locks:
                _log.warning("%s: got a file system without locks; make sure that no two runs write at the same time", path)
                return file
            os.close(file)
            if number in _LOCKED_BY_ANOTHER:
                return None
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


def _read_holder(path: Path) -> str:
    """Return the description that the holder of a lock file wrote into it."""
    with contextlib.suppress(OSError):
        return " ".join(path.read_text(encoding="utf-8", errors="replace").split()) or "unknown"
    return "unknown"
