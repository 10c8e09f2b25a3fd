"""The languages of an archive's events: each is in the one that it tells, or else in the archive's own."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence

from relatedstories.events import Event
from relatedstories.text.languages import possible_languages_of_event
from relatedstories.text.terms import ENGLISH

__all__ = ["PossibleLanguages", "n_told", "usual_language"]


class PossibleLanguages:
    """Finds the languages that events may be in, reading each event once.

    Parameters
    ----------
    declared : str or None
        The code of the language of events that say none, if it is known.
    """

    def __init__(self, declared: str | None) -> None:
        self._declared = declared
        # By identity, since another event may have the same id; the event is kept alive.
        self._found: dict[int, tuple[Event, tuple[str, ...]]] = {}

    def of(self, events: Sequence[Event]) -> list[tuple[str, ...]]:
        """Return the possible languages of each event; see `relatedstories.text.languages.possible_languages`.

        Examples
        --------
        >>> events = [Event("1", "Der Hafen ist zu"), Event("2", "Berlin Marathon 2020"), Event("3", "Rain", language="en")]
        >>> PossibleLanguages(None).of(events)
        [('de',), (), ('en',)]
        """
        for event in events:
            if id(event) not in self._found:
                self._found[id(event)] = event, possible_languages_of_event(event, self._declared)
        return [self._found[id(event)][1] for event in events]


def n_told(possible: Iterable[Sequence[str]]) -> collections.Counter[str]:
    """Return the number of events that tell each language, given the possible ones of each."""
    return collections.Counter([languages[0] for languages in possible if len(languages) == 1])


def usual_language(counts: collections.Counter[str]) -> str:
    """Return the language of most of the events that tell theirs, which others are taken to be in; English if there is none.

    Parameters
    ----------
    counts : Counter
        For each language the number of events that tell it.

    Examples
    --------
    >>> usual_language(collections.Counter(de=8, en=2)), usual_language(collections.Counter(de=2, fr=2))
    ('de', 'en')
    """
    total = counts.total()
    return next((language for language, n in counts.items() if 2 * n > total), ENGLISH)
