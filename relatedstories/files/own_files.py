"""What this library wrote itself, and what is no part of an archive though it may lie in the archive's folder."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

__all__ = ["INDEX_MANIFEST", "SITE_MANIFEST", "own_file", "own_folder"]

INDEX_MANIFEST = "index.json"
"""The file that makes a folder an index."""

SITE_MANIFEST = ".relatedstories-export"
"""The file that makes a folder an exported site."""

_JSON = (".jsonl", ".ndjson", ".jl", ".json")
_TEXT = rb'"(?:[^"\\]|\\.)*+"'
_LINK = rb'\{"id": ' + _TEXT + rb', "rank": '
_LINKS = re.compile(
    rb'\{"id": ' + _TEXT + rb', "links": \[(?:\]\}\s|' + _LINK + rb")"
    rb"|\{(?:" + _TEXT + rb": \[\]\n,)*+" + _TEXT + rb": \[" + _LINK
)  # fmt: skip
_REPORT = re.compile(rb'\{\n "status": "(?:done|failed)",\n "started": ')
_ENOUGH = 1 << 16


def own_file(path: Path) -> str | None:
    """Return what a file is that a refresh wrote, in the plural: links or its report. None for any other file."""
    if not path.name.lower().endswith(_JSON) or not path.is_file():
        return None
    try:
        with open(path, "rb") as file:
            begin = file.read(_ENOUGH)
    except OSError:  # reading its rows tells what is wrong
        return None
    if _LINKS.match(begin):
        return "files of links"
    return "reports of a refresh" if _REPORT.match(begin) else None


def own_folder(folders: Collection[str], files: Collection[str]) -> str | None:
    """Return what a folder is, given by the names in it, that this library wrote, in the plural; None for any other folder.

    Examples
    --------
    >>> own_folder(["parts-0123456789abcdef"], ["index.json"]), own_folder(["news"], ["index.json"])
    ('indexes', None)
    """
    if SITE_MANIFEST in files:
        return "exported sites"
    return "indexes" if INDEX_MANIFEST in files and any(name.startswith("parts-") for name in folders) else None
