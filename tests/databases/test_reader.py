"""Events read from databases: a file of SQLite, and a PostgreSQL server that the tests start."""

from __future__ import annotations

import itertools
import sqlite3
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from database_checks import expected_lines, message_of, with_links
from helpers import SPACE, day, quick
from reading import SNOW
from stores import Store

from relatedstories import BadValueError, Event, read_events
from relatedstories.databases.database import Database
from relatedstories.databases.links_table import LinksTable
from relatedstories.refresh import refresh

ODD = 'odd "name"\'; DROP TABLE events; -- % %s %(x)s :y'


FULL = [
    Event("a1", "Snow; in 'Oslo' \"again\"", "More\nof it", day("2017-01-04"), "Weather", ("Oslo", "a;b"), "https://a.example"),
    Event("2", "100% :rain %s %(x)s \N{SNOWMAN} \N{FIRE} é", sources=("BBC", ("AP", "https://ap.example"))),
]


def test_events_are_read_as_they_were_written(store: Store) -> None:
    store.put(FULL)
    assert list(read_events(store.url)) == FULL


def test_a_database_is_read_by_its_url_or_as_an_object(store: Store) -> None:
    store.put(FULL)
    database = Database(store.url)
    assert list(read_events(database)) == FULL
    assert list(read_events(database, table="events", where="id = '2'")) == FULL[1:]


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
    store.run("INSERT INTO events (id, title, date) VALUES ('c', NULL, NULL), (NULL, 'Rain', NULL), ('e', 'Rain', 'soon')")
    store.run(
        "INSERT INTO events (id, title, topics) VALUES ('a1', 'Rain', NULL), ('f', 'Rain', '[1]'), ('g', 'Rain', '[broken')"
    )
    errors: list[BadValueError] = []
    events = list(read_events(store.url, strict=True, on_error=errors.append))
    made = next(event.id for event in events if len(event.id) == 16)
    assert [event.id for event in events] == ["a1", "2", made, "f", "g"]
    place = f"{store.name}: events: row "
    assert [str(error) for error in errors] == [
        f"{place}3 (id 'c'): title: got nothing, expected the title of the event",
        f"{place}5 (id 'e'): date: got 'soon', expected a date such as 2020-01-31",
        f"{place}6 (id 'a1'): id: got 'a1', expected an id used once (it is the id of {place}1 (id 'a1') too)",
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
    events = list(read_events(postgres.url, table="exact", strict=True, on_error=errors.append))
    assert events == [Event("17", "Rain", date=day("2017-01-04"))]
    assert [error.field for error in errors] == ["id", "date", "date", "date"]


def test_the_style_of_dates_does_not_matter(postgres: Store) -> None:
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


def test_names_of_tables_and_columns_are_quoted(store: Store) -> None:
    """Those of tables, columns and schemas, whatever they hold."""
    quoted = '"' + ODD.replace('"', '""') + '"'
    for name, columns in (("events", ["id", "title", ODD]), (ODD, ["id", "title"])):
        sa.Table(name, sa.MetaData(), *(sa.Column(column, sa.Text) for column in columns)).create(store.engine)
    store.run("INSERT INTO events VALUES ('1', 'Rain', 'Hail')")
    assert list(read_events(store.url, {"title": ODD})) == [Event("1", "Hail", extra={"title": "Rain"})]
    assert list(read_events(store.url, table=quoted)) == []
    assert "as a table, expected its name" in message_of(lambda: list(read_events(store.url, table=ODD)))
    for name in ("events; DROP TABLE events", "events WHERE 1 = 1 --", "events'", "(SELECT 1)"):
        assert f"{name}: got no such table among" in message_of(lambda name=name: list(read_events(store.url, table=name)))
        assert f"no column {name!r}" in message_of(lambda name=name: list(read_events(store.url, {"title": name})))
    table = LinksTable(store.url, quoted.replace("odd", "links"))
    for events in (SPACE, SPACE[1:]):
        refresh(quick(), events, table)
        assert [line for _, line in table.read()] == with_links(expected_lines(events))
    assert sorted(store.tables()) == sorted(["events", ODD, ODD.replace("odd", "links")])
    assert len(store.rows("SELECT * FROM events")) == 1


def test_schemas(postgres: Store) -> None:
    postgres.run('CREATE SCHEMA "the news"')
    postgres.put(SPACE, '"the news".events')
    assert list(read_events(postgres.url, table="the news.events")) == SPACE
    assert "events: got no such table among no names" in message_of(lambda: list(read_events(postgres.url)))
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
def test_a_query_or_condition_cannot_write(store: Store, given: dict[str, str]) -> None:
    store.put(SPACE)
    assert message_of(lambda: list(read_events(store.url, **given))).startswith(store.name)
    assert len(store.rows("SELECT * FROM events WHERE title <> 'Hail'")) == len(SPACE)


def test_a_function_cannot_write(postgres: Store) -> None:
    postgres.put(SPACE)
    postgres.run("CREATE FUNCTION wipe() RETURNS TEXT LANGUAGE SQL AS $$ DELETE FROM events; SELECT 'x' $$")
    message = message_of(lambda: list(read_events(postgres.url, query="SELECT 1 AS id, wipe() AS title")))
    assert message == f"{postgres.name}: cannot execute DELETE in a read-only transaction"
    assert len(postgres.rows("SELECT * FROM events")) == len(SPACE)


def test_options_that_exclude_each_other() -> None:
    assert message_of(lambda: read_events("sqlite:///a.db", table="a", query="b")).startswith(
        "got a query and a table or condition"
    )
    expected = "read_events: where: got 'a', expected nothing, as the source is no database"
    assert message_of(lambda: read_events([{"id": 1, "title": "a"}], where="a")) == expected


def test_a_table_that_is_not_there(store: Store) -> None:
    store.put(SPACE)
    expected = f"{store.name}: news: got no such table among 'events'; name it with table=, --table on the command line"
    assert message_of(lambda: list(read_events(store.url, table="news"))) == expected


def test_a_column_that_is_not_there(store: Store) -> None:
    store.put(SPACE)
    message = message_of(lambda: list(read_events(store.url, {"title": "headline"})))
    assert message.startswith(f"{store.name}: events: no column 'headline' for the title; got 'id', 'title', 'text',")
    message = message_of(lambda: list(read_events(store.url, query="SELECT id FROM events")))
    assert message.startswith(f"{store.name}: query: no column 'title' for the title; got 'id'")
    assert "column" in message_of(lambda: list(read_events(store.url, query="SELECT nonsense FROM events")))


def test_a_connection_lost_while_reading(postgres: Store) -> None:
    postgres.run("CREATE TABLE events AS SELECT n AS id, 'Rain' AS title FROM generate_series(1, 9000) AS n")
    events = read_events(postgres.url)
    assert next(events).id == "1"
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'news' AND pid <> pg_backend_pid()")
    message = message_of(lambda: list(events))
    assert any(words in message for words in ("terminating connection", "closed the connection", "connection is lost"))


def test_a_text_that_is_a_blob_is_left_out_and_the_event_stays(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "news.db") as database:
        database.execute("CREATE TABLE events (id, title, text)")
        database.executemany("INSERT INTO events VALUES (?, ?, ?)", [(1, "Rain", "It rains"), (2, "Snow", b"\x89PNG")])
    url = f"sqlite:///{tmp_path}/news.db"
    with pytest.warns(UserWarning, match=r"^text: 1 value could not be read, such as b'\\x89PNG' \(bytes\) .* its event stays"):
        assert list(read_events(url)) == [Event("1", "Rain", "It rains"), SNOW]
    with pytest.raises(BadValueError, match=r"text: got b'\\x89PNG' \(bytes\), expected a text$"):
        list(read_events(url, strict=True))
