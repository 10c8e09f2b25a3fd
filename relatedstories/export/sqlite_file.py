"""A SQLite database that is written whole or not at all, and replaces only one that an export wrote."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from relatedstories.disk.atomic import check_target, remove_leftovers, temporary_file
from relatedstories.disk.locks import lock_beside, locked
from relatedstories.errors import InputError

__all__ = ["check_file", "new_database", "opened"]

APPLICATION_ID = 0x52537479
"""What marks a database as an export's: "RSty"; SQLite keeps it at byte 68 of the file."""

_MAGIC, _AT = b"SQLite format 3\0", slice(68, 72)


def check_file(path: Path) -> None:
    """Raise `InputError` if no database can be written at a path; meant to be called before any work is done.

    Raises
    ------
    InputError
        If there is something that no export wrote, another program writes to the database, or the folder is missing.
    """
    check_target(path)
    if path.exists():
        with open(path, "rb") as file:
            head = file.read(100)
        if head and not (head.startswith(_MAGIC) and head[_AT] == APPLICATION_ID.to_bytes(4)):
            raise InputError(f"{path}: got a file that no export wrote, expected one of an earlier export or a new name")
    for journal in (Path(f"{path}-journal"), Path(f"{path}-wal")):
        # SQLite would take what another program has written there for changes of the new file.
        if journal.exists() and journal.stat().st_size:
            raise InputError(f"{path}: got a database that another program writes to ({journal.name}), expected it to be closed")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that is complete, for reading."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        yield connection


@contextmanager
def new_database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an empty database that replaces `path` when the block ends without an exception, and is removed otherwise.

    Who has the earlier one open goes on reading that.

    Raises
    ------
    InputError
        As `check_file` does, and if another export is writing there.
    OSError
        If the disk is full or fails.
    """
    path = Path(os.path.realpath(path))  # the target of a symbolic link is replaced, not the link
    check_file(path)
    with locked(lock_beside(path), f"the database {path}"):
        remove_leftovers(path.parent)
        with temporary_file(path.parent) as new:
            # It is locked as a temporary file already; on Windows SQLite would take that for a lock of its own.
            address = f"{new.path.absolute().as_uri()}?mode=rw&nolock=1"
            with _errors_of_the_disk(path), closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                # A file that is not complete is never read: no journal, and it reaches the disk before it is moved.
                for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536", "user_version = 1"):
                    connection.execute(f"PRAGMA {setting}")
                yield connection
            check_file(path)
            new.move_to(path)


@contextmanager
def _errors_of_the_disk(path: Path) -> Iterator[None]:
    """Raise errors of the disk that SQLite meets as Python does."""
    try:
        yield
    except sqlite3.OperationalError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from None
        if name.startswith("SQLITE_IOERR"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path)) from None
        raise
