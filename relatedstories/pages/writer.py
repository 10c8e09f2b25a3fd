"""Write related links into the pages of a folder in place: only pages whose links change, and in them only the links."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from relatedstories.changes import Change, Labels
from relatedstories.counts import counted
from relatedstories.disk.atomic import check_parent, new_file, remove_leftovers
from relatedstories.disk.locks import locked
from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import Event, as_id
from relatedstories.pages.discovery import OTHER_SUFFIXES, SUFFIXES, page_paths
from relatedstories.pages.link_targets import LinkTargets, check_inside
from relatedstories.pages.reader import Pages, page_digest, read_pages
from relatedstories.pages.rewriting import LinkFormat, links_of_page, rewrite_page
from relatedstories.text.languages import language_of_event
from relatedstories.text.terms import ENGLISH

if TYPE_CHECKING:
    from relatedstories.ranking.links import Link

__all__ = ["LinkedPages", "Rewritten", "rewrite"]

_FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""Errors of the file system after which no other page could be written either."""


@dataclass(slots=True)
class Rewritten:
    """Counts of the pages that `rewrite` wrote, and the pages that it left alone.

    Parameters
    ----------
    changed, unchanged : int
        Number of pages that were written, and of pages that had these links already.
    left_alone : dict of str to str
        The reason why a page was not written, by id: it is gone, was edited since it was read, or cannot be edited.

    Examples
    --------
    >>> print(Rewritten(2, 5, {"a": "news/a.md: was edited since it was read"}))
    2 pages changed, 5 unchanged, 1 left alone
    """

    changed: int = 0
    unchanged: int = 0
    left_alone: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{counted(self.changed, 'pages')} changed, {self.unchanged} unchanged, {len(self.left_alone)} left alone"


class _LeftAloneError(InputError):
    """A page that is not written."""


