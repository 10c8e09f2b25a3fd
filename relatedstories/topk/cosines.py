"""The squared cosines of an embedding with many others, by compiled code where that is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from relatedstories.features.word_space import squared_cosine, squared_cosine_of_products
from relatedstories.topk.loading import kernel_is_loaded

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["squared_cosine_of_many"]

_MIN_COMPILED = 512  # rows from which the call of the compiled loop is worth its cost


def squared_cosine_of_many(
    embedding: npt.NDArray[np.int8], embeddings: npt.NDArray[np.int8], rows: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """Return what `squared_cosine` returns, by the compiled loop where it is loaded and the rows are many.

    Examples
    --------
    >>> a, b = np.zeros((2, 256), np.int8)
    >>> a[0], b[:2] = 127, 90
    >>> squared_cosine_of_many(a, np.stack([a, b]), np.array([0, 1])).round(2).tolist()
    [1.0, 0.5]
    """
    if len(rows) <= _MIN_COMPILED or not kernel_is_loaded():
        return squared_cosine(embedding, embeddings, rows)
    from relatedstories.topk._kernel import embedding_products

    products = embedding_products(embedding, embeddings, rows).astype(np.float32)
    return squared_cosine_of_products(products, embedding, embeddings, rows)
