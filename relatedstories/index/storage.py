"""The files of an index: memory-mapped NumPy arrays and JSON Lines. Nothing in them can run code.

The manifest names the folder of the parts. For each part it holds the size, the checksum and the modification time, and it has
a checksum of its own. A part with an unchanged modification time is trusted, so opening an index does not read whole files; a
part that was copied or touched is compared with its checksum. New parts are written next to the old ones until the new manifest
replaces the old one atomically. So there is always a complete index, even if a writer is killed, and the next writer removes
leftover parts.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relatedstories.disk.atomic import check_parent, is_leftover, new_file
from relatedstories.disk.locks import lock_beside, locked
from relatedstories.errors import InputError
from relatedstories.files.own_files import INDEX_MANIFEST
from relatedstories.index.faults import Fault

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "MANIFEST",
    "JsonLines",
    "check_folder",
    "file_faults",
    "last_refresh_file",
    "manifest_checksum",
    "read_folder",
    "read_parts",
    "remove_leftovers",
    "write_folder",
    "write_parts",
]

MANIFEST = INDEX_MANIFEST
FORMAT = 7

LOCK_SECONDS = 60.0
"""Seconds that a writer waits for another one to finish."""

_PARSED_AT_ONCE = 1 << 12
"""Number of lines of JSON that are parsed at once where all are asked for."""

_PARTS_FOLDER = re.compile(r"parts-[0-9a-f]{16}")


def check_folder(folder: Path) -> None:
    """Raise `InputError` if no index can be written to a folder, before any work is done for it.

    An existing folder is replaced only if it is empty or holds nothing but an index, so that a mistyped path destroys no
    other files.
    """
    check_parent(folder)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: got a file, expected a new or empty folder, or one that holds an index")
    other = min({entry.name for entry in folder.iterdir()} - _index_entries(folder), default=None)
    if other is not None:
        raise InputError(f"{folder}: got a folder that holds {other}, expected a new or empty one, or one with an index only")


def _index_entries(folder: Path) -> set[str]:
    """Return the names in a folder that belong to an index, or that a killed writer of one left there."""
    names = {name for name in os.listdir(folder) if _PARTS_FOLDER.fullmatch(name) or is_leftover(name)}
    try:
        about = _read_manifest(folder)
    except InputError:
        return names | ({MANIFEST} if any(map(_PARTS_FOLDER.fullmatch, names)) else set())
    return (
        names | {MANIFEST} | ({*about["files"]} if "parts" not in about else set())
    )  # format 3 had its files next to the manifest


class JsonLines:
    """The values of a JSON Lines file, each parsed when it is needed.

    Parameters
    ----------
    text : ndarray of uint8
        The bytes of the file.
    starts : ndarray of int64
        Where each line starts, and where the last one ends.
    path : Path
        The file that errors name.
    """

    def __init__(self, text: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], path: Path) -> None:
        self._text, self._starts, self._path = text.data, starts, path

    def __len__(self) -> int:
        return len(self._starts) - 1

    def line(self, number: int) -> bytes:
        """Return the bytes of a line, with its line break."""
        start, stop = self._starts[number : number + 2].tolist()
        return bytes(self._text[start:stop])

    def lines(self, first: int, end: int) -> list[bytes]:
        """Return the bytes of the lines from one number to before another."""
        return bytes(self._text[int(self._starts[first]) : int(self._starts[end])]).splitlines(keepends=True)

    def starts_fit(self) -> bool:
        """Return whether the starts are those of all lines."""
        starts, text = self._starts, np.asarray(self._text)
        ends = np.flatnonzero(text == ord("\n")) + 1
        return len(starts) > 0 and np.array_equal(starts, np.append(0, ends)) and int(starts[-1]) == len(text)

    def __iter__(self) -> Iterator[Any]:
        for first in range(0, len(self), _PARSED_AT_ONCE):
            end = min(first + _PARSED_AT_ONCE, len(self))
            lines = bytes(self._text[int(self._starts[first]) : int(self._starts[end])]).removesuffix(b"\n")
            try:  # many lines as one list take a fifth of the time
                values = json.loads(b"[" + lines.replace(b"\n", b",") + b"]")
            except ValueError:
                values = []
            yield from values if len(values) == end - first else map(self.__getitem__, range(first, end))

    def __getitem__(self, line: int) -> Any:
        try:
            return json.loads(self.line(line))
        except ValueError:
            raise InputError(f"{self._path}:{line + 1}: got a broken line, expected JSON; build the index again") from None


def write_folder(
    folder: Path, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, Iterable[bytes]], about: Mapping[str, Any]
) -> str:
    """Write an index completely or not at all, and return the checksum in its manifest.

    Parameters
    ----------
    folder : Path
        The folder, replaced if it holds an index; see `check_folder`.
    arrays : mapping of str to ndarray
        Each is written to a file NAME.npy.
    documents : mapping of str to iterable of bytes
        Lines of JSON; each document is written to a file NAME.jsonl, and the starts of its lines to NAME-starts.npy.
    about : mapping
        Further entries of the manifest.

    Returns
    -------
    str
        The checksum.

    Raises
    ------
    InputError
        If the folder holds something else, cannot be written, or another writer does not finish.
    """
    folder = Path(os.path.realpath(folder))  # one lock for a folder, whatever path leads to it
    check_folder(folder)
    with locked(lock_beside(folder), f"the index {folder}", LOCK_SECONDS):
        check_folder(folder)
        is_new = not folder.exists()
        folder.mkdir(exist_ok=True)
        replaced = _index_entries(folder) - {MANIFEST}
        parts = folder / f"parts-{secrets.token_hex(8)}"
        try:
            parts.mkdir()
            files = _write_parts(parts, arrays, documents)
            manifest = {"format": FORMAT, **about, "parts": parts.name, "files": files}
            manifest["sha256"] = _manifest_entries_checksum(manifest)
            with new_file(folder / MANIFEST) as file:
                file.write(json.dumps(manifest, indent=1) + "\n")
        except BaseException as error:
            if _parts_in_use(folder) != parts.name:  # it may have gone wrong once the manifest was in its place
                shutil.rmtree(parts, ignore_errors=True)
                if is_new:
                    with contextlib.suppress(OSError):  # somebody's file is in it now
                        folder.rmdir()
            if not isinstance(error, OSError):
                raise
            # On a full disk, NumPy raises an OSError without errno and strerror.
            raise InputError(f"{folder}: cannot be written ({error.strerror or os.strerror(errno.ENOSPC)})") from None
        for name in replaced:  # where open files cannot be deleted, the next writer deletes them
            path = folder / name
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return str(manifest["sha256"])


def _parts_in_use(folder: Path) -> str | None:
    """Return the name of the folder of the parts that the manifest names; None if there is no manifest."""
    try:
        parts: str | None = _read_manifest(folder).get("parts")
    except InputError:
        return None
    return parts


def last_refresh_file(folder: Path) -> Path | None:
    """Return where what the last refresh with an index left is kept: among its parts, with which it goes; None for no index."""
    parts = _parts_in_use(folder)
    return None if parts is None else folder / parts / "last-refresh.json"


def remove_leftovers(folder: Path) -> None:
    """Remove what a writer that was killed once the index was complete has left: its lock, and the parts it replaced."""
    folder = Path(os.path.realpath(folder))
    lock = lock_beside(folder)
    if lock.exists():
        # A writer that holds the lock removes it itself; a file that may not be opened is not ours.
        with contextlib.suppress(InputError, OSError), locked(lock, f"the index {folder}"):
            for name in _index_entries(folder) - {MANIFEST, _read_manifest(folder)["parts"]}:
                shutil.rmtree(folder / name, ignore_errors=True)


def manifest_checksum(folder: Path) -> str | None:
    """Return the checksum in the manifest of a folder's index; None if a part of the index is missing or was altered."""
    try:
        about = _read_manifest(folder)
        complete = all(
            _size_and_mtime(folder / about["parts"] / name) == {"bytes": known["bytes"], "written": known["written"]}
            for name, known in about["files"].items()
        )
    except (InputError, OSError, KeyError, TypeError):
        return None
    return about.get("sha256") if complete else None


