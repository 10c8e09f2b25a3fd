"""Links in a table of a database."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import platformdirs
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from relatedstories.changes import Change, ChangedLists, LinksLine
from relatedstories.databases.change_watch import ChangeWatch
from relatedstories.databases.database import Database, as_database
from relatedstories.databases.id_types import as_id_value, fits, id_type_of
from relatedstories.databases.link_rows import (
    COMPARED,
    FALLBACK,
    MYSQL_ID_LENGTH,
    LinkRow,
    RowChanges,
    changes_of_rows,
    exact_collation,
    line_of_rows,
    links_schema,
    rows_of_links,
)
from relatedstories.databases.reader import EVENTS
from relatedstories.databases.server_locks import holds_lock, lock_table
from relatedstories.databases.table_digest import RowsDigest, digest_of_rows, form_of_digest
from relatedstories.databases.table_form import TableForm, form_of
from relatedstories.databases.table_names import split_table_name
from relatedstories.disk.atomic import check_target
from relatedstories.disk.locks import lock_beside, locked
from relatedstories.errors import InputError

__all__ = ["BATCH", "LinksTable"]

_log = logging.getLogger(__name__)

BATCH = 1000
"""Number of rows fetched or written at a time."""

_IDS_AT_ONCE = 500
"""Number of ids in one statement: SQLite takes 999 parameters."""


class LinksTable:
    """A table of links in a database, which `relatedstories.refresh.refresh` writes to.

    The table is made if it does not exist. It has a row per link, with the columns ``event_id`` and ``rank``, the primary key;
    ``related_id``, which has an index; ``score``, rounded to three places; ``context``, the link's contexts as
    one text such as "Cholera, Sudan"; ``topics`` and ``duplicates``, lists as JSON, the latter null where there are none;
    ``pinned``; ``refreshed_at``, the time in UTC when the row was last changed; and, once links fill lists that are too short,
    ``fallback``, "topic" or "recent" for these, which is added to a table that lacks it. Ids are of the type of the archive's
    own, whole numbers or UUIDs, if all fit, so that the tables can be joined; otherwise they are texts. An event without links
    has no rows. The table is made and written in one transaction, so that a reader finds the old links or the new ones. Only in
    MySQL, where CREATE TABLE ends a transaction, a reader may see an empty table before the first links.

    Parameters
    ----------
    database : Database or str
        The database or its URL.
    name : str, default "related_links"
        The table, as ``name`` or ``schema.name``.
    archive : str or None, default "events"
        The table of the same database that the events are in; if there is none, ids are texts.
    id_column : str, default "id"
        Its column of ids.

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
    {"id": "1", "links": [{"id": "2", "rank": 1, "score": 0.997, "context": "Oslo", "topics": ["Oslo"]}]}
    {"id": "2", "links": [{"id": "1", "rank": 1, "score": 0.997, "context": "Oslo", "topics": ["Oslo"]}]}
    """

    unit = "rows"

    def __init__(
        self, database: Database | str, name: str = "related_links", *, archive: str | None = EVENTS, id_column: str = "id"
    ) -> None:
        self.database = as_database(database)
        self.name = name
        self.written = 0
        self.left: str | None = None
        self._found: RowsDigest | None = None
        self._watch: ChangeWatch | None = None
        self._while_locked: ExitStack | None = None
        self._archive = None if archive is None else split_table_name(archive)
        self._id_column = id_column
        self._form = TableForm()
        self._lock: sa.Connection | None = None
        self._table = links_schema(*split_table_name(name))

    def __repr__(self) -> str:
        return f"LinksTable({self.database.name}, {self.name!r})"

    def __str__(self) -> str:
        return f"table {self.name} of {self.database.name}"

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` if the table cannot be made or written; whatever this tries is rolled back."""
        file = self.database.file
        if file is not None and not file.exists():
            check_target(file)
        elif dry_run:
            with self.database.reading() as connection:
                self._exists(connection)
        elif self.database.dialect == "mysql":  # where CREATE TABLE cannot be rolled back
            with self.database.writing() as connection:
                self._exists(connection)
        else:
            with self._writing():
                pass

    def read(self) -> Iterator[LinksLine]:
        """Yield the ids of the events that have links, in order, each with a line as in a file of links.

        Scores are rounded there, and contexts are one text.
        """
        yield from [(id_, line_of_rows(id_, rows)) for id_, rows in sorted(self._read_rows().items())]

    def _read_rows(self, except_of: Collection[str] = ()) -> dict[str, list[LinkRow]]:
        """Return the rows of each event that has some, except of some events."""
        file = self.database.file
        if file is not None and not file.exists():
            return {}
        with self.database.reading() as connection:
            return self._rows(connection, except_of=except_of) if self._exists(connection) else {}

    @property
    def checkpoint(self) -> Path | None:
        """A hidden file beside an SQLite database; for a server a file in the user's cache folder, if that can be written."""
        if (base := self._base_of_hidden_files) is not None:
            return base.with_name(f".{base.name}.topics")
        folder = platformdirs.user_cache_path("relatedstories")
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            _log.warning("%s: cannot be written to: a run that is interrupted will start again from the beginning", folder)
            return None
        name = hashlib.blake2b(f"{self.database.port} {self}".encode(), digest_size=8).hexdigest()
        return folder / f"{name}.topics"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other refreshes of the table out until the block ends.

        This takes a lock file beside an SQLite database, and in PostgreSQL and MySQL a lock that the server frees when the
        connection ends. In other databases only the transaction keeps writers apart.
        """
        if (base := self._base_of_hidden_files) is not None:
            check_target(Path(base.parent, "database"))
            with locked(lock_beside(base), str(self)), ExitStack() as self._while_locked:
                yield
            self._watch = self._while_locked = None
            return
        with self.database.errors():
            connection = self.database.connect()
        try:
            with self.database.errors():  # errors of taking the lock, not of what is done while it is held
                lock_table(connection, self.database.dialect, str(self), self._table)
            self._lock = connection
            yield
        finally:
            self._lock = None
            with suppress(SQLAlchemyError):  # of a connection that is lost, which matters before a commit alone
                connection.close()

    def _check_lock(self) -> None:
        """Raise `InputError` if the lock that was taken is lost, as when the server ended a connection that did nothing."""
        if self._lock is None:
            return
        got = "that another one may have now"
        try:
            with self.database.errors():
                if holds_lock(self._lock, self.database.dialect, self._table):
                    return
        except InputError as error:
            got = f"with its connection ({error})"
        raise InputError(f"{self}: lost the lock that keeps other refreshes out, {got}; nothing was written") from None

    @property
    def _base_of_hidden_files(self) -> Path | None:
        """The path that names of files beside an SQLite database are made of: the database's, and a digest of the table."""
        if self.database.file is None:
            return None
        path = Path(os.path.realpath(self.database.file))
        digest = hashlib.blake2b(self._table.fullname.casefold().encode(), digest_size=4).hexdigest()
        return path.with_name(f"{path.name}-{digest}")

    def take(self, links: ChangedLists, dry_run: bool) -> Iterator[Change]:
        """Yield the change of each event and write the rows that are new or changed, in one transaction.

        Rows of events whose links stay are neither read nor written.
        """
        topics: dict[tuple[str, ...], str] = {}
        new: list[tuple[str, list[LinkRow]]] = []  # before the transaction
        stay: set[str] = set()
        for event, event_links in links:
            if event_links is None:
                stay.add(event.id)
            else:
                new.append((event.id, rows_of_links(event_links, topics)))
        fills_lists = any(row[-1] is not None for _, rows in new for row in rows)
        self.written, self.left = 0, None
        ids = [id_ for id_, _ in new]
        now, changes = dt.datetime.now(dt.UTC).replace(microsecond=0), RowChanges([], [])
        if dry_run:
            yield from changes_of_rows(self._read_rows(stay), new, now, fills_lists, changes)
            self.written = changes.written
            return
        with self._writing(ids, fills_lists) as connection:
            self._form.check_ids(str(self), ids)
            is_known = not stay or self._is_as_found(connection)  # or somebody wrote what stays meanwhile
            old = self._rows(connection, for_update=True, except_of=stay)
            yield from changes_of_rows(old, new, now, FALLBACK in self._table.c, changes)
            left = self._write_and_digest(connection, changes, self._found if stay else None)
            self._check_lock()
            connection.commit()
        self.written, self.left = changes.written, str(left) if is_known else None

    def digest(self) -> str | None:
        """Return a digest of the rows without their time; None if there is no table."""
        file = self.database.file
        if file is not None and not file.exists():
            return None
        if self._while_locked is not None:  # before the rows are read
            self._watch = self._while_locked.enter_context(closing(ChangeWatch(self.database)))
        with self.database.reading() as connection:
            self._found = self._digest_of_rows(connection) if self._exists(connection) else None
        return None if self._found is None else str(self._found)

    def _is_as_found(self, connection: sa.Connection) -> bool:
        """Return whether all rows are as `digest` found them."""
        if self._found is None:
            return False
        if self._watch is not None and self._watch.is_unchanged():
            return self._found.form == form_of_digest(self.database.dialect, self._compared_columns)
        return self._found == self._digest_of_rows(connection)

    def _digest_of_rows(self, connection: sa.Connection, ids: Iterable[Any] | None = None) -> RowsDigest:
        """Return the digest of all rows, or of those of some events, without their time."""
        return digest_of_rows(connection, self.database.dialect, self._compared_columns, ids)

    @property
    def _compared_columns(self) -> list[sa.Column[Any]]:
        """The columns that tell whether a row has changed: all but its time."""
        return [column for column in self._table.columns if column.name != "refreshed_at"]

    def _write_and_digest(self, connection: sa.Connection, rows: RowChanges, found: RowsDigest | None) -> RowsDigest:
        """Remove and add rows, and return the digest of all rows before others can touch them; `found` if it is known before."""
        if found is None:
            self._write(connection, rows)
            return self._digest_of_rows(connection)
        id_type = self._form.id_type
        ids = [id_ if id_type is None else as_id_value(id_type, id_) for id_ in sorted(rows.events)]
        before = self._digest_of_rows(connection, ids)
        self._write(connection, rows)
        return found.with_other_rows(before, self._digest_of_rows(connection, ids))

    def _write(self, connection: sa.Connection, rows: RowChanges) -> None:
        """Remove and add rows."""
        if self._form.id_type is not None:
            rows = RowChanges(*([self._with_ids(row) for row in part] for part in rows))
        columns = self._table.c
        is_removed = (columns.event_id == sa.bindparam("old_event_id")) & (columns["rank"] == sa.bindparam("old_rank"))
        for start in range(0, len(rows.removed), BATCH):
            connection.execute(self._table.delete().where(is_removed), rows.removed[start : start + BATCH])
        if self.database.has_psycopg:
            self._copy(connection, rows.added)
            return
        for start in range(0, len(rows.added), BATCH):
            connection.execute(self._table.insert(), rows.added[start : start + BATCH])

    def _with_ids(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row with its ids as the columns hold them."""
        names = [name for name in ("event_id", "related_id", "old_event_id") if name in row]
        return row | {name: as_id_value(self._form.id_type, row[name]) for name in names}

    def _copy(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        """Add rows with PostgreSQL's COPY, which is four times as fast as INSERT."""
        from psycopg import sql

        driver: Any = connection.connection.driver_connection
        names = [column.name for column in self._table.columns]
        table = sql.Identifier(*filter(None, (self._table.schema, self._table.name)))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, sql.SQL(", ").join(map(sql.Identifier, names)))
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])

    @contextmanager
    def _writing(self, ids: Sequence[str] = (), fills_lists: bool = False) -> Iterator[sa.Connection]:
        """Begin a transaction in which nobody else writes to the table, and which makes the table, for some ids, if need be.

        A table that is to have links that only fill lists gets a column for them.
        """
        with self.database.writing() as connection:
            if not self._exists(connection):
                id_type = self._type_in_archive(connection)
                form = TableForm(id_type if fits(id_type, ids) is None else None, fills_lists)
                if self.database.dialect == "mysql":
                    form = form._replace(longest=MYSQL_ID_LENGTH if form.id_type is None else None)
                    form.check_ids(str(self), ids)
                self._take_form(form, exact_collation(connection) if self.database.dialect == "mysql" else None)
                self._table.create(connection)
            elif self.database.dialect == "postgresql":
                name = connection.dialect.identifier_preparer.format_table(self._table)
                connection.exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
            if fills_lists and FALLBACK not in self._table.c:
                self._add_fallback(connection)
            yield connection

    def _add_fallback(self, connection: sa.Connection) -> None:
        """Add the column of links that only fill lists."""
        self._take_form(self._form._replace(has_fallback=True))
        compiler = sa.schema.CreateColumn(self._table.c[FALLBACK]).compile(dialect=connection.dialect)
        name = connection.dialect.identifier_preparer.format_table(self._table)
        add = "ADD" if self.database.dialect in ("mssql", "oracle") else "ADD COLUMN"
        connection.exec_driver_sql(f"ALTER TABLE {name} {add} {compiler}")

    def _exists(self, connection: sa.Connection) -> bool:
        """Return whether the table exists; raises `InputError` if a table of its name has other columns."""
        form = form_of(connection, self.database.dialect, self._table, str(self))
        if form is None:
            return False
        self._take_form(form)
        return True

    def _type_in_archive(self, connection: sa.Connection) -> Any:
        """Return the type that ids get by the archive's table; None for texts, also where there is no such table."""
        if self._archive is None:
            return None
        schema, name = self._archive
        inspector = sa.inspect(connection)
        if not inspector.has_table(name, schema=schema):
            return None
        types = {str(column["name"]).casefold(): column["type"] for column in inspector.get_columns(name, schema=schema)}
        return id_type_of(types.get(self._id_column.casefold()))

    def _take_form(self, form: TableForm, collation: str | None = None) -> None:
        """Have the table be of a form, with an order of ids that are texts."""
        self._form = form
        self._table = links_schema(*split_table_name(self.name), form.id_type, form.has_fallback, collation)

    def _rows(
        self, connection: sa.Connection, for_update: bool = False, except_of: Collection[str] = ()
    ) -> dict[str, list[LinkRow]]:
        """Return the rows of each event that has some, by its id; except of some events."""
        columns = self._table.c
        compared = [columns[name] if name in columns else sa.null() for name in COMPARED]
        statement = sa.select(columns.event_id, *compared).order_by(columns.event_id, columns["rank"])
        if self.database.dialect == "mysql" and for_update:
            statement = statement.with_for_update()
        found: dict[str, list[LinkRow]] = {}
        one: dict[str, str] = {}  # text of those that are equal: most are in many rows
        for part in self._parts(connection, statement, except_of):
            rows = connection.execute(part, execution_options={"yield_per": BATCH})
            for id_, rank, other, score, context, topics, *rest in rows:
                id_of_other, label = one.setdefault(str(other), str(other)), context and one.setdefault(context, context)
                listed = one.setdefault(topics, topics) if isinstance(topics, str) else topics
                found.setdefault(str(id_), []).append((rank, id_of_other, score, label, listed, *rest))
        return found

    def _parts(
        self, connection: sa.Connection, statement: sa.Select[Any], except_of: Collection[str]
    ) -> Iterator[sa.Select[Any]]:
        """Yield statements that together select the rows of a statement, except of some events."""
        event_id = self._table.c.event_id
        if not except_of:
            yield statement
            return
        ids = [id_ for id_ in connection.scalars(sa.select(event_id).distinct().order_by(event_id)) if str(id_) not in except_of]
        for start in range(0, len(ids), _IDS_AT_ONCE):
            yield statement.where(event_id.in_(ids[start : start + _IDS_AT_ONCE]))
