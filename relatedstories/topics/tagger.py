"""The topic model: finds the spans of a text that name its topics, and the name of each.

A network (`relatedstories.topics.candidate_ranker`) scores candidates (`relatedstories.topics.candidates`), and the best that do
not overlap are selected.
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
from relatedstories.topics.candidate_ranker import default_ranker
from relatedstories.topics.candidates import CandidateGenerator
from relatedstories.topics.kinds import KINDS, kinds
from relatedstories.topics.lexicon import default_lexicon, key_of
from relatedstories.topics.text_forms import Text

if TYPE_CHECKING:
    import numpy.typing as npt
    from spacy.tokenizer import Tokenizer
    from spacy.tokens import Doc

__all__ = ["BATCH_SIZE", "FACTORY", "THRESHOLD", "TopicSpan", "default_tokenizer", "find", "tokenized", "tokens_of"]

FACTORY = "relatedstories_topics"
"""Name of the model as a spaCy component (`relatedstories.topics.component`)."""

THRESHOLD = 0.4
"""Default minimum probability of a topic, near the best F1."""

BATCH_SIZE = 128
"""Number of texts that the model reads at a time."""

_MIN_BEST, _NEAR_BEST = 0.1, 0.6
"""If no topic reaches the default threshold, topics with at least `_NEAR_BEST` times the highest probability are given, provided
that is at least `_MIN_BEST`."""

_MIN_REPEAT = 0.05
"""Minimum probability of a span that repeats a topic found elsewhere in the text."""


class TopicSpan(NamedTuple):
    """A span of a text that names a topic.

    Parameters
    ----------
    first, end : int
        Its tokens: ``tokens[first:end]``.
    name : str
        The canonical name.
    kind : str
    probability : float
        The probability that an editor links the topic in this text, 0 to 1.
    """

    first: int
    end: int
    name: str
    kind: str
    probability: float


_ChunkTokens: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]
"""The tokens of a chunk of text between two spaces, and their offsets in it."""

_CHUNKS: RecentCache[str, _ChunkTokens] = RecentCache()

_MAX_CACHED = 40
"""Maximum length of a cached chunk in characters: longer ones rarely occur again."""

_Span: TypeAlias = tuple[int, int, float, str]
"""First and end token, probability and name."""

_NumberedSpan: TypeAlias = tuple[int, int, int, str, float]
"""Number of the text, first and end token, name and probability."""


@functools.cache
def _generator() -> CandidateGenerator:
    """Return the candidate generator of the model."""
    return CandidateGenerator(default_lexicon())


def tokens_of(doc: Doc) -> Text:
    """Return the tokens of a spaCy document."""
    return Text(doc.text, [token.text for token in doc], [token.idx for token in doc])


def tokenized(content: str) -> Text:
    """Return a text with the tokens of spaCy's English tokenizer.

    The tokenizer treats each chunk between two spaces on its own, so the tokens of a chunk can be cached.

    Examples
    --------
    >>> tokenized("Oslo's mayor").tokens
    ['Oslo', "'s", 'mayor']
    """
    tokens: list[str] = []
    starts: list[int] = []
    offset = 0
    for chunk in content.split(" "):
        known = _CHUNKS[chunk] or _tokenize_chunk(chunk)
        if known is None:
            return tokens_of(default_tokenizer()(content))
        if len(known[0]) == 1:
            tokens.append(chunk)
            starts.append(offset)
        else:
            tokens += known[0]
            starts += [offset + start for start in known[1]]
        offset += len(chunk) + 1
    return Text(content, tokens, starts)


def _tokenize_chunk(chunk: str) -> _ChunkTokens | None:
    """Return the tokens of a chunk; None if white space at its end joins what follows."""
    if not chunk or chunk[-1].isspace():
        return None
    tokenizer = default_tokenizer()
    if len(chunk) <= _MAX_CACHED and chunk.isascii() and chunk.isalpha() and chunk not in tokenizer.rules:  # one word, one token
        return _CHUNKS.keep(chunk, ((chunk,), (0,)))
    _, tokens, starts = tokens_of(tokenizer(chunk))
    found = tuple(tokens), tuple(starts)
    return _CHUNKS.keep(chunk, found) if len(chunk) <= _MAX_CACHED else found


def find(texts: Sequence[Text], threshold: float | None = None) -> list[list[TopicSpan]]:
    """Return the topics of tokenised texts.

    Among overlapping spans, those are selected that maximise the sum of their probabilities minus the threshold (exact weighted
    interval scheduling).

    Parameters
    ----------
    texts : sequence of Text
    threshold : float, optional
        Minimum probability, 0 to 1; higher for precision, lower for recall. By default `THRESHOLD`; a text none of whose
        topics reaches it then gets its most probable ones, as every text is about something.

    Returns
    -------
    list of list of TopicSpan
        For each text its spans in text order, none of which overlap.

    Examples
    --------
    >>> [[(span.first, span.end, span.name) for span in spans] for spans in find([tokenized("Storm hits Oslo")])]
    [[(2, 3, 'Oslo')]]
    """
    candidates = _generator()(texts)
    found: list[list[TopicSpan]] = [[] for _ in texts]
    spans = list(_selected_spans(candidates, default_ranker()(candidates), threshold, texts))
    for (number, first, end, name, probability), kind in zip(spans, _kinds(spans, texts), strict=True):
        found[number].append(TopicSpan(first, end, name, kind, probability))
    return found


def _selected_spans(
    c: Candidates, p: npt.NDArray[np.float32], threshold: float | None, texts: Sequence[Text]
) -> Iterator[_NumberedSpan]:
    """Yield the selected spans of all texts."""
    rows = np.flatnonzero(p >= (_MIN_REPEAT if threshold is None else min(threshold, _MIN_REPEAT)))
    offsets = np.cumsum([2, *(len(text.tokens) + 2 for text in texts)]).tolist()
    columns = zip(
        *(column[rows].tolist() for column in (c.text, c.span, c.first, c.end, p)),
        [c.names[row] for row in rows.tolist()],
        strict=True,
    )
    for number, candidates_of_text in itertools.groupby(columns, key=operator.itemgetter(0)):
        best: dict[int, _Span] = {}
        for _, span, first, end, probability, name in candidates_of_text:
            if span not in best or probability > best[span][2]:
                best[span] = (first, end, probability, name)
        offset = offsets[number]
        for first, end, probability, name in _select(best.values(), _threshold_of(best.values(), threshold)):
            yield number, first - offset, end - offset, name, probability


def _threshold_of(spans: Iterable[_Span], threshold: float | None) -> float:
    """Return the threshold for the spans of one text."""
    if threshold is not None:
        return threshold
    best = max(span[2] for span in spans)
    return min(THRESHOLD, _NEAR_BEST * best) if best >= _MIN_BEST else THRESHOLD


def _select(spans: Iterable[_Span], threshold: float) -> list[_Span]:
    """Return the best spans that do not overlap, and other spans that repeat their topics."""
    ordered = sorted(spans, key=lambda span: (span[1], span[0]))
    probable = [span for span in ordered if span[2] >= threshold]
    # best[i] is the best sum over the first i spans; previous[i] the spans before the i-th if it is selected, else -1.
    best, previous = [0.0], [0]
    ends: list[int] = []
    for first, end, probability, _ in probable:
        before = bisect.bisect_right(ends, first)
        ends.append(end)
        value = best[before] + probability - threshold + 1e-9  # includes spans at the threshold itself
        previous.append(before if value > best[-1] else -1)
        best.append(max(value, best[-1]))
    selected, i = [], len(probable)
    while i:
        if previous[i] < 0:
            i -= 1
        else:
            selected.append(probable[i - 1])
            i = previous[i]
    probabilities: dict[str, float] = {}
    for _, _, probability, name in selected:
        probabilities[name] = max(probability, probabilities.get(name, 0))
    for span in sorted(ordered, key=lambda span: (span[0] - span[1], span[0])):
        if span[3] not in probabilities:
            continue
        overlapping = [other for other in selected if other[0] < span[1] and other[1] > span[0]]
        # Overlaps nothing, or contains the selected span: "Storm Eunice" instead of "Eunice".
        if (
            all(other[3] == span[3] and span[0] <= other[0] and other[1] <= span[1] for other in overlapping)
            and span not in overlapping
        ):
            selected = [other for other in selected if other not in overlapping] + [span]
    return [(first, end, probabilities[name], name) for first, end, _, name in sorted(selected)]


def _kinds(spans: Sequence[_NumberedSpan], texts: Sequence[Text]) -> list[str]:
    """Return the kinds of spans: from the lexicon, else by the spelling and, for a single word, the words around it."""
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
    """Return spaCy's English tokenizer.

    Its vocabulary computes no lexical attributes, which take half the time of `spacy.blank("en")`.
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
