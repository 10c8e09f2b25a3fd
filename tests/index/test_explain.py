"""An explanation says why neither event is in the list of the other."""

from __future__ import annotations

import pytest
from helpers import day

from relatedstories import Event, RelatedStories

TEXT = "Snow closes the airport of Oslo for two days, and all flights of the morning go to Bergen."
EVENTS = [
    Event("snow", "Snow in Oslo", TEXT, date=day("2020-01-01"), translation_key="snow"),
    Event("copy", "More snow in Oslo", TEXT, date=day("2020-01-02")),
    Event("schnee", "Schnee in Oslo", "Der Flughafen von Oslo ist wegen des Schnees zu.", date=day("2020-01-01"), language="de"),
    Event("sne", "Snow in Oslo again", "The airport of Oslo is shut.", date=day("2020-01-03"), translation_key="snow"),
    Event("weak", "Voters elect a mayor", "A new mayor of Bergen takes office.", date=day("2001-01-01")),
    Event("later", "Airport of Oslo reopens", "After the snow flights leave Oslo again.", date=day("2020-01-04")),
]


@pytest.mark.parametrize(("other", "words"), [
    ("snow", "one event"),
    ("copy", "same words"),
    ("sne", "translations"),
    ("schnee", "en and de"),
    ("weak", "needs a score"),
])  # fmt: skip
def test_what_is_against_a_link_is_said(other: str, words: str) -> None:
    stories = RelatedStories(min_score=0.2).fit(EVENTS)
    explanation = stories.explain("snow", other)
    assert words in str(explanation.not_listed)
    assert words in str(explanation)
    assert words in explanation._repr_html_()
    assert words in explanation.to_dict()["not_listed"]
    assert other not in [link.event.id for link in stories.related("snow", 9)]


def test_nothing_is_against_a_link() -> None:
    stories = RelatedStories(min_score=0.01).fit(EVENTS)
    explanation = stories.explain("snow", "later")
    assert "later" in [link.event.id for link in stories.related("snow", 9)]
    assert explanation.not_listed is None
    assert "Not listed" not in str(explanation)
    assert "not_listed" not in explanation.to_dict()
