"""Kinds of topics: classify a name as a person, a place, a work and so on, by its spelling and the words around it.

Two logistic regressions over hashed features, one of the name and one of the words around its mentions, whose log-odds
are added. Their weights are small integers, so that sums are exact and do not depend on the size of the batch.
They are trained by models/kinds/train.py.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from relatedstories.artefacts import path
from relatedstories.errors import BadValueError

__all__ = ["CLASSES", "KINDS", "kind", "kinds"]

CLASSES = ("person", "organisation", "place", "event", "work", "thing")
"""The kinds that names are classified as."""

KINDS = (*CLASSES, "concept")
"""The kinds of topics: those of names, and matters in lower case (`relatedstories.topics.matters`)."""

NAME_BITS, CONTEXT_BITS = 17, 15
"""Number of bits that features are hashed to; the weights have 2**bits rows."""

MAX_WORDS = 10
"""Number of a name's first words that features are computed from."""

_BRACKET = re.compile(r"^(.+?) \(([^()]*)\)$")
_DIGITS = re.compile(r"\d+")
_PREPOSITIONS = frozenset(("of", "in", "at", "on", "for", "de", "against", "over", "from", "by", "to"))


class _Weights(NamedTuple):
    """The integer weights of both regressions, with the value of one unit."""

    name: NDArray[np.int8]
    name_unit: float
    context: NDArray[np.int8]
    context_unit: float


def kinds(names: Sequence[str], contexts: Sequence[Sequence[str]] | None = None) -> list[str]:
    """Return the kinds of names.

    Parameters
    ----------
    names : sequence of str
        Names as an encyclopaedia's titles have them: "Ministry of Health (Israel)".
    contexts : sequence of sequence of str, optional
        For each name the two words before and the one after each of its mentions, one mention after the other;
        punctuation counts as words, and "" stands for a missing word. Empty for a name without mentions.

    Returns
    -------
    list of str
        One of `CLASSES` for each name; "thing" for a name without a letter.

    Raises
    ------
    BadValueError
        If the numbers of contexts and names differ.

    Examples
    --------
    >>> kinds(["Pacific Ocean", "Ministry of Health (Israel)"])
    ['place', 'organisation']
    """
    if contexts is not None and len(contexts) != len(names):
        raise BadValueError("kinds", "contexts", f"{len(contexts)}", f"one for each of {len(names)} names")
    if not names:
        return []
    weights = _weights()
    odds = _sums(weights.name, [name_features(name) for name in names]) * weights.name_unit
    if contexts is not None:
        with_mentions = [i for i, context in enumerate(contexts) if len(context) >= 3]
        if with_mentions:
            mentions = [contexts[i] for i in with_mentions]
            sizes = np.array([len(context) // 3 for context in mentions])[:, None]
            sums = _sums(weights.context, [_features_around(context) for context in mentions])
            odds[with_mentions] += sums * weights.context_unit / sizes
    best = odds.argmax(axis=1).tolist()
    return [CLASSES[i] if any(map(str.isalpha, name)) else "thing" for i, name in zip(best, names, strict=True)]


@functools.lru_cache(1 << 16)
def kind(name: str) -> str:
    """Return the kind of one name; results are cached.

    Examples
    --------
    >>> kind("Angela Merkel")
    'person'
    """
    return kinds([name])[0]


@functools.lru_cache(1 << 14)
def name_features(name: str) -> tuple[int, ...]:
    """Return the features of a name as rows of the weights: its words, their endings and their shapes."""
    features = []
    if match := _BRACKET.match(name):
        name, inside = match[1], match[2].lower().split()
        features = ["b" + word for word in inside] + ["B" + "".join(inside[-1:])]
    words = name.replace(",", " ").replace("-", " -").split()[:MAX_WORDS]
    if not words:
        return (_bucket(""),)
    low = [_form(word) for word in words]
    shapes = [_shape(word, form) for word, form in zip(words, low, strict=True)]
    first, last = low[0], low[-1]
    cut = next((i for i, form in enumerate(low) if i and form in _PREPOSITIONS), len(low))
    features += ["w" + form for form in low]
    features += ["t" + shape[0] + form[-3:] for shape, form in zip(shapes, low, strict=True)]
    features += ["f" + first, "p" + first[:3], "l" + last, "e" + last[-3:], "E" + last[-2:], "h" + low[cut - 1]]
    features += ["s" + "_".join(shapes[:5]), f"n{len(low)}{',' * (', ' in name)}{'o' * (cut < len(low))}", "=" + " ".join(low)]
    if len(low) > 2:
        features += [f"2{first} {low[1]}", f"3{low[-2]} {last}"]
    elif len(low) == 1:
        features += ["4" + first[-4:], "5" + first[:4], f"6{shapes[0]}{first[-3:]}"]
    return tuple([_bucket(feature) for feature in features])


@functools.lru_cache(1 << 16)
def context_features(before2: str, before: str, after: str) -> tuple[int, ...]:
    """Return the features of the two words before a mention and the one after it, as rows of the weights."""
    two, one, next_ = (_DIGITS.sub("0", word.lower()) for word in (before2, before, after))
    features = ("b" + one, f"c{two} {one}", "a" + next_, f"d{one} {next_}")
    return tuple(_bucket(feature, CONTEXT_BITS) for feature in features)


def _features_around(context: Sequence[str]) -> list[int]:
    mentions = zip(context[::3], context[1::3], context[2::3], strict=False)
    return [row for mention in mentions for row in context_features(*mention)]


def _bucket(feature: str, bits: int = NAME_BITS) -> int:
    # "surrogatepass": a lone surrogate cannot be encoded otherwise
    return crc32(feature.encode("utf-8", "surrogatepass")) >> (32 - bits)


@functools.lru_cache(1 << 14)
def _form(word: str) -> str:
    return "year" if len(word) == 4 and word.isdigit() else _DIGITS.sub("0", word.lower())


@functools.lru_cache(1 << 14)
def _shape(word: str, form: str) -> str:
    if form in _PREPOSITIONS or form in ("year", "the", "and"):
        return form
    if form[0] == "0":
        return "0"
    if word.islower():
        return "x"
    if word.isupper():
        return "X." if "." in word else "X" if len(word) > 1 else "I"
    return "Xx" if word[1:].islower() else "xX"


def _sums(weights: NDArray[np.int8], rows: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Return the sum of the weights for each list of rows; no list may be empty."""
    starts = np.cumsum([0, *map(len, rows[:-1])])
    picked = weights[np.fromiter((row for some in rows for row in some), np.intp)]
    sums: NDArray[np.int64] = np.add.reduceat(picked, starts, axis=0, dtype=np.int64)
    return sums


@functools.cache
def _weights() -> _Weights:
    with np.load(path("kinds/kinds.npz"), allow_pickle=False) as file:
        return _Weights(file["name"], float(file["name_unit"]), file["context"], float(file["context_unit"]))
