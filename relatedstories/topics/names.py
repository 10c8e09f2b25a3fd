"""Names: normalised names, by which spellings of one topic are recognised, and tables of canonical names.

A name table gives, for words as they occur in a text ("the Fed", "Iranian"), the canonical name that editors linked them to
("Federal Reserve", "Iran"), how often they did so, and how often the words occurred.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from relatedstories.accents import strip_accents
from relatedstories.topics.kinds import KINDS
from relatedstories.topics.lexicon import default_lexicon

__all__ = ["Name", "NameTable", "Word", "bare", "default_names", "definitions", "forms", "is_acronym", "normalise_name", "words"]

MAX_WORDS = 8
"""Maximum length of a name that is looked for, in words."""

MAX_NAME = 200
"""Maximum length of a name that an acronym is defined for, in characters."""

MAX_GAP = 3
"""Maximum number of characters between two words of one name."""

MIN_SHARE = 0.4
"""Minimum share of a form's links that its most frequent name must have."""

_DEFINITION = re.compile(r"\((?:the )?([A-Z]{2,8})\)")
_BREAK = re.compile(r"[.;,()]\s|\n")  # ends a name

_WORD = re.compile(r"[^\W_]+(?:[.'’&][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’][sS]?$")
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\S)", re.IGNORECASE)
_EDGES = " \t\n\r\"'’‘“”«»`,;:–—-"


class Word(NamedTuple):
    """A word of a text: its offsets, and its form without accents, dots and possessive, in its own case."""

    start: int
    end: int
    form: str


def words(text: str, first: int = 0, last: int | None = None) -> list[Word]:
    """Return the words of a text, in the forms by which names are looked up.

    Parameters
    ----------
    text : str
    first, last : int, optional
        Return only the words in ``words(text)[first:last]``.

    Examples
    --------
    >>> [word.form for word in words("The U.S. and Córdoba's COVID-19 rules")]
    ['The', 'US', 'and', 'Cordoba', 'COVID', '19', 'rules']
    """
    found = []
    for match in itertools.islice(_WORD.finditer(text), first, last):
        word = match[0]
        if word.isascii() and word.isalnum():  # most are
            found.append(Word(*match.span(), word))
            continue
        word = _POSSESSIVE.sub("", word)
        found.append(Word(match.start(), match.start() + len(word), _without_marks(word)))
    return found


def forms(text: str) -> list[str]:
    """Return only the forms of the words of a text, in a fraction of the time that `words` takes.

    Examples
    --------
    >>> forms("Córdoba's rules")
    ['Cordoba', 'rules']
    """
    found: list[str] = _WORD.findall(text)
    return [word if word.isascii() and word.isalnum() else _without_marks(_POSSESSIVE.sub("", word)) for word in found]


def _without_marks(word: str) -> str:
    """Return a word without accents, dots, apostrophes and ampersands."""
    word = strip_accents(word)
    return word if word.isalnum() else re.sub(r"[.'’&]", "", word)


def bare(surface: str) -> str:
    """Return a mention without article, possessive and quotes, as a name to display.

    Examples
    --------
    >>> bare("the European Union’s")
    'European Union'
    """
    name = _POSSESSIVE.sub("", " ".join(surface.split()).strip(_EDGES)).strip(_EDGES)
    return _ARTICLE.sub("", name, count=1) if _ARTICLE.match(name) else name


@functools.lru_cache(1 << 16)
def normalise_name(name: str) -> str:
    """Return the key of a name, which is equal for all spellings of one topic; "" for a name without a letter.

    Case, accents, dots, hyphens, possessives and a leading article are ignored.

    Examples
    --------
    >>> normalise_name("the São Paulo") == normalise_name("Sao Paulo's"), normalise_name("2005")
    (True, '')
    """
    key = " ".join(word.form for word in words(_ARTICLE.sub("", name, count=1) if _ARTICLE.match(name) else name)).casefold()
    return key if any(char.isalpha() for char in key) else ""


