"""Rows of a JSON Lines file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from relatedstories.errors import BadValueError, InputError
from relatedstories.files.lines import read_lines
from relatedstories.records import SourceRow, utf8_error

__all__ = ["read_json_lines"]

_OBJECT_PER_LINE = "one JSON object a line"
_START_OF_SEVERAL_LINES = re.compile(r"\s*(\[\s*(\{.*)?|\{)\s*", re.DOTALL)
"""The first line of an array or object that continues on the next line."""


def read_json_lines(path: Path) -> Iterator[SourceRow]:
    """Yield the object on each line of a JSON Lines file, or what is wrong with the line; empty lines are skipped.

    Raises
    ------
    InputError
        If the file is one JSON value over several lines.
    """
    first = True
    for number, line in enumerate(read_lines(path), 1):
        where = f"{path}:{number}"
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            yield where, utf8_error(where, line, error)
            continue
        if not text.strip():
            continue
        try:
            record = json.loads(text.rstrip())
        except json.JSONDecodeError as error:
            if first and _START_OF_SEVERAL_LINES.fullmatch(text):
                raise InputError(f"{where}: got JSON over several lines, expected {_OBJECT_PER_LINE}") from None
            why = f"{error.msg.removesuffix(' at')} at column {error.colno}"
            yield where, BadValueError(where, None, f"broken JSON ({why})", _OBJECT_PER_LINE)
        except ValueError:
            yield where, BadValueError(where, None, "a number of thousands of digits", _OBJECT_PER_LINE)
        except RecursionError:
            yield where, BadValueError(where, None, "JSON nested a thousand deep or more", _OBJECT_PER_LINE)
        else:
            yield where, record
        first = False
