"""Databases for tests: a file of SQLite, and a PostgreSQL server that the tests start."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from relatedstories import Event

PASSWORD = "s3cr%et&word"
IN_URL = "s3cr%25et%26word"
COLUMNS = "id TEXT, title TEXT, text TEXT, date TEXT, heading TEXT, topics TEXT, url TEXT, sources TEXT"


def server_binaries() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = folders[-1] if folders else shutil.which("initdb")
    if found is None:
        reason = "needs PostgreSQL's server: initdb is neither on the path nor in /usr/lib/postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a new server, up to the name of the database; its user joe needs a password."""
    binaries, port = server_binaries(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a short path, as the path of a socket has to be
    as_user: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:  # initdb refuses to run as root
        as_user |= {"user": "nobody", "extra_groups": []}
        shutil.chown(folder, "nobody")
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    data = folder / "data"
    try:
        command = [binaries / "initdb", "-D", data, "-U", "joe", "-A", "scram-sha-256", "--pwfile", folder / "password"]
        subprocess.run([*command, "-E", "UTF8", "--locale=C", "--no-sync"], check=True, capture_output=True, **as_user)
        options = f"-c unix_socket_directories={folder} -c listen_addresses=127.0.0.1 -p {port} -c fsync=off"
        start = [binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user)
        address = f"postgresql+psycopg://joe:{IN_URL}@127.0.0.1:{port}/"
        Store(address + "postgres").run("CREATE DATABASE news")
        yield address
    finally:
        if (data / "postmaster.pid").exists():
            subprocess.run(
                [binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, capture_output=True, **as_user
            )
        shutil.rmtree(folder)


class Store:
    """A database that a test fills and looks into."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = url if url.startswith("sqlite") else f"postgresql://127.0.0.1/{url.rpartition('/')[2]}"
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


@pytest.fixture
def postgres(server: str) -> Store:
    return emptied(server)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "sqlite":
        return Store(f"sqlite:///{tmp_path}/news.db")
    return emptied(request.getfixturevalue("server"))
