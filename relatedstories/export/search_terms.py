"""The terms by which a site is searched; `templates/search.js` makes them of what a reader types, by the same rules."""

from __future__ import annotations

import functools
import re
import unicodedata

__all__ = ["MAX_LETTERS", "search_terms"]

MAX_LETTERS = 40
"""Number of letters of a term; the rest of a longer word is not compared."""

_ASCII_WORD = re.compile("[a-z0-9]+")
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]+")
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i", "ς": "σ"}
)
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_FIRST_UNSPACED = re.compile(f"[{_UNSPACED}]")


class _Separators(dict[int, str]):
    """Maps each character that is no letter, digit or mark to a space; what it has seen it knows."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = char if unicodedata.category(char)[0] in "LNM" else " "
        return self[code]


_SEPARATORS = _Separators()


def search_terms(text: str) -> list[str]:
    """Return the terms of a text, each once: words in lower case without accents; in scripts without spaces, pairs of letters.

    The last letter of a run without spaces is a term, too, so that each letter begins one.

    Examples
    --------
    >>> search_terms("Łódź: the São Paulo of Poland"), search_terms("東京都 2020")
    (['lodz', 'the', 'sao', 'paulo', 'of', 'poland'], ['東京', '京都', '都', '2020'])
    """
    if text.isascii():
        return list(dict.fromkeys(word[:MAX_LETTERS] for word in _ASCII_WORD.findall(text.lower())))
    words = _folded(text).translate(_SEPARATORS).split()
    return list(dict.fromkeys(term for word in words for term in _terms_of_word(word)))


def _folded(text: str) -> str:
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).lower().translate(_LETTERS)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", plain))


@functools.lru_cache(1 << 14)
def _terms_of_word(word: str) -> tuple[str, ...]:
    if not _FIRST_UNSPACED.search(word):
        return (word[:MAX_LETTERS],)
    terms: list[str] = []
    for run in _RUN.findall(word):
        if _FIRST_UNSPACED.match(run):
            terms += [run[place : place + 2] for place in range(len(run))]
        else:
            terms.append(run[:MAX_LETTERS])
    return tuple(terms)
