"""Numbers of words, given as the words are met."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Numbering"]


class Numbering(dict[str, int]):
    """A dict of words to numbers that asks for the number of a word that it lacks.

    Parameters
    ----------
    add : callable
        Adds a word to the dict, and returns its number.

    Examples
    --------
    >>> numbers = Numbering(lambda word: numbers.setdefault(word, len(numbers)))
    >>> [numbers[word] for word in ("rain", "hail", "rain")]
    [0, 1, 0]
    """

    def __init__(self, add: Callable[[str], int]) -> None:
        super().__init__()
        self._add = add

    def __missing__(self, word: str) -> int:
        return self._add(word)
