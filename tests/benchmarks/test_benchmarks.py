"""The benchmarks run: on the first lines of the labelled events, which are beside the checkout where its developers work."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import shared

from relatedstories import Event

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
LINES = 300


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("linked") / "linked.jsonl.gz"
    with gzip.open(shared("data/wcep-linked-2022.jsonl.gz"), "rb") as all_of_it, gzip.open(path, "wb") as file:
        file.writelines(itertools.islice(all_of_it, LINES))
    return path


def printed(*arguments: object) -> str:
    command = [sys.executable, BENCHMARKS / "ranking.py", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


@pytest.mark.slow
def test_the_ranker_part_by_part(linked: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", np.random.default_rng(0).normal(size=(LINES, 4)))
    out = printed(linked, "--embeddings", tmp_path / "own.npy")
    figures = {name: float(figure) for name, figure in re.findall(r"^\| ([\w -]+?)(?: \(.*?\))? \| (\d\.\d+)", out, re.MULTILINE)}
    assert {"TF-IDF", "BM25", "without words", "word space alone", "with embeddings", "embeddings alone"} <= set(figures)
    assert figures["full ranker"] > figures["date factor alone"]
    assert figures["full ranker"] > figures["embeddings alone"]  # they are random


@pytest.mark.slow
def test_wrong_links_are_drawn_to_be_read(linked: Path) -> None:
    out = printed(linked, "--wrong", 3, "--seed", 1)
    assert re.findall(r"^(\d)\. score", out, re.MULTILINE) == ["1", "2", "3"]
    assert out == printed(linked, "--wrong", 3, "--seed", 1)


@pytest.mark.slow
def test_an_export_is_measured(sample: list[Event], tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(event.to_dict()) + "\n" for event in sample[:40]), encoding="utf-8")
    command = [sys.executable, BENCHMARKS / "export.py", tmp_path / "news.jsonl", "--format", "html,json", "--jobs", "1"]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    (written, none), again = re.findall(r"(\d+) files written, (\d+) unchanged, 0 removed", out)
    assert (none, again) == ("0", ("0", written))
    assert out.count("peak memory of all processes") == 2


@pytest.mark.slow
def test_the_cost_of_stories_is_measured() -> None:
    command = [sys.executable, BENCHMARKS / "storyline_cost.py", "150", "300"]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", out, re.MULTILINE)
    assert [n for n, *_ in rows] == ["150", "300"]


@pytest.mark.slow
def test_stories_are_measured_next_to_other_ways(linked: Path) -> None:
    command = [sys.executable, BENCHMARKS / "storylines.py", linked]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = re.findall(r"^\| ([\w -]+?) \| (\d\.\d+) \| (\d\.\d+)", out, re.MULTILINE)
    figures = {name: (float(precision), float(recall)) for name, precision, recall in rows}
    assert figures["each event alone"][0] == 1
    assert figures["relatedstories"][1] > figures["each event alone"][1]
