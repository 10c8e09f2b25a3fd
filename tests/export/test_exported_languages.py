"""Exported pages of events speak the language of their event, and are read back whatever it is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from helpers import CapitalisedWords, day
from lxml import html

from relatedstories import Event, RelatedStories, read_events
from relatedstories.export import export
from relatedstories.pages.words import WORDS, words_in

EVENTS = [
    Event("de-1", "Kiel sperrt den Hafen", "Der Hafen von Kiel ist zu.", day("2024-03-02"), sources=["Bote"], language="de"),
    Event("de-2", "Kiel sperrt den Hafen", "Der Hafen von Kiel ist zu.", language="de"),
    Event("de-3", "Kiel feiert", "In Kiel beginnt das Fest der Segler.", url="https://example.org/kiel", language="de"),
    Event("ar-1", "Cairo ميناء جديد", "افتتح أمس", day("2024-03-01"), language="ar"),
    Event("fi-1", "Turku odottaa", "Lautta on myöhässä.", language="fi"),
    Event("und-1", "Turku", language="und"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    stories = RelatedStories(CapitalisedWords(), min_score=0.0).fit(EVENTS)  # type: ignore[arg-type]
    export(stories, folder, ("html", "md"))
    return folder


def page_of(site: Path, words: str, suffix: str) -> str:
    (path,) = (path for path in site.glob(f"news/**/*.{suffix}") if path.name.startswith(words))
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", WORDS)
def test_every_language_has_all_its_words(language: str) -> None:
    words = WORDS[language]
    assert all(word == word.strip() for word in words)
    assert len(words.months.split()) in {0, 12}
    assert "" not in words[:-1]
    dates = {words.date(dt.date(2016, month, 31 if month == 12 else 1)) for month in range(1, 13)}
    assert len(dates) == 12
    assert all("2016" in date for date in dates)
    assert len({words.related, words.sources, words.copies, words.topics}) == 4


def test_words_of_other_languages_are_english() -> None:
    assert words_in("fi") is words_in("und") is WORDS["en"]


def test_a_page_in_html(site: Path) -> None:
    page = html.fromstring(page_of(site, "kiel-feiert", "html"))
    assert (page.get("lang"), page.get("dir")) == ("de", None)
    assert page.xpath("//h2/text()") == ["Mehr zum Thema", "Themen"]
    assert page.xpath("//span[@class='context']")[0].text_content() == "Zusammenhang: Kiel"
    assert page.xpath("//time/text()") == ["2. März 2024"]
    assert page.xpath("string(//a[@class='skip'])") == "Zum Inhalt springen"
    assert page.xpath("//a[@href='https://example.org/kiel']/text()") == ["Ursprüngliche Seite"]
    assert "Ohne Datum" in page.text_content()


def test_a_page_in_markdown(site: Path) -> None:
    (path,) = (path for path in site.glob("news/2024/03/2/*.md") if path.name.startswith("kiel"))
    page = path.read_text(encoding="utf-8")
    for line in ("\n### Quellen:\n", "\n### Mehr zum Thema:\n", "\n### Auch erschienen als:\n", "\nThemen: ", " _Zusammenhang: "):
        assert line in page


@pytest.mark.parametrize(
    ("words", "attributes"),
    [
        ("cairo", {"lang": "ar", "dir": "rtl"}),
        ("turku-odottaa", {"lang": "fi"}),
        ("turku-", {"lang": ""}),
        ("index", {"lang": "en"}),
    ],
)
def test_the_language_of_a_page(site: Path, words: str, attributes: dict[str, str]) -> None:
    found = [html.parse(path).getroot() for path in site.rglob("*.html") if path.name.startswith(words)]
    assert attributes in [dict(page.attrib) for page in found]
    assert words != "index" or all(dict(page.attrib) == attributes for page in found)


def test_pages_in_any_language_are_read_back(site: Path) -> None:
    assert {event.id: event for event in read_events(site)} == {event.id: event for event in EVENTS}


def test_the_language_is_told_where_an_event_says_none(tmp_path: Path) -> None:
    events = [
        Event("1", "Die Stadt sperrt den Hafen wegen des Sturms"),
        Event("2", "The city closes the harbour after the storm"),
    ]
    stories = RelatedStories().fit(events)
    export(stories, tmp_path)
    languages = {html.parse(path).getroot().get("lang") for path in tmp_path.glob("news/undated/*/*.html")}
    assert languages == {"de", "en"} == {stories.language_of(event.id) for event in events}


def test_titles_in_lists_say_their_language(site: Path) -> None:
    home = html.parse(site / "index.html").getroot()
    languages = {link.text_content(): link.get("lang") for link in home.xpath("//ul[@class='events']//a")}
    assert languages["Kiel sperrt den Hafen"] == "de"
    (day_page,) = site.glob("news/2024/03/1/index.html")
    (article,) = html.parse(day_page).getroot().xpath("//article")
    assert (article.get("lang"), article.get("dir")) == ("ar", "rtl")
    links = html.fromstring(page_of(site, "kiel-feiert", "html")).xpath("//ol[@class='related']//a/@lang")
    assert links == []  # they are in the language of the page
