"""The compiled loops: exact top-k search over a blocked index, and operations on pairs of its rows.

Arguments that recur:

indptr, indices, data
    Sparse rows as in CSR: row starts, columns, weights (`relatedstories.topk.rows.csr_arrays`).
days : ndarray of int32
    Day numbers of rows, `NO_DATE` where unknown.
table, unknown
    Date factors by days, and the index of the factor for an unknown date (`relatedstories.topk.dates.DateFactor`).
product_weight, embedding_weight
    Weights of the inner product and of the squared cosine in a score; their sum is 1.
found, norms, sums, ...
    Arrays that are filled, made by numpy: to compile what makes them would take longer than all else.
ids, scores, distances
    Lists being filled, one a row: numbers, scores and distances in days, best first; an empty place has the score 0.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from relatedstories.features.word_space import COSINE_SCALE, NONE
from relatedstories.parallel import without_collections
from relatedstories.topk._head_product import head_product
from relatedstories.topk.dates import NO_DATE, UNKNOWN_DISTANCE
from relatedstories.topk.heads import HEAD
from relatedstories.topk.rows import Rows, csr_arrays, fixed_array
from relatedstories.topk.scores import LEAST_POSITIVE, blend

if TYPE_CHECKING:
    import numpy.typing as npt


class _Compiled:
    """A function that numba compiles, or loads from its cache, when it is first called.

    Meanwhile no garbage is collected: compiling makes so many objects that again and again all those of the archive would be
    gone through.
    """

    def __init__(self, dispatcher: Any) -> None:
        self._dispatcher = dispatcher
        self.is_ready = False
        """Whether there is machine code."""

    def __call__(self, *arguments: Any) -> Any:
        if self.is_ready:
            return self._dispatcher(*arguments)
        with without_collections():
            result = self._dispatcher(*arguments)
        self.is_ready = True
        return result


def compiled(function: Any) -> _Compiled:
    """Return the function compiled by numba; its machine code is cached on disk where a cache folder can be written."""
    options: Any = {"nogil": True, "no_cfunc_wrapper": True}  # which numba's types do not know
    try:
        return _Compiled(numba.njit(cache=True, **options)(function))
    except RuntimeError:  # no cache folder, beside this file or in a home folder: a service in a read-only container
        return _Compiled(numba.njit(**options)(function))


def compiled_within(function: Any) -> Any:
    """Return the function compiled by numba for compiled functions alone, without what Python needs to call it.

    It compiles in half the time. Its machine code is cached as a part of that of its callers.
    """
    options: Any = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(**options)(function)


COMPILING_SECONDS = 1.0
"""Seconds after which a line says what is waited for; to load from the cache takes less."""


@contextmanager
def log_if_compiling() -> Iterator[None]:
    """Log a line if the first call, within, takes over a second: then code is being compiled, not loaded from the cache."""
    message = "compiling the code that compares events; this takes some seconds, the first time only"
    timer = threading.Timer(COMPILING_SECONDS, logging.getLogger(__name__).info, [message])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


_MERGED_AT_ONCE = 4096  # lists that a thread merges at a time

_UNTOUCHED = np.float32(-0.0)
"""A sum that nothing was added to: what is first added to it is the sum, bit for bit. A product plus 0.0 is never -0.0."""

_UNTOUCHED_BITS = _UNTOUCHED.view(np.int32)

_SLACK = np.float32(1 + 1e-5)  # exceeds the rounding of float32 in the few operations of a bound

_blend = compiled_within(blend)


# These take two matrices and two row numbers, not two arrays: slicing rows out costs more than comparing them. Compilers make
# vector instructions of them if numbers of 32 bits stay so, which takes a cast after each operation, and if counting begins at 0.


@compiled_within
def _added_product(total, a, b):  # type: ignore[no-untyped-def]
    """Return a sum of 32 bits with the product of two numbers of 8 bits added."""
    return np.int32(total + np.int32(np.int32(a) * np.int32(b)))


@compiled
def embedding_products(embedding, embeddings, rows):  # type: ignore[no-untyped-def]
    """Return the inner products of an embedding with the embeddings of some rows."""
    products = np.empty(len(rows), np.int32)
    for i in range(len(rows)):
        product = np.int32(0)
        for j in range(len(embedding)):
            product = _added_product(product, embedding[j], embeddings[rows[i], j])
        products[i] = product
    return products


@compiled_within
def _tail_product(embeddings, row, others, other):  # type: ignore[no-untyped-def]
    """Return the inner product of the numbers after the first `HEAD` of two embeddings."""
    product = np.int32(0)
    for i in range(embeddings.shape[1] - HEAD):
        product = _added_product(product, embeddings[row, HEAD + i], others[other, HEAD + i])
    return product


@compiled_within
def _squared_cosine(product):  # type: ignore[no-untyped-def]
    """Return the squared cosine for an inner product of embeddings, as `word_space.squared_cosine_of_products` does."""
    cosine = np.float32(product) * COSINE_SCALE
    cosine = np.float32(0) if cosine < 0 else np.float32(1) if cosine > 1 else cosine
    return np.float32(cosine * cosine)


@compiled_within
def _blended(product, embedding_product, product_weight, embedding_weight):  # type: ignore[no-untyped-def]
    """Return the score of two rows with embeddings, before the date factor."""
    return _blend(product, _squared_cosine(embedding_product), product_weight, embedding_weight)


@compiled_within
def _before(score_a, distance_a, id_a, score_b, distance_b, id_b):  # type: ignore[no-untyped-def]
    """Return whether a is listed before b: greater score, then nearer day, then lower number."""
    if score_a != score_b:
        return score_a > score_b
    if distance_a != distance_b:
        return distance_a < distance_b
    return id_a < id_b


@compiled_within
def insert(ids, scores, distances, row, distance_row, number, score, distance):  # type: ignore[no-untyped-def]
    """Insert a number into the sorted list of a row if it comes before the last there; `distance_row` is its row in distances."""
    place = ids.shape[1] - 1
    if not _before(score, distance, number, scores[row, place], distances[distance_row, place], ids[row, place]):
        return
    while place > 0 and scores[row, place - 1] == 0:
        place -= 1
    while place > 0 and _before(
        score, distance, number, scores[row, place - 1], distances[distance_row, place - 1], ids[row, place - 1]
    ):
        ids[row, place], scores[row, place] = ids[row, place - 1], scores[row, place - 1]
        distances[distance_row, place] = distances[distance_row, place - 1]
        place -= 1
    ids[row, place], scores[row, place], distances[distance_row, place] = number, score, distance


@compiled_within
def _distance_and_factor(day, other, table, unknown):  # type: ignore[no-untyped-def]
    """Return the distance of two days and its factor, as `dates.distances` and `DateFactor.of` do."""
    if day == NO_DATE or other == NO_DATE:
        return np.int64(UNKNOWN_DISTANCE), table[unknown]
    distance = abs(np.int64(day) - np.int64(other))
    return distance, table[distance if distance < len(table) else len(table) - 1]


@compiled_within
def _max_factor(day, first, last, first_known, table, unknown):  # type: ignore[no-untyped-def]
    """Return the greatest factor between a day and the days of a block; its first day is `NO_DATE` if one is unknown."""
    if day == NO_DATE or last == NO_DATE:
        return table[unknown]
    distance = np.int64(first_known) - day if day < first_known else np.int64(day) - last if day > last else np.int64(0)
    factor = table[distance if distance < len(table) else len(table) - 1]
    return table[unknown] if first == NO_DATE and factor < table[unknown] else factor


@compiled_within
def _min_product(least, factor, embedding_weight):  # type: ignore[no-untyped-def]
    """Return the least product, greater than 0, with which a score can reach `least` if the squared cosine is 1."""
    needed = least / (factor * _SLACK)
    if embedding_weight > 0:
        product_weight = np.float32(1) - embedding_weight
        with_cosine = (needed - embedding_weight) / product_weight if product_weight > 0 else np.float32(0)
        needed = with_cosine if with_cosine < needed else needed
    return needed if needed > LEAST_POSITIVE else LEAST_POSITIVE


@compiled_within
def _inner_product(indptr, indices, data, a, b):  # type: ignore[no-untyped-def]
    """Return the inner product of two rows; exact in any order, as weights are multiples of a power of two."""
    i, j, product = indptr[a], indptr[b], np.float32(0)
    while i < indptr[a + 1] and j < indptr[b + 1]:
        if indices[i] == indices[j]:
            product += data[i] * data[j]
        step, other = indices[i] <= indices[j], indices[j] <= indices[i]
        i, j = i + step, j + other
    return product


@compiled_within
def _product_reaches(indptr, indices, data, a, other_indptr, other_indices, other_data, b, least):  # type: ignore[no-untyped-def]
    """Return whether the inner product of two rows, of norm 1 at most, reaches `least`.

    By Cauchy and Schwarz it cannot once the squared weights of columns that only one of them has leave too little norm.
    """
    i, j, product, rest_of_a, rest_of_b = indptr[a], other_indptr[b], 0.0, 1.0, 1.0
    while i < indptr[a + 1] and j < other_indptr[b + 1]:
        if indices[i] == other_indices[j]:
            product += np.float64(data[i]) * other_data[j]
            i, j = i + 1, j + 1
        else:
            if indices[i] < other_indices[j]:
                rest_of_a -= np.float64(data[i]) * data[i]
                i += 1
            else:
                rest_of_b -= np.float64(other_data[j]) * other_data[j]
                j += 1
            if rest_of_a * rest_of_b < 0.999 * least * least:
                return False
    return product >= least


@compiled
def _find_reaching(  # type: ignore[no-untyped-def]
    indptr, indices, data, first, other_indptr, other_indices, other_data, ids, least, within, found
):
    """Fill `found` with the result of `have_near_duplicates`, if `within` the lists, or else of `any_product_reaches`."""
    for turn in range(len(ids)):
        for place in range(ids.shape[1]):
            other = np.int64(ids[turn, place])
            if found[turn] or other < 0:
                continue
            for before in range(place if within else 1):
                row = np.int64(ids[turn, before]) if within else np.int64(first + turn)
                if not found[turn] and row >= 0:
                    found[turn] = _product_reaches(
                        indptr, indices, data, row, other_indptr, other_indices, other_data, other, least
                    )


def have_near_duplicates(
    indptr: npt.NDArray[np.int64],
    indices: npt.NDArray[np.int32],
    data: npt.NDArray[np.float32],
    ids: npt.NDArray[np.int32],
    least: float,
) -> npt.NDArray[np.bool_]:
    """Return for each list of row numbers (-1: none) whether two of its rows have an inner product of `least` or more."""
    found = np.zeros(len(ids), np.bool_)
    _find_reaching(indptr, indices, data, 0, indptr, indices, data, fixed_array(ids, np.int32), least, True, found)
    return found


def any_product_reaches(
    indptr: npt.NDArray[np.int64],
    indices: npt.NDArray[np.int32],
    data: npt.NDArray[np.float32],
    first: int,
    other_indptr: npt.NDArray[np.int64],
    other_indices: npt.NDArray[np.int32],
    other_data: npt.NDArray[np.float32],
    ids: npt.NDArray[np.int32],
    least: float,
) -> npt.NDArray[np.bool_]:
    """Return for each row whether its inner product with one of the rows listed for it is `least` or more.

    Row ``first + i`` is compared with the other rows ``ids[i]``, where -1 stands for none.
    """
    found = np.zeros(len(ids), np.bool_)
    _find_reaching(
        indptr, indices, data, first, other_indptr, other_indices, other_data, fixed_array(ids, np.int32), least, False, found
    )
    return found


@compiled
def _fill_shared_columns(  # type: ignore[no-untyped-def]
    indptr, indices, data, first, other_indptr, other_indices, other_data, ids, starts, columns, products
):
    """Fill `starts`, `columns` and `products` with the result of `shared_columns`; `starts` is 0 at first."""
    n = 0
    for turn in range(len(ids)):
        row = first + turn
        for place in range(ids.shape[1]):
            other = ids[turn, place]
            if other >= 0:
                i, j = indptr[row], other_indptr[other]
                while i < indptr[row + 1] and j < other_indptr[other + 1]:
                    if indices[i] == other_indices[j]:
                        columns[n], products[n] = indices[i], np.float64(data[i]) * other_data[j]
                        n += 1
                    step, other_step = indices[i] <= other_indices[j], other_indices[j] <= indices[i]
                    i, j = i + step, j + other_step
            starts[turn * ids.shape[1] + place + 1] = n


def shared_columns(
    indptr: npt.NDArray[np.int64],
    indices: npt.NDArray[np.int32],
    data: npt.NDArray[np.float32],
    first: int,
    other_indptr: npt.NDArray[np.int64],
    other_indices: npt.NDArray[np.int32],
    other_data: npt.NDArray[np.float32],
    ids: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Return the columns that rows share with the rows listed for them.

    Row ``first + i`` is compared with the other rows ``ids[i]``, where -1 stands for none.

    Returns
    -------
    starts : ndarray of int64, shape (ids.size + 1,)
        Where the entries of each pair start, pairs in the order of `ids`.
    columns, products : ndarray of int32 and of float64
        The shared columns and the products of the two weights there.
    """
    lengths = indptr[first + 1 : first + len(ids) + 1] - indptr[first : first + len(ids)]
    ends = ids + 1  # of a place without a number, the start of the first row
    other_lengths = other_indptr[ends] - other_indptr[np.maximum(ids, 0)]
    most = int(np.minimum(lengths[:, None], other_lengths).sum())
    starts, columns, products = np.zeros(ids.size + 1, np.int64), np.empty(most, np.int32), np.empty(most, np.float64)
    lists = fixed_array(ids, np.int32)
    _fill_shared_columns(indptr, indices, data, first, other_indptr, other_indices, other_data, lists, starts, columns, products)
    return starts, columns[: starts[-1]], products[: starts[-1]]


