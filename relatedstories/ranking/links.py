"""Links: the related events of an event, each with its score and its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from relatedstories.changes import joined_contexts
from relatedstories.errors import BadValueError, shown
from relatedstories.events import Event
from relatedstories.topics.topic import Topic

if TYPE_CHECKING:
    from relatedstories.display.frames import Column, Library

__all__ = ["MAX_CONTEXTS", "Link", "Links", "are_translations"]

MAX_CONTEXTS = 2
"""Greatest number of contexts of a link: a second where the first alone is too broad."""


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
    contexts : tuple of str
        What best explains the link, best first, at most `MAX_CONTEXTS`: shared topics; where these do not say what happened, the
        kind of thing that both texts tell ("Traffic collision"); else a phrase that both contain, or nothing. The link back, in
        one language, has the same.
    topics : tuple of Topic
        All topics that both events have, the most telling first.
    duplicates : tuple of Event
        Near-duplicates of the event that are not listed themselves, best first; see `relatedstories.ranking.select`.
    pinned : bool
        Whether an editor put the event into the list, whatever its score.
    fallback : str or None
        None for a related event. "topic" or "recent" for one that only fills the list (see `RelatedStories.related`): it is
        among the newest with a topic of the event, its context, or among the newest before it. Its score is that of any two
        events, mostly below the least score of a link, and does not order the list.
    same_story : bool or None
        Whether both events are part of one story. None unless the stories of the archive were asked, since a story is known only
        with all events: see `relatedstories.storylines.Storylines.marked`. Links are equal whatever it is.

    Raises
    ------
    BadValueError
        If `contexts` is no tuple of texts, or too long.

    Examples
    --------
    >>> link = Link(Event("2", "Cholera spreads"), 0.5, 1, ("Cholera", "Sudan"))
    >>> link.context, link.label
    ('Cholera', 'Cholera, Sudan')
    """

    event: Event
    score: float
    rank: int
    contexts: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    duplicates: tuple[Event, ...] = ()
    pinned: bool = False
    fallback: str | None = None
    same_story: bool | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        contexts: object = self.contexts
        if not isinstance(contexts, tuple) or len(contexts) > MAX_CONTEXTS or not all(isinstance(one, str) for one in contexts):
            raise BadValueError("Link", "contexts", shown(contexts), f"a tuple of at most {MAX_CONTEXTS} texts")

    @property
    def context(self) -> str | None:
        """The first of the contexts, None if there is none."""
        return self.contexts[0] if self.contexts else None

    @property
    def label(self) -> str | None:
        """The contexts as the one text that readers see: "Cholera, Sudan"; None if there are none."""
        return joined_contexts(self.contexts)

    def to_dict(self) -> dict[str, Any]:
        """Return the link as the batch job writes it: id, rank, score to six places, contexts and topics.

        ``"context"`` is the first of ``"contexts"``. The ids of its duplicates are included if it has any, and
        ``"pinned": true`` if it is pinned, ``"fallback"`` if it only fills the list, ``"same_story"`` if it is known.

        Examples
        --------
        >>> Link(Event("2", "Rain"), 0.5, 1, duplicates=(Event("3", "Rain"),)).to_dict()
        {'id': '2', 'rank': 1, 'score': 0.5, 'context': None, 'contexts': [], 'topics': [], 'duplicates': ['3']}
        """
        record: dict[str, Any] = {
            "id": self.event.id,
            "rank": self.rank,
            "score": round(self.score, 6),
            "context": self.context,
            "contexts": [*self.contexts],
            "topics": [topic.name for topic in self.topics],
        }
        if self.duplicates:
            record["duplicates"] = [event.id for event in self.duplicates]
        if self.pinned:
            record["pinned"] = True
        if self.fallback is not None:
            record["fallback"] = self.fallback
        if self.same_story is not None:
            record["same_story"] = self.same_story
        return record

    def _repr_html_(self) -> str:
        return Links([self])._repr_html_()


class Links(list[Link]):
    """The links of an event: a list that prints as lines and is shown as a table in a notebook.

    Parameters
    ----------
    links : iterable of Link
    copies : iterable of Event
        Events that tell the same as the event itself, in the same words.

    Attributes
    ----------
    copies : tuple of Event
        They are no links, since a reader has read them: a text that was published twice. Best first, of the
        `relatedstories.ranking.copies.COPIES_WITHIN` best candidates. Two lists are equal if their links are.

    Examples
    --------
    >>> links = Links([Link(Event("2", "Cargo arrives"), 0.5, 1, ("Oslo",)), Link(Event("3", "Rain"), 0.25, 2)])
    >>> print(links)
     1  0.50              Oslo: Cargo arrives
     2  0.25              Rain
    >>> links.to_frame("pandas")[["rank", "id", "score", "title"]]
       rank id  score          title
    0     1  2   0.50  Cargo arrives
    1     2  3   0.25           Rain
    """

    __slots__ = ("copies",)

    def __init__(self, links: Iterable[Link] = (), copies: Iterable[Event] = ()) -> None:
        super().__init__(links)
        self.copies = tuple(copies)

    def to_frame(self, library: Library | None = None) -> Any:
        """Return the links as a data frame.

        Parameters
        ----------
        library : {"pandas", "polars"}, optional
            The kind of data frame; by default pandas if it is installed, else polars.

        Returns
        -------
        data frame
            One row a link: rank, id, date, title, score, context, contexts, names of topics, ids of duplicates, pinned, fallback;
            and same_story if it is known of all.

        Raises
        ------
        InputError
            If `library` is none of these, or is not installed.
        """
        from relatedstories.display.frames import frame

        columns: dict[str, Column] = {
            "rank": ("whole", [link.rank for link in self]),
            "id": ("text", [link.event.id for link in self]),
            "date": ("day", [link.event.date for link in self]),
            "title": ("text", [link.event.title for link in self]),
            "score": ("number", [link.score for link in self]),
            "context": ("text", [link.context for link in self]),
            "contexts": ("texts", [[*link.contexts] for link in self]),
            "topics": ("texts", [[topic.name for topic in link.topics] for link in self]),
            "duplicates": ("texts", [[event.id for event in link.duplicates] for link in self]),
            "pinned": ("truth", [link.pinned for link in self]),
            "fallback": ("text", [link.fallback for link in self]),
        }
        known = [link.same_story for link in self if link.same_story is not None]
        if known and len(known) == len(self):
            columns["same_story"] = ("truth", known)
        return frame(columns, library)

    def __str__(self) -> str:
        from relatedstories.display.html import links_text

        return links_text(self)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # shown by IPython in a terminal
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from relatedstories.display.html import links_html

        return links_html(self)


def are_translations(a: Event, b: Event) -> bool:
    """Tell whether two events are one text in two languages, so that a reader of one has read the other."""
    return a.translation_key is not None and a.translation_key == b.translation_key
