"""The command ``evaluate`` as its users type it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import helpers
import pytest
from helpers import COMMAND, read_terminal, usage_error

from relatedstories import evaluate, read_events

ROWS = [
    {"id": "s1", "title": "Snow closes Oslo airport", "section": "Winter", "path": ["Weather", "Winter"], "topics": ["Gale"]},
    {"id": "s2", "title": "Oslo airport opens after snow", "section": "Winter", "path": ["Weather", "Winter"]},
    {"id": "s3", "title": "Snow in Oslo again", "section": "Winter", "path": ["Weather", "Winter"]},
    {"id": "r1", "title": "Rain floods Bergen", "section": "Floods", "path": ["Weather", "Floods"]},
    {"id": "v1", "title": "Voters in Iceland elect a parliament", "topics": ["Gale"]},
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with an archive and judgements of it; the commands run in it."""
    monkeypatch.chdir(tmp_path)
    Path("news.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    Path("news.qrels").write_text("s1 0 s2 2\ns1 0 s3 1\ns2 0 s1 2\nv1 0 s1 1\n")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return helpers.run("evaluate", *arguments)


def figures(*arguments: str) -> dict[str, dict[str, float]]:
    """The means of each system."""
    done = run(*arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    systems = json.loads(done.stdout)["systems"]
    return {system: {name: figure["mean"] for name, figure in found.items()} for system, found in systems.items()}


def failure(*arguments: str) -> str:
    """The one line on standard error of a command that fails."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line.removeprefix("relatedstories: error: ")


@pytest.mark.slow
def test_the_command_measures_what_python_measures() -> None:
    """Text, date and topics count in both; only what judges is kept from the ranker."""
    told = figures("sample", "--field", "heading=story")["relatedstories"]["nDCG@5"]
    expected = evaluate(read_events("sample", {"heading": "story"})).estimates["relatedstories"]["nDCG@5"].mean
    assert told == pytest.approx(expected)


@pytest.mark.slow
def test_a_table_against_qrels() -> None:
    done = run("news.jsonl", "--judgements", "news.qrels", "-k", "2")
    assert (done.returncode, done.stderr) == (0, "")
    told, _, head, *lines = done.stdout.splitlines()
    assert told == "3 queries, 5 events, the 2 best each: mean [95% interval]"
    assert head.split() == ["nDCG@2", "P@2", "R@2", "MRR@2", "hit@2"]
    assert [line.split("  ")[0] for line in lines] == [
        *("relatedstories", "tfidf", "bm25", "shared-topics", "newest"),
        *("ahead of tfidf", "ahead of bm25", "ahead of shared-topics", "ahead of newest"),
    ]


def test_a_narrow_terminal_sees_all_of_it() -> None:
    ours, theirs = pty.openpty()
    command = [*COMMAND, "evaluate", "news.jsonl", "--judgements", "news.qrels"]
    narrow = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=narrow)
    os.close(theirs)
    seen = read_terminal(ours)
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait() == 0
    lines = re.sub(r"\x1b\[[\d;?]*\w", "", seen.decode()).splitlines()
    assert max(map(len, lines)) <= 80
    assert any("ahead of shared-topics" in line for line in lines)
    assert any("hit@5" in line for line in lines)


@pytest.mark.slow
def test_headings_judge_by_default() -> None:
    """Of three events under one heading, snow relates all; from the headings themselves nothing is learnt."""
    found = figures("news.jsonl", "--field", "heading=section")
    assert found["relatedstories"]["nDCG@5"] == 1
    done = run("news.jsonl", "--field", "heading=section", "--heading-path", "path", "--runs", "runs")
    assert done.returncode == 0
    assert done.stderr == "relatedstories: judgements and ranked lists are in runs\n"
    assert Path("runs/qrels.txt").read_text() == "".join(
        f"{query} 0 {document} {gain}\n"
        for query, documents in {"s1": ["s2", "s3"], "s2": ["s1", "s3"], "s3": ["s1", "s2"]}.items()
        for document, gain in [*((document, 2) for document in documents), ("r1", 1)]
    )


@pytest.mark.slow
def test_a_ranker_is_not_told_the_answer() -> None:
    """Topics read from a column that judges are no topics; without words in common then nothing is found."""
    titles = ["Alpha", "Bravo", "Charlie"]
    Path("blank.jsonl").write_text("".join(json.dumps({"id": t, "title": t, "section": "Secret"}) + "\n" for t in titles))
    for told in ((), ("--field", "topics=section")):
        found = figures("blank.jsonl", "--field", "heading=section", *told)
        assert found["relatedstories"]["R@5"] == found["shared-topics"]["R@5"] == 0
        assert found["newest"]["R@5"] == 1


@pytest.mark.slow
def test_ranking_without_a_field() -> None:
    """The event of the vote shares nothing but a topic that it was given."""
    Path("vote.qrels").write_text("v1 0 s1 1\n")
    assert figures("news.jsonl", "--judgements", "vote.qrels")["shared-topics"]["MRR@5"] == 1
    assert figures("news.jsonl", "--judgements", "vote.qrels", "--without", "topics")["shared-topics"]["MRR@5"] == 0


@pytest.mark.slow
def test_a_sample_of_the_queries() -> None:
    sample = ("news.jsonl", "--judgements", "news.qrels", "--queries", "2")
    assert {"judged": 3, "queries": 2}.items() <= json.loads(run(*sample, "--json").stdout).items()
    assert run(*sample).stdout.startswith("a sample of 2 of 3 queries, 5 events, the 5 best each:")


@pytest.mark.slow
def test_unknown_ids_are_a_warning() -> None:
    Path("news.qrels").write_text("s1 0 s2 1\ns1 0 gone 1\n")
    done = run("news.jsonl", "--judgements", "news.qrels")
    assert done.returncode == 0
    warning = "judgements: left out 1 id not in the archive: 'gone'"
    assert done.stderr == f"relatedstories: warning: {warning}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("", "SOURCE"),
        ("news.jsonl --queries 0", "--queries"),
        ("news.jsonl -k 0", "--k"),
        ("news.jsonl --without title", "got --without title, expected one of text, date, heading, topics"),
        ("news.jsonl --judgements news.qrels --heading-path path", "give either --judgements FILE or --heading-path COLUMN"),
    ],
)
def test_wrong_usage(arguments: str, says: str) -> None:
    done = run(*arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert says in usage_error(done.stderr)


@pytest.mark.slow
def test_what_fails() -> None:
    assert failure("news.jsonl", "--judgements", "gone.qrels") == "gone.qrels: No such file or directory"
    assert failure("news.jsonl", "--judgements", "news.jsonl").startswith("news.jsonl:1: got ")
    assert failure("news.jsonl").startswith("got no heading that 3 events share")
    message = "news.qrels: got a file, expected a new folder or an existing one"
    assert failure("news.jsonl", "--judgements", "news.qrels", "--runs", "news.qrels") == message
    Path("spaced.csv").write_text("id,title\na b,Snow\nc,Snow\n")
    Path("spaced.qrels").write_text("c 0 d 1\n")
    message = failure("spaced.csv", "--judgements", "spaced.qrels", "--runs", "runs")
    assert (
        message
        == "event 'a b': id: got white space in it, expected none, because white space separates columns in TREC's formats"
    )
    done = run("news.jsonl", "--field", "heading=sektion")
    assert done.returncode == 1
    assert "warning: no row has 'sektion', which the heading was to be read from" in done.stderr
