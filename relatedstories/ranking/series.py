"""Series: what the titles of a column or a kind of news begin with, such as "Trends on Tuesday: "."""

from __future__ import annotations

import re

from relatedstories.ranking.shapes import says_when

__all__ = ["in_series", "without_dates"]

_SERIES = re.compile(r"(?P<name>[^:：|]{3,60}?) ?(?:[:：|]|\s[-–—])\s*(?=\S)")


def in_series(title: str, other: str) -> tuple[str | None, str, str]:
    """Return the name of the series that two titles begin with, and the rest of both; None and both titles if there is none.

    Examples
    --------
    >>> in_series("Trends on Tuesday: tablets", "Trends on Tuesday: old phones")
    ('Trends on Tuesday', 'tablets', 'old phones')
    >>> in_series("Oslo: snow", "Bergen: rain")
    (None, 'Oslo: snow', 'Bergen: rain')
    """
    ours, theirs = _SERIES.match(title), _SERIES.match(other)
    if ours is None or theirs is None or ours["name"].casefold() != theirs["name"].casefold():
        return None, title, other
    return ours["name"], title[ours.end() :], other[theirs.end() :]


def without_dates(title: str, language: str) -> str:
    """Return a title in lower case without numbers, months and days of the week.

    Examples
    --------
    >>> without_dates("Harbour News, May 2024: issue 12b", "en")
    'harbour news issue'
    """
    words = re.findall(r"\w+", title)
    return " ".join(word.casefold() for word in words if not any(map(str.isdigit, word)) and not says_when(word, language))
