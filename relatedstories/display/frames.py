"""Data frames of pandas or polars, whichever is installed; neither is needed otherwise."""

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
"""The kind of a column's values, which an empty column would not show, and the values; texts and days may be None."""

_NUMPY_TYPES = {"whole": "int64", "number": "float64", "truth": "bool"}


def frame(columns: Mapping[str, Column], library: Library | None = None) -> Any:
    """Return a data frame of columns.

    Parameters
    ----------
    columns : mapping of str to Column
        The columns by name, all of the same length.
    library : {"pandas", "polars"}, optional
        The library; by default pandas if it is installed, otherwise polars.

    Raises
    ------
    BadValueError
        If `library` is not one of these.
    InputError
        If the library is not installed.

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
        return _pandas_frame(module, columns) if name == "pandas" else _polars_frame(module, columns)
    if library is None:
        raise InputError("to_frame needs pandas or polars, but neither is installed: pip install pandas")
    raise InputError(f"to_frame needs {library}, which is not installed: pip install {library}")


def _pandas_frame(pandas: Any, columns: Mapping[str, Column]) -> Any:
    def series(kind: Kind, values: Sequence[Any]) -> Any:
        if kind == "day":  # in seconds, because nanoseconds cannot hold dates before 1677
            return pandas.Series(np.array(values, "datetime64[D]").astype("datetime64[s]"))
        if kind == "text" and len(values):
            return pandas.Series(list(values))  # with the text type of the installed version
        return pandas.Series(list(values), dtype=_NUMPY_TYPES.get(kind, "object"))

    return pandas.DataFrame({name: series(*column) for name, column in columns.items()})


def _polars_frame(polars: Any, columns: Mapping[str, Column]) -> Any:
    types = {
        "text": polars.String,
        "whole": polars.Int64,
        "number": polars.Float64,
        "truth": polars.Boolean,
        "day": polars.Date,
        "texts": polars.List(polars.String),
    }
    return polars.DataFrame([polars.Series(name, list(values), types[kind]) for name, (kind, values) in columns.items()])
