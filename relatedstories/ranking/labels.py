"""Labels: which shared topic or phrase explains a link best."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from relatedstories.topics.names import forms, words
from relatedstories.topics.topic import Topic

__all__ = ["MAX_PHRASE_CHARS", "MAX_PHRASE_WORDS", "MIN_WORD_SHARE", "Label", "most_telling_first", "shared_phrase"]

MAX_PHRASE_WORDS = 6
"""Length of the longest phrase that serves as a label, in words."""

MAX_PHRASE_CHARS = 2000
"""Number of characters at the start of a text in which phrases are looked for."""

MIN_WORD_SHARE = 0.3
"""The share of the terms' part of a score that a single word needs to serve as a label."""


class Label(NamedTuple):
    """A topic of an archive as the label of links.

    Parameters
    ----------
    topic : Topic
    name : str
        The topic's name as a plain str.
    only_topic : tuple of Topic
        The topic as the tuple of topics of a link that shares no other; made once, since most links are like that.
    forms : tuple of str
        The words of its name in the form that terms have.
    weight : float
        ``ln(1 + n)`` for a topic that n events of the archive have.
    """

    topic: Topic
    name: str
    only_topic: tuple[Topic, ...]
    forms: tuple[str, ...]
    weight: float

    @classmethod
    def of(cls, topic: Topic, n_events: int) -> Label:
        """Return the label of a topic that `n_events` events of the archive have."""
        return cls(topic, topic.name, (topic,), tuple([form.casefold() for form in forms(topic)]), math.log1p(n_events))


def most_telling_first(topics: Iterable[tuple[Label, float]], terms: Mapping[str, float]) -> list[Label]:
    """Return shared topics by how well each explains a link: ``share * ln(1 + n)``, best first.

    ``share`` is what the topic and the words of its name add to the score, and n the number of events that have the topic.
    The logarithm keeps a topic that only these two events have, which is often a chance one, from going before the topic
    that the archive knows the story by.

    Parameters
    ----------
    topics : iterable of (Label, float)
        The shared topics with their shares of the score.
    terms : mapping of str to float
        The shared terms with theirs.

    Examples
    --------
    >>> russia, station = Label.of(Topic("Russia"), 9), Label.of(Topic("Space Station"), 9)
    >>> [label.name for label in most_telling_first([(russia, 0.05), (station, 0.04)], {"space": 0.03, "station": 0.03})]
    ['Space Station', 'Russia']
    """
    ranked = []
    for label, share in topics:
        for form in label.forms:
            share += terms.get(form, 0.0)
        ranked.append((-share * label.weight, label))
    return [label for _, label in sorted(ranked)]


def shared_phrase(a: str, b: str, shares: Mapping[str, float]) -> str | None:
    """Return the phrase in both texts that explains most of a score, as the first text writes it.

    A phrase never runs across the end of a line, which separates the blocks of clean text.

    Parameters
    ----------
    a, b : str
        Only their first `MAX_PHRASE_CHARS` characters are used.
    shares : mapping of str to float
        The shares of the score of the terms that both texts have. A phrase begins and ends with such a term. It has at
        least two of them, or is a single word that has a capital in both texts and `MIN_WORD_SHARE` of the sum.

    Returns
    -------
    str or None
        None if no phrase qualifies.

    Examples
    --------
    >>> shared_phrase("A cargo ship sinks off Malta.", "The cargo ship was new", {"cargo": 0.2, "ship": 0.1})
    'cargo ship'
    """
    a, b = a[:MAX_PHRASE_CHARS], b[:MAX_PHRASE_CHARS]
    (words_a, terms_a, ends_a), (words_b, terms_b, ends_b) = _words_and_terms(a), _words_and_terms(b)
    starts_a, starts_b = ([place for place, term in enumerate(terms) if term in shares] for terms in (terms_a, terms_b))
    min_share = MIN_WORD_SHARE * sum(shares.values())
    best: tuple[float, int, int] | None = None
    for start_a in starts_a:
        for start_b in starts_b:
            if terms_a[start_a] != terms_b[start_b]:
                continue
            length = _common_length(
                terms_a[start_a : min(start_a + MAX_PHRASE_WORDS, ends_a[start_a])],
                terms_b[start_b : min(start_b + MAX_PHRASE_WORDS, ends_b[start_b])],
                shares,
            )
            share = sum([shares[term] for term in terms_a[start_a : start_a + length] if term in shares])
            if length == 1 and not (share >= min_share and words_a[start_a][0].isupper() and words_b[start_b][0].isupper()):
                continue
            candidate = (-share, start_a, length)
            best = min(best, candidate) if best else candidate
    return _text_of_words(a, best[1], best[2]) if best else None


@functools.lru_cache(1 << 12)  # an event is in its own list and in those of others
def _words_and_terms(text: str) -> tuple[list[str], list[str], list[int]]:
    """Return the words of a text, as written and in lower case, and for each the number after the last of its line."""
    found: list[str] = []
    ends: list[int] = []
    for line in text.split("\n"):
        found += forms(line)
        ends += [len(found)] * (len(found) - len(ends))
    return found, " ".join(found).lower().split() if text.isascii() else [form.casefold() for form in found], ends


def _common_length(a: Sequence[str], b: Sequence[str], shares: Mapping[str, float]) -> int:
    """Return the number of leading terms that two runs have in common, up to the last that has a share."""
    length = 0
    for i, (ours, theirs) in enumerate(zip(a, b, strict=False), 1):
        if ours != theirs:
            break
        if ours in shares:
            length = i
    return length


def _text_of_words(text: str, start: int, length: int) -> str:
    """Return the text of some words, with single spaces."""
    found = words(text, start, start + length)
    return " ".join(text[found[0].start : found[-1].end].split())
