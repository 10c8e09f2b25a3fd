"""The word space: an embedding for every event, close to those of other events of its story even if they share no word.

Each word and each topic has a vector (models/space). An event's embedding is their weighted sum, scaled to a fixed norm. The
vectors and the weights are whole numbers, so that sums are exact and an event has the same embedding on every machine.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from relatedstories.artefacts import path
from relatedstories.text.zones import TITLE

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.features.vectors import Counts

__all__ = [
    "COSINE_SCALE",
    "DIMENSIONS",
    "LENGTH",
    "NONE",
    "TOPIC_WEIGHT",
    "Space",
    "count_weights",
    "default_space",
    "squared_cosine",
    "squared_cosine_of_products",
    "with_user_embeddings",
]

DIMENSIONS = 256
"""The length of the vectors of words and topics, and of an event's embedding without a caller's own."""

LENGTH = 127
"""The Euclidean norm of an embedding, before its numbers are rounded."""

COSINE_SCALE = np.float32(1 / LENGTH**2)
"""The factor from the inner product of two embeddings to their cosine."""

NONE = -128
"""The first number of a missing embedding; the numbers of an embedding are from -127 to 127."""

MIN_KNOWN_WORDS = 0.65
"""The least part of an event's words that must have a vector; with less, as in another language, the embedding is missing."""

TOPIC_WEIGHT = 0.5
"""The weight of the sum of topics' vectors beside that of words' vectors."""

_STEPS = 16  # weights of counts are rounded to whole multiples of 1 / _STEPS
_CHUNK = 8192  # events whose sums are computed at once


def count_weights(counts: sp.csr_array, unit: int) -> tuple[sp.csr_array, npt.NDArray[np.float64]]:
    """Return the weight of each count, ``sqrt(count / unit)``, in whole sixteenths, and the factor that scales each row.

    Parameters
    ----------
    counts : scipy.sparse.csr_array, shape (n, n_terms)
    unit : int
        What a single occurrence counts as: 1 for topics, `relatedstories.text.zones.TITLE` for terms of a title.

    Returns
    -------
    weights : scipy.sparse.csr_array of float64, shape (n, n_terms)
        Whole numbers: the rounded weights times 16.
    scale : ndarray of float64, shape (n, 1)
        16 divided by the norm of the row.
    """
    weights = sp.csr_array(counts, dtype=np.float64)
    weights.data = np.rint(np.sqrt(weights.data / unit) * _STEPS)
    squares = weights.power(2).sum(axis=1)[:, None]
    return weights, _STEPS / np.sqrt(np.maximum(squares, 1))


