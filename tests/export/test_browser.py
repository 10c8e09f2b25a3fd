"""An exported site in Chromium, as readers meet it: links followed at phone and desktop width, and checked by axe-core."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from relatedstories import Event, RelatedStories
from relatedstories.export import export
from relatedstories.export.paths import topic_stem


@pytest.fixture(scope="module")
def site(tmp_path_factory, sample_stories):
    folder = tmp_path_factory.mktemp("site")
    export(sample_stories, folder, ["html", "json", "xml", "md"], title="The sample")
    return folder


def progress(site) -> str:
    return next(site.glob("news/2016/12/1/roscosmos*.html")).as_uri()


def test_from_an_event_by_its_context_to_the_topic_and_by_a_link_back(page, site):
    page.goto(progress(site))
    expect(page.locator("h1")).to_contain_text("Progress MS-04")
    page.locator(".related .context a").first.click()
    expect(page.locator("h1")).to_have_text("International Space Station")
    assert page.url.endswith(f"{topic_stem('International Space Station')}.html")
    page.get_by_role("link", name=re.compile("Soyuz crew survives")).click()
    expect(page.locator("h1")).to_contain_text("Soyuz crew survives")
    page.locator(".related").get_by_role("link", name=re.compile("Progress MS-04")).click()
    expect(page.locator("h1")).to_contain_text("Progress MS-04")
    assert page.url == progress(site)


def test_from_the_home_page_through_years_and_days(page, site):
    page.goto((site / "index.html").as_uri())
    expect(page.locator("h1")).to_have_text("The sample")
    page.get_by_role("link", name="2016", exact=True).click()
    page.get_by_role("link", name="1 December 2016, 1 event").click()
    page.get_by_role("link", name="22 December 2016").click()
    expect(page.locator("h1")).to_have_text("22 December 2016")
    page.get_by_role("link", name="1 December 2016").click()
    page.get_by_role("link", name=re.compile("Progress MS-04")).click()
    expect(page.locator("article h1")).to_be_visible()
    page.get_by_role("link", name="The sample").click()
    expect(page.locator("h1")).to_have_text("The sample")


def pages(site):
    topics = {name: site / f"{topic_stem(name)}.html" for name in ("International Space Station", "Russia")}
    return [site / "index.html", site / "news/2016/index.html", site / "news/2016/12/1/index.html", *topics.values()]


@pytest.mark.slow
def test_axe_finds_nothing_in_light_and_dark(page, site):
    axe = Axe()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for address in (progress(site), *(path.as_uri() for path in pages(site))):
            page.goto(address)
            found = axe.run(page, options={"preload": False}).response  # it would fetch the style sheet, which file: forbids
            assert len(found["passes"]) > 10
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []


def test_nothing_is_wider_than_the_screen_and_targets_are_large_enough(page, site):
    for address in (progress(site), *(path.as_uri() for path in pages(site))):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16
        for chip in page.locator(".chips a").all():
            assert (chip.bounding_box() or {})["height"] >= 24


def test_dark_is_dark_and_light_is_light(page, site):
    brightness = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(progress(site))
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness[scheme] = sum(map(int, re.findall(r"\d+", colour)[:3]))
    assert brightness["light"] > 3 * 200
    assert brightness["dark"] < 3 * 60


def test_with_the_keyboard_alone(page, site):
    page.goto(progress(site))
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('.context')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("International Space Station")


def test_what_looks_like_a_script_does_not_run(browser, tmp_path):
    attack = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
    own = {"text": f"</script>{attack}", "heading": attack, "topics": (attack,), "sources": ((attack, "javascript:1"),)}
    events = [Event(f"{n}{attack}", f"Oslo {attack}", **own) for n in range(2)]
    export(RelatedStories(min_score=0).fit(events), tmp_path, ["html", "xml"], title=attack)
    page = browser.new_page()
    for path in sorted([*tmp_path.rglob("*.html"), *tmp_path.rglob("*.xml")]):
        page.goto(path.as_uri())
        assert page.title() != "taken"
        assert page.evaluate("document.getElementsByTagName('img').length") == 0
    page.close()
