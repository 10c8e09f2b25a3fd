"""Shapes of phrases: which runs of words can be a label, told by the part of speech of each word and where names are."""

from __future__ import annotations

import enum
import functools
import itertools
import re
from collections.abc import Iterable, Sequence

from relatedstories.artefacts import table
from relatedstories.date_words import MONTHS, WEEKDAYS
from relatedstories.text.stop_words import stop_words
from relatedstories.text.terms import ENGLISH, terms_of_name
from relatedstories.text.unspaced_words import WITH_TABLES, unspaced_words
from relatedstories.text.word_parts import parts_of_words

__all__ = [
    "Part",
    "capitals_tell",
    "dull_terms",
    "is_foreign_small_word",
    "is_name_of_words",
    "is_noun_phrase",
    "is_verb",
    "names_a_column",
    "names_a_division",
    "part_of",
    "part_of_letter",
    "says_when",
    "value_of",
]


class Part(enum.IntEnum):
    """What a word can be in a label; the less sure it is to be a name, the lower."""

    OTHER = 0
    """A verb, an adverb, a pronoun: no part of a label."""

    LINK = 1
    """A short word that may stand within a name: "for"."""

    OF = 2
    """A short word that may stand between nouns: "of"."""

    NUMBER = 3
    ADJECTIVE = 4

    GENERIC = 5
    """A noun that says little about any event: "people"."""

    NOUN = 6

    MATTER = 7
    """A noun that editors link: "flood"."""

    NAME = 8

    @property
    def names_a_matter(self) -> bool:
        """Whether it says by itself what an event is about."""
        return self >= Part.MATTER


_VALUES = {Part.GENERIC: 0.2, Part.NOUN: 0.7, Part.ADJECTIVE: 0.5, Part.NUMBER: 0.3}
_VALUE_OF_PART = [_VALUES.get(part, 1.0) for part in Part]  # the hash of a part is slow

_LINKS = {"of": Part.OF, "the": Part.LINK, "and": Part.LINK, "for": Part.LINK, "in": Part.LINK, "on": Part.LINK, "to": Part.LINK}
_PARTS = {
    "n": Part.NOUN,
    "m": Part.MATTER,
    "g": Part.GENERIC,
    "v": Part.OTHER,
    "j": Part.ADJECTIVE,
    "o": Part.OTHER,
    **dict.fromkeys("ilpr", Part.NAME),
    "d": Part.NUMBER,
    "f": Part.OF,
}
"""Parts by the letters of `relatedstories.text.word_parts` and `relatedstories.text.unspaced_words`."""
_VAGUE = {
    *("prime", "new", "first", "last", "several", "many", "other", "more", "same", "such", "own", "next", "former"),
    *("recent", "high", "old", "certain"),
}
"""Adjectives that say nothing about any event."""

_BODIES = {
    *("party", "candidate", "president", "minister", "government", "parliament", "court", "police", "official"),
    *("leader", "member", "country", "state", "region", "province", "district", "capital", "city", "town"),
    *("village", "week", "month", "year", "day"),
}
"""Nouns that editors link to one body or place after another: which one, the noun alone does not say."""

_DIVISIONS = {"section", "part", "chapter", "episode", "flight", "phase", "volume", "version", "appendix"}
"""Nouns that number the parts of a whole, or others of a kind, which they do not name."""

_ZONES = {"UTC", "GMT", "BST", "CET", "CEST", "EST", "EDT", "PST", "PDT", "JST"}

_TIMES = _ZONES | {
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    *("Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec"),
}
"""Names that say when something was, which is no reason: part of a label at most, as in "Friday prayers"."""

_NO_NOUN = re.compile(r"(?:ed|ing|ly|ous|ive|able|ible|less|ful)$")
_CONTRACTION = re.compile(r"['’](?!s$)|s['’]s?$")  # "doesn't", "we'll"
_TITLE_WORD = re.compile(r"\w(?:\S*\w)?")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)", re.I)
_NAME_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_CONNECTORS = {
    *("de", "du", "des", "la", "le", "les", "del", "della", "dei", "di", "da", "do", "dos", "das", "von", "vom"),
    *("der", "van", "den", "el", "los", "las", "al", "af", "av"),
}
"""Words of other languages that may stand between nouns."""


def part_of_letter(letter: str) -> Part:
    """Return the part that a letter of models/words or models/unspaced stands for."""
    return _PARTS[letter]


