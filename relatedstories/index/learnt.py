"""The settings that an index learns from its archive, each when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from relatedstories.index.adaptation import learnt_date_decay, learnt_min_score, learnt_space_weight, learnt_topic_weight
from relatedstories.index.archive import Archive
from relatedstories.index.weights import Settings, Weights, date_factor_of

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Learnt"]


class Learnt:
    """What was learnt from an archive so far. It follows from the archive alone; no answer depends on what is known already.

    Parameters
    ----------
    archive : Archive
    parts : mapping of str to ndarray, optional
        What `parts` returned for the same archive.
    """

    def __init__(self, archive: Archive, parts: Mapping[str, npt.NDArray[Any]] | None = None) -> None:
        self._archive = archive
        self._settings: dict[str, float] = {}
        self._min_scores: dict[tuple[float, float], float] = {}
        if parts is not None:
            self._settings = dict(zip(self._learners(), parts["learnt"].tolist(), strict=True))
            self._min_scores = {(space, decay): least for space, decay, least in parts["learnt-min-scores"].tolist()}

    def parts(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is learnt as arrays by name; what is not known yet is learnt now, except least scores."""
        return {
            "learnt": np.array([self._setting(name) for name in self._learners()]),
            "learnt-min-scores": np.array([[*key, least] for key, least in sorted(self._min_scores.items())]),
        }

    def weights(self, given: Settings) -> Weights:
        """Return the settings that scores depend on: those given, and those learnt where none is given."""
        topic_weight, space_weight, date_decay = (
            self._setting(name) if value is None else value for name, value in zip(self._learners(), given, strict=False)
        )
        min_score = self._min_score(space_weight, date_decay) if given.min_score is None else given.min_score
        return Weights(topic_weight, space_weight, date_decay, min_score)

    def _learners(self) -> dict[str, Callable[[], float]]:
        """Return a function for each setting, in the order of `Settings`, that learns it."""
        archive = self._archive
        return {
            "topic_weight": lambda: learnt_topic_weight(archive.names, archive.across_languages),
            "space_weight": lambda: learnt_space_weight(archive.terms.matrix, archive.embeddings),
            "date_decay": lambda: learnt_date_decay(archive.weights, archive.days, archive.ids),
        }

    def _setting(self, name: str) -> float:
        if name not in self._settings:
            self._settings[name] = self._learners()[name]()
        return self._settings[name]

    def _min_score(self, space_weight: float, date_decay: float) -> float:
        """Return the least score of a link for a weight of the word space and a decay of the date factor."""
        key = space_weight, date_decay
        if key not in self._min_scores:
            archive, factor = self._archive, date_factor_of(date_decay)
            self._min_scores[key] = learnt_min_score(
                archive.weights, archive.days, archive.embeddings, archive.ids, factor, space_weight
            )
        return self._min_scores[key]
