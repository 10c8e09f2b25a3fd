"""Subjects tell what kind of thing happened, whatever the words; they stand beside labels that do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from helpers import CapitalisedWords, day
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories, Topic
from relatedstories.artefacts import table
from relatedstories.ranking.subjects import MAX_LEAD_CHARS, subjects_of

ROWS = list(table("subjects/subjects.tsv"))


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("A coach with pensioners overturned near Lille", "Traffic collision"),
        ("Two lorries collided in fog", "Traffic collision"),
        ("Cargo helicopter crashes in the Andes", "Aviation accident"),
        ("The ferry capsized within minutes", "Shipwreck"),
        ("Nine die as a dinghy with migrants sinks", "Migrant shipwreck"),
        ("An apartment block collapsed at dawn", "Building collapse"),
        ("A blaze gutted the old market", "Structure fire"),
        ("He was stabbed and died in hospital", "Stabbing"),
        ("TRUCKS COLLIDE ON ICY PASS", "Traffic collision"),
        ("Rescuers dig through mud after the landslide", "Landslide"),
        ("Nurses vote for a walkout", "Strike action"),
    ],
)
def test_what_happened_is_told(text: str, subject: str) -> None:
    assert subject in subjects_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?! ...",
        "The choir sang until late",
        "The cabinet collapsed over the budget",
        "The bus line opens on Monday. Its designs collide with tradition",  # two sentences
        "Rebels opened fire at a hotel",
        "A missile hit a truck",
    ],
)
def test_other_texts_tell_no_accident_or_fire(text: str) -> None:
    assert not {"Traffic collision", "Building collapse", "Structure fire"} & {*subjects_of(text)}


def test_only_the_lead_is_read() -> None:
    told = "The ferry capsized."
    assert subjects_of(told) == subjects_of(f"{told}\n{'x ' * MAX_LEAD_CHARS}Nurses vote for a walkout") == ("Shipwreck",)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_is_an_error_and_what_two_lines_tell_each_tells(a: str, b: str) -> None:
    assert {*subjects_of(f"{a}\n{b}"[:MAX_LEAD_CHARS])} == {*subjects_of(a), *subjects_of(b)}


def test_every_row_can_be_told_and_can_be_the_narrowest_or_comes_after_one_that_is() -> None:
    for name, words, _ in ROWS:
        sentence = " ".join(group.split()[0].lstrip("=") for group in words.split("; "))
        told = subjects_of(sentence)
        assert name in told, sentence
        assert list(told) == sorted(told, key=[row[0] for row in ROWS].index)


EVENTS = [
    Event("1", "A bus plunges into a gorge in Peru", date=day("2024-03-01")),
    Event("2", "Peru: two lorries collide near Cusco", date=day("2024-03-05")),
    Event("3", "Peru lends a museum its oldest textiles", date=day("2024-03-07")),
    *[
        Event(f"x{n}", f"Choirs of {name} sing", date=day("2024-02-01"))
        for n, name in enumerate(["Oslo", "Turku", "Riga", "Narva"])
    ],
]


class Places(CapitalisedWords):
    """Every word with a capital is a place."""

    def extract_many(self, events: Iterable[Event | str]) -> Iterator[tuple[Topic, ...]]:
        for topics in super().extract_many(events):
            yield tuple(Topic(topic.name, "place") for topic in topics)


def quick(**settings: float) -> RelatedStories:
    return RelatedStories(Places(), **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def stories() -> RelatedStories:
    return quick(min_score=0.0).fit(EVENTS)


def contexts(stories: RelatedStories, event: str) -> dict[str, tuple[str, ...]]:
    return {link.event.id: link.contexts for link in stories.related(event)}


def test_a_subject_stands_beside_a_label_that_does_not_say_what_happened(stories: RelatedStories) -> None:
    assert contexts(stories, "1")["2"] == contexts(stories, "2")["1"] == ("Peru", "Traffic collision")
    assert contexts(stories, "1")["3"] == ("Peru",)
    assert stories.explain("1", "2").contexts == ("Peru", "Traffic collision")


def pair(first: str, second: str) -> tuple[str, ...]:
    """Return the contexts of the link between two texts among others."""
    events = [Event("a", first, date=day("2024-03-01")), Event("b", second, date=day("2024-03-02")), *EVENTS[3:]]
    return quick(min_score=0.0).fit(events).explain("a", "b").contexts


def test_where_no_topic_is_shared_a_phrase_says_more_than_a_subject_and_a_bare_word_less() -> None:
    assert pair("A fishing trawler sinks at night", "Old fishing trawler capsizes") == ("fishing trawler", "Shipwreck")
    assert pair("A trawler sinks at night", "Old trawler capsizes") == ("Shipwreck",)


def test_a_matter_among_the_topics_needs_no_subject() -> None:
    event = Event("a", "Cholera in Sudan closes schools", topics=["Cholera", "Sudan"])
    other = Event("b", "Sudan: nurses treat cholera", topics=["Cholera", "Sudan"])
    contexts = RelatedStories(min_score=0.0).fit([event, other]).explain("a", "b").contexts
    assert contexts == ("Cholera",)


def test_every_way_to_ask_gives_the_same(stories: RelatedStories) -> None:
    for event, links in stories.all_related():
        assert {link.event.id: link.contexts for link in links} == contexts(stories, event.id)
    grown = quick(min_score=0.0).fit(EVENTS[1:]).add(EVENTS[:1])
    assert contexts(grown, "1") == contexts(stories, "1")


def test_a_subject_that_is_ignored_is_no_label() -> None:
    extractor = Places()
    extractor.ignored = frozenset({"traffic collision"})
    stories = RelatedStories(extractor, min_score=0.0).fit(EVENTS)
    assert contexts(stories, "1")["2"] == ("Peru",)


def test_other_languages_have_none() -> None:
    events = [Event(event.id, event.title, date=event.date, language="de") for event in EVENTS]
    assert contexts(quick(min_score=0.0).fit(events), "1")["2"][:1] == ("Peru",)
    assert "Traffic collision" not in contexts(quick(min_score=0.0).fit(events), "1")["2"]
