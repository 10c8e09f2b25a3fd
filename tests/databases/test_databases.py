"""Archives in databases: a file of SQLite, and a PostgreSQL server that these tests start."""

from __future__ import annotations

import collections
import datetime as dt
import io
import itertools
import json
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import helpers
import psycopg
import pytest
import sqlalchemy as sa
from helpers import SPACE, day, quick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import IN_URL, PASSWORD, Store

from relatedstories import BadValueError, Event, InputError, read_events
from relatedstories.databases.links_table import Database, LinksTable
from relatedstories.refresh import refresh
from relatedstories.targets import links_line

ODD = 'odd "name"\'; DROP TABLE events; -- % %s %(x)s :y'


def message(call: Any) -> str:
    """What the library says of a mistake: one line without the password, nor has what led to it one to show."""
    with pytest.raises(InputError) as caught:
        call()
    said = str(caught.value)
    assert "\n" not in said
    assert PASSWORD not in said
    assert IN_URL not in said
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return said


# ---------------------------------------------------------------------- reading


FULL = [
    Event("a1", "Snow; in 'Oslo' \"again\"", "More\nof it", day("2017-01-04"), "Weather", ("Oslo", "a;b"), "https://a.example"),
    Event("2", "100% :rain %s %(x)s \N{SNOWMAN} \N{FIRE} é", sources=("BBC", ("AP", "https://ap.example"))),
]


def test_events_are_those_that_were_put_in(store: Store) -> None:
    store.put(FULL)
    assert list(read_events(store.url)) == FULL


def test_columns_table_condition_and_query(store: Store) -> None:
    store.run("CREATE TABLE news (n INTEGER, headline TEXT, topics TEXT, live INTEGER)")
    store.run(
        "INSERT INTO news VALUES (:n, :h, :t, :l)", *({"n": n, "h": f"Rain {n}%", "t": "A; B", "l": n % 2} for n in range(4))
    )
    fields = {"id": "n", "title": "headline"}
    events = list(read_events(store.url, fields, table="news"))
    assert [(event.id, event.title, event.topics) for event in events] == [(str(n), f"Rain {n}%", ("A", "B")) for n in range(4)]
    where = "live = 1 AND headline LIKE '%3%' AND headline <> ':x' OR n > 4 -- or so"
    assert [event.id for event in read_events(store.url, fields, table="news", where=where)] == ["3"]
    query = "SELECT n AS id, headline AS title FROM news WHERE headline LIKE '%2%' AND headline <> ' :x' -- so\n ; "
    assert list(read_events(store.url, query=query)) == [Event("2", "Rain 2%")]
    store.run("CREATE VIEW newest AS SELECT n AS id, headline AS title FROM news WHERE n = 3")
    assert [event.id for event in read_events(store.url, table="newest")] == ["3"]


def test_rows_arrive_as_they_are_read(store: Store) -> None:
    """Of a query without an end."""
    store.put([])
    query = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, 'Rain' AS title FROM n"
    events = read_events(store.url, query=query)
    assert [event.id for event in itertools.islice(events, 3)] == ["1", "2", "3"]
    events.close()  # type: ignore[attr-defined]


def test_bad_rows_are_named_and_skipped(store: Store) -> None:
    store.put(FULL)
    store.run("INSERT INTO events (id, title, date) VALUES ('c', NULL, NULL), (NULL, 'Rain', NULL), ('e', 'Rain', '1/2/2003')")
    store.run(
        "INSERT INTO events (id, title, topics) VALUES ('a1', 'Rain', NULL), ('f', 'Rain', '[1]'), ('g', 'Rain', '[broken')"
    )
    errors: list[BadValueError] = []
    assert [event.id for event in read_events(store.url, on_error=errors.append)] == ["a1", "2", "g"]
    place = f"{store.name}: events: row "
    assert [str(error) for error in errors] == [
        f"{place}3 (id 'c'): title: got nothing, expected the title of the event",
        f"{place}4: id: got nothing, expected the id of the event",
        f"{place}5 (id 'e'): date: got '1/2/2003', expected a date as YYYY-MM-DD",
        f"{place}6 (id 'a1'): id: got 'a1', expected an id used once (it is the id of {place}1 (id 'a1') too)",
        f"{place}7 (id 'f'): topics: got a list with 1 (int) in it, expected a list of texts, none of them empty",
    ]
    with pytest.raises(BadValueError, match="row 3"):
        list(read_events(store.url))


