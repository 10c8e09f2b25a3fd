"""Convert values of front matter to the fields of an event."""

from __future__ import annotations

from typing import Any

from relatedstories.errors import BadValueError
from relatedstories.events import parse_date
from relatedstories.pages.front_matter import Value

__all__ = ["exported_field_value", "field_value"]


def field_value(where: str, name: str, value: Value) -> Any:
    """Return the value of a key as the field of an event; raises `BadValueError` if it has the wrong type."""
    if name == "topics":
        return _topics(where, value)
    if name == "sources":
        return [_source(where, item) for item in (value if isinstance(value, list) else [value])]
    if not isinstance(value, str):
        raise BadValueError(where, name, _type_name(value), "a text")
    return parse_date(value, where) if name == "date" else value.strip()


def exported_field_value(where: str, name: str, value: Value) -> Any:
    """Return the value of a key of an exported page as the field of an event: a text keeps its spaces, a topic its "#"."""
    if name == "sources" and isinstance(value, list):
        return [item if isinstance(item, str) else _source(where, item) for item in value]
    return (
        value if isinstance(value, str) is (name in ("title", "heading", "url", "language")) else field_value(where, name, value)
    )


def _topics(where: str, value: Value) -> list[str]:
    """Return the topics in a list, or in a text that divides them by semicolons or commas."""
    if isinstance(value, str):
        parts: list[Value] = [*value.split(";" if ";" in value else ",")]
    elif isinstance(value, list):
        parts = value
    else:
        raise BadValueError(where, "topics", _type_name(value), "a list of texts")
    topics: dict[str, None] = {}
    for part in parts:
        if part is not None and not isinstance(part, str):
            raise BadValueError(where, "topics", f"a list with {_type_name(part)} in it", "a list of texts")
        if name := (part or "").strip().lstrip("#").strip():  # tags of Obsidian may begin with it
            topics[name] = None
    return list(topics)


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
    raise BadValueError(where, "sources", f"a list with {_type_name(value)} in it", "texts, or mappings with a name and a url")


def _type_name(value: Value) -> str:
    """Return what an error message calls a value; aliases can make the value itself too large to show."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    return "nothing" if value is None else "an empty text"
