"""The last refresh with an index, and what the next one need not do again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from relatedstories.changes import DigestedTarget, Target, TargetOfPages
from relatedstories.event_stream import DigestedEvents
from relatedstories.events import Event
from relatedstories.index.last_lists import LastLists
from relatedstories.index.last_refresh import LastRefresh, basis_of_links
from relatedstories.index.list_workers import started_early
from relatedstories.index.relisting import Relisting, reason_against

if TYPE_CHECKING:
    from relatedstories.index.stories import RelatedStories
    from relatedstories.ranking.filters import LinkFilters

__all__ = ["MOST_BEHIND", "LastRun", "Left"]

MOST_BEHIND = 0.1
"""The part of an archive that may be added, edited or removed before all lists are made again."""


class Left(NamedTuple):
    """The lists that a refresh leaves.

    Parameters
    ----------
    lists : LastLists
    ids : list of str
        Those of all events, in the order of the archive.
    behind : int
        As of `LastRefresh`.
    """

    lists: LastLists
    ids: list[str]
    behind: int


class LastRun:
    """The last refresh with an index, and whether this one would do the same again.

    Parameters
    ----------
    index : Path
    stories, k, filters, target, events
        What this refresh is about.
    may_stay : bool
        Whether lists may stay that differ from those of now by rounding alone.
    """

    def __init__(
        self,
        index: Path,
        stories: RelatedStories,
        k: int,
        filters: LinkFilters,
        target: Target,
        events: Iterable[Event],
        may_stay: bool,
    ) -> None:
        self._index, self._stories, self._k, self._filters = index, stories, k, filters
        self._target = target if isinstance(target, DigestedTarget) else None
        self._pages = target if isinstance(target, TargetOfPages) else None
        self._events = events if isinstance(events, DigestedEvents) else None
        self._may_stay = may_stay
        self.left = LastRefresh.read(index)
        self._source: str | None = None
        known = None if self.left is None else self.left.source
        if self._events is not None and (known is None or self._events.may_have(known)):
            self._source = self._events.digest()
        self._digest: str | None = None

    @property
    def behind(self) -> int:
        """Number of events that were added, edited or removed since all lists were made."""
        return 0 if self.left is None else self.left.behind

    @property
    def source_is_same(self) -> bool:
        """Whether its events were read from what is still the same, so that they are known without reading them."""
        return self.left is not None and self._source is not None and self._source == self.left.source

    @property
    def links_are_same(self) -> bool:
        """Whether its links would be made again, and are still as it left them."""
        return (
            self.left is not None
            and (self._may_stay or not self.left.behind)
            and self.left.checksum == self._stories.checksum_in(self._index)
            and self.left.basis == self._basis
            and self._links_are_untouched
        )

    @property
    def _links_are_untouched(self) -> bool:
        if self.left is None or self._target is None:
            return False
        self._digest = self._digest or self._target.digest()  # nobody else may write them during the run
        return self.left.links == self._digest

    @property
    def _basis(self) -> str | None:
        return basis_of_links(self._stories, self._k, self._filters)

    def workers_started(self, n_workers: int) -> AbstractContextManager[None]:
        """Start the processes that will make lists, which get ready with its index while the block reads events."""
        n_events = len(self._stories) if self.left is not None and self._stories.keeps_topics else 0
        return started_early(self._index, n_events, self._filters, n_workers)

    def relisting(self) -> Relisting | str:
        """Return, before the archive is brought up to date, what makes only lists that can have changed; or why all are made."""
        if self.left is None:
            return "there is no record of a refresh with this index"
        if self._target is None and self._pages is None:
            return "nothing tells whether the links are as the last refresh left them"
        if self._stories.checksum_in(self._index) != self.left.checksum:
            return "the index is not as the last refresh left it"
        if not self._stories.keeps_topics:
            return "topics are found by another extractor"
        if (reason := reason_against(self._stories, self._k, self._filters)) is not None:
            return reason
        if self.left.basis != self._basis:
            return "the last refresh had other options or settings, or was of another version"
        if self._pages is not None:
            if (form := self._pages.form()) is None:
                return "links between notes depend on the names of all notes"
            if form != self.left.links:
                return "the last refresh wrote links in another form, or in another place"
        elif not self._links_are_untouched:
            return "the links are not as the last refresh left them"
        if (lists := LastLists.read(self._index, self.left.lists)) is None:
            return "there is no record of the lists of the last refresh"
        return Relisting(self._stories, lists, self._k, self._filters, None if self._pages is None else self._pages.pages())

    def replace(self, new: Left | None, counts: dict[str, int]) -> None:
        """Keep what this refresh did with the index, which was saved, for the next one; None if its links were as they are."""
        source = None if self._events is None else self._events.read_from
        if new is None:
            if self.left is not None and source is not None and source != self.left.source:
                self.left._replace(source=source).write(self._index)
            return
        checksum, basis, links, lists = self._stories.checksum_in(self._index), self._basis, None, new.lists
        if self._target is not None:
            links = self._target.left
        elif self._pages is not None and (links := self._pages.form()) is not None:
            lists = lists._replace(pages=[self._pages.left_pages.get(id_) for id_ in new.ids])
        if links is None or checksum is None or basis is None:
            return
        contexts, linked = dict(new.lists.count_contexts()), dict(new.lists.linked(new.ids))
        kept = lists.write(self._index)
        left = LastRefresh(checksum, basis, links, source, counts, contexts, linked, new.behind, kept)
        left.write(self._index)
