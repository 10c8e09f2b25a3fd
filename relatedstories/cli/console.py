"""What commands print on standard error: messages, what the library logs, and progress."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from relatedstories.addresses import without_passwords
from relatedstories.errors import InputError

if TYPE_CHECKING:
    from relatedstories.progress import Progress

__all__ = ["STOPPED", "TERMINATED", "TERMINATED_CODE", "error_message", "log_to_stderr", "progress_meter", "say"]

_log = logging.getLogger("relatedstories")

STOPPED, TERMINATED = "stopped", "terminated"
"""How a run ended that Ctrl-C, or the system, did not let finish."""

TERMINATED_CODE = 143

_SECONDS_BETWEEN_LINES = 10.0


def say(message: str) -> None:
    """Print a message on standard error as one line, without passwords."""
    print(f"relatedstories: {without_passwords(' '.join(message.splitlines()))}", file=sys.stderr)


def error_message(error: BaseException) -> str:
    """Return what an error says; with its class unless it is about the input or a file, or a stop."""
    if isinstance(error, KeyboardInterrupt):
        return STOPPED
    if isinstance(error, SystemExit) and error.code == TERMINATED_CODE:
        return TERMINATED
    if isinstance(error, OSError) and error.strerror and not isinstance(error, InputError):
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) if isinstance(error, (InputError, OSError)) else f"{type(error).__name__}: {error}"


class _StderrHandler(logging.Handler):
    """Prints what the library logs, with the time where debugging lines are shown."""

    def emit(self, record: logging.LogRecord) -> None:
        with_time = _log.level <= logging.DEBUG
        moment = time.strftime("%Y-%m-%d %H:%M:%S ", time.localtime(record.created)) if with_time else ""
        say(f"{moment}{record.getMessage()}")


def log_to_stderr(quiet: bool = False, verbose: bool = False) -> None:
    """Print what the library logs: warnings and, unless `quiet`, that a kernel is compiled; all of it if `verbose`."""
    if not _log.handlers:
        _log.addHandler(_StderrHandler())
    _log.setLevel(logging.DEBUG if verbose else logging.WARNING)
    logging.getLogger("relatedstories.topk._kernel").setLevel(logging.WARNING if quiet else logging.INFO)


@contextmanager
def progress_meter(quiet: bool = False) -> Iterator[Progress]:
    """Open a progress meter on standard error: a bar on a terminal, otherwise a line now and then, nothing if `quiet`."""
    if quiet:
        yield lambda *_: None
        return
    if not sys.stderr.isatty():
        yield _ProgressLines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f} a second", justify="right"),  # rich's own rate is None at first
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total, rate=0.0), time.monotonic()
            task, started = tasks[stage]
            bar.update(task, completed=done, rate=done / max(1e-3, time.monotonic() - started))

        yield show


class _ProgressLines:
    """Progress as plain lines, at most one in ten seconds."""

    def __init__(self) -> None:
        self._stage, self._started, self._last_line = "", 0.0, 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._started, self._last_line = stage, now, now
        if now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            rate = done / (now - self._started)
            say(f"{stage}: {done} of {total}, {rate:.0f} a second, {(total - done) / rate:.0f} s left")
