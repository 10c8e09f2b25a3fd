"""Documents of an index: all lines at once are what they are one by one."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import InputError
from relatedstories.disk.lazy_sequence import LazySequence, to_json_line
from relatedstories.index.storage import JsonLines

VALUES = (
    st.none()
    | st.integers()
    | st.text()
    | st.lists(st.text(), max_size=2)
    | st.dictionaries(st.text(), st.integers(), max_size=2)
)


def lines_of(lines: list[bytes]) -> JsonLines:
    starts = np.cumsum([0, *map(len, lines)], dtype=np.int64)
    return JsonLines(np.frombuffer(b"".join(lines), np.uint8), starts, Path("values.jsonl"))


@given(st.lists(VALUES, max_size=9))
def test_all_at_once(values: list[object]) -> None:
    with patch("relatedstories.index.storage._PARSED_AT_ONCE", 4):
        lines = lines_of([to_json_line(value) for value in values])
        assert [*lines] == [lines[place] for place in range(len(lines))] == values
        sequence = LazySequence(range(len(values)), lines, lambda value: (value,))
        assert [*sequence] == [(value,) for value in values]
        assert [*sequence.take([*range(len(values))][::-1])] == [(value,) for value in values[::-1]]


@pytest.mark.parametrize("broken", [b"{\n", b"\n", b"1, 2\n", b'"a\n'])
def test_a_broken_line_is_named(broken: bytes) -> None:
    with pytest.raises(InputError, match=r"values.jsonl:2: got a broken line"):
        list(lines_of([b"1\n", broken, b"3\n"]))


def test_lines_are_copied_also_where_values_are_in_memory() -> None:
    lines = lines_of([b'"a" \n', b'"b"\n', b'"c"  \n'])  # as nobody writes them now, so that a copy shows
    sequence = LazySequence(range(3), lines)
    sequence.read_all()
    changed = sequence.extended(["d"], [2, 3, 0])
    assert [*changed] == ["c", "d", "a"]
    assert [*changed.lines()] == [b'"c"  \n', b'"d"\n', b'"a" \n']
    equal = changed.in_memory(["c", "d", "a"])
    assert [*equal.lines()] == [*changed.lines()]
    assert [*equal.extended(["e"], [3, 1]).lines()] == [b'"e"\n', b'"d"\n']
