"""Whether anybody has written to an SQLite database meanwhile, told without reading its tables again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from relatedstories.databases.database import Database

__all__ = ["ChangeWatch"]


class ChangeWatch:
    """A connection to an SQLite database that stays open, with no transaction, and sees whether others have written to it.

    Whoever changes the file without SQLite, as by a copy moved into its place, is seen by its number, size or time.

    Parameters
    ----------
    database : Database
        In a file.
    """

    def __init__(self, database: Database) -> None:
        self._file = database.file
        before = _state_of(self._file)  # before the connection, which may be to another file a moment later
        with database.errors():
            self._connection = database.connect()
            self._seen = before, self._version()

    def is_unchanged(self) -> bool:
        """Return whether nobody but uncommitted transactions has written to the database since this was made."""
        return (_state_of(self._file), self._version()) == self._seen

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _version(self) -> Any:
        """Return a number that changes where another connection, of any process, has committed something."""
        driver: Any = self._connection.connection.driver_connection
        return driver.execute("PRAGMA data_version").fetchone()


def _state_of(file: Path | None) -> tuple[int, ...] | None:
    """Return what tells a file from others and from itself once it is written to; None if there is none."""
    try:
        stat = os.stat(file or "")
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
