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
    "a an another", "the", "this that these those its his her their our my your 's s", "to", "and or nor", ", ; ( ) - \" “ ” ‘ ’ '",
    "of in on at by for from with against during over after before into about as amid between through under without near among"
    " following since until despite across off than upon towards toward via within around",
    "is are was were be been being has have had having will would can could may might must shall should do does did not",
    "it he she they who which whom what there him them i we you us",
    "some any no many more most several other all both each every few less least first second last new",
)  # fmt: skip
EDGE, CAPITALISED, NUMERIC, PHRASE, OTHER = range(len(_NEIGHBOURS), len(_NEIGHBOURS) + 5)
N_NEIGHBOURS = len(_NEIGHBOURS) + 5
_NEIGHBOUR_OF = {word: i for i, words in enumerate(_NEIGHBOURS) for word in words.split()}

N_CONTEXT = 2 * N_NEIGHBOURS + 8
"""Number of features of where a phrase stands."""

MAX_LOG = 2000
_LOGS = np.array([round(math.log1p(i) * UNIT) for i in range(MAX_LOG + 1)], np.int8)
"""Logarithms of whole numbers plus one, in units of the tables."""

NEAR_PHRASE, NEAR_WORD = 4, 24
"""Numbers of columns, the first of a phrase's, that are features of the phrases one word longer; and of the words on both sides."""

VECTOR = slice(8, 24)
"""Columns of a word's vector."""

