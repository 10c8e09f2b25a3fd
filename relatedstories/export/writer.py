"""The files of a site on disk: written atomically if they changed, and removed when the site no longer has them.

The folder holds a list of all files that exports wrote. Files that are not in it are not touched.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from relatedstories.disk.atomic import new_file, remove_leftovers
from relatedstories.errors import InputError
from relatedstories.export.files_digest import FilesDigest
from relatedstories.files.own_files import SITE_MANIFEST

__all__ = ["LAST", "MANIFEST", "SiteWriter", "check_site", "listed_files"]

MANIFEST = SITE_MANIFEST
LAST = ".relatedstories-last-export"
"""The name of the file that tells what the last export left; it alone differs between two exports of the same site."""

_HEADER = "relatedstories export 1"
_SITE_PATH = re.compile(
    r"(?:(?:news|topics|stories)/[a-z0-9/-]+|index)\.(?:html|json|xml|md)|search/[a-z0-9/]+\.js|search\.(?:html|js)|style\.css|feed\.atom|sitemap(?:-\d+)?\.xml|schema\.(?:json|xsd)",
)


_BINARY = getattr(os, "O_BINARY", 0)  # on Windows


class SiteWriter:
    """Writes the files of a site.

    Parameters
    ----------
    folder : path
        The folder of the site, created if it does not exist.
    stems : collection of str
        The paths of all pages that will be written, without their suffixes.
    suffixes : sequence of str
        The suffixes that each page is written with.
    extras : collection of str
        The paths of other files that will be written.

    Raises
    ------
    InputError
        If the folder cannot be written to, or holds a file with the name of a page that no export wrote.
    """

    def __init__(
        self, folder: str | os.PathLike[str], stems: Collection[str], suffixes: Sequence[str], extras: Collection[str]
    ) -> None:
        check_site(folder)
        self.folder = Path(os.path.realpath(folder))
        self.written = self.unchanged = self.removed = 0
        self.files = FilesDigest()
        self._stems, self._suffixes, self._extras = frozenset(stems), suffixes, frozenset(extras)
        self._folders: set[str] = set()
        self._obsolete: list[str] = []  # files of earlier exports that this one does not write
        n_known, top_level = 0, set()
        for path in listed_files(self.folder):
            top_level.add(path.partition("/")[0])
            if path in self:
                n_known += 1
            else:
                self._obsolete.append(path)
        self._has_files = bool(top_level)
        self._check_foreign_files(top_level)
        self.folder.mkdir(exist_ok=True)
        (self.folder / LAST).unlink(missing_ok=True)  # before the site is another, and until it is complete
        remove_leftovers(self.folder)  # of exports that were killed
        if n_known < len(self._stems) * len(suffixes) + len(self._extras):
            # Written before the first page, so that no page is forgotten if the export is stopped.
            self._write_manifest(self._obsolete)

    def __contains__(self, path: str) -> bool:
        stem, _, suffix = path.rpartition(".")
        return (suffix in self._suffixes and stem in self._stems) or path in self._extras

    def _check_foreign_files(self, own: Collection[str]) -> None:
        names = {f"{stem}.{suffix}" for stem in self._stems if "/" not in stem for suffix in self._suffixes}
        names |= {path.partition("/")[0] for path in (*self._extras, *(stem for stem in self._stems if "/" in stem))}
        found = next((name for name in sorted(names.difference(own)) if (self.folder / name).exists()), None)
        if found is not None:
            raise InputError(f"{self.folder / found}: got a file or folder that no export wrote, expected a folder without it")

    def write(self, path: str, content: bytes) -> None:
        """Write a file unless it exists with the same content."""
        place = f"{self.folder}/{path}"
        if self._has_files and (stat := _stat_if_same(place, content)) is not None:
            self.files.add(path, stat)
            self.unchanged += 1
            return
        folder = place.rpartition("/")[0]
        if folder not in self._folders:
            os.makedirs(folder, exist_ok=True)
            self._folders.add(folder)
        # The disk is not synced, unlike for an index: a page lost in a power failure is written again by the next export.
        # There is one temporary name per folder, so that the next export overwrites what a killed one left behind.
        temporary = f"{folder}/.relatedstories-export.tmp"
        try:
            stat = _write_new(temporary, content)
            os.replace(temporary, place)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self.files.add(path, stat)
        self.written += 1

    def finish(self) -> None:
        """Remove files that earlier exports wrote and this one did not, and folders left empty."""
        for path in self._obsolete:
            place = self.folder / path
            if Path(os.path.realpath(place.parent)) != place.parent:
                continue  # a symbolic link leads out of the site
            try:
                place.unlink()
            except FileNotFoundError:
                continue
            self.removed += 1
            for parent in place.parents:
                if parent == self.folder:
                    break
                try:
                    parent.rmdir()
                except OSError:  # not empty
                    break
        if self._obsolete:
            self._obsolete = []
            self._write_manifest(())

    def _write_manifest(self, others: Iterable[str]) -> None:
        """Write the list of all files of this export, and of others."""
        with new_file(self.folder / MANIFEST) as file:
            file.write(f"{_HEADER}\n")
            for stem in sorted(self._stems):
                file.writelines(f"{stem}.{suffix}\n" for suffix in self._suffixes)
            file.writelines(f"{path}\n" for path in (*sorted(self._extras), *others))


def _stat_if_same(place: str, content: bytes) -> os.stat_result | None:
    """Return size and times of a file that has this content; None if it has another, or there is none."""
    try:
        file = os.open(place, os.O_RDONLY | _BINARY)
    except OSError:  # missing, or not to be read
        return None
    try:
        stat = os.fstat(file)
        same = stat.st_size == len(content) and os.read(file, len(content) + 1) == content
    except OSError:  # a folder
        return None
    finally:
        os.close(file)
    return stat if same else None


def _write_new(place: str, content: bytes) -> os.stat_result:
    """Write a file in place of any that a killed export left, and return its size and times."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
    try:
        file = os.open(place, flags, 0o666)
    except FileExistsError:
        Path(place).unlink()  # if it is a symbolic link, its target must not be written to
        file = os.open(place, flags, 0o666)
    try:
        written = os.write(file, content)
        while written < len(content):
            written += os.write(file, content[written:])
        return os.fstat(file)
    finally:
        os.close(file)


def check_site(folder: str | os.PathLike[str]) -> None:
    """Raise `InputError` if no site can be written to a folder; meant to be called before any work is done."""
    place = Path(os.path.realpath(folder))
    if place.exists() and not place.is_dir():
        raise InputError(f"{folder}: got a file, expected a folder or a path where one can be created")
    parent = place if place.is_dir() else place.parent
    if not parent.is_dir():
        raise InputError(f"{folder}: got a path in {parent}, which is not a folder, expected one in an existing folder")
    if not os.access(parent, os.W_OK):
        raise InputError(f"{folder}: got a folder that cannot be written to, expected a writable one")
    next(listed_files(place), None)


def listed_files(folder: Path) -> Iterator[str]:
    """Yield the paths of the files that earlier exports wrote."""
    try:
        file = open(folder / MANIFEST, encoding="utf-8")  # noqa: SIM115
    except FileNotFoundError:
        return
    with file:
        if file.readline().rstrip("\n") != _HEADER:
            raise InputError(f"{folder / MANIFEST}: got a list of another version, expected {_HEADER!r}; export to a new folder")
        for line in file:
            path = line.rstrip("\n")
            if not _SITE_PATH.fullmatch(path) or "//" in path:
                raise InputError(
                    f"{folder / MANIFEST}: got {path!r}, expected paths that an export writes; export to a new folder"
                )
            yield path
