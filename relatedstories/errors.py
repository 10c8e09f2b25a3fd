"""The errors that a caller can mend: each says where, what was got and what was expected."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection

from relatedstories.addresses import without_passwords

__all__ = ["BadValueError", "InputError", "UnknownEventError", "number_within", "shown", "shown_names", "whole_number"]


class InputError(ValueError):
    """Something given to the library cannot be used; the message says what, where and what was expected."""


class BadValueError(InputError):
    """One value is not what it should be: a field of an event, a row of a file, an argument.

    Parameters
    ----------
    where : str
        The row or call: ``"news.jsonl:17"``, ``"news.parquet: row 17"``, ``"event 'a1'"``, ``"related"``.
    field : str or None
        The field or argument at fault, None where the row as a whole is.
    got, expected : str
        What stood there, and what should have.

    Examples
    --------
    >>> print(BadValueError("news.jsonl:17", "date", "'2016-13-01'", "a date as YYYY-MM-DD"))
    news.jsonl:17: date: got '2016-13-01', expected a date as YYYY-MM-DD
    """

    def __init__(self, where: str, field: str | None, got: str, expected: str) -> None:
        # All four as args, so that the error survives pickling on its way back from a worker process.
        super().__init__(where, field, got, expected)
        self.where, self.field, self.got, self.expected = where, field, got, expected

    def __str__(self) -> str:
        place = f"{self.where}: {self.field}" if self.field else self.where
        return f"{place}: got {self.got}, expected {self.expected}"


class UnknownEventError(InputError, KeyError):
    """An id that no event of the archive has."""

    __str__ = Exception.__str__  # KeyError would print the message in quotes


def shown(value: object, limit: int = 60) -> str:
    """The value as an error message shows it: on one line, cut to `limit` characters, with its type where it is no text.

    Of an address it leaves out the password.

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
        except Exception:  # too many digits, too deeply nested, a __repr__ with an error of its own
            text = "a value"
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    return text if value is None or isinstance(value, str) else f"{text} ({type(value).__name__})"


def shown_names(names: Collection[object], limit: int = 12) -> str:
    """The names of columns or keys as an error message lists them, the first `limit` of them.

    Examples
    --------
    >>> shown_names(["id", "headline", "day"], limit=2)
    "'id', 'headline' and 1 more"
    """
    listed = ", ".join(shown(name) for name in list(names)[:limit]) or "no names"
    return f"{listed} and {len(names) - limit} more" if len(names) > limit else listed


def whole_number(where: str, field: str, value: object, least: int) -> int:
    """The value as an int of at least `least`; raises `BadValueError` where it is none."""
    try:
        number = least - 1 if isinstance(value, bool) else int(operator.index(value))  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least:
        raise BadValueError(where, field, shown(value), f"a whole number of at least {least}")
    return number


def number_within(where: str, field: str, value: object, least: float = 0, most: float = 1) -> float:
    """The value as a float from `least` to `most`; raises `BadValueError` where it is none."""
    try:
        number = math.nan if isinstance(value, (bool, str)) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not least <= number <= most:
        raise BadValueError(where, field, shown(value), f"a number from {least:g} to {most:g}")
    return number
