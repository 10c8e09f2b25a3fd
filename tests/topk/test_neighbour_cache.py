"""What is kept of the nearest never shows in an answer, only in the time it takes."""

from __future__ import annotations

import datetime as dt
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import Named

from relatedstories import Event, RelatedStories
from relatedstories.index.retriever import Retriever
from relatedstories.ranking.filters import LinkFilters
from relatedstories.topk import neighbour_cache as nearest
from relatedstories.topk.neighbour_cache import NeighbourCache
from relatedstories.topk.partial import PartialTopK

WORDS = re.findall(
    r"\w+",
    """
storm flood rescue harbour ferry strike union election vote minister parliament court judge verdict appeal quake tremor rocket
launch orbit crew capsule vaccine virus hospital doctor bank shares merger market inflation drought harvest grain bridge tunnel
train derails airport flight crash pilot fire forest smoke evacuated police arrest suspect trial prison
""",
)
PLACES = ["Oslo", "Rome", "Lima", "Kyiv", "Quito", "Accra", "Hanoi", "Perth"]


def drawn(draw: random.Random, number: int) -> Event:
    # Common words often, rare ones seldom; now and then words that no word space knows.
    words = draw.choices(WORDS, [1 / (rank + 2) for rank in range(len(WORDS))], k=draw.randint(3, 8))
    if draw.random() < 0.1:
        words = [f"qx{word}" for word in words]
    words.insert(draw.randint(0, len(words)), draw.choice(PLACES))
    date = None if draw.random() < 0.05 else dt.date(2020, 1, 1) + dt.timedelta(draw.randint(0, 900))
    return Event(f"e{number:04}", " ".join(words), date=date)


def candidates_of_all(stories: RelatedStories) -> PartialTopK:
    return stories._linker(stories._index, 3, LinkFilters.of("test")).retriever.first_candidates_of_all(1, None)


def best(stories: RelatedStories) -> tuple[Any, Any]:
    return candidates_of_all(stories).wait()


def same(stories: RelatedStories) -> None:
    fresh = RelatedStories(Named()).fit(stories)
    for ours, theirs in zip(best(stories), best(fresh), strict=True):
        assert ours.tolist() == theirs.tolist()
    lists = {event.id: links for event, links in fresh.all_related(3)}
    assert {event.id: links for event, links in stories.all_related(3)} == lists
    assert dict(zip(lists, stories.related_many(list(lists), 3), strict=True)) == lists


@pytest.fixture
def stories() -> RelatedStories:
    draw = random.Random(0)
    return RelatedStories(Named()).fit(drawn(draw, number) for number in range(0, 900, 3))


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were unknown, each time that what was known was brought up to date; all, where nothing could be."""
    counts: list[int] = []
    real = nearest.StaleNeighbours.updated

    def counted(self: nearest.StaleNeighbours, rows: Any, *args: Any, **keywords: Any) -> NeighbourCache | None:
        found = real(self, rows, *args, **keywords)
        everything = np.arange(len(rows.days))
        least = keywords["min_score"] / nearest.SEARCH_MARGIN
        counts.append(len(everything) if found is None else int(found.is_incomplete(everything, 13, least).sum()))
        return found

    monkeypatch.setattr(nearest.StaleNeighbours, "updated", counted)
    return counts


def test_after_each_change_the_lists_are_those_of_a_fresh_fit(
    stories: RelatedStories, looked_for: list[int], tmp_path: Path
) -> None:
    same(stories)
    draw, number = random.Random(1), 1
    for step in range(12):
        gone = draw.sample([event.id for event in stories], draw.randint(0, 4))
        stories.remove(gone)
        stories.add([drawn(draw, number + i) for i in range(0, 3 * draw.randint(0, 4), 3)])
        number += 12
        if step % 4 == 1:  # two changes before anybody asks
            stories.remove(next(iter(stories)).id)
        same(stories)
        if step % 4 == 3:
            stories.save(tmp_path / "index")
            stories = RelatedStories.load(tmp_path / "index", Named())
    assert len(looked_for) == 12
    assert np.median(looked_for) < 150  # of 300: the test is about those that are not looked for again


def test_with_most_events_new_all_are_compared(stories: RelatedStories, looked_for: list[int]) -> None:
    list(stories.all_related(3))
    draw = random.Random(2)
    stories.add([drawn(draw, number) for number in range(1, 600, 3)])
    same(stories)
    assert looked_for == [500]


def test_what_is_kept_serves_longer_lists_lower_scores_and_rules(stories: RelatedStories) -> None:
    rules: list[tuple[int, dict[str, Any]]] = [
        (3, {}),
        (15, {}),
        (20, {}),
        (3, {"min_score": 0.0}),
        (3, {"min_score": 0.6}),
        (3, {"where": lambda event: event.id > "e04"}),
        (3, {"since": "2021-01-01"}),
        (3, {"include_newer": False}),
        (3, {"max_per_context": 1}),
        (3, {"diversity": 0.5}),
        (3, {"blocked": {"e0000": ["e0003"]}}),
    ]
    ids = [event.id for event in stories]
    expected = [stories.related_many(ids, k, **keywords) for k, keywords in rules]
    assert stories._index.neighbours is None
    list(stories.all_related(3))
    for (k, keywords), lists in zip(rules, expected, strict=True):
        assert stories.related_many(ids, k, **keywords) == lists
        assert [links for _, links in stories.all_related(k, **keywords)] == lists
        assert [links for _, links in stories.all_related(3)] == expected[0]


def test_the_first_question_of_an_opened_index_is_answered_from_what_is_kept(
    stories: RelatedStories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = dict(zip(["e0000", "e0300"], stories.related_many(["e0000", "e0300"]), strict=True))
    list(stories.all_related(3))
    stories.save(tmp_path / "index")
    opened = RelatedStories.load(tmp_path / "index", Named())
    monkeypatch.setattr(Retriever, "_search", lambda *_: pytest.fail("all events are compared"))
    assert {id_: opened.related(id_) for id_ in expected} == expected


def test_another_event_of_a_known_id_is_compared_anew(stories: RelatedStories) -> None:
    other = Event("e0000", "Rocket launch: crew capsule reaches orbit", date=dt.date(2020, 5, 1))
    expected = stories.related(other)
    list(stories.all_related(3))
    assert stories.related(other) == expected != stories.related("e0000")


def test_neighbours_are_kept_when_the_last_row_has_been_searched_for(
    stories: RelatedStories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relatedstories.topk.blocked_index.ROWS_PER_TASK", 64)
    search = candidates_of_all(stories)
    n_done = 0
    while n_done < 300:
        assert stories._index.neighbours is None
        n_done += len(next(search.batches))
    assert stories._index.neighbours is not None
    same(stories)


def test_nothing_may_be_left_or_as_it_was(stories: RelatedStories) -> None:
    list(stories.all_related(3))
    ids = [event.id for event in stories]
    stories.remove(ids)
    assert list(stories.all_related(3)) == []
    stories.add(Event(id_, f"{id_} storm in Oslo") for id_ in ids)
    same(stories)
    list(stories.all_related(3))
    others = [Event(id_, f"{id_} flood in Rome") for id_ in ids]
    stories.remove(ids).add(others)
    same(stories)


@pytest.mark.filterwarnings("error")
def test_all_rows_may_have_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MAX_CHANGED", 1.0)
    small = RelatedStories(Named()).fit([Event("1", "Storm in Oslo"), Event("2", "Flood in Oslo")])
    list(small.all_related(3))
    small.remove(["1"])
    same(small)
    small.remove(["2"])
    assert list(small.all_related(3)) == []
