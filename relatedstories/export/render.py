"""The rendering of views as the text of files, in each format."""

from __future__ import annotations

import datetime as dt
import os
import re
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import jinja2
from markupsafe import escape

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.export.linked_data import is_web_address, json_ld
from relatedstories.export.markdown import front_matter, inline, paragraphs, target
from relatedstories.export.pieces import IN_HTML, IN_MARKDOWN, IN_XML, escaped
from relatedstories.export.plain import cut_at_word, title_of, words_of
from relatedstories.export.records import SCHEMA, to_json
from relatedstories.export.views import FORMATS, MEDIA_TYPES, ListedEvent, MergedView, View
from relatedstories.pages.words import WORDS, words_in
from relatedstories.text.terms import ENGLISH

__all__ = ["FORMATS", "PACKAGE_DIR", "Renderer", "SiteInfo", "check_templates", "checked_base_url", "long_date"]

PACKAGE_DIR = Path(__file__).parent
KINDS = ("event", "day", "topic", "story", "stories", "year", "home")
STYLE, FEED = "style.css", "feed.atom"
SEARCH_PAGE, SEARCH_SCRIPT = "search.html", "search.js"
MERGED_PAGE = "merged.html"

_INVALID_IN_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CONTROL_BYTES = bytes(code for code in range(32) if code not in b"\t\n\r")


class SiteInfo(NamedTuple):
    """What all pages share: the variable ``site`` of templates.

    Parameters
    ----------
    title : str
    base_url : str
        The address of the site, ending in "/", or "" if it is not known.
    formats : tuple of str
        Suffixes, in the order of `FORMATS`.
    names, media_types : mapping of str to str
        The name shown to readers and the media type of each format.
    """

    title: str
    base_url: str = ""
    formats: tuple[str, ...] = ("html",)
    names: dict[str, str] = FORMATS
    media_types: dict[str, str] = MEDIA_TYPES


class Renderer:
    """Renders views as pages.

    Parameters
    ----------
    site : SiteInfo
    templates : path, optional
        A folder of templates that replace the packaged ones of the same name.

    Raises
    ------
    InputError
        If the folder does not exist, none of its files has the name of a template, or a template has a syntax error.

    Notes
    -----
    The templates are `event`, `day`, `topic`, `story`, `stories`, `year` and `home`, each with the suffixes ``.html``,
    ``.xml`` and ``.md``, and ``base.html``, ``merged.html`` (the page of a story that is part of another now),
    ``search.html``, ``search.js``, ``feed.atom`` and ``style.css``. Their variables are `site`, the fields of the page's view
    (see `relatedstories.export.views`) and `words`, those of the page's language (see
    `relatedstories.pages.words.Words`). Their filters are those of Jinja and of `relatedstories.export.pieces`, and `plain`,
    `short`, `words`, `day` and `month`. A template that begins with ``{% extends "relatedstories/event.html" %}`` takes over a
    packaged one and replaces some of its blocks. In HTML and XML, all values are escaped.
    """

    def __init__(self, site: SiteInfo, templates: str | os.PathLike[str] | None = None) -> None:
        self.site = site
        packaged = jinja2.FileSystemLoader(PACKAGE_DIR / "templates")
        loaders: list[jinja2.BaseLoader] = [packaged, jinja2.PrefixLoader({"relatedstories": packaged})]
        self.custom_dir: Path | None = None
        if templates is not None:
            self.custom_dir = Path(templates)
            _check_custom_dir(self.custom_dir)
            loaders.insert(0, jinja2.FileSystemLoader(self.custom_dir))
        loader = jinja2.ChoiceLoader(loaders)
        self._markup = _environment(loader, site, autoescape=True)
        self._markup.filters |= {"paragraphs": _split_paragraphs, **IN_HTML, **IN_XML}
        self._markdown = _environment(loader, site, autoescape=False)
        self._markdown.filters |= {"inline": inline, "paragraphs": paragraphs, "target": target, **IN_MARKDOWN}
        self._markdown.globals["front_matter"] = front_matter
        self._templates = {
            f"{kind}.{suffix}": self._template(f"{kind}.{suffix}")
            for suffix in site.formats
            if suffix != "json"
            for kind in KINDS
        }
        self._feed = self._template(FEED) if "html" in site.formats else None
        self._search = self._template(SEARCH_PAGE) if "html" in site.formats else None
        self._merged = self._template(MERGED_PAGE) if "html" in site.formats else None

    def page(self, view: View, suffix: str) -> str:
        """Return a page in one format."""
        if suffix == "json":
            return to_json(view, self.site.formats)
        return _render(self._templates[f"{view.kind}.{suffix}"], view)

    def extras(self, latest: Sequence[ListedEvent]) -> Iterable[tuple[str, str]]:
        """Yield the names and texts of the files besides the pages: style sheet, feed and schemas."""
        if self._feed is not None:
            yield STYLE, self._read_template(STYLE)
            yield FEED, _render(self._feed, _FeedView(latest))
        for suffix, name in (("json", SCHEMA), ("xml", "schema.xsd")):
            if suffix in self.site.formats:
                yield name, (PACKAGE_DIR / name).read_text(encoding="utf-8")

    def search_page(self, version: str) -> str:
        """Return the page of the search, which asks for pieces of the index of a version; needs "html" among the formats."""
        assert self._search is not None
        return _render(self._search, _SearchView(version))

    def merged_page(self, view: MergedView) -> str:
        """Return the page that leads from a story to the one that it is part of; needs "html" among the formats."""
        assert self._merged is not None
        return _render(self._merged, view)

    def search_script(self) -> str:
        """Return the script of the search."""
        return self._read_template(SEARCH_SCRIPT)

    def _read_template(self, name: str) -> str:
        custom = self.custom_dir / name if self.custom_dir else None
        return (custom if custom and custom.is_file() else PACKAGE_DIR / "templates" / name).read_text(encoding="utf-8")

    def _template(self, name: str) -> jinja2.Template:
        environment = self._markdown if name.endswith(".md") else self._markup
        try:
            template = environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            place = f"{error.filename or error.name}:{error.lineno}"
            raise InputError(f"{place}: got a broken template ({error.message}), expected valid Jinja") from None
        except jinja2.TemplateNotFound as error:
            raise InputError(f"{name}: got a template that needs {error.name}, expected that file to exist") from None
        template.globals = dict(template.globals)  # read for each page; as a chain of mappings it took a tenth of the time
        return template


