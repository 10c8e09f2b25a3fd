"""Parse the text of one page into the fields of an event."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from relatedstories.errors import BadValueError, shown, shown_names
from relatedstories.events import FIELDS, parse_date
from relatedstories.language_codes import language_code
from relatedstories.pages import front_matter
from relatedstories.pages.front_matter import Key
from relatedstories.pages.markdown import inline_links, plain_text
from relatedstories.pages.sections import heading, is_blank, sections, split_lines
from relatedstories.pages.values import exported_field_value, field_value
from relatedstories.pages.words import WORDS

__all__ = ["DEFAULT_KEYS", "EVENT_ID", "PageFields", "PageParser", "front_matter_keys", "is_draft"]

EVENT_ID = "event_id"
"""The front matter key of pages that `relatedstories.export` wrote: all their values are taken exactly as they are written."""

DEFAULT_KEYS: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "text": (),
    "date": ("date",),
    "heading": ("heading",),
    "topics": ("topics", "tags", "keywords", "categories", "category"),
    "url": ("url", "permalink"),
    "sources": ("sources", "source"),
    "language": ("language", "lang"),
    "status": ("status",),
}
"""The front matter keys that each field is read from. The text is the body of the page."""

_SITE_LANGUAGES = frozenset((
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "eo", "es", "et", "eu", "fa", "fi", "fr", "gl", "he", "hi", "hr", "hu",
    "hy", "id", "is", "it", "ja", "ka", "ko", "lt", "lv", "mk", "ms", "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl",
    "sq", "sr", "sv", "sw", "ta", "th", "tr", "uk", "ur", "vi", "zh",
))  # fmt: skip
"""The codes that a folder or the end of a page's name may be."""

_ENGLISH_WORDS = frozenset(("id", "is", "it", "ms", "no", "uk"))
"""Codes that may just as well name a subject: the text of their pages tells the language."""

_ROOTS = frozenset(("content", "docs", "pages", "posts", "_posts", "site", "src"))
"""Folders that the folders of languages may be in."""

_DATE_LINK = re.compile(r"\[(\d{4}-\d{1,2}-\d{1,2})\]\(")
_DATE_IN_NAME = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})-.")  # the name of a Jekyll post
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_DRAFTS_FOLDER = "_drafts"  # of Jekyll
_FORMATS = "Formats:"
_EXPORTED_HEADS = sorted({f"### {head}:" for words in WORDS.values() for head in (words.related, words.copies, words.sources)})


class PageFields(NamedTuple):
    """The fields of an event on its page, and the lines they stand on."""

    values: dict[str, Any]
    lines: dict[str, int]


