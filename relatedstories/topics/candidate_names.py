"""Candidate names: the canonical names that a span of a text may stand for.

A span may stand for the names that editors linked it to, for itself, for a thing of a country near by ("government":
Government of Kenya), for a town with its state, or for the longer name in the same text that it shortens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from relatedstories.topics.caches import RecentCache
from relatedstories.topics.candidate_features import FROM_COUNTRY, FROM_LINKS, FROM_STATE, FROM_TEXT, FeatureTable
from relatedstories.topics.lexicon import Lexicon, form_of, key_of
from relatedstories.topics.text_forms import JOINING_WORDS, abstract_form

__all__ = ["FormFacts", "NameFinder", "NameRow", "SpanKey"]

MAX_NAMES = 3
"""Number of names linked to a form that are considered."""

_PART = re.compile(r"[\w.]+")

# Plain tuples of strings and numbers: the garbage collector does not track them.

NameRow: TypeAlias = tuple[int, str, tuple[str, ...], tuple[str, ...]]
"""A name of a span, the same wherever these words stand: its number in the `FeatureTable`, its key, and the words (in lower
case) and countries of the name that the span lacks."""

SpanKey: TypeAlias = str | tuple[str, str, str, str, str, str, bool]
"""What the names of a span depend on: its surface, its form, the two nearest countries, the state after it, the longer name it
shortens, and whether the text defines it as the acronym of that name. Only the surface, where the form is the same and the
rest is empty, as for most spans."""

FormFacts: TypeAlias = tuple[int, bool, bool, bool]
"""What the lexicon knows of a form: its row, whether it is a country, whether it contains one, and whether it may stand for
something of a country near by, as "government" does."""


@dataclass(slots=True)
class _Weight:
    """Why a span may stand for a name."""

    sources: int = 0
    links: int = 0
    rank: int = 0
    pattern_count: int = 0
    pattern_total: int = 0


class _CountryName(NamedTuple):
    """A name of a country's thing, its source, and how often of how many it was linked."""

    name: str
    source: int
    links: int
    total: int


class _NameParts(NamedTuple):
    """A name's key, its row in the lexicon, its words in lower case without small ones, and the countries in it."""

    key: str
    row: int
    words: tuple[str, ...]
    countries: tuple[str, ...]


