"""Keys on lines at the head of a page that has no front matter: ``Key: value`` of Pelican, ``#+KEY: value`` of Org."""

from __future__ import annotations

import re

from relatedstories.pages.keys import Key
from relatedstories.pages.sections import is_blank, split_lines

__all__ = ["header_lines", "org_lines"]

_HEADER = re.compile(r"([A-Za-z][\w-]*):(?:[ \t]+(.*))?")
_ORG_DAY = re.compile(r"[<\[]\d{4}-\d\d-\d\d[ >\]]")
_ORG = re.compile(r"#\+([A-Za-z][\w-]*)(\[\])?:(?:[ \t]+(.*))?")


def header_lines(text: str) -> tuple[dict[str, Key], int]:
    r"""Return the lines ``Key: value`` at the head of a page, in the form of Pelican, and the position in the text after them.

    Examples
    --------
    >>> keys, body = header_lines("Title: Rain\nDate: 2020-02-15\n\nIn Wales.\n")
    >>> keys["Date"].value, body
    ('2020-02-15', 29)
    """
    keys: dict[str, Key] = {}
    more: dict[str, list[str]] = {}  # lines that go on with a value
    at, last = len(text) - len(text.removeprefix("\ufeff")), None
    for number, line in enumerate(split_lines(text[at:]), 1):
        bare = line.rstrip("\r\n")
        if found := _HEADER.fullmatch(bare):
            last = found[1]
            keys.setdefault(last, Key((found[2] or "").strip(), number, at, at + len(line)))
        elif last and not is_blank(bare) and bare.startswith(("    ", "\t")):
            more.setdefault(last, []).append(bare.strip())
            keys[last] = keys[last]._replace(end=at + len(line))
        else:
            break
        at += len(line)
    for name, parts in more.items():
        keys[name] = keys[name]._replace(value=" ".join([str(keys[name].value), *parts]))
    return keys, at


def org_lines(text: str) -> tuple[dict[str, Key], int]:
    r"""Return the lines ``#+KEY: value`` at the head of an Org page, and the position in the text after them.

    Examples
    --------
    >>> keys, body = org_lines("#+TITLE: Rain\n#+TAGS[]: Wales storm\n\nIt pours.\n")
    >>> keys["TITLE"].value, keys["TAGS"].value, body
    ('Rain', ['Wales', 'storm'], 37)
    """
    keys: dict[str, Key] = {}
    at = len(text) - len(text.removeprefix("\ufeff"))
    for number, line in enumerate(split_lines(text[at:]), 1):
        bare = line.rstrip("\r\n")
        if found := _ORG.fullmatch(bare):
            value = (found[3] or "").strip()
            value = value[1:11] if _ORG_DAY.match(value) else value
            tagged = found[1].lower() in ("filetags", "roam_tags")
            listed = value.replace(":", " ").split() if tagged else value.split() if found[2] else None
            keys.setdefault(found[1], Key(value if listed is None else [*listed], number, at, at + len(line)))
        elif not is_blank(bare):
            break
        at += len(line)
    return keys, at
