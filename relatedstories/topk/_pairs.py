"""The compiled loop of `self_topk` where a score is the inner product alone: each pair of rows is compared once."""

from __future__ import annotations

import numpy as np

from relatedstories.topk._kernel import compiled, compiled_within, insert
from relatedstories.topk.scores import LEAST_POSITIVE

_GROUP = 64
"""How many sums are searched at once; most groups hold none that is great enough."""


@compiled_within
def _count_entering(sums, least, group, row_least):  # type: ignore[no-untyped-def]
    """Count the sums of a group that can enter the row's list or the other row's; a count is vectorised, a search is not."""
    entering = np.int32(0)
    for i in range(_GROUP):
        entering += np.int32(sums[group, i] >= min(least[group, i], row_least))
    return entering


@compiled_within
def _reached_by_k(sums, maxima, k):  # type: ignore[no-untyped-def]
    """Return a number, as great as is cheap to find, that at least k of the sums reach; 0 where k is more than `_GROUP`.

    The maximum of every `_GROUP`-th sum is taken, then a number that k of these maxima reach is found by bisection.
    """
    maxima[:] = 0
    for group in range(len(sums)):
        for i in range(_GROUP):
            maxima[i] = max(maxima[i], sums[group, i])
    reached, most = np.float32(0), maxima.max()
    for _ in range(10):
        middle, reaching = (reached + most) / np.float32(2), np.int32(0)
        for i in range(_GROUP):
            reaching += np.int32(maxima[i] >= middle)
        if reaching >= k:
            reached = middle
        else:
            most = middle
    return reached


@compiled
def top_pairs(  # type: ignore[no-untyped-def]
    indptr, indices, data, start, stop, block, block_size, posting_starts, posting_rows, posting_weights, min_score, ids, scores
):
    """Compare the rows from start to stop, all of one block, with the rows of a block, and fill the lists of both.

    Where the block is the rows' own, only the lists of the rows from start to stop are filled. Rows are indexed in the
    order of their numbers, without dates.
    """
    n, k = ids.shape
    first_row, own_block = block * block_size, start // block_size == block
    n_rows = min(block_size, n - first_row)
    n_groups = (n_rows + _GROUP - 1) // _GROUP
    sums = np.zeros((n_groups, _GROUP), np.float32)
    least = np.full((n_groups, _GROUP), np.inf, np.float32)  # what enters the block's lists: nothing, if they are the rows' own
    all_sums, all_least = sums.ravel(), least.ravel()
    maxima, distances = np.empty(_GROUP, np.float32), np.zeros((1, k), np.int64)  # without dates every distance is 0
    min_score = max(min_score, LEAST_POSITIVE)
    if not own_block:
        for place in range(n_rows):
            all_least[place] = max(min_score, scores[first_row + place, k - 1])
    for row in range(start, stop):
        for position in range(indptr[row], indptr[row + 1]):
            column, weight = indices[position], data[position]
            for posting in range(np.uint64(posting_starts[block, column]), np.uint64(posting_starts[block, column + 1])):
                all_sums[posting_rows[posting]] += weight * posting_weights[posting]
        row_least = max(min_score, scores[row, k - 1])
        if own_block:
            all_sums[row - first_row] = 0  # itself
            # Without this bound, every sum greater than those before it would enter the list.
            row_least = max(row_least, _reached_by_k(sums, maxima, k))
        for group in range(n_groups):
            if _count_entering(sums, least, group, row_least) > 0:
                for place in range(group * _GROUP, (group + 1) * _GROUP):
                    score, other = all_sums[place], first_row + place
                    if score >= row_least:
                        insert(ids, scores, distances, row, 0, other, score, 0)
                        row_least = max(row_least, scores[row, k - 1])
                    if not own_block and score >= all_least[place]:
                        insert(ids, scores, distances, other, 0, row, score, 0)
                        all_least[place] = max(min_score, scores[other, k - 1])
            sums[group] = 0
