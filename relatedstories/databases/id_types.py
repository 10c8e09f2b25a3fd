"""The types of columns of ids: those of a table of links are of the type that the archive's own ids have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

__all__ = ["as_id_value", "fits", "id_type_of"]

_WHOLE = re.compile(r"0|-?[1-9]\d{0,18}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LARGEST = 2**63


def id_type_of(column: Any) -> Any:
    """Return the type that ids get beside a column of this type: whole numbers, UUIDs, or None for texts.

    Examples
    --------
    >>> id_type_of(sa.SmallInteger()), id_type_of(sa.Text())
    (BigInteger(), None)
    """
    if isinstance(column, (sa.Integer, sa.Numeric)) and not isinstance(column, sa.Float):
        return sa.BigInteger()
    return sa.Uuid(as_uuid=False) if isinstance(column, sa.Uuid) else None


def fits(id_type: Any, ids: Iterable[str]) -> str | None:
    """Return the first id that a column of a type cannot hold; None if it can hold all.

    Examples
    --------
    >>> fits(sa.BigInteger(), ["1", "17", "a1"]), fits(None, ["a1"])
    ('a1', None)
    """
    if id_type is None:
        return None
    if isinstance(id_type, sa.Uuid):
        return next((id_ for id_ in ids if _UUID.fullmatch(id_) is None), None)
    return next((id_ for id_ in ids if _WHOLE.fullmatch(id_) is None or not -_LARGEST <= int(id_) < _LARGEST), None)


def as_id_value(id_type: Any, id_: str) -> Any:
    """Return an id as the value of a column."""
    return int(id_) if isinstance(id_type, sa.Integer) else id_
