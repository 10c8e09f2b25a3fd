"""Reading an archive: files, data frames and records in, a stream of `Event` out."""

from __future__ import annotations

import collections
import csv
import datetime as dt
import gzip
import importlib.resources
import io
import itertools
import json
import os
import re
import warnings
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from relatedstories.addresses import address_scheme, is_database
from relatedstories.errors import BadValueError, InputError, shown, shown_names
from relatedstories.events import FIELDS, Event, as_id, parse_date

__all__ = [
    "DRAFTS",
    "READ_FIELDS",
    "SAMPLE",
    "SUFFIXES",
    "Row",
    "broken_text",
    "check_header",
    "drafts_of",
    "read_events",
    "read_lines",
]

READ_FIELDS = (*FIELDS, "status")
"""What columns can be named for: the fields of an event, and what tells whether it is a draft."""
DRAFTS = ("draft",)
SAMPLE = "sample"
SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
_SEVERAL_LINES = re.compile(r"\s*(\[\s*(\{.*)?|\{)\s*", re.DOTALL)  # how an array or object begins that goes on on the next line
_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of a byte that is not UTF-8
_FORMATS = ".jsonl, .ndjson or .csv (each also .gz), .tsv or .parquet"

Row: TypeAlias = tuple[str, Mapping[str, Any] | BadValueError]
"""A row's place and its values, or what is wrong with it."""


def read_events(
    source: Any,
    fields: Mapping[str, str] | None = None,
    *,
    on_error: Callable[[BadValueError], object] | None = None,
    drafts: Collection[str] = DRAFTS,
    on_draft: Callable[[str], object] | None = None,
    table: str | None = None,
    where: str | None = None,
    query: str | None = None,
) -> Iterator[Event]:
    """Read an archive as a stream of events.

    Parameters
    ----------
    source : path, str, data frame or iterable
        A file ending in .jsonl, .ndjson, .csv, .tsv (each also .gz) or .parquet, UTF-8 throughout; ``"sample"``, the
        archive that comes with the package; a folder of Markdown pages, see `relatedstories.pages.read_pages`; the address of
        a database, as SQLAlchemy has it: ``"sqlite:///news.db"``; a pandas or polars data frame; or an iterable of dicts or
        events.
    fields : mapping of str to str, optional
        For fields of `Event`, the column or key each is read from where its name differs: ``{"title": "headline"}``.
        A column named here is not read a second time under its own name. ``{"status": "state"}`` names the one that tells
        drafts.
    on_error : callable, optional
        Called with the error of each row that cannot be an event; the row is skipped. By default the error is raised.
    drafts : collection of str, default ("draft",)
        Where `fields` names a status, its values, in capitals or not, for events that are not to be published yet: their rows are
        left out.
    on_draft : callable, optional
        Called with the place of each of these.
    table, where, query : str, optional
        Of a database, the table or view to read, "events" by default and ``schema.name`` if need be, and a condition in
        SQL that its rows meet; or else a query of your own, which is run read-only.

    Yields
    ------
    Event
        In the order of the source. Empty cells, null and NaN are missing values. Topics and sources given as one text
        are split at semicolons.

    Raises
    ------
    BadValueError
        For a row that cannot be an event, with its place, field, what was got and what was expected.
    InputError
        For a source that cannot be read at all: an unknown format, a missing column, a file cut short.
    FileNotFoundError
        Where there is no such file.

    Warns
    -----
    UserWarning
        After the last row, if no row has a key that `fields` names, or if rows call themselves drafts by a ``status`` that it
        does not name.

    Examples
    --------
    >>> rows = [{"id": 1, "headline": "Rain in Wales", "date": "2020-02-15"}]
    >>> next(read_events(rows, fields={"title": "headline"})).date
    datetime.date(2020, 2, 15)
    """
    if on_error is not None and not callable(on_error):
        raise BadValueError("read_events", "on_error", shown(on_error), "a function of an error, or None")
    left_out = drafts_of("read_events", drafts)
    given = {"table": table, "where": where, "query": query}
    selection = {name: value for name, value in given.items() if value is not None}
    if not selection and isinstance(source, (str, os.PathLike)) and source != SAMPLE and os.path.isdir(source):
        from relatedstories.pages.reader import read_pages  # here: who reads a file needs none of it

        return read_pages(source, fields, on_error=on_error, drafts=drafts, on_draft=on_draft)
    columns = _columns({} if fields is None else fields)
    rows = _rows(source, columns, selection)  # not in the generator: a wrong source is known before the first event is asked for
    return _events(rows, columns, on_error, left_out, on_draft)


