"""Columns as a data frame, of pandas or polars: whichever is installed, for neither is needed otherwise."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from relatedstories.errors import BadValueError, InputError, shown

__all__ = ["LIBRARIES", "Column", "Library", "frame"]

Library: TypeAlias = Literal["pandas", "polars"]

LIBRARIES: tuple[Library, ...] = ("pandas", "polars")

Kind: TypeAlias = Literal["text", "whole", "number", "truth", "day", "texts"]

Column: TypeAlias = tuple[Kind, Sequence[Any]]
"""What the values of a column are, which an empty one does not show, and the values; of texts and days some may be None."""

_NUMPY = {"whole": "int64", "number": "float64", "truth": "bool"}


def frame(columns: Mapping[str, Column], library: Library | None = None) -> Any:
    """A data frame of columns.

    Parameters
    ----------
    columns : mapping of str to Column
        All of one length.
    library : {"pandas", "polars"}, optional
        By default pandas where that is installed, else polars.

    Raises
    ------
    BadValueError
        If `library` is another.
    InputError
        If it is not installed.

    Examples
    --------
    >>> frame({"id": ("text", ["a", "b"]), "score": ("number", [0.5, 0.25])}, "pandas")
      id  score
    0  a   0.50
    1  b   0.25
    """
    if library is not None and library not in LIBRARIES:
        raise BadValueError("to_frame", "library", shown(library), "'pandas' or 'polars'")
    for name in LIBRARIES if library is None else (library,):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        return _of_pandas(module, columns) if name == "pandas" else _of_polars(module, columns)
    if library is None:
        raise InputError("to_frame needs pandas or polars, of which none is installed: pip install pandas")
    raise InputError(f"to_frame needs {library}, which is not installed: pip install {library}")


def _of_pandas(pandas: Any, columns: Mapping[str, Column]) -> Any:
    def series(kind: Kind, values: Sequence[Any]) -> Any:
        if kind == "day":  # in seconds, as nanoseconds begin in 1677
            return pandas.Series(np.array(values, "datetime64[D]").astype("datetime64[s]"))
        if kind == "text" and len(values):
            return pandas.Series(list(values))  # of the type that this version has for text
        return pandas.Series(list(values), dtype=_NUMPY.get(kind, "object"))

    return pandas.DataFrame({name: series(*column) for name, column in columns.items()})


def _of_polars(polars: Any, columns: Mapping[str, Column]) -> Any:
    types = {
        "text": polars.String,
        "whole": polars.Int64,
        "number": polars.Float64,
        "truth": polars.Boolean,
        "day": polars.Date,
        "texts": polars.List(polars.String),
    }
    return polars.DataFrame([polars.Series(name, list(values), types[kind]) for name, (kind, values) in columns.items()])
