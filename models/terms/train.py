"""Count in how many events of a large archive each term occurs.

    python models/terms/train.py TEXT.jsonl.gz

TEXT holds one event per line with `text` and `date`; events dated 2022 or later are ignored. The result is written to terms.tsv
beside this script; its first row, with an empty term, has the number of all events.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Sequence
from pathlib import Path

from relatedstories.features.vectors import count_terms

MIN_EVENTS = 20  # rarer terms are left out: their share of events is close to 0
LAST_YEAR = "2021"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", metavar="TEXT.jsonl.gz")
    path = parser.parse_args(arguments).texts
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [event["text"] for event in map(json.loads, file) if event["date"][:4] <= LAST_YEAR]
    counts = count_terms(texts)
    rows = [f"{term}\t{n}\n" for term, n in zip(counts.terms, counts.events().tolist(), strict=True) if n >= MIN_EVENTS]
    target = Path(__file__).with_name("terms.tsv")
    target.write_text(f"term\tevents\n\t{len(texts)}\n" + "".join(rows), encoding="utf-8")
    print(f"{len(texts)} events, {len(rows)} terms, {target.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
