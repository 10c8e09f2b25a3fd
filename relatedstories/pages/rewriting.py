"""Rewrite the related links in the text of one page, and read those it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relatedstories.changes import Labels
from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.pages import front_matter
from relatedstories.pages.addresses import check_pattern
from relatedstories.pages.discovery import OTHER_SUFFIXES
from relatedstories.pages.header_lines import header_lines
from relatedstories.pages.keys import Item, Key, Value
from relatedstories.pages.link_targets import LinkTargets
from relatedstories.pages.markdown import escaped, inline_links, plain_text
from relatedstories.pages.sections import Section, check_heading, heading, is_blank, line_ending, sections, split_lines
from relatedstories.pages.words import RELATED_HEADS, WORDS, words_in
from relatedstories.text.terms import ENGLISH
from relatedstories.text.titles import plain_title

if TYPE_CHECKING:
    from relatedstories.ranking.links import Link

__all__ = ["LinkFormat", "links_of_page", "rewrite_page"]

_KEY = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)?", re.ASCII)
_ROOT = re.compile(r"([^\s()<>\\]*/)?")
_FIRST_LINK = re.compile(r"\d+\. (\[\[[^\[\]]+\]\])")
_OWN_ITEM = re.compile(r"\d+\. \[.*[\])](?: _.*_)?")
_DEFAULT_KEY = "related"


@dataclass(frozen=True, slots=True)
class LinkFormat:
    """The form of the links in a page.

    Parameters
    ----------
    root : str or None, default "/"
        The beginning of each link, before the path of the page within the folder: ``/archive/`` for example. None for links
        relative to the page.
    key : str or None, default "related"
        The front matter key of the links; ``extra.related`` is a key within another, such as Zola's table ``[extra]``. None for
        a section in pages with front matter, too.
    head, context : str, optional
        The heading of the section, and the word before a link's contexts. By default they are in the language of the page,
        and a section with the heading in any language is replaced.
    url : str or None, default None
        A pattern of addresses, such as ``/:year/:month/:slug/``, for links to the addresses of pages instead of their paths.
    wiki : bool or None, default None
        Whether links are written as Obsidian reads them: ``[[Name of a note]]``. None to tell it by the folder.
    """

    root: str | None = "/"
    key: str | None = "related"
    head: str | None = None
    context: str | None = None
    url: str | None = None
    wiki: bool | None = None

    @property
    def heads(self) -> tuple[str, ...]:
        """The headings that the section may have."""
        return RELATED_HEADS if self.head is None else (self.head,)

    def head_in(self, language: str) -> str:
        """Return the heading that the section of a page in a language gets."""
        return f"### {words_in(language).related}:" if self.head is None else self.head

    def context_in(self, language: str) -> str:
        """Return the word before the contexts on a page in a language."""
        return words_in(language).context if self.context is None else self.context

    @property
    def contexts(self) -> tuple[str, ...]:
        """The words that may stand before contexts, and before the topic of a link that only fills the list."""
        contexts = tuple(words.context for words in WORDS.values()) if self.context is None else (self.context,)
        return contexts + tuple(words.topics for words in WORDS.values())

    def check(self, call: str) -> None:
        """Raise `BadValueError` for a value that cannot be; the message names the `call`."""
        if self.head is not None:
            check_heading(call, "head", self.head)
        word = self.context
        if word is not None and not (isinstance(word, str) and word.strip() and len(split_lines(word)) == 1):
            raise BadValueError(call, "context", shown(self.context), "a word, such as 'Context'")
        if self.key is not None and not (isinstance(self.key, str) and _KEY.fullmatch(self.key)):
            raise BadValueError(call, "key", shown(self.key), "a key of letters, digits, - and _, or None")
        if self.root is not None and not (isinstance(self.root, str) and _ROOT.fullmatch(self.root)):
            expected = "the beginning of a link, such as '/' or '/archive/', or None"
            raise BadValueError(call, "root", shown(self.root), expected)
        if self.url is not None:
            check_pattern(call, self.url)


def rewrite_page(
    page: bytes,
    links: Iterable[Link],
    *,
    link_format: LinkFormat = LinkFormat(),
    path: str = "",
    paths: Mapping[str, str] | None = None,
    targets: LinkTargets | None = None,
    language: str = ENGLISH,
) -> bytes | None:
    r"""Return a page with its related links replaced.

    Parameters
    ----------
    page : bytes
        The content of its file, in UTF-8.
    links : iterable of Link
        Best first. Without any, the old links are removed.
    link_format : LinkFormat, optional
    path : str, default ""
        The path of the page within the folder; needed for relative links.
    paths : mapping of str to str, optional
        The paths of pages within the folder, by id, as `page_paths` returns them. Any other id is a path without ``.md``.
    targets : LinkTargets, optional
        Where links lead, if that takes more than `paths` and the root of `link_format`.
    language : str, default "en"
        The code of the language of the page.

    Returns
    -------
    bytes or None
        The page, unchanged to the byte but for its links. None if nothing changes.

    Raises
    ------
    InputError
        If the page cannot be edited, if its key of links has a value of an editor's, or if the id of a link leads out of the
        folder.

    Notes
    -----
    In front matter, be it YAML, TOML or JSON, the links are a list of mappings of path, title and context under one key. A value
    of this key that is no such list stays, and the page as it is. Without front matter the links are a section ``### Related:``
    with a list ``1. [title](path) _Context: topic_``, in the words of the page's language (see `relatedstories.pages.words`),
    which is added at the end of a page that has none. What an earlier run wrote in the other of these two places is removed.
    Two contexts are one text: ``_Context: topic, topic_``. A link that only
    fills the list has a key ``fallback``, "topic" or "recent", in front matter, and ``_Topics: topic_`` or its date,
    ``_31 January 2020_``, in a section. Titles and contexts are escaped, so that a Markdown parser reads them back, without the
    spaces around them.

    Examples
    --------
    >>> from relatedstories import Event, Link
    >>> links = [Link(Event("news/b", "Snow [heavy]"), 0.5, 1, ("Oslo",))]
    >>> print(rewrite_page(b"# Frost in Oslo\n", links).decode())
    # Frost in Oslo
    <BLANKLINE>
    ### Related:
    <BLANKLINE>
    1. [Snow \[heavy\]](/news/b.md) _Context: Oslo_
    <BLANKLINE>
    """
    link_format.check("rewrite_page")
    where = path or "page"
    try:
        text = page.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: got bytes that are not UTF-8 at {error.start}, expected a page in UTF-8") from None
    targets = LinkTargets(link_format.root, link_format.url, paths or {}) if targets is None else targets
    front = front_matter.find(text, where)
    if front is not None and link_format.key is not None:
        is_wiki = bool(link_format.wiki) and front.format == "YAML"
        items = [_item(link, targets, path, is_wiki) for link in links]
        new = front_matter.with_list(text, front, link_format.key, items, where)
        new = _without_own_sections(new, link_format, path)
    else:
        new = _with_links_in_text(text, front, list(links), link_format, targets, path, language)
        new = _without_own_lists(new, where)
    return None if new == text else new.encode()


def _with_links_in_text(
    text: str,
    front: front_matter.FrontMatter | None,
    links: Sequence[Link],
    link_format: LinkFormat,
    targets: LinkTargets,
    path: str,
    language: str,
) -> str:
    """Return the text of a page with its section of links replaced."""
    where = path or "page"
    if path.lower().endswith(OTHER_SUFFIXES):
        raise InputError(f"{where}: is not in Markdown, so that links can be written into its front matter alone")
    head = front_matter.read(text, front, where) if front else header_lines(text)[0]
    in_pelican = front is None and front_matter.find_key(head, "title") is not None
    _check_wants_links(text, head, link_format.key or _DEFAULT_KEY, where)
    body = front.body if front else len(text) - len(text.removeprefix("\ufeff"))
    word = link_format.context_in(language)
    items = []
    for number, link in enumerate(links, 1):
        if link_format.wiki:
            written = targets.wiki_link(link.event.id, plain_title(link.event.title))
        else:
            target = targets.of(link.event.id, path, in_text=True, in_pelican=in_pelican)
            written = f"[{escaped(plain_title(link.event.title))}]({target})"
        reason = _reason(link, word, language)
        items.append(f"{number}. {written}" + (f" _{reason}_" if reason else ""))
    new = text[:body] + _with_section(text[body:], items, link_format.head_in(language), link_format.heads, where)
    if front and new != text and not line_ending(text[:body]):  # the page ended with the front matter
        new = text[:body] + line_ending(split_lines(text)[0]) + new[body:]
    return new


def _without_own_sections(text: str, link_format: LinkFormat, path: str) -> str:
    """Return the text of a page without the sections of links that an earlier run wrote, as links are in front matter now."""
    front = front_matter.find(text, path)
    if front is None or path.lower().endswith(OTHER_SUFFIXES):
        return text
    lines = split_lines(text[front.body :])
    own = _own_sections(lines, link_format)
    return text[: front.body] + _without_sections(lines, own) if own else text


def _own_sections(lines: Sequence[str], link_format: LinkFormat) -> list[Section]:
    """Return the sections whose list is surely this library's, and no editor's: a link an item, a context behind one at least."""
    heads = {*RELATED_HEADS, *link_format.heads}
    if not any(head.lstrip("# ") in line for line in lines if line.startswith("#") for head in heads):
        return []
    words = {*link_format.contexts, *LinkFormat().contexts}
    label = re.compile(rf" _(?:{'|'.join(re.escape(escaped(word)) for word in words)}): .*_")
    own = []
    for section in sections(lines, *heads):
        items = [line.rstrip() for line in lines[section.start : section.end] if not is_blank(line)]
        are_links = all(
            item.startswith(f"{number}. [") and _OWN_ITEM.fullmatch(item) is not None for number, item in enumerate(items, 1)
        )
        if are_links and any(label.search(item) for item in items):
            own.append(section)
    return own


def _targets_of_item(line: str) -> list[str]:
    """Return the target of the first link of an item of a list."""
    wiki = _FIRST_LINK.match(line)
    return [wiki[1]] if wiki else [target for _, target in inline_links(line)[:1]]


def _without_own_lists(text: str, where: str) -> str:
    """Return the text of a page whose links are a section without the lists that an earlier run wrote into its front matter."""
    front = front_matter.find(text, where)
    for name in _own_lists(text, front, where) if front else ():
        if (front := front_matter.find(text, where)) is not None:
            text = front_matter.with_list(text, front, name, (), where)
    return text


def _own_lists(text: str, front: front_matter.FrontMatter, where: str) -> dict[str, Value]:
    """Return the lists of links in front matter that this library wrote, by the names of their keys."""
    values: dict[str, Value] = {}
    if not any(part in text[front.start : front.end] for part in ("path", "[[")):
        return values
    for name, key in front_matter.read(text, front, where).items():
        if isinstance(key.value, dict):
            values |= {f"{name}.{inner}": value for inner, value in key.value.items() if front_matter.is_ours(value)}
        elif front_matter.is_ours(key.value, text[key.start : key.end]):
            values[name] = key.value
    return {name: value for name, value in values.items() if value and _KEY.fullmatch(name) and _is_of_links(name, value)}


def _is_of_links(name: str, value: Value) -> bool:
    """Tell whether a list of this library's form holds links: by the name of its key, or by a context, or as it is marked."""
    if name.rpartition(".")[2] == _DEFAULT_KEY or not isinstance(value, list):
        return True
    return any(isinstance(item, str) or (isinstance(item, dict) and "context" in item) for item in value)


