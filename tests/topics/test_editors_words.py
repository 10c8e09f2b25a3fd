"""What an editor wrote as a topic or heading stands as written: it never becomes the name of an article."""

from __future__ import annotations

import pytest
from helpers import run

from relatedstories import Event, RelatedStories, TopicExtractor
from relatedstories.topics.name_table import Name, NameTable

WORDS = ["Sport", "Sports", "Health", "Fire", "test", "Life", "Local", "default", "Official", "Labour", "the ISS", "Washington"]


@pytest.mark.parametrize("word", WORDS)
def test_an_editors_topic_or_heading_stands_as_written(extractor, word):
    for event in (Event("1", "Old mill reopens", topics=[word]), Event("1", "Old mill reopens", heading=word)):
        (given,) = [topic for topic in extractor.extract(event) if not topic.mentions]
        assert (given.name, given.probability) == (word, 1)


def test_an_editors_spelling_goes_before_the_texts(extractor):
    event = Event("1", "Thousands march in São Paulo.", topics=["Sao Paulo", "SAO PAULO"])
    (topic,) = [topic for topic in extractor.extract(event) if "paulo" in topic.key]
    assert (topic.name, topic.kind, topic.mentions, topic.probability) == ("Sao Paulo", "place", ("São Paulo",), 1)


def test_a_users_aliases_and_names_still_apply_to_editors_topics():
    event = Event("1", "Old mill reopens", topics=["Sports"])
    assert "Athletics" in TopicExtractor(aliases={"Athletics": ["sports"]}).extract(event)
    assert "Athletics" in TopicExtractor(names=NameTable([Name("sports", "Athletics", 1, 1)])).extract(event)


def archive_of(*topics):
    return [Event(str(number), "Old mill reopens", topics=[topic]) for number, topic in enumerate(topics)]


def shown(stories):
    return {topic.name for event in stories for topic in stories.topics(event.id) if topic.key == "sao paulo"}


def test_the_spelling_of_most_editors_is_shown_however_many_texts_have_another():
    written = archive_of("Sao Paulo", "Sao Paulo", "sao paulo")
    texts = [Event(f"t{number}", "Thousands march in São Paulo.") for number in range(5)]
    stories = RelatedStories().fit([*texts, *written])
    assert shown(stories) == {"Sao Paulo"}
    added = RelatedStories().fit(texts)
    assert shown(added) == {"São Paulo"}
    added.add(written)
    assert shown(added) == {"Sao Paulo"}
    added.remove(["0", "1"])
    assert shown(added) == {"sao paulo"}
    added.remove(["2"])
    assert shown(added) == {"São Paulo"}


def test_the_spelling_shown_is_kept_when_an_index_is_saved(tmp_path):
    texts = [Event(f"t{number}", "Thousands march in São Paulo.") for number in range(3)]
    RelatedStories().fit([*texts, *archive_of("Sao Paulo")]).save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index")
    assert shown(loaded) == {"Sao Paulo"}
    loaded.remove(["0"])
    assert shown(loaded) == {"São Paulo"}


def test_contexts_of_the_command_are_what_editors_wrote(tmp_path):
    rows = ["id,title,topics,heading", "1,Ferry runs again,Sport,", "2,Skaters glide on the pond,Sport,"]
    rows += ["3,How to darn socks,,Life", "4,Why cats purr,,Life"]
    source = tmp_path / "news.csv"
    source.write_text("\n".join(rows), encoding="utf-8")
    answer = run("refresh", source, "--links", "-", "--quiet")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count('"context": "Sport"') == answer.stdout.count('"context": "Life"') == 2
