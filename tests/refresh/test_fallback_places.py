"""Links that only fill lists: marked in files, tables, pages and exported sites, and on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import SPACE, quick, run

from relatedstories import Event
from relatedstories.export.job import export
from relatedstories.pages import LinkedPages, Pages, read_pages
from relatedstories.refresh import refresh

RECENT: dict[str, Any] = {"fallback": "recent", "min_score": 1.0}
TOPIC: dict[str, Any] = {"fallback": "topic", "min_score": 1.0}


def test_a_file_of_links_says_it(tmp_path: Path) -> None:
    links = tmp_path / "links.jsonl"
    report = refresh(quick(), SPACE, links, 2, **RECENT)
    lines = {line["id"]: line["links"] for line in map(json.loads, links.read_text().splitlines())}
    assert [(link["id"], link["fallback"], link["context"]) for link in lines["whitson"]] == [
        ("oslo-2", "recent", None),
        ("oslo", "recent", None),
    ]
    assert report.fallback == report.to_dict()["fallback"] == report.links > 0
    assert f"; {report.fallback} links only fill lists" in str(report)


@pytest.mark.parametrize("key", ["related", None])
def test_pages_say_it(key: str | None, tmp_path: Path) -> None:
    for id_, language, title, date in (
        ("a", "de", "Schnee in Oslo", "2020-01-02"),
        ("b", "de", "Ein Fest in Oslo", "2020-01-01"),
        ("c", "de", "Wahl in Malta", "2019-12-31"),
    ):
        (tmp_path / f"{id_}.md").write_text(f"---\ntitle: {title}\ndate: {date}\nlang: {language}\n---\n")

    def written(**keywords: Any) -> str:
        pages = Pages()
        report = refresh(quick(), read_pages(tmp_path, found=pages), LinkedPages(tmp_path, pages, key=key), 1, **keywords)
        again = Pages()
        target = LinkedPages(tmp_path, again, key=key)
        assert refresh(quick(), read_pages(tmp_path, found=again), target, 1, **keywords).written == 0
        assert report.left_alone == 0
        return (tmp_path / "a.md").read_text()

    topic, recent = written(**TOPIC), written(**RECENT)
    if key is None:
        assert "1. [Ein Fest in Oslo](/b.md) _Themen: Oslo_\n" in topic
        assert "1. [Ein Fest in Oslo](/b.md) _1. Januar 2020_\n" in recent
    else:
        assert '    context: "Oslo"\n    fallback: "topic"\n---' in topic
        assert '    title: "Ein Fest in Oslo"\n    fallback: "recent"\n---' in recent
    assert "Fest" not in written(min_score=1.0)


def test_exported_sites_say_it(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    events = [*SPACE, Event("plain", "A goose crosses the road", date=SPACE[0].date)]
    export(quick().fit(events), tmp_path, ("html", "json", "xml", "md"), 2, **RECENT)
    schema = json.loads((tmp_path / "schema.json").read_text())
    found = dict.fromkeys(("html", "json", "xml", "md"), 0)
    for path in tmp_path.rglob("*goose*"):
        text = path.read_text()
        if path.suffix == ".json":
            jsonschema.validate(json.loads(text), schema)
        marks = {"html": '<li class="fallback recent">', "json": '"fallback":"recent"', "xml": ' fallback="recent">'}
        found[path.suffix[1:]] = text.count(marks.get(path.suffix[1:], ".md) _"))
    assert found == {"html": 2, "json": 2, "xml": 2, "md": 2}


def test_the_command_line_says_it(tmp_path: Path) -> None:
    index, links = tmp_path / "index", tmp_path / "links.jsonl"
    run("refresh", "sample", "--links", links, "--index", index, "--fallback", "recent", "--quiet")
    short = next(line for line in map(json.loads, links.read_text().splitlines()) if "fallback" in str(line))
    told = run("related", short["id"], "--index", index, "--fallback", "recent").stdout
    assert told.count("Fills the list: among the newest before") == str(short).count("'fallback': 'recent'")
    as_json = json.loads(run("related", short["id"], "--index", index, "--fallback", "recent", "--json").stdout)
    assert [link.get("fallback") for link in as_json["links"]] == [link.get("fallback") for link in short["links"]]
    assert run("related", short["id"], "--index", index, "--fallback", "newest").returncode == 2
