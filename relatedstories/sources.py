"""Read an archive: a file, a folder of pages, a database, a data frame or records as a stream of `Event`."""

from __future__ import annotations

import hashlib
import importlib.resources
import io
import itertools
import os
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relatedstories.addresses import address_scheme, is_database
from relatedstories.columns import SourceRow, TableRow, check_header, column_of_each_field
from relatedstories.dates import check_date_format
from relatedstories.errors import BadValueError, InputError, check_functions, shown
from relatedstories.event_stream import EventStream
from relatedstories.events import Event
from relatedstories.files.formats import FORMATS, is_readable, read_file_rows, read_folder_rows
from relatedstories.files.lines import check_encoding
from relatedstories.records import DRAFTS, check_drafts, events_of_rows

if TYPE_CHECKING:
    from relatedstories.databases.reader import RowDigest

__all__ = ["SAMPLE", "holds_pages", "read_events"]

SAMPLE = "sample"
"""The source that stands for the archive that comes with the package."""


_NO_PAGES = ("readme.md", "license.md", "changelog.md")
"""Files in Markdown that folders of other files may have."""


def read_events(
    source: Any,
    fields: Mapping[str, str] | None = None,
    *,
    on_error: Callable[[BadValueError], object] | None = None,
    drafts: Collection[str] = DRAFTS,
    on_draft: Callable[[str], object] | None = None,
    on_remark: Callable[[str], object] | None = None,
    strict: bool = False,
    date_format: str | None = None,
    encoding: str | None = None,
    table: str | None = None,
    where: str | None = None,
    query: str | None = None,
) -> Iterator[Event]:
    """Read an archive as a stream of events.

    Parameters
    ----------
    source : path, str, Database, data frame or iterable
        One of:

        - a file whose name ends in .jsonl, .ndjson, .jl, .json, .csv or .tsv; in .xml, .rss or .atom: a feed, a WordPress export
          or a news sitemap (each of these also .gz, .bz2 or .xz); in .parquet; in .html or .txt: one article;
        - a list of such files, as ``pathlib.Path``;
        - ``"sample"``, the archive that comes with the package;
        - a folder of Markdown pages, see `relatedstories.pages.read_pages`, or else of such files;
        - a `relatedstories.databases.Database` or its URL in SQLAlchemy's form, such as ``"sqlite:///news.db"``;
        - a pandas or polars data frame; an index of pandas that has a name is a column, too;
        - an iterable of dicts or events.
    fields : mapping of str to str, optional
        The column or key that a field of `Event` is read from, where its name differs: ``{"title": "headline"}``.
        Values within others are named with full stops: ``{"title": "attributes.headline"}``. Where no column has the very
        name, capitals do not matter. A column named here is not read again for the field of its own name.
        ``{"status": "state"}`` names the column that marks drafts. Columns that no field is read from are kept in
        `Event.extra`, texts up to 2,000 characters.
    on_error : callable, optional
        Called with the error of each row that cannot be an event; the row is skipped. By default the error is raised.
    drafts : collection of str, default ("draft",)
        The values of the status column that mark drafts, in upper or lower case. If `fields` names a status, the rows of
        drafts are left out.
    on_draft : callable, optional
        Called with the place of each draft that is left out.
    on_remark : callable, optional
        Called after the last row with a line for each way of reading that was not plain: the encoding that was found, the order
        of day and month, ids that were made. By default these are warnings.
    strict : bool, default False
        Whether an optional value that cannot be read, such as a date, makes the row an error. By default the event stays
        without it, and a warning counts them.
    date_format : str, optional
        How dates are read that do not say whether the day or the month comes first: ``"day-first"``, ``"month-first"`` or a
        pattern of ``strptime`` such as ``"%d.%m.%y"``. By default another date of the source has to show it.
    encoding : str, optional
        The encoding of files of text. By default it is found: UTF-8, UTF-16 with a byte order mark, else Windows-1252.
    table : str, default "events"
        The table or view of a database to read, as ``name`` or ``schema.name``.
    where : str, optional
        A condition in SQL that the rows of the table must meet.
    query : str, optional
        A query to read instead of a table. It is run read-only.

    Yields
    ------
    Event
        In the order of the source. Empty cells, null and NaN are missing values, in tables also words such as NULL and N/A.
        Topics given as one text may be a list in JSON or Python, or divided by semicolons, bars or commas. A row without an
        id has its url as the id, or a digest of title, date and text; one without a title the first sentence of its text.

    Raises
    ------
    BadValueError
        For a row that cannot be an event, with its place, its field, what was got and what was expected.
    InputError
        If the source cannot be read at all: an unknown format, a missing column, a file cut short, or dates that do not tell
        whether the day or the month comes first.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    UserWarning
        After the last row, if no row has a key that `fields` names, if rows have a ``status`` of drafts and `fields` names
        no status, if values could not be read, and for the lines that `on_remark` would take.

    Examples
    --------
    >>> rows = [{"id": 1, "headline": "Rain in Wales", "date": "2020-02-15"}]
    >>> next(read_events(rows, fields={"title": "headline"})).date
    datetime.date(2020, 2, 15)
    """
    check_functions("read_events", on_error=on_error, on_draft=on_draft, on_remark=on_remark)
    if not isinstance(strict, bool):
        raise BadValueError("read_events", "strict", shown(strict), "True or False")
    draft_values = check_drafts("read_events", drafts)
    check_date_format("read_events", date_format)
    check_encoding("read_events", encoding)
    options = {"table": table, "where": where, "query": query}
    selection = {name: value for name, value in options.items() if value is not None}
    is_folder = not selection and isinstance(source, (str, os.PathLike)) and source != SAMPLE and os.path.isdir(source)
    if is_folder and holds_pages(source):
        from relatedstories.pages.reader import read_pages  # imported only where it is needed, to start faster

        how: dict[str, Any] = {"on_remark": on_remark, "strict": strict, "date_format": date_format}
        return read_pages(source, fields, on_error=on_error, drafts=drafts, on_draft=on_draft, **how)
    columns = column_of_each_field({} if fields is None else fields)
    remarks = _Remarks()
    remark = remarks.noting(on_remark or (lambda text: warnings.warn(text, stacklevel=3)))
    # not inside a generator, so that a wrong source is an error of this call
    options_read = repr([sorted(columns.items()), sorted(draft_values), strict, date_format, encoding, sorted(selection.items())])
    digest = _row_digest(options_read) if _is_in_database(source) else None
    rows = _rows(source, columns, selection, encoding, remark, digest)
    events = events_of_rows(
        rows,
        columns,
        draft_values,
        on_error and remarks.noting(on_error),
        remarks.noting(on_draft or (lambda _: None)),
        on_remark=remarks.noting(on_remark or (lambda text: warnings.warn(text, stacklevel=4))),
        on_warning=remarks.noting(lambda text: warnings.warn(text, stacklevel=4)),
        strict=strict,
        date_format=date_format,
    )
    return EventStream(
        events,
        lambda: _digest_of(source, columns, selection, options_read),
        lambda: not remarks.count,
        None if digest is None else lambda: str(digest),
        lambda known: _may_have(source, selection, known),
    )


