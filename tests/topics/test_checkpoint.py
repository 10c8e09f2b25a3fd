"""Extracted topics are not lost when a run is stopped or killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import COMMAND, SPACE, CapitalisedWords, run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relatedstories import Event, InputError, RelatedStories, read_events
from relatedstories.files.links_file import LinksFile
from relatedstories.refresh import refresh
from relatedstories.topics.checkpoint import Checkpoint


class Counting(CapitalisedWords):
    """A named extractor that records the events it extracts and stops at one of them."""

    def __init__(self, name: str = "words", stops_at: str | None = None) -> None:
        self.name, self.stops_at = name, stops_at
        self.asked: list[str] = []

    def extract_many(self, events):
        for event in events:
            if event.id == self.stops_at:
                raise KeyboardInterrupt
            self.asked.append(event.id)
            yield from super().extract_many([event])


IDS = sorted(event.id for event in SPACE)


def test_fit_resumes_where_another_fit_was_stopped(tmp_path: Path) -> None:
    first, second, third = Counting(stops_at=IDS[3]), Counting(), Counting()
    with pytest.raises(KeyboardInterrupt):
        RelatedStories(first).fit(SPACE, checkpoint=tmp_path / "topics")
    assert first.asked == IDS[:3]
    stories = RelatedStories(second).fit(SPACE, checkpoint=tmp_path / "topics")
    assert second.asked == IDS[3:]
    assert dict(stories.all_related()) == dict(RelatedStories(Counting()).fit(SPACE).all_related())
    RelatedStories(third).fit(SPACE, checkpoint=tmp_path / "topics")
    assert third.asked == []


def test_two_simultaneous_runs_do_not_share_a_checkpoint(tmp_path: Path) -> None:
    """The second run works without a checkpoint and leaves that of the first unchanged."""
    path = tmp_path / "topics"
    with Checkpoint.opened(path, "one") as kept:
        assert kept is not None
        kept.add(SPACE[0], (("Oslo", "place", (-1,)),))
        second = Counting("two")
        RelatedStories(second).fit(SPACE, checkpoint=path)
        assert second.asked == IDS
        Checkpoint.remove(path)
    with Checkpoint.opened(path, "one") as kept:
        assert kept is not None
        assert kept.topics_of(SPACE[:2]) == [(("Oslo", "place", (-1,)),), None]
    Checkpoint.remove(path)
    assert not path.exists()


def test_an_event_without_topics_is_not_extracted_again(tmp_path: Path) -> None:
    extractor = Counting()
    for _ in range(2):
        RelatedStories(extractor).fit([Event("1", "no capitals here")], checkpoint=tmp_path / "topics")
    assert extractor.asked == ["1"]


@pytest.mark.parametrize("field", ["title", "text", "heading", "topics", "date"])
def test_an_edited_event_is_extracted_again(tmp_path: Path, field: str) -> None:
    other = {"title": "Rain", "text": "Rain", "heading": "Rain", "topics": ("Rain",), "date": None}[field]
    RelatedStories(Counting()).fit(SPACE, checkpoint=tmp_path / "topics")
    extractor = Counting()
    RelatedStories(extractor).fit([replace(SPACE[0], **{field: other}), *SPACE[1:]], checkpoint=tmp_path / "topics")
    assert extractor.asked == [SPACE[0].id]


def test_topics_of_another_extractor_are_not_used(tmp_path: Path) -> None:
    RelatedStories(Counting("one")).fit(SPACE, checkpoint=tmp_path / "topics")
    extractor = Counting("two")
    RelatedStories(extractor).fit(SPACE, checkpoint=tmp_path / "topics")
    assert extractor.asked == IDS


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 2000), tail=st.binary(max_size=30))
def test_a_truncated_or_damaged_file_loses_only_the_damaged_part(tmp_path: Path, cut: int, tail: bytes) -> None:
    path = tmp_path / "topics"
    path.unlink(missing_ok=True)
    RelatedStories(Counting()).fit(SPACE, checkpoint=path)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] + tail)
    extractor = Counting()
    stories = RelatedStories(extractor).fit(SPACE, checkpoint=path)
    assert dict(stories.all_related()) == dict(RelatedStories(Counting()).fit(SPACE).all_related())
    left = max(0, whole[:cut].count(b"\n") - 1)
    assert len(extractor.asked) <= len(SPACE) - left
    again = Counting()
    RelatedStories(again).fit(SPACE, checkpoint=path)
    assert again.asked == []


def test_a_checkpoint_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing/topics: topics cannot be written \(No such file"):
        RelatedStories(Counting()).fit(SPACE, checkpoint=tmp_path / "missing" / "topics")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux")
def test_a_full_disk_is_an_input_error() -> None:
    file = os.open("/dev/full", os.O_WRONLY)
    checkpoint = Checkpoint.__new__(Checkpoint)
    checkpoint._path, checkpoint._file = Path("topics"), file
    with pytest.raises(InputError, match=r"topics: topics cannot be written \(No space left"):
        checkpoint.add(SPACE[0], ())
    os.close(file)


def test_a_refresh_removes_its_checkpoint_only_when_it_is_done(tmp_path: Path) -> None:
    links = tmp_path / "links.jsonl"
    with pytest.raises(KeyboardInterrupt):
        refresh(RelatedStories(Counting(stops_at=IDS[3])), SPACE, links)
    assert LinksFile(links).checkpoint.exists()
    extractor = Counting()
    refresh(RelatedStories(extractor), SPACE, links)
    assert extractor.asked == IDS[3:]
    assert [*tmp_path.iterdir()] == [links]


def test_with_an_index_the_checkpoint_is_beside_the_index(tmp_path: Path) -> None:
    def stop(stage: str, *_: int) -> None:
        if stage == "links":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(RelatedStories(Counting()), SPACE, tmp_path / "links.jsonl", index=tmp_path / "index", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == [".index.topics"]
    extractor = Counting()
    refresh(RelatedStories(extractor), SPACE, tmp_path / "links.jsonl", index=tmp_path / "index")
    assert extractor.asked == []
    assert {path.name for path in tmp_path.iterdir()} == {"index", "links.jsonl"}
    assert dict(RelatedStories.load(tmp_path / "index", extractor).all_related()) == dict(
        RelatedStories(Counting()).fit(SPACE).all_related()
    )


def test_a_dry_run_leaves_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        refresh(RelatedStories(Counting(stops_at=IDS[3])), SPACE, tmp_path / "links.jsonl", dry_run=True)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_command_resumes_topic_extraction(tmp_path: Path) -> None:
    events = [replace(event, id=f"{event.id}-{n}", text=f"{event.text} {n}") for n in range(3) for event in read_events("sample")]
    lines = "".join(json.dumps(event.to_dict()) + "\n" for event in events)
    (tmp_path / "news.jsonl").write_text(lines, encoding="utf-8")
    arguments = ["refresh", "news.jsonl", "--links", "links.jsonl", "--jobs", "1"]
    process = subprocess.Popen([*COMMAND, *arguments], cwd=tmp_path, stderr=subprocess.PIPE)
    kept = tmp_path / ".links.jsonl.topics"
    until = time.monotonic() + 60
    while time.monotonic() < until and not (kept.exists() and kept.read_bytes().count(b"\n") > 100):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    found = kept.read_bytes().count(b"\n") - 1
    assert 100 <= found < len(events)
    asked: list[int] = []
    stories = RelatedStories().fit(events, checkpoint=kept, progress=lambda _stage, _done, total: asked.append(total))
    assert set(asked) == {len(events) - found}
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["links.jsonl", "news.jsonl"]
    refresh(stories, events, tmp_path / "undisturbed.jsonl")
    assert (tmp_path / "links.jsonl").read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()
