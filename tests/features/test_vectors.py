"""tf-idf rows have exact sums and unit length, and are made of the counts of words, the title's and the lead's first."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from relatedstories.features.vectors import (
    LEAD_WORDS,
    STEP,
    Counts,
    background,
    count_terms,
    count_topics,
    inverse_frequencies,
    stemmed,
    weigh,
)

JUNK_FOOD = [
    "the pizza pizza beer copyright",
    "the pizza burger beer copyright",
    "the the pizza beer beer copyright",
    "the salad",
]
texts = st.lists(st.text("ab é", max_size=12).map(lambda text: text.replace(" ", "  ")), max_size=6)


def rows_of(terms: Counts, topics: Counts, topic_weight: float):
    n = terms.matrix.shape[0]
    idf = [inverse_frequencies(counts.terms, counts.events(), n) for counts in (terms, topics)]
    return weigh(terms, topics, *idf, topic_weight)


def test_without_topics_rows_are_square_roots_of_counts_by_bm25s_inverse_frequencies():
    terms, topics = count_terms(JUNK_FOOD), count_topics([[]] * len(JUNK_FOOD))
    rows = rows_of(terms, topics, 0.3).toarray()
    counts = CountVectorizer(stop_words="english").fit_transform(JUNK_FOOD).toarray()
    n, events = len(counts), (counts > 0).sum(axis=0)
    idf = np.log(1 + (n + 10 - events + 0.5) / (events + 0.5))  # without a background, ten events that have none of the words
    weights = np.sqrt(counts) * idf
    np.testing.assert_allclose(rows, weights / np.linalg.norm(weights, axis=1, keepdims=True), atol=1 / STEP)


def test_what_all_events_have_weighs_next_to_nothing_and_what_half_have_its_full_weight():
    all_, half = inverse_frequencies(["gazette", "port"], np.array([1000, 500]), 1000, background())
    assert 0 < all_ < 0.01
    assert half > 0.6


def test_the_title_and_the_lead_count_more_than_the_rest():
    words = [f"w{number:03}" for number in range(LEAD_WORDS + 1)]
    counts = count_terms(["storm"], [" ".join([*words, "storm"])])
    counted = dict(zip(counts.terms, counts.matrix.toarray()[0].tolist(), strict=True))
    assert counted["storm"] == 6 + 1
    assert {counted[word] for word in words[:-1]} == {3}
    assert counted[words[-1]] == 1


def test_words_of_one_stem_are_one_term():
    words = count_terms(["Ministers meet", "A minister met ministers"], languages=["en", "en"])
    assert words.terms == ("meet", "met", "minister", "ministers")
    terms = stemmed(words)
    assert terms.terms == ("meet", "met", "minist")
    assert terms.matrix.toarray().tolist() == [[6, 0, 6], [0, 6, 12]]
    same(words, count_terms(["Ministers meet", "A minister met ministers"]))  # these are as they were
    german = count_terms(["Die Ministers"], languages=["de"])
    assert stemmed(german).terms == german.terms


def test_terms_common_in_news_have_a_low_weight_in_a_small_archive_too():
    terms = ("government", "luhansk", "qwertz")
    small = inverse_frequencies(terms, np.ones(3), 100, background())
    assert small[0] < small[1] < small[2]
    large = inverse_frequencies(terms, np.array([1e6, 1e6, 1e6]), 10**7, background())
    np.testing.assert_allclose(large, large[0], rtol=1e-2)  # in a large archive its own counts decide


def test_news_words_are_counted_though_scikit_learn_has_them_as_stop_words():
    assert count_terms(["The fire in the mine", "a bill"]).terms == ("bill", "fire", "mine")


def test_topics_have_their_part_of_the_squared_length():
    terms, topics = count_terms(["storm hail", "storm"]), count_topics([["oslo"], []])
    rows = rows_of(terms, topics, 0.25).toarray()
    assert np.square(rows[0, -1]) == np.float32(0.25)
    np.testing.assert_allclose(np.square(rows).sum(axis=1), 1, atol=2e-3)


@given(texts, st.lists(st.lists(st.sampled_from("xyz"), unique=True), min_size=6, max_size=6), st.floats(0, 1))
@settings(deadline=None)
def test_rows_have_at_most_unit_length_and_weights_in_whole_steps(texts, keys, topic_weight):
    rows = rows_of(count_terms(texts), count_topics(keys[: len(texts)]), topic_weight)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows.data * STEP, np.round(rows.data * STEP))
    assert (np.square(rows.toarray().astype(np.float64)).sum(axis=1) <= 1).all()
    assert (rows.data > 0).all()


@given(texts, texts, st.data())
@settings(deadline=None)
def test_stack_and_take_give_the_counts_of_the_texts(first, second, data):
    both = first + second
    stacked = count_terms(first).stack(count_terms(second))
    same(stacked, count_terms(both))
    rows = data.draw(st.permutations(range(len(both))))[: data.draw(st.integers(0, len(both)))]
    same(stacked.take(np.array(rows, np.intp)), count_terms([both[i] for i in rows]))


def same(a: Counts, b: Counts):
    assert a.terms == b.terms
    np.testing.assert_array_equal(a.matrix.toarray(), b.matrix.toarray())


def test_an_enormous_row_keeps_its_heaviest_terms():
    text = " ".join(f"w{i}" for i in range(5000)) + " heavy" * 50
    terms = count_terms([text, "heavy"])
    rows = rows_of(terms, count_topics([[], []]), 0.25)
    assert rows[[0]].nnz <= 1024
    assert rows[0, terms.terms.index("heavy")] > 0
