"""The command line as a whole: its commands, its exit codes, and what becomes of errors.

Data go to standard output, progress and warnings to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 and 143
stopped.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import Annotated

import typer

from relatedstories.addresses import without_passwords
from relatedstories.cli import build, check, diff, evaluate, explain, export, path, refresh, related, stats, storylines, topics
from relatedstories.cli.command import Group, add_command
from relatedstories.cli.console import STOPPED, TERMINATED, TERMINATED_CODE, error_message, log_to_stderr, say
from relatedstories.errors import InputError
from relatedstories.parallel import collect_seldom

__all__ = ["app", "main"]

_ABOUT = (
    "For every event in a news archive, find the related events that a reader should see next, and say why.\n\n"
    "An archive is a file, a folder of Markdown pages or a database. Each row, or page, is an event: "
    "a news item with an id, a title and, if possible, a date and a text."
)

_EXAMPLES = """
Examples:

  Find the links of the archive that comes with relatedstories, and keep an
  index; then list the links of one event:
    relatedstories refresh sample --links links.jsonl --index stories
    relatedstories related 2016-12-01-progress-ms-04 --index stories

Each command has more: relatedstories refresh --help
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 or 143 stopped. Results go to
standard output; messages, warnings and progress go to standard error.
"""

app = typer.Typer(
    name="relatedstories",
    cls=Group,
    epilog=_EXAMPLES,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        from relatedstories import __version__

        print(__version__)
        raise typer.Exit


@app.callback(help=_ABOUT)
def _global_options(
    debug: Annotated[
        bool, typer.Option("--debug", metavar="", help="Show the Python traceback of an error. May stand after a command, too.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", metavar="", is_eager=True, callback=_print_version, help="Print the version and exit."),
    ] = False,
) -> None:
    del debug, version  # `main` takes --debug out, the callback answers --version


_JOBS, _QUESTIONS, _FIGURES = "Jobs on a whole archive", "Questions", "Figures"
add_command(app, refresh.refresh, refresh.EXAMPLES, _JOBS)
add_command(app, build.build, build.EXAMPLES, _JOBS)
add_command(app, check.check, check.EXAMPLES, _JOBS)
add_command(app, export.export, export.EXAMPLES, _JOBS)
add_command(app, related.related, related.EXAMPLES, _QUESTIONS)
add_command(app, explain.explain, explain.EXAMPLES, _QUESTIONS)
add_command(app, storylines.storylines, storylines.EXAMPLES, _QUESTIONS)
add_command(app, storylines.storyline, storylines.STORYLINE_EXAMPLES, _QUESTIONS)
add_command(app, path.path, path.EXAMPLES, _QUESTIONS)
add_command(app, topics.topics, topics.EXAMPLES, _QUESTIONS)
add_command(app, diff.diff, diff.EXAMPLES, _FIGURES)
add_command(app, evaluate.evaluate, evaluate.EXAMPLES, _FIGURES)
add_command(app, stats.stats, stats.EXAMPLES, _FIGURES)


def main() -> None:
    """Run the command line and exit. An error is one line on standard error; with --debug, anywhere, a traceback."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the terminal's: JSON is UTF-8
    signal.signal(signal.SIGTERM, _exit_on_signal)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup sets it
        signal.signal(signal.SIGHUP, _exit_on_signal)
    collect_seldom()
    warnings.showwarning = _say_warning  # type: ignore[assignment]
    warnings.filterwarnings("ignore", "A worker stopped")  # joblib's, where one has grown and another takes its place
    log_to_stderr()
    try:
        code = _run(arguments)
    except BrokenPipeError:  # the reader, head for one, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except KeyboardInterrupt:
        say(f"{STOPPED}; no file is left half-written")
        code = 130
    except Exception as error:
        if debug:
            raise
        hint = "" if isinstance(error, (InputError, OSError)) else " (this is a bug; --debug shows where)"
        say(f"error: {error_message(error)}{hint}")
        code = 1
    sys.exit(code)


def _exit_on_signal(*_: object) -> None:
    """Exit as after Ctrl-C, so that neither temporary files nor worker processes stay behind."""
    with suppress(OSError):  # the terminal is gone where the session was closed
        say(f"{TERMINATED}; no file is left half-written")
    sys.exit(TERMINATED_CODE)


def _say_warning(message: Warning | str, *_: object) -> None:
    say(f"warning: {message}")


def _run(arguments: list[str]) -> int:
    """Run a command and return the exit code; errors other than wrong usage are raised."""
    command = typer.main.get_command(app)
    try:
        result = command.main(arguments, prog_name="relatedstories", standalone_mode=False)
        print(end="", flush=True)  # here, where a full disk still counts as an error
    except Exception as error:
        # typer may bring its own copy of click, so click's exceptions are known by what they can do.
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from None
        if hasattr(error, "show") and hasattr(error, "exit_code"):
            if isinstance(message := getattr(error, "message", None), str):
                error.message = without_passwords(message)  # type: ignore[attr-defined]
            error.show()
            return int(error.exit_code)
        raise
    if result == 130:  # how typer says that it was interrupted; older versions raise Abort
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0
