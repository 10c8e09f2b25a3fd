"""Measure links and labels in archives of any kind, next to TF-IDF and BM25: long articles, any subject, any language.

    python benchmarks/archives.py ARCHIVE.jsonl.gz... [--embeddings FILE.npy] [--without PART] [--set NAME=VALUE]

ARCHIVE holds one article per line with `id`, `title`, `text`, `date`, the ids of articles that its editors linked (`related`),
the tags that they gave (`topics`) and its language (`lang`). All systems are given title and text only, the library also dates.
FILE holds one embedding per line of the archive with the same name (news.npy for news.jsonl.gz). Prints a table in Markdown:

- recall@5: the share of an article's editors' links, either way round, that are among the first five; of at most five.
- nDCG@5: the same with the order, where each editors' link has a gain of 1.
- tag P@5: the share of links between articles that share a tag; tags that a tenth of the archive has do not count.
- labelled: the share of links with a label.
- common: the share of labels whose words are all in a fifth of the archive's articles.
- long: the share of labels of more than 40 characters.
- links a list, empty lists; ms: milliseconds an article that `fit` takes, with the search for topics, on one core.

Each measure has at most 300 queries, drawn at random but the same in each run.
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
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from ranking import Stored, Variant, without_background, without_folding, without_passages, without_prominence  # of this folder
from topics import table

from relatedstories import Event, InputError, Link, RelatedStories
from relatedstories.evaluation.baselines import bm25

K = 5
QUERIES = 300
MOST_ARTICLES = 2500
"""Number of lines that are read of a larger archive, from the first."""

COMMON_TAG, COMMON_WORD, LONG_LABEL = 0.1, 0.2, 40
WITHOUT_SPACES = ("ja", "th", "zh")
"""Languages whose writing does not separate words: baselines compare characters there."""

OURS = "relatedstories"
PARTS = {
    "topics": Variant("without topics", {"topic_weight": 0}, topics=False),
    "word-space": Variant("without the word space", {"space_weight": 0}),
    "dates": Variant("without the date factor", {"date_decay": 0}),
    "background": Variant("without background frequencies", {}, (without_background,)),
    "prominence": Variant("without prominence", {}, (without_prominence,)),
    "passages": Variant("without passages", {}, (without_passages,)),
    "minimum": Variant("without the minimum score", {"min_score": 0}),
    "folding": Variant("without folding near-duplicates", {}, (without_folding,)),
}
"""What `--without` takes away: by settings, or patched out where no setting does."""

Lists = Mapping[int, Sequence[int]]
"""For the number of each query, the numbers of what is listed for it, best first."""


@dataclass(frozen=True)
class Archive:
    """The articles of an archive with what their editors chose, and the numbers of the articles that are asked about.

    Parameters
    ----------
    name : str
    language : str
        The code of the first article's language, empty if the archive names none.
    events : list of Event
        With title, text and date only.
    linked : dict of int to set of int
        The articles that editors linked, either way round.
    tags : list of set of str
        The tags of each article that another has too, and less than a tenth of all.
    queries, tag_queries, label_queries : list of int
        Samples of the articles with editors' links, with tags, and of all.
    """

    name: str
    language: str
    events: list[Event]
    linked: dict[int, set[int]]
    tags: list[set[str]]
    queries: list[int]
    tag_queries: list[int]
    label_queries: list[int]

    @classmethod
    def read(cls, path: Path) -> Archive:
        rows = []
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                rows.append(json.loads(line))
                if len(rows) == MOST_ARTICLES:
                    break
        if len(rows) <= K:
            raise InputError(f"{path}: got {len(rows)} articles, expected more than {K}")
        number = {row["id"]: place for place, row in enumerate(rows)}
        linked: dict[int, set[int]] = collections.defaultdict(set)
        for place, row in enumerate(rows):
            for other in row.get("related") or ():
                if number.get(other, place) != place:
                    linked[place].add(number[other])
                    linked[number[other]].add(place)
        having = collections.Counter(tag for row in rows for tag in set(row.get("topics") or ()))
        telling = {tag for tag, n in having.items() if 1 < n < COMMON_TAG * len(rows)}
        tags = [telling & set(row.get("topics") or ()) for row in rows]
        random = np.random.default_rng(0)  # one for the three samples, in this order
        samples = [
            sorted(random.choice(numbers, min(QUERIES, len(numbers)), replace=False).tolist()) if numbers else []
            for numbers in (sorted(linked), [place for place, own in enumerate(tags) if own], list(range(len(rows))))
        ]
        events = [
            Event(
                row["id"],
                row["title"],
                row.get("text") or "",
                dt.date.fromisoformat(row["date"]) if row.get("date") else None,
            )
            for row in rows
        ]
        language = re.split("[-_]", rows[0].get("lang") or "")[0]
        return cls(path.name.split(".")[0], language, events, dict(linked), tags, *samples)

    @property
    def asked(self) -> list[int]:
        """The articles that any measure of links asks about."""
        return sorted({*self.queries, *self.tag_queries})

    @property
    def texts(self) -> list[str]:
        return [f"{event.title} {event.text}" for event in self.events]


# ---------------------------------------------------------------------- what is compared


def by_product(rows: Any, columns: Any, asked: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Yield for each article that is asked about the `K` others with the greatest products of rows."""
    for start in range(0, len(asked), 250):
        batch = list(asked[start : start + 250])
        scores = rows[batch] @ columns
        for number, own in zip(batch, scores.toarray() if sp.issparse(scores) else scores, strict=True):
            own[number] = -np.inf
            best = np.argpartition(-own, K)[:K]
            yield number, best[np.argsort(-own[best], kind="stable")].tolist()


