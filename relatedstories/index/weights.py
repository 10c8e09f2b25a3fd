"""The settings that scores depend on: those a caller gave, and those learnt from the archive."""

from __future__ import annotations

import functools
from typing import NamedTuple

from relatedstories.topk.dates import DateFactor

__all__ = ["Settings", "Weights"]


class Weights(NamedTuple):
    """The settings that scores depend on; `relatedstories.RelatedStories` describes them."""

    topic_weight: float
    space_weight: float
    date_decay: float
    min_score: float

    @property
    def date_factor(self) -> DateFactor:
        """The factor that scores are multiplied by for the days between two events."""
        return _date_factor(self.date_decay)


_date_factor = functools.lru_cache(64)(DateFactor)  # each has a table; `tune` tries fewer than 64


class Settings(NamedTuple):
    """The settings that a caller gave; those that are None are learnt from the archive."""

    topic_weight: float
    space_weight: float | None
    date_decay: float | None
    min_score: float | None
