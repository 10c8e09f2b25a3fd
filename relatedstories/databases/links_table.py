"""Databases, through SQLAlchemy: the rows of an archive out of one, its links into one."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import json
import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from relatedstories.changes import Change, links_line
from relatedstories.changes import LinkedEvents as AllLinks
from relatedstories.changes import LinksLine as Line
from relatedstories.changes import change_between as change
from relatedstories.disk.atomic import check_target
from relatedstories.disk.locks import holder, lock_beside, locked, other_writer
from relatedstories.errors import InputError, shown, shown_names
from relatedstories.events import Event
from relatedstories.ranking.links import Link
from relatedstories.records import SourceRow as Row
from relatedstories.records import check_header
from relatedstories.records import encoding_error as broken_text

try:
    import platformdirs
    import sqlalchemy as sa
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
    from sqlalchemy.pool import NullPool
    from sqlalchemy.sql import quoted_name
except ImportError as error:
    package = "platformdirs" if error.name == "platformdirs" else "SQLAlchemy"
    raise InputError(f'databases need {package}, which is not installed: pip install "relatedstories[databases]"') from None

__all__ = ["Database", "LinksTable", "read_rows"]

_log = logging.getLogger(__name__)

EVENTS = "events"
"""The table that events are read from where no other is named."""

BATCH = 1000
"""So many rows are fetched, or written, at a time."""

PLACES = 3
"""Of scores in a table: every event that is new moves all others' a little, and the rows that change should be those of which a
reader sees that they do."""

LOCK_SECONDS = 60
"""So long a refresh waits for another that is writing the same table."""

_NAME = re.compile(r'(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)')
_KNOWN = "postgresql, mysql, mariadb, sqlite or a dialect that is installed"
_PACKAGES = {"psycopg": '"relatedstories[postgresql]"', "MySQLdb": "mysqlclient"}
_READ_ONLY = {
    "sqlite": ["PRAGMA query_only = ON"],
    "postgresql": ["SET TRANSACTION READ ONLY", "SET LOCAL DateStyle = ISO"],
    "mysql": ["SET SESSION TRANSACTION READ ONLY", "COMMIT"],  # it is of the next transaction
}
"""By dialect, what makes a connection one that only reads; of PostgreSQL the transaction, as a pooler may share the rest."""


class Database:
    """A database by its address, which may hold a password and is never shown.

    Parameters
    ----------
    url : str
        ``dialect+driver://user:password@host:port/name``. What it leaves out the driver may know: PostgreSQL's has it
        from PGPASSWORD or ~/.pgpass.

    Attributes
    ----------
    name : str
        As messages have it, without user, password and options.

    Raises
    ------
    InputError
        If this is no such address, or its driver is not installed. Nothing is connected to.

    Examples
    --------
    >>> Database("sqlite:///news.db").name
    'sqlite:///news.db'
    """

    def __init__(self, url: str) -> None:
        self._url = _parsed(url)
        self.name = f"{self._url.get_backend_name()}://{self._url.host or ''}/{self._url.database or ''}"
        try:
            # hide_parameters: what SQLAlchemy logs of statements has no values of rows in it.
            self._engine = sa.create_engine(self._url, hide_parameters=True, poolclass=NullPool)
        except NoSuchModuleError:
            raise InputError(f"{self.name}: got a kind of database that SQLAlchemy does not know, expected {_KNOWN}") from None
        except ImportError as error:
            driver = error.name or self._url.get_driver_name()
            package = _PACKAGES.get(driver, driver)
            raise InputError(f"{self.name} needs the driver {driver}, which is not installed: pip install {package}") from None
        except (SQLAlchemyError, TypeError, ValueError) as error:
            raise InputError(f"{self.name}: {self._told(error)}") from None
        if self.dialect == "sqlite":
            sa.event.listen(self._engine, "connect", _prepared)
            sa.event.listen(self._engine, "begin", _begun)

    def __repr__(self) -> str:
        return f"Database({self.name})"

    @property
    def dialect(self) -> str:
        """What kind of database it is, MariaDB counted as MySQL."""
        name = self._engine.dialect.name
        return "mysql" if name == "mariadb" else name

    @property
    def copies(self) -> bool:
        """Whether rows can be copied into it in bulk."""
        return self._engine.dialect.driver == "psycopg"

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database."""
        database = self._url.database
        return Path(database) if self.dialect == "sqlite" and database and not database.startswith("file:") else None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that writes nothing, whatever it is told where the database can see to that."""
        if self.file is not None and not self.file.exists():  # SQLite would make one
            raise InputError(f"{self.name}: no such file")
        with self.errors(), self._connected() as connection:
            for statement in _READ_ONLY.get(self.dialect, ()):
                connection.exec_driver_sql(statement)
            if self.copies:
                _dates_as_text(connection)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection whose transaction leaves nothing behind unless it is committed."""
        with self.errors(), self._connected() as connection:
            yield connection.execution_options(writes=True)

    def _connected(self) -> sa.Connection:
        try:
            return self._engine.connect()
        except (TypeError, ValueError) as error:  # an option that the driver does not have, or not so
            raise InputError(f"{self.name}: {self._told(error)}") from None

    @contextmanager
    def errors(self) -> Iterator[None]:
        """What goes wrong with the database as one clear error."""
        # Of the driver itself too, where it is used without SQLAlchemy.
        driver: type[Exception] = self._engine.dialect.loaded_dbapi.Error if self.copies else SQLAlchemyError
        try:
            yield
        except (SQLAlchemyError, UnicodeError, driver) as error:
            raise InputError(f"{self.name}: {self._told(error)}") from None

    def _told(self, error: Exception) -> str:
        """The first line of what the driver says: the rest, and SQLAlchemy's own words, may hold values of rows."""
        cause = getattr(error, "orig", None) or error
        words = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause)
        if len(cause.args) == 2 and isinstance(cause.args[0], int):  # MySQL's drivers: a number and the message
            words = str(cause.args[1])
        lines = [" ".join(line.split()) for line in words.splitlines() if line.strip()]
        told = " ".join(lines[: 2 if lines[:1] and lines[0].endswith(":") else 1]) or type(cause).__name__
        secrets = {self._url.password, os.environ.get("PGPASSWORD")}
        secrets |= {str(value) for key, value in self._url.query.items() if "pass" in key.lower()}
        for secret in filter(None, secrets):
            told = told.replace(str(secret), "***")
        return told


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (SQLAlchemyError, ValueError):  # whose words hold parts of the address
        parsed = None
    in_file = parsed is not None and parsed.get_backend_name() == "sqlite"
    if parsed is None or "@" in (parsed.host or "") or ("@" in (parsed.database or "") and not in_file):  # part of a password
        raise InputError(
            "got a broken address of a database, expected dialect+driver://user:password@host:port/name, "
            "with %40 for an @ in a password, %2F for a / and %3A for a :"
        )
    if in_file and parsed.database in (None, "", ":memory:"):
        raise InputError("got an SQLite database in memory, expected one in a file: sqlite:///news.db")
    if parsed.drivername in ("postgres", "postgresql"):  # whose default differs between versions of SQLAlchemy
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _prepared(connection: Any, _: object) -> None:
    connection.isolation_level = None  # Python's own would begin no transaction for CREATE TABLE
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")


