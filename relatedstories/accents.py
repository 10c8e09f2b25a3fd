"""Accents: the one rule by which letters lose them."""

from __future__ import annotations

import unicodedata

__all__ = ["strip_accents"]


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
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", text).translate(_WITHOUT_ACCENTS))


class _WithoutAccents(dict[int, int | None]):
    """What each character becomes: None for an accent, itself otherwise; filled in as characters come up."""

    def __missing__(self, code: int) -> int | None:
        # The classes from 7 to 9 and from 84 to 132 are voicing marks, signs between consonants, vowels and tones.
        combining = unicodedata.combining(chr(code))
        is_accent = combining > 0 and not 7 <= combining <= 9 and not 84 <= combining <= 132
        self[code] = None if is_accent else code
        return self[code]


_WITHOUT_ACCENTS = _WithoutAccents()
