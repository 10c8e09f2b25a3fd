"""An archive as a site: what is on its pages, that they are valid, where they are, and that only what changed is written."""

from __future__ import annotations

import datetime as dt
import json
import os
import posixpath
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
from helpers import SPACE, CapitalisedWords, day, quick
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree, html
from markdown_it import MarkdownIt

from relatedstories import BadValueError, Event, InputError, RelatedStories, read_events
from relatedstories.export import Exported, export, view_builder
from relatedstories.export.markdown import front_matter, inline, paragraphs
from relatedstories.export.paths import event_stem, topic_stem
from relatedstories.export.render import PACKAGE_DIR, Renderer, SiteInfo
from relatedstories.export.story_pages import STORIES
from relatedstories.export.views import EventView
from relatedstories.export.writer import LAST, MANIFEST
from relatedstories.pages.reader import Pages, read_pages
from relatedstories.text.titles import plain_title

ALL = ("html", "json", "xml", "md")
PROGRESS = "news/2016/12/1/roscosmos-loses-the-uncrewed-progress-ms-04-cargo-ship-bound-v45wcxor3yn5g"
HOSTILE = [
    Event(
        "../../etc/passwd\n<id>",
        "Kyiv <script>alert(\"1\")</script> ]]> & 'quotes' [link](http://x) {{ 7*7 }} `code`",
        "# Not a heading\n\n- no list\n1. no list\n\n<b>no tag</b> ]]> &amp; &#10;\n\n\n    no code\n---\n| a | b |\r\n*plain*",
        date=day("2024-02-29"),
        heading='Kyiv "<h>" #1',
        topics=("Kyiv <i>", "#Kyiv"),
        url="javascript:alert(1)",
        sources=("BBC <b>", ("Name ](x)", 'https://example.org/a(b)?c=<d>&e="f"'), ("Bad", "javascript:alert(2)"), ("", "")),
    ),
    Event("x" * 300, " Kyiv Ünïcode Київ \U0001f680 ", "\n text \x0b\x01\0 \n", date=day("0099-01-01")),
    Event("CON", "CON", "Kyiv"),
    Event("con", "con", "Kyiv"),
    Event("Київ", "Київ Kyiv", "â€™ Ã© stays"),
    Event("кафе", "東京 Kyiv"),
]


@pytest.fixture(scope="module")
def sample_site(tmp_path_factory, sample_stories):
    folder = tmp_path_factory.mktemp("site")
    report = export(sample_stories, folder, ALL, base_url="https://example.org/archive")
    return folder, report


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    export(quick(min_score=0.0).fit(HOSTILE), folder, ALL, title='A "site" <b> & ]]>')
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def event_file(folder: Path, id_: str, suffix: str) -> Path:
    for path in folder.rglob("*.json"):
        if path.name != "schema.json" and json.loads(path.read_bytes()).get("event", {}).get("id") == id_:
            return path.with_suffix(f".{suffix}")
    raise AssertionError(id_)


# ---------------------------------------------------------------------- what is on the pages


def test_an_event_page_says_all(sample_site, sample_stories):
    page = html.parse(sample_site[0] / f"{PROGRESS}.html").getroot()
    event = sample_stories["2016-12-01-progress-ms-04"]
    assert page.xpath("string(//h1)") == plain_title(event.title)
    assert page.xpath("//article//time/@datetime") == ["2016-12-01"]
    assert event.text in page.xpath("//article/p/text()")
    assert page.xpath("//section[@aria-labelledby='sources']//li/text()") == list(event.sources)
    links = sample_stories.related(event, k=5)
    listed = page.xpath("//ol[@class='related']/li")
    assert [one.xpath("string(a)") for one in listed] == [link.event.title for link in links]
    assert [one.xpath("string(.//span[@class='context'])") for one in listed] == [f"Context: {link.label}" for link in links]
    assert [one.xpath("string(.//time/@datetime)") for one in listed] == [str(link.event.date) for link in links]
    topics = page.xpath("//section[@aria-labelledby='topics']//li")
    assert [one.text_content().strip() for one in topics] == list(sample_stories.topics(event.id))


