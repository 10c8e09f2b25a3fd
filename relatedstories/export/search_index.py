"""The index by which a site is searched without a server, in pieces that a page loads as it needs them.

A piece is a script that calls the function ``relatedStories`` with its name and its value, as browsers load scripts from a disk,
too, but no other files. Events are numbers, the oldest first, so that new events add to the last pieces and leave most others as
they are. `templates/search.js` reads the pieces:

- ``about``: the number of events, where each year begins, where each piece of words begins, the commonest topics and so on;
- ``words/...``: for each term the events, topics and stories that have it, each event with where it has the term;
- ``events/...``: the titles and paths of events; ``topics/...`` and ``stories/...``: those of topics and stories;
- ``tags/...``: the topics and the story of each event; ``kinds``: the kind of each topic;
- ``having/...``: the events that have a topic; ``kind/...``: the events that have a topic of a kind.
"""

from __future__ import annotations

import functools
import itertools
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from relatedstories.export.packing import bitmap, packed
from relatedstories.export.paths import topic_stem
from relatedstories.export.plain import cut_at_word, title_of
from relatedstories.export.search_terms import search_terms
from relatedstories.export.site import Site
from relatedstories.export.story_pages import StoryPages
from relatedstories.text.languages import UNKNOWN
from relatedstories.text.terms import ENGLISH

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["SearchIndex"]

MAX_PIECE = 24_000
"""Number of characters of a piece of words, unless it is a single term."""

N_TITLES, N_TAGS, N_NAMES, N_HAVING, N_STORIES = 16, 512, 64, 16, 256
"""Number of events in a piece of titles or tags, of topics in a piece of names or events, of events whose stories are a piece."""

MIN_COMMON = 2_000
COMMON_SHARE = 0.25
"""A term that more events have than either says nothing, and its events are not listed."""

N_COMMONEST = 60
"""Number of the commonest topics, and of the largest stories, that a search without words shows first."""

MAX_TITLE = 200

_Int = TypeVar("_Int", bound=np.signedinteger[Any])

_STORY = "#"
"""What stands before the digest of a story's id, which is a term that finds the story alone."""

_TITLE, _TOPIC, _STORY_NAME = 1, 2, 4
_WEIGHT_CLASS = np.array([0, 2, 1, 3, 0, 2, 1, 3], np.int32)
"""Where an event has a term, as search.js weighs it: 3 in its title and a topic, 2 its title, 1 a topic, 0 its story alone."""


