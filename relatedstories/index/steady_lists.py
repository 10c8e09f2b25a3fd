"""Which lists would be made again as they are, but for rounding: those of events whose nearest are the same as before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from relatedstories.ranking.copies import COPIES_WITHIN
from relatedstories.ranking.selection import DUPLICATES_WITHIN
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.dates import every_day
from relatedstories.topk.neighbour_cache import WIDTH
from relatedstories.topk.scores import LEAST_POSITIVE

if TYPE_CHECKING:
    import numpy.typing as npt

    from relatedstories.index.archive import Archive
    from relatedstories.index.archive_index import ArchiveIndex
    from relatedstories.index.last_lists import LastLists
    from relatedstories.index.retriever import Retriever
    from relatedstories.topk.neighbour_cache import NeighbourCache

__all__ = ["Steadiness", "numbers_before", "steady_lists"]


def numbers_before(before: ArchiveIndex, now: ArchiveIndex) -> npt.NDArray[np.intp] | None:
    """Return the number that each event had in the index that another was made from, -1 for those that are not as they were.

    None if the index was not made from it, or neighbours were not known.
    """
    if before.neighbours is not None and now.neighbours is before.neighbours:
        return np.arange(len(now.archive))
    stale = now.stale_neighbours
    if before.neighbours is None or stale is None or stale.neighbours is not before.neighbours:
        return None
    return stale.numbers


class Steadiness(NamedTuple):
    """What is known of each list of an archive.

    Parameters
    ----------
    is_steady : ndarray of bool, shape (n_events,)
        Whether it is as it was, but for scores, and labels that depend on all events.
    is_open : ndarray of bool, shape (n_events,)
        Whether more of the nearest have to be known to tell.
    """

    is_steady: npt.NDArray[np.bool_]
    is_open: npt.NDArray[np.bool_]


def steady_lists(
    before: ArchiveIndex,
    lists: LastLists,
    number_before: npt.NDArray[np.intp],
    now: Retriever,
    new: NeighbourCache,
    n_threads: int,
) -> Steadiness:
    """Return which lists are as they were.

    Of a list that stays

    - the event is as it was, and so are all that it lists or names as duplicates, which still follow in this order;
    - the candidates up to the last that is listed are the same. Where the list is too short, or has one that is not among the
      nearest that are known, all that are known are the same, and no event that is new or edited is a candidate;
    - of the next candidates, which may be duplicates or copies, none is new, edited or gone;
    - no event is pinned or blocked.

    Parameters
    ----------
    before : ArchiveIndex
        With the neighbours of all events.
    lists : LastLists
        The lists that were made of it.
    number_before : ndarray of int, shape (n_events,)
        The `numbers_before` of the archive.
    now : Retriever
        Of the archive as it is now.
    new : NeighbourCache
        What is known of its neighbours.
    n_threads : int
    """
    if (old := before.neighbours) is None:
        return Steadiness(np.zeros(len(number_before), bool), np.zeros(len(number_before), bool))
    least = max(np.float32(now.least_score), LEAST_POSITIVE)
    known = np.flatnonzero(number_before >= 0)
    of_known = number_before[known]
    number_now = np.full(len(lists.lengths) + 1, _CHANGED, np.int32)
    number_now[-1] = -1
    number_now[of_known] = known

    was = _listed(old, least)
    last, length = _last_places(lists, was)[of_known], lists.lengths[of_known]
    was, is_ = number_now[was[of_known]], _listed(new, least)[known]
    needs_all = (length < now.k) | (last == WIDTH)
    is_complete = (old.bounds[of_known] < least) & (new.bounds[known] < least)
    n_known = np.where(is_complete, WIDTH, np.minimum((was != -1).sum(axis=1), (is_ != -1).sum(axis=1)))
    n_same = np.where(needs_all, n_known, last + 1)

    reordered = _have_passages(now.index.archive, known, is_)
    n_deciding = np.maximum(last + 1 + DUPLICATES_WITHIN, max(now.k + DUPLICATES_WITHIN, COPIES_WITHIN))
    n_deciding = np.where(reordered, np.maximum(n_deciding, now.width), n_deciding)
    n_deciding = np.minimum(n_deciding, WIDTH)
    in_order = reordered | _mask(len(lists.lengths), lists.folded[:, 0])[of_known]
    is_new = np.append(number_before < 0, False)  # the last is for empty places, -1

    n_in_order = np.where(in_order, np.where(reordered, np.maximum(n_same, n_deciding), n_same), 0)
    steady = _have_same(was, is_, n_same) & (_same_first(was, is_) >= np.minimum(n_in_order, n_known))
    steady &= ~_any_before(is_new[is_], n_deciding) & ~_any_before(was == _CHANGED, n_deciding)
    has_order = np.zeros(len(number_before), bool)
    has_order[known] = ~reordered
    steady &= ~_mask(len(lists.lengths), _rows_that_changed(lists, number_now, new, has_order))[of_known]
    is_open = ~is_complete & np.where(needs_all, np.isinf(new.bounds[known]), n_known < n_deciding)
    mask, open_mask = np.zeros((2, len(number_before)), bool)
    mask[known], open_mask[known] = steady & ~is_open, is_open

    deep = known[steady & needs_all & ~is_complete & ~is_open]
    mask[deep] = ~_have_candidates(now, deep, np.flatnonzero(number_before < 0), n_threads)
    chosen = {*now.filters.pinned, *now.filters.blocked}
    mask[[number for number in map(now.index.archive.number_of, chosen) if number >= 0]] = False
    return Steadiness(mask, open_mask)


_CHANGED = -2
"""The number now of an event that is gone or edited."""


def _rows_that_changed(
    lists: LastLists, number_now: npt.NDArray[np.int32], new: NeighbourCache, has_order: npt.NDArray[np.bool_]
) -> npt.NDArray[np.intp]:
    """Return the numbers before of lists with an event that is gone or edited, or whose events are in another order by now.

    Lists for which `has_order` is not set have their events in an order that is not that of the neighbours.
    """
    rows, to = lists.rows, number_now[lists.to]
    row_now = number_now[rows]
    ordered = np.flatnonzero((row_now >= 0) & (to >= 0))
    ordered = ordered[has_order[row_now[ordered]]]
    place = np.full(len(rows), -1)
    place[ordered] = _places(new.ids[row_now[ordered]], to[ordered])
    falls = np.zeros(len(rows), bool)
    falls[1:] = (rows[1:] == rows[:-1]) & (place[1:] < place[:-1]) & (place[1:] >= 0)
    changed_folded = number_now[lists.folded[:, 1]] == _CHANGED
    return np.concatenate([rows[(to == _CHANGED) | falls], lists.folded[changed_folded, 0]])


def _have_passages(archive: Archive, rows: npt.NDArray[np.intp], candidates: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Return the mask of rows whose candidates passages may put into another order."""
    if not len(archive.passages):
        return np.zeros(len(rows), bool)
    have_some = np.append(archive.passages.have_some, False)
    found: npt.NDArray[np.bool_] = have_some[rows] | have_some[candidates].any(axis=1)
    return found


