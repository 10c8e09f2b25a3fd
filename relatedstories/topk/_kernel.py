"""The compiled loops of `relatedstories.topk.join` and of `relatedstories.features.word_space.squared_cosine`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np

from relatedstories.features.word_space import LENGTH, NONE


def _compiled(function: Any) -> Any:
    """Compile, keeping the code for the next start where there is a place to keep it."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither beside this file nor in a home folder: a service, in a read-only container
        return numba.njit(nogil=True)(function)


@contextmanager
def told() -> Iterator[None]:
    """Says what is done where code is not loaded, but compiled, as only that takes so long."""
    message = "compiling what compares events; that is kept, and takes some seconds the first time only"
    timer = threading.Timer(1, logging.getLogger(__name__).info, [message])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


HEAD = 64
"""The numbers of an embedding compared first: together with the lengths of the rest they bound its squared cosine."""

GROUP = 64
"""Sums are looked through in groups of so many, most of which hold none that is great enough."""

_FAR = np.iinfo(np.int32).max
_NO_DATE = np.iinfo(np.int32).min
_COSINE = np.float32(1 / LENGTH**2)
_TINY = np.float32(1e-45)  # the least number greater than 0
_SLACK = np.float32(1 + 1e-5)  # more than float32 rounds in the few operations of a bound


@_compiled
def products_of(embedding, embeddings, rows):  # type: ignore[no-untyped-def]
    """The inner products of an embedding with some others."""
    products = np.empty(len(rows), np.int32)
    for i in range(len(rows)):
        product = np.int32(0)
        for j in range(len(embedding)):
            product += np.int32(embedding[j]) * np.int32(embeddings[rows[i], j])
        products[i] = product
    return products


# Of two rows of matrices, not of two arrays: to cut rows out of them costs more than to compare them.


@_compiled
def _head_product(embeddings, row, heads, other):  # type: ignore[no-untyped-def]
    product = np.int32(0)
    for i in range(HEAD):
        product += np.int32(embeddings[row, i]) * np.int32(heads[other, i])
    return product


@_compiled
def _tail_product(embeddings, row, others, other):  # type: ignore[no-untyped-def]
    product = np.int32(0)
    for i in range(HEAD, embeddings.shape[1]):
        product += np.int32(embeddings[row, i]) * np.int32(others[other, i])
    return product


@_compiled
def _tail_length(embeddings, row):  # type: ignore[no-untyped-def]
    """The length of an embedding without its head, rounded up; -1 where there is no embedding."""
    if embeddings[row, 0] == NONE:
        return np.int32(-1)
    square = np.int32(0)
    for i in range(HEAD, embeddings.shape[1]):
        square += np.int32(embeddings[row, i]) * np.int32(embeddings[row, i])
    return np.int32(np.ceil(np.sqrt(square)))


@_compiled
def tail_lengths(embeddings):  # type: ignore[no-untyped-def]
    """Of all embeddings."""
    lengths = np.empty(len(embeddings), np.int32)
    for row in range(len(embeddings)):
        lengths[row] = _tail_length(embeddings, row)
    return lengths


@_compiled
def _squared_cosine(product):  # type: ignore[no-untyped-def]
    """As `relatedstories.features.word_space.squared_cosine`, of the product of two embeddings."""
    cosine = min(max(np.float32(product) * _COSINE, np.float32(0)), np.float32(1))
    return np.float32(cosine * cosine)


@_compiled
def _blended(product, dot, own, share):  # type: ignore[no-untyped-def]
    """As `relatedstories.topk.blended`, before the date factor, of two rows with embeddings."""
    return np.float32(np.float32(own * product) + np.float32(share * _squared_cosine(dot)))


@_compiled
def _before(score_a, apart_a, id_a, score_b, apart_b, id_b):  # type: ignore[no-untyped-def]
    """Whether a is listed before b: greater score, nearer day, lower number."""
    if score_a != score_b:
        return score_a > score_b
    if apart_a != apart_b:
        return apart_a < apart_b
    return id_a < id_b


