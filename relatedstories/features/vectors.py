"""tf-idf rows: one sparse row for each event, its terms and its topics side by side.

The terms and the topics of an event make a tf-idf row of unit length each. Weighted by ``sqrt(1 - topic_weight)`` and
``sqrt(topic_weight)`` and joined, they make a row of unit length again: the inner product of two rows is their cosine, 0 to 1.

Weights are whole multiples of 2**-12. The product of two is then a multiple of 2**-24, and as an inner product is at most 1,
float32 holds every partial sum of one exactly: the score has the same bits whatever the order of the terms, the number of
threads or the machine.
"""

from __future__ import annotations

import collections
import functools
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from relatedstories.artefacts import table
from relatedstories.features.sparse import with_columns
from relatedstories.text.terms import ENGLISH, english_stop_words, english_words, in_language, stem_of, terms_of
from relatedstories.text.zones import LEAD, TITLE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "STEP",
    "Counts",
    "TermSequences",
    "background",
    "count_terms",
    "count_topics",
    "inverse_frequencies",
    "prominence",
    "read_terms",
    "stemmed",
    "unit_rows",
    "weigh",
]

STEP = 4096
"""Weights are multiples of 1 / STEP."""

PROMINENCE, TYPICAL_EVENTS = 0.3, 2
"""The power of a term's prominence in its weight, and the number of events that are added to those that have it, in which its
prominence is that of most terms."""

BACKGROUND_EVENTS = 1_000, 20_000
"""How many events the background counts as, at least and at most, beside those of the archive."""

UNSEEN_EVENTS = 10
"""How many events without a term are added to those of an archive: what all of two or three events have may still tell."""

LEAD_WORDS = 60
"""The number of a text's first words that are its lead."""

MAX_TERMS = 1024
"""The maximum number of entries of a row; of a longer row the heaviest are kept."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each term occurs in each row.

    Parameters
    ----------
    terms : sequence of str
        The term of each column of the matrix; sorted, each once.
    matrix : scipy.sparse.csr_array of float32, shape (n_rows, n_terms)
        Counts; columns sorted.
    """

    terms: Sequence[str]
    matrix: sp.csr_array

    def events(self) -> npt.NDArray[np.intp]:
        """Return the number of rows that have each term, shape (n_terms,)."""
        return np.bincount(self.matrix.indices, minlength=len(self.terms))

    def take(self, rows: npt.NDArray[np.intp]) -> Counts:
        """Return the given rows, in the given order, without the terms that none of them has."""
        counts = Counts(self.terms, self.matrix[rows])
        columns = np.flatnonzero(counts.events())
        return Counts(tuple(self.terms[i] for i in columns.tolist()), _with_sorted_columns(counts.matrix[:, columns]))

    def stack(self, other: Counts) -> Counts:
        """Return the rows of both, those of `other` below, over the terms of both."""
        terms = sorted({*self.terms, *other.terms})
        column = {term: i for i, term in enumerate(terms)}
        blocks = []
        for counts in (self, other):
            targets = np.fromiter((column[term] for term in counts.terms), np.int64, len(counts.terms))
            blocks.append(with_columns(counts.matrix, targets, len(terms)))
        return Counts(tuple(terms), _with_sorted_columns(sp.vstack(blocks, format="csr")))


def _with_sorted_columns(matrix: Any) -> sp.csr_array:
    """Return the matrix as CSR, with the columns of each row sorted and numbers of 32 bits where these suffice."""
    matrix = sp.csr_array(matrix)
    matrix.sort_indices()
    if matrix.nnz <= np.iinfo(np.int32).max:  # scipy's result of joining two has numbers of 64 bits
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return matrix


@dataclass(frozen=True, slots=True)
class TermSequences:
    """The terms of events in the order of their texts.

    Parameters
    ----------
    terms : sequence of str
        Sorted, each once.
    columns : ndarray of int
        The place of each term, one event after the other.
    lengths : ndarray of int, shape (n_events,)
        The number of terms of each event.
    weights : ndarray of float32
        What each term counts.
    """

    terms: Sequence[str]
    columns: npt.NDArray[Any]
    lengths: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float32]

    def counts(self) -> Counts:
        """Return how often each term occurs in each event."""
        rows = np.repeat(np.arange(len(self.lengths)), self.lengths)
        shape = (len(self.lengths), len(self.terms))
        return Counts(self.terms, _with_sorted_columns(sp.coo_array((self.weights, (rows, self.columns)), shape=shape)))


def _sequences(documents: Iterable[Iterable[tuple[Iterable[str], int]]], ignored: Collection[str] = frozenset()) -> TermSequences:
    """Return the terms of documents, given as parts: terms, with what each of them counts; but for the ignored."""
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__
    numbers, parts, weights, ends = array("i"), [0], [], [0]
    for document in documents:
        for part, weight in document:
            numbers.extend(map(number.__getitem__, part))
            parts.append(len(numbers))
            weights.append(weight)
        ends.append(len(numbers))
    terms = tuple(sorted(term for term in number if term not in ignored))
    column = np.full(len(number), -1, np.int32)
    column[[number[term] for term in terms]] = np.arange(len(terms))
    columns = column[np.array(numbers, np.intp)]
    counted = columns >= 0
    lengths = np.diff(np.append(0, np.cumsum(counted))[ends])
    return TermSequences(terms, columns[counted], lengths, np.repeat(np.array(weights, np.float32), np.diff(parts))[counted])


