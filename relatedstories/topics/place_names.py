"""The names of countries and cities in languages other than English, from models/places."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping

from relatedstories.artefacts import table
from relatedstories.text.terms import UNSEEN
from relatedstories.topics.names import normalise_name

__all__ = ["place_name", "places_in"]

_WORD = re.compile(r"\w[\w\u0300-\u036f\u0591-\u05c7\u0610-\u065f\u0670\u0900-\u0dff\u200c\u200d]*")
_MAX_WORDS = 4
"""Length of the longest name, in words."""

_MIN_WITHOUT_ACCENTS = 5
"""Length of the shortest name, in characters, that is known without its accents."""

_WITHOUT_ACCENTS = frozenset(("ca", "es", "fr", "gl", "it", "pt"))
"""Languages in which accents are often left out; in others "Česká" is an adjective and "Česka" a country."""

_SAME_LETTERS = str.maketrans("أإآىيك", "اااییک")
"""Letters of Arabic script that are written in several ways."""

_BEFORE = {
    "ar": [("و", ""), ("ف", ""), ("ب", ""), ("ل", ""), ("ک", ""), ("وب", ""), ("ول", ""), ("لل", "ال"), ("ولل", "ال")],
    "he": [(before, "") for before in ("ב", "ל", "מ", "ו", "ה", "ש", "כ", "וב", "ול", "ומ", "שב", "של", "מה", "וה")],
}
"""What short words before a name are when they are written together with it, and what the name has in their place."""

_VOWELS = frozenset(  # "~" in models/places/endings.tsv stands for the end of a name without one
    "aeiouyáéíóúýàèìòùäëïöüåøæâêîôûăąęėīūāēőűаеёиіїоуыэюяєαεηιουωάέήίόύώ"
)


def place_name(name: str, language: str) -> str | None:
    """Return the name of the country or city that a name is an inflected form of; None if it is none of the table.

    Examples
    --------
    >>> place_name("Україна", "uk"), place_name("України", "uk"), place_name("Stuhl", "de")
    ('Україна', 'Україна', None)
    """
    return _by_key(language).get(_key(name, language))


def places_in(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    """Yield the places of the table in a text in a script without capitals: their offsets and names, none overlapping.

    Examples
    --------
    >>> [name for _, _, name in places_in("زلزال في نيبال والهند", "ar")]
    ['نيبال', 'الهند']
    """
    if language == "th":
        yield from _without_spaces(text, language)
        return
    names = _by_form(language)
    words = [(*match.span(), _folded(match[0])) for match in _WORD.finditer(text)] if names else []
    place = 0
    while place < len(words):
        found = _longest(words[place : place + _MAX_WORDS], names, language)
        if found is not None:
            start, end, name, _ = found
            yield start, start + len(name) if text.startswith(name, start) else end, name
        place += found[3] if found else 1


def _longest(words: list[tuple[int, int, str]], names: Mapping[str, str], language: str) -> tuple[int, int, str, int] | None:
    """Return the longest name that the first of some words begins: its offsets, the name and its number of words."""
    start, _, first = words[0]
    for n_skipped, head in _without_words_before(first, language):
        for n in range(len(words), 0, -1):
            name = names.get(" ".join([head, *(word for _, _, word in words[1:n])]))
            if name is not None:
                return start + n_skipped, words[n - 1][1], name, n
    return None


def _without_words_before(word: str, language: str) -> Iterator[tuple[int, str]]:
    yield 0, word
    for before, instead in _BEFORE.get(language, ()):
        if word.startswith(before) and len(word) > len(before) + 2:
            yield len(before) - len(instead), instead + word[len(before) :]


def _folded(words: str) -> str:
    """Return words without the signs and in the spelling that most texts have."""
    return UNSEEN.sub("", unicodedata.normalize("NFC", words)).translate(_SAME_LETTERS)


def _without_spaces(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    starts = _by_start(language)
    place = 0
    while place < len(text):
        name = next((name for name in starts.get(text[place : place + 2], ()) if text.startswith(name, place)), "")
        if name:
            yield place, place + len(name), name
        place += len(name) or 1


@functools.cache
def _by_start(language: str) -> Mapping[str, list[str]]:
    """Return the names by their first two characters, the longest first."""
    starts: dict[str, list[str]] = {}
    for name in sorted(_by_language().get(language, ()), key=lambda name: (-len(name), name)):
        starts.setdefault(name[:2], []).append(name)
    return starts


@functools.cache
def _by_form(language: str) -> Mapping[str, str]:
    return {" ".join(_folded(form).split()): name for form, name in _forms(language)}


@functools.cache
def _by_key(language: str) -> Mapping[str, str]:
    return {_key(form, language): name for form, name in _forms(language)}


def _key(form: str, language: str) -> str:
    """Return what a form of a name is looked up by. In short words, accents tell which it is."""
    may_lack_accents = len(form) >= _MIN_WITHOUT_ACCENTS and language in _WITHOUT_ACCENTS
    return normalise_name(form) if may_lack_accents else form.casefold()


def _forms(language: str) -> Iterator[tuple[str, str]]:
    """Yield forms of the names of places, with the names; the names themselves come last, as they count."""
    names = _by_language().get(language, [])
    rules = {ending: others.split() for of, ending, others in table("places/endings.tsv") if of == language}
    by_length = sorted(rules.keys() - {"", "~"}, key=len, reverse=True)
    for name in names:
        ending = next((ending for ending in by_length if name.endswith(ending)), None)
        if ending is not None:
            yield from ((name.removesuffix(ending) + other, name) for other in rules[ending])
        elif name[-1] not in _VOWELS:
            yield from ((name + other, name) for other in rules.get("~", ()))
        yield from ((name + other, name) for other in rules.get("", ()))
    yield from ((name, name) for name in names)


@functools.cache
def _by_language() -> Mapping[str, list[str]]:
    names: dict[str, list[str]] = {}
    for language, name in table("places/places.tsv"):
        names.setdefault(language, []).append(name)
    return names
