"""What an index learns from its archive: how much dates and the word space tell in it, and what chance alone gives.

Archives differ. In some a story is told within days, in others a guide of ten years ago is as good as new; in short news two
events of one story may share no word, while long articles share many and their words average to nothing. What is learnt follows
from the archive alone, whatever the order of its events, and in steps so coarse that few changes of the archive move it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import scipy.sparse as sp

from relatedstories.features.word_space import DIMENSIONS, NONE, squared_cosine_of_products
from relatedstories.index.topic_names import TopicNames
from relatedstories.topk.dates import NO_DATE, DateFactor, distances
from relatedstories.topk.scores import blended

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["greatest", "learnt_date_decay", "learnt_min_score", "learnt_space_weight", "learnt_topic_weight"]

SAMPLE = 256
"""Maximum number of events that are compared with the whole archive; those whose ids have the least checksums."""

NEIGHBOURS = 10
"""Number of the most similar events that are looked at for each event of the sample."""

STEP = 0.02
"""Learnt settings are multiples of this."""

TOPIC_WEIGHT, EDITORS_TOPIC_WEIGHT = 0.08, 0.25
"""The weight of topics that were found in texts, and where editors gave most of them."""

MAX_SPACE_WEIGHT, USER_SPACE_WEIGHT = 0.6, 0.7
"""The weight of the word space where all events are short, and where the caller gave embeddings."""

SHORT_TERMS = 20
"""Number of terms up to which an event is short: an embedding of more words says the less the more there are."""

DECAY_SHARE = 0.25
"""The part of the slope that the frequencies of neighbours have which the date factor takes."""

TYPICAL_SLOPE, TYPICAL_PAIRS = 0.4, 100
"""The slope of most archives, and how many pairs it counts as, beside those of the archive."""

PAIRED = 2048
"""Maximum number of events that those of the sample are paired with to see what chance gives."""

LISTED_BY_CHANCE, CHANCE = 50, 0.97
"""What part of the pairs has a score too low for a link: all but this number an event, but at least this share."""

MIN_SCORE = 0.02
"""The least score that is learnt as the least of a link."""

_OCTAVES = 14  # of days; the last begins after 11 years


def learnt_topic_weight(names: Iterable[TopicNames], across_languages: bool) -> float:
    """Return how much topics tell in an archive: more where editors gave most of them.

    Parameters
    ----------
    names : iterable of TopicNames
        Of all topics of the archive.
    across_languages : bool
        Whether topics are all that events in different languages share; then they weigh as those of editors do.
    """
    given = total = 0
    for _, named in names:
        for _, _, by_editors, n_events in named:
            given += n_events * by_editors
            total += n_events
    return EDITORS_TOPIC_WEIGHT if across_languages or 2 * given > total else TOPIC_WEIGHT


def learnt_space_weight(terms: sp.csr_array, embeddings: npt.NDArray[np.int8]) -> float:
    """Return how much the word space tells in an archive: ``MAX_SPACE_WEIGHT * mean(min(1, SHORT_TERMS / terms)) ** 2``.

    Parameters
    ----------
    terms : scipy.sparse.csr_array, shape (n_events, n_terms)
        The counts of the terms in each event.
    embeddings : ndarray of int8, shape (n_events, d)
        Where one is missing, 0 enters the mean.
    """
    if embeddings.shape[1] > DIMENSIONS:
        return USER_SPACE_WEIGHT
    lengths = np.diff(terms.indptr)[embeddings[:, 0] != NONE]
    certainty = math.fsum((SHORT_TERMS / np.maximum(lengths, SHORT_TERMS)).tolist()) / max(1, len(embeddings))
    certainty *= certainty
    return _in_steps(MAX_SPACE_WEIGHT * certainty)


def learnt_date_decay(rows: sp.csr_array, days: npt.NDArray[np.int32], ids: Sequence[str]) -> float:
    """Return how fast relatedness falls with the days between two events of an archive, as the decay of a `DateFactor`.

    Parameters
    ----------
    rows : scipy.sparse.csr_array, shape (n_events, n_columns)
    days : ndarray of int32, shape (n_events,)
    ids : sequence of str

    Notes
    -----
    For a sample of events, the `NEIGHBOURS` most similar ones are found by their rows alone. For each octave of distances in
    days (0, 1, 2 to 3, 4 to 7, ...) the share of neighbours that are so far apart is divided by the share of all pairs that are.
    Where stories are told within days, this lift is great for small distances and falls. The slope of its logarithm against
    ``ln(1 + days)`` is fitted by least squares, each octave weighted by its number of neighbours, and drawn to
    `TYPICAL_SLOPE` where there are few. The decay is `DECAY_SHARE` of it, 0 at least, and 0 where no event has a date.
    """
    known = np.sort(days[days != NO_DATE]).astype(np.int64)
    if not len(known):
        return 0.0
    sample = _sample(ids, SAMPLE)
    sample = sample[days[sample] != NO_DATE]
    bounds = np.array([0, *(2**octave for octave in range(_OCTAVES - 1)), 2**31])  # an octave is from one to below the next
    all_pairs, neighbours = np.zeros(_OCTAVES), np.zeros(_OCTAVES)
    for number, similarities in _similarities(rows, sample):
        day = int(days[number])
        nearer = np.searchsorted(known, day + bounds) - np.searchsorted(known, day - bounds, "right")
        nearer[1:] -= 1  # itself
        all_pairs += np.diff(np.maximum(nearer, 0))
        similarities[(days == NO_DATE) | (similarities <= 0)] = 0
        similarities[number] = 0
        apart = distances(day, days[greatest(similarities, NEIGHBOURS)])
        neighbours += np.bincount(np.minimum(_octave(apart), _OCTAVES - 1), minlength=_OCTAVES)
    return _in_steps(DECAY_SHARE * max(0.0, _slope(all_pairs.tolist(), neighbours.tolist())))


def greatest(values: npt.NDArray[Any], k: int) -> npt.NDArray[np.intp]:
    """Return the places of the k greatest of values of 0 or more, without zeros; of equal ones the first come first.

    Examples
    --------
    >>> greatest(np.array([0.5, 0, 0.7, 0.5]), 2).tolist()
    [2, 0]
    """
    places = np.flatnonzero(values)  # few, so that a sort of all would take longer
    if len(places) > k:
        places = places[values[places] >= np.partition(values[places], -k)[-k]]
    return places[np.argsort(-values[places], kind="stable")[:k]]


def _slope(all_pairs: Sequence[float], neighbours: Sequence[float]) -> float:
    """Return how fast the logarithm of the lift falls with ``ln(1 + days)``, given both numbers of pairs by octave."""
    total_pairs, total = sum(all_pairs), sum(neighbours)
    points = []
    for octave, (pairs, near) in enumerate(zip(all_pairs, neighbours, strict=True)):
        if pairs:
            lift = (near + 1) / (total * pairs / total_pairs + 1)
            middle = math.sqrt(2 ** (octave - 1) * (2**octave - 1)) if octave else 0
            points.append((math.log(1 + middle), math.log(lift), near + 1))
    weight = sum(w for _, _, w in points)
    if len(points) < 2:
        return TYPICAL_SLOPE
    mean_x, mean_y = (sum(point[i] * point[2] for point in points) / weight for i in (0, 1))
    covariance = sum(w * (x - mean_x) * (y - mean_y) for x, y, w in points)
    variance = sum(w * (x - mean_x) ** 2 for x, _, w in points)
    typical = TYPICAL_PAIRS * variance / weight
    return (TYPICAL_SLOPE * typical - covariance) / (variance + typical)


def _octave(days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the octave of distances in days: 0 for 0, 1 for 1, 2 for 2 and 3, and so on."""
    return np.frexp(days.astype(np.float64))[1].astype(np.int64)


