"""Find the pages of a folder that may be events, and tell what kind of site they are of."""

from __future__ import annotations

import collections
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from relatedstories.errors import InputError
from relatedstories.pages.page_names import LanguageFolders, without_language

__all__ = ["MAX_BYTES", "OTHER_SUFFIXES", "SUFFIXES", "Site", "page_paths", "site_of"]

SUFFIXES = (".md", ".markdown", ".mkd", ".mdown", ".mdx", ".qmd", ".rmd")
"""The endings of the names of Markdown files."""

OTHER_SUFFIXES = (".html", ".htm", ".org", ".textile", ".adoc", ".asciidoc", ".rst")
"""The endings of the names of files that are pages if they begin with front matter."""

MAX_BYTES = 16 * 2**20
"""The largest file that is read."""

_TEMPLATES = frozenset(
    ("_data", "_includes", "_layouts", "_plugins", "_sass", "_site", "_templates", "archetypes", "node_modules")
)
"""Folders of templates, and of pages that are built."""

_TEMPLATES_OF_SITE = frozenset(("assets", "build", "dist", "layouts", "public", "resources", "static", "themes"))
"""Folders of templates, and of pages that are built, beside the configuration of a site."""

_CONFIGURATION = re.compile(
    r"(?:hugo|config|_config|zola|docusaurus\.config|mkdocs|pelicanconf|\.eleventy|gatsby-config|astro\.config)\.\w+"
)

_PROJECT_FILES = frozenset(("changelog", "code_of_conduct", "contributing", "license", "readme", "security"))
"""The names, without suffix, of pages about a folder rather than of it."""

_BEGINS_WITH_KEYS = re.compile(rb"(?:\xef\xbb\xbf)?(?:---[ \t]*[\r\n]|\+\+\+[ \t]*[\r\n]|\{\s*[\"}]|[A-Za-z][\w-]*:[ \t]|#\+\w+)")


@dataclass(slots=True)
class Site:
    """The pages of a folder.

    Parameters
    ----------
    paths : dict of str to str
        The paths of pages within the folder, by the id of the event, in the order of the paths.
    languages : LanguageFolders
    translated : frozenset of str
        The paths without marks of languages of pages that are there in several languages.
    has_builder : bool
        Whether files show that a site builder makes a site of the folder, so that it is no plain folder of notes.
    is_vault : bool
        Whether Obsidian has its settings in the folder.
    """

    paths: dict[str, str] = field(default_factory=dict)
    languages: LanguageFolders = field(default_factory=lambda: LanguageFolders(()))
    translated: frozenset[str] = frozenset()
    has_builder: bool = False
    is_vault: bool = False


def page_paths(folder: Path) -> dict[str, str]:
    """Return the paths within a folder of the pages that may be events, by the event's id, sorted by path."""
    return site_of(folder).paths


def site_of(folder: Path, others: collections.Counter[str] | None = None) -> Site:
    """Return the pages of a folder that may be events; all files that are left out are counted in `others`, by reason.

    Hidden files and folders are ignored. Symbolic links are not followed: a link out of the folder leads to no page of the
    archive, a link within it would make two events of a page.
    """
    others = collections.Counter() if others is None else others
    paths, has_configuration = _files(folder, others)
    languages = LanguageFolders(paths)
    has_sections = any(_index_name(path) == "_index" for path in paths)
    bundles = _bundles(folder, paths, languages, has_sections)
    pages = []
    for path in paths:
        reason = _reason_left_out(path, bundles)
        if reason is None:
            pages.append(path)
        else:
            others[reason] += 1
    top = Path(os.path.realpath(folder)).as_posix()
    names = collections.Counter(languages.name_of(path).untranslated for path in pages)
    return Site(
        _with_ids(pages),
        languages,
        frozenset(name for name, count in names.items() if count > 1),
        has_configuration or has_sections or bool(bundles) or any("_posts" in path.split("/") for path in (top, *paths)),
        os.path.isdir(folder / ".obsidian"),
    )


def _files(folder: Path, others: collections.Counter[str]) -> tuple[list[str], bool]:
    """Return the sorted paths of the files that may be pages, and whether the configuration of a site is beside them."""
    paths: list[str] = []
    has_configuration = False
    for top, folders, files in os.walk(folder, onerror=_raise_unreadable):
        links = {name for name in (*folders, *files) if not name.startswith(".") and os.path.islink(os.path.join(top, name))}
        others.update(["symbolic link"] * len(links))
        within = Path(top).relative_to(folder)
        templates = _TEMPLATES
        if within == Path() and any(_CONFIGURATION.fullmatch(name) for name in files):
            has_configuration, templates = True, _TEMPLATES | _TEMPLATES_OF_SITE
        others["folder of templates or built pages"] += sum(name in templates and name not in links for name in folders)
        folders[:] = [name for name in folders if not name.startswith(".") and name not in links and name not in templates]
        for name in files:
            if name.startswith(".") or name in links:
                continue
            path = (within / name).as_posix()
            if (reason := _reason_not_read(Path(top, name), path)) is not None:
                others[reason] += 1
            else:
                paths.append(path)
    others += collections.Counter()  # without reasons of no file
    return sorted(paths), has_configuration


