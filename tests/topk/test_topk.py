"""The kernel agrees with a slow oracle on any rows and settings."""

from __future__ import annotations

import itertools
from unittest.mock import patch

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories.errors import BadValueError
from relatedstories.features.word_space import LENGTH, NONE
from relatedstories.topk import blocked_index
from relatedstories.topk._kernel import have_near_duplicates
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.dates import ANY_DAY, NO_DATE, UNKNOWN_AS, DateFactor, every_day
from relatedstories.topk.join import self_topk
from relatedstories.topk.rows import Rows, csr_arrays

STEP = 64  # weights are multiples of 1 / STEP, so that sums are exact in any order and equal scores are equal


def oracle(rows, k, days=None, factor=None, min_score=0.0, spans=None, embeddings=None, embedding_weight=0.0):
    """Compute all scores, and sort them by falling score, nearer day, lower number."""
    dense = np.asarray(sp.csr_array(rows).todense(), np.float32)
    n, weight = len(dense), np.float32(embedding_weight)
    ids, scores = np.full((n, k), -1), np.zeros((n, k), np.float32)
    for i in range(n):
        found = []
        for j in range(n):
            score, apart = np.float32(dense[i] @ dense[j]), 0
            if embeddings is not None and score > 0 and NONE not in (embeddings[i, 0], embeddings[j, 0]):
                cosine = np.float32(embeddings[i].astype(int) @ embeddings[j].astype(int)) * np.float32(1 / LENGTH**2)
                cosine = min(max(cosine, np.float32(0)), np.float32(1))
                score = score * (np.float32(1) - weight) + weight * (cosine * cosine)
            if factor is not None:
                known = NO_DATE not in (days[i], days[j])
                apart = abs(int(days[i]) - int(days[j])) if known else 10**9
                score *= factor.table[min(apart, len(factor.table) - 1) if known else factor.unknown]
            within = spans is None or spans[i][0] <= days[j] <= spans[i][1]
            if j != i and score > 0 and score >= min_score and within:
                found.append((-score, apart, j))
        for place, (score, _, j) in enumerate(sorted(found)[:k]):
            ids[i, place], scores[i, place] = j, -score
    return ids, scores


def small(block, task):
    """Make blocks and tasks small, so that a few rows are compared in as many parts as many rows are."""
    return patch.multiple(blocked_index, ROWS_PER_BLOCK=block, ROWS_PER_TASK=task)


SIZES = [(1, 1), (2, 3), (5, 2), (8192, 1024)]


def same(got, expected):
    np.testing.assert_array_equal(got[0], expected[0])
    np.testing.assert_array_equal(got[1], expected[1])


@st.composite
def matrices(draw):
    n, m = draw(st.integers(0, 12)), draw(st.integers(1, 6))
    cells = st.integers(0, STEP) if draw(st.booleans()) else st.sampled_from([0, 0, 0, 1])
    values = draw(st.lists(cells, min_size=n * m, max_size=n * m))
    return sp.csr_array(np.array(values, np.float32).reshape(n, m) / STEP)


@given(matrices(), st.integers(1, 15), st.integers(1, 3), st.sampled_from(SIZES))
@settings(deadline=None, max_examples=300)
def test_same_as_oracle(rows, k, n_threads, sizes):
    with small(*sizes):
        same(self_topk(rows, k, n_threads), oracle(rows, k))


@given(matrices(), st.integers(1, 4), st.sampled_from(SIZES), st.data())
@settings(deadline=None, max_examples=300)
def test_same_as_oracle_with_dates(rows, k, sizes, data):
    day = st.one_of(st.just(NO_DATE), st.integers(-(10**6), 10**6), st.integers(0, 30))
    days = np.array(data.draw(st.lists(day, min_size=rows.shape[0], max_size=rows.shape[0])), np.int32)
    factor = DateFactor(data.draw(st.sampled_from([0.0, 0.15, 1.0, 7.0])))
    least = data.draw(st.sampled_from([0.0, 0.01, 0.2]))
    with small(*sizes):
        found = self_topk(rows, k, days=days, date_factor=factor, min_score=least)
    same(found, oracle(rows, k, days, factor, least))
    span = st.tuples(day, st.one_of(day, st.just(ANY_DAY[1])))
    spans = np.array(data.draw(st.lists(span, min_size=len(days), max_size=len(days))), np.int32).reshape(-1, 2)
    with small(*sizes):
        found = self_topk(rows, k, days=days, date_factor=factor, spans=spans, min_score=least)
    same(found, oracle(rows, k, days, factor, least, spans))


@pytest.mark.parametrize(
    "rows",
    [
        np.ones((7, 1)),  # all tie
        np.zeros((5, 3)),  # empty rows
        np.eye(6),  # one term a row, nothing shared
        np.repeat(np.eye(3), 4, axis=0),  # duplicates
        np.array([[1.0]]),  # a single row
        np.array([[1.0, -1.0], [1.0, 1.0], [-1.0, 0.5]]),  # negative weights: only positive products are listed
    ],
)
def test_hard_cases(rows):
    same(self_topk(sp.csr_array(rows), 3), oracle(rows, 3))
    same(self_topk(sp.csr_array(rows), 20), oracle(rows, 20))


