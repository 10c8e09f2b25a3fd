"""The words of names, and the one rule of when two spellings are one topic (`normalise_name`)."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from relatedstories.accents import strip_accents

__all__ = ["BREAK", "Word", "definitions", "forms", "is_acronym", "normalise_name", "trim_mention", "words"]

MAX_WORDS = 8
"""Maximum length of a defined name, in words."""

MAX_NAME = 200  # in characters

_DEFINITION = re.compile(r"\((?:the )?([A-Z]{2,8})\)")
BREAK = re.compile(r"[.;,()]\s|\n")  # no name extends across it

_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ece"
    "\u0f18-\u0fbc\u102b-\u103e\u17b4-\u17d3\u3099\u309a"
)
"""Accents, and signs of vowels, tones and voicing, of which most are no letters to Python but stand within words."""
_LETTERS = rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*)*"
_WORD = re.compile(
    r"(?<![^\W_])(?:[A-Za-z](?:\+\+|#)(?![^\W_])|\.net(?![^\W_]))"  # C++, F#, .NET: signs are part of these names
    rf"|{_LETTERS}(?:[.'’&]{_LETTERS})*",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"['’][sS]?$")
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\S)", re.IGNORECASE)
_EDGES = " \t\n\r\"'’‘“”«»`,;:–—-"


class Word(NamedTuple):
    """A word of a text: its offsets, and its form without accents, dots and possessive, in its own case."""

    start: int
    end: int
    form: str


def words(text: str, first: int = 0, last: int | None = None) -> list[Word]:
    """Return the words of a text, or those from number `first` up to, not including, number `last`.

    Examples
    --------
    >>> [word.form for word in words("The U.S. and Córdoba's COVID-19 rules")]
    ['The', 'US', 'and', 'Cordoba', 'COVID', '19', 'rules']
    >>> [word.form for word in words("C++, C#, ASP.NET and .NET")]
    ['C++', 'C#', 'ASPNET', 'and', '.NET']
    """
    found = []
    for match in itertools.islice(_WORD.finditer(text), first, last):
        word = match[0]
        if word.isascii() and word.isalnum():  # the common case
            found.append(Word(*match.span(), word))
            continue
        word = _POSSESSIVE.sub("", word)
        found.append(Word(match.start(), match.start() + len(word), _without_accents_and_dots(word)))
    return found


def forms(text: str) -> list[str]:
    """Return the forms of a text's words, as `words` does but much faster.

    Examples
    --------
    >>> forms("Córdoba's rules")
    ['Cordoba', 'rules']
    """
    found: list[str] = _WORD.findall(text)
    return [word if word.isascii() and word.isalnum() else _without_accents_and_dots(_POSSESSIVE.sub("", word)) for word in found]


def _without_accents_and_dots(word: str) -> str:
    word = strip_accents(word)
    return word if word.isalnum() or word[0] == "." else re.sub(r"[.'’&]", "", word)


def trim_mention(surface: str) -> str:
    """Return a mention without article, possessive and quotes: a name that can be displayed.

    Examples
    --------
    >>> trim_mention("the European Union’s")
    'European Union'
    """
    name = _POSSESSIVE.sub("", " ".join(surface.split()).strip(_EDGES)).strip(_EDGES)
    return _ARTICLE.sub("", name, count=1) if _ARTICLE.match(name) else name


@functools.lru_cache(1 << 16)
def normalise_name(name: str) -> str:
    """Return the key of a name: two names with the same key are one topic. A name without a letter has an empty key.

    Case, accents, dots, hyphens, possessives and a leading article are ignored.

    Examples
    --------
    >>> normalise_name("the São Paulo") == normalise_name("Sao Paulo's"), normalise_name("2005")
    (True, '')
    """
    key = " ".join(word.form for word in words(_ARTICLE.sub("", name, count=1) if _ARTICLE.match(name) else name)).casefold()
    return key if any(char.isalpha() for char in key) else ""


def is_acronym(short: str, name: str) -> bool:
    """Return whether `short` consists of initials of `name`, starting with its first; small words may be left out.

    Examples
    --------
    >>> is_acronym("ISS", "International Space Station"), is_acronym("FARC", "National Liberation Army")
    (True, False)
    """
    if not (2 <= len(short) <= 8 and short.isalpha() and short.isupper()):
        return False
    initials = [word.form[0] for word in words(name) if word.form]
    if len(initials) < 2 or initials[0].upper() != short[0]:
        return False
    rest = iter(initials)
    matched = [initial for letter in short for initial in _through(rest, letter)]
    # Every capitalised word must contribute its letter: "UN" is not the United Nations High Commissioner.
    return len(matched) == len(short) and sum(map(str.isupper, initials)) == sum(map(str.isupper, matched))


def _through(initials: Iterator[str], letter: str) -> Iterator[str]:
    """Yield the next initial that equals the letter, if there is one."""
    for initial in initials:
        if initial.upper() == letter:
            yield initial
            return


def definitions(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the acronyms that a text defines in brackets after a name: the acronym, and the start and end of the name.

    Examples
    --------
    >>> text = "Aboard the International Space Station (ISS) is a crew of six"
    >>> [(acronym, text[start:end]) for acronym, start, end in definitions(text)]
    [('ISS', 'International Space Station')]
    """
    for match in _DEFINITION.finditer(text):
        before = words(text[max(0, match.start() - MAX_NAME) : match.start()])[-MAX_WORDS:]
        offset = max(0, match.start() - MAX_NAME)
        for first in reversed(before[:-1]):
            if first.form[:1].upper() != match[1][0]:
                continue
            start, end = offset + first.start, offset + before[-1].end
            name = text[start:end]
            if name[0].isupper() and is_acronym(match[1], name) and not BREAK.search(name):
                yield match[1], start, end
                break
