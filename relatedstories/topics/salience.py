"""Salience: how much an event is about a topic, told by where its mentions are."""

from __future__ import annotations

from collections.abc import Iterable

from relatedstories.text.zones import LEAD, TITLE

__all__ = ["SALIENT", "salience"]

LEAD_SENTENCES = 3
"""The number of a text's first sentences that are its lead."""

SALIENT = 0.4
"""Least salience with which a topic counts in an index: two mentions, or one in the title or lead."""


def salience(segments: Iterable[int]) -> float:
    """Return the salience of a topic, from 0 to 1: ``weight / (weight + LEAD)``, where weight is the sum over its mentions.

    Parameters
    ----------
    segments : iterable of int
        For each mention the number of the segment it is in, as `relatedstories.text.segments` counts them: negative in the title.

    Examples
    --------
    >>> salience([-1]), salience([0]), salience([9, 12]), salience([9])
    (0.6666666666666666, 0.5, 0.4, 0.25)
    """
    weight = sum([TITLE if number < 0 else LEAD if number < LEAD_SENTENCES else 1 for number in segments])
    return weight / (weight + LEAD)
