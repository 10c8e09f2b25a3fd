"""The exported database in datasette itself: its pages, facets, search, labels and JSON."""

from __future__ import annotations

import asyncio
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import SPACE, quick

from relatedstories.export import export_sqlite

if os.environ.get("CI") != "true":
    pytest.importorskip("datasette", reason="needs datasette: pip install --group test")

from datasette.app import Datasette

PROGRESS = "2016-12-01-progress-ms-04"


class Site:
    """A datasette of one database, asked in this process."""

    def __init__(self, path):
        settings = json.loads(path.with_name(f"{path.stem}.metadata.json").read_text(encoding="utf-8"))
        self._datasette = Datasette([str(path)], metadata=settings)

    def get(self, path):
        # In a thread of its own: where browser tests ran before, this one has a running event loop.
        with ThreadPoolExecutor(1) as thread:
            response = thread.submit(asyncio.run, self._datasette.client.get(path)).result()
        assert response.status_code == 200, f"{path}: {response.text}"
        return response

    def json(self, path):
        return self.get(path).json()


@pytest.fixture(scope="module")
def site(tmp_path_factory, sample_stories):
    path = tmp_path_factory.mktemp("datasette") / "sample.db"
    export_sqlite(sample_stories, path, title="The sample & more", licence="As the code")
    return Site(path)


def facet(page, name):
    return {each["label"]: each["count"] for each in page["facet_results"][name]["results"]}


def test_the_front_page_and_the_database_have_title_and_licence(site):
    for path in ("/", "/sample"):
        page = site.get(path).text
        assert "The sample &amp; more" in page
        assert "As the code" in page


def test_every_table_view_and_query_is_shown(site):
    database = site.json("/sample.json")
    tables = {table["name"] for table in database["tables"] if not table["hidden"]}
    assert tables == {"copies", "event_topics", "events", "links", "sources", "stories", "topic_years", "topics"}
    views = [view["name"] for view in database["views"]]
    assert sorted(views) == ["related", "story_events", "topic_events", "years"]
    for name in (*tables, *views):
        assert "<h1" in site.get(f"/sample/{name}").text


def test_events_have_facets_newest_first(site, sample_stories):
    page = site.json("/sample/events.json?_shape=objects&_labels=on")
    dates = [row["date"] for row in page["rows"]]
    assert dates == sorted(dates, reverse=True)
    assert facet(page, "year")[2019] == sum(event.date.year == 2019 for event in sample_stories)
    assert facet(page, "topics")["Russia"] == len(sample_stories.about("Russia"))
    cave = sample_stories.storylines().of("2018-07-02-thai-boys-found")
    assert facet(page, "story_id")[cave.name] == len(cave)
    page = site.json("/sample/events.json?_shape=objects&topics__arraycontains=Russia&year=2022")
    assert {row["id"] for row in page["rows"]} == {e.id for e in sample_stories.about("Russia") if e.date.year == 2022}


def test_topics_and_links_have_facets(site, sample_stories):
    places = facet(site.json("/sample/topics.json"), "kind")["place"]
    assert places == sum(topic.kind == "place" for topic in sample_stories.commonest_topics())
    of_events = site.json("/sample/event_topics.json?_facet_size=max&kind=place&year=2022")
    in_2022 = [event for event in sample_stories.about("Russia") if event.date.year == 2022]
    assert facet(of_events, "topic")["Russia"] == len(in_2022)
    newest_first = site.json("/sample/events_of_topic.json?_shape=objects&topic=Russia")["rows"]
    assert len(newest_first) == len(sample_stories.about("Russia"))
    labels = facet(site.json("/sample/links.json"), "label")
    assert labels["Hong Kong"] == sum(link.label == "Hong Kong" for _, links in sample_stories.all_related() for link in links)


def test_search_finds_events_in_the_table_and_best_first(site):
    page = site.json("/sample/events.json?_shape=objects&_search=progress+cargo")
    assert PROGRESS in {row["id"] for row in page["rows"]}
    assert 'type="search"' in site.get("/sample/events").text
    best = site.json("/sample/search.json?_shape=objects&words=progress+cargo")["rows"]
    assert best[0]["id"] == PROGRESS
    assert site.json("/sample/search.json?_shape=objects&words=chav*")["rows"]  # Chávez


def test_rows_show_the_titles_and_names_that_ids_stand_for(site, sample_stories):
    first = sample_stories.related(PROGRESS)[0].event
    row = site.get(f"/sample/links?event_id={PROGRESS}&rank=1").text
    assert re.search(rf'<a href="/sample/events/{first.id}">{re.escape(first.title)}</a>', row)
    page = site.get("/sample/events?id=2018-07-02-thai-boys-found").text
    cave = sample_stories.storylines().of("2018-07-02-thai-boys-found")
    assert re.search(rf'<a href="/sample/stories/{cave.id}">{re.escape(cave.name)}</a>', page)
    page = site.get("/sample/events/2018-07-02-thai-boys-found").text
    assert re.search(r"/sample/links\?event_id=2018-07-02-thai-boys-found", page)  # how many rows of others are about it
    story = site.json("/sample/story_of_event.json?_shape=objects&id=2018-07-02-thai-boys-found")["rows"]
    assert [one["id"] for one in story] == [event.id for event in cave.events]


def test_an_archive_of_headings_and_languages_has_facets_of_them(tmp_path):
    import dataclasses

    events = [dataclasses.replace(event, heading="Space", language="de" if n else "en") for n, event in enumerate(SPACE)]
    export_sqlite(quick().fit(events), tmp_path / "news.db")
    page = Site(tmp_path / "news.db").json("/news/events.json")
    assert facet(page, "heading") == {"Space": 6}
    assert facet(page, "language") == {"de": 5, "en": 1}


@pytest.mark.skipif(os.name == "nt", reason="Windows does not replace files that are open")
def test_datasette_goes_on_while_the_file_is_replaced(tmp_path):
    path = tmp_path / "news.db"
    export_sqlite(quick().fit(SPACE), path)
    site = Site(path)
    assert site.json("/news/events.json")["filtered_table_rows_count"] == 6
    export_sqlite(quick().fit(SPACE[:3]), path)
    assert site.json("/news/events.json")["filtered_table_rows_count"] in (3, 6)
    assert Site(path).json("/news/events.json")["filtered_table_rows_count"] == 3


def test_strange_ids_and_titles_lead_where_they_should(tmp_path):
    from test_sqlite_export import STRANGE

    export_sqlite(quick().fit(STRANGE), tmp_path / "news.db")
    site = Site(tmp_path / "news.db")
    page = site.get("/news/events").text
    assert "<script>alert" not in page
    address = re.search(r'<a href="(/news/events/a[^"]*)">', page)
    assert address
    assert site.json(f"{address[1]}.json?_shape=objects")["rows"][0]["title"] == STRANGE[0].title
