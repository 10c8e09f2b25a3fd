"""Where the links in pages lead: paths of pages, their addresses, or the names of notes; and back to the events."""

from __future__ import annotations

import collections
import os
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.pages.addresses import JEKYLL, PageAbout, address_of, is_jekyll_post
from relatedstories.pages.markdown import escaped, url_path
from relatedstories.pages.page_names import LanguageFolders

__all__ = ["PELICAN", "LinkTargets", "check_inside"]

PELICAN = "{filename}"
"""What Pelican replaces by the address of the page whose path follows."""

_WIKI_LINK = re.compile(r"\[\[([^\[\]|]+)(?:\|[^\[\]]*)?\]\]")
_NOT_IN_NAMES = re.compile(r"[#^\[\]|]")


@dataclass(frozen=True)
class LinkTargets:
    """The places of the pages of a folder, as links name them.

    Parameters
    ----------
    root : str or None, default "/"
        The beginning of each link; None for links relative to the page they are on.
    url : str or None, default None
        A pattern of addresses, for pages that have none of their own. None for paths.
    paths : mapping of str to str
        The paths of pages within the folder, by id. Any other id is a path without ``.md``.
    about : mapping of str to PageAbout
        What is known of pages, by id.
    folder : str, default ""
        The path of the folder.

    Examples
    --------
    >>> targets = LinkTargets(paths={"fair": "news/Fair (2).md"})
    >>> targets.of("fair"), targets.of("fair", in_text=True), targets.wiki_link("fair", "The fair")
    ('/news/Fair (2).md', '/news/Fair%20%282%29.md', '[[Fair (2)]]')
    """

    root: str | None = "/"
    url: str | None = None
    paths: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, PageAbout] = field(default_factory=dict)
    folder: str = ""

    def of(self, id_: str, on: str = "", *, in_text: bool = False, in_pelican: bool = False) -> str:
        """Return the target of a link to the page of an event.

        Parameters
        ----------
        id_ : str
        on : str, default ""
            The path of the page that the link is on; needed for relative links.
        in_text : bool, default False
            Whether the link is in the text, where readers follow it, rather than in front matter, where templates look the page
            up by its path.
        in_pelican : bool, default False
            Whether the page that the link is on is of Pelican.

        Raises
        ------
        BadValueError
            If the id leads out of the folder.
        InputError
            If the address has a day, and the page has none.
        """
        page = self.path_of(id_)
        if (address := self._address(id_, page, in_text)) is not None:
            prefix = self.root if self.root and self.root != "/" else ""
            return prefix.removesuffix("/") + address if prefix and address.startswith("/") else address
        if self.root is None:
            relative = posixpath.relpath(page, posixpath.dirname(on) or ".")
            written = url_path(relative) if in_text else relative
            return PELICAN + written if in_pelican else written
        root = f"{PELICAN}/" if in_pelican and self.root == "/" else self.root
        return root + (url_path(page) if in_text or "://" in root else page)

    def path_of(self, id_: str) -> str:
        """Return the path of the page of an event; raises `BadValueError` if it leads out of the folder."""
        if (page := self.paths.get(id_)) is None:
            page = f"{id_}.md"
            check_inside(id_, id_)
        check_inside(id_, page)
        return page

    def _address(self, id_: str, page: str, in_text: bool) -> str | None:
        """Return the address of a page; None for one that links name by its path."""
        if self.url is None and not in_text:
            return None
        about = self.about.get(id_)
        pattern = self.url
        if pattern is None and is_jekyll_post(page, self.folder):
            pattern = JEKYLL
        if about is None:
            if pattern is None:
                return None
            about = PageAbout(None, None, None, (), LanguageFolders(()).name_of(page))
        return address_of(about, page, pattern)

    def wiki_link(self, id_: str, title: str) -> str:
        """Return a link to a note by its name; one in Markdown if its name has a character that means something else there."""
        page = self.path_of(id_)
        stem = os.path.splitext(page)[0]
        name = stem.rpartition("/")[2]
        if _NOT_IN_NAMES.search(stem):
            return f"[{escaped(title)}]({url_path(page)})"
        return f"[[{name}]]" if len(self._ids_by_name.get(name.casefold(), (id_,))) == 1 else f"[[{stem}|{name}]]"

    def id_of(self, target: str, on: str) -> str:
        """Return the id of the event that a link on a page leads to; the target itself if it leads to no page of an event."""
        if (wiki := _WIKI_LINK.fullmatch(target)) is not None:
            ids = self._ids_by_name.get(wiki[1].rpartition("/")[2].casefold(), ())
            exact = [id_ for id_ in ids if os.path.splitext(self.paths[id_])[0] == wiki[1]]
            return next(iter([*exact, *ids]), target)
        root = self.root or ""
        for prefix in (root, f"{PELICAN}/", PELICAN):
            for place in (target.removeprefix(prefix), unquote(target.removeprefix(prefix))):
                if self.root is None:
                    place = posixpath.normpath(posixpath.join(posixpath.dirname(on), place))
                if place in self._ids_by_path:
                    return self._ids_by_path[place]
        return self._ids_by_address.get(target, target)

    @cached_property
    def _ids_by_path(self) -> dict[str, str]:
        return {path: id_ for id_, path in self.paths.items()}

    @cached_property
    def _ids_by_name(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = collections.defaultdict(list)
        for id_, path in self.paths.items():
            names[os.path.splitext(path.rpartition("/")[2])[0].casefold()].append(id_)
        return names

    @cached_property
    def _ids_by_address(self) -> dict[str, str]:
        addresses = {}
        for id_ in self.about:
            try:
                addresses[self.of(id_, in_text=True)] = id_
            except InputError:
                continue
        return addresses


def check_inside(id_: str, path: str) -> None:
    """Raise `BadValueError` if the path of an event's page leads out of the folder."""
    if any(part in {"", ".", ".."} for part in path.split("/")) or "\0" in path or (os.sep == "\\" and {"\\", ":"} & {*path}):
        raise BadValueError("page of an event", "id", shown(id_), "a path within the folder, parts divided by /")
