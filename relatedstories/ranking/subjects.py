"""Subjects: what kind of thing happened, told by words that need not be the same in two texts, such as "Traffic collision"."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Set
from typing import NamedTuple

from relatedstories.artefacts import table
from relatedstories.text.terms import english_words, stem_of

__all__ = ["MAX_LEAD_CHARS", "subjects_of"]

MAX_LEAD_CHARS = 600
"""The number of characters at the start of a text in which subjects are looked for."""

_WORD_OR_END = re.compile(r"[^\W_]+|[.!?;](?=\s)|\n")
_MAX_KNOWN = 100_000  # words whose groups are kept


class _Subject(NamedTuple):
    """A row of the table: its place, its name, the groups of words of which each must be in a sentence, those that must not."""

    place: int
    name: str
    groups: frozenset[int]
    excluding: frozenset[int]


_END = (-1,)


class _Table(dict[str, tuple[int, ...]]):
    """The subjects, and the groups that each word is in, which are found when first asked for; `_END` of a sentence."""

    def __init__(self) -> None:
        super().__init__()
        numbers: dict[str, int] = {}
        self._groups_of: dict[str, list[int]] = {}
        self._subjects_by_group: dict[int, list[_Subject]] = {}
        for place, (name, words, excluded) in enumerate(table("subjects/subjects.tsv")):
            needed, excluding = (
                [numbers.setdefault(group, len(numbers)) for group in groups if group]
                for groups in (words.split("; "), [excluded])
            )
            subject = _Subject(place, name, frozenset(needed), frozenset(excluding))
            self._subjects_by_group.setdefault(needed[0], []).append(subject)
        for group, number in numbers.items():
            for word in group.split():  # "=state" is that word alone, others have all words of their stem
                self._groups_of.setdefault(word if word[0] == "=" else stem_of(word), []).append(number)

    def told_by(self, groups: Set[int]) -> Iterator[tuple[int, str]]:
        """Yield the places and names of the subjects of a sentence, given the groups of its words."""
        for group in groups:
            for subject in self._subjects_by_group.get(group, ()):
                if subject.groups <= groups and subject.excluding.isdisjoint(groups):
                    yield subject.place, subject.name

    def __missing__(self, word: str) -> tuple[int, ...]:
        found: tuple[int, ...] = () if word[0].isalnum() else _END
        for plain in english_words(word):
            found += (*self._groups_of.get(f"={plain}", ()), *self._groups_of.get(stem_of(plain), ()))
        if len(self) < _MAX_KNOWN:
            self[word] = found
        return found


_table = functools.cache(_Table)


def subjects_of(text: str) -> tuple[str, ...]:
    """Return the subjects of an English text, the narrowest first, as models/subjects orders them.

    A subject is told if a sentence of the first `MAX_LEAD_CHARS` characters has a word of each of its groups, and none that
    excludes it.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> subjects_of("A bus plunges off a cliff."), subjects_of("Two lorries collide near Lyon.")
    (('Traffic collision',), ('Traffic collision',))
    >>> subjects_of("Fire destroys a hotel"), subjects_of("Troops fire at a hotel with a missile")
    (('Structure fire',), ('Missile strike',))
    """
    known = _table()
    found: dict[int, str] = {}
    sentence: set[int] = set()
    for groups in (*map(known.__getitem__, _WORD_OR_END.findall(text, 0, MAX_LEAD_CHARS)), _END):
        if groups is not _END:
            sentence.update(groups)
        elif sentence:
            found.update(known.told_by(sentence))
            sentence = set()
    return tuple(dict.fromkeys(found[place] for place in sorted(found)))
