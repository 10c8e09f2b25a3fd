"""Detect the language of a text.

A language is named by its code in ISO 639-1: "en". The script of a text often tells its language, and so do the function words
of English. Only for other texts the detector py3langid is loaded, which takes about a second and 100 MB.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from relatedstories.artefacts import table
from relatedstories.events import Event
from relatedstories.text.cleaning import clean
from relatedstories.text.stop_words import stop_words
from relatedstories.text.terms import ENGLISH

__all__ = [
    "SAMPLE_CHARS",
    "UNKNOWN",
    "language_of",
    "language_of_event",
    "possible_languages",
    "possible_languages_of_event",
    "settled",
]

SAMPLE_CHARS = 1000
"""Number of a text's first characters that its language is told by."""

UNKNOWN = "und"
"""The code for a text in none of the languages that can be told, as in ISO 639-2."""

MIN_SCRIPT_SHARE = 0.15
"""The share of letters in another script from which a text is in a language of that script, since names, code and addresses
within it are in Latin script."""

_NOISE = re.compile(r"(?<!\S)(?=\S*?(?:[\d_=<>{}@]|://|www\.))\S+")  # addresses, versions, checksums, code
_LONG_MARKUP = re.compile(r"<(?:script|style|pre|code|textarea|!)|`{3}|~{3}|\{[%{]", re.IGNORECASE)  # its end may be far away
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

_LAST_LATIN = "ʯ"
"""The last letter of the Latin blocks of Unicode; the few Latin letters beyond are told by their names."""

_BEYOND_LATIN = re.compile(f"[^\0-{_LAST_LATIN}]")

_ENGLISH = frozenset((
    "the", "and", "with", "from", "that", "after", "their", "which", "would", "they", "were", "been", "have", "has", "this",
    "its", "it", "his", "her", "she", "he", "who", "will", "not", "but", "what", "when", "where", "how", "why", "you", "your",
    "our", "we", "than", "about", "over", "more", "into", "before", "during", "while", "says", "said", "could", "should",
    "against",
))  # fmt: skip
"""Function words of English that hardly occur in other languages."""

_ALSO_ENGLISH = frozenset((
    "a", "an", "as", "at", "by", "for", "in", "is", "of", "on", "or", "to", "was", "are", "be", "no", "new", "up", "out",
    "all", "i", "do", "can", "one", "if", "so", "dies",
))  # fmt: skip
"""Function words of English that other languages have, too."""

_IN_OTHER_LISTS = frozenset((
    "also", "am", "co", "con", "de", "due", "eg", "etc", "even", "go", "had", "ie", "inc", "may", "me", "most", "my", "nor",
    "part", "per", "re", "same", "see", "six", "take", "ten", "un", "under", "us", "via", "whatever",
))  # fmt: skip
"""Other small words of English news that are on the lists of function words of other languages."""

# Scripts by the first word of their characters' names in Unicode, with the only language that news in them is in.
_SCRIPT_LANGUAGE = {
    "ARMENIAN": "hy", "BENGALI": "bn", "ETHIOPIC": "am", "GEORGIAN": "ka", "GREEK": "el", "GUJARATI": "gu", "GURMUKHI": "pa",
    "HANGUL": "ko", "HEBREW": "he", "KANNADA": "kn", "KHMER": "km", "LAO": "lo", "MALAYALAM": "ml", "MYANMAR": "my",
    "ORIYA": "or", "SINHALA": "si", "TAMIL": "ta", "TELUGU": "te", "THAANA": "dv", "THAI": "th", "TIBETAN": "bo",
}  # fmt: skip
_SCRIPT_LANGUAGES = {
    "CYRILLIC": ("ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg", "tt"),
    "ARABIC": ("ar", "fa", "ur", "ps", "ku", "ug"),
    "DEVANAGARI": ("hi", "mr", "ne"),
}
"""Scripts of several languages; the first is the language of a text that gives no sign of another."""

_SIGNS = (
    *(("CYRILLIC", "ўЎ", "be"), ("CYRILLIC", "іїєґІЇЄҐ", "uk"), ("CYRILLIC", "ѓќѕЃЌЅ", "mk"), ("CYRILLIC", "ђјљњћџЂЈЉЊЋЏ", "sr")),
    *(("ARABIC", "ٹڈںےڑ", "ur"), ("ARABIC", "ټډړښګڼ", "ps"), ("ARABIC", "ڕڵۆێ", "ku"), ("ARABIC", "پچژگی", "fa")),
)
"""Letters that only one of the languages of a script has, the surest first."""

