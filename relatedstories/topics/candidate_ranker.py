"""Re-rank candidates: a small network estimates how likely an editor is to link each.

Tokens are vectors that pass two convolutions over three tokens. A candidate is represented by the vectors of the tokens at
its edges and next to it, and by its features. A second stage also sees the first stage's probabilities of nearby candidates.

All weights and all values between layers are multiples of small powers of two, and small enough that every sum is exact in
float32: a text gives the same bits on every machine, in every batch and with any number of threads.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from relatedstories.artefacts import path
from relatedstories.topics.arrays import limit, product, side_by_side, starts_group, where_true
from relatedstories.topics.candidates import Candidates

__all__ = ["CONTEXT", "GRID", "HIDDEN", "LAYERS", "WIDTH", "CandidateRanker", "default_ranker"]

WIDTH = 48
"""Length of a token's vector."""

HIDDEN, LAYERS, CONTEXT, PASSES = 64, 2, 13, 2
"""Width of the first dense layer, number of convolutions, number of features of related candidates, and passes over these."""

GRID = 6
"""Weights and values are multiples of 2**-GRID, their products of 2**-12: sums below 2**12 are exact in float32."""

_UNITS = np.float32(1 << GRID)
"""Number of units in one: between layers values are whole numbers of units of 2**-GRID, as the steps of the table are."""

_MAX_VALUE = 15.0
"""Maximum absolute value of weights and intermediate values."""

Floats: TypeAlias = npt.NDArray[np.float32]
Layer: TypeAlias = tuple[Floats, Floats]

_LOGISTIC_TABLE = np.round(1 / (1 + np.exp(-np.arange(-512, 513) / 64)) * 1024).astype(np.float32) / np.float32(1024)
"""The logistic function from -8 to 8 in steps of 1/64, rounded to multiples of 2**-10."""


def _rounded(values: Floats) -> Floats:
    """Return values clipped and rounded to multiples of 2**-GRID."""
    return _whole(values * _UNITS) / _UNITS


def _whole(values: Floats, least: float = -_MAX_VALUE) -> Floats:
    """Round values that are given in units of 2**-GRID to whole ones, and clip them, in place."""
    return limit(np.rint(values, out=values), least * _UNITS, _MAX_VALUE * _UNITS)


def _dense(values: Floats, layer: Layer) -> Floats:
    """Return a layer's sums, for values in units of 2**-GRID and in such."""
    weights, bias = layer
    sums = product(values, weights)
    sums += bias * _UNITS
    return sums


def _probability(logits: Floats) -> Floats:
    """Return the logistic function of logits in units of 2**-GRID, from the table."""
    steps = limit(np.rint(logits), -512, 512).astype(np.intp) + 512
    probabilities: Floats = _LOGISTIC_TABLE[steps]
    return probabilities


class CandidateRanker(NamedTuple):
    """The network and its trained weights.

    Parameters
    ----------
    words : ndarray of float32, shape (n_words, WIDTH)
    shapes : ndarray of float32, shape (7, WIDTH)
    around : sequence of (weights of shape (3 * WIDTH, WIDTH), bias)
    offset, factor : ndarray of float32, shape (len(FEATURES),)
        Features are multiplied by `factor`, then `offset` is added.
    first, second, alone, context, more : (weights, bias)
    """

    words: Floats
    shapes: Floats
    around: Sequence[Layer]
    offset: Floats
    factor: Floats
    first: Layer
    second: Layer
    alone: Layer
    context: Layer
    more: Layer

    @classmethod
    def rounded(
        cls, words: Floats, shapes: Floats, around: Sequence[Layer], mean: Floats, scale: Floats, layers: Sequence[Layer]
    ) -> CandidateRanker:
        """Return a network with its weights rounded to the grid."""

        def snapped(layer: Layer) -> Layer:
            return _rounded(layer[0]), _rounded(layer[1])

        factor = (1 / scale).astype(np.float32)
        first, second, alone, context, more = map(snapped, layers)
        edges = [snapped(layer) for layer in around]
        return cls(
            _rounded(words),
            _rounded(shapes),
            edges,
            (-mean / scale).astype(np.float32),
            factor,
            first,
            second,
            alone,
            context,
            more,
        )

    def save(self, target: Path) -> None:
        """Write the network as arrays, the weights as integer multiples of the grid."""

        def whole(values: Floats) -> npt.NDArray[Any]:
            return np.rint(values * (1 << GRID)).astype(np.int16)

        arrays = {"words": whole(self.words), "shapes": whole(self.shapes), "offset": self.offset, "factor": self.factor}
        layers = {f"around{i}": layer for i, layer in enumerate(self.around)}
        layers |= {name: getattr(self, name) for name in ("first", "second", "alone", "context", "more")}
        for name, (weights, bias) in layers.items():
            arrays |= {name: whole(weights), f"{name}_bias": whole(bias)}
        np.savez_compressed(target, allow_pickle=False, **arrays)

    def __call__(self, c: Candidates) -> Floats:
        """Return the probability of each candidate, a multiple of 2**-10."""
        if not len(c.names):
            return np.zeros(0, np.float32)
        x = self.words.take(c.words, axis=0)
        x += self.shapes.take(c.shapes, axis=0)
        limit(x, 0, _MAX_VALUE)
        x *= _UNITS
        x[c.shapes == 0] = 0
        # Of each token but the first and the last, the vectors of the one before it, itself and the next, which stand in a row.
        beside = np.ndarray((len(x) - 2, 3 * WIDTH), x.dtype, x, strides=x.strides)
        for layer, at in zip(self.around, _needed_tokens(c, len(self.around)), strict=True):
            x[at] += _whole(_dense(beside[at - 1], layer), 0)
        features = c.features * (self.factor * _UNITS)
        features += self.offset * _UNITS
        _whole(limit(features, -5 * _UNITS, 5 * _UNITS))
        neighbours = _RelatedProbabilities(c)
        first, end = c.first[neighbours.spans], c.end[neighbours.spans]
        edges = np.concatenate([x.take(at, axis=0) for at in (first, end - 1, first - 1, end)], axis=1)
        weights, bias = self.first
        h = _dense(features, (weights[edges.shape[1] :], bias))
        h += product(edges, weights[: edges.shape[1]]).take(neighbours.span, axis=0)  # a span's names have the same tokens
        h = _whole(_dense(_whole(h, 0), self.second), 0)
        alone = _dense(h, self.alone)[:, 0]
        p = _probability(alone)
        for _ in range(PASSES):
            around = _whole(neighbours(p) * _UNITS)
            more = _whole(_dense(np.concatenate([h, around], axis=1), self.context), 0)
            p = _probability(alone + _dense(more, self.more)[:, 0])
        return p


