"""The phrases in lower case of a text that may name a matter, with their features: "wildfires", "gang violence"."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from relatedstories.recent_cache import MAX_KEPT
from relatedstories.topics.arrays import side_by_side, where_true
from relatedstories.topics.lexicon import form_of
from relatedstories.topics.matter_tables import HEAD, LOWERED, MODIFIER, UNIT, MatterTables
from relatedstories.topics.number_table import NumberTable
from relatedstories.topics.numbering import Numbering
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

Ints: TypeAlias = npt.NDArray[np.intp]

_NONE, _NEXT = -1, -2


(
    _ROLES, _ROW, _KIND, _LOWERED, _ENDS, _HYPHEN, _PHRASE_ROW, _HEAD_ROW, _PLURAL, _FIRST, _MORE, _JOINED,
) = range(12)  # fmt: skip
"""Columns of the finder's table of tokens: roles, row in the tables, kind as a neighbour; of a capitalised token, the number of
its word in lower case, else -1; whether it ends a sentence, or is a hyphen; the row among the phrases, and among the words, of
its singular; whether it is a plural, begins phrases of several words, or is a further word of such; and the most tokens of
phrases that it begins and that join words by small ones."""


class _Words(NamedTuple):
    """Words that may be in a phrase; hyphens may make one word of several tokens.

    Parameters
    ----------
    first, end : ndarray of int, shape (n,)
        First token, and token after the last, counted over all texts.
    run : ndarray of int, shape (n,)
        The number of the row of words that it is in.
    """

    first: Ints
    end: Ints
    run: Ints


class MatterCandidates(NamedTuple):
    """The candidates of some texts, in the order of the texts.

    Parameters
    ----------
    texts : sequence of TokenizedText
    tables : MatterTables
    text, first, end : ndarray of int, shape (n,)
        Number of the text; first token, and token after the last.
    features : ndarray of int8, shape (n, n_features)
        In units of the tables.
    """

    texts: Sequence[TokenizedText]
    tables: MatterTables
    text: Ints
    first: Ints
    end: Ints
    features: npt.NDArray[np.int8]

    def phrase(self, row: int) -> str:
        """Return the phrase of a candidate, in lower case, as it is written but for accents."""
        tokens = self.texts[self.text[row]].tokens[self.first[row] : self.end[row]]
        return " ".join([form_of(token).lower() for token in tokens])

    def name(self, row: int) -> str:
        """Return the canonical name of a candidate."""
        phrase = self.phrase(row)
        start, space, last = phrase.rpartition(" ")
        return canonical_name(self.tables, phrase, start + space + self.tables.singular(last))


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
    What depends only on a token is kept in a table, in which the tokens of all texts are looked up at once.
    """

    def __init__(self, tables: MatterTables) -> None:
        self._tables = tables
        self._lock = threading.Lock()
        linked, seen = tables.phrase_numbers[:, 0], tables.phrase_numbers[:, 4]
        self._never = (linked == 0) & (seen >= _OFTEN)
        self._never[-1] = False  # unknown phrases
        self._firsts: set[str] = set()
        self._more: set[str] = set()
        self._joined: dict[str, int] = {}  # first words of phrases that join words, with the most tokens of these
        joining = {word for word, row in tables.words.items() if not tables.roles[row]}
        for phrase in tables.phrases:
            if " " in phrase:
                first, *more = phrase.split(" ")
                self._firsts.add(first)
                self._more.update(more)
                if 1 < len(more) < MAX_JOINED and not joining.isdisjoint(more[:-1]):
                    self._joined[first] = max(len(more) + 1, self._joined.get(first, 0))
        self._singular = functools.lru_cache(MAX_KEPT)(tables.singular)
        self._ids = Numbering(self._token)
        self._numbers = NumberTable(12)
        self._forget()

    def _forget(self) -> None:
        """Remove all tokens but what stands between texts, which is number 0."""
        self._ids.clear()
        self._numbers.clear()
        self._words = [""]  # the word of a token that may be in a phrase, else ""
        self._numbers.append((0, _NONE, EDGE, _NONE, True, False, _NONE, _NONE, False, False, False, 0))

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
        is_capitalised = form[:1].isupper() and form[1:].islower() and form.isalpha()
        lower = _NONE
        if is_capitalised and lowered in tables.words and tables.roles[tables.words[lowered]] & LOWERED:
            lower = self._ids.get(lowered, _NEXT)
        singular = tables.singular(word) if roles else ""
        self._numbers.append((
            roles, row, kind, number + 1 if lower == _NEXT else lower, token[-1:] in ".!?:" or "\n" in token, form == "-",
            tables.phrases.get(singular, _NONE), tables.words.get(singular, row), singular != word, word in self._firsts,
            form in self._more or singular in self._more, self._joined.get(word, 0) if roles else 0,
        ))  # fmt: skip
        if lower == _NEXT:
            self._token(lowered)
        return number

    def __call__(self, texts: Sequence[TokenizedText]) -> MatterCandidates:
        """Return the candidates of texts."""
        with self._lock:
            if len(self._words) > 4 * MAX_KEPT:
                self._forget()
            ids, numbers, begin = self._tokens(texts)
            about = numbers[:, _ROW].astype(np.intp)
            lowered = where_true(_sentence_starts(numbers) & (numbers[:, _LOWERED] >= 0))
            ids[lowered] = numbers[lowered, _LOWERED]
            ends = numbers[:, _ENDS].copy()  # "Wash." ends a sentence, "wash" does not
            numbers[lowered] = self._numbers.array()[ids[lowered]]
            numbers[:, _ENDS] = ends
            tokens = list(map(self._words.__getitem__, ids.tolist()))
        rows = self._phrases(texts, begin, tokens, numbers)
        return self._gather(texts, begin, numbers, about, rows)

    def _tokens(self, texts: Sequence[TokenizedText]) -> tuple[Ints, npt.NDArray[np.float32], Ints]:
        """Return the numbers of the tokens of texts, what is known of each, and where the texts begin.

        One token that is none stands before, between and after the texts.
        """
        known, ids = self._ids, [0]
        for text in texts:
            ids += map(known.__getitem__, text.tokens)
            ids.append(0)
        sizes = np.fromiter((len(text.tokens) + 1 for text in texts), np.intp, len(texts))
        array = np.array(ids, np.intp)
        return array, self._numbers.array()[array], sizes.cumsum() - sizes + 1

    def _words_of_runs(self, texts: Sequence[TokenizedText], begin: Ints, numbers: npt.NDArray[np.float32]) -> _Words:
        """Return the words that may be in a phrase, by the rows in which they stand."""
        may_be = numbers[:, _ROLES] > 0
        hyphen = np.zeros(len(may_be), np.bool_)
        places = where_true((numbers[1:-1, _HYPHEN] > 0) & may_be[:-2] & may_be[2:]) + 1
        numbers_of_texts = begin.searchsorted(places, side="right") - 1
        for place, number in zip(places.tolist(), numbers_of_texts.tolist(), strict=True):
            (_, written, starts), at = texts[number], place - int(begin[number])
            # "drone-strike", not "drone - strike"
            hyphen[place] = starts[at] == starts[at - 1] + len(written[at - 1]) and starts[at + 1] == starts[at] + 1
        within = may_be | hyphen
        starts_word = may_be.copy()
        starts_word[1:] &= ~hyphen[:-1]
        first = where_true(starts_word)
        ends_word = may_be.copy()
        ends_word[:-1] &= ~hyphen[1:]
        starts_run = within.copy()
        starts_run[1:] &= ~within[:-1]
        return _Words(first, where_true(ends_word) + 1, starts_run.cumsum(dtype=np.intp)[first])

    def _phrases(
        self, texts: Sequence[TokenizedText], begin: Ints, tokens: Sequence[str], numbers: npt.NDArray[np.float32]
    ) -> Ints:
        """Return the candidates: first token, token after the last, number of words, and three rows of phrases.

        These are the row of the phrase, and those of the phrases that are longer by one word before it and after it.
        """
        words = self._words_of_runs(texts, begin, numbers)
        first, end, run = words
        n_words = len(first)
        known = self._known_phrases(tokens, numbers, words)
        n_in_run = run.searchsorted(run, side="right") - np.arange(n_words)  # from each word to the end of its run
        is_first = np.ones(n_words, np.bool_)
        is_first[1:] = run[1:] != run[:-1]
        found = []
        never, heads = self._never, numbers[end - 1, _ROLES].astype(np.intp) & HEAD > 0
        for size in range(1, MAX_WORDS + 1):
            word = where_true(n_in_run >= size)
            last, row = word + size - 1, known[word, size - 1]
            kept = heads[last] & ~never[row]
            if size > 1:
                kept &= (row >= 0) | ((n_in_run[word] == size) & (size <= MAX_UNKNOWN))
            word, last, row = word[kept], last[kept], row[kept]
            longer = known[:, size] if size < MAX_WORDS else np.full(n_words, _NONE)
            left = np.where(is_first[word], _NONE, longer[word - 1])
            found.append(side_by_side([first[word], end[last], np.full(len(word), size), row, left, longer[word]]))
        found.append(self._joined_phrases(texts, begin, tokens, numbers))
        rows = np.concatenate(found)
        return rows[np.lexsort((rows[:, 1], rows[:, 0]))]

    def _known_phrases(self, tokens: Sequence[str], numbers: npt.NDArray[np.float32], words: _Words) -> Ints:
        """Return the rows of the phrases that begin at each word, by their number of words, from 1 to `MAX_WORDS`."""
        first, end, run = words
        singular, phrases = self._singular, self._tables.phrases
        known = np.full((len(first), MAX_WORDS), _NONE)
        single = end == first + 1
        known[single, 0] = numbers[first[single], _PHRASE_ROW]
        begins = numbers[first, _FIRST] > 0
        goes_on = ~single
        goes_on[:-1] |= (run[1:] == run[:-1]) & (numbers[first[1:], _MORE] > 0)
        ends, runs = end.tolist(), run.tolist()
        firsts = first.tolist()
        for word in where_true(begins & goes_on).tolist():
            at = firsts[word]
            for number in range(word, min(word + MAX_WORDS, len(ends))):
                if runs[number] != runs[word]:
                    break
                last = ends[number] - 1
                if last > at:
                    row = phrases.get(f"{' '.join(tokens[at:last])} {singular(tokens[last])}")
                    if row is not None:
                        known[word, number - word] = row
        return known

    def _joined_phrases(
        self, texts: Sequence[TokenizedText], begin: Ints, tokens: Sequence[str], numbers: npt.NDArray[np.float32]
    ) -> Ints:
        """Return known phrases of words that small ones join, as `_phrases` does: "freedom of the press"."""
        found: list[int] = []
        places = where_true((numbers[:-1, _JOINED] > 0) & (numbers[1:, _MORE] > 0))
        numbers_of_texts = begin.searchsorted(places, side="right") - 1
        columns = (places, numbers_of_texts, numbers[places, _JOINED].astype(np.intp))
        for place, number, longest in zip(*(column.tolist() for column in columns), strict=True):
            written = texts[number].tokens[place - int(begin[number]) :][:longest]
            phrase = tokens[place]
            for size, joined in enumerate(written[1:], 2):
                if not (joined.isalpha() and joined.islower()):
                    break
                end = place + size
                if tokens[end - 1] and not all(tokens[place + 1 : end - 1]):
                    row = self._tables.phrases.get(f"{phrase} {self._singular(joined)}", _NONE)
                    if row >= 0:
                        found += (place, end, size, row, _NONE, _NONE)
                phrase = f"{phrase} {joined}"
        return np.array(found, np.intp).reshape(-1, 6)

    def _gather(
        self, texts: Sequence[TokenizedText], begin: Ints, numbers: npt.NDArray[np.float32], about: Ints, rows: Ints
    ) -> MatterCandidates:
        """Return the candidates with their features, which come from the tables."""
        first, end, n_words, row, left, right = rows.T
        text = begin.searchsorted(first, side="right") - 1
        sizes = np.fromiter((len(text.tokens) for text in texts), np.intp, len(texts))
        kinds, word_rows = numbers[:, _KIND].astype(np.intp), numbers[:, _ROW].astype(np.intp)
        head = numbers[end - 1, _HEAD_ROW].astype(np.intp)
        has_hyphen = numbers[:, _HYPHEN].cumsum()
        n_ends = numbers[:, _ENDS].cumsum()  # of sentences
        words, known = self._tables.word_numbers, self._tables.phrase_numbers
        context = np.zeros((len(rows), N_CONTEXT), np.int8)
        at = np.arange(len(rows))
        context[at, kinds[first - 1]] = UNIT
        context[at, N_NEIGHBOURS + kinds[end]] = UNIT
        rest = context[:, 2 * N_NEIGHBOURS :]
        rest[:, 0] = (n_words == 1) * UNIT
        rest[:, 1] = (n_words == 2) * UNIT
        rest[:, 2] = (n_words > 2) * UNIT
        rest[:, 3] = numbers[end - 1, _PLURAL] * UNIT
        rest[:, 4] = (has_hyphen[end - 1] > has_hyphen[first - 1]) * UNIT
        rest[:, 5] = _LOGS[np.minimum(first - begin[text], MAX_LOG)]
        rest[:, 6] = np.minimum(n_ends[first - 1] - n_ends[begin[text] - 1], 7) * UNIT
        rest[:, 7] = _LOGS[np.minimum(sizes[text], MAX_LOG)]
        of_modifier = words[word_rows[first]]
        of_modifier[end - first == 1] = 0
        parts = (
            context, known[row], words[head], of_modifier, known[left, :NEAR_PHRASE], known[right, :NEAR_PHRASE],
            words[word_rows[first - 1], :NEAR_WORD], words[word_rows[end], :NEAR_WORD], _means(words, about, begin, sizes)[text],
        )  # fmt: skip
        return MatterCandidates(texts, self._tables, text, first - begin[text], end - begin[text], np.concatenate(parts, axis=1))


def _sentence_starts(numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Return for each token whether it starts a sentence, after signs that may open a quotation or not."""
    ends = numbers[:, _ENDS] > 0
    other = ends | (numbers[:, _KIND] != SIGN)
    last = np.maximum.accumulate(np.where(other, np.arange(len(other)), 0))
    starts = np.ones(len(ends), np.bool_)
    starts[1:] = ends[last[:-1]]
    return starts


def _means(words: npt.NDArray[np.int8], rows: Ints, begin: Ints, sizes: Ints) -> npt.NDArray[np.int8]:
    """Return for each text the mean of its words' vectors, four times as large, rounded down."""
    sums = np.zeros((len(sizes), VECTOR.stop - VECTOR.start), np.int32)
    if len(sizes):
        inside = words[rows, VECTOR].astype(np.int32)
        inside[0] = inside[begin + sizes] = 0  # between texts
        sums[:] = np.add.reduceat(inside, begin, axis=0)
    return np.clip(4 * sums // np.maximum(sizes, 1)[:, None], -127, 127).astype(np.int8)
