"""A database: its URL, its connections and its errors, without the password in any of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from relatedstories.databases.unread_rows import closed_after, leave_unread_rows
from relatedstories.errors import InputError

__all__ = ["LOCK_SECONDS", "Database", "as_database"]

_KNOWN_DIALECTS = "postgresql, mysql, mariadb, sqlite or a dialect that is installed"

_DEFAULT_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
"""The drivers of addresses that name none: those that the extras of this package install, whatever SQLAlchemy would take."""

_PACKAGE_OF_DRIVER = {
    "psycopg": '"relatedstories[postgresql]"',
    "pymysql": '"relatedstories[mysql]"',
    "MySQLdb": "mysqlclient",
}
"""What to install for a driver, where the package has another name."""

LOCK_SECONDS = 60
"""How long to wait for another transaction of a server that is writing the table."""

_DAY = 24 * 60 * 60
"""How many seconds a server waits for a reader that is busy with the rows before; MySQL's own limit is 60."""

_READ_ONLY = {
    "sqlite": ["PRAGMA query_only = ON"],
    "postgresql": ["SET TRANSACTION READ ONLY", "SET LOCAL DateStyle = ISO"],
    # READ ONLY applies to the next transaction.
    "mysql": [f"SET SESSION net_write_timeout = {_DAY}", "SET SESSION TRANSACTION READ ONLY", "COMMIT"],
}
"""The statements that make a connection read-only, by dialect. In PostgreSQL they hold for the transaction alone, as a
connection pooler may share the rest of the session."""

_WRITING = {
    "mysql": [
        "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES')",  # no text is cut to fit
        f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}, innodb_lock_wait_timeout = {LOCK_SECONDS}",
    ],
    "postgresql": [f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"],
}
"""The statements that prepare a connection for writing, by dialect."""


