"""Measure the export of an archive: pages per second by format, and the peak memory of all processes together.

    python benchmarks/export.py ARCHIVE [relatedstories export options, such as --field title=text --format html]
    python benchmarks/export.py --index DIR [options]

Runs ``relatedstories export ... --to TEMPORARY`` twice: first into an empty folder, then over the result, where nothing
changes. All four formats are written by default. The temporary folder is created in ``--beside DIR``, by default the system's
folder for temporary files, and removed at the end; 100,000 events take about 3 GB.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

from refresh import run_watched


def main(arguments: list[str]) -> None:
    beside = None
    if "--beside" in arguments:
        position = arguments.index("--beside")
        beside = arguments[position + 1]
        del arguments[position : position + 2]
    if not any(argument.startswith("--format") for argument in arguments):
        arguments += ["--format", "html,json,xml,md"]
    with tempfile.TemporaryDirectory(dir=beside) as folder:
        for title in ("new", "again, nothing changed"):
            run = run_watched([sys.executable, "-m", "relatedstories", "export", *arguments, "--to", f"{folder}/site"])
            lines = [line for line in run.err.splitlines() if "s left" not in line and "pages are in" not in line]
            print(f"{title}\n  " + "\n  ".join(line.strip() for line in lines if line.strip()))
            print(f"  whole command: {run.seconds:.1f} s, peak memory of all processes {run.peak / 2**30:.2f} GiB", flush=True)
            if run.code:
                sys.exit(run.code)
        sizes = [entry.stat().st_size for top, _, names in os.walk(folder) for entry in os.scandir(top) if entry.name in names]
        print(f"{len(sizes)} files, {sum(sizes) / 2**30:.2f} GiB")
        pieces = [path.stat().st_size for path in Path(folder, "site", "search").rglob("*.js")]
        if pieces:
            print(f"of these the index of the search: {len(pieces)} files, {sum(pieces) / 1e6:.1f} MB")
    print(f"{platform.machine()}, Python {platform.python_version()}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
