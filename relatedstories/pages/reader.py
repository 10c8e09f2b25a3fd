"""Folders of Markdown pages as archives: which of the files are events, and what their pages say of them."""

from __future__ import annotations

import collections
import hashlib
import os
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from relatedstories.errors import BadValueError, InputError, shown, shown_names
from relatedstories.events import FIELDS, Event, parse_date
from relatedstories.pages import front_matter as frontmatter
from relatedstories.pages.front_matter import Key, Value
from relatedstories.pages.markdown import blank, heading, inline_links, lines_of, plain, sections
from relatedstories.pages.mojibake import mended
from relatedstories.records import DRAFTS, READ_FIELDS, check_drafts

__all__ = ["DAY_PAGES", "EVENT_ID", "RELATED", "SOURCES", "SUFFIXES", "Pages", "check_head", "digest", "page_paths", "read_pages"]

SUFFIXES = (".md", ".markdown", ".mkd", ".mdown")
DAY_PAGES = ("index", "readme", "_index")
"""Names, less the suffix, of pages that list events and are none."""
RELATED = "### Related:"
SOURCES = "### Sources:"
EVENT_ID = "event_id"
"""The key of front matter that pages of `relatedstories.export` have: all that they say of the event is read as it stands."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "text": (),
    "date": ("date",),
    "heading": ("heading",),
    "topics": ("topics", "tags", "keywords", "categories", "category"),
    "url": ("url", "permalink"),
    "sources": ("sources", "source"),
    "status": ("status",),
}
"""The keys of front matter that each field is read from; the text is the body of the page."""
_DATED = re.compile(r"\[(\d{4}-\d{1,2}-\d{1,2})\]\(")
_DATED_NAME = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})-.")  # of a post of Jekyll
_BLANKS = re.compile(r"\n(?:[ \t]*\n){2,}")
_DRAFTS = "_drafts"  # a folder of Jekyll's
_FORMATS = "Formats:"


@dataclass(slots=True)
class Pages:
    """What was found in a folder of pages, counted while it is read.

    Parameters
    ----------
    events, drafts, broken : int
        Pages that are events, that are not to be published yet, and that cannot be read.
    others : Counter
        How many files are neither, by the reason.
    digests : dict of str to bytes
        Of each event's id, the digest of its page as it was read: see `relatedstories.pages.rewrite`.
    paths : dict of str to str
        And the path of its page within the folder.

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


class _Page(NamedTuple):
    """The fields of an event as a page has them, and the lines they stand on."""

    values: dict[str, Any]
    lines: dict[str, int]


def read_pages(
    folder: str | os.PathLike[str],
    fields: Mapping[str, str] | None = None,
    *,
    on_error: Callable[[BadValueError], object] | None = None,
    drafts: Collection[str] = DRAFTS,
    on_draft: Callable[[str], object] | None = None,
    found: Pages | None = None,
    related: str = RELATED,
    sources: str = SOURCES,
) -> Iterator[Event]:
    r"""Read the events of all Markdown pages in a folder and the folders in it.

    Parameters
    ----------
    folder : path
        Its pages are events if they have YAML front matter, lines ``Title: ...`` at their head, or a heading with a date
        (``### [2016-12-1](...)``) before the heading that is their title. Hidden files and folders, symbolic links, drafts and
        pages that list a day's events (index.md, README.md, _index.md) are left out.
    fields : mapping of str to str, optional
        For fields of `Event`, the key of front matter that each is read from, where it is another: ``{"topics": "labels"}``.
        By default topics are read from topics, tags, keywords, categories and category together, and the text from the body.
        Drafts are told by draft, status and published, and their folder _drafts; ``{"status": "state"}`` names another key.
    on_error : callable, optional
        Called with the error of each page that cannot be read; the page is skipped. By default the error is raised.
    drafts, on_draft
        As of `relatedstories.read_events`.
    found : Pages, optional
        Counts what is found, and keeps the digests of the pages that are read.
    related, sources : str
        The headings of these sections; neither is part of an event's text.

    Yields
    ------
    Event
        In the order of their paths. The id is the path within the folder, parts divided by ``/``, less the suffix unless that
        makes two alike; of a page with the key event_id in its front matter it is that, and the text is what follows the title.
        Quotes and accents that were garbled by Windows-1252 are mended.

    Raises
    ------
    BadValueError
        For a page that cannot be read, with its line, field, what was got and what was expected.
    InputError
        Where there is no such folder, or no page in it.

    Warns
    -----
    UserWarning
        After the last page, if none has a key that `fields` names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "rain.md").write_text("---\ntitle: Rain in Wales\ntags: [Wales]\n---\nIt pours.\n")
    ...     list(read_pages(folder))
    [Event(id='rain', title='Rain in Wales', text='It pours.', date=None, heading=None, topics=('Wales',), url=None, sources=())]
    """
    if on_error is not None and not callable(on_error):
        raise BadValueError("read_pages", "on_error", shown(on_error), "a function of an error, or None")
    keys = _keys({} if fields is None else fields)
    values = check_drafts("read_pages", drafts)
    check_head("read_pages", "related", related)
    check_head("read_pages", "sources", sources)
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"{root}: got no folder, expected a folder of pages")
    found = Pages() if found is None else found
    paths = page_paths(root, found.others)
    if not paths:
        raise InputError(f"{root}: got a folder without pages of events, expected some in Markdown ({', '.join(SUFFIXES)})")
    return _events(root, paths, keys, on_error, values, on_draft, found, related, sources)


