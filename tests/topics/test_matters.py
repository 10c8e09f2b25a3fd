"""Matters: phrases in lower case as topics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from relatedstories import TopicExtractor
from relatedstories.topics.matter_candidates import MatterFinder
from relatedstories.topics.matter_tables import default_matter_tables, lemma_of
from relatedstories.topics.matters import KIND, MatterRanker, default_matter_ranker, find_matters
from relatedstories.topics.tagger import tag_texts
from relatedstories.topics.tokenizer import tokenize

TEXTS = [
    "A humpback whale swims up the river and is led back to sea by a pilot boat.",
    "Wildfires spread across the hills and two villages are evacuated.",
    "Three people die after an explosion at a fireworks factory in Peru.",
    "The strike ends; the union and the port agree on wages.",
    "Gang violence closes schools, and a state of emergency is declared.",
    "",
    "!",
]


@pytest.fixture(scope="module")
def finder() -> MatterFinder:
    return MatterFinder(default_matter_tables())


def phrases(finder: MatterFinder, text: str) -> list[str]:
    found = finder([tokenize(text)])
    return [found.phrase(row) for row in range(len(found.text))]


def names(text: str, threshold: float | None = None) -> dict[str, str]:
    return {topic.name: topic.kind for topic in TopicExtractor(threshold=threshold).extract(text)}


def test_matters_are_found_under_their_names() -> None:
    assert names("Firefighters battle wildfires in the hills of Attica.").get("Wildfire") == KIND
    assert "State of emergency" in names("The governor declares a state of emergency after the flood.")


def test_words_that_nobody_linked_are_found() -> None:
    tables = default_matter_tables()
    for text, name in [
        ("A seal and a narwhal are seen near the coast of Norway.", "Narwhal"),
        ("Turtles starve in a bed of seagrass off Kenya.", "Seagrass"),
        ("Two are fined for price manipulation on the stock exchange of Oslo.", "Price manipulation"),
    ]:
        assert name.lower() not in tables.phrases
        assert names(text).get(name) == KIND


def test_titles_and_measures_name_no_topic() -> None:
    found = names("The president says that people waited for a year, and the spokesman adds that the day was long.")
    assert not {"People", "Year", "Day", "Spokesman", "President"} & found.keys()


def test_a_threshold_applies_to_matters() -> None:
    text = TEXTS[0]
    assert {item.probability for item in tag_texts([tokenize(text)], 0.2)[0]} <= {p / 1024 for p in range(205, 1025)}
    assert not names(text, 1.0)


def test_topics_do_not_overlap() -> None:
    for spans in tag_texts([tokenize(text) for text in TEXTS], 0.05):
        assert all(a.end <= b.first for a, b in itertools.pairwise(spans))


def test_a_text_gets_the_same_in_any_batch(finder: MatterFinder) -> None:
    texts = [tokenize(text) for text in TEXTS]
    alone = [find_matters([text], 0)[0] for text in texts]
    assert find_matters(texts, 0) == alone
    assert find_matters(texts[::-1], 0) == alone[::-1]
    assert find_matters([], 0) == []
    assert MatterFinder(default_matter_tables())(texts).features.tolist() == finder(texts).features.tolist()


def test_sums_are_exact() -> None:
    ranker = default_matter_ranker()
    assert ranker.greatest_sum() < 1 << 24
    features = np.random.default_rng(0).integers(-127, 128, (500, len(ranker.layers[0][0]))).astype(np.int8)
    exact = MatterRanker([(weights.astype(np.float64), bias.astype(np.float64)) for weights, bias in ranker.layers])
    assert ranker(features).tolist() == exact(features).tolist()


def test_capitals_at_the_start_of_a_sentence(finder: MatterFinder) -> None:
    found = phrases(finder, "Wildfires rage. China sends aid. “Drones fly.”")
    assert "wildfires" in found
    assert "drones" in found
    assert "china" not in found


def test_hyphens_join_words_only_without_spaces(finder: MatterFinder) -> None:
    assert "car - bomb" in phrases(finder, "a car-bomb explodes")
    assert "car - bomb" not in phrases(finder, "a car - bomb squads say - explodes")


@pytest.mark.parametrize(
    ("word", "singular"),
    [("floods", "flood"), ("buses", "buse"), ("churches", "church"), ("gas", "gas"), ("glass", "glass"), ("gunmen", "gunman")],
)
def test_lemma_by_spelling(word: str, singular: str) -> None:
    assert lemma_of(word) == singular


def test_plurals_that_spelling_does_not_tell() -> None:
    tables = default_matter_tables()
    assert tables.singular("crises") == "crisis"
    assert tables.singular("news") == "news"
