"""Find the Markdown pages of a folder that may be events."""

from __future__ import annotations

import collections
import os
from pathlib import Path

from relatedstories.errors import InputError

__all__ = ["DAY_PAGES", "SUFFIXES", "page_paths"]

SUFFIXES = (".md", ".markdown", ".mkd", ".mdown")
"""The endings of the names of Markdown files."""

DAY_PAGES = ("index", "readme", "_index")
"""The names, without suffix, of pages that list events and are none themselves."""


def page_paths(folder: Path, others: collections.Counter[str] | None = None) -> dict[str, str]:
    """Return the paths within a folder of the Markdown pages that may be events, by the event's id, sorted.

    Hidden files and folders are ignored; all other files that are left out are counted in `others`, by reason. Symbolic links are
    not followed: a link out of the folder leads to no page of the archive, a link within it would make two events of a page.
    """
    others = collections.Counter() if others is None else others
    paths: list[str] = []
    for top, folders, files in os.walk(folder, onerror=_raise_unreadable):
        links = {name for name in (*folders, *files) if not name.startswith(".") and os.path.islink(os.path.join(top, name))}
        others.update(["symbolic link"] * len(links))
        folders[:] = [name for name in folders if not name.startswith(".") and name not in links]
        within = Path(top).relative_to(folder)
        for name in files:
            if name.startswith(".") or name in links:
                continue
            if not name.lower().endswith(SUFFIXES):
                others["not Markdown"] += 1
            elif os.path.splitext(name)[0].lower() in DAY_PAGES:
                others["day page"] += 1
            elif not _is_utf8(path := (within / name).as_posix()):
                others["name not in UTF-8"] += 1
            else:
                paths.append(path)
    paths.sort()
    without_suffix = {path: os.path.splitext(path)[0] for path in paths}
    uses = collections.Counter(without_suffix.values()) + collections.Counter(paths)
    return {path if uses[without_suffix[path]] > 1 else without_suffix[path]: path for path in paths}


def _raise_unreadable(error: OSError) -> None:
    """Raise `InputError` for a folder that cannot be read."""
    raise InputError(f"{error.filename}: got a folder that cannot be read ({error.strerror}), expected one that can")


def _is_utf8(path: str) -> bool:
    """Tell whether a path was encoded in UTF-8; Python decodes other bytes as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in path)
