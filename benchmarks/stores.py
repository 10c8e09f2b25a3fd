"""Measure nightly refreshes of an archive in a database or a folder of pages.

    python benchmarks/stores.py ARCHIVE [--field title=text] [--database ADDRESS] [--limit N] [--pages]

Fills a table with the events of ARCHIVE except the 1,000 newest, then runs ``relatedstories refresh`` four times: for the first
time, with nothing new, after a day's changes (1,000 new events, 100 edited and 100 removed), and from scratch without an index.
Prints the time, the written items and the peak memory of each run, and whether the last run gives the same links as the others
did. The database is ADDRESS (such as ``postgresql+psycopg://joe@host/news``), by default an SQLite file in a temporary folder;
its tables ``benchmark_events``, ``benchmark_links`` and ``benchmark_links_anew`` are replaced. With ``--pages``, a folder of
Markdown pages is used instead.
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

from refresh import run_watched  # of this folder

from relatedstories import Event, read_events

NEW, EDITED, GONE = 1000, 100, 100


class Store(NamedTuple):
    """A place that holds the events and the links.

    Parameters
    ----------
    name : str
    put : callable
        Stores events; events with an existing id are replaced.
    take_out : callable
        Removes events.
    nightly, anew : list of str
        The arguments of ``refresh`` for the nightly runs, and for the run from scratch.
    links : callable
        Returns all links that the nightly runs (False) or the run from scratch (True) wrote.
    """

    name: str
    put: Callable[[Iterable[Event]], None]
    take_out: Callable[[Iterable[Event]], None]
    nightly: list[str]
    anew: list[str]
    links: Callable[[bool], list[Any]]


def database(address: str) -> Store:
    """Return a store in tables of a database."""
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
        query = (
            f"SELECT event_id, rank, related_id, score, context, topics, duplicates FROM {names[anew]} ORDER BY event_id, rank"
        )
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    read = [address, "--table", events.name, "--field", "date=day"]
    return Store(
        engine.dialect.name, put, take_out, [*read, "--links-table", names[False]], [*read, "--links-table", names[True]], links
    )


def pages(folder: Path) -> Store:
    """Return a store of pages with front matter, in one folder per month."""

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
        del anew  # the run from scratch overwrites the pages of the nightly runs, which were read before
        return sorted((str(path), path.read_bytes()) for path in folder.rglob("*.md"))

    return Store("pages", put, take_out, [str(folder), "--in-place"], [str(folder), "--in-place"], links)


def run(name: str, options: list[str], report: Path) -> None:
    """Run a refresh and print its figures as a table row."""
    done = run_watched([sys.executable, "-m", "relatedstories", "refresh", *options, "--quiet", "--report", str(report)])
    if done.code:
        sys.exit(done.err)
    summary = json.loads(report.read_text())
    links = f"{summary['added']} / {summary['removed']} / {summary['relabelled']}"
    written = f"{summary['written']} {summary['unit']}"
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in summary["seconds"].items())
    print(
        f"| {name} | {done.seconds:.1f} | {written} | {links} | {done.peak / 2**30:.2f} | {stages} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", metavar="ARCHIVE", help="the events, as for relatedstories")
    parser.add_argument("--field", action="append", default=[], metavar="FIELD=COLUMN", help="as for relatedstories; repeatable")
    parser.add_argument("--database", metavar="ADDRESS", help="the database (default: a temporary SQLite file)")
    parser.add_argument("--pages", action="store_true", help="use a folder of Markdown pages instead of a database")
    parser.add_argument("--limit", type=int, metavar="N", help="only use the first N events")
    parser.add_argument("--jobs", default="2", help="number of processes (default: %(default)s)")
    args = parser.parse_args()
    fields = dict(pair.split("=", 1) for pair in args.field)
    read = itertools.islice(read_events(args.archive, fields), args.limit)
    archive = sorted((event for event in read if event.date), key=lambda event: (event.date, event.id))
    old, new = archive[:-NEW], archive[-NEW:]
    step = len(old) // (EDITED + GONE)
    edited = [replace(event, title=f"{event.title} More is known by now.") for event in old[::step][:EDITED]]
    gone = old[step // 2 :: step][:GONE]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        store = pages(folder / "pages") if args.pages else database(args.database or f"sqlite:///{folder}/news.db")
        report, index = folder / "report.json", ["--jobs", args.jobs, "--index", str(folder / "index")]
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
        run("all anew, no index", [*store.anew, "--jobs", args.jobs], report)
        print("\nthe links are the same" if store.links(True) == nights else "\nTHE LINKS DIFFER")
    print(f"{platform.machine()}, Python {platform.python_version()}")


if __name__ == "__main__":
    main()