def _reason_not_read(file: Path, path: str) -> str | None:
    """Return why a file cannot be a page, None if it may be one."""
    name = file.name.lower()
    if not name.endswith(SUFFIXES + OTHER_SUFFIXES):
        return "not Markdown"
    if name.endswith(".excalidraw.md"):
        return "drawing"
    if not _is_utf8(path):
        return "name not in UTF-8"
    try:
        about = file.lstat()
    except OSError:
        return None  # reading it tells what is wrong
    if not stat.S_ISREG(about.st_mode):
        return "no regular file"
    if about.st_size > MAX_BYTES:
        return f"file of more than {MAX_BYTES // 2**20} MiB"
    if name.endswith(OTHER_SUFFIXES) and not _begins_with_keys(file):
        return f"{os.path.splitext(name)[1]} file without front matter"
    return None


def _begins_with_keys(file: Path) -> bool:
    """Tell whether a file begins as front matter does."""
    try:
        with open(file, "rb") as content:
            return _BEGINS_WITH_KEYS.match(content.read(200)) is not None
    except OSError:
        return False


def _index_name(path: str) -> str:
    """Return the name of a page without suffix and language, in lower case."""
    return without_language(os.path.splitext(path.rpartition("/")[2])[0])[0].lower()


def _bundles(folder: Path, paths: Iterable[str], languages: LanguageFolders, has_sections: bool) -> frozenset[str]:
    """Return the folders whose ``index.md`` is a page of its own, as the other files in it are its resources.

    Where sections have pages ``_index.md``, each ``index.md`` is one. Elsewhere it is the page of a section if pages with front
    matter are beside it or in folders below, or if it has no front matter itself.
    """
    candidates = {
        path.rpartition("/")[0]: path
        for path in paths
        if _index_name(path) == "index" and "/" in path and path.lower().endswith(SUFFIXES)
    }
    candidates = {top: path for top, path in candidates.items() if not languages.is_top(top)}
    if has_sections:
        return frozenset(candidates)
    sections = {top for top, path in candidates.items() if not _begins_with_keys(folder / path)}
    for path in paths:
        above = path.rpartition("/")[0]
        if _index_name(path) in ("index", "readme") and above in candidates:
            above = above.rpartition("/")[0]
        tops = _with_those_above(above) & candidates.keys()
        if tops and not tops <= sections and _begins_with_keys(folder / path):
            sections |= tops
    return frozenset(candidates.keys() - sections)


def _with_those_above(folder: str) -> set[str]:
    """Return the path of a folder and those of the folders that it is in."""
    return {folder[: found.start()] for found in re.finditer("/|$", folder)}


def _reason_left_out(path: str, bundles: frozenset[str]) -> str | None:
    """Return why a file is no page of an event, None if it may be one."""
    name, folder = _index_name(path), path.rpartition("/")[0]
    if name == "_index":
        return "section page"
    if name in _PROJECT_FILES:
        return "page about the folder, such as README"
    above = folder if name != "index" else folder.rpartition("/")[0]
    if _with_those_above(above) & bundles:
        return "resource of a page"
    if name == "index" and folder not in bundles:
        return "section page"
    return None


def _with_ids(paths: Iterable[str]) -> dict[str, str]:
    """Return the paths by id: without suffix, of ``index.md`` the folder; where two would be alike, the path itself."""
    ids = {path: _id_of(path) for path in paths}
    uses = collections.Counter(ids.values()) + collections.Counter(list(ids))
    return {path if uses[id_] > 1 else id_: path for path, id_ in ids.items()}


def _id_of(path: str) -> str:
    """Return a path without suffix; of ``index.md`` that of its folder."""
    without_suffix = os.path.splitext(path)[0]
    folder, _, name = without_suffix.rpartition("/")
    if _index_name(path) == "index" and folder:
        return folder + name[len("index") :]
    return without_suffix


def _raise_unreadable(error: OSError) -> None:
    """Raise `InputError` for a folder that cannot be read."""
    raise InputError(f"{error.filename}: got a folder that cannot be read ({error.strerror}), expected one that can")


def _is_utf8(path: str) -> bool:
    """Tell whether a path was encoded in UTF-8; Python decodes other bytes as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in path)
