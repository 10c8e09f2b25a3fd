"""Links as rows of a table and as lines of a links file, so that the two can be compared."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from relatedstories.changes import LinksLine, links_line
from relatedstories.events import Event

if TYPE_CHECKING:
    from relatedstories.ranking.links import Link

__all__ = [
    "FALLBACK",
    "SCORE_DIGITS",
    "RowChanges",
    "add_events_without_links",
    "changed_rows",
    "line_of_rows",
    "links_schema",
    "rounded_line",
]

SCORE_DIGITS = 3
"""Decimal places of scores in a table. Every new event changes all scores a little; the rows that are written should be those
that a reader sees a change in."""

FALLBACK = "fallback"
"""The column that says of a link that it only fills a list. Tables have it from the first such link on, so that a table of
before, and whatever reads it, stays as it is."""


def links_schema(schema: quoted_name | None, name: quoted_name, id_type: Any = None, has_fallback: bool = False) -> sa.Table:
    """Return the definition of a table of links, with ids of a type, by default texts, and a column `FALLBACK` or none."""
    if id_type is None:
        # MySQL has no index on text of unbounded length, and does not tell A from a by default.
        id_type = sa.Text().with_variant(sa.String(512, collation="utf8mb4_bin"), "mysql", "mariadb")
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("event_id", id_type, primary_key=True, autoincrement=False),
        sa.Column("rank", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("related_id", id_type, nullable=False, index=True),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("context", sa.Text),
        sa.Column("topics", sa.Text, nullable=False),
        sa.Column("duplicates", sa.Text),
        sa.Column("pinned", sa.Boolean, nullable=False),
        *([sa.Column(FALLBACK, sa.Text)] if has_fallback else ()),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        schema=schema,
    )


def rounded_line(event: Event, links: list[Link]) -> LinksLine:
    """Return the id of an event with the line of its links as a table has them: scores rounded, contexts as one text."""
    return event.id, links_line(event.id, [_rounded(link) for link in links])


def _rounded(link: Link) -> dict[str, Any]:
    record = link.to_dict() | {"score": round(link.score, SCORE_DIGITS), "context": link.label}
    del record["contexts"]
    return record


def line_of_rows(id_: str, rows: Iterable[Sequence[Any]]) -> str:
    """Return the line of an event, given its rows without their time."""
    return links_line(id_, [_link_of_row(row) for row in rows])


def add_events_without_links(old: dict[str, str], new: list[LinksLine]) -> dict[str, str]:
    """Return the old lines with the new line of each event that has no rows and needs none, so that it counts as unchanged."""
    return old | {id_: line for id_, line in new if id_ not in old and line == links_line(id_, [])}


class RowChanges(NamedTuple):
    """The rows to add to a table of links, and the events and ranks of the rows to remove before that."""

    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]

    @property
    def written(self) -> int:
        """Number of rows that are written; a row that is removed and added again counts once."""
        removed = {(row["old_event_id"], row["old_rank"]) for row in self.removed}
        return len(removed | {(row["event_id"], row["rank"]) for row in self.added})


def changed_rows(old: dict[str, str], new: list[LinksLine], now: dt.datetime, has_fallback: bool = False) -> RowChanges:
    """Return the rows that differ between the lines by id of a table and the lines that replace them."""
    changes = RowChanges([], [])
    gone = sorted(old.keys() - {id_ for id_, _ in new})
    for id_, line in chain(new, ((id_, None) for id_ in gone)):
        if line != (old_line := old.get(id_)):
            links, old_links = _links_by_rank(line), _links_by_rank(old_line)
            changes.removed.extend(
                {"old_event_id": id_, "old_rank": rank} for rank, link in old_links.items() if links.get(rank) != link
            )
            changes.added.extend(
                _row_of_link(id_, link, now, has_fallback) for rank, link in links.items() if old_links.get(rank) != link
            )
    return changes


def _links_by_rank(line: str | None) -> dict[int, dict[str, Any]]:
    return {} if line is None else {link["rank"]: link for link in json.loads(line)["links"]}


def _row_of_link(id_: str, link: dict[str, Any], now: dt.datetime, has_fallback: bool) -> dict[str, Any]:
    """Return the row of an event's link in the line of `rounded_line`."""
    duplicates = link.get("duplicates")
    return {
        "event_id": id_,
        "rank": link["rank"],
        "related_id": link["id"],
        "score": link["score"],
        "context": link["context"],
        "topics": json.dumps(link["topics"], ensure_ascii=False),
        "duplicates": duplicates and json.dumps(duplicates, ensure_ascii=False),
        "pinned": link.get("pinned", False),
        **({FALLBACK: link.get(FALLBACK)} if has_fallback else {}),
        "refreshed_at": now,
    }


def _link_of_row(row: Sequence[Any]) -> dict[str, Any]:
    """Return the link of a row without its time, as `rounded_line` had it when the row was written."""
    _, rank, id_, score, context, topics, duplicates, pinned, *fallback = row
    link = {"id": str(id_), "rank": rank, "score": score, "context": context, "topics": _list_in(topics)}
    if duplicates:
        link["duplicates"] = _list_in(duplicates)
    if pinned:
        link["pinned"] = True
    if fallback and fallback[0] is not None:
        link[FALLBACK] = fallback[0]
    return link


def _list_in(text: Any) -> Any:
    """Return the list that a text holds as JSON; anything else that the column holds as it is, so that it counts as changed."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
