"""When two spellings are one topic: accents do not matter, marks that make another letter do, however they are encoded."""

from __future__ import annotations

import unicodedata

import pytest

from relatedstories import Event, RelatedStories, Topic
from relatedstories.topics.names import normalise_name, words


@pytest.mark.parametrize(
    ("a", "b"), [("ガス", "カス"), ("パリ", "ハリ"), ("バリ", "ハリ"), ("ทุน", "ทน"), ("เสื่อ", "เสือ"), ("क्या", "कया"), ("फ़न", "फन")]
)
def test_other_letters_are_another_name(a: str, b: str) -> None:
    assert Topic(a).key != Topic(b).key


@pytest.mark.parametrize("name", ["ガス", "パリ", "เสื่อ", "क्या", "한국", "São Paulo", "Łódź", "Йошкар-Ола", "C++"])
def test_a_name_in_characters_or_in_parts_is_the_same(name: str) -> None:
    parts = unicodedata.normalize("NFD", name)
    assert normalise_name(parts) == normalise_name(name) != ""
    assert [parts[word.start : word.end] for word in words(parts)] == [
        unicodedata.normalize("NFD", name[word.start : word.end]) for word in words(name)
    ]


@pytest.mark.parametrize(("a", "b"), [("São", "Sao"), ("ｶﾞｽ", "ガス"), ("שָׁלוֹם", "שלום"), ("قَطَر", "قطر"), ("Ёлка", "Елка")])
def test_what_does_not_matter(a: str, b: str) -> None:
    assert Topic(a).key == Topic(b).key


def test_events_of_one_name_are_not_about_the_other() -> None:
    events = [Event(str(number), title, topics=[title]) for number, title in enumerate(["ガス", "カス", "ガス"])]
    stories = RelatedStories(language="ja").fit(events)
    assert {event.id for event in stories.about("ガス")} == {"0", "2"}
