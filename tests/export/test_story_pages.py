"""Stories on an exported site: their pages in every format, the way to them, and addresses that stay."""

from __future__ import annotations

import datetime as dt
import json
import posixpath
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import SPACE, quick, run
from lxml import etree, html
from playwright.sync_api import Page, expect

from relatedstories import Event, InputError, RelatedStories, Storyline, Storylines, read_events
from relatedstories.export import export, view_builder
from relatedstories.export.merged_stories import MERGED
from relatedstories.export.paths import event_stem, story_stem
from relatedstories.export.story_pages import STORIES, earlier_stories
from relatedstories.storylines.continuity import continued

ALL = ("html", "json", "xml", "md")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sample_stories: RelatedStories) -> Path:
    folder = tmp_path_factory.mktemp("site")
    export(sample_stories, folder, ALL)
    return folder


@pytest.fixture(scope="module")
def stories(sample_stories: RelatedStories) -> Storylines:
    return sample_stories.storylines()


def record(path: Path) -> dict:
    return json.loads(path.read_bytes())


def test_every_story_has_a_page_with_all_its_events_by_date(site: Path, stories: Storylines) -> None:
    assert len(stories) > 5
    for story in stories:
        stem = story_stem(story.id)
        page = html.parse(site / f"{stem}.html").getroot()
        assert page.xpath("string(//h1)") == story.name
        events = page.xpath("//section[@aria-labelledby='events']//li")
        assert [one.xpath("string(a)") for one in events] == [event.title for event in story.events]
        assert [one.xpath("string(.//time/@datetime)") for one in events] == [str(event.date) for event in story.events]
        keys = [one.xpath("string(a)") for one in events if one.get("class") == "key"]
        assert keys == [event.title for event in story.key_events]
        first = page.xpath("//section[@aria-labelledby='key']//a/text()")
        assert first == (keys if len(story) > 2 * len(keys) else [])  # of a few events, it is enough that they are marked
        assert [chip.text_content() for chip in page.xpath("//ul[@class='chips']/li")] == [topic.name for topic in story.topics]
        told = record(site / f"{stem}.json")
        assert (told["id"], told["name"], told["count"]) == (story.id, story.name, len(story))
        assert (told["first_day"], told["last_day"]) == (str(story.first_day), str(story.last_day))
        assert [one["id"] for one in told["events"]] == [event.id for event in story.events]
        assert [one["id"] for one in told["key_events"]] == [event.id for event in story.key_events]
        tree = etree.parse(site / f"{stem}.xml")
        assert tree.xpath("/story/events/item/id/text()") == [event.id for event in story.events]
        lines = (site / f"{stem}.md").read_text(encoding="utf-8").splitlines()
        assert sum(line.startswith("- [") for line in lines) == len(story)
        assert sum(line.endswith("(key event)") for line in lines) == len(story.key_events)


def test_an_event_leads_to_its_story(site: Path, sample: list[Event], stories: Storylines) -> None:
    for event in sample:
        stem, story = event_stem(event.id, event.title, event.date), stories.of(event)
        told, page = record(site / f"{stem}.json"), html.parse(site / f"{stem}.html").getroot()
        (*_, link) = [None, *page.xpath("//a[contains(@href, 'stories/') and not(contains(@href, 'index'))]")]
        assert ("story" in told) == (story is not None) == (link is not None)
        tree = etree.parse(site / f"{stem}.xml")
        within = [story is not None and one["id"] in story for one in told["related"]]
        assert [one["same_story"] for one in told["related"]] == within
        assert [link.get("same-story") == "true" for link in tree.xpath("//link")] == within
        if story is not None:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(stem), link.get("href")))
            assert target == f"{story_stem(story.id)}.html"
            assert told["story"]["name"] == link.text == story.name
            assert tree.xpath("string(/event/story/id)") == story.id
    event = next(event for event in sample if event.id == "2018-07-02-thai-boys-found")
    page = html.parse(site / f"{event_stem(event.id, event.title, event.date)}.html").getroot()
    expected = "Part of: Tham Luang, Thai Navy, Wild Boars, 5 events, from 23 June 2018 to 10 July 2018"
    assert expected in [line.text_content() for line in page.xpath("//p[@class='meta']")]


