"""The model of languages: tells by the sequences of letters in a text how likely each language is.

It is py3langid's, for the languages that `relatedstories.text.languages` tells apart, packed so that it loads in some
milliseconds (models/languages): a naive Bayes classifier over sequences of up to six bytes.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from relatedstories.artefacts import path

__all__ = ["LONGEST", "LanguageModel", "default_language_model", "key_of_bytes"]

LONGEST = 6
"""Length of the longest sequence, in bytes."""

_LENGTH_SHIFT = 8 * LONGEST

Numbers: TypeAlias = npt.NDArray[Any]


def key_of_bytes(sequence: bytes) -> int:
    """Return a sequence of at most `LONGEST` bytes as a number; shorter ones come first, then it is by their bytes."""
    return len(sequence) << _LENGTH_SHIFT | int.from_bytes(sequence, "big")


class LanguageModel(NamedTuple):
    """The classifier.

    Parameters
    ----------
    languages : sequence of str
        The language of each column of the weights; two columns may be of one, in two scripts.
    priors : ndarray of float32, shape (n_columns,)
    keys : ndarray of uint64, shape (n_sequences,)
        The known sequences, as `key_of_bytes` gives them, sorted.
    features : ndarray of int32, shape (n_sequences,)
        The feature that each sequence is counted as, which may be that of a shorter one at its end; -1 for none.
    starts : ndarray of int, shape (LONGEST + 1,)
        Where the sequences of each length begin, and where the last ends.
    usual : ndarray of float32, shape (n_columns,)
        The weight that most features have in each column.
    ends : ndarray of int, shape (n_features + 1,)
        Feature i has other weights than the usual ones at ``columns[ends[i]:ends[i + 1]]``.
    columns, weights : ndarray of uint8 and of float16, shape (n_weights,)
    """

    languages: Sequence[str]
    priors: Numbers
    keys: Numbers
    features: Numbers
    starts: Numbers
    usual: Numbers
    ends: Numbers
    columns: Numbers
    weights: Numbers

    def probabilities(self, text: str) -> dict[str, float]:
        """Return the probability of each language, in the order of the columns."""
        encoded = unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")
        scores = self._scores(*np.unique(self._features_in(encoded), return_counts=True))
        scores *= 1 / math.sqrt(len(encoded) or 1)
        np.exp(scores - scores.max(), out=scores)
        scores /= scores.sum()
        merged = dict.fromkeys(self.languages, 0.0)
        for language, score in zip(self.languages, scores.tolist(), strict=True):
            merged[language] += score
        return merged

    def _features_in(self, encoded: bytes) -> Numbers:
        """Return the feature of the longest known sequence that ends at each byte, where it has one."""
        size = len(encoded)
        single = np.frombuffer(encoded + bytes(LONGEST), np.uint8).astype(np.uint64)
        window = np.zeros(size, np.uint64)  # the bytes from each place on
        for number in range(LONGEST):
            window = window << np.uint64(8) | single[number : number + size]
        first = np.argsort(window)  # what is looked up in order is found faster
        window = window[first]
        known = np.full(size, -1)
        for length in range(1, LONGEST + 1):  # longer ones last; what begins a known sequence is known, too
            start, stop = self.starts[length - 1 : length + 1]
            sequence = window >> np.uint64(8 * (LONGEST - length)) | np.uint64(length << _LENGTH_SHIFT)
            at = np.searchsorted(self.keys[start:stop], sequence) + start
            found = (self.keys[np.minimum(at, stop - 1)] == sequence) & (first <= size - length)
            first, window = first[found], window[found]
            known[first + length - 1] = at[found]
        features = self.features[known[known >= 0]]
        counted: Numbers = features[features >= 0]
        return counted

    def _scores(self, features: Numbers, counts: Numbers) -> Numbers:
        """Return the score of each column for features and how often each occurs; without features all are the same."""
        if not len(features):
            return np.zeros(len(self.languages))
        logs = np.log1p(counts)
        starts, sizes = self.ends[features], self.ends[features + 1] - self.ends[features]
        row = np.repeat(np.arange(len(features)), sizes)
        at = np.arange(len(row)) + (starts - np.cumsum(sizes) + sizes)[row]
        column = self.columns[at]
        above = self.weights[at].astype(np.float32) - self.usual[column]
        scores: Numbers = self.usual * logs.sum() + self.priors
        return scores + np.bincount(column, above * logs[row], len(self.languages))


@functools.cache
def default_language_model() -> LanguageModel:
    """Return the model that comes with the package (models/languages)."""
    with np.load(path("languages/model.npz"), allow_pickle=False) as arrays:
        keys = arrays["keys"]
        return LanguageModel(
            languages=arrays["languages"].tolist(),
            priors=arrays["priors"],
            keys=keys,
            features=arrays["features"],
            starts=np.searchsorted(keys >> np.uint64(_LENGTH_SHIFT), np.arange(1, LONGEST + 2)),
            usual=arrays["usual"].astype(np.float32),
            ends=np.append(0, np.cumsum(arrays["sizes"], dtype=np.intp)),
            columns=arrays["columns"],
            weights=arrays["weights"],
        )
