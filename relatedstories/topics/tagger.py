"""The topic model: finds the spans of a text that name its topics, and the name of each.

Candidates (`relatedstories.topics.candidates`) are judged by a network (`relatedstories.topics.candidate_ranker`), and the
best of them taken.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from relatedstories.topics.caches import RecentCache
from relatedstories.topics.candidate_features import Candidates
from relatedstories.topics.candidate_ranker import default_network
from relatedstories.topics.candidates import CandidateGenerator
from relatedstories.topics.kinds import KINDS, kinds
from relatedstories.topics.lexicon import default_lexicon, key_of
from relatedstories.topics.text_forms import Text

if TYPE_CHECKING:
    import numpy.typing as npt
    from spacy.tokenizer import Tokenizer
    from spacy.tokens import Doc

__all__ = ["BATCH_SIZE", "FACTORY", "THRESHOLD", "Found", "default_tokenizer", "find", "tokenized", "tokens_of"]

FACTORY = "relatedstories_topics"
"""What the model is called as a spaCy component (`relatedstories.topics.component`)."""

THRESHOLD = 0.4
"""Topics at least so probable count: about where precision and recall are worth the most together."""

BATCH_SIZE = 128

_LEAST, _NEAR_BEST = 0.1, 0.6
"""Where no topic reaches the default threshold, those near the likeliest are given, if that is likely at all."""

_AGAIN = 0.05
"""A topic that is found is also marked where it is named again and would not be found by that alone."""


class Found(NamedTuple):
    """A span of a text that names a topic.

    Parameters
    ----------
    first, end : int
        Its tokens.
    name : str
        The canonical name.
    kind : str
    probability : float
        How likely an editor is to link the topic in this text, 0 to 1.
    """

    first: int
    end: int
    name: str
    kind: str
    probability: float


_Part: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]

_PARTS: RecentCache[str, _Part] = RecentCache()
"""The stretches of text whose tokens are remembered."""

_LONGEST = 40
"""And how long they are at most, in characters: longer ones are seldom met again, and a text without spaces is one."""


@functools.cache
def _finder() -> CandidateGenerator:
    return CandidateGenerator(default_lexicon())


def tokens_of(doc: Doc) -> Text:
    """The tokens of a spaCy text."""
    return Text(doc.text, [token.text for token in doc], [token.idx for token in doc])


def tokenized(content: str) -> Text:
    """A text in the tokens of spaCy's English tokenizer, which splits each stretch between two spaces by itself."""
    tokens: list[str] = []
    starts: list[int] = []
    at = 0
    for part in content.split(" "):
        known = _PARTS[part] or _tokens_of_part(part)
        if known is None:
            return tokens_of(default_tokenizer()(content))
        if len(known[0]) == 1:
            tokens.append(part)
            starts.append(at)
        else:
            tokens += known[0]
            starts += [at + place for place in known[1]]
        at += len(part) + 1
    return Text(content, tokens, starts)


def _tokens_of_part(part: str) -> _Part | None:
    """The tokens of a stretch and their places in it; None where white space at its end goes with what follows."""
    if not part or part[-1].isspace():
        return None
    tokenizer = default_tokenizer()
    if len(part) <= _LONGEST and part.isascii() and part.isalpha() and part not in tokenizer.rules:  # a word is a token
        return _PARTS.keep(part, ((part,), (0,)))
    _, tokens, starts = tokens_of(tokenizer(part))
    found = tuple(tokens), tuple(starts)
    return _PARTS.keep(part, found) if len(part) <= _LONGEST else found


def find(texts: Sequence[Text], threshold: float | None = None) -> list[list[Found]]:
    """The topics of tokenised texts.

    Of spans that overlap, those are taken whose probabilities less the threshold add up to the most (weighted interval
    scheduling, exact).

    Parameters
    ----------
    texts : sequence of Text
    threshold : float, optional
        0 to 1; higher for precision, lower for recall. By default `THRESHOLD`, and where no topic of a text reaches it, the
        likeliest: a text is about something.

    Returns
    -------
    list of list of Found
        In the order of the text, none overlapping.
    """
    candidates = _finder()(texts)
    found: list[list[Found]] = [[] for _ in texts]
    spans = list(_chosen(candidates, default_network()(candidates), threshold, texts))
    for (number, first, end, name, probability), kind in zip(spans, _kinds(spans, texts), strict=True):
        found[number].append(Found(first, end, name, kind, probability))
    return found