class _Remarks:
    """A count of what there was to say about rows."""

    def __init__(self) -> None:
        self.count = 0

    def noting(self, say: Callable[[Any], object]) -> Callable[[Any], object]:
        """Return a function that says something and counts it."""

        def say_and_count(what: Any) -> object:
            self.count += 1
            return say(what)

        return say_and_count


def _digest_of(source: Any, columns: Mapping[str, str], selection: Mapping[str, str], how: str) -> str | None:
    """Return a digest of what is read from a source, and of how; None where the source is neither files nor a database."""
    if _is_in_database(source):
        from relatedstories.databases.reader import digest_rows

        digest_rows(rows := _row_digest(how), source, columns, **selection)
        return str(rows)
    digest = hashlib.sha256(how.encode(errors="surrogatepass"))
    parts = source if isinstance(source, (list, tuple)) else [source]
    if not all(isinstance(part, (str, os.PathLike)) for part in parts):
        return None
    for path in map(_file, parts):
        if not path.is_file():  # a folder, or a pipe, which can be read once
            return None
        digest.update(f"{path}\0{path.stat().st_size}\0".encode(errors="surrogatepass"))
        with open(path, "rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def _may_have(source: Any, selection: Mapping[str, str], digest: str) -> bool:
    """Return whether a source may still have a digest: a table with another number of rows has not, whatever is in them."""
    if not _is_in_database(source) or "query" in selection:  # to count what a query gives may take as long as to read it
        return True
    from relatedstories.databases.reader import RowDigest, count_rows

    return RowDigest.may_be_of(digest, count_rows(source, **selection))


def _row_digest(how: str) -> RowDigest:
    """Return the beginning of a digest of what is read from a database in a way."""
    from relatedstories.databases.reader import RowDigest

    return RowDigest(how)


def _is_in_database(source: Any) -> bool:
    """Return whether a source is a database; one is known by its method `reading`, so as not to import SQLAlchemy."""
    return is_database(source) or hasattr(type(source), "reading")


def holds_pages(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder is one of pages: it has Markdown, or HTML with front matter, or no other file that can be read."""
    from relatedstories.pages.discovery import SUFFIXES as PAGES

    has_files = False
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.startswith("."):
                continue
            suffix = os.path.splitext(name)[1].lower()
            if suffix in (".html", ".htm"):
                has_files = True
                with open(os.path.join(root, name), "rb") as file:
                    if file.read(3) in (b"---", b"+++"):
                        return True
            elif suffix in PAGES and name.lower() not in _NO_PAGES:
                return True
            has_files = has_files or is_readable(name)
    return not has_files


def _rows(
    source: Any,
    columns: Mapping[str, str],
    selection: Mapping[str, str],
    encoding: str | None,
    remark: Callable[[str], object],
    digest: RowDigest | None,
) -> Iterator[SourceRow]:
    """Return the rows of any source but a folder of pages; those of a database are added to a digest as they are read."""
    if _is_in_database(source):
        from relatedstories.databases.reader import read_rows

        return read_rows(source, columns, **selection, digest=digest)
    for name, value in selection.items():
        raise BadValueError("read_events", name, shown(value), "nothing, as the source is no database")
    if isinstance(source, (str, os.PathLike)) and source != "":
        path = _file(source)
        if path.is_dir() and (rows := read_folder_rows(path, columns, encoding, remark)) is not None:
            return rows
        return read_file_rows(path, columns, encoding, remark)
    if isinstance(source, (list, tuple)) and source and all(isinstance(part, os.PathLike) for part in source):
        parts = [_rows(part, columns, selection, encoding, remark, digest) for part in source]
        return itertools.chain.from_iterable(parts)
    if hasattr(source, "iloc") and hasattr(source, "columns"):  # pandas
        if all(name is not None and name not in source.columns for name in source.index.names):  # as of `set_index("id")`
            source = source.reset_index()
        names = [str(name) for name in source.columns]
        check_header("data frame", names, columns)
        cells = zip(*(source.iloc[:, i] for i in range(len(names))), strict=True)
        return _numbered(TableRow(zip(names, row, strict=True)) for row in cells)
    if hasattr(source, "iter_rows"):  # polars
        check_header("data frame", list(source.columns), columns)
        return _numbered(map(TableRow, source.iter_rows(named=True)))
    if isinstance(source, (str, bytes, Mapping, io.IOBase)) or not isinstance(source, Iterable):
        raise InputError(f"got {shown(source)} as an archive, expected a path, a data frame or an iterable of dicts")
    if isinstance(source, (list, tuple)) and source and all(isinstance(part, str) for part in source):
        raise InputError(f"got {shown(source)} as an archive, expected dicts or events; files are named as pathlib.Path")
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
    for number, row in enumerate(rows, 1):
        where = f"row {number}"
        is_row = isinstance(row, (Mapping, Event))
        yield where, row if is_row else BadValueError(where, None, shown(row), "a dict or an Event")
