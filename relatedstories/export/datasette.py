"""The settings by which datasette shows the database of an export."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from relatedstories.disk.atomic import check_target
from relatedstories.errors import InputError

__all__ = ["check_settings", "datasette_settings", "settings_path"]

_WRITTEN_BY = {"written_by": "relatedstories export"}
"""What tells these settings from those that a person wrote, which are not replaced."""


def settings_path(database: Path) -> Path:
    """Return the path of the settings of a database.

    Examples
    --------
    >>> settings_path(Path("news.db")).name
    'news.metadata.json'
    """
    return database.with_name(f"{database.stem}.metadata.json")


def check_settings(database: Path) -> None:
    """Raise `InputError` if the settings of a database cannot be written, or there are ones that no export wrote."""
    path = settings_path(database)
    check_target(path)
    if not path.exists():
        return
    try:
        known = json.loads(path.read_bytes())
    except ValueError:  # no JSON, or not in UTF-8
        known = None
    if not isinstance(known, dict) or not known.items() >= _WRITTEN_BY.items():
        raise InputError(f"{path}: got settings that no export wrote, expected those of an earlier export; rename the file")


def datasette_settings(
    database: str,
    title: str,
    licence: str | None,
    further_facets: Iterable[str | dict[str, str]] = (),
) -> dict[str, Any]:
    """Return the settings of a database by its name: titles, facets, orders, labels, and queries.

    Parameters
    ----------
    database, title : str
    licence : str or None
    further_facets : iterable of str or dict
        Facets that tell this archive's events apart, but not those of all archives.
    """
    events = _TABLES["events"] | {"facets": [*_TABLES["events"]["facets"], *further_facets]}
    about = {"title": title} | ({"license": licence} if licence else {})
    tables = _TABLES | {"events": events}
    return about | _WRITTEN_BY | {"databases": {database: {"title": title, "tables": tables, "queries": _QUERIES}}}


_TABLES: dict[str, dict[str, Any]] = {
    "events": {
        "title": "Events",
        "description": "Search looks for words in titles, texts and topics.",
        "label_column": "title",
        "sort_desc": "date",
        "facets": ["year", "story_id"],
        "columns": {
            "year": "The year of the date.",
            "topics": "What it is about, a list.",
            "story_id": "The story that it is part of.",
            "key_event": "1 if it is a key event of its story.",
            "heading": "The heading under which an editor filed it.",
            "language": "The code of its language.",
        },
    },
    "links": {
        "title": "Links: what to read next",
        "facets": ["label", "rank"],
        "columns": {
            "rank": "Its place in the list of the event, from 1.",
            "score": "How related the two are, from 0 to 1.",
            "label": "The shared topics that explain the link best, as readers see them.",
            "contexts": "The same as a list.",
            "topics": "All topics that both have, a list.",
            "duplicates": "Ids of near-duplicates of the related event.",
            "pinned": "1 if an editor put it into the list.",
            "fallback": "topic or recent if it only fills the list.",
        },
    },
    "topics": {"title": "Topics", "label_column": "name", "sort_desc": "n_events", "facets": ["kind"]},
    "event_topics": {"title": "Topics of events", "facets": ["topic", "kind", "year"]},
    "stories": {
        "title": "Stories: events that belong together",
        "label_column": "name",
        "sort_desc": "last_day",
        "facets": [{"array": "topics"}],
        "columns": {"topics": "What sets it apart, the most telling first."},
    },
    "sources": {"title": "Sources", "facets": ["name"]},
    "copies": {"title": "Copies: events in the same words"},
    "related": {
        "title": "Links with the titles of both sides",
        "columns": {"same_story": "1 if both events are part of one story."},
    },
    "story_events": {"title": "Stories with their events", "sort": "date"},
    "topic_events": {"title": "Topics with their events"},
    "years": {"title": "Years", "sort_desc": "year"},
    "topic_years": {"title": "Topics by year", "sort_desc": "n_events", "facets": ["year"]},
}

_QUERIES: dict[str, dict[str, Any]] = {
    "search": {
        "title": "Search, best first",
        "description": "Words, phrases in quotes, the beginning of a word with *, and AND, OR and NOT between them.",
        "sql": (
            "SELECT events.id, events.date, events.title, snippet(events_fts, 1, '[', ']', '…', 24) AS text, events.topics\n"
            "FROM events_fts JOIN events ON events.rowid = events_fts.rowid\n"
            "WHERE events_fts MATCH :words ORDER BY bm25(events_fts, 4, 1, 2), events.date DESC LIMIT 100"
        ),
    },
    "events_of_topic": {
        "title": "The events of a topic, newest first",
        "sql": (
            "SELECT events.id, events.date, events.title, events.topics FROM event_topics\n"
            "JOIN events ON events.id = event_topics.event_id WHERE topic = :topic ORDER BY events.date DESC LIMIT 1000"
        ),
    },
    "story_of_event": {
        "title": "The story of an event, by its id",
        "sql": (
            "SELECT events.id, events.date, events.title, events.key_event FROM events\n"
            "WHERE story_id = (SELECT story_id FROM events WHERE id = :id) ORDER BY events.date, events.id"
        ),
    },
}
