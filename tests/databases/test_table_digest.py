"""Digests of rows that add up, and what tells that nobody has written to an SQLite database meanwhile."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from stores import Store

from relatedstories.databases import Database
from relatedstories.databases.change_watch import ChangeWatch
from relatedstories.databases.table_digest import digest_of_rows

ROWS = [("a", 1, "Oslo"), ("a", 2, "Ólafur"), ("b", 1, None), ("c", 1, "it's \U0001f680")]


def table_of(store: Store, rows: list[tuple[Any, ...]]) -> list[sa.Column[Any]]:
    table = sa.Table(
        "related",
        sa.MetaData(),
        sa.Column("event_id", sa.String(9)),
        sa.Column("rank", sa.Integer),
        sa.Column("context", sa.Text),
    )
    store.run("DROP TABLE IF EXISTS related")
    with Database(store.url).writing() as connection:
        table.create(connection)
        for row in rows:
            connection.execute(table.insert().values(row))
        connection.commit()
    return list(table.columns)


def digest(store: Store, rows: list[tuple[Any, ...]], ids: list[str] | None = None) -> Any:
    columns, database = table_of(store, rows), Database(store.url)
    with database.reading() as connection:
        return digest_of_rows(connection, database.dialect, columns, ids)


def test_the_order_of_rows_does_not_count_and_all_else_does(store: Store) -> None:
    whole = digest(store, ROWS)
    assert digest(store, ROWS[::-1]) == whole
    others = [
        ROWS[1:],
        [*ROWS, ROWS[0]],
        [*ROWS[:2], ("b", 2, None), ROWS[3]],
        [*ROWS[:2], ("b", 1, ""), ROWS[3]],
        [("a", 1, "Ólafur"), ("a", 2, "Oslo"), *ROWS[2:]],
    ]
    assert len({str(digest(store, rows)) for rows in [ROWS, *others]}) == 6


def test_the_digest_of_some_rows_replaced_is_that_of_all_as_they_are_then(store: Store) -> None:
    whole = digest(store, ROWS)
    before = digest(store, ROWS, ["a", "none"])
    assert before.n_rows == 2
    after = [("a", 1, "Bergen"), *ROWS[2:]]
    assert whole.with_other_rows(before, digest(store, after, ["a", "none"])) == digest(store, after)
    assert whole.with_other_rows(before, digest(store, ROWS, [])) == digest(store, ROWS[2:])


def test_more_events_than_one_statement_takes(store: Store) -> None:
    rows = [(str(number), 1, "Oslo") for number in range(1203)]
    assert digest(store, rows, [row[0] for row in rows]) == digest(store, rows)


# ---------------------------------------------------------------------- SQLite


def run_sql(file: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute(statement)
        database.commit()


@pytest.fixture(params=["delete", "wal"])
def file(request: Any, tmp_path: Path) -> Path:
    path = tmp_path / "news.db"
    run_sql(path, f"PRAGMA journal_mode = {request.param}")
    run_sql(path, "CREATE TABLE links (id)")
    run_sql(path, "INSERT INTO links VALUES (1)")
    return path


@pytest.fixture
def watch(file: Path) -> Iterator[ChangeWatch]:
    with contextlib.closing(ChangeWatch(Database(f"sqlite:///{file}"))) as watch:
        yield watch


def test_who_reads_or_takes_back_what_it_wrote_changes_nothing(file: Path, watch: ChangeWatch) -> None:
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("INSERT INTO links VALUES (2)")
        other.rollback()
    with Database(f"sqlite:///{file}").reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM links").scalar() == 1
    assert watch.is_unchanged()
    assert watch.is_unchanged()


def test_a_transaction_that_only_began_changes_nothing(file: Path, watch: ChangeWatch) -> None:
    with Database(f"sqlite:///{file}").writing() as connection:
        assert watch.is_unchanged()
        connection.exec_driver_sql("INSERT INTO links VALUES (2)")
        assert watch.is_unchanged()


@pytest.mark.parametrize("statement", ["UPDATE links SET id = 2", "CREATE TABLE other (id)", "DELETE FROM links"])
def test_what_somebody_writes_is_seen(file: Path, watch: ChangeWatch, statement: str) -> None:
    run_sql(file, statement)
    assert not watch.is_unchanged()
    assert not watch.is_unchanged()


def test_what_another_process_writes_is_seen(file: Path, watch: ChangeWatch) -> None:
    script = f"import sqlite3; db = sqlite3.connect({str(file)!r}); db.execute('UPDATE links SET id = 2'); db.commit()"
    subprocess.run([sys.executable, "-c", script], check=True)
    assert not watch.is_unchanged()


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be replaced")
def test_another_file_in_its_place_is_seen(file: Path, watch: ChangeWatch) -> None:
    copy = file.with_name("copy.db")
    shutil.copy2(file, copy)
    os.replace(copy, file)
    assert not watch.is_unchanged()
