"""The command line when something is wrong: one line that says what, the right exit code, and nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import COMMAND, SPACE, parts_of, quick, run, usage_error

from relatedstories import Event, InputError, RelatedStories
from relatedstories.disk.atomic import new_file
from relatedstories.index.storage import write_folder

GOOD = '{"id": "snow", "title": "Snow closes Oslo airport"}\n{"id": "open", "title": "Oslo airport opens after snow"}\n'
BAD = '{"id": "bad"}\n'
OLD_LINKS = '{"id": "snow", "links": []}\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an archive, an index of another and the links of an earlier run; the commands run in it."""
    monkeypatch.chdir(tmp_path)
    Path("news.jsonl").write_text(GOOD)
    Path("links.jsonl").write_text(OLD_LINKS)
    # Found without spaCy, the topics are others than the command's own, but it only reads them here.
    quick().fit(SPACE).save("index")
    return tmp_path


def failure(*arguments: str) -> str:
    """The one line on standard error of a command that fails."""
    before = contents()
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert contents() == before
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("relatedstories: error: ")
    return lines[0].removeprefix("relatedstories: error: ")


def contents() -> dict[str, bytes]:
    """Every file here, hidden ones and those that a failed run has left among them."""
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


# ---------------------------------------------------------------------- wrong usage


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("frobnicate", "frobnicate"),
        ("stats --wrong news.jsonl", "--wrong"),
        ("stats", "give either SOURCE or --index DIR"),
        ("stats news.jsonl --index index", "give either SOURCE or --index DIR"),
        ("stats --index index --strict", "--strict goes with SOURCE, not with --index"),
        ("stats news.jsonl more.jsonl", "more.jsonl"),
        ("stats news.jsonl --field headline=title", "got --field headline=title, expected FIELD=COLUMN, FIELD one of id, title,"),
        ("stats news.jsonl --field title", "got --field title, expected FIELD=COLUMN"),
        ("topics Snow --table events", "--table goes with an archive of events, not with a text"),
        ("refresh news.jsonl", "give either --links FILE, --links-table NAME or --in-place"),
        ("refresh sqlite:///news.db --links a --links-table b", "give either --links FILE, --links-table NAME or --in-place"),
        ("refresh news.jsonl --links-table b", "--links-table goes with the address of a database as SOURCE"),
        ("stats news.jsonl --table events", "--table, --where and --query go with the address of a database as SOURCE"),
        (
            "refresh oracle://host/news --links-table b",
            "as SOURCE: got oracle://, expected sqlite, postgresql, mysql or mariadb, or another one with its driver, such as",
        ),
        ("refresh news.db --links-table b", "as SOURCE: sqlite:///news.db, perhaps"),
        ("stats sqlite:///news.db --table a --query b", "give either --query SQL or --table NAME, --where SQL"),
        ("refresh --links links.jsonl", "SOURCE"),
        ("refresh news.jsonl --links links.jsonl --k 0", "'--k' / '-k': got 0, expected a whole number of at least 1"),
        ("refresh news.jsonl --links links.jsonl --k -1", "got -1, expected a whole number of at least 1"),
        ("refresh news.jsonl --links links.jsonl --jobs -2", "got -2, expected a number of processes, or -1"),
        ("refresh news.jsonl --links links.jsonl --min-score 2", "'--min-score': got 2, expected a number from 0 to 1"),
        ("refresh news.jsonl --links links.jsonl --min-score nan", "'--min-score': got nan, expected a number from 0 to 1"),
        ("refresh news.jsonl --links links.jsonl --threshold low", "'--threshold': got low, expected a number from 0 to 1"),
        ("check index --rebuild-sample -1", "'--rebuild-sample': got -1, expected a whole number of at least 0"),
        ("evaluate news.jsonl --queries 0", "'--queries': got 0, expected a whole number of at least 1"),
        (
            "refresh - --links links.jsonl",
            "got - (standard input) as SOURCE, expected a file, a folder or the address of a database",
        ),
        ("refresh news.jsonl --links links.jsonl --section", "--section goes with a folder of pages as SOURCE"),
        ("refresh news.jsonl --links links.jsonl --related-head ##", "--related-head goes with a folder of pages as SOURCE"),
        ("stats -", "got - (standard input) as SOURCE"),
        ("diff - -", "got - (standard input) as OLD and as NEW, expected a file as one of them"),
        ("related snow --index index --since 2020-02-01 --until 2020-01-31", "got --since 2020-02-01 with --until 2020-01-31"),
        ("refresh news.jsonl --links links.jsonl --jobs 0", "got 0, expected a number of processes, or -1"),
        ("refresh news.jsonl --links links.jsonl --scheduler tcp://host:1", "--scheduler goes with --engine dask"),
        ("refresh news.jsonl --links links.jsonl --engine dask", "--engine dask needs --scheduler ADDRESS"),
        ("related snow", "--index"),
        ("related snow --index index --k many", "got many, expected a whole number of at least 1"),
        ("related snow --index index --since May", "got 'May', expected a date as YYYY-MM-DD"),
        ("refresh news.jsonl --links links.jsonl --max-per-context 0", "'--max-per-context': got 0, expected a whole number"),
        ("refresh news.jsonl --links links.jsonl --diversity 2", "'--diversity': got 2, expected a number from 0 to 1"),
    ],
)
def test_wrong_usage(arguments: str, says: str) -> None:
    before = contents()
    result = run(*arguments.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert says in usage_error(result.stderr)
    assert "Traceback" not in result.stderr
    assert contents() == before


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--key", "a b"),
        ("--root", "a b"),
        ("--url", "/:yaer/"),
        ("--context-word", ""),
        ("--related-head", ""),
        ("--sources-head", "x"),
    ],
)
def test_wrong_form_of_links_in_pages(option: str, value: str) -> None:
    Path("site").mkdir()
    Path("site/snow.md").write_text("---\ntitle: Snow\n---\n")
    before = contents()
    result = run("refresh", "site", "--in-place", option, value)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{option}: got {value!r}, expected " in usage_error(result.stderr)
    assert not usage_error(result.stderr).endswith("or None")
    assert contents() == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--links links.jsonl --root /news/", "--root goes with --in-place"),
        ("--links links.jsonl --wiki-links", "--wiki-links goes with --in-place"),
        ("--in-place --section --key more", "give either --section or --key NAME"),
        ("--in-place --relative --root /news/", "give either --relative or --root PATH"),
    ],
)
def test_no_option_on_pages_is_passed_over(options: str, says: str) -> None:
    Path("site").mkdir()
    Path("site/snow.md").write_text("---\ntitle: Snow\n---\n")
    before = contents()
    result = run("refresh", "site", *options.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert says in usage_error(result.stderr)
    assert contents() == before


@pytest.mark.parametrize("option", ["--same", "--ignore", "--link-field"])
def test_empty_name(option: str) -> None:
    result = run("refresh", "news.jsonl", "--links", "links.jsonl", option, "")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"Invalid value for '{option}': got '', expected a name" in usage_error(result.stderr)


# ---------------------------------------------------------------------- archives that cannot be read


def test_no_such_archive() -> None:
    assert failure("stats", "gone.jsonl") == "gone.jsonl: no such file"


def test_address_keeps_its_password() -> None:
    assert failure("stats", "https://joe:secret@host/news").startswith("got an address (https://...), expected a file: .jsonl,")


def test_name_of_two_lines_makes_one_line() -> None:
    assert failure("stats", "no\nsuch.jsonl") == "no such.jsonl: no such file"


def test_archive_without_events_fails() -> None:
    Path("empty.jsonl").touch()
    assert failure("stats", "empty.jsonl") == "empty.jsonl: got no events, expected at least one"


def test_archive_of_bad_rows_only_fails_and_shows_them() -> None:
    Path("bad.jsonl").write_text(BAD * 2)
    result = run("refresh", "bad.jsonl", "--links", "links.jsonl")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "relatedstories: skipped: bad.jsonl:1: title: got no 'title' among 'id', expected the title of the event",
        "relatedstories: skipped: bad.jsonl:2: title: got no 'title' among 'id', expected the title of the event",
        "relatedstories: 2 rows of bad.jsonl skipped",
        "relatedstories: error: bad.jsonl: got no events, expected at least one; 2 skipped, such as bad.jsonl:1: title: got no "
        "'title' among 'id', expected the title of the event; --field title=COLUMN names the column of the title",
    ]
    assert Path("links.jsonl").read_text() == OLD_LINKS


