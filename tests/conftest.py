"""Fixtures that the tests share."""

from __future__ import annotations

import os

import pytest
from stores import bouncer, mariadb, mariadb_server, postgres, server, store  # noqa: F401 - fixtures

from relatedstories import Event, RelatedStories, TopicExtractor, read_events

os.fsync = lambda _: None
"""What has reached the disk shows after a power failure alone; tests save thousands of indexes and pages."""


@pytest.fixture(scope="session")
def extractor() -> TopicExtractor:
    return TopicExtractor()


@pytest.fixture(scope="session")
def sample() -> list[Event]:
    return list(read_events("sample"))


@pytest.fixture(scope="session")
def sample_stories(sample: list[Event]) -> RelatedStories:
    return RelatedStories().fit(sample)
