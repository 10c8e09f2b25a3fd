"""A digest of the files of a site as they are on the disk, which tells whether all are as an export left them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["FilesDigest"]


class FilesDigest:
    """A digest of the paths, sizes and times of files, the same in whatever order they are added.

    A file with the same size and time of last writing is taken to be the same, as by make and rsync.
    """

    def __init__(self) -> None:
        self._sum, self.n = 0, 0

    def add(self, path: str, stat: os.stat_result) -> None:
        """Add a file, by its path within the site."""
        known = hashlib.blake2b(f"{stat.st_size} {stat.st_mtime_ns} {path}".encode(), digest_size=16).digest()
        self._sum += int.from_bytes(known, "little")
        self.n += 1

    def hexdigest(self) -> str:
        """Return the digest of the files added so far."""
        return f"{self._sum % (1 << 128):032x}"

    @classmethod
    def of(cls, folder: Path, paths: Iterable[str]) -> FilesDigest:
        """Return the digest of the files at paths within a folder; raise `OSError` if one is not there."""
        digest, prefix = cls(), f"{folder}/"
        for path in paths:
            digest.add(path, os.stat(prefix + path))
        return digest
