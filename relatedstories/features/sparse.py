"""Sparse rows over other columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["with_columns"]


def with_columns(rows: sp.csr_array, targets: npt.NDArray[Any], n_columns: int) -> sp.csr_array:
    """Return the rows over other columns, each entry moved from column j to column ``targets[j]``.

    Parameters
    ----------
    rows : scipy.sparse.csr_array, shape (n, m)
    targets : ndarray of int, shape (m,)
        The new column of each old one, -1 where its entries are dropped.
    n_columns : int
        The number of new columns.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, n_columns)
        The entries of a row keep their order, so that columns are sorted only where `targets` rises.

    Examples
    --------
    >>> rows = sp.csr_array(np.array([[1, 2, 0], [0, 3, 4]]))
    >>> with_columns(rows, np.array([1, -1, 0]), 2).toarray().tolist()
    [[0, 1], [4, 0]]
    """
    columns, data, starts = targets[rows.indices], rows.data, rows.indptr
    kept = columns >= 0
    if not kept.all():
        columns, data, starts = columns[kept], data[kept], np.append(0, np.cumsum(kept))[starts]
    return sp.csr_array((data, columns, starts), shape=(rows.shape[0], n_columns))
