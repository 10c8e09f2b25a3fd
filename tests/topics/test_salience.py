"""How much an event is about a topic, and what an index makes of it."""

from __future__ import annotations

import pickle

from relatedstories import Event, RelatedStories, TopicExtractor

BODY = (
    " The council met. It was long. It was loud. Nobody left early. Most were tired. A delegation from Iceland spoke about Japan."
)
EVENT = Event("1", "Snow in Oslo", f"Trams in Norway stood still.{BODY}")


def test_the_title_says_more_than_the_lead_and_that_more_than_the_rest() -> None:
    by_name = {str(topic): topic.salience for topic in TopicExtractor().extract(EVENT)}
    assert 1 > by_name["Oslo"] > by_name["Norway"] > by_name["Iceland"] > 0


def test_a_topic_keeps_its_salience_in_another_process() -> None:
    for topic in TopicExtractor().extract(EVENT):
        assert pickle.loads(pickle.dumps(topic)).salience == topic.salience


def test_an_index_leaves_out_what_is_only_mentioned() -> None:
    stories = RelatedStories().fit([EVENT, Event("2", "A fair in Iceland"), Event("3", "Rain", BODY, topics=["Iceland"])])
    assert {"Oslo", "Norway"} <= set(stories.topics("1"))
    assert "Iceland" not in stories.topics("1")
    assert "Iceland" in stories.topics("3")  # as its editors say


def test_what_no_text_mentions_is_salient_if_editors_gave_it() -> None:
    (topic,) = TopicExtractor().extract(Event("1", "Rain", topics=["Weather"]))
    assert topic.salience == 1
