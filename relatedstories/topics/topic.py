"""Topics as values: a topic with its kind and mentions, and the topics of one event or text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from relatedstories.errors import BadValueError, shown
from relatedstories.events import Event
from relatedstories.topics.names import normalise_name

if TYPE_CHECKING:
    from relatedstories.display.frames import Library

__all__ = ["EventTopics", "Mention", "Topic", "Topics", "text_of"]

EventTopics: TypeAlias = tuple[tuple[str, str], ...]
"""The topics of an event as an archive stores them: pairs of name and kind."""


class Mention(str):
    """The words of a text that name a topic, with their position: ``event.full_text[start:end]``.

    Parameters
    ----------
    text : str
    start, end : int
        Offsets in characters.
    """

    start: int
    end: int

    def __new__(cls, text: str, start: int, end: int) -> Mention:  # noqa: D102
        self = super().__new__(cls, text)
        self.start, self.end = start, end
        return self

    def __getnewargs__(self) -> tuple[str, int, int]:  # type: ignore[override]
        return str(self), self.start, self.end


class Topic(str):
    """A named thing that an event is about: its canonical name as a str, with its kind, mentions and probability.

    Two topics with the same name are equal, so ``set(extract(a)) & set(extract(b))`` are the topics two texts share.

    Parameters
    ----------
    name : str
        The canonical name: "International Space Station", whatever the text calls it.
    kind : str
        One of `relatedstories.topics.KINDS`.
    mentions : sequence of Mention, default ()
        The words that named it, in text order; empty for a topic that an editor assigned.
    probability : float, default 1.0
        The probability, 0 to 1, that an editor links the topic in this text; 1 for a topic that comes from an editor or from
        the user's aliases.

    Examples
    --------
    >>> topic = Topic("International Space Station", "place", [Mention("the ISS", 0, 7)])
    >>> topic, topic.kind, topic.mentions
    ('International Space Station', 'place', ('the ISS',))
    """

    kind: str
    mentions: tuple[Mention, ...]
    probability: float

    def __new__(  # noqa: D102
        cls, name: str, kind: str = "thing", mentions: Sequence[Mention] = (), probability: float = 1.0
    ) -> Topic:
        self = super().__new__(cls, name)
        self.kind, self.mentions, self.probability = kind, tuple(mentions), probability
        return self

    def __getnewargs__(self) -> tuple[str, str, tuple[Mention, ...], float]:  # type: ignore[override]
        return str(self), self.kind, self.mentions, self.probability

    @property
    def name(self) -> str:
        """The canonical name as a plain str."""
        return str(self)

    @property
    def key(self) -> str:
        """The normalised name, equal for all spellings of one topic; "" for a name without a letter, which is no topic."""
        return normalise_name(self)


class Topics(tuple[Topic, ...]):
    """The topics of an event or text: a tuple that a notebook displays as the text with its topics marked.

    Parameters
    ----------
    topics : iterable of Topic
    of : Event or str
        The event or text that the topics belong to.

    Examples
    --------
    >>> topics = Topics([Topic("International Space Station", "place", [Mention("the ISS", 9, 16)])], "Crew of the ISS rests")
    >>> topics, topics.text
    (('International Space Station',), 'Crew of the ISS rests')
    """

    of: Event | str

    def __new__(cls, topics: Iterable[Topic] = (), of: Event | str = "") -> Topics:  # noqa: D102
        self = super().__new__(cls, topics)
        self.of = of  # the event itself: its full text would be a copy
        return self

    @property
    def text(self) -> str:
        """The text in which mentions have their offsets."""
        return text_of(self.of)

    def to_frame(self, library: Library | None = None) -> Any:
        """Return the topics as a data frame with the columns name, kind, probability and mentions.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            By default pandas if it is installed, else polars.

        Raises
        ------
        InputError
            If the library is unknown or not installed.
        """
        from relatedstories.display.frames import frame

        return frame(
            {
                "name": ("text", [topic.name for topic in self]),
                "kind": ("text", [topic.kind for topic in self]),
                "probability": ("number", [topic.probability for topic in self]),
                "mentions": ("texts", [[str(mention) for mention in topic.mentions] for topic in self]),
            },
            library,
        )

    def _repr_html_(self) -> str:
        from relatedstories.display.html import topics_html

        return topics_html(self, self.text)


def text_of(event: Event | str) -> str:
    r"""Return the full text of an event, or a text itself with lone surrogates replaced.

    Raises
    ------
    BadValueError
        If it is neither an event nor a text.

    Examples
    --------
    >>> text_of(Event("1", "Rain in Wales", "It rains."))
    'Rain in Wales\nIt rains.'
    """
    if isinstance(event, Event):
        return event.full_text
    if isinstance(event, str):
        return event.encode("utf-8", "replace").decode()
    raise BadValueError("extract", None, shown(event), "an Event or a text")
