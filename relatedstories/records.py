"""Rows of any medium to events, with errors that name the place, the field, what was got and what was expected."""

from __future__ import annotations

import collections
import datetime as dt
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeAlias

from relatedstories.errors import BadValueError, InputError, shown, shown_names
from relatedstories.events import FIELDS, Event, as_id, parse_date
from relatedstories.language_codes import language_code

__all__ = [
    "DRAFTS",
    "READ_FIELDS",
    "SourceRow",
    "check_drafts",
    "check_header",
    "column_of_each_field",
    "encoding_error",
    "events_of_rows",
    "read_columns",
    "utf8_error",
]

READ_FIELDS = (*FIELDS, "status")
"""The fields that a column can be named for: those of an event, and the status, which says whether it is a draft."""

DRAFTS = ("draft",)
"""The default values of a status that mark a draft."""

_NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""The characters that the error handler surrogateescape puts in place of bytes that are not UTF-8."""

_LANG = "lang"
"""The column of languages in archives that have none called language."""

_PANDAS_AND_NUMPY_TYPES = {"NAType", "NaTType", "datetime64", "float64", "float32"}
"""The names of types with missing values, so that neither library needs to be imported here."""

SourceRow: TypeAlias = tuple[str, Mapping[str, Any] | BadValueError]
"""The place of a row for error messages, and the row's values by column, or the error that made it unreadable."""


def check_drafts(call: str, drafts: Collection[str]) -> frozenset[str]:
    """Return the status values that mark drafts in the form they are compared in.

    Raises
    ------
    BadValueError
        If `drafts` is no collection of texts; the message names the `call`.

    Examples
    --------
    >>> check_drafts("read_events", ["Draft "])
    frozenset({'draft'})
    """
    if isinstance(drafts, str) or not isinstance(drafts, Collection) or not all(isinstance(value, str) for value in drafts):
        raise BadValueError(call, "drafts", shown(drafts), "a list of texts: ['draft']")
    return frozenset(_normalised_status(value) for value in drafts)


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
        field: fields.get(field, field) for field in READ_FIELDS if field in fields or (field in FIELDS and field not in field_of)
    }


def read_columns(columns: Mapping[str, str]) -> list[str]:
    """Return the columns that fields are read from, with the other name that a column of languages may have.

    Examples
    --------
    >>> read_columns({"id": "id", "title": "title", "language": "language"})
    ['id', 'title', 'language', 'lang']
    """
    names = list(dict.fromkeys(columns.values()))
    return [*names, _LANG] if columns.get("language") == "language" and _LANG not in names else names


def check_header(where: str, header: list[str], columns: Mapping[str, str]) -> None:
    """Raise `InputError` if columns are missing, unreadable or repeated: one error for the source, not one for every row."""
    for field in ("id", "title"):
        if columns.get(field) not in header:
            raise InputError(
                f"{where}: no column {shown(columns.get(field, field))} for the {field}; got {shown_names(header)}; "
                f'name it with fields={{"{field}": ...}}, --field {field}=... on the command line'
            )
    for name in filter(_NOT_UTF8.search, header):
        raise InputError(f"{where}: got a column {shown(name)}, expected names in UTF-8; save the file as UTF-8")
    for field, column in columns.items():
        if field != column and column not in header:
            raise InputError(f"{where}: no column {shown(column)} for the {field}; got {shown_names(header)}")
    repeated = next((name for name in columns.values() if header.count(name) > 1), None)
    if repeated is not None:
        raise InputError(f"{where}: got column {repeated!r} {header.count(repeated)} times, expected it once")


def encoding_error(where: str, row: Mapping[str, Any]) -> BadValueError | None:
    """Return the error of a row whose texts, decoded with surrogateescape, hold bytes that are not UTF-8, else None."""
    for name, cell in row.items():
        if isinstance(cell, str) and (match := _NOT_UTF8.search(cell)):
            got = f"byte 0x{ord(match[0]) - 0xDC00:02x} at character {match.start() + 1}"
            return BadValueError(where, name, got, "text in UTF-8")
    return None


def utf8_error(where: str, line: bytes, error: UnicodeDecodeError) -> BadValueError:
    """Return the error of a line that could not be decoded as UTF-8."""
    return BadValueError(where, None, f"byte 0x{line[error.start]:02x} at column {error.start + 1}", "text in UTF-8")


