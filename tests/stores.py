"""Databases for tests: a file of SQLite, and servers of PostgreSQL and MariaDB that the tests start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import servers
import sqlalchemy as sa
from servers import MariaDB

from relatedstories import Event

COLUMNS = "id TEXT, title TEXT, text TEXT, date TEXT, heading TEXT, topics TEXT, url TEXT, sources TEXT"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a new PostgreSQL server, up to the name of the database."""
    with servers.postgresql() as address:
        Store(address + "postgres").run("CREATE DATABASE news")
        yield address


@pytest.fixture(scope="session")
def bouncer(server: str) -> Iterator[str]:
    """The URL of PgBouncer before the PostgreSQL server, up to the name of the database."""
    with servers.pgbouncer(server) as address:
        yield address


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    """A new MariaDB server."""
    with servers.mariadb() as running:
        yield running


class Store:
    """A database that a test fills and looks into."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.dialect = url.partition(":")[0].partition("+")[0]
        self.name = url if self.dialect == "sqlite" else f"{self.dialect}://127.0.0.1/{url.rpartition('/')[2]}"
        self.engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")

    def run(self, sql: str, *rows: dict[str, Any]) -> None:
        with self.engine.connect() as connection:
            connection.execute(sa.text(sql), rows or None)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(sql))]

    def put(self, events: list[Event], table: str = "events") -> None:
        """Make a table of the events with columns of text."""
        self.run(f"CREATE TABLE {table} ({COLUMNS})")
        if events:
            values = ":id, :title, :text, :date, :heading, :topics, :url, :sources"
            self.run(f"INSERT INTO {table} VALUES ({values})", *map(cells, events))

    def tables(self) -> list[str]:
        return sa.inspect(self.engine).get_table_names()


def cells(event: Event) -> dict[str, Any]:
    record = dict.fromkeys(("id", "title", "text", "date", "heading", "topics", "url", "sources")) | event.to_dict()
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in record.items()}


def emptied(server: str) -> Store:
    """The server's only database, emptied, with no other connection to it."""
    store = Store(server + "news")
    store.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'news' AND pid <> pg_backend_pid()")
    store.run('DROP SCHEMA IF EXISTS public, "the news" CASCADE')
    store.run("CREATE SCHEMA public")
    store.run("GRANT USAGE ON SCHEMA public TO public")
    return store


def emptied_mariadb(server: MariaDB) -> Store:
    """The database of MariaDB's user joe, emptied, with no other connection to it."""
    admin = Store(server.url("admin", ""))
    admin.run("KILL USER joe")
    for statement in ("DROP DATABASE IF EXISTS news", "DROP DATABASE IF EXISTS `the news`", "CREATE DATABASE news"):
        admin.run(statement)
    return Store(server.url())


@pytest.fixture
def postgres(server: str) -> Store:
    return emptied(server)


@pytest.fixture
def mariadb(mariadb_server: MariaDB) -> Store:
    return emptied_mariadb(mariadb_server)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A database of each kind."""
    if request.param == "sqlite":
        return Store(f"sqlite:///{tmp_path}/news.db")
    if request.param == "postgresql":
        return emptied(request.getfixturevalue("server"))
    return emptied_mariadb(request.getfixturevalue("mariadb_server"))
