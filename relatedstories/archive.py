"""The archive as an index holds it: events by id, their topics, and a sparse row of weights each."""

from __future__ import annotations

import bisect
import collections
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import scipy.sparse as sp

from relatedstories.events import Event
from relatedstories.space import DIMENSIONS, default_space, joined, nearness
from relatedstories.topics import Topic
from relatedstories.topk import ANY_DAY, NO_DATE, DateFactor, Postings, blended, distances
from relatedstories.vectors import Counts, background, count_terms, count_topics, inverse_frequencies, weigh

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Archive", "Found", "Related", "Row", "Similarity", "Weights"]

Found: TypeAlias = tuple[tuple[str, str], ...]
"""The names and kinds of an event's topics."""


class Weights(NamedTuple):
    """The settings that make scores, see `relatedstories.RelatedStories`."""

    topic_weight: float
    space_weight: float
    half_life: float
    date_floor: float

    @property
    def date_factor(self) -> DateFactor:
        """What scores are multiplied by."""
        return _date_factor(self.half_life, self.date_floor)


_date_factor = functools.lru_cache(64)(DateFactor)  # as many as `tune` tries; each has a table


@dataclass(frozen=True, slots=True)
class Row:
    """An event with its weights.

    Parameters
    ----------
    event : Event
    number : int
        Its place in the archive, -1 where that does not hold it.
    columns : ndarray of int
        Sorted; a term or topic of the archive each.
    weights : ndarray of float32
    day : int
        The day number of its date, or `NO_DATE`.
    direction : ndarray of int8, shape (d,)
        In the word space (`relatedstories.space`).
    """

    event: Event
    number: int
    columns: npt.NDArray[Any]
    weights: npt.NDArray[np.float32]
    day: int
    direction: npt.NDArray[np.int8]

    def by_column(self) -> dict[int, float]:
        """The weights by their columns."""
        return dict(zip(self.columns.tolist(), self.weights.tolist(), strict=True))

    def products(self, other: Mapping[int, float]) -> dict[int, float]:
        """The products with another row's weights, for the columns both have: parts of their inner product.

        Their sum is exact, as weights are multiples of a power of two (see `relatedstories.vectors`).
        """
        pairs = zip(self.columns.tolist(), self.weights.tolist(), strict=True)
        return {column: other[column] * weight for column, weight in pairs if column in other}


@dataclass(frozen=True, slots=True)
class Related:
    """The events of an archive related to a row, with what their scores are made of.

    Parameters
    ----------
    numbers : ndarray of int
        In their order in the archive.
    products, near : ndarray of float32
        Their inner products with the row, greater than 0, and their nearness to it (`relatedstories.space.nearness`).
    day : int
        That of the row.
    days : ndarray of int32
    """

    numbers: npt.NDArray[np.intp]
    products: npt.NDArray[np.float32]
    near: npt.NDArray[np.float32]
    day: int
    days: npt.NDArray[np.int32]

    def best_first(self, weights: Weights, least: float) -> Iterator[tuple[int, float]]:
        """Their numbers and scores, best first, down to a score of `least`."""
        factors = weights.date_factor.of(self.day, self.days)
        scores = blended(self.products, self.near, weights.space_weight, factors)
        good = (scores > 0) & (scores >= np.float32(least))
        numbers, scores, apart = self.numbers[good], scores[good], distances(self.day, self.days[good])
        parts = [np.ones(len(numbers), bool)]
        if len(numbers) > 4 * _HEAD:  # a list seldom needs more than the best, of which only these are sorted then
            best = scores >= np.partition(scores, -_HEAD)[-_HEAD]
            parts = [best, ~best]
        for part in parts:
            order = np.lexsort((numbers[part], apart[part], -scores[part]))
            yield from zip(numbers[part][order].tolist(), scores[part][order].tolist(), strict=True)


_HEAD = 64  # as many as lists of a dozen need, near-duplicates and what rules pass over included


