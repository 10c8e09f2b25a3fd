"""Related links written into the pages of a folder, in place: only what changes is written, and of it only the links."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relatedstories import frontmatter
from relatedstories.atomic import new_file
from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import Event, as_id
from relatedstories.links import Link
from relatedstories.markdown import Section, blank, ending, escaped, lines_of, sections, url_path
from relatedstories.pages import RELATED, SUFFIXES, Pages, check_head, digest, page_paths

__all__ = ["Rewritten", "rewrite", "rewritten"]

_KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_ROOT = re.compile(r"([^\s()<>\\]*/)?")


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


class _EditedError(Exception):
    """A page is no longer what its new links were written into."""


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
    page = paths.get(id_, f"{id_}.md")
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
        For the id of an event whose page would be outside of the folder, by its parts or by symbolic links.

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
    top = Path(os.path.realpath(folder))
    if not top.is_dir():
        raise InputError(f"{folder}: got no folder, expected a folder of pages")
    paths, done = page_paths(top), Rewritten()
    for event, found in links.items() if isinstance(links, Mapping) else links:
        id_ = event.id if isinstance(event, Event) else as_id(event)
        path = paths.get(id_)
        if path is None:
            _check_outside(top, id_)
            done.left_alone[id_] = f"{id_}: is no page of {folder}"
            continue
        links_of = list(found)
        gone = next((link.event.id for link in links_of if link.event.id not in paths), None)
        if gone is not None:
            _check_outside(top, gone)
            done.left_alone[id_] = f"{path}: has a link to {shown(gone)}, which is no page of {folder}"
            continue
        try:
            page = _read(top, path)
            if read is not None and id_ not in read.digests:
                raise InputError(f"{path}: was not read as an event")
            if read is not None and read.digests[id_] != digest(page):
                raise _EditedError
            new = rewritten(page, links_of, path=path, paths=paths, root=root, key=key, head=head, context=context)
            if new is None:
                done.unchanged += 1
            else:
                _replace(top, path, page, new)
                done.changed += 1
        except _EditedError:
            done.left_alone[id_] = f"{path}: was edited since it was read"
        except (InputError, OSError) as error:
            done.left_alone[id_] = str(error)
    return done


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
            raise _EditedError
