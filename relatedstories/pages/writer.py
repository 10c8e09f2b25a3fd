"""Related links written into the pages of a folder, in place: only what changes is written, and of it only the links."""

from __future__ import annotations

import errno
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from relatedstories.changes import Change, Contexts
from relatedstories.disk.atomic import check_parent, new_file, remove_leftovers
from relatedstories.disk.locks import locked
from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import Event, as_id
from relatedstories.pages import front_matter as frontmatter
from relatedstories.pages.markdown import Section, blank, ending, escaped, inline_links, lines_of, plain, sections, url_path
from relatedstories.pages.reader import RELATED, SUFFIXES, Pages, check_head, digest, page_paths
from relatedstories.ranking.links import Link

__all__ = ["LinkedPages", "Rewritten", "rewrite", "rewritten"]

_KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_ROOT = re.compile(r"([^\s()<>\\]*/)?")
_NO_USE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""What no page can be written for."""


@dataclass(slots=True)
class Rewritten:
    """What a rewriting did.

    Parameters
    ----------
    changed, unchanged : int
        Pages that were written, and pages that had these links already.
    left_alone : dict of str to str
        By id, why a page was not written: it is gone, was edited since it was read, or cannot be edited.

    Examples
    --------
    >>> print(Rewritten(2, 5, {"a": "news/a.md: was edited since it was read"}))
    2 pages changed, 5 unchanged, 1 left alone
    """

    changed: int = 0
    unchanged: int = 0
    left_alone: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.changed} pages changed, {self.unchanged} unchanged, {len(self.left_alone)} left alone"


class _LeftAloneError(InputError):
    """A page is not written."""


class _EditedError(_LeftAloneError):
    """A page is no longer what its new links were written into."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: was edited since it was read")


def rewritten(
    page: bytes,
    links: Iterable[Link],
    *,
    path: str = "",
    paths: Mapping[str, str] | None = None,
    root: str | None = "/",
    key: str | None = "related",
    head: str = RELATED,
    context: str = "Context",
) -> bytes | None:
    r"""A page with its related links replaced.

    Parameters
    ----------
    page : bytes
        The page as it is on disk, in UTF-8.
    links : iterable of Link
        Best first. None at all take the old links away.
    path : str, default ""
        Where the page is within the folder; needed where `root` is None.
    paths : mapping of str to str, optional
        The pages of events within the folder, by id, as `page_paths` gives them; of others it is the id with ``.md``.
    root : str or None, default "/"
        What links put before the path of a page within the folder, ``/archive/`` say; None for links relative to the page.
    key : str or None, default "related"
        The key of the links in YAML front matter. None for a section in the page there too.
    head, context : str
        The heading of the section, and the word before a link's context.

    Returns
    -------
    bytes or None
        All but the links is as it was, to the byte. None where nothing changes.

    Raises
    ------
    InputError
        Where the page cannot be edited; where the id of a link leads out of the folder.

    Notes
    -----
    With YAML front matter the links are a list under `key`, of mappings of path, title and context. Without, they are a section
    as the old site's pages have it, ``### Related:`` and a list ``1. [title](path) _Context: topic_``, added at the end of a page
    that has none. Titles and contexts are escaped, so that a Markdown parser reads back what they were, less spaces around them.

    Examples
    --------
    >>> links = [Link(Event("news/b", "Snow [heavy]"), 0.5, 1, "Oslo")]
    >>> print(rewritten(b"# Frost in Oslo\n", links).decode())
    # Frost in Oslo
    <BLANKLINE>
    ### Related:
    <BLANKLINE>
    1. [Snow \[heavy\]](/news/b.md) _Context: Oslo_
    <BLANKLINE>
    """
    _check("rewritten", root, key, head, context)
    where = path or "page"
    try:
        text = page.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: got bytes that are not UTF-8 at {error.start}, expected a page in UTF-8") from None
    found = [(link, _target(link, path, paths or {}, root)) for link in links]
    front = frontmatter.find(text, where)
    if front is not None and key is not None:
        items = [_item(link, target) for link, target in found]
        new = frontmatter.with_list(text, front, key, items, where)
    else:
        body = front.body if front else len(text) - len(text.removeprefix("\ufeff"))
        written = [_line(number, link, target, context) for number, (link, target) in enumerate(found, 1)]
        new = text[:body] + _with_section(text[body:], written, head, where)
        if front and new != text and not ending(text[:body]):  # the mark that ends the front matter was the end of the page
            new = text[:body] + ending(lines_of(text)[0]) + new[body:]
    return None if new == text else new.encode()


