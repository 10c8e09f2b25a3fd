"""Candidates: the spans of a text that may name a topic, each with the names it may stand for, and what tells of them.

Spans are runs of capitalised tokens and their parts, and forms that the lexicon knows. A span may stand for the names that
editors linked it to, for itself, for a thing of a country that is near ("government": Government of Kenya), for a town with
its state, or for the longer name in the same text that it shortens.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from relatedstories.topics.lexicon import Lexicon, form_of, key_of
from relatedstories.topics.names import definitions

__all__ = ["FEATURES", "CandidateGenerator", "Candidates", "Recent", "Text"]

MAX_TOKENS = 9
"""The longest part of a run, in tokens; a whole run may have twice as many."""

MAX_NAMES = 3

MAX_KEPT = 30_000
"""Forms and spans that are remembered for sure."""

_COMMON = 5000
"""Words of the lexicon come most frequent first; from this row on they are rare."""

_NAME_PARTS = (
    "of",
    "the",
    "for",
    "de",
    "la",
    "al",
    "-",
    "&",
    "'s",
    "del",
    "da",
    "du",
    "von",
    "van",
    "der",
    "bin",
    "ibn",
    "el",
    "y",
)
_WEAK = frozenset((*_NAME_PARTS, "e", "dos", "das", "di", "le", "les", "des", "v", "vs"))
_JOINING = _WEAK | frozenset(("and", "in", "on", "to", "at"))
_ARTICLES = frozenset(("the", "a", "an"))

_PART = re.compile(r"[\w.]+")

CAPITAL, NUMBER, WEAK, JOINING, END, OPENING, HYPHEN, HEAD = (1 << i for i in range(8))
_CORE = CAPITAL | NUMBER

SOURCES = ("linked", "country", "state", "event")
"""Where a name of a span comes from, a bit each: editors' links of these words, of a country's things, a town's state, and
other names in the same text. One without is the span itself, or what a pattern gives."""

FEATURES = (
    *SOURCES, "name links", "name share", "name rank", "name count", "linked", "link rate", "in background",
    "whole in background", "whole share", "occurs", "never linked", "run end", "run length", "tokens", "joints", "lower least",
    "characters", "place", "text length", "repeats", "comma before", "itself", "is country", "has country", "pattern count",
    "pattern share", "head", "extra words", "extra found", "extra country",
)  # fmt: skip


_LINKED, _COUNTRY, _STATE, _EVENT = (1 << i for i in range(len(SOURCES)))


class Text(NamedTuple):
    """A tokenised text.

    Parameters
    ----------
    text : str
    tokens : sequence of str
    starts : sequence of int
        Where each token begins, in characters.
    """

    text: str
    tokens: Sequence[str]
    starts: Sequence[int]

    def surface(self, first: int, end: int) -> str:
        """The characters from token `first` to before token `end`."""
        return self.text[self.starts[first] : self.starts[end - 1] + len(self.tokens[end - 1])]


class Candidates(NamedTuple):
    """The candidates of some texts: a row is a span with one name.

    Parameters
    ----------
    features : ndarray of float32, shape (n, len(FEATURES))
    words, shapes : ndarray of int, shape (m,)
        Of all tokens of all texts, two empty ones (0) before, after and between texts: rows of word vectors, and shapes.
    first, end : ndarray of int, shape (n,)
        Each candidate's tokens: ``words[first:end]``.
    text : ndarray of int, shape (n,)
        The text it is of.
    span, topic : ndarray of int, shape (n,)
        Numbers that candidates of one span, and those of one name in one text, share.
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


def _shape(form: str) -> int:
    if form.islower():
        return 1
    if form.isupper() and len(form) > 1:
        return 2
    if form[:1].isupper():
        return 3
    return 4 if form[:1].isdigit() else 5 if form.isalnum() else 6


_K = TypeVar("_K")
_V = TypeVar("_V")

