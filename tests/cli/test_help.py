"""The help of every command: whole sentences that fit the terminal, examples that parse, defaults that are the library's."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import shlex
from typing import Any

import pytest
import typer
from helpers import ROOT, run

from relatedstories import RelatedStories, evaluate
from relatedstories.cli import options
from relatedstories.cli.app import app
from relatedstories.cli.refresh import PageOptions
from relatedstories.export import TITLE, export
from relatedstories.pages.reader import read_pages
from relatedstories.pages.writer import LinkedPages
from relatedstories.ranking.filters import LinkFilters
from relatedstories.refresh import refresh

GROUP: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = dict(GROUP.commands)
PLAIN = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}


def examples(text: str) -> list[list[str]]:
    """The commands in an epilog, as a shell would split them."""
    lines = text.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.lstrip().startswith("relatedstories ")]


def defaults(function: Any) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_terminal_and_shows_every_option(name: str) -> None:
    done = run(name, "--help", env=PLAIN)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    for option in COMMANDS[name].params:
        for spelling in (*option.opts, *option.secondary_opts) if option.param_type_name == "option" else [option.metavar]:
            assert spelling in done.stdout
    for line in COMMANDS[name].epilog.strip().splitlines():
        assert line in done.stdout.splitlines()
    assert "<bool>" not in done.stdout  # a flag takes no value


def test_help_of_the_command_line_names_every_command() -> None:
    for arguments in ([], ["--help"]):
        done = run(*arguments, env=PLAIN)
        assert set(COMMANDS) <= set(re.findall(r"^│ (\w+)", done.stdout + done.stderr, re.MULTILINE))


def test_refresh_groups_its_options() -> None:
    shown = run("refresh", "--help", env=PLAIN).stdout
    titles = re.findall(r"^╭─ (.*?) ─+╮$", shown, re.MULTILINE)
    assert [title for title in titles if title != "Arguments"] == [
        *("Source", "Output", "Pages, with --in-place", "Links", "Topics", "Run")
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_in_sentences(name: str) -> None:
    command = COMMANDS[name]
    for text in (*command.help.split("\n\n"), *(option.help for option in command.params)):
        assert text.endswith(".")
        assert text[0].isupper() or text[0] == "'"
        assert "  " not in text


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_parse(name: str) -> None:
    shown = [words for words in examples(COMMANDS[name].epilog) if words[0] == name]
    assert shown
    for command, *arguments in examples(COMMANDS[name].epilog):
        COMMANDS[command].make_context(command, arguments)


def test_examples_of_the_command_line_parse() -> None:
    for command, *arguments in examples(GROUP.epilog)[:2]:
        COMMANDS[command].make_context(command, arguments)


def test_defaults_are_those_of_the_library() -> None:
    links, pages = options.LinkOptions(), PageOptions()
    for function in (RelatedStories.related, refresh, export, evaluate):
        assert links.k == defaults(function)["k"]
    filters = defaults(LinkFilters.of)
    for name in ("include_newer", "since", "until", "max_per_context", "diversity"):
        assert getattr(links, name) == filters[name]
    written = defaults(LinkedPages)
    assert (pages.root, pages.key, pages.context_word) == (written["root"], written["key"], written["context"])
    assert pages.related_head == written["head"] == defaults(read_pages)["related"]
    assert pages.sources_head == defaults(read_pages)["sources"]
    exported = defaults(COMMANDS["export"].callback)
    assert tuple(exported["formats"].split(",")) == defaults(export)["formats"]
    assert next(option for option in COMMANDS["export"].params if option.name == "title").show_default == TITLE


def test_a_group_of_options_is_declared_once() -> None:
    """An option of one name says the same in every command that has it, but for --index, which is read, written or kept."""
    seen: dict[str, Any] = {}
    for command in COMMANDS.values():
        for option in command.params:
            if option.param_type_name == "option" and option.name != "index":
                known = seen.setdefault(option.name, option)
                assert (option.opts, option.help, option.metavar) == (known.opts, known.help, known.metavar)


def test_the_page_of_the_documentation_is_the_help() -> None:
    path = ROOT / "docs" / "command_line.py"
    spec = importlib.util.spec_from_file_location("command_line", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = path.with_name("command-line.md").read_text(encoding="utf-8")
    assert page == module.page(), "run: python docs/command_line.py"
