"""The names that a span may stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from relatedstories.topics.lexicon import Lexicon, Pattern, form_of, key_of
from relatedstories.topics.number_table import NumberTable
from relatedstories.topics.recent_cache import MAX_KEPT, RecentCache
from relatedstories.topics.runs import JOINING_WORDS
from relatedstories.topics.spans import Country, country_pattern

__all__ = ["SOURCES", "SpanKey", "SpanNamer", "has_part"]

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

SpanKey: TypeAlias = str | tuple[str, str, str, str, str, str, bool]
"""Everything that the names of a span depend on: its surface, its form, the two nearest countries, the state after it, the
longer name it shortens, and whether the text defines it as an abbreviation of that name (which then precedes other names). For
most spans the surface equals the form and the rest is empty; their key is the surface alone."""

_Near: TypeAlias = tuple[str, str, str, str, bool]
"""The further parts of a key."""

_NOTHING_NEAR: _Near = ("", "", "", "", False)

_LinkedNames: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""Names with their source, the number of their links, and their rank."""

_NamesOfCountry: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""Names with their source, the number of their links, and that of all links of their kind."""


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
        self._is_plain: list[bool] = []  # for each form, whether it stands for itself alone if nothing is near
        self._inside: list[tuple[Country, ...]] = []  # for each form, the countries in it
        self._forget_forms()
        self.rows: RecentCache[SpanKey, tuple[int, int]] = RecentCache()
        self._by_row: RecentCache[int, tuple[_LinkedNames, bool]] = RecentCache()
        self._by_country: RecentCache[tuple[str, str], _NamesOfCountry] = RecentCache()
        self._parts_by_name: RecentCache[str, tuple[str, int, tuple[str, ...], tuple[str, ...]]] = RecentCache()
        self._keys: dict[str, int] = {}
        self.names: list[str] = []
        self.extra: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self.numbers = NumberTable(11)

    def forget_when_full(self) -> None:
        """Remove all rows, or all forms, once there are too many."""
        if len(self.forms) > 8 * MAX_KEPT:
            self._forget_forms()
        if len(self.names) > 8 * MAX_KEPT:
            self.rows.forget()
            self._keys.clear()
            self.names.clear()
            self.extra.clear()
            self.numbers.clear()

    def _forget_forms(self) -> None:
        self.forms = {"": 0}
        self._is_plain, self._inside = [False], [()]
        self.form_facts.clear()
        self.form_facts.append((-1, False, False, False))

    def look_up(self, form: str) -> int:
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
        self._inside.append(inside)
        number = self.forms[form] = len(self.forms)
        return number

    def find(self, key: SpanKey, forms: list[str]) -> tuple[int, int]:
        """Return the rows of the names that a span may stand for, and remember them.

        Its form must have been looked up.
        """
        start = len(self.names)
        surface, form = (key, key) if isinstance(key, str) else key[:2]
        near = _NOTHING_NEAR if isinstance(key, str) else key[2:]
        if self._is_plain[self.forms[form]] and near == _NOTHING_NEAR:  # most names
            own_key = key_of(surface)
            name_id = self._lexicon.ids.get(own_key, -1)
            self.names.append(self._lexicon.names[name_id] if name_id >= 0 else surface)
            number = self._keys.setdefault(own_key, len(self._keys))
            self.numbers.append((name_id, 0, 0, 0, 0, 0, True, 0, 0, number, False))
        else:
            self._add_names(surface, form, forms, near)
        return self.rows.keep(key, (start, len(self.names)))

    def _add_names(self, surface: str, form: str, forms: list[str], near: _Near) -> None:
        """Add the names that a span may stand for to the tables, given the parts of its key and its tokens."""
        lexicon, (nearest, second, state, longer, is_defined) = self._lexicon, near
        row = lexicon.forms.get(form, -1)
        row = row if row < lexicon.n_forms else -1
        own_key = key_of(surface)
        name_id = lexicon.ids.get(own_key, -1)
        itself = lexicon.names[name_id] if name_id >= 0 else surface
        named: dict[str, list[int]] = {}  # sources, links, rank, pattern count, pattern total
        sure = ambiguous = False
        if lexicon.named[row] and not is_defined:
            linked, sure = self._by_row[row] or self._by_row.keep(row, self._linked_names(row, form))
            for name, source, links, rank in linked:
                named[name] = [source, links, rank, 0, 0]
            bracket = f"{itself} ("
            ambiguous = any(name.startswith(bracket) for name in named)
        if not named and form in lexicon.countries.of:  # "Honduran"
            named[lexicon.countries.of[form]] = [COUNTRY, 0, 0, 0, 0]
        ends_lower = forms[-1].islower()
        # "Georgia" itself is not a name beside Georgia (country).
        if itself not in named and not (
            is_defined or sure or (name_id < 0 and (ambiguous or (named and ends_lower and forms[0].islower())))
        ):
            named[itself] = [0, 0, 0, 0, 0]
        is_lowered = form[0] != forms[0][0]
        inside = tuple(lexicon.countries.find(forms)) if is_lowered else self._inside[self.forms[form]]
        if len(inside) == 1 and inside[0][1] - inside[0][0] < len(forms):
            a, b, country = inside[0]
            pattern = country_pattern(forms, 0, len(forms), a, b)
            _add(named, self._names_for_country(country, pattern))
        for country in (nearest, second):
            if country:
                _add(named, self._names_for_country(country, "~" + form.lower()))
        others = [(f"{itself}, {state}", STATE)] if state else []
        if longer:
            longer_row = lexicon.forms.get(" ".join(map(form_of, longer.split())), lexicon.n_forms)
            titled = longer_row < lexicon.n_forms and lexicon.named[longer_row]
            others.append((lexicon.names[lexicon.titles_of(longer_row)[0][0]] if titled else longer, EVENT))
        if ends_lower and (itself.endswith("s") or name_id < 0):
            singular = lexicon.ids.get(key_of(itself.removesuffix("s")), -1)
            if singular >= 0:
                others.append((lexicon.names[singular], EVENT))
        for name, source in others:
            named.setdefault(name, [0, 0, 0, 0, 0])[0] |= source
        have, own = {form.lower() for form in forms}, {country for _, _, country in inside}
        parts, keys = self._parts_by_name, self._keys
        for name, item in named.items():
            if name == itself:
                name_key, of_name, has_extra, n_extra = own_key, name_id, False, 0
            else:
                name_key, of_name, words, countries = parts[name] or self._parts_of(name)
                extra = tuple([word for word in words if word not in have])
                more = tuple([country for country in countries if country not in own])
                n_extra = len(extra)
                if has_extra := n_extra > 0 or len(more) > 0:
                    self.extra[len(self.names)] = extra, more
            share = self._share(name, row) if item[0] & PART else 0
            number = keys.setdefault(name_key, len(keys))
            self.names.append(name)
            self.numbers.append((of_name, *item, name == itself, n_extra, share, number, has_extra))

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

    def _parts_of(self, name: str) -> tuple[str, int, tuple[str, ...], tuple[str, ...]]:
        """Return a name's key, its row in the lexicon, its words in lower case without small ones, and the countries in it."""
        key, lexicon, parts = key_of(name), self._lexicon, _PART.findall(name)
        forms = parts if name.isascii() and "." not in name else [form_of(part) for part in parts]
        words = tuple([word for form in forms if (word := form.lower()) not in JOINING_WORDS])
        found = (key, lexicon.ids.get(key, -1), words, tuple([country for _, _, country in lexicon.countries.find(forms)]))
        self._parts_by_name.keep(name, found)
        return found

    def _names_for_country(self, country: str, key: str) -> _NamesOfCountry:
        """Return the names that editors linked for a country's thing, and those that patterns give, with links and their sum."""
        found = self._by_country[country, key]
        if found is None:
            lexicon = self._lexicon
            plain = key[1:] if key[0] == "~" else " ".join(key.replace("of <C>", "").replace("<C>", "").split())
            specials = lexicon.specials.get((plain, country), ())
            best = [(name, COUNTRY, links, sum([links for _, links in specials])) for name, links in specials[:1]]
            patterns = lexicon.patterns.get(key, ())
            total = sum([links for _, links in patterns])
            best += [(name, 0, links, total) for _, name, links in self._filled(patterns, country, 1 if key[0] == "~" else 2)]
            found = self._by_country.keep((country, key), tuple(best))
        return found

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


def _add(named: dict[str, list[int]], of_country: _NamesOfCountry) -> None:
    """Add the names of a country's thing to others."""
    for name, source, links, total in of_country:
        item = named.setdefault(name, [0, 0, 0, 0, 0])
        item[0] |= source
        if not item[3]:
            item[3:] = links, total
