"""Front matter in TOML: its keys are read, and one of them is edited by lines, so that everything else keeps its bytes.

The standard library reads TOML and writes none, which is enough: the lines of one key are cut out and put in, and the result is
read again to see that no other key has changed. A library that keeps the layout of a document, such as tomlkit, would write all
of it anew, where here only the lines of the links are touched.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from relatedstories.errors import BadValueError
from relatedstories.pages.keys import FrontMatter, Item, Key, as_texts, line_numbers, not_alone, place, quoted, too_deep
from relatedstories.pages.sections import is_blank, line_ending, split_lines

__all__ = ["read", "with_list"]

_ERROR_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
_STATEMENT = re.compile(r"""[ \t]*(\[{0,2})[ \t]*(?:([\w-]+)|"([^"]*)"|'([^']*)')[ \t]*([=.\]])""")
_TABLE = re.compile(r"[ \t]*\[")
_MAX_LINES = 500  # of a value under the key that is edited, or of brackets at the beginning of lines, that are tried


def read(text: str, front: FrontMatter, where: str = "page") -> dict[str, Key]:
    r"""Return the keys of front matter in their order, with scalar values as texts.

    Raises
    ------
    BadValueError
        If the front matter is no TOML or nested more than `MAX_DEPTH` levels deep.

    Examples
    --------
    >>> text = 'title = "Rain"\ndraft = false\ndate = 2020-02-15\n'
    >>> {name: key.value for name, key in read(text, FrontMatter(0, len(text), len(text), "TOML")).items()}
    {'title': 'Rain', 'draft': 'false', 'date': '2020-02-15'}
    """
    inner = text[front.start : front.end]
    document = _document(inner, text, front, where)
    first = next(line_numbers(text, [front.start]))
    line_of: dict[str, int] = {}
    for number, line in enumerate(split_lines(inner), first):
        if (begun := _begun_by(line)) is not None:
            line_of.setdefault(begun[0], number)
    return {
        name: Key(as_texts(value, where, text, front.start), line_of.get(name, first), front.start, front.end)
        for name, value in document.items()
    }


def _document(inner: str, text: str, front: FrontMatter, where: str) -> dict[str, Any]:
    """Return the document that TOML stands for; raises `BadValueError` with the line."""
    try:
        return tomllib.loads(inner, parse_float=str)
    except RecursionError:
        raise too_deep(where, text, front.start) from None
    except ValueError as error:  # a TOMLDecodeError, or a number of too many digits
        found = _ERROR_LINE.search(str(error))
        line = int(found[1]) if found and found[1] else len(split_lines(inner))
        at = front.start + sum(map(len, split_lines(inner)[: max(0, line - 1)]))
        why = _ERROR_LINE.sub("", str(error))
        raise BadValueError(place(where, text, at), None, f"broken TOML ({why})", "front matter in TOML") from None


def _begun_by(line: str) -> tuple[str, bool] | None:
    """Return the key of which a line begins a value or a table, and whether it is a table; None for any other line."""
    if (found := _STATEMENT.match(line)) is None:
        return None
    name = next(part for part in found.group(2, 3, 4) if part is not None)
    return name, bool(found[1]) and found[5] != "="


def with_list(text: str, front: FrontMatter, name: str, items: Sequence[Item], where: str = "page") -> str:
    r"""Return the text with a list under a key of its front matter, or without the key if the list is empty.

    The list is written before the first table, so that lines that are added at the end of the front matter are not read as part
    of it.

    Raises
    ------
    InputError
        If the edit would change more than this key.

    Examples
    --------
    >>> text = '+++\ntitle = "Rain" # again\n\n[params]\na = 1\n+++\n'
    >>> print(with_list(text, FrontMatter(4, 42, 46, "TOML"), "related", [{"path": "/a.md", "title": "A"}]))
    +++
    title = "Rain" # again
    related = [
      { path = "/a.md", title = "A" },
    ]
    <BLANKLINE>
    [params]
    a = 1
    +++
    <BLANKLINE>
    """
    table, _, key = name.rpartition(".")
    if table:
        return _within(text, front, table, key, items, where)
    inner = text[front.start : front.end]
    document = _document(inner, text, front, where)
    if name not in document and not items:
        return text
    lines = split_lines(inner)
    if name in document:
        start, end = _lines_of_key(lines, name, document, where)
        newline = line_ending(lines[start])
    else:
        start = end = _end_of_top(lines)
        newline = line_ending(split_lines(text[: front.start])[-1])
    block = _block(name, items)
    new_inner = "".join(lines[:start] + [line + newline for line in block] + lines[end:])
    if _document_or_none(new_inner) != _with_value(document, name, items):
        raise not_alone(where, name)
    return text[: front.start] + new_inner + text[front.end :]


