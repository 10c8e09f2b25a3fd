"""README and the guides in docs/ stay true: their commands and examples run, and print what is said they print."""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
FIRST, *_, SECOND = [text.strip() for kind, text in BLOCKS if kind == "sh"]
GUIDES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "```" in page.read_text(encoding="utf-8")]
OUTPUT = next(text for kind, text in BLOCKS if kind == "")


def python(text: str, page: Path, line: int, names: dict[str, object]) -> int:
    """Run the examples of a block with the names of the blocks before it; how many there are."""
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), line)
    test.globs = names  # get_doctest would copy them
    assert not doctest.DocTestRunner().run(test, clear_globs=False).failed
    return len(test.examples)


def shell(commands: str) -> str:
    """What commands print, to standard error too: warnings are part of what a reader sees."""
    commands = re.sub("^relatedstories", f"{shlex.quote(sys.executable)} -m relatedstories", commands, flags=re.MULTILINE)
    return subprocess.run(["sh", "-ec", commands], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


def test_the_examples_in_python():
    names: dict[str, object] = {}
    assert sum(python(text, ROOT / "README.md", 0, names) for kind, text in BLOCKS if kind == "python") > 4


@pytest.mark.slow
@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_guide_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    """BlockedIndex with a title are files, those of no language what the commands before them print; all others must run."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    guide, printed = page.read_text(encoding="utf-8"), ""
    for block in re.finditer(r'^```(\w*)(?: title="(.*?)")?\n(.*?)^```$', guide, re.DOTALL | re.MULTILINE):
        kind, title, text = block.groups()
        if title:
            Path(title).parent.mkdir(exist_ok=True)
            Path(title).write_text(text, encoding="utf-8")
        elif kind == "sh":
            printed = shell(text)
        elif kind == "pycon":
            assert python(text, page, guide.count("\n", 0, block.start()), names), f"no example in:\n{text}"
        else:
            assert (kind, text) == ("", printed)


def test_the_first_command_without_the_install(tmp_path):
    commands = [command.replace(".venv/bin/relatedstories", "-m relatedstories") for command in FIRST.split(" && ")[2:]]
    for command in commands:
        done = subprocess.run([sys.executable, *command.split()], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == OUTPUT


def test_the_commands_of_the_section_on_ones_own_archive(tmp_path):
    (tmp_path / "news.csv").write_text(
        "id,headline,published\n1,Snow in Oslo,2016-12-31\n2,More snow in Oslo,31/12/2016\n", encoding="utf-8"
    )
    command = next(text for kind, text in BLOCKS if kind == "sh" and "news.csv" in text).split()
    done = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=True)
    named = re.search(r"`(news\.csv:17: .*?)`", README)
    assert named
    assert named[1].replace(":17:", ":3:") in done.stderr
    assert (tmp_path / "links.jsonl").read_text(encoding="utf-8").startswith('{"id": "1", "links": [')


def test_the_commands_of_the_section_on_databases(tmp_path):
    news = sqlite3.connect(tmp_path / "news.db")
    news.execute("CREATE TABLE events (id INTEGER, headline TEXT, date TEXT)")
    news.execute("INSERT INTO events VALUES (1, 'Snow in Oslo', '2016-12-31'), (2, 'More snow in Oslo', '2017-01-01')")
    news.commit()
    command = next(text for kind, text in BLOCKS if kind == "sh" and "sqlite" in text).split()
    subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=True)
    query = next(text for kind, text in BLOCKS if kind == "sql")
    assert news.execute(query).fetchall() == [("More snow in Oslo", "Oslo")]
    columns = {name for _, name, *_ in news.execute("PRAGMA table_info(related_links)")}
    section = README.partition("### From a database")[2].partition("\n## ")[0]
    told = re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `")))
    assert set(told) == columns


def test_the_command_of_the_section_on_pages_in_place(tmp_path):
    command = next(text for kind, text in BLOCKS if kind == "sh" and "--in-place" in text).split()
    (tmp_path / "site").mkdir()
    for name in ("Snow in Oslo", "More snow in Oslo"):
        (tmp_path / "site" / f"{name}.md").write_text(f"---\ntitle: {name}\n---\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert 'path: "/archive/More%20snow%20in%20Oslo.md"' in (tmp_path / "site" / "Snow in Oslo.md").read_text(encoding="utf-8")


def test_the_section_on_nights(tmp_path):
    section = README.partition("## Every night")[2].partition("\n## ")[0]
    blocks = re.findall(r"```(\w*)\n(.*?)```", section, re.DOTALL)
    command, cron, service, _, python = (text for _, text in blocks)
    news = sqlite3.connect(tmp_path / "news.db")
    news.execute("CREATE TABLE events (id INTEGER, title TEXT, date TEXT)")
    news.execute("INSERT INTO events VALUES (1, 'Snow in Oslo', '2016-12-31'), (2, 'More snow in Oslo', '2017-01-01')")
    news.commit()
    done = subprocess.run([sys.executable, "-m", *command.split()], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["links"] == 2
    assert news.execute("SELECT count(*) FROM related_links").fetchone() == (2,)
    asked = command.strip().replace(" --report report.json", "").partition(" ")[2]
    assert all(text.strip().partition(".venv/bin/relatedstories ")[2].partition("\n")[0] == asked for text in (cron, service))

    code = python.replace("from prefect import flow\n", "").replace("@flow(retries=2, retry_delay_seconds=600)\n", "")
    code += "\nprint(related_links()['written'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"  # nothing is new


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_units_of_systemd(tmp_path):
    for unit in re.findall(r"```ini\n# (\S+)\n(.*?)```", README, re.DOTALL):
        (tmp_path / unit[0]).write_text(unit[1].replace("/srv/news/.venv/bin/relatedstories", sys.executable), encoding="utf-8")
    paths = [str(path) for path in tmp_path.iterdir()]
    assert len(paths) == 2
    done = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False)
    assert not [line for line in done.stderr.splitlines() if "related-links" in line], done.stderr


def test_the_command_that_evaluates(tmp_path):
    command = next(text for kind, text in BLOCKS if kind == "sh" and "evaluate" in text).split()
    done = subprocess.run([sys.executable, "-m", *command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=True)
    leads = json.loads(done.stdout)["leads"]
    assert set(leads) == {"tfidf", "bm25", "shared-topics", "newest"}
    assert all(lead["nDCG@5"]["low"] > 0 for lead in leads.values())


def test_the_commands_of_the_section_on_lists(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    section = README.partition("## Lists your readers like")[2]
    commands, output = re.findall(r"```(?:sh)?\n(.*?)```", section, re.DOTALL)[:2]
    *before, last = commands.strip().splitlines()
    shell("\n".join(before))
    assert shell(last) == output


def test_the_commands_of_the_section_on_pages(tmp_path):
    section = README.partition("## Pages")[2].partition("\n## ")[0]
    command, template = re.findall(r"```(?:sh)?\n(.*?)```", section, re.DOTALL)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "event.html").write_text(template, encoding="utf-8")
    asked = [*shlex.split(command), "--templates", "own"]
    subprocess.run([sys.executable, "-m", *asked], cwd=tmp_path, capture_output=True, text=True, check=True)
    named = re.search(r"-(\w+)\.html`, the end being a digest", section)
    assert named
    (page,) = (tmp_path / "site").glob(f"news/2016/12/1/*-{named[1]}.html")
    assert 'id="related"' in page.read_text(encoding="utf-8")
    assert 'id="topics"' not in page.read_text(encoding="utf-8")
    assert (ROOT / "docs/images/event-page.png").stat().st_size < 150_000


def test_ci_runs_the_second_command():
    assert SECOND in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_first_command_in_a_clean_copy(tmp_path):
    """As a newcomer runs it: only what is committed or about to be, a new virtual environment, pip alone."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("needs git and a checkout, to know which files belong to the project")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(["sh", "-c", FIRST], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(OUTPUT)
