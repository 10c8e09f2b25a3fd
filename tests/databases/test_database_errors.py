"""What can be wrong with a database, each with a message of one line, and passwords, which no message shows."""

from __future__ import annotations

import logging
import sqlite3
import sys
from pathlib import Path

import pytest
from database_checks import message_of, never, row_versions
from helpers import SPACE, quick
from servers import IN_URL, PASSWORD
from stores import Store

from relatedstories import Event, read_events
from relatedstories.databases.links_table import LinksTable
from relatedstories.refresh import refresh


@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
def test_a_database_that_is_read_only(store: Store, tmp_path: Path) -> None:
    store.put(SPACE)
    url = f"sqlite:///file:{tmp_path}/news.db?mode=ro&uri=true"
    if store.url.startswith("postgresql"):
        url = store.url + "?options=-c%20default_transaction_read_only%3Don"
    assert list(read_events(url)) == SPACE
    assert refresh(quick(), SPACE, LinksTable(url), dry_run=True).new > 0
    message = message_of(lambda: refresh(quick(), never(), LinksTable(url)))
    assert "read-only" in message.replace("readonly", "read-only")
    assert store.tables() == ["events"]


def test_a_role_that_may_not_write(postgres: Store) -> None:
    postgres.put(SPACE)
    postgres.run("DROP ROLE IF EXISTS ann")
    postgres.run("CREATE ROLE ann LOGIN PASSWORD 'pw-of-ann'")
    url = postgres.url.replace(f"joe:{IN_URL}", "ann:pw-of-ann")
    assert message_of(lambda: list(read_events(url))) == f"{postgres.name}: permission denied for table events"
    assert (
        message_of(lambda: refresh(quick(), never(), LinksTable(url))) == f"{postgres.name}: permission denied for schema public"
    )


def test_a_locked_file(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/news.db")
    refresh(quick(), SPACE, LinksTable(store.url))
    before = row_versions(store)
    other = sqlite3.connect(tmp_path / "news.db")
    other.execute("BEGIN IMMEDIATE")
    try:
        message = message_of(lambda: refresh(quick(), never(), LinksTable(store.url + "?timeout=0.1")))
    finally:
        other.close()
    assert message == f"{store.name}: database is locked"
    assert row_versions(store) == before


def test_files_that_are_not_there_or_no_database(tmp_path: Path) -> None:
    assert message_of(lambda: list(read_events(f"sqlite:///{tmp_path}/gone.db"))) == f"sqlite:///{tmp_path}/gone.db: no such file"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.db").write_text("not a database, " * 99)
    expected = f"sqlite:///{tmp_path}/text.db: file is not a database"
    assert message_of(lambda: list(read_events(f"sqlite:///{tmp_path}/text.db"))) == expected
    assert message_of(lambda: refresh(quick(), never(), LinksTable(f"sqlite:///{tmp_path}/text.db"))) == expected
    message = message_of(lambda: refresh(quick(), never(), LinksTable(f"sqlite:///{tmp_path}/gone/news.db")))
    assert message.endswith("which is not a folder, expected one in an existing folder")
    assert message_of(lambda: read_events("sqlite://")).startswith("got an SQLite database in memory, expected one in a file")


def test_options_that_the_driver_does_not_have(postgres: Store, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/news.db")
    store.put(SPACE)
    assert message_of(lambda: list(read_events(f"{store.url}?timeout=soon"))).startswith(f"{store.name}: ")
    message = message_of(lambda: list(read_events(f"{postgres.url}?nonsense=1")))
    assert message == f'{postgres.name}: invalid connection option "nonsense"'


def test_ids_that_the_database_cannot_hold(postgres: Store) -> None:
    events = [Event("a\0b", "Snow in Oslo"), Event("c", "More snow in Oslo")]
    assert "NUL" in message_of(lambda: refresh(quick(), events, LinksTable(postgres.url)))
    assert postgres.tables() == []


def test_missing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    expected = 'postgresql://host/news needs the driver psycopg, which is not installed: pip install "relatedstories[postgresql]"'
    for scheme in ("postgresql+psycopg", "postgresql", "postgres"):
        assert message_of(lambda scheme=scheme: read_events(f"{scheme}://joe:{IN_URL}@host/news")) == expected
    monkeypatch.setitem(sys.modules, "pymysql", None)
    for scheme in ("mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"):
        message = message_of(lambda scheme=scheme: read_events(f"{scheme}://joe:{IN_URL}@host/news"))
        assert message.endswith('needs the driver pymysql, which is not installed: pip install "relatedstories[mysql]"')
    message = message_of(lambda: read_events(f"mysql+mysqldb://joe:{IN_URL}@host/news"))
    assert message == "mysql://host/news needs the driver MySQLdb, which is not installed: pip install mysqlclient"
    message = message_of(lambda: read_events(f"nosuch+driver://joe:{IN_URL}@host/news"))
    assert message.startswith("nosuch://host/news: got a kind of database that SQLAlchemy does not know")
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for name in [name for name in sys.modules if name.startswith("relatedstories.databases")]:
        monkeypatch.delitem(sys.modules, name)
    expected = 'databases need SQLAlchemy, which is not installed: pip install "relatedstories[databases]"'
    assert message_of(lambda: read_events("sqlite:///news.db")) == expected


def test_wrong_password_and_no_server(postgres: Store) -> None:
    wrong = postgres.url.replace(IN_URL, "wr0ng-one")
    for call in (lambda: list(read_events(wrong)), lambda: LinksTable(wrong).check(False), lambda: LinksTable(wrong).check(True)):
        message = message_of(call)
        assert 'password authentication failed for user "joe"' in message
        assert "wr0ng-one" not in message
    nowhere = f"postgresql+psycopg://joe:{IN_URL}@127.0.0.1:1/news"
    assert "Connection refused" in message_of(lambda: list(read_events(nowhere)))
    missing = postgres.url.rpartition("/")[0] + "/missing"
    assert 'database "missing" does not exist' in message_of(lambda: list(read_events(missing)))


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
        message = message_of(lambda make=make: make("postgresql+psycopg://" + address.format("s3cr%et&word")))
        assert "s3cr" not in message
        assert message.startswith("got a broken address of a database, expected dialect+driver://")


def test_address_in_the_wrong_place() -> None:
    url = f"postgresql://joe:{IN_URL}@host/news"
    message_of(lambda: quick().fit(url))  # type: ignore[arg-type]
    message_of(lambda: refresh(quick(), SPACE, url))
    message_of(lambda: read_events({"id": 1}, table=url))
    message_of(lambda: read_events("sqlite:///news.db", {url: "a"}))


def test_password_from_the_environment_or_a_file(postgres: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.put(SPACE)
    url = postgres.url.replace(f":{IN_URL}", "")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    assert "no password supplied" in message_of(lambda: list(read_events(url)))
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
    output = caplog.text + repr(table) + str(table) + repr(table.database) + str(report)
    logged = "\n".join(record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG)
    assert 'FROM "related_links"' in logged  # it is that log
    assert "hidden-id" not in logged
    for secret in (PASSWORD, IN_URL):
        assert secret not in output
        assert not any(secret.encode() in path.read_bytes() for path in (tmp_path / "index").rglob("*") if path.is_file())
