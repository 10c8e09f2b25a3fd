"""Front matter in JSON: its keys are read, and one of them is edited, so that everything else keeps its bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from relatedstories.errors import BadValueError
from relatedstories.pages.keys import FrontMatter, Item, Key, as_texts, line_numbers, not_alone, place, too_deep

__all__ = ["end_of_object", "read", "with_list"]

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)


class _Member(NamedTuple):
    """A key of an object, its value, and where both stand: the key from `start`, the value from `value_start` to `end`."""

    key: str
    value: Any
    start: int
    value_start: int
    end: int


def read(text: str, front: FrontMatter, where: str = "page") -> dict[str, Key]:
    r"""Return the keys of front matter in their order, with scalar values as texts.

    Raises
    ------
    BadValueError
        If the front matter is no JSON or nested more than `MAX_DEPTH` levels deep.

    Examples
    --------
    >>> text = '{\n"title": "Rain",\n"draft": false\n}\n'
    >>> {name: (key.value, key.line) for name, key in read(text, FrontMatter(0, 34, 35, "JSON")).items()}
    {'title': ('Rain', 2), 'draft': ('false', 3)}
    """
    keys: dict[str, Key] = {}
    members, _ = _members(text, front.start, where)
    lines = line_numbers(text, (member.start for member in members))
    for member, line in zip(members, lines, strict=True):
        value = as_texts(member.value, where, text, member.start)
        earlier = keys.pop(member.key, None)
        keys[member.key] = Key(value, line, member.start, member.end, earlier and earlier.line)
    return keys


def end_of_object(text: str, start: int, where: str = "page") -> int:
    """Return the position after the object that begins at `start`; raises `BadValueError` if there is none."""
    return _members(text, start, where)[1]


def _members(text: str, start: int, where: str) -> tuple[list[_Member], int]:
    """Return the keys of the object at `start` with their values, and the position after it."""
    members: list[_Member] = []
    at = _after_spaces(text, start + 1)
    if text.startswith("}", at):
        return members, at + 1
    while True:
        key, after = _decoded(text, at, where)
        colon = _after_spaces(text, after)
        if not isinstance(key, str) or not text.startswith(":", colon):
            raise _broken(where, text, at, "a key and a colon are missing")
        value_start = _after_spaces(text, colon + 1)
        value, end = _decoded(text, value_start, where)
        members.append(_Member(key, value, at, value_start, end))
        delimiter = _after_spaces(text, end)
        if text.startswith("}", delimiter):
            return members, delimiter + 1
        if not text.startswith(",", delimiter):
            raise _broken(where, text, delimiter, "a comma or a closing brace is missing")
        at = _after_spaces(text, delimiter + 1)


def _after_spaces(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _decoded(text: str, at: int, where: str) -> tuple[Any, int]:
    """Return the JSON value at a place and the position after it."""
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError:
        raise too_deep(where, text, at) from None
    except json.JSONDecodeError as error:
        raise _broken(where, text, error.pos, error.msg) from None


def _broken(where: str, text: str, at: int, why: str) -> BadValueError:
    return BadValueError(place(where, text, at), None, f"broken JSON ({why})", "front matter in JSON")


def with_list(text: str, front: FrontMatter, name: str, items: Sequence[Item], where: str = "page") -> str:
    r"""Return the text with a list under a key of its front matter, or without the key if the list is empty.

    Raises
    ------
    InputError
        If the key is used twice.

    Examples
    --------
    >>> text = '{\n  "title": "Rain"\n}\n'
    >>> print(with_list(text, FrontMatter(0, len(text) - 1, len(text), "JSON"), "related", [{"path": "/a.md", "title": "A"}]))
    {
      "title": "Rain",
      "related": [
        {"path": "/a.md", "title": "A"}
      ]
    }
    <BLANKLINE>
    """
    table, _, inner = name.rpartition(".")
    if table:
        return _within(text, front, table, inner, items, where)
    members, _ = _members(text, front.start, where)
    numbers = [number for number, member in enumerate(members) if member.key == name]
    if len(numbers) > 1:
        raise not_alone(where, name)
    if not numbers:
        if not items:
            return text
        last = members[-1] if members else None
        before = members[-2].end if len(members) > 1 else front.start
        gap = _gap(text, before, last.start) if last else ""
        at = last.end if last else front.start + 1
        return f"{text[:at]}{',' if last else ''}{gap}{json.dumps(name)}: {_listed(items, gap)}{text[at:]}"
    number = numbers[0]
    member = members[number]
    before = members[number - 1].end if number else front.start
    if items:
        return text[: member.value_start] + _listed(items, _gap(text, before, member.start)) + text[member.end :]
    if number:
        return text[:before] + text[member.end :]
    return text[: member.start] + text[members[1].start if len(members) > 1 else member.end :]


def _within(text: str, front: FrontMatter, table: str, inner: str, items: Sequence[Item], where: str) -> str:
    """Return the text with a list under a key of the object that another key has."""
    found = [member for member in _members(text, front.start, where)[0] if member.key == table]
    if not found:
        if not items:
            return text
        empty = with_list(text, front, table, [{}], where)  # in the place and with the indent of a new key
        member = next(member for member in _members(empty, front.start, where)[0] if member.key == table)
        return f"{empty[: member.value_start]}{{{json.dumps(inner)}: {_listed(items, '')}}}{empty[member.end :]}"
    if len(found) > 1 or not isinstance(found[0].value, dict):
        raise not_alone(where, f"{table}.{inner}")
    new = with_list(text, front._replace(start=found[0].value_start), inner, items, where)
    is_empty = not items and _members(new, found[0].value_start, where)[0] == []
    return with_list(new, front, table, [], where) if is_empty and found[0].value else new


def _gap(text: str, before: int, start: int) -> str:
    """Return the spaces between what stands before a key and the key."""
    between = text[before:start]
    return between[len(between.rstrip(" \t\r\n")) :]


def _listed(items: Sequence[Item], gap: str) -> str:
    """Return the list in JSON: each item on a line of its own where keys are, with the indent of the keys."""
    written = [json.dumps(item if isinstance(item, str) else {**item}, ensure_ascii=False) for item in items]
    indent = gap.rpartition("\n")[2] if "\n" in gap else gap.rpartition("\r")[2]
    newline = gap[: len(gap) - len(indent)]
    if not newline:
        return f"[{', '.join(written)}]"
    newline = "\r\n" if "\r\n" in newline else newline[-1]
    return f"[{newline}{(',' + newline).join([indent * 2 + item for item in written])}{newline}{indent}]"
