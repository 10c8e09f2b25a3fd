"""SOURCE, the archive that a command reads: its options are checked once, and one object reads it and writes into it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from relatedstories.addresses import DATABASES, address_scheme, is_database
from relatedstories.cli.console import say
from relatedstories.cli.options import ReadOptions, as_wrong_usage
from relatedstories.columns import READ_FIELDS
from relatedstories.counts import counted
from relatedstories.errors import BadValueError, InputError
from relatedstories.event_stream import EventStream
from relatedstories.events import Event
from relatedstories.files.formats import SUFFIXES
from relatedstories.files.lines import COMPRESSED
from relatedstories.pages.publication import EXPIRED
from relatedstories.pages.reader import SOURCES, Pages, read_pages
from relatedstories.pages.sections import check_heading
from relatedstories.sources import SAMPLE, holds_pages, read_events

if TYPE_CHECKING:
    from relatedstories.databases.database import Database
    from relatedstories.databases.links_table import LinksTable

__all__ = ["MAX_SHOWN", "Source", "columns_of", "is_file", "names_archive"]

MAX_SHOWN = 20
"""Number of skipped rows, and of remarks, that are shown one by one; further ones are only counted."""

_TITLE_WITHIN = re.compile(r"'([\w.]+\.(?:title|headline))'", re.IGNORECASE)
"""A name, among those that an error lists, of what is most likely the title of an event."""

_SQLITE_SUFFIXES = (".db", ".sqlite", ".sqlite3")


class Source:
    """The archive that a command is given, with the options on reading it.

    Parameters
    ----------
    address : str or list of str
        The argument SOURCE: a file, a folder, the address of a database, or "sample"; or several files.
    reading : ReadOptions
    related_head, sources_head : str
        The headings of the sections of pages that are not text; without the first, those of any language.
    columns : dict of str to str, optional
        The column of each field, in place of those that `reading` names.
    quiet : bool
        Whether remarks on how the archive was read are not printed; warnings are.

    Attributes
    ----------
    pages : Pages or None
        What is found in a folder of pages; None for any other archive.
    is_folder : bool
        Whether the address is that of a folder, of pages or of files.
    skipped, drafts : int
        Number of rows, so far, that were skipped as they are not valid events, and left out as drafts.
    has_dates : bool
        Whether an event read so far has a date.
    is_read : bool
        Whether events were read: they need not be where they are known to be those of the run before.
    remarks : list of str
        How the archive was read, where that was not plain.

    Nothing is read, connected to or checked before that is asked for.
    """

    def __init__(
        self,
        address: str | list[str],
        reading: ReadOptions,
        *,
        related_head: str | None = None,
        sources_head: str = SOURCES,
        columns: dict[str, str] | None = None,
        quiet: bool = False,
    ) -> None:
        self._addresses = [address] if isinstance(address, str) else address
        self.address = address = self._addresses[0]
        self.skipped, self.drafts, self.has_dates, self.is_read = 0, 0, False, False
        self.remarks: list[str] = []
        self._first_skipped: str | None = None
        several = len(self._addresses) > 1
        self.is_folder = not several and address != SAMPLE and not is_database(address) and os.path.isdir(address)
        self.pages = Pages() if self.is_folder and holds_pages(address) else None
        self._reading, self._columns, self._quiet = reading, columns, quiet
        self._related_head, self._sources_head = related_head, sources_head

    def check(self) -> None:
        """Raise an error where the options contradict each other or do not go with this kind of archive.

        Raises
        ------
        typer.BadParameter
            For such options.
        InputError
            For the address of a database that is broken, or whose driver is not installed.
        """
        columns_of(self._reading)
        if any(address == "-" and not is_file(address) for address in self._addresses):
            raise typer.BadParameter("got - (standard input) as SOURCE, expected a file, a folder or the address of a database")
        if self.pages is not None:
            with as_wrong_usage({"related": "--related-head", "sources": "--sources-head"}):
                check_heading("", "sources", self._sources_head)
                if self._related_head is not None:
                    check_heading("", "related", self._related_head)
        others = [other for other in self._addresses if not is_file(other)]
        if len(self._addresses) > 1 and others:
            raise typer.BadParameter(f"got {others[0]} among several SOURCEs, expected files")
        in_query, in_table = self._reading.query is not None, {self._reading.table, self._reading.where} != {None}
        if self.pages is None and (self._reading.expired or self._reading.future):
            raise typer.BadParameter("--expired and --future go with a folder of pages as SOURCE")
        if self.database is None and (in_query or in_table):
            raise typer.BadParameter(
                f"--table, --where and --query go with the address of a database as SOURCE{self._database_hint}"
            )
        if in_query and in_table:
            raise typer.BadParameter("give either --query SQL or --table NAME, --where SQL")

    @cached_property
    def database(self) -> Database | None:
        """The database that the address names; None for any other archive."""
        if not is_database(self.address):
            return None
        from relatedstories.databases.database import Database

        return Database(self.address)

    @property
    def _database_hint(self) -> str:
        """What to add to an error for an archive that is no database though it is likely meant to be one."""
        if self.address.lower().endswith(_SQLITE_SUFFIXES) and address_scheme(self.address) is None:
            return f": sqlite:///{self.address}, perhaps"
        if (scheme := address_scheme(self.address)) is None:
            return ""
        return f": got {scheme}://, expected {DATABASES}"

    @property
    def name(self) -> str:
        """The archive as messages name it, without a password."""
        if len(self._addresses) > 1:
            return f"{self.address} and {len(self._addresses) - 1} more"
        return self.address if self.database is None else self.database.name

    @property
    def files(self) -> list[Path]:
        """The files that the archive is in, also that of an SQLite database; none for any other archive."""
        if self.database is not None:
            return [self.database.file] if self.database.file is not None else []
        return [Path(address) for address in self._addresses if is_file(address)]

    @contextmanager
    def events(self) -> Iterator[Iterable[Event]]:
        """Check the options and open the stream of events; the number of skipped rows is printed when the block ends."""
        self.check()
        try:
            yield _SourceEvents(self)
            if self.pages is not None and not self._quiet:
                say(str(self.pages))
                if self.pages.others[EXPIRED] > self.pages.events:
                    say("most pages have expired; --expired reads them all the same")
        finally:
            unit = "rows" if self.pages is None else "pages"
            if self.skipped:
                say(f"{counted(self.skipped, unit)} of {self.name} skipped")
            for remark in () if self._quiet else self.remarks[:MAX_SHOWN]:
                say(remark)
            if not self._quiet and len(self.remarks) > MAX_SHOWN:
                say(f"not shown: {counted(len(self.remarks) - MAX_SHOWN, 'more such remarks')}")
            for fault in self.pages.faults if self._quiet and self.pages is not None else ():
                say(f"{self.name}: {fault}")

    def links_table(self, name: str) -> LinksTable:
        """Return the table of the database that takes the links."""
        if self.database is None:
            raise typer.BadParameter(f"--links-table goes with the address of a database as SOURCE{self._database_hint}")
        from relatedstories.databases.links_table import LinksTable
        from relatedstories.databases.reader import EVENTS

        archive = None if self._reading.query is not None else self._reading.table or EVENTS
        return LinksTable(self.database, name, archive=archive, id_column=columns_of(self._reading).get("id", "id"))

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to say about what was read."""
        return self.has_dates and not (self.skipped or self.drafts or self.remarks)

    def read(self) -> Iterator[Event]:
        """Yield the events; raises `InputError` after the last row if there are none."""
        count, self.is_read = 0, True
        for event in self.stream:
            count += 1
            self.has_dates |= event.date is not None
            yield event
        if not count:
            # Most likely an earlier step of the nightly job failed: the links of the run before are better than none.
            hint = _hint(self._first_skipped or "")
            why = f"; {self.skipped} skipped, such as {self._first_skipped}{hint}" if self._first_skipped else ""
            left_out = self.pages.left_out if self.pages is not None else ""
            why += f"; left out: {left_out}" if left_out else ""
            raise InputError(f"{self.name}: got no events, expected at least one{why}")

    @cached_property
    def stream(self) -> Iterator[Event]:
        """The events as the reader of this kind of archive gives them."""
        reading = self._reading
        columns = columns_of(reading) if self._columns is None else self._columns
        keywords: dict[str, Any] = {
            "on_error": None if reading.strict else self._count_skipped,
            "on_draft": self._count_draft,
            "drafts": reading.draft,
            "strict": reading.strict,
            "date_format": reading.date_format,
        }
        if self.pages is not None:
            return read_pages(
                self.address,
                columns,
                found=self.pages,
                related=self._related_head,
                sources=self._sources_head,
                expired=reading.expired,
                future=reading.future,
                on_remark=self.remarks.append,
                **keywords,
            )
        source = self.database or (self.address if len(self._addresses) == 1 else [Path(file) for file in self._addresses])
        selection: dict[str, Any] = {"table": reading.table, "where": reading.where, "query": reading.query}
        return read_events(source, columns, on_remark=self.remarks.append, encoding=reading.encoding, **selection, **keywords)

    def _count_skipped(self, error: BadValueError) -> None:
        self.skipped += 1
        self._first_skipped = self._first_skipped or str(error)
        if self.skipped <= MAX_SHOWN:
            say(f"skipped: {error}")
        elif self.skipped == MAX_SHOWN + 1:
            say("more rows are skipped; they are counted but not shown")

    def _count_draft(self, _: str) -> None:
        self.drafts += 1


