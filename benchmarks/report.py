"""Write the page and draw the pictures of the figures that `scale.py` measures."""

from __future__ import annotations

import collections
import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from peers import PACKAGES, installed  # of this folder

TITLES = {
    "kernel": "The ten nearest of every row",
    "query": "The ten nearest of one event",
    "extraction": "Topics of texts",
    "build": "Building, saving and loading an index",
    "opening": "One answer from a new process",
    "update": "Events added and removed",
    "refresh": "All links, from text",
    "pipeline": "The same with spaCy and scikit-learn",
}

HOW = {
    "kernel": """The exact top-k join of the sparse rows of an index, which hold terms and topics, with themselves
(`topk.py`). Scores are checked against those of sparse_dot_topn. All code is compiled beforehand, and the other libraries get
their input prepared (transpose, types). Joins of less than a second are repeated up to five times. Beyond 200,000 rows, which
are generated, the other libraries answer for 200 and for 2,000 random rows, and ~ marks the straight line through both,
extrapolated to all rows; ours always answers for all rows.""",
    "query": """1,000 random events of the archive, after 50 to warm up, on one thread. `related` returns links from an index
on disk: date and word space are in the score, near-duplicates are merged, and each link is labelled with its topic. The index
has a neighbour cache, like one that a refresh has written, or none ("nothing kept"), like one from `build`; then all events
are compared. MoreLikeThis gets the document's address in an index of one segment on disk, and uses at most 25 terms that
occur in two or more titles; hits are not counted. bm25s compares all words of the title, in memory. Both leave out stop
words. They also find the event itself, so they are asked for eleven.""",
    "extraction": """The first 5,000 events, on one thread, each extractor in a new process; loading is not counted.
en_core_web_sm runs only tok2vec and ner, with `nlp.pipe` in batches of 128.""",
    "build": """Topics are known beforehand, so `fit` only counts, weights and transposes rows; one thread.""",
    "opening": """Wall time of the whole process, with the files in the page cache; each run gives the median of three.""",
    "update": """Topics are known beforehand in all rows. A new start is `fit` of all events and `all_related(5)`, on one
thread; the links of new events are checked to be the same either way. 1,000 events are new (a fifth of a tiny archive). The
archive was loaded from disk and has answered once, with the neighbour cache of all events filled. "All links again, some new"
is `all_related(5)` after adding, and is compared with the same call of a new start; removing is compared with `fit`.""",
    "refresh": """`relatedstories refresh --jobs 2 --index DIR`; peak memory is that of all its processes together, with
shared pages divided among them. "Refresh again" has 1,000 new events (a fifth more in a tiny archive) and uses the existing
index.""",
    "pipeline": """`peers.py` in one process (n_process=1, batches of 128): entities from en_core_web_sm, TF-IDF of words and
entities, `linear_kernel` for 256 rows at a time, `argpartition`. Without `--exact`, ~ marks figures extrapolated linearly
from the entities of 5,000 events and the links of 2,000 rows; peak memory is then that of the measured part, which is less
than that of the whole. Multiples are relative to `refresh`, which has two processes.""",
}


class Line(NamedTuple):
    """A figure by size, as the median of its runs."""

    what: str
    unit: str
    beside: str
    values: dict[int, float]
    parts: set[int]


def lines(records: Iterable[dict], measure: str) -> list[Line]:
    """Return the figures of a measure, in the order in which they were recorded."""
    found: dict[str, dict[int, list[dict]]] = {}
    for record in records:
        if record["measure"] == measure:
            for figure in record["figures"]:
                found.setdefault(figure["what"], collections.defaultdict(list))[record["n"]].append(figure)
    return [
        Line(
            what,
            (any_of_it := next(iter(by_size.values()))[0])["unit"],
            any_of_it["beside"],
            {n: statistics.median(figure["value"] for figure in figures) for n, figures in sorted(by_size.items())},
            {n for n, figures in by_size.items() if figures[0]["part"]},
        )
        for what, by_size in found.items()
    ]


def exponent(values: dict[int, float]) -> float | None:
    """Return the exponent of the power of size by which values grow, by least squares on the logarithms."""
    if len(values) < 2 or min(values.values()) <= 0:
        return None
    return float(np.polyfit(np.log(list(values)), np.log(list(values.values())), 1)[0])


