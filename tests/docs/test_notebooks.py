"""The notebooks run from start to end and print what they were saved with."""

from __future__ import annotations

import gzip
import itertools
import re
from pathlib import Path

import nbformat
import pytest
from helpers import shared
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))

LARGE = "05-a-large-archive"
"""Reads the archive of 106,327 events, which takes some minutes: here every 15th of them."""


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def printed(notebook):
    """What is printed and shown as text; not warnings, which depend on what else is installed."""
    shown = (output for output in outputs(notebook) if output.get("name") != "stderr")
    return [output.get("text") or output.get("data", {}).get("text/plain") for output in shown]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, tmp_path, monkeypatch):
    if path.stem == LARGE:
        archive = shared("data/wcep-text-2002-2024.jsonl.gz")
        with gzip.open(archive) as whole, gzip.open(tmp_path / archive.name, "w") as part:
            part.writelines(itertools.islice(whole, 0, None, 15))
        monkeypatch.setenv("RELATEDSTORIES_DATA", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    saved, drawn = printed(notebook), sum("image/png" in output.get("data", {}) for output in outputs(notebook))
    client = NotebookClient(notebook, timeout=600, coalesce_streams=True, resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    if path.stem != LARGE:
        assert printed(notebook) == saved
    assert len(printed(notebook)) == len(saved)
    assert sum("image/png" in output.get("data", {}) for output in outputs(notebook)) == drawn


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_as_a_reader_expects_it(path):
    notebook = nbformat.read(path, as_version=4)
    first = notebook.cells[0].source
    assert first.startswith(f"# {int(path.stem[:2])} ")
    assert first.count("**Question.**") == first.count("**Finding.**") == 1
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for output in outputs(notebook) if output.output_type == "error" or output.get("name") == "stderr"]
    assert max(len(cell.source.splitlines()) for cell in code) <= 20
    assert not re.search(r"/(home|root|tmp|work)/", path.read_text(encoding="utf-8"))


def test_the_notebooks_are_numbered_and_small():
    assert [path.stem[:3] for path in NOTEBOOKS] == [f"{number:02}-" for number in range(1, 8)]
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 1_500_000