def test_every_link_between_pages_leads_to_one(sample_site, hostile_site):
    for folder in (sample_site[0], hostile_site):
        there = files(folder)
        for path, content in there.items():
            if path.endswith(".html"):
                found = html.fromstring(content).xpath("//@href")
            elif path.endswith((".json", ".xml")) and not path.startswith(("schema", "sitemap")):
                found = re.findall(r'"((?:\.\./)*[a-z0-9/-]+\.(?:html|json|xml|md))"', content.decode())
            elif path.endswith(".md"):
                tokens = MarkdownIt().parse(re.sub(r"\A---\n.*?\n---\n", "", content.decode(), flags=re.DOTALL))
                found = [child.attrGet("href") for token in tokens for child in token.children or () if child.type == "link_open"]
            else:
                continue
            assert found, path
            for target in found:
                if urlsplit(target).scheme or target.startswith("#"):
                    continue
                assert posixpath.normpath(posixpath.join(posixpath.dirname(path), urlsplit(target).path)) in there, (path, target)


def test_a_context_leads_to_the_topic_whose_page_lists_all_its_events_newest_first(sample_site, sample_stories):
    folder, report = sample_site
    of_topic: dict[str, list[Event]] = {}
    for event in sample_stories:
        for topic in sample_stories.topics(event.id):
            of_topic.setdefault(topic.name, []).append(event)
    assert report.topics == sum(len(events) > 1 for events in of_topic.values())
    for name, events in of_topic.items():
        path = folder / f"{topic_stem(name)}.html"
        assert path.exists() == (len(events) > 1)
        if path.exists():
            dates = html.parse(path).xpath("//ul[@class='events']//time/@datetime")
            assert dates == sorted((str(event.date) for event in events), reverse=True)
    page = json.loads((folder / f"{topic_stem('International Space Station')}.json").read_bytes())
    beside = Counter(topic.name for event in of_topic["International Space Station"] for topic in sample_stories.topics(event.id))
    assert page["beside"][0]["count"] == beside[page["beside"][0]["name"]] == 4
    assert {bar["period"]: bar["count"] for bar in page["timeline"]}["2017"] == 5
    assert page["timeline"][2] == {"period": "2013", "count": 0}


def test_days_lead_to_the_days_before_and_after_that_have_events(sample_site, sample):
    folder = sample_site[0]
    days = sorted({event.date for event in sample if event.date})
    walked, path = [], posixpath.normpath("news/2010/01/12/index.json")
    while path:
        page = json.loads((folder / path).read_bytes())
        walked.append(page["date"])
        path = page["next"] and posixpath.normpath(posixpath.join(posixpath.dirname(path), page["next"]["path"]))
    assert walked == [str(date) for date in days]
    home = json.loads((folder / "index.json").read_bytes())
    assert [one["date"] for one in home["days"]] == [str(date) for date in days[:-8:-1]]
    assert sum(year["count"] for year in home["years"]) == home["count"] == len(sample)


def test_formats_of_a_page_lead_to_each_other(sample_site):
    page = html.parse(sample_site[0] / f"{PROGRESS}.html").getroot()
    name = PROGRESS.rpartition("/")[2]
    assert [posixpath.basename(path) for path in page.xpath("//footer//a[@type]/@href")][:3] == [f"{name}.{x}" for x in ALL[1:]]
    alternates = {link.get("type"): posixpath.basename(link.get("href")) for link in page.xpath("//link[@rel='alternate']")}
    assert alternates == {
        "application/json": f"{name}.json",
        "application/xml": f"{name}.xml",
        "text/markdown": f"{name}.md",
        "application/atom+xml": "feed.atom",
    }
    assert page.xpath("//link[@rel='canonical']/@href") == [f"https://example.org/archive/{PROGRESS}.html"]
    first = (sample_site[0] / f"{PROGRESS}.md").read_text(encoding="utf-8").split("---\n")[2].splitlines()[0]
    assert first.startswith(f"Formats: [HTML]({name}.html)")


