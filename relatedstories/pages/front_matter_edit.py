"""Edit one key of front matter by lines, so that everything else keeps its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from relatedstories.errors import BadValueError, InputError
from relatedstories.pages.front_matter import FrontMatter, Key, find, keys_with_events, quoted, read
from relatedstories.pages.sections import is_blank, line_ending, split_lines

__all__ = ["with_list"]


def with_list(text: str, front: FrontMatter, name: str, items: Iterable[Mapping[str, str]], where: str = "page") -> str:
    r"""Return the text with a list of mappings under a key of its front matter, or without the key if the list is empty.

    Raises
    ------
    InputError
        If the edit would change more than this key, for example if all front matter is in one pair of braces.

    Examples
    --------
    >>> text = "---\ntitle: Rain # again\n---\n"
    >>> from relatedstories.pages.front_matter import find
    >>> print(with_list(text, find(text), "related", [{"path": "/a.md", "title": '"A"'}]))
    ---
    title: Rain # again
    related:
      - path: "/a.md"
        title: "\"A\""
    ---
    <BLANKLINE>
    """
    keys = read(text, front, where)
    values = [dict(item) for item in items]
    lines = [f"{name}:"] if values else []
    for item in values:
        lines += [f"{'    ' if n else '  - '}{key}: {quoted(value)}" for n, (key, value) in enumerate(item.items())]
    if name in keys:
        start, end = keys[name].start, _end_of_last_line(text, keys[name])
        newline = line_ending(split_lines(text[start:])[0])
    elif values:
        start = end = front.end
        newline = line_ending(split_lines(text[: front.end])[-1])
    else:
        return text
    new = text[:start] + "".join([line + newline for line in lines]) + text[end:]
    if new == text:
        return text
    if not _differ_only_in(name, values, (text, front), new, where):
        raise InputError(f"{where}: got front matter whose {name!r} cannot be edited alone, expected it on lines of its own")
    return new


def _differ_only_in(name: str, values: Any, old: tuple[str, FrontMatter], new: str, where: str) -> bool:
    """Tell whether one key has these values in the new text, and all others are the same in both texts."""
    try:
        front = find(new, where)
        keys = read(new, front, where) if front else {}
    except BadValueError:
        return False
    if front is None or (keys[name].value if name in keys else []) != values:
        return False
    before, after = ([pair for pair in _parsed_keys(*text, where) if pair[0] != name] for text in (old, (new, front)))
    return before == after


def _parsed_keys(text: str, front: FrontMatter, where: str) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return each key with the parser's events of its value, their positions left out."""
    pairs = keys_with_events(text, front, where)
    names = ("value", "anchor", "tag")
    return [
        (key.value, [(type(event).__name__, *(str(getattr(event, name, None)) for name in names)) for event in events])
        for key, events in pairs
    ]


def _end_of_last_line(text: str, key: Key) -> int:
    """Return the position after the last line of a key, before the empty lines and comments that follow a list."""
    lines = split_lines(text[key.start : key.end])
    if line_ending(lines[-1]):
        while len(lines) > 1 and (is_blank(lines[-1]) or lines[-1].lstrip(" \t").startswith("#")):
            lines.pop()
        return key.start + sum(map(len, lines))
    return key.end + len(split_lines(text[key.end :])[0])