@_compiled
def _entered(ids, scores, apart, row, turn, number, score, distance):  # type: ignore[no-untyped-def]
    """Put a row into the sorted list of another, if it comes before the last there; a place still free has the score 0."""
    place = ids.shape[1] - 1
    if not _before(score, distance, number, scores[row, place], apart[turn, place], ids[row, place]):
        return
    while place > 0 and scores[row, place - 1] == 0:
        place -= 1
    while place > 0 and _before(score, distance, number, scores[row, place - 1], apart[turn, place - 1], ids[row, place - 1]):
        ids[row, place], scores[row, place] = ids[row, place - 1], scores[row, place - 1]
        apart[turn, place] = apart[turn, place - 1]
        place -= 1
    ids[row, place], scores[row, place], apart[turn, place] = number, score, distance


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
    """The least product, more than 0, of which with the greatest squared cosine and this factor a score can be `least`."""
    needed = least / (factor * _SLACK)
    if share > 0:
        own = np.float32(1) - share
        needed = min(needed, (needed - share) / own) if own > 0 else np.float32(0)
    return max(needed, _TINY)


@_compiled
def _inner(indptr, indices, data, a, b):  # type: ignore[no-untyped-def]
    """The inner product of two rows, in whatever order: their weights make it exact."""
    i, j, product = indptr[a], indptr[b], np.float32(0)
    while i < indptr[a + 1] and j < indptr[b + 1]:
        if indices[i] == indices[j]:
            product += data[i] * data[j]
        step, other = indices[i] <= indices[j], indices[j] <= indices[i]
        i, j = i + step, j + other
    return product


@_compiled
def _alike(indptr, indices, data, a, b, least):  # type: ignore[no-untyped-def]
    """Whether two rows, of length 1 at most, have so great an inner product; seen early where too much is not in both."""
    i, j, product, ours, theirs = indptr[a], indptr[b], 0.0, 1.0, 1.0
    while i < indptr[a + 1] and j < indptr[b + 1]:
        if indices[i] == indices[j]:
            product += np.float64(data[i]) * data[j]
            i, j = i + 1, j + 1
        else:
            if indices[i] < indices[j]:
                ours -= np.float64(data[i]) * data[i]
                i += 1
            else:
                theirs -= np.float64(data[j]) * data[j]
                j += 1
            if ours * theirs < 0.999 * least * least:
                return False
    return product >= least


@_compiled
def repeating(indptr, indices, data, ids, least):  # type: ignore[no-untyped-def]
    """For each row of ids, -1 where there is none, whether two of them have so great an inner product."""
    found = np.zeros(len(ids), np.bool_)
    for row in range(len(ids)):
        for a in range(ids.shape[1]):
            for b in range(a):
                if not found[row] and ids[row, a] >= 0:
                    found[row] = _alike(indptr, indices, data, ids[row, a], ids[row, b], least)
    return found


@_compiled
def shared_parts(indptr, indices, data, first, their_indptr, their_indices, their_data, ids):  # type: ignore[no-untyped-def]
    """The columns that rows from `first` on share with each of their ids, the products there, and where each id's start."""
    starts = np.zeros(ids.size + 1, np.int64)
    columns, products = np.empty(16 * ids.size, np.int32), np.empty(16 * ids.size, np.float64)
    n = 0
    for turn in range(len(ids)):
        row = first + turn
        for place in range(ids.shape[1]):
            other = ids[turn, place]
            if other >= 0:
                most = n + min(indptr[row + 1] - indptr[row], their_indptr[other + 1] - their_indptr[other])
                if most > len(columns):
                    columns = np.append(columns, np.empty(most, np.int32))
                    products = np.append(products, np.empty(most, np.float64))
                i, j = indptr[row], their_indptr[other]
                while i < indptr[row + 1] and j < their_indptr[other + 1]:
                    if indices[i] == their_indices[j]:
                        columns[n], products[n] = indices[i], np.float64(data[i]) * their_data[j]
                        n += 1
                    step, back = indices[i] <= their_indices[j], their_indices[j] <= indices[i]
                    i, j = i + step, j + back
            starts[turn * ids.shape[1] + place + 1] = n
    return starts, columns[:n], products[:n]


@_compiled
def _bound(columns, weights, max_weights, longest):  # type: ignore[no-untyped-def]
    """The greatest product that a row can have with any of a block."""
    total, squares = 0.0, 0.0
    for i in range(len(columns)):
        total += abs(np.float64(weights[i])) * max_weights[columns[i]]
        squares += np.float64(weights[i]) * weights[i]
    rounding = 1 + 1e-5 + len(columns) * 1.2e-7  # as each sum in float32 may round up
    return np.float32(min(total, np.sqrt(squares) * longest) * rounding)


