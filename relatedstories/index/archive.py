"""The archive as an index holds it: events by id, their topics, and a sparse row of weights each."""

from __future__ import annotations

import bisect
import collections
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import scipy.sparse as sp

from relatedstories.disk.lazy_sequence import LazySequence, Source, as_line
from relatedstories.events import Event
from relatedstories.features.vectors import Counts, background, count_terms, count_topics, inverse_frequencies, weigh
from relatedstories.features.word_space import DIMENSIONS, default_space, with_user_embeddings
from relatedstories.ranking.links import Label
from relatedstories.ranking.selection import NEAR_DUPLICATE
from relatedstories.topics.checkpoint import Found
from relatedstories.topics.extractor import Topic
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.dates import ANY_DAY, NO_DATE, DateFactor, distances
from relatedstories.topk.neighbour_cache import NeighbourCache, StaleNeighbours
from relatedstories.topk.rows import Rows, csr_arrays
from relatedstories.topk.scores import blended, squared_cosine_of_many

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Archive", "Related", "Row", "Shared", "Similarity", "Weights"]

Named: TypeAlias = tuple[str, tuple[tuple[str, str, int], ...]]
"""The key of a topic, with names and kinds and how many events have each."""


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
    embedding : ndarray of int8, shape (d,)
        In the word space (`relatedstories.features.word_space`).
    held : bool
        Whether the archive holds the event as it is, not only one of its id.
    """

    event: Event
    number: int
    columns: npt.NDArray[Any]
    weights: npt.NDArray[np.float32]
    day: int
    embedding: npt.NDArray[np.int8]
    held: bool = True

    def by_column(self) -> dict[int, float]:
        """The weights by their columns."""
        return dict(zip(self.columns.tolist(), self.weights.tolist(), strict=True))

    def products(self, other: Mapping[int, float]) -> dict[int, float]:
        """The products with another row's weights, for the columns both have: parts of their inner product.

        Their sum is exact, as weights are multiples of a power of two (see `relatedstories.features.vectors`).
        """
        pairs = zip(self.columns.tolist(), self.weights.tolist(), strict=True)
        return {column: other[column] * weight for column, weight in pairs if column in other}


class Shared(NamedTuple):
    """The columns that both rows of some pairs have, sorted, and the products of their weights there, one pair after another.

    Parameters
    ----------
    columns : list of int
    products : list of float
    bounds : list of int
        Where each pair's start, and where the last's end.
    """

    columns: list[int]
    products: list[float]
    bounds: list[int]

    @classmethod
    def of(cls, products: Mapping[int, float]) -> Shared:
        """That of one pair, of `Row.products`."""
        return cls([*products], [*products.values()], [0, len(products)])


@dataclass(frozen=True, slots=True)
class Related:
    """The events of an archive related to a row, with what their scores are made of.

    Parameters
    ----------
    numbers : ndarray of int
        In their order in the archive.
    products, near : ndarray of float32
        Their inner products with the row, greater than 0, and their squared cosine to it in the word space.
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


