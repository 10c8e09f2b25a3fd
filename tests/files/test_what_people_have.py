"""Files as people have them: each read in full, and said how where that was not plain."""

from __future__ import annotations

import bz2
import gzip
import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from helpers import day, run, shared
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import RAIN, SNOW

from relatedstories import BadValueError, Event, InputError, read_events
from relatedstories.text.cleaning import clean_event


def read(source: Any, fields: dict[str, str] | None = None, **options: Any) -> tuple[list[Event], list[str]]:
    """The events of a source, and all that is said about them; no row may be skipped."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        events = list(read_events(source, fields, on_remark=said.append, **options))
    return events, said + [str(warning.message) for warning in caught]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ---------------------------------------------------------------------- the shared cases


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("files/array.json", None, {"1": "2020-01-02", "2": "2020-01-05"}),
        ("files/wrapped.json", {"title": "attributes.headline", "date": "attributes.published"}, {"1": "2020-01-02"}),
        ("files/float-ids.csv", None, {"1": "2020-01-02", "2": "2020-01-05"}),
        ("files/windows-1252.csv", None, {"1": "2020-01-02"}),
        ("files/utf-16.csv", None, {"1": "2020-01-02"}),
        ("files/rss.xml", None, {"g1": "2020-01-02"}),
        ("files/atom.xml", None, {"tag:example.org,2020:1": "2020-01-02"}),
        ("files/wordpress.xml", None, {"7": "2020-01-02"}),
        ("dates/day-first.csv", None, {"1": "2020-01-13", "2": "2020-02-05"}),
        ("dates/month-first.csv", None, {"1": "2020-01-13", "2": "2020-02-05"}),
        ("dates/many.jsonl", None, {str(n): "2020-01-02" for n in range(9)} | {"9": "2020-01-01"}),
        ("reported/44-jsonl-dates/news.jsonl", None, {str(n): "2021-07-01" for n in range(1, 7)}),
        ("reported/67-wp-rest-nested/news.jsonl", {"title": "title.rendered", "text": "content.rendered"}, {"2": "2021-07-01"}),
        ("reported/71-csv-trailing-comma/news.csv", None, {"1": "2021-07-01", "2": "2021-07-02"}),
    ],
)
def test_shared_files(name: str, fields: dict[str, str] | None, expected: dict[str, str]) -> None:
    events, _ = read(shared("cases") / name, fields)
    assert {event.id: str(event.date) for event in events} == expected


@pytest.mark.parametrize(
    "name", ["59-csv-float-id", "61-csv-sep-line", "62-csv-utf16", "63-csv-latin1", "64-json-array", "76-csv-pipe"]
)
def test_shared_tables_of_three_events(name: str) -> None:
    folder = shared("cases") / "reported" / name
    (path,) = folder.glob("news.*")
    events, _ = read(path)
    assert [event.id for event in events] == ["1", "2", "3"]
    assert all("ssau" in event.full_text and event.date and event.text for event in events)
    assert "�" not in events[0].title


def test_shared_dates_of_every_form() -> None:
    events, said = read(shared("cases") / "reported/43-csv-dates/news.csv")
    undated = [event.id for event in events if event.date is None]
    assert len(events) == 22
    assert undated == ["8", "18"]  # a year alone, and a day as Excel counts it
    assert {str(event.date) for event in events} == {"2021-07-01", "2021-12-31", "None"}
    assert "date: 2 values could not be read" in said[1]


def test_shared_dates_that_do_not_tell(tmp_path: Path) -> None:
    path = shared("cases") / "dates/cannot-tell.csv"
    with pytest.raises(InputError, match="--date-format"):
        read(path)
    assert [str(event.date) for event in read(path, date_format="day-first")[0]] == ["2020-01-03", "2020-02-05"]
    done = run("refresh", path, "--links", tmp_path / "links.jsonl", "--date-format", "month-first")
    assert (done.returncode, "month first, as asked for" in done.stderr) == (0, True)


def test_shared_titles_and_texts_in_html() -> None:
    (event,), _ = read(shared("cases") / "html-in-titles/rows.csv")
    assert event.title == "Café & bar closes"
    assert clean_event(event).text == "Café & bar closes\nGuests say goodbye."


def test_shared_lists_in_cells() -> None:
    events, _ = read(shared("cases") / "reported/56-csv-list-topics-context/news.csv")
    assert [event.topics for event in events][1::2] == [("Passau", "Danube"), ("Bread", "Prices")]


@pytest.mark.parametrize("name", ["57-csv-null-words", "58-csv-null-heading-links"])
def test_shared_words_that_stand_for_nothing(name: str) -> None:
    errors: list[BadValueError] = []
    events, _ = read(shared("cases") / "reported" / name / "news.csv", on_error=errors.append)
    values = [(event.date, event.heading, event.topics, event.url) for event in events if event.id != "5"]
    assert set(values) == {(None, None, (), None)}
    assert [error.field for error in errors] == ["title"] * len(errors)


def test_shared_shapes_of_json() -> None:
    errors: list[BadValueError] = []
    events, _ = read(shared("cases") / "reported/66-jsonl-shapes/news.jsonl", on_error=errors.append)
    assert not errors
    assert events[3].topics == ("Passau",)
    assert events[8].sources == (("BBC", "http://b"),)


@pytest.mark.parametrize(
    ("name", "fields", "titles"),
    [
        ("68-tsv-raw-quotes", None, ['"The Brands" a queen swears by', '"Flood in Passau', 'The 5" screen', 'He said "no"']),
        ("69-tsv-commas-in-header", {"title": "title, or headline, or name"}, ["Flood in Passau", "Bridge in Passau"]),
        ("72-csv-space-header", None, ["A", "B, C"]),
        ("77-csv-backslash", None, ['He said "no", then left', "B"]),
    ],
)
def test_shared_tables_with_odd_quotes(name: str, fields: dict[str, str] | None, titles: list[str]) -> None:
    (path,) = (shared("cases") / "reported" / name).glob("news.*")
    assert [event.title for event in read(path, fields)[0]] == titles


@pytest.mark.parametrize("fields", [None, {"title": "headline_text", "date": "publish_date"}])
def test_shared_tables_without_ids(fields: dict[str, str] | None) -> None:
    name = "73-csv-no-id" if fields is None else "74-rows-without-id"
    path = shared("cases") / "reported" / name / "news.csv"
    events, said = read(path, fields)
    assert len({event.id for event in events}) == len(events) > 1
    assert "a digest of their title, date and text is the id" in said[-1]
    assert read(path, fields)[0] == events


# ---------------------------------------------------------------------- tables


def test_encodings_are_found_or_given(tmp_path: Path) -> None:
    rows = "id;title\n1;Überschwemmung in Köln\n"
    path = write(tmp_path / "news.csv", rows.encode("windows-1252"))
    assert read(path) == (
        [Event("1", "Überschwemmung in Köln")],
        [f"{path}: read as Windows-1252, as it is not in UTF-8; --encoding names another, encoding= in Python"],
    )
    write(path, "id;title\n1;Снег в Осло\n".encode("windows-1251"))
    assert read(path, encoding="windows-1251") == ([Event("1", "Снег в Осло")], [f"{path}: read as Windows-1251, as given"])
    with pytest.raises(BadValueError, match="expected text in UTF-8"):
        read(path)  # hardly an accented letter among plain ones: not Windows-1252
    with pytest.raises(BadValueError, match=r"^read_events: encoding: got 'utf-99', expected the name of an encoding"):
        read(path, encoding="utf-99")
    done = run("stats", path, "--encoding", "cp1251", "--json")
    assert json.loads(done.stdout)["events"] == 1
    assert run("stats", path, "--encoding", "x").returncode == 2


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1).filter(str.strip))
@settings(deadline=None)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_any_text_comes_back_in_unicode(tmp_path_factory: pytest.TempPathFactory, encoding: str, text: str) -> None:
    path = write(
        tmp_path_factory.getbasetemp() / "any.jsonl", (json.dumps({"id": 1, "text": text}, ensure_ascii=False)).encode(encoding)
    )
    events = list(read_events(path, {"title": "text"}, on_error=[].append))
    assert len(events) == 1


@pytest.mark.parametrize(
    ("cell", "topics"),
    [
        ("Oslo; Rain", ("Oslo", "Rain")),
        ("Oslo | Rain", ("Oslo", "Rain")),
        ("Oslo, Rain", ("Oslo", "Rain")),
        ("Bergen, Norway; Rain", ("Bergen, Norway", "Rain")),
        ('["Oslo", "Rain", null]', ("Oslo", "Rain")),
        ("['Oslo', \"Rain's end\", None]", ("Oslo", "Rain's end")),
        ("('Oslo', 'Rain')", ("Oslo", "Rain")),
        ("{'Oslo', 'Rain'}", ("Oslo", "Rain")),
        ("['Oslo' 'Rain']", ("Oslo", "Rain")),
        ("{Oslo,Rain}", ("Oslo", "Rain")),
        ('[{"name": "Oslo"}, {"name": "Rain"}]', ("Oslo", "Rain")),
        ("Oslo", ("Oslo",)),
        ("[]", ()),
        ("nan", ()),
        ("[unclosed", ("[unclosed",)),
    ],
)
def test_lists_in_cells(cell: str, topics: tuple[str, ...]) -> None:
    (event,), _ = read(pd.DataFrame({"id": [1], "title": ["Rain"], "topics": [cell]}))
    assert event.topics == topics


@pytest.mark.parametrize(
    ("ids", "read_ids"),
    [
        (["1.0", "2.0"], ["1", "2"]),
        (["1.0", "2.5"], ["1.0", "2.5"]),
        (["v1", "2.0"], ["v1", "2.0"]),
        (["1.0", "v2"], ["1.0", "v2"]),
        ([1.0, 2.0], ["1", "2"]),
    ],
)
@pytest.mark.parametrize(
    "make",
    [
        pd.DataFrame,
        pl.DataFrame,
        lambda columns: [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    ],
)
def test_whole_numbers_that_became_floats(make: Any, ids: list[Any], read_ids: list[str]) -> None:
    events, said = read(make({"id": ids, "title": ["Rain", "Snow"]}))
    assert [event.id for event in events] == read_ids
    assert len(said) == (read_ids == ["1", "2"])


def test_a_table_without_names_of_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "news.csv", "1,Rain,2020-01-02\n2,Snow,2020-01-03\n")
    events, _ = read(path, {"id": "1", "title": "2", "date": "3"})
    assert events == [Event("1", "Rain", date=day("2020-01-02")), Event("2", "Snow", date=day("2020-01-03"))]


def test_tabs_with_quotes_as_spreadsheets_write_them(tmp_path: Path) -> None:
    path = tmp_path / "news.tsv"
    frame = pd.DataFrame({"id": ["1", "2"], "title": ['A "good" day', "B\tC"], "text": ["one\ntwo", "x"]})
    frame.to_csv(path, sep="\t", index=False)
    assert [(event.title, event.text) for event in read(path)[0]] == [('A "good" day', "one\ntwo"), ("B\tC", "x")]


def test_a_title_is_the_first_sentence_where_there_is_none() -> None:
    events, said = read([{"id": 1, "text": "Snow fell in <b>Oslo</b>. The airport is closed."}])
    assert [event.title for event in events] == ["Snow fell in Oslo."]
    assert "1 row without a title; the first sentence" in said[0]


def test_a_row_without_an_id_has_its_address() -> None:
    rows = [{"title": "Rain", "url": "https://example.org/1"}, {"title": "Snow"}, {"title": "Snow"}]
    errors: list[BadValueError] = []
    events, said = read(rows, on_error=errors.append)
    assert events[0].id == "https://example.org/1"
    assert [error.field for error in errors] == ["id"]  # the same row twice
    assert any("their url is the id" in line for line in said)


def test_a_value_that_cannot_be_read_is_left_out_and_counted() -> None:
    rows = [{"id": n, "title": "Rain", "date": date} for n, date in enumerate(["soon", "2020-01-02", "later"])]
    events, said = read(rows)
    assert [event.date for event in events] == [None, day("2020-01-02"), None]
    assert said == ["date: 2 values could not be read, such as 'soon' (row 1); their events stay, without them"]
    with pytest.raises(BadValueError, match="row 1: date: got 'soon'"):
        read(rows, strict=True)


def test_a_few_dates_that_do_not_tell_cost_no_more_than_themselves() -> None:
    rows = [{"id": n, "title": "Rain", "date": date} for n, date in enumerate(["2020-01-01", "3/2/2020", "2020-02-03"])]
    events, said = read(rows)
    assert [event.date for event in events] == [day("2020-01-01"), None, day("2020-02-03")]
    assert said == [
        "date: 1 could be read in two ways, such as '3/2/2020' (row 2), and no other date shows which; its event stays, without "
        'it; date_format="day-first" or "month-first", --date-format on the command line, says which comes first'
    ]
    with pytest.raises(InputError, match="no other date shows which"):
        read(rows, strict=True)


def test_own_columns_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "news.csv", f"id,title,Section,premium,note,body_html\n1,Rain,World,NULL,,{'x' * 3000}\n")
    (event,), said = read(path)
    assert event == Event("1", "Rain", extra={"Section": "World"})
    assert said == ["'body_html' is not kept as an extra value in 1 row: longer than 2000 characters, or no value of JSON"]
    row = {"id": 1, "meta": {"head": "Rain", "tags": [{"name": "Oslo"}, {"name": "Rain"}], "desk": "North"}, "extra": {"a": 1}}
    (event,), _ = read([row], {"title": "meta.head", "topics": "meta.tags.name"})
    assert event == Event("1", "Rain", topics=("Oslo", "Rain"), extra={"meta": {"desk": "North"}, "a": 1})


# ---------------------------------------------------------------------- JSON


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["a", "b c", "é"]), values, max_size=3), max_size=4),
    indent=st.none() | st.integers(0, 3),
    others=st.dictionaries(st.sampled_from(["count", "next"]), values.filter(lambda value: not isinstance(value, (list, dict)))),
    shape=st.sampled_from(["array", "wrapped", "deep", "lines"]),
)
@settings(deadline=None)
def test_any_json_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], indent: int | None, others: dict[str, Any], shape: str
) -> None:
    rows = [row | {"id": str(number), "title": "Rain"} for number, row in enumerate(rows)]
    path = tmp_path_factory.getbasetemp() / "any.json"
    data: Any = {"array": rows, "wrapped": others | {"items": rows}, "deep": {"data": others | {"items": rows}}}.get(shape)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(lines if shape == "lines" else json.dumps(data, indent=indent))
    if not rows and shape not in ("array", "lines"):
        return
    assert read(path)[0] == read(rows)[0]


def test_an_object_is_an_event_or_holds_them(tmp_path: Path) -> None:
    path = write(tmp_path / "news.json", '{"id": 1, "title": "Rain",\n "authors": [{"name": "Ann"}]}')
    assert read(path)[0] == [Event("1", "Rain", extra={"authors": ({"name": "Ann"},)})]
    write(
        path,
        '{"authors": [{"name": "Ann"}, {"name": "Bo"}], "stories": [{"id": 1, "title": "Rain"}, {"id": 2, "title": "Snow"}]}',
    )
    assert read(path) == ([RAIN, SNOW], [f"{path}: events are read from the list 'stories'"])


def test_an_object_may_have_events_by_their_ids(tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    for indent in (None, 1):
        path.write_text(json.dumps({"1": {"title": "Rain"}, "2": {"title": "Snow"}}, indent=indent))
        assert read(path)[0] == [RAIN, SNOW]


def test_short_years_need_a_pattern() -> None:
    rows = [{"id": 1, "title": "Rain", "date": "1/13/20"}, {"id": 2, "title": "Snow", "date": "2/1/20"}]
    events, said = read(rows)
    assert [event.date for event in events] == [None, None]
    assert said[0].endswith("; --date-format %d.%m.%y says how dates with short years are written")
    assert [str(event.date) for event in read(rows, date_format="%m/%d/%y")[0]] == ["2020-01-13", "2020-02-01"]


# ---------------------------------------------------------------------- feeds


RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Desk</title>
{items}</channel></rss>"""