_Row: TypeAlias = tuple[int, str, tuple[str, ...], tuple[str, ...]]
"""A span with one name, as it is wherever these words stand: its place among all rows met so far, the name's key, and the
words (in lower case) and countries of the name that the span has not. Tuples of texts and numbers alone, which the garbage
collector has no business with."""

_Key: TypeAlias = str | tuple[str, str, str, str, str, str, bool]
"""What the rows of a span depend on: its surface, its form, the countries near by, the state after it, the longer name it
shortens, and whether the text defines it as short for that, which goes before whatever else it may stand for. Of a span whose
surface is its form, and that has nothing of the rest, as most have not, it is that text alone."""

_Form: TypeAlias = tuple[int, bool, bool, bool]
"""What is known of a form: its row in the lexicon, whether it is a country, whether it has one in it, and whether it may stand
for something of a country near by, as "government" does."""


class CandidateGenerator:
    """Finds candidates.

    Parameters
    ----------
    lexicon : Lexicon

    Notes
    -----
    What depends on the words of a span alone is kept for the next text that has them: names follow Zipf's law.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._lock = threading.Lock()
        self._lexemes: dict[str, int] = {}
        self._forms: list[str] = []
        self._flags: list[int] = []
        self._begins: list[bool] = []  # whether a known form begins so
        self._rare: list[bool] = []
        self._numbers = _Table(5)
        self._known: Recent[str, _Form] = Recent()
        self._rows: Recent[_Key, tuple[_Row, ...]] = Recent()
        self._by_country: Recent[tuple[str, str], list[tuple[str, int, int, int]]] = Recent()
        self._names_parts: Recent[str, tuple[str, int, tuple[str, ...], tuple[str, ...]]] = Recent()
        self._names: list[str] = []
        self._of_rows = _Table(8)
        counts = lexicon.counts.astype(np.float32)
        linked, seen, inside, whole = counts.T
        logs = np.log1p(counts)
        rate = np.where(linked > 0, (linked + 0.3) / (np.maximum(seen, linked) + 1), 0)
        of_form = [
            logs[:, 0], rate, logs[:, 2], logs[:, 3], whole / (inside + 1), logs[:, 1], (linked == 0) & (inside > 4),
        ]  # fmt: skip
        self._of_form = np.zeros((len(counts) + 1, len(of_form)), np.float32)  # row -1: an unknown form
        self._of_form[:-1] = np.stack(of_form, axis=1)
        self._of_name = np.append(np.log1p(lexicon.name_counts.astype(np.float32)), np.float32(0))
        self._after_country = {key.split(" ")[1] for key in lexicon.patterns if key.startswith("<C> ")} | {"'s"}
        self._seldom_whole = ((inside > 9) & (whole < 0.08 * inside) & (linked == 0)).tolist()

    def _lexeme(self, token: str) -> int:
        """The number of a token that was not met before."""
        lexicon, form = self._lexicon, form_of(token)
        first, lower = form[:1], form.lower()
        capital = first.isupper() or (len(form) > 2 and first.isalnum() and any(map(str.isupper, form)))
        capital = capital and form not in ("The", "A", "An")  # "The Hague" is a form that the lexicon knows
        flags = CAPITAL * capital | NUMBER * first.isdigit() | WEAK * (form in _WEAK) | JOINING * (form in _JOINING)
        flags |= END * (token[-1:] in ".!?" or "\n" in token) | OPENING * (token in "\"“‘'(:") | HYPHEN * (form == "-")
        flags |= HEAD * (lexicon.heads.get(form, 0) > 1)
        words = lexicon.words
        word = words.get("<number>" if first.isdigit() else form, 0) or words.get(lower, 0)
        number = (
            word, _shape(form), lexicon.lower[words.get(lower, 0)], math.log1p(lexicon.heads.get(form, 0)), form == ","
        )  # fmt: skip
        self._lexemes[token] = len(self._forms)
        self._forms.append(form)
        self._flags.append(flags)
        self._begins.append(form in lexicon.forms or (bool(flags & CAPITAL) and first.lower() + form[1:] in lexicon.forms))
        self._rare.append(not 0 < word < _COMMON)
        self._numbers.append(number)
        return len(self._forms) - 1

    def runs(self, text: Text) -> Iterator[tuple[int, int, int, int]]:
        """Every part of every capitalised run, the run itself among them: the run's start and end, and the part's, in tokens."""
        flags = self._context(self._ids(text.tokens))[1]
        for start, stop in _runs(flags):
            for first, end, _ in _parts(flags, start, stop):
                yield start, stop, first, end

    def _ids(self, tokens: Sequence[str]) -> list[int]:
        known = self._lexemes
        try:
            return [known[token] for token in tokens]
        except KeyError:
            return [known[token] if token in known else self._lexeme(token) for token in tokens]

    def _context(self, ids: list[int]) -> tuple[list[str], list[int]]:
        """The forms and flags of a text's tokens."""
        forms = [self._forms[i] for i in ids]
        flags = [self._flags[i] for i in ids]
        if "-" in forms:
            for i in range(2, len(ids)):  # the end of "Yoon Suk-yeol", but not of "Saudi-led"
                if flags[i - 1] & HYPHEN and flags[i - 2] & _CORE and forms[i].islower() and self._rare[ids[i]]:
                    flags[i] |= NUMBER
        return forms, flags

    def __call__(self, texts: Sequence[Text]) -> Candidates:
        """The candidates of texts."""
        with self._lock:
            if len(self._names) > 8 * MAX_KEPT:
                self._rows.forget()
                self._names.clear()
                self._of_rows.clear()
            batch = _Batch()
            for text in texts:
                self._find(text, batch)
            return self._gather(batch)

    def _find(self, text: Text, batch: _Batch) -> None:
        """Add the spans and rows of one text."""
        ids = self._ids(text.tokens)
        forms, flags = self._context(ids)
        countries = self._lexicon.countries.find(forms)
        starts = _sentence_starts(flags)
        found = self._spans(forms, flags, starts, countries, ids)
        mentioned = {country for _, _, country in countries}
        defined = {acronym: text.text[a:b] for acronym, a, b in definitions(text.text)} if "(" in text.text else {}
        repeats: dict[str, int] = {}
        full: dict[str, tuple[int, int]] = {}
        order = sorted(found)
        for first, end in order:
            form = found[first, end][3]
            repeats[form] = repeats.get(form, 0) + 1
            if end - first > 1 and flags[end - 1] & _CORE and flags[first] & _CORE:
                known_full = full.get(forms[end - 1])
                if known_full is None or (known_full[1] == end and len(forms[first]) > 1):  # without "President" before it
                    full[forms[end - 1]] = (first, end)
        words = {form.lower() for form in forms}
        topics: dict[str, int] = {}
        offset, n_topics, n_spans = len(batch.tokens), batch.n_topics, batch.n_spans
        rows, spans, chars, tokens, content, size = batch.rows, batch.spans, text.starts, text.tokens, text.text, len(ids)
        forms_known, rows_known = self._known, self._rows
        for first, end in order:
            run_first, run_end, joints, form = found[first, end]
            known_row, is_country, has_country, of_country = forms_known[form] or self._look_up(form)
            near = _nearest(countries, first, end) if of_country and countries else ("", "")
            longer = state = ""
            is_defined = False
            if end - first == 1:
                if form in defined:
                    is_defined, longer = True, defined[form]
                elif form in full and full[form][1] <= first:
                    longer = text.surface(*full[form])
            if end < size - 1 and forms[end] == "," and countries and flags[end + 1] & _CORE and flags[first] & _CORE:
                state = next((country for a, b, country in countries if a == end + 1 and country == " ".join(forms[a:b])), "")
            surface = content[chars[first] : chars[end - 1] + len(tokens[end - 1])]
            key: _Key = surface
            if surface != form or near[0] or state or longer:
                key = (surface, form, *near, state, longer, is_defined)
            for number, name_key, extra, more in rows_known[key] or self._named(key, forms[first:end]):
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

    def _look_up(self, form: str) -> _Form:
        lexicon = self._lexicon
        row = lexicon.forms.get(form, -1)
        inside = lexicon.countries.find(form.split(" "))
        is_country = form in lexicon.countries.of
        of_country = not inside and "~" + form.lower() in lexicon.patterns
        known = (row if row < lexicon.n_forms else -1, is_country, len(inside) == 1 and not is_country, of_country)
        self._known.keep(form, known)
        return known

    def _spans(
        self, forms: list[str], flags: list[int], starts: list[bool], countries: list[tuple[int, int, str]], ids: list[int]
    ) -> dict[tuple[int, int], tuple[int, int, int, str]]:
        """Spans, with the run they are of, how many joining words they hold, and the form they are looked up by."""
        lexicon, size = self._lexicon, len(forms)
        n_forms, rows, named, seldom = lexicon.n_forms, lexicon.forms, lexicon.named, self._seldom_whole
        found: dict[tuple[int, int], tuple[int, int, int, str]] = {}

        def add(first: int, end: int, start: int, joints: int) -> None:
            if (first, end) not in found:
                found[first, end] = (start, end, joints, " ".join(forms[first:end]))

        runs = list(_runs(flags))
        for number, (start, stop) in enumerate(runs):
            if stop == start + 1:
                if flags[start] & CAPITAL:
                    found[start, stop] = (start, stop, 0, forms[start])
            else:
                for first, end, joints in _parts(flags, start, stop):
                    edge_before = first == start or flags[first - 1] & JOINING
                    edge_after = end == stop or flags[end] & JOINING
                    form = " ".join(forms[first:end])
                    row = rows.get(form, n_forms)
                    if (
                        (edge_before and edge_after)
                        or (row < n_forms and not seldom[row])
                        or (edge_after and 1 < end - first < 4)
                        or (end == stop and first - start < 3)
                        or (first == start and stop - end < 2)
                    ):
                        found[first, end] = (start, stop, joints, form)
            if stop == size:
                continue
            # A run with words in lower case after it: "Napalpí massacre".
            for end in (stop + 1, stop + 2):
                if (
                    end <= size
                    and flags[end - 1] & HEAD
                    and (end == stop + 1 or (forms[stop].isalpha() and not flags[stop] & JOINING))
                ):
                    for first in range(start, stop):
                        if flags[first] & _CORE and (first == start or not flags[first - 1] & WEAK):
                            add(first, end, first, 0)
                            if (
                                end + 1 < size and forms[end] in ("of", "in") and number + 1 < len(runs)
                            ):  # "Russian invasion of Ukraine"
                                after, stop_after = runs[number + 1]
                                if after == end + 1 + (forms[end + 1] == "the"):
                                    add(first, stop_after, first, 1)
            # "Eugene, Oregon"
            if stop + 1 < size and forms[stop] == "," and flags[stop + 1] & _CORE:
                for first in range(max(start, stop - 3), stop):
                    if flags[first] & _CORE:
                        add(first, runs[number + 1][1], start, 2)
            # "government of Kiribati"
            at = start - 2 if start > 1 and forms[start - 1] in ("of", "in") else -1
            if start > 2 and forms[start - 1] == "the" and forms[start - 2] in ("of", "in"):
                at = start - 3
            if at >= 0 and forms[at].isalpha() and not flags[at] & (_CORE | JOINING):
                add(at, stop, at, 1)
        begins = self._begins
        for first in [i for i, token in enumerate(ids) if begins[token]]:
            whole = forms[first]
            for form in (whole, whole[0].lower() + whole[1:]) if starts[first] and flags[first] & CAPITAL else (whole,):
                known = rows.get(form)
                end = first + 1
                while known is not None:
                    if known < n_forms and named[known]:
                        span = found.get((first, end))
                        if span is None:
                            found[first, end] = (first, end, 0, form)
                        elif form != span[3] and not named[rows.get(span[3], n_forms)]:
                            found[first, end] = (*span[:3], form)
                    if end == size:
                        break
                    form = f"{form} {forms[end]}"
                    end += 1
                    known = rows.get(form)
        for a, b, _ in countries:
            if b < size and forms[b].lower() in self._after_country:
                for end in range(b + 1, min(size, b + 4) + 1):
                    if (a, end) not in found and _abstract(forms, a, end, a, b) in lexicon.patterns:
                        add(a, end, a, 0)
            if a and forms[a - 1] in ("of", "in", "the", "to", "from"):
                for first in range(max(0, a - 4), a - 1):
                    if (first, b) not in found and _abstract(forms, first, b, a, b) in lexicon.patterns:
                        add(first, b, first, 0)
            if b - a > 1:  # "South" of "South Korea" is no name
                for part in [part for part in found if a <= part[0] and part[1] <= b and part != (a, b)]:
                    del found[part]
        return found

    def _named(self, key: _Key, forms: list[str]) -> tuple[_Row, ...]:
        """The rows of a span."""
        surface, form, *near, state, longer, is_defined = (key, key, "", "", "", "", False) if isinstance(key, str) else key
        lexicon = self._lexicon
        row = (self._known[form] or self._look_up(form))[0]
        own_key = key_of(surface)
        name_id = lexicon.ids.get(own_key, -1)
        itself = lexicon.names[name_id] if name_id >= 0 else surface
        known = lexicon.named[row] or forms[-1].islower() or not lexicon.countries.first.isdisjoint(forms)
        if not known and isinstance(key, str):  # most names, and few of them are met again
            return self._rows.keep(key, (self._row(itself, own_key, (name_id, 0, 0, 0, 0, 0, True, 0)),))
        named: dict[str, list[int]] = {}  # sources, links, rank, pattern count, pattern total

        def add(name: str, source: int) -> list[int]:
            item = named.setdefault(name, [0, 0, 0, 0, 0])
            item[0] |= source
            return item

        sure = False
        if row >= 0 and not is_defined:
            linked = lexicon.linked[row]
            for place, (title, links) in enumerate(lexicon.titles_of(row)[:MAX_NAMES]):
                if place == 0 or links * 10 >= linked:
                    add(lexicon.names[title], _LINKED)[1:3] = links, place
                    sure = sure or (links >= 6 and links > 0.9 * linked)
        lower = forms[-1].islower() and forms[0].islower()
        if itself in named or not (is_defined or sure or (named and lower and name_id < 0)):
            add(itself, 0)
        inside = lexicon.countries.find(forms)
        if len(inside) == 1 and inside[0][1] - inside[0][0] < len(forms):
            a, b, country = inside[0]
            pattern = _abstract(forms, 0, len(forms), a, b)
            self._of_country(country, pattern, " ".join(pattern.replace("of <C>", "").replace("<C>", "").split()), add)
        for country in near:
            if country:
                self._of_country(country, "~" + form.lower(), form.lower(), add)
        if state:
            add(f"{itself}, {state}", _STATE)
        if longer:
            longer_row = lexicon.forms.get(" ".join(map(form_of, longer.split())), lexicon.n_forms)
            titled = longer_row < lexicon.n_forms and lexicon.named[longer_row]
            add(lexicon.names[lexicon.titles_of(longer_row)[0][0]] if titled else longer, _EVENT)
        if forms[-1].islower() and (itself.endswith("s") or name_id < 0):
            singular = lexicon.ids.get(key_of(itself.removesuffix("s")), -1)
            if singular >= 0:
                add(lexicon.names[singular], _EVENT)
        rows: list[_Row] = []
        extra: tuple[str, ...]
        countries: tuple[str, ...]
        for name, (sources, n_links, rank, count, total) in named.items():
            if name == itself:
                name_key, of_name, extra, countries = own_key, name_id, (), ()
            else:
                have = {form.lower() for form in forms}
                own = {country for _, _, country in inside}
                name_key, of_name, words, inside_name = self._names_parts[name] or self._parts_of(name)
                extra = tuple([word for word in words if word not in have])
                countries = tuple([country for country in inside_name if country not in own])
            numbers = (of_name, sources, n_links, rank, count, total, name == itself, len(extra))
            rows.append(self._row(name, name_key, numbers, extra, countries))
        return self._rows.keep(key, tuple(rows))

    def _row(
        self, name: str, key: str, numbers: tuple[float, ...], extra: tuple[str, ...] = (), countries: tuple[str, ...] = ()
    ) -> _Row:
        """A row, with its numbers put where `_gather` takes them from."""
        self._names.append(name)
        self._of_rows.append(numbers)
        return len(self._names) - 1, key, extra, countries

    def _parts_of(self, name: str) -> tuple[str, int, tuple[str, ...], tuple[str, ...]]:
        """A name's key, its row in the lexicon, its words in lower case but for small ones, and the countries in it."""
        key, lexicon = key_of(name), self._lexicon
        forms = [form_of(part) for part in _PART.findall(name)]
        words = tuple([word for form in forms if (word := form.lower()) not in _JOINING])
        found = (key, lexicon.ids.get(key, -1), words, tuple([country for _, _, country in lexicon.countries.find(forms)]))
        self._names_parts.keep(name, found)
        return found

    def _of_country(self, country: str, key: str, plain: str, add: Any) -> None:
        """Add what editors linked of a country, and what the patterns give."""
        cached = (country, key)
        found = self._by_country[cached]
        if found is None:
            found = self._by_country.keep(cached, self._countrys(country, key, plain, 1 if key.startswith("~") else 2))
        for name, source, count, total in found:
            item = add(name, source)
            if not item[3]:
                item[3:] = [count, total]

    def _countrys(self, country: str, key: str, plain: str, n_patterns: int) -> list[tuple[str, int, int, int]]:
        """Names of a country's thing: the name, where it comes from, and how often of how many it was linked so."""
        lexicon = self._lexicon
        specials = lexicon.specials.get((plain, country), ())
        found = [(p.name, _COUNTRY, p.links, sum(p.links for p in specials)) for p in specials[:1]]
        patterns = lexicon.patterns.get(key, ())
        total = sum(p.links for p in patterns)
        scored = []
        for p in patterns:
            if p.name != "-":
                name = lexicon.countries.fill(p.name, country)
                name_id = lexicon.ids.get(key_of(name), -1)
                known = int(lexicon.name_counts[name_id]) if name_id >= 0 else 0
                scored.append((-(p.links + 0.5) * (1 + 3 * min(3, known)), name, p.links))
        scored.sort()
        return found + [(name, 0, count, total) for _, name, count in scored[:n_patterns]]

    def _gather(self, batch: _Batch) -> Candidates:
        """All rows as arrays: what depends on the form, the name and the tokens is taken from tables."""
        token = self._numbers.array()[np.fromiter(batch.tokens, np.intp)]  # row -1 is for no token
        s = np.fromiter(batch.spans, np.intp).reshape(-1, 10)
        r = np.fromiter(batch.rows, np.float64).reshape(-1, 5)
        span = r[:, 0].astype(np.intp)
        numbers = r[:, 1].astype(np.intp)
        own_row = self._of_rows.array()[numbers]
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
            "joints": s[:, 5], "lower least": _least(token[:, 2], first, end), "characters": logs(s[:, 9]),
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
        }  # fmt: skip
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
            names=[self._names[i] for i in numbers.tolist()],
        )


