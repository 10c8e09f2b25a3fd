"""The command ``stats``."""

from __future__ import annotations

import collections
import json
from pathlib import Path
from typing import Annotated, Any

from relatedstories.cli.options import AsJson, OptionalSource, ReadOptions, index_option, load_index, require_one
from relatedstories.cli.source import Source
from relatedstories.events import Event

__all__ = ["EXAMPLES", "stats"]

COMMONEST_SEGMENTS = 5

EXAMPLES = """
Examples:

  Whether an archive is read as it should be, before anything is built:
    relatedstories stats news.csv --field title=headline

  The commonest topics, from an index:
    relatedstories stats --index stories
"""


def stats(
    source: OptionalSource = None,
    *,
    index: Annotated[
        Path | None,
        index_option("Count this index, as written by 'build' or 'refresh', instead of SOURCE. It knows the topics too."),
    ] = None,
    reading: ReadOptions,
    as_json: AsJson = False,
) -> None:
    """Count what an archive or an index holds: events, dates, headings, topics.

    An index also tells which sentences, and beginnings and ends of titles, recur across the archive: these are left out when
    events are compared.

    Give either SOURCE or --index.
    """
    require_one(source, index, reading)
    figures: dict[str, Any]
    if index is not None:
        stories = load_index(index)
        topics = collections.Counter(topic.name for event in stories for topic in stories.topics(event.id))
        figures = _figures(list(stories)) | {
            "topics": len(topics),
            "topics an event": round(topics.total() / max(1, len(stories)), 2),
            "commonest topics": dict(topics.most_common(10)),
        }
        recurring = stories.boilerplate()
        figures |= {
            "recurring segments": len(recurring.texts),
            "commonest recurring segments": dict(list(recurring.texts.items())[:COMMONEST_SEGMENTS]),
            "words left out": round(recurring.word_share, 3),
        }
    else:
        with Source(str(source), reading).events() as events:
            figures = _figures(list(events))
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        text = ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        print(f"{name}: {text}")


def _figures(events: list[Event]) -> dict[str, Any]:
    """Return the counts of an archive, by what is counted."""
    dates = sorted(event.date for event in events if event.date is not None)
    return {
        "events": len(events),
        "first date": dates[0].isoformat() if dates else None,
        "last date": dates[-1].isoformat() if dates else None,
        "without date": len(events) - len(dates),
        "with heading": sum(event.heading is not None for event in events),
        "with topics given": sum(bool(event.topics) for event in events),
        "characters an event": round(sum(len(event.full_text) for event in events) / max(1, len(events))),
        "events a year": {str(year): count for year, count in sorted(collections.Counter(date.year for date in dates).items())},
    }
