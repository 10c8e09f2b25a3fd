"""Measure what each part of the ranker contributes: without it and with it alone, compared with TF-IDF and BM25.

    python benchmarks/ranking.py LINKED.jsonl.gz [--embeddings FILE.npy]
    python benchmarks/ranking.py LINKED.jsonl.gz --wrong 50 --seed 1

LINKED holds one event per line with `id`, `date`, `text`, its heading (`story`), all headings above it (`story_path`) and the
`topics` that editors linked; the ranker is given id, date and text only. FILE holds one embedding per row, in the order of the
lines. Prints a table in Markdown. With --wrong, prints links drawn at random among those whose events share no heading, with
their explanations, instead. These quote the events, so they should not be published.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import gzip
import importlib.metadata
import json
import os
import platform
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import Literal
from unittest.mock import patch

import numpy as np
from topics import normalised, table  # of this folder

from relatedstories import Event, Link, RelatedStories, Topic, TopicExtractor
from relatedstories.evaluation import evaluator as evaluation
from relatedstories.features.word_space import DIMENSIONS, Space
from relatedstories.judging import measures
from relatedstories.judging.judgements import QUERIES, Headings

K = 5
LABELLED = 800
"""Number of queries whose labels are checked."""

FULL = "full ranker"


class Stored:
    """An extractor that returns stored topics, so that they are extracted once for all variants."""

    def __init__(self, topics: Mapping[str, tuple[Topic, ...]]) -> None:
        self._topics = topics

    def extract_many(self, events: Iterable[Event]) -> Iterator[tuple[Topic, ...]]:
        return (self._topics.get(event.id, ()) for event in events)


# Parts that no setting can switch off are patched out.


def without_background() -> AbstractContextManager[object]:
    """Weight terms by their rarity in the archive only."""
    return patch("relatedstories.index.archive.background", dict)


def without_space() -> AbstractContextManager[object]:
    """Remove all word vectors, so that only a caller's embeddings are used."""
    none = Space({}, {}, np.zeros((0, DIMENSIONS), np.int8))
    return patch("relatedstories.index.archive.default_space", lambda: none)


def without_prominence() -> AbstractContextManager[object]:
    """Weigh a term that comes again and again in a text as one that comes once in each of many."""
    return patch("relatedstories.features.vectors.PROMINENCE", 0)


def without_passages() -> AbstractContextManager[object]:
    """Compare articles as wholes only."""
    return patch("relatedstories.index.reranking.PASSAGE_WEIGHT", 0)


def without_folding() -> AbstractContextManager[object]:
    """List near-duplicates separately."""
    patches = ExitStack()
    for module in ("ranking.selection", "index.comparison"):
        patches.enter_context(patch(f"relatedstories.{module}.NEAR_DUPLICATE", 2.0))
    return patches


@dataclass(frozen=True)
class Variant:
    """A ranker with other settings, or with parts patched out."""

    name: str
    settings: Mapping[str, float]
    patches: tuple = ()
    topics: bool = True
    embeddings: Literal["", "given", "equal"] = ""


# The minimum score is meant for the full score; the scores of a single part have another scale, so no minimum applies to them.
ALONE = {"min_score": 0, "date_decay": 0, "space_weight": 0}
ROW = ALONE | {"topic_weight": 0}