def _needed_tokens(c: Candidates, n_layers: int) -> list[npt.NDArray[np.intp]]:
    """Return the tokens, other than padding, whose vectors each convolution must give, from the first to the last.

    The last must give those at the edges of candidates and next to them, each other one also those beside what the next needs.
    """
    real = c.shapes > 0
    needed = np.zeros(len(real), np.bool_)
    for at in (c.first, c.end - 1, c.first - 1, c.end):
        needed[at] = True
    layers = []
    for _ in range(n_layers):
        layers.append(where_true(needed & real))
        needed = needed | np.append(needed[1:], False) | np.append(False, needed[:-1])
    return layers[::-1]


class _RelatedProbabilities:
    """Probabilities of the candidates related to each: of the same span, topic or text, or over the same tokens.

    Parameters
    ----------
    c : Candidates

    Attributes
    ----------
    spans, span : ndarray of int
        The first candidate of each span that has any, and the place of each candidate's span among them.
    """

    def __init__(self, c: Candidates) -> None:
        self._c = c
        length = c.end - c.first
        starts_span, starts_text = starts_group(c.span), starts_group(c.text)
        self._candidate_of_token = np.arange(len(length)).repeat(length)
        stops = length.cumsum()
        self._tokens = np.arange(stops[-1]) - (stops - length).repeat(length) + c.first[self._candidate_of_token]
        self._starts = stops - length
        self._length = length.astype(np.float32)
        self.spans = where_true(starts_span)
        self._texts = where_true(starts_text)
        self._text = starts_text.cumsum() - 1
        self.span = starts_span.cumsum() - 1
        n_topics = int(c.topic.max()) + 1
        first = np.full(n_topics, 1 << 30)
        np.minimum.at(first, c.topic, c.first)
        self._n_topics = n_topics
        self._later = np.minimum(c.first - first[c.topic], 20) / np.float32(10)
        per_text = np.append(self._texts[1:], len(length)) - self._texts
        self._n_in_text = per_text[self._text].astype(np.float32) / np.float32(40)
        # The text of each span: the best probabilities of a text's spans are summed.
        self._text_of_span = self._text[self.spans]

    def __call__(self, p: Floats) -> Floats:
        """Return the features of related candidates, shape (n, CONTEXT), for current probabilities."""
        c = self._c
        by_token = np.zeros(len(c.words), np.float32)
        np.maximum.at(by_token, self._tokens, p[self._candidate_of_token])
        on = by_token[self._tokens]
        over, mean = np.maximum.reduceat(on, self._starts), np.add.reduceat(on, self._starts) / self._length
        best = np.maximum.reduceat(p, self.spans)
        of_topic = np.zeros(self._n_topics, np.float32)
        np.maximum.at(of_topic, c.topic, p)
        of_text = np.maximum.reduceat(p, self._texts)[self._text]
        expected = np.bincount(self._text_of_span, weights=best)[self._text].astype(np.float32)
        in_topic = np.bincount(c.topic, weights=p)[c.topic].astype(np.float32)
        in_span = np.add.reduceat(p, self.spans)[self.span]
        left = np.maximum(by_token[c.first - 1], by_token[c.first - 2])
        right = np.maximum(by_token[c.end], by_token[c.end + 1])
        columns = (
            of_topic[c.topic] - p, in_topic - p, mean, self._later, of_text, self._n_in_text, p, over - p,
            best[self.span] - p, in_span - p, left, right, expected / 4,
        )  # fmt: skip
        return side_by_side(columns, np.float32)


@functools.cache
def default_ranker() -> CandidateRanker:
    """Return the network that comes with the package (models/topics)."""
    unit = np.float32(1 / (1 << GRID))
    with np.load(path("topics/network.npz"), allow_pickle=False) as arrays:
        numbers = {name: arrays[name] if name in ("offset", "factor") else arrays[name] * unit for name in arrays.files}
    layers = {name: (numbers[name], numbers[f"{name}_bias"]) for name in numbers if f"{name}_bias" in numbers}
    return CandidateRanker(
        words=numbers["words"],
        shapes=numbers["shapes"],
        around=[layers[f"around{i}"] for i in range(LAYERS)],
        offset=numbers["offset"],
        factor=numbers["factor"],
        **{name: layers[name] for name in ("first", "second", "alone", "context", "more")},
    )