@compiled
def _fill_top_rows(  # type: ignore[no-untyped-def]
    queries, indptr, indices, data, days, embeddings, positions, spans, max_products, query_tail_norms, min_scores,
    order, block_size, block_days, indexed_days, posting_starts, posting_rows, posting_weights,
    embedding_heads, tail_norms, indexed_embeddings,
    table, unknown, embedding_weight, home, ids, scores,
    sums, candidates, products, heads, firsts, lasts, distances,
):  # fmt: skip
    """Do the work of `top_rows`; the last arguments are the arrays that it works on."""
    k, n_blocks = ids.shape[1], len(posting_starts)
    product_weight = np.float32(np.float32(1) - embedding_weight)
    for step in range(2 * n_blocks):  # home, 1 after it, 1 before, 2 after, ...
        block = home + ((step + 1) >> 1 if step & 1 else -(step >> 1))
        if not 0 <= block < n_blocks:
            continue
        first_row = block * block_size
        first_day, last_day, first_known_day = block_days[block, 0], block_days[block, 1], block_days[block, 2]
        for turn in range(len(queries)):
            row = queries[turn]
            if spans[row, 0] > last_day or spans[row, 1] < first_day:
                continue
            least = scores[row, k - 1] if scores[row, k - 1] > min_scores[row] else min_scores[row]
            has_embedding = embedding_weight > 0 and query_tail_norms[row] >= 0
            max_factor = _max_factor(days[row], first_day, last_day, first_known_day, table, unknown)
            if not max_factor > 0:
                continue
            row_embedding_weight = embedding_weight if has_embedding else np.float32(0)
            min_product = _min_product(least, max_factor, row_embedding_weight)
            if max_products[row] < min_product:
                continue

            # Where all postings lie is read first: the cache is waited for once, not for one column after another.
            n_columns = indptr[row + 1] - indptr[row]
            for i in range(n_columns):
                column = indices[indptr[row] + i]
                firsts[i], lasts[i] = posting_starts[block, column], posting_starts[block, column + 1]
            n_touched = np.int64(0)
            for i in range(n_columns):
                weight = data[indptr[row] + i]
                for posting in range(np.uint64(firsts[i]), np.uint64(lasts[i])):
                    place = posting_rows[posting]
                    candidates[n_touched] = place
                    n_touched += np.float32(sums[place]).view(np.int32) == _UNTOUCHED_BITS
                    sums[place] += weight * posting_weights[posting] + np.float32(0)
            n_candidates = np.int64(0)
            for i in range(n_touched):
                place = candidates[i]
                candidates[n_candidates], products[n_candidates] = place, sums[place]
                n_candidates += sums[place] >= min_product
                sums[place] = _UNTOUCHED
            if has_embedding:
                for i in range(n_candidates):
                    heads[i] = head_product(embeddings, row, embedding_heads, first_row + candidates[i])
                n_above, needed = np.int64(0), least / (max_factor * _SLACK)
                for i in range(n_candidates):
                    place, product, tail_norm = candidates[i], products[i], tail_norms[first_row + candidates[i]]
                    cosine = np.float32(heads[i] + query_tail_norms[row] * tail_norm) * COSINE_SCALE
                    bound = product_weight * product + embedding_weight * (cosine * cosine)
                    candidates[n_above], products[n_above], heads[n_above] = place, product, heads[i]
                    n_above += (bound >= needed) | (tail_norm < 0)
                n_candidates = n_above

            for i in range(n_candidates):
                other, product = first_row + candidates[i], products[i]
                if other == positions[row] or not spans[row, 0] <= indexed_days[other] <= spans[row, 1]:
                    continue
                distance, factor = _distance_and_factor(days[row], indexed_days[other], table, unknown)
                if has_embedding and tail_norms[other] >= 0:
                    max_embedding_product = heads[i] + query_tail_norms[row] * tail_norms[other]
                    if _blended(product, max_embedding_product, product_weight, embedding_weight) * factor * _SLACK < least:
                        continue
                    tail = _tail_product(embeddings, row, indexed_embeddings, np.int64(order[other]))
                    product = _blended(product, heads[i] + tail, product_weight, embedding_weight)
                score, number = np.float32(product * factor), order[other]
                if not (score > 0 and score >= least):
                    continue
                insert(ids, scores, distances, row, turn, number, score, distance)
                least = scores[row, k - 1] if scores[row, k - 1] > least else least


