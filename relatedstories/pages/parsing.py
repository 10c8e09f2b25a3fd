"""Parse the text of one page into the fields of an event."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from relatedstories.errors import BadValueError, shown
from relatedstories.events import FIELDS, parse_date
from relatedstories.language_codes import language_code
from relatedstories.pages import front_matter, obsidian
from relatedstories.pages.discovery import OTHER_SUFFIXES
from relatedstories.pages.header_lines import header_lines, org_lines
from relatedstories.pages.keys import Key, Value
from relatedstories.pages.markdown import inline_links, plain_text
from relatedstories.pages.page_names import PageName, day_of_path
from relatedstories.pages.sections import heading, is_blank, sections, split_lines
from relatedstories.pages.titles import title_without_key
from relatedstories.pages.values import exported_field_value, extra_value, field_value, text_of, type_name
from relatedstories.pages.words import WORDS
from relatedstories.row_reader import MAX_EXTRA
from relatedstories.text.cleaning import clean
from relatedstories.text.titles import plain_title

__all__ = ["DATED_HEADING", "DEFAULT_KEYS", "EVENT_ID", "Head", "PageFields", "PageParser", "head_of"]

EVENT_ID = "event_id"
"""The front matter key of pages that `relatedstories.export` wrote: all their values are taken exactly as they are written."""

DEFAULT_KEYS: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "text": (),
    "date": (
        *("date", "publishdate", "publish_date", "pubdate", "published", "published_at", "created", "created_at", "datetime"),
        *("date created", "datecreated", "creation date", "creation_date"),
    ),
    "heading": ("heading",),
    "topics": (
        *("topics", "tags", "keywords", "categories", "category", "tag", "topic", "keyword", "labels", "filetags"),
        *("taxonomies.tags", "taxonomies.categories", "taxonomies.topics"),
    ),
    "url": ("url", "permalink"),
    "sources": ("sources", "source"),
    "language": ("language", "lang"),
    "translation_key": (
        *("translationkey", "translation_key", "translation_id", "translation-id", "i18n_key", "lang-ref", "lang_ref"),
    ),
    "status": ("status",),
}
"""The front matter keys that each field is read from. The text is the body of the page."""

_KEYS_WITH_DAY = ("path", "url", "permalink", "slug")
"""Keys with an address, which may have the day in it."""

_DATE_LINK = re.compile(r"\[(\d{4}-\d{1,2}-\d{1,2})\]\(")
DATED_HEADING = re.compile(r"^### \[\d{4}-\d{1,2}-\d{1,2}\]\(", re.MULTILINE)
"""The heading that pages without front matter have over their title, in a site such as this project takes after."""

_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_UNDERLINE = re.compile(r"=+[ \t]*[\r\n]*")
_HTML_BLOCK = re.compile(r"\s*<(?:article|blockquote|div|figure|h[1-6]|main|ol|p|section|table|ul)[\s>]", re.IGNORECASE)
_FORMATS = "Formats:"
_EXPORTED_HEADS = sorted({f"### {head}:" for words in WORDS.values() for head in (words.related, words.copies, words.sources)})


class PageFields(NamedTuple):
    """The fields of an event on its page.

    Parameters
    ----------
    values : dict of str to value
        The fields.
    lines : dict of str to int
        The lines they stand on.
    title_from : str or None, default None
        Where the title comes from if no key or heading has it.
    is_dated_by_name : bool, default False
        Whether the date is that of the page's name.
    """

    values: dict[str, Any]
    lines: dict[str, int]
    title_from: str | None = None
    is_dated_by_name: bool = False


class Head(NamedTuple):
    """The keys at the head of a page.

    Parameters
    ----------
    keys : dict of str to Key
        By their names in lower case.
    body : int
        The position in the text of what follows.
    format : str or None
        "YAML", "TOML" or "JSON"; None for lines such as ``Title: Rain``.
    """

    keys: dict[str, Key]
    body: int
    format: str | None


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
    day_of : callable
        Returns the day that a value names, given the place that errors name; raises `BadValueError` if it is no date.
    left_out : callable
        Called with the error of a value that is left out, as the event is read without it.
    are_notes : bool
        Whether the pages are notes: tags in their texts are topics, and ``%%`` encloses comments.
    """

    keys: Mapping[str, tuple[str, ...]]
    related: tuple[str, ...]
    sources: str
    day_of: Callable[[Value, str], dt.date | None]
    left_out: Callable[[BadValueError], object]
    are_notes: bool = False

    def with_front_matter(self, where: str, path: str, text: str, head: Head, name: PageName) -> PageFields | None:
        """Return the fields of a page with a head; None if it has no title."""
        front = head.keys
        lines = split_lines(text[head.body :])
        first = next((number for number, line in enumerate(lines) if not is_blank(line)), None)
        exported = EVENT_ID in front
        values, line_of = self._values(where, head, exported)
        day_of_name = None if exported or "date" in values else self._day_of_names(path, front)
        if day_of_name is not None:
            values["date"], line_of["date"] = day_of_name, 1
        if exported:
            values["id"], line_of["id"] = front[EVENT_ID].value, front[EVENT_ID].line
            if "extra" in front:
                values["extra"], line_of["extra"] = _exported_extra(where, text, front["extra"]), front["extra"].line
            title_line = next((number for number, line in enumerate(lines) if (heading(line) or (0, ""))[0] == 1), -1)
            lines = lines[title_line + 1 :]
        elif first is not None and (title := _first_heading(lines, first)):
            if "title" not in values:
                values["title"], line_of["title"] = title, len(split_lines(text[: head.body])) + first + 1
            if values["title"] in (title, plain_title(title)):
                if not lines[first].startswith("#"):
                    lines[first + 1] = ""
                lines[first] = ""  # the text does not repeat the title
        is_note = self.are_notes and not exported and head.format in (None, "YAML")
        if is_note:
            lines = split_lines(obsidian.without_comments("".join(lines)))
        body_text, section_sources = self._text_and_sources(lines, exported)
        values.setdefault("sources", section_sources)
        if "text" not in values:
            values["text"] = body_text if exported else _readable(body_text, path)
        title_from = None
        if "title" not in values and not exported:
            slug = front.get("slug")
            if (found := title_without_key(name, text_of(slug.value) if slug else None, values["text"])) is None:
                return None
            values["title"], title_from = found
        if is_note and (tags := obsidian.tags_in_text(body_text)):
            topics = values.setdefault("topics", [])
            topics += [tag for tag in tags if tag not in topics]
        if not exported:
            values["title"] = plain_title(values["title"])
            if "language" not in values and name.language is not None:
                values["language"] = name.language
            if extra := self._extra(text, front):
                values["extra"] = extra
            if "translation_key" not in values and (key := _translation_key(front, head.format)):
                values["translation_key"] = key
        return PageFields(values, line_of, title_from, day_of_name is not None)

    def _values(self, where: str, head: Head, exported: bool) -> tuple[dict[str, Any], dict[str, int]]:
        """Return the fields that keys of front matter have, and their lines."""
        front = head.keys
        values: dict[str, Any] = {}
        line_of: dict[str, int] = {}
        for name, key_names in self.keys.items():
            for key in key_names if name in FIELDS else ():
                if key not in front or front[key].value in (None, "", []):
                    continue
                line = front[key].line
                if exported:
                    value = exported_field_value(f"{where}:{line}", name, front[key].value)
                else:
                    value = self._value(f"{where}:{line}", name, key, key_names, head)
                if value is None:
                    continue
                if name not in values:
                    values[name], line_of[name] = value, line
                elif name == "topics":
                    values[name] += [topic for topic in value if topic not in values[name]]
        return values, line_of

    def _value(self, where: str, name: str, key: str, key_names: tuple[str, ...], head: Head) -> Any:
        """Return the field that a key has; None, after a call of `left_out`, if it has none."""
        value = head.keys[key].value
        try:
            if name == "date":
                return self.day_of(value, where)
            found = field_value(where, name, value, key if head.format else None, self.left_out)
        except BadValueError as error:
            if name != "date" or key == key_names[0]:  # "published: true" is no date, and no mistake
                self.left_out(error)
            return None
        if name == "language" and language_code(found) is None:
            self.left_out(BadValueError(where, name, shown(found), 'the code of a language, such as "de"'))
            return None
        return found or None

    def _extra(self, text: str, front: Mapping[str, Key]) -> dict[str, Any]:
        """Return the values of keys that no field is read from, but for long texts and the links of an earlier run."""
        of_fields = {key for keys in self.keys.values() for key in keys}
        extra = {}
        for name, key in front.items():
            if name in of_fields or key.value in (None, "", []) or front_matter.is_ours(key.value, text[key.start : key.end]):
                continue
            value = extra_value(front_matter.without_ours(key.value))
            if value not in (None, {}) and not (isinstance(value, str) and len(value) > MAX_EXTRA):
                extra[name] = value
        return extra

    @staticmethod
    def _day_of_names(path: str, front: Mapping[str, Key]) -> dt.date | None:
        """Return the day in the name of a page or its folders, or in the address that it gives itself."""
        if (day := day_of_path(path.rpartition(".")[0])) is not None:
            return day
        addresses = (front[key].value for key in _KEYS_WITH_DAY if key in front)
        return next((day for address in addresses if isinstance(address, str) and (day := day_of_path(address))), None)

    def of_plain_text(self, where: str, path: str, text: str, name: PageName) -> PageFields | None:
        """Return the fields of a page without front matter, such as a note of Obsidian; None if it has no text."""
        page = self.with_front_matter(where, path, text.removeprefix("\ufeff"), Head({}, 0, None), name)
        return page if page is not None and str(page.values["text"]).strip() else None

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


