"""An archive ready for questions: with its inverted index, and the neighbours that are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relatedstories.events import Event
from relatedstories.index.archive import Archive
from relatedstories.index.comparison import Comparison
from relatedstories.index.learnt import Learnt
from relatedstories.index.rows import EventRow
from relatedstories.topics.topic import EventTopics
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.cosines import squared_cosine_of_many
from relatedstories.topk.dates import ANY_DAY
from relatedstories.topk.neighbour_cache import NeighbourCache, StaleNeighbours

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["ArchiveIndex", "SavedCopy"]


class SavedCopy(NamedTuple):
    """What tells that an index is on disk already: what its manifest says of it, and the manifest's checksum."""

    about: dict[str, Any]
    checksum: str


class ArchiveIndex:
    """An archive with its inverted index and its neighbour cache.

    The archive and its inverted index never change. The neighbour cache is filled by the first question about all events;
    no answer depends on whether it is there.

    Parameters
    ----------
    archive : Archive
    blocks : BlockedIndex, optional
        The inverted index of the archive's rows, if there is one already.
    neighbours : NeighbourCache, optional
        The nearest rows of each row, if they are known.
    stale_neighbours : StaleNeighbours, optional
        The nearest rows in an earlier version of the archive.
    saved : SavedCopy, optional
        The copy on disk, if this index was just read or written.
    learnt : Learnt, optional
        What was learnt from the archive, if something is known.
    """

    def __init__(
        self,
        archive: Archive,
        blocks: BlockedIndex | None = None,
        neighbours: NeighbourCache | None = None,
        stale_neighbours: StaleNeighbours | None = None,
        saved: SavedCopy | None = None,
        learnt: Learnt | None = None,
    ) -> None:
        self.archive = archive
        self.learnt = Learnt(archive) if learnt is None else learnt
        self.neighbours, self.stale_neighbours = neighbours, stale_neighbours
        self.saved = saved
        self._blocks = blocks

    @property
    def blocks(self) -> BlockedIndex:
        """The inverted index of the archive's rows, made when it is first needed."""
        if self._blocks is None:
            self._blocks = BlockedIndex.of(self.archive.rows())
        return self._blocks

    def keep(self, neighbours: NeighbourCache) -> None:
        """Keep the neighbours that were found for all rows; the copy on disk lacks them from now on.

        Other threads may ask meanwhile: they find either kind of neighbours, or both.
        """
        self.neighbours = neighbours
        self.stale_neighbours = self.saved = None

    def compare(
        self, row: EventRow, span: tuple[int, int] = ANY_DAY, left_out: npt.NDArray[np.bool_] | None = None
    ) -> Comparison:
        """Compare a row with the events within a span of days, except itself and those left out, without compiled code."""
        archive = self.archive
        products = self.blocks.products(row.columns, row.weights)
        related = (products > 0) & (archive.days >= span[0]) & (archive.days <= span[1])
        if row.number >= 0:
            related[row.number] = False
        if left_out is not None:
            related &= ~left_out
        numbers = np.flatnonzero(related)
        squared_cosines = squared_cosine_of_many(row.embedding, archive.embeddings, numbers)
        return Comparison(numbers, products[numbers], squared_cosines, row.day, archive.days[numbers])

    # ------------------------------------------------------------------ other archives, made from this one

    def with_events_in_memory(self, events: list[Event]) -> ArchiveIndex:
        """Return the same index with equal events that need not be read from a file."""
        archive = self.archive.with_events_in_memory(events)
        return ArchiveIndex(archive, self._blocks, self.neighbours, self.stale_neighbours, self.saved, self.learnt)

    def with_events(
        self,
        events: list[Event],
        found: list[EventTopics],
        topic_weight: float | None,
        user_embeddings: npt.NDArray[Any] | None = None,
        *,
        languages: Sequence[str],
        is_told: Sequence[bool],
        kept: npt.NDArray[np.intp] | None = None,
    ) -> ArchiveIndex:
        """Return the index of this archive's events, or of some, and further ones, see `Archive.with_events`."""
        order = self.archive.order_with(events, kept)
        archive = self.archive.with_events(
            events, found, order, topic_weight, user_embeddings, languages=languages, is_told=is_told
        )
        return ArchiveIndex(archive, stale_neighbours=self._stale_neighbours_of(order))

    def without(self, numbers: set[int], topic_weight: float | None) -> ArchiveIndex:
        """Return the index of this archive's events except some."""
        kept = np.delete(np.arange(len(self.archive)), sorted(numbers))
        return ArchiveIndex(self.archive.taking(kept, topic_weight), stale_neighbours=self._stale_neighbours_of(kept))

    def _stale_neighbours_of(self, rows: npt.NDArray[np.intp]) -> StaleNeighbours | None:
        """Return what is known of the neighbours of some rows; numbers that no row has here stand for new rows."""
        stale, archive = self.stale_neighbours, self.archive  # read before `neighbours`, which `keep` sets first
        if self.neighbours is not None:
            stale = StaleNeighbours(archive.rows(), archive.columns, self.neighbours, np.arange(len(archive)))
        return None if stale is None else stale.picked(rows)
