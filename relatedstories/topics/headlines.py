"""Headlines in the case of a sentence: "TRUMP MEETS PUTIN" and "Trump Meets Putin" as "Trump meets Putin".

The topic model tells names by their capitals, which headlines give to every word and some texts to none. Here such a line gets
the case that the lexicon knows of each word; offsets do not change.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence

from relatedstories.topics.lexicon import Lexicon, default_lexicon, form_of
from relatedstories.topics.runs import JOINING_WORDS
from relatedstories.topics.tokenizer import TokenizedText

__all__ = ["UsualCase", "default_usual_case", "in_usual_case"]

MIN_LETTERS = 4
"""Title case may leave shorter words in lower case."""

LONG = 5
"""A word of at least this many letters in lower case is in no headline; shorter ones may be prepositions."""

MIN_CAPITALS = 0.8
"""Minimum share of a headline's words of `MIN_LETTERS` letters and more that begin with a capital."""

LOWER = 0.5
"""A word whose share in lower case is at least this is usually in lower case."""

SURELY_LOWER, SURELY_CAPITAL = 0.8, 0.1
"""Shares of words that prove a headline: in lower case at least, or at most, so often."""

MIN_SEEN, MAX_WORDS = 10, 5
"""Minimum number of events with a capitalised phrase that keeps its capitals, and its maximum length in tokens."""


class UsualCase:
    """The usual case of words and phrases.

    Parameters
    ----------
    lexicon : Lexicon
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._shares: dict[str, float] = {}
        self._capitals: dict[str, str] = {}
        for word, row in lexicon.words.items():  # most frequent first
            self._shares.setdefault(word.lower(), float(lexicon.lower[row]))
            if word != word.lower():
                self._capitals.setdefault(word.lower(), word)
        self._phrases: dict[str, str] = {}
        inside, linked = lexicon.counts[:, 2].tolist(), lexicon.linked
        for form, row in itertools.islice(lexicon.forms.items(), lexicon.n_forms):
            if not form[:1].isupper():
                continue
            if " " not in form:
                if form.lower() not in self._shares:
                    self._capitals.setdefault(form.lower(), form)
            elif form.count(" ") < MAX_WORDS and (linked[row] or inside[row] >= MIN_SEEN) and _is_name(form):
                self._phrases.setdefault(form.lower(), form)
        self._first = {phrase.partition(" ")[0] for phrase in self._phrases}

    def share(self, word: str) -> float:
        """Return the share of a word's occurrences that are in lower case, where it does not begin a sentence; 0 if unknown."""
        return self._shares.get(word.lower(), 0.0)

    def known_as_name(self, word: str) -> bool:
        """Return whether a word of more than one letter is usually capitalised: "x" is not Twitter."""
        low = word.lower()
        return len(low) > 1 and low in self._capitals and self._shares.get(low, 0.0) <= SURELY_CAPITAL

    def of(self, word: str) -> str:
        """Return a word in its usual case; an unknown one as a name."""
        low = word.lower()
        if self._shares.get(low, 0.0) >= LOWER:
            return low
        return self._capitals.get(low) or (low.capitalize() if low[0].isalpha() else low)

    def phrase_at(self, words: Sequence[str], first: int) -> list[str]:
        """Return the longest capitalised phrase that begins at a word, as words in usual case; empty if there is none."""
        if words[first] in self._first:
            for end in range(min(len(words), first + MAX_WORDS), first + 1, -1):
                phrase = self._phrases.get(" ".join(words[first:end]))
                if phrase is not None:
                    return phrase.split(" ")
        return []


def _is_name(phrase: str) -> bool:
    """Return whether all words are capitalised but for small ones within."""
    words = phrase.split(" ")
    return words[-1][0].isupper() and all(word[0].isupper() or len(word) <= 3 or word in JOINING_WORDS for word in words)


@functools.cache
def default_usual_case() -> UsualCase:
    """Return the usual case of the words of the lexicon that comes with the package."""
    return UsualCase(default_lexicon())