def _check(call: str, root: object, key: object, head: object, context: object) -> None:
    check_head(call, "head", head)
    if not isinstance(context, str) or not context.strip() or len(lines_of(context)) != 1:
        raise BadValueError(call, "context", shown(context), "a word, such as 'Context'")
    if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise BadValueError(call, "key", shown(key), "a key of letters, digits, - and _, or None")
    if root is not None and not (isinstance(root, str) and _ROOT.fullmatch(root)):
        raise BadValueError(call, "root", shown(root), "what a path is put behind, '/' or '/archive/' say, or None")


def _target(link: Link, path: str, paths: Mapping[str, str], root: str | None) -> str:
    id_ = link.event.id
    if (page := paths.get(id_)) is None:
        page = f"{id_}.md"
        _check_inside(id_, id_)
    _check_inside(id_, page)
    return url_path(posixpath.relpath(page, posixpath.dirname(path) or ".")) if root is None else root + url_path(page)


def _check_inside(id_: str, path: str) -> None:
    if any(part in {"", ".", ".."} for part in path.split("/")) or "\0" in path or (os.sep == "\\" and {"\\", ":"} & {*path}):
        raise BadValueError("page of an event", "id", shown(id_), "a path within the folder, parts divided by /")


def _item(link: Link, target: str) -> dict[str, str]:
    item = {"path": target, "title": link.event.title.strip()}
    return item | {"context": link.context.strip()} if link.context and link.context.strip() else item


def _line(number: int, link: Link, target: str, context: str) -> str:
    label = f" _{escaped(context)}: {escaped(link.context.strip())}_" if link.context and link.context.strip() else ""
    return f"{number}. [{escaped(link.event.title.strip())}]({target}){label}"


def _with_section(text: str, written: Sequence[str], head: str, where: str) -> str:
    lines = lines_of(text)
    found = sections(lines, head)
    if not written:
        return _without(lines, found)
    newline = next((ending(line) for line in reversed(lines) if ending(line)), "\n")
    if not found:
        return _appended(lines, written, head, newline, where)
    section = found[-1]
    newline = ending(lines[section.head]) or newline
    rest = lines[section.end :]
    new = [*lines[section.head : section.start], *([newline] if section.start == section.head + 1 else []), *written]
    if rest and not blank(rest[0]):
        new.append("")  # parts the list from what follows it, which would read as its last item
    new = [line if ending(line) else line + newline for line in new]
    if not rest and not ending(lines[-1]):
        new[-1] = written[-1]
    return "".join(lines[: section.head] + new + rest)


def _without(lines: list[str], found: Iterable[Section]) -> str:
    left = list(lines)
    for section in reversed([section for section in found if section.end > section.start]):
        end = section.end
        if section.head == 0 or blank(left[section.head - 1]):
            while end < len(left) and blank(left[end]):
                end += 1
            left[section.head : end if end < len(left) else section.end] = []
        else:  # what parts the text before it from that after it
            parted = end == len(left) or blank(left[end])
            left[section.head : end] = [] if parted else [ending(left[section.head])]
    return "".join(left)


def _appended(lines: Sequence[str], written: Sequence[str], head: str, newline: str, where: str) -> str:
    old = "".join(lines)
    new = ["" if not lines or ending(lines[-1]) else newline, "" if not lines or blank(lines[-1]) else newline]
    new += [head, newline, newline, newline.join(written), newline if not lines or ending(lines[-1]) else ""]
    text = old + "".join(new)
    if len(sections(lines_of(text), head)) != 1:
        raise InputError(f"{where}: got a page that ends within code or HTML, expected an end where links can be put")
    return text


