"""Candidate spans: the stretches of a text that may name a topic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from relatedstories.topics.lexicon import Lexicon
from relatedstories.topics.text_forms import (
    CAPITAL,
    CORE,
    HEAD,
    JOINING,
    WEAK,
    abstract_form,
    capitalised_runs,
    parts_of_run,
    sentence_starts,
)

__all__ = ["CountryMatch", "SpanFinder", "Spans"]

CountryMatch: TypeAlias = tuple[int, int, str]
"""A country in a text: first token, end token, country."""

Spans: TypeAlias = dict[tuple[int, int], tuple[int, int, int, str]]
"""Spans by first and end token, each with the start and end of its run, the number of joining words in it, and the form by which
the lexicon is asked for it."""

_COUNTRY_PREPOSITIONS = ("of", "in", "the", "to", "from")


class SpanFinder:
    """Finds candidate spans.

    Parameters
    ----------
    lexicon : Lexicon
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._after_country = {key.split(" ")[1] for key in lexicon.patterns if key.startswith("<C> ")} | {"'s"}
        linked, _, inside, whole = lexicon.counts.T
        self._seldom_whole = ((inside > 9) & (whole < 0.08 * inside) & (linked == 0)).tolist()

    def find(
        self, forms: Sequence[str], flags: Sequence[int], countries: Sequence[CountryMatch], form_starts: Sequence[int]
    ) -> Spans:
        """Return the candidate spans of a text.

        Parameters
        ----------
        forms, flags : sequence
            For each token its form and flags.
        countries : sequence of CountryMatch
            The countries among the forms.
        form_starts : sequence of int
            The tokens with which a form of the lexicon may start.
        """
        spans: Spans = {}
        runs = list(capitalised_runs(flags))
        for number, (start, stop) in enumerate(runs):
            self._add_parts(spans, forms, flags, start, stop)
            if stop < len(forms):
                _add_joined(spans, forms, flags, runs, number)
        self._add_known_forms(spans, forms, flags, form_starts)
        self._add_country_patterns(spans, forms, countries)
        return spans

    def _add_parts(self, spans: Spans, forms: Sequence[str], flags: Sequence[int], start: int, stop: int) -> None:
        """Add a run and those of its parts that are likely names."""
        if stop == start + 1:
            if flags[start] & CAPITAL:
                spans[start, stop] = (start, stop, 0, forms[start])
            return
        n_forms, rows, seldom_whole = self._lexicon.n_forms, self._lexicon.forms, self._seldom_whole
        for first, end, joints in parts_of_run(flags, start, stop):
            edge_before = first == start or flags[first - 1] & JOINING
            edge_after = end == stop or flags[end] & JOINING
            form = " ".join(forms[first:end])
            row = rows.get(form, n_forms)
            if (
                (edge_before and edge_after)
                or (row < n_forms and not seldom_whole[row])
                or (edge_after and 1 < end - first < 4)
                or (end == stop and first - start < 3)
                or (first == start and stop - end < 2)
            ):
                spans[first, end] = (start, stop, joints, form)

    def _add_known_forms(self, spans: Spans, forms: Sequence[str], flags: Sequence[int], form_starts: Sequence[int]) -> None:
        """Add the forms that the lexicon has names for; at the start of a sentence also with a small first letter."""
        n_forms, rows, named, size = self._lexicon.n_forms, self._lexicon.forms, self._lexicon.named, len(forms)
        starts = sentence_starts(flags)
        for first in form_starts:
            whole = forms[first]
            for form in (whole, whole[0].lower() + whole[1:]) if starts[first] and flags[first] & CAPITAL else (whole,):
                row = rows.get(form)
                end = first + 1
                while row is not None:
                    if row < n_forms and named[row]:
                        span = spans.get((first, end))
                        if span is None:
                            spans[first, end] = (first, end, 0, form)
                        elif form != span[3] and not named[rows.get(span[3], n_forms)]:
                            spans[first, end] = (*span[:3], form)
                    if end == size:
                        break
                    form = f"{form} {forms[end]}"
                    end += 1
                    row = rows.get(form)

    def _add_country_patterns(self, spans: Spans, forms: Sequence[str], countries: Sequence[CountryMatch]) -> None:
        """Add things of a country that a pattern names, and remove parts of a country's name."""
        patterns, size = self._lexicon.patterns, len(forms)
        for start, stop, _ in countries:
            if stop < size and forms[stop].lower() in self._after_country:
                for end in range(stop + 1, min(size, stop + 4) + 1):
                    if (start, end) not in spans and abstract_form(forms, start, end, start, stop) in patterns:
                        _add(spans, forms, start, end, start, 0)
            if start and forms[start - 1] in _COUNTRY_PREPOSITIONS:
                for first in range(max(0, start - 4), start - 1):
                    if (first, stop) not in spans and abstract_form(forms, first, stop, start, stop) in patterns:
                        _add(spans, forms, first, stop, first, 0)
            if stop - start > 1:  # "South" of "South Korea" is not a name
                whole = (start, stop)
                for part in [part for part in spans if start <= part[0] and part[1] <= stop and part != whole]:
                    del spans[part]


def _add(spans: Spans, forms: Sequence[str], first: int, end: int, start: int, joints: int) -> None:
    """Add a span unless it is there already."""
    if (first, end) not in spans:
        spans[first, end] = (start, end, joints, " ".join(forms[first:end]))


def _add_joined(spans: Spans, forms: Sequence[str], flags: Sequence[int], runs: Sequence[tuple[int, int]], number: int) -> None:
    """Add a run joined with the words next to it, or with the next run."""
    (start, stop), size = runs[number], len(forms)
    # "Napalpí massacre"
    for end in (stop + 1, stop + 2):
        if end <= size and flags[end - 1] & HEAD and (end == stop + 1 or (forms[stop].isalpha() and not flags[stop] & JOINING)):
            for first in range(start, stop):
                if flags[first] & CORE and (first == start or not flags[first - 1] & WEAK):
                    _add(spans, forms, first, end, first, 0)
                    # "Russian invasion of Ukraine"
                    if end + 1 < size and forms[end] in ("of", "in") and number + 1 < len(runs):
                        after, stop_after = runs[number + 1]
                        if after == end + 1 + (forms[end + 1] == "the"):
                            _add(spans, forms, first, stop_after, first, 1)
    # "Eugene, Oregon"
    if stop + 1 < size and forms[stop] == "," and flags[stop + 1] & CORE:
        for first in range(max(start, stop - 3), stop):
            if flags[first] & CORE:
                _add(spans, forms, first, runs[number + 1][1], start, 2)
    # "government of Kiribati"
    head = start - 2 if start > 1 and forms[start - 1] in ("of", "in") else -1
    if start > 2 and forms[start - 1] == "the" and forms[start - 2] in ("of", "in"):
        head = start - 3
    if head >= 0 and forms[head].isalpha() and not flags[head] & (CORE | JOINING):
        _add(spans, forms, head, stop, head, 1)
