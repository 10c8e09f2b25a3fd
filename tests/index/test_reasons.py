"""Reasons are found only as far as somebody asks, and are then the same as those found in full."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories
from relatedstories.index.reason import Reason
from relatedstories.index.reasons import Reasons
from relatedstories.ranking.labels import ALONE, BESIDE

PLACES = ["Norway", "Sweden", "Minister of Finance", "Danes", "Oslo", "Bergen"]
MATTERS = ["ferry", "flood", "cholera", "strike", "harbour", "lighthouse", "bakery", "election"]


@pytest.fixture(scope="module")
def stories() -> RelatedStories:
    """An archive whose events share places, matters, words, several of these or nothing."""
    rng = np.random.default_rng(3)
    events = []
    for n in range(80):
        places, matters = rng.choice(PLACES, 2), rng.choice(MATTERS, 3)
        title = f"{matters[0].capitalize()} in {places[0]} and a {matters[1]}"
        sentence = f"In {places[1]} the {matters[2]} was seen again near the {rng.choice(MATTERS)} of {rng.choice(PLACES)}."
        events.append(Event(f"{n:02}", title, sentence))
    events.append(Event("80", "A poet wins a prize", "The jury in Iceland praised her quiet rhymes, written on trams."))
    events.append(Event("81", "Captain slept on the bridge", "Forty passengers were rowed ashore in Iceland with cold hands."))
    return RelatedStories().fit(events)


def needs_in_full(reason: Reason, reasons: Reasons) -> float:
    """Return how many times the least score a link needs, told by all of its reason."""
    if not reason._labels:
        return 1 + reasons.space_weight
    contexts = reason.contexts
    if not reason._has_subject and contexts and any(label.says_little and label.name == contexts[0] for label in reason._labels):
        return ALONE if len(contexts) == 1 else BESIDE
    return 1.0


@given(a=st.integers(0, 81), b=st.integers(0, 81), score=st.floats(0, 1), floor=st.sampled_from([0.0, 0.1, 0.3, 0.5]))
@settings(deadline=None, max_examples=400)
def test_what_is_padding_is_known_without_the_whole_reason(stories, a, b, score, floor):
    archive = stories._fitted.archive
    reasons = Reasons(archive, 0.5, (), floor)
    row = archive.row(a)
    quick, full = (reasons.of_number(row.event, row.weight_by_column(), b) for _ in range(2))
    needs = needs_in_full(full, reasons)
    assert quick.is_padding(score) == full.is_padding(score) == (needs > 1 and score < needs * floor)
    assert (quick.contexts, quick.topics) == (full.contexts, full.topics)
    other = reasons.of_row(row.event, row.weight_by_column(), archive.row(b))
    assert (other.contexts, other.topics) == (full.contexts, full.topics)


def test_links_of_this_archive_are_padding_for_every_reason(stories):
    archive = stories._fitted.archive
    reasons = Reasons(archive, 0.5, (), 0.2)
    needs = {
        needs_in_full(reasons.of_number(row.event, row.weight_by_column(), b), reasons)
        for row in map(archive.row, range(82))
        for b in range(82)
    }
    assert needs == {1.0, 1.5, 2.0}
