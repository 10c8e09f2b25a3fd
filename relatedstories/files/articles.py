"""A file that is one article: a page in HTML, or plain text."""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from relatedstories.columns import SourceRow
from relatedstories.errors import BadValueError, shown
from relatedstories.files.lines import read_lines
from relatedstories.text.cleaning import clean
from relatedstories.text.titles import first_sentence, plain_title

__all__ = ["article_of_text", "read_article"]

_MAX_ARTICLE = 1 << 25
"""Maximum number of characters of an article."""

_LEFT_OUT_NAMES = """
    aside button code dialog fieldset figcaption footer form head iframe menu nav noscript pre script select style svg template
    textarea
"""
_LEFT_OUT = frozenset(_LEFT_OUT_NAMES.split())
"""Elements that are no part of an article's text."""
_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_VOID = frozenset(_VOID_NAMES.split())
_BLOCK_NAMES = """
    address article blockquote br dd div dl dt figure h1 h2 h3 h4 h5 h6 header hr li main ol p section table td th tr ul
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_UNENDED = re.compile("<[A-Za-z/!?]")
_DATED_NAME = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
_TITLES = ("og:title", "twitter:title", "dc.title")
_DATES = ("article:published_time", "datepublished", "date", "dc.date", "dcterms.created", "pubdate", "publish-date")


def read_article(
    path: Path, id_: str, encoding: str | None = None, on_remark: Callable[[str], object] = lambda _: None
) -> Iterator[SourceRow]:
    """Yield the one row that a file of HTML or plain text is.

    Of HTML, the title is that of the metadata, the first heading or the window, and the text that of the article, without
    navigation, captions, code and forms. Of plain text, the first line is the title if an empty line or the end follows it, and
    otherwise the first sentence. A day at the beginning of the name is the date, unless the page has one.
    """
    text = "".join(read_lines(path, encoding, on_remark))
    if len(text) > _MAX_ARTICLE:
        yield str(path), BadValueError(str(path), None, f"{len(text)} characters", f"at most {_MAX_ARTICLE} in one article")
        return
    is_html = path.name.lower().endswith((".html", ".htm", ".xhtml"))
    row: dict[str, Any] = _of_html(text) if is_html else article_of_text(text)
    if not row.get("title"):
        yield str(path), BadValueError(str(path), "title", shown(text[:40]), "an article with words")
        return
    dated = _DATED_NAME.match(path.name)
    if dated is not None:
        row.setdefault("date", dated[0])
    yield str(path), {"id": id_} | row


def article_of_text(text: str) -> dict[str, Any]:
    """Return the title and the text of plain text: its first line if an empty one follows, otherwise its first sentence."""
    text = text.lstrip("\ufeff").strip()
    lines = text.splitlines()
    if len(lines) > 1 and not lines[1].strip():
        return {"title": lines[0].strip(), "text": "\n".join(lines[1:]).strip()}
    title = first_sentence(text)
    return {"title": title, "text": "" if title == text else text}


def _of_html(text: str) -> dict[str, Any]:
    parser = _ArticleParser()
    parser.feed(_without_unended(text))
    parser.close()
    data = parser.linked_data()
    title = parser.first_of(_TITLES) or "".join(parser.heading) or data.get("title")
    row = {
        "title": plain_title(" ".join((title or "".join(parser.window_title)).split())),
        "text": clean(parser.text()).text,
        "date": parser.first_of(_DATES) or data.get("date") or parser.time,
        "url": parser.address,
        "topics": [*parser.topics],
        "author": parser.meta.get("author") or data.get("author"),
        "section": parser.meta.get("article:section"),
        "image": parser.meta.get("og:image"),
        "language": parser.language,
    }
    if not row["title"]:
        row["title"] = first_sentence(str(row["text"]))
    return {name: value for name, value in row.items() if value}


def _without_unended(text: str) -> str:
    """Return HTML up to a comment or tag at its end that does not end; Python's parser would look for the end time and again."""
    comment = text.find("<!--", text.rfind("-->") + 1)
    text = text if comment < 0 else text[:comment]
    tag = _UNENDED.search(text, text.rfind(">") + 1)
    return text if tag is None else text[: tag.start()]


