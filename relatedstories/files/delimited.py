"""Rows of a CSV or TSV file, with commas, semicolons or tabs between the cells."""

from __future__ import annotations

import collections
import csv
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

from relatedstories.errors import BadValueError, InputError
from relatedstories.files.lines import read_lines
from relatedstories.records import SourceRow, check_header, encoding_error

__all__ = ["read_delimited"]

_DELIMITERS = ",;\t"


def read_delimited(path: Path, columns: Mapping[str, str]) -> Iterator[SourceRow]:
    """Yield the cells of each row by column, or what is wrong with the row; the delimiter is the commonest of the first line.

    Raises
    ------
    InputError
        If the first line is empty, or lacks a column that is read.
    """
    # Python refuses cells of more than 128 KiB unless told otherwise, and only knows one limit for the whole process.
    csv.field_size_limit(max(csv.field_size_limit(), 1 << 30))
    lines = (line.decode(errors="surrogateescape") for line in read_lines(path))
    first = next(lines, None)
    if first is None or not first.strip():
        raise InputError(f"{path}:1: got an empty first line, expected the names of the columns")
    header: list[str] = []
    for number, cells in _csv_records(itertools.chain([first], lines), max(_DELIMITERS, key=first.count)):
        where = f"{path}:{number}"
        if isinstance(cells, csv.Error):
            error = BadValueError(where, None, *_got_and_expected(str(cells)))
            if not header:
                raise InputError(str(error))
            yield where, error
        elif not header:
            header = [cell.strip() for cell in cells]
            check_header(where, header, columns)
        elif len(cells) == len(header):
            row = dict(zip(header, cells, strict=True))
            yield where, encoding_error(where, row) or row
        elif len(cells) > 1 or "".join(cells).strip():
            count = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
            yield where, BadValueError(where, None, count, f"{len(header)}, as the first line has")


def _csv_records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield the number of the first line of each record with its cells, or with the error in it.

    After a stray quote the csv module takes everything up to the next quote as one cell. So only the first line of a broken
    record is given up, and the lines after it are read again.
    """
    unread: collections.deque[str] = collections.deque()  # lines to read again
    record_lines: list[str] = []

    def next_lines() -> Iterator[str]:
        while (line := unread.popleft() if unread else next(lines, None)) is not None:
            record_lines.append(line)
            yield line

    number, reader = 1, csv.reader(next_lines(), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield number, error
            unread.extendleft(reversed(record_lines[1:]))
            del record_lines[1:]
            reader = csv.reader(next_lines(), delimiter=delimiter, strict=True)
        else:
            if cells is None:
                return
            yield number, cells
        number += len(record_lines)
        record_lines.clear()


def _got_and_expected(error: str) -> tuple[str, str]:
    """Return what was got and what was expected, given the message of the csv module."""
    if "unexpected end" in error:
        return "a quote that is never closed", "quotes in pairs"
    if "new-line character" in error:
        return "a carriage return within the line", "lines that end in a line feed, with or without one before it"
    return f"broken CSV ({error})", "cells with their quotes in pairs"
