"""Function words of many languages are stop words, in the spelling that texts have."""

from __future__ import annotations

import pytest

from relatedstories.text.stop_words import stop_words
from relatedstories.topics.name_candidates import name_mentions

FUNCTION_WORDS = {
    "az": "və ilə üçün",
    "be": "і для паміж",
    "bs": "i gdje između",
    "el": "στις χωρίς επίσης",
    "en": "the i've don't",
    "eo": "kun kontraŭ kiel",
    "et": "ja ning pärast",
    "fr": "déjà aujourd'hui",
    "hr": "gdje između protiv",
    "hy": "և մասին դեմ",
    "is": "og eftir hvernig",
    "ka": "და რომელიც შესახებ",
    "lt": "iš už šis",
    "lv": "kas vairāk viņš",
    "mk": "и меѓу според",
    "ne": "र तर पछि",
    "ro": "și toți ăștia",
    "sq": "dhe për midis",
    "sr": "и између против između protiv",
    "tr": "çünkü arasında",
    "uk": "і який після",
    "uz": "va bilan uchun",
}


@pytest.mark.parametrize(("language", "words"), FUNCTION_WORDS.items())
def test_function_words_are_stop_words(language: str, words: str) -> None:
    assert stop_words(language).issuperset(words.split())


def test_words_that_news_is_about_are_none() -> None:
    assert "deutschland" not in stop_words("de")
    assert "война" not in stop_words("ru")


def test_a_preposition_of_the_language_is_no_part_of_a_name() -> None:
    text = "La eldonejo helpas de Tajvano al Ukrainio kaj Universitato de Kalifornio diris: I've seen it."
    assert [mention.name for mention in name_mentions(text, "eo")] == ["Tajvano", "Ukrainio", "Universitato de Kalifornio"]
