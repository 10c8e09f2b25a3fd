"""Tuning on archives whose best settings are plain to see."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import CapitalisedWords, quick

from relatedstories import Event, InputError, RelatedStories, Tuning, evaluate
from relatedstories.index.archive import Archive
from relatedstories.index.archive_index import ArchiveIndex
from relatedstories.index.serialisation import parts_of_index
from relatedstories.index.tuning import GRIDS, split_judgements
from relatedstories.index.weights import Weights
from relatedstories.topk.join import self_topk

START = dt.date(2020, 1, 1)

DAYS = [
    Event(f"{day}{x}", f"Oslo votes on {word} for day{day}{x}", date=START + dt.timedelta(9 * day))
    for day in range(15)
    for x, word in zip("abc", ["rail", "milk", "snow"], strict=True)
]
"""Three votes every nine days, each with a word of its own, so that none repeats another."""

SAME_DAY = {one.id: {other.id: 1 for other in DAYS if other.date == one.date and other is not one} for one in DAYS}

SAME_WORD = {one.id: {other.id: 1 for other in DAYS if other.id[-1] == one.id[-1] and other is not one} for one in DAYS}

TOWNS = [
    Event(f"{town}-{number}", f"{town} {phrase}")
    for town in ("Abbach", "Bibrach", "Cadolz", "Drolsheim", "Ebrach", "Fladung")
    for number, phrase in enumerate(
        [
            "voters elect a new mayor after long count of ballots",
            "heavy snow closes airport and halts trains near the border",
            "river floods houses, bridges and fields after weeks of rain",
            "bus drivers strike for higher wages and shorter night shifts",
        ]
    )
]
"""What has happened in a town has, in the same words, in all others."""

SAME_TOWN = {
    one.id: {other.id: 2 for other in TOWNS if other.id.split("-")[0] == one.id.split("-")[0] and other is not one}
    for one in TOWNS
}


def tuning_of(stories: RelatedStories, events: list[Event] = DAYS, judgements: Any = SAME_DAY, **options: Any) -> Tuning:
    return stories.tune(events, judgements, **options)


# ---------------------------------------------------------------------- what it finds


def test_judgements_that_follow_dates_raise_the_decay() -> None:
    stories = quick(date_decay=0.05)
    tuning = tuning_of(stories)
    assert tuning.kept
    assert tuning.after.date_decay > 0.1 > tuning.before.date_decay == 0.05
    assert tuning.figures["held back"]["difference"].low > 0
    assert stories.settings == {**tuning.after._asdict(), "language": None, "across_languages": False}


def test_judgements_that_follow_topics_raise_their_weight() -> None:
    stories = quick(space_weight=0)
    tuning = tuning_of(stories, TOWNS, SAME_TOWN)
    assert tuning.kept
    assert tuning.after.space_weight == 0
    assert tuning.after.topic_weight > tuning.before.topic_weight
    assert tuning.figures["held back"]["difference"].low > 0
    assert [link.context for link in stories.related("Abbach-0", k=3)] == ["Abbach"] * 3


def test_what_cannot_be_bettered_stays() -> None:
    """Every event relates to all: whatever is listed is right."""
    judgements = {one.id: {other.id: 1 for other in DAYS if other is not one} for one in DAYS}
    tuning = tuning_of(quick(topic_weight=0.33, space_weight=0.5, date_decay=0.07, min_score=0.05), judgements=judgements)
    assert tuning.before == tuning.found == tuning.after == Weights(0.33, 0.5, 0.07, 0.05)
    for estimates in tuning.figures.values():
        assert estimates["before"] == estimates["found"] == pytest.approx((1, 1, 1))
        assert estimates["difference"] == (0, 0, 0)


def test_only_values_of_the_grids_are_found() -> None:
    tuning = tuning_of(quick(topic_weight=0.33))
    for name, grid in GRIDS.items():
        assert getattr(tuning.found, name) in {*grid, getattr(tuning.before, name)}
    assert min(GRIDS["topic_weight"]) > 0  # without topics links would have no context
    assert {name: list(values) for name, values in GRIDS.items()} == {name: sorted(values) for name, values in GRIDS.items()}


# ---------------------------------------------------------------------- the part held back


def test_the_part_held_back_is_not_fitted_on() -> None:
    first = tuning_of(quick())
    assert len(first.fitted) == 31
    assert len(first.held_back) == 14
    assert {*first.fitted, *first.held_back} == {*SAME_DAY}
    stories = quick()
    second = tuning_of(stories, judgements=SAME_DAY | {id_: SAME_WORD[id_] for id_ in first.held_back})
    assert (second.fitted, second.held_back) == (first.fitted, first.held_back)
    assert second.found == first.found
    assert second.figures["fitted"] == first.figures["fitted"]
    # What was found is worse there, and not taken.
    assert second.figures["held back"]["difference"].high < 0
    assert not second.kept
    assert second.after == second.before
    assert stories.settings == quick().fit(DAYS).settings
    assert list(stories.all_related()) == list(quick().fit(DAYS).all_related())


def test_a_query_stays_on_its_side() -> None:
    """Which side it is on depends on its id: of some queries more, few change it."""
    ids = {f"event {i}" for i in range(1000)}
    some, more = (split_judgements({f"event {i}": {"event 999": 1} for i in range(n)}, ids) for n in (400, 800))
    assert len({*some.fitted} - {*more.fitted}) < 40
    assert len(split_judgements({f"event {i}": {"event 999": 1} for i in range(800)}, ids, queries=100).fitted) == 70


# ---------------------------------------------------------------------- what follows


def test_the_figures_are_those_of_evaluate() -> None:
    tuning = tuning_of(quick(), k=3)
    for part, asked in (("fitted", tuning.fitted), ("held back", tuning.held_back)):
        for name, weights in (("before", tuning.before), ("found", tuning.found)):
            evaluation = evaluate(DAYS, {id_: SAME_DAY[id_] for id_ in asked}, 3, stories=quick(**weights._asdict()))
            assert tuning.figures[part][name] == pytest.approx(evaluation.estimates["relatedstories"]["nDCG@3"])


def test_the_links_are_those_of_a_fit_with_the_settings(tmp_path: Path) -> None:
    for events, judgements in ((DAYS, SAME_DAY), (TOWNS, SAME_TOWN)):
        stories = quick(min_score=0.1)
        tuning_of(stories, events, judgements)
        links = list(stories.all_related())
        assert stories.settings["min_score"] == 0.1
        assert links == list(quick(**stories.settings).fit(events).all_related())  # type: ignore[arg-type]
        stories.save(tmp_path / "index")
        loaded = RelatedStories.load(tmp_path / "index", CapitalisedWords())  # type: ignore[arg-type]
        assert loaded.settings == stories.settings
        assert list(loaded.all_related()) == links
        assert loaded.related(Event("new", "Oslo votes on snow in Abbach")) == stories.related(
            Event("new", "Oslo votes on snow in Abbach")
        )


def test_the_same_whatever_the_order() -> None:
    backwards = {id_: dict(reversed(gains.items())) for id_, gains in reversed(SAME_DAY.items())}
    first, second = tuning_of(quick()), tuning_of(quick(), DAYS[::-1], backwards)
    assert first == second
    assert first.to_dict() == second.to_dict()


def test_embeddings_are_kept_and_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    own = np.eye(len(TOWNS))
    stories = quick()
    stories.tune(TOWNS, SAME_TOWN, embeddings=own, progress=lambda *way: told.append(way))
    fresh = quick(**stories.settings).fit(TOWNS, embeddings=own)  # type: ignore[arg-type]
    assert list(stories.all_related()) == list(fresh.all_related())
    assert told[: len(TOWNS)] == [("topics", i + 1, len(TOWNS)) for i in range(len(TOWNS))]
    assert {stage for stage, _, _ in told} >= {"topic_weight", "space_weight", "date_decay"}
    assert all(0 < done <= total for _, done, total in told)


def test_it_prints_as_a_table() -> None:
    tuning = tuning_of(quick())
    lines = str(tuning).splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "",
        "topic_weight",
        "space_weight",
        "date_decay",
        "min_score",
        "nDCG@5, 31 queries fitted",
        "nDCG@5, 14 queries held back",
    ]
    assert lines[0].split() == ["before", "after", "difference"]
    assert lines[3].split()[:3] == ["date_decay", f"{tuning.before.date_decay:g}", f"{tuning.after.date_decay:g}"]
    figures = tuning.to_dict()
    assert figures["queries"] == {"fitted": 31, "held back": 14}
    assert figures["settings"]["after"] == tuning.after._asdict()
    assert figures["nDCG@5"]["held back"]["difference"]["low"] == tuning.figures["held back"]["difference"].low


# ---------------------------------------------------------------------- what it rests on


def test_an_archive_weighed_again_is_that_of_its_events() -> None:
    found = [tuple((topic.name, topic.kind, (-1,)) for topic in topics) for topics in CapitalisedWords().extract_many(TOWNS)]
    for topic_weight in (0.0, 0.7, 1.0):
        again, fresh = Archive.of(TOWNS, found, 0.25).reweighed(topic_weight), Archive.of(TOWNS, found, topic_weight)
        parts, fresh_parts = parts_of_index(ArchiveIndex(again)), parts_of_index(ArchiveIndex(fresh))
        assert {name: list(part) for name, part in parts[1].items()} == {
            name: list(part) for name, part in fresh_parts[1].items()
        }
        assert all(np.array_equal(parts[0][name], array) for name, array in fresh_parts[0].items())


def test_candidates_are_those_of_the_join_however_many() -> None:
    """More than are sorted at once, many of them of one score."""
    words = ["rail", "milk", "snow", "rain", "wind"]
    events = [
        Event(f"{i:03}", f"Oslo votes on {words[i % 5]}", date=None if i % 7 == 0 else START + dt.timedelta(i % 50))
        for i in range(400)
    ]
    archive, weights = Archive.of(events, [()] * len(events), 0.25), Weights(0.25, 0.4, 0.2, 0.0)
    join = self_topk(
        archive.weights,
        400,
        days=archive.days,
        date_factor=weights.date_factor,
        embeddings=archive.embeddings,
        embedding_weight=0.4,
    )
    for number in (0, 1, 200, 399):
        best = list(ArchiveIndex(archive).compare(archive.row(number)).best_first(weights, 0.0))
        assert len(best) == 399
        assert [one for one, _ in best] == join[0][number, :399].tolist()
        assert [score for _, score in best] == join[1][number, :399].tolist()


# ---------------------------------------------------------------------- what cannot be used


@pytest.mark.filterwarnings("ignore:judgements")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"judgements": {}}, "tune: judgements: got 0 queries that are events of the archive and relate to another of it, of 0 "),
        (
            {"judgements": dict(list(SAME_DAY.items())[:9]) | {"x": {"0a": 1}, "9a": {"0a": 0}}},
            "tune: judgements: got 9 queries that are events of the archive and relate to another of it, of 11 judged, "
            "expected 10 at least, to fit on 70% of them",
        ),
        ({"judgements": [("a", "b")]}, "tune: judgements: got [('a', 'b')] (list), expected a mapping of each query's id to"),
        ({"judgements": None}, "tune: judgements: got None, expected a mapping of each query's id to"),
        ({"judgements": {"0a": ["0b"]}}, "judgements of '0a': got ['0b'] (list), expected a mapping of ids to gains"),
        ({"judgements": {"0a": {"0b": 0.5}}}, "judgements of '0a': gain: got 0.5 (float), expected a whole number up to 10"),
        ({"k": 0}, "tune: k: got 0 (int), expected a whole number of at least 1"),
        ({"queries": 9}, "tune: queries: got 9 (int), expected a whole number of at least 10"),
        ({"events": "news.csv"}, "tune: events: got 'news.csv', expected events, as read_events gives them from a path"),
        ({"events": ["a"]}, "tune: events: got 'a', expected an Event; read_events makes them of dicts and data frames"),
        ({"events": DAYS + DAYS}, "tune: id: got '0a' twice, expected an id of its own for each event"),
        ({"embeddings": [[1.0]]}, "tune: embeddings: got an array of shape (1, 1), expected one of 45 rows, one an event"),
    ],
)
def test_arguments_that_cannot_be_used(arguments: dict[str, Any], message: str) -> None:
    stories = quick().fit(TOWNS)
    with pytest.raises(InputError) as caught:
        tuning_of(stories, **arguments)
    assert str(caught.value).startswith(message)
    assert len(stories) == len(TOWNS)  # nothing has changed
    assert stories.settings == quick().fit(TOWNS).settings


def test_judgements_of_other_events_are_counted_and_left_out() -> None:
    with pytest.warns(UserWarning, match="judgements: left out") as warned:
        tuning = tuning_of(quick(), judgements=SAME_DAY | {"0a": {"0b": 1, "x": 1}, "0b": {"0a": 0}, "y": {"0a": 1}})
    assert [str(warning.message) for warning in warned] == [
        "judgements: left out 2 ids not in the archive: 'x', 'y'",
        "judgements: left out 1 query without a related event in the archive: '0b'",
    ]
    assert len(tuning.fitted) + len(tuning.held_back) == 44


def test_extra_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytrec_eval", None)
    with pytest.raises(InputError) as caught:
        tuning_of(quick())
    assert str(caught.value) == ('tune needs pytrec-eval-terrier, which is not installed: pip install "relatedstories[evaluate]"')
