"""The lexicon of the topic model: what was learnt of words, of forms (words in a row) and of canonical names.

A form is a row of tokens without accents and dots, joined by spaces; its case counts. For each the lexicon knows in how
many events editors linked it, to which names, in how many it occurs, and how it stands in a large background archive.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from relatedstories.accents import strip_accents
from relatedstories.artefacts import path, table

__all__ = ["Countries", "Lexicon", "Pattern", "default_lexicon", "form_of", "key_of"]

_DASHES = str.maketrans({"–": "-", "—": "-", "‑": "-", "’": "'", "‘": "'", "`": "'"})

_WITH_ARTICLE = {"Philippines", "Netherlands", "Bahamas", "Maldives", "Gambia", "Comoros", "Solomon Islands", "Marshall Islands"}


@functools.lru_cache(1 << 16)
def form_of(token: str) -> str:
    """A token without accents and dots; its case counts.

    Examples
    --------
    >>> form_of("U.S."), form_of("Córdoba")
    ('US', 'Cordoba')
    """
    if not token.isascii():
        token = strip_accents(token).translate(_DASHES) or token
    return token.replace(".", "") or token if "." in token else token


def key_of(name: str) -> str:
    """What two spellings of a canonical name share: no case, no accents, no dots.

    Examples
    --------
    >>> key_of("São Paulo") == key_of("Sao paulo")
    True
    """
    if name.isascii():  # most are, and few are met again
        return (name.replace(".", "") or name).casefold()
    return form_of(name).casefold()


class Countries(NamedTuple):
    """Countries and U.S. states, whose names stand in names of other things: "Government of {country}".

    Parameters
    ----------
    of : mapping of str to str
        A form ("Iranian", "United Kingdom") to its country.
    names : mapping of str to sequence of str
        A country to its name, its adjective (if any), and its other names.
    longest : int
        The most tokens a form has.
    first : set of str
        The first tokens of all forms.
    """

    of: Mapping[str, str]
    names: Mapping[str, Sequence[str]]
    longest: int
    first: frozenset[str]

    def find(self, forms: Sequence[str]) -> list[tuple[int, int, str]]:
        """Where countries stand among the forms of a text's tokens, the longest names first: start, end, country."""
        if self.first.isdisjoint(forms):
            return []
        found, i = [], 0
        while i < len(forms):
            if forms[i] in self.first:
                for size in range(min(self.longest, len(forms) - i), 0, -1):
                    country = self.of.get(" ".join(forms[i : i + size]))
                    if country:
                        found.append((i, i + size, country))
                        i += size - 1
                        break
            i += 1
        return found

    def fill(self, pattern: str, country: str) -> str:
        """The name that a pattern gives for a country.

        Examples
        --------
        >>> default_lexicon().countries.fill("Government of {n}", "United Kingdom")
        'Government of the United Kingdom'
        """
        names = self.names[country]
        article = country in _WITH_ARTICLE or country.startswith(("United ", "Democratic ")) or country.endswith(" Republic")
        name = f"the {country}" if article and not pattern.startswith("{n}") else country
        return pattern.replace("{n}", name).replace("{a}", names[1] if len(names) > 1 else country)


@functools.cache
def default_countries() -> Countries:
    """The countries and states of models/topics/countries.tsv."""
    names = {row[0].partition(" (")[0]: [row[0].partition(" (")[0], *row[1:]] for row in table("topics/countries.tsv")}
    of: dict[str, str] = {}
    for country, known in names.items():
        for name in known:
            of.setdefault(form_of(name).replace("-", " - "), country)
    return Countries(of, names, max(form.count(" ") + 1 for form in of), frozenset(form.partition(" ")[0] for form in of))


class Pattern(NamedTuple):
    """A way to name a thing of a country: "Government of {n}", and in how many events it was linked so."""

    name: str
    links: int