def _chosen(
    c: Candidates, p: npt.NDArray[np.float32], threshold: float | None, texts: Sequence[Text]
) -> Iterator[tuple[int, int, int, str, float]]:
    """The spans that are taken: the text's number, the span's tokens, its name and probability."""
    rows = np.flatnonzero(p >= (_AGAIN if threshold is None else min(threshold, _AGAIN)))
    offsets = np.cumsum([2, *(len(text.tokens) + 2 for text in texts)]).tolist()
    columns = zip(
        *(column[rows].tolist() for column in (c.text, c.span, c.first, c.end, p)),
        [c.names[row] for row in rows.tolist()],
        strict=True,
    )
    for number, rows_of_text in itertools.groupby(columns, key=operator.itemgetter(0)):
        best: dict[int, tuple[int, int, float, str]] = {}
        for _, span, first, end, probability, name in rows_of_text:
            if span not in best or probability > best[span][2]:
                best[span] = (first, end, probability, name)
        offset = offsets[number]
        for first, end, probability, name in _select(best.values(), _least_of(best.values(), threshold)):
            yield number, first - offset, end - offset, name, probability


def _least_of(spans: Iterable[tuple[int, int, float, str]], threshold: float | None) -> float:
    """The threshold of a text."""
    if threshold is not None:
        return threshold
    best = max(span[2] for span in spans)
    return min(THRESHOLD, _NEAR_BEST * best) if best >= _LEAST else THRESHOLD


def _select(spans: Iterable[tuple[int, int, float, str]], threshold: float) -> list[tuple[int, int, float, str]]:
    """Spans that do not overlap and are worth the most together, and where their topics are named again."""
    every = sorted(spans, key=lambda span: (span[1], span[0]))
    sure = [span for span in every if span[2] >= threshold]
    worth, taken = [0.0], [0]
    ends: list[int] = []
    for first, end, probability, _ in sure:
        before = bisect.bisect_right(ends, first)
        ends.append(end)
        value = worth[before] + probability - threshold + 1e-9  # at the threshold itself, too
        taken.append(before if value > worth[-1] else -1)
        worth.append(max(value, worth[-1]))
    chosen, i = [], len(sure)
    while i:
        if taken[i] < 0:
            i -= 1
        else:
            chosen.append(sure[i - 1])
            i = taken[i]
    probabilities: dict[str, float] = {}
    for _, _, probability, name in chosen:
        probabilities[name] = max(probability, probabilities.get(name, 0))
    for span in sorted(every, key=lambda span: (span[0] - span[1], span[0])):
        if span[3] not in probabilities:
            continue
        over = [other for other in chosen if other[0] < span[1] and other[1] > span[0]]
        # Free, or the whole of what was taken for a part of it: "Storm Eunice", not "Eunice".
        if all(other[3] == span[3] and span[0] <= other[0] and other[1] <= span[1] for other in over) and span not in over:
            chosen = [other for other in chosen if other not in over] + [span]
    return [(first, end, probabilities[name], name) for first, end, _, name in sorted(chosen)]


def _kinds(spans: Sequence[tuple[int, int, int, str, float]], texts: Sequence[Text]) -> list[str]:
    """The kinds of spans: that of a name the lexicon knows, else by its spelling and, of a single word, the words around it."""
    lexicon = default_lexicon()
    found = [""] * len(spans)
    unknown, around = [], []
    for i, (number, first, end, name, _) in enumerate(spans):
        known = lexicon.ids.get(key_of(name), -1)
        if known >= 0:
            found[i] = KINDS[lexicon.kinds[known]]
        elif name in lexicon.countries.names:
            found[i] = "place"
        else:
            tokens = texts[number].tokens
            unknown.append(i)
            around.append(() if " " in name else (["", "", *tokens[:first]][-2:] + [*tokens[end : end + 1], ""][:1]))
    for i, kind in zip(unknown, kinds([spans[i][3] for i in unknown], around), strict=True):
        found[i] = kind
    return found


@functools.cache
def default_tokenizer() -> Tokenizer:
    """SpaCy's English tokenizer: `find` does the rest.

    Its vocabulary computes no attributes of words, which `spacy.blank("en")` takes half its time for.
    """
    from spacy.lang.en import English
    from spacy.tokenizer import Tokenizer
    from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex
    from spacy.vocab import Vocab

    rules = English.Defaults
    return Tokenizer(
        Vocab(),
        rules=rules.tokenizer_exceptions,
        prefix_search=compile_prefix_regex(rules.prefixes or ()).search,
        suffix_search=compile_suffix_regex(rules.suffixes or ()).search,
        infix_finditer=compile_infix_regex(rules.infixes or ()).finditer,
        token_match=rules.token_match,
        url_match=rules.url_match,
    )