def _keys(fields: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
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
    taken = {key for keys in mapped.values() for key in keys}
    return {name: mapped.get(name) or tuple(key for key in keys if key not in taken) for name, keys in _KEYS.items()}


def check_head(call: str, name: str, value: object) -> None:
    """Raise `BadValueError` for what cannot be the heading of a section."""
    if not isinstance(value, str) or len(lines_of(value)) != 1 or not (heading(value) or (0, ""))[1] or value != value.strip():
        raise BadValueError(call, name, shown(value), f"a heading in Markdown, such as {RELATED!r}")


def digest(page: bytes) -> bytes:
    """What tells whether a page is still as it was read."""
    return hashlib.blake2b(page, digest_size=16).digest()


def page_paths(folder: Path, others: collections.Counter[str] | None = None) -> dict[str, str]:
    """The path within the folder of each Markdown page that may be an event, by the event's id, sorted.

    Hidden files and folders are not looked at; what else is left out is counted in `others`. Symbolic links are not followed:
    those that lead out of the folder are not of the archive, and the others would make two events of one.
    """
    others = collections.Counter() if others is None else others
    paths: list[str] = []
    for top, folders, files in os.walk(folder, onerror=_unreadable):
        links = {name for name in (*folders, *files) if not name.startswith(".") and os.path.islink(os.path.join(top, name))}
        others.update(["symbolic link"] * len(links))
        folders[:] = [name for name in folders if not name.startswith(".") and name not in links]
        within = Path(top).relative_to(folder)
        for name in files:
            if name.startswith(".") or name in links:
                continue
            if not name.lower().endswith(SUFFIXES):
                others["not Markdown"] += 1
            elif os.path.splitext(name)[0].lower() in DAY_PAGES:
                others["day page"] += 1
            elif not _is_text(path := (within / name).as_posix()):
                others["name not in UTF-8"] += 1
            else:
                paths.append(path)
    paths.sort()
    bare = {path: os.path.splitext(path)[0] for path in paths}
    used = collections.Counter(bare.values()) + collections.Counter(paths)
    return {path if used[bare[path]] > 1 else bare[path]: path for path in paths}


def _unreadable(error: OSError) -> None:
    raise InputError(f"{error.filename}: got a folder that cannot be read ({error.strerror}), expected one that can")


def _is_text(path: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _events(
    root: Path,
    paths: Mapping[str, str],
    keys: Mapping[str, tuple[str, ...]],
    on_error: Callable[[BadValueError], object] | None,
    drafts: Collection[str],
    on_draft: Callable[[str], object] | None,
    found: Pages,
    related: str,
    sources: str,
) -> Iterator[Event]:
    unseen = {wanted[0]: name for name, wanted in keys.items() if wanted and wanted[0] not in _KEYS[name]}
    seen: set[str] = set()
    for id_, path in paths.items():
        where = str(root / path)
        try:
            content = _content(root / path)
            text = mended(_decoded(where, content))
            front = _front(where, text)
            if front is not None:
                values = {name.casefold(): key for name, key in front[0].items()}
                unseen = {key: name for key, name in unseen.items() if key not in values}
                if _is_draft(path, values, keys["status"][0], drafts):
                    found.drafts += 1
                    if on_draft is not None:
                        on_draft(where)
                    continue
                page: _Page | None = _with_front(where, path, text, front[1], values, keys, related, sources)
            else:
                page = _without_front(where, text, related, sources)
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
            found.digests[event.id] = digest(content)
            found.paths[event.id] = path
            yield event
    for key, name in unseen.items():
        warnings.warn(f"no page has {key!r}, which the {name} was to be read from", stacklevel=2)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        got = f"a file that cannot be read ({error.strerror})"
        raise BadValueError(str(path), None, got, "a page") from None


def _decoded(where: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = lines_of(content[: error.start].decode() + "x")
        got = f"byte 0x{content[error.start]:02x} at column {len(before[-1])}"
        raise BadValueError(f"{where}:{len(before)}", None, got, "text in UTF-8") from None


def _front(where: str, text: str) -> tuple[dict[str, Key], int] | None:
    """The keys at the head of a page and where its body begins; None where it has none."""
    if (front := frontmatter.find(text, where)) is not None:
        return frontmatter.read(text, front, where), front.body
    keys, body = frontmatter.header_lines(text)
    return (keys, body) if any(name.casefold() == "title" for name in keys) else None


def _is_draft(path: str, keys: Mapping[str, Key], status_key: str, drafts: Collection[str]) -> bool:
    said = {name: keys[name].value for name in ("draft", status_key, "published") if name in keys}
    draft, status, published = (str(said.get(name)).strip().casefold() for name in ("draft", status_key, "published"))
    return (
        draft in {"true", "yes", "on"}
        or status in drafts
        or published in {"false", "no", "off"}
        or _DRAFTS in path.split("/")[:-1]
    )


def _with_front(
    where: str,
    path: str,
    text: str,
    body: int,
    front: Mapping[str, Key],
    keys: Mapping[str, tuple[str, ...]],
    related: str,
    sources: str,
) -> _Page:
    lines = lines_of(text[body:])
    first = next((number for number, line in enumerate(lines) if not blank(line)), None)
    top = heading(lines[first]) if first is not None else None
    values: dict[str, Any] = {}
    places: dict[str, int] = {}
    exported = EVENT_ID in front
    for name, wanted in keys.items():
        for key in wanted if name in FIELDS else ():
            if key not in front or front[key].value in (None, "", []):
                continue
            place = f"{where}:{front[key].line}"
            value = (_as_it_stands if exported else _field)(place, name, front[key].value)
            if name not in values:
                values[name], places[name] = value, front[key].line
            elif name == "topics":
                values[name] += [topic for topic in value if topic not in values[name]]
    if exported:
        values["id"], places["id"] = front[EVENT_ID].value, front[EVENT_ID].line
        head = next((number for number, line in enumerate(lines) if (heading(line) or (0, ""))[0] == 1), -1)
        lines = lines[head + 1 :]
    elif first is not None and top and top[0] == 1 and (title := plain(top[1]).strip()):
        if "title" not in values:
            values["title"], places["title"] = title, len(lines_of(text[:body])) + first + 1
        if values["title"] == title:
            lines[first] = ""  # not a second time, in the text
    stem = os.path.splitext(path.rpartition("/")[2])[0]
    if "title" not in values and " " in stem:  # a note of Obsidian's, whose name is its title; others' are slugs
        values["title"] = stem
    if "title" not in values:
        got = f"no {shown(keys['title'][0])} among {shown_names(front)}"
        raise BadValueError(f"{where}:1", "title", got, "the title of the event")
    if "date" not in values and not exported and (dated := _DATED_NAME.match(stem)):
        values["date"], places["date"] = parse_date(dated[1], where, "date of the name"), 1
    rest, listed = _body(lines, related, sources, exported)
    values.setdefault("text", rest)
    values.setdefault("sources", listed)
    return _Page(values, places)


def _without_front(where: str, text: str, related: str, sources: str) -> _Page | None:
    """A page whose headings say all: ``### [date](...)``, ``##### heading``, ``# title``."""
    lines = lines_of(text.removeprefix("\ufeff"))
    values: dict[str, Any] = {}
    places: dict[str, int] = {}
    for number, line in enumerate(lines):
        level, said = heading(line) or (0, line)
        if not level and "date" not in values and said.startswith(_FORMATS):
            links = {name: target for name, target in inline_links(said) if target}
            values["url"], places["url"] = links.get("HTML"), number + 1
        elif level == 3 and "date" not in values and (dated := _DATED.match(said)):
            values["date"], places["date"] = parse_date(dated[1], f"{where}:{number + 1}"), number + 1
        elif level == 5 and "date" in values and said:
            values["heading"], places["heading"] = plain(said).strip(), number + 1
        elif level == 1 and "date" in values:
            values["title"], places["title"] = plain(said).strip(), number + 1
            values["text"], values["sources"] = _body(lines[number + 1 :], related, sources)
            return _Page(values, places)
    if "date" in values:
        raise BadValueError(f"{where}:{places['date']}", "title", "no heading '# ...' after the date", "the title of the event")
    return None


def _body(lines: list[str], related: str, sources: str, exported: bool = False) -> tuple[str, list[str | tuple[str, str]]]:
    """The text of a page without its sections of sources and related events, and the sources."""
    listed: list[str | tuple[str, str]] = []
    ends = {section.head: section.end for section in sections(lines, related)}
    for section in sections(lines, sources):
        ends[section.head] = section.end
        for line in lines[section.start : section.end]:
            listed += [(name.strip(), url) for name, url in inline_links(line)]
    text: list[str] = []
    number = 0
    while number < len(lines):
        if number in ends:
            number = ends[number]
            text.append("")
        else:
            text.append(lines[number].rstrip("\r\n"))
            number += 1
    rest = _BLANKS.sub("\n\n", "\n".join(text))
    return plain(rest.strip("\n")) if exported else plain(rest).strip(), listed


def _field(where: str, name: str, value: Value) -> Any:
    """The value of a key as the field of an event."""
    if name == "topics":
        return _topics(where, value)
    if name == "sources":
        return [_source(where, item) for item in (value if isinstance(value, list) else [value])]
    if not isinstance(value, str):
        raise BadValueError(where, name, _kind(value), "a text")
    return parse_date(value, where) if name == "date" else value.strip()


def _as_it_stands(where: str, name: str, value: Value) -> Any:
    """The value of a key of an exported page: a text keeps its spaces, a topic its "#"."""
    if name == "sources" and isinstance(value, list):
        return [item if isinstance(item, str) else _source(where, item) for item in value]
    return value if isinstance(value, str) is (name in ("title", "heading", "url")) else _field(where, name, value)


def _topics(where: str, value: Value) -> list[str]:
    if isinstance(value, str):
        parts: list[Value] = [*value.split(";" if ";" in value else ",")]
    elif isinstance(value, list):
        parts = value
    else:
        raise BadValueError(where, "topics", _kind(value), "a list of texts")
    topics: dict[str, None] = {}
    for part in parts:
        if part is not None and not isinstance(part, str):
            raise BadValueError(where, "topics", f"a list with {_kind(part)} in it", "a list of texts")
        if name := (part or "").strip().lstrip("#").strip():  # Obsidian's tags may begin with it
            topics[name] = None
    return list(topics)


def _source(where: str, value: Value) -> str | tuple[str, str]:
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, dict):
        name = next((value[key] for key in ("name", "title") if key in value), None)
        url = next((value[key] for key in ("url", "link") if key in value), None)
        if len(value) == 1:
            name, url = next(iter(value.items()))
        if isinstance(name, str) and isinstance(url, str):
            return name, url
    raise BadValueError(where, "sources", f"a list with {_kind(value)} in it", "texts, or mappings with a name and a url")


def _kind(value: Value) -> str:
    """What kind of value it is; the value itself may be of any size, as aliases repeat it."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    return "nothing" if value is None else "an empty text"
