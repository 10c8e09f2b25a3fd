"""Padding: links whose reason is but a country need a better score, or a caller who asks for them."""

from __future__ import annotations

import re

import pytest

from relatedstories import Event, RelatedStories

WORDS = re.findall(
    r"\w+",
    "bakery library chess bridge orchard violin lantern quarry harbour meadow kettle saddle pigeon mirror candle anchor"
    " barrel feather garden hammer island jacket kennel ladder marble needle oyster pepper quiver ribbon shovel temple",
)
OTHERS = [
    Event(str(n), f"{WORDS[n]} beside a {WORDS[n + 1]}", " ".join(WORDS[(7 * n + 3 * word) % len(WORDS)] for word in range(12)))
    for n in range(30)
]
AGROUND = Event(
    "aground",
    "Ship runs aground near a lighthouse",
    "The captain from Norway had slept, said the coastguard, and forty passengers were carried ashore by rowers with cold hands.",
)
POET = Event(
    "poet",
    "Poet wins a prize for verses about snow",
    "The jury in Norway praised her quiet rhymes, which she wrote on trams between two jobs over nineteen winters.",
)
AGAIN = Event(
    "again",
    "Ship of the lighthouse is towed away",
    "In Norway the captain who ran it aground said he was sorry, and the passengers were sent home.",
)


@pytest.fixture(scope="module")
def stories() -> RelatedStories:
    return RelatedStories().fit([*OTHERS, AGROUND, POET, AGAIN])


def ids(links: object) -> list[str]:
    return [link.event.id for link in links]


def test_a_country_alone_is_no_reason_for_a_poor_match(stories: RelatedStories) -> None:
    assert ids(stories.related("aground", k=3)) == ["again"]
    assert "Norway" in {topic.name for topic in stories.topics("poet")} & {topic.name for topic in stories.topics("aground")}


def test_a_least_score_that_is_given_is_all_that_a_link_needs(stories: RelatedStories) -> None:
    least = stories.settings["min_score"]
    listed = {link.event.id: link for link in stories.related("aground", k=3, min_score=least)}
    assert listed["poet"].contexts == ("Norway",)
    assert least <= listed["poet"].score < 2 * least
    given = RelatedStories(min_score=least).fit([*OTHERS, AGROUND, POET, AGAIN])
    assert "poet" in ids(given.related("aground", k=3))


def test_a_country_that_editors_gave_is_a_reason() -> None:
    tagged = [Event(event.id, event.title, event.text, topics=["Norway"]) for event in (AGROUND, POET)]
    assert "poet" in ids(RelatedStories().fit([*OTHERS, *tagged, AGAIN]).related("aground", k=3))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_lists_are_the_same_one_by_one_and_all_at_once(stories: RelatedStories, k: int) -> None:
    for event, links in stories.all_related(k):
        assert links == stories.related(event.id, k) == stories.related(event.id, 12)[:k]
        assert links == stories.related_many([event.id], k)[0]
