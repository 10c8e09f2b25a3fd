"""Read the events of a folder of Markdown pages."""

from __future__ import annotations

import collections
import hashlib
import os
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import Event
from relatedstories.pages.discovery import SUFFIXES, page_paths
from relatedstories.pages.mojibake import repair_mojibake
from relatedstories.pages.parsing import DEFAULT_KEYS, PageFields, PageParser, front_matter_keys, is_draft
from relatedstories.pages.sections import SOURCES, check_heading, split_lines
from relatedstories.pages.words import RELATED_HEADS
from relatedstories.records import DRAFTS, READ_FIELDS, check_drafts

__all__ = ["SOURCES", "Pages", "page_digest", "read_pages"]


@dataclass(slots=True)
class Pages:
    """Counts of what was found in a folder of pages, updated while it is read.

    Parameters
    ----------
    events, drafts, broken : int
        Number of pages that are events, that are not to be published yet, and that cannot be read.
    others : Counter
        Number of all other files, by reason.
    digests : dict of str to bytes
        The digest of each event's page as it was read, by id: see `relatedstories.pages.rewrite`.
    paths : dict of str to str
        The path of each event's page within the folder, by id.

    Examples
    --------
    >>> print(Pages(events=2, drafts=1, others=collections.Counter({"day page": 3})))
    2 pages are events, 1 drafts, 0 broken; 3 other files: 3 day page
    """

    events: int = 0
    drafts: int = 0
    broken: int = 0
    others: collections.Counter[str] = field(default_factory=collections.Counter)
    digests: dict[str, bytes] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(self.others.items()))
        line = f"{self.events} pages are events, {self.drafts} drafts, {self.broken} broken"
        return f"{line}; {self.others.total()} other files: {why}" if why else line


def read_pages(
    folder: str | os.PathLike[str],
    fields: Mapping[str, str] | None = None,
    *,
    on_error: Callable[[BadValueError], object] | None = None,
    drafts: Collection[str] = DRAFTS,
    on_draft: Callable[[str], object] | None = None,
    found: Pages | None = None,
    related: str | None = None,
    sources: str = SOURCES,
) -> Iterator[Event]:
    r"""Read the events of all Markdown pages in a folder and the folders in it.

    Parameters
    ----------
    folder : path
        Pages are events if they have YAML front matter, lines ``Title: ...`` at their head, or a heading with a date
        (``### [2016-12-1](...)``) before the heading that is their title. Hidden files and folders, symbolic links, drafts and
        pages that list the events of a day (index.md, README.md, _index.md) are left out.
    fields : mapping of str to str, optional
        The front matter keys of fields of `Event` that are read from another key: ``{"topics": "labels"}``.
        By default topics are read from topics, tags, keywords, categories and category together, and the text from the body.
        The language is also told by a name such as post.fr.md or a folder such as fr. Drafts are marked by the keys
        draft, status and published, and by the folder _drafts; ``{"status": "state"}`` names another key for the
        status.
    on_error : callable, optional
        Called with the error of each page that cannot be read, which is skipped. By default the error is raised.
    drafts, on_draft
        As of `relatedstories.read_events`.
    found : Pages, optional
        Takes the counts, and the digests and paths of the pages that are read.
    related : str, optional
        The heading of the section of links, which is no part of an event's text; by default those that `rewrite` writes in any
        language.
    sources : str
        The heading of the section of sources, which is no part of it either.

    Yields
    ------
    Event
        In the order of their paths. The id is the value of the front matter key event_id, which exported pages have, and
        otherwise the path within the folder, parts divided by ``/``, without its suffix unless two pages would have the same id.
        Quotes and accents that were garbled by Windows-1252 are repaired.

    Raises
    ------
    BadValueError
        For a page that cannot be read; it names the line, the field, what was got and what was expected.
    InputError
        If there is no such folder, or no page in it.

    Warns
    -----
    UserWarning
        After the last page, if none has a key that `fields` names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "rain.md").write_text("---\ntitle: Rain in Wales\ntags: [Wales]\n---\nIt pours.\n")
    ...     [(event.id, event.title, event.text, event.topics) for event in read_pages(folder)]
    [('rain', 'Rain in Wales', 'It pours.', ('Wales',))]
    """
    if on_error is not None and not callable(on_error):
        raise BadValueError("read_pages", "on_error", shown(on_error), "a function of an error, or None")
    keys = _keys_of_fields({} if fields is None else fields)
    draft_values = check_drafts("read_pages", drafts)
    if related is not None:
        check_heading("read_pages", "related", related)
    check_heading("read_pages", "sources", sources)
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"{root}: got no folder, expected a folder of pages")
    found = Pages() if found is None else found
    paths = page_paths(root, found.others)
    if not paths:
        raise InputError(f"{root}: got a folder without pages of events, expected some in Markdown ({', '.join(SUFFIXES)})")
    parser = PageParser(keys, RELATED_HEADS if related is None else (related,), sources)
    return _events(root, paths, parser, on_error, draft_values, on_draft, found)


