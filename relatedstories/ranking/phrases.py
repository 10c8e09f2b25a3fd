"""Phrases that two texts in the same language have in common: labels of links without a shared topic that tells."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from relatedstories.ranking.shapes import Part, capitals_tell, is_foreign_small_word, is_noun_phrase, part_of, value_of
from relatedstories.text.terms import ENGLISH, WITHOUT_SPACES, pairs_of, script_runs, terms_of_name, without_elision

__all__ = [
    "MAX_LABEL_CHARS",
    "MAX_PHRASE_CHARS",
    "Phrase",
    "salient_phrase",
    "shared_family",
    "shared_phrase",
    "shared_site",
    "shared_version",
]

MAX_LABEL_CHARS = 40
"""Length of the longest phrase, in characters."""

MAX_PHRASE_WORDS = 6
"""Length of the longest phrase, in words."""

MAX_PHRASE_CHARS = 1200
"""Number of characters at the start of a text in which phrases are looked for: what both begin with, they are about."""

MAX_ARTICLE_CHARS, LEAST_SAID, LEAST_NOUN_SAID = 4_000, 3, 4
"""Number of characters of an article in which phrases are looked for, and how often two articles together must say one, and one
that is a single noun."""

MIN_WORD_SHARE, MIN_NOUN_SHARE = 0.2, 0.5
"""The part of the greatest share that a single word needs that is a name or that editors link, and any other noun."""

MIN_PART_CHARS = 4
"""Length of a phrase within a run of characters, whose words cannot be told, from which it is hardly a fragment of a word."""

_WORD = re.compile(r"\w[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0dff]*(?:[-'’]\w[\w\u0300-\u036f]*)*")
_POSSESSIVE = ("'s", "’s", "s'", "s’")
_PARTICLES = re.compile("[的在了和与與是于於将將及或]")  # of Chinese: words of one character that a label does not go across
_NAMED, _NUMBER = r"(?P<name>(?:[a-z]*[A-Z][\w+#]*\s)+|(?:[a-z]\w*\s)?)", r"v?(?P<number>\d+(?:\.\d+)*)(?!\w|\.\d)"
_VERSION = re.compile(rf"(?<!\S){_NAMED}{_NUMBER}(?:-(?:p|preview|rc|alpha|beta)\d*\b)?(?!-)")
_SITE = re.compile(
    r"(?<![\w.@/-])[^\W\d_][\w-]+(?:\.[\w-]{2,})*\.(?:com|edu|gov|info|int|mil|net|org|[a-z]{2})(?![\w@-]|\.\w)", re.I
)
_BREAK = re.compile(r"[^\w\s]|\n")
_ENDS_SENTENCE = re.compile(r"[.!?:;\n]")
_ADDRESS = re.compile(r"\w[./@_]\w")  # at a word that is part of an address or of a file's name
_MAX_KNOWN = 100_000  # words of a language whose terms are kept


_Accepts: TypeAlias = Callable[[int, int], bool]
"""Called with the place of a phrase in the first text and its length, returns whether it may be taken."""


class Phrase(NamedTuple):
    """A phrase that two texts have.

    Parameters
    ----------
    text : str
        As the first text writes it.
    share : float
        What its words explain of the score.
    """

    text: str
    share: float


_NOTHING = (0.0, 0, 0)  # comes after every phrase


class _Words:
    """The words of a text: for each, its start and end, its terms, and its key, which is these or else itself in lower case.

    `keys_after` has the key of the word after each, `places` those of the words with each key, `compounds` the keys of words with
    several terms.
    What else is asked of a word is found when it is asked, as few words of a text are shared.
    """

    def __init__(self, text: str, language: str, n_chars: int = MAX_PHRASE_CHARS) -> None:
        self._text, self._language = text, language
        edges = [edge for match in _WORD.finditer(text, 0, n_chars) for edge in match.span()]
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
        self._parts: list[Part | None] = [None] * len(found)

    def part(self, place: int) -> Part:
        """Return the part of a word."""
        part = self._parts[place]
        if part is None:
            start, end = self.starts[place], self.ends[place]
            within = place > 0 and not _ENDS_SENTENCE.search(self._text, self.ends[place - 1], start)
            if _ADDRESS.search(self._text, max(0, start - 2), end + 2):
                part = Part.OTHER
            else:
                tells = within and (self._language != ENGLISH or self._capitals_tell)
                part = part_of(self._text[start:end], self._language, tells)
            self._parts[place] = part
        return part

    @functools.cached_property
    def _capitals_tell(self) -> bool:
        return capitals_tell([self._text[start:end] for start, end in zip(self.starts, self.ends, strict=True)], self._language)

    def follows(self, place: int) -> bool:
        """Return whether a word follows the one before closely."""
        start, end = self.ends[place - 1], self.starts[place]
        return self._text[start:end] == " " or not _BREAK.search(self._text, start, end)

    def may_end(self, place: int) -> bool:
        """Return whether a phrase may end with a word: not with "city's"."""
        return not self._text.endswith(_POSSESSIVE, self.starts[place], self.ends[place])

    def may_be_alone(self, place: int) -> bool:
        """Return whether a word may be a phrase by itself: not "La", whatever the language of the text."""
        word = self._text[self.starts[place] : self.ends[place]]
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
        """Return some words as they are written, with single spaces, without an article that is part of the first word."""
        phrase = " ".join(self._text[self.starts[first] : self.ends[first + length - 1]].split())
        return without_elision(phrase, self._language)


def shared_phrase(
    a: str, b: str, shares: Mapping[str, float], language: str = ENGLISH, matters: Collection[str] = ()
) -> Phrase | None:
    """Return the phrase in both texts that explains most of a score, as the first text writes it.

    A phrase begins and ends with a word that has a shared term, and is a noun phrase as far as its words tell
    (`relatedstories.ranking.shapes`). It crosses no punctuation, and has several words, or is one with `MIN_WORD_SHARE` of
    the greatest share that is a name in both texts or one of `matters`; `MIN_NOUN_SHARE` if it is a noun that nobody links.

    Parameters
    ----------
    a, b : str
        Clean texts, of which the first `MAX_PHRASE_CHARS` characters are read.
    shares : mapping of str to float
        The shares of the score of the terms that both texts have; 0 for a term that tells nothing in the archive, which may be
        part of a phrase, but not begin it.
    language : str, default "en"
        The code of the texts' language.
    matters : collection of str
        Terms that may be a phrase by themselves though they are no names, in English.

    Returns
    -------
    Phrase or None
        None if no phrase qualifies.

    Examples
    --------
    >>> shared_phrase("A cargo ship sinks off Malta.", "The cargo ship was new", {"cargo": 0.2, "ship": 0.1}).text
    'cargo ship'
    >>> shared_phrase("La ligne de tram ouvre", "Une ligne de tram au port", {"lign": 0.1, "tram": 0.2}, "fr").text
    'ligne de tram'
    >>> shared_phrase("東京で地震", "地震が東京に", {"東京": 0.1, "地震": 0.2}, "ja").text
    '地震'
    """
    if language in WITHOUT_SPACES:
        a, b = a[:MAX_PHRASE_CHARS], b[:MAX_PHRASE_CHARS]
        if language == "zh":
            a, b = _PARTICLES.sub(" ", a), _PARTICLES.sub(" ", b)
        return _shared_characters(a, b, shares)
    return _best_phrase(_words(a, language), _words(b, language), shares, matters)


def salient_phrase(
    a: tuple[str, str], b: tuple[str, str], shares: Mapping[str, float], language: str = ENGLISH, matters: Collection[str] = ()
) -> Phrase | None:
    """Return the phrase that two articles are about, as `shared_phrase` does; None in a script without spaces.

    What each says but once, in passing, is none: together they say it `LEAST_SAID` times, a title counting twice; a single noun
    `LEAST_NOUN_SAID` times.

    Parameters
    ----------
    a, b : tuple of str and str
        The title and the text of each article, of which the first `MAX_ARTICLE_CHARS` characters are read.
    shares, language, matters
        See `shared_phrase`.

    Examples
    --------
    >>> fire = "Fire on a ship", "The cargo ship burnt in the fog. It left the cargo ship terminal of Oslo."
    >>> salient_phrase(fire, ("A port", "The cargo ship in the fog"), {"cargo": 0.1, "ship": 0.1, "fog": 0.3}).text
    'cargo ship'
    """
    ours, theirs = (_words("\n".join(article), language, MAX_ARTICLE_CHARS) for article in (a, b))
    within_titles = len(a[0]), len(b[0])

    def is_salient(first: int, length: int) -> bool:
        if length == 1 and any(map(str.isdigit, ours.keys[first])):  # a number such as that of a fault says enough
            return True
        keys, is_noun = ours.keys[first : first + length], length == 1 and ours.part(first) < Part.NAME
        times = sum(map(lambda words, end: words.times_said(keys, end), (ours, theirs), within_titles))
        return times >= (LEAST_NOUN_SAID if is_noun else LEAST_SAID)

    return _best_phrase(ours, theirs, shares, matters, is_salient)


def _best_phrase(
    ours: _Words,
    theirs: _Words,
    shares: Mapping[str, float],
    matters: Collection[str],
    accepts: _Accepts | None = None,
) -> Phrase | None:
    greatest = max(shares.values(), default=0.0)
    least = greatest * MIN_WORD_SHARE
    keys = [key for key, share in shares.items() if share and key in ours.places and key in theirs.places]
    keys += [key for key in ours.compounds if key in theirs.places]
    best = _NOTHING
    keys_after = theirs.keys_after
    for key in keys:  # in any order, as the best is the least
        is_matter, others = key in matters, theirs.places[key]
        for first in ours.places[key]:
            if ours.part(first) < Part.NUMBER:
                continue
            share, after = _share(ours.terms[first], shares) or 0.0, ours.keys_after[first]
            alone = (-share, first, 1)  # a word counts for its share at most
            may_be_alone = share >= least and alone < best
            for place in others:
                if may_be_alone or (after is not None and after == keys_after[place]):
                    best = _best_at(ours, first, theirs, place, shares, greatest, is_matter, accepts, best)
                    may_be_alone = may_be_alone and alone < best
    return None if best is _NOTHING else Phrase(ours.phrase(*best[1:]), -best[0])


def shared_version(a: str, b: str) -> str | None:
    """Return the name with a number that two titles have, such as that of a release; the longest, None if there is none.

    Examples
    --------
    >>> shared_version("Fedora 12.1 is out", "Almost there: Fedora 12.1"), shared_version("Fedora 12.1", "Fedora 12.2")
    ('Fedora 12.1', None)
    >>> shared_version("Talks for EuroPython 2009", "Oslo EuroPython 2009")
    'EuroPython 2009'
    """
    theirs = _versions(b, ENGLISH)
    names = [
        (_shorter_name(name, other_name), numbers)
        for name, numbers in _versions(a, ENGLISH)
        for other_name, other_numbers in theirs
        if numbers == other_numbers
    ]
    return _longest(f"{name} {'.'.join(numbers)}" for name, numbers in names if _has_name(name))


def shared_site(a: str, b: str) -> str | None:
    """Return the address of a site that two titles name; the longest, None if there is none.

    Examples
    --------
    >>> shared_site("A new Data.gov opens", "Data.Gov: five years"), shared_site("Data.gov", "Login.gov")
    ('Data.gov', None)
    """
    theirs = {site.casefold() for site in _SITE.findall(b)}
    return _longest(site for site in _SITE.findall(a) if site.casefold() in theirs)


def shared_family(a: str, b: str, language: str = ENGLISH) -> str | None:
    """Return the family of releases that two titles are about: a name, and at least two parts of a number that both begin with.

    A title that begins with such a number may lack the name. The longest family, None if there is none.

    Examples
    --------
    >>> shared_family("Announcing Rust 1.67.0", "1.67.1 pre-release testing"), shared_family("Ruby 2.1.3", "Ruby 2.1.4-rc1")
    ('Rust 1.67', 'Ruby 2.1')
    """
    found = []
    for name, numbers in _versions(a, language):
        for other_name, other_numbers in _versions(b, language):
            n = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(numbers, other_numbers, strict=False)))
            shorter = _shorter_name(name, other_name) if name and other_name else name or other_name
            if n > 1 and shorter and not shorter.islower():
                found.append(f"{shorter} {'.'.join(numbers[:n])}")
    return _longest(found)


def _shorter_name(name: str, other: str) -> str:
    """Return the shorter of two names if the longer ends with it, "" else; of equal ones that with capitals."""
    shorter, longer = sorted((name, other), key=lambda each: (each.islower(), len(each)))
    return shorter if f" {longer}".casefold().endswith(f" {shorter}".casefold()) else ""


def _longest(versions: Iterable[str]) -> str | None:
    return max(versions, key=lambda version: (len(version), version), default=None)


def _has_name(words: str) -> bool:
    return any(part_of(word, ENGLISH, False) is Part.NAME for word in words.split())


@functools.lru_cache(1 << 12)
def _versions(title: str, language: str) -> list[tuple[str, list[str]]]:
    """Return the names with numbers of a title, each name with the parts of the number; "" for a number without a name."""
    found = []
    for match in _VERSION.finditer(title):
        words, numbers = match["name"].split(), match["number"].split(".")
        if language == ENGLISH:
            while words and not words[0].islower() and part_of(words[0], ENGLISH, False) < Part.NOUN:
                del words[0]  # "Announcing Rust 1.0"
        elif len(words) > 1 and match.start() == 0 and words[0][1:].islower():
            del words[0]  # "Publicado Ruby 1.0", as any first word of a title has a capital
        is_release = len(numbers) > 1 and (words or match.start() == 0)  # a number elsewhere may count millions
        name = " ".join(words)
        if is_release or _has_name(name):
            found.append((name, numbers))
    return found


def _best_at(
    ours: _Words,
    first: int,
    theirs: _Words,
    place: int,
    shares: Mapping[str, float],
    greatest: float,
    is_matter: bool,
    accepts: _Accepts | None,
    best: tuple[float, int, int],
) -> tuple[float, int, int]:
    """Return the best of the noun phrases that begin at two places with the same word, and of the best one found before.

    Of each the share, times -1, comes first, then its place and its length.
    """
    parts: list[Part] = []
    total = 0.0
    start = ours.starts[first]
    for n in range(min(MAX_PHRASE_WORDS, len(ours.keys) - first, len(theirs.keys) - place)):
        i, j = first + n, place + n
        if n and (ours.keys[i] != theirs.keys[j] or not (ours.follows(i) and theirs.follows(j))):
            break
        part = min(ours.part(i), theirs.part(j))
        if part is Part.OTHER or ours.ends[i] - start > MAX_LABEL_CHARS or (not n and part < Part.NUMBER):
            break
        parts.append(part)
        share = _share(ours.terms[i], shares)
        if share is None:
            continue
        total += share * value_of(part)
        found = -total, first, n + 1
        if found >= best or part < Part.NOUN:
            continue
        if not n and not (
            (part is Part.NAME or is_matter)
            and total >= greatest * (MIN_WORD_SHARE if part.names_a_matter else MIN_NOUN_SHARE)
            and ours.may_be_alone(i)
        ):
            continue
        is_cut = part is Part.NAME and ours.goes_on(i, 1) and theirs.goes_on(j, 1)
        if is_cut or not ours.may_end(i) or not is_noun_phrase(parts):
            continue
        if parts[0] is Part.NAME and ours.goes_on(first, -1) and theirs.goes_on(place, -1):
            break
        if accepts is None or accepts(first, n + 1):
            best = found
    return best


def _share(terms: tuple[str, ...], shares: Mapping[str, float]) -> float | None:
    """Return the share of a word's terms, None unless all are shared."""
    if len(terms) == 1:
        return shares.get(terms[0])
    return sum([shares[term] for term in terms]) if terms and all(term in shares for term in terms) else None


