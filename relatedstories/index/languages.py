"""The languages of an archive's events: each is in the one that it tells, or else in the archive's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relatedstories.events import Event
from relatedstories.text.languages import language_of_event
from relatedstories.text.terms import ENGLISH

__all__ = ["LanguagesTold", "usual_language"]

_NONE_TOLD = ""


class LanguagesTold:
    """Tells the languages of events, reading each event once.

    Parameters
    ----------
    declared : str or None
        The code of the language of events that say none, if it is known.
    """

    def __init__(self, declared: str | None) -> None:
        self._declared = declared
        # By identity, since another event may have the same id; the event is kept alive.
        self._told: dict[int, tuple[Event, str]] = {}

    def by(self, events: Sequence[Event]) -> list[str | None]:
        """Return what each event says, what was declared or what its text tells; None for a text that tells too little.

        Examples
        --------
        >>> events = [Event("1", "Der Hafen ist zu"), Event("2", "Berlin Marathon 2020"), Event("3", "Rain", language="en")]
        >>> LanguagesTold(None).by(events)
        ['de', None, 'en']
        """
        for event in events:
            if id(event) not in self._told:
                self._told[id(event)] = event, language_of_event(event, self._declared, _NONE_TOLD)
        return [self._told[id(event)][1] or None for event in events]


def usual_language(counts: Mapping[str, int]) -> str:
    """Return the language of most of the events that tell theirs, which the others are taken to be in; English if there is none.

    Parameters
    ----------
    counts : mapping of str to int
        For each language the number of events that tell it.

    Examples
    --------
    >>> usual_language({"de": 8, "en": 2}), usual_language({"de": 2, "fr": 2})
    ('de', 'en')
    """
    return next((language for language, n in counts.items() if 2 * n > sum(counts.values())), ENGLISH)
