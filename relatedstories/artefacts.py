"""The files of the trained models, in the folder models/ of a checkout or of an installed package."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

__all__ = ["path", "table"]


def path(name: str) -> Path:
    """Return the path of a file in models/, such as ``"topics/names.txt"``."""
    package = Path(__file__).parent
    models = next(folder for folder in (package / "models", package.parent / "models") if folder.is_dir())  # installed; checkout
    return models / name


def table(name: str) -> Iterator[list[str]]:
    """Yield the rows of a tab-separated table in models/, such as ``"terms/terms.tsv"``, without its header.

    Examples
    --------
    >>> next(table("terms/terms.tsv"))
    ['', '91062']
    """
    with open(path(name), encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        yield from rows
