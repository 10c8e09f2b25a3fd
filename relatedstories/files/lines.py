"""Lines of a text file, plain or compressed, in the encoding that is found or given."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from relatedstories.columns import NOT_UTF8
from relatedstories.errors import BadValueError, InputError, shown

__all__ = ["COMPRESSED", "check_encoding", "open_bytes", "read_lines"]

COMPRESSED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""What opens a compressed file, by the end of its name."""

_MAX_LINE = 1 << 28
"""Maximum length of a line of a compressed file."""

_MAX_RATIO, _ALWAYS_UNPACKED = 250, 1 << 28
"""How many times its size a compressed file may unpack to, if that is more than so many bytes. News unpack to 3 to 20 times."""

_SAMPLED = 1 << 26
"""Number of bytes that the encoding is told by."""

_BLOCK = 1 << 20

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNMARKED = ("utf-16-le", "utf-16-be")
"""Encodings of text without a byte order mark in which the second, or the first, of two bytes is mostly zero."""
_MOSTLY = 0.5
_WINDOWS = "windows-1252"
_UNUSED_IN_WINDOWS = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_MOST_ACCENTED = 0.3
"""Largest share of accented letters in text of Western Europe; in other alphabets nearly all letters have high bytes."""


def check_encoding(call: str, encoding: str | None) -> str | None:
    """Return the name of an encoding; raises `BadValueError` for an unknown one."""
    if encoding is None:
        return None
    try:
        if isinstance(encoding, str) and codecs.lookup(encoding)._is_text_encoding:
            return encoding
    except LookupError:
        pass
    raise BadValueError(call, "encoding", shown(encoding), "the name of an encoding, such as utf-8 or windows-1252")


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file to read its bytes, unpacked if its name says that it is compressed."""
    for suffix, opener in COMPRESSED.items():
        if path.name.lower().endswith(suffix):
            return io.BufferedReader(_Unpacked(path, opener), _BLOCK)
    return open(path, "rb")


def read_lines(path: Path, encoding: str | None = None, on_remark: Callable[[str], object] = lambda _: None) -> Iterator[str]:
    """Yield the lines of a file, without a byte order mark; bytes that are not in its encoding are surrogates.

    Parameters
    ----------
    path : path
    encoding : str, optional
        By default the encoding is told by the byte order mark, otherwise UTF-8 if all bytes or most can be, otherwise
        Windows-1252 if it is likely.
    on_remark : callable, optional
        Called with a line that says which encoding was taken, unless it is UTF-8.

    Raises
    ------
    InputError
        If the file is broken, or unpacks to far more than its size.
    """
    number = 0
    try:
        found = encoding or _found_encoding(path)
        if encoding is not None or found not in ("utf-8", "utf-8-sig"):
            if encoding is not None:
                how = "as given"
            elif found in _UNMARKED:
                how = "as every second byte is zero"
            elif found != _WINDOWS:
                how = "as its byte order mark says"
            else:
                how = "as it is not in UTF-8; --encoding names another, encoding= in Python"
            on_remark(f"{path}: read as {found.upper() if found.startswith('utf') else found.capitalize()}, {how}")
        errors = "surrogateescape" if found in ("utf-8", "utf-8-sig") else "replace"
        with open_bytes(path) as file, io.TextIOWrapper(file, found, errors, newline="\n") as lines:
            for number, line in enumerate(_bounded(lines, path), 1):
                yield line.removeprefix("\ufeff") if number == 1 else line
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        kind = "gzip" if path.name.lower().endswith(".gz") else "compressed"
        raise InputError(f"{path}: got a broken {kind} file ({error}), expected a whole one") from None
    except UnicodeError as error:
        raise InputError(f"{path}:{number + 1}: got bytes that are not in {found} ({error}); --encoding names another") from None


def _bounded(lines: io.TextIOWrapper, path: Path) -> Iterator[str]:
    if path.suffix.lower() not in COMPRESSED:
        yield from lines
        return
    while line := lines.readline(_MAX_LINE):
        if len(line) == _MAX_LINE:
            raise InputError(f"{path}: got a line of more than {_MAX_LINE >> 20} MB, expected shorter ones in a compressed file")
        yield line


def _found_encoding(path: Path) -> str:
    """Return the encoding that the beginning of a file is in: by its byte order mark, or by what its bytes can be."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    n_bad = n_good = n_ascii_letters = n_unused = 0
    with open_bytes(path) as file:
        block = file.read(_BLOCK)
        for mark, encoding in _MARKS:
            if block.startswith(mark):
                return encoding
        for first, encoding in enumerate(_UNMARKED):
            letters, zeros = block[first::2], block[1 - first :: 2]
            if len(block) > 3 and zeros.count(0) > _MOSTLY * len(zeros) and letters.count(0) < zeros.count(0) / 2:
                return encoding
        read = 0
        while block and read < _SAMPLED:
            read += len(block)
            if not block.isascii() or decoder.getstate()[0]:
                text = decoder.decode(block)
                bad = NOT_UTF8.findall(text)
                n_bad += len(bad)
                n_good += len(text) - len(text.encode("ascii", "ignore")) - len(bad)
                n_unused += sum(ord(character) - 0xDC00 in _UNUSED_IN_WINDOWS for character in bad)
            n_ascii_letters += len(block)
            block = file.read(_BLOCK)
    if not n_bad or n_good >= n_bad or n_unused or n_bad > _MOST_ACCENTED * n_ascii_letters:
        return "utf-8"
    return _WINDOWS


class _Unpacked(io.RawIOBase):
    """The bytes of a compressed file; refuses to unpack one that holds far more than news would."""

    def __init__(self, path: Path, opener: Any) -> None:
        self._path, self._size, self._done = path, path.stat().st_size, 0
        self._file: IO[bytes] = opener(path, "rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._file.read(len(buffer))
        except OSError as error:
            if isinstance(error, gzip.BadGzipFile) or error.errno is None:
                raise gzip.BadGzipFile(str(error)) from None
            raise
        self._done += len(data)
        if self._done > max(_ALWAYS_UNPACKED, _MAX_RATIO * self._size):
            raise InputError(
                f"{self._path}: got a compressed file that holds more than {_MAX_RATIO} times its size; "
                "unpack it first if that is right"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