class _Table:
    """Rows of numbers as an array that grows, its last row zeros."""

    def __init__(self, width: int) -> None:
        self._array = np.zeros((1024, width), np.float32)
        self._size = 0
        self._new: list[tuple[float, ...]] = []

    def append(self, row: tuple[float, ...]) -> None:
        self._new.append(row)

    def clear(self) -> None:
        self._size = 0
        self._new.clear()

    def array(self) -> npt.NDArray[np.float32]:
        if self._new:
            start, self._size = self._size, self._size + len(self._new)
            while self._size >= len(self._array):
                self._array = np.concatenate([self._array, np.zeros_like(self._array)])
            self._array[start : self._size] = self._new
            self._new.clear()
        return self._array


class _Batch:
    """What is found in some texts, in flat lists."""

    def __init__(self) -> None:
        self.tokens = [-1, -1]
        self.texts: list[int] = []
        self.spans: list[int] = []
        self.rows: list[float] = []
        self.n_topics = self.n_spans = 0


class Recent(dict[_K, _V]):
    """What was found for keys: those last met, `MAX_KEPT` or more; None for others."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[_K, _V] = {}

    def __missing__(self, key: _K) -> _V | None:
        found = self._before.get(key)
        return None if found is None else self.keep(key, found)

    def keep(self, key: _K, value: _V) -> _V:
        """Remember a value."""
        if len(self) >= MAX_KEPT:
            self._before = dict(self)
            self.clear()
        self[key] = value
        return value

    def forget(self) -> None:
        """Forget all."""
        self._before = {}
        self.clear()


def _nearest(countries: list[tuple[int, int, str]], first: int, end: int) -> tuple[str, str]:
    """The two countries nearest to a span, one before it sooner than one after it; "" for none."""
    distances: dict[str, int] = {}
    for a, b, country in countries:
        distance = min(abs(a - end), abs(first - b)) + 2 * (b > first)
        distances[country] = min(distance, distances.get(country, distance))
    nearest, second = [*sorted(distances, key=lambda country: distances[country])[:2], ""][:2]
    return nearest, second


def _least(values: npt.NDArray[np.float32], first: npt.NDArray[np.intp], end: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """The least value of each stretch."""
    if not len(first):
        return np.zeros(0, np.float32)
    return np.minimum.reduceat(values, np.stack([first, end], 1).ravel())[::2]


def _sentence_starts(flags: list[int]) -> list[bool]:
    starts, start = [], True
    for flag in flags:
        starts.append(start)
        start = bool(flag & END) or (start and bool(flag & OPENING))
    return starts


def _runs(flags: list[int]) -> Iterator[tuple[int, int]]:
    """Where capitalised tokens and numbers stand in a row, joined by small words: start and end."""
    i, size = 0, len(flags)
    while i < size:
        if not flags[i] & _CORE:
            i += 1
            continue
        end = i + 1
        while end < size:
            if flags[end] & _CORE:
                end += 1
                continue
            after = end
            while after < size and after - end < 3 and flags[after] & JOINING:
                after += 1
            if not (after > end and after < size and flags[after] & _CORE):
                break
            end = after + 1
        yield i, end
        i = end


def _parts(flags: list[int], start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """The parts of a run that may be names: start, end, and how many words such as "and" or "in" join them."""
    for first in range(start, stop):
        if not flags[first] & _CORE:
            continue
        joints, capital = 0, False
        for end in range(first + 1, stop + 1):
            flag, size = flags[end - 1], end - first
            joints += flag & (JOINING | WEAK) == JOINING
            capital = capital or bool(flag & CAPITAL)
            if joints > 1 or size > 2 * MAX_TOKENS or (size > MAX_TOKENS and first > start):
                break
            if flag & _CORE and capital and (size <= MAX_TOKENS or end == stop):
                yield first, end, joints


def _abstract(forms: Sequence[str], first: int, end: int, a: int, b: int) -> str:
    """The form in lower case with "<C>" for the country at tokens a to b."""
    parts = [*(form.lower() for form in forms[first:a]), "<C>", *(form.lower() for form in forms[b:end])]
    return " ".join(part for part in parts if part not in ("'s", "the"))
