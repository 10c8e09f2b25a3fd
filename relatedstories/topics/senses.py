"""Which names words may not stand for: minority senses, works of art, and bodies of countries that the text is not about.

The network was trained on news of the world, where "default" is one of finance and "test" one for COVID-19, and it gives the
likeliest topic even where none is likely. These rules hold in any text. They take names away from the network's and add none.
"""

from __future__ import annotations

import collections
import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from relatedstories.recent_cache import RecentCache
from relatedstories.topics.kinds import KINDS
from relatedstories.topics.lexicon import Lexicon, default_lexicon, form_of, key_of
from relatedstories.topics.span_names import has_part

__all__ = ["SenseFilter", "TextFacts", "default_sense_filter"]

LEAST_RATE, LEAST_OTHER_RATE, LEAST_BRACKET_RATE = 0.2, 0.4, 0.8
"""Minimum share of the occurrences of words in lower case that editors linked to a name: to the words themselves; to other words
("test": COVID-19 testing); and to a name with a bracket, which says that the words have a commoner sense ("default")."""

LEAST_LOWER = 0.5
"""Words that are in lower case at least this often, other than at the start of a sentence, are common nouns."""

LEAST_ALONE, LEAST_ALONE_LINKS = 0.6, 2
"""Minimum share, and number, of links that must go to one country's body where the text names no country."""

LONG_TEXT = 100
"""Number of tokens from which a text names a person in full at first; shorter ones may give the surname alone."""

AROUND = 20
"""Number of tokens on either side of a name in which a word must be that says that it is a work of art."""

_TITLES = frozenset(
    (
        *("President", "Vice", "Minister", "Chancellor", "Premier", "Prime", "Secretary", "Senator", "Sen", "Governor", "Gov"),
        *("Mayor", "Judge", "Justice", "King", "Queen", "Prince", "Princess", "Pope", "General", "Rep", "Congressman"),
        *("Congresswoman", "PM", "Mr", "Mrs", "Ms", "Dr", "Prof", "Professor", "Sir", "Dame", "Lord", "Lady"),
    )
)
"""Words before a surname that stands for a person."""

_ARTS = {
    "screen": frozenset(
        (
            *("film", "films", "movie", "movies", "cinema", "cinemas", "filmmaker", "actor", "actors", "actress"),
            *("starring", "premiere", "premieres", "Oscar", "Oscars", "Academy", "Festival", "Globe", "Globes"),
            *("Emmy", "Emmys", "BAFTA", "BAFTAs", "television", "TV", "miniseries", "episode", "Netflix", "Hollywood"),
        )
    ),
    "music": frozenset(
        (
            *("song", "songs", "album", "albums", "band", "bands", "singer", "singers", "music", "rapper", "concert", "concerts"),
            *("Grammy", "Grammys", "Festival", "Award", "Awards"),
        )
    ),
    "page": frozenset(("novel", "novels", "book", "books", "author", "authors", "writer", "Prize", "publisher", "fiction")),
    "gallery": frozenset(
        ("painting", "paintings", "sculpture", "statue", "statues", "artist", "museum", "gallery", "auction", "monument")
    ),
}
"""Words of which there is at least one around a work of art."""

_ART_OF = {
    **dict.fromkeys(("film", "series"), _ARTS["screen"]),
    **dict.fromkeys(("song", "album", "band"), _ARTS["music"]),
    **dict.fromkeys(("novel", "book"), _ARTS["page"]),
    **dict.fromkeys(("painting", "sculpture"), _ARTS["gallery"]),
}
"""Those words for each last word of a bracket that says what kind of work a name is of: "Rust (2024 film)"."""

_NO_ART: frozenset[str] = frozenset()

_WORD = re.compile(r"\w+")
_BRACKET = re.compile(r" \(([^()]*)\)?$")


