"""Rows of a JSON file: an object a line, an array, or an object with the list of events inside, read as a stream."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from relatedstories.columns import SourceRow, byte_not_utf8, resolve_columns
from relatedstories.errors import BadValueError, InputError
from relatedstories.files.lines import read_lines

__all__ = ["read_json"]

_OBJECT_PER_LINE = "one JSON object a line"
_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder()
_MAX_VALUE = 1 << 28
"""Maximum length of an event's JSON text."""
_SAY_AN_EVENT = frozenset(["id", "date", "text"])
"""Fields of which an object that has a title, too, is an event, whatever lists it has."""
_EACH = ""
_Way: TypeAlias = tuple[str, ...]
"""The keys that lead to a list within an object; `_EACH` for the elements of a list on the way, as in an export of Ghost."""

_MAX_DEPTH = 6
"""How deep in objects a list of events is looked for."""


def read_json(
    path: Path,
    columns: Mapping[str, str],
    encoding: str | None = None,
    on_remark: Callable[[str], object] = lambda _: None,
) -> Iterator[SourceRow]:
    """Yield each object of a JSON file, or what is wrong with it; empty lines are skipped.

    Objects on lines of their own are read line by line, objects one after another and the elements of arrays one by one. Of one
    object, the events are in the first list of objects that have titles, or else in the longest, at any depth; without one it has
    events by their ids, or is an event itself.

    Raises
    ------
    InputError
        If an array or object that takes up the file is broken.
    """
    lines = read_lines(path, encoding, on_remark)
    head: list[str] = []
    full = (line for line in _remembered(lines, head) if line.strip())
    first, second = next(full, "").strip(), next(full, "").strip()
    if _is_on_lines(first, second, columns):
        yield from _of_lines(path, itertools.chain(head, lines))
        return
    if first[0] == "[":
        arrays = _Stream(path, itertools.chain(head, lines))
        while arrays.peek():  # there may be several, one after another
            yield from _of_array(path, arrays)
        return
    stream = _Stream(path, itertools.chain(head, lines))
    way = _way_to_events(stream, columns)
    if way is None or stream.peek():
        yield from _of_objects(path, _Stream(path, read_lines(path, encoding)), columns)
        return
    on_remark(f"{path}: events are read from the list {'.'.join(filter(None, way))!r}")
    yield from _of_list_at(path, _Stream(path, read_lines(path, encoding)), way)


def _of_objects(path: Path, stream: _Stream, columns: Mapping[str, str]) -> Iterator[SourceRow]:
    """Yield objects one after another; of an object of events by their ids these."""
    while stream.peek():
        where, value = f"{path}:{stream.line}", stream.value()
        if stream.bad_byte is not None:
            yield where, BadValueError(where, None, stream.bad_byte, "text in UTF-8")
        elif _are_by_id(value, columns):
            yield from ((f"{path}: {key}", {columns["id"]: key} | event) for key, event in value.items())
        else:
            yield where, value


def _remembered(lines: Iterator[str], head: list[str]) -> Iterator[str]:
    for line in lines:
        head.append(line)
        yield line


def _is_on_lines(first: str, second: str, columns: Mapping[str, str]) -> bool:
    """Return whether a file has a value a line, given its first two lines that are not empty."""
    if not first.startswith(("{", "[")):
        return True
    try:
        value = json.loads(first)
    except json.JSONDecodeError as error:
        if first[0] == "[":
            return False
        is_cut = error.pos >= len(first) or error.msg.startswith("Expecting property name")
        goes_on = first.endswith((",", "[", "{", ":"))
        return not is_cut or (not goes_on and second.startswith("{") and _is_json(second))
    except (ValueError, RecursionError):
        return True
    if isinstance(value, list):
        return bool(value) and not isinstance(value[0], dict)
    if second or _is_event(value, columns):
        return True
    return not _are_by_id(value, columns) and not any(_holds_list(part, 1) for part in value.values())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _of_lines(path: Path, lines: Iterable[str]) -> Iterator[SourceRow]:
    for number, text in enumerate(lines, 1):
        where = f"{path}:{number}"
        if not text.strip():
            continue
        if (bad := byte_not_utf8(text)) is not None:
            byte, column = bad
            yield where, BadValueError(where, None, f"{byte} at column {column}", "text in UTF-8")
            continue
        try:
            record = json.loads(text.rstrip())
        except json.JSONDecodeError as error:
            if error.msg == "Extra data" and (several := _objects_in(text)):
                yield from ((where, record) for record in several)
                continue
            why = f"{error.msg.removesuffix(' at')} at column {error.colno}"
            yield where, BadValueError(where, None, f"broken JSON ({why})", _OBJECT_PER_LINE)
        except ValueError:
            yield where, BadValueError(where, None, "a number of thousands of digits", _OBJECT_PER_LINE)
        except RecursionError:
            yield where, BadValueError(where, None, "JSON nested a thousand deep or more", _OBJECT_PER_LINE)
        else:
            yield where, record


