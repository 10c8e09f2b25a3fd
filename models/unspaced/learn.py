"""Make the tables of Chinese and Japanese words: what each is in a label, and how rare it is.

    pip install jieba==0.42.1 janome==0.5.1 opencc-python-reimplemented==0.1.7
    python models/unspaced/learn.py

README.md says where the dictionaries come from. The same dictionaries give the same tables.
"""

from __future__ import annotations

import csv
import importlib
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
HAN, KATAKANA = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff", "\u30a1-\u30fa\u30fc"
MAX_CHARS = 8

CHINESE_PARTS = {
    **dict.fromkeys(("n", "j", "vn", "ng", "nz"), "n"),
    "nr": "r",
    "nrt": "r",
    "nrfg": "r",
    "ns": "l",
    "nt": "i",
    **dict.fromkeys(("a", "an", "b", "z", "ag"), "j"),
    **dict.fromkeys(("v", "vg", "vi"), "v"),
    **dict.fromkeys(("m", "mg"), "d"),
}
"""Parts by jieba's tags; all other words are no part of a label."""

MIN_CHINESE, MIN_CHINESE_PERSON = 5, 30
"""How often a word, and a person's name, must be counted in jieba's dictionary."""

COMMON_NOUN, COMMON_VERB, COMMON_CHARACTER = 3_000, 1_000, 20_000
"""Counts from which a noun says less, from which a verb is not taken for the name of what was done, and from which a
character is hardly part of a word that is not known."""

JAPANESE_PARTS = {
    "名詞,一般": "n",
    "名詞,サ変接続": "n",
    "名詞,固有名詞,人名": "r",
    "名詞,固有名詞,地域": "l",
    "名詞,固有名詞,組織": "i",
    "名詞,固有名詞": "p",
    "名詞,形容動詞語幹": "j",
    "名詞,数": "d",
    "名詞,接尾,一般": "x",
    "名詞,接尾,サ変接続": "x",
    "名詞,接尾,地域": "x",
    "接頭詞,名詞接続": "y",
}
"""Parts by the tags of IPADIC."""

MAX_COST = dict.fromkeys("ilpr", 8_500)
"""The cost up to which a name is kept; the rarest names are hardly ever read."""

COMMON_COST = 3_500
"""The cost below which a Japanese noun is common."""

COST_OF_A_WORD = 4_000
"""What each word costs beside what IPADIC says, so that few long words go before many short ones."""


def by_hand(language: str) -> Iterator[tuple[str, str]]:
    """Yield words whose parts the dictionaries do not tell, with the part."""
    for row in rows_of("by_hand.tsv", language):
        for word in row["words"].split():
            yield word, row["part"]
    for row in rows_of("../places/places.tsv", language):
        if language != "ko":
            yield row["name"], "l"


def rows_of(name: str, language: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table written by hand that are of a language."""
    with open(HERE / name, encoding="utf-8", newline="") as file:
        yield from (row for row in csv.DictReader(file, delimiter="\t") if row["language"] == language)


def chinese() -> dict[str, tuple[str, int]]:
    """Return the part and the cost, ten times the negative logarithm of its frequency, of each word of jieba's dictionary."""
    path = Path(importlib.import_module("jieba").__file__).parent / "dict.txt"
    counted: dict[str, tuple[int, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, count, tag = line.split()
        if re.fullmatch(f"[{HAN}]{{1,{MAX_CHARS}}}", word) and int(count):
            counted[word] = int(count), tag
    total = math.log(sum(count for count, _ in counted.values()))
    hand = dict(by_hand("zh"))
    found = {}
    for word, (count, tag) in counted.items():
        part = CHINESE_PARTS.get(tag, "o")
        if len(word) > 1 and word not in hand and count < (MIN_CHINESE_PERSON if tag[:2] == "nr" else MIN_CHINESE):
            continue
        if len(word) == 1:
            part = "u" if part in "nrlijv" and count < COMMON_CHARACTER else "o"
        elif part == "n" and count < COMMON_NOUN:
            part = "m"
        elif part == "v":
            part = "o" if count >= COMMON_VERB else "s"
        found[word] = hand.get(word, part), round(10 * (total - math.log(count)))
    return found


def japanese() -> dict[str, tuple[str, int]]:
    """Return the part and the cost of each word of IPADIC in kanji and katakana."""
    entries: dict[str, list[tuple[int, str]]] = {}
    for surface, _, _, cost, tag, *_ in importlib.import_module("janome.sysdic").entries().values():
        if re.fullmatch(f"[{HAN}]{{1,{MAX_CHARS}}}|[{KATAKANA}]{{2,}}", surface):
            entries.setdefault(surface, []).append((cost, tag))
    hand = dict(by_hand("ja"))
    found = {}
    for surface, tags in entries.items():
        cost = min(tags)[0]
        parts = [part_of(tag) for _, tag in sorted(tags)]
        part = parts[0]
        if len(surface) == 1:  # what may hang on to another word mostly does
            part = next((each for each in parts if each in "xy"), part)
        if part == "n" and cost >= COMMON_COST:
            part = "m"
        if surface in hand or cost <= MAX_COST.get(part, cost):
            found[surface] = hand.get(surface, part), max(0, round((cost + COST_OF_A_WORD) / 100))
    return found


def part_of(tag: str) -> str:
    """Return the part of a word by its tag in IPADIC."""
    return next((part for start, part in JAPANESE_PARTS.items() if tag.startswith(start)), "o")


def simplified(words: Iterable[str]) -> dict[str, str]:
    """Return the simplified form of each traditional character, where it is one of some words."""
    path = Path(importlib.import_module("opencc").__file__).parent / "dictionary" / "TSCharacters.txt"
    used = set("".join(words))
    pairs = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    forms = {traditional: others.split()[0] for traditional, others in pairs}
    return {traditional: form for traditional, form in sorted(forms.items()) if form != traditional and form in used}


def write(name: str, words: dict[str, tuple[str, int]]) -> None:
    """Write a table of words, in the order of their characters."""
    with open(HERE / name, "w", encoding="utf-8", newline="") as file:
        file.write("word\tpart\tcost\n")
        file.writelines(f"{word}\t{part}\t{cost}\n" for word, (part, cost) in sorted(words.items()))


if __name__ == "__main__":
    write("zh.tsv", words := chinese())
    write("ja.tsv", japanese())
    write("ko.tsv", {word: (part, 0) for word, part in by_hand("ko")})
    with open(HERE / "simplified.tsv", "w", encoding="utf-8", newline="") as file:
        file.write("traditional\tsimplified\n")
        file.writelines(f"{traditional}\t{form}\n" for traditional, form in simplified(words).items())
