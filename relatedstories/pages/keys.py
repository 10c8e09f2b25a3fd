"""What front matter is once it is read, whatever its format."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from relatedstories.errors import BadValueError, InputError
from relatedstories.pages.sections import split_lines

__all__ = [
    "MAX_DEPTH",
    "FrontMatter",
    "Item",
    "Key",
    "Value",
    "as_texts",
    "line_numbers",
    "not_alone",
    "place",
    "quoted",
    "too_deep",
]

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"
"""A value of front matter; a scalar is the text that it is written as, true and false in lower case."""

Item: TypeAlias = "Mapping[str, str] | str"
"""A link as it is written into front matter."""

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

MAX_DEPTH = 100
"""Deepest nesting of lists and mappings in front matter that is read. Parsers have limits of their own, which differ."""


class FrontMatter(NamedTuple):
    """The place of front matter in a text: its lines from `start` to `end`, the page after it from `body` on, its `format`."""

    start: int
    end: int
    body: int
    format: str = "YAML"


class Key(NamedTuple):
    """A key of front matter.

    Parameters
    ----------
    value : Value
    line : int
        The number of its line in the file.
    start, end : int
        Where the key and its value stand in the text.
    earlier : int or None, default None
        The line of the same key before it, whose value does not count.
    """

    value: Value
    line: int
    start: int
    end: int
    earlier: int | None = None


def place(where: str, text: str, at: int) -> str:
    """Return the file and line of a position in its text."""
    return f"{where}:{next(line_numbers(text, [at]))}"


def line_numbers(text: str, positions: Iterable[int]) -> Iterator[int]:
    r"""Yield the numbers of the lines of ascending positions, in time that grows with the text, not with their number.

    Examples
    --------
    >>> list(line_numbers("a\nb\r\nc", [0, 2, 5]))
    [1, 2, 3]
    """
    line, counted = 1, 0
    for at in positions:
        line, counted = line + len(split_lines(text[counted:at] + "x")) - 1, at
        yield line


def as_texts(value: Any, where: str, text: str, at: int, depth: int = 1) -> Value:
    """Return a value that stands at a place in TOML or JSON with its scalars as texts; raises `BadValueError` for deep nesting.

    Examples
    --------
    >>> as_texts({"draft": False, "day": dt.date(2020, 2, 15), "tags": ["a", 1]}, "page", "", 0)
    {'draft': 'false', 'day': '2020-02-15', 'tags': ['a', '1']}
    """
    if depth > MAX_DEPTH:
        raise too_deep(where, text, at)
    if isinstance(value, dict):
        return {key: as_texts(item, where, text, at, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [as_texts(item, where, text, at, depth + 1) for item in value]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    try:
        return str(value)
    except ValueError:  # Python writes out no number of more than 4300 digits
        raise BadValueError(place(where, text, at), None, "a number of too many digits", "a shorter number") from None


def too_deep(where: str, text: str, at: int) -> BadValueError:
    """Return the error for front matter that is nested too deep."""
    expected = f"lists and mappings at most {MAX_DEPTH} levels deep"
    return BadValueError(place(where, text, at), None, f"front matter nested more than {MAX_DEPTH} levels deep", expected)


def not_alone(where: str, name: str) -> InputError:
    """Return the error for a key that no edit changes without changing more."""
    return InputError(f"{where}: got front matter whose {name!r} cannot be edited alone, expected it on lines of its own")


def quoted(value: str) -> str:
    r"""Return any text in quotes, as YAML, TOML and JSON read it.

    Examples
    --------
    >>> print(quoted('A "b"\n'))
    "A \"b\"\u000a"
    """
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", value) + '"'
