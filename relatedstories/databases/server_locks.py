"""Locks that a database server holds for a connection, so that one refresh at a time writes a table."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from relatedstories.disk.locks import holder_description, other_writer

__all__ = ["lock_table"]

_HOLDER_OF_LOCK = """
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND pg_locks.classid = :high AND pg_locks.objid = :low AND pg_locks.objsubid = 1
AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

_APPLICATION_NAME_BYTES = 63
"""Length to which PostgreSQL cuts the name of a connection."""


def lock_table(connection: sa.Connection, dialect: str, what: str, table: sa.Table) -> None:
    """Take the lock of a table, whether it exists or not, for as long as the connection is open.

    PostgreSQL and MySQL have such locks; with other databases nothing is done.

    Raises
    ------
    InputError
        If another connection holds the lock; the message names it.
    """
    lock = {"postgresql": _lock_in_postgresql, "mysql": _lock_in_mysql}.get(dialect)
    if lock is None:
        return
    other = lock(connection, table)
    if other is not None:
        raise other_writer(what, other)
    connection.commit()  # the lock belongs to the connection: no transaction has to stay open for it


def _lock_in_postgresql(connection: sa.Connection, table: sa.Table) -> str | None:
    """Take an advisory lock; returns the name of the connection that holds it, or None if it was free."""
    schema = table.schema or connection.scalar(sa.text("SELECT current_schema()"))
    digest = hashlib.blake2b(f"relatedstories {schema}.{table.name}".encode(), digest_size=8).digest()
    key = int.from_bytes(digest, signed=True)
    name = f"relatedstories, {holder_description()}"[:_APPLICATION_NAME_BYTES]
    connection.execute(sa.text("SELECT set_config('application_name', :name, false)"), {"name": name})
    if connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": key}):
        return None
    halves = {"high": key >> 32 & 0xFFFFFFFF, "low": key & 0xFFFFFFFF}
    return connection.scalar(sa.text(_HOLDER_OF_LOCK), halves) or "unknown"


def _lock_in_mysql(connection: sa.Connection, table: sa.Table) -> str | None:
    """Take a named lock; returns the number of the connection that holds it, or None if it was free."""
    digest = hashlib.blake2b(table.fullname.encode(), digest_size=16).hexdigest()
    name = {"name": f"relatedstories {digest}"}
    if connection.scalar(sa.text("SELECT GET_LOCK(:name, 0)"), name):
        return None
    return f"connection {connection.scalar(sa.text('SELECT IS_USED_LOCK(:name)'), name)}"
