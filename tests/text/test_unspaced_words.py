"""Chinese and Japanese texts are divided into words, each with its part in a label."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories.artefacts import table
from relatedstories.text.unspaced_words import _most_probable, unspaced_words

COSTS = {word: int(cost) for word, _, cost in table("unspaced/zh.tsv")}


def divided(text: str, language: str) -> str:
    """Return the words of a text with their parts, as `word/part word/part`."""
    return " ".join(f"{text[word.start : word.end]}/{word.part}" for word in unspaced_words(text, language))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("zh", "内存缓冲区溢出", "内存/m 缓冲区/m 溢出/m"),
        ("zh", "以获取详情", "以/o 获取/o 详情/g"),
        ("zh", "四川省发生地震", "四川省/l 发生/o 地震/m"),
        ("ja", "台風が静岡県に上陸", "台風/m 静岡県/l 上陸/m"),
        ("ja", "サーバの脆弱性", "サーバ/m の/f 脆弱性/n"),
        ("ja", "協力頂きました", "協力/g 頂/o"),
        ("ja", "副大統領の会見", "副大統領/g の/f 会見/g"),
    ],
)
def test_words_and_parts(language: str, text: str, expected: str) -> None:
    assert divided(text, language) == expected


@pytest.mark.parametrize(
    ("noun", "verb_before", "verb_after"),
    [("缓冲区", "o", "n"), ("我们", "o", "o")],  # a buffer, we
)
def test_a_verb_is_a_noun_only_after_one(noun: str, verb_before: str, verb_after: str) -> None:
    rare_verb = next(word for word, part, _ in table("unspaced/zh.tsv") if part == "s" and len(word) == 2)
    parts = {word.part for word in unspaced_words(f"{noun}，{rare_verb}", "zh") if word.start > len(noun)}
    assert parts == {verb_before}
    assert list(unspaced_words(noun + rare_verb, "zh"))[-1].part == verb_after


def test_traditional_characters_are_divided_like_simplified_ones() -> None:
    traditional, simplified = "眾議院議長會見總統", "众议院议长会见总统"
    assert list(unspaced_words(traditional, "zh")) == list(unspaced_words(simplified, "zh"))


def test_characters_that_make_no_known_word_are_one_name() -> None:
    assert divided("拜登访问", "zh") == "拜登/p 访问/m"


CHINESE = st.text("内存缓冲区溢出的攻击发布在了总统大学会地震东京都县", min_size=1, max_size=9)
RUNS = st.text("内存缓冲区溢出的攻击发布在了総統大学会地震東京都县", min_size=1, max_size=9)


@given(RUNS, st.sampled_from(["ja", "zh"]))
@settings(deadline=None)
def test_the_words_of_a_run_are_all_of_it(run: str, language: str) -> None:
    words = list(unspaced_words(run, language))
    assert [word.start for word in words] == [0, *(word.end for word in words[:-1])]
    assert words[-1].end == len(run)


@given(CHINESE)
@settings(deadline=None)
def test_no_other_division_costs_less(run: str) -> None:
    def cost(cuts: tuple[int, ...]) -> int:
        words = [run[a:b] for a, b in itertools.pairwise((0, *cuts, len(run)))]
        return sum(COSTS.get(word, 10**6 if len(word) > 1 else 185) for word in words)

    places = range(1, len(run))
    least = min(cost(cuts) for n in range(len(run)) for cuts in itertools.combinations(places, n))
    found = tuple(word.start for word in _most_probable(run, "zh")[1:])  # before those that hang on to others are joined to these
    assert cost(found) == least


def test_words_in_other_scripts_are_left_out() -> None:
    assert divided("Ruby 3.1 の JSON", "ja") == ""
    assert divided("NUL 字节", "zh") == "字节/m"