_CYRILLIC_OF_OTHERS = re.compile("[әғқңөұүһҳҷӣӯҗ]", re.IGNORECASE)
_ONLY_RUSSIAN = re.compile("[ыэё]", re.IGNORECASE)  # also Belarusian, which has a sign of its own

_ONLY_JAPANESE = frozenset(
    "気発駅図対戦黒沢広観変円県総検続児挙応売労覚帰経権歳脳転働込畑峠榊辻単営厳収実読説訳済録竜楽価仏択鉄悪"
)
"""Characters that Japanese has and Chinese, as it is mostly printed, has not: they tell a headline without kana."""

_LATIN = ("cs", "da", "de", "en", "eo", "es", "fi", "fr", "hr", "hu", "id", "it", "nl", "no", "pl", "pt", "ro", "sv", "tr", "vi")
_RARER = (
    *("af", "az", "ca", "cy", "et", "eu", "fo", "ga", "gl", "is", "lt", "lv", "ms", "mt", "sk", "sl", "sq", "sw", "tl", "uz"),
)
"""Languages in Latin script that are told apart: those of many news archives, which a few words suffice for, and others."""

MIN_WORDS, SURE_WORDS = 3, 12
"""Number of words from which a text can be in a language other than the default one, and in a rarer language."""

SURE_CHARACTERS = 20
"""Number of Chinese characters without kana from which a text is not Japanese."""

MIN_KNOWN = 0.6
"""The share of words that occur in English news from which a text is in English, whatever its function words."""

MIN_LETTERS = 4
"""Number of letters from which a word of the list of English function words counts: shorter ones are codes and abbreviations."""

MIN_AGAINST_ONE = 3
"""Number of words of English news that each function word of another language needs beside it in an English text."""

SURE, POSSIBLE = 0.7, 0.15
"""The detector's probability that suffices for a language, and the one that does if function words of the language confirm it.

On 4,300 headlines and first halves of sentences in English without a sure function word of English, no other language had 0.7.
"""

MIN_FUNCTION_WORDS = 0.12
"""The share of function words in a text that confirms a language."""


def language_of(text: str, declared: str | None = None, default: str = ENGLISH) -> str:
    """Return the code of the language that a text is in.

    Parameters
    ----------
    text : str
        Its first `SAMPLE_CHARS` characters are read.
    declared : str, optional
        The code of the language if it is known; then the text is not read.
    default : str, default "en"
        The language of a text in Latin script that gives too little evidence of another, such as a short headline, and of
        one without letters.

    Returns
    -------
    str
        `UNKNOWN` for a script that no known language has.

    Examples
    --------
    >>> language_of("Snow closes the airport"), language_of("Der Schnee legt den Flughafen lahm"), language_of("東京で地震")
    ('en', 'de', 'ja')
    """
    return declared if declared is not None else settled(possible_languages(text), default)


def possible_languages(text: str) -> tuple[str, ...]:
    """Return the languages that a text may be in, the likeliest first: a single one if it tells it; none if it may be any.

    Examples
    --------
    >>> possible_languages("Der Hafen ist zu"), possible_languages("Berlin 2020"), possible_languages("東京都知事")
    (('de',), (), ('zh', 'ja'))
    """
    sample = text[:SAMPLE_CHARS]
    if sample.isascii():
        if _is_english(sample.lower().split()):
            return (ENGLISH,)
    else:
        sample = unicodedata.normalize("NFC", sample)
        script, share = _main_script(sample)
        if share >= 0.5:
            return _languages_of_script(script, sample)
    sample = _NOISE.sub(" ", sample)
    written = [word for word in _WORD.findall(sample.replace("’", "'")) if word[0] <= _LAST_LATIN]
    words = [word.lower() for word in written]
    is_english = len(words) >= MIN_WORDS and _is_english(words)
    if not sample.isascii() and not is_english:
        script, share = _main_script(sample)
        if share >= MIN_SCRIPT_SHARE and (share >= 0.35 or not _is_prose(sample, words)):
            return _languages_of_script(script, sample)
    if len(words) < MIN_WORDS:
        return ()
    if is_english or _is_in_vocabulary(words, written):
        return (ENGLISH,)
    return _latin_language(sample, words)


