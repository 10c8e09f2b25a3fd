"""Read the events of a folder of Markdown pages."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import hashlib
import os
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from relatedstories.dates import AmbiguousDate, DateColumn
from relatedstories.errors import BadValueError, InputError, check_functions, path_given, shown
from relatedstories.events import Event, parse_date
from relatedstories.pages.addresses import PageAbout
from relatedstories.pages.discovery import MAX_BYTES, SUFFIXES, Site, site_of
from relatedstories.pages.keys import Value
from relatedstories.pages.mojibake import repair_mojibake
from relatedstories.pages.page_names import PageName, is_named_by_title
from relatedstories.pages.parsing import DATED_HEADING, DEFAULT_KEYS, EVENT_ID, Head, PageFields, PageParser, head_of
from relatedstories.pages.publication import DRAFT, EXPIRED, FUTURE, reason_not_listed
from relatedstories.pages.sections import SOURCES, check_heading, split_lines
from relatedstories.pages.titles import FIRST_SENTENCE, NAME
from relatedstories.pages.values import field_value, text_of
from relatedstories.pages.words import RELATED_HEADS
from relatedstories.records import DRAFTS, READ_FIELDS, check_drafts

__all__ = ["SOURCES", "Pages", "page_digest", "read_pages"]

CLOSED_FROM, CLOSED_SHARE = 20, 0.9
"""The number of expired pages, and their part of all pages for readers, from which a folder is the archive of a closed site."""

_MAX_WARNINGS = 20
"""Number of values left out that are warned of one by one; further ones are only counted."""

_NOUNS = frozenset((DRAFT, "page", "file", "folder", "link", "drawing", "name", "resource"))
"""The nouns that reasons begin with."""


@dataclass(slots=True)
class Pages:
    """Counts of what was found in a folder of pages, updated while it is read.

    Parameters
    ----------
    events, drafts, broken : int
        Number of pages that are events, that are not to be published yet, and that cannot be read.
    others : Counter
        Number of all other pages and files, by the reason why they are left out.
    titled_by : Counter
        Number of events whose title is neither that of a key nor of a heading, by what it is instead.
    values_left_out : int
        Number of values that could not be read, so that the event is without them.
    repeated_keys : int
        Number of keys that a page has twice, of which the later counts.
    digests : dict of str to bytes
        The digest of each event's page as it was read, by id: see `relatedstories.pages.rewrite`.
    paths : dict of str to str
        The path of each event's page within the folder, by id.
    about : dict of str to PageAbout
        What the address of each event's page is made of, by id.
    are_notes : bool
        Whether the pages are notes of Obsidian, which link to each other by their names.

    Examples
    --------
    >>> print(Pages(events=2, drafts=1, others=collections.Counter({"section page": 3, "without title": 1})))
    2 pages are events, 1 draft, 0 broken; left out: 3 section pages, 1 without title
    """

    events: int = 0
    drafts: int = 0
    broken: int = 0
    others: collections.Counter[str] = field(default_factory=collections.Counter)
    titled_by: collections.Counter[str] = field(default_factory=collections.Counter)
    values_left_out: int = 0
    repeated_keys: int = 0
    digests: dict[str, bytes] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    about: dict[str, PageAbout] = field(default_factory=dict)
    are_notes: bool = False

    def __str__(self) -> str:
        line = f"{self.events} page{'s are events' if self.events != 1 else ' is an event'}, {_counted(self.drafts, DRAFT)}, "
        line += f"{self.broken} broken"
        if self.others:
            line += f"; left out: {', '.join(_counted(count, reason) for reason, count in sorted(self.others.items()))}"
        if self.titled_by:
            parts = [f"{self.titled_by[by]} by {by}" for by in (NAME, FIRST_SENTENCE) if self.titled_by[by]]
            line += f"; without a title of their own: {', '.join(parts)}"
        return "; ".join([line, *self.faults])

    @property
    def faults(self) -> list[str]:
        """What could not be read as it stands, as phrases."""
        values, keys = self.values_left_out, self.repeated_keys
        phrases = [f"{values} value{'s' if values != 1 else ''} could not be read, and the events are without"] if values else []
        if keys:
            are = "keys that stand twice on a page are" if keys != 1 else "key that stands twice on a page is"
            phrases.append(f"{keys} {are} read by the later value")
        return phrases

    @property
    def left_out(self) -> str:
        """What was left out and why, as a phrase; "" if nothing was."""
        counts = self.others + collections.Counter({DRAFT: self.drafts, "broken": self.broken})
        return ", ".join(_counted(n, reason) for reason, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _counted(count: int, reason: str) -> str:
    """Return a count with its reason, whose noun is in the plural where it has to be.

    Examples
    --------
    >>> _counted(3, "section page"), _counted(1, "draft"), _counted(2, "resource of a page"), _counted(2, "hidden")
    ('3 section pages', '1 draft', '2 resources of a page', '2 hidden')
    """
    if count == 1:
        return f"1 {reason}"
    words = reason.split(" ")
    for place, word in enumerate(words[: 3 if words[0] == "no" else 2]):
        if (noun := word.rstrip(",")) in _NOUNS:
            words[place] = word.replace(noun, f"{noun}s")
            break
    return f"{count} {' '.join(words)}"


def read_pages(
    folder: str | os.PathLike[str],
    fields: Mapping[str, str] | None = None,
    *,
    on_error: Callable[[BadValueError], object] | None = None,
    drafts: Collection[str] = DRAFTS,
    on_draft: Callable[[str], object] | None = None,
    on_remark: Callable[[str], object] | None = None,
    strict: bool = False,
    found: Pages | None = None,
    related: str | None = None,
    sources: str = SOURCES,
    date_format: str | None = None,
    today: dt.date | str | None = None,
    expired: bool = False,
    future: bool = False,
) -> Iterator[Event]:
    r"""Read the events of all Markdown pages in a folder and the folders in it.

    Parameters
    ----------
    folder : path
        Pages are events if they have front matter in YAML, TOML or JSON, lines ``Title: ...`` at their head, or a heading with a
        date (``### [2016-12-1](...)``) before the heading that is their title; in folders without the files of a site builder,
        pages with nothing but text are events too. Pages that readers should not be led to (drafts, hidden or expired pages, and
        those that are to be published later), pages of sections, README.md, resources of other pages, hidden files and folders,
        and symbolic links are left out.
    fields : mapping of str to str, optional
        The front matter keys of fields of `Event` that are read from another key: ``{"topics": "labels"}``.
        By default topics are read from topics, tags, keywords, categories, their singular forms and labels together, and the
        text from the body. ``{"status": "state"}`` names another key for the status, which marks drafts.
        A page without a title has its first heading, its name or its first sentence for one. The language is also told by a
        name such as post.fr.md or a folder such as fr, the date by a name or folder such as 2020-01-31-rain.
    on_error : callable, optional
        Called with the error of each page that cannot be read, which is skipped. By default the error is raised.
    drafts, on_draft
        As of `relatedstories.read_events`.
    on_remark : callable, optional
        Called with a line for each value that cannot be read, such as a date, so that the event is without it; for each key that
        a page has twice, of which the later counts; and for the order of day and month. By default these are warnings, of values
        and keys the first 20.
    strict : bool, default False
        Whether a value that cannot be read makes the page an error.
    found : Pages, optional
        Takes the counts, and the digests and paths of the pages that are read.
    related : str, optional
        The heading of the section of links, which is no part of an event's text; by default those that `rewrite` writes in any
        language.
    sources : str
        The heading of the section of sources, which is no part of it either.
    date_format : str, optional
        As of `relatedstories.dates.read_date`. By default dates of all pages together show whether days or months come first.
    today : datetime.date or str, optional
        The day by which pages are expired or to be published later. By default that of the clock, in UTC.
    expired, future : bool, default False
        Whether to read pages that have expired, and those that are to be published later, as Hugo's options buildExpired and
        buildFuture do. Where nearly all pages of 20 or more have expired, they are read all the same, with a remark: the folder
        is the archive of a site that was closed.

    Yields
    ------
    Event
        In the order of their paths. The id is the value of the front matter key event_id, which exported pages have, and
        otherwise the path within the folder, parts divided by ``/``, without its suffix unless two pages would have the same id;
        of a page ``trip/index.md`` it is ``trip``.
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
        For values that cannot be read, if `on_remark` is not given; and after the last page, if none has a key that `fields`
        names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "rain.md").write_text("---\ntitle: Rain in Wales\ntags: [Wales]\n---\nIt pours.\n")
    ...     [(event.id, event.title, event.text, event.topics) for event in read_pages(folder)]
    [('rain', 'Rain in Wales', 'It pours.', ('Wales',))]
    """
    check_functions("read_pages", on_error=on_error, on_draft=on_draft, on_remark=on_remark)
    keys = _keys_of_fields({} if fields is None else fields)
    draft_values = check_drafts("read_pages", drafts)
    if related is not None:
        check_heading("read_pages", "related", related)
    check_heading("read_pages", "sources", sources)
    column = DateColumn(date_format)
    day = parse_date(today, "read_pages", "today") or dt.datetime.now(dt.UTC).date()
    root = path_given("read_pages", "folder", folder)
    if not root.is_dir():
        raise InputError(f"{root}: got no folder, expected a folder of pages")
    found = Pages() if found is None else found
    site = site_of(root, found.others)
    if not site.paths:
        left_out = f"; left out: {found.left_out}" if found.left_out else ""
        expected = f"expected some in Markdown ({', '.join(SUFFIXES[:2])})"
        raise InputError(f"{root}: got a folder without pages of events, {expected}{left_out}")
    span = _Span(dt.date.min if expired else day, dt.date.max if future else day)
    reading = _Reading(root, site, keys, column, on_remark, strict, found)
    heads = RELATED_HEADS if related is None else (related,)
    parser = PageParser(keys, heads, sources, reading.day_of, reading.leave_out, not site.has_builder)
    return _events(reading, parser, on_error, draft_values, on_draft, span)


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


class _Span(NamedTuple):
    """The day before which pages have expired, and the day after which they are to be published."""

    expired_before: dt.date
    published_by: dt.date


class _Reading:
    """What is known while the pages of a folder are read: the order of day and month, and what was left out."""

    def __init__(
        self,
        root: Path,
        site: Site,
        keys: Mapping[str, tuple[str, ...]],
        column: DateColumn,
        on_remark: Callable[[str], object] | None,
        strict: bool,
        found: Pages,
    ) -> None:
        self.root, self.site, self.keys, self.found = root, site, keys, found
        self._column, self._on_remark, self._strict = column, on_remark, strict
        self._n_remarks = 0
        self._has_seen_all = False
        self._n_with_key = self._n_named = 0

    @cached_property
    def has_notes(self) -> bool:
        """Whether pages of nothing but text are events: not beside pages of a site builder, an exported or a dated site."""
        return not self.site.has_builder and not any(
            DATED_HEADING.search(text) if head is None else EVENT_ID in head.keys for _, text, head in self._heads()
        )

    def head(self, path: str) -> tuple[bytes, str, Head | None]:
        """Return the content of a page, its text and its head."""
        where = str(self.root / path)
        content = _content(self.root / path)
        text = repair_mojibake(_decoded(where, content))
        return content, text, head_of(where, path, text)

    def _heads(self) -> Iterator[tuple[str, str, Head | None]]:
        """Yield the path, text and head of each page that can be read. Pages are read anew: together they may be too large."""
        for path in self.site.paths.values():
            try:
                _, text, head = self.head(path)
            except BadValueError:
                continue
            yield path, text, head

    def day_of(self, value: Value, where: str = "page", again: bool = False) -> dt.date | None:
        """Return the day that a value names; raises `BadValueError` if it names none, or one of two."""
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        try:
            day = self._column.read(value, where, again=again)
            if isinstance(day, AmbiguousDate) and self._column.order is None:
                self._see_all()
                if self._column.order is None and "." in str(value):
                    return day.day_first  # no country writes the month first with full stops
            return self._column.day(day)
        except BadValueError:
            raise
        except InputError:
            expected = "a date that can be read in one way; --date-format tells whether the day or the month comes first"
            raise BadValueError(where, "date", shown(value), expected) from None

    def day_or_none(self, value: Value) -> dt.date | None:
        """Return the day that a value names, None if it names none."""
        try:
            return self.day_of(value, again=True)  # it is counted where it is read as the date of an event
        except BadValueError:
            return None

    def _see_all(self) -> None:
        """Read the dates of all pages, as any of them may show which of day and month comes first."""
        if self._has_seen_all:
            return
        self._has_seen_all = True
        for path, _, head in self._heads():
            for key in self.keys["date"]:
                if self._column.order is not None:
                    return
                if head is not None and key in head.keys:
                    with contextlib.suppress(InputError):
                        self._column.read(head.keys[key].value, path, again=True)

    def is_closed(self, reason_of: Callable[[str, Head | None], str | None]) -> bool:
        """Return whether the site was closed as a whole, with its pages kept as an archive: nearly all have expired."""
        reasons = collections.Counter(reason_of(path, head) for path, _, head in self._heads())
        n_expired, n_listed = reasons[EXPIRED], reasons[None]
        closed = n_expired >= CLOSED_FROM and n_expired > CLOSED_SHARE * (n_expired + n_listed)
        if closed:
            self._remark(
                f"{self.root}: {n_expired} of {n_expired + n_listed} pages have expired; read as the archive of a closed site"
            )
        return closed

    def leave_out(self, error: BadValueError) -> None:
        """Tell of a value that the event is without; raises the error if values must be right."""
        if self._strict:
            raise error
        self.found.values_left_out += 1
        self._remark(f"{error}; left out")

    def tell_of_repeated_keys(self, where: str, head: Head) -> None:
        """Tell of keys that a page has twice."""
        for name, key in head.keys.items():
            if key.earlier is not None and "." not in name:
                expected = f"a key used once (it stands on line {key.earlier} too)"
                error = BadValueError(f"{where}:{key.line}", None, shown(name), expected)
                if self._strict:
                    raise error
                self.found.repeated_keys += 1
                self._remark(f"{error}; the later value counts")

    def _remark(self, line: str) -> None:
        """Pass a line on, or warn, of the first `_MAX_WARNINGS`."""
        self._n_remarks += 1
        if self._on_remark is not None:
            self._on_remark(line)
        elif self._n_remarks <= _MAX_WARNINGS:
            warnings.warn(line, stacklevel=2)
        elif self._n_remarks == _MAX_WARNINGS + 1:
            warnings.warn(
                f"{self.root}: more values could not be read or stand twice; they are counted but not shown", stacklevel=2
            )

    def end(self) -> None:
        """Tell how dates were read."""
        for line in self._column.remarks():
            if self._on_remark is not None:
                self._on_remark(f"{self.root}: {line}")
            else:
                warnings.warn(f"{self.root}: {line}", stacklevel=2)

    def count(self, event: Event, path: str, content: bytes, head: Head | None, name: PageName, page: PageFields) -> None:
        """Add an event to what was found."""
        found, keys = self.found, {} if head is None else head.keys
        found.events += 1
        found.digests[event.id] = page_digest(content)
        found.paths[event.id] = path
        slug = text_of(keys["slug"].value) if "slug" in keys else None
        own = event.url if head is not None and EVENT_ID not in keys else None
        own = own if own and (own.startswith("/") or ":" in own or own.isalpha()) and "://" not in own else None
        found.about[event.id] = PageAbout(own, slug, event.date, _categories(keys), name)
        if page.title_from is not None:
            found.titled_by[page.title_from] += 1
        self._n_with_key += "title" in keys
        self._n_named += page.title_from == NAME and is_named_by_title(name.stem)
        named = self._n_with_key == 0 and 2 * self._n_named >= found.events
        found.are_notes = self.site.is_vault or (not self.site.has_builder and named)


def _categories(keys: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the categories of a page."""
    key = next((name for name in ("categories", "category") if name in keys), None)
    if key is None:
        return ()
    try:
        return tuple(field_value("page", "topics", keys[key].value, key, lambda _: None))
    except BadValueError:
        return ()