def feed(path: Path, items: str, encoding: str = "utf-8") -> Path:
    return write(path, RSS.format(items=items, encoding=encoding).encode(encoding))


def test_rss(tmp_path: Path) -> None:
    item = """<item><title>Snow &amp;amp; hail in Troms\u00f8</title><link>https://example.org/1</link><guid>a</guid>
        <pubDate>Wed, 01 Apr 2020 23:30:00 -0500</pubDate><category>Weather</category><category>Norway</category>
        <dc:creator>Ann</dc:creator><media:content url="https://example.org/1.jpg" medium="image"/><media:title>no</media:title>
        <description>short</description><content:encoded><![CDATA[<p>It&nbsp;snows.</p><figure><img src="x"></figure>]]>
        </content:encoded></item>"""
    expected = Event(
        "a", "Snow & hail in Tromsø", "It snows.", day("2020-04-01"), None, ("Weather", "Norway"), "https://example.org/1",
        extra={"author": "Ann", "image": "https://example.org/1.jpg"},
    )  # fmt: skip
    for encoding in ("utf-8", "iso-8859-1", "utf-16"):
        assert read(feed(tmp_path / "feed.xml", item, encoding))[0] == [expected]
    write(tmp_path / "feed.rss.gz", gzip.compress((tmp_path / "feed.xml").read_bytes()))
    assert read(tmp_path / "feed.rss.gz")[0] == [expected]


