"""Reasons: why two events of a link are related, for the links to an archive's events."""

from __future__ import annotations

from collections.abc import Mapping

from relatedstories.events import Event
from relatedstories.index.archive_labels import ArchiveLabels
from relatedstories.index.reason import Reason
from relatedstories.index.rows import EventRow, SharedColumns

__all__ = ["Reasons"]


class Reasons(ArchiveLabels):
    """Makes the reasons of links that lead to an archive's events."""

    def of_pair(self, event: Event, own: int | None, number: int, shared: SharedColumns, pair: int) -> Reason:
        """Return the reason of the link from an event to one of the archive, given what a pair of rows shares.

        Parameters
        ----------
        event : Event
        own, number : int
            The number of the event, None if it is not of the archive, and of the event that the link leads to.
        shared : SharedColumns
        pair : int
        """
        within = slice(shared.bounds[pair], shared.bounds[pair + 1])
        language = self.archive.languages[number]
        return Reason(self, event, number, language, shared.columns[within], shared.products[within], own)

    def share_topics(self, shared: SharedColumns, pair: int) -> bool:
        """Return whether a pair of rows shares a topic."""
        end = shared.bounds[pair + 1]
        return end > shared.bounds[pair] and shared.columns[end - 1] >= self.n_terms

    def of_number(self, event: Event, weights: Mapping[int, float], number: int) -> Reason:
        """Return the reason of the link from an event, given its row's weights by column, to one of the archive."""
        entries = zip(*[values.tolist() for values in self.archive.entries(number)], strict=True)
        shared = {column: weights[column] * weight for column, weight in entries if column in weights}
        return Reason(self, event, number, self.archive.languages[number], [*shared], [*shared.values()])

    def of_row(self, event: Event, weights: Mapping[int, float], row: EventRow) -> Reason:
        """Return the reason of a link as `of_number` does, to the event of a row, which need not be in the archive."""
        shared = row.products(weights)
        return Reason(self, event, row.event, row.language, [*shared], [*shared.values()])