def number(value: float) -> str:
    """Return the number with three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(measure: Sequence[Line], every: dict[str, Line], sizes: Sequence[int], made: set[int]) -> str:
    heads = [f"{n:,}{'*' * (n in made)} | times ours" for n in sizes]
    rows = [f"| | unit | {' | '.join(heads)} | grows as n to the |", f"|---|---|{'---|---|' * len(sizes)}---|"]
    for line in measure:
        ours, cells = every.get(line.beside), []
        for n in sizes:
            value = line.values.get(n)
            base = ours.values.get(n) if ours and ours != line else None
            times = value / base if value is not None and base else None
            cells += ["" if value is None else "~" * (n in line.parts) + number(value), "" if times is None else number(times)]
        power = exponent(line.values) if line.unit in {"s", "us", "GiB"} else None
        rows.append(f"| {' | '.join([line.what, line.unit, *cells, '' if power is None else f'{power:.2f}'])} |")
    return "\n".join(rows)


def machine() -> str:
    names = ["relatedstories", "numpy", "scipy", "numba", "scikit-learn", "spacy"]
    names += [module for module in PACKAGES if installed(module) and module != "matplotlib"]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in names]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"
    return f"{processor}, {platform.system()}, Python {platform.python_version()}, {', '.join(versions)}"


def write(out: Path, records: list[dict]) -> None:
    """Write README.md and the pictures of what was measured."""
    sizes = sorted({record["n"] for record in records})
    made = {record["n"] for record in records if record["source"] == "generated"}
    by_measure = {measure: found for measure in TITLES if (found := lines(records, measure))}
    every = {line.what: line for found in by_measure.values() for line in found}
    runs = {n: 1 + max(record["run"] for record in records if record["n"] == n) for n in sizes}
    days = sorted({record["date"] for record in records})
    command = f"python benchmarks/scale.py ARCHIVE --field title=text --sizes {' '.join(map(str, sizes))}"
    counts = ", ".join(f"{n:,} events: {count}" for n, count in runs.items())
    text = [
        "# Results by size",
        f"```sh\npip install {' '.join(PACKAGES.values())}\n{command}\n```",
        "This page was made by that command; `--only NAME` runs one part. "
        f"{machine()}; {' to '.join(dict.fromkeys([days[0], days[-1]]))}.",
        f"The figures are medians of runs ({counts}). In each run all measures take turns, each in its own process. "
        '"Times ours" is the ratio to this library\'s figure: the first of the table, or the one with the same name.'
        + " Sizes marked * have generated events (`generate.py`)."
        * bool(made),
    ]
    if installed("matplotlib"):
        draw(out, by_measure, sizes)
        text.append("![time by size](time.png)")
    for measure, found in by_measure.items():
        here = [n for n in sizes if any(n in line.values for line in found)]
        text += [f"## {TITLES[measure]} (`{measure}`)", HOW[measure], table(found, every, here, made)]
        if measure == "refresh" and installed("matplotlib"):
            text.append("![refresh by stage](refresh.png)")
    (out / "README.md").write_text("\n\n".join(text) + "\n", encoding="utf-8")


def draw(out: Path, by_measure: dict[str, list[Line]], sizes: Sequence[int]) -> None:
    """Time by size on logarithmic axes, and refreshes by stage."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib import ticker

    shown = {}
    for measure, found in by_measure.items():
        timed = [
            line for line in found if line.unit in {"s", "us"} and "of it" not in line.what and "percentile" not in line.what
        ]
        if measure == "kernel":
            timed = [line for line in timed if "1 thread" in line.what]
        if measure in {"refresh", "pipeline"}:
            timed = [line for line in timed if ":" not in line.what]
        if measure == "pipeline" and "refresh" in shown:
            shown["refresh"] += timed
        elif timed:
            shown[measure] = timed
    n_rows = -(-len(shown) // 2)
    if shown:
        figure, axes = plt.subplots(n_rows, 2, figsize=(12, 4.2 * n_rows), squeeze=False)
        for axis, (measure, timed) in zip(axes.flat, shown.items(), strict=False):
            for place, line in enumerate(timed):
                axis.loglog(*zip(*line.values.items(), strict=True), marker="osv^D<>"[place % 7], label=line.what)
            axis.set(title=TITLES[measure], xlabel="events", ylabel={"s": "seconds", "us": "microseconds"}[timed[0].unit])
            axis.set_xticks(sizes, [f"{n:,}" for n in sizes])
            axis.xaxis.set_minor_locator(ticker.NullLocator())
            axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: number(value)))
            axis.yaxis.set_minor_locator(ticker.NullLocator())
            axis.grid(alpha=0.3)
            axis.legend(fontsize=7)
        for axis in list(axes.flat)[len(shown) :]:
            axis.set_axis_off()
        figure.tight_layout()
        figure.savefig(out / "time.png", dpi=110)
        plt.close(figure)
    stages = [
        line for line in by_measure.get("refresh", []) + by_measure.get("pipeline", []) if ":" in line.what and line.unit == "s"
    ]
    if stages:
        _draw_stages(plt, out, stages)


def _draw_stages(plt: Any, out: Path, stages: Sequence[Line]) -> None:
    sizes = sorted({n for line in stages for n in line.values})
    parts = list(dict.fromkeys(line.what.split(": ")[1] for line in stages))
    figure, axes = plt.subplots(1, len(sizes), figsize=(6 * len(sizes), 4), squeeze=False)
    for axis, n in zip(axes.flat, sizes, strict=True):
        bottoms: collections.Counter[str] = collections.Counter()
        for line in stages:
            if n in line.values:
                bar, part = line.what.split(": ")
                axis.bar(bar, line.values[n], bottom=bottoms[bar], color=f"C{parts.index(part)}")
                bottoms[bar] += line.values[n]
        axis.set(title=f"{n:,} events", ylabel="seconds")
        axis.legend([plt.Rectangle((0, 0), 1, 1, color=f"C{i}") for i in range(len(parts))], parts, fontsize=7)
    figure.tight_layout()
    figure.savefig(out / "refresh.png", dpi=110)
    plt.close(figure)