class _ArticleParser(HTMLParser):
    """Takes the metadata of a page, and its text in the narrowest of article, main and body."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.meta: dict[str, str] = {}
        self.topics: dict[str, None] = {}
        self.heading: list[str] = []
        self.window_title: list[str] = []
        self.time: str | None = None
        self.address: str | None = None
        self.language: str | None = None
        self._texts: dict[str, list[str]] = {"article": [], "main": [], "body": []}
        self._open: list[str] = []
        self._n_open: collections.Counter[str] = collections.Counter()  # as many elements may be open in each other
        self._n_left_out = 0
        self._scripts: list[list[str]] = []
        self._is_linked_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = values.get("lang") or None
        elif tag == "meta":
            name = (values.get("property") or values.get("name") or values.get("itemprop") or "").lower()
            if name in ("article:tag", "keywords", "news_keywords"):
                parts = [values.get("content", "")] if name == "article:tag" else values.get("content", "").split(",")
                self.topics |= dict.fromkeys(part.strip() for part in parts if part.strip())
            else:
                self.meta.setdefault(name, values.get("content", "").strip())
        elif tag == "link" and values.get("rel", "").lower() == "canonical":
            self.address = values.get("href") or None
        elif tag == "time" and self.time is None:
            self.time = values.get("datetime") or None
        elif tag == "script":
            self._is_linked_data = values.get("type", "").partition(";")[0].strip().lower() == "application/ld+json"
            if self._is_linked_data:
                self._scripts.append([])
        if tag in _VOID:
            self._put("\n" if tag == "br" else "")
            return
        self._open.append(tag)
        self._n_open[tag] += 1
        self._n_left_out += tag in _LEFT_OUT
        if tag in _BLOCKS:
            self._put("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if not self._n_open[tag]:
            return
        last = ""
        while last != tag:
            last = self._open.pop()
            self._n_open[last] -= 1
            self._n_left_out -= last in _LEFT_OUT
        if tag in _BLOCKS:
            self._put("\n\n")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            if self._is_linked_data:
                self._scripts[-1].append(data)
        elif self._n_open["title"] and not self._n_open["svg"]:
            self.window_title.append(data)
        elif self._n_open["h1"] and not self._n_left_out:
            self.heading.append(data)
        else:
            self._put(data)

    def _put(self, data: str) -> None:
        if self._n_left_out or not data or self._n_open["h1"]:
            return
        for name, parts in self._texts.items():
            if name == "body" or self._n_open[name]:
                parts.append(data)

    def first_of(self, names: Sequence[str]) -> str | None:
        """Return the first of some metadata that the page has."""
        return next(filter(None, map(self.meta.get, names)), None)

    def text(self) -> str:
        """Return the text of the article as HTML, so that what looks like markup in it stays."""
        joined = ("".join(parts) for parts in self._texts.values())
        text = next((text for text in joined if text.strip()), "")
        blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", text))
        return "\n\n".join(block for block in blocks if block)

    def linked_data(self) -> dict[str, Any]:
        """Return the title, the date and the author that a page says of itself in JSON-LD."""
        for script in self._scripts:
            try:
                data = json.loads("".join(script))
            except (ValueError, RecursionError):
                continue
            graph = data.get("@graph", [data]) if isinstance(data, dict) else data if isinstance(data, list) else []
            for part in graph if isinstance(graph, list) else []:
                if isinstance(part, dict) and ("headline" in part or "datePublished" in part):
                    author = part.get("author")
                    author = author[0] if isinstance(author, list) and author else author
                    name = author.get("name") if isinstance(author, dict) else author
                    found = {"title": part.get("headline"), "date": part.get("datePublished"), "author": name}
                    return {key: value for key, value in found.items() if isinstance(value, str)}
        return {}
