"""Links written to a table: only what changed, in one transaction, by one writer at a time."""

from __future__ import annotations

import collections
import itertools
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
import sqlalchemy as sa
from database_checks import expected_lines, message_of, never, row_versions, with_links
from helpers import SPACE, quick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import Store

from relatedstories import Event, InputError, read_events
from relatedstories.changes import links_line
from relatedstories.databases.database import Database
from relatedstories.databases.link_rows import LinkRow
from relatedstories.databases.links_table import LinksTable
from relatedstories.refresh import refresh


def test_links_read_back_are_those_of_a_file(store: Store) -> None:
    same = [Event(f"same-{n}", "Peggy Whitson sets a record aboard the International Space Station") for n in range(2)]
    keywords: dict[str, Any] = {"k": 3, "pinned": {"oslo-2": ["iceland"]}}
    events, table = SPACE + same, LinksTable(store.url)
    expected = expected_lines(events, **keywords)
    assert '"pinned": true' in "".join(expected)
    assert '"duplicates": ["' in "".join(expected)
    report = refresh(quick(), events, table, **keywords)
    assert [line for _, line in table.read()] == with_links(expected)
    assert (report.events, report.new, report.changed, report.gone) == (len(events), len(with_links(expected)), 0, 0)
    assert set(store.rows("SELECT event_id, rank, related_id FROM related_links")) == {
        (row["id"], link["rank"], link["id"]) for row in map(json.loads, expected) for link in row["links"]
    }


def test_one_database_serves_reading_and_writing(store: Store) -> None:
    store.put(SPACE)
    database = Database(store.url)
    table = LinksTable(database)
    assert table.database is database
    refresh(quick(), read_events(database), table)
    assert [line for _, line in table.read()] == with_links(expected_lines(SPACE))


def test_nothing_new_writes_nothing(store: Store, tmp_path: Path) -> None:
    table = LinksTable(store.url)
    refresh(quick(), SPACE, table)
    store.run("UPDATE related_links SET refreshed_at = '2000-01-01 00:00:00'")
    before, bytes_before = row_versions(store), (tmp_path / "news.db").read_bytes() if store.url.startswith("sqlite") else b""
    report = refresh(quick(), reversed(SPACE), table)
    assert (report.new, report.changed, report.gone) == (0, 0, 0)
    assert row_versions(store) == before
    if bytes_before:
        assert (tmp_path / "news.db").read_bytes() == bytes_before


def test_only_rows_that_changed_are_written(store: Store) -> None:
    table = LinksTable(store.url)
    refresh(quick(), SPACE, table)
    store.run("UPDATE related_links SET refreshed_at = '2000-01-01 00:00:00'")
    before = row_versions(store)
    events = [event for event in SPACE if event.id != "oslo-2"] + [Event("malta", "Voters in Malta elect a parliament")]
    dry = refresh(quick(), events, table, dry_run=True)
    assert row_versions(store) == before
    report = refresh(quick(), events, table)
    assert (report.new, report.changed, report.gone) == (dry.new, dry.changed, dry.gone)
    assert (report.gone, report.new) == (1, 2)  # malta, and iceland that had none
    assert [line for _, line in table.read()] == with_links(expected_lines(events))
    after = row_versions(store)
    old = {id_: json.loads(line)["links"] for id_, line in zip(sorted(e.id for e in SPACE), expected_lines(SPACE), strict=True)}
    for row in map(json.loads, expected_lines(events)):
        for link in row["links"]:
            was = dict(enumerate(old.get(row["id"], []), 1)).get(link["rank"])
            assert (after[row["id"], link["rank"]] == before.get((row["id"], link["rank"]))) == (was == link)


def test_rows_that_others_changed_are_corrected(store: Store) -> None:
    table = LinksTable(store.url)
    refresh(quick(), SPACE, table)
    expected = list(table.read())
    store.run("UPDATE related_links SET topics = '[broken' WHERE event_id = 'dragon'")
    store.run("DELETE FROM related_links WHERE event_id = 'progress' AND rank = 1")
    store.run("UPDATE related_links SET event_id = 'nobody' WHERE event_id = 'oslo'")
    report = refresh(quick(), SPACE, table)
    assert (report.new, report.changed, report.gone) == (2, 1, 1)
    assert list(table.read()) == expected


