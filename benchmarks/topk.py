"""The exact top-k join beside other libraries on the same rows: the ten nearest rows of every row.

Measured by ``python benchmarks/scale.py ARCHIVE --only kernel``. Each run times every library in turn, so that other load on the
machine affects all of them alike. Before timing, everything is compiled, and each peer has its inputs prepared (its transpose,
its own types). For archives on which peers would take hours, they are timed on two samples of rows, a small and a large one, and
their time for all rows is extrapolated linearly; this library's join is always timed in full.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp
from peers import installed  # of this folder

from relatedstories.topk.dates import DateFactor
from relatedstories.topk.join import self_topk

K, DECAY = 10, 1.0
OURS, DECAYED = "self_topk", f"self_topk, a date decay of {DECAY:g}"
SMALL_SAMPLE, LARGE_SAMPLE = 200, 2000

Join = Callable[[int], object]


def plain(rows: sp.csr_array) -> sp.csr_matrix:
    """Return the rows in the form that all libraries accept: a copy as a matrix with 32-bit indices."""
    indices, indptr = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)
    return sp.csr_matrix((rows.data.astype(np.float32), indices, indptr), shape=rows.shape)


def our_joins(rows: sp.csr_matrix, days: np.ndarray) -> dict[str, Join]:
    """Return this library's joins by name; each takes a number of threads and joins all rows."""
    decay = DateFactor(DECAY)
    return {
        OURS: lambda n: self_topk(rows, K, n),
        DECAYED: lambda n: self_topk(rows, K, n, days=days, date_factor=decay),
    }


def their_joins(rows: sp.csr_matrix, some: np.ndarray | None = None) -> dict[str, Join]:
    """Return the joins of the installed peers by name, for all rows or a sample of them.

    Each finds one row more, as its results include the row itself.
    """
    found: dict[str, Join] = {}
    transpose = rows.T.tocsr()
    if installed("sparse_dot_topn"):
        from sparse_dot_topn import sp_matmul_topn

        asked = rows if some is None else rows[some]
        found["sparse_dot_topn"] = lambda n: sp_matmul_topn(asked, transpose, K + 1, n_threads=n)
    if installed("implicit"):
        from implicit.nearest_neighbours import all_pairs_knn

        double = transpose.astype(np.float64)
        users = double if some is None else _Some(double, some)
        found["implicit, all_pairs_knn"] = lambda n: all_pairs_knn(users, K + 1, num_threads=n, show_progress=False)
    if installed("similaripy"):
        import similaripy

        found["similaripy, dot_product"] = lambda n: similaripy.dot_product(
            rows, transpose, k=K + 1, target_rows=some, num_threads=n, verbose=False
        )
    return found


class _Some:
    """A matrix for `all_pairs_knn` that makes it search for some rows only, for which it has no argument."""

    def __init__(self, users: sp.csr_matrix, some: np.ndarray) -> None:
        self._users = users
        asked = np.zeros(users.shape[1])
        asked[some] = 1
        self.T = (sp.diags(asked) @ users.T.tocsr()).tocsr()
        self.T.eliminate_zeros()

    def tocsr(self) -> _Some:
        return self

    def __getattr__(self, name: str) -> object:
        return getattr(self._users, name)


def agree(rows: sp.csr_matrix, ours: tuple[np.ndarray, np.ndarray]) -> None:
    """Check the ten best scores of every 97th row, or of about a thousand rows, against those of sparse_dot_topn."""
    from sparse_dot_topn import sp_matmul_topn

    asked = np.arange(0, rows.shape[0], max(97, rows.shape[0] // 1000))
    theirs = sp_matmul_topn(rows[asked], rows.T.tocsr(), K + 1, sort=True)
    scores = ours[1]
    for place, row in enumerate(asked):
        found = np.sort(np.append(scores[row][scores[row] > 0], (rows[[row]] @ rows[[row]].T).toarray()))[::-1]
        other = np.sort(theirs.data[theirs.indptr[place] : theirs.indptr[place + 1]])[::-1]
        n = min(len(found), len(other), K)  # the row itself may not be among its own ten
        if not np.allclose(found[:n], other[:n], atol=1e-6):
            raise SystemExit(f"row {row}: got {found}, sparse_dot_topn {other}")


def timed(rows: sp.csr_matrix, days: np.ndarray, sampled: bool) -> Iterator[tuple[str, int, float, bool]]:
    """Yield the name, threads and seconds of each join of all rows, and whether the seconds are extrapolated from samples."""
    warnings.filterwarnings("ignore", message="Method expects CSR input")  # as `_Some` is not CSR
    small = plain(sp.csr_array(rows[: 2 * K]))
    for join in (our_joins(small, days[: small.shape[0]]) | their_joins(small)).values():
        join(1)  # compiles
    ours, n = our_joins(rows, days), rows.shape[0]
    if not sampled:
        theirs = [their_joins(rows)]
    else:
        drawn = np.random.default_rng(0).permutation(n)
        theirs = [their_joins(rows, np.sort(drawn[:size])) for size in (SMALL_SAMPLE, LARGE_SAMPLE)]
    for threads in (1, 2):
        for name, join in ours.items():
            found, seconds = _clocked(join, threads)
            yield name, threads, seconds, False
            if name == OURS and threads == 1 and installed("sparse_dot_topn"):
                agree(rows, found)
        for name in theirs[0]:
            seconds = _clocked(theirs[0][name], threads)[1]
            if sampled:
                more = _clocked(theirs[1][name], threads)[1]
                seconds += (more - seconds) / (LARGE_SAMPLE - SMALL_SAMPLE) * (n - SMALL_SAMPLE)
            yield name, threads, seconds, sampled


def _clocked(join: Join, threads: int) -> tuple[object, float]:
    """Return the result and the seconds, for short runs the median of five."""
    took: list[float] = []
    while not took or (len(took) < 5 and sum(took) < 1):
        start = time.perf_counter()
        found = join(threads)
        took.append(time.perf_counter() - start)
    return found, statistics.median(took)
