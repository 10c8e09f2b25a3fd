"""Temporary folders that do not outlive their process for long: what one that was killed has left, the next one removes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from relatedstories.disk.locks import try_lock

__all__ = ["remove_leftover_folders", "temporary_folder"]

_PREFIX = "relatedstories-"

_LOCK = "lock"
"""The file beside the content that is locked as long as its process lives."""


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder among those for temporary files, and remove it after the block; folders left by killed processes, too.

    Raises
    ------
    OSError
        If no folder can be made.

    Examples
    --------
    >>> with temporary_folder() as folder:
    ...     len(list(folder.iterdir()))
    0
    >>> folder.exists()
    False
    """
    remove_leftover_folders()
    outer, lock = _locked_folder()
    try:
        (folder := outer / "content").mkdir()
        yield folder
    finally:
        shutil.rmtree(outer, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _locked_folder() -> tuple[Path, int | None]:
    """Make a folder, and return it with its lock: None where locks are not to be had, and nobody can tell what is left."""
    while True:
        outer = Path(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            lock = try_lock(outer / _LOCK, require_locks=True)
        except OSError:
            if outer.exists():
                return outer, None
        else:
            if lock is not None:
                return outer, lock
        # Another process took it for left over before it was locked, and removes it.


def remove_leftover_folders() -> None:
    """Remove the temporary folders of processes that were killed; those in use stay, of any process."""
    for outer in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = outer / _LOCK
        with suppress(OSError):  # another user's, or removed meanwhile
            if lock.is_file() and (file := try_lock(lock, require_locks=True)) is not None:
                shutil.rmtree(outer, ignore_errors=True)
                os.close(file)
