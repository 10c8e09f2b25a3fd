"""Fixtures that the tests share."""

from __future__ import annotations

import os
from typing import Any

import jinja2
import pytest
from stores import bouncer, mariadb, mariadb_server, postgres, server, store  # noqa: F401 - fixtures

from relatedstories import Event, RelatedStories, TopicExtractor, read_events
from relatedstories.export import render

os.fsync = lambda _: None
"""What has reached the disk shows after a power failure alone; tests save thousands of indexes and pages."""


class Compiled(jinja2.BytecodeCache):
    """The compiled templates of this process, by name and text: compiling them takes most of the time of a small export."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Any) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Any) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


COMPILED, new_environment = {True: Compiled(), False: Compiled()}, render._environment


def environment_with_compiled(*arguments: Any, autoescape: bool) -> jinja2.Environment:
    environment = new_environment(*arguments, autoescape=autoescape)
    environment.bytecode_cache = COMPILED[autoescape]
    return environment


render._environment = environment_with_compiled


@pytest.fixture(scope="session")
def extractor() -> TopicExtractor:
    return TopicExtractor()


@pytest.fixture(scope="session")
def sample() -> list[Event]:
    return list(read_events("sample"))


@pytest.fixture(scope="session")
def sample_stories(sample: list[Event]) -> RelatedStories:
    return RelatedStories().fit(sample)