def count_terms(titles: Iterable[str], texts: Iterable[str] | None = None, languages: Iterable[str] | None = None) -> Counts:
    """Count the terms of each event, as `read_terms` reads them.

    Examples
    --------
    >>> count_terms(["The station"], ["A station, a crew"]).matrix.toarray().tolist()
    [[3.0, 9.0]]
    """
    return read_terms(titles, texts, languages).counts()


def read_terms(
    titles: Iterable[str], texts: Iterable[str] | None = None, languages: Iterable[str] | None = None
) -> TermSequences:
    """Read the terms of each event, those of each language apart; a term in the title counts as `TITLE`, in the lead as `LEAD`.

    Parameters
    ----------
    titles : iterable of str
    texts : iterable of str, optional
        Without their titles; by default events have none. Their first `LEAD_WORDS` words are the lead.
    languages : iterable of str, optional
        The code of each event's language; by default all are in English.

    Notes
    -----
    What an event is about is said in its title and lead; in an article of a thousand words, most other words are not.

    Examples
    --------
    >>> counts = read_terms(["The station", "Die Station"], ["A Station, a crew", ""], ["en", "de"]).counts()
    >>> counts.terms, counts.matrix.toarray().tolist()
    (('crew', 'de:station', 'station'), [[3.0, 0.0, 9.0], [0.0, 6.0, 0.0]])
    """

    def parts(title: str, text: str, language: str) -> Iterator[tuple[list[str], int]]:
        yield _words(title, language), TITLE
        if text:
            words = _words(text, language)
            yield words[:LEAD_WORDS], LEAD
            yield words[LEAD_WORDS:], 1

    documents = map(parts, titles, texts or repeat(""), languages or repeat(ENGLISH))
    return _sequences(documents, english_stop_words())  # English stop words are left out once for all events


def _words(text: str, language: str) -> list[str]:
    if language == ENGLISH:
        return english_words(text)
    return [in_language(term, language) for term in terms_of(text, language)]


def stemmed(counts: Counts) -> Counts:
    """Return the counts with words of English reduced to their stems; those of other languages are already.

    Examples
    --------
    >>> stemmed(count_terms(["A station", "No stations"])).terms
    ('station',)
    """
    names = [stem_of(word) for word in counts.terms]
    terms = sorted(set(names))
    column = {term: place for place, term in enumerate(terms)}
    targets = np.fromiter(map(column.__getitem__, names), np.int64, len(names))
    matrix = with_columns(counts.matrix, targets, len(terms)).copy()  # it shares its data with the counts
    matrix.sum_duplicates()
    return Counts(tuple(terms), _with_sorted_columns(matrix))


def count_topics(keys: Iterable[Iterable[str]]) -> Counts:
    """Count the keys of topics, given for one event after the other.

    Examples
    --------
    >>> count_topics([["iran", "united states"], ["iran"]]).matrix.toarray().tolist()
    [[1.0, 1.0], [1.0, 0.0]]
    """
    return _sequences([(each, 1)] for each in keys).counts()


@functools.cache
def background() -> dict[str, float]:
    """Return the share of a large archive's events that have each term (models/terms); a term that is not in it has none.

    Words of one stem are added up, though an event may have several.
    """
    events: collections.Counter[str] = collections.Counter()
    for word, n in table("terms/terms.tsv"):
        events[stem_of(word)] += int(n)
    total = events.pop("")
    return {term: min(n / total, 1.0) for term, n in events.items()}


def inverse_frequencies(
    terms: Sequence[str], events: npt.NDArray[Any], n: int | npt.NDArray[Any], shares: Mapping[str, float] | None = None
) -> npt.NDArray[np.float64]:
    """Return the inverse document frequency of each term: ``ln(1 + (n - events + 0.5) / (events + 0.5))``, as BM25 has it.

    With a background, n and events are those of the archive and of b events of a large archive together: among a hundred
    events "government" may occur once, and a name once, but only the name is rare. A term that most events have weighs next
    to nothing: over half of the events, its weight is multiplied by ``log2((n + UNSEEN_EVENTS) / events)``.

    Parameters
    ----------
    terms : sequence of str
    events : ndarray of int, shape (n_terms,)
        The number of the archive's events that have each term.
    n : int or ndarray of int, shape (n_terms,)
        The number of the archive's events, or of those in the language of each term.
    shares : mapping of str to float, optional
        The share of a large archive's events that have a term, see `background`. Then b is n, but at least and at most
        `BACKGROUND_EVENTS`; otherwise, and for terms of another language than English, which the large archive lacks, it is
        `UNSEEN_EVENTS`, which have none of the terms.

    Returns
    -------
    ndarray of float64, shape (n_terms,)

    References
    ----------
    Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009); in the form of Lucene.

    Examples
    --------
    >>> inverse_frequencies(["iran", "luhansk"], np.array([99, 9]), 99).round(2).tolist()
    [0.01, 2.45]
    """
    least, most = BACKGROUND_EVENTS
    b: int | npt.NDArray[Any] = np.clip(n, least, most) if shares else UNSEEN_EVENTS
    if shares and any(":" in term for term in terms):
        b = np.where([":" in term for term in terms], UNSEEN_EVENTS, b)
    share = np.array([shares.get(term, 0.0) for term in terms]) if shares else 0.0
    frequency = events + b * share
    inverse: npt.NDArray[np.float64] = np.log1p((n + b - frequency + 0.5) / (frequency + 0.5))
    # What most of the archive's events have tells nothing in it, however rare it is elsewhere: the archive's own name.
    inverse *= np.minimum(1, np.log2((n + UNSEEN_EVENTS) / np.maximum(events, 1)))
    return inverse


