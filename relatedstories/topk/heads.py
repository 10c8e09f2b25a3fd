"""Embeddings in two parts, which bound inner products before they are computed: their first numbers, and the norm of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relatedstories.features.word_space import NONE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["HEAD", "tail_norms"]

HEAD = 64
"""How many numbers of an embedding are compared first; with the norm of the rest, its tail, they bound the squared cosine."""

_ROWS_AT_ONCE = 4096  # embeddings whose numbers are widened to 32 bits at once


def tail_norms(embeddings: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """Return the norm of each embedding without its head, rounded up; -1 where there is no embedding."""
    norms = np.empty(len(embeddings), np.int32)
    for start in range(0, len(embeddings), _ROWS_AT_ONCE):
        tails = embeddings[start : start + _ROWS_AT_ONCE, HEAD:].astype(np.int32)
        norms[start : start + _ROWS_AT_ONCE] = np.ceil(np.sqrt(np.einsum("ij,ij->i", tails, tails)))
    norms[embeddings[:, 0] == NONE] = -1
    return norms
