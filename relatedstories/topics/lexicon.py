"""The lexicon of the topic model: counts of words, of forms (sequences of tokens) and of canonical names.

A form is a sequence of tokens without accents and dots, joined by spaces, in its own case. For each form the lexicon knows in
how many events editors linked it, to which names, in how many it occurs, and how it occurs in a large background archive.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from relatedstories.accents import strip_accents
from relatedstories.artefacts import path, table

__all__ = ["Countries", "Lexicon", "Pattern", "default_lexicon", "form_of", "key_of"]

_DASHES = str.maketrans({"–": "-", "—": "-", "‑": "-", "’": "'", "‘": "'", "`": "'"})

_WITH_ARTICLE = {"Philippines", "Netherlands", "Bahamas", "Maldives", "Gambia", "Comoros", "Solomon Islands", "Marshall Islands"}


@functools.lru_cache(1 << 16)
def form_of(token: str) -> str:
    """Return a token without accents and dots, in its own case.

    Examples
    --------
    >>> form_of("U.S."), form_of("Córdoba")
    ('US', 'Cordoba')
    """
    if not token.isascii():
        token = strip_accents(token).translate(_DASHES) or token
    return token.replace(".", "") or token if "." in token else token


def key_of(name: str) -> str:
    """Return the key of a canonical name in the lexicon: the name without case, accents and dots.

    It keeps brackets and hyphens, which `relatedstories.topics.names.normalise_name` ignores.

    Examples
    --------
    >>> key_of("São Paulo") == key_of("Sao paulo")
    True
    """
    if name.isascii():  # most are, and few are met again
        return (name.replace(".", "") or name).casefold()
    return form_of(name).casefold()


class Countries(NamedTuple):
    """Countries and U.S. states, whose names are part of other names: "Government of {country}".

    Parameters
    ----------
    of : mapping of str to str
        A form ("Iranian", "United Kingdom") to its country.
    names : mapping of str to sequence of str
        A country to its name, its adjective (if any), and its other names.
    first : mapping of str to int
        The first tokens of all forms, with the number of tokens of the longest form that begins so.
    """

    of: Mapping[str, str]
    names: Mapping[str, Sequence[str]]
    first: Mapping[str, int]

    def find(self, forms: Sequence[str]) -> list[tuple[int, int, str]]:
        """Return the occurrences of countries among the forms of tokens, preferring longer names: start, end, country."""
        first = self.first
        if first.keys().isdisjoint(forms):
            return []
        return self.find_at(forms, [i for i, form in enumerate(forms) if form in first])

    def find_at(self, forms: Sequence[str], places: Iterable[int], stop: int | None = None) -> list[tuple[int, int, str]]:
        """Return what `find` does among the forms before `stop`, given the places where `first` has the form."""
        found, done, size = [], 0, len(forms) if stop is None else stop
        for i in places:
            if i < done:
                continue
            for end in range(min(i + self.first[forms[i]], size), i, -1):
                country = self.of.get(" ".join(forms[i:end]))
                if country:
                    found.append((i, end, country))
                    done = end
                    break
        return found

    def fill(self, pattern: str, country: str) -> str:
        """Return the name that a pattern gives for a country.

        Examples
        --------
        >>> default_lexicon().countries.fill("Government of {n}", "United Kingdom")
        'Government of the United Kingdom'
        """
        if "{n}" in pattern:
            pattern = pattern.replace("{n}", country if pattern.startswith("{n}") else _with_article(country))
        if "{a}" in pattern:
            names = self.names[country]
            pattern = pattern.replace("{a}", names[1] if len(names) > 1 else country)
        return pattern


@functools.cache
def _with_article(country: str) -> str:
    has_one = country in _WITH_ARTICLE or country.startswith(("United ", "Democratic ")) or country.endswith(" Republic")
    return f"the {country}" if has_one else country


@functools.cache
def default_countries() -> Countries:
    """Return the countries and states of models/topics/countries.tsv."""
    names = {row[0].partition(" (")[0]: [row[0].partition(" (")[0], *row[1:]] for row in table("topics/countries.tsv")}
    of: dict[str, str] = {}
    for country, known in names.items():
        for name in known:
            of.setdefault(form_of(name).replace("-", " - "), country)
    first: dict[str, int] = {}
    for form in of:
        word = form.partition(" ")[0]
        first[word] = max(first.get(word, 0), form.count(" ") + 1)
    return Countries(of, names, first)


Pattern: TypeAlias = tuple[str, int]
"""A way to name a thing of a country: "Government of {n}", and the number of events in which editors linked it. It is a plain
tuple of plain values, as the garbage collector does not look at such."""


class Lexicon:
    """The counts and names that the topic model uses.

    Parameters
    ----------
    forms : sequence of str
        All forms; those from `n_forms` on are only beginnings of longer forms.
    n_forms : int
    counts : ndarray of shape (n_forms, 4)
        For each form, numbers of events: linked by editors and occurring, both in the training archive; within a capitalised
        run and as a whole run, both in the background archive.
    titles : ndarray of shape (n, 3)
        Form, canonical name, number of events in which editors linked them; sorted by form, then most events first.
    names : sequence of str
        Canonical names.
    name_counts : ndarray of shape (len(names),)
        Number of events in which editors linked each name.
    kinds : ndarray of shape (len(names),)
        The kind of each name, as its position in `relatedstories.topics.kinds.KINDS`.
    patterns : mapping of str to sequence of Pattern
        Name patterns for each form in lower case, with "<C>" for a country ("<C> forces"), or with "~" before a form that
        contains no country ("~government").
    specials : mapping of (str, str) to sequence of Pattern
        For each such form without its country, and each country, the names that editors linked.
    words : mapping of str to int
        Forms of tokens, with the row of their vector; row 0 stands for unknown words.
    lower : ndarray of shape (len(words) + 1,)
        The share of a word's occurrences that are in lower case, 0 to 1.
    word_themes : ndarray of int8, shape (len(words) + 1, n)
        For each word, a vector that is close to those of the words that texts have beside it.
    name_themes : ndarray of int8, shape (len(names), n)
        For each name, the direction of the texts from which editors linked it; 0 where they did not.
    heads : mapping of str to int
        Number of names that begin with a capital and end with each word in lower case: "massacre", "province".
    countries : Countries

    Attributes
    ----------
    first_words, second_words : set of str
        The first two tokens of forms of several.
    keys : tuple of str
        The key of each canonical name (`key_of`).
    ids : dict of str to int
        The row of the first name with each key.
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
        word_themes: npt.NDArray[Any],
        name_themes: npt.NDArray[Any],
        heads: Mapping[str, int],
        countries: Countries,
    ) -> None:
        self.forms = dict(zip(forms, range(len(forms)), strict=True))
        self.n_forms = n_forms
        self.counts = counts
        self.titles = titles
        # Long lists would be gone through by every full search for garbage; tuples of plain values are not.
        self.names = tuple(names)
        self.name_counts = name_counts
        self.kinds = kinds
        self.patterns = patterns
        self.specials = specials
        self.words = words
        self.lower = lower
        self.word_themes = word_themes
        self.name_themes = name_themes
        self.heads = heads
        self.countries = countries
        self._first = tuple(np.searchsorted(titles[:, 0], np.arange(n_forms + 1)).tolist())
        self._titles = tuple(zip(titles[:, 1].tolist(), titles[:, 2].tolist(), strict=True))
        self.linked, self.seen = tuple(counts[:, 0].tolist()), tuple(counts[:, 1].tolist())
        self.named = (*(np.diff(self._first) > 0).tolist(), *[False] * (len(forms) - n_forms + 1))
        self.first_words: set[str] = set()
        self.second_words: set[str] = set()
        for form in forms:
            parts = form.split(" ", 2)
            if len(parts) > 1:
                self.first_words.add(parts[0])
                self.second_words.add(parts[1])
        # As key_of gives them, but quicker: this runs at every start.
        self.keys = tuple([name.replace(".", "").casefold() if name.isascii() else key_of(name) for name in names])
        self.ids = dict(zip(reversed(self.keys), range(len(names) - 1, -1, -1), strict=True))

    def titles_of(self, form: int) -> tuple[tuple[int, int], ...]:
        """Return the canonical names of a form, most linked first: pairs of the name's row and the number of events."""
        return self._titles[self._first[form] : self._first[form + 1]]

    def save(self, folder: Path) -> None:
        """Write the lexicon as plain text and arrays."""
        numbers = {"n_forms": np.array(self.n_forms), "counts": self.counts, "titles": self.titles}
        numbers |= {"name_counts": self.name_counts, "word_themes": self.word_themes, "name_themes": self.name_themes}
        lower = np.round(self.lower * 255).astype(np.uint8)
        np.savez_compressed(folder / "counts.npz", allow_pickle=False, **numbers, kinds=self.kinds, lower=lower)
        _write(folder / "forms.txt", self.forms)
        _write(folder / "names.txt", self.names)
        _write(folder / "words.txt", self.words)
        rows = [f"{key}\t\t{name}\t{links}" for key, patterns in self.patterns.items() for name, links in patterns]
        for (key, country), patterns in self.specials.items():
            rows += [f"{key}\t{country}\t{name}\t{links}" for name, links in patterns]
        rows += [f"{head}\t-\t\t{count}" for head, count in self.heads.items()]
        _write(folder / "patterns.tsv", rows)


def _write(target: Path, lines: Iterable[str]) -> None:
    target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _lines(name: str) -> list[str]:
    return path(name).read_text(encoding="utf-8").split("\n")[:-1]


@functools.cache
def default_lexicon() -> Lexicon:
    """Return the lexicon that comes with the package (models/topics)."""
    with np.load(path("topics/counts.npz"), allow_pickle=False) as numbers:
        arrays = dict(numbers)
    patterns: dict[str, tuple[Pattern, ...]] = {}
    specials: dict[tuple[str, str], tuple[Pattern, ...]] = {}
    heads = {}
    for line in _lines("topics/patterns.tsv"):
        key, country, name, count = line.split("\t")
        if not country:
            patterns[key] = (*patterns.get(key, ()), (name, int(count)))
        elif country == "-":
            heads[key] = int(count)
        else:
            specials[key, country] = (*specials.get((key, country), ()), (name, int(count)))
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
        word_themes=arrays["word_themes"],
        name_themes=arrays["name_themes"],
        heads=heads,
        countries=default_countries(),
    )
