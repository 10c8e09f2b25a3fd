"""The words of a text as phrases are made of them: terms, places, parts, and which may begin, end or complete one."""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Sequence

from relatedstories.ranking.shapes import (
    Part,
    capitals_tell,
    is_foreign_small_word,
    is_verb,
    names_a_division,
    part_of,
    part_of_letter,
)
from relatedstories.text.korean_words import korean_words
from relatedstories.text.terms import DIVIDED, ENGLISH, terms_of_name, without_elision, without_suffix
from relatedstories.text.unspaced_words import WITH_TABLES, DividedWord, unspaced_words

__all__ = ["ADDRESS", "MAX_PHRASE_CHARS", "WordsOfText", "words_of"]

MAX_PHRASE_CHARS = 1200
"""Number of characters at the start of a text in which phrases are looked for: what both begin with, they are about."""

MAX_PHRASE_WORDS, MAX_DIVIDED_WORDS = 6, 9
"""Length of the longest phrase, in words, and in a language whose words are divided by tables."""

ADDRESS = re.compile(r"\w(?:[/@_]|\.(?![A-Z]))\w")
"""At a word that is part of an address or of a file's name, but not of a name such as "openSUSE.Asia"."""

_WORD = re.compile(r"\w[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0dff]*(?:[-'’]\w[\w\u0300-\u036f]*)*")
_OTHER_WORD = re.compile(rf"[^\W{DIVIDED}]+(?:[-'’][^\W{DIVIDED}]+)*")
"""A word in another script than those whose words are divided by their own rules."""

_POSSESSIVE = ("'s", "’s", "s'", "s’")
_PARTICIPLE = ("ing", "ed")
_BREAK = re.compile(r"[^\w\s]|\n")
_WITHIN_PHRASE = frozenset(("", " ", "・", "·"))  # in a language without spaces: dots are between the words of foreign names
_WITH_CASES = {
    *("az", "be", "bs", "cs", "de", "el", "eo", "et", "eu", "fi", "hr", "hu", "hy", "is", "ka", "kk", "lt", "lv", "pl", "ru"),
    *("sk", "sl", "sr", "tr", "uk"),
}
"""Languages whose nouns have other endings within a sentence."""

_ENDS_SENTENCE = re.compile(r"[.!?:;\n]")
_NUMBER_AFTER = re.compile(r"\s[A-Z]{0,3}\d")
_MAX_KNOWN = 100_000  # words of a language whose terms are kept


