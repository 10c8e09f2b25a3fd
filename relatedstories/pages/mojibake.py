"""Characters that were garbled on their way: UTF-8 that something read as Windows-1252."""

from __future__ import annotations

import re

__all__ = ["mended"]

# Of what begins with "Ã" or "Â", only what no word is written with: after them a quotation mark, «, · or º may be just that.
_GARBLED = re.compile(
    "â[€\x80][\x80-\xa7\xaa-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|Ã[¡-©¬-¶¸¹¼-¿]|Â[¡-©¬-¶¸¹¼-¿]",
)


def mended(text: str) -> str:
    """The text with its quotes, dashes and accents as they were before they were garbled.

    Only sequences that mean nothing else are mended: "â€" with one more character, as of quotes and dashes, and "Ã" or "Â"
    with a sign such as "©". Line and paragraph separators are left garbled, since they would break lines that were whole.

    Examples
    --------
    >>> mended("Francoâ€™s cafÃ© opens â€“ at last")
    'Franco’s café opens – at last'
    >>> mended("â, Ã, “IRMÃ”")
    'â, Ã, “IRMÃ”'
    """
    return _GARBLED.sub(_mend, text) if "â" in text or "Ã" in text or "Â" in text else text


def _mend(found: re.Match[str]) -> str:
    try:
        return b"".join(_byte(character) for character in found[0]).decode()
    except UnicodeDecodeError:
        return found[0]


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:  # one of the five bytes that Windows-1252 leaves open, taken for a control character
        return character.encode("latin-1")