def events_of_rows(
    rows: Iterator[SourceRow],
    columns: Mapping[str, str],
    drafts: Collection[str],
    on_error: Callable[[BadValueError], object] | None = None,
    on_draft: Callable[[str], object] | None = None,
) -> Iterator[Event]:
    """Yield the event of each row, in order.

    Parameters
    ----------
    rows : iterator of SourceRow
    columns : mapping of str to str
        The column of each field, as `column_of_each_field` returns it.
    drafts : collection of str
        The status values that mark drafts, as `check_drafts` returns them. Drafts are left out if `columns` names a status.
    on_error, on_draft : callable, optional
        As for `relatedstories.read_events`.

    Raises
    ------
    BadValueError
        For a row that cannot be an event or repeats an id, unless `on_error` takes it.

    Warns
    -----
    UserWarning
        After the last row, if no row has a column that was named, if rows look like drafts but no status column was named, or
        if rows have a language that is no code.
    """
    no_codes: collections.Counter[str] = collections.Counter()
    place_of_id: dict[str, str] = {}
    unnamed_drafts = 0
    # A JSON key may be missing in any row, but a column named by the caller that no row has is most likely misspelt.
    missing = {column: field for field, column in columns.items() if field != column}
    for where, row in rows:
        try:
            if isinstance(row, BadValueError):
                raise row
            if isinstance(row, Mapping):
                if missing:
                    missing = {column: field for column, field in missing.items() if column not in row}
                is_draft = _normalised_status(row.get(columns.get("status", "status"))) in drafts
                if is_draft and "status" in columns:
                    if on_draft is not None:
                        on_draft(where)
                    continue
                unnamed_drafts += is_draft
            event = row if isinstance(row, Event) else _event(where, row, columns, no_codes)
            if event.id in place_of_id:
                expected = f"an id used once (it is the id of {place_of_id[event.id]} too)"
                raise BadValueError(where, "id", shown(event.id), expected)
        except BadValueError as error:
            if on_error is None:
                raise
            on_error(error)
        else:
            place_of_id[event.id] = where
            yield event
    _warn_of_columns(missing, unnamed_drafts)
    if no_codes:
        value, n = next(iter(no_codes)), no_codes.total()
        have = "1 row has" if n == 1 else f"{n} rows have"
        warnings.warn(
            f"{have} a language that is no code, such as {shown(value)}: expected one such as 'de'; their texts tell it",
            stacklevel=2,
        )


def _warn_of_columns(missing: Mapping[str, str], unnamed_drafts: int) -> None:
    """Warn of columns that no row has, and of drafts that were read as events."""
    for column, field in missing.items():
        warnings.warn(f"no row has {column!r}, which the {field} was to be read from", stacklevel=3)
    if unnamed_drafts:
        rows = "1 row was read as an event" if unnamed_drafts == 1 else f"{unnamed_drafts} rows were read as events"
        how = 'fields={"status": "status"}, --field status=status on the command line, leaves them out'
        warnings.warn(f"{rows} though the 'status' is that of a draft: {how}", stacklevel=3)


def _event(where: str, row: Any, columns: Mapping[str, str], no_codes: collections.Counter[str]) -> Event:
    """Return the event of a row; raises `BadValueError` with the row's place and, where it has another name, the column.

    A language that is no code is left out, as the text tells it too, and counted in `no_codes`.
    """
    if not isinstance(row, Mapping):
        raise BadValueError(where, None, shown(row), "an object with fields")
    cells = ((name, row.get(column)) for name, column in columns.items() if name in FIELDS)
    values: dict[str, Any] = {name: value for name, value in cells if not _is_missing(value)}
    if "language" not in values and columns.get("language") == "language" and _LANG not in columns.values():
        values |= {"language": row[_LANG]} if not _is_missing(row.get(_LANG)) else {}
    if "language" in values and language_code(str(values["language"])) is None:
        no_codes[str(values.pop("language"))] += 1
    for name in ("id", "title"):
        if name not in values:
            column = columns.get(name, name)
            got = "nothing" if column in row else f"no {shown(column)} among {shown_names(row)}"
            raise BadValueError(where, name, got, f"the {name} of the event")
    try:
        values["id"] = as_id(values["id"])
        if "date" in values:
            values["date"] = parse_date(values["date"])
        for name in ("topics", "sources"):
            if isinstance(values.get(name), str):
                values[name] = [part.strip() for part in values[name].split(";") if part.strip()]
        return Event(**values)
    except BadValueError as error:
        field = _field_and_column(error.field, columns) if error.field else None
        raise BadValueError(where, field, error.got, error.expected) from None


def _normalised_status(status: object) -> str:
    return str(status).strip().casefold()


def _field_and_column(field: str, columns: Mapping[str, str]) -> str:
    column = columns.get(field, field)
    return field if column == field else f"{field} (column {column!r})"


def _is_missing(value: object) -> bool:
    """Return whether a value is None, an empty text, NaN, or pandas' NA or NaT."""
    if value is None or isinstance(value, str):
        return not value or not value.strip()
    type_name = type(value).__name__
    if isinstance(value, (float, dt.datetime)) or type_name in _PANDAS_AND_NUMPY_TYPES:
        return type_name == "NAType" or value != value
    return False