def test_a_dry_run_makes_no_table_and_no_file(store: Store, tmp_path: Path) -> None:
    report = refresh(quick(), SPACE, LinksTable(store.url), dry_run=True)
    assert report.new == len(with_links(expected_lines(SPACE)))
    assert list(LinksTable(store.url).read()) == []
    assert not (tmp_path / "news.db").exists()
    store.put(SPACE)
    refresh(quick(), SPACE, LinksTable(store.url), dry_run=True)
    assert store.tables() == ["events"]


def test_an_error_during_the_run_changes_nothing(store: Store) -> None:
    store.put(SPACE)

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "links" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(quick(), SPACE, LinksTable(store.url), progress=stop)
    assert store.tables() == ["events"]
    refresh(quick(), SPACE, LinksTable(store.url))
    before = row_versions(store)
    with pytest.raises(KeyboardInterrupt):
        refresh(quick(), SPACE[1:], LinksTable(store.url), progress=stop)
    assert row_versions(store) == before


def chain(count: int, word: str) -> list[Event]:
    """Events in pairs that list each other."""
    return [Event(f"e{n}", f"Snow in {word}{n // 2}, day {n}{n}") for n in range(count)]


def cut_after(monkeypatch: pytest.MonkeyPatch, table: LinksTable, batches: int, cut: Any) -> None:
    """Do something to the connection when it has sent so many batches of rows, or ten times as many rows that are copied."""
    sent = itertools.count(1)
    write_row = psycopg.Copy.write_row

    def copied(copy: Any, row: Any) -> None:
        if next(sent) == 10 * batches:
            cut(copy.connection)
        write_row(copy, row)

    monkeypatch.setattr(psycopg.Copy, "write_row", copied)

    def before(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT") and next(sent) == batches:
            cut(cursor.connection)

    sa.event.listen(table.database._engine, "before_cursor_execute", before)


@pytest.mark.parametrize("old", [True, False])
def test_a_connection_cut_while_writing(postgres: Store, monkeypatch: pytest.MonkeyPatch, old: bool) -> None:
    monkeypatch.setattr("relatedstories.databases.links_table.BATCH", 5)
    if old:
        refresh(quick(), chain(30, "A"), LinksTable(postgres.url))
    before = row_versions(postgres) if old else {}
    table = LinksTable(postgres.url)
    cut_after(
        monkeypatch, table, 3, lambda connection: postgres.run(f"SELECT pg_terminate_backend({connection.info.backend_pid})")
    )
    message = message_of(lambda: refresh(quick(), chain(40, "B"), table))
    assert message.startswith(f"{postgres.name}: ")
    assert any(words in message for words in ("terminating connection", "closed the connection", "connection is lost"))
    assert (row_versions(postgres) if old else {}) == before
    assert postgres.tables() == (["related_links"] if old else [])


def test_a_write_that_fails_half_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relatedstories.databases.links_table.BATCH", 5)
    refresh(quick(), chain(30, "A"), LinksTable(store.url))
    before = row_versions(store)
    table = LinksTable(store.url)

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    cut_after(monkeypatch, table, 3, stop)
    with pytest.raises(KeyboardInterrupt):
        refresh(quick(), chain(40, "B"), table)
    assert row_versions(store) == before


def test_a_reader_never_sees_a_mix(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relatedstories.databases.links_table.BATCH", 7)
    states = []
    for word in ("Avon", "Bath"):
        refresh(quick(), chain(60, word), LinksTable(store.url))
        states.append(links_now(store))
    assert len({len(state) for state in states}) == 1
    seen, done = [], threading.Event()

    def poll() -> None:
        while not done.is_set():
            seen.append(links_now(store))

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        for turn in range(6):
            refresh(quick(), chain(60, ("Avon", "Bath")[turn % 2]), LinksTable(store.url))
    finally:
        done.set()
        reader.join()
    assert all(state in states for state in seen)
    assert all(state in seen for state in states)


def links_now(store: Store) -> list[tuple[Any, ...]]:
    return sorted(store.rows("SELECT event_id, rank, related_id, context FROM related_links"))


def test_the_second_of_two_refreshes_at_once_names_the_first(store: Store) -> None:
    refresh(quick(), chain(60, "A"), LinksTable(store.url))

    def events() -> Iterator[Event]:
        """Which read while another one starts."""
        holder = r"connection \d+ of joe@127\.0\.0\.1:" if store.dialect == "mysql" else rf".*process {os.getpid()} on "
        with pytest.raises(InputError, match=rf"got another writer at work \({holder}"):
            refresh(quick(), chain(60, "C"), LinksTable(store.url))
        refresh(quick(), chain(60, "C"), LinksTable(store.url, "other_links"))  # nobody is at work on
        assert refresh(quick(), chain(60, "C"), LinksTable(store.url), dry_run=True).changed
        yield from chain(60, "B")

    refresh(quick(), events(), LinksTable(store.url))
    assert [line for _, line in LinksTable(store.url).read()] == with_links(expected_lines(chain(60, "B")))
    assert refresh(quick(), chain(60, "B"), LinksTable(store.url)).written == 0  # and the lock is free again


def test_ids_and_titles_that_are_sql_do_nothing(store: Store) -> None:
    store.put(SPACE)
    attempts = [
        "'; DROP TABLE events; --",
        '"; DROP TABLE related_links; --',
        "1 OR 1=1",
        ":id",
        "%s",
        "%(id)s",
        "\\'",
        "NULL",
        "*",
    ]
    events = [Event(text, f"Snow in Oslo {text}", topics=["Oslo", text]) for text in attempts]
    store.put(events, "more")
    table = LinksTable(store.url)
    refresh(quick(), read_events(store.url, table="more"), table, k=9)
    assert [line for _, line in table.read()] == with_links(expected_lines(events, k=9))
    refresh(quick(), events[1:], table, k=9)
    assert [line for _, line in table.read()] == with_links(expected_lines(events[1:], k=9))
    assert sorted(store.tables()) == ["events", "more", "related_links"]


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)


LINKS = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "score": st.integers(0, 10**6).map(lambda n: round(n / 10**6, 6)),
        "context": st.none() | st.just("") | TEXTS | TEXTS.map(lambda text: text * 500),
        "topics": st.lists(TEXTS | st.just("a\0b"), max_size=3),
    },
    optional={"duplicates": st.lists(TEXTS, min_size=1, max_size=2), "pinned": st.just(True)},
)


