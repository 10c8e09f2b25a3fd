"""What fills lists that are too short: said in each link, under all filters, the same however the index is asked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from helpers import archives, day, quick
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, Event, Link, RelatedStories

RAIN = "Rain falls on the roofs of Oslo all through the long and dark night"
EVENTS = [
    Event("a1", "Malta votes", "islands choose.", day("2020-01-01"), extra={"section": "world"}),
    Event("a2", "Malta votes again", "another count.", day("2020-02-01"), extra={"section": "world"}),
    Event("a3", "Malta builds", "harbour cranes arrive.", day("2020-03-01"), extra={"section": "sport"}),
    Event("a4", "Malta sings", "choirs tour.", None, extra={"section": "world"}),
    Event("o1", RAIN, date=day("2020-02-10"), extra={"section": "world"}),
    Event("o2", RAIN, date=day("2020-02-11"), extra={"section": "world"}),
    Event("c1", "Ceres is photographed", "probes pass by.", day("2020-02-20"), extra={"section": "sport"}),
    Event("d1", "Ein Fest in Malta", "Die Inseln feiern mit vielen Gästen am Hafen.", day("2020-02-25"), language="de"),
]
NONE_RELATED = {"min_score": 1.0}


@pytest.fixture(scope="module")
def stories() -> RelatedStories:
    return quick().fit(EVENTS)


def listed(stories: RelatedStories, id_: str, k: int = 5, **keywords: Any) -> list[tuple[str, str | None]]:
    return [(link.event.id, link.fallback) for link in stories.related(id_, k, **(NONE_RELATED | keywords))]


def test_lists_stay_short_unless_asked(stories: RelatedStories) -> None:
    assert listed(stories, "a2") == listed(stories, "a2", fallback=None) == listed(stories, "a2", fallback="none") == []


def test_topic_fills_with_the_newest_that_share_the_most_telling_topic(stories: RelatedStories) -> None:
    links = stories.related("a2", fallback="topic", **NONE_RELATED)
    assert [(link.event.id, link.context, link.fallback, link.rank) for link in links] == [
        ("a3", "Malta", "topic", 1),
        ("a1", "Malta", "topic", 2),
        ("a4", "Malta", "topic", 3),  # without a date, and never the German one
    ]
    assert all("Malta" in link.topics and 0 <= link.score < 1 for link in links)
    assert listed(stories, "c1", fallback="topic") == []


def test_recent_fills_with_the_newest_before(stories: RelatedStories) -> None:
    assert listed(stories, "a2", fallback="recent") == [("a1", "recent")]
    links = stories.related("c1", 3, fallback="recent", **NONE_RELATED)
    assert [(link.event.id, link.context, link.fallback) for link in links] == [
        ("o2", None, "recent"),
        ("a2", None, "recent"),  # o1 is a near-duplicate of o2
        ("a1", None, "recent"),
    ]
    assert listed(stories, "a4", 2, fallback="recent") == [("a3", "recent"), ("c1", "recent")]  # the newest of all


def test_real_links_come_first_and_are_as_they_are_without() -> None:
    stories = quick().fit(EVENTS)
    for event in EVENTS:
        real = stories.related(event.id, 6)
        for kind in ("topic", "recent"):
            links = stories.related(event.id, 6, fallback=kind)
            assert links[: len(real)] == real
            assert {link.fallback for link in links[len(real) :]} <= {kind}
            assert links.copies == real.copies


def test_filters_apply(stories: RelatedStories) -> None:
    def topic(**keywords: Any) -> list[str]:
        return [id_ for id_, _ in listed(stories, "a2", fallback="topic", **keywords)]

    assert topic(include_newer=False) == ["a1", "a4"]
    assert topic(since="2020-01-01") == ["a3", "a1"]
    assert topic(until="2020-02-01") == ["a1"]
    assert topic(where=lambda event: event.extra["section"] == "world") == topic(same=["section"]) == ["a1", "a4"]
    assert topic(blocked={"a2": ["a3"]}) == ["a1", "a4"]
    assert topic(max_per_context=2) == ["a3", "a1"]
    assert topic(pinned={"a2": ["a1"]}) == ["a1", "a3", "a4"]
    assert topic(k=1) == ["a3"]
    assert listed(stories, "c1", fallback="recent", where=lambda event: event.extra["section"] == "sport") == []
    assert listed(stories, "c1", 1, fallback="recent", same=["section"]) == []
    assert listed(stories, "c1", fallback="recent", until="2020-01-15") == [("a1", "recent")]


def test_neither_copies_nor_translations(stories: RelatedStories) -> None:
    copies = stories.related("o2", fallback="recent")
    assert [event.id for event in copies.copies] == ["o1"]
    assert "o1" not in [link.event.id for link in copies]
    assert "o1" not in [id_ for id_, _ in listed(stories, "o2", fallback="recent")]
    texts = [Event(str(n), f"Malta opens dock {n}", date=day("2020-01-01"), translation_key="dock") for n in range(3)]
    assert quick().fit(texts).related("0", fallback="topic", **NONE_RELATED) == []


def test_an_event_that_is_not_in_the_archive(stories: RelatedStories) -> None:
    new = Event("new", "Malta dances", "a ball.", day("2020-02-15"))
    assert [link.event.id for link in stories.related(new, 2, fallback="topic", **NONE_RELATED)] == ["a3", "a2"]
    edited = Event("a2", "Malta dances", "a ball.", day("2020-02-15"))
    assert [link.event.id for link in stories.related(edited, fallback="topic", **NONE_RELATED)] == ["a3", "a1", "a4"]


def test_what_is_no_fallback(stories: RelatedStories) -> None:
    with pytest.raises(BadValueError, match='related: fallback: got \'newest\', expected "topic", "recent" or None'):
        stories.related("a1", fallback="newest")


def test_links_say_it() -> None:
    link = Link(EVENTS[0], 0.25, 1, ("Malta",), fallback="topic")
    assert link.to_dict()["fallback"] == "topic"
    assert "fallback" not in Link(EVENTS[0], 0.25, 1).to_dict()
    assert RelatedStories is not None


@settings(max_examples=30, deadline=None)
@given(archives(least=1), st.sampled_from(["topic", "recent"]), st.sampled_from([0.0, 0.3, 1.0]), st.data())
def test_the_same_links_in_every_way(tmp_path_factory: Any, events: list[Event], kind: str, least: float, data: Any) -> None:
    how: dict[str, Any] = {"fallback": kind, "min_score": least, "include_newer": data.draw(st.booleans())}
    stories = quick().fit(events)
    batch = dict(stories.all_related(3, **how))
    for event in events:
        links = stories.related(event.id, 3, **how)
        assert links == batch[event]
        ids = [link.event.id for link in links]
        assert len(set(ids)) == len(ids) <= 3
        assert event.id not in ids
        assert [link.rank for link in links] == [*range(1, len(ids) + 1)]
        filled = [link.event.date or dt.date.min for link in links if link.fallback]
        assert filled == sorted(filled, reverse=True)
        if kind == "topic":
            assert all(link.contexts and link.topics for link in links if link.fallback)
    n = data.draw(st.integers(0, len(events)))
    assert dict(quick().fit(events[:n]).add(events[n:]).all_related(3, **how)) == batch
    folder: Path = tmp_path_factory.mktemp("index")
    stories.save(folder / "index")
    loaded = RelatedStories.load(folder / "index", stories.extractor)
    assert dict(loaded.all_related(3, **how)) == batch
