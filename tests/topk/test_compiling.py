"""While the loops are compiled no garbage is collected; afterwards it is as before."""

import gc

import numpy as np
import pytest
import scipy.sparse as sp

from relatedstories.topk import _kernel
from relatedstories.topk.dates import DateFactor
from relatedstories.topk.heads import HEAD, tail_norms
from relatedstories.topk.rows import Rows


@pytest.mark.parametrize("collects", [True, False])
def test_garbage_is_collected_afterwards_as_before(collects):
    seen = []

    class Dispatcher:
        signatures = ()

        def __call__(self, number):
            seen.append(gc.isenabled())
            if number < 0:
                raise ValueError(number)
            self.signatures = ("int64",)
            return number

    was_enabled = gc.isenabled()
    try:
        gc.enable() if collects else gc.disable()
        function = _kernel._Compiled(Dispatcher())
        with pytest.raises(ValueError, match="-1"):
            function(-1)
        assert gc.isenabled() is collects
        assert not function.is_ready
        assert function(3) == 3
        assert function.is_ready
        assert gc.isenabled() is collects
        function(4)
        assert seen == [False, False, collects]
    finally:
        gc.enable() if was_enabled else gc.disable()


def test_neighbours_are_merged_alike_on_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(_kernel, "_MERGED_AT_ONCE", 7)
    random = np.random.default_rng(5)
    n, k = 60, 4
    weights = sp.csr_array(np.round(random.random((n, 12)) * (random.random((n, 12)) < 0.4) * 64).astype(np.float32) / 256)
    rows = Rows(weights, random.integers(0, 30, n).astype(np.int32), random.integers(-9, 9, (n, 80)).astype(np.int8))
    numbers = np.sort(random.choice(n, 41, replace=False))
    ids, others = (random.integers(-1, n, (len(numbers), k)).astype(np.int32) for _ in range(2))
    factor, scores = DateFactor(0.01), np.sort(random.random((len(numbers), k)).astype(np.float32))[:, ::-1]
    arguments = rows, numbers, (factor.table, factor.unknown), 0.5, ids, (others, scores), np.full(len(numbers), 0.01, np.float32)
    one, three = (_kernel.merge_neighbours(*arguments, n_threads) for n_threads in (1, 3))
    assert (one[0] >= 0).any()
    assert np.array_equal(one[0], three[0])
    assert np.array_equal(one[1], three[1])
    norms = [int(np.ceil(np.sqrt((row[HEAD:].astype(int) ** 2).sum()))) for row in rows.embeddings]
    assert tail_norms(rows.embeddings).tolist() == norms
