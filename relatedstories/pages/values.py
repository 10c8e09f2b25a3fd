"""Convert values of front matter to the fields of an event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from relatedstories.errors import BadValueError
from relatedstories.events import parse_date
from relatedstories.pages.keys import Value

__all__ = ["exported_field_value", "extra_value", "field_value", "text_of", "type_name"]

_SPLIT_AT_SPACES = frozenset(("tags", "categories"))
"""The keys whose texts Jekyll and Hugo split at spaces."""

_MAX_PARTS = 1000

_NAMES = ("label", "name", "title", "slug")
"""The keys of a mapping that stands for a tag which may have its name."""


def field_value(
    where: str, name: str, value: Value, key: str | None = None, left_out: Callable[[BadValueError], object] | None = None
) -> Any:
    """Return the value of a key as the field of an event.

    Parameters
    ----------
    where : str
        The place that errors name.
    name : str
        The field; any but the date.
    value : Value
    key : str, optional
        The name of the key, where its format is YAML, TOML or JSON.
    left_out : callable, optional
        Called with the error of each item of a list that is left out. By default the error is raised.

    Raises
    ------
    BadValueError
        If the value has the wrong type.
    """
    if name in ("topics", "sources"):
        items: list[Any] = []
        for item in _topic_items(where, value, key) if name == "topics" else value if isinstance(value, list) else [value]:
            try:
                converted = _topic(where, item) if name == "topics" else _source(where, item)
            except BadValueError as error:
                if left_out is None:
                    raise
                left_out(error)
            else:
                items += [converted] if converted and converted not in items else []
        return items
    if (text := text_of(value)) is None:
        raise BadValueError(where, name, type_name(value), "a text")
    return text


def exported_field_value(where: str, name: str, value: Value) -> Any:
    """Return the value of a key of an exported page as the field of an event: a text keeps its spaces, a topic its "#"."""
    if name == "sources" and isinstance(value, list):
        return [item if isinstance(item, str) else _source(where, item) for item in value]
    if name == "date":
        if not isinstance(value, str):
            raise BadValueError(where, name, type_name(value), "a text")
        return parse_date(value, where)
    is_text = name in ("title", "heading", "url", "language", "translation_key")
    return value if isinstance(value, str) is is_text else field_value(where, name, value)


def text_of(value: Value) -> str | None:
    """Return a text, also that of a list with nothing else in it, without spaces around it; None for any other value."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value.strip() if isinstance(value, str) else None


def extra_value(value: Value) -> Any:
    """Return a value of a key of the owner's as JSON has it: true, false and numbers for the texts that stand for them.

    None is returned for a value of more than `_MAX_PARTS` parts: aliases can make a short text stand for any number of them.

    Examples
    --------
    >>> extra_value({"premium": "true", "words": "120", "section": "World"})
    {'premium': True, 'words': 120, 'section': 'World'}
    """
    return _as_json(value) if _n_parts(value, _MAX_PARTS) <= _MAX_PARTS else None


def _n_parts(value: Value, most: int) -> int:
    """Return the number of parts of a value, or a number over `most` if it has more."""
    if not isinstance(value, (dict, list)):
        return 1
    count = 1
    for item in value.values() if isinstance(value, dict) else value:
        count += _n_parts(item, most - count)
        if count > most:
            break
    return count


def _as_json(value: Value) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if value in ("true", "True", "false", "False"):
        return value in ("true", "True")
    is_number = value is not None and value.isdecimal() and value.isascii() and len(value) < 16 and str(int(value)) == value
    return int(value) if value is not None and is_number else value


def _topic_items(where: str, value: Value, key: str | None) -> list[Value]:
    """Return the topics in a list, or in a text that divides them by semicolons, commas or, as tags, by spaces."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        if key in _SPLIT_AT_SPACES and "," not in value and ";" not in value:
            return [*value.split()]
        return [*value.split(";" if ";" in value else ",")]
    raise BadValueError(where, "topics", type_name(value), "a list of texts")


def _topic(where: str, value: Value) -> str | None:
    """Return the name of a topic; None for nothing."""
    if isinstance(value, dict):
        value = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), value)
    if value is not None and not isinstance(value, str):
        raise BadValueError(where, "topics", f"a list with {type_name(value)} in it", "a list of texts")
    return (value or "").strip().lstrip("#").strip()  # tags of Obsidian may begin with it


def _source(where: str, value: Value) -> str | tuple[str, str]:
    """Return a source as a text, or as its name and address."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, dict):
        name = next((value[key] for key in ("name", "title") if key in value), None)
        url = next((value[key] for key in ("url", "link") if key in value), None)
        if len(value) == 1:
            name, url = next(iter(value.items()))
        if isinstance(name, str) and isinstance(url, str):
            return name, url
    raise BadValueError(where, "sources", f"a list with {type_name(value)} in it", "texts, or mappings with a name and a url")


def type_name(value: Value) -> str:
    """Return what an error message calls a value; aliases can make the value itself too large to show."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    return "nothing" if value is None else "an empty text"
