"""The word space: embeddings are exact and have the documented properties."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import CapitalisedWords

from relatedstories import Event, RelatedStories
from relatedstories.errors import BadValueError
from relatedstories.features.vectors import count_terms, count_topics
from relatedstories.features.word_space import (
    DIMENSIONS,
    LENGTH,
    NONE,
    Space,
    default_space,
    squared_cosine,
    with_user_embeddings,
)

TEXTS = [
    "A volcano erupts and ash closes airports",
    "Flights are cancelled as lava flows from the crater",
    "Parliament votes on the budget",
    "Lawmakers pass a bill on taxes",
]


def embeddings(texts, topics=None):
    return default_space().embeddings(count_terms(texts), count_topics(topics or [()] * len(texts)))


def near(a, b):
    return squared_cosine(a, b[None], np.array([0]))[0]


def test_events_of_one_kind_are_close_though_they_share_no_word():
    volcano, lava, budget, taxes = embeddings(TEXTS)
    assert near(volcano, lava) > 4 * near(volcano, budget)
    assert near(budget, taxes) > 4 * near(budget, lava)


def test_an_embedding_does_not_depend_on_other_events():
    together = embeddings(TEXTS)
    for row, text in zip(together, TEXTS, strict=True):
        np.testing.assert_array_equal(embeddings([text])[0], row)


def test_the_embedding_of_an_event_does_not_depend_on_the_archive():
    events = [Event(str(i), text, text=" ".join(TEXTS[i:])) for i, text in enumerate(TEXTS)]
    together = RelatedStories(CapitalisedWords()).fit(events)._index.archive.embeddings
    for row, event in zip(together, events, strict=True):
        alone = RelatedStories(CapitalisedWords()).fit([event])._index.archive.embeddings
        np.testing.assert_array_equal(alone[0], row)
        words, topics = (
            count_terms([event.title], [event.text]),
            count_topics([topics_of(event)]),
        )
        np.testing.assert_array_equal(default_space().embeddings(words, topics)[0], row)


def topics_of(event):
    (topics,) = CapitalisedWords().extract_many([event])
    return [topic.key for topic in topics]


def test_embeddings_have_their_norm_and_depend_on_topics():
    without, with_topics = embeddings([TEXTS[2]])[0], embeddings([TEXTS[2]], [["israel", "knesset"]])[0]
    assert np.linalg.norm(without.astype(float)) == pytest.approx(LENGTH, abs=2)
    assert 0.1 < near(without, with_topics) < 0.99


@pytest.mark.parametrize("text", ["", "Zażółć gęślą jaźń", "Der Bundestag beschließt die Rente mit siebzig in Berlin"])
def test_a_text_in_another_language_has_no_embedding(text):
    row = embeddings([text])[0]
    assert row[0] == NONE
    assert not row[1:].any()
    assert squared_cosine(row, embeddings(TEXTS), np.arange(len(TEXTS))).tolist() == [-1] * len(TEXTS)


def test_an_archive_in_another_language_is_ranked_as_without_the_space():
    texts = ["Schnee in Kiew sperrt Straßen", "Wieder Schnee in Kiew erwartet", "Wahlen in Wien verschoben"]
    events = [Event(str(i), text) for i, text in enumerate(texts)]
    with_space, without = (RelatedStories(CapitalisedWords(), space_weight=weight).fit(events) for weight in (0.5, 0))
    assert [(link.event.id, link.score) for link in with_space.related("0")] == [
        (link.event.id, link.score) for link in without.related("0")
    ]


def test_events_that_share_no_term_are_not_related_however_close():
    stories = RelatedStories(CapitalisedWords(), min_score=0).fit([Event(str(i), text) for i, text in enumerate(TEXTS[:2])])
    assert stories.related("0") == []
    assert stories.explain("0", "1").score == 0


def test_the_space_decides_between_equal_products():
    events = [
        Event("1", "Volcano erupts near Harbour Town"),
        Event("2", "Lava flows towards Harbour Town"),
        Event("3", "Budget passes in Harbour Town"),
    ]
    links = RelatedStories(CapitalisedWords()).fit(events).related("1")
    assert [link.event.id for link in links] == ["2", "3"]
    explanation = RelatedStories(CapitalisedWords()).fit(events).explain("1", "2")
    assert sum(part.share for part in explanation.parts) == pytest.approx(explanation.score, abs=1e-6)
    assert explanation.score == links[0].score
    assert [part.name for part in explanation.parts if part.kind == "space"] == ["word space"]


def test_squared_cosines_are_those_of_exact_arithmetic():
    rows = np.random.default_rng(0).integers(-127, 128, (2000, DIMENSIONS)).astype(np.int8)
    rows[7] = 0
    rows[7, 0] = NONE
    squares = squared_cosine(rows[0], rows, np.arange(2000))
    exact = np.clip(rows.astype(int) @ rows[0].astype(int) / LENGTH**2, 0, 1) ** 2
    assert squares[7] == -1
    np.testing.assert_allclose(np.delete(squares, 7), np.delete(exact, 7), rtol=1e-6)


def test_a_saved_space_is_read_unchanged(tmp_path, monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(3, DIMENSIONS))
    space = Space.rounded(["crater", "lava"], ["iceland"], vectors)
    (tmp_path / "space").mkdir()
    space.save(tmp_path / "space")
    monkeypatch.setattr("relatedstories.features.word_space.path", lambda name: tmp_path / name)
    read = default_space.__wrapped__()
    assert (read.terms, read.topics) == (space.terms, space.topics)
    np.testing.assert_array_equal(read.vectors, space.vectors)


# ---------------------------------------------------------------------- a caller's own embeddings

EVENTS = [
    Event("b", "Mayor opens bridge in Harbour Town"),
    Event("a", "Mayor opens school in Harbour Town"),
    Event("c", "Mayor opens museum in Harbour Town"),
]


def test_embeddings_bring_events_together():
    for near, far in (("a", "c"), ("c", "a")):
        embeddings = [[1.0, 0.0] if event.id in ("b", near) else [0.0, 1.0] for event in EVENTS]
        stories = RelatedStories(CapitalisedWords()).fit(EVENTS, embeddings=embeddings)
        assert [link.event.id for link in stories.related("b")] == [near, far]
        assert {event.id: [link.event.id for link in links] for event, links in stories.all_related()}["b"] == [near, far]


def test_add_and_load_keep_embeddings(tmp_path):
    embeddings = np.random.default_rng(1).normal(size=(3, 5))
    whole = RelatedStories(CapitalisedWords()).fit(EVENTS, embeddings=embeddings)
    parts = RelatedStories(CapitalisedWords()).fit(EVENTS[:1], embeddings=embeddings[:1])
    parts.add(EVENTS[1:], embeddings=embeddings[1:])
    parts.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index", CapitalisedWords())
    for stories in (parts, loaded):
        assert [(link.event.id, link.score) for link in stories.related("a")] == [
            (link.event.id, link.score) for link in whole.related("a")
        ]
    assert whole.related(Event("new", "Mayor opens library in Harbour Town"))
    whole.add([Event("d", "Mayor opens market in Harbour Town")])  # without an embedding: compared by the word space alone
    assert "d" in [link.event.id for link in whole.related("a")]


def test_each_of_two_joined_embeddings_has_half_the_weight():
    here, there = embeddings(TEXTS[:2])
    rows = with_user_embeddings(np.stack([here, there]), np.array([[1.0, 0.0], [2.0, 0.0]]))
    cosine = np.sqrt(near(here, there))
    assert np.sqrt(near(rows[0], rows[1])) == pytest.approx((cosine + 1) / 2, abs=0.02)


@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        ([[1.0], [2.0]], r"embeddings: got an array of shape \(2, 1\), expected one of 3 rows, one an event"),
        ([1.0, 2.0, 3.0], r"embeddings: got an array of shape \(3,\), expected one of 3 rows"),
        ([[1.0], [float("nan")], [0.0]], "embeddings: got a number that is not finite, expected finite numbers"),
        ("none", "embeddings: got 'none', expected an array of numbers, a row an event"),
    ],
)
def test_invalid_embeddings(embeddings, message):
    with pytest.raises(BadValueError, match=message):
        RelatedStories(CapitalisedWords()).fit(EVENTS, embeddings=embeddings)


def test_embeddings_of_another_width_cannot_be_added():
    stories = RelatedStories(CapitalisedWords()).fit(EVENTS[:1], embeddings=[[1.0, 2.0]])
    with pytest.raises(BadValueError, match="embeddings: got rows of 3 numbers, expected 2, as in the archive"):
        stories.add(EVENTS[1:], embeddings=np.ones((2, 3)))
    assert len(stories) == 1
    with pytest.raises(BadValueError, match="embeddings: got rows of 3 numbers, expected none, as in the archive"):
        RelatedStories(CapitalisedWords()).fit(EVENTS[:1]).add(EVENTS[1:], embeddings=np.ones((2, 3)))