def test_a_feed_with_the_faults_that_feeds_have(tmp_path: Path) -> None:
    path = feed(tmp_path / "feed.xml", "<item><title>Caf\u00e9&nbsp;&eacute; \x0b</title><guid>1</guid></item>")
    assert [event.title for event in read(path)[0]] == ["Café é"]


def test_atom(tmp_path: Path) -> None:
    path = write(
        tmp_path / "feed.atom",
        """<feed xmlns="http://www.w3.org/2005/Atom"><title>Desk</title><entry><id>urn:1</id><title type="html">Rain &lt;b&gt;now
        &lt;/b&gt;</title><link rel="self" href="https://example.org/x"/><link href="https://example.org/1"/>
        <published>2020-01-02T23:30:00-05:00</published><updated>2021-01-01T00:00:00Z</updated><category term="Oslo"/>
        <author><name>Ann</name></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>It <i>rains</i>.</p>
        <p>Still.</p></div></content></entry></feed>""",
    )
    assert read(path)[0] == [
        Event(
            "urn:1",
            "Rain now",
            "It rains.\nStill.",
            day("2020-01-02"),
            None,
            ("Oslo",),
            "https://example.org/1",
            extra={"author": "Ann"},
        )
    ]


def test_of_a_wordpress_export_only_published_posts_are_events(tmp_path: Path) -> None:
    def item(number: int, kind: str = "post", status: str = "publish", more: str = "") -> str:
        return f"""<item><title>Snow {number}</title><wp:post_id>{number}</wp:post_id><wp:post_date>2020-01-0{number} 10:00:00
            </wp:post_date><wp:status>{status}</wp:status><wp:post_type>{kind}</wp:post_type>{more}
            <category domain="category" nicename="w">Weather</category><category domain="post_format">Aside</category>
            <content:encoded><![CDATA[<!-- wp:paragraph --><p>Text {number}</p>[gallery]]]></content:encoded></item>"""

    items = [
        item(1), item(2, "page"), item(3, status="draft"), item(4, "attachment", "inherit"), item(5, status="private"),
        item(6, more="<wp:post_password>x</wp:post_password>"), item(7),
    ]  # fmt: skip
    drafts: list[str] = []
    events, said = read(feed(tmp_path / "wp.xml", "".join(items)), on_draft=drafts.append)
    assert [(event.id, event.date, event.topics) for event in events] == [
        (str(n), day(f"2020-01-0{n}"), ("Weather",)) for n in (1, 7)
    ]
    assert said == ["left out: attachments (1), pages (1), posts with a password (1)"]
    assert len(drafts) == 2
    assert events[0].text == "Text 1"


