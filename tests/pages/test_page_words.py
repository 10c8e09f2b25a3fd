"""The section of links speaks the language of its page, and is known again in any language."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import quick, run

from relatedstories import Event, Link, read_events
from relatedstories.pages import LinkedPages, read_pages, rewrite
from relatedstories.pages.rewriting import rewrite_page
from relatedstories.pages.words import RELATED_HEADS, WORDS
from relatedstories.refresh import refresh

LINKS = [Link(Event("b", "Hafen offen"), 0.5, 1, ("Kiel", "Hafen"))]
KIEL = "# Kiel sperrt den Hafen\n\nDer Hafen von Kiel ist wegen des Sturms zu.\n"


def page(text: bytes | None) -> str:
    assert text is not None
    return text.decode()


@pytest.mark.parametrize("language", WORDS)
def test_a_section_in_each_language(language: str, tmp_path: Path) -> None:
    words = WORDS[language]
    written = page(rewrite_page(KIEL.encode(), LINKS, language=language))
    assert written == f"{KIEL}\n### {words.related}:\n\n1. [Hafen offen](/b.md) _{words.context}: Kiel, Hafen_\n"
    assert rewrite_page(written.encode(), LINKS, language=language) is None
    assert page(rewrite_page(written.encode(), [], language="en")) == f"{KIEL}\n"
    (tmp_path / "a.md").write_text(f"### [2020-1-2](x)\n{written}", encoding="utf-8")
    (event,) = read_pages(tmp_path)
    assert event.text == "Der Hafen von Kiel ist wegen des Sturms zu."


def test_a_section_in_another_language_is_translated() -> None:
    old = f"{KIEL}\n### Related:  \r\n\r\n1. [gone](/gone.md) _Context: Kiel_\r\n\nA footer\n"
    written = page(rewrite_page(old.encode(), LINKS, language="de"))
    assert written == (f"{KIEL}\n### Mehr zum Thema:\r\n\r\n1. [Hafen offen](/b.md) _Zusammenhang: Kiel, Hafen_\r\n\nA footer\n")
    untouched = written.replace("### Mehr zum Thema:", "### Mehr zum Thema: ##  ")
    assert rewrite_page(untouched.encode(), LINKS, language="de") is None


def test_what_was_linked_is_read_in_any_language(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.md").write_text(KIEL, encoding="utf-8")
    pages = LinkedPages(tmp_path)
    event = Event("a", "Kiel sperrt den Hafen", language="de")
    list(pages.take([(event, LINKS)], False))
    assert "_Zusammenhang: Kiel, Hafen_" in (tmp_path / "a.md").read_text(encoding="utf-8")
    (change,) = pages.take([(event.in_language("uk"), LINKS)], False)
    assert (change.before, change.after) == ({"b": "Kiel, Hafen"}, {"b": "Kiel, Hafen"})
    assert "### За темою:" in (tmp_path / "a.md").read_text(encoding="utf-8")


def test_a_heading_of_your_own_stays_the_only_one(tmp_path: Path) -> None:
    old = f"{KIEL}\n### Related:\n\n1. [Rain](/rain.md)\n"
    (tmp_path / "a.md").write_text(old, encoding="utf-8")
    rewrite(tmp_path, {"a": [Link(Event("a", "x"), 0.5, 1)]}, head="### 有关:", context="消息")
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == f"{old}\n### 有关:\n\n1. [x](/a.md)\n"


def test_a_refresh_writes_in_the_language_of_each_event(tmp_path: Path) -> None:
    texts = {
        "de-1": "Kiel sperrt den Hafen wegen des Sturms", "de-2": "Der Hafen von Kiel ist nach dem Sturm wieder offen",
        "en-1": "Oslo closes the airport after the snow", "en-2": "The airport of Oslo opens again after the snow",
    }  # fmt: skip
    for name, title in texts.items():
        (tmp_path / f"{name}.md").write_text(f"### [2020-1-2](x)\n# {title}\n", encoding="utf-8")
    events = list(read_events(tmp_path))
    report = refresh(quick(min_score=0.0), events, LinkedPages(tmp_path))
    assert report.written == 4
    for name in texts:
        words = WORDS[name[:2]]
        written = (tmp_path / f"{name}.md").read_text(encoding="utf-8")
        assert f"### {words.related}:\n" in written
        assert f" _{words.context}: " in written
    assert list(read_events(tmp_path)) == events
    assert refresh(quick(min_score=0.0), events, LinkedPages(tmp_path)).written == 0


def test_the_command_takes_the_declared_language(tmp_path: Path) -> None:
    for name, title in (("a", "Kiel: Hafen"), ("b", "Hafen Kiel")):
        (tmp_path / f"{name}.md").write_text(f"### [2020-1-2](x)\n# {title}\n", encoding="utf-8")
    done = run("refresh", tmp_path, "--in-place", "--quiet", "--language", "de")
    assert done.returncode == 0, done.stderr
    assert "### Mehr zum Thema:" in (tmp_path / "a.md").read_text(encoding="utf-8")


def test_headings_are_told_apart() -> None:
    assert len(RELATED_HEADS) >= 15
    assert not {f"### {words.sources}:" for words in WORDS.values()} & {*RELATED_HEADS}
