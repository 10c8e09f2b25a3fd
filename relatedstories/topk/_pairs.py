"""The compiled loops of `relatedstories.topk.self_topk` where nothing but products counts: each pair of rows is met once."""

from __future__ import annotations

import numpy as np

from relatedstories.topk._kernel import _TINY, GROUP, _compiled, _entered


@_compiled
def _wanted(sums, least, group, enough):  # type: ignore[no-untyped-def]
    """How many of a group are enough for a row, or so great as its list needs at least; to count them is vectorised."""
    wanted = np.int32(0)
    for i in range(GROUP):
        wanted += np.int32(sums[group, i] >= min(least[group, i], enough))
    return wanted


@_compiled
def _reached(sums, greatest, k):  # type: ignore[no-untyped-def]
    """A number that at least k of the sums reach, near the greatest such, or 0; of more than `GROUP` it says nothing."""
    greatest[:] = 0
    for group in range(len(sums)):
        for i in range(GROUP):
            greatest[i] = max(greatest[i], sums[group, i])
    reached, most = np.float32(0), greatest.max()
    for _ in range(10):
        middle, reaching = (reached + most) / np.float32(2), np.int32(0)
        for i in range(GROUP):
            reaching += np.int32(greatest[i] >= middle)
        if reaching >= k:
            reached = middle
        else:
            most = middle
    return reached


@_compiled
def top_pairs(  # type: ignore[no-untyped-def]
    indptr, indices, data, start, stop, block, block_size, starts, places, weights, min_score, ids, scores
):
    """Compare the rows from start to stop, all of one block, with a block, for the lists of both; if it is theirs, for their own.

    Rows are in the order of their numbers.
    """
    n, k = ids.shape
    first_row, own = block * block_size, start // block_size == block
    n_rows = min(block_size, n - first_row)
    n_groups = (n_rows + GROUP - 1) // GROUP
    sums = np.zeros((n_groups, GROUP), np.float32)
    least = np.full((n_groups, GROUP), np.inf, np.float32)  # that enters the block's lists: nothing, if they are the rows' own
    all_sums, all_least = sums.ravel(), least.ravel()
    greatest, apart = np.empty(GROUP, np.float32), np.zeros((1, k), np.int64)  # no row is apart from another
    min_score = max(min_score, _TINY)
    if not own:
        for place in range(n_rows):
            all_least[place] = max(min_score, scores[first_row + place, k - 1])
    for row in range(start, stop):
        for position in range(indptr[row], indptr[row + 1]):
            column, weight = indices[position], data[position]
            for posting in range(np.uint64(starts[block, column]), np.uint64(starts[block, column + 1])):
                all_sums[places[posting]] += weight * weights[posting]
        enough = max(min_score, scores[row, k - 1])
        if own:
            all_sums[row - first_row] = 0  # itself
            enough = max(enough, _reached(sums, greatest, k))  # or all that are better than those before them would enter
        for group in range(n_groups):
            if _wanted(sums, least, group, enough) > 0:
                for place in range(group * GROUP, (group + 1) * GROUP):
                    score, other = all_sums[place], first_row + place
                    if score >= enough:
                        _entered(ids, scores, apart, row, 0, other, score, 0)
                        enough = max(enough, scores[row, k - 1])
                    if not own and score >= all_least[place]:
                        _entered(ids, scores, apart, other, 0, row, score, 0)
                        all_least[place] = max(min_score, scores[other, k - 1])
            sums[group] = 0
