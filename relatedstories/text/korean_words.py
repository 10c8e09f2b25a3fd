"""Words of Korean texts without the particles that hang on to them, with the part of each in a label.

A particle is told by its form. Where a noun may end so too, it is one only if the text has the noun without it or with another:
"평가" ends like a noun with a particle, and is none.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from relatedstories.artefacts import table
from relatedstories.text.unspaced_words import DividedWord

__all__ = ["korean_words"]

_WORD = re.compile(r"(?P<before>[^\W_\uac00-\ud7a3]*)(?P<word>[\uac00-\ud7a3]+)")
_PARTICLE = re.compile(
    r"(?:에서는|에서의|에서도|에서|으로의|으로는|으로|에게서|에게|까지|부터|에는|에도|에|이라는|라는|이라고|라고|처럼|보다|만큼|마다"
    r"|와의|과의|와|[은는을를]|(?<![회주논정합동협심강건문예불결유고창])의|(?<=....)[이가])$"
)
_MAYBE_PARTICLE = re.compile("[이가과도로만]$")
_AFTER_OTHERS = re.compile(rf"(?:{_PARTICLE.pattern[:-1]}|[이가의로과도만]|이나|이며)$")
_VERB = re.compile(
    r"(?:니다|세요|시오|[했한된됐있없였었았렸졌났갔왔웠혔켰섰냈겠]다|(?:하|되|있|없|않)[는고며면지]|않은|같은|하여|해서|해야|하기|하려면"
    r"|도록|지만|는데|면서|므로|거나|[위대통관의인]한|[위대통관의인]해|따른|따라|[하되]신|기를"
    r"|..(?:[된될킬]|(?<![제권북남기무상])한|(?<![역분])할|(?<![피재이방견침상공])해))$"
)
_COUNTED = re.compile("(?:년|월|일|시|분|초|개|명|회|차|호|번|대|세|위|원|배|층|만|억|조|살|건|곳)")


def korean_words(text: str) -> Iterator[DividedWord]:
    """Yield the Korean words of a text, and as words of their own the particles that hang on to them or to others.

    Examples
    --------
    >>> text = "JSON의 평가를 권장합니다"
    >>> [(text[word.start : word.end], word.part) for word in korean_words(text)]
    [('의', 'f'), ('평가', 'p'), ('를', 'o'), ('권장합니다', 'o')]
    """
    found = [(match.start("word"), match["before"], match["word"]) for match in _WORD.finditer(text)]
    nouns = {stem for _, _, word in found for stem in (word, word[: _n_sure(word)])}
    for start, before, word in found:
        end = start + len(word)
        if before and _AFTER_OTHERS.fullmatch(word):
            yield DividedWord(start, end, _part_of_particle(word))
        elif (before[-1:].isdigit() and _COUNTED.match(word)) or _VERB.search(word):
            yield DividedWord(start, end, "o")
        else:
            n = len(word) if word in _parts() else _n_of_noun(word, nouns)
            yield DividedWord(start, start + n, _parts().get(word[:n], "p" if n > 1 else "o"))
            if n < len(word):
                yield DividedWord(start + n, end, _part_of_particle(word[n:]))


def _part_of_particle(particle: str) -> str:
    return "f" if particle == "의" else "o"


def _n_of_noun(word: str, nouns: set[str]) -> int:
    """Return the number of characters of a word without its particle, given the nouns that the text has without one."""
    n = _n_sure(word)
    is_one = n == len(word) and n > 2 and _MAYBE_PARTICLE.search(word) is not None and word[:-1] in nouns
    return n - 1 if is_one else n


def _n_sure(word: str) -> int:
    """Return the number of characters of a word without the particle that it surely ends with."""
    match = _PARTICLE.search(word, 2)
    return match.start() if match else len(word)


@functools.cache
def _parts() -> dict[str, str]:
    """Return the parts of common words."""
    return {word: part for word, part, _ in table("unspaced/ko.tsv")}