def tfidf_lists(archive: Archive) -> Lists:
    """Rank by the cosine of scikit-learn's TF-IDF rows, of words or of two and three characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    characters = {"analyzer": "char", "ngram_range": (2, 3)} if archive.language in WITHOUT_SPACES else {}
    rows = TfidfVectorizer(sublinear_tf=True, min_df=2, **characters).fit_transform(archive.texts)
    return dict(by_product(rows, rows.T, archive.asked))


def bm25_lists(archive: Archive) -> Lists:
    """Rank by BM25 (k1 1.2, b 0.75) of words, or of two characters."""
    from sklearn.feature_extraction.text import CountVectorizer

    characters = {"analyzer": "char", "ngram_range": (2, 2)} if archive.language in WITHOUT_SPACES else {}
    analyze = CountVectorizer(**characters).build_analyzer()
    days = np.array([event.date.toordinal() if event.date else 0 for event in archive.events])
    words = [analyze(text) for text in archive.texts]
    return dict(zip(archive.asked, bm25(words, archive.asked, days, K), strict=True))


def embedding_lists(archive: Archive, path: Path) -> Lists:
    """Rank by the cosine of the embeddings in a file."""
    rows = np.load(path, allow_pickle=False).astype(np.float64)[:MOST_ARTICLES]
    if len(rows) != len(archive.events):
        raise InputError(f"{path}: got {len(rows)} rows, expected {len(archive.events)}, one per article")
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return dict(by_product(rows, rows.T, archive.asked))


def our_links(archive: Archive, variant: Variant, settings: Mapping[str, float]) -> tuple[dict[int, list[Link]], float]:
    """Return the library's links of all articles that are asked about, and the seconds that `fit` took."""
    stories = RelatedStories(None if variant.topics else Stored({}), **{**settings, **variant.settings})
    with ExitStack() as patched:
        for make in variant.patches:
            patched.enter_context(make())
        start = time.perf_counter()
        stories.fit(archive.events)
        seconds = time.perf_counter() - start
        asked = sorted({*archive.asked, *archive.label_queries})
        ids = [archive.events[number].id for number in asked]
        return dict(zip(asked, stories.related_many(ids, K), strict=True)), seconds


# ---------------------------------------------------------------------- what is measured


def link_figures(archive: Archive, lists: Lists) -> tuple[str, str, str]:
    """Return recall@5, nDCG@5 and tag P@5; empty where the archive has no editors' links or no tags."""
    discounts = 1 / np.log2(np.arange(K) + 2)
    recalls, gains = [], []
    for query in archive.queries:
        right = [number in archive.linked[query] for number in lists[query][:K]]
        most = min(K, len(archive.linked[query]))
        recalls.append(sum(right) / most)
        gains.append(discounts[: len(right)][right].sum() / discounts[:most].sum())
    tagged = [
        not archive.tags[query].isdisjoint(archive.tags[number]) for query in archive.tag_queries for number in lists[query][:K]
    ]
    recall, ndcg, precision = (f"{np.mean(values):.3f}" if values else "" for values in (recalls, gains, tagged))
    return recall, ndcg, precision


