"""Numbers of things in words."""

from __future__ import annotations

__all__ = ["counted"]


def counted(n: int, things: str, spec: str = "") -> str:
    """Return a number, in a format, with what it counts, given in the plural: one of it is in the singular.

    Examples
    --------
    >>> counted(1, "events"), counted(2, "events"), counted(1, "stories"), counted(1, "other links"), counted(2000, "days", ",")
    ('1 event', '2 events', '1 story', '1 other link', '2,000 days')
    """
    if n == 1:
        things = things[:-3] + "y" if things.endswith("ies") else things[:-1]
    return f"{n:{spec}} {things}"
