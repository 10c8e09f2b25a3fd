"""The topics of an archive as it stores them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from relatedstories import Event, Topic, TopicExtractor
from relatedstories.topics.extraction import extracted

EVENTS = [
    Event("1", "Supplies reach the International Space Station", "The ISS has a crew of six. Two are from Kenya."),
    Event("2", "The Fed raises rates", "A human error, says the Federal Reserve in Washington, D.C.", topics=["Cholera", "2005"]),
    Event(
        "3", "Snow &amp; hail in <b>New&nbsp;York</b>", "<p>New York's mayor speaks. <p>Wildfires in Spain.", heading="Weather"
    ),
    Event("4", "Der Hafen ist wegen des Sturms zu", "Angela Merkel war in Kiel. Merkel lobte den Hafen von Kiel."),
]


class Shouting(TopicExtractor):
    """An extractor of another author, whose topics differ from those of the library."""

    def extract_many(self, events: Iterable[Event | str]) -> Iterator[tuple[Topic, ...]]:  # type: ignore[override]
        for topics in super().extract_many(events):
            yield tuple(Topic(topic.name.upper(), topic.kind, topic.mentions) for topic in topics)


@pytest.mark.parametrize(
    "extractor",
    [
        TopicExtractor(),
        TopicExtractor(threshold=0.05),
        TopicExtractor(aliases={"Federal Reserve": ["the Fed"], "Weather": ["snow"]}, ignored=["Spain", "cholera"]),
        TopicExtractor(language="de"),
    ],
    ids=["default", "low threshold", "own names", "another language"],
)
def test_stored_topics_are_those_that_are_extracted(extractor: TopicExtractor) -> None:
    stored = extracted(extractor, EVENTS, [None] * len(EVENTS))
    every = list(extractor.extract_many(EVENTS))
    assert stored == [tuple((topic.name, topic.kind, topic.segments) for topic in topics if topic.key) for topics in every]
    assert any(stored)


def test_an_extractor_that_gives_other_topics_is_asked_for_them() -> None:
    plain, shouted = (extracted(extractor, EVENTS, [None] * len(EVENTS)) for extractor in (TopicExtractor(), Shouting()))
    assert shouted == [tuple((name.upper(), kind, of) for name, kind, of in topics) for topics in plain]
