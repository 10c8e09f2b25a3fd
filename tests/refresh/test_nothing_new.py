"""A refresh with an index gives what one without gives, whatever happened since the last; where nothing did, it stops early."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from helpers import SPACE, WORDS, Named, run
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from relatedstories import Event, RelatedStories, read_events
from relatedstories.databases.links_table import LinksTable
from relatedstories.errors import InputError
from relatedstories.files.links_file import LinksFile
from relatedstories.index import last_refresh, linker
from relatedstories.index.last_refresh import LastRefresh
from relatedstories.index.storage import MANIFEST, last_refresh_file
from relatedstories.refresh import Report, refresh

pytestmark = pytest.mark.filterwarnings("ignore:got .*expected ids of events of the archive")  # of events that are gone

titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
ids = st.sampled_from([f"e{number}" for number in range(8)])


def loaded(index: Path) -> RelatedStories:
    """The stories of an index, or new ones; `Named` finds topics without a model."""
    return RelatedStories.load(index, Named()) if index.exists() else RelatedStories(Named())  # type: ignore[arg-type]


def record(index: Path) -> Path:
    """The file that tells what the last refresh with an index left."""
    path = last_refresh_file(index)
    assert path is not None
    return path


def counts(report: Report) -> dict[str, Any]:
    """All that a report counts of links: everything but times, memory and the work that was done."""
    counted = report.to_dict()
    for name in ("seconds", "slowest", "peak_memory", "made", "stayed"):
        del counted[name]
    return counted | {"contexts": report.contexts, "linked": report.linked, "difference": report.difference}


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its inode and time of writing, which change where anything is written."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


@contextlib.contextmanager
def no_lists():
    """Let making any list of links fail."""
    with patch.object(linker.Linker, "_batched", side_effect=AssertionError("lists are made again")):
        yield


class Nights(RuleBasedStateMachine):
    """An archive, what is asked of it, and the links and the index of its nights."""

    @initialize(bodies=st.dictionaries(ids, titles, min_size=1, max_size=6))
    def begin(self, bodies):
        self.folder = tempfile.TemporaryDirectory()
        self.top = Path(self.folder.name)
        self.links, self.index = self.top / "links.jsonl", self.top / "index"
        self.events = {id_: Event(id_, title) for id_, title in bodies.items()}
        self.k, self.asked = 3, {}

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(id_=ids, title=titles)
    def add_or_edit(self, id_, title):
        self.events[id_] = Event(id_, title)

    @precondition(lambda self: len(self.events) > 1)
    @rule(data=st.data())
    def remove(self, data):
        del self.events[data.draw(st.sampled_from(sorted(self.events)))]

    @rule(data=st.data())
    def edit_the_links_by_hand(self, data):
        if not self.links.exists():
            return
        written = self.links.read_bytes()
        how = data.draw(st.sampled_from(["another word", "a line less", "none", "not ours", "as it was"]))
        if how == "none":
            self.links.unlink()
            return
        lines = written.splitlines(keepends=True)
        self.links.write_bytes(
            {
                "another word": written.replace(b'"context": "Oslo"', b'"context": "Rome"'),
                "a line less": b"".join(lines[1:]),
                "not ours": b"not ours\n" + written,
                "as it was": written,
            }[how]
        )

    @rule(k=st.integers(0, 4))
    def list_more_or_fewer(self, k):
        self.k = k

    @rule(a=ids, b=ids, which=st.sampled_from(["pinned", "blocked"]))
    def choose(self, a, b, which):
        self.asked = {} if a == b else {which: {a: [b]}}

    @rule(score=st.sampled_from([None, 0.0, 0.3]))
    def ask_for_a_score(self, score):
        self.asked = {} if score is None else {"min_score": score}

    @rule(part=st.sampled_from(["record", "manifest"]))
    def lose(self, part):
        if (self.index / MANIFEST).exists():
            (self.index / MANIFEST if part == "manifest" else record(self.index)).unlink(missing_ok=True)

    def night(self, **keywords: Any) -> Report:
        stories = loaded(self.index) if (self.index / MANIFEST).exists() else RelatedStories(Named())  # type: ignore[arg-type]
        return refresh(stories, self.events.values(), self.links, self.k, index=self.index, **self.asked, **keywords)

    @invariant()
    def the_links_are_those_of_a_run_without_an_index(self):
        if not hasattr(self, "events"):
            return
        tried = self.night(dry_run=True)
        report = self.night()
        assert (tried.written, tried.difference) == (report.written, report.difference)
        fresh = self.top / "fresh.jsonl"
        refresh(RelatedStories(Named()), self.events.values(), fresh, self.k, **self.asked)  # type: ignore[arg-type]
        assert self.links.read_bytes() == fresh.read_bytes()
        before = state(self.top)
        with no_lists():
            again = self.night()
            tried_again = self.night(dry_run=True)
        assert state(self.top) == before
        assert (again.written, again.new, again.edited, again.gone) == (0, 0, 0, 0)
        kept = record(self.index).read_bytes()
        record(self.index).unlink()
        made = self.night()
        assert counts(again) == counts(made)
        assert counts(tried_again) == counts(made) | {"dry_run": True}
        assert record(self.index).read_bytes() == kept


TestNights = Nights.TestCase
TestNights.settings = settings(max_examples=16, stateful_step_count=8, deadline=None)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of `SPACE`, with its links beside it."""
    refresh(RelatedStories(Named()), SPACE, tmp_path / "links.jsonl", index=tmp_path / "index")  # type: ignore[arg-type]
    return tmp_path / "index"


