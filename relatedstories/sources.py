"""Read an archive: a file, a folder of pages, a database, a data frame or records as a stream of `Event`."""

from __future__ import annotations

import importlib.resources
import io
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from relatedstories.addresses import address_scheme, is_database
from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import Event
from relatedstories.files.formats import FORMATS, read_file_rows
from relatedstories.records import DRAFTS, SourceRow, check_drafts, check_header, column_of_each_field, events_of_rows

__all__ = ["SAMPLE", "read_events"]

SAMPLE = "sample"
"""The source that stands for the archive that comes with the package."""


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
    source : path, str, Database, data frame or iterable
        One of:

        - a file in UTF-8 whose name ends in .jsonl, .ndjson or .csv (each also .gz), .tsv or .parquet;
        - ``"sample"``, the archive that comes with the package;
        - a folder of Markdown pages, see `relatedstories.pages.read_pages`;
        - a `relatedstories.databases.Database` or its URL in SQLAlchemy's form, such as ``"sqlite:///news.db"``;
        - a pandas or polars data frame;
        - an iterable of dicts or events.
    fields : mapping of str to str, optional
        The column or key that a field of `Event` is read from, where its name differs: ``{"title": "headline"}``.
        A column named here is not read again for the field of its own name. ``{"status": "state"}`` names the column that
        marks drafts.
    on_error : callable, optional
        Called with the error of each row that cannot be an event; the row is skipped. By default the error is raised.
    drafts : collection of str, default ("draft",)
        The values of the status column that mark drafts, in upper or lower case. If `fields` names a status, the rows of
        drafts are left out.
    on_draft : callable, optional
        Called with the place of each draft that is left out.
    table : str, default "events"
        The table or view of a database to read, as ``name`` or ``schema.name``.
    where : str, optional
        A condition in SQL that the rows of the table must meet.
    query : str, optional
        A query to read instead of a table. It is run read-only.

    Yields
    ------
    Event
        In the order of the source. Empty cells, null and NaN are missing values. Topics and sources given as one text
        are split at semicolons.

    Raises
    ------
    BadValueError
        For a row that cannot be an event, with its place, its field, what was got and what was expected.
    InputError
        If the source cannot be read at all: an unknown format, a missing column, a file cut short.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    UserWarning
        After the last row, if no row has a key that `fields` names, or if rows have a ``status`` of drafts and `fields` names
        no status.

    Examples
    --------
    >>> rows = [{"id": 1, "headline": "Rain in Wales", "date": "2020-02-15"}]
    >>> next(read_events(rows, fields={"title": "headline"})).date
    datetime.date(2020, 2, 15)
    """
    if on_error is not None and not callable(on_error):
        raise BadValueError("read_events", "on_error", shown(on_error), "a function of an error, or None")
    draft_values = check_drafts("read_events", drafts)
    options = {"table": table, "where": where, "query": query}
    selection = {name: value for name, value in options.items() if value is not None}
    if not selection and isinstance(source, (str, os.PathLike)) and source != SAMPLE and os.path.isdir(source):
        from relatedstories.pages.reader import read_pages  # imported only where it is needed, to start faster

        return read_pages(source, fields, on_error=on_error, drafts=drafts, on_draft=on_draft)
    columns = column_of_each_field({} if fields is None else fields)
    rows = _rows(source, columns, selection)  # not inside a generator, so that a wrong source is an error of this call
    return events_of_rows(rows, columns, draft_values, on_error, on_draft)


def _rows(source: Any, columns: Mapping[str, str], selection: Mapping[str, str]) -> Iterator[SourceRow]:
    """Return the rows of any source but a folder of pages."""
    # A Database is known by its method `reading`, so that SQLAlchemy is only imported where it is needed.
    if is_database(source) or hasattr(type(source), "reading"):
        from relatedstories.databases.reader import read_rows

        return read_rows(source, columns, **selection)
    for name, value in selection.items():
        raise BadValueError("read_events", name, shown(value), "nothing, as the source is no database")
    if isinstance(source, (str, os.PathLike)) and source != "":
        return read_file_rows(_file(source), columns)
    if hasattr(source, "iloc") and hasattr(source, "columns"):  # pandas
        names = [str(name) for name in source.columns]
        check_header("data frame", names, columns)
        rows = zip(*(source.iloc[:, i] for i in range(len(names))), strict=True)
        return _numbered(dict(zip(names, row, strict=True)) for row in rows)
    if hasattr(source, "iter_rows"):  # polars
        check_header("data frame", list(source.columns), columns)
        return _numbered(source.iter_rows(named=True))
    if isinstance(source, (str, bytes, Mapping, io.IOBase)) or not isinstance(source, Iterable):
        raise InputError(f"got {shown(source)} as an archive, expected a path, a data frame or an iterable of dicts")
    return _numbered(source)


def _file(source: str | os.PathLike[str]) -> Path:
    """Return the path of a file or of the sample; raises `InputError` for an address, whose password it does not repeat."""
    if source == SAMPLE:
        return Path(str(importlib.resources.files("relatedstories") / "sample.jsonl"))
    scheme = address_scheme(os.fspath(source))
    if scheme and not os.path.exists(source):
        raise InputError(
            f"got an address ({scheme}://...), expected a file: {FORMATS}; or the URL of a database as a str, such as sqlite:///news.db"
        )
    return Path(source)


def _numbered(rows: Iterable[Any]) -> Iterator[SourceRow]:
    return ((f"row {number}", row) for number, row in enumerate(rows, 1))
