"""Make the table of the names of countries in many languages, from Unicode's CLDR.

    pip install Babel==2.19.0
    python models/countries/learn.py

The same version of Babel gives the same table.
"""

from __future__ import annotations

import csv
from pathlib import Path

from babel import Locale

HERE = Path(__file__).parent
LANGUAGES = {
    *("ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "da", "de", "el", "eo", "es", "et", "eu", "fa", "fi", "fr", "ga", "gl"),
    *("he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko", "lt", "lv", "mk", "ml", "ms", "ne", "nl", "no"),
    *("pl", "ps", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "uz", "vi"),
    "zh",
}
NO_COUNTRIES = {
    *("AC", "AQ", "BV", "CP", "DG", "EA", "EU", "EZ", "GS", "HM", "IC", "IO", "QO", "TA", "TF", "UM", "UN", "XA", "XB", "ZZ"),
}
"""Codes of regions that are no countries, or where nobody lives."""


def names() -> set[tuple[str, str]]:
    """Return pairs of a language and a country's name in it."""
    with open(HERE / "by_hand.tsv", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        found = {(row["language"], name.replace("_", " ")) for row in rows for name in row["names"].split()}
    for language in LANGUAGES:
        territories = Locale("nb" if language == "no" else "fil" if language == "tl" else language).territories
        told = [name for code, name in territories.items() if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES]
        found.update((language, name) for name in told)
        if language == "eo":  # countries have two endings
            found.update((language, f"{name.removesuffix('ujo')}io") for name in told if name.endswith("ujo"))
    return found


if __name__ == "__main__":
    with open(HERE / "countries.tsv", "w", encoding="utf-8", newline="") as table:
        table.write("language\tname\n")
        table.writelines(f"{language}\t{name}\n" for language, name in sorted(names()))