def test_bad_rows_are_skipped_shown_and_counted() -> None:
    Path("news.jsonl").write_text(GOOD + BAD * 25)
    result = run("stats", "news.jsonl", "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout)["events"] == 2
    lines = result.stderr.splitlines()
    assert [line.split(": title:")[0] for line in lines[:20]] == [
        f"relatedstories: skipped: news.jsonl:{n}" for n in range(3, 23)
    ]
    assert lines[20:] == [
        "relatedstories: more rows are skipped; they are counted but not shown",
        "relatedstories: 25 rows of news.jsonl skipped",
    ]


def test_strict_stops_at_the_first_bad_row() -> None:
    Path("news.jsonl").write_text(GOOD + BAD * 2)
    message = "news.jsonl:3: title: got no 'title' among 'id', expected the title of the event"
    assert failure("stats", "news.jsonl", "--strict") == message


def test_debug_shows_where() -> None:
    result = run("stats", "gone.jsonl", "--debug")
    assert result.returncode == 1
    assert result.stderr.startswith("Traceback")
    assert result.stderr.splitlines()[-1] == "FileNotFoundError: gone.jsonl: no such file"


# ---------------------------------------------------------------------- places that cannot be written


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--links folder", "folder: got a folder or device, expected a file"),
        (
            "--links gone/links.jsonl",
            "gone/links.jsonl: got a path in {here}/gone, which is not a folder, expected one in an existing folder",
        ),
        ("--links news.jsonl", "news.jsonl: got the archive itself as the place for its links, expected another file"),
        ("--links same.jsonl", "same.jsonl: got the archive itself as the place for its links, expected another file"),
        (
            "--links index/links.jsonl --index index",
            "index/links.jsonl: got a place in the folder of the index, which holds nothing else, expected another",
        ),
        (
            "--links links.jsonl --index news.jsonl",
            "news.jsonl: got a file, expected a new or empty folder, or one that holds an index",
        ),
        (
            "--links links.jsonl --index folder",
            "folder: got a folder that holds holiday.jpg, expected a new or empty one, or one with an index only",
        ),
    ],
)
def test_place_is_refused_before_any_work(arguments: str, message: str, here: Path) -> None:
    Path("folder").mkdir()
    Path("folder/holiday.jpg").touch()
    Path("folder/index.json").write_text("{}")  # a common name: not enough to take the folder for an index
    Path("same.jsonl").symlink_to("news.jsonl")
    started = time.monotonic()
    assert failure("refresh", "news.jsonl", *arguments.split()) == message.format(here=here)
    assert time.monotonic() - started < 30