def _begun(connection: sa.Connection) -> None:
    # A writer waits for others before it does anything, not half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _dates_as_text(connection: sa.Connection) -> None:
    """Leave dates to be read here: one that Python cannot hold, 'infinity' say, would end the whole query, not its row."""
    from psycopg.types.string import TextLoader

    driver: Any = connection.connection.driver_connection
    for type_ in ("date", "timestamp", "timestamptz"):
        driver.adapters.register_loader(type_, TextLoader)


def _split(name: str) -> tuple[quoted_name | None, quoted_name]:
    """Schema and name of a table, to be quoted as they are.

    Examples
    --------
    >>> _split("news.events"), _split('"news.events"')
    (('news', 'events'), (None, 'news.events'))
    """
    match = _NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise InputError(f"got {shown(name)} as a table, expected its name, or schema.name, in double quotes if it has a dot")
    schema, table = match.groups()
    return None if schema is None else _unquoted(schema), _unquoted(table)


def _unquoted(part: str) -> quoted_name:
    return quoted_name(part[1:-1].replace('""', '"') if part.startswith('"') else part, True)


# ---------------------------------------------------------------------- events


def read_rows(
    url: str, columns: Mapping[str, str], table: str | None = None, where: str | None = None, query: str | None = None
) -> Iterator[Row]:
    """The rows of a table, or of a query, as they arrive; each with its place, for errors in it.

    Parameters
    ----------
    url : str
    columns : mapping of str to str
        Fields of `Event` and the columns they are read from, those of optional fields as far as there are any.
    table, where, query : str, optional
        As of `read_events`.
    """
    if query is not None and (table is not None or where is not None):
        raise InputError("got a query and a table or condition, expected either a query, which names its tables, or these")
    database = Database(url)  # here, not in the generator: what is wrong with it is known at once
    what = "query" if query is not None else EVENTS if table is None else table
    place = f"{database.name}: {what}"
    if query is not None:
        sql = query.strip().rstrip(";")
        return _read(database, columns, place, lambda connection: _asked(connection, place, columns, sql))
    schema, name = _split(what)
    events = sa.table(name, schema=schema)
    return _read(database, columns, place, lambda connection: _selected(connection, place, columns, events, where))


