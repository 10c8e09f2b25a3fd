"""Accents: the one rule by which letters lose them."""

from __future__ import annotations

import unicodedata

__all__ = ["strip_accents"]


def strip_accents(text: str) -> str:
    """Return the text without accents: in Unicode's compatibility decomposition (NFKD), without combining marks.

    Examples
    --------
    >>> strip_accents("São Paulo"), strip_accents("Łódź")
    ('Sao Paulo', 'Łodz')
    """
    if text.isascii():
        return text
    return "".join([char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)])
