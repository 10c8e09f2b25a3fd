"""The command line as its users type it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import COMMAND, parts_of, read_terminal, run

import relatedstories
from relatedstories import RelatedStories, read_events


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder where ``refresh sample`` has run, keeping the index."""
    folder = tmp_path_factory.mktemp("sample")
    done = run("refresh", "sample", "--links", "links.jsonl", "--index", "stories", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert "302 events, " in done.stderr
    return folder


@pytest.mark.slow
def test_refresh_writes_a_line_an_event(folder):
    rows = [json.loads(line) for line in (folder / "links.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 302
    assert {"id", "rank", "score", "context", "contexts", "topics"} == set(rows[0]["links"][0])


@pytest.mark.slow
def test_the_next_refresh_goes_on_from_the_index(folder, tmp_path):
    tuned = RelatedStories(min_score=0.2).fit(read_events("sample"))
    tuned.save(tmp_path / "stories")
    command = ["refresh", "sample", "--links", "links.jsonl", "--index", "stories"]
    done = run(*command, cwd=tmp_path)
    assert done.returncode == 0
    assert "topics:" not in done.stderr  # none was looked for
    rows = [json.loads(line) for line in (tmp_path / "links.jsonl").read_text(encoding="utf-8").splitlines()]
    assert min(link["score"] for row in rows for link in row["links"]) >= 0.2
    assert RelatedStories.load(tmp_path / "stories").settings == tuned.settings

    (parts_of(tmp_path / "stories") / "terms.jsonl").write_text("[", encoding="utf-8")
    done = run(*command, cwd=tmp_path)  # of a broken one nothing is taken
    assert done.returncode == 0
    assert "terms.jsonl: got 1 bytes, expected" in done.stderr
    assert (tmp_path / "links.jsonl").read_bytes() == (folder / "links.jsonl").read_bytes()


@pytest.mark.slow
def test_dry_run_and_standard_output(folder):
    before = (folder / "links.jsonl").read_bytes()
    done = run("refresh", "sample", "--links", "-", "-k", "5", "--jobs", "1", cwd=folder)
    assert done.stdout.encode() == before
    done = run("refresh", "sample", "--links", "links.jsonl", "--k", "1", "--dry-run", cwd=folder)
    assert done.returncode == 0
    assert "dry run: nothing is written to links.jsonl" in done.stderr
    assert (folder / "links.jsonl").read_bytes() == before


def test_related_as_text_and_json(folder):
    done = run("related", "2016-12-01-progress-ms-04", "--index", "stories", "-k", "3", cwd=folder)
    assert done.stdout.count("Context: International Space Station") == 3
    done = run("related", "2016-12-01-progress-ms-04", "--index", "stories", "--json", cwd=folder)
    answer = json.loads(done.stdout)
    assert answer["id"] == "2016-12-01-progress-ms-04"
    assert len(answer["links"]) == 5
    assert set(answer["links"][0]) == {"id", "rank", "score", "context", "contexts", "topics", "title", "date"}


@pytest.mark.slow
def test_related_with_options_on_lists(tmp_path):
    text = "A ferry with forty people runs aground off Malta"
    rows = [
        *((f"copy-{i}", text, "2020-01-02") for i in range(3)),
        ("asked", "Ferry aground off Malta", "2020-01-01"),
        ("old", "Malta buys a ferry", "2019-12-01"),
        ("snow", "Snow in Oslo", "2019-12-01"),
    ]
    lines = "".join(json.dumps({"id": id_, "title": title, "date": date}) + "\n" for id_, title, date in rows)
    (tmp_path / "news.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "pins.tsv").write_text("# of the week\nasked\tsnow\tgone\n", encoding="utf-8")
    (tmp_path / "blocks.json").write_text('{"asked": ["old"]}', encoding="utf-8")
    files = ("--pins", "pins.tsv", "--blocks", "blocks.json")
    done = run("refresh", "news.jsonl", "--links", "links.jsonl", "--index", "index", *files, cwd=tmp_path)
    assert "relatedstories: warning: got 'gone' pinned under 'asked', expected ids of events of the archive" in done.stderr
    assert "no link leads to 2 events, 33.3%; " in done.stderr
    written = (json.loads(line) for line in (tmp_path / "links.jsonl").read_text(encoding="utf-8").splitlines())
    asked = next(row["links"] for row in written if row["id"] == "asked")
    done = run("related", "asked", "--index", "index", *files, cwd=tmp_path)
    assert done.stdout == (
        "2020-01-01  Ferry aground off Malta\n"
        "\n 1. 2019-12-01  Snow in Oslo\n    Pinned\n"
        f"\n 2. 2020-01-02  {text}\n    Context: Malta, Shipwreck\n    and 2 near-duplicates: copy-1, copy-2\n"
    )
    answer = json.loads(run("related", "asked", "--index", "index", "--json", *files, cwd=tmp_path).stdout)["links"]
    assert [{name: link[name] for name in link if name not in ("title", "date")} for link in answer] == asked
    assert asked[1]["duplicates"] == ["copy-1", "copy-2"]
    done = run("related", "copy-1", "--index", "index", cwd=tmp_path)
    assert done.stdout.startswith(
        f"2020-01-02  {text}\nAlso published as: 2020-01-02  {text} (copy-0)\nAlso published as: 2020-01-02  {text} (copy-2)\n"
        "\n 1. 2020-01-01  Ferry aground off Malta\n"
    )
    answer = json.loads(run("related", "copy-1", "--index", "index", "--json", cwd=tmp_path).stdout)
    assert answer["copies"] == [{"id": id_, "title": text, "date": "2020-01-02"} for id_ in ("copy-0", "copy-2")]
    done = run("related", "asked", "--index", "index", "--json", "--older-only", "--max-per-context", "1", cwd=tmp_path)
    assert [link["id"] for link in json.loads(done.stdout)["links"]] == ["old"]
    days = ("--since", "2020-01-01", "--until", "2020-01-01", "--diversity", "0.5")
    assert (
        json.loads(run("related", "old", "--index", "index", "--json", *days, cwd=tmp_path).stdout)["links"][0]["id"] == "asked"
    )


def test_explain_as_text_and_json(folder):
    ids = ("2016-12-01-progress-ms-04", "2017-06-03-crs-11-reused-dragon")
    assert "topic  International Space Station" in run("explain", *ids, "--index", "stories", cwd=folder).stdout
    parts = json.loads(run("explain", *ids, "--index", "stories", "--json", cwd=folder).stdout)["parts"]
    found = [(part["name"], part["kind"]) for part in parts]
    assert found[0] == ("word space", "space")
    assert {("International Space Station", "topic"), ("station", "term")} <= {*found}


@pytest.mark.slow
def test_topics_of_a_text_a_file_and_an_archive(tmp_path):
    text = "The ISS passes over Vienna."
    expected = "International Space Station\tplace\tISS\nVienna\tplace\tVienna\n"
    assert run("topics", text).stdout == expected
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    assert run("topics", "text.txt", cwd=tmp_path).stdout == expected
    assert run("topics", "-", input=text).stdout == expected
    (tmp_path / "news.jsonl").write_text(json.dumps({"id": 1, "headline": text, "date": "2020-01-02"}), encoding="utf-8")
    done = run("topics", "news.jsonl", "--field", "title=headline", cwd=tmp_path)
    assert done.stdout.splitlines()[0] == f"1  2020-01-02  {text}"
    done = run("topics", "news.jsonl", "--field", "title=headline", "--json", cwd=tmp_path)
    (mention,) = json.loads(done.stdout)["topics"][1]["mentions"]
    assert mention == {"text": "Vienna", "start": 20, "end": 26}
    done = run("topics", ".", "--field", "title=headline", cwd=tmp_path)
    assert "1  2020-01-02  The ISS passes over Vienna.\n" in done.stdout


@pytest.mark.parametrize("name", ["nofile.txt", "news/nofile.html", "page.md", "nofile.jsonl"])
def test_topics_of_a_file_that_is_not_there(name):
    done = run("topics", name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"relatedstories: error: {name}: ")
    assert "no such file" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("text", ["London/Vienna", "They lost london.csv", "./London"])
def test_a_text_that_may_be_meant_as_a_file(text):
    done = run("topics", text)
    assert done.returncode == 0
    assert done.stderr == f"relatedstories: warning: {text!r}: got no such file; it is taken as a text\n"


def test_topics_of_a_file_that_is_no_text(tmp_path):
    (tmp_path / "news.bin").write_bytes(b"\0\1\2")
    done = run("topics", "news.bin", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "news.bin: got a file that is no text in UTF-8, expected one, or an archive: .jsonl," in done.stderr


def test_an_event_and_itself(folder):
    id_ = "2016-12-01-progress-ms-04"
    done = run("path", id_, id_, "--index", "stories", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2016-12-01  Roscosmos loses")
    assert done.stdout.count("\n") == 1
    assert json.loads(run("path", id_, id_, "--index", "stories", "--json", cwd=folder).stdout)["steps"] == []


def test_stats_of_an_archive_and_an_index(folder):
    assert "first date: 2010-01-12\n" in run("stats", "sample").stdout
    figures = json.loads(run("stats", "--index", "stories", "--json", cwd=folder).stdout)
    assert figures["events"] == 302
    assert len(figures["commonest topics"]) == 10


def test_build_then_related(tmp_path):
    (tmp_path / "news.csv").write_text("id,title\n1,Snow in Oslo\n2,More snow in Oslo\n3,Voters in Iceland\n", encoding="utf-8")
    assert run("build", "news.csv", "--index", "stories", cwd=tmp_path).returncode == 0
    assert run("build", "news.csv", "--index", "stories", cwd=tmp_path).returncode == 0  # in place of the first
    done = run("related", "1", "--index", "stories", cwd=tmp_path)
    assert done.stdout == "Snow in Oslo\n\n 1. More snow in Oslo\n    Context: Oslo\n"
    assert run("related", "3", "--index", "stories", cwd=tmp_path).stdout == "Voters in Iceland\n\n(no related events)\n"


@pytest.mark.slow
def test_a_terminal_sees_a_bar(tmp_path):
    """Real progress on a real terminal: with rate and time left, and nothing of it on standard output."""
    ours, theirs = pty.openpty()
    command = [*COMMAND, "refresh", "sample", "--links", "links.jsonl"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    seen = read_terminal(ours)
    assert process.wait() == 0
    assert b"302/302" in seen
    assert b"a second" in seen
    assert process.stdout is not None
    assert process.stdout.read() == b""


def test_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"{relatedstories.__version__}\n")


def test_start_up_pays_only_for_what_it_needs(folder):
    """A command that needs no spaCy, scikit-learn or numba does not import them."""
    for arguments, barred in (
        (["related", "2016-12-01-progress-ms-04", "--index", "stories"], {"spacy", "sklearn", "numba", "joblib", "pandas"}),
        (["stats", "sample"], {"spacy", "sklearn", "numba", "joblib", "scipy", "numpy"}),
    ):
        script = (
            "import sys; sys.argv[1:] = sys.argv[1:]\n"
            "from relatedstories.cli.app import main\n"
            "try: main()\n"
            "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=folder, capture_output=True, text=True, check=True)
        assert not barred & set(done.stderr.split()), arguments


def test_every_command_says_what_it_left_out_of_a_folder_of_pages(tmp_path: Path) -> None:
    for name, more in (("a", ""), ("b", "draft: true\n"), ("_index", "")):
        (tmp_path / f"{name}.md").write_text(f"---\ntitle: Snow in Oslo\n{more}---\n")
    said = "relatedstories: 1 page is an event, 1 draft, 0 broken; left out: 1 section page"
    for command in (["stats"], ["build", "--index", tmp_path.parent / "index"]):
        told = run(command[0], tmp_path, *command[1:])
        assert (told.returncode, said in told.stderr) == (0, True), told.stderr
