"""The formats of pages: each makes of a view the text of a file."""

from __future__ import annotations

import datetime as dt
import os
import re
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.export.linked_data import json_ld, web_address
from relatedstories.export.markdown import front_matter, inline, paragraphs, target
from relatedstories.export.records import SCHEMA, as_json
from relatedstories.export.views import Listed, View

__all__ = ["FORMATS", "HERE", "Renderer", "SiteInfo", "long_date", "short", "site_address"]

HERE = Path(__file__).parent
FORMATS = {"html": "HTML", "json": "JSON", "xml": "XML", "md": "Markdown"}
"""The suffixes of the formats, with what readers call them."""

MEDIA_TYPES = {"html": "text/html", "json": "application/json", "xml": "application/xml", "md": "text/markdown"}
KINDS = ("event", "day", "topic", "year", "home")
STYLE, FEED = "style.css", "feed.atom"

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_EMPTY_LINES = re.compile(r"\n\s*\n")


class SiteInfo(NamedTuple):
    """What all pages have in common, the variable ``site`` of templates.

    Parameters
    ----------
    title : str
    base_url : str
        The address that the site will have, with a "/" at its end, or "".
    formats : tuple of str
        Suffixes, in the order of `FORMATS`.
    names, media_types : mapping of str to str
        Of each format what readers and programs call it.
    """

    title: str
    base_url: str = ""
    formats: tuple[str, ...] = ("html",)
    names: dict[str, str] = FORMATS
    media_types: dict[str, str] = MEDIA_TYPES


class Renderer:
    """Makes pages of views.

    Parameters
    ----------
    site : SiteInfo
    templates : path, optional
        A folder of templates in place of the packaged ones of the same name.

    Raises
    ------
    InputError
        If there is no such folder, none of its files has the name of a template, or a template is broken.

    Notes
    -----
    Templates are `event`, `day`, `topic`, `year` and `home` with ``.html``, ``.xml`` and ``.md``, ``base.html``, ``feed.atom``
    and ``style.css``. Their variables are the fields of the page's view (see `relatedstories.export.views`), and `site`.
    ``{% extends "relatedstories/event.html" %}`` takes a packaged one and changes some of its blocks. In HTML and XML all is
    escaped.
    """

    def __init__(self, site: SiteInfo, templates: str | os.PathLike[str] | None = None) -> None:
        self.site = site
        ours = jinja2.FileSystemLoader(HERE / "templates")
        loaders: list[jinja2.BaseLoader] = [ours, jinja2.PrefixLoader({"relatedstories": ours})]
        self.own = None
        if templates is not None:
            self.own = Path(templates)
            _check_own(self.own)
            loaders.insert(0, jinja2.FileSystemLoader(self.own))
        loader = jinja2.ChoiceLoader(loaders)
        self._markup = _environment(loader, site, autoescape=True)
        self._markup.filters |= {"paragraphs": _paragraphs}
        self._markdown = _environment(loader, site, autoescape=False)
        self._markdown.filters |= {"inline": inline, "paragraphs": paragraphs, "target": target}
        self._markdown.globals["front_matter"] = front_matter
        self._templates = {
            f"{kind}.{suffix}": self._template(f"{kind}.{suffix}")
            for suffix in site.formats
            if suffix != "json"
            for kind in KINDS
        }
        self._feed = self._template(FEED) if "html" in site.formats else None

    def page(self, view: View, suffix: str) -> str:
        """A page in one format."""
        if suffix == "json":
            return as_json(view, self.site.formats)
        return _rendered(self._templates[f"{view.kind}.{suffix}"], view)

    def extras(self, latest: Sequence[Listed]) -> Iterable[tuple[str, str]]:
        """The names and texts of what is there besides pages: style sheet, feed and schemas."""
        if self._feed is not None:
            yield STYLE, self._text(STYLE)
            yield FEED, _rendered(self._feed, _Feed(latest))
        for suffix, name in (("json", SCHEMA), ("xml", "schema.xsd")):
            if suffix in self.site.formats:
                yield name, (HERE / name).read_text(encoding="utf-8")

    def _text(self, name: str) -> str:
        own = self.own / name if self.own else None
        return (own if own and own.is_file() else HERE / "templates" / name).read_text(encoding="utf-8")

    def _template(self, name: str) -> jinja2.Template:
        environment = self._markdown if name.endswith(".md") else self._markup
        try:
            return environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            place = f"{error.filename or error.name}:{error.lineno}"
            raise InputError(f"{place}: got a broken template ({error.message}), expected one of Jinja's") from None
        except jinja2.TemplateNotFound as error:
            raise InputError(f"{name}: got a template that needs {error.name}, which is not there") from None


@dataclass(frozen=True)
class _Feed:
    listed: Sequence[Listed]


def _check_own(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"{folder}: got no folder, expected one of templates")
    known = {path.name for path in (HERE / "templates").iterdir()}
    if not any((folder / name).is_file() for name in known):
        raise InputError(f"{folder}: got no template of a name that is used, expected one or more of {', '.join(sorted(known))}")


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
    environment.globals |= {"site": site, "json_ld": json_ld, "uuid": _uuid}
    environment.filters |= {"day": long_date, "month": _month, "short": short}
    environment.tests["web_address"] = web_address
    return environment


def _rendered(template: jinja2.Template, view: Any) -> str:
    try:
        text = template.render(vars(view), view=view)
    except jinja2.TemplateError as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name.partition(".")[2]]
        place = next((f"{frame.filename}:{frame.lineno}" for frame in reversed(frames) if not frame.filename.endswith(".py")), "")
        raise InputError(f"{place or template.name}: got a template that cannot be filled in ({error})") from None
    return text if str(template.name).endswith(".md") else _printable(text)


def _printable(page: str) -> str:
    """What XML cannot hold and HTML should not is shown as U+FFFD; a carriage return stays one."""
    if _NOT_XML.search(page):
        page = _NOT_XML.sub("\ufffd", page)
    return page.replace("\r", "&#13;")


def long_date(date: dt.date | None) -> str:
    """The date as readers write it.

    Examples
    --------
    >>> long_date(dt.date(2016, 12, 1))
    '1 December 2016'
    """
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}" if date else "Without a date"


def _month(date: dt.date) -> str:
    return _MONTHS[date.month - 1]


def short(text: str, limit: int = 160) -> str:
    """The text on one line, cut at a space where it is longer.

    Examples
    --------
    >>> short("Rain in Wales", 10)
    'Rain in…'
    """
    line = " ".join(text[: 4 * limit].split())
    if len(line) <= limit:
        return line
    return (line[:limit].rpartition(" ")[0] or line[: limit - 1]) + "…"


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in _EMPTY_LINES.split(text.replace("\r\n", "\n")) if part.strip()]


def _uuid(*parts: str) -> str:
    """A name for an entry of a feed that stays, wherever the site is put."""
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(("relatedstories", *parts))))


def site_address(value: object) -> str:
    """The address of a site, with a "/" at its end; raises `BadValueError` where it is none."""
    if value is None:
        return ""
    if not isinstance(value, str) or not web_address(value) or {"?", "#", '"', "<", ">"} & {*value}:
        raise BadValueError("export", "base_url", shown(value), "an address such as 'https://example.org/news/'")
    return value if value.endswith("/") else value + "/"