def _events(
    reading: _Reading,
    parser: PageParser,
    on_error: Callable[[BadValueError], object] | None,
    draft_values: Collection[str],
    on_draft: Callable[[str], object] | None,
    span: _Span,
) -> Iterator[Event]:
    """Yield the events of pages, count the others, and warn of named keys that no page has."""
    found, site = reading.found, reading.site
    unseen = {keys[0]: name for name, keys in parser.keys.items() if keys and keys[0] not in DEFAULT_KEYS[name]}
    seen: set[str] = set()
    has_seen_expired = False

    def reason_of(path: str, head: Head | None) -> str | None:
        return reason_not_listed(
            path,
            {} if head is None or EVENT_ID in head.keys else head.keys,
            status_key=parser.keys["status"][0],
            date_key=parser.keys["date"][0],
            drafts=draft_values,
            expired_before=span.expired_before,
            published_by=span.published_by,
            day_of=reading.day_or_none,
        )

    for id_, path in site.paths.items():
        where = str(reading.root / path)
        name = site.languages.name_of(path)
        try:
            content, text, head = reading.head(path)
            page: PageFields | None
            if head is not None:
                unseen = {key: field for key, field in unseen.items() if key not in head.keys}
                reading.tell_of_repeated_keys(where, head)
            reason = reason_of(path, head)
            if reason == EXPIRED and not has_seen_expired:
                has_seen_expired = True
                if reading.is_closed(reason_of):
                    span = span._replace(expired_before=dt.date.min)
                reason = reason_of(path, head)  # now that the dates of all pages are known
            if reason == DRAFT:
                found.drafts += 1
                if on_draft is not None:
                    on_draft(where)
                continue
            if reason is not None:
                found.others[reason] += 1
                continue
            if head is not None:
                page, reason = parser.with_front_matter(where, path, text, head, name), "without title"
            elif (page := parser.without_front_matter(where, text)) is None:
                if not reading.has_notes:
                    reason = "without front matter"
                else:
                    page, reason = parser.of_plain_text(where, path, text, name), "without text"
            if page is not None and page.is_dated_by_name and page.values["date"] > span.published_by:
                page, reason = None, FUTURE
            if page is None:
                found.others[reason or ""] += 1
                continue
            if "translation_key" not in page.values and name.untranslated in site.translated and "id" not in page.values:
                page.values["translation_key"] = name.untranslated
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
            reading.count(event, path, content, head, name, page)
            yield event
    reading.end()
    for key, name_of_field in unseen.items():
        warnings.warn(f"no page has {key!r}, which the {name_of_field} was to be read from", stacklevel=2)


def _content(path: Path) -> bytes:
    """Return the bytes of a page; raises `BadValueError` if the file cannot be read."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        got = f"a file that cannot be read ({error.strerror})"
        raise BadValueError(str(path), None, got, "a page") from None
    if len(content) > MAX_BYTES:  # since it was found, which was when its size was asked for
        raise BadValueError(str(path), None, "a file that has grown", f"a page of at most {MAX_BYTES // 2**20} MiB")
    return content


def _decoded(where: str, content: bytes) -> str:
    """Return the text of a page; raises `BadValueError` if it is not in UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = split_lines(content[: error.start].decode() + "x")
        got = f"byte 0x{content[error.start]:02x} at column {len(before[-1])}"
        raise BadValueError(f"{where}:{len(before)}", None, got, "text in UTF-8") from None
