"""Lists a reader would like: near-duplicates folded, contexts limited, variety, and the editors' say."""

from __future__ import annotations

import tempfile
import warnings
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
from helpers import SPACE, CapitalisedWords, archives, day, everything, near, quick
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, Event, Link, RelatedStories
from relatedstories.ranking.selection import DIVERSITY_POOL, DUPLICATES_WITHIN, select

FERRY = "A ferry with forty people aboard runs aground off Malta in a storm"


def ids(links: list[Link]) -> list[str]:
    return [link.event.id for link in links]


# ---------------------------------------------------------------------- choosing among candidates


def alike(a: int, b: int) -> float:
    """Numbers of one ten are the same story; numbers of one hundred, the first aside, are alike."""
    return 1.0 if a // 10 == b // 10 else 0.6 if a // 100 == b // 100 > 0 else 0.0


def hundred(number: int) -> str | None:
    """The label: none below 100."""
    return str(number // 100) if number >= 100 else None


def numbers(candidates, k, **options):
    return [one.number for one in select(candidates, k, alike, hundred, **options)]


FALLING = [(110, 0.9), (111, 0.9), (120, 0.8), (130, 0.7), (200, 0.5), (10, 0.4), (20, 0.3)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [110, 120, 130, 200]),
        ({"max_per_context": 1}, [110, 200, 10, 20]),  # those without label are not counted
        ({"max_per_context": 2}, [110, 120, 200, 10]),
        ({"diversity": 0.5}, [110, 200, 10, 20]),
        ({"diversity": 0.35}, [110, 120, 200, 10]),  # picked: 110, 200 (0.325), 120 (0.31), 10 (0.26; 130 has 0.245)
        ({"diversity": 1.0}, [110, 200, 10, 20]),
        ({"pinned": [(300, 0.0), (250, 0.2)]}, [300, 250, 110, 120]),
        ({"pinned": [(131, 0.1)], "max_per_context": 1}, [131, 200, 10, 20]),  # pinned links are counted
        ({"pinned": [(119, 0.1)]}, [119, 120, 130, 200]),  # the candidates 110 and 111 repeat it
        ({"pinned": [(201, 0.0)], "diversity": 0.5}, [201, 110, 10, 20]),  # 120 and 130 are like 110, 200 repeats 201
        ({"pinned": [(n, 0.0) for n in range(300, 360, 10)]}, [300, 310, 320, 330]),  # no more than k
    ],
)
def test_what_is_chosen(options, expected):
    assert numbers(FALLING, 4, **options) == expected


def test_fewer_where_the_limit_leaves_no_more():
    assert numbers(FALLING[:5], 4, max_per_context=1) == [110, 200]


def test_what_the_limit_passes_over_folds_nothing():
    def near(a, b):
        return 1.0 if {a, b} in ({100, 110}, {120, 200}) else 0.0

    chosen = select([(100, 0.9), (110, 0.8), (120, 0.7), (200, 0.6)], 4, near, hundred, max_per_context=1)
    assert [(one.number, one.duplicates) for one in chosen] == [(100, [110]), (200, [])]  # 120 has no room, so 200 has


def test_maximal_marginal_relevance_by_hand():
    """Of three equally good candidates after the first, that which is like none is picked; the list stands by score."""
    candidates = [(100, 0.9), (110, 0.8), (120, 0.8), (200, 0.7), (210, 0.7), (300, 0.2)]
    # 100 first. Then 110: 0.5 * 0.8 - 0.5 * 0.6 = 0.1 and 200: 0.35; then 110 and 300 tie at 0.1, 210 is at 0.05.
    assert numbers(candidates, 3, diversity=0.5) == [100, 110, 200]