def test_a_row_is_a_candidate_once_even_if_its_sum_falls_back_to_zero_again_and_again():
    rows = sp.csr_array(np.array([[1, 1, 1, 1, 1, 1, 1, 1, 1], [1, -1, 1, -1, 1, -1, 1, -1, 1], [-1, 1, -1, 1, -1, 1, -1, 1, 1]]))
    with_zeros = sp.csr_array((rows.data.astype(np.float32), rows.indices, rows.indptr), shape=rows.shape)
    with_zeros.data[4:9] = -0.0
    days, factor = np.arange(3, dtype=np.int32), DateFactor(0.1)
    for each in (rows.astype(np.float32), with_zeros):
        same(self_topk(each, 2, days=days, date_factor=factor), oracle(each, 2, days, factor))


@given(matrices(), st.integers(1, 4), st.sampled_from([0.0, 0.25, 0.5, 0.7, 1.0]), st.sampled_from(SIZES), st.data())
@settings(deadline=None, max_examples=300)
def test_same_as_oracle_with_embeddings(rows, k, weight, sizes, data):
    n, least = rows.shape[0], data.draw(st.sampled_from([0.0, 0.05, 0.3]))
    numbers = st.lists(st.sampled_from([-127, -90, 0, 1, 45, 90, 127, NONE]), min_size=3 * n, max_size=3 * n)
    embeddings = np.zeros((n, data.draw(st.sampled_from([3, 64, 70]))), np.int8)
    embeddings[:, [0, 1, -1]] = np.array(data.draw(numbers), np.int8).reshape(n, 3)
    embeddings[:, 1:] = np.maximum(embeddings[:, 1:], -127)
    days = np.array(data.draw(st.lists(st.integers(0, 300), min_size=n, max_size=n)), np.int32)
    factor = DateFactor(0.3)
    with small(*sizes):
        found = self_topk(rows, k, days=days, date_factor=factor, embeddings=embeddings, embedding_weight=weight, min_score=least)
    same(found, oracle(rows, k, days, factor, least, None, embeddings, weight))


def test_more_rows_than_one_task_and_threads_agree():
    rows = sp.random_array((3000, 200), density=0.05, rng=np.random.default_rng(0), format="csr")
    rows.data = np.floor(rows.data * STEP) / STEP
    one = self_topk(rows, 4)
    same(self_topk(rows, 4, n_threads=2), one)
    picked = np.arange(0, 3000, 271)
    products = np.asarray((rows[picked] @ rows.T).todense(), np.float32)
    products[np.arange(len(picked)), picked] = -1
    expected = np.argsort(-products, axis=1, kind="stable")[:, :4]
    np.testing.assert_array_equal(one[0][picked], expected)


def one_sided(rows, k, min_score=0.0):
    """Search with the kernel that fills the list of one row at a time, though no dates or embeddings are given."""
    n = rows.shape[0]
    all_rows = Rows(rows, np.zeros(n, np.int32), np.full((n, 1), NONE, np.int8))
    numbers, index = np.arange(n, dtype=np.int32), BlockedIndex.of(all_rows)
    return index.top(all_rows, k, numbers, every_day(n), date_factor=DateFactor(0), min_score=min_score).wait()