@dataclass(frozen=True, slots=True)
class Archive:
    """Events and everything that follows from them; never changed, only replaced.

    Parameters
    ----------
    events : list of Event
        By id, which numbers the rows.
    found : list of Found
        The topics of each.
    terms, keys : Counts
        The terms and the topics' keys in each.
    names : list of Topic
        For each key the name that readers see, and its kind.
    weights : scipy.sparse.csr_array of float32
        A row of unit length for each event: terms first, then topics.
    postings : Postings
        The same by column.
    directions : ndarray of int8, shape (n_events, d)
        Their directions in the word space.
    """

    events: list[Event]
    found: list[Found]
    terms: Counts
    keys: Counts
    names: list[Topic]
    weights: sp.csr_array
    postings: Postings
    directions: npt.NDArray[np.int8]
    days: npt.NDArray[np.int32] = field(init=False)
    term_events: npt.NDArray[np.intp] = field(init=False)
    topic_events: npt.NDArray[np.intp] = field(init=False)
    number_of: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "days", np.array([_day(event) for event in self.events], np.int32))
        put(self, "term_events", self.terms.events())
        put(self, "topic_events", self.keys.events())
        put(self, "number_of", {event.id: number for number, event in enumerate(self.events)})

    @classmethod
    def of(
        cls, events: list[Event], found: list[Found], topic_weight: float, embeddings: npt.NDArray[Any] | None = None
    ) -> Archive:
        """The archive of events that stand by id, their topics, and a caller's embeddings of them."""
        terms, keys = _counts(events, found)
        directions = default_space().directions(terms, keys)
        if embeddings is not None:
            directions = joined(directions, embeddings)
        return cls._weighed(events, found, terms, keys, directions, topic_weight)

    @classmethod
    def _weighed(
        cls,
        events: list[Event],
        found: list[Found],
        terms: Counts,
        keys: Counts,
        directions: npt.NDArray[np.int8],
        topic_weight: float,
    ) -> Archive:
        weights = _weights(terms, keys, topic_weight)
        return cls(events, found, terms, keys, _names_of(keys, found), weights, Postings.of(weights), directions)

    def reweighed(self, topic_weight: float) -> Archive:
        """The archive with another weight of topics: the same as `of` its events with that, without counting again."""
        weights = _weights(self.terms, self.keys, topic_weight)
        return replace(self, weights=weights, postings=Postings.of(weights))

    @property
    def embedded(self) -> int:
        """How many numbers the embeddings have, 0 where the archive has none."""
        return int(self.directions.shape[1]) - DIMENSIONS

    def _directions(self, terms: Counts, keys: Counts, embeddings: npt.NDArray[Any] | None) -> npt.NDArray[np.int8]:
        """The directions of other events, as wide as those here."""
        directions = default_space().directions(terms, keys)
        if not self.embedded:
            return directions
        return joined(directions, np.zeros((len(directions), self.embedded)) if embeddings is None else embeddings)

    def with_events(
        self, events: list[Event], found: list[Found], topic_weight: float, embeddings: npt.NDArray[Any] | None = None
    ) -> Archive:
        """The archive and further events: the same as `of` all of them, without counting these again."""
        terms, keys = _counts(events, found)
        all_events, all_found = self.events + events, self.found + found
        order = np.array(sorted(range(len(all_events)), key=lambda i: all_events[i].id), np.intp)
        return self._weighed(
            [all_events[i] for i in order],
            [all_found[i] for i in order],
            self.terms.stack(terms).take(order),
            self.keys.stack(keys).take(order),
            np.concatenate([self.directions, self._directions(terms, keys, embeddings)])[order],
            topic_weight,
        )

    def without(self, numbers: set[int], topic_weight: float) -> Archive:
        """The archive less some rows: the same as `of` the rest."""
        kept = np.array([number for number in range(len(self.events)) if number not in numbers], np.intp)
        events, found = [self.events[i] for i in kept], [self.found[i] for i in kept]
        return self._weighed(events, found, self.terms.take(kept), self.keys.take(kept), self.directions[kept], topic_weight)

    def row(self, number: int) -> Row:
        """A row of the archive."""
        part = slice(self.weights.indptr[number], self.weights.indptr[number + 1])
        columns, weights = self.weights.indices[part], self.weights.data[part]
        return Row(self.events[number], number, columns, weights, int(self.days[number]), self.directions[number])

    def related(self, row: Row, span: tuple[int, int] = ANY_DAY) -> Related:
        """The events related to a row, within a span of days, itself left out."""
        products = self.postings.products(row.columns, row.weights)
        listed = (products > 0) & (self.days >= span[0]) & (self.days <= span[1])
        if row.number >= 0:
            listed[row.number] = False
        numbers = np.flatnonzero(listed)
        near = nearness(row.direction, self.directions, numbers)
        return Related(numbers, products[numbers], near, row.day, self.days[numbers])

    def topics(self, number: int) -> tuple[Topic, ...]:
        """The topics of an event, under the names that readers see."""
        keys = [Topic(name).key for name, _ in self.found[number]]
        return tuple(self.names[place] for place in _places(self.keys.terms, keys))

    def rows_for(self, events: list[Event], found: list[Found], topic_weight: float) -> list[Row]:
        """Rows for events that the archive does not hold, weighed by its frequencies."""
        terms, keys = _counts(events, found)
        # A term that the archive lacks takes its part of the row's length, though nothing shares it.
        columns, idf = [], []
        for ours, theirs, events_with, shares, first in (
            (self.terms, terms, self.term_events, background(), 0),
            (self.keys, keys, self.topic_events, None, len(self.terms.terms)),
        ):
            place = _places(ours.terms, theirs.terms)
            with_each = np.array([events_with[i] if i >= 0 else 0 for i in place])
            idf.append(inverse_frequencies(theirs.terms, with_each, len(self.events), shares))
            columns.append(np.where(place >= 0, place + first, -1))
        weights = weigh(terms, keys, idf[0], idf[1], topic_weight)
        column, directions = np.concatenate(columns), self._directions(terms, keys, None)
        rows = []
        for number, event in enumerate(events):
            part = slice(weights.indptr[number], weights.indptr[number + 1])
            ours_of_row = column[weights.indices[part]]
            shared = ours_of_row >= 0
            known, held = self.number_of.get(event.id, -1), weights.data[part][shared]
            rows.append(Row(event, known, ours_of_row[shared], held, _day(event), directions[number]))
        return rows

    # ------------------------------------------------------------------ to and from arrays and JSON

    def parts(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """What makes up the archive: arrays, and values as JSON has them, by name."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, matrix in (("weights", self.weights), ("terms", self.terms.matrix), ("topics", self.keys.matrix)):
            arrays |= {f"{name}-indptr": matrix.indptr, f"{name}-indices": matrix.indices, f"{name}-data": matrix.data}
        arrays["directions"] = self.directions
        arrays |= {f"postings-{name}": getattr(self.postings, name) for name in ("starts", "rows", "weights")}
        documents = {
            "events": [event.to_dict() for event in self.events],
            "topics-found": self.found,
            "terms": self.terms.terms,
            "topics": [(key, topic.name, topic.kind) for key, topic in zip(self.keys.terms, self.names, strict=True)],
        }
        return arrays, documents

    @classmethod
    def of_parts(cls, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, Any]) -> Archive:
        """The archive that `parts` came from; the arrays are used as they are, and may be memory-mapped.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a part is missing or of the wrong form.
        """
        keys = documents["topics"]
        n_terms, n_keys = len(documents["terms"]), len(keys)
        events = [Event.from_dict(record) for record in documents["events"]]
        return cls(
            events,
            [tuple((name, kind) for name, kind in pairs) for pairs in documents["topics-found"]],
            Counts(tuple(documents["terms"]), _matrix(arrays, "terms", n_terms)),
            Counts(tuple(key for key, _, _ in keys), _matrix(arrays, "topics", n_keys)),
            [Topic(name, kind) for _, name, kind in keys],
            _matrix(arrays, "weights", n_terms + n_keys),
            Postings(arrays["postings-starts"], arrays["postings-rows"], arrays["postings-weights"], len(events)),
            arrays["directions"],
        )


class Similarity:
    """The inner products of an archive's rows, as one answer compares them.

    Each row is read once, each pair compared once, and of rows that are the same to the letter only the first: an archive
    may hold a wire story a hundred times.

    Parameters
    ----------
    archive : Archive

    Examples
    --------
    >>> events = [Event("1", "Snow falls"), Event("2", "Snow falls"), Event("3", "It rains")]
    >>> similarity = Similarity(Archive.of(events, [(), (), ()], 0.25))
    >>> similarity(0, 1) > 0.99, similarity(0, 2)
    (True, 0)
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._first: dict[tuple[bytes, bytes], int] = {}
        self._rows: dict[int, tuple[int, dict[int, float]]] = {}
        self._known: dict[tuple[int, int], float] = {}

    def __call__(self, a: int, b: int) -> float:
        """The inner product of the rows of two numbers."""
        first, ours = self._rows.get(a) or self._row(a)
        second, theirs = self._rows.get(b) or self._row(b)
        pair = (first, second) if first < second else (second, first)
        product = self._known.get(pair)
        if product is None:  # the sum is exact in whatever order, see Row.products
            product = self._known[pair] = sum([ours[column] * theirs[column] for column in ours.keys() & theirs.keys()])
        return product

    def _row(self, number: int) -> tuple[int, dict[int, float]]:
        row = self._archive.row(number)
        first = self._first.setdefault((row.columns.tobytes(), row.weights.tobytes()), number)
        self._rows[number] = self._rows[first] if first != number else (number, row.by_column())
        return self._rows[number]


def _counts(events: Sequence[Event], found: Sequence[Found]) -> tuple[Counts, Counts]:
    keys = ([Topic(name).key for name, _ in pairs] for pairs in found)
    return count_terms(event.full_text for event in events), count_topics(keys)


def _weights(terms: Counts, keys: Counts, topic_weight: float) -> sp.csr_array:
    n = terms.matrix.shape[0]
    term_idf = inverse_frequencies(terms.terms, terms.events(), n, background())
    topic_idf = inverse_frequencies(keys.terms, keys.events(), n)
    return weigh(terms, keys, term_idf, topic_idf, topic_weight)


def _names_of(keys: Counts, found: Iterable[Found]) -> list[Topic]:
    """For each key the name and kind that most events have; where several do, the first of them by alphabet."""
    names: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    kinds: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for pairs in found:
        for name, kind in pairs:
            key = Topic(name).key
            names[key][name] += 1
            kinds[key][kind] += kind != "thing"  # what an editor gave, or the name table found, is of no known kind
    return [Topic(_commonest(names[key]), _commonest(kinds[key])) for key in keys.terms]


def _commonest(counter: collections.Counter[str]) -> str:
    return min(counter, key=lambda item: (-counter[item], item))


def _places(known: Sequence[str], terms: Sequence[str]) -> npt.NDArray[np.intp]:
    """Where each term stands among the sorted known ones, -1 where it does not."""
    places = (bisect.bisect_left(known, term) for term in terms)
    found = (place if place < len(known) and known[place] == term else -1 for place, term in zip(places, terms, strict=True))
    return np.fromiter(found, np.intp, len(terms))


def _day(event: Event) -> int:
    return NO_DATE if event.date is None else event.date.toordinal()


def _matrix(arrays: Mapping[str, npt.NDArray[Any]], name: str, n_columns: int) -> sp.csr_array:
    data, indices, indptr = (arrays[f"{name}-{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_array((data, indices, indptr), shape=(len(indptr) - 1, n_columns))
