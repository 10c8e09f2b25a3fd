"""Temporary folders go with their process, or with the next one of the library where that was killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relatedstories import Event, RelatedStories
from relatedstories.disk import temporary_folder as temporary_folder_module
from relatedstories.disk.temporary_folder import remove_leftover_folders, temporary_folder
from relatedstories.refresh import refresh

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

HOLDING = """
    from relatedstories.disk.temporary_folder import temporary_folder
    with temporary_folder() as folder:
        (folder / "events.jsonl").write_text("{}")
        print("at work", flush=True)
        time.sleep(300)
"""

MAKING_LISTS = """
    from relatedstories import RelatedStories, read_events
    from relatedstories.index import list_workers
    list_workers.MIN_LISTS = 1
    lists = RelatedStories().fit(list(read_events("sample"))).all_related(n_jobs=2)
    next(lists)
    print("at work", flush=True)
    time.sleep(300)
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of this process and those that it starts."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("when", ["before it is opened", "before it is locked"])
def test_a_folder_that_another_process_removes_before_it_is_locked_is_made_again(
    folders: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    lock, taken = temporary_folder_module.try_lock, list[Path]()

    def lock_after_another(path: Path, **keywords: Any) -> int | None:
        if taken:
            return lock(path, **keywords)
        taken.append(path)
        shutil.rmtree(path.parent)
        return lock(path, **keywords) if when == "before it is opened" else None

    monkeypatch.setattr(temporary_folder_module, "try_lock", lock_after_another)
    with temporary_folder() as folder:
        assert folder.is_dir()
        assert folder.parent != taken[0].parent
        remove_leftover_folders()
        assert folder.is_dir()
    assert not [*folders.iterdir()]


@contextlib.contextmanager
def at_work(script: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a script in a process of its own, and kill that and all that it started after the block."""
    command = [sys.executable, "-c", "import time\n" + textwrap.dedent(script)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == b"at work\n"
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate(timeout=20)


def left_in(folders: Path) -> set[str]:
    return {path.name for path in folders.glob("relatedstories-*")}


def test_a_folder_is_removed_after_the_block_whatever_happens_in_it(folders: Path) -> None:
    with pytest.raises(FileNotFoundError), temporary_folder() as folder:
        (folder / "missing").read_text()
    assert not left_in(folders)


def test_the_next_run_removes_what_a_killed_one_left_and_nothing_else(folders: Path) -> None:
    with at_work(HOLDING) as dead:
        dead.kill()
        dead.wait()
    of_dead = left_in(folders)
    assert len(of_dead) == 1
    (folders / "relatedstories-notes").mkdir()  # somebody's own
    with at_work(HOLDING), temporary_folder() as own:
        assert not of_dead & left_in(folders)
        assert len(left_in(folders)) == 3
        remove_leftover_folders()
        assert len(left_in(folders)) == 3
        assert own.is_dir()
    remove_leftover_folders()
    assert left_in(folders) == {"relatedstories-notes"}


def test_a_refresh_that_makes_no_copy_removes_them_too(folders: Path) -> None:
    with at_work(HOLDING):
        pass
    assert left_in(folders)
    refresh(RelatedStories(), [Event("1", "Snow in Oslo")], folders / "links.jsonl")
    assert not left_in(folders)


def test_without_locks_folders_stay(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: Any, **__: Any) -> None:
        raise OSError("no locks")

    with at_work(HOLDING):
        pass
    monkeypatch.setattr("relatedstories.disk.temporary_folder.try_lock", no_locks)
    with temporary_folder() as folder:
        assert folder.is_dir()
        assert len(left_in(folders)) == 2
    assert len(left_in(folders)) == 1


@pytest.mark.slow
def test_the_copy_of_an_index_goes_with_the_next_run(folders: Path) -> None:
    with at_work(MAKING_LISTS) as running:
        assert [*folders.glob("relatedstories-*/*/events.jsonl")]
        running.kill()
        running.wait()
        remove_leftover_folders()  # workers, which may live a second longer, do not keep it
        assert not left_in(folders)
