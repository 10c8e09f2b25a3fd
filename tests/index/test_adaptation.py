"""What an index learns from its archive: how much dates and the word space tell in it, and the least score of a link."""

from __future__ import annotations

import datetime as dt
import random
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from helpers import SPACE, CapitalisedWords, archives, quick
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories
from relatedstories.index.adaptation import MAX_SPACE_WEIGHT, MIN_SCORE, USER_SPACE_WEIGHT, greatest

FIRST_DAY = dt.date(2010, 1, 1)
LEARNT = ("space_weight", "date_decay", "min_score")

KNOWN = re.findall(
    r"\w+",
    """
storm flood rescue harbour ferry strike union election vote minister parliament court judge verdict appeal quake rocket launch
orbit crew capsule vaccine virus hospital doctor bank shares merger market inflation drought harvest grain bridge tunnel train
airport flight crash pilot forest smoke police arrest suspect trial prison school teacher river border treaty budget
""",
)
"""Words that the word space knows."""


def told(days_of_a_story: int, n_stories: int = 60, seed: int = 0) -> list[Event]:
    """Stories of five events in ten years, each with words of its own, each told within so many days."""
    draw = random.Random(seed)
    events = []
    for story in range(n_stories):
        start = draw.randrange(3650 - days_of_a_story + 1)
        for part in range(5):
            date = FIRST_DAY + dt.timedelta(start + draw.randrange(days_of_a_story))
            events.append(Event(f"{story}-{part}", f"xs{story}x ys{story}y zz{story}q{part}z {draw.choice(KNOWN)}", date=date))
    return events


def learnt(events: list[Event], **given: float) -> dict[str, object]:
    found = quick(**given).fit(events).settings
    return {name: found[name] for name in LEARNT}


# ---------------------------------------------------------------------- dates


def test_where_stories_are_told_within_days_dates_matter_more() -> None:
    days, months, years = (learnt(told(n))["date_decay"] for n in (5, 180, 3650))
    assert days > years == 0
    assert months > years


def test_with_few_similar_events_the_decay_is_near_that_of_most_archives() -> None:
    assert 0.05 <= learnt(told(5, n_stories=2))["date_decay"] <= 0.2
    assert 0.05 <= learnt(SPACE)["date_decay"] <= 0.2


def test_the_greatest_values_are_those_of_a_stable_sort() -> None:
    random_numbers = np.random.default_rng(0)
    for n in range(1, 40):
        values = random_numbers.integers(0, 6, n).astype(np.float32)
        order = np.argsort(-values, kind="stable")[:10]
        assert greatest(values, 10).tolist() == order[values[order] > 0].tolist()


def test_without_dates_none_is_learnt() -> None:
    undated = [Event(event.id, event.title) for event in told(5)]
    assert learnt(undated)["date_decay"] == 0
    # So the scores are those of the words alone, not those of events that are some months apart.
    stories = quick().fit(undated)
    assert stories.explain("0-0", "0-1").date_factor == 1


def test_all_on_one_day_or_one_event_alone() -> None:
    same_day = [Event(event.id, event.title, date=FIRST_DAY) for event in told(5)]
    assert 0 <= learnt(same_day)["date_decay"] <= 0.2
    assert 0 <= learnt(same_day[:1])["date_decay"] <= 0.2


def test_a_dated_link_falls_with_the_days_as_learnt() -> None:
    stories = quick().fit(told(5))
    near, far = (
        stories.explain(Event("new", "xs1x ys1y", date=stories["1-0"].date + dt.timedelta(days)), "1-0") for days in (0, 99)
    )
    assert far.date_factor == pytest.approx(100 ** -stories.settings["date_decay"], rel=1e-6)  # type: ignore[operator]
    assert far.score < near.score


# ---------------------------------------------------------------------- the word space


def articles(n_words: int, n: int = 40) -> list[Event]:
    draw = random.Random(0)
    return [
        Event(f"{i}", f"{' '.join(draw.sample(KNOWN, 4))} n{i}n", text=" ".join(draw.choices(KNOWN, k=n_words))) for i in range(n)
    ]


def test_the_word_space_counts_less_the_longer_the_texts() -> None:
    weights = [learnt(articles(n_words))["space_weight"] for n_words in (0, 25, 40, 60)]
    assert weights[0] == MAX_SPACE_WEIGHT
    assert weights == sorted(weights, reverse=True)
    assert 0 < weights[-1] < weights[1] < weights[0]


def test_the_word_space_does_not_count_in_another_language() -> None:
    titles = ["Schnee sperrt den Flughafen", "Der Flughafen öffnet wieder", "Die Wahl im Norden ist verschoben"]
    stories = RelatedStories(CapitalisedWords(), language="de")  # type: ignore[arg-type]
    assert stories.fit([Event(str(i), title) for i, title in enumerate(titles)]).settings["space_weight"] == 0


def test_it_counts_in_proportion_to_the_events_that_it_knows() -> None:
    known = articles(0)
    strange = [Event(f"x{i}", f"qa{i}q wb{i}w ec{i}e") for i in range(len(known))]
    assert 0 < learnt([*known, *strange])["space_weight"] < learnt(known)["space_weight"]


def test_embeddings_of_the_user_count_most() -> None:
    events = articles(60)
    stories = quick().fit(events, embeddings=np.eye(len(events)))
    assert stories.settings["space_weight"] == USER_SPACE_WEIGHT
    assert stories.remove("0").settings["space_weight"] == USER_SPACE_WEIGHT


