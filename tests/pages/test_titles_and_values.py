"""What is read of a page that has no title or date, or values that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import Reading, write
from helpers import day

from relatedstories import BadValueError, Event
from relatedstories.export.markdown import front_matter
from relatedstories.pages import read_pages


@pytest.mark.parametrize(
    ("path", "text", "title"),
    [
        ("_posts/2016-01-26-local-development.md", "---\nlayout: post\n---\nHow I work.\n", "Local Development"),
        ("2020/01/03/storm.md", "---\ndate: 2020-01-03\n---\nThe storm came. It went.\n", "The storm came."),
        ("2020/01/03/1234.md", "---\ndate: 2020-01-03\n---\n<p>The **storm** came</p>\n\nIt went.\n", "The storm came"),
        ("storm.md", '---\ntitle: ""\nslug: storm-in-oslo\n---\nIt came.\n', "Storm In Oslo"),
        ("storm.md", "---\ntitle: [Storm in Oslo]\n---\nIt came.\n", "Storm in Oslo"),
        ("storm.md", "---\ntags: [a]\n---\nStorm in *Oslo*\n===\n\nIt came.\n", "Storm in *Oslo*"),
        ("trip/index.md", "---\ndate: 2020-01-03\n---\n# To Rome\n", "To Rome"),
        ("to-rome/index.md", "---\ndate: 2020-01-03\n---\nWe went.\n", "To Rome"),
        ("Harbour tram.md", "It runs.\n", "Harbour tram"),
        ("Word.md", "---\n---\nIt runs.\n", "Word"),
        ("Daily/2020-01-02.md", "Met the [[Council|council]]. #oslo\n", "Met the council."),
        ("a.md", f"---\ndate: 2020-01-03\n---\n{'storm ' * 40}", f"{('storm ' * 23).strip()}…"),
        ("a.md", "---\ntitle: R&amp;D <em>now</em>\n---\n", "R&D now"),
    ],
)
def test_titles(tmp_path: Path, path: str, text: str, title: str) -> None:
    (event,) = Reading(write(tmp_path, {path: text}))
    assert event.title == title


def test_titles_that_are_no_key_are_counted(tmp_path: Path) -> None:
    pages = {
        "a.md": "---\ndate: 2020-01-03\n---\nIt came.\n",
        "2020-01-02-old-town.md": "---\n---\nx\n",
        "d.md": "---\nlayout: x\n---\n",
    }
    reading = Reading(write(tmp_path, pages))
    assert len(reading.events) == 2
    assert str(reading.found) == (
        "2 pages are events, 0 drafts, 0 broken; left out: 1 without title; "
        "without a title of their own: 1 by name, 1 by first sentence"
    )


@pytest.mark.parametrize(
    ("path", "front", "date"),
    [
        ("2020-01-02-rain.md", "", "2020-01-02"),
        ("2020-01-02-rain/index.md", "", "2020-01-02"),
        ("2020/01/02/rain.md", "", "2020-01-02"),
        ("2020/01/02-rain.md", "", "2020-01-02"),
        ("20200102 rain.md", "", "2020-01-02"),
        ("202001021030.md", "", "2020-01-02"),
        ("Rain 2020-01-02.md", "", "2020-01-02"),
        ("2020-13-02-rain.md", "", None),
        ("v2020.1.md", "", None),
        ("rain.md", "path: 2020/01/02/rain", "2020-01-02"),
        ("rain.md", "url: /2020/01/02/rain/", "2020-01-02"),
        ("rain.md", "created: 2020-01-02", "2020-01-02"),
        ("rain.md", "published: true\ncreated: 2020-01-02T10:00", "2020-01-02"),
        ("2020-01-02-rain.md", "date: 2020-01-05", "2020-01-05"),
        ("2020-01-02-rain.md", "date: soon", "2020-01-02"),
        ("rain.md", "date: soon", None),
        ("rain.md", "date: 0000-00-00", None),
        ("rain.md", "date: [2020-01-02]", "2020-01-02"),
        ("rain.md", "date: 5. Januar 2020", "2020-01-05"),
        ("rain.md", "date: 02.01.2020", "2020-01-02"),
        ("rain.md", "date: 31/01/2020", "2020-01-31"),
        ("rain.md", "date: 02/01/2020", None),
    ],
)
def test_dates(tmp_path: Path, path: str, front: str, date: str | None) -> None:
    (event,) = Reading(write(tmp_path, {path: f"---\ntitle: x\n{front}\n---\n"}))
    assert event.date == (date and day(date))


def test_all_pages_show_which_of_day_and_month_comes_first(tmp_path: Path) -> None:
    pages = {f"{name}.md": f"---\ntitle: x\ndate: {date}\n---\n" for name, date in (("a", "02/03/2019"), ("b", "03/31/2019"))}
    reading = Reading(write(tmp_path, pages))
    assert [event.date for event in reading] == [day("2019-02-03"), day("2019-03-31")]
    assert any("read with the month first" in remark for remark in reading.remarks)
    (tmp_path / "b.md").unlink()
    assert [event.date for event in Reading(tmp_path, date_format="day-first")] == [day("2019-03-02")]
    reading = Reading(tmp_path)
    assert [event.date for event in reading] == [None]
    assert "a.md:3: date: got '02/03/2019', expected a date that can be read in one way" in reading.remarks[0]


@pytest.mark.parametrize(
    ("front", "topics", "remark"),
    [
        ("tags: [a, [b], {c: d, e: f}, null, 3]", ("a", "3"), "topics: got a list with a list in it"),
        ("tags: {a: b}", (), "topics: got a mapping, expected a list of texts"),
        ("tags:\n- label: Danube\n  permalink: /danube\n- flood", ("Danube", "flood"), None),
        ("tags: [{name: Danube}]", ("Danube",), None),
        ("tag: Old Town", ("Old Town",), None),
        ("tags: flood passau\ncategories: news", ("flood", "passau", "news"), None),
        ("tags: Old Town, flood", ("Old Town", "flood"), None),
        ("keywords: old town", ("old town",), None),
        ("labels: [a]\ntopic: b", ("b", "a"), None),
        ("title: {a: b}", (), "title: got a mapping, expected a text"),
        ("heading: [a, b]", (), "heading: got a list, expected a text"),
        ("sources: [{a: b, c: d}]", (), "sources: got a list with a mapping in it"),
        ("lang: German", (), "language: got 'German', expected the code of a language"),
        ("date: soon", (), "date: got 'soon', expected a date such as"),
    ],
)
def test_a_poor_value_leaves_the_event(tmp_path: Path, front: str, topics: tuple[str, ...], remark: str | None) -> None:
    write(tmp_path, {"Rain.md": f"---\n{front}\n---\nIt pours.\n"})
    reading = Reading(tmp_path)
    (event,) = reading
    assert sorted(event.topics) == sorted(topics)
    if remark is None:
        assert not reading.remarks
        return
    assert remark in reading.remarks[0]
    assert reading.found.values_left_out == len(reading.remarks)
    with pytest.warns(UserWarning, match="; left out"):
        list(read_pages(tmp_path))
    with pytest.raises(BadValueError, match=remark.partition(" ")[0]):
        list(read_pages(tmp_path, strict=True))
    strict = Reading(tmp_path, strict=True)
    assert (len(strict.events), len(strict.errors)) == (0, 1)


def test_the_later_of_two_keys_counts(tmp_path: Path) -> None:
    text = "---\ntitle: Old\ndate: 2020-01-02\ntitle: New\n---\n"
    reading = Reading(write(tmp_path, {"a.md": text, "b.md": '{"title": "Old", "title": "New"}\n'}))
    assert [event.title for event in reading] == ["New", "New"]
    assert reading.remarks[0].endswith(
        "a.md:4: got 'title', expected a key used once (it stands on line 2 too); the later value counts"
    )
    assert len(reading.remarks) == 2
    assert len(Reading(tmp_path, strict=True).errors) == 2


def test_many_warnings_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {f"{n}.md": f"---\ntitle: x\ndate: soon {n}\n---\n" for n in range(30)})
    with pytest.warns(UserWarning, match="date: got|more values") as caught:
        assert len(list(read_pages(tmp_path))) == 30
    assert len(caught) == 21
    assert "more values could not be read" in str(caught[-1].message)


def test_notes(tmp_path: Path) -> None:
    text = (
        "The [[Harbour tram|tram]] stops at [[Quay#East]]. #oslo #river/east %%ask Ann about #money%%\n\n`#code` C# #12 ^part\n"
    )
    reading = Reading(write(tmp_path, {"Day.md": text, "Town.md": "---\ntags: [oslo]\n---\nA #port.\n"}))
    assert reading["Day"].topics == ("oslo", "river/east")
    assert reading["Day"].text.startswith("The tram stops at Quay > East. #oslo")
    assert "Ann" not in reading["Day"].text
    assert "^part" not in reading["Day"].text
    assert reading["Town"].topics == ("oslo", "port")
    assert reading.found.are_notes


def test_where_a_site_builder_is_at_work_pages_without_front_matter_are_none(tmp_path: Path) -> None:
    pages = {"_posts/2020-01-02-a.md": "---\ntitle: A\n---\nSee #tag.\n", "_posts/b.md": "Not a post.\n"}
    reading = Reading(write(tmp_path, pages))
    assert [(event.title, event.topics) for event in reading] == [("A", ())]
    assert reading.found.left_out == "1 without front matter"


@pytest.mark.parametrize("other", ["### [2020-1-2](i.md)\n# Rain\n", '---\nevent_id: "1"\ntitle: "Rain"\n---\n'])
def test_beside_pages_of_dated_and_exported_sites_pages_without_front_matter_are_none(tmp_path: Path, other: str) -> None:
    reading = Reading(write(tmp_path, {"a.md": "A list of pages.\n", "topics/b.md": "# B\n\nText\n", "z.md": other}))
    assert [event.title for event in reading] == ["Rain"]
    assert reading.found.left_out == "2 without front matter"


def test_other_keys_are_kept_as_extra(tmp_path: Path) -> None:
    bomb = "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 10) if n else 'x'}]\n" for n in range(11))
    front = "title: A\nSection: World\npremium: true\nwords: 120\nzip: 007\nparams: {a: [b]}\nrelated:\n- {path: a, title: b}\n"
    (event,) = Reading(write(tmp_path, {"a.md": f"---\n{front}long: {'x' * 3000}\n---\n"}))
    assert event.extra == {"section": "World", "premium": True, "words": 120, "zip": "007", "params": {"a": ("b",)}}
    (event,) = Reading(write(tmp_path, {"a.md": f"---\ntitle: A\n{bomb}---\n"}))
    assert set(event.extra) == {"k0", "k1", "k2"}


def test_extra_values_are_read_back_from_exported_pages(tmp_path: Path) -> None:
    extra = {"a b": 'x: "y"\u2028\x7f\ufeff\u00e2\u20ac\u2122', "n": [1, 1.5, None, True, {"z": "12"}], "\u00fc": {}}
    event = Event("1", "Rain", translation_key="rain", extra=extra)
    (read,) = Reading(write(tmp_path, {"a.md": f"---\n{front_matter(event)}\n---\n# Rain\n"}))
    assert read == event
