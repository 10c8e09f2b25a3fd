"""``relatedstories export`` as its users type it."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import subprocess
from pathlib import Path

import helpers
import pytest
from helpers import SPACE, quick, unframed, usage_error

from relatedstories import read_events


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return helpers.run("export", *arguments)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"id": event.id, "headline": event.title, "date": str(event.date)} for event in SPACE]
    Path("news.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    quick().fit(SPACE).save("index")
    return tmp_path


@pytest.mark.slow
def test_an_archive_is_exported_and_only_what_changed_again():
    done = run("news.jsonl", "--to", "site", "--field", "title=headline", "--format", "html,md", "--title", "Space")
    assert (done.returncode, done.stdout) == (0, "")
    assert re.search(r"6 events, 6 days, \d topics, \d stor(?:y|ies)\n\d+ files written, 0 unchanged, 0 removed\n", done.stderr)
    assert re.search(r"pages per second in all; .*: html [\d,]+, md [\d,]+\n", done.stderr)
    assert "pages are in site" in done.stderr
    assert "<h1>Space</h1>" in Path("site/index.html").read_text(encoding="utf-8")
    assert sorted(read_events("site"), key=lambda event: event.id) == sorted(SPACE, key=lambda event: event.id)
    rows = Path("news.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    Path("news.jsonl").write_text("".join(rows[:-1]), encoding="utf-8")
    done = run("news.jsonl", "--to", "site", "--field", "title=headline", "--format", "html,md", "--title", "Space")
    removed = re.search(r"(\d+) files written, (\d+) unchanged, (\d+) removed", done.stderr)
    assert removed
    assert int(removed[2]) > 10
    assert int(removed[3]) >= 4  # the event's page and its day's
    assert sum(1 for _ in read_events("site")) == 5


def test_an_index_is_exported():
    done = run("--index", "index", "--to", "site", "--format", "json", "-k", 1, "--base-url", "https://example.org")
    assert done.returncode == 0, done.stderr
    page = json.loads(next(Path("site").glob("news/2017/06/3/*space*.json")).read_bytes())
    assert [link["id"] for link in page["related"]] == [quick().fit(SPACE).related("dragon", k=1)[0].event.id]


def test_an_index_is_exported_as_a_database():
    arguments = ("--index", "index", "--to", "news.db", "--format", "sqlite", "--title", "Space", "--licence", "CC0", "-k", 2)
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert re.search(r"6 events, \d links, \d+ topics, \d stor(?:y|ies)\n[\d.]+ MiB; ", done.stderr)
    assert "the database is news.db" in done.stderr
    settings = json.loads(Path("news.metadata.json").read_bytes())
    assert (settings["title"], settings["license"], list(settings["databases"])) == ("Space", "CC0", ["news"])
    with contextlib.closing(sqlite3.connect("news.db")) as database:
        linked = database.execute("SELECT related_id FROM links WHERE event_id = 'dragon' ORDER BY rank").fetchall()
    assert [id_ for (id_,) in linked] == [link.event.id for link in quick().fit(SPACE).related("dragon", k=2)]
    first = Path("news.db").read_bytes()
    assert run(*arguments, "--quiet").stderr == ""
    assert Path("news.db").read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["news.jsonl"], 2, "--to"),
        (["--to", "site"], 2, "give either SOURCE or --index DIR"),
        (["news.jsonl", "--index", "index", "--to", "site"], 2, "give either SOURCE or --index DIR"),
        (["--index", "index", "--to", "site", "--field", "title=text"], 2, "--field goes with SOURCE"),
        (
            ["--index", "index", "--to", "site", "--format", "html,pdf"],
            2,
            "got --format html,pdf, expected some of html, json, xml",
        ),
        (["--index", "index", "--to", "site", "--format", "html,sqlite"], 2, "with commas between, or sqlite alone"),
        (
            ["--index", "index", "--to", "news.db", "--format", "sqlite", "--base-url", "https://example.org"],
            2,
            "got --base-url with --format sqlite, expected it with pages only",
        ),
        (
            ["--index", "index", "--to", "site", "--licence", "MIT"],
            2,
            "got --licence with --format html, expected it with --format sqlite only",
        ),
        (["--index", "index", "--to", "news.jsonl", "--format", "sqlite"], 1, "news.jsonl: got a file that no export wrote"),
        (["--index", "index", "--to", "none/news.db", "--format", "sqlite"], 1, "none/news.db: got a path in"),
        (["--index", "index", "--to", "index/news.db", "--format", "sqlite"], 1, "got a place in the folder of the index"),
        (["--index", "index", "--to", "index/site"], 1, "index/site: got a place in the folder of the index"),
        (["--index", "index", "--to", "none/site"], 1, "none/site: got a path in"),
        (["--index", "index", "--to", "news.jsonl"], 1, "news.jsonl: got a file, expected a folder"),
        (
            ["--index", "index", "--to", "site", "--base-url", "example.org"],
            2,
            "'--base-url': got 'example.org', expected an address",
        ),
        (["--index", "index", "--to", "site", "--title", " "], 2, "'--title': got ' ', expected a text that is not empty"),
        (
            ["--index", "index", "--to", "a.db", "--format", "sqlite", "--licence", ""],
            2,
            "'--licence': got '', expected a text that is not empty",
        ),
        (["--index", "index", "--to", "site", "--same", ""], 2, "'--same': got '', expected a name"),
        (["news.jsonl", "--to", "site", "--templates", "index"], 1, "index: got no file with the name of a template, expected"),
        (["--index", "index", "--to", "site", "--templates", "none"], 1, "none: got no folder, expected a folder of templates"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(arguments, code, message):
    before = {str(path) for path in Path().rglob("*")}
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in (usage_error(done.stderr) if code == 2 else unframed(done.stderr))
    assert {str(path) for path in Path().rglob("*")} == before


def test_options_are_checked_before_an_archive_is_read():
    Path("news.jsonl").write_text("no archive", encoding="utf-8")
    Path("own").mkdir()
    Path("own/event.html").write_text("{% if %}", encoding="utf-8")
    done = run("news.jsonl", "--to", "site", "--templates", "own")
    assert done.returncode == 1
    assert "own/event.html:1: got a broken template" in unframed(done.stderr)
    assert not Path("site").exists()


def test_pages_are_not_put_where_the_archive_would_read_them():
    Path("news").mkdir()
    Path("news.jsonl").rename("news/news.jsonl")
    for options in (("--to", "news"), ("--to", "news/site", "--format", "html,md")):
        done = run("news", *options)
        assert (done.returncode, done.stdout) == (1, "")
        assert "got a folder of the archive itself, which would read its pages as events, expected another" in done.stderr
        assert sorted(path.name for path in Path("news").iterdir()) == ["news.jsonl"]


def test_what_no_event_has_is_named():
    done = run("--index", "index", "--to", "site", "--quiet", "--filter", "section=world", "--filter", "title=gone")
    assert (done.returncode, done.stderr.splitlines()) == (
        0,
        [
            "relatedstories: warning: no event has 'section', which --filter or --same names",
            "relatedstories: warning: no event has 'gone' as its 'title', which --filter asks for",
        ],
    )
