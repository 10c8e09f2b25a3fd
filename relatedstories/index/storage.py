"""An index on disk: NumPy arrays and JSON Lines, both memory-mapped. Nothing in it can run code.

The manifest names the folder of the parts, and each part with its size, its checksum and the time it was written, and has a
checksum of its own. A part that still has this time is taken as it is, so that nothing is read whole to open an index; one that
was copied or touched since is compared with its checksum. New parts stand beside the old ones until the new manifest takes the
place of the old, at once: whenever a writer dies, there is an index, and the next writer takes away what it left.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relatedstories.disk.atomic import check_parent, is_leftover, new_file
from relatedstories.disk.locks import lock_beside, locked
from relatedstories.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MANIFEST", "Lines", "check_folder", "manifest_checksum", "read_folder", "write_folder"]

MANIFEST = "index.json"
FORMAT = 5

LOCK_SECONDS = 60.0
"""So long a writer waits for another to end."""

_PARTS = re.compile(r"parts-[0-9a-f]{16}")


def check_folder(folder: Path) -> None:
    """Raise `InputError` where no index can be written, before any work is spent on it.

    A folder that is there already is replaced only if it is empty or holds an index and nothing else, so that a mistyped
    path costs nobody their files.
    """
    check_parent(folder)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: got a file, expected a new or empty folder, or one that holds an index")
    other = min({entry.name for entry in folder.iterdir()} - _ours(folder), default=None)
    if other is not None:
        raise InputError(f"{folder}: got a folder that holds {other}, expected a new or empty one, or one with an index only")


def _ours(folder: Path) -> set[str]:
    """The names in a folder that an index has there, or had, or that a writer left when it died."""
    names = {name for name in os.listdir(folder) if _PARTS.fullmatch(name) or is_leftover(name)}
    try:
        about = _manifest(folder)
    except InputError:
        return names | ({MANIFEST} if any(map(_PARTS.fullmatch, names)) else set())
    return names | {MANIFEST} | ({*about["files"]} if "parts" not in about else set())  # those of format 3 stood beside it


class Lines:
    """The values of a JSON Lines file, each read when it is asked for.

    Parameters
    ----------
    text : ndarray of uint8
    starts : ndarray of int64
        Where each line starts, and where the last ends.
    path : Path
        That of the file, for errors.
    """

    def __init__(self, text: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], path: Path) -> None:
        self._text, self._starts, self._path = text.data, starts, path

    def __len__(self) -> int:
        return len(self._starts) - 1

    def line(self, number: int) -> bytes:
        """A line as it is written."""
        start, stop = self._starts[number : number + 2].tolist()
        return bytes(self._text[start:stop])

    def __getitem__(self, line: int) -> Any:
        try:
            return json.loads(self.line(line))
        except ValueError:
            raise InputError(f"{self._path}:{line + 1}: got a broken line, expected JSON; build the index again") from None


def write_folder(
    folder: Path, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, Iterable[bytes]], about: Mapping[str, Any]
) -> str:
    """Write an index, whole or not at all; gives the checksum that its manifest has then.

    Parameters
    ----------
    folder : Path
        Replaced if it holds an index already; see `check_folder`.
    arrays : mapping of str to ndarray
        Each a file NAME.npy.
    documents : mapping of str to iterable of lines of JSON
        Each a file NAME.jsonl, and NAME-starts.npy.
    about : mapping
        What else the manifest says.
    """
    folder = Path(os.path.realpath(folder))  # by whatever name it is called, it has one lock
    check_folder(folder)
    with locked(lock_beside(folder), f"the index {folder}", LOCK_SECONDS):
        check_folder(folder)
        folder.mkdir(exist_ok=True)
        before = _ours(folder) - {MANIFEST}
        parts = folder / f"parts-{secrets.token_hex(8)}"
        try:
            parts.mkdir()
            files = _written(parts, arrays, documents)
            manifest = {"format": FORMAT, **about, "parts": parts.name, "files": files}
            manifest["sha256"] = _digest(manifest)
            with new_file(folder / MANIFEST) as file:
                file.write(json.dumps(manifest, indent=1) + "\n")
        except BaseException as error:
            shutil.rmtree(parts, ignore_errors=True)
            if not isinstance(error, OSError):
                raise
            # NumPy says of a full disk how much it took, and no more.
            raise InputError(f"{folder}: cannot be written ({error.strerror or os.strerror(errno.ENOSPC)})") from None
        for name in before:  # where a system holds on to files that are open, they are taken away the next time
            path = folder / name
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return str(manifest["sha256"])


def manifest_checksum(folder: Path) -> str | None:
    """That of the index in a folder, of its manifest; None where a part of it is not there as it was written."""
    try:
        about = _manifest(folder)
        whole = all(
            _stamp(folder / about["parts"] / name) == {"bytes": known["bytes"], "written": known["written"]}
            for name, known in about["files"].items()
        )
    except (InputError, OSError, KeyError, TypeError):
        return None
    return about.get("sha256") if whole else None


def _written(
    parts: Path, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, Iterable[bytes]]
) -> dict[str, dict[str, Any]]:
    """Write the parts of an index; gives what the manifest says of them."""
    for name, array in arrays.items():
        np.save(parts / f"{name}.npy", array, allow_pickle=False)
    for name, lines in documents.items():
        with open(parts / f"{name}.jsonl", "wb") as file:
            lengths = [file.write(line) for line in lines]
        np.save(parts / f"{name}-starts.npy", np.cumsum([0, *lengths], dtype=np.int64), allow_pickle=False)
    written = sorted(parts.iterdir())
    # A time of the past, in whole seconds: whatever is written later, be it at once, has another.
    past = (time.time_ns() // _SECOND - 60) * _SECOND
    for path in written:
        with open(path, "r+b") as file:
            os.fsync(file.fileno())
        os.utime(path, ns=(past, past))
    return {path.name: {**_stamp(path), "sha256": _checksum(path)} for path in written}


_SECOND = 10**9


def _stamp(path: Path) -> dict[str, int]:
    stat = path.stat()
    return {"bytes": stat.st_size, "written": stat.st_mtime_ns}


def _checksum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(manifest: Mapping[str, Any]) -> str:
    """The checksum of all else that a manifest says."""
    rest = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def read_folder(folder: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Lines], dict[str, Any]]:
    """Open an index: its arrays and its documents, memory-mapped; its manifest.

    A writer may replace the folder meanwhile; then the new one is read.

    Raises
    ------
    InputError
        If the folder holds no index, one of another format, or one of which a file is missing, cut or altered.
    """
    for last in (False, False, False, True):
        before = _identity(folder)
        try:
            parts = _read(folder)
        except (InputError, FileNotFoundError):
            if last or (before is not None and before == _identity(folder)):
                raise
        else:
            if before == _identity(folder):
                return parts
        time.sleep(0.05)
    raise InputError(f"{folder}: got an index that is replaced again and again, expected one that stays a while")


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from the one that takes its place."""
    try:
        stat = (folder / MANIFEST).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat.st_ino, stat.st_mtime_ns


