"""Titles as people read them."""

from __future__ import annotations

import re

from relatedstories.text.marks import RULES, Context

__all__ = ["plain_title"]

_MARK = re.compile("[<&]")


def plain_title(title: str) -> str:
    """Return a title without HTML: entities decoded, tags cut, "<br>" a space.

    Nothing else changes, as a title is read as it is written: ``__init__`` keeps its underscores. A title that is nothing but
    tags stays.

    Examples
    --------
    >>> plain_title("Caf&eacute; &amp; <em>bar</em><br>closes"), plain_title("5 < 6")
    ('Café & bar closes', '5 < 6')
    """
    plain = title
    while _MARK.search(plain) and (shorter := _without_html(plain)) != plain:  # tags may be escaped within a title
        plain = shorter
    return title.strip() if plain == title else " ".join(plain.split()) or title.strip()


def _without_html(title: str) -> str:
    parts, kept, context = [], 0, Context()
    place = 0
    while (mark := _MARK.search(title, place)) is not None:
        cut = RULES[mark[0]](title, mark.start(), context)
        if cut is None:
            place = mark.end()
            continue
        parts += [title[kept : cut[0]], cut[2].replace("\n", " ")]
        kept = place = cut[1]
    return "".join([*parts, title[kept:]])