def rewrite(
    folder: str | os.PathLike[str],
    links: Mapping[str, Iterable[Link]] | Iterable[tuple[Event | str, Iterable[Link]]],
    *,
    read: Pages | None = None,
    root: str | None = "/",
    key: str | None = "related",
    head: str = RELATED,
    context: str = "Context",
) -> Rewritten:
    r"""Write related links into the pages of a folder, each page that changes at once and whole.

    Parameters
    ----------
    folder : path
        The folder that `read_pages` read.
    links : mapping of ids to links, or iterable of (event or id, links)
        As `RelatedStories.all_related` gives them. Pages of other events are not looked at.
    read : Pages, optional
        What `read_pages` found: pages edited since then are left alone. Without it, those edited while they are rewritten.
    root, key, head, context
        As of `rewritten`.

    Returns
    -------
    Rewritten

    Raises
    ------
    InputError
        For the id of an event whose page would be outside of the folder, by its parts or by symbolic links; where another
        writer is at work in the folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("rain", "snow"):
    ...         _ = Path(folder, f"{name}.md").write_text(f"---\ntitle: {name}\n---\n")
    ...     print(rewrite(folder, {"rain": [Link(Event("snow", "Snow"), 0.5, 1, None)], "snow": []}))
    ...     print(Path(folder, "rain.md").read_text())
    1 pages changed, 1 unchanged, 0 left alone
    ---
    title: rain
    related:
      - path: "/snow.md"
        title: "Snow"
    ---
    <BLANKLINE>
    """
    _check("rewrite", root, key, head, context)
    pages = LinkedPages(folder, read, root=root, key=key, head=head, context=context)
    pairs = links.items() if isinstance(links, Mapping) else links
    with pages.locked():
        for _ in pages.take(
            ((event if isinstance(event, Event) else as_id(event), list(found)) for event, found in pairs), False
        ):
            pass
    return pages.done


