"""Learn the model of "same story" from editors' headings.

    python models/storylines/train.py wcep-linked-2020-2021.jsonl.gz wcep-linked-2025.jsonl.gz

Each archive holds one event per line with `id`, `date`, `text`, `story` (its heading, or null) and `category`. The library finds
the pairs of near events by id, date and text alone. Two events with headings are of one story if these are equal. The result is
written to coefficients.tsv beside this script. Prints the figures of the card: for each archive, those of a model of the others.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from relatedstories import Event, RelatedStories
from relatedstories.storylines.pairs import FEATURES

PANDEMIC, PANDEMIC_WEIGHT = "Health and environment", 0.1
"""The category of most events of 2020 and 2021, and the weight of pairs with one: else the model is of one subject."""


class Learning(NamedTuple):
    """The pairs of an archive whose events both have headings: features, whether these are equal, weights."""

    features: np.ndarray
    same: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, path: Path) -> Learning:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            records: list[dict[str, Any]] = [json.loads(line) for line in file]
        records.sort(key=lambda record: record["id"])
        events = [Event(record["id"], record["text"], date=dt.date.fromisoformat(record["date"])) for record in records]
        stories = RelatedStories().fit(events, n_jobs=-1)
        pairs, features = stories._story_finder(stories._index, 1, None).features()
        heading = np.array([record["story"] or "" for record in records])
        pandemic = np.array([record["category"] == PANDEMIC for record in records])
        known = (heading[pairs.a] != "") & (heading[pairs.b] != "")
        weights = np.where(pandemic[pairs.a] | pandemic[pairs.b], PANDEMIC_WEIGHT, 1.0)
        return cls(features[known], (heading[pairs.a] == heading[pairs.b])[known], weights[known])


def learn(archives: Sequence[Learning]) -> np.ndarray:
    """Return the intercept and the coefficients."""
    features, same, weights = (np.concatenate(part) for part in zip(*archives, strict=True))
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    model = LogisticRegression(C=1, max_iter=1000).fit((features - mean) / deviation, same, sample_weight=weights)
    slopes = model.coef_[0] / deviation
    return np.array([model.intercept_[0] - slopes @ mean, *slopes])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", nargs="+", type=Path, metavar="ARCHIVE.jsonl.gz")
    paths = parser.parse_args(arguments).archives
    archives = [Learning.of(path) for path in paths]
    for place, (path, held_out) in enumerate(zip(paths, archives, strict=True)):
        if others := archives[:place] + archives[place + 1 :]:
            intercept, *slopes = learn(others)
            odds = intercept + held_out.features @ slopes
            figures = (
                f"{measure(held_out.same, values, sample_weight=held_out.weights):.3f}"
                for measure in (roc_auc_score, average_precision_score)
                for values in (odds, held_out.features[:, 0])
            )
            print(f"{path.name}: {len(odds)} pairs, {held_out.same.mean():.3f} same")
            print("    AUC {} (score alone {}), average precision {} ({})".format(*figures))
    rows = [
        f"{name}\t{round(value * 1024) / 1024}\n" for name, value in zip(("intercept", *FEATURES), learn(archives), strict=True)
    ]
    target = Path(__file__).with_name("coefficients.tsv")
    target.write_text("feature\tcoefficient\n" + "".join(rows), encoding="utf-8")
    print(target.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
