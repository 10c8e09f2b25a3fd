"""The topic model: finds the spans of a text that name its topics, and the canonical name of each.

Candidates (`relatedstories.topics.candidates`) are scored by a network (`relatedstories.topics.candidate_ranker`), those in
lower case also by the model of matters (`relatedstories.topics.matters`), and the best that do not overlap are kept.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import operator
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from relatedstories.recent_cache import MAX_KEPT
from relatedstories.topics.arrays import where_true
from relatedstories.topics.candidate_ranker import default_ranker
from relatedstories.topics.candidates import CandidateGenerator, Candidates
from relatedstories.topics.headlines import in_usual_case
from relatedstories.topics.kinds import KINDS, kinds
from relatedstories.topics.lexicon import default_lexicon, key_of
from relatedstories.topics.matters import KIND as CONCEPT
from relatedstories.topics.matters import Matter, find_matters
from relatedstories.topics.senses import TextFacts, default_sense_filter
from relatedstories.topics.tokenizer import TokenizedText

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["BATCH_SIZE", "FACTORY", "THRESHOLD", "TaggedSpan", "tag_texts"]

FACTORY = "relatedstories_topics"
"""Name of the model as a spaCy component (`relatedstories.topics.component`)."""

THRESHOLD = 0.4
"""Minimum probability of a topic by default; about where F1 is highest."""

BATCH_SIZE = 512
"""Maximum number of texts that are tagged together; short texts take less time each the more they are."""

_MIN_LIKELY, _NEAR_BEST = 0.1, 0.6
"""Where no topic reaches the default threshold, topics of at least _NEAR_BEST times the highest probability are given, if that
is at least _MIN_LIKELY."""

_REPEATED = 0.05
"""Minimum probability of further mentions of a topic that was found elsewhere in the text."""


class TaggedSpan(NamedTuple):
    """A span of a text that names a topic.

    Parameters
    ----------
    first, end : int
        First token, and the token after the last.
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


_Span: TypeAlias = tuple[int, int, float, str]
"""First and end token, probability and name."""

_NumberedSpan: TypeAlias = tuple[int, int, int, str, float]
"""Number of the text, first and end token, name and probability."""


@functools.cache
def _candidate_generator() -> CandidateGenerator:
    """Return the candidate generator of the model's lexicon."""
    return CandidateGenerator(default_lexicon())


def tag_texts(texts: Sequence[TokenizedText], threshold: float | None = None) -> list[list[TaggedSpan]]:
    """Return the topics of tokenised texts.

    Where spans overlap, the set that maximises the sum of probability minus threshold is kept (exact weighted interval
    scheduling).

    Parameters
    ----------
    texts : sequence of TokenizedText
    threshold : float, optional
        0 to 1; higher for precision, lower for recall. By default `THRESHOLD`, or, where no topic of a text reaches it,
        lower, so that the likeliest topics are given.

    Returns
    -------
    list of list of TaggedSpan
        In the order of the text, none overlapping.
    """
    texts = [in_usual_case(text) for text in texts]
    candidates = _candidate_generator()(texts)
    found: list[list[TaggedSpan]] = [[] for _ in texts]
    matters = find_matters(texts, THRESHOLD if threshold is None else threshold)
    spans = list(_topic_spans(candidates, default_ranker()(candidates), threshold, texts, matters))
    for (number, first, end, name, probability), kind in zip(spans, _kinds(spans, texts, matters), strict=True):
        found[number].append(TaggedSpan(first, end, name, kind, probability))
    return found


