"""TopicExtractor gives one name to one thing, whatever the text calls it."""

from __future__ import annotations

import copy
import gc
import pickle

import pytest
import spacy
from helpers import SPACE

from relatedstories import BadValueError, Event, InputError, Mention, Topic, TopicExtractor
from relatedstories.topics.extractor import MAX_CHARS
from relatedstories.topics.kinds import KINDS
from relatedstories.topics.name_table import Name, NameTable
from relatedstories.topics.names import is_acronym, normalise_name


def names(found):
    return {topic.name for topic in found}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The International Space Station (ISS) is old. A ship left the ISS.", "International Space Station"),
        ("A crew reaches the ISS.", "International Space Station"),
        ("The U.S. signs the treaty.", "United States"),
        ("The United States signs the treaty.", "United States"),
        ("American and U.S. officials sign it.", "United States"),
        ("Iranian officials sign the treaty in Vienna.", "Iran"),
        ("Iran’s president speaks.", "Iran"),
        ("The European Union's leaders meet.", "European Union"),
        ("Thousands march in Sao Paulo.", "São Paulo"),
        ("Thousands march in São Paulo.", "São Paulo"),
    ],
)
def test_different_mentions_of_one_thing_have_one_name(extractor, text, expected):
    assert expected in names(extractor.extract(text))


def test_a_defined_acronym_is_a_mention_of_its_topic(extractor):
    text = "Supplies reach the International Space Station (ISS). The crew of the ISS unloads them."
    (topic,) = [topic for topic in extractor.extract(text) if topic == "International Space Station"]
    assert [str(mention).removeprefix("the ") for mention in topic.mentions] == ["International Space Station", "ISS", "ISS"]


def test_a_definition_in_the_text_takes_precedence_over_known_names(extractor):
    text = "The Icelandic Seamen's Society (ISS) strikes. Officials of the ISS met in Reykjavik."
    assert "International Space Station" not in names(extractor.extract(text))


def test_a_surname_is_a_mention_of_the_person_named_in_full(extractor):
    found = extractor.extract("Angela Merkel meets the press in Berlin. Merkel answers for an hour.")
    (person,) = [topic for topic in found if topic.kind == "person"]
    assert person.name == "Angela Merkel"
    assert list(person.mentions) == ["Angela Merkel", "Merkel"]


def test_a_surname_shared_by_two_people_is_a_topic_of_its_own():
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": "PERSON", "pattern": name} for name in ("Ada Quill", "Bo Quill", "Quill")]
    )
    found = TopicExtractor(nlp, NameTable([])).extract("Ada Quill meets Bo Quill. Quill wins.")
    assert [(topic.name, len(topic.mentions)) for topic in found] == [("Ada Quill", 1), ("Bo Quill", 1), ("Quill", 1)]


def test_mentions_have_correct_positions(extractor, sample):
    for event, found in zip(sample[:60], extractor.extract_many(sample[:60]), strict=True):
        assert len({topic.key for topic in found}) == len(found)
        for topic in found:
            assert topic.kind in KINDS
            assert topic.mentions
            for mention in topic.mentions:
                assert event.full_text[mention.start : mention.end] == mention
                assert "\n" not in mention  # no mention spans the title and the text


def test_editors_topics_and_heading_are_topics(extractor):
    event = Event("1", "A meeting is held", topics=["the ISS", "Café Central", "2005", "…"], heading="U.S.")
    assert names(extractor.extract(event)) == {"the ISS", "Café Central", "U.S."}


def test_dates_and_numbers_are_not_topics(extractor):
    assert extractor.extract("On Monday 12 May 2014, 300 people paid $5 million, 3% more than in 2005.") == ()


@pytest.mark.parametrize(
    "text", ["", " ", "\x00\x07\x1b", "🚀🌋", "مرحبا بالعالم", "שלום עולם", "()(((", "'s’s", "\n\n\n", "a" * 5000]
)
def test_any_text_can_be_extracted(extractor, text):
    for topic in extractor.extract(text):
        assert topic.key


@pytest.mark.parametrize("text", ["(" * 20_000, "=" * 5_000, "🔥" * 3_000, "Iran Oslo Rome, Paris; " * 800])
def test_long_texts_of_odd_characters_are_extracted_in_time(extractor, text):
    """These once took minutes: rulers in spaCy's tokenizer, and overlapping mentions found by comparing all pairs."""
    found = extractor.extract(f"Voters in Iceland elect a parliament. {text} Voters in Malta too.")
    assert {"Iceland"} <= names(found)