def _keys_of_fields(fields: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the front matter keys of each field; raises `BadValueError` for `fields` that cannot be."""
    if not isinstance(fields, Mapping):
        raise BadValueError("fields", None, shown(fields), 'a mapping of fields to keys: {"title": "headline"}')
    for name, key in fields.items():
        if name == "id":
            raise BadValueError("fields", "id", shown(key), "no key, as the id of a page is its path")
        if name not in READ_FIELDS:
            raise BadValueError("fields", None, shown(name), f"a field of an event ({', '.join(READ_FIELDS)})")
        if not isinstance(key, str) or not key.strip():
            raise BadValueError("fields", name, shown(key), "the name of a key")
    mapped = {name: (key.casefold(),) for name, key in fields.items()}
    used = {key for keys in mapped.values() for key in keys}
    return {name: mapped.get(name) or tuple(key for key in keys if key not in used) for name, keys in DEFAULT_KEYS.items()}


def page_digest(page: bytes) -> bytes:
    """Return the digest that shows whether a page is still as it was read."""
    return hashlib.blake2b(page, digest_size=16).digest()


def _events(
    root: Path,
    paths: Mapping[str, str],
    parser: PageParser,
    on_error: Callable[[BadValueError], object] | None,
    draft_values: Collection[str],
    on_draft: Callable[[str], object] | None,
    found: Pages,
) -> Iterator[Event]:
    """Yield the events of pages, count the others, and warn of named keys that no page has."""
    unseen = {keys[0]: name for name, keys in parser.keys.items() if keys and keys[0] not in DEFAULT_KEYS[name]}
    seen: set[str] = set()
    for id_, path in paths.items():
        where = str(root / path)
        try:
            content = _content(root / path)
            text = repair_mojibake(_decoded(where, content))
            front = front_matter_keys(where, text)
            if front is not None:
                keys = {name.casefold(): key for name, key in front[0].items()}
                unseen = {key: name for key, name in unseen.items() if key not in keys}
                if is_draft(path, keys, parser.keys["status"][0], draft_values):
                    found.drafts += 1
                    if on_draft is not None:
                        on_draft(where)
                    continue
                page: PageFields | None = parser.with_front_matter(where, path, text, keys, front[1])
            else:
                page = parser.without_front_matter(where, text)
            if page is None:
                found.others["no event: neither front matter nor a date over a title"] += 1
                continue
            try:
                event = Event(**({"id": id_} | page.values))
                if event.id in seen:
                    raise BadValueError(where, "id", shown(event.id), "an id used once")
            except BadValueError as error:
                line = page.lines.get(error.field or "", 1)
                raise BadValueError(f"{where}:{line}", error.field, error.got, error.expected) from None
        except BadValueError as error:
            found.broken += 1
            if on_error is None:
                raise
            on_error(error)
        else:
            seen.add(event.id)
            found.events += 1
            found.digests[event.id] = page_digest(content)
            found.paths[event.id] = path
            yield event
    for key, name in unseen.items():
        warnings.warn(f"no page has {key!r}, which the {name} was to be read from", stacklevel=2)


def _content(path: Path) -> bytes:
    """Return the bytes of a page; raises `BadValueError` if the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        got = f"a file that cannot be read ({error.strerror})"
        raise BadValueError(str(path), None, got, "a page") from None


def _decoded(where: str, content: bytes) -> str:
    """Return the text of a page; raises `BadValueError` if it is not in UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = split_lines(content[: error.start].decode() + "x")
        got = f"byte 0x{content[error.start]:02x} at column {len(before[-1])}"
        raise BadValueError(f"{where}:{len(before)}", None, got, "text in UTF-8") from None
