"""Comparing an event with others of an archive: scores, near-duplicates, shared columns."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from relatedstories.events import Event
from relatedstories.index.archive import Archive
from relatedstories.index.rows import EventRow, SharedColumns, csr_arrays_of
from relatedstories.index.weights import Weights
from relatedstories.ranking.copies import Wording
from relatedstories.ranking.selection import NEAR_DUPLICATE
from relatedstories.topk.dates import distances
from relatedstories.topk.loading import kernel_is_loaded, takes_kernel
from relatedstories.topk.scores import blended

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "Comparison",
    "Likeness",
    "Similarity",
    "have_near_duplicates",
    "may_have_copies",
    "shared_columns",
    "shared_columns_of",
]

_SORTED_FIRST = 64  # enough for lists of a dozen, with near-duplicates and filtered candidates


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the scores of a row with the events of an archive are made of.

    Parameters
    ----------
    numbers : ndarray of int
        The numbers of the events that share a term or topic with the row, rising.
    products, squared_cosines : ndarray of float32
        Their inner products with the row, all greater than 0, and the squared cosines of their embeddings.
    day : int
        The row's day.
    days : ndarray of int32
        The events' days.
    """

    numbers: npt.NDArray[np.intp]
    products: npt.NDArray[np.float32]
    squared_cosines: npt.NDArray[np.float32]
    day: int
    days: npt.NDArray[np.int32]

    def best_first(self, weights: Weights, min_score: float) -> Iterator[tuple[int, float]]:
        """Yield the numbers and scores of the events with at least a score of `min_score`, best first.

        Where scores are equal, the nearer date comes first, then the lower number.
        """
        factors = weights.date_factor.of(self.day, self.days)
        scores = blended(self.products, self.squared_cosines, weights.space_weight, factors)
        listed = (scores > 0) & (scores >= np.float32(min_score))
        numbers, scores, apart = self.numbers[listed], scores[listed], distances(self.day, self.days[listed])
        parts = [np.ones(len(numbers), bool)]
        if len(numbers) > 4 * _SORTED_FIRST:  # a list seldom needs more than the best, so these are sorted first
            best = scores >= np.partition(scores, -_SORTED_FIRST)[-_SORTED_FIRST]
            parts = [best, ~best]
        for part in parts:
            order = np.lexsort((numbers[part], apart[part], -scores[part]))
            yield from zip(numbers[part][order].tolist(), scores[part][order].tolist(), strict=True)


class Similarity:
    """The inner products of an archive's rows, as a single answer needs them.

    Each row is read once and each pair is multiplied once. Rows that are equal count as one, since an archive may hold a
    wire story a hundred times.

    Parameters
    ----------
    archive : Archive
    asked : EventRow, optional
        The row that the answer is for, which need not be in the archive: its number is `ASKED`.

    Examples
    --------
    >>> from relatedstories import Event
    >>> events = [Event("1", "Snow falls"), Event("2", "Snow falls"), Event("3", "It rains")]
    >>> similarity = Similarity(Archive.of(events, [(), (), ()], 0.25))
    >>> similarity(0, 1) > 0.99, similarity(0, 2)
    (True, 0)
    """

    ASKED = -1

    def __init__(self, archive: Archive, asked: EventRow | None = None) -> None:
        self._archive = archive
        self._first_equal: dict[tuple[bytes, bytes], int] = {}
        self._rows: dict[int, tuple[int, dict[int, float]]] = {}
        if asked is not None:
            self._rows[self.ASKED] = self.ASKED, asked.weight_by_column()
        self._products: dict[tuple[int, int], float] = {}

    def __call__(self, a: int, b: int) -> float:
        """Return the inner product of the rows of two numbers."""
        first, ours = self._rows.get(a) or self._read(a)
        second, theirs = self._rows.get(b) or self._read(b)
        pair = (first, second) if first < second else (second, first)
        product = self._products.get(pair)
        if product is None:  # the sum is exact in any order, see EventRow.products
            product = self._products[pair] = sum([ours[column] * theirs[column] for column in ours.keys() & theirs.keys()])
        return product

    def are_near(self, a: int, b: int) -> bool:
        """Return whether two rows are as similar as those of near-duplicates."""
        return self(a, b) >= NEAR_DUPLICATE

    def first_equal(self, number: int) -> int:
        """Return the first number that was read here of those with an equal row."""
        return (self._rows.get(number) or self._read(number))[0]

    def _read(self, number: int) -> tuple[int, dict[int, float]]:
        """Return the lowest number read so far with an equal row, and the row's weights by column."""
        columns, weights = self._archive.entries(number)
        first = self._first_equal.setdefault((columns.tobytes(), weights.tobytes()), number)
        if first == number:
            self._rows[number] = number, dict(zip(columns.tolist(), weights.tolist(), strict=True))
        else:
            self._rows[number] = self._rows[first]
        return self._rows[number]


