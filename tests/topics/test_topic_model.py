"""The topic model gives the same topics however it is run, and the expected topics in simple texts."""

from __future__ import annotations

import itertools
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
import spacy
from helpers import SPACE
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy import displacy
from spacy.lang.en import English
from spacy.tokenizer import Tokenizer
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex
from spacy.vocab import Vocab
from threadpoolctl import threadpool_limits

from relatedstories import BadValueError, Event, TopicExtractor, read_events
from relatedstories.text.cleaning import clean
from relatedstories.topics import component, lexicon, tagger, tokenizer
from relatedstories.topics.candidate_ranker import default_ranker
from relatedstories.topics.candidates import CandidateGenerator
from relatedstories.topics.kinds import KINDS
from relatedstories.topics.word_splitter import default_splitter

EVENTS = [*SPACE, *itertools.islice(read_events("sample"), 20)]
TEXT = "Iranian officials meet in Geneva. Supplies reach the International Space Station (ISS)."


def facts(found):
    return [
        (topic.name, topic.kind, topic.probability, [(str(mention), mention.start, mention.end) for mention in topic.mentions])
        for topic in found
    ]


def written(doc):
    """Return the spans that the component wrote, in the order of the text."""
    spans = doc.spans["topics"]
    probabilities = spans.attrs["probabilities"]
    return [(s.start_char, s.end_char, s.kb_id_, s.label_, p) for s, p in zip(spans, probabilities, strict=True)]


def marked(found):
    """Return the mentions of an extractor's topics in the form of `written`."""
    return sorted((m.start, m.end, topic.name, topic.kind, topic.probability) for topic in found for m in topic.mentions)


def named(extractor, text):
    return {topic.name: list(topic.mentions) for topic in extractor.extract(text)}


@pytest.fixture(scope="module")
def pipeline():
    nlp = spacy.blank("en")
    nlp.add_pipe("relatedstories_topics")
    return nlp


@pytest.fixture(scope="module")
def expected(extractor):
    return {event.id: facts(extractor.extract(event)) for event in EVENTS}


# The spaCy component


def test_the_component_writes_spans_with_names_kinds_and_probabilities(pipeline):
    doc = pipeline(TEXT)
    spans = {span.text: span for span in doc.spans["topics"]}
    assert (spans["Geneva"].kb_id_, spans["Geneva"].label_) == ("Geneva", "place")
    assert spans["Iranian"].kb_id_ == "Iran"
    assert spans["ISS"].kb_id_ == spans["International Space Station"].kb_id_ == "International Space Station"
    probabilities = doc.spans["topics"].attrs["probabilities"]
    assert len(probabilities) == len(doc.spans["topics"])
    assert all(0 < p <= 1 for p in probabilities)
    assert list(doc.ents) == list(doc.spans["topics"])


@pytest.mark.parametrize("text", ["", " ", "\n", "rain", "🚀"])
def test_the_component_on_texts_without_topics(pipeline, text):
    doc = pipeline(text)
    assert list(doc.spans["topics"]) == doc.spans["topics"].attrs["probabilities"] == []
    assert doc.ents == ()


@pytest.mark.parametrize("text", [TEXT, "Snow in Geneva", "rain"])
def test_the_component_keeps_the_entities_of_other_components(text):
    ruled = spacy.blank("en")
    ruled.add_pipe("entity_ruler").add_patterns([{"label": "WHO", "pattern": "Iranian officials"}])
    before = [(span.text, span.label_) for span in ruled(text).ents]
    ruled.add_pipe("relatedstories_topics")
    doc = ruled(text)
    assert [(span.text, span.label_) for span in doc.ents] == before
    assert ("Geneva" in [span.kb_id_ for span in doc.spans["topics"]]) is ("Geneva" in text)


def test_displacy_shows_the_topics(pipeline):
    doc = pipeline(TEXT)
    as_spans = displacy.render(doc, style="span", options={"spans_key": "topics"}, jupyter=False)
    as_entities = displacy.render(doc, style="ent", jupyter=False)
    for shown in (as_spans, as_entities):
        for topic in ("Iran", "Geneva", "International Space Station"):
            assert f">{topic}</a>" in shown
        assert "place" in shown


def test_a_higher_threshold_of_the_component_gives_fewer_spans():
    by_threshold = []
    for threshold in (0.0, 0.95, 1.0):
        nlp = spacy.blank("en")
        nlp.add_pipe("relatedstories_topics", config={"threshold": threshold})
        by_threshold.append(written(nlp(TEXT)))
        assert all(item[-1] >= threshold for item in by_threshold[-1])
    assert len(by_threshold[0]) > len(by_threshold[1]) > len(by_threshold[2])


