"""Phrases that two texts in the same language have in common: labels of links without a shared topic that tells."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from relatedstories.ranking.completion import MAX_LABEL_CHARS, completed
from relatedstories.ranking.shapes import Part, is_noun_phrase, names_a_division, part_of, value_of
from relatedstories.ranking.words_of_text import ADDRESS, MAX_PHRASE_CHARS, WordsOfText, words_of
from relatedstories.text.terms import ENGLISH, pairs_of, script_runs
from relatedstories.text.unspaced_words import WITHOUT_WORDS

__all__ = [
    "Phrase",
    "completed_word",
    "said_release",
    "salient_phrase",
    "shared_family",
    "shared_phrase",
    "shared_site",
    "shared_version",
]

MAX_ARTICLE_CHARS, LEAST_SAID, LEAST_NOUN_SAID = 4_000, 3, 4
"""Number of characters of an article in which phrases are looked for, and how often two articles together must say one, and one
that is a single noun."""

MIN_WORD_SHARE, MIN_NOUN_SHARE = 0.2, 0.5
"""The part of the greatest share that a single word needs that is a name or that editors link, and any other noun."""

MIN_PHRASE_SHARE = 0.05
"""The part of the greatest share that several words of articles need: with less, they are in both by chance."""

MIN_PART_CHARS = 4
"""Length of a phrase within a run of characters, whose words cannot be told, from which it is hardly a fragment of a word."""

_NAMED, _NUMBER = r"(?P<name>(?:[a-z]*[A-Z][\w+#]*\s)+|(?:[a-z]\w*\s)?)", r"v?(?P<number>\d+(?:\.\d+)*)(?!\w|\.\d)"
_VERSION = re.compile(rf"(?<!\S){_NAMED}{_NUMBER}(?:-(?:p|preview|rc|alpha|beta)\d*\b)?(?!-)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SITE = re.compile(
    r"(?<![\w.@/-])[^\W\d_][\w-]+(?:\.[\w-]{2,})*\.(?:com|edu|gov|info|int|mil|net|org|[a-z]{2})(?![\w@-]|\.\w)", re.I
)


_Accepts: TypeAlias = Callable[[int, int], bool]
"""Called with the place of a phrase in the first text and its length, returns whether it may be taken."""


class Phrase(NamedTuple):
    """A phrase that two texts have.

    Parameters
    ----------
    text : str
        As one of the texts writes it.
    share : float
        What its words explain of the score.
    n_words : int
        The number of its words, which spaces do not tell in every language.
    """

    text: str
    share: float
    n_words: int


_NOTHING = (0.0, 0, 0)  # comes after every phrase


def shared_phrase(
    a: str, b: str, shares: Mapping[str, float], language: str = ENGLISH, matters: Collection[str] = ()
) -> Phrase | None:
    """Return the phrase in both texts that explains most of a score, as the first text writes it, or as a subject in either text.

    A phrase begins and ends with a word that has a shared term, and is a noun phrase as far as its words tell
    (`relatedstories.ranking.shapes`). It crosses no punctuation, and has several words, or is one with `MIN_WORD_SHARE` of
    the greatest share that is a name in both texts or one of `matters`; `MIN_NOUN_SHARE` if it is a noun that nobody links. In
    Chinese and Japanese, a noun that is not common will do.

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
    >>> shared_phrase("Wegen der alten Brücke", "Alte Brücke in Prag", {"alt": 0.1, "bruck": 0.2}, "de").text
    'Alte Brücke'
    >>> shared_phrase("東京で地震", "地震が東京に", {"東京": 0.1, "地震": 0.2}, "ja").text
    '地震'
    """
    if language in WITHOUT_WORDS:
        return _shared_characters(a[:MAX_PHRASE_CHARS], b[:MAX_PHRASE_CHARS], shares)
    ours, theirs = words_of(a, language), words_of(b, language)
    found = _best_place(ours, theirs, shares, matters)
    return None if found is None else Phrase(_written(ours, theirs, *found[1:]), found[0], found[2])


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
    ours, theirs = (words_of("\n".join(article), language, MAX_ARTICLE_CHARS) for article in (a, b))
    within_titles = len(a[0]), len(b[0])

    def is_salient(first: int, length: int) -> bool:
        if length == 1 and any(map(str.isdigit, ours.keys[first])):  # a number such as that of a fault says enough
            return True
        keys, is_noun = ours.keys[first : first + length], length == 1 and ours.part(first) < Part.NAME
        times = sum(map(lambda words, end: words.times_said(keys, end), (ours, theirs), within_titles))
        return times >= (LEAST_NOUN_SAID if is_noun else LEAST_SAID)

    found = _best_place(ours, theirs, shares, matters, is_salient)
    if found is None or found[0] < MIN_PHRASE_SHARE * max(shares.values()):
        return None
    first, length = completed(ours, theirs, *found[1:])
    return Phrase(_written(ours, theirs, first, length), found[0], length)


def _written(ours: WordsOfText, theirs: WordsOfText, first: int, length: int) -> str:
    """Return a phrase as the first text writes it there; in a language with cases, in the form that looks least inflected.

    Of several words, that is the form at the start of a sentence, where the subject mostly stands, or else the shortest one in
    both texts; of a single word, the shortest one that it begins with.
    """
    own = ours.phrase(first, length)
    if not ours.inflects:
        return own
    low, keys = own.casefold(), ours.keys[first : first + length]
    found = [(words, place) for words in (ours, theirs) for place in words.places_of(keys)]
    forms = [(length > 1 and not words.begins_sentence(place), words.phrase(place, length)) for words, place in found]
    forms = [(is_within, form) for is_within, form in forms if len(form) <= MAX_LABEL_CHARS]
    forms = [(is_within, form) for is_within, form in forms if length > 1 or low.startswith(form.casefold())]
    form = min(forms, key=lambda each: (each[0], len(each[1]), each[1].casefold() != low), default=(True, own))[1]
    return own if form.casefold() == low else form


def completed_word(a: tuple[str, str], b: tuple[str, str], word: str) -> str:
    """Return the name that a word is mostly part of in two English articles, or else the word.

    Parameters
    ----------
    a, b : tuple of str and str
        The title and the text of each article, of which the first `MAX_ARTICLE_CHARS` characters are read.
    word : str

    Examples
    --------
    >>> completed_word(("Snow", "The ferry strike is over."), ("Fog", "After the ferry strikes"), "Strike")
    'ferry strike'
    """
    ours, theirs = (words_of("\n".join(article), ENGLISH, MAX_ARTICLE_CHARS) for article in (a, b))
    (key,) = words_of(word, ENGLISH).keys[:1] or [""]
    if key not in ours.places or key not in theirs.places:
        return word
    first, length = completed(ours, theirs, ours.places[key][0], 1)
    are_two = "and" in ours.keys[first : first + length]  # "Oslo and Bergen"
    return word if length == 1 or are_two else ours.phrase(first, length)


def _best_place(
    ours: WordsOfText,
    theirs: WordsOfText,
    shares: Mapping[str, float],
    matters: Collection[str],
    accepts: _Accepts | None = None,
) -> tuple[float, int, int] | None:
    """Return the share, the first word and the length of the phrase that explains most; None if there is none."""
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
    return None if best is _NOTHING else (-best[0], *best[1:])


def shared_version(a: str, b: str) -> str | None:
    """Return the name with a number that two titles have, such as that of a release; the longest, None if there is none.

    Examples
    --------
    >>> shared_version("Fedora 12.1 is out", "Almost there: Fedora 12.1"), shared_version("Fedora 12.1", "Fedora 12.2")
    ('Fedora 12.1', None)
    >>> shared_version("Talks for EuroPython 2009", "Oslo EuroPython 2009")
    'EuroPython 2009'
    >>> shared_version("What is Rust 2018?", "Rust 1.31 and Rust 2018"), shared_version("Top 10 of May 2018", "May 2018: top 10")
    ('Rust 2018', None)
    >>> shared_version("Summer of Code 2018", "Who mentors in Summer of Code 2018?")
    """
    theirs = _versions(b, ENGLISH)
    names = [
        (_shorter_name(name, other_name), numbers)
        for name, numbers in _versions(a, ENGLISH)
        for other_name, other_numbers in theirs
        if numbers == other_numbers
    ]
    return _longest(f"{name} {'.'.join(numbers)}" for name, numbers in names if _has_name(name) or (name and _is_year(numbers)))


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


def said_release(title: str, other_title: str, other_text: str, language: str = ENGLISH) -> str | None:
    """Return the name with a number of at least two parts, such as that of a release, that a title has and another article says.

    As much of the name as the other article says; the longest, None if there is none, or if the other title has another release
    of that name.

    Examples
    --------
    >>> said_release("Last candidate of openSUSE Leap 42.2", "New packages", "Packages for Leap 42.2 were built.")
    'Leap 42.2'
    >>> said_release("Leap 42.2 is out", "New packages", "Leap 42 and Leap 42.25")
    >>> said_release("Leap 42.2 is out", "Leap 42.3 is out", "It comes after Leap 42.2.")
    """
    others = {name.split()[-1] for name, _ in _versions(other_title, language) if name}
    found = []
    for name, numbers in _versions(title, language):
        words = name.split()
        if len(numbers) < 2 or not words or name.islower() or words[-1] in others or not _may_be_released(words[-1], language):
            continue
        number = ".".join(numbers)
        for first in range(len(words)):
            release = f"{' '.join(words[first:])} {number}"
            if re.search(rf"(?<!\w){re.escape(release)}(?!\w|\.\d)", other_text):
                found.append(release)
                break
    return _longest(found)


def _may_be_released(word: str, language: str) -> bool:
    """Return whether a word before a number may name what has it: not "Version"."""
    return language != ENGLISH or not (part_of(word, ENGLISH, False) <= Part.GENERIC or names_a_division(word, ENGLISH))


def _shorter_name(name: str, other: str) -> str:
    """Return the shorter of two names if the longer ends with it, "" else; of equal ones that with capitals."""
    shorter, longer = sorted((name, other), key=lambda each: (each.islower(), len(each)))
    return shorter if f" {longer}".casefold().endswith(f" {shorter}".casefold()) else ""


def _longest(versions: Iterable[str]) -> str | None:
    return max(versions, key=lambda version: (len(version), version), default=None)


def _has_name(words: str) -> bool:
    return any(part_of(word, ENGLISH, False) is Part.NAME for word in words.split())


def _is_year(numbers: Sequence[str]) -> bool:
    return len(numbers) == 1 and _YEAR.fullmatch(numbers[0]) is not None


def _is_whole(before: str) -> bool:
    """Return whether a name begins after some words: not "Code" after "Summer of", nor "Summit" after "Oslo.Asia"."""
    last = before.split()[-1:]
    return not last or (last[0].islower() and last[0] not in ("of", "for"))


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
        has_year = bool(words) and _is_year(numbers) and words[0][0].isupper() and _is_whole(title[: match.start("name")])
        if is_release or _has_name(name) or has_year:
            found.append((name, numbers))
    return found


def _best_at(
    ours: WordsOfText,
    first: int,
    theirs: WordsOfText,
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
    for n in range(min(ours.max_words, len(ours.keys) - first, len(theirs.keys) - place)):
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
            (part is Part.NAME or is_matter or (part is Part.MATTER and ours.knows_matters))
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


def _shared_characters(a: str, b: str, shares: Mapping[str, float]) -> Phrase | None:
    """Return the characters in both texts that explain most of a score, in a script without spaces."""
    in_b = b.lower()
    best: tuple[float, int, str] | None = None
    for start, run in script_runs(a):
        for first, end in _shared_parts(run.lower(), in_b, shares):
            part = run[first:end]
            if part.isascii() and part.islower() and ADDRESS.search(a, max(0, start + first - 2), start + end + 2):
                continue
            at_edge = (first == 0 or end == len(run)) and _is_at_edge(part.lower(), in_b)
            if len(part) < 2 or not (at_edge or len(part) >= MIN_PART_CHARS) or not any(map(str.isalpha, part)):
                continue
            total = sum([shares.get(term, 0.0) for term in pairs_of(part.lower())])
            if not total:
                continue
            candidate = (-total, start + first, part)
            best = min(best, candidate) if best else candidate
    return Phrase(best[2], -best[0], 1) if best else None


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