def test_types_that_postgresql_has(postgres: Store) -> None:
    id_ = uuid.uuid4()
    postgres.run("CREATE TABLE events (id UUID, title VARCHAR(99), date TIMESTAMPTZ, topics TEXT[], sources JSONB)")
    postgres.run(
        f"INSERT INTO events VALUES ('{id_}', 'Rain', '2017-01-04 12:00', '{{A,\"B;C\"}}', '[[\"AP\", \"u\"], \"BBC\"]')"
    )
    expected = Event(str(id_), "Rain", date=day("2017-01-04"), topics=("A", "B;C"), sources=(("AP", "u"), "BBC"))
    assert list(read_events(postgres.url)) == [expected]
    postgres.run("CREATE TABLE exact (id NUMERIC, title TEXT, date DATE)")
    postgres.run("INSERT INTO exact VALUES (17, 'Rain', '2017-01-04'), (1.5, 'Rain', NULL)")
    postgres.run("INSERT INTO exact VALUES (2, 'Rain', 'infinity'), (3, 'Rain', '10000-01-01'), (4, 'Rain', '0044-03-15 BC')")
    postgres.run("SET DateStyle = 'German'")
    errors: list[BadValueError] = []
    events = list(read_events(postgres.url, table="exact", on_error=errors.append))
    assert events == [Event("17", "Rain", date=day("2017-01-04"))]
    assert [error.field for error in errors] == ["id", "date", "date", "date"]


def test_style_of_dates_does_not_matter(postgres: Store) -> None:
    postgres.run("CREATE TABLE events (id TEXT, title TEXT, date DATE)")
    postgres.run("INSERT INTO events VALUES ('1', 'Rain', '2017-01-04')")
    postgres.run("ALTER ROLE joe SET DateStyle = 'German'")
    try:
        assert [event.date for event in read_events(postgres.url)] == [day("2017-01-04")]
    finally:
        postgres.run("ALTER ROLE joe RESET DateStyle")


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/news.db")
    store.put([Event("1", "Rain")])
    store.run("INSERT INTO events (id, title) VALUES ('2', CAST(X'526169FF' AS TEXT))")
    errors: list[BadValueError] = []
    assert [event.id for event in read_events(store.url, on_error=errors.append)] == ["1"]
    assert str(errors[0]) == f"{store.name}: events: row 2 (id '2'): title: got byte 0xff at character 4, expected text in UTF-8"


def test_names_are_quoted(store: Store) -> None:
    """Those of tables, columns and schemas, whatever they hold."""
    quoted = '"' + ODD.replace('"', '""') + '"'
    for name, columns in (("events", ["id", "title", ODD]), (ODD, ["id", "title"])):
        sa.Table(name, sa.MetaData(), *(sa.Column(column, sa.Text) for column in columns)).create(store.engine)
    store.run("INSERT INTO events VALUES ('1', 'Rain', 'Hail')")
    assert list(read_events(store.url, {"title": ODD})) == [Event("1", "Hail")]
    assert list(read_events(store.url, table=quoted)) == []
    assert "as a table, expected its name" in message(lambda: list(read_events(store.url, table=ODD)))
    for name in ("events; DROP TABLE events", "events WHERE 1 = 1 --", "events'", "(SELECT 1)"):
        assert f"{name}: got no such table among" in message(lambda name=name: list(read_events(store.url, table=name)))
        assert f"no column {name!r}" in message(lambda name=name: list(read_events(store.url, {"title": name})))
    table = LinksTable(store.url, quoted.replace("odd", "links"))
    for events in (SPACE, SPACE[1:]):
        refresh(quick(), events, table)
        assert [line for _, line in table.read()] == with_links(lines(events))
    assert sorted(store.tables()) == sorted(["events", ODD, ODD.replace("odd", "links")])
    assert len(store.rows("SELECT * FROM events")) == 1


