"""The file formats that an archive is read from, chosen by the end of the file's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from relatedstories.errors import InputError
from relatedstories.files.delimited import read_delimited
from relatedstories.files.json_lines import read_json_lines
from relatedstories.files.parquet import read_parquet
from relatedstories.records import SourceRow

__all__ = ["FORMATS", "SUFFIXES", "read_file_rows"]

SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
"""The ends of file names that can be read."""

FORMATS = ".jsonl, .ndjson or .csv (each also .gz), .tsv or .parquet"
"""The formats that can be read, for messages."""


def read_file_rows(path: Path, columns: Mapping[str, str]) -> Iterator[SourceRow]:
    """Return the rows of a file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InputError
        If the format is unknown.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    name = path.name.lower()
    if name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        return read_json_lines(path)
    if name.removesuffix(".gz").endswith((".csv", ".tsv")):
        return read_delimited(path, columns)
    if name.endswith(".parquet"):
        return read_parquet(path, columns)
    raise InputError(f"{path}: got a file of unknown format, expected {FORMATS}")
