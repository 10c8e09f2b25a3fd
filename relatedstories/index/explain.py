"""Why two events are related: the parts of their score."""

from __future__ import annotations

from relatedstories.index.archive import Archive
from relatedstories.index.reranking import Reranker
from relatedstories.index.rows import EventRow
from relatedstories.index.weights import Weights
from relatedstories.ranking.copies import Wording
from relatedstories.ranking.explanation import Explanation, Part, largest_first
from relatedstories.ranking.links import are_translations
from relatedstories.ranking.selection import NEAR_DUPLICATE
from relatedstories.text.cleaning import clean_event
from relatedstories.text.terms import language_of_key, without_language, words_by_term

__all__ = ["explain_rows"]


def explain_rows(archive: Archive, weights: Weights, a: EventRow, b: EventRow, contexts: tuple[str, ...]) -> Explanation:
    """Return each shared topic and term of two rows, and the word space, with its share of their score, beside their contexts.

    The shares sum to the score; see `relatedstories.topk.blended` for the formula, and `relatedstories.index.reranking` for what
    passages add. A term is named by the first word of the
    first event that has it as its stem.
    """
    terms, n_terms = archive.terms.terms, len(archive.terms.terms)
    pair = Reranker(archive, weights, a).score(b)
    product_share = pair.date_factor * (1 - weights.space_weight if pair.squared_cosine >= 0 else 1)
    shared_terms = [terms[column] for column in pair.products if column < n_terms]
    text = clean_event(a.event).text if shared_terms else ""
    words = {language: words_by_term(text, language) for language in sorted(set(map(language_of_key, shared_terms)))}

    def word(term: str) -> str:
        stem = without_language(term)
        return words[language_of_key(term)].get(stem, stem)

    parts = [
        Part(word(terms[column]), "term", product * product_share)
        if column < n_terms
        else Part(archive.topic(column - n_terms).name, "topic", product * product_share)
        for column, product in pair.products.items()
    ]
    if pair.squared_cosine * weights.space_weight > 0 and pair.products:
        parts.append(Part("word space", "space", pair.squared_cosine * weights.space_weight * pair.date_factor))
    against = _reason_against(archive, weights, a, b, pair.score)
    return Explanation(a.event, b.event, pair.score, pair.date_factor, largest_first(parts), contexts, against)


def _reason_against(archive: Archive, weights: Weights, a: EventRow, b: EventRow, score: float) -> str | None:
    """Return why no list has the link between two rows, None if nothing is against it."""
    if a.event.id == b.event.id:
        return "they are one event"
    if are_translations(a.event, b.event):
        return "they are translations of one text"
    if sum(a.products(b.weight_by_column()).values()) >= NEAR_DUPLICATE and _wording(a).repeats(_wording(b)):
        return "they tell the same in the same words; such copies are named apart, as links.copies"
    if a.language != b.language and not archive.across_languages:
        return f"they are in two languages, as far as their texts tell: {a.language} and {b.language}"
    if score < weights.min_score:
        return f"a link needs a score of {weights.min_score:.3f}"
    return None


def _wording(row: EventRow) -> Wording:
    return Wording.of(row.event.title, row.event.text)
