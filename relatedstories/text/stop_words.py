"""Stop words of many languages, from the package stopwordsiso (MIT), which is loaded when a text first needs it.

Those of languages that it lacks, or has few of, are in models/words.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

from relatedstories.artefacts import table

__all__ = ["stop_words"]

_NAMES = {
    "de": ("deutschland", "mann", "mensch", "menschen"),
    "es": ("españa",),
    "fi": ("maa",),
    "pl": ("polska",),
    "ru": (
        *("вода", "война", "голова", "город", "двор", "дом", "земля", "книга", "любовь", "мир", "москва", "мужчина", "ночь"),
        *("общество", "окно", "отец", "правда", "россия", "страна", "товарищ", "утро"),
    ),
    "zh": ("人民", "国家", "大学"),
}
"""Words on the lists that news is about, and that therefore count."""


@functools.cache
def stop_words(language: str) -> frozenset[str]:
    """Return the stop words of a language, in lower case; none for a language without a list.

    Examples
    --------
    >>> "und" in stop_words("de"), "und" in stop_words("fr"), stop_words("und")
    (True, False, frozenset())
    """
    from stopwordsiso import has_lang, stopwords

    listed = stopwords(language) if has_lang(language) else ()
    words = {form for word in listed for form in _spellings(word, language)}
    return frozenset(words.difference(_NAMES.get(language, ())).union(_more().get(language, ())))


def _spellings(word: str, language: str) -> Iterator[str]:
    """Yield the forms in which texts have a word of the list."""
    if language == "lt":  # the list was read in the wrong encoding: "ðis" for "šis"
        word = word.encode("latin-1", "ignore").decode("cp1257", "ignore")
    for form in (word.lower(), word.casefold()):  # in Greek, the last letter differs
        yield from (form, form.replace("’", "'"))
        if language == "ro":  # the list has letters of before Unicode 3.0, with a cedilla
            yield form.replace("ş", "ș").replace("ţ", "ț")


@functools.cache
def _more() -> Mapping[str, list[str]]:
    return {language: words.split() for language, words in table("words/stop_words.tsv")}
