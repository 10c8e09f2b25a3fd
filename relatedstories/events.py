"""`Event`, the record that everything else works on."""

from __future__ import annotations

import datetime as dt
import operator
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, NoReturn, TypeVar

from relatedstories.errors import BadValueError, shown
from relatedstories.language_codes import language_code

__all__ = [
    "FIELDS",
    "Event",
    "ReadOnlyDict",
    "as_id",
    "as_json_value",
    "checked_language",
    "events_of",
    "own_value",
    "parse_date",
    "several",
    "values_of",
]

_DATE = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d.*)?\s*", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_Item = TypeVar("_Item")


class ReadOnlyDict(dict[str, Any]):
    """A dict that cannot be changed; it can be pickled, copied and written as JSON.

    Examples
    --------
    >>> ReadOnlyDict(section="World")["section"]
    'World'
    """

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("an event's extra values cannot be changed; make a new Event")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return ReadOnlyDict, (dict(self),)


_NOTHING = ReadOnlyDict()


@dataclass(frozen=True, slots=True)
class Event:
    """One short news item.

    Parameters
    ----------
    id : str
        Unique in its archive. A whole number becomes its decimal text, so 17 and "17" are the same id.
    title : str
        What happened, in one sentence or several; not empty.
    text : str, default ""
        Further text, of any length.
    date : datetime.date, optional
        The day of the event. Of a ``datetime`` only the day is kept.
    heading : str, optional
        The heading under which an editor filed the event.
    topics : sequence of str, default ()
        Topics that an editor gave the event.
    url : str, optional
        The address of the event's page.
    sources : sequence of str or (name, url) pairs, default ()
        Where the news came from.
    language : str, optional
        The code of the language that title and text are in, as in ISO 639-1: "de". Of a tag such as "de-AT" only the language
        is kept. Without it the language is told by the text.
    extra : mapping of str to JSON values, optional
        Values of your own, such as a section or an image. Links do not depend on them, but can be restricted by them, and pages
        can show them. They are kept as a read-only dict; lists become tuples. They do not count in the hash of an event.
    translation_key : str, optional
        What all translations of one text have in common, as in Hugo. They are never listed under each other.

    Raises
    ------
    BadValueError
        If a field is missing or of the wrong type; the message names the field.

    Notes
    -----
    Lone surrogates, which cannot be written as UTF-8, are replaced by U+FFFD.

    Examples
    --------
    >>> import datetime
    >>> Event("2016-12-01-1", "A Progress cargo ship is lost", date=datetime.date(2016, 12, 1)).title
    'A Progress cargo ship is lost'
    """

    id: str
    title: str
    text: str = ""
    date: dt.date | None = None
    heading: str | None = None
    topics: tuple[str, ...] = ()
    url: str | None = None
    sources: tuple[str | tuple[str, str], ...] = ()
    language: str | None = None
    extra: Mapping[str, Any] = field(default=_NOTHING, hash=False)
    translation_key: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", as_id(self.id))
        try:
            self._check_fields()
        except BadValueError as error:
            raise BadValueError(f"event {shown(self.id)}", error.field, error.got, error.expected) from None

    def _check_fields(self) -> None:
        """Check all fields but the id, most of which most events leave as they are."""
        put = object.__setattr__
        put(self, "title", _text("title", self.title, "a text that is not empty"))
        if type(self.text) is not str or self.text:
            text = _text("text", self.text, "a text", empty=True)
            put(self, "text", "" if text.isspace() else text)
        for name in ("heading", "url", "translation_key"):
            value = getattr(self, name)
            if value is not None:
                put(self, name, _text(name, value, "a text that is not empty, or None"))
        if self.date is not None:
            day = _day(self.date)
            if day is None:
                raise BadValueError("", "date", shown(self.date), "a datetime.date or None")
            put(self, "date", day)
        if type(self.topics) is not tuple or self.topics:
            put(self, "topics", tuple(_items("topics", self.topics, "texts", _topic)))
        if type(self.sources) is not tuple or self.sources:
            put(self, "sources", tuple(_items("sources", self.sources, "texts or (name, url) pairs", _source)))
        if self.language is not None:
            put(self, "language", checked_language("", self.language))
        if self.extra is not _NOTHING:
            put(self, "extra", _extra(self.extra))

    @property
    def full_text(self) -> str:
        """Title and text as one string, which topics and terms are read from and the offsets of mentions refer to."""
        return f"{self.title}\n{self.text}" if self.text else self.title

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are set as JSON values; ``read_events([event.to_dict()])`` yields the event again.

        Examples
        --------
        >>> Event("1", "Rain", date=dt.date(2020, 2, 1)).to_dict()
        {'id': '1', 'title': 'Rain', 'date': '2020-02-01'}
        """
        record: dict[str, Any] = {"id": self.id, "title": self.title}
        if self.text:
            record["text"] = self.text
        if self.date:
            record["date"] = self.date.isoformat()
        if self.heading:
            record["heading"] = self.heading
        if self.topics:
            record["topics"] = list(self.topics)
        if self.url:
            record["url"] = self.url
        if self.sources:
            record["sources"] = [x if isinstance(x, str) else list(x) for x in self.sources]
        if self.language:
            record["language"] = self.language
        if self.extra:
            record["extra"] = dict(self.extra)
        if self.translation_key:
            record["translation_key"] = self.translation_key
        return record

    def in_language(self, language: str) -> Event:
        """Return the event with a language, given as a code; the event itself if it has this one.

        Examples
        --------
        >>> Event("1", "Rain").in_language("en").language
        'en'
        """
        if self.language == language:
            return self
        put, event = object.__setattr__, Event.__new__(Event)
        for name in FIELDS:
            put(event, name, getattr(self, name))
        put(event, "language", language)
        return event

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Event:
        """Return the event of a record that `to_dict` made, without checking its values again.

        Examples
        --------
        >>> event = Event("1", "Rain", date=dt.date(2020, 2, 1), sources=[("BBC", "https://example.org")])
        >>> Event.from_dict(event.to_dict()) == event
        True
        """
        put, event = object.__setattr__, cls.__new__(cls)
        for name, default in _DEFAULTS.items():
            put(event, name, record.get(name, default))
        if event.date:
            put(event, "date", dt.date.fromisoformat(record["date"]))
        if event.topics:
            put(event, "topics", tuple(event.topics))
        if event.extra is not _NOTHING:
            put(event, "extra", ReadOnlyDict({name: as_json_value(value) for name, value in event.extra.items()}))
        if event.sources:
            put(event, "sources", tuple([source if isinstance(source, str) else tuple(source) for source in event.sources]))
        return event


FIELDS = tuple(field.name for field in fields(Event))
_DEFAULTS = {field.name: None if field.default is MISSING else field.default for field in fields(Event)}


def as_id(value: object, where: str = "event", field: str = "id") -> str:
    """Return an id as text; raises `BadValueError` with the place if it is neither a text nor a whole number."""
    if isinstance(value, str):
        if not value.strip():
            raise BadValueError(where, field, shown(value), "a text that is not empty")
        return _well_formed(value)
    if not isinstance(value, bool):
        try:
            return str(operator.index(value))  # type: ignore[arg-type]
        except (TypeError, ValueError):  # no whole number, or one with more digits than Python converts
            pass
    raise BadValueError(where, field, shown(value), "a text or a whole number")


def parse_date(value: object, where: str = "event", field: str = "date") -> dt.date | None:
    """Return the day that a field of a file or an argument gives.

    Parameters
    ----------
    value : datetime.date, datetime.datetime, str or None
        A text in the form YYYY-MM-DD, with or without leading zeros; a time after it is ignored. None and "" give None.
    where, field : str
        The place that an error names.

    Raises
    ------
    BadValueError
        If the value is no day.

    Examples
    --------
    >>> parse_date("2016-12-1T09:30:00Z")
    datetime.date(2016, 12, 1)
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if (day := _day(value)) is not None:
        return day
    if type(value).__name__ == "datetime64":  # of numpy, which is not imported here
        value = str(value)
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BadValueError(where, field, shown(value), "a date as YYYY-MM-DD")
    try:
        return dt.date(*map(int, match.groups()))
    except ValueError as error:
        raise BadValueError(where, field, shown(value), f"a date as YYYY-MM-DD ({error})") from None


