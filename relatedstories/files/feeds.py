"""Items of feeds (RSS, Atom), of a WordPress export and of a news sitemap, read as a stream.

Read by defusedxml, which refuses entities that a file declares itself and never opens another file or address. It is a thin
layer over Python's own parser, so that a file of any size is read item by item; feedparser holds the whole in memory.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from relatedstories.columns import LeftOut, SourceRow
from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.files.lines import open_bytes
from relatedstories.text.cleaning import clean
from relatedstories.text.titles import plain_title

__all__ = ["read_feed"]

_ATOM = "http://www.w3.org/2005/Atom"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_MEDIA = "http://search.yahoo.com/mrss/"
_RSS = ("", "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/", "http://backend.userland.com/rss2")
_SITEMAP = ("http://www.sitemaps.org/schemas/sitemap/0.9", "https://www.sitemaps.org/schemas/sitemap/0.9")
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_WORDPRESS = "http://wordpress.org/export/"

_ROOTS = ("rss", "RDF", "feed", "urlset")
_KINDS = {"page": "pages", "attachment": "attachments", "nav_menu_item": "menu items", "revision": "revisions"}
_NO_TOPICS = frozenset(["uncategorized", "uncategorised"])
_MAX_ITEM = 1 << 26
"""Maximum number of characters of an item."""

_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_feed(path: Path) -> Iterator[SourceRow]:
    """Yield the fields of each item, or why it is no event.

    Of a WordPress export, only posts that are published and have no password are events. Bodies in HTML become text.

    Raises
    ------
    InputError
        If the file is broken, is none of these or declares entities of its own.
    """
    number, root, ends = 0, "", ""
    try:
        with open_bytes(path) as file:
            stack: list[Element] = []
            parser = iterparse(_Repaired(file), events=("start", "end"), forbid_dtd=False)
            size = 0
            for event, element in parser:
                namespace, name = _split(element.tag)
                if event == "start":
                    if not stack:
                        root = name
                        if root not in _ROOTS:
                            what = "a sitemap of sitemaps" if root == "sitemapindex" else f"XML with the root {shown(root)}"
                            raise InputError(f"{path}: got {what}, expected RSS, Atom, a WordPress export or a news sitemap")
                        ends = {"feed": "entry", "urlset": "url"}.get(root, "item")
                    stack.append(element)
                    continue
                stack.pop()
                size += len(element.text or "")
                if size > _MAX_ITEM:
                    raise InputError(f"{path}: item {number + 1}: got more than {_MAX_ITEM >> 20} MB, expected a shorter one")
                if name == ends and namespace in (*_RSS, _ATOM, *_SITEMAP):
                    number, size = number + 1, 0
                    yield f"{path}: item {number}", _row(f"{path}: item {number}", element, root)
                    element.clear()
                    if stack:
                        stack[-1].remove(element)
    except ParseError as error:
        raise InputError(f"{path}: got broken XML ({error}), expected a whole file") from None
    except DefusedXmlException:
        raise InputError(f"{path}: got XML that declares entities of its own, which are not read for safety") from None
    except (EOFError, OSError, ValueError, LookupError) as error:
        if isinstance(error, (InputError, FileNotFoundError, PermissionError)):
            raise
        raise InputError(f"{path}: got a file that cannot be read ({error}), expected XML") from None


def _row(where: str, item: Element, root: str) -> dict[str, Any] | BadValueError | LeftOut:
    if root == "urlset":
        return _of_sitemap(where, item)
    return _of_atom(item) if root == "feed" else _of_rss(item)


def _of_rss(item: Element) -> dict[str, Any] | LeftOut:
    wordpress = {}
    topics: list[str] = []
    row: dict[str, Any] = {}
    body = summary = None
    for child in item:
        namespace, name = _split(child.tag)
        text = (child.text or "").strip()
        if namespace.startswith(_WORDPRESS):
            wordpress[name] = text
        elif name == "category" or (namespace == _DC and name == "subject"):
            if child.get("domain") in (None, "category", "post_tag", "tag") and text.lower() not in _NO_TOPICS:
                topics.append(plain_title(text))
        elif namespace == _CONTENT and name == "encoded":
            body = text
        elif namespace in _RSS and name == "description":
            summary = _whole_text(child)
        elif namespace in _RSS and name == "title":
            row["title"] = _title(_whole_text(child))
        elif namespace in _RSS and name == "link":
            row["url"] = text
        elif namespace == _ATOM and name == "link" and child.get("rel", "alternate") == "alternate":
            row.setdefault("url", child.get("href"))
        elif name in ("guid", "pubDate") or (namespace == _DC and name == "date"):
            row["date" if name != "guid" else name] = text
        elif name in ("author", "creator") and text:
            row["author"] = text
        else:
            _add_image(row, namespace, name, child)
    if wordpress.get("post_type", "post") != "post":
        kind = wordpress["post_type"]
        return LeftOut(_KINDS.get(kind, f"items of the type {kind}"))
    if wordpress.get("status", "publish") != "publish":
        return LeftOut(f"posts that are {wordpress['status']}", is_draft=True)
    if wordpress.get("post_password"):
        return LeftOut("posts with a password")
    written = wordpress.get("post_date", "")
    if written and not written.startswith("0000"):
        row["date"] = written
    guid = row.pop("guid", None)
    row["id"] = wordpress.get("post_id") or guid or row.get("url")
    row["text"] = clean(body or summary or "").text
    return {name: value for name, value in (row | {"topics": _distinct(topics)}).items() if value}


def _of_atom(item: Element) -> dict[str, Any]:
    row: dict[str, Any] = {}
    topics: list[str] = []
    texts: dict[str, str] = {}
    for child in item:
        namespace, name = _split(child.tag)
        if namespace != _ATOM:
            _add_image(row, namespace, name, child)
        elif name == "title":
            row["title"] = _title(_whole_text(child))
        elif name == "link":
            if child.get("rel", "alternate") == "alternate":
                row.setdefault("url", child.get("href"))
        elif name in ("published", "updated"):
            row[name] = (child.text or "").strip()
        elif name == "id":
            row["id"] = (child.text or "").strip()
        elif name == "category":
            topics.append(child.get("label") or child.get("term") or "")
        elif name == "author":
            row["author"] = next(((part.text or "").strip() for part in child if _split(part.tag)[1] == "name"), None)
        elif name in ("content", "summary"):
            texts[name] = _whole_text(child)
    row["date"] = row.pop("published", None) or row.get("updated")
    row.pop("updated", None)
    row["id"] = row.get("id") or row.get("url")
    row["text"] = clean(texts.get("content") or texts.get("summary") or "").text
    return {name: value for name, value in (row | {"topics": _distinct(topics)}).items() if value}


def _of_sitemap(where: str, item: Element) -> dict[str, Any] | BadValueError:
    row: dict[str, Any] = {}
    for child in item.iter():
        namespace, name = _split(child.tag)
        text = (child.text or "").strip()
        if name == "loc" and namespace in _SITEMAP:
            row["id"] = row["url"] = text
        elif name == "lastmod":
            row.setdefault("date", text)
        elif namespace == _NEWS and name == "title":
            row["title"] = _title(text)
        elif namespace == _NEWS and name == "publication_date":
            row["date"] = text
        elif namespace == _NEWS and name == "keywords":
            row["topics"] = [part.strip() for part in text.split(",") if part.strip()]
        elif namespace == _NEWS and name == "language":
            row["language"] = text
    if "title" not in row:
        return BadValueError(where, "title", "none", "the news:title of a news sitemap, as nothing is fetched")
    return row


def _add_image(row: dict[str, Any], namespace: str, name: str, child: Element) -> None:
    """Add the address of an item's image, if an element has it."""
    kind = child.get("type", "") or child.get("medium", "")
    if (namespace == _MEDIA and name in ("content", "thumbnail") and (not kind or kind.startswith("image"))) or (
        name == "enclosure" and kind.startswith("image")
    ):
        row.setdefault("image", child.get("url"))


