"""Links in a file or a stream, one event a line."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import IO

from relatedstories.addresses import address_scheme
from relatedstories.changes import Change, ChangedLists, LinkedEvents, LinksLine, change_between, line_of_event, links_line
from relatedstories.disk.atomic import check_target, remove_leftovers, temporary_file, writing
from relatedstories.disk.locks import lock_beside, locked
from relatedstories.disk.temporary_folder import temporary_folder
from relatedstories.errors import BadValueError, InputError, shown, shown_names

__all__ = ["LinksFile", "LinksStream", "read_links", "require_links"]

_log = logging.getLogger(__name__)
_LINE_START = '{"id": '
_BEFORE_LINKS = ', "links": '
_DECODER = json.JSONDecoder()
_encode = json.JSONEncoder(ensure_ascii=False).encode


class LinksFile:
    """A file of links: a JSON object per line, or a single JSON object if its name ends in .json.

    A refresh writes the new file beside the old one and then puts it in its place, unless the two are the same.

    Parameters
    ----------
    path : path
    fields : sequence of str, default ()
        Fields of events, or keys of `Event.extra`, such as "title" and "section": each link has them of the event that it leads
        to, under the key "event".

    Raises
    ------
    InputError
        For a web address or a format that links cannot be written in.
    """

    unit = "lines"

    def __init__(self, path: str | os.PathLike[str], fields: Sequence[str] = ()) -> None:
        if (scheme := address_scheme(os.fspath(path))) and not os.path.exists(path):  # the address may hold a password
            raise InputError(
                f"got an address ({scheme}://...) as the place for links, expected a file, "
                "or LinksTable(url, name), --links-table on the command line"
            )
        self.path = Path(path)
        self.fields = tuple(fields)
        if self.path.suffix.lower() in {".gz", ".csv", ".parquet"}:
            raise InputError(
                f"{path}: got {self.path.suffix} as the kind of a file of links, expected .jsonl, or .json for one object"
            )
        self.written = 0
        self.left: str | None = None
        self._digest: str | None = None

    def __str__(self) -> str:
        return str(self.path)

    @property
    def checkpoint(self) -> Path:
        """A hidden file beside the links."""
        path = self._resolved
        return path.with_name(f".{path.name}.topics")

    @property
    def _resolved(self) -> Path:
        return Path(os.path.realpath(self.path))

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` if the file cannot be written."""
        del dry_run
        check_target(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out during the block, by a lock file beside the links."""
        check_target(self.path)
        with locked(lock_beside(self._resolved), str(self.path)):
            remove_leftovers(self._resolved.parent)
            yield

    def take(self, links: ChangedLists, dry_run: bool) -> Iterator[Change]:
        """Yield the change of each event and write all links to a new file, which replaces the old one if it differs.

        Raises
        ------
        InputError
            If links are to stay that the file does not have.
        """
        lines, any_stay = 0, False
        self.left = None
        with ExitStack() as stack:
            if dry_run:
                folder = stack.enter_context(temporary_folder())
            else:
                check_target(self.path)
                folder = self._resolved.parent
            new = stack.enter_context(temporary_file(folder))
            faults: list[BadValueError] = []
            before, write = dict(read_links(self.path, faults.append)), _writer(new.file, _is_one_object(self.path))
            _warn_of(faults)
            for event, event_links in links:
                if event_links is None:
                    line = self._line_that_stays(event.id, before)
                    any_stay = True
                else:
                    _, line = line_of_event(event, event_links, self.fields)
                    labels = {link.event.id: link.label for link in event_links}
                    yield change_between(event.id, before.pop(event.id, None), line, labels)
                with writing(self.path):
                    write(event.id, line)
                lines += 1
            with writing(self.path):
                write(None, "")
            for id_, line in before.items():
                yield change_between(id_, line, None)
            with writing(self.path):
                differs = not new.equals(self.path)
            is_known = not any_stay or self._digest == self.digest()  # or what stays may be what somebody wrote meanwhile
            left = self._digest_of(new.path) if is_known and not dry_run else None  # before others can touch it
            if differs and not dry_run:
                with writing(self.path):
                    new.move_to(self._resolved)
        self.written = lines if differs else 0
        self.left = left

    def digest(self) -> str | None:
        """Return a digest of the file and of the fields that links are to have; None if there is no file."""
        self._digest = self._digest_of(self.path) if self.path.is_file() else None
        return self._digest

    def _line_that_stays(self, id_: str, before: dict[str, str]) -> str:
        """Return the line of an event as the file has it, and take it out of those before."""
        if (line := before.pop(id_, None)) is None:
            raise InputError(f"{self.path}: got no line of event {shown(id_)}, which was there when this run began; run it again")
        return line

    def _digest_of(self, path: Path) -> str:
        form = json.dumps([_is_one_object(self.path), self.fields]).encode()
        with open(path, "rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.sha256(form)).hexdigest()


class LinksStream:
    """A stream of links, a JSON object per line, with no earlier run to compare them with.

    Parameters
    ----------
    file : text file
    fields : sequence of str, default ()
        As of `LinksFile`.
    """

    unit = "lines"
    checkpoint = None

    def __init__(self, file: IO[str], fields: Sequence[str] = ()) -> None:
        self.file = file
        self.fields = tuple(fields)
        self.written = 0

    def __str__(self) -> str:
        return "standard output"

    def check(self, dry_run: bool) -> None:
        """Do nothing: whether a stream can be written to shows when it is."""

    def locked(self) -> AbstractContextManager[None]:
        """Return a context that locks nothing: a stream has one writer."""
        return nullcontext()

    def take(self, links: LinkedEvents, dry_run: bool) -> Iterator[Change]:
        """Write the line of each event and yield its change, which is always from no links."""
        self.written = 0
        for event, event_links in links:
            id_, line = line_of_event(event, event_links, self.fields)
            if not dry_run:
                self.file.write(line)
            self.written += 1
            yield change_between(id_, None, line)


def read_links(path: Path, on_fault: Callable[[BadValueError], object] = lambda _: None) -> Iterator[LinksLine]:
    """Yield the id and the line of each event in a file of links.

    Lines that a refresh did not write are left out, so that they count as changed; `on_fault` is called with what is wrong with
    each. Of a missing file nothing is yielded.
    """
    if not path.is_file():
        return
    try:
        for where, line in _placed_lines(path):
            try:
                yield (_id_of_whole_line(line) or _id_of_links(where, line)), line
            except BadValueError as error:
                on_fault(error)
    except BadValueError as error:  # of one object as a whole
        on_fault(error)


def require_links(path: Path, file: IO[str] | None = None) -> Iterator[LinksLine]:
    """Yield the id and the line of each event in a file of links, or in an open one that errors name by the path.

    Raises
    ------
    InputError
        If the file is missing or has anything else.
    """
    if file is None and (path.is_dir() or not path.exists()):
        raise InputError(f"{path}: got no file, expected links that refresh wrote")
    for where, line in _placed_lines(path, file):
        yield _id_of_links(where, line), line


def _is_one_object(path: Path) -> bool:
    return path.name.lower().endswith(".json")


def _placed_lines(path: Path, opened: IO[str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield each line of a file of links after its place; of one object, each entry as a line."""
    with open(path, encoding="utf-8", errors="replace") if opened is None else nullcontext(opened) as file:
        if not _is_one_object(path):
            for number, line in enumerate(file, 1):
                yield f"{path}:{number}", line
            return
        text = file.read()
    try:
        entries = list(json.loads(text).items())
    except (ValueError, AttributeError, RecursionError):
        raise BadValueError(str(path), None, shown(text), "one object of links by id, as refresh writes it") from None
    for id_, links in entries:
        yield f"{path}: {shown(id_)}", links_line(id_, links)


def _id_of_whole_line(line: str) -> str | None:
    """Return the id in a line that has the form and the end that a refresh writes, of which nothing else is decoded."""
    if not line.startswith(_LINE_START) or not line.endswith("]}\n"):
        return None
    try:
        id_, end = _DECODER.raw_decode(line, len(_LINE_START))
    except (ValueError, RecursionError):
        return None
    return str(id_) if line.startswith(_BEFORE_LINKS + "[", end) else None


def _id_of_links(where: str, line: str) -> str:
    """Return the id in a line that is decoded; raises `BadValueError` with its place if it has no links."""
    expected = 'a line {"id": ..., "links": [...]}, as refresh writes it'
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise BadValueError(where, None, shown(line.rstrip("\n")), expected) from None
    if not isinstance(record, dict):
        raise BadValueError(where, None, shown(record), expected)
    for key in ("id", "links"):
        if key not in record:
            raise BadValueError(where, key, f"no {key!r} among {shown_names(record)}", expected)
    links = record["links"]
    if not isinstance(links, list):
        raise BadValueError(where, "links", shown(links), expected)
    for link in links:
        if not isinstance(link, dict) or "id" not in link or not link.keys() & {"contexts", "context"}:
            raise BadValueError(where, "links", shown(link), "links with an id and a context, as refresh writes them")
    return str(record["id"])


def _warn_of(faults: list[BadValueError]) -> None:
    """Log what is wrong with links that are replaced: once, as a file of something else has many such lines."""
    if faults:
        others = f" (and {len(faults) - 1} more such)" if len(faults) > 1 else ""
        _log.warning("%s%s; it counts as no links, and new ones take its place", faults[0], others)


def _writer(file: IO[str], as_object: bool) -> Callable[[str | None, str], object]:
    """Return a function that writes the line of an event, as one of JSON or as an entry of one object; None ends the file."""
    first = True

    def write(id_: str | None, line: str) -> None:
        nonlocal first
        if id_ is not None:
            file.write(_object_entry(id_, line, first) if as_object else line)
        elif as_object:
            file.write("{}\n" if first else "}\n")
        first = False

    return write


def _object_entry(id_: str, line: str, first: bool) -> str:
    """Return the line of an event as an entry of an object that has the lists of links by id."""
    key = _encode(id_)
    links = line[len(_LINE_START) + len(key) + len(_BEFORE_LINKS) : -len("}\n")]
    return f"{'{' if first else ','}{key}: {links}\n"
