"""An archive's own names: those that a user lists, and those learnt from its editors' topics.

Both become rows of a `relatedstories.topics.name_table.NameTable`.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from relatedstories.errors import BadValueError, shown
from relatedstories.events import Event
from relatedstories.files.keyed_lists import read_lists
from relatedstories.text.cleaning import clean_event
from relatedstories.topics.kinds import kind
from relatedstories.topics.name_table import Name
from relatedstories.topics.names import forms, normalise_name, trim_mention

__all__ = ["learn_names", "names_of", "read_aliases"]

MIN_EVENTS, MIN_SHARE = 3, 0.5
"""Minimum number, and minimum share, of the events with some words that must have a topic for the words to stand for it."""

MAX_WORDS = 4
"""Maximum number of words of another name that is learnt for a topic."""


def names_of(aliases: Mapping[str, str | Iterable[str]] | str | os.PathLike[str]) -> list[Name]:
    """Return the rows for a user's names.

    Parameters
    ----------
    aliases : mapping of str to (str or iterable of str), or path
        Canonical names, each with its other names; or a file of them (`read_aliases`). A canonical name names itself.

    Raises
    ------
    BadValueError
        If a name is not a string, has no letter, or is given to two topics.

    Examples
    --------
    >>> [(name.words, name.canonical) for name in names_of({"Federal Reserve": ["the Fed"]})]
    [('Federal Reserve', 'Federal Reserve'), ('Fed', 'Federal Reserve')]
    """
    if isinstance(aliases, (str, os.PathLike)):
        aliases = read_aliases(aliases)
    if not isinstance(aliases, Mapping):
        raise BadValueError("aliases", None, shown(aliases), "a mapping of canonical names to their other names, or a file")
    rows: dict[str, Name] = {}
    for canonical, others in aliases.items():
        for name in (canonical, *((others,) if isinstance(others, str) else _texts(canonical, others))):
            if not isinstance(name, str) or not normalise_name(name):
                raise BadValueError("aliases", str(canonical), shown(name), "a name with a letter")
            form = " ".join(forms(trim_mention(name)))
            known = rows.setdefault(form, Name(form, canonical, 1, 1, kind(canonical)))
            if known.canonical != canonical:
                raise BadValueError("aliases", canonical, shown(name), f"other words than {known.canonical!r} has")
    return list(rows.values())


def _texts(canonical: object, others: object) -> Iterable[object]:
    if not isinstance(others, Iterable):
        raise BadValueError("aliases", str(canonical), shown(others), "other names, as texts")
    return others


def read_aliases(path: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Read a file of canonical names and their other names; `relatedstories.files.keyed_lists.read_lists` describes it."""
    return read_lists(path, "a file of names", "an object of canonical names and lists of other names", _check)


def _check(place: str, name: str) -> None:
    if not normalise_name(name):
        raise BadValueError(place, None, shown(name), "a name with a letter")


def learn_names(events: Iterable[Event]) -> list[Name]:
    """Learn from events with editors' topics by which words each topic goes.

    A topic goes by its own name wherever that stands, and by other words of up to `MAX_WORDS` if at least `MIN_EVENTS`
    events with them, and `MIN_SHARE` of all events with them, have the topic and not its name; of such words those that
    the most of its events have. How often the topic is given where the words stand is the probability that they name it.

    Parameters
    ----------
    events : iterable of Event
        Events without topics count as events that have none.

    Returns
    -------
    list of Name
    """
    texts = [(forms(clean_event(event).text), event.topics) for event in events]
    own = {topic: " ".join(forms(trim_mention(topic.partition(" (")[0]))) for _, topics in texts for topic in topics}
    others: dict[str, Counter[str]] = defaultdict(Counter)
    for event_forms, topics in texts:
        here = set(_runs(event_forms, max(MAX_WORDS, 8)))
        for topic in topics:
            if own[topic] not in here:
                others[topic].update({run for run in _runs(event_forms, MAX_WORDS) if normalise_name(run)})
    wanted = set(own.values())
    for topic, counts in others.items():
        others[topic] = Counter({run: n for run, n in counts.items() if n >= MIN_EVENTS})
        wanted.update(others[topic])
    seen: Counter[str] = Counter()
    given: dict[str, Counter[str]] = defaultdict(Counter)
    for event_forms, topics in texts:
        here = wanted.intersection(_runs(event_forms, max(MAX_WORDS, 8)))
        seen.update(here)
        for run in here:
            given[run].update(dict.fromkeys(topics, 1))
    rows: dict[str, Name] = {}

    def add(form: str, topic: str) -> None:
        row = Name(form, topic, given[form][topic], seen[form], kind(topic))
        if form and seen[form] and (form not in rows or row.linked > rows[form].linked):
            rows[form] = row

    for topic, form in sorted(own.items()):
        add(form, topic)
    for topic, counts in sorted(others.items()):
        sure = [run for run, n in counts.items() if n >= MIN_SHARE * seen[run] and given[run][topic] >= MIN_SHARE * seen[run]]
        best = max((counts[run] for run in sure), default=0)
        for run in sure:
            # Of "Kiev", "in Kiev" and "in Kiev on": the shortest words that as many events have.
            if (
                counts[run] * 2 >= best
                and not any(part != run and f" {part} " in f" {run} " for part in sure)
                and run not in rows
            ):
                add(run, topic)
    return list(rows.values())


def _runs(forms: list[str], longest: int) -> Iterator[str]:
    for first in range(len(forms)):
        for end in range(first + 1, min(first + longest, len(forms)) + 1):
            yield " ".join(forms[first:end])