class NameFinder:
    """Finds the names that spans may stand for.

    Parameters
    ----------
    lexicon : Lexicon
    features : FeatureTable
        Receives the names.

    Attributes
    ----------
    facts : RecentCache of FormFacts
        Facts by form, as far as `look_up` was called.
    rows : RecentCache of tuple of NameRow
        Names by span, as far as `names_of` was called.
    """

    def __init__(self, lexicon: Lexicon, features: FeatureTable) -> None:
        self._lexicon = lexicon
        self._features = features
        self.facts: RecentCache[str, FormFacts] = RecentCache()
        self.rows: RecentCache[SpanKey, tuple[NameRow, ...]] = RecentCache()
        self._country_names: RecentCache[tuple[str, str], list[_CountryName]] = RecentCache()
        self._name_parts: RecentCache[str, _NameParts] = RecentCache()

    def look_up(self, form: str) -> FormFacts:
        """Return the facts of a form and cache them."""
        lexicon = self._lexicon
        row = lexicon.forms.get(form, -1)
        inside = lexicon.countries.find(form.split(" "))
        is_country = form in lexicon.countries.of
        of_country = not inside and "~" + form.lower() in lexicon.patterns
        return self.facts.keep(
            form, (row if row < lexicon.n_forms else -1, is_country, len(inside) == 1 and not is_country, of_country)
        )

    def names_of(self, key: SpanKey, forms: Sequence[str]) -> tuple[NameRow, ...]:
        """Return the names that a span with these token forms may stand for and cache them."""
        lexicon = self._lexicon
        surface, form = (key, key) if isinstance(key, str) else key[:2]
        row = (self.facts[form] or self.look_up(form))[0]
        own_key = key_of(surface)
        own_row = lexicon.ids.get(own_key, -1)
        itself = lexicon.names[own_row] if own_row >= 0 else surface
        known = lexicon.named[row] or forms[-1].islower() or not lexicon.countries.first.isdisjoint(forms)
        if not known and isinstance(key, str):  # most spans, few of which occur again
            number = self._features.add_name(itself, (own_row, 0, 0, 0, 0, 0, True, 0))
            return self.rows.keep(key, ((number, own_key, (), ()),))
        weights = self._weights(key, forms, row, itself, own_row)
        return self.rows.keep(key, tuple(self._name_rows(weights, forms, itself, own_key, own_row)))

    def _weights(self, key: SpanKey, forms: Sequence[str], row: int, itself: str, own_row: int) -> dict[str, _Weight]:
        """Return the names of a span with why it may stand for each."""
        _, form, *near, state, longer, is_defined = (key, key, "", "", "", "", False) if isinstance(key, str) else key
        lexicon = self._lexicon
        weights: dict[str, _Weight] = {}
        is_certain = False
        if row >= 0 and not is_defined:
            linked = lexicon.linked[row]
            for rank, (title, links) in enumerate(lexicon.titles_of(row)[:MAX_NAMES]):
                if rank == 0 or links * 10 >= linked:
                    weights[lexicon.names[title]] = _Weight(FROM_LINKS, links, rank)
                    is_certain = is_certain or (links >= 6 and links > 0.9 * linked)
        is_lower = forms[-1].islower() and forms[0].islower()
        if itself in weights or not (is_defined or is_certain or (weights and is_lower and own_row < 0)):
            _add_source(weights, itself, 0)
        inside = lexicon.countries.find(forms)
        if len(inside) == 1 and inside[0][1] - inside[0][0] < len(forms):
            first, end, country = inside[0]
            pattern = abstract_form(forms, 0, len(forms), first, end)
            thing = " ".join(pattern.replace("of <C>", "").replace("<C>", "").split())
            self._add_country_names(weights, country, pattern, thing)
        for country in near:
            if country:
                self._add_country_names(weights, country, "~" + form.lower(), form.lower())
        if state:
            _add_source(weights, f"{itself}, {state}", FROM_STATE)
        if longer:
            longer_row = lexicon.forms.get(" ".join(map(form_of, longer.split())), lexicon.n_forms)
            is_linked = longer_row < lexicon.n_forms and lexicon.named[longer_row]
            _add_source(weights, lexicon.names[lexicon.titles_of(longer_row)[0][0]] if is_linked else longer, FROM_TEXT)
        if forms[-1].islower() and (itself.endswith("s") or own_row < 0):
            singular = lexicon.ids.get(key_of(itself.removesuffix("s")), -1)
            if singular >= 0:
                _add_source(weights, lexicon.names[singular], FROM_TEXT)
        return weights

    def _name_rows(
        self, weights: dict[str, _Weight], forms: Sequence[str], itself: str, own_key: str, own_row: int
    ) -> list[NameRow]:
        """Return a row for each name, which is added to the feature table."""
        span_words = {form.lower() for form in forms}
        span_countries = {country for _, _, country in self._lexicon.countries.find(forms)}
        rows: list[NameRow] = []
        for name, weight in weights.items():
            name_key, row = own_key, own_row
            words: tuple[str, ...] = ()
            countries: tuple[str, ...] = ()
            if name != itself:
                name_key, row, name_words, name_countries = self._name_parts[name] or self._parts_of(name)
                words = tuple([word for word in name_words if word not in span_words])
                countries = tuple([country for country in name_countries if country not in span_countries])
            pattern = (weight.pattern_count, weight.pattern_total)
            numbers = (row, weight.sources, weight.links, weight.rank, *pattern, name == itself, len(words))
            number = self._features.add_name(name, numbers)
            rows.append((number, name_key, words, countries))
        return rows

    def _parts_of(self, name: str) -> _NameParts:
        """Return the parts of a name and cache them."""
        lexicon = self._lexicon
        key = key_of(name)
        forms = [form_of(part) for part in _PART.findall(name)]
        words = tuple([word for form in forms if (word := form.lower()) not in JOINING_WORDS])
        countries = tuple([country for _, _, country in lexicon.countries.find(forms)])
        return self._name_parts.keep(name, _NameParts(key, lexicon.ids.get(key, -1), words, countries))

    def _add_country_names(self, weights: dict[str, _Weight], country: str, pattern: str, thing: str) -> None:
        """Add the names of a country's thing: those that editors linked, and those that patterns give."""
        key = (country, pattern)
        names = self._country_names[key]
        if names is None:
            names = self._country_names.keep(key, self._names_of_country(country, pattern, thing))
        for name, source, links, total in names:
            weight = _add_source(weights, name, source)
            if not weight.pattern_count:
                weight.pattern_count, weight.pattern_total = links, total

    def _names_of_country(self, country: str, pattern: str, thing: str) -> list[_CountryName]:
        """Return the names of a country's thing."""
        lexicon = self._lexicon
        specials = lexicon.specials.get((thing, country), ())
        names = [_CountryName(p.name, FROM_COUNTRY, p.links, sum(p.links for p in specials)) for p in specials[:1]]
        patterns = lexicon.patterns.get(pattern, ())
        total = sum(p.links for p in patterns)
        scored = []
        for p in patterns:
            if p.name != "-":
                name = lexicon.countries.fill(p.name, country)
                row = lexicon.ids.get(key_of(name), -1)
                linked = int(lexicon.name_counts[row]) if row >= 0 else 0
                scored.append((-(p.links + 0.5) * (1 + 3 * min(3, linked)), name, p.links))
        scored.sort()
        n_names = 1 if pattern.startswith("~") else 2
        return names + [_CountryName(name, 0, links, total) for _, name, links in scored[:n_names]]


def _add_source(weights: dict[str, _Weight], name: str, source: int) -> _Weight:
    """Add a source to a name, which is added if it is new, and return its weight."""
    weight = weights.get(name)
    if weight is None:
        weight = weights[name] = _Weight()
    weight.sources |= source
    return weight
