"""Days as Excel counts them: dates only where the whole column is such numbers, and said."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from helpers import day

from relatedstories import BadValueError, read_events


def read(source: Any, fields: dict[str, str] | None = None, **options: Any) -> tuple[list[Any], list[str]]:
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dates = [event.date for event in read_events(source, fields, on_remark=said.append, **options)]
    return dates, said + [str(one.message) for one in caught]


def rows(*dates: Any) -> list[dict[str, Any]]:
    return [{"id": n, "title": "Rain", "date": date} for n, date in enumerate(dates)]


def test_a_column_of_them_is_read(tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_text("id,title,published\n1,Rain,44197\n2,Snow,\n3,Hail,43831.0\n")
    said = f"date: 2 are whole numbers, 44197 ({path}:2); read as the days that Excel counts, 2021-01-01"
    assert read(path, {"date": "published"}) == ([day("2021-01-01"), None, day("2020-01-01")], [said])
    assert read(path)[0] == [None] * 3  # a column that nobody called a date
    assert read(rows(44197, 44198))[0] == [day("2021-01-01"), day("2021-01-02")]
    assert read(pd.DataFrame(rows(44197, 44198)))[0] == [day("2021-01-01"), day("2021-01-02")]
    assert read(rows("44197"))[1] == ["date: 1 is a whole number, 44197 (row 1); read as the days that Excel counts, 2021-01-01"]


@pytest.mark.parametrize(
    "dates",
    [
        ("44197", "2021-01-02"),
        ("2021-01-02", "44197"),
        ("44197", "29999"),
        ("44197", "60001"),
        ("44197", "44197.5"),
        ("44197", "soon"),
        ("soon", "44197"),
        ("44197", True),
        ("44197", "20210102"),
    ],
)
def test_a_column_with_anything_else_is_not(dates: tuple[Any, Any]) -> None:
    read_dates, said = read(rows(*dates))
    assert day("2021-01-01") not in read_dates
    assert len(read_dates) == 2  # events stay
    assert "could not be read, such as" in said[0]
    with pytest.raises(BadValueError, match=r"date: got '?(44197|soon|29999|60001|True)"):
        read(rows(*dates), strict=True)


def test_made_ids_have_their_days() -> None:
    two = [{"title": "Rain", "date": date} for date in (44197, 44198)]
    assert len({event.id for event in read_events(two, on_remark=lambda _: None)}) == 2
