"""The phrases in lower case of a text that may name a matter, with their features: "wildfires", "gang violence"."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from relatedstories.topics.lexicon import form_of
from relatedstories.topics.matter_tables import HEAD, LOWERED, MODIFIER, UNIT, MatterTables
from relatedstories.topics.recent_cache import MAX_KEPT
from relatedstories.topics.tokenizer import TokenizedText

__all__ = ["N_CONTEXT", "MatterCandidates", "MatterFinder", "canonical_name"]

MAX_WORDS = 4
"""Maximum length of a phrase, in words; words joined by hyphens count as one."""

MAX_JOINED = 5
"""Maximum length of a phrase that joins words by small ones, in tokens: "freedom of the press"."""

MAX_UNKNOWN = 3
"""Maximum length of a phrase that the tables do not know, in words."""

_NEIGHBOURS = (
    "a an another",
    "the",
    "this that these those its his her their our my your 's s",
    "to",
    "and or nor",
    ", ; ( ) - \" “ ” ‘ ’ '",
    "of in on at by for from with against during over after before into about as amid between through under without near among"
    " following since until despite across off than upon towards toward via within around",
    "is are was were be been being has have had having will would can could may might must shall should do does did not",
    "it he she they who which whom what there him them i we you us",
    "some any no many more most several other all both each every few less least first second last new",
)  # fmt: skip
SIGN = 5
EDGE, CAPITALISED, NUMERIC, PHRASE, OTHER = range(len(_NEIGHBOURS), len(_NEIGHBOURS) + 5)
N_NEIGHBOURS = len(_NEIGHBOURS) + 5
_NEIGHBOUR_OF = {word: i for i, words in enumerate(_NEIGHBOURS) for word in words.split()}

N_CONTEXT = 2 * N_NEIGHBOURS + 8
"""Number of features of where a phrase stands."""

MAX_LOG = 2000
_LOGS = np.array([round(math.log1p(i) * UNIT) for i in range(MAX_LOG + 1)], np.int8)
"""Logarithms of whole numbers plus one, in units of the tables."""

NEAR_PHRASE, NEAR_WORD = 4, 24
"""Number of columns that are features of the phrases one word longer, and of the words on both sides."""

VECTOR = slice(8, 24)
"""Columns of a word's vector."""

_OFTEN = round(math.log1p(20) / 2 * UNIT)
"""Phrases that are in 20 events of the training data and more, and never linked, are no candidates; as the tables have it."""

_NONE, _NO_MODIFIER = -1, -2


class _Phrase(NamedTuple):
    """What is known of a phrase: its row in the tables, the rows of its last and first word, its form and its name.

    The form is the number of words, plus 8 if the last is a plural, plus 16 if there are hyphens.
    """

    row: int
    head: int
    modifier: int
    form: int
    name: str


class _Word(NamedTuple):
    """A word of a run, which hyphens may make of several tokens: first token, token after the last, spelling, roles."""

    first: int
    end: int
    word: str
    roles: int


class _Text(NamedTuple):
    """A text: its number, and for each token its number in the finder's table, its kind as a neighbour, and its sentence."""

    number: int
    ids: list[int]
    kinds: list[int]
    sentences: list[int]


class _Found:
    """The candidates of some texts, in flat lists."""

    def __init__(self) -> None:
        self.words: list[list[int]] = []
        self.rows: list[int] = []
        self.phrases: list[str] = []
        self.names: list[str] = []


class MatterCandidates(NamedTuple):
    """The candidates of some texts, in the order of the texts.

    Parameters
    ----------
    text, first, end : ndarray of int, shape (n,)
        Number of the text; first token, and token after the last.
    features : ndarray of int8, shape (n, n_features)
        In units of the tables.
    phrases : list of str
        The phrase of each, in lower case, as it is written but for accents.
    names : list of str
        The canonical name of each.
    """

    text: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    end: npt.NDArray[np.intp]
    features: npt.NDArray[np.int8]
    phrases: list[str]
    names: list[str]


