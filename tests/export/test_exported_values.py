"""Values of an owner's own, `Event.extra`, in every format of an exported site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from helpers import quick
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from relatedstories import Event
from relatedstories.export.job import export
from relatedstories.pages import read_pages

EXTRA: dict[str, Any] = {
    "section": "World & <local>",
    "premium": True,
    "views": 12,
    "share": 0.5,
    "image": {"src": 'a"b.jpg', "size": [640, 480]},
    "authors": ["Ann", {"name": "Ben"}, None],
    "a name": "",
    "none": None,
}


def exported(folder: Path, extra: dict[str, Any]) -> tuple[Any, etree._Element, Event]:
    export(quick().fit([Event("1", "Snow in Oslo", extra=extra)]), folder, ("json", "xml", "md"))
    (as_json,) = folder.rglob("snow-in-oslo*.json")
    (as_xml,) = folder.rglob("snow-in-oslo*.xml")
    tree = etree.parse(as_xml)
    etree.XMLSchema(etree.parse(folder / "schema.xsd")).assertValid(tree)
    (event,) = read_pages(folder)
    return json.loads(as_json.read_text())["event"].get("extra", {}), tree.getroot(), event


def test_every_format_has_them(tmp_path: Path) -> None:
    in_json, root, event = exported(tmp_path, EXTRA)
    assert in_json == EXTRA
    assert event.extra == Event("1", "x", extra=EXTRA).extra
    assert [value.get("name") for value in root.findall("extra/value")] == [*EXTRA]
    texts = [value.text for value in root.findall("extra/value")]
    assert texts == ["World & <local>", "true", "12", "0.5", None, None, None, None]
    assert root.findtext("extra/value/value[@name='src']") == 'a"b.jpg'
    assert [item.text for item in root.findall("extra/value/value/item")] == ["640", "480"]
    assert root.findtext("extra/value[@name='authors']/item/value[@name='name']") == "Ben"


def test_an_event_without_any_has_no_such_element(tmp_path: Path) -> None:
    in_json, root, event = exported(tmp_path, {})
    assert in_json == event.extra == {}
    assert root.find("extra") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=8), JSON, max_size=4))
def test_any_values_are_valid_and_come_back(tmp_path_factory: Any, extra: dict[str, Any]) -> None:
    in_json, _, event = exported(tmp_path_factory.mktemp("site"), extra)
    expected = Event("1", "x", extra=extra).extra
    assert Event("1", "x", extra=in_json).extra == expected
    assert event.extra == expected
