"""Terms: the words of a text in the form in which they are counted and compared, in any language.

Words are in lower case, mostly without accents, and reduced to their stems; those of English are when an index has counted
them. In scripts without spaces, pairs of neighbouring characters stand for words, and so do pairs of syllables in Korean, whose
particles hang on to words. An index keeps the terms of each language apart (`in_language`), since words of two languages that
look alike have little to do with each other: German "die" and English "die".
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import re
import unicodedata
from collections.abc import Collection, Iterator

from relatedstories.accents import strip_accents
from relatedstories.text.stemming import stemmer
from relatedstories.text.stop_words import stop_words

__all__ = [
    "DIVIDED",
    "ENGLISH",
    "HAN",
    "HANGUL",
    "HIRAGANA",
    "KATAKANA",
    "UNSEEN",
    "WITHOUT_SPACES",
    "english_stop_words",
    "english_words",
    "in_language",
    "language_of_key",
    "pairs_of",
    "script_runs",
    "stem_key",
    "stem_of",
    "terms_of",
    "terms_of_name",
    "without_elision",
    "without_language",
    "without_suffix",
    "words_by_term",
]

ENGLISH = "en"

WITHOUT_SPACES = frozenset(("bo", "ja", "km", "lo", "my", "th", "zh"))
"""Languages that put no spaces between words."""

NEWS_WORDS = {
    *("amount", "bill", "bottom", "computer", "cry", "detail", "fill", "fire", "found", "interest"),
    *("mill", "mine", "move", "serious", "side", "system"),
}
"""Words on scikit-learn's list of stop words that news is about, and that are therefore counted."""

_ENGLISH_WORD = re.compile(r"\b\w\w+\b")
_WORD = re.compile(r"\w[\w\u0300-\u036f\u0900-\u0dff]+")  # vowel signs of Indian scripts are no letters
UNSEEN = re.compile("[\u00ad\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200d\u2060\ufeff]")
"""Joiners and soft hyphens, and the vowel signs of Hebrew and Arabic, which most texts leave out."""

_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|all|dall|dell|nell|sull|un|quest)['’](?=\w)")
_ELIDING = frozenset(("ca", "fr", "it", "oc"))
"""Languages that write an article and the next word as one: "l'eau"."""

_SUFFIX = re.compile(r"(?<=\w)['’]\w+$")
_WITH_SUFFIXES = frozenset(("az", "tr"))
"""Languages that write an apostrophe between a name and its ending: "Ankara'da"."""

_WITH_ACCENTS = frozenset(("hi", "mr", "ne", "bn", "ta", "te", "kn", "ml", "gu", "pa", "si", "or", "vi"))
"""Languages whose words would become others without accents, or fall apart."""

_NAMES_STAY = frozenset((ENGLISH, "ar", "ca", "es", "fr", "gl", "id", "it", "ms", "nl", "oc", "pt"))
"""Languages whose names have no endings, so that a stem would only make "Martin" and "Martinique" one."""

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KATAKANA = "\u30a1-\u30fa\u30fc-\u30fe"
HIRAGANA = "\u3041-\u309f"
HANGUL = "\u3131-\u318e\uac00-\ud7a3"  # these four: the characters of a script, as within the brackets of a pattern

_SOUTH_EAST = "\u0e01-\u0eff\u0f40-\u0fbc\u1000-\u109f\u1780-\u17d3\uaa60-\uaa7f"
DIVIDED = HAN + HANGUL + KATAKANA + HIRAGANA + _SOUTH_EAST
"""Characters of the scripts whose words spaces do not tell, or not alone."""

_PIECE = re.compile(
    rf"(?P<pairs>[{HAN}]+|[{HANGUL}]+)|(?P<kana>[{KATAKANA}]+)|(?P<hiragana>[{HIRAGANA}]+)|(?P<clusters>[{_SOUTH_EAST}]+)"
    rf"|(?P<word>[^\W{DIVIDED}]+)"
)
_CLUSTER = re.compile(
    r"[เแโใไເແໂໃໄ]?\w"
    r"[\u0e30-\u0e3a\u0e45\u0e47-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b6-\u17d3\u0f71-\u0fbc]*"
)
"""A letter with the vowel written before it, and the vowels and tones written at it and after it."""

_MAX_KNOWN = 500_000  # words of a language whose terms are kept


@functools.cache
def english_stop_words() -> frozenset[str]:
    """Return the English words that are not counted."""
    return frozenset(_scikit_learns_stop_words() - NEWS_WORDS)


def _scikit_learns_stop_words() -> frozenset[str]:
    """Return the stop words of scikit-learn, from their own module where it has one, as importing the whole takes a second."""
    package = importlib.util.find_spec("sklearn")
    for folder in (package and package.submodule_search_locations) or ():
        path = os.path.join(folder, "feature_extraction", "_stop_words.py")
        spec = importlib.util.spec_from_file_location("_stop_words", path) if os.path.isfile(path) else None
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
            if isinstance(words := getattr(module, "ENGLISH_STOP_WORDS", None), frozenset):
                return words
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS)


