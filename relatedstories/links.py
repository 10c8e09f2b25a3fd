"""Links: related events with their reasons. What explains a score, and which label says it best."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relatedstories.events import Event
from relatedstories.names import Word, words
from relatedstories.topics import Topic

__all__ = ["Explanation", "Link", "Part", "best_first", "most_telling", "shared_phrase"]


@dataclass(frozen=True, slots=True)
class Link:
    """A related event under an event.

    Parameters
    ----------
    event : Event
        The event to see next.
    score : float
        How related it is, 0 to 1.
    rank : int
        Its place in the list, from 1.
    context : str or None
        The label: the shared topic that best explains the link; without any, words that both events have; else None.
    topics : tuple of Topic
        All topics that both events have, the most telling first.
    duplicates : tuple of Event
        Near-duplicates of the event, not listed for its sake: those among the five candidates after it, best first. See
        `relatedstories.lists.choose`.
    pinned : bool
        Whether it is listed because an editor said so, whatever its score.
    """

    event: Event
    score: float
    rank: int
    context: str | None
    topics: tuple[Topic, ...] = ()
    duplicates: tuple[Event, ...] = ()
    pinned: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The link as the batch job writes it: id, rank, score to six places, context, topics.

        Where there are any the ids of its duplicates too, and ``"pinned": true`` where it is.

        Examples
        --------
        >>> Link(Event("2", "Rain"), 0.5, 1, None, duplicates=(Event("3", "Rain"),)).to_dict()
        {'id': '2', 'rank': 1, 'score': 0.5, 'context': None, 'topics': [], 'duplicates': ['3']}
        """
        topics = [topic.name for topic in self.topics]
        record: dict[str, Any] = {"id": self.event.id, "rank": self.rank, "score": round(self.score, 6)}
        record |= {"context": self.context, "topics": topics}
        if self.duplicates:
            record["duplicates"] = [event.id for event in self.duplicates]
        if self.pinned:
            record["pinned"] = True
        return record


@dataclass(frozen=True, slots=True)
class Part:
    """What one shared topic or term adds to a score.

    Parameters
    ----------
    name : str
        The topic or term, or "word space".
    kind : str
        "topic", "term" or "space".
    share : float
        Its part of the score, the date factor in it: that of the product of its weights in both events, or of the nearness of
        the two events in the word space.
    """

    name: str
    kind: str
    share: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why two events are related.

    Parameters
    ----------
    a, b : Event
    score : float
        The sum of the parts' shares.
    date_factor : float
        What the days between the events leave of their similarity, 0 to 1; in the shares already.
    parts : tuple of Part
        Every shared topic and term, and the word space, the largest share first.

    Examples
    --------
    >>> parts = (Part("International Space Station", "topic", 0.25), Part("cargo", "term", 0.125))
    >>> print(Explanation(Event("1", "Cargo is lost"), Event("2", "Cargo arrives"), 0.375, 0.5, parts))
    score 0.375 = similarity 0.750 x date factor 0.500
     0.250  topic  International Space Station
     0.125  term   cargo
    """

    a: Event
    b: Event
    score: float
    date_factor: float
    parts: tuple[Part, ...]

    @property
    def topics(self) -> tuple[Part, ...]:
        """The parts that are topics."""
        return tuple(part for part in self.parts if part.kind == "topic")

    @property
    def terms(self) -> tuple[Part, ...]:
        """The parts that are terms."""
        return tuple(part for part in self.parts if part.kind == "term")

    def __str__(self) -> str:
        similarity = self.score / self.date_factor if self.date_factor else 0.0
        head = f"score {self.score:.3f} = similarity {similarity:.3f} x date factor {self.date_factor:.3f}"
        return "\n".join([head, *(f"{part.share:6.3f}  {part.kind:5}  {part.name}" for part in self.parts)])

    def to_dict(self) -> dict[str, Any]:
        """The explanation as JSON has it."""
        parts = [{"name": part.name, "kind": part.kind, "share": part.share} for part in self.parts]
        return {"a": self.a.id, "b": self.b.id, "score": self.score, "date_factor": self.date_factor, "parts": parts}


def best_first(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts by falling share; topics before terms and then by name where the shares are equal."""
    return tuple(sorted(parts, key=lambda part: (-part.share, part.kind != "topic", part.name)))


