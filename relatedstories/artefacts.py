"""What the project has learnt and ships: the files in the folder models/, in a checkout or an installed package."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

__all__ = ["path", "table"]


def path(name: str) -> Path:
    """Where a file of models/ is, ``"topics/names.txt"`` say."""
    package = Path(__file__).parent
    models = next(folder for folder in (package / "models", package.parent / "models") if folder.is_dir())  # installed, or not
    return models / name


def table(name: str) -> Iterator[list[str]]:
    """The rows of a table in models/, ``"terms/terms.tsv"`` say, less its head.

    Examples
    --------
    >>> next(table("terms/terms.tsv"))
    ['', '91062']
    """
    with open(path(name), encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        yield from rows
