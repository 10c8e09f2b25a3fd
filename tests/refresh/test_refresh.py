"""The batch job, with the links in a file or a stream."""

from __future__ import annotations

import io
import json
import os

import pytest
from helpers import SPACE, day, quick

from relatedstories import Event, InputError
from relatedstories.refresh import refresh


def read(path):
    return {row["id"]: row["links"] for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def test_the_file_has_the_links_that_related_returns(tmp_path):
    path, stories = tmp_path / "links.jsonl", quick()
    report = refresh(stories, SPACE, path, k=3)
    links = read(path)
    assert list(links) == sorted(event.id for event in SPACE)
    assert links == {event.id: [link.to_dict() for link in stories.related(event.id, 3)] for event in SPACE}
    assert (report.events, report.links) == (6, sum(map(len, links.values())))
    assert report.labelled == sum(link["context"] is not None for row in links.values() for link in row)
    assert report.without_links == sum(not row for row in links.values())
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_run_changes_nothing_and_says_so(tmp_path):
    path = tmp_path / "links.jsonl"
    refresh(quick(), SPACE, path)
    before = path.read_bytes()
    report = refresh(quick(), reversed(SPACE), path)
    assert (report.new, report.changed, report.gone) == (0, 0, 0)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["links.jsonl", "links.json"])
def test_a_file_that_would_not_change_is_not_replaced(tmp_path, name):
    path = tmp_path / name
    assert refresh(quick(), SPACE, path).written == len(SPACE)
    before = path.stat()
    assert refresh(quick(), SPACE, path).written == 0
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert refresh(quick(), SPACE[1:], path).written == len(SPACE) - 1
    assert path.stat().st_ino != before.st_ino
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["links.jsonl", "links.json"])
def test_a_dry_run_counts_what_it_would_write_and_leaves_the_folder_alone(tmp_path, name):
    path = tmp_path / name

    def entries():
        return [(entry.name, entry.stat().st_ino) for entry in os.scandir(tmp_path)]

    def watch(_stage, _done, _total):
        assert entries() == before

    before = entries()
    assert refresh(quick(), SPACE, path, dry_run=True, progress=watch).written == len(SPACE)
    assert entries() == before
    refresh(quick(), SPACE, path)
    before = entries()
    assert refresh(quick(), SPACE, path, dry_run=True, progress=watch).written == 0
    assert refresh(quick(), SPACE[1:], path, dry_run=True, progress=watch).written == len(SPACE) - 1
    assert entries() == before


def test_lines_in_another_order_are_written_anew(tmp_path):
    path = tmp_path / "links.jsonl"
    refresh(quick(), SPACE, path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(reversed(lines)))
    report = refresh(quick(), SPACE, path)
    assert (report.changed, report.written) == (0, len(SPACE))
    assert path.read_bytes() == b"".join(lines)


def test_what_changed_is_counted_and_a_dry_run_writes_nothing(tmp_path):
    path = tmp_path / "links.jsonl"
    refresh(quick(), SPACE, path)
    before = path.read_bytes()
    events = [event for event in SPACE if event.id != "oslo-2"] + [Event("new", "Voters in Malta elect a parliament")]
    report = refresh(quick(), events, path, dry_run=True)
    assert (report.new, report.gone) == (1, 1)
    assert report.changed >= 1  # oslo loses its link
    assert path.read_bytes() == before
    assert refresh(quick(), events, path).changed == report.changed
    assert set(read(path)) == {event.id for event in events}


def test_an_error_during_the_run_keeps_the_old_links(tmp_path):
    path = tmp_path / "links.jsonl"
    refresh(quick(), SPACE, path)
    before = path.read_bytes()

    def stop(stage, done, _total):
        if stage == "links" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(quick(), SPACE, path, progress=stop)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_without_links_is_replaced(tmp_path):
    path = tmp_path / "links.jsonl"
    path.write_bytes(b"\xff not ours\n[1]\n{}\n")
    report = refresh(quick(), SPACE, path)
    assert (report.new, report.changed, report.gone) == (6, 0, 0)
    assert set(read(path)) == {event.id for event in SPACE}


def test_permissions_and_symbolic_links_are_kept(tmp_path):
    target, link = tmp_path / "target.jsonl", tmp_path / "links.jsonl"
    target.touch(mode=0o640)
    link.symlink_to(target)
    refresh(quick(), SPACE, link)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert len(read(target)) == 6


def test_a_stream_with_unusual_characters():
    file = io.StringIO()
    events = [Event("ü 1", "Fire 🔥 in Oslo\u2028\x00"), Event("b\n2", "Fire 🔥 in Oslo, “again”")]
    refresh(quick(), events, file)
    lines = file.getvalue().removesuffix("\n").split("\n")
    assert [json.loads(line)["id"] for line in lines] == ["b\n2", "ü 1"]


def test_a_place_that_cannot_be_written_is_an_error_before_the_work(tmp_path):
    def work():
        raise AssertionError("nothing may be read before the place is checked")
        yield

    with pytest.raises(InputError, match="which is not a folder, expected one in an existing folder"):
        refresh(quick(), work(), tmp_path / "missing" / "links.jsonl")


def test_the_text_of_a_report(tmp_path):
    text = str(refresh(quick(), SPACE, tmp_path / "links.jsonl"))
    assert text.startswith("6 events, ")
    assert "6 events are new, 0 gone; links of 0 others changed; " in text
    assert "commonest contexts: " in text


def test_the_report_counts_links_to_each_event(tmp_path):
    """Three events of one place list each other; a fourth lists them, and none of them has room for it."""
    events = [Event(str(i), f"Fire in Oslo {'abc'[i] * 4}", date=day("2020-01-01")) for i in range(3)]
    events.append(Event("late", "Fire in Malta and in Oslo", date=day("2020-03-01")))
    report = refresh(quick(), events, tmp_path / "links.jsonl", k=2)
    assert report.linked == {"0": 3, "1": 3, "2": 2}
    assert report.orphans == 1
    assert "no link leads to 1 event, 25.0%; 3, the most, to 0" in str(report)
    assert refresh(quick(), [], tmp_path / "none.jsonl").orphans == 0


def test_options_of_lists_hold_in_the_file(tmp_path):
    path, stories = tmp_path / "links.jsonl", quick()
    options = {"include_newer": False, "pinned": {"oslo-2": ["iceland"]}, "max_per_context": 1, "diversity": 0.2}
    refresh(stories, SPACE, path, k=3, **options)
    assert read(path) == {event.id: [link.to_dict() for link in stories.related(event.id, 3, **options)] for event in SPACE}
    assert [link["id"] for link in read(path)["oslo-2"]] == ["iceland", "oslo"]


def test_a_wrong_option_is_an_error_before_the_work(tmp_path):
    with pytest.raises(InputError, match=r"^refresh: diversity: got 2 "):
        refresh(quick(), SPACE, tmp_path / "links.jsonl", diversity=2)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_events_by_stage():
    calls = []
    refresh(quick(), SPACE, io.StringIO(), progress=lambda *stage: calls.append(stage))
    for name in ("topics", "comparing", "links"):
        assert (name, 6, 6) in calls
