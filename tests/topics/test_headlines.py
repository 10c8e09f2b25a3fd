"""A headline has the topics of the sentence that it would be."""

from __future__ import annotations

import gzip
import json

import pytest
from helpers import run, shared

from relatedstories.topics.headlines import in_usual_case
from relatedstories.topics.tagger import tag_texts
from relatedstories.topics.tokenizer import tokenize

SENTENCES = [
    ("Angela Merkel visits Emmanuel Macron in Paris", "Angela Merkel Visits Emmanuel Macron in Paris"),
    ("NASA delays launch of rocket from Cape Canaveral", "NASA Delays Launch of Rocket From Cape Canaveral"),
    ("Storm floods streets of Hamburg and Bremen", "STORM FLOODS STREETS OF HAMBURG AND BREMEN"),
    ("European Union leaders agree on new budget in Brussels", "EUROPEAN UNION LEADERS AGREE ON NEW BUDGET IN BRUSSELS"),
    ("European Union leaders agree on new budget in Brussels", "european union leaders agree on new budget in brussels"),
    ("Earthquake shakes homes in Chile", "EARTHQUAKE SHAKES HOMES IN CHILE"),
]


@pytest.mark.parametrize(("sentence", "headline"), SENTENCES)
def test_a_headline_has_the_topics_of_the_sentence(extractor, sentence, headline):
    assert set(extractor.extract(headline)) == set(extractor.extract(sentence)) != set()


@pytest.mark.parametrize("headline", [headline for _, headline in SENTENCES])
def test_mentions_are_words_of_the_headline_itself(extractor, headline):
    for topic in extractor.extract(headline):
        for mention in topic.mentions:
            assert headline[mention.start : mention.end] == mention
    assert in_usual_case(tokenize(headline)).text.casefold() == headline.casefold()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The House of Commons and the Court of Appeal met in London.",
        "Angela Merkel, Emmanuel Macron, Boris Johnson",
        "Rain falls in Paris",
        "rain and more rain",
        "NATO, UNESCO, UNICEF",
        "The Ministry of Defence buys ships",
    ],
)
def test_other_text_is_left_as_it_is(text):
    tokens = tokenize(text)
    assert in_usual_case(tokens) is tokens


def test_only_the_line_that_is_a_headline_changes():
    text = "BAKERS STRIKE IN PARIS\nThe bakers of Paris want more money, says Émile Dubois."
    changed = in_usual_case(tokenize(text))
    assert changed.text == "Bakers strike in Paris\nThe bakers of Paris want more money, says Émile Dubois."
    assert changed.starts == tokenize(text).starts


@pytest.mark.parametrize("headline", ["STRASSE IN STAẞFURT GESPERRT", "ŉUTS AND BOLTS İN ROME", "IJSSEL FLOODS ROADS IN ǅAKOVO"])
def test_letters_whose_case_has_another_length_keep_offsets(extractor, headline):
    changed = in_usual_case(tokenize(headline))
    assert len(changed.text) == len(headline)
    for topic in extractor.extract(headline):
        for mention in topic.mentions:
            assert headline[mention.start : mention.end] == mention


def test_no_whole_headline_is_a_topic_of_the_command():
    for text in ("BAKERS STRIKE IN ROME", "HELSINKI SUMMIT ENDS"):
        answer = run("topics", text)
        assert answer.returncode == 0, answer.stderr
        assert text not in answer.stdout.split("\t")[0]
        assert "place" in answer.stdout


@pytest.mark.parametrize(("change", "least"), [(str.title, 0.7), (str.upper, 0.7), (str.lower, 0.45)])
def test_most_headlines_made_of_sentences_keep_their_topics(change, least):
    with gzip.open(shared("data/wcep-linked-2025.jsonl.gz"), "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    texts = [text for text in texts if 40 < len(text) < 120 and ". " not in text and "'" not in text][:300]
    usual, changed = (_names(texts), _names(map(change, texts)))
    assert sum(a == b for a, b in zip(usual, changed, strict=True)) >= least * len(texts)


def _names(texts):
    return [{item.name for item in found} for found in tag_texts([tokenize(text) for text in texts])]
