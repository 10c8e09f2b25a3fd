"""Links as rows of a table, and what differs between the rows that a table has and those that replace them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.sql import quoted_name

from relatedstories.changes import Change, Labels, links_line

if TYPE_CHECKING:
    from relatedstories.ranking.links import Link

__all__ = [
    "COMPARED",
    "FALLBACK",
    "MYSQL_ID_LENGTH",
    "SCORE_DIGITS",
    "LinkRow",
    "RowChanges",
    "changes_of_rows",
    "exact_collation",
    "line_of_rows",
    "links_schema",
    "rows_of_links",
]

SCORE_DIGITS = 3
"""Decimal places of scores in a table. Every new event changes all scores a little; the rows that are written should be those
that a reader sees a change in."""

FALLBACK = "fallback"
"""The column that says of a link that it only fills a list. Tables have it from the first such link on, so that a table of
before, and whatever reads it, stays as it is."""

COMPARED = "rank", "related_id", "score", "context", "topics", "duplicates", "pinned", FALLBACK
"""The columns of a `LinkRow`, in order: all but that of the event and that of the time."""

MYSQL_ID_LENGTH = 512
"""Number of characters of ids that are texts in MySQL, whose keys have a greatest length."""

LinkRow: TypeAlias = tuple[Any, ...]
"""A link of an event as a table has it: the score rounded, contexts as one text, ids as texts, None for a column not there."""


def exact_collation(connection: sa.Connection) -> str | None:
    """Return the collation of MySQL or MariaDB by which texts are equal only if all their characters are.

    By default "Oslo" equals "oslo"; by utf8mb4_bin, "Oslo" equals "Oslo " with a space.
    """
    names = connection.scalars(sa.text("SELECT COLLATION_NAME FROM information_schema.COLLATIONS"))
    return next((name for name in names.all() if name in ("utf8mb4_nopad_bin", "utf8mb4_0900_bin")), None)


def links_schema(
    schema: quoted_name | None,
    name: quoted_name,
    id_type: Any = None,
    has_fallback: bool = False,
    collation: str | None = None,
) -> sa.Table:
    """Return the definition of a table of links, with ids of a type, by default texts, and a column `FALLBACK` or none.

    Texts that are ids get a collation in MySQL, by default one that every version has.
    """
    if id_type is None:  # MySQL has no index on text of unbounded length
        limited = sa.String(MYSQL_ID_LENGTH, collation=collation or "utf8mb4_bin")
        id_type = sa.Text().with_variant(limited, "mysql", "mariadb")
    text = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")  # whose TEXT ends at 64 KiB
    in_mysql = {"engine": "InnoDB", "charset": "utf8mb4"}  # whatever the server's or the database's own default
    options: dict[str, Any] = {f"{dialect}_{name}": value for dialect in ("mysql", "mariadb") for name, value in in_mysql.items()}
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("event_id", id_type, primary_key=True, autoincrement=False),
        sa.Column("rank", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("related_id", id_type, nullable=False, index=True),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("context", text),
        sa.Column("topics", text, nullable=False),
        sa.Column("duplicates", text),
        sa.Column("pinned", sa.Boolean, nullable=False),
        *([sa.Column(FALLBACK, text)] if has_fallback else ()),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        schema=schema,
        **options,
    )


def rows_of_links(links: Iterable[Link], topics: dict[tuple[str, ...], str]) -> list[LinkRow]:
    """Return the rows of an event's links; `topics` keeps the texts of lists of topics, most of which many links have."""
    rows = []
    for link in links:
        names = tuple([topic.name for topic in link.topics])
        text = topics.get(names)
        if text is None:
            text = topics[names] = json.dumps(names, ensure_ascii=False)
        duplicates = json.dumps([event.id for event in link.duplicates], ensure_ascii=False) if link.duplicates else None
        score = round(link.score, SCORE_DIGITS)
        rows.append((link.rank, link.event.id, score, link.label, text, duplicates, link.pinned, link.fallback))
    return rows


