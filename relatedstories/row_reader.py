"""Values of a row to an event, with what only a whole column tells: the order of day and month, whole numbers as ids."""

from __future__ import annotations

import collections
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from relatedstories.cells import MISSING_WORDS, field_value, is_missing, value_at
from relatedstories.columns import TableRow, resolve_columns
from relatedstories.counts import counted
from relatedstories.dates import EXPECTED_DATE, AmbiguousDate, DateColumn
from relatedstories.day_numbers import DayNumber, DayNumbers
from relatedstories.errors import BadValueError, shown, shown_names
from relatedstories.events import Event, as_id, as_json_value
from relatedstories.language_codes import language_code
from relatedstories.text.cleaning import clean
from relatedstories.text.titles import first_sentence, plain_title

__all__ = ["MAX_EXTRA", "RowReader", "Values"]

MAX_EXTRA = 2000
"""Maximum length of a text that is kept among the extra values of an event: longer ones are texts in another form."""

_MAX_PLANS = 1000
"""Number of different rows of keys that are remembered."""

_SHORT_YEAR = re.compile(r"'\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2}\b")
_WHOLE = re.compile(r"-?\d+\.0+")
_LISTS = frozenset(["topics", "sources"])
_OPTIONAL_TEXTS = frozenset(["heading", "url", "language", "translation_key"])

Values: TypeAlias = dict[str, Any]
"""The values of an event by field, dates that could be read in two ways among them."""


