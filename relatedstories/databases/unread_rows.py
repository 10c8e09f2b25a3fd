"""Connections closed before all rows of a query were read, the rest of which PyMySQL would read first, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa

__all__ = ["closed_after", "leave_unread_rows"]

_PYMYSQL = "pymysql"


def leave_unread_rows(engine: sa.Engine) -> None:
    """Have the connections of an engine, made with `pool_reset_on_return=None`, close at once if their driver is PyMySQL."""
    if engine.dialect.driver == _PYMYSQL:
        sa.event.listen(engine, "reset", _reset)


@contextmanager
def closed_after(connection: sa.Connection) -> Iterator[sa.Connection]:
    """Close a connection after a block, without reading the rows that the block leaves if it fails or is left."""
    try:
        yield connection
    except BaseException:
        if connection.dialect.driver == _PYMYSQL and not connection.invalidated:
            driver = connection.connection.driver_connection
            if driver is None:  # the garbage collector came to it first, and has closed it
                raise
            if _leave_rows(driver):
                connection.invalidate()
        connection.close()
        raise
    connection.close()


def _leave_rows(driver: Any) -> bool:
    """Have a connection forget the rows that it would read before anything else; returns whether there were some."""
    result = getattr(driver, "_result", None)
    if result is None or not result.unbuffered_active:
        return False
    result.unbuffered_active = False
    return True


def _reset(driver: Any, *_: object) -> None:
    """Roll back what a connection has open that is closed next."""
    if not _leave_rows(driver):
        with suppress(driver.Error):  # it is lost, and with it all that was open
            driver.rollback()