def _read(
    database: Database, columns: Mapping[str, str], place: str, ask: Callable[[sa.Connection], sa.CursorResult[Any]]
) -> Iterator[Row]:
    of_lists = {columns.get("topics"), columns.get("sources")}
    with database.reading() as connection:
        result = ask(connection)
        header = list(result.keys())
        for number, values in enumerate(result, 1):
            row = {name: _plain(value, name in of_lists) for name, value in zip(header, values, strict=True)}
            id_ = row[columns["id"]]
            where = f"{place}: row {number}" + ("" if id_ is None else f" (id {shown(id_)})")
            yield where, broken_text(where, row) or row


def _asked(connection: sa.Connection, place: str, columns: Mapping[str, str], query: str) -> sa.CursorResult[Any]:
    """What a query gives, which goes to the driver as it is: no % or : in it stands for a parameter."""
    options = {"stream_results": True, "yield_per": BATCH, "no_parameters": True}
    result = connection.exec_driver_sql(query, execution_options=options)
    if not result.returns_rows:
        raise InputError(f"{place}: got a statement that gives no rows, expected a query")
    check_header(place, list(result.keys()), columns)
    return result


def _selected(
    connection: sa.Connection, place: str, columns: Mapping[str, str], table: sa.TableClause, where: str | None
) -> sa.CursorResult[Any]:
    """Those columns of a table that are asked for and there."""
    header = _columns_of(connection, table)
    if header is None:
        inspector = sa.inspect(connection)
        names = sorted({*inspector.get_table_names(schema=table.schema), *inspector.get_view_names(schema=table.schema)})
        got = f"got no such table among {shown_names(names)}"
        raise InputError(f"{place}: {got}; name it with table=, --table on the command line")
    check_header(place, header, columns)
    wanted = [name for name in dict.fromkeys(columns.values()) if name in header]
    statement: Any = sa.select(*(sa.column(quoted_name(name, True)) for name in wanted)).select_from(table)
    if where is not None:
        statement = statement.where(sa.literal_column(f"({where}\n)"))  # a line end, as it may end in a comment
    return connection.execute(statement, execution_options={"stream_results": True, "yield_per": BATCH})


def _columns_of(connection: sa.Connection, table: Any) -> list[str] | None:
    """The names of a table's columns; None where there is no such table."""
    if not sa.inspect(connection).has_table(table.name, schema=table.schema):
        return None
    nothing: Any = sa.select(sa.text("*")).select_from(table).where(sa.false())
    return list(connection.execute(nothing).keys())