def file_faults(folder: Path) -> list[Fault]:
    """Return what is wrong with the files of an index, each read whole and compared with its checksum.

    If a writer replaces the index meanwhile, the new one is read.

    Raises
    ------
    InputError
        If the folder holds no index, or one of another format.
    """
    for _ in range(4):
        version, faults = _manifest_version(folder), [*_file_faults(folder)]
        if not faults or version == _manifest_version(folder):
            break
    return faults


def _file_faults(folder: Path) -> Iterator[Fault]:
    about = _read_manifest(folder)
    _check_format(folder, about)
    if about.get("sha256") != _manifest_entries_checksum(about):
        yield Fault(str(folder / MANIFEST), "an altered file", "it unchanged")
        return  # nothing in it can be trusted
    for name, known in about["files"].items():
        path = folder / about["parts"] / name
        try:
            size, checksum = path.stat().st_size, _file_checksum(path)
        except OSError as error:
            got = "no file" if isinstance(error, FileNotFoundError) else f"a file that cannot be read ({error.strerror})"
            yield Fault(str(path), got, f"{known['bytes']} bytes")
            continue
        if size != known["bytes"]:
            yield Fault(str(path), f"{size} bytes", f"{known['bytes']}")
        elif checksum != known["sha256"]:
            yield Fault(str(path), f"a file with the checksum {checksum[:12]}", f"{known['sha256'][:12]}, as it was written")