@_compiled
def top_rows(  # type: ignore[no-untyped-def]
    asked, indptr, indices, data, days, embeddings, positions, spans,
    order, block_size, block_days, their_days, starts, places, weights, max_weights, longest, heads, lengths, their_directions,
    table, unknown, share, min_score, home, ids, scores,
):  # fmt: skip
    """Fill ids and scores for the rows asked about, which should be near in date.

    A block of rows is compared with each of them before the next: its postings and sums stay in the cache. The nearest block is
    the first, so that lists soon hold good ones, and what cannot enter, by its date or even with the nearest embedding, is
    passed over.
    """
    n, k, n_blocks = len(order), ids.shape[1], len(starts)
    own = np.float32(np.float32(1) - share)
    sums = np.zeros((block_size + GROUP - 1) // GROUP * GROUP, np.float32)
    groups = sums.reshape(-1, GROUP)
    found, products = np.empty(len(sums), np.int32), np.empty(len(sums), np.float32)
    apart = np.empty((len(asked), k), np.int64)
    bounds, tails = np.empty(len(asked), np.float32), np.empty(len(asked), np.int32)
    for turn in range(len(asked)):
        part = slice(indptr[asked[turn]], indptr[asked[turn] + 1])
        bounds[turn] = _bound(indices[part], data[part], max_weights, longest)
        tails[turn] = _tail_length(embeddings, asked[turn])
    for step in range(2 * n_blocks):  # home, 1 after it, 1 before, 2 after, ...
        block = home + ((step + 1) // 2 if step % 2 else -(step // 2))
        if not 0 <= block < n_blocks:
            continue
        first_row = block * block_size
        n_groups = (min(block_size, n - first_row) + GROUP - 1) // GROUP
        first_day, last_day, dated = block_days[block]
        for turn in range(len(asked)):
            row = asked[turn]
            if spans[row, 0] > last_day or spans[row, 1] < first_day:
                continue
            least = max(min_score, scores[row, k - 1])
            directed = share > 0 and tails[turn] >= 0
            best = _best_factor(days[row], first_day, last_day, dated, table, unknown)
            if not best > 0:
                continue
            part_of_space = share if directed else np.float32(0)
            needed = _least_product(least, best, part_of_space)
            if bounds[turn] < needed:
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

            after = np.searchsorted(found[:n_found], positions[row] - first_row)
            for i in range(n_found):  # from the row's own day on, then back from there: what is near comes first
                at = after + i if after + i < n_found else n_found - 1 - i
                other, product = first_row + found[at], products[at]
                if product < needed:  # which has grown since
                    continue
                if other == positions[row] or not spans[row, 0] <= their_days[other] <= spans[row, 1]:
                    continue
                distance, factor = _apart(days[row], their_days[other], table, unknown)
                if directed and lengths[other] >= 0:
                    if (own * product + share) * factor * _SLACK < least:
                        continue
                    head = _head_product(embeddings, row, heads, other)
                    if _blended(product, head + tails[turn] * lengths[other], own, share) * factor * _SLACK < least:
                        continue
                    rest = _tail_product(embeddings, row, their_directions, order[other])
                    product = _blended(product, head + rest, own, share)
                score, number = np.float32(product * factor), order[other]
                if not (score > 0 and score >= least):
                    continue
                _entered(ids, scores, apart, row, turn, number, score, distance)
                if scores[row, k - 1] > least:
                    least = scores[row, k - 1]
                    needed = _least_product(least, best, part_of_space)


@_compiled
def merged(  # type: ignore[no-untyped-def]
    indptr, indices, data, days, embeddings, table, unknown, share, rows, ids, others, scores, bounds
):
    """The lists of some rows: of ids, scored here, and of others with their scores, those above a bound each."""
    found, best = np.full(ids.shape, -1, np.int32), np.zeros(ids.shape, np.float32)
    apart = np.empty((1, ids.shape[1]), np.int64)
    own = np.float32(np.float32(1) - share)
    for turn in range(len(rows)):
        row = rows[turn]
        for place in range(ids.shape[1]):
            other = ids[turn, place]
            if other >= 0:
                product = _inner(indptr, indices, data, row, other)
                if share > 0 and embeddings[row, 0] != NONE and embeddings[other, 0] != NONE:
                    dot = _head_product(embeddings, row, embeddings, other) + _tail_product(embeddings, row, embeddings, other)
                    product = _blended(product, dot, own, share)
                distance, factor = _apart(days[row], days[other], table, unknown)
                score = np.float32(product * factor)
                if score > bounds[turn]:
                    _entered(found, best, apart, turn, 0, other, score, distance)
        for place in range(others.shape[1]):
            other = others[turn, place]
            if other >= 0 and scores[turn, place] > bounds[turn]:
                distance, _ = _apart(days[row], days[other], table, unknown)
                _entered(found, best, apart, turn, 0, other, scores[turn, place], distance)
    return found, best
