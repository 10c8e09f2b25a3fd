"""The model of matters: finds what a text is about besides who and where, such as "wildfires" or "gang violence".

Candidates (`relatedstories.topics.matter_candidates`) are scored by a small network, which knows of each word and phrase how
often editors linked it, and its class in WordNet; so it also finds words that nobody linked.

All weights and values are whole numbers, small enough that every sum is exact in float32: a text gives the same probabilities on
every machine and in every batch.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from relatedstories.artefacts import path
from relatedstories.topics.arrays import limit, product, where_true
from relatedstories.topics.matter_candidates import MatterCandidates, MatterFinder
from relatedstories.topics.matter_tables import UNIT, default_matter_tables
from relatedstories.topics.tokenizer import TokenizedText

__all__ = ["KIND", "Matter", "MatterRanker", "default_matter_ranker", "find_matters"]

KIND = "concept"
"""The kind of matters among topics."""

WEIGHT = 256
"""Weights of the network are multiples of 1/WEIGHT; features and values between layers are multiples of 1/UNIT."""

_MAX_VALUE = 15 * UNIT
"""Maximum of values between layers, in units."""

Floats: TypeAlias = npt.NDArray[np.float32]
Layer: TypeAlias = tuple[Floats, Floats]

_STEPS = 64
_LOGISTIC_TABLE = np.round(1 / (1 + np.exp(-np.arange(-8 * _STEPS, 8 * _STEPS + 1) / _STEPS)) * 1024).astype(np.float32) / 1024
"""The logistic function from -8 to 8 in steps of 1/_STEPS, rounded to multiples of 2**-10."""


class Matter(NamedTuple):
    """A span of a text that may name a matter: first token, token after the last, canonical name, probability."""

    first: int
    end: int
    name: str
    probability: float


class MatterRanker(NamedTuple):
    """The network: dense layers of whole numbers.

    Parameters
    ----------
    layers : sequence of (weights of shape (n_in, n_out), bias of shape (n_out,))
        Weights are multiples of 1/WEIGHT, biases of 1/(WEIGHT * UNIT), both given as whole numbers.
    """

    layers: Sequence[Layer]

    @classmethod
    def rounded(cls, layers: Sequence[tuple[Floats, Floats]]) -> MatterRanker:
        """Return a network with its weights rounded."""
        return cls(
            [
                (np.rint(weights * WEIGHT).astype(np.float32), np.rint(bias * WEIGHT * UNIT).astype(np.float32))
                for weights, bias in layers
            ]
        )

    def __call__(self, features: npt.NDArray[np.int8]) -> Floats:
        """Return the probability of each row of features, a multiple of 2**-10."""
        x = features.astype(np.float32)
        for weights, bias in self.layers[:-1]:
            x = product(x, weights)
            x += bias
            x *= np.float32(1 / WEIGHT)
            limit(np.rint(x, out=x), 0, _MAX_VALUE)
        weights, bias = self.layers[-1]
        logits = (product(x, weights) + bias)[:, 0] / np.float32(WEIGHT * UNIT)
        steps = np.rint(limit(logits, -8, 8) * np.float32(_STEPS)).astype(np.intp) + 8 * _STEPS
        probabilities: Floats = _LOGISTIC_TABLE[steps]
        return probabilities

    def greatest_sum(self) -> float:
        """Return the greatest absolute sum that a layer can reach, which must be below 2**24 to be exact."""
        inputs = [128, *[_MAX_VALUE] * (len(self.layers) - 1)]
        return max(
            float((np.abs(weights).sum(axis=0) * most + np.abs(bias)).max())
            for most, (weights, bias) in zip(inputs, self.layers, strict=True)
        )

    def save(self, target: Path) -> None:
        """Write the network as arrays of whole numbers."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        for i, (weights, bias) in enumerate(self.layers):
            arrays |= {f"weights{i}": weights.astype(np.int16), f"bias{i}": bias.astype(np.int32)}
        np.savez_compressed(target, allow_pickle=False, **arrays)


@functools.cache
def default_matter_ranker() -> MatterRanker:
    """Return the network that comes with the package (models/matters)."""
    with np.load(path("matters/network.npz"), allow_pickle=False) as arrays:
        return MatterRanker(
            [
                (arrays[f"weights{i}"].astype(np.float32), arrays[f"bias{i}"].astype(np.float32))
                for i in range(len(arrays.files) // 2)
            ]
        )


@functools.cache
def _finder() -> MatterFinder:
    return MatterFinder(default_matter_tables())


def find_matters(texts: Sequence[TokenizedText], least: float) -> list[list[Matter]]:
    """Return the spans of each text that name a matter with at least a probability; they may overlap."""
    c: MatterCandidates = _finder()(texts)
    found: list[list[Matter]] = [[] for _ in texts]
    if not len(c.text):
        return found
    p = default_matter_ranker()(c.features)
    for row in where_true(p >= least).tolist():
        found[c.text[row]].append(Matter(int(c.first[row]), int(c.end[row]), c.name(row), float(p[row])))
    return found