def test_schemas(postgres: Store) -> None:
    postgres.run('CREATE SCHEMA "the news"')
    postgres.put(SPACE, '"the news".events')
    assert list(read_events(postgres.url, table="the news.events")) == SPACE
    assert "events: got no such table among no names" in message(lambda: list(read_events(postgres.url)))
    refresh(quick(), SPACE, LinksTable(postgres.url, "the news.links"))
    assert postgres.rows('SELECT count(*) > 0 FROM "the news".links') == [(True,)]
    postgres.run('CREATE TABLE "the news.events" (id TEXT, title TEXT)')
    assert list(read_events(postgres.url, table='"the news.events"')) == []


@pytest.mark.parametrize(
    "given",
    [
        {"query": "DELETE FROM events"},
        {"query": "DELETE FROM events RETURNING id, title"},
        {"query": "UPDATE events SET title = 'Hail' RETURNING id, title"},
        {"query": "DROP TABLE events"},
        {"query": "SELECT id, title FROM events; DELETE FROM events"},
        {"query": "COMMIT; DELETE FROM events"},
        {"query": "SELECT id, title FROM events; COMMIT; DELETE FROM events"},
        {"query": ""},
        {"query": "PRAGMA query_only"},
        {"where": "1 = 1); DELETE FROM events; --"},
        {"where": "1 = 1; DELETE FROM events"},
        {"where": "nonsense = 1"},
    ],
)
def test_sql_of_ones_own_only_reads(store: Store, given: dict[str, str]) -> None:
    store.put(SPACE)
    assert message(lambda: list(read_events(store.url, **given))).startswith(store.name)
    assert len(store.rows("SELECT * FROM events WHERE title <> 'Hail'")) == len(SPACE)


def test_function_that_writes_is_kept_from_it(postgres: Store) -> None:
    postgres.put(SPACE)
    postgres.run("CREATE FUNCTION wipe() RETURNS TEXT LANGUAGE SQL AS $$ DELETE FROM events; SELECT 'x' $$")
    said = message(lambda: list(read_events(postgres.url, query="SELECT 1 AS id, wipe() AS title")))
    assert said == f"{postgres.name}: cannot execute DELETE in a read-only transaction"
    assert len(postgres.rows("SELECT * FROM events")) == len(SPACE)


def test_what_cannot_be_given_together() -> None:
    assert message(lambda: read_events("sqlite:///a.db", table="a", query="b")).startswith("got a query and a table or condition")
    expected = "read_events: where: got 'a', expected nothing, as the source is no database"
    assert message(lambda: read_events([{"id": 1, "title": "a"}], where="a")) == expected


# ---------------------------------------------------------------------- writing


def lines(events: list[Event], **keywords: Any) -> list[str]:
    """What a file of their links holds."""
    file = io.StringIO()
    refresh(quick(), events, file, **keywords)
    return [in_a_table(line) for line in file.getvalue().splitlines(keepends=True)]


def in_a_table(line: str) -> str:
    """The line as a table has it: with scores to three places."""
    found = json.loads(line)
    return links_line(found["id"], [link | {"score": round(link["score"], 3)} for link in found["links"]])


def with_links(found: list[str]) -> list[str]:
    return [line for line in found if json.loads(line)["links"]]


def stamps(store: Store) -> dict[tuple[str, int], str]:
    """Of each row what changes when it is written."""
    version = "xmin || ' ' || ctid" if store.url.startswith("postgresql") else "rowid || refreshed_at"
    return {(id_, rank): stamp for id_, rank, stamp in store.rows(f"SELECT event_id, rank, {version} FROM related_links")}


