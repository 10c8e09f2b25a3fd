"""The score of two rows: the formula, in numpy; the compiled loops compile `blend`, so that it is defined once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["LEAST_POSITIVE", "blend", "blended"]

LEAST_POSITIVE = np.float32(1e-45)
"""The least float32 greater than 0: a score is listed from this on."""


def blend(product: Any, squared_cosine: Any, product_weight: Any, embedding_weight: Any) -> Any:
    """Return ``product_weight * product + embedding_weight * squared_cosine``, of float32 numbers or arrays."""
    return product_weight * product + embedding_weight * squared_cosine


def blended(
    products: npt.NDArray[np.float32],
    squared_cosines: npt.NDArray[np.float32],
    embedding_weight: float,
    factors: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """Return scores: ``((1 - embedding_weight) * product + embedding_weight * squared_cosine) * factor``.

    Parameters
    ----------
    products : ndarray of float32, shape (n,)
        Inner products of rows; where one is not greater than 0, the score is 0.
    squared_cosines : ndarray of float32, shape (n,)
        Squared cosines of embeddings, -1 where one is missing; the score is then ``product * factor``.
    embedding_weight : float
        The weight of the squared cosine, 0 to 1.
    factors : ndarray of float32, shape (n,)
        Date factors, see `DateFactor`.

    Returns
    -------
    ndarray of float32, shape (n,)
        Computed in float32, one operation at a time, as in the compiled loops: both give the same bits.

    Examples
    --------
    >>> one = np.ones(2, np.float32)
    >>> blended(np.array([0.5, 0], np.float32), one, 0.5, one).tolist()
    [0.75, 0.0]
    """
    weight = np.float32(embedding_weight)
    both = blend(products, squared_cosines, np.float32(1) - weight, weight)
    scores: npt.NDArray[np.float32] = np.where(squared_cosines < 0, products, both) * factors
    scores[products <= 0] = 0
    return scores
