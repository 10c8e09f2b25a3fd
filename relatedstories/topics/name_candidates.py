"""Names in texts of any language, told by how they are written: capitals within a sentence, acronyms, digits, brackets, scripts.

The topic model is English. In other languages these candidates take its place, beside editors' topics and a user's own names.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from relatedstories.text.stop_words import stop_words
from relatedstories.text.terms import without_elision, without_suffix
from relatedstories.text.unspaced_words import WITH_TABLES, unspaced_words
from relatedstories.topics.place_names import place_name, places_in

__all__ = ["MAX_NAME_CHARS", "PROBABILITY", "NameMention", "name_mentions"]

MAX_NAME_CHARS = 40
"""Length of the longest name, in characters."""

MAX_NAME_WORDS = 5
"""Length of the longest name, in words."""

PROBABILITY = 0.5
"""The probability given to every name, as there is no model that says more."""

MIN_CASED = 0.8
"""The share of letters that are lower or upper case from which a text's own script has capitals."""

_NO_PROSE = re.compile(r"\S*(?:://|www\.|@)\S*|\S*[/\\_=<>{}]\S*|\b[0-9a-f]{16,}\b|\b(?=\w*\d)(?=\w*[a-f])[0-9a-f]{8,}\b")
_WORD = re.compile(r"[^\W_]+(?:[.'’+&-]?[^\W_]+)*\+{0,2}#?")
_NUMBER = re.compile(r"\d+(?:\.\d+)*(?:-?[a-z]+\d*)?")
_SENTENCE_START = re.compile(r"[.!?…:;|*•(\[{«„“\"\n\r\t。]|\s[–—-]\s")
_PARTICLES = frozenset(
    ("al", "bin", "da", "de", "del", "della", "der", "di", "do", "dos", "du", "el", "ibn", "la", "le", "van", "von")
)

_PREPOSITIONS = {"ca": ("al", "el"), "eo": ("al", "el"), "es": ("al", "el"), "gl": ("al", "el"), "it": ("al",)}
"""Those that are other words in a language, and hardly within a name: "Japanio al Ukrainio"."""

_BRACKETED = re.compile("『([^『』\\n]{2,30})』|「([^「」。、\\n]{2,20})」|《([^《》\\n]{2,30})》")
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc]{3,}(?:・[\u30a1-\u30fa\u30fc]{2,})*")
_LATIN_RUN = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ0-9'’&+-]*#?(?:[ .][A-Z0-9][A-Za-zÀ-ɏ0-9'’&+-]*|[ ]\d+(?:\.\d+)*)*")

_KINDS = {"i": "organisation", "l": "place", "r": "person"}
"""Kinds by the letters of `relatedstories.text.unspaced_words`."""

_WITH_GENITIVE = frozenset(("be", "bs", "cs", "hr", "lt", "lv", "pl", "ru", "sk", "sl", "sr", "uk"))
"""Languages in which a place may stand between an office and a name without a word between: "Президент Украины ..."."""

_NOUNS_WITH_CAPITALS = frozenset(("de", "lb"))
"""Languages in which every noun begins with a capital."""


class NameMention(NamedTuple):
    """A name in a text: its offsets, the name, and its kind, which is "thing" where nothing tells it."""

    start: int
    end: int
    name: str
    kind: str = "thing"


class _Word(NamedTuple):
    start: int
    end: int
    form: str
    starts_sentence: bool
    follows: bool
    """Whether only a space is between the word before and this."""


def name_mentions(text: str, language: str) -> list[NameMention]:
    """Return the names in a text, in its order; none overlap.

    Parameters
    ----------
    text : str
    language : str
        The code of its language.

    Notes
    -----
    A word with a capital is a name, or a part of one, within a sentence; at the start of a sentence only if it is one elsewhere
    in the text or a place of the table in models/places. In German, where common nouns have capitals, several such words in a
    row are a name, and a single one is if it is an acronym or a place, has a digit or a second capital, or ends a longer name of
    the text. In scripts without capitals, names are words in Latin script, three characters or more of katakana, titles in
    brackets, places of the table, and in Chinese and Japanese the places, persons and organisations of the tables in
    models/unspaced. A stop word alone is no name.

    Examples
    --------
    >>> [mention.name for mention in name_mentions("Im Hafen hielt Angela Merkel eine Rede. Merkel lobte die EU.", "de")]
    ['Angela Merkel', 'Merkel', 'EU']
    >>> [mention.name for mention in name_mentions("新しいRuby 3.1とプログラミング入門『たのしい本』", "ja")]
    ['Ruby 3.1', 'プログラミング', 'たのしい本']
    >>> [(mention.name, mention.kind) for mention in name_mentions("東京電力は福島県で", "ja")]
    [('東京電力', 'organisation'), ('福島県', 'place')]
    """
    prose = _NO_PROSE.sub(lambda match: " " * len(match[0]), text)
    letters = [char for char in prose[:2000] if char.isalpha()]
    n_cased = sum(char.upper() != char.lower() and not "\u10d0" <= char <= "\u10ff" for char in letters)  # Georgian uses none
    has_capitals = n_cased > MIN_CASED * len(letters)
    found = list(_capitalised(prose, language) if has_capitals else _marked(prose, language))
    names: list[NameMention] = []
    for mention in sorted(found, key=lambda mention: (mention.start, -mention.end)):
        if not names or mention.start >= names[-1].end:
            names.append(mention)
    return names


