"""Events and links as commands print them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from relatedstories.events import Event
from relatedstories.text.titles import plain_title

if TYPE_CHECKING:
    from relatedstories.ranking.links import Link

__all__ = ["event_record", "link_record", "title_line"]


def title_line(event: Event) -> str:
    """Return the date, if there is one, and the title of an event as one line.

    Examples
    --------
    >>> title_line(Event.from_dict({"id": "1", "title": "Snow in Oslo", "date": "2017-01-04"}))
    '2017-01-04  Snow in Oslo'
    """
    title = " ".join(plain_title(event.title).split())
    return f"{event.date}  {title}" if event.date else title


def event_record(event: Event) -> dict[str, Any]:
    """Return what --json prints of an event beside others: its id, its title, and its date, None where it has none.

    Examples
    --------
    >>> event_record(Event("1", "Snow in Oslo"))
    {'id': '1', 'title': 'Snow in Oslo', 'date': None}
    """
    return {"id": event.id, "title": event.title, "date": event.date.isoformat() if event.date else None}


def link_record(link: Link) -> dict[str, Any]:
    """Return what --json prints of a link: the link with the title and the date of its event."""
    return link.to_dict() | event_record(link.event)
