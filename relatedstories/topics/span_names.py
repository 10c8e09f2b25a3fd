"""The names that a span may stand for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from relatedstories.recent_cache import MAX_KEPT, RecentCache
from relatedstories.topics.lexicon import Lexicon, Pattern, form_of, key_of
from relatedstories.topics.number_table import NumberTable
from relatedstories.topics.numbering import Numbering
from relatedstories.topics.runs import JOINING_WORDS
from relatedstories.topics.spans import Country, country_pattern

__all__ = ["NOTHING_NEAR", "SOURCES", "Near", "SpanKey", "SpanNamer", "has_part"]

MAX_NAMES = 3
"""Maximum number of linked names that a span may stand for."""

MAX_KNOWN = 3
"""Number of links from which a name that a pattern gives counts as well known."""

_PART = re.compile(r"[\w.]+")

SOURCES = ("linked", "country", "state", "event", "part")
"""Sources of a span's names, one bit each: links that editors gave these words, links to a country's things, the state named
after a town, other names in the same text, and longer names that the words are a part of ("Merkel"). A name with no bit is the
span itself or comes from a pattern."""

LINKED, COUNTRY, STATE, EVENT, PART = (1 << i for i in range(len(SOURCES)))

SpanKey: TypeAlias = "str | tuple[str, str] | tuple[str, str, Near]"
"""Everything that the names of a span depend on: its surface, its form, and what is near. For most spans the surface equals the
form and nothing is near; their key is the surface alone."""

Near: TypeAlias = tuple[str, str, str, str, bool]
"""What is near a span: the two nearest countries, the state after it, the longer name it shortens, and whether the text defines
it as an abbreviation of that name (which then precedes other names)."""

NOTHING_NEAR: Near = ("", "", "", "", False)

_LinkedNames: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""Names with their source, the number of their links, and their rank."""