def _whole_text(element: Element) -> str:
    """Return the text of an element, with its tags where it holds XHTML."""
    if len(element) == 0:
        return (element.text or "").strip()
    parts = [html.escape(element.text or "", quote=False)]
    for child in element:
        name = _split(child.tag)[1]
        parts += [f"<{name}>", _whole_text(child), f"</{name}>", html.escape(child.tail or "", quote=False)]
    return "".join(parts).strip()


def _title(text: str) -> str:
    return " ".join(plain_title(text).split())


def _distinct(topics: list[str]) -> list[str]:
    return list(dict.fromkeys(topic.strip() for topic in topics if topic.strip()))


def _split(tag: object) -> tuple[str, str]:
    """Return the namespace and the name of a tag."""
    if not isinstance(tag, str):
        return "", ""
    namespace, _, name = tag.rpartition("}")
    return namespace[1:], name


class _Repaired(io.RawIOBase):
    """A stream of XML with the faults repaired that feeds have: control characters, and entities that only HTML knows."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._rest = file, b""
        self._is_wide: bool | None = None

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size if size > 0 else 1 << 16)
        if self._is_wide is None:
            self._is_wide = block.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in block[:4]
            block = block.lstrip() if not self._is_wide else block
        if self._is_wide:
            return block
        data = self._rest + block
        start = data.rfind(b"&", -40) if block else -1
        self._rest = data[start:] if start >= 0 and b";" not in data[start:] else b""
        data = data[: len(data) - len(self._rest)]
        return _ENTITY.sub(_as_number, _CONTROL.sub(b"", data)) or (self.read(size) if block else b"")


def _as_number(found: re.Match[bytes]) -> bytes:
    """Return a named entity of HTML as characters that XML knows."""
    name = found[1].decode()
    if name in ("amp", "lt", "gt", "quot", "apos"):
        return found[0]
    characters = html.unescape(f"&{name};")
    return found[0] if characters.startswith("&") else "".join(f"&#{ord(character)};" for character in characters).encode()
