"""The settings that scores depend on."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from relatedstories.topk.dates import DateFactor

__all__ = ["Weights", "default_min_score"]


class Weights(NamedTuple):
    """The settings that scores depend on; `relatedstories.RelatedStories` describes them."""

    topic_weight: float
    space_weight: float
    half_life: float
    date_floor: float

    @property
    def date_factor(self) -> DateFactor:
        """The factor that scores are multiplied by for the days between two events."""
        return _date_factor(self.half_life, self.date_floor)


_date_factor = functools.lru_cache(64)(DateFactor)  # each has a table; `tune` tries fewer than 64


def default_min_score(n_events: int) -> float:
    """Return the least score of a link among n events: ``max(0.05, 0.02 * log10(n))``.

    Among many events, chance finds better matches than among few.

    Examples
    --------
    >>> default_min_score(100), default_min_score(100_000)
    (0.05, 0.1)
    """
    return max(0.05, 0.02 * math.log10(max(1, n_events)))
