"""The settings that scores depend on: those a caller gave, and those learnt from the archive."""

from __future__ import annotations

import functools
from typing import NamedTuple

from relatedstories.topk.dates import DateFactor

__all__ = ["Settings", "Weights", "date_factor_of"]


class Weights(NamedTuple):
    """The settings that scores depend on; `relatedstories.RelatedStories` describes them."""

    topic_weight: float
    space_weight: float
    date_decay: float
    min_score: float

    @property
    def date_factor(self) -> DateFactor:
        """The factor that scores are multiplied by for the days between two events."""
        return date_factor_of(self.date_decay)


@functools.lru_cache(64)  # each has a table; `tune` tries fewer than 64
def date_factor_of(decay: float) -> DateFactor:
    """Return the date factor of a decay; made once."""
    return DateFactor(decay)


class Settings(NamedTuple):
    """The settings that a caller gave; those that are None are learnt from the archive."""

    topic_weight: float | None
    space_weight: float | None
    date_decay: float | None
    min_score: float | None
