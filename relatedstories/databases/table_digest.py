"""Digests of the rows of a table, which add up: those of some rows can be taken from that of all, and others added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import sqlalchemy as sa

__all__ = ["RowsDigest", "digest_of_rows", "form_of_digest"]

_FETCHED = 1000
"""Number of rows fetched at a time."""

_IDS_AT_ONCE = 500
"""Number of ids in one statement: SQLite takes 999 parameters."""

_SIZE = 16
"""Number of bytes of the digest of a row; sums are taken modulo 256 to the power of it."""


class RowsDigest(NamedTuple):
    """A digest of rows, whatever their order.

    Parameters
    ----------
    form : str
        The columns, and who made the digests of rows. Only digests of the same form are alike.
    n_rows : int
    total : int
        The sum of the digests of the rows.
    """

    form: str
    n_rows: int = 0
    total: int = 0

    def __str__(self) -> str:
        return f"{self.form} {self.n_rows} {self.total:x}"

    def with_other_rows(self, before: RowsDigest, after: RowsDigest) -> RowsDigest:
        """Return the digest of the same rows with others in the place of some of them.

        Examples
        --------
        >>> all_rows, some, others = RowsDigest("a", 9, 700), RowsDigest("a", 2, 300), RowsDigest("a", 1, 50)
        >>> str(all_rows.with_other_rows(some, others))
        'a 8 1c2'
        """
        total = self.total - before.total + after.total
        return RowsDigest(self.form, self.n_rows - before.n_rows + after.n_rows, total % 256**_SIZE)


def digest_of_rows(
    connection: sa.Connection, dialect: str, columns: Sequence[sa.Column[Any]], ids: Iterable[Any] | None = None
) -> RowsDigest:
    """Return the digest of all rows of a table, or of those of some events.

    PostgreSQL makes the digests of its rows itself, ten times as fast.

    Parameters
    ----------
    connection : Connection
    dialect : str
    columns : sequence of Column
        Those that count, that of the event first.
    ids : iterable, optional
        The ids of the events, as their column holds them.
    """
    find = _found_by_postgresql if dialect == "postgresql" else _found_here
    n_rows, total = 0, 0
    for is_asked in _conditions(columns[0], ids):
        n_found, found = find(connection, columns, is_asked)
        n_rows, total = n_rows + n_found, total + found
    return RowsDigest(form_of_digest(dialect, columns), n_rows, total % 256**_SIZE)


def form_of_digest(dialect: str, columns: Sequence[sa.Column[Any]]) -> str:
    """Return the form of the digests of a table's rows."""
    names = ",".join(column.name for column in columns)
    return f"{'postgresql' if dialect == 'postgresql' else 'rows'}({names})"


def _conditions(event_id: sa.Column[Any], ids: Iterable[Any] | None) -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions of the rows that are asked for, each of which meets one of them."""
    if ids is None:
        yield sa.true()
        return
    listed = [*ids]
    for start in range(0, len(listed), _IDS_AT_ONCE):
        yield event_id.in_(listed[start : start + _IDS_AT_ONCE])


def _found_by_postgresql(
    connection: sa.Connection, columns: Sequence[sa.Column[Any]], is_asked: sa.ColumnElement[bool]
) -> tuple[int, int]:
    number = sa.func.hashtextextended(sa.func.row(*columns).cast(sa.Text), 0)
    n_rows, total = connection.execute(sa.select(sa.func.count(), sa.func.sum(number)).where(is_asked)).one()
    return int(n_rows), int(total or 0)


def _found_here(
    connection: sa.Connection, columns: Sequence[sa.Column[Any]], is_asked: sa.ColumnElement[bool]
) -> tuple[int, int]:
    n_rows, total, from_bytes = 0, 0, int.from_bytes
    for rows in _fetched(connection, sa.select(*columns).where(is_asked)):
        n_rows += len(rows)
        for row in rows:
            digest = blake2b(repr(tuple(row)).encode(errors="surrogatepass"), digest_size=_SIZE).digest()
            total += from_bytes(digest, "little")
    return n_rows, total


def _fetched(connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    """Yield the rows that a statement selects, some at a time."""
    if connection.dialect.name != "sqlite":
        yield from connection.execute(statement, execution_options={"yield_per": _FETCHED}).partitions()
        return
    cursor = connection.execute(statement).cursor
    while cursor is not None and (rows := cursor.fetchmany(_FETCHED)):  # SQLAlchemy's own rows take a quarter longer
        yield rows
