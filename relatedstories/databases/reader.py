"""Rows of an archive in a database."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from relatedstories.columns import SourceRow, TypedRow, check_header, encoding_error, resolve_columns
from relatedstories.databases.database import Database, as_database
from relatedstories.databases.table_names import column_names, split_table_name
from relatedstories.errors import InputError, shown, shown_names

__all__ = ["EVENTS", "RowDigest", "count_rows", "digest_rows", "read_rows"]

EVENTS = "events"
"""The table that events are read from by default."""

_FETCHED = 1000
"""Number of rows fetched at a time."""

_AS_THEY_ARE = frozenset([str, int, type(None), dt.date, dt.datetime])
"""The types of most values, which files have, too."""

_STREAM = {"stream_results": True, "yield_per": _FETCHED}


def read_rows(
    database: Database | str,
    columns: Mapping[str, str],
    table: str | None = None,
    where: str | None = None,
    query: str | None = None,
    digest: RowDigest | None = None,
) -> Iterator[SourceRow]:
    """Yield the rows of a table or a query as they arrive, each with its place for error messages.

    Parameters
    ----------
    database : Database or str
        The database or its URL.
    columns : mapping of str to str
        The column that each field of `Event` is read from. Columns of optional fields may be missing.
    table, where, query : str, optional
        As for `relatedstories.read_events`.
    digest : RowDigest, optional
        What `digest_rows` would add for the rows that are read is added to this.

    Raises
    ------
    InputError
        If the database, the table or a column is not there, or the SQL is wrong.
    """
    database, place, execute = _selection(database, columns, table, where, query)
    return _rows(database, columns, place, execute, digest)


def digest_rows(
    digest: RowDigest,
    database: Database | str,
    columns: Mapping[str, str],
    table: str | None = None,
    where: str | None = None,
    query: str | None = None,
) -> None:
    """Add the names of the columns and all values that `read_rows` would read to a digest."""
    database, place, execute = _selection(database, columns, table, where, query)
    with database.reading() as connection:
        result = execute(connection)
        digest.add([place, *result.keys()], ())
        for rows in result.partitions(_FETCHED):
            digest.add((), [*map(tuple, rows)])


def count_rows(database: Database | str, table: str | None = None, where: str | None = None) -> int | None:
    """Return the number of rows that `read_rows` would read of a table; None if there is no such table."""
    database, (schema, name) = as_database(database), split_table_name(EVENTS if table is None else table)
    events = sa.table(name, schema=schema)
    with database.reading() as connection:
        if column_names(connection, events) is None:
            return None
        statement = sa.select(sa.func.count()).select_from(events)
        return int(connection.scalar(_with_condition(statement, where)))


class RowDigest:
    """The digest of rows, which begins with their number.

    Parameters
    ----------
    how : str
        How they are read.

    Examples
    --------
    >>> digest = RowDigest("as texts")
    >>> digest.add(["id", "title"], [("1", "Rain"), ("2", "Snow")])
    >>> str(digest)[:8], RowDigest.may_be_of(str(digest), 2), RowDigest.may_be_of(str(digest), 3)
    ('2 rows: ', True, False)
    """

    def __init__(self, how: str) -> None:
        self._hash, self._n_rows = hashlib.sha256(how.encode(errors="surrogatepass")), 0

    def __str__(self) -> str:
        return f"{self._n_rows} rows: {self._hash.hexdigest()}"

    def add(self, header: Sequence[Any], rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows and what stands above them; values enter in full, as rows of SQLAlchemy itself do not show them."""
        self._n_rows += len(rows)
        self._hash.update(repr([*header, *rows]).encode(errors="surrogatepass"))

    @staticmethod
    def may_be_of(digest: str, n_rows: int | None) -> bool:
        """Return whether a digest may be that of some number of rows; it is not that of none, where there is no table."""
        return digest.startswith(f"{n_rows} rows: ")


def _selection(
    database: Database | str, columns: Mapping[str, str], table: str | None, where: str | None, query: str | None
) -> tuple[Database, str, Callable[[sa.Connection], sa.CursorResult[Any]]]:
    """Return a database, what is read from it as messages name it, and a function that reads it over a connection."""
    if query is not None and (table is not None or where is not None):
        raise InputError("got a query and a table or condition, expected either a query, which names its tables, or these")
    database = as_database(database)
    name = "query" if query is not None else EVENTS if table is None else table
    place = f"{database.name}: {name}"
    if query is not None:
        sql = query.strip().rstrip(";")
        return database, place, lambda connection: _run_query(connection, place, columns, sql)
    schema, table_name = split_table_name(name)
    events = sa.table(table_name, schema=schema)
    return database, place, lambda connection: _select(connection, place, columns, events, where)


def _rows(
    database: Database,
    columns: Mapping[str, str],
    place: str,
    execute: Callable[[sa.Connection], sa.CursorResult[Any]],
    digest: RowDigest | None,
) -> Iterator[SourceRow]:
    """Yield the rows that `execute` gets from a connection."""
    with database.reading() as connection:
        result = execute(connection)
        header = list(result.keys())
        if digest is not None:
            digest.add([place, *header], ())
        id_column = resolve_columns(header, columns).get("id", ("",))[0]
        numbers = itertools.count(1)
        for rows in result.partitions(_FETCHED):
            part = [*map(tuple, rows)]
            if digest is not None:
                digest.add((), part)
            for values, number in zip(part, numbers, strict=False):
                row = TypedRow(zip(header, map(_as_in_file, values), strict=True))
                id_ = row.get(id_column)
                where = f"{place}: row {number}" + ("" if id_ is None else f" (id {shown(id_)})")
                yield where, encoding_error(where, row) or row


def _run_query(connection: sa.Connection, place: str, columns: Mapping[str, str], query: str) -> sa.CursorResult[Any]:
    """Return the result of a query, which goes to the driver as it is: no % or : in it stands for a parameter."""
    result = connection.exec_driver_sql(query, execution_options={**_STREAM, "no_parameters": True})
    if not result.returns_rows:
        raise InputError(f"{place}: got a statement that gives no rows, expected a query")
    check_header(place, list(result.keys()), columns)
    return result


def _select(
    connection: sa.Connection, place: str, columns: Mapping[str, str], table: sa.TableClause, where: str | None
) -> sa.CursorResult[Any]:
    """Return all columns of a table: those that no field is read from are kept as extra values."""
    header = column_names(connection, table)
    if header is None:
        inspector = sa.inspect(connection)
        names = sorted({*inspector.get_table_names(schema=table.schema), *inspector.get_view_names(schema=table.schema)})
        got = f"got no such table among {shown_names(names)}"
        raise InputError(f"{place}: {got}; name it with table=, --table on the command line")
    check_header(place, header, columns)
    statement: Any = sa.select(*(sa.column(quoted_name(name, True)) for name in header)).select_from(table)
    return connection.execute(_with_condition(statement, where), execution_options=_STREAM)


def _with_condition(statement: Any, where: str | None) -> Any:
    """Return a statement with a condition in SQL, if there is one."""
    return statement if where is None else statement.where(sa.literal_column(f"({where}\n)"))  # it may end in a comment


def _as_in_file(value: Any) -> Any:
    """Return a value of the database in the form that a file would have it in."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, decimal.Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    return value
