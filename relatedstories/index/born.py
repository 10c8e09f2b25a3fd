"""Born topics: subjects that an archive is full of and that no model knows yet, such as a new disease."""

from __future__ import annotations

import collections
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from relatedstories.accents import strip_accents
from relatedstories.features.vectors import background
from relatedstories.ranking.shapes import Part, part_of
from relatedstories.text.terms import ENGLISH, language_of_key, stem_of, terms_of_name
from relatedstories.text.zones import TITLE
from relatedstories.topics.topic import Topic

if TYPE_CHECKING:
    import numpy.typing as npt
    import scipy.sparse as sp

__all__ = ["born_topics"]

MIN_EVENTS = 5
"""The least number of events that are about a born topic."""

MIN_CHARS = 3
"""The least length of the word."""

CONTRAST = 30
"""How many times as many of the archive's events as of others, of the same length, must have the word."""

BACKGROUND_TERMS = 20
"""The number of terms in an event of the background."""

ABOUT_SHARE = 0.1
"""The part of the events with the word that must be about it: it stands in the title, or often enough in the text."""

COHERENT = 0.3
"""The least coherence of the events that have the word."""

TOLD_SHARE = 0.5
"""The part of the events with the word for which a topic that was found must not have told it already."""

SAMPLE, SPELLED = 64, 8
"""Maximum numbers of events that are looked at for the topics they have, and for how the word is written."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def born_topics(
    terms: Sequence[str],
    events_of_terms: sp.csc_array,
    is_common: npt.NDArray[np.bool_],
    coherence: Callable[[int], float | None],
    topics: Callable[[int], Sequence[Topic]],
    text: Callable[[int], str],
) -> dict[int, Topic]:
    """Return the words of an archive in English that are topics, by column.

    Parameters
    ----------
    terms : sequence of str
    events_of_terms : scipy.sparse.csc_array, shape (n_events, n_terms)
        How often each term occurs in each event.
    is_common : ndarray of bool
        For each column, whether so many events have the term that it tells nothing.
    coherence : callable
        Of a column, see `relatedstories.index.coherence`.
    topics, text : callable
        The topics that were found in an event and its text, given its number.

    Notes
    -----
    A noun is a topic if at least `MIN_EVENTS` events are about it, `CONTRAST` times as many as the background has
    (`relatedstories.features.vectors.background`), if these events are alike, and if it is not mostly told by topics that were
    found. This follows from the events alone, so an archive that grew has the same topics as one that was made at once.
    """
    shares, starts, n = background(), events_of_terms.indptr, events_of_terms.shape[0]
    contrast = CONTRAST * max(1.0, events_of_terms.nnz / n / BACKGROUND_TERMS) if n else math.inf
    unknown = min(shares.values()) / 2
    n_events = np.diff(starts)
    n_about = np.diff(np.append(0, np.cumsum(events_of_terms.data >= TITLE))[starts])
    least = np.maximum(MIN_EVENTS, ABOUT_SHARE * n_events)
    born = {}
    for column in np.flatnonzero((n_about >= least) & ~is_common).tolist():
        term = terms[column]
        share = n_events[column] / n
        if len(term) < MIN_CHARS or language_of_key(term) != ENGLISH or share < contrast * shares.get(term, unknown):
            continue
        if (coherence(column) or 0) < COHERENT:
            continue
        events = events_of_terms.indices[starts[column] : starts[column + 1]].tolist()
        word = _spelled(term, [text(number) for number in events[:SPELLED]])
        if word is None or part_of(word, ENGLISH, capital_tells=False) < Part.NOUN:
            continue
        some = events[:: -(-len(events) // SAMPLE)]
        told = sum(any(term in terms_of_name(topic, ENGLISH) for topic in topics(number)) for number in some)
        if told < TOLD_SHARE * len(some):
            born[column] = Topic(word if word != word.lower() else word.capitalize(), "concept" if word.islower() else "thing")
    return born


def _spelled(term: str, texts: Sequence[str]) -> str | None:
    """Return how a term is written most often in some texts, the first in the alphabet where several tie."""
    words: collections.Counter[str] = collections.Counter()
    for text in texts:
        for word in _WORD.findall(text):
            plain = strip_accents(word.lower())
            if plain.startswith(term[:2]) and stem_of(plain) == term:
                words[word] += 1
    return min(words, key=lambda word: (-words[word], word), default=None)
