"""Front matter in YAML: its keys are read, and one of them is edited by lines, so that everything else keeps its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from relatedstories.errors import BadValueError
from relatedstories.pages.keys import MAX_DEPTH, FrontMatter, Item, Key, Value, line_numbers, not_alone, place, quoted, too_deep
from relatedstories.pages.sections import is_blank, line_ending, split_lines

__all__ = ["MARK", "read", "with_list"]

_Pairs: TypeAlias = "list[tuple[Any, list[Any]]]"
"""The YAML parser's event of each key, with the events of its value."""

_NULL = {"", "~", "null", "Null", "NULL"}

MARK = "# relatedstories"
"""The comment behind the key of a list of plain texts, which shows that no editor wrote it."""


def read(text: str, front: FrontMatter, where: str = "page") -> dict[str, Key]:
    r"""Return the keys of front matter in their order, with scalar values as the texts they are written as.

    Raises
    ------
    BadValueError
        If the front matter is no YAML, no mapping, or nested more than `MAX_DEPTH` levels deep; with the line.

    Notes
    -----
    Of a key that is used twice the later value counts, as for site builders.

    Examples
    --------
    >>> text = "---\ntitle: Rain # again\ndate: 2020-02-15T23:00:00+01:00\n---\n"
    >>> {name: key.value for name, key in read(text, FrontMatter(4, len(text) - 4, len(text))).items()}
    {'title': 'Rain', 'date': '2020-02-15T23:00:00+01:00'}
    """
    return _keys(_parsed(text, front, where), text, front, where)


def _keys(pairs: _Pairs, text: str, front: FrontMatter, where: str) -> dict[str, Key]:
    """Return the keys of front matter that is parsed."""
    keys: dict[str, Key] = {}
    anchors: dict[str, Value] = {}
    lines = line_numbers(text, (front.start + key.start_mark.index for key, _ in pairs))
    for (key, events), line in zip(pairs, lines, strict=True):
        start, end = front.start + key.start_mark.index, front.start + events[-1].end_mark.index
        try:
            value = _value(events, anchors)
        except KeyError as error:
            got = f"broken YAML (an alias {error.args[0]!r} of nothing before it)"
            raise BadValueError(place(where, text, start), None, got, "front matter in YAML") from None
        earlier = keys.pop(key.value, None)
        keys[key.value] = Key(value, line, start, end, earlier and earlier.line)
        if key.anchor:
            anchors[key.anchor] = key.value
    return keys


