"""A nightly refresh of an archive in a database: the first, one with nothing new, one after a day's changes, and all anew.

    python benchmarks/stores.py ARCHIVE [--field title=text] [--database ADDRESS] [--limit N] [--pages]

Fills a table with the events of ARCHIVE but the 1,000 newest, in the database of ADDRESS (``postgresql+psycopg://joe@host/news``;
by default a file of SQLite in a temporary folder), where it makes the tables ``benchmark_events``, ``benchmark_links`` and
``benchmark_links_anew``, or with ``--pages`` writes a folder of Markdown pages instead. Then runs ``relatedstories refresh`` as a
user would, and says of each run how long it took, what it wrote and what memory its processes took. A day's changes are 1,000 new
events, 100 edited and 100 gone. At the end all is refreshed anew, without an index, and compared with what the nights came to.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from refresh import watched  # of this folder

from relatedstories import Event, read_events

NEW, EDITED, GONE = 1000, 100, 100


class Store(NamedTuple):
    """Where the events and the links are.

    Parameters
    ----------
    name : str
    put : callable
        Takes events in, those of an id that is there already in its place.
    take_out : callable
    nightly, anew : list of str
        What ``refresh`` is told to read and to write.
    links : callable
        All links that one of the two wrote.
    """

    name: str
    put: Callable[[Iterable[Event]], None]
    take_out: Callable[[Iterable[Event]], None]
    nightly: list[str]
    anew: list[str]
    links: Callable[[bool], list[Any]]


def database(address: str) -> Store:
    """Tables of a database."""
    import sqlalchemy as sa

    engine = sa.create_engine(address)
    events = sa.Table(
        "benchmark_events",
        sa.MetaData(),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("title", sa.Text),
        sa.Column("day", sa.Date),
        sa.Column("heading", sa.Text),
    )
    names = {True: "benchmark_links_anew", False: "benchmark_links"}
    with engine.begin() as connection:
        for name in (events.name, *names.values()):
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))
        events.create(connection)

    def take_out(gone: Iterable[Event]) -> None:
        with engine.begin() as connection:
            for event in gone:
                connection.execute(events.delete().where(events.c.id == event.id))

    def put(new: Iterable[Event]) -> None:
        taken = list(new)
        known = [event for event in taken if len(taken) <= EDITED]
        take_out(known)
        with engine.begin() as connection:
            for part in itertools.batched(taken, 5000) if sys.version_info >= (3, 12) else [taken]:
                rows = [{"id": e.id, "title": e.title, "day": e.date, "heading": e.heading} for e in part]
                connection.execute(events.insert(), rows)

    def links(anew: bool) -> list[Any]:
        asked = (
            f"SELECT event_id, rank, related_id, score, context, topics, duplicates FROM {names[anew]} ORDER BY event_id, rank"
        )
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(asked))]

    read = [address, "--table", events.name, "--field", "date=day"]
    return Store(
        engine.dialect.name, put, take_out, [*read, "--links-table", names[False]], [*read, "--links-table", names[True]], links
    )


def pages(folder: Path) -> Store:
    """Pages with front matter, a folder a month."""

    def place(event: Event) -> Path:
        return folder / f"{event.date:%Y/%m}" / f"{event.id}.md"

    def put(new: Iterable[Event]) -> None:
        for event in new:
            path = place(event)
            path.parent.mkdir(parents=True, exist_ok=True)
            front = {"title": event.title, "date": str(event.date), "heading": event.heading}
            related = path.read_text(encoding="utf-8").partition("\nrelated:")[1:] if path.exists() else ("", "---\n")
            head = "".join(f"{name}: {json.dumps(value)}\n" for name, value in front.items() if value)
            path.write_text(
                f"---\n{head.rstrip()}{''.join(related) if related[0] else chr(10) + '---' + chr(10)}", encoding="utf-8"
            )

    def take_out(gone: Iterable[Event]) -> None:
        for event in gone:
            place(event).unlink()

    def links(anew: bool) -> list[Any]:
        del anew  # written over those of the nights, which were looked at before
        return sorted((str(path), path.read_bytes()) for path in folder.rglob("*.md"))

    return Store("pages", put, take_out, [str(folder), "--in-place"], [str(folder), "--in-place"], links)


def run(name: str, options: list[str], report: Path) -> None:
    """Refresh, and say what that took."""
    done = watched([sys.executable, "-m", "relatedstories", "refresh", *options, "--quiet", "--report", str(report)])
    if done.code:
        sys.exit(done.err)
    told = json.loads(report.read_text())
    links = f"{told['added']} / {told['removed']} / {told['relabelled']}"
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in told["seconds"].items())
    print(
        f"| {name} | {done.seconds:.1f} | {told['written']} {told['unit']} | {links} | {done.peak / 2**30:.2f} | {stages} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive")
    parser.add_argument("--field", action="append", default=[])
    parser.add_argument("--database")
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--jobs", default="2")
    given = parser.parse_args()
    fields = dict(pair.split("=", 1) for pair in given.field)
    read = itertools.islice(read_events(given.archive, fields), given.limit)
    archive = sorted((event for event in read if event.date), key=lambda event: (event.date, event.id))
    old, new = archive[:-NEW], archive[-NEW:]
    step = len(old) // (EDITED + GONE)
    edited = [replace(event, title=f"{event.title} More is known by now.") for event in old[::step][:EDITED]]
    gone = old[step // 2 :: step][:GONE]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        store = pages(folder / "pages") if given.pages else database(given.database or f"sqlite:///{folder}/news.db")
        report, index = folder / "report.json", ["--jobs", given.jobs, "--index", str(folder / "index")]
        store.put(old)
        print(f"{len(archive)} events, {store.name}\n")
        columns = ("run", "seconds", "written", "links added / removed / relabelled", "peak, GiB", "seconds by stage")
        print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
        run("first", [*store.nightly, *index], report)
        run("nothing new", [*store.nightly, *index], report)
        store.put(new)
        store.put(edited)
        store.take_out(gone)
        run(f"{NEW} new, {EDITED} edited, {GONE} gone", [*store.nightly, *index], report)
        nights = store.links(False)
        run("all anew, no index", [*store.anew, "--jobs", given.jobs], report)
        print("\nthe links are the same" if store.links(True) == nights else "\nTHE LINKS DIFFER")
    print(f"{platform.machine()}, Python {platform.python_version()}")


if __name__ == "__main__":
    main()