def test_links_read_back_are_those_of_a_file(store: Store) -> None:
    same = [Event(f"same-{n}", "Peggy Whitson sets a record aboard the ISS") for n in range(2)]
    keywords: dict[str, Any] = {"k": 3, "pinned": {"oslo-2": ["iceland"]}}
    events, table = SPACE + same, LinksTable(store.url)
    expected = lines(events, **keywords)
    assert '"pinned": true' in "".join(expected)
    assert '"duplicates": ["' in "".join(expected)
    report = refresh(quick(), events, table, **keywords)
    assert [line for _, line in table.read()] == with_links(expected)
    assert (report.events, report.new, report.changed, report.gone) == (len(events), len(with_links(expected)), 0, 0)
    assert set(store.rows("SELECT event_id, rank, related_id FROM related_links")) == {
        (row["id"], link["rank"], link["id"]) for row in map(json.loads, expected) for link in row["links"]
    }


def test_nothing_new_writes_nothing(store: Store, tmp_path: Path) -> None:
    table = LinksTable(store.url)
    refresh(quick(), SPACE, table)
    before, bytes_before = stamps(store), (tmp_path / "news.db").read_bytes() if store.url.startswith("sqlite") else b""
    report = refresh(quick(), reversed(SPACE), table)
    assert (report.new, report.changed, report.gone) == (0, 0, 0)
    assert stamps(store) == before
    if bytes_before:
        assert (tmp_path / "news.db").read_bytes() == bytes_before


def test_only_rows_that_changed_are_written(store: Store) -> None:
    table = LinksTable(store.url)
    refresh(quick(), SPACE, table)
    store.run("UPDATE related_links SET refreshed_at = '2000-01-01 00:00:00'")
    before = stamps(store)
    events = [event for event in SPACE if event.id != "oslo-2"] + [Event("malta", "Voters in Malta elect a parliament")]
    dry = refresh(quick(), events, table, dry_run=True)
    assert stamps(store) == before
    report = refresh(quick(), events, table)
    assert (report.new, report.changed, report.gone) == (dry.new, dry.changed, dry.gone)
    assert (report.gone, report.new) == (1, 2)  # malta, and iceland that had none
    assert [line for _, line in table.read()] == with_links(lines(events))
    after = stamps(store)
    old = {id_: json.loads(line)["links"] for id_, line in zip(sorted(e.id for e in SPACE), lines(SPACE), strict=True)}
    for row in map(json.loads, lines(events)):
        for link in row["links"]:
            was = dict(enumerate(old.get(row["id"], []), 1)).get(link["rank"])
            assert (after[row["id"], link["rank"]] == before.get((row["id"], link["rank"]))) == (was == link)


def test_rows_of_another_hand_are_put_right(store: Store) -> None:
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
    assert report.new == len(with_links(lines(SPACE)))
    assert list(LinksTable(store.url).read()) == []
    assert not (tmp_path / "news.db").exists()
    store.put(SPACE)
    refresh(quick(), SPACE, LinksTable(store.url), dry_run=True)
    assert store.tables() == ["events"]


def test_an_error_on_the_way_leaves_what_was_there(store: Store) -> None:
    store.put(SPACE)

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "links" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(quick(), SPACE, LinksTable(store.url), progress=stop)
    assert store.tables() == ["events"]
    refresh(quick(), SPACE, LinksTable(store.url))
    before = stamps(store)
    with pytest.raises(KeyboardInterrupt):
        refresh(quick(), SPACE[1:], LinksTable(store.url), progress=stop)
    assert stamps(store) == before


def chain(count: int, word: str) -> list[Event]:
    """Events in pairs that list each other."""
    return [Event(f"e{n}", f"Snow in {word}{n // 2}") for n in range(count)]


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
    before = stamps(postgres) if old else {}
    table = LinksTable(postgres.url)
    cut_after(
        monkeypatch, table, 3, lambda connection: postgres.run(f"SELECT pg_terminate_backend({connection.info.backend_pid})")
    )
    said = message(lambda: refresh(quick(), chain(40, "B"), table))
    assert said.startswith(f"{postgres.name}: ")
    assert any(words in said for words in ("terminating connection", "closed the connection", "connection is lost"))
    assert (stamps(postgres) if old else {}) == before
    assert postgres.tables() == (["related_links"] if old else [])