def _day(value: object) -> dt.date | None:
    """Return the day of a date or datetime; None for anything else, including pandas' NaT, which is a datetime without a day."""
    if not isinstance(value, dt.date) or value != value:
        return None
    return value.date() if isinstance(value, dt.datetime) else value


def _well_formed(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate."""
    text = str(text)  # a subclass, such as numpy's, becomes a plain str
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _text(field: str, value: object, expected: str, empty: bool = False) -> str:
    """Return a value that has to be a text."""
    if not isinstance(value, str) or not (empty or value.strip()):
        raise BadValueError("", field, shown(value), expected)
    return _well_formed(value)


def _items(field: str, value: object, what: str, check: Callable[[object], _Item | None]) -> Iterator[_Item]:
    """Yield the checked items of a value that has to be a list."""
    # A single string can be iterated too: topics="NASA" would become four topics. Of a mapping the values would be lost.
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise BadValueError("", field, shown(value), f"a list of {what}")
    for part in value:
        if (checked := check(part)) is None:
            raise BadValueError("", field, f"a list with {shown(part)} in it", f"a list of {what}, none of them empty")
        yield checked


def as_json_value(value: Any) -> Any:
    """Return a value as JSON can hold it, with tuples for lists; raises `TypeError` for one that it cannot hold.

    Examples
    --------
    >>> as_json_value({"tags": ["a", dt.date(2020, 1, 31)]})
    {'tags': ('a', '2020-01-31')}
    """
    if value is None or value is True or value is False or type(value) in (int, float):
        return None if value != value else value
    if isinstance(value, str):
        return _well_formed(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat() if value == value else None
    if isinstance(value, Mapping):
        return ReadOnlyDict({_well_formed(str(key)): as_json_value(part) for key, part in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple([as_json_value(part) for part in value])
    if hasattr(value, "tolist"):  # arrays and numbers of numpy
        plain = value.tolist()
        return as_json_value(plain) if not hasattr(plain, "tolist") else str(plain)
    if type(value).__name__ in ("UUID", "Decimal", "datetime64"):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no value of JSON")


def _extra(value: object) -> ReadOnlyDict:
    """Return the values of an event that are its owner's, as a read-only dict of JSON values."""
    if isinstance(value, Mapping) and not value:
        return _NOTHING
    if type(value) is ReadOnlyDict:
        return value
    try:
        if not isinstance(value, Mapping):
            raise TypeError
        kept: ReadOnlyDict = as_json_value(value)
        return kept
    except (TypeError, ValueError, RecursionError):
        raise BadValueError("", "extra", shown(value), "a mapping of names to values that JSON can hold") from None


def values_of(event: Event, name: str) -> frozenset[str]:
    """Return the values that an event has under a name, as texts: of its own fields, otherwise of its `extra`.

    Examples
    --------
    >>> event = Event("1", "Rain", topics=["Wales", "Kent"], extra={"section": "World", "premium": True})
    >>> sorted(values_of(event, "topics")), set(values_of(event, "section")), set(values_of(event, "premium"))
    (['Kent', 'Wales'], {'World'}, {'true'})
    """
    value = getattr(event, name) if name in FIELDS and name != "extra" else own_value(event, name)
    parts = value if isinstance(value, (tuple, list)) else (value,)
    return frozenset(_as_text(part) for part in parts if part is not None and part != "")


def own_value(event: Event, name: str) -> Any:
    """Return the value in the `extra` of an event under a name, in capitals or not; None if there is none."""
    if name in event.extra:
        return event.extra[name]
    folded = name.casefold()
    return next((value for key, value in event.extra.items() if key.casefold() == folded), None)


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("name", "title", "slug") if key in value), value)
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _topic(value: object) -> str | None:
    return _well_formed(value) if isinstance(value, str) and value.strip() else None


