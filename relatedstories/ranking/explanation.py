"""Explanations: the parts that the score of two events is the sum of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relatedstories.changes import joined_contexts
from relatedstories.events import Event

if TYPE_CHECKING:
    from relatedstories.display.frames import Library

__all__ = ["Explanation", "Part", "largest_first"]


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
        Its part of the score, with the date factor applied: the product of its weights in both events, or the squared
        cosine of the two events in the word space.
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
        What the days between the events leave of their similarity, 0 to 1; the shares include it.
    parts : tuple of Part
        Every shared topic and term, and the word space, the largest share first.
    contexts : tuple of str
        The contexts that a link between the events has or would have, see `relatedstories.Link`.
    not_listed : str or None
        Why neither event is in the list of the other whatever else these have; None if it may be.

    Examples
    --------
    >>> parts = (Part("International Space Station", "topic", 0.25), Part("cargo", "term", 0.125))
    >>> print(Explanation(Event("1", "Cargo is lost"), Event("2", "Cargo arrives"), 0.375, 0.5, parts, ("Cargo",)))
    score 0.375 = similarity 0.750 x date factor 0.500
    Context: Cargo
     0.250  topic  International Space Station
     0.125  term   cargo
    """

    a: Event
    b: Event
    score: float
    date_factor: float
    parts: tuple[Part, ...]
    contexts: tuple[str, ...] = ()
    not_listed: str | None = None

    @property
    def topics(self) -> tuple[Part, ...]:
        """The parts that are topics."""
        return tuple(part for part in self.parts if part.kind == "topic")

    @property
    def terms(self) -> tuple[Part, ...]:
        """The parts that are terms."""
        return tuple(part for part in self.parts if part.kind == "term")

    @property
    def label(self) -> str | None:
        """The contexts as the one text that readers see: "Cholera, Sudan"; None if there are none."""
        return joined_contexts(self.contexts)

    def __str__(self) -> str:
        similarity = self.score / self.date_factor if self.date_factor else 0.0
        head = f"score {self.score:.3f} = similarity {similarity:.3f} x date factor {self.date_factor:.3f}"
        about = [f"Context: {self.label}"] if self.label else []
        about += [f"Not listed: {self.not_listed}"] if self.not_listed else []
        return "\n".join([head, *about, *(f"{part.share:6.3f}  {part.kind:5}  {part.name}" for part in self.parts)])

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as a dictionary that JSON can hold."""
        parts = [{"name": part.name, "kind": part.kind, "share": part.share} for part in self.parts]
        numbers = {"score": self.score, "date_factor": self.date_factor}
        against = {} if self.not_listed is None else {"not_listed": self.not_listed}
        return {"a": self.a.id, "b": self.b.id, **numbers, "contexts": [*self.contexts], **against, "parts": parts}

    def to_frame(self, library: Library | None = None) -> Any:
        """Return the parts as a data frame: name, kind, share. Parameters and errors are those of `Links.to_frame`."""
        from relatedstories.display.frames import frame

        return frame(
            {
                "name": ("text", [part.name for part in self.parts]),
                "kind": ("text", [part.kind for part in self.parts]),
                "share": ("number", [part.share for part in self.parts]),
            },
            library,
        )

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # shown by IPython in a terminal
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from relatedstories.display.html import explanation_html

        return explanation_html(self)


def largest_first(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return parts by falling share; where shares are equal, topics before terms, then by name."""
    return tuple(sorted(parts, key=lambda part: (-part.share, part.kind != "topic", part.name)))
