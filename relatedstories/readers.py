"""Reading an archive: files, data frames and records in, a stream of `Event` out."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import importlib.resources
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import FIELDS, Event, as_id, parse_date

__all__ = ["SAMPLE", "SUFFIXES", "read_events"]

SAMPLE = "sample"
SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
_URL = re.compile(r"([A-Za-z][\w+.-]+)://")
_FORMATS = ".jsonl, .ndjson or .csv (each also .gz), .tsv or .parquet"

Row: TypeAlias = tuple[str, Mapping[str, Any] | BadValueError]
"""A row's place and its values, or what is wrong with it."""


def read_events(
    source: Any,
    fields: Mapping[str, str] | None = None,
    *,
    on_error: Callable[[BadValueError], object] | None = None,
) -> Iterator[Event]:
    """Read an archive as a stream of events.

    Parameters
    ----------
    source : path, str, data frame or iterable
        A file ending in .jsonl, .ndjson, .csv, .tsv (each also .gz) or .parquet, UTF-8 throughout; ``"sample"``, the
        archive that comes with the package; a pandas or polars data frame; or an iterable of dicts or events.
    fields : mapping of str to str, optional
        For fields of `Event`, the column or key each is read from where its name differs: ``{"title": "headline"}``.
        A column named here is not read a second time under its own name.
    on_error : callable, optional
        Called with the error of each row that cannot be an event; the row is skipped. By default the error is raised.

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

    Examples
    --------
    >>> rows = [{"id": 1, "headline": "Rain in Wales", "date": "2020-02-15"}]
    >>> next(read_events(rows, fields={"title": "headline"})).date
    datetime.date(2020, 2, 15)
    """
    columns = _columns(fields or {})
    rows = _rows(source, columns)  # here, not in the generator: a wrong source is known before the first event is asked for
    return _events(rows, columns, on_error)


def _columns(fields: Mapping[str, str]) -> dict[str, str]:
    for field, column in fields.items():
        if field not in FIELDS:
            raise BadValueError("fields", None, shown(field), f"a field of an event ({', '.join(FIELDS)})")
        if not isinstance(column, str) or not column:
            raise BadValueError("fields", field, shown(column), "the name of a column")
    taken = set(fields.values())
    return {name: fields.get(name, name) for name in FIELDS if name in fields or name not in taken}


def _rows(source: Any, columns: Mapping[str, str]) -> Iterator[Row]:
    if isinstance(source, (str, os.PathLike)):
        if source == SAMPLE:
            source = str(importlib.resources.files("relatedstories") / "sample.jsonl")
        if url := _URL.match(os.fspath(source)):  # the rest may hold a password
            raise InputError(f"got a {url[1]} address, expected a file: {_FORMATS}; databases cannot be read yet")
        return _file_rows(Path(source), columns)
    if hasattr(source, "columns") and hasattr(source, "iloc"):  # pandas
        names = [str(name) for name in source.columns]
        _check_header("data frame", names, columns)
        records = zip(*(source.iloc[:, i] for i in range(len(names))), strict=True)
        return ((f"row {n}", dict(zip(names, values, strict=True))) for n, values in enumerate(records, 1))
    if hasattr(source, "iter_rows"):  # polars
        _check_header("data frame", list(source.columns), columns)
        return ((f"row {n}", record) for n, record in enumerate(source.iter_rows(named=True), 1))
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        raise InputError(f"got {shown(source)} as an archive, expected a path, a data frame or an iterable of dicts")
    return ((f"row {n}", record) for n, record in enumerate(source, 1))


def _file_rows(path: Path, columns: Mapping[str, str]) -> Iterator[Row]:
    if path.is_dir():
        raise InputError(f"{path}: got a folder, expected a file: {_FORMATS}")
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


def _lines(path: Path) -> Iterator[bytes]:
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
    for number, line in enumerate(_lines(path), 1):
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
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            if number == 1 and text.lstrip().startswith("["):
                raise InputError(f"{where}: got a JSON array over several lines, expected {one_object}") from None
            why = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
            yield where, BadValueError(where, None, f"broken JSON ({why})", one_object)
        else:
            yield where, record


