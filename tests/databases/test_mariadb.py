"""What MariaDB has of its own: texts that it takes for equal, limits, sessions, and a server killed in the middle."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from database_checks import expected_lines, message_of, never, with_links
from helpers import SPACE, Named, quick
from servers import IN_URL, MariaDB
from stores import Store

from relatedstories import Event, InputError, RelatedStories, read_events
from relatedstories.databases.links_table import LinksTable
from relatedstories.refresh import refresh


def lines_of(store: Store) -> list[str]:
    return [line for _, line in LinksTable(store.url).read()]


@pytest.mark.parametrize("charset", ["utf8mb4", "latin1"])
def test_ids_that_are_almost_equal(mariadb: Store, charset: str) -> None:
    """They differ in case, accents or a space at the end, or are emoji, whatever the database's own characters are."""
    mariadb.run(f"ALTER DATABASE news CHARACTER SET {charset}")
    ids = ["oslo", "Oslo", "ósló", "oslo ", "straße", "strasse", "\N{SNOWMAN}", "\N{FIRE}", "\N{ROCKET}", "back`quote", "x" * 512]
    events = [Event(id_, f"Snow in Oslo, day {number}{number}") for number, id_ in enumerate(ids)]
    for archive in (events, events[::2], events):
        refresh(quick(), archive, LinksTable(mariadb.url), k=len(ids))
        assert len(lines_of(mariadb)) == len(archive)
        assert lines_of(mariadb) == with_links(expected_lines(archive, k=len(ids)))
    assert refresh(quick(), events, LinksTable(mariadb.url), k=len(ids)).written == 0


def test_ids_that_the_table_cannot_hold(mariadb: Store) -> None:
    table = LinksTable(mariadb.url)
    message = message_of(lambda: refresh(quick(), [Event("x" * 513, "Snow"), Event("2", "Snow")], table))
    assert message.startswith(f"{table}: got the id 'xxx")
    assert message.endswith("of 513 characters, expected 512 at most, as its column event_id has it")
    assert mariadb.tables() == []
    refresh(quick(), SPACE, table)
    mariadb.run("ALTER TABLE related_links MODIFY event_id VARCHAR(9) COLLATE utf8mb4_general_ci")
    before = lines_of(mariadb)
    assert "9 at most" in message_of(lambda: refresh(quick(), [Event("x" * 10, "Snow")], LinksTable(mariadb.url)))
    events = [*SPACE, Event("OSLO", "Snow in Oslo, Oslo, Oslo")]
    assert "Duplicate entry" in message_of(lambda: refresh(quick(), events, LinksTable(mariadb.url)))
    assert lines_of(mariadb) == before


def test_long_texts(mariadb: Store, mariadb_server: MariaDB) -> None:
    """Over the 64 KiB of TEXT they are written; over what a column that was changed holds they are an error, never cut."""
    admin = Store(mariadb_server.url("admin"))
    admin.run("SET GLOBAL sql_mode = ''")
    try:
        events = [Event(str(number), f"Snow in {'O' * 70_000}, day {number}{number}") for number in range(2)]
        refresh(quick(), events, LinksTable(mariadb.url))
        before = lines_of(mariadb)
        assert len(before) == 2
        assert before == with_links(expected_lines(events))
        mariadb.run("DELETE FROM related_links")
        mariadb.run("ALTER TABLE related_links MODIFY topics VARCHAR(99) NOT NULL")
        assert "Data too long for column 'topics'" in message_of(lambda: refresh(quick(), events, LinksTable(mariadb.url)))
        assert lines_of(mariadb) == []
    finally:
        admin.run("SET GLOBAL sql_mode = DEFAULT")


def test_uuids(mariadb: Store) -> None:
    mariadb.run("CREATE TABLE events (id UUID PRIMARY KEY, title TEXT)")
    mariadb.run("INSERT INTO events VALUES (uuid(), 'Snow in Oslo'), (uuid(), 'More snow in Oslo')")
    for written in (2, 0):
        assert refresh(quick(), read_events(mariadb.url), LinksTable(mariadb.url)).written == written
        assert len(mariadb.rows("SELECT 1 FROM related_links JOIN events ON id = related_id")) == 2


def test_names_with_backquotes(mariadb: Store) -> None:
    mariadb.run("CREATE TABLE `the``events` (`the``id` INTEGER, title TEXT)")
    mariadb.run("INSERT INTO `the``events` VALUES (1, 'Snow in Oslo'), (2, 'More snow in Oslo')")
    events = read_events(mariadb.url, {"id": "the`id"}, table="the`events")
    refresh(quick(), events, LinksTable(mariadb.url, "the`links", archive="the`events", id_column="the`id"))
    assert mariadb.rows("SELECT event_id, related_id FROM `the``links` ORDER BY 1") == [("1", "2"), ("2", "1")]


def test_rows_that_nobody_reads_are_left(mariadb: Store) -> None:
    """A reader that stops early does not read the rest, and nothing is said about it."""
    mariadb.run("CREATE TABLE events AS SELECT seq AS id, repeat('x', 5000) AS title FROM seq_1_to_40000")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        started = time.monotonic()
        events = read_events(mariadb.url)
        assert [event.id for event in itertools.islice(events, 3)] == ["1", "2", "3"]
        events.close()  # type: ignore[attr-defined]
        assert time.monotonic() - started < 1
        message_of(lambda: list(read_events(mariadb.url, {"date": "title"}, strict=True)))


