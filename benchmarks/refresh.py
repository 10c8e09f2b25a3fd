"""A whole refresh of an archive: wall time by stage, and the peak memory of all its processes together.

    python benchmarks/refresh.py ARCHIVE [relatedstories refresh options, such as --field title=text --jobs 2]

Runs ``relatedstories refresh ARCHIVE --links TEMPORARY`` as a user would, samples the proportional set size of its process
tree once a second (Linux), and prints what the command reported.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path


def tree(pid: int) -> list[int]:
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def memory(pid: int) -> int:
    """Bytes a process takes, what it shares with others divided among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "relatedstories", "refresh", *arguments, "--links", f"{folder}/links.jsonl"]
        start, peak = time.perf_counter(), 0
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        report: list[str] = []
        reader = threading.Thread(target=lambda: report.extend(process.stderr))
        reader.start()
        while process.poll() is None:
            peak = max(peak, sum(map(memory, tree(process.pid))))
            time.sleep(1)
        reader.join()
        print("".join(line for line in report if "a second" not in line and "links are in" not in line).strip())
        print(f"whole command: {time.perf_counter() - start:.1f} s, peak memory of all processes {peak / 2**30:.2f} GiB")
        print(f"{platform.machine()}, Python {platform.python_version()}")
        sys.exit(process.returncode)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
