"""The address that a site builder gives a page: its own, or that of a pattern such as ``/:year/:month/:slug/``."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import NamedTuple
from urllib.parse import quote

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.pages.page_names import PageName

__all__ = ["JEKYLL", "PageAbout", "address_of", "check_pattern", "is_jekyll_post"]

JEKYLL = "/:categories/:year/:month/:day/:title.html"
"""The pattern of posts that Jekyll has by default."""

_STYLES = {
    "date": JEKYLL,
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "none": "/:categories/:title.html",
}
"""The names of patterns that Jekyll has."""

_NAMES = (
    *("year", "month", "day", "i_month", "i_day", "short_year", "y_day"),
    *("slug", "title", "name", "filename", "basename", "slugorfilename", "contentbasename", "slugorcontentbasename"),
    *("categories", "section", "sections", "path", "lang", "output_ext"),
)
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_NO_SLUG = re.compile(r"[^\w]+|_+")


class PageAbout(NamedTuple):
    """What an address is made of.

    Parameters
    ----------
    url : str or None
        The address that the page gives itself.
    slug : str or None
    day : datetime.date or None
    categories : tuple of str
    name : PageName
    """

    url: str | None
    slug: str | None
    day: dt.date | None
    categories: tuple[str, ...]
    name: PageName


def check_pattern(call: str, pattern: object) -> None:
    """Raise `BadValueError` if a pattern of addresses has a placeholder that stands for nothing.

    Examples
    --------
    >>> check_pattern("rewrite", "/:year/:slug/")
    """
    unknown = [name for name in _PLACEHOLDER.findall(pattern) if name not in _NAMES] if isinstance(pattern, str) else [""]
    if unknown or not str(pattern).strip() or not _PLACEHOLDER.search(str(pattern)) or re.search(r"[\s()<>\\]", str(pattern)):
        expected = (
            f"an address with some of :{', :'.join(_NAMES[:3])}, :slug, :name, :categories, :sections, :path and :lang in it"
        )
        raise BadValueError(call, "url", shown(pattern), expected)


def is_jekyll_post(path: str, folder: str) -> bool:
    """Tell whether a page is a post of Jekyll, by the folders that it is in."""
    return "_posts" in path.split("/")[:-1] or folder.rpartition("/")[2] == "_posts"


def address_of(about: PageAbout, path: str, pattern: str | None) -> str | None:
    r"""Return the address of a page; None if it gives itself none and there is no pattern.

    Raises
    ------
    InputError
        If the pattern needs a day, and the page has none.

    Examples
    --------
    >>> name = PageName("open", True, None, "_posts/2021-07-05-open")
    >>> about = PageAbout(None, None, dt.date(2021, 7, 5), ("news",), name)
    >>> address_of(about, "_posts/2021-07-05-open.md", "/:year/:month/:slug/"), address_of(about, "_posts/x.md", JEKYLL)
    ('/2021/07/open/', '/news/2021/07/05/open.html')
    """
    own = about.url
    if own and ":" in own and not re.match(r"[A-Za-z][\w+.-]*://", own):
        pattern, own = _STYLES.get(own, own), None
    elif own in _STYLES:
        pattern, own = _STYLES[own], None
    if own:
        return own
    if pattern is None:
        return None
    day, name = about.day, about.name
    if day is None and re.search(":(?:year|month|day|i_|short_|y_day)", pattern):
        raise InputError(f"{path}: has no date, which its address {shown(pattern)} needs")
    slug = about.slug or _slug(name.stem)
    folders = [part for part in path.split("/")[:-1] if part not in ("_posts", "_drafts")]
    if path.rpartition("/")[2].startswith("index."):  # the folder is the name of the page
        folders = folders[:-1]
    sections = [part for part in name.untranslated.split("/")[:-1] if part in folders]
    values = {
        "slug": slug, "title": slug, "name": name.stem, "filename": name.stem, "basename": name.stem,
        "slugorfilename": about.slug or name.stem, "contentbasename": name.stem, "slugorcontentbasename": about.slug or name.stem,
        "categories": "/".join(dict.fromkeys(_slug(part) for part in (*folders, *about.categories))),
        "section": sections[0] if sections else "", "sections": "/".join(sections),
        "path": "/".join([*sections, slug]), "lang": name.language or "", "output_ext": ".html",
    }  # fmt: skip
    if day is not None:
        values |= {
            "year": f"{day.year:04}", "month": f"{day.month:02}", "day": f"{day.day:02}", "i_month": str(day.month),
            "i_day": str(day.day), "short_year": f"{day.year % 100:02}", "y_day": f"{day.timetuple().tm_yday:03}",
        }  # fmt: skip
    filled = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), pattern)
    scheme, separator, rest = filled.rpartition("://")
    return scheme + separator + quote(re.sub("//+", "/", rest), safe="/~+,;=@:%#?&")


def _slug(text: str) -> str:
    """Return a text as a part of an address: in lower case, words with dashes between.

    Examples
    --------
    >>> _slug("Passau (town) #1")
    'passau-town-1'
    """
    return _NO_SLUG.sub("-", unicodedata.normalize("NFC", text).lower()).strip("-")
