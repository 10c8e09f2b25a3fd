"""One writer at a time, leftovers of killed writers, and what happens if the disk is full, read-only or the place is missing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import COMMAND, SPACE, quick
from helpers import run as run_command

from relatedstories import Event, InputError, RelatedStories
from relatedstories.changes import Target
from relatedstories.disk.atomic import is_leftover, new_file, remove_leftovers
from relatedstories.disk.locks import locked
from relatedstories.files.links_file import LinksFile
from relatedstories.pages.reader import Pages, read_pages
from relatedstories.pages.writer import LinkedPages
from relatedstories.refresh import refresh

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def pages(folder: Path, events: list[Event] = SPACE) -> Path:
    folder.mkdir(exist_ok=True)
    for event in events:
        (folder / f"{event.id}.md").write_text(f"---\ntitle: {event.title}\ndate: {event.date}\n---\n", encoding="utf-8")
    return folder


@pytest.fixture(params=["a file", "pages"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    return LinksFile(tmp_path / "links.jsonl") if request.param == "a file" else LinkedPages(pages(tmp_path / "pages"))


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---------------------------------------------------------------------- one at a time


def test_a_second_writer_gets_the_name_of_the_first(target: Target) -> None:
    def events() -> Iterator[Event]:
        with pytest.raises(
            InputError, match=rf"got another writer at work \(process {os.getpid()} on .*, since 2.*\), expected none"
        ):
            refresh(quick(), SPACE, target)
        assert refresh(quick(), SPACE, target, dry_run=True).events == len(SPACE)  # a dry run needs no lock
        yield from SPACE

    assert refresh(quick(), events(), target).written
    assert refresh(quick(), SPACE, target).written == 0  # the lock is free again


@pytest.mark.slow
@POSIX
def test_the_second_of_two_commands_at_once_names_the_first(tmp_path: Path) -> None:
    arguments = ["refresh", "sample", "--links", "links.jsonl", "--jobs", "1"]
    first = subprocess.Popen([*COMMAND, *arguments], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    lock, until = tmp_path / ".links.jsonl.lock", time.monotonic() + 60
    while time.monotonic() < until and not (lock.exists() and lock.read_text()):  # the text names its holder
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)  # while it holds the lock
    try:
        second = run_command(*arguments, cwd=tmp_path)
    finally:
        first.send_signal(signal.SIGCONT)
    assert second.returncode == 1
    message = (
        rf"relatedstories: error: links.jsonl: got another writer at work \(process {first.pid} on .*\), expected none; .*\n"
    )
    assert re.fullmatch(message, second.stderr)
    assert (first.wait(60), [path.name for path in tmp_path.iterdir()]) == (0, ["links.jsonl"])


@POSIX
def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    held = "import sys, time; from pathlib import Path; from relatedstories.disk.locks import locked\n"
    held += "with locked(Path('lock'), 'news'):\n print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", held], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with (
        pytest.raises(InputError, match=rf"news: got another writer at work \(process {process.pid} on "),
        locked(tmp_path / "lock", "news"),
    ):
        pass
    process.kill()
    process.wait()
    assert (tmp_path / "lock").exists()
    with locked(tmp_path / "lock", "news"):
        assert str(os.getpid()) in (tmp_path / "lock").read_text()
    assert not (tmp_path / "lock").exists()


def test_a_writer_can_wait_for_another(tmp_path: Path) -> None:
    turns: list[int] = []

    def work(number: int) -> None:
        with locked(tmp_path / "lock", "news", wait=30):
            turns.append(number)
            time.sleep(0.02)
            turns.append(number)

    import threading

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(turns[::2]) == list(range(8))
    assert turns[::2] == turns[1::2]


# ---------------------------------------------------------------------- leftovers of killed writers


@POSIX
def test_files_of_killed_writers_are_removed_and_files_being_written_stay(tmp_path: Path, target: Target) -> None:
    folder = tmp_path if isinstance(target, LinksFile) else tmp_path / "pages"
    dead = folder / ".relatedstories-1-0123abcd.tmp"
    dead.write_text("half a l")
    with new_file(folder / "other.txt") as file:
        file.write("by another run")
        refresh(quick(), SPACE, target)
        assert not dead.exists()
        assert len([path for path in folder.iterdir() if is_leftover(path.name)]) == 1
    assert (folder / "other.txt").read_text() == "by another run"


def test_files_of_other_names_are_not_removed(tmp_path: Path) -> None:
    names = [".relatedstories-1-0123abcd.txt", "relatedstories-1-0123abcd.tmp", ".relatedstories-x-0123abcd.tmp", ".hidden.tmp"]
    for name in names:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_an_index_can_be_loaded_beside_the_parts_of_a_killed_writer(tmp_path: Path) -> None:
    """New parts lie beside the old ones until the manifest is replaced."""
    stories = quick().fit(SPACE)
    stories.save(tmp_path / "index")
    (tmp_path / "index" / "parts-0123456789abcdef").mkdir()
    (tmp_path / "index" / "parts-0123456789abcdef" / "terms.jsonl").write_text("half")
    (tmp_path / "index" / ".relatedstories-1-0123abcd.tmp").write_text("half")
    assert len(RelatedStories.load(tmp_path / "index")) == len(SPACE)
    quick().fit(SPACE[:3]).save(tmp_path / "index")
    assert len(RelatedStories.load(tmp_path / "index")) == 3
    assert len([*(tmp_path / "index").iterdir()]) == 2


def test_an_index_that_did_not_change_is_not_written(tmp_path: Path) -> None:
    class Named(type(quick().extractor)):  # type: ignore[misc]
        name = "words"

    def run(events: list[Event]) -> Any:
        new = not index.exists()
        stories = RelatedStories(Named()) if new else RelatedStories.load(index, Named())
        return refresh(stories, events, tmp_path / "links.jsonl", index=index)

    def written() -> set[tuple[str, int, int]]:
        return {(path.name, path.stat().st_ino, path.stat().st_mtime_ns) for path in index.iterdir()}

    index = tmp_path / "index"
    run(SPACE)
    before = written()
    report = run(SPACE)
    assert (report.new, report.edited, report.gone, report.written) == (0, 0, 0, 0)
    assert "nothing new: all links are as they were, nothing is written" in str(report)
    assert written() == before
    report = run([*SPACE[1:-1], Event("oslo-2", "Rain"), Event("new", "Snow")])
    assert (report.new, report.edited, report.gone) == (1, 1, 1)
    assert written() != before
    shutil.rmtree(index / next(index.glob("parts-*")).name)  # removed by somebody else: the index is broken
    with pytest.raises(InputError):
        RelatedStories.load(index, Named())


def test_a_symbolic_link_to_an_index_shares_its_lock(tmp_path: Path) -> None:
    """The lock is that of the folder, not of the link."""
    (tmp_path / "index").mkdir()
    (tmp_path / "current").symlink_to(tmp_path / "index")
    with locked(tmp_path / ".index.lock", "index"), pytest.MonkeyPatch.context() as patched:
        patched.setattr("relatedstories.index.storage.LOCK_SECONDS", 0.0)
        with pytest.raises(InputError, match="got another writer at work"):
            quick().fit(SPACE).save(tmp_path / "current")


def test_an_index_that_lost_a_part_is_saved_again(tmp_path: Path) -> None:
    stories = quick().fit(SPACE)
    stories.save(tmp_path / "index")
    next(tmp_path.glob("index/parts-*/terms.jsonl")).unlink()
    stories.save(tmp_path / "index")
    assert len(RelatedStories.load(tmp_path / "index")) == len(SPACE)


@POSIX
@pytest.mark.parametrize("name", [".relatedstories.lock", ".relatedstories.topics.extractor"])
def test_a_symbolic_link_in_place_of_a_hidden_file_is_not_followed(tmp_path: Path, name: str) -> None:
    class Named(type(quick().extractor)):  # type: ignore[misc]
        name = "words"

    (tmp_path / "victim").write_text("mine")
    (pages(tmp_path / "pages") / name).symlink_to(tmp_path / "victim")
    with pytest.raises((OSError, InputError), match="symbolic links"):
        refresh(RelatedStories(Named()), SPACE, LinkedPages(tmp_path / "pages"))
    assert (tmp_path / "victim").read_text() == "mine"


# ---------------------------------------------------------------------- full disk, no permission


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = sys.platform == "linux" and os.geteuid() == 0
    done = mounted and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], check=False, capture_output=True
    )
    if not done or done.returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path, leave: int) -> None:
    """Fill a file system but for some bytes."""
    with contextlib.suppress(OSError), open(folder / "ballast", "wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))
    size = (folder / "ballast").stat().st_size
    os.truncate(folder / "ballast", size - leave)


MANY = [Event(f"e{n}", f"Fire in Oslo {n} and in Bergen {n % 7}", date=SPACE[0].date) for n in range(300)]


def test_a_disk_too_full_for_the_links(small: Path) -> None:
    refresh(quick(), SPACE, small / "links.jsonl")
    fill(small, 8192)
    before = everything(small)
    with pytest.raises(InputError, match=r"^/.*/links\.jsonl: cannot be written \(No space left on device\)$") as caught:
        refresh(quick(), MANY, small / "links.jsonl")
    assert isinstance(caught.value, OSError)
    assert everything(small) == before


def test_a_disk_too_full_for_a_first_index(small: Path) -> None:
    fill(small, 16384)
    with pytest.raises(InputError, match=r"small/index: cannot be written"):
        quick().fit(MANY).save(small / "index")
    assert [path.name for path in small.iterdir()] == ["ballast"]


def test_a_disk_too_full_for_the_report(small: Path, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text("".join(f"{json.dumps(event.to_dict())}\n" for event in SPACE))
    fill(small, 0)
    done = run_command("refresh", "news.jsonl", "--links", "links.jsonl", "--report", small / "report.json", cwd=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        f"relatedstories: error: {small}/report.json: cannot be written (No space left on device)",
    )
    done = run_command("refresh", "gone.jsonl", "--links", "links.jsonl", "--report", small / "report.json", cwd=tmp_path)
    assert done.stderr.splitlines() == [
        f"relatedstories: {small}/report.json: cannot be written (No space left on device)",
        "relatedstories: error: gone.jsonl: no such file",
    ]


def test_a_disk_too_full_for_the_index(small: Path) -> None:
    refresh(quick(), SPACE, small / "links.jsonl", index=small / "index")
    fill(small, 16384)
    before = RelatedStories.load(small / "index")
    with pytest.raises(InputError, match=r"small/index: cannot be written \(No space left on device\)"):
        quick().fit(MANY).save(small / "index")
    assert sorted(path.name for path in small.iterdir()) == ["ballast", "index", "links.jsonl"]
    assert [event.id for event in RelatedStories.load(small / "index")] == [event.id for event in before]


def test_a_disk_too_full_for_the_pages(small: Path) -> None:
    pages(small, MANY[:20])
    with open(small / "e5.md", "a", encoding="utf-8") as file:
        file.write("a long page\n" * 2000)
    fill(small, 16384)
    before = everything(small)
    found = Pages()
    with pytest.raises(OSError, match="No space left"):
        refresh(quick(), read_pages(small, found=found), LinkedPages(small, found))
    after = everything(small)
    assert after.keys() == before.keys()
    (small / "ballast").unlink()
    refresh(quick(), read_pages(small), LinkedPages(small))
    done = everything(small)
    assert all(b"related:" in page for page in done.values())
    written = {name for name in done if after[name] == done[name]}
    assert 0 < len(written) < len(done)
    assert all(after[name] == before[name] for name in done.keys() - written)  # each page is whole, with links or without


def test_a_disk_too_full_for_a_database(small: Path) -> None:
    from relatedstories.databases.links_table import LinksTable

    table = LinksTable(f"sqlite:///{small}/news.db")
    refresh(quick(), SPACE, table)
    before = [*table.read()]
    fill(small, 12288)
    with pytest.raises(InputError, match=r"sqlite://.*/news.db: (database or disk is full|disk I/O error)"):
        refresh(quick(), MANY, table)
    assert [*table.read()] == before
    (small / "ballast").unlink()
    assert sqlite3.connect(small / "news.db").execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    refresh(quick(), MANY[:50], table)


def test_a_read_only_file_system(small: Path) -> None:
    folder = pages(small / "pages")
    (small / "links.jsonl").write_text("old")
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    for target in (LinksFile(small / "links.jsonl"), LinkedPages(folder)):
        with pytest.raises((InputError, OSError), match=r"cannot be written to|Read-only file system"):
            refresh(quick(), SPACE, target)
    assert (small / "links.jsonl").read_text() == "old"


def test_a_missing_folder_of_pages(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pages: got no folder, expected a folder of pages"):
        refresh(quick(), SPACE, LinkedPages(tmp_path / "pages"))
