"""Tell why a page is not recommended to readers: a draft, expired, hidden, with a password, or kept out of lists by its key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping

from relatedstories.pages.keys import Key, Value

__all__ = ["DRAFT", "EXCLUDED", "EXPIRED", "FUTURE", "reason_not_listed"]

DRAFT = "draft"
"""The reason of pages that are not to be published yet."""

EXPIRED = "expired"
"""The reason of pages whose day of expiry is over."""

FUTURE = "to be published later"
"""The reason of pages of a day to come."""

EXCLUDED = "exclude_from_related"
"""The key that keeps a page out of all lists while it stays published."""

_TRUE = frozenset(("true", "yes", "on", "1", "y"))
_FALSE = frozenset(("false", "no", "off", "0", "n"))

_HIDDEN_IF_TRUE = ("hidden", "unlisted", "private", "headless", "noindex")
_HIDDEN_IF_FALSE = ("sitemap", "search", "listed", "public", "visible")
_NOT_PUBLISHED_IF_FALSE = ("published", "publish")
_HIDDEN_VALUES = frozenset(("hidden", "private", "unlisted", "hide", "protected", "password"))
_UNPUBLISHED_VALUES = frozenset(("unpublished", "trash", "pending", "auto-draft"))
_DRAFT_TAGS = frozenset(("draft", "private", "unpublished", "unlisted"))
_NEVER = frozenset(("never", "false", "link"))

_FROM_DAY = ("publishdate", "publish_date", "pubdate", "published", "published_at")
_UNTIL_DAY = ("expirydate", "expiry_date", "unpublishdate", "expires")


def reason_not_listed(
    path: str,
    keys: Mapping[str, Key],
    *,
    status_key: str,
    date_key: str,
    drafts: Collection[str],
    expired_before: dt.date,
    published_by: dt.date,
    day_of: Callable[[Value], dt.date | None],
) -> str | None:
    """Return why a page is not to be listed for readers, None if it is.

    Parameters
    ----------
    path : str
        Of the page within its folder.
    keys : mapping of str to Key
        Its front matter, names in lower case.
    status_key, date_key : str
        The keys of the status and of the date.
    drafts : collection of str
        The values of the status that mark drafts.
    expired_before, published_by : datetime.date
        The day before which pages that expire are no longer listed, and the day after which pages are not listed yet.
    day_of : callable
        Returns the day that a value names, None if it names none.

    Examples
    --------
    >>> keys = {"hidden": Key("true", 2, 0, 0)}
    >>> about = {"status_key": "status", "date_key": "date", "drafts": ["draft"], "day_of": lambda value: None}
    >>> reason_not_listed("a.md", keys, **about, expired_before=dt.date(2020, 1, 1), published_by=dt.date(2020, 1, 1))
    'hidden'
    """
    values = {name: key.value for name, key in keys.items()}
    if "_drafts" in path.split("/")[:-1] or _says(values, "draft", _TRUE):
        return DRAFT
    status = _text(values.get(status_key))
    if status in drafts or status in _UNPUBLISHED_VALUES or any(_says(values, name, _FALSE) for name in _NOT_PUBLISHED_IF_FALSE):
        return DRAFT
    if _says(values, EXCLUDED, _TRUE):
        return f"with {EXCLUDED}"
    if "excalidraw-plugin" in values:
        return "drawing"
    if _is_hidden(values, status):
        return "hidden"
    if values.get("password") and not _says(values, "password", _FALSE):
        return "with a password"
    if any(_is_unlisted(values.get(name)) for name in ("build", "_build")):
        return "hidden"
    if not _says(values, "draft", _FALSE) and _has_draft_tag(values):
        return "tagged as draft or private"
    days = {name: day_of(values[name]) for name in (*_FROM_DAY, *_UNTIL_DAY, date_key) if values.get(name)}
    if any(day and day < expired_before for name in _UNTIL_DAY if (day := days.get(name))):
        return EXPIRED
    first = next((day for name in _FROM_DAY if (day := days.get(name))), None) or days.get(date_key)
    return FUTURE if first is not None and first > published_by else None


def _text(value: Value) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


def _says(values: Mapping[str, Value], name: str, words: Collection[str]) -> bool:
    return _text(values.get(name)) in words


def _is_hidden(values: Mapping[str, Value], status: str) -> bool:
    """Tell whether a page is published, but in no list."""
    sitemap = values.get("sitemap")
    return (
        status in _HIDDEN_VALUES
        or any(_text(values.get(name)) in _HIDDEN_VALUES for name in ("visibility", "access"))
        or any(_says(values, name, _TRUE) for name in _HIDDEN_IF_TRUE)
        or any(_says(values, name, _FALSE) for name in _HIDDEN_IF_FALSE)
        or "noindex" in _text(values.get("robots"))
        or (isinstance(sitemap, dict) and _says(sitemap, "disable", _TRUE))
    )


def _is_unlisted(build: Value) -> bool:
    """Tell whether Hugo's options on building a page keep it out of lists, or build no page of it."""
    return isinstance(build, dict) and (_text(build.get("list")) in _NEVER or _text(build.get("render")) in _NEVER)


def _has_draft_tag(values: Mapping[str, Value]) -> bool:
    """Tell whether a tag marks a page as not for readers; other tags with these words, such as "NFL draft", have more of them."""
    tags = values.get("tags")
    listed = tags if isinstance(tags, list) else str(tags or "").split("," if "," in str(tags) else None)
    return any(isinstance(tag, str) and tag.strip().lstrip("#") in _DRAFT_TAGS for tag in listed)