def terms_of(text: str, language: str) -> list[str]:
    """Return the terms of a text, each as often as it occurs.

    Parameters
    ----------
    text : str
    language : str
        Its code, as `relatedstories.text.languages.language_of` returns it.

    Examples
    --------
    >>> terms_of("The station of São Paulo", "en"), terms_of("Die Häuser am Fluß", "de"), terms_of("東京駅とタワー", "ja")
    (['station', 'sao', 'paulo'], ['haus', 'fluss'], ['東京', '京駅', 'タワー'])
    """
    if language == ENGLISH:
        ignored = english_stop_words()
        return [stem_of(word) for word in english_words(text) if word not in ignored]
    found = map(_terms(language).__getitem__, _words(text, language))
    return [term for term in found if term]


def terms_of_name(name: str, language: str) -> list[str]:
    """Return the terms of a name; in English its stop words too, which no event has as terms: to know their list costs an import.

    Examples
    --------
    >>> terms_of_name("State of the Unions", "en"), terms_of_name("Die Häuser", "de")
    (['state', 'of', 'the', 'union'], ['haus'])
    """
    return [stem_of(word) for word in english_words(name)] if language == ENGLISH else terms_of(name, language)


def words_by_term(text: str, language: str) -> dict[str, str]:
    """Return the first word of a text, in lower case, for each of its terms: readers should not see stems.

    Examples
    --------
    >>> words_by_term("Ministries meet the ministry", "en"), words_by_term("Die Häuser", "de")
    ({'ministri': 'ministries', 'meet': 'meet'}, {'haus': 'häuser'})
    """
    if language == ENGLISH:
        pairs = [(stem_of(word), word) for word in english_words(text) if word not in english_stop_words()]
    else:
        pairs = [(_terms(language)[word], word) for word in _words(text, language)]
    found: dict[str, str] = {}
    for term, word in pairs:
        if term:
            found.setdefault(term, word)
    return found


def english_words(text: str) -> list[str]:
    """Return the words of a text in English: of two letters or more, in lower case, without accents, stop words too."""
    return _ENGLISH_WORD.findall(strip_accents(text.lower()))


def stem_of(word: str) -> str:
    """Return the stem of an English word in the form of `english_words`; a term of another language stays as it is.

    Examples
    --------
    >>> stem_of("stations"), stem_of("de:stationen")
    ('station', 'de:stationen')
    """
    return word if ":" in word else _english_stem(word)


@functools.lru_cache(1 << 17)
def _english_stem(word: str) -> str:
    stem = stemmer(ENGLISH)
    return word if stem is None else stem(word)


def in_language(term: str, language: str) -> str:
    """Return a term, or the key of a topic, as an index knows it: with its language before it, unless that is English.

    Examples
    --------
    >>> in_language("tram", "fr"), in_language("tram", "en")
    ('fr:tram', 'tram')
    """
    return term if language == ENGLISH else f"{language}:{term}"


def language_of_key(term: str) -> str:
    """Return the language that `in_language` was given.

    Examples
    --------
    >>> language_of_key("fr:tram"), language_of_key("tram")
    ('fr', 'en')
    """
    language, colon, _ = term.partition(":")
    return language if colon else ENGLISH


def without_language(term: str) -> str:
    """Return what `in_language` was given: neither a term nor a key has a colon.

    Examples
    --------
    >>> without_language("fr:tram"), without_language("tram")
    ('tram', 'tram')
    """
    return term.rpartition(":")[2]


