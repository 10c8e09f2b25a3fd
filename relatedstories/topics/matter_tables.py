"""What the model of matters knows of words and phrases: how often they occur and are linked, and their classes in WordNet."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from relatedstories.artefacts import path, table

__all__ = ["HEAD", "LOWERED", "MODIFIER", "MatterTables", "default_matter_tables", "lemma_of", "scaled"]

MODIFIER, HEAD, LOWERED = 1, 2, 4
"""Roles of a word, one bit each: it may stand before the last word of a phrase; it may be its last word; it is usually in lower
case, so that a capital at the start of a sentence makes no name of it."""

UNIT = 16
"""Numbers of the tables are multiples of 1/UNIT, kept as whole numbers of one byte."""

_ENDINGS = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("zes", "z"), ("men", "man"), ("s", ""))


def scaled(values: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
    """Return numbers in units of the tables, rounded."""
    return np.clip(np.rint(np.asarray(values, np.float64) * UNIT), -127, 127).astype(np.int8)


def lemma_of(word: str) -> str:
    """Return the singular that the spelling of a word suggests; the word itself if it does not look like a plural.

    Examples
    --------
    >>> lemma_of("wildfires"), lemma_of("boundaries"), lemma_of("crisis")
    ('wildfire', 'boundary', 'crisis')
    """
    if len(word) > 3 and not word.endswith(("ss", "us", "is")):
        for ending, singular in _ENDINGS:
            if word.endswith(ending):
                return word[: -len(ending)] + singular
    return word


class MatterTables(NamedTuple):
    """Tables of words and of phrases.

    Parameters
    ----------
    words : mapping of str to int
        Words in lower case, with their row.
    roles : sequence of int
        The roles of each word; 0 for a word that breaks phrases.
    singulars : mapping of str to str
        Words whose singular is not what `lemma_of` tells.
    word_numbers : ndarray of int8, shape (len(words) + 1, n)
        What is known of each word; the last row stands for unknown words.
    phrases : mapping of str to int
        Words and phrases with the last word in the singular, with their row.
    phrase_numbers : ndarray of int8, shape (len(phrases) + 1, n)
        What is known of each; the last row stands for unknown phrases.
    names : mapping of str to str
        Canonical names that are not the phrase itself: "drone attack" to "Drone strike".
    """

    words: Mapping[str, int]
    roles: Sequence[int]
    singulars: Mapping[str, str]
    word_numbers: npt.NDArray[np.int8]
    phrases: Mapping[str, int]
    phrase_numbers: npt.NDArray[np.int8]
    names: Mapping[str, str]

    def singular(self, word: str) -> str:
        """Return the singular of a word."""
        known = self.singulars.get(word)
        if known is not None:
            return known
        lemma = lemma_of(word)
        return lemma if lemma in self.words or word not in self.words else word

    def save(self, folder: Path) -> None:
        """Write the tables as plain text and arrays."""
        np.savez_compressed(
            folder / "tables.npz", allow_pickle=False, words=self.word_numbers, phrases=self.phrase_numbers,
            roles=np.array(self.roles, np.uint8),
        )  # fmt: skip
        for name, lines in (
            ("words.txt", self.words),
            ("phrases.txt", self.phrases),
            ("names.tsv", ["phrase\tname", *(f"{phrase}\t{name}" for phrase, name in self.names.items())]),
            ("singulars.tsv", ["word\tsingular", *(f"{word}\t{one}" for word, one in self.singulars.items())]),
        ):
            (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _rows(name: str) -> dict[str, int]:
    lines = path(name).read_text(encoding="utf-8").split("\n")
    return dict(zip(lines[:-1], range(len(lines) - 1), strict=True))


@functools.cache
def default_matter_tables() -> MatterTables:
    """Return the tables that come with the package (models/matters)."""
    with np.load(path("matters/tables.npz"), allow_pickle=False) as arrays:
        return MatterTables(
            words=_rows("matters/words.txt"),
            roles=tuple(arrays["roles"].tolist()),
            singulars=dict(table("matters/singulars.tsv")),
            word_numbers=arrays["words"],
            phrases=_rows("matters/phrases.txt"),
            phrase_numbers=arrays["phrases"],
            names=dict(table("matters/names.tsv")),
        )
