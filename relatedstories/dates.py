"""Read the day that a date names, in the many forms that files have it in, and never guess.

The forms are a strict table of our own: python-dateutil and dateparser read "3/2" or "version 10" as a date of this year, and
03.02.2020 as one of two days without saying so.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import NamedTuple

from relatedstories.date_words import MONTHS, WEEKDAYS
from relatedstories.errors import BadValueError, InputError, shown

__all__ = ["DAY_FIRST", "EXPECTED_DATE", "MONTH_FIRST", "AmbiguousDate", "DateColumn", "check_date_format", "read_date"]

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
"""The two orders of 03.02.2020: the third of February, the second of March."""

EXPECTED_DATE = "a date such as 2020-01-31"
"""What an error says was expected."""

_MISSING = frozenset(["", "-", "--", "null", "none", "nan", "nat", "n/a", "na", "#n/a", "<na>", "\\n", "nil", "undefined"])
"""Texts in lower case that stand for no date."""

_ISO = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ]\d.*)?\s*", re.DOTALL)
_ZERO = re.compile(r"0000([-/.])0?0\1?0?0(?:[T ].*)?|0{1,2}[-/.]0{1,2}[-/.]0000(?: .*)?|00000000(?:0{6})?")
_REST = (
    r"(?:\s+(?:at|um|à)\s+\d.*|\s*[+-]\d{2}:?\d{2}|[,;T\s_-]+\d{1,2}(?:[:.h]\d{2}|\s*[ap]\.?m|[ap]m).*"
    r"|[,T\s_-]+\d{4,6}\b.*|Z|\s*[(\[].*|\s+(?!BC)[A-Z]{1,5}[+-]?\d*)?"
)
"""What may follow a day in figures: a time, a time zone, a note in brackets."""
_YEAR_FIRST = re.compile(rf"(\d{{4}})\s*([-/._:])\s*(\d{{1,2}})\s*\2\s*(\d{{1,2}})\.?{_REST}", re.DOTALL)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})\s*([-/._])\s*(\d{{1,2}})\s*\2\s*(\d{{4}}){_REST}", re.DOTALL)
_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{4})")
_EAST_ASIAN = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(?:(\d{1,2})\s*[日일号])?.*", re.DOTALL)
_DASH = re.compile("[\u2010-\u2015\u2212]")
_WEEK = re.compile(r"(\d{4}-?W\d\d(?:-?[1-7])?)(?:T.*)?")
_DIGITS = re.compile(r"([+-]?\d+)(?:\.\d*)?")
_BASIC = re.compile(r"(\d{4})(\d{2})(\d{2})T\d{2}.*")
_NAMED_DAY = re.compile(r"\(?([^\W\d_]+)(?:-feira)?\)?[.,]*\s+(?=\d)")
_TIME = re.compile(
    r"(?:(?<=\d)T|\s)*\b\d{1,2}[:.h]\d{2}(?::\d{2}(?:[.,]\d+)?)?(?!\d)(?:\s*(?:[ap]\.?m\b\.?|uhr\b|h\b))?"
    r"(?:\s*(?:(?:GMT|UTC)?[+-]\d{1,2}:?\d{2}\b|[A-Z]{2,5}\b|Z\b))?(?:\s*\([^)]*\))?|\b\d{1,2}\s*[ap]\.?m\b\.?",
    re.IGNORECASE,
)
"""A time of day with its time zone, which are left out: the day is that of the place where it was written."""
_TOKEN = re.compile(r"(\d+)(?:(?:st|nd|rd|th|er|re|ste|de|e|º|ª|\.)(?![^\W\d_]))?|([^\W\d_]+)|([^\s.,;/'’()\[\]-])")
_FILLER_WORDS = """
    a alle am as at d de del dem den der el g gada il kl klo las le lo m nap o ob of om ore r the um à às в г год года р року рік