def test_diversity_looks_among_the_best_that_are_left():
    candidates = [(100 + 10 * (i % 10), 0.9) if i < 10 else (100_000 + 10 * i, 0.9) for i in range(DIVERSITY_POOL + 20)]
    read = []

    def reading():
        for candidate in candidates:
            read.append(candidate)
            yield candidate

    select(reading(), 3, lambda *_: 0.0, hundred, diversity=0.5)
    assert len(read) == DIVERSITY_POOL + 2  # the pool is filled up for each of the three


@pytest.mark.parametrize("k", [1, 2, 3])
def test_what_is_folded_does_not_depend_on_k(k):
    candidates = [(110 + i, 0.9) for i in range(9)] + [(200, 0.5), (119, 0.4), (201, 0.3), (202, 0.3), (300, 0.2)]
    chosen = select(candidates, k, alike, hundred)
    assert [(one.number, one.duplicates) for one in chosen] == [
        (110, list(range(111, 111 + DUPLICATES_WITHIN))),
        (200, [201, 202]),
        (300, []),
    ][:k]  # 116 and on come after more than DUPLICATES_WITHIN candidates: neither listed nor named


def test_no_more_candidates_are_read_than_are_needed():
    candidates = iter([(10 * n, 0.9) for n in range(100)])
    assert len(select(candidates, 3, alike, hundred)) == 3
    assert next(candidates) == (10 * (3 + DUPLICATES_WITHIN), 0.9)
    assert select(candidates, 0, alike, hundred) == []
    assert next(candidates) == (10 * (4 + DUPLICATES_WITHIN), 0.9)


# ---------------------------------------------------------------------- the promises, with every rule


@st.composite
def rules(draw):
    """Keywords for any archive of `archives`; pins and blocks name events that may not be there."""
    keywords = {}
    if draw(st.booleans()):
        keywords["max_per_context"] = draw(st.integers(1, 3))
    if draw(st.booleans()):
        keywords["diversity"] = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    if draw(st.booleans()):
        keywords["include_newer"] = draw(st.booleans())
    for name in ("since", "until"):
        if draw(st.booleans()):
            keywords[name] = draw(st.dates(day("2020-01-01"), day("2020-01-20")))
    if draw(st.booleans()):
        keywords["where"] = lambda event: event.id != "e1"
    names = [f"e{i}" for i in range(14)]
    chosen = {name: draw(st.lists(st.sampled_from(sorted({*names} - {name})), max_size=4, unique=True)) for name in names[:6]}
    if draw(st.booleans()):
        keywords["pinned"] = {name: others[:2] for name, others in chosen.items()}
    if draw(st.booleans()):
        keywords["blocked"] = {name: others[2:] for name, others in chosen.items()}
    return keywords


