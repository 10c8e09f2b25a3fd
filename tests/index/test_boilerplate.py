"""Boilerplate: what recurs across an archive makes no links and no labels, however the index came about."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from helpers import run, shared
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories, Topic, TopicExtractor, read_events
from relatedstories.topics import Mention

FOOTER = "The Bay Courier belongs to nobody. Sign up for our weekly letter from Lisbon. All rights are reserved."
STORIES = [
    ("Ferry to Malta sinks in a storm", "The ferry to Malta had forty people on board, and all were saved by fishermen."),
    ("Fishermen of the ferry to Malta are thanked", "The mayor gave the fishermen who saved the people a medal and a dinner."),
    ("Voters of Iceland elect a parliament", "Three parties of Iceland will talk about a government after the vote on Sunday."),
    (
        "Parliament of Iceland meets after the vote",
        "The new members spoke about fish, geysers and the price of bread in Reykjavik.",
    ),
    ("Snow closes the airport of Oslo", "Ploughs worked all night while travellers slept on benches and on their own coats."),
    ("A bakery in Ghent wins a prize", "Its owner has baked rye loaves since he was a boy of nine years and never stopped."),
    ("Old library gets a new roof", "The tiles were made by hand in a village where only two potters are still at work."),
    ("Child of eleven beats Magnus Carlsen", "She had played chess for a year, and smiled when he gave up his king."),
]
COURIER = [
    Event(str(number), f"Bay Courier: {title}", f"{text} {FOOTER}", date=dt.date(2020, 1, 1 + number))
    for number, (title, text) in enumerate(STORIES)
]


def answers(stories: RelatedStories) -> tuple[object, ...]:
    """All that follows from an archive."""
    links = [
        (event.id, [(link.event.id, link.score, link.context, link.topics) for link in listed])
        for event, listed in stories.all_related(6, min_score=0)
    ]
    return (
        links,
        stories.commonest_topics(),
        stories.boilerplate(),
        [stories.topics(event.id) for event in stories],
        stories.settings,
    )


def test_what_recurs_is_found_and_counted() -> None:
    found = RelatedStories().fit(COURIER).boilerplate()
    assert found.texts == {"Bay Courier:": 8, **dict.fromkeys(FOOTER.replace(". ", ".|").split("|"), 8)}
    n_words = sum(len(f"{event.title} {event.text}".split()) for event in COURIER)
    assert found.word_share == pytest.approx(8 * (2 + len(FOOTER.split())) / n_words)


def test_the_view_in_a_notebook_counts_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    stories = RelatedStories().fit([*COURIER, Event("x", "Rain")])

    def never(_: str) -> int:
        raise AssertionError("the words of an archive are counted for stats only")

    monkeypatch.setattr("relatedstories.index.archive.n_words", never)
    assert "4 recurring sentences, such as Bay Courier:" in stories._repr_html_()
    with pytest.raises(AssertionError):
        stories.boilerplate()


def test_what_recurs_makes_no_links_topics_and_labels() -> None:
    stories, plain = (
        RelatedStories().fit(events)
        for events in (COURIER, [Event(e.id, t, x, date=e.date) for e, (t, x) in zip(COURIER, STORIES, strict=True)])
    )
    assert answers(stories)[0] == answers(plain)[0]
    assert stories.commonest_topics() == plain.commonest_topics()
    assert "Lisbon" not in stories.commonest_topics()
    assert {topic for event in stories for topic in TopicExtractor().extract(event)} >= {"Lisbon"}


def test_a_new_event_is_read_as_those_of_the_archive_are() -> None:
    stories = RelatedStories().fit(COURIER)
    new = "Storm off Malta sinks a ferry"
    links, plain = (stories.related(Event("new", title, text)) for title, text in ((f"Bay Courier: {new}", FOOTER), (new, "")))
    assert [(link.event.id, link.score, link.context) for link in links] == [
        (link.event.id, link.score, link.context) for link in plain
    ]


def test_topics_of_editors_stay() -> None:
    events = [Event(event.id, event.title, event.text, topics=["Lisbon"] if event.id < "2" else []) for event in COURIER]
    assert [event.id for event in RelatedStories().fit(events).about("Lisbon")] == ["0", "1"]


def test_copies_of_a_story_are_not_boilerplate() -> None:
    title, _ = STORIES[0]
    body = " ".join(text for _, text in STORIES)
    copies = [Event(f"copy {i}", f"{title} {'again ' * i}", f"{body} Seen by {i} people.") for i in range(6)]
    stories = RelatedStories().fit([*copies, *COURIER[1:4]])
    assert stories.boilerplate().texts == {}
    assert stories.boilerplate().word_share == 0


def test_numbers_in_it_do_not_matter() -> None:
    footers = [f"Posted on {number + 3} May {1990 + number} by the night desk." for number in range(8)]
    texts = [f"{footer} {text}" for footer, (_, text) in zip(footers, STORIES, strict=True)]
    stories = RelatedStories().fit(
        [Event(str(n), title, text) for n, ((title, _), text) in enumerate(zip(STORIES, texts, strict=True))]
    )
    assert stories.boilerplate().texts == {footers[0]: 8}


def test_short_lines_must_recur_more_often() -> None:
    def found(n_events: int) -> dict[str, int]:
        heads = ["Advertisement\n\n" if number < 4 else "" for number in range(n_events)]
        texts = [
            head + " ".join(f"{letter}{chr(97 + n // 26)}{chr(97 + n % 26)}" for letter in "abcdef")
            for n, head in enumerate(heads)
        ]
        return (
            RelatedStories(WordsInPlace())
            .fit([Event(f"{n:03}", "Rain", text) for n, text in enumerate(texts)])
            .boilerplate()
            .texts
        )

    assert found(40)["Advertisement"] == 4
    assert "Advertisement" not in found(100)


def test_a_series_keeps_its_name() -> None:
    titles = [f"Weekly review: {title}" if number < 4 else title for number, (title, _) in enumerate(STORIES * 4)]
    stories = RelatedStories().fit(Event(str(number), title) for number, title in enumerate(titles))
    assert stories.boilerplate().texts == {}
    assert "review" in stories._fitted.archive.terms.terms


def test_a_title_is_never_left_out_as_a_whole() -> None:
    stories = RelatedStories().fit([Event(str(n), "Bay Courier: Corrections", f"Of page {n} {STORIES[n][1]}") for n in range(8)])
    assert stories.boilerplate().texts == {}


def test_added_one_by_one_removed_and_loaded_are_the_same(tmp_path) -> None:
    whole = RelatedStories().fit(COURIER)
    grown = RelatedStories().fit([*COURIER[5:], Event("x", "Bay Courier: Rain", f"It rains in Wales. {FOOTER}")])
    list(grown.all_related())  # neighbours that have to be brought up to date
    for event in COURIER[:5]:
        grown.add([event])
    grown.remove("x")
    whole.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index")
    assert answers(grown) == answers(loaded) == answers(whole)
    for stories in (grown, loaded):
        stories.remove(["0", "1", "2", "3", "4"])
    assert answers(grown) == answers(loaded) == answers(RelatedStories().fit(COURIER[5:]))
    assert grown.boilerplate().texts == {}
    assert "Lisbon" in grown.commonest_topics()


def test_with_embeddings_of_the_caller() -> None:
    given = np.random.default_rng(0).normal(size=(8, 5))
    whole = RelatedStories().fit(COURIER, embeddings=given)
    grown = RelatedStories().fit(COURIER[6:], embeddings=given[6:]).add(COURIER[:6], embeddings=given[:6])
    assert answers(grown) == answers(whole)


class WordsInPlace:
    """An extractor without a model: every word with a capital is a topic, with its mentions."""

    name = "words in place"

    def extract_many(self, events: Iterable[Event]) -> Iterator[tuple[Topic, ...]]:
        for event in events:
            places: dict[str, list[Mention]] = {}
            start = 0
            for word in event.full_text.split():
                start = event.full_text.index(word, start)
                name = word.strip(".:")
                if name[:1].isupper():
                    places.setdefault(name, []).append(Mention(name, start, start + len(name)))
                start += len(word)
            yield tuple(Topic(name, "thing", mentions) for name, mentions in places.items())


SENTENCES = [
    "Read all about Oslo.",
    "More from Malta tomorrow.",
    "Storm hits Ceres.",
    "A fire in Ghent ended.",
    "Rain again here.",
]


@st.composite
def archives(draw: st.DrawFn) -> list[Event]:
    """Events that share sentences and parts of titles."""
    n = draw(st.integers(1, 12))
    parts = st.sampled_from(["Courier: ", "Bay: ", ""])
    bodies = st.lists(st.sampled_from(SENTENCES), max_size=3)
    return [
        Event(f"e{i}", f"{draw(parts)}{draw(st.sampled_from(['Storm', 'Vote in Oslo', 'Fire']))} {i}", " ".join(draw(bodies)))
        for i in range(n)
    ]


@settings(max_examples=60, deadline=None)
@given(archives(), st.data())
def test_however_an_archive_came_about_its_answers_are_the_same(events: list[Event], data: st.DataObject) -> None:
    whole = RelatedStories(WordsInPlace()).fit(events)
    order = data.draw(st.permutations(events))
    n_first = data.draw(st.integers(0, len(order)))
    grown = RelatedStories(WordsInPlace()).fit([*order[:n_first], Event("x", "Bay: Gone", "Read all about Oslo.")])
    list(grown.all_related())
    for event in order[n_first:]:
        grown.add([event])
    grown.remove("x")
    assert answers(grown) == answers(whole)


def test_an_archive_whose_name_is_everywhere() -> None:
    events = list(read_events(shared("cases/links/everywhere.jsonl")))
    stories = RelatedStories().fit(events)
    by_word = {word: {event.id for event in events if word in event.title.lower()} for word in ("tram", "strike", "flood")}
    for event, links in stories.all_related():
        for link in links:
            assert any({event.id, link.event.id} <= ids for ids in by_word.values())
            assert not any(word in (link.context or "").lower() for word in ("gazette", "newsletter", "read also"))
    assert {links[0].event.id for event, links in stories.all_related() if event.id in ("4", "5")} == {"4", "5"}
    assert {links[0].event.id for event, links in stories.all_related() if event.id in ("1", "2")} == {"1", "2"}


def test_stats_say_what_is_left_out(tmp_path) -> None:
    RelatedStories().fit(COURIER).save(tmp_path / "index")
    figures = json.loads(run("stats", "--index", tmp_path / "index", "--json").stdout)
    assert figures["recurring segments"] == 4
    assert figures["commonest recurring segments"]["Bay Courier:"] == 8
    assert 0 < figures["words left out"] < 1
    assert "Sign up for our weekly letter from Lisbon. 8" in run("stats", "--index", tmp_path / "index").stdout
