"""An archive as one SQLite database: what is in it, and that it replaces only its own, whole or not at all."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest
from broken_disk import FAULTS, BrokenDisk
from helpers import SPACE, day, quick

from relatedstories import BadValueError, Event, InputError, RelatedStories
from relatedstories.export import export_sqlite
from relatedstories.export.sqlite_file import new_database

STRANGE = [
    Event(
        "a/b?c,d ~é\n<i>",
        'Kyiv <script>alert("1")</script> "quoted" \'single\' \0 nul',
        "Café in Kyiv,\x0b 東京で大きな地震。津波の心配はない",
        date=day("0099-01-01"),
        heading="Kyiv",
        topics=("Kyiv <i>", '"q"'),
        url="https://example.org/é",
        sources=("BBC", ("Le Monde", "https://example.org")),
        language="fr",
        extra={"section": "World", "n": [1, 2]},
        translation_key="k",
    ),
    Event("CON", "CON in Kyiv", "Kyiv"),
    Event("con", "con in Kyiv", "Kyiv"),
    Event("copy 1", "Oslo Airport closes after heavy snow", "Passengers wait for hours in Oslo."),
    Event("copy 2", "Oslo Airport closes after heavy snow", "Passengers wait for hours in Oslo."),
]


def rows(path, query, *values):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def sample_database(tmp_path_factory, sample_stories):
    path = tmp_path_factory.mktemp("database") / "sample.db"
    return path, export_sqlite(sample_stories, path, title="The sample", licence="As the code")


def test_the_database_says_what_the_archive_says(sample_database, sample_stories):
    path, report = sample_database
    counts = [rows(path, f"SELECT count(*) FROM {name}")[0][0] for name in ("events", "links", "topics", "stories")]
    assert counts == [report.events, report.links, report.topics, report.stories]
    assert report.size == path.stat().st_size
    linked = dict(sample_stories.all_related())
    stories = sample_stories.storylines()
    for event, links in linked.items():
        story = stories.of(event)
        topics = [topic.name for topic in sample_stories.topics(event.id)]
        (row,) = rows(path, "SELECT date, year, title, text, topics, story_id, key_event FROM events WHERE id = ?", event.id)
        assert row[:4] == (str(event.date), event.date.year, event.title, event.text)
        assert json.loads(row[4]) == topics
        assert row[5:] == ((None, 0) if story is None else (story.id, int(event in story.key_events)))
        query = "SELECT related_id, rank, score, label FROM links WHERE event_id = ? ORDER BY rank"
        expected = [(link.event.id, link.rank, round(link.score, 6), link.label) for link in links]
        assert rows(path, query, event.id) == expected
        query = "SELECT topic FROM event_topics WHERE event_id = ? ORDER BY place"
        assert [name for (name,) in rows(path, query, event.id)] == topics
    expected = {(story.id, story.name, str(story.first_day), str(story.last_day), len(story)) for story in stories}
    assert set(rows(path, "SELECT id, name, first_day, last_day, n_events FROM stories")) == expected
    assert rows(path, "SELECT name FROM topics WHERE n_events <> (SELECT count(*) FROM event_topics WHERE topic = name)") == []


def test_the_database_is_sound(sample_database):
    path, _ = sample_database
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "PRAGMA foreign_key_check") == []
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO events_fts (events_fts, rank) VALUES ('integrity-check', 1)")


def test_views_tell_both_sides_of_a_link_stories_and_years(sample_database, sample_stories):
    path, report = sample_database
    assert rows(path, "SELECT count(*) FROM related") == [(report.links,)]
    first = sample_stories.related("2016-12-01-progress-ms-04")[0]
    query = "SELECT related_date, related_title, label FROM related WHERE event_id = ? AND rank = 1"
    assert rows(path, query, "2016-12-01-progress-ms-04") == [(str(first.event.date), first.event.title, first.label)]
    same = dict(rows(path, "SELECT event_id || ' ' || related_id, same_story FROM related"))
    stories = sample_stories.storylines()
    for pair, one in same.items():
        a, b = pair.split(" ")
        assert one == int(stories.of(a) is not None and stories.of(a) is stories.of(b))
    assert sum(n for (n,) in rows(path, "SELECT n_events FROM years")) == report.events
    assert rows(path, "SELECT sum(n_events) FROM topic_years") == rows(path, "SELECT count(*) FROM topic_events")
    cave = stories.of("2018-07-02-thai-boys-found")
    query = "SELECT event_id FROM story_events WHERE story_id = ? AND key_event ORDER BY date"
    assert [id_ for (id_,) in rows(path, query, cave.id)] == [event.id for event in cave.key_events]


def found(path, words):
    query = "SELECT id FROM events JOIN events_fts ON events_fts.rowid = events.rowid WHERE events_fts MATCH ? ORDER BY id"
    return [id_ for (id_,) in rows(path, query, words)]


def test_words_are_found_in_titles_texts_and_topics_whatever_their_accents(tmp_path):
    path = tmp_path / "news.db"
    export_sqlite(quick().fit([*SPACE, *STRANGE]), path)
    assert found(path, "iceland") == ["iceland"]
    assert found(path, "AIRPORT snow") == ["copy 1", "copy 2", "oslo", "oslo-2"]
    assert found(path, "cafe") == found(path, "Café") == ["a/b?c,d ~é\n<i>"]
    assert found(path, '"cargo ship"') == ["dragon", "progress"]
    assert found(path, "parl*") == ["iceland"]
    with closing(sqlite3.connect(path)) as database:  # whose rows keep their numbers, so that the index still fits
        database.execute("VACUUM")
    assert found(path, "iceland") == ["iceland"]


def test_chinese_and_japanese_are_found_from_the_start_of_a_run_and_by_topic(tmp_path):
    path = tmp_path / "news.db"
    events = [Event("1", "東京で大きな地震。津波の心配はない", topics=["地震"]), Event("2", "大阪で火事")]
    export_sqlite(RelatedStories().fit(events), path)
    assert found(path, "東京*") == found(path, "津波*") == ["1"]
    assert found(path, "震*") == []
    assert found(path, "地震") == ["1"]


def test_every_field_is_kept(tmp_path):
    path = tmp_path / "news.db"
    stories = quick().fit(STRANGE)
    export_sqlite(stories, path)
    event = stories[STRANGE[0].id]
    query = "SELECT id, title, text, date, heading, url, language, translation_key, extra FROM events WHERE heading IS NOT NULL"
    (row,) = rows(path, query)
    fields = (event.id, event.title, event.text, "0099-01-01", "Kyiv", event.url, "fr", "k")
    assert row == (*fields, '{"section":"World","n":[1,2]}')
    assert rows(path, "SELECT place, name, url FROM sources") == [(1, "BBC", None), (2, "Le Monde", "https://example.org")]
    query = "SELECT event_id, copy_id FROM copies WHERE event_id LIKE 'copy%' ORDER BY event_id"
    assert rows(path, query) == [
        ("copy 1", "copy 2"),
        ("copy 2", "copy 1"),
    ]
    assert rows(path, "PRAGMA foreign_key_check") == []


def test_the_same_archive_gives_the_same_bytes_whatever_the_order(tmp_path):
    events, contents = [*SPACE, *STRANGE], set()
    for seed in range(3):
        random.Random(seed).shuffle(events)
        path = tmp_path / f"{seed}" / "news.db"
        path.parent.mkdir()
        for _ in range(2):
            export_sqlite(quick().fit(events), path)
            contents.add((path.read_bytes(), (path.parent / "news.metadata.json").read_bytes()))
            assert sorted(os.listdir(path.parent)) == ["news.db", "news.metadata.json"]
    assert len(contents) == 1


def test_an_empty_archive_is_a_database(tmp_path):
    assert export_sqlite(quick().fit([]), tmp_path / "news.db").events == 0
    assert rows(tmp_path / "news.db", "SELECT * FROM years") == []


def test_a_story_keeps_its_id_in_the_next_export(tmp_path):
    path = tmp_path / "news.db"
    later = [Event(f"m{n}", f"Oslo Airport closes after snow, day {n}", date=day(f"2020-01-{n:02}")) for n in range(2, 6)]
    export_sqlite(quick().fit([*SPACE, *later]), path)
    (story,) = rows(path, "SELECT story_id FROM events WHERE id = 'm3'")
    assert story[0]
    earlier = Event("a0", "Oslo Airport closes after snow, first day", date=day("2020-01-01"))
    export_sqlite(quick().fit([*SPACE, *later, earlier]), path)
    assert rows(path, "SELECT DISTINCT story_id FROM events WHERE id IN ('a0', 'm3')") == [story]


def test_what_no_export_wrote_is_not_replaced(tmp_path):
    stories, path = quick().fit(SPACE), tmp_path / "news.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE mine (x)")
    for content in (path.read_bytes(), b"text", b"SQLite format 3"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"news\.db: got a file that no export wrote"):
            export_sqlite(stories, path)
        assert path.read_bytes() == content
    path.write_bytes(b"")  # of `touch`, or of sqlite3 news.db
    export_sqlite(stories, path)
    settings = tmp_path / "news.metadata.json"
    for text in ('{"title": "Mine"}', "[1]", "title: Mine", "\xff"):
        settings.write_text(text, encoding="latin-1")
        with pytest.raises(InputError, match=r"news\.metadata\.json: got settings that no export wrote"):
            export_sqlite(stories, path)
    settings.unlink()
    Path(f"{path}-wal").write_bytes(b"rows")
    with pytest.raises(InputError, match=r"a database that another program writes to \(news\.db-wal\)"):
        export_sqlite(stories, path)
    with pytest.raises(InputError, match="not a folder, expected one in an existing folder"):
        export_sqlite(stories, tmp_path / "none" / "news.db")
    with pytest.raises(InputError, match="got a folder or device, expected a file"):
        export_sqlite(stories, tmp_path)


def test_a_damaged_earlier_export_is_one_clear_error(tmp_path):
    stories, path = quick().fit(SPACE), tmp_path / "news.db"
    export_sqlite(stories, path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match="got a damaged file of an earlier export"):
        export_sqlite(stories, path)


def test_two_exports_do_not_write_one_file(tmp_path):
    path = tmp_path / "news.db"
    with new_database(path), pytest.raises(InputError, match="got another writer at work"):
        export_sqlite(quick().fit(SPACE), path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": -1}, "k: got -1"),
        ({"title": " "}, "title: got ' '"),
        ({"licence": 3}, r"licence: got 3 \(int\)"),
        ({"diversity": 2}, "diversity: got 2"),
        ({"progress": 1}, r"progress: got 1 \(int\), expected a function, or None"),
        ({"to": 1}, r"to: got 1 \(int\), expected a path"),
        ({"stories": SPACE}, "stories: got .*, expected a RelatedStories"),
    ],
)
def test_a_bad_argument_is_said_before_any_work(tmp_path, arguments, message):
    with pytest.raises(BadValueError, match=f"export_sqlite: {message}"):
        export_sqlite(**({"stories": quick().fit(SPACE), "to": tmp_path / "news.db"} | arguments))
    assert os.listdir(tmp_path) == []


def test_who_has_the_file_open_goes_on_reading_the_old_one(tmp_path):
    path = tmp_path / "news.db"
    export_sqlite(quick().fit(SPACE), path)
    if os.name == "nt":
        pytest.skip("Windows does not replace files that are open")
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM events").fetchone() == (6,)
        export_sqlite(quick().fit(SPACE[:3]), path)
        assert database.execute("SELECT count(*) FROM events").fetchone() == (6,)
        assert len(database.execute("SELECT * FROM events_fts('oslo')").fetchall()) == 2
    assert rows(path, "SELECT count(*) FROM events") == [(3,)]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_old_file_or_the_new_one_whatever_fails(tmp_path, fault):
    before, after, path = quick().fit(SPACE[:3]), quick().fit(SPACE), tmp_path / "news.db"
    export_sqlite(after, path)
    new = path.read_bytes()
    path.unlink()
    export_sqlite(before, path)
    old = path.read_bytes()
    for at in range(1000):
        path.write_bytes(old)
        disk = BrokenDisk(tmp_path, fault, at)
        with disk.inserted(), suppress(OSError, InputError, KeyboardInterrupt):
            export_sqlite(after, path)
        assert path.read_bytes() in (old, new)
        if not disk.failed:
            break
    export_sqlite(after, path)
    assert sorted(os.listdir(tmp_path)) == ["news.db", "news.metadata.json"]
    assert path.read_bytes() == new


FULL = """
import resource, sys
from relatedstories import Event
from helpers import quick, SPACE
from relatedstories.export import export_sqlite
stories = quick().fit(SPACE)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
export_sqlite(stories, sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as Unix does")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "news.db"
    export_sqlite(quick().fit(SPACE[:3]), path)
    old = path.read_bytes()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "OSError" in done.stderr
    assert "news.db" in done.stderr.splitlines()[-1]
    assert path.read_bytes() == old
    assert sorted(os.listdir(tmp_path)) == ["news.db", "news.metadata.json"]


def test_sqlites_own_error_of_a_full_disk_is_pythons(tmp_path):
    with pytest.raises(OSError, match="No space left"), new_database(tmp_path / "news.db") as database:
        database.executescript("PRAGMA max_page_count = 2; CREATE TABLE t AS SELECT zeroblob(100000)")
    assert os.listdir(tmp_path) == []