def _write_parts(
    parts: Path, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, Iterable[bytes]]
) -> dict[str, dict[str, Any]]:
    """Write the parts of an index and return their entries in the manifest, by file name."""
    write_parts(parts, arrays, documents)
    written = sorted(parts.iterdir())
    # The modification time is set to whole seconds in the past, so that any later write changes it.
    past = (time.time_ns() // _SECOND - 60) * _SECOND

    def sync(path: Path) -> None:
        with open(path, "r+b") as file:
            os.fsync(file.fileno())
        os.utime(path, ns=(past, past))

    with ThreadPoolExecutor(_SYNCED_AT_ONCE) as pool:
        for _ in pool.map(sync, written):
            pass
    return {path.name: {**_size_and_mtime(path), "sha256": _file_checksum(path)} for path in written}


def write_parts(folder: Path, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, Iterable[bytes]]) -> None:
    """Write the parts of an index to a folder, without a manifest, for `read_parts`."""
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    for name, lines in documents.items():
        with open(folder / f"{name}.jsonl", "wb") as file:
            lengths = [*map(file.write, lines)]
        np.save(folder / f"{name}-starts.npy", np.cumsum([0, *lengths], dtype=np.int64), allow_pickle=False)


def read_parts(folder: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, JsonLines]]:
    """Open the parts of an index in a folder without a manifest: return its memory-mapped arrays and documents."""
    return _opened(folder, {path.name: _memory_map(path) for path in folder.iterdir()})


def _opened(folder: Path, files: dict[str, npt.NDArray[Any]]) -> tuple[dict[str, npt.NDArray[Any]], dict[str, JsonLines]]:
    """Return the arrays and the documents that the files of a folder hold, given their content by name."""
    names = [name.removesuffix(".jsonl") for name in files if name.endswith(".jsonl")]
    documents = {
        name: JsonLines(files.pop(f"{name}.jsonl"), files.pop(f"{name}-starts.npy"), folder / f"{name}.jsonl") for name in names
    }
    return {name.removesuffix(".npy"): array for name, array in files.items()}, documents


