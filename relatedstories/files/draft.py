"""A draft that is not in the archive: given as texts, or by a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from relatedstories.columns import column_of_each_field
from relatedstories.errors import InputError
from relatedstories.events import Event
from relatedstories.files.articles import article_of_text, read_article
from relatedstories.files.json_text import read_json
from relatedstories.files.lines import read_lines
from relatedstories.records import events_of_rows

__all__ = ["DRAFT_ID", "draft_of_file", "draft_of_text"]

DRAFT_ID = "draft"
"""The id of a draft."""

_FRONT_MATTER = re.compile(r"\A\ufeff?(---|\+\+\+)\s*\n(.*?\n)\1\s*\n", re.DOTALL)
_TITLE = re.compile(r"^title\s*[:=]\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_HEADING = re.compile(r"\A\s*#\s+(.+?)\s*#*\s*$", re.MULTILINE)


def draft_of_text(text: str, title: str | None = None) -> Event:
    """Return the event of a draft; without a title, the first line or the first sentence of the text is the title.

    Raises
    ------
    InputError
        If there are no words.

    Examples
    --------
    >>> draft_of_text("Snow in Oslo. The airport is closed.").title
    'Snow in Oslo.'
    """
    row: dict[str, Any] = {"title": title, "text": text} if title is not None and title.strip() else article_of_text(text)
    if not row.get("title"):
        raise InputError("got an empty draft, expected a title or a text")
    return Event(DRAFT_ID, row["title"], row.get("text", ""))


def draft_of_file(path: Path) -> Event:
    """Return the event of a draft in a file of plain text, HTML, Markdown or JSON.

    Raises
    ------
    InputError
        If the file cannot be read, or has no words.
    """
    if not path.is_file():
        raise InputError(f"{path}: got no such file, expected a draft")
    suffix = path.suffix.lower()
    if suffix in (".html", ".htm", ".json"):
        columns = column_of_each_field({})
        rows = read_json(path, columns) if suffix == ".json" else read_article(path, DRAFT_ID)
        event = next(events_of_rows(rows, columns, ()), None)
        if event is None:
            raise InputError(f"{path}: got an empty file, expected a draft")
        return Event(DRAFT_ID, event.title, event.text, event.date, event.heading, event.topics)
    text, title = "".join(read_lines(path)), None
    if (front := _FRONT_MATTER.match(text)) is not None:
        text = text[front.end() :]
        found = _TITLE.search(front[2])
        title = found[1].strip("\"'") if found else None
    if title is None and (heading := _HEADING.match(text)) is not None:
        title, text = heading[1], text[heading.end() :]
    try:
        return draft_of_text(text, title)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