def test_linked_data_of_schema_org(sample_site, sample_stories):
    page = html.parse(sample_site[0] / f"{PROGRESS}.html").getroot()
    data = json.loads(page.xpath("string(//script[@type='application/ld+json'])"))
    event = sample_stories["2016-12-01-progress-ms-04"]
    assert (data["@type"], data["headline"], data["datePublished"]) == ("NewsArticle", event.title, "2016-12-01")
    about = {topic["name"]: topic for topic in data["about"]}
    assert about["International Space Station"]["url"].startswith("https://example.org/archive/topics/")
    assert about["International Space Station"]["@type"] == "Place"
    links = data["mainEntityOfPage"]["relatedLink"]
    assert [link.removeprefix("https://example.org/archive/") for link in links] == [
        f"{event_stem(link.event.id, link.event.title, link.event.date)}.html" for link in sample_stories.related(event)
    ]


def test_the_feed_is_atom(sample_site, hostile_site):
    for folder, base in ((sample_site[0], "https://example.org/archive/"), (hostile_site, "")):
        feed = etree.parse(folder / "feed.atom").getroot()
        ns = {"a": "http://www.w3.org/2005/Atom"}
        entries = feed.xpath("a:entry", namespaces=ns)
        assert entries
        for element in (feed, *entries):
            for once in ("id", "title", "updated"):
                assert len(element.xpath(f"a:{once}[normalize-space()]", namespaces=ns)) == 1
        assert feed.xpath("count(a:author/a:name[normalize-space()])", namespaces=ns) == 1
        ids = [*feed.xpath("a:id/text()", namespaces=ns), *feed.xpath("a:entry/a:id/text()", namespaces=ns)]
        assert len({*ids}) == len(ids)
        assert all(re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in ids)
        updated = [dt.datetime.strptime(x.text, "%Y-%m-%dT%H:%M:%SZ") for x in feed.iter("{*}updated")]
        assert updated == sorted(updated, reverse=True)
        assert feed.xpath("string(a:link[@rel='self']/@href)", namespaces=ns) == f"{base}feed.atom"
        for target in feed.xpath("a:entry/a:link/@href", namespaces=ns):
            assert (folder / target.removeprefix(base)).is_file()
    assert len(entries) == 2  # those of hostile events that have a date


def test_events_without_dates_and_an_empty_archive(tmp_path):
    stories = quick().fit([Event("1", "Oslo snow"), Event("2", "Oslo ice")])
    export(stories, tmp_path / "a", ALL)
    page = json.loads((tmp_path / "a" / "news/undated/index.json").read_bytes())
    assert (page["date"], page["previous"], page["next"]) == (None, None, None)
    assert "Without a date" in (tmp_path / "a" / "index.html").read_text(encoding="utf-8")
    report = export(quick().fit([]), tmp_path / "b", ALL)
    assert report.pages == dict.fromkeys(ALL, 2)  # the home page, and a list of no stories
    check_valid(tmp_path / "a")
    check_valid(tmp_path / "b")