def _csv_rows(path: Path, columns: Mapping[str, str]) -> Iterator[Row]:
    # Python refuses cells of more than 128 KiB unless told otherwise, and only knows one limit for the whole process.
    csv.field_size_limit(max(csv.field_size_limit(), 1 << 30))
    lines = (line.decode(errors="surrogateescape") for line in _lines(path))
    first = next(lines, None)
    if first is None or not first.strip():
        raise InputError(f"{path}:1: got an empty first line, expected the names of the columns")
    delimiter = max(",;\t", key=first.count)

    def all_lines() -> Iterator[str]:
        yield first
        yield from lines

    reader = csv.reader(all_lines(), delimiter=delimiter, strict=True)
    header: list[str] = []
    while True:
        where = f"{path}:{reader.line_num + 1}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if "unexpected end" in str(error):  # the quote has swallowed the rest of the file: skipping it would lose it all
                raise InputError(f"{where}: got a quote that is never closed, expected quotes in pairs") from None
            if not header:
                raise InputError(f"{where}: got broken CSV ({error}), expected the names of the columns") from None
            yield where, BadValueError(where, None, f"broken CSV ({error})", "cells with their quotes in pairs")
            continue
        if cells is None:
            return
        if not header:
            header = [cell.strip() for cell in cells]
            _check_header(f"{path}:1", header, columns)
        elif len(cells) == len(header):
            broken = next((name for name, cell in zip(header, cells, strict=True) if not _is_utf8(cell)), None)
            row = dict(zip(header, cells, strict=True))
            bad = broken is not None and BadValueError(where, broken, shown(row[broken]), "text in UTF-8")
            yield where, bad or row
        elif cells:
            yield where, BadValueError(where, None, f"{len(cells)} cells", f"{len(header)}, as the first line has")


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any("\udc80" <= char <= "\udcff" for char in text)


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
        _check_header(str(path), file.schema_arrow.names, columns)
        wanted = [name for name in columns.values() if name in file.schema_arrow.names]
        number = 0
        for batch in file.iter_batches(batch_size=4096, columns=wanted):
            for record in batch.to_pylist():
                number += 1
                yield f"{path}: row {number}", record
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path}: got a broken Parquet file ({str(error).splitlines()[0]}), expected a whole one") from None


def _check_header(where: str, header: list[str], columns: Mapping[str, str]) -> None:
    """Raise where columns are not there: a missing one is one error about the source, not one about every row of it."""
    for field in ("id", "title"):
        if columns.get(field) not in header:
            raise InputError(
                f"{where}: no column {columns.get(field, field)!r} for the {field}; got {', '.join(map(repr, header))}; "
                f'name it with fields={{"{field}": ...}}, --field {field}=... on the command line'
            )
    if not all(map(_is_utf8, header)):
        raise InputError(f"{where}: got names of columns that are not UTF-8; save the file as UTF-8")
    for field, column in columns.items():
        if field != column and column not in header:
            raise InputError(f"{where}: no column {column!r} for the {field}; got {', '.join(map(repr, header))}")
    twice = next((name for name in columns.values() if header.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{where}: got column {twice!r} {header.count(twice)} times, expected it once")


def _events(
    rows: Iterator[Row], columns: Mapping[str, str], on_error: Callable[[BadValueError], object] | None
) -> Iterator[Event]:
    seen: dict[str, str] = {}
    for where, row in rows:
        try:
            if isinstance(row, BadValueError):
                raise row
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


def _event(where: str, row: Any, columns: Mapping[str, str]) -> Event:
    if not isinstance(row, Mapping):
        raise BadValueError(where, None, shown(row), "an object with fields")
    values: dict[str, Any] = {name: value for name, column in columns.items() if not _is_missing(value := row.get(column))}
    for name in ("id", "title"):
        if name not in values:
            column = columns.get(name, name)
            got = "nothing" if column in row else f"no {column!r} among {', '.join(map(repr, row)) or 'no fields'}"
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