def most_telling(topics: Mapping[Topic, float], terms: Mapping[str, float], events: Mapping[Topic, int]) -> tuple[Topic, ...]:
    """Shared topics by how well each explains a link: ``explained * ln(1 + events)``.

    Explained is the topic's own part of the score and those of the words of its name. The logarithm keeps a topic that
    only these two events have, often a chance one, from going before what the archive knows the story by.

    Parameters
    ----------
    topics, terms : mapping to float
        The shared topics and terms with their parts of the score.
    events : mapping of Topic to int
        How many events of the archive have the topic.

    Examples
    --------
    >>> russia, station = Topic("Russia"), Topic("Space Station")
    >>> most_telling({russia: 0.05, station: 0.04}, {"space": 0.03, "station": 0.03}, {russia: 9, station: 9})
    ('Space Station', 'Russia')
    """

    def telling(topic: Topic) -> float:
        explained = topics[topic] + sum(terms.get(form, 0.0) for form in _forms(topic.name))
        return explained * math.log1p(events[topic])

    return tuple(sorted(topics, key=lambda topic: (-telling(topic), topic)))


@functools.lru_cache(1 << 16)
def _forms(name: str) -> tuple[str, ...]:
    return tuple(word.form.casefold() for word in words(name))


def shared_phrase(a: str, b: str, shares: Mapping[str, float]) -> str | None:
    """The run of words that both texts have and that explains most of a score, as the first text writes it.

    Parameters
    ----------
    a, b : str
        Their first `PHRASE_CHARS` characters are read.
    shares : mapping of str to float
        The shared terms' parts of the score. A phrase begins and ends with one of them. It has two of them at least, or is
        one word that has a capital in both texts and explains `TELLING` of the sum.

    Returns
    -------
    str or None
        None where no phrase qualifies.

    Examples
    --------
    >>> shared_phrase("A cargo ship sinks off Malta.", "The cargo ship was new", {"cargo": 0.2, "ship": 0.1})
    'cargo ship'
    """
    a, b = a[:PHRASE_CHARS], b[:PHRASE_CHARS]
    (ours, our_forms), (theirs, their_forms) = _words_of(a), _words_of(b)
    places: dict[str, list[int]] = {}
    for place, form in enumerate(their_forms):
        if form in shares:
            places.setdefault(form, []).append(place)
    least = TELLING * sum(shares.values())
    best: tuple[float, int, str] | None = None
    for start, form in enumerate(our_forms):
        for place in places.get(form, ()):
            length = _common(our_forms[start : start + MAX_PHRASE], their_forms[place : place + MAX_PHRASE], shares)
            parts = [shares[form] for form in our_forms[start : start + length] if form in shares]
            capital = ours[start].form[0].isupper() and theirs[place].form[0].isupper()
            if len(parts) < 2 and not (capital and sum(parts) >= least):
                continue
            candidate = (-sum(parts), start, _slice(a, ours, start, length))
            best = min(best, candidate) if best else candidate
    return best[2] if best else None


@functools.lru_cache(1 << 12)  # an event stands in its own list and in those of others
def _words_of(text: str) -> tuple[list[Word], list[str]]:
    found = words(text)
    return found, [word.form.casefold() for word in found]


MAX_PHRASE = 6
PHRASE_CHARS = 2000
TELLING = 0.3


def _common(ours: Sequence[str], theirs: Sequence[str], shares: Mapping[str, float]) -> int:
    """How many leading words two runs share, the last of them a shared term."""
    length = 0
    for i, (our, their) in enumerate(zip(ours, theirs, strict=False), 1):
        if our != their:
            break
        if our in shares:
            length = i
    return length


def _slice(text: str, found: Sequence[Word], start: int, length: int) -> str:
    return " ".join(text[found[start].start : found[start + length - 1].end].split())
