"""What this library wrote itself and that lies among files of events is no event, and is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from relatedstories import read_events
from relatedstories.files.own_files import own_file

LINK = '{"id": "b", "rank": 1, "score": 0.5, "context": null, "contexts": [], "topics": []}'


@pytest.mark.parametrize(
    ("name", "content", "is_own"),
    [
        ("links.jsonl", f'{{"id": "a", "links": [{LINK}]}}\n', True),
        ("links.jsonl", '{"id": "a \\" b", "links": []}\n', True),
        ("links.json", f'{{"a": []\n,"b": [{LINK}]\n}}\n', True),
        ("report.json", '{\n "status": "done",\n "started": "2020-01-01"\n}\n', True),
        ("news.jsonl", '{"id": "a", "links": [], "title": "Rain"}\n', False),
        ("news.jsonl", '{"id": "a", "links": ["https://example.org"], "title": "Rain"}\n', False),
        ("news.jsonl", '{"id": "a", "links": [{"id": "b", "title": "Snow"}], "title": "Rain"}\n', False),
        ("news.json", '{"news": [{"id": "a", "title": "Rain"}]}\n', False),
        ("news.json", '{"status": "done", "started": "2020-01-01", "title": "Rain"}\n', False),
        ("news.csv", f'{{"id": "a", "links": [{LINK}]}}\n', False),
    ],
)
def test_only_what_a_refresh_writes_is_its_own(tmp_path: Path, name: str, content: str, is_own: bool) -> None:
    (tmp_path / name).write_text(content)
    assert (own_file(tmp_path / name) is not None) == is_own


def test_they_are_left_out_and_counted(tmp_path: Path) -> None:
    (tmp_path / "news.csv").write_text("id,title\n1,Rain\n")
    (tmp_path / "links.jsonl").write_text(f'{{"id": "1", "links": [{LINK}]}}\n')
    for folder, name in (("site", ".relatedstories-export"), ("index", "index.json")):
        (tmp_path / folder / "parts-0123456789abcdef").mkdir(parents=True)
        (tmp_path / folder / name).write_text("{}")
        (tmp_path / folder / "rows.json").write_text('{"id": "x", "title": "Not an event"}')
    remarks: list[str] = []
    assert [event.id for event in read_events(tmp_path, on_remark=remarks.append)] == ["1"]
    assert remarks == ["left out: exported sites (1), files of links (1), indexes (1)"]
