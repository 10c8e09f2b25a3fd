"""What the tests of reading share: parts of messages, and the check of one error in an archive."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relatedstories import BadValueError, Event, InputError, read_events

FORMATS = ".jsonl, .json, .csv, .tsv or .xml (each also .gz, .bz2 or .xz), .parquet, or an article in .html or .txt"
MAPPED = 'name it with fields={"%s": ...}, --field %s=... on the command line'
TEXTS = "expected a list of texts"
SOURCES = "expected a list of texts or (name, url) pairs"
DATE = "expected a date such as 2020-01-31"
WHOLE_FILE = None
"""In place of the ids that are read around a bad row: the source as a whole cannot be used."""


RAIN, SNOW = Event("1", "Rain"), Event("2", "Snow")


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def write_events(path: Path, events: list[Event]) -> None:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(event.to_dict()) + "\n" for event in events), encoding="utf-8")
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", "title", "text", "date", "heading", "url"])
        writer.writeheader()
        writer.writerows(event.to_dict() for event in events)


def check_error(source: Any, message: str, fields: Mapping[str, str] | None, read: list[str] | None) -> None:
    """The message is raised at once; with on_error a bad row is reported once and the others are read."""
    with pytest.raises(InputError) as caught:
        list(read_events(source, fields, strict=True))
    assert str(caught.value) == message
    assert "\n" not in message

    errors: list[BadValueError] = []
    if read is WHOLE_FILE:
        with pytest.raises(InputError) as caught:
            list(read_events(source, fields, strict=True, on_error=errors.append))
        assert str(caught.value) == message
        assert errors == []
    else:
        assert [event.id for event in read_events(source, fields, strict=True, on_error=errors.append)] == read
        assert [str(error) for error in errors] == [message]
