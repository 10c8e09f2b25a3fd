"""Errors that a caller can correct. Each message says where, what was got and what was expected."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Collection
from pathlib import Path

from relatedstories.addresses import without_passwords

__all__ = [
    "BadValueError",
    "InputError",
    "UnknownEventError",
    "WriteError",
    "check_functions",
    "number_within",
    "path_given",
    "shown",
    "shown_names",
    "whole_number",
]


class InputError(ValueError):
    """Input that cannot be used. The message says what it is, where, and what was expected."""


class BadValueError(InputError):
    """A wrong value: of a field of an event, a row of a file or an argument.

    Parameters
    ----------
    where : str
        The row or call: ``"news.jsonl:17"``, ``"news.parquet: row 17"``, ``"event 'a1'"``, ``"related"``.
    field : str or None
        The field or argument that is wrong; None if the whole row is.
    got, expected : str
        The value, and what it should have been.

    Examples
    --------
    >>> print(BadValueError("news.jsonl:17", "date", "'2016-13-01'", "a date as YYYY-MM-DD"))
    news.jsonl:17: date: got '2016-13-01', expected a date as YYYY-MM-DD
    """

    def __init__(self, where: str, field: str | None, got: str, expected: str) -> None:
        # All four are args, so that the error can be pickled on its way back from a worker process.
        super().__init__(where, field, got, expected)
        self.where, self.field, self.got, self.expected = where, field, got, expected

    def __str__(self) -> str:
        place = f"{self.where}: {self.field}" if self.field else self.where
        return f"{place}: got {self.got}, expected {self.expected}"


class UnknownEventError(InputError, KeyError):
    """An id of no event of the archive."""

    __str__ = Exception.__str__  # KeyError would print the message in quotes


class WriteError(OSError, InputError):
    """A file that cannot be written: on a full disk, say. Has the `errno`, `strerror` and `filename` of an `OSError`."""

    def __str__(self) -> str:
        return f"{self.filename}: cannot be written ({self.strerror})"


def shown(value: object, limit: int = 60) -> str:
    """Return a value as error messages show it: on one line, cut to `limit` characters, with its type unless it is a text.

    Passwords in addresses are hidden.

    Examples
    --------
    >>> shown("mysql://joe:secret@host/news")
    "'mysql://joe:***@host/news'"
    """
    if isinstance(value, str):
        text = str(value)[:1000]
        text = repr((without_passwords(text) if ":/" in text else text)[: limit + 1])
    else:
        try:
            text = " ".join(repr(value).split())
        except Exception:  # too many digits, too deep a nesting, or a __repr__ that fails
            text = "a value"
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    return text if value is None or isinstance(value, str) else f"{text} ({type(value).__name__})"


def shown_names(names: Collection[object], limit: int = 12) -> str:
    """Return names of columns or keys as error messages list them: the first `limit` and the number of the others.

    Examples
    --------
    >>> shown_names(["id", "headline", "day"], limit=2)
    "'id', 'headline' and 1 more"
    """
    first = ", ".join(shown(name) for name in list(names)[:limit]) or "no names"
    return f"{first} and {len(names) - limit} more" if len(names) > limit else first


def path_given(where: str, field: str, value: object) -> Path:
    """Return the path that an argument gives; raises `BadValueError` if it is none."""
    if not isinstance(value, (str, os.PathLike)):
        raise BadValueError(where, field, shown(value), "a path")
    return Path(value)


def check_functions(where: str, **functions: object) -> None:
    """Raise `BadValueError` for an argument that is neither a function nor None."""
    for field, function in functions.items():
        if function is not None and not callable(function):
            raise BadValueError(where, field, shown(function), "a function, or None")


def whole_number(where: str, field: str, value: object, least: int) -> int:
    """Return the value as an int; raises `BadValueError` if it is no whole number of at least `least`."""
    try:
        number = least - 1 if isinstance(value, bool) else int(operator.index(value))  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least:
        raise BadValueError(where, field, shown(value), f"a whole number of at least {least}")
    return number


def number_within(where: str, field: str, value: object, least: float = 0, most: float = 1) -> float:
    """Return the value as a float; raises `BadValueError` if it is no number from `least` to `most`."""
    try:
        number = math.nan if isinstance(value, (bool, str)) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not least <= number <= most:
        raise BadValueError(where, field, shown(value), f"a number from {least:g} to {most:g}")
    return number
