"""Links of two contexts: they are printed as one text, and come back from wherever they were written."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import jsonschema
import pytest
from helpers import day, quick
from lxml import etree, html

from relatedstories import BadValueError, Event, Link, Links, RelatedStories
from relatedstories.changes import Difference, change_between, change_to_dict, line_of_event
from relatedstories.databases import LinksTable
from relatedstories.export import export
from relatedstories.export.paths import topic_stem
from relatedstories.files.links_file import LinksFile, LinksStream, read_links
from relatedstories.index.reason import Reason
from relatedstories.pages import LinkedPages
from relatedstories.ranking.explanation import Explanation
from relatedstories.ranking.selection import select
from relatedstories.refresh import refresh

EVENTS = [
    Event("1", "Nurses treat Cholera in Sudan", date=day("2024-03-01")),
    Event("2", "Cholera closes schools in Sudan", date=day("2024-03-02")),
    Event("3", "A ferry crosses the Nile", date=day("2024-03-03")),
]
BOTH = ("Cholera", "Sudan")
TWO = Link(EVENTS[1], 0.5, 1, BOTH)


@pytest.fixture
def two_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Label every link with up to two of its topics."""

    def first_two(reason: Reason) -> tuple[str, ...]:
        return tuple(sorted(topic.name for topic in reason.topics)[:2])

    monkeypatch.setattr(Reason, "contexts", property(first_two))
    monkeypatch.setattr(Reason, "is_padding", lambda _reason, _score: False)


@pytest.fixture
def stories(two_labels: None) -> RelatedStories:  # noqa: ARG001
    return quick().fit(EVENTS)


def test_the_first_is_the_context() -> None:
    assert (TWO.contexts, TWO.context, TWO.label) == (BOTH, "Cholera", "Cholera, Sudan")
    bare = Link(EVENTS[1], 0.5, 1)
    assert (bare.contexts, bare.context, bare.label) == ((), None, None)
    assert TWO.to_dict() | {"score": None} == {
        "id": "2", "rank": 1, "score": None, "context": "Cholera", "contexts": ["Cholera", "Sudan"], "topics": []
    }  # fmt: skip


@pytest.mark.parametrize("contexts", ["Oslo", None, ["Oslo"], ("a", "b", "c"), (None,), ("a", 1)])
def test_what_contexts_cannot_be(contexts: object) -> None:
    with pytest.raises(BadValueError, match=r"^Link: contexts: got .*, expected a tuple of at most 2 texts$"):
        Link(EVENTS[1], 0.5, 1, contexts)  # type: ignore[arg-type]


def test_they_are_printed_as_one_text() -> None:
    links = Links([TWO])
    assert str(links) == " 1  0.50  2024-03-02  Cholera, Sudan: Cholera closes schools in Sudan"
    assert "<td" in links._repr_html_()
    assert ">Cholera, Sudan<" in links._repr_html_()
    frame = links.to_frame("pandas")
    assert (frame["context"].tolist(), frame["contexts"].tolist()) == (["Cholera"], [["Cholera", "Sudan"]])
    explanation = Explanation(EVENTS[0], EVENTS[1], 0.0, 1.0, (), BOTH)
    assert str(explanation).splitlines()[1] == "Context: Cholera, Sudan"
    assert explanation.to_dict()["contexts"] == ["Cholera", "Sudan"]


def test_the_explanation_of_any_two_events_has_them(stories: RelatedStories) -> None:
    (link,) = stories.related("1")
    assert link.contexts == BOTH
    assert stories.explain("1", "2").contexts == BOTH
    assert "Context: Cholera, Sudan" in stories.explain("1", "2")._repr_html_()
    unseen = Event("4", "Sudan counts cases of Cholera")
    assert stories.explain("1", unseen).contexts == stories.explain(unseen, "1").contexts == BOTH
    assert stories.explain("1", "3").contexts == ()


def test_the_first_counts_towards_the_maximum() -> None:
    contexts = {1: BOTH, 2: ("Cholera", "Chad"), 3: ("Sudan",), 4: (), 5: ("sudan", "Nile")}
    listed = select(
        [(n, 1 - n / 10) for n in contexts], 5, lambda *_: 0.0, lambda n: next(iter(contexts[n]), None), max_per_context=1
    )
    assert [one.number for one in listed] == [1, 3, 4, 5]


@pytest.mark.usefixtures("two_labels")
def test_the_first_counts_in_lists_of_an_archive() -> None:
    titles = ["Asked: Cholera in Sudan", "First: Cholera in Sudan", "Second: Cholera in Sudan", "Third: Sudan"]
    stories = quick().fit([Event(str(number), title) for number, title in enumerate(titles)])
    assert sorted(link.contexts for link in stories.related("0", min_score=0)) == [BOTH, BOTH, ("Sudan",)]
    assert sorted(link.contexts for link in stories.related("0", min_score=0, max_per_context=1)) == [BOTH, ("Sudan",)]