def test_long_lists_go_on_on_further_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(view_builder, "MAX_EVENTS", 10)
    events = [Event(f"{n:02}", f"Oslo x{n}", date=dt.date(2000 + n // 12, n % 12 + 1, 1)) for n in range(25)]
    events += [Event(f"u{n:02}", f"Bergen y{n}") for n in range(12)]
    export(quick().fit(events), tmp_path, ALL)
    check_valid(tmp_path)
    stem = topic_stem("Oslo")
    listed = []
    for part in ("", "-p2", "-p3"):
        page = json.loads((tmp_path / f"{stem}{part}.json").read_bytes())
        assert (page["count"], len(page["parts"])) == (25, 3)
        listed += [one["id"] for one in page["events"]]
    assert listed == [f"{n:02}" for n in reversed(range(25))]
    first = html.parse(tmp_path / f"{stem}.html").getroot()
    name = posixpath.basename(stem)
    targets = [target.rpartition("/")[2] for target in first.xpath("//nav[@aria-label='Years']//a/@href")]
    assert targets == ["#y2002", "#y2001", f"{name}-p2.html#y2000"]
    for target in targets[1:]:
        path, _, anchor = target.partition("#")
        assert html.parse((tmp_path / stem).with_name(path or f"{name}.html")).xpath(f"//*[@id='{anchor}']")
    assert (tmp_path / "news/undated/index-p2.html").exists()
    assert {event.id for event in read_events(tmp_path)} == {event.id for event in events}


def test_copies_stand_apart_on_a_page_in_every_format(tmp_path):
    title = "Ferry &amp; bus are <b>late</b>"
    text = "The ferry to Gozo is late. *All* passengers have to wait in the harbour."
    events = [Event("1", title, text), Event("2", title, text, day("2020-01-01")), Event("3", "Rain")]
    export(quick(min_score=0.0).fit(events), tmp_path, ALL)
    check_valid(tmp_path)
    record = json.loads(event_file(tmp_path, "1", "json").read_bytes())
    assert [(one["id"], one["date"]) for one in record["copies"]] == [("2", "2020-01-01")]
    assert record["related"] == []
    page = html.parse(event_file(tmp_path, "1", "html")).getroot()
    (target,) = page.xpath("//section[@aria-labelledby='copies']//a/@href")
    assert page.xpath("string(//section[@aria-labelledby='copies']//a)") == "Ferry & bus are late"
    assert (event_file(tmp_path, "1", "html").parent / target).resolve() == event_file(tmp_path, "2", "html").resolve()
    assert etree.parse(event_file(tmp_path, "1", "xml")).xpath("string(//copies/item/id)") == "2"
    assert "### Also published as:\n\n- [Ferry & bus are late](" in event_file(tmp_path, "1", "md").read_text(encoding="utf-8")
    assert b"copies" not in event_file(tmp_path, "3", "html").read_bytes()
    assert {event.id: event for event in read_events(tmp_path)} == {event.id: event for event in events}


# ---------------------------------------------------------------------- valid, and nothing but text


def check_valid(folder: Path) -> None:
    schema = json.loads((folder / "schema.json").read_bytes())
    validator = jsonschema.Draft202012Validator(schema)
    xsd = etree.XMLSchema(etree.parse(folder / "schema.xsd"))
    for path in folder.rglob("*.*"):
        if path.suffix == ".json" and path.name != "schema.json":
            validator.validate(json.loads(path.read_bytes()))
        elif path.suffix == ".xml" and path.name != "sitemap.xml":
            xsd.assertValid(etree.parse(path))


def test_the_schemas_are_schemas_and_all_pages_of_the_sample_obey_them(sample_site):
    jsonschema.Draft202012Validator.check_schema(json.loads((PACKAGE_DIR / "schema.json").read_bytes()))
    check_valid(sample_site[0])


def test_hostile_events_make_valid_pages(hostile_site):
    check_valid(hostile_site)


def test_a_page_of_another_shape_is_not_valid(sample_site):
    validator = jsonschema.Draft202012Validator(json.loads((PACKAGE_DIR / "schema.json").read_bytes()))
    page = json.loads((sample_site[0] / f"{PROGRESS}.json").read_bytes())
    for change in ({"type": "day"}, {"more": 1}, {"day": "/etc/passwd"}, {"event": {"id": "1"}}):
        assert not validator.is_valid(page | change), change
    xsd = etree.XMLSchema(etree.parse(PACKAGE_DIR / "schema.xsd"))
    page = etree.parse(sample_site[0] / f"{PROGRESS}.xml").getroot()
    page.remove(page.find("title"))
    assert not xsd.validate(page)


def test_what_looks_like_markup_comes_out_as_text(hostile_site):
    event = HOSTILE[0]
    page = html.parse(event_file(hostile_site, event.id, "html")).getroot()
    assert page.xpath("string(//h1)") == plain_title(event.title)
    assert page.xpath("//script/@type") == ["application/ld+json"]
    assert json.loads(page.xpath("string(//script)"))["headline"] == plain_title(event.title)
    assert not page.xpath("//article//b | //article//i | //article//h")
    outside = {target for target in page.xpath("//a/@href") if urlsplit(target).scheme}
    assert outside == {event.sources[1][1]}
    for path in hostile_site.rglob("*.html"):
        assert not html.parse(path).xpath("//a[starts-with(@href, 'javascript')] | //b | //script[not(@type or @data-version)]")

    record = etree.parse(event_file(hostile_site, event.id, "xml")).getroot()
    assert record.findtext("id") == event.id
    assert record.findtext("title") == event.title
    assert record.findtext("text") == event.text
    record = json.loads(event_file(hostile_site, event.id, "json").read_bytes())
    assert Event.from_dict(record["event"]) == event

    text = event_file(hostile_site, event.id, "md").read_bytes().decode()
    body = text.split("\n---\n", 1)[1]
    shown = html.fromstring(f"<div>{MarkdownIt('gfm-like', {'linkify': False}).render(body)}</div>")
    assert shown.xpath("string(//h1)") == plain_title(event.title)
    assert [part.tag for part in shown.xpath("h1/following-sibling::*")][:3] == ["p", "p", "p"]
    assert not shown.xpath("//b | //code | //em[not(starts-with(., 'Context'))] | //hr | //table | //script")
    assert {target for target in shown.xpath("//a/@href") if urlsplit(target).scheme} == {
        "https://example.org/a%28b%29?c=%3Cd%3E&e=%22f%22"
    }


# ---------------------------------------------------------------------- Markdown, read back


def test_the_sample_is_read_back_from_markdown(sample_site, sample):
    assert sorted(read_events(sample_site[0]), key=lambda event: event.id) == sorted(sample, key=lambda event: event.id)


def test_hostile_events_are_read_back_from_markdown(hostile_site):
    found = Pages()
    back = {event.id: event for event in read_pages(hostile_site, found=found)}
    assert back == {event.id: event for event in HOSTILE}
    assert found.broken == 0


PIECES = st.sampled_from(
    ["\n", "\r", " ", "\t", "\n\n\n", "#", "---", "[", "](", ")", "*", "_", "`", "```", "~~~", "<!--", "<script>", "]]>", "&",
     "&#10;", "&amp;", "\\", "|", "{{", "{%", "1. ", "- ", "+ ", "=", ":", '"', "'", "â€™", "Ã©", "â", "\x80", "\x85", "\u2028",
     "\ufeff", "\0", "\x01", "\x0b", "\x1c", "### Related:", "### Sources:", "# t", "event_id: x", "~", "null", "true",
     "2020-01-01", "#tag", ";", ",", "[[a|b]]", "![i](j)", "https://example.org"]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=8).map("".join)
SAID = TEXTS.filter(str.strip)
EVENTS = st.builds(
    Event,
    id=SAID,
    title=SAID,
    text=TEXTS,
    date=st.none() | st.dates(),
    heading=st.none() | SAID,
    topics=st.lists(SAID, max_size=3),
    url=st.none() | SAID,
    sources=st.lists(SAID | st.tuples(TEXTS, TEXTS), max_size=3),
)


@pytest.fixture(scope="module")
def renderer():
    return Renderer(SiteInfo("Site", formats=ALL))


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(event=EVENTS)
@example(event=Event("1", "t", "\n"))
@example(event=Event("1", "t", "\x85a\x85"))
def test_any_event_is_read_back_from_markdown(renderer, tmp_path_factory, event):
    folder = tmp_path_factory.getbasetemp() / "one"
    folder.mkdir(exist_ok=True)
    view = EventView("a", "", event, "day", [], [])
    (folder / "2020-01-01-a.md").write_text(renderer.page(view, "md"), encoding="utf-8", newline="")
    assert list(read_pages(folder)) == [event]


@settings(max_examples=150, deadline=None)
@given(event=EVENTS)
def test_any_event_makes_well_formed_pages(renderer, event):
    view = EventView("a", "", event, "news/undated/index", [], [])
    record = etree.fromstring(renderer.page(view, "xml").encode())
    assert etree.XMLSchema(etree.parse(PACKAGE_DIR / "schema.xsd")).validate(record)
    assert Event.from_dict(json.loads(renderer.page(view, "json"))["event"]) == event
    page = html.fromstring(renderer.page(view, "html"))
    assert len(page.xpath("//script | //h1")) == 2
    schemes = {target.partition(":")[0] for target in page.xpath("//a/@href") if ":" in target}  # some are no whole addresses
    assert schemes <= {"http", "https"}


@given(text=TEXTS)
def test_text_is_no_markup_in_markdown(text):
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(paragraphs(text))
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    kinds -= {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "text_special"}
    assert not kinds


@given(text=SAID)
@example(text="- no list in a list")
@example(text="1. nor this")
def test_a_line_is_no_markup_in_markdown(text):
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(f"1. {inline(text)}\n")
    kinds = {token.type.rpartition("_")[0] or token.type for token in tokens} | {"inline"}
    kinds |= {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"ordered_list", "list_item", "paragraph", "inline", "text", "softbreak", "text_special"}


def test_a_page_that_was_edited_by_hand(tmp_path):
    event = Event("a/1", "Snow", "Deep.", topics=("Oslo",))
    page = f"---\n{front_matter(event)}\n---\nFormats: [HTML](x.html)\n\n# Snow\n\nDeep.\n\n### Related:\n\n1. [A](a.md)\n"
    edits = [("Deep.", "Very deep."), ('title: "Snow"', "title: Snow falls"), ('topics:\n  - "Oslo"', "topics: Oslo; Bergen")]
    for old, new in edits:
        assert old in page
        page = page.replace(old, new)
    (tmp_path / "a.md").write_text(page, encoding="utf-8")
    assert list(read_events(tmp_path)) == [Event("a/1", "Snow falls", "Very deep.", topics=("Oslo", "Bergen"))]
    (tmp_path / "b.md").write_text(page, encoding="utf-8")
    with pytest.raises(BadValueError, match=r"b\.md:2: id: got 'a/1', expected an id used once"):
        list(read_events(tmp_path))


# ---------------------------------------------------------------------- paths


@settings(max_examples=300)
@given(id_=SAID, title=SAID, date=st.none() | st.dates())
@example(id_="aux", title="aux", date=None)
@example(id_="../../x", title="../../x", date=None)
def test_paths_are_safe(id_, title, date):
    stem = event_stem(id_, title, date)
    assert re.fullmatch(r"news/(\d{4}/\d{2}/\d{1,2}|undated/[a-z2-7]{2})/([a-z0-9-]{1,60}-)?[a-z2-7]{13}", stem)
    assert stem == event_stem(id_, title, date)


def test_paths_of_ids_that_differ_in_case_alone_differ():
    stems = {event_stem(id_, "Rain", None) for id_ in ("a", "A", "á", "a ", "\u212b", "\u00c5")}
    assert len({stem.lower() for stem in stems}) == 6
    assert topic_stem("Con").lower() != topic_stem("con").lower()


def test_a_path_does_not_depend_on_other_events(tmp_path):
    export(quick().fit(SPACE), tmp_path / "a")
    export(quick().fit(SPACE[1:]), tmp_path / "b")
    few = {path for path in files(tmp_path / "b") if path.startswith("news/")}
    assert few < set(files(tmp_path / "a"))


# ---------------------------------------------------------------------- only what changed


def test_the_same_archive_gives_the_same_files_and_writes_none_again(tmp_path):
    stories = quick().fit(SPACE)
    first = export(stories, tmp_path / "a", ALL)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}
    again = export(quick().fit(SPACE[::-1]), tmp_path / "a", ALL)
    assert (again.written, again.unchanged, again.removed) == (0, first.written, 0)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}
    assert first.written == len([path for path in files(tmp_path / "a") if path not in (MANIFEST, STORIES, LAST)])
    export(stories, tmp_path / "b", ALL)
    left = [files(tmp_path / name) for name in "ab"]
    assert left[0].pop(LAST) != left[1].pop(LAST)  # which knows when files were written
    assert left[0] == left[1]


def test_a_changed_event_changes_its_own_pages_and_those_that_show_it(tmp_path):
    export(quick().fit(SPACE), tmp_path, ["html"])
    before = files(tmp_path)
    changed = [Event("iceland", SPACE[3].title, "All votes are counted.", SPACE[3].date), *(SPACE[:3] + SPACE[4:])]
    report = export(quick().fit(changed), tmp_path, ["html"])
    differ = {path for path, content in files(tmp_path).items() if before.get(path) != content} - {LAST}
    assert len(differ) == report.written
    assert {posixpath.dirname(path) for path in differ} == {
        "news/2016/10/29",  # its own, its day's
        "",  # the feed, the search
        "search/words",  # a new topic
    }
    assert report.removed == 0


def test_pages_of_events_that_are_gone_are_removed_and_nothing_else(tmp_path):
    export(quick().fit(SPACE), tmp_path, ["html", "md"])
    (tmp_path / "news/2016/10/29/own.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "CNAME").write_text("example.org", encoding="utf-8")
    report = export(quick().fit(SPACE[:3] + SPACE[4:]), tmp_path, ["html"])
    left = files(tmp_path)
    assert not [path for path in left if "voters-in-iceland" in path or path.endswith(".md")]
    assert left["CNAME"] == b"example.org"
    assert left["news/2016/10/29/own.txt"] == b"mine"
    assert report.removed > 7
    export(quick().fit(SPACE[:3]), tmp_path, ["html"])
    assert not (tmp_path / "news/2017/01").exists()  # empty folders go too


def test_an_export_that_was_stopped_is_known_to_the_next(tmp_path):
    def stop(stage, done, _total):
        if stage == "pages" and done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(quick().fit(SPACE), tmp_path, ["html"], progress=stop)
    assert sum(path.endswith(".html") for path in files(tmp_path)) == 4
    export(quick().fit(SPACE[3:4]), tmp_path, ["html"])
    assert not [path for path in files(tmp_path) if "dragon" in path]
    assert not [path for path in files(tmp_path) if path.endswith(".tmp")]


def test_what_no_export_wrote_is_not_written_over(tmp_path):
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"index\.html: got a file or folder that no export wrote, expected a folder without it"):
        export(quick().fit(SPACE), tmp_path)
    assert files(tmp_path) == {"index.html": b"mine"}


@pytest.mark.parametrize(
    "line", ["../victim.html", "news/../../victim.html", "/victim.html", "news/a.txt", "news//../victim.html"]
)
def test_a_list_of_files_that_was_tampered_with_removes_nothing(tmp_path, line):
    (tmp_path / "victim.html").write_text("mine", encoding="utf-8")
    site = tmp_path / "site"
    export(quick().fit(SPACE), site)
    with open(site / MANIFEST, "a", encoding="utf-8") as file:
        file.write(line + "\n")
    before = files(tmp_path)
    with pytest.raises(InputError, match="expected paths that an export writes"):
        export(quick().fit(SPACE[:2]), site)
    assert files(tmp_path) == before


def test_nothing_is_removed_through_a_symbolic_link(tmp_path):
    site = tmp_path / "site"
    export(quick().fit(SPACE), site)
    os.rename(site / "news", tmp_path / "moved")
    os.symlink(tmp_path / "moved", site / "news")
    before = set(files(tmp_path / "moved"))
    export(quick().fit(SPACE[:2]), site)
    assert before <= set(files(tmp_path / "moved"))


# ---------------------------------------------------------------------- templates of one's own


def test_templates_of_ones_own(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "event.html").write_text(
        '{% extends "relatedstories/event.html" %}{% block related %}<p id="own">{{ related | length }} & {{ event.id }}</p>'
        "{% endblock %}",
        encoding="utf-8",
    )
    (own / "style.css").write_text("p { color: red }\n", encoding="utf-8")
    (own / "day.md").write_text("{{ date | day }}: {{ listed[0].event.title }}\n", encoding="utf-8")
    export(quick(min_score=0).fit(SPACE), tmp_path / "site", ["html", "md"], templates=own)
    page = html.parse(next((tmp_path / "site").glob("news/2017/06/3/space*.html"))).getroot()
    assert page.xpath("string(//p[@id='own'])").endswith("& dragon")
    assert page.xpath("//h1")
    assert (tmp_path / "site/style.css").read_text(encoding="utf-8") == "p { color: red }\n"
    assert (tmp_path / "site/news/2017/01/4/index.md").read_text(
        encoding="utf-8"
    ) == "4 January 2017: Snow closes the airport of Oslo\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("event.html", "\n{% if %}", r"event\.html:2: got a broken template"),
        ("event.html", "\n{{ evnt.title }}", r"event\.html:2: got a template that cannot be filled in \('evnt' is undefined\)"),
        ("event.html", '{% extends "none.html" %}', "cannot be filled in|needs none.html"),
        ("evnt.html", "", "got no file with the name of a template, expected one or more of base.html"),
    ],
)
def test_templates_that_cannot_be_used(tmp_path, name, text, message):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        export(quick().fit(SPACE), tmp_path / "site", templates=tmp_path / "own")


