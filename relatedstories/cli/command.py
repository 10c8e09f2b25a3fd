"""Commands as typer shows them: paragraphs in the width of the terminal, examples as they are written."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from relatedstories.cli.options import Panel, expand_groups

__all__ = ["Group", "add_command"]


class _WrittenEpilog:
    """Shows the epilog, examples say, line by line as it is written, which typer would join."""

    epilog: str | None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, then the epilog."""
        epilog, self.epilog = self.epilog, None
        try:
            super().format_help(ctx, formatter)  # type: ignore[misc]
        finally:
            self.epilog = epilog
        if epilog:
            formatter.write(inspect.cleandoc(epilog) + "\n")

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option --help, which newer versions of typer show as if it took a value."""
        option: Any = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.metavar = ""
        return option


class Group(_WrittenEpilog, TyperGroup):
    """The command line as a whole."""


class _Command(_WrittenEpilog, TyperCommand):
    """A command, with --help among the options of the run."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option --help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.rich_help_panel = Panel.RUN
        return option


def add_command(app: typer.Typer, command: Callable[..., None], examples: str, panel: str) -> None:
    """Add a command to an application.

    Parameters
    ----------
    app : typer.Typer
    command : callable
        Its docstring is the help, its parameters are the arguments, options and groups of options.
    examples : str
        Lines to show under the help.
    panel : str
        The heading that the command is listed under.
    """
    paragraphs = (" ".join(paragraph.split()) for paragraph in inspect.cleandoc(command.__doc__ or "").split("\n\n"))
    app.command(cls=_Command, help="\n\n".join(paragraphs), epilog=examples, rich_help_panel=panel)(expand_groups(command))