@pytest.fixture
def links_table(store: Store) -> LinksTable:
    return LinksTable(store.url)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(TEXTS, st.lists(LINKS, max_size=3), max_size=4))
def test_any_text_comes_back(links_table: LinksTable, links: dict[str, list[dict[str, Any]]]) -> None:
    """And replaces what the example before it has left."""

    def placed(rank: int, link: dict[str, Any]) -> dict[str, Any]:
        first = {"id": link["id"], "rank": rank}
        return first | {name: link[name] for name in ("score", "context", "topics", "duplicates", "pinned") if name in link}

    def row_of(rank: int, link: dict[str, Any]) -> LinkRow:
        topics = json.dumps(link["topics"], ensure_ascii=False)
        duplicates = json.dumps(link["duplicates"], ensure_ascii=False) if "duplicates" in link else None
        return rank, link["id"], link["score"], link["context"], topics, duplicates, link.get("pinned", False), None

    def rows_of(found: list[dict[str, Any]], _: object) -> list[LinkRow]:
        return [row_of(rank, link) for rank, link in enumerate(found, 1)]

    new = [(id_, links_line(id_, [placed(rank, link) for rank, link in enumerate(found, 1)])) for id_, found in links.items()]
    with patch("relatedstories.databases.links_table.rows_of_links", rows_of):
        events: Any = [(SimpleNamespace(id=id_), found) for id_, found in links.items()]
        collections.deque(links_table.take(events, False), maxlen=0)
    assert list(links_table.read()) == sorted((id_, line) for id_, line in new if json.loads(line)["links"])


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_table_of_that_name_with_other_columns(store: Store, dry_run: bool) -> None:
    store.put(SPACE)
    message = message_of(lambda: refresh(quick(), never(), LinksTable(store.url, "events"), dry_run=dry_run))
    assert message.startswith(f"table events of {store.name}: got one with the columns 'id', 'title', 'text',")
    assert list(read_events(store.url)) == SPACE


