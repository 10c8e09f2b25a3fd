"""The key events of a story: those that are most like its others, spread over its time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

__all__ = ["MAX_KEY_EVENTS", "key_places"]

MAX_KEY_EVENTS = 5
"""Greatest number of key events of a story."""


def key_places(centrality: Sequence[int]) -> list[int]:
    """Return the places of the key events of a story: the most central of each of at most `MAX_KEY_EVENTS` parts.

    The parts have equally many events, give or take one; of a story of few events half are key.

    Parameters
    ----------
    centrality : sequence of int
        How much each event belongs to the story, in the order of their dates.

    Examples
    --------
    >>> key_places([1, 5, 2, 3])
    [1, 3]
    """
    n = len(centrality)
    n_parts = min(MAX_KEY_EVENTS, (n + 1) // 2)
    bounds = [part * n // n_parts for part in range(n_parts + 1)]
    return [max(range(start, end), key=lambda place: (centrality[place], -place)) for start, end in itertools.pairwise(bounds)]
