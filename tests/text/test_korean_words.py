"""Korean texts are divided into words without particles, each with its part in a label."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relatedstories.text.korean_words import korean_words


def divided(text: str) -> str:
    """Return the words of a text with their parts, as `word/part word/part`."""
    return " ".join(f"{text[word.start : word.end]}/{word.part}" for word in korean_words(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("서울의 지하철을", "서울/p 의/f 지하철/p 을/o"),
        ("JSON을 만든다", "을/o 만든다/p"),
        ("취약점이 있다. 취약점을 고쳤다", "취약점/p 이/o 있다/o 취약점/p 을/o 고쳤다/p"),
        ("회의 결과와 평가", "회의/p 결과/g 와/o 평가/p"),
        ("갱신하기를 권장합니다", "갱신하기를/o 권장합니다/o"),
        ("자세한 사항은", "자세한/o 사항/g 은/o"),
        ("인명피해와 접근권한", "인명피해/p 와/o 접근권한/p"),
        ("갱신한 안전한", "갱신한/o 안전한/o"),
        ("2018년 11월에", "년/o 월에/o"),
    ],
)
def test_words_and_parts(text: str, expected: str) -> None:
    assert divided(text) == expected


def test_an_ending_that_a_noun_may_have_is_a_particle_only_where_the_text_has_the_noun_without_it() -> None:
    assert divided("국제사회와 고속도로") == "국제사회/p 와/o 고속도로/p"
    assert divided("고속도로 사고로, 사고는").endswith("사고/p 로/o 사고/p 는/o")
    assert divided("전문가") == "전문가/p"


@given(st.text("서울의회를가 abC1년월은는에서다한.\n", max_size=30))
def test_words_are_apart_rising_and_korean(text: str) -> None:
    words = list(korean_words(text))
    assert all(before.end <= after.start for before, after in itertools.pairwise(words))
    assert all("가" <= char <= "힣" for word in words for char in text[word.start : word.end])
    korean = sum("가" <= char <= "힣" for char in text)
    assert sum(word.end - word.start for word in words) == korean
