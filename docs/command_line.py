"""Writes command-line.md from the help of the commands: ``python docs/command_line.py``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from relatedstories.cli.app import app

PAGE = Path(__file__).with_name("command-line.md")

HEAD = """# Command-line reference

<!-- Written by docs/command_line.py from the help of the commands. Change the help in relatedstories/cli, then run it. -->

The commands and all their options, as `relatedstories COMMAND --help` shows them. Data go to standard output; messages,
warnings and progress go to standard error, an error as one line `relatedstories: error: PLACE: got X, expected Y`.

| Exit code | Meaning |
|---|---|
| 0 | done |
| 1 | failed; standard error says why, unless it is that the reader of standard output, such as `head`, had read enough |
| 2 | wrong usage: an option that is missing, unknown or contradicts another |
| 130 | stopped by Ctrl-C |
| 143 | terminated, or its session was closed |

Options of every command: `--help`, and `--debug`, which shows the Python traceback of an error. `relatedstories --version` prints
the version.
"""


PIPE = "\\|"  # within a table


def page() -> str:
    """Return the whole page."""
    group: Any = typer.main.get_command(app)
    return HEAD + "".join("\n" + "\n".join(section(name, command)) + "\n" for name, command in group.commands.items())


def section(name: str, command: Any) -> Iterator[str]:
    """Yield the lines on one command."""
    arguments = [option for option in command.params if option.param_type_name == "argument"]
    usage = " ".join(option.metavar if option.required else f"[{option.metavar}]" for option in arguments)
    yield f"## {name}\n"
    yield f"{command.help}\n"
    yield f"    relatedstories {name} [OPTIONS] {usage}\n"
    defaults = {parameter.name: parameter.default for parameter in inspect.signature(command.callback).parameters.values()}
    panels: dict[str, list[str]] = {}
    for option in command.params:
        panel = option.rich_help_panel or "Arguments"
        panels.setdefault(panel, []).append(row(option, defaults[option.name]))
    for panel, rows in panels.items():
        yield f"| {panel} | |\n|---|---|"
        yield "\n".join(rows) + "\n"
    yield from (f"    {line}" if line else "" for line in inspect.cleandoc(command.epilog).splitlines()[2:])


def row(option: Any, default: object) -> str:
    """Return the row of a table on one argument or option."""
    if option.param_type_name == "argument":
        names = [option.metavar]
    else:
        value = "|".join(type(default)) if isinstance(default, StrEnum) else option.metavar
        names = [f"{name} {value}".strip() for name in (*option.opts, *option.secondary_opts)]
    code = ", ".join(f"`{name}`" for name in names)
    text = option.help
    if isinstance(option.show_default, str):
        text += f" Default: {option.show_default}."
    elif option.name == "include_newer":
        text += " Default: `--include-newer`."
    elif option.required:
        text += " Required."
    elif option.show_default and default is not None and default is not False and default != []:
        values = default if isinstance(default, list) else [default]
        text += f" Default: {', '.join(f'`{value}`' for value in values)}."
    return f"| {code.replace('|', PIPE)} | {text.replace('|', PIPE)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
