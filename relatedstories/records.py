"""Rows of any medium to events, with errors that name the place, the field, what was got and what was expected."""

from __future__ import annotations

import collections
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from relatedstories.columns import READ_FIELDS, LeftOut, SourceRow
from relatedstories.errors import BadValueError, shown
from relatedstories.events import Event
from relatedstories.row_reader import RowReader, Values

__all__ = ["DRAFTS", "READ_FIELDS", "check_drafts", "events_of_rows"]

DRAFTS = ("draft",)
"""The default values of a status that mark a draft."""


def check_drafts(call: str, drafts: Collection[str]) -> frozenset[str]:
    """Return the status values that mark drafts in the form they are compared in.

    Raises
    ------
    BadValueError
        If `drafts` is no collection of texts; the message names the `call`.

    Examples
    --------
    >>> check_drafts("read_events", ["Draft "])
    frozenset({'draft'})
    """
    if isinstance(drafts, str) or not isinstance(drafts, Collection) or not all(isinstance(value, str) for value in drafts):
        raise BadValueError(call, "drafts", shown(drafts), "a list of texts: ['draft']")
    return frozenset(_normalised_status(value) for value in drafts)


def events_of_rows(
    rows: Iterable[SourceRow],
    columns: Mapping[str, str],
    drafts: Collection[str],
    on_error: Callable[[BadValueError], object] | None = None,
    on_draft: Callable[[str], object] | None = None,
    *,
    on_remark: Callable[[str], object] | None = None,
    strict: bool = False,
    date_format: str | None = None,
    on_warning: Callable[[str], object] | None = None,
) -> Iterator[Event]:
    """Yield the event of each row, in order.

    Parameters
    ----------
    rows : iterable of SourceRow
    columns : mapping of str to str
        The column of each field, as `column_of_each_field` returns it.
    drafts : collection of str
        The status values that mark drafts, as `check_drafts` returns them. Drafts are left out if `columns` names a status.
    on_error, on_draft, on_remark, strict, date_format
        As for `relatedstories.read_events`.
    on_warning : callable, optional
        Called after the last row with a line for whatever was read in a way that may not be what was meant; by default these
        are warnings.

    Raises
    ------
    BadValueError
        For a row that cannot be an event or repeats an id, unless `on_error` takes it.
    InputError
        If nothing tells the order of day and month in dates that could be read in either.

    Warns
    -----
    UserWarning
        After the last row, of whatever was read in a way that may not be what was meant.
    """
    reader = RowReader(columns, strict, date_format)
    remark = on_remark or (lambda text: warnings.warn(text, stacklevel=3))
    place_of_id: dict[str, str] = {}
    left_out: collections.Counter[str] = collections.Counter()
    unnamed_drafts = 0

    def read() -> Iterator[tuple[str, Event | Values]]:
        nonlocal unnamed_drafts
        for where, row in rows:
            try:
                if isinstance(row, BadValueError):
                    raise row
                if isinstance(row, LeftOut):
                    if row.is_draft and on_draft is not None:
                        on_draft(where)
                    elif not row.is_draft:
                        left_out[row.reason] += 1
                    continue
                if isinstance(row, Event):
                    yield where, row
                    continue
                values, status = reader.values(where, row)
                is_draft = _normalised_status(status) in drafts
                if is_draft and "status" in columns:
                    if on_draft is not None:
                        on_draft(where)
                    continue
                unnamed_drafts += is_draft
            except BadValueError as error:
                if on_error is None:
                    raise
                on_error(error)
            else:
                yield where, values

    for where, values in reader.settled(read()):
        try:
            event = values if isinstance(values, Event) else reader.event(where, values)
            if event.id in place_of_id:
                expected = f"an id used once (it is the id of {place_of_id[event.id]} too)"
                raise BadValueError(where, "id", shown(event.id), expected)
        except BadValueError as error:
            if on_error is None:
                raise
            on_error(error)
        else:
            place_of_id[event.id] = where
            yield event
    warn = on_warning or (lambda text: warnings.warn(text, stacklevel=3))
    for line in reader.warnings(unnamed_drafts):
        warn(line)
    if left_out:
        remark("left out: " + ", ".join(f"{reason} ({count})" for reason, count in sorted(left_out.items())))
    for line in reader.remarks():
        remark(line)


def _normalised_status(status: object) -> str:
    return str(status).strip().casefold()
