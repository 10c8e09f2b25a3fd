"""What the last refresh left: enough for the next one to see that nothing has changed since, without making links again."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from relatedstories import artefacts
from relatedstories.disk.atomic import new_file, remove_leftovers
from relatedstories.index.storage import last_refresh_file

if TYPE_CHECKING:
    from relatedstories.index.stories import RelatedStories
    from relatedstories.ranking.filters import LinkFilters

__all__ = ["LastRefresh", "basis_of_links", "code_digest", "filters_as_json"]

_PACKAGE = Path(__file__).parents[1]


class LastRefresh(NamedTuple):
    """What a refresh left, as a file among the parts of the index keeps it. Whatever is wrong with the file, it is none.

    Parameters
    ----------
    checksum : str
        The checksum of the index.
    basis : str
        What else the links were made of: `basis_of_links`.
    links : str
        The digest of the links where they were written.
    source : str or None
        The digest of what the events were read from, if that is known.
    counts : dict of str to int
        Counts of the report.
    contexts, linked : dict of str to int
        How many links have each context, and how many lead to each event.
    behind : int
        Number of events that were added, edited or removed since all lists were made; 0 if this refresh made all.
    lists : str or None
        The checksum of `LastLists`, which are kept beside this.
    """

    checksum: str
    basis: str
    links: str
    source: str | None
    counts: dict[str, int]
    contexts: dict[str, int]
    linked: dict[str, int]
    behind: int
    lists: str | None

    @classmethod
    def read(cls, folder: Path) -> LastRefresh | None:
        """Return what the last refresh with the index in a folder left; None if that is not known."""
        if (path := last_refresh_file(folder)) is None:
            return None
        try:
            kept = _KEPT.fullmatch(path.read_text(encoding="utf-8"))
            return None if kept is None or kept[1] != _checksum(kept[2]) else cls(**json.loads(kept[2]))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Keep this with the index in a folder."""
        if (path := last_refresh_file(folder)) is not None:
            remove_leftovers(path.parent)  # of a run that was killed here
            text = json.dumps(self._asdict(), ensure_ascii=False)
            with new_file(path) as file:
                file.write(f'{{"sha256": "{_checksum(text)}", "refresh": {text}}}\n')


_KEPT = re.compile(r'\{"sha256": "(\w+)", "refresh": (.*)\}\n', re.DOTALL)


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def basis_of_links(stories: RelatedStories, k: int, filters: LinkFilters) -> str | None:
    """Return a digest of all that the links of an archive depend on beside its index; None where that cannot be told.

    It is of the code and the models, the settings, and of what was asked for.
    """
    if filters.where is not None:  # nothing tells what a function does
        return None
    known = [stories.given_settings, code_digest(), str(k), filters_as_json(filters), sorted(stories.ignored)]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def filters_as_json(filters: LinkFilters) -> dict[str, Any]:
    """Return what is asked for as JSON values; what a function `where` does they do not tell."""
    return {field.name: _as_json(getattr(filters, field.name)) for field in fields(filters)}


def _as_json(value: Any) -> Any:
    """Return a filter as a JSON value."""
    if isinstance(value, Mapping):
        return {key: list(ids) for key, ids in value.items()}
    return value if isinstance(value, (bool, int, float, str, tuple, type(None))) else str(value)


@functools.cache
def code_digest() -> str:
    """Return a digest of the package's code, and of the sizes and times of its models, which are too large to read each time."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        code = path.read_bytes()
        digest.update(f"{path.relative_to(_PACKAGE)} {len(code)}\n".encode() + code)
    models = artefacts.path("")
    for path in sorted(path for path in models.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        stat = path.stat()
        digest.update(f"{path.relative_to(models)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
