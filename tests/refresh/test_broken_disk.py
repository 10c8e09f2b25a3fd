"""A fault at every file operation in turn: what readers see is old or new, and the next run ends as if undisturbed."""

from __future__ import annotations

import contextlib
import gc
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from broken_disk import FAULTS, BrokenDisk
from helpers import SPACE, Named

from relatedstories import Event, RelatedStories
from relatedstories.databases.links_table import LinksTable
from relatedstories.export.job import export
from relatedstories.files.links_file import LinksFile
from relatedstories.index import check_index
from relatedstories.index.storage import read_folder, write_folder
from relatedstories.pages.reader import Pages, read_pages
from relatedstories.pages.writer import LinkedPages
from relatedstories.refresh import refresh

resource = pytest.importorskip("resource")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="knows files by /proc")]

LATER = [
    *(event for event in SPACE if event.id not in {"whitson", "oslo"}),
    Event("oslo", "Snow closes the airport of Oslo in Norway", date=SPACE[4].date),
    Event("electron", "Rocket Lab launches its Electron; a Progress cargo ship docks", date=SPACE[0].date),
]
"""The archive a day later: one event is new, one has been edited, one is gone."""


def stories() -> RelatedStories:
    return RelatedStories(Named(), min_score=0.05)  # type: ignore[arg-type]  # what is learnt of six events may change


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


Work = Callable[[Path], object]
Seen = Callable[[Path], Any]


def break_everywhere(
    tmp_path: Path, old: Work, new: Work, seen: Seen, is_whole: Callable[[Any, Any, Any], bool], faults: list[str], step: int = 1
) -> int:
    """Do the new work with each fault at each operation; return the number of operations.

    After each fault, what is seen must be whole. Then the work is done again without one: it must end as if undisturbed, with
    no file left behind.
    """
    kept, after = tmp_path / "kept", tmp_path / "after"
    for folder in (kept, after):
        folder.mkdir()
        old(folder)
    counting = BrokenDisk(after)
    with counting.inserted():
        new(after)
    n, before, expected, clean = len(counting.done), seen(kept), seen(after), names(after)
    assert n > 5
    assert before != expected
    number = 0
    for turn, fault in enumerate(faults):
        for at in range(turn % step, 2 * n, step):  # a fault can lead to further operations
            folder = tmp_path / f"{number}"
            number += 1
            shutil.copytree(kept, folder)
            disk = BrokenDisk(folder, fault, at)
            with disk.inserted(), contextlib.suppress(OSError, ValueError, KeyboardInterrupt):
                new(folder)
            gc.collect(0)  # closes what an error left open
            where = f"{fault} at {at}, {disk.done[min(at, len(disk.done) - 1)]}"
            assert is_whole(seen(folder), before, expected), where
            new(folder)
            assert seen(folder) == expected, where
            assert names(folder) == clean, where
            shutil.rmtree(folder)
            if not disk.failed:
                break
    return n


def names(folder: Path) -> list[str]:
    """The files in a folder, without the digits that each run chooses for itself."""
    return sorted(str(path.relative_to(folder)).partition("/parts-")[0] for path in folder.rglob("*") if path.is_file())


def old_or_new(now: Any, before: Any, after: Any) -> bool:
    return now in (before, after)


def each_old_or_new(now: dict[str, bytes], before: dict[str, bytes], after: dict[str, bytes]) -> bool:
    """Each file is as before or as after; one of these may have no such file."""
    return all(now.get(name) in (before.get(name), after.get(name)) for name in {*now, *before, *after})


ALL = [*FAULTS]


def test_links_in_a_file_and_a_checkpoint(tmp_path: Path) -> None:
    def run(events: list[Event]) -> Work:
        return lambda folder: refresh(stories(), events, folder / "links.jsonl")

    n = break_everywhere(
        tmp_path, run(SPACE), run(LATER), lambda folder: (folder / "links.jsonl").read_bytes(), old_or_new, ALL, 2
    )
    assert n > 15


def test_an_index_of_a_few_parts(tmp_path: Path) -> None:
    def write(number: int) -> Work:
        arrays = {"a": np.arange(number), "b": np.ones((number, 2))}
        return lambda folder: write_folder(folder / "index", arrays, {"c": [b'"x"\n'] * number}, {"number": number})

    def seen(folder: Path) -> Any:
        arrays, documents, about = read_folder(folder / "index")
        return about["number"], arrays["a"].tolist(), arrays["b"].tolist(), [*documents["c"]]

    break_everywhere(tmp_path, write(3), write(5), seen, old_or_new, ALL, step=2)