def test_index_is_not_written_over_what_is_kept_beside_one() -> None:
    Path("index/notes.txt").write_text("mine")
    message = failure("build", "news.jsonl", "--index", "index")
    assert message == "index: got a folder that holds notes.txt, expected a new or empty one, or one with an index only"


def test_file_that_fails_while_it_is_written_leaves_the_old_one(here: Path) -> None:
    def write() -> None:
        with new_file(Path("links.jsonl")) as file:
            file.write("half a li")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert Path("links.jsonl").read_text() == OLD_LINKS
    assert sorted(path.name for path in here.iterdir()) == ["index", "links.jsonl", "news.jsonl"]


def test_folder_that_fails_while_it_is_written_leaves_the_old_one(here: Path) -> None:
    def lines() -> Iterator[bytes]:
        yield b"1\n"
        raise RuntimeError

    before = contents()
    with pytest.raises(RuntimeError):
        write_folder(Path("index"), {}, {"half": lines()}, {})
    assert contents() == before
    assert sorted(path.name for path in here.iterdir()) == ["index", "links.jsonl", "news.jsonl"]


def test_link_to_a_file_or_folder_stays_a_link() -> None:
    Path("current.jsonl").symlink_to("links.jsonl")
    Path("current").symlink_to("index")
    with new_file(Path("current.jsonl")) as file:
        file.write("new")
    RelatedStories.load("index").save("current")
    assert Path("current.jsonl").is_symlink()
    assert Path("links.jsonl").read_text() == "new"
    assert Path("current").is_symlink()
    assert len(RelatedStories.load("index")) == len(SPACE)


