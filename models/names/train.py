"""Trains the name table: which words stand for which topic, and how often editors linked them.

    python models/names/train.py LINKED.jsonl.gz TEXT.jsonl.gz

LINKED holds one event a line with `text`, `date` and `anchors`: pairs of the words in the text and the title of the
article an editor linked them to. From TEXT, events with `text` and `date` alone, come acronyms as authors define them:
"International Space Station (ISS)". Nothing dated 2022 or later is read. Beside this script stand countries.tsv, names of
countries with their adjectives and other names, which go before what editors linked ("Thai" is Thailand, not its people),
and the result, names.tsv.
"""

from __future__ import annotations

import collections
import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

from relatedstories.names import MAX_WORDS, Word, bare, definitions, fold, words

MIN_SHARE = 0.4  # of a name's links that must go to its canonical name
MIN_SURE, SURE_SHARE = 3, 0.6  # links, and share of them, that make a title of a common word, or one in brackets, sure
MIN_DEFINED = 3  # events that must define an acronym in the same way
LAST_YEAR = "2021"
AMBIGUOUS = {"Georgia"}  # the words of a country that name something else more often

_SYMBOL = re.compile(r"[$€£¥%#@+]")  # "US$" is not the name "US"


def read(path: str) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [event for event in map(json.loads, file) if event["date"][:4] <= LAST_YEAR]


def form_of(found: list[Word]) -> str:
    return " ".join(word.form for word in found)


def main(linked_path: str, text_path: str) -> None:
    events = read(linked_path)
    linked: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for event in events:
        for surface, title in dict.fromkeys(map(tuple, event["anchors"])):
            form = form_of(words(bare(surface)))
            if fold(form) and form.count(" ") < MAX_WORDS and not _SYMBOL.search(surface):
                linked[form][title.replace("\t", " ")] += 1

    seen: collections.Counter[str] = collections.Counter()
    for event in events:
        forms = [word.form for word in words(event["text"])]
        runs = {" ".join(forms[i : i + n]) for i in range(len(forms)) for n in range(1, MAX_WORDS + 1)}
        seen.update(runs & linked.keys())

    rows = {}
    for form, titles in linked.items():
        title, count = min(titles.items(), key=lambda item: (-item[1], item[0]))
        often = count >= MIN_SURE and count / titles.total() >= SURE_SHARE
        if not often:
            title = title.partition(" (")[0] or title  # of few links, "Senate (Egypt)" says too much
        says_more = not set(fold(title).split()) <= set(fold(form).split())
        if form[0].islower() and says_more and not often:
            continue  # "interior minister" was once the one of Afghanistan
        if count / titles.total() >= MIN_SHARE:
            rows[form] = (title, titles.total(), max(seen[form], titles.total()))

    defined: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for event in read(text_path):
        for acronym, start, end in definitions(event["text"]):
            name = event["text"][start:end]
            defined[acronym][rows[form][0] if (form := form_of(words(name))) in rows else name] += 1
    for acronym, names in defined.items():
        name, count = min(names.items(), key=lambda item: (-item[1], item[0]))
        if acronym not in rows and count >= MIN_DEFINED and count / names.total() >= MIN_SHARE:
            rows[acronym] = (name, 0, count)  # nobody linked it: it names a topic only where something else finds it

    folder = Path(__file__).parent
    countries = set()
    for line in (folder / "countries.tsv").read_text(encoding="utf-8").splitlines():
        country, *others = line.split("\t")
        countries.add(country)
        for form in (form_of(words(name)) for name in [country.partition(" (")[0], *others]):
            known = rows.get(form)
            if form not in AMBIGUOUS:
                rows[form] = (country, *known[1:]) if known else (country, 0, 1)

    lines = (
        f"{form}\t{name}\t{n_linked}\t{n_seen}\t{'place' if name in countries else 'thing'}\n"
        for form, (name, n_linked, n_seen) in sorted(rows.items())
    )
    target = folder / "names.tsv"
    target.write_text("words\tcanonical\tlinked\tseen\tkind\n" + "".join(lines), encoding="utf-8")
    print(f"{len(events)} linked events, {len(rows)} names, {target.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