def _check_wants_links(text: str, head: Mapping[str, Key], name: str, where: str) -> None:
    """Raise `InputError` for a page that says ``related: false``."""
    found = front_matter.find_key(head, name)
    if found is not None and str(head[found].value).strip().casefold() in ("false", "no", "off"):
        front_matter.check_ours(text, head[found], found, name, where)


def _item(link: Link, targets: LinkTargets, path: str, is_wiki: bool) -> Item:
    """Return a link as an item of a list in front matter."""
    title = plain_title(link.event.title)
    if is_wiki:
        return targets.wiki_link(link.event.id, title)
    item = {"path": targets.of(link.event.id, path), "title": title}
    if label := _label(link):
        item["context"] = label
    return item if link.fallback is None else item | {"fallback": link.fallback}


def _reason(link: Link, word: str, language: str) -> str:
    """Return why a link is listed, as Markdown: its contexts behind a word, or what makes it fill the list."""
    label, words = _label(link), words_in(language)
    if link.fallback is None:
        return f"{escaped(word)}: {escaped(label)}" if label else ""
    if label:
        return f"{escaped(words.topics)}: {escaped(label)}"
    return escaped(words.date(link.event.date)) if link.event.date else ""


def _label(link: Link) -> str:
    """Return the contexts of a link as one text, "" if there are none."""
    return (link.label or "").strip()


