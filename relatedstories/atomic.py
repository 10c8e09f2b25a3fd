"""Files and folders that appear whole or not at all: written beside their place, then moved into it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from relatedstories.errors import InputError

__all__ = ["check_parent", "check_target", "new_file", "new_folder"]


def check_target(path: Path) -> None:
    """Raise `InputError` where no file can be written at `path`, before any work is spent on it."""
    check_parent(path)
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: got a folder or device, expected a file")


def check_parent(path: Path) -> None:
    """Raise `InputError` where nothing new can be put at `path`."""
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise InputError(f"{path}: got a place in {folder}, which is no folder, expected an existing one")
    if not os.access(folder, os.W_OK):
        raise InputError(f"{path}: got a place in {folder}, which cannot be written to, expected one that can")


@contextmanager
def new_file(path: Path) -> Iterator[IO[str]]:
    """A text file in UTF-8 that takes its place at `path` when the block ends well; otherwise nothing is left of it."""
    path = Path(os.path.realpath(path))  # of a symbolic link the target is replaced, not the link
    check_target(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder that takes its place at `path`, and that of one already there, when the block ends well."""
    path = Path(os.path.realpath(path))
    check_parent(path)
    beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
    try:
        yield beside
        beside.chmod(0o777 & ~_umask())
        if path.exists():
            old = beside.with_suffix(".old")
            os.replace(path, old)
            try:
                os.replace(beside, path)
            except BaseException:
                os.replace(old, path)
                raise
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(beside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
