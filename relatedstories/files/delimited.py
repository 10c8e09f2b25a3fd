"""Rows of a CSV or TSV file, with commas, semicolons, tabs or bars between the cells."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from relatedstories.columns import SourceRow, TableRow, check_header, encoding_error
from relatedstories.counts import counted
from relatedstories.errors import BadValueError, InputError
from relatedstories.files.lines import read_lines

__all__ = ["read_delimited"]

_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""The first line that Excel reads the delimiter from."""
_WHOLE_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_Dialect = Mapping[str, Any]
_OTHER_DIALECTS: tuple[tuple[str, _Dialect], ...] = (
    (' "', {"skipinitialspace": True}),
    ('\\"', {"escapechar": "\\", "doublequote": False}),
)
"""How else a line may be written, by what it has then: spaces before its quotes, or quotes escaped as MySQL writes them."""


def read_delimited(
    path: Path,
    columns: Mapping[str, str],
    encoding: str | None = None,
    on_remark: Callable[[str], object] = lambda _: None,
) -> Iterator[SourceRow]:
    """Yield the cells of each row by column, or what is wrong with the row.

    The delimiter is a tab in .tsv files, what a first line such as ``sep=;`` says, or the commonest in the line of names. If
    all columns that `columns` names are numbers, and the first line does not have them all, there is no line of names.

    Raises
    ------
    InputError
        If the first line is empty, or lacks a column that is read.
    """
    # Python refuses cells of more than 128 KiB unless told otherwise, and only knows one limit for the whole process.
    csv.field_size_limit(max(csv.field_size_limit(), 1 << 30))
    lines = _Lines(read_lines(path, encoding, on_remark))
    first = lines.take()
    delimiter = None
    if first is not None and (separator := _SEPARATOR_LINE.fullmatch(first)) is not None:
        delimiter, first = separator[1], lines.take()
    if first is None or not first.strip():
        raise InputError(f"{path}:{max(1, lines.number)}: got an empty first line, expected the names of the columns")
    lines.put_back([first])
    is_tsv = path.name.lower().partition(".tsv")[1] != ""
    delimiter = delimiter or ("\t" if is_tsv and "\t" in first else max(_DELIMITERS, key=_outside_quotes(first).count))
    records = _Records(lines, delimiter, spaced=_is_spaced(first, delimiter))
    header: list[str] = []
    for number, cells in records:
        where = f"{path}:{number}"
        if isinstance(cells, csv.Error):
            error = BadValueError(where, None, *_got_and_expected(str(cells)))
            if not header:
                raise InputError(str(error))
            yield where, error
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            numbered = [str(place) for place in range(1, len(header) + 1)]
            named = [column for field, column in columns.items() if column != field]
            is_headless = bool(named) and all(column.isdigit() for column in named) and not set(named) <= set(header)
            if is_headless:
                header = numbered
            check_header(where, header, {**columns, "id": "id"} if is_headless and "id" not in columns else columns)
            records.width = len(header)
            if not is_headless:
                continue
        surplus = cells[len(header) :]
        if len(cells) >= len(header) and not any(cell.strip() for cell in surplus):
            row = TableRow(zip(header, cells, strict=False))
            yield where, encoding_error(where, row) or row
        elif len(cells) > 1 or "".join(cells).strip():
            count = counted(len(cells), "cells")
            yield where, BadValueError(where, None, count, f"{len(header)}, as the first line has")


def _outside_quotes(line: str) -> str:
    return _WHOLE_QUOTED.sub("", line)


def _is_spaced(first: str, delimiter: str) -> bool:
    """Return whether the names of the columns have a space after every delimiter, so that all cells have."""
    plain = _outside_quotes(first)
    return delimiter in plain and plain.count(delimiter) == plain.count(delimiter + " ")


