"""Titles as people read them."""

from __future__ import annotations

import re

from relatedstories.text.cleaning import clean
from relatedstories.text.marks import RULES, Context

__all__ = ["first_sentence", "plain_title"]

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


_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s|(?<=[。！？])")
_ABBREVIATION = re.compile(r"(?:^|\W)(?:[A-Z]|Mr|Ms|Mrs|Dr|St|Sr|Jr|Lt|Gen|Gov|Rep|Sen|Col|Prof|No|vs)\.$")
"""An initial or a short form before a name, which ends no sentence."""
_MAX_SENTENCE = 140


def first_sentence(text: str) -> str:
    """Return the first sentence of a text without markup, cut at a word where it is long: the title of a text that has none.

    Examples
    --------
    >>> first_sentence("<p>Rain in <b>Wales</b>. It pours.</p>"), first_sentence(" ")
    ('Rain in Wales.', '')
    >>> first_sentence("Mr. and Mrs. Hill left St. Ives. It rained.")
    'Mr. and Mrs. Hill left St. Ives.'
    """
    block = next((line for line in clean(text[:10_000]).text.split("\n") if line.strip()), "").strip()
    for end in _SENTENCE_END.finditer(block):
        if not _ABBREVIATION.search(block[: end.start()]):
            block = block[: end.end()].strip()
            break
    if len(block) > _MAX_SENTENCE:
        block = block[: _MAX_SENTENCE + 1].rpartition(" ")[0] or block[:_MAX_SENTENCE]
        block = block.rstrip(" ,;:") + "…"
    return block


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
