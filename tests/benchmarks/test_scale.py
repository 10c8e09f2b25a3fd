"""The benchmark by size: all of it on the packaged sample, what it goes on from, and what its page says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import measures  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402
import scale  # noqa: E402

N = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scale")


def run(folder: Path, *options: object) -> str:
    given = ["sample", "--out", folder / "results", "--work", folder / "work", "--runs", 1, "--without-missing", *options]
    scale.main(list(map(str, given)))
    return (folder / "results" / "README.md").read_text(encoding="utf-8")


OURS = {
    "kernel": "self_topk, 1 thread",
    "query": "related(id, k=10): median",
    "extraction": "TopicExtractor",
    "build": "fit, topics known",
    "opening": "load and related, a new process",
    "update": "new events added, and their links",
    "refresh": "refresh: links",
    "pipeline": "pipeline: entities",
}


@pytest.mark.slow
@pytest.mark.parametrize("measure", measures.MEASURES)
def test_a_measure_beside_its_peers(measure: str, folder: Path) -> None:
    if line := peers.missing(measures.NEEDS.get(measure, ())):
        pytest.skip(line)
    page = run(folder, "--sizes", N, "--only", measure)
    assert f"| {OURS[measure]} |" in page
    figures = {figure["what"]: figure for figure in scale.read(folder / "results" / "results.json")[-1]["figures"]}
    assert all(figure["value"] >= 0 for figure in figures.values())
    assert measure == "pipeline" or {figure["beside"] for figure in figures.values()} <= {"", *figures}


@pytest.mark.slow
def test_without_peers_ours_is_measured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert peers.missing(["no_such_module"] * 0) == ""
    monkeypatch.setitem(peers.PACKAGES, "no_such_module", "no-such-package>=1")
    assert peers.missing(["no_such_module"]) == "not installed: no-such-package>=1; pip install no-such-package>=1"
    monkeypatch.setitem(scale.NEEDS, "build", ["no_such_module"])
    with pytest.raises(SystemExit, match=r"pip install .*no-such-package"):
        scale.main(["sample", "--sizes", str(N), "--only", "build", "--out", str(folder / "none")])
    assert "fit, topics known" in run(folder, "--sizes", N, "--only", "build")


def figures(measure: str, n: int, run: int, **values: float) -> dict:
    listed = [{"what": what, "value": value, "unit": "s", "beside": "ours", "part": False} for what, value in values.items()]
    return {"measure": measure, "n": n, "run": run, "date": "2025-01-02", "source": "archive", "figures": listed}


def test_a_command_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict] = []

    def measured(planned: dict, _: object) -> dict:
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(planned)
        return figures(planned["measure"], planned["n"], planned["run"], ours=planned["n"] / 10, other=planned["n"] / 5) | planned

    monkeypatch.setattr(scale, "measured", measured)
    arguments = ["sample", "--sizes", "10", "100", "--runs", "2", "--only", "build", "--out", str(tmp_path), "--without-missing"]
    with pytest.raises(KeyboardInterrupt):
        scale.main(arguments)
    assert len(json.loads((tmp_path / "results.json").read_text())) == 3
    monkeypatch.setattr(scale, "measured", lambda planned, _: measured(planned, made.clear()))
    scale.main(arguments)
    assert [(plan["n"], plan["run"]) for plan in made] == [(100, 1)]
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| ours | s | 1 |  | 10 |  | 1.00 |" in page
    assert "| other | s | 2 | 2 | 20 | 2 | 1.00 |" in page


def test_large_archives_are_measured_in_part_unless_asked_for_in_full() -> None:
    given = ["sample", "--sizes", "1000", "1000000", "--runs", "2"]

    def large(*options: str) -> list[tuple[str, int]]:
        plans = scale.planned(scale.parsed([*given, *options]))
        return [(plan["measure"], plan["run"]) for plan in plans if plan["n"] == 1_000_000]

    assert large() == [("kernel", 0)]
    assert large("--only", "query") == [("query", 0)]
    assert len(large("--full")) == 2 * len(measures.MEASURES)


def test_medians_and_exponents() -> None:
    runs = [figures("build", n, run, ours=(run + 1) * n**2) for n in (10, 100) for run in range(3)]
    (line,) = report.lines(runs, "build")
    assert line.values == {10: 200, 100: 20_000}
    assert report.exponent(line.values) == pytest.approx(2)
    assert report.exponent({10: 1.0}) is None
    assert [report.number(value) for value in (0.01234, 1.5, 1234.5)] == ["0.0123", "1.5", "1,234"]
