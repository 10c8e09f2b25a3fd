"""An index on disk: NumPy arrays that are memory-mapped, and JSON. Nothing in it can run code."""

from __future__ import annotations

import json
import time
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relatedstories.atomic import check_parent, new_folder
from relatedstories.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MANIFEST", "check_folder", "read_folder", "write_folder"]

MANIFEST = "index.json"
FORMAT = 2


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
    if folder.resolve() == Path.cwd() or folder.is_mount():
        raise InputError(f"{folder}: got the current folder or a mounted one, which cannot be replaced, expected one inside it")
    try:
        ours = {MANIFEST, *_manifest(folder)["files"]}
    except InputError:
        ours = set()
    other = min({entry.name for entry in folder.iterdir()} - ours, default=None)
    if other is not None:
        raise InputError(f"{folder}: got a folder that holds {other}, expected a new or empty one, or one with an index only")


def write_folder(
    folder: Path, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, Any], about: Mapping[str, Any]
) -> None:
    """Write an index, whole or not at all.

    Parameters
    ----------
    folder : Path
        Replaced if it holds an index already; see `check_folder`.
    arrays : mapping of str to ndarray
        Each a file NAME.npy.
    documents : mapping of str to JSON value
        Each a file NAME.json; the elements of a list on a line each.
    about : mapping
        What else the manifest says.
    """
    check_folder(folder)
    with new_folder(folder) as new:
        for name, array in arrays.items():
            np.save(new / f"{name}.npy", array, allow_pickle=False)
        for name, value in documents.items():
            with open(new / f"{name}.json", "w", encoding="utf-8") as file:
                if isinstance(value, list):
                    file.write("[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n]\n")
                else:
                    json.dump(value, file, ensure_ascii=False)
        sizes = {file.name: file.stat().st_size for file in sorted(new.iterdir())}
        manifest = {"format": FORMAT, **about, "files": sizes}
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def read_folder(folder: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any], dict[str, Any]]:
    """Open an index: its arrays, memory-mapped; its documents; its manifest.

    A writer may replace the folder meanwhile; then the new one is read.

    Raises
    ------
    InputError
        If the folder holds no index, one of a newer format, or one of which a file is missing or cut.
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
        time.sleep(0.05)  # between two moves of a writer there is no folder at all
    raise InputError(f"{folder}: got an index that is replaced again and again, expected one that stays a while")


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from the one that takes its place."""
    try:
        stat = (folder / MANIFEST).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat.st_ino, stat.st_mtime_ns


def _read(folder: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any], dict[str, Any]]:
    about = _manifest(folder)
    if about["format"] != FORMAT:
        raise InputError(f"{folder}: got an index of format {about['format']}, expected format {FORMAT}; build it again")
    arrays: dict[str, npt.NDArray[Any]] = {}
    documents: dict[str, Any] = {}
    for name, size in about["files"].items():
        path = folder / name
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            raise InputError(
                f"{path}: got {'no file' if found is None else f'{found} bytes'}, expected {size} bytes; build the index again"
            )
        try:
            if path.suffix == ".npy":
                arrays[path.stem] = _mapped(path)
            else:
                documents[path.stem] = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, tokenize.TokenError):  # the latter of an array whose head is broken
            raise InputError(f"{path}: got a broken file, expected a whole one; build the index again") from None
    return arrays, documents, about


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
    if not isinstance(files, dict) or any(Path(name).name != name for name in files):  # no file outside the folder is read
        raise InputError(f"{folder / MANIFEST}: got a broken file, expected the manifest of an index")
    return about


def _mapped(path: Path) -> npt.NDArray[Any]:
    try:
        mapped = np.asarray(np.lib.format.open_memmap(path, mode="r"))  # slices of a memmap cost much more than of an array
    except ValueError as error:
        if "empty file" not in str(error):  # an array of no elements cannot be mapped
            raise
        mapped = np.load(path, allow_pickle=False)
    return mapped
