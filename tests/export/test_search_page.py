"""The search of an exported site in Chromium: words, facets, keys and addresses, from a disk and from a server."""

from __future__ import annotations

import datetime as dt
import functools
import http.server
import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import quick
from playwright.sync_api import Browser, Page, expect

from relatedstories import Event, RelatedStories, Storyline, Storylines, Topic
from relatedstories.export import export
from relatedstories.export.paths import story_stem, topic_stem
from relatedstories.export.search_terms import search_terms

STATUS, RESULTS = "#status", "#results a"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sample_stories: RelatedStories) -> Path:
    folder = tmp_path_factory.mktemp("site")
    export(sample_stories, folder, title="The sample")
    return folder


@pytest.fixture(params=["disk", "server"])
def address(request: pytest.FixtureRequest, site: Path) -> Iterator[str]:
    """The address of the site."""
    if request.param == "disk":
        yield site.as_uri()
        return

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path == "/favicon.ico":
                self.send_response(204)
                self.end_headers()
            else:
                super().do_GET()

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 100  # a page asks for many pieces at once

    with Server(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def settled(page: Page) -> None:
    """Wait for all that a search shows."""
    expect(page.locator("#found")).to_have_attribute("aria-busy", "false")


def titles(page: Page) -> list[str]:
    settled(page)
    return page.locator(RESULTS).all_text_contents()


def facet(page: Page, name: str) -> dict[str, int]:
    """The values of a facet and their numbers of events."""
    settled(page)
    labels = page.locator(f"#facet-{name} label").all_text_contents()
    found = [re.fullmatch(r"\s*(.*?) ([\d,]+) events?", label) for label in labels]
    return {each[1]: int(each[2].replace(",", "")) for each in found if each}


def narrow(page: Page) -> None:
    """Open the facets, which a phone shows closed."""
    if page.locator("#narrow").get_attribute("open") is None:
        page.locator("#narrow summary").click()
    expect(page.locator("#facet-topic label").first).to_be_visible()


def test_words_in_any_order_and_what_begins_with_them(address: str, page: Page) -> None:
    page.goto(f"{address}/search.html")
    expect(page.locator(STATUS)).to_have_text("302 events.")
    page.get_by_label("Words of titles, topics and stories").fill("cave THAI")
    settled(page)
    expect(page.locator(STATUS)).to_have_text(re.compile("^[3-6] events"))
    assert any("Thai cave" in title for title in titles(page))
    found = titles(page)
    page.locator("#q").fill("thai cav")
    settled(page)
    expect(page.locator(STATUS)).to_have_text(re.compile("^[3-6] events"))
    assert {*found} <= {*titles(page)}
    assert page.locator("#found-stories a").all_text_contents() == []
    page.locator("#q").fill("tham luang")
    expect(page.locator("#found-stories a")).to_have_text("Tham Luang, Thai Navy, Wild Boars")
    page.locator("#found-stories a").click()
    expect(page.locator("h1")).to_have_text("Tham Luang, Thai Navy, Wild Boars")
    page.go_back()
    expect(page.locator("#q")).to_have_value("tham luang")
    page.locator("#q").fill("international space st")
    page.locator("#found-topics").get_by_role("link", name=re.compile("^International Space Station ")).click()
    expect(page.locator("h1")).to_have_text("International Space Station")


def test_accents_do_not_matter(page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/search.html?q=chavez")
    expect(page.locator(RESULTS).first).to_contain_text("Chávez")
    page.locator("#q").fill("CHÁVEZ nicolas")
    expect(page.locator(RESULTS).first).to_contain_text("Nicolás")


def test_what_nothing_has_is_said(page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/search.html?q=qqqq")
    expect(page.locator(STATUS)).to_have_text("0 events. Try fewer or shorter words.")
    assert titles(page) == []


def test_facets_together_their_counts_and_the_address(address: str, page: Page) -> None:
    page.goto(f"{address}/search.html?q=space")
    narrow(page)
    settled(page)
    total = int(page.locator(STATUS).inner_text().split()[0])
    assert sum(facet(page, "year").values()) == total
    topics = facet(page, "topic")
    assert topics["International Space Station"] > 3
    page.get_by_label(re.compile("^International Space Station ")).check()
    expect(page.locator(STATUS)).to_have_text(f"{topics['International Space Station']} events.")
    assert "topic=International+Space+Station" in page.url
    expect(page.locator("#active button")).to_have_count(1)
    years = facet(page, "year")
    year = max(years, key=lambda year: (years[year], year))
    page.get_by_label(re.compile(f"^{year} ")).check()
    expect(page.locator(STATUS)).to_have_text(f"{years[year]} event{'s' if years[year] > 1 else ''}.")
    assert facet(page, "year") == years  # one may add another year
    other = next(name for name in years if name != year)
    page.get_by_label(re.compile(f"^{other} ")).check()
    expect(page.locator(STATUS)).to_have_text(f"{years[year] + years[other]} events.")
    shared, found = page.url, titles(page)
    page.goto(f"{address}/index.html")
    page.goto(shared)
    expect(page.locator(STATUS)).to_have_text(f"{years[year] + years[other]} events.")
    assert titles(page) == found
    expect(page.locator("#active button")).to_have_count(3)
    page.get_by_role("button", name=f"Remove year {other}").click()
    expect(page.locator(STATUS)).to_have_text(f"{years[year]} event{'s' if years[year] > 1 else ''}.")
    page.go_back()
    expect(page.locator(STATUS)).to_have_text(f"{years[year] + years[other]} events.")
    page.go_forward()
    expect(page.locator("#active button")).to_have_count(2)


def test_kinds_and_stories(page: Page, site: Path, sample_stories: RelatedStories) -> None:
    page.goto(f"{site.as_uri()}/search.html")
    narrow(page)
    kinds, stories = facet(page, "kind"), facet(page, "story")
    of_story = {story.name: len(story) for story in sample_stories.storylines()}
    assert stories.items() <= of_story.items()
    page.get_by_label(re.compile("^person ")).check()
    expect(page.locator(STATUS)).to_have_text(f"{kinds['person']} events.")
    kind_of = {topic.name: topic.kind for event in sample_stories for topic in sample_stories.topics(event.id)}
    assert {kind_of[name] for name in facet(page, "topic")} == {"person"}
    page.get_by_role("button", name="Remove kind person").click()
    name = next(iter(stories))
    page.get_by_label(re.compile(f"^{re.escape(name)} ")).check()
    expect(page.locator(STATUS)).to_have_text(f"{of_story[name]} events.")
    expect(page.locator("#active button")).to_have_text(f"{name} ×")
    assert re.search(r"story=[a-z2-7]{13}$", page.url)


def test_with_the_keyboard_alone(page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/search.html")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("cargo ship")
    settled(page)
    expect(page.locator(RESULTS).nth(1)).to_contain_text("argo")
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("cargo ship")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    links = page.locator("#found section:visible a")
    expect(links.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#q")).to_have_value("")
    expect(page.locator(STATUS)).to_have_text("302 events.")
    page.keyboard.type("progress ms-04")
    expect(page.locator(STATUS)).to_have_text("1 event.")
    page.keyboard.press("Enter")
    settled(page)
    page.keyboard.press("ArrowDown")
    while not page.evaluate("document.activeElement.closest('#results') !== null"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Progress MS-04")
    page.go_back()
    expect(page.locator("#q")).to_have_value("progress ms-04")


def test_from_the_page_of_a_topic_and_of_a_story(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [Event(f"{n:02}", f"Oslo & Aker{n}", date=dt.date(2020, 1, 1 + n)) for n in range(20)]
    stories = Storylines([Storyline("s", "Oslo", tuple(events[:15]))])
    monkeypatch.setattr(RelatedStories, "storylines", lambda *_, **__: stories)
    export(quick().fit(events), tmp_path)
    for stem, n in ((topic_stem("Oslo"), 20), (story_stem("s"), 15)):
        page.goto(f"{tmp_path.as_uri()}/{stem}.html")
        page.get_by_role("link", name="search them").click()
        expect(page.locator(STATUS)).to_have_text(f"{n} events.")
        expect(page.locator("#active button")).to_have_count(1)
        page.locator("#q").fill("aker7")
        expect(page.locator(STATUS)).to_have_text("1 event.")
        expect(page).to_have_title("aker7 – Search – Related stories")


def test_more_events_at_a_click(page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/search.html")
    expect(page.locator(RESULTS)).to_have_count(20)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(RESULTS)).to_have_count(40)
    expect(page.locator(RESULTS).nth(20)).to_be_focused()
    dates = page.locator("#results time").evaluate_all("times => times.map((time) => time.dateTime)")
    assert dates == sorted(dates, reverse=True)


def test_from_the_home_page(address: str, page: Page) -> None:
    page.goto(f"{address}/index.html")
    page.get_by_label("Words of titles, topics and stories").fill("volcano")
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_have_value("volcano")
    expect(page.locator(STATUS)).to_have_text(re.compile("^[1-9]"))


def test_without_scripts_it_says_where_else_to_go(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.as_uri()}/search.html")
    assert "The search needs JavaScript" in (page.locator("noscript").text_content() or "")
    expect(page.locator("#found")).to_be_hidden()
    page.get_by_role("link", name="Stories", exact=True).click()
    expect(page.locator("h1")).to_have_text("Stories")
    context.close()


def test_a_piece_that_is_missing_is_said(browser: Browser, tmp_path: Path) -> None:
    export(quick().fit([Event("1", "Snow in Oslo")]), tmp_path)
    (tmp_path / "search/words/0.js").unlink()
    page = browser.new_page()
    page.goto(f"{tmp_path.as_uri()}/search.html?q=snow")
    expect(page.locator(STATUS)).to_contain_text("could not be loaded (search/words/0.js)")
    page.close()


def test_nothing_is_wider_than_the_screen(page: Page, site: Path) -> None:
    story = next(site.glob("stories/*/*.html"))
    for path in ("search.html?q=space", "search.html?q=the&kind=person&year=2018", "stories/index.html", "index.html"):
        page.goto(f"{site.as_uri()}/{path}")
        if "search" in path:
            narrow(page)
            settled(page)
            assert (
                page.evaluate("Math.min(...[...document.querySelectorAll('.facets label')].map((one) => one.offsetHeight))") >= 24
            )
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.goto(story.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.slow
def test_axe_finds_nothing_in_light_and_dark(page: Page, site: Path) -> None:
    axe, story = Axe(), next(site.glob("stories/*/*.html")).relative_to(site)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for path in ("search.html?q=russia&year=2022", "stories/index.html", "index.html", str(story)):
            page.goto(f"{site.as_uri()}/{path}")
            if "search" in path:
                narrow(page)
                settled(page)
            found = axe.run(page, options={"preload": False}).response
            assert len(found["passes"]) > 10
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []


TEXTS = [
    "Øystein's naïve Straße, ŁÓDŹ! don’t U.S. 3.5% x_y",
    "Киї́в, Йорк Ёлка ΕΛΛΆΣ Ελλάς İstanbul ısı ǅ ﬁn ½ ²",
    "القَاهِرَة مـــصر שָׁלוֹם दिल्ली में बारिश தமிழ் ภาษาไทย ລາວ မြန်မာ ខ្មែរ 서울시장",
    "東京のABC社、ﾄﾖﾀ Ｔ２ 々〆 \U00020000\U00020001x \U0001d538 \U0001f680",
    "x" * 50 + " </script> <b>&amp; \u2028\u00a0\u200b\u202e",
]


def test_the_page_makes_the_same_terms(browser: Browser, site: Path) -> None:
    page = browser.new_page()
    page.goto(f"{site.as_uri()}/search.html")
    for text in TEXTS:
        assert page.evaluate("(text) => relatedStories.terms(text, false)", text) == search_terms(text)
    page.close()


ATTACK = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
STRANGE = [
    Event("1", f"Oslo {ATTACK}", date=dt.date(2020, 1, 1), heading=f"Storm {ATTACK}"),
    Event("2", f"Oslo again {ATTACK}", heading=f"Storm {ATTACK}", date=dt.date(2020, 1, 2)),
    Event("3", "\u202eمرحبا بالعالم Oslo", language="ar"),
    Event("4", "東京都知事選の結果 Oslo", date=dt.date(2020, 2, 1), language="ja"),
    Event("5", "Oslo &lt;img src=x onerror=\"document.title='taken'\"&gt; 'a' \\ ${b} `c` \u2028"),
]


class Attacked:
    """An extractor of a topic whose name is an attack."""

    def extract_many(self, events: Iterable[Event | str]) -> Iterator[tuple[Topic, ...]]:
        for _ in events:
            yield Topic("Oslo", "place"), Topic(ATTACK, "thing")


def test_strange_titles_are_text(page: Page, tmp_path: Path) -> None:
    export(RelatedStories(Attacked(), min_score=0.0).fit(STRANGE), tmp_path, title=ATTACK)  # type: ignore[arg-type]
    base = f"{tmp_path.as_uri()}/search.html"
    page.goto(base + "?q=oslo")
    expect(page.locator(RESULTS)).to_have_count(5)
    narrow(page)
    for name in ("Oslo", "</script><script>"):
        page.locator("#facet-topic").get_by_label(re.compile(f"^{name}")).check()
    expect(page.locator("#active button")).to_have_count(2)
    expect(page.locator(STATUS)).to_have_text("5 events.")
    expect(page.locator("#active")).not_to_contain_text("no such topic")
    for text in ("東京", "知", "選の結", "مرحبا", "script onerror"):
        page.goto(f"{base}?q={text}")
        expect(page.locator(RESULTS).first).to_be_visible()
        assert page.title() != "taken"
    page.goto(
        f"{base}?q=%3Cimg+src%3Dx+onerror%3D%22document.title%3D'taken'%22%3E&topic=%3Cimg+src=x%3E&year=x&story=x&kind=%3Cb%3E"
    )
    expect(page.locator("#active button")).to_have_count(4)
    expect(page.locator(STATUS)).to_have_text(re.compile("^0 events"))
    assert page.title() != "taken"
    assert page.evaluate("document.getElementsByTagName('img').length") == 0
    page.goto(base + "?q=مرحبا")
    settled(page)
    assert page.locator(RESULTS).first.get_attribute("lang") == "ar"
    assert page.locator(RESULTS).first.evaluate("(link) => getComputedStyle(link).direction") == "rtl"


def test_keys_are_explained_only_where_there_is_a_keyboard(browser: Browser, site: Path) -> None:
    for is_mobile in (False, True):
        context = browser.new_context(is_mobile=is_mobile, has_touch=is_mobile)
        page = context.new_page()
        page.goto((site / "search.html").as_uri())
        expect(page.locator("#keys")).to_be_visible(visible=not is_mobile)
        context.close()
