"""Vectors: one sparse row an event, a block of terms and a block of topics side by side.

Both blocks are TF-IDF rows of unit length; weighted by ``1 - topic_weight`` and ``topic_weight`` (of the squared length)
and joined, they make a row of unit length again, so that the inner product of two rows is their cosine, from 0 to 1.

Weights are whole multiples of 2**-12. The product of two is then a multiple of 2**-24, and as an inner product is at most
1, every partial sum of one fits float32 exactly: whatever the order of the terms, the number of threads or the machine,
the score comes out the same to the last bit.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from relatedstories.artefacts import table

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Counts", "background", "count_terms", "count_topics", "inverse_frequencies", "weigh"]

STEP = 4096
"""Weights are multiples of 1 / STEP."""

WEIGHT = 20_000
"""As how many events of an archive those of the background count."""

MAX_TERMS = 1024
"""The heaviest entries of a row that are kept: an event of ten megabytes is about no more than that."""

_WORD = re.compile(r"\b\w\w+\b")

NEWS_WORDS = {
    *("amount", "bill", "bottom", "computer", "cry", "detail", "fill", "fire", "found", "interest"),
    *("mill", "mine", "move", "serious", "side", "system"),
}
"""On scikit-learn's list of stop words, but what news is about."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each of some terms occurs in each of some rows.

    Parameters
    ----------
    terms : sequence of str
        Sorted, each once: a column of the matrix each.
    matrix : scipy.sparse.csr_array of float32, shape (n_rows, n_terms)
    """

    terms: Sequence[str]
    matrix: sp.csr_array

    def events(self) -> npt.NDArray[np.intp]:
        """How many rows have each term, shape (n_terms,)."""
        return np.bincount(self.matrix.indices, minlength=len(self.terms))

    def take(self, rows: npt.NDArray[np.intp]) -> Counts:
        """The given rows, in the given order; terms that none of them has are dropped."""
        taken = Counts(self.terms, self.matrix[rows])
        kept = np.flatnonzero(taken.events())
        return Counts(tuple(self.terms[i] for i in kept.tolist()), _sorted(taken.matrix[:, kept]))

    def stack(self, other: Counts) -> Counts:
        """The rows of both, those of `other` below."""
        terms = sorted({*self.terms, *other.terms})
        column = {term: i for i, term in enumerate(terms)}
        return Counts(tuple(terms), _sorted(sp.vstack([part._recoded(column) for part in (self, other)], format="csr")))

    def _recoded(self, column: dict[str, int]) -> sp.csr_array:
        """The matrix over other columns, among which each of its terms has one."""
        target = np.fromiter((column[term] for term in self.terms), np.int64, len(self.terms))
        coo = self.matrix.tocoo()
        shape = (self.matrix.shape[0], len(column))
        return sp.csr_array((coo.data, (coo.row, target[coo.col])), shape=shape, dtype=np.float32)


def _sorted(matrix: Any) -> sp.csr_array:
    matrix = sp.csr_array(matrix)
    matrix.sort_indices()
    if matrix.nnz <= np.iinfo(np.int32).max:  # what scipy makes of two is wider than it need be
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return matrix


def _count(documents: Iterable[Iterable[str]], left_out: Collection[str] = frozenset()) -> Counts:
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__
    found, ends = array("i"), [0]
    for document in documents:
        found.extend(map(number.__getitem__, document))
        ends.append(len(found))
    terms = tuple(sorted(term for term in number if term not in left_out))
    column = np.full(len(number), -1, np.int32)
    column[[number[term] for term in terms]] = np.arange(len(terms))
    columns = column[np.array(found, np.intp)]
    kept = columns >= 0
    rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))[kept]
    ones = np.ones(len(rows), np.float32)
    return Counts(terms, _sorted(sp.coo_array((ones, (rows, columns[kept])), shape=(len(ends) - 1, len(terms)))))


@functools.cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS - NEWS_WORDS)


def count_terms(texts: Iterable[str]) -> Counts:
    """Count the words of texts: two letters or more, in lower case, without accents; English stop words are left out.

    Examples
    --------
    >>> count_terms(["The station", "A Station, a crew"]).terms
    ('crew', 'station')
    """
    unescaped = (html.unescape(text) if "&" in text else text for text in texts)  # "&quot;" is no word
    return _count((_WORD.findall(_plain(text.lower())) for text in unescaped), _stop_words())


def _plain(text: str) -> str:
    """The text without accents."""
    if text.isascii():
        return text
    return "".join([char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)])


def count_topics(keys: Iterable[Iterable[str]]) -> Counts:
    """Count the keys of topics, those of an event at a time.

    Examples
    --------
    >>> count_topics([["iran", "united states"], ["iran"]]).matrix.toarray().tolist()
    [[1.0, 1.0], [1.0, 0.0]]
    """
    return _count(keys)


@functools.cache
def background() -> dict[str, float]:
    """The share of events of a large archive in which each term occurs (models/terms); 0 for those not there."""
    events = {term: int(events) for term, events in table("terms/terms.tsv")}
    total = events.pop("")
    return {term: n / total for term, n in events.items()}


def inverse_frequencies(
    terms: Sequence[str], events: npt.NDArray[Any], n: int, shares: Mapping[str, float] | None = None
) -> npt.NDArray[np.float64]:
    """How telling each term is: ``ln((1 + n + b) / (1 + events + b * share)) + 1``.

    The inverse document frequency as scikit-learn smooths it, of the archive at hand as if b events of a large archive
    stood in it too: among a hundred events "government" may occur once, and a name once, and only one of them is telling.

    Parameters
    ----------
    terms : sequence of str
    events : ndarray of int, shape (n_terms,)
        How many events of the archive have each term.
    n : int
        How many events the archive has.
    shares : mapping of str to float, optional
        The share of a large archive's events that have a term, see `background`; b is then `WEIGHT`, otherwise 0.

    Returns
    -------
    ndarray of float64, shape (n_terms,)
    """
    b = WEIGHT if shares else 0
    share = np.array([shares.get(term, 0.0) for term in terms]) if shares else 0.0
    inverse: npt.NDArray[np.float64] = np.log((1 + n + b) / (1 + events + b * share)) + 1
    return inverse


def weigh(
    terms: Counts,
    topics: Counts,
    term_idf: npt.NDArray[np.float64],
    topic_idf: npt.NDArray[np.float64],
    topic_weight: float,
) -> sp.csr_array:
    """Rows of weights from counts.

    Parameters
    ----------
    terms, topics : Counts
        Of the same events; a term weighs ``(1 + ln count) * idf``, as does a topic.
    term_idf, topic_idf : ndarray of float64
        From `inverse_frequencies`, over the same columns.
    topic_weight : float
        The topics' part of a row's squared length, 0 to 1. A row that has only one of the blocks is that block alone.

    Returns
    -------
    scipy.sparse.csr_array of float32, shape (n_events, n_terms + n_topics)
        Rows of unit length or a little less (weights are rounded down to multiples of 1 / 4096), columns sorted; a row
        without any known term or topic is empty.
    """
    blocks = []
    for counts, idf, share in ((terms, term_idf, 1 - topic_weight), (topics, topic_idf, topic_weight)):
        block = counts.matrix.astype(np.float64)
        block.data = (1 + np.log(block.data)) * idf[block.indices]
        blocks.append(_unit(block) * np.sqrt(share))
    rows = _unit(_heaviest(_sorted(sp.hstack(blocks, format="csr"))))
    # The millionth keeps a weight of exactly m / STEP, as short rows have, from falling to m - 1 where it was computed a
    # bit too small; it cannot lift a row of MAX_TERMS weights over length 1.
    rows.data = np.floor(rows.data * STEP + 1e-6) / STEP
    rows.eliminate_zeros()
    return rows.astype(np.float32)


def _unit(rows: sp.csr_array) -> sp.csr_array:
    lengths = np.sqrt(np.add.reduceat(np.append(rows.data**2, 0.0), rows.indptr[:-1]))
    rows.data = rows.data / np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(rows.indptr))
    return rows


def _heaviest(rows: sp.csr_array) -> sp.csr_array:
    for row in np.flatnonzero(np.diff(rows.indptr) > MAX_TERMS):
        part = rows.data[rows.indptr[row] : rows.indptr[row + 1]]
        part[np.argsort(-part, kind="stable")[MAX_TERMS:]] = 0
    rows.eliminate_zeros()
    return rows
