"""Baselines: what an archive could do without this library, for `relatedstories.evaluation.evaluator` to compare it with.

Each takes the events of an archive (or what it looks at in them), the numbers of those asked about, and their days; and
yields for each of these the numbers of k others, best first. Equal scores are ordered newest first, then as the archive is.
What shares no word or topic is not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["bm25", "by_newest", "by_topics", "tfidf", "words_of"]

Days: TypeAlias = "npt.NDArray[np.int64]"
"""An event's day as a number that grows; least where it has no date."""


def words_of(texts: Iterable[str]) -> list[list[str]]:
    """The words that `tfidf` and `bm25` see: two letters or more, in lower case, without scikit-learn's English stop words.

    Examples
    --------
    >>> words_of(["Snow closes the airport"])
    [['snow', 'closes', 'airport']]
    """
    from sklearn.feature_extraction.text import CountVectorizer

    analyse = CountVectorizer(stop_words="english").build_analyzer()
    return [analyse(text) for text in texts]


def tfidf(words: Sequence[Sequence[str]], asked: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    """The cosine of TF-IDF rows, ``(1 + log tf) * (1 + log((1 + n) / (1 + df)))``.

    Examples
    --------
    >>> words = [["snow", "airport"], ["snow", "sun"], ["airport", "snow"], ["moon"]]
    >>> list(tfidf(words, [0, 3], np.zeros(4), k=2))
    [[2, 1], []]
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(words):  # scikit-learn takes no archive without words
        return iter([[] for _ in asked])
    rows = TfidfVectorizer(analyzer=list, sublinear_tf=True).fit_transform(words)
    return _nearest(sp.csr_array(rows), asked, days, k)


def bm25(words: Sequence[Sequence[str]], asked: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    """Okapi BM25, k1 1.2 and b 0.75, with each word of the event asked about counted once.

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
        yield from ([] for _ in asked)
        return
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index([list(each) for each in words], show_progress=False)
    for number in asked:
        query = sorted(set(words[number]))
        yield _best(index.get_scores(query), number, days, k) if query else []


def by_topics(topics: Sequence[Iterable[str]], asked: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    """The number of topics in common, then the newest: how archives of linked news have done it.

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
    return _nearest(rows, asked, days, k)


def by_newest(asked: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    """The newest of all.

    Examples
    --------
    >>> list(by_newest([0, 2], np.array([2, 1, 3]), k=1))
    [[2], [0]]
    """
    newest = np.argsort(-days, kind="stable")[: k + 1].tolist()
    for number in asked:
        yield [other for other in newest if other != number][:k]


def _nearest(rows: sp.csr_array, asked: Iterable[int], days: Days, k: int) -> Iterator[list[int]]:
    for number in asked:
        yield _best(rows @ rows[[number]].toarray()[0], number, days, k)


def _best(scores: npt.NDArray[np.floating], number: int, days: Days, k: int) -> list[int]:
    """The k best of an event's scores, its own aside."""
    found = np.flatnonzero(scores > 0)
    found = found[found != number]
    if len(found) > k:  # only those that may be among them need sorting
        found = found[scores[found] >= np.partition(scores[found], -k)[-k]]
    best: list[int] = found[np.lexsort((found, -days[found], -scores[found]))][:k].tolist()
    return best
