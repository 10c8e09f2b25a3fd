"""Scores in numpy are, to the bit, those of the compiled loops; only large comparisons use these, where they are loaded."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from relatedstories.features.word_space import DIMENSIONS, NONE, squared_cosine
from relatedstories.topk import cosines
from relatedstories.topk.cosines import squared_cosine_of_many

ROWS = np.random.default_rng(0).integers(-127, 128, (2000, DIMENSIONS)).astype(np.int8)
ROWS[7] = 0
ROWS[7, 0] = NONE


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("n", [0, 1, 512, 513, 2000])
def test_squared_cosines_of_many_are_those_of_numpy(n, loaded, monkeypatch):
    monkeypatch.setattr(cosines, "kernel_is_loaded", lambda: loaded)
    rows = np.arange(n)
    assert squared_cosine_of_many(ROWS[0], ROWS, rows).tobytes() == squared_cosine(ROWS[0], ROWS, rows).tobytes()


def test_the_kernel_is_loaded_once_it_is_imported():
    script = """
from relatedstories import Event, RelatedStories
from relatedstories.topk.loading import kernel_is_loaded
print(kernel_is_loaded())
import relatedstories.topk._kernel
print(kernel_is_loaded())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nTrue\n"
