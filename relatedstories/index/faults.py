"""What is wrong with an index on disk, one fault for each thing that differs."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Fault"]


class Fault(NamedTuple):
    """A thing in an index that is not as it should be.

    Parameters
    ----------
    where : str
        The file, or the part of the index and the event.
    got, expected : str

    Examples
    --------
    >>> print(Fault("stories: days of event 'a'", "2020-01-31", "2020-02-01"))
    stories: days of event 'a': got 2020-01-31, expected 2020-02-01
    """

    where: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: got {self.got}, expected {self.expected}"
