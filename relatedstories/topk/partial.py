"""The lists of a top-k search that is still running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["PartialTopK"]


class PartialTopK(NamedTuple):
    """The lists of a top-k search, which are filled batch by batch as `batches` is consumed.

    Parameters
    ----------
    ids, scores : ndarray of int32 and of float32, shape (n, k)
        As of `self_topk`; a row is final once its position was in a batch.
    batches : iterator of ndarray of int
        Does the work: each batch holds the positions of rows that have become final.
    """

    ids: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    batches: Iterator[npt.NDArray[np.intp]]

    @classmethod
    def finished(cls, ids: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]) -> PartialTopK:
        """Return lists that are filled already, as one batch."""
        return cls(ids, scores, iter([np.arange(len(ids))]))

    def wait(self, progress: Callable[[int], object] | None = None) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Return ids and scores when all rows are final; `progress` is called with the number of rows of each batch."""
        for batch in self.batches:
            if progress is not None:
                progress(len(batch))
        return self.ids, self.scores

    def reporting(self, progress: Callable[[int], object]) -> PartialTopK:
        """Return the same lists; `progress` is called with the number of rows of each batch when it is consumed."""

        def batches() -> Iterator[npt.NDArray[np.intp]]:
            for batch in self.batches:
                progress(len(batch))
                yield batch

        return self._replace(batches=batches())