def general(n, kind, seed):
    """Rows of weights whose products are rounded; rows of some kinds have negative or infinite products."""
    rng = np.random.default_rng(seed)
    rows = sp.random_array((n, 60), density=0.1, rng=rng, format="csr", dtype=np.float32)
    if kind == "negative":
        rows.data -= np.float32(0.4)
    elif kind == "duplicates":
        rows = rows[rng.integers(0, n // 10, n)]
    elif kind == "ties":
        rows.data[:] = 0.1
    elif kind == "infinite":  # some products are infinite, others NaN: infinity less infinity
        rows.data *= rng.choice(np.array([1, 1e19, 1e20, -1e20], np.float32), rows.nnz)
    rows.sort_indices()
    return rows


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("kind", ["positive", "negative", "duplicates", "ties", "infinite"])
@pytest.mark.parametrize(("block", "task"), [(130, 40), (64, 7), (300, 1000)])
def test_comparing_each_pair_once_gives_the_same_bytes_as_each_row_alone(kind, block, task):
    for seed, (k, least) in enumerate([(1, 0.0), (3, 0.01), (64, 0.0), (65, -1.0), (700, 0.0)]):
        rows = general(600, kind, seed)
        expected = one_sided(rows, k, least)
        for n_threads in (1, 2, 3):
            with small(block, task):
                ids, scores = self_topk(rows, k, n_threads, min_score=least)
            np.testing.assert_array_equal(ids, expected[0])
            assert scores.tobytes() == expected[1].tobytes()


def test_the_same_day_for_all_rows_gives_the_scores_without_days():
    rows, factor = general(40, "positive", 0), DateFactor(0.5)
    same(self_topk(rows, 3, days=np.full(40, 7, np.int32), date_factor=factor), self_topk(rows, 3))
    ids, scores = self_topk(rows, 3)
    unknown = factor.table[UNKNOWN_AS]
    same(self_topk(rows, 3, days=np.full(40, NO_DATE, np.int32), date_factor=factor), (ids, scores * unknown))
    never = np.tile(np.array([8, 9], np.int32), (40, 1))
    assert (self_topk(rows, 3, days=np.full(40, 7, np.int32), spans=never)[0] == -1).all()


def test_any_sparse_format_and_a_matrix_with_repeated_cells():
    dense = np.array([[1, 0, 2], [0, 1, 1], [1, 1, 0]], np.float64)
    expected = self_topk(sp.csr_array(dense), 2)
    for form in (sp.csr_matrix, sp.csc_array, sp.coo_array):
        same(self_topk(form(dense), 2), expected)
    twice = sp.csr_array((np.array([0.5, 0.5, 1.0]), np.array([0, 0, 0]), np.array([0, 2, 3])), shape=(2, 1))
    assert self_topk(twice, 1)[1].tolist() == [[1.0], [1.0]]
    assert twice.nnz == 3  # the caller's matrix stays as it was


@given(matrices())
@settings(deadline=None)
def test_products_of_one_row_with_all_are_exact(rows):
    days = np.arange(rows.shape[0], dtype=np.int32)[::-1] % 5
    index = BlockedIndex.of(Rows(rows, days, np.full((rows.shape[0], 1), NONE, np.int8)))
    for i in range(rows.shape[0]):
        part = slice(rows.indptr[i], rows.indptr[i + 1])
        products = index.products(rows.indices[part], rows.data[part].astype(np.float32))
        np.testing.assert_array_equal(products, np.asarray((rows @ rows[[i]].T).todense(), np.float32).ravel())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": np.eye(2)}, "self_topk: rows: got ndarray, expected a scipy.sparse matrix of two dimensions and real numbers"),
        ({"rows": sp.csr_array([[np.nan]])}, "self_topk: rows: got a weight that is not finite, expected finite weights"),
        ({"k": 0}, "self_topk: k: got 0 (int), expected a whole number of at least 1"),
        ({"k": 2.5}, "self_topk: k: got 2.5 (float), expected a whole number of at least 1"),
        ({"k": True}, "self_topk: k: got True (bool), expected a whole number of at least 1"),
        ({"n_threads": 0}, "self_topk: n_threads: got 0 (int), expected a whole number of at least 1"),
        (
            {"rows": sp.csr_array(np.eye(2) * 1j)},
            "self_topk: rows: got csr_array, expected a scipy.sparse matrix of two dimensions and real numbers",
        ),
        ({"date_factor": DateFactor(1)}, "self_topk: date_factor: got one without days, expected days too, one a row"),
        ({"spans": np.zeros((2, 2), np.int32)}, "self_topk: spans: got one without days, expected days too, one a row"),
        (
            {"spans": np.zeros((3, 2), np.int32), "days": np.zeros(2, np.int32)},
            "self_topk: spans: got an array of shape (3, 2), expected one of shape (2, 2)",
        ),
        ({"min_score": "x"}, "self_topk: min_score: got 'x', expected a number from -inf to inf"),
        ({"days": np.zeros(3, np.int32)}, "self_topk: days: got 3 day numbers, expected 2, one a row"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(BadValueError) as error:
        self_topk(**{"rows": sp.csr_array(np.eye(2)), **arguments})
    assert str(error.value) == message


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("sizes", [(8192, 1024), (100, 30)])
def test_progress_counts_every_row_once(n_threads, sizes):
    for days in (np.zeros(2500, np.int32), np.arange(2500, dtype=np.int32)):  # the loop over pairs, and the loop over rows
        done = []
        with small(*sizes):
            self_topk(sp.csr_array(np.ones((2500, 1))), 1, n_threads, days=days, progress=done.append)
        assert sum(done) == 2500
        assert len(done) > 1
        assert min(done) >= 0


def test_near_duplicates_are_the_pairs_whose_full_product_reaches_the_limit():
    random = np.random.default_rng(3)
    rows = np.abs(random.normal(size=(60, 12))) * (random.random((60, 12)) < 0.5) + np.eye(60, 12)
    rows[30:] = rows[:30] + random.random((30, 1)) * (random.random((30, 12)) < 0.3)
    rows = np.floor(4096 * rows / np.linalg.norm(rows, axis=1, keepdims=True)) / 4096
    pairs = np.array(list(itertools.combinations(range(60), 2)), np.int32)
    expected = (rows @ rows.T)[tuple(pairs.T)] >= 0.9
    assert 10 < expected.sum() < len(pairs) / 2
    assert have_near_duplicates(*csr_arrays(sp.csr_array(rows, dtype=np.float32)), pairs, 0.9).tolist() == expected.tolist()