def _sample(ids: Sequence[str], size: int) -> npt.NDArray[np.intp]:
    """Return the numbers of the events of a sample, by the checksum of their ids: it changes little as events come and go."""
    checksums = np.fromiter((crc32(id_.encode("utf-8", "surrogatepass")) for id_ in ids), np.int64, len(ids))
    return np.argsort(checksums, kind="stable")[:size]


def _similarities(rows: sp.csr_array, numbers: npt.NDArray[np.intp]) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Yield each number with the inner products of its row and all rows, which are exact in any order."""
    columns = rows.T.tocsr()
    for start in range(0, len(numbers), 32):
        some = numbers[start : start + 32]
        yield from zip(some.tolist(), (rows[some] @ columns).toarray(), strict=True)


def learnt_min_score(
    rows: sp.csr_array,
    days: npt.NDArray[np.int32],
    embeddings: npt.NDArray[np.int8],
    ids: Sequence[str],
    date_factor: DateFactor,
    space_weight: float,
) -> float:
    """Return the least score of a link in an archive: one that few pairs of events reach by chance.

    It is the quantile of the scores of a sample of pairs above which `LISTED_BY_CHANCE` of each event's pairs are, but at
    least that of `CHANCE`: the more events, the better are the matches that chance finds. It is no more than
    ``max(0.05, (1 + space_weight / 2) * 0.05 * log10(n / 30))`` in an archive of n events, as in a small one many pairs are
    truly related; the word space adds a little to the score of any pair.

    Parameters
    ----------
    rows, days, embeddings, ids
        Of the archive.
    date_factor : DateFactor
    space_weight : float
    """
    others = _sample(ids, PAIRED)
    if len(others) < 2:
        return MIN_SCORE
    scores = []
    sampled, places = np.arange(min(len(others), SAMPLE)), np.arange(len(others))
    embeddings = embeddings[others]
    directions = embeddings.astype(np.float32)
    cosines = directions[sampled] @ directions.T  # of whole numbers, and so exact
    for number, products in _similarities(rows[others], sampled):
        squares = squared_cosine_of_products(cosines[number], embeddings[number], embeddings, places)
        factors = date_factor.of(int(days[others[number]]), days[others])
        scores.append(np.delete(blended(products, squares, space_weight, factors), number))
    quantile = max(1 - LISTED_BY_CHANCE / len(ids), CHANCE)
    by_chance = _in_steps(float(np.quantile(np.concatenate(scores), quantile, method="lower")), 0.01)
    most = max(0.05, (1 + space_weight / 2) * 0.05 * math.log10(len(ids) / 30))
    return max(MIN_SCORE, min(by_chance, round(most, 2)))


def _in_steps(value: float, step: float = STEP) -> float:
    return round(round(value / step) * step, 2)
