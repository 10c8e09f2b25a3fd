"""Files that look broken and are read, and any bytes at all."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import RAIN, SNOW, parquet, write_events

from relatedstories import Event, InputError, read_events
from relatedstories.cells import MISSING_WORDS

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
        ("UTF-16.csv", CSV_ROWS.decode().encode("utf-16")),
        ("UTF-16.jsonl", JSON_ROWS.decode().encode("utf-16")),
        ("an array.json", b"[" + JSON_ROWS.replace(b"}\n{", b"},\n{") + b"]"),
        ("an array on one line.json", b"[" + JSON_ROWS.replace(b"}\n{", b"},{").strip() + b"]"),
        ("wrapped.json", b'{"page": {"of": 1, "items": [' + JSON_ROWS.replace(b"}\n{", b"},\n{") + b']},\n "ok": true}'),
        ("wrapped on one line.json", b'{"items": [' + JSON_ROWS.replace(b"}\n{", b"},{").strip() + b"]}"),
        ("lines.json", JSON_ROWS),
        ("lines.jl", JSON_ROWS),
        ("compressed.jsonl.bz2", bz2.compress(JSON_ROWS)),
        ("compressed.json.xz", lzma.compress(JSON_ROWS)),
        ("Excel.csv", b"sep=;\r\n" + CSV_ROWS.replace(b",", b";")),
        ("bars.csv", CSV_ROWS.replace(b",", b"|")),
        ("capitals.csv", CSV_ROWS.replace(b"id,title", b"ID,Title")),
        ("commas at the end.csv", CSV_ROWS.replace(b"Rain", b"Rain,").replace(b"Snow", b"Snow,,")),
        ("spaces.csv", b'id, title\n1, "Rain"\n2, Snow\n'),
        ("spaces in rows.csv", b'id,title\n1, "Rain"\n2,Snow\n'),
        ("whole floats.csv", b"id,title\n1.0,Rain\n2.0,Snow\n"),
        ("whole floats.jsonl", JSON_ROWS.replace(b"1", b"1.0")),
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
def test_unusual_file_is_read(file: str, content: bytes, make: Callable[[Path], Any], tmp_path: Path) -> None:
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
def test_unusual_text_is_kept(text: str, file: str, tmp_path: Path) -> None:
    event = Event("1", text, text)
    write_events(tmp_path / file, [event])
    assert list(read_events(tmp_path / file)) == [event]


def test_a_lone_surrogate_becomes_the_replacement_character(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_bytes(b'{"id": "\\ud800", "title": "Rain \\udfff", "topics": ["\\ud83d\\ude00"]}')
    assert list(read_events(tmp_path / "news.jsonl")) == [Event("\ufffd", "Rain \ufffd", topics=("😀",))]


characters = st.characters(codec=None)  # halves of surrogate pairs among them


words = st.text(characters, min_size=1).filter(str.strip).filter(lambda text: not set("<&") & set(text))  # no HTML


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
    write_events(folder / "news.jsonl", events)
    assert list(read_events(folder / "news.jsonl")) == events
    assert list(read_events(event.to_dict() for event in events)) == events


# Words that stand for nothing in tables, and whole numbers with a decimal point, do not come back.
kept = words.filter(lambda text: text.strip() not in MISSING_WORDS)


@given(events=archives(**plain | dict.fromkeys(["id", "title", "heading", "url"], kept) | {"text": st.just("") | kept}))
@settings(deadline=None)
def test_events_come_back_from_csv(folder: Path, events: list[Event]) -> None:
    write_events(folder / "news.csv", events)
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
