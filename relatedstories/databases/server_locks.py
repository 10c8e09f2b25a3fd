"""Locks that a database server holds for a connection, so that one refresh at a time writes a table."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from relatedstories.disk.locks import holder_description, other_writer

__all__ = ["holds_lock", "lock_table"]

_HOLDER_OF_LOCK = """
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND pg_locks.classid = :high AND pg_locks.objid = :low AND pg_locks.objsubid = 1
AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

_NO_TIMEOUTS = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')
"""

_HOLDER_IN_MYSQL = "SELECT concat(user, '@', host) FROM information_schema.processlist WHERE id = :id"

_APPLICATION_NAME_BYTES = 63
"""Length to which PostgreSQL cuts the name of a connection."""

_WEEK = 7 * 24 * 60 * 60
"""How many seconds MySQL keeps a connection that does nothing but hold the lock; servers are often set to a few minutes."""


def lock_table(connection: sa.Connection, dialect: str, what: str, table: sa.Table) -> None:
    """Take the lock of a table, whether it exists or not, for as long as the connection is open.

    PostgreSQL and MySQL have such locks; with other databases nothing is done. In PostgreSQL the lock belongs to a transaction,
    which stays open: a pooler such as PgBouncer gives the rest of a session to others. It has no view of any table, so that old
    rows can be removed.

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


def holds_lock(connection: sa.Connection, dialect: str, table: sa.Table) -> bool:
    """Return whether a connection still has the lock that it took; raises an error of the database if it is lost."""
    if dialect == "mysql":
        return bool(connection.scalar(sa.text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()"), _lock_name(connection, table)))
    return bool(connection.scalar(sa.text("SELECT 1")))  # the lock lives as long as its transaction


def _lock_in_postgresql(connection: sa.Connection, table: sa.Table) -> str | None:
    """Take an advisory lock; returns the name of the connection that holds it, or None if it was free."""
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")  # others would keep old rows from removal
    connection.execute(sa.text(_NO_TIMEOUTS))
    schema = table.schema or connection.scalar(sa.text("SELECT current_schema()"))
    digest = hashlib.blake2b(f"relatedstories {schema}.{table.name}".encode(), digest_size=8).digest()
    key = int.from_bytes(digest, signed=True)
    name = f"relatedstories, {holder_description()}"[:_APPLICATION_NAME_BYTES]
    connection.execute(sa.text("SELECT set_config('application_name', :name, true)"), {"name": name})
    if connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}):
        # A statement with parameters keeps its view of the tables until the next one; one without leaves none.
        connection.exec_driver_sql("SELECT 1")
        return None
    halves = {"high": key >> 32 & 0xFFFFFFFF, "low": key & 0xFFFFFFFF}
    return connection.scalar(sa.text(_HOLDER_OF_LOCK), halves) or "unknown"


def _lock_in_mysql(connection: sa.Connection, table: sa.Table) -> str | None:
    """Take a named lock; returns the number, user and address of the connection that holds it, or None if it was free."""
    connection.exec_driver_sql(f"SET SESSION wait_timeout = {_WEEK}")
    name = _lock_name(connection, table)
    if connection.scalar(sa.text("SELECT GET_LOCK(:name, 0)"), name):
        connection.commit()  # the lock belongs to the connection: no transaction has to stay open for it
        return None
    other = connection.scalar(sa.text("SELECT IS_USED_LOCK(:name)"), name)
    who = connection.scalar(sa.text(_HOLDER_IN_MYSQL), {"id": other})
    return f"connection {other}" + (f" of {who}" if who else "")


def _lock_name(connection: sa.Connection, table: sa.Table) -> dict[str, str]:
    """Return the name of a table's lock in MySQL, whose locks are those of all databases of a server."""
    schema = table.schema or connection.scalar(sa.text("SELECT DATABASE()"))
    digest = hashlib.blake2b(f"{schema}.{table.name}".encode(), digest_size=16).hexdigest()
    return {"name": f"relatedstories {digest}"}
