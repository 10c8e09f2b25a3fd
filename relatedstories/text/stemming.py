"""Stems: the part of a word that its inflected forms share, by the stemmers of Snowball."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Stem", "stemmer"]

Stem: TypeAlias = Callable[[str], str]
"""Returns the stem of a word in lower case."""

_SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hr": "serbian", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""The name of each language's stemmer."""

_ENDINGS = {
    # Ukrainian and Belarusian: endings of cases and of adjectives, then of verbs; the longest that leaves three letters goes.
    "uk": re.compile(
        r"(?<=...)(?:ями|ами|ові|еві|єві|ого|ому|ими|іми|ість|ості|ення|ень|анн[яіює]|енн[яіює]|ах|ях|ів|їв|ам|ям|ом|ем|єм|ою|ею|єю"
        r"|ій|ий|ої|их|іх|ть|ти|ся|[аеєиіїйоуьюя])$"
    ),
    "be": re.compile(
        r"(?<=...)(?:ямі|амі|ага|яга|аму|яму|ымі|імі|асць|асці|ах|ях|аў|яў|ам|ям|ом|ем|ай|яй|ой|ый|ых|іх|ць|[аеёіоуыьэюяй])$"
    ),
    # Bulgarian and Macedonian put the article at the end.
    "bg": re.compile(r"(?<=...)(?:ията|ието|иите|овете|ите|ата|ята|ото|ето|тата|ият|ът|ят|ове|еве|та|то|те|[аеийоуъьюя])$"),
    "mk": re.compile(r"(?<=...)(?:овите|ите|ата|ото|ета|иот|от|та|то|те|ови|[аеиоуј])$"),
    "sk": re.compile(r"(?<=...)(?:ami|ách|iach|och|ého|ému|ými|ých|ím|ov|ám|am|om|ou|ej|[aáeéiíoóuúyý])$"),
    "sl": re.compile(r"(?<=...)(?:ega|emu|imi|ami|ima|oma|ih|im|ov|em|om|am|ah|[aeiou])$"),
    # Korean: particles after a noun; a noun of a single syllable keeps what may be its second.
    "ko": re.compile(
        r"(?<=..)(?:에서는|에서의|으로의|으로는|에게서|까지|부터|에서|에게|으로|이라고|라고|이라는|라는|보다|처럼|만큼|마다|이나|이며|하고|과의|와의"
        r"|했습니다|합니다|입니다|됩니다|되었습니다|하였습니다|하는|하여|해서|했다|한다|되는|된다|에는|에도|은|는|이|가|을|를|의|에|로|와|과|도|만|인|한|할|된)$"
    ),
}
"""The endings of inflected words of languages without a stemmer in Snowball, in a few lines: cases of nouns above all."""

_ARABIC_LETTERS = str.maketrans("أإآٱىؤئ", "اااايوي", "ـ")
_TEH_MARBUTA = re.compile("ة$")


@functools.cache
def stemmer(language: str) -> Stem | None:
    """Return the function that gives the stem of a word of a language; None if its words are taken as they are.

    Examples
    --------
    >>> [stemmer("de")(word) for word in ("haus", "häuser")], [stemmer("uk")(word) for word in ("україна", "україни")]
    (['haus', 'haus'], ['україн', 'україн'])
    """
    if language in _ENDINGS:
        return functools.partial(_ENDINGS[language].sub, "")
    if language not in _SNOWBALL:
        return None
    import Stemmer

    snowball, lock = Stemmer.Stemmer(_SNOWBALL[language], 0), threading.Lock()

    def stem(word: str) -> str:
        with lock:  # a stemmer serves one thread at a time
            return str(snowball.stemWord(word))

    def arabic_stem(word: str) -> str:
        # The stemmer takes off "ة" itself, but an ending that was written "ه" stays.
        return _TEH_MARBUTA.sub("ه", stem(word.translate(_ARABIC_LETTERS)))

    return arabic_stem if language == "ar" else stem
