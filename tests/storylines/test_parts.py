"""The parts that stories are made of, each against a plain way to do the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from helpers import day
from hypothesis import given
from hypothesis import strategies as st

from relatedstories import Event, InputError, Topic
from relatedstories.ranking.labels import Label
from relatedstories.storylines.before import read_stories
from relatedstories.storylines.continuity import continued
from relatedstories.storylines.grouping import groups_of
from relatedstories.storylines.key_events import key_places
from relatedstories.storylines.names import name_of_topics, title_name
from relatedstories.storylines.pairs import FEATURES
from relatedstories.storylines.paths import widest_path
from relatedstories.storylines.same_story import CERTAIN, probabilities


@st.composite
def graphs(draw):
    n = draw(st.integers(2, 8))
    pairs = [*itertools.combinations(range(n), 2)]
    kept = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=len(pairs)))
    weights = draw(st.lists(st.integers(0, CERTAIN), min_size=len(kept), max_size=len(kept)))
    a, b = (np.array([pair[end] for pair in sorted(kept)], np.intp) for end in (0, 1))
    return n, a, b, np.array(weights, np.int64)


def plain_groups(n, a, b, weights, least):
    """Join the two groups of greatest linkage, found by looking at all."""
    weight = {(x, y): w for x, y, w in zip(a.tolist(), b.tolist(), weights.tolist(), strict=True)}
    groups = [[node] for node in range(n)]
    while True:
        best = (-least * CERTAIN, -1, -1)
        for one, other in itertools.combinations(groups, 2):
            between = [weight[min(x, y), max(x, y)] for x in one for y in other if (min(x, y), max(x, y)) in weight]
            if between:
                best = min(best, (-sum(between) / (len(one) * len(other)) ** 0.5, one[0], other[0]))
        if best[1] < 0:
            break
        one, other = (next(group for group in groups if group[0] == first) for first in best[1:])
        groups.remove(other)
        one += other
        one.sort()
    return [group for group in groups if len(group) > 1]


@given(graphs(), st.sampled_from([0.2, 0.55, 0.9]))
def test_groups_are_those_of_the_plain_way(graph, least) -> None:
    assert groups_of(*graph, least) == plain_groups(*graph, least)


@given(graphs(), st.data())
def test_a_path_has_the_strongest_weakest_step(graph, data) -> None:
    n, a, b, weights = graph
    scores = (weights // 200).astype(np.float32)  # few levels, so that many paths are equally strong
    start, end = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))
    score = {frozenset(pair): s for *pair, s in zip(a.tolist(), b.tolist(), scores.tolist(), strict=True)}
    found = []
    for length in range(2, n + 1):
        for inner in itertools.permutations([node for node in range(n) if node not in (start, end)], length - 2):
            path = [start, *inner, end]
            steps = [frozenset(step) for step in itertools.pairwise(path)]
            if start != end and all(step in score for step in steps):
                found.append((-min(score[step] for step in steps), len(path), path))
    expected = [start] if start == end else min(found)[2] if found else None
    assert widest_path(n, a, b, scores, start, end) == expected


def test_ids_are_never_given_twice() -> None:
    before = {"a": ["b", "c"], "x": ["y", "z"]}
    found = continued([["a", "d"], ["b", "c"], ["x", "w"], ["q", "r"]], before)
    assert found.ids == ["d", "a", "w", "q"]


@given(
    st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=6), max_size=4),
    st.dictionaries(st.integers(0, 12), st.lists(st.integers(0, 12), max_size=6), max_size=4),
)
def test_ids_are_unique_and_do_not_depend_on_the_order_of_earlier_stories(stories, before) -> None:
    seen: set[int] = set()
    parts = []
    for story in stories:
        parts.append([str(event) for event in dict.fromkeys(story) if event not in seen])
        seen.update(story)
    parts = [part for part in parts if part]
    earlier = {str(id_): list(map(str, events)) for id_, events in before.items()}
    found = continued(parts, earlier)
    assert len(set(found.ids)) == len(parts)
    assert continued(parts, dict(reversed(earlier.items()))) == found


def test_probabilities_rise_with_the_score_and_fall_with_the_days() -> None:
    near, far, alike = np.array([[0.5, 0.7, 3, 4, 0.2], [0.5, 6.0, 3, 4, 0.2], [0.9, 0.7, 3, 4, 0.2]])
    p_near, p_far, p_alike = probabilities(np.array([near, far, alike])).tolist()
    assert 0 <= p_far < p_near < p_alike <= CERTAIN
    assert len(FEATURES) == len(near)


@pytest.mark.parametrize(("n", "parts"), [(1, 1), (2, 1), (3, 2), (9, 5), (400, 5)])
def test_key_events_are_spread(n, parts) -> None:
    places = key_places([1] * n)
    assert len(places) == parts
    assert places == sorted(set(places))


def nothing() -> None:
    """What nobody tells."""


def labels(*topics):
    return [(Label.of(topic, 6, 0.6), value) for topic, value in topics]


def test_a_name_says_what_happened() -> None:
    sudan = labels((Topic("Sudan", "place"), 2.0))
    assert name_of_topics(sudan, range(0), lambda: ["cholera outbreak"], nothing) == "Cholera outbreak, Sudan"
    both = labels((Topic("Cholera", "concept"), 3.0), (Topic("Sudan", "place"), 2.0), (Topic("Rain", "concept"), 0.1))
    assert name_of_topics(both, range(0), list, nothing) == "Cholera, Sudan"
    assert name_of_topics([], range(0), list, nothing) == ""


def test_a_name_without_a_matter_ends_with_the_subject() -> None:
    places = labels((Topic("Valletta", "place"), 3.0), (Topic("Sliema", "place"), 2.0), (Topic("Mdina", "place"), 2.0))
    assert name_of_topics(places, range(0), list, lambda: "Protest") == "Valletta, Sliema, Protest"
    strike = labels((Topic("Hunger strike", "concept"), 4.0))
    assert name_of_topics([*strike, *places], range(0), list, lambda: "Protest") == "Hunger strike, Valletta, Sliema"
    assert name_of_topics([], range(0), list, lambda: "Protest") == ""


def test_a_name_is_not_of_another_year() -> None:
    topics = labels(
        (Topic("2014 Malta election", "event"), 3.0), (Topic("Malta", "place"), 2.0), (Topic("Valletta", "place"), 2.0)
    )
    assert name_of_topics(topics, range(2019, 2022), list, nothing) == "Malta, Valletta"
    assert name_of_topics(topics[:1], range(2019, 2022), list, nothing) == "2014 Malta election"


def test_a_long_title_is_cut_at_a_word() -> None:
    name = title_name(Event("1", "The harbour, " + "very " * 20 + "full", date=day("2020-01-01")))
    assert len(name) <= 73
    assert name.endswith("very…")


def test_a_line_that_is_no_story_is_named(tmp_path) -> None:
    path = tmp_path / "stories.jsonl"
    path.write_text('{"id": "1", "events": ["1", "2"]}\n\n{"id": "3"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 3"):
        read_stories(path)
    path.write_text('{"id": "1", "events": ["1", "2"]}\n', encoding="utf-8")
    assert read_stories(path) == {"1": ("1", "2")}


def test_a_file_of_stories_in_another_encoding_is_one_error(tmp_path) -> None:
    path = tmp_path / "stories.jsonl"
    path.write_bytes(b'{"id": "1", "events": ["1", "2"]}\n{"id": "caf\xe9", "events": ["3", "4"]}\n')
    with pytest.raises(InputError, match=r"stories\.jsonl, line 2: got .*, expected a story as"):
        read_stories(path)
