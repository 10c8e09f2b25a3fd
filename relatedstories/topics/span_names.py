"""The names that a span may stand for."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from relatedstories.topics.lexicon import Lexicon, form_of, key_of
from relatedstories.topics.number_table import NumberTable
from relatedstories.topics.recent_cache import MAX_KEPT, RecentCache
from relatedstories.topics.runs import JOINING_WORDS
from relatedstories.topics.spans import country_pattern

__all__ = ["SOURCES", "SpanKey", "SpanNamer", "has_part"]

MAX_NAMES = 3
"""Maximum number of linked names that a span may stand for."""

_PART = re.compile(r"[\w.]+")

SOURCES = ("linked", "country", "state", "event", "part")
"""Sources of a span's names, one bit each: links that editors gave these words, links to a country's things, the state named
after a town, other names in the same text, and longer names that the words are a part of ("Merkel"). A name with no bit is the
span itself or comes from a pattern."""

LINKED, COUNTRY, STATE, EVENT, PART = (1 << i for i in range(len(SOURCES)))

SpanKey: TypeAlias = str | tuple[str, str, str, str, str, str, bool]
"""Everything that the names of a span depend on: its surface, its form, the two nearest countries, the state after it, the
longer name it shortens, and whether the text defines it as an abbreviation of that name (which then precedes other names). For
most spans the surface equals the form and the rest is empty; their key is the surface alone."""


def has_part(name: str, form: str) -> bool:
    """Return whether a name has a form as a proper part.

    Examples
    --------
    >>> has_part("Angela Merkel", "Merkel"), has_part("Paris, Texas", "Paris"), has_part("Paris", "Paris")
    (True, True, False)
    """
    key, part = key_of(name).replace(",", " "), key_of(form)
    return key != part and f" {part} " in f" {key} "


class SpanNamer:
    """Finds the names that spans may stand for, and remembers them for the next text that has the same words.

    Parameters
    ----------
    lexicon : Lexicon

    Attributes
    ----------
    forms : dict of str to int
        Forms, with their row in `form_facts`; `look_up` adds to it.
    form_facts : NumberTable
        For each form: its row in the lexicon (-1 if unknown), whether it is a country, whether it contains a country, and whether
        it may stand for something of a country nearby, as "government" does.
    rows : RecentCache
        The names of spans, as the first and the end of their rows in the tables; `find` adds to it.
    names : list of str
        The name of each row.
    extra : dict of int to (tuple of str, tuple of str)
        For rows with a name that has words (in lower case) or countries that the span lacks: these.
    numbers : NumberTable
        For each row: the name's row in the lexicon, its sources, links and rank, the links of its pattern and of all
        patterns, whether it is the span itself, the number of its words that the span lacks, of a name that the span is
        a part of, its share of the occurrences of the span within longer names, the number of its key, which names that are
        spelt alike share, and whether `extra` has the row.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self.forms: dict[str, int] = {"": 0}
        self.form_facts = NumberTable(4)
        self.form_facts.append((-1, False, False, False))
        self.rows: RecentCache[SpanKey, tuple[int, int]] = RecentCache()
        self._by_country: RecentCache[tuple[str, str], list[tuple[str, int, int, int]]] = RecentCache()
        self._parts_by_name: RecentCache[str, tuple[str, int, tuple[str, ...], tuple[str, ...]]] = RecentCache()
        self._keys: dict[str, int] = {}
        self.names: list[str] = []
        self.extra: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self.numbers = NumberTable(11)

    def forget_when_full(self) -> None:
        """Remove all rows, or all forms, once there are too many."""
        if len(self.forms) > 8 * MAX_KEPT:
            self.forms = {"": 0}
            self.form_facts.clear()
            self.form_facts.append((-1, False, False, False))
        if len(self.names) > 8 * MAX_KEPT:
            self.rows.forget()
            self._keys.clear()
            self.names.clear()
            self.extra.clear()
            self.numbers.clear()

    def look_up(self, form: str) -> int:
        """Add what is known of a form, and return its row in `form_facts`."""
        lexicon = self._lexicon
        row = lexicon.forms.get(form, -1)
        forms = form.split(" ")
        inside = () if lexicon.countries.first.keys().isdisjoint(forms) else lexicon.countries.find(forms)
        is_country = form in lexicon.countries.of
        of_country = not inside and "~" + form.lower() in lexicon.patterns
        has_country = len(inside) == 1 and not is_country
        self.form_facts.append((row if row < lexicon.n_forms else -1, is_country, has_country, of_country))
        number = self.forms[form] = len(self.forms)
        return number

    def find(self, key: SpanKey, forms: list[str]) -> tuple[int, int]:
        """Return the rows of the names that a span may stand for, and remember them."""
        start = len(self.names)
        self._add_names(key, forms)
        return self.rows.keep(key, (start, len(self.names)))

    def _add_names(self, key: SpanKey, forms: list[str]) -> None:
        """Add the names that a span may stand for to the tables."""
        surface, form, *near, state, longer, is_defined = (key, key, "", "", "", "", False) if isinstance(key, str) else key
        lexicon = self._lexicon
        row = lexicon.forms.get(form, -1)
        row = row if row < lexicon.n_forms else -1
        own_key = key_of(surface)
        name_id = lexicon.ids.get(own_key, -1)
        itself = lexicon.names[name_id] if name_id >= 0 else surface
        known = lexicon.named[row] or forms[-1].islower() or not lexicon.countries.first.keys().isdisjoint(forms)
        if not known and isinstance(key, str):  # most names take this way
            self._add_row(itself, own_key, (name_id, 0, 0, 0, 0, 0, True, 0, 0))
            return
        named: dict[str, list[int]] = {}  # sources, links, rank, pattern count, pattern total

        def add(name: str, source: int) -> list[int]:
            item = named.setdefault(name, [0, 0, 0, 0, 0])
            item[0] |= source
            return item

        sure = ambiguous = False
        if row >= 0 and not is_defined:
            linked = lexicon.linked[row]
            for place, (title, links) in enumerate(lexicon.titles_of(row)):
                name = lexicon.names[title]
                if links == 0 and has_part(name, form):
                    add(name, PART)
                elif links == 1 and has_part(name.partition(" (")[0], form):  # says little: "Luhansk" is not Luhansk Oblast
                    continue
                elif place < MAX_NAMES and (place == 0 or links * 10 >= linked):
                    add(name, LINKED)[1:3] = links, place
                    sure = sure or (links >= 6 and links > 0.9 * linked)
                else:
                    continue
                ambiguous = ambiguous or name.startswith(f"{itself} (")
        if form in lexicon.countries.of and not named:  # "Honduran"
            add(lexicon.countries.of[form], COUNTRY)
        lower = forms[-1].islower() and forms[0].islower()
        # "Georgia" itself is not a name beside Georgia (country).
        if itself in named or not (is_defined or sure or (name_id < 0 and (ambiguous or (named and lower)))):
            add(itself, 0)
        inside = lexicon.countries.find(forms)
        if len(inside) == 1 and inside[0][1] - inside[0][0] < len(forms):
            a, b, country = inside[0]
            pattern = country_pattern(forms, 0, len(forms), a, b)
            self._add_names_of_country(country, pattern, " ".join(pattern.replace("of <C>", "").replace("<C>", "").split()), add)
        for country in near:
            if country:
                self._add_names_of_country(country, "~" + form.lower(), form.lower(), add)
        if state:
            add(f"{itself}, {state}", STATE)
        if longer:
            longer_row = lexicon.forms.get(" ".join(map(form_of, longer.split())), lexicon.n_forms)
            titled = longer_row < lexicon.n_forms and lexicon.named[longer_row]
            add(lexicon.names[lexicon.titles_of(longer_row)[0][0]] if titled else longer, EVENT)
        if forms[-1].islower() and (itself.endswith("s") or name_id < 0):
            singular = lexicon.ids.get(key_of(itself.removesuffix("s")), -1)
            if singular >= 0:
                add(lexicon.names[singular], EVENT)
        extra: tuple[str, ...]
        countries: tuple[str, ...]
        for name, (sources, n_links, rank, count, total) in named.items():
            if name == itself:
                name_key, of_name, extra, countries = own_key, name_id, (), ()
            else:
                have = {form.lower() for form in forms}
                own = {country for _, _, country in inside}
                name_key, of_name, words, inside_name = self._parts_by_name[name] or self._parts_of(name)
                extra = tuple([word for word in words if word not in have])
                countries = tuple([country for country in inside_name if country not in own])
            share = self._share(name, row) if sources & PART else 0
            numbers = (of_name, sources, n_links, rank, count, total, name == itself, len(extra), share)
            self._add_row(name, name_key, numbers, extra, countries)

    def _add_row(
        self, name: str, key: str, numbers: tuple[float, ...], extra: tuple[str, ...] = (), countries: tuple[str, ...] = ()
    ) -> None:
        """Add a name and its numbers to the tables."""
        if extra or countries:
            self.extra[len(self.names)] = extra, countries
        self.names.append(name)
        self.numbers.append((*numbers, self._keys.setdefault(key, len(self._keys)), bool(extra or countries)))

    def _share(self, name: str, row: int) -> float:
        """Return the share of the occurrences of a form within longer names that are within this one."""
        lexicon = self._lexicon
        whole = lexicon.forms.get(" ".join(map(form_of, name.split())), lexicon.n_forms)
        if whole >= lexicon.n_forms:
            return 0
        _, _, inside, alone = lexicon.counts[row].tolist()
        return float(min(1, lexicon.counts[whole, 2] / (inside - alone + 1)))

    def _parts_of(self, name: str) -> tuple[str, int, tuple[str, ...], tuple[str, ...]]:
        """Return a name's key, its row in the lexicon, its words in lower case without small ones, and the countries in it."""
        key, lexicon = key_of(name), self._lexicon
        forms = [form_of(part) for part in _PART.findall(name)]
        words = tuple([word for form in forms if (word := form.lower()) not in JOINING_WORDS])
        found = (key, lexicon.ids.get(key, -1), words, tuple([country for _, _, country in lexicon.countries.find(forms)]))
        self._parts_by_name.keep(name, found)
        return found

    def _add_names_of_country(self, country: str, key: str, plain: str, add: Any) -> None:
        """Add the names that editors linked for a country's thing, and those that patterns give."""
        cached = (country, key)
        found = self._by_country[cached]
        if found is None:
            found = self._by_country.keep(cached, self._names_for_country(country, key, plain, 1 if key.startswith("~") else 2))
        for name, source, count, total in found:
            item = add(name, source)
            if not item[3]:
                item[3:] = [count, total]

    def _names_for_country(self, country: str, key: str, plain: str, n_patterns: int) -> list[tuple[str, int, int, int]]:
        """Return the names of a country's thing, each with its source, the number of its links and that of all links."""
        lexicon = self._lexicon
        specials = lexicon.specials.get((plain, country), ())
        found = [(p.name, COUNTRY, p.links, sum(p.links for p in specials)) for p in specials[:1]]
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