def head_of(where: str, path: str, text: str) -> Head | None:
    """Return the keys at the head of a page; None for a page without front matter.

    Raises
    ------
    BadValueError
        For front matter that is broken.
    """
    if (front := front_matter.find(text, where)) is not None:
        keys = {name.casefold(): key for name, key in front_matter.read(text, front, where).items()}
        if "taxonomies" in keys and isinstance(taxonomies := keys["taxonomies"].value, dict):
            keys |= {
                f"taxonomies.{name.casefold()}": keys["taxonomies"]._replace(value=value) for name, value in taxonomies.items()
            }
        return Head(keys, front.body, front.format)
    if path.lower().endswith(".org"):
        found, body = org_lines(text)
        return Head({name.casefold(): key for name, key in found.items()}, body, None) if found else None
    found, body = header_lines(text)
    names = {name.casefold(): key for name, key in found.items()}
    return Head(names, body, None) if "title" in names else None


def _exported_extra(where: str, text: str, key: Key) -> Any:
    """Return the values of `Event.extra`, which exported pages have as JSON; raises `BadValueError` if they are none."""
    try:
        return json.loads(text[key.start : key.end].partition(":")[2])
    except (ValueError, RecursionError):
        raise BadValueError(f"{where}:{key.line}", "extra", type_name(key.value), "a mapping in JSON") from None


def _first_heading(lines: list[str], first: int) -> str | None:
    """Return the text of a heading of the first level on the first line of a text."""
    level = heading(lines[first])
    if level is None and first + 1 < len(lines) and _UNDERLINE.fullmatch(lines[first + 1]):
        level = 1, lines[first].strip()
    return plain_text(level[1]).strip() or None if level and level[0] == 1 else None


def _readable(text: str, path: str) -> str:
    """Return the text of a page that is written in HTML without its tags; any other as it is."""
    if path.lower().endswith(OTHER_SUFFIXES[:2]) or _HTML_BLOCK.match(text):
        return clean(text).text
    return text


def _translation_key(front: Mapping[str, Key], front_format: str | None) -> str | None:
    """Return what the translations of a page share: in Pelican a slug, elsewhere a key that counts where the language stands."""
    names = ("slug",) if front_format is None else ("ref", "page_id") if {"lang", "language"} & front.keys() else ()
    return next((found for name in names if name in front and (found := text_of(front[name].value))), None)
