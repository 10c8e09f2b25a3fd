"""Numbers as options take them: one that cannot be is wrong usage, in the same words whatever the version of typer."""

from __future__ import annotations

from collections.abc import Callable

import typer

__all__ = ["number_of_jobs", "share", "whole_number_from"]


def whole_number_from(least: int) -> Callable[[object], int]:
    """Return the parser of an option that takes a whole number of at least `least`."""

    def parse(value: object) -> int:
        if (number := _whole(value)) is None or number < least:
            raise typer.BadParameter(f"got {value}, expected a whole number of at least {least}")
        return number

    return parse


def number_of_jobs(value: object) -> int:
    """Return the number of processes that an option gives, -1 for one per core."""
    if (number := _whole(value)) is None or number < -1 or number == 0:
        raise typer.BadParameter(f"got {value}, expected a number of processes, or -1 for one per CPU core")
    return number


def share(value: object) -> float:
    """Return the number from 0 to 1 that an option gives."""
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise typer.BadParameter(f"got {value}, expected a number from 0 to 1")
    return number


def _whole(value: object) -> int | None:
    """Return a whole number, which may be given as text; None for anything else."""
    try:
        return int(str(value))
    except ValueError:
        return None
