"""Values of rows, as files, tables and web interfaces have them, to the values of an event's fields."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from relatedstories.errors import BadValueError, shown

__all__ = ["MISSING_WORDS", "field_value", "is_missing", "listed_in_text", "value_at"]

_MISSING = (
    "NULL Null null NaN nan NAN None NONE none N/A n/a NA NaT nat \\N #N/A <NA> nil undefined - -- (null) (none) 0000-00-00"
)
MISSING_WORDS = frozenset(_MISSING.split())
"""Cells of tables that stand for no value. A title or text of a single hyphen is one all the same."""

_NAMES = ("name", "title", "label", "slug", "value", "term")
_TEXTS = ("rendered", "plain", "text", "value", "html", "raw", "content", "#text", "_", "en")
_ADDRESSES = ("url", "href", "link", "@id", "id")
_IDS = ("$oid", "$numberLong", "$numberInt", "$uuid", "@id", "id", "#text", "value", "_")
"""The keys under which objects in JSON have the value that is meant."""

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_MAX_LIST = 100_000
"""Maximum length of a text that is tried as a list."""


def is_missing(value: object) -> bool:
    """Return whether a value is None, an empty text, NaN, or pandas' NA or NaT."""
    if value is None or isinstance(value, str):
        return not value or value.isspace()
    type_name = type(value).__name__
    if isinstance(value, (float, dt.datetime)) or type_name in ("NAType", "NaTType", "datetime64", "float64", "float32"):
        return type_name == "NAType" or value != value
    return False


def value_at(row: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return the value at the end of a way through nested objects; of objects in a list, the list of their values.

    Examples
    --------
    >>> value_at({"tags": [{"name": "Oslo"}, {"name": "Rain"}]}, ("tags", "name"))
    ['Oslo', 'Rain']
    """
    value: Any = row
    for number, key in enumerate(path):
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, (list, tuple)):
            if key.isdigit():
                value = value[int(key)] if int(key) < len(value) else None
            else:
                found = (value_at(part, path[number:]) for part in value if isinstance(part, Mapping))
                return [part for part in found if part is not None]
        else:
            return None
    return value


def field_value(name: str, value: Any, is_table: bool) -> Any:
    """Return a value as the field of an event has it; None for a missing one.

    Raises
    ------
    BadValueError
        If the value cannot be one of the field.

    Examples
    --------
    >>> field_value("topics", "['Passau', 'Danube']", True), field_value("title", {"rendered": "Rain"}, False)
    (['Passau', 'Danube'], 'Rain')
    """
    if name == "topics":
        return _topics(value, is_table)
    if name == "sources":
        return _sources(value, is_table)
    if name == "id":
        return _inner(value, _IDS) if isinstance(value, Mapping) else value
    if isinstance(value, str):
        return value
    if name == "url":
        value = _inner(value, _ADDRESSES)
    elif name == "text" and isinstance(value, (list, tuple)):
        parts = [_inner(part, _TEXTS) for part in value if not is_missing(part)]
        if all(isinstance(part, str) for part in parts):
            return "\n\n".join(parts)
    else:
        value = _inner(value, _TEXTS if name in ("title", "text") else _NAMES)
        if isinstance(value, (list, tuple)) and len(value) == 1:
            value = _inner(value[0], _NAMES)
    if type(value) in (int, float) and value == value:
        value = str(value)
    if isinstance(value, str) or value is None:
        return value
    expected = (
        "a text that is not empty" if name == "title" else "a text" if name == "text" else "a text that is not empty, or None"
    )
    raise BadValueError("", name, shown(value), expected)


def listed_in_text(text: str, separators: str = ";|,") -> list[Any] | None:
    """Return the list that a text stands for: as JSON or Python writes it, or divided by the first of some separators.

    Examples
    --------
    >>> listed_in_text('["Rain", "Oslo"]'), listed_in_text("Rain | Oslo"), listed_in_text("Rain, Oslo; Bergen")
    (['Rain', 'Oslo'], ['Rain', 'Oslo'], ['Rain, Oslo', 'Bergen'])
    """
    text = text.strip()
    if len(text) <= _MAX_LIST and len(text) > 1 and (text[0], text[-1]) in _BRACKETS:
        if (items := _bracketed(text)) is not None:
            return items
        if text[0] == "{" and ":" not in text:  # an array of PostgreSQL
            return [part.strip().strip('"') for part in text[1:-1].split(",")]
    separator = next((separator for separator in separators if separator in text), "\n")
    return [part.strip() for part in text.split(separator)]


_BRACKETS = {("[", "]"), ("(", ")"), ("{", "}")}


def _bracketed(text: str) -> list[Any] | None:
    """Return the list that a text in brackets is in JSON, in Python or as numpy prints it; None if it is none."""
    quoted = _QUOTED.sub("", text[1:-1])
    if quoted.strip() == "" and (found := _QUOTED.findall(text)):  # ['Rain' 'Oslo'], which Python would join
        return [one or other for one, other in found]
    for read in (json.loads, ast.literal_eval):
        try:
            items = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(items, (list, tuple)):
            return list(items)
        if isinstance(items, (set, frozenset)):
            return sorted(items, key=text.index) if all(isinstance(item, str) for item in items) else None
        return [items] if isinstance(items, dict) else None
    return None


def _inner(value: Any, keys: Iterable[str]) -> Any:
    """Return the value that an object is about; any other value as it is."""
    if isinstance(value, Mapping):
        return next((value[key] for key in keys if isinstance(value.get(key), (str, int))), value)
    return value


def _topics(value: Any, is_table: bool) -> list[str]:
    if isinstance(value, str):
        value = listed_in_text(value)
    if isinstance(value, Mapping) and any(key in value for key in _NAMES):
        value = [value]
    if isinstance(value, (Mapping, bytes)) or not isinstance(value, Iterable):
        raise BadValueError("", "topics", shown(value), "a list of texts")
    topics = []
    for item in value:
        name = _inner(item, _NAMES)
        if type(name) is int:
            name = str(name)
        if is_missing(name) or (is_table and name in MISSING_WORDS):
            continue
        if not isinstance(name, str):
            raise BadValueError("", "topics", f"a list with {shown(item)} in it", "a list of texts")
        topics.append(name.strip() if is_table else name)
    return topics


def _sources(value: Any, is_table: bool) -> list[Any]:
    if isinstance(value, str):
        value = listed_in_text(value, ";")
    if isinstance(value, Mapping) and (value.get("url") or value.get("name")):
        value = [value]
    if isinstance(value, (Mapping, bytes)) or not isinstance(value, Iterable):
        raise BadValueError("", "sources", shown(value), "a list of texts or (name, url) pairs")
    sources: list[Any] = []
    for given in value:
        item = given
        if is_missing(item) or (is_table and isinstance(item, str) and item in MISSING_WORDS):
            continue
        if isinstance(item, Mapping):
            name, url = _inner({key: item.get(key) for key in _NAMES}, _NAMES), _inner(item, _ADDRESSES)
            pair = [part for part in (name, url) if isinstance(part, str) and part]
            item = tuple(pair) if len(pair) == 2 else pair[0] if pair else item
        elif isinstance(item, list):
            item = tuple(item)
        if not (isinstance(item, str) or (isinstance(item, tuple) and len(item) == 2 and all(isinstance(x, str) for x in item))):
            raise BadValueError("", "sources", f"a list with {shown(given)} in it", "a list of texts or (name, url) pairs")
        sources.append(item)
    return sources