class SearchIndex:
    """Builds the pieces of the index of a site.

    Parameters
    ----------
    site : Site
    stories : StoryPages
        Of the same archive.

    Examples
    --------
    >>> from relatedstories import Event, RelatedStories
    >>> archive = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo"), Event("3", "Rain in Wales")])
    >>> site = Site(archive)
    >>> index = SearchIndex(site, StoryPages(archive.storylines(), site))
    >>> for name, text in index.pieces():
    ...     if name == "search/words/0.js":
    ...         print(text)
    relatedStories("words/0","#636eea47xi3xm   A;in CGG;more G;oslo DH A A;rain K;snow CG;wales L")
    <BLANKLINE>
    """

    def __init__(self, site: Site, stories: StoryPages) -> None:
        self._site, self._stories = site, stories
        self._oldest_first = site.oldest_first()
        number_of = np.empty(len(self._oldest_first), np.int64)
        number_of[self._oldest_first] = np.arange(len(number_of))
        self._number_of = number_of
        self._topics, self._topic_events, self._topic_bounds = self._numbered_topics()
        self._topic_number = {name: number for number, (name, _) in enumerate(self._topics)}
        self._kinds = sorted({kind for _, kind in self._topics})
        self._members = self._story_members()
        self._words, self._common = self._word_pieces()

    # ------------------------------------------------------------------ what has numbers

    def _numbered_topics(self) -> tuple[list[tuple[str, str]], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the topics that have a page, in the order of their second events, and the events of each.

        In this order the topics that new events bring are the last, and the others keep their numbers.
        """
        pages = [(name, kind, np.sort(self._number_of[places])) for name, kind, places in self._site.topic_places()]
        pages.sort(key=lambda page: (page[2][1], page[0]))
        bounds = np.cumsum([0, *(len(numbers) for _, _, numbers in pages)])
        events = np.concatenate([numbers for _, _, numbers in pages]) if pages else np.zeros(0, np.int64)
        return [(name, kind) for name, kind, _ in pages], events, bounds

    def _story_members(self) -> dict[int, tuple[int, list[int]]]:
        """Return for the first event of each story the number of the story and its events, all as numbers."""
        members = {}
        for number, page in enumerate(self._stories):
            events = np.sort(self._number_of[page.places]).tolist()
            members[events[0]] = number, events
        return dict(sorted(members.items()))

    # ------------------------------------------------------------------ words

    def _word_pieces(self) -> tuple[dict[str, str], list[str]]:
        """Return the pieces of words by where they begin, and the terms that are too common to be listed."""
        events = self._terms_of_events()
        topics = _Postings()
        for number, (name, _) in enumerate(self._topics):
            topics.add(search_terms(name), number)
        stories = _Postings()
        for first, (number, _) in self._members.items():
            page = self._stories[number]
            stories.add([*search_terms(page.name), _STORY + page.stem.rpartition("/")[2]], first)
        limit = max(MIN_COMMON, COMMON_SHARE * len(self._number_of))
        found = [postings.lists() for postings in (events, topics, stories)]
        # In the order in which scripts compare texts.
        terms = sorted({term for lists in found for term in lists}, key=lambda term: term.encode("utf-16-be"))
        common = [term for term in terms if events.count(term) > limit]
        for term in common:
            found[0][term] = ""
        lines = [" ".join((term, *(lists.get(term, "") for lists in found))).rstrip() for term in terms]
        sizes = np.cumsum([0, *(len(line) + 1 for line in lines)])
        pieces = {start: ";".join(lines[low:high]) for start, low, high in _split(terms, sizes, 0, len(terms), 0, "")}
        return pieces, common

    def _terms_of_events(self) -> _Postings:
        """Return the events of each term, each with where it has the term."""
        postings = _Postings(_WEIGHT_CLASS)
        terms_of_topic: dict[str, list[str]] = {}
        terms_of_story = [search_terms(page.name) for page in self._stories]
        story_of = {event: number for number, events in self._members.values() for event in events}
        for number, place in enumerate(self._oldest_first.tolist()):
            where = dict.fromkeys(search_terms(title_of(self._site.event(place).title)), _TITLE)
            for name, _ in self._site.topics_of(place):
                if (terms := terms_of_topic.get(name)) is None:
                    terms = terms_of_topic[name] = search_terms(name)
                for term in terms:
                    where[term] = where.get(term, 0) | _TOPIC
            if number in story_of:
                for term in terms_of_story[story_of[number]]:
                    where.setdefault(term, _STORY_NAME)
            postings.add(where, number, where.values())
        return postings

    # ------------------------------------------------------------------ pieces

    def names(self) -> Iterator[str]:
        """Yield the paths of all pieces."""
        for name, _ in self._values():
            yield f"search/{name}.js"

    def pieces(self) -> Iterator[tuple[str, str]]:
        """Yield the path and the text of each piece."""
        for name, value in self._values():
            yield f"search/{name}.js", f"relatedStories({_json(name)},{_json(value())})\n"

    def _values(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield the name of each piece, and what makes its value."""
        yield "about", self._about
        for start, text in self._words.items():
            yield f"words/{_file_name(start)}", functools.partial(str, text)
        n_events, n_topics = len(self._number_of), len(self._topics)
        for number, some in _blocks(n_events, N_TITLES):
            yield f"events/{number}", functools.partial(list, map(self._title, some))
        for number, some in _blocks(n_events, N_TAGS):
            yield f"tags/{number}", functools.partial(";".join, self._tags[some.start : some.stop])
        for number, some in _blocks(n_topics, N_NAMES):
            yield f"topics/{number}", functools.partial(list, map(self._topic, some))
        for number, some in _blocks(n_topics, N_HAVING):
            yield f"having/{number}", functools.partial(";".join, self._having[some.start : some.stop])
        yield "kinds", lambda: "".join(str(self._kinds.index(kind)) for _, kind in self._topics)
        for number, kind in enumerate(self._kinds):
            yield f"kind/{number}", functools.partial(bitmap, self._events_of_kind[kind], n_events)
        for number, firsts in itertools.groupby(self._members, lambda first: first // N_STORIES):
            yield f"stories/{number}", functools.partial(list, map(self._story, list(firsts)))

    def _about(self) -> dict[str, Any]:
        n_events = len(self._number_of)
        days = map(self._site.date, self._oldest_first.tolist())
        years, firsts = np.unique(np.array([day.year if day else 0 for day in days], np.int64), return_index=True)
        counts = np.diff(self._topic_bounds).tolist()
        commonest = sorted(range(len(counts)), key=lambda topic: (-counts[topic], topic))
        largest = sorted(self._members, key=lambda first: (-len(self._members[first][1]), -first))
        return {
            "events": n_events,
            "sizes": {"events": N_TITLES, "tags": N_TAGS, "topics": N_NAMES, "having": N_HAVING, "stories": N_STORIES},
            "years": [list(pair) for pair in zip(years.tolist(), firsts.tolist(), strict=True)],
            "kinds": [[kind, len(self._events_of_kind[kind])] for kind in self._kinds],
            "topics": [[topic, counts[topic]] for topic in commonest[:N_COMMONEST]],
            "stories": [[first, len(self._members[first][1])] for first in largest[:N_COMMONEST]],
            "common": self._common,
            "words": list(self._words),
        }

    @functools.cached_property
    def _events_of_kind(self) -> dict[str, npt.NDArray[np.int64]]:
        """The events that have a topic of each kind."""
        kinds = np.repeat([self._kinds.index(kind) for _, kind in self._topics], np.diff(self._topic_bounds))
        return {kind: np.unique(self._topic_events[kinds == number]) for number, kind in enumerate(self._kinds)}

    @functools.cached_property
    def _having(self) -> list[str]:
        """The events of each topic."""
        return packed(_differences(self._topic_events, self._topic_bounds), self._topic_bounds)

    def _title(self, number: int) -> list[str]:
        place = int(self._oldest_first[number])
        language = self._site.languages[place]
        title = cut_at_word(title_of(self._site.event(place).title), MAX_TITLE)
        entry = [title, self._site.stems[place].removeprefix("news/")]
        return entry if language == ENGLISH else [*entry, "" if language == UNKNOWN else language]

    def _topic(self, number: int) -> list[Any]:
        name, kind = self._topics[number]
        count = int(self._topic_bounds[number + 1] - self._topic_bounds[number])
        return [name, topic_stem(name).removeprefix("topics/"), self._kinds.index(kind), count]

    def _story(self, first: int) -> list[Any]:
        number, events = self._members[first]
        page = self._stories[number]
        days = [page.first.isoformat(), page.last.isoformat()] if page.first and page.last else ["", ""]
        members = packed(np.diff(events, prepend=0), np.array([0, len(events)]))[0]
        return [first, page.name, page.stem.removeprefix("stories/"), *days, members]

    @functools.cached_property
    def _tags(self) -> list[str]:
        """The tags of each event: its topics, and after a full stop how far back the first event of its story is."""
        order = np.argsort(self._topic_events, kind="stable")
        topics = np.repeat(np.arange(len(self._topics)), np.diff(self._topic_bounds))[order]
        bounds = np.searchsorted(self._topic_events[order], np.arange(len(self._number_of) + 1))
        tags = packed(_differences(topics, bounds), bounds)
        for first, (_, events) in self._members.items():
            back = packed(np.array(events) - first, np.arange(len(events) + 1))
            for event, distance in zip(events, back, strict=True):
                tags[event] += f".{distance}"
        return tags


class _Postings:
    """Collects the numbers of what has a term, in rising order, each with a class of how it has it.

    Parameters
    ----------
    classes : array of int, optional
        The classes, below 4, by what `add` is given; without them numbers have none.
    """

    def __init__(self, classes: npt.NDArray[np.int32] | None = None) -> None:
        self._classes = classes
        self._ids: dict[str, int] = {}
        self._terms, self._numbers, self._where = array("i"), array("i"), array("b")

    def add(self, terms: Iterable[str], number: int, where: Iterable[int] = ()) -> None:
        for term in terms:
            self._terms.append(self._ids.setdefault(term, len(self._ids)))
            self._numbers.append(number)
        self._where.extend(where)

    @functools.cached_property
    def _counts(self) -> npt.NDArray[np.intp]:
        """How many have each term, once all are added."""
        return np.bincount(np.array(self._terms, np.int32), minlength=len(self._ids))

    def count(self, term: str) -> int:
        """Return how many have a term."""
        return int(self._counts[self._ids[term]]) if term in self._ids else 0

    def lists(self) -> dict[str, str]:
        """Return the packed numbers of each term; where they have classes, a difference times 4 plus the class."""
        bounds = np.concatenate(([0], np.cumsum(self._counts)))
        order = np.argsort(np.array(self._terms, np.int32), kind="stable")
        values = _differences(np.array(self._numbers, np.int32)[order], bounds)
        if self._classes is not None:
            values = values * 4 + self._classes[np.array(self._where, np.int8)[order]]
        return dict(zip(self._ids, packed(values, bounds), strict=True))


def _split(
    terms: Sequence[str], sizes: npt.NDArray[np.int64], low: int, high: int, depth: int, start: str
) -> Iterator[tuple[str, int, int]]:
    """Yield the pieces that sorted terms are cut into: where each begins, the number of its first term, and of the next piece's.

    All terms from `low` to `high` have the same first `depth` letters. Pieces begin where another letter follows, so that a new
    term changes few of them.
    """
    if sizes[high] - sizes[low] <= MAX_PIECE or high - low == 1:
        yield start, low, high
        return
    groups: list[tuple[str, int]] = []
    for number in range(low, high):
        prefix = terms[number][: depth + 1]
        if not groups or groups[-1][0] != prefix:
            groups.append((prefix, number))
    ends = [number for _, number in groups[1:]] + [high]
    waiting: tuple[str, int] | None = None
    for (prefix, first), end in zip(groups, ends, strict=True):
        begin = start if first == low else prefix
        if waiting is not None and sizes[end] - sizes[waiting[1]] > MAX_PIECE:
            yield (*waiting, first)
            waiting = None
        if sizes[end] - sizes[first] > MAX_PIECE:
            if len(prefix) > depth:
                yield from _split(terms, sizes, first, end, depth + 1, begin)
            else:  # the term that all these letters are
                yield begin, first, end
        elif waiting is None:
            waiting = begin, first
    if waiting is not None:
        yield (*waiting, high)


def _blocks(n: int, size: int) -> Iterator[tuple[int, range]]:
    """Yield the number of each block of `n` things, and the numbers of these."""
    for number, first in enumerate(range(0, n, size)):
        yield number, range(first, min(n, first + size))


def _differences(values: npt.NDArray[_Int], bounds: npt.NDArray[np.int64]) -> npt.NDArray[_Int]:
    """Return the first number of each list, and how much greater each other one is than the one before it."""
    found = np.diff(values, prepend=0)
    firsts = bounds[:-1][np.diff(bounds) > 0]
    found[firsts] = values[firsts]
    return found


def _file_name(start: str) -> str:
    return start.encode().hex() or "0"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