_NONE, _NO_MODIFIER = -1, -2


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
        self._joined: dict[str, int] = {}  # first words of phrases that join words, with the most tokens of these
        for phrase in tables.phrases:
            parts = phrase.split(" ")
            if len(parts) > 2 and any(not tables.roles[tables.words[part]] for part in parts[1:-1] if part in tables.words):
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
        self._phrases: dict[str, tuple[int, int, int, int, int, str]] = {}

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
        self._words.append(word if roles else "-" if form == "-" else "")
        self._roles.append(roles)
        self._rows.append(row)
        self._kinds.append(kind)
        self._ends.append(token[-1:] in ".!?:" or "\n" in token)
        self._lowered.append(_NONE)
        if form[:1].isupper() and form[1:].islower() and form.isalpha() and tables.roles[tables.words.get(lowered, 0)] & LOWERED:
            self._lowered[number] = self._ids[lowered] if lowered in self._ids else self._token(lowered)
        return number

    def _phrase(self, phrase: str) -> tuple[int, int, int, int, int, str]:
        """Return what is known of a phrase: rows of the phrase, its last and first word, its words, whether plural, its name."""
        tables = self._tables
        words = phrase.split(" ")
        last = words[-1]
        singular_word = tables.singular(last)
        singular = phrase[: len(phrase) - len(last)] + singular_word
        row = tables.phrases.get(singular, _NONE)
        head = tables.words.get(singular_word, tables.words.get(last, _NONE))
        modifier = tables.words.get(words[0], _NONE) if len(words) > 1 else _NO_MODIFIER
        size = len(words) - 2 * words.count("-")
        known = (row, head, modifier, size + 8 * (last != singular_word) + 16 * ("-" in words), 0, canonical_name(tables, phrase, singular))
        self._phrases[phrase] = known
        return known

    def __call__(self, texts: Sequence[TokenizedText]) -> MatterCandidates:
        """Return the candidates of texts."""
        with self._lock:
            if len(self._phrases) > 4 * MAX_KEPT or len(self._words) > 4 * MAX_KEPT:
                self._forget()
            tokens: list[list[int]] = []
            rows: list[int] = []
            phrases: list[str] = []
            names: list[str] = []
            for number, text in enumerate(texts):
                tokens.append(self._add_text(number, text, rows, phrases, names))
        return self._gather(tokens, rows, phrases, names)

    def _add_text(self, number: int, text: TokenizedText, rows: list[int], phrases: list[str], names: list[str]) -> list[int]:
        known = self._ids
        try:
            ids = [known[token] for token in text.tokens]
        except KeyError:
            ids = [known[token] if token in known else self._token(token) for token in text.tokens]
        if not ids:
            return ids
        about = [self._rows[i] for i in ids]
        kinds = [self._kinds[i] for i in ids]
        ends, lowered = self._ends, self._lowered
        start = True
        sentence, sentences = 0, []
        for i, token in enumerate(ids):
            sentences.append(sentence)
            if start and lowered[token] >= 0:
                ids[i] = lowered[token]
                kinds[i] = self._kinds[ids[i]]
            if ends[token]:
                start = True
                sentence += 1
            elif kinds[i] != 5:  # signs that open a quotation
                start = False
        words, n_tokens = [self._words[i] for i in ids], len(ids)
        for run in self._runs(text, ids, words):
            self._add_run(number, run, ids, kinds, sentences, n_tokens, rows, phrases, names)
        for i, token in enumerate(ids):
            longest = self._joined.get(words[i]) if words[i] else None
            if longest:
                phrase = words[i]
                for end in range(i + 1, min(i + longest, n_tokens)):
                    form = text.tokens[end]
                    if not form.isalpha() or not form.islower():
                        break
                    phrase = f"{phrase} {form}"
                    if end > i + 1 and not all(words[i + 1 : end]) and words[end]:
                        found = self._phrases.get(phrase) or self._phrase(phrase)
                        if found[0] >= 0:
                            self._add(number, i, end + 1, found, phrase, _NONE, _NONE, ids, kinds, sentences, n_tokens, rows, phrases, names)

        return about

    def _runs(self, text: TokenizedText, ids: list[int], words: list[str]) -> Iterator[list[tuple[int, int, str, int]]]:
        """Yield the rows of words that may be in a phrase: first token, token after the last, word and roles of each."""
        roles, starts, n_tokens, place = self._roles, text.starts, len(ids), 0
        while place < n_tokens:
            if not roles[ids[place]]:
                place += 1
                continue
            run = [(place, place + 1, words[place], roles[ids[place]])]
            place += 1
            while place < n_tokens:
                if roles[ids[place]]:
                    run.append((place, place + 1, words[place], roles[ids[place]]))
                    place += 1
                elif (
                    words[place] == "-" and place + 1 < n_tokens and roles[ids[place + 1]]
                    and starts[place] == starts[place - 1] + len(text.tokens[place - 1]) and starts[place + 1] == starts[place] + 1
                ):  # fmt: skip
                    first, _, word, _ = run[-1]
                    run[-1] = (first, place + 2, f"{word} - {words[place + 1]}", roles[ids[place + 1]])
                    place += 2
                else:
                    break
            yield run

    def _add_run(self, number, run, ids, kinds, sentences, n_tokens, rows, phrases, names) -> None:
        size = len(run)
        known, look_up = self._phrases, self._phrase
        before: dict[int, tuple[int, int, int, int, int, str]] = {}
        for a in range(size):
            here: dict[int, tuple[int, int, int, int, int, str]] = {}
            phrase = ""
            windows = []
            for b in range(a + 1, min(size, a + MAX_WORDS) + 1):
                word = run[b - 1][2]
                phrase = f"{phrase} {word}" if phrase else word
                found = here[b] = known.get(phrase) or look_up(phrase)
                windows.append((b, phrase, found))
            for b, phrase, found in windows:
                if not run[b - 1][3] & HEAD:
                    continue
                if found[0] < 0 and b - a > 1 and (b - a > MAX_UNKNOWN or b < size):
                    continue
                left = before[b][0] if b in before else _NONE
                right = here[b + 1][0] if b + 1 in here else _NONE
                self._add(number, run[a][0], run[b - 1][1], found, phrase, left, right, ids, kinds, sentences, n_tokens, rows, phrases, names)
            before = here

    def _add(self, number, first, end, found, phrase, left, right, ids, kinds, sentences, n_tokens, rows, phrases, names) -> None:
        token_rows = self._rows
        rows += (
            number, first, end, *found[:4], left, right,
            kinds[first - 1] if first else EDGE, kinds[end] if end < n_tokens else EDGE,
            token_rows[ids[first - 1]] if first else _NONE, token_rows[ids[end]] if end < n_tokens else _NONE,
            sentences[first], n_tokens,
        )  # fmt: skip
        phrases.append(phrase)
        names.append(found[5])

    def _gather(self, tokens: list[list[int]], rows: list[int], phrases: list[str], names: list[str]) -> MatterCandidates:
        """Return the candidates as arrays; features of words and phrases come from the tables."""
        r = np.fromiter(rows, np.intp, len(rows)).reshape(-1, 15)
        number, first, end, row, head, modifier, form, left, right, before, after, word_before, word_after, sentence, size = r.T
        words, known = self._tables.word_numbers, self._tables.phrase_numbers
        about = _means(words, tokens)
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
        return MatterCandidates(number, first, end, np.concatenate(parts, axis=1), phrases, names)


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