class RowReader:
    """Reads the values of rows, and takes note of what is odd.

    Parameters
    ----------
    columns : mapping of str to str
        The column of each field.
    strict : bool
        Whether an optional value that cannot be read makes the row an error; otherwise it is left out and counted.
    date_format : str or None
        As for `relatedstories.read_events`.
    """

    def __init__(self, columns: Mapping[str, str], strict: bool, date_format: str | None) -> None:
        self._columns, self._strict = columns, strict
        self._dates = DateColumn(date_format)
        self._ids = _Ids()
        self._day_numbers = DayNumbers()
        self._plans: dict[tuple[Any, ...], _Plan] = {}
        # A JSON key may be missing in any row, but a column named by the caller that no row has is most likely misspelt.
        self._unseen = {field: column for field, column in columns.items() if field != column}
        self._unread: dict[str, BadValueError] = {}  # the first of each field
        self._n_unread: collections.Counter[str] = collections.Counter()
        self._counts: collections.Counter[str] = collections.Counter()
        self._not_kept: collections.Counter[str] = collections.Counter()
        self._no_codes: collections.Counter[str] = collections.Counter()

    def values(self, where: str, row: Any) -> tuple[Values, Any]:
        """Return the values of a row by field, and its status.

        Raises
        ------
        BadValueError
            With the row's place and, where it has another name, the column.
        """
        if not isinstance(row, Mapping):
            raise BadValueError(where, None, shown(row), "an object with fields")
        plan = self._plan(row)
        has_words, is_table = isinstance(row, TableRow), type(row) is TableRow
        values: Values = {}
        for field, path in plan.fields:
            value = row[path[0]] if len(path) == 1 else value_at(row, path)
            if is_missing(value) or (has_words and type(value) is str and _is_word(field, value, is_table)):
                continue
            try:
                if field == "date":
                    value = self._date(value, where)
                elif type(value) is not str or field in _LISTS:
                    value = field_value(field, value, is_table)
                    if field in _OPTIONAL_TEXTS and is_missing(value):
                        continue
            except BadValueError as error:
                self._leave_out(where, field, error)
                continue
            values[field] = value
        if "language" in values and language_code(str(values["language"])) is None:
            self._no_codes[str(values.pop("language"))] += 1
        status = value_at(row, plan.status) if plan.status else None
        extra = self._extra(row, plan, has_words)
        if extra:
            values["extra"] = extra
        if is_missing(values.get("title")):
            title = first_sentence(values["text"]) if isinstance(values.get("text"), str) else ""
            if not title:
                column = self._columns.get("title", "title")
                is_there = any(field == "title" for field, _ in plan.fields)
                got = "nothing" if is_there else f"no {shown(column)} among {shown_names(_names_in(row))}"
                raise BadValueError(where, "title", got, "the title of the event")
            values["title"] = title
            self._counts["title"] += 1
        _read_html(values)
        self._ids.see(values.get("id"))
        return values, status

    def _date(self, value: Any, where: str) -> Any:
        """Return the day of a value, or what it may be; raises `BadValueError` if it is no date."""
        try:
            date = self._dates.read(value, where)
        except BadValueError:
            if (number := self._day_numbers.read(value, where)) is not None:
                return number
            raise
        if date is not None:
            self._day_numbers.see_other()
        return date

    def settled(self, rows: Iterator[tuple[str, Event | Values]]) -> Iterator[tuple[str, Event | Values]]:
        """Yield the rows in order, each once the columns tell how it is to be read."""
        waiting: list[tuple[str, Event | Values]] = []
        for row in rows:
            waiting.append(row)
            is_open = self._ids.is_open or self._day_numbers.is_open
            is_open = is_open or (self._dates.asked_by is not None and self._dates.order is None)
            if not is_open:
                yield from waiting
                waiting.clear()
        self._ids.close()
        self._day_numbers.close()
        yield from waiting

    def event(self, where: str, values: Values) -> Event:
        """Return the event of settled values; raises `BadValueError` with the row's place."""
        values = dict(values)
        try:
            date = values.get("date")
            if isinstance(date, DayNumber):
                if not self._day_numbers.are_all:
                    self._leave_out(where, "date", BadValueError(where, "date", shown(date.value), EXPECTED_DATE))
                values["date"] = date.day if self._day_numbers.are_all else None
            elif isinstance(date, AmbiguousDate):
                if self._dates.order is None and not self._dates.asks and not self._strict:
                    self._counts["ambiguous"] += 1
                    date = None
                values["date"] = self._dates.day(date)
            if is_missing(values.get("id")):
                values["id"] = self._made_id(values)
            else:
                values["id"] = as_id(self._ids.whole(values["id"]))
            return Event(**values)
        except BadValueError as error:
            raise BadValueError(where, self._name(error.field), error.got, error.expected) from None

    def warnings(self, unnamed_drafts: int) -> list[str]:
        """Return what is most likely wrong, as lines to print."""
        lines = [f"no row has {column!r}, which the {field} was to be read from" for field, column in self._unseen.items()]
        if unnamed_drafts:
            rows = "1 row was read as an event" if unnamed_drafts == 1 else f"{unnamed_drafts} rows were read as events"
            how = 'fields={"status": "status"}, --field status=status on the command line, leaves them out'
            lines.append(f"{rows} though the 'status' is that of a draft: {how}")
        if self._no_codes:
            value, n = next(iter(self._no_codes)), self._no_codes.total()
            have = "1 row has" if n == 1 else f"{n} rows have"
            lines.append(
                f"{have} a language that is no code, such as {shown(value)}: expected one such as 'de'; their texts tell it"
            )
        if n := self._counts["ambiguous"]:
            value, where = self._dates.asked_by or ("", "")
            could = "1 could be read in two ways" if n == 1 else f"{n} could be read in two ways"
            lines.append(
                f"{self._name('date')}: {could}, such as {value} ({where}), and no other date shows which; {_events_stay(n)}; "
                'date_format="day-first" or "month-first", --date-format on the command line, says which comes first'
            )
        for field, n in self._n_unread.items():
            error = self._unread[field]
            value = counted(n, "values")
            hint = "; --date-format %d.%m.%y says how dates with short years are written" if _SHORT_YEAR.search(error.got) else ""
            lines.append(
                f"{error.field}: {value} could not be read, such as {error.got} ({error.where}); {_events_stay(n)}{hint}"
            )
        return lines

    def remarks(self) -> list[str]:
        """Return how the rows were read, where that was not plain, as lines to print."""
        lines = self._dates.remarks() + self._day_numbers.remarks()
        if self._ids.n_whole:
            lines.append(f'id: {self._ids.n_whole} are whole numbers with a decimal point; read without it, "1.0" as "1"')
        names = {
            "url": "without an id; their url is the id",
            "digest": "without an id; a digest of their title, date and text is the id",
            "title": "without a title; the first sentence of their text is the title (--field title=COLUMN names another column)",
        }
        lines += [f"{counted(self._counts[key], 'rows')} {text}" for key, text in names.items() if self._counts[key]]
        for name, n in self._not_kept.items():
            rows = counted(n, "rows")
            lines.append(
                f"{name!r} is not kept as an extra value in {rows}: longer than {MAX_EXTRA} characters, or no value of JSON"
            )
        return lines

    def _plan(self, row: Mapping[str, Any]) -> _Plan:
        keys = tuple(row)
        plan = self._plans.get(keys)
        if plan is None:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            plan = self._plans[keys] = _Plan(keys, self._columns)
            for field, _ in plan.fields:
                self._unseen.pop(field, None)
            if plan.status:
                self._unseen.pop("status", None)
        return plan

    def _extra(self, row: Mapping[str, Any], plan: _Plan, has_words: bool) -> dict[str, Any]:
        """Return the values that no field is read from."""
        extra: dict[str, Any] = {}
        for key in plan.others:
            value = row[key]
            if is_missing(value) or (has_words and type(value) is str and value.strip() in MISSING_WORDS):
                continue
            if key == "extra" and isinstance(value, Mapping):
                extra |= value
                continue
            if key in plan.read_within:
                value = (
                    {name: part for name, part in value.items() if name not in plan.read_within[key]}
                    if isinstance(value, Mapping)
                    else None
                )
                if not value:
                    continue
            try:
                kept = as_json_value(value)
            except (TypeError, ValueError, RecursionError):
                self._not_kept[key] += 1
                continue
            if (isinstance(kept, str) and len(kept) > MAX_EXTRA) or (
                isinstance(kept, (tuple, dict)) and len(repr(kept)) > MAX_EXTRA
            ):
                self._not_kept[key] += 1
            elif kept is not None:
                extra[key] = kept
        return extra

    def _leave_out(self, where: str, field: str, error: BadValueError) -> None:
        named = BadValueError(where, self._name(field), error.got, error.expected)
        if self._strict or field in ("id", "title"):
            raise named
        self._n_unread[field] += 1
        self._unread.setdefault(field, named)

    def _made_id(self, values: Values) -> str:
        """Return the id of a row that has none: its address, or a digest of what it says."""
        url = values.get("url")
        if isinstance(url, str) and url.strip():
            self._counts["url"] += 1
            return url
        self._counts["digest"] += 1
        date = values.get("date")
        said = [values["title"], None if date is None else date.isoformat(), values.get("text", "")]
        return hashlib.blake2b(json.dumps(said).encode(), digest_size=8).hexdigest()

    def _name(self, field: str | None) -> str | None:
        column = self._columns.get(field or "", field)
        return field if column == field else f"{field} (column {column!r})"


