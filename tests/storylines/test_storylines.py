"""Stories: what belongs together is together, and the same archive always has the same stories."""

from __future__ import annotations

import pytest
from helpers import SPACE, Named, archives, day, quick
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, Event, RelatedStories, Storyline, Topic

HARBOUR = [
    Event("h1", "Dock workers in Gdynia begin a strike over pay", date=day("2021-03-01")),
    Event("h2", "The strike of dock workers in Gdynia halts ships", date=day("2021-03-02")),
    Event("h3", "Dock workers in Gdynia end their strike after a deal on pay", date=day("2021-03-05")),
]
VOLCANO = [
    Event("v1", "The volcano Taal in the Philippines erupts", date=day("2021-03-02")),
    Event("v2", "Villages near the volcano Taal are evacuated as it erupts again", date=day("2021-03-04")),
]
ALONE = Event("x", "A museum in Lima returns a painting", date=day("2021-03-03"))
ALL = [*HARBOUR, *VOLCANO, ALONE]


def told(stories):
    return [(story.id, story.name, [event.id for event in story.events], [e.id for e in story.key_events]) for story in stories]


def test_events_that_belong_together_are_a_story() -> None:
    stories = RelatedStories().fit(ALL).storylines()
    assert {story.id: [event.id for event in story.events] for story in stories} == {"h1": ["h1", "h2", "h3"], "v1": ["v1", "v2"]}
    assert stories.of("h2").id == "h1"
    assert stories.of(ALONE) is None
    harbour = stories.of("h1")
    assert (harbour.first_day, harbour.last_day) == (day("2021-03-01"), day("2021-03-05"))
    assert "Gdynia" in harbour.name
    assert "Taal" in stories.of("v1").name
    assert all(each in harbour for each in (*HARBOUR, "h1"))
    assert not any(each in harbour for each in (ALONE, "v1", 1, None, []))
    assert 7 in Storyline("7", "Harbour", (Event(7, "Strike"), Event(8, "Deal")))
    assert {event.id for event in harbour.key_events} <= {"h1", "h2", "h3"}


def test_the_story_with_the_latest_event_comes_first() -> None:
    assert [story.id for story in RelatedStories().fit(ALL).storylines()] == ["h1", "v1"]


def test_the_heading_of_most_events_is_the_name() -> None:
    events = [Event(e.id, e.title, date=e.date, heading="Strike in the docks" if e.id != "h2" else None) for e in HARBOUR]
    assert RelatedStories().fit([*events, *VOLCANO]).storylines().of("h1").name == "Strike in the docks"


def test_a_heading_of_many_stories_is_no_name() -> None:
    others = [
        Event(f"o{n}", f"{word} opens", heading="World")
        for n, word in enumerate(["Bridge", "School", "Farm", "Pool", "Shop", "Fair", "Zoo"])
    ]
    events = [Event(e.id, e.title, date=e.date, heading="World") for e in HARBOUR]
    assert RelatedStories().fit([*events, *others]).storylines().of("h1").name != "World"


@pytest.mark.parametrize("events", [[], [ALONE], SPACE[3:5]])
def test_an_event_alone_is_no_story(events) -> None:
    assert RelatedStories().fit(events).storylines() == ()


def test_events_without_a_date_come_last() -> None:
    events = [Event("a", "The strike of dock workers in Gdynia over pay halts ships"), *HARBOUR[1:], *VOLCANO, ALONE]
    story = RelatedStories().fit(events).storylines().of("h2")
    assert [event.id for event in story.events] == ["h2", "h3", "a"]
    assert (story.id, story.last_day) == ("h2", day("2021-03-05"))


@settings(deadline=None, max_examples=60)
@given(archives(most=24), st.randoms(use_true_random=False), st.integers(1, 3))
def test_stories_do_not_depend_on_the_way_to_the_archive(tmp_path_factory, events, random, n_jobs) -> None:
    stories = quick(min_score=0.05).fit(events)
    expected = told(stories.storylines())
    found = [id_ for _, _, ids, _ in expected for id_ in ids]
    assert len(found) == len(set(found))
    assert all(len(ids) > 1 for _, _, ids, _ in expected)
    shuffled = random.sample(events, len(events))
    assert told(quick(min_score=0.05).fit(shuffled).storylines(n_jobs=n_jobs)) == expected
    half = len(events) // 2
    grown = quick(min_score=0.05).fit(shuffled[:half])
    grown.storylines()
    assert told(grown.add(shuffled[half:]).storylines()) == expected
    folder = tmp_path_factory.mktemp("index") / "index"
    stories.save(folder)
    assert told(RelatedStories.load(folder, Named()).storylines()) == expected
    more = [Event(f"more{n}", event.title, date=event.date) for n, event in enumerate(events[:3])]
    assert told(stories.add(more).remove([event.id for event in more]).storylines()) == expected