def _plain(value: Any, is_list: bool) -> Any:
    """The value as a file would have it."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, decimal.Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    if is_list and isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value  # a text that is split at semicolons
    return value


# ---------------------------------------------------------------------- links


class LinksTable:
    """A table of links in a database, as a place where `relatedstories.refresh.refresh` puts them.

    It is made where there is none: a row a link, with the columns ``event_id`` and ``rank``, its primary key;
    ``related_id``, with an index; ``score``, to three places; ``context``; ``topics`` and ``duplicates``, lists as JSON, the
    latter null where there are none; ``pinned``; and ``refreshed_at``, in UTC, when the row was last changed. An event without
    links has no rows. One transaction makes the table and writes to it, so that a reader finds the old links or the new ones;
    only of MySQL, where CREATE TABLE ends a transaction, an empty table may be seen before the first links.

    Parameters
    ----------
    url : str
        The address of the database.
    name : str, default "related_links"
        The table's, ``schema.name`` if need be.

    Examples
    --------
    >>> import tempfile
    >>> from relatedstories import Event, RelatedStories
    >>> from relatedstories.refresh import refresh
    >>> events = [Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = LinksTable(f"sqlite:///{folder}/news.db")
    ...     report = refresh(RelatedStories(), events, table)
    ...     print("".join(line for _, line in table.read()), end="")
    {"id": "1", "links": [{"id": "2", "rank": 1, "score": 0.7, "context": "Oslo", "topics": ["Oslo"]}]}
    {"id": "2", "links": [{"id": "1", "rank": 1, "score": 0.7, "context": "Oslo", "topics": ["Oslo"]}]}
    """

    unit = "rows"

    def __init__(self, url: str, name: str = "related_links") -> None:
        self.database = Database(url)
        self.name = name
        self.written = 0
        schema, table = _split(name)
        # MySQL indexes no text of unbounded length, and takes A for a unless told otherwise.
        id_type = sa.Text().with_variant(sa.String(512, collation="utf8mb4_bin"), "mysql", "mariadb")
        self._table = sa.Table(
            table,
            sa.MetaData(),
            sa.Column("event_id", id_type, primary_key=True),
            sa.Column("rank", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("related_id", id_type, nullable=False, index=True),
            sa.Column("score", sa.Double, nullable=False),
            sa.Column("context", sa.Text),
            sa.Column("topics", sa.Text, nullable=False),
            sa.Column("duplicates", sa.Text),
            sa.Column("pinned", sa.Boolean, nullable=False),
            sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
            schema=schema,
        )

    def __repr__(self) -> str:
        return f"LinksTable({self.database.name}, {self.name!r})"

    def __str__(self) -> str:
        return f"table {self.name} of {self.database.name}"

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` where the table cannot be made or written; what this tries is rolled back."""
        file = self.database.file
        if file is not None and not file.exists():
            check_target(file)
        elif dry_run:
            with self.database.reading() as connection:
                self._exists(connection)
        elif self.database.dialect == "mysql":  # what CREATE TABLE does there stays
            with self.database.writing() as connection:
                self._exists(connection)
        else:
            with self._writing():
                pass

    def read(self) -> Iterator[Line]:
        """The ids of events with links, in their order, each with the line that a file of links would have for it."""
        file = self.database.file
        if file is not None and not file.exists():
            return
        with self.database.reading() as connection:
            old = self._old(connection) if self._exists(connection) else {}
        yield from sorted(old.items())

    @property
    def checkpoint(self) -> Path | None:
        """A file beside an SQLite database; of a server one in the user's folder for what can be made anew."""
        if (file := self._beside) is not None:
            return file.with_name(f".{file.name}.topics")
        folder = platformdirs.user_cache_path("relatedstories")
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            _log.warning("%s: cannot be written to: a run that is stopped begins anew", folder)
            return None
        return folder / f"{_digest(f'{self.database._url.port} {self}', 8).hex()}.topics"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other refreshes of the table out until the block ends.

        By a file beside an SQLite database; in PostgreSQL and MySQL by a lock that the server gives up when the connection ends.
        Of other kinds of database the transaction alone keeps writers apart.
        """
        if (file := self._beside) is not None:
            check_target(Path(file.parent, "database"))
            with locked(lock_beside(file), str(self)):
                yield
            return
        with ExitStack() as stack:
            with self.database.errors():  # of the database, not of what is done while it is locked
                connection = stack.enter_context(self.database._connected())
                _lock(connection, self.database.dialect, str(self), self._table)
            yield

    @property
    def _beside(self) -> Path | None:
        """What the names of files beside an SQLite database are made of: its own, and a digest of the table's."""
        if self.database.file is None:
            return None
        path = Path(os.path.realpath(self.database.file))
        return path.with_name(
            f"{path.name}-{hashlib.blake2b(self._table.fullname.casefold().encode(), digest_size=4).hexdigest()}"
        )

    def take(self, links: AllLinks, dry_run: bool) -> Iterator[Change]:
        """Compare the links with the rows that are there, and write what is new or changed, in one transaction."""
        new = [_line(*found) for found in links]  # before the transaction, which others may have to wait for
        self.written = 0
        if dry_run:
            yield from self._compared(new, _with_empty(dict(self.read()), new), [], [])
            return
        with self._writing() as connection:
            old = _with_empty(self._old(connection, for_update=True), new)
            added: list[dict[str, Any]] = []
            removed: list[dict[str, Any]] = []
            yield from self._compared(new, old, added, removed)
            columns = self._table.c
            is_removed = (columns.event_id == sa.bindparam("id")) & (columns["rank"] == sa.bindparam("place"))
            for start in range(0, len(removed), BATCH):
                connection.execute(self._table.delete().where(is_removed), removed[start : start + BATCH])
            if self.database.copies:
                self._copy(connection, added)
            else:
                for start in range(0, len(added), BATCH):
                    connection.execute(self._table.insert(), added[start : start + BATCH])
            connection.commit()

    def _copy(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        """Insert rows as PostgreSQL takes them four times as fast."""
        from psycopg import sql

        driver: Any = connection.connection.driver_connection
        names = [column.name for column in self._table.columns]
        table = sql.Identifier(*filter(None, (self._table.schema, self._table.name)))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, sql.SQL(", ").join(map(sql.Identifier, names)))
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])

    def _compared(
        self, new: list[Line], old: dict[str, str], added: list[dict[str, Any]], removed: list[dict[str, Any]]
    ) -> Iterator[Change]:
        """What changes, and by the way the rows to add and the keys of those to remove."""
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        gone = old.keys() - {id_ for id_, _ in new}
        for id_, line in chain(new, ((id_, None) for id_ in sorted(gone))):
            before = old.get(id_)
            if line != before:
                ours, theirs = _by_rank(line), _by_rank(before)
                removed += ({"id": id_, "place": rank} for rank, link in theirs.items() if ours.get(rank) != link)
                added += (_row(id_, link, now) for rank, link in ours.items() if theirs.get(rank) != link)
            yield change(id_, before, line)
        self.written = len({(row["id"], row["place"]) for row in removed} | {(row["event_id"], row["rank"]) for row in added})

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A transaction in which nobody else writes to the table, which is made by it where there is none."""
        with self.database.writing() as connection:
            if self.database.dialect == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            if not self._exists(connection):
                self._table.create(connection)
            elif self.database.dialect == "postgresql":
                name = connection.dialect.identifier_preparer.format_table(self._table)
                connection.exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
            yield connection

    def _exists(self, connection: sa.Connection) -> bool:
        """Whether there is the table; raises `InputError` where one of its name has other columns."""
        got = _columns_of(connection, self._table)
        if got is None:
            return False
        expected = [column.name for column in self._table.columns]
        if set(got) != set(expected):
            raise InputError(f"{self}: got one with the columns {shown_names(got)}, expected {shown_names(expected)}")
        inspector, schema = sa.inspect(connection), self._table.schema
        types = {column["name"]: column["type"] for column in inspector.get_columns(self._table.name, schema=schema)}
        for name in ("event_id", "related_id"):
            if not isinstance(types[name], sa.String):
                raise InputError(f"{self}: {name}: got a column of {types[name]}, expected one of text, as ids are texts")
        key = inspector.get_pk_constraint(self._table.name, schema=schema)["constrained_columns"]
        if set(key) != {"event_id", "rank"}:
            raise InputError(f"{self}: got {shown_names(key)} as the primary key, expected 'event_id', 'rank'")
        return True

    def _old(self, connection: sa.Connection, for_update: bool = False) -> dict[str, str]:
        columns = self._table.c
        told: Any = (column for column in columns if column.name != "refreshed_at")
        statement = sa.select(*told).order_by(columns.event_id, columns["rank"])
        if self.database.dialect == "mysql" and for_update:
            statement = statement.with_for_update()
        rows = connection.execute(statement, execution_options={"yield_per": BATCH})
        return {id_: links_line(id_, [_link(row) for row in group]) for id_, group in groupby(rows, itemgetter(0))}


def _lock(connection: sa.Connection, dialect: str, what: str, table: sa.Table) -> None:
    """Take the lock that a server has for a table, be it there or not; raises `InputError` where another has it."""
    if dialect == "postgresql":
        schema = table.schema or connection.scalar(sa.text("SELECT current_schema()"))
        number = int.from_bytes(_digest(f"relatedstories {schema}.{table.name}", 8), signed=True)
        name = f"relatedstories, {holder()}"[:_SHOWN]
        connection.execute(sa.text("SELECT set_config('application_name', :name, false)"), {"name": name})
        if connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": number}):
            connection.commit()  # the lock is the connection's: no transaction stays open for it
            return
        asked = {"high": number >> 32 & 0xFFFFFFFF, "low": number & 0xFFFFFFFF}
        who = connection.scalar(sa.text(_HOLDER), asked)
    elif dialect == "mysql":
        name = f"relatedstories {_digest(table.fullname, 16).hex()}"
        if connection.scalar(sa.text("SELECT GET_LOCK(:name, 0)"), {"name": name}):
            connection.commit()
            return
        who = f"connection {connection.scalar(sa.text('SELECT IS_USED_LOCK(:name)'), {'name': name})}"
    else:
        return
    raise other_writer(what, who or "unknown")


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=size).digest()


_HOLDER = """
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND pg_locks.classid = :high AND pg_locks.objid = :low AND pg_locks.objsubid = 1
AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_SHOWN = 63  # as many bytes of a connection's name as PostgreSQL tells


