"""The stories of an archive, and the way from one event to another, found in the graph of its nearest events."""

from __future__ import annotations

import collections
import datetime as dt
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relatedstories.events import Event
from relatedstories.index.archive import Archive
from relatedstories.index.linker import Linker
from relatedstories.ranking.links import Links
from relatedstories.storylines.continuity import continued
from relatedstories.storylines.grouping import groups_of
from relatedstories.storylines.key_events import key_places
from relatedstories.storylines.names import common_heading, common_subject, name_of_topics, telling_topics, title_name
from relatedstories.storylines.pairs import NEIGHBOURS, Pairs, features_of, telling_weights, typical_score
from relatedstories.storylines.paths import widest_path
from relatedstories.storylines.same_story import probabilities
from relatedstories.storylines.storyline import Storyline, Storylines
from relatedstories.text.terms import ENGLISH
from relatedstories.topk.dates import NO_DATE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["StoryFinder"]


MAX_LABELLED = 8
"""The number of events of a story whose links are labelled to find a name."""


@dataclass(frozen=True)
class StoryFinder:
    """Finds stories and paths in the graph of the nearest events of all events of an archive.

    Parameters
    ----------
    linker : Linker
        Of the archive, without filters.
    n_threads : int
    progress : callable, optional
        Called with the number of events of each part that has been compared.
    """

    linker: Linker
    n_threads: int = 1
    progress: Callable[[int], object] | None = None

    @property
    def _archive(self) -> Archive:
        return self.linker.archive

    @functools.cached_property
    def _nearest(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The ids and scores of the nearest events of each event."""
        found = self.linker.retriever.first_candidates_of_all(self.n_threads, self.progress)
        ids, scores = self.linker.retriever.reranked(None, 0, *found.wait(self.progress))
        return np.ascontiguousarray(ids[:, :NEIGHBOURS]), np.ascontiguousarray(scores[:, :NEIGHBOURS])

    @functools.cached_property
    def _pairs(self) -> Pairs:
        return Pairs.of(*self._nearest)

    def path(self, start: int, end: int) -> Links | None:
        """Return the links of the path from one event to another, None if there is none."""
        pairs = self._pairs
        path = widest_path(len(self._archive), *pairs, start, end)
        if path is None:
            return None
        scores = [self._score(*sorted(step)) for step in itertools.pairwise(path)]
        return self.linker.chain(path, scores)

    def _score(self, a: int, b: int) -> float:
        first, end = np.searchsorted(self._pairs.a, [a, a + 1])
        return float(self._pairs.scores[first + np.searchsorted(self._pairs.b[first:end], b)])

    def features(self) -> tuple[Pairs, npt.NDArray[np.float64]]:
        """Return the pairs of near events and what is known of each; see `relatedstories.storylines.pairs.features_of`."""
        archive = self._archive
        weights = telling_weights(archive.topic_events, len(archive))
        ids, scores = self._nearest
        topics = archive.keys.matrix
        return self._pairs, features_of(self._pairs, ids, typical_score(scores), archive.days, topics, weights)

    def storylines(self, before: Mapping[str, Sequence[str]]) -> Storylines:
        """Return the stories, given the ids of the events of earlier ones by the id of the story."""
        archive = self._archive
        pairs, features = self.features()
        weights = probabilities(features)
        groups = [self._by_date(group) for group in groups_of(len(archive), pairs.a, pairs.b, weights)]
        centrality = self._centrality(groups, weights)
        ids, merged, split = continued([[archive.ids[number] for number in group] for group in groups], before)
        headings = collections.Counter(event.heading for event in archive.events if event.heading is not None)
        stories = [self._story(id_, group, centrality[group], headings) for id_, group in zip(ids, groups, strict=True)]
        stories.sort(key=lambda story: (story.last_day or dt.date.min, len(story)), reverse=True)
        return Storylines(stories, merged, split)

    def _labels(self, group: list[int], centrality: npt.NDArray[np.int64]) -> list[str]:
        """Return the labels of the links from the most central event of a story to others, the commonest first."""
        centre = group[int(centrality.argmax())]
        others = [number for number in group if number != centre][:MAX_LABELLED]
        row, rows = self._archive.row(centre), map(self._archive.row, others)
        counts = collections.Counter(context for other in rows for context in self.linker.contexts(row, other))
        return sorted(
            (label for label, n in counts.items() if 3 * n >= len(others) and (n > 1 or len(others) == 1)),
            key=lambda label: (-counts[label], label),
        )

    def _subject(self, group: list[int]) -> str | None:
        """Return the subject that most events of a story tell, None if it is told by few."""
        archive = self._archive
        english = (archive.events[number] for number in group if archive.languages[number] == ENGLISH)
        return common_subject(map(archive.subjects, english), len(group))

    def _by_date(self, group: list[int]) -> list[int]:
        days = self._archive.days[group]
        order = np.lexsort((np.array(group), days, days == NO_DATE))
        return [group[place] for place in order.tolist()]

    def _centrality(self, groups: Sequence[Sequence[int]], weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return how much each event belongs to its story: the sum of the probabilities of its pairs within."""
        n = len(self._archive)
        group_of = np.full(n, -1)
        for place, group in enumerate(groups):
            group_of[group] = place
        pairs = self._pairs
        within = (group_of[pairs.a] == group_of[pairs.b]) & (group_of[pairs.a] >= 0)
        sums = np.zeros(n, np.int64)
        for ends in (pairs.a[within], pairs.b[within]):
            np.add.at(sums, ends, weights[within])
        return sums

    def _story(self, id_: str, group: list[int], centrality: npt.NDArray[np.int64], headings: Mapping[str, int]) -> Storyline:
        archive = self._archive
        events = tuple([archive.events[number] for number in group])
        told = telling_topics(np.array(group), archive.keys.matrix, archive.topic_events, archive.label)
        labels, subject = functools.partial(self._labels, group, centrality), functools.partial(self._subject, group)
        name = common_heading(events, headings) or name_of_topics(told, _years_of(events), labels, subject)
        name = name or title_name(events[int(centrality.argmax())])
        key_events = tuple([events[place] for place in key_places(centrality.tolist())])
        return Storyline(id_, name, events, key_events, tuple([label.topic for label, _ in told]))


def _years_of(events: Sequence[Event]) -> range:
    """Return the years of events and the ones before and after; an empty range if one has no date."""
    years = [event.date.year for event in events if event.date is not None]
    return range(min(years) - 1, max(years) + 2) if len(years) == len(events) else range(0)
