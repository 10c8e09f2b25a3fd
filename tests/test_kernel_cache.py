"""The kernel works where its compiled code cannot be kept."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import numba.core.caching as caching
caching.CacheImpl._locator_classes = []  # as for a service without a home, in a container that cannot be written to
import numpy as np, scipy.sparse as sp
from relatedstories.topk import self_topk
print(self_topk(sp.csr_array(np.ones((3, 1))), 2)[0].tolist())
"""


def test_without_a_place_for_compiled_code():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.stdout == "[[1, 2], [0, 2], [0, 1]]\n", done.stderr
