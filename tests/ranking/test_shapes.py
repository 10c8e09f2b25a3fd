"""Which runs of words can be a label."""

from __future__ import annotations

import pytest

from relatedstories.ranking.phrases import shared_phrase
from relatedstories.ranking.shapes import Part, part_of


def phrase(text: str, language: str = "en", matters: tuple[str, ...] = ()) -> str | None:
    """Return the label of two texts that are the same, where all terms tell as much."""
    from relatedstories.text.terms import terms_of

    found = shared_phrase(text, text, dict.fromkeys(terms_of(text, language), 0.1), language, matters)
    return None if found is None else found.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the year-old boy", None),
        ("many people are killed", None),
        ("it orders the crew to abandon", None),
        ("they report 19 cases", None),
        ("they confirm 300 deaths from COVID-19", "COVID-19"),
        ("she speaks of new cases of COVID-19", "COVID-19"),
        ("it says the missile strikes were heavy", "missile strikes"),
        ("the Russian and Belarusian", None),
        ("they sign a ceasefire agreement", "ceasefire agreement"),
        ("they meet in the Gulf of Riga today", "Gulf of Riga"),
        ("they use the Open Build Service of it", "Open Build Service"),
        ("they open, and then they build", None),
        ("they wrote some openTAPE again", "openTAPE"),
        ("they meet at the Harbour.Asia Summit again", "Asia Summit"),
        ("they read it on harbour.example/asia again", None),
    ],
)
def test_a_phrase_is_a_noun_phrase(text: str, expected: str | None) -> None:
    assert phrase(text) == expected


def test_a_common_noun_is_a_label_if_the_archive_knows_it() -> None:
    assert phrase("they see the flood") is None
    assert phrase("they see the flood", matters=("flood",)) == "flood"
    assert phrase("they see the people", matters=("peopl",)) is None  # but not one that says nothing


def test_a_phrase_does_not_end_within_a_name() -> None:
    shares = {"health": 0.1, "product": 0.1, "regulatori": 0.1}
    a, b = "it is the Health Products Regulatory Agency that says so", "here a Health Products Regulatory Authority says it too"
    assert shared_phrase(a, b, shares) is None
    assert shared_phrase(a, a, shares | {"agenc": 0.1}).text == "Health Products Regulatory Agency"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Die Straßenbahn von Oslo", "de", "Straßenbahn von Oslo"),
        ("la ligne de tram", "fr", "ligne de tram"),
        ("puis dans la ville", "fr", None),
        ("あの東京駅", "ja", "東京駅"),
    ],
)
def test_phrases_in_other_languages(text: str, language: str, expected: str | None) -> None:
    assert phrase(text, language) == expected


@pytest.mark.parametrize(
    ("word", "language"), [("March", "en"), ("Friday", "en"), ("März", "de"), ("jeudi", "fr"), ("четверг", "ru")]
)
def test_a_month_or_a_day_of_the_week_is_no_name(word: str, language: str) -> None:
    assert part_of(word, language, True) is Part.ADJECTIVE


def test_the_verbs_of_a_title_in_capitals_are_no_names_but_participles_say_more_of_nouns() -> None:
    text = "it is all in the small text below that says no more of it"
    assert phrase(f"Ferries Keep Scheduled Outage\n{text}") == "Scheduled Outage"
    assert phrase(f"Agile Ways to Keep Ferries\n{text}") == "Agile Ways"
