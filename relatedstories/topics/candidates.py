"""Candidate generation: the spans of a text that may name a topic, each with its possible names and their features.

Spans are runs of capitalised tokens and their parts, and forms that the lexicon knows. A span may stand for the names that
editors linked it to, for itself, for a thing of a country that is near ("government": Government of Kenya), for a town with
its state, or for the longer name in the same text that it shortens.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from relatedstories.topics.arrays import side_by_side, starts_group, where_true
from relatedstories.topics.lexicon import Lexicon
from relatedstories.topics.names import definitions
from relatedstories.topics.runs import COMMA, CORE, COUNTRY, Bools, Ints
from relatedstories.topics.span_names import NOTHING_NEAR, SOURCES, SpanKey, SpanNamer
from relatedstories.topics.spans import Country, SpanFinder, Spans
from relatedstories.topics.token_table import Tokens, TokenTable
from relatedstories.topics.tokenizer import TokenizedText

__all__ = ["FEATURES", "CandidateGenerator", "Candidates"]

FEATURES = (
    *SOURCES, "name links", "name share", "name rank", "name count", "linked", "link rate", "in background",
    "whole in background", "whole share", "occurs", "never linked", "run end", "run length", "tokens", "joints", "lower least",
    "characters", "place", "text length", "repeats", "comma before", "itself", "is country", "has country", "pattern count",
    "pattern share", "head", "extra words", "extra found", "extra country", "part share", "fit", "better fit",
)  # fmt: skip


_T = TypeVar("_T")


class Candidates(NamedTuple):
    """The candidates of some texts; a row is a span with one possible name.

    Parameters
    ----------
    features : ndarray of float32, shape (n, len(FEATURES))
    words, shapes : ndarray of int, shape (m,)
        For each token of all texts, the row of its word vector and its shape; before, after and between texts stand two
        padding tokens (0).
    first, end : ndarray of int, shape (n,)
        Tokens of each candidate: ``words[first:end]``.
    text : ndarray of int, shape (n,)
        Number of the text of each candidate.
    span, topic : ndarray of int, shape (n,)
        Numbers shared by the candidates of one span, and by those of one name in one text.
    names : list of str
    forms : list of str, length m
        The form of each token.
    """

    features: npt.NDArray[np.float32]
    words: npt.NDArray[np.intp]
    shapes: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    end: npt.NDArray[np.intp]
    text: npt.NDArray[np.intp]
    span: npt.NDArray[np.intp]
    topic: npt.NDArray[np.intp]
    names: list[str]
    forms: list[str]


class SpanFacts(NamedTuple):
    """What is known of each of some spans.

    Parameters
    ----------
    text : ndarray of int, shape (n,)
        Number of the text that it is in.
    form : ndarray of int, shape (n,)
        Number of its form.
    row : ndarray of int, shape (n,)
        Row of its form in the lexicon, -1 if unknown.
    n_repeats : ndarray of int, shape (n,)
        Number of spans of the text that have the form.
    is_country, has_country, of_country : ndarray of bool, shape (n,)
        Whether the form is a country, has one, or may stand for something of a country nearby, as "government" does.
    surfaces : list of str, length n
        The words as they are written.
    """

    text: Ints
    form: Ints
    row: Ints
    n_repeats: Ints
    is_country: Bools
    has_country: Bools
    of_country: Bools
    surfaces: list[str]


class CandidateGenerator:
    """Generates candidates.

    Parameters
    ----------
    lexicon : Lexicon

    Notes
    -----
    Results that depend only on a span's words are cached: a few names make up most mentions.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._lock = threading.Lock()
        self._words: dict[str, int] = {}  # numbers of words in lower case and of countries
        self._tokens = TokenTable(lexicon, self._words)
        self._find_spans = SpanFinder(lexicon)
        self._namer = SpanNamer(lexicon, self._words)
        counts = lexicon.counts.astype(np.float32)
        linked, seen, inside, whole = counts.T
        logs = np.log1p(counts)
        rate = np.where(linked > 0, (linked + 0.3) / (np.maximum(seen, linked) + 1), 0)
        of_form = [
            logs[:, 0], rate, logs[:, 2], logs[:, 3], whole / (inside + 1), logs[:, 1], (linked == 0) & (inside > 4),
        ]  # fmt: skip
        self._of_form = np.zeros((len(counts) + 1, len(of_form)), np.float32)  # row -1: an unknown form
        self._of_form[:-1] = np.stack(of_form, axis=1)
        self._name_lengths = np.sqrt((lexicon.name_themes.astype(np.float64) ** 2).sum(axis=1))
        self._of_name = np.append(np.log1p(lexicon.name_counts.astype(np.float32)), np.float32(0))

    def __call__(self, texts: Sequence[TokenizedText]) -> Candidates:
        """Return the candidates of texts."""
        with self._lock:
            if self._tokens.is_full or self._namer.is_full:
                self._words.clear()
                self._tokens.forget()
                self._namer.forget()
            tokens = self._tokens.tokens(texts)
            countries = self._lexicon.countries.find_at(tokens.forms, where_true(tokens.flags & COUNTRY).tolist())
            spans = self._find_spans(tokens, countries)
            by_text = _by_text([a for a, _, _ in countries], countries, tokens.stop)
            facts = self._facts_of(texts, tokens, spans)
            rows = self._names_of_spans(texts, tokens, by_text, spans, facts)
            return self._gather(tokens, by_text, spans, facts, rows)

    def _facts_of(self, texts: Sequence[TokenizedText], tokens: Tokens, spans: Spans) -> SpanFacts:
        """Return what is known of each span."""
        known = self._namer.forms
        numbers = np.fromiter(map(known.__getitem__, spans.forms), np.intp, len(spans.forms))
        row, is_country, has_country, of_country = self._namer.form_facts.array()[numbers].T
        text = tokens.stop.searchsorted(spans.first, side="right")
        _, same, counts = np.unique(text * (len(known) + 1) + numbers, return_inverse=True, return_counts=True)
        surfaces = _surfaces(texts, tokens, spans, text)
        flags = (is_country > 0, has_country > 0, of_country > 0)
        return SpanFacts(text, numbers, row.astype(np.intp), counts[same], *flags, surfaces)

    def _names_of_spans(
        self, texts: Sequence[TokenizedText], tokens: Tokens, countries: list[list[Country]], spans: Spans, facts: SpanFacts
    ) -> Ints:
        """Return the first of each span's rows among the names, and their number."""
        firsts, ends, numbers = spans.first.tolist(), spans.end.tolist(), facts.text.tolist()
        surfaces = facts.surfaces
        keys: list[SpanKey] = [
            surface if surface == form else (surface, form) for surface, form in zip(surfaces, spans.forms, strict=True)
        ]
        for i, longer, is_defined in self._shortened(texts, tokens, spans, numbers, surfaces):
            keys[i] = (surfaces[i], spans.forms[i], ("", "", "", longer, is_defined))
        flags, has_countries = tokens.flags, np.array([len(found) > 0 for found in countries], np.bool_)[facts.text]
        core = flags & CORE > 0
        before_state = (flags[spans.end] & COMMA > 0) & core[spans.end + 1] & core[spans.first]
        for i in where_true(has_countries & (before_state | facts.of_country)).tolist():
            first, end, near_by, key = firsts[i], ends[i], countries[numbers[i]], keys[i]
            near = _nearest(near_by, first, end) if facts.of_country[i] else ("", "")
            state = ""
            if before_state[i]:
                state = next((name for a, b, name in near_by if a == end + 1 and name == " ".join(tokens.forms[a:b])), "")
            if near[0] or state:
                *_, longer, is_defined = key[2] if len(key) == 3 and not isinstance(key, str) else NOTHING_NEAR
                keys[i] = (surfaces[i], spans.forms[i], (*near, state, longer, is_defined))
        known, find, forms, form = self._namer.spans, self._namer.find, tokens.forms, facts.form.tolist()
        found = [known.get(key, -1) for key in keys]
        for i, number in enumerate(found):
            if number < 0:
                key = keys[i]
                number = known.get(key, -1)
                found[i] = number if number >= 0 else find(key, form[i], forms[firsts[i] : ends[i]])
        return self._namer.rows.array()[found].astype(np.intp)

    def _shortened(
        self,
        texts: Sequence[TokenizedText],
        tokens: Tokens,
        spans: Spans,
        numbers: Sequence[int],
        surfaces: Sequence[str],
    ) -> Iterator[tuple[int, str, bool]]:
        """Yield the spans of one token that shorten a longer name: number, name, whether the text defines it as an acronym."""
        forms, firsts, ends = tokens.forms, spans.first.tolist(), spans.end.tolist()
        defined = {
            (number, acronym): text.text[a:b]
            for number, text in enumerate(texts)
            if "(" in text.text
            for acronym, a, b in definitions(text.text)
        }
        core, is_long = tokens.flags & CORE > 0, spans.end - spans.first > 1
        are_names = where_true(is_long & core[spans.first] & core[spans.end - 1]).tolist()
        full: dict[str, int] = {}  # by its last word, the first longer name of a text
        number, next_name = -1, 0
        for i in where_true(~is_long).tolist():
            if numbers[i] != number:
                number = numbers[i]
                full.clear()
                while next_name < len(are_names) and numbers[are_names[next_name]] <= number:
                    name = are_names[next_name]
                    next_name += 1
                    if numbers[name] == number:
                        last = forms[ends[name] - 1]
                        known = full.get(last)
                        # Of names that end at one token the shortest, without "President" before it.
                        if known is None or (ends[known] == ends[name] and len(forms[firsts[name]]) > 1):
                            full[last] = name
            form = spans.forms[i]
            if defined and (number, form) in defined:
                yield i, defined[number, form], True
            elif form in full and ends[full[form]] <= firsts[i]:
                name = full[form]
                yield i, surfaces[name], False

    def _gather(
        self,
        tokens: Tokens,
        countries: list[list[Country]],
        spans: Spans,
        facts: SpanFacts,
        rows: Ints,
    ) -> Candidates:
        """Return the candidates as arrays; features of forms, names and tokens come from tables."""
        token, words = tokens.numbers, tokens.numbers[:, 0].astype(np.intp)
        first_row, n_rows = rows.T
        span = np.arange(len(first_row)).repeat(n_rows)
        n_before = n_rows.cumsum() - n_rows
        numbers = np.arange(len(span)) + (first_row - n_before)[span]
        own_row = self._namer.numbers.array()[numbers]
        first, end = spans.first, spans.end
        of_text = facts.text
        n_chars = np.fromiter(map(len, facts.surfaces), np.intp, len(facts.surfaces))
        begin, size = tokens.begin[of_text], (tokens.stop - tokens.begin)[of_text]
        of_form = self._of_form[facts.row]
        logs = np.log1p
        of_span = {
            "linked": of_form[:, 0], "link rate": of_form[:, 1], "in background": of_form[:, 2],
            "whole in background": of_form[:, 3], "whole share": of_form[:, 4], "occurs": of_form[:, 5],
            "never linked": of_form[:, 6], "run length": logs(spans.run_end - spans.run_first), "run end": spans.run_end == end,
            "tokens": logs(end - first), "joints": spans.joints, "lower least": _minimum(token[:, 2], first, end),
            "characters": logs(n_chars), "place": (first - begin) / size, "text length": logs(size),
            "repeats": logs(facts.n_repeats), "comma before": tokens.flags[first - 1] & COMMA > 0,
            "is country": facts.is_country, "has country": facts.has_country, "head": token[end - 1, 3],
        }  # fmt: skip
        sources = own_row[:, 1].astype(np.int32)
        linked = np.expm1(of_form[:, 0])[span]
        extra_found, extra_country = self._extra_found(tokens, countries, own_row, of_text[span])
        name = own_row[:, 0].astype(np.intp)
        own = {source: sources >> bit & 1 for bit, source in enumerate(SOURCES)} | {
            "name links": logs(own_row[:, 2]), "name share": own_row[:, 2] / np.maximum(linked, 1), "name rank": own_row[:, 3],
            "name count": self._of_name[name], "pattern count": logs(own_row[:, 4]),
            "pattern share": own_row[:, 4] / np.maximum(own_row[:, 5], 1), "itself": own_row[:, 6],
            "extra words": own_row[:, 7], "extra found": extra_found, "extra country": extra_country, "part share": own_row[:, 8],
        }  # fmt: skip
        own["fit"], own["better fit"] = self._fit(words, (first, end), tokens[-2:], of_text, name, span)
        by_span = side_by_side([of_span[name] for name in FEATURES if name in of_span], np.float32)
        features = np.empty((len(span), len(FEATURES)), np.float32)
        features[:, [name in of_span for name in FEATURES]] = by_span[span]
        for column, feature in enumerate(FEATURES):
            if feature in own:
                features[:, column] = own[feature]
        text, n_names = of_text[span], len(self._namer.names) + 1
        return Candidates(
            features=features,
            words=words,
            shapes=token[:, 1].astype(np.intp),
            first=first[span],
            end=end[span],
            text=text,
            span=span,
            topic=np.unique(text * n_names + own_row[:, 9].astype(np.intp), return_inverse=True)[1],
            names=list(map(self._namer.names.__getitem__, numbers.tolist())),
            forms=tokens.forms,
        )

    def _extra_found(
        self, tokens: Tokens, countries: list[list[Country]], own_row: npt.NDArray[np.float32], text: Ints
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the share of the words that a name has and its span lacks that are elsewhere in the text, and of countries.

        The share of words is 1.5 where there are none. Of countries, 1 means that the text has one of them, -1 that it has
        none, 0 that the name has none.
        """
        n_numbers, words, none = len(self._words), self._words, self._words[""]
        text_of_token = np.zeros(len(tokens.flags), np.intp)
        text_of_token[tokens.stop] = 1
        named = [number * n_numbers + words.get(country, none) for number, found in enumerate(countries) for *_, country in found]
        in_text = text_of_token.cumsum() * n_numbers + tokens.numbers[:, 5].astype(np.intp)
        in_text = np.append(in_text, np.array(named, np.intp))
        in_text.sort()
        n_extra, n_words = own_row[:, 11].astype(np.intp), own_row[:, 7].astype(np.intp)
        stop = n_extra.cumsum()
        row = np.arange(len(n_extra)).repeat(n_extra)
        extra = self._namer.extra.array()[np.arange(len(row)) + (own_row[:, 10].astype(np.intp) - stop + n_extra)[row], 0]
        sought = text[row] * n_numbers + extra.astype(np.intp)
        n_found = np.zeros(len(row) + 1, np.intp)
        (in_text[in_text.searchsorted(sought)] == sought).cumsum(out=n_found[1:])  # the padding at the end is above all sought
        before, between, after = n_found[stop - n_extra], n_found[stop - n_extra + n_words], n_found[stop]
        share = np.where(n_words > 0, (between - before) / np.maximum(n_words, 1), 1.5)
        return share, np.where(n_extra > n_words, np.where(after > between, 1.0, -1.0), 0.0)

    def _fit(
        self, words: Ints, spans: tuple[Ints, Ints], texts: tuple[Ints, Ints], of_text: Ints, name: Ints, span: Ints
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return how well each name fits the words around its span, and how much better another name of the span fits.

        The first is a cosine of themes: of the text's words without the span's own, and of the name; 0 where one has none.
        Sums are of whole numbers, so they are exact.
        """
        themes = self._lexicon.word_themes.take(words, axis=0).astype(np.float32)
        of_texts = np.add.reduceat(themes, side_by_side(texts).ravel(), axis=0)[::2]
        around = (of_texts[of_text] - _sums(themes, *spans)).astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", around, around))
        fit = np.zeros(len(name))
        if len(name):
            rows = where_true((name >= 0) & (lengths[span] > 0))
            rows = rows[self._name_lengths[name[rows]] > 0]
            of_name = self._lexicon.name_themes.take(name[rows], axis=0).astype(np.float64)
            products = np.einsum("ij,ij->i", around.take(span[rows], axis=0), of_name)
            fit[rows] = products / (lengths[span[rows]] * self._name_lengths[name[rows]])
            starts = starts_group(span)
            best = np.maximum.reduceat(fit, where_true(starts))
            return fit, best[starts.cumsum() - 1] - fit
        return fit, fit


def _by_text(places: Sequence[int], items: Sequence[_T], stops: Ints) -> list[list[_T]]:
    """Return items by the text that each is in, told by its token."""
    found: list[list[_T]] = [[] for _ in stops]
    for number, item in zip(stops.searchsorted(places, side="right").tolist(), items, strict=True):
        found[number].append(item)
    return found


def _surfaces(texts: Sequence[TokenizedText], tokens: Tokens, spans: Spans, text_of_span: Ints) -> list[str]:
    """Return the spans as they are written."""
    written: list[str] = []
    starts: list[int] = []
    padding = int(tokens.begin[0]) if len(texts) else 0
    for text in texts:
        written += [""] * padding
        written += text.tokens
        starts += [0] * padding
        starts += text.starts
    return [
        written[first] if end == first + 1 else texts[number].text[starts[first] : starts[end - 1] + len(written[end - 1])]
        for first, end, number in zip(spans.first.tolist(), spans.end.tolist(), text_of_span.tolist(), strict=True)
    ]


def _nearest(countries: list[tuple[int, int, str]], first: int, end: int) -> tuple[str, str]:
    """Return the two countries nearest to a span, preferring those before it; "" where there is none."""
    distances: dict[str, int] = {}
    for a, b, country in countries:
        distance = min(abs(a - end), abs(first - b)) + 2 * (b > first)
        distances[country] = min(distance, distances.get(country, distance))
    nearest, second = [*sorted(distances, key=lambda country: distances[country])[:2], ""][:2]
    return nearest, second


def _minimum(values: npt.NDArray[np.float32], first: npt.NDArray[np.intp], end: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return the minimum of each interval of values."""
    if not len(first):
        return np.zeros(0, np.float32)
    return np.minimum.reduceat(values, side_by_side([first, end]).ravel())[::2]


def _sums(rows: npt.NDArray[np.float32], first: Ints, end: Ints) -> npt.NDArray[np.float32]:
    """Return the sum of the rows of each interval; most are short."""
    size = end - first
    sums = rows.take(first, axis=0)
    for i in range(1, int(size.max(initial=0))):
        longer = where_true(size > i)
        sums[longer] += rows.take(first[longer] + i, axis=0)
    return sums
