"""Front matter: the values at the head of a page, read by a YAML parser and edited by lines, so that all else stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.markdown import blank, ending, lines_of

__all__ = ["FrontMatter", "Key", "Value", "find", "header_lines", "read", "with_list"]

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

_OPENING = re.compile(r"\ufeff?---[ \t]*(?:\r\n|\r|\n)")
_CLOSING = re.compile(r"(?<![^\r\n])(?:---|\.\.\.)[ \t]*(?:\r\n|\r|\n|\Z)")
_HEADER = re.compile(r"([A-Za-z][\w-]*):(?:[ \t]+(.*))?")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_DEPTH = 3
"""How deep lists and mappings are read; aliases would let a short page stand for any number of values."""


class FrontMatter(NamedTuple):
    """Where in a text the front matter is: its lines from `start` to `end`, the page after it from `body`."""

    start: int
    end: int
    body: int


class Key(NamedTuple):
    """A key of front matter: its value, and the number of its line in the file; `start` and `end` of it in the text."""

    value: Value
    line: int
    start: int
    end: int


def find(text: str, where: str = "page") -> FrontMatter | None:
    r"""The YAML front matter of a page, None where it has none.

    Examples
    --------
    >>> find("---\ntitle: Rain\n---\nIn Wales.\n")
    FrontMatter(start=4, end=16, body=20)
    """
    opening = _OPENING.match(text)
    if opening is None:
        return None
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        raise BadValueError(f"{where}:1", None, "front matter that does not end", "a line --- after it")
    return FrontMatter(opening.end(), closing.start(), closing.end())


def read(text: str, front: FrontMatter, where: str = "page") -> dict[str, Key]:
    r"""The keys of front matter in their order, all values as the texts that they are written as.

    Raises
    ------
    BadValueError
        Where it is no YAML, or no mapping, or has a key twice; with the line.

    Examples
    --------
    >>> text = "---\ntitle: Rain # again\ndate: 2020-02-15T23:00:00+01:00\n---\n"
    >>> {name: key.value for name, key in read(text, find(text)).items()}
    {'title': 'Rain', 'date': '2020-02-15T23:00:00+01:00'}
    """
    inner = text[front.start : front.end]
    keys: dict[str, Key] = {}
    for key, value in _composed(inner, where):
        start, end = key.start_mark.index, value.end_mark.index
        line = len(lines_of(inner[:start])) + (2 if start == 0 or inner[start - 1] in "\r\n" else 1)
        if not isinstance(key.value, str):
            raise BadValueError(f"{where}:{line}", None, "a key that is no text", "front matter of texts with values")
        if key.value in keys:
            expected = f"a key used once (it stands on line {keys[key.value].line} too)"
            raise BadValueError(f"{where}:{line}", None, shown(key.value), expected)
        keys[key.value] = Key(_value(value), line, front.start + start, front.start + end)
    return keys


def _composed(inner: str, where: str) -> list[tuple[Any, Any]]:
    from srsly.ruamel_yaml import compose
    from srsly.ruamel_yaml.loader import BaseLoader

    try:
        root = compose(inner, Loader=BaseLoader)  # nodes, not objects: nothing is made of what a page says
    except Exception as error:  # of a dozen classes, for broken YAML is broken in many ways
        mark = getattr(error, "problem_mark", None)
        at = inner[: mark.index if mark else getattr(error, "position", 0) or 0]
        line = len(lines_of(at + "x")) + 1
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
        raise BadValueError(f"{where}:{line}", None, f"broken YAML ({why})", "front matter in YAML") from None
    if root is None:
        return []
    if type(root).__name__ != "MappingNode":
        raise BadValueError(f"{where}:2", None, "front matter without keys", "keys with values")
    pairs: list[tuple[Any, Any]] = root.value
    return pairs


def _value(node: Any, depth: int = 0) -> Value:
    kind = type(node).__name__
    if kind == "ScalarNode":
        return None if node.tag == "tag:yaml.org,2002:null" and not node.style else str(node.value)
    if depth == _DEPTH:
        return None
    if kind == "SequenceNode":
        return [_value(item, depth + 1) for item in node.value]
    return {str(key.value): _value(value, depth + 1) for key, value in node.value if type(key).__name__ == "ScalarNode"}


def header_lines(text: str) -> tuple[dict[str, Key], int]:
    r"""The lines ``Key: value`` at the head of a page, as Pelican has them, and where in the text the page begins after them.

    Examples
    --------
    >>> keys, body = header_lines("Title: Rain\nDate: 2020-02-15\n\nIn Wales.\n")
    >>> keys["Date"].value, body
    ('2020-02-15', 29)
    """
    keys: dict[str, Key] = {}
    at, last = len(text) - len(text.removeprefix("\ufeff")), None
    for number, line in enumerate(lines_of(text[at:]), 1):
        bare = line.rstrip("\r\n")
        if found := _HEADER.fullmatch(bare):
            last = found[1]
            keys.setdefault(last, Key((found[2] or "").strip(), number, at, at + len(line)))
        elif last and not blank(bare) and bare.startswith(("    ", "\t")):
            before = keys[last]
            keys[last] = before._replace(value=f"{before.value} {bare.strip()}", end=at + len(line))
        else:
            break
        at += len(line)
    return keys, at


def with_list(text: str, front: FrontMatter, name: str, items: Iterable[Mapping[str, str]], where: str = "page") -> str:
    r"""The text with a list of mappings under a key of its front matter; without the key where the list is empty.

    Raises
    ------
    InputError
        Where that would change more than this key, as when all front matter is in one pair of braces.

    Examples
    --------
    >>> text = "---\ntitle: Rain # again\n---\n"
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
        lines += [f"{'    ' if n else '  - '}{key}: {_quoted(value)}" for n, (key, value) in enumerate(item.items())]
    if name in keys:
        start, end = keys[name].start, _line_end(text, keys[name])
        newline = ending(lines_of(text[start:])[0])
    elif values:
        start = end = front.end
        newline = ending(lines_of(text[: front.end])[-1])
    else:
        return text
    new = text[:start] + "".join([line + newline for line in lines]) + text[end:]
    if new == text:
        return text
    try:
        front_after = find(new, where)
        after = {key: at.value for key, at in read(new, front_after, where).items()} if front_after else {}
    except BadValueError:
        after = {}
    before = {key: at.value for key, at in keys.items()}
    before.pop(name, None)
    if after != before | ({name: values} if values else {}):
        raise InputError(f"{where}: got front matter whose {name!r} cannot be edited alone, expected it on lines of its own")
    return new


def _line_end(text: str, key: Key) -> int:
    """Where the lines of a key end: with that of its value, or before the empty lines and comments that follow a list."""
    lines = lines_of(text[key.start : key.end])
    if ending(lines[-1]):
        while len(lines) > 1 and (blank(lines[-1]) or lines[-1].lstrip(" \t").startswith("#")):
            lines.pop()
        return key.start + sum(map(len, lines))
    return key.end + len(lines_of(text[key.end :])[0])


def _quoted(value: str) -> str:
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", value) + '"'