def _topic_spans(
    c: Candidates,
    p: npt.NDArray[np.float32],
    threshold: float | None,
    texts: Sequence[TokenizedText],
    matters: Sequence[Sequence[Matter]],
) -> Iterator[_NumberedSpan]:
    """Yield the spans of all texts that name topics."""
    allows = default_sense_filter().allows
    rows = where_true(p >= (_REPEATED if threshold is None else min(threshold, _REPEATED)))
    names = map(c.names.__getitem__, rows.tolist())
    found = list(zip(*(column[rows].tolist() for column in (c.span, c.first, c.end, p)), names, strict=True))
    ends = c.text[rows].searchsorted(np.arange(len(texts)), side="right").tolist()
    offset, begin = 2, 0
    for number, (text, stop_of_rows) in enumerate(zip(texts, ends, strict=True)):
        stop = offset + len(text.tokens)
        facts = TextFacts(text.tokens, c.forms[offset:stop])
        named = _named_spans(found[begin:stop_of_rows], offset, facts)
        named = _without_namesakes(named, THRESHOLD if threshold is None else threshold)
        spans = list(named.values())
        spans += [
            (matter.first, matter.end, matter.probability, matter.name)
            for matter in matters[number]
            # A bracket says that the words have another sense: "Crane (machine)".
            if matter.name[-1] != ")" or allows(facts, matter.first, matter.end, matter.name)
        ]
        if spans:
            for first, end, probability, name in _best_spans(spans, _threshold_of(spans, threshold)):
                yield number, first, end, name, probability
        offset, begin = stop + 2, stop_of_rows


def _named_spans(rows: Iterable[tuple[int, int, int, float, str]], offset: int, facts: TextFacts) -> dict[int, _Span]:
    """Return each span of a text that may name a topic, with its likeliest name; tokens are counted from the text's first.

    Senses of one name, such as Georgia (country) and Georgia (U.S. state), are alternatives: their probabilities are added up.
    """
    sense_filter = default_sense_filter()
    best: dict[int, _Span] = {}
    senses: dict[tuple[int, str], float] = {}
    namesakes: dict[int, float] = {}
    for span, first, end, probability, name in rows:
        is_sense = name[-1] == ")" and probability >= _REPEATED
        is_best = span not in best or probability > best[span][2]
        if not (is_sense or is_best):
            continue
        first, end = first - offset, end - offset
        if sense_filter.allows(facts, first, end, name):
            if is_sense:
                key = span, name.partition(" (")[0]
                senses[key] = senses.get(key, 0) + probability
            if is_best:
                best[span] = (first, end, probability, name)
        elif sense_filter.is_namesake(facts, first, end, name):
            namesakes[span] = namesakes.get(span, 0) + probability
    for (span, base), probability in senses.items():
        first, end, _, name = best[span]
        if name.partition(" (")[0] == base != name:
            best[span] = (first, end, min(probability, 1.0), name)
    for span, probability in namesakes.items():  # what is not Washington, D.C. is Washington (state)
        if span in best:
            first, end, of_state, name = best[span]
            best[span] = (first, end, min(of_state + probability, 1.0), name)
    return best


def _without_namesakes(spans: dict[int, _Span], threshold: float) -> dict[int, _Span]:
    """Return the spans without surnames that end another person's name: "Biden" of "Hunter Biden" is not Joe Biden."""
    ends = {span[1]: span for span in spans.values() if span[1] - span[0] > 1 and span[2] >= threshold}
    if not ends:
        return spans
    kept = {}
    for number, span in spans.items():
        first, end, _, name = span
        longer = ends.get(end)
        if longer is not None and end - first == 1 and " " in name and longer[3] != name:
            surname = name.rpartition(" ")[2]
            if longer[3].endswith(f" {surname}"):
                continue
        kept[number] = span
    return kept


def _threshold_of(spans: Iterable[_Span], threshold: float | None) -> float:
    """Return the threshold for a text."""
    if threshold is not None:
        return threshold
    best = max(span[2] for span in spans)
    return min(THRESHOLD, _NEAR_BEST * best) if best >= _MIN_LIKELY else THRESHOLD