def _marked(text: str, language: str) -> Iterator[NameMention]:
    """Yield the names in a script without capitals."""
    ignored = stop_words("en") | stop_words(language)
    for match in _BRACKETED.finditer(text):
        group = match.lastindex or 0
        yield NameMention(*match.span(group), match[group].strip())
    if language in WITH_TABLES:
        yield from (mention for mention in _known_names(text, language) if mention.name not in ignored)
    else:
        yield from (NameMention(*place, "place") for place in places_in(text, language))
    for match in _KATAKANA.finditer(text):
        if len(match[0]) <= MAX_NAME_CHARS:
            yield NameMention(*match.span(), match[0])
    for match in _LATIN_RUN.finditer(text):
        name = match[0].rstrip(" .-'’&")
        if len(name) < 2 or len(name) > MAX_NAME_CHARS or name.lower() in ignored or name.islower():
            continue
        yield NameMention(match.start(), match.start() + len(name), name)


def _known_names(text: str, language: str) -> Iterator[NameMention]:
    """Yield the names that the tables of a language have; a family name and the first name after it are one."""
    words = [word for word in unspaced_words(text, language) if word.part in _KINDS]
    place = 0
    while place < len(words):
        start, end, part = words[place]
        place += 1
        while part == "r" and place < len(words) and words[place].part == "r" and words[place].start == end:
            end = words[place].end
            place += 1
        if end - start > 1:
            yield NameMention(start, end, text[start:end], _KINDS[part])


def _capitalised(text: str, language: str) -> Iterator[NameMention]:
    """Yield the names in a script with capitals."""
    ignored = _ignored(language)
    words = _words(text, language)
    common_capitals = language in _NOUNS_WITH_CAPITALS
    within = {word.form for word in words if not word.starts_sentence and _has_capital(word.form)}
    lower = {word.form for word in words if word.form.islower()}
    runs = [part for run in _runs(words, within, lower, ignored, language) for part in _places_apart(run, language)]
    last_words = {run[-1].form for run in runs if len(run) > 1}
    for run in runs:
        name = text[run[0].start : run[-1].end]
        alone = run[0].form
        if len(run) == 1:
            signs = _is_acronym(alone) or any(map(str.isdigit, alone)) or not alone[1:].islower()
            is_common = common_capitals and not signs and alone not in last_words and place_name(alone, language) is None
            if len(alone) < 2 or is_common:
                continue
        if len(name) <= MAX_NAME_CHARS and any(map(str.isalpha, name)):
            yield NameMention(run[0].start, run[-1].end, " ".join(name.split()))


@functools.cache
def _ignored(language: str) -> frozenset[str]:
    """Return the words in lower case that are no names: stop words, and those such as "I've" in an English quotation."""
    return stop_words(language) | {word for word in stop_words("en") if "'" in word}


def _places_apart(run: list[_Word], language: str) -> list[list[_Word]]:
    """Return the runs that a run of words is when places in the genitive are no part of the name before or after.

    "Президент Украины Владимир Зеленский" is two names, and so is "Außenminister Polens".
    """
    places = range(len(run)) if language in _NOUNS_WITH_CAPITALS else [0] if language in _WITH_GENITIVE else []
    runs: list[list[_Word]] = [[]]
    for place, word in enumerate(run):
        if len(run) > 1 and place in places and _is_inflected_place(word.form, language):
            runs.extend([[word], []])
        else:
            runs[-1].append(word)
    return [part for part in runs if part]


def _is_inflected_place(form: str, language: str) -> bool:
    name = place_name(form, language)
    return name is not None and (name.casefold() != form.casefold() or form.isupper())


def _words(text: str, language: str) -> list[_Word]:
    found: list[_Word] = []
    end = 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        starts = not found or _SENTENCE_START.search(between) is not None
        form = without_elision(match[0], language)
        name = without_suffix(form, language)
        start = match.end() - len(form)
        found.append(_Word(start, start + len(name), name, starts, between == " " and form == match[0]))
        end = start + len(name)
    return found


def _is_acronym(form: str) -> bool:
    return 2 <= sum(map(str.isalpha, form)) <= 8 and form.isupper()


def _is_latin(form: str) -> bool:
    return form[0] < "\u0250"


def _has_capital(form: str) -> bool:
    return form[0].isupper() or (any(map(str.isupper, form[1:])) and form[0].isalpha())


def _runs(words: list[_Word], within: set[str], lower: set[str], ignored: frozenset[str], language: str) -> Iterator[list[_Word]]:
    """Yield the runs of words that make up a name."""
    particles = _PARTICLES.difference(_PREPOSITIONS.get(language, ()))
    in_latin = 2 * sum(_is_latin(word.form) for word in words) > len(words)
    place = 0
    while place < len(words):
        run: list[_Word] = []
        end = place
        while end < len(words) and len(run) < MAX_NAME_WORDS and (not run or words[end].follows):
            word = words[end]
            if run and run[0].form[0].isalpha() and word.form[0].isalpha() and _is_latin(run[0].form) != _is_latin(word.form):
                break  # a name in another script than the words around it
            is_name = _has_capital(word.form) and word.form.lower().replace("’", "'") not in ignored
            if is_name and word.starts_sentence and (_is_latin(word.form) is in_latin):
                # A word that is in lower case elsewhere has its capital from the sentence.
                is_name = word.form in within or _is_acronym(word.form) or (len(word.form) > 1 and not word.form[1:].islower())
                is_name = is_name or (not run and place_name(word.form, language) is not None)
                is_name = is_name and word.form.lower() not in lower
            if is_name or (run and _NUMBER.fullmatch(word.form) and not run[-1].form[0].isdigit()):
                run.append(word)
            elif run and word.form in particles and end + 1 < len(words) and words[end + 1].follows:
                if not _has_capital(words[end + 1].form):
                    break
                run.append(word)
            else:
                break
            end += 1
        while run and run[-1].form in particles:
            run.pop()
        if run:
            yield run
        place = max(end, place + 1)
