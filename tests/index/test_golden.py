"""Indexes that every version has written: those of this version's format are read, the others refused in one line."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from helpers import SPACE, CapitalisedWords, quick, run

from relatedstories import InputError, RelatedStories
from relatedstories.index import check_index
from relatedstories.index.storage import FORMAT, MANIFEST

GOLDEN = {
    int(path.name.removeprefix("format-").partition(".")[0]): path for path in Path(__file__).parent.glob("golden/*.tar.xz")
}
OLDER = sorted(GOLDEN.keys() - {FORMAT})


def unpacked(number: int, folder: Path) -> Path:
    with tarfile.open(GOLDEN[number]) as archive:
        archive.extractall(folder / "index", filter="data")
    return folder / "index"


def test_there_is_one_of_every_format() -> None:
    """Where FORMAT is raised: ``python tests/index/golden/make.py``."""
    assert sorted(GOLDEN) == [*range(1, FORMAT + 1)]
    assert sum(path.stat().st_size for path in GOLDEN.values()) < 10_000 * FORMAT


def test_an_index_of_this_format_is_read(tmp_path: Path) -> None:
    index = unpacked(FORMAT, tmp_path)
    stories = RelatedStories.load(index, CapitalisedWords())  # type: ignore[arg-type]
    assert list(stories) == sorted(SPACE, key=lambda event: event.id)
    assert {link.event.id for link in stories.related("dragon")} == {"progress", "whitson"}
    assert [link.event.id for link in stories.related("oslo")] == ["oslo-2"]
    assert [topic.name for topic in stories.topics("oslo")] == ["Snow", "Oslo"]
    stories.remove("iceland").save(index)
    assert len(RelatedStories.load(index)) == len(SPACE) - 1


@pytest.mark.parametrize("number", OLDER)
def test_an_index_of_an_older_format_is_refused_and_can_be_replaced(number: int, tmp_path: Path) -> None:
    index = unpacked(number, tmp_path)
    message = f"{index}: got an index of format {number}, expected format {FORMAT}; build it again"
    for read in (RelatedStories.load, lambda folder: [*check_index(folder)]):
        with pytest.raises(InputError) as error:
            read(index)
        assert str(error.value) == message
    quick().fit(SPACE).save(index)
    assert len(RelatedStories.load(index)) == len(SPACE)
    assert len([*index.iterdir()]) == 2


def test_an_index_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    index = unpacked(FORMAT, tmp_path)
    about = json.loads((index / MANIFEST).read_text(encoding="utf-8"))
    (index / MANIFEST).write_text(json.dumps(about | {"format": FORMAT + 1}), encoding="utf-8")
    with pytest.raises(InputError, match=f"got an index of format {FORMAT + 1}, expected format {FORMAT}; build it again$"):
        RelatedStories.load(index)


def test_commands_say_so_in_one_line(tmp_path: Path) -> None:
    unpacked(OLDER[-1], tmp_path)
    said = rf"index: got an index of format {OLDER[-1]}, expected format {FORMAT}; build it again"
    for command in ("related oslo --index index", "check index"):
        done = run(*command.split(), cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"relatedstories: error: {said}\n")
    done = run("refresh", "sample", "--links", "links.jsonl", "--index", "index", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(f"relatedstories: the old index is not used, and will be replaced: {said}\n")
    assert run("check", "index", cwd=tmp_path).returncode == 0