VARIANTS = (
    Variant("without words (the word space still reads them)", {"topic_weight": 1}),
    Variant("without topics", {"topic_weight": 0}, topics=False),
    Variant("without topics in the row (the word space still reads them)", {"topic_weight": 0}),
    Variant("without the word space", {"space_weight": 0}),
    Variant("without the date factor", {"date_decay": 0}),
    Variant("without background frequencies", {}, (without_background,)),
    Variant("without the minimum score", {"min_score": 0}),
    Variant("without folding near-duplicates", {}, (without_folding,)),
    Variant("words alone", ROW, (without_background,), topics=False),
    Variant("words with background frequencies alone", ROW, topics=False),
    Variant("topics alone", ALONE | {"topic_weight": 1}),
    Variant("word space alone", ALONE | {"space_weight": 1}),
    # If all events have the same embedding, only the date factor distinguishes their scores.
    Variant("date factor alone", {"min_score": 0, "space_weight": 1}, (without_space,), embeddings="equal"),
)
WITH_EMBEDDINGS = (
    Variant("with embeddings", {}, embeddings="given"),
    Variant("with embeddings, space_weight 0.7", {"space_weight": 0.7}, embeddings="given"),
    Variant("with embeddings in place of the word space", {}, (without_space,), embeddings="given"),
    Variant("embeddings alone", ALONE | {"space_weight": 1}, (without_space,), embeddings="given"),
)


@dataclass(frozen=True)
class Data:
    """The events sorted by id, with headings (`filed`) and as the ranker sees them (`events`), and the editors' annotations."""

    filed: list[Event]
    events: list[Event]
    above: dict[str, list[str]]
    linked: dict[str, set[str]]
    topics: dict[str, tuple[Topic, ...]]
    order: list[int]

    @classmethod
    def read(cls, path: str) -> Data:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        order = sorted(range(len(rows)), key=lambda i: rows[i]["id"])
        filed = [
            Event(row["id"], row["text"], date=dt.date.fromisoformat(row["date"]), heading=row["story"])
            for row in (rows[i] for i in order)
        ]
        events = [replace(event, heading=None) for event in filed]
        found = zip(events, TopicExtractor().extract_many(events), strict=True)
        return cls(
            filed,
            events,
            {row["id"]: row["story_path"] for row in rows},
            {row["id"]: {normalised(topic) for topic in row["topics"]} - {""} for row in rows},
            {event.id: topics for event, topics in found},
            order,
        )

    def extractor(self) -> Stored:
        return Stored(self.topics)


def lists_of(variant: Variant, data: Data, queries: Sequence[str], embeddings: object = None) -> dict[str, list[Link]]:
    """Return the links of each query."""
    stories = RelatedStories(data.extractor() if variant.topics else Stored({}), **variant.settings)
    with ExitStack() as patched:
        for make in variant.patches:
            patched.enter_context(make())
        rows = {"": None, "given": embeddings, "equal": np.ones((len(data.events), 1))}[variant.embeddings]
        stories.fit(data.events, embeddings=rows)
        return dict(zip(queries, stories.related_many(queries, K), strict=True))


def label_figures(lists: Mapping[str, Sequence[Link]], queries: Iterable[str], data: Data) -> tuple[float, float]:
    """Return the share of links with a label, and the share of correct labels.

    A label is correct if it is a topic or heading of both events; only links whose events share a linked topic are counted.
    """
    links = labelled = could = right = 0
    for query in queries:
        for link in lists[query]:
            ours, theirs = ((data.linked[id_], set(map(normalised, data.above[id_]))) for id_ in (query, link.event.id))
            links += 1
            labelled += link.context is not None
            if ours[0] & theirs[0]:
                could += 1
                right += link.context is not None and normalised(link.context) in set.union(*ours) & set.union(*theirs)
    return labelled / max(1, links), right / max(1, could)


