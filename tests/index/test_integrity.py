"""An index is checked: its files, how its parts fit together, and answers made anew."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import SPACE, Named, parts_of, quick, run

from relatedstories import Event, InputError, RelatedStories
from relatedstories.disk.lazy_sequence import to_json_line
from relatedstories.index import check_index, storage
from relatedstories.index.storage import MANIFEST, read_folder, write_folder

EVENTS = [
    *SPACE,
    Event("undated", "Snow in Rome and Oslo, Snow in Rome", "It snows in Rome. " * 9 + "word " * 80, language="en"),
    Event("german", "Der Schnee legt den Flughafen von Rom lahm", topics=["Rom"], heading="Wetter"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with everything that one can have."""
    stories = RelatedStories(Named()).fit(EVENTS)  # type: ignore[arg-type]
    list(stories.all_related())
    stories.save(tmp_path_factory.mktemp("whole") / "index")
    return tmp_path_factory.getbasetemp() / "whole0" / "index"


@pytest.fixture
def index(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "index"))


def faults(folder: Path, sample: int = 200) -> list[str]:
    return [str(fault) for fault in check_index(folder, rebuild_sample=sample, extractor=Named())]  # type: ignore[arg-type]


def files(folder: Path) -> list[Path]:
    return [folder / MANIFEST, *sorted(parts_of(folder).iterdir())]


def test_an_index_that_is_whole_has_no_fault(whole: Path) -> None:
    assert faults(whole) == []
    told: list[str] = []
    assert list(check_index(whole, rebuild_sample=3, extractor=Named(), on_checked=told.append)) == []  # type: ignore[arg-type]
    assert [line.removeprefix(f"{whole}: ") for line in told] == [
        f"{len(files(whole)) - 1} files compared with their checksums",
        "8 events: their ids, dates, languages, rows, topics and neighbours compared with each other",
        "3 events: their topics, terms and passages made anew, and weights and what is learnt for all",
        "3 events: their neighbours and links made anew",
    ]


def test_however_an_index_came_about_it_has_no_fault(sample: list[Event], sample_stories: RelatedStories, tmp_path: Path) -> None:
    own = np.random.default_rng(0).normal(size=(len(EVENTS), 3))
    for number, stories in enumerate(
        [
            quick().fit([]),
            quick().fit(EVENTS[:1]),
            quick(topic_weight=0.0, date_decay=1.0, space_weight=0.0).fit(EVENTS),
            quick().fit(EVENTS, embeddings=own),
            RelatedStories(Named(), across_languages=True).fit(EVENTS[2:]).add(EVENTS[:2]).remove("oslo"),  # type: ignore[arg-type]
        ]
    ):
        list(stories.all_related(3))
        stories.save(tmp_path / f"{number}")
        assert [*check_index(tmp_path / f"{number}", extractor=stories.extractor)] == []
    list(sample_stories.all_related())
    sample_stories.save(tmp_path / "sample")
    assert [*check_index(tmp_path / "sample", rebuild_sample=20)] == []
    sample_stories.add([Event("new", sample[0].title, sample[1].text)]).remove("new")
    sample_stories.save(tmp_path / "sample")
    assert [*check_index(tmp_path / "sample", rebuild_sample=20)] == []


# ---------------------------------------------------------------------- files