class Database:
    """A database, given by a URL that may hold a password and is never shown.

    Parameters
    ----------
    url : str
        ``dialect+driver://user:password@host:port/name``. The driver may know what the URL leaves out: PostgreSQL's reads
        the password from PGPASSWORD or ~/.pgpass.

    Attributes
    ----------
    name : str
        The database in messages, without user, password and options.

    Raises
    ------
    InputError
        If the URL is broken or its driver is not installed. No connection is made.

    Examples
    --------
    >>> Database("sqlite:///news.db").name
    'sqlite:///news.db'
    """

    def __init__(self, url: str) -> None:
        self._url = _parse(url)
        self.name = f"{self._url.get_backend_name()}://{self._url.host or ''}/{self._url.database or ''}"
        try:
            # hide_parameters keeps the values of rows out of SQLAlchemy's log. With named parameters in SQLite, SQLAlchemy 2.0
            # does not take "%(x)s" in the name of a column for one.
            named = {"paramstyle": "named"} if self._url.get_backend_name() == "sqlite" else {}
            options: dict[str, Any] = {"pool_reset_on_return": None} if self._url.get_driver_name() == "pymysql" else {}
            if self._url.get_driver_name() == "psycopg" and "prepare_threshold" not in self._url.query:
                options["connect_args"] = {"prepare_threshold": None}  # a pooler gives prepared statements to others
            self._engine = sa.create_engine(self._url, hide_parameters=True, poolclass=NullPool, **named, **options)
        except NoSuchModuleError:
            raise InputError(
                f"{self.name}: got a kind of database that SQLAlchemy does not know, expected {_KNOWN_DIALECTS}"
            ) from None
        except ImportError as error:
            driver = error.name or self._url.get_driver_name()
            package = _PACKAGE_OF_DRIVER.get(driver, driver)
            raise InputError(f"{self.name} needs the driver {driver}, which is not installed: pip install {package}") from None
        except (SQLAlchemyError, TypeError, ValueError) as error:
            raise InputError(f"{self.name}: {self._message(error)}") from None
        if self.dialect == "sqlite":
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        leave_unread_rows(self._engine)

    def __repr__(self) -> str:
        return f"Database({self.name})"

    @property
    def dialect(self) -> str:
        """The kind of database; "mysql" for MariaDB too."""
        name = self._engine.dialect.name
        return "mysql" if name == "mariadb" else name

    @property
    def has_psycopg(self) -> bool:
        """Whether the driver is psycopg, which copies rows in bulk."""
        return self._engine.dialect.driver == "psycopg"

    @property
    def port(self) -> int | None:
        """The port of the server, if the URL has one."""
        return self._url.port

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None for other databases."""
        database = self._url.database
        return Path(database) if self.dialect == "sqlite" and database and not database.startswith("file:") else None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a connection that is read-only, as far as the database can enforce it."""
        if self.file is not None and not self.file.exists():  # SQLite would make one
            raise InputError(f"{self.name}: no such file")
        with self.errors(), closed_after(self.connect()) as connection:
            for statement in _READ_ONLY.get(self.dialect, ()):
                connection.exec_driver_sql(statement)
            if self.has_psycopg:
                _load_dates_as_text(connection)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a connection with a transaction that is rolled back unless it is committed."""
        with self.errors(), closed_after(self.connect()) as connection:
            for statement in _WRITING.get(self.dialect, ()):
                connection.exec_driver_sql(statement)
            yield connection.execution_options(writes=True)

    def connect(self) -> sa.Connection:
        """Open a plain connection."""
        try:
            return self._engine.connect()
        # An option that the driver does not have or with another value, or a package that a way to log in needs.
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"{self.name}: {self._message(error)}") from None

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn the errors of the database within the block into `InputError` with a message of one line."""
        driver_error: type[Exception] = self._engine.dialect.loaded_dbapi.Error  # where it is used without SQLAlchemy
        try:
            yield
        except (SQLAlchemyError, UnicodeError, driver_error) as error:
            raise InputError(f"{self.name}: {self._message(error)}") from None

    def _message(self, error: Exception) -> str:
        """Return the first line of the driver's message; the other lines, and SQLAlchemy's own, may hold values of rows."""
        cause = getattr(error, "orig", None) or error
        message = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause)
        if len(cause.args) == 2 and isinstance(cause.args[0], int):  # MySQL's drivers: a number and the message
            message = str(cause.args[1])
        lines = [" ".join(line.split()) for line in message.splitlines() if line.strip()]
        first_line = " ".join(lines[: 2 if lines[:1] and lines[0].endswith(":") else 1]) or type(cause).__name__
        secrets = {self._url.password, os.environ.get("PGPASSWORD")}
        secrets |= {str(value) for key, value in self._url.query.items() if "pass" in key.lower()}
        for secret in filter(None, secrets):
            first_line = first_line.replace(str(secret), "***")
        return first_line


def as_database(database: Database | str) -> Database:
    """Return the database of a URL, or the `Database` given."""
    return database if isinstance(database, Database) else Database(database)


def _parse(url: str) -> sa.URL:
    """Return the parts of a URL; raises `InputError`, without repeating any of them, if it is broken."""
    try:
        parsed = sa.make_url(url)
    except (SQLAlchemyError, ValueError):  # whose messages hold parts of the URL
        parsed = None
    is_sqlite = parsed is not None and parsed.get_backend_name() == "sqlite"
    # An @ in the host or the name of the database is most likely part of a password.
    if parsed is None or "@" in (parsed.host or "") or ("@" in (parsed.database or "") and not is_sqlite):
        raise InputError(
            "got a broken address of a database, expected dialect+driver://user:password@host:port/name, "
            "with %40 for an @ in a password, %2F for a / and %3A for a :"
        )
    if is_sqlite and parsed.database in (None, "", ":memory:"):
        raise InputError("got an SQLite database in memory, expected one in a file: sqlite:///news.db")
    return parsed.set(drivername=_DEFAULT_DRIVERS.get(parsed.drivername, parsed.drivername))


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # Python would begin no transaction for CREATE TABLE
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer waits for other writers before it does anything, not half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _load_dates_as_text(connection: sa.Connection) -> None:
    """Have psycopg return dates as text: a date that Python cannot hold, such as 'infinity', would end the whole query."""
    from psycopg.types.string import TextLoader

    driver: Any = connection.connection.driver_connection
    for type_ in ("date", "timestamp", "timestamptz"):
        driver.adapters.register_loader(type_, TextLoader)
