"""Segments: the parts of a title and the sentences of a text, their keys, and a title and text without some of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import Event, TopicExtractor
from relatedstories.text.cleaning import clean, clean_event
from relatedstories.text.segments import (
    NO_KEY,
    clean_segment_numbers,
    segment_at,
    segment_numbers,
    segments,
    sentences,
    title_parts,
    without_segments,
)

TEXTS = st.text("ab A.!?\n:-|。東京 ", max_size=40)


@given(TEXTS)
def test_parts_and_sentences_make_up_what_is_written(written: str) -> None:
    for spans in (title_parts(written), sentences(written)):
        assert "".join(written[start:end] for start, end in spans) == written
        assert all(start < end for start, end in spans) or not written


@given(TEXTS, TEXTS)
def test_nothing_left_out_changes_nothing(title: str, text: str) -> None:
    assert without_segments(title, text, frozenset()) == (title, text)
    assert len(list(segments(title, text))) == len(title_parts(title)) + len(sentences(text))


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("Gazette: Rain", ["Gazette: ", "Rain"]),
        ("Rain | The Gazette", ["Rain | ", "The Gazette"]),
        ("Gazette – Rain – Weather", ["Gazette – ", "Rain", " – Weather"]),
        ("Rain at 10:30, well-known", ["Rain at 10:30, well-known"]),
        ("新報｜大雨", ["新報｜", "大雨"]),
        (": Rain", [": Rain"]),
    ],
)
def test_titles_have_parts(title: str, parts: list[str]) -> None:
    assert [title[start:end] for start, end in title_parts(title)] == parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rain. Hail!  Snow?", ["Rain. ", "Hail!  ", "Snow?"]),
        ("He said “It rains.” Then it did.", ["He said “It rains.” ", "Then it did."]),
        ("U.S. rain, J. Doe says. More", ["U.S. rain, J. Doe says. ", "More"]),
        ("Version 3.4.2 is out", ["Version 3.4.2 is out"]),
        ("大雨です。雪です。", ["大雨です。", "雪です。"]),
        ("", []),
    ],
)
def test_texts_have_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


def test_only_the_words_of_a_segment_make_its_key() -> None:
    def key(written: str) -> int:
        return list(segments("Rain", written))[-1].key

    assert key("Read all  our stories.") == key("READ ALL (OUR) STORIES") != NO_KEY
    assert key("Read all our stories") != key("Read all our news")
    assert key("Posted on 2 May") == key("Posted on 17 May") != key("Posted on 2 June")
    assert key("12 - 13") == key("--") == NO_KEY
    assert [one.key for one in segments("All our stories", "")] == [NO_KEY]
    assert next(segments("All our stories: rain", "")).key != key("All our stories")


def test_a_phrase_does_not_run_across_what_is_left_out() -> None:
    title, text = "Gazette: Rain | Weather", "It rains. Read all of it. It pours."
    assert without_segments(title, text, frozenset([-3, 1])) == ("Rain | Weather", "It rains. \nIt pours.")
    assert without_segments(title, text, frozenset([-3, -1, 0, 1, 2])) == ("Rain", "")
    assert [segment_at(title, text, number) for number in (-3, -2, 1)] == ["Gazette:", "Rain", "Read all of it."]


def test_a_mention_is_in_the_segment_that_has_its_words() -> None:
    event = Event(
        "1",
        "The <i>Gazette</i>: Snow in Oslo",
        "<p>Oslo is white.</p>\n<p>More snow &amp; ice in Bergen. Read all about Iceland.</p>",
    )
    mentions = {str(mention): mention.start for topic in TopicExtractor().extract(event) for mention in topic.mentions}
    numbers = dict(zip(mentions, segment_numbers(event, list(mentions.values())), strict=True))
    assert {"Oslo", "Bergen", "Iceland"} <= numbers.keys()
    assert (numbers["Oslo"], numbers["Bergen"], numbers["Iceland"]) in {(-1, 1, 2), (0, 1, 2)}
    title, text = clean(event.title).text, clean(event.text).text
    assert all(name in segment_at(title, text, number) for name, number in numbers.items())


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("The <i>Gazette</i>: Snow in Oslo", "<p>Oslo is white.</p>\n<p>Snow &amp; ice. Read on!</p>"),
        ("Gazette | Rain", ""),
        ("<b></b>", "Rain. Hail."),
        ("Rain", "J. Doe asks: why?  Nobody\nknows. 雨が降る。雪も。"),
    ],
)
def test_places_in_clean_and_in_raw_text_are_in_the_same_segments(title: str, text: str) -> None:
    event = Event("1", title, text)
    cleaned = clean_event(event)
    places = [place for place, character in enumerate(cleaned.text) if character.isalnum()]
    raw = [cleaned.raw_span(place, place + 1)[0] for place in places]
    assert clean_segment_numbers(cleaned, places, of_event=True) == segment_numbers(event, raw)


@pytest.mark.parametrize(("title", "text"), [("Rain", ""), ("<b></b>", "Rain. Hail."), ("", ""), ("Gazette: Rain", "")])
def test_every_place_is_in_a_segment(title: str, text: str) -> None:
    event = Event("1", title or "x", text)
    n_parts, n_sentences = len(title_parts(clean(event.title).text)), len(sentences(clean(text).text))
    numbers = segment_numbers(event, range(len(event.full_text)))
    assert all(-n_parts <= number < max(n_sentences, 1) for number in numbers)
    assert numbers == sorted(numbers)
