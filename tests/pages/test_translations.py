"""Translations of one page belong together: each has its language, and none is listed under another."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import Reading, titled, write
from helpers import quick

from relatedstories import Event, RelatedStories, read_events


@pytest.mark.parametrize(
    ("paths", "languages", "groups"),
    [
        (["trip/index.md", "trip/index.de.md"], ["de", None], [0, 0]),
        (["a.md", "a.fr.md", "b.fr.md"], ["fr", None, "fr"], [0, 0, None]),
        (["content/de/a.md", "content/en/a.md", "content/en/b.md"], ["de", "en", "en"], [0, 0, None]),
        (["de/x/a.md", "en/x/a.md", "it/x/a.md", "it/x/b.md"], ["de", "en", "it", "it"], [0, 0, 0, None]),
        (["en/about.md", "it/about.md", "it/servers.md"], ["en", "it", "it"], [0, 0, None]),
        (["de/a.md", "it/servers.md"], ["de", None], [None, None]),
        (["example/content/de/a.md", "example/content/fr/a.md", "example/content/br/a.md"], [None, "de", "fr"], [0, 0, 0]),
        (["de/news/_posts/2020-01-02-a.md", "en/news/_posts/2020-01-02-a.md"], ["de", "en"], [0, 0]),
        (["a.pt-br.md", "a.zh-Hant.md"], ["pt", "zh"], [0, 0]),
    ],
)
def test_by_path(tmp_path: Path, paths: list[str], languages: list[str | None], groups: list[int | None]) -> None:
    events = list(Reading(write(tmp_path, titled(*paths))))
    assert [event.language for event in events] == languages
    keys = {event.translation_key for event in events if event.translation_key is not None}
    assert [None if event.translation_key is None else 0 for event in events] == groups
    assert len(keys) <= 1


@pytest.mark.parametrize(
    "front",
    [
        "translationKey: trip",
        "translation_key: trip",
        "lang-ref: trip",
        "i18n_key: trip",
    ],
)
def test_by_key(tmp_path: Path, front: str) -> None:
    pages = {f"{name}.md": f"---\ntitle: {name}\nlang: {name}\n{front}\n---\n" for name in ("de", "en")}
    assert [event.translation_key for event in Reading(write(tmp_path, pages))] == ["trip", "trip"]


def test_by_slug_in_pelican_and_by_ref_in_jekyll(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "Title: A\nSlug: trip\nLang: en\n\nx\n", "b.md": "Title: B\nSlug: trip\nLang: de\n\nx\n"})
    write(tmp_path, {"c.md": "---\ntitle: C\nlang: en\nref: c\n---\n", "d.md": "---\ntitle: D\nref: d\nslug: d\n---\n"})
    assert [event.translation_key for event in Reading(tmp_path)] == ["trip", "trip", "c", None]


EVENTS = [
    Event("a.en", "Snow closes Oslo airport", language="en", translation_key="a"),
    Event("a.de", "Schnee legt Oslo lahm", language="de", translation_key="a"),
    Event("b.en", "Oslo airport opens again", language="en", translation_key="b"),
    Event("b.de", "Oslo atmet auf", language="de", translation_key="b"),
    Event("c", "Oslo votes", language="en"),
]


@pytest.mark.parametrize("across", [False, True])
def test_a_translation_is_never_listed(across: bool, tmp_path: Path) -> None:
    stories = quick(across_languages=across).fit(EVENTS)
    listed = {event.id: [link.event.id for link in links] for event, links in stories.all_related(k=5, min_score=0)}
    for id_, ids in listed.items():
        assert ids
        assert {"a.en": "a.de", "a.de": "a.en", "b.en": "b.de", "b.de": "b.en"}.get(id_) not in ids
        assert [link.event.id for link in stories.related(id_, k=5, min_score=0)] == ids
        assert across or {id_[-2:] if id_ != "c" else "en"} == {other[-2:] if other != "c" else "en" for other in ids}
    new = Event("new", "Oslo airport opens again", language="en", translation_key="b")
    assert not {link.event.id for link in stories.related(new, k=5, min_score=0)} & {"b.en", "b.de"}
    stories.save(tmp_path / "index")
    again = RelatedStories.load(tmp_path / "index", quick().extractor)
    assert {event.id: [link.event.id for link in links] for event, links in again.all_related(k=5, min_score=0)} == listed
    short = quick(across_languages=across).fit(EVENTS[:1]).add(EVENTS[1:])
    assert {event.id: [link.event.id for link in links] for event, links in short.all_related(k=5, min_score=0)} == listed


def test_where_a_list_is_full_a_translation_takes_no_place() -> None:
    words = ["Bergen", "Narvik", "Tromso", "Bodo", "Molde", "Alta", "Hamar", "Moss", "Skien"]
    events = [
        Event("a.en", "Oslo Snow Airport"),
        *[Event(f"e{n}", f"Oslo Snow {word} {word * 2}") for n, word in enumerate(words)],
    ]
    translated = [
        Event("a.en", "Oslo Snow Airport", translation_key="a"),
        Event("a.de", "Oslo Snow Airport", translation_key="a"),
    ]
    expected = [link.event.id for link in quick().fit(events).related("a.en", k=4, min_score=0)]
    stories = quick().fit([*translated, *events[1:]])
    assert len(expected) == 4
    assert len(stories.related("a.en", k=4, min_score=0)) == 4
    assert "a.de" not in {link.event.id for link in stories.related("a.en", k=4, min_score=0)}


def test_the_key_is_kept_in_records() -> None:
    event = EVENTS[0]
    assert event.to_dict()["translation_key"] == "a"
    assert Event.from_dict(event.to_dict()) == event == next(read_events([event.to_dict()]))