def drafts_of(call: str, drafts: Collection[str]) -> frozenset[str]:
    """The values of a status that tell drafts, as they are compared; raises `BadValueError` where these are none."""
    if isinstance(drafts, str) or not isinstance(drafts, Collection) or not all(isinstance(value, str) for value in drafts):
        raise BadValueError(call, "drafts", shown(drafts), "a list of texts: ['draft']")
    return frozenset(value.strip().casefold() for value in drafts)


def _columns(fields: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(fields, Mapping):
        raise BadValueError("fields", None, shown(fields), 'a mapping of fields to columns: {"title": "headline"}')
    for field, column in fields.items():
        if field not in READ_FIELDS:
            raise BadValueError("fields", None, shown(field), f"a field of an event ({', '.join(READ_FIELDS)})")
        if not isinstance(column, str) or not column:
            raise BadValueError("fields", field, shown(column), "the name of a column")
    taken = {column: field for field, column in fields.items()}
    for field in ("id", "title"):
        if field not in fields and field in taken:
            got = f"no column, as column {field!r} is read as the {taken[field]}"
            raise BadValueError("fields", field, got, f"the column of the {field} as well")
    return {name: fields.get(name, name) for name in READ_FIELDS if name in fields or (name in FIELDS and name not in taken)}


def _rows(source: Any, columns: Mapping[str, str], selection: Mapping[str, str]) -> Iterator[Row]:
    if is_database(source):
        from relatedstories.databases.links_table import read_rows

        return read_rows(source, columns, **selection)
    for name, value in selection.items():
        raise BadValueError("read_events", name, shown(value), "nothing, as the source is no database")
    if isinstance(source, (str, os.PathLike)) and source != "":
        if source == SAMPLE:
            source = str(importlib.resources.files("relatedstories") / "sample.jsonl")
        scheme = address_scheme(os.fspath(source))
        if scheme and not os.path.exists(source):  # the rest of it may hold a password
            raise InputError(
                f"got an address ({scheme}://...), expected a file: {_FORMATS}; or a database's, as a str: sqlite:///news.db, say"
            )
        return _file_rows(Path(source), columns)
    if hasattr(source, "iloc") and hasattr(source, "columns"):  # pandas
        names = [str(name) for name in source.columns]
        check_header("data frame", names, columns)
        records = zip(*(source.iloc[:, i] for i in range(len(names))), strict=True)
        return ((f"row {n}", dict(zip(names, values, strict=True))) for n, values in enumerate(records, 1))
    if hasattr(source, "iter_rows"):  # polars
        check_header("data frame", list(source.columns), columns)
        return ((f"row {n}", record) for n, record in enumerate(source.iter_rows(named=True), 1))
    if isinstance(source, (str, bytes, Mapping, io.IOBase)) or not isinstance(source, Iterable):
        raise InputError(f"got {shown(source)} as an archive, expected a path, a data frame or an iterable of dicts")
    return ((f"row {n}", record) for n, record in enumerate(source, 1))


def _file_rows(path: Path, columns: Mapping[str, str]) -> Iterator[Row]:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    name = path.name.lower()
    if name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        return _json_rows(path)
    if name.removesuffix(".gz").endswith((".csv", ".tsv")):
        return _csv_rows(path, columns)
    if name.endswith(".parquet"):
        return _parquet_rows(path, columns)
    raise InputError(f"{path}: got a file of unknown format, expected {_FORMATS}")


def _open(path: Path) -> IO[bytes]:
    opened: Any = gzip.open if path.name.lower().endswith(".gz") else open
    file: IO[bytes] = opened(path, "rb")
    return file


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, less the byte order mark; one clear error where the file itself is broken."""
    with _open(path) as file:
        number = 0
        try:
            for number, line in enumerate(file, 1):
                if number == 1:
                    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                        raise InputError(f"{path}: got UTF-16 text, expected UTF-8; save the file as UTF-8")
                    line = line.removeprefix(b"\xef\xbb\xbf")
                yield line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{path}:{number + 1}: got a broken gzip file ({error}), expected a whole one") from None


def _json_rows(path: Path) -> Iterator[Row]:
    one_object = "one JSON object a line"
    first = True
    for number, line in enumerate(read_lines(path), 1):
        where = f"{path}:{number}"
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            got = f"byte 0x{line[error.start]:02x} at column {error.start + 1}"
            yield where, BadValueError(where, None, got, "text in UTF-8")
            continue
        if not text.strip():
            continue
        try:
            record = json.loads(text.rstrip())
        except json.JSONDecodeError as error:
            if first and _SEVERAL_LINES.fullmatch(text):
                raise InputError(f"{where}: got JSON over several lines, expected {one_object}") from None
            why = f"{error.msg.removesuffix(' at')} at column {error.colno}"
            yield where, BadValueError(where, None, f"broken JSON ({why})", one_object)
        except ValueError:
            yield where, BadValueError(where, None, "a number of thousands of digits", one_object)
        except RecursionError:
            yield where, BadValueError(where, None, "JSON nested a thousand deep or more", one_object)
        else:
            yield where, record
        first = False


def _csv_rows(path: Path, columns: Mapping[str, str]) -> Iterator[Row]:
    # Python refuses cells of more than 128 KiB unless told otherwise, and only knows one limit for the whole process.
    csv.field_size_limit(max(csv.field_size_limit(), 1 << 30))
    lines = (line.decode(errors="surrogateescape") for line in read_lines(path))
    first = next(lines, None)
    if first is None or not first.strip():
        raise InputError(f"{path}:1: got an empty first line, expected the names of the columns")
    header: list[str] = []
    for number, cells in _csv_records(itertools.chain([first], lines), max(",;\t", key=first.count)):
        where = f"{path}:{number}"
        if isinstance(cells, csv.Error):
            bad = BadValueError(where, None, *_csv_fault(str(cells)))
            if not header:
                raise InputError(str(bad))
            yield where, bad
        elif not header:
            header = [cell.strip() for cell in cells]
            check_header(where, header, columns)
        elif len(cells) == len(header):
            row = dict(zip(header, cells, strict=True))
            yield where, broken_text(where, row) or row
        elif len(cells) > 1 or "".join(cells).strip():
            count = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
            yield where, BadValueError(where, None, count, f"{len(header)}, as the first line has")


def _csv_records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """The cells of each record, or the error in it, with the number of its first line.

    A quote gone astray takes all lines up to the next quote for one cell. Of a record in error only the first line is
    given up, therefore; those behind it are read again.
    """
    waiting: collections.deque[str] = collections.deque()
    taken: list[str] = []  # the lines of the record at hand

    def take() -> Iterator[str]:
        while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
            taken.append(line)
            yield line

    number, reader = 1, csv.reader(take(), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield number, error
            waiting.extendleft(reversed(taken[1:]))
            del taken[1:]
            reader = csv.reader(take(), delimiter=delimiter, strict=True)
        else:
            if cells is None:
                return
            yield number, cells
        number += len(taken)
        taken.clear()


def _csv_fault(error: str) -> tuple[str, str]:
    """What was got and expected where the csv module gives up."""
    if "unexpected end" in error:
        return "a quote that is never closed", "quotes in pairs"
    if "new-line character" in error:
        return "a carriage return within the line", "lines that end in a line feed, with or without one before it"
    return f"broken CSV ({error})", "cells with their quotes in pairs"


def broken_text(where: str, row: Mapping[str, Any]) -> BadValueError | None:
    """What is wrong with a row of texts that were decoded with surrogateescape, if anything is."""
    for name, cell in row.items():
        if isinstance(cell, str) and (found := _NOT_UTF8.search(cell)):
            got = f"byte 0x{ord(found[0]) - 0xDC00:02x} at character {found.start() + 1}"
            return BadValueError(where, name, got, "text in UTF-8")
    return None


def _parquet_rows(path: Path, columns: Mapping[str, str]) -> Iterator[Row]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            f'{path}: reading Parquet needs pyarrow, which is not installed: pip install "relatedstories[parquet]"'
        ) from None
    try:
        file = pyarrow.parquet.ParquetFile(path)
        check_header(str(path), file.schema_arrow.names, columns)
        wanted = [name for name in columns.values() if name in file.schema_arrow.names]
        number = 0
        for batch in file.iter_batches(batch_size=4096, columns=wanted):
            for record in _batch_rows(batch):
                number += 1
                where = f"{path}: row {number}"
                bad = isinstance(record, Exception) and BadValueError(
                    where, None, f"a value that cannot be read ({record})", "one that can"
                )
                yield where, bad or record
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path}: got a broken Parquet file ({str(error).splitlines()[0]}), expected a whole one") from None


def _batch_rows(batch: Any) -> Iterator[Any]:
    """The rows of a pyarrow batch; for one with a value that Python cannot hold, a day in the year 10000 say, the error."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            yield error
            return
        for number in range(batch.num_rows):
            yield from _batch_rows(batch.slice(number, 1))


def check_header(where: str, header: list[str], columns: Mapping[str, str]) -> None:
    """Raise where columns are not there: a missing one is one error about the source, not one about every row of it."""
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
    twice = next((name for name in columns.values() if header.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{where}: got column {twice!r} {header.count(twice)} times, expected it once")


def _events(
    rows: Iterator[Row],
    columns: Mapping[str, str],
    on_error: Callable[[BadValueError], object] | None,
    drafts: Collection[str],
    on_draft: Callable[[str], object] | None,
) -> Iterator[Event]:
    seen: dict[str, str] = {}
    unnamed = 0
    # Of JSON, a key may lack in any row, but a column named by the caller that no row has is most likely mistyped.
    unseen = {column: field for field, column in columns.items() if field != column}
    for where, row in rows:
        if unseen and isinstance(row, Mapping):
            unseen = {column: field for column, field in unseen.items() if column not in row}
        try:
            if isinstance(row, BadValueError):
                raise row
            if "status" in columns and isinstance(row, Mapping) and _said(row.get(columns["status"])) in drafts:
                if on_draft is not None:
                    on_draft(where)
                continue
            if "status" not in columns and isinstance(row, Mapping):
                unnamed += _said(row.get("status")) in drafts
            event = row if isinstance(row, Event) else _event(where, row, columns)
            if event.id in seen:
                expected = f"an id used once (it is the id of {seen[event.id]} too)"
                raise BadValueError(where, "id", shown(event.id), expected)
        except BadValueError as error:
            if on_error is None:
                raise
            on_error(error)
        else:
            seen[event.id] = where
            yield event
    for column, field in unseen.items():
        warnings.warn(f"no row has {column!r}, which the {field} was to be read from", stacklevel=2)
    if unnamed:
        said = "1 row says" if unnamed == 1 else f"{unnamed} rows say"
        how = 'fields={"status": "status"}, --field status=status on the command line, leaves them out'
        warnings.warn(f"{said} by 'status' to be drafts, and count as events: {how}", stacklevel=2)


def _event(where: str, row: Any, columns: Mapping[str, str]) -> Event:
    if not isinstance(row, Mapping):
        raise BadValueError(where, None, shown(row), "an object with fields")
    read = ((name, row.get(column)) for name, column in columns.items() if name in FIELDS)
    values: dict[str, Any] = {name: value for name, value in read if not _is_missing(value)}
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
        field = _named(error.field, columns) if error.field else None
        raise BadValueError(where, field, error.got, error.expected) from None


def _said(status: object) -> str:
    return str(status).strip().casefold()


def _named(field: str, columns: Mapping[str, str]) -> str:
    column = columns.get(field, field)
    return field if column == field else f"{field} (column {column!r})"


def _is_missing(value: object) -> bool:
    """None, an empty text, NaN, pandas' NA and NaT."""
    if value is None or isinstance(value, str):
        return not value or not value.strip()
    if isinstance(value, (float, dt.datetime)) or type(value).__name__ in {
        "NAType",
        "NaTType",
        "datetime64",
        "float64",
        "float32",
    }:
        return type(value).__name__ == "NAType" or value != value
    return False