class _EditedError(_LeftAloneError):
    """A page that has changed since it was read."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: was edited since it was read")


def rewrite(
    folder: str | os.PathLike[str],
    links: Mapping[str, Iterable[Link]] | Iterable[tuple[Event | str, Iterable[Link]]],
    *,
    read: Pages | None = None,
    root: str | None = "/",
    key: str | None = "related",
    head: str | None = None,
    context: str | None = None,
    url: str | None = None,
    wiki: bool | None = None,
) -> Rewritten:
    r"""Write related links into the pages of a folder, replacing each page that changes as a whole.

    Parameters
    ----------
    folder : path
        The folder that `read_pages` read.
    links : mapping of ids to links, or iterable of (event or id, links)
        As `RelatedStories.all_related` returns them. Pages of other events stay as they are.
    read : Pages, optional
        What `read_pages` found: pages edited since then are left alone. Without it, only pages edited while they are rewritten.
    root : str or None, default "/"
        The beginning of each link, before the path of the page within the folder: ``/archive/`` for example. None for links
        relative to the page.
    key : str or None, default "related"
        The front matter key of the links. None for a section in pages with front matter, too.
    head, context : str, optional
        The heading of the section, and the word before a link's contexts. By default they are in the language of the event,
        for which see `relatedstories.pages.words`, and a section with the heading in any language is replaced.
    url : str, optional
        A pattern of addresses, such as ``/:year/:month/:slug/``: links lead to the addresses of pages, their own or those of the
        pattern, instead of their paths. Without it, only links in the text of Jekyll's posts and links to pages with an address
        of their own do.
    wiki : bool, optional
        Whether links are written as Obsidian reads them: ``[[Name of a note]]``. By default they are in a folder of notes: one
        with Obsidian's settings, or one without a site builder whose pages are named by their titles.

    Returns
    -------
    Rewritten

    Raises
    ------
    InputError
        For the id of an event whose page would be outside the folder, by its parts or by symbolic links; or if another
        writer is at work in the folder.

    Examples
    --------
    >>> import tempfile
    >>> from relatedstories import Link
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("rain", "snow"):
    ...         _ = Path(folder, f"{name}.md").write_text(f"---\ntitle: {name}\n---\n")
    ...     print(rewrite(folder, {"rain": [Link(Event("snow", "Snow"), 0.5, 1)], "snow": []}))
    ...     print(Path(folder, "rain.md").read_text())
    1 page changed, 1 unchanged, 0 left alone
    ---
    title: rain
    related:
      - path: "/snow.md"
        title: "Snow"
    ---
    <BLANKLINE>
    """
    LinkFormat(root, key, head, context, url, wiki).check("rewrite")
    pages = LinkedPages(folder, read, root=root, key=key, head=head, context=context, url=url, wiki=wiki)
    pairs = links.items() if isinstance(links, Mapping) else links
    with pages.locked():
        checked = ((event if isinstance(event, Event) else as_id(event), list(found)) for event, found in pairs)
        for _ in pages.take(checked, dry_run=False):
            pass
    return pages.done


class LinkedPages:
    r"""The pages of a folder as the target of `relatedstories.refresh.refresh`: each page gets the links of its event.

    Pages that change are replaced one after another, each as a whole. A run that is stopped leaves some pages with new links and
    the others with old ones; the next run does the rest.

    Parameters
    ----------
    folder, read, root, key, head, context, url, wiki
        The parameters of `rewrite`.

    Attributes
    ----------
    done : Rewritten
        The counts of the last `take`.

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
      - path: "/More snow in Oslo.md"
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
        head: str | None = None,
        context: str | None = None,
        url: str | None = None,
        wiki: bool | None = None,
    ) -> None:
        self.folder, self.read = Path(folder), read
        self.link_format = LinkFormat(root, key, head, context, url, wiki)
        self.link_format.check("LinkedPages")
        self.done = Rewritten()
        self.left_pages: dict[str, str] = {}

    def __str__(self) -> str:
        return f"the pages of {self.folder}"

    @property
    def written(self) -> int:
        """Number of pages that the last `take` wrote, or would have written in a dry run."""
        return self.done.changed

    @property
    def _top(self) -> Path:
        """The folder without symbolic links."""
        return Path(os.path.realpath(self.folder))

    @property
    def checkpoint(self) -> Path:
        """The hidden file in the folder where a run keeps the topics it has found so far."""
        return self._top / ".relatedstories.topics.extractor"

    def check(self, dry_run: bool) -> None:
        """Raise `InputError` if there is no such folder, or it cannot be written to."""
        if not self._top.is_dir():
            raise InputError(f"{self.folder}: got no folder, expected a folder of pages")
        if not dry_run:
            check_parent(self._top / "page.md")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out of the folder by a hidden file in it, and remove what killed writers left there."""
        self.check(False)
        with locked(self._top / ".relatedstories.lock", str(self)):
            for folder in {self._top, *(self._top / os.path.dirname(path) for path in page_paths(self._top).values())}:
                remove_leftovers(folder)
            yield

    def form(self) -> str | None:
        """Return a digest of the form of links; None between notes, whose links depend on the names of all notes."""
        if self.read is None or (self.read.are_notes if self.link_format.wiki is None else self.link_format.wiki):
            return None
        return hashlib.sha256(repr(self.link_format).encode(errors="surrogatepass")).hexdigest()

    def pages(self) -> dict[str, str] | None:
        """Return the digest of each page as its event was read from it, by id; None if that is not known."""
        return None if self.read is None else {id_: digest.hex() for id_, digest in self.read.digests.items()}

    def take(self, links: Iterable[tuple[Event | str, list[Link] | None]], dry_run: bool) -> Iterator[Change]:
        """Rewrite the page of each event and yield the change of its links; pages of events without a list stay as they are."""
        top, done = self._top, Rewritten()
        self.done = done
        self.left_pages = left = {} if dry_run else self.pages() or {}
        self.check(dry_run)
        targets, link_format = self._targets(top)
        for event, new_links in links:
            id_ = event.id if isinstance(event, Event) else event
            if new_links is None:
                done.unchanged += 1
                continue
            language = language_of_event(event) if isinstance(event, Event) else ENGLISH
            after: Labels = {link.event.id: link.label for link in new_links}
            try:
                changed, before = self._rewrite(top, id_, language, new_links, targets, link_format, dry_run)
            except _LeftAloneError as error:
                done.left_alone[id_] = str(error)
                left.pop(id_, None)
                yield Change(id_, after, after, False, str(error))
            else:
                done.unchanged += not changed
                done.changed += changed
                yield Change(id_, before if changed else after, after, changed)

    def _targets(self, top: Path) -> tuple[LinkTargets, LinkFormat]:
        """Return where links lead, and their form in this folder."""
        link_format, read = self.link_format, self.read
        if read is None:
            paths, read = page_paths(top), Pages()
            for _ in read_pages(top, on_error=_ignore, on_remark=_ignore, found=read):
                pass
        else:
            paths = read.paths
        if link_format.wiki is None:
            link_format = replace(link_format, wiki=read.are_notes and link_format.url is None)
        return LinkTargets(link_format.root, link_format.url, paths, read.about, top.as_posix()), link_format

    def _rewrite(
        self,
        top: Path,
        id_: str,
        language: str,
        links: list[Link],
        targets: LinkTargets,
        link_format: LinkFormat,
        dry_run: bool,
    ) -> tuple[bool, Labels | None]:
        """Rewrite the page of an event; return whether it changes, and if so the links it had."""
        paths = targets.paths
        if (path := paths.get(id_)) is None:
            _check_real_path_inside(top, id_)
            raise _LeftAloneError(f"{id_}: is no page of {self.folder}")
        missing = next((link.event.id for link in links if link.event.id not in paths), None)
        if missing is not None:
            _check_real_path_inside(top, missing)
            raise _LeftAloneError(f"{path}: has a link to {shown(missing)}, which is no page of {self.folder}")
        try:
            page = _read(top, path)
            if self.read is not None and self.read.digests[id_] != page_digest(page):
                raise _EditedError(path)
            new = rewrite_page(page, links, link_format=link_format, path=path, targets=targets, language=language)
            if new is None:
                return False, None
            before = links_of_page(page.decode(), path, targets, link_format)
            if not dry_run:
                _replace(top, path, page, new)
                self.left_pages[id_] = page_digest(new).hex()
        except OSError as error:
            if error.errno in _FATAL:
                raise
            raise _LeftAloneError(f"{path}: cannot be written ({error.strerror})") from None
        except _LeftAloneError:
            raise
        except InputError as error:
            raise _LeftAloneError(str(error)) from None
        return True, before


def _ignore(_: object) -> None:
    """Do nothing about a page that cannot be read: it is named when links are to be written into it."""


def _check_real_path_inside(top: Path, id_: str) -> None:
    """Raise `BadValueError` if an id leads out of the folder; an id that is merely no page may have been one before."""
    check_inside(id_, id_)
    for suffix in ("", *SUFFIXES, *OTHER_SUFFIXES):
        if not Path(os.path.realpath(top / f"{id_}{suffix}")).is_relative_to(top):
            raise BadValueError(
                "page of an event", "id", shown(id_), "a path within the folder, not by a symbolic link out of it"
            )


def _read(top: Path, path: str) -> bytes:
    """Return the content of a page; raises `InputError` for a symbolic link."""
    place = top / path
    if Path(os.path.realpath(place)) != place:
        raise InputError(f"{path}: got a symbolic link, expected a page within the folder")
    return place.read_bytes()


def _replace(top: Path, path: str, old: bytes, new: bytes) -> None:
    """Replace a page, unless it is no longer as it was read."""
    with new_file(top / path) as file:
        file.write(new.decode())
        file.flush()
        if _read(top, path) != old:
            raise _EditedError(path)