class _Lines:
    """Lines that can be put back, with the number of the last one taken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._unread = lines, deque[str]()
        self.number = 0

    def take(self) -> str | None:
        """Return the next line; None at the end."""
        line = self._unread.popleft() if self._unread else next(self._lines, None)
        self.number += line is not None
        return line

    def put_back(self, lines: list[str]) -> None:
        """Have lines, in their order, be the next ones again."""
        self._unread.extendleft(reversed(lines))
        self.number -= len(lines)


class _Records:
    """Records of lines: the number of the first line of each with its cells, or with the error in it.

    After a stray quote the csv module takes everything up to the next quote as one cell. So only the first line of a broken
    record is given up, and the lines after it are read again.
    """

    def __init__(self, lines: _Lines, delimiter: str, spaced: bool) -> None:
        self._lines, self._delimiter = lines, delimiter
        self._dialect: _Dialect = {"skipinitialspace": True} if spaced else {}
        self._taken: list[str] = []
        self.width = 0

    def _take(self) -> Iterator[str]:
        while (line := self._lines.take()) is not None:
            self._taken.append(line)
            yield line

    def _reader(self, dialect: _Dialect) -> Any:
        return csv.reader(self._take(), delimiter=self._delimiter, strict=True, **dialect)

    def __iter__(self) -> Iterator[tuple[int, list[str] | csv.Error]]:
        reader = self._reader(self._dialect)
        while True:
            number = self._lines.number + 1
            self._taken.clear()
            if self._delimiter == "\t" and self.width:
                cells = self._of_tabs()
                if cells is not None:
                    yield number, cells
                    continue
                reader = self._reader(self._dialect)
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield number, self._another_way() or error
                reader = self._reader(self._dialect)
                continue
            if cells is None:
                return
            is_odd = (len(cells) != self.width and len(cells) > 1) or any(cell.startswith(' "') for cell in cells)
            if is_odd and self.width and (other := self._another_way(keep=True)) is not None:
                cells, reader = other, self._reader(self._dialect)
            yield number, cells

    def _another_way(self, keep: bool = False) -> list[str] | None:
        """Return the cells of the first line of the record at hand if another way of writing them gives the right number.

        Only that line stays taken then. If there is no such way, None is returned, and the first line stays taken, or all of
        them to `keep`.
        """
        first = self._taken[0]
        for mark, dialect in _OTHER_DIALECTS:
            if mark in first and self._delimiter != "\t" and self.width:
                try:
                    rows = list(csv.reader([first], delimiter=self._delimiter, strict=True, **dialect))
                except csv.Error:
                    continue
                if len(rows) == 1 and len(rows[0]) == self.width:
                    self._lines.put_back(self._taken[1:])
                    return rows[0]
        if not keep:
            self._lines.put_back(self._taken[1:])
        return None

    def _of_tabs(self) -> list[str] | None:
        """Return the cells of a line with tabs between them, where a quote is a letter unless it surrounds a cell.

        None if the line has not the right number of cells, as where a quoted cell has several lines, or at the end.
        """
        line = self._lines.take()
        if line is None:
            return None
        cells = line.rstrip("\r\n").split("\t")
        if '"' not in line:
            return cells
        if len(cells) == self.width and not self._goes_on(cells[-1]):
            return [_unquoted(cell) for cell in cells]
        self._lines.put_back([line])
        if len(cells) > self.width:
            try:  # a tab within quotes
                quoted = next(csv.reader([line], delimiter="\t", strict=True))
            except csv.Error:
                quoted = []
            if len(quoted) != self.width:
                self._lines.take()
                return cells
        return None

    def _goes_on(self, cell: str) -> bool:
        """Return whether the last cell of a line opens a quote that is closed on a later line, before another whole row."""
        if not cell.startswith('"') or _WHOLE_QUOTED.fullmatch(cell):
            return False
        later: list[str] = []
        while (line := self._lines.take()) is not None:
            later.append(line)
            if line.count("\t") == self.width - 1 or len(later) > 1000:
                break
            if line.rstrip("\r\n").endswith('"'):
                self._lines.put_back(later)
                return True
        self._lines.put_back(later)
        return False


def _unquoted(cell: str) -> str:
    found = _WHOLE_QUOTED.fullmatch(cell)
    return cell if found is None else found[1].replace('""', '"')


def _got_and_expected(error: str) -> tuple[str, str]:
    """Return what was got and what was expected, given the message of the csv module."""
    if "unexpected end" in error:
        return "a quote that is never closed", "quotes in pairs"
    if "new-line character" in error:
        return "a carriage return within the line", "lines that end in a line feed, with or without one before it"
    return f"broken CSV ({error})", "cells with their quotes in pairs"