@functools.cache
def _foreign() -> frozenset[str]:
    """Return small words of the languages that texts in others quote most."""
    english = {word for word in stop_words(ENGLISH) if _english_parts().get(word, Part.NOUN) <= Part.OF}
    return stop_words("fr") | stop_words("es") | english


@functools.cache
def _foreign_starts() -> frozenset[str]:
    """Return those of them that have a capital where they start a sentence, and are hardly names then."""
    return frozenset({word for word, part in parts_of_words().items() if part == "o"} | _CONNECTORS)


def is_foreign_small_word(word: str) -> bool:
    """Return whether a word in lower case is a small one of the languages that texts in others quote most: "la"."""
    return word in _foreign()


@functools.cache
def _english_parts() -> dict[str, Part]:
    """Return the parts of common English words that are usually in lower case, and of adjectives of countries."""
    peoples = {name.lower(): Part.ADJECTIVE for _, *names in table("topics/countries.tsv") for name in names[:1]}
    small = _LINKS | {"may": Part.OTHER}  # which the table leaves out as a month
    vague = dict.fromkeys(_VAGUE, Part.OTHER) | dict.fromkeys(_BODIES | {f"{noun}s" for noun in _BODIES}, Part.GENERIC)
    return peoples | {word: _PARTS[part] for word, part in parts_of_words().items()} | small | vague


@functools.cache
def _verbs() -> frozenset[str]:
    return frozenset(word for word, part in parts_of_words().items() if part == "v" and word not in _VAGUE)


def is_verb(word: str) -> bool:
    """Return whether a word is a common verb of English, which may be in a name with a capital: "Build Service"."""
    return word.lower() in _verbs()


def names_a_division(word: str, language: str) -> bool:
    """Return whether a word is one that only numbers what it names, which is known in English: "Section 8", "Flight 93".

    Examples
    --------
    >>> names_a_division("Parts", "en"), names_a_division("Party", "en")
    (True, False)
    """
    return language == ENGLISH and word.lower().removesuffix("s") in _DIVISIONS


def says_when(name: str, language: str) -> bool:
    """Return whether a name is a month, a day of the week or a time zone.

    Examples
    --------
    >>> says_when("May", "en"), says_when("may", "en"), says_when("März", "de")
    (True, False, True)
    """
    low = name.casefold()
    return name in _TIMES if language == ENGLISH else low in MONTHS or low in WEEKDAYS or name in _ZONES


@functools.cache
def dull_terms() -> frozenset[str]:
    """Return the terms of English words that are never what a label is about: "people".

    Examples
    --------
    >>> {"peopl", "flood"} & dull_terms()
    {'peopl'}
    """
    parts: dict[str, Part] = {}
    for word, part in _english_parts().items():
        for term in terms_of_name(word, ENGLISH):
            parts[term] = max(part, parts.get(term, Part.OTHER))
    return frozenset(term for term, part in parts.items() if part in (Part.OTHER, Part.GENERIC))


def value_of(part: Part) -> float:
    """Return how much of a word's share counts in a phrase."""
    return _VALUE_OF_PART[part]


def capitals_tell(forms: Sequence[str], language: str) -> bool:
    """Return whether a capital within a sentence makes a name of a word in a text of these words: not in a title in capitals.

    Examples
    --------
    >>> capitals_tell(["Oslo", "votes", "again"], "en"), capitals_tell(["Oslo", "Votes", "Again"], "en")
    (True, False)
    """
    return language != "de" and 2 * sum(map(str.islower, forms)) >= sum([form[:1].isalpha() for form in forms])


@functools.lru_cache(1 << 16)
def part_of(form: str, language: str, capital_tells: bool) -> Part:
    """Return the part of a word, as written.

    Parameters
    ----------
    form : str
    language : str
    capital_tells : bool
        Whether a capital at its beginning makes a name of it.

    Examples
    --------
    >>> [part_of(form, "en", False).name for form in ("Oslo", "Sees", "small", "flood")]
    ['NAME', 'OTHER', 'ADJECTIVE', 'MATTER']
    """
    if says_when(form, language):
        return Part.ADJECTIVE
    if language == ENGLISH:
        return _english_part(form, capital_tells)
    if language in WITH_TABLES and (words := list(unspaced_words(form, language))):
        return part_of_letter(words[-1].part)
    part = _part(form, stop_words(language), capital_tells)
    return Part.ADJECTIVE if language == "de" and form.islower() and part is Part.NOUN else part  # its nouns have capitals


