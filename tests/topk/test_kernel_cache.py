"""The kernel works where its compiled code cannot be kept."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import numba.core.caching as caching
caching.CacheImpl._locator_classes = []  # as for a service without a home, in a container that cannot be written to
import numpy as np, scipy.sparse as sp
from relatedstories.topk.join import self_topk
print(self_topk(sp.csr_array(np.ones((3, 1))), 2)[0].tolist())
"""


def test_without_a_place_for_compiled_code():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.stdout == "[[1, 2], [0, 2], [0, 1]]\n", done.stderr


def test_the_first_start_says_what_it_does_and_the_second_does_not_pay_again(tmp_path):
    command = [sys.executable, "-m", "relatedstories", "refresh", "sample", "--links", str(tmp_path / "links.jsonl")]
    kept = []
    for _ in range(2):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        if not kept:
            assert "relatedstories: compiling what compares events" in done.stderr
        kept.append({path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*") if path.is_file()})
    assert kept[0] == kept[1] != {}
