"""Dates: the forms that leave no doubt, those that the column decides, and those that are no dates."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Any

import pytest
from helpers import day
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import BadValueError, InputError
from relatedstories.date_words import MONTHS, WEEKDAYS
from relatedstories.dates import AmbiguousDate, DateColumn, check_date_format, read_date

FIFTH = "2020-03-05"


@pytest.mark.parametrize(
    "value",
    [
        "2020-3-5",
        "2020/03/05",
        "2020.03.05",
        "2020_03_05",
        "2020:03:05 10:11:12",
        "20200305",
        20200305,
        20200305.0,
        "20200305101112",
        "20200305T101112Z",
        "2020-03-05T23:30:00-05:00",
        "2020-03-05T00:10:00+09:00",
        "2020-03-05 10:00:00 +0900",
        "2020-03-05, 10:00",
        "2020-03-05-10:00",
        "2020-03-05T10:00Z[Europe/Paris]",
        "2020-03-05 UTC",
        "2020-03-05+01:00",
        "2020-03-05 at 10:00",
        "2020\u201303\u201305",
        "2020-065",
        "2020-03-05 (moved)",
        "[[2020-03-05]]",
        "Thu, 05 Mar 2020 10:00:00 GMT",
        "Thu, 5 Mar 20 10:00 +0100",
        "Thursday, March 5, 2020",
        "Thu Mar 05 10:00:00 +0000 2020",
        "Thu Mar  5 10:00:00 CET 2020",
        "March 5th, 2020 at 5:00 PM",
        "Mar. 5, 2020",
        "5-Mar-20",
        "05-MAR-2020",
        "2020 Mar 5",
        "5 mars 2020",
        "jeudi 5 mars 2020 à 10h30",
        "5. März 2020",
        "Donnerstag, 5. März 2020, 10:30 Uhr",
        "5 de marzo de 2020",
        "5 de març del 2020",
        "quinta-feira, 5 de março de 2020",
        "5 marca 2020 r.",
        "5 марта 2020 г.",
        "2020. március 5.",
        "5 Mart 2020 Perşembe",
        "2020年3月5日(木)",
        "2020년 3월 5일",
        "２０２０年３月５日",
        "2020-W10-4",
        1583402400,
        1583402400.25,
        "1583402400",
        1583402400000,
        1583402400000000,
        1583402400000000000,
        {"$date": "2020-03-05T10:00:00Z"},
        {"$date": {"$numberLong": "1583402400000"}},
        [2020, 3, 5],
        [2020, 3, 5, 10, 0],
        ["2020-03-05"],
        dt.datetime(2020, 3, 5, 23, 59, tzinfo=dt.timezone(dt.timedelta(hours=-11))),
    ],
    ids=repr,
)
def test_dates_that_leave_no_doubt(value: Any) -> None:
    assert read_date(value) == day(FIFTH)


@pytest.mark.parametrize("value", ["31/12/2019", "12/31/2019", "31.12.2019 10:00", "12-31-2019", "Di., 31.12.2019"])
def test_a_number_over_twelve_is_the_day(value: str) -> None:
    assert read_date(value) == day("2019-12-31")


@pytest.mark.parametrize("value", ["2020-03", "03/2020", "March 2020", "mars 2020", "2020年3月"])
def test_a_month_is_its_first_day_and_said(value: str) -> None:
    column = DateColumn()
    assert column.read(value, "row 1") == day("2020-03-01")
    assert column.remarks() == ["date: 1 names a month without a day; read as its first day"]


@pytest.mark.parametrize(
    "value",
    [None, "", " ", "NULL", "None", "nan", "N/A", "\\N", "-", "0000-00-00", "0000-00-00 00:00:00", "00/00/0000", float("nan")],
    ids=repr,
)
def test_no_date(value: Any) -> None:
    assert read_date(value) is None


@pytest.mark.parametrize(
    "value",
    [
        *("soon", "2020", "3/2", "version 10", "12", "5", 5, 43832, True, "2020-13-01", "2020-02-30", "31.02.2020", "20201341"),
        *("13.01.20", "20/01/13", "1 2 2020 3", "2020-01-02 to 2020-01-05", "10:30", "March", "5 listopad 2020", [5, 3, 2020]),
        *({"day": 5}, {"$date": "x"}, ["a"], b"2020-01-01", float("inf"), 1e300, object, "9" * 5000, "2020-03-05 or so"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_date_is_an_error_and_never_a_guess(value: Any) -> None:
    with pytest.raises(BadValueError, match=r"^row 7: day: got .*, expected a date such as 2020-01-31"):
        read_date(value, "row 7", "day")


@pytest.mark.parametrize("value", ["03.02.2020", "3/2/2020", "03-02-2020 10:15", "03/02/2020 3:45 PM"])
def test_day_and_month_that_could_be_swapped(value: str) -> None:
    assert read_date(value) == AmbiguousDate(day("2020-02-03"), day("2020-03-02"))
    assert read_date(value, date_format="day-first") == day("2020-02-03")
    assert read_date(value, date_format="month-first") == day("2020-03-02")
    assert read_date("05.05.2020") == day("2020-05-05")


def test_the_column_decides() -> None:
    column = DateColumn()
    dates = [column.read(value, f"row {n}") for n, value in enumerate(["03/02/2020", "02/13/2020", "2020-04-01"], 1)]
    assert [column.day(date) for date in dates] == [day("2020-03-02"), day("2020-02-13"), day("2020-04-01")]
    assert column.remarks() == ["date: 1 could be read in two ways; read with the month first, as in '02/13/2020' (row 2)"]


def test_a_column_that_does_not_tell_asks() -> None:
    column = DateColumn()
    date = column.read("03.02.2020", "news.csv:2")
    with pytest.raises(InputError) as caught:
        column.day(date)
    assert str(caught.value) == (
        "news.csv:2: date: got '03.02.2020', which is 2020-02-03 or 2020-03-02, and no other date shows which; say which comes "
        'first with date_format="day-first" or "month-first", --date-format on the command line'
    )


@pytest.mark.parametrize("values", [["13.01.2020", "01.13.2020", "03.02.2020"], ["03.02.2020", "01.13.2020", "13.01.2020"]])
def test_a_column_in_both_orders_asks(values: list[str]) -> None:
    column = DateColumn()
    with pytest.raises(InputError, match=r"and with the month first .'01\.13\.2020'.*say which comes first"):
        [column.read(value, "row") for value in values]


def test_a_pattern_is_tried_first() -> None:
    assert read_date("13.01.20", date_format="%d.%m.%y") == day("2020-01-13")
    assert read_date("2020-01-13", date_format="%d.%m.%y") == day("2020-01-13")
    assert check_date_format("x", "Day_First") == "day-first"
    for wrong in ("soon", "%H", "%Q", "", "DD.MM.YYYY", 5):
        with pytest.raises(BadValueError, match="expected day-first, month-first or a pattern such as"):
            check_date_format("x", wrong)  # type: ignore[arg-type]


FORMATS = ["%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%a, %d %b %Y %H:%M:%S GMT", "%Y%m%d", "%Y/%m/%d %H:%M", "%c"]


@given(moment=st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2099, 12, 31)), form=st.sampled_from(FORMATS))
def test_any_day_comes_back(moment: dt.datetime, form: str) -> None:
    assert read_date(moment.strftime(form)) == moment.date()


@given(days=st.lists(st.dates(dt.date(1900, 1, 1)), min_size=1), form=st.sampled_from(["%d.%m.%Y", "%m/%d/%Y"]))
def test_a_column_is_read_as_it_was_written_or_asks(days: list[dt.date], form: str) -> None:
    column = DateColumn()
    dates = [column.read(day.strftime(form), "row") for day in days]
    if any(day.day > 12 for day in days) or all(day.day == day.month for day in days):
        assert [column.day(date) for date in dates] == days
    else:
        with pytest.raises(InputError):
            [column.day(date) for date in dates]


@given(
    value=st.text() | st.integers() | st.floats() | st.lists(st.integers(), max_size=4) | st.from_regex(r"\d{1,5}[-/. ]\w{1,9}")
)
def test_any_value_is_a_date_none_or_one_error(value: Any) -> None:
    try:
        date = read_date(value)
    except BadValueError:
        return
    assert date is None or isinstance(date, (dt.date, AmbiguousDate))


def test_names_are_those_of_the_unicode_tables() -> None:
    dates = pytest.importorskip("babel.dates")
    for language in ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "tr", "fi", "el"):
        for number, name in dates.get_month_names("wide", "format", language).items():
            name = unicodedata.normalize("NFC", name.casefold())
            assert MONTHS.get(name, number if name == "listopada" else None) == number
        assert {
            unicodedata.normalize("NFC", name.casefold()).partition("-")[0]
            for name in dates.get_day_names("wide", "format", language).values()
        } <= WEEKDAYS


def test_an_order_may_be_spelt_in_any_way() -> None:
    for spelt in ("day-first", "dayfirst", "Day First", "day_first"):
        assert read_date("03.02.2020", date_format=spelt) == dt.date(2020, 2, 3)
    assert read_date("03.02.2020", date_format="monthfirst") == dt.date(2020, 3, 2)
