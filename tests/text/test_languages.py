"""The language of a text, from the text alone."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest
from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories, TopicExtractor
from relatedstories.language_codes import language_code
from relatedstories.text.cleaning import clean_event
from relatedstories.text.languages import UNKNOWN, language_of, language_of_event, possible_languages

HEADLINES = {
    "ar": ["زلزال قوي يضرب شمال البلاد", "البرلمان يناقش الموازنة"],
    "bg": ["Парламентът прие бюджета за следващата година"],
    "cs": ["Vichřice poničila střechy na Vysočině", "Vláda odložila stavbu nové dálnice"],
    "de": ["Hochwasser in Passau", "Die Stadt baut eine neue Brücke über den Fluss"],
    "el": ["Πλημμύρες στη Θεσσαλία"],
    "en": [
        "Storm batters Cornwall",
        "Macron meets Scholz",
        "Mayor opens the new bridge",
        "Ruby 2.7.0 released",
        "Candidate Jorge de Almeida wins São Miguel's regional vote",
        "The U.S. mayor's son wins the U.S. car race",
        "Ai Weiwei opens Van Gogh exhibition",
        "Carpenter Otto Brandt dies",
        "Nobody dies in Gudja's school fire",
        "Ngalda is retaken by Government Forces",
    ],
    "eo": ["La registaro de Norvegio anoncis novan leĝon", "Pri la protestoj en la ĉefurbo"],
    "es": ["El gobierno aprueba una nueva ley de vivienda"],
    "fa": ["زمین‌لرزه در شهر تبریز و چند روستا"],
    "fi": ["Hallitus leikkaa kuntien rahoitusta ensi vuonna"],
    "fr": ["Le conseil vote la nouvelle ligne de tram", "La pluie a inondé les rues du port"],
    "he": ["הממשלה אישרה את התקציב"],
    "hi": ["दिल्ली में भारी बारिश से सड़कें बंद"],
    "hu": ["Megnyílt az új metróvonal Budapesten"],
    "it": ["Il comune approva il piano per la nuova stazione"],
    "ja": ["大阪で地震、けが人なし", "東京株式市場が急落", "東京駅周辺再開発", "Rubyの新しい版を公開"],
    "ko": ["서울에 폭설, 항공편 결항"],
    "nl": ["Storm zorgt voor grote problemen op het spoor"],
    "pl": ["Powódź zalała ulice na Śląsku", "Rząd przyjął projekt ustawy o szkołach"],
    "pt": ["Chuvas fortes deixam feridos no Porto", "Câmara aprova novo orçamento da cidade"],
    "ru": ["Паводок в Орске", "Жители города возвращаются домой"],
    "sv": ["Regeringen föreslår nya skatter på flyg"],
    "th": ["น้ำท่วมหนักในเชียงใหม่"],
    "tr": ["Belediye yeni metro hattını açtı", "Seçim sonuçları açıklandı"],
    "uk": ["Повінь на Закарпатті", "У Києві відкрили новий міст"],
    "vi": ["Bão đổ bộ vào các tỉnh miền Trung"],
    "zh": ["北京冬季运动会闭幕", "暴雨袭击广州"],
}


@pytest.mark.parametrize(("language", "headline"), [(code, text) for code, texts in HEADLINES.items() for text in texts])
def test_language_of_headlines(language: str, headline: str) -> None:
    assert language_of(headline) == language


def test_text_without_evidence_is_in_the_default_language() -> None:
    assert language_of("Angela Merkel", default="de") == "de"
    assert language_of("2005: 3-1") == "en"
    assert language_of("") == "en"
    assert language_of("🙂") == "en"


def test_names_tell_no_language() -> None:
    for headline in ("Schnee in Oslo", "Streik in Hamburg", "Berlin 2020: Stau", "Konferenz 2012: Call for Papers"):
        assert possible_languages(headline) == ()
        assert language_of(headline, default="de") == "de"
    assert possible_languages("Snow in Oslo") == possible_languages("Oslo Opens Harbour Tunnel") == ("en",)


def test_declared_language_is_kept() -> None:
    assert language_of("The mayor opens the bridge", "nl") == "nl"


def test_script_of_no_known_language() -> None:
    assert language_of("𐌰𐌱𐌲𐌳 𐌴𐌵𐌶𐌷 𐌸𐌹𐌺") == UNKNOWN


def test_names_and_code_in_latin_script_do_not_count() -> None:
    text = "Вышел Ruby 3.1.2. Скачать:\nhttps://example.org/ruby-3.1.2.tar.gz SHA256: " + "ca10d017f8a1b6d247556622c841fc56 " * 9
    assert language_of(text) == "ru"


def test_quoted_words_in_another_script_do_not_count() -> None:
    assert (
        language_of("The singer Cui Jian (崔健), whose song 一无所有 is known to many, has made a film about his youth.") == "en"
    )


def test_codes() -> None:
    assert [language_code(tag) for tag in ("EN", "de-AT", "zh_cn", "sr-Latn-RS", "nb", "eng", "")] == [
        *("en", "de", "zh", "sr", "no", "en", None)
    ]
    assert language_code("English") is None


def test_plain_english_does_not_load_the_detector() -> None:
    code = (
        "import sys; from relatedstories.text.languages import language_of as f;"
        "f('The mayor opens the new bridge over the river'); f('Nobody dies in Gudja’s school fire');"
        "f('Ngalda is retaken by Government Forces'); f('Egypt’s fire kills Libya’s miners');"
        "f('Землетрясение: жители вышли на улицы, объявлена тревога');"
        "sys.exit('py3langid' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("archive", "language", "least"),
    [("globalvoices-eo", "eo", 0.97), ("rubylang-fr", "fr", 0.98), ("rubylang-ja", "ja", 0.98), ("opensuse", "en", 0.99)],
)
def test_articles_of_archives(archive: str, language: str, least: float) -> None:
    with gzip.open(shared(f"archives/{archive}.jsonl.gz"), "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    right = sum(language_of(f"{row['title']}\n{row.get('text') or ''}") == language for row in rows)
    assert right >= least * len(rows)


MARKED_UP = Event(
    "1",
    "Kiel &amp; der Hafen",
    "<script>"
    + "the harbour of the city is what it was; " * 40
    + "</script><p class='the and of'>Der Hafen von Kiel ist zu.</p>",
)


def test_markup_does_not_tell_the_language(extractor) -> None:
    assert language_of_event(MARKED_UP) == "de"
    assert language_of_event(MARKED_UP.in_language("nl")) == language_of_event(MARKED_UP, "nl") == "nl"
    assert language_of_event(Event("1", "Kiel", "```der Hafen``` Die Stadt sperrt den Hafen wegen des Sturms")) == "de"
    assert RelatedStories(extractor).fit([MARKED_UP]).language_of("1") == "de"
    assert extractor.extract(MARKED_UP) == extractor.extract(MARKED_UP.in_language("de")) != ()


@settings(deadline=None)
@given(
    st.text(max_size=30),
    st.sampled_from(
        ["", "`ls`: der Hafen ist wieder offen.", "<p>Der Hafen ist zu.</p>", "<b>" * 400 + "Le port de la ville est fermé."]
    ),
)
def test_an_event_is_in_one_language_whoever_asks(title: str, text: str) -> None:
    event = Event("1", title.strip() or "x", text)
    assert TopicExtractor()._language_of(event, clean_event(event)) == language_of_event(event)