@dataclass(frozen=True)
class Archive:
    """Events and everything that follows from them; never changed, only replaced.

    Parameters
    ----------
    events : sequence of Event
        By id, which numbers the rows.
    ids : sequence of str
        Theirs.
    days : ndarray of int32
        The day numbers of their dates, or `NO_DATE`.
    found : sequence of Found
        The topics of each.
    terms, keys : Counts
        The terms and the topics' keys in each.
    named : sequence of Named
        For each key the names and kinds that events have it under, and how many of them each.
    weights : scipy.sparse.csr_array of float32
        A row of unit length for each event: terms first, then topics.
    embeddings : ndarray of int8, shape (n_events, d)
        Their embeddings in the word space.
    nearest : NeighbourCache, optional
        The events related to each, once they have been looked for.
    earlier : StaleNeighbours, optional
        Those of the archive that this one was made of.
    """

    events: LazySequence[Event]
    ids: LazySequence[str]
    days: npt.NDArray[np.int32]
    found: LazySequence[Found]
    terms: Counts
    keys: Counts
    named: LazySequence[Named]
    weights: sp.csr_array
    embeddings: npt.NDArray[np.int8]
    nearest: NeighbourCache | None = None
    earlier: StaleNeighbours | None = None

    @functools.cached_property
    def blocks(self) -> BlockedIndex:
        """The rows as they are compared with others."""
        return BlockedIndex.of(Rows(self.weights, self.days, self.embeddings))

    @functools.cached_property
    def _fixed(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The rows' weights as compiled loops take them."""
        return csr_arrays(self.weights)

    @functools.cached_property
    def _labels(self) -> dict[int, Label]:
        return {}

    def label(self, key: int) -> Label:
        """For the number of a key its topic as a label."""
        label = self._labels.get(key)
        if label is None:
            label = self._labels[key] = Label.of(_topic(self.named[key][1]), int(self.topic_events[key]))
        return label

    def topic(self, key: int) -> Topic:
        """For the number of a key the name that readers see, and its kind."""
        return self.label(key).topic

    @functools.cached_property
    def term_events(self) -> npt.NDArray[np.intp]:
        """How many events have each term."""
        return self.terms.events()

    @functools.cached_property
    def topic_events(self) -> npt.NDArray[np.intp]:
        """How many events have each topic."""
        return self.keys.events()

    @classmethod
    def of(
        cls, events: list[Event], found: list[Found], topic_weight: float, user_embeddings: npt.NDArray[Any] | None = None
    ) -> Archive:
        """The archive of events that stand by id, their topics, and a caller's embeddings of them."""
        terms, keys = _counts(events, found)
        embeddings = default_space().embeddings(terms, keys)
        if user_embeddings is not None:
            embeddings = with_user_embeddings(embeddings, user_embeddings)
        return cls(
            LazySequence(events),
            LazySequence([event.id for event in events]),
            _days(events),
            LazySequence(found),
            terms,
            keys,
            LazySequence(_grouped(_counted(found))),
            _weights(terms, keys, topic_weight),
            embeddings,
        )

    def reweighed(self, topic_weight: float) -> Archive:
        """The archive with another weight of topics: the same as `of` its events with that, without counting again."""
        return replace(self, weights=_weights(self.terms, self.keys, topic_weight), nearest=None, earlier=None)

    @property
    def embedded(self) -> int:
        """How many numbers the user_embeddings have, 0 where the archive has none."""
        return int(self.embeddings.shape[1]) - DIMENSIONS

    def _directions(self, terms: Counts, keys: Counts, user_embeddings: npt.NDArray[Any] | None) -> npt.NDArray[np.int8]:
        """The embeddings of other events, as wide as those here."""
        embeddings = default_space().embeddings(terms, keys)
        if not self.embedded:
            return embeddings
        return with_user_embeddings(
            embeddings, np.zeros((len(embeddings), self.embedded)) if user_embeddings is None else user_embeddings
        )

    def with_events(
        self, events: list[Event], found: list[Found], topic_weight: float, user_embeddings: npt.NDArray[Any] | None = None
    ) -> Archive:
        """The archive and further events, which stand by id too: the same as `of` all of them.

        Read, counted and compared with the word space are the further ones alone. But how telling a term is depends on the
        whole archive: all rows are weighed again.
        """
        n = len(self.events)
        more_terms, more_keys = _counts(events, found)
        ids = [event.id for event in events]
        places = [bisect.bisect_left(self.ids, id_) for id_ in ids]
        order = np.insert(np.arange(n), places, np.arange(n, n + len(events)))
        terms, keys = self.terms.stack(more_terms).take(order), self.keys.stack(more_keys).take(order)
        return Archive(
            self.events.plus(events, order),
            self.ids.plus(ids, order),
            np.concatenate([self.days, _days(events)])[order],
            self.found.plus(found, order),
            terms,
            keys,
            self._named_with(keys, _counted(found)),
            _weights(terms, keys, topic_weight),
            np.concatenate([self.embeddings, self._directions(more_terms, more_keys, user_embeddings)])[order],
            earlier=self._earlier_of(order),
        )

    def without(self, numbers: set[int], topic_weight: float) -> Archive:
        """The archive less some rows: the same as `of` the rest."""
        kept = np.delete(np.arange(len(self.events)), sorted(numbers))
        terms, keys = self.terms.take(kept), self.keys.take(kept)
        gone = _counted(self.found[number] for number in numbers)
        return Archive(
            self.events.picked(kept),
            self.ids.picked(kept),
            self.days[kept],
            self.found.picked(kept),
            terms,
            keys,
            self._named_with(keys, {pair: -count for pair, count in gone.items()}),
            _weights(terms, keys, topic_weight),
            self.embeddings[kept],
            earlier=self._earlier_of(kept),
        )

    def _earlier_of(self, rows: npt.NDArray[np.intp]) -> StaleNeighbours | None:
        """What is known of the nearest of some rows of this archive, and of new ones, with numbers that none has here."""
        if self.nearest is None:
            return self.earlier and self.earlier.picked(rows)
        return StaleNeighbours(self.rows()[0], self.columns, self.nearest, np.arange(len(self.events))).picked(rows)

    @property
    def columns(self) -> tuple[Sequence[str], Sequence[str]]:
        """What the columns of the rows stand for: terms, then topics."""
        return self.terms.terms, self.keys.terms

    def keep(self, nearest: NeighbourCache) -> None:
        """Remember what was found: as with `blocks`, no answer depends on whether it is known."""
        self.__dict__.update(nearest=nearest, earlier=None)

    def _named_with(self, keys: Counts, counts: Mapping[tuple[str, str], int]) -> LazySequence[Named]:
        """The names of other keys, of which those not counted here have the same names as before."""
        places = {key: place for place, key in enumerate(self.keys.terms)}
        touched = {Topic(name).key for name, _ in counts} & places.keys()
        changed = {(name, kind): count for key in touched for name, kind, count in self.named[places[key]][1]}
        for pair, count in counts.items():
            changed[pair] = changed.get(pair, 0) + count
        others = _grouped(changed)
        places |= {key: place for place, (key, _) in enumerate(others, len(self.named))}
        return self.named.plus(others, [places[key] for key in keys.terms])

    def holds(self, number: int, event: Event) -> bool:
        """Whether an event is the one of a number in every field, which is not read for it."""
        return self.events.line(number, Event.to_dict) == as_line(event.to_dict())

    def number_of(self, id_: str) -> int:
        """The number of an event, -1 where there is none of that id."""
        return _place(self.ids, id_)

    def numbers_of(self, ids: Sequence[str]) -> list[int]:
        """The numbers of several, as `number_of` has each."""
        if 20 * len(ids) < len(self.ids):
            return [self.number_of(id_) for id_ in ids]
        numbers = {id_: number for number, id_ in enumerate(self.ids)}  # to read all once is quicker than to look for each
        return [numbers.get(id_, -1) for id_ in ids]

    def __contains__(self, id_: object) -> bool:
        """Whether it holds an event of that id."""
        return isinstance(id_, str) and self.number_of(id_) >= 0

    def row(self, number: int) -> Row:
        """A row of the archive."""
        return Row(self.events[number], number, *self.entries(number), int(self.days[number]), self.embeddings[number])

    def entries(self, number: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The columns and the weights of a row, for which its event is not read."""
        starts, columns, weights = self._fixed
        start, end = starts[number : number + 2].tolist()
        return columns[start:end], weights[start:end]

    def rows(self, rows: Sequence[Row] | None = None) -> tuple[Rows, npt.NDArray[np.int32]]:
        """Rows as they are compared, and their numbers; all of the archive's, or those given."""
        if rows is None:
            return Rows(self.weights, self.days, self.embeddings), np.arange(len(self.events), dtype=np.int32)
        starts, columns, weights = _joined(rows)
        compared = Rows(
            sp.csr_array((weights, columns, starts), shape=(len(rows), self.weights.shape[1])),
            np.array([row.day for row in rows], np.int32),
            np.stack([row.embedding for row in rows]),
        )
        return compared, np.array([row.number for row in rows], np.int32)

    def repeating(self, ids: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """For each list of numbers, filled up with -1, whether two of its events are near-duplicates."""
        from relatedstories.topk._kernel import have_near_duplicates

        found: npt.NDArray[np.bool_] = have_near_duplicates(*self._fixed, ids, NEAR_DUPLICATE)
        return found

    def shared(self, rows: Sequence[Row] | None, first: int, ids: npt.NDArray[np.int32]) -> Shared:
        """What rows share with those of a list of numbers each, filled up with -1; rows given, or the archive's from a first."""
        from relatedstories.topk._kernel import shared_columns

        ours = self._fixed if rows is None else _joined(rows)
        starts, columns, products = shared_columns(*ours, first if rows is None else 0, *self._fixed, ids)
        return Shared(columns.tolist(), products.tolist(), starts.tolist())

    def related(self, row: Row, span: tuple[int, int] = ANY_DAY) -> Related:
        """The events related to a row, within a span of days, itself left out."""
        products = self.blocks.products(row.columns, row.weights)
        listed = (products > 0) & (self.days >= span[0]) & (self.days <= span[1])
        if row.number >= 0:
            listed[row.number] = False
        numbers = np.flatnonzero(listed)
        near = squared_cosine_of_many(row.embedding, self.embeddings, numbers)
        return Related(numbers, products[numbers], near, row.day, self.days[numbers])

    def topics(self, number: int) -> tuple[Topic, ...]:
        """The topics of an event, under the names that readers see."""
        keys = [Topic(name).key for name, _ in self.found[number]]
        return tuple(self.topic(place) for place in _places(self.keys.terms, keys))

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
        column, embeddings = np.concatenate(columns), self._directions(terms, keys, None)
        rows = []
        for number, event in enumerate(events):
            part = slice(weights.indptr[number], weights.indptr[number + 1])
            ours_of_row = column[weights.indices[part]]
            shared = ours_of_row >= 0
            known, theirs = self.number_of(event.id), weights.data[part][shared]
            rows.append(Row(event, known, ours_of_row[shared], theirs, _day(event), embeddings[number], held=False))
        return rows

    # ------------------------------------------------------------------ to and from arrays and JSON

    def parts(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Iterable[bytes]]]:
        """What makes up the archive: arrays, and lines of JSON, by name."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, matrix in (("weights", self.weights), ("terms", self.terms.matrix), ("topics", self.keys.matrix)):
            arrays |= {f"{name}-indptr": matrix.indptr, f"{name}-indices": matrix.indices, f"{name}-data": matrix.data}
        arrays |= {"days": self.days, "embeddings": self.embeddings, **self.blocks.parts()}
        arrays |= self.nearest.parts() if self.nearest else {}
        documents: dict[str, Iterable[bytes]] = {
            "events": self.events.lines(Event.to_dict),
            "ids": self.ids.lines(),
            "topics-found": self.found.lines(),
            "terms": map(as_line, self.terms.terms),
            "topics": self.named.lines(),
        }
        return arrays, documents

    @classmethod
    def of_parts(cls, arrays: Mapping[str, npt.NDArray[Any]], documents: Mapping[str, Source]) -> Archive:
        """The archive that `parts` came from; the arrays are used as they are, and may be memory-mapped.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a part is missing or of the wrong form.
        """
        events, ids, found, terms, topics = (documents[name] for name in ("events", "ids", "topics-found", "terms", "topics"))
        everything = range(len(events))
        archive = cls(
            LazySequence(everything, events, Event.from_dict),
            LazySequence(everything, ids),
            arrays["days"],
            LazySequence(everything, found, lambda pairs: tuple((name, kind) for name, kind in pairs)),
            Counts(LazySequence(range(len(terms)), terms), _matrix(arrays, "terms", len(terms))),
            Counts(LazySequence(range(len(topics)), topics, lambda topic: str(topic[0])), _matrix(arrays, "topics", len(topics))),
            LazySequence(
                range(len(topics)), topics, lambda topic: (topic[0], tuple((name, kind, n) for name, kind, n in topic[1]))
            ),
            _matrix(arrays, "weights", len(terms) + len(topics)),
            arrays["embeddings"],
            NeighbourCache.of_parts(arrays),
        )
        archive.__dict__["blocks"] = BlockedIndex.of_parts(arrays, archive.embeddings)  # as if made already
        return archive


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
        columns, weights = self._archive.entries(number)
        first = self._first.setdefault((columns.tobytes(), weights.tobytes()), number)
        if first == number:
            self._rows[number] = number, dict(zip(columns.tolist(), weights.tolist(), strict=True))
        else:
            self._rows[number] = self._rows[first]
        return self._rows[number]


def _joined(rows: Sequence[Row]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Rows as `csr_arrays` has those of a matrix, which takes longer to make."""
    starts = np.cumsum([0, *(len(row.columns) for row in rows)], dtype=np.int64)
    columns = np.concatenate([row.columns for row in rows], dtype=np.int32)
    parts = starts, columns, np.concatenate([row.weights for row in rows])
    for part in parts:
        part.flags.writeable = False
    return parts


def _counts(events: Sequence[Event], found: Sequence[Found]) -> tuple[Counts, Counts]:
    keys = ([Topic(name).key for name, _ in pairs] for pairs in found)
    return count_terms(event.full_text for event in events), count_topics(keys)


def _weights(terms: Counts, keys: Counts, topic_weight: float) -> sp.csr_array:
    n = terms.matrix.shape[0]
    term_idf = inverse_frequencies(terms.terms, terms.events(), n, background())
    topic_idf = inverse_frequencies(keys.terms, keys.events(), n)
    return weigh(terms, keys, term_idf, topic_idf, topic_weight)


def _counted(found: Iterable[Found]) -> collections.Counter[tuple[str, str]]:
    return collections.Counter(chain.from_iterable(found))


def _grouped(counts: Mapping[tuple[str, str], int]) -> list[Named]:
    """Names, kinds and counts by key, those of none left out."""
    grouped: dict[str, list[tuple[str, str, int]]] = collections.defaultdict(list)
    for (name, kind), count in sorted(counts.items()):
        if count:
            grouped[Topic(name).key].append((name, kind, count))
    return [(key, tuple(named)) for key, named in sorted(grouped.items())]


def _topic(named: tuple[tuple[str, str, int], ...]) -> Topic:
    """The name and kind that most events have; where several do, the first of them by alphabet."""
    if len(named) == 1:
        return Topic(*named[0][:2])
    names: collections.Counter[str] = collections.Counter()
    kinds: collections.Counter[str] = collections.Counter()
    for name, kind, count in named:
        names[name] += count
        kinds[kind] += count * (kind != "thing")  # what an editor gave, or the name table found, is of no known kind
    return Topic(_commonest(names), _commonest(kinds))


def _commonest(counter: collections.Counter[str]) -> str:
    return min(counter, key=lambda item: (-counter[item], item))


def _place(known: Sequence[str], text: str) -> int:
    """Where a text stands among sorted ones, -1 where it does not."""
    place = bisect.bisect_left(known, text)
    return place if place < len(known) and known[place] == text else -1


def _places(known: Sequence[str], terms: Sequence[str]) -> npt.NDArray[np.intp]:
    return np.fromiter((_place(known, term) for term in terms), np.intp, len(terms))


def _day(event: Event) -> int:
    return NO_DATE if event.date is None else event.date.toordinal()


def _days(events: Sequence[Event]) -> npt.NDArray[np.int32]:
    return np.array([_day(event) for event in events], np.int32)


def _matrix(arrays: Mapping[str, npt.NDArray[Any]], name: str, n_columns: int) -> sp.csr_array:
    data, indices, indptr = (arrays[f"{name}-{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_array((data, indices, indptr), shape=(len(indptr) - 1, n_columns))