def is_short(index: Path, links: Any = None, stories: RelatedStories | None = None, **keywords: Any) -> bool:
    """Whether a refresh finds nothing new without making lists."""
    report = refresh(stories or loaded(index), SPACE, links or index.with_name("links.jsonl"), index=index, **keywords)
    return "compare" in report.seconds


def test_what_links_depend_on_is_compared(index: Path) -> None:
    assert is_short(index)
    for asked in (
        {"k": 2}, {"since": "2017-01-01"}, {"until": "2017-05-01"}, {"include_newer": False}, {"same": ["heading"]},
        {"max_per_context": 1}, {"diversity": 0.5}, {"fallback": "recent"}, {"pinned": {"oslo": ["iceland"]}},
        {"blocked": {"oslo": ["oslo-2"]}}, {"min_score": 0.2},
    ):  # fmt: skip
        assert not is_short(index, **asked)
        assert is_short(index, **asked)
    assert not is_short(index)


def test_what_a_function_lets_through_is_never_taken_for_known(index: Path) -> None:
    assert not is_short(index, where=lambda event: event.id != "oslo")
    assert not is_short(index, where=lambda event: event.id != "oslo")


def test_the_order_of_choices_counts_where_it_shows(index: Path) -> None:
    assert not is_short(index, pinned={"oslo": ["iceland", "dragon"], "dragon": ["oslo"]})
    assert is_short(index, pinned={"dragon": ["oslo"], "oslo": ["iceland", "dragon"]})
    assert not is_short(index, pinned={"oslo": ["dragon", "iceland"], "dragon": ["oslo"]})


def test_another_version_of_the_package_makes_all_anew(index: Path) -> None:
    with patch.object(last_refresh, "code_digest", return_value="another"):
        assert not is_short(index)


def test_other_names_to_ignore_make_all_anew(index: Path) -> None:
    extractor = Named()
    extractor.ignored = frozenset({"oslo"})  # type: ignore[attr-defined]
    stories = RelatedStories.load(index, extractor)  # type: ignore[arg-type]
    assert not is_short(index, stories=stories)


def test_other_settings_make_all_anew(index: Path) -> None:
    stories = RelatedStories.load(index, Named())  # type: ignore[arg-type]
    refresh(RelatedStories(Named(), date_decay=1.0), SPACE, index.with_name("links.jsonl"), index=index)  # type: ignore[arg-type]
    assert not is_short(index, stories=stories)  # those of before


