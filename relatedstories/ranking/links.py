"""Links: related events with their reasons. What explains a score, and which label says it best."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from relatedstories.events import Event
from relatedstories.topics.extractor import Topic
from relatedstories.topics.names import forms, words

if TYPE_CHECKING:
    from relatedstories.display.frames import Library

__all__ = ["Explanation", "Label", "Link", "Links", "Part", "best_first", "most_telling", "shared_phrase"]


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
        `relatedstories.ranking.select`.
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
        record: dict[str, Any] = {
            "id": self.event.id,
            "rank": self.rank,
            "score": round(self.score, 6),
            "context": self.context,
            "topics": [topic.name for topic in self.topics],
        }
        if self.duplicates:
            record["duplicates"] = [event.id for event in self.duplicates]
        if self.pinned:
            record["pinned"] = True
        return record

    def _repr_html_(self) -> str:
        return Links([self])._repr_html_()


class Links(list[Link]):
    """The links of an event: a list, which prints as lines and shows itself in a notebook as a table.

    Examples
    --------
    >>> links = Links([Link(Event("2", "Cargo arrives"), 0.5, 1, "Oslo"), Link(Event("3", "Rain"), 0.25, 2, None)])
    >>> print(links)
     1  0.50              Oslo: Cargo arrives
     2  0.25              Rain
    >>> links.to_frame("pandas")[["rank", "id", "score", "title"]]
       rank id  score          title
    0     1  2   0.50  Cargo arrives
    1     2  3   0.25           Rain
    """

    __slots__ = ()

    def to_frame(self, library: Library | None = None) -> Any:
        """The links as a data frame: rank, id, date, title, score, context, names of topics, ids of duplicates, pinned.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            By default pandas where that is installed, else polars.

        Raises
        ------
        InputError
            If there is no such library, or it is not installed.
        """
        from relatedstories.display.frames import frame

        return frame(
            {
                "rank": ("whole", [link.rank for link in self]),
                "id": ("text", [link.event.id for link in self]),
                "date": ("day", [link.event.date for link in self]),
                "title": ("text", [link.event.title for link in self]),
                "score": ("number", [link.score for link in self]),
                "context": ("text", [link.context for link in self]),
                "topics": ("texts", [[topic.name for topic in link.topics] for link in self]),
                "duplicates": ("texts", [[event.id for event in link.duplicates] for link in self]),
                "pinned": ("truth", [link.pinned for link in self]),
            },
            library,
        )

    def __str__(self) -> str:
        from relatedstories.display.html import links_text

        return links_text(self)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # what IPython shows where it shows no HTML
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from relatedstories.display.html import links_html

        return links_html(self)


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
        Its part of the score, the date factor in it: that of the product of its weights in both events, or of the squared cosine
        of the two events in the word space.
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

    def to_frame(self, library: Library | None = None) -> Any:
        """The parts as a data frame: name, kind, share. Parameters and errors are those of `Links.to_frame`."""
        from relatedstories.display.frames import frame

        return frame(
            {
                "name": ("text", [part.name for part in self.parts]),
                "kind": ("text", [part.kind for part in self.parts]),
                "share": ("number", [part.share for part in self.parts]),
            },
            library,
        )

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # what IPython shows where it shows no HTML
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from relatedstories.display.html import explanation_html

        return explanation_html(self)


def best_first(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts by falling share; topics before terms and then by name where the shares are equal."""
    return tuple(sorted(parts, key=lambda part: (-part.share, part.kind != "topic", part.name)))


class Label(NamedTuple):
    """A topic of an archive as the label of links.

    Parameters
    ----------
    topic : Topic
    name : str
        Its name as a plain str.
    alone : tuple of Topic
        The topics of a link that has no other.
    forms : tuple of str
        The words of its name as terms have them.
    weight : float
        ``ln(1 + events)``, of the events of the archive that have it.
    """

    topic: Topic
    name: str
    alone: tuple[Topic, ...]
    forms: tuple[str, ...]
    weight: float

    @classmethod
    def of(cls, topic: Topic, events: int) -> Label:
        """That of a topic of so many events."""
        return cls(topic, topic.name, (topic,), tuple([form.casefold() for form in forms(topic)]), math.log1p(events))


def most_telling(topics: Iterable[tuple[Label, float]], terms: Mapping[str, float]) -> list[Label]:
    """Shared topics by how well each explains a link: ``explained * ln(1 + events)``.

    Explained is the topic's own part of the score and those of the words of its name. The logarithm keeps a topic that
    only these two events have, often a chance one, from going before what the archive knows the story by.

    Parameters
    ----------
    topics : iterable of (Label, float)
        The shared topics with their parts of the score.
    terms : mapping to float
        The shared terms with theirs.

    Examples
    --------
    >>> russia, station = Label.of(Topic("Russia"), 9), Label.of(Topic("Space Station"), 9)
    >>> [label.name for label in most_telling([(russia, 0.05), (station, 0.04)], {"space": 0.03, "station": 0.03})]
    ['Space Station', 'Russia']
    """
    found = []
    for label, explained in topics:
        for form in label.forms:
            explained += terms.get(form, 0.0)
        found.append((-explained * label.weight, label))
    return [label for _, label in sorted(found)]


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
    (ours, our_forms), (theirs, their_forms) = _forms(a), _forms(b)
    starts, places = ([place for place, form in enumerate(found) if form in shares] for found in (our_forms, their_forms))
    least = TELLING * sum(shares.values())
    best: tuple[float, int, int] | None = None
    for start in starts:
        for place in places:
            if our_forms[start] != their_forms[place]:
                continue
            length = _common(our_forms[start : start + MAX_PHRASE], their_forms[place : place + MAX_PHRASE], shares)
            part = sum([shares[form] for form in our_forms[start : start + length] if form in shares])
            if length == 1 and not (part >= least and ours[start][0].isupper() and theirs[place][0].isupper()):
                continue
            candidate = (-part, start, length)
            best = min(best, candidate) if best else candidate
    return _slice(a, best[1], best[2]) if best else None


@functools.lru_cache(1 << 12)  # an event stands in its own list and in those of others
def _forms(text: str) -> tuple[list[str], list[str]]:
    """The words' forms, with case and without."""
    found = forms(text)
    return found, " ".join(found).lower().split() if text.isascii() else [form.casefold() for form in found]


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


def _slice(text: str, start: int, length: int) -> str:
    found = words(text, start, start + length)
    return " ".join(text[found[0].start : found[-1].end].split())