@dataclass(frozen=True)
class _FeedView:
    """The variables of the feed's template."""

    language: ClassVar[str] = ENGLISH
    listed: Sequence[ListedEvent]


@dataclass(frozen=True)
class _SearchView:
    """The variables of the template of the search."""

    language: ClassVar[str] = ENGLISH
    version: str
    stem: str = "search"
    root: str = ""


def _check_custom_dir(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"{folder}: got no folder, expected a folder of templates")
    known = {path.name for path in (PACKAGE_DIR / "templates").iterdir()}
    if not any((folder / name).is_file() for name in known):
        raise InputError(f"{folder}: got no file with the name of a template, expected one or more of {', '.join(sorted(known))}")


class _Template(jinja2.Template):
    """A template in which text that has nothing to escape is put on the page as it is, without a copy that is marked as safe."""

    @classmethod
    def from_code(cls, environment: jinja2.Environment, code: Any, globals: Any, uptodate: Any = None) -> jinja2.Template:  # noqa: A002
        template = super().from_code(environment, code, globals, uptodate)
        names = template.root_render_func.__globals__  # those of its compiled code
        if names.get("escape") is escape:
            names["escape"] = escaped
        return template


def _environment(loader: jinja2.BaseLoader, site: SiteInfo, *, autoescape: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=loader,
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.template_class = _Template
    environment.globals |= {"site": site, "json_ld": json_ld, "uuid": _entry_id}
    environment.filters |= {
        "day": long_date,
        "month": _month,
        "plain": title_of,
        "short": cut_at_word,
        "words": words_of,
    }
    environment.tests["web_address"] = is_web_address
    return environment


def _render(template: jinja2.Template, view: Any) -> str:
    try:
        text = template.render(vars(view), view=view, words=words_in(view.language))
    except jinja2.TemplateError as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name.partition(".")[2]]
        place = next((f"{frame.filename}:{frame.lineno}" for frame in reversed(frames) if not frame.filename.endswith(".py")), "")
        raise InputError(f"{place or template.name}: got a template that cannot be filled in ({error})") from None
    return text if str(template.name).endswith(".md") else _replace_invalid(text)


def _replace_invalid(page: str) -> str:
    """Return the page with characters that XML cannot hold replaced by U+FFFD and carriage returns as references."""
    if _has_invalid(page):
        page = _INVALID_IN_XML.sub("\ufffd", page)
    return page.replace("\r", "&#13;")


def _has_invalid(page: str) -> bool:
    """Return whether a page has a character that XML cannot hold, in a third of the time of the regular expression."""
    content = page.encode()
    return "\ufffe" in page or "\uffff" in page or len(content.translate(None, _CONTROL_BYTES)) < len(content)


def long_date(date: dt.date | None) -> str:
    """Return the date written out for readers.

    Examples
    --------
    >>> long_date(dt.date(2016, 12, 1))
    '1 December 2016'
    """
    return WORDS[ENGLISH].date(date)


def _month(date: dt.date) -> str:
    return WORDS[ENGLISH].months.split()[date.month - 1]


def _split_paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, without its markup."""
    return [part for part in words_of(text).split("\n") if part.strip()]


def _entry_id(*parts: str) -> str:
    """Return an identifier of a feed's entry that stays the same wherever the site is."""
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(("relatedstories", *parts))))


def check_templates(templates: str | os.PathLike[str], formats: Sequence[str]) -> None:
    """Raise `InputError` if no renderer can be made of a folder of templates; meant to be called before any work is done."""
    Renderer(SiteInfo("", formats=tuple(formats)), templates)


def checked_base_url(value: object) -> str:
    """Return the address of a site ending in "/", "" for None; raise `BadValueError` if it is not an address."""
    if value is None:
        return ""
    if not isinstance(value, str) or not is_web_address(value) or {"?", "#", '"', "<", ">"} & {*value}:
        raise BadValueError("export", "base_url", shown(value), "an address such as 'https://example.org/news/'")
    return value if value.endswith("/") else value + "/"
