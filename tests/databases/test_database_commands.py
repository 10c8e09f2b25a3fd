"""Databases on the command line."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import helpers
import pytest
from database_checks import rounded, with_links
from helpers import SPACE
from servers import IN_URL, PASSWORD
from stores import Store

from relatedstories import read_events
from relatedstories.cli.options import ReadOptions
from relatedstories.cli.source import Source
from relatedstories.databases.database import Database
from relatedstories.databases.links_table import LinksTable


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


@pytest.mark.slow
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
    expected = [rounded(line) for line in (tmp_path / "links.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)]
    assert [line for _, line in LinksTable(store.url).read()] == with_links(expected)
    stored = store.rows("SELECT DISTINCT refreshed_at FROM related_links")
    assert len(stored) == 1
    moment = dt.datetime.fromisoformat(f"{stored[0][0]}{'' if store.dialect == 'postgresql' else '+00:00'}")
    assert abs(dt.datetime.now(dt.UTC) - moment) < dt.timedelta(minutes=10)


def test_a_command_makes_one_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh reads the archive, names it in messages and writes the links through one `Database`."""
    store = Store(f"sqlite:///{tmp_path}/news.db")
    store.put(SPACE)
    made: list[Database] = []
    begin = Database.__init__
    monkeypatch.setattr(Database, "__init__", lambda self, url: [begin(self, url), made.append(self)][0])
    source = Source(store.url, ReadOptions())
    source.check()
    with source.events() as events:
        assert list(events) == SPACE
    table = source.links_table("related_links")
    assert (source.name, source.files) == (store.name, [tmp_path / "news.db"])
    assert made == [table.database]


def test_sqlalchemy_is_not_imported_without_a_database() -> None:
    code = (
        "import sys, relatedstories.cli.app, relatedstories\n"
        "list(relatedstories.read_events('sample'))\n"
        "sys.exit('sqlalchemy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert Database("sqlite:///news.db").name == "sqlite:///news.db"
