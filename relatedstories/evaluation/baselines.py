"""Baselines that `relatedstories.evaluation.evaluator` compares the library's links with.

Each takes the words or topics of an archive's events, the numbers of the query events, and the days of all events. It yields
for each query the numbers of the k best other events, best first. Ties are ordered newest first, then as in the archive.
Events that share no word or topic with the query are not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["bm25", "by_newest", "by_topics", "tfidf", "tokenize"]

Days: TypeAlias = "npt.NDArray[np.int64]"
"""For each event, its date as an ordinal number; the lowest number if it has no date."""


def tokenize(texts: Iterable[str]) -> list[list[str]]:
    """Return the lower-case words of each text, of two characters or more, without scikit-learn's English stop words.

    Examples
    --------
    >>> tokenize(["Snow closes the airport"])
    [['snow', 'closes', 'airport']]
    """
    from sklearn.feature_extraction.text import CountVectorizer

    analyze = CountVectorizer(stop_words="english").build_analyzer()
    return [analyze(text) for text in texts]


def tfidf(words: Sequence[Sequence[str]], queries: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    """Rank events by the cosine of TF-IDF rows, weighted ``(1 + log tf) * (1 + log((1 + n) / (1 + df)))``.

    Examples
    --------
    >>> words = [["snow", "airport"], ["snow", "sun"], ["airport", "snow"], ["moon"]]
    >>> list(tfidf(words, [0, 3], np.zeros(4), k=2))
    [[2, 1], []]
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(words):  # scikit-learn raises an error if there are no words at all
        return iter([[] for _ in queries])
    rows = TfidfVectorizer(analyzer=list, sublinear_tf=True).fit_transform(words)
    return _best_by_product(sp.csr_array(rows), queries, days, k)


def bm25(words: Sequence[Sequence[str]], queries: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    """Rank events by Okapi BM25 with k1 1.2 and b 0.75; each word of the query event counts once.

    The inverse document frequency is Lucene's, ``log(1 + (n - df + 0.5) / (df + 0.5))``, which is never negative.

    Source: S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.

    Examples
    --------
    >>> words = [["snow", "airport"], ["snow", "sun"], ["airport", "snow"], ["moon"]]
    >>> list(bm25(words, [0, 3], np.zeros(4), k=2))
    [[2, 1], []]
    """
    import bm25s

    if not any(words):
        yield from ([] for _ in queries)
        return
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index([list(each) for each in words], show_progress=False)
    for number in queries:
        query = sorted(set(words[number]))
        yield _best(index.get_scores(query), number, days, k) if query else []


def by_topics(topics: Sequence[Iterable[str]], queries: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    """Rank events by the number of topics shared with the query, then newest first, as many news archives do.

    Examples
    --------
    >>> topics = [["Oslo", "Norway"], ["Norway"], ["Norway", "Oslo"], ["Norway"]]
    >>> list(by_topics(topics, [0], np.array([0, 1, 2, 3]), k=3))
    [[2, 3, 1]]
    """
    column: dict[str, int] = {}
    columns = [sorted({column.setdefault(topic, len(column)) for topic in each}) for each in topics]
    starts = np.cumsum([0, *map(len, columns)])
    indices = np.fromiter((i for each in columns for i in each), np.int64)
    rows = sp.csr_array((np.ones(len(indices)), indices, starts), shape=(len(columns), max(1, len(column))))
    return _best_by_product(rows, queries, days, k)


def by_newest(queries: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    """List the newest events for every query.

    Examples
    --------
    >>> list(by_newest([0, 2], np.array([2, 1, 3]), k=1))
    [[2], [0]]
    """
    newest = np.argsort(-days, kind="stable")[: k + 1].tolist()
    for number in queries:
        yield [other for other in newest if other != number][:k]


def _best_by_product(rows: sp.csr_array, queries: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    """Yield the k best events of each query by the inner product of their rows."""
    for number in queries:
        yield _best(rows @ rows[[number]].toarray()[0], number, days, k)


def _best(scores: npt.NDArray[np.floating], number: int, days: Days, k: int) -> list[int]:
    """Return the numbers of the k events with the best scores, without the query itself."""
    candidates = np.flatnonzero(scores > 0)
    candidates = candidates[candidates != number]
    if len(candidates) > k:  # drop what cannot be among the k best, so that less has to be sorted
        candidates = candidates[scores[candidates] >= np.partition(scores[candidates], -k)[-k]]
    best: list[int] = candidates[np.lexsort((candidates, -days[candidates], -scores[candidates]))][:k].tolist()
    return best