def test_a_news_sitemap(tmp_path: Path) -> None:
    path = write(
        tmp_path / "sitemap.xml",
        """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://example.org/1</loc><news:news><news:publication><news:name>Desk</news:name><news:language>en
        </news:language></news:publication><news:publication_date>2020-01-02</news:publication_date><news:title>Rain &amp; hail
        </news:title><news:keywords>Oslo, Rain</news:keywords></news:news></url><url><loc>https://example.org/2</loc></url></urlset>""",
    )
    errors: list[BadValueError] = []
    events, _ = read(path, on_error=errors.append)
    url = "https://example.org/1"
    assert events == [Event(url, "Rain & hail", "", day("2020-01-02"), None, ("Oslo", "Rain"), url, language="en")]
    assert [str(error) for error in errors] == [
        f"{path}: item 2: title: got none, expected the news:title of a news sitemap, as nothing is fetched"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<html/>", "got XML with the root 'html', expected RSS, Atom, a WordPress export or a news sitemap"),
        ("<rss><channel><item>", "got broken XML (no element found"),
        ("no XML", "got broken XML ("),
        ("", "got broken XML ("),
        ('<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss><channel><item><title>&a;</title></item></channel></rss>', "declares entities"),
        (
            '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&a;</title></item></channel></rss>',
            "declares entities",
        ),
        ('<!DOCTYPE rss [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x">%a;]><rss/>', "declares entities"),
    ],
)
def test_feeds_that_are_not_read(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(write(tmp_path / "feed.xml", content))
    assert message in str(caught.value)


@given(
    content=st.binary(max_size=300)
    | st.lists(
        st.sampled_from(
            [
                b"<rss>",
                b"<item>",
                b"<title>",
                b"</title>",
                b"</item>",
                b"</rss>",
                b"&nbsp;",
                b"<![CDATA[",
                b"]]>",
                b"a",
                b"&",
                b"\x0b",
            ]
        )
    ).map(b"".join)
)
@settings(deadline=None)
def test_any_bytes_are_a_feed_or_an_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = write(tmp_path_factory.getbasetemp() / "any.xml", content)
    try:
        list(read_events(path, on_error=[].append))
    except InputError:
        return


def test_a_file_that_unpacks_to_far_more_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relatedstories.files.lines._ALWAYS_UNPACKED", 1 << 20)
    path = write(tmp_path / "news.jsonl.gz", gzip.compress(b'{"id": 1, "title": "Rain"}' + b" " * (1 << 23)))
    with pytest.raises(InputError, match="holds more than 250 times its size"):
        read(path)


# ---------------------------------------------------------------------- articles and folders


PAGE = """<!doctype html><html lang="de"><head><title>Regen in Bonn | Blatt</title>
<meta property="og:title" content="Regen in Bonn">
<meta property="article:published_time" content="2020-01-02T10:00:00+01:00"><meta name="author" content="Ann">
<meta property="article:tag" content="Bonn"><link rel="canonical" href="https://example.org/1"><style>p {}</style></head>
<body><nav>Start</nav><article><h1>Regen in Bonn</h1><p>Es regnet.</p><figure><img><figcaption>Bild</figcaption></figure>
<pre>x = 1</pre><p>Noch &amp; <b>mehr</b>.</p><script>track()</script></article><footer>Impressum</footer></body></html>"""


def test_a_folder_of_articles(tmp_path: Path) -> None:
    (tmp_path / "2020").mkdir()
    write(tmp_path / "2020" / "rain.html", PAGE)
    write(tmp_path / "2020-03-04-snow.txt", "Snow in Oslo\n\nThe airport is closed.\n")
    write(tmp_path / "hail.json", '{"title": "Hail",\n "published": "x"}')
    write(tmp_path / "photo.jpg", b"\xff\xd8")
    write(tmp_path / "empty.txt", "\n")
    errors: list[BadValueError] = []
    events, said = read(tmp_path, on_error=errors.append)
    assert events == [
        Event(
            "2020/rain", "Regen in Bonn", "Es regnet.\nNoch & mehr.", day("2020-01-02"), None, ("Bonn",), "https://example.org/1",
            language="de", extra={"author": "Ann"},
        ),
        Event("2020-03-04-snow", "Snow in Oslo", "The airport is closed.", day("2020-03-04")),
        Event("hail", "Hail", extra={"published": "x"}),
    ]  # fmt: skip
    assert [str(error) for error in errors] == [f"{tmp_path / 'empty.txt'}: title: got '\\n', expected an article with words"]
    assert said == ["left out: files of other formats (1)"]


def test_several_files_are_one_archive(tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", "id,title,date\n1,Snow in Oslo,03.02.2020\n")
    second = write(tmp_path / "b.jsonl.bz2", bz2.compress(b'{"id": 2, "title": "More snow in Oslo", "date": "31.01.2020"}\n'))
    assert [str(event.date) for event in read([first, second])[0]] == ["2020-02-03", "2020-01-31"]
    done = run("refresh", first, second, "--links", "-", "--quiet")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["1", "2"]
    assert run("refresh", first, tmp_path, "--links", "-").returncode == 2


@given(order=st.permutations(range(5)))
@settings(deadline=None, max_examples=20)
def test_the_order_of_rows_does_not_change_how_they_are_read(order: Iterable[int]) -> None:
    dates = ["03.02.2020", "05.06.2021", "31.01.2020", "2020-01-05", "Jan 5, 2020"]
    rows = [{"id": f"{n}.0", "title": "Rain", "date": date} for n, date in enumerate(dates)]
    events = {event.id: str(event.date) for event in read([rows[n] for n in order])[0]}
    assert events == {"0": "2020-02-03", "1": "2021-06-05", "2": "2020-01-31", "3": "2020-01-05", "4": "2020-01-05"}


def test_any_of_these_says_in_one_line_what_to_add(tmp_path: Path) -> None:
    write(tmp_path / "kop.csv", "nr,kop\n1,Rain\n")
    write(tmp_path / "nested.json", '[{"id": 1, "attributes": {"headline": "Rain"}}]')
    write(tmp_path / "news.db", "")
    hints = {"kop.csv": "--field title=...", "nested.json": "'attributes.headline'", "news.db": "sqlite:///"}
    for name, hint in hints.items():
        done = run("refresh", tmp_path / name, "--links", "-", "--quiet")
        assert done.returncode == 1
        assert hint in done.stderr.splitlines()[-1]


ROWS_OF_JSON = ['{"id": 1, "title": "Rain"}', '{"id": 2, "title": "Snow"}']


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(json.dumps(json.loads(row), indent=2) for row in ROWS_OF_JSON),  # as jq prints them
        "".join(ROWS_OF_JSON),
        " ".join(ROWS_OF_JSON) + "\n",
        f"[{','.join(ROWS_OF_JSON)},]",
        "[\n" + ",\n".join(ROWS_OF_JSON) + ",\n]\n",
        "\n".join(f"[{row}]" for row in ROWS_OF_JSON),  # a page of results a line
        json.dumps([json.loads(ROWS_OF_JSON[0])], indent=1) + "\n" + f"[{ROWS_OF_JSON[1]}]",
        json.dumps({"version": "1.1", "title": "A feed", "items": [json.loads(row) for row in ROWS_OF_JSON]}),
        json.dumps({"title": "A feed", "tags": [{"name": "x"}], "items": [json.loads(row) for row in ROWS_OF_JSON]}, indent=1),
    ],
)
def test_no_object_of_json_is_lost(text: str, tmp_path: Path) -> None:
    events, _ = read(write(tmp_path / "news.json", text))
    assert events == [RAIN, SNOW]


