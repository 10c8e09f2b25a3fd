"""Copies of the asked event: what they are, and that they are named apart and take no place in a list."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers import CapitalisedWords, day, quick, shared

from relatedstories import Event, RelatedStories, read_events
from relatedstories.ranking import Link, Links
from relatedstories.ranking.copies import COPIES_WITHIN, Wording, separate_copies

STORY = (
    "The council of Lund decided on Monday that the tram to the hospital will be built after all. Work begins in May and takes "
    "two years; the line has nine stops and costs 80 million. Critics had asked for buses instead, which they called cheaper "
    "and quicker, but found no majority. The mayor spoke of a great day for everybody who has to go to the hospital."
)
TITLE = "Lund builds the tram to its hospital"


def repeats(title: str, text: str, other_title: str = TITLE, other_text: str = STORY) -> bool:
    ours, theirs = Wording.of(title, text), Wording.of(other_title, other_text)
    assert ours.repeats(theirs) == theirs.repeats(ours)
    return ours.repeats(theirs)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (TITLE, STORY),
        (TITLE.upper(), STORY.replace(" ", "\N{NO-BREAK SPACE}")),
        (f"Council: {TITLE}", STORY),  # one title contains the other
        ("Tram to the hospital: Lund decides", STORY),  # another house's title for the same text
        (TITLE, STORY + " More in our paper of 4 May."),  # what is added may have numbers of its own
        (TITLE, "LUND. " + STORY.replace("spoke of", "called it")),
    ],
)
def test_what_tells_the_same_in_the_same_words(title, text):
    assert repeats(title, text)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (TITLE, STORY.replace("nine", "9").replace("80", "90")),  # numbers differ on both sides
        (TITLE, STORY[:200]),
        (TITLE.replace("Lund", "Ystad"), STORY.replace("Lund", "Ystad")),  # the same form for another town
        ("Bakery wins a prize", STORY),  # all that is the same may be what stands under every story
        (f"{TITLE} 2", STORY.replace("80", "2")),
        ("Lund builds", ""),
    ],
)
def test_what_does_not(title, text):
    assert not repeats(title, text)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Malta reports its first case of measles", "Malta reports its first case of measles.", True),
        ("Malta reports its first case of measles", "Malta reports its second case of measles", False),
        ("Malta reports 12 new cases of measles", "Malta reports 14 new cases of measles", False),
        ("Version 3.4.2 is out: versions 2, 3 and 4", "Version 3.4.3 is out: versions 2, 3 and 4", False),
        ("港の新しい路面電車が開通した", "港の新しい路面電車が開通した", True),
        ("港の新しい路面電車が開通した", "港の新しい図書館が開館した", False),
        ("!", "?", True),
        ("", "", True),
    ],
)
def test_titles_alone(a, b, same):
    assert repeats(a, "", b, "") == same


# ---------------------------------------------------------------------- in lists


def named(links: Links) -> tuple[list[str], list[str]]:
    return [link.event.id for link in links], [event.id for event in links.copies]


def wire(n: int) -> list[Event]:
    """A story that n papers print on one day, and six others about Lund."""
    papers = [Event(f"copy-{i:03}", TITLE, STORY, day("2020-01-02")) for i in range(n)]
    words = [f"x{letter}zq" for letter in "abcdef"]  # equally rare everywhere, so that the nearer date decides
    others = [Event(f"other-{i}", f"Lund opens its {word}", date=day(f"2020-01-{10 + i}")) for i, word in enumerate(words)]
    return [*papers, *others, Event("far", "Snow in Oslo")]


OTHERS = [f"other-{i}" for i in range(6)]


@pytest.mark.parametrize("k", [0, 1, 5, 20])
def test_a_story_printed_a_hundred_times_has_full_lists(k):
    stories = quick(min_score=0.0).fit(wire(100))
    expected = OTHERS[:k], [f"copy-{i:03}" for i in range(1, 1 + COPIES_WITHIN)]
    assert named(stories.related("copy-000", k)) == expected
    assert named(dict(stories.all_related(k))[stories["copy-000"]]) == expected
    assert named(stories.related_many(["copy-000"] * 30, k)[-1]) == expected
    links = stories.related("other-0", k)
    assert links.copies == ()  # of which one is listed, with its duplicates
    assert sum(link.event.id.startswith("copy") for link in links) <= 1


def test_an_event_that_the_archive_lacks():
    stories = quick(min_score=0.0).fit(wire(2))
    assert named(stories.related(Event("new", TITLE, STORY), 2)) == (OTHERS[:2], ["copy-000", "copy-001"])
    assert named(stories.related_many([Event("new", TITLE, STORY)] * 30, 2)[-1]) == (OTHERS[:2], ["copy-000", "copy-001"])
    # An edited event is no copy of what the archive has under its id.
    assert named(stories.related(Event("copy-000", TITLE, STORY + " New."), 2)) == (OTHERS[:2], ["copy-001"])
    assert stories.related(Event("new", "Snow in Oslo"), 2).copies == (stories["far"],)


def test_copies_of_a_copy_are_copies():
    """Two houses that each add a little: their texts agree less with each other than with the first."""
    first = Event("1", TITLE, STORY)
    words = STORY.split()
    shorter, longer = " ".join(words[:-6]), STORY + " It was the last item of a long session of the council."
    events = [first, Event("2", TITLE, longer), Event("3", TITLE, shorter), Event("4", "Lund builds")]
    assert repeats(TITLE, shorter)
    assert repeats(TITLE, longer)
    assert not repeats(TITLE, shorter, TITLE, longer)
    stories = quick(min_score=0.0).fit(events)
    for id_ in "123":
        assert sorted(named(stories.related(id_, 3))[1]) == sorted({"1", "2", "3"} - {id_})


def test_archives_that_change_and_are_saved(tmp_path: Path):
    events = wire(3)
    whole = {event.id: named(links) for event, links in quick(min_score=0.0).fit(events).all_related(3)}
    grown = quick(min_score=0.0).fit(events[1:3]).add(events[3:])
    dict(grown.all_related(3))  # neighbours are known, and have to be updated
    grown.add(events[:1])
    assert {event.id: named(links) for event, links in grown.all_related(3)} == whole
    grown.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index", CapitalisedWords())
    assert {event.id: named(links) for event, links in loaded.all_related(3)} == whole
    loaded.remove(["copy-001"])
    assert named(loaded.related("copy-000", 2)) == (OTHERS[:2], ["copy-002"])


def test_copies_keep_to_filters_and_to_what_editors_chose():
    events = [*wire(3), Event("copy-late", TITLE, STORY, day("2020-03-01"))]
    stories = quick(min_score=0.0).fit(events)

    def both(**keywords):
        one = stories.related("copy-000", 2, **keywords)
        assert named(dict(stories.all_related(2, **keywords))[events[0]]) == named(one)
        return named(one)

    assert both() == (OTHERS[:2], ["copy-001", "copy-002", "copy-late"])
    assert both(until="2020-02-01") == (OTHERS[:2], ["copy-001", "copy-002"])
    assert both(where=lambda event: event.id != "copy-001") == (OTHERS[:2], ["copy-002", "copy-late"])
    assert both(blocked={"copy-000": ["copy-002"]}) == (OTHERS[:2], ["copy-001", "copy-late"])
    assert both(pinned={"copy-000": ["copy-001"]}) == (["copy-001", "other-0"], ["copy-002", "copy-late"])
    assert both(diversity=0.5)[1] == both(max_per_context=1)[1] == ["copy-001", "copy-002", "copy-late"]


def test_the_reported_archive(extractor):
    events = list(read_events(shared("cases/links/republished.jsonl")))
    stories = RelatedStories(extractor).fit(events)
    assert named(stories.related("a")) == (["c"], ["b"])
    assert named(stories.related("b")) == (["c"], ["a"])


# ---------------------------------------------------------------------- the record


def test_links_are_a_list_with_copies():
    event = Event("2", "Rain")
    links = Links([Link(event, 0.5, 1)], [event])
    assert links == [Link(event, 0.5, 1)]
    assert links.copies == (event,)
    assert Links().copies == ()
    assert pickle.loads(pickle.dumps(links)).copies == copy.copy(links).copies == copy.deepcopy(links).copies == (event,)
    assert json.dumps([link.to_dict() for link in links])


def test_of_a_text_that_is_there_a_thousand_times_each_pair_is_compared_once() -> None:
    candidates = [(number, 1 - number / 10_000) for number in range(3000)]
    compared = []

    def is_copy(number: int, of: Sequence[int]) -> bool:
        compared.extend((number, one) for one in of)
        return any(abs(number % 7 - one % 7) <= 1 for one in of)  # 0 is like 1, 1 like 2, and so on

    def content(number: int) -> int:
        return number % 7

    plain = separate_copies(candidates, 3, is_copy)
    expected = plain[0], list(plain[1])
    n_compared = len(compared)
    compared.clear()
    copies, distinct = separate_copies(candidates, 3, is_copy, content)
    assert (copies, list(distinct)) == expected
    assert len(compared) < 200 < n_compared
