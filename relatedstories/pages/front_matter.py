"""Front matter: the values at the head of a page, read by a YAML parser and edited by lines, so that all else stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.pages.markdown import blank, ending, lines_of

__all__ = ["FrontMatter", "Key", "Value", "find", "header_lines", "quoted", "read", "with_list"]

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

_OPENING = re.compile(r"\ufeff?---[ \t]*(?:\r\n|\r|\n)\ufeff?")  # the second mark is none that a YAML parser counts
_CLOSING = re.compile(r"(?<![^\r\n])(?:---|\.\.\.)[ \t]*(?:\r\n|\r|\n|\Z)")
_HEADER = re.compile(r"([A-Za-z][\w-]*):(?:[ \t]+(.*))?")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NULL = {"", "~", "null", "Null", "NULL"}

MAX_DEPTH = 100
"""Deepest nesting of lists and mappings in front matter that is read. YAML parsers have limits of their own, which differ."""


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
    keys: dict[str, Key] = {}
    anchors: dict[str, Value] = {}
    for key, events in _pairs(text, front, where):
        start, end = front.start + key.start_mark.index, front.start + events[-1].end_mark.index
        if key.value in keys:
            expected = f"a key used once (it stands on line {keys[key.value].line} too)"
            raise BadValueError(_place(where, text, start), None, shown(key.value), expected)
        try:
            value = _value(events, anchors)
        except KeyError as error:
            got = f"broken YAML (an alias {error.args[0]!r} of nothing before it)"
            raise BadValueError(_place(where, text, start), None, got, "front matter in YAML") from None
        keys[key.value] = Key(value, len(lines_of(text[:start] + "x")), start, end)
        if key.anchor:
            anchors[key.anchor] = key.value
    return keys


def _place(where: str, text: str, at: int) -> str:
    return f"{where}:{len(lines_of(text[:at] + 'x'))}"


def _too_deep(where: str, text: str, at: int) -> BadValueError:
    expected = f"lists and mappings at most {MAX_DEPTH} levels deep"
    return BadValueError(_place(where, text, at), None, f"front matter nested more than {MAX_DEPTH} levels deep", expected)


def _pairs(text: str, front: FrontMatter, where: str) -> list[tuple[Any, list[Any]]]:
    """Return the parser's event of each key, with the events of its value.

    Events are used instead of the trees that PyYAML can build, since building a deep tree in C can end the process.
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
        is_key = starts and depth == 1 and (not pairs or pairs[-1][1])  # what comes after a whole value
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
    """The value of these events; of an alias the very value that it stands for, so that none takes more room than its text."""
    import yaml

    within: list[tuple[str | None, list[Value]]] = []
    value: Value = None
    for event in events:
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.CollectionStartEvent):
            within.append((anchor, []))
            continue
        if isinstance(event, yaml.AliasEvent):
            anchor, value = None, anchors[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            value = None if event.value in _NULL and not event.style else str(event.value)
        else:
            anchor, items = within.pop()
            pairs = zip(items[::2], items[1::2], strict=True) if isinstance(event, yaml.MappingEndEvent) else None
            value = items if pairs is None else {key: item for key, item in pairs if isinstance(key, str)}
        if anchor:
            anchors[anchor] = value
        if within:
            within[-1][1].append(value)
    return value


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
        lines += [f"{'    ' if n else '  - '}{key}: {quoted(value)}" for n, (key, value) in enumerate(item.items())]
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
    if not _differ_by(name, values, (text, front), new, where):
        raise InputError(f"{where}: got front matter whose {name!r} cannot be edited alone, expected it on lines of its own")
    return new


def _differ_by(name: str, values: Any, old: tuple[str, FrontMatter], new: str, where: str) -> bool:
    """Whether all keys but one are the same in both texts, and that one has these values in the new one."""
    try:
        front = find(new, where)
        keys = read(new, front, where) if front else {}
    except BadValueError:
        return False
    if front is None or (keys[name].value if name in keys else []) != values:
        return False
    before, after = ([pair for pair in _said(*text, where) if pair[0] != name] for text in (old, (new, front)))
    return before == after


def _said(text: str, front: FrontMatter, where: str) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Each key with what the parser says of its value, the marks of where it stands left out."""
    pairs = _pairs(text, front, where)
    names = ("value", "anchor", "tag")
    return [
        (key.value, [(type(event).__name__, *(str(getattr(event, name, None)) for name in names)) for event in events])
        for key, events in pairs
    ]


def _line_end(text: str, key: Key) -> int:
    """Where the lines of a key end: with that of its value, or before the empty lines and comments that follow a list."""
    lines = lines_of(text[key.start : key.end])
    if ending(lines[-1]):
        while len(lines) > 1 and (blank(lines[-1]) or lines[-1].lstrip(" \t").startswith("#")):
            lines.pop()
        return key.start + sum(map(len, lines))
    return key.end + len(lines_of(text[key.end :])[0])


def quoted(value: str) -> str:
    r"""The text as a value of front matter, whatever is in it.

    Examples
    --------
    >>> print(quoted('A "b"\n'))
    "A \"b\"\u000a"
    """
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", value) + '"'
