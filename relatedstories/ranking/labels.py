"""Labels: which shared topic explains a link best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from relatedstories.text.terms import ENGLISH, terms_of_name
from relatedstories.topics.topic import Topic

__all__ = ["MAX_LABEL_CHARS", "Label", "most_telling_first"]

MAX_LABEL_CHARS = 40
"""Length of the longest label, in characters."""


def _never(_: Sequence[str]) -> bool:
    return False


class Label(NamedTuple):
    """A topic of an archive as the label of links.

    Parameters
    ----------
    topic : Topic
    name : str
        The topic's name as a plain str.
    only_topic : tuple of Topic
        The topic as the tuple of topics of a link that shares no other; made once, since most links are like that.
    terms : tuple of str
        The terms of its name.
    weight : float
        ``ln(1 + n)`` for a topic that n events of the archive have.
    tells : bool
        Whether it can be the label of a link: it cannot if so many of the archive's events have it, or all words of its name,
        that it tells nothing there, or if it is longer than `MAX_LABEL_CHARS`.
    """

    topic: Topic
    name: str
    only_topic: tuple[Topic, ...]
    terms: tuple[str, ...]
    weight: float
    tells: bool

    @classmethod
    def of(
        cls, topic: Topic, n_events: int, language: str = ENGLISH, is_common: Callable[[Sequence[str]], bool] = _never
    ) -> Label:
        """Return the label of a topic that `n_events` events of the archive have.

        Parameters
        ----------
        topic : Topic
        n_events : int
        language : str, default "en"
        is_common : callable, optional
            Called with the terms of the topic's name, returns whether the archive is full of the topic.
        """
        terms = tuple(terms_of_name(topic, language))
        tells = len(topic) <= MAX_LABEL_CHARS and not is_common(terms)
        return cls(topic, topic.name, (topic,), terms, math.log1p(n_events), tells)


def most_telling_first(topics: Iterable[tuple[Label, float]], terms: Mapping[str, float]) -> list[Label]:
    """Return shared topics by how well each explains a link: ``share * ln(1 + n)``, best first, those that tell nothing last.

    ``share`` is what the topic and the words of its name add to the score, and n the number of events that have the topic.
    The logarithm keeps a topic that only these two events have, which is often a chance one, from going before the topic
    that the archive knows the story by.

    Parameters
    ----------
    topics : iterable of (Label, float)
        The shared topics with their shares of the score.
    terms : mapping of str to float
        The shared terms with theirs.

    Examples
    --------
    >>> russia, station = Label.of(Topic("Russia"), 9), Label.of(Topic("Space Station"), 9)
    >>> [label.name for label in most_telling_first([(russia, 0.05), (station, 0.04)], {"space": 0.03, "station": 0.03})]
    ['Space Station', 'Russia']
    """
    ranked = []
    for label, share in topics:
        for term in label.terms:
            share += terms.get(term, 0.0)
        ranked.append((not label.tells, -share * label.weight, label))
    return [label for _, _, label in sorted(ranked)]
