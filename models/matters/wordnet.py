"""Read WordNet's nouns and their classes."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

N_FILES = 26
"""Number of WordNet's files of nouns: acts, animals, artefacts and so on."""


class Synset(NamedTuple):
    """A sense that words share: its file (0 to 25), the synsets above it, and whether it is a name."""

    file: int
    above: tuple[str, ...]
    is_name: bool


class WordNet:
    """WordNet's nouns.

    Parameters
    ----------
    folder : Path
        With its files: data.noun, index.noun, noun.exc and the indices of other parts of speech.
    """

    def __init__(self, folder: Path) -> None:
        self.synsets: dict[str, Synset] = {}
        written: collections.Counter[str] = collections.Counter()  # words that are written with a capital somewhere
        for line in _lines(folder / "data.noun"):
            parts = line.split(" | ")[0].split()
            n = int(parts[3], 16)
            at = 4 + 2 * n
            pointers = [parts[at + 1 + 4 * i : at + 5 + 4 * i] for i in range(int(parts[at]))]
            above = tuple(to for sign, to, *_ in pointers if sign in ("@", "@i"))
            words = parts[4:at:2]
            self.synsets[parts[0]] = Synset(int(parts[1]) - 3, above, any(sign == "@i" for sign, *_ in pointers))
            written.update(word for word in words if not word.islower())
        capital = {word.lower() for word in written}
        self.senses: dict[str, list[str]] = {}
        self.tagged: dict[str, int] = {}
        for line in _lines(folder / "index.noun"):
            parts = line.split()
            n, n_pointers = int(parts[2]), int(parts[3])
            senses = [at for at in parts[6 + n_pointers :] if not self.synsets[at].is_name]
            word = parts[0].replace("-", " - ").replace("_", " ")
            if senses and not (parts[0] in capital and n == 1) and word.replace(" ", "").replace("-", "").isalpha():
                self.senses[word] = senses[:8]
                self.tagged[word] = int(parts[5 + n_pointers])
        self.verbs, self.adjectives, self.adverbs = (
            {line.split()[0] for line in _lines(folder / f"index.{part}")} for part in ("verb", "adj", "adv")
        )
        self.plurals = {}
        for line in (folder / "noun.exc").read_text().splitlines():
            plural, singular = line.split()[:2]
            if plural.isalpha() and singular in self.senses and plural not in self.senses:
                self.plurals[plural] = singular

    def ancestors(self, synset: str) -> Iterator[tuple[str, int]]:
        """Yield a synset and those above it, nearest first, each with its distance."""
        here, known, distance = [synset], {synset}, 0
        while here:
            for at in here:
                yield at, distance
            here = [up for at in here for up in self.synsets[at].above if up not in known]
            known.update(here)
            distance += 1

    def is_verb(self, word: str) -> bool:
        """Return whether a word is a form of a verb."""
        return any(base in self.verbs for base in _verb_bases(word))


def _lines(file: Path) -> Iterable[str]:
    return [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("  ")]


def _verb_bases(word: str) -> Iterator[str]:
    yield word
    for ending, others in (("ies", ["y"]), ("es", ["e", ""]), ("s", [""]), ("ied", ["y"]), ("ed", ["e", ""]), ("ing", ["e", ""])):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)]
            for other in others:
                yield stem + other
            if ending in ("ed", "ing") and len(stem) > 2 and stem[-1] == stem[-2]:
                yield stem[:-1]


def shares_of_files(net: WordNet, word: str) -> list[float]:
    """Return the share of each file among a word's senses, earlier senses weighing more."""
    shares = [0.0] * N_FILES
    weights = [1 / (i + 1) for i in range(len(net.senses[word]))]
    for at, weight in zip(net.senses[word], weights, strict=True):
        shares[net.synsets[at].file] += weight / sum(weights)
    return shares


def depth(net: WordNet, word: str) -> float:
    """Return the distance of a word's first sense from the top."""
    return math.log1p(max(distance for _, distance in net.ancestors(net.senses[word][0])))
