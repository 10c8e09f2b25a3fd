"""What labels need to know of each term of an archive, found when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from relatedstories.ranking.labels import TYPICAL
from relatedstories.ranking.shapes import dull_terms
from relatedstories.text.terms import ENGLISH, without_language

if TYPE_CHECKING:
    from relatedstories.index.archive import Archive

__all__ = ["MATTER_EVENTS", "TermFact", "TermFacts", "TermTexts"]

MATTER_EVENTS = 5
"""The number of events from which a common noun can be a label: the word of a few may be there by chance."""


class TermFact(NamedTuple):
    """What a term says as part of a phrase.

    Parameters
    ----------
    worth : float
        What its share of a score counts: its coherence, 0 where it tells nothing.
    is_matter : bool
        Whether it may be a label by itself though it is no name.
    """

    worth: float
    is_matter: bool


class TermTexts(dict[int, str]):
    """The terms of columns that are all of one language, without its code."""

    def __init__(self, archive: Archive, language: str) -> None:
        super().__init__()
        self._terms, self._language = archive.terms.terms, language

    def __missing__(self, column: int) -> str:
        term = self._terms[column]
        text = self[column] = term if self._language == ENGLISH else without_language(term)
        return text


class TermFacts(dict[int, TermFact]):
    """The facts of the terms of columns that are all of one language."""

    def __init__(self, archive: Archive, language: str) -> None:
        super().__init__()
        self._archive, self._is_english = archive, language == ENGLISH

    def __missing__(self, column: int) -> TermFact:
        archive = self._archive
        is_dull = archive.is_common[column] or (self._is_english and archive.terms.terms[column] in dull_terms())
        worth = 0.0 if is_dull else archive.coherence_of_terms(column) or TYPICAL
        fact = self[column] = TermFact(worth, self._is_english and bool(archive.term_events[column] >= MATTER_EVENTS))
        return fact
