"""The compiled loops of `relatedstories.topk.self_topk` and of `relatedstories.space.nearness`."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from relatedstories.space import LENGTH


def _compiled(function: Any) -> Any:
    """Compile, keeping the code for the next start where there is a place to keep it."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither beside this file nor in a home folder: a service, in a read-only container
        return numba.njit(nogil=True)(function)


HEAD = 64
"""So many of the numbers of a direction are compared first: together with the lengths of the rest they bound its nearness."""

GROUP = 64
"""Sums are looked through in groups of so many, most of which hold none that is great enough."""

_FAR = np.iinfo(np.int32).max
_NO_DATE = np.iinfo(np.int32).min
_COSINE = np.float32(1 / LENGTH**2)
_TINY = np.float32(1e-45)  # the least number greater than 0
_SLACK = np.float32(1 + 1e-5)  # more than float32 rounds in the few operations of a bound


@_compiled
def products_of(direction, directions, rows):  # type: ignore[no-untyped-def]
    """The inner products of a direction with some others."""
    products = np.empty(len(rows), np.int32)
    for i in range(len(rows)):
        product = np.int32(0)
        for j in range(len(direction)):
            product += np.int32(direction[j]) * np.int32(directions[rows[i], j])
        products[i] = product
    return products


# Of two rows of a matrix, not of two arrays: to cut rows out of it costs more than to compare them.


@_compiled
def _head_product(heads, a, b):  # type: ignore[no-untyped-def]
    product = np.int32(0)
    for i in range(HEAD):
        product += np.int32(heads[a, i]) * np.int32(heads[b, i])
    return product


@_compiled
def _product(tails, a, b):  # type: ignore[no-untyped-def]
    product = np.int32(0)
    for i in range(tails.shape[1]):
        product += np.int32(tails[a, i]) * np.int32(tails[b, i])
    return product


@_compiled
def _nearness(product):  # type: ignore[no-untyped-def]
    """As `relatedstories.space.nearness`, of the product of two directions."""
    cosine = min(max(np.float32(product) * _COSINE, np.float32(0)), np.float32(1))
    return np.float32(cosine * cosine)


@_compiled
def _before(score_a, apart_a, id_a, score_b, apart_b, id_b):  # type: ignore[no-untyped-def]
    """Whether a is listed before b: greater score, nearer day, lower number."""
    if score_a != score_b:
        return score_a > score_b
    if apart_a != apart_b:
        return apart_a < apart_b
    return id_a < id_b


@_compiled
def _entered(ids, scores, apart, have, number, score, distance):  # type: ignore[no-untyped-def]
    """Put a row into a sorted list of so many, if it comes before the last of a full one; returns how many it then has."""
    k = len(ids)
    if have == k:
        if not _before(score, distance, number, scores[k - 1], apart[k - 1], ids[k - 1]):
            return k
        have -= 1
    place = have
    while place > 0 and _before(score, distance, number, scores[place - 1], apart[place - 1], ids[place - 1]):
        ids[place], scores[place], apart[place] = ids[place - 1], scores[place - 1], apart[place - 1]
        place -= 1
    ids[place], scores[place], apart[place] = number, score, distance
    return have + 1


@_compiled
def _apart(day, other, table, unknown):  # type: ignore[no-untyped-def]
    """The days between two, and the factor for them."""
    if day == _NO_DATE or other == _NO_DATE:
        return np.int64(_FAR), table[unknown]
    distance = abs(np.int64(day) - np.int64(other))
    return distance, table[min(distance, len(table) - 1)]


@_compiled
def _best_factor(day, first, last, dated, table, unknown):  # type: ignore[no-untyped-def]
    """The greatest factor between a day and those of a block, from first to last; first is `_NO_DATE` where some have none."""
    if day == _NO_DATE or last == _NO_DATE:
        return table[unknown]
    distance = max(np.int64(dated) - day, np.int64(day) - last, 0)
    factor = table[min(distance, len(table) - 1)]
    return max(factor, table[unknown]) if first == _NO_DATE else factor


@_compiled
def _reaching(sums, group, least):  # type: ignore[no-untyped-def]
    """How many of a group are so great; to count them is vectorised, to stop at the first or to find the greatest is not."""
    reaching = np.int32(0)
    for i in range(GROUP):
        reaching += np.int32(sums[group, i] >= least)
    return reaching


