"""Labels and explanations, where the right one is plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories
from relatedstories.ranking.phrases import shared_phrase
from relatedstories.topics.names import forms, words


def test_the_telling_topic_is_the_label_not_the_common_one():
    events = [
        Event("1", "A Falcon 9 lifts off from the United States"),
        Event("2", "A Falcon 9 explodes in the United States"),
        *(
            Event(f"us-{i}", f"Voters in the United States choose {name}")
            for i, name in enumerate(["a mayor", "judges", "a sheriff"])
        ),
    ]
    stories = RelatedStories().fit(events)
    link = stories.related("1")[0]
    assert (link.event.id, link.context) == ("2", "Falcon 9")
    assert set(link.topics) == {"Falcon 9", "United States"}


def test_a_shared_heading_is_a_label():
    stories = RelatedStories().fit(
        [Event("1", "Talks resume", heading="Peace of Aguda"), Event("2", "Talks break off", heading="Peace of Aguda")]
    )
    assert stories.related("1")[0].context == "Peace of Aguda"


def test_a_shared_phrase_is_the_label_where_no_topic_is_shared():
    stories = RelatedStories().fit(
        [
            Event("1", "A band of tin whistles opens the fair"),
            Event("2", "Farmers fear the tin whistles"),
            Event("3", "It rains"),
        ]
    )
    assert stories.related("1")[0].context == "tin whistles"


@pytest.mark.parametrize(
    ("a", "b", "shares", "expected"),
    [
        ("A cargo ship sinks", "The cargo ship was new", {"cargo": 0.2, "ship": 0.1}, "cargo ship"),
        ("The Ministry of Health", "a ministry of health aide", {"ministri": 0.1, "health": 0.1}, "Ministry of Health"),
        ("Oslo here, hail there", "hail in Oslo", {"oslo": 0.2, "hail": 0.1}, "Oslo"),  # one name that explains most
        ("storm here, hail there", "hail and storm", {"storm": 0.2, "hail": 0.1}, None),  # one word that is no name
        ("storm, hail, snow", "snow hail storm", {"storm": 0.1, "hail": 0.1, "snow": 0.1}, None),  # none does
        ("in 2001", "since 2001", {"2001": 0.3}, None),
        ("nothing", "shared", {}, None),
    ],
)
def test_phrases(a, b, shares, expected):
    phrase = shared_phrase(a, b, shares)
    assert (phrase and phrase.text) == expected


def test_an_explanation_reads_well(sample_stories):
    why = sample_stories.explain("2016-12-01-progress-ms-04", "2018-10-11-soyuz-ms-10-abort")
    assert why.parts == tuple(sorted(why.parts, key=lambda part: (-part.share, part.kind != "topic", part.name)))
    assert "International Space Station" in {part.name for part in why.topics}
    assert "rocket" in {part.name for part in why.terms}
    assert str(why).startswith("score 0.")
    assert sum(part["share"] for part in why.to_dict()["parts"]) == pytest.approx(why.score, abs=1e-6)


@given(st.text("aZéﷺ1'’. &-_\n"), st.integers(0, 3), st.integers(0, 3))
def test_forms_are_those_of_words(text, first, n):
    assert forms(text) == [word.form for word in words(text)]
    assert words(text, first, first + n) == words(text)[first : first + n]