def _mask(n: int, places: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(n, bool)
    mask[places] = True
    return mask


def _have_same(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], n: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return the mask of rows whose first n numbers are the same in both arrays, in any order."""
    beyond = np.arange(a.shape[1]) >= n[:, None]
    same: npt.NDArray[np.bool_] = (np.sort(np.where(beyond, -1, a)) == np.sort(np.where(beyond, -1, b))).all(axis=1)
    return same


def _same_first(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    """Return how many numbers each row begins with that are the same in both arrays."""
    differs = a != b
    n: npt.NDArray[np.intp] = np.where(differs.any(axis=1), differs.argmax(axis=1), a.shape[1])
    return n


def _any_before(mask: npt.NDArray[np.bool_], n: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return the mask of rows of which one of the first n is set."""
    found: npt.NDArray[np.bool_] = np.count_nonzero(mask & (np.arange(mask.shape[1]) < n[:, None]), axis=1) > 0
    return found


def _listed(neighbours: NeighbourCache, least: np.float32) -> npt.NDArray[np.int32]:
    """Return the neighbours of each row with at least the least score of a link, filled up with -1."""
    return np.where(neighbours.scores >= least, neighbours.ids, np.int32(-1))


def _last_places(lists: LastLists, candidates: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    """Return the place among its candidates of the last one that each list has; WIDTH if one is not among them, -1 for none."""
    last = np.full(len(lists.lengths), -1, np.intp)
    np.maximum.at(last, lists.rows, _places(candidates[lists.rows], lists.to))
    return last


def _places(rows: npt.NDArray[np.int32], numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    """Return the place of a number in each row, WIDTH if it is not there."""
    found = rows == numbers[:, None]
    return np.where(found.any(axis=1), found.argmax(axis=1), WIDTH)


def _have_candidates(
    now: Retriever, rows: npt.NDArray[np.intp], among: npt.NDArray[np.intp], n_threads: int
) -> npt.NDArray[np.bool_]:
    """Return the mask of rows that have a candidate among some others."""
    if not len(rows) or not len(among):
        return np.zeros(len(rows), bool)
    archive_rows = now.index.archive.rows()
    ids, _ = (
        BlockedIndex.of(archive_rows.picked(among))
        .top(
            archive_rows.picked(rows),
            1,
            np.full(len(rows), -1, np.int32),
            every_day(len(rows)),
            date_factor=now.weights.date_factor,
            embedding_weight=now.weights.space_weight,
            min_score=now.least_score,
            n_threads=n_threads,
        )
        .wait()
    )
    has_any: npt.NDArray[np.bool_] = ids[:, 0] >= 0
    return has_any
