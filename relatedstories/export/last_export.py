"""What the last export to a folder left: enough for the next one to see that nothing has changed, without making any page."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from relatedstories.disk.atomic import new_file
from relatedstories.errors import InputError
from relatedstories.export.files_digest import FilesDigest
from relatedstories.export.merged_stories import MERGED
from relatedstories.export.render import PACKAGE_DIR, SiteInfo
from relatedstories.export.story_pages import STORIES
from relatedstories.export.writer import LAST, MANIFEST, listed_files
from relatedstories.index.last_refresh import code_digest, filters_as_json
from relatedstories.index.stories import RelatedStories

if TYPE_CHECKING:
    from relatedstories.ranking.filters import LinkFilters

__all__ = ["LastExport", "basis_of_site"]

_MAX_READ = 1 << 20
"""Number of bytes up to which a file beside the user's templates is read; of a longer one, size and time are compared."""


class LastExport(NamedTuple):
    """What an export left, as a file of the site's folder keeps it. Whatever is wrong with the file, it is none.

    Parameters
    ----------
    basis : str
        What the site was made of: `basis_of_site`.
    files : str
        The `FilesDigest` of the site.
    kept : dict of str to str or None
        The digest of the content of each file by which one export follows another; None for one that was not there.
    counts : dict
        The counts of the report.
    """

    basis: str
    files: str
    kept: dict[str, str | None]
    counts: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> LastExport | None:
        """Return what the last export to a folder left; None if that is not known."""
        try:
            found = json.loads((folder / LAST).read_text(encoding="utf-8"))
            last = cls(**found["export"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return last if found.get("sha256") == last._checksum() else None

    @classmethod
    def replace(cls, folder: Path, basis: str, files: FilesDigest, counts: dict[str, Any]) -> None:
        """Keep in a folder what an export has just left there."""
        last = cls(basis, files.hexdigest(), _digests_of_kept(folder), counts)
        with new_file(folder / LAST) as file:
            file.write(json.dumps({"export": last._asdict(), "sha256": last._checksum()}) + "\n")

    def is_still_there(self, folder: Path) -> bool:
        """Return whether the folder is as the export left it."""
        if self.kept != _digests_of_kept(folder):
            return False
        try:
            return FilesDigest.of(folder, listed_files(folder)).hexdigest() == self.files
        except (OSError, InputError):
            return False

    def _checksum(self) -> str:
        return hashlib.sha256(json.dumps(self._asdict(), sort_keys=True).encode()).hexdigest()


def _digests_of_kept(folder: Path) -> dict[str, str | None]:
    """Return the digest of the content of each file by which one export follows another; None for one that is not there."""
    return {name: _digest_of_file(folder / name) for name in (MANIFEST, STORIES, MERGED)}


def _digest_of_file(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def basis_of_site(stories: RelatedStories, site: SiteInfo, templates: Path | None, k: int, filters: LinkFilters) -> str | None:
    """Return a digest of all that a site is made of, except earlier exports; None where that cannot be told.

    It is of the archive, the code and the models, the packaged and the user's templates, and what was asked for.
    """
    if filters.where is not None or type(stories) is not RelatedStories:  # nothing tells what a user's own code does
        return None
    own = _digest_of_folder(templates) if templates is not None else ""
    if own is None:
        return None
    known = [
        stories.checksum(),
        code_digest(),
        _digest_of_folder(PACKAGE_DIR),
        own,
        *_versions(),
        site,
        k,
        filters_as_json(filters),
    ]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _versions() -> list[str]:
    """Return the versions of what makes pages beside the package."""
    return [sys.version, *(version(name) for name in ("jinja2", "markupsafe", "numba", "numpy", "scipy"))]


def _digest_of_folder(folder: Path) -> str | None:
    """Return a digest of the files in a folder and in those within it; None if something there is no file, or cannot be read."""
    digest = hashlib.sha256()
    try:
        for path in sorted(_files_in(folder)):
            if not path.is_file():  # a link to another folder, for example
                return None
            stat = path.stat()
            content = path.read_bytes() if stat.st_size <= _MAX_READ else str(stat.st_mtime_ns).encode()
            digest.update(f"{path.relative_to(folder)} {stat.st_size}\n".encode(errors="surrogateescape") + content)
    except OSError:
        return None
    return digest.hexdigest()


def _files_in(folder: Path) -> Iterator[Path]:
    """Yield the paths in a folder and in those within it, except of folders and of compiled code."""
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(top, name) for name in names)
        yield from (path for path in (Path(top, name) for name in folders) if path.is_symlink())
