"""Stop words of many languages, from the package stopwordsiso (MIT); it is loaded when a text first needs it."""

from __future__ import annotations

import functools

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

    if not has_lang(language):
        return frozenset()
    words = {part for word in stopwords(language) for part in (word.casefold(), word.casefold().replace("’", "'"))}
    return frozenset(words.difference(_NAMES.get(language, ())))