def settled(possible: Sequence[str], default: str) -> str:
    """Return the language of a text that may be in some: the default one if that is possible.

    Examples
    --------
    >>> settled(("zh", "ja"), "ja"), settled(("zh", "ja"), "en"), settled((), "en")
    ('ja', 'zh', 'en')
    """
    return default if not possible or default in possible else possible[0]


def language_of_event(event: Event, declared: str | None = None, default: str = ENGLISH) -> str:
    """Return the code of the language of an event: what it says, what was declared, or what its title and text tell.

    `declared` and `default` are those of `language_of`.

    Examples
    --------
    >>> language_of_event(Event("1", "Hafen zu", "<p class='the news of the day'>Der Hafen ist wegen des Sturms zu.</p>"))
    'de'
    """
    return settled(possible_languages_of_event(event, declared), default)


def possible_languages_of_event(event: Event, declared: str | None = None) -> tuple[str, ...]:
    """Return the `possible_languages` of an event: the one it says, that was declared, or those that its title and text tell.

    Markup is no part of what tells them.
    """
    if (known := event.language or declared) is not None:
        return (known,)
    start = event.text[:SAMPLE_CHARS]
    text = clean(start).text
    if len(event.text) > len(start) and (8 * len(text) < len(start) or _LONG_MARKUP.search(start)):
        text = clean(event.text).text
    title = clean(event.title).text
    return possible_languages(f"{title}\n{text}" if title and text else title or text)


def _is_english(words: Sequence[str]) -> bool:
    """Return whether the function words of English among the words leave no doubt."""
    sure = sum([word in _ENGLISH for word in words])
    if not sure or sure * 25 < len(words):
        return False
    return (sure + sum([word in _ALSO_ENGLISH for word in words])) * 5 >= len(words)


def _is_in_vocabulary(words: Sequence[str], written: Sequence[str]) -> bool:
    """Return whether enough of the words are in English news, or some are and hardly any is a function word of another language.

    Function words have no capitals, unless all words have: "Van" and "Al" are parts of names. Names alone tell nothing, as all
    languages have "Oslo".
    """
    words = [word.removesuffix("'s") for word in words]
    known = [word in _vocabulary() for word in words]
    telling = [is_known and word not in _ALSO_ENGLISH for word, is_known in zip(words, known, strict=True)]
    if sum(known) >= MIN_KNOWN * len(words):
        in_capitals = not any(map(str.islower, written))
        return (
            telling[0]
            or any(tells and (in_capitals or not form[0].isupper()) for form, tells in zip(written, telling, strict=True))
            or _has_small_words_of_english([word for word in words if word in written], len(words))
        )
    if sum(telling) < 0.5 * MIN_KNOWN * len(words):
        return False
    foreign = [word for word, form in zip(words, written, strict=True) if form.islower() or (len(word) > 1 and form.isupper())]
    return sum([word in _foreign_function_words() for word in foreign]) * MIN_AGAINST_ONE <= sum(telling)


def _has_small_words_of_english(words: Collection[str], n_words: int) -> bool:
    """Return whether words have some function words of English, of which no other language has all: "is" and "by"."""
    small = (_ENGLISH | _ALSO_ENGLISH).intersection(words)
    return len(small) > 1 and not any(small <= stop_words(code) for code in _latin_languages(n_words) if code != ENGLISH)


@functools.cache
def _vocabulary() -> frozenset[str]:
    """Return the words of English that no other language has in sentences: function words, and those of news (models/terms)."""
    news = frozenset(term for term, _ in table("terms/terms.tsv")) - _foreign_function_words()
    own = {word for word in stop_words(ENGLISH) if len(word) >= MIN_LETTERS and word.isalpha()} - _function_words_of_others()
    return _ENGLISH | _ALSO_ENGLISH | own | news


@functools.cache
def _function_words_of_others() -> frozenset[str]:
    """Return the function words of other languages in Latin script."""
    return frozenset([word for code in (*_LATIN, *_RARER) if code != ENGLISH for word in stop_words(code)])


@functools.cache
def _foreign_function_words() -> frozenset[str]:
    """Return the function words of other languages in Latin script that are none in English."""
    return _function_words_of_others() - _ENGLISH - _ALSO_ENGLISH - _IN_OTHER_LISTS


def _latin_languages(n_words: int) -> tuple[str, ...]:
    """Return the languages in Latin script that a text of some words can be in."""
    return _LATIN if n_words < SURE_WORDS else (*_LATIN, *_RARER)


