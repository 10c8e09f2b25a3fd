"""Rows as readers give them, and which of their columns each field of an event is read from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from relatedstories.errors import BadValueError, InputError, shown, shown_names
from relatedstories.events import FIELDS

__all__ = [
    "NOT_UTF8",
    "READ_FIELDS",
    "LeftOut",
    "SourceRow",
    "TableRow",
    "TypedRow",
    "byte_not_utf8",
    "check_header",
    "column_of_each_field",
    "encoding_error",
    "resolve_columns",
]

READ_FIELDS = (*(field for field in FIELDS if field != "extra"), "status")
"""The fields that a column can be named for: those of an event but `extra`, which has the columns that no field is read from,
and the status, which says whether it is a draft."""

NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""The characters that the error handler surrogateescape puts in place of bytes that are not UTF-8."""

_LANG = "lang"
"""The column of languages in archives that have none called language."""


class TableRow(dict[str, Any]):
    """A row of a table, where texts may stand for missing values ("NULL") and for lists ("a | b")."""

    __slots__ = ()


class TypedRow(TableRow):
    """A row of a table that knows missing values: an id, a title or a topic "NULL" is meant."""

    __slots__ = ()


class LeftOut(NamedTuple):
    """A part of a source that is no event, and why, in the plural: "pages"."""

    reason: str
    is_draft: bool = False


SourceRow: TypeAlias = tuple[str, "Mapping[str, Any] | BadValueError | LeftOut"]
"""The place of a row for error messages, and the row's values by column, the error that made it unreadable, or why it is no
event."""


def column_of_each_field(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the column that each field is read from, given the names that differ.

    A column named for one field is not read again for the field of its own name.

    Raises
    ------
    BadValueError
        If `fields` is no mapping of fields to columns, or leaves no column for the id or the title.

    Examples
    --------
    >>> columns = column_of_each_field({"title": "text"})
    >>> columns["title"], "text" in columns
    ('text', False)
    """
    if not isinstance(fields, Mapping):
        raise BadValueError("fields", None, shown(fields), 'a mapping of fields to columns: {"title": "headline"}')
    for field, column in fields.items():
        if field not in READ_FIELDS:
            raise BadValueError("fields", None, shown(field), f"a field of an event ({', '.join(READ_FIELDS)})")
        if not isinstance(column, str) or not column:
            raise BadValueError("fields", field, shown(column), "the name of a column")
    field_of = {column: field for field, column in fields.items()}
    for field in ("id", "title"):
        if field not in fields and field in field_of:
            got = f"no column, as column {field!r} is read as the {field_of[field]}"
            raise BadValueError("fields", field, got, f"the column of the {field} as well")
    return {
        field: fields.get(field, field)
        for field in READ_FIELDS
        if field in fields or (field != "status" and field not in field_of)
    }


def check_header(where: str, header: Sequence[str], columns: Mapping[str, str]) -> None:
    """Raise `InputError` if columns are missing or repeated: one error for the source, not one for every row.

    An id is not needed: the address, or a digest of the row, takes its place.
    """
    found = resolve_columns(header, columns)
    for field in ("id", "title"):
        if field not in found and (field == "title" or (field in columns and columns[field] != field)):
            raise InputError(
                f"{where}: no column {shown(columns.get(field, field))} for the {field}; got {shown_names(header)}; "
                f'name it with fields={{"{field}": ...}}, --field {field}=... on the command line'
            )
    for field, column in columns.items():
        if field != column and field not in found:
            raise InputError(f"{where}: no column {shown(column)} for the {field}; got {shown_names(header)}")
    repeated = next((path[0] for path in found.values() if header.count(path[0]) > 1), None)
    if repeated is not None:
        raise InputError(f"{where}: got column {repeated!r} {header.count(repeated)} times, expected it once")


def resolve_columns(keys: Sequence[str], columns: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return where each field is found among the keys of a row: its key, or the way to it through nested objects.

    Capitals, and spaces around a name, do not matter where no key has the very name.

    Examples
    --------
    >>> resolve_columns(["ID", "attributes"], {"id": "id", "title": "attributes.headline", "text": "text"})
    {'id': ('ID',), 'title': ('attributes', 'headline')}
    """
    folded: dict[str, str] = {}
    for key in keys:
        if isinstance(key, str):
            folded.setdefault(key.strip().casefold(), key)
    wanted = dict(columns)
    if wanted.get("language") == "language" and "language" not in folded and _LANG not in columns.values():
        wanted["language"] = _LANG
    found: dict[str, tuple[str, ...]] = {}
    for field, column in wanted.items():
        if column in keys:
            found[field] = (column,)
        elif (same := folded.get(column.strip().casefold())) is not None and same not in columns.values():
            found[field] = (same,)
        elif "." in column:
            first, *rest = column.split(".")
            root = first if first in keys else folded.get(first.casefold())
            if root is not None:
                found[field] = (root, *rest)
    return found


def encoding_error(where: str, row: Mapping[str, Any]) -> BadValueError | None:
    """Return the error of a row whose texts, decoded with surrogateescape, hold bytes that are not UTF-8, else None."""
    for name, cell in row.items():
        if isinstance(cell, str) and (found := byte_not_utf8(cell)) is not None:
            byte, place = found
            return BadValueError(where, name, f"{byte} at character {place}", "text in UTF-8")
    return None


def byte_not_utf8(text: str) -> tuple[str, int] | None:
    r"""Return the first byte that is not UTF-8 in a text decoded with surrogateescape, and at which character; None if all are.

    Examples
    --------
    >>> byte_not_utf8(b"caf\xe9".decode(errors="surrogateescape"))
    ('byte 0xe9', 4)
    """
    match = None if text.isascii() else NOT_UTF8.search(text)
    return None if match is None else (f"byte 0x{ord(match[0]) - 0xDC00:02x}", match.start() + 1)
