"""Events of data frames and records: what is wrong with a row, missing values, dates and columns of other names."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import DATE, MAPPED, RAIN, SNOW, TEXTS, WHOLE_FILE, check_error

from relatedstories import BadValueError, Event, InputError, read_events
from relatedstories.events import FIELDS

ROW = {"id": "first", "title": "Rain"}


@pytest.mark.parametrize(
    ("source", "message", "read"),
    [
        ([ROW, "Hail", {"id": "last", "title": "Snow"}], "row 2: got 'Hail', expected a dict or an Event", ["first", "last"]),
        ([ROW, None], "row 2: got None, expected a dict or an Event", ["first"]),
        ([ROW, [("id", "x")]], "row 2: got [('id', 'x')] (list), expected a dict or an Event", ["first"]),
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
            pl.DataFrame({"id": ["first"], "kop": ["Rain"]}),
            f"data frame: no column 'title' for the title; got 'id', 'kop'; {MAPPED % (('title',) * 2)}",
            WHOLE_FILE,
        ),
        (
            pd.DataFrame([["first", "Rain", "Rain"]], columns=["id", "title", "title"]),
            "data frame: got column 'title' 2 times, expected it once",
            WHOLE_FILE,
        ),
        (
            pd.DataFrame({"id": ["first", 2.5], "title": ["Rain", "Snow"]}),
            "row 2: id: got 2.5 (float), expected a text or a whole number",
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
    check_error(source, message, None, read)


@pytest.mark.parametrize(
    ("source", "got"),
    [({"id": 1}, "{'id': 1} (dict)"), (17, "17 (int)"), (None, "None"), ("", "''"), (b"news.csv", "b'news.csv' (bytes)")],
)
def test_not_an_archive(source: Any, got: str) -> None:
    check_error(source, f"got {got} as an archive, expected a path, a data frame or an iterable of dicts", None, WHOLE_FILE)


def test_an_iterable_with_a_dialect_is_no_database() -> None:
    assert list(read_events(csv.DictReader(["id,title", "1,Rain"]))) == [RAIN]
    with pytest.raises(BadValueError, match="row 1: got"):
        list(read_events(csv.reader(["1,Rain"])))
    with pytest.raises(InputError, match="no column 'title'"):
        read_events(pd.DataFrame({"dialect": [1]}))


def test_open_file_and_lazy_frame_are_not_taken_for_rows(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_bytes(b'{"id": 1, "title": "Rain"}\n')
    with pytest.raises(InputError, match=r"got \['a.csv'\] \(list\) as an archive, .*; files are named as pathlib.Path"):
        read_events(["a.csv"])
    with open(tmp_path / "news.jsonl") as file, pytest.raises(InputError, match=r"as an archive, expected a path, a data frame"):
        read_events(file)
    with pytest.raises(InputError, match=r"LazyFrame\) as an archive, expected a path, a data frame or an iterable of dicts"):
        read_events(pl.LazyFrame({"id": [1], "title": ["Rain"]}))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"kop": "title"},
            "fields: got 'kop', expected a field of an event "
            "(id, title, text, date, heading, topics, url, sources, language, translation_key, status)",
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
    check_error([ROW], message, fields, WHOLE_FILE)


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


def test_arrays_of_numpy_are_lists() -> None:
    event = Event("x", "Rain", topics=np.array(["Wales", "Kent"]), sources=np.array(["BBC"]), extra={})  # type: ignore[arg-type]
    assert event == Event("x", "Rain", topics=("Wales", "Kent"), sources=("BBC",))
    assert Event("x", "Rain", topics=np.array([], str)) == Event("x", "Rain")  # type: ignore[arg-type]
    (event,) = read_events([{"id": 1, "title": "Rain", "date": np.array(["2016-12-01"])}])
    assert event.date == dt.date(2016, 12, 1)
    for name in ("text", "topics", "sources", "extra"):
        with pytest.raises(BadValueError, match=f"^event 'x': {name}: got "):
            Event("x", "Rain", **{name: np.array([1, 2])})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["on_error", "on_draft", "on_remark", "strict"])
def test_options_of_the_wrong_type_are_known_before_the_first_event(name: str) -> None:
    expected = "True or False" if name == "strict" else "a function, or None"
    with pytest.raises(BadValueError, match=f"^read_events: {name}: got 'x', expected {expected}$"):
        read_events([ROW], **{name: "x"})  # type: ignore[arg-type]


def test_message_shows_no_more_than_the_beginning_of_a_long_value() -> None:
    with pytest.raises(BadValueError) as caught:
        Event("x", "Rain", date="soon, " * 100_000)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 200


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


def test_an_index_of_pandas_that_has_a_name_is_a_column() -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "title": ["Rain", "Snow"], "text": ["much", "little"]})
    expected = [Event("a", "Rain", "much"), Event("b", "Snow", "little")]
    assert list(read_events(frame.set_index("id"))) == list(read_events(frame.set_index(["id", "title"]))) == expected
    assert list(read_events(frame.set_index("id", drop=False))) == expected
    assert list(read_events(frame.rename_axis("number"))) == [
        Event("a", "Rain", "much", extra={"number": 0}),
        Event("b", "Snow", "little", extra={"number": 1}),
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


def test_fields_are_read_from_other_columns() -> None:
    rows = [{"nr": 1, "text": "Rain", "title": "kept", "body": "much"}]
    events = [Event("1", "Rain", "much", extra={"title": "kept"})]
    assert list(read_events(rows, {"id": "nr", "title": "text", "text": "body"})) == events
    assert list(read_events([{"id": 1, "text": "Rain"}], {"title": "text"})) == [RAIN]  # and not a second time as the text


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(rows=st.lists(anything | st.dictionaries(st.sampled_from(FIELDS), anything), max_size=4))
@settings(deadline=None)
def test_any_record_is_an_event_or_one_error(rows: list[Any]) -> None:
    errors: list[BadValueError] = []
    events = list(read_events(rows, on_error=errors.append))
    assert len(events) + len(errors) == len(rows)


def test_a_mapped_key_that_no_row_has_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"^no row has 'dya', which the date was to be read from$"):
        assert len(list(read_events([{"id": 1, "title": "Rain", "day": "2020-01-01"}], fields={"date": "dya"}))) == 1
