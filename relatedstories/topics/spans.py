"""The spans of texts that may name a topic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from relatedstories.topics.arrays import side_by_side, starts_group, where_true
from relatedstories.topics.lexicon import Lexicon
from relatedstories.topics.runs import (
    COMMA,
    CORE,
    HEAD,
    JOINING,
    LINKED,
    LONGER,
    LOWERED,
    OF,
    SECOND,
    THE,
    WEAK,
    WORD,
    Bools,
    Ints,
    Parts,
    Runs,
    capitalised_runs,
    parts_of_runs,
)  # fmt: skip
from relatedstories.topics.token_table import Tokens

__all__ = ["Country", "SpanFinder", "Spans", "country_pattern"]

Country: TypeAlias = tuple[int, int, str]
"""Where a country stands: first token, token after the last, the country."""


_LEFT_OUT = ("'s", "the")
"""Forms that patterns do not have."""


class Spans(NamedTuple):
    """The spans of some texts, ordered by first token and end.

    Parameters
    ----------
    first, end : ndarray of int, shape (n,)
        First token, and the token after the last.
    run_first, run_end : ndarray of int, shape (n,)
        Those of the run that the span is a part of.
    joints : ndarray of int, shape (n,)
        Number of joining words in it.
    forms : list of str
        The form that each is looked up by.
    """

    first: Ints
    end: Ints
    run_first: Ints
    run_end: Ints
    joints: Ints
    forms: list[str]


class SpanFinder:
    """Finds spans: capitalised runs and their parts, forms that the lexicon knows, and things of a country.

    Parameters
    ----------
    lexicon : Lexicon
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        linked, _, inside, whole = lexicon.counts.astype(np.float32).T
        self._after_country = {key.split(" ")[1] for key in lexicon.patterns if key.startswith("<C> ")} | {"'s"}
        seldom_whole = (inside > 9) & (whole < 0.08 * inside) & (linked == 0)
        self._telling = (*(~seldom_whole).tolist(), *[False] * (len(lexicon.forms) - lexicon.n_forms + 1))

    def __call__(self, tokens: Tokens, countries: Sequence[Country]) -> Spans:
        """Return the spans of texts, given where countries stand."""
        runs = capitalised_runs(tokens.flags)
        parts = parts_of_runs(tokens.flags, runs)
        may_be_name = self._may_be_name(tokens, runs, parts)
        parts = Parts(*(column[may_be_name] for column in parts))
        linked = where_true(tokens.flags & LINKED)
        known, lowered = self._known_forms(tokens)
        rows = np.concatenate(
            [
                _rows_of(parts.first, parts.end, runs.start[parts.run], runs.stop[parts.run], parts.joints),
                _things_of(tokens, runs),
                _array_of(_longer_than_run(tokens, runs)),
                _rows_of(linked, linked + 1, linked, linked + 1, np.zeros_like(linked)),
                _array_of(known),
                _array_of(self._with_country(tokens, countries)),
            ]
        )
        size = len(tokens.flags)
        spans = _without_parts(_distinct(rows, size), countries, size)
        words = tokens.forms
        forms = [
            words[first] if end == first + 1 else " ".join(words[first:end])
            for first, end in zip(spans[:, 0].tolist(), spans[:, 1].tolist(), strict=True)
        ]
        if lowered:
            keys = np.array(list(lowered))
            own = spans[:, 0] * size + spans[:, 1]
            places = own.searchsorted(keys)
            for place, key, form in zip(places.tolist(), keys.tolist(), lowered.values(), strict=True):
                if place < len(own) and own[place] == key:
                    forms[place] = form
        first, end, run_first, run_end, joints = spans.T
        return Spans(first, end, run_first, run_end, joints, forms)

    def _may_be_name(self, tokens: Tokens, runs: Runs, parts: Parts) -> Bools:
        """Return which parts of runs may be names by their place within the run, or because the lexicon knows them."""
        joining = tokens.flags & JOINING > 0
        first, end, _, run = parts
        start, stop = runs.start[run], runs.stop[run]
        edge_before, edge_after = (first == start) | joining[first - 1], (end == stop) | joining[end]
        kept: Bools = edge_before & edge_after
        kept |= edge_after & (end - first > 1) & (end - first < 4)
        kept |= (end == stop) & (first - start < 3)
        kept |= (first == start) & (stop - end < 2)
        rows, telling, forms = self._lexicon.forms, self._telling, tokens.forms
        others = where_true(~kept)
        places = zip(others.tolist(), first[others].tolist(), end[others].tolist(), strict=True)
        kept[[other for other, a, b in places if telling[rows.get(" ".join(forms[a:b]), -1)]]] = True
        return kept

    def _known_forms(self, tokens: Tokens) -> tuple[list[int], dict[int, str]]:
        """Return the spans of several tokens whose form has names in the lexicon, and those whose form has in lower case alone.

        The latter, of one token or several, begin a sentence; for these the forms are also given, by first token times the
        number of tokens plus end.
        """
        forms, flags, size, (rows, named) = (
            tokens.forms,
            tokens.flags,
            len(tokens.flags),
            (self._lexicon.forms, self._lexicon.named),
        )
        found: list[int] = []  # one span after the other: many short tuples would keep the garbage collector busy
        lowered: dict[int, str] = {}
        for first in where_true((flags[:-1] & LONGER > 0) & (flags[1:] & SECOND > 0)).tolist():
            end = first + 2
            form = f"{forms[first]} {forms[first + 1]}"
            while (row := rows.get(form)) is not None:
                if named[row]:
                    found += (first, end, first, end, 0)
                form = f"{form} {forms[end]}"  # no form has padding
                end += 1
        for first in where_true(tokens.starts & (flags & LOWERED > 0)).tolist():
            end = first + 1
            form = forms[first][0].lower() + forms[first][1:]
            while (row := rows.get(form)) is not None:
                if named[row] and not named[rows.get(" ".join(forms[first:end]), -1)]:
                    found += (first, end, first, end, 0)
                    lowered[first * size + end] = form
                form = f"{form} {forms[end]}"
                end += 1
        return found, lowered

    def _with_country(self, tokens: Tokens, countries: Sequence[Country]) -> list[int]:
        """Return the things of countries that the patterns know: "Kenyan government"."""
        found: list[int] = []
        forms, patterns = tokens.forms, self._lexicon.patterns
        texts = tokens.stop.searchsorted([a for a, _, _ in countries], side="right")
        edges = zip(tokens.begin[texts].tolist(), tokens.stop[texts].tolist(), strict=True)
        for (a, b, _), (begin, stop) in zip(countries, edges, strict=True):
            if b < stop and forms[b].lower() in self._after_country:
                pattern = "<C>"
                for end in range(b + 1, min(stop, b + 4) + 1):
                    pattern = _longer_pattern(pattern, "", forms[end - 1])
                    if pattern in patterns:
                        found += (a, end, a, end, 0)
            if a > begin and forms[a - 1] in ("of", "in", "the", "to", "from"):
                pattern = _longer_pattern("<C>", forms[a - 1], "")
                for first in range(a - 2, max(begin, a - 4) - 1, -1):
                    pattern = _longer_pattern(pattern, forms[first], "")
                    if pattern in patterns:
                        found += (first, b, first, b, 0)
        return found