class _Plan:
    """Where the fields of rows with some keys are: the way to each field, that to the status, and the other keys."""

    __slots__ = ("fields", "others", "read_within", "status")

    def __init__(self, keys: tuple[Any, ...], columns: Mapping[str, str]) -> None:
        found = resolve_columns(keys, columns)
        self.status = found.pop("status", None) or (("status",) if "status" in keys else None)
        self.fields = list(found.items())
        whole = {path[0] for path in found.values() if len(path) == 1}
        self.read_within: dict[str, set[str]] = {}
        for path in found.values():
            if len(path) > 1:
                self.read_within.setdefault(path[0], set()).add(path[1])
        self.others = [key for key in keys if isinstance(key, str) and key.strip() and key not in whole]


class _Ids:
    """Whether all ids are whole numbers with a decimal point, as they are once a table of them has been through floats."""

    def __init__(self) -> None:
        self.is_open = False
        self.n_whole = 0
        self._is_whole: bool | None = None

    def see(self, value: Any) -> None:
        """Take note of the next id."""
        if self._is_whole is not None or is_missing(value):
            return
        if isinstance(value, str) and _WHOLE.fullmatch(value.strip()) is not None:
            self.is_open = True
        else:
            self.is_open, self._is_whole = False, False

    def close(self) -> None:
        """Take note that there are no more ids."""
        self._is_whole = self.is_open
        self.is_open = False

    def whole(self, value: Any) -> Any:
        """Return an id that is a number without its decimal point, and one that is a text if all have one."""
        if isinstance(value, str):
            if not self._is_whole:
                return value
            whole: Any = value.strip().partition(".")[0]
        elif type(value).__name__.startswith("float") and float(value).is_integer():
            whole = int(value)
        else:
            return value
        self.n_whole += 1
        return whole


_MAY_BE_HTML = re.compile(
    r"\s*<(?:!--|/?(?:p|div|h[1-6]|ul|ol|table|figure|article|section|main|blockquote|span|br|img|script|body|html)\b)", re.I
)
"""The beginning of a text that is HTML. What is HTML within other text is left out when topics and terms are read."""


def _read_html(values: Values) -> None:
    """Replace HTML by what it says: entities and tags in the title, and a text that begins with a tag."""
    title, text = values["title"], values.get("text")
    if isinstance(title, str) and ("&" in title or "<" in title) and (plain := plain_title(title)) != title.strip():
        values["title"] = plain
    if isinstance(text, str) and "<" in text[:200] and _MAY_BE_HTML.match(text):
        values["text"] = clean(text).text


def _events_stay(n: int) -> str:
    return "its event stays, without it" if n == 1 else "their events stay, without them"


def _names_in(row: Mapping[str, Any]) -> list[object]:
    """Return the names of columns, those within objects as they are given: "attributes.headline"."""
    names: list[object] = []
    for key, value in row.items():
        within = value[0] if isinstance(value, (list, tuple)) and value else value
        names += [f"{key}.{name}" for name in within] if isinstance(within, Mapping) and within else [key]
    return names


def _is_word(field: str, value: str, is_table: bool) -> bool:
    """Return whether a text in a table stands for no value."""
    if field in ("id", "title", "text") and (not is_table or not value.strip(" -")):
        return False
    return value.strip() in MISSING_WORDS
