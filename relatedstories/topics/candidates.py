"""Candidate generation: the spans of a text that may name a topic, each with the names it may stand for and their features.

Spans are runs of capitalised tokens, their parts, and forms that the lexicon knows (`relatedstories.topics.candidate_spans`);
each may stand for several names (`relatedstories.topics.candidate_names`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from relatedstories.topics.candidate_features import CandidateBatch, Candidates, FeatureTable
from relatedstories.topics.candidate_names import NameFinder, SpanKey
from relatedstories.topics.candidate_spans import CountryMatch, SpanFinder, Spans
from relatedstories.topics.lexicon import Lexicon
from relatedstories.topics.names import definitions
from relatedstories.topics.text_forms import CORE, Text, TokenTable, capitalised_runs, parts_of_run

__all__ = ["CandidateGenerator"]


class CandidateGenerator:
    """Generates the candidates of texts.

    Parameters
    ----------
    lexicon : Lexicon

    Notes
    -----
    Whatever depends only on the words of a span is cached for the next text: names follow Zipf's law.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._lock = threading.Lock()
        self._tokens = TokenTable(lexicon)
        self._span_finder = SpanFinder(lexicon)
        self._features = FeatureTable(lexicon)
        self._name_finder = NameFinder(lexicon, self._features)

    def __call__(self, texts: Sequence[Text]) -> Candidates:
        """Return the candidates of texts."""
        with self._lock:
            if self._features.is_full:
                self._name_finder.rows.forget()
                self._features.forget_names()
            batch = CandidateBatch()
            for text in texts:
                self._add_text(text, batch)
            return self._features.candidates(batch, self._tokens.columns())

    def runs(self, text: Text) -> Iterator[tuple[int, int, int, int]]:
        """Yield every part of every capitalised run, the run itself included: start and end of the run and of the part."""
        _, flags = self._tokens.forms_and_flags(self._tokens.numbers_of(text.tokens))
        for start, stop in capitalised_runs(flags):
            for first, end, _ in parts_of_run(flags, start, stop):
                yield start, stop, first, end

    def _add_text(self, text: Text, batch: CandidateBatch) -> None:
        """Add the spans and rows of one text to a batch."""
        numbers = self._tokens.numbers_of(text.tokens)
        forms, flags = self._tokens.forms_and_flags(numbers)
        countries = self._lexicon.countries.find(forms)
        begins = self._tokens.begins
        form_starts = [i for i, number in enumerate(numbers) if begins[number]]
        spans = self._span_finder.find(forms, flags, countries, form_starts)
        order = sorted(spans)
        mentioned = {country for _, _, country in countries}
        acronyms = {acronym: text.text[a:b] for acronym, a, b in definitions(text.text)} if "(" in text.text else {}
        repeats = _form_counts(spans)
        full_names = _full_names(order, forms, flags)
        words = {form.lower() for form in forms}
        topics: dict[str, int] = {}
        offset, n_topics, n_spans = len(batch.tokens), batch.n_topics, batch.n_spans
        # Local names: the loop is the hot path of the extraction.
        rows, chars, tokens, content, size = batch.rows, text.starts, text.tokens, text.text, len(numbers)
        cached_facts, cached_rows = self._name_finder.facts, self._name_finder.rows
        for first, end in order:
            run_start, run_end, joints, form = spans[first, end]
            form_row, is_country, has_country, of_country = cached_facts[form] or self._name_finder.look_up(form)
            near = _nearest(countries, first, end) if of_country and countries else ("", "")
            longer = state = ""
            is_defined = False
            if end - first == 1:
                if form in acronyms:
                    is_defined, longer = True, acronyms[form]
                elif form in full_names and full_names[form][1] <= first:
                    longer = text.surface(*full_names[form])
            if end < size - 1 and forms[end] == "," and countries and flags[end + 1] & CORE and flags[first] & CORE:
                state = _country_at(countries, end + 1, forms)
            surface = content[chars[first] : chars[end - 1] + len(tokens[end - 1])]
            key: SpanKey = surface
            if surface != form or near[0] or state or longer:
                key = (surface, form, *near, state, longer, is_defined)
            for number, name_key, extra_words, extra_countries in cached_rows[key] or self._name_finder.names_of(
                key, forms[first:end]
            ):
                topic = topics.get(name_key)
                if topic is None:
                    topic = topics[name_key] = n_topics + len(topics)
                share: float = 0
                if extra_words:
                    for word in extra_words:
                        share += word in words
                    share /= len(extra_words)
                sign = (-1 if mentioned.isdisjoint(extra_countries) else 1) if extra_countries else 0
                rows += (n_spans, number, topic, share, sign)
            batch.spans += (
                first + offset, end + offset, form_row, run_end - run_start, run_end == end, joints, repeats[form],
                is_country, has_country, len(surface),
            )  # fmt: skip
            n_spans += 1
        batch.texts += (size, len(order))
        batch.n_topics, batch.n_spans = n_topics + len(topics), n_spans
        batch.tokens += numbers
        batch.tokens += (-1, -1)


def _form_counts(spans: Spans) -> dict[str, int]:
    """Return how many spans have each form."""
    counts: dict[str, int] = {}
    for _, _, _, form in spans.values():
        counts[form] = counts.get(form, 0) + 1
    return counts


def _full_names(order: Sequence[tuple[int, int]], forms: Sequence[str], flags: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Return by its last form the first longer name of a text, without a title such as "President" before it."""
    full: dict[str, tuple[int, int]] = {}
    for first, end in order:
        if end - first > 1 and flags[end - 1] & CORE and flags[first] & CORE:
            known = full.get(forms[end - 1])
            if known is None or (known[1] == end and len(forms[first]) > 1):
                full[forms[end - 1]] = (first, end)
    return full


def _country_at(countries: Sequence[CountryMatch], start: int, forms: Sequence[str]) -> str:
    """Return the country or state whose own name starts at a token, "" for none."""
    return next((country for a, b, country in countries if a == start and country == " ".join(forms[a:b])), "")


def _nearest(countries: Sequence[CountryMatch], first: int, end: int) -> tuple[str, str]:
    """Return the two countries nearest to a span, with those before it favoured; "" for none."""
    distances: dict[str, int] = {}
    for a, b, country in countries:
        distance = min(abs(a - end), abs(first - b)) + 2 * (b > first)
        distances[country] = min(distance, distances.get(country, distance))
    nearest, second = [*sorted(distances, key=lambda country: distances[country])[:2], ""][:2]
    return nearest, second
