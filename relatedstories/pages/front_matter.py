"""Find the front matter of a page, in YAML, TOML or JSON, read its keys and edit one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from relatedstories.errors import BadValueError, InputError
from relatedstories.pages import json_format, toml_format, yaml_format
from relatedstories.pages.keys import FrontMatter, Item, Key, Value

__all__ = ["FrontMatter", "check_ours", "find", "find_key", "is_ours", "read", "value_of", "with_list", "without_ours"]

# YAML parsers do not count the second byte order mark.
_OPENING = re.compile(r"\ufeff?(?P<blank>(?:[ \t]*(?:\r\n|\r|\n))*+)(---|\+\+\+)(?P<more>-*)[ \t]*(?:\r\n|\r|\n)\ufeff?")
_CLOSING = {
    "---": re.compile(r"(?<![^\r\n])(?:---|\.\.\.)[ \t]*(?:\r\n|\r|\n|\Z)"),
    "+++": re.compile(r"(?<![^\r\n])\+\+\+[ \t]*(?:\r\n|\r|\n|\Z)"),
}
_OBJECT = re.compile(r"\ufeff?(?=\{\s*[\"}])")
_AFTER_OBJECT = re.compile(r"[ \t]*(?:\r\n|\r|\n|\Z)")
_KEY_LINE = re.compile(r"""["']?[^\W\d][\w -]*["']?[ \t]*[:=]""")
_FIRST_KEY = re.compile(r"\ufeff?(?=[A-Za-z_][\w-]*:(?:[ \t]|\r|\n))")
_NO_KEYS = re.compile(r"(?m)^[ \t]*(?:[-\[{?#\"'&!]|[^\s:]+[ \t]*:)")
_LONGEST_WITHOUT_OPENING = 64 * 1024
_READERS = {"YAML": yaml_format.read, "TOML": toml_format.read, "JSON": json_format.read}
_EDITORS = {"YAML": yaml_format.with_list, "TOML": toml_format.with_list, "JSON": json_format.with_list}


def find(text: str, where: str = "page") -> FrontMatter | None:
    r"""Return the place of the front matter of a page, None if it has none.

    It is YAML between lines ``---``, TOML between lines ``+++``, an object of JSON, or YAML up to a line ``---``, as Hexo has it.

    Raises
    ------
    BadValueError
        If front matter begins but does not end.

    Examples
    --------
    >>> find("---\ntitle: Rain\n---\nIn Wales.\n")
    FrontMatter(start=4, end=16, body=20, format='YAML')
    >>> find('+++\ntitle = "Rain"\n+++\n').format, find('{"title": "Rain"}\n').format
    ('TOML', 'JSON')
    """
    if (opening := _OPENING.match(text)) is not None:
        return _between_lines(text, opening, where)
    if (opening := _OBJECT.match(text)) is not None:
        end = json_format.end_of_object(text, opening.end(), where)
        after = _AFTER_OBJECT.match(text, end)
        return None if after is None else FrontMatter(opening.end(), end, after.end(), "JSON")
    if (opening := _FIRST_KEY.match(text)) is not None:
        return _without_opening(text, opening.end())
    return None


def _between_lines(text: str, opening: re.Match[str], where: str) -> FrontMatter | None:
    """Return the place of front matter between two lines; None for a line that is a thematic break of the text."""
    mark = opening[2]
    closing = _CLOSING[mark].search(text, opening.end())
    if (opening["blank"] or opening["more"]) and not _KEY_LINE.match(text, opening.end()):
        return None  # Hugo takes these for front matter, too
    if closing is None:
        if not _KEY_LINE.match(text, opening.end()):
            return None
        raise BadValueError(f"{where}:1", None, "front matter that does not end", f"a line {mark} after it")
    inner = text[opening.end() : closing.start()]
    if mark == "---" and inner.strip() and not _NO_KEYS.search(inner):
        return None
    return FrontMatter(opening.end(), closing.start(), closing.end(), "TOML" if mark == "+++" else "YAML")


def _without_opening(text: str, start: int) -> FrontMatter | None:
    """Return the place of YAML that begins with a page and ends at a line ``---``; None if that is no mapping with a title."""
    closing = _CLOSING["---"].search(text, start, start + _LONGEST_WITHOUT_OPENING)
    if closing is None or not closing[0].startswith("---"):
        return None
    front = FrontMatter(start, closing.start(), closing.end())
    try:
        names = {name.casefold() for name in yaml_format.read(text, front)}
    except BadValueError:
        return None
    return front if names & {"title", "date", "tags", "layout"} else None


def read(text: str, front: FrontMatter, where: str = "page") -> dict[str, Key]:
    """Return the keys of front matter in their order, with scalar values as texts; the later of keys that are used twice.

    Raises
    ------
    BadValueError
        If the front matter is broken, has no keys, or is nested too deep; with the line.
    """
    return _READERS[front.format](text, front, where)


def find_key(keys: Mapping[str, Key], name: str) -> str | None:
    """Return the key that site builders take for this one, as they do not tell capitals; None if there is none."""
    return name if name in keys else next((key for key in keys if key.casefold() == name.casefold()), None)


def value_of(keys: Mapping[str, Key], name: str) -> Value:
    """Return the value of a key, or of one within another, ``extra.related``; None if there is none."""
    first, *rest = name.split(".")
    value = keys[first].value if first in keys else None
    for part in rest:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def without_ours(value: Value) -> Value:
    """Return a value of front matter without the lists of links in it, if it has keys, that this library wrote."""
    if not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if not part or not isinstance(part, list) or not is_ours(part)}


