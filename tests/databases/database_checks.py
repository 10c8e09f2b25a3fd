"""What the tests of databases share: the message of an error, and the links and rows to expect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from helpers import quick
from servers import IN_URL, PASSWORD
from stores import Store

from relatedstories import Event, InputError
from relatedstories.changes import links_line


def message_of(call: Any) -> str:
    """Return the message of the `InputError` that a call raises: one line without the password, which no other error shows."""
    with pytest.raises(InputError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert PASSWORD not in message
    assert IN_URL not in message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


def expected_lines(events: list[Event], **keywords: Any) -> list[str]:
    """Return the lines of a links file of the events, as a table has them."""
    return [
        rounded(links_line(event.id, [link.to_dict() for link in links]))
        for event, links in quick().fit(events).all_related(**keywords)
    ]


def rounded(line: str) -> str:
    """Return the line as a table has it: scores rounded to three places, contexts as one text."""
    event = json.loads(line)
    for link in event["links"]:
        link |= {"score": round(link["score"], 3), "context": ", ".join(link.pop("contexts")) or None}
    return links_line(event["id"], event["links"])


def with_links(lines: list[str]) -> list[str]:
    return [line for line in lines if json.loads(line)["links"]]


def row_versions(store: Store) -> dict[tuple[str, int], str]:
    """Return what changes for each row when it is written; in MariaDB, not if it is written again within the same second."""
    version = {
        "sqlite": "rowid || refreshed_at",
        "postgresql": "xmin || ' ' || ctid",
        "mysql": "concat_ws(' ', refreshed_at, related_id, score, context, topics, duplicates, pinned)",
    }[store.dialect]
    return {(id_, rank): stamp for id_, rank, stamp in store.rows(f"SELECT event_id, rank, {version} FROM related_links")}


def never() -> Iterator[Event]:
    raise AssertionError("nothing may be read before the table is checked")
    yield