def _line(event: Event, links: list[Link]) -> Line:
    return event.id, links_line(event.id, [link.to_dict() | {"score": round(link.score, PLACES)} for link in links])


def _row(id_: str, link: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
    duplicates = link.get("duplicates")
    return {
        "event_id": id_,
        "rank": link["rank"],
        "related_id": link["id"],
        "score": link["score"],
        "context": link["context"],
        "topics": json.dumps(link["topics"], ensure_ascii=False),
        "duplicates": duplicates and json.dumps(duplicates, ensure_ascii=False),
        "pinned": link.get("pinned", False),
        "refreshed_at": now,
    }


def _link(row: Sequence[Any]) -> dict[str, Any]:
    """What `Link.to_dict` had when the row was written."""
    _, rank, id_, score, context, topics, duplicates, pinned = row
    link = {"id": id_, "rank": rank, "score": score, "context": context, "topics": _listed(topics)}
    if duplicates:
        link["duplicates"] = _listed(duplicates)
    if pinned:
        link["pinned"] = True
    return link


def _listed(text: Any) -> Any:
    """A list in JSON; what another hand has put there as it is, which no list of ours equals."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _by_rank(line: str | None) -> dict[int, dict[str, Any]]:
    return {} if line is None else {link["rank"]: link for link in json.loads(line)["links"]}


def _with_empty(old: dict[str, str], new: list[Line]) -> dict[str, str]:
    """The old lines, with one for each event that has no rows and needs none."""
    return old | {id_: line for id_, line in new if id_ not in old and line == links_line(id_, [])}