class TextFacts:
    """Facts about a tokenised text that the rules need.

    Parameters
    ----------
    tokens, forms : sequence of str
    """

    def __init__(self, tokens: Sequence[str], forms: Sequence[str]) -> None:
        self._tokens = tokens
        self._forms = forms

    def form(self, first: int, end: int) -> str:
        """Return the form of the tokens from `first` up to, not including, `end`."""
        return self._forms[first] if end == first + 1 else " ".join(self._forms[first:end])

    @functools.cached_property
    def words(self) -> frozenset[str]:
        """Its forms, each once."""
        return frozenset(self._forms)

    @functools.cached_property
    def countries(self) -> frozenset[str]:
        """The countries and states that the text names."""
        return _with_union({country for _, _, country in default_lexicon().countries.find(self._forms)})

    def around(self, first: int, end: int) -> Sequence[str]:
        """Return the forms of the tokens from `first` up to `end` and of those around them."""
        return self._forms[max(0, first - AROUND) : end + AROUND]

    def follows_town(self, first: int, end: int) -> bool:
        """Return whether tokens name the state of a town before them, as in "Spokane, Washington", other than in a list."""
        tokens = self._tokens
        return self.is_after_town(first) and (end == len(tokens) or tokens[end] not in (",", "and", "or", "-", "'s"))

    def is_after_town(self, first: int) -> bool:
        """Return whether a token follows a comma and, before it, a name: "Oakland, CA"."""
        tokens = self._tokens
        return first > 1 and tokens[first - 1] == "," and tokens[first - 2][:1].isupper()

    def may_be_surname(self, first: int, end: int, others: Sequence[str]) -> bool:
        """Return whether tokens may be the surname of a person whose other names are given.

        It is one where the text has any of the other names, or else if it is short, or gives a title before the surname; but not
        before a number, as in "Mesa 7.9".
        """
        if not self.words.isdisjoint(others):
            return True
        if end < len(self._tokens) and self._tokens[end][:1].isdigit():
            return False
        return len(self._tokens) < LONG_TEXT or (first > 0 and self._forms[first - 1].rstrip(".") in _TITLES)

    def starts_sentence(self, number: int) -> bool:
        """Return whether a token starts a sentence, or follows only signs that open one."""
        while number and self._tokens[number - 1] in "\"“‘'(:":
            number -= 1
        before = self._tokens[number - 1] if number else "."
        return before[-1:] in ".!?" or "\n" in before


def _forms(text: str) -> list[str]:
    return [form_of(word) for word in _WORD.findall(text)]


def _with_union(countries: set[str]) -> frozenset[str]:
    """Return the countries, with the United States if one of its states is among them."""
    names = default_lexicon().countries.names  # states alone have no adjective
    return frozenset(countries | {"United States" for country in countries if len(names[country]) == 1})


class _Verdict(NamedTuple):
    """What is known of a form and a name for it, whatever the text.

    Parameters
    ----------
    never : bool
        The form never stands for the name.
    countries, others : tuple of str
        The countries, and other capitalised words, that the name has and the form lacks.
    namesake : bool
        The form is a country or state, and the name a longer one: "Washington, D.C.".
    of_many : bool
        Other countries have such a thing too: "Ministry of Health", "Labour Party (UK)".
    alone : bool
        The form is mostly linked to this name, so that it may stand for it in a text that names no country.
    arts : frozenset of str
        Words of which there must be one around the name, as it is that of a work of art; empty for other names.
    surname_of : tuple of str
        The other names of a person whose surname the form is; empty if it is not one alone.
    state_code : bool
        The form is the code of a state of the U.S., which stands after a town: elsewhere a CA is a certificate authority.
    as_noun, as_name : bool
        The form may stand for the name as a common noun, and as a capitalised name.
    by_case : bool
        Nothing else matters.
    """

    never: bool
    countries: tuple[str, ...]
    others: tuple[str, ...]
    namesake: bool
    of_many: bool
    alone: bool
    arts: frozenset[str]
    surname_of: tuple[str, ...]
    state_code: bool
    as_noun: bool
    as_name: bool
    by_case: bool


