"""The export of an archive as one SQLite database, with the settings by which datasette shows it."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from relatedstories.counts import counted
from relatedstories.disk.atomic import new_file
from relatedstories.errors import BadValueError, InputError, check_functions, path_given, shown, whole_number
from relatedstories.export.datasette import check_settings, datasette_settings, settings_path
from relatedstories.export.job import TITLE
from relatedstories.export.sqlite_file import check_file, new_database, opened
from relatedstories.index.stories import check_archive
from relatedstories.parallel import worker_count
from relatedstories.ranking.filters import LinkFilters

if TYPE_CHECKING:
    from relatedstories.events import Event
    from relatedstories.index.stories import RelatedStories
    from relatedstories.progress import Progress
    from relatedstories.ranking.filters import Keywords
    from relatedstories.ranking.links import Links
    from relatedstories.storylines.storyline import Storylines

__all__ = ["ExportedDatabase", "check_database", "export_sqlite"]

SQL = Path(__file__).parent / "sql"
MAX_ARRAYS = 5000
"""Number of events up to which datasette counts lists of topics in good time; of more, `event_topics` has facets of topics."""

_BATCH = 500  # events whose rows are written at once


@dataclass(slots=True)
class ExportedDatabase:
    """The report of an export to a database.

    Parameters
    ----------
    events, links, topics, stories : int
        Number of rows of each.
    size : int
        Size of the file in bytes.
    seconds : dict of str to float
        Wall time by stage.
    """

    events: int = 0
    links: int = 0
    topics: int = 0
    stories: int = 0
    size: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        stages = ", ".join(f"{stage} {taken:.1f} s" for stage, taken in self.seconds.items())
        counts = ", ".join(counted(getattr(self, things), things, ",") for things in ("events", "links", "topics", "stories"))
        return f"{counts}\n{self.size / 2**20:,.1f} MiB; {sum(self.seconds.values()):.1f} s: {stages}"


def check_database(to: str | os.PathLike[str]) -> None:
    """Raise `InputError` if no database can be written at a path; meant to be called before any work is done."""
    check_file(Path(to))
    check_settings(Path(to))


def export_sqlite(
    stories: RelatedStories,
    to: str | os.PathLike[str],
    k: int = 5,
    *,
    title: str = TITLE,
    licence: str | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
    **keywords: Unpack[Keywords],
) -> ExportedDatabase:
    """Write an archive as one SQLite database: events, links, topics, stories, views and a full-text index.

    Parameters
    ----------
    stories : RelatedStories
        A fitted or loaded archive.
    to : path
        The file, for example ``news.db``. An earlier export is replaced as a whole; whoever has it open goes on reading it.
        Settings for datasette are written beside it, as ``news.metadata.json``.
    k : int, default 5
        Maximum number of links per event.
    title : str
        The title that datasette shows.
    licence : str, optional
        What the licence of the archive is, for datasette to show.
    n_jobs : int, default 1
        Number of threads that compare events; -1 for one per core.
    progress : callable, optional
        Called with the stage, the number of events done and their total.
    **keywords
        The link filters, as for `RelatedStories.related`.

    Returns
    -------
    ExportedDatabase

    Raises
    ------
    InputError
        If an argument is invalid, if there is a file that no export wrote, or if another export is writing there.
    OSError
        If the disk is full. The earlier file is still there then.

    Notes
    -----
    A story keeps the id that it has in the file that is replaced, see `RelatedStories.storylines`. Apart from that the same
    archive gives the same file, byte for byte, with the same version of SQLite. Rows are written as they are made, so that
    memory does not grow with them.

    Examples
    --------
    >>> import sqlite3, tempfile
    >>> from relatedstories import Event, RelatedStories
    >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = export_sqlite(stories, f"{folder}/news.db")
    ...     database = sqlite3.connect(f"{folder}/news.db")
    ...     database.execute("SELECT event_id, related_title, label FROM related ORDER BY event_id").fetchall()
    ...     database.close()
    [('1', 'More snow in Oslo', 'Oslo'), ('2', 'Snow in Oslo', 'Oslo')]
    """
    LinkFilters.of("export_sqlite", **keywords)  # invalid filters are reported before any work is done
    k = whole_number("export_sqlite", "k", k, 0)
    if not isinstance(title, str) or not title.strip():
        raise BadValueError("export_sqlite", "title", shown(title), "text that is not empty")
    if licence is not None and (not isinstance(licence, str) or not licence.strip()):
        raise BadValueError("export_sqlite", "licence", shown(licence), "text that is not empty, or None")
    check_functions("export_sqlite", progress=progress)
    check_archive("export_sqlite", stories)
    worker_count(n_jobs)
    to = path_given("export_sqlite", "to", to)
    check_database(to)
    report = ExportedDatabase()
    with new_database(to) as database:
        with _timed(report, "stories"):
            found = stories.storylines(_earlier_stories(to), n_jobs=n_jobs, progress=progress)
        with _timed(report, "links and rows"):
            database.executescript((SQL / "tables.sql").read_text(encoding="utf-8"))
            database.execute("BEGIN")
            writer = _RowWriter(stories, database, found)
            del found
            for event, links in stories.all_related(k, n_jobs=n_jobs, progress=progress, **keywords):
                writer.add(event, links)
            writer.finish()
            database.execute("COMMIT")
        with _timed(report, "full-text and other indexes"):
            database.executescript((SQL / "indexes.sql").read_text(encoding="utf-8"))
    settings = datasette_settings(to.stem, title.strip(), licence and licence.strip(), writer.further_facets)
    with new_file(settings_path(to)) as file:
        file.write(json.dumps(settings, ensure_ascii=False, indent=2) + "\n")
    report.events, report.links = writer.n_events, writer.n_links
    report.topics, report.stories, report.size = len(writer.topics), writer.n_stories, to.stat().st_size
    return report


class _RowWriter:
    """Writes the rows of events and of all that belongs to them, a batch at a time."""

    def __init__(self, stories: RelatedStories, database: sqlite3.Connection, found: Storylines) -> None:
        self._stories, self._database = stories, database
        self._story_of = {event.id: story.id for story in found for event in story.events}
        self._key_events = {event.id for story in found for event in story.key_events}
        self.topics: dict[str, tuple[str, int]] = {}  # kind and number of events by name
        self._languages: set[str] = set()
        self._has_headings = False
        self.n_events = self.n_links = 0
        self.n_stories = len(found)
        self._rows: dict[str, list[Sequence[Any]]] = {name: [] for name in _INSERTS}
        for story in sorted(found, key=lambda story: story.id):
            days = [day and day.isoformat() for day in (story.first_day, story.last_day)]
            topics = [topic.name for topic in story.topics]
            self._rows["stories"].append((story.id, story.name, *days, len(story), _json(topics)))
        self._flush()

    @property
    def further_facets(self) -> list[str | dict[str, str]]:
        """The facets of events, besides the usual ones, by which the events differ."""
        of_topics: list[str | dict[str, str]] = [{"array": "topics"}] * (self.n_events <= MAX_ARRAYS)
        return of_topics + ["heading"] * self._has_headings + ["language"] * (len(self._languages) > 1)

    def add(self, event: Event, links: Links) -> None:
        """Add an event with its links; events come in the order of their ids."""
        rows, id_ = self._rows, event.id
        date, year = (event.date.isoformat(), event.date.year) if event.date else (None, None)
        topics = self._stories.topics(id_)
        for place, topic in enumerate(topics, 1):
            kind, n = self.topics.get(topic.name, (topic.kind, 0))
            self.topics[topic.name] = kind, n + 1
            rows["event_topics"].append((id_, place, topic.name, kind, year))
        story, names = self._story_of.get(id_), [topic.name for topic in topics]
        head = (id_, date, year, event.title, event.text, _json(names), story, int(id_ in self._key_events))
        extra = _json(dict(event.extra)) if event.extra else None
        language = self._stories.language_of(id_)
        self._languages.add(language)
        self._has_headings |= event.heading is not None
        rows["events"].append((*head, event.heading, language, event.url, event.translation_key, extra))
        for place, source in enumerate(event.sources, 1):
            rows["sources"].append((id_, place, *((source, None) if isinstance(source, str) else source)))
        for link in links:
            record = link.to_dict()
            names = [_json(record[name]) for name in ("contexts", "topics")]
            duplicates = _json(record["duplicates"]) if link.duplicates else None
            what = (record["id"], record["score"], link.label, *names, duplicates, int(link.pinned), link.fallback)
            rows["links"].append((id_, link.rank, *what))
        rows["copies"].extend((id_, place, copy.id) for place, copy in enumerate(links.copies, 1))
        self.n_events += 1
        self.n_links += len(links)
        if self.n_events % _BATCH == 0:
            self._flush()

    def finish(self) -> None:
        """Write what is left, and the topics of all events."""
        self._rows["topics"].extend((name, *self.topics[name]) for name in sorted(self.topics))
        self._flush()

    def _flush(self) -> None:
        for name, insert in _INSERTS.items():
            self._database.executemany(insert, self._rows[name])
            self._rows[name].clear()


_INSERTS = {
    name: f"INSERT INTO {name} VALUES ({', '.join('?' * n_columns)})"
    for name, n_columns in (
        ("stories", 6), ("events", 13), ("sources", 4), ("links", 10), ("copies", 3), ("event_topics", 5), ("topics", 3),
    )
}  # fmt: skip


def _earlier_stories(path: Path) -> dict[str, list[str]]:
    """Return the ids of the events of each story in the file of an earlier export, nothing if there is none."""
    found: dict[str, list[str]] = {}
    if path.exists() and path.stat().st_size:
        try:
            with opened(path) as database:
                for story, event in database.execute("SELECT story_id, id FROM events WHERE story_id IS NOT NULL"):
                    found.setdefault(story, []).append(event)
        except sqlite3.DatabaseError as error:
            raise InputError(f"{path}: got a damaged file of an earlier export ({error}); remove it") from None
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@contextmanager
def _timed(report: ExportedDatabase, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    report.seconds[stage] = time.perf_counter() - start
