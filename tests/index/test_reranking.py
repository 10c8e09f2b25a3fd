"""Articles are ranked by their passages too: single, batch, saved and incremental answers agree, and a plain case is plain."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers import WORDS, CapitalisedWords, day, everything, near, quick
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories
from relatedstories.features.passages import PASSAGE_TERMS
from relatedstories.index.reranking import RERANKED, Reranker, _sum


@st.composite
def articles(draw, least=0, most=10):
    """Events of which some have several passages; words repeat, so that many tie."""
    n = draw(st.integers(least, most))
    words = [*WORDS, *(f"word{letter}" for letter in "abcdefghijklmnopq")]
    texts = draw(st.lists(st.lists(st.sampled_from(words), max_size=5 * PASSAGE_TERMS), min_size=n, max_size=n))
    dates = draw(st.lists(st.none() | st.dates(day("2020-01-01"), day("2020-03-20")), min_size=n, max_size=n))
    titles = draw(st.lists(st.sampled_from(words), min_size=n, max_size=n))
    ids = draw(st.permutations([f"e{i}" for i in range(n)]))
    return [
        Event(id_, title, " ".join(text), date=date) for id_, title, text, date in zip(ids, titles, texts, dates, strict=True)
    ]


@given(articles(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_single_many_batch_and_loaded_agree_in_any_order(events, random):
    stories = quick().fit(events)
    expected = everything(stories)
    assert expected == {event: stories.related(event, 4, min_score=0) for event in events}
    assert [expected[event] for event in events] == stories.related_many([event.id for event in events], 4, min_score=0)
    shuffled = list(events)
    random.shuffle(shuffled)
    assert everything(quick().fit(shuffled)) == expected
    with tempfile.TemporaryDirectory() as folder:
        stories.save(Path(folder) / "index")
        assert everything(RelatedStories.load(Path(folder) / "index", CapitalisedWords())) == expected


@given(articles(least=1), st.data())
@settings(deadline=None, max_examples=60)
def test_adding_and_removing_is_as_fitting_what_is_left(events, data):
    ids = sorted(event.id for event in events)
    first = data.draw(st.sets(st.sampled_from(ids)))
    removed = data.draw(st.sets(st.sampled_from(ids)))
    stories = quick().fit([event for event in events if event.id in first])
    stories.add([event for event in events if event.id not in first])
    stories.remove(removed)
    assert everything(stories) == everything(quick().fit([event for event in events if event.id not in removed]))


@given(articles(least=2), st.integers(1, 9))
@settings(deadline=None, max_examples=60)
def test_lists_fall_and_are_the_parts_of_their_explanations(events, k):
    stories = quick().fit(events)
    for event in events:
        links = stories.related(event, k, min_score=0)
        assert [link.event.id for link in stories.related(event, 9, min_score=0)][: len(links)] == [x.event.id for x in links]
        for a, b in pairwise(links):
            assert a.score > b.score or (a.score == b.score and near(event, a.event) <= near(event, b.event))
        for link in links:
            why = stories.explain(event.id, link.event.id)
            assert why.score == link.score == stories.explain(link.event.id, event.id).score
            assert sum(part.share for part in why.parts) == pytest.approx(link.score, abs=1e-6)


def filler(prefix: str, n: int) -> str:
    return " ".join(f"{prefix}{number:03}" for number in range(n))


def test_an_article_that_has_a_passage_about_a_short_one_comes_before_one_that_has_its_words_here_and_there():
    short = Event("short", "Lighthouse keeper retires after seven winters")
    words = ["lighthouse", "keeper", "retires", "seven", "winters"]
    whole = Event("whole", "News of the coast", f"{filler('aaa', 80)} {' '.join(words)} {filler('bbb', 80)}")
    spread = Event("spread", "News of the coast", " ".join(f"{filler(f'c{i}c', 32)} {word}" for i, word in enumerate(words)))
    links = quick(space_weight=0).fit([short, whole, spread]).related("short", min_score=0)
    assert [link.event.id for link in links] == ["whole", "spread"]
    assert links[0].score > 1.3 * links[1].score  # their rows are as similar to its row


def test_lists_longer_than_a_block_of_candidates_fall_and_begin_with_the_shorter_lists():
    """By a slow oracle: the scores of `explain`, in blocks, each bounded by the rows' own order."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(60)])
    events = [Event(f"e{i:03}", str(rng.choice(words)), " ".join(rng.choice(words, 70))) for i in range(3 * RERANKED)]
    stories = quick(space_weight=0).fit(events)
    longest = stories.related("e000", k=len(events), min_score=0)
    assert len(longest) > 2 * RERANKED
    for k in (3, RERANKED - 1, RERANKED, RERANKED + 1, 2 * RERANKED + 3):
        assert stories.related("e000", k=k, min_score=0) == longest[:k] == dict(stories.all_related(k, min_score=0))[events[0]]
    scores = [link.score for link in longest]
    assert scores == sorted(scores, reverse=True)
    first = {link.event.id: link.score for link in longest[:RERANKED]}
    free = [stories.explain("e000", id_).score for id_ in first]
    assert all(score >= alone or score == pytest.approx(alone) for score, alone in zip(first.values(), free, strict=True))


@given(articles(least=2))
@settings(deadline=None, max_examples=60)
def test_similarities_to_many_events_are_those_to_one_after_another(events):
    stories = quick().fit(events)
    archive, weights = stories._fitted.archive, stories._fitted.learnt.weights(stories._given)
    numbers = np.arange(len(archive))
    for number in numbers.tolist():
        reranker = Reranker(archive, weights, archive.row(number))
        one_by_one = [_sum(reranker._parts(*archive.entries(other), archive.passages_of(other))) for other in numbers.tolist()]
        assert reranker._similarities(numbers).tolist() == one_by_one