def top_rows(
    queries: npt.NDArray[np.intp],
    rows: tuple[Any, ...],
    index: tuple[Any, ...],
    factors: tuple[npt.NDArray[np.float32], int],
    embedding_weight: np.float32,
    home: int,
    ids: npt.NDArray[np.int32],
    scores: npt.NDArray[np.float32],
) -> None:
    """Fill the lists of some query rows with the rows of the greatest scores of a blocked index.

    The query rows should be near in date. A block is compared with each of them before the next block: its postings and
    sums stay in the cache. The block nearest in date, `home`, comes first, so that lists soon hold high scores, and rows
    that cannot enter, by their date or even with a squared cosine of 1, are skipped.

    Parameters
    ----------
    queries : ndarray of int
        The numbers of the query rows, in `rows`.
    rows : tuple of ndarray
        Sparse rows, and for each its day; its embedding; its position in the index's order, -1 where the index does not have it,
        since a row never lists itself; the first and the last day that it may list; the greatest product that it can have with
        a row of the index; its embedding's tail norm; and the least score that it lists.
    index : tuple
        The fields of `relatedstories.topk.blocked_index.BlockedIndex` but the greatest weights and norm.
    factors : tuple
        The date factors, and the index of that for an unknown date.
    embedding_weight : float32
        The weight of embeddings in a score.
    home : int
    ids, scores : ndarray
    """
    block_size, n_columns = index[1], int(np.diff(rows[0])[queries].max(initial=0))
    work = (
        np.full(block_size, _UNTOUCHED),
        np.empty(block_size + 1, np.int32),  # also written at the place after the last candidate
        np.empty(block_size + 1, np.float32),
        np.empty(block_size + 1, np.int32),
        np.empty(n_columns, np.int64),
        np.empty(n_columns, np.int64),
        np.empty((len(queries), ids.shape[1]), np.int64),
    )
    _fill_top_rows(queries, *rows, *index, *factors, embedding_weight, home, ids, scores, *work)