def stem_key(key: str, language: str) -> str:
    """Return the key that the inflected forms of a name share, given the name in lower case.

    Examples
    --------
    >>> stem_key("ukrainy", "pl") == stem_key("ukraina", "pl"), stem_key("states", "en")
    (True, 'states')
    """
    stem = None if language in _NAMES_STAY else stemmer(language)
    return key if stem is None else " ".join([_stripped(stem(word), language) or word for word in key.split()])


def without_elision(words: str, language: str) -> str:
    """Return words without the short one that the first is written together with; names such as "L'Aquila" stay.

    Examples
    --------
    >>> [without_elision(words, "fr") for words in ("l'API", "d'OpenSSL 3", "L'eau", "L'Aquila")]
    ['API', 'OpenSSL 3', 'eau', "L'Aquila"]
    """
    match = _ELISION.match(words.lower()) if language in _ELIDING else None
    if match is None or (words[0].isupper() and words[match.end()].isupper()):
        return words
    return words[match.end() :]


def without_suffix(words: str, language: str) -> str:
    """Return words without the ending that an apostrophe divides from the last, as in Turkish from names.

    Examples
    --------
    >>> without_suffix("Yeni Ankara'da", "tr"), without_suffix("Ankara's", "en")
    ('Yeni Ankara', "Ankara's")
    """
    return _SUFFIX.sub("", words) if language in _WITH_SUFFIXES else words


def _words(text: str, language: str) -> Iterator[str]:
    """Yield the words of a text in another language than English, in lower case, and the pairs that stand for words."""
    if not text.isascii():
        text = UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    text = text.replace("İ", "i").replace("I", "ı").lower() if language in ("tr", "az") else text.lower()
    if language in _ELIDING:
        text = _ELISION.sub(" ", text)
    if language in WITHOUT_SPACES or language == "ko":
        yield from _pieces(text)
    else:
        yield from _WORD.findall(text)


def _pieces(text: str) -> list[str]:
    """Return the words of a text in a script without spaces, as far as they can be told, and pairs of characters."""
    found: list[str] = []
    hiragana: list[str] = []
    for match in _PIECE.finditer(text):
        kind, piece = match.lastgroup, match[0]
        if kind == "clusters":
            clusters = _CLUSTER.findall(piece)
            found += map("".join, itertools.pairwise(clusters)) if len(clusters) > 1 else clusters
        elif kind == "pairs":
            found += map("".join, itertools.pairwise(piece)) if len(piece) > 1 else [piece]
        elif kind == "hiragana":
            hiragana += map("".join, itertools.pairwise(piece))
        elif len(piece) > 1:
            found.append(piece)
    return found or hiragana  # hiragana are endings and particles, unless there is nothing else


def script_runs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the runs of characters of one script that may be words, with their offsets; hiragana, mostly endings, are none.

    Examples
    --------
    >>> list(script_runs("東京のタワー"))
    [(0, '東京'), (3, 'タワー')]
    """
    for match in _PIECE.finditer(text):
        if match.lastgroup != "hiragana":
            yield match.start(), match[0]


def pairs_of(run: str) -> list[str]:
    """Return the terms of a run of one script in lower case."""
    return _pieces(unicodedata.normalize("NFKC", run))


class _Terms(dict[str, str]):
    """The terms of the words of a language, which are found when first asked for; "" for a stop word."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        # Where words are not told apart, neither are stop words.
        self._ignored: Collection[str] = () if language in WITHOUT_SPACES else stop_words(language)
        self._stem = None if language in WITHOUT_SPACES or language == "ko" else stemmer(language)

    def __missing__(self, word: str) -> str:
        if word in self._ignored:
            term = ""
        else:
            term = _stripped(word if self._stem is None else self._stem(word), self._language) or word
        if len(self) < _MAX_KNOWN:
            self[word] = term
        return term


_terms = functools.cache(_Terms)


def _stripped(word: str, language: str) -> str:
    """Return a word in Latin or Greek script without accents, unless its language needs them, and with "ss" for "ß"."""
    if word.isascii() or language in _WITH_ACCENTS:
        return word
    return strip_accents(word.replace("ß", "ss")) if word[0] < "\u0400" or "\u1e00" <= word[0] < "\u2000" else word