class SenseFilter:
    """Decides whether words may stand for a name.

    Parameters
    ----------
    lexicon : Lexicon
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._verdicts: RecentCache[tuple[str, str], _Verdict] = RecentCache()
        self._distinct: RecentCache[_Verdict, _Verdict] = RecentCache()  # few: most names are like many others
        owners: dict[str, set[str]] = collections.defaultdict(set)
        for thing, country in lexicon.specials:
            owners[thing].add(country)
        self._of_many = {thing for thing, countries in owners.items() if len(countries) > 1}

    def allows(self, text: TextFacts, first: int, end: int, name: str) -> bool:
        """Return whether the tokens from `first` up to, not including, `end` may stand for a name."""
        form = text.form(first, end)
        verdict = self._verdicts.get((form, name)) or self._known(form, name)
        *_, as_noun, as_name, by_case = verdict
        if not by_case:
            if verdict.never or (verdict.namesake and text.follows_town(first, end)):
                return False
            if verdict.arts and verdict.arts.isdisjoint(text.around(first, end)):
                return False
            if verdict.surname_of and not text.may_be_surname(first, end, verdict.surname_of):
                return False
            if verdict.state_code and not text.is_after_town(first):
                return False
            if verdict.countries:
                if not text.countries.isdisjoint(verdict.countries):
                    return True
                if verdict.of_many and (text.countries or not verdict.alone):
                    return False
            elif verdict.others and text.countries and text.words.isdisjoint(verdict.others):
                return False
        if as_noun == as_name:
            return as_name
        is_noun = form.islower() or (text.starts_sentence(first) and self._is_noun(form))
        return as_noun if is_noun else as_name

    def is_namesake(self, text: TextFacts, first: int, end: int, name: str) -> bool:
        """Return whether tokens name the state of a town before them, and not the longer name: "Spokane, Washington"."""
        return self._known(text.form(first, end), name).namesake and text.follows_town(first, end)

    def _known(self, form: str, name: str) -> _Verdict:
        """Return the verdict on a form and a name, which is kept; equal ones are one object."""
        verdict = self._verdicts.get((form, name))
        if verdict is None:
            verdict = self._on_itself(form) if form == name and "(" not in name else self._verdict(form, name)
            verdict = self._distinct.get(verdict) or self._distinct.keep(verdict, verdict)
            self._verdicts.keep((form, name), verdict)
        return verdict

    def _is_noun(self, form: str) -> bool:
        """Return whether a form that starts a sentence is usually in lower case."""
        lexicon, lowered = self._lexicon, form[0].lower() + form[1:]
        row = lexicon.words.get(lowered.partition(" ")[0])
        return lowered.islower() and row is not None and bool(lexicon.lower[row] >= LEAST_LOWER)

    def _on_itself(self, form: str) -> _Verdict:
        """Return what `_verdict` does for a form as a name that has no bracket, sooner."""
        links, _, seen, known = self._most_counts(form, form)
        never = not known and form.lower() in self._of_many
        as_noun = known and links / (seen + 1) >= LEAST_RATE
        return _Verdict(never, (), (), False, False, False, _NO_ART, (), False, as_noun, True, not never)

    def _verdict(self, form: str, name: str) -> _Verdict:
        lexicon, find = self._lexicon, self._lexicon.countries.find
        bracket = _BRACKET.search(name) if "(" in name else None
        base = name[: bracket.start()] if bracket else name
        lower = form.lower()
        same = key_of(base).rstrip("s") == lower.rstrip("s")
        is_country = base in lexicon.countries.names  # "Congo" names it, whatever else the text says
        words = [] if same and name == form else _forms(name)  # then it has no other countries
        in_name = () if is_country else [country for _, _, country in find(words)]
        generic = lower in self._of_many
        qualified = (bracket and find(_forms(bracket[1]))) or base.rpartition(", ")[2] in lexicon.countries.names
        may_be_of_many = bool(generic or qualified)
        in_form = {country for _, _, country in find(_WORD.findall(form))} if in_name or may_be_of_many else ()
        links, linked, seen, known = self._most_counts(form, name)
        others: list[str] = []
        if generic and not same:
            have = set(lower.split(" "))
            others = [word for word in words if word[0].isupper() and word.lower() not in have]
        least = LEAST_BRACKET_RATE if bracket else LEAST_RATE if same else LEAST_OTHER_RATE
        row = lexicon.ids.get(key_of(name))
        is_person = row is not None and KINDS[lexicon.kinds[row]] == "person"
        given_names = _forms(base.removesuffix(f" {form}")) if is_person and base.endswith(f" {form}") else []
        arts = _ART_OF.get(bracket[1].rpartition(" ")[2], _NO_ART) if bracket else _NO_ART
        as_noun = links / (seen + 1) >= least if known else name != form
        # A single link to a longer name says little: "Luhansk" is not Luhansk Oblast.
        as_name = not (known and links == 1 and not same and f" {key_of(form)} " in f" {key_of(base)} ")
        if bracket and links and not self._counts(form[0].upper() + form[1:], name)[0]:
            as_name = as_name and as_noun  # a common noun, whose capital tells nothing
        never = (bool(bracket) and row is None) or (generic and not known and name == form)
        countries = tuple([country for country in in_name if country not in in_form])
        namesake = form in lexicon.countries.of and has_part(base, form)
        state_code = (
            len(form) == 2 and form.isupper() and len(lexicon.countries.names.get(base, ())) == 1
        )  # states have no adjective
        return _Verdict(
            never=never,
            countries=countries,
            others=tuple(others),
            namesake=namesake,
            of_many=may_be_of_many and not in_form,
            arts=arts,
            alone=links >= max(LEAST_ALONE_LINKS, LEAST_ALONE * linked),
            surname_of=tuple(given_names),
            state_code=state_code,
            as_noun=as_name and as_noun,
            as_name=as_name,
            by_case=not (never or countries or others or namesake or arts or given_names or state_code),
        )

    def _most_counts(self, form: str, name: str) -> tuple[int, int, int, bool]:
        """Return the counts of a form, or of it with its first letter in lower case if these have more links."""
        counts, first = self._counts(form, name), form[0].lower()
        return counts if form[0] == first else max(counts, self._counts(first + form[1:], name))

    def _counts(self, form: str, name: str) -> tuple[int, int, int, bool]:
        """Return the links of a form to a name, all its links, its occurrences, and whether the name is one of its names."""
        lexicon = self._lexicon
        row = lexicon.forms.get(form, lexicon.n_forms)
        if row >= lexicon.n_forms:
            return 0, 0, 0, False
        linked, seen = lexicon.linked[row], lexicon.seen[row]
        if not lexicon.named[row]:
            return 0, linked, seen, False
        for title, links in lexicon.titles_of(row):
            if lexicon.names[title] == name:
                return links, linked, seen, True
        return 0, linked, seen, False


@functools.cache
def default_sense_filter() -> SenseFilter:
    """Return the filter of the lexicon that comes with the package."""
    return SenseFilter(default_lexicon())