def test_all_stories_are_listed_those_with_the_latest_events_first(site: Path, stories: Storylines) -> None:
    page = html.parse(site / "stories/index.html").getroot()
    assert page.xpath("//ul[@class='events']//a/text()") == [story.name for story in stories]
    latest = [max(story.events, key=lambda event: (event.date, event.id)).title for story in stories]
    assert [line.text_content() for line in page.xpath("//span[@class='latest']")] == [f"Latest: {title}" for title in latest]
    assert [one["id"] for one in record(site / "stories/index.json")["stories"]] == [story.id for story in stories]
    home = record(site / "index.json")["stories"]
    assert [one["id"] for one in home] == [story.id for story in stories[:8]]
    assert html.parse(site / "index.html").getroot().xpath("//section[@aria-labelledby='stories']//li/a/text()") == [
        story.name for story in stories[:8]
    ]


def test_the_pages_of_stories_are_no_events(site: Path, sample: list[Event]) -> None:
    assert {event.id for event in read_events(site)} == {event.id for event in sample}


class Told(RelatedStories):
    """An archive whose stories are given."""

    told: tuple[Storyline, ...] = ()
    before: object = None

    def storylines(self, before=None, **_):  # type: ignore[no-untyped-def]
        self.before = before
        return Storylines(self.told)


