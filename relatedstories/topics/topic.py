"""The records of topics: a mention, a topic, and the topics of one event or text. They need neither spaCy nor a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from relatedstories.errors import BadValueError, shown
from relatedstories.events import Event
from relatedstories.topics.names import normalise_name
from relatedstories.topics.salience import salience

if TYPE_CHECKING:
    from relatedstories.display.frames import Library

__all__ = ["EventTopics", "Mention", "Topic", "Topics", "text_of"]

EventTopics: TypeAlias = tuple[tuple[str, str, tuple[int, ...]], ...]
"""The topics of one event as an archive stores them: name, kind, and for each mention the number of the segment it is in, as
`relatedstories.text.segments` counts them; those of the title are negative, and a topic that only editors gave has none."""


class Mention(str):
    """The words in a text that name a topic, with their offsets: ``event.full_text[start:end]``.

    Parameters
    ----------
    text : str
        The words as they are written; without markup, line ends and odd spaces where they are written with such: "New York"
        for ``New&nbsp;<b>York</b>``.
    start, end : int
        Offsets in characters, in the text as it is written.
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
    """A named thing that an event is about: a str, its canonical name, with further attributes.

    Topics with the same name are equal, so ``set(extract(a)) & set(extract(b))`` are the topics two texts share.

    Parameters
    ----------
    name : str
        The canonical name: "International Space Station", whatever words the text uses.
    kind : str
        One of `KINDS`.
    mentions : sequence of Mention, default ()
        The words that name it, in the order of the text; empty for a topic that an editor gave.
    probability : float, default 1.0
        The probability that an editor links it in this text, 0 to 1; 1 for topics given by editors or a user's own names.
    segments : sequence of int, optional
        For each mention the number of the segment of the text that it is in, as `relatedstories.text.segments` counts them.

    Examples
    --------
    >>> topic = Topic("International Space Station", "place", [Mention("the ISS", 0, 7)])
    >>> topic, topic.kind, topic.mentions
    ('International Space Station', 'place', ('the ISS',))
    """

    kind: str
    mentions: tuple[Mention, ...]
    probability: float
    segments: tuple[int, ...] | None

    def __new__(  # noqa: D102
        cls,
        name: str,
        kind: str = "thing",
        mentions: Sequence[Mention] = (),
        probability: float = 1.0,
        segments: Sequence[int] | None = None,
    ) -> Topic:
        self = super().__new__(cls, name)
        self.kind, self.mentions, self.probability = kind, tuple(mentions), probability
        self.segments = None if segments is None else tuple(segments)
        return self

    def __getnewargs__(self) -> tuple[str, str, tuple[Mention, ...], float, tuple[int, ...] | None]:  # type: ignore[override]
        return str(self), self.kind, self.mentions, self.probability, self.segments

    @property
    def name(self) -> str:
        """The canonical name as a plain str."""
        return str(self)

    @property
    def salience(self) -> float:
        """How much the text is about it, 0 to 1 (`relatedstories.topics.salience`); 1 if it is not told where it is mentioned."""
        return salience(self.segments) if self.segments else 1.0

    @property
    def key(self) -> str:
        """The normalised name, which is the same for all spellings of a topic; "" if the name has no letter."""
        return normalise_name(self)


class Topics(tuple[Topic, ...]):
    """The topics of an event or text: a tuple, displayed in a notebook as the text with its topics marked.

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
        self.of = of  # the event itself, as its full text would be a copy
        return self

    @property
    def text(self) -> str:
        """The text that the offsets of mentions refer to."""
        return text_of(self.of)

    def to_frame(self, library: Library | None = None) -> Any:
        """Return the topics as a data frame: name, kind, probability, mentions.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            By default pandas where that is installed, else polars.

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
    """Return the text in which the offsets of mentions count: an event's title and text, or the text itself."""
    if isinstance(event, Event):
        return event.full_text
    if isinstance(event, str):
        return event.encode("utf-8", "replace").decode()  # a lone surrogate is no character
    raise BadValueError("extract", None, shown(event), "an Event or a text")