def _objects_in(line: str) -> list[Any]:
    """Return the objects that stand one after another on a line; none if there is anything else."""
    objects: list[Any] = []
    at, line = 0, line.strip()
    while at < len(line):
        try:
            value, at = _DECODER.raw_decode(line, at)
        except (ValueError, RecursionError):
            return []
        if not isinstance(value, dict):
            return []
        objects.append(value)
        space = _SPACE.match(line, at)
        at = space.end() if space else at
    return objects


class _Stream:
    """A JSON text that is read in pieces: the next character that is no space, and the next value."""

    def __init__(self, path: Path, lines: Iterable[str]) -> None:
        self._path, self._lines = path, iter(lines)
        self._text, self._place = "", 0
        self._line, self._counted = 1, 0  # the number of the line at a place up to which line feeds are counted
        self._ended = False
        self.bad_byte: str | None = None  # of the last value; an escaped surrogate is none

    def _more(self, least: int = 1) -> bool:
        """Read on; return whether there was anything."""
        if self._ended:
            return False
        parts, n = [self._text[self._place :]], 0
        while n < least:
            line = next(self._lines, None)
            if line is None:
                self._ended = True
                break
            parts.append(line)
            n += len(line)
        self._line, self._counted = self.line, 0
        self._text, self._place = "".join(parts), 0
        return n > 0

    @property
    def line(self) -> int:
        """The number of the line that is read next."""
        self._line += self._text.count("\n", self._counted, self._place)
        self._counted = self._place
        return self._line

    def peek(self) -> str:
        """Return the next character that is no space; an empty text at the end."""
        while True:
            found = _SPACE.match(self._text, self._place)
            assert found is not None
            self._place = found.end()
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def take(self, expected: str) -> str:
        """Return the next character, which has to be one of those expected."""
        character = self.peek()
        if not character or character not in expected:
            raise self.error(f"{character or 'the end of the file'!r} instead of one of {' '.join(expected)}")
        self._place += 1
        return character

    def value(self) -> Any:
        """Return the next value."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
            except RecursionError:
                raise self.error("JSON nested a thousand deep or more") from None
            except ValueError as error:
                left = len(self._text) - self._place
                if left > _MAX_VALUE:
                    raise self.error(f"a value of more than {_MAX_VALUE >> 20} MB") from None
                if not self._more(max(left, 1 << 16)):
                    raise self.error(str(error).partition(":")[0]) from None
                continue
            if end == len(self._text) and isinstance(value, (int, float)) and self._more():
                continue  # a number may go on
            bad = byte_not_utf8(self._text[self._place : end])
            self.bad_byte = None if bad is None else bad[0]
            self._place = end
            return value

    def error(self, why: str) -> InputError:
        """Return the error that says where the text is broken."""
        return InputError(f"{self._path}:{self.line}: got broken JSON ({why}), expected whole objects")


def _elements(stream: _Stream) -> Iterator[tuple[int, Any]]:
    """Yield the elements of an array, each with the number of its first line."""
    stream.take("[")
    if stream.peek() == "]":
        stream.take("]")
        return
    while True:
        stream.peek()
        yield stream.line, stream.value()
        if stream.take(",]") == "]":
            return
        if stream.peek() == "]":  # a comma after the last element, as people write
            stream.take("]")
            return


def _members(stream: _Stream) -> Iterator[str]:
    """Yield the keys of an object; the value of each has to be taken before the next."""
    stream.take("{")
    if stream.peek() == "}":
        stream.take("}")
        return
    while True:
        if stream.peek() != '"':
            raise stream.error(f"{stream.peek()!r} instead of a key")
        key = stream.value()
        stream.take(":")
        yield key
        if stream.take(",}") == "}":
            return


def _of_array(path: Path, stream: _Stream) -> Iterator[SourceRow]:
    for line, value in _elements(stream):
        where = f"{path}:{line}"
        if stream.bad_byte is not None:
            yield where, BadValueError(where, None, stream.bad_byte, "text in UTF-8")
        else:
            yield where, value


def _of_list_at(path: Path, stream: _Stream, way: _Way) -> Iterator[SourceRow]:
    """Yield the elements of the list that a way leads to."""
    if not way:
        yield from _of_array(path, stream)
        return
    if way[0] == _EACH:
        for where, value in _of_array(path, stream):
            if isinstance(value, BadValueError):
                yield where, value
            elif isinstance(value, Mapping):
                yield from ((where, part) for part in _list_within(value, way[1:]))
        return
    for key in _members(stream):
        if key != way[0]:
            stream.value()
        else:
            yield from _of_list_at(path, stream, way[1:])


def _list_within(value: Any, way: _Way) -> list[Any]:
    """Return the elements of the list that keys lead to within an object; none if there is no such list."""
    for key in way:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def _lists_of_events(value: Mapping[str, Any], columns: Mapping[str, str], way: _Way = ()) -> Iterator[_Way]:
    """Yield the ways within an object to lists of objects that have titles."""
    for key, part in value.items():
        if isinstance(part, list):
            if any(isinstance(one, dict) and "title" in resolve_columns(list(one), columns) for one in part):
                yield (*way, key)
        elif isinstance(part, dict) and len(way) < _MAX_DEPTH:
            yield from _lists_of_events(part, columns, (*way, key))


def _objects_of_list(stream: _Stream, columns: Mapping[str, str]) -> tuple[int, bool, list[_Way]]:
    """Return the number of objects in a list, whether any has a title, and the ways to lists of events in a lone one without.

    Of several objects, these are the events.
    """
    n, has_titles = 0, False
    within: list[_Way] = []
    for _, value in _elements(stream):
        if isinstance(value, dict):
            n += 1
            has_titles = has_titles or "title" in resolve_columns(list(value), columns)
            within = [*_lists_of_events(value, columns)] if n == 1 and not has_titles else []
    return n, has_titles, within


def _way_to_events(stream: _Stream, columns: Mapping[str, str]) -> _Way | None:
    """Return the way to the list of events within an object; None where it is an event itself."""
    lists: list[tuple[bool, int, _Way]] = []
    keys: list[str] = []

    def visit(way: _Way) -> None:
        for key in _members(stream):
            here = (*way, key)
            if not way:
                keys.append(key)
            kind = stream.peek()
            if kind == "{" and len(here) < _MAX_DEPTH:
                visit(here)
            elif kind == "[":
                n, has_titles, within = _objects_of_list(stream, columns)
                lists.extend((True, n, (*here, _EACH, *inner)) for inner in within)
                if n:
                    lists.append((has_titles, n, here))
            else:
                stream.value()

    visit(())
    own = resolve_columns(keys, columns)
    of_fields = {path[0] for path in own.values()}
    with_titles = [way for has_titles, _, way in lists if has_titles and way[0] not in of_fields]
    if not lists or ("title" in own and (own.keys() & _SAY_AN_EVENT or not with_titles)):
        return None  # an event whose values are lists
    if with_titles:
        return with_titles[0]
    return max(lists, key=lambda found: found[1])[2]


def _is_event(value: Mapping[str, Any], columns: Mapping[str, str]) -> bool:
    """Return whether an object is an event itself: a feed has a title, too, but neither a date nor a text."""
    own = resolve_columns(list(value), columns)
    of_fields = {path[0] for path in own.values()}
    return "title" in own and (
        bool(own.keys() & _SAY_AN_EVENT) or not any(_holds_list(part, 1) for key, part in value.items() if key not in of_fields)
    )


def _are_by_id(value: Any, columns: Mapping[str, str]) -> bool:
    """Return whether an object has events by their ids, and is none itself."""
    if not isinstance(value, dict) or not value or "title" in resolve_columns(list(value), columns):
        return False
    return all(isinstance(part, dict) and "title" in resolve_columns(list(part), columns) for part in value.values())


def _holds_list(value: Any, depth: int) -> bool:
    if isinstance(value, list):
        return any(isinstance(part, dict) for part in value)
    return isinstance(value, dict) and depth < _MAX_DEPTH and any(_holds_list(part, depth + 1) for part in value.values())
