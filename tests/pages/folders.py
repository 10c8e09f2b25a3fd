"""What the tests of folders of pages share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relatedstories import BadValueError, Event
from relatedstories.pages import Pages, read_pages


def write(folder: Path, pages: Mapping[str, str]) -> Path:
    for path, text in pages.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    return folder


def titled(*paths: str) -> dict[str, str]:
    """Pages with nothing but a title, that of their path."""
    return {path: f"---\ntitle: {path}\n---\n" for path in paths}


class Reading:
    """All that is read of a folder: the events by id, what was found, the remarks and the errors."""

    def __init__(self, folder: Path, **keywords: Any) -> None:
        self.found, self.remarks, self.errors = Pages(), list[str](), list[BadValueError]()
        events = read_pages(
            folder,
            found=self.found,
            on_remark=self.remarks.append,
            on_error=self.errors.append,
            **{"today": "2020-06-15"} | keywords,
        )
        self.events = {event.id: event for event in events}

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events.values())

    def __getitem__(self, id_: str) -> Event:
        return self.events[id_]
