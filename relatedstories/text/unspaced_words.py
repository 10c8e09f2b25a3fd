"""Words of Chinese and Japanese texts, which no spaces separate, with the part of each in a label.

The most probable words of a run of Chinese characters are those with the least sum of costs (a unigram model, solved by dynamic
programming); models/unspaced has the words, their costs and their parts. In Japanese, hiragana are endings and particles, which
separate words, and a run of katakana is one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from relatedstories.artefacts import table
from relatedstories.text.terms import HAN, HIRAGANA, KATAKANA, WITHOUT_SPACES

__all__ = ["WITHOUT_WORDS", "WITH_TABLES", "DividedWord", "unspaced_words"]

WITH_TABLES = frozenset(("ja", "zh"))
"""Languages without spaces whose words are known."""

WITHOUT_WORDS = WITHOUT_SPACES - WITH_TABLES
"""Languages without spaces whose words cannot be told."""

_RUN = re.compile(rf"(?P<han>[{HAN}]+)|(?P<kana>[{KATAKANA}]{{2,}})|(?P<of>(?<=[{HAN}{KATAKANA}\w])の(?=[{HAN}{KATAKANA}]))")
_VERB_ENDING = re.compile(f"(?![はがをにでとものやへ])[{HIRAGANA}]")
"""Hiragana that is no particle: a single character before it is mostly the stem of a verb."""

_PLACES = frozenset("県市町村区州郡島山川湖港駅省县镇乡村岛河湖")
"""Endings of the names of places."""

_MAX_CHARS = 8
_COST_OF_UNKNOWN = {"ja": 160, "zh": 185}
_NAMES = frozenset("ilpr")
_NOUNS = _NAMES | frozenset("mns")


class DividedWord(NamedTuple):
    """A word in a text: where it starts and ends, and the letter of its part.

    Those are m, n, g, j and o as in models/words, l for a place, r for a person, i for an organisation, p for another name, d for
    a number and f for "of" between nouns.
    """

    start: int
    end: int
    part: str


def unspaced_words(text: str, language: str) -> Iterator[DividedWord]:
    """Yield the words of a text in Chinese characters and katakana; those in other scripts are left out.

    Parameters
    ----------
    text : str
    language : {"ja", "zh"}

    Examples
    --------
    >>> text = "内存缓冲区的漏洞"
    >>> [(text[word.start : word.end], word.part) for word in unspaced_words(text, "zh")]
    [('内存', 'm'), ('缓冲区', 'm'), ('的', 'o'), ('漏洞', 'm')]
    """
    for match in _RUN.finditer(text):
        start, run = match.start(), match[0]
        if match.lastgroup == "han":
            verb_follows = language == "ja" and _VERB_ENDING.match(text, match.end()) is not None
            for first, end, part in _words_of_run(run, language, verb_follows):
                yield DividedWord(start + first, start + end, part)
        elif language == "ja":
            part = "f" if match.lastgroup == "of" else _words(language).get(run, ("p", 0))[0]
            yield DividedWord(start, match.end(), part)


@functools.cache
def _words(language: str) -> dict[str, tuple[str, int]]:
    """Return the part and the cost of each known word of a language."""
    return {word: (part, int(cost)) for word, part, cost in table(f"unspaced/{language}.tsv")}


@functools.cache
def _simplified() -> dict[int, str]:
    """Return the simplified form of each traditional character, as `str.translate` needs it."""
    return {ord(traditional): form for traditional, form in table("unspaced/simplified.tsv")}


@functools.lru_cache(1 << 16)  # the same runs come again and again
def _words_of_run(run: str, language: str, verb_follows: bool) -> list[DividedWord]:
    """Return the words of a run of Chinese characters, those that hang on to others together with these."""
    words, joined = _most_probable(run, language), list[DividedWord]()
    for number, (start, end, part) in enumerate(words):
        before = joined[-1].part if joined else ""
        is_single = end - start == 1
        if number == len(words) - 1 and is_single and verb_follows:
            part = "o"
        if part == "x" and (before == "j" or before in _NOUNS):  # a suffix
            whole = "l" if before in _NAMES and run[start:end] in _PLACES else "n" if before == "j" else before
            joined[-1] = DividedWord(joined[-1].start, end, whole)
        elif before == "y" and (part == "g" or part in _NOUNS):  # a prefix
            joined[-1] = DividedWord(joined[-1].start, end, part)
        elif before == "u" and part in "ux":  # characters of a word that is not known
            joined[-1] = DividedWord(joined[-1].start, end, "u")
        else:
            joined.append(DividedWord(start, end, part))
    return [DividedWord(start, end, _final(joined, n)) for n, (start, end, _) in enumerate(joined)]


def _final(words: list[DividedWord], number: int) -> str:
    """Return the part of a word beside others: before a noun, general ones and verbs say more of it; a verb after one is one."""
    start, end, part = words[number]
    if part == "u":
        return "p" if end - start > 1 else "o"
    if part in "sg":
        if part == "s" and number and words[number - 1].part in _NOUNS:
            return "n"
        says_more = number + 1 < len(words) and words[number + 1].part in _NOUNS
        return "j" if says_more else part.replace("s", "o")
    return "o" if part in "xy" else part


def _most_probable(run: str, language: str) -> list[DividedWord]:
    """Return the words of the least sum of costs; the part of an unknown character is u."""
    known, unknown = _words(language), ("u", _COST_OF_UNKNOWN[language])
    run = run.translate(_simplified()) if language == "zh" else run
    n = len(run)
    costs, ends, parts = [0] * (n + 1), [0] * n, [""] * n
    for start in range(n - 1, -1, -1):
        best = None
        for end in range(start + 1, min(n, start + _MAX_CHARS) + 1):
            found = known.get(run[start:end]) or (unknown if end == start + 1 else None)
            if found is not None and (best is None or found[1] + costs[end] < best):
                best = costs[start] = found[1] + costs[end]
                ends[start], parts[start] = end, found[0]
    words, start = [], 0
    while start < n:
        words.append(DividedWord(start, ends[start], parts[start]))
        start = ends[start]
    return words
