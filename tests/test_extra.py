"""Values of an archive's own: they are kept as they are, cannot be changed, and choose links."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import quick, run
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import BadValueError, Event, RelatedStories, read_events
from relatedstories.events import values_of
from relatedstories.files.draft import DRAFT_ID, draft_of_file, draft_of_text
from relatedstories.files.links_file import LinksFile
from relatedstories.refresh import refresh

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)

ARCHIVE = [
    Event("1", "Snow closes Oslo", extra={"section": "World", "tags": ["ice", "air"], "premium": True}),
    Event("2", "Snow in Oslo again", extra={"section": "World", "tags": ["air"], "premium": False}),
    Event("3", "Oslo skis in the Snow", extra={"section": "Sport", "tags": ["ski"]}),
    Event("4", "Oslo has Snow"),
]


@given(extra=st.dictionaries(st.text(), VALUES, max_size=4))
def test_extra_values_survive_everything(extra: dict[str, Any]) -> None:
    event = Event("1", "Rain", extra=extra)
    assert event == Event.from_dict(json.loads(json.dumps(event.to_dict())))
    assert event == pickle.loads(pickle.dumps(event)) == copy.deepcopy(event) == replace(event, title="Rain")
    assert event.in_language("de").extra == event.extra
    assert hash(event) == hash(Event("1", "Rain"))
    assert json.loads(json.dumps(event.extra)) == json.loads(json.dumps(Event("1", "Rain", extra=event.extra).extra))


def test_extra_values_cannot_be_changed() -> None:
    extra = ARCHIVE[0].extra
    for change in (lambda: extra.update(a=1), lambda: extra.pop("section"), lambda: extra.setdefault("a", 1), extra.clear):  # type: ignore[attr-defined]
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    with pytest.raises(TypeError):
        extra["section"] = "Sport"  # type: ignore[index]
    assert extra["tags"] == ("ice", "air")


def test_values_become_those_of_json() -> None:
    event = Event("1", "Rain", extra={"day": dt.date(2020, 1, 2), "n": np.int64(3), "row": np.array([1, 2]), "x": float("nan")})
    assert event.extra == {"day": "2020-01-02", "n": 3, "row": (1, 2), "x": None}
    for wrong in ({"a": b"x"}, {"a": object()}, "x", [1]):
        with pytest.raises(
            BadValueError, match=r"event '1': extra: got .*, expected a mapping of names to values that JSON can hold"
        ):
            Event("1", "Rain", extra=wrong)  # type: ignore[arg-type]


def test_an_index_keeps_them(tmp_path: Path) -> None:
    stories = quick().fit(ARCHIVE[:3])
    stories.add(ARCHIVE[3:]).save(tmp_path / "index")
    assert list(RelatedStories.load(tmp_path / "index", stories.extractor)) == ARCHIVE


@pytest.mark.parametrize(
    ("keywords", "listed"),
    [
        ({"same": ["section"]}, {"1": ["2"], "2": ["1"], "3": [], "4": []}),
        ({"same": ["tags"]}, {"1": ["2"], "2": ["1"], "3": [], "4": []}),
        ({"same": ["Section", "premium"]}, {"1": [], "2": [], "3": [], "4": []}),
        ({"where": lambda event: event.extra.get("premium") is not True}, {"1": ["2", "3"], "4": ["2", "3"]}),
    ],
)
def test_links_are_chosen_by_them(keywords: Any, listed: dict[str, list[str]]) -> None:
    stories = quick().fit(ARCHIVE)
    alone = {id_: sorted(link.event.id for link in stories.related(id_, min_score=0, **keywords)) for id_ in listed}
    assert alone == listed
    together = dict(stories.all_related(min_score=0, **keywords))
    assert {
        event.id: sorted(link.event.id for link in links) for event, links in together.items() if event.id in listed
    } == listed


def test_same_is_checked() -> None:
    for wrong in ("section", [""], [1], {"section": 1}, 5):
        with pytest.raises(BadValueError, match=r"related: same: got .*, expected a list of names"):
            quick().fit(ARCHIVE).related("1", same=wrong)  # type: ignore[arg-type]


def test_values_of_an_event_are_texts() -> None:
    assert values_of(ARCHIVE[0], "premium") == {"true"}
    assert values_of(ARCHIVE[0], "SECTION") == {"World"}
    assert values_of(ARCHIVE[0], "nothing") == frozenset()
    assert values_of(Event("1", "Rain", date=dt.date(2020, 1, 2)), "date") == {"2020-01-02"}


def test_links_have_fields_of_the_linked_event(tmp_path: Path) -> None:
    refresh(quick(), ARCHIVE[:2], LinksFile(tmp_path / "links.jsonl", ["title", "section", "url"]))
    (link,) = json.loads((tmp_path / "links.jsonl").read_text().splitlines()[0])["links"]
    assert link["event"] == {"title": "Snow in Oslo again", "section": "World", "url": None}


def test_the_command_line_has_them(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text("".join(json.dumps(event.to_dict()) + "\n" for event in ARCHIVE))
    assert list(read_events(path)) == ARCHIVE
    done = run("refresh", path, "--links", "-", "--quiet", "--filter", "section=WORLD", "--filter", "nope=1")
    assert done.returncode == 0
    assert "no event has 'nope'" in done.stderr
    assert run("refresh", path, "--links", "-", "--filter", "section").returncode == 2
    draft = run("related", path, "--title", "Snow in Oslo", "--filter", "section=sport", "--min-score", "0.01", "--json")
    assert [link["id"] for link in json.loads(draft.stdout)["links"]] == ["3"]
    assert run("related", "1").returncode == 2
    assert run("related", "--index", tmp_path, "--title", " ").returncode == 2


def test_drafts(tmp_path: Path) -> None:
    assert draft_of_text("Snow in Oslo\n\nIt is cold.") == Event(DRAFT_ID, "Snow in Oslo", "It is cold.")
    contents = {
        "a.txt": "Snow in Oslo\n\nIt is cold.",
        "a.md": "---\ntitle: 'Snow in Oslo'\ndraft: true\n---\nIt is cold.",
        "b.md": "# Snow in Oslo\n\nIt is cold.\n",
        "a.html": "<title>x</title><h1>Snow in Oslo</h1><p>It is cold.</p>",
        "a.json": '{"title": "Snow in Oslo",\n "text": "It is cold."}',
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
        event = draft_of_file(tmp_path / name)
        assert (event.title, event.text.strip()) == ("Snow in Oslo", "It is cold."), name
    for name, content in {"empty.txt": "", "empty.json": ""}.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(ValueError, match="expected a"):
            draft_of_file(tmp_path / name)