def test_a_story_that_grows_keeps_its_id() -> None:
    stories = RelatedStories().fit(ALL)
    before = stories.storylines()
    stories.add([Event("a0", "Dock workers in Gdynia threaten a strike over pay", date=day("2021-02-27"))])
    assert stories.storylines().of("h1").id == "a0"
    after = stories.storylines(before)
    assert after.of("a0").id == "h1"
    assert (after.merged, after.split) == ({}, {})


def test_merges_and_splits_are_reported() -> None:
    stories = RelatedStories().fit(ALL)
    parts = stories.storylines({"p": ["h1", "h2"], "q": ["h3"], "r": ["v1", "v2", "h2"], "gone": ["?", "!"]})
    assert {story.id for story in parts} == {"p", "r"}
    joined = stories.storylines({"p": ["h1", "h2", "h3", "v1", "v2"]})
    assert joined.split == {"p": ("p", "v1")}
    four = RelatedStories().fit(
        [*ALL, Event("h4", "Dock workers in Gdynia vote on the deal after their strike", date=day("2021-03-06"))]
    )
    merged = four.storylines({"p": ["h1", "h2"], "q": ["h3", "h4"]})
    assert merged.merged == {"p": ("p", "q")}


@pytest.mark.parametrize("before", ["h1", [1], {"p": "h1"}, 3])
def test_earlier_stories_of_another_form_are_one_clear_error(before) -> None:
    with pytest.raises(BadValueError, match="storylines"):
        RelatedStories().fit(ALL).storylines(before)


def test_progress_is_told() -> None:
    seen = []
    RelatedStories().fit(ALL).storylines(progress=lambda *each: seen.append(each))
    assert seen[-1] == ("comparing", len(ALL), len(ALL))


def test_a_story_as_json_values() -> None:
    story = Storyline("1", "Oslo", tuple(SPACE[4:]), (SPACE[4],), (Topic("Oslo", "place"),))
    assert story.to_dict() == {
        "id": "1",
        "name": "Oslo",
        "first_day": "2017-01-04",
        "last_day": "2017-01-05",
        "topics": ["Oslo"],
        "events": ["oslo", "oslo-2"],
        "key_events": ["oslo"],
    }


def test_whether_two_events_are_of_one_story(sample_stories):
    found = sample_stories.storylines()
    for story in found:
        assert found.are_one(story.events[0], story.events[-1].id)
    assert not found.are_one("2018-07-02-thai-boys-found", found[0].events[0])
    assert not found.are_one("2016-12-01-progress-ms-04", "2016-12-01-progress-ms-04")  # which is part of none


def test_links_tell_of_one_story_only_where_stories_are_asked(tmp_path) -> None:
    stories = RelatedStories().fit(ALL)
    found, plain = stories.storylines(), stories.related("h1", fallback="recent", pinned={"h1": ["v1"]})
    assert plain[0].event.id == "v1"
    assert {link.same_story for link in plain} == {None}
    assert not any("same_story" in link.to_dict() for link in plain)
    marked = found.marked("h1", plain)
    assert {link.event.id: link.same_story for link in marked} == {
        link.event.id: link.event.id in found.of("h1") for link in plain
    }
    assert {link.same_story for link in marked} == {True, False}
    assert marked == plain
    assert [hash(link) for link in marked] == [hash(link) for link in plain]
    assert [link.to_dict() for link in marked] == [link.to_dict() | {"same_story": link.same_story} for link in marked]
    assert [*marked.to_frame("pandas")["same_story"]] == [link.same_story for link in marked]
    assert "same_story" not in plain.to_frame("pandas")
    # single, batch, saved and loaded, and grown archives say the same
    stories.save(tmp_path / "index")
    for other in (RelatedStories.load(tmp_path / "index"), RelatedStories().fit(ALL[:3]).add(ALL[3:])):
        same = other.storylines()
        for event, links in other.all_related():
            assert [link.same_story for link in same.marked(event, links)] == [
                link.same_story for link in found.marked(event.id, stories.related(event))
            ]


def test_no_link_of_an_event_in_no_story_is_of_its_story() -> None:
    stories = RelatedStories().fit(ALL)
    links = stories.related(Event("new", "Dock workers in Gdynia strike again"))
    marked = stories.storylines().marked("new", links)
    assert [link.same_story for link in marked] == [False] * len(links) != []
    assert marked.copies == links.copies
    assert stories.storylines().marked(ALONE, []) == []