class Space(NamedTuple):
    """Vectors of words and topics.

    Parameters
    ----------
    terms, topics : mapping of str to int
        The row in `vectors` of each term (as `relatedstories.features.vectors.count_terms` has it) and of each topic key.
    vectors : ndarray of int8, shape (n, DIMENSIONS)
        The rarer a term or topic, the greater the norm of its vector.
    """

    terms: Mapping[str, int]
    topics: Mapping[str, int]
    vectors: npt.NDArray[np.int8]

    @classmethod
    def rounded(cls, terms: Sequence[str], topics: Sequence[str], vectors: npt.NDArray[Any]) -> Space:
        """Return the space of vectors of any scale, rounded to int8; the vectors of terms come before those of topics."""
        whole = np.rint(vectors * (127 / np.abs(vectors).max())).astype(np.int8)
        return cls(_numbered(terms, 0), _numbered(topics, len(terms)), whole)

    def save(self, folder: Path) -> None:
        """Write the space to a folder: terms.txt, topics.txt and vectors.npz."""
        for name, words in (("terms", self.terms), ("topics", self.topics)):
            (folder / f"{name}.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
        np.savez_compressed(folder / "vectors.npz", allow_pickle=False, vectors=self.vectors)

    def embeddings(self, terms: Counts, topics: Counts) -> npt.NDArray[np.int8]:
        """Return the embeddings of events.

        Parameters
        ----------
        terms, topics : Counts
            Of the same events.

        Returns
        -------
        ndarray of int8, shape (n_events, DIMENSIONS)
            Rows of norm `LENGTH`, but for rounding. An event with too few known words (`MIN_KNOWN_WORDS`) has a missing
            embedding: `NONE`, then zeros.

        Notes
        -----
        ``LENGTH * s / |s|`` with ``s = words / |words| + TOPIC_WEIGHT * topics / |topics|``, where ``words`` and ``topics``
        are the sums of vectors weighted by `count_weights` and ``|words|``, ``|topics|`` are the norms of these weights.
        """
        blocks = []
        for counts, known, unit in ((terms, self.terms, TITLE), (topics, self.topics, 1)):
            rows = np.fromiter((known.get(term, -1) for term in counts.terms), np.intp, len(counts.terms))
            blocks.append((count_weights(counts.matrix[:, rows >= 0], unit), self.vectors[rows[rows >= 0]].astype(np.float64)))
        embeddings = np.zeros((terms.matrix.shape[0], DIMENSIONS), np.int8)
        for start in range(0, len(embeddings), _CHUNK):
            part = slice(start, start + _CHUNK)
            # Rounded to whole numbers at every step, as sums of these are exact.
            of_words, of_topics = (np.rint(matrix[part] @ vectors * scale[part]) for (matrix, scale), vectors in blocks)
            sums = of_words + np.rint(TOPIC_WEIGHT * of_topics)
            embeddings[part] = np.rint(sums * (LENGTH / _norms(sums)))
        has_vector = np.array([term in self.terms for term in terms.terms], np.float64)
        n_known, n_words = terms.matrix.astype(bool) @ has_vector, np.diff(terms.matrix.indptr)
        missing = (n_known < MIN_KNOWN_WORDS * n_words) | ~embeddings.any(axis=1)
        embeddings[missing] = 0
        embeddings[missing, 0] = NONE
        return embeddings


def with_user_embeddings(embeddings: npt.NDArray[np.int8], user_embeddings: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
    """Return the embeddings joined with a caller's embeddings of the same events, each half of the squared norm.

    Parameters
    ----------
    embeddings : ndarray of int8, shape (n, DIMENSIONS)
    user_embeddings : ndarray of float, shape (n, d)
        Rows of any norm; a row of zeros is a missing embedding.

    Returns
    -------
    ndarray of int8, shape (n, DIMENSIONS + d)
        Where one of the two is missing, the other alone makes up the norm.

    Examples
    --------
    >>> here = np.zeros((1, 256), np.int8)
    >>> here[0, 0] = 127
    >>> with_user_embeddings(here, np.array([[0.0, 3.0]]))[0, [0, 256, 257]].tolist()
    [90, 0, 90]
    """
    missing = embeddings[:, :1] == NONE
    parts = np.hstack([np.where(missing, 0, embeddings) / LENGTH, user_embeddings / _norms(user_embeddings)])
    joined = np.rint(parts * (LENGTH / _norms(parts))).astype(np.int8)
    joined[~joined.any(axis=1), 0] = NONE
    return joined


def _norms(rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the norms of rows, shape (n, 1), 1 for a row of zeros: what rows are divided by."""
    norms: npt.NDArray[np.float64] = np.sqrt(np.square(rows, dtype=np.float64).sum(axis=1, keepdims=True))
    return np.where(norms > 0, norms, 1.0)


def _numbered(words: Sequence[str], first: int) -> dict[str, int]:
    """Return the number of each word, counted from `first`."""
    return {word: row for row, word in enumerate(words, first)}


def squared_cosine(
    embedding: npt.NDArray[np.int8], embeddings: npt.NDArray[np.int8], rows: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """Return the squared cosine of an embedding and the embeddings of some rows.

    Parameters
    ----------
    embedding : ndarray of int8, shape (d,)
    embeddings : ndarray of int8, shape (n, d)
    rows : ndarray of int
        Rows of `embeddings`.

    Returns
    -------
    ndarray of float32, shape (n_rows,)
        0 where the cosine is negative, -1 where one of the embeddings is missing.

    Examples
    --------
    >>> a, b, c = np.zeros((3, 256), np.int8)
    >>> a[0], b[:2], c[0] = 127, 90, NONE
    >>> squared_cosine(a, np.stack([a, b, c]), np.array([0, 1, 2])).round(2).tolist()
    [1.0, 0.5, -1.0]
    """
    products = embeddings[rows].astype(np.float32) @ embedding.astype(np.float32)
    return squared_cosine_of_products(products, embedding, embeddings, rows)


def squared_cosine_of_products(
    products: npt.NDArray[np.float32],
    embedding: npt.NDArray[np.int8],
    embeddings: npt.NDArray[np.int8],
    rows: npt.NDArray[np.intp],
) -> npt.NDArray[np.float32]:
    """Return the squared cosine, as `squared_cosine` does, from the inner products with each of the rows.

    The products are whole numbers that float32 holds exactly, however they were summed; the operations that follow are
    done one at a time in float32. The result has the same bits on every machine.
    """
    cosines = np.clip(products * COSINE_SCALE, np.float32(0), np.float32(1))
    squares: npt.NDArray[np.float32] = cosines * cosines
    squares[(embeddings[rows, 0] == NONE) | (embedding[0] == NONE)] = -1
    return squares


@functools.cache
def default_space() -> Space:
    """Return the space that comes with the package (models/space); it is read once."""
    terms, topics = (path(f"space/{name}.txt").read_text(encoding="utf-8").splitlines() for name in ("terms", "topics"))
    with np.load(path("space/vectors.npz"), allow_pickle=False) as arrays:
        return Space(_numbered(terms, 0), _numbered(topics, len(terms)), arrays["vectors"])
