"""The exact self-join, side by side with other libraries on the same rows: the ten nearest of every row.

    pip install sparse_dot_topn implicit similaripy
    python benchmarks/topk.py INDEX [--rows 100000] [--runs 3]

INDEX is a folder that `relatedstories build` made; its rows are joined as plain rows. Each run takes every library in turn, so
that what else the machine does meets all alike. Prints Markdown: medians, and how many times the time of `self_topk` each takes.
Before the clock starts everything is compiled, and each peer has what it wants to hold (its transpose, its own types).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.update(OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")  # as implicit asks for

import numpy as np
import scipy.sparse as sp
from topics import table  # of this folder

from relatedstories.storage import read_folder
from relatedstories.topk import DateFactor, self_topk

K = 10
PEERS = ("sparse_dot_topn", "implicit", "similaripy")


def joins(rows: sp.csr_matrix, days: np.ndarray) -> dict[str, Callable[[int], np.ndarray]]:
    """What is compared: given a number of threads, each returns the scores of the ten nearest, the row itself left out or not."""
    import similaripy
    from implicit.nearest_neighbours import all_pairs_knn
    from sparse_dot_topn import sp_matmul_topn

    transpose, double = rows.T.tocsr(), rows.T.tocsr().astype(np.float64)
    decay = DateFactor(90, 0)
    return {
        "relatedstories": lambda n: self_topk(rows, K, n)[1],
        "relatedstories, a date decay of 90 days": lambda n: self_topk(rows, K, n, days=days, date_factor=decay)[1],
        # One more each, as a row finds itself too.
        "sparse_dot_topn": lambda n: sp_matmul_topn(rows, transpose, K + 1, n_threads=n).data,
        "implicit": lambda n: all_pairs_knn(double, K + 1, num_threads=n, show_progress=False).data,
        "similaripy": lambda n: similaripy.dot_product(rows, k=K + 1, num_threads=n, verbose=False).data,
    }


def agree(rows: sp.csr_matrix) -> None:
    """The ten best scores are those of sparse_dot_topn."""
    from sparse_dot_topn import sp_matmul_topn

    theirs = sp_matmul_topn(rows, rows.T.tocsr(), K + 1, sort=True)
    ours = self_topk(rows, K)[1]
    for row in range(0, rows.shape[0], 97):
        found = np.sort(np.append(ours[row][ours[row] > 0], (rows[[row]] @ rows[[row]].T).toarray()))[::-1]
        other = np.sort(theirs.data[theirs.indptr[row] : theirs.indptr[row + 1]])[::-1]
        n = min(len(found), len(other), K)  # the row itself may not be among its own ten
        if not np.allclose(found[:n], other[:n], atol=1e-6):
            raise SystemExit(f"row {row}: got {found}, sparse_dot_topn {other}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", metavar="INDEX")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    arrays, documents, _ = read_folder(Path(given.index))
    indptr = arrays["weights-indptr"][: given.rows + 1].astype(np.int32)
    n_columns = len(documents["terms"]) + len(documents["topics"])
    # Copies: some peers take no read-only arrays.
    parts = (arrays["weights-data"][: indptr[-1]].copy(), arrays["weights-indices"][: indptr[-1]].astype(np.int32), indptr)
    rows = sp.csr_matrix(parts, shape=(len(indptr) - 1, n_columns))
    dates = [event["date"] for event in documents["events"][: rows.shape[0]]]
    days = np.array(dates, "datetime64[D]").astype(np.int32)
    agree(rows)
    compared = joins(rows, days)
    seconds: dict[tuple[str, int], list[float]] = {(name, n): [] for name in compared for n in (1, 2)}
    for run in range(given.runs):
        for name, n in seconds:
            start = time.perf_counter()
            compared[name](n)
            seconds[name, n].append(time.perf_counter() - start)
            print(f"run {run + 1}: {name}, {n} threads: {seconds[name, n][-1]:.1f} s", file=sys.stderr, flush=True)
    medians = {key: statistics.median(values) for key, values in seconds.items()}
    lines = []
    for name in compared:
        cells = [name]
        for n in (1, 2):
            took, ours = medians[name, n], medians["relatedstories", n]
            cells += [f"{took:.2f}", f"{took / rows.shape[0] * 1e6:.0f}", f"{took / ours:.2f}"]
        lines.append(tuple(cells))
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("relatedstories", "numba", "scipy", *PEERS)]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}")
    print(f"{rows.shape[0]} rows, {rows.nnz / rows.shape[0]:.1f} weights a row, the {K} nearest; medians of {given.runs} runs")
    head = [f"{n} thread{'s' * (n > 1)}: {what}" for n in (1, 2) for what in ("seconds", "us a row", "times ours")]
    table(("", *head), lines)


if __name__ == "__main__":
    main()