def _read(folder: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Lines], dict[str, Any]]:
    about = _manifest(folder)
    if about["format"] != FORMAT:
        raise InputError(f"{folder}: got an index of format {about['format']}, expected format {FORMAT}; build it again")
    if about.get("sha256") != _digest(about):
        raise InputError(f"{folder / MANIFEST}: got an altered file, expected it as it was written; build the index again")
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, known in about["files"].items():
        path = folder / about["parts"] / name
        if not path.is_file():
            raise InputError(f"{path}: got no file, expected {known['bytes']} bytes; build the index again")
        stamp = _stamp(path)
        if stamp["bytes"] != known["bytes"]:
            raise InputError(f"{path}: got {stamp['bytes']} bytes, expected {known['bytes']}; build the index again")
        if stamp["written"] != known["written"] and _checksum(path) != known["sha256"]:
            raise InputError(f"{path}: got an altered file, expected it as it was written; build the index again")
        arrays[name] = _mapped(path)
    names = [name.removesuffix(".jsonl") for name in arrays if name.endswith(".jsonl")]
    documents = {
        name: Lines(arrays.pop(f"{name}.jsonl"), arrays.pop(f"{name}-starts.npy"), folder / about["parts"] / f"{name}.jsonl")
        for name in names
    }
    return {name.removesuffix(".npy"): array for name, array in arrays.items()}, documents, about


def _manifest(folder: Path) -> dict[str, Any]:
    about: dict[str, Any]
    try:
        about = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        got = f"no {MANIFEST} there" if folder.is_dir() else "a file" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: got {got}, expected the folder of an index") from None
    except ValueError:
        about = {}
    files = about.get("files") if isinstance(about, dict) and "format" in about else None
    parts = about.get("parts") if isinstance(about, dict) else None
    named = parts is None or (isinstance(parts, str) and _PARTS.fullmatch(parts))  # those of format 3 have none
    if not (named and isinstance(files, dict)) or any(Path(name).name != name for name in files):  # none outside the folder
        raise InputError(f"{folder / MANIFEST}: got a broken file, expected the manifest of an index")
    return about


def _mapped(path: Path) -> npt.NDArray[Any]:
    """What a file holds, memory-mapped; slices of a plain array cost much less than of a memmap."""
    try:
        if path.suffix == ".npy":
            return np.asarray(np.lib.format.open_memmap(path, mode="r"))
        return np.asarray(np.memmap(path, np.uint8, "r"))
    except ValueError as error:
        if "empty file" not in str(error):  # nothing cannot be mapped
            raise
        return np.load(path, allow_pickle=False) if path.suffix == ".npy" else np.zeros(0, np.uint8)