def _with_section(text: str, items: Sequence[str], head: str, heads: Sequence[str], where: str) -> str:
    """Return a text whose last section with one of some headings has these items; without its sections if there are none.

    The section gets the heading `head` if it has another one.
    """
    lines = split_lines(text)
    found = sections(lines, *heads)
    if not items:
        return _without_sections(lines, found)
    newline = next((line_ending(line) for line in reversed(lines) if line_ending(line)), "\n")
    if not found:
        return _appended(lines, items, head, newline, where)
    section = found[-1]
    newline = line_ending(lines[section.head]) or newline
    rest = lines[section.end :]
    if heading(lines[section.head]) != heading(head):
        lines[section.head] = head + line_ending(lines[section.head])
    new = [*lines[section.head : section.start], *([newline] if section.start == section.head + 1 else []), *items]
    if rest and not is_blank(rest[0]):
        new.append("")  # separates the list from the text after it, which would continue its last item
    new = [line if line_ending(line) else line + newline for line in new]
    if not rest and not line_ending(lines[-1]):
        new[-1] = items[-1]
    return "".join(lines[: section.head] + new + rest)


def _without_sections(lines: list[str], found: Iterable[Section]) -> str:
    """Return the text of lines without the sections among them that have a list."""
    left = list(lines)
    for section in reversed([section for section in found if section.end > section.start]):
        end = section.end
        if section.head == 0 or is_blank(left[section.head - 1]):
            while end < len(left) and is_blank(left[end]):
                end += 1
            left[section.head : end if end < len(left) else section.end] = []
        else:  # the text before and after it stays separated
            separated = end == len(left) or is_blank(left[end])
            left[section.head : end] = [] if separated else [line_ending(left[section.head])]
    return "".join(left)