def canonical_name(tables: MatterTables, phrase: str, singular: str) -> str:
    """Return the canonical name of a phrase: the name that editors link it to, or its singular with a capital."""
    name = tables.names.get(phrase) or tables.names.get(singular)
    if name:
        return name
    name = singular.replace(" - ", "-")
    return name[:1].upper() + name[1:]


class MatterFinder:
    """Finds candidates.

    Parameters
    ----------
    tables : MatterTables

    Notes
    -----
    What depends only on a phrase is remembered: a few phrases make up most of the candidates.
    """

    def __init__(self, tables: MatterTables) -> None:
        self._tables = tables
        self._lock = threading.Lock()
        linked, seen = tables.phrase_numbers[:, 0], tables.phrase_numbers[:, 4]
        self._never = ((linked == 0) & (seen >= _OFTEN)).tolist()
        self._never[-1] = False  # unknown phrases
        self._joined: dict[str, int] = {}  # first words of phrases that join words, with the most tokens of these
        joining = {word for word, row in tables.words.items() if not tables.roles[row]}
        for phrase in tables.phrases:
            if 1 < phrase.count(" ") < MAX_JOINED and not joining.isdisjoint((parts := phrase.split(" "))[1:-1]):
                self._joined[parts[0]] = max(len(parts), self._joined.get(parts[0], 0))
        self._forget()

    def _forget(self) -> None:
        self._ids: dict[str, int] = {}
        self._words: list[str] = []  # the word of a token that may be in a phrase, else ""
        self._roles: list[int] = []
        self._rows: list[int] = []
        self._kinds: list[int] = []
        self._lowered: list[int] = []  # for a capitalised token, the number of its word in lower case
        self._ends: list[bool] = []
        self._phrases: dict[str, _Phrase] = {}
        self._singulars: dict[str, str] = {}  # of words that may be in a phrase

    def _token(self, token: str) -> int:
        """Add a token that was not met before, and return its number."""
        tables, form = self._tables, form_of(token)
        word = form if form.isalpha() and form.islower() and len(form) > 1 else ""
        row = tables.words.get(form, _NONE) if word else _NONE
        roles = (tables.roles[row] & (HEAD | MODIFIER) if row >= 0 else HEAD | MODIFIER if len(form) > 3 else 0) if word else 0
        lowered = form.lower()
        kind = _NEIGHBOUR_OF.get(lowered)
        if kind is None:
            kind = (
                PHRASE if roles
                else CAPITALISED if form[:1].isupper()
                else NUMERIC if form[:1].isdigit()
                else EDGE if not form[:1].isalnum()
                else OTHER
            )  # fmt: skip
        number = self._ids[token] = len(self._words)
        if roles:
            self._singulars[word] = tables.singular(word)
        self._words.append(word if roles else "-" if form == "-" else "")
        self._roles.append(roles)
        self._rows.append(row)
        self._kinds.append(kind)
        self._ends.append(token[-1:] in ".!?:" or "\n" in token)
        self._lowered.append(_NONE)
        if (
            form[:1].isupper()
            and form[1:].islower()
            and form.isalpha()
            and lowered in tables.words
            and tables.roles[tables.words[lowered]] & LOWERED
        ):
            self._lowered[number] = self._ids[lowered] if lowered in self._ids else self._token(lowered)
        return number

    def _phrase(self, phrase: str) -> _Phrase:
        """Return what is known of a phrase, and remember it."""
        tables = self._tables
        words = phrase.split(" ")
        last = words[-1]
        singular_word = tables.singular(last)
        singular = phrase[: len(phrase) - len(last)] + singular_word
        row = tables.phrases.get(singular, _NONE)
        head = tables.words.get(singular_word, tables.words.get(last, _NONE))
        modifier = tables.words.get(words[0], _NONE) if len(words) > 1 else _NO_MODIFIER
        size = len(words) - 2 * words.count("-")
        form = size + 8 * (last != singular_word) + 16 * ("-" in words)
        known = self._phrases[phrase] = _Phrase(row, head, modifier, form, canonical_name(tables, phrase, singular))
        return known

    def __call__(self, texts: Sequence[TokenizedText]) -> MatterCandidates:
        """Return the candidates of texts."""
        with self._lock:
            if len(self._phrases) > 4 * MAX_KEPT or len(self._words) > 4 * MAX_KEPT:
                self._forget()
            found = _Found()
            for number, text in enumerate(texts):
                self._add_text(number, text, found)
        return self._gather(found)

    def _add_text(self, number: int, text: TokenizedText, found: _Found) -> None:
        """Add the candidates of one text."""
        known = self._ids
        try:
            ids = [known[token] for token in text.tokens]
        except KeyError:
            ids = [known[token] if token in known else self._token(token) for token in text.tokens]
        found.words.append([self._rows[i] for i in ids])
        kinds, ends, lowered = [self._kinds[i] for i in ids], self._ends, self._lowered
        start, sentence, sentences = True, 0, []
        for i, token in enumerate(ids):
            sentences.append(sentence)
            if start and lowered[token] >= 0:
                ids[i] = lowered[token]
                kinds[i] = self._kinds[ids[i]]
            if ends[token]:
                start = True
                sentence += 1
            elif kinds[i] != SIGN:  # which may open a quotation
                start = False
        words, here = [self._words[i] for i in ids], _Text(number, ids, kinds, sentences)
        for run in self._runs(text, ids, words):
            self._add_run(here, run, found)
        if self._joined.keys().isdisjoint(words):
            return
        for i, word in enumerate(words):
            longest = self._joined.get(word) if word else None
            phrase = word
            for end in range(i + 1, min(i + longest, len(ids)) if longest else 0):
                joined = text.tokens[end]
                if not (joined.isalpha() and joined.islower()):
                    break
                phrase = f"{phrase} {joined}"
                if words[end] and not all(words[i + 1 : end]):
                    named = self._phrases.get(phrase) or self._phrase(phrase)
                    if named.row >= 0:
                        self._add(here, i, end + 1, phrase, named, _NONE, _NONE, found)

    def _runs(self, text: TokenizedText, ids: list[int], words: list[str]) -> Iterator[list[_Word]]:
        """Yield the rows of words that may be in a phrase: first token, token after the last, word and roles of each."""
        roles, starts, n_tokens, place = self._roles, text.starts, len(ids), 0
        while place < n_tokens:
            if not roles[ids[place]]:
                place += 1
                continue
            run = [_Word(place, place + 1, words[place], roles[ids[place]])]
            place += 1
            while place < n_tokens:
                if roles[ids[place]]:
                    run.append(_Word(place, place + 1, words[place], roles[ids[place]]))
                    place += 1
                elif (
                    words[place] == "-"
                    and place + 1 < n_tokens
                    and roles[ids[place + 1]]
                    and starts[place] == starts[place - 1] + len(text.tokens[place - 1])  # "drone-strike", not "drone - strike"
                    and starts[place + 1] == starts[place] + 1
                ):
                    first, _, word, _ = run[-1]
                    joined = f"{word} - {words[place + 1]}"
                    self._singulars[joined] = f"{word} - {self._singulars[words[place + 1]]}"
                    run[-1] = _Word(first, place + 2, joined, roles[ids[place + 1]])
                    place += 2
                else:
                    break
            yield run

    def _add_run(self, text: _Text, run: list[_Word], found: _Found) -> None:
        """Add the phrases of a run."""
        known, rows, singulars, never, size = self._phrases, self._tables.phrases, self._singulars, self._never, len(run)
        longer: dict[int, int] = {}  # by its end, the row of the phrase that begins one word earlier
        for a, first in enumerate(run):
            before, windows = "", []
            for b in range(a + 1, min(size, a + MAX_WORDS) + 1):
                word = run[b - 1].word
                windows.append((b, before + word, rows.get(before + singulars[word], _NONE)))
                before = f"{before}{word} "
            for number, (b, phrase, row) in enumerate(windows, 1):
                if (
                    run[b - 1].roles & HEAD
                    and not never[row]
                    and (row >= 0 or number == 1 or (number <= MAX_UNKNOWN and b == size))
                ):
                    after = windows[number][2] if number < len(windows) else _NONE
                    named = known.get(phrase) or self._phrase(phrase)
                    self._add(text, first.first, run[b - 1].end, phrase, named, longer.get(b, _NONE), after, found)
            longer = {b: row for b, _, row in windows}

    def _add(self, text: _Text, first: int, end: int, phrase: str, named: _Phrase, left: int, right: int, found: _Found) -> None:
        """Add one candidate; `left` and `right` are the rows of the phrases that are longer by one word."""
        number, ids, kinds, sentences = text
        rows, n_tokens = self._rows, len(ids)
        found.rows += (
            number, first, end, named.row, named.head, named.modifier, named.form, left, right,
            kinds[first - 1] if first else EDGE, kinds[end] if end < n_tokens else EDGE,
            rows[ids[first - 1]] if first else _NONE, rows[ids[end]] if end < n_tokens else _NONE,
            sentences[first], n_tokens,
        )  # fmt: skip
        found.phrases.append(phrase)
        found.names.append(named.name)

    def _gather(self, found: _Found) -> MatterCandidates:
        """Return the candidates as arrays; features of words and phrases come from the tables."""
        r = np.fromiter(found.rows, np.intp, len(found.rows)).reshape(-1, 15)
        number, first, end, row, head, modifier, form, left, right, before, after, word_before, word_after, sentence, size = r.T
        words, known = self._tables.word_numbers, self._tables.phrase_numbers
        about = _means(words, found.words)
        context = np.zeros((len(r), N_CONTEXT), np.int8)
        at = np.arange(len(r))
        context[at, before] = UNIT
        context[at, N_NEIGHBOURS + after] = UNIT
        n_words, rest = form & 7, context[:, 2 * N_NEIGHBOURS :]
        rest[:, 0] = (n_words == 1) * UNIT
        rest[:, 1] = (n_words == 2) * UNIT
        rest[:, 2] = (n_words > 2) * UNIT
        rest[:, 3] = (form >> 3 & 1) * UNIT
        rest[:, 4] = (form >> 4 & 1) * UNIT
        rest[:, 5] = _LOGS[np.minimum(first, MAX_LOG)]
        rest[:, 6] = np.minimum(sentence, 7) * UNIT
        rest[:, 7] = _LOGS[np.minimum(size, MAX_LOG)]
        of_modifier = words[modifier]
        of_modifier[modifier == _NO_MODIFIER] = 0
        parts = (
            context, known[row], words[head], of_modifier, known[left, :NEAR_PHRASE], known[right, :NEAR_PHRASE],
            words[word_before, :NEAR_WORD], words[word_after, :NEAR_WORD], about[number],
        )  # fmt: skip
        return MatterCandidates(number, first, end, np.concatenate(parts, axis=1), found.phrases, found.names)


def _means(words: npt.NDArray[np.int8], tokens: list[list[int]]) -> npt.NDArray[np.int8]:
    """Return for each text the mean of its words' vectors, four times as large, rounded down."""
    sizes = np.fromiter(map(len, tokens), np.intp, len(tokens))
    rows = np.fromiter(itertools.chain.from_iterable(tokens), np.intp, int(sizes.sum()))
    sums = np.zeros((len(tokens), VECTOR.stop - VECTOR.start), np.int32)
    full = np.flatnonzero(sizes)
    starts = (np.cumsum(sizes) - sizes)[full]
    if len(full):
        sums[full] = np.add.reduceat(words[rows, VECTOR].astype(np.int32), starts, axis=0)
    return np.clip(4 * sums // np.maximum(sizes, 1)[:, None], -127, 127).astype(np.int8)
