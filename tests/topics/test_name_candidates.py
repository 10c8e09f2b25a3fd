"""Names in languages without a topic model: found by how they are written, and never function words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import Event, TopicExtractor
from relatedstories.text.stop_words import stop_words
from relatedstories.topics.name_candidates import MAX_NAME_CHARS, name_mentions

TEXTS = [
    (
        "de",
        "Gestern sprach Ursula Brandt. Dann lobte Brandt die EU und den A380.",
        ["Ursula Brandt", "Brandt", "EU", "A380"],
    ),
    ("fr", "Le maire de Lyon a reçu Anne Petit. La ville attend.", ["Lyon", "Anne Petit"]),
    ("fr", "On parle d'OpenSSL et de l'API Brume, loin de L'Aquila.", ["OpenSSL", "API Brume", "L'Aquila"]),
    ("es", "Ayer llegó a Sevilla el ministro. Sevilla lo recibió.", ["Sevilla", "Sevilla"]),
    ("eo", "La registaro de Norvegio parolis. Norvegio restas.", ["Norvegio", "Norvegio"]),
    ("ru", "Вышел Ruby 3.1.2. В городе Орск прошёл съезд.", ["Ruby 3.1.2", "Орск"]),
    ("uk", "Вчора до Києва приїхала Олена Коваль.", ["Києва", "Олена Коваль"]),
    ("pl", "Wczoraj w Krakowie spotkali się posłowie PiS.", ["Krakowie", "PiS"]),
    ("ja", "新しいRuby 3.1とプログラミング入門『たのしい本』", ["Ruby 3.1", "プログラミング", "たのしい本"]),
    ("zh", "Google 发布《新的书》", ["Google", "新的书"]),
    ("tr", "Dün Başbakan Ayşe Yılmaz, Ankara'da Olaf Brandt ile görüştü.", ["Başbakan Ayşe Yılmaz", "Ankara", "Olaf Brandt"]),
    ("ja", "岸田文雄首相は東京電力の福島県の施設を訪れた", ["岸田文雄", "東京電力", "福島県"]),
    ("zh", "四川省的警方与联合国代表会谈", ["四川省", "联合国"]),
    ("zh", "臺灣總統訪問烏克蘭", ["臺灣", "烏克蘭"]),
    ("ko", "서울에서 OpenAI 행사가 열렸다", ["서울", "OpenAI"]),
    ("ar", "أعلنت شركة Google عن هاتف", ["Google"]),
    ("fr", "Téléchargez https://example.org/Paris/Lyon.tar.gz maintenant", []),
]


@pytest.mark.parametrize(("language", "text", "names"), TEXTS)
def test_names(language: str, text: str, names: list[str]) -> None:
    found = name_mentions(text, language)
    assert [mention.name for mention in found] == names
    assert all(" ".join(text[mention.start : mention.end].split()) == mention.name for mention in found)


def test_kinds_of_known_names() -> None:
    found = {mention.name: mention.kind for mention in name_mentions("大谷は東京電力と輪島市へ『本』", "ja")}
    assert found == {"大谷": "person", "東京電力": "organisation", "輪島市": "place"}


@given(
    st.text("AaBb ÄéИи日ガ『』.\n-0東京県大谷", max_size=60)
    | st.lists(st.sampled_from(["Die", "Der", "Und", "EU", "Wien", "la", "La", "3.1"])).map(" ".join),
    st.sampled_from(["de", "fr", "ru", "ja", "zh", "und"]),
)
def test_names_of_any_text_are_short_apart_and_no_stop_words(text: str, language: str) -> None:
    end = 0
    for mention in name_mentions(text, language):
        assert end <= mention.start < mention.end
        assert len(mention.name) <= MAX_NAME_CHARS
        assert mention.name.lower() not in stop_words(language)
        end = mention.end


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("ru", "Сегодня президент Украины Иван Петренко прибыл", ["Украины", "Иван Петренко"]),
        ("ru", "Вчера глава МИД США Джон Смит улетел", ["МИД США Джон Смит"]),
        ("pl", "Wczoraj prezydent Ukrainy Jan Nowak odleciał", ["Ukrainy", "Jan Nowak"]),
        ("fr", "Hier la chaîne France Info a parlé", ["France Info"]),
    ],
)
def test_a_country_in_the_genitive_is_no_part_of_the_name_after_it(language: str, text: str, names: list[str]) -> None:
    assert [mention.name for mention in name_mentions(text, language)] == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Вчера в столице Украины шёл снег", "Украина"),
        ("Wczoraj w stolicy Ukrainy padał śnieg", "Ukraina"),
        ("ウクライナの首都", "ウクライナ"),
    ],
)
def test_a_country_is_a_place_under_its_own_name(text: str, name: str) -> None:
    (topic,) = TopicExtractor().extract(text)
    assert (str(topic), topic.kind) == (name, "place")


def test_inflected_names_are_one_topic() -> None:
    (topic,) = TopicExtractor().extract("Wczoraj w stolicy Ukrainy padał śnieg, a wojska Ukrainie pomagały ludziom.")
    assert topic.mentions == ("Ukrainy", "Ukrainie")


def test_english_names_are_not_read_into_other_languages() -> None:
    event = Event("1", "De ontslagen bij de fabriek waren som te verwachten", topics=["Sport", "Gezondheid"])
    assert TopicExtractor(language="nl").extract(event) == ("Sport", "Gezondheid")


def test_english_topics_are_as_before() -> None:
    event = "Supplies reach the International Space Station (ISS)"
    assert TopicExtractor().extract(event) == TopicExtractor(language="en").extract(event) == ("International Space Station",)


def test_aliases_are_found_within_scripts_without_spaces() -> None:
    extractor = TopicExtractor(aliases={"東京": ["とうきょう"]})
    assert extractor.extract("雪の東京駅で電車が止まる") == ("東京",)
    assert extractor.extract("とうきょうの雪が止まる") == ("東京",)


def test_language_is_a_part_of_the_name() -> None:
    assert "language de" in TopicExtractor(language="de-AT").name
    with pytest.raises(ValueError, match="expected the code of a language"):
        TopicExtractor(language="German")