def is_acronym(short: str, name: str) -> bool:
    """Return whether `short` consists of initials of `name`, the first one included; small words may be left out.

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
    # Every capitalised word must contribute its initial: "UN" is not the United Nations High Commissioner.
    return len(matched) == len(short) and sum(map(str.isupper, initials)) == sum(map(str.isupper, matched))


def _through(initials: Iterator[str], letter: str) -> Iterator[str]:
    """Advance to the next initial that equals the letter, and yield it if there is one."""
    for initial in initials:
        if initial.upper() == letter:
            yield initial
            return


def definitions(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the acronyms that a text defines in brackets after their name: the acronym, and start and end of the name.

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
            start, end = offset + first.start, offset + before[-1].end
            name = text[start:end]
            if name[0].isupper() and is_acronym(match[1], name) and not _BREAK.search(name):
                yield match[1], start, end
                break


@dataclass(frozen=True, slots=True)
class Name:
    """A row of a name table.

    Parameters
    ----------
    words : str
        The forms of the words (`words`), joined by spaces; case-sensitive.
    canonical : str
        The name that editors link them to most often.
    linked, seen : int
        Number of events in which editors linked the words, and number of events in which they occur.
    kind : str, default "thing"
        The kind of the topic, if it is known.
    """

    words: str
    canonical: str
    linked: int
    seen: int
    kind: str = "thing"

    @property
    def probability(self) -> float:
        """The probability, 0 to 1, that an editor links the words where they occur."""
        return self.linked / max(self.linked, self.seen)


class NameTable:
    """A table of names that are looked up in texts.

    Parameters
    ----------
    names : iterable of Name

    Examples
    --------
    >>> table = NameTable([Name("ISS", "International Space Station", 9, 10), Name("station", "Station", 1, 90)])
    >>> table.canonical("the ISS")
    'International Space Station'
    >>> [(start, end, name.canonical) for start, end, name in table.find("Supplies reach the ISS")]
    [(19, 22, 'International Space Station')]
    """

    def __init__(self, names: Iterable[Name]) -> None:
        self._exact = {name.words: name for name in names}
        self._by_key: dict[str, Name] = {}
        self._canonical: dict[str, str] = {}
        for name in self._exact.values():
            key = normalise_name(name.words)
            known = self._by_key.get(key)
            if known is None or (-name.linked, name.words) < (-known.linked, known.words):
                self._by_key[key] = name
            self._canonical.setdefault(normalise_name(name.canonical), name.canonical)
        self._lengths: dict[str, int] = {}
        for form in self._exact:
            first, _, rest = form.partition(" ")
            self._lengths[first] = max(self._lengths.get(first, 0), rest.count(" ") + 1 + bool(rest))

    def __len__(self) -> int:
        return len(self._exact)

    def __iter__(self) -> Iterator[Name]:
        return iter(self._exact.values())

    def lookup(self, surface: str) -> Name | None:
        """Return the row for the words of a mention, in their own case if possible, else in any case."""
        form = " ".join(word.form for word in words(bare(surface)))
        return self._exact.get(form) or self._by_key.get(form.casefold())

    def known(self, surface: str) -> str | None:
        """Return the canonical name of a mention, None if it is not in the table."""
        name = bare(surface)
        known = self._canonical.get(normalise_name(name))
        if known is None and (row := self.lookup(name)):
            known = row.canonical
        return known

    def canonical(self, surface: str) -> str:
        """Return the canonical name of a mention, or the mention without article and possessive if it is not in the table."""
        return self.known(surface) or bare(surface)

    def find(self, text: str) -> Iterator[tuple[int, int, Name]]:
        """Yield all occurrences of words of the table in a text, overlapping ones included: start, end and row."""
        found = words(text)
        for i, word in enumerate(found):
            length = self._lengths.get(word.form, 0)
            form = ""
            before = word.end
            for other in found[i : i + length]:
                if other.start - before > MAX_GAP or _BREAK.search(text, before, other.start):
                    break
                before = other.end
                form = f"{form} {other.form}" if form else other.form
                if name := self._exact.get(form):
                    yield word.start, other.end, name


@functools.cache
def default_names() -> NameTable:
    """Return the names of the topic model's lexicon (models/topics)."""
    lexicon = default_lexicon()
    rows: dict[str, Name] = {}
    for form, row in itertools.islice(lexicon.forms.items(), lexicon.n_forms):
        linked, seen = lexicon.counts[row, :2].tolist()
        titles = lexicon.titles_of(row)
        if titles and titles[0][1] >= MIN_SHARE * linked:
            name_id = titles[0][0]
            key = " ".join(word.form for word in words(form))
            rows.setdefault(key, Name(key, lexicon.names[name_id], linked, max(1, seen), KINDS[lexicon.kinds[name_id]]))
    for country, names in lexicon.countries.names.items():
        for name in names:
            key = " ".join(word.form for word in words(name))
            known = rows.get(key)
            if name != "Georgia":  # also a U.S. state
                rows[key] = Name(key, country, known.linked if known else 0, known.seen if known else 1, "place")
    return NameTable(rows.values())
