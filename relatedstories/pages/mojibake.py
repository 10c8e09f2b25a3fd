"""Repair characters that were garbled because UTF-8 was read as Windows-1252."""

from __future__ import annotations

import re

__all__ = ["repair_mojibake"]

# After "Ã" or "Â", only characters that no word continues with: a quotation mark, «, · or º may follow them in correct text.
_GARBLED = re.compile(
    "â[€\x80][\x80-\xa7\xaa-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|Ã[¡-©¬-¶¸¹¼-¿]|Â[¡-©¬-¶¸¹¼-¿]",
)


def repair_mojibake(text: str) -> str:
    """Return the text with its garbled quotes, dashes and accents repaired.

    Only sequences that have no other meaning are repaired: "â€" with one more character, which stands for quotes and dashes, and
    "Ã" or "Â" with a sign such as "©". Line and paragraph separators stay garbled, since they would split lines.

    Examples
    --------
    >>> repair_mojibake("Francoâ€™s cafÃ© opens â€“ at last")
    'Franco’s café opens – at last'
    >>> repair_mojibake("â, Ã, “IRMÃ”")
    'â, Ã, “IRMÃ”'
    """
    return _GARBLED.sub(_repaired, text) if "â" in text or "Ã" in text or "Â" in text else text


def _repaired(found: re.Match[str]) -> str:
    """Return the characters that a garbled sequence stands for; the sequence itself if it stands for none."""
    try:
        return b"".join(_byte(character) for character in found[0]).decode()
    except UnicodeDecodeError:
        return found[0]


def _byte(character: str) -> bytes:
    """Return the byte that a character was read from."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:  # one of the five bytes without a character in Windows-1252, read as a control character
        return character.encode("latin-1")
