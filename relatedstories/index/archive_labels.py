"""Labels and terms of an archive as reasons of links are made of them; found when first asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from relatedstories.index.archive import Archive
from relatedstories.ranking.labels import TYPICAL, Label
from relatedstories.ranking.shapes import dull_terms
from relatedstories.recent_cache import RecentCache
from relatedstories.text.terms import ENGLISH, without_language
from relatedstories.topics.names import normalise_name

__all__ = ["ArchiveLabels", "Term"]

MATTER_EVENTS = 5
"""The number of events from which a common noun can be a label: the word of a few may be there by chance."""


@dataclass(frozen=True)
class ArchiveLabels:
    """What the labels of an archive's links are made of, and when a link needs a greater score.

    Parameters
    ----------
    archive : Archive
    space_weight : float
        The weight of the word space in a score.
    ignored : collection of str
        Normalised names that never are labels.
    floor : float
        The least score of links whose reason says little, or that share no topic, is a multiple of this.
    """

    archive: Archive
    space_weight: float
    ignored: Collection[str]
    floor: float

    @cached_property
    def n_terms(self) -> int:
        """The number of columns that are terms; those after them are topics."""
        return len(self.archive.terms.terms)

    @cached_property
    def least_without_topics(self) -> float:
        """The least score of a link that shares no topic."""
        # The word space finds events of one kind alike that have nothing else in common.
        needs = 1 + self.space_weight
        return needs * self.floor if needs > 1 else 0.0

    @cached_property
    def labels(self) -> _Labels:
        """The label of each topic, by column."""
        return _Labels(self.archive)

    @cached_property
    def contexts(self) -> RecentCache[tuple[int, int], tuple[tuple[str, ...], bool]]:
        """The labels of links between events, by their numbers, and whether a subject is one."""
        return RecentCache()

    @cached_property
    def _terms(self) -> dict[bool, _Terms]:
        return {is_english: _Terms(self.archive, texts, is_english) for is_english, texts in self._texts.items()}

    @cached_property
    def _texts(self) -> dict[bool, _Texts]:
        return {is_english: _Texts(self.archive, is_english) for is_english in (True, False)}

    def is_shown(self, name: str) -> bool:
        """Return whether a name may be a label."""
        return not (self.ignored and normalise_name(name) in self.ignored)

    def texts_of(self, language: str) -> _Texts:
        """Return the terms of a language by column."""
        return self._texts[language == ENGLISH]

    def terms_of(self, language: str) -> _Terms:
        """Return what is known of the terms of a language."""
        return self._terms[language == ENGLISH]


class _Labels(dict[int, Label]):
    """The label of each topic of an archive, by column; found when first asked for."""

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self._archive, self._first = archive, len(archive.terms.terms)

    def __missing__(self, column: int) -> Label:
        label = self[column] = self._archive.label(column - self._first)
        return label


class _Texts(dict[int, str]):
    """The terms of an archive that are English, or the others without the code of their language, by column."""

    def __init__(self, archive: Archive, is_english: bool) -> None:
        super().__init__()
        self._terms, self._is_english = archive.terms.terms, is_english

    def __missing__(self, column: int) -> str:
        term = self._terms[column]
        text = self[column] = term if self._is_english else without_language(term)
        return text


class _Terms(dict[int, "Term"]):
    """What phrases need of each term of an archive, by column; found when first asked for.

    Parameters
    ----------
    archive : Archive
    texts : _Texts
    is_english : bool
        Whether the terms are English.
    """

    def __init__(self, archive: Archive, texts: _Texts, is_english: bool) -> None:
        super().__init__()
        self._archive, self._texts, self._is_english = archive, texts, is_english

    def __missing__(self, column: int) -> Term:
        archive, text = self._archive, self._texts[column]
        tells_nothing = bool(archive.is_common[column]) or (self._is_english and text in dull_terms())
        known = self._is_english and bool(archive.term_events[column] >= MATTER_EVENTS)
        factor = 0.0 if tells_nothing else archive.coherence_of_terms(column) or TYPICAL
        term = self[column] = text, factor, known
        return term


Term: TypeAlias = tuple[str, float, bool]
"""A term's text, what a share counts as if it is this term's, and whether the term alone may be a matter."""
