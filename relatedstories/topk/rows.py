"""Sparse rows as they are compared, and the forms in which compiled loops take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Rows", "csr_arrays", "fixed_array", "max_row_norm"]


class Rows(NamedTuple):
    """Rows as they are compared.

    Parameters
    ----------
    weights : scipy.sparse.csr_array of float32, shape (n, m)
        Columns sorted, each at most once in a row.
    days : ndarray of int32, shape (n,)
        Day numbers, `NO_DATE` where unknown.
    embeddings : ndarray of int8, shape (n, d)
        See `relatedstories.features.word_space`.
    """

    weights: sp.csr_array
    days: npt.NDArray[np.int32]
    embeddings: npt.NDArray[np.int8]

    def picked(self, numbers: npt.NDArray[Any]) -> Rows:
        """Return the rows of the given numbers."""
        return Rows(self.weights[numbers], self.days[numbers], self.embeddings[numbers])


def csr_arrays(matrix: sp.csr_array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return a matrix's row starts, columns and weights, in the types that compiled loops take."""
    return fixed_array(matrix.indptr, np.int64), fixed_array(matrix.indices, np.int32), fixed_array(matrix.data, np.float32)


def fixed_array(array: npt.NDArray[Any], dtype: Any) -> npt.NDArray[Any]:
    """Return the array contiguous, of one dtype and read-only, so that a compiled loop is compiled for one signature."""
    view = np.ascontiguousarray(array, dtype).view()
    view.flags.writeable = False
    return view


def max_row_norm(matrix: sp.csr_array) -> float:
    """Return the greatest Euclidean norm of a row."""
    return float(np.sqrt(matrix.power(2).sum(axis=1, dtype=np.float64).max(initial=0)))
