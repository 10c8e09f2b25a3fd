"""The commands ``storylines``, ``storyline`` and ``path``, as their users type them."""

from __future__ import annotations

import json

import pytest
from helpers import SPACE, quick, run

from relatedstories import RelatedStories, read_events

CAVE = "2018-07-02-thai-boys-found"


@pytest.fixture(scope="module")
def stories():
    return RelatedStories().fit(read_events("sample"))


@pytest.fixture(scope="module")
def index(stories, tmp_path_factory):
    folder = tmp_path_factory.mktemp("index") / "index"
    stories.save(folder)
    return folder


def test_storylines_are_those_of_the_library(stories, index) -> None:
    found = [story.to_dict() for story in stories.storylines()]
    done = run("storylines", "--index", index, "--json")
    assert [json.loads(line) for line in done.stdout.splitlines()] == found
    lines = run("storylines", "--index", index).stdout.splitlines()
    assert [line.split("\t")[3:] for line in lines] == [[story["id"], story["name"]] for story in found]


def test_an_archive_without_stories_says_so(tmp_path) -> None:
    quick().fit(SPACE[3:5]).save(tmp_path / "index")
    done = run("storylines", "--index", tmp_path / "index")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "relatedstories: no stories: no events of the archive belong together\n"


@pytest.mark.slow
def test_storylines_of_an_archive_without_an_index(stories) -> None:
    assert len(run("storylines", "sample").stdout.splitlines()) == len(stories.storylines())


def test_ids_are_kept_and_merges_reported(stories, index, tmp_path) -> None:
    cave = stories.storylines().of(CAVE)
    ids = [event.id for event in cave.events]
    before = tmp_path / "before.jsonl"
    before.write_text(json.dumps({"id": "a", "events": ids[:3]}) + "\n" + json.dumps({"id": "b", "events": ids[3:]}) + "\n")
    done = run("storylines", "--index", index, "--before", before, "--json")
    assert "a" in [json.loads(line)["id"] for line in done.stdout.splitlines()]
    assert "merged: a, b are now story a" in done.stderr
    before.write_text("[]\n")
    done = run("storylines", "--index", index, "--before", before)
    assert done.returncode == 1
    assert "line 1: got '[]', expected a story" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_one_story_by_its_id_or_by_that_of_an_event(stories, index) -> None:
    cave = stories.storylines().of(CAVE)
    shown = run("storyline", CAVE, "--index", index).stdout
    assert shown == run("storyline", cave.id, "--index", index).stdout
    assert shown.startswith(f"{cave.name}\n{len(cave)} events, {cave.first_day} to {cave.last_day}; id {cave.id}\n")
    told = json.loads(run("storyline", CAVE, "--index", index, "--json").stdout)
    assert [event["id"] for event in told["events"]] == [event.id for event in cave.events]
    alone = next(event for event in stories if stories.storylines().of(event) is None)
    for id_, message in ((alone.id, "stands alone"), ("nowhere", "got id 'nowhere', expected")):
        done = run("storyline", id_, "--index", index)
        assert (done.returncode, done.stdout) == (1, "")
        assert message in done.stderr


def test_a_path_from_one_event_to_another(stories, index) -> None:
    a, b = "2018-06-23-thai-boys-trapped", "2018-07-10-thai-cave-rescue-complete"
    links = stories.path(a, b)
    told = json.loads(run("path", a, b, "--index", index, "--json").stdout)
    assert (told["from"], told["to"]) == (a, b)
    assert [(step["id"], step["contexts"]) for step in told["steps"]] == [(link.event.id, [*link.contexts]) for link in links]
    shown = run("path", a, b, "--index", index).stdout
    assert f"{links[-1].rank:2}. 2018-07-10  {links[-1].event.title}" in shown


def test_a_timeline_on_the_command_line(stories, index) -> None:
    told = json.loads(run("related", CAVE, "--index", index, "--order", "timeline", "--json").stdout)
    assert [link["id"] for link in told["links"]] == [link.event.id for link in stories.related(CAVE, order="timeline")]
