"""Counts in how many events of a large archive each term occurs.

    python models/terms/train.py TEXT.jsonl.gz

TEXT holds one event a line with `text` and `date`. Nothing dated 2022 or later is read. The result, terms.tsv, stands beside
this script; the row of no term has the number of all events.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np

from relatedstories.features.vectors import count_terms

MIN_EVENTS = 20  # what occurs in fewer is as good as unknown
LAST_YEAR = "2021"


def main(path: str) -> None:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [event["text"] for event in map(json.loads, file) if event["date"][:4] <= LAST_YEAR]
    counts = count_terms(texts)
    events = np.bincount(counts.matrix.indices, minlength=len(counts.terms))
    rows = [f"{term}\t{n}\n" for term, n in zip(counts.terms, events.tolist(), strict=True) if n >= MIN_EVENTS]
    target = Path(__file__).with_name("terms.tsv")
    target.write_text(f"term\tevents\n\t{len(texts)}\n" + "".join(rows), encoding="utf-8")
    print(f"{len(texts)} events, {len(rows)} terms, {target.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
