"""Sparse rows over other columns are those of a dense product with a selection matrix."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories.features.sparse import with_columns


@given(st.integers(0, 5), st.integers(1, 6), st.data())
@settings(deadline=None)
def test_entries_move_to_their_new_column_or_are_dropped(n, m, data):
    dense = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n * m, max_size=n * m)), np.float32).reshape(n, m)
    targets = np.array(data.draw(st.permutations(range(m))))
    targets[data.draw(st.lists(st.integers(0, m - 1)))] = -1
    expected = np.zeros((n, m + 1), np.float32)
    for column, target in enumerate(targets):
        if target >= 0:
            expected[:, target] = dense[:, column]
    moved = with_columns(sp.csr_array(dense), targets, m + 1)
    np.testing.assert_array_equal(moved.toarray(), expected)