@pytest.mark.filterwarnings("ignore:got 'e")
@given(archives(), rules(), st.integers(0, 5), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=100)
def test_promises_of_every_list_by_every_rule(events, keywords, k, random):
    stories = quick(min_score=0.0).fit(events)
    lists = {event: stories.related(event.id, k, **keywords) for event in events}
    copies = {event: links.copies for event, links in lists.items()}

    def agree(answers):
        answers = dict(answers)
        return answers == lists and {event: links.copies for event, links in answers.items()} == copies

    assert agree(stories.all_related(k, **keywords))
    with mock.patch.multiple(
        "relatedstories.index.retriever", _ROOM_FOR_DUPLICATES=0, DIVERSITY_POOL=0
    ):  # a batch that finds few at once, and has to read on
        assert agree(stories.all_related(k, **keywords))
    assert agree(zip(events, stories.related_many(events, k, **keywords), strict=True))
    with mock.patch("relatedstories.index.stories.MANY", 0):
        assert agree((event, stories.related(event, k, **keywords)) for event in events)
    shuffled = list(events)
    random.shuffle(shuffled)
    part = random.randrange(len(events) + 1)
    grown = quick(min_score=0.0).fit(shuffled[:part]).add(shuffled[part:])
    with tempfile.TemporaryDirectory() as folder:
        grown.save(Path(folder) / "index")
        loaded = RelatedStories.load(Path(folder) / "index", CapitalisedWords())
        assert agree(loaded.all_related(k, **keywords))
        assert agree((event, loaded.related(event.id, k, **keywords)) for event in events)

    def may(asked, event):
        first, last = keywords.get("since"), keywords.get("until")
        newer = asked.date is None or event.date is None or event.date <= asked.date or keywords.get("include_newer", True)
        in_days = (first is None or (event.date and event.date >= first)) and (
            last is None or (event.date and event.date <= last)
        )
        return newer and in_days and ("where" not in keywords or keywords["where"](event))

    for event, links in lists.items():
        named = [event_.id for link in links for event_ in (link.event, *link.duplicates)]
        named += [copy.id for copy in links.copies]
        assert all(may(event, copy) for copy in links.copies)
        assert len(links) <= k
        assert event.id not in named
        assert len(set(named)) == len(named)
        assert not set(named) & set(keywords.get("blocked", {}).get(event.id, ()))
        assert all(may(event, other) for link in links for other in (link.event, *link.duplicates))
        assert [link.rank for link in links] == list(range(1, len(links) + 1))
        assert all(0 <= link.score <= 1 for link in links)
        pins = [id_ for id_ in keywords.get("pinned", {}).get(event.id, ()) if id_ in stories and may(event, stories[id_])]
        assert ids([link for link in links if link.pinned]) == pins[:k]
        assert [link.pinned for link in links] == sorted((link.pinned for link in links), reverse=True)
        for link in links:
            assert link.score == stories.explain(event, link.event).score
            assert len(link.duplicates) <= DUPLICATES_WITHIN
        rest = [link for link in links if not link.pinned]
        assert all(link.score > 0 for link in rest)
        for a, b in pairwise(rest):
            assert a.score > b.score or (a.score == b.score and near(event, a.event) <= near(event, b.event))
        contexts = [link.context.casefold() for link in links if link.context is not None]
        unpinned = {link.context.casefold() for link in rest if link.context is not None}
        assert all(contexts.count(context) <= keywords.get("max_per_context", 99) for context in unpinned)
        if "diversity" not in keywords:
            shorter = stories.related(event.id, max(0, k - 1), **keywords)
            assert shorter == links[: max(0, k - 1)]
        assert stories.related(event.id, 20, **keywords).copies == links.copies


@given(archives(least=2, most=10))
@settings(deadline=None, max_examples=60)
def test_what_is_folded_by_a_slow_oracle(events):
    """Near-duplicates by the cosines that explanations give of undated events."""
    stories = quick(min_score=0.0, date_decay=0, space_weight=0).fit(events)

    def is_copy(one, other):
        return stories.explain(one, other).score >= 0.9 and runs(one) == runs(other)

    for event in events:
        order = sorted(
            (other for other in events if other != event and stories.explain(event, other).score > 0),
            key=lambda other: (-stories.explain(event, other).score, *near(event, other)),
        )
        expected: dict[str, list[str]] = {}
        copies = [event]
        while more := [other for other in order if other not in copies and any(is_copy(one, other) for one in copies)]:
            copies += more
        copies = [other for other in order if other in copies]
        order = [other for other in order if other not in copies]
        for other in order:
            head = next((id_ for id_ in expected if stories.explain(id_, other).score >= 0.9), None)
            if head is None:
                expected[other.id] = []
            elif order.index(other) - order.index(stories[head]) <= DUPLICATES_WITHIN:
                expected[head].append(other.id)
        links = stories.related(event.id, 20)
        assert {link.event.id: [copy.id for copy in link.duplicates] for link in links} == expected
        assert links.copies == tuple(copies)  # ten at most


def runs(event):
    """The runs of three words of a title: of so few, copies have all in common."""
    words = event.title.casefold().split()
    return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}


# ---------------------------------------------------------------------- near-duplicates