class _SourceEvents:
    """The events of a source, see `relatedstories.event_stream.DigestedEvents`."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Event]:
        return self._source.read()

    def digest(self) -> str | None:
        """Return a digest of the source as it is now; None where that cannot be told."""
        return self._source.stream.digest() if isinstance(self._source.stream, EventStream) else None

    def may_have(self, digest: str) -> bool:
        """Return whether the source may still have a digest that it had, by a glance at it."""
        return isinstance(self._source.stream, EventStream) and self._source.stream.may_have(digest)

    @property
    def read_from(self) -> str | None:
        """The digest of what all events were read from, if there is nothing to say about them."""
        stream = self._source.stream
        return stream.read_from if isinstance(stream, EventStream) and self._source.is_plain else None


def _hint(error: str) -> str:
    """Return what may be added to a command whose archive gave nothing but an error such as this."""
    if ": title: got no " in error:
        within = _TITLE_WITHIN.search(error)
        column = within[1] if within else "COLUMN"
        return f"; --field title={column} names the column of the title"
    return "; --encoding NAME names the encoding" if error.endswith("expected text in UTF-8") else ""


def columns_of(reading: ReadOptions) -> dict[str, str]:
    """Return the column that each --field names, by field."""
    columns = {}
    for pair in reading.field or ():
        name, _, column = pair.partition("=")
        if name not in READ_FIELDS or not column:
            raise typer.BadParameter(f"got --field {pair}, expected FIELD=COLUMN, FIELD one of {', '.join(READ_FIELDS)}")
        columns[name] = column
    return columns


def is_file(text: str) -> bool:
    """Return whether an argument is the path of a file."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or with a NUL: a text
        return False


def names_archive(text: str) -> bool:
    """Return whether an argument names an archive rather than being a text; a sentence may end in ".csv" as well.

    Examples
    --------
    >>> [names_archive(text) for text in ("news.csv", "sqlite:///news.db", "They lost news.csv", "Snow in Oslo")]
    [True, True, False, False]
    """
    plain = text.lower()
    for packed in COMPRESSED:
        plain = plain.removesuffix(packed)
    named = text == SAMPLE or is_database(text) or plain.endswith(SUFFIXES)
    return (named and (is_file(text) or " " not in text)) or _is_folder(text)


def _is_folder(text: str) -> bool:
    """Return whether an argument is the path of a folder."""
    try:
        return Path(text).is_dir()
    except (OSError, ValueError):  # too long for a path, or with a NUL: a text
        return False
