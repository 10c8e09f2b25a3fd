"""Generate synthetic archives of any size from invented words; the same seed and size give the same archive.

    python benchmarks/generate.py 1000000 > archive.jsonl
    python benchmarks/generate.py 100000 --compare ARCHIVE.jsonl.gz --field title=text

An event has an id, a date within twenty years and a title of some 15 to 30 words; `matrix` gives the rows of such an archive
without its text. Memory holds only a month of events and the current stories.

The model is an archive of 106,327 events from 2002 to 2024 (Wikipedia's Portal:Current events), whose first 100,000 events have
the following statistics, which `--compare` prints for any archive:

- vocabulary: 7,000 words (without stop words) in 1,000 events, 23,000 in 10,000, 67,000 in 100,000, so it grows as the square
  root; 46% of the words are in one event only;
- the 1st, 10th, 100th, 1,000th and 10,000th commonest words are in 15%, 5.4%, 1.6%, 0.3% and 0.015% of events, and these shares
  hold from 10,000 events on: hence `WORDS`, a Zipf law in pieces and without end, so that it grows;
- topics: 3.3 per event, 10,600 in 10,000 events and 59,000 in 100,000, two thirds of them in one event only; the shares are those
  of `NAMES`;
- a title has 24 words (median), 37% of them stop words; a row of the index has 19 weights;
- 20,400 weights of other rows are met on the way through the columns of a row at 100,000 events, nearly in proportion to size;
- the best and the tenth best inner product of a row with others have medians of 0.43 and 0.27, because
  events continue earlier ones. So most generated events belong to stories, which last from days to years, with most events in
  their first part, and share some words and topics.

The titles have no meaning. The word space knows no invented word, so events are compared without it; with `--known`, the
commonest words and topics are ones that it knows (models/space), combined at random.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

YEARS, FIRST_DAY = 20, dt.date(2005, 1, 1)
DAYS = (dt.date(FIRST_DAY.year + YEARS, 1, 1) - FIRST_DAY).days
STEP = 30  # days that are made at once

LENGTHS = (15, 31)  # words of a title, from and below
FUNCTION_WORDS = ("the", "of", "in", "a", "to", "and", "for", "on", "at", "by", "with", "from", "after", "as", "its", "is")
FUNCTION_SHARE = 0.26

IN_STORIES = 0.75  # of events
PER_STORY = 9.0  # events of a story, on average: few have many
LASTS = (3.0, 1100.0)  # days, spread evenly over the logarithm
STORY_WORDS, STORY_NAMES = 7, 3
WORD_AGAIN, NAME_AGAIN = 0.5, 0.6  # how likely an event has each word and each topic of its story
NAMES_ALONE = 3.0  # topics of an event outside stories, on average
STORY_FROM = 40  # the commonest words tell of no story


class Zipf:
    """A distribution of ranks, from 0, whose density is linear on logarithmic axes between points, and beyond the last.

    Parameters
    ----------
    points : sequence of (rank, share)
        Points from rank 1; shares may have any unit. The last piece has no end and must fall faster than 1 / rank.
    """

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        rank, share = np.array(points, np.float64).T
        self._rank = rank
        slopes = np.diff(np.log(share)) / np.diff(np.log(rank))
        self._power = 1 + slopes + 1e-9  # of the integral; never 0
        ends = np.append(rank[1:-1], np.inf)
        with np.errstate(divide="ignore"):
            parts = share[:-1] * rank[:-1] / self._power * ((ends / rank[:-1]) ** self._power - 1)
        self._sums = np.append(0, np.cumsum(parts))
        self._scale = self._power / (share[:-1] * rank[:-1])

    def draw(self, random: np.random.Generator, size: int, first: int = 0) -> np.ndarray:
        """Return random ranks of at least `first`."""
        least = self._below(first + 1.0) if first else 0.0
        at = random.uniform(least, self._sums[-1], size)
        piece = np.searchsorted(self._sums, at, "right") - 1
        inside = 1 + (at - self._sums[piece]) * self._scale[piece]
        rank = self._rank[piece] * inside ** (1 / self._power[piece])
        return np.minimum(rank - 1, 1e15).astype(np.int64)

    def _below(self, rank: float) -> float:
        piece = min(int(np.searchsorted(self._rank, rank, "right")) - 1, len(self._power) - 1)
        power = self._power[piece]
        return float(self._sums[piece] + ((rank / self._rank[piece]) ** power - 1) / self._scale[piece])


WORDS = Zipf(
    [(1, 3700), (3, 2200), (10, 1050), (30, 480), (100, 205), (300, 88), (1000, 29), (3000, 8), (10_000, 1.1), (30_000, 0.13)]
)
"""The frequency of words by rank, a little more even than in events, because stories do not use the commonest words."""

NAMES = Zipf(
    [(1, 900), (3, 500), (10, 230), (30, 115), (100, 45), (300, 15), (1000, 4.2), (3000, 1.2), (10_000, 0.26), (1e5, 0.01)]
)
"""The frequency of topics by rank."""


class Month(NamedTuple):
    """Some events in order of their days; words and topics are given as ranks, each at most once per event.

    Parameters
    ----------
    days : ndarray of int, shape (n,)
        Days since `FIRST_DAY`.
    words, names : ndarray of int, shape (n_words, 2) and (n_names, 2)
        The event, from 0, and the rank; the names' words are not among the words.
    """

    days: np.ndarray
    words: np.ndarray
    names: np.ndarray


class Stories:
    """The current stories, each an entry of every array."""

    def __init__(self) -> None:
        self.start = self.last = self.rate = np.zeros(0)
        self.words = np.zeros((0, STORY_WORDS), np.int64)
        self.names = np.zeros((0, STORY_NAMES), np.int64)

    def go_on(self, random: np.random.Generator, day: float, new: int) -> None:
        """Remove stories that ended before a day, and start as many new ones in the month from that day."""
        going = np.flatnonzero(self.start + self.last > day)
        start = day + random.uniform(0, STEP, new)
        last = np.exp(random.uniform(*np.log(LASTS), new))
        size = random.pareto(1.6, new) + 0.3
        self.start, self.last = np.append(self.start[going], start), np.append(self.last[going], last)
        self.rate = np.append(self.rate[going], size / last)
        words = WORDS.draw(random, new * STORY_WORDS, STORY_FROM).reshape(new, -1)
        names = NAMES.draw(random, new * STORY_NAMES).reshape(new, -1)
        self.words, self.names = np.concatenate([self.words[going], words]), np.concatenate([self.names[going], names])

    def draw(self, random: np.random.Generator, day: float, days: float, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return random stories, and the days of their events in the month from a day."""
        begin, end = np.maximum(self.start, day), np.minimum(self.start + self.last, day + days)
        # A story has most of its events early: the rate falls in a straight line to nothing.
        left = 1 - ((begin + end) / 2 - self.start) / self.last
        weights = np.cumsum(self.rate * np.maximum(end - begin, 0) * left)
        which = np.searchsorted(weights, random.uniform(0, weights[-1], n), "right")
        return which, begin[which] + random.uniform(0, 1, n) * (end - begin)[which]


