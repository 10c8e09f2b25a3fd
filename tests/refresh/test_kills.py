"""A refresh killed at any moment: the links stay whole, and the next run ends with those of a run that was not disturbed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from forks import forks
from helpers import SPACE
from stores import Store

from relatedstories import Event, RelatedStories

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")]

KILLS = 50
"""Number of kills in each place for links, each in its own part of the time that a run takes."""


class Runs:
    """Runs of the command in a folder, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, kill_after: float | None = None) -> int:
        """Run the command; returns its exit code."""
        output, errors = self.folder / "output", self.folder / "errors"
        run = forks().start(arguments, self.folder, output=output, errors=errors)
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):
                os.kill(run.pid, signal.SIGKILL)
        code: int = run.wait(60)
        return code

    @property
    def errors(self) -> str:
        return (self.folder / "errors").read_text()


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def later() -> list[Event]:
    """The archive a day later: one event is new, one has been edited, one is gone."""
    events = {event.id: event for event in SPACE}
    del events["whitson"]
    events["oslo"] = Event("oslo", "Snow closes the airport of Oslo in Norway", date=events["oslo"].date)
    events["electron"] = Event("electron", "Rocket Lab launches its Electron; a Progress cargo ship docks", date=SPACE[0].date)
    return list(events.values())


class Place(Protocol):
    """A place for the events and links of a test."""

    arguments: list[str]

    def put(self, events: list[Event]) -> None: ...

    def links(self) -> dict[str, Any]:
        """Return all that readers of the links see."""

    def keep(self) -> None:
        """Copy the links, so that they can be restored."""

    def restore(self) -> None:
        """Restore the copied links."""


class Tables:
    """Tables of a database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.arguments = [store.url, "--links-table", "related_links"]

    def put(self, events: list[Event]) -> None:
        if "events" in self._store.tables():
            self._store.run("DROP TABLE events")
        self._store.put(events)

    def links(self) -> dict[str, Any]:
        query = "SELECT event_id, rank, related_id, score, context, topics, duplicates, pinned FROM related_links"
        return {f"{row[0]} {row[1]}": row[2:] for row in self._store.rows(query)}

    def keep(self) -> None:
        self._store.run("CREATE TABLE kept AS SELECT * FROM related_links")

    def restore(self) -> None:
        self._store.run("DELETE FROM related_links")
        self._store.run("INSERT INTO related_links SELECT * FROM kept")


class File:
    """A file of events and a file of links."""

    def __init__(self, folder: Path) -> None:
        self._events, self._links, self._kept = folder / "events.jsonl", folder / "links.jsonl", folder / "kept.jsonl"
        self.arguments = [self._events.name, "--links", self._links.name]

    def put(self, events: list[Event]) -> None:
        self._events.write_text("".join(json.dumps(event.to_dict()) + "\n" for event in events))

    def links(self) -> dict[str, Any]:
        return {self._links.name: self._links.read_bytes()}

    def keep(self) -> None:
        shutil.copy(self._links, self._kept)

    def restore(self) -> None:
        shutil.copy(self._kept, self._links)


class Folder:
    """A folder of pages."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._kept = folder, folder.with_name("kept")
        self.arguments = [folder.name, "--in-place"]

    def put(self, events: list[Event]) -> None:
        self._folder.mkdir(exist_ok=True)
        for path in self._folder.iterdir():
            if path.stem not in {event.id for event in events}:
                path.unlink()
        for event in events:
            path = self._folder / f"{event.id}.md"
            before = path.read_text() if path.exists() else "---\n---\n"
            related = before.partition("related:")[2].rpartition("---")[0]
            page = f"---\ntitle: {event.title}\ndate: {event.date}\n" + (f"related:{related}---\n" if related else "---\n")
            path.write_text(page)

    def links(self) -> dict[str, Any]:
        return {path.name: path.read_bytes() for path in self._folder.glob("*.md")}

    def keep(self) -> None:
        shutil.copytree(self._folder, self._kept)

    def restore(self) -> None:
        shutil.rmtree(self._folder)
        shutil.copytree(self._kept, self._folder)


def kill_many_runs(runs: Runs, place: Place, tmp_path: Path, whole: Callable[[dict[str, Any], Any, Any], bool]) -> None:
    index, kept_index = tmp_path / "index", tmp_path / "kept-index"
    command = ["refresh", *place.arguments, "--jobs", "1", "--index", "index"]
    place.put(SPACE)
    assert runs(*command) == 0, runs.errors
    place.put(later())
    place.keep()
    shutil.copytree(index, kept_index)
    before = place.links()
    started = time.monotonic()
    assert runs(*command) == 0, runs.errors
    took = time.monotonic() - started
    after = place.links()
    assert before != after
    clean = {path.name for path in tmp_path.iterdir()}
    killed, chance, parts = 0, random.Random(0), [part / KILLS for part in range(KILLS)]
    chance.shuffle(parts)
    while killed < KILLS:
        place.restore()
        shutil.rmtree(index)
        shutil.copytree(kept_index, index)
        moment = took * (parts[killed] + chance.uniform(0, 1 / KILLS))
        if runs(*command, kill_after=moment) == -signal.SIGKILL:
            killed += 1
            took *= 1.02
        else:
            took *= 0.9  # it had ended already: the machine is less busy than before
        assert whole(place.links(), before, after)
        assert len(RelatedStories.load(index)) in (len(SPACE), len(later()))
        assert runs(*command) == 0, runs.errors
        assert place.links() == after
        assert {path.name for path in tmp_path.iterdir()} == clean
        assert len(list(index.iterdir())) == 2


def old_or_new(now: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> bool:
    return now in (before, after)


def each_old_or_new(now: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> bool:
    return now.keys() == before.keys() and all(page in (before[name], after[name]) for name, page in now.items())


def test_in_a_file(runs: Runs, tmp_path: Path) -> None:
    kill_many_runs(runs, File(tmp_path), tmp_path, old_or_new)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
def test_in_a_database(runs: Runs, store: Store, tmp_path: Path) -> None:
    kill_many_runs(runs, Tables(store), tmp_path, old_or_new)


def test_in_a_folder_of_pages(runs: Runs, tmp_path: Path) -> None:
    kill_many_runs(runs, Folder(tmp_path / "pages"), tmp_path, each_old_or_new)
    assert all(not path.name.startswith(".") for path in (tmp_path / "pages").iterdir())
