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


_MORE = {
    "uk": (
        "а", "або", "адже", "аж", "але", "без", "більш", "більше", "був", "була", "були", "було", "бути", "буде", "будуть",
        "вам", "вас", "ваш", "вже", "ви", "від", "він", "вона", "вони", "воно", "все", "всі", "всіх", "де", "для", "до", "дуже",
        "є", "ж", "за", "зі", "й", "його", "їх", "її", "їм", "коли", "крім", "лише", "має", "мають", "можна", "може", "можуть",
        "ми", "мій", "на", "над", "наш", "не", "ні", "під", "після", "по", "при", "про", "саме", "своє", "свої", "своїх",
        "себе", "собі", "та", "так", "такий", "також", "там", "те", "ти", "тим", "то", "тільки", "того", "той", "тому", "у",
        "усі", "це", "цей", "цього", "ця", "ці", "цих", "чи", "через", "що", "щоб", "як", "яка", "який", "яких", "які", "якщо",
        "яке", "якого", "якої",
    ),
}  # fmt: skip
"""Further stop words of a language whose list is short."""


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
    return frozenset(words.difference(_NAMES.get(language, ())).union(_MORE.get(language, ())))