def in_usual_case(text: TokenizedText) -> TokenizedText:
    """Return a text with its headlines in the case of a sentence; a text without a headline itself.

    A line is a headline if nearly all its words are capitalised, also such as usually are not. A text without any capital is
    treated likewise.

    Examples
    --------
    >>> from relatedstories.topics.tokenizer import tokenize
    >>> in_usual_case(tokenize("Angela Merkel Meets Emmanuel Macron")).text
    'Angela Merkel meets Emmanuel Macron'
    >>> in_usual_case(tokenize("RAIN FALLS IN PARIS")).text
    'Rain falls in Paris'
    """
    tokens = text.tokens
    changed: list[str] | None = None
    if not any(map(_is_capital, tokens)):
        lines: Iterable[tuple[int, int]] = [(0, len(tokens))] if _has_names(tokens) else []
    else:
        lines = [(first, end) for first, end in _lines(tokens) if _may_be_headline(tokens[first:end])]
    for first, end in lines:
        recased = _recased(tokens[first:end])
        if recased is not None:
            changed = list(tokens) if changed is None else changed
            changed[first:end] = recased
    if changed is None:
        return text
    pieces: list[str] = []
    at = 0
    for place in [place for place, (old, new) in enumerate(zip(tokens, changed, strict=True)) if old != new]:
        start, old, new = text.starts[place], tokens[place], changed[place]
        if len(new) != len(old):
            changed[place] = old
            continue
        pieces += (text.text[at:start], new)
        at = start + len(old)
    return TokenizedText("".join([*pieces, text.text[at:]]), changed, text.starts)


def _is_capital(token: str) -> bool:
    return token[:1].isupper()


def _lines(tokens: Sequence[str]) -> Iterable[tuple[int, int]]:
    first = 0
    for place, token in enumerate(tokens):
        if "\n" in token:
            yield first, place
            first = place + 1
    yield first, len(tokens)


def _may_be_headline(tokens: Sequence[str]) -> bool:
    """Return whether nearly all words begin with a capital; this is quick, and few lines pass."""
    small = large = 0
    for token in tokens:
        if len(token) >= MIN_LETTERS and token.isalpha():
            if token[0].isupper():
                large += 1
            else:
                small += 1
                if 5 * small > len(tokens):  # then less than MIN_CAPITALS can begin with a capital
                    return False
    if large + small < 3:  # "BAKERS STRIKE IN ROME" has three
        return large + small == 2 and not small and all(token.isupper() for token in tokens if token.isalpha())
    return large >= MIN_CAPITALS * (large + small)


def _has_names(tokens: Sequence[str]) -> bool:
    """Return whether a text without capitals has words that are usually capitalised."""
    return any(map(default_usual_case().known_as_name, tokens))


def _recased(tokens: Sequence[str]) -> list[str] | None:
    """Return the tokens of a line in usual case; None if nothing proves that it is a headline."""
    usual = default_usual_case()
    folded = [form_of(token).lower() for token in tokens]
    all_capitals = all(token.isupper() for token in tokens if token.isalpha())
    no_capitals = not any(map(_is_capital, tokens))
    recased, proof = list(tokens), False
    at = 0
    while at < len(tokens):
        token = tokens[at]
        phrase = usual.phrase_at(folded, at)
        if phrase and not (no_capitals and all(usual.share(word) >= LOWER for word in phrase)):
            recased[at : at + len(phrase)] = _in_case_of(tokens[at : at + len(phrase)], phrase)
            at += len(phrase)
            continue
        share = usual.share(token)
        if any(map(str.isalpha, token)):
            if token.islower() and len(token) >= LONG and not no_capitals and tokens[at - 1] != "-":
                return None
            if share >= LOWER and at:
                proof = proof or (share >= SURELY_LOWER and _is_capital(token) and (all_capitals or len(token) >= MIN_LETTERS))
            common = share >= LOWER and token in (token.lower(), token.capitalize())
            if all_capitals or common or (no_capitals and usual.known_as_name(token)):
                recased[at] = usual.of(token)
        at += 1
    if not no_capitals and not proof:
        return None
    start = next((place for place, token in enumerate(recased) if token[:1].isalpha()), None)
    if start is not None and recased[start].islower():
        recased[start] = recased[start].capitalize()
    return recased


def _in_case_of(tokens: Sequence[str], forms: Sequence[str]) -> list[str]:
    """Return tokens in the case of forms, which lack the tokens' dots and accents."""
    found = []
    for token, form in zip(tokens, forms, strict=True):
        if len(token) == len(form):
            found.append("".join(c.upper() if f.isupper() else c.lower() for c, f in zip(token, form, strict=True)))
        else:
            found.append(token.upper() if form.isupper() else token.capitalize() if form[:1].isupper() else token.lower())
    return found
