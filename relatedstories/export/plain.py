"""Titles and texts of events as plain text, kept for a while: a page shows them in several places, and other pages again."""

from __future__ import annotations

import functools

from relatedstories.text.cleaning import clean
from relatedstories.text.titles import plain_title

__all__ = ["cut_at_word", "title_of", "words_of"]

N_TITLES = 1 << 16
"""Number of titles that are kept."""

N_TEXTS = 64
"""Number of texts that are kept, which may be long."""

title_of = functools.lru_cache(N_TITLES)(plain_title)
"""Return a title without HTML, as `plain_title` does."""


@functools.lru_cache(N_TEXTS)
def words_of(text: str) -> str:
    """Return a text without its markup.

    Examples
    --------
    >>> words_of("<p>Rain in <b>Wales</b>")
    'Rain in Wales'
    """
    return clean(text).text


def cut_at_word(text: str, limit: int = 160) -> str:
    """Return the text on one line, cut between words if it is longer than the limit.

    Examples
    --------
    >>> cut_at_word("Rain in Wales", 10)
    'Rain in…'
    """
    return _cut(text[: 4 * limit], limit)


@functools.lru_cache(N_TITLES)
def _cut(text: str, limit: int) -> str:
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return (line[:limit].rpartition(" ")[0] or line[: limit - 1]) + "…"