def compare(data: Data, embeddings: object) -> None:
    """Print the table of all variants."""
    full = RelatedStories(data.extractor())
    base = evaluation.evaluate(data.filed, k=K, above=data.above, stories=full)
    queries = base.queries
    about = measures.sample_queries(sorted(base.judgements), LABELLED)
    every = list(dict.fromkeys([*queries, *about]))
    variants = VARIANTS if embeddings is None else VARIANTS + WITH_EMBEDDINGS
    figures: dict[str, tuple[float, float]] = {}
    listed = {"TF-IDF": base.lists["tfidf"], "BM25": base.lists["bm25"]}
    listed |= {"most shared topics, then newest": base.lists["shared-topics"]}
    for variant in (Variant(FULL, {}), *variants):
        print(variant.name, file=sys.stderr, flush=True)  # each takes some seconds
        links = lists_of(variant, data, every, embeddings)
        listed[variant.name] = {query: [link.event.id for link in links[query]] for query in queries}
        figures[variant.name] = label_figures(links, about, data)
    if listed[FULL] != base.lists[evaluation.LIBRARY]:
        raise SystemExit("the full ranker lists other events here than in evaluate(), so the variants are not comparable")

    # `evaluate` takes one ranker, `evaluate_lists` the lists of any number of systems.
    systems = {evaluation.LIBRARY: listed.pop(FULL), **listed}
    trec_eval = measures.import_extra("ranking.py", "pytrec_eval")
    found = evaluation.evaluate_lists(trec_eval, base.judgements, base.queries, systems, K, len(data.events))

    rows = []
    for name in systems:
        shown = FULL if name == evaluation.LIBRARY else name
        of = found.estimates[name][f"nDCG@{K}"]
        ahead = found.leads[name][f"nDCG@{K}"] if name in found.leads else None
        behind = f"{-ahead.mean:+.3f} ({-ahead.high:+.3f} to {-ahead.low:+.3f})" if ahead else ""
        length = f"{np.mean([len(ids) for ids in systems[name].values()]):.2f}"
        rows.append((shown, f"{of.mean:.3f} ({of.low:.3f} to {of.high:.3f})", behind, length, *figures.get(shown, ("", ""))))
    packages = ("relatedstories", "numpy", "scikit-learn", "spacy")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}")
    print(f"{len(data.events)} events, {len(queries)} queries; labels of {len(about)} queries")
    table(("", f"nDCG@{K}", "against the full ranker", "links a list", "with a label", "labels right"), rows)


def draw_wrong(data: Data, count: int, seed: int) -> None:
    """Print randomly drawn links of gain 0, for reading."""
    judgements = Headings(data.filed, data.above)
    queries = measures.sample_queries(sorted(judgements), QUERIES)
    stories = RelatedStories(data.extractor()).fit(data.events)
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[tuple[str, Link]] = []
    for query, links in zip(queries, stories.related_many(queries, K), strict=True):
        gains = judgements[query]
        for link in links:
            other = link.event.id
            gain = gains.get(other, 0)
            counts[f"gain {gain}" if gain or data.above[other] else "gain 0, listed event under no heading"] += 1
            if not gain:
                wrong.append((query, link))
    print("; ".join(f"{what}: {n}" for what, n in sorted(counts.items(), reverse=True)))
    event = {one.id: one for one in data.filed}
    for i, (query, link) in enumerate(random.Random(seed).sample(wrong, min(count, len(wrong))), 1):
        print(f"\n{i}. score {link.score:.3f}, rank {link.rank}, context {link.label}; {[topic.name for topic in link.topics]}")
        for one in (event[query], event[link.event.id]):
            print(f"   {one.date} {data.above[one.id]} {one.title}")
        print("  ", "; ".join(f"{part.name} {part.share:.3f}" for part in stories.explain(query, link.event.id).parts[:6]))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", metavar="LINKED.jsonl.gz", help="events with headings and linked topics")
    parser.add_argument("--embeddings", metavar="FILE.npy", help="also rank with these embeddings, one row per line of LINKED")
    parser.add_argument("--wrong", type=int, metavar="N", help="print N wrong links, drawn at random, instead of the table")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw (default: %(default)s)")
    args = parser.parse_args(arguments)
    embeddings = None if args.embeddings is None else np.load(args.embeddings, allow_pickle=False)
    data = Data.read(args.events)
    if embeddings is not None and len(embeddings) != len(data.order):
        parser.error(f"--embeddings: got {len(embeddings)} rows, expected {len(data.order)}, one per event")
    if args.wrong is not None:
        draw_wrong(data, args.wrong, args.seed)
    else:
        # The embeddings are in the order of the file, the events are sorted by id.
        compare(data, None if embeddings is None else embeddings[data.order])


if __name__ == "__main__":
    main()
