"""The word space: an embedding for every event, near those of events about the same story though they share no word.

A word and a topic have a vector each (models/space); an event's embedding is their weighted sum, brought to one length. The
vectors are whole numbers and so are the weights: sums are exact, and an event has the same embedding on every machine.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from relatedstories.artefacts import path

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.features.vectors import Counts

__all__ = [
    "DIMENSIONS",
    "LENGTH",
    "NONE",
    "TOPIC_WEIGHT",
    "Space",
    "default_space",
    "shares",
    "squared_cosine",
    "with_user_embeddings",
]

DIMENSIONS = 256

LENGTH = 127
"""Embeddings are rounded to vectors of whole numbers of this length."""

NONE = -128
"""The first number of an embedding that is none: no embedding has it otherwise."""

LEAST_KNOWN = 0.65
"""The part of its words that must have a vector for an event to have an embedding: one of another language has none."""

TOPIC_WEIGHT = 0.5
"""How much topics count together beside the words together."""

_UNIT, _CHUNK, _FEW = 16, 8192, 512


def shares(counts: sp.csr_array) -> tuple[sp.csr_array, npt.NDArray[np.float64]]:
    """What terms weigh by how often they occur: ``1 + ln count``, in whole sixteenths, and what brings each row to one length.

    Returns
    -------
    weights : scipy.sparse.csr_array of float64, shape (n, n_terms)
    scale : ndarray of float64, shape (n, 1)
    """
    weights = sp.csr_array(counts, dtype=np.float64)
    weights.data = np.rint((1 + np.log(weights.data)) * _UNIT)
    squares = weights.power(2).sum(axis=1)[:, None]
    return weights, _UNIT / np.sqrt(np.maximum(squares, 1))


class Space(NamedTuple):
    """Vectors of words and topics.

    Parameters
    ----------
    terms, topics : mapping of str to int
        Terms as `relatedstories.features.vectors.count_terms` has them and keys of topics, each with its row.
    vectors : ndarray of int8, shape (n, DIMENSIONS)
        Rarity is in their lengths.
    """

    terms: Mapping[str, int]
    topics: Mapping[str, int]
    vectors: npt.NDArray[np.int8]

    @classmethod
    def rounded(cls, terms: Sequence[str], topics: Sequence[str], vectors: npt.NDArray[Any]) -> Space:
        """The space of vectors of any scale, those of terms first."""
        whole = np.rint(vectors * (127 / np.abs(vectors).max())).astype(np.int8)
        return cls(_rows(terms, 0), _rows(topics, len(terms)), whole)

    def save(self, folder: Path) -> None:
        """Write the space to files in a folder."""
        for name, words in (("terms", self.terms), ("topics", self.topics)):
            (folder / f"{name}.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
        np.savez_compressed(folder / "vectors.npz", allow_pickle=False, vectors=self.vectors)

    def embeddings(self, terms: Counts, topics: Counts) -> npt.NDArray[np.int8]:
        """The embeddings of events.

        Parameters
        ----------
        terms, topics : Counts
            Of the same events.

        Returns
        -------
        ndarray of int8, shape (n_events, DIMENSIONS)
            Of length `LENGTH`, but for rounding; for an event of whose words too few are known, `NONE` and zeros.
        """
        blocks = []
        for counts, known in ((terms, self.terms), (topics, self.topics)):
            rows = np.fromiter((known.get(term, -1) for term in counts.terms), np.intp, len(counts.terms))
            blocks.append((shares(counts.matrix[:, rows >= 0]), self.vectors[rows[rows >= 0]].astype(np.float64)))
        found = np.zeros((terms.matrix.shape[0], DIMENSIONS), np.int8)
        for start in range(0, len(found), _CHUNK):
            part = slice(start, start + _CHUNK)
            # Whole numbers at every step, of which sums are exact.
            of_terms, of_topics = (np.rint(matrix[part] @ vectors * scale[part]) for (matrix, scale), vectors in blocks)
            sums = of_terms + np.rint(TOPIC_WEIGHT * of_topics)
            found[part] = np.rint(sums * (LENGTH / _lengths(sums)))
        held = np.array([term in self.terms for term in terms.terms], np.float64)
        n_known, n_words = terms.matrix.astype(bool) @ held, np.diff(terms.matrix.indptr)
        none = (n_known < LEAST_KNOWN * n_words) | ~found.any(axis=1)
        found[none] = 0
        found[none, 0] = NONE
        return found


def with_user_embeddings(embeddings: npt.NDArray[np.int8], user_embeddings: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
    """Embeddings with a caller's embeddings of the same events beside them, each half of the squared length.

    Parameters
    ----------
    embeddings : ndarray of int8, shape (n, DIMENSIONS)
    user_embeddings : ndarray of float, shape (n, d)
        Of any length; a row of zeros stands for none.

    Returns
    -------
    ndarray of int8, shape (n, DIMENSIONS + d)
        Where an event has one of both only, that is its embedding.

    Examples
    --------
    >>> here = np.zeros((1, 256), np.int8)
    >>> here[0, 0] = 127
    >>> with_user_embeddings(here, np.array([[0.0, 3.0]]))[0, [0, 256, 257]].tolist()
    [90, 0, 90]
    """
    none = embeddings[:, :1] == NONE
    parts = np.hstack([np.where(none, 0, embeddings) / LENGTH, user_embeddings / _lengths(user_embeddings)])
    found = np.rint(parts * (LENGTH / _lengths(parts))).astype(np.int8)
    found[~found.any(axis=1), 0] = NONE
    return found


def _lengths(rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    lengths: npt.NDArray[np.float64] = np.sqrt(np.square(rows, dtype=np.float64).sum(axis=1, keepdims=True))
    return np.where(lengths > 0, lengths, 1.0)


def _rows(words: Sequence[str], first: int) -> dict[str, int]:
    return {word: row for row, word in enumerate(words, first)}


def squared_cosine(
    embedding: npt.NDArray[np.int8], embeddings: npt.NDArray[np.int8], rows: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """How near an embedding is to some others: the square of the cosine, 0 where that is negative, -1 where one is none.

    Products of whole numbers add up exactly, and what comes after is one operation at a time.

    Examples
    --------
    >>> a, b, c = np.zeros((3, 256), np.int8)
    >>> a[0], b[:2], c[0] = 127, 90, NONE
    >>> squared_cosine(a, np.stack([a, b, c]), np.array([0, 1, 2])).round(2).tolist()
    [1.0, 0.5, -1.0]
    """
    kernel = sys.modules.get("relatedstories.topk._kernel")  # compiled code, used where it is loaded: that takes longer than this
    if kernel is not None and len(rows) > _FEW:
        products = kernel.products_of(embedding, embeddings, rows).astype(np.float32)
    else:
        products = embeddings[rows].astype(np.float32) @ embedding.astype(np.float32)
    cosines = np.clip(products * np.float32(1 / LENGTH**2), np.float32(0), np.float32(1))
    squares: npt.NDArray[np.float32] = cosines * cosines
    squares[(embeddings[rows, 0] == NONE) | (embedding[0] == NONE)] = -1
    return squares


@functools.cache
def default_space() -> Space:
    """The space that comes with the package (models/space)."""
    terms, topics = (path(f"space/{name}.txt").read_text(encoding="utf-8").splitlines() for name in ("terms", "topics"))
    with np.load(path("space/vectors.npz"), allow_pickle=False) as arrays:
        return Space(_rows(terms, 0), _rows(topics, len(terms)), arrays["vectors"])
