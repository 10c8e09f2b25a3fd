"""The file formats that an archive is read from, chosen by the end of the file's name."""

from __future__ import annotations

import collections
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from relatedstories.columns import LeftOut, SourceRow
from relatedstories.errors import BadValueError, InputError
from relatedstories.files.articles import read_article
from relatedstories.files.delimited import read_delimited
from relatedstories.files.json_text import read_json
from relatedstories.files.lines import COMPRESSED, open_bytes
from relatedstories.files.own_files import own_file, own_folder
from relatedstories.files.parquet import read_parquet

__all__ = ["FORMATS", "SUFFIXES", "is_readable", "read_file_rows", "read_folder_rows"]

_JSON = (".jsonl", ".ndjson", ".jl", ".json")
_TABLES = (".csv", ".tsv")
_JSON_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*\"[^\"\r\n]*\"\s*:")
_FEEDS = (".xml", ".rss", ".atom", ".rdf")
_ARTICLES = (".html", ".htm", ".xhtml", ".txt")

SUFFIXES = (*_JSON, *_TABLES, *_FEEDS, ".parquet")
"""The ends of names of files of many events; behind all but .parquet there may be .gz, .bz2 or .xz."""

FORMATS = ".jsonl, .json, .csv, .tsv or .xml (each also .gz, .bz2 or .xz), .parquet, or an article in .html or .txt"
"""The formats that can be read, for messages."""

_ADVICE = {
    (".zip", ".tar", ".tgz", ".7z", ".rar"): "unpack it first",
    (".xlsx", ".xls", ".ods", ".xlsm"): "save the sheet as CSV first",
    (".db", ".sqlite", ".sqlite3", ".db3"): "give the address of the database instead: sqlite:///{path}",
    (".feather", ".arrow", ".avro", ".orc"): "save it as Parquet first",
    (".pkl", ".pickle"): "save it as Parquet or JSON first, as a pickle could run code",
    (".docx", ".doc", ".odt", ".rtf", ".pdf", ".epub"): "save its articles as text or HTML first",
    (".sql",): "load it into a database first, and give the address of the database",
    (".md", ".markdown", ".mkd", ".mdown"): "give the folder that the page is in",
    (".yaml", ".yml", ".toml"): "save it as JSON first",
}
"""What to do with a file of another format, by the end of its name."""


def is_readable(name: str) -> bool:
    """Return whether a file of this name can be read.

    Examples
    --------
    >>> is_readable("news.csv.gz"), is_readable("photo.jpg")
    (True, False)
    """
    return _suffix(Path(name)) in (*SUFFIXES, *_ARTICLES)


def read_file_rows(
    path: Path,
    columns: Mapping[str, str],
    encoding: str | None = None,
    on_remark: Callable[[str], object] = lambda _: None,
) -> Iterator[SourceRow]:
    """Return the rows of a file.

    Parameters
    ----------
    path : path
    columns : mapping of str to str
        The column of each field.
    encoding : str, optional
        The encoding of a file of text; by default it is found.
    on_remark : callable, optional
        Called with a line for whatever was found out about the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InputError
        If the format is unknown.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    name, suffix = path.name.lower(), _suffix(path)
    if suffix in _JSON:
        return read_json(path, columns, encoding, on_remark)
    if suffix in _TABLES:
        return read_delimited(path, columns, encoding, on_remark)
    if suffix in _FEEDS:
        from relatedstories.files.feeds import read_feed  # imported only where it is needed, to start faster

        return read_feed(path)
    if name.endswith(".parquet") and path.is_file():
        return read_parquet(path, columns)
    if suffix == ".txt" and _begins_as_json(path):
        on_remark(f"{path}: read as JSON, as it begins so")
        return read_json(path, columns, encoding, on_remark)
    if suffix in _ARTICLES:
        return read_article(path, path.stem if suffix == path.suffix.lower() else Path(path.stem).stem, encoding, on_remark)
    advice = next((text for suffixes, text in _ADVICE.items() if name.endswith(suffixes)), None)
    hint = f"; {advice.format(path=path)}" if advice else ""
    raise InputError(f"{path}: got a file of unknown format, expected {FORMATS}{hint}")


def _begins_as_json(path: Path) -> bool:
    """Return whether a file begins with an object, or an array of objects, whose first key is in quotation marks."""
    with suppress(EOFError, OSError, zlib.error, lzma.LZMAError), open_bytes(path) as file:  # reading it tells what is wrong
        return _JSON_BEGINS.match(file.read(1000)) is not None
    return False


def read_folder_rows(
    folder: Path,
    columns: Mapping[str, str],
    encoding: str | None = None,
    on_remark: Callable[[str], object] = lambda _: None,
) -> Iterator[SourceRow] | None:
    """Return the rows of all files in a folder and the folders in it, in the order of their paths; None if none can be read.

    Hidden files and folders, symbolic links and what this library wrote itself are left out. An article has its path as its id,
    without its suffix; so has a file of JSON that is one event without an id.
    """
    paths: list[Path] = []
    others: collections.Counter[str] = collections.Counter()
    for root, folders, files in os.walk(folder):
        if Path(root) != folder and (own := own_folder(folders, files)) is not None:
            others[own] += 1
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".") and not Path(root, name).is_symlink()]
        for name in files:
            path = Path(root, name)
            if name.startswith(".") or path.is_symlink():
                continue
            if (reason := own_file(path) if is_readable(name) else "files of other formats") is None:
                paths.append(path)
            else:
                others[reason] += 1
    return _of_files(folder, paths, others, columns, encoding, on_remark) if paths else None


def _of_files(
    folder: Path,
    paths: list[Path],
    others: collections.Counter[str],
    columns: Mapping[str, str],
    encoding: str | None,
    on_remark: Callable[[str], object],
) -> Iterator[SourceRow]:
    for reason in others.elements():
        yield str(folder), LeftOut(reason)
    for path in sorted(paths):
        suffix = _suffix(path)
        relative = path.relative_to(folder).as_posix()
        id_ = relative[: relative.lower().rindex(suffix)]
        try:
            if suffix in _ARTICLES:
                rows = read_article(path, id_, encoding, on_remark)
            else:
                rows = read_file_rows(path, columns, encoding, on_remark)
                if suffix == ".json":
                    rows = _with_id(rows, id_, columns)
            yield from rows
        except BadValueError:
            raise
        except (InputError, OSError) as error:
            yield str(path), BadValueError(str(path), None, f"a file that cannot be read ({error})", "one that can")


def _with_id(rows: Iterator[SourceRow], id_: str, columns: Mapping[str, str]) -> Iterator[SourceRow]:
    """Yield the rows of a file; with an id if it is a single one without."""
    first = next(rows, None)
    second = next(rows, None)
    if first is not None and second is None and isinstance(first[1], dict) and columns["id"] not in first[1]:
        first = first[0], {columns["id"]: id_} | first[1]
    for row in (first, second):
        if row is not None:
            yield row
    yield from rows


def _suffix(path: Path) -> str:
    """Return the end of a file's name that says its format, in lower case, whether it is compressed or not."""
    name = path.name.lower()
    for packed in COMPRESSED:
        if name.endswith(packed):
            inner = Path(name.removesuffix(packed)).suffix
            return "" if inner == ".parquet" else inner
    return Path(name).suffix
