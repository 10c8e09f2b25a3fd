"""The place that a refresh writes links to, chosen by what its caller names."""

from __future__ import annotations

import os
from typing import Any

from relatedstories.changes import Target
from relatedstories.errors import BadValueError, shown
from relatedstories.files.links_file import LinksFile, LinksStream

__all__ = ["as_target"]


def as_target(links: Any) -> Target:
    """Return the target that a path, a text file or a target itself stands for; raises `BadValueError` for anything else."""
    if isinstance(links, Target):
        return links
    if isinstance(links, (str, os.PathLike)):
        return LinksFile(links)
    if not hasattr(links, "write"):
        raise BadValueError("refresh", "links", shown(links), "a path, a text file, a LinksTable or LinkedPages")
    return LinksStream(links)
