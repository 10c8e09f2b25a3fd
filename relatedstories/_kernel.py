"""The compiled loop of `relatedstories.topk.self_topk`."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


def _compiled(function: Any) -> Any:
    """Compile, keeping the code for the next start where there is a place to keep it."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither beside this file nor in a home folder: a service, in a read-only container
        return numba.njit(nogil=True)(function)


_FAR = np.iinfo(np.int32).max
_NO_DATE = np.iinfo(np.int32).min


@_compiled
def _before(score_a, apart_a, id_a, score_b, apart_b, id_b):  # type: ignore[no-untyped-def]
    """Whether a is listed before b: greater score, nearer day, lower number."""
    if score_a != score_b:
        return score_a > score_b
    if apart_a != apart_b:
        return apart_a < apart_b
    return id_a < id_b


@_compiled
def top_rows(  # type: ignore[no-untyped-def]
    indptr,
    indices,
    data,
    starts,
    posting_rows,
    posting_weights,
    days,
    table,
    unknown,
    first_days,
    last_days,
    min_score,
    start,
    stop,
    ids,
    scores,
):
    """Fill ids and scores for the rows from start to stop: sum each row's postings, keep the k best in a sorted list."""
    n, k = len(indptr) - 1, ids.shape[1]
    sums = np.zeros(n, np.float32)
    touched = np.empty(n, np.int32)
    seen = np.zeros(n, np.bool_)
    apart = np.empty(k, np.int64)
    for row in range(start, stop):
        n_touched = 0
        for position in range(indptr[row], indptr[row + 1]):
            column, weight = indices[position], data[position]
            for posting in range(starts[column], starts[column + 1]):
                other = posting_rows[posting]
                if not seen[other]:
                    seen[other] = True
                    touched[n_touched] = other
                    n_touched += 1
                sums[other] += weight * posting_weights[posting]
        filled = 0
        for i in range(n_touched):
            other = touched[i]
            product = sums[other]
            sums[other] = 0
            seen[other] = False
            if other == row or days[other] < first_days[row] or days[other] > last_days[row]:
                continue
            if days[row] == _NO_DATE or days[other] == _NO_DATE:
                distance = np.int64(_FAR)
                factor = table[unknown]
            else:
                distance = abs(np.int64(days[row]) - np.int64(days[other]))
                factor = table[min(distance, len(table) - 1)]
            score = np.float32(product * factor)
            if not (score > 0 and score >= min_score):
                continue
            if filled == k and not _before(score, distance, other, scores[row, k - 1], apart[k - 1], ids[row, k - 1]):
                continue
            place = filled if filled < k else k - 1
            while place > 0 and _before(score, distance, other, scores[row, place - 1], apart[place - 1], ids[row, place - 1]):
                ids[row, place], scores[row, place], apart[place] = ids[row, place - 1], scores[row, place - 1], apart[place - 1]
                place -= 1
            ids[row, place], scores[row, place], apart[place] = other, score, distance
            filled = min(filled + 1, k)
