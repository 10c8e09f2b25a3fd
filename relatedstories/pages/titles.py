"""The title of a page that names none: its first heading, its name, or its first sentence."""

from __future__ import annotations

import re

from relatedstories.pages.page_names import PageName, has_words, is_named_by_title, titled
from relatedstories.text.titles import first_sentence

__all__ = ["FIRST_SENTENCE", "NAME", "title_without_key"]

NAME = "name"
"""Where a title comes from that is a page's file name or slug."""

FIRST_SENTENCE = "first sentence"
"""Where a title comes from that is the first sentence of the text."""

_TAGS_AT_END = re.compile(r"(?:\s+#[\w/-]+)+\s*$")


def title_without_key(name: PageName, slug: str | None, text: str) -> tuple[str, str] | None:
    """Return the title of a page that has neither a key nor a heading for it, and where it comes from; None if it has none.

    A name with spaces or a capital is the title, as in Obsidian; then come the slug or the name behind a date, as in Jekyll, and
    any other name of several words; then the first sentence. A page without text has no title but its own.

    Examples
    --------
    >>> title_without_key(PageName("local-development", True, None, ""), None, "How I work.")
    ('Local Development', 'name')
    >>> title_without_key(PageName("walk", False, None, ""), None, "A walk by the sea. It was calm.")
    ('A walk by the sea.', 'first sentence')
    """
    by_name = titled(name.stem)
    if by_name and is_named_by_title(name.stem):
        return by_name, NAME
    if not text.strip():
        return None
    if slug and has_words(slug) and (by_slug := titled(slug)):
        return by_slug, NAME
    if by_name and has_words(name.stem, 1 if name.is_dated else 2):
        return by_name, NAME
    sentence = _TAGS_AT_END.sub("", first_sentence(text)).strip()
    return (sentence, FIRST_SENTENCE) if any(character.isalnum() for character in sentence) else None