def test_a_write_that_fails_half_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relatedstories.databases.links_table.BATCH", 5)
    refresh(quick(), chain(30, "A"), LinksTable(store.url))
    before = stamps(store)
    table = LinksTable(store.url)

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    cut_after(monkeypatch, table, 3, stop)
    with pytest.raises(KeyboardInterrupt):
        refresh(quick(), chain(40, "B"), table)
    assert stamps(store) == before


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


def test_of_two_refreshes_at_once_the_second_is_told_who_is_at_work(store: Store) -> None:
    refresh(quick(), chain(60, "A"), LinksTable(store.url))

    def events() -> Iterator[Event]:
        """Which read while another one starts."""
        with pytest.raises(InputError, match=rf"got another writer at work \(.*process {os.getpid()} on "):
            refresh(quick(), chain(60, "C"), LinksTable(store.url))
        refresh(quick(), chain(60, "C"), LinksTable(store.url, "other_links"))  # nobody is at work on
        assert refresh(quick(), chain(60, "C"), LinksTable(store.url), dry_run=True).changed
        yield from chain(60, "B")

    refresh(quick(), events(), LinksTable(store.url))
    assert [line for _, line in LinksTable(store.url).read()] == with_links(lines(chain(60, "B")))
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
    assert [line for _, line in table.read()] == with_links(lines(events, k=9))
    refresh(quick(), events[1:], table, k=9)
    assert [line for _, line in table.read()] == with_links(lines(events[1:], k=9))
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

    new = [(id_, links_line(id_, [placed(rank, link) for rank, link in enumerate(found, 1)])) for id_, found in links.items()]
    with patch("relatedstories.databases.links_table._line", lambda *line: line):
        collections.deque(links_table.take(new, False), maxlen=0)
    assert list(links_table.read()) == sorted((id_, line) for id_, line in new if json.loads(line)["links"])


# ---------------------------------------------------------------------- what can be wrong


def test_a_table_that_is_not_there(store: Store) -> None:
    store.put(SPACE)
    expected = f"{store.name}: news: got no such table among 'events'; name it with table=, --table on the command line"
    assert message(lambda: list(read_events(store.url, table="news"))) == expected


def test_a_column_that_is_not_there(store: Store) -> None:
    store.put(SPACE)
    said = message(lambda: list(read_events(store.url, {"title": "headline"})))
    assert said.startswith(f"{store.name}: events: no column 'headline' for the title; got 'id', 'title', 'text',")
    said = message(lambda: list(read_events(store.url, query="SELECT id FROM events")))
    assert said.startswith(f"{store.name}: query: no column 'title' for the title; got 'id'")
    assert "column" in message(lambda: list(read_events(store.url, query="SELECT nonsense FROM events")))


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_table_of_the_links_name_with_other_columns(store: Store, dry_run: bool) -> None:
    store.put(SPACE)
    said = message(lambda: refresh(quick(), never(), LinksTable(store.url, "events"), dry_run=dry_run))
    assert said.startswith(f"table events of {store.name}: got one with the columns 'id', 'title', 'text',")
    assert list(read_events(store.url)) == SPACE


def never() -> Iterator[Event]:
    raise AssertionError("nothing may be read before the table is checked")
    yield


def test_a_table_of_other_types(postgres: Store) -> None:
    refresh(quick(), [], LinksTable(postgres.url))
    postgres.run("ALTER TABLE related_links ALTER COLUMN event_id TYPE INTEGER USING 1")
    said = message(lambda: refresh(quick(), SPACE, LinksTable(postgres.url)))
    assert said.endswith("event_id: got a column of INTEGER, expected one of text, as ids are texts")
    postgres.run("DROP TABLE related_links")
    refresh(quick(), [], LinksTable(postgres.url))
    postgres.run("ALTER TABLE related_links DROP CONSTRAINT related_links_pkey")
    said = message(lambda: refresh(quick(), SPACE, LinksTable(postgres.url)))
    assert said.endswith("got no names as the primary key, expected 'event_id', 'rank'")
    assert postgres.rows("SELECT * FROM related_links") == []