def _best_spans(spans: Iterable[_Span], threshold: float) -> list[_Span]:
    """Return the best spans that do not overlap, with further mentions of their topics."""
    groups = list(_overlapping(spans))
    selected = [
        _most_probable(group, threshold) if len(group) > 1 else group if group[0][2] >= threshold else [] for group in groups
    ]
    probabilities: dict[str, float] = {}
    for _, _, probability, name in itertools.chain.from_iterable(selected):
        probabilities[name] = max(probability, probabilities.get(name, 0))
    found: list[_Span] = []
    for group, best in zip(groups, selected, strict=True):
        if len(group) > 1:
            found += _with_mentions(group, best, probabilities)
        elif group[0][3] in probabilities:
            found += group
    return [(first, end, probabilities[name], name) for first, end, _, name in sorted(found)]


def _overlapping(spans: Iterable[_Span]) -> Iterator[list[_Span]]:
    """Yield the groups of spans that overlap others of their group and none of another."""
    group: list[_Span] = []
    stop = 0
    for span in sorted(spans, key=operator.itemgetter(0)):
        if group and span[0] >= stop:
            yield group
            group = []
        group.append(span)
        stop = max(stop, span[1])
    if group:
        yield group


def _most_probable(spans: Sequence[_Span], threshold: float) -> list[_Span]:
    """Return the spans that do not overlap with the greatest sum of probability minus threshold."""
    probable = [span for span in spans if span[2] >= threshold]
    if len(probable) < 2:
        return probable
    probable.sort(key=lambda span: (span[1], span[0]))
    # best_sums[i] is the best sum over the first i spans; previous[i] the spans before the i-th if that is selected, else -1.
    best_sums, previous = [0.0], [0]
    ends: list[int] = []
    for first, end, probability, _ in probable:
        before = bisect.bisect_right(ends, first)
        ends.append(end)
        value = best_sums[before] + probability - threshold + 1e-9  # includes spans at the threshold itself
        previous.append(before if value > best_sums[-1] else -1)
        best_sums.append(max(value, best_sums[-1]))
    selected, i = [], len(probable)
    while i:
        if previous[i] < 0:
            i -= 1
        else:
            selected.append(probable[i - 1])
            i = previous[i]
    return selected


def _with_mentions(spans: Iterable[_Span], selected: list[_Span], names: Container[str]) -> list[_Span]:
    """Return the selected spans and further mentions of named topics, which overlap nothing or contain a selected one."""
    for span in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if span[3] not in names:
            continue
        overlapping = [other for other in selected if other[0] < span[1] and other[1] > span[0]]
        # "Storm Eunice", not "Eunice".
        if (
            all(other[3] == span[3] and span[0] <= other[0] and other[1] <= span[1] for other in overlapping)
            and span not in overlapping
        ):
            selected = [other for other in selected if other not in overlapping] + [span]
    return selected


def _kinds(spans: Sequence[_NumberedSpan], texts: Sequence[TokenizedText], matters: Sequence[Sequence[Matter]]) -> list[str]:
    """Return the kinds of spans: from the lexicon, else by spelling and, for single words, by the words around them."""
    concepts = {(number, matter.first, matter.end, matter.name) for number, found in enumerate(matters) for matter in found}
    found = [""] * len(spans)
    unknown, around = [], []
    for i, (number, first, end, name, _) in enumerate(spans):
        if (number, first, end, name) in concepts:
            found[i] = CONCEPT
        elif known := _known_kind(name):
            found[i] = known
        else:
            tokens = texts[number].tokens
            unknown.append(i)
            around.append(() if " " in name else (["", "", *tokens[:first]][-2:] + [*tokens[end : end + 1], ""][:1]))
    for i, kind in zip(unknown, kinds([spans[i][3] for i in unknown], around), strict=True):
        found[i] = kind
    return found


@functools.lru_cache(MAX_KEPT)
def _known_kind(name: str) -> str:
    """Return the kind that the lexicon gives a name, or ""."""
    lexicon = default_lexicon()
    row = lexicon.ids.get(key_of(name), -1)
    return KINDS[lexicon.kinds[row]] if row >= 0 else "place" if name in lexicon.countries.names else ""