def is_compiled() -> bool:
    """Return whether the search is compiled or loaded from the cache."""
    return _fill_top_rows.is_ready


@compiled
def _fill_merged(  # type: ignore[no-untyped-def]
    indptr, indices, data, days, embeddings, table, unknown, embedding_weight, rows, ids, other_ids, other_scores, bounds,
    merged_ids, merged_scores, distances,
):  # fmt: skip
    """Fill `merged_ids` and `merged_scores` with the result of `merge_neighbours`; `distances` are those of one list."""
    product_weight, first = np.float32(np.float32(1) - embedding_weight), np.int64(0)
    for turn in range(len(rows)):
        row = rows[turn]
        for place in range(ids.shape[1]):
            other = np.int64(ids[turn, place])
            if other >= 0:
                product = _inner_product(indptr, indices, data, row, other)
                if embedding_weight > 0 and embeddings[row, 0] != NONE and embeddings[other, 0] != NONE:
                    head = head_product(embeddings, row, embeddings, other)
                    tail = _tail_product(embeddings, row, embeddings, other)
                    product = _blended(product, head + tail, product_weight, embedding_weight)
                distance, factor = _distance_and_factor(days[row], days[other], table, unknown)
                score = np.float32(product * factor)
                if score > bounds[turn]:
                    insert(merged_ids, merged_scores, distances, turn, first, np.int32(other), score, distance)
        for place in range(other_ids.shape[1]):
            other = np.int64(other_ids[turn, place])
            if other >= 0 and other_scores[turn, place] > bounds[turn]:
                distance, _ = _distance_and_factor(days[row], days[other], table, unknown)
                insert(merged_ids, merged_scores, distances, turn, first, np.int32(other), other_scores[turn, place], distance)