def test_a_changed_byte_of_any_file_is_found(index: Path) -> None:
    for path in files(index):
        content = path.read_bytes()
        for place in sorted({0, len(content) // 2, len(content) - 2} & {*range(len(content))}):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            try:
                found = faults(index)
            except InputError as error:  # the manifest's format or its JSON
                assert path.name == MANIFEST
                found = [str(error)]
            assert len(found) == 1, (path, place)
            assert str(path) in found[0] or (path.name == MANIFEST and str(index) in found[0])
            assert "\n" not in found[0]
        path.write_bytes(content)
    assert faults(index) == []


def test_a_file_that_was_cut_or_removed_or_cannot_be_read_is_found(index: Path) -> None:
    for path in files(index)[1:]:
        content = path.read_bytes()
        if content:
            path.write_bytes(content[:-1])
            assert faults(index) == [f"{path}: got {len(content) - 1} bytes, expected {len(content)}"]
        path.unlink()
        assert faults(index) == [f"{path}: got no file, expected {len(content)} bytes"]
        path.mkdir()
        assert faults(index) == [f"{path}: got a file that cannot be read (Is a directory), expected {len(content)} bytes"]
        path.rmdir()
        path.write_bytes(content)


def test_two_files_that_changed_places_are_found(index: Path) -> None:
    paths = files(index)[1:]
    for a, b in zip(paths, paths[1:] + paths[:1], strict=True):
        if a.read_bytes() != b.read_bytes():
            a.rename(index / "aside")
            b.rename(a)
            (index / "aside").rename(b)
            found = faults(index)
            assert [fault.partition(": ")[0] for fault in found] == [str(a), str(b)] or len(found) == 2
            b.rename(index / "aside")
            a.rename(b)
            (index / "aside").rename(a)
    assert faults(index) == []


def test_a_file_of_another_index_of_the_same_size_is_found(index: Path, tmp_path: Path) -> None:
    other = [Event(event.id, event.title, event.text, SPACE[0].date, event.heading, event.topics) for event in EVENTS]
    RelatedStories(Named()).fit(other).save(tmp_path / "other")  # type: ignore[arg-type]
    shutil.copyfile(parts_of(tmp_path / "other") / "days.npy", parts_of(index) / "days.npy")
    [fault] = faults(index)
    assert fault.startswith(f"{parts_of(index) / 'days.npy'}: got a file with the checksum ")


def test_an_index_that_is_replaced_meanwhile_is_read_again(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checksum, calls = storage._file_checksum, []

    def replaced(path: Path) -> str:
        calls.append(path)
        if len(calls) == 3:
            monkeypatch.setattr(storage, "_file_checksum", checksum)
            quick().fit(SPACE).save(index)
        return checksum(path)

    monkeypatch.setattr(storage, "_file_checksum", replaced)
    assert [*check_index(index, rebuild_sample=0)] == []


def test_no_index_and_one_of_another_format_are_errors(index: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none: got no such folder, expected the folder of an index"):
        faults(tmp_path / "none")
    about = json.loads((index / MANIFEST).read_text())
    (index / MANIFEST).write_text(json.dumps(about | {"format": about["format"] - 1}))
    with pytest.raises(InputError, match=r"index: got an index of format \d+, expected format \d+; build it again$"):
        faults(index)


# ---------------------------------------------------------------------- parts, written with their right checksums


def rewrite(folder: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Write an index again, its parts changed as a fault of ours might."""
    arrays, documents, about = read_folder(folder)
    copies = {name: array.copy() for name, array in arrays.items()}
    lines = {name: [*values] for name, values in documents.items()}
    change(copies, lines)
    as_lines = {name: [*map(to_json_line, values)] for name, values in lines.items()}
    write_folder(folder, copies, as_lines, {name: about[name] for name in ("topics_by", "settings")})


def put(part: str, place: Any, value: Any) -> Callable[[dict[str, Any], dict[str, Any]], object]:
    return lambda arrays, _: arrays[part].__setitem__(place, value)


def line(document: str, number: int, value: str) -> Callable[[dict[str, Any], dict[str, Any]], object]:
    return lambda _, lines: lines[document].__setitem__(number, value)


def repeat(document: str) -> Callable[[dict[str, Any], dict[str, Any]], object]:
    return lambda _, lines: lines[document].__setitem__(1, lines[document][0])


CHANGES: list[tuple[str, Callable[[dict[str, Any], dict[str, Any]], object], str]] = [
    ("ids twice", repeat("ids"), "id of event 'german': got 'dragon', expected 'german'"),
    ("an event of another id", lambda _, lines: lines["events"][0].update(id="x"), "id of event 'x': got 'dragon', expected 'x'"),
    ("a lost language", lambda _, lines: lines["languages"].pop(), "languages: got 7 entries, expected 8, an entry for each"),
    ("a lost event", lambda _, lines: lines["events"].pop(), "ids: got 8 entries, expected 7, an entry for each event"),
    ("a bad event", lambda _, lines: lines["events"][3].pop("id"), "events: got a line that cannot be read ("),
    ("another language", line("languages", 6, "fr"), "language of event 'undated': got 'fr', expected 'en'"),
    ("terms out of order", lambda _, lines: lines["terms"].reverse(), "terms (and "),
    ("a topic twice", repeat("topics"), "topics: got "),
    ("another day", put("days", 0, 5), "day of event 'dragon': got 5, expected 736483, for 2017-06-03"),
    ("days of the blocks", put("blocks-days", 0, 5), "blocks-days: got other days"),
    ("the order of the blocks", put("blocks-order", 0, 7), "blocks-order: got other numbers"),
    ("a lost day", lambda arrays, _: arrays.update({"days": arrays["days"][1:]}), "days: got 7 entries, expected 8"),
    ("a lost part", lambda arrays, _: arrays.pop("embeddings"), "embeddings: got no such part, expected 8"),
    ("a column outside", put("terms-indices", 0, 999), "terms (and "),
    ("a passage's column outside", put("passages-indices", 0, -1), "passages: got the column -1"),
    ("starts that fall", put("topics-indptr", 1, 99), "topics: got rows whose starts fall"),
    ("a weight of 0", put("weights-data", 0, 0), "weights: got a weight that is not finite"),
    ("a neighbour that is not", put("neighbours-ids", (0, 0), 99), "neighbours of event 'dragon': got a number"),
    ("itself", put("neighbours-ids", (0, 0), 0), "neighbours of event 'dragon': got the event itself"),
    ("a score too high", put("neighbours-scores", (0, 0), 2), "neighbours of event 'dragon': got a score"),
    ("segments", lambda arrays, _: arrays.update({"segments-keys": arrays["segments-keys"][1:]}), "segments-keys: got "),
    ("blocks", put("blocks-posting_starts", (0, -1), 3), "blocks-posting_starts: got starts that fall"),
    ("a row of the blocks", put("blocks-posting_rows", 0, 65535), "blocks-posting_rows: got the row 65535"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_parts_that_do_not_fit_are_found(index: Path, change: Any, said: str) -> None:
    rewrite(index, change)
    found = faults(index, 0)
    assert any(line.startswith(f"{index}: {said}") for line in found), found
    assert all("\n" not in line for line in found)
    assert faults(index) == found  # nothing is made anew of what does not fit


ANEW: list[tuple[str, Callable[[dict[str, Any], dict[str, Any]], object], str]] = [
    ("a count", put("terms-data", 0, 9), "terms-data, entry 0: got 9.0, expected "),
    ("a weight", put("weights-data", 0, 0.5), "weights-data, entry 0: got 0.5, expected "),
    ("an embedding", put("embeddings", (2, 5), 77), "embeddings, entry 2, 5: got 77, expected "),
    ("a head", put("blocks-embedding_heads", (1, 5), 77), "blocks-embedding_heads, entry 1, 5: got 77"),
    ("a posting", put("blocks-posting_weights", 0, 0.5), "blocks-posting_weights, entry 0: got 0.5"),
    ("what is learnt", put("learnt", 2, 0.5), "learnt, entry 2: got 0.5, expected "),
    ("the least score", put("learnt-min-scores", (0, 2), 0.5), "learnt-min-scores, entry 0, 2: got 0.5"),
    ("boilerplate", lambda arrays, _: arrays.update(boilerplate=np.array([7], np.uint64)), "boilerplate: got an array of "),
    ("a segment", put("segments-keys", -1, 7), "segments-keys, entry "),
    ("a topic", lambda _, lines: lines["topics-found"][0].pop(), "topics-found of event 'dragon': got "),
    ("a name", lambda _, lines: lines["topics"][0][1][0].__setitem__(0, "X"), "topics, line 1: got "),
    ("a language", line("languages", 1, "en"), "languages, line 2: got '\"en\"', expected '\"de\"'"),
    ("a passage", put("passages-indices", 0, 0), "passages-indices, entry 0: got 0"),
    ("a score", put("neighbours-scores", (0, 0), 0.9), "neighbours of event 'dragon': got ("),
    ("a link", put("neighbours-ids", (0, 0), 1), "links of event 'dragon': got ('german', "),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in ANEW], ids=[row[0] for row in ANEW])
def test_answers_that_are_not_those_made_anew_are_found(index: Path, change: Any, said: str) -> None:
    rewrite(index, change)
    assert faults(index, 0) == []
    found = faults(index)
    assert any(line.startswith(f"{index}: {said}") for line in found), found
    assert all("\n" not in line for line in found)


def test_topics_of_another_extractor_are_taken_as_they_are(index: Path) -> None:
    told: list[str] = []
    assert list(check_index(index, on_checked=told.append)) == []
    assert any(line.startswith(f"{index}: topics were found by capitalised words, not by TopicExtractor: ") for line in told)
    rewrite(index, put("terms-data", 0, 9))
    assert any("terms-data" in fault.where for fault in check_index(index))


# ---------------------------------------------------------------------- the command


def test_the_command(index: Path) -> None:
    done = run("check", index.name, cwd=index.parent)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith("relatedstories: index: no fault\n")
    path = parts_of(index) / "terms.jsonl"
    os.truncate(path, 5)
    (parts_of(index) / "ids.jsonl").unlink()
    done = run("check", "index", cwd=index.parent)
    shown = path.relative_to(index.parent)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1].startswith(f"{shown}: got 5 bytes, expected ")
    assert done.stderr.endswith("relatedstories: index: 2 faults; build the index again\n")
    done = run("check", "index", "--json", "--rebuild-sample", "0", cwd=index.parent)
    assert [json.loads(line)["got"] for line in done.stdout.splitlines()] == ["no file", "5 bytes"]
    done = run("check", "nothing", cwd=index.parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "relatedstories: error: nothing: got no such folder, expected the folder of an index\n"
