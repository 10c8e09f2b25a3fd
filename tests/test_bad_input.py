"""Archives that are broken, each with the one message it gives, and archives that only look so and are read."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, Event, InputError, read_events

FORMATS = ".jsonl, .ndjson or .csv (each also .gz), .tsv or .parquet"
MAPPED = 'name it with fields={"%s": ...}, --field %s=... on the command line'
ONE_OBJECT = "expected one JSON object a line"
TEXTS = "expected a list of texts"
SOURCES = "expected a list of texts or (name, url) pairs"
DATE = "expected a date as YYYY-MM-DD"
WHOLE_FILE = None
"""In place of the ids that are read around a bad row: the source as a whole cannot be used."""


class Case(NamedTuple):
    """A broken file. In `message` PATH stands for its path."""

    name: str
    file: str
    content: bytes
    message: str
    fields: Mapping[str, str] | None = None
    read: list[str] | None = ["first", "last"]  # noqa: RUF012 - never changed

    def __repr__(self) -> str:
        return f"{self.file}: {self.name}"


def jsonl(name: str, row: bytes, message: str, fields: Mapping[str, str] | None = None) -> Case:
    """A bad line, the second, between two good ones."""
    content = b'{"id": "first", "title": "Rain"}\n' + row + b'\n{"id": "last", "title": "Snow"}\n'
    return Case(name, "news.jsonl", content, f"PATH:2: {message}", fields)


def cells(name: str, rows: bytes, message: str) -> Case:
    """Bad rows of a CSV file, from line 3 on, between two good ones."""
    content = b"id,title,date\nfirst,Rain,\n" + rows + b"\nlast,Snow,2020-01-02\n"
    return Case(name, "news.csv", content, f"PATH:{message}")


def whole(name: str, file: str, content: bytes, message: str, fields: Mapping[str, str] | None = None) -> Case:
    return Case(name, file, content, f"PATH{message}", fields, WHOLE_FILE)


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def compressed(rows: int = 3000) -> bytes:
    return gzip.compress(b"".join(b'{"id": %d, "title": "%x"}\n' % (n, n**9) for n in range(rows)), mtime=0)


PARQUET = parquet(id=["first", "last"], title=["Rain", "Snow"])
NOT_PARQUET = (
    ": got a broken Parquet file (Parquet magic bytes not found in footer. Either the file is corrupted or this is not a "
    "parquet file.), expected a whole one"
)

JSON_LINES = [
    jsonl("no id", b'{"title": "Hail"}', "id: got no 'id' among 'title', expected the id of the event"),
    jsonl("no title", b'{"id": 1}', "title: got no 'title' among 'id', expected the title of the event"),
    jsonl("no fields", b"{}", "id: got no 'id' among no names, expected the id of the event"),
    jsonl(
        "mapped key missing",
        b'{"id": 1, "titel": "Hail"}',
        "title: got no 'headline' among 'id', 'titel', expected the title of the event",
        {"title": "headline"},
    )._replace(content=b'{"id": "first", "headline": "Rain"}\n{"id": 1, "titel": "Hail"}\n{"id": "last", "headline": "Snow"}\n'),
    jsonl(
        "two hundred keys, not one an id",
        json.dumps({f"k{n}": n for n in range(200)}).encode(),
        f"id: got no 'id' among {', '.join(repr(f'k{n}') for n in range(12))} and 188 more, expected the id of the event",
    ),
    jsonl("title null", b'{"id": 1, "title": null}', "title: got nothing, expected the title of the event"),
    jsonl("title empty", b'{"id": 1, "title": ""}', "title: got nothing, expected the title of the event"),
    jsonl("title of spaces", b'{"id": 1, "title": " \\n\\t"}', "title: got nothing, expected the title of the event"),
    jsonl("title a number", b'{"id": 1, "title": 17}', "title: got 17 (int), expected a text that is not empty"),
    jsonl("title a list", b'{"id": 1, "title": ["Hail"]}', "title: got ['Hail'] (list), expected a text that is not empty"),
    jsonl("id empty", b'{"id": "", "title": "Hail"}', "id: got nothing, expected the id of the event"),
    jsonl("id a float", b'{"id": 1.0, "title": "Hail"}', "id: got 1.0 (float), expected a text or a whole number"),
    jsonl("id a bool", b'{"id": true, "title": "Hail"}', "id: got True (bool), expected a text or a whole number"),
    jsonl("id a list", b'{"id": [1], "title": "Hail"}', "id: got [1] (list), expected a text or a whole number"),
    jsonl(
        "id twice", b'{"id": "first", "title": "Hail"}', "id: got 'first', expected an id used once (it is the id of PATH:1 too)"
    ),
    jsonl(
        "month 13",
        b'{"id": 1, "title": "Hail", "date": "2016-13-01"}',
        f"date: got '2016-13-01', {DATE} (month must be in 1..12)",
    ),
    jsonl(
        "30 February",
        b'{"id": 1, "title": "Hail", "date": "2023-02-30"}',
        f"date: got '2023-02-30', {DATE} (day is out of range for month)",
    ),
    jsonl("date the other way round", b'{"id": 1, "title": "Hail", "date": "01/02/2016"}', f"date: got '01/02/2016', {DATE}"),
    jsonl("date a number", b'{"id": 1, "title": "Hail", "date": 20161201}', f"date: got 20161201 (int), {DATE}"),
    jsonl("date a list", b'{"id": 1, "title": "Hail", "date": [2016, 12, 1]}', f"date: got [2016, 12, 1] (list), {DATE}"),
    jsonl("date false", b'{"id": 1, "title": "Hail", "date": false}', f"date: got False (bool), {DATE}"),
    jsonl("text a list", b'{"id": 1, "title": "Hail", "text": ["Hail"]}', "text: got ['Hail'] (list), expected a text"),
    jsonl(
        "heading a number",
        b'{"id": 1, "title": "Hail", "heading": 5}',
        "heading: got 5 (int), expected a text that is not empty, or None",
    ),
    jsonl("topics a number", b'{"id": 1, "title": "Hail", "topics": 17}', f"topics: got 17 (int), {TEXTS}"),
    jsonl("topics an object", b'{"id": 1, "title": "Hail", "topics": {"a": 1}}', f"topics: got {{'a': 1}} (dict), {TEXTS}"),
    jsonl(
        "topics numbers",
        b'{"id": 1, "title": "Hail", "topics": ["Ice", 2]}',
        f"topics: got a list with 2 (int) in it, {TEXTS}, none of them empty",
    ),
    jsonl(
        "a topic empty",
        b'{"id": 1, "title": "Hail", "topics": ["Ice", ""]}',
        f"topics: got a list with '' in it, {TEXTS}, none of them empty",
    ),
    jsonl("sources a number", b'{"id": 1, "title": "Hail", "sources": 17}', f"sources: got 17 (int), {SOURCES}"),
    jsonl(
        "sources triples",
        b'{"id": 1, "title": "Hail", "sources": [["a", "b", "c"]]}',
        f"sources: got a list with ['a', 'b', 'c'] (list) in it, {SOURCES}, none of them empty",
    ),
    jsonl(
        "bracket missing", b'{"id": 1, "title": "Hail"', f"got broken JSON (Expecting ',' delimiter at column 26), {ONE_OBJECT}"
    ),
    jsonl("two objects", b'{"id": 1} {"id": 2}', f"got broken JSON (Extra data at column 11), {ONE_OBJECT}"),
    jsonl("not JSON at all", b"Hail in Wales", f"got broken JSON (Expecting value at column 1), {ONE_OBJECT}"),
    jsonl("a NUL", b"\0", f"got broken JSON (Expecting value at column 1), {ONE_OBJECT}"),
    jsonl("an array", b'["id", "title"]', "got ['id', 'title'] (list), expected an object with fields"),
    jsonl("a number", b"17", "got 17 (int), expected an object with fields"),
    jsonl("a text", b'"Hail"', "got 'Hail', expected an object with fields"),
    jsonl("null", b"null", "got None, expected an object with fields"),
    jsonl("Latin-1", b'{"id": 1, "title": "Caf\xe9"}', "got byte 0xe9 at column 24, expected text in UTF-8"),
    jsonl("nested without end", b"[" * 100_000, f"got JSON nested a thousand deep or more, {ONE_OBJECT}"),
    jsonl("5000 digits", b'{"id": %s}' % (b"9" * 5000), f"got a number of thousands of digits, {ONE_OBJECT}"),
    Case(
        "one id as a number and as a text",
        "news.jsonl",
        b'{"id": 17, "title": "Rain"}\n{"id": "17", "title": "Snow"}\n',
        "PATH:2: id: got '17', expected an id used once (it is the id of PATH:1 too)",
        read=["17"],
    ),
    Case(
        "cut short",
        "news.jsonl",
        b'{"id": "first", "title": "Rain"}\n{"id": "last", "ti',
        f"PATH:2: got broken JSON (Unterminated string starting at column 16), {ONE_OBJECT}",
        read=["first"],
    ),
    Case(
        "the whole archive one array on one line",
        "news.jsonl",
        b'[{"id": "first"}]',
        "PATH:1: got [{'id': 'first'}] (list), expected an object with fields",
        read=[],
    ),
    whole("an array over several lines", "news.jsonl", b'[\n  {"id": 1}\n]\n', f":1: got JSON over several lines, {ONE_OBJECT}"),
    whole(
        "an array of a row a line", "news.jsonl", b'\n[{"id": 1},\n{"id": 2}]', f":2: got JSON over several lines, {ONE_OBJECT}"
    ),
    whole("an object over several lines", "news.jsonl", b'{\n  "id": 1\n}\n', f":1: got JSON over several lines, {ONE_OBJECT}"),
    whole(
        "UTF-16",
        "news.jsonl",
        '{"id": "first", "title": "Rain"}\n'.encode("utf-16"),
        ": got UTF-16 text, expected UTF-8; save the file as UTF-8",
    ),
]

GZIP = [
    whole(
        "no gzip",
        "news.jsonl.gz",
        b'{"id": "first", "title": "Rain"}\n',
        ":1: got a broken gzip file (Not a gzipped file (b'{\"')), expected a whole one",
    ),
    whole(
        "no gzip",
        "news.csv.gz",
        b"id,title\nfirst,Rain\n",
        ":1: got a broken gzip file (Not a gzipped file (b'id')), expected a whole one",
    ),
    whole(
        "checksum missing",
        "news.jsonl.gz",
        compressed(2)[:-8],
        ":3: got a broken gzip file (Compressed file ended before the end-of-stream marker was reached), expected a whole one",
    ),
]

CSV = [
    whole(
        "no id",
        "news.csv",
        b"title,text\nRain,\n",
        f":1: no column 'id' for the id; got 'title', 'text'; {MAPPED % ('id', 'id')}",
    ),
    whole(
        "no title",
        "news.csv",
        b"id,text\nfirst,\n",
        f":1: no column 'title' for the title; got 'id', 'text'; {MAPPED % (('title',) * 2)}",
    ),
    whole(
        "semicolons", "news.csv", b"nr;kop\n1;Rain\n", f":1: no column 'id' for the id; got 'nr', 'kop'; {MAPPED % ('id', 'id')}"
    ),
    whole("mapped column", "news.csv", b"id,title\n", ":1: no column 'body' for the text; got 'id', 'title'", {"text": "body"}),
    whole("column twice", "news.csv", b"id,title,title\n1,Rain,\n", ":1: got column 'title' 2 times, expected it once"),
    whole("empty", "news.csv", b"", ":1: got an empty first line, expected the names of the columns"),
    whole("first line empty", "news.csv", b"\nid,title\n", ":1: got an empty first line, expected the names of the columns"),
    whole(
        "UTF-16", "news.csv", "id,title\n1,Rain\n".encode("utf-16"), ": got UTF-16 text, expected UTF-8; save the file as UTF-8"
    ),
    whole(
        "Latin-1 in a name",
        "news.csv",
        b"id,title,caf\xe9\n",
        ":1: got a column 'caf\\udce9', expected names in UTF-8; save the file as UTF-8",
    ),
    whole(
        "name with a quote never closed",
        "news.csv",
        b'id,"title\n',
        ":1: got a quote that is never closed, expected quotes in pairs",
    ),
    whole(
        "line ends of the old Mac",
        "news.csv",
        b"id,title\r1,Rain\r",
        ":1: got a carriage return within the line, expected lines that end in a line feed, with or without one before it",
    ),
    cells("too many cells", b"x,Hail,,", "3: got 4 cells, expected 3, as the first line has"),
    cells("too few cells", b"x", "3: got 1 cell, expected 3, as the first line has"),
    # A quote opened by mistake takes the rest of the file for one cell: the rows in there must not be lost.
    cells("quote never closed", b'x,"Hail,', "3: got a quote that is never closed, expected quotes in pairs"),
    cells(
        "stray quote",
        b'x,"Hail" storm,',
        "3: got broken CSV (',' expected after '\"'), expected cells with their quotes in pairs",
    ),
    cells("stray quote behind a long cell", b'"","Hail\nand\nmore",', "3: id: got nothing, expected the id of the event"),
    cells("Latin-1", b"x,caf\xe9,", "3: title: got byte 0xe9 at character 4, expected text in UTF-8"),
    cells("unreadable date", b"x,Hail,soon", f"3: date: got 'soon', {DATE}"),
    cells("id twice", b"first,Hail,", "3: id: got 'first', expected an id used once (it is the id of PATH:2 too)"),
    cells("no title in the cell", b"x, ,", "3: title: got nothing, expected the title of the event"),
    Case(
        "bad date in a column of another name",
        "news.csv",
        b"id,title,day\nfirst,Rain,\nx,Hail,soon\nlast,Snow,\n",
        f"PATH:3: date (column 'day'): got 'soon', {DATE}",
        {"date": "day"},
    ),
    Case(
        "bad row behind a cell of three lines",
        "news.csv",
        b'id,title\nfirst,"Rain\nand\nmore"\nx\nlast,Snow\n',
        "PATH:5: got 1 cell, expected 2, as the first line has",
    ),
]

PARQUET_FILES = [
    whole("not Parquet", "news.parquet", b"id,title\nfirst,Rain\n", NOT_PARQUET),
    whole("cut short", "news.parquet", PARQUET[: len(PARQUET) // 2], NOT_PARQUET),
    whole("empty", "news.parquet", b"", ": got a broken Parquet file (Parquet file size is 0 bytes), expected a whole one"),
    whole(
        "no title",
        "news.parquet",
        parquet(id=["first"], kop=["Rain"]),
        f": no column 'title' for the title; got 'id', 'kop'; {MAPPED % (('title',) * 2)}",
    ),
    Case(
        "dates as numbers",
        "news.parquet",
        parquet(id=["first", "x", "last"], title=["Rain", "Hail", "Snow"], date=[None, 20161201, None]),
        f"PATH: row 2: date: got 20161201 (int), {DATE}",
    ),
    Case(
        "a date after the year 9999",
        "news.parquet",
        parquet(id=["first", "x", "last"], title=["Rain", "Hail", "Snow"], date=pa.array([1, 2**30, 2], pa.date32())),
        "PATH: row 2: got a value that cannot be read (days=1073741824; must have magnitude <= 999999999), expected one that can",
    ),
    Case(
        "a title null",
        "news.parquet",
        parquet(id=["first", "x", "last"], title=["Rain", None, "Snow"]),
        "PATH: row 2: title: got nothing, expected the title of the event",
    ),
]

OTHER_FILES = [
    whole("unknown", file, b"[]", f": got a file of unknown format, expected {FORMATS}")
    for file in ("news.json", "news.txt", "news.xml", "news.parquet.gz", "news")
]


def check(source: Any, message: str, fields: Mapping[str, str] | None, read: list[str] | None) -> None:
    """The message is raised at once; with on_error a bad row is reported once and the others are read."""
    with pytest.raises(InputError) as caught:
        list(read_events(source, fields))
    assert str(caught.value) == message
    assert "\n" not in message

    errors: list[BadValueError] = []
    if read is WHOLE_FILE:
        with pytest.raises(InputError) as caught:
            list(read_events(source, fields, on_error=errors.append))
        assert str(caught.value) == message
        assert errors == []
    else:
        assert [event.id for event in read_events(source, fields, on_error=errors.append)] == read
        assert [str(error) for error in errors] == [message]


@pytest.mark.parametrize("case", JSON_LINES + GZIP + CSV + PARQUET_FILES + OTHER_FILES, ids=repr)
def test_broken_file(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.file
    path.write_bytes(case.content)
    check(path, case.message.replace("PATH", str(path)), case.fields, case.read)


def test_gzip_cut_in_the_middle_is_no_shorter_archive(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl.gz"
    path.write_bytes(compressed()[:20_000])
    with pytest.raises(InputError, match=r"news\.jsonl\.gz:\d+: got a broken gzip file \(.*\), expected a whole one$"):
        list(read_events(path, on_error=print))


ROW = {"id": "first", "title": "Rain"}


@pytest.mark.parametrize(
    ("source", "message", "read"),
    [
        ([ROW, "Hail", {"id": "last", "title": "Snow"}], "row 2: got 'Hail', expected an object with fields", ["first", "last"]),
        ([ROW, None], "row 2: got None, expected an object with fields", ["first"]),
        ([ROW, [("id", "x")]], "row 2: got [('id', 'x')] (list), expected an object with fields", ["first"]),
        ([ROW, {"id": "x", "title": b"Hail"}], "row 2: title: got b'Hail' (bytes), expected a text that is not empty", ["first"]),
        (
            [ROW, Event("first", "Hail")],
            "row 2: id: got 'first', expected an id used once (it is the id of row 1 too)",
            ["first"],
        ),
        (
            pd.DataFrame({"id": ["first"], "kop": ["Rain"]}),
            f"data frame: no column 'title' for the title; got 'id', 'kop'; {MAPPED % (('title',) * 2)}",
            WHOLE_FILE,
        ),
        (
            pl.DataFrame({"nr": ["first"], "title": ["Rain"]}),
            f"data frame: no column 'id' for the id; got 'nr', 'title'; {MAPPED % ('id', 'id')}",
            WHOLE_FILE,
        ),
        (
            pd.DataFrame([["first", "Rain", "Rain"]], columns=["id", "title", "title"]),
            "data frame: got column 'title' 2 times, expected it once",
            WHOLE_FILE,
        ),
        # What pandas makes of whole numbers once one of them is missing.
        (
            pd.DataFrame({"id": ["first", 2.0], "title": ["Rain", "Snow"]}),
            "row 2: id: got 2.0 (float), expected a text or a whole number",
            ["first"],
        ),
        (
            pl.DataFrame({"id": ["first", "x"], "title": ["Rain", "Hail"], "date": [None, 5]}),
            f"row 2: date: got 5 (int), {DATE}",
            ["first"],
        ),
    ],
)
def test_broken_rows_of_data_frames_and_iterables(source: Any, message: str, read: list[str] | None) -> None:
    check(source, message, None, read)


@pytest.mark.parametrize(
    ("source", "got"),
    [({"id": 1}, "{'id': 1} (dict)"), (17, "17 (int)"), (None, "None"), ("", "''"), (b"news.csv", "b'news.csv' (bytes)")],
)
def test_not_an_archive(source: Any, got: str) -> None:
    check(source, f"got {got} as an archive, expected a path, a data frame or an iterable of dicts", None, WHOLE_FILE)


def test_open_file_and_lazy_frame_are_not_taken_for_rows(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_bytes(b'{"id": 1, "title": "Rain"}\n')
    with open(tmp_path / "news.jsonl") as file, pytest.raises(InputError, match=r"as an archive, expected a path, a data frame"):
        read_events(file)
    with pytest.raises(InputError, match=r"LazyFrame\) as an archive, expected a path, a data frame or an iterable of dicts"):
        read_events(pl.LazyFrame({"id": [1], "title": ["Rain"]}))


@pytest.mark.parametrize(
    ("scheme", "make"), [("https", str), ("jdbc:mysql", str), ("postgresql", Path), ("postgresql+psycopg", Path)]
)
def test_address_that_cannot_be_read_keeps_its_password(scheme: str, make: Callable[[str], Any]) -> None:
    message = f"got an address ({scheme}://...), expected a file: {FORMATS}; or the URL of a database as a str, such as sqlite:///news.db"
    check(make(f"{scheme}://joe:secret@host/news?password=secret"), message, None, WHOLE_FILE)


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        read_events(tmp_path / "news.csv", on_error=print)
    assert str(caught.value) == f"{tmp_path / 'news.csv'}: no such file"
    pages = "expected some in Markdown (.md, .markdown, .mkd, .mdown)"
    check(tmp_path, f"{tmp_path}: got a folder without pages of events, {pages}", None, WHOLE_FILE)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"kop": "title"},
            "fields: got 'kop', expected a field of an event (id, title, text, date, heading, topics, url, sources, status)",
        ),
        ({"title": ""}, "fields: title: got '', expected the name of a column"),
        ({"title": 5}, "fields: title: got 5 (int), expected the name of a column"),
        ("title", 'fields: got \'title\', expected a mapping of fields to columns: {"title": "headline"}'),
        (
            {"title": "id"},
            "fields: id: got no column, as column 'id' is read as the title, expected the column of the id as well",
        ),
    ],
)
def test_wrong_fields(fields: Any, message: str) -> None:
    check([ROW], message, fields, WHOLE_FILE)


def test_on_error_that_cannot_be_called_is_known_before_the_first_bad_row() -> None:
    with pytest.raises(BadValueError) as caught:
        read_events([ROW], on_error="skip")  # type: ignore[arg-type]
    assert str(caught.value) == "read_events: on_error: got 'skip', expected a function of an error, or None"


def test_wrong_source_is_known_before_the_first_event_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_events(tmp_path)


def test_errors_of_the_callers_own_iterable_are_the_callers() -> None:
    def rows() -> Iterator[Any]:
        yield ROW
        raise RuntimeError("the connection is gone")

    with pytest.raises(RuntimeError, match="the connection is gone"):
        list(read_events(rows(), on_error=print))


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"id": 10**5000, "title": "Rain"}, "event: id: got a value (int), expected a text or a whole number"),
        ({"id": "x", "title": 10**5000}, "event 'x': title: got a value (int), expected a text that is not empty"),
        ({"id": Unprintable(), "title": "Rain"}, "event: id: got a value (Unprintable), expected a text or a whole number"),
        ({"id": "x", "title": "Rain", "date": pd.NaT}, "event 'x': date: got NaT (NaTType), expected a datetime.date or None"),
        (
            {"id": "x", "title": "Rain", "date": "2016-12-01"},
            "event 'x': date: got '2016-12-01', expected a datetime.date or None",
        ),
        ({"id": "x", "title": "Rain", "topics": "NASA"}, f"event 'x': topics: got 'NASA', {TEXTS}"),
        (
            {"id": "x", "title": pd.Series([1, 2])},
            "event 'x': title: got 0 1 1 2 dtype: int64 (Series), expected a text that is not empty",
        ),
    ],
)
def test_event_of_wrong_values(record: dict[str, Any], message: str) -> None:
    with pytest.raises(BadValueError) as caught:
        Event(**record)
    assert str(caught.value) == message


def test_message_shows_no_more_than_the_beginning_of_a_long_value() -> None:
    with pytest.raises(BadValueError) as caught:
        Event("x", "Rain", date="soon, " * 100_000)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 200


# ---------------------------------------------------------------------- odd, but good

RAIN, SNOW = Event("1", "Rain"), Event("2", "Snow")
JSON_ROWS = b'{"id": 1, "title": "Rain"}\n{"id": 2, "title": "Snow"}\n'
CSV_ROWS = b"id,title\n1,Rain\n2,Snow\n"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("byte order mark.jsonl", b"\xef\xbb\xbf" + JSON_ROWS),
        ("byte order mark.csv", b"\xef\xbb\xbf" + CSV_ROWS),
        ("line ends of Windows.jsonl", JSON_ROWS.replace(b"\n", b"\r\n")),
        ("line ends of Windows.csv", CSV_ROWS.replace(b"\n", b"\r\n")),
        ("blank lines.jsonl", b"\n \n" + JSON_ROWS.replace(b"\n", b"\n\n \t\r\n")),
        ("blank lines.csv", CSV_ROWS.replace(b"\n", b"\n\n  \n")),
        ("no line end at the end.jsonl", JSON_ROWS[:-1]),
        ("no line end at the end.csv", CSV_ROWS[:-1]),
        ("semicolons.csv", CSV_ROWS.replace(b",", b";")),
        ("tabs.csv", CSV_ROWS.replace(b",", b"\t")),
        ("tabs.tsv", CSV_ROWS.replace(b",", b"\t")),
        ("spaces around the names.csv", CSV_ROWS.replace(b"id,title", b" id , title")),
        ("other columns, twice.csv", b"id,x,title,x\n1,a,Rain,b\n2,a,Snow,b\n"),
        ("other keys.jsonl", JSON_ROWS.replace(b"{", b'{"story": {"x": [1, 2.5, null]}, ')),
        ("nulls.jsonl", JSON_ROWS.replace(b"}", b', "date": null, "text": null, "topics": null, "heading": ""}')),
        ("other suffix.ndjson", JSON_ROWS),
        ("upper case.CSV", CSV_ROWS),
        ("upper case.JSONL.GZ", gzip.compress(JSON_ROWS, mtime=0)),
        ("compressed.csv.gz", gzip.compress(CSV_ROWS, mtime=0)),
        ("two members.jsonl.gz", gzip.compress(JSON_ROWS[:27], mtime=0) + gzip.compress(JSON_ROWS[27:], mtime=0)),
        ("numbers.parquet", parquet(id=pa.array([1, 2], pa.uint64()), title=["Rain", "Snow"])),
        ("categories.parquet", parquet(id=["1", "2"], title=pa.array(["Rain", "Snow"]).dictionary_encode())),
        ("äöü 日本.jsonl", JSON_ROWS),
    ],
)
@pytest.mark.parametrize("make", [str, Path])
def test_odd_file_is_read(file: str, content: bytes, make: Callable[[Path], Any], tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(content)
    assert list(read_events(make(tmp_path / file))) == [RAIN, SNOW]


def test_empty_json_lines_hold_no_events(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_bytes(b"")
    assert list(read_events(tmp_path / "news.jsonl")) == []


@pytest.mark.parametrize("file", ["news.jsonl", "news.csv"])
@pytest.mark.parametrize(
    "text",
    [
        "0123456789" * (1 << 20),
        "tab\tbell\a escape\x1b delete\x7f",
        "NUL\0NUL",
        "line\nline\r\nline\u2028line\x85line",
        '"quoted", and; more\t',
        "emoji 👩‍🚀 🇮🇸",
        "שלום עולם مرحبا \u202eabc",
        "e\u0301 \ufeff \uffff",
    ],
    ids=["10 MB", "control", "NUL", "lines", "quotes", "emoji", "right to left", "marks"],
)
def test_odd_text_is_kept(text: str, file: str, tmp_path: Path) -> None:
    event = Event("1", text, text)
    write(tmp_path / file, [event])
    assert list(read_events(tmp_path / file)) == [event]


def test_half_a_surrogate_pair_becomes_the_replacement_character(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_bytes(b'{"id": "\\ud800", "title": "Rain \\udfff", "topics": ["\\ud83d\\ude00"]}')
    assert list(read_events(tmp_path / "news.jsonl")) == [Event("\ufffd", "Rain \ufffd", topics=("😀",))]


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2016-12-1", dt.date(2016, 12, 1)),
        (" 2016-12-01 ", dt.date(2016, 12, 1)),
        ("2016-12-01T10:00:00Z", dt.date(2016, 12, 1)),
        ("2016-12-01 23:59:59.999+01:00", dt.date(2016, 12, 1)),
        (dt.datetime(2016, 12, 1, 23), dt.date(2016, 12, 1)),
        (pd.Timestamp("2016-12-01", tz="Asia/Tokyo"), dt.date(2016, 12, 1)),
        (np.datetime64("2016-12-01"), dt.date(2016, 12, 1)),
        (np.datetime64("2016-12-01T10:00:00.000000001"), dt.date(2016, 12, 1)),
        ("", None),
        (None, None),
        (float("nan"), None),
        (pd.NaT, None),
        (pd.NA, None),
        (np.datetime64("NaT"), None),
    ],
    ids=str,
)
def test_dates(value: object, date: dt.date | None) -> None:
    (event,) = read_events([{"id": 1, "title": "Rain", "date": value}])
    assert event.date == date
    assert type(event.date) in (dt.date, type(None))


def test_missing_values_of_pandas() -> None:
    frame = pd.DataFrame(
        {
            "id": np.array([1, 2, 3], np.int32),
            "title": ["Rain", "Snow", "Hail"],
            "text": ["much", np.nan, None],
            "heading": pd.array(["Weather", pd.NA, None], "string"),
            "date": pd.to_datetime(["2020-02-01", None, None]),
            "topics": [np.array(["Wales"]), None, "Wales; Kent ;"],
        },
        index=[7, 7, 7],
    )
    assert list(read_events(frame)) == [
        Event("1", "Rain", "much", dt.date(2020, 2, 1), "Weather", ("Wales",)),
        Event("2", "Snow"),
        Event("3", "Hail", topics=("Wales", "Kent")),
    ]


def test_missing_values_of_polars() -> None:
    columns = {
        "id": [1, 2],
        "title": ["Rain", "Snow"],
        "text": [None, ""],
        "date": [dt.datetime(2020, 2, 1, 9), None],
        "topics": [["Wales"], None],
    }
    assert list(read_events(pl.DataFrame(columns))) == [Event("1", "Rain", date=dt.date(2020, 2, 1), topics=("Wales",)), SNOW]


def test_numpy_values_become_plain_ones() -> None:
    (event,) = read_events([{"id": np.int64(17), "title": np.str_("Rain"), "text": np.str_("é")}])
    assert event == Event("17", "Rain", "é")
    assert [type(event.id), type(event.title), type(event.text)] == [str, str, str]


def test_lines_are_counted_past_cells_of_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_bytes(b'id,title,text\n1,"a\nb","c\r\nd\n"\n\n2,bad\n3,"x\ny",\n4,"stray" quote,\n5,fine,\n')
    errors: list[BadValueError] = []
    assert [event.id for event in read_events(path, on_error=errors.append)] == ["1", "3", "5"]
    assert [error.where for error in errors] == [f"{path}:7", f"{path}:10"]


def test_every_stray_quote_is_reported_and_costs_its_own_row_only(tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_bytes(b'id,title\n1,Rain\nx,"open\n2,Snow\ny,"open\n3,Hail\nz,"open\n4,"Fog"\n')
    errors: list[BadValueError] = []
    assert [event.id for event in read_events(path, on_error=errors.append)] == ["1", "2", "3", "4"]
    assert [error.where for error in errors] == [f"{path}:3", f"{path}:5", f"{path}:7"]


def test_fields_are_read_from_other_columns() -> None:
    rows = [{"nr": 1, "text": "Rain", "title": "ignored", "body": "much"}]
    assert list(read_events(rows, {"id": "nr", "title": "text", "text": "body"})) == [Event("1", "Rain", "much")]
    assert list(read_events([{"id": 1, "text": "Rain"}], {"title": "text"})) == [RAIN]  # and not a second time as the text


# ---------------------------------------------------------------------- any archive at all


def write(path: Path, events: list[Event]) -> None:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(event.to_dict()) + "\n" for event in events), encoding="utf-8")
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", "title", "text", "date", "heading", "url"])
        writer.writeheader()
        writer.writerows(event.to_dict() for event in events)


characters = st.characters(codec=None)  # halves of surrogate pairs among them
words = st.text(characters, min_size=1).filter(str.strip)
plain = {
    "id": words | st.integers(),
    "title": words,
    "text": st.text(characters),
    "date": st.none() | st.dates(),
    "heading": st.none() | words,
    "url": st.none() | words,
}
pairs = st.tuples(st.text(characters), st.text(characters))
full = {**plain, "topics": st.lists(words), "sources": st.lists(words | pairs)}


def archives(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Event]]:
    return st.lists(st.builds(Event, **values), unique_by=lambda event: event.id, max_size=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@given(events=archives(**full))
@settings(deadline=None)
def test_events_come_back_from_json_lines(folder: Path, events: list[Event]) -> None:
    write(folder / "news.jsonl", events)
    assert list(read_events(folder / "news.jsonl")) == events
    assert list(read_events(event.to_dict() for event in events)) == events


@given(events=archives(**plain))
@settings(deadline=None)
def test_events_come_back_from_csv(folder: Path, events: list[Event]) -> None:
    write(folder / "news.csv", events)
    assert list(read_events(folder / "news.csv")) == events


# Bytes as they come, and bytes that come near to an archive.
pieces = st.sampled_from(
    [b'"', b'""', b",", b"\n", b"\r", b"{", b"}", b"[", b"]", b":", b'"id"', b"1", b"\\", b"\xff", b"\0", b" "]
)
junk = st.binary() | st.lists(pieces).map(b"".join)


@given(content=junk)
@settings(deadline=None)
@pytest.mark.parametrize("head", [b"", b"id,title\n"])
@pytest.mark.parametrize("file", ["news.jsonl", "news.csv", "news.jsonl.gz", "news.parquet"])
def test_any_bytes_are_read_or_give_an_input_error(folder: Path, file: str, head: bytes, content: bytes) -> None:
    (folder / file).write_bytes(head + content)
    for on_error in (None, [].append):
        with contextlib.suppress(InputError):  # anything else fails the test
            list(read_events(folder / file, on_error=on_error))


@given(content=junk)
@settings(deadline=None)
@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_good_rows_on_lines_of_their_own_are_never_lost(folder: Path, suffix: str, content: bytes) -> None:
    first, last = (
        (b'{"id": "first", "title": "Rain"}\n', b'{"id": "last", "title": "Snow"}\n')
        if suffix == "jsonl"
        else (b"id,title\nfirst,Rain\n", b"last,Snow\n")
    )
    path = folder / f"around.{suffix}"
    path.write_bytes(first + content + b"\n" + last)
    ids = [event.id for event in read_events(path, on_error=[].append)]
    assert ids[0] == "first"
    assert ids[-1] == "last"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(rows=st.lists(anything | st.dictionaries(st.sampled_from(list(full)), anything), max_size=4))
@settings(deadline=None)
def test_any_record_is_an_event_or_one_error(rows: list[Any]) -> None:
    errors: list[BadValueError] = []
    events = list(read_events(rows, on_error=errors.append))
    assert len(events) + len(errors) == len(rows)


def test_a_mapped_key_that_no_row_has_is_told() -> None:
    with pytest.warns(UserWarning, match=r"^no row has 'dya', which the date was to be read from$"):
        assert len(list(read_events([{"id": 1, "title": "Rain", "day": "2020-01-01"}], fields={"date": "dya"}))) == 1