# ---------------------------------------------------------------------- the least score


def chances(n: int, n_words: int, vocabulary: int) -> list[Event]:
    """Events of words drawn at random: whatever they share, they share by chance."""
    draw = random.Random(1)
    names = [f"q{number}w" for number in range(vocabulary)]
    return [Event(f"{i}", " ".join(draw.sample(names, n_words)), date=FIRST_DAY + dt.timedelta(i)) for i in range(n)]


def test_few_pairs_are_linked_by_chance() -> None:
    for events in (chances(300, 6, 400), chances(300, 6, 60)):
        stories = quick().fit(events)
        linked = sum(len(links) for _, links in stories.all_related(299))
        least = stories.settings["min_score"]
        assert least == 0.05 or linked < 0.06 * 300 * 299  # the most that is learnt in a small archive
    assert MIN_SCORE <= learnt(chances(300, 6, 4000))["min_score"] < learnt(chances(300, 6, 60))["min_score"]


def test_in_a_small_archive_the_least_score_is_low_however_alike_its_events() -> None:
    assert learnt(chances(10, 6, 8))["min_score"] <= 0.05
    assert learnt([])["min_score"] == learnt(SPACE[:1])["min_score"] == MIN_SCORE


def test_the_least_score_follows_the_settings_that_are_given() -> None:
    events = chances(300, 6, 400)
    without_dates, with_dates = (learnt(events, date_decay=decay)["min_score"] for decay in (0.0, 2.0))
    assert MIN_SCORE <= with_dates < without_dates  # as all scores are lower


# ---------------------------------------------------------------------- as all else that follows from an archive


@given(archives(least=1), st.randoms(use_true_random=False), st.data())
@settings(deadline=None, max_examples=40)
def test_the_same_however_the_index_came_about(events: list[Event], random: random.Random, data: st.DataObject) -> None:
    expected = quick().fit(events).settings
    shuffled = list(events)
    random.shuffle(shuffled)
    assert quick().fit(shuffled).settings == expected
    extra = [Event("extra-1", "Snow in Oslo"), Event("extra-2", "A fire on Ceres", date=dt.date(1999, 1, 1))]
    n = data.draw(st.integers(0, len(events)))
    stories = quick().fit([*shuffled[:n], *extra])
    assert stories.add(shuffled[n:]).remove(["extra-1", "extra-2"]).settings == expected
    with tempfile.TemporaryDirectory() as folder:
        stories.save(Path(folder) / "index")
        loaded = RelatedStories.load(Path(folder) / "index", CapitalisedWords())  # type: ignore[arg-type]
    assert loaded.settings == expected
    assert loaded.add(extra).settings == quick().fit([*events, *extra]).settings


def test_the_same_after_a_change_of_a_larger_archive(tmp_path: Path) -> None:
    events = told(5)
    stories = quick().fit(events[:200])
    few = dict(stories.settings)
    list(stories.all_related())
    stories.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index", CapitalisedWords())  # type: ignore[arg-type]
    assert loaded.settings == few
    assert loaded.add(events[200:]).settings == quick().fit(events).settings
    assert loaded.remove([event.id for event in events[200:]]).settings == few
    assert loaded.fit(events).settings == quick().fit(events).settings


def test_what_tuning_leaves_is_learnt_and_what_it_finds_is_given() -> None:
    events = told(5, n_stories=12)
    story = {event.id: event.id.split("-")[0] for event in events}
    judgements = {one: {other: 1 for other in story if story[other] == story[one] and other != one} for one in story}
    stories = quick()
    tuning = stories.tune(events, judgements)
    assert tuning.before == tuple(quick().fit(events).settings[name] for name in tuning.before._fields)
    found = {name: stories.settings[name] for name in ("topic_weight", "space_weight", "date_decay")}
    assert stories.settings == quick(**found).fit(events).settings  # type: ignore[arg-type]
    assert {name: stories.settings[name] for name in tuning.after._fields} == tuning.after._asdict()


def test_given_settings_are_not_learnt(tmp_path: Path) -> None:
    given = {"space_weight": 0.31, "date_decay": 0.07, "min_score": 0.011}
    assert learnt(told(5), **given) == given
    for name, value in given.items():
        stories = quick(**{name: value}).fit(SPACE)
        stories.save(tmp_path / name)
        loaded = RelatedStories.load(tmp_path / name, CapitalisedWords())  # type: ignore[arg-type]
        fresh = quick(**{name: value}).fit(told(5))
        assert loaded.fit(told(5)).settings == fresh.settings  # the others are learnt from the new archive
        assert fresh.settings[name] == value


def test_what_is_learnt_is_shown() -> None:
    assert [quick().settings[name] for name in LEARNT] == [None] * 3
    stories = quick().fit(told(5))
    assert all(stories.settings[name] is not None for name in LEARNT)
    for name in LEARNT:
        assert f"{name}={stories.settings[name]}" in repr(stories)
        assert f"{name}&nbsp;{stories.settings[name]:g}" in stories._repr_html_()
        assert f"{name}&nbsp;learnt" in quick()._repr_html_()


def test_links_are_those_of_the_shown_settings() -> None:
    stories = quick().fit(told(5))
    shown = {name: stories.settings[name] for name in ("topic_weight", *LEARNT)}
    assert list(quick(**shown).fit(told(5)).all_related()) == list(stories.all_related())  # type: ignore[arg-type]