def _main_script(sample: str) -> tuple[str, float]:
    """Return the script, other than Latin, of most letters of a text, and its share of the text.

    It is "KANA" for Chinese characters with kana, "CJK" for those alone.
    """
    counts = Counter([_script_of(char) for char in _BEYOND_LATIN.findall(sample) if char.isalpha()])
    counts.pop("LATIN", None)
    kana = counts.pop("HIRAGANA", 0) + counts.pop("KATAKANA", 0)
    characters = kana + counts.pop("CJK", 0)
    if characters:
        counts["KANA" if kana * 10 >= characters else "CJK"] = characters
    if not counts:
        return "LATIN", 0.0
    script = min(counts, key=lambda name: (-counts[name], name))
    # A word is two or three characters of these, but five or six letters.
    weighed = counts[script] * (2.5 if script in ("KANA", "CJK", "HANGUL") else 1.0)
    n_letters = sum([char.isalpha() for char in sample])
    return script, weighed / (n_letters - counts[script] + weighed)


def _is_prose(sample: str, words: Sequence[str]) -> bool:
    """Return whether the Latin words of a text are a language's sentences, and not names, addresses or code."""
    if len(words) < SURE_WORDS:
        return False
    language, _ = _ranked("".join([char if char <= _LAST_LATIN else " " for char in sample]), _LATIN)[0]
    own = stop_words(language)
    return sum([word in own for word in words]) >= MIN_FUNCTION_WORDS * len(words)


@functools.lru_cache(1 << 14)
def _script_of(char: str) -> str:
    """Return the script of a letter, as the first word of its name."""
    name = unicodedata.name(char, "")
    if name.startswith(("HALFWIDTH", "FULLWIDTH")):
        name = name.partition(" ")[2]
    return name.partition(" ")[0].partition("-")[0]


def _languages_of_script(script: str, sample: str) -> tuple[str, ...]:
    """Return the possible languages of a text in a script other than Latin."""
    if script == "KANA":
        return ("ja",)
    if script == "CJK":
        if not _ONLY_JAPANESE.isdisjoint(sample):
            return ("ja",)
        return ("zh", "ja") if sum([char > _LAST_LATIN for char in sample]) < SURE_CHARACTERS else ("zh",)
    if script not in _SCRIPT_LANGUAGES:
        return (_SCRIPT_LANGUAGE.get(script, UNKNOWN),)
    languages = _SCRIPT_LANGUAGES[script]
    if script == "CYRILLIC" and _CYRILLIC_OF_OTHERS.search(sample) is None:
        languages = languages[:6]
        if _ONLY_RUSSIAN.search(sample) and "ў" not in sample:
            return ("be",) if "і" in sample else ("ru",)
    for of_script, letters, language in _SIGNS:
        if of_script == script and language in languages and any(letter in sample for letter in letters):
            return (language,)
    letters = "".join([char if char > _LAST_LATIN else " " for char in sample])
    is_short = len(letters.split()) < SURE_WORDS
    if script == "ARABIC":
        return languages if is_short else ("ar",)
    ranked = _ranked(letters, languages)
    likeliest = ranked[0][0] if ranked[0][1] >= SURE else languages[0]
    return (likeliest, *languages) if is_short else (likeliest,)


def _latin_language(sample: str, words: Sequence[str]) -> tuple[str, ...]:
    """Return the language of a text in Latin script that is not plainly English; nothing if it may be any."""
    n = len(words)
    n_english = sum([word in _ENGLISH or word in _ALSO_ENGLISH for word in words])
    for language, probability in _ranked(sample, _latin_languages(n))[:3]:
        if probability < POSSIBLE:
            break
        if language == ENGLISH:
            return (ENGLISH,) if probability >= SURE else ()
        if probability >= SURE:
            return (language,)
        own = stop_words(language)
        n_own = sum([word in own and word not in _ENGLISH and word not in _ALSO_ENGLISH for word in words])
        if n_own > n_english and n_own >= MIN_FUNCTION_WORDS * n:
            return (language,)
    return ()


def _ranked(sample: str, languages: Collection[str]) -> list[tuple[str, float]]:
    """Return languages with their probabilities, the most likely first."""
    ranked = [(language, p) for language, p in _detector().rank(sample.lower()) if language in languages]
    total = sum(p for _, p in ranked) or 1.0
    return [(language, p / total) for language, p in ranked]


@functools.cache
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
