"""The index by which a site is searched: its terms, its pieces, and what new events change of it."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import SPACE, quick
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories
from relatedstories.export import export, search_index
from relatedstories.export.packing import bitmap, packed
from relatedstories.export.search_index import SearchIndex
from relatedstories.export.search_terms import MAX_LETTERS, search_terms
from relatedstories.export.site import Site
from relatedstories.export.story_pages import StoryPages
from relatedstories.text.titles import plain_title

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def unpacked(text: str) -> list[int]:
    values, value, scale = [], 0, 1
    for digit in map(DIGITS.index, text):
        value += (digit & 31) * scale
        scale *= 32
        if digit < 32:
            values.append(value)
            value, scale = 0, 1
    return values


def pieces_of(archive: RelatedStories) -> dict[str, Any]:
    site = Site(archive)
    index = SearchIndex(site, StoryPages(archive.storylines(), site))
    found = {}
    for path, text in index.pieces():
        name, value = json.loads("[" + text.removeprefix("relatedStories(").removesuffix(")\n") + "]")
        assert path == f"search/{name}.js"
        found[name] = value
    assert [f"search/{name}.js" for name in found] == [*index.names()]
    return found


def lines_of(pieces: dict[str, Any]) -> list[list[str]]:
    lines = [line for name, text in pieces.items() if name.startswith("words/") for line in text.split(";")]
    return [(line.split(" ") + [""] * 3)[:4] for line in lines]


def blocks(pieces: dict[str, Any], what: str) -> list[Any]:
    """Return all that pieces of a kind hold, in order."""
    values = [value for name, value in pieces.items() if name.startswith(f"{what}/")]
    return [*itertools.chain.from_iterable(value.split(";") if isinstance(value, str) else value for value in values)]


# ---------------------------------------------------------------------- terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Øystein's naïve Straße, ŁÓDŹ!", ["oystein", "s", "naive", "strasse", "lodz"]),
        ("Киї́в, Йорк", ["киів", "иорк"]),
        ("Ελλάς ΕΛΛΆΣ", ["ελλασ"]),
        ("القَاهِرَة", ["القاهرة"]),
        ("İstanbul ısı", ["istanbul", "isi"]),
        ("दिल्ली में बारिश", ["दिल्ली", "में", "बारिश"]),
        ("서울 시장", ["서울", "시장"]),
        ("東京のABC社", ["東京", "京の", "の", "abc", "社"]),
        ("ﾄﾖﾀ Ｔ２", ["トヨ", "ヨタ", "タ", "t2"]),
        ("x" * 50, ["x" * MAX_LETTERS]),
        ("<b>&amp;", ["b", "amp"]),
        ("…  —", []),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert search_terms(text) == terms


@given(text=st.text())
def test_terms_can_stand_in_a_piece(text: str) -> None:
    for term in search_terms(text):
        assert term
        assert not re.search(r"[\s;#]", term)
        assert search_terms(term)[0][:1] == term[:1]


# ---------------------------------------------------------------------- numbers


@given(lists=st.lists(st.lists(st.integers(0, 2**40), max_size=5), max_size=6))
def test_numbers_are_read_back(lists: list[list[int]]) -> None:
    values = np.array([*itertools.chain.from_iterable(lists)], np.int64)
    bounds = np.cumsum([0, *map(len, lists)])
    assert [*map(unpacked, packed(values, bounds))] == lists


@given(numbers=st.sets(st.integers(0, 40)), n=st.integers(41, 60))
def test_a_bitmap_is_read_back(numbers: set[int], n: int) -> None:
    text = bitmap(np.array(sorted(numbers), np.int64), n)
    assert {number for number in range(n) if DIGITS.index(text[number // 6]) >> number % 6 & 1} == numbers


# ---------------------------------------------------------------------- pieces


def test_the_pieces_say_what_the_archive_says(sample: list[Event], sample_stories: RelatedStories) -> None:
    pieces, stories = pieces_of(sample_stories), sample_stories.storylines()
    about = pieces["about"]
    events = sorted(sample, key=lambda event: (event.date or dt.date.min, event.id))
    assert about["events"] == len(events)
    assert [title for title, *_ in blocks(pieces, "events")] == [plain_title(event.title) for event in events]
    years = [event.date.year if event.date else 0 for event in events]
    assert about["years"] == [[year, years.index(year)] for year in sorted({*years})]
    topics = blocks(pieces, "topics")
    having = [[*itertools.accumulate(unpacked(text))] for text in blocks(pieces, "having")]
    for (name, _, kind, count), numbers in zip(topics, having, strict=True):
        expected = [n for n, event in enumerate(events) if name in [topic.name for topic in sample_stories.topics(event.id)]]
        assert numbers == expected
        assert count == len(expected) > 1
        assert about["kinds"][kind][0] in {topic.kind for topic in sample_stories.topics(events[numbers[0]].id)}
    assert [(numbers[1], name) for (name, *_), numbers in zip(topics, having, strict=True)] == sorted(
        (numbers[1], name) for (name, *_), numbers in zip(topics, having, strict=True)
    )
    assert [int(kind) for kind in pieces["kinds"]] == [kind for _, _, kind, _ in topics]
    records = {record[0]: record for record in blocks(pieces, "stories")}
    assert len(records) == len(stories)
    for number, (event, tag) in enumerate(zip(events, blocks(pieces, "tags"), strict=True)):
        own, _, back = tag.partition(".")
        assert [*itertools.accumulate(unpacked(own))] == [n for n, numbers in enumerate(having) if number in numbers]
        story = stories.of(event)
        assert (story is not None) == bool(back)
        if story is not None:
            record = records[number - unpacked(back)[0]]
            assert record[1] == story.name
            assert [events[n].id for n in itertools.accumulate(unpacked(record[5]))] == sorted(
                (one.id for one in story.events), key=[one.id for one in events].index
            )
    for kind, count in about["kinds"]:
        text = pieces[f"kind/{[name for name, _ in about['kinds']].index(kind)}"]
        members = [n for n in range(len(events)) if DIGITS.index(text[n // 6]) >> n % 6 & 1]
        of_kind = [topic for topic, (_, _, number, _) in enumerate(topics) if about["kinds"][number][0] == kind]
        assert members == sorted({n for topic in of_kind for n in having[topic]})
        assert len(members) == count


def test_each_term_says_which_events_have_it_and_where(sample: list[Event], sample_stories: RelatedStories) -> None:
    stories, found = sample_stories.storylines(), {}
    events = sorted(sample, key=lambda event: (event.date or dt.date.min, event.id))
    for term, packed_events, *_ in lines_of(pieces_of(sample_stories)):
        event = 0
        for value in unpacked(packed_events):
            event += value // 4
            found[term, event] = value % 4
    expected: dict[tuple[str, int], int] = {}
    for number, event in enumerate(events):
        title = {*search_terms(event.title)}
        topics = {term for topic in sample_stories.topics(event.id) for term in search_terms(topic.name)}
        story = stories.of(event)
        for term in title | topics | {*(search_terms(story.name) if story else ())}:
            expected[term, number] = 3 if term in title & topics else 2 if term in title else int(term in topics)
    assert found == expected


def test_pieces_of_words_are_small_sorted_and_found_by_where_they_begin(
    sample_stories: RelatedStories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "MAX_PIECE", 300)
    pieces = pieces_of(sample_stories)
    begins = pieces["about"]["words"]
    assert len(begins) > 30
    assert begins == sorted(begins)
    for begin, after in itertools.pairwise([*begins, "\U0010ffff"]):
        text = pieces[f"words/{begin.encode().hex() or '0'}"]
        terms = [line.split(" ")[0] for line in text.split(";")]
        assert all(begin <= term < after for term in terms)
        assert terms == sorted(terms)
        assert len(text) < 300 or len(terms) == 1


def test_common_terms_are_not_listed(sample_stories: RelatedStories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "MIN_COMMON", 20)
    pieces = pieces_of(sample_stories)
    assert {"in", "of"} < {*pieces["about"]["common"]}
    lines = {line[0]: line[1:] for line in lines_of(pieces)}
    assert lines["of"][0] == ""
    assert lines["of"][1] or lines["of"][2]  # topics and stories are still found by it


def test_new_events_leave_most_pieces_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "MAX_PIECE", 400)
    names = [f"{a}{b}" for a in ("Bergen", "Oslo", "Turku", "Vaasa", "Kiel") for b in "abcdefghij"]
    days = [dt.date(2020, 1, 1) + dt.timedelta(n) for n in range(600)]
    events = [Event(f"{n:04}", f"{names[n % 50]} {names[n * 7 % 50]} k{n}", date=date) for n, date in enumerate(days)]
    archive = quick().fit(events)
    before = pieces_of(archive)
    archive.add([Event("9999", "Bergena Xanadu storm", date=dt.date(2024, 1, 1))])
    after = pieces_of(archive)
    changed = [name for name in after if before.get(name) != after[name]]
    assert {"about", "events/37", "tags/1"} < {*changed}
    assert {name for name in changed if name.startswith("events/")} == {"events/37"}
    assert {name for name in changed if name.startswith("tags/")} <= {"tags/1"}
    assert sum(name.startswith("words/") for name in changed) < 0.3 * sum(name.startswith("words/") for name in after)
    assert sum(name.startswith(("topics/", "having/")) for name in changed) <= 2
    assert blocks(after, "events")[600] == ["Bergena Xanadu storm", blocks(after, "events")[600][1]]


NEW_YEAR = dt.date(2020, 1, 1)
STRANGE = [
    Event(
        "1",
        "Oslo </script><script>alert(1)</script> \u2028 'a' \"b\" \\ `c` ${d}",
        date=NEW_YEAR,
        topics=["Oslo; a b"],
    ),
    Event("2", "Oslo <!-- &lt;img src=x onerror=alert(1)&gt; ; # \t\x01\x0b", topics=["Oslo; a b", "€€", "-"]),
    Event("3", "\u202eOslo مرحبا \u200f שלום \U0001f680", date=dt.date(99, 1, 1), topics=["€€", "-"]),
    Event("4", "東京 Oslo \U00020000\U00020001", date=NEW_YEAR),
]


def test_strange_titles_stay_within_their_pieces(tmp_path: Path) -> None:
    pieces = pieces_of(quick(min_score=0.0).fit(STRANGE))
    assert {title for title, *_ in blocks(pieces, "events")} == {" ".join(plain_title(event.title).split()) for event in STRANGE}
    assert pieces["about"]["years"] == [[0, 0], [99, 1], [2020, 2]]
    export(quick(min_score=0.0).fit(STRANGE), tmp_path)
    for path in (tmp_path / "search").rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") == 1
        assert re.fullmatch(r'relatedStories\("[a-z0-9/]+",(.*)\)\n', text)


def test_the_same_archive_gives_the_same_search_in_any_order(tmp_path: Path, sample: list[Event]) -> None:
    events = sample[:80]
    found = []
    for name, order in (("a", events), ("b", events[::-1])):
        export(RelatedStories().fit(order), tmp_path / name)
        paths = [path for path in sorted((tmp_path / name).rglob("*.*")) if "search" in str(path.relative_to(tmp_path))]
        found.append({path.relative_to(tmp_path / name): path.read_bytes() for path in paths if path.is_file()})
    assert found[0] == found[1]
    assert len(found[0]) > 10
    assert export(RelatedStories().fit(events), tmp_path / "a").written == 0


def test_a_site_without_html_has_no_search(tmp_path: Path) -> None:
    export(quick().fit(SPACE), tmp_path, ["html", "json"])
    assert (tmp_path / "search.html").exists()
    export(quick().fit(SPACE), tmp_path, ["json"])
    assert not (tmp_path / "search.html").exists()
    assert not (tmp_path / "search").exists()


def test_an_empty_archive_has_a_search_that_finds_nothing() -> None:
    pieces = pieces_of(quick().fit([]))
    assert (pieces["about"]["events"], pieces["about"]["words"], pieces["kinds"]) == (0, [""], "")
