"""Re-ranking: the best candidates of an event are scored once more, by the passages of both.

The row of an article is about all it says. Two articles that share one matter of several have rows that differ, but a passage of
one is like the row of the other.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from relatedstories.features.passages import PassageRows, best_passage
from relatedstories.index.archive import Archive
from relatedstories.index.rows import EventRow
from relatedstories.index.weights import Weights
from relatedstories.topk.cosines import squared_cosine_of_many
from relatedstories.topk.dates import distances
from relatedstories.topk.scores import blended

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["RERANKED", "PairScore", "Reranker"]

RERANKED = 20
"""The number of candidates that are put into another order at a time."""

PASSAGE_WEIGHT = 0.5
"""The weight of passages in the similarity of two rows; a power of 2, so that sums are exact."""


_Part: TypeAlias = "tuple[float, float, npt.NDArray[Any], npt.NDArray[np.float32]]"
"""A part of a similarity: its weight, an inner product, and the columns and products that it is the sum of."""


class PairScore(NamedTuple):
    """The score of two rows and what it is made of.

    Parameters
    ----------
    products : dict of int to float
        The products of their weights, and of those of their best passages, by shared column.
    squared_cosine : float
        Of their embeddings, -1 where one is missing.
    date_factor : float
    score : float
    """

    products: dict[int, float]
    squared_cosine: float
    date_factor: float
    score: float


class Reranker:
    """Scores events of an archive for one row, by the rows and passages of both.

    Parameters
    ----------
    archive : Archive
    weights : Weights
    row : EventRow
    """

    def __init__(self, archive: Archive, weights: Weights, row: EventRow) -> None:
        self._archive, self._weights, self._row = archive, weights, row

    @functools.cached_property
    def _dense(self) -> npt.NDArray[np.float32]:
        """The row, also its zeros."""
        dense = np.zeros(self._archive.weights.shape[1], np.float32)
        dense[self._row.columns] = self._row.weights
        return dense

    @functools.cached_property
    def _other(self) -> npt.NDArray[np.float32]:
        """Zeros, in which another row is put for a moment."""
        return np.zeros_like(self._dense)

    def score(self, row: EventRow) -> PairScore:
        """Return the score of another row and what it is made of."""
        products: dict[int, float] = {}
        parts = self._parts(row.columns, row.weights, row.passages)
        for weight, _, columns, part in parts:
            for column, product in zip(columns.tolist(), part.tolist(), strict=True):
                if product:
                    products[column] = products.get(column, 0.0) + weight * product
        squares, factors, scores = self._blended([_sum(parts)], np.array([row.day], np.int32), row.embedding[None])
        return PairScore(products, float(squares[0]), float(factors[0]), float(scores[0]))

    def rerank(self, candidates: Iterable[tuple[int, float]], min_score: float) -> Iterator[tuple[int, float]]:
        """Yield candidates in the order of their scores by rows and passages, `RERANKED` at a time.

        Parameters
        ----------
        candidates : iterable of (number, score)
            All candidates that are to be ranked, by their rows alone, best first.
        min_score : float
            The least score that is yielded.

        Yields
        ------
        (number, score)
            Scores fall: one of the first `RERANKED` candidates has at least the score by rows of the next one, and the others
            have that at most. Where scores are equal, the nearer date comes first, then the lower number. In an archive without
            passages, candidates stay as they are.
        """
        candidates, most = iter(candidates), math.inf
        if not len(self._archive.passages):
            yield from candidates
        block = list(islice(candidates, RERANKED + 1))
        while block:
            least = block[RERANKED][1] if len(block) > RERANKED else 0.0
            yield from self._ordered(block[:RERANKED], least, most, min_score)
            most, block = least, [*block[RERANKED:], *islice(candidates, RERANKED)]

    def _ordered(self, block: list[tuple[int, float]], least: float, most: float, min_score: float) -> list[tuple[int, float]]:
        """Return some candidates in the order of their new scores, which are between two others."""
        archive, numbers = self._archive, np.array([number for number, _ in block])
        if not (len(self._row.passages) or archive.passages.have_some[numbers].any()):
            return block
        days = archive.days[numbers]
        scores = self._blended(self._similarities(numbers), days, archive.embeddings[numbers])[2]
        scores = np.minimum(np.maximum(scores, np.float32(least)), np.float32(most))  # `np.clip` is slow for few
        order = np.lexsort((numbers, distances(self._row.day, days), -scores))
        ordered, least_listed = zip(numbers[order].tolist(), scores[order].tolist(), strict=True), float(np.float32(min_score))
        return [(number, score) for number, score in ordered if score >= least_listed]

    def _similarities(self, numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return the similarities to events of the archive: of each the sum of its `_parts`, which is exact in any order."""
        archive, ours = self._archive, self._row.passages
        columns, weights, of = _entries_of(*archive.csr_arrays, numbers)
        products = np.bincount(of, self._dense[columns] * weights, len(numbers))
        best, our_best = products, products
        have_some = archive.passages.have_some[numbers]
        if have_some.any():
            best = products.copy()
            best[have_some] = self._best_of(numbers[have_some])
        if len(ours):
            shared, place = np.unique(ours.columns, return_inverse=True)
            others = np.zeros((len(shared), len(numbers)), np.float32)
            places = np.minimum(np.searchsorted(shared, columns), len(shared) - 1)
            is_shared = shared[places] == columns
            others[places[is_shared], of[is_shared]] = weights[is_shared]
            our_best = np.add.reduceat(ours.weights[:, None] * others[place], ours.starts).max(axis=0).astype(np.float64)
        half = PASSAGE_WEIGHT / 2
        with_passages = (1 - PASSAGE_WEIGHT) * products + half * our_best + half * best
        return with_passages if len(ours) else np.where(have_some, with_passages, products)

    def _best_of(self, numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return the best product with a passage of each of some events that have passages."""
        first, end = self._archive.passages.starts[numbers], self._archive.passages.starts[numbers + 1]
        starts = np.cumsum(end - first) - (end - first)
        passages = np.arange(starts[-1] + end[-1] - first[-1]) + np.repeat(first - starts, end - first)
        rows = self._archive.passage_weights
        columns, weights, of = _entries_of(rows.indptr, rows.indices, rows.data, passages)
        best: npt.NDArray[np.float64] = np.maximum.reduceat(
            np.bincount(of, self._dense[columns] * weights, len(passages)), starts
        )
        return best

    def _blended(
        self,
        similarities: Sequence[float] | npt.NDArray[np.float64],
        days: npt.NDArray[np.int32],
        embeddings: npt.NDArray[np.int8],
    ) -> tuple[npt.NDArray[np.float32], ...]:
        """Return the squared cosines, date factors and scores of other rows, given the similarities to them."""
        squares = squared_cosine_of_many(self._row.embedding, embeddings, np.arange(len(days)))
        factors = self._weights.date_factor.of(self._row.day, days)
        return squares, factors, blended(np.array(similarities, np.float32), squares, self._weights.space_weight, factors)

    def _parts(self, columns: npt.NDArray[Any], weights: npt.NDArray[np.float32], passages: PassageRows) -> list[_Part]:
        """Return what the similarity to another row is the weighted sum of: the product of the rows, and those of passages.

        The similarity is ``(1 - PASSAGE_WEIGHT) * product + PASSAGE_WEIGHT * mean(best product of a passage of either event with
        the row of the other)``. Where an event has no passages, its row is its passage.
        """
        products = self._dense[columns] * weights
        shared = np.flatnonzero(products)
        of_rows = float(products.sum()), columns[shared], products[shared]
        ours = self._row.passages
        if not (len(ours) or len(passages)):
            return [(1.0, *of_rows)]
        best = best_passage(passages, self._dense) if len(passages) else of_rows
        self._other[columns] = weights
        our_best = best_passage(ours, self._other) if len(ours) else of_rows
        self._other[columns] = 0
        half = PASSAGE_WEIGHT / 2
        return [(1 - PASSAGE_WEIGHT, *of_rows), (half, *our_best), (half, *best)]


def _entries_of(
    starts: npt.NDArray[Any], columns: npt.NDArray[Any], weights: npt.NDArray[np.float32], rows: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32], npt.NDArray[np.intp]]:
    """Return columns and weights of the entries of some rows, one row after another, and the place of the row of each."""
    first, lengths = starts[rows], starts[rows + 1] - starts[rows]
    of = np.repeat(np.arange(len(rows)), lengths)
    places = np.arange(len(of)) + (first - np.cumsum(lengths) + lengths)[of]
    return columns[places], weights[places], of


def _sum(parts: Iterable[_Part]) -> float:
    return sum([weight * product for weight, product, _, _ in parts])