@dataclass(frozen=True, slots=True)
class PageParser:
    """What the fields of an event are read from, the same for all pages of a folder.

    Parameters
    ----------
    keys : mapping of str to tuple of str
        For each field, the front matter keys it is read from, as in `DEFAULT_KEYS`.
    related : tuple of str
        The headings that the section of links may have.
    sources : str
        The heading of the section of sources.
    """

    keys: Mapping[str, tuple[str, ...]]
    related: tuple[str, ...]
    sources: str

    def with_front_matter(self, where: str, path: str, text: str, front: Mapping[str, Key], body: int) -> PageFields:
        """Return the fields of a page whose front matter has the keys `front`, in lower case, and whose body begins at `body`."""
        lines = split_lines(text[body:])
        first = next((number for number, line in enumerate(lines) if not is_blank(line)), None)
        top = heading(lines[first]) if first is not None else None
        values: dict[str, Any] = {}
        line_of: dict[str, int] = {}
        exported = EVENT_ID in front
        convert = exported_field_value if exported else field_value
        for name, keys in self.keys.items():
            for key in keys if name in FIELDS else ():
                if key not in front or front[key].value in (None, "", []):
                    continue
                value = convert(f"{where}:{front[key].line}", name, front[key].value)
                if name == "language" and language_code(value) is None:
                    warnings.warn(
                        f"{where}:{front[key].line}: got language {shown(value)}, expected a code; left out", stacklevel=2
                    )
                elif name not in values:
                    values[name], line_of[name] = value, front[key].line
                elif name == "topics":
                    values[name] += [topic for topic in value if topic not in values[name]]
        if exported:
            values["id"], line_of["id"] = front[EVENT_ID].value, front[EVENT_ID].line
            title_line = next((number for number, line in enumerate(lines) if (heading(line) or (0, ""))[0] == 1), -1)
            lines = lines[title_line + 1 :]
        elif first is not None and top and top[0] == 1 and (title := plain_text(top[1]).strip()):
            if "title" not in values:
                values["title"], line_of["title"] = title, len(split_lines(text[:body])) + first + 1
            if values["title"] == title:
                lines[first] = ""  # the text does not repeat the title
        stem = os.path.splitext(path.rpartition("/")[2])[0]
        if "title" not in values and " " in stem:  # a note of Obsidian, named by its title; other names are slugs
            values["title"] = stem
        if "title" not in values:
            got = f"no {shown(self.keys['title'][0])} among {shown_names(front)}"
            raise BadValueError(f"{where}:1", "title", got, "the title of the event")
        if "date" not in values and not exported and (dated := _DATE_IN_NAME.match(stem)):
            values["date"], line_of["date"] = parse_date(dated[1], where, "date of the name"), 1
        if "language" not in values and not exported and (language := _language_of_path(path)) is not None:
            values["language"] = language
        body_text, section_sources = self._text_and_sources(lines, exported)
        values.setdefault("text", body_text)
        values.setdefault("sources", section_sources)
        return PageFields(values, line_of)

    def without_front_matter(self, where: str, text: str) -> PageFields | None:
        """Return the fields of a page with the headings ``### [date](...)`` and ``# title``; None without these."""
        lines = split_lines(text.removeprefix("\ufeff"))
        values: dict[str, Any] = {}
        line_of: dict[str, int] = {}
        for number, line in enumerate(lines):
            level, content = heading(line) or (0, line)
            if not level and "date" not in values and content.startswith(_FORMATS):
                links = {name: target for name, target in inline_links(content) if target}
                values["url"], line_of["url"] = links.get("HTML"), number + 1
            elif level == 3 and "date" not in values and (dated := _DATE_LINK.match(content)):
                values["date"], line_of["date"] = parse_date(dated[1], f"{where}:{number + 1}"), number + 1
            elif level == 5 and "date" in values and content:
                values["heading"], line_of["heading"] = plain_text(content).strip(), number + 1
            elif level == 1 and "date" in values:
                values["title"], line_of["title"] = plain_text(content).strip(), number + 1
                values["text"], values["sources"] = self._text_and_sources(lines[number + 1 :])
                return PageFields(values, line_of)
        if "date" in values:
            raise BadValueError(
                f"{where}:{line_of['date']}", "title", "no heading '# ...' after the date", "the title of the event"
            )
        return None

    def _text_and_sources(self, lines: list[str], exported: bool = False) -> tuple[str, list[str | tuple[str, str]]]:
        """Return the text of a page without its sections of sources and related events, and the sources."""
        found_sources: list[str | tuple[str, str]] = []
        without = [*self.related, *_EXPORTED_HEADS] if exported else self.related
        ends = {section.head: section.end for section in sections(lines, *without)}
        for section in sections(lines, self.sources):
            ends[section.head] = section.end
            for line in lines[section.start : section.end]:
                found_sources += [(name.strip(), url) for name, url in inline_links(line)]
        text: list[str] = []
        number = 0
        while number < len(lines):
            if number in ends:
                number = ends[number]
                text.append("")
            else:
                text.append(lines[number].rstrip("\r\n"))
                number += 1
        body_text = _EMPTY_LINES.sub("\n\n", "\n".join(text))
        return plain_text(body_text.strip("\n")) if exported else plain_text(body_text).strip(), found_sources


def _language_of_path(path: str) -> str | None:
    """Return the language that the name of a page or its folder stands for: "fr" for "post.fr.md" and for "fr/post.md".

    Examples
    --------
    >>> [_language_of_path(path) for path in ("post.fr.md", "content/de/news/post.md", "it/servers.md", "a/b/de/post.md")]
    ['fr', 'de', None, None]
    """
    *folders, name = path.split("/")
    _, dot, suffix = os.path.splitext(name)[0].rpartition(".")
    if dot and suffix in _SITE_LANGUAGES:
        return language_code(suffix)
    while folders and folders[0].lower() in _ROOTS:
        folders.pop(0)
    language = folders[0].lower().partition("-")[0] if folders else ""
    return language_code(language) if language in _SITE_LANGUAGES and language not in _ENGLISH_WORDS else None


def front_matter_keys(where: str, text: str) -> tuple[dict[str, Key], int] | None:
    """Return the keys at the head of a page and the position of its body; None for a page without front matter."""
    if (front := front_matter.find(text, where)) is not None:
        return front_matter.read(text, front, where), front.body
    keys, body = front_matter.header_lines(text)
    return (keys, body) if any(name.casefold() == "title" for name in keys) else None


def is_draft(path: str, keys: Mapping[str, Key], status_key: str, drafts: Collection[str]) -> bool:
    """Tell whether the keys of a page, or its folder, mark it as a draft."""
    marks = {name: keys[name].value for name in ("draft", status_key, "published") if name in keys}
    draft, status, published = (str(marks.get(name)).strip().casefold() for name in ("draft", status_key, "published"))
    return (
        draft in {"true", "yes", "on"}
        or status in drafts
        or published in {"false", "no", "off"}
        or _DRAFTS_FOLDER in path.split("/")[:-1]
    )
