"""Files of a site on disk: written where they change, each whole or not at all, and removed when nothing makes them any more.

A list of all files that exports wrote stands in the folder. What is not in it was put there by somebody else, and stays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from relatedstories.atomic import new_file
from relatedstories.errors import InputError

__all__ = ["LISTING", "Writer"]

LISTING = ".relatedstories-export"
_FIRST = "relatedstories export 1"
_OURS = re.compile(
    r"(?:(?:news|topics)/[a-z0-9/-]+|index)\.(?:html|json|xml|md)|style\.css|feed\.atom|schema\.(?:json|xsd)",
)


class Writer:
    """Writes the files of a site.

    Parameters
    ----------
    folder : path
        Made if it is not there.
    files : iterable of str
        The paths within it of all files that will be written.

    Raises
    ------
    InputError
        If a file cannot be put there, or is there and no export wrote it.
    """

    def __init__(self, folder: str | os.PathLike[str], files: Iterable[str]) -> None:
        self.folder = Path(os.path.realpath(folder))
        self.written = self.unchanged = self.removed = 0
        self._new = set(files)
        self._folders: set[str] = set()
        check_site(folder)
        before = set(_listed(self.folder))
        if not before:
            self._check_unwritten()
        self._old = before - self._new
        self.folder.mkdir(exist_ok=True)
        # Before the first page, so that none is forgotten if the export is stopped.
        if not self._new <= before:
            self._list({*before, *self._new})

    def _check_unwritten(self) -> None:
        names = sorted({path.partition("/")[0] for path in self._new})
        found = next((name for name in names if (self.folder / name).exists()), None)
        if found is not None:
            raise InputError(f"{self.folder / found}: got something that no export wrote, expected a folder without it")

    def write(self, path: str, text: str) -> None:
        """Write a file unless it is there as it is to be."""
        content, place = text.encode(), f"{self.folder}/{path}"
        try:
            with open(place, "rb", buffering=0) as file:
                if file.read(len(content) + 1) == content:
                    self.unchanged += 1
                    return
        except OSError:  # not there, or no file
            pass
        folder = place.rpartition("/")[0]
        if folder not in self._folders:
            os.makedirs(folder, exist_ok=True)
            self._folders.add(folder)
        # No waiting for the disk, as for an index: a page that is lost with the power is made again by the next export.
        beside = f"{folder}/.{os.getpid()}.tmp"
        try:
            with open(beside, "wb", buffering=0) as file:
                written = 0
                while written < len(content):
                    written += file.write(content[written:]) or 0
            os.replace(beside, place)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        self.written += 1

    def finish(self) -> None:
        """Remove what earlier exports wrote and this one did not, and folders that this leaves empty."""
        for path in sorted(self._old):
            place = self.folder / path
            if Path(os.path.realpath(place.parent)) != place.parent:
                continue  # another place, by a symbolic link
            try:
                place.unlink()
            except FileNotFoundError:
                continue
            self.removed += 1
            for above in place.parents:
                if above == self.folder:
                    break
                try:
                    above.rmdir()
                except OSError:  # it holds more
                    break
        if self._old:
            self._list(self._new)
            self._old = set()

    def _list(self, files: Iterable[str]) -> None:
        with new_file(self.folder / LISTING) as file:
            file.write(f"{_FIRST}\n")
            file.writelines(f"{path}\n" for path in sorted(files))


def check_site(folder: str | os.PathLike[str]) -> None:
    """Raise `InputError` where no site can be written, before any work is spent on it."""
    place = Path(os.path.realpath(folder))
    if place.exists() and not place.is_dir():
        raise InputError(f"{folder}: got a file, expected a folder, or a place for one")
    above = place if place.is_dir() else place.parent
    if not above.is_dir():
        raise InputError(f"{folder}: got a place in {above}, which is no folder, expected an existing one")
    if not os.access(above, os.W_OK):
        raise InputError(f"{folder}: got a place that cannot be written to, expected one that can")
    next(_listed(place), None)


def _listed(folder: Path) -> Iterator[str]:
    """What earlier exports wrote."""
    try:
        file = open(folder / LISTING, encoding="utf-8")  # noqa: SIM115
    except FileNotFoundError:
        return
    with file:
        if file.readline().rstrip("\n") != _FIRST:
            raise InputError(f"{folder / LISTING}: got a list of another version, expected {_FIRST!r}; export to a new folder")
        for line in file:
            path = line.rstrip("\n")
            if not _OURS.fullmatch(path) or "//" in path:
                raise InputError(
                    f"{folder / LISTING}: got {path!r}, expected paths that an export writes; export to a new folder"
                )
            yield path