def _source(value: object) -> str | tuple[str, str] | None:
    if isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(part, str) for part in value):
        return _well_formed(value[0]), _well_formed(value[1])
    return _topic(value)


def several(call: str, field: str, values: Any) -> Iterable[Any]:
    """Return the values given to a call; raises `BadValueError` for a single value, as a text would be read by letters."""
    if isinstance(values, (str, os.PathLike, Event, Mapping)) or not isinstance(values, Iterable):
        raise BadValueError(call, field, shown(values), "several, in a list say")
    return values


def events_of(call: str, events: Any) -> list[Event]:
    """Return the events given to a call as a list; raises `BadValueError` for anything but events."""
    if isinstance(events, (str, os.PathLike)):
        raise BadValueError(call, "events", shown(events), "events, as read_events gives them from a path")
    listed = list(several(call, "events", events))
    for event in listed:
        if not isinstance(event, Event):
            raise BadValueError(call, "events", shown(event), "an Event; read_events makes them of dicts and data frames")
    return listed


def checked_language(call: str, language: object) -> str | None:
    """Return the code of a language that was given to a call or an event, or None; raises `BadValueError` for anything else."""
    code = language_code(language) if isinstance(language, str) else None
    if language is not None and code is None:
        raise BadValueError(call, "language", shown(language), 'the code of a language, such as "de", or None')
    return code
