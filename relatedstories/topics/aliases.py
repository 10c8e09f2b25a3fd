"""Own names of an archive: aliases that a user gives, and names learnt from topics that editors gave.

Both become rows of a `relatedstories.topics.names.NameTable`.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from relatedstories.errors import BadValueError, shown
from relatedstories.events import Event
from relatedstories.files.keyed_lists import read_lists
from relatedstories.topics.kinds import kind
from relatedstories.topics.names import Name, bare, normalise_name, words

__all__ = ["learn_names", "names_of", "read_aliases"]

MIN_EVENTS, MIN_SHARE = 3, 0.5
"""Minimum number, and minimum share, of the events with some words that must have a topic for the words to name it."""

MAX_WORDS = 4
"""Maximum number of words in a learnt name that is not the topic's own."""

_MAX_OWN_WORDS = 8
"""Maximum number of words in a topic's own name that is looked for."""


def names_of(aliases: Mapping[str, str | Iterable[str]] | str | os.PathLike[str]) -> list[Name]:
    """Return rows of a name table for a user's aliases.

    Parameters
    ----------
    aliases : mapping of str to (str or iterable of str), or path
        Canonical names, each with its other names; or a file of them (`read_aliases`). A canonical name names itself.

    Raises
    ------
    BadValueError
        If a name is not a text or has no letter, or two topics have the same name.

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
            form = " ".join(word.form for word in words(bare(name)))
            known = rows.setdefault(form, Name(form, canonical, 1, 1, kind(canonical)))
            if known.canonical != canonical:
                raise BadValueError("aliases", canonical, shown(name), f"other words than {known.canonical!r} has")
    return list(rows.values())


def _texts(canonical: object, others: object) -> Iterable[object]:
    """Return the other names of a topic, or raise an error unless they can be iterated over."""
    if not isinstance(others, Iterable):
        raise BadValueError("aliases", str(canonical), shown(others), "other names, as texts")
    return others


def read_aliases(path: str | os.PathLike[str]) -> dict[str, list[str]]:
    """Read a file of canonical names and their other names; see `relatedstories.files.read_lists` for the formats."""
    return read_lists(path, "a file of names", "an object of canonical names and lists of other names", _check_name)


def _check_name(place: str, name: str) -> None:
    """Raise an error for a name without a letter."""
    if not normalise_name(name):
        raise BadValueError(place, None, shown(name), "a name with a letter")


def learn_names(events: Iterable[Event]) -> list[Name]:
    """Return the names by which editors' topics are mentioned in events.

    A topic is named by its own name, and by other words, up to `MAX_WORDS` of them, if at least `MIN_EVENTS` events with the
    words, and a share of `MIN_SHARE` of all events with them, have the topic but not its own name. Of such words only the most
    frequent ones are kept. The share of events with the words that have the topic is the probability that they name it.

    Parameters
    ----------
    events : iterable of Event
        Events without topics count as events in which the words name no topic.

    Returns
    -------
    list of Name
    """
    texts = [([word.form for word in words(event.full_text)], event.topics) for event in events]
    own = {
        topic: " ".join(word.form for word in words(bare(topic.partition(" (")[0]))) for _, topics in texts for topic in topics
    }
    others: dict[str, Counter[str]] = defaultdict(Counter)
    for forms, topics in texts:
        present = set(_runs(forms, _MAX_OWN_WORDS))
        for topic in topics:
            if own[topic] not in present:
                others[topic].update({run for run in _runs(forms, MAX_WORDS) if normalise_name(run)})
    wanted = set(own.values())
    for topic, counts in others.items():
        others[topic] = Counter({run: n for run, n in counts.items() if n >= MIN_EVENTS})
        wanted.update(others[topic])
    seen: Counter[str] = Counter()
    given: dict[str, Counter[str]] = defaultdict(Counter)
    for forms, topics in texts:
        present = wanted.intersection(_runs(forms, _MAX_OWN_WORDS))
        seen.update(present)
        for run in present:
            given[run].update(dict.fromkeys(topics, 1))
    rows: dict[str, Name] = {}

    def add(form: str, topic: str) -> None:
        row = Name(form, topic, given[form][topic], seen[form], kind(topic))
        if form and seen[form] and (form not in rows or row.linked > rows[form].linked):
            rows[form] = row

    for topic, form in sorted(own.items()):
        add(form, topic)
    for topic, counts in sorted(others.items()):
        reliable = [run for run, n in counts.items() if n >= MIN_SHARE * seen[run] and given[run][topic] >= MIN_SHARE * seen[run]]
        best = max((counts[run] for run in reliable), default=0)
        for run in reliable:
            # Of "Kiev", "in Kiev" and "in Kiev on" keep the shortest.
            if (
                counts[run] * 2 >= best
                and not any(part != run and f" {part} " in f" {run} " for part in reliable)
                and run not in rows
            ):
                add(run, topic)
    return list(rows.values())


def _runs(forms: list[str], max_words: int) -> Iterator[str]:
    """Yield all sequences of up to `max_words` adjacent forms, joined by spaces."""
    for first in range(len(forms)):
        for end in range(first + 1, min(first + max_words, len(forms)) + 1):
            yield " ".join(forms[first:end])