_NamesOfCountry: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""Names with their source, the number of their links, and that of all links of their kind."""

_Row: TypeAlias = list[float]
"""A row of `SpanNamer.numbers`."""

_NameRow: TypeAlias = tuple[str, _Row]
"""A name, with its row."""

_SOURCES, _LINKS, _RANK, _COUNT, _TOTAL, _SHARE = 1, 2, 3, 4, 5, 8
"""Columns of a row: sources, links and rank, links of the pattern and of all patterns, share of longer names."""


def has_part(name: str, form: str) -> bool:
    """Return whether a name has a form as a proper part.

    Examples
    --------
    >>> has_part("Angela Merkel", "Merkel"), has_part("Paris, Texas", "Paris"), has_part("Paris", "Paris")
    (True, True, False)
    """
    return _has_part(key_of(name), key_of(form))


def _has_part(key: str, part: str) -> bool:
    key = key.replace(",", " ")
    return key != part and f" {part} " in f" {key} "


class _NamesAlone(NamedTuple):
    """The names that a span may stand for whatever is near it.

    Parameters
    ----------
    itself, own_key : str
        The span as a name, and its key.
    name_id : int
        Its row in the lexicon, -1 if unknown.
    have : set of int
        The numbers of its words in lower case, and of the countries in it.
    singular : str
        The name that it is the plural of, or "".
    rows : dict of str to list
        Names, with their rows in `SpanNamer.numbers`.
    """

    itself: str
    own_key: str
    name_id: int
    have: set[int]
    singular: str
    rows: dict[str, _Row]


def _merge(rows: dict[str, _Row], others: Iterable[_NameRow]) -> None:
    """Add names to those of a span; what another row says of a name is added to a copy of its row."""
    for name, other in others:
        known = rows.get(name)
        if known is None:
            rows[name] = other
            continue
        rows[name] = merged = known.copy()
        merged[_SOURCES] = int(known[_SOURCES]) | int(other[_SOURCES])
        if not known[_COUNT]:
            merged[_COUNT], merged[_TOTAL] = other[_COUNT], other[_TOTAL]


class SpanNamer:
    """Finds the names that spans may stand for, and remembers them for the next text that has the same words.

    Parameters
    ----------
    lexicon : Lexicon
    words : dict of str to int
        Numbers of words in lower case and of countries, which begin with a capital; `find` adds to it.

    Attributes
    ----------
    forms : Numbering
        Forms, with their row in `form_facts`; a form that it lacks is looked up.
    form_facts : NumberTable
        For each form: its row in the lexicon (-1 if unknown), whether it is a country, whether it contains a country, and whether
        it may stand for something of a country nearby, as "government" does.
    spans : dict of SpanKey to int
        Spans, with their row in `rows`; `find` adds to it.
    rows : NumberTable
        For each span: the first row of its names in the tables below, and their number.
    names : list of str
        The name of each row.
    numbers : NumberTable
        For each row: the name's row in the lexicon, its sources, links and rank, the links of its pattern and of all
        patterns, whether it is the span itself, the number of its words that the span lacks, of a name that the span is
        a part of, its share of the occurrences of the span within longer names, the number of its key, which names that are
        spelt alike share, and of the words and countries that the span lacks the first row in `extra` and the number.
    extra : NumberTable
        Numbers of words (in lower case) and of countries, in `words`.
    """

    def __init__(self, lexicon: Lexicon, words: dict[str, int]) -> None:
        self._lexicon = lexicon
        self._words = words
        self.forms = Numbering(self._look_up)
        self.form_facts = NumberTable(4)
        self._is_plain: list[bool] = []  # for each form, whether it stands for itself alone if nothing is near
        self._row_of_form: list[int] = []  # in the lexicon
        self._inside: list[tuple[Country, ...]] = []  # for each form, the countries in it
        self._forget_forms()
        self.spans: dict[SpanKey, int] = {}
        self.rows = NumberTable(2)
        self.names: list[str] = []
        self.numbers = NumberTable(12)
        self.extra = NumberTable(1)
        self._n_extra = 0
        self._keys: dict[str, int] = {}
        self._by_country: RecentCache[tuple[str, str], _NamesOfCountry] = RecentCache()
        self._parts_by_name: RecentCache[str, tuple[str, int, tuple[int, ...], tuple[int, ...]]] = RecentCache()
        self._names_alone_of: RecentCache[tuple[str, str], _NamesAlone] = RecentCache()
        self._rows_by_country: RecentCache[tuple[str, str, str], tuple[_NameRow, ...]] = RecentCache()

    @property
    def is_full(self) -> bool:
        """Whether it is time to forget."""
        return max(len(self.forms), len(self.spans), len(self.names)) > 8 * MAX_KEPT

    def forget(self) -> None:
        """Remove all forms and spans."""
        self._forget_forms()
        for table in (self.spans, self.rows, self.names, self.numbers, self.extra, self._keys):
            table.clear()
        for cache in (self._parts_by_name, self._names_alone_of, self._rows_by_country):
            cache.clear()
        self._n_extra = 0

    def _forget_forms(self) -> None:
        self.forms.clear()
        self.forms[""] = 0
        self._is_plain, self._row_of_form, self._inside = [False], [-1], [()]
        self.form_facts.clear()
        self.form_facts.append((-1, False, False, False))

    def _look_up(self, form: str) -> int:
        """Add what is known of a form, and return its row in `form_facts`."""
        lexicon = self._lexicon
        row = lexicon.forms.get(form, -1)
        if row >= lexicon.n_forms:
            row = -1
        forms = form.split(" ")
        inside = tuple(lexicon.countries.find(forms))
        is_country = form in lexicon.countries.of
        of_country = not inside and "~" + form.lower() in lexicon.patterns
        has_country = len(inside) == 1 and not is_country
        self.form_facts.append((row, is_country, has_country, of_country))
        self._is_plain.append(not (lexicon.named[row] or is_country or has_country or forms[-1].islower()))
        self._row_of_form.append(row)
        self._inside.append(inside)
        number = self.forms[form] = len(self.forms)
        return number

    def find(self, key: SpanKey, number: int, forms: list[str]) -> int:
        """Return the row in `rows` of a span whose key has not been met, once its names have been added to the tables.

        Parameters
        ----------
        key : SpanKey
        number : int
            The row of its form in `form_facts`.
        forms : list of str
            The forms of its tokens.
        """
        start, near = len(self.names), NOTHING_NEAR
        if isinstance(key, str):
            surface = form = key
        else:
            surface, form = key[0], key[1]
            if len(key) == 3:
                near = key[2]
        if self._is_plain[number] and near is NOTHING_NEAR:  # most names
            own_key = key_of(surface)
            name_id = self._lexicon.ids.get(own_key, -1)
            self.names.append(self._lexicon.names[name_id] if name_id >= 0 else surface)
            number = self._keys.setdefault(own_key, len(self._keys))
            self.numbers.append((name_id, 0, 0, 0, 0, 0, True, 0, 0, number, 0, 0))
        else:
            self._add_names(surface, form, number, forms, near)
        self.rows.append((start, len(self.names) - start))
        span = self.spans[key] = len(self.spans)
        return span

    def _add_names(self, surface: str, form: str, number: int, forms: list[str], near: Near) -> None:
        """Add the names that a span may stand for to the tables."""
        nearest, second, state, longer, is_defined = near
        if nearest and not is_defined:  # "government" is met near one country after the other
            known = self._names_alone_of
            alone = known.get((surface, form)) or known.keep((surface, form), self._names_alone(surface, form, number, forms))
        else:
            alone = self._names_alone(surface, form, number, forms, is_defined)
        rows = alone.rows.copy()
        for country in (nearest, second):
            if country:
                _merge(rows, self._rows_for_country(alone, surface, form, country))
        if state:
            _merge(rows, [self._row(alone, f"{alone.itself}, {state}", STATE)])
        if longer:
            lexicon = self._lexicon
            longer_row = lexicon.forms.get(" ".join(map(form_of, longer.split())), lexicon.n_forms)
            titled = longer_row < lexicon.n_forms and lexicon.named[longer_row]
            name = lexicon.names[lexicon.titles_of(longer_row)[0][0]] if titled else longer
            _merge(rows, [self._row(alone, name, EVENT)])
        if alone.singular:
            _merge(rows, [self._row(alone, alone.singular, EVENT)])
        self.names += rows
        self.numbers.append(itertools.chain.from_iterable(rows.values()))

    def _rows_for_country(self, alone: _NamesAlone, surface: str, form: str, country: str) -> Sequence[_NameRow]:
        """Return what a span that stands alone may stand for near a country."""
        known = self._rows_by_country.get((surface, form, country))
        if known is None:
            rows = tuple([self._row(alone, *name) for name in self._names_for_country(country, "~" + form.lower())])
            known = self._rows_by_country.keep((surface, form, country), rows)
        return known

    def _names_alone(self, surface: str, form: str, number: int, forms: list[str], is_defined: bool = False) -> _NamesAlone:
        """Return the names that a span may stand for whatever is near, unless the text defines it as an abbreviation."""
        lexicon, row = self._lexicon, self._row_of_form[number]
        own_key = key_of(surface)
        name_id = lexicon.ids.get(own_key, -1)
        itself = lexicon.names[name_id] if name_id >= 0 else surface
        is_lowered = form[0] != forms[0][0]
        inside = tuple(lexicon.countries.find(forms)) if is_lowered else self._inside[number]
        words = self._words
        have = {words.setdefault(form.lower(), len(words)) for form in forms}
        have.update([words.setdefault(country, len(words)) for _, _, country in inside])
        ends_lower, singular = forms[-1].islower(), ""
        if ends_lower and (itself.endswith("s") or name_id < 0):
            singular_id = lexicon.ids.get(key_of(itself.removesuffix("s")), -1)
            singular = lexicon.names[singular_id] if singular_id >= 0 else ""
        alone = _NamesAlone(itself, own_key, name_id, have, singular, {})
        rows, sure = alone.rows, False
        if lexicon.named[row] and not is_defined:
            linked, sure = self._linked_names(row, form)
            for name, source, links, rank in linked:
                _, new = self._row(alone, name, source)
                rows[name], new[_LINKS], new[_RANK] = new, links, rank
                if source == PART:
                    new[_SHARE] = self._share(name, row)
        bracket = f"{itself} ("
        ambiguous = any(name.startswith(bracket) for name in rows)
        if not rows and form in lexicon.countries.of:  # "Honduran"
            _merge(rows, [self._row(alone, lexicon.countries.of[form], COUNTRY)])
        # "Georgia" itself is not a name beside Georgia (country).
        if itself not in rows and not (
            is_defined or sure or (name_id < 0 and (ambiguous or (rows and ends_lower and forms[0].islower())))
        ):
            _merge(rows, [self._row(alone, itself)])
        if len(inside) == 1 and inside[0][1] - inside[0][0] < len(forms):
            a, b, country = inside[0]
            names = self._names_for_country(country, country_pattern(forms, 0, len(forms), a, b))
            _merge(rows, [self._row(alone, *name) for name in names])
        return alone

    def _row(self, of: _NamesAlone, name: str, source: int = 0, links: int = 0, total: int = 0) -> _NameRow:
        """Return a name of a span, and a new row for it, given its source, the links of its pattern and of all patterns."""
        n_words = n_extra = 0
        if name == of.itself:
            key, name_id = of.own_key, of.name_id
        else:
            key, name_id, words, countries = self._parts_by_name.get(name) or self._parts_of(name)
            have = of.have
            extra = [word for word in words if word not in have]
            n_words = len(extra)
            extra += [country for country in countries if country not in have]
            if extra:
                self.extra.append(extra)
                n_extra = len(extra)
        number = self._keys.setdefault(key, len(self._keys))
        row: _Row = [name_id, source, 0, 0, links, total, name == of.itself, n_words, 0, number, self._n_extra, n_extra]
        self._n_extra += n_extra
        return name, row

    def _linked_names(self, row: int, form: str) -> tuple[_LinkedNames, bool]:
        """Return the names that editors linked a form to, with source, links and rank, and whether one is sure to be meant."""
        lexicon, linked, part = self._lexicon, self._lexicon.linked[row], key_of(form)
        found, sure = [], False
        for place, (title, links) in enumerate(lexicon.titles_of(row)):
            name = lexicon.names[title]
            if links == 0 and _has_part(lexicon.keys[title], part):
                found.append((name, PART, 0, 0))
            elif links == 1 and _has_part(lexicon.keys[title].partition(" (")[0], part):
                continue  # it says little: "Luhansk" is not Luhansk Oblast
            elif place < MAX_NAMES and (place == 0 or links * 10 >= linked):
                found.append((name, LINKED, links, place))
                sure = sure or (links >= 6 and links > 0.9 * linked)
        return tuple(found), sure

    def _share(self, name: str, row: int) -> float:
        """Return the share of the occurrences of a form within longer names that are within this one."""
        lexicon = self._lexicon
        whole = lexicon.forms.get(" ".join(map(form_of, name.split())), lexicon.n_forms)
        if whole >= lexicon.n_forms:
            return 0
        _, _, inside, alone = lexicon.counts[row].tolist()
        return float(min(1, lexicon.counts[whole, 2] / (inside - alone + 1)))

    def _parts_of(self, name: str) -> tuple[str, int, tuple[int, ...], tuple[int, ...]]:
        """Return a name's key, its row in the lexicon, and the numbers of its words without small ones and of its countries."""
        key, lexicon, parts, words = key_of(name), self._lexicon, _PART.findall(name), self._words
        forms = parts if name.isascii() and "." not in name else [form_of(part) for part in parts]
        own = [words.setdefault(word, len(words)) for form in forms if (word := form.lower()) not in JOINING_WORDS]
        countries = [words.setdefault(country, len(words)) for _, _, country in lexicon.countries.find(forms)]
        return self._parts_by_name.keep(name, (key, lexicon.ids.get(key, -1), tuple(own), tuple(countries)))

    def _names_for_country(self, country: str, key: str) -> _NamesOfCountry:
        """Return the names that editors linked for a country's thing, and those that patterns give, with links and their sum."""
        known = self._by_country.get((country, key))
        if known is not None:
            return known
        lexicon = self._lexicon
        plain = key[1:] if key[0] == "~" else " ".join(key.replace("of <C>", "").replace("<C>", "").split())
        specials = lexicon.specials.get((plain, country), ())
        best = [(name, COUNTRY, links, sum([links for _, links in specials])) for name, links in specials[:1]]
        patterns = lexicon.patterns.get(key, ())
        total = sum([links for _, links in patterns])
        best += [(name, 0, links, total) for _, name, links in self._filled(patterns, country, 1 if key[0] == "~" else 2)]
        return self._by_country.keep((country, key), tuple(best))

    def _filled(self, patterns: Sequence[Pattern], country: str, most: int) -> list[tuple[float, str, int]]:
        """Return the best names that patterns give for a country: with their score, the lower the better, and their links."""
        lexicon = self._lexicon
        best: list[tuple[float, str, int]] = []
        for pattern, links in patterns:
            if pattern == "-" or (len(best) == most and -(links + 0.5) * (1 + 3 * MAX_KNOWN) > best[-1][0]):
                continue  # it names nothing, or cannot be among the best
            name = lexicon.countries.fill(pattern, country)
            name_id = lexicon.ids.get(key_of(name), -1)
            known = min(MAX_KNOWN, int(lexicon.name_counts[name_id])) if name_id >= 0 else 0
            best.append((-(links + 0.5) * (1 + 3 * known), name, links))
            best.sort()
            del best[most:]
        return best
