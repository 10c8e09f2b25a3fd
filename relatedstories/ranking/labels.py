"""Labels: which shared topic explains a link best."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from relatedstories.artefacts import table
from relatedstories.ranking.shapes import names_a_division, says_when
from relatedstories.text.segments import UNSPACED
from relatedstories.text.terms import ENGLISH, stem_of, terms_of_name
from relatedstories.topics.names import normalise_name
from relatedstories.topics.topic import Topic

__all__ = [
    "ALONE",
    "BESIDE",
    "MAX_NAME_CHARS",
    "SECOND",
    "TYPICAL",
    "Label",
    "is_part_without_spaces",
    "label_key",
    "most_telling_first",
    "says_the_same",
    "weakness_of",
]

TYPICAL = 0.4
"""The coherence of a topic of which nothing is known."""

MAX_NAME_CHARS = 72
"""Length of the longest name that is a label, in characters."""

BROAD = 0.45
"""The coherence below which the events of a topic are so unlike that it is no reason alone."""

MATTER_WEIGHT, COUNTRY_WEIGHT, PEOPLE_WEIGHT, OFFICE_WEIGHT = 1.2, 0.5, 0.3, 0.15
"""What matters and named events, countries, peoples and offices count as beside other topics: what happened explains more than
where it was or who said it."""

KNOWN_FROM = 5
"""The number of events from which it shows that a topic is broad."""

SECOND = 0.03
"""The part of the value of the first label that a second one needs."""

ALONE, BESIDE = 2.0, 1.5
"""How many times the least score a link needs that has but a country, a people or an office for a label, and one that has another
beside it: of those with lower scores readers accept one in four."""

_OFFICE = re.compile(
    r"^(?:(?:deputy|vice|acting|first|foreign|prime|chief|interim|lieutenant) )*"
    r"(?:president|minister|governor|chancellor|premier|secretary|mayor|speaker|king|queen|emperor|pope|presidency|chairman"
    r"|attorney general)\b(?!.*\d)"
    r"|\b(?:minister|spokesperson|politician|official|civilian|officer)$",
    re.IGNORECASE,
)


_UNSPACED_NAME = re.compile(f"[{UNSPACED}]+")


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
        What a share of the score counts as if it is this topic's: the square of its coherence, and less for places and offices.
    tells : bool
        Whether it can be the label of a link: it cannot if so many of the archive's events have it, or all words of its name,
        that it tells nothing there, if it is longer than `MAX_NAME_CHARS`, if it is a month or a day of the week, or if it is the
        word for the parts of a whole: "Section".
    tells_in_titles : bool
        Whether it can be the label of a link between events that both have it in their titles.
    is_broad : bool
        Whether it is too broad to be a reason alone.
    is_matter : bool
        Whether it may say what happened: it is no place, person, people or office.
    is_last_resort : bool
        Whether it is an office or a people, which is hardly a reason.
    says_little : bool
        Whether it is a country, a people or an office that no editor gave: many events share it that have nothing in common.
    is_given : bool
        Whether editors gave it, under any event.
    """

    topic: Topic
    name: str
    only_topic: tuple[Topic, ...]
    terms: tuple[str, ...]
    weight: float
    tells: bool
    tells_in_titles: bool
    is_broad: bool
    is_matter: bool
    is_last_resort: bool
    says_little: bool
    is_given: bool

    @property
    def is_place(self) -> bool:
        """Whether it is a place."""
        return self.topic.kind == "place"

    @property
    def is_kind_of_news(self) -> bool:
        """Whether it is a matter or a named event: with it, a subject (`relatedstories.ranking.subjects`) says nothing new."""
        return self.topic.kind in ("concept", "event")

    @classmethod
    def of(
        cls,
        topic: Topic,
        n_events: int,
        coherence: float | None = None,
        language: str = ENGLISH,
        is_common: Callable[[Sequence[str]], bool] = _never,
        *,
        given: bool = False,
    ) -> Label:
        """Return the label of a topic.

        Parameters
        ----------
        topic : Topic
        n_events : int
            The number of events of the archive that have it.
        coherence : float, optional
            How alike the events are that have it, 0 to 1, if that is known.
        language : str, default "en"
        is_common : callable, optional
            Called with the terms of the topic's name, returns whether the archive is full of the topic.
        given : bool, default False
            Whether editors gave it, who know what it tells: it is not broad unless it is a country, a people or an office.
        """
        terms = tuple(terms_of_name(topic, language))
        says_nothing = says_when(topic, language) or (names_a_division(topic, language) and not given)
        tells = len(topic) <= MAX_NAME_CHARS and not says_nothing and not is_common(terms)
        weakness = weakness_of(topic)
        if coherence is None or n_events < KNOWN_FROM or given:
            coherence = max(coherence or TYPICAL, BROAD) if given else TYPICAL
            is_broad = weakness < 1
        else:
            is_broad = weakness < 1 or topic.kind == "person" or coherence < BROAD
        is_matter = weakness >= 1 and topic.kind not in ("place", "person")
        sureness = min(1.0, math.log1p(n_events) / math.log1p(KNOWN_FROM))  # what only two events have is often a chance topic
        weight = weakness * sureness * coherence * coherence
        is_last_resort, says_little = weakness <= PEOPLE_WEIGHT, weakness < 1 and not given
        return cls(
            topic, topic.name, (topic,), terms, weight, tells, tells, is_broad, is_matter, is_last_resort, says_little, given
        )


