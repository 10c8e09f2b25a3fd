"""Terms of texts in many languages: what counts as the same word."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, strip_accents_unicode

from relatedstories.features.vectors import background, count_terms, inverse_frequencies, stemmed
from relatedstories.text.terms import NEWS_WORDS, in_language, stem_key, stem_of, terms_of, without_language

SAME = [
    ("de", "Die Häuser der Straße", "Das Haus an den Strassen"),
    ("fr", "L’école et l'élève", "Les écoles, les élèves"),
    ("es", "Los puentes y los puertos", "El puente del puerto"),
    ("it", "Nell’isola dei fiumi", "Isola del fiume"),
    ("eo", "La novaj domoj", "En la nova domo"),
    ("cs", "Povodně v městech", "povodeň ve městě"),
    ("pl", "Powodzie na Ukrainie", "powodzi Ukrainy"),
    ("ru", "Наводнение в Орске", "Орск после наводнения"),
    ("uk", "Міста України", "У місті Україна"),
    ("ar", "زلزال في مراكش", "الزِّلزال مراكش"),
    ("tr", "İSTANBUL IŞIKLARI", "istanbul ışıkları"),
    ("hu", "A házak a hídban", "Ház és híd"),
    ("el", "Πλημμύρες στη Θεσσαλία", "ΠΛΗΜΜΥΡΑ ΘΕΣΣΑΛΙΑ"),
]


@pytest.mark.parametrize(("language", "a", "b"), SAME)
def test_inflected_words_are_one_term(language: str, a: str, b: str) -> None:
    shared = set(terms_of(a, language)) & set(terms_of(b, language))
    assert len(shared) == 2


@pytest.mark.parametrize(
    ("language", "a", "b", "shared"),
    [
        ("ja", "東京で地震、震度5強", "東京の地震で電車が止まる", {"東京", "地震"}),
        ("ja", "プログラミング言語Ruby 3.1", "Rubyのプログラミング入門", {"プログラミング", "ruby"}),
        ("zh", "北京举行冬季运动会", "冬季运动会在北京闭幕", {"北京", "冬季", "季运", "运动", "动会"}),
        ("ko", "서울에 폭설", "폭설로 서울이 마비", {"서울", "폭설"}),
        ("th", "น้ำท่วมเชียงใหม่", "เชียงใหม่หลังน้ำท่วม", None),
    ],
)
def test_scripts_without_spaces(language: str, a: str, b: str, shared: set[str] | None) -> None:
    found = set(terms_of(a, language)) & set(terms_of(b, language))
    assert found == shared if shared is not None else len(found) > 3


def test_japanese_keeps_the_marks_that_make_other_letters() -> None:
    assert terms_of("ガラス", "ja") == ["ガラス"] == terms_of("ｶﾞﾗｽ", "ja")
    assert terms_of("さくら", "ja") == ["さく", "くら"]  # with nothing else to count


def test_words_of_indian_scripts_stay_whole() -> None:
    assert "दिल्ल" in terms_of("दिल्ली में बारिश", "hi")[0]


def test_composed_and_decomposed_letters_are_one() -> None:
    for language in ("de", "fr", "vi", "ko", "ja"):
        text = {"vi": "Bão đổ bộ", "ko": "서울", "ja": "ガラス"}.get(language, "Überflutung à Zürich")
        assert terms_of(unicodedata.normalize("NFD", text), language) == terms_of(text, language)


def test_stop_words_are_not_counted() -> None:
    assert terms_of("und die der ist", "de") == [] == terms_of("kaj la en de", "eo")
    assert terms_of("qu'il n'est pas", "fr") == []


@given(st.text("aB éß'-&1 \n", max_size=30))
def test_english_is_the_stems_of_what_scikit_learn_counts(text: str) -> None:
    words = re.findall(r"\b\w\w+\b", strip_accents_unicode(text.lower()))
    assert terms_of(text, "en") == [stem_of(word) for word in words if word not in ENGLISH_STOP_WORDS - NEWS_WORDS]


@given(st.text(max_size=40), st.sampled_from(["de", "ar", "th", "ko", "ja", "hi", "tr", "und", "uk"]))
def test_any_text_has_terms_without_a_colon(text: str, language: str) -> None:
    for term in terms_of(text, language):
        assert term
        assert without_language(in_language(term, language)) == term


def test_languages_are_counted_apart() -> None:
    counts = count_terms(["tram to the port", "tram du port", "die tram"], languages=["en", "fr", "de"])
    assert counts.terms == ("de:tram", "fr:port", "fr:tram", "port", "tram")


def test_the_large_english_archive_says_nothing_of_other_languages() -> None:
    plain, german = inverse_frequencies(["government", "de:government"], np.array([5, 5]), 10, background())
    assert german == inverse_frequencies(["government"], np.array([5]), 10)[0]
    assert plain != german


def test_keys_of_inflected_names() -> None:
    assert len({stem_key(name, "pl") for name in ("ukraina", "ukrainy", "ukrainie")}) == 1
    assert len({stem_key(name, "uk") for name in ("україна", "україни", "україні")}) == 1
    assert stem_key("united states", "en") == "united states"


def test_stems_leave_the_counts_of_words_as_they_are() -> None:
    words = count_terms(["A station of stations"], ["Stations, station"])
    before = words.matrix.toarray()
    assert stemmed(words).terms == ("station",)
    assert (words.matrix.toarray() == before).all()


def test_stop_words_are_those_of_scikit_learn_which_is_not_imported_for_them() -> None:
    code = (
        "import sys; from relatedstories.text.terms import english_stop_words, NEWS_WORDS; words = english_stop_words();"
        "print('sklearn' in sys.modules); from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS;"
        "print(words == ENGLISH_STOP_WORDS - NEWS_WORDS)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
