"""Where a refresh puts the links: a file, a stream, or what else can compare them with those of the run before."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias, runtime_checkable

from relatedstories.addresses import address_scheme
from relatedstories.atomic import check_target, new_file
from relatedstories.errors import BadValueError, InputError, shown

__all__ = ["Compare", "Line", "LinksFile", "LinksStream", "Target", "as_target", "links_line", "read_links"]

Line: TypeAlias = tuple[str, str]
"""The id of an event, and its links as a line of JSON."""

Compare: TypeAlias = Callable[[Iterable[Line], dict[str, str]], Iterator[tuple[str, str, str | None]]]
"""Of new lines and the old ones by id: each id, its new line and its old one. It leaves the old of events that are gone."""

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def links_line(id_: str, links: list[dict[str, Any]]) -> str:
    r"""The links of an event, as `Link.to_dict` has them, as a line of a links file.

    Examples
    --------
    >>> links_line("a1", [])
    '{"id": "a1", "links": []}\n'
    """
    return _encode({"id": id_, "links": links}) + "\n"


@runtime_checkable
class Target(Protocol):
    """Where the links of an archive are, and are to be."""

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` where links cannot be written, before any work is spent on them."""

    def take(self, lines: Iterable[Line], compare: Compare, dry_run: bool) -> None:
        """Compare the lines with those that are here, and unless this is a dry run replace them: all of them or none."""


class LinksFile:
    """A file of links, one JSON object a line, that takes its place when all are written."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if (scheme := address_scheme(os.fspath(path))) and not os.path.exists(path):  # the rest of it may hold a password
            raise InputError(
                f"got an address ({scheme}://...) as the place for links, expected a file, "
                "or LinksTable(url, name), --links-table on the command line"
            )
        self.path = Path(path)

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` where no file can be written."""
        del dry_run
        check_target(self.path)

    def take(self, lines: Iterable[Line], compare: Compare, dry_run: bool) -> None:
        """Write the lines as they come."""
        old = dict(read_links(self.path))
        with nullcontext() if dry_run else new_file(self.path) as file:
            for _, line, _ in compare(lines, old):
                if file is not None:
                    file.write(line)


class LinksStream:
    """A stream that takes the lines as they come, with nothing to compare them with."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file

    def check(self, dry_run: bool) -> None:
        """Nothing can be said beforehand."""

    def take(self, lines: Iterable[Line], compare: Compare, dry_run: bool) -> None:
        """Write the lines as they come."""
        for _, line, _ in compare(lines, {}):
            if not dry_run:
                self.file.write(line)


def as_target(links: Any) -> Target:
    """The target that a caller of `refresh` names by a path, a stream or itself."""
    if isinstance(links, Target):
        return links
    if isinstance(links, (str, os.PathLike)):
        return LinksFile(links)
    if not hasattr(links, "write"):
        raise BadValueError("refresh", "links", shown(links), "a path, a text file or a LinksTable")
    return LinksStream(links)


_START = '{"id": '
_DECODER = json.JSONDecoder()


def read_links(path: Path) -> Iterator[Line]:
    """The ids of a links file, each with its whole line; nothing where there is no file, or what is there is none."""
    if not path.is_file():
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                # Of a line of ours the id alone is read: the rest is only compared.
                ours = line.startswith(_START)
                yield str(_DECODER.raw_decode(line, len(_START))[0] if ours else json.loads(line)["id"]), line
            except (ValueError, KeyError, TypeError):
                continue  # not a line of ours: counts as changed