def weakness_of(topic: Topic) -> float:
    """Return what an office, a people or a country counts as, more than 1 a matter, 1 other topics."""
    if topic.kind != "person" and _OFFICE.search(topic):  # Pope Francis is none
        return OFFICE_WEIGHT
    return _countries().get(topic.key, MATTER_WEIGHT if topic.kind in ("concept", "event") else 1.0)


@functools.cache
def _countries() -> dict[str, float]:
    """Return the weights of countries, by their names, and of their peoples and adjectives."""
    weights: dict[str, float] = {}
    for country, *others in table("topics/countries.tsv"):
        weights.update(dict.fromkeys(map(normalise_name, others), PEOPLE_WEIGHT))
        weights[normalise_name(country)] = COUNTRY_WEIGHT
    weights[normalise_name("Palestinians")] = PEOPLE_WEIGHT
    return weights


def label_key(name: str) -> str:
    """Return what the labels have in common that `max_per_context` counts together.

    Examples
    --------
    >>> label_key("The Córdoba"), label_key("!?")
    ('cordoba', '!?')
    """
    return normalise_name(name) or name


@functools.lru_cache(1 << 14)  # the same pairs of topics come again and again
def says_the_same(name: str, other: str) -> bool:
    """Return whether one of two names has all words of the other, or is made of their first letters.

    Examples
    --------
    >>> says_the_same("ISS", "International Space Station"), says_the_same("Google Summer of Code", "GSoC")
    (True, True)
    >>> says_the_same("Live-CD", "Live CD"), says_the_same("contact-centers", "Contact Center")
    (True, True)
    >>> says_the_same("Queen Elizabeth II", "Elizabeth II"), says_the_same("Board Elections", "Election")
    (True, True)
    >>> says_the_same("Sudan", "Cholera"), says_the_same("Formula E", "Formula One"), says_the_same("C++", "Oslo")
    (False, False, False)
    """
    if len(name) > len(other):
        name, other = other, name
    # Whole words, since one letter or sign may be all that tells names apart, in either number: "Board Elections", "Election".
    words, others = ({stem_of(word) for word in each.casefold().replace("-", " ").split()} for each in (name, other))
    initials = [word[0] for word in other.split()]
    capitals = filter(str.isupper, initials)
    return words <= others or (len(name) > 1 and name.casefold() in ("".join(initials).casefold(), "".join(capitals).casefold()))


def is_part_without_spaces(name: str, other: str) -> bool:
    """Return whether one of two names is part of the other, in a script that puts no spaces between words.

    Examples
    --------
    >>> is_part_without_spaces("地震", "能登半島地震"), is_part_without_spaces("Oslo", "Oslofjord")
    (True, False)
    """
    shorter, longer = sorted((name, other), key=len)
    return shorter in longer and _UNSPACED_NAME.fullmatch(shorter) is not None


def most_telling_first(topics: Iterable[tuple[Label, float]], terms: Mapping[str, float]) -> list[tuple[Label, float]]:
    """Return shared topics with how well each explains a link, ``share * weight``, best first, those that tell nothing last.

    ``share`` is what the topic and the words of its name add to the score. The weight puts a topic of few, like events before
    one that many unlike events have.

    Parameters
    ----------
    topics : iterable of (Label, float)
        The shared topics with their shares of the score.
    terms : mapping of str to float
        The shared terms with theirs.

    Examples
    --------
    >>> russia, station = Label.of(Topic("Russia", "place"), 9, 0.1), Label.of(Topic("Space Station"), 9, 0.4)
    >>> ranked = most_telling_first([(russia, 0.05), (station, 0.04)], {"space": 0.03, "station": 0.03})
    >>> [label.name for label, _ in ranked]
    ['Space Station', 'Russia']
    """
    ranked = []
    for label, share in topics:
        for term in label.terms:
            share += terms.get(term, 0.0)
        ranked.append((not label.tells, -share * label.weight, label))
    return [(label, -value) for _, value, label in sorted(ranked)]