def test_a_database_that_is_read_only(store: Store, tmp_path: Path) -> None:
    store.put(SPACE)
    url = f"sqlite:///file:{tmp_path}/news.db?mode=ro&uri=true"
    if store.url.startswith("postgresql"):
        url = store.url + "?options=-c%20default_transaction_read_only%3Don"
    assert list(read_events(url)) == SPACE
    assert refresh(quick(), SPACE, LinksTable(url), dry_run=True).new > 0
    said = message(lambda: refresh(quick(), never(), LinksTable(url)))
    assert "read-only" in said.replace("readonly", "read-only")
    assert store.tables() == ["events"]


def test_a_connection_lost_while_reading(postgres: Store) -> None:
    postgres.run("CREATE TABLE events AS SELECT n AS id, 'Rain' AS title FROM generate_series(1, 9000) AS n")
    events = read_events(postgres.url)
    assert next(events).id == "1"
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'news' AND pid <> pg_backend_pid()")
    said = message(lambda: list(events))
    assert any(words in said for words in ("terminating connection", "closed the connection", "connection is lost"))


def test_a_role_that_may_not_write(postgres: Store) -> None:
    postgres.put(SPACE)
    postgres.run("DROP ROLE IF EXISTS ann")
    postgres.run("CREATE ROLE ann LOGIN PASSWORD 'pw-of-ann'")
    url = postgres.url.replace(f"joe:{IN_URL}", "ann:pw-of-ann")
    assert message(lambda: list(read_events(url))) == f"{postgres.name}: permission denied for table events"
    assert message(lambda: refresh(quick(), never(), LinksTable(url))) == f"{postgres.name}: permission denied for schema public"


