"""The making of a clean text of the stretches of a raw one that stay."""

from __future__ import annotations

import re

from relatedstories.text.offsets import OffsetMap

__all__ = ["TextBuilder", "may_have_checksum"]

_NO_WORDS = re.compile(
    r"\bwww\.[^\s<>\"'“”‘’|\\^`{}\[\]]+"
    r"|(?:\b(?:MD5|RMD160|SHA-?\d{1,3})\b[^\n:=]{0,80}[:=] ?)?\b(?=[a-fA-F]*[0-9])[0-9a-fA-F]{32,}\b"
    r"|\bSIZE\b[^\n:=]{0,80}[:=] ?\d+(?: bytes)?\b"
    r"|\b(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{80,}={0,2}"
)
"""Addresses without a scheme, checksums and sizes of files with their names, and binary data as text."""

_CHECKSUM = re.compile("[0-9a-fA-F][0-9a-fA-F]{31}")
_DATA = re.compile("[A-Za-z0-9+/][A-Za-z0-9+/]{79}")


def may_have_checksum(text: str) -> bool:
    """Tell, fast, whether a text may have checksums, or addresses without a scheme, in it."""
    return "www." in text or _CHECKSUM.search(text) is not None


class TextBuilder:
    """Joins what stays of a text, with single spaces and single line ends where something was cut.

    Parameters
    ----------
    raw : str
    """

    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._parts: list[str] = []
        self._offsets = OffsetMap()
        self._length = 0
        self._has_no_words = may_have_checksum(raw) or _DATA.search(raw) is not None
        self.last = ""  # the last character
        self.has_cut = False  # whether checksums and the like were cut

    def keep(self, start: int, end: int) -> None:
        """Add a stretch of the raw text as it is, but for checksums and the like."""
        if self._has_no_words:
            for found in _NO_WORDS.finditer(self._raw, start, end):
                self._keep(start, found.start())
                start, self.has_cut = found.end(), True
                self.put(" ", found.start(), start)
        self._keep(start, end)

    def _keep(self, start: int, end: int) -> None:
        if self.last in "\n ":  # or nothing so far
            while start < end and self._raw[start] in " \t":
                start += 1
        if start < end:
            self._add(self._raw[start:end], start, end)

    def put(self, text: str, start: int, end: int) -> None:
        """Add a text in place of a stretch of the raw text; a space or line end only where there is none."""
        if text == "\n":
            self._strip(" ")
        if text and not (text in "\n " and self.last in "\n "):
            self._add(text, start, end)

    def _add(self, text: str, start: int, end: int) -> None:
        self._offsets.add(self._length, self._length + len(text), start, end)
        self._parts.append(text)
        self._length += len(text)
        self.last = text[-1]

    def _strip(self, characters: str) -> None:
        """Remove characters from the end."""
        while self._parts and self._parts[-1][-1] in characters:
            part, offsets = self._parts.pop(), self._offsets
            start, end = offsets.old.pop(), offsets.old_ends.pop()
            self._length = offsets.end = offsets.new.pop()
            if rest := part.rstrip(characters):
                self._add(rest, start, end - len(part) + len(rest) if end - start == len(part) else end)
        self.last = self._parts[-1][-1] if self._parts else ""

    def finish(self) -> tuple[str, OffsetMap]:
        """Return the text, and where its stretches stood in the raw one."""
        self._strip("\n ")
        return "".join(self._parts), self._offsets
