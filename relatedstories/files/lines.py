"""Lines of a plain or gzipped text file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from relatedstories.errors import InputError

__all__ = ["read_lines"]


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, gunzipped if its name ends in .gz, without a byte order mark.

    Raises
    ------
    InputError
        If the file is UTF-16 or a broken gzip file.
    """
    with _open(path) as file:
        number = 0
        try:
            for number, line in enumerate(file, 1):
                if number == 1:
                    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                        raise InputError(f"{path}: got UTF-16 text, expected UTF-8; save the file as UTF-8")
                    line = line.removeprefix(b"\xef\xbb\xbf")
                yield line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{path}:{number + 1}: got a broken gzip file ({error}), expected a whole one") from None


def _open(path: Path) -> IO[bytes]:
    opener: Any = gzip.open if path.name.lower().endswith(".gz") else open
    file: IO[bytes] = opener(path, "rb")
    return file