def test_an_extractor_without_a_name_makes_all_anew(index: Path) -> None:
    with patch.object(Named, "name", None):
        assert not is_short(index, stories=RelatedStories.load(index, Named()))  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b'{"refresh": [], "sha256": ""}', b"\xff"])
def test_a_damaged_record_is_none(index: Path, damage: bytes) -> None:
    record(index).write_bytes(damage)
    assert LastRefresh.read(index) is None
    assert not is_short(index)
    assert is_short(index)


def test_an_altered_record_is_none(index: Path) -> None:
    kept = json.loads(record(index).read_text())
    kept["refresh"]["counts"]["links"] += 1
    record(index).write_text(json.dumps(kept))
    assert not is_short(index)


def test_links_in_another_form_or_place_are_written(index: Path) -> None:
    folder = index.parent
    assert not is_short(index, LinksFile(folder / "links.jsonl", ["title"]))
    assert is_short(index, LinksFile(folder / "links.jsonl", ["title"]))
    assert not is_short(index, folder / "links.json")
    assert is_short(index, folder / "links.json")
    assert "event" not in (folder / "links.json").read_text()


def test_an_edit_of_the_same_size_and_time_is_mended(index: Path) -> None:
    links = index.with_name("links.jsonl")
    before, written = links.stat(), links.read_bytes()
    links.write_bytes(written.replace(b"Oslo", b"Rome"))
    os.utime(links, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not is_short(index)
    assert links.read_bytes() == written


def test_an_edit_while_the_links_are_written_is_mended_by_the_next_run(tmp_path: Path) -> None:
    """Somebody edits the new links before the index is saved: they are not what the refresh left."""
    links, index = tmp_path / "links.jsonl", tmp_path / "index"
    stories = RelatedStories(Named())  # type: ignore[arg-type]
    save = stories.save

    def edit_and_save(folder: Path) -> None:
        links.write_text("edited\n")
        save(folder)

    with patch.object(stories, "save", edit_and_save):
        refresh(stories, SPACE, links, index=index)
    assert links.read_text() == "edited\n"
    assert not is_short(index)
    assert len(links.read_text().splitlines()) == len(SPACE)


def test_a_table_that_somebody_edited_is_mended(tmp_path: Path) -> None:
    index = tmp_path / "index"

    def table() -> LinksTable:
        return LinksTable(f"sqlite:///{tmp_path}/news.db")

    def edit(statement: str) -> None:
        with contextlib.closing(sqlite3.connect(tmp_path / "news.db")) as database:
            database.execute(statement)
            database.commit()

    report = refresh(RelatedStories(Named()), SPACE, table(), index=index)  # type: ignore[arg-type]
    rows = [*table().read()]
    assert is_short(index, table())
    edit("UPDATE related_links SET refreshed_at = '2001-01-01 00:00:00'")  # which tells nothing of links
    assert is_short(index, table())
    for statement in (
        "UPDATE related_links SET context = 'Rome' WHERE event_id = 'oslo'",
        "DELETE FROM related_links WHERE event_id = 'oslo'",
        "INSERT INTO related_links SELECT 'rome', rank, related_id, score, context, topics, duplicates, pinned, refreshed_at "
        "FROM related_links WHERE event_id = 'oslo'",
        "UPDATE related_links SET score = 0.123 WHERE event_id = 'oslo'",
        "DROP TABLE related_links",
    ):
        edit(statement)
        assert not is_short(index, table())
        assert [*table().read()] == rows
        with no_lists():
            again = refresh(loaded(index), SPACE, table(), index=index)
        assert (again.links, again.written, again.labelled) == (report.links, 0, report.labelled)


def test_a_table_of_postgresql_that_somebody_edited_is_mended(store: Any, tmp_path: Path) -> None:
    if not store.url.startswith("postgresql"):
        pytest.skip("SQLite has a test of its own")
    index = tmp_path / "index"
    refresh(RelatedStories(Named()), SPACE, LinksTable(store.url), index=index)  # type: ignore[arg-type]
    rows = [*LinksTable(store.url).read()]
    assert is_short(index, LinksTable(store.url))
    for statement in (
        "UPDATE related_links SET context = 'Rome' WHERE event_id = 'oslo'",
        "UPDATE related_links SET context = NULL WHERE event_id = 'oslo'",
        "DELETE FROM related_links WHERE event_id = 'oslo'",
        "DROP TABLE related_links",
    ):
        store.run(statement)
        assert not is_short(index, LinksTable(store.url))
        assert [*LinksTable(store.url).read()] == rows
        assert is_short(index, LinksTable(store.url))


# ---------------------------------------------------------------------- what events were read from


def written(path: Path, events: list[Event]) -> Path:
    path.write_text("".join(json.dumps(event.to_dict()) + "\n" for event in events))
    return path


def stages(index: Path, source: Any, **options: Any) -> set[str]:
    """The stages of a refresh of what is read from a source."""
    events = read_events(source, **options)
    return set(refresh(loaded(index), events, index.with_name("links.jsonl"), index=index).seconds)


EARLY, LATE, ANEW = {"compare", "save"}, {"read", "index", "compare", "save"}, {"read", "index", "write", "links", "save"}


def test_events_of_the_same_file_are_not_read_again(tmp_path: Path) -> None:
    index, source = tmp_path / "index", written(tmp_path / "news.jsonl", SPACE)
    assert stages(index, source) >= {"read", "links", "write"}
    before = state(tmp_path)
    assert stages(index, source) == EARLY
    assert state(tmp_path) == before
    written(source, SPACE[::-1])
    assert stages(index, source) == LATE  # the same events in another order, which is kept in mind
    assert stages(index, source) == EARLY
    assert stages(index, source, date_format="day-first") == LATE  # read in another way
    assert stages(index, source) == LATE
    written(source, SPACE[1:])
    assert stages(index, source) >= ANEW
    assert stages(index, source) == EARLY


def test_links_and_index_are_compared_though_events_are_not_read(tmp_path: Path) -> None:
    index, source = tmp_path / "index", written(tmp_path / "news.jsonl", SPACE)
    stages(index, source)
    links = index.with_name("links.jsonl")
    good = links.read_bytes()
    links.write_bytes(good.replace(b"Oslo", b"Rome"))
    assert stages(index, source) >= ANEW
    assert links.read_bytes() == good
    RelatedStories(Named(), date_decay=3.0).fit(SPACE).save(index)  # type: ignore[arg-type]
    assert stages(index, source) >= ANEW
    with patch.object(Named, "name", "another extractor"):
        assert "compare" not in stages(index, source)


def test_an_early_end_reports_all_that_a_late_one_does(tmp_path: Path) -> None:
    index, source = tmp_path / "index", written(tmp_path / "news.jsonl", SPACE)
    stages(index, source)
    early = refresh(loaded(index), read_events(source), tmp_path / "links.jsonl", index=index)
    late = refresh(loaded(index), SPACE, tmp_path / "links.jsonl", index=index)
    record(index).unlink()
    full = refresh(loaded(index), SPACE, tmp_path / "links.jsonl", index=index)
    assert set(early.seconds) == EARLY
    assert counts(early) == counts(late) == counts(full)
    assert str(early).splitlines()[0] == str(full).splitlines()[0]
    assert "nothing new" in str(early)


def test_rows_that_are_left_out_are_named_every_time(tmp_path: Path) -> None:
    index, source = tmp_path / "index", written(tmp_path / "news.jsonl", SPACE)
    with source.open("a") as file:
        file.write('{"id": "none"}\n')
    for expected in (ANEW, LATE, LATE):
        errors: list[Any] = []
        assert stages(index, source, on_error=errors.append) >= expected
        assert len(errors) == 1


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    index, source = tmp_path / "index", written(tmp_path / "news.jsonl", SPACE)

    events = read_events(source)
    digest = events.digest  # type: ignore[attr-defined]
    first = [True]

    def digest_and_change() -> str | None:
        found: str | None = digest()
        if first:
            first.clear()
            written(source, SPACE[1:])
        return found

    events.digest = digest_and_change  # type: ignore[attr-defined]
    refresh(loaded(index), events, tmp_path / "links.jsonl", index=index)
    assert events.read_from is None  # type: ignore[attr-defined]
    assert stages(index, source) == LATE


def test_rows_of_the_same_table_are_not_made_events_again(store: Any, tmp_path: Path) -> None:
    index = tmp_path / "index"
    store.put(SPACE)
    assert stages(index, store.url) >= {"read", "links", "write"}
    assert stages(index, store.url) == EARLY
    assert stages(index, store.url, where="id <> 'oslo'") >= ANEW
    assert stages(index, store.url) >= ANEW
    store.run("UPDATE events SET title = 'Snow closes the airport of Bergen' WHERE id = 'oslo'")
    assert stages(index, store.url) >= ANEW
    assert stages(index, store.url) == EARLY


def test_a_letter_edited_in_the_middle_of_a_long_text_is_seen(store: Any, tmp_path: Path) -> None:
    index, before = tmp_path / "index", "Snow falls in Oslo. " * 100
    store.put([Event("oslo", "Snow in Oslo", before), Event("rome", "Rain in Rome", before)])
    assert stages(index, store.url) >= ANEW
    assert stages(index, store.url) == EARLY
    middle = len(before) // 2
    after = before[:middle] + "x" + before[middle + 1 :]
    store.run("UPDATE events SET text = :after WHERE id = 'oslo'", {"after": after})
    assert stages(index, store.url) >= ANEW
    assert RelatedStories.load(index, Named())["oslo"].text == after  # type: ignore[arg-type]


@pytest.mark.parametrize("condition", [None, "id <> 'oslo' -- all but this"])
def test_a_table_with_another_number_of_rows_is_read_once(store: Any, tmp_path: Path, condition: str | None) -> None:
    index = tmp_path / "index"
    store.put(SPACE)
    assert stages(index, store.url, where=condition) >= ANEW
    store.run("DELETE FROM events WHERE id = 'whitson'")
    with patch("relatedstories.databases.reader.digest_rows", side_effect=AssertionError):
        assert stages(index, store.url, where=condition) >= ANEW
    assert stages(index, store.url, where=condition) == EARLY  # as it knows what it read
    store.run("DROP TABLE events")
    with pytest.raises(InputError, match="no such table among"):
        stages(index, store.url, where=condition)


def test_a_row_that_comes_while_others_are_read_is_read_by_the_next_run(store: Any, tmp_path: Path) -> None:
    index = tmp_path / "index"
    store.put(SPACE)
    events = read_events(store.url)
    digest = events.digest  # type: ignore[attr-defined]

    def digest_and_add() -> str | None:
        found: str | None = digest()
        store.run("INSERT INTO events (id, title) VALUES ('late', 'Late snow in Oslo')")
        return found

    events.digest = digest_and_add  # type: ignore[attr-defined]
    refresh(loaded(index), events, tmp_path / "links.jsonl", index=index)
    assert events.read_from is None  # type: ignore[attr-defined]
    assert "late" in loaded(index)
    assert stages(index, store.url) == LATE


def test_the_command_says_each_time_what_is_odd(tmp_path: Path) -> None:
    """Without dates, or with rows left out, the source is read; otherwise the second run does not."""
    undated = [Event(event.id, event.title) for event in SPACE]
    for name, events, note in (("plain", SPACE, None), ("undated", undated, "no event of"), ("odd", SPACE, "skipped: ")):
        source = written(tmp_path / f"{name}.jsonl", events)
        if name == "odd":
            source.write_text(source.read_text() + '{"id": "none"}\n')
        command = ("refresh", source, "--links", tmp_path / f"{name}-links.jsonl", "--index", tmp_path / name)
        for turn in range(2):
            done = run(*command, "--report", tmp_path / "report.json")
            assert done.returncode == 0, done.stderr
            assert (note or "nothing of the kind") in done.stderr or note is None
            kept = json.loads((tmp_path / "report.json").read_text())
            assert (kept["events"], kept["skipped"]) == (len(SPACE), int(name == "odd"))
            assert ("read" in kept["seconds"]) == (turn == 0 or note is not None)
