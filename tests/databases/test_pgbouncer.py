"""PostgreSQL behind PgBouncer with transaction pooling, where one transaction of a client shares nothing with its next."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from database_checks import expected_lines, message_of, with_links
from helpers import SPACE, quick
from stores import Store

from relatedstories import Event, InputError, read_events
from relatedstories.databases.links_table import LinksTable
from relatedstories.refresh import refresh


@pytest.fixture
def pooled(postgres: Store, bouncer: str) -> str:
    return bouncer + postgres.url.rpartition("/")[2]


def test_a_refresh_reads_and_writes(postgres: Store, pooled: str) -> None:
    postgres.put(SPACE)
    for night in range(8):  # a driver prepares a statement that it has run five times
        events = SPACE[night % 3 :]
        refresh(quick(), [event for event in read_events(pooled) if event in events], LinksTable(pooled))
        assert [line for _, line in LinksTable(pooled).read()] == with_links(expected_lines(events))
    assert refresh(quick(), events, LinksTable(pooled)).written == 0


def test_many_ids_of_lists_that_stay(pooled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relatedstories.databases.links_table._IDS_AT_ONCE", 1)
    table = LinksTable(pooled)
    refresh(quick(), SPACE, table)
    read = table._read_rows(except_of={"oslo"})
    assert set(read) == {json.loads(line)["id"] for line in with_links(expected_lines(SPACE))} - {"oslo"}


def test_one_refresh_at_a_time(pooled: str) -> None:
    def events() -> Iterator[Event]:
        for _ in range(4):  # whichever connection of the pool it gets
            with pytest.raises(InputError, match=rf"got another writer at work \(.*process {os.getpid()} on "):
                refresh(quick(), SPACE, LinksTable(pooled))
        yield from SPACE

    for _ in range(2):  # and the lock is free again
        refresh(quick(), events(), LinksTable(pooled))


def test_a_lock_that_is_lost(postgres: Store, pooled: str) -> None:
    refresh(quick(), SPACE, LinksTable(pooled))
    before = list(LinksTable(pooled).read())

    def events() -> Iterator[Event]:
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        yield from SPACE[1:]

    table = LinksTable(pooled)
    message = message_of(lambda: refresh(quick(), events(), table))
    assert message.startswith(f"{table}: lost the lock that keeps other refreshes out, with its connection (")
    assert message.endswith("); nothing was written")
    assert list(LinksTable(pooled).read()) == before
    refresh(quick(), SPACE[1:], LinksTable(pooled))


def test_a_wait_keeps_no_old_rows(postgres: Store, pooled: str) -> None:
    """The transaction that holds the lock sees no state of the tables, so that they can be vacuumed."""

    def events() -> Iterator[Event]:
        holders = "SELECT backend_xmin, backend_xid FROM pg_stat_activity WHERE application_name LIKE 'relatedstories, %'"
        assert postgres.rows(holders) == [(None, None)]
        yield from SPACE

    refresh(quick(), events(), LinksTable(pooled))


def test_reading_cannot_write(postgres: Store, pooled: str) -> None:
    postgres.put(SPACE)
    for query in ("DELETE FROM events RETURNING id, title", "SELECT id, title FROM events; COMMIT; DELETE FROM events"):
        assert message_of(lambda query=query: list(read_events(pooled, query=query))).startswith(postgres.name)
    assert list(read_events(pooled)) == SPACE
    refresh(quick(), SPACE, LinksTable(pooled))  # nor is the connection of the pool left read-only