def prominence(counts: Counts) -> npt.NDArray[np.float64]:
    """Return how much more a term tells for being said often, or in titles and leads, where it is said: about 0.7 to 2.

    It is ``((count / mean + 2) / (events + 2)) ** 0.3``, where count is the sum of a term's counts, events the number of events
    that have it, and mean the mean count of all terms in the events that have them. What an article is about comes again and
    again in it; other words come once in each of many.

    Parameters
    ----------
    counts : Counts

    Returns
    -------
    ndarray of float64, shape (n_terms,)

    References
    ----------
    Church and Gale, Poisson mixtures (Natural Language Engineering, 1995), call the ratio of both numbers burstiness.

    Examples
    --------
    >>> counts = count_terms(["Port", "Port", "Tram"], ["new new", "trams, new", "the port"])
    >>> dict(zip(counts.terms, prominence(counts).round(2).tolist()))
    {'new': 0.99, 'port': 1.01, 'tram': 1.03, 'trams': 0.96}
    """
    events = counts.events()
    total = np.bincount(counts.matrix.indices, counts.matrix.data, len(counts.terms))
    mean = max(1.0, float(total.sum())) / max(1, counts.matrix.nnz)
    ratio: npt.NDArray[np.float64] = ((total / mean + TYPICAL_EVENTS) / (events + TYPICAL_EVENTS)) ** PROMINENCE
    return ratio


def weigh(
    terms: Counts,
    topics: Counts,
    term_idf: npt.NDArray[np.float64],
    topic_idf: npt.NDArray[np.float64],
    topic_weight: float,
) -> sp.csr_array:
    """Return tf-idf rows from counts.

    Parameters
    ----------
    terms, topics : Counts
        Of the same events. A term weighs ``sqrt(count) * idf``, and so does a topic.
    term_idf, topic_idf : ndarray of float64
        From `inverse_frequencies`, over the same columns; that of a term times its `prominence`.
    topic_weight : float
        The part of the topics in a row's squared length, 0 to 1. A row that has only terms or only topics consists of these.

    Returns
    -------
    scipy.sparse.csr_array of float32, shape (n_events, n_terms + n_topics)
        Rows of unit length or a little less (weights are rounded down to multiples of 1 / `STEP`), columns sorted. A row
        without any term or topic is empty.
    """
    blocks = []
    for counts, idf, share in ((terms, term_idf, 1 - topic_weight), (topics, topic_idf, topic_weight)):
        block = counts.matrix.astype(np.float64)
        block.data = np.sqrt(block.data) * idf[block.indices]
        blocks.append(_normalised(block) * np.sqrt(share))
    rows = unit_rows(_heaviest(_with_sorted_columns(sp.hstack(blocks, format="csr"))))
    rows.eliminate_zeros()
    return rows


def unit_rows(rows: sp.csr_array) -> sp.csr_array:
    """Return rows of float64 as rows of float32 of unit length or a little less, whose weights are multiples of 1 / `STEP`."""
    rows = _normalised(rows)
    # A weight of exactly m / STEP, as short rows have, may be computed a little too small: the millionth keeps it from
    # falling to m - 1. It cannot lift a row of MAX_TERMS weights over length 1.
    rows.data = np.floor(rows.data * STEP + 1e-6) / STEP
    return rows.astype(np.float32)


def _normalised(rows: sp.csr_array) -> sp.csr_array:
    """Scale the rows to unit length, in place, and return them."""
    lengths = np.sqrt(np.add.reduceat(np.append(rows.data**2, 0.0), rows.indptr[:-1]))
    rows.data = rows.data / np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(rows.indptr))
    return rows


def _heaviest(rows: sp.csr_array) -> sp.csr_array:
    """Drop all but the `MAX_TERMS` greatest weights of each row, in place, and return the rows."""
    for row in np.flatnonzero(np.diff(rows.indptr) > MAX_TERMS):
        part = rows.data[rows.indptr[row] : rows.indptr[row + 1]]
        part[np.argsort(-part, kind="stable")[MAX_TERMS:]] = 0
    rows.eliminate_zeros()
    return rows
