"""Files that users write of lists under keys: names of topics, pinned and blocked events."""

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

_MAX_CELL = 1 << 17
"""Maximum length of a cell: a longer one comes from a stray quote. Python's own limit holds for the whole process, and others
may raise it."""


def read_lists(
    path: str | os.PathLike[str], what: str, form: str, check: Callable[[str, str], object] = lambda _place, _cell: None
) -> dict[str, list[str]]:
    """Read a file of keys, each with a list of texts.

    Parameters
    ----------
    path : path
        A ``.json`` file is an object of lists of texts. A ``.csv`` file, or any other with tabs between its cells, has a line
        per key: the key, then its texts. Empty lines and lines that begin with # are skipped; lines of the same key are joined.
    what, form : str
        What an error says was expected of the file, and of its JSON.
    check : callable, optional
        Called with the place and the text of each key and each value; may raise an error.

    Returns
    -------
    dict of str to list of str

    Raises
    ------
    InputError
        If the file cannot be read or is malformed; the message says where.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: got bytes that are not UTF-8 at {error.start}, expected {what}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}; expected {what}") from None
    lists: dict[str, list[str]] = {}
    if path.suffix.lower() == ".json":
        for key, values in _json_object(path, text, form).items():
            for cell in (key, *values):
                check(f"{path}: {key}", cell)
            lists[key] = values
        return lists
    rows = csv.reader(io.StringIO(text, newline="")) if path.suffix.lower() == ".csv" else _tab_separated(text)
    try:
        for row in rows:
            cells = [cell.strip() for cell in row if cell.strip()]
            if cells and not cells[0].startswith("#"):
                for cell in cells:
                    if len(cell) > _MAX_CELL:
                        raise InputError(f"{path}:{rows.line_num}: got a text of {len(cell)} characters; expected {what}")
                    check(f"{path}:{rows.line_num}", cell)
                lists.setdefault(cells[0], []).extend(cells[1:])
    except csv.Error as error:
        raise InputError(f"{path}:{rows.line_num}: {error}; expected {what}") from None
    return lists


def _json_object(path: Path, text: str, form: str) -> dict[str, list[str]]:
    """Return the object of lists that the text of a file is in JSON."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}") from None
    if not isinstance(data, dict) or not all(isinstance(v, list) and all(isinstance(x, str) for x in v) for v in data.values()):
        raise InputError(f"{path}: got {shown(data)}, expected {form}")
    return data


def _tab_separated(text: str) -> Any:
    """Return a reader of lines with tabs between the cells and no quotes."""
    return csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
