"""Atomic writing of files: each is written under a temporary name and then moved to its place."""

from __future__ import annotations

import errno
import filecmp
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

from relatedstories.disk.locks import try_lock
from relatedstories.errors import InputError, WriteError

__all__ = [
    "TemporaryFile",
    "check_parent",
    "check_target",
    "is_leftover",
    "new_file",
    "remove_leftovers",
    "temporary_file",
    "write_lines",
    "writing",
]

_TEMPORARY_NAME = re.compile(r"\.relatedstories-\d+-[0-9a-f]{8}\.tmp")


def check_target(path: Path) -> None:
    """Raise `InputError` if no file can be written at `path`; meant to be called before any work is done."""
    check_parent(path)
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: got a folder or device, expected a file")


def check_parent(path: Path) -> None:
    """Raise `InputError` if no new file or folder can be created at `path`."""
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise InputError(f"{path}: got a path in {folder}, which is not a folder, expected one in an existing folder")
    if not os.access(folder, os.W_OK):
        raise InputError(f"{path}: got a path in {folder}, which cannot be written to, expected one in a writable folder")


def is_leftover(name: str) -> bool:
    """Return whether a name is that of a temporary file, which stays behind if its process is killed."""
    return _TEMPORARY_NAME.fullmatch(name) is not None


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that killed processes left in a folder; files that are being written stay."""
    for name in filter(is_leftover, os.listdir(folder)):
        path = folder / name
        with suppress(OSError):  # another user's file, or a file system that cannot say whether it is being written
            if (file := try_lock(path, require_locks=True)) is not None:
                os.close(file)
                path.unlink(missing_ok=True)


class TemporaryFile(NamedTuple):
    """A text file in UTF-8 that is being written, and its path."""

    file: IO[str]
    path: Path

    def equals(self, other: Path) -> bool:
        """Return whether another file exists and has the same bytes."""
        self.file.flush()
        return other.is_file() and filecmp.cmp(self.path, other, shallow=False)

    def move_to(self, path: Path) -> None:
        """Move the file to a path, keeping the permissions of the file it replaces; ends the writing."""
        self.file.flush()
        os.fsync(self.file.fileno())
        if path.exists():
            shutil.copymode(path, self.path)
        if (
            os.name == "nt"
        ):  # cannot move open files; elsewhere the file stays open, and so locked, so that it is not removed as a leftover
            self.file.close()
        os.replace(self.path, path)


@contextmanager
def temporary_file(folder: Path) -> Iterator[TemporaryFile]:
    """Create a file in a folder, and remove it at the end of the block unless it has been moved."""
    # A name built from that of the replaced file could be longer than the system allows.
    path = folder / f".relatedstories-{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        if (descriptor := try_lock(path)) is None:
            raise InputError(f"{path}: got a file that another process has locked, expected a new name")
        with _closed_in_the_end(open(descriptor, "w", encoding="utf-8", newline="\n")) as file:
            yield TemporaryFile(file, path)
    finally:
        with suppress(OSError):  # one that cannot be removed now is a leftover for the next run; what went wrong before counts
            path.unlink(missing_ok=True)


@contextmanager
def _closed_in_the_end(file: IO[str]) -> Iterator[IO[str]]:
    try:
        yield file
    finally:
        with suppress(OSError):  # a file that was moved is all written; of any other it does not matter
            file.close()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise a `WriteError` that names the file being written in place of any `OSError` of the block."""
    try:
        yield
    except OSError as error:
        raise WriteError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


@contextmanager
def new_file(path: Path) -> Iterator[IO[str]]:
    """Open a UTF-8 text file that replaces `path` when the block ends without an exception, and is removed otherwise."""
    path = Path(os.path.realpath(path))  # the target of a symbolic link is replaced, not the link
    check_target(path)
    with writing(path), temporary_file(path.parent) as new:
        yield new.file
        new.move_to(path)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines as a UTF-8 text file, unless it has just these."""
    text = "".join(f"{line}\n" for line in lines)
    if not path.is_file() or path.read_bytes() != text.encode():
        with new_file(path) as file:
            file.write(text)