def wire(copies: int) -> list[Event]:
    return [
        Event("1", "Ferry runs aground off Malta", date=day("2020-01-01")),
        *(Event(f"copy-{i:02}", FERRY, date=day("2020-01-02")) for i in range(copies)),
        Event("2", "Malta buys a new ferry", date=day("2020-02-01")),
    ]


def test_copies_of_a_wire_story_stand_beside_it():
    first, second = quick().fit(wire(4)).related("1")
    assert (first.event.id, second.event.id) == ("copy-00", "2")
    assert [event.id for event in first.duplicates] == ["copy-01", "copy-02", "copy-03"]
    assert first.to_dict()["duplicates"] == ["copy-01", "copy-02", "copy-03"]
    assert second.duplicates == ()
    assert {"duplicates", "pinned"}.isdisjoint(second.to_dict())


def test_of_many_copies_some_are_named_and_the_others_not_listed_either():
    stories = quick().fit(wire(30))
    for links in (stories.related("1"), dict(stories.all_related())[stories["1"]]):
        assert ids(links) == ["copy-00", "2"]
        assert [event.id for event in links[0].duplicates] == [f"copy-{i:02}" for i in range(1, 1 + DUPLICATES_WITHIN)]


def test_duplicates_keep_to_the_filters():
    links = quick().fit(wire(4)).related("1", where=lambda event: event.id != "copy-02", blocked={"1": ["copy-01"]})
    assert [event.id for event in links[0].duplicates] == ["copy-03"]


# ---------------------------------------------------------------------- limits and variety

MANY = [
    Event("asked", "Fire and Rain in Oslo"),
    *(Event(f"oslo-{i}", f"Fire in Oslo {'abcdefgh'[i] * 4} {'ijklmnop'[i] * 5}") for i in range(8)),
    Event("rain-1", "Rain floods a valley in spring"),
    Event("rain-2", "Rain ends the drought at last"),
    *(Event(f"other-{i}", f"Something else {'qrstuvwxyz'[i] * 4} {'abcdefghij'[i] * 6}") for i in range(10)),
]
"""Fires of one town, and others, so that the town is not what most of the archive is about."""


def test_a_context_takes_no_more_than_its_room():
    stories = quick(min_score=0.0).fit(MANY)
    assert all(link.context == "Oslo" for link in stories.related("asked", 5))
    for links in (stories.related("asked", 5, max_per_context=2), dict(stories.all_related(5, max_per_context=2))[MANY[0]]):
        assert [link.context for link in links].count("Oslo") == 2
        assert {"rain-1", "rain-2"} < set(ids(links))
        assert len(links) == 4  # fewer rather than a third about Oslo


def test_a_batch_reads_on_where_a_limit_passes_over_all_it_found_at_once():
    """More events of one context than a batch looks at first, then one of another."""
    words = [f"{a}{b}" * 3 for a in "bcdfgh" for b in "klmnpqrstv"]
    crowd = [Event(f"oslo-{word}", f"Fire in Oslo {word}", date=day("2020-01-01")) for word in words]
    events = [
        Event("asked", "Fire and Rain in Oslo", date=day("2020-01-01")),
        *crowd,
        Event("rain", "Rain in spring and in autumn"),
        *[Event(f"other-{a}{b}", f"Snow {a * 4}{b * 4}") for a in words[:20] for b in words[:15]],  # so that Oslo tells something
    ]
    stories = quick(min_score=0.0).fit(events)
    links = stories.related("asked", 2, max_per_context=1)
    assert [link.context for link in links] == ["Oslo", "Rain"]
    assert dict(stories.all_related(2, max_per_context=1))[events[0]] == links
    only = {"where": lambda event: event.id == "rain"}
    assert ids(dict(stories.all_related(2, **only))[events[0]]) == ids(stories.related("asked", 2, **only)) == ["rain"]