def test_only_the_start_of_an_enormous_text_is_read(extractor):
    text = "Voters in Iceland elect a parliament. " + "x " * 5_000_000
    assert "Iceland" in names(extractor.extract(text))
    late = "x " * MAX_CHARS + "Voters in Iceland elect a parliament."
    assert extractor.extract(late) == ()


def test_extract_many_gives_the_same_topics_as_extract(extractor, sample):
    events = sample[:40]
    many = list(extractor.extract_many(events))
    assert many == [extractor.extract(event) for event in events]
    assert [[topic.mentions for topic in found] for found in many] == [
        [topic.mentions for topic in extractor.extract(event)] for event in events
    ]
    assert list(extractor.extract_many(event for event in [])) == []


@pytest.mark.parametrize("events", ["Snow in Oslo", Event("1", "Snow in Oslo"), None])
def test_extract_many_takes_several(extractor, events):
    with pytest.raises(BadValueError, match=r"extract_many: events: got .*, expected several, in a list say"):
        list(extractor.extract_many(events))


def test_extract_many_is_a_stream(extractor):
    def endless():
        while True:
            yield "Voters in Iceland elect a parliament."

    assert "Iceland" in next(extractor.extract_many(endless()))


@pytest.mark.parametrize("wrong", [None, 7, b"text", ["text"], {"title": "text"}])
def test_an_argument_that_is_neither_event_nor_text_is_an_error(extractor, wrong):
    with pytest.raises(BadValueError, match=r"extract: got .*, expected an Event or a text"):
        extractor.extract(wrong)


def test_any_spacy_language_can_be_used():
    nlp = spacy.blank("de")
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": "PER", "pattern": "Grete Minde"}, {"label": "DATE", "pattern": "Montag"}]
    )
    extractor = TopicExtractor(nlp, NameTable([Name("Minde", "Grete Minde", 3, 3)]))
    found = extractor.extract("Grete Minde kommt am Montag. Minde bleibt.")
    assert [(topic.name, topic.kind, list(topic.mentions)) for topic in found] == [
        ("Grete Minde", "person", ["Grete Minde", "Minde"])
    ]
    with pytest.raises(InputError, match="expected a spaCy Language"):
        TopicExtractor("en_core_web_sm")  # type: ignore[arg-type]


def test_an_extractor_can_be_pickled(extractor):
    copied = pickle.loads(pickle.dumps(extractor))
    assert len(pickle.dumps(extractor)) < 10_000  # the pipeline is loaded there, not sent
    assert copied.extract(SPACE[0]) == extractor.extract(SPACE[0])


def test_topics_and_mentions_keep_their_attributes_when_copied():
    topic = Topic("Malta", "place", [Mention("the Maltese", 3, 14)])
    for other in (pickle.loads(pickle.dumps(topic)), copy.deepcopy(topic)):
        assert (other, other.kind, other.mentions) == (topic, topic.kind, topic.mentions)
        assert (other.mentions[0].start, other.mentions[0].end) == (3, 14)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("the São Paulo", "Sao Paulo"),
        ("U.S.", "US"),
        ("Iran's", "Iran"),
        ("Iran’s", "iran"),
        ("COVID-19", "Covid 19"),
        ("An Garda Síochána", "garda siochana"),
        ("Saint-Denis", "Saint Denis"),
    ],
)
def test_different_spellings_normalise_to_one_name(a, b):
    assert normalise_name(a) == normalise_name(b) != ""


@pytest.mark.parametrize(
    ("short", "name", "expected"),
    [
        ("ISS", "International Space Station", True),
        ("UNHCR", "United Nations High Commissioner for Refugees", True),
        ("UN", "United Nations High Commissioner for Refugees", False),
        ("UN", "United Nations", True),
        ("DRC", "Democratic Republic of the Congo", True),
        ("ISS", "Soyuz", False),
        ("iss", "International Space Station", False),
        ("R", "Republic", False),
    ],
)
def test_acronyms_are_recognised(short, name, expected):
    assert is_acronym(short, name) is expected


def test_garbage_is_looked_for_between_the_topics_of_a_stream(extractor):
    for _ in extractor.extract_many(["Rain in Oslo"] * 3):
        assert gc.isenabled()