def test_an_event_with_lists_is_one_event(tmp_path: Path) -> None:
    for more in ('"date": "2020-01-02"', '"text": "It pours."', '"id": 7'):
        text = f'{{"title": "Rain", {more}, "seen": [{{"id": 1, "title": "Snow"}}]}}'
        events, _ = read(write(tmp_path / "news.json", text))
        assert [event.title for event in events] == ["Rain"]
    events, _ = read(write(tmp_path / "news.json", '{"title": "Rain", "sources": [{"title": "BBC", "url": "http://b"}]}'))
    assert [event.title for event in events] == ["Rain"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(encoding: str, tmp_path: Path) -> None:
    path = write(tmp_path / "news.csv", "id,title\n1,Rain\n2,Snow\n".encode(encoding))
    assert read(path) == ([RAIN, SNOW], [f"{path}: read as {encoding.upper()}, as every second byte is zero"])


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("a.json", '{"data": [{"id": 1, "attributes": {"title": "Rain"}}]}', "--field title=attributes.title names the column"),
        ("a.csv", "id,title\n1,Мост закрыт в Москве\n2,Москва\n".encode("cp1251"), "--encoding NAME names the encoding"),
        ("a.jsonl", '{"id": 1, "name": "Rain"}\n', "--field title=COLUMN names the column"),
    ],
)
def test_what_to_add_is_said_in_one_line(name: str, content: Any, hint: str, tmp_path: Path) -> None:
    done = run("stats", write(tmp_path / name, content))
    assert done.returncode == 1
    assert hint in done.stderr.splitlines()[-1]


def test_json_in_a_file_of_text_is_read_as_json(tmp_path: Path) -> None:
    path = write(tmp_path / "news.txt", "\n".join(ROWS_OF_JSON))
    assert read(path) == ([RAIN, SNOW], [f"{path}: read as JSON, as it begins so"])
    for text in ("{ braces } are an article\n", "[1] Rain\n"):
        events, _ = read(write(tmp_path / "a.txt", text))
        assert len(events) == 1


def test_a_list_within_elements_of_a_list_as_ghost_exports_it(tmp_path: Path) -> None:
    data = {"posts": [json.loads(row) for row in ROWS_OF_JSON], "tags": [{"id": 3, "name": "x"}], "users": []}
    for indent in (None, 1):
        path = write(tmp_path / "ghost.json", json.dumps({"db": [{"meta": {"version": "5"}, "data": data}]}, indent=indent))
        assert read(path) == ([RAIN, SNOW], [f"{path}: events are read from the list 'db.data.posts'"])
