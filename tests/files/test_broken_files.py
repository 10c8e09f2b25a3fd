"""Files that are broken, each with the one message it gives."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from reading import DATE, FORMATS, MAPPED, SOURCES, TEXTS, WHOLE_FILE, check_error, parquet

from relatedstories import BadValueError, InputError, read_events

ONE_OBJECT = "expected one JSON object a line"


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


def compressed(rows: int = 3000) -> bytes:
    return gzip.compress(b"".join(b'{"id": %d, "title": "%x"}\n' % (n, n**9) for n in range(rows)), mtime=0)


PARQUET = parquet(id=["first", "last"], title=["Rain", "Snow"])


NOT_PARQUET = (
    ": got a broken Parquet file (Parquet magic bytes not found in footer. Either the file is corrupted or this is not a "
    "parquet file.), expected a whole one"
)


JSON_LINES = [
    jsonl("no title", b'{"id": 1}', "title: got no 'title' among 'id', expected the title of the event"),
    jsonl("no fields", b"{}", "title: got no 'title' among no names, expected the title of the event"),
    jsonl(
        "title two texts",
        b'{"id": 1, "title": ["Hail", "Ice"]}',
        "title: got ['Hail', 'Ice'] (list), expected a text that is not empty",
    ),
    jsonl(
        "mapped key missing",
        b'{"id": 1, "titel": "Hail"}',
        "title: got no 'headline' among 'id', 'titel', expected the title of the event",
        {"title": "headline"},
    )._replace(content=b'{"id": "first", "headline": "Rain"}\n{"id": 1, "titel": "Hail"}\n{"id": "last", "headline": "Snow"}\n'),
    jsonl(
        "two hundred keys, not one a title",
        json.dumps({f"k{n}": n for n in range(200)}).encode(),
        f"title: got no 'title' among {', '.join(repr(f'k{n}') for n in range(12))} and 188 more, "
        "expected the title of the event",
    ),
    jsonl("title null", b'{"id": 1, "title": null}', "title: got nothing, expected the title of the event"),
    jsonl("title empty", b'{"id": 1, "title": ""}', "title: got nothing, expected the title of the event"),
    jsonl("title of spaces", b'{"id": 1, "title": " \\n\\t"}', "title: got nothing, expected the title of the event"),
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
    jsonl("date a number", b'{"id": 1, "title": "Hail", "date": 2016}', f"date: got 2016 (int), {DATE}"),
    jsonl("date a list", b'{"id": 1, "title": "Hail", "date": [1, 12, 2016]}', f"date: got [1, 12, 2016] (list), {DATE}"),
    jsonl("date false", b'{"id": 1, "title": "Hail", "date": false}', f"date: got False (bool), {DATE}"),
    jsonl("text a list", b'{"id": 1, "title": "Hail", "text": [["Hail"]]}', "text: got [['Hail']] (list), expected a text"),
    jsonl(
        "heading two texts",
        b'{"id": 1, "title": "Hail", "heading": ["a", "b"]}',
        "heading: got ['a', 'b'] (list), expected a text that is not empty, or None",
    ),
    jsonl("topics a number", b'{"id": 1, "title": "Hail", "topics": 17}', f"topics: got 17 (int), {TEXTS}"),
    jsonl("topics an object", b'{"id": 1, "title": "Hail", "topics": {"a": 1}}', f"topics: got {{'a': 1}} (dict), {TEXTS}"),
    jsonl(
        "a topic a list",
        b'{"id": 1, "title": "Hail", "topics": ["Ice", ["a"]]}',
        f"topics: got a list with ['a'] (list) in it, {TEXTS}",
    ),
    jsonl("sources a number", b'{"id": 1, "title": "Hail", "sources": 17}', f"sources: got 17 (int), {SOURCES}"),
    jsonl(
        "sources triples",
        b'{"id": 1, "title": "Hail", "sources": [["a", "b", "c"]]}',
        f"sources: got a list with ['a', 'b', 'c'] (list) in it, {SOURCES}",
    ),
    jsonl(
        "bracket missing", b'{"id": 1, "title": "Hail"', f"got broken JSON (Expecting ',' delimiter at column 26), {ONE_OBJECT}"
    ),
    jsonl("two objects and more", b'{"id": 1} {"id": 2} x', f"got broken JSON (Extra data at column 11), {ONE_OBJECT}"),
    jsonl("not JSON at all", b"Hail in Wales", f"got broken JSON (Expecting value at column 1), {ONE_OBJECT}"),
    jsonl("a NUL", b"\0", f"got broken JSON (Expecting value at column 1), {ONE_OBJECT}"),
    jsonl("an array", b'["id", "title"]', "got ['id', 'title'] (list), expected an object with fields"),
    jsonl("a number", b"17", "got 17 (int), expected an object with fields"),
    jsonl("a text", b'"Hail"', "got 'Hail', expected an object with fields"),
    jsonl("null", b"null", "got None, expected an object with fields"),
    jsonl(
        "a byte of another encoding in UTF-8",
        '{"id": 1, "title": "é'.encode() + b'\xe9"}',
        "got byte 0xe9 at column 22, expected text in UTF-8",
    ),
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
        "an array of one object without a title",
        "news.jsonl",
        b'[{"id": "first"}]',
        "PATH:1: title: got no 'title' among 'id', expected the title of the event",
        read=[],
    ),
    whole(
        "an array cut short",
        "news.json",
        b'[{"id": 1, "title": "Rain"},\n {"id": 2, "title": ',
        ":2: got broken JSON (Expecting value), expected whole objects",
    ),
    whole(
        "an array without commas",
        "news.json",
        b'[\n{"id": 1, "title": "Rain"}\n{"id": 2}\n]\n',
        ":3: got broken JSON ('{' instead of one of , ]), expected whole objects",
    ),
    whole(
        "an object cut short", "news.json", b'{\n "items": [\n', ":3: got broken JSON (Expecting value), expected whole objects"
    ),
    whole(
        "dates that could be either",
        "news.jsonl",
        b'{"id": 1, "title": "Rain", "date": "01/02/2016"}\n',
        ":1: date: got '01/02/2016', which is 2016-02-01 or 2016-01-02, and no other date shows which; say which comes first "
        'with date_format="day-first" or "month-first", --date-format on the command line',
    ),
]


GZIP = [
    whole(
        "no gzip",
        "news.jsonl.gz",
        b'{"id": "first", "title": "Rain"}\n',
        ": got a broken gzip file (Not a gzipped file (b'{\"')), expected a whole one",
    ),
    whole(
        "no gzip",
        "news.csv.gz",
        b"id,title\nfirst,Rain\n",
        ": got a broken gzip file (Not a gzipped file (b'id')), expected a whole one",
    ),
    whole(
        "checksum missing",
        "news.jsonl.gz",
        compressed(2)[:-8],
        ": got a broken gzip file (Compressed file ended before the end-of-stream marker was reached), expected a whole one",
    ),
]


CSV = [
    whole(
        "mapped id",
        "news.csv",
        b"title,text\nRain,\n",
        f":1: no column 'nr' for the id; got 'title', 'text'; {MAPPED % ('id', 'id')}",
        {"id": "nr"},
    ),
    whole(
        "no title",
        "news.csv",
        b"id,text\nfirst,\n",
        f":1: no column 'title' for the title; got 'id', 'text'; {MAPPED % (('title',) * 2)}",
    ),
    whole(
        "semicolons",
        "news.csv",
        b"nr;kop\n1;Rain\n",
        f":1: no column 'title' for the title; got 'nr', 'kop'; {MAPPED % (('title',) * 2)}",
    ),
    whole("mapped column", "news.csv", b"id,title\n", ":1: no column 'body' for the text; got 'id', 'title'", {"text": "body"}),
    whole("column twice", "news.csv", b"id,title,title\n1,Rain,\n", ":1: got column 'title' 2 times, expected it once"),
    whole("empty", "news.csv", b"", ":1: got an empty first line, expected the names of the columns"),
    whole("first line empty", "news.csv", b"\nid,title\n", ":1: got an empty first line, expected the names of the columns"),
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
    cells("too many cells", b"x,Hail,,y", "3: got 4 cells, expected 3, as the first line has"),
    cells("too few cells", b"x", "3: got 1 cell, expected 3, as the first line has"),
    # A quote opened by mistake takes the rest of the file for one cell: the rows in there must not be lost.
    cells("quote never closed", b'x,"Hail,', "3: got a quote that is never closed, expected quotes in pairs"),
    cells(
        "stray quote",
        b'x,"Hail" storm,',
        "3: got broken CSV (',' expected after '\"'), expected cells with their quotes in pairs",
    ),
    cells("no title", b'x," ",', "3: title: got nothing, expected the title of the event"),
    cells(
        "a byte of another encoding in UTF-8",
        "x,cafés caf".encode() + b"\xe9,",
        "3: title: got byte 0xe9 at character 10, expected text in UTF-8",
    ),
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
        parquet(id=["first", "x", "last"], title=["Rain", "Hail", "Snow"], date=[None, 2016, None]),
        f"PATH: row 2: date: got 2016 (int), {DATE}",
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
    whole("unknown", file, b"[]", f": got a file of unknown format, expected {FORMATS}{advice}")
    for file, advice in {
        "news.parquet.gz": "",
        "news": "",
        "news.csv.zip": "; unpack it first",
        "news.xlsx": "; save the sheet as CSV first",
        "news.feather": "; save it as Parquet first",
        "news.md": "; give the folder that the page is in",
    }.items()
]


@pytest.mark.parametrize("case", JSON_LINES + GZIP + CSV + PARQUET_FILES + OTHER_FILES, ids=repr)
def test_broken_file(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.file
    path.write_bytes(case.content)
    check_error(path, case.message.replace("PATH", str(path)), case.fields, case.read)


def test_gzip_cut_in_the_middle_is_no_shorter_archive(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl.gz"
    path.write_bytes(compressed()[:20_000])
    with pytest.raises(InputError, match=r"news\.jsonl\.gz: got a broken gzip file \(.*\), expected a whole one$"):
        list(read_events(path, on_error=print))


@pytest.mark.parametrize(
    ("scheme", "make"), [("https", str), ("jdbc:mysql", str), ("postgresql", Path), ("postgresql+psycopg", Path)]
)
def test_address_that_cannot_be_read_keeps_its_password(scheme: str, make: Callable[[str], Any]) -> None:
    message = f"got an address ({scheme}://...), expected a file: {FORMATS}; or the URL of a database as a str, such as sqlite:///news.db"
    check_error(make(f"{scheme}://joe:secret@host/news?password=secret"), message, None, WHOLE_FILE)


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        read_events(tmp_path / "news.csv", on_error=print)
    assert str(caught.value) == f"{tmp_path / 'news.csv'}: no such file"
    pages = "expected some in Markdown (.md, .markdown)"
    check_error(tmp_path, f"{tmp_path}: got a folder without pages of events, {pages}", None, WHOLE_FILE)


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


@pytest.mark.parametrize("end", ["\n", " "])
def test_elements_of_long_arrays_are_named_by_their_lines(tmp_path: Path, end: str) -> None:
    path = tmp_path / "long.json"
    elements = [json.dumps({"id": i, "title": f"Snow on day {i}", "text": "It snowed. " * 20}) for i in range(1000)]
    elements[900] = "900"
    path.write_text(f"[{end}" + f",{end}".join(elements) + "]")
    errors: list[BadValueError] = []
    assert len(list(read_events(path, on_error=errors.append))) == 999
    assert [error.where for error in errors] == [f"{path}:{902 if end == chr(10) else 1}"]