_SECOND = 10**9

_SYNCED_AT_ONCE = 8
"""The number of files that are written through to the disk at once: it takes hardly longer for all of these than for one."""


def _size_and_mtime(path: Path) -> dict[str, int]:
    """Return the size of a file and its modification time in nanoseconds, as the manifest has them."""
    stat = path.stat()
    return {"bytes": stat.st_size, "written": stat.st_mtime_ns}


def _file_checksum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest_entries_checksum(manifest: Mapping[str, Any]) -> str:
    """Return the checksum of all entries of a manifest except the checksum itself."""
    rest = {name: value for name, value in manifest.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def read_folder(folder: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, JsonLines], dict[str, Any]]:
    """Open an index: return its memory-mapped arrays and documents, and its manifest.

    If a writer replaces the index meanwhile, the new one is opened.

    Raises
    ------
    InputError
        If the folder holds no index, an index of another format, or one with a file that is missing, truncated or changed.
    """
    for last in (False, False, False, True):
        version = _manifest_version(folder)
        try:
            parts = _open_parts(folder)
        except (InputError, FileNotFoundError):
            if last or (version is not None and version == _manifest_version(folder)):
                raise
        else:
            if version == _manifest_version(folder):
                return parts
        time.sleep(0.05)
    raise InputError(f"{folder}: got an index that is replaced repeatedly while it is opened, expected it to stay unchanged")


def _manifest_version(folder: Path) -> tuple[int, int] | None:
    """Return the inode and modification time of the manifest, which change when it is replaced; None if there is none."""
    try:
        stat = (folder / MANIFEST).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat.st_ino, stat.st_mtime_ns


def _open_parts(folder: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, JsonLines], dict[str, Any]]:
    """Open the index that the present manifest describes."""
    about = _read_manifest(folder)
    _check_format(folder, about)
    if about.get("sha256") != _manifest_entries_checksum(about):
        raise InputError(f"{folder / MANIFEST}: got an altered file, expected it unchanged; build the index again")
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, known in about["files"].items():
        path = folder / about["parts"] / name
        if not path.is_file():
            raise InputError(f"{path}: got no file, expected {known['bytes']} bytes; build the index again")
        actual = _size_and_mtime(path)
        if actual["bytes"] != known["bytes"]:
            raise InputError(f"{path}: got {actual['bytes']} bytes, expected {known['bytes']}; build the index again")
        if actual["written"] != known["written"] and _file_checksum(path) != known["sha256"]:
            raise InputError(f"{path}: got an altered file, expected it unchanged; build the index again")
        arrays[name] = _memory_map(path)
    return *_opened(folder / about["parts"], arrays), about


def _check_format(folder: Path, about: Mapping[str, Any]) -> None:
    """Raise `InputError` if a manifest is that of an index of another format."""
    if about["format"] != FORMAT:
        raise InputError(f"{folder}: got an index of format {about['format']}, expected format {FORMAT}; build it again")


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of an index; its own checksum is not verified."""
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
    valid_parts = parts is None or (isinstance(parts, str) and _PARTS_FOLDER.fullmatch(parts))  # format 3 has no such entry
    if not (valid_parts and isinstance(files, dict)) or any(
        Path(name).name != name for name in files
    ):  # no file outside the folder
        raise InputError(f"{folder / MANIFEST}: got a broken file, expected the manifest of an index")
    return about


def _memory_map(path: Path) -> npt.NDArray[Any]:
    """Return a file as a memory-mapped array; a plain one, since slices of a memmap cost much more."""
    try:
        if path.suffix == ".npy":
            return np.asarray(np.lib.format.open_memmap(path, mode="r"))
        return np.asarray(np.memmap(path, np.uint8, "r"))
    except ValueError as error:
        if "empty file" not in str(error):  # an empty file cannot be mapped
            raise
        return np.load(path, allow_pickle=False) if path.suffix == ".npy" else np.zeros(0, np.uint8)