def months(n: int, seed: int = 0) -> Iterator[Month]:
    """Yield the n events of an archive, a month at a time."""
    random, stories = np.random.default_rng(seed), Stories()
    starts = range(0, DAYS, STEP)
    bounds = [n * min(start, DAYS) // DAYS for start in (*starts, DAYS)]
    new = n * STEP / DAYS * IN_STORIES / PER_STORY
    for start in range(-36 * STEP, 0, STEP):  # stories that have begun before
        stories.go_on(random, start, int(random.poisson(new)) + 1)
    for start, (first, end) in zip(starts, pairwise(bounds), strict=True):
        stories.go_on(random, start, int(random.poisson(new)) + 1)
        if end > first:
            yield _month(random, stories, start, end - first)


def _month(random: np.random.Generator, stories: Stories, start: int, n: int) -> Month:
    days_here = min(STEP, DAYS - start)
    days = start + random.uniform(0, days_here, n)
    inside = np.flatnonzero(random.uniform(size=n) < IN_STORIES)
    which, days[inside] = stories.draw(random, start, days_here, len(inside))
    names, words = [], []
    for rank_lists, again, found in ((stories.names[which], NAME_AGAIN, names), (stories.words[which], WORD_AGAIN, words)):
        # Which of a story's words return is a matter of their place: the first are in most of its events.
        likely = np.linspace(min(1.0, 1.6 * again), 0.4 * again, rank_lists.shape[1])
        row, place = np.nonzero(random.uniform(size=rank_lists.shape) < likely)
        found.append(np.column_stack([inside[row], rank_lists[row, place]]))
    alone = np.full(n, NAMES_ALONE)
    alone[inside] /= 2
    n_alone = random.poisson(alone)
    names.append(np.column_stack([np.repeat(np.arange(n), n_alone), NAMES.draw(random, int(n_alone.sum()))]))
    all_names = _once(names)
    length = random.integers(*LENGTHS, n) * (1 - FUNCTION_SHARE)
    taken = np.bincount(words[0][:, 0], minlength=n) + np.bincount(all_names[:, 0], 2 - _is_place(all_names[:, 1]), minlength=n)
    n_words = np.maximum(1, np.rint(length - taken)).astype(np.int64)
    words.append(np.column_stack([np.repeat(np.arange(n), n_words), WORDS.draw(random, int(n_words.sum()))]))
    order = np.argsort(days, kind="stable")
    place = np.argsort(order)
    parts = [_once([np.column_stack([place[pairs[:, 0]], pairs[:, 1]])]) for pairs in (_once(words), all_names)]
    return Month(np.minimum(days[order], DAYS - 1).astype(np.int64), *parts)


def _once(pairs: list[np.ndarray]) -> np.ndarray:
    """Return each pair once, sorted."""
    return np.unique(np.concatenate(pairs), axis=0)


# ------------------------------------------------------------------ words and names

_ONSETS = ["br", "kl", "dr", "fl", "gr", "pl", "pr", "sk", "sp", "tr", "vl", "zn", "zv", "kr"]
_STARTS = [onset + vowel for onset in _ONSETS for vowel in "aeiou"]
_NEXT = [onset + vowel for onset in "bdfgklmnprstvz" for vowel in "aeiou"]
_NAME_STARTS = [vowel + onset for vowel in "aeiou" for onset in "bdfgklmnprstvz"]
_GIVEN, _LAST = 400, 15_013


def word(rank: int, starts: Sequence[str] = _STARTS) -> str:
    """Return the invented word of a rank, unique to it: two syllables for the first 4,900 ranks, then more."""
    rest, first = divmod(rank, len(starts))
    syllables = []
    while True:
        rest, syllable = divmod(rest, len(_NEXT))
        syllables.append(_NEXT[syllable])
        if not rest:
            return starts[first] + "".join(syllables)
        rest -= 1


def name(rank: int) -> str:
    """Return the name of a topic, of one word for places and two for people; the first six million are unique."""
    first, last = (word(part, _NAME_STARTS).capitalize() for part in _parts(rank))
    return f"{last}land" if _is_place(rank) else f"{first} {last}son"


def _parts(rank: Any) -> tuple[Any, Any]:
    """Return the numbers of the words of a name: few words in many pairs, no two of which are the same."""
    return rank * 7919 % _GIVEN, rank % _LAST


def _is_place(rank: Any) -> Any:
    return (rank % 3 == 0) & (rank < _LAST)


def known() -> tuple[list[str], list[str]]:
    """Return the words of the library's word space, commonest first, and its topics, in no particular order."""
    from relatedstories.features.vectors import background
    from relatedstories.features.word_space import default_space

    space, shares = default_space(), background()
    words = sorted(space.terms, key=lambda term: (-shares.get(term, 0), zlib.crc32(term.encode())))
    return words, [topic.title() for topic in sorted(space.topics, key=lambda topic: zlib.crc32(topic.encode()))]


# ------------------------------------------------------------------ what is made


def events(n: int, seed: int = 0, with_known: bool = False) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Yield records that the library can read, each with the names of the topics that its title was generated from.

    Parameters
    ----------
    n : int
    seed : int
    with_known : bool
        Whether the commonest words and topics are those that the library knows.
    """
    random, (known_words, known_names) = np.random.default_rng([seed, 1]), known() if with_known else ([], [])
    number = 0
    for month in months(n, seed):
        words, names = (_lists(random.permutation(pairs), len(month.days)) for pairs in (month.words, month.names))
        for day, own_words, own_names in zip(month.days.tolist(), words, names, strict=True):
            topics = [known_names[rank] if rank < len(known_names) else name(rank) for rank in own_names]
            said = [known_words[rank] if rank < len(known_words) else word(rank) for rank in own_words]
            title = _title(random, said, topics)
            date = FIRST_DAY + dt.timedelta(day)
            yield {"id": f"{date}-{number:08d}", "date": str(date), "title": title}, topics
            number += 1


def _lists(pairs: np.ndarray, n: int) -> list[list[int]]:
    """Yield the ranks of each event, in their order."""
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    bounds = np.cumsum(np.bincount(pairs[:, 0], minlength=n))[:-1]
    return [part.tolist() for part in np.split(pairs[:, 1], bounds)]


def _title(random: np.random.Generator, words: list[str], topics: list[str]) -> str:
    """Return a title: a topic first, the others among the words, with function words before some of them."""
    parts = list(topics[:1])
    step = len(words) // max(1, len(topics))
    draws = random.random(len(words) + len(topics)).tolist()
    for place, said in enumerate(words):
        if step and place and place % step == 0 and place // step < len(topics):
            parts.append(topics[place // step])
        if (share := draws[place] * (1 - FUNCTION_SHARE)) < FUNCTION_SHARE:
            parts.append(FUNCTION_WORDS[int(share / FUNCTION_SHARE * len(FUNCTION_WORDS))])
        parts.append(said)
    parts += topics[1:] if not step else []
    title = " ".join(parts)
    return f"{title[0].upper()}{title[1:]}."


def matrix(n: int, seed: int = 0) -> tuple[sp.csr_array, np.ndarray]:
    """Return the rows of an archive's terms and topics as an index weights them, and the events' days, without making text.

    Returns
    -------
    rows : scipy.sparse.csr_array of float32
        Of unit length; some 19 weights each.
    days : ndarray of int32
    """
    days: list[np.ndarray] = []
    terms, topics = _Pairs(), _Pairs()
    for month in months(n, seed):
        first = sum(map(len, days))
        event, rank = month.names.T
        given, last = _parts(rank)
        person = ~_is_place(rank)
        # The words of names have numbers of their own, and those of places others than those of people.
        of_names = [np.column_stack([event, last + np.where(person, 1 << 52, 1 << 53)])]
        of_names.append(np.column_stack([event[person], given[person] + (1 << 54)]))
        terms.add(_once([month.words, *of_names]), first)
        topics.add(month.names, first)
        days.append(month.days.astype(np.int32))
    return weighed(terms.matrix(n), topics.matrix(n)), np.concatenate(days)


class _Pairs:
    """Collects the rows and columns of ones of a sparse matrix."""

    def __init__(self) -> None:
        self._rows: list[np.ndarray] = []
        self._columns: list[np.ndarray] = []

    def add(self, pairs: np.ndarray, first: int) -> None:
        self._rows.append((pairs[:, 0] + first).astype(np.int32))
        self._columns.append(pairs[:, 1])

    def matrix(self, n: int) -> sp.csr_array:
        rows, columns = np.concatenate(self._rows), np.concatenate(self._columns)
        kept, columns = np.unique(columns, return_inverse=True)
        ones = np.ones(len(rows), np.float32)
        return sp.csr_array((ones, (rows, columns.astype(np.int32))), shape=(n, len(kept)))


def weighed(terms: sp.csr_array, topics: sp.csr_array, words: Sequence[str] = ()) -> sp.csr_array:
    """Return rows of counts weighted as in an index, with background frequencies if the terms are given."""
    from relatedstories.features.vectors import Counts, background, inverse_frequencies, weigh
    from relatedstories.index.adaptation import TOPIC_WEIGHT

    counts = [Counts((), part) for part in (terms, topics)]
    n, (n_terms, n_topics) = terms.shape[0], (np.bincount(part.indices, minlength=part.shape[1]) for part in (terms, topics))
    term_idf = inverse_frequencies(words, n_terms, n, background() if len(words) else None)
    return weigh(*counts, term_idf, inverse_frequencies((), n_topics, n), TOPIC_WEIGHT)


# ------------------------------------------------------------------ beside a real archive


def statistics(texts: Sequence[str], topics: Sequence[Iterable[str]] | None) -> list[tuple[str, str]]:
    """Return the statistics of an archive for `--compare`: of its words, and of its topics if it has any."""
    from relatedstories.features.vectors import count_terms, count_topics

    n = len(texts)
    terms = count_terms(texts).matrix
    found = [("events", f"{n:,}"), ("words of a title: 5%, 50%, 95%", _spread([len(text.split()) for text in texts]))]
    sizes = [size for size in (1000, 10_000, 100_000) if size <= n]
    found += [(f"vocabulary in {size:,} events", f"{len(np.unique(terms[:size].indices)):,}") for size in sizes]
    found += [(f"words: {what}", value) for what, value in _frequencies(terms)]
    keys = sp.csr_array((n, 0), dtype=np.float32)
    if topics is not None:
        keys = count_topics(topics).matrix
        found += [(f"topics: {what}", value) for what, value in _frequencies(keys)]
    rows = weighed(terms, keys)
    found += [("weights a row", f"{rows.nnz / n:.1f}"), ("weights of others met on the way, a row", f"{_met(rows):,.0f}")]
    drawn = np.sort(np.random.default_rng(0).choice(n, min(n, 300), replace=False))
    products = (rows[drawn] @ rows.T).toarray()
    products[np.arange(len(drawn)), drawn] = 0
    products.sort(axis=1)
    best = [(place, np.median(products[:, -place])) for place in (1, 5, 10) if place <= n]
    found.append(("median inner product of the 1st, 5th, 10th", ", ".join(f"{value:.2f}" for _, value in best)))
    found.append(("rows that share something with a row", f"{(products > 0).sum(axis=1).mean():,.0f}"))
    return found


def _frequencies(counts: sp.csr_array) -> list[tuple[str, str]]:
    n = counts.shape[0]
    events = -np.sort(-np.bincount(counts.indices))
    shares = [(rank, events[rank - 1] / n * 100) for rank in (1, 10, 100, 1000, 10_000) if rank <= len(events)]
    return [
        ("in an event: 5%, 50%, 95%", _spread(np.diff(counts.indptr))),
        ("different ones", f"{len(events):,}"),
        ("in one event only", f"{(events == 1).mean():.0%}"),
        ("% of events that have the 1st, 10th, 100th, ...", ", ".join(f"{share:.3g}" for _, share in shares)),
    ]


def _met(rows: sp.csr_array) -> float:
    return float((np.bincount(rows.indices).astype(float) ** 2).sum() / rows.shape[0])


def _spread(values: Sequence[int] | np.ndarray) -> str:
    return ", ".join(f"{value:.0f}" for value in np.percentile(values, [5, 50, 95])) + f"; mean {np.mean(values):.1f}"


def compare(archive: str, fields: dict[str, str], n: int, seed: int, with_topics: bool) -> None:
    """Print the statistics of the first n events of an archive, next to those of as many generated events."""
    from relatedstories import TopicExtractor, read_events

    real = list(islice(read_events(archive, fields, on_error=lambda _: None), n))
    found = [[topic.key for topic in topics] for topics in TopicExtractor().extract_many(real)] if with_topics else None
    made = list(events(len(real), seed))
    topics = [names for _, names in made] if with_topics else None
    columns = statistics([event.full_text for event in real], found), statistics([record["title"] for record, _ in made], topics)
    print("| | archive | generated |\n|---|---|---|")
    for (what, theirs), (_, ours) in zip(*columns, strict=True):
        print(f"| {what} | {theirs} | {ours} |")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n", metavar="N", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--known", action="store_true", help="use words and topics that the library knows as the commonest ones")
    parser.add_argument("--compare", metavar="ARCHIVE", help="print statistics of an archive and of a generated one")
    parser.add_argument(
        "--topics", action="store_true", help="with --compare: include topics, which takes a minute per 100,000 events"
    )
    parser.add_argument("--field", action="append", default=[], metavar="FIELD=COLUMN", help="as for relatedstories; repeatable")
    given = parser.parse_args(arguments)
    if given.compare:
        fields = dict(pair.split("=", 1) for pair in given.field)
        return compare(given.compare, fields, given.n, given.seed, given.topics)
    for record, _ in events(given.n, given.seed, given.known):
        sys.stdout.write(json.dumps(record) + "\n")
    return None


if __name__ == "__main__":
    main()
