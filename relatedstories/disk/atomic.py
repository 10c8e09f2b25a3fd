"""Files that appear whole or not at all: written beside their place, then moved into it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from relatedstories.disk.locks import taken
from relatedstories.errors import InputError

__all__ = ["check_parent", "check_target", "is_leftover", "new_file", "sweep"]

_NEW = re.compile(r"\.relatedstories-\d+-[0-9a-f]{8}\.tmp")


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


def is_leftover(name: str) -> bool:
    """Whether a file of this name is one that `new_file` writes to, and leaves there if its process is killed."""
    return _NEW.fullmatch(name) is not None


def sweep(folder: Path) -> None:
    """Take away what processes that were killed have left in a folder; what others are writing stays."""
    for name in filter(is_leftover, os.listdir(folder)):
        path = folder / name
        with suppress(OSError):  # another user's, or on a file system that does not tell whether it is being written
            if (file := taken(path, sure=True)) is not None:
                os.close(file)
                path.unlink(missing_ok=True)


@contextmanager
def new_file(path: Path) -> Iterator[IO[str]]:
    """A text file in UTF-8 that takes its place at `path` when the block ends well; otherwise nothing is left of it."""
    path = Path(os.path.realpath(path))  # of a symbolic link the target is replaced, not the link
    check_target(path)
    # Short, as the name of the file may be as long as names can be.
    beside = path.with_name(f".relatedstories-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        if (taken_file := taken(beside)) is None:
            raise InputError(f"{beside}: got a file that another process has locked, expected a name of ours")
        with open(taken_file, "w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, beside)
            if os.name != "nt":  # where a file that is open cannot be moved; elsewhere it is no leftover as long as it is open
                os.replace(beside, path)
        if os.name == "nt":
            os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
