"""Labels of tiny archives, where the right one is plain."""

from __future__ import annotations

from relatedstories import Event, RelatedStories
from relatedstories.ranking.labels import BROAD, MAX_NAME_CHARS, Label, most_telling_first
from relatedstories.topics.topic import Topic

PLACES = ("Malawi", "Zambia", "Haiti", "Yemen", "Syria", "Mozambique")


def cholera() -> RelatedStories:
    """Events about one matter in several countries, and others in one of these."""
    outbreaks = [Event(f"c{i}", f"{place} reports deaths from cholera as clinics fill") for i, place in enumerate(PLACES)]
    others = ["elects a mayor", "opens a railway", "wins the football cup", "bans plastic bags", "mints a coin", "buys trains"]
    return RelatedStories(min_score=0.0).fit(
        [
            *outbreaks,
            Event("c9", "Malawi vaccinates against cholera"),
            *(Event(f"o{i}", f"Malawi {x}") for i, x in enumerate(others)),
        ]
    )


def test_what_happened_is_said_beside_where() -> None:
    link = next(link for link in cholera().related("c0", k=9) if link.event.id == "c9")
    assert {"cholera", "malawi"} == {context.casefold() for context in link.contexts}


def test_a_country_alone_is_the_label_where_nothing_else_is_shared() -> None:
    links = [link for link in cholera().related("o0", k=12) if link.event.id.startswith("o")]
    assert {link.contexts for link in links} == {("Malawi",)}


def test_what_happened_goes_before_a_place_and_both_before_an_office() -> None:
    labels = [
        Label.of(Topic(name, kind), 9, 0.5)
        for name, kind in [("Prime Minister of Japan", "thing"), ("Oslo", "place"), ("Mali", "place"), ("Cholera", "thing")]
    ]
    ranked = [label.name for label, _ in most_telling_first([(label, 0.1) for label in labels], {})]
    assert ranked == ["Cholera", "Oslo", "Mali", "Prime Minister of Japan"]
    assert [label.is_last_resort for label in labels] == [True, False, False, False]


def test_a_topic_of_like_events_goes_before_one_of_unlike_events() -> None:
    told, broad = Label.of(Topic("M23"), 30, 0.7), Label.of(Topic("United Nations"), 30, 0.1)
    assert [label.name for label, _ in most_telling_first([(broad, 0.2), (told, 0.1)], {})] == ["M23", "United Nations"]
    assert broad.is_broad
    assert not told.is_broad


def test_of_a_topic_of_few_events_nothing_is_known_yet() -> None:
    assert not Label.of(Topic("Oslo", "place"), 2, 0.1).is_broad
    assert Label.of(Topic("Oslo", "place"), 9, BROAD / 2).is_broad
    assert Label.of(Topic("Mali", "place"), 2, 0.9).is_broad  # but of a country


def test_editors_know_what_their_topics_tell() -> None:
    assert not Label.of(Topic("Harbour"), 9, 0.1, given=True).is_broad
    assert Label.of(Topic("Mali", "place"), 9, 0.1, given=True).is_broad


def test_a_long_name_is_a_label_a_longer_one_is_not() -> None:
    assert Label.of(Topic("Medicines and Healthcare products Regulatory Agency"), 9).tells
    assert not Label.of(Topic("x" * (MAX_NAME_CHARS + 1)), 9).tells


def test_a_pope_is_a_person_and_no_office() -> None:
    pope, office = (
        Label.of(Topic(name, kind), 3) for name, kind in (("Pope Francis", "person"), ("Prime Minister of Japan", "thing"))
    )
    assert not pope.says_little and not pope.is_last_resort
    assert office.says_little and office.is_last_resort