def with_list(text: str, front: FrontMatter, name: str, items: Sequence[Item], where: str = "page") -> str:
    r"""Return the text with a list of links under a key of its front matter, or without the key if there are no links.

    Raises
    ------
    InputError
        If the key has a value that is no such list, which then is an editor's own; or if the edit would change anything but
        this key.

    Examples
    --------
    >>> text = "---\ntitle: Rain\nrelated: false\n---\n"
    >>> with_list(text, find(text), "related", [{"path": "/a.md", "title": "A"}])
    Traceback (most recent call last):
        ...
    relatedstories.errors.InputError: page:3: got 'related' with 'false', which stays; --key NAME writes links under another key
    """
    keys = read(text, front, where)
    found = find_key(keys, name.partition(".")[0])
    if found is not None:
        key = keys[found]
        if "." not in name:
            check_ours(text, key, found, name, where)
        else:
            check_ours(text, key._replace(value=value_of(keys, name)), name, name, where)
    return _EDITORS[front.format](text, front, name, items, where)


def check_ours(text: str, key: Key, found: str, name: str, where: str) -> None:
    """Raise `InputError` if the value of a key, or its name, is not of this library's making."""
    if found != name or not is_ours(key.value, text[key.start : key.end]):
        value = repr(key.value) if isinstance(key.value, str) and len(key.value) <= 20 else "a value of an editor's"
        expected = "which stays; --key NAME writes links under another key"
        raise InputError(f"{where}:{key.line}: got {found!r} with {value}, {expected}")


def is_ours(value: Value, written: str = "") -> bool:
    """Tell whether a value of front matter is a list of links that this library wrote, or nothing.

    Parameters
    ----------
    value : Value
    written : str, default ""
        The key and its value as they stand in the page. Texts, such as ``[[Note]]``, are ours only behind
        `yaml_format.MARK`, as editors write such lists too.

    Examples
    --------
    >>> is_ours([{"path": "/a.md", "title": "A"}]), is_ours("false"), is_ours([{"name": "A"}]), is_ours(["[[A]]"])
    (True, False, False, False)
    """
    if not value:
        return True
    if not isinstance(value, list):
        return False
    if all(isinstance(item, str) for item in value):
        first_line = written.partition("\n")[0].partition("\r")[0]
        return first_line.rstrip().endswith(yaml_format.MARK)
    return all(
        isinstance(item, dict)
        and {"path", "title"} <= item.keys() <= {"path", "title", "context", "fallback"}
        and all(isinstance(part, str) for part in item.values())
        for item in value
    )
