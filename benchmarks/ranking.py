"""What each part of the ranker is worth: left out of it, and alone; beside TF-IDF and BM25, on the same events.

    python benchmarks/ranking.py LINKED.jsonl.gz [--embeddings FILE.npy]
    python benchmarks/ranking.py LINKED.jsonl.gz --wrong 50 --seed 1

LINKED holds one event a line with `id`, `date`, `text`, the `story` heading that editors filed it under, all headings above it
(`story_path`) and the `topics` they linked; the ranker sees id, date and text alone. FILE has an embedding a row, in the order of
the lines. Prints Markdown. With --wrong, instead: links drawn at random among those of which the two events have no heading in
common, with all that is needed to say why they are there. They quote the events: read them, do not publish them.
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
from topics import plain, table  # of this folder

from relatedstories import Event, Link, RelatedStories, Topic, TopicExtractor
from relatedstories.evaluation import evaluator as evaluation
from relatedstories.features.word_space import DIMENSIONS, Space
from relatedstories.judging import measures
from relatedstories.judging.judgements import QUERIES, Headings

K = 5
LABELLED = 800
"""Queries whose labels are looked at: those of the developers' judge, so that the figures are comparable."""

FULL = "full ranker"


class Stored:
    """Hands out topics that were extracted before: every variant has the same, and none waits for them."""

    def __init__(self, topics: Mapping[str, tuple[Topic, ...]]) -> None:
        self._topics = topics

    def extract_many(self, events: Iterable[Event]) -> Iterator[tuple[Topic, ...]]:
        return (self._topics.get(event.id, ()) for event in events)


# What no setting leaves out is patched out, here only.


def without_background() -> AbstractContextManager[object]:
    """Terms weigh by how rare they are in the archive alone."""
    return patch("relatedstories.index.archive.background", dict)


def without_space() -> AbstractContextManager[object]:
    """No word has a vector, so that a caller's embeddings are all the embedding there is."""
    none = Space({}, {}, np.zeros((0, DIMENSIONS), np.int8))
    return patch("relatedstories.index.archive.default_space", lambda: none)


def without_folding() -> AbstractContextManager[object]:
    """No two events are so alike that only one is listed."""
    patches = ExitStack()
    for module in ("ranking.selection", "index.comparison"):
        patches.enter_context(patch(f"relatedstories.{module}.NEAR_DUPLICATE", 2.0))
    return patches


@dataclass(frozen=True)
class Variant:
    name: str
    settings: Mapping[str, float]
    patches: tuple = ()
    topics: bool = True
    embeddings: Literal["", "given", "equal"] = ""


# A part's own scores are on another scale than those of the whole, which the least score is meant for: alone, a part has none.
ALONE = {"min_score": 0, "date_floor": 1, "space_weight": 0}
ROW = ALONE | {"topic_weight": 0}

VARIANTS = (
    Variant("without words (the word space still reads them)", {"topic_weight": 1}),
    Variant("without topics", {"topic_weight": 0}, topics=False),
    Variant("without topics in the row (the word space still reads them)", {"topic_weight": 0}),
    Variant("without the word space", {"space_weight": 0}),
    Variant("without the date factor", {"date_floor": 1}),
    Variant("without background frequencies", {}, (without_background,)),
    Variant("without the least score", {"min_score": 0}),
    Variant("without folding near-duplicates", {}, (without_folding,)),
    Variant("words alone", ROW, (without_background,), topics=False),
    Variant("words with background frequencies alone", ROW, topics=False),
    Variant("topics alone", ALONE | {"topic_weight": 1}),
    Variant("word space alone", ALONE | {"space_weight": 1}),
    # What all have the same embedding as all others is scored by its date alone.
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
    """Events as editors filed them (`filed`) and as the ranker sees them (`events`), by id; and what editors said of them."""

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
            {row["id"]: {plain(topic) for topic in row["topics"]} - {""} for row in rows},
            {event.id: topics for event, topics in found},
            order,
        )

    def extractor(self) -> Stored:
        return Stored(self.topics)


def lists_of(variant: Variant, data: Data, asked: Sequence[str], embeddings: object = None) -> dict[str, list[Link]]:
    """The links of each event asked about."""
    stories = RelatedStories(data.extractor() if variant.topics else Stored({}), **variant.settings)
    with ExitStack() as patched:
        for make in variant.patches:
            patched.enter_context(make())
        rows = {"": None, "given": embeddings, "equal": np.ones((len(data.events), 1))}[variant.embeddings]
        stories.fit(data.events, embeddings=rows)
        return dict(zip(asked, stories.related_many(asked, K), strict=True))


