"""A schema that somebody changed between two nights, and a table of links with keys and triggers of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from database_checks import expected_lines, message_of, never, with_links
from helpers import SPACE, quick
from stores import Store

from relatedstories import Event, read_events
from relatedstories.databases.links_table import LinksTable
from relatedstories.refresh import refresh

SERVERS = pytest.mark.parametrize("store", ["postgresql", "mariadb"], indirect=True)
LATER = [*SPACE[1:], Event("malta", "Voters in Malta elect a parliament")]


def lines_of(store: Store) -> list[str]:
    return [line for _, line in LinksTable(store.url).read()]


def rows_of(store: Store) -> list[tuple[object, ...]]:
    return sorted(store.rows("SELECT event_id, rank, related_id, topics FROM related_links"))


@SERVERS
@pytest.mark.parametrize(
    ("change", "in_mariadb", "expected"),
    [
        ("RENAME COLUMN context TO label", "", "got one with the columns 'event_id', 'rank', 'related_id', 'score', 'label',"),
        ("DROP COLUMN context", "", "got one with the columns 'event_id', 'rank', 'related_id', 'score', 'topics',"),
        ("ADD COLUMN note TEXT", "", "'note', expected 'event_id', "),
        ("ADD COLUMN note TEXT NOT NULL DEFAULT 'x'", "", "'note', expected 'event_id', "),
        ("ALTER COLUMN score TYPE NUMERIC(4, 1)", "MODIFY score DECIMAL(4, 1)", "numbers with 3 decimals or more"),
        ("ALTER COLUMN score TYPE INTEGER", "MODIFY score INTEGER", "score: got a column of INTEGER, expected one of numbers"),
        (
            "ALTER COLUMN context TYPE CHAR(200)",
            "MODIFY context CHAR(200)",
            "context: got a column of CHAR(200), expected one of text",
        ),
        (
            "ALTER COLUMN pinned TYPE TEXT",
            "MODIFY pinned TEXT",
            "pinned: got a column of TEXT, expected one of true and false",
        ),
    ],
)
def test_columns_that_links_do_not_fit(store: Store, change: str, in_mariadb: str, expected: str) -> None:
    refresh(quick(), SPACE, LinksTable(store.url))
    before = rows_of(store) if "context" not in change else []
    store.run(f"ALTER TABLE related_links {(in_mariadb or change) if store.dialect == 'mysql' else change}")
    message = message_of(lambda: refresh(quick(), never(), LinksTable(store.url)))
    assert message.startswith(f"table related_links of {store.name}: ")
    assert expected in message
    assert not before or rows_of(store) == before


def test_an_own_key_a_view_and_ids_of_one_length(store: Store) -> None:
    refresh(quick(), SPACE, LinksTable(store.url))
    store.run("CREATE TABLE copied AS SELECT * FROM related_links")
    message = message_of(lambda: refresh(quick(), never(), LinksTable(store.url, "copied")))
    assert message.endswith("got no names as the primary key, expected 'event_id', 'rank'")
    store.run("CREATE VIEW seen AS SELECT * FROM related_links")
    message = message_of(lambda: refresh(quick(), never(), LinksTable(store.url, "seen")))
    assert message == f"table seen of {store.name}: got a view, expected a table"
    if store.dialect == "postgresql":
        store.run("DROP VIEW seen")
        store.run("ALTER TABLE related_links ALTER COLUMN event_id TYPE CHAR(9)")
        message = message_of(lambda: refresh(quick(), SPACE, LinksTable(store.url)))
        assert message.endswith("of 6 characters, expected 9, neither more nor fewer, as its column event_id has it")


def test_another_order_of_columns(store: Store) -> None:
    id_ = "VARCHAR(99)"
    store.run(
        f"CREATE TABLE related_links (refreshed_at TIMESTAMP, pinned BOOLEAN, duplicates TEXT, topics TEXT, context TEXT, "
        f"score DOUBLE PRECISION, related_id {id_}, rank INTEGER, event_id {id_}, PRIMARY KEY (event_id, rank))"
    )
    for events in (SPACE, LATER):
        refresh(quick(), events, LinksTable(store.url))
        assert lines_of(store) == with_links(expected_lines(events))


@SERVERS
def test_a_context_that_may_not_be_null_any_more(store: Store) -> None:
    refresh(quick(), SPACE, LinksTable(store.url))
    before = lines_of(store)
    change = "MODIFY duplicates TEXT NOT NULL" if store.dialect == "mysql" else "ALTER COLUMN duplicates SET NOT NULL"
    store.run("UPDATE related_links SET duplicates = '[]'")
    store.run(f"ALTER TABLE related_links {change}")
    message = message_of(lambda: refresh(quick(), LATER, LinksTable(store.url)))
    assert "duplicates" in message
    assert "null" in message.lower()
    assert len(lines_of(store)) == len(before)


def test_columns_of_the_events(store: Store) -> None:
    store.put(SPACE)
    refresh(quick(), read_events(store.url), LinksTable(store.url))
    before = lines_of(store)
    store.run("ALTER TABLE events RENAME COLUMN title TO headline")
    message = message_of(lambda: refresh(quick(), read_events(store.url), LinksTable(store.url)))
    assert message.startswith(f"{store.name}: events: no column 'title' for the title; got 'id', 'headline',")
    assert lines_of(store) == before
    refresh(quick(), read_events(store.url, {"title": "headline"}), LinksTable(store.url))
    assert lines_of(store) == before


@SERVERS
@pytest.mark.parametrize("action", ["", "ON DELETE CASCADE", "ON DELETE RESTRICT", "DEFERRABLE INITIALLY DEFERRED"])
def test_foreign_keys_to_the_events(store: Store, action: str) -> None:
    """Links are written; where an event goes while they are made, it is one error, and the old links stay."""
    if store.dialect == "mysql" and "DEFERRABLE" in action:
        pytest.skip("MariaDB checks keys at once")
    id_ = "VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin" if store.dialect == "mysql" else "TEXT"
    store.run(f"CREATE TABLE events (id {id_} PRIMARY KEY, title TEXT)")
    titles = [{"i": event.id, "t": event.title} for event in SPACE]
    store.run("INSERT INTO events VALUES (:i, :t)", *titles)
    refresh(quick(), read_events(store.url), LinksTable(store.url))
    for column in ("event_id", "related_id"):
        store.run(f"ALTER TABLE related_links ADD FOREIGN KEY ({column}) REFERENCES events (id) {action}")
    store.run("INSERT INTO events VALUES ('malta', 'Voters in Malta elect a parliament')")
    refresh(quick(), read_events(store.url), LinksTable(store.url))
    assert "malta" in {id_ for id_, _ in LinksTable(store.url).read()}
    before = rows_of(store)

    def events() -> Iterator[Event]:
        yield from read_events(store.url)
        yield Event("gone", "Voters in Malta and Iceland elect a new parliament")

    message = message_of(lambda: refresh(quick(), events(), LinksTable(store.url)))
    assert "foreign key constraint" in message
    assert rows_of(store) == before
    if "CASCADE" in action:
        store.run("DELETE FROM events WHERE id = 'malta'")
        left = list(read_events(store.url))
        refresh(quick(), left, LinksTable(store.url))
        assert lines_of(store) == with_links(expected_lines(left))


TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER noted AFTER INSERT ON related_links BEGIN INSERT INTO audit VALUES (NEW.event_id); END",
        "CREATE TRIGGER refused BEFORE INSERT ON related_links WHEN NEW.event_id = 'malta' "
        "BEGIN SELECT RAISE({}, 'no links of Malta'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION note() RETURNS TRIGGER LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO audit VALUES (NEW.event_id); RETURN NEW; END'",
        "CREATE TRIGGER noted AFTER INSERT ON related_links FOR EACH ROW EXECUTE FUNCTION note()",
        "CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN IF NEW.event_id = 'malta' THEN "
        "RAISE 'no links of Malta'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER refused BEFORE INSERT ON related_links FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
    "mysql": (
        "CREATE TRIGGER noted AFTER INSERT ON related_links FOR EACH ROW INSERT INTO audit VALUES (NEW.event_id)",
        "CREATE TRIGGER refused BEFORE INSERT ON related_links FOR EACH ROW IF NEW.event_id = 'malta' THEN "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no links of Malta'; END IF",
    ),
}


@pytest.mark.parametrize("kind", ["ABORT", "FAIL", "ROLLBACK"])
def test_triggers(store: Store, kind: str) -> None:
    if kind != "ABORT" and store.dialect != "sqlite":
        pytest.skip("SQLite alone has other ways to refuse")
    refresh(quick(), SPACE[2:], LinksTable(store.url))
    store.run("CREATE TABLE audit (event_id VARCHAR(99))")
    for statement in TRIGGERS[store.dialect]:
        store.run(statement.replace("{}", kind))
    refresh(quick(), SPACE, LinksTable(store.url))
    assert lines_of(store) == with_links(expected_lines(SPACE))
    noted = store.rows("SELECT event_id FROM audit ORDER BY 1")
    assert ("dragon",) in noted
    before = rows_of(store)
    message = message_of(lambda: refresh(quick(), LATER, LinksTable(store.url)))
    assert message == f"{store.name}: no links of Malta"
    assert rows_of(store) == before
    assert store.rows("SELECT event_id FROM audit ORDER BY 1") == noted
    refresh(quick(), SPACE[1:], LinksTable(store.url))