def test_a_long_story_goes_on_on_further_pages_and_is_grouped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_builder, "MAX_EVENTS", 10)
    events = [Event(f"{n:02}", f"Oslo x{n}", date=dt.date(2020 + n // 12, n % 12 + 1, 1)) for n in range(24)]
    events.append(Event("u", "Oslo at some time"))
    archive = Told(quick().extractor).fit(events)
    for before, group, n_pages in ((events[:12], [""], 2), (events[:13] + events[24:], ["January 2020", "February 2020"], 2)):
        archive.told = (Storyline("s", "Oslo <b>&", tuple(before), (before[0], before[11])),)
        export(archive, tmp_path, ALL)
        pages = [record(tmp_path / f"{story_stem('s')}{part}.json") for part in ("", "-p2")]
        assert [one["id"] for page in pages for one in page["events"]] == [event.id for event in before]
        assert [len(page["parts"]) for page in pages] == [n_pages] * 2
        first = html.parse(tmp_path / f"{story_stem('s')}.html").getroot()
        assert first.xpath("//h3/text()")[:2] == [name for name in group if name]
        second = html.parse(tmp_path / f"{story_stem('s')}-p2.html").getroot()
        assert not second.xpath("//h2[@id='key']")
        assert len(second.xpath("//li[@class='key']")) == 1
    assert second.xpath("//h3/text()")[-1] == "Without a date"
    years = [Event(f"{n}", f"Oslo {n}", date=dt.date(2000 + n, 1, 1)) for n in range(13)]
    archive = Told(quick().extractor).fit(years)
    archive.told = (Storyline("s", "Oslo", tuple(years), tuple(years[:1])),)
    export(archive, tmp_path)
    assert html.parse(tmp_path / f"{story_stem('s')}.html").getroot().xpath("//h3/text()") == [str(2000 + n) for n in range(10)]


def test_a_story_keeps_its_address_from_export_to_export(tmp_path: Path, sample: list[Event]) -> None:
    first = RelatedStories().fit([event for event in sample if event.id != "2018-06-23-thai-boys-trapped"])
    export(first, tmp_path)
    (story,) = [story for story in first.storylines() if "2018-07-02-thai-boys-found" in story]
    grown = RelatedStories().fit(sample)
    (fresh,) = [story for story in grown.storylines() if "2018-07-02-thai-boys-found" in story]
    assert len(fresh) > len(story)
    assert fresh.id != story.id  # its earliest event is another now
    export(grown, tmp_path)
    assert fresh.name in (tmp_path / f"{story_stem(story.id)}.html").read_text(encoding="utf-8")
    assert not (tmp_path / f"{story_stem(fresh.id)}.html").exists()
    kept = (tmp_path / STORIES).read_bytes()
    assert export(grown, tmp_path).written == 0
    assert (tmp_path / STORIES).read_bytes() == kept


def test_the_file_of_stories_is_what_the_command_prints(tmp_path: Path) -> None:
    done = run("export", "sample", "--to", tmp_path / "site", "--quiet")
    assert done.returncode == 0, done.stderr
    printed = run("storylines", "sample", "--before", tmp_path / "site" / STORIES, "--json")
    assert printed.stdout == (tmp_path / "site" / STORIES).read_text(encoding="utf-8")


def test_a_broken_file_of_stories_is_an_error_before_any_page_is_written(tmp_path: Path) -> None:
    (tmp_path / STORIES).write_text('{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=rf"{STORIES}, line 1: got .*, expected a story"):
        export(quick().fit(SPACE), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [STORIES]


def snow(number: int) -> tuple[Event, ...]:
    """Four events of a day in one of several places."""
    return tuple(Event(f"{place}{number}", f"Snow {number} in {place}", date=dt.date(2020, 1, number)) for place in "abcd")


def told_of(stories: dict[str, list[Event]], events: list[Event]) -> Told:
    archive = Told(quick().extractor).fit(events)
    archive.told = tuple(Storyline(id_, f"Story <{id_}> & more", tuple(own), tuple(own[:1])) for id_, own in stories.items())
    return archive


def leads_to(site: Path, id_: str, part: str = "") -> str | None:
    """Return the id of the story that the page of another leads to, by all three ways; None if there is no such page."""
    path = site / f"{story_stem(id_)}{part}.html"
    if not path.exists():
        return None
    page = html.parse(path).getroot()
    (refresh,) = page.xpath("//meta[@http-equiv='refresh']/@content") or [""]
    if not refresh:
        assert page.xpath("//h2[@id='events']")
        return id_
    (canonical,), (link,) = page.xpath("//link[@rel='canonical']/@href"), page.xpath("//main//a/@href")
    assert refresh == f"0; url={link}"
    assert canonical == link
    assert not page.xpath("//script")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(story_stem(id_)), link))
    (found,) = [
        json.loads(line) for line in (site / STORIES).read_text().splitlines() if story_stem(json.loads(line)["id"]) in target
    ]
    assert html.parse(site / target).getroot().xpath("string(//h1)") == found["name"] == page.xpath("string(//main//a)")
    return found["id"]


def test_the_page_of_a_merged_story_leads_to_the_one_that_has_most_of_its_events(tmp_path: Path) -> None:
    one, two, three, four = map(snow, (1, 2, 3, 4))
    everything = [*one, *two, *three, *four]
    first = told_of({"a1": [*one], "a2": [*two], "a3": [*three], "a4": [*four]}, everything)
    assert export(first, tmp_path, ALL).merged == 0
    assert not (tmp_path / MERGED).exists()
    # the second goes into the first; the third is shared out, most of it to the first
    report = export(told_of({"a1": [*one, *two, *three[:3]], "a4": [*four, three[3]]}, everything), tmp_path, ALL)
    assert report.merged == 2
    assert "; 2 earlier stories are part of others now" in str(report)
    assert [leads_to(tmp_path, f"a{n}") for n in range(1, 5)] == ["a1", "a1", "a1", "a4"]
    gone = story_stem("a2")
    assert [path.name for path in tmp_path.glob(f"{gone}*")] == [f"{posixpath.basename(gone)}.html"]  # not in other formats
    assert gone not in "".join(path.read_text() for path in tmp_path.glob("index.*"))
    again = export(told_of({"a1": [*one, *two, *three[:3]], "a4": [*four, three[3]]}, everything), tmp_path, ALL)
    assert (again.merged, again.written, again.removed) == (2, 0, 0)
    # the first goes into the fourth, which all addresses follow
    assert export(told_of({"a4": everything}, everything), tmp_path).merged == 3
    assert [leads_to(tmp_path, f"a{n}") for n in range(1, 5)] == ["a4"] * 4
    # the second is a story again, under its id; the third has one event left in a story, and so nowhere to lead to
    report = export(told_of({"a2": [*two], "a4": [*one, *four, three[0]]}, everything), tmp_path)
    assert (report.merged, [leads_to(tmp_path, f"a{n}") for n in range(1, 5)]) == (1, ["a4", "a2", None, "a4"])
    # all are gone, and so are the pages
    assert export(told_of({}, everything), tmp_path).merged == 0
    assert [path.name for path in (tmp_path / "stories").rglob("*") if path.is_file()] == ["index.html"]
    assert not (tmp_path / MERGED).exists()


def test_a_split_story_leaves_its_address_to_its_greatest_part(tmp_path: Path) -> None:
    events = [Event(f"{n}", f"Snow {n} in Oslo", date=dt.date(2020, 1, n + 1)) for n in range(9)]
    export(told_of({"s": events}, events), tmp_path)
    ids = continued([[event.id for event in part] for part in (events[:4], events[4:])], earlier_stories(tmp_path)).ids
    assert ids == ["0", "s"]
    assert export(told_of({"0": events[:4], "s": events[4:]}, events), tmp_path).merged == 0
    assert leads_to(tmp_path, "s") == "s"


def test_further_pages_of_a_merged_story_lead_on_and_an_address_of_the_site_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_builder, "MAX_EVENTS", 4)
    one, two = snow(1), [*snow(2), *snow(3)]
    export(told_of({"a1": [*one], "a2": two}, [*one, *two]), tmp_path)
    merged = told_of({"a1": [*one, *two]}, [*one, *two])
    export(merged, tmp_path)
    assert [leads_to(tmp_path, "a2", part) for part in ("", "-p2", "-p3")] == ["a1", "a1", None]
    export(merged, tmp_path, base_url="https://example.org/news")
    page = html.parse(tmp_path / f"{story_stem('a2')}.html").getroot()
    assert page.xpath("//link[@rel='canonical']/@href") == [f"https://example.org/news/{story_stem('a1')}.html"]
    assert story_stem("a1") in (tmp_path / "sitemap.xml").read_text()
    assert story_stem("a2") not in (tmp_path / "sitemap.xml").read_text()


def test_without_html_merged_stories_are_kept_for_when_it_is_there(tmp_path: Path) -> None:
    one, two = snow(1), snow(2)
    export(told_of({"a1": [*one], "a2": [*two]}, [*one, *two]), tmp_path, ["json"])
    merged = told_of({"a1": [*one, *two]}, [*one, *two])
    assert export(merged, tmp_path, ["json"]).merged == 1
    assert not list((tmp_path / "stories").rglob("*.html"))
    export(merged, tmp_path, ["html"])
    assert leads_to(tmp_path, "a2") == "a1"
    (tmp_path / MERGED).write_text("[]\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"{MERGED}, line 1: got .*, expected a story"):
        export(merged, tmp_path)


def test_the_old_address_of_a_merged_story_leads_a_reader_on(page: Page, tmp_path: Path) -> None:
    one, two = snow(1), snow(2)
    events = [*one, *two, Event("x", "Rain in Wales")]
    export(told_of({"a1": [*one], "a2": [*two]}, events), tmp_path)
    export(told_of({"a1": [*one, *two]}, events), tmp_path)
    old, new = ((tmp_path / f"{story_stem(id_)}.html").as_uri() for id_ in ("a2", "a1"))
    page.goto((tmp_path / "index.html").as_uri())
    page.goto(old)
    page.wait_for_url(new)
    expect(page.locator("h1")).to_have_text("Story <a1> & more")
    expect(page.locator("ol.events a")).to_have_count(8)
    page.go_back()  # not to the page that leads on
    expect(page.locator("h1")).to_have_text("Related stories")


def test_where_nothing_leads_on_by_itself_a_link_does(page: Page, tmp_path: Path) -> None:
    one, two = snow(1), snow(2)
    export(told_of({"a1": [*one], "a2": [*two]}, [*one, *two]), tmp_path)
    export(told_of({"a1": [*one, *two]}, [*one, *two]), tmp_path)
    path = tmp_path / f"{story_stem('a2')}.html"
    path.write_text(re.sub("<meta http-equiv=.*\n", "", path.read_text()))
    page.goto(path.as_uri())
    expect(page.locator("h1")).to_have_text("This story has moved")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    found = Axe().run(page, options={"preload": False}).response
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Story <a1> & more")