@_compiled
def _least_product(least, factor, share):  # type: ignore[no-untyped-def]
    """The least product, more than 0, of which with the greatest nearness and this factor a score can be `least`."""
    needed = least / (factor * _SLACK)
    if share > 0:
        own = np.float32(1) - share
        needed = min(needed, (needed - share) / own) if own > 0 else np.float32(0)
    return max(needed, _TINY)


@_compiled
def top_rows(  # type: ignore[no-untyped-def]
    rows, bounds, postings, block_size, block_days, dates, spans, space, min_score, numbers, start, stop, ids, scores
):
    """Fill ids and scores for the rows from start to stop, which are in date order as all are here.

    A block of rows is compared with each of them before the next: its postings and sums stay in the cache. The nearest block is
    the first, so that lists soon hold good ones, and what cannot enter, by its date or even with the nearest direction, is
    passed over. `numbers` has the caller's number of each row.
    """
    indptr, indices, data = rows
    starts, places, weights = postings
    days, table, unknown = dates
    first_days, last_days = spans
    heads, tails, lengths, share = space
    n, k, n_blocks = len(days), ids.shape[1], len(starts)
    own = np.float32(np.float32(1) - share)
    sums = np.zeros((block_size + GROUP - 1) // GROUP * GROUP, np.float32)
    groups = sums.reshape(-1, GROUP)
    found, products = np.empty(len(sums), np.int32), np.empty(len(sums), np.float32)
    filled, apart = np.zeros(stop - start, np.int64), np.empty((stop - start, k), np.int64)
    home = start // block_size
    for turn in range(2 * n_blocks):  # home, 1 after it, 1 before, 2 after, ...
        block = home + ((turn + 1) // 2 if turn % 2 else -(turn // 2))
        if not 0 <= block < n_blocks:
            continue
        first_row = block * block_size
        n_groups = (min(block_size, n - first_row) + GROUP - 1) // GROUP
        first_day, last_day, dated = block_days[block]
        for row in range(start, stop):
            if first_days[row] > last_day or last_days[row] < first_day:
                continue
            mine, have = numbers[row], filled[row - start]
            least = scores[mine, k - 1] if have == k else min_score
            directed = share > 0 and lengths[row] >= 0
            best = _best_factor(days[row], first_day, last_day, dated, table, unknown)
            if not best > 0:
                continue
            part = share if directed else np.float32(0)
            needed = _least_product(least, best, part)
            if bounds[row] < needed:
                continue

            n_postings = 0
            for position in range(indptr[row], indptr[row + 1]):
                column, weight = indices[position], data[position]
                first, last = starts[block, column], starts[block, column + 1]
                n_postings += last - first
                for posting in range(np.uint64(first), np.uint64(last)):
                    sums[places[posting]] += weight * weights[posting]
            n_found = 0
            if n_postings < 4 * n_groups:  # few: go to them once more
                for position in range(indptr[row], indptr[row + 1]):
                    column = indices[position]
                    for posting in range(starts[block, column], starts[block, column + 1]):
                        place = places[posting]
                        found[n_found], products[n_found] = place, sums[place]
                        n_found += sums[place] >= needed
                        sums[place] = 0
            else:
                for group in range(n_groups):
                    if _reaching(groups, group, needed) > 0:
                        for place in range(group * GROUP, (group + 1) * GROUP):
                            found[n_found], products[n_found] = place, sums[place]
                            n_found += sums[place] >= needed
                sums[: n_groups * GROUP] = 0

            after = np.searchsorted(found[:n_found], row - first_row)
            for step in range(n_found):  # from the row's own day on, then back from there: what is near comes first
                i = after + step if after + step < n_found else n_found - 1 - step
                other, product = first_row + found[i], products[i]
                if product < needed:  # which has grown since
                    continue
                if other == row or not first_days[row] <= days[other] <= last_days[row]:
                    continue
                distance, factor = _apart(days[row], days[other], table, unknown)
                if directed and lengths[other] >= 0:
                    product = np.float32(own * product)
                    if (product + share) * factor * _SLACK < least:
                        continue
                    head = _head_product(heads, row, other)
                    if (product + share * _nearness(head + lengths[row] * lengths[other])) * factor * _SLACK < least:
                        continue
                    product += np.float32(share * _nearness(head + _product(tails, row, other)))
                score, number = np.float32(product * factor), numbers[other]
                if not (score > 0 and score >= least):
                    continue
                have = _entered(ids[mine], scores[mine], apart[row - start], have, number, score, distance)
                if have == k:
                    least = max(min_score, scores[mine, k - 1])
                    needed = _least_product(least, best, part)
            filled[row - start] = have
