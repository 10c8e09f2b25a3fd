"""What notes of Obsidian have in their text: comments, names of blocks, tags."""

from __future__ import annotations

import re

from relatedstories.pages.sections import lines_outside_code_and_html

__all__ = ["tags_in_text", "without_comments"]

_COMMENT = re.compile(r"%%.*?%%", re.DOTALL)
_BLOCK_NAME = re.compile(r"(?m)[ \t]\^[A-Za-z0-9-]+[ \t]*$")
_TAG = re.compile(r"(?<![^\s(\[,;])#(?=[\w/-]*[^\W\d])([\w][\w/-]*)")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")


def without_comments(text: str) -> str:
    """Return a text without comments ``%%...%%`` and the names of blocks at the end of lines.

    Examples
    --------
    >>> without_comments("It pours%% ask Ann%%. ^first")
    'It pours.'
    """
    if "%%" in text:
        text = _COMMENT.sub("", text)
    return _BLOCK_NAME.sub("", text) if "^" in text else text


def tags_in_text(text: str) -> list[str]:
    """Return the tags ``#tag`` of a text in their order, each once, without those in code.

    Examples
    --------
    >>> tags_in_text("Rain in #wales and #weather/storm, see C# and issue #12. `#no`")
    ['wales', 'weather/storm']
    """
    if "#" not in text:
        return []
    lines = text.split("\n")
    found: dict[str, None] = {}
    for number in lines_outside_code_and_html(lines):
        if "#" in lines[number]:
            found |= dict.fromkeys(tag.strip("/-") for tag in _TAG.findall(_CODE.sub(" ", lines[number])))
    return [tag for tag in found if tag]
