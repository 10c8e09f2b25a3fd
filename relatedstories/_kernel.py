"""The compiled loop of `relatedstories.topk.self_topk`."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from relatedstories.space import LENGTH, NONE


def _compiled(function: Any) -> Any:
    """Compile, keeping the code for the next start where there is a place to keep it."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither beside this file nor in a home folder: a service, in a read-only container
        return numba.njit(nogil=True)(function)


_FAR = np.iinfo(np.int32).max
_NO_DATE = np.iinfo(np.int32).min
_COSINE = np.float32(1 / LENGTH**2)
_STEPS = 100


@_compiled
def _before(score_a, apart_a, id_a, score_b, apart_b, id_b):  # type: ignore[no-untyped-def]
    """Whether a is listed before b: greater score, nearer day, lower number."""
    if score_a != score_b:
        return score_a > score_b
    if apart_a != apart_b:
        return apart_a < apart_b
    return id_a < id_b


@_compiled
def _product(a, b):  # type: ignore[no-untyped-def]
    product = np.int32(0)
    for i in range(len(a)):
        product += np.int32(a[i]) * np.int32(b[i])
    return product


@_compiled
def products_of(direction, directions, rows):  # type: ignore[no-untyped-def]
    """The inner products of a direction with some others."""
    products = np.empty(len(rows), np.int32)
    for i in range(len(rows)):
        products[i] = _product(direction, directions[rows[i]])
    return products


@_compiled
def _nearness(directions, a, b):  # type: ignore[no-untyped-def]
    """As `relatedstories.space.nearness`, of two rows that have a direction."""
    cosine = min(max(np.float32(_product(directions[a], directions[b])) * _COSINE, np.float32(0)), np.float32(1))
    return np.float32(cosine * cosine)


@_compiled
def _factor(day, other, table, unknown):  # type: ignore[no-untyped-def]
    """The days between two, and the factor for them."""
    if day == _NO_DATE or other == _NO_DATE:
        return np.int64(_FAR), table[unknown]
    distance = abs(np.int64(day) - np.int64(other))
    return distance, table[min(distance, len(table) - 1)]


@_compiled
def _by_bound(bounds, n, sort, order):  # type: ignore[no-untyped-def]
    """Fill the order with the places of the first n bounds; if it is to be sorted, the greatest first, by hundredths."""
    starts = np.zeros(_STEPS + 2, np.int64)
    if sort:
        for i in range(n):
            starts[_step(bounds[i]) + 1] += 1
        for step in range(_STEPS + 1):
            starts[step + 1] += starts[step]
    for i in range(n):
        step = _step(bounds[i]) if sort else 0
        order[starts[step]] = i
        starts[step] += 1


@_compiled
def _step(bound):  # type: ignore[no-untyped-def]
    return _STEPS - min(int(bound * _STEPS), _STEPS)


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
    directions,
    share,
    min_score,
    start,
    stop,
    ids,
    scores,
):
    """Fill ids and scores for the rows from start to stop: sum each row's postings, keep the k best in a sorted list.

    Directions are compared only where even the nearest could enter the list: the rows that have the greatest bounds come first,
    so that the list is soon full of good ones and most of the others, those of far days say, need no comparing.
    """
    n, k = len(indptr) - 1, ids.shape[1]
    own = np.float32(np.float32(1) - share)
    sums = np.zeros(n, np.float32)
    touched, order = np.empty(n, np.int32), np.empty(n, np.int32)
    bounds = np.empty(n, np.float32)
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
        directed = share > 0 and directions[row, 0] != NONE
        for i in range(n_touched):
            other = touched[i]
            product = sums[other]
            bounds[i] = 0
            if product > 0 and other != row and first_days[row] <= days[other] <= last_days[row]:
                if directed and directions[other, 0] != NONE:
                    product = np.float32(own * product) + share
                bounds[i] = product * _factor(days[row], days[other], table, unknown)[1]
        _by_bound(bounds, n_touched, directed, order)
        filled = 0
        for i in range(n_touched):
            other, bound = touched[order[i]], bounds[order[i]]
            product = sums[other]
            sums[other] = 0
            seen[other] = False
            if not (bound > 0 and bound >= min_score) or (filled == k and bound < scores[row, k - 1]):
                continue
            distance, factor = _factor(days[row], days[other], table, unknown)
            if directed and directions[other, 0] != NONE:
                product = np.float32(own * product) + np.float32(share * _nearness(directions, row, other))
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