# ---------------------------------------------------------------------- indexes that cannot be read


def broken_index(how: str) -> str:
    """Break the index here, and say what should be said of it."""
    index = Path("index")
    parts = parts_of(index)
    if how == "a file":
        index = index.rename("moved")
        Path("index").write_text("hello")
        return "index: got a file, expected the folder of an index"
    if how == "gone":
        index.rename("moved")
        return "index: got no such folder, expected the folder of an index"
    if how == "no manifest":
        (index / "index.json").unlink()
        return "index: got no index.json there, expected the folder of an index"
    if how == "manifest cut":
        cut(index / "index.json", 30)
        return "index/index.json: got a broken file, expected the manifest of an index"
    if how == "manifest of something else":
        (index / "index.json").write_text('{"format": 1, "files": ["a.html"]}')
        return "index/index.json: got a broken file, expected the manifest of an index"
    if how == "newer":
        manifest = json.loads((index / "index.json").read_text())
        (index / "index.json").write_text(json.dumps(manifest | {"format": 9}))
        return "index: got an index of format 9, expected format 7; build it again"
    if how == "array cut":
        size = (parts / "weights-data.npy").stat().st_size
        cut(parts / "weights-data.npy", 100)
        return f"{parts}/weights-data.npy: got 100 bytes, expected {size}; build the index again"
    if how == "array gone":
        size = (parts / "blocks-posting_starts.npy").stat().st_size
        (parts / "blocks-posting_starts.npy").unlink()
        return f"{parts}/blocks-posting_starts.npy: got no file, expected {size} bytes; build the index again"
    if how == "setting altered":
        manifest = json.loads((index / "index.json").read_text())
        manifest["settings"]["date_decay"] = 1.0
        (index / "index.json").write_text(json.dumps(manifest))
        return "index/index.json: got an altered file, expected it unchanged; build the index again"
    name, old, new = {
        "head of an array": ("blocks-posting_starts.npy", b"'descr'", b"'descr("),
        "first bytes of an array": ("blocks-posting_starts.npy", b"\x93NUMPY", b"PK\3\4PK"),
        "number in an array": ("blocks-posting_rows.npy", b"\0\0", b"\0\1"),
        "document": ("terms.jsonl", b'"', b"?"),
    }[how]
    content = (parts / name).read_bytes()
    assert old in content
    (parts / name).write_bytes(content.replace(old, new, 1))
    return f"{parts}/{name}: got an altered file, expected it unchanged; build the index again"


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


@pytest.mark.parametrize(
    "how",
    [
        "a file",
        "gone",
        "no manifest",
        "manifest cut",
        "manifest of something else",
        "newer",
        "array cut",
        "array gone",
        "head of an array",
        "first bytes of an array",
        "number in an array",
        "setting altered",
        "document",
    ],
)
def test_broken_index(how: str) -> None:
    message = broken_index(how)
    with pytest.raises(InputError) as caught:
        RelatedStories.load("index")
    assert str(caught.value) == message


def test_broken_index_on_the_command_line() -> None:
    message = broken_index("array cut")
    assert failure("related", "dragon", "--index", "index") == message


def test_index_of_a_broken_manifest_is_replaced() -> None:
    broken_index("manifest cut")
    quick().fit(SPACE).save("index")
    assert len(RelatedStories.load("index")) == len(SPACE)
    assert sorted(path.name for path in Path("index").iterdir()) == ["index.json", parts_of(Path("index")).name]


