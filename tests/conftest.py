"""Fixtures that the tests share."""

from __future__ import annotations

import pytest
from stores import postgres, server, store  # noqa: F401 - fixtures

from relatedstories import Event, RelatedStories, TopicExtractor, read_events


@pytest.fixture(scope="session")
def extractor() -> TopicExtractor:
    return TopicExtractor()


@pytest.fixture(scope="session")
def sample() -> list[Event]:
    return list(read_events("sample"))


@pytest.fixture(scope="session")
def sample_stories(sample: list[Event]) -> RelatedStories:
    return RelatedStories().fit(sample)