@pytest.mark.parametrize("wrong", [2, -0.1, "x", "0.5", True, [0.5]])
def test_an_invalid_threshold_of_the_component_is_an_error(wrong):
    with pytest.raises(ValueError, match="threshold"):  # spaCy raises its own error for a wrong type
        spacy.blank("en").add_pipe("relatedstories_topics", config={"threshold": wrong})
    with pytest.raises(BadValueError, match=r"TopicTagger: threshold: got .*, expected a number from 0 to 1"):
        component.TopicTagger(wrong)


def test_the_component_is_saved_with_its_pipeline(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("relatedstories_topics", config={"threshold": 0.6})
    nlp.to_disk(tmp_path / "nlp")
    for loaded in (spacy.load(tmp_path / "nlp"), spacy.blank("en").from_config(nlp.config), spacy.load(tmp_path / "nlp")):
        assert loaded.config["components"]["relatedstories_topics"]["threshold"] == 0.6
        assert written(loaded(TEXT)) == written(nlp(TEXT))
    same = spacy.blank("en")
    same.add_pipe("relatedstories_topics", config={"threshold": 0.6})
    assert written(same.from_disk(tmp_path / "nlp")(TEXT)) == written(nlp(TEXT))


def test_spacy_finds_the_component_without_an_import():
    (entry,) = entry_points(group="spacy_factories", name="relatedstories_topics")
    assert entry.load() is component.make_tagger


def test_the_component_gives_the_same_spans_in_a_stream_as_one_by_one(pipeline):
    texts = [event.full_text for event in EVENTS]
    expected = [written(pipeline(text)) for text in texts]
    for size in (1, 7, 1000):
        assert [written(doc) for doc in pipeline.pipe(texts, batch_size=size)] == expected


def test_a_pipeline_with_the_component_gives_the_extractors_topics(extractor, pipeline, expected):
    handed = TopicExtractor(pipeline)
    assert {event.id: facts(found) for event, found in zip(EVENTS, handed.extract_many(EVENTS), strict=True)} == expected
    for event in SPACE:
        assert written(pipeline(event.full_text)) == marked(extractor.extract(event))


def test_the_component_may_have_another_name_in_the_pipeline(extractor):
    nlp = spacy.blank("en")
    nlp.add_pipe("relatedstories_topics", name="news_topics")
    assert facts(TopicExtractor(nlp).extract(TEXT)) == facts(extractor.extract(TEXT))


# The threshold


@pytest.mark.parametrize("wrong", [2, -0.1, "x", "0.5", True, float("nan"), [0.5]])
def test_an_invalid_threshold_is_an_error(wrong):
    with pytest.raises(BadValueError, match=r"TopicExtractor: threshold: got .*, expected a number from 0 to 1"):
        TopicExtractor(threshold=wrong)


def test_a_higher_threshold_gives_fewer_and_more_probable_topics():
    thresholds = [0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1]
    by_threshold = [list(TopicExtractor(threshold=t).extract_many(EVENTS)) for t in thresholds]
    for threshold, topics in zip(thresholds, by_threshold, strict=True):
        assert all(threshold <= topic.probability <= 1 for found in topics for topic in found)
    for lower, higher in itertools.pairwise(by_threshold):
        assert all(len(some) >= len(fewer) for some, fewer in zip(lower, higher, strict=True))
    counts = [sum(map(len, topics)) for topics in by_threshold]
    assert counts[0] > counts[2] > counts[4] > counts[6]


# Same bits in every batch, order and thread


@given(st.permutations(range(len(EVENTS))), st.sets(st.integers(1, len(EVENTS) - 1), max_size=8))
@settings(deadline=None, max_examples=8)
def test_topics_do_not_depend_on_batch_or_order(extractor, expected, order, cuts):
    bounds = [0, *sorted(cuts), len(EVENTS)]
    for first, end in itertools.pairwise(bounds):
        some = [EVENTS[i] for i in order[first:end]]
        for event, found in zip(some, extractor.extract_many(some), strict=True):
            assert facts(found) == expected[event.id]


def test_topics_do_not_depend_on_the_end_of_a_batch(extractor, expected):
    many = EVENTS * (tagger.BATCH_SIZE // len(EVENTS) + 2)
    assert len(many) > tagger.BATCH_SIZE
    for event, found in zip(many, extractor.extract_many(many), strict=True):
        assert facts(found) == expected[event.id]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_topics_do_not_depend_on_the_number_of_threads(extractor, expected, threads):
    with threadpool_limits(threads):
        assert [facts(found) for found in extractor.extract_many(EVENTS)] == list(expected.values())


def test_threads_may_share_an_extractor(extractor, expected):
    """Threads share the generator from the first text on, while all of them fill its caches."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(4):
            tagger._candidate_generator.cache_clear()
            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(lambda _: [facts(extractor.extract(event)) for event in EVENTS], range(4)))
            assert all(answer == list(expected.values()) for answer in answers)
    finally:
        sys.setswitchinterval(interval)
        tagger._candidate_generator.cache_clear()  # a broken generator would give wrong topics to later tests


WORDS = [
    "Paris",
    "U.S.-led",
    "don't",
    "cannot",
    "(AP)",
    "Dec.",
    "10a.m.",
    '"Gov."',
    "and/or",
    ":-)",
    "São",
    "\n",
    "",
    "a\nb",
    "1,000km.",
]


RULES = English.Defaults
spacys = Tokenizer(  # with names that end in signs as tokens
    Vocab(),
    rules=RULES.tokenizer_exceptions,
    prefix_search=compile_prefix_regex(RULES.prefixes).search,
    suffix_search=compile_suffix_regex(RULES.suffixes).search,
    infix_finditer=compile_infix_regex(RULES.infixes).finditer,
    token_match=re.compile(r"[A-Za-z](?:\+\+|#)|\.net", re.IGNORECASE).fullmatch,
    url_match=RULES.url_match,
)


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=12))
def test_tokens_are_the_same_as_spacys(parts):
    text = " ".join(parts)
    assert tokenizer.tokenize(text) == tokenizer.tokens_of_doc(spacys(text))


def test_words_with_a_sign_are_split_as_spacy_splits_them():
    words = [*spacys.rules, *(word for event in EVENTS for word in event.full_text.split()), "a", "Ab", "Abc", "ABC", "km", "can"]
    for word, sign in itertools.product(dict.fromkeys(words), ["", *',;:?!)."', "'s"]):
        assert tokenizer.tokenize(word + sign) == tokenizer.tokens_of_doc(spacys(word + sign))


PARTS = ["gas", "Ann", "US", "x", "D", "I", "m", "Fla", "Dr", "co", "cant", "8", "0", "1,500", "2.5", "1.2.3", "p.m", "km"]


def test_words_with_signs_around_them_are_split_as_spacy_splits_them():
    words = [*PARTS, *(f"{one}-{other}" for one, other in itertools.product(PARTS, PARTS)), "8-D-gas", "an-x-ray", "a--b"]
    for opening, word, sign, end in itertools.product(["", '"', "("], words, ["", '"', "'s", ")", "%"], ["", *",.;:"]):
        written = f"{opening}{word}{sign}{end}"
        assert tokenizer.tokenize(written) == tokenizer.tokens_of_doc(spacys(written))


@given(st.text("aAbIsxXD08:;-()\"'.,%?!", max_size=7))
@settings(max_examples=500)
def test_rows_of_letters_and_signs_are_split_as_spacy_splits_them(written):
    assert tokenizer.tokenize(written) == tokenizer.tokens_of_doc(spacys(written))


SIGNS = ["", *"\"'()[].,;:?!-–/%$&*#@+=_~", "...", "'s", "’s", "www.", ".org", "5", "km"]


@given(st.lists(st.one_of(st.sampled_from(list(default_splitter().exceptions)), st.sampled_from(SIGNS)), max_size=4))
@settings(max_examples=500)
def test_exceptions_within_words_are_split_as_spacy_splits_them(parts):
    written = "".join(parts)
    assert tokenizer.tokenize(written) == tokenizer.tokens_of_doc(spacys(written))


@given(st.lists(st.integers(0, len(EVENTS) - 1), min_size=1, max_size=12))
@settings(deadline=None, max_examples=15)
def test_the_network_gives_the_same_bits_for_a_batch_as_for_single_texts(numbers):
    texts = [tokenizer.tokens_of_doc(spacys(EVENTS[i].full_text)) for i in numbers]
    finder, network = CandidateGenerator(lexicon.default_lexicon()), default_ranker()
    together = finder(texts)
    p = network(together)
    alone = [finder([text]) for text in texts]
    assert together.names == [name for c in alone for name in c.names]
    assert p.tobytes() == b"".join(network(c).tobytes() for c in alone)
    assert np.array_equal(p * 1024, np.rint(p * 1024))


# Mentions

PIECES = [
    "Angela Merkel", "Merkel", "Kiev", "Kyiv", "U.S.", "Eugene, Oregon", "Iranian", "government", "of", "the", "ISS", "(ISS)",
    "International Space Station", "São Paulo", "’s", "'s", "-", "–", ".", ", ", "\n", "\r\n", "\t", "(", ")", '"', "…", "2014",
    "$5", "Ukrainian forces", "COVID-19", "İzmir", "ﬁnland", "Ǆ", "e\u0301", "\u0301", "\u200b", "\u2028", "\xa0", "\x00", "🇮🇷",
    "👩‍🚀", "Москва", "北京", "مرحبا", "X", "=" * 30,
]  # fmt: skip


def stands_for(words, cleaned, start, end):
    """Whether words of a clean text stand for those between two offsets of the text as written."""
    places = range(len(cleaned.text) - len(words) + 1)
    return any(cleaned.text.startswith(words, a) and cleaned.raw_span(a, a + len(words)) == (start, end) for a in places)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=25), st.sampled_from(["", " "]))
@example(["Angela Merkel", "Angela Merkel", "Angela Merkel", "Eugene, Oregon", "0\r0"], "")
@example([":\ue5e5\U000137d1\U0008349d", *["Eugene, Oregon"] * 4, "ッ\r\ue5e5\U00083480"], "")
@example(["Oslo", "=" * 30, "Airport"], " ")
@example(["Angela Merkel", "e\u0301"], "")
@example(["\t", "Angela Merkel", "Angela Merkel", "=" * 30], "")
@settings(deadline=None, max_examples=80)
def test_mentions_have_correct_positions_and_do_not_overlap(extractor, pieces, between):
    text = between.join(pieces)
    found, cleaned = extractor.extract(text), clean(text)
    assert len({topic.key for topic in found}) == len(found)
    end = 0
    for start, stop, name, kind, probability in marked(found):
        assert end <= start < stop
        assert name.strip()
        assert kind in KINDS
        assert 0 < probability <= 1
        end = stop
    for topic in found:
        assert topic.mentions
        for mention in topic.mentions:
            written = text[mention.start : mention.end]
            assert mention == written or stands_for(mention, cleaned, mention.start, mention.end)  # without markup and odd spaces
            assert "\n" not in mention
    assert facts(extractor.extract(Event("1", f"x{text}"))) == facts(extractor.extract(f"x{text}"))


def test_a_lone_surrogate_does_not_fail(extractor):
    assert "Geneva" in named(extractor, "Snow \ud800 in Geneva")


# Mentions and names of topics


def test_a_person_named_in_full_and_by_surname_is_one_topic(extractor):
    found = named(extractor, "Angela Merkel meets the press in Berlin. Merkel answers for an hour.")
    assert found["Angela Merkel"] == ["Angela Merkel", "Merkel"]
    assert "Merkel" not in found


def test_a_surname_outside_the_lexicon_is_a_mention_of_the_full_name(extractor):
    found = named(extractor, "President Ilmo Quarvessi resigns. Quarvessi had led Finland since May.")
    (person,) = [name for name in found if "Quarvessi" in name]
    assert person.endswith("Ilmo Quarvessi")
    assert found[person][1:] == ["Quarvessi"]


def test_an_acronym_defined_in_the_text_is_a_mention_of_its_name(extractor):
    found = named(extractor, "The World Health Organization (WHO) warns of Ebola. The WHO sends doctors.")
    assert found["World Health Organization"] == ["World Health Organization", "WHO", "WHO"]


def test_an_acronym_outside_the_lexicon_is_a_mention_of_its_name(extractor):
    found = named(extractor, "The Galactic Potato Authority (GPA) closes. Staff of the GPA protest in Oslo.")
    assert found["Galactic Potato Authority"] == ["Galactic Potato Authority", "GPA", "GPA"]


def test_the_old_and_the_new_name_of_a_city_are_one_topic(extractor):
    found = named(extractor, "Kiev is hit by shelling. Officials in Kyiv count the dead.")
    assert [mentions for mentions in found.values() if "Kiev" in mentions] == [["Kiev", "Kyiv"]]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Iranian officials sign the treaty in Vienna.", "Iran"),
        ("Norwegian and Swedish voters go to the polls.", "Norway"),
        ("A Kenyan court frees a journalist.", "Kenya"),
    ],
)
def test_an_adjective_of_a_country_gives_a_topic_of_that_country(extractor, text, country):
    assert any(country in name for name in named(extractor, text))


def test_the_forces_of_a_country_give_a_topic_of_that_country(extractor):
    for name, mentions in named(extractor, "Ukrainian forces retake Kherson from Russia.").items():
        if any(mention.startswith("Ukrainian") for mention in mentions):
            assert "Ukrain" in name


def test_a_town_gets_the_name_with_its_state(extractor):
    found = {topic.name: topic.kind for topic in extractor.extract("A bridge collapses in Eugene, Oregon.")}
    assert found["Eugene, Oregon"] == "place"


def test_a_definition_is_itself_a_mention(extractor):
    found = named(extractor, "The Icelandic Seamen's Society (ISS) strikes. Officials of the ISS met in Reykjavik.")
    assert found["Icelandic Seamen's Society"][0].endswith("Icelandic Seamen's Society")


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("Angela Merkel meets the press.", "Angela Merkel", "person"),
        ("Snow closes the airport of Berlin.", "Berlin", "place"),
        ("The World Health Organization warns of an epidemic.", "World Health Organization", "organisation"),
        ("Hurricane Katrina makes landfall.", "Hurricane Katrina", "event"),
    ],
)
def test_topics_have_the_right_kind(extractor, text, name, kind):
    assert {topic.name: topic.kind for topic in extractor.extract(text)}[name] == kind


# Selection of spans


@st.composite
def span_sets(draw):
    """Draw up to nine spans, each of its own topic, with probabilities like the network's."""
    places = draw(st.sets(st.tuples(st.integers(0, 8), st.integers(1, 4)), max_size=9))
    return [(a, a + n, draw(st.integers(0, 1024)) / 1024, f"topic {i}") for i, (a, n) in enumerate(sorted(places))]


def apart(spans):
    return all(a[1] <= b[0] for a, b in itertools.pairwise(sorted(spans)))


@given(span_sets(), st.integers(0, 1024).map(lambda n: n / 1024))
@example([(0, 1, 0.5, "a"), (1, 2, 0.5, "b")], 0.5)
@settings(deadline=None, max_examples=150)
def test_the_selected_spans_have_the_highest_total(spans, threshold):
    probabilities = {(a, b): p for a, b, p, _ in spans}
    taken = tagger._best_spans(spans, threshold)
    assert taken == sorted(taken)
    assert apart(taken)
    assert all((a, b, p, name) in spans and p >= threshold for a, b, p, name in taken)
    best = max(
        sum(p - threshold for _, _, p, _ in some)
        for size in range(len(spans) + 1)
        for some in itertools.combinations(spans, size)
        if apart(some)
    )
    assert sum(probabilities[a, b] - threshold for a, b, _, _ in taken) == pytest.approx(best, abs=1e-6)


def test_a_span_at_the_threshold_is_selected():
    assert tagger._best_spans([(0, 1, 0.5, "a"), (4, 5, 0.25, "b")], 0.5) == [(0, 1, 0.5, "a")]


def test_further_mentions_of_a_topic_are_marked_where_no_other_span_is():
    spans = [(2, 4, 0.9, "a"), (6, 7, 0.1, "a"), (8, 9, 0.1, "b"), (10, 11, 0.1, "a"), (10, 12, 0.8, "c")]
    assert tagger._best_spans(spans, 0.4) == [(2, 4, 0.9, "a"), (6, 7, 0.9, "a"), (10, 12, 0.8, "c")]


# The lexicon


def test_a_saved_lexicon_is_the_same_when_loaded(tmp_path, monkeypatch):
    known = lexicon.default_lexicon()
    known.save(tmp_path)
    monkeypatch.setattr(lexicon, "path", lambda name: tmp_path / Path(name).name)
    again = lexicon.default_lexicon.__wrapped__()
    assert again is not known
    for name in ("forms", "n_forms", "names", "patterns", "specials", "words", "heads", "ids", "linked", "named"):
        assert getattr(again, name) == getattr(known, name)
    assert [again.titles_of(row) for row in range(0, known.n_forms, 7)] == [
        known.titles_of(row) for row in range(0, known.n_forms, 7)
    ]
    for name in ("counts", "name_counts", "kinds", "lower"):
        assert np.array_equal(getattr(again, name), getattr(known, name))