# ---------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"formats": ["pdf"]}, "formats: got 'pdf', expected one or more of html, json, xml, md"),
        ({"formats": "html"}, "formats: got 'html', expected several"),
        ({"formats": []}, "formats: got none"),
        ({"title": " "}, "title: got ' '"),
        ({"base_url": "example.org"}, "base_url: got 'example.org', expected an address"),
        ({"base_url": "javascript:alert(1)"}, "base_url"),
        ({"k": -1}, "k: got -1"),
        ({"since": "x"}, "since"),
        ({"templates": "nowhere"}, "nowhere: got no folder"),
        ({"templates": 1}, "export: templates: got 1 (int), expected a path"),
        ({"n_jobs": 0}, "n_jobs: got 0 (int)"),
        ({"progress": "x"}, "export: progress: got 'x', expected a function, or None"),
        ({"stories": SPACE}, "expected a RelatedStories"),
        ({"stories": quick()}, "export: got no archive yet, expected fit(events) or load(folder) first"),
        ({"to": None}, "export: to: got None, expected a path"),
    ],
)
def test_arguments_that_are_wrong(tmp_path, arguments, message):
    with pytest.raises(InputError, match=re.escape(message)):
        export(**({"stories": quick().fit(SPACE), "to": tmp_path / "site"} | arguments))
    assert not (tmp_path / "site").exists()


