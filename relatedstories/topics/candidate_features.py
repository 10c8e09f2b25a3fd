"""Features of candidates: what the ranker is given about each span with each of its names."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from relatedstories.topics.caches import CACHE_SIZE, GrowingArray
from relatedstories.topics.lexicon import Lexicon

__all__ = [
    "FEATURES", "FROM_COUNTRY", "FROM_LINKS", "FROM_STATE", "FROM_TEXT", "SPAN_NUMBERS", "CandidateBatch", "Candidates",
    "FeatureTable",
]  # fmt: skip

SOURCES = ("linked", "country", "state", "event")
"""Where a name of a span comes from, one bit each: editors' links of these words, names of a country's things, a town with its
state, and other names in the same text. A name without any is the span itself, or comes from a pattern."""

FROM_LINKS, FROM_COUNTRY, FROM_STATE, FROM_TEXT = (1 << i for i in range(len(SOURCES)))

FEATURES = (
    *SOURCES, "name links", "name share", "name rank", "name count", "linked", "link rate", "in background",
    "whole in background", "whole share", "occurs", "never linked", "run end", "run length", "tokens", "joints", "lower least",
    "characters", "place", "text length", "repeats", "comma before", "itself", "is country", "has country", "pattern count",
    "pattern share", "head", "extra words", "extra found", "extra country",
)  # fmt: skip

SPAN_NUMBERS = 10
"""Numbers of a span in `CandidateBatch.spans`."""

_ROW_NUMBERS = 5


class Candidates(NamedTuple):
    """The candidates of several texts: a row is a span with one name.

    Parameters
    ----------
    features : ndarray of float32, shape (n, len(FEATURES))
    words, shapes : ndarray of int, shape (m,)
        For all tokens of all texts, the row of the word vector and the shape; two empty ones (0) stand before, between and
        after the texts.
    first, end : ndarray of int, shape (n,)
        Each candidate's tokens: ``words[first:end]``.
    text : ndarray of int, shape (n,)
        The number of its text.
    span, topic : ndarray of int, shape (n,)
        Numbers shared by candidates of one span, and by candidates with one name in one text.
    names : list of str
    """

    features: npt.NDArray[np.float32]
    words: npt.NDArray[np.intp]
    shapes: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    end: npt.NDArray[np.intp]
    text: npt.NDArray[np.intp]
    span: npt.NDArray[np.intp]
    topic: npt.NDArray[np.intp]
    names: list[str]


class CandidateBatch:
    """The spans and rows found in several texts, as flat lists of numbers.

    Attributes
    ----------
    tokens : list of int
        Token numbers of all texts, with two of -1 before, between and after them.
    texts : list of int
        For each text, the number of tokens and of spans.
    spans : list of int
        `SPAN_NUMBERS` for each span: first and end token in `tokens`, row of the form in the lexicon, length of the run,
        whether the span ends it, joining words, occurrences of the form in the text, whether it is a country, whether it
        contains one, characters.
    rows : list of float
        For each row: number of the span, number of the name, number of the topic, the share of the name's other words that
        are in the text, and whether its other countries are (1 or -1; 0 if it has none).
    """

    def __init__(self) -> None:
        self.tokens = [-1, -1]
        self.texts: list[int] = []
        self.spans: list[int] = []
        self.rows: list[float] = []
        self.n_topics = self.n_spans = 0


class FeatureTable:
    """The features that depend only on a form or only on a span's words and name, kept for all texts.

    Parameters
    ----------
    lexicon : Lexicon
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._names: list[str] = []
        self._of_names = GrowingArray(8)
        counts = lexicon.counts.astype(np.float32)
        linked, seen, inside, whole = counts.T
        logs = np.log1p(counts)
        rate = np.where(linked > 0, (linked + 0.3) / (np.maximum(seen, linked) + 1), 0)
        of_form = [
            logs[:, 0], rate, logs[:, 2], logs[:, 3], whole / (inside + 1), logs[:, 1], (linked == 0) & (inside > 4),
        ]  # fmt: skip
        self._of_forms = np.zeros((len(counts) + 1, len(of_form)), np.float32)  # row -1: an unknown form
        self._of_forms[:-1] = np.stack(of_form, axis=1)
        self._name_counts = np.append(np.log1p(lexicon.name_counts.astype(np.float32)), np.float32(0))

    @property
    def is_full(self) -> bool:
        """Whether the names take so much memory that they should be forgotten."""
        return len(self._names) > 8 * CACHE_SIZE

    def forget_names(self) -> None:
        """Remove all names."""
        self._names.clear()
        self._of_names.clear()

    def add_name(self, name: str, numbers: tuple[float, ...]) -> int:
        """Add a name that a span may stand for and return its number.

        Parameters
        ----------
        name : str
        numbers : tuple of float
            The name's row in the lexicon, sources, links of the form to it, rank among the form's names, count and total of
            the pattern, whether the name is the span itself, and the number of words it has beyond the span.
        """
        self._names.append(name)
        self._of_names.append(numbers)
        return len(self._names) - 1

    def candidates(self, batch: CandidateBatch, tokens: npt.NDArray[np.float32]) -> Candidates:
        """Return the rows of a batch as arrays.

        Parameters
        ----------
        batch : CandidateBatch
        tokens : ndarray of float32
            The columns of all known tokens (`relatedstories.topics.text_forms.TokenTable.columns`).
        """
        token = tokens[np.fromiter(batch.tokens, np.intp)]  # row -1 is for no token
        s = np.fromiter(batch.spans, np.intp).reshape(-1, SPAN_NUMBERS)
        r = np.fromiter(batch.rows, np.float64).reshape(-1, _ROW_NUMBERS)
        span = r[:, 0].astype(np.intp)
        name_numbers = r[:, 1].astype(np.intp)
        of_name = self._of_names.array()[name_numbers]
        text = np.fromiter(batch.texts, np.intp).reshape(-1, 2)
        of_text = np.repeat(np.arange(len(text)), text[:, 1])
        size, first, end = text[of_text, 0], s[:, 0], s[:, 1]
        begin = np.concatenate([[2], 2 + np.cumsum(text[:, 0] + 2)])[of_text]
        of_form = self._of_forms[s[:, 2]]
        logs = np.log1p
        by_span = {
            "linked": of_form[:, 0], "link rate": of_form[:, 1], "in background": of_form[:, 2],
            "whole in background": of_form[:, 3], "whole share": of_form[:, 4], "occurs": of_form[:, 5],
            "never linked": of_form[:, 6], "run length": logs(s[:, 3]), "run end": s[:, 4], "tokens": logs(end - first),
            "joints": s[:, 5], "lower least": _minima(token[:, 2], first, end), "characters": logs(s[:, 9]),
            "place": (first - begin) / size, "text length": logs(size), "repeats": logs(s[:, 6]),
            "comma before": token[first - 1, 4], "is country": s[:, 7], "has country": s[:, 8], "head": token[end - 1, 3],
        }  # fmt: skip
        sources = of_name[:, 1].astype(np.int32)
        linked = np.expm1(of_form[:, 0])[span]
        by_row = {name: sources >> bit & 1 for bit, name in enumerate(SOURCES)} | {
            "name links": logs(of_name[:, 2]), "name share": of_name[:, 2] / np.maximum(linked, 1), "name rank": of_name[:, 3],
            "name count": self._name_counts[of_name[:, 0].astype(np.intp)], "pattern count": logs(of_name[:, 4]),
            "pattern share": of_name[:, 4] / np.maximum(of_name[:, 5], 1), "itself": of_name[:, 6],
            "extra words": of_name[:, 7], "extra found": np.where(of_name[:, 7] > 0, r[:, 3], 1.5), "extra country": r[:, 4],
        }  # fmt: skip
        span_columns = np.stack([by_span[name] for name in FEATURES if name in by_span], axis=1, dtype=np.float32)
        features = np.empty((len(r), len(FEATURES)), np.float32)
        features[:, [name in by_span for name in FEATURES]] = span_columns[span]
        for column, name in enumerate(FEATURES):
            if name in by_row:
                features[:, column] = by_row[name]
        return Candidates(
            features=features,
            words=token[:, 0].astype(np.intp),
            shapes=token[:, 1].astype(np.intp),
            first=first[span],
            end=end[span],
            text=of_text[span],
            span=span,
            topic=r[:, 2].astype(np.intp),
            names=[self._names[i] for i in name_numbers.tolist()],
        )


def _minima(values: npt.NDArray[np.float32], first: npt.NDArray[np.intp], end: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return the minimum of each slice ``values[first:end]``."""
    if not len(first):
        return np.zeros(0, np.float32)
    return np.minimum.reduceat(values, np.stack([first, end], 1).ravel())[::2]
