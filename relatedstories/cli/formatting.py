"""Events as commands print them."""

from __future__ import annotations

from relatedstories.events import Event
from relatedstories.text.titles import plain_title

__all__ = ["iso_date", "title_line"]


def title_line(event: Event) -> str:
    """Return the date, if there is one, and the title of an event as one line.

    Examples
    --------
    >>> title_line(Event.from_dict({"id": "1", "title": "Snow in Oslo", "date": "2017-01-04"}))
    '2017-01-04  Snow in Oslo'
    """
    title = " ".join(plain_title(event.title).split())
    return f"{event.date}  {title}" if event.date else title


def iso_date(event: Event) -> str | None:
    """Return the date of an event as YYYY-MM-DD, None where it has none."""
    return event.date.isoformat() if event.date else None