def label_figures(archive: Archive, links: Mapping[int, Sequence[Link]]) -> tuple[str, ...]:
    """Return what labels and lists are like: labelled, common, long, links a list, empty lists."""
    texts_with = collections.Counter(word for text in archive.texts for word in set(re.findall(r"\w+", text.lower())))
    lists = [links[number] for number in archive.label_queries]
    contexts = [link.contexts for each in lists for link in each]
    labels = [context for each in contexts for context in each]

    def is_common(label: str) -> bool:
        return all(texts_with[word] > COMMON_WORD * len(archive.events) for word in re.findall(r"\w+", label.lower()))

    return (
        f"{sum(map(bool, contexts)) / max(1, len(contexts)):.3f}",
        f"{sum(map(is_common, labels)) / max(1, len(labels)):.3f}",
        f"{sum(len(label) > LONG_LABEL for label in labels) / max(1, len(labels)):.3f}",
        f"{len(contexts) / len(lists):.2f}",
        f"{sum(not each for each in lists) / len(lists):.3f}",
    )


def measured(
    archive: Archive, embeddings: Path | None, variants: Sequence[Variant], settings: Mapping[str, float]
) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table for one archive."""
    about = f"{archive.name}: {len(archive.events)} articles; "
    about += f"asked: {len(archive.queries)} with links, {len(archive.tag_queries)} with tags"
    systems = {"TF-IDF": tfidf_lists, "BM25": bm25_lists}
    if embeddings is not None:
        systems["embeddings"] = lambda archive: embedding_lists(archive, embeddings)
    for name, lists_of in systems.items():
        yield about, name, *link_figures(archive, lists_of(archive)), *[""] * 6
        about = ""
    for variant in variants:
        links, seconds = our_links(archive, variant, settings)
        number_of = {event.id: number for number, event in enumerate(archive.events)}
        lists = {number: [number_of[link.event.id] for link in each] for number, each in links.items()}
        milliseconds = f"{1000 * seconds / len(archive.events):.1f}"
        yield about, variant.name, *link_figures(archive, lists), *label_figures(archive, links), milliseconds


def setting(text: str) -> tuple[str, float]:
    """Return the name and the value of a setting given as name=value."""
    name, _, value = text.partition("=")
    try:
        RelatedStories(Stored({}), **{name: float(value)})
    except (TypeError, ValueError, InputError) as error:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected NAME=NUMBER, a setting of RelatedStories ({error})") from error
    return name, float(value)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path, metavar="ARCHIVE.jsonl.gz", help="articles with editors' links or tags")
    parser.add_argument(
        "--embeddings",
        action="append",
        default=[],
        type=Path,
        metavar="FILE.npy",
        help="also rank the archive of this name by these",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=PARTS,
        metavar="PART",
        help=f"also rank without a part: {', '.join(PARTS)}",
    )
    parser.add_argument("--set", action="append", default=[], type=setting, metavar="NAME=VALUE", help="change a setting")
    args = parser.parse_args(arguments)
    names = {path.name.split(".")[0] for path in args.archives}
    embeddings = {path.stem: path for path in args.embeddings}
    if unknown := sorted(embeddings.keys() - names):
        parser.error(f"--embeddings: got {unknown[0]}.npy, expected the name of one of the archives: {', '.join(sorted(names))}")
    variants = [Variant(OURS, {}), *(PARTS[part] for part in args.without)]
    rows: list[tuple[str, ...]] = []
    for path in args.archives:
        print(path.name, file=sys.stderr, flush=True)  # each takes up to minutes
        archive = Archive.read(path)
        rows += measured(archive, embeddings.get(archive.name), variants, dict(args.set))
    packages = ("relatedstories", "numpy", "scikit-learn", "spacy")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}")
    if args.set:
        print("Settings:", ", ".join(f"{name}={value:g}" for name, value in args.set))
    links, labels = (f"recall@{K}", f"nDCG@{K}", f"tag P@{K}"), ("labelled", "common", "long", "links a list", "empty lists")
    table(("archive", "", *links, *labels, "ms"), rows)


if __name__ == "__main__":
    main()
