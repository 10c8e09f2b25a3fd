"""What the path of a page tells: its language, the page that it is a translation of, its day, its title."""

from __future__ import annotations

import collections
import datetime as dt
import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from relatedstories.language_codes import language_code

__all__ = ["LanguageFolders", "PageName", "day_of_path", "has_words", "is_named_by_title", "titled", "without_language"]

_SITE_LANGUAGES = frozenset((
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "eo", "es", "et", "eu", "fa", "fi", "fr", "gl", "he", "hi", "hr", "hu",
    "hy", "id", "is", "it", "ja", "ka", "ko", "lt", "lv", "mk", "ms", "nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl",
    "sq", "sr", "sv", "sw", "ta", "th", "tr", "uk", "ur", "vi", "zh",
))  # fmt: skip
"""The codes that a folder or the end of a page's name may be."""

_ENGLISH_WORDS = frozenset(("id", "is", "it", "ms", "no", "uk"))
"""Codes that may just as well name a subject: other folders of languages beside it, or the text, tell."""

_ROOTS = frozenset(("content", "docs", "i18n", "pages", "posts", "_posts", "site", "src"))
"""Folders that the folders of languages may be in."""

_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z]{2,4})?", re.IGNORECASE)
_DAY = re.compile(r"(?:^|/)((?:19|20|21)\d\d)[-/_.](\d{1,2})[-/_.](\d{1,2})(?![\d])")
_COMPACT_DAY = re.compile(r"(?:^|/)((?:19|20|21)\d\d)(\d\d)(\d\d)(?:T?\d{4}(?:\d\d)?)?(?![^\W_])")
_DAY_WITHIN = re.compile(r"(?<!\d)((?:19|20|21)\d\d)-(\d\d)-(\d\d)(?!\d)")
_DAY_BEFORE = re.compile(r"(?:\d{4}[-_.]\d{1,2}[-_.]\d{1,2}|\d{8}(?:T?\d{4}(?:\d\d)?)?)(?!\d)[-_. ]*")
_WORD = re.compile(r"[^\W\d_]{2,}")


class PageName(NamedTuple):
    """What the path of a page tells.

    Parameters
    ----------
    stem : str
        The name without suffix, language and date: of ``index.md`` that of its folder.
    is_dated : bool
        Whether the name begins with a date.
    language : str or None
        The code of its language.
    untranslated : str
        The path without the marks of languages: translations of one page have the same.
    """

    stem: str
    is_dated: bool
    language: str | None
    untranslated: str


class LanguageFolders:
    """The folders of an archive that hold pages in one language each, as the paths of all its pages show.

    A folder is one if its name is the code of a language. A code that is an English word too, or of no language that sites are
    commonly written in, counts beside two others, or where it has the same pages as another.

    Examples
    --------
    >>> folders = LanguageFolders(["de/news/rain.md", "fr/news/rain.md", "it/news/snow.md"])
    >>> folders.name_of("it/news/snow.md")
    PageName(stem='snow', is_dated=False, language='it', untranslated='news/snow')
    >>> LanguageFolders(["a.fr.md"]).name_of("a.fr.md").language
    'fr'
    """

    def __init__(self, paths: Iterable[str]) -> None:
        pages: dict[str, dict[str, set[str]]] = collections.defaultdict(lambda: collections.defaultdict(set))
        for path in paths:
            roots, folder, rest = _parts(path)
            if folder and _CODE.fullmatch(folder):
                pages[roots][folder].add(rest)
        self._folders = {roots: _languages(folders) for roots, folders in pages.items()}

    def name_of(self, path: str) -> PageName:
        """Return what a path tells."""
        roots, folder, rest = _parts(path)
        language = None
        untranslated = path
        if folder in self._folders.get(roots, ()):
            code = _base(folder)
            language = language_code(code) if code in _SITE_LANGUAGES else None
            untranslated = f"{roots}/{rest}" if roots else rest
        untranslated = os.path.splitext(untranslated)[0]
        stem, of_name = without_language(untranslated.rpartition("/")[2])
        if of_name:
            language = of_name
            untranslated = untranslated.rpartition("/")[0] + "/" * ("/" in untranslated) + stem
        if stem == "index" and "/" in path:
            stem = path.split("/")[-2]
        dated = _DAY_BEFORE.match(stem) if day_of_path(stem) else None
        return PageName(stem[dated.end() :] if dated else stem, dated is not None, language, untranslated)

    def is_top(self, folder: str) -> bool:
        """Tell whether a folder is that of all pages of a language."""
        roots, name, rest = _parts(f"{folder}/x")
        return rest == "x" and name in self._folders.get(roots, ())


