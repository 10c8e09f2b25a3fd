"""Names of tables and of their columns."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from relatedstories.errors import InputError, shown

__all__ = ["column_names", "split_table_name"]

_PART = r'("(?:[^"]|"")+"|[^".]+)'
_TABLE_NAME = re.compile(rf"(?:{_PART}\.)?{_PART}")


def split_table_name(name: str) -> tuple[quoted_name | None, quoted_name]:
    """Return the schema, if any, and the table of a name, both to be quoted in SQL as they are.

    Examples
    --------
    >>> split_table_name("news.events"), split_table_name('"news.events"')
    (('news', 'events'), (None, 'news.events'))
    """
    match = _TABLE_NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise InputError(f"got {shown(name)} as a table, expected its name, or schema.name, in double quotes if it has a dot")
    schema, table = match.groups()
    return None if schema is None else _without_quotes(schema), _without_quotes(table)


def _without_quotes(part: str) -> quoted_name:
    return quoted_name(part[1:-1].replace('""', '"') if part.startswith('"') else part, True)


def column_names(connection: sa.Connection, table: Any) -> list[str] | None:
    """Return the names of a table's columns; None if there is no such table."""
    if not sa.inspect(connection).has_table(table.name, schema=table.schema):
        return None
    no_rows: Any = sa.select(sa.text("*")).select_from(table).where(sa.false())
    return list(connection.execute(no_rows).keys())
