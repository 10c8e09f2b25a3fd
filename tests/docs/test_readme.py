"""README and the pages of docs/ stay true: their commands and examples run, and print what the pages say they print.

All pages run by the same rules, from top to bottom, each in a folder of its own:

- a block with a title is a file;
- a block of shell commands (``sh``) must succeed; a block without a language after it is what the commands print;
- a block of Python examples (``pycon``) is a doctest, with the names of the blocks before it;
- a block below ``<!-- not run: REASON -->`` is left alone, with the output after it;
- there are no other blocks.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from forks import forks

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for page in [*sorted(ROOT.glob("*.md")), ROOT / "notebooks/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if "```" in page.read_text(encoding="utf-8")
]
BLOCK = re.compile(
    r'(?:^<!-- not run: (?P<reason>.*?) -->\n+)?^```(?P<kind>\w*)(?: title="(?P<title>.*?)")?\n(?P<text>.*?)^```$',
    re.DOTALL | re.MULTILINE,
)


class Block(NamedTuple):
    kind: str
    title: str | None
    text: str
    line: int
    reason: str | None


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(found["kind"], found["title"], found["text"], text.count("\n", 0, found.start("text")), found["reason"])
        for found in BLOCK.finditer(text)
    ]


README = blocks(ROOT / "README.md")
FIRST, *_, SECOND = [block.text.strip() for block in README if block.kind == "sh"]
FIRST_OUTPUT = next(block.text for block in README if not block.kind)


def run_examples(block: Block, page: Path, names: dict[str, object]) -> int:
    """Run the Python examples of a block; return how many there are."""
    test = doctest.DocTestParser().get_doctest(block.text, {}, page.name, str(page), block.line)
    test.globs = names  # get_doctest would copy them
    assert not doctest.DocTestRunner().run(test, clear_globs=False).failed
    return len(test.examples)


def run_commands(commands: str) -> str:
    """Return what commands print, on standard error too: warnings are part of what a reader sees."""
    command, python = shlex.join(forks().command), shlex.quote(sys.executable)
    functions = f'relatedstories() {{ {command} "$@"; }}\npython() {{ {python} "$@"; }}\n'
    return subprocess.run(
        ["sh", "-ec", functions + commands], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    ).stdout


def run_page(page: Path) -> None:
    names: dict[str, object] = {}
    printed: str | None = ""
    for block in blocks(page):
        if block.reason is not None:
            printed = None
        elif block.title:
            Path(block.title).parent.mkdir(exist_ok=True)
            Path(block.title).write_text(block.text, encoding="utf-8")
        elif block.kind == "sh":
            printed = run_commands(block.text)
        elif block.kind == "pycon":
            assert run_examples(block, page, names), f"no example in:\n{block.text}"
        elif printed is not None:
            assert (block.kind, block.text) == ("", printed)


def test_the_examples_of_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(ROOT / "README.md")


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "README.md"], ids=lambda page: page.stem)
def test_the_examples_of_a_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_a_page_has_no_other_blocks(page):
    fences = len(re.findall(r"^\s*```", page.read_text(encoding="utf-8"), re.MULTILINE))
    found = blocks(page)
    assert fences == 2 * len(found)
    known = ("", "sh", "pycon")
    assert not [block for block in found if block.kind not in known and block.title is None and block.reason is None]
    assert not [block for block in found if block.reason is not None and not block.reason.strip()]


def test_readme_is_one_screen():
    assert (ROOT / "README.md").stat().st_size < 7_000
    assert (ROOT / "docs/images/event-page.png").stat().st_size < 150_000


def test_architecture_names_files_and_folders_that_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/|\.py))`", text)
    tree = [name for line in re.findall(r"^  ((?:[a-z_]+(?:/|\.py) )+)", text, re.MULTILINE) for name in line.split()]
    assert len(named) > 20
    assert len(tree) > 20
    assert not [name for name in named + tree if not any((folder / name).exists() for folder in (ROOT, ROOT / "relatedstories"))]


@pytest.mark.slow
def test_the_first_command_without_the_install(tmp_path):
    commands = [command.replace(".venv/bin/relatedstories", "-m relatedstories") for command in FIRST.split(" && ")[2:]]
    for command in commands:
        done = subprocess.run([sys.executable, *command.split()], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == FIRST_OUTPUT


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
    assert done.stdout.endswith(FIRST_OUTPUT)


@pytest.mark.slow
def test_the_columns_of_the_links_table_are_all_described(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs/databases.md"
    run_page(page)
    rows = [line.split("|")[1] for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    described = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    import sqlite3

    news = sqlite3.connect("news.db")
    assert described == {name for _, name, *_ in news.execute("PRAGMA table_info(related_links)")}


def nightly() -> dict[str, str]:
    """Return the files and schedules of the page on nightly runs."""
    page = ROOT / "docs/nightly.md"
    found = blocks(page)
    return {block.title or block.kind: block.text for block in found if block.title or block.kind == "cron"}


def test_the_schedules_run_one_command():
    files = nightly()
    command = re.compile(r"relatedstories refresh .*--quiet")
    (shown,) = {match for text in (files["cron"], files["related-links.service"]) for match in command.findall(text)}
    page = (ROOT / "docs/nightly.md").read_text(encoding="utf-8")
    assert shown.replace(" --quiet", " --report report.json --quiet") in page


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_units_of_systemd_are_valid(tmp_path):
    for name, text in nightly().items():
        if name.startswith("related-links."):
            (tmp_path / name).write_text(text.replace("/srv/news/.venv/bin/relatedstories", sys.executable), encoding="utf-8")
    paths = [str(path) for path in tmp_path.iterdir()]
    assert len(paths) == 2
    done = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False)
    assert not [line for line in done.stderr.splitlines() if "related-links" in line], done.stderr


@pytest.mark.slow
def test_relatedstories_leads_every_baseline_on_the_sample(tmp_path):
    page = ROOT / "docs/quality.md"
    command = next(block.text for block in blocks(page) if block.kind == "sh" and "evaluate sample" in block.text).split()
    done = subprocess.run([sys.executable, "-m", *command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=True)
    leads = json.loads(done.stdout)["leads"]
    assert set(leads) == {"tfidf", "bm25", "shared-topics", "newest"}
    assert all(lead["nDCG@5"]["low"] > 0 for lead in leads.values())