class LinkedPages:
    r"""The pages of a folder as a place where `relatedstories.refresh.refresh` puts links: into each page those of its event.

    Each page that changes is replaced at once and whole, one after another; a run that is stopped leaves pages with their new
    links and pages with their old ones, and the next run does the rest.

    Parameters
    ----------
    folder, read, root, key, head, context
        As of `rewrite`.

    Attributes
    ----------
    done : Rewritten
        What the last `take` did.

    Examples
    --------
    >>> import tempfile
    >>> from relatedstories import RelatedStories
    >>> from relatedstories.pages.reader import read_pages
    >>> from relatedstories.refresh import refresh
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("Snow in Oslo", "More snow in Oslo"):
    ...         _ = Path(folder, f"{name}.md").write_text(f"---\ntitle: {name}\n---\n")
    ...     report = refresh(RelatedStories(), read_pages(folder), LinkedPages(folder))
    ...     print(report.written, "pages:", Path(folder, "Snow in Oslo.md").read_text())
    2 pages: ---
    title: Snow in Oslo
    related:
      - path: "/More%20snow%20in%20Oslo.md"
        title: "More snow in Oslo"
        context: "Oslo"
    ---
    <BLANKLINE>
    """

    unit = "pages"

    def __init__(
        self,
        folder: str | os.PathLike[str],
        read: Pages | None = None,
        *,
        root: str | None = "/",
        key: str | None = "related",
        head: str = RELATED,
        context: str = "Context",
    ) -> None:
        _check("LinkedPages", root, key, head, context)
        self.folder, self.read = Path(folder), read
        self.root, self.key, self.head, self.context = root, key, head, context
        self.done = Rewritten()

    def __str__(self) -> str:
        return f"the pages of {self.folder}"

    @property
    def written(self) -> int:
        """How many pages the last `take` wrote, or would have."""
        return self.done.changed

    @property
    def _top(self) -> Path:
        return Path(os.path.realpath(self.folder))

    @property
    def checkpoint(self) -> Path:
        """A hidden file in the folder."""
        return self._top / ".relatedstories.topics.extractor"

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` where there is no such folder, or none that can be written to."""
        if not self._top.is_dir():
            raise InputError(f"{self.folder}: got no folder, expected a folder of pages")
        if not dry_run:
            check_parent(self._top / "page.md")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out of the folder, by a hidden file in it; what one that was killed left there goes."""
        self.check(False)
        with locked(self._top / ".relatedstories.lock", str(self)):
            for folder in {self._top, *(self._top / os.path.dirname(path) for path in page_paths(self._top).values())}:
                remove_leftovers(folder)
            yield

    def take(self, links: Iterable[tuple[Event | str, list[Link]]], dry_run: bool) -> Iterator[Change]:
        """Rewrite the page of each event, and tell what changes in it."""
        top, done = self._top, Rewritten()
        self.done = done
        self.check(dry_run)
        paths = page_paths(top) if self.read is None else self.read.paths
        ids = {path: id_ for id_, path in paths.items()}
        for event, found in links:
            id_ = event.id if isinstance(event, Event) else event
            after: Contexts = {link.event.id: link.context for link in found}
            try:
                before = self._rewrite(top, id_, found, paths, ids, dry_run)
            except _LeftAloneError as error:
                done.left_alone[id_] = str(error)
                yield Change(id_, after, after, False, str(error))
            else:
                done.unchanged += before is _SAME
                done.changed += before is not _SAME
                yield Change(id_, after if before is _SAME else before, after, before is not _SAME)

    def _rewrite(
        self, top: Path, id_: str, found: list[Link], paths: Mapping[str, str], ids: Mapping[str, str], dry_run: bool
    ) -> Contexts | None:
        """Rewrite the page of an event; gives the links it had, `_SAME` where they are these."""
        if (path := paths.get(id_)) is None:
            _check_outside(top, id_)
            raise _LeftAloneError(f"{id_}: is no page of {self.folder}")
        gone = next((link.event.id for link in found if link.event.id not in paths), None)
        if gone is not None:
            _check_outside(top, gone)
            raise _LeftAloneError(f"{path}: has a link to {shown(gone)}, which is no page of {self.folder}")
        how: dict[str, Any] = {"root": self.root, "key": self.key, "head": self.head, "context": self.context}
        try:
            page = _read(top, path)
            if self.read is not None and self.read.digests[id_] != digest(page):
                raise _EditedError(path)
            new = rewritten(page, found, path=path, paths=paths, **how)
            if new is None:
                return _SAME
            before = _listed(page.decode(), path, ids, **how)
            if not dry_run:
                _replace(top, path, page, new)
        except OSError as error:
            if error.errno in _NO_USE:
                raise
            raise _LeftAloneError(f"{path}: cannot be written ({error.strerror})") from None
        except _LeftAloneError:
            raise
        except InputError as error:
            raise _LeftAloneError(str(error)) from None
        return before


_SAME: Contexts = {}


def _listed(
    text: str, path: str, ids: Mapping[str, str], root: str | None, key: str | None, head: str, context: str
) -> Contexts | None:
    """The links that a page has, with their contexts; None where it has no place for them."""
    front = frontmatter.find(text, path)
    found: list[tuple[str, str | None]]
    if front is not None and key is not None:
        keys = frontmatter.read(text, front, path)
        if key not in keys:
            return None
        value = keys[key].value
        items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
        found = [(str(item.get("path")), _said(item.get("context"))) for item in items]
    else:
        lines = lines_of(text)
        placed = sections(lines, head)
        if not placed:
            return None
        label = re.compile(rf"_{re.escape(escaped(context))}: (.*)_\s*$")
        found = []
        for line in lines[placed[-1].start : placed[-1].end]:
            said = label.search(line)
            found += [(target, said and plain(said[1])) for _, target in inline_links(line)[:1]]
    return {_id_of(target, path, ids, root): label_of for target, label_of in found}


def _said(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _id_of(target: str, path: str, ids: Mapping[str, str], root: str | None) -> str:
    """The id of the event whose page a link leads to; the target itself where that is none."""
    place = unquote(target.removeprefix(root or ""))
    if root is None:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(path), place))
    return ids.get(place, target)


def _check_outside(top: Path, id_: str) -> None:
    """Raise where an id names a place outside of the folder; what is merely no page may have been one."""
    _check_inside(id_, id_)
    for suffix in ("", *SUFFIXES):
        if not Path(os.path.realpath(top / f"{id_}{suffix}")).is_relative_to(top):
            raise BadValueError(
                "page of an event", "id", shown(id_), "a path within the folder, not by a symbolic link out of it"
            )


def _read(top: Path, path: str) -> bytes:
    place = top / path
    if Path(os.path.realpath(place)) != place:
        raise InputError(f"{path}: got a symbolic link, expected a page within the folder")
    return place.read_bytes()


def _replace(top: Path, path: str, old: bytes, new: bytes) -> None:
    with new_file(top / path) as file:
        file.write(new.decode())
        file.flush()
        if _read(top, path) != old:
            raise _EditedError(path)
