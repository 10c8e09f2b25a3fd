"""Lists that other processes make are those that this one makes, to the last field."""

import errno
import logging
from datetime import date, timedelta

import numpy as np
import pytest

from relatedstories import Event, RelatedStories
from relatedstories.index import list_workers
from relatedstories.index.stories import linker_of
from relatedstories.ranking.filters import LinkFilters
from relatedstories.refresh import refresh

PLACES = ["Oslo", "Kathmandu", "Montevideo", "Nairobi", "Tashkent"]
MATTERS = ["a ferry sinks", "teachers strike", "the river floods the market", "a bridge is opened", "voters go to the polls"]


def an_archive():
    events = [
        Event(
            f"e{number:03}",
            f"{PLACES[number % 5]}: {MATTERS[number // 5 % 5]} {'again ' * (number % 3)}near the old harbour",
            " ".join(
                f"Resident {number * 100 + line} of {PLACES[line % 5]} says that {MATTERS[(number + line) % 5]} in street {line}."
                for line in range(40 * (number % 3))
            ),
            date=date(2021, 1, 1) + timedelta(days=number // 2),
            language="de" if number % 17 == 0 else None,
        )
        for number in range(160)
    ]
    copies = [Event(f"c{event.id}", event.title, event.text, date=event.date) for event in events[::20]]
    return [*events, *copies]


@pytest.fixture(scope="module")
def stories():
    return RelatedStories().fit(an_archive())


@pytest.fixture
def in_others(monkeypatch):
    monkeypatch.setattr(list_workers, "MIN_LISTS", 1)
    monkeypatch.setattr(list_workers, "_CHUNK", 50)


@pytest.fixture
def changed_in_others(monkeypatch):
    monkeypatch.setattr(list_workers, "MIN_LISTS", 1)
    monkeypatch.setattr(list_workers, "LEAST_PART", 0.0)
    monkeypatch.setattr(list_workers, "_FEW", 8)


def fields_of(all_links):
    return [
        (event, [(*[getattr(link, name) for name in link.__slots__ if name != "same_story"],) for link in links], links.copies)
        for event, links in all_links
    ]


@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"k": 20, "max_per_context": 2},
        {"include_newer": False, "fallback": "recent"},
        {"pinned": {"e010": ["e100"]}, "blocked": {"e011": ["e012", "e013"]}, "min_score": 0.1},
    ],
)
@pytest.mark.usefixtures("in_others")
def test_lists_of_other_processes_are_the_same(stories, monkeypatch, keywords):
    elsewhere = fields_of(stories.all_related(n_jobs=2, **keywords))
    monkeypatch.setattr(list_workers, "MIN_LISTS", 10**9)
    assert elsewhere == fields_of(stories.all_related(**keywords))
    assert any(links for _, links, _ in elsewhere)


@pytest.mark.usefixtures("changed_in_others")
def test_lists_of_some_events_are_the_same_in_other_processes(stories, monkeypatch):
    linker = linker_of(stories, 5, LinkFilters.of("related"))
    numbers = np.arange(0, len(stories), 3)
    ids = [event.id for event in stories][::3]
    elsewhere = fields_of(zip(ids, list_workers.links_of_numbers(linker, numbers, 2), strict=True))
    monkeypatch.setattr(list_workers, "LEAST_PART", 2.0)
    assert elsewhere == fields_of(zip(ids, list_workers.links_of_numbers(linker, numbers, 2), strict=True))
    assert elsewhere == fields_of(zip(ids, stories.related_many(ids), strict=True))


@pytest.mark.usefixtures("changed_in_others")
def test_a_night_is_the_same_with_processes_that_start_early(tmp_path):
    events = [Event(f"n{number}", f"{PLACES[number % 5]}: {MATTERS[number % 5]} once more") for number in range(9)]
    night = [*an_archive()[4:], *events]
    reports = []
    for n_jobs in (1, 2):
        folder = tmp_path / str(n_jobs)
        folder.mkdir()
        links, index = folder / "links.jsonl", folder / "index"
        first = RelatedStories(topic_weight=0.1, space_weight=0.2, date_decay=0.02, min_score=0.05)  # none is learnt
        refresh(first, an_archive(), links, index=index)
        before = links.read_bytes()
        reports += [refresh(RelatedStories.load(index), night, links, index=index, n_jobs=n_jobs, lists="changed")]
        reports += [links.read_bytes(), sorted(RelatedStories.load(index).all_topics(), key=lambda each: each[0].id)]
        assert before != links.read_bytes()
    (report, *made_here), (other, *made_elsewhere) = reports[:3], reports[3:]
    assert made_here == made_elsewhere
    assert report.all_made_because is None
    assert (report.made, report.stayed, report.changed) == (other.made, other.stayed, other.changed)


def test_the_archive_of_this_test_has_copies_and_passages(stories):
    links = [links for _, links in stories.all_related()]
    assert any(one.copies for one in links)
    assert len(stories._index.archive.passages)


@pytest.mark.usefixtures("in_others")
def test_a_function_of_the_caller_stays_in_this_process(stories):
    seen = []
    links = dict(stories.all_related(n_jobs=2, where=lambda event: not seen.append(event)))
    assert seen
    assert len(links) == len(an_archive())


@pytest.mark.usefixtures("in_others")
def test_without_room_for_a_copy_lists_are_made_here(stories, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(list_workers, "write_parts", full)
    with caplog.at_level(logging.INFO):
        elsewhere = fields_of(stories.all_related(n_jobs=2))
    assert "in this process alone" in caplog.text
    assert elsewhere == fields_of(stories.all_related())


@pytest.mark.usefixtures("in_others")
def test_a_caller_may_stop_early_and_leaves_no_files(stories, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lists = stories.all_related(n_jobs=2)
    next(lists)
    assert list(tmp_path.glob("relatedstories-*"))
    lists.close()
    assert not list(tmp_path.glob("relatedstories-*"))
