"""Accents: the one rule by which letters lose them."""

from __future__ import annotations

import functools
import re
import unicodedata
from itertools import filterfalse

__all__ = ["strip_accents"]

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def strip_accents(text: str) -> str:
    """Return the text without accents: in Unicode's form NFKC, without marks that a name is the same without.

    The marks of Thai, Japanese and the scripts of India stay, since they make another letter: "ガ" is no "カ" with an accent.

    Examples
    --------
    >>> strip_accents("São Paulo"), strip_accents("Łódź"), strip_accents("ガス")
    ('Sao Paulo', 'Łodz', 'ガス')
    """
    if text.isascii():
        return text
    return _NOT_ASCII.sub(_letters_without_accents, text)


def _letters_without_accents(found: re.Match[str]) -> str:
    return _without_accents(found[0])


@functools.lru_cache(1 << 12)  # mostly a single letter or sign
def _without_accents(letters: str) -> str:
    return unicodedata.normalize("NFC", "".join(filterfalse(_is_accent, unicodedata.normalize("NFKD", letters))))


def _is_accent(char: str) -> bool:
    # The classes from 7 to 9 and from 84 to 132 are voicing marks, signs between consonants, vowels and tones.
    combining = unicodedata.combining(char)
    return combining > 0 and not 7 <= combining <= 9 and not 84 <= combining <= 132