def _longer_pattern(pattern: str, before: str, after: str) -> str:
    """Return what `country_pattern` gives with one more form before or after."""
    form = (before or after).lower()
    if form in _LEFT_OUT:
        return pattern
    return f"{form} {pattern}" if before else f"{pattern} {form}"


def country_pattern(forms: Sequence[str], first: int, end: int, a: int, b: int) -> str:
    """Return the form in lower case, with "<C>" in place of the country at tokens a to b."""
    parts = [*(form.lower() for form in forms[first:a]), "<C>", *(form.lower() for form in forms[b:end])]
    return " ".join(part for part in parts if part not in _LEFT_OUT)


def _things_of(tokens: Tokens, runs: Runs) -> Ints:
    """Return runs with a word before them that "of" or "in" joins: "government of Kiribati"."""
    flags, (start, stop) = tokens.flags, runs
    ends_text = np.zeros(len(flags), np.bool_)
    ends_text[tokens.stop] = True
    start, stop = start[~ends_text[stop]], stop[~ends_text[stop]]
    direct, article = flags[start - 1] & OF > 0, (flags[start - 1] & THE > 0) & (flags[start - 2] & OF > 0)
    at = start - np.where(article, 3, 2)
    found = (direct | article) & (flags[at] & (WORD | CORE | JOINING) == WORD)
    at, stop = at[found], stop[found]
    return _rows_of(at, stop, at, stop, np.ones_like(at))


def _longer_than_run(tokens: Tokens, runs: Runs) -> list[int]:
    """Return the spans that begin within a run and end after it: "Napalpí massacre"."""
    forms, flags = tokens.forms, tokens.flags
    found: list[int] = []
    start, stop = runs
    after, second = flags[stop], flags[stop + 1]
    next_too = (second & HEAD > 0) & (after & (WORD | JOINING) == WORD)
    before_name = (after & COMMA > 0) & (second & CORE > 0)
    numbers = where_true((after & HEAD > 0) | next_too | before_name)
    next_start, next_stop = np.append(start[1:], -1), np.append(stop[1:], -1)
    each = (start, stop, next_start, next_stop, after & HEAD > 0, next_too, before_name)
    columns = zip(*(column[numbers].tolist() for column in each), strict=True)
    for first_of_run, end_of_run, start_of_next, end_of_next, one, two, comma in columns:
        core = [i for i in range(first_of_run, end_of_run) if flags[i] & CORE]
        for end in (end_of_run + 1,) * one + (end_of_run + 2,) * two:
            for first in core:
                if first == first_of_run or not flags[first - 1] & WEAK:
                    found += (first, end, first, end, 0)
                    # "Russian invasion of Ukraine"
                    if flags[end] & OF and start_of_next == end + 1 + (forms[end + 1] == "the"):
                        found += (first, end_of_next, first, end_of_next, 1)
        if comma:  # "Eugene, Oregon"
            for first in core:
                if first >= end_of_run - 3:
                    found += (first, end_of_next, first_of_run, end_of_next, 2)
    return found


def _rows_of(*columns: Ints) -> Ints:
    return side_by_side(columns)


def _array_of(rows: list[int]) -> Ints:
    return np.fromiter(rows, np.intp, len(rows)).reshape(-1, 5)


def _distinct(rows: Ints, n_tokens: int) -> Ints:
    """Return spans ordered by first token and end; of several with the same, the one that came first."""
    keys = rows[:, 0] * n_tokens + rows[:, 1]
    order = keys.argsort(kind="stable")
    kept = order[where_true(starts_group(keys[order]))]
    return rows[kept]


def _without_parts(rows: Ints, countries: Sequence[Country], n_tokens: int) -> Ints:
    """Return spans without those that are parts of countries: "South" of "South Korea" is no name."""
    whole = np.zeros(n_tokens, np.intp)  # for each token, the number of tokens of the country that it is in
    start = np.full(n_tokens, -1)
    for a, b, _ in countries:
        if b - a > 1:
            whole[a:b], start[a:b] = b - a, a
    first, last = rows[:, 0], rows[:, 1] - 1
    inside = (start[first] >= 0) & (start[first] == start[last]) & (last - first + 1 < whole[first])
    kept: Ints = rows[~inside]
    return kept
