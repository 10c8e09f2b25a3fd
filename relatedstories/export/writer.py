"""Files of a site on disk: written where they change, each whole or not at all, and removed when nothing makes them any more.

A list of all files that exports wrote stands in the folder. What is not in it was put there by somebody else, and stays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from relatedstories.disk.atomic import new_file
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
    stems : collection of str
        The paths within it of all pages that will be written, less their suffixes.
    suffixes : sequence of str
        Each page is written with each of these.
    extras : collection of str
        The paths of other files that will be written.

    Raises
    ------
    InputError
        If a file cannot be put there, or is there and no export wrote it.
    """

    def __init__(
        self, folder: str | os.PathLike[str], stems: Collection[str], suffixes: Sequence[str], extras: Collection[str]
    ) -> None:
        check_site(folder)
        self.folder = Path(os.path.realpath(folder))
        self.written = self.unchanged = self.removed = 0
        self._stems, self._suffixes, self._extras = frozenset(stems), suffixes, frozenset(extras)
        self._folders: set[str] = set()
        self._old: list[str] = []  # what is there and will not be any more
        known, top = 0, set()
        for path in _listed(self.folder):
            top.add(path.partition("/")[0])
            if path in self:
                known += 1
            else:
                self._old.append(path)
        self._check_unwritten(top)
        self.folder.mkdir(exist_ok=True)
        if known < len(self._stems) * len(suffixes) + len(self._extras):
            # Before the first page, so that none is forgotten if the export is stopped.
            self._list(self._old)

    def __contains__(self, path: str) -> bool:
        stem, _, suffix = path.rpartition(".")
        return (suffix in self._suffixes and stem in self._stems) or path in self._extras

    def _check_unwritten(self, ours: Collection[str]) -> None:
        names = {f"{stem}.{suffix}" for stem in self._stems if "/" not in stem for suffix in self._suffixes}
        names |= self._extras | {stem.partition("/")[0] for stem in self._stems if "/" in stem}
        found = next((name for name in sorted(names.difference(ours)) if (self.folder / name).exists()), None)
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
        # One name for all: what an export that was killed leaves, the next one writes over, as it lacks that page too.
        beside = f"{folder}/.relatedstories-export.tmp"
        try:
            Path(beside).unlink(missing_ok=True)  # not written through, should it be a link to somewhere
            with open(beside, "xb", buffering=0) as file:
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
        for path in self._old:
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
            self._old = []
            self._list(())

    def _list(self, others: Iterable[str]) -> None:
        """Write the list of all files that there will be, and of others."""
        with new_file(self.folder / LISTING) as file:
            file.write(f"{_FIRST}\n")
            for stem in sorted(self._stems):
                file.writelines(f"{stem}.{suffix}\n" for suffix in self._suffixes)
            file.writelines(f"{path}\n" for path in (*sorted(self._extras), *others))


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