def _parsed(text: str, front: FrontMatter, where: str) -> _Pairs:
    """Return the keys of front matter as the parser's events; raises `BadValueError` if it is broken.

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
                raise too_deep(where, text, front.start + event.start_mark.index)
            events.append(event)
    except BadValueError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        before = inner[: mark.index] if mark else inner.encode()[: getattr(error, "position", 0)].decode(errors="ignore")
        at = front.start + len(before)
        # A parser reads ahead of its events, and may meet its own limit first.
        if before.count("[") + before.count("{") - before.count("]") - before.count("}") > MAX_DEPTH:
            raise too_deep(where, text, at) from None
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
        raise BadValueError(place(where, text, at), None, f"broken YAML ({why})", "front matter in YAML") from None
    events = events[1:-1]
    if not events:
        return []
    if not isinstance(events[1], yaml.MappingStartEvent):
        raise BadValueError(f"{where}:2", None, "front matter without keys", "keys with values")
    pairs: _Pairs = []
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
            raise BadValueError(place(where, text, front.start + event.start_mark.index), None, "a key that is no text", "texts")
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


def with_list(text: str, front: FrontMatter, name: str, items: Sequence[Item], where: str = "page") -> str:
    r"""Return the text with a list under a key of its front matter, or without the key if the list is empty.

    Raises
    ------
    InputError
        If the edit would change more than this key, for example if all front matter is in one pair of braces.

    Examples
    --------
    >>> text = "---\ntitle: Rain # again\n---\n"
    >>> print(with_list(text, FrontMatter(4, 24, 28), "related", [{"path": "/a.md", "title": '"A"'}]))
    ---
    title: Rain # again
    related:
      - path: "/a.md"
        title: "\"A\""
    ---
    <BLANKLINE>
    """
    table, _, inner = name.rpartition(".")
    if table:
        return _within(text, front, table, inner, items, where)
    return _edited(text, front, name, items, where)


def _within(text: str, front: FrontMatter, table: str, inner: str, items: Sequence[Item], where: str) -> str:
    """Return the text with a list under a key of the mapping that another key has."""
    pairs = _parsed(text, front, where)
    keys = _keys(pairs, text, front, where)
    if (key := keys.get(table)) is None or key.value is None:
        if not items:
            return text
        start, end = (front.end, front.end) if key is None else (key.start, _end_of_last_line(text, key))
        newline = line_ending(split_lines(text[: front.end])[-1])
        lines = [f"{table}:", *(f"  {line}" for line in _lines(inner, items))]
        new = text[:start] + "".join([line + newline for line in lines]) + text[end:]
    else:
        head = split_lines(text[key.start :])[0]
        part = FrontMatter(key.start + len(head), _end_of_last_line(text, key), front.body)
        below = text[part.start : part.end]
        first = next((line for line in split_lines(below) if not is_blank(line) and not line.lstrip(" ").startswith("#")), "")
        indent = first[: len(first) - len(first.lstrip(" "))]
        if not indent or not isinstance(key.value, dict) or part.end <= part.start:
            raise not_alone(where, f"{table}.{inner}")
        new = _edited(text, part, inner, items, where, indent)
        if not items and list(key.value) == [inner]:
            new = text[: key.start] + text[part.end :]
    moved = FrontMatter(front.start, front.end + len(new) - len(text), front.body)
    try:
        new_pairs = _parsed(new, moved, where)
        new_value = _keys(new_pairs, new, moved, where).get(table)
    except BadValueError:
        raise not_alone(where, f"{table}.{inner}") from None
    old_value = key.value if key is not None and isinstance(key.value, dict) else {}
    values = dict(new_value.value) if new_value is not None and isinstance(new_value.value, dict) else {}
    others = {name: value for name, value in old_value.items() if name != inner}
    if values.pop(inner, []) != [{**item} for item in items if not isinstance(item, str)] or values != others:
        raise not_alone(where, f"{table}.{inner}")
    if _others(new_pairs, table) != _others(pairs, table):
        raise not_alone(where, f"{table}.{inner}")
    return new


def _lines(name: str, items: Sequence[Item]) -> list[str]:
    """Return the lines of a key with a list, none if the list is empty."""
    marked = any(isinstance(item, str) for item in items)
    lines = [f"{name}: {MARK}" if marked else f"{name}:"] if items else []
    for item in items:
        if isinstance(item, str):
            lines.append(f"  - {quoted(item)}")
        else:
            lines += [f"{'    ' if n else '  - '}{key}: {quoted(value)}" for n, (key, value) in enumerate(item.items())]
    return lines


def _edited(text: str, front: FrontMatter, name: str, items: Sequence[Item], where: str, indent: str = "") -> str:
    """Return the text with a list under a key of the mapping that lines of front matter are, each with an indent."""
    pairs = _parsed(text, front, where)
    keys = _keys(pairs, text, front, where)
    values: list[Value] = [item if isinstance(item, str) else {**item} for item in items]
    lines = [indent + line for line in _lines(name, items)]
    if name in keys:
        start, end = keys[name].start - len(indent), _end_of_last_line(text, keys[name])
        newline = line_ending(split_lines(text[start:])[0])
    elif values:
        start = end = front.end
        newline = line_ending(split_lines(text[: front.end])[-1])
    else:
        return text
    new = text[:start] + "".join([line + newline for line in lines]) + text[end:]
    if new == text:
        return text
    longer = len(new) - len(text)
    moved = FrontMatter(front.start, front.end + longer, front.body + longer)
    try:
        new_pairs = _parsed(new, moved, where)
        new_keys = _keys(new_pairs, new, moved, where)
    except BadValueError:
        raise not_alone(where, name) from None
    if (new_keys[name].value if name in new_keys else []) != values or _others(new_pairs, name) != _others(pairs, name):
        raise not_alone(where, name)
    return new


def _others(pairs: _Pairs, name: str) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return all keys but one, each with the parser's events of its value, their positions left out."""
    parts = ("value", "anchor", "tag")
    return [
        (key.value, [(type(event).__name__, *(str(getattr(event, part, None)) for part in parts)) for event in events])
        for key, events in pairs
        if key.value != name
    ]


def _end_of_last_line(text: str, key: Key) -> int:
    """Return the position after the last line of a key, before the empty lines and comments that follow a list."""
    lines = split_lines(text[key.start : key.end])
    if line_ending(lines[-1]):
        while len(lines) > 1 and (is_blank(lines[-1]) or lines[-1].lstrip(" \t").startswith("#")):
            lines.pop()
        return key.start + sum(map(len, lines))
    return key.end + len(split_lines(text[key.end :])[0])
