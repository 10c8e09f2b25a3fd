"""A table of names: for words as they stand in a text ("the Fed"), the canonical name that editors gave them.

It also holds how often editors linked the words to the name, and how often the words occurred.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from relatedstories.topics.kinds import KINDS
from relatedstories.topics.lexicon import default_lexicon
from relatedstories.topics.names import BREAK, normalise_name, trim_mention, words

__all__ = ["Name", "NameTable", "default_names"]

MAX_GAP = 3
"""Maximum number of characters between two words of one name."""

MIN_SHARE = 0.4
"""Minimum share of a form's links that must go to one name for the form to stand for that name."""


@dataclass(frozen=True, slots=True)
class Name:
    """A row of a name table.

    Parameters
    ----------
    words : str
        The words in a text, as `words` gives them, joined by spaces; case counts.
    canonical : str
        The name that editors linked them to most often.
    linked, seen : int
        Events in which editors linked the words at all, and events in which they occur.
    kind : str, default "thing"
        The kind of the topic, where the table knows it.
    """

    words: str
    canonical: str
    linked: int
    seen: int
    kind: str = "thing"

    @property
    def probability(self) -> float:
        """The probability that an editor links the words where they occur, 0 to 1."""
        return self.linked / max(self.linked, self.seen)


class NameTable:
    """Finds names in texts.

    Parameters
    ----------
    names : iterable of Name

    Examples
    --------
    >>> table = NameTable([Name("ISS", "International Space Station", 9, 10), Name("station", "Station", 1, 90)])
    >>> table.canonical("the ISS")
    'International Space Station'
    >>> [(start, end, name.canonical) for start, end, name in table.find("Supplies reach the ISS")]
    [(19, 22, 'International Space Station')]
    """

    def __init__(self, names: Iterable[Name]) -> None:
        self._exact = {name.words: name for name in names}
        self._normalised: dict[str, Name] = {}
        self._canonical: dict[str, str] = {}
        for name in self._exact.values():
            key = normalise_name(name.words)
            known = self._normalised.get(key)
            if known is None or (-name.linked, name.words) < (-known.linked, known.words):
                self._normalised[key] = name
            self._canonical.setdefault(normalise_name(name.canonical), name.canonical)
        self._lengths: dict[str, int] = {}
        for form in self._exact:
            first, _, rest = form.partition(" ")
            self._lengths[first] = max(self._lengths.get(first, 0), rest.count(" ") + 1 + bool(rest))

    def __len__(self) -> int:
        return len(self._exact)

    def __iter__(self) -> Iterator[Name]:
        return iter(self._exact.values())

    def lookup(self, surface: str) -> Name | None:
        """Return the row for the words of a mention, matching case if possible."""
        form = " ".join(word.form for word in words(trim_mention(surface)))
        return self._exact.get(form) or self._normalised.get(form.casefold())

    def known(self, surface: str) -> str | None:
        """Return the canonical name of a mention, or None if the table has none."""
        name = trim_mention(surface)
        known = self._canonical.get(normalise_name(name))
        if known is None and (row := self.lookup(name)):
            known = row.canonical
        return known

    def canonical(self, surface: str) -> str:
        """Return the canonical name of a mention; without one, the mention less its article and possessive."""
        return self.known(surface) or trim_mention(surface)

    def find(self, text: str) -> Iterator[tuple[int, int, Name]]:
        """Yield every occurrence of the table's words in a text, overlapping ones too: start, end and row."""
        found = words(text)
        for i, word in enumerate(found):
            length = self._lengths.get(word.form, 0)
            form = ""
            before = word.end
            for other in found[i : i + length]:
                if other.start - before > MAX_GAP or BREAK.search(text, before, other.start):
                    break
                before = other.end
                form = f"{form} {other.form}" if form else other.form
                if name := self._exact.get(form):
                    yield word.start, other.end, name

    def find_within(self, text: str) -> Iterator[tuple[int, int, Name]]:
        """Yield what `find` does, and every occurrence of a name in a script without capitals or spaces, within words too.

        Examples
        --------
        >>> [(start, end) for start, end, _ in NameTable([Name("東京", "東京", 1, 1)]).find_within("雪の東京駅で")]
        [(2, 4)]
        """
        found = set()
        for start, end, name in self.find(text):
            found.add((start, end))
            yield start, end, name
        for name in self._exact.values():
            if name.words.upper() == name.words.lower():
                start = text.find(name.words)
                while start >= 0:
                    end = start + len(name.words)
                    if (start, end) not in found:
                        yield start, end, name
                    start = text.find(name.words, end)


@functools.cache
def default_names() -> NameTable:
    """Return the names that come with the package: those of the topic model's lexicon (models/topics)."""
    lexicon = default_lexicon()
    rows: dict[str, Name] = {}
    for form, row in itertools.islice(lexicon.forms.items(), lexicon.n_forms):
        linked, seen = lexicon.counts[row, :2].tolist()
        titles = lexicon.titles_of(row)
        if titles and titles[0][1] >= MIN_SHARE * linked:
            name_id = titles[0][0]
            words_in_text = " ".join(word.form for word in words(form))
            rows.setdefault(
                words_in_text,
                Name(words_in_text, lexicon.names[name_id], linked, max(1, seen), KINDS[lexicon.kinds[name_id]]),
            )
    for country, names in lexicon.countries.names.items():
        for name in names:
            words_in_text = " ".join(word.form for word in words(name))
            known = rows.get(words_in_text)
            if name != "Georgia":  # a state too
                rows[words_in_text] = Name(
                    words_in_text, country, known.linked if known else 0, known.seen if known else 1, "place"
                )
    return NameTable(rows.values())