def test_diversity_trades_score_for_variety():
    stories = quick(min_score=0.0).fit(MANY)
    plain, varied = stories.related("asked", 3), stories.related("asked", 3, diversity=0.7)
    assert {link.context for link in plain} == {"Oslo"}
    assert {link.context for link in varied} == {"Oslo", "Rain"}
    assert varied[0] == plain[0]
    assert [link.score for link in varied] == sorted((link.score for link in varied), reverse=True)
    assert dict(stories.all_related(3, diversity=0.7))[MANY[0]] == varied


@pytest.mark.parametrize("keywords", [{"include_newer": False}, {"since": "2020-01-05"}, {"until": "2020-01-05"}])
def test_a_batch_compares_only_what_may_be_listed(keywords, monkeypatch):
    """Days are the kernel's business: no list has to be made again one by one."""
    events = [
        Event(f"{i:02}", f"Fire in Oslo {'abcdefghij'[i % 10] * 3}{i}x", date=day(f"2020-01-{i + 1:02}")) for i in range(30)
    ]
    stories = quick(min_score=0.0).fit([*events, Event("undated", "Fire in Oslo")])
    expected = {event: stories.related(event.id, 1, **keywords) for event in stories}
    assert sum(map(len, expected.values())) > 15
    monkeypatch.setattr("relatedstories.ranking.selection.DUPLICATES_WITHIN", 0)
    monkeypatch.setattr("relatedstories.index.retriever.DUPLICATES_WITHIN", 4)

    def refuse(*_):
        raise AssertionError("made again")
        yield

    monkeypatch.setattr("relatedstories.index.retriever.Retriever._search", refuse)
    assert dict(stories.all_related(1, **keywords)) == expected


# ---------------------------------------------------------------------- pinned and blocked


def test_pinned_events_come_first_in_the_order_given():
    stories = quick().fit(SPACE)
    links = stories.related("progress", pinned={"progress": ["iceland", "whitson"], "oslo": ["dragon"]})
    assert ids(links) == ["iceland", "whitson", "dragon"]
    assert [link.pinned for link in links] == [True, True, False]
    assert links[0].score == 0 == stories.explain("progress", "iceland").score
    assert links[0].context is None
    assert links[1].context in {"Space", "Station", "International", "ISS"} | {None}
    assert links[0].to_dict()["pinned"] is True


def test_pins_count_towards_k_and_keep_to_the_filters():
    stories, pinned = quick().fit(SPACE), {"oslo": ["iceland", "dragon", "whitson"]}
    assert ids(stories.related("oslo", 2, pinned=pinned)) == ["iceland", "dragon"]
    assert ids(stories.related("oslo", 0, pinned=pinned)) == []
    assert ids(stories.related("oslo", pinned=pinned, include_newer=False)) == ["iceland"]
    assert ids(stories.related("oslo", pinned=pinned, where=lambda event: event.id != "dragon"))[:2] == ["iceland", "whitson"]
    assert ids(stories.related("oslo", pinned=pinned, min_score=1)) == ["iceland", "dragon", "whitson"]


def test_blocked_events_are_not_listed_under_that_event_only():
    stories, blocked = quick().fit(SPACE), {"oslo": ["oslo-2"]}
    assert ids(stories.related("oslo", blocked=blocked)) == []
    assert ids(stories.related("oslo-2", blocked=blocked)) == ["oslo"]
    assert {event.id: ids(links) for event, links in stories.all_related(blocked=blocked)}["oslo"] == []
    assert stories.explain("oslo", "oslo-2").score > 0


def test_an_event_not_yet_in_the_archive_may_have_pins():
    stories = quick().fit(SPACE)
    assert ids(stories.related(Event("new", "Snow in Oslo"), pinned={"new": ["iceland"]}))[0] == "iceland"


def test_ids_of_pins_may_be_numbers():
    stories = quick().fit([Event(7, "Fire in Oslo"), Event("8", "Rain in Malta"), Event(9, "Snow")])
    assert ids(stories.related(7, pinned={7: [8], "7": [9, 8]})) == ["8", "9"]


