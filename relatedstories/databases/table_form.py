"""The form of a table of links that exists: whether links can be written to it, and what its columns of ids can hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from relatedstories.databases.id_types import fits, id_type_of
from relatedstories.databases.link_rows import FALLBACK, SCORE_DIGITS
from relatedstories.databases.table_names import column_names
from relatedstories.errors import InputError, shown, shown_names

__all__ = ["TableForm", "form_of"]

_CHECKED_DIALECTS = {"sqlite", "postgresql", "mysql"}
"""The kinds of databases whose types of columns are known here; others say themselves what they cannot hold."""

_FEW_VALUES = {"ENUM", "SET"}
_PADDED = {"CHAR", "NCHAR"}

_ENGINE = """
SELECT ENGINE FROM information_schema.TABLES JOIN information_schema.ENGINES USING (ENGINE)
WHERE TABLE_SCHEMA = coalesce(:schema, DATABASE()) AND TABLE_NAME = :name AND TRANSACTIONS <> 'YES'
"""


class TableForm(NamedTuple):
    """What differs between tables that links can be written to.

    Attributes
    ----------
    id_type : type or None
        The type of ids, as `id_type_of` gives it.
    has_fallback : bool
        Whether there is a column of links that only fill lists.
    shortest, longest : int or None
        How many characters an id may have.
    """

    id_type: Any = None
    has_fallback: bool = False
    shortest: int | None = None
    longest: int | None = None

    def check_ids(self, what: str, ids: Iterable[str]) -> None:
        """Raise `InputError` if there is an id that the columns cannot hold as it is."""
        ids = list(ids)
        if (wrong := fits(self.id_type, ids)) is not None:
            raise InputError(f"{what}: got the id {shown(wrong)}, expected ids that its column event_id can hold")
        low, high = self.shortest or 0, self.longest
        for id_ in ids:
            if len(id_) < low or (high is not None and len(id_) > high):
                expected = f"{high}, neither more nor fewer" if low else f"{high} at most"
                got = f"got the id {shown(id_)} of {len(id_)} characters"
                raise InputError(f"{what}: {got}, expected {expected}, as its column event_id has it")


def form_of(connection: sa.Connection, dialect: str, table: sa.Table, what: str) -> TableForm | None:
    """Return the form of a table; None if there is none of its name.

    Parameters
    ----------
    connection : Connection
    dialect : str
    table : Table
        The table as links need it, in any form.
    what : str
        The table in messages.

    Raises
    ------
    InputError
        If links cannot be written to the table: other columns, types or key than theirs, a view, or an engine of MySQL without
        transactions.
    """
    got = column_names(connection, table)
    if got is None:
        return None
    expected = [column.name for column in table.columns if column.name != FALLBACK]
    if set(got) - {FALLBACK} != set(expected):
        raise InputError(f"{what}: got one with the columns {shown_names(got)}, expected {shown_names(expected)}")
    inspector = sa.inspect(connection)
    columns = inspector.get_columns(table.name, schema=table.schema)
    types = {str(column["name"]): column["type"] for column in columns}
    if dialect in _CHECKED_DIALECTS:
        for name, type_ in types.items():
            kind = _expected_kind(dialect, name, type_)
            if kind is not None:
                raise InputError(f"{what}: {name}: got a column of {type_}, expected one of {kind}")
    key = inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
    if set(key) != {"event_id", "rank"}:
        if table.name in inspector.get_view_names(schema=table.schema):
            raise InputError(f"{what}: got a view, expected a table")
        raise InputError(f"{what}: got {shown_names(key)} as the primary key, expected 'event_id', 'rank'")
    if dialect == "mysql":
        engine = connection.scalar(sa.text(_ENGINE), {"schema": table.schema, "name": table.name})
        if engine is not None:
            raise InputError(f"{what}: got a table of the engine {engine}, expected one that has transactions, such as InnoDB")
    id_type = id_type_of(types["event_id"])
    longest = getattr(types["event_id"], "length", None) if id_type is None and dialect != "sqlite" else None
    shortest = longest if dialect == "postgresql" and _name_of(types["event_id"]) in _PADDED else None
    return TableForm(id_type, FALLBACK in got, shortest, longest)


def _expected_kind(dialect: str, name: str, type_: Any) -> str | None:
    """Return what a column is expected to hold, if it is of a type that cannot hold all of it."""
    is_text = isinstance(type_, sa.String) and _name_of(type_) not in _FEW_VALUES
    is_number = isinstance(type_, (sa.Integer, sa.Numeric, sa.Float))
    if name in ("event_id", "related_id"):
        is_whole = isinstance(type_, sa.Integer)
        return None if is_text or is_whole or isinstance(type_, sa.Uuid) else "text, whole numbers or UUIDs"
    if name == "rank":
        return None if is_number and not isinstance(type_, sa.Float) else "whole numbers"
    if name == "score":
        scale = getattr(type_, "scale", None)
        holds_score = is_number and not isinstance(type_, sa.Integer) and (scale is None or scale >= SCORE_DIGITS)
        return None if holds_score else f"numbers with {SCORE_DIGITS} decimals or more"
    if name in ("topics", "duplicates"):
        return None if (is_text and _name_of(type_) not in _PADDED) or isinstance(type_, sa.JSON) else "text"
    if name in ("context", FALLBACK):
        return None if is_text and _name_of(type_) not in _PADDED else "text"
    if name == "pinned":
        is_flag = isinstance(type_, sa.Boolean) or (is_number and dialect != "postgresql")
        return None if is_flag else "true and false"
    return None


def _name_of(type_: Any) -> str:
    return str(type_.__visit_name__).upper()