def _within(text: str, front: FrontMatter, table: str, name: str, items: Sequence[Item], where: str) -> str:
    """Return the text with a list under a key of a table, such as Zola's ``[extra]``."""
    inner = text[front.start : front.end]
    document = _document(inner, text, front, where)
    values = document.get(table, {})
    if not isinstance(values, dict):
        raise not_alone(where, f"{table}.{name}")
    if name not in values and not items:
        return text
    lines = split_lines(inner)
    newline = line_ending(split_lines(text[: front.start])[-1])
    expected = {**document, table: _with_value(values, name, items)}
    block = [line + newline for line in _block(name, items)]
    if table not in document:
        candidates: Iterable[list[str]] = [[*lines, newline, f"[{table}]{newline}", *block]]
    else:
        candidates = _edits_of_table(lines, table, name, name in values, block)
    for edited in candidates:
        if _document_or_none("".join(edited)) == expected:
            return text[: front.start] + "".join(edited) + text[front.end :]
    raise not_alone(where, f"{table}.{name}")


def _edits_of_table(lines: list[str], table: str, name: str, has_it: bool, block: list[str]) -> Iterator[list[str]]:
    """Yield the lines with a block in place of a key of a table, or after the head of the table if it has no such key."""
    for head, line in enumerate(lines):
        if _begun_by(line) != (table, True):
            continue
        if not has_it:
            yield [*lines[: head + 1], *block, *lines[head + 1 :]]
            continue
        for start, end in _possible_lines(lines[head + 1 :], name):
            yield [*lines[: head + 1 + start], *block, *lines[head + 1 + end :]]


def _with_value(values: Mapping[str, Any], name: str, items: Sequence[Item]) -> dict[str, Any]:
    """Return the values of a document or table with a list under a key, without the key if the list is empty."""
    others = {key: value for key, value in values.items() if key != name}
    return others | {name: [item if isinstance(item, str) else {**item} for item in items]} if items else others


def _block(name: str, items: Sequence[Item]) -> list[str]:
    """Return the lines of a key with a list, none if the list is empty."""
    return [f"{name} = [", *[f"  {_inline(item)}," for item in items], "]"] if items else []


def _inline(item: Item) -> str:
    """Return a link as a text or an inline table."""
    if isinstance(item, str):
        return quoted(item)
    return f"{{ {', '.join([f'{key} = {quoted(value)}' for key, value in item.items()])} }}"


def _document_or_none(inner: str) -> dict[str, Any] | None:
    """Return the document that TOML stands for; None if it is broken."""
    try:
        return tomllib.loads(inner, parse_float=str)
    except (ValueError, RecursionError):
        return None


def _lines_of_key(lines: Sequence[str], name: str, document: Mapping[str, Any], where: str) -> tuple[int, int]:
    """Return the first line of a key and the line after its last; raises `InputError` if no lines are the key's alone."""
    others = _with_value(document, name, [])
    for start, end in _possible_lines(lines, name):
        if _document_or_none("".join([*lines[:start], *lines[end:]])) == others:
            return start, end
    raise not_alone(where, name)


def _possible_lines(lines: Sequence[str], name: str) -> Iterator[tuple[int, int]]:
    """Yield the first line, and the line after the last, of what may be a value or the tables of a key."""
    own_table = (name, True)
    for start, line in enumerate(lines):
        begun = _begun_by(line)
        if begun == own_table:
            end = start + 1
            while end < len(lines) and (_begun_by(lines[end]) == own_table or not _TABLE.match(lines[end])):
                end += 1
            yield start, _without_blank_end(lines, start, end)
        elif begun == (name, False):
            for end in range(start + 1, min(len(lines), start + _MAX_LINES) + 1):
                found = _document_or_none("".join(lines[start:end]))
                if found is not None and list(found) == [name]:
                    yield start, end
                    break


def _end_of_top(lines: Sequence[str]) -> int:
    """Return the line after the last value that stands before all tables."""
    tables = [number for number, line in enumerate(lines) if _TABLE.match(line)]
    for number in tables[:_MAX_LINES]:
        if _document_or_none("".join(lines[:number])) is not None:  # else the bracket is within a value
            return _without_blank_end(lines, 0, number)
    return _without_blank_end(lines, 0, len(lines)) if not tables else len(lines)


def _without_blank_end(lines: Sequence[str], start: int, end: int) -> int:
    """Return the end of lines without the empty lines and comments at their end."""
    while end > start and (is_blank(lines[end - 1]) or lines[end - 1].lstrip(" \t").startswith("#")):
        end -= 1
    return end
