"""Candidate generation: the spans of a text that may name a topic, each with its possible names and their features.

Spans are runs of capitalised tokens and their parts, and forms that the lexicon knows. A span may stand for the names that
editors linked it to, for itself, for a thing of a country that is near ("government": Government of Kenya), for a town with
its state, or for the longer name in the same text that it shortens.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from relatedstories.topics.lexicon import Lexicon
from relatedstories.topics.names import definitions
from relatedstories.topics.runs import CORE, sentence_starts
from relatedstories.topics.span_names import SOURCES, SpanKey, SpanNamer
from relatedstories.topics.spans import SpanFinder
from relatedstories.topics.token_table import TokenTable
from relatedstories.topics.tokenizer import TokenizedText

__all__ = ["FEATURES", "CandidateGenerator", "Candidates"]

FEATURES = (
    *SOURCES, "name links", "name share", "name rank", "name count", "linked", "link rate", "in background",
    "whole in background", "whole share", "occurs", "never linked", "run end", "run length", "tokens", "joints", "lower least",
    "characters", "place", "text length", "repeats", "comma before", "itself", "is country", "has country", "pattern count",
    "pattern share", "head", "extra words", "extra found", "extra country", "part share", "fit", "better fit",
)  # fmt: skip


Ints: TypeAlias = npt.NDArray[np.intp]


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
        self._tokens = TokenTable(lexicon)
        self._find_spans = SpanFinder(lexicon)
        self._namer = SpanNamer(lexicon)
        counts = lexicon.counts.astype(np.float32)
        linked, seen, inside, whole = counts.T
        logs = np.log1p(counts)
        rate = np.where(linked > 0, (linked + 0.3) / (np.maximum(seen, linked) + 1), 0)
        of_form = [
            logs[:, 0], rate, logs[:, 2], logs[:, 3], whole / (inside + 1), logs[:, 1], (linked == 0) & (inside > 4),
        ]  # fmt: skip
        self._of_form = np.zeros((len(counts) + 1, len(of_form)), np.float32)  # row -1: an unknown form
        self._of_form[:-1] = np.stack(of_form, axis=1)
        self._word_themes = lexicon.word_themes
        self._name_themes = lexicon.name_themes.astype(np.float64)
        self._name_lengths = np.sqrt((self._name_themes**2).sum(axis=1))
        self._of_name = np.append(np.log1p(lexicon.name_counts.astype(np.float32)), np.float32(0))

    def __call__(self, texts: Sequence[TokenizedText]) -> Candidates:
        """Return the candidates of texts."""
        with self._lock:
            self._namer.forget_when_full()
            batch = _Batch()
            for text in texts:
                self._add_text(text, batch)
            return self._gather(batch)

    def _add_text(self, text: TokenizedText, batch: _Batch) -> None:
        """Add the spans and rows of one text to the batch."""
        ids = self._tokens.ids(text.tokens)
        forms, flags = self._tokens.context(ids)
        countries = self._lexicon.countries.find(forms)
        starts = sentence_starts(flags)
        begins = self._tokens.begins_form
        found = self._find_spans(forms, flags, starts, countries, [begins[i] for i in ids])
        mentioned = {country for _, _, country in countries}
        defined = {acronym: text.text[a:b] for acronym, a, b in definitions(text.text)} if "(" in text.text else {}
        repeats: dict[str, int] = {}
        full: dict[str, tuple[int, int]] = {}
        order = sorted(found)
        for first, end in order:
            form = found[first, end][3]
            repeats[form] = repeats.get(form, 0) + 1
            if end - first > 1 and flags[end - 1] & CORE and flags[first] & CORE:
                known_full = full.get(forms[end - 1])
                if known_full is None or (known_full[1] == end and len(forms[first]) > 1):  # without "President" before it
                    full[forms[end - 1]] = (first, end)
        words = {form.lower() for form in forms}
        topics: dict[str, int] = {}
        offset, n_topics, n_spans = len(batch.tokens), batch.n_topics, batch.n_spans
        rows, spans, chars, tokens, content, size = batch.rows, batch.spans, text.starts, text.tokens, text.text, len(ids)
        forms_known, rows_known = self._namer.forms, self._namer.rows
        for first, end in order:
            run_first, run_end, joints, form = found[first, end]
            known_row, is_country, has_country, of_country = forms_known[form] or self._namer.look_up(form)
            near = _nearest(countries, first, end) if of_country and countries else ("", "")
            longer = state = ""
            is_defined = False
            if end - first == 1:
                if form in defined:
                    is_defined, longer = True, defined[form]
                elif form in full and full[form][1] <= first:
                    longer = text.surface(*full[form])
            if end < size - 1 and forms[end] == "," and countries and flags[end + 1] & CORE and flags[first] & CORE:
                state = next((country for a, b, country in countries if a == end + 1 and country == " ".join(forms[a:b])), "")
            surface = content[chars[first] : chars[end - 1] + len(tokens[end - 1])]
            key: SpanKey = surface
            if surface != form or near[0] or state or longer:
                key = (surface, form, *near, state, longer, is_defined)
            for number, name_key, extra, more in rows_known[key] or self._namer.find(key, forms[first:end]):
                topic = topics.get(name_key)
                if topic is None:
                    topic = topics[name_key] = n_topics + len(topics)
                have: float = 0
                if extra:
                    for word in extra:
                        have += word in words
                    have /= len(extra)
                rows += (n_spans, number, topic, have, (-1 if mentioned.isdisjoint(more) else 1) if more else 0)
            spans += (
                first + offset, end + offset, known_row, run_end - run_first, run_end == end, joints, repeats[form],
                is_country, has_country, len(surface),
            )  # fmt: skip
            n_spans += 1
        batch.texts += (len(ids), len(order))
        batch.n_topics, batch.n_spans = n_topics + len(topics), n_spans
        batch.tokens += ids
        batch.tokens += (-1, -1)

    def _gather(self, batch: _Batch) -> Candidates:
        """Return the batch as arrays; features of forms, names and tokens come from tables."""
        token = self._tokens.numbers.array()[np.fromiter(batch.tokens, np.intp)]  # row -1 is for no token
        s = np.fromiter(batch.spans, np.intp).reshape(-1, 10)
        r = np.fromiter(batch.rows, np.float64).reshape(-1, 5)
        span = r[:, 0].astype(np.intp)
        numbers = r[:, 1].astype(np.intp)
        own_row = self._namer.numbers.array()[numbers]
        text = np.fromiter(batch.texts, np.intp).reshape(-1, 2)
        of_text = np.repeat(np.arange(len(text)), text[:, 1])
        size, first, end = text[of_text, 0], s[:, 0], s[:, 1]
        begin = np.concatenate([[2], 2 + np.cumsum(text[:, 0] + 2)])[of_text]
        of_form = self._of_form[s[:, 2]]
        logs = np.log1p
        of_span = {
            "linked": of_form[:, 0], "link rate": of_form[:, 1], "in background": of_form[:, 2],
            "whole in background": of_form[:, 3], "whole share": of_form[:, 4], "occurs": of_form[:, 5],
            "never linked": of_form[:, 6], "run length": logs(s[:, 3]), "run end": s[:, 4], "tokens": logs(end - first),
            "joints": s[:, 5], "lower least": _minimum(token[:, 2], first, end), "characters": logs(s[:, 9]),
            "place": (first - begin) / size, "text length": logs(size), "repeats": logs(s[:, 6]),
            "comma before": token[first - 1, 4], "is country": s[:, 7], "has country": s[:, 8], "head": token[end - 1, 3],
        }  # fmt: skip
        sources = own_row[:, 1].astype(np.int32)
        linked = np.expm1(of_form[:, 0])[span]
        own = {name: sources >> bit & 1 for bit, name in enumerate(SOURCES)} | {
            "name links": logs(own_row[:, 2]), "name share": own_row[:, 2] / np.maximum(linked, 1), "name rank": own_row[:, 3],
            "name count": self._of_name[own_row[:, 0].astype(np.intp)], "pattern count": logs(own_row[:, 4]),
            "pattern share": own_row[:, 4] / np.maximum(own_row[:, 5], 1), "itself": own_row[:, 6],
            "extra words": own_row[:, 7], "extra found": np.where(own_row[:, 7] > 0, r[:, 3], 1.5), "extra country": r[:, 4],
            "part share": own_row[:, 8],
        }  # fmt: skip
        own["fit"], own["better fit"] = self._fit(
            token[:, 0].astype(np.intp), (first, end), (begin, begin + size), own_row[:, 0].astype(np.intp), span
        )
        by_span = np.stack([of_span[name] for name in FEATURES if name in of_span], axis=1, dtype=np.float32)
        features = np.empty((len(r), len(FEATURES)), np.float32)
        features[:, [name in of_span for name in FEATURES]] = by_span[span]
        for column, name in enumerate(FEATURES):
            if name in own:
                features[:, column] = own[name]
        return Candidates(
            features=features,
            words=token[:, 0].astype(np.intp),
            shapes=token[:, 1].astype(np.intp),
            first=first[span],
            end=end[span],
            text=of_text[span],
            span=span,
            topic=r[:, 2].astype(np.intp),
            names=[self._namer.names[i] for i in numbers.tolist()],
        )

    def _fit(
        self, words: Ints, spans: tuple[Ints, Ints], texts: tuple[Ints, Ints], name: Ints, span: Ints
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return how well each name fits the words around its span, and how much better another name of the span fits.

        The first is a cosine of themes: of the text's words without the span's own, and of the name; 0 where one has none.
        Sums are of whole numbers, so they are exact.
        """
        sums = np.zeros((len(words) + 1, self._word_themes.shape[1]), np.int64)
        np.cumsum(self._word_themes[words], axis=0, out=sums[1:])
        (first, end), (begin, stop) = spans, texts
        around = (sums[stop] - sums[begin] - sums[end] + sums[first]).astype(np.float64)
        lengths = np.sqrt((around**2).sum(axis=1))
        fit = np.zeros(len(name))
        if len(name):
            rows = np.flatnonzero((name >= 0) & (lengths[span] > 0))
            rows = rows[self._name_lengths[name[rows]] > 0]
            products = np.einsum("ij,ij->i", around[span[rows]], self._name_themes[name[rows]])
            fit[rows] = products / (lengths[span[rows]] * self._name_lengths[name[rows]])
            best = np.maximum.reduceat(fit, np.flatnonzero(np.diff(span, prepend=-1)))
            return fit, best[np.cumsum(np.diff(span, prepend=span[0]) > 0)] - fit
        return fit, fit


class _Batch:
    """The tokens, spans and rows of some texts, in flat lists."""

    def __init__(self) -> None:
        self.tokens = [-1, -1]
        self.texts: list[int] = []
        self.spans: list[int] = []
        self.rows: list[float] = []
        self.n_topics = self.n_spans = 0


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
    return np.minimum.reduceat(values, np.stack([first, end], 1).ravel())[::2]
