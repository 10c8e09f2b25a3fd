"""Born topics: what an archive is full of becomes a topic, however the archive came about."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from relatedstories import Event, RelatedStories, TopicExtractor

OUTBREAK = [
    ("Zimbo fever reaches a third town", "Doctors treat nine patients with the virus in a hospital, and more cases are likely."),
    ("Vaccine against zimbo fever is tested", "The health ministry hopes that the vaccine will protect children from the virus."),
    ("Two patients die of zimbo", "The hospital says the virus had weakened both patients before doctors could treat them."),
    ("Schools close as zimbo spreads", "The health ministry counts forty cases of the virus, most of them children."),
    ("First zimbo case is confirmed abroad", "The patient is in hospital; doctors abroad say that the virus is the same."),
    ("Zimbo outbreak is declared over", "No cases of the virus were found in weeks, the health ministry and doctors say."),
]
OTHERS = [
    ("Ferry sinks in a storm", "The ferry had forty people on board, and all were saved by fishermen."),
    ("Voters elect a parliament", "Three parties will talk about a government after the vote on Sunday."),
    ("Snow closes the airport", "Ploughs worked all night while travellers slept on benches and on their own coats."),
    ("A bakery wins a prize", "Its owner has baked rye loaves since he was a boy of nine years and never stopped."),
    ("Old library gets a new roof", "The tiles were made by hand in a village where only two potters are still at work."),
    ("Child of eleven beats the champion", "She had played chess for a year, and smiled when he gave up his king."),
]
EVENTS = [
    *(Event(f"zimbo-{n}", title, text) for n, (title, text) in enumerate(OUTBREAK)),
    *(Event(f"other-{n}", title, text) for n, (title, text) in enumerate(OTHERS)),
    Event(
        "aside",
        "Markets fall",
        f"Shares of banks and of makers of steel lost most. {'Trade was slow all week. ' * 12}Some blame zimbo.",
    ),
]


def answers(stories: RelatedStories) -> object:
    return stories.commonest_topics(), [[*stories.topics(event.id)] for event in stories], stories.about("Zimbo")


def test_what_an_archive_is_full_of_is_a_topic() -> None:
    stories = RelatedStories().fit(EVENTS)
    assert stories.commonest_topics(1) == {"Zimbo": 6}
    assert {event.id for event in stories.about("zimbo")} == {f"zimbo-{n}" for n in range(6)}
    assert [topic.kind for topic in stories.topics("zimbo-2") if topic == "Zimbo"] == ["concept"]
    assert "Zimbo" not in stories.topics("aside")  # which only mentions it


def test_a_word_of_few_events_is_a_topic_where_the_extractor_finds_it() -> None:
    stories, extractor = RelatedStories().fit(EVENTS[2:]), TopicExtractor()
    for event in stories:
        assert set(stories.topics(event.id)) <= set(extractor.extract(event))


def test_what_editors_call_a_topic_stays_theirs() -> None:
    tagged = [Event(event.id, event.title, event.text, topics=["ZIMBO"]) for event in EVENTS[:2]]
    stories = RelatedStories().fit([*tagged, *EVENTS[2:]])
    for event in stories.about("zimbo"):
        assert sum(topic.key == "zimbo" for topic in stories.topics(event.id)) == 1
    assert len(stories.about("zimbo")) == 6


@pytest.mark.parametrize("seed", range(3))
def test_the_topics_are_the_same_however_the_archive_came_about(seed: int, tmp_path: Path) -> None:
    at_once = RelatedStories().fit(EVENTS)
    shuffled = random.Random(seed).sample(EVENTS, len(EVENTS))
    grown = RelatedStories().fit([*shuffled[:5], Event("gone", "Zimbo", "Zimbo is everywhere.")])
    grown.add(shuffled[5:])
    grown.remove(["gone"])
    grown.save(tmp_path / "index")
    assert answers(grown) == answers(RelatedStories.load(tmp_path / "index")) == answers(at_once)
