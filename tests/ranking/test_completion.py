"""A shared word is completed to the name that it mostly is a part of in both texts."""

from __future__ import annotations

import pytest

from relatedstories.ranking.completion import MAX_LABEL_CHARS, completed
from relatedstories.ranking.phrases import salient_phrase
from relatedstories.ranking.words_of_text import MAX_PHRASE_WORDS, WordsOfText


def name_around(word: str, a: str, b: str, language: str = "en") -> str:
    """Return the name that a word, which both texts have, is a part of."""
    ours, theirs = WordsOfText(a, language), WordsOfText(b, language)
    return ours.phrase(*completed(ours, theirs, [word.casefold() in key for key in ours.keys].index(True), 1))


@pytest.mark.parametrize(("word", "a", "b", "expected"), [
    ("gateway", "We built the Gateway API. A gateway helps.", "The Gateway API is out, and it is new.", "Gateway API"),
    ("node", "They met the SIG Node in May. The SIG Node met.", "Later the SIG Node and others met.", "SIG Node"),
    ("palacio", "They dance at Palacio de Congresos today.", "Rooms in Palacio de Congresos are booked.", "Palacio de Congresos"),
    ("port", "Keep port 80 open.", "It asks on port 80 first.", "port 80"),
    ("ferri", "The car ferry left. The car ferry sank.", "A car ferry was built, a ferry of steel.", "car ferry"),
    ("audit", "A content audit takes days. Content audits end.", "Content audits help. A content audit ends.", "content audit"),
    ("rate", "They rate limit us. Our rate limits are low.", "New rate limits. A rate limit is set.", "rate limits"),
    ("idea", "It is the 21st Century IDEA. See 21st Century IDEA.", "So 21st Century IDEA. The 21st Century IDEA it is.",
     "21st Century IDEA"),
])  # fmt: skip
def test_nouns_that_mostly_go_with_a_word_are_part_of_its_name(word: str, a: str, b: str, expected: str) -> None:
    assert name_around(word, a, b) == expected


@pytest.mark.parametrize(("word", "a", "b"), [
    ("gateway", "The gateway API is one, a gateway is not, nor is this gateway.", "See the gateway API."),  # mostly by itself
    ("gateway", "The gateway API serves.", "See the gateway, the API and more."),  # a sign stands between
    ("gateway", "The gateway serves well.", "A gateway serves here."),  # a verb that the table knows as one
    ("runtim", "The new runtime is out.", "See the new runtime."),  # an adjective that says nothing
    ("runtim", "A small runtime is out.", "See a small runtime."),  # an adjective, once in each
    ("ferri", "In all 80 ferries left.", "They saw 80 ferries."),  # a number in front
    ("audit", "A content audit takes days.", "A content audit is due."),  # a noun that says little, once in each
])  # fmt: skip
def test_other_words_are_not(word: str, a: str, b: str) -> None:
    assert " " not in name_around(word, a, b)


def test_in_a_language_whose_verbs_are_not_known_added_words_need_a_capital() -> None:
    assert name_around("literal", "Un frozen String Literal ici.", "Ce frozen String Literal est là.", "fr") == "String Literal"
    assert name_around("gem", "utiliser gem update ici", "utiliser gem update aussi", "fr") == "gem"


def test_a_name_is_no_longer_than_a_label() -> None:
    words = " ".join(f"Abc{letter}" for letter in "defghijklm")
    found = name_around("abcd", f"The {words} is here.", f"It is the {words} of all.")
    assert len(found.split()) == MAX_PHRASE_WORDS
    assert len(found) <= MAX_LABEL_CHARS


def test_what_articles_share_by_chance_is_no_phrase_beside_what_they_are_about() -> None:
    ours = "Tides", "The tide mill saws. The old post office is near the tide mill. By the post office it rains."
    theirs = "Mills", "A tide mill stands by the post office. The tide mill is not a post office."
    shares = {"tide": 0.2, "mill": 0.2, "post": 0.004, "offic": 0.004}
    assert salient_phrase(ours, theirs, shares).text == "tide mill"  # type: ignore[union-attr]
    without = [(title, text.replace("tide mill", "saw")) for title, text in (ours, theirs)]
    assert salient_phrase(*without, shares) is None
    assert salient_phrase(*without, {"post": 0.004, "offic": 0.004}).text == "post office"  # type: ignore[union-attr]
