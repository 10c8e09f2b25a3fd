"""Measure nightly refreshes of an archive in a database or a folder of pages.

    python benchmarks/stores.py ARCHIVE [--field title=text] [--database ADDRESS] [--limit N] [--pages]

Fills a table with the events of ARCHIVE except the 1,000 newest, then runs ``relatedstories refresh``: for the first time, with
nothing new, after a day's changes (1,000 new events, 100 edited and 100 removed), after the same with ``--lists changed``, and
from scratch without an index. Prints the time, the written items and the peak memory of each run, whether the last run gives
the same links as the others did, and how far the lists of the run with ``--lists changed`` agree with them. The database is
ADDRESS (such as ``postgresql+psycopg://joe@host/news``), by default an SQLite file in a temporary folder; its tables
``benchmark_events``, ``benchmark_links``, ``benchmark_links_changed`` and ``benchmark_links_anew`` are replaced. With
``--pages``, a folder of Markdown pages is used instead.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import shutil
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
    nightly, changed, anew : list of str
        The arguments of ``refresh`` for the nightly runs, for the run that only makes changed lists, and for that from scratch.
    fork : callable
        Called before the changes of a night, gives the run that only makes changed lists a place for its links. Returns whether
        that is a copy of that of the nightly runs, with the links in it.
    links : callable
        Returns all links that the runs with some arguments wrote, as tuples of strings.
    lists : callable
        Returns from links the id of each event that has some, with the id and the label of each of its links.
    """

    name: str
    put: Callable[[Iterable[Event]], None]
    take_out: Callable[[Iterable[Event]], None]
    nightly: list[str]
    changed: list[str]
    anew: list[str]
    fork: Callable[[], bool]
    links: Callable[[list[str]], list[Any]]
    lists: Callable[[list[Any]], dict[str, list[tuple[str, str | None]]]]


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
    names = "benchmark_links", "benchmark_links_changed", "benchmark_links_anew"
    with engine.begin() as connection:
        for name in (events.name, *names):
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

    def links(arguments: list[str]) -> list[Any]:
        query = (
            f"SELECT event_id, rank, related_id, score, context, topics, duplicates FROM {arguments[-1]} ORDER BY event_id, rank"
        )
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def lists(rows: list[Any]) -> dict[str, list[tuple[str, str | None]]]:
        found: dict[str, list[tuple[str, str | None]]] = {}
        for id_, _, other, _, context, *_ in rows:
            found.setdefault(id_, []).append((other, context))
        return found

    read = [address, "--table", events.name, "--field", "date=day", "--links-table"]
    nightly, changed, anew = ([*read, name] for name in names)
    return Store(engine.dialect.name, put, take_out, nightly, changed, anew, lambda: False, links, lists)


def pages(folder: Path) -> Store:
    """Return a store of pages with front matter, in one folder per month."""

    copy = folder.with_name(f"{folder.name}-changed")

    def places(event: Event) -> list[Path]:
        return [top / f"{event.date:%Y/%m}" / f"{event.id}.md" for top in (folder, copy) if top.exists() or top == folder]

    def put(new: Iterable[Event]) -> None:
        for event, path in ((one, path) for one in new for path in places(one)):
            path.parent.mkdir(parents=True, exist_ok=True)
            front = {"title": event.title, "date": str(event.date), "heading": event.heading}
            related = path.read_text(encoding="utf-8").partition("\nrelated:")[1:] if path.exists() else ("", "---\n")
            head = "".join(f"{name}: {json.dumps(value)}\n" for name, value in front.items() if value)
            path.write_text(
                f"---\n{head.rstrip()}{''.join(related) if related[0] else chr(10) + '---' + chr(10)}", encoding="utf-8"
            )

    def take_out(gone: Iterable[Event]) -> None:
        for event in gone:
            for path in places(event):
                path.unlink()

    def fork() -> bool:
        shutil.copytree(folder, copy)
        return True

    def links(arguments: list[str]) -> list[Any]:  # the run from scratch overwrites the pages of the nightly runs
        return sorted((path.stem, path.read_text(encoding="utf-8")) for path in Path(arguments[0]).rglob("*.md"))

    def lists(pages: list[Any]) -> dict[str, list[tuple[str, str | None]]]:
        found = {}
        for id_, page in pages:
            items = page.partition("\nrelated:\n")[2].partition("\n---\n")[0].split("  - path: ")[1:]
            found[id_] = [(item.partition("\n")[0], item.partition("context: ")[2].strip() or None) for item in items]
        return {id_: links for id_, links in found.items() if links}

    nightly, changed = ([str(top), "--in-place"] for top in (folder, copy))
    return Store("pages", put, take_out, nightly, changed, nightly, fork, links, lists)


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


def agreement(exact: dict[str, list[tuple[str, str | None]]], other: dict[str, list[tuple[str, str | None]]]) -> str:
    """Return which part of lists, links and labels are the same."""
    ids = exact.keys() | other.keys()
    pairs = [(exact.get(id_, []), other.get(id_, [])) for id_ in ids]
    same_lists = sum([id_ for id_, _ in a] == [id_ for id_, _ in b] for a, b in pairs)
    both = [(dict(a)[id_], label) for a, b in pairs for id_, label in b if id_ in dict(a)]
    n_links = sum(len(a) + len(b) for a, b in pairs)
    return (
        f"with --lists changed, {same_lists / len(ids):.2%} of the lists have the same links in the same order, "
        f"{2 * len(both) / n_links:.2%} of the links are the same, and {sum(a == b for a, b in both) / len(both):.2%} of their "
        "labels"
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
        other = ["--jobs", args.jobs, "--index", str(folder / "index-changed")]
        shutil.copytree(folder / "index", folder / "index-changed")
        if not store.fork():
            run("into a table of its own", [*store.changed, *other], report)
        store.put(new)
        store.put(edited)
        store.take_out(gone)
        night = f"{NEW} new, {EDITED} edited, {GONE} gone"
        run(night, [*store.nightly, *index], report)
        run(f"{night}, --lists changed", [*store.changed, *other, "--lists", "changed"], report)
        run("nothing new, --lists changed", [*store.changed, *other, "--lists", "changed"], report)
        nights, changed = store.links(store.nightly), store.links(store.changed)
        run("all anew, no index", [*store.anew, "--jobs", args.jobs], report)
        print("\nthe links are the same" if store.links(store.anew) == nights else "\nTHE LINKS DIFFER")
        print(agreement(store.lists(nights), store.lists(changed)))
    print(f"{platform.machine()}, Python {platform.python_version()}")


if __name__ == "__main__":
    main()
