"""Files of lists under keys, as users write them: names of topics, pinned and blocked events."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relatedstories.errors import InputError, shown

__all__ = ["read_lists"]

_LONGEST = 1 << 17
"""Of a cell: a longer one is a quote gone astray. Python's own limit is that of the whole process, which others may lift."""


def read_lists(
    path: str | os.PathLike[str], what: str, form: str, check: Callable[[str, str], object] = lambda _place, _cell: None
) -> dict[str, list[str]]:
    """Read a file of texts, each with a list of others.

    Parameters
    ----------
    path : path
        ``.json``: an object of lists of texts. ``.csv``, else tab-separated: a line a key, then what is under it; empty lines
        and those that begin with # do not count, and lines of one key are joined.
    what, form : str
        What an error says was expected: of the file, and of its JSON.
    check : callable, optional
        Given the place and the text of each key and each value; may raise.

    Raises
    ------
    InputError
        If the file cannot be read as such; the message says where.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: got bytes that are not UTF-8 at {error.start}, expected {what}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}; expected {what}") from None
    found: dict[str, list[str]] = {}
    if path.suffix.lower() == ".json":
        for key, values in _object(path, text, form).items():
            for cell in (key, *values):
                check(f"{path}: {key}", cell)
            found[key] = values
        return found
    rows = csv.reader(io.StringIO(text, newline="")) if path.suffix.lower() == ".csv" else _tabbed(text)
    try:
        for row in rows:
            cells = [cell.strip() for cell in row if cell.strip()]
            if cells and not cells[0].startswith("#"):
                for cell in cells:
                    if len(cell) > _LONGEST:
                        raise InputError(f"{path}:{rows.line_num}: got a text of {len(cell)} characters; expected {what}")
                    check(f"{path}:{rows.line_num}", cell)
                found.setdefault(cells[0], []).extend(cells[1:])
    except csv.Error as error:
        raise InputError(f"{path}:{rows.line_num}: {error}; expected {what}") from None
    return found


def _object(path: Path, text: str, form: str) -> dict[str, list[str]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}") from None
    if not isinstance(data, dict) or not all(isinstance(v, list) and all(isinstance(x, str) for x in v) for v in data.values()):
        raise InputError(f"{path}: got {shown(data)}, expected {form}")
    return data


def _tabbed(text: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