def test_unknown_id() -> None:
    assert (
        failure("related", "17", "--index", "index") == f"got id '17', expected that of one of the archive's {len(SPACE)} events"
    )
    assert failure("explain", "dragon", "", "--index", "index") == "event: id: got '', expected a text that is not empty"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.tsv", None, "gone.tsv: No such file or directory; expected a file of ids"),
        ("pins.json", '{"snow": "open"}', "pins.json: got {'snow': 'open'} (dict), expected an object of ids and lists of ids"),
        ("pins.tsv", "snow\topen\tsnow\n", "refresh: pinned: got 'snow' under itself, expected another event"),
    ],
)
def test_file_of_pins_that_is_wrong(name: str, content: str | None, message: str) -> None:
    if content is not None:
        Path(name).write_text(content)
    assert failure("refresh", "news.jsonl", "--links", "links.jsonl", "--pins", name) == message


# ---------------------------------------------------------------------- output that ends early


def test_reader_that_has_seen_enough() -> None:
    process = subprocess.Popen([*COMMAND, "stats", "sample"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk() -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run([*COMMAND, "stats", "sample"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, "relatedstories: error: No space left on device\n")


def test_output_is_utf8_whatever_the_terminal() -> None:
    quick().fit([Event("1", "Ólafur wins")]).save("index")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run([*COMMAND, "related", "1", "--index", "index"], capture_output=True, env=environment, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode().startswith("Ólafur wins")


# ---------------------------------------------------------------------- whole runs, which load the language model


@pytest.mark.slow
def test_refresh_that_skips_rows_keeps_standard_output_clean() -> None:
    Path("news.jsonl").write_text(GOOD + BAD)
    result = run("refresh", "news.jsonl", "--links", "-")
    assert result.returncode == 0
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["open", "snow"]
    assert "relatedstories: skipped: news.jsonl:3: title: got no 'title' among 'id'," in result.stderr
    assert "relatedstories: 1 row of news.jsonl skipped" in result.stderr
    assert Path("links.jsonl").read_text() == OLD_LINKS


@pytest.mark.slow
def test_refresh_that_fails_leaves_the_links_of_the_run_before() -> None:
    Path("news.jsonl").write_text(GOOD + BAD)
    failure("refresh", "news.jsonl", "--links", "links.jsonl", "--strict")
    Path("news.jsonl").write_text(GOOD)
    assert run("refresh", "news.jsonl", "--links", "links.jsonl").returncode == 0
    assert len(Path("links.jsonl").read_text().splitlines()) == 2


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("seconds", "how", "code", "word"),
    [
        (2, lambda pid: os.killpg(pid, signal.SIGINT), 130, "stopped"),
        (3, lambda pid: os.killpg(pid, signal.SIGINT), 130, "stopped"),
        (3, lambda pid: os.kill(pid, signal.SIGTERM), 143, "terminated"),
        (3, lambda pid: os.killpg(pid, signal.SIGHUP), 143, "terminated"),
    ],
    ids=[
        "Ctrl-C, which is sent to starting workers too",
        "Ctrl-C a second later",
        "SIGTERM, as timeout sends it",
        "SIGHUP of a terminal that is closed, which is sent to workers too",
    ],
)
def test_stopped_refresh_leaves_the_links_of_the_run_before(here: Path, seconds: float, how: Any, code: int, word: str) -> None:
    names = ["Oslo", "Bergen", "NASA", "Iceland", "Peggy", "Whitson", "Russia", "airport", "snow", "parliament", "station"]
    rows = ({"id": n, "title": " ".join(names[n % 7 :]), "text": " ".join(names[:: 1 + n % 3] * 40)} for n in range(5000))
    Path("news.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    before = contents()
    process = subprocess.Popen(
        [*COMMAND, "refresh", "news.jsonl", "--links", "links.jsonl", "--jobs", "2", "--report", "report.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(seconds)
    how(process.pid)
    output, errors = process.communicate(timeout=60)  # ends when no worker is left that holds standard error
    assert (process.returncode, output) == (code, "")
    assert errors == f"relatedstories: {word}; no file is left half-written\n"
    report = json.loads(Path("report.json").read_text())
    assert (report["status"], report["error"]) == ("failed", word)
    Path("report.json").unlink()
    assert contents() == before
    assert sorted(path.name for path in here.iterdir()) == ["index", "links.jsonl", "news.jsonl"]
