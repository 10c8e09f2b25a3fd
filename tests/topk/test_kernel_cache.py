"""The kernel's machine code is cached where a cache can be written; elsewhere the kernel works without a cache."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import numba.core.caching as caching
caching.CacheImpl._locator_classes = []  # as for a service without a home folder, in a read-only container
import numpy as np, scipy.sparse as sp
from relatedstories.topk.join import self_topk
print(self_topk(sp.csr_array(np.ones((3, 1))), 2)[0].tolist())
"""


@pytest.mark.slow
def test_without_a_cache_folder():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.stdout == "[[1, 2], [0, 2], [0, 1]]\n", done.stderr


@pytest.mark.slow
def test_the_first_start_logs_that_it_compiles_and_the_second_uses_the_cache(tmp_path):
    script = "import relatedstories.topk._kernel as k; k.COMPILING_SECONDS = 0.2; from relatedstories.cli.app import main; main()"
    command = [sys.executable, "-c", script, "refresh", "sample", "--links", str(tmp_path / "links.jsonl")]
    caches = []
    for _ in range(2):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        if not caches:
            assert "relatedstories: compiling the code that compares events" in done.stderr
        caches.append({path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*") if path.is_file()})
    assert caches[0] == caches[1] != {}
