"""A text too short to tell its language is taken to be in the archive's own, however the archive came about."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories, TopicExtractor, read_events

GERMAN = [
    Event("de1", "Die Stadt sperrt den Hafen von Kiel wegen des Sturms"),
    Event("de2", "Der Hafen von Kiel ist nach dem Sturm wieder offen"),
    Event("de3", "Nach dem Sturm fehlen im Norden die Züge"),
]
ENGLISH = [
    Event("en1", "The city of Oslo closes the airport after the snow"),
    Event("en2", "The airport of Oslo opens again after the snow"),
    Event("en3", "Snow and wind close the roads to the north of the country"),
    Event("en4", "The mayor of Bergen opens the new bridge to the islands"),
]
SHORT = [Event("s1", "Kiel: Hafen"), Event("s2", "Sturm Kiel"), Event("s3", "Hafen Sturm"), Event("s4", "2020")]
ALL = [*GERMAN, *ENGLISH, *SHORT]


def answers(stories: RelatedStories) -> tuple[object, ...]:
    """All that follows from an archive."""
    return (
        [(event.id, stories.language_of(event.id), stories.topics(event.id)) for event in stories],
        [(event.id, links, links.copies) for event, links in stories.all_related(6, min_score=0)],
        stories.settings,
    )


@pytest.fixture(scope="module")
def stories() -> RelatedStories:
    return RelatedStories().fit([*GERMAN, *SHORT])


def test_short_texts_are_in_the_language_of_the_others(stories: RelatedStories) -> None:
    assert {stories.language_of(event.id) for event in [*GERMAN, *SHORT]} == {"de"}
    assert {link.event.id for link in stories.related("s1", min_score=0)} >= {"de1", "de2", "s2"}


@pytest.mark.parametrize("others", [ENGLISH, [*GERMAN[:2], *ENGLISH[:2]], []])
def test_short_texts_are_in_english_where_no_other_language_is_usual(others: list[Event]) -> None:
    stories = RelatedStories().fit([*others, *SHORT])
    assert {stories.language_of(event.id) for event in SHORT} == {"en"}


@pytest.mark.parametrize(
    ("language", "texts", "short", "otherwise"),
    [
        ("uk", ["Вчора до Києва приїхала делегація з Варшави", "Її зустріли у Львові та Києві"], "Новини тижня", "ru"),
        ("ja", ["大阪で新しい地下鉄が開業した", "大阪の地下鉄の工事が続いている"], "東京都知事", "zh"),
        ("fa", ["زمین‌لرزه در شهر تبریز و چند روستا", "پس از زلزله مردم تبریز به خانه برگشتند"], "اخبار شهر", "ar"),
        ("de", ["Der Hafen von Kiel ist zu", "Nach dem Sturm fehlen die Züge"], "2020", "en"),
    ],
)
def test_a_short_text_is_in_another_language_of_its_script(language: str, texts: list[str], short: str, otherwise: str) -> None:
    events = [Event(str(number), text) for number, text in enumerate(texts)]
    alone, asked = Event("short", short), Event("english", "The airport of Oslo opens again after the snow")
    found = RelatedStories().fit([*events, alone, asked])
    assert [found.language_of(event.id) for event in [*events, alone, asked]] == [*[language] * len(events), language, "en"]
    assert RelatedStories().fit([alone, asked]).language_of("short") == otherwise
    grown = RelatedStories().fit([alone, asked]).add(events)
    assert answers(grown) == answers(found)
    assert answers(grown.remove(["0", "1"])) == answers(RelatedStories().fit([alone, asked]))


def test_their_topics_are_found_in_that_language(stories: RelatedStories) -> None:
    in_german = TopicExtractor(language="de")
    for event in SHORT:
        assert stories.topics(event.id) == in_german.extract(event)


def test_questions_are_taken_to_be_in_it(stories: RelatedStories) -> None:
    links = stories.related(Event("new", "Kiel: Sturm"), min_score=0)
    assert {link.event.id for link in links} >= {"de1", "de2", "s1", "s2"}
    assert all(stories.explain(Event("new", "Kiel: Sturm"), link.event).contexts == link.contexts for link in links)


def test_what_is_declared_or_said_comes_first() -> None:
    events = [*GERMAN, *SHORT[:2], Event("s5", "Kiel", language="nl")]
    stories = RelatedStories().fit(events)
    assert [stories.language_of(id_) for id_ in ("s1", "s5")] == ["de", "nl"]
    declared = RelatedStories(language="da").fit(events)
    assert [declared.language_of(id_) for id_ in ("de1", "s1", "s5")] == ["da", "da", "nl"]


def test_the_usual_language_may_change(tmp_path: Path) -> None:
    stories = RelatedStories().fit([*GERMAN, *SHORT])
    stories.add(ENGLISH)
    assert stories.language_of("s1") == "en"
    assert answers(stories) == answers(RelatedStories().fit(ALL))
    stories.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index")
    loaded.remove(["en1", "en2"])
    assert loaded.language_of("s1") == "de"
    assert answers(loaded) == answers(RelatedStories().fit([event for event in ALL if event.id not in {"en1", "en2"}]))
    again = RelatedStories.load(tmp_path / "index").fit([*GERMAN, *SHORT, ENGLISH[0]])
    assert answers(again) == answers(RelatedStories().fit([*GERMAN, *SHORT, ENGLISH[0]]))
    with_one_more = RelatedStories.load(tmp_path / "index").fit([*GERMAN, *SHORT, *ENGLISH[:2], Event("x", "Kiel Kiel")])
    assert answers(with_one_more) == answers(RelatedStories().fit([*GERMAN, *SHORT, *ENGLISH[:2], Event("x", "Kiel Kiel")]))


@settings(max_examples=25, deadline=None)
@given(st.permutations(ALL), st.data())
def test_however_an_archive_came_about(order: list[Event], data: st.DataObject) -> None:
    n_first, n_kept = data.draw(st.integers(1, len(order))), data.draw(st.integers(1, len(order)))
    grown = RelatedStories().fit(order[:n_first])
    if data.draw(st.booleans()):
        list(grown.all_related())
    for start in range(n_first, len(order), 3):
        grown.add(order[start : start + 3])
    assert answers(grown) == answers(RelatedStories().fit(ALL))
    gone = [event.id for event in order[n_kept:]]
    if data.draw(st.booleans()):
        grown.remove(gone)
    else:
        for id_ in gone:
            grown.remove(id_)
    assert answers(grown) == answers(RelatedStories().fit(order[:n_kept]))


def test_beside_embeddings_they_stay_as_they_were() -> None:
    given_ = np.random.default_rng(0).normal(size=(len(GERMAN) + 1, 4))
    stories = RelatedStories().fit([*GERMAN, SHORT[0]], embeddings=given_)
    stories.add(ENGLISH, embeddings=np.ones((len(ENGLISH), 4)))
    assert stories.language_of("s1") == "de"


def test_a_real_archive_is_in_its_own_language() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        events = [Event(event.id, event.title) for event in read_events(shared("archives/rubylang-de.jsonl.gz")) if event.title]
    found = RelatedStories().fit(events)
    languages = [found.language_of(event.id) for event in events]
    assert languages.count("de") > 0.8 * len(events)
