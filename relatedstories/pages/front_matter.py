"""Read the front matter of a page: YAML between lines of dashes, or lines ``Key: value``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from relatedstories.errors import BadValueError, shown
from relatedstories.pages.sections import is_blank, split_lines

__all__ = ["MAX_DEPTH", "FrontMatter", "Key", "Value", "find", "header_lines", "keys_with_events", "quoted", "read"]

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

_OPENING = re.compile(r"\ufeff?---[ \t]*(?:\r\n|\r|\n)\ufeff?")  # YAML parsers do not count the second byte order mark
_CLOSING = re.compile(r"(?<![^\r\n])(?:---|\.\.\.)[ \t]*(?:\r\n|\r|\n|\Z)")
_HEADER = re.compile(r"([A-Za-z][\w-]*):(?:[ \t]+(.*))?")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NULL = {"", "~", "null", "Null", "NULL"}

MAX_DEPTH = 100
"""Deepest nesting of lists and mappings in front matter that is read. YAML parsers have limits of their own, which differ."""


class FrontMatter(NamedTuple):
    """The place of front matter in a text: its lines from `start` to `end`, and the page after it from `body` on."""

    start: int
    end: int
    body: int


class Key(NamedTuple):
    """A key of front matter: its value, the number of its line in the file, and its `start` and `end` in the text."""

    value: Value
    line: int
    start: int
    end: int


def find(text: str, where: str = "page") -> FrontMatter | None:
    r"""Return the place of the YAML front matter of a page, None if it has none.

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
    r"""Return the keys of front matter in their order, with scalar values as the texts they are written as.

    Raises
    ------
    BadValueError
        If the front matter is no YAML, no mapping, nested more than `MAX_DEPTH` levels deep, or has a key twice; with the line.

    Examples
    --------
    >>> text = "---\ntitle: Rain # again\ndate: 2020-02-15T23:00:00+01:00\n---\n"
    >>> {name: key.value for name, key in read(text, find(text)).items()}
    {'title': 'Rain', 'date': '2020-02-15T23:00:00+01:00'}
    """
    keys: dict[str, Key] = {}
    anchors: dict[str, Value] = {}
    line, counted = 1, 0  # the number of the line at the place in the text up to which lines are counted
    for key, events in keys_with_events(text, front, where):
        start, end = front.start + key.start_mark.index, front.start + events[-1].end_mark.index
        if key.value in keys:
            expected = f"a key used once (it stands on line {keys[key.value].line} too)"
            raise BadValueError(_place(where, text, start), None, shown(key.value), expected)
        try:
            value = _value(events, anchors)
        except KeyError as error:
            got = f"broken YAML (an alias {error.args[0]!r} of nothing before it)"
            raise BadValueError(_place(where, text, start), None, got, "front matter in YAML") from None
        line, counted = line + len(split_lines(text[counted:start] + "x")) - 1, start
        keys[key.value] = Key(value, line, start, end)
        if key.anchor:
            anchors[key.anchor] = key.value
    return keys


def _place(where: str, text: str, at: int) -> str:
    """Return the file and line of a position in its text."""
    return f"{where}:{len(split_lines(text[:at] + 'x'))}"


def _too_deep(where: str, text: str, at: int) -> BadValueError:
    """Return the error for front matter that is nested too deep."""
    expected = f"lists and mappings at most {MAX_DEPTH} levels deep"
    return BadValueError(_place(where, text, at), None, f"front matter nested more than {MAX_DEPTH} levels deep", expected)


def keys_with_events(text: str, front: FrontMatter, where: str) -> list[tuple[Any, list[Any]]]:
    """Return the YAML parser's event of each key, with the events of its value.

    Parser events are used instead of the trees that PyYAML can build, since building a deep tree in C can end the process.
    """
    import yaml

    inner = text[front.start : front.end]
    events, depth = [], 0
    try:
        # The C parser, where PyYAML has it, is ten times as fast.
        for event in yaml.parse(inner, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise _too_deep(where, text, front.start + event.start_mark.index)
            events.append(event)
    except BadValueError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        before = inner[: mark.index] if mark else inner.encode()[: getattr(error, "position", 0)].decode(errors="ignore")
        at = front.start + len(before)
        # A parser reads ahead of its events, and may meet its own limit first.
        if before.count("[") + before.count("{") - before.count("]") - before.count("}") > MAX_DEPTH:
            raise _too_deep(where, text, at) from None
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
        raise BadValueError(_place(where, text, at), None, f"broken YAML ({why})", "front matter in YAML") from None
    events = events[1:-1]
    if not events:
        return []
    if not isinstance(events[1], yaml.MappingStartEvent):
        raise BadValueError(f"{where}:2", None, "front matter without keys", "keys with values")
    pairs: list[tuple[Any, list[Any]]] = []
    depth = 0
    for event in events[2:]:
        starts = isinstance(event, yaml.CollectionStartEvent)
        depth += starts
        is_key = starts and depth == 1 and (not pairs or pairs[-1][1])  # a key follows a complete value
        if depth == 0 and (not pairs or pairs[-1][1]) and isinstance(event, yaml.ScalarEvent):
            pairs.append((event, []))
        elif pairs and not is_key and (depth or not pairs[-1][1]):
            pairs[-1][1].append(event)
        elif isinstance(event, yaml.MappingEndEvent):
            return pairs
        else:
            raise BadValueError(_place(where, text, front.start + event.start_mark.index), None, "a key that is no text", "texts")
        depth -= isinstance(event, yaml.CollectionEndEvent)
    return pairs


def _value(events: Iterable[Any], anchors: dict[str, Value]) -> Value:
    """Return the value of parser events. An alias shares the value it stands for, and so takes no more memory than the text."""
    import yaml

    open_collections: list[tuple[str | None, list[Value]]] = []
    value: Value = None
    for event in events:
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.CollectionStartEvent):
            open_collections.append((anchor, []))
            continue
        if isinstance(event, yaml.AliasEvent):
            anchor, value = None, anchors[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            value = None if event.value in _NULL and not event.style else str(event.value)
        else:
            anchor, items = open_collections.pop()
            pairs = zip(items[::2], items[1::2], strict=True) if isinstance(event, yaml.MappingEndEvent) else None
            value = items if pairs is None else {key: item for key, item in pairs if isinstance(key, str)}
        if anchor:
            anchors[anchor] = value
        if open_collections:
            open_collections[-1][1].append(value)
    return value


def header_lines(text: str) -> tuple[dict[str, Key], int]:
    r"""Return the lines ``Key: value`` at the head of a page, in the form of Pelican, and the position in the text after them.

    Examples
    --------
    >>> keys, body = header_lines("Title: Rain\nDate: 2020-02-15\n\nIn Wales.\n")
    >>> keys["Date"].value, body
    ('2020-02-15', 29)
    """
    keys: dict[str, Key] = {}
    at, last = len(text) - len(text.removeprefix("\ufeff")), None
    for number, line in enumerate(split_lines(text[at:]), 1):
        bare = line.rstrip("\r\n")
        if found := _HEADER.fullmatch(bare):
            last = found[1]
            keys.setdefault(last, Key((found[2] or "").strip(), number, at, at + len(line)))
        elif last and not is_blank(bare) and bare.startswith(("    ", "\t")):
            before = keys[last]
            keys[last] = before._replace(value=f"{before.value} {bare.strip()}", end=at + len(line))
        else:
            break
        at += len(line)
    return keys, at


def quoted(value: str) -> str:
    r"""Return any text as a quoted value of front matter.

    Examples
    --------
    >>> print(quoted('A "b"\n'))
    "A \"b\"\u000a"
    """
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", value) + '"'