_words = functools.lru_cache(1 << 12)(_Words)  # an event is in its own list and in those of others


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


def _shared_characters(a: str, b: str, shares: Mapping[str, float]) -> Phrase | None:
    """Return the characters in both texts that explain most of a score, in a script without spaces."""
    in_b = b.lower()
    best: tuple[float, int, str] | None = None
    for start, run in script_runs(a):
        for first, end in _shared_parts(run.lower(), in_b, shares):
            part = run[first:end]
            if part.isascii() and part.islower() and _ADDRESS.search(a, max(0, start + first - 2), start + end + 2):
                continue
            at_edge = (first == 0 or end == len(run)) and _is_at_edge(part.lower(), in_b)
            if len(part) < 2 or not (at_edge or len(part) >= MIN_PART_CHARS) or not any(map(str.isalpha, part)):
                continue
            total = sum([shares.get(term, 0.0) for term in pairs_of(part.lower())])
            if not total:
                continue
            candidate = (-total, start + first, part)
            best = min(best, candidate) if best else candidate
    return Phrase(best[2], -best[0]) if best else None


def _shared_parts(run: str, in_b: str, shares: Mapping[str, float]) -> Iterator[tuple[int, int]]:
    """Yield the offsets of the longest parts of a run that are in the other text and whose terms are all shared."""
    first = 0
    while first < len(run):
        for end in range(min(len(run), first + MAX_LABEL_CHARS), first, -1):
            part = run[first:end]
            if part in in_b and all(term in shares for term in pairs_of(part)):
                yield first, end
                break
        else:
            end = first + 1
        first = end


def _is_at_edge(part: str, text: str) -> bool:
    """Return whether a part of a run begins or ends a run of the other text too, and so is hardly a fragment of a word."""
    return any(run.startswith(part) or run.endswith(part) for _, run in script_runs(text))