def merge_neighbours(
    rows: Rows,
    numbers: npt.NDArray[np.intp],
    factors: tuple[npt.NDArray[np.float32], int],
    embedding_weight: float,
    ids: npt.NDArray[np.int32],
    others: tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]],
    bounds: npt.NDArray[np.float32],
    n_threads: int = 1,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return the lists of some rows, merged from two sources; of both only scores above a bound are listed.

    Parameters
    ----------
    rows : Rows
        All rows.
    numbers : ndarray of int
        Those whose lists are merged.
    factors : tuple
        The date factors, and the index of that for an unknown date.
    embedding_weight : float
    ids : ndarray of int32, shape (n_numbers, k)
        Row numbers to score here, -1 for none.
    others : tuple of ndarray of int32 and of float32, shape (n_numbers, k)
        Further row numbers, -1 for none, with their scores.
    bounds : ndarray of float32, shape (n_numbers,)
    n_threads : int, default 1

    Returns
    -------
    ids, scores : ndarray of int32 and of float32, shape (n_numbers, k)
    """
    merged_ids, merged_scores = np.full(ids.shape, -1, np.int32), np.zeros(ids.shape, np.float32)
    of_rows = *csr_arrays(rows.weights), fixed_array(rows.days, np.int32), fixed_array(rows.embeddings, np.int8)
    settings = fixed_array(factors[0], np.float32), factors[1], np.float32(embedding_weight)
    lists = (
        fixed_array(numbers, np.int64),
        fixed_array(ids, np.int32),
        fixed_array(others[0], np.int32),
        fixed_array(others[1], np.float32),
        fixed_array(bounds, np.float32),
        merged_ids,
        merged_scores,
    )

    def fill(start: int) -> None:
        part = [array[start : start + _MERGED_AT_ONCE] for array in lists]
        _fill_merged(*of_rows, *settings, *part, np.empty((1, ids.shape[1]), np.int64))

    with ThreadPoolExecutor(n_threads) as pool:
        for _ in pool.map(fill, range(0, len(numbers), _MERGED_AT_ONCE)):
            pass
    return merged_ids, merged_scores