def line_of_rows(id_: str, rows: Iterable[LinkRow]) -> str:
    """Return the line of an event as in a file of links, given its rows; `rows_of_links` says how they differ."""
    return links_line(id_, [_link_of_row(row) for row in rows])


class RowChanges(NamedTuple):
    """The rows to add to a table of links, and the events and ranks of the rows to remove before that."""

    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]

    @property
    def events(self) -> set[str]:
        """The ids of the events whose rows they are."""
        return {row["old_event_id"] for row in self.removed} | {row["event_id"] for row in self.added}

    @property
    def written(self) -> int:
        """Number of rows that are written; a row that is removed and added again counts once."""
        removed = {(row["old_event_id"], row["old_rank"]) for row in self.removed}
        return len(removed | {(row["event_id"], row["rank"]) for row in self.added})


def changes_of_rows(
    old: Mapping[str, list[LinkRow]],
    new: Sequence[tuple[str, list[LinkRow]]],
    now: dt.datetime,
    has_fallback: bool,
    rows: RowChanges,
) -> Iterator[Change]:
    """Yield the change of each event, of those that are gone last, and add the rows that differ to `rows`.

    Parameters
    ----------
    old : mapping of str to list of LinkRow
        The rows of each event in the table.
    new : sequence of (str, list of LinkRow)
        The id of each event and the rows that replace those.
    now : datetime
        The time that new rows get.
    has_fallback : bool
        Whether the table has the column `FALLBACK`.
    rows : RowChanges
    """
    for id_, new_rows in new:
        old_rows = old.get(id_)
        after = _labels_of(new_rows)
        if old_rows == new_rows or (old_rows is None and not new_rows):  # an event without links has no rows
            yield Change(id_, after, after, False)
            continue
        before = None if old_rows is None else _labels_of(old_rows)
        links, old_links = _links_by_rank(new_rows), _links_by_rank(old_rows or ())
        different = {rank for rank in links.keys() | old_links.keys() if links.get(rank) != old_links.get(rank)}
        rows.removed.extend({"old_event_id": id_, "old_rank": rank} for rank in old_links if rank in different)
        rows.added.extend(_as_written(id_, row, now, has_fallback) for row in new_rows if row[0] in different)
        yield Change(id_, before, after, bool(different))
    for id_ in sorted(old.keys() - {id_ for id_, _ in new}):
        rows.removed.extend({"old_event_id": id_, "old_rank": row[0]} for row in old[id_])
        yield Change(id_, _labels_of(old[id_]), None)


def _labels_of(rows: Iterable[LinkRow]) -> Labels:
    return {id_: context for _, id_, _, context, *_ in rows}


def _links_by_rank(rows: Iterable[LinkRow]) -> dict[int, dict[str, Any]]:
    return {row[0]: _link_of_row(row) for row in rows}


def _as_written(id_: str, row: LinkRow, now: dt.datetime, has_fallback: bool) -> dict[str, Any]:
    """Return an event's row as it is written to the table, by column."""
    written = {"event_id": id_, **dict(zip(COMPARED, row, strict=True)), "refreshed_at": now}
    if not has_fallback:
        del written[FALLBACK]
    return written


def _link_of_row(row: LinkRow) -> dict[str, Any]:
    """Return the link of a row as `Link.to_dict` has it; the contexts are one text."""
    rank, id_, score, context, topics, duplicates, pinned, fallback = row
    link = {"id": id_, "rank": rank, "score": score, "context": context, "topics": _list_in(topics)}
    if duplicates:
        link["duplicates"] = _list_in(duplicates)
    if pinned:
        link["pinned"] = True
    if fallback is not None:
        link[FALLBACK] = fallback
    return link


def _list_in(text: Any) -> Any:
    """Return the list that a text holds as JSON; anything else that the column holds as it is, so that it counts as changed."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