"""
_FILLERS = frozenset(_FILLER_WORDS.split())
"""Words between the parts of a date, and its end in some languages."""

_LINKED = re.compile(r"\[\[(.*)\]\]|\[(.*)\]", re.DOTALL)
_FIRST_EPOCH, _LAST_EPOCH = 10**8, 10**10
"""Bounds of seconds since 1970, from 1973 to 2286: smaller numbers are years and days."""
_EPOCH_UNITS = (1, 10**3, 10**6, 10**9)


class AmbiguousDate(NamedTuple):
    """A date whose day and month could be swapped, such as 03.02.2020, as it reads in either order."""

    day_first: dt.date
    month_first: dt.date


class _Reading(NamedTuple):
    """What a date says: its day; the order that it shows, if it shows one; whether it names a month alone."""

    day: dt.date | AmbiguousDate | None
    order: str | None = None
    is_month: bool = False


def read_date(
    value: object, where: str = "event", field: str = "date", date_format: str | None = None
) -> dt.date | AmbiguousDate | None:
    """Return the day that a value names.

    Parameters
    ----------
    value : object
        A date or datetime; a text; seconds, milliseconds, micro- or nanoseconds since 1970, in UTC; a number such as 20200131;
        ``{"$date": ...}`` as MongoDB writes it; a list of year, month and day. The names of months may be in more than 40
        languages. Of a time with a time zone the day is that of the zone. A month without a day, 2020-01, is its first day.
    where, field : str
        The place that an error names.
    date_format : str, optional
        ``"day-first"``, ``"month-first"``, or a pattern of ``strptime`` such as ``"%d.%m.%y"`` that texts are tried with first.

    Returns
    -------
    datetime.date, AmbiguousDate or None
        None for a missing value, such as an empty text, "NULL" or 0000-00-00.

    Raises
    ------
    BadValueError
        If the value is no date.

    Examples
    --------
    >>> read_date("Jan 5, 2020"), read_date("5. Januar 2020"), read_date("20200105"), read_date("31/12/2019")
    (datetime.date(2020, 1, 5), datetime.date(2020, 1, 5), datetime.date(2020, 1, 5), datetime.date(2019, 12, 31))
    >>> read_date("03.02.2020").day_first
    datetime.date(2020, 2, 3)
    >>> read_date("03.02.2020", date_format="month-first")
    datetime.date(2020, 3, 2)
    """
    date_format = check_date_format("read_date", date_format)
    day = _reading(value, where, field, date_format).day
    if isinstance(day, AmbiguousDate) and date_format in (DAY_FIRST, MONTH_FIRST):
        return day.day_first if date_format == DAY_FIRST else day.month_first
    return day


def check_date_format(call: str, date_format: str | None) -> str | None:
    """Return the format as it is used; raises `BadValueError` for one that is neither an order nor a pattern.

    Examples
    --------
    >>> check_date_format("read_events", "dayfirst"), check_date_format("read_events", "%d/%m/%Y")
    ('day-first', '%d/%m/%Y')
    """
    if date_format is None:
        return None
    order = re.sub(r"[\s_-]", "", date_format).lower() if isinstance(date_format, str) else ""
    if order in ("dayfirst", "monthfirst"):
        return DAY_FIRST if order == "dayfirst" else MONTH_FIRST
    if isinstance(date_format, str) and "%" in date_format:
        try:
            sample = dt.datetime(2001, 12, 31)
            read = dt.datetime.strptime(sample.strftime(date_format), date_format)
        except ValueError:
            read = None
        if read is not None and (read.year, read.month) == (sample.year, sample.month):
            return date_format
    expected = f"{DAY_FIRST}, {MONTH_FIRST} or a pattern such as %d.%m.%Y"
    raise BadValueError(call, "date_format", shown(date_format), expected)


class DateColumn:
    """The dates of one column: what they show of the order of day and month decides all that could be read in either.

    Parameters
    ----------
    date_format : str, optional
        As for `read_date`; an order given here decides.

    Attributes
    ----------
    shown_by : dict of str to (str, str)
        The value that showed an order first, and its place, by the order.
    asked_by : (str, str) or None
        The first value that could be read in either order, and its place.
    dates, ambiguous, months : int
        How many values were dates, could be read in either order, and named a month without a day.

    Examples
    --------
    >>> column = DateColumn()
    >>> unsure = column.read("03.02.2020", "row 1")
    >>> column.order is None, column.read("31.01.2020", "row 2"), column.order
    (True, datetime.date(2020, 1, 31), 'day-first')
    >>> column.day(unsure)
    datetime.date(2020, 2, 3)
    """

    def __init__(self, date_format: str | None = None) -> None:
        self._format = check_date_format("read_events", date_format)
        self.shown_by: dict[str, tuple[str, str]] = {}
        self.asked_by: tuple[str, str] | None = None
        self.dates = self.ambiguous = self.months = 0

    @property
    def order(self) -> str | None:
        """The order of day and month; None while nothing shows it."""
        return self._format if self._format in (DAY_FIRST, MONTH_FIRST) else next(iter(self.shown_by), None)

    @property
    def asks(self) -> bool:
        """Whether most dates could be read in either order and nothing shows which: then a person has to say it."""
        return self.order is None and self.ambiguous * 2 > self.dates

    def read(self, value: object, where: str, field: str = "date", *, again: bool = False) -> dt.date | AmbiguousDate | None:
        """Return what `read_date` does, and take note of what the value shows; it is not counted if it is read `again`.

        Raises
        ------
        BadValueError
            If the value is no date.
        InputError
            If the column has dates in both orders, and others that could be read in either.
        """
        if type(value) is str and (match := _ISO.fullmatch(value)) is not None and match[1] != "0000":
            self.dates += not again
            return _date(match[1], match[2], match[3], value, where, field)  # by far the most dates
        reading = _reading(value, where, field, self._format)
        self.dates += reading.day is not None and not again
        self.months += reading.is_month and not again
        if reading.order is not None:
            self.shown_by.setdefault(reading.order, (shown(value), where))
        if isinstance(reading.day, AmbiguousDate):
            self.ambiguous += not again
            self.asked_by = self.asked_by or (shown(value), where)
        if self.asked_by and len(self.shown_by) == 2 and self._format not in (DAY_FIRST, MONTH_FIRST):
            (day_first, there), (month_first, here) = self.shown_by[DAY_FIRST], self.shown_by[MONTH_FIRST]
            raise InputError(
                f"{self.asked_by[1]}: {field}: got {self.asked_by[0]}, and other dates with the day first ({day_first}, {there}) "
                f"and with the month first ({month_first}, {here}); {_SAY_WHICH}"
            )
        return reading.day

    def day(self, date: dt.date | AmbiguousDate | None, field: str = "date") -> dt.date | None:
        """Return the day of a date that was read, in the order that the column has.

        Raises
        ------
        InputError
            If the date could be read in either order and nothing shows which.
        """
        if not isinstance(date, AmbiguousDate):
            return date
        if self.order is None:
            value, where = self.asked_by or (f"'{date.day_first.strftime('%d.%m.%Y')}'", "a date")
            raise InputError(
                f"{where}: {field}: got {value}, which is {date.day_first} or {date.month_first}, and no other date shows which; "
                + _SAY_WHICH
            )
        return date.day_first if self.order == DAY_FIRST else date.month_first

    def remarks(self, name: str = "date") -> list[str]:
        """Return what was taken for what, as lines to print."""
        lines = []
        if self.ambiguous and self.order is not None:
            words = "the day first" if self.order == DAY_FIRST else "the month first"
            value, where = self.shown_by.get(self.order, ("", ""))
            why = f"as in {value} ({where})" if value and self.order != self._format else "as asked for"
            lines.append(f"{name}: {self.ambiguous} could be read in two ways; read with {words}, {why}")
        if self.months:
            have = "1 names a month without a day" if self.months == 1 else f"{self.months} name a month without a day"
            lines.append(f"{name}: {have}; read as its first day")
        return lines


_SAY_WHICH = f'say which comes first with date_format="{DAY_FIRST}" or "{MONTH_FIRST}", --date-format on the command line'


def _reading(value: object, where: str, field: str, date_format: str | None) -> _Reading:
    """Return what a value says of a day; raises `BadValueError` if it is no date."""
    given = value
    if type(value).__name__ == "ndarray" and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in ("$date", "$numberLong"):
        return _reading(next(iter(value.values())), where, field, date_format)  # MongoDB
    if isinstance(value, (list, tuple)):
        if len(value) == 1:
            return _reading(value[0], where, field, date_format)
        if 3 <= len(value) <= 7 and all(type(part) is int for part in value) and value[0] > 31:
            return _Reading(_date(value[0], value[1], value[2], given, where, field))
    if isinstance(value, dt.date):
        if value != value:  # pandas' NaT, a datetime without a day
            return _Reading(None)
        return _Reading(value.date() if isinstance(value, dt.datetime) else value)
    name = type(value).__name__
    if value is None or name in ("NAType", "NaTType"):
        return _Reading(None)
    if name == "datetime64":  # of numpy, which is not imported here
        value = str(value)
    elif isinstance(value, (int, float)) or hasattr(value, "__index__"):
        value = "" if value != value else "True" if isinstance(value, bool) or name == "bool" else str(value)
        if "e" in value or "inf" in value:
            raise BadValueError(where, field, shown(given), EXPECTED_DATE)
    if not isinstance(value, str):
        raise BadValueError(where, field, shown(given), EXPECTED_DATE)
    text = _DASH.sub("-", unicodedata.normalize("NFKC", value[:200])).strip()
    if (linked := _LINKED.fullmatch(text)) is not None:  # a link of Obsidian, or a list in a text
        text = (linked[1] or linked[2] or "").strip().strip("'\"")
    if text.casefold() in _MISSING or _ZERO.fullmatch(text):
        return _Reading(None)
    if date_format is not None and "%" in date_format:
        try:
            day = dt.datetime.strptime(text, date_format).date()
            return _Reading(day, is_month=not re.search("%[dejxc]", date_format))
        except ValueError:
            pass  # a date in another form that leaves no doubt
    for form in _FORMS:
        if (reading := form(text, given, where, field)) is not None:
            return reading
    raise BadValueError(where, field, shown(given), EXPECTED_DATE)


def _date(year: object, month: object, day: object, value: object, where: str, field: str) -> dt.date:
    try:
        return dt.date(int(year), int(month), int(day))  # type: ignore[call-overload]
    except (ValueError, OverflowError) as error:
        raise BadValueError(where, field, shown(value), f"{EXPECTED_DATE} ({error})") from None


def _in_figures(text: str, value: object, where: str, field: str) -> _Reading | None:
    """Read 2020-01-31 and 31.01.2020, with any separator, and a day of the week before it or a time after it."""
    if (named := _NAMED_DAY.match(text)) is not None and _folded(named[1]) in WEEKDAYS:
        text = text[named.end() :]
    if (match := _ISO.fullmatch(text) or _BASIC.fullmatch(text) or _EAST_ASIAN.fullmatch(text)) is not None:
        return _Reading(_date(match[1], match[2], match[3] or 1, value, where, field), is_month=match[3] is None)
    if (match := _YEAR_FIRST.fullmatch(text)) is not None:
        return _Reading(_date(match[1], match[3], match[4], value, where, field))
    if (match := _YEAR_LAST.fullmatch(text)) is not None:
        first, second = int(match[1]), int(match[3])
        if first > 12 or second > 12:
            order = DAY_FIRST if first > 12 else MONTH_FIRST
            month, day = (second, first) if first > 12 else (first, second)
            return _Reading(_date(match[4], month, day, value, where, field), order)
        one = _date(match[4], second, first, value, where, field)
        other = _date(match[4], first, second, value, where, field)
        return _Reading(one if one == other else AmbiguousDate(one, other))
    if (match := _MONTH.fullmatch(text)) is not None:
        return _Reading(_date(match[1] or match[4], match[2] or match[3], 1, value, where, field), is_month=True)
    return None


def _as_week(text: str, _value: object, _where: str, _field: str) -> _Reading | None:
    """Read the other forms of ISO 8601: 2020-W05-5, the Monday of 2020-W05, and 2020-031, the 31st day of the year."""
    if re.fullmatch(r"\d{4}-\d{3}", text):
        try:
            return _Reading(dt.datetime.strptime(text, "%Y-%j").date())
        except ValueError:
            return None
    if (match := _WEEK.fullmatch(text)) is None:
        return None
    try:
        return _Reading(dt.date.fromisoformat(match[1]))
    except ValueError:
        return None


def _as_number(text: str, value: object, where: str, field: str) -> _Reading | None:
    """Read 20200131, 20200131100000 and the time since 1970 in seconds or smaller units."""
    if (match := _DIGITS.fullmatch(text)) is None:
        return None
    digits = match[1]
    if len(digits) in (8, 12, 14) and digits[:2] in ("18", "19", "20"):
        try:
            return _Reading(dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])))
        except ValueError:
            if len(digits) != 12:
                raise BadValueError(where, field, shown(value), EXPECTED_DATE) from None
    number = int(digits[:25])
    for unit in _EPOCH_UNITS:
        if _FIRST_EPOCH <= number // unit < _LAST_EPOCH:
            return _Reading((dt.datetime(1970, 1, 1) + dt.timedelta(seconds=number // unit)).date())
    return None


def _in_words(text: str, value: object, where: str, field: str) -> _Reading | None:
    """Read dates with the name of a month, in any usual order, with a time and a day of the week or without."""
    words: list[str] = []  # D, M, Y or S (a year of two figures) for each part
    numbers: list[int] = []
    without_time = _TIME.sub(" ", text)
    tokens = [(number, _folded(word), other) for number, word, other in _TOKEN.findall(without_time)]
    has_two_months = sum(word in MONTHS for _, word, _ in tokens) > 1
    for number, word, other in tokens:
        if other or (number and len(number) not in (1, 2, 4)):
            return None
        if number:
            words.append("Y" if len(number) == 4 else "D")
            numbers.append(int(number))
        elif word in WEEKDAYS and (word not in MONTHS or (has_two_months and not words)):
            continue  # "mar 5 ene 2020": a Tuesday in Spanish
        elif word in MONTHS:
            words.append("M")
            numbers.append(MONTHS[word])
        elif word not in _FILLERS and not (words and _is_zone(word)):
            return None
    form = "".join(words)
    if form in _ORDERS:
        year, month, day = (numbers[form.index(part)] if part in form else 1 for part in "YMD")
        return _Reading(_date(year, month, day, value, where, field), is_month="D" not in form)
    if form == "DMD":  # 02 Jan 20, as in e-mail and in Excel's 2-Jan-20; the year as POSIX reads it
        day, month, year = numbers
        return _Reading(_date(year + (1900 if year > 68 else 2000), month, day, value, where, field))
    return None


_ORDERS = frozenset(["DMY", "MDY", "YMD", "YDM", "MY", "YM"])
_FORMS: tuple[Callable[[str, object, str, str], _Reading | None], ...] = (_in_figures, _as_week, _as_number, _in_words)


def _folded(word: str) -> str:
    """Return a word as the tables have it: folding capitals takes a few letters apart."""
    return unicodedata.normalize("NFC", word.casefold())


def _is_zone(word: str) -> bool:
    return word in ("gmt", "utc", "z", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "cet", "cest", "bst", "jst", "ist")
