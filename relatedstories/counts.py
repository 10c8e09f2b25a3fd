"""Numbers of things in words."""

from __future__ import annotations

__all__ = ["counted"]


def counted(n: int, things: str) -> str:
    """Return a number with what it counts, given in the plural: one of it is in the singular.

    Examples
    --------
    >>> counted(1, "events"), counted(2, "events"), counted(1, "stories"), counted(1, "other links")
    ('1 event', '2 events', '1 story', '1 other link')
    """
    if n == 1:
        things = things[:-3] + "y" if things.endswith("ies") else things[:-1]
    return f"{n} {things}"
