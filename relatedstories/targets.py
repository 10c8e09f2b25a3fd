"""Where a refresh puts the links: a file, a stream, or what else can compare them with those of the run before."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from relatedstories.addresses import address_scheme
from relatedstories.disk.atomic import check_target, new_file, sweep
from relatedstories.disk.locks import lock_beside, locked
from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import Event
from relatedstories.ranking.links import Link

__all__ = [
    "AllLinks",
    "Change",
    "Line",
    "LinksFile",
    "LinksStream",
    "Listed",
    "Target",
    "as_target",
    "change",
    "line_of",
    "links_line",
    "read_links",
]

AllLinks: TypeAlias = Iterable[tuple[Event, list[Link]]]
"""Every event with its links, as `relatedstories.RelatedStories.all_related` gives them."""

Line: TypeAlias = tuple[str, str]
"""The id of an event, and its links as a line of JSON."""

Listed: TypeAlias = dict[str, str | None]
"""The contexts of links by the ids of the events they lead to."""

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class Change(NamedTuple):
    """What becomes of the links of an event.

    Parameters
    ----------
    id : str
    before, after : Listed or None
        Its links in the run before and now; None where it had, or has, no place for any. One and the same where the links are
        the same in all that is written.
    left_alone : str or None
        Why nothing is written for it, though something else might be.
    """

    id: str
    before: Listed | None
    after: Listed | None
    left_alone: str | None = None


@runtime_checkable
class Target(Protocol):
    """Where the links of an archive are, and are to be.

    Parameters
    ----------
    unit : str
        What is written: "lines", "rows" or "pages".
    """

    unit: str

    @property
    def written(self) -> int:
        """How many of them the last `take` wrote, or would have."""

    @property
    def checkpoint(self) -> Path | None:
        """Where a run may keep what it has found so far; None for nowhere."""

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` where links cannot be written, before any work is spent on them."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep other writers out; raises `InputError` where one is at work, and says who."""

    def take(self, links: AllLinks, dry_run: bool) -> Iterator[Change]:
        """Tell what changes, of each event and of those that are gone.

        Unless this is a dry run, what is told has been written when the last is taken: all of it or, but for pages, nothing.
        """


def links_line(id_: str, links: list[dict[str, Any]]) -> str:
    r"""The links of an event, as `Link.to_dict` has them, as a line of a links file.

    Examples
    --------
    >>> links_line("a1", [])
    '{"id": "a1", "links": []}\n'
    """
    return _encode({"id": id_, "links": links}) + "\n"


def line_of(event: Event, links: list[Link]) -> Line:
    """The line of an event's links, with its id."""
    return event.id, links_line(event.id, [link.to_dict() for link in links])


def change(id_: str, before: str | None, after: str | None) -> Change:
    """The change from a line to another."""
    if before == after:
        same = _listed(after)
        return Change(id_, same, same)
    return Change(id_, _listed(before), _listed(after))