def without_language(stem: str) -> tuple[str, str | None]:
    """Return a name without the code of a language at its end, and that language.

    Examples
    --------
    >>> without_language("index.pt-br"), without_language("version 2.0")
    (('index', 'pt'), ('version 2.0', None))
    """
    before, dot, suffix = stem.rpartition(".")
    if dot and before and _CODE.fullmatch(suffix) and _base(suffix) in _SITE_LANGUAGES:
        return before, language_code(_base(suffix))
    return stem, None


def _parts(path: str) -> tuple[str, str, str]:
    """Return the folders that the folder of a language may be in, that folder or "", and the rest of a path."""
    *folders, name = path.split("/")
    first = folders.index("content") + 1 if "content" in folders else 0
    while first < len(folders) and folders[first].lower() in _ROOTS:
        first += 1
    if first == len(folders):
        return "/".join(folders), "", name
    return "/".join(folders[:first]), folders[first], "/".join([*folders[first + 1 :], name])


def _base(code: str) -> str:
    return code.lower().replace("_", "-").partition("-")[0]


def _languages(folders: dict[str, set[str]]) -> frozenset[str]:
    """Return the folders within one that are of languages, given the pages of those that may be."""
    sure = {name for name in folders if _base(name) in _SITE_LANGUAGES and _base(name) not in _ENGLISH_WORDS}
    shared = collections.Counter(rest for name in sure for rest in folders[name])
    others = {name for name in folders if name not in sure and (len(sure) > 1 or any(rest in shared for rest in folders[name]))}
    return frozenset(sure | others)


def day_of_path(path: str) -> dt.date | None:
    """Return the day in the name of a page or of its folders, given as a path without suffix; the last of several.

    Examples
    --------
    >>> for path in ("2021-07-01-flood", "2021/07/02/flood", "202107030930", "news/2021-07-04-flood/index", "talk 2021-07-05"):
    ...     print(day_of_path(path))
    2021-07-01
    2021-07-02
    2021-07-03
    2021-07-04
    2021-07-05
    """
    for pattern in (_DAY, _COMPACT_DAY, _DAY_WITHIN):
        for found in reversed(list(pattern.finditer(path))):
            try:
                return dt.date(*map(int, found.groups()))
            except ValueError:
                continue
    return None


def titled(stem: str) -> str | None:
    """Return the title that a name stands for; None for a name without words.

    A name with spaces or capitals is a title as it stands; the words of others begin with capitals, as in Jekyll.

    Examples
    --------
    >>> titled("Harbour tram"), titled("local-development"), titled("Rust-1.12"), titled("1234")
    ('Harbour tram', 'Local Development', 'Rust 1.12', None)
    """
    if not _WORD.search(stem):
        return None
    if " " in stem.strip():
        return stem.strip()
    words = [word for word in re.split("[-_]+", stem) if word]
    return " ".join(words) if stem != stem.lower() else " ".join([word[:1].upper() + word[1:] for word in words])


def has_words(stem: str, least: int = 2) -> bool:
    """Tell whether a name is made of words rather than of letters and digits at random."""
    words: list[str] = [word for word in re.split(r"[-_ ]+", stem) if word]
    n_alphabetic = sum(word.isalpha() for word in words)
    return n_alphabetic >= least and 2 * n_alphabetic >= len(words)


def is_named_by_title(stem: str) -> bool:
    """Tell whether a name is written as titles are: with spaces, or with a capital."""
    return " " in stem.strip() or stem[:1].isupper()
