"""What the topic model remembers, and forgets when that is too much."""

from __future__ import annotations

import pytest

from relatedstories import recent_cache
from relatedstories.recent_cache import RecentCache
from relatedstories.topics import lexicon, span_names, token_table
from relatedstories.topics.candidates import CandidateGenerator
from relatedstories.topics.tokenizer import tokenize

TEXTS = [
    tokenize(text)
    for text in (
        "Angela Merkel meets the president of Kenya in Nairobi.",
        "Kenyan forces and the government of Kiribati. The government in Tarawa, Kiribati, says Merkel is welcome.",
        "A flood in Paris, Texas, closes the International Space Station (ISS) office. The ISS is in Texas.",
        "Wildfires burn near Los Angeles, California. The Los Angeles Fire Department sends firefighters.",
    )
]


def test_a_cache_keeps_what_was_stored_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_cache, "MAX_KEPT", 3)
    cache: RecentCache[int, str] = RecentCache()
    for number in range(20):
        assert cache.keep(number, str(number)) == str(number)
        assert 3 <= len(cache) <= 6 or number < 3
        assert [cache.get(i) for i in range(max(0, number - 2), number + 1)] == [
            str(i) for i in range(max(0, number - 2), number + 1)
        ]


def test_forgetting_changes_no_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    remembers, forgets = (CandidateGenerator(lexicon.default_lexicon()) for _ in range(2))
    expected = [remembers([text]) for text in TEXTS * 3]
    for module in (recent_cache, span_names, token_table):
        monkeypatch.setattr(module, "MAX_KEPT", 1)
    for text, known in zip(TEXTS * 3, expected, strict=True):
        found = forgets([text])
        assert found.names == known.names
        assert found.features.tobytes() == known.features.tobytes()
