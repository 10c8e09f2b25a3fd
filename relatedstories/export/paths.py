"""The paths of a site's pages: one for each event, day, year, topic and story, safe in any file system and always the same.

A stem is the path of a page within the site without its suffix.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import re

from relatedstories.accents import strip_accents

__all__ = [
    "ALL_STORIES", "HOME", "UNDATED", "day_stem", "event_stem", "part_stem", "root_path", "slug", "story_stem", "topic_stem",
    "year_stem",
]  # fmt: skip

HOME = "index"
ALL_STORIES = "stories/index"
UNDATED = "news/undated/index"

MAX_SLUG = 60
"""Number of characters of a slug. Windows allows 260 for a whole path."""

_NON_WORD = re.compile("[^a-z0-9]+")


def slug(text: str) -> str:
    """Return the words of a text as lower-case ASCII joined with "-", as many as fit; "" if it has none.

    Examples
    --------
    >>> slug("Fête in Orléans: <b>50%</b> more!")
    'fete-in-orleans-b-50-b-more'
    """
    text = text[:1000]
    if not text.isascii():
        text = strip_accents(text).replace("ß", "ss").encode("ascii", "ignore").decode()
    words = _NON_WORD.sub("-", text.lower()).strip("-")
    if len(words) > MAX_SLUG:
        words = words[: MAX_SLUG + 1].rpartition("-")[0] or words[:MAX_SLUG]
    return words


def _path_digest(text: str) -> str:
    """Return a digest of 13 letters and digits, in lower case because some file systems ignore case."""
    return base64.b32encode(hashlib.blake2b(text.encode(), digest_size=8).digest()).decode().rstrip("=").lower()


def event_stem(id_: str, title: str, date: dt.date | None) -> str:
    """Return the stem of an event's pages; it depends on the event alone.

    Examples
    --------
    >>> event_stem("../1", "Rain in Wales", dt.date(2020, 2, 5))
    'news/2020/02/5/rain-in-wales-gxq3u35acshoa'
    """
    digest = _path_digest(id_)
    words = slug(title)
    name = f"{words}-{digest}" if words else digest
    # Events without a date are spread over 1,024 folders, as one folder might hold too many.
    return f"{day_stem(date).removesuffix('index')}{name}" if date else f"news/undated/{digest[:2]}/{name}"


def day_stem(date: dt.date | None) -> str:
    """Return the stem of a day's pages, or for None that of the events without a date."""
    return f"news/{date.year:04}/{date.month:02}/{date.day}/index" if date else UNDATED


def year_stem(year: int) -> str:
    """Return the stem of a year's pages."""
    return f"news/{year:04}/index"


@functools.lru_cache(1 << 16)
def topic_stem(name: str) -> str:
    """Return the stem of a topic's pages.

    Examples
    --------
    >>> topic_stem("CON"), topic_stem("con")
    ('topics/dp/con-dpcd3bi5fcw2a', 'topics/yh/con-yhmgjpioidsx2')
    """
    digest, words = _path_digest(name), slug(name)
    return f"topics/{digest[:2]}/{words}-{digest}" if words else f"topics/{digest[:2]}/{digest}"


def story_stem(id_: str) -> str:
    """Return the stem of a story's pages; it has no words, as the name of a story may change from night to night.

    Examples
    --------
    >>> story_stem("2018-06-23-boys-missing")
    'stories/sm/sm2syrxbx6kze'
    """
    digest = _path_digest(id_)
    return f"stories/{digest[:2]}/{digest}"


def part_stem(stem: str, part: int) -> str:
    """Return the stem of one page of a list that is too long for one page; pages are numbered from 1.

    Examples
    --------
    >>> part_stem("news/undated/index", 1), part_stem("news/undated/index", 2)
    ('news/undated/index', 'news/undated/index-p2')
    """
    return stem if part == 1 else f"{stem}-p{part}"


def root_path(stem: str) -> str:
    """Return the relative path from a page to the root of the site, so that links work wherever the site is.

    Examples
    --------
    >>> root_path("news/2020/02/5/index"), root_path("index")
    ('../../../../', '')
    """
    return "../" * stem.count("/")