class Lexicon:
    """What the topic model knows.

    Parameters
    ----------
    forms : sequence of str
        All forms; those from `n_forms` on are only the beginnings of longer ones.
    n_forms : int
    counts : ndarray of shape (n_forms, 4)
        Of each form: events in which editors linked it, events in which it occurs, both in the training archive; and in
        the background archive, events in which it stands within a capitalised run, and events in which it is all of one.
    titles : ndarray of shape (n, 3)
        Form, canonical name, events in which editors linked the one to the other; by form, then most first.
    names : sequence of str
        Canonical names.
    name_counts : ndarray of shape (len(names),)
        Events in which editors linked each.
    kinds : ndarray of shape (len(names),)
        The kind of each, as its place in `relatedstories.topics.kinds.KINDS`.
    patterns : mapping of str to sequence of Pattern
        Of forms in lower case with "<C>" for a country ("<C> forces"), or without ("~government"): how the thing is named.
    specials : mapping of (str, str) to sequence of Pattern
        Of such a form less the country, and a country: the names that editors linked.
    words : mapping of str to int
        Tokens' forms to the row of their vector; 0 is for unknown words.
    lower : ndarray of shape (len(words) + 1,)
        The share of a word's occurrences that are in lower case, 0 to 1.
    heads : mapping of str to int
        Words in lower case that end names which begin with a capital: "massacre", "province".
    countries : Countries
    """

    def __init__(
        self,
        *,
        forms: Sequence[str],
        n_forms: int,
        counts: npt.NDArray[Any],
        titles: npt.NDArray[Any],
        names: Sequence[str],
        name_counts: npt.NDArray[Any],
        kinds: npt.NDArray[Any],
        patterns: Mapping[str, Sequence[Pattern]],
        specials: Mapping[tuple[str, str], Sequence[Pattern]],
        words: Mapping[str, int],
        lower: npt.NDArray[Any],
        heads: Mapping[str, int],
        countries: Countries,
    ) -> None:
        self.forms = dict(zip(forms, range(len(forms)), strict=True))
        self.n_forms = n_forms
        self.counts = counts
        self.titles = titles
        self.names = names
        self.name_counts = name_counts
        self.kinds = kinds
        self.patterns = patterns
        self.specials = specials
        self.words = words
        self.lower = lower
        self.heads = heads
        self.countries = countries
        self._first = np.searchsorted(titles[:, 0], np.arange(n_forms + 1)).tolist()
        self._titles = list(
            zip(titles[:, 1].tolist(), titles[:, 2].tolist(), strict=True)
        )  # tuples of numbers: none of gc's business
        self.linked = counts[:, 0].tolist()
        self.named = [*(np.diff(self._first) > 0).tolist(), *[False] * (len(forms) - n_forms + 1)]
        keys = [name.replace(".", "").casefold() if name.isascii() else key_of(name) for name in names]  # at every start: quickly
        self.ids = dict(zip(reversed(keys), range(len(names) - 1, -1, -1), strict=True))

    def titles_of(self, form: int) -> list[tuple[int, int]]:
        """The canonical names of a form, most linked first: pairs of the name's row and the events linked."""
        return self._titles[self._first[form] : self._first[form + 1]]

    def save(self, folder: Path) -> None:
        """Write the lexicon as plain text and arrays."""
        numbers = {"n_forms": np.array(self.n_forms), "counts": self.counts, "titles": self.titles}
        lower = np.round(self.lower * 255).astype(np.uint8)
        np.savez_compressed(
            folder / "counts.npz", allow_pickle=False, **numbers, name_counts=self.name_counts, kinds=self.kinds, lower=lower
        )
        _write(folder / "forms.txt", self.forms)
        _write(folder / "names.txt", self.names)
        _write(folder / "words.txt", self.words)
        rows = [f"{key}\t\t{p.name}\t{p.links}" for key, patterns in self.patterns.items() for p in patterns]
        rows += [f"{key}\t{country}\t{p.name}\t{p.links}" for (key, country), patterns in self.specials.items() for p in patterns]
        rows += [f"{head}\t-\t\t{count}" for head, count in self.heads.items()]
        _write(folder / "patterns.tsv", rows)


def _write(target: Path, lines: Iterable[str]) -> None:
    target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _lines(name: str) -> list[str]:
    return path(name).read_text(encoding="utf-8").split("\n")[:-1]


@functools.cache
def default_lexicon() -> Lexicon:
    """The lexicon that comes with the package (models/topics)."""
    with np.load(path("topics/counts.npz"), allow_pickle=False) as numbers:
        arrays = dict(numbers)
    patterns: dict[str, list[Pattern]] = {}
    specials: dict[tuple[str, str], list[Pattern]] = {}
    heads = {}
    for line in _lines("topics/patterns.tsv"):
        key, country, name, count = line.split("\t")
        if not country:
            patterns.setdefault(key, []).append(Pattern(name, int(count)))
        elif country == "-":
            heads[key] = int(count)
        else:
            specials.setdefault((key, country), []).append(Pattern(name, int(count)))
    words = {word: row for row, word in enumerate(_lines("topics/words.txt"), 1)}
    return Lexicon(
        forms=_lines("topics/forms.txt"),
        n_forms=int(arrays["n_forms"]),
        counts=arrays["counts"],
        titles=arrays["titles"],
        names=_lines("topics/names.txt"),
        name_counts=arrays["name_counts"],
        kinds=arrays["kinds"],
        patterns=patterns,
        specials=specials,
        words=words,
        lower=arrays["lower"] / np.float32(255),
        heads=heads,
        countries=default_countries(),
    )
