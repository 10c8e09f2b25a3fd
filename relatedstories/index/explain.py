"""Why two events are related: the parts of their score."""

from __future__ import annotations

from relatedstories.events import Event
from relatedstories.index.archive import Archive
from relatedstories.index.comparison import score_pair
from relatedstories.index.rows import EventRow
from relatedstories.index.weights import Weights
from relatedstories.ranking.explanation import Explanation, Part, largest_first
from relatedstories.text.cleaning import clean_event
from relatedstories.text.terms import english_words, stem_of, without_language

__all__ = ["explain_rows"]


def explain_rows(archive: Archive, weights: Weights, a: EventRow, b: EventRow) -> Explanation:
    """Return each shared topic and term of two rows, and the word space, with its share of their score.

    The shares sum to the score; see `relatedstories.topk.blended` for the formula.
    """
    terms, n_terms = archive.terms.terms, len(archive.terms.terms)
    pair, written = score_pair(a, b, weights), _words_by_term(a.event)
    product_share = pair.date_factor * (1 - weights.space_weight if pair.squared_cosine >= 0 else 1)
    parts = [
        Part(written.get(terms[column]) or without_language(terms[column]), "term", product * product_share)
        if column < n_terms
        else Part(archive.topic(column - n_terms).name, "topic", product * product_share)
        for column, product in pair.products.items()
    ]
    if pair.squared_cosine * weights.space_weight > 0 and pair.products:
        parts.append(Part("word space", "space", pair.squared_cosine * weights.space_weight * pair.date_factor))
    return Explanation(a.event, b.event, pair.score, pair.date_factor, largest_first(parts))


def _words_by_term(event: Event) -> dict[str, str]:
    """Return the first word of an English text with each term, in lower case: people read words, not stems."""
    words = english_words(clean_event(event).text)
    return {stem_of(word): word for word in reversed(words)}