@pytest.mark.parametrize("name", ["links.jsonl", "links.json"])
def test_a_file_gives_them_back(tmp_path: Path, stories: RelatedStories, name: str) -> None:
    path = tmp_path / name
    first = refresh(stories, EVENTS, path)
    assert first.contexts == {"Cholera": 2, "Sudan": 2}
    assert first.labelled == 2
    lines = dict(read_links(path))
    assert json.loads(lines["1"])["links"][0]["contexts"] == ["Cholera", "Sudan"]
    again = refresh(quick(), EVENTS, path)
    assert (again.written, again.changed, again.relabelled) == (0, 0, 0)
    stream = io.StringIO()
    refresh(quick(), EVENTS, LinksStream(stream))
    assert dict(zip("123", stream.getvalue().splitlines(keepends=True), strict=True)) == lines


def test_another_second_context_is_another_label(tmp_path: Path) -> None:
    _, before = line_of_event(EVENTS[0], [TWO])
    _, after = line_of_event(EVENTS[0], [Link(EVENTS[1], 0.5, 1, ("Cholera",))])
    change = change_between("1", before, after)
    assert change_to_dict(change)["relabelled"] == {"2": ["Cholera, Sudan", "Cholera"]}
    target = LinksFile(tmp_path / "links.jsonl")
    for link, relabelled in ((TWO, 0), (TWO, 0), (Link(EVENTS[1], 0.5, 1, ("Cholera", "Nile")), 1)):
        difference = Difference()
        for one in target.take([(EVENTS[0], [link])], False):
            difference.count(one)
        assert difference.relabelled == relabelled


def test_the_links_of_an_earlier_release_have_one_context() -> None:
    old = '{"id": "1", "links": [{"id": "2", "rank": 1, "score": 0.5, "context": "Cholera", "topics": []}]}\n'
    for contexts, relabelled in ((("Cholera",), {}), (BOTH, {"2": ["Cholera", "Cholera, Sudan"]})):
        _, new = line_of_event(EVENTS[0], [Link(EVENTS[1], 0.5, 1, contexts)])
        assert change_to_dict(change_between("1", old, new))["relabelled"] == relabelled


def test_a_table_holds_the_text_and_is_written_once(tmp_path: Path, stories: RelatedStories) -> None:
    table = LinksTable(f"sqlite:///{tmp_path}/news.db")
    assert refresh(stories, EVENTS, table).written == 2
    assert [json.loads(line)["links"][0]["context"] for _, line in table.read()] == ["Cholera, Sudan"] * 2
    again = refresh(quick(), EVENTS, table)
    assert (again.written, again.changed) == (0, 0)


@pytest.mark.parametrize("front_matter", [True, False])
def test_pages_give_the_text_back(tmp_path: Path, front_matter: bool) -> None:
    for number in "12":
        (tmp_path / f"{number}.md").write_text("---\ntitle: Rain\n---\n" if front_matter else "# Rain\n")
    pages = LinkedPages(tmp_path)
    links = [(EVENTS[0], [TWO])]
    assert [(change.before, change.after) for change in pages.take(links, False)] == [(None, {"2": "Cholera, Sudan"})]
    text = (tmp_path / "1.md").read_text()
    assert ('context: "Cholera, Sudan"' if front_matter else "_Context: Cholera, Sudan_") in text
    assert not any(change.changed for change in pages.take(links, False))
    other = [(EVENTS[0], [Link(EVENTS[1], 0.5, 1, ("Sudan",))])]
    assert [(change.before, change.after) for change in pages.take(other, False)] == [({"2": "Cholera, Sudan"}, {"2": "Sudan"})]


def test_each_is_a_link_in_an_exported_site(tmp_path: Path, stories: RelatedStories) -> None:
    export(stories, tmp_path, ("html", "json", "xml", "md"))
    (page,) = (path for path in tmp_path.glob("news/**/*.html") if "nurses" in path.name)
    (span,) = html.fromstring(page.read_text()).xpath("//span[@class='context']")
    assert span.text_content() == "Context: Cholera, Sudan"
    assert [link.lstrip("./") for link in span.xpath("a/@href")] == [f"{topic_stem(name)}.html" for name in BOTH]

    record = json.loads(page.with_suffix(".json").read_text())
    jsonschema.validate(record, json.loads((tmp_path / "schema.json").read_text()))
    (link,) = record["related"]
    assert [one["name"] for one in link["contexts"]] == ["Cholera", "Sudan"]
    assert all(one["path"].endswith(".json") for one in link["contexts"])
    assert link["context"] == link["contexts"][0]

    tree = etree.parse(page.with_suffix(".xml"))
    etree.XMLSchema(etree.parse(tmp_path / "schema.xsd")).assertValid(tree)
    assert tree.xpath("//link/context/text()") == ["Cholera", "Sudan"]
    assert all(path.endswith(".xml") for path in tree.xpath("//link/context/@path"))

    assert re.search(r"_Context: \[Cholera\]\(\S+\.md\), \[Sudan\]\(\S+\.md\)_$", page.with_suffix(".md").read_text(), re.M)


@pytest.mark.slow
def test_explanations_have_the_contexts_of_the_links(sample_stories: RelatedStories) -> None:
    for event in [*sample_stories][::5]:
        for link in sample_stories.related(event, k=9, min_score=0):
            assert sample_stories.explain(event, link.event).contexts == link.contexts