def _listed(line: str | None) -> Listed | None:
    if line is None:
        return None
    try:
        return {str(link["id"]): link["context"] for link in json.loads(line)["links"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}  # of another hand


class LinksFile:
    """A file of links, one JSON object a line, or one object in all where its name ends in .json.

    The new file takes the place of the old when it is written, and is not written where nothing changes.

    Parameters
    ----------
    path : path

    Raises
    ------
    InputError
        For the address of something on the net.
    """

    unit = "lines"

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if (scheme := address_scheme(os.fspath(path))) and not os.path.exists(path):  # the rest of it may hold a password
            raise InputError(
                f"got an address ({scheme}://...) as the place for links, expected a file, "
                "or LinksTable(url, name), --links-table on the command line"
            )
        self.path = Path(path)
        if self.path.suffix.lower() in {".gz", ".csv", ".parquet"}:
            raise InputError(
                f"{path}: got {self.path.suffix} as the kind of a file of links, expected .jsonl, or .json for one object"
            )
        self.written = 0

    def __str__(self) -> str:
        return str(self.path)

    @property
    def checkpoint(self) -> Path:
        """A file beside it."""
        path = self._real
        return path.with_name(f".{path.name}.topics")

    @property
    def _real(self) -> Path:
        return Path(os.path.realpath(self.path))

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` where no file can be written."""
        del dry_run
        check_target(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out, by a file beside it."""
        check_target(self.path)
        with locked(lock_beside(self._real), str(self.path)):
            sweep(self._real.parent)
            yield

    def take(self, links: AllLinks, dry_run: bool) -> Iterator[Change]:
        """Write the lines as they come, from the first on that is not in the file already."""
        old, lines = dict(read_links(self.path)), 0
        as_object = _is_object(self.path)
        with _draft(self.path, dry_run) as draft:
            for id_, line in (line_of(*found) for found in links):
                draft.write(_entry(id_, line, lines == 0) if as_object else line)
                lines += 1
                yield change(id_, old.pop(id_, None), line)
            for id_, line in old.items():
                yield change(id_, line, None)
            if as_object:
                draft.write("}\n" if lines else "{}\n")
        self.written = lines if draft.differs else 0


class _Draft:
    """Lines that are compared with those of a file as long as they are the same, and go to a new one from then on."""

    def __init__(self, old: IO[bytes] | None, begin: Callable[[], IO[str] | None]) -> None:
        self.differs = False
        self._old, self._begin = old, begin
        self._new: IO[str] | None = None
        self._same = 0

    def write(self, line: str) -> None:
        """Go on with a line."""
        if not self.differs:
            data = line.encode()
            if self._old is not None and self._old.read(len(data)) == data:
                self._same += len(data)
                return
            self._part()
        if self._new is not None:
            self._new.write(line)

    def end(self) -> None:
        """There are no more lines."""
        if not self.differs and (self._old is None or self._old.read(1)):
            self._part()

    def _part(self) -> None:
        self.differs, self._new = True, self._begin()
        if self._new is not None and self._old is not None:
            self._old.seek(0)
            while self._old.tell() < self._same:
                self._new.write(self._old.readline().decode())
            self._old.close()  # some systems replace no file that is open


@contextmanager
def _draft(path: Path, dry_run: bool) -> Iterator[_Draft]:
    """A draft of what takes the place of a file when the block ends well, if it differs."""
    with ExitStack() as stack:
        old = stack.enter_context(open(path, "rb")) if path.is_file() else None
        draft = _Draft(old, lambda: None if dry_run else stack.enter_context(new_file(path)))
        yield draft
        draft.end()


class LinksStream:
    """A stream that takes the lines as they come, with nothing to compare them with."""

    unit = "lines"
    checkpoint = None

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self.written = 0

    def __str__(self) -> str:
        return "standard output"

    def check(self, dry_run: bool) -> None:
        """Nothing can be said beforehand."""

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else can write to it."""
        return nullcontext()

    def take(self, links: AllLinks, dry_run: bool) -> Iterator[Change]:
        """Write the lines as they come."""
        self.written = 0
        for id_, line in (line_of(*found) for found in links):
            if not dry_run:
                self.file.write(line)
            self.written += 1
            yield change(id_, None, line)


def as_target(links: Any) -> Target:
    """The target that a caller of `refresh` names by a path, a stream or itself."""
    if isinstance(links, Target):
        return links
    if isinstance(links, (str, os.PathLike)):
        return LinksFile(links)
    if not hasattr(links, "write"):
        raise BadValueError("refresh", "links", shown(links), "a path, a text file, a LinksTable or LinkedPages")
    return LinksStream(links)


_START = '{"id": '
_DECODER = json.JSONDecoder()


def read_links(path: Path) -> Iterator[Line]:
    """The ids of a links file, each with its whole line; nothing where there is no file, or what is there is none."""
    if not path.is_file():
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        if _is_object(path):
            with suppress(ValueError, AttributeError, RecursionError):
                yield from [(id_, links_line(id_, links)) for id_, links in json.load(file).items()]
            return
        for line in file:
            try:
                # Of a line of ours the id alone is read: the rest is only compared.
                ours = line.startswith(_START)
                yield str(_DECODER.raw_decode(line, len(_START))[0] if ours else json.loads(line)["id"]), line
            except (ValueError, KeyError, TypeError, RecursionError):
                continue  # not a line of ours: counts as changed


def _is_object(path: Path) -> bool:
    return path.name.lower().endswith(".json")


def _entry(id_: str, line: str, first: bool) -> str:
    """The line of an event as that of a file that is one JSON object of ids and lists."""
    key = _encode(id_)
    links = line[len(_START) + len(key) + len(', "links": ') : -2]
    return f"{'{' if first else ','}{key}: {links}\n"
