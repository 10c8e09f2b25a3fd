"""The packaged archive: real storylines that the links must find."""

from __future__ import annotations

import collections
import gzip
import importlib.resources
import json
import re

import pytest
from helpers import shared


@pytest.fixture(scope="module")
def storyline():
    text = (importlib.resources.files("relatedstories") / "sample.jsonl").read_text(encoding="utf-8")
    return {row["id"]: row["story"] for row in map(json.loads, text.splitlines())}


def test_it_is_as_large_as_it_says(sample, storyline):
    sizes = collections.Counter(storyline.values())
    del sizes[None]
    assert len(sample) >= 150
    assert sum(size >= 4 for size in sizes.values()) >= 20
    assert all(event.date and event.text and event.sources for event in sample)
    assert {event.date.year for event in sample} == set(range(2010, 2025))


def test_links_stay_in_their_storyline(sample_stories, storyline):
    pairs = [(storyline[event.id], storyline[link.event.id]) for event, links in sample_stories.all_related() for link in links]
    right = sum(ours is not None and ours == theirs for ours, theirs in pairs)
    assert right / len(pairs) > 0.8


def test_the_example_of_the_readme(sample_stories):
    links = sample_stories.related("2016-12-01-progress-ms-04")
    assert len(links) == 5
    assert {link.context for link in links} == {"International Space Station"}


def test_no_sentence_is_taken_from_the_shared_archive(sample):
    """No eight words in a row: the sample is written in our own."""

    def runs(text):
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[i : i + 8]) for i in range(len(words) - 7)}

    ours = set().union(*(runs(text) for event in sample for text in (event.title, event.text)))
    with gzip.open(shared("data/wcep-text-2002-2024.jsonl.gz"), "rt", encoding="utf-8") as file:
        taken = [run for row in map(json.loads, file) for run in runs(row["text"]) & ours]
    assert taken == []
