"""Passages: cut by a slow oracle, and the same whether they were cut together or taken and stacked."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from relatedstories.features.passages import MAX_PASSAGES, PASSAGE_TERMS, PassageRows, Passages, best_passage

N_TERMS = 30
documents = st.lists(st.lists(st.integers(0, N_TERMS - 1), max_size=4 * PASSAGE_TERMS), max_size=5)


def cut(documents) -> Passages:
    columns = np.array([column for document in documents for column in document], np.int64)
    return Passages.cut(columns, np.array([len(document) for document in documents], np.int64), N_TERMS)


def as_sets(passages: Passages) -> list[list[set[int]]]:
    rows = passages.matrix.toarray()
    bounds = passages.starts.tolist()
    return [[set(np.flatnonzero(row).tolist()) for row in rows[a:b]] for a, b in pairwise(bounds)]


@given(documents)
def test_they_are_cut_into_equal_parts_and_the_last_takes_what_is_left(documents):
    expected = []
    for document in documents:
        n = len(document) // PASSAGE_TERMS
        ends = [*range(PASSAGE_TERMS, n * PASSAGE_TERMS, PASSAGE_TERMS), len(document)]
        expected.append([set(document[start:end]) for start, end in zip([0, *ends], ends, strict=False)] if n > 1 else [])
    assert as_sets(cut(documents)) == expected


def test_the_end_of_a_book_is_not_read():
    (book,) = as_sets(cut([[0] * (MAX_PASSAGES * PASSAGE_TERMS) + [1] * PASSAGE_TERMS]))
    assert book == [{0}] * MAX_PASSAGES


@given(documents, documents, st.data())
def test_taking_and_stacking(first, second, data):
    both = [*first, *second]
    order = data.draw(st.lists(st.integers(0, len(both) - 1), unique=True)) if both else []
    taken = cut(first).stack(cut(second)).take(np.array(order, np.intp))
    assert as_sets(taken) == as_sets(cut([both[number] for number in order]))


def test_terms_become_others_and_those_of_one_stem_are_one():
    columns = np.resize([0, 1, 2], 2 * PASSAGE_TERMS)
    passages = Passages.cut(columns, np.array([len(columns)]), 3).over(
        ["port", "ports", "tram"], ["port", "ship"], lambda t: t[:4]
    )
    assert as_sets(passages) == [[{0}, {0}]]
    assert passages.matrix.data.tolist() == [1, 1]


def test_the_best_passage_of_a_row_and_what_it_consists_of():
    rows = PassageRows(np.array([0, 2]), np.array([0, 1, 1, 2]), np.array([0.5, 0.5, 0.25, 0.75], np.float32))
    product, columns, products = best_passage(rows, np.array([0, 0.5, 1], np.float32))
    assert (product, columns.tolist(), products.tolist()) == (0.875, [1, 2], [0.125, 0.75])
    known = rows.over(np.array([-1, -1, 7]))
    assert (known.starts.tolist(), known.columns.tolist()) == ([0], [7])
    assert len(rows.over(np.array([-1, -1, -1]))) == 0