@pytest.mark.parametrize("name", ["pinned", "blocked"])
def test_what_is_not_in_the_archive_is_passed_over_with_a_warning(name):
    stories = quick().fit(SPACE)
    choices = {"oslo": ["gone", "iceland", "lost"], "removed": ["oslo"]}
    message = f"^got 'gone' {name} under 'oslo', 'lost' {name} under 'oslo', expected ids of events of the archive; passed over$"
    with pytest.warns(UserWarning, match=message):
        links = stories.related("oslo", **{name: choices})
    assert ("iceland" in ids(links)) == (name == "pinned")
    message = f"^got 'removed' with {name} events, 'gone' {name} under 'oslo', 'lost' {name} under 'oslo', expected ids of"
    with pytest.warns(UserWarning, match=message):
        assert dict(stories.all_related(**{name: choices}))[stories["oslo"]] == links
    with pytest.warns(UserWarning, match="'d' pinned under 'oslo' and 1 more, expected"):
        stories.related("oslo", pinned={"oslo": ["b", "c", "d", "e"]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stories.related("iceland", **{name: choices})  # nothing of its own is missing


@pytest.mark.parametrize(
    "ask",
    [
        lambda stories, **pins: stories.related("oslo", **pins),
        lambda stories, **pins: stories.related("oslo", order="timeline", **pins),
        lambda stories, **pins: stories.related_many(["oslo"], **pins),
        lambda stories, **pins: stories.all_related(**pins),
    ],
)
def test_one_warning_at_the_line_that_asks(ask):
    with pytest.warns(UserWarning, match="got 'gone' pinned under 'oslo'") as warned:
        ask(quick().fit(SPACE), pinned={"oslo": ["gone"]})
    assert [warning.filename for warning in warned] == [__file__]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"max_per_context": 0}, "max_per_context: got 0 (int), expected a whole number of at least 1"),
        ({"max_per_context": "2"}, "max_per_context: got '2', expected a whole number of at least 1"),
        ({"diversity": 1.5}, "diversity: got 1.5 (float), expected a number from 0 to 1"),
        ({"diversity": None}, "diversity: got None, expected a number from 0 to 1"),
        ({"diversity": True}, "diversity: got True (bool), expected a number from 0 to 1"),
        ({"include_newer": "no"}, "include_newer: got 'no', expected True or False"),
        ({"until": 2020}, "until: got 2020 (int), expected a date as YYYY-MM-DD"),
        ({"pinned": ["oslo"]}, "pinned: got ['oslo'] (list), expected a mapping of ids to lists of ids"),
        ({"pinned": {"oslo": "iceland"}}, "pinned: got 'iceland' under 'oslo', expected a list of ids"),
        ({"blocked": {"oslo": None}}, "blocked: got None under 'oslo', expected a list of ids"),
        ({"blocked": {None: []}}, "blocked: got None, expected a text or a whole number"),
        ({"blocked": {"oslo": [1.5]}}, "blocked: got 1.5 (float), expected a text or a whole number"),
        ({"blocked": {"oslo": [""]}}, "blocked: got '', expected a text that is not empty"),
        ({"pinned": {"oslo": ["iceland", "oslo"]}}, "pinned: got 'oslo' under itself, expected another event"),
        (
            {"pinned": {"oslo": ["iceland"]}, "blocked": {"oslo": ["iceland"]}},
            "pinned: got 'iceland' under 'oslo', where it is blocked, expected another event",
        ),
    ],
)
def test_wrong_rules(keywords, message):
    stories = quick().fit(SPACE)
    before = everything(stories)
    for call, ask in (
        ("related", lambda: stories.related("oslo", **keywords)),
        ("all_related", lambda: stories.all_related(**keywords)),
    ):
        with pytest.raises(BadValueError) as error:
            ask()
        assert str(error.value) == f"{call}: {message}"
    assert everything(stories) == before


def test_a_keyword_that_there_is_not():
    with pytest.raises(TypeError, match="'diversty'"):
        quick().fit(SPACE).related("oslo", diversty=0.5)