def _english_part(form: str, capital_tells: bool) -> Part:
    if form[0].isdigit():
        return Part.NUMBER if not any(map(str.isalpha, form)) else _of_mixed(form)
    low = form.lower()
    known = _english_parts().get(low)
    if form in _CONNECTORS and known is not Part.OTHER:
        return Part.OF
    if form[0].isupper() and (known is None or (capital_tells and (known > Part.ADJECTIVE or is_verb(form)))):
        return Part.OTHER if len(form) == 1 else Part.NAME
    if known is None and any(map(str.isupper, form[1:])):  # "openSUSE"
        return Part.NAME
    if known is not None:
        return known
    if (
        len(form) < 3
        or _CONTRACTION.search(low)
        or _NO_NOUN.search(low)
        or _english_parts().get(low.removesuffix("s")) is Part.OTHER
    ):
        return Part.OTHER
    return Part.MATTER  # a rare word


def _of_mixed(form: str) -> Part:
    if _ORDINAL.fullmatch(form):
        return Part.NUMBER
    if form.upper() == form.lower():  # a script without capitals, which counts so: the day of a month
        return Part.NUMBER
    return Part.OTHER if form.islower() else Part.NAME


def _part(form: str, ignored: frozenset[str], capital_tells: bool) -> Part:
    """Return the part of a word in a language whose words are not known."""
    if form[0].isdigit():
        return Part.NUMBER if not any(map(str.isalpha, form)) else _of_mixed(form)
    low = form.casefold()
    if low in ignored:
        return Part.OF if low in _CONNECTORS else Part.OTHER
    if is_foreign_small_word(form) or (not capital_tells and low in _foreign_starts()):
        return Part.OF if low in ("of", "for") or low in _CONNECTORS else Part.OTHER
    if form.upper() == form.lower():  # a script without capitals
        return Part.NAME if len(form) > 1 else Part.OTHER
    if form[0].isupper() and len(form) > 1 and (capital_tells or not form[1:].islower()):
        return Part.NAME
    return Part.NOUN


def is_noun_phrase(parts: Iterable[Part]) -> bool:
    """Return whether words of these parts can be a label: it ends with a noun or name, and links stand between such.

    Examples
    --------
    >>> is_noun_phrase([Part.ADJECTIVE, Part.NOUN]), is_noun_phrase([Part.NOUN, Part.ADJECTIVE])
    (True, False)
    >>> is_noun_phrase([Part.NAME, Part.LINK, Part.NAME]), is_noun_phrase([Part.NUMBER, Part.GENERIC])
    (True, False)
    """
    parts = list(parts)
    first, last = parts[0], parts[-1]
    if first < Part.NUMBER or last < Part.NOUN or first is Part.GENERIC:
        return False
    if first is Part.NUMBER and (len(parts) == 1 or parts[1] is not Part.NAME):
        return False
    solid = [place for place, part in enumerate(parts) if part > Part.OF]
    for before, after in itertools.pairwise(solid):
        between = parts[before + 1 : after]
        if between and min(parts[before], parts[after]) < (Part.NAME if Part.LINK in between else Part.GENERIC):
            return False
    return True


def is_name_of_words(name: str, language: str) -> bool:
    """Return whether a name has several words, and is one by their parts: not "As of Oslo".

    Examples
    --------
    >>> [is_name_of_words(name, "en") for name in ("User Experience", "Data.gov", "Fedora 12.1", "In Fedora", "Fedora")]
    [True, True, True, False, False]
    """
    parts = [part_of(word, language, True) for word in _NAME_WORD.findall(name)]
    n_words = len(parts)
    while len(parts) > 1 and parts[-1] is Part.NUMBER:
        parts.pop()
    return n_words > 1 and is_noun_phrase(parts)


def names_a_column(title: str, language: str) -> bool:
    """Return whether a title that several articles have may be a label: several words, and no verb or small word but "of".

    Examples
    --------
    >>> [names_a_column(title, "en") for title in ("Planet News Roundup", "Harbour Social", "How to Join", "Schedule")]
    [True, True, False, False]
    """
    parts = [part_of(word, language, True) for word in _TITLE_WORD.findall(title)]
    return len(parts) > 1 and parts[0] >= Part.NUMBER and max(parts) >= Part.NOUN and Part.OTHER not in parts