def test_a_reader_that_is_slow(mariadb: Store, mariadb_server: MariaDB) -> None:
    mariadb.run("CREATE TABLE events AS SELECT seq AS id, repeat('x', 5000) AS title FROM seq_1_to_4000")
    admin = Store(mariadb_server.url("admin"))
    admin.run("SET GLOBAL net_write_timeout = 1")
    try:
        events = read_events(mariadb.url)
        next(events)
        time.sleep(2.5)
        assert sum(1 for _ in events) == 3999
    finally:
        admin.run("SET GLOBAL net_write_timeout = DEFAULT")


def test_a_lock_is_kept_and_its_loss_is_noticed(mariadb: Store, mariadb_server: MariaDB) -> None:
    admin = Store(mariadb_server.url("admin"))
    admin.run("CREATE DATABASE `the news`")
    other = LinksTable(mariadb_server.url("joe", "the news"))

    def slow() -> Iterator[Event]:
        refresh(quick(), SPACE, other)  # a table of the same name in another database is another table
        time.sleep(2.5)
        yield from SPACE

    admin.run("SET GLOBAL wait_timeout = 1")
    try:
        refresh(quick(), slow(), LinksTable(mariadb.url))
    finally:
        admin.run("SET GLOBAL wait_timeout = DEFAULT")
    before = lines_of(mariadb)

    def cut() -> Iterator[Event]:
        admin.run("KILL USER joe")
        yield from SPACE[1:]

    table = LinksTable(mariadb.url)
    message = message_of(lambda: refresh(quick(), cut(), table))
    assert message.startswith(f"{table}: lost the lock that keeps other refreshes out, with its connection (")
    assert lines_of(mariadb) == before


def test_engines_without_transactions(mariadb: Store) -> None:
    refresh(quick(), SPACE, LinksTable(mariadb.url))
    mariadb.run("ALTER TABLE related_links ENGINE = Aria")
    message = message_of(lambda: refresh(quick(), never(), LinksTable(mariadb.url)))
    assert message.endswith("got a table of the engine Aria, expected one that has transactions, such as InnoDB")


def test_wrong_password_no_server_no_database(mariadb: Store, tmp_path: Path) -> None:
    wrong = mariadb.url.replace(IN_URL, "wr0ng-one")
    for call in (lambda: list(read_events(wrong)), lambda: LinksTable(wrong).check(False)):
        message = message_of(call)
        assert message.startswith(f"{mariadb.name}: Access denied for user 'joe'@")
        assert "wr0ng-one" not in message
    assert "Connection refused" in message_of(lambda: list(read_events(f"mysql://joe:{IN_URL}@127.0.0.1:1/news")))
    assert "gone" in message_of(lambda: list(read_events(mariadb.url.rpartition("/")[0] + "/gone")))
    mariadb.put(SPACE)
    (tmp_path / "my.cnf").write_text('[client]\npassword="s3cr%et&word"\n')
    assert list(read_events(mariadb.url.replace(f":{IN_URL}", "") + f"?read_default_file={tmp_path}/my.cnf")) == SPACE


def test_a_way_to_log_in_that_needs_a_package(mariadb: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: Any, **__: Any) -> None:
        raise RuntimeError("'cryptography' package is required")

    monkeypatch.setattr("pymysql.connect", connect)
    assert message_of(lambda: list(read_events(mariadb.url))) == f"{mariadb.name}: 'cryptography' package is required"


def test_lists_that_stay_and_a_night_without_news(mariadb: Store, tmp_path: Path) -> None:
    index = tmp_path / "index"

    def night(events: list[Event], **keywords: Any) -> Any:
        stories = RelatedStories.load(index, Named()) if index.exists() else RelatedStories(Named())  # type: ignore[arg-type]
        return refresh(stories, events, LinksTable(mariadb.url), index=index, **keywords)

    night(SPACE)
    report = night(SPACE)
    assert (report.written, "links" in report.seconds) == (0, False)
    linked = {id_ for id_, _ in LinksTable(mariadb.url).read()}
    mariadb.run("DELETE FROM related_links WHERE event_id = 'oslo'")
    assert night(SPACE).written > 0
    night([*SPACE, Event("malta", "Voters in Malta elect a parliament")], lists="changed")
    assert {id_ for id_, _ in LinksTable(mariadb.url).read()} == {*linked, "iceland", "malta"}


def test_a_server_killed_in_the_middle(mariadb: Store, mariadb_server: MariaDB, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill it at moments of the writing: after it has started again, the links are the old ones or the new ones."""
    monkeypatch.setattr("relatedstories.databases.links_table.BATCH", 20)

    def archive(word: str) -> list[Event]:
        return [Event(f"e{number}", f"Snow in {word}{number // 2}, day {number}{number}") for number in range(400)]

    states = []
    for word in ("Avon", "Bath"):
        started = time.monotonic()
        refresh(quick(), archive(word), LinksTable(mariadb.url))
        took = time.monotonic() - started
        states.append(lines_of(mariadb))
    for number in range(5):
        timer = threading.Timer(took * (0.5 + number / 8), mariadb_server.kill)
        timer.start()
        with contextlib.suppress(InputError):
            refresh(quick(), archive(("Avon", "Bath")[number % 2]), LinksTable(mariadb.url))
        timer.join()
        mariadb_server.start()
        assert lines_of(mariadb) in states
    refresh(quick(), archive("Avon"), LinksTable(mariadb.url))
    assert lines_of(mariadb) == states[0]
