"""A list in the order of dates, and the way from one event to another."""

from __future__ import annotations

import datetime as dt

import pytest
from helpers import SPACE, archives, day, quick
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, Event, RelatedStories, UnknownEventError

WHAT = ["cellars", "a tunnel", "two schools", "the old quay", "farms", "a library", "the tramway", "gardens", "a cinema"]
RAIN = [Event(f"r{n}", f"Rain in Bergen floods {what}", date=day(f"2020-01-{n:02}")) for n, what in enumerate(WHAT, 1)]


def ids(links):
    return [link.event.id for link in links]


@settings(deadline=None, max_examples=20)
@given(archives(least=1, most=14), st.integers(1, 6))
def test_a_timeline_has_the_best_from_before_and_after(events, k) -> None:
    stories = quick(min_score=0).fit(events)
    dated = [event for event in events if event.date]
    for event in dated:
        links = stories.related(event.id, k, order="timeline")
        dates = [link.event.date for link in links]
        assert dates == sorted(dates)
        assert [link.rank for link in links] == [*range(1, len(links) + 1)]
        before = stories.related(event.id, k, until=event.date)
        after = stories.related(event.id, k, since=event.date + dt.timedelta(days=1))
        n_before = sum(each <= event.date for each in dates)
        assert set(ids(links)[:n_before]) == set(ids(before)[:n_before])
        assert len(links) == min(k, len(before) + len(after))
        assert n_before >= min(len(before), (k + 1) // 2)


def test_a_side_that_is_short_leaves_its_room() -> None:
    stories = quick(min_score=0).fit(RAIN)
    assert ids(stories.related("r1", 4, order="timeline")) == sorted(ids(stories.related("r1", 4)))
    assert len(stories.related("r1", 4, order="timeline")) == 4
    assert len(stories.related("r5", 4, order="timeline", include_newer=False)) == 4
    assert ids(stories.related("r5", 4, order="timeline", since="2020-01-06", until="2020-01-07")) == ["r6", "r7"]


def test_wrong_orders_are_one_clear_error() -> None:
    stories = quick().fit([*RAIN, Event("x", "Rain in Bergen")])
    with pytest.raises(BadValueError, match="without a date"):
        stories.related("x", order="timeline")
    with pytest.raises(BadValueError, match="score or timeline"):
        stories.related("r1", order="date")  # type: ignore[arg-type]


def test_a_path_leads_from_event_to_event() -> None:
    stories = RelatedStories().fit(SPACE)
    assert stories.path("progress", "progress") == []
    assert stories.path("progress", "iceland") is None
    links = stories.path("progress", "whitson")
    assert links[-1].event.id == "whitson"
    assert all("International Space Station" in link.topics for link in links)
    with pytest.raises(UnknownEventError):
        stories.path("progress", "nowhere")


@settings(deadline=None, max_examples=25)
@given(archives(least=2, most=10), st.data())
def test_paths_are_the_same_whatever_the_order_and_as_strong_both_ways(events, data) -> None:
    stories = quick(min_score=0).fit(events)
    a, b = (data.draw(st.sampled_from(events)).id for _ in range(2))
    there, back = stories.path(a, b), stories.path(b, a)
    assert there == quick(min_score=0).fit(events[::-1]).path(a, b)
    assert (there is None) == (back is None)
    if there:
        assert min(link.score for link in there) == min(link.score for link in back)
        assert len(there) == len(back)
        assert there[-1].event.id == b
