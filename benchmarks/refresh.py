"""Measure a full refresh of an archive: wall time by stage, and the peak memory of all its processes together.

    python benchmarks/refresh.py ARCHIVE [relatedstories refresh options, such as --field title=text --jobs 2]

Runs ``relatedstories refresh ARCHIVE --links TEMPORARY``, samples the proportional set size of its process
tree (Linux), and prints what the command reported.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


def process_tree(pid: int) -> list[int]:
    """Return the ids of a process and of all its descendants."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    pids, queue = [], [pid]
    while queue:
        pids.append(queue.pop())
        queue += children.get(pids[-1], [])
    return pids


def memory(pid: int) -> int:
    """Return the proportional set size of a process in bytes: shared pages are divided among the processes that share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


class Run(NamedTuple):
    """The result of a command: its time in seconds, peak memory in bytes, exit code and output."""

    seconds: float
    peak: int
    code: int
    out: str
    err: str


def run_watched(command: Sequence[str]) -> Run:
    """Run a command and sample the memory of its process tree."""
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    written: dict[str, str] = {}
    readers = [
        threading.Thread(target=lambda name=name, stream=stream: written.update({name: stream.read()}))
        for name, stream in (("out", process.stdout), ("err", process.stderr))
    ]
    for reader in readers:
        reader.start()
    while True:
        peak = max(peak, sum(map(memory, process_tree(process.pid))))
        try:
            process.wait(
                0.25 if time.perf_counter() - start < 20 else 1
            )  # sampling the memory of large processes takes time itself
            break
        except subprocess.TimeoutExpired:
            continue
    seconds = time.perf_counter() - start
    for reader in readers:
        reader.join()
    return Run(seconds, peak, process.returncode, written["out"], written["err"])


def refresh(archive: str, links: str, *options: str) -> Run:
    """Run ``relatedstories refresh``."""
    return run_watched([sys.executable, "-m", "relatedstories", "refresh", archive, *options, "--links", links])


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = refresh(arguments[0], f"{folder}/links.jsonl", *arguments[1:])
    lines = run.err.splitlines()
    print("\n".join(line for line in lines if "a second" not in line and "links are in" not in line).strip())
    print(f"whole command: {run.seconds:.1f} s, peak memory of all processes {run.peak / 2**30:.2f} GiB")
    print(f"{platform.machine()}, Python {platform.python_version()}")
    sys.exit(run.code)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
