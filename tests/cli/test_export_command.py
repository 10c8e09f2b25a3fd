"""``relatedstories export`` as its users type it."""

from __future__ import annotations

import json
import re
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
    assert re.search(r"6 events, 6 days, \d topics, \d stories\n\d+ files written, 0 unchanged, 0 removed\n", done.stderr)
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
        (["--index", "index", "--to", "index/site"], 1, "index/site: got a place in the folder of the index"),
        (["--index", "index", "--to", "none/site"], 1, "none/site: got a path in"),
        (["--index", "index", "--to", "news.jsonl"], 1, "news.jsonl: got a file, expected a folder"),
        (
            ["--index", "index", "--to", "site", "--base-url", "example.org"],
            1,
            "base_url: got 'example.org', expected an address",
        ),
        (["--index", "index", "--to", "site", "--templates", "none"], 1, "none: got no folder, expected a folder of templates"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(arguments, code, message):
    before = {str(path) for path in Path().rglob("*")}
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in (usage_error(done.stderr) if code == 2 else unframed(done.stderr))
    assert {str(path) for path in Path().rglob("*")} == before
