"""The names of countries in languages other than English, from models/countries."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from relatedstories.artefacts import table
from relatedstories.text.terms import stem_key
from relatedstories.topics.names import normalise_name

__all__ = ["country_name"]


def country_name(name: str, language: str) -> str | None:
    """Return the name of the country that a name is an inflected form of; None if it is no country's.

    Examples
    --------
    >>> country_name("Україна", "uk"), country_name("України", "uk"), country_name("Kiel", "de")
    ('Україна', 'Україна', None)
    """
    return _by_key(language).get(stem_key(normalise_name(name), language))


@functools.cache
def _by_key(language: str) -> Mapping[str, str]:
    """Return the name of each country by the key that its inflected forms share."""
    return {stem_key(normalise_name(name), language): name for name in _by_language().get(language, ())}


@functools.cache
def _by_language() -> Mapping[str, list[str]]:
    names: dict[str, list[str]] = {}
    for language, name in table("countries/countries.tsv"):
        names.setdefault(language, []).append(name)
    return names
