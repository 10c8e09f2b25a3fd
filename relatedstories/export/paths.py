"""Where the pages of a site are: a path for each event, day, year and topic, safe in any file system and always the same."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import re

from relatedstories.accents import strip_accents

__all__ = ["HOME", "UNDATED", "day_stem", "event_stem", "part_stem", "slug", "topic_stem", "up", "year_stem"]

HOME = "index"
UNDATED = "news/undated/index"

SLUG = 60
"""Letters of a slug at most. Windows takes paths of 260 in all."""

_OTHERS = re.compile("[^a-z0-9]+")


def slug(text: str) -> str:
    """The words of a text in small letters of ASCII, "-" between them, as many as fit; "" where it has none.

    Examples
    --------
    >>> slug("Fête in Orléans: <b>50%</b> more!")
    'fete-in-orleans-b-50-b-more'
    """
    text = text[:1000]
    if not text.isascii():
        text = strip_accents(text).replace("ß", "ss").encode("ascii", "ignore").decode()
    words = _OTHERS.sub("-", text.lower()).strip("-")
    if len(words) > SLUG:
        words = words[: SLUG + 1].rpartition("-")[0] or words[:SLUG]
    return words


def _digest(text: str) -> str:
    """Thirteen letters and digits, small ones only: file systems may not tell "A" from "a"."""
    return base64.b32encode(hashlib.blake2b(text.encode(), digest_size=8).digest()).decode().rstrip("=").lower()


def event_stem(id_: str, title: str, date: dt.date | None) -> str:
    """The path of an event's pages within the site, less the suffix. It depends on the event alone.

    Examples
    --------
    >>> event_stem("../1", "Rain in Wales", dt.date(2020, 2, 5))
    'news/2020/02/5/rain-in-wales-gxq3u35acshoa'
    """
    digest = _digest(id_)
    words = slug(title)
    name = f"{words}-{digest}" if words else digest
    # Without a date there would be one folder for all; of a thousand each has few.
    return f"{day_stem(date).removesuffix('index')}{name}" if date else f"news/undated/{digest[:2]}/{name}"


def day_stem(date: dt.date | None) -> str:
    """The path of a day's pages; of None, those of events without a date."""
    return f"news/{date.year:04}/{date.month:02}/{date.day}/index" if date else UNDATED


def year_stem(year: int) -> str:
    """The path of a year's pages."""
    return f"news/{year:04}/index"


@functools.lru_cache(1 << 16)
def topic_stem(name: str) -> str:
    """The path of a topic's pages.

    Examples
    --------
    >>> topic_stem("CON"), topic_stem("con")
    ('topics/dp/con-dpcd3bi5fcw2a', 'topics/yh/con-yhmgjpioidsx2')
    """
    digest, words = _digest(name), slug(name)
    return f"topics/{digest[:2]}/{words}-{digest}" if words else f"topics/{digest[:2]}/{digest}"


def part_stem(stem: str, part: int) -> str:
    """The path of the further pages of a list that is too long for one, from 1.

    Examples
    --------
    >>> part_stem("news/undated/index", 1), part_stem("news/undated/index", 2)
    ('news/undated/index', 'news/undated/index-p2')
    """
    return stem if part == 1 else f"{stem}-p{part}"


def up(stem: str) -> str:
    """What leads from a page to the root of the site, so that links work wherever the site is put.

    Examples
    --------
    >>> up("news/2020/02/5/index"), up("index")
    ('../../../../', '')
    """
    return "../" * stem.count("/")
