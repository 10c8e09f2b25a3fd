"""How many workers there are, and whether the active joblib backend is a cluster."""

from __future__ import annotations

import joblib
import pytest

from relatedstories.errors import BadValueError
from relatedstories.parallel import on_cluster, worker_count


def test_worker_count():
    assert worker_count(3) == 3
    assert worker_count(-1) == joblib.cpu_count()


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, "2"])
def test_invalid_worker_counts(n_jobs):
    with pytest.raises(BadValueError, match=r"n_jobs: got .*, expected a whole number of at least 1"):
        worker_count(n_jobs)


def test_backends_of_one_machine_are_not_a_cluster():
    assert not on_cluster()
    for backend in ("loky", "threading", "multiprocessing", "sequential"):
        with joblib.parallel_config(backend=backend):
            assert not on_cluster()
