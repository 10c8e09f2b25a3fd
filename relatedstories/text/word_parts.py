"""The parts of speech of common English words, from models/words."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from relatedstories.artefacts import table

__all__ = ["parts_of_words"]


@functools.cache
def parts_of_words() -> Mapping[str, str]:
    """Return the part of each common word in lower case, by the letters that models/words/README.md names.

    Examples
    --------
    >>> [parts_of_words().get(word) for word in ("flood", "announcing", "oslo")]
    ['m', 'v', None]
    """
    return MappingProxyType(dict(table("words/words.tsv")))