class Likeness:
    """How like an asked event and events of an archive are, as a single answer needs it.

    Parameters
    ----------
    archive : Archive
    asked : EventRow

    Attributes
    ----------
    similarity : Similarity
    """

    def __init__(self, archive: Archive, asked: EventRow) -> None:
        self.similarity = Similarity(archive, asked)
        self._archive, self._asked = archive, asked.event
        self._wording_of = functools.cache(Wording.of)

    def is_copy(self, number: int, of: Iterable[int]) -> bool:
        """Return whether an event tells the same as one of others in the same words."""
        near = (one for one in of if self.similarity.are_near(one, number))
        return any(self._wording(one).repeats(self._wording(number)) for one in near)

    def content(self, number: int) -> tuple[int, str, str]:
        """Return what is equal for events that are copies of the same others: the first one with an equal row, and the words."""
        event = self._event(number)
        return self.similarity.first_equal(number), event.title, event.text

    def _event(self, number: int) -> Event:
        return self._asked if number == Similarity.ASKED else self._archive.events[number]

    def _wording(self, number: int) -> Wording:
        event = self._event(number)
        return self._wording_of(event.title, event.text)  # of a wire story that the archive has a hundred times, once


def have_near_duplicates(archive: Archive, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Return, for each list of event numbers filled up with -1, whether two of its events are near-duplicates."""
    if not takes_kernel(len(archive)):
        listed, places = np.unique(ids, return_inverse=True)
        rows = archive.weights[listed]
        places = places.reshape(ids.shape)
        near = _are_near(rows, rows)[places[:, :, None], places[:, None, :]] & (ids >= 0)[:, :, None] & (ids >= 0)[:, None, :]
        twice: npt.NDArray[np.bool_] = np.count_nonzero(np.triu(near, 1), axis=(1, 2)) > 0
        return twice
    from relatedstories.topk import _kernel

    found: npt.NDArray[np.bool_] = _kernel.have_near_duplicates(*archive.csr_arrays, ids, NEAR_DUPLICATE)
    return found


def may_have_copies(
    archive: Archive, rows: Sequence[EventRow] | None, first_row: int, ids: npt.NDArray[np.int32]
) -> npt.NDArray[np.bool_]:
    """Return, for each row, whether its list of event numbers has one that is as similar to it as near-duplicates are.

    The rows and lists are those of `shared_columns`.
    """
    ours = _arrays_and_first_row(archive, rows, first_row)
    found: npt.NDArray[np.bool_]
    if not takes_kernel(len(archive)):
        near = _are_near(_some_rows(ours, len(ids), archive.weights.shape[1]), archive.weights)
        found = np.count_nonzero(np.take_along_axis(near, ids, axis=1) & (ids >= 0), axis=1) > 0
        return found
    from relatedstories.topk import _kernel

    found = _kernel.any_product_reaches(*ours, *archive.csr_arrays, ids, NEAR_DUPLICATE)
    return found


def _some_rows(arrays: tuple[Any, Any, Any, int], n: int, n_columns: int) -> sp.csr_array:
    """Return some rows of arrays as compiled loops take them, from the row that comes first."""
    starts, columns, weights, first = arrays
    starts = starts[first : first + n + 1]
    part = slice(starts[0], starts[-1])
    return sp.csr_array((weights[part], columns[part], starts - starts[0]), shape=(n, n_columns))


def _are_near(rows: sp.csr_array, others: sp.csr_array) -> npt.NDArray[np.bool_]:
    """Return for each pair of rows whether they are as similar as near-duplicates, without compiled code."""
    near: npt.NDArray[np.bool_] = (rows @ others.T).toarray() >= NEAR_DUPLICATE
    return near


def shared_columns(
    archive: Archive, rows: Sequence[EventRow] | None, first_row: int, ids: npt.NDArray[np.int32]
) -> SharedColumns:
    """Return the shared columns of each row with each event of its list of numbers, which is filled up with -1.

    The rows are those given, or else the archive's own from number `first_row` on.
    """
    if not takes_kernel(len(archive)):
        found = SharedColumns([], [], [0])
        for place, numbers in enumerate(ids.tolist()):
            row = archive.row(first_row + place) if rows is None else rows[place]
            _add_shared_columns(found, archive, row, numbers)
        return found
    from relatedstories.topk import _kernel

    ours = _arrays_and_first_row(archive, rows, first_row)
    starts, columns, products = _kernel.shared_columns(*ours, *archive.csr_arrays, ids)
    return SharedColumns(columns.tolist(), products.tolist(), starts.tolist())


def shared_columns_of(archive: Archive, row: EventRow, numbers: Sequence[int]) -> SharedColumns:
    """Return the shared columns of one row with each of some events, without compiled code where that is not loaded."""
    if kernel_is_loaded():
        return shared_columns(archive, [row], 0, np.array([numbers], np.int32))
    found = SharedColumns([], [], [0])
    _add_shared_columns(found, archive, row, numbers)
    return found


def _add_shared_columns(found: SharedColumns, archive: Archive, row: EventRow, numbers: Iterable[int]) -> None:
    """Add the shared columns of one row with each of some events; -1 shares none."""
    ours = row.weight_by_column()
    for number in numbers:
        if number >= 0:
            for column, weight in zip(*[values.tolist() for values in archive.entries(number)], strict=True):
                if column in ours:
                    found.columns.append(column)
                    found.products.append(ours[column] * weight)
        found.bounds.append(len(found.columns))


def _arrays_and_first_row(archive: Archive, rows: Sequence[EventRow] | None, first_row: int) -> tuple[Any, Any, Any, int]:
    """Return the arrays of rows as compiled loops take them, and which of their rows comes first."""
    return (*archive.csr_arrays, first_row) if rows is None else (*csr_arrays_of(rows), 0)
