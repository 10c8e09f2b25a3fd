"""Text without accents."""

import unicodedata

__all__ = ["strip_accents"]


def strip_accents(text: str) -> str:
    """Return the text in compatibility decomposition (NFKD) without combining characters.

    Examples
    --------
    >>> strip_accents("São Paulo")
    'Sao Paulo'
    """
    if text.isascii():
        return text
    return "".join([char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)])
