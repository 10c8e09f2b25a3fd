"""The language of a page: from its front matter, the end of its name, or its folder."""

from __future__ import annotations

import pytest

from relatedstories import Event, read_events
from relatedstories.export.markdown import front_matter


def test_language_of_pages(tmp_path) -> None:
    pages = {
        "rain.md": ("title: Rain", None),
        "de/rain.md": ("title: Regen", "de"),
        "content/pt-br/rain.md": ("title: Chuva", "pt"),
        "it/servers.md": ("title: New servers", None),
        "rain.es.md": ("title: Lluvia", "es"),
        "key.md": ("title: Pluie\nlang: fr-CA", "fr"),
    }
    for name, (front, _) in pages.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\n{front}\n---\nText.\n", encoding="utf-8")
    found = {f"{event.id}.md": event.language for event in read_events(tmp_path)}
    assert found == {name: language for name, (_, language) in pages.items()}


def test_a_language_that_is_no_code_is_left_out_with_a_warning(tmp_path) -> None:
    (tmp_path / "rain.md").write_text("---\ntitle: Pluie\nlanguage: French\n---\nText.\n", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"rain.md:3: language: got 'French', expected the code of a language"):
        (event,) = read_events(tmp_path)
    assert event.language is None


def test_exported_front_matter_has_the_language() -> None:
    assert 'language: "de"' in front_matter(Event("1", "Regen", language="de"))


def test_events_keep_their_language_in_records() -> None:
    event = Event("1", "Regen", language="de-AT")
    assert event.to_dict()["language"] == "de"
    assert Event.from_dict(event.to_dict()) == event == next(read_events([event.to_dict()]))
    with pytest.raises(ValueError, match="language: got 'Deutsch'"):
        Event("1", "Regen", language="Deutsch")