def test_links_and_an_index(tmp_path: Path) -> None:
    """Both are old or new; the links may be new while the index is old, from which the next run goes on."""

    def run(events: list[Event]) -> Work:
        def work(folder: Path) -> None:
            index = folder / "index"
            loaded = RelatedStories.load(index, Named()) if index.exists() else stories()  # type: ignore[arg-type]
            refresh(loaded, events, folder / "links.jsonl", index=index)

        return work

    def seen(folder: Path) -> Any:
        assert [*check_index(folder / "index", rebuild_sample=0)] == []
        return (folder / "links.jsonl").read_bytes(), [event.title for event in RelatedStories.load(folder / "index")]

    def is_whole(now: Any, before: Any, after: Any) -> bool:
        return now in (before, after, (after[0], before[1]))

    break_everywhere(tmp_path, run(SPACE), run(LATER), seen, is_whole, ["EIO once", "ENOSPC from then on", "Ctrl-C"], step=41)


def test_pages_in_place(tmp_path: Path) -> None:
    def run(events: list[Event], k: int) -> Work:
        def work(folder: Path) -> None:
            if not folder.joinpath("pages").exists():
                folder.joinpath("pages").mkdir()
                for event in events:
                    page = f"---\ntitle: {event.title}\ndate: {event.date}\n---\n"
                    folder.joinpath("pages", f"{event.id}.md").write_text(page)
            found = Pages()
            events_read = [*read_pages(folder / "pages", found=found)]
            refresh(stories(), events_read, LinkedPages(folder / "pages", found), k)

        return work

    def seen(folder: Path) -> dict[str, bytes]:
        return {name: page for name, page in contents(folder).items() if name.endswith(".md")}

    break_everywhere(tmp_path, run(SPACE, 1), run(SPACE, 2), seen, each_old_or_new, ALL, step=3)


def test_an_exported_site(tmp_path: Path) -> None:
    def run(events: list[Event]) -> Work:
        fitted = stories().fit(events)
        list(fitted.all_related())
        return lambda folder: export(fitted, folder / "site", ("json",), base_url="https://example.org/")

    def seen(folder: Path) -> dict[str, bytes]:
        return {name: page for name, page in contents(folder).items() if "/." not in name}

    faults = ["EIO once", "ENOSPC from then on", "Ctrl-C"]
    break_everywhere(tmp_path, run(SPACE[:3]), run([*SPACE[1:3], SPACE[4]]), seen, each_old_or_new, faults, step=3)


# ---------------------------------------------------------------------- SQLite, which writes its files itself


@contextlib.contextmanager
def files_of_at_most(n_bytes: int) -> Iterator[None]:
    """Let writes beyond a size fail, in all files of this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_table_of_sqlite(tmp_path: Path) -> None:
    many = [Event(f"{event.id}-{n}", event.title, date=event.date) for event in SPACE for n in range(8)]
    run_on = {"old": many[:20], "new": many[5:]}

    def run(folder: Path, which: str) -> None:
        refresh(stories(), run_on[which], LinksTable(f"sqlite:///{folder}/news.db"), k=9)

    def seen(folder: Path) -> Any:
        with contextlib.closing(sqlite3.connect(folder / "news.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            columns = "event_id, rank, related_id, score, context, topics, duplicates, pinned"
            return database.execute(f"SELECT {columns} FROM related_links ORDER BY event_id, rank").fetchall()

    kept, after = tmp_path / "kept", tmp_path / "after"
    for folder in (kept, after):
        folder.mkdir()
        run(folder, "old")
    run(after, "new")
    before, expected = seen(kept), seen(after)
    size = (after / "news.db").stat().st_size
    failed = 0
    for n_bytes in range(0, size + 2048, 1024):
        folder = tmp_path / f"{n_bytes}"
        shutil.copytree(kept, folder)
        try:
            with files_of_at_most(n_bytes):
                run(folder, "new")
        except (OSError, ValueError):
            failed += 1
        assert seen(folder) in (before, expected)
        run(folder, "new")
        assert seen(folder) == expected
        assert names(folder) == ["news.db"]
        shutil.rmtree(folder)
    assert 5 < failed < size // 1024 + 2


def test_a_report_of_the_faults_names_each_operation(tmp_path: Path) -> None:
    """The harness itself: it sees what is opened, written, synced, moved and removed, through all ways of doing so."""
    disk = BrokenDisk(tmp_path)
    with disk.inserted():
        refresh(stories(), SPACE, tmp_path / "links.jsonl", index=tmp_path / "index")
    operations = {line.partition(" ")[0] for line in disk.done}
    assert operations == {"open", "write", "fsync", "replace", "unlink", "mkdir", "truncate", "utime"}
    assert json.loads((tmp_path / "index" / "index.json").read_text())["format"]
    assert LinksFile(tmp_path / "links.jsonl").path.exists()
