"""Coherence: how alike the events are that share a topic or term, which tells a story from a broad place or a common word."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from relatedstories.features.word_space import LENGTH, NONE
from relatedstories.ranking.labels import TYPICAL

if TYPE_CHECKING:
    import numpy.typing as npt
    import scipy.sparse as sp

__all__ = ["Coherence"]

TYPICAL_EVENTS = 4
"""How many events the typical coherence counts as, beside those that have the topic: two events may be alike by chance."""

SAMPLE = 64
"""Maximum number of events that are compared; those of a broad topic are as unlike as a part of them is."""


class Coherence:
    """The coherence of each column of counts.

    Parameters
    ----------
    counts : sparse array, shape (n_events, n_columns)
    embeddings : ndarray of int8, shape (n_events, d)
        See `relatedstories.features.word_space`.

    Notes
    -----
    The mean cosine of the embeddings of all pairs of events that have a topic is put on a scale on which 0 is that of any two
    events of the archive and 1 that of equal ones. It is drawn to `TYPICAL` where few events have the topic, and unknown where
    they have no embeddings, as in languages that the word space does not know. Sums are of whole numbers, and so exact.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> embeddings = np.array([[127, 0, 0], [127, 0, 0], [0, 127, 0], [0, 0, 127]], np.int8)
    >>> coherence = Coherence(sp.csr_array([[1, 0], [1, 0], [0, 1], [0, 1]]), embeddings)
    >>> coherence(0) > TYPICAL > coherence(1)
    True
    """

    def __init__(self, counts: sp.csr_array | sp.csc_array, embeddings: npt.NDArray[np.int8]) -> None:
        self._counts, self._embeddings = counts, embeddings
        self._known: dict[int, float | None] = {}

    def __call__(self, column: int) -> float | None:
        """Return the coherence of a column, 0 to 1; None if too few of its events have embeddings."""
        if column not in self._known:
            starts, events = self._columns
            self._known[column] = self._of(events[starts[column] : starts[column + 1]])
        return self._known[column]

    def _of(self, events: npt.NDArray[np.int32]) -> float | None:
        n = len(events)
        if n > SAMPLE:
            events = events[np.arange(SAMPLE) * n // SAMPLE]
        embeddings = self._embeddings[events]
        embeddings = embeddings[embeddings[:, 0] != NONE]
        chance = self._chance
        if len(embeddings) < 2 or chance >= 1:
            return None
        cosine = _mean_cosine(embeddings)
        return (n * max(0.0, (cosine - chance) / (1 - chance)) + TYPICAL_EVENTS * TYPICAL) / (n + TYPICAL_EVENTS)

    @functools.cached_property
    def _columns(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Where the events of each column start, and the events."""
        by_column = self._counts.tocsc()
        return by_column.indptr, by_column.indices

    @functools.cached_property
    def _chance(self) -> float:
        """The mean cosine of any two events."""
        known = self._embeddings[self._embeddings[:, 0] != NONE]
        return _mean_cosine(known) if len(known) > 1 else 1.0


def _mean_cosine(embeddings: npt.NDArray[np.int8]) -> float:
    """Return the mean cosine of all pairs of several embeddings."""
    n = len(embeddings)
    if n <= SAMPLE:  # whole numbers that are exact as floats, too, which numpy sums faster
        few = embeddings.astype(np.float64)
        total = few.sum(axis=0)
        return (int(total @ total) - int(np.einsum("ij,ij->", few, few))) / (LENGTH * LENGTH * n * (n - 1))
    sums = embeddings.sum(axis=0, dtype=np.int64)
    squares = int(np.einsum("ij,ij->", embeddings, embeddings, dtype=np.int64, casting="unsafe"))
    return (int(sums @ sums) - squares) / (LENGTH * LENGTH * n * (n - 1))