def _appended(lines: Sequence[str], items: Sequence[str], head: str, newline: str, where: str) -> str:
    """Return the text of lines with a new section at its end."""
    old = "".join(lines)
    new = ["" if not lines or line_ending(lines[-1]) else newline, "" if not lines or is_blank(lines[-1]) else newline]
    new += [head, newline, newline, newline.join(items), newline if not lines or line_ending(lines[-1]) else ""]
    text = old + "".join(new)
    if len(sections(split_lines(text), head)) != 1:
        raise InputError(f"{where}: got a page that ends within code or HTML, expected an end that links can be added to")
    return text


def links_of_page(text: str, path: str, targets: LinkTargets, link_format: LinkFormat) -> Labels | None:
    """Return the links of a page with their contexts; None if it has neither the front matter key nor the section.

    The links go by the ids of events.
    """
    key = link_format.key
    front = front_matter.find(text, path)
    found: list[tuple[str, str | None]] | None
    if front is not None and key is not None:
        keys = front_matter.read(text, front, path)
        value = front_matter.value_of(keys, key)
        found = _links_of_value(value)
        if value is None and key not in keys:
            lines = split_lines(text[front.body :])
            found = _links_of_section(lines, _own_sections(lines, link_format), link_format)
    else:
        lines = split_lines(text)
        found = _links_of_section(lines, sections(lines, *link_format.heads), link_format)
        if found is None and front is not None and (own := _own_lists(text, front, path)):
            found = _links_of_value(next(iter(own.values())))
    return None if found is None else {targets.id_of(target, path): context for target, context in found}


def _links_of_value(value: Value) -> list[tuple[str, str | None]]:
    """Return the targets and contexts of the links that the value of a key of front matter lists."""
    found: list[tuple[str, str | None]] = []
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            found.append((str(item.get("path")), _text_or_none(item.get("context"))))
        elif isinstance(item, str):
            found += [(item if item.startswith("[[") else target, None) for _, target in inline_links(item)[:1] or [("", item)]]
    return found


def _links_of_section(
    lines: Sequence[str], placed: Sequence[Section], link_format: LinkFormat
) -> list[tuple[str, str | None]] | None:
    """Return the targets and contexts of the links in the last of some sections; None if there is none."""
    if not placed:
        return None
    words = "|".join(re.escape(escaped(word)) for word in link_format.contexts)
    label = re.compile(rf"_(?:{words}): (.*)_\s*$")
    found: list[tuple[str, str | None]] = []
    for line in lines[placed[-1].start : placed[-1].end]:
        match = label.search(line)
        found += [(target, match and plain_text(match[1])) for target in _targets_of_item(line)]
    return found


def _text_or_none(value: object) -> str | None:
    """Return the value if it is a text."""
    return value if isinstance(value, str) else None
