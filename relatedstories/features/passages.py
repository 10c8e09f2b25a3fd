"""Passages: the text of an event in parts of equal length, each with a row of its own.

An article is about several things; another one may be about one of them. The row of a passage is as like a row as what it says.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from relatedstories.features.sparse import with_columns
from relatedstories.features.vectors import unit_rows

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MAX_PASSAGES", "NO_PASSAGES", "PASSAGE_TERMS", "PassageRows", "Passages", "best_passage"]

PASSAGE_TERMS = 25
"""The number of terms of a passage; the last of an event has what is left, and so up to twice as many."""

MAX_PASSAGES = 50
"""The maximum number of passages of an event."""


@dataclass(frozen=True, slots=True)
class PassageRows:
    """The rows of the passages of one event.

    Parameters
    ----------
    starts : ndarray of int, shape (n_passages,)
        Where the entries of each passage start; none is empty.
    columns : ndarray of int
    weights : ndarray of float32
        Each passage is of unit length or a little less, see `relatedstories.features.vectors.unit_rows`.
    """

    starts: npt.NDArray[Any]
    columns: npt.NDArray[Any]
    weights: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.starts)

    def over(self, column_of: npt.NDArray[Any]) -> PassageRows:
        """Return the passages over other columns; entries of the columns that become -1 are dropped."""
        columns = column_of[self.columns]
        known = columns >= 0
        starts = np.unique(np.append(0, np.cumsum(known))[self.starts])  # those of a passage that lost all its entries, once
        n_known = int(known.sum())
        return PassageRows(starts[starts < n_known], columns[known], self.weights[known])


NO_PASSAGES = PassageRows(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Passages:
    """The terms of the passages of events. An event that has fewer terms than two passages has none.

    Parameters
    ----------
    starts : ndarray of int64, shape (n_events + 1,)
        The number of the first passage of each event, and of all passages.
    matrix : scipy.sparse.csr_array of int8, shape (n_passages, n_terms)
        1 where a passage has a term.
    """

    starts: npt.NDArray[np.int64]
    matrix: sp.csr_array

    @classmethod
    def cut(cls, columns: npt.NDArray[Any], lengths: npt.NDArray[Any], n_terms: int) -> Passages:
        """Return the passages of events, given the columns of their terms in the order of their texts.

        Parameters
        ----------
        columns : ndarray of int
            One event after the other.
        lengths : ndarray of int, shape (n_events,)
            The number of terms of each.
        n_terms : int

        Examples
        --------
        >>> passages = Passages.cut(np.arange(90) % 10, np.array([10, 80]), 10)
        >>> passages.starts.tolist(), passages.matrix.toarray().sum(axis=1).tolist()
        ([0, 0, 3], [10, 10, 10])
        """
        n_passages = np.minimum(lengths // PASSAGE_TERMS, MAX_PASSAGES)
        n_passages[n_passages < 2] = 0
        starts = np.append(0, np.cumsum(n_passages)).astype(np.int64)
        event = np.repeat(np.arange(len(lengths)), lengths)
        place = (np.arange(len(columns)) - (np.cumsum(lengths) - lengths)[event]) // PASSAGE_TERMS
        last = n_passages[event] - 1
        read = (last >= 0) & (place < MAX_PASSAGES)
        passage = starts[event] + np.minimum(place, last)
        ones = np.ones(int(read.sum()), np.int8)
        return cls(starts, _of_ones(sp.coo_array((ones, (passage[read], columns[read])), shape=(int(starts[-1]), n_terms))))

    @classmethod
    def of_parts(
        cls, starts: npt.NDArray[np.int64], bounds: npt.NDArray[Any], columns: npt.NDArray[Any], n_terms: int
    ) -> Passages:
        """Return the passages with some starts, and of a matrix with some row starts and columns."""
        ones = np.ones(len(columns), np.int8)
        return cls(starts, sp.csr_array((ones, columns, bounds), shape=(len(bounds) - 1, n_terms)))

    def __len__(self) -> int:
        return int(self.starts[-1])

    @functools.cached_property
    def have_some(self) -> npt.NDArray[np.bool_]:
        """Whether each event has passages."""
        return np.diff(self.starts) > 0

    def take(self, events: npt.NDArray[np.intp]) -> Passages:
        """Return the passages of the given events, in the given order."""
        if not len(self):
            return Passages(np.zeros(len(events) + 1, np.int64), self.matrix)
        lengths = np.diff(self.starts)[events]
        starts = np.append(0, np.cumsum(lengths)).astype(np.int64)
        numbers = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths) + np.repeat(self.starts[events], lengths)
        return Passages(starts, self.matrix[numbers])

    def stack(self, other: Passages) -> Passages:
        """Return the passages of both, those of `other` after; over the same terms."""
        starts = np.concatenate([self.starts, len(self) + other.starts[1:]])
        return Passages(starts, sp.csr_array(sp.vstack([self.matrix, other.matrix], format="csr")))

    def over(self, terms: Sequence[str], others: Sequence[str], name: Callable[[str], str] = str) -> Passages:
        """Return the passages over other terms; a term that is not among them is dropped.

        Parameters
        ----------
        terms, others : sequence of str
            What the columns stand for, and what they shall.
        name : callable, optional
            What each term is among the others: its stem.
        """
        if not len(self):
            return Passages(self.starts, sp.csr_array((0, len(others)), dtype=np.int8))
        column = {term: place for place, term in enumerate(others)}
        targets = np.fromiter((column.get(name(term), -1) for term in terms), np.int64, len(terms))
        return Passages(self.starts, _of_ones(with_columns(self.matrix, targets, len(others))))

    def weigh(self, term_weights: npt.NDArray[np.float64]) -> sp.csr_array:
        """Return the rows of the passages, given the weight of each term.

        Returns
        -------
        scipy.sparse.csr_array of float32, shape (n_passages, n_terms)
            See `relatedstories.features.vectors.unit_rows`; none is empty.
        """
        rows = self.matrix.astype(np.float64)
        rows.data = term_weights[rows.indices]
        return unit_rows(rows)

    def rows_of(self, rows: sp.csr_array, event: int) -> PassageRows:
        """Return the rows of the passages of one event, of those that `weigh` returned."""
        first, end = self.starts[event : event + 2].tolist()
        if first == end:
            return NO_PASSAGES
        bounds = rows.indptr[first : end + 1]
        entries = slice(bounds[0], bounds[-1])
        return PassageRows(bounds[:-1] - bounds[0], rows.indices[entries], rows.data[entries])


def _of_ones(matrix: Any) -> sp.csr_array:
    """Return the matrix as CSR with columns sorted, each once, and 1 in every entry."""
    matrix = sp.csr_array(matrix)
    matrix.sum_duplicates()
    matrix.data = np.ones(matrix.nnz, np.int8)
    return matrix


def best_passage(
    passages: PassageRows, weights: npt.NDArray[np.float32]
) -> tuple[float, npt.NDArray[Any], npt.NDArray[np.float32]]:
    """Return the greatest inner product of a row with those of passages, of which there is one at least.

    Parameters
    ----------
    passages : PassageRows
    weights : ndarray of float32, shape (n_columns,)
        The row, also its zeros.

    Returns
    -------
    product : float
        It is exact, whatever the order of the columns.
    columns, products : ndarray
        The columns of the best passage, the first of equals, and what each adds.
    """
    products = passages.weights * weights[passages.columns]
    sums = np.add.reduceat(products, passages.starts)
    best = int(sums.argmax())
    entries = slice(passages.starts[best], passages.starts[best + 1] if best + 1 < len(passages) else None)
    return float(sums[best]), passages.columns[entries], products[entries]