def test_a_locked_file(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/news.db")
    refresh(quick(), SPACE, LinksTable(store.url))
    before = stamps(store)
    other = sqlite3.connect(tmp_path / "news.db")
    other.execute("BEGIN IMMEDIATE")
    try:
        said = message(lambda: refresh(quick(), never(), LinksTable(store.url + "?timeout=0.1")))
    finally:
        other.close()
    assert said == f"{store.name}: database is locked"
    assert stamps(store) == before


def test_files_that_are_not_there_or_no_database(tmp_path: Path) -> None:
    assert message(lambda: list(read_events(f"sqlite:///{tmp_path}/gone.db"))) == f"sqlite:///{tmp_path}/gone.db: no such file"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.db").write_text("not a database, " * 99)
    expected = f"sqlite:///{tmp_path}/text.db: file is not a database"
    assert message(lambda: list(read_events(f"sqlite:///{tmp_path}/text.db"))) == expected
    assert message(lambda: refresh(quick(), never(), LinksTable(f"sqlite:///{tmp_path}/text.db"))) == expected
    said = message(lambda: refresh(quick(), never(), LinksTable(f"sqlite:///{tmp_path}/gone/news.db")))
    assert said.endswith("which is no folder, expected an existing one")
    assert message(lambda: read_events("sqlite://")).startswith("got an SQLite database in memory, expected one in a file")


def test_options_that_the_driver_does_not_have(postgres: Store, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/news.db")
    store.put(SPACE)
    assert message(lambda: list(read_events(f"{store.url}?timeout=soon"))).startswith(f"{store.name}: ")
    said = message(lambda: list(read_events(f"{postgres.url}?nonsense=1")))
    assert said == f'{postgres.name}: invalid connection option "nonsense"'


def test_ids_that_the_database_cannot_hold(postgres: Store) -> None:
    events = [Event("a\0b", "Snow in Oslo"), Event("c", "More snow in Oslo")]
    assert "NUL" in message(lambda: refresh(quick(), events, LinksTable(postgres.url)))
    assert postgres.tables() == []


def test_missing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    expected = 'postgresql://host/news needs the driver psycopg, which is not installed: pip install "relatedstories[postgresql]"'
    for scheme in ("postgresql+psycopg", "postgresql", "postgres"):
        assert message(lambda scheme=scheme: read_events(f"{scheme}://joe:{IN_URL}@host/news")) == expected
    said = message(lambda: read_events(f"mysql://joe:{IN_URL}@host/news"))
    assert said == "mysql://host/news needs the driver MySQLdb, which is not installed: pip install mysqlclient"
    said = message(lambda: read_events(f"nosuch+driver://joe:{IN_URL}@host/news"))
    assert said.startswith("nosuch://host/news: got a kind of database that SQLAlchemy does not know")
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "relatedstories.databases.links_table")
    expected = 'databases need SQLAlchemy, which is not installed: pip install "relatedstories[databases]"'
    assert message(lambda: read_events("sqlite:///news.db")) == expected


# ---------------------------------------------------------------------- passwords


def test_wrong_password_and_no_server(postgres: Store) -> None:
    wrong = postgres.url.replace(IN_URL, "wr0ng-one")
    for call in (lambda: list(read_events(wrong)), lambda: LinksTable(wrong).check(False), lambda: LinksTable(wrong).check(True)):
        said = message(call)
        assert 'password authentication failed for user "joe"' in said
        assert "wr0ng-one" not in said
    nowhere = f"postgresql+psycopg://joe:{IN_URL}@127.0.0.1:1/news"
    assert "Connection refused" in message(lambda: list(read_events(nowhere)))
    missing = postgres.url.rpartition("/")[0] + "/missing"
    assert 'database "missing" does not exist' in message(lambda: list(read_events(missing)))


@pytest.mark.parametrize(
    "address",
    [
        "joe:{}@host:port/news",
        "joe:a@{}@host/news",
        "joe:{}",
        "joe:{}/a@b@host/news",
        "host:{}/news",
        "joe/{}@host/news",
    ],
)
def test_broken_addresses(address: str) -> None:
    for make in (lambda url: list(read_events(url)), LinksTable):
        said = message(lambda make=make: make("postgresql+psycopg://" + address.format("s3cr%et&word")))
        assert "s3cr" not in said
        assert said.startswith("got a broken address of a database, expected dialect+driver://")


def test_address_in_the_wrong_place() -> None:
    url = f"postgresql://joe:{IN_URL}@host/news"
    message(lambda: quick().fit(url))  # type: ignore[arg-type]
    message(lambda: refresh(quick(), SPACE, url))
    message(lambda: read_events({"id": 1}, table=url))
    message(lambda: read_events("sqlite:///news.db", {url: "a"}))


def test_password_from_the_environment_or_a_file(postgres: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.put(SPACE)
    url = postgres.url.replace(f":{IN_URL}", "")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    assert "no password supplied" in message(lambda: list(read_events(url)))
    (tmp_path / "pgpass").write_text(f"*:*:*:joe:{PASSWORD}\n")
    (tmp_path / "pgpass").chmod(0o600)
    assert list(read_events(url)) == SPACE
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert list(read_events(url)) == SPACE


def test_nothing_shows_the_password(postgres: Store, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Neither logs, at whatever level, nor what objects say of themselves, nor an index."""
    for name in (None, "sqlalchemy", "psycopg"):
        caplog.set_level(logging.DEBUG, name)
    postgres.put([Event("hidden-id", "Snow in Oslo"), Event("2", "More snow in Oslo")])
    caplog.clear()
    stories, table = quick(), LinksTable(postgres.url)
    report = refresh(stories, read_events(postgres.url), table)
    stories.save(tmp_path / "index")
    shown = caplog.text + repr(table) + str(table) + repr(table.database) + str(report)
    told = "\n".join(record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG)
    assert 'FROM "related_links"' in told  # it is that log
    assert "hidden-id" not in told
    for secret in (PASSWORD, IN_URL):
        assert secret not in shown
        assert not any(secret.encode() in path.read_bytes() for path in (tmp_path / "index").rglob("*") if path.is_file())


# ---------------------------------------------------------------------- the command line


def run(*arguments: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
    done = helpers.run(*arguments, **options)
    assert done.returncode == code, done.stderr
    for secret in (PASSWORD, IN_URL, "wr0ng"):
        assert secret not in done.stdout + done.stderr
    return done


@pytest.mark.slow
def test_every_command_reads_a_database(store: Store, tmp_path: Path) -> None:
    store.put(SPACE, "news")
    store.run("INSERT INTO news (id) VALUES ('bad')")
    done = run("stats", store.url, "--table", "news", "--json")
    assert json.loads(done.stdout)["events"] == len(SPACE)
    assert done.stderr.splitlines() == [
        f"relatedstories: skipped: {store.name}: news: row 7 (id 'bad'): title: got nothing, expected the title of the event",
        f"relatedstories: 1 row of {store.name} skipped",
    ]
    done = run("topics", store.url, "--query", "SELECT id, title FROM news WHERE id = 'oslo'", "--json")
    assert json.loads(done.stdout)["id"] == "oslo"
    run("build", store.url, "--table", "news", "--where", "id <> 'bad'", "--index", str(tmp_path / "index"), "--strict")
    assert run("related", "oslo", "--index", str(tmp_path / "index")).stdout.count("2017-01-05") == 1


def test_failures_are_one_line(postgres: Store, tmp_path: Path) -> None:
    postgres.put(SPACE)
    wrong = postgres.url.replace(IN_URL, "wr0ng")
    links = str(tmp_path / "links.jsonl")
    for arguments in (
        ["stats", wrong],
        ["stats", postgres.url, "--table", "missing"],
        ["stats", postgres.url, "--where", "1 = 0"],
        ["refresh", wrong, "--links-table", "links"],
        ["refresh", postgres.url, "--links-table", "events"],
        ["refresh", postgres.url, "--links", postgres.url],
        ["refresh", "sample", "--links", wrong],
        ["refresh", postgres.url.replace("psycopg", "nosuch"), "--links", links],
    ):
        lines = run(*arguments, code=1).stderr.splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("relatedstories: error: ")
    assert run("stats", wrong, "--debug", code=1).stderr.startswith("Traceback")
    for arguments in (["stats", "sample", wrong], ["stats", "sample", "--index", wrong], ["refresh", wrong]):
        run(*arguments, code=2)
    assert run("related", "oslo", "--index", wrong, code=1).stderr.count("\n") == 1
    assert postgres.tables() == ["events"]
    assert not list(tmp_path.glob("links*"))


def test_the_archive_itself_is_no_place_for_its_links(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/news.db")
    store.put(SPACE)
    done = run("refresh", store.url, "--links", "news.db", code=1, cwd=tmp_path)
    assert done.stderr == (
        "relatedstories: error: news.db: got the archive itself as the place for its links, expected another file\n"
    )


@pytest.mark.slow
def test_refresh_from_a_database_into_it(store: Store, tmp_path: Path) -> None:
    store.put(list(read_events("sample"))[:60])
    done = run("refresh", store.url, "--links-table", "related_links", "--dry-run", "--jobs", "1")
    assert f"relatedstories: dry run: nothing is written to table related_links of {store.name}" in done.stderr
    assert store.tables() == ["events"]
    done = run("refresh", store.url, "--links-table", "related_links", "--jobs", "1")
    assert f"relatedstories: links are in table related_links of {store.name}" in done.stderr
    run("refresh", store.url, "--links", "links.jsonl", "--jobs", "1", cwd=tmp_path)
    expected = [in_a_table(line) for line in (tmp_path / "links.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)]
    assert [line for _, line in LinksTable(store.url).read()] == with_links(expected)
    stored = store.rows("SELECT DISTINCT refreshed_at FROM related_links")
    assert len(stored) == 1
    moment = stored[0][0] if isinstance(stored[0][0], dt.datetime) else dt.datetime.fromisoformat(f"{stored[0][0]}+00:00")
    assert abs(dt.datetime.now(dt.UTC) - moment) < dt.timedelta(minutes=10)


def test_databases_cost_nothing_to_who_has_none() -> None:
    code = (
        "import sys, relatedstories.cli.app, relatedstories\n"
        "list(relatedstories.read_events('sample'))\n"
        "sys.exit('sqlalchemy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert Database("sqlite:///news.db").name == "sqlite:///news.db"