def test_a_table_of_other_types(postgres: Store) -> None:
    refresh(quick(), [], LinksTable(postgres.url))
    postgres.run("ALTER TABLE related_links ALTER COLUMN event_id TYPE BOOLEAN USING true")
    message = message_of(lambda: refresh(quick(), SPACE, LinksTable(postgres.url)))
    assert message.endswith("event_id: got a column of BOOLEAN, expected one of text, whole numbers or UUIDs")
    postgres.run("DROP TABLE related_links")
    refresh(quick(), [], LinksTable(postgres.url))
    postgres.run("ALTER TABLE related_links DROP CONSTRAINT related_links_pkey")
    message = message_of(lambda: refresh(quick(), SPACE, LinksTable(postgres.url)))
    assert message.endswith("got no names as the primary key, expected 'event_id', 'rank'")
    assert postgres.rows("SELECT * FROM related_links") == []


def test_ids_are_of_the_type_of_the_archives_own(store: Store) -> None:
    store.run("CREATE TABLE events (id INTEGER, title TEXT)")
    store.run("INSERT INTO events VALUES (1, 'Snow in Oslo'), (2, 'More snow in Oslo'), (10, 'Rain in Rome')")
    table = LinksTable(store.url)
    joined = "SELECT title, context FROM related_links JOIN events ON id = related_id WHERE event_id = '1' ORDER BY rank"
    for written in (2, 0):
        report = refresh(quick(), read_events(store.url), table)
        assert report.written == written
        assert store.rows(joined) == [("More snow in Oslo", "Oslo")]
    store.run("UPDATE events SET title = 'Hail in Rome' WHERE id = 2")
    report = refresh(quick(), read_events(store.url), table)
    assert [id_ for id_, _ in table.read()] == ["10", "2"]
    with pytest.raises(InputError, match="got the id 'a', expected ids that its column event_id can hold"):
        refresh(quick(), [Event("a", "Snow in Oslo"), Event("b", "Snow in Oslo")], table)


def test_uuids_stay_uuids(postgres: Store) -> None:
    postgres.run("CREATE TABLE news (nr UUID, title TEXT)")
    postgres.run("INSERT INTO news VALUES (gen_random_uuid(), 'Snow in Oslo'), (gen_random_uuid(), 'More snow in Oslo')")
    table = LinksTable(postgres.url, archive="news", id_column="nr")
    for written in (2, 0):
        assert refresh(quick(), read_events(postgres.url, {"id": "nr"}, table="news"), table).written == written
    assert len(postgres.rows("SELECT 1 FROM related_links JOIN news ON nr = related_id")) == 2


def test_ids_are_texts_where_some_are_no_numbers(store: Store) -> None:
    store.run("CREATE TABLE events (id INTEGER, title TEXT)")
    refresh(quick(), [Event("a", "Snow in Oslo"), Event("7", "More snow in Oslo")], LinksTable(store.url))
    assert store.rows("SELECT event_id FROM related_links ORDER BY event_id") == [("7",), ("a",)]


def test_a_table_gets_a_column_for_links_that_only_fill_lists(store: Store) -> None:
    def kinds() -> set[str | None] | None:
        with Database(store.url).connect() as connection:
            if "fallback" not in [column["name"] for column in sa.inspect(connection).get_columns("related_links")]:
                return None
        return {kind for (kind,) in store.rows("SELECT fallback FROM related_links")}

    def written(table: LinksTable, **keywords: Any) -> int:
        return refresh(quick(), SPACE, table, 5, **keywords).written

    n_related = written(LinksTable(store.url))
    assert kinds() is None
    assert written(LinksTable(store.url), fallback="recent") > 0
    assert kinds() == {None, "recent"}
    assert (
        written(LinksTable(store.url), fallback="recent") == written(LinksTable(store.url), fallback="recent", dry_run=True) == 0
    )
    assert refresh(quick(), SPACE, LinksTable(store.url), 5).links == n_related
    assert kinds() == {None}
    fresh = LinksTable(store.url, "other")
    written(fresh, fallback="recent")
    assert '"fallback": "recent"' in dict(fresh.read())["dragon"]