def label_figures(lists: Mapping[str, Sequence[Link]], asked: Iterable[str], data: Data) -> tuple[float, float]:
    """The share of links with a label; and of links whose events share a topic that editors linked, the share whose label is
    such a topic or a heading of both."""
    links = labelled = could = right = 0
    for query in asked:
        for link in lists[query]:
            ours, theirs = ((data.linked[id_], set(map(plain, data.above[id_]))) for id_ in (query, link.event.id))
            links += 1
            labelled += link.context is not None
            if ours[0] & theirs[0]:
                could += 1
                right += link.context is not None and plain(link.context) in set.union(*ours) & set.union(*theirs)
    return labelled / max(1, links), right / max(1, could)


def compare(data: Data, embeddings: object) -> None:
    """The table."""
    full = RelatedStories(data.extractor())
    base = evaluation.evaluate(data.filed, k=K, above=data.above, stories=full)
    asked = base.queries
    about = measures.sample_queries(sorted(base.judgements), LABELLED)
    every = list(dict.fromkeys([*asked, *about]))
    variants = VARIANTS if embeddings is None else VARIANTS + WITH_EMBEDDINGS
    figures: dict[str, tuple[float, float]] = {}
    listed = {"TF-IDF": base.lists["tfidf"], "BM25": base.lists["bm25"]}
    listed |= {"most shared topics, then newest": base.lists["shared-topics"]}
    for variant in (Variant(FULL, {}), *variants):
        print(variant.name, file=sys.stderr, flush=True)  # some seconds each
        links = lists_of(variant, data, every, embeddings)
        listed[variant.name] = {query: [link.event.id for link in links[query]] for query in asked}
        figures[variant.name] = label_figures(links, about, data)
    if listed[FULL] != base.lists[evaluation.LIBRARY]:
        raise SystemExit("the full ranker lists other events here than in evaluate(): a variant is not what it says")

    # `evaluate` takes one ranker; the measure and the resamples behind it take any lists.
    systems = {evaluation.LIBRARY: listed.pop(FULL), **listed}
    trec_eval = measures.import_extra("ranking.py", "pytrec_eval")
    found = evaluation.compared(trec_eval, base.judgements, base.queries, systems, K, len(data.events))

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
    print(f"{len(data.events)} events, {len(asked)} queries; labels of {len(about)} queries")
    table(("", f"nDCG@{K}", "against the full ranker", "links a list", "with a label", "labels right"), rows)


def draw_wrong(data: Data, how_many: int, seed: int) -> None:
    """Links of gain 0, to be read."""
    judgements = Headings(data.filed, data.above)
    asked = measures.sample_queries(sorted(judgements), QUERIES)
    stories = RelatedStories(data.extractor()).fit(data.events)
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[tuple[str, Link]] = []
    for query, links in zip(asked, stories.related_many(asked, K), strict=True):
        gains = judgements[query]
        for link in links:
            other = link.event.id
            gain = gains.get(other, 0)
            counts[f"gain {gain}" if gain or data.above[other] else "gain 0, listed event under no heading"] += 1
            if not gain:
                wrong.append((query, link))
    print("; ".join(f"{what}: {n}" for what, n in sorted(counts.items(), reverse=True)))
    event = {one.id: one for one in data.filed}
    for i, (query, link) in enumerate(random.Random(seed).sample(wrong, min(how_many, len(wrong))), 1):
        print(f"\n{i}. score {link.score:.3f}, rank {link.rank}, context {link.context}; {[topic.name for topic in link.topics]}")
        for one in (event[query], event[link.event.id]):
            print(f"   {one.date} {data.above[one.id]} {one.title}")
        print("  ", "; ".join(f"{part.name} {part.share:.3f}" for part in stories.explain(query, link.event.id).parts[:6]))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", metavar="LINKED.jsonl.gz")
    parser.add_argument("--embeddings", metavar="FILE.npy", help="rank with these too, a row a line")
    parser.add_argument("--wrong", type=int, metavar="N", help="instead of the table, N wrong links drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    given = parser.parse_args(arguments)
    embeddings = None if given.embeddings is None else np.load(given.embeddings, allow_pickle=False)
    data = Data.read(given.events)
    if embeddings is not None and len(embeddings) != len(data.order):
        parser.error(f"--embeddings: got {len(embeddings)} rows, expected {len(data.order)}, one a line")
    if given.wrong is not None:
        draw_wrong(data, given.wrong, given.seed)
    else:
        # The rows of the file are in its order, the events by id.
        compare(data, None if embeddings is None else embeddings[data.order])


if __name__ == "__main__":
    main()
