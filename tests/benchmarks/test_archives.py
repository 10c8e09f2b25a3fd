"""The benchmark of archives of any kind: on a tiny one whose figures can be reckoned by hand."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relatedstories import Event, InputError, Link

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import archives  # noqa: E402

SUBJECTS = {
    "tram": ("The tram of Lund is late", "Passengers of the tram wait in Lund", "A tram for Lund"),
    "vine": ("Frost harms the vines of Alsace", "A frost in Alsace, and vines freeze", "Vines of Alsace"),
    "library": ("The library lends tools", "A library that lends tools to all", "Tools from the library"),
    "bridge": ("A bridge over the Rhone closes", "The Rhone has one bridge fewer", "Bridge closes"),
}


def rows() -> Iterable[dict[str, Any]]:
    """Three articles a subject; the first of each links to the second, and all three have its tag."""
    for subject, titles in SUBJECTS.items():
        for place, title in enumerate(titles):
            yield {
                "id": f"{subject}-{place}",
                "title": title,
                "text": f"{title}. {title.lower()}",
                "date": None if place == 2 else f"2020-01-{place + 1:02}",
                "related": [f"{subject}-1", f"{subject}-0", "gone"] if place == 0 else [],
                "topics": [subject, "news"] if place else ["news"],
                "lang": "en",
            }


def write(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def tags_for_twelve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "COMMON_TAG", 0.5)  # a tenth of twelve articles is too few for a tag


def test_what_editors_chose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tags_for_twelve(monkeypatch)
    archive = archives.Archive.read(write(tmp_path / "town.jsonl.gz", rows()))
    assert (archive.name, archive.language, len(archive.events)) == ("town", "en", 12)
    assert archive.linked == {0: {1}, 1: {0}, 3: {4}, 4: {3}, 6: {7}, 7: {6}, 9: {10}, 10: {9}}  # either way round
    assert archive.tags[:3] == [set(), {"tram"}, {"tram"}]  # all have "news"
    assert archive.queries == [0, 1, 3, 4, 6, 7, 9, 10]
    assert archive.tag_queries == [1, 2, 4, 5, 7, 8, 10, 11]
    assert archive.label_queries == list(range(12))
    assert all(event.topics == () for event in archive.events)  # no system is given what it is measured by


def test_figures_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tags_for_twelve(monkeypatch)
    archive = archives.Archive.read(write(tmp_path / "town.jsonl.gz", rows()))
    # The right article is second for one query, missing for three, first for four; tags agree in one link of nine.
    lists = {0: [2, 1], 1: [0], 3: [4], 4: [], 6: [8], 7: [0], 9: [10], 10: [9], 2: [1], 5: [0], 8: [0], 11: [0]}
    assert archives.link_figures(archive, lists) == ("0.625", f"{(4 + 1 / np.log2(3)) / 8:.3f}", f"{1 / 7:.3f}")
    bare = archives.Archive("bare", "", archive.events, {}, [set()] * 12, [], [], list(range(12)))
    assert archives.link_figures(bare, {}) == ("", "", "")

    event = Event("x", "x")
    labels = [("the",), ("Lund",), (), ("n" * 41,)]
    links = {0: [Link(event, 0.5, rank, each) for rank, each in enumerate(labels, 1)]} | {n: [] for n in range(1, 12)}
    common = 1 / 3  # "the" is in more than a fifth of the texts, "Lund" in three
    monkeypatch.setattr(archives, "COMMON_WORD", 0.25)
    assert archives.label_figures(archive, links) == ("0.750", f"{common:.3f}", "0.333", "0.33", "0.917")


def test_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    tags_for_twelve(monkeypatch)
    town = write(tmp_path / "town.jsonl.gz", rows())
    bare = write(tmp_path / "bare.jsonl.gz", ({key: row[key] for key in ("id", "title")} | {"lang": "ja"} for row in rows()))
    one_hot = np.repeat(np.eye(4), 3, axis=0)  # three articles a subject
    np.save(tmp_path / "town.npy", one_hot)
    options = ["--embeddings", tmp_path / "town.npy", "--without", "topics", "--without", "folding", "--set", "min_score=0"]
    archives.main(list(map(str, [town, bare, *options])))
    out = capsys.readouterr().out
    assert "\nSettings: min_score=0\n" in out
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.splitlines() if line.startswith("|")]
    head, _, *body = lines
    assert head[2:5] == ["recall@5", "nDCG@5", "tag P@5"]
    assert body[0][0] == "town: 12 articles; asked: 8 with links, 8 with tags"
    systems = ["TF-IDF", "BM25", "embeddings", "relatedstories", "without topics", "without folding near-duplicates"]
    assert [row[1] for row in body] == [*systems, *(name for name in systems if name != "embeddings")]
    figures = dict(zip(systems, body, strict=False))
    for system in ("TF-IDF", "BM25", "embeddings", "relatedstories"):
        assert figures[system][2] == "1.000"  # the subjects share no words
    assert figures["relatedstories"][5:] != [""] * 6 == figures["BM25"][5:]
    assert all(row[2:5] == [""] * 3 for row in body[6:])  # no links and no tags to compare with


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "date_decay=soon"], "got 'date_decay=soon', expected NAME=NUMBER, a setting of RelatedStories"),
        (["--set", "decay=1"], "got 'decay=1', expected NAME=NUMBER, a setting of RelatedStories"),
        (["--set", "date_decay=-1"], "date_decay: got -1.0 (float), expected a number from 0 to"),
        (["--embeddings", "city.npy"], "--embeddings: got city.npy, expected the name of one of the archives: town"),
    ],
)
def test_wrong_options(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        archives.main(["town.jsonl.gz", *options])
    assert message in capsys.readouterr().err


def test_wrong_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got 3 articles, expected more than 5"):
        archives.Archive.read(write(tmp_path / "few.jsonl.gz", list(rows())[:3]))
    archive = archives.Archive.read(write(tmp_path / "town.jsonl.gz", rows()))
    np.save(tmp_path / "town.npy", np.eye(4))
    with pytest.raises(InputError, match="got 4 rows, expected 12, one per article"):
        archives.embedding_lists(archive, tmp_path / "town.npy")
