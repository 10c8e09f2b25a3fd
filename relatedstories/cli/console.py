"""What the command line says on standard error: messages, what the library logs, and how far a long job has come."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from relatedstories.addresses import without_passwords

if TYPE_CHECKING:
    from relatedstories.progress import Progress

__all__ = ["meter", "say", "show_log"]

_log = logging.getLogger("relatedstories")


def say(message: str) -> None:
    """Print a message as a line of ours, without passwords."""
    print(f"relatedstories: {without_passwords(' '.join(message.splitlines()))}", file=sys.stderr)


class _Said(logging.Handler):
    """What the library logs."""

    def emit(self, record: logging.LogRecord) -> None:
        when = time.strftime("%Y-%m-%d %H:%M:%S ", time.localtime(record.created)) if _log.level <= logging.DEBUG else ""
        say(f"{when}{record.getMessage()}")


def show_log(quiet: bool = False, verbose: bool = False) -> None:
    """Show what the library logs: warnings; with `verbose` all, with the time; unless `quiet`, that a kernel is compiled too."""
    if not _log.handlers:
        _log.addHandler(_Said())
    _log.setLevel(logging.DEBUG if verbose else logging.WARNING)
    logging.getLogger("relatedstories.topk._kernel").setLevel(logging.WARNING if quiet else logging.INFO)


@contextmanager
def meter(quiet: bool = False) -> Iterator[Progress]:
    """Progress on standard error: a bar with rate and time left on a terminal, else now and then a line; quiet, nothing."""
    if quiet:
        yield lambda *_: None
        return
    if not sys.stderr.isatty():
        yield _Lines()
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


class _Lines:
    """Progress as plain lines, at most one in ten seconds."""

    def __init__(self, every: float = 10.0) -> None:
        self.every = every
        self.stage, self.started, self.told = "", 0.0, 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self.stage:
            self.stage, self.started, self.told = stage, now, now
        if now - self.told >= self.every:
            self.told = now
            rate = done / (now - self.started)
            say(f"{stage}: {done} of {total}, {rate:.0f} a second, {(total - done) / rate:.0f} s left")
