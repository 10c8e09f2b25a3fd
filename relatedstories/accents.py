"""Accents: the one rule by which letters lose them."""

from __future__ import annotations

import functools
import re
import unicodedata

__all__ = ["strip_accents"]

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def strip_accents(text: str) -> str:
    """Return the text without accents: in Unicode's compatibility decomposition (NFKD), without combining marks.

    Examples
    --------
    >>> strip_accents("São Paulo"), strip_accents("Łódź")
    ('Sao Paulo', 'Łodz')
    """
    if text.isascii():
        return text
    return _NOT_ASCII.sub(_without_marks, text)


def _without_marks(found: re.Match[str]) -> str:
    return _decomposed(found[0])


@functools.lru_cache(1 << 12)  # mostly a single letter or sign
def _decomposed(letters: str) -> str:
    """Return the decomposition of letters without combining marks."""
    return "".join([char for char in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(char)])
