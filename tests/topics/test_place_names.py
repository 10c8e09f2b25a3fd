"""Places are found in many languages by a table, in any case and whatever is written together with them."""

from __future__ import annotations

import pytest

from relatedstories import Event, TopicExtractor
from relatedstories.topics.place_names import place_name, places_in


def found(text: str, language: str) -> list[tuple[str, str]]:
    return [(topic.name, topic.kind) for topic in TopicExtractor().extract(Event("1", text, language=language))]


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("ar", "زلزال في نيبال وطلبت الحكومة من الهند المساعدة", ["نيبال", "الهند"]),
        ("ar", "وصل الوزير إلى القاهرة بمصر", ["القاهرة", "مصر"]),
        ("ar", "مساعدات للهند", ["الهند"]),
        ("bn", "নেপালে ভূমিকম্প, ভারতের সাহায্য", ["নেপাল", "ভারত"]),
        ("cs", "Jednání v Praze o Ukrajině", ["Praha", "Ukrajina"]),
        ("da", "Danmarks regering vil hjælpe", ["Danmark"]),
        ("de", "Polen schließt die Grenze zu Belarus", ["Polen", "Belarus"]),
        ("de", "Im Westen Nepals bebte die Erde, in Berlins Zoo nicht", ["Nepal", "Berlin"]),
        ("el", "Η κυβέρνηση της Γερμανίας απάντησε", ["Γερμανία"]),
        ("el", "Απεργία στον Πειραιά", ["Πειραιάς"]),
        ("es", "El ministro viajó a Perú", ["Perú"]),
        ("et", "Valitsus Tallinnas arutas", ["Tallinn"]),
        ("fa", "زلزله در نپال، کمک از هند", ["نپال", "هند"]),
        ("fi", "Ruotsissa ja Suomessa satoi lunta", ["Ruotsi", "Suomi"]),
        ("he", "רעידת אדמה בנפאל, סיוע מהודו", ["נפאל", "הודו"]),
        ("hi", "नेपाल में भूकंप, भारत ने मदद भेजी", ["नेपाल", "भारत"]),
        ("hr", "Vlada u Zagrebu razgovara s Njemačkom", ["Zagreb", "Njemačka"]),
        ("hu", "Sztrájk Szegeden", ["Szeged"]),
        ("hu", "Budapesten havazik, Németországban nem", ["Budapest", "Németország"]),
        ("ka", "თოვლი საქართველოში", ["საქართველო"]),
        ("ko", "네팔에서 지진, 인도가 지원", ["네팔", "인도"]),
        ("lt", "Vilniuje sninga", ["Vilnius"]),
        ("lt", "Klaipėdoje ir Telšiuose sninga", ["Klaipėda"]),
        ("lv", "Krievijas robeža slēgta", ["Krievija"]),
        ("ne", "नेपालमा भूकम्प", ["नेपाल"]),
        ("pl", "W Niemczech i w Warszawie pada śnieg", ["Niemcy", "Warszawa"]),
        ("pl", "Krakowa i Łodzi śnieg nie ominie, Katowic też", ["Kraków", "Łódź", "Katowice"]),
        ("ro", "Inundații în Galați, nu la Brașov", ["Galați", "Brașov"]),
        ("ro", "Guvernul Ucrainei a răspuns", ["Ucraina"]),
        ("ru", "Китая и Израиля это не касается", ["Китай", "Израиль"]),
        ("sr", "Поплаве код Ваљева", ["Ваљево"]),
        ("sr", "У Србији пада снег", ["Србија"]),
        ("th", "แผ่นดินไหวในเนปาล อินเดียส่งความช่วยเหลือ", ["เนปาล", "อินเดีย"]),
        ("uk", "У Києві сніг", ["Київ"]),
        ("ur", "نیپال میں زلزلہ، بھارت کی مدد", ["نیپال", "بھارت"]),
    ],
)
def test_places_are_topics_under_their_own_names(language: str, text: str, names: list[str]) -> None:
    topics = found(text, language)
    assert [topic for topic in topics if topic[0] in names] == [(name, "place") for name in names]
    assert not [name for name, kind in topics if kind == "place" and name not in names]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "دعم مالي جديد"),  # financial, not Mali
        ("cs", "Česká ekonomika roste"),  # an adjective
        ("de", "Das Essen war gut, die Mitte bleibt"),
        ("es", "Román y Martín ganaron"),
        ("fr", "Martin et Georges gagnent"),  # not Martinique, not Géorgie
        ("hr", "Riječi nisu dovoljne"),  # not Rijeka
        ("it", "Però Martin ha vinto, il libero no"),
        ("ko", "이 수단을 위해"),
        ("ru", "Данные и самое новое"),  # not Дания
    ],
)
def test_words_that_only_look_like_places_are_none(language: str, text: str) -> None:
    assert not [name for name, kind in found(text, language) if kind == "place"]


def test_a_mention_is_the_place_without_the_words_written_together_with_it() -> None:
    text = "زلزال وبمصر"
    assert [(text[start:end], name) for start, end, name in places_in(text, "ar")] == [("مصر", "مصر")]


def test_of_two_names_the_longer_counts() -> None:
    assert [name for _, _, name in places_in("وصل إلى جنوب أفريقيا أمس", "ar")] == ["جنوب أفريقيا"]


def test_accents_may_be_left_out_of_long_names_alone() -> None:
    assert (place_name("Mexico", "es"), place_name("Peru", "es"), place_name("Bi", "vi")) == ("México", None, None)
