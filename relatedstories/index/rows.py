"""The rows of events as questions compare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relatedstories.events import Event
from relatedstories.features.passages import NO_PASSAGES, PassageRows
from relatedstories.text.terms import ENGLISH
from relatedstories.topk.dates import NO_DATE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["EventRow", "SharedColumns", "csr_arrays_of", "day_of"]


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event with its row of weights and its embedding.

    Parameters
    ----------
    event : Event
    number : int
        The number of the event with this id in the archive, -1 if there is none.
    columns : ndarray of int
        Sorted; each is a term or topic of the archive.
    weights : ndarray of float32
    day : int
        The day number of its date, or `NO_DATE`.
    embedding : ndarray of int8, shape (d,)
        See `relatedstories.features.word_space`.
    passages : PassageRows
        Of its text, over the same columns.
    in_archive : bool
        Whether the archive holds exactly this event, not only one with the same id.
    language : str
        The code of the language that the event is in.
    """

    event: Event
    number: int
    columns: npt.NDArray[Any]
    weights: npt.NDArray[np.float32]
    day: int
    embedding: npt.NDArray[np.int8]
    passages: PassageRows = NO_PASSAGES
    in_archive: bool = True
    language: str = ENGLISH

    @property
    def own_number(self) -> int | None:
        """The number of exactly this event in the archive, None where the archive has another one or none with its id."""
        return self.number if self.in_archive and self.number >= 0 else None

    def weight_by_column(self) -> dict[int, float]:
        """Return the weights by column."""
        return dict(zip(self.columns.tolist(), self.weights.tolist(), strict=True))

    def products(self, other: Mapping[int, float]) -> dict[int, float]:
        """Return the products of the weights with another row's, by shared column; they sum to the inner product.

        The sum is exact, since weights are multiples of a power of two (see `relatedstories.features.vectors`).
        """
        pairs = zip(self.columns.tolist(), self.weights.tolist(), strict=True)
        return {column: other[column] * weight for column, weight in pairs if column in other}


class SharedColumns(NamedTuple):
    """The columns that both rows of each of several pairs have, and the products of their weights there.

    Parameters
    ----------
    columns : list of int
        The columns of one pair after another, sorted within a pair.
    products : list of float
    bounds : list of int
        Where the columns of each pair start, and where the last pair's end.
    """

    columns: list[int]
    products: list[float]
    bounds: list[int]


def csr_arrays_of(rows: Sequence[EventRow]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return row starts, columns and weights of rows, as `relatedstories.topk.rows.csr_arrays` returns those of a matrix."""
    starts = np.cumsum([0, *(len(row.columns) for row in rows)], dtype=np.int64)
    columns = np.concatenate([row.columns for row in rows], dtype=np.int32)
    arrays = starts, columns, np.concatenate([row.weights for row in rows])
    for array in arrays:
        array.flags.writeable = False
    return arrays


def day_of(event: Event) -> int:
    """Return the day number of an event's date, `NO_DATE` if it has none."""
    return NO_DATE if event.date is None else event.date.toordinal()
