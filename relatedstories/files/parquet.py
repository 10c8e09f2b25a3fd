"""Rows of a Parquet file, through pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relatedstories.columns import SourceRow, TypedRow, check_header
from relatedstories.errors import BadValueError, InputError

__all__ = ["read_parquet"]

_BATCH = 4096
"""Number of rows read at a time."""


def read_parquet(path: Path, columns: Mapping[str, str]) -> Iterator[SourceRow]:
    """Yield the values of each row, or what is wrong with the row.

    Raises
    ------
    InputError
        If pyarrow is not installed, the file is broken or a column is missing.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            f'{path}: reading Parquet needs pyarrow, which is not installed: pip install "relatedstories[parquet]"'
        ) from None
    try:
        file = pyarrow.parquet.ParquetFile(path)
        header = file.schema_arrow.names
        check_header(str(path), header, columns)
        number = 0
        for batch in file.iter_batches(batch_size=_BATCH):
            for row in _batch_rows(batch):
                number += 1
                where = f"{path}: row {number}"
                if isinstance(row, Exception):
                    yield where, BadValueError(where, None, f"a value that cannot be read ({row})", "one that can")
                else:
                    yield where, TypedRow(row)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path}: got a broken Parquet file ({str(error).splitlines()[0]}), expected a whole one") from None


def _batch_rows(batch: Any) -> Iterator[Any]:
    """Yield the rows of a pyarrow batch; for a row with a value that Python cannot hold, such as the year 10000, the error."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            yield error
            return
        for number in range(batch.num_rows):
            yield from _batch_rows(batch.slice(number, 1))