def test_what_others_put_beside_a_site_stays(tmp_path):
    stories = quick().fit(SPACE)
    export(stories, tmp_path / "site", ["md"])
    (tmp_path / "site" / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"index.html: got a file or folder that no export wrote"):
        export(stories, tmp_path / "site", ["md", "html"])
    export(stories, tmp_path / "site", ["md"])
    assert (tmp_path / "site" / "index.html").read_text(encoding="utf-8") == "mine"


def test_of_two_exports_at_once_the_second_is_told_who_is_at_work(tmp_path):
    stories = quick().fit(SPACE)

    def another(*_):
        with pytest.raises(InputError, match=rf"got another writer at work \(process {os.getpid()} on "):
            export(stories, tmp_path / "site")

    assert export(stories, tmp_path / "site", progress=another).written
    assert export(stories, tmp_path / "site").written == 0
    assert not [path for path in (tmp_path / "site").rglob(".*") if path.name not in (MANIFEST, STORIES, LAST)]


def test_places_where_no_site_can_be(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place in ("file", "none/site", "file/site"):
        with pytest.raises(InputError, match="expected"):
            export(quick().fit(SPACE), tmp_path / place)


def test_keywords_on_lists_and_progress(tmp_path):
    told: list[tuple[str, int, int]] = []
    export(quick().fit(SPACE), tmp_path, ["json"], 1, blocked={"oslo": ["oslo-2"]}, progress=lambda *step: told.append(step))
    oslo = json.loads(next(tmp_path.glob("news/2017/01/4/snow*.json")).read_bytes())
    assert [link["id"] for link in oslo["related"]] != ["oslo-2"]
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["sorting", "comparing", "pages"]
    assert told[-1][1] == told[-1][2] == sum(path.endswith(".json") for path in files(tmp_path)) - 1


def test_an_extractor_of_ones_own_is_enough(tmp_path):
    assert export(RelatedStories(CapitalisedWords()).fit(SPACE), tmp_path).events == len(SPACE)  # type: ignore[arg-type]


def test_one_of_a_thing_is_in_the_singular(tmp_path):
    report = export(quick().fit([Event("1", "Snow in Oslo", date=day("2020-01-02"))]), tmp_path, ["html", "md"])
    assert str(report).startswith("1 event, 1 day, 0 topics, 0 stories\n")
    for name in ("index.html", "index.md"):
        page = (tmp_path / name).read_text(encoding="utf-8")
        assert "1 event" in page
        assert "1 events" not in page
    merged = Exported(merged=1)
    assert "; 1 earlier story is part of another now, to which its page leads\n" in str(merged)