class WordsOfText:
    """The words of a text: for each, its start and end, its terms, and its key, which is these or else itself in lower case.

    `keys_after` has the key of the word after each, `places` those of the words with each key, `compounds` the keys of words with
    several terms. `knows_matters` says whether a noun that says enough by itself is told by its part alone.
    What else is asked of a word is found when it is asked, as few words of a text are shared.
    """

    def __init__(self, text: str, language: str, n_chars: int = MAX_PHRASE_CHARS) -> None:
        self._text, self._language = text, language
        self.knows_matters = language in WITH_TABLES
        divided = _divided_words(text[:n_chars], language)
        self._is_spaced = divided is None
        pattern = _WORD if divided is None else _OTHER_WORD
        edges = [edge for match in pattern.finditer(text, 0, n_chars) for edge in match.span()]
        if divided:  # these and the others do not overlap
            edges = sorted([*edges, *(edge for start, end, _ in divided for edge in (start, end))])
        self.starts, self.ends = edges[::2], edges[1::2]  # numbers alone, which the garbage collector passes over
        known = _known_words(language)
        found = [known[text[start:end]] for start, end in zip(self.starts, self.ends, strict=True)]
        self.terms = [terms for terms, _ in found]
        self.keys = [key for _, key in found]
        self.keys_after: list[str | None] = [*self.keys[1:], None]
        self.places: dict[str, list[int]] = {}
        for place, key in enumerate(self.keys):
            self.places.setdefault(key, []).append(place)
        self.compounds = [*dict.fromkeys([key for terms, key in found if len(terms) > 1])]
        letters = {start: part for start, _, part in divided or ()}
        self._parts = [part_of_letter(letters[start]) if start in letters else None for start in self.starts]

    @property
    def max_words(self) -> int:
        """Length of the longest phrase, in words, among which are particles where they hang on to others."""
        return MAX_PHRASE_WORDS if self._is_spaced else MAX_DIVIDED_WORDS

    @property
    def inflects(self) -> bool:
        """Whether nouns have endings of cases, which readers should not see in a label."""
        return self._language in _WITH_CASES

    def part(self, place: int) -> Part:
        """Return the part of a word."""
        part = self._parts[place]
        if part is None:
            start, end = self.starts[place], self.ends[place]
            within = not self.begins_sentence(place)
            if ADDRESS.search(self._text, max(0, start - 2), end + 2):
                part = Part.OTHER
            else:
                tells = within and (self._language != ENGLISH or self._capitals_tell)
                is_capital_verb = tells and self._language == ENGLISH and is_verb(self._text[start:end])
                if is_capital_verb and not self._tells_in_line(start):  # all words of some titles have capitals
                    part = Part.ADJECTIVE if self._is_participle(place) else Part.OTHER
                else:
                    part = part_of(self._text[start:end], self._language, tells)
            self._parts[place] = part
        return part

    def begins_sentence(self, place: int) -> bool:
        """Return whether a word is the first of a sentence or a line."""
        return place == 0 or _ENDS_SENTENCE.search(self._text, self.ends[place - 1], self.starts[place]) is not None

    def _is_participle(self, place: int) -> bool:
        """Return whether a verb in a title may say more of the noun after it: "Working Group"."""
        return self._text.endswith(_PARTICIPLE, self.starts[place], self.ends[place]) and self.goes_on(place, 1)

    @functools.cached_property
    def _capitals_tell(self) -> bool:
        return self._tell_in(0, len(self._text))

    def _tells_in_line(self, start: int) -> bool:
        """Return whether capitals tell in the line that a character is in."""
        first, end = self._text.rfind("\n", 0, start) + 1, self._text.find("\n", start)
        return self._tell_in(first, len(self._text) if end < 0 else end)

    def _tell_in(self, first: int, end: int) -> bool:
        """Return whether a capital within a sentence makes a name of a word, given a part of the text."""
        words = slice(bisect.bisect_left(self.starts, first), bisect.bisect_left(self.starts, end))
        return capitals_tell([self._text[a:b] for a, b in zip(self.starts[words], self.ends[words], strict=True)], self._language)

    def follows(self, place: int) -> bool:
        """Return whether a word follows the one before closely."""
        start, end = self.ends[place - 1], self.starts[place]
        if self.knows_matters:
            return self._text[start:end] in _WITHIN_PHRASE
        return self._text[start:end] == " " or not _BREAK.search(self._text, start, end)

    def may_be_added(self, place: int) -> bool:
        """Return whether a word may complete a phrase: in a language whose verbs are not known, it needs a capital or a digit."""
        first = self._text[self.starts[place]]
        return (
            self._language == ENGLISH or self.knows_matters or first.isupper() or first.isdigit() or self.part(place) is Part.OF
        )

    def places_of(self, keys: Sequence[str]) -> list[int]:
        """Return the places of the first of some words where they follow one another closely."""
        n = len(keys)
        return [
            place
            for place in self.places.get(keys[0], ())
            if self.keys[place : place + n] == keys and all(self.follows(place + i) for i in range(1, n))
        ]

    def _neighbour(self, place: int, n: int, step: int) -> str | None:
        """Return the key of the word that follows n words closely, or with a step of -1 is before them; None if there is none."""
        other = place + n if step > 0 else place - 1
        return self.keys[other] if 0 <= other < len(self.keys) and self.follows(max(place, other)) else None

    def usual_neighbour(self, places: Sequence[int], n: int, step: int) -> str | None:
        """Return the commonest neighbour of n words at some places."""
        keys = [key for place in places if (key := self._neighbour(place, n, step)) is not None]
        return max(sorted(set(keys)), key=keys.count, default=None)

    def with_neighbour(self, places: Sequence[int], n: int, step: int, key: str) -> list[int]:
        """Return where n words and a neighbour begin, given where the words do."""
        return [place + min(step, 0) for place in places if self._neighbour(place, n, step) == key]

    def may_end(self, place: int) -> bool:
        """Return whether a phrase may end with a word: not with "city's", nor with a verb, nor with "Flight" before "MH370"."""
        word = self._text[self.starts[place] : self.ends[place]]
        if word.endswith(_POSSESSIVE) or (self._language == ENGLISH and is_verb(word)):
            return False
        return not (names_a_division(word, self._language) and _NUMBER_AFTER.match(self._text, self.ends[place]))

    def may_be_alone(self, place: int) -> bool:
        """Return whether a word may be a phrase by itself: not "La" in any language, nor "Section", nor one character."""
        word = self._text[self.starts[place] : self.ends[place]]
        if (len(word) == 1 and self.knows_matters) or names_a_division(word, self._language):
            return False
        return word.isupper() or not is_foreign_small_word(word.casefold())

    def goes_on(self, place: int, step: int) -> bool:
        """Return whether the name that a word is part of goes on after it, or before it with a step of -1."""
        other = place + step
        if not 0 <= other < len(self.starts) or not self.follows(max(place, other)):
            return False
        return self._text[self.starts[other]].isupper() and self._capitals_tell

    def times_said(self, keys: Sequence[str], n_title: int) -> int:
        """Return how often words stand in the text; those that begin in its first `n_title` characters count twice.

        A word alone does not count in a text where a name follows closely, as it does a first name.
        """
        n, times = len(keys), 0
        for place in self.places.get(keys[0], ()):
            if self.keys[place : place + n] == keys:
                times += 2 if self.starts[place] < n_title else n > 1 or not self._is_first_name(place)
        return times

    def _is_first_name(self, place: int) -> bool:
        """Return whether a name follows a word closely."""
        return place + 1 < len(self.starts) and self.follows(place + 1) and self.part(place + 1) is Part.NAME

    def phrase(self, first: int, length: int) -> str:
        """Return some words as they are written, with single spaces.

        An article that is part of the first word is left out, and so is the ending that an apostrophe divides from the last.
        """
        phrase = " ".join(self._text[self.starts[first] : self.ends[first + length - 1]].split())
        return without_suffix(without_elision(phrase, self._language), self._language)


def _divided_words(text: str, language: str) -> list[DividedWord] | None:
    """Return the words of a text that spaces do not tell; None in a language where they do."""
    if language in WITH_TABLES:
        return list(unspaced_words(text, language))
    return list(korean_words(text)) if language == "ko" else None


words_of = functools.lru_cache(1 << 12)(WordsOfText)  # an event is in its own list and in those of others


class _KnownWords(dict[str, tuple[tuple[str, ...], str]]):
    """The terms and the key of each word of a language, which are found when first asked for."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, word: str) -> tuple[tuple[str, ...], str]:
        terms = tuple(terms_of_name(word, self._language))
        found = terms, " ".join(terms) or word.casefold()
        if len(self) < _MAX_KNOWN:
            self[word] = found
        return found


_known_words = functools.cache(_KnownWords)
